package cases

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// DueDay is how many of the cases that somebody sees are due on a day.
type DueDay struct {
	DueOn calendar.Date
	N     int
}

// Deadlines counts what is due from one day to another, both included, of the
// cases that the actor sees; mine: of those that they handle.
func (s *Service) Deadlines(ctx context.Context, a staff.Actor, from, to calendar.Date, mine bool) (list []DueDay, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := visible(r.Table("cases").Select("cases.due_on, count(*) AS n").Where("cases.due_on >= ? AND cases.due_on <= ?", from, to), a)
		if mine {
			q = q.Where("cases.handler_id = ?", a.ID)
		}
		return q.Group("cases.due_on").Order("cases.due_on").Limit(400).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: deadlines: %w", err)
	}
	return list, nil
}

// calendarFeed is somebody's address for reading their deadlines in a calendar
// program. It works without signing in, so it tells numbers and days alone.
type calendarFeed struct {
	StaffID   int64 `gorm:"primaryKey"`
	TokenHash []byte
	MadeAt    time.Time
}

func (calendarFeed) TableName() string { return "calendar_feeds" }

// MakeCalendar makes the actor's address anew and returns its token, which is
// not kept; an earlier one stops working.
func (s *Service) MakeCalendar(ctx context.Context, a staff.Actor) (token string, err error) {
	if err := a.Require(staff.Handler); err != nil {
		return "", err
	}
	raw := make([]byte, 24)
	rand.Read(raw)
	token = base64.RawURLEncoding.EncodeToString(raw)
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		f := calendarFeed{StaffID: a.ID, TokenHash: s.accessKey.Sum("calendar", token), MadeAt: tx.Now}
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "staff_id"}}, UpdateAll: true}).Create(&f).Error; err != nil {
			return fmt.Errorf("cases: calendar: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "staff.calendar", Subject: "staff", SubjectID: a.ID})
	})
	return token, err
}

// Deadline is what a calendar program shows: nothing of the case but its number.
type Deadline struct {
	CaseNo string
	DueOn  calendar.Date
	Step   settings.Step
}

// Calendar reads the deadlines of whoever the token belongs to and still works
// here: those of the cases that they handle, and of what their department is
// asked for in others'.
func (s *Service) Calendar(ctx context.Context, token string) (list []Deadline, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		var who struct {
			ID           int64
			DepartmentID int64
		}
		err := r.Table("calendar_feeds f").Select("s.id, coalesce(s.department_id, 0) AS department_id").Joins("JOIN staff s ON s.id = f.staff_id").
			Joins("JOIN staff_roles sr ON sr.staff_id = s.id AND sr.role = ?", staff.Handler).
			Where("f.token_hash = ? AND s.disabled_at IS NULL", s.accessKey.Sum("calendar", token)).Take(&who).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这个日历，或者它已经停用。请在工作台“日历”里重新生成。")
		}
		if err != nil {
			return fmt.Errorf("cases: calendar: %w", err)
		}
		a := staff.Actor{ID: who.ID, DepartmentID: who.DepartmentID}
		if err := notShutOut(r.Table("cases").Select("cases.case_no, cases.due_on, cases.due_step AS step").Where("cases.handler_id = ? AND cases.due_on < ?", who.ID, never), a).
			Order("cases.due_on, cases.id").Limit(500).Find(&list).Error; err != nil {
			return fmt.Errorf("cases: calendar: %w", err)
		}
		var asked []Deadline
		if err := notShutOut(r.Table("case_tasks").Select("cases.case_no, case_tasks.due_on, 'join' AS step").Joins("JOIN cases ON cases.id = case_tasks.case_id").
			Where("case_tasks.department_id = ? AND case_tasks.state = 'open'", who.DepartmentID), a).Order("case_tasks.due_on, case_tasks.id").Limit(500).Find(&asked).Error; err != nil {
			return fmt.Errorf("cases: calendar: %w", err)
		}
		list = append(list, asked...)
		return nil
	})
	return list, err
}

// Words is the step as people read it.
func (d Deadline) Words() string {
	if d.Step == "join" {
		return "会办"
	}
	return d.Step.Word()
}
