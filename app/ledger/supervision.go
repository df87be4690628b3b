package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Level is a rung of the ladder of supervision.
type Level string

const (
	Reminder       Level = "reminder"       // 提醒
	Supervise      Level = "order"          // 督办
	Interview      Level = "interview"      // 约谈
	Accountability Level = "accountability" // 问责
)

// Levels lists the ladder from below.
var Levels = []Level{Reminder, Supervise, Interview, Accountability}

var levelWords = map[Level]string{Reminder: "提醒", Supervise: "督办", Interview: "约谈", Accountability: "问责"}

// Word is the level in Chinese.
func (l Level) Word() string { return levelWords[l] }

// Below is the rung that comes before; ok is false for the lowest.
func (l Level) Below() (below Level, ok bool) {
	i := slices.Index(Levels, l)
	if i <= 0 {
		return "", false
	}
	return Levels[i-1], true
}

// issuers may issue a level; the upper two are for who may hold a department to account.
func (l Level) issuers() []staff.Role {
	if l == Interview || l == Accountability {
		return []staff.Role{staff.DisciplineOfficer, staff.Leader}
	}
	return []staff.Role{staff.RectificationOffice, staff.Supervisor}
}

// MayIssue are the levels that the actor may issue.
func MayIssue(a staff.Actor) []Level {
	var out []Level
	for _, l := range Levels {
		if a.Require(l.issuers()...) == nil {
			out = append(out, l)
		}
	}
	return out
}

// overseers see every department's orders and digests; others see their own department's.
var overseers = []staff.Role{staff.RectificationOffice, staff.Supervisor, staff.DisciplineOfficer, staff.Leader}

// Order is a reminder, a supervision order, or a higher rung, to one
// department: about a measure, about a problem, or in general.
type Order struct {
	ID           int64
	ProgrammeID  int64
	DepartmentID int64
	ProblemID    *int64
	MeasureID    *int64
	FollowsID    *int64 // the earlier one that this escalates
	Level        Level
	Text         string
	IssuedOn     calendar.Date
	AnswerBy     calendar.Date
	By           by `gorm:"embedded"`
	Answer       string
	AnsweredOn   calendar.Date
	AnsweredBy   int64
	AnsweredName string
	Version      int
}

func (Order) TableName() string { return "supervision_orders" }

// Late says that an answer was due before today and has not come.
func (o Order) Late(today calendar.Date) bool {
	return o.AnsweredOn.IsZero() && !o.AnswerBy.IsZero() && o.AnswerBy.Before(today)
}

// Subject is what the order is about; zero: in general.
func (o Order) Subject() Subject {
	switch {
	case o.MeasureID != nil:
		return Subject{Measure: *o.MeasureID}
	case o.ProblemID != nil:
		return Subject{Problem: *o.ProblemID}
	}
	return Subject{}
}

// NewOrder is what is issued.
type NewOrder struct {
	Subject
	DepartmentID int64
	Follows      int64 // 0: none
	Level        Level
	Text         string
	Skip         string // why a rung is left out
	AnswerBy     calendar.Date
}

