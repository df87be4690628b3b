package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// Limits of what staff type, in characters.
const (
	maxTitle = 500
	maxText  = 5000
)

// ask cleans a text that staff typed; a wrong one is the field's fault.
func ask(field, label, s string, required bool, limit int, into *string, bad *[]fault.Field) {
	s = typed.Clean(s)
	switch n := utf8.RuneCountInString(s); {
	case s == "" && required:
		*bad = append(*bad, fault.Field{Name: field, Message: "请填写" + label + "。"})
	case n > limit:
		*bad = append(*bad, fault.Field{Name: field, Message: fmt.Sprintf("%s最多 %d 个字，现在有 %d 个字。", label, limit, n)})
	}
	*into = s
}

// by is who did something, as it is kept with what was done.
type by struct {
	At        time.Time
	ActorID   int64
	ActorName string
}

func signed(tx *store.Tx, a staff.Actor) by { return by{tx.Now, a.ID, a.Name} }

var errMoved = fault.New(fault.Conflict, "别人刚刚改动过这一项，您的改动没有保存。上面是现在的情况，您填写的内容还在，请核对后再提交。")

// change loads a measure, lets f act on it, and stores what f left in it under
// the next version. It is the only way in which a measure changes by hand.
func (s *Service) change(ctx context.Context, a staff.Actor, id int64, version int, verb string, f func(tx *store.Tx, m *Measure) ([]journal.Change, error)) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		m, err := MeasureByID(&tx.Reader, id)
		if err != nil {
			return err
		}
		if m.Version != version {
			return errMoved
		}
		changes, err := f(tx, &m)
		if err != nil {
			return err
		}
		return save(tx, a, &m, verb, changes)
	})
}

// save stores a measure that f changed, rolls its problem up and records it.
func save(tx *store.Tx, a staff.Actor, m *Measure, verb string, changes []journal.Change) error {
	was := m.Version
	m.Version++
	m.ChangedAt = tx.Now
	done := tx.Model(m).Where("version = ?", was).Select("*").Omit("id").Updates(m)
	if done.Error != nil {
		return fmt.Errorf("ledger: save measure: %w", done.Error)
	}
	if done.RowsAffected != 1 {
		return errMoved
	}
	if err := roll(tx, m.ProblemID); err != nil {
		return err
	}
	texts, err := touched(&tx.Reader, m.ProblemID)
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: "measure", SubjectID: m.ID, Changes: changes, Public: true, Texts: texts})
}

// tell adds a line to the public history, if the measure is public.
func tell(tx *store.Tx, m Measure, kind, text string) error {
	if !m.Published {
		return nil
	}
	e := Event{ProgrammeID: m.ProgrammeID, ProblemID: &m.ProblemID, MeasureID: &m.ID, Kind: kind, OnDay: calendar.Of(tx.Now), At: tx.Now, Text: "措施" + m.Code + text}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("ledger: history: %w", err)
	}
	return nil
}

// leads says that the actor reports for the measure's lead department.
func leads(a staff.Actor, m Measure, role staff.Role) bool {
	return a.Has(role) && (m.DepartmentID != nil && a.DepartmentID == *m.DepartmentID || a.ID == 0)
}

// mayWork refuses whoever neither reports for the lead department nor works at the office.
func mayWork(a staff.Actor, m Measure) error {
	if err := a.Require(staff.Liaison, staff.RectificationOffice); err != nil {
		return err
	}
	if a.Has(staff.RectificationOffice) || leads(a, m, staff.Liaison) {
		return nil
	}
	return fault.New(fault.Forbidden, "这条措施由"+orNone(m.Department)+"牵头，只有该部门联络员和整改办可以办理。")
}

func orNone(s string) string {
	if s == "" {
		return "（未定）"
	}
	return s
}

// underReview says that an application is on its way: until it is decided,
// what is being reviewed must not change.
func (m Measure) underReview() bool {
	return m.Closing == Applied || m.Closing == LeadDeptPassed || m.Closing == OfficePassed
}

func (m Measure) open() error {
	switch {
	case m.underReview():
		return fault.New(fault.Conflict, "这条措施正在申请销号，核验结束之前不能改动；需要改动的，请先撤回申请。")
	case m.Closing == Closed:
		return fault.New(fault.Conflict, "这条措施已经销号，不能改动；发现问题的，通过回头看重开。")
	}
	return nil
}

// ProgressReport is what a department claimed, and when.
type ProgressReport struct {
	ID        int64
	MeasureID int64
	Status    Status
	Note      string
	OnDay     calendar.Date
	By        by `gorm:"embedded"`
}

