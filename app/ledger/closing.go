package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Application is one application to close a measure or a problem. Its state is
// the last review that it passed, or how it ended.
type Application struct {
	ID        int64
	MeasureID *int64
	ProblemID *int64
	State     Closing // also withdrawn
	Imported  bool    // closed before the portal kept the ledger
	AppliedAt time.Time
	AppliedBy int64
	EndedAt   *time.Time
	Version   int
}

func (Application) TableName() string { return "closings" }

const withdrawn Closing = "withdrawn"

// Step is one act on an application; append-only.
type Step struct {
	ID        int64
	ClosingID int64
	Step      string // apply, a review by its name, withdraw, import, reopen
	Passed    bool   // false for a withdraw: not asked for, but given back
	Reason    Refusal
	Text      string
	By        by `gorm:"embedded"`
}

func (Step) TableName() string { return "closing_steps" }

// Refusal is why a closing was refused.
type Refusal string

const (
	Incomplete  Refusal = "incomplete"  // 整改不彻底
	Weak        Refusal = "weak"        // 措施不过硬
	Substandard Refusal = "substandard" // 质量不达标
)

// Refusals lists them in order.
var Refusals = []Refusal{Incomplete, Weak, Substandard}

var refusalWords = map[Refusal]string{Incomplete: "整改不彻底", Weak: "措施不过硬", Substandard: "质量不达标"}

// Word is the reason in Chinese.
func (r Refusal) Word() string { return refusalWords[r] }

// review is one of the three reviews, in turn.
type review struct {
	waits Closing // the state in which the application waits for it
	name  string  // as a step
	next  Closing
	words string
	role  staff.Role
	ofDep bool // only of the lead department
}

var reviews = []review{
	{Applied, "lead_dept", LeadDeptPassed, "牵头部门", staff.Reviewer, true},
	{LeadDeptPassed, "rectification_office", OfficePassed, "整改办", staff.RectificationOffice, false},
	{OfficePassed, "discipline_group", Closed, "派驻纪检监察组", staff.DisciplineOfficer, false},
}

func reviewAt(state Closing) (review, bool) {
	i := slices.IndexFunc(reviews, func(r review) bool { return r.waits == state })
	if i < 0 {
		return review{}, false
	}
	return reviews[i], true
}

// Apply asks to close what is claimed done, with the evidence for it. A
// problem can be closed once all its measures are.
func (s *Service) Apply(ctx context.Context, a staff.Actor, x Subject, version int, evidence []int64, text string) error {
	var bad []fault.Field
	ask("text", "申请说明", text, true, maxText, &text, &bad)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		i, err := load(&tx.Reader, x)
		if err != nil {
			return err
		}
		if err := i.mayWork(a); err != nil {
			return err
		}
		if i.version != version {
			return errMoved
		}
		switch {
		case i.underReview():
			return fault.New(fault.Conflict, i.title+"已经申请销号，正在核验。")
		case i.closing == Closed:
			return fault.New(fault.Conflict, i.title+"已经销号。")
		case i.problem.Announced:
			return fault.New(fault.Conflict, "通报里点名的问题不单独销号，请在台账的问题上办理。")
		case i.measure != nil && i.measure.Status != Done && !(i.measure.Kind == Recurring && i.measure.Status == LongTerm):
			return fault.New(fault.Conflict, "先把整改状态报告为“已完成”（长期坚持的措施为“长期坚持”），再申请销号。")
		}
		if i.measure == nil {
			var open []string
			err := tx.Model(&Measure{}).Where("problem_id = ? AND closing <> ?", x.Problem, Closed).Order("id").Limit(4).Pluck("code", &open).Error
			if err != nil {
				return fmt.Errorf("ledger: apply: %w", err)
			}
			if len(open) > 0 {
				return fault.New(fault.Conflict, "还有措施没有销号（"+strings.Join(open, "、")+"），全部销号后才能申请问题销号。")
			}
		}
		where, id := x.where()
		var own []Evidence
		if len(evidence) > 0 {
			if err := tx.Where(where+" AND id IN ? AND withdrawn_at IS NULL", id, evidence).Order("id").Limit(len(evidence)).Find(&own).Error; err != nil {
				return fmt.Errorf("ledger: apply: %w", err)
			}
		}
		if len(own) == 0 && i.measure != nil {
			bad = append(bad, fault.Field{Name: "evidence", Message: "至少选择一份佐证材料；还没有的，请先添加。"})
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		app := Application{State: Applied, AppliedAt: tx.Now, AppliedBy: a.ID, Version: 1}
		app.MeasureID, app.ProblemID = x.columns()
		err = tx.Create(&app).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, i.title+"已经申请销号，正在核验。")
		}
		if err != nil {
			return fmt.Errorf("ledger: apply: %w", err)
		}
		for _, e := range own {
			if err := tx.Exec("INSERT INTO closing_evidence (closing_id, evidence_id) VALUES (?, ?)", app.ID, e.ID).Error; err != nil {
				return fmt.Errorf("ledger: apply: %w", err)
			}
		}
		if err := step(tx, a, app.ID, "apply", true, "", text); err != nil {
			return err
		}
		return settle(tx, a, i, "closing.apply", Applied, "applied", "申请销号")
	})
}

