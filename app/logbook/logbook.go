// Package logbook keeps the public log (docs/log.md): what the site publishes, version
// by version, and what it receives, as salted commitments, in an order that nobody can
// change without being found out.
//
// Record and Receive write entries in the transaction of the change that they tell of,
// through journal. The courier gives them their places: a Book signs a checkpoint
// over them within seconds. Everything else here reads.
//
// It trusts the rooms for what is public and tlog for the mathematics; of the database
// it believes a head only as far as the key folder remembers it. It must never sign a
// head that does not extend the last, never put into a leaf anything of what was
// received but its commitment, never change or drop an entry, and never take a text
// away without an entry that says so.
package logbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"mingjing/app/store"
	"mingjing/app/tlog"
)

// entry is a row of what goes into the log.
type entry struct {
	ID         int64
	Idx        *int64 // its place; nil until a checkpoint covers it
	Kind       string
	Ref        string
	Version    int
	Event      int // tlog.Event; 0 of what was received
	At         time.Time
	Backfilled bool
	Leaf       []byte
	Digest     []byte
	Salt       []byte
	CaseNo     string
}

func (entry) TableName() string { return "log_entries" }

// body is a text as it is served.
type body struct {
	Kind    string `gorm:"primaryKey"`
	Ref     string `gorm:"primaryKey"`
	Version int    `gorm:"primaryKey;autoIncrement:false"`
	Body    string
}

func (body) TableName() string { return "log_texts" }

// Text is all that the public reads of a subject, in its canonical form. Without a
// body the subject is not public, or not any more.
type Text struct {
	Kind string // such as problem
	Ref  string // its id within the kind
	Body string
	Why  string    // of a withdrawal, for the public
	Salt tlog.Hash // what a commitment in it was made with, if there is one; never published
	At   time.Time // when it was so, of what happened before there was a log
}

// Canonical is the form of a text: JSON on one line, its fields in their order.
func Canonical(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("logbook: " + err.Error()) // only for types that have no JSON
	}
	return b.String()
}

// Withdrawn is the text of a withdrawal.
type Withdrawn struct {
	Withdrawn bool   `json:"withdrawn"`
	Kind      string `json:"kind"`
	ID        string `json:"id"`
	Why       string `json:"why"`
}

// atOnce is how many subjects are looked for by one query.
const atOnce = 200

// Record writes what has changed of these subjects as the next version of each; what
// reads as the log's last word has it stays as it is.
func Record(tx *store.Tx, texts ...Text) error { return record(tx, texts, false) }

func record(tx *store.Tx, texts []Text, backfill bool) error {
	last, err := lastOf(&tx.Reader, texts)
	if err != nil {
		return err
	}
	var rows []entry
	var bodies []body
	done := map[[2]string]bool{} // a change may touch something twice
	for _, t := range texts {
		at := [2]string{t.Kind, t.Ref}
		was, said := last[at]
		if done[at] || backfill && said {
			continue
		}
		done[at] = true
		public, event := said && was.Event != int(tlog.Withdraw), tlog.Change
		e := entry{Kind: t.Kind, Ref: t.Ref, Version: was.Version + 1, At: tx.Now, Backfilled: backfill}
		if backfill && !t.At.IsZero() {
			e.At = t.At
		}
		switch {
		case t.Body == "" && !public:
			continue
		case t.Body == "":
			event, t.Body = tlog.Withdraw, Canonical(Withdrawn{true, t.Kind, t.Ref, t.Why})
		case !public:
			event = tlog.Publish
		}
		digest := sha256.Sum256([]byte(t.Body))
		if public && bytes.Equal(was.Digest, digest[:]) {
			continue
		}
		e.Digest, e.Event = digest[:], int(event)
		e.Leaf, err = tlog.Encode(&tlog.Published{Kind: t.Kind, ID: t.Ref, Version: uint32(e.Version), Event: event, At: e.At.Unix(), Digest: digest, Backfilled: backfill})
		if err != nil {
			return fmt.Errorf("logbook: %s %s: %w", t.Kind, t.Ref, err)
		}
		if t.Salt != (tlog.Hash{}) {
			e.Salt = t.Salt[:]
		}
		rows, bodies = append(rows, e), append(bodies, body{t.Kind, t.Ref, e.Version, t.Body})
	}
	if err := write(tx, rows, bodies); err != nil {
		return err
	}
	return takeAway(tx, texts)
}

