package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/store"
)

// Contact is how to reach the person; it is read only where a method says so
// and every reading by staff is recorded. The database has it sealed under a key
// that comes from the pepper: symmetric, since whoever takes a contact down is
// the same program that sends to it, and a public key would cost each submission
// as much as all the rest of it.
type Contact struct {
	CaseID     int64 `gorm:"primaryKey"`
	Sealed     []byte
	Mail       bool // there is a mailbox, whichever
	Mobile     bool // and a mobile number
	CallerHash []byte

	Name    string `gorm:"-"`
	Phone   string `gorm:"-"`
	Email   string `gorm:"-"`
	Address string `gorm:"-"`
	Rest    []Cell `gorm:"-"` // what came with the case that no question of it asks for: often a number or an address too
}

func (Contact) TableName() string { return "case_contacts" }

// ofCaller finds the newest cases of one caller: with a limit, so that PostgreSQL
// begins with them whatever it knows of the table.
const ofCaller = "cases.id IN (SELECT case_id FROM case_contacts WHERE caller_hash = ? ORDER BY case_id DESC LIMIT 200)"

// contactText is what a contact's envelope holds, as JSON.
type contactText struct {
	Name    string `json:"n,omitempty"`
	Phone   string `json:"p,omitempty"`
	Email   string `json:"e,omitempty"`
	Address string `json:"a,omitempty"`
	Rest    []Cell `json:"r,omitempty"`
}

// contactLength is what a sealed contact's length is a multiple of.
const contactLength = 128

func contactPlace(id int64) seal.Context {
	return seal.Context{Table: "case_contacts", Row: id, Field: "sealed"}
}

// sealContact seals a contact for the case that it belongs to.
func (s *Service) sealContact(c *Contact) error {
	text, err := json.Marshal(contactText{c.Name, c.Phone, c.Email, c.Address, c.Rest})
	if err != nil {
		return fmt.Errorf("cases: contact: %w", err)
	}
	text = append(text, bytes.Repeat([]byte{' '}, (contactLength-len(text)%contactLength)%contactLength)...)
	c.Sealed = s.contactBox.Close(contactPlace(c.CaseID), text)
	c.Mail, c.Mobile = c.Email != "", mobileNumber(c.Phone) != ""
	return nil
}

// contactOf reads and opens a case's contact; one with nothing in it where none was left.
func (s *Service) contactOf(r *store.Reader, id int64) (Contact, error) {
	list, err := s.contacts(r, []int64{id})
	return append(list, Contact{})[0], err
}

// contacts reads and opens the contacts of some cases.
func (s *Service) contacts(r *store.Reader, ids []int64) ([]Contact, error) {
	var list []Contact
	if err := r.Select("case_id, sealed, mail, mobile, caller_hash").Where("case_id IN ?", ids).Order("case_id").Limit(len(ids)).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: contact: %w", err)
	}
	for i := range list {
		c := &list[i]
		text, err := s.contactBox.Open(contactPlace(c.CaseID), c.Sealed)
		if err != nil {
			return nil, fmt.Errorf("cases: the contact of case %d: %w", c.CaseID, err)
		}
		var x contactText
		if err := json.Unmarshal(text, &x); err != nil {
			return nil, fmt.Errorf("cases: the contact of case %d is of a form that this program does not know", c.CaseID)
		}
		c.Name, c.Phone, c.Email, c.Address, c.Rest = x.Name, x.Phone, x.Email, x.Address, x.Rest
	}
	return list, nil
}

// CopyContacts gives the cases whose ids are higher by raise the contacts of these
// cases, from the callers that caller names.
func (s *Service) CopyContacts(tx *store.Tx, ids []int64, raise int64, caller func(Contact) []byte) error {
	list, err := s.contacts(&tx.Reader, ids)
	if err != nil || len(list) == 0 {
		return err
	}
	for i := range list {
		c := &list[i]
		c.CaseID += raise
		c.CallerHash = caller(*c)
		if err := s.sealContact(c); err != nil {
			return err
		}
	}
	if err := tx.CreateInBatches(&list, 200).Error; err != nil {
		return fmt.Errorf("cases: contacts: %w", err)
	}
	return nil
}

