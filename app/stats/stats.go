// Package stats counts cases. Every number is the size of a set of cases in a
// month, so that it opens to exactly those cases; every rate is a set over sets.
// Some days after its end a month is frozen with its members: what it says
// never changes, and a correction is an entry of its own that stays visible.
//
// It trusts the dates and the timeline that cases records, never counters kept
// beside them. It must never let a number through that points at a person: who
// shows a count to the public suppresses small ones.
package stats

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/store"
)

// Month is a calendar month in Shanghai, YYYY-MM. Months compare as texts.
type Month string

// MonthOf is the month of a day.
func MonthOf(d calendar.Date) Month { return Month(d.String()[:7]) }

// ParseMonth reads YYYY-MM.
func ParseMonth(s string) (Month, error) {
	d, err := calendar.Parse(s + "-01")
	if err != nil {
		return "", err
	}
	return MonthOf(d), nil
}

// First and Last are its days.
func (m Month) First() calendar.Date {
	d, _ := calendar.Parse(string(m) + "-01")
	return d
}
func (m Month) Last() calendar.Date { return m.First().AddMonths(1).AddDays(-1) }

// Add is the month n months on.
func (m Month) Add(n int) Month { return MonthOf(m.First().AddMonths(n)) }

// Settle is how many days after its end a month is frozen: what happened on its last days is recorded by then.
const Settle = 5

// Freezes is the moment from which the month does not change.
func (m Month) Freezes() time.Time { return m.First().AddMonths(1).AddDays(Settle).In() }

// Cut is a part of the statistics: the months, and what the cases are.
type Cut struct {
	From, To   Month
	Kind       cases.Kind    // empty: all
	Channel    cases.Channel // empty: all
	Department int64         // 0: all
}

// Months lists the months of the cut, oldest first.
func (c Cut) Months() (list []Month) {
	for m := c.From; m <= c.To; m = m.Add(1) {
		list = append(list, m)
	}
	return list
}

// in reports whether a case of these properties belongs to the cut.
func (c Cut) in(kind cases.Kind, channel cases.Channel, department int64) bool {
	return (c.Kind == "" || c.Kind == kind) && (c.Channel == "" || c.Channel == channel) && (c.Department == 0 || c.Department == department)
}

// Row is a count.
type Row struct {
	Month        Month
	SetName      Set
	Kind         cases.Kind
	Channel      cases.Channel
	DepartmentID int64 // 0: none yet
	N            int
}

// Table is everything that is counted in a cut.
type Table struct {
	Cut
	Rows   []Row
	Frozen map[Month]time.Time // of its months, those that do not change any more
}

// Of is the table of one of its months.
func (t Table) Of(m Month) Table {
	one := Table{Cut: t.Cut, Frozen: t.Frozen}
	one.From, one.To = m, m
	for _, x := range t.Rows {
		if x.Month == m {
			one.Rows = append(one.Rows, x)
		}
	}
	return one
}

// N counts the cases of a set that belong to a narrower cut, whose months do
// not matter. Of a stock only those of the table's last month count.
func (t Table) N(s Set, within Cut) (n int) {
	for _, x := range t.Rows {
		if x.SetName == s && (!s.Stock() || x.Month == t.To) && within.in(x.Kind, x.Channel, x.DepartmentID) {
			n += x.N
		}
	}
	return n
}

// Rate counts both parts of an indicator.
func (t Table) Rate(i Indicator, within Cut) (n, of int) {
	for _, s := range i.Base {
		of += t.N(s, within)
	}
	return t.N(i.Of, within), of
}

// Count reads a cut: frozen months as they were frozen with their corrections, the others as they are now.
func Count(r *store.Reader, c Cut) (Table, error) {
	t := Table{Cut: c, Frozen: map[Month]time.Time{}}
	if err := frozen(r, &t); err != nil {
		return t, err
	}
	q := func(table, n string) error {
		var rows []Row
		x := r.Table(table).Select("month, set_name, kind, channel, department_id, "+n+" AS n").Where("month >= ? AND month <= ?", c.From, c.To)
		if c.Kind != "" {
			x = x.Where("kind = ?", c.Kind)
		}
		if c.Channel != "" {
			x = x.Where("channel = ?", c.Channel)
		}
		if c.Department != 0 {
			x = x.Where("department_id = ?", c.Department)
		}
		if err := x.Order("month, set_name").Limit(mostRows).Find(&rows).Error; err != nil {
			return fmt.Errorf("stats: %s: %w", table, err)
		}
		t.Rows = append(t.Rows, rows...)
		return nil
	}
	if err := cmp.Or(q("stat_counts", "n"), q("stat_corrections", "CASE WHEN adds THEN 1 ELSE -1 END")); err != nil {
		return t, err
	}
	for _, m := range c.Months() {
		if _, ok := t.Frozen[m]; ok {
			continue
		}
		for _, x := range sets {
			var rows []Row
			err := r.Raw(`SELECT kind, channel, department_id, count(DISTINCT id) AS n FROM (`+x.query+`) found GROUP BY kind, channel, department_id`, span(r, m)).Scan(&rows).Error
			if err != nil {
				return t, fmt.Errorf("stats: %s: %w", x.set, err)
			}
			for _, row := range rows {
				if c.in(row.Kind, row.Channel, row.DepartmentID) {
					row.Month, row.SetName = m, x.set
					t.Rows = append(t.Rows, row)
				}
			}
		}
	}
	return t, nil
}

const (
	longest  = 120 // months of a cut
	mostRows = 1_000_000
)

func frozen(r *store.Reader, t *Table) error {
	var list []struct {
		Month    Month
		FrozenAt time.Time
	}
	if err := r.Table("stat_months").Select("month, frozen_at").Where("month >= ? AND month <= ?", t.From, t.To).Order("month").Limit(longest * 2).Find(&list).Error; err != nil {
		return fmt.Errorf("stats: months: %w", err)
	}
	for _, x := range list {
		t.Frozen[x.Month] = x.FrozenAt
	}
	return nil
}

// span is what the queries of a month ask with.
func span(r *store.Reader, m Month) map[string]any {
	first, last := m.First(), m.Last()
	end := last
	if yesterday := calendar.Of(r.Now).AddDays(-1); yesterday.Before(end) {
		end = yesterday
	}
	return map[string]any{"from": first, "to": last, "since": first.In(), "until": last.AddDays(1).In(), "end": end, "now": r.Now.Add(time.Second),
		"before": m.Add(-1).Freezes(), "frozen": m.Freezes(), "half": first.AddMonths(-6)}
}

// Oldest is the first month in which anything came in; empty before.
func Oldest(r *store.Reader) (Month, error) {
	var day []calendar.Date
	if err := r.Raw("SELECT received_on FROM cases ORDER BY received_on LIMIT 1").Scan(&day).Error; err != nil {
		return "", fmt.Errorf("stats: oldest: %w", err)
	}
	if len(day) == 0 {
		return "", nil
	}
	return MonthOf(day[0]), nil
}

// inOrder sorts what rows are of: month, kind, channel, department.
func inOrder(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.DepartmentID, b.DepartmentID))
	})
}