var statusWords = map[Status]string{Unstated: "没有说明", NotStarted: "未启动", InProgress: "整改中", BasicallyDone: "基本完成", Done: "已完成", LongTerm: "长期坚持"}

// Word is the status in Chinese.
func (s Status) Word() string { return statusWords[s] }

// Report claims a measure's progress: its status, what was done, and since when
// when it is claimed done.
func (s *Service) Report(ctx context.Context, a staff.Actor, id int64, version int, status Status, note string, doneOn calendar.Date) error {
	return s.change(ctx, a, id, version, "measure.report", func(tx *store.Tx, m *Measure) ([]journal.Change, error) {
		if err := errors.Join(mayWork(a, *m), m.open()); err != nil {
			return nil, first(err)
		}
		today := calendar.Of(tx.Now)
		var bad []fault.Field
		ask("note", "完成情况", note, status != NotStarted, maxText, &note, &bad)
		switch {
		case status == Unstated || statusWords[status] == "":
			bad = append(bad, fault.Field{Name: "status", Message: "请选择整改状态。"})
		case status == LongTerm && m.Kind != Recurring:
			bad = append(bad, fault.Field{Name: "status", Message: "只有长期坚持的措施可以选“长期坚持”。"})
		case status == Done && doneOn.IsZero():
			doneOn = today
		case status == Done && doneOn.After(today):
			bad = append(bad, fault.Field{Name: "done_on", Message: "完成日期不能晚于今天。"})
		}
		if len(bad) > 0 {
			return nil, fault.Form(bad)
		}
		if status != Done {
			doneOn = calendar.Date{}
		}
		report := ProgressReport{MeasureID: m.ID, Status: status, Note: note, OnDay: today, By: signed(tx, a)}
		if err := tx.Create(&report).Error; err != nil {
			return nil, fmt.Errorf("ledger: report: %w", err)
		}
		was := m.Status
		m.Status, m.Note, m.DoneOn = status, note, doneOn
		if was == status {
			return []journal.Change{{Field: "note"}}, tell(tx, *m, "progress", "更新了完成情况")
		}
		return []journal.Change{{Field: "status", Old: string(was), New: string(status)}}, tell(tx, *m, "progress", "：牵头部门报告“"+status.Word()+"”（此前“"+was.Word()+"”）")
	})
}

// first is the first of joined errors: what a visitor reads is one message.
func first(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
		return many.Unwrap()[0]
	}
	return err
}

// Details are what the office keeps of a measure beside its progress.
type Details struct {
	Title, Internal, Leader string
	Kind                    Kind
	DepartmentID            int64 // 0: not decided
	CoDepts                 []int64
	StartsOn                calendar.Date
	CheckMonths             int
	Published               bool
}

// SetDetails changes a measure's texts and who is responsible for it; the due
// date moves by ProposeDue alone.
func (s *Service) SetDetails(ctx context.Context, a staff.Actor, id int64, version int, d Details) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.change(ctx, a, id, version, "measure.details", func(tx *store.Tx, m *Measure) ([]journal.Change, error) {
		if err := m.open(); err != nil {
			return nil, err
		}
		was := *m
		if err := d.into(tx, m); err != nil {
			return nil, err
		}
		if err := cooperate(tx, m.ID, d.CoDepts); err != nil {
			return nil, err
		}
		var changes []journal.Change
		for _, x := range []struct {
			field string
			same  bool
		}{{"title", was.Title == m.Title}, {"internal", was.Internal == m.Internal}, {"leader", was.Leader == m.Leader}, {"kind", was.Kind == m.Kind},
			{"department", was.Department == m.Department}, {"starts_on", was.StartsOn == m.StartsOn}, {"published", was.Published == m.Published}} {
			if !x.same {
				changes = append(changes, journal.Change{Field: x.field})
			}
		}
		if was.Title != m.Title && was.Published {
			if err := tell(tx, *m, "text", "的表述修改为：“"+m.Title+"”（此前：“"+was.Title+"”）"); err != nil {
				return nil, err
			}
		}
		if was.Published && !m.Published {
			// What was public does not vanish without a word.
			if err := tell(tx, was, "withdrawn", "不再公开"); err != nil {
				return nil, err
			}
		}
		if !was.Published && m.Published {
			if err := tell(tx, *m, "shown", "改为公开"); err != nil {
				return nil, err
			}
		}
		return changes, index(tx, m.ProblemID)
	})
}

