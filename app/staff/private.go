package staff

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/store"
)

// keyRow is one of a person's pairs of keys. At most one is in use; earlier ones
// stay, since something may still be sealed to them.
type keyRow struct {
	StaffID  int64
	No       int
	Public   []byte
	Wrapped  []byte // the private half, in the password's box
	Verifier []byte // of what they sign; empty for keys from before, until the next sign-in
	MadeAt   time.Time
	EndedAt  *time.Time
	Why      string // it ended
}

func (keyRow) TableName() string { return "staff_keys" }

// place is where a wrapped private key stands, so that it opens nowhere else.
func (k keyRow) place() seal.Context {
	return seal.Context{Table: "staff_keys", Row: k.StaffID, Epoch: k.No, Field: "private"}
}

// sessionPlace is where a session's copy stands.
func sessionPlace(staff int64) seal.Context {
	return seal.Context{Table: "sessions", Row: staff, Field: "sealed_key"}
}

// fingerprint names a public key in the trail.
func fingerprint(k seal.Public) string { d := sha256.Sum256(k); return hex.EncodeToString(d[:8]) }

// currentKey is the pair that a person has in use; nil when there is none.
func currentKey(r *store.Reader, staff int64) (*keyRow, error) {
	var list []keyRow
	err := r.Select("staff_id, no, public, wrapped, verifier, made_at").Where("staff_id = ? AND ended_at IS NULL", staff).Limit(1).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("staff: key: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// makeKey gives a person a pair of keys in the box of their password. The one
// they had ends for the reason why: nobody can open it any more.
func makeKey(tx *store.Tx, staff int64, box seal.Box, why string) (*seal.Private, journal.Change, error) {
	none := journal.Change{}
	var last keyRow
	err := tx.Select("no").Where("staff_id = ?", staff).Order("no DESC").Take(&last).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, none, fmt.Errorf("staff: key: %w", err)
	}
	err = tx.Model(&keyRow{}).Where("staff_id = ? AND ended_at IS NULL", staff).Updates(map[string]any{"ended_at": tx.Now, "why": why}).Error
	if err != nil {
		return nil, none, fmt.Errorf("staff: key: %w", err)
	}
	key := seal.NewPrivate()
	k := keyRow{StaffID: staff, No: last.No + 1, Public: key.Public(), Verifier: key.Verifier(), MadeAt: tx.Now}
	k.Wrapped = box.Wrap(k.place(), key)
	if err := tx.Create(&k).Error; err != nil {
		return nil, none, fmt.Errorf("staff: key: %w", err)
	}
	return key, journal.Change{Field: "sealing_key", New: fingerprint(k.Public)}, nil
}

// ownKey opens a person's key with the box of the password that they just
// showed, or makes the first one, for accounts that are older than keys. A key
// that does not open is not replaced: somebody may have put it there.
func ownKey(tx *store.Tx, a account, box seal.Box) (*seal.Private, error) {
	k, err := currentKey(&tx.Reader, a.ID)
	if err != nil {
		return nil, err
	}
	if k == nil && a.MustChange {
		return nil, nil // it is made under the password that they choose
	}
	if k == nil {
		key, change, err := makeKey(tx, a.ID, box, "")
		if err != nil {
			return nil, err
		}
		return key, journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.sealing.make", Subject: "staff", SubjectID: a.ID, Changes: []journal.Change{change}})
	}
	key, err := box.Unwrap(k.place(), k.Wrapped)
	if err != nil || string(key.Public()) != string(k.Public) {
		return nil, nil // they work on without; see Actor.Private
	}
	if len(k.Verifier) > 0 && string(k.Verifier) != string(key.Verifier()) {
		return nil, nil // likewise
	}
	if len(k.Verifier) == 0 {
		err = tx.Model(&keyRow{}).Where("staff_id = ? AND no = ?", a.ID, k.No).Update("verifier", []byte(key.Verifier())).Error
	}
	return key, err
}

// rewrap puts a person's key from the box of the old password into that of the new
// one. A key that does not open with the old one stays as it is, for who looks into it.
func rewrap(tx *store.Tx, staff int64, old, new seal.Box) error {
	k, err := currentKey(&tx.Reader, staff)
	if err != nil {
		return err
	}
	if k == nil {
		_, _, err := makeKey(tx, staff, new, "")
		return err
	}
	key, err := old.Unwrap(k.place(), k.Wrapped)
	if err != nil {
		return nil
	}
	err = tx.Model(&keyRow{}).Where("staff_id = ? AND no = ?", staff, k.No).Update("wrapped", new.Wrap(k.place(), key)).Error
	if err != nil {
		return fmt.Errorf("staff: key: %w", err)
	}
	return nil
}

// PublicKey is what others know of a person's pair of keys.
type PublicKey struct {
	Seal   seal.Public
	Verify ed25519.PublicKey // empty until they have signed in with a program that signs
}

// Print names a public key, for people to compare.
func (k PublicKey) Print() string {
	d := sha256.Sum256(append(append([]byte{}, k.Seal...), k.Verify...))
	x := hex.EncodeToString(d[:8])
	return x[:4] + " " + x[4:8] + " " + x[8:12] + " " + x[12:]
}

// PublicOf are the public halves of a private key.
func PublicOf(own *seal.Private) PublicKey { return PublicKey{own.Public(), own.Verifier()} }

// PublicKeys are the keys to which something can be sealed for these people now.
func PublicKeys(r *store.Reader, ids []int64) (map[int64]PublicKey, error) {
	var list []keyRow
	err := r.Select("staff_id, public, verifier").Where("staff_id IN ? AND ended_at IS NULL", ids).Limit(len(ids) + 1).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("staff: keys: %w", err)
	}
	out := map[int64]PublicKey{}
	for _, k := range list {
		out[k.StaffID] = PublicKey{k.Public, k.Verifier}
	}
	return out, nil
}

// ErrNoKey is a session without its owner's private key.
var ErrNoKey = errors.New("staff: the session has no private key")

// Private opens the actor's private key with what their session's cookie holds.
// Error: ErrNoKey for sessions from before there were keys, and for a key that
// does not belong to the account.
func (a Actor) Private() (*seal.Private, error) {
	if len(a.sealed) == 0 {
		return nil, ErrNoKey
	}
	key, err := a.box.Unwrap(sessionPlace(a.ID), a.sealed)
	if err != nil {
		return nil, ErrNoKey
	}
	return key, nil
}
