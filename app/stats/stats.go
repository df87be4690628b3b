// Package stats computes indicators from the facts in cases, never from
// counters kept beside them.
//
// It trusts the dates that cases records. It must never let a number through
// that points at a person: who shows a count to the public suppresses small ones.
package stats

import (
	"fmt"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/store"
)

// Count is what came in and what was answered.
type Count struct {
	Received int
	Replied  int // of those received, answered by now
}

func (c *Count) add(o Count) {
	c.Received += o.Received
	c.Replied += o.Replied
}

// Row is a count under a label: a kind or a month.
type Row struct {
	Kind  cases.Kind
	Month string // YYYY-MM
	Count
}

// Summary is what came in over a period, by kind and by month.
type Summary struct {
	From, To calendar.Date
	Total    Count
	Kinds    []Row
	Months   []Row // latest first
	// On-time conclusion: answered within the limit, of all answered plus those
	// that are open and overdue.
	OnTime, Due int
	// Resolved and Satisfied of Ratings.
	Ratings, Resolved, Satisfied int
}

// months is how many months the public table goes back.
const months = 12

// Period is the twelve months up to and including the one of today.
func Period(today calendar.Date) (from, to calendar.Date) {
	first := calendar.NewDate(today.Year(), today.Month(), 1)
	return first.AddMonths(1 - months), today
}

// Summarize reads the counts of cases received from from to to; invalid ones
// are not counted.
func Summarize(r *store.Reader, from, to calendar.Date) (Summary, error) {
	s := Summary{From: from, To: to}
	var rows []struct {
		Month    string
		Kind     cases.Kind
		Received int
		Replied  int
	}
	err := r.Raw(`SELECT substr(received_on, 1, 7) AS month, kind, count(*) AS received,
		sum(CASE WHEN replied_on IS NOT NULL THEN 1 ELSE 0 END) AS replied
		FROM cases WHERE received_on >= ? AND received_on <= ? AND state <> 'invalid'
		GROUP BY substr(received_on, 1, 7), kind`, from, to).Scan(&rows).Error
	if err != nil {
		return s, fmt.Errorf("stats: counts: %w", err)
	}
	kinds, byMonth := map[cases.Kind]Count{}, map[string]Count{}
	for _, row := range rows {
		c := Count{row.Received, row.Replied}
		s.Total.add(c)
		k, m := kinds[row.Kind], byMonth[row.Month]
		k.add(c)
		m.add(c)
		kinds[row.Kind], byMonth[row.Month] = k, m
	}
	for _, k := range cases.Kinds {
		s.Kinds = append(s.Kinds, Row{Kind: k, Count: kinds[k]})
	}
	for m := calendar.NewDate(to.Year(), to.Month(), 1); !m.Before(from); m = m.AddMonths(-1) {
		name := m.In().Format("2006-01")
		s.Months = append(s.Months, Row{Month: name, Count: byMonth[name]})
	}
	err = r.Raw(`SELECT coalesce(sum(CASE WHEN replied_on IS NOT NULL AND NOT late THEN 1 ELSE 0 END), 0) AS on_time,
		coalesce(sum(CASE WHEN replied_on IS NOT NULL OR due_on < ? THEN 1 ELSE 0 END), 0) AS due
		FROM cases WHERE received_on >= ? AND received_on <= ? AND state <> 'invalid' AND handle_due IS NOT NULL`, to, from, to).
		Row().Scan(&s.OnTime, &s.Due)
	if err != nil {
		return s, fmt.Errorf("stats: on time: %w", err)
	}
	err = r.Raw(`SELECT count(*), coalesce(sum(CASE WHEN t.resolved = 'yes' THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN t.satisfaction <> 'dissatisfied' THEN 1 ELSE 0 END), 0)
		FROM ratings t JOIN cases c ON c.id = t.case_id WHERE c.received_on >= ? AND c.received_on <= ?`, from, to).
		Row().Scan(&s.Ratings, &s.Resolved, &s.Satisfied)
	if err != nil {
		return s, fmt.Errorf("stats: ratings: %w", err)
	}
	return s, nil
}
