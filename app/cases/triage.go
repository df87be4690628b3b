package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Register enters a submitted case in the books, correcting its kind if the
// sender chose another.
func (s *Service) Register(ctx context.Context, a staff.Actor, id int64, version int, kind Kind) error {
	if kind != "" && !kind.Valid() {
		return fault.Form([]fault.Field{{Name: "kind", Message: "请选择类别。"}})
	}
	return s.act(ctx, a, id, DoRegister, func(tx *store.Tx, c *Case) error {
		var rec record
		if kind != "" && kind != c.Kind {
			rec.changes = []journal.Change{{Field: "kind", Old: string(c.Kind), New: string(kind)}}
			rec.detail = "类别改为" + kind.Word()
			c.Kind = kind
			c.NoticeDue, c.HandleDue, c.Provisional = calendar.Date{}, calendar.Date{}, false
			u, err := loadRules(&tx.Reader)
			if err != nil {
				return err
			}
			u.receive(c)
		}
		if err := s.shutOut(tx, c, ""); err != nil {
			return err
		}
		return move(tx, a, c, DoRegister, version, rec)
	})
}

// Accept takes the case on; the handling limit starts today.
func (s *Service) Accept(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoAccept, func(tx *store.Tx, c *Case) error {
		c.AcceptedOn = calendar.Of(tx.Now)
		c.NoticeOn = c.AcceptedOn
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		u.accept(c)
		return move(tx, a, c, DoAccept, version, record{notify: true})
	})
}

// Refuse does not take the case on, for a lawful reason and with a text that
// tells the citizen where to go instead.
func (s *Service) Refuse(ctx context.Context, a staff.Actor, id int64, version int, why Refusal, body string) error {
	var bad []fault.Field
	if why.Word() == "" {
		bad = append(bad, fault.Field{Name: "refusal", Message: "请选择不予受理的法定理由。"})
	}
	body, err := text("content", "给群众的说明", body, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.act(ctx, a, id, DoRefuse, func(tx *store.Tx, c *Case) error {
		c.Refusal, c.NoticeOn = why, calendar.Of(tx.Now)
		return move(tx, a, c, DoRefuse, version, record{detail: why.Word(), message: &Message{Author: ByCourt, Body: body},
			changes: []journal.Change{{Field: "refusal", New: string(why)}}, notify: true})
	})
}

// Transfer hands the case to the body whose duty it is and tells the citizen.
func (s *Service) Transfer(ctx context.Context, a staff.Actor, id int64, version int, to, body string) error {
	to = typed.Line(to)
	var bad []fault.Field
	if to == "" || len([]rune(to)) > maxLine {
		bad = append(bad, fault.Field{Name: "to", Message: "请写明转送给哪个单位，最多 100 个字。"})
	}
	body, err := text("content", "给群众的说明", body, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.act(ctx, a, id, DoTransfer, func(tx *store.Tx, c *Case) error {
		c.NoticeOn = calendar.Of(tx.Now)
		return move(tx, a, c, DoTransfer, version, record{detail: "转送" + to, message: &Message{Author: ByCourt, Body: body}, notify: true})
	})
}

// Ask asks the citizen for more; default limits stop until the answer.
func (s *Service) Ask(ctx context.Context, a staff.Actor, id int64, version int, body string) error {
	body, err := text("content", "请群众补充的内容", body, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoAsk, func(tx *store.Tx, c *Case) error {
		c.BackState = c.State
		return move(tx, a, c, DoAsk, version, record{message: &Message{Author: ByCourt, Body: body}, notify: true})
	})
}

// Discard marks spam and blanks as invalid; Restore brings them back.
func (s *Service) Discard(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoDiscard, func(tx *store.Tx, c *Case) error {
		return move(tx, a, c, DoDiscard, version, record{})
	})
}

// Restore brings a discarded case back to its beginning.
func (s *Service) Restore(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoRestore, func(tx *store.Tx, c *Case) error {
		return move(tx, a, c, DoRestore, version, record{})
	})
}

