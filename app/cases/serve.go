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

// servers tell senders by post, by phone or in person.
var servers = []staff.Role{staff.IntakeClerk, staff.Dispatcher, staff.Liaison, staff.Handler, staff.Caller}

// About is what a sender was told.
type About string

var aboutWords = map[About]string{"notice": "受理情况告知", "extension": "延期告知", "reply": "答复", "other": "其他告知"}

// Abouts lists them in order.
var Abouts = []About{"notice", "extension", "reply", "other"}

func (a About) Word() string { return aboutWords[a] }

// Post is the way that arrives later than it is sent; the others arrive at once.
const Post = "post"

var serveWays = map[string]string{Post: "邮寄", "phone": "电话", "in_person": "当面"}

// ServeWays lists the ways in order.
var ServeWays = []string{Post, "phone", "in_person"}

// ServeWord is a way as staff read it.
func ServeWord(way string) string { return serveWays[way] }

// Outcomes are how a service ends: it arrived, was refused (which counts as
// arrived), or came back.
var Outcomes = []string{"served", "refused", "returned"}

var outcomeWords = map[string]string{"served": "已送达", "refused": "拒收", "returned": "退回，没有送达"}

// OutcomeWord is one as staff read it.
func OutcomeWord(o string) string { return outcomeWords[o] }

// Serving is what staff record when they tell a sender otherwise than by mail or SMS.
type Serving struct {
	About  About
	Way    string
	SentOn calendar.Date // the day on which it was posted, or said
	Number string        // of the registered letter
	Proof  string        // by phone and in person: how it is known that it was understood
}

// Served is a record of it with its end.
type Served struct {
	ID        int64
	CaseID    int64
	About     About
	Way       string
	SentOn    calendar.Date
	Number    string
	ActorName string
	Outcome   string // empty: it is under way
	OnDay     calendar.Date
	Proof     string
}

type serviceRow struct {
	ID        int64
	CaseID    int64
	About     About
	Way       string
	SentOn    calendar.Date
	Number    string
	At        time.Time
	ActorID   int64
	ActorName string
}

func (serviceRow) TableName() string { return "case_services" }

type serviceEnd struct {
	ServiceID int64 `gorm:"primaryKey;autoIncrement:false"`
	Outcome   string
	OnDay     calendar.Date
	Proof     string
	At        time.Time
	ActorID   int64
	ActorName string
}

func (serviceEnd) TableName() string { return "case_service_ends" }

// Serve records that a sender was told by post, by phone or in person. What was
// posted ends with EndService; the rest has arrived.
func (s *Service) Serve(ctx context.Context, a staff.Actor, id int64, x Serving) error {
	var bad []fault.Field
	if x.About.Word() == "" {
		bad = append(bad, fault.Field{Name: "about", Message: "请选择告知了什么。"})
	}
	if ServeWord(x.Way) == "" {
		bad = append(bad, fault.Field{Name: "way", Message: "请选择怎样告知的。"})
	}
	switch x.Number = typed.Line(x.Number); {
	case x.Way == Post && x.Number == "":
		bad = append(bad, fault.Field{Name: "number", Message: "邮寄的，请填写邮件号。"})
	case utf8.RuneCountInString(x.Number) > maxLine:
		bad = append(bad, fault.Field{Name: "number", Message: fmt.Sprintf("邮件号最多 %d 个字。", maxLine)})
	}
	proof, err := text("content", "怎样确认对方知道了", x.Proof, x.Way != Post)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		bad := bad[:len(bad):len(bad)]
		if today := calendar.Of(tx.Now); x.SentOn.IsZero() || x.SentOn.After(today) {
			bad = append(bad, fault.Field{Name: "sent_on", Message: "请填写日期，不能晚于今天。"})
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := may(a, c, DoServe); err != nil {
			return err
		}
		if c.State == Merged {
			h, err := hear(&tx.Reader, id)
			if err != nil {
				return err
			}
			if reply := h.last(); reply != nil {
				c.RepliedOn = calendar.Of(reply.SentAt)
			}
		}
		if x.About == "reply" && (c.RepliedOn.IsZero() || x.SentOn.Before(c.RepliedOn)) {
			return fault.Form([]fault.Field{{Name: "sent_on", Message: "答复发出以后才能登记送达。"}})
		}
		row := serviceRow{CaseID: id, About: x.About, Way: x.Way, SentOn: x.SentOn, Number: x.Number, At: tx.Now, ActorID: a.ID, ActorName: a.Name}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("cases: serve: %w", err)
		}
		if x.Way != Post {
			if err := ended(tx, a, row.ID, "served", x.SentOn, proof); err != nil {
				return err
			}
		}
		return told(tx, a, c, DoServe, ServeWord(x.Way)+x.About.Word())
	})
}

