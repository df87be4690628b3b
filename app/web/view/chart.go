package view

import (
	"strconv"
	"time"
)

// ChartPage is the wall chart: when each measure was planned, how far it came and what is late, by month.
type ChartPage struct {
	Frame
	Programme string // its title; empty before anything is published
	AsOf      Day
	Drawn     bool // the ledger is in: there is something to draw
	Filters   []Filter
	Depts     *Filter // lead departments; nil where none is named
	Filtered  bool
	Unfolded  bool // the measures are shown under their problems from the start
	Counts    ChartCounts
	Hidden    string // how much is counted elsewhere and not drawn here
	Axis      Axis
	Aspects   []ChartAspect
	More      string // address of the next sheet by key; empty at the end
	List      string // the same problems as a list
	Links     []Link
}

func (ChartPage) Template() string { return "public/chart" }

// ChartCounts counts what the filter shows, on this sheet and on those that follow.
type ChartCounts struct{ Problems, Measures, Done, Closed, Overdue, Reopened, Undated int }

// ChartAspect is a heading with the problems under it.
type ChartAspect struct {
	No, Title string
	Problems  []ChartProblem
}

// ChartProblem is a problem: its line spans those of its measures.
type ChartProblem struct {
	Code, Title, Href string
	Status            Status
	Closing           Closing
	ClosedOn          Day
	ReopenedOn        Day
	Measures          []ChartMeasure
}

// ChartMeasure is a line of the chart and of the table. What is not known is empty, and nothing is drawn for it.
type ChartMeasure struct {
	Code, Title, Href     string
	Dept                  string
	Status                Status
	Closing               Closing
	Starts, Baseline, Due Day
	DueText               string // the due date in words where it is no day
	DoneOn, ClosedOn      Day
	ReopenedOn            Day
	Overdue               string // 已超期12天
	Every                 int    // months between checks; 0: not planned
	Checks                []Day  // planned, the next first
	Checked               []Day  // that were made, and found it to hold
}

// Undated says that nothing is known of when.
func (m ChartMeasure) Undated() bool {
	return m.Starts == "" && m.Baseline == "" && m.Due == "" && m.DoneOn == "" && m.ClosedOn == "" && m.ReopenedOn == "" && len(m.Checks) == 0 && len(m.Checked) == 0
}

// Moved says that the due date is no longer the first one.
func (m ChartMeasure) Moved() bool { return m.Due != "" && m.Baseline != "" && m.Due != m.Baseline }

// NextCheck is the first planned check.
func (m ChartMeasure) NextCheck() Day {
	if len(m.Checks) == 0 {
		return ""
	}
	return m.Checks[0]
}

// Brief is as much of the title as a line of the chart holds; the table has more, the problem's page all of it.
func (m ChartMeasure) Brief() string { return brief(m.Title, 22) }
func (m ChartMeasure) Long() string  { return brief(m.Title, 60) }

func brief(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n == most {
			if len([]rune(s[i:])) > 1 {
				return s[:i] + "…"
			}
			break
		}
	}
	return s
}

// count counts the measures of the problem for which f holds.
func (p ChartProblem) count(f func(ChartMeasure) bool) int {
	n := 0
	for _, m := range p.Measures {
		if f(m) {
			n++
		}
	}
	return n
}

// Done, Closed, Overdue and Undated count its measures.
func (p ChartProblem) Done() int {
	return p.count(func(m ChartMeasure) bool { return m.Status == Done })
}
func (p ChartProblem) Closed() int {
	return p.count(func(m ChartMeasure) bool { return m.Closing == Closed })
}
func (p ChartProblem) Overdue() int {
	return p.count(func(m ChartMeasure) bool { return m.Overdue != "" })
}
func (p ChartProblem) Undated() int {
	return p.count(func(m ChartMeasure) bool { return m.Undated() })
}

// ReopenedWithin says that a look-back reopened a measure of it, where the word for its own closing does not say so already.
func (p ChartProblem) ReopenedWithin() bool {
	return p.Closing != ClosingReopened && p.count(func(m ChartMeasure) bool { return m.ReopenedOn != "" }) > 0
}

// Axis is the months that the chart runs over; every month is as wide as another.
type Axis struct {
	From   time.Time // the first day of the first month
	Months int
	Today  Day
	Cut    bool // days before or after it are known, and are not drawn
}

