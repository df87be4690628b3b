package tlog

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	merkle "golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a head that a log signed (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Head
	Cosignatures []Cosignature // those of known witnesses; all are verified
}

// Cosignature says that a witness saw the log grow up to the head, and never
// shrink or change, until a time.
type Cosignature struct {
	Witness Witness
	At      int64 // Unix seconds, by the witness's clock
}

func checkpointText(origin string, h Head) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, h.Size, h.Root)
}

// parseCheckpoint reads a checkpoint's text without any signature. Extension
// lines, which C2SP advises against, are refused: this log has none.
func parseCheckpoint(text string) (Checkpoint, error) {
	line := strings.SplitN(text, "\n", 4)
	if len(line) != 4 || line[3] != "" || !validName(line[0]) {
		return Checkpoint{}, wrong("检查点应当正好有三行：日志名称、记录条数、树根。")
	}
	size, err1 := strconv.ParseInt(line[1], 10, 64)
	root, err2 := merkle.ParseHash(line[2])
	c := Checkpoint{Origin: line[0], Head: Head{size, root}}
	if err1 != nil || err2 != nil || size < 0 || size > maxSize || size == 0 && c.Head != Empty || text != checkpointText(c.Origin, c.Head) {
		return Checkpoint{}, wrong("检查点的记录条数或树根写得不对。")
	}
	return c, nil
}

// SignCheckpoint signs a head, and is the only way to sign one. It refuses a head
// that does not extend last, which must be the last one that any process signed
// with these keys; Empty for the first. During a hand-over both keys sign.
func SignCheckpoint(last, next Head, consistency []Hash, signers ...*Signer) ([]byte, error) {
	if err := Extends(last, next, consistency); err != nil {
		return nil, fmt.Errorf("tlog: will not sign: %w", err)
	}
	if len(signers) == 0 {
		return nil, errors.New("tlog: no key to sign with")
	}
	for _, s := range signers {
		if s.key.Name != signers[0].key.Name {
			return nil, fmt.Errorf("tlog: keys of two logs, %s and %s", signers[0].key.Name, s.key.Name)
		}
	}
	return sign(checkpointText(signers[0].key.Name, next), signers...)
}

// unknownKey is a note that no trusted key signed.
type unknownKey struct{ error }

func (u unknownKey) Unwrap() error { return u.error }

func noTrustedKey(what string) error {
	return unknownKey{wrong("%s上没有可信的签名：签名的不是所信任的那把钥匙。", what)}
}

// OpenCheckpoint reads a checkpoint that one of the trusted keys of its origin
// signed. A signature of a trusted key or known witness that is wrong spoils the
// whole; others' are passed over.
func OpenCheckpoint(signed []byte, trusted []Key, witnesses ...Witness) (Checkpoint, error) {
	n, err := openNote(signed, "检查点", trusted, witnesses...)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if !signedBy(n, c.Origin, trusted) {
		return Checkpoint{}, noTrustedKey("检查点")
	}
	for _, sig := range n.Sigs {
		for _, w := range witnesses {
			if w.Name == sig.Name && w.id() == sig.Hash {
				raw, err := base64.StdEncoding.DecodeString(sig.Base64)
				if err != nil {
					return Checkpoint{}, err
				}
				c.Cosignatures = append(c.Cosignatures, Cosignature{w, int64(binary.BigEndian.Uint64(raw[4:]))})
				break
			}
		}
	}
	return c, nil
}

func signedBy(n *note.Note, origin string, keys []Key) bool {
	for _, sig := range n.Sigs {
		for _, k := range keys {
			if k.Name == origin && sig.Name == origin && sig.Hash == k.ID() {
				return true
			}
		}
	}
	return false
}

// openNote verifies a note and says in Chinese what is wrong with it.
func openNote(signed []byte, what string, trusted []Key, witnesses ...Witness) (*note.Note, error) {
	n, err := note.Open(signed, verifiers(trusted, witnesses...))
	var forged *note.InvalidSignatureError
	var unknown *note.UnverifiedNoteError
	switch {
	case err == nil:
		for _, sig := range n.Sigs {
			// Package note reads base64 loosely: a signature would have several spellings.
			if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
				return nil, wrong("%s的签名写得不对（%s）。", what, sig.Name)
			}
		}
		return n, nil
	case errors.As(err, &forged):
		return nil, wrong("%s的签名不对（%s）：内容被改动过，或者签名是伪造的。", what, forged.Name)
	case errors.As(err, &unknown):
		return nil, noTrustedKey(what)
	}
	return nil, wrong("%s的格式不对。", what)
}

// unverified reads a note without believing it.
func unverified(signed []byte) (*note.Note, bool) {
	_, err := note.Open(signed, nil)
	var unknown *note.UnverifiedNoteError
	if !errors.As(err, &unknown) {
		return nil, false
	}
	return unknown.Note, true
}

// Cosign adds to a checkpoint the lines that a witness answered (C2SP
// tlog-witness), once its signature among them is verified; others are left out.
// An older cosignature of the same witness makes room.
func Cosign(signed, lines []byte, w Witness) ([]byte, error) {
	n, ok := unverified(signed)
	if !ok {
		return nil, wrong("检查点的格式不对。")
	}
	answer, err := openNote(append([]byte(n.Text+"\n"), lines...), "见证人的回答", nil, w)
	if err != nil {
		return nil, err
	}
	n.UnverifiedSigs = slices.DeleteFunc(n.UnverifiedSigs, func(s note.Signature) bool { return s.Name == w.Name && s.Hash == w.id() })
	n.UnverifiedSigs = append(n.UnverifiedSigs, answer.Sigs[0])
	return note.Sign(n)
}
