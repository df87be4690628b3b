package cases

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Interference is that somebody asked staff about a case outside the procedure
// (过问登记): 《司法机关内部人员过问案件的记录和责任追究规定》 and the other two of
// the Three Rules (三个规定) want every such asking on record, whatever it was
// about. What is recorded stays.
type Interference struct {
	ID         int64
	CaseID     int64
	Person     string // who asked
	Unit       string // where they work, what they are to the matter
	HappenedOn calendar.Date
	Way        Way
	Content    string
	At         time.Time
	ActorID    int64 // who was asked, and recorded it
	ActorName  string

	CaseNo string `gorm:"->"`
	Title  string `gorm:"->"`
}

func (Interference) TableName() string { return "case_interferences" }

// Way is how somebody asked.
type Way string

// Ways lists them in order.
var Ways = []Way{"phone", "face", "message", "writing", "other"}

var wayWords = map[Way]string{"phone": "电话", "face": "当面", "message": "短信、微信", "writing": "书面", "other": "其他方式"}

// Word is the way in Chinese.
func (w Way) Word() string { return wayWords[w] }

// overseesInterference reads all records; others read their own.
var overseesInterference = []staff.Role{staff.DisciplineOfficer, staff.Supervisor}

// RecordInterference records that somebody asked the actor about a case. The
// case's timeline says that there is a record, and not whom it names.
func (s *Service) RecordInterference(ctx context.Context, a staff.Actor, id int64, x Interference) error {
	if err := a.Require(caseworkers...); err != nil {
		return err
	}
	x.Person, x.Unit = typed.Line(x.Person), typed.Line(x.Unit)
	var bad []fault.Field
	for _, f := range []struct{ name, label, value string }{{"person", "过问人", x.Person}, {"unit", "单位和身份", x.Unit}} {
		switch n := utf8.RuneCountInString(f.value); {
		case n == 0:
			bad = append(bad, fault.Field{Name: f.name, Message: "请填写" + f.label + "。"})
		case n > maxLine:
			bad = append(bad, fault.Field{Name: f.name, Message: fmt.Sprintf("%s最多 %d 个字。", f.label, maxLine)})
		}
	}
	if x.Way.Word() == "" {
		bad = append(bad, fault.Field{Name: "way", Message: "请选择过问的方式。"})
	}
	body, err := text("content", "过问的内容", x.Content, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		bad := bad[:len(bad):len(bad)]
		if today := calendar.Of(tx.Now); x.HappenedOn.IsZero() || x.HappenedOn.After(today) {
			bad = append(bad, fault.Field{Name: "happened_on", Message: "请填写过问的日期，不能晚于今天。"})
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		row := Interference{CaseID: id, Person: x.Person, Unit: x.Unit, HappenedOn: x.HappenedOn, Way: x.Way, Content: body, At: tx.Now, ActorID: a.ID, ActorName: a.Name}
		if err := tx.Omit("CaseNo", "Title").Create(&row).Error; err != nil {
			return fmt.Errorf("cases: interference: %w", err)
		}
		e := Event{CaseID: id, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: DoInterfere, FromState: c.State, ToState: c.State}
		if err := tx.Create(&e).Error; err != nil {
			return fmt.Errorf("cases: interference: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case." + string(DoInterfere), Subject: "case", SubjectID: id})
	})
}

func interferences(r *store.Reader, a staff.Actor) *gorm.DB {
	q := r.Table("case_interferences").Select("case_interferences.*, cases.case_no, cases.title").Joins("JOIN cases ON cases.id = case_interferences.case_id")
	if a.Require(overseesInterference...) != nil {
		q = q.Where("case_interferences.actor_id = ?", a.ID)
	}
	// Whoever is shut out of a case learns nothing of it here either.
	return notShutOut(q, a)
}

var readsInterference = append([]staff.Role{staff.DisciplineOfficer}, caseworkers...)

// Interferences lists the records that the actor may read, newest first; before
// is the last of the page before, or 0.
func (s *Service) Interferences(ctx context.Context, a staff.Actor, before int64, limit int) (list []Interference, err error) {
	if err := a.Require(readsInterference...); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := interferences(r, a)
		if before > 0 {
			q = q.Where("case_interferences.id < ?", before)
		}
		return q.Order("case_interferences.id DESC").Limit(limit).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: interferences: %w", err)
	}
	return list, nil
}

// Interference reads one; that it was read is recorded first.
func (s *Service) Interference(ctx context.Context, a staff.Actor, id int64) (x Interference, err error) {
	if err := a.Require(readsInterference...); err != nil {
		return x, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		err := interferences(&tx.Reader, a).Where("case_interferences.id = ?", id).Take(&x).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这份过问登记，或者您无权查看。")
		}
		if err != nil {
			return fmt.Errorf("cases: interference: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "interference.view", Subject: "interference", SubjectID: id})
	})
	return x, err
}
