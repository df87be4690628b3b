package calendar

import (
	"fmt"

	"mingjing/app/fault"
)

// Unit is what a limit is counted in.
type Unit string

const (
	Workdays Unit = "workdays" // 工作日
	Days     Unit = "days"     // calendar days 日
	Months   Unit = "months"   // 个月
)

// Limit is a length of time allowed by a norm. The zero Limit means none.
type Limit struct {
	Amount int
	Unit   Unit
}

// ProvisionalWords mark a date that reaches past the loaded years.
const ProvisionalWords = "暂按周末推算"

// longest keeps a mistyped limit from becoming a walk over centuries.
const longest = 3650

// NewLimit makes a limit from what staff typed: at least 1, at most ten years.
func NewLimit(amount int, unit Unit) (Limit, error) {
	days, ok := map[Unit]int{Workdays: 1, Days: 1, Months: 31}[unit]
	if !ok {
		return Limit{}, fault.New(fault.Invalid, "时限的单位只能是工作日、日或月，请重新选择。")
	}
	if amount < 1 || amount > longest/days {
		return Limit{}, fault.New(fault.Invalid, "时限要填写大于 0 的整数，折合不超过 10 年。")
	}
	return Limit{amount, unit}, nil
}

// String is the limit as a reader expects it: 15 个工作日, 60 日, 3 个月.
func (l Limit) String() string {
	switch l.Unit {
	case Workdays:
		return fmt.Sprintf("%d 个工作日", l.Amount)
	case Months:
		return fmt.Sprintf("%d 个月", l.Amount)
	case Days:
		return fmt.Sprintf("%d 日", l.Amount)
	}
	return ""
}

// Span is a stopped clock: it stopped on From and ran again on To. As From is
// still counted and To is a new day 0, the days after From up to and including
// To are not counted; stopping and resuming on one day changes nothing. A clock
// that still stands is a span whose To is today.
type Span struct{ From, To Date }

type pauses []Span

func (p pauses) hold(d Date) bool {
	for _, s := range p {
		if d.After(s.From) && !d.After(s.To) {
			return true
		}
	}
	return false
}

// Due is the last day of a limit that begins on from, which is not counted. A
// limit in days or months that ends on a rest day ends on the next working day
// (民法典 art. 203). Provisional reports that a year it depends on is not
// loaded: show ProvisionalWords and compute it again when the year is.
func (c *Calendar) Due(from Date, l Limit) (due Date, provisional bool) {
	return c.DueWithPauses(from, l, nil)
}

// DueWithPauses is Due with the clock stopped during the pauses.
func (c *Calendar) DueWithPauses(from Date, l Limit, stopped []Span) (due Date, provisional bool) {
	return c.end(from, stopped, l)
}

// DueExtended is the last day of a limit that was lengthened: the two are one
// period, and only the last day of the whole rolls to a working day.
func (c *Calendar) DueExtended(from Date, l, more Limit, stopped []Span) (due Date, provisional bool) {
	return c.end(from, stopped, l, more)
}

func (c *Calendar) end(from Date, stopped []Span, limits ...Limit) (due Date, provisional bool) {
	p, worked := pauses(stopped), false
	due = from
	for _, l := range limits {
		left := l.Amount
		if l.Unit == Months {
			left = due.AddMonths(l.Amount).Sub(due)
		}
		for left > 0 {
			due = due.AddDays(1)
			if !p.hold(due) && (l.Unit != Workdays || c.IsWorkday(due)) {
				left--
			}
		}
		worked = worked || l.Unit == Workdays
	}
	// The end itself may have rolled into rest days or into a pause.
	for !c.IsWorkday(due) || p.hold(due) {
		due = due.AddDays(1)
	}
	first := due.Year()
	if worked {
		first = from.AddDays(1).Year()
	}
	for y := first; y <= due.Year(); y++ {
		provisional = provisional || !c.years[y]
	}
	return due, provisional
}

// Warning says how near its end a running limit is, in the order of urgency.
type Warning int

const (
	InTime    Warning = iota // nothing to say
	HalfUsed                 // tell the handler
	NearlyDue                // tell the handler and the leader
	Overdue                  // tell the handler, the leader and the supervisor
)

// String is the word that always stands beside the warning's colour.
func (w Warning) String() string {
	return [...]string{"期限内", "时限过半", "即将到期", "已超期"}[w]
}

// longLimit is the length in days from which days left decide, not percentages.
const longLimit = 60

// Warn is the warning level on today of a limit that began on from and ends on
// due (extensions included): 50 % and 80 % of the counted time used, or, for
// limits of 60 days and more, 20 and 10 days left.
func (c *Calendar) Warn(today, from, due Date, unit Unit, stopped []Span) Warning {
	if today.After(due) {
		return Overdue
	}
	p := pauses(stopped)
	used, total := 0, 0
	for d := from.AddDays(1); !d.After(due); d = d.AddDays(1) {
		if p.hold(d) || (unit == Workdays && !c.IsWorkday(d)) {
			continue
		}
		total++
		if !d.After(today) {
			used++
		}
	}
	return warning(used, total, unit != Workdays)
}

// WarnDays is Warn for a limit in days that nothing stopped.
func WarnDays(today, from, due Date) Warning {
	if today.After(due) {
		return Overdue
	}
	return warning(max(0, today.Sub(from)), due.Sub(from), true)
}

func warning(used, total int, days bool) Warning {
	half, near := 2*used >= total, 5*used >= 4*total
	if days && total >= longLimit {
		half, near = total-used <= 20, total-used <= 10
	}
	switch {
	case near:
		return NearlyDue
	case half:
		return HalfUsed
	}
	return InTime
}