// place is where a day begins, in percent of the width, held to the axis. inside is false where it was not on it.
func (a Axis) place(d Day, end bool) (x float64, inside bool) {
	t, err := time.Parse("2006-01-02", string(d))
	if err != nil || a.Months == 0 {
		return 0, false
	}
	month := 12*(t.Year()-a.From.Year()) + int(t.Month()-a.From.Month())
	day := t.Day()
	if !end {
		day--
	}
	x = (float64(month) + float64(day)/float64(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())) / float64(a.Months) * 100
	return min(max(x, 0), 100), x >= 0 && x <= 100
}

// Percent is a place or a width in a drawing, in percent without the sign.
type Percent float64

func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) }

func percent(x float64) Percent { return Percent(float64(int(x*100+.5)) / 100) }

// Strut is how many pixels the months need at least; a narrower window scrolls them.
func (a Axis) Strut() int { return 6 * a.Months }

// Now is where the line of today stands, and whether its word fits on its left only.
func (a Axis) Now() Percent { x, _ := a.place(a.Today, true); return percent(x) }
func (a Axis) Late() bool   { return a.Now() > 80 }

// Tick is a word above the months.
type Tick struct {
	X    Percent
	Text string
}

// step is how many months lie between two lines of the grid.
func (a Axis) step() int {
	switch {
	case a.Months <= 18:
		return 1
	case a.Months <= 48:
		return 3
	}
	return 12
}

// Grid is the share of the width between two lines, for a pattern that repeats.
func (a Axis) Grid() Percent {
	step := min(a.step(), 3)
	return Percent(float64(int(float64(step)/float64(max(a.Months, 1))*1e6+.5)) / 1e6)
}

// Years are where years begin, and the beginning of the axis, each with its word where there is room for it.
func (a Axis) Years() []Tick {
	room := 7
	if a.step() == 1 {
		room = 3
	}
	var out []Tick
	for i := range a.Months {
		t := a.From.AddDate(0, i, 0)
		if i > 0 && t.Month() != time.January {
			continue
		}
		tick := Tick{X: a.month(i)}
		if next := min(13-int(t.Month()), a.Months-i); next >= room {
			tick.Text = t.Format("2006年")
		}
		out = append(out, tick)
	}
	return out
}

// month is where month i begins.
func (a Axis) month(i int) Percent { return percent(float64(i) / float64(a.Months) * 100) }

// MonthNames are the words for months, where there is room for them.
func (a Axis) MonthNames() []Tick {
	var out []Tick
	for i := 0; i < a.Months && a.step() < 12; i += a.step() {
		out = append(out, Tick{a.month(i), a.From.AddDate(0, i, 0).Format("1月")})
	}
	return out
}

// First and Last are the months at its ends, in words.
func (a Axis) First() string { return a.From.Format("2006年1月") }
func (a Axis) Last() string  { return a.From.AddDate(0, a.Months-1, 0).Format("2006年1月") }

// Lane is a line of the chart: bars, and signs that stand on days.
type Lane struct {
	Bars  []LaneBar
	Signs []LaneSign
}

// LaneBar is a bar: the classes of what it means, from where, how wide. The plan
// lies above, what really happened below.
type LaneBar struct {
	Class    string // plan, moved; going, basic, long, done, wait, check, late; with open where an end is not known
	Planned  bool
	X, Width Percent
}

// Hatched says that the bar means lateness.
func (b LaneBar) Hatched() bool { return b.Class == "late" }

// LaneSign is a sign: the id of its drawing, and where.
type LaneSign struct {
	Sign string
	X    Percent
}

// Planned says that the sign belongs to the plan.
func (s LaneSign) Planned() bool { return s.Sign == "s-moved" }

const (
	narrowest = 0.3 // percent: a bar of a day must be seen
	stub      = 1.5 // months that a bar of unknown start is drawn back
)

// bar adds a bar from the beginning of one day to the end of another. One whose
// start is not known is a stub before its end, and open.
func (l *Lane) bar(a Axis, class string, planned bool, from, to Day) {
	end, _ := a.place(to, true)
	x, inside := a.place(from, false)
	switch {
	case to == "" || end <= 0 || a.Months == 0:
		return
	case from == "":
		class, x = class+" open", max(0, end-100*stub/float64(a.Months))
	case from > to || !inside && x > 0:
		return
	}
	l.Bars = append(l.Bars, LaneBar{class, planned, percent(x), percent(max(end-x, narrowest))})
}