// Assign gives the case to a department and, if wished, to one of its handlers.
// Never to the accused: excluded people and departments are refused.
func (s *Service) Assign(ctx context.Context, a staff.Actor, id int64, version int, department, handler int64) error {
	return s.give(ctx, a, id, version, department, func(tx *store.Tx, c *Case) (h staff.Person, how string, err error) {
		if handler == 0 {
			return h, "", nil
		}
		h, err = staff.Find(&tx.Reader, handler)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return h, "", err
		}
		if err != nil || h.Disabled || h.DepartmentID != department || !h.Has(staff.Handler) {
			return h, "", fault.Form([]fault.Field{{Name: "handler", Message: "这位同志不是该部门的承办人，请重新选择。"}})
		}
		shut, err := out(&tx.Reader, id)
		if err == nil && shut.People[handler] {
			err = fault.Form([]fault.Field{{Name: "handler", Message: "这位同志应当回避此件，请选择其他承办人。"}})
		}
		return h, "", err
	})
}

// give hands the case to a department and to whom choose names, who may be nobody.
func (s *Service) give(ctx context.Context, a staff.Actor, id int64, version int, department int64, choose func(*store.Tx, *Case) (staff.Person, string, error)) error {
	return s.act(ctx, a, id, DoAssign, func(tx *store.Tx, c *Case) error {
		open, err := staff.Departments(&tx.Reader)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(open, func(d staff.Department) bool { return d.ID == department })
		if at < 0 {
			return fault.Form([]fault.Field{{Name: "department", Message: "请选择办理部门。"}})
		}
		if err := s.shutOut(tx, c, ""); err != nil {
			return err
		}
		shut, err := out(&tx.Reader, id)
		if err != nil {
			return err
		}
		if shut.Departments[department] {
			return fault.Form([]fault.Field{{Name: "department", Message: "此件反映的就是这个部门，不能交给它办理，请选择其他部门。"}})
		}
		if c.Stage != First {
			// Who answered before does not decide on the objection (复查、复核).
			var before int64
			if err := tx.Model(&Reply{}).Where("case_id = ? AND department_id = ?", id, department).Limit(1).Count(&before).Error; err != nil {
				return fmt.Errorf("cases: assign: %w", err)
			}
			if before > 0 {
				return fault.Form([]fault.Field{{Name: "department", Message: c.Stage.Word() + "由原来答复的部门以外的部门办理，请选择其他部门。"}})
			}
		}
		old := journal.Change{Field: "department", New: fmt.Sprint(department)}
		if c.DepartmentID != nil {
			old.Old = fmt.Sprint(*c.DepartmentID)
		}
		c.DepartmentID, c.HandlerID = &department, nil
		h, how, err := choose(tx, c)
		if err != nil {
			return err
		}
		if h.ID != 0 {
			c.HandlerID = &h.ID
		}
		// Whoever takes over answers for the text anew; the draft itself stays.
		if err := errors.Join(voidApproval(tx, id), releaseLead(tx, a, id, department)); err != nil {
			return err
		}
		return move(tx, a, c, DoAssign, version, record{detail: "交" + open[at].Name + h.Name + how, changes: []journal.Change{old, {Field: "handler", New: fmt.Sprint(h.ID)}}})
	})
}

// Acknowledge confirms that the department has the case; a handler who does so
// becomes its handler if none was named.
func (s *Service) Acknowledge(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoAcknowledge, func(tx *store.Tx, c *Case) error {
		if c.HandlerID == nil && a.Has(staff.Handler) {
			c.HandlerID = &a.ID
		}
		return move(tx, a, c, DoAcknowledge, version, record{})
	})
}

// Return sends a wrongly assigned case back, within the norm's working days.
func (s *Service) Return(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "退回理由", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoReturn, func(tx *store.Tx, c *Case) error {
		var assigned Event
		if err := tx.Where("case_id = ? AND verb = ?", id, DoAssign).Order("id DESC").Limit(1).Find(&assigned).Error; err != nil {
			return fmt.Errorf("cases: return: %w", err)
		}
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		until, _ := u.calendar.Due(calendar.Of(assigned.At), u.limits.For(string(c.Kind), "return").Limit())
		if calendar.Of(tx.Now).After(until) {
			return fault.New(fault.Conflict, "已经超过退回的期限（"+until.Chinese()+"），请联系分办员协商。")
		}
		c.DepartmentID, c.HandlerID = nil, nil
		return move(tx, a, c, DoReturn, version, record{message: &Message{Author: Inside, Body: reason}})
	})
}

