// Package calendar knows civil dates and the statutory working days of the
// court: which days are worked, where a time limit ends, and how near its end is.
//
// It trusts the day exceptions it is given (the State Council's yearly notices,
// seeded from a published table). It is pure: it must never read the clock, a
// file or a database, so every answer depends on its arguments alone.
package calendar

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Shanghai is the zone of every civil date. It is a fixed offset: China has had
// no summer time since 1991, years before the first date this program can meet,
// and a fixed offset works on machines that carry no zone files.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Date is a day of the civil calendar. The zero Date means "no date"; it is
// stored as NULL and printed as nothing. Dates compare with == and order with
// Before and After.
type Date struct {
	n int32 // days since 0000-12-31, so that 0 stays free for "no date"
}

const unixDay = 719163 // 1970-01-01

const layout = "2006-01-02"

// NewDate makes a date; out-of-range months and days carry over, as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return Date{int32(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86400) + unixDay)}
}

// Of is the date in Shanghai at the instant t.
func Of(t time.Time) Date {
	y, m, d := t.In(Shanghai).Date()
	return NewDate(y, m, d)
}

// Parse reads YYYY-MM-DD, years 1900 to 9999.
func Parse(s string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1900 {
		return Date{}, fmt.Errorf("calendar: %q is not a date of the form YYYY-MM-DD", s)
	}
	return NewDate(t.Date()), nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d.n-unixDay)*86400, 0).UTC() }

// In is the instant the day begins in Shanghai.
func (d Date) In() time.Time {
	y, m, day := d.utc().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, Shanghai)
}

func (d Date) IsZero() bool          { return d.n == 0 }
func (d Date) Year() int             { return d.utc().Year() }
func (d Date) Month() time.Month     { return d.utc().Month() }
func (d Date) Day() int              { return d.utc().Day() }
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }
func (d Date) AddDays(n int) Date    { return Date{d.n + int32(n)} }
func (d Date) Before(o Date) bool    { return d.n < o.n }
func (d Date) After(o Date) bool     { return d.n > o.n }
func (d Date) Equal(o Date) bool     { return d == o }

// Sub is the number of days from o to d.
func (d Date) Sub(o Date) int { return int(d.n - o.n) }

// Compare orders dates for slices.SortFunc.
func (d Date) Compare(o Date) int { return int(d.n) - int(o.n) }

// AddMonths is the same day of the month n months on, or the last day of that
// month when it has no such day (民法典 art. 202).
func (d Date) AddMonths(n int) Date {
	y, m, day := d.utc().Date()
	last := NewDate(y, m+time.Month(n)+1, 0)
	return NewDate(last.Year(), last.Month(), min(day, last.Day()))
}

// String is YYYY-MM-DD, or nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(layout)
}

// Chinese is the date as a reader expects it: 2021年1月6日.
func (d Date) Chinese() string {
	if d.IsZero() {
		return ""
	}
	y, m, day := d.utc().Date()
	return fmt.Sprintf("%d年%d月%d日", y, m, day)
}

// MarshalText writes String, so JSON and forms carry ISO dates.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := Parse(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Value stores the date as TEXT YYYY-MM-DD, whose order is the dates' order on
// both databases.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads what Value stored.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("calendar: cannot read a date from %T", src)
}

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	} else {
		return q - 1
	}
}
