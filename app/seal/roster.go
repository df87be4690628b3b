package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Member is one of the staff to whom something may be sealed.
type Member struct {
	Staff     int64             `json:"staff"`
	Key       Public            `json:"key"`
	Officer   bool              `json:"officer,omitempty"`   // may sign the next roster, and reads reports
	Outside   bool              `json:"outside,omitempty"`   // an officer from elsewhere: reads those that are about the others
	Custodian bool              `json:"custodian,omitempty"` // keeps who the reporters are, and reads no report
	Sign      ed25519.PublicKey `json:"sign,omitempty"`      // an officer's, see Verifier

	// Under which a report is kept from them, whatever the database calls them later.
	Name       string `json:"name,omitempty"`
	Department string `json:"department,omitempty"`
}

// Roster is the list of the keys of staff. Whoever can write to the database
// could otherwise put their own key in an officer's place and wait. So each
// roster names the one before it and is signed by an officer of that, or with its
// recovery key; the first is known by its digest, which lies outside the database.
type Roster struct {
	No      int64             `json:"no"`               // from 1
	Before  []byte            `json:"before"`           // digest of the roster before; empty for the first
	Members []Member          `json:"members"`          // in order of Staff
	Recover Public            `json:"recovery"`         // the key that two of three officers recover with
	Resign  ed25519.PublicKey `json:"resign,omitempty"` // what the recovery key signs with: the next roster, when no officer is left who could
	Apart   []string          `json:"apart,omitempty"`  // names that a report goes to outside officers alone for: the group, its chief, who decides
}

// Signed is a roster as it is stored: the very bytes that were signed.
type Signed struct {
	Body []byte
	By   int64 // the officer
	Sig  []byte
}

const rosterContext = "mingjing/roster/1\n"

// signer is the key that a person signs with; it comes from the one that opens,
// so that there is one secret to keep and to hand over.
func (p *Private) signer() ed25519.PrivateKey {
	seed, err := hkdf.Key(sha256.New, p.Bytes(), nil, "mingjing/sign", ed25519.SeedSize)
	if err != nil {
		panic("seal: " + err.Error())
	}
	return ed25519.NewKeyFromSeed(seed)
}

// Verifier is the public half of the key that a person signs with.
func (p *Private) Verifier() ed25519.PublicKey { return p.signer().Public().(ed25519.PublicKey) }

// Digest is a roster's, by which the next one names it.
func (s Signed) Digest() []byte { d := sha256.Sum256(s.Body); return d[:] }

// Sign signs a roster in the name of an officer.
func (r Roster) Sign(by int64, with *Private) (Signed, error) {
	if err := r.sound(); err != nil {
		return Signed{}, err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return Signed{}, fmt.Errorf("seal: roster: %w", err)
	}
	return Signed{body, by, ed25519.Sign(with.signer(), append([]byte(rosterContext), body...))}, nil
}

func (r Roster) sound() error {
	last := int64(0)
	for _, m := range r.Members {
		if m.Staff <= last {
			return errors.New("seal: roster: members out of order")
		}
		if last = m.Staff; !m.Key.Valid() || m.Officer && len(m.Sign) != ed25519.PublicKeySize {
			return fmt.Errorf("seal: roster: the key of %d is none", m.Staff)
		}
	}
	if len(r.Recover) > 0 && !r.Recover.Valid() || len(r.Resign) != 0 && len(r.Resign) != ed25519.PublicKeySize {
		return errors.New("seal: roster: the recovery key is none")
	}
	return nil
}

// Of is somebody's key.
func (r Roster) Of(staff int64) (Member, bool) {
	i, ok := slices.BinarySearchFunc(r.Members, staff, func(m Member, id int64) int {
		switch {
		case m.Staff < id:
			return -1
		case m.Staff > id:
			return 1
		}
		return 0
	})
	if !ok {
		return Member{}, false
	}
	return r.Members[i], true
}

// Trust walks the rosters in order, from the first, which must have the digest
// known outside the database, and returns the last. It fails at the first that
// was not signed by an officer of the one before. newest is the number that must
// be reached at least: an older list put back would bring back who has left.
func Trust(first []byte, newest int64, list []Signed) (Roster, error) {
	var now Roster
	var before []byte
	for i, s := range list {
		var r Roster
		d := json.NewDecoder(bytes.NewReader(s.Body))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return Roster{}, fmt.Errorf("seal: roster %d cannot be read", i+1)
		}
		if err := r.sound(); err != nil {
			return Roster{}, err
		}
		signers := now
		if i == 0 {
			signers = r // the first is signed by one of its own
			if !bytes.Equal(s.Digest(), first) {
				return Roster{}, errors.New("seal: the first roster is not the one that this site began with")
			}
		}
		if r.No != int64(i+1) || !bytes.Equal(r.Before, before) {
			return Roster{}, fmt.Errorf("seal: roster %d does not follow the one before it", i+1)
		}
		by, ok := signers.Of(s.By)
		said := append([]byte(rosterContext), s.Body...)
		recovered := i > 0 && len(signers.Resign) == ed25519.PublicKeySize && ed25519.Verify(signers.Resign, said, s.Sig)
		if !recovered && (!ok || !by.Officer || !ed25519.Verify(by.Sign, said, s.Sig)) {
			return Roster{}, fmt.Errorf("seal: roster %d was not signed by an officer of the one before it", i+1)
		}
		now, before = r, s.Digest()
	}
	if now.No < newest || now.No == 0 {
		return Roster{}, errors.New("seal: the newest roster is missing")
	}
	return now, nil
}