func step(tx *store.Tx, a staff.Actor, closing int64, name string, passed bool, reason Refusal, text string) error {
	if err := tx.Create(&Step{ClosingID: closing, Step: name, Passed: passed, Reason: reason, Text: text, By: signed(tx, a)}).Error; err != nil {
		return fmt.Errorf("ledger: closing: %w", err)
	}
	return nil
}

// settle stores the new state of closing on the measure or problem, with a line
// of public history and the audit row.
func settle(tx *store.Tx, a staff.Actor, i item, verb string, to Closing, kind, text string) error {
	was, today := i.closing, calendar.Of(tx.Now)
	changes := []journal.Change{{Field: "closing", Old: string(was), New: string(to)}}
	closedOn := calendar.Date{}
	if to == Closed {
		closedOn = today
	}
	if m := i.measure; m != nil {
		m.Closing, m.ClosedOn = to, closedOn
		if to == Closed {
			m.ReopenedOn = calendar.Date{}
		}
		if err := tell(tx, *m, kind, text); err != nil {
			return err
		}
		return save(tx, a, m, verb, changes)
	}
	p := i.problem
	change := map[string]any{"closing": to, "closed_on": closedOn, "version": p.Version + 1}
	if to == Closed {
		change["reopened_on"] = nil
	}
	done := tx.Model(&Problem{}).Where("id = ? AND version = ?", p.ID, p.Version).Updates(change)
	if done.Error != nil {
		return fmt.Errorf("ledger: closing: %w", done.Error)
	}
	if done.RowsAffected != 1 {
		return errMoved
	}
	if p.Published {
		if err := tx.Create(&Event{ProgrammeID: p.ProgrammeID, ProblemID: &p.ID, Kind: kind, OnDay: today, At: tx.Now, Text: "问题" + p.Code + text}).Error; err != nil {
			return fmt.Errorf("ledger: closing: %w", err)
		}
	}
	texts, err := touched(&tx.Reader, p.ID)
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: "problem", SubjectID: p.ID, Changes: changes, Public: true, Texts: texts})
}

// ended says what became of an application that waits for nothing.
var ended = map[Closing]string{withdrawn: "这份销号申请已经撤回或者退回", ClosingRefused: "这份销号申请已经办结，结论是不予销号", Closed: "这份销号申请已经办结，予以销号"}

// SubjectOf is what an application is about; NotFound when there is none.
func SubjectOf(r *store.Reader, application int64) (Subject, error) {
	app, err := applied(r, application)
	return app.subject(), err
}

func (app Application) subject() (x Subject) {
	if app.MeasureID != nil {
		x.Measure = *app.MeasureID
	}
	if app.ProblemID != nil {
		x.Problem = *app.ProblemID
	}
	return x
}

// application reads an application that waits for something.
func application(r *store.Reader, id int64) (Application, item, error) {
	app, err := applied(r, id)
	if err != nil {
		return app, item{}, err
	}
	i, err := load(r, app.subject())
	return app, i, err
}

func applied(r *store.Reader, id int64) (Application, error) {
	var app Application
	err := r.Where("id = ?", id).Take(&app).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return app, fault.New(fault.NotFound, "没有这份销号申请。")
	}
	if err != nil {
		return app, fmt.Errorf("ledger: closing: %w", err)
	}
	return app, nil
}

// mayReview says why the actor cannot make the review that the application
// waits for: the wrong role or department, or no longer a stranger to it.
func mayReview(r *store.Reader, a staff.Actor, app Application, i item) (review, error) {
	v, ok := reviewAt(app.State)
	if !ok {
		return v, fault.New(fault.Conflict, ended[app.State]+"，没有待核验的环节。")
	}
	if err := a.Require(v.role); err != nil {
		return v, err
	}
	// A reviewer of no department reviews for the whole court.
	if v.ofDep && !i.led(a, v.role) && a.DepartmentID != 0 {
		return v, fault.New(fault.Forbidden, "这一环节由牵头部门的审核人核验。")
	}
	known, err := involved(r, app)
	if err != nil {
		return v, err
	}
	if a.ID != 0 && slices.Contains(known, a.ID) {
		return v, fault.New(fault.Forbidden, notStranger)
	}
	return v, nil
}

const notStranger = "您准备过材料、提出过申请或者核验过前面的环节，这一环节须由别人核验。"

