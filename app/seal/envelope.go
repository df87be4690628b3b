package seal

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// Suite is the first byte of everything sealed and of every key: by which
// algorithms it was made. A released suite opens for ever; new ones are added.
// From 0x40 on are those with the SM algorithms of GM/T.
type Suite byte

const (
	// X25519 is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305 (RFC 9180).
	X25519 Suite = 1
	// Hybrid is MLKEM768-X25519 (X-Wing) with the same KDF and AEAD: who keeps
	// what they stole until there are quantum computers opens it no sooner.
	Hybrid Suite = 2
)

// Current is the suite of new keys.
const Current = Hybrid

// kem is the suite's key encapsulation mechanism.
func (s Suite) kem() (k hpke.KEM, ok bool) {
	switch s {
	case X25519:
		return hpke.DHKEM(ecdh.X25519()), true
	case Hybrid:
		return hpke.MLKEM768X25519(), true
	}
	return nil, false
}

// ErrSealed is the only answer to whatever does not open: a wrong key, another
// place than it was sealed for, a changed byte. More would help who tries.
var ErrSealed = errors.New("seal: does not open")

// Context is what an envelope is bound to: moved to another row, field or epoch
// it does not open.
type Context struct {
	Table       string
	Row         int64
	Compartment Compartment // empty for what belongs to none
	Epoch       int         // of the row's keys, from 1
	Field       string
}

// Compartment is a part of a report that has a pair of keys of its own.
type Compartment string

const (
	Body     Compartment = "body"     // what happened: officers, the handler, the reporter
	Internal Compartment = "internal" // notes of those who work on it: never the reporter
	Identity Compartment = "identity" // who sent it: custodians and the reporter, never the handler
)

// Compartments are all of them.
var Compartments = []Compartment{Body, Internal, Identity}

// info is the context as HPKE binds it: each part with its length before it.
func (c Context) info(s Suite) []byte {
	b := append(make([]byte, 0, 128), "mingjing/seal/1"...)
	b = append(b, byte(s))
	for _, part := range []string{c.Table, string(c.Compartment), c.Field} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(c.Row))
	return binary.BigEndian.AppendUint64(b, uint64(c.Epoch))
}

// Public is the key that seals; whoever has it can open nothing. Its first byte
// is the suite, so it is stored and compared as it is.
type Public []byte

// Private is the key that opens.
type Private struct {
	suite Suite
	key   hpke.PrivateKey
}

// NewPrivate makes a key of the current suite.
func NewPrivate() *Private { return newPrivate(Current) }

func newPrivate(s Suite) *Private {
	kem, ok := s.kem()
	if !ok {
		panic(fmt.Sprintf("seal: no suite %d", s))
	}
	key, err := kem.GenerateKey()
	if err != nil {
		panic("seal: " + err.Error()) // only without randomness
	}
	return &Private{s, key}
}

// ParsePrivate reads what Bytes wrote.
func ParsePrivate(b []byte) (*Private, error) {
	if len(b) == 0 {
		return nil, ErrSealed
	}
	kem, ok := Suite(b[0]).kem()
	if !ok {
		return nil, ErrSealed
	}
	key, err := kem.NewPrivateKey(b[1:])
	if err != nil {
		return nil, ErrSealed // the cause could hold bytes of the key
	}
	return &Private{Suite(b[0]), key}, nil
}

// Bytes is the key as it is wrapped for others; it never leaves memory otherwise.
func (p *Private) Bytes() []byte {
	b, err := p.key.Bytes()
	if err != nil {
		panic("seal: " + err.Error()) // only for keys that live in hardware
	}
	return append([]byte{byte(p.suite)}, b...)
}

// Public is the other half.
func (p *Private) Public() Public {
	return append([]byte{byte(p.suite)}, p.key.PublicKey().Bytes()...)
}

// String and GoString keep the key out of logs.
func (p *Private) String() string   { return "seal.Private" }
func (p *Private) GoString() string { return "seal.Private" }

// Valid reports whether something can be sealed to the key.
func (p Public) Valid() bool { _, err := p.parse(); return err == nil }

func (p Public) parse() (hpke.PublicKey, error) {
	if len(p) == 0 {
		return nil, errors.New("seal: no public key")
	}
	kem, ok := Suite(p[0]).kem()
	if !ok {
		return nil, fmt.Errorf("seal: a public key of suite %d, which this program does not know", p[0])
	}
	key, err := kem.NewPublicKey(p[1:])
	if err != nil {
		return nil, fmt.Errorf("seal: public key: %w", err)
	}
	return key, nil
}

// Seal closes a text so that only the private half of to opens it, and only in
// that context. Its length is rounded up; see Pad. It fails only when the key is
// none, and then nothing must be stored.
func Seal(to Public, in Context, text []byte) ([]byte, error) { return seal(to, in, Pad(text)) }

// Open opens what Seal closed.
func Open(with *Private, in Context, envelope []byte) ([]byte, error) {
	padded, err := open(with, in, envelope)
	if err != nil {
		return nil, err
	}
	return unpad(padded)
}

func seal(to Public, in Context, text []byte) ([]byte, error) {
	key, err := to.parse()
	if err != nil {
		return nil, err
	}
	ct, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), in.info(Suite(to[0])), text)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return append([]byte{to[0]}, ct...), nil
}

func open(with *Private, in Context, envelope []byte) ([]byte, error) {
	if len(envelope) == 0 || Suite(envelope[0]) != with.suite {
		return nil, ErrSealed
	}
	text, err := hpke.Open(with.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), in.info(with.suite), envelope[1:])
	if err != nil {
		return nil, ErrSealed
	}
	return text, nil
}

// Padding: a text is followed by one byte 0x80 and zeros up to one of few
// lengths, so that a length says roughly how much was written and no more.
const shortest = 2 << 10

// Pad rounds a text's length up: to 2 KiB, and from there as Padmé does (Nikitin
// et al., PURBs, 2019), by at most an eighth.
func Pad(text []byte) []byte {
	padded := make([]byte, padded(len(text)+1))
	copy(padded, text)
	padded[len(text)] = 0x80
	return padded
}

// padded is the length that so many bytes get.
func padded(n int) int {
	if n <= shortest {
		return shortest
	}
	e := 0
	for n>>(e+1) > 0 {
		e++ // the power of two below
	}
	s := 0
	for e>>(s+1) > 0 {
		s++
	}
	mask := 1<<(e-s-1) - 1
	return (n + mask) &^ mask
}

func unpad(padded []byte) ([]byte, error) {
	text := bytes.TrimRight(padded, "\x00")
	if len(text) == 0 || text[len(text)-1] != 0x80 {
		return nil, ErrSealed
	}
	return text[:len(text)-1], nil
}

// random are n bytes from the operating system.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