func (d Details) into(tx *store.Tx, m *Measure) error {
	var bad []fault.Field
	ask("title", "措施内容", d.Title, true, maxTitle, &m.Title, &bad)
	ask("internal", "内部说明", d.Internal, false, maxText, &m.Internal, &bad)
	ask("leader", "责任领导", d.Leader, false, 50, &m.Leader, &bad)
	switch d.Kind {
	case Immediate, Dated, Recurring:
		m.Kind = d.Kind
	default:
		bad = append(bad, fault.Field{Name: "kind", Message: "请选择整改类型。"})
	}
	if !m.DueOn.IsZero() && d.StartsOn.After(m.DueOn) {
		bad = append(bad, fault.Field{Name: "starts_on", Message: "启动时间不能晚于整改时限（" + m.DueOn.Chinese() + "）。"})
	}
	m.DepartmentID, m.Department = nil, ""
	if d.DepartmentID != 0 {
		name, err := staff.DepartmentName(&tx.Reader, d.DepartmentID)
		if err != nil {
			return err
		}
		m.DepartmentID, m.Department = &d.DepartmentID, name
	}
	if d.CheckMonths < 0 || d.CheckMonths > 60 {
		bad = append(bad, fault.Field{Name: "check_months", Message: "复查间隔请填 0 到 60 个月。"})
	}
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	if m.CheckMonths != d.CheckMonths || m.CheckOn.IsZero() {
		m.CheckOn = calendar.Date{}
		if d.CheckMonths > 0 {
			m.CheckOn = calendar.Of(tx.Now).AddMonths(d.CheckMonths)
		}
	}
	m.StartsOn, m.CheckMonths, m.Published = d.StartsOn, d.CheckMonths, d.Published
	return nil
}

func cooperate(tx *store.Tx, id int64, departments []int64) error {
	if err := tx.Exec("DELETE FROM measure_departments WHERE measure_id = ?", id).Error; err != nil {
		return fmt.Errorf("ledger: departments: %w", err)
	}
	seen := map[int64]bool{}
	for i, d := range departments {
		if seen[d] {
			continue
		}
		seen[d] = true
		if _, err := staff.DepartmentName(&tx.Reader, d); err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO measure_departments (measure_id, department_id, no) VALUES (?, ?, ?)", id, d, i+1).Error; err != nil {
			return fmt.Errorf("ledger: departments: %w", err)
		}
	}
	return nil
}

// AddMeasure adds a measure to a sub-problem, or to the problem itself (sub 0).
// The problem's version moves, so that the same form is not taken twice.
func (s *Service) AddMeasure(ctx context.Context, a staff.Actor, problemID int64, version int, sub int64, due calendar.Date, d Details) (id int64, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		p, err := ProblemByID(&tx.Reader, problemID)
		if err != nil {
			return err
		}
		switch {
		case p.Announced:
			return fault.New(fault.Conflict, "这是通报里点名的问题，措施请加在台账的问题下面。")
		case p.Closing == Closed:
			return fault.New(fault.Conflict, "这个问题已经销号，不能再加措施；确需增加的，先通过回头看重开。")
		case p.Version != version:
			return errMoved
		}
		moved := tx.Model(&Problem{}).Where("id = ? AND version = ?", p.ID, version).Update("version", version+1)
		if moved.Error != nil {
			return fmt.Errorf("ledger: add measure: %w", moved.Error)
		}
		if moved.RowsAffected != 1 {
			return errMoved
		}
		m := Measure{ProgrammeID: p.ProgrammeID, ProblemID: p.ID, Status: NotStarted, Closing: NotApplied, DueOn: due, BaselineOn: due, ChangedAt: tx.Now, Version: 1}
		part, place := 0, "problem_id = ? AND sub_problem_id IS NULL"
		args := []any{p.ID}
		if sub != 0 {
			var x SubProblem
			if err := tx.Where("id = ? AND problem_id = ?", sub, p.ID).Take(&x).Error; err != nil {
				return fault.New(fault.NotFound, "没有这个细化问题。")
			}
			part, place, args = x.No, place[:len("problem_id = ? AND ")]+"sub_problem_id = ?", append(args, sub)
			m.SubProblemID = &sub
		}
		if err := d.into(tx, &m); err != nil {
			return err
		}
		if err := tx.Model(&Measure{}).Select("coalesce(max(no), 0) + 1").Where(place, args...).Scan(&m.No).Error; err != nil {
			return fmt.Errorf("ledger: add measure: %w", err)
		}
		m.Code = strings.Join([]string{p.Code, fmt.Sprint(part), fmt.Sprint(m.No)}, "-")
		err = tx.Create(&m).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "编号"+m.Code+"已经被占用，请通过表格导入并写明编号。")
		}
		if err != nil {
			return fmt.Errorf("ledger: add measure: %w", err)
		}
		id = m.ID
		if err := cooperate(tx, m.ID, d.CoDepts); err != nil {
			return err
		}
		if err := errors.Join(roll(tx, p.ID), index(tx, p.ID), tell(tx, m, "added", "加入台账")); err != nil {
			return err
		}
		texts, err := touched(&tx.Reader, p.ID)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "measure.add", Subject: "measure", SubjectID: m.ID, Public: true, Texts: texts})
	})
	return id, err
}

