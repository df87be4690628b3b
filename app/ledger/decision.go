package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Decision is what a review meeting decided: somebody does something by a day.
type Decision struct {
	ID           int64
	MeetingID    int64
	No           int
	Text         string
	ProblemID    *int64
	MeasureID    *int64
	DepartmentID int64
	DueOn        calendar.Date
	Added        bool // after the minutes were final
	By           by   `gorm:"embedded"`
	DoneOn       calendar.Date
	DoneNote     string
	DoneAt       *time.Time
	DoneBy       int64
	DoneName     string
	Version      int
}

func (Decision) TableName() string { return "meeting_decisions" }

// Subject is the measure or problem the decision is about; zero: none.
func (d Decision) Subject() Subject { return subjectOf(d.MeasureID, d.ProblemID) }

// WarnDecision is how near the day is by which a decision is to be done.
func WarnDecision(d Decision, today calendar.Date) calendar.Warning {
	if !d.DoneOn.IsZero() {
		return calendar.InTime
	}
	return warnDays(calendar.Of(d.By.At), d.DueOn, today)
}

// NewDecision is what is recorded of one.
type NewDecision struct {
	Subject
	Text         string
	DepartmentID int64
	DueOn        calendar.Date
}

// Decide records a decision. Of a meeting that was already held it is marked as
// added; it cannot be taken back then.
func (s *Service) Decide(ctx context.Context, a staff.Actor, meetingID int64, n NewDecision) (id int64, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return 0, err
	}
	var bad []fault.Field
	ask("text", "决定的内容", n.Text, true, maxText, &n.Text, &bad)
	if n.DepartmentID == 0 {
		bad = append(bad, fault.Field{Name: "department", Message: "请选择由哪个部门办理。"})
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		bad := append([]fault.Field(nil), bad...)
		m, err := meeting(&tx.Reader, meetingID)
		if err == nil && !m.Held() {
			m, err = plannedMeeting(tx, meetingID)
		}
		if err != nil {
			return err
		}
		if n.DueOn.IsZero() || n.DueOn.Before(m.HeldOn) {
			bad = append(bad, fault.Field{Name: "due_on", Message: "请填写办理期限，不能早于会议日期。"})
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		if _, err := staff.DepartmentName(&tx.Reader, n.DepartmentID); err != nil {
			return err
		}
		d := Decision{MeetingID: meetingID, Text: n.Text, DepartmentID: n.DepartmentID, DueOn: n.DueOn, Added: m.Held(), By: signed(tx, a), Version: 1}
		if d.MeasureID, d.ProblemID, err = within(&tx.Reader, m.ProgrammeID, n.Subject); err != nil {
			return err
		}
		if err := tx.Model(&Decision{}).Select("coalesce(max(no), 0) + 1").Where("meeting_id = ?", meetingID).Scan(&d.No).Error; err != nil {
			return fmt.Errorf("ledger: decide: %w", err)
		}
		err = tx.Create(&d).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "刚刚有人也在这次会议里记下了一项决定，请再提交一次。")
		}
		if err != nil {
			return fmt.Errorf("ledger: decide: %w", err)
		}
		id = d.ID
		return recordMeeting(tx, a, "meeting.decide", meetingID, journal.Change{Field: "decision", New: strconv.Itoa(d.No)})
	})
	return id, err
}

// DropDecision takes back a decision of a meeting whose minutes are not final.
func (s *Service) DropDecision(ctx context.Context, a staff.Actor, meetingID, id int64) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := plannedMeeting(tx, meetingID); err != nil {
			return err
		}
		done := tx.Where("id = ? AND meeting_id = ?", id, meetingID).Delete(&Decision{})
		if done.Error != nil {
			return fmt.Errorf("ledger: drop decision: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return fault.New(fault.Conflict, "这项决定已经去掉了。")
		}
		return recordMeeting(tx, a, "meeting.undecide", meetingID)
	})
}

// Fulfil records that a decision was done, how, and since when.
func (s *Service) Fulfil(ctx context.Context, a staff.Actor, id int64, version int, on calendar.Date, note string) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("note", "办理结果", note, true, maxText, &note, &bad)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		bad := append([]fault.Field(nil), bad...)
		var d Decision
		err := tx.Where("id = ?", id).Take(&d).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这项决定。")
		}
		if err != nil {
			return fmt.Errorf("ledger: fulfil: %w", err)
		}
		m, err := meeting(&tx.Reader, d.MeetingID)
		if err != nil {
			return err
		}
		today := calendar.Of(tx.Now)
		switch {
		case !m.Held():
			return fault.New(fault.Conflict, "会议记录还没有定稿，决定还没有生效。")
		case !d.DoneOn.IsZero():
			return fault.New(fault.Conflict, "这项决定已经办完，不能再改。")
		case d.Version != version:
			return errMoved
		case on.IsZero():
			on = today
		}
		if on.After(today) || on.Before(m.HeldOn) {
			bad = append(bad, fault.Field{Name: "done_on", Message: "办完的日期要在会议日期和今天之间。"})
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		done := tx.Model(&Decision{}).Where("id = ? AND version = ? AND done_on IS NULL", id, version).Updates(map[string]any{"done_on": on, "done_note": note,
			"done_at": tx.Now, "done_by": a.ID, "done_name": a.Name, "version": version + 1})
		if done.Error != nil {
			return fmt.Errorf("ledger: fulfil: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		return recordMeeting(tx, a, "meeting.fulfil", d.MeetingID, journal.Change{Field: "decision", New: strconv.Itoa(d.No)})
	})
}