// plainContact is a contact from before they were sealed.
type plainContact struct {
	CaseID     int64 `gorm:"primaryKey"`
	Name       string
	Phone      string
	Email      string
	Address    string
	CallerHash []byte
}

func (plainContact) TableName() string { return "case_contacts_plain" }

// contactsSealed is pinned once nothing is left to do, so that a start that was
// interrupted before the files were clean is not the end of it.
const contactsSealed = "contacts sealed"

// SealContacts seals what an earlier program left in the clear and takes it out of
// the database's files too; once, and then it costs one look.
func (s *Service) SealContacts(ctx context.Context) error {
	pinned := ""
	err := s.db.Read(ctx, func(r *store.Reader) (err error) { pinned, err = settings.Pinned(r, contactsSealed); return err })
	if err != nil || pinned != "" {
		return err
	}
	sealed := 0
	for _, some := range []func(*store.Tx) (int, error){s.sealPlain, s.sealRest} {
		for n := -1; n != 0; sealed += n {
			err := s.db.Write(ctx, func(tx *store.Tx) (err error) { n, err = some(tx); return err })
			if err != nil {
				return fmt.Errorf("cases: seal contacts: %w", err)
			}
		}
	}
	if err := errors.Join(s.db.Scrub(ctx, "case_contacts_plain"), s.db.Analyze(ctx)); err != nil {
		return fmt.Errorf("cases: seal contacts: %w", err)
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := settings.Pin(tx, contactsSealed, "yes"); err != nil || sealed == 0 {
			return err
		}
		return journal.Append(tx, journal.Event{Verb: "case.contacts.seal", Subject: "case", Changes: []journal.Change{{Field: "rows", New: fmt.Sprint(sealed)}}})
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil // another instance was as fast
	}
	return err
}

// sealPlain seals some contacts from before.
func (s *Service) sealPlain(tx *store.Tx) (int, error) {
	var list []plainContact
	err := tx.Select("case_id, name, phone, email, address, caller_hash").Order("case_id").Limit(500).Find(&list).Error
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids, rows := make([]int64, len(list)), make([]Contact, len(list))
	for i, p := range list {
		ids[i] = p.CaseID
		rows[i] = Contact{CaseID: p.CaseID, Name: p.Name, Phone: p.Phone, Email: p.Email, Address: p.Address, CallerHash: p.CallerHash}
		if err := s.sealContact(&rows[i]); err != nil {
			return 0, err
		}
	}
	// Another instance may be at the same rows.
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, 200).Error; err != nil {
		return 0, err
	}
	return len(list), tx.Where("case_id IN ?", ids).Delete(&plainContact{}).Error
}

// sealRest seals what some rows of lists left with their cases.
func (s *Service) sealRest(tx *store.Tx) (int, error) {
	var rows []ImportRow
	err := tx.Select("id, case_id, cells").Where("case_id IS NOT NULL AND cells <> ''").Order("id").Limit(500).Find(&rows).Error
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		var g Given
		if err := json.Unmarshal([]byte(row.Cells), &g); err != nil {
			return 0, fmt.Errorf("import row %d: %w", row.ID, err)
		}
		if len(g.Rest) > 0 {
			c, err := s.contactOf(&tx.Reader, *row.CaseID)
			if err != nil {
				return 0, err
			}
			c.CaseID, c.Rest = *row.CaseID, g.Rest
			if err := s.sealContact(&c); err != nil {
				return 0, err
			}
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&c).Error; err != nil {
				return 0, err
			}
		}
		if err := tx.Exec("UPDATE case_import_rows SET cells = '' WHERE id = ?", row.ID).Error; err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

// notices is the content-free message to a citizen who can be reached.
func notices(r *store.Reader, id int64, key string) ([]journal.Message, error) {
	var list []Contact
	if err := r.Select("case_id, mail, mobile").Where("case_id = ?", id).Limit(1).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: notice: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	says, err := settings.LoadMessages(r)
	if err != nil {
		return nil, err
	}
	by := way(list[0].Mail, list[0].Mobile, says.SMS)
	if by == "" {
		return nil, nil
	}
	return []journal.Message{{Key: key, Channel: by, Template: "progress", SubjectID: id}}, nil
}