// ongoing adds a planned bar that has a start and no end: as far as the axis
// goes where that is meant, a stub where it was not stated.
func (l *Lane) ongoing(a Axis, from Day, meant bool) {
	x, inside := a.place(from, false)
	if !inside {
		return
	}
	width := 100 - x
	if !meant {
		width = min(width, 100*stub/float64(a.Months))
	}
	l.Bars = append(l.Bars, LaneBar{"plan open", true, percent(x), percent(width)})
}

func (l *Lane) sign(a Axis, sign string, on Day) {
	if x, inside := a.place(on, true); inside {
		l.Signs = append(l.Signs, LaneSign{"s-" + sign, percent(x)})
	}
}

// planned draws the first promise, and how far it was moved.
func (l *Lane) planned(a Axis, starts, baseline, due Day) {
	if baseline == "" {
		baseline = due
	}
	l.bar(a, "plan", true, starts, baseline)
	if due != "" && due != baseline {
		if due > baseline {
			l.bar(a, "moved", true, baseline, due)
		}
		l.sign(a, "moved", due)
	}
}

// Lane draws a measure: nothing that is not stated.
func (p ChartPage) Lane(m ChartMeasure) Lane {
	var l Lane
	a := p.Axis
	if m.Baseline == "" && m.Due == "" {
		l.ongoing(a, m.Starts, m.DueText != "" || m.Every > 0 || m.Status == LongTerm)
	} else {
		l.planned(a, m.Starts, m.Baseline, m.Due)
	}
	switch m.Status {
	case Done:
		if m.DoneOn != "" {
			l.bar(a, "done", false, m.Starts, m.DoneOn)
			if m.Closing == Closed {
				l.bar(a, "check", false, m.DoneOn, m.ClosedOn)
			} else {
				l.bar(a, "wait", false, m.DoneOn, p.AsOf)
			}
			l.sign(a, "claimed", m.DoneOn)
		}
	case InProgress, BasicallyDone, LongTerm:
		to := p.AsOf
		if m.Status != LongTerm && m.Closing == Closed {
			to = m.ClosedOn
		}
		l.bar(a, m.Status.Class(), false, m.Starts, to)
	}
	if m.Overdue != "" {
		l.bar(a, "late", false, m.Due, p.AsOf)
	}
	for _, d := range m.Checks {
		l.sign(a, "check", d)
	}
	for _, d := range m.Checked {
		l.sign(a, "checked", d)
	}
	l.sign(a, "closed", m.ClosedOn)
	l.sign(a, "reopened", m.ReopenedOn)
	return l
}

// Span draws a problem from the first of its measures' days to the last.
func (p ChartPage) Span(x ChartProblem) Lane {
	var l Lane
	var starts, baseline, due, done, late Day
	undone, unknown := 0, 0
	begun := false
	for _, m := range x.Measures {
		starts = earlier(starts, m.Starts)
		baseline, due, done = max(baseline, m.Baseline), max(due, m.Due), max(done, m.DoneOn)
		if m.Overdue != "" {
			late = earlier(late, m.Due)
		}
		switch {
		case m.Status == Done && m.DoneOn == "":
			unknown++
		case m.Status != Done && m.Closing != Closed:
			undone++
		}
		begun = begun || m.Status != NotStarted && m.Status != Unstated && m.Status != Unreported
	}
	l.planned(p.Axis, starts, baseline, due)
	switch {
	case !begun:
	case undone > 0:
		class := InProgress.Class()
		if x.Status == BasicallyDone || x.Status == LongTerm {
			class = x.Status.Class()
		}
		l.bar(p.Axis, class, false, starts, p.AsOf)
	case unknown == 0 && done != "":
		l.bar(p.Axis, "done", false, starts, done)
		if x.ClosedOn != "" {
			l.bar(p.Axis, "check", false, done, x.ClosedOn)
		} else {
			l.bar(p.Axis, "wait", false, done, p.AsOf)
		}
		l.sign(p.Axis, "claimed", done)
	}
	if late != "" {
		l.bar(p.Axis, "late", false, late, p.AsOf)
	}
	l.sign(p.Axis, "closed", x.ClosedOn)
	for _, m := range x.Measures {
		l.sign(p.Axis, "reopened", m.ReopenedOn)
	}
	l.sign(p.Axis, "reopened", x.ReopenedOn)
	return l
}

// earlier is the earlier of two days that are known.
func earlier(a, b Day) Day {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// Late words how many measures of a problem are late.
func (ChartPage) Late(n int) string { return strconv.Itoa(n) + "条超期" }
