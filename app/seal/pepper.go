// Package seal closes what a stolen database must not tell, and makes the keys
// and codes that open it.
//
// Envelopes are closed with public keys alone (RFC 9180), each bound to its place,
// so that whoever takes something down cannot read it back and a text moved to
// another row does not open. A line closes many small things for one reader at the cost of
// one encapsulation.
// A code of 24 digits opens its reporter's copy. The pepper is a file kept apart
// from the database and its backups; keys of the service are derived from it.
//
// It is pure but for randomness and the pepper's file: it stores nothing and knows
// no database. It trusts the operating system's random source, the standard
// library's HPKE and age, and that the roster's beginning is known from outside
// the database. It must never log, print or return in an error a key, a code or
// a text, and must never seal to a key that does not parse.
package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Pepper is the service's root secret, 32 bytes.
type Pepper []byte

// LoadPepper reads the pepper. When the file does not exist and create is set,
// it is made with mode 0600; otherwise the error says which file is missing.
func LoadPepper(path string, create bool) (Pepper, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return newPepper(path)
	}
	if err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	p, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(p) != 32 {
		return nil, fmt.Errorf("pepper: %s does not hold 64 hexadecimal digits", path)
	}
	return p, nil
}

func newPepper(path string) (Pepper, error) {
	p := make([]byte, 32)
	rand.Read(p)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return LoadPepper(path, false) // another instance was faster
	}
	if err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(p) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	return p, nil
}

// Key derives the key for one purpose.
func (p Pepper) Key(purpose string) Key {
	k, err := hkdf.Key(sha256.New, p, nil, "mingjing/"+purpose, 32)
	if err != nil {
		panic("seal: " + err.Error()) // only for impossible lengths
	}
	return k
}

// Fingerprint identifies the pepper without giving anything away.
func (p Pepper) Fingerprint() string { return hex.EncodeToString(p.Key("fingerprint")[:8]) }

// Key is a symmetric key for one purpose.
type Key []byte

// Sum is the keyed hash (HMAC-SHA-256) of the parts; parts cannot run into each other.
func (k Key) Sum(parts ...string) []byte {
	text := make([]byte, 0, 256)
	for _, p := range parts {
		text = strconv.AppendInt(text, int64(len(p)), 10)
		text = append(append(text, ':'), p...)
	}
	m := hmac.New(sha256.New, k)
	m.Write(text)
	return m.Sum(nil)
}

// Match reports in constant time whether sum belongs to the parts.
func (k Key) Match(sum []byte, parts ...string) bool { return hmac.Equal(sum, k.Sum(parts...)) }
