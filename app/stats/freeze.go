package stats

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"mingjing/app/calendar"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Service is the room.
type Service struct{ db *store.DB }

// New opens the room.
func New(db *store.DB) *Service { return &Service{db} }

// Freeze freezes every month that is due, oldest first, each in a transaction
// of its own, and says how many. It may run anywhere and at any time.
func (s *Service) Freeze(ctx context.Context) (n int, err error) {
	for {
		var m Month
		err := s.db.Read(ctx, func(r *store.Reader) error {
			m, err = due(r)
			return err
		})
		if err != nil || m == "" {
			return n, err
		}
		if err := s.db.Write(ctx, func(tx *store.Tx) error { return freeze(tx, m) }); err != nil {
			return n, err
		}
		n++
	}
}

// due is the oldest month that should be frozen and is not; empty when there is none.
func due(r *store.Reader) (Month, error) {
	var newest []Month
	if err := r.Raw("SELECT month FROM stat_months ORDER BY month DESC LIMIT 1").Scan(&newest).Error; err != nil {
		return "", fmt.Errorf("stats: months: %w", err)
	}
	var next Month
	if len(newest) > 0 {
		next = newest[0].Add(1)
	} else {
		oldest, err := Oldest(r)
		if err != nil || oldest == "" {
			return "", err
		}
		next = oldest
	}
	if r.Now.Before(next.Freezes()) {
		return "", nil
	}
	return next, nil
}

// freeze keeps the members of every set of a month, and how many they are.
func freeze(tx *store.Tx, m Month) error {
	if next, err := due(&tx.Reader); err != nil || next != m {
		return err // another instance was faster
	}
	do := func(query string, args ...any) error {
		if err := tx.Exec(query, args...).Error; err != nil {
			return fmt.Errorf("stats: freeze %s: %w", m, err)
		}
		return nil
	}
	if err := do("INSERT INTO stat_months (month, frozen_at) VALUES (?, ?)", m, tx.Now); err != nil {
		return err
	}
	args := span(&tx.Reader, m)
	args["month"] = m
	for _, x := range sets {
		args["set"] = x.set
		err := do(`INSERT INTO stat_cases (month, set_name, case_id, kind, channel, department_id)
			SELECT DISTINCT @month, @set, id, kind, channel, department_id FROM (`+x.query+`) found`, args)
		if err != nil {
			return err
		}
	}
	err := do(`INSERT INTO stat_counts (month, set_name, kind, channel, department_id, n)
		SELECT month, set_name, kind, channel, department_id, count(*) FROM stat_cases WHERE month = ? GROUP BY month, set_name, kind, channel, department_id`, m)
	if err != nil {
		return err
	}
	sum, err := fingerprint(&tx.Reader, m)
	if err != nil {
		return err
	}
	text, err := logged(&tx.Reader, m)
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "stats.freeze", Subject: "month", SubjectID: number(m), Public: true, Texts: []logbook.Text{text},
		Changes: []journal.Change{{Field: "digest", New: hex.EncodeToString(sum)}}})
}

// number is a month as a number: 202601.
func number(m Month) int64 {
	d := m.First()
	return int64(d.Year()*100 + int(d.Month()))
}

// fingerprint is the SHA-256 of a frozen month's members, a line each in their
// order: set, case, kind, channel, department.
func fingerprint(r *store.Reader, m Month) ([]byte, error) {
	h := sha256.New()
	for _, x := range sets {
		for after := int64(0); ; {
			list, err := kept(r, m, x.set, Cut{}, after, atOnce)
			if err != nil {
				return nil, err
			}
			digest(h, x.set, list)
			if len(list) < atOnce {
				break
			}
			after = list[len(list)-1].CaseID
		}
	}
	return h.Sum(nil), nil
}

func digest(h hash.Hash, s Set, list []Member) {
	for _, x := range list {
		fmt.Fprintf(h, "%s %d %s %s %d\n", s, x.CaseID, x.Kind, x.Channel, x.DepartmentID)
	}
}

// atOnce is how many members are held in memory.
const atOnce = 5000

// FrozenOn is the day on which a month was frozen; zero while it is open.
func (t Table) FrozenOn(m Month) calendar.Date {
	if at, ok := t.Frozen[m]; ok {
		return calendar.Of(at)
	}
	return calendar.Date{}
}
