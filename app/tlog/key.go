package tlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// What a key is for, as C2SP signed-note numbers it.
const (
	ed25519Note        = 1
	ed25519Cosignature = 4
)

// maxName is how long a log's or witness's name may be, in bytes.
const maxName = 128

// Key is a log's public key. Its name is the log's origin.
type Key struct {
	Name   string
	Public [ed25519.PublicKeySize]byte
}

// ParseKey reads a key as it is written: name+id+base64.
func ParseKey(text string) (Key, error) {
	name, public, ok := parseKey(text, ed25519Note)
	if !ok {
		return Key{}, wrong("这不是一把日志的公钥：公钥的样子是「名称+8 位编号+Base64」。")
	}
	return Key{name, public}, nil
}

// String is the key as ParseKey reads it.
func (k Key) String() string { return keyText(k.Name, ed25519Note, k.Public) }

// ID tells keys of one name apart; it is no protection against who makes keys on purpose.
func (k Key) ID() uint32 { return keyID(k.Name, ed25519Note, k.Public) }

func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func (k *Key) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKey(string(text))
	return err
}

func (k Key) verify(text, sig []byte) bool { return ed25519.Verify(k.Public[:], text, sig) }

// Witness is the public key of somebody who cosigns checkpoints (C2SP
// tlog-cosignature, Ed25519).
type Witness Key

// ParseWitness reads a witness's key as it is written: name+id+base64, of type 4.
func ParseWitness(text string) (Witness, error) {
	name, public, ok := parseKey(text, ed25519Cosignature)
	if !ok {
		return Witness{}, wrong("这不是一把见证人的公钥（C2SP tlog-cosignature，Ed25519）。")
	}
	return Witness{name, public}, nil
}

// String is the key as ParseWitness reads it.
func (w Witness) String() string { return keyText(w.Name, ed25519Cosignature, w.Public) }

func (w Witness) id() uint32 { return keyID(w.Name, ed25519Cosignature, w.Public) }

// verify checks a timestamped signature: eight bytes of time, then Ed25519 over
// the time and the whole text of the checkpoint.
func (w Witness) verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at < 1<<63 && ed25519.Verify(w.Public[:], fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text), sig[8:])
}

// verifier gives a Key or a Witness the methods that package note asks for.
type verifier struct {
	name  string
	id    uint32
	check func(text, sig []byte) bool
}

func (v verifier) Name() string                 { return v.name }
func (v verifier) KeyHash() uint32              { return v.id }
func (v verifier) Verify(text, sig []byte) bool { return v.check(text, sig) }

// verifiers lists each key once: note calls a repeated one ambiguous.
func verifiers(keys []Key, witnesses ...Witness) note.Verifiers {
	seen, list := map[any]bool{}, []note.Verifier(nil)
	for _, k := range keys {
		if !seen[k] {
			seen[k], list = true, append(list, verifier{k.Name, k.ID(), k.verify})
		}
	}
	for _, w := range witnesses {
		if !seen[w] {
			seen[w], list = true, append(list, verifier{w.Name, w.id(), w.verify})
		}
	}
	return note.VerifierList(list...)
}

// Signer is a log's private key. What it signs is signed by the functions of this
// package alone: there is no way to have it sign any text.
type Signer struct {
	key     Key
	private ed25519.PrivateKey
}

// NewSigner makes a key for a log of this origin.
func NewSigner(origin string) (*Signer, error) {
	if !validName(origin) {
		return nil, fmt.Errorf("tlog: %q cannot be a log's origin", origin)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("tlog: new key: %w", err)
	}
	return newSigner(origin, private), nil
}

func newSigner(origin string, private ed25519.PrivateKey) *Signer {
	return &Signer{Key{origin, [32]byte(private.Public().(ed25519.PublicKey))}, private}
}

// ParseSigner reads what Secret wrote. The error says nothing of the text.
func ParseSigner(text string) (*Signer, error) {
	bad := fmt.Errorf("tlog: not a log's private key")
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "PRIVATE+KEY+")
	part := strings.Split(rest, "+")
	if !ok || len(part) < 3 || !validName(part[0]) {
		return nil, bad
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.Join(part[2:], "+"))
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != ed25519Note {
		return nil, bad
	}
	s := newSigner(part[0], ed25519.NewKeyFromSeed(raw[1:]))
	if part[1] != fmt.Sprintf("%08x", s.key.ID()) {
		return nil, bad
	}
	return s, nil
}

// Key is the public half.
func (s *Signer) Key() Key { return s.key }

// Secret is the private key as it is kept in its file, in the form of package note.
func (s *Signer) Secret() string {
	raw := append([]byte{ed25519Note}, s.private.Seed()...)
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", s.key.Name, s.key.ID(), base64.StdEncoding.EncodeToString(raw))
}

// String and GoString keep the key out of logs.
func (s *Signer) String() string   { return "tlog.Signer" }
func (s *Signer) GoString() string { return "tlog.Signer" }

// noteSigner gives it the methods that package note asks for; it never leaves here.
type noteSigner struct{ *Signer }

func (s noteSigner) Name() string                     { return s.key.Name }
func (s noteSigner) KeyHash() uint32                  { return s.key.ID() }
func (s noteSigner) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.private, text), nil }

// sign makes a note of a text.
func sign(text string, signers ...*Signer) ([]byte, error) {
	var list []note.Signer
	for _, s := range signers {
		list = append(list, noteSigner{s})
	}
	return note.Sign(&note.Note{Text: text}, list...)
}

func keyID(name string, kind byte, public [32]byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), kind), public[:]...))
	return binary.BigEndian.Uint32(sum[:])
}

func keyText(name string, kind byte, public [32]byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyID(name, kind, public), base64.StdEncoding.EncodeToString(append([]byte{kind}, public[:]...)))
}

func parseKey(text string, kind byte) (name string, public [32]byte, ok bool) {
	part := strings.SplitN(text, "+", 3)
	if len(part) != 3 || !validName(part[0]) {
		return "", public, false
	}
	raw, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || len(raw) != 1+len(public) || raw[0] != kind {
		return "", public, false
	}
	copy(public[:], raw[1:])
	return part[0], public, keyText(part[0], kind, public) == text
}

// validName is what may stand as a name in a line of a note and in a leaf. No name
// is a number, so that a line with a name is never taken for a size.
func validName(name string) bool {
	if name == "" || len(name) > maxName || strings.Trim(name, "0123456789") == "" {
		return false
	}
	for _, r := range name {
		if r == '+' || r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return false
		}
	}
	return true
}