// involved are those who are no strangers to an application: they prepared its
// evidence, applied, or made a review of it.
func involved(r *store.Reader, app Application) (ids []int64, err error) {
	err = r.Raw(`SELECT actor_id FROM closing_steps WHERE closing_id = ?
		UNION SELECT e.actor_id FROM closing_evidence x JOIN evidence e ON e.id = x.evidence_id WHERE x.closing_id = ?`, app.ID, app.ID).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: review: %w", err)
	}
	return ids, nil
}

// awaits says whom an application waits for, why that is not the actor, and
// what to do when there is nobody.
func awaits(r *store.Reader, a staff.Actor, app Application, i item) (string, error) {
	v, _ := reviewAt(app.State)
	who := v.words
	if v.ofDep {
		departments, err := staff.AllDepartments(r)
		if err != nil {
			return "", err
		}
		var names []string
		for _, d := range departments {
			if slices.Contains(i.leads, d.ID) {
				names = append(names, d.Name)
			}
		}
		switch who = strings.Join(names, "、"); len(names) {
		case 0:
			who = v.words
		case 1:
		default:
			who += "中任一部门"
		}
		who += "的审核人"
	}
	known, err := involved(r, app)
	if err != nil {
		return "", err
	}
	holders, err := staff.Holding(r, v.role, 0)
	if err != nil {
		return "", err
	}
	held, free := false, false
	for _, p := range holders {
		if !v.ofDep || p.DepartmentID == 0 || slices.Contains(i.leads, p.DepartmentID) {
			held, free = true, free || !slices.Contains(known, p.ID)
		}
	}
	text := "等待" + who + "核验。"
	if slices.Contains(known, a.ID) && a.ID != 0 {
		text += notStranger
	}
	switch {
	case !held:
		text += "现在还没有这样的账号，请联系安全管理员添加“" + v.role.Name() + "”账号。"
	case !free:
		text += "能核验的人都准备过材料、提出过申请或者核验过前面的环节，请联系安全管理员另添一个“" + v.role.Name() + "”账号。"
	}
	return text, nil
}

// Review makes the review that the application waits for. Refusing names one
// of the three reasons and says what is missing.
func (s *Service) Review(ctx context.Context, a staff.Actor, id int64, version int, pass bool, reason Refusal, text string) error {
	var bad []fault.Field
	ask("text", "不予销号的具体说明", text, !pass, maxText, &text, &bad)
	if pass {
		reason = ""
	} else if reason.Word() == "" {
		bad = append(bad, fault.Field{Name: "reason", Message: "请选择不予销号的原因。"})
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		app, i, err := application(&tx.Reader, id)
		if err != nil {
			return err
		}
		v, err := mayReview(&tx.Reader, a, app, i)
		if err != nil {
			return err
		}
		if app.Version != version {
			return errMoved
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		if pass && v.next == Closed && i.measure == nil {
			var open int64
			if err := tx.Model(&Measure{}).Where("problem_id = ? AND closing <> ?", i.problem.ID, Closed).Count(&open).Error; err != nil {
				return fmt.Errorf("ledger: review: %w", err)
			}
			if open > 0 {
				return fault.New(fault.Conflict, "这个问题又有措施没有销号，现在不能销号。")
			}
		}
		if err := step(tx, a, app.ID, v.name, pass, reason, text); err != nil {
			return err
		}
		to, kind, words := v.next, "review", "的销号申请通过"+v.words+"核验"
		switch {
		case !pass:
			to, kind, words = ClosingRefused, "refused", "不予销号（"+v.words+"）："+reason.Word()
		case to == Closed:
			kind, words = "closed", "经三级核验，予以销号"
		}
		if err := advance(tx, app, to); err != nil {
			return err
		}
		return settle(tx, a, i, "closing."+v.name, to, kind, words)
	})
}

func advance(tx *store.Tx, app Application, to Closing) error {
	change := map[string]any{"state": to, "version": app.Version + 1}
	if _, waits := reviewAt(to); !waits {
		change["ended_at"] = tx.Now
	}
	done := tx.Model(&Application{}).Where("id = ? AND version = ?", app.ID, app.Version).Updates(change)
	if done.Error != nil {
		return fmt.Errorf("ledger: closing: %w", done.Error)
	}
	if done.RowsAffected != 1 {
		return errMoved
	}
	return nil
}

// Withdraw takes back an application that is not decided yet.
func (s *Service) Withdraw(ctx context.Context, a staff.Actor, id int64, version int, text string) error {
	var bad []fault.Field
	ask("text", "撤回的原因", text, true, maxText, &text, &bad)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		app, i, err := application(&tx.Reader, id)
		if err != nil {
			return err
		}
		if err := i.mayWork(a); err != nil {
			return err
		}
		if _, waits := reviewAt(app.State); !waits {
			return fault.New(fault.Conflict, ended[app.State]+"，不能撤回。")
		}
		if app.Version != version {
			return errMoved
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		if err := step(tx, a, app.ID, "withdraw", true, "", text); err != nil {
			return err
		}
		if err := advance(tx, app, withdrawn); err != nil {
			return err
		}
		return settle(tx, a, i, "closing.withdraw", NotApplied, "withdrawn", "撤回销号申请")
	})
}

