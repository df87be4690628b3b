package cases

import (
	"context"
	"fmt"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Stage is how often a petition was decided: handled, then reconsidered (复查),
// then re-reviewed (复核), which is final (《信访工作条例》第三十五条、第三十六条).
// Other kinds know only the first.
type Stage string

const (
	First      Stage = ""
	Reconsider Stage = "reconsider"
	ReReview   Stage = "re_review"
)

// Word is the stage as people read it; the first has none.
func (s Stage) Word() string { return map[Stage]string{Reconsider: "复查", ReReview: "复核"}[s] }

// after is the stage that an objection leads to; ok is false after the last.
func (s Stage) after() (next Stage, ok bool) {
	switch s {
	case First:
		return Reconsider, true
	case Reconsider:
		return ReReview, true
	}
	return "", false
}

// step is the limit that the handling of a case runs under.
func (c Case) step() settings.Step {
	if c.Stage == First {
		return settings.Handle
	}
	return settings.Step(c.Stage)
}

// Appeals says that an objection to the case leads to its next stage.
func (c Case) Appeals() bool {
	_, more := c.Stage.after()
	return c.Kind == Petition && more
}

// mayObject refuses an objection that comes too early, too late or twice.
func (u rules) mayObject(r *store.Reader, c Case, today calendar.Date) error {
	switch {
	case c.ObjectedAt != nil:
		return fault.New(fault.Conflict, "您的意见已经收到，正在研究，请等待答复。")
	case c.Kind == Petition && !c.Appeals():
		return fault.New(fault.Conflict, "此件已经复核，复核意见是终结意见，不能再申请。")
	case c.RepliedOn.IsZero():
		return fault.New(fault.Conflict, "还没有答复，现在不能提出。")
	}
	if l := u.limits.For(string(c.Kind), settings.Object); l.Amount > 0 {
		from, pending, err := servedOn(r, c)
		if err != nil {
			return err
		}
		if until, _ := u.calendar.Due(from, l.Limit()); !pending && today.After(until) {
			return fault.New(fault.Conflict, "已经超过提出的期限（"+until.Chinese()+"）。有新的情况，请另外提交一件。")
		}
	}
	return nil
}

// Object is the sender's no to an answer, with an explanation. A petition goes to
// its next stage, to be decided by another department; in other kinds a
// supervisor or dispatcher decides whether it is handled anew.
func (s *Service) Object(ctx context.Context, id int64, body string) error {
	body, err := text("content", "不同意的理由", body, true)
	if err != nil {
		return err
	}
	return s.citizen(ctx, id, DoObject, func(tx *store.Tx, c *Case) error {
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		today := calendar.Of(tx.Now)
		if err := u.mayObject(&tx.Reader, *c, today); err != nil {
			return err
		}
		if err := s.shutOut(tx, c, body); err != nil {
			return err
		}
		rec := record{message: &Message{Author: ByCitizen, Body: body}}
		if c.Appeals() {
			c.Stage, _ = c.Stage.after()
			c.DepartmentID, c.HandlerID, c.Extended, c.RepliedOn = nil, nil, false, calendar.Date{}
			u.start(c, today)
			rec.to, rec.detail, rec.notify = Accepted, "申请"+c.Stage.Word(), true
			rec.changes = []journal.Change{{Field: "stage", New: string(c.Stage)}}
		} else {
			c.ObjectedAt = &tx.Now
		}
		return move(tx, staff.Actor{}, c, DoObject, 0, rec)
	})
}

// Decline answers an objection without handling the case anew, with a reason that the sender reads.
func (s *Service) Decline(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "给来信人的说明", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoDecline, func(tx *store.Tx, c *Case) error {
		if c.ObjectedAt == nil {
			return fault.New(fault.Conflict, "来信人没有提出不同意见，或者已经有人作了决定。")
		}
		c.ObjectedAt = nil
		return move(tx, a, c, DoDecline, version, record{message: &Message{Author: ByCourt, Body: reason}, notify: true})
	})
}

// Supervise puts a case under a supervisor's eye (督办), with what is required.
func (s *Service) Supervise(ctx context.Context, a staff.Actor, id int64, version int, body string) error {
	body, err := text("content", "督办要求", body, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoSupervise, func(tx *store.Tx, c *Case) error {
		c.Supervised = true
		return move(tx, a, c, DoSupervise, version, record{message: &Message{Author: Inside, Body: body}})
	})
}

// Call is a follow-up call (回访) after an answer.
type Call struct {
	ID           int64
	CaseID       int64
	ReplyID      int64
	At           time.Time
	ActorID      int64
	ActorName    string
	Reached      bool
	Resolved     Resolved     // empty when nobody was reached
	Satisfaction Satisfaction // the same
	Note         string
}

func (Call) TableName() string { return "case_calls" }

// CallBack records a follow-up call. Who was reached and is not content objects
// by it: a supervisor or dispatcher decides what follows.
func (s *Service) CallBack(ctx context.Context, a staff.Actor, id int64, version int, k Call) error {
	var bad []fault.Field
	if k.Reached && k.Resolved.Word() == "" {
		bad = append(bad, fault.Field{Name: "resolved", Message: "请选择问题解决了没有。"})
	}
	if k.Reached && k.Satisfaction.Word() == "" {
		bad = append(bad, fault.Field{Name: "satisfied", Message: "请选择是否满意。"})
	}
	if !k.Reached {
		k.Resolved, k.Satisfaction = "", ""
	}
	note, err := text("content", "回访情况", k.Note, !k.Reached || k.unhappy())
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.act(ctx, a, id, DoCall, func(tx *store.Tx, c *Case) error {
		reply, err := lastReply(&tx.Reader, id)
		if err != nil {
			return err
		}
		if reply == nil {
			return fault.New(fault.Conflict, "还没有答复，现在不能回访。")
		}
		k := Call{CaseID: id, ReplyID: reply.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Reached: k.Reached, Resolved: k.Resolved, Satisfaction: k.Satisfaction, Note: note}
		if err := tx.Create(&k).Error; err != nil {
			return fmt.Errorf("cases: call: %w", err)
		}
		rec := record{detail: "没有联系上"}
		if k.Reached {
			rec.detail = k.Resolved.Word() + "，" + k.Satisfaction.Word()
		}
		if note != "" {
			rec.message = &Message{Author: Inside, Body: note}
		}
		objected(c, k.unhappy(), tx.Now)
		return move(tx, a, c, DoCall, version, rec)
	})
}

// objected lets an unhappy word about an answer wait for a decision. A
// petitioner's way is the next stage, as long as there is one, and stays open.
func objected(c *Case, unhappy bool, now time.Time) {
	if unhappy && !c.Appeals() && c.ObjectedAt == nil {
		c.ObjectedAt = &now
	}
}

func (k Call) unhappy() bool { return unhappy(k.Resolved, k.Satisfaction) }

// unhappy says that what somebody said of an answer asks for a decision.
func unhappy(r Resolved, s Satisfaction) bool { return r == "no" || s == Dissatisfied }
