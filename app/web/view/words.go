package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is a civil date as ISO text: "2021-01-06", or "2020-09" where only the month is known. Empty means not known.
type Day string

// String gives 2021年1月6日 or 2020年9月; what is not a date is given back as it stands.
func (d Day) String() string {
	if t, err := time.Parse("2006-01-02", string(d)); err == nil {
		return t.Format("2006年1月2日")
	}
	if t, err := time.Parse("2006-01", string(d)); err == nil {
		return t.Format("2006年1月")
	}
	return string(d)
}

// ISO is for the datetime attribute.
func (d Day) ISO() string { return string(d) }

// Moment is a point in time, already in Shanghai time.
type Moment struct{ time.Time }

func (m Moment) String() string { return m.Format("2006年1月2日 15:04") }

// ISO is for the datetime attribute.
func (m Moment) ISO() string { return m.Format("2006-01-02T15:04:05-07:00") }

// Written is a Moment already in words.
type Written struct{ Text, ISO string }

// Share is a count out of a total. A total of 0 has no percentage.
type Share struct{ Count, Of int }

// Percent gives 88.1%, or — when there is nothing to divide by.
func (s Share) Percent() string {
	if s.Of == 0 {
		return "—"
	}
	return strconv.FormatFloat(float64(s.Count)*100/float64(s.Of), 'f', 1, 64) + "%"
}

// Cell is a count in a public table. Between 1 and 4 it would point at people, so it shows as <5.
type Cell int

// withheld is a count that is no small one itself, but would give one away by subtraction.
const withheld Cell = -1

func (c Cell) String() string {
	switch {
	case c.Withheld():
		return "不公布"
	case c.small():
		return "<5"
	}
	return strconv.Itoa(int(c))
}

// Hidden says that the exact number is not published.
func (c Cell) Hidden() bool { return c.Withheld() || c.small() }

// Withheld says that nothing is published about the number.
func (c Cell) Withheld() bool { return c == withheld }

func (c Cell) small() bool { return c > 0 && c < 5 }

// Code is a case number or access code as digits; it shows in groups of four.
type Code string

func (c Code) String() string {
	var b strings.Builder
	for i, r := range c {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Status is how far a problem or measure is said to be. The empty status is Unstated: the source does not say.
type Status string

const (
	Unstated      Status = "unstated"
	NotStarted    Status = "not_started"
	InProgress    Status = "in_progress"
	BasicallyDone Status = "basically_done"
	Done          Status = "done"
	LongTerm      Status = "long_term"
	Unreported    Status = "unreported" // in the ledger, but its department has not said
)

var statuses = map[Status]struct{ mark, word, class string }{
	Unstated:      {"", "通报未逐项说明", "unstated"},
	NotStarted:    {"○", "未启动", "waiting"},
	InProgress:    {"◔", "整改中", "going"},
	BasicallyDone: {"◐", "基本完成", "basic"},
	Done:          {"●", "已完成", "done"},
	LongTerm:      {"↻", "长期坚持", "long"},
	Unreported:    {"", "没有说明", "unstated"},
}

func (s Status) entry() struct{ mark, word, class string } {
	if e, ok := statuses[s]; ok {
		return e
	}
	return statuses[Unstated]
}

// Word, Mark and Class are how a status reads, how it looks in black and white, and its class in the style sheet.
func (s Status) Word() string  { return s.entry().word }
func (s Status) Mark() string  { return s.entry().mark }
func (s Status) Class() string { return s.entry().class }

// Closing is the second track: whether others have verified that a measure is done.
type Closing string

const (
	NotApplied      Closing = ""
	Applied         Closing = "applied"
	LeadDeptPassed  Closing = "lead_dept"
	OfficePassed    Closing = "rectification_office"
	Closed          Closing = "closed"
	ClosingRefused  Closing = "refused"
	ClosingReopened Closing = "reopened"
)

var closings = map[Closing]struct{ mark, word, class string }{
	Applied:         {"◔", "已申请，待牵头部门核验", "going"},
	LeadDeptPassed:  {"◔", "已申请，待整改办核验", "going"},
	OfficePassed:    {"◔", "已申请，待派驻纪检监察组核验", "going"},
	Closed:          {"✓", "已销号", "done"},
	ClosingRefused:  {"✕", "不予销号", "refused"},
	ClosingReopened: {"↻", "回头看后重开", "refused"},
}

// Word, Mark and Class as for Status; an item nobody has applied for says so.
func (c Closing) Word() string {
	if e, ok := closings[c]; ok {
		return e.word
	}
	return "未申请"
}
func (c Closing) Mark() string { return closings[c].mark }
func (c Closing) Class() string {
	if e, ok := closings[c]; ok {
		return e.class
	}
	return "waiting"
}

// Bar is a horizontal bar drawn as SVG, so that no style attribute is needed. Its label is what a screen reader says.
type Bar struct {
	Label    string
	Of       int
	Segments []Segment
}

// Segment is a part of a bar.
type Segment struct {
	Status Status
	Count  int
}

// Stroke is a segment as a horizontal line in a drawing 100 wide: the class of its status, and the path.
type Stroke struct{ Class, D string }

// Strokes places the segments one after another, never past the end.
func (b Bar) Strokes() []Stroke {
	var strokes []Stroke
	at := 0
	for _, s := range b.Segments {
		end := min(at+s.Count, b.Of)
		if b.Of <= 0 || end <= at {
			continue
		}
		x, to := float64(at)*100/float64(b.Of), float64(end)*100/float64(b.Of)
		strokes = append(strokes, Stroke{s.Status.Class(), fmt.Sprintf("M%.4g 5h%.4g", x, to-x)})
		at = end
	}
	return strokes
}