// reopen takes a closing back because a look-back or a check found that it does
// not hold; by names which. A closed problem opens with its measure; a problem's
// application on its way is given back. What other open rounds still had to find
// about the measure is settled, so that they can end.
func reopen(tx *store.Tx, a staff.Actor, m *Measure, by, text string) error {
	var last Application
	if err := tx.Where("measure_id = ?", m.ID).Order("id DESC").Take(&last).Error; err != nil {
		return fmt.Errorf("ledger: reopen: %w", err)
	}
	if err := step(tx, a, last.ID, "reopen", true, "", text); err != nil {
		return err
	}
	today := calendar.Of(tx.Now)
	m.Closing, m.ClosedOn, m.ReopenedOn, m.Status, m.DoneOn = NotApplied, calendar.Date{}, today, InProgress, calendar.Date{}
	report := ProgressReport{MeasureID: m.ID, Status: InProgress, Note: text, OnDay: today, By: signed(tx, a)}
	if err := tx.Create(&report).Error; err != nil {
		return fmt.Errorf("ledger: reopen: %w", err)
	}
	if err := tell(tx, *m, "reopened", "经复查发现问题，重新打开：已撤销原销号"); err != nil {
		return err
	}
	changes := []journal.Change{{Field: "closing", Old: string(Closed), New: string(NotApplied)}}
	settled := tx.Model(&LookbackItem{}).Where("measure_id = ? AND result = 'pending'", m.ID).
		Updates(map[string]any{"result": "reopened", "finding": "已由" + by + "重新打开，这里不再另行核实。", "at": tx.Now, "actor_id": a.ID, "actor_name": a.Name})
	if settled.Error != nil {
		return fmt.Errorf("ledger: reopen: %w", settled.Error)
	}
	if settled.RowsAffected > 0 {
		changes = append(changes, journal.Change{Field: "settled", New: strconv.FormatInt(settled.RowsAffected, 10)})
	}
	if err := save(tx, a, m, "measure.reopen", changes); err != nil {
		return err
	}
	p, err := ProblemByID(&tx.Reader, m.ProblemID)
	if err != nil {
		return err
	}
	return reopenProblem(tx, a, p, m.Code)
}

// reopenProblem takes back the closing of a problem whose measure was reopened,
// or its application, if it is on its way.
func reopenProblem(tx *store.Tx, a staff.Actor, p Problem, code string) error {
	i := item{Subject: Subject{Problem: p.ID}, problem: p, closing: p.Closing}
	if p.Closing != Closed && !i.underReview() {
		return nil
	}
	var last Application
	if err := tx.Where("problem_id = ?", p.ID).Order("id DESC").Take(&last).Error; err != nil {
		return fmt.Errorf("ledger: reopen: %w", err)
	}
	if p.Closing != Closed {
		err := errors.Join(step(tx, a, last.ID, "withdraw", false, "", "措施"+code+"重新打开，全部销号后再申请。"), advance(tx, last, withdrawn))
		if err != nil {
			return err
		}
		return settle(tx, a, i, "closing.return", NotApplied, "returned", "的销号申请退回：措施"+code+"重新打开")
	}
	if err := step(tx, a, last.ID, "reopen", true, "", "措施"+code+"重新打开"); err != nil {
		return err
	}
	if err := tx.Model(&Problem{}).Where("id = ?", p.ID).Update("reopened_on", calendar.Of(tx.Now)).Error; err != nil {
		return fmt.Errorf("ledger: reopen: %w", err)
	}
	return settle(tx, a, i, "problem.reopen", NotApplied, "reopened", "随措施"+code+"重新打开")
}

// Applications counts a programme's applications that were decided here, and
// those of them that were refused.
func Applications(r *store.Reader, programmeID int64) (decided, refused int, err error) {
	err = r.Raw(`SELECT count(*), coalesce(sum(CASE WHEN state = 'refused' THEN 1 ELSE 0 END), 0) FROM (
		SELECT closings.state FROM measures JOIN closings ON closings.measure_id = measures.id WHERE measures.programme_id = ? AND NOT closings.imported
		UNION ALL SELECT closings.state FROM problems JOIN closings ON closings.problem_id = problems.id WHERE problems.programme_id = ? AND NOT problems.announced AND NOT closings.imported) x
		WHERE state IN ('closed', 'refused')`, programmeID, programmeID).Row().Scan(&decided, &refused)
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: applications: %w", err)
	}
	return decided, refused, nil
}