// Issue issues an order. Each rung follows one of the rung below about the same
// subject to the same department; leaving one out needs a reason, which stands
// in the order.
func (s *Service) Issue(ctx context.Context, a staff.Actor, programmeID int64, n NewOrder) (id int64, err error) {
	var bad []fault.Field
	if n.Level.Word() == "" {
		return 0, fault.Form([]fault.Field{{Name: "level", Message: "请选择提醒、督办、约谈还是问责。"}})
	}
	if err := a.Require(n.Level.issuers()...); err != nil {
		return 0, err
	}
	ask("text", "内容和要求", n.Text, true, maxText, &n.Text, &bad)
	ask("skip", "越级的理由", n.Skip, false, maxText, &n.Skip, &bad)
	if n.DepartmentID == 0 {
		bad = append(bad, fault.Field{Name: "department", Message: "请选择发给哪个部门。"})
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := alone(tx, "supervision_orders"); err != nil {
			return err
		}
		bad := slices.Clone(bad)
		today := calendar.Of(tx.Now)
		if n.AnswerBy.IsZero() || n.AnswerBy.Before(today) {
			bad = append(bad, fault.Field{Name: "answer_by", Message: "请填写要求答复的日期，不能早于今天。"})
		}
		o := Order{ProgrammeID: programmeID, DepartmentID: n.DepartmentID, Level: n.Level, Text: n.Text, IssuedOn: today, AnswerBy: n.AnswerBy, By: signed(tx, a), Version: 1}
		if _, err := programme(&tx.Reader, "id = ?", programmeID); err != nil {
			return err
		}
		if n.DepartmentID != 0 {
			if _, err := staff.DepartmentName(&tx.Reader, n.DepartmentID); err != nil {
				return err
			}
		}
		if n.Subject != (Subject{}) {
			i, err := load(&tx.Reader, n.Subject)
			if err != nil {
				return err
			}
			if i.problem.ProgrammeID != programmeID {
				return errNoProblem
			}
			o.MeasureID, o.ProblemID = n.columns()
			if n.DepartmentID != 0 {
				works, err := i.concerns(&tx.Reader, n.DepartmentID)
				if err != nil {
					return err
				}
				if !works {
					bad = append(bad, fault.Field{Name: "department", Message: i.title + "不由这个部门牵头或者配合，请选牵头或者配合的部门。"})
				}
			}
		}
		below, laddered := n.Level.Below()
		switch {
		case n.Follows != 0:
			var earlier Order
			err := tx.Where("id = ? AND programme_id = ?", n.Follows, programmeID).Take(&earlier).Error
			if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
				return fmt.Errorf("ledger: issue: %w", err)
			}
			if err != nil || !laddered || earlier.Level != below || earlier.DepartmentID != n.DepartmentID || earlier.Subject() != n.Subject {
				bad = append(bad, fault.Field{Name: "follows", Message: "承接的必须是针对同一事项、发给同一部门的上一级督办单。"})
			}
			var followed []int64
			if err := tx.Model(&Order{}).Where("department_id = ? AND follows_id = ?", n.DepartmentID, n.Follows).Order("id").Limit(1).Pluck("id", &followed).Error; err != nil {
				return fmt.Errorf("ledger: issue: %w", err)
			}
			if len(followed) > 0 {
				bad = append(bad, fault.Field{Name: "follows", Message: fmt.Sprintf("第 %d 号已经升级为第 %d 号，要再督办的，请从第 %d 号升级。", n.Follows, followed[0], followed[0])})
			}
			o.FollowsID = &n.Follows
		case laddered && n.Skip == "":
			bad = append(bad, fault.Field{Name: "skip", Message: fmt.Sprintf("%s之前应当先有%s。没有承接%s的，请写明越级的理由。", n.Level.Word(), below.Word(), below.Word())})
		case laddered:
			o.Text += "\n越级的理由：" + n.Skip
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		if err := once(tx, o); err != nil {
			return err
		}
		if err := tx.Create(&o).Error; err != nil {
			return fmt.Errorf("ledger: issue: %w", err)
		}
		id = o.ID
		e := journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "order.issue", Subject: "order", SubjectID: o.ID, Changes: []journal.Change{{Field: "level", New: string(o.Level)}}}
		if e.Messages, err = word(&tx.Reader, o.DepartmentID, "order", o.ID); err != nil {
			return err
		}
		return journal.Append(tx, e)
	})
	return id, err
}

// once refuses an order that was issued word for word today.
func once(tx *store.Tx, o Order) error {
	var same []int64
	q := tx.Model(&Order{}).Where("programme_id = ? AND department_id = ? AND level = ? AND text = ? AND issued_on = ?", o.ProgrammeID, o.DepartmentID, o.Level, o.Text, o.IssuedOn)
	err := q.Where("coalesce(measure_id, 0) = ? AND coalesce(problem_id, 0) = ?", o.Subject().Measure, o.Subject().Problem).Order("id").Limit(1).Pluck("id", &same).Error
	if err != nil {
		return fmt.Errorf("ledger: issue: %w", err)
	}
	if len(same) > 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("今天已经给这个部门发过一份内容相同的%s（第 %d 号），没有重复发出。", o.Level.Word(), same[0]))
	}
	return nil
}

// alone lets one transaction at a time add to a table in which it looks for its
// double first; it must be its first statement. SQLite has one writer anyway.
func alone(tx *store.Tx, table string) error {
	if tx.Dialect() != store.Postgres {
		return nil
	}
	if err := tx.Exec("LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
		return fmt.Errorf("ledger: lock %s: %w", table, err)
	}
	return nil
}