// caseworkers are who work on cases; a leader only looks.
var caseworkers = []staff.Role{staff.IntakeClerk, staff.Dispatcher, staff.Liaison, staff.Handler, staff.Reviewer, staff.Approver,
	staff.Supervisor, staff.Caller, staff.Publisher, staff.RectificationOffice}

// Resume goes on without waiting any longer for the citizen.
func (s *Service) Resume(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoResume, func(tx *store.Tx, c *Case) error {
		return move(tx, a, c, DoResume, version, record{})
	})
}

// AddFor writes down what the citizen added by telephone or in person.
func (s *Service) AddFor(ctx context.Context, a staff.Actor, id int64, version int, body string) error {
	body, err := text("content", "群众补充的内容", body, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoAddFor, func(tx *store.Tx, c *Case) error {
		if err := s.shutOut(tx, c, body); err != nil {
			return err
		}
		return move(tx, a, c, DoAddFor, version, record{message: &Message{Author: ByCitizen, Body: body}})
	})
}

// Exclude shuts a person or a department out of a case; either may be 0.
func (s *Service) Exclude(ctx context.Context, a staff.Actor, id int64, version int, person, department int64) error {
	if person == 0 && department == 0 {
		return fault.Form([]fault.Field{{Name: "person", Message: "请选择应当回避的人或者部门。"}})
	}
	return s.act(ctx, a, id, DoExclude, func(tx *store.Tx, c *Case) error {
		var fresh []exclusion
		if person != 0 {
			if _, err := staff.Find(&tx.Reader, person); err != nil {
				return err
			}
			fresh = append(fresh, exclusion{CaseID: id, StaffID: &person, Reason: "named"})
		}
		if department != 0 {
			if _, err := staff.DepartmentName(&tx.Reader, department); err != nil {
				return err
			}
			fresh = append(fresh, exclusion{CaseID: id, DepartmentID: &department, Reason: "unit"})
		}
		if err := addExclusions(tx, c, fresh); err != nil {
			return err
		}
		return move(tx, a, c, DoExclude, version, record{changes: []journal.Change{
			{Field: "person", New: fmt.Sprint(person)}, {Field: "department", New: fmt.Sprint(department)}}})
	})
}

// Recuse takes the actor out of a case for good.
func (s *Service) Recuse(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	if err := a.Require(caseworkers...); err != nil {
		return err
	}
	reason, err := text("content", "回避理由", reason, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if c.Version != version {
			return errMoved
		}
		if err := keepOut(tx, []exclusion{{CaseID: id, StaffID: &a.ID, Reason: "recused"}}); err != nil {
			return err
		}
		set := map[string]any{"version": c.Version + 1}
		if c.HandlerID != nil && *c.HandlerID == a.ID {
			set["handler_id"] = nil
		}
		if err := tx.Model(&Case{}).Where("id = ?", id).Updates(set).Error; err != nil {
			return fmt.Errorf("cases: recuse: %w", err)
		}
		return aside(tx, a, c, DoRecuse, Message{Author: Inside, Body: reason})
	})
}

// Note adds an internal note that the citizen never sees; @name asks a
// colleague to look.
func (s *Service) Note(ctx context.Context, a staff.Actor, id int64, body string) error {
	if err := a.Require(caseworkers...); err != nil {
		return err
	}
	body, err := text("content", "备注", body, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := mention(tx, a, c, body); err != nil {
			return err
		}
		return aside(tx, a, c, DoNote, Message{Author: Inside, Body: body})
	})
}

// aside records something that leaves the state as it is.
func aside(tx *store.Tx, a staff.Actor, c Case, v Verb, m Message) error {
	m.CaseID, m.At, m.ActorID = c.ID, tx.Now, a.ID
	if err := tx.Create(&m).Error; err != nil {
		return fmt.Errorf("cases: %s: %w", v, err)
	}
	e := Event{CaseID: c.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: v, FromState: c.State, ToState: c.State, MessageID: &m.ID}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("cases: %s: %w", v, err)
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case." + string(v), Subject: "case", SubjectID: c.ID})
}