// EndService records how a letter ended, with the proof of it.
func (s *Service) EndService(ctx context.Context, a staff.Actor, id, service int64, outcome string, on calendar.Date, proof string) error {
	var bad []fault.Field
	if OutcomeWord(outcome) == "" {
		bad = append(bad, fault.Field{Name: "outcome", Message: "请选择结果。"})
	}
	proof, err := text("content", "凭证", proof, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := may(a, c, DoServed); err != nil {
			return err
		}
		var row serviceRow
		err = tx.Where("id = ? AND case_id = ? AND way = ?", service, id, Post).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这次邮寄。请返回刷新页面后再试。")
		}
		if err != nil {
			return fmt.Errorf("cases: serve: %w", err)
		}
		bad := bad[:len(bad):len(bad)]
		if on.IsZero() || on.Before(row.SentOn) || on.After(calendar.Of(tx.Now)) {
			bad = append(bad, fault.Field{Name: "on_day", Message: "请填写日期，在寄出之日和今天之间。"})
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		if err := ended(tx, a, service, outcome, on, proof); err != nil {
			return err
		}
		return told(tx, a, c, DoServed, row.About.Word()+OutcomeWord(outcome))
	})
}

func ended(tx *store.Tx, a staff.Actor, service int64, outcome string, on calendar.Date, proof string) error {
	err := tx.Create(&serviceEnd{ServiceID: service, Outcome: outcome, OnDay: on, Proof: proof, At: tx.Now, ActorID: a.ID, ActorName: a.Name}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.New(fault.Conflict, "这次邮寄的结果已经登记过，不能改。")
	}
	if err != nil {
		return fmt.Errorf("cases: serve: %w", err)
	}
	return nil
}

// told puts a line on the timeline that changes nothing else of the case.
func told(tx *store.Tx, a staff.Actor, c Case, v Verb, detail string) error {
	e := Event{CaseID: c.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: v, FromState: c.State, ToState: c.State, Detail: detail}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("cases: event: %w", err)
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case." + string(v), Subject: "case", SubjectID: c.ID, Changes: []journal.Change{{Field: "service", New: detail}}})
}

func served(r *store.Reader, id int64) (list []Served, err error) {
	err = r.Table("case_services").Select("case_services.id, case_services.case_id, case_services.about, case_services.way, case_services.sent_on, case_services.number, case_services.actor_name, coalesce(e.outcome, '') AS outcome, e.on_day, coalesce(e.proof, '') AS proof").
		Joins("LEFT JOIN case_service_ends e ON e.service_id = case_services.id").Where("case_services.case_id = ?", id).Order("case_services.id").Limit(100).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: services: %w", err)
	}
	return list, nil
}

// servedOn is the day from which a sender may object: that on which the answer
// was given, or arrived by post (《信访工作条例》第三十五条 counts from receipt).
// While a letter with it is under way the time does not run.
func servedOn(r *store.Reader, c Case) (from calendar.Date, pending bool, err error) {
	list, err := served(r, c.ID)
	if err != nil {
		return from, false, err
	}
	from = c.RepliedOn
	for _, x := range list {
		if x.About != "reply" || x.SentOn.Before(c.RepliedOn) {
			continue
		}
		switch {
		case x.Outcome == "":
			pending = true
		case x.Outcome != "returned" && x.OnDay.After(from):
			from = x.OnDay
		}
	}
	return from, pending, nil
}