// Decided is a decision with what it refers to in words.
type Decided struct {
	Decision
	Department string
	Meeting    string // its title
	HeldOn     calendar.Date
	Code       string // of the measure or problem
	Title      string
}

// openDecision narrows decided to what is in force and not done.
const openDecision = "review_meetings.state = 'held' AND meeting_decisions.done_on IS NULL"

func decided(r *store.Reader) *gorm.DB {
	return r.Table("meeting_decisions").Select(`meeting_decisions.*, departments.name AS department, review_meetings.title AS meeting, review_meetings.held_on,
		coalesce(measures.code, problems.code, '') AS code, coalesce(measures.title, problems.title, '') AS title`).
		Joins("JOIN review_meetings ON review_meetings.id = meeting_decisions.meeting_id").
		Joins("JOIN departments ON departments.id = meeting_decisions.department_id").
		Joins("LEFT JOIN measures ON measures.id = meeting_decisions.measure_id").Joins("LEFT JOIN problems ON problems.id = meeting_decisions.problem_id")
}

// concern narrows decisions to what is for the actor's eyes: overseers see all,
// others what their department does or what is about a measure of theirs.
func concern(q *gorm.DB, a staff.Actor) *gorm.DB {
	if a.Require(overseers...) == nil {
		return q
	}
	return q.Where(`meeting_decisions.department_id = ? OR EXISTS (SELECT 1 FROM measures own WHERE (own.id = meeting_decisions.measure_id OR own.problem_id = meeting_decisions.problem_id)
		AND (own.department_id = ? OR EXISTS (SELECT 1 FROM measure_departments co WHERE co.measure_id = own.id AND co.department_id = ?)))`,
		a.DepartmentID, a.DepartmentID, a.DepartmentID)
}

// DecisionBasket is a group of decisions.
type DecisionBasket string

const (
	DecisionsOpen DecisionBasket = "open"
	DecisionsLate DecisionBasket = "late"
	DecisionsDone DecisionBasket = "done"
	DecisionsAll  DecisionBasket = "all"
)

// DecisionBaskets lists them in order.
var DecisionBaskets = []DecisionBasket{DecisionsOpen, DecisionsLate, DecisionsDone, DecisionsAll}

func (b DecisionBasket) scope(q *gorm.DB, today calendar.Date) *gorm.DB {
	switch b {
	case DecisionsOpen:
		return q.Where("meeting_decisions.done_on IS NULL")
	case DecisionsLate:
		return q.Where("meeting_decisions.done_on IS NULL AND meeting_decisions.due_on < ?", today)
	case DecisionsDone:
		return q.Where("meeting_decisions.done_on IS NOT NULL")
	}
	return q
}

// ListDecisions lists the decisions in force that concern the actor, newest
// first, with how many each basket holds; before is the last of the page before, or 0.
func ListDecisions(r *store.Reader, a staff.Actor, programmeID int64, b DecisionBasket, before int64, limit int) ([]Decided, map[DecisionBasket]int, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, nil, err
	}
	today := calendar.Of(r.Now)
	mine := func(q *gorm.DB) *gorm.DB {
		return concern(q.Where("review_meetings.programme_id = ? AND review_meetings.state = 'held'", programmeID), a)
	}
	counts := map[DecisionBasket]int{}
	for _, x := range DecisionBaskets {
		var n int64
		q := r.Table("meeting_decisions").Joins("JOIN review_meetings ON review_meetings.id = meeting_decisions.meeting_id")
		if err := x.scope(mine(q), today).Count(&n).Error; err != nil {
			return nil, nil, fmt.Errorf("ledger: decisions: %w", err)
		}
		counts[x] = int(n)
	}
	q := b.scope(mine(decided(r)), today)
	if before > 0 {
		q = q.Where("meeting_decisions.id < ?", before)
	}
	var list []Decided
	if err := q.Order("meeting_decisions.id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: decisions: %w", err)
	}
	return list, counts, nil
}

// DecisionsAbout lists the open decisions about a measure or its problem, or
// about a problem or its measures, that concern the actor, the nearest due first.
func DecisionsAbout(r *store.Reader, a staff.Actor, x Subject) ([]Decided, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	q := concern(decided(r).Where(openDecision), a)
	if x.Measure != 0 {
		q = q.Where("meeting_decisions.measure_id = ? OR meeting_decisions.problem_id = (SELECT problem_id FROM measures WHERE id = ?)", x.Measure, x.Measure)
	} else {
		q = q.Where("meeting_decisions.problem_id = ? OR meeting_decisions.measure_id IN (SELECT id FROM measures WHERE problem_id = ?)", x.Problem, x.Problem)
	}
	var list []Decided
	if err := q.Order("meeting_decisions.due_on, meeting_decisions.id").Limit(perPage).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: decisions: %w", err)
	}
	return list, nil
}
