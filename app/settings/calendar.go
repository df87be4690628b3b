package settings

import (
	"fmt"
	"sync"

	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/store"
)

type calendarYear struct {
	Year   int `gorm:"primaryKey"`
	Source string
}

func (calendarYear) TableName() string { return "calendar_years" }

type calendarDay struct {
	Day  calendar.Date `gorm:"primaryKey"`
	Work bool
	Name string
}

func (calendarDay) TableName() string { return "calendar_days" }

// builtin is made once: it never changes.
var builtin = sync.OnceValue(calendar.Builtin)

// LoadCalendar is the built-in statutory calendar with the notices that staff
// imported on top.
func LoadCalendar(r *store.Reader) (*calendar.Calendar, error) {
	var years []calendarYear
	if err := r.Select("year, source").Order("year").Limit(200).Find(&years).Error; err != nil {
		return nil, fmt.Errorf("settings: calendar years: %w", err)
	}
	var days []calendarDay
	if len(years) > 0 {
		if err := r.Select("day, work, name").Order("day").Limit(20_000).Find(&days).Error; err != nil {
			return nil, fmt.Errorf("settings: calendar days: %w", err)
		}
	}
	c := builtin()
	for _, y := range years {
		n := calendar.Notice{Year: y.Year}
		for _, d := range days {
			// A notice also names days of the December before it.
			if d.Day.Year() == y.Year || (d.Day.Year() == y.Year-1 && d.Day.Month() == 12) {
				n.Days = append(n.Days, calendar.Day{Date: d.Day, Work: d.Work, Name: d.Name})
			}
		}
		c = c.With(n)
	}
	return c, nil
}

// ImportNotice stores a year's notice on holidays, replacing an earlier import
// of the same year.
func ImportNotice(tx *store.Tx, by Author, n calendar.Notice, source string) error {
	first, next := calendar.NewDate(n.Year, 1, 1), calendar.NewDate(n.Year+1, 1, 1)
	if err := tx.Where("day >= ? AND day < ?", first, next).Delete(&calendarDay{}).Error; err != nil {
		return fmt.Errorf("settings: import notice: %w", err)
	}
	rows := make([]calendarDay, len(n.Days))
	for i, d := range n.Days {
		rows[i] = calendarDay{Day: d.Date, Work: d.Work, Name: d.Name}
	}
	upsert := clause.OnConflict{UpdateAll: true}
	if len(rows) > 0 {
		if err := tx.Clauses(upsert).Create(&rows).Error; err != nil {
			return fmt.Errorf("settings: import notice: %w", err)
		}
	}
	if err := tx.Clauses(upsert).Create(&calendarYear{Year: n.Year, Source: source}).Error; err != nil {
		return fmt.Errorf("settings: import notice: %w", err)
	}
	return save(tx, by, fmt.Sprintf("calendar/%d", n.Year), n)
}