func write(tx *store.Tx, rows []entry, bodies []body) error {
	if err := tx.Append(&rows); err != nil {
		return fmt.Errorf("logbook: entries: %w", err)
	}
	if len(bodies) == 0 {
		return nil
	}
	err := tx.Append(&bodies)
	if err == nil {
		err = tx.Send()
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) { // two changes of one subject: the second tells of both
		return fmt.Errorf("logbook: texts: %w", store.ErrRace)
	}
	if err != nil {
		return fmt.Errorf("logbook: texts: %w", err)
	}
	return nil
}

// lastOf finds the newest version of each of these subjects, without its leaf.
func lastOf(r *store.Reader, texts []Text) (map[[2]string]entry, error) {
	refs := map[string][]string{}
	var kinds []string
	for _, t := range texts {
		if refs[t.Kind] == nil {
			kinds = append(kinds, t.Kind)
		}
		refs[t.Kind] = append(refs[t.Kind], t.Ref)
	}
	out := map[[2]string]entry{}
	for _, kind := range kinds {
		for list := refs[kind]; len(list) > 0; {
			n := min(len(list), atOnce)
			where, some := store.Among(r, "e.ref", list[:n])
			list = list[n:]
			var rows []entry
			err := r.Table("log_entries e").Select("e.kind, e.ref, e.version, e.event, e.digest").Where("e.kind = ?", kind).Where(where, some).
				Where("e.version = (SELECT max(x.version) FROM log_entries x WHERE x.kind = e.kind AND x.ref = e.ref)").Find(&rows).Error
			if err != nil {
				return nil, fmt.Errorf("logbook: last words: %w", err)
			}
			for _, e := range rows {
				out[[2]string{e.Kind, e.Ref}] = e
			}
		}
	}
	return out, nil
}

// Kinds of what is received. Nobody outside can tell them apart.
const (
	Case   = "case"
	Report = "report"
)

// Arrival is something that was received: the leaf hides all of it.
type Arrival struct {
	Kind   string // Case or Report
	ID     int64
	CaseNo string
	Digest tlog.Hash // of its content; of a sealed report, of the envelope as it is stored
	At     time.Time // when; the transaction's time if zero
	// Promise, if set, is filled in with what its sender can be promised.
	Promise *tlog.Promise
}

// Receive writes a commitment for each arrival.
func Receive(tx *store.Tx, list ...Arrival) error { return receive(tx, list, false) }

func receive(tx *store.Tx, list []Arrival, backfill bool) error {
	rows := make([]entry, len(list))
	for i, a := range list {
		if a.At.IsZero() {
			a.At = tx.Now
		}
		o := tlog.Opening{Salt: tlog.NewSalt(), Case: a.CaseNo, Received: a.At.Unix(), Digest: a.Digest}
		leaf, err := tlog.Encode(&tlog.Received{Commitment: o.Commitment(), Backfilled: backfill})
		if err != nil {
			return fmt.Errorf("logbook: arrival: %w", err)
		}
		rows[i] = entry{Kind: a.Kind, Ref: strconv.FormatInt(a.ID, 10), Version: 1, At: a.At, Backfilled: backfill, Leaf: leaf,
			Digest: o.Digest[:], Salt: o.Salt[:], CaseNo: a.CaseNo}
		if a.Promise != nil {
			*a.Promise = rows[i].promise()
		}
	}
	return write(tx, rows, nil)
}

// promise is what the sender of an arrival can be promised.
func (e entry) promise() tlog.Promise {
	return tlog.Promise{Opening: e.opening(), Leaf: e.Leaf, At: e.At.Unix()}
}

// opening is what the leaf of an arrival hides.
func (e entry) opening() tlog.Opening {
	return tlog.Opening{Salt: tlog.Hash(e.Salt), Case: e.CaseNo, Received: e.At.Unix(), Digest: tlog.Hash(e.Digest)}
}
