package calendar

import (
	"maps"
	"slices"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// Day is an exception to "weekdays are worked, weekends are not".
type Day struct {
	Date Date
	Work bool   // true: a make-up working day; false: a holiday
	Name string // the festival it belongs to
}

// Calendar is a set of day exceptions and the years for which the yearly notice
// is known. It never changes after it is made, so it may be shared.
type Calendar struct {
	days  map[Date]Day
	years map[int]bool
}

// New makes a calendar from day exceptions and the years they complete.
func New(days []Day, years []int) *Calendar {
	c := &Calendar{days: make(map[Date]Day, len(days)), years: make(map[int]bool, len(years))}
	for _, d := range days {
		c.days[d.Date] = d
	}
	for _, y := range years {
		c.years[y] = true
	}
	return c
}

// The years the built-in table holds completely. It begins with the last days
// of 2001, which belong to the notice for 2002.
const builtinFirst, builtinLast = 2002, 2026

// Builtin is the calendar this program carries: 2002 to 2026, from lunar-go.
func Builtin() *Calendar {
	var days []Day
	var years []int
	for y := builtinFirst - 1; y <= builtinLast; y++ {
		if y >= builtinFirst {
			years = append(years, y)
		}
		for e := HolidayUtil.GetHolidaysByYear(y).Front(); e != nil; e = e.Next() {
			h := e.Value.(*HolidayUtil.Holiday)
			date, err := Parse(h.GetDay())
			if err != nil {
				panic("calendar: the built-in table is damaged: " + err.Error())
			}
			days = append(days, Day{Date: date, Work: h.IsWork(), Name: h.GetName()})
		}
	}
	return New(days, years)
}

// With is the calendar after a year's notice: the notice replaces what was known
// of its year, and adds its days of the December before.
func (c *Calendar) With(n Notice) *Calendar {
	next := &Calendar{days: maps.Clone(c.days), years: maps.Clone(c.years)}
	maps.DeleteFunc(next.days, func(d Date, _ Day) bool { return d.Year() == n.Year })
	for _, d := range n.Days {
		next.days[d.Date] = d
	}
	next.years[n.Year] = true
	return next
}

// Years lists the loaded years in order.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Loaded reports whether the year's notice is known.
func (c *Calendar) Loaded(year int) bool { return c.years[year] }

// Days lists all exceptions in order of date.
func (c *Calendar) Days() []Day {
	return slices.SortedFunc(maps.Values(c.days), func(a, b Day) int { return a.Date.Compare(b.Date) })
}

// IsWorkday reports whether d is worked. In a year that is not loaded it goes by
// weekends alone.
func (c *Calendar) IsWorkday(d Date) bool {
	if x, ok := c.days[d]; ok {
		return x.Work
	}
	wd := d.Weekday()
	return wd != time.Saturday && wd != time.Sunday
}

// WorkdaysBetween counts the working days after from, up to and including to.
// It is negative when to lies before from.
func (c *Calendar) WorkdaysBetween(from, to Date) int {
	if to.Before(from) {
		return -c.WorkdaysBetween(to, from)
	}
	n := 0
	for d := from.AddDays(1); !d.After(to); d = d.AddDays(1) {
		if c.IsWorkday(d) {
			n++
		}
	}
	return n
}

// WorkdaysLeft is how many working days remain after today until due, that day
// included; negative when it is past.
func (c *Calendar) WorkdaysLeft(today, due Date) int { return c.WorkdaysBetween(today, due) }
