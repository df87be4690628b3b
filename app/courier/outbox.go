package courier

import (
	"context"
	"fmt"
	"time"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Outbox is where the operator looks after what could not be sent. It shows no
// address and nothing of a case but, in the key that a provider knows a message
// by, its internal id, which is not the number that opens it.
type Outbox struct{ db *store.DB }

// NewOutbox opens it.
func NewOutbox(db *store.DB) *Outbox { return &Outbox{db} }

// Queued is a message of the outbox.
type Queued struct {
	ID         int64
	CreatedAt  time.Time
	Idem       string // what a provider knows it by
	Channel    string
	Template   string
	State      string
	Attempts   int
	DueAt      time.Time
	FinishedAt *time.Time
	Note       string
}

// Outboxes are the states that need somebody, and the one that does not yet.
var Outboxes = []string{"unknown", "dead", "waiting"}

// List reads the messages of a state, oldest first, after the given one.
func (o *Outbox) List(r *store.Reader, a staff.Actor, state string, after Queued, limit int) ([]Queued, error) {
	if err := a.Require(staff.SysAdmin); err != nil {
		return nil, err
	}
	q := r.Table("outbox").Select("id, created_at, idem, channel, template, state, attempts, due_at, finished_at, note").Where("state = ?", state)
	if after.ID > 0 {
		q = q.Where("(due_at, id) > (?, ?)", after.DueAt, after.ID)
	}
	var list []Queued
	if err := q.Order("due_at, id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("outbox: list: %w", err)
	}
	return list, nil
}

// Decide settles a message whose fate nobody knows, or that was given up:
// somebody found out that it arrived, or wants it sent once more. Nothing is
// ever sent twice without such a word.
func (o *Outbox) Decide(ctx context.Context, a staff.Actor, id int64, again bool) error {
	if err := a.Require(staff.SysAdmin); err != nil {
		return err
	}
	return o.db.Write(ctx, func(tx *store.Tx) error {
		var was []string
		if err := tx.Table("outbox").Where("id = ?", id).Limit(1).Pluck("state", &was).Error; err != nil {
			return fmt.Errorf("outbox: decide: %w", err)
		}
		if len(was) == 0 {
			return fault.New(fault.NotFound, "没有这条消息。")
		}
		set := map[string]any{"state": "accepted", "finished_at": tx.Now, "note": a.Name + "确认已送达"}
		if again {
			set = map[string]any{"state": "waiting", "finished_at": nil, "attempts": 0, "due_at": tx.Now, "created_at": tx.Now, "lease_until": nil, "note": a.Name + "决定再发一次"}
		}
		done := tx.Table("outbox").Where("id = ? AND state IN ('unknown', 'dead')", id).Updates(set)
		if done.Error != nil {
			return fmt.Errorf("outbox: decide: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return fault.New(fault.Conflict, "这条消息已经处理过，或者正在发送，请先看最新情况。")
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "outbox.decide", Subject: "outbox", SubjectID: id,
			Changes: []journal.Change{{Field: "state", Old: was[0], New: set["state"].(string)}}})
	})
}