// DueChange is a wish to move a due date, with its reason and its decision.
type DueChange struct {
	ID           int64
	MeasureID    int64
	FromOn       calendar.Date
	ToOn         calendar.Date
	Reason       string
	State        string // proposed, approved, refused
	ProposedBy   int64
	ProposedName string
	ProposedAt   time.Time
	DecidedBy    *int64
	DecidedName  string
	DecidedAt    *time.Time
	Answer       string
}

// ProposeDue asks to move a measure's due date; the first date stays as baseline.
func (s *Service) ProposeDue(ctx context.Context, a staff.Actor, id int64, version int, to calendar.Date, reason string) error {
	return s.change(ctx, a, id, version, "measure.propose_due", func(tx *store.Tx, m *Measure) ([]journal.Change, error) {
		if err := errors.Join(mayWork(a, *m), m.open()); err != nil {
			return nil, first(err)
		}
		var bad []fault.Field
		ask("reason", "调整的理由", reason, true, maxText, &reason, &bad)
		switch {
		case to.IsZero() || to == m.DueOn:
			bad = append(bad, fault.Field{Name: "to", Message: "请填写新的整改时限，不能与现在的相同。"})
		case to.Before(calendar.Of(tx.Now)):
			bad = append(bad, fault.Field{Name: "to", Message: "新的整改时限不能早于今天。"})
		case to.Before(m.StartsOn):
			bad = append(bad, fault.Field{Name: "to", Message: "新的整改时限不能早于启动时间（" + m.StartsOn.Chinese() + "）。"})
		}
		if len(bad) > 0 {
			return nil, fault.Form(bad)
		}
		d := DueChange{MeasureID: m.ID, FromOn: m.DueOn, ToOn: to, Reason: reason, State: "proposed", ProposedBy: a.ID, ProposedName: a.Name, ProposedAt: tx.Now}
		err := tx.Create(&d).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return nil, fault.New(fault.Conflict, "已经有一份调整时限的申请在等批准，请等它办完。")
		}
		if err != nil {
			return nil, fmt.Errorf("ledger: propose due: %w", err)
		}
		return []journal.Change{{Field: "due_on", Old: m.DueOn.String(), New: to.String()}}, nil
	})
}

// DecideDue approves or refuses a wish to move a due date. Whoever asked cannot decide.
func (s *Service) DecideDue(ctx context.Context, a staff.Actor, id int64, version int, change int64, approve bool, answer string) error {
	if err := a.Require(staff.RectificationOffice, staff.Leader); err != nil {
		return err
	}
	return s.change(ctx, a, id, version, "measure.decide_due", func(tx *store.Tx, m *Measure) ([]journal.Change, error) {
		var d DueChange
		err := tx.Where("id = ? AND measure_id = ? AND state = 'proposed'", change, m.ID).Take(&d).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil, fault.New(fault.Conflict, "这份申请已经办过了。")
		}
		if err != nil {
			return nil, fmt.Errorf("ledger: decide due: %w", err)
		}
		if d.ProposedBy == a.ID && a.ID != 0 {
			return nil, fault.New(fault.Forbidden, "您自己提出的调整，须由别人批准。")
		}
		var bad []fault.Field
		ask("answer", "不同意的理由", answer, !approve, maxText, &answer, &bad)
		if len(bad) > 0 {
			return nil, fault.Form(bad)
		}
		d.State, d.Answer, d.DecidedBy, d.DecidedName, d.DecidedAt = "refused", answer, &a.ID, a.Name, &tx.Now
		if approve {
			if err := m.open(); err != nil {
				return nil, err
			}
			d.State = "approved"
		}
		if err := tx.Save(&d).Error; err != nil {
			return nil, fmt.Errorf("ledger: decide due: %w", err)
		}
		if !approve {
			return []journal.Change{{Field: "due_on", New: "refused"}}, nil
		}
		if m.BaselineOn.IsZero() {
			m.BaselineOn = d.ToOn
		}
		was := m.DueOn
		m.DueOn, m.DueText = d.ToOn, ""
		text := "的整改时限调整为" + d.ToOn.Chinese()
		if !was.IsZero() {
			text += "（原为" + was.Chinese() + "）"
		}
		return []journal.Change{{Field: "due_on", Old: was.String(), New: d.ToOn.String()}}, tell(tx, *m, "due", text+"，理由："+d.Reason)
	})
}