// concerns says that the department leads or helps with the item.
func (i item) concerns(r *store.Reader, department int64) (bool, error) {
	if slices.Contains(i.leads, department) {
		return true, nil
	}
	where, id := i.where()
	var n int64
	err := r.Table("measure_departments").Joins("JOIN measures ON measures.id = measure_departments.measure_id").
		Where("measure_departments.department_id = ? AND measures."+strings.Replace(where, "measure_id", "id", 1), department, id).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("ledger: departments: %w", err)
	}
	return n > 0, nil
}

// Answer is the department's answer to an order, given once by its liaison.
func (s *Service) Answer(ctx context.Context, a staff.Actor, id int64, version int, text string) error {
	var bad []fault.Field
	ask("answer", "答复", text, true, maxText, &text, &bad)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		o, err := order(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := mayAnswer(a, o); err != nil {
			return err
		}
		if o.Version != version {
			return errMoved
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		done := tx.Model(&Order{}).Where("id = ? AND version = ?", id, version).Updates(map[string]any{"answer": text, "answered_on": calendar.Of(tx.Now),
			"answered_by": a.ID, "answered_name": a.Name, "version": version + 1})
		if done.Error != nil {
			return fmt.Errorf("ledger: answer: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "order.answer", Subject: "order", SubjectID: id})
	})
}

func mayAnswer(a staff.Actor, o Order) error {
	if !a.Has(staff.Liaison) || a.DepartmentID != o.DepartmentID && a.ID != 0 {
		return fault.New(fault.Forbidden, "由收到督办单的部门的联络员答复。")
	}
	if !o.AnsweredOn.IsZero() {
		return fault.New(fault.Conflict, "这份督办单已经答复，不能再改。")
	}
	return nil
}

func order(r *store.Reader, a staff.Actor, id int64) (Order, error) {
	var o Order
	if err := a.Require(Readers...); err != nil {
		return o, err
	}
	err := r.Where("id = ?", id).Take(&o).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !sees(a, o.DepartmentID) {
		return o, fault.New(fault.NotFound, "没有这份督办单，或者它是发给别的部门的。")
	}
	if err != nil {
		return o, fmt.Errorf("ledger: order: %w", err)
	}
	return o, nil
}

// sees says that what is for a department is for the actor's eyes.
func sees(a staff.Actor, department int64) bool {
	return a.Require(overseers...) == nil || a.DepartmentID != 0 && a.DepartmentID == department
}

// Issued is an order with what it is about in words.
type Issued struct {
	Order
	Department string
	Code       string // of the measure or problem
	Title      string
	Earlier    []Issued `gorm:"-"` // those it escalates, the nearest first
	Later      []Issued `gorm:"-"` // those that escalate it
	Answerable bool     `gorm:"-"` // by the actor, now
	Nobody     bool     `gorm:"-"` // the department has no liaison who could answer
}

func issued(r *store.Reader) *gorm.DB {
	return r.Table("supervision_orders").Select(`supervision_orders.*, departments.name AS department, coalesce(measures.code, problems.code, '') AS code,
		coalesce(measures.title, problems.title, '') AS title`).
		Joins("JOIN departments ON departments.id = supervision_orders.department_id").
		Joins("LEFT JOIN measures ON measures.id = supervision_orders.measure_id").Joins("LEFT JOIN problems ON problems.id = supervision_orders.problem_id")
}

// OpenOrder reads an order with those that it follows and that follow it.
func OpenOrder(r *store.Reader, a staff.Actor, id int64) (Issued, error) {
	o, err := order(r, a, id)
	if err != nil {
		return Issued{}, err
	}
	var x Issued
	if err := issued(r).Where("supervision_orders.id = ?", id).Take(&x).Error; err != nil {
		return x, fmt.Errorf("ledger: order: %w", err)
	}
	x.Answerable = mayAnswer(a, o) == nil
	liaisons, err := staff.Holding(r, staff.Liaison, o.DepartmentID)
	if err != nil {
		return x, err
	}
	x.Nobody = len(liaisons) == 0
	for at := x.FollowsID; at != nil && len(x.Earlier) < len(Levels); {
		var y Issued
		if err := issued(r).Where("supervision_orders.id = ?", *at).Take(&y).Error; err != nil {
			return x, fmt.Errorf("ledger: order: %w", err)
		}
		x.Earlier = append(x.Earlier, y)
		at = y.FollowsID
	}
	if err := issued(r).Where("supervision_orders.follows_id = ?", id).Order("supervision_orders.id").Limit(perPage).Find(&x.Later).Error; err != nil {
		return x, fmt.Errorf("ledger: order: %w", err)
	}
	return x, nil
}

// OrdersAbout lists the orders about a measure or problem that the actor may see, newest first.
func OrdersAbout(r *store.Reader, a staff.Actor, x Subject) ([]Issued, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	where, id := x.where()
	q := issued(r).Where("supervision_orders."+where, id)
	if a.Require(overseers...) != nil {
		q = q.Where("supervision_orders.department_id = ?", a.DepartmentID)
	}
	var list []Issued
	if err := q.Order("supervision_orders.id DESC").Limit(perPage).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: orders: %w", err)
	}
	return list, nil
}

// OrderBasket is a group of orders.
type OrderBasket string

const (
	OrdersOpen     OrderBasket = "open" // wait for an answer
	OrdersLate     OrderBasket = "late"
	OrdersAnswered OrderBasket = "answered"
	OrdersAll      OrderBasket = "all"
)

// OrderBaskets lists them in order.
var OrderBaskets = []OrderBasket{OrdersOpen, OrdersLate, OrdersAnswered, OrdersAll}

func (b OrderBasket) scope(q *gorm.DB, today calendar.Date) *gorm.DB {
	switch b {
	case OrdersOpen:
		return q.Where("supervision_orders.answered_on IS NULL")
	case OrdersLate:
		return q.Where("supervision_orders.answered_on IS NULL AND supervision_orders.answer_by < ?", today)
	case OrdersAnswered:
		return q.Where("supervision_orders.answered_on IS NOT NULL")
	}
	return q
}

// ListOrders lists the orders that the actor may see, newest first, with how
// many each basket holds; before is the last of the page before, or 0.
func ListOrders(r *store.Reader, a staff.Actor, programmeID int64, b OrderBasket, before int64, limit int) ([]Issued, map[OrderBasket]int, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, nil, err
	}
	today := calendar.Of(r.Now)
	mine := func(q *gorm.DB) *gorm.DB {
		q = q.Where("supervision_orders.programme_id = ?", programmeID)
		if a.Require(overseers...) != nil {
			q = q.Where("supervision_orders.department_id = ?", a.DepartmentID)
		}
		return q
	}
	counts := map[OrderBasket]int{}
	for _, x := range OrderBaskets {
		var n int64
		if err := x.scope(mine(r.Table("supervision_orders")), today).Count(&n).Error; err != nil {
			return nil, nil, fmt.Errorf("ledger: orders: %w", err)
		}
		counts[x] = int(n)
	}
	q := b.scope(mine(issued(r)), today)
	if before > 0 {
		q = q.Where("supervision_orders.id < ?", before)
	}
	var list []Issued
	if err := q.Order("supervision_orders.id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: orders: %w", err)
	}
	return list, counts, nil
}

// Warn is how near its due date a measure is: half and four fifths of its time
// used, or 20 and 10 days left where it has 60 days or more or no stated start
// (norms: warning colours). What is claimed done or closed warns of nothing.
func Warn(m Measure, today calendar.Date) calendar.Warning {
	if m.DueOn.IsZero() || m.Status == Done || m.Closing == Closed {
		return calendar.InTime
	}
	return warnDays(m.StartsOn, m.DueOn, today)
}

// WarnOrder is how near the day is on which an order's answer is due.
func WarnOrder(o Order, today calendar.Date) calendar.Warning {
	if o.AnswerBy.IsZero() || !o.AnsweredOn.IsZero() {
		return calendar.InTime
	}
	return warnDays(o.IssuedOn, o.AnswerBy, today)
}

// unknownStart is how long the time of something without a stated start is taken
// to be: long enough for the days left to decide.
const unknownStart = 60

func warnDays(from, due, today calendar.Date) calendar.Warning {
	if from.IsZero() || from.After(due) {
		from = due.AddDays(-unknownStart)
	}
	return calendar.WarnDays(today, from, due)
}
