package seal

import (
	"crypto/hkdf"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"
)

// Box is a key of 32 bytes that closes and opens small things, such as private
// keys, with XChaCha20-Poly1305: its nonces are long enough to be drawn.
type Box []byte

// boxed is the first byte of what a box closed; see Suite.
const boxed = 0x21

// Close closes a text in a context.
func (b Box) Close(in Context, text []byte) []byte {
	aead, err := chacha20poly1305.NewX(b)
	if err != nil {
		panic("seal: " + err.Error()) // only for keys of another length
	}
	nonce := random(aead.NonceSize())
	return aead.Seal(append([]byte{boxed}, nonce...), nonce, text, in.info(boxed))
}

// Open opens what Close closed in the same context.
func (b Box) Open(in Context, closed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(b)
	if err != nil {
		return nil, ErrSealed
	}
	if len(closed) < 1+aead.NonceSize() || closed[0] != boxed {
		return nil, ErrSealed
	}
	text, err := aead.Open(nil, closed[1:1+aead.NonceSize()], closed[1+aead.NonceSize():], in.info(boxed))
	if err != nil {
		return nil, ErrSealed
	}
	return text, nil
}

// Wrap closes a private key; Unwrap opens it.
func (b Box) Wrap(in Context, key *Private) []byte { return b.Close(in, key.Bytes()) }

// Unwrap opens what Wrap closed.
func (b Box) Unwrap(in Context, wrapped []byte) (*Private, error) {
	raw, err := b.Open(in, wrapped)
	if err != nil {
		return nil, err
	}
	return ParsePrivate(raw)
}

// String keeps the key out of logs.
func (b Box) String() string { return "seal.Box" }

// GoString does so too.
func (b Box) GoString() string { return "seal.Box" }

// SaltSize is how long salts are, in bytes.
const SaltSize = 16

// NewSalt draws a salt.
func NewSalt() []byte { return random(SaltSize) }

// BoxFrom is the box of a secret that is hard to guess, for one purpose: of a
// stretched passphrase or a session's secret. salt may be another secret, such as
// the pepper.
func BoxFrom(secret, salt []byte, purpose string) Box {
	b, err := hkdf.Key(sha256.New, secret, salt, "mingjing/box/"+purpose, 32)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return b
}
