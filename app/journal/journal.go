// Package journal records every change in the change's own transaction: the
// audit trail, the messages that the change causes, its entries in the public log
// and (through store's revision) the news that public pages must be made again. What is one
// transaction cannot drift apart, and a crash loses nothing.
//
// It trusts the rooms to call Append once per change. It must never be given
// contact details, secrets or the text of a case: an audit row names fields
// and harmless values only, an outbox row refers to the case or person and no more.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/logbook"
	"mingjing/app/store"
)

// Change is one field's old and new value.
type Change struct {
	Field string `json:"field"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// Message is something to be sent once, by the courier, after the commit.
// It holds no address and no text: both are looked up when it is sent.
type Message struct {
	Key      string // idempotency key: the same key is never queued twice
	Channel  string // mail or sms
	Template string
	// SubjectID is whom or what it is about; the template says of what kind.
	SubjectID int64
}

// Event is one change made by one actor.
type Event struct {
	Actor     int64  // staff id; 0 for a citizen or the program itself
	ActorName string // as shown in the trail; empty for a citizen
	Verb      string // what was done, such as case.accept
	Subject   string // kind of thing it was done to, such as case
	SubjectID int64
	Changes   []Change
	Messages  []Message
	Public    bool // a public page shows it: every instance's cache is renewed
	// Texts are what the public reads from now on of what was changed, and Arrivals
	// what was received: both go into the public log.
	Texts    []logbook.Text
	Arrivals []logbook.Arrival
}

type auditRow struct {
	ID        int64
	At        time.Time
	ActorID   int64
	ActorName string
	Verb      string
	Subject   string
	SubjectID int64
	Changes   string
}

func (auditRow) TableName() string { return "audit" }

type outboxRow struct {
	ID        int64
	CreatedAt time.Time
	Idem      string
	Channel   string
	Template  string
	SubjectID int64
	State     string
	DueAt     time.Time
}

func (outboxRow) TableName() string { return "outbox" }

// Append records events in tx, in order.
func Append(tx *store.Tx, events ...Event) error {
	var audits []auditRow
	var messages []outboxRow
	var texts []logbook.Text
	var arrivals []logbook.Arrival
	public := false
	for _, e := range events {
		changes := "[]"
		if len(e.Changes) > 0 {
			raw, err := json.Marshal(e.Changes)
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			changes = string(raw)
		}
		audits = append(audits, auditRow{At: tx.Now, ActorID: e.Actor, ActorName: e.ActorName, Verb: e.Verb,
			Subject: e.Subject, SubjectID: e.SubjectID, Changes: changes})
		for _, m := range e.Messages {
			messages = append(messages, outboxRow{CreatedAt: tx.Now, Idem: m.Key, Channel: m.Channel,
				Template: m.Template, SubjectID: m.SubjectID, State: "waiting", DueAt: tx.Now})
		}
		texts, arrivals = append(texts, e.Texts...), append(arrivals, e.Arrivals...)
		public = public || e.Public
	}
	if len(audits) == 0 {
		return nil
	}
	if err := tx.Append(&audits); err != nil {
		return fmt.Errorf("journal: audit: %w", err)
	}
	if len(messages) > 0 {
		if err := tx.Append(&messages); err != nil {
			return fmt.Errorf("journal: outbox: %w", err)
		}
	}
	if err := errors.Join(logbook.Record(tx, texts...), logbook.Receive(tx, arrivals...)); err != nil {
		return err
	}
	if public {
		return tx.Publish()
	}
	return nil
}

// Unsent is what the outbox could not bring to anybody.
type Unsent struct {
	Waiting int // not sent yet
	Dead    int // given up
	Unknown int // handed over, perhaps; never sent again by itself
	// Oldest is when the oldest of the dead and unknown was written; zero for none.
	Oldest time.Time
}

// CountMost is where counting stops: nobody reads more.
const CountMost = 1000

// Undelivered counts the outbox's messages that nobody got, each kind up to
// CountMost. It tells neither addresses nor cases.
func Undelivered(r *store.Reader) (Unsent, error) {
	var u Unsent
	for _, x := range []struct {
		state string
		n     *int
	}{{"waiting", &u.Waiting}, {"dead", &u.Dead}, {"unknown", &u.Unknown}} {
		var at []time.Time
		if err := r.Table("outbox").Where("state = ?", x.state).Order("due_at, id").Limit(CountMost).Pluck("created_at", &at).Error; err != nil {
			return u, fmt.Errorf("journal: undelivered: %w", err)
		}
		*x.n = len(at)
		for _, t := range at {
			if x.state != "waiting" && (u.Oldest.IsZero() || t.Before(u.Oldest)) {
				u.Oldest = t
			}
		}
	}
	return u, nil
}

// OldestWaiting is when the oldest message that is due was written; zero when none waits.
func OldestWaiting(r *store.Reader) (time.Time, error) {
	var at []time.Time
	if err := r.Table("outbox").Where("state = 'waiting' AND due_at <= ?", r.Now).Order("due_at, id").Limit(1).Pluck("created_at", &at).Error; err != nil {
		return time.Time{}, fmt.Errorf("journal: oldest waiting: %w", err)
	}
	if len(at) == 0 {
		return time.Time{}, nil
	}
	return at[0], nil
}

// Entry is one row of the audit trail.
type Entry struct {
	ID        int64
	At        time.Time
	ActorID   int64
	ActorName string
	Verb      string
	Subject   string
	SubjectID int64
	Changes   []Change
}

// Filter narrows the trail; zero values do not.
type Filter struct {
	Before    int64 // entries older than this id
	Subject   string
	SubjectID int64
	ActorID   int64
	Verb      string
	From, To  time.Time // at or after From, before To
	Limit     int
}

// Trail lists entries, newest first. Whoever calls it has checked the role.
func Trail(r *store.Reader, f Filter) ([]Entry, error) {
	q := r.Model(&auditRow{}).Select("id, at, actor_id, actor_name, verb, subject, subject_id, changes").
		Order("id DESC").Limit(f.Limit)
	where := func(q *gorm.DB, on bool, cond string, args ...any) *gorm.DB {
		if on {
			return q.Where(cond, args...)
		}
		return q
	}
	q = where(q, f.Before > 0, "id < ?", f.Before)
	q = where(q, f.Subject != "", "subject = ?", f.Subject)
	q = where(q, f.SubjectID > 0, "subject_id = ?", f.SubjectID)
	q = where(q, f.ActorID > 0, "actor_id > 0 AND actor_id = ?", f.ActorID) // the index holds no other
	q = where(q, f.Verb != "", "verb = ?", f.Verb)
	q = where(q, !f.From.IsZero(), "at >= ?", f.From)
	q = where(q, !f.To.IsZero(), "at < ?", f.To)
	var rows []auditRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("journal: trail: %w", err)
	}
	out := make([]Entry, len(rows))
	for i, row := range rows {
		out[i] = Entry{ID: row.ID, At: row.At, ActorID: row.ActorID, ActorName: row.ActorName, Verb: row.Verb,
			Subject: row.Subject, SubjectID: row.SubjectID}
		if err := json.Unmarshal([]byte(row.Changes), &out[i].Changes); err != nil {
			return nil, fmt.Errorf("journal: entry %d: %w", row.ID, err)
		}
	}
	return out, nil
}
