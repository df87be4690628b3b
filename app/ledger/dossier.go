package ledger

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Task is something that can be done to a measure or a problem.
type Task string

const (
	TaskReport     Task = "report"
	TaskDetails    Task = "details"
	TaskAdd        Task = "add"
	TaskProposeDue Task = "propose_due"
	TaskDecideDue  Task = "decide_due"
	TaskEvidence   Task = "evidence"
	TaskApply      Task = "apply"
	TaskReview     Task = "review"
	TaskWithdraw   Task = "withdraw"
	TaskCheck      Task = "check"
)

// Filed is an application with its steps and the evidence it rests on.
type Filed struct {
	Application
	Steps    []Step
	Evidence []int64
}

// LookedAt is what a round of looking back found of a measure.
type LookedAt struct {
	LookbackItem
	Title string
}

// Dossier is everything about one measure, or about one problem as far as
// closing it goes, and what the reader may do now.
type Dossier struct {
	Subject
	Measure      *Measure // nil for a problem's own
	Problem      Problem
	Sub          *SubProblem
	Measures     []Measure // a problem's
	Subs         []SubProblem
	Evidence     []Evidence
	Reports      []ProgressReport
	DueChanges   []DueChange
	Applications []Filed // newest first
	Checks       []MeasureCheck
	Lookbacks    []LookedAt
	Can          map[Task]bool
	Waiting      string // why the actor cannot make the review that is due
}

// Version is that of the measure or problem.
func (d Dossier) Version() int {
	if d.Measure != nil {
		return d.Measure.Version
	}
	return d.Problem.Version
}

// Open is the application that waits for a review, if there is one.
func (d Dossier) Open() *Filed {
	if len(d.Applications) > 0 {
		if _, waits := reviewAt(d.Applications[0].State); waits {
			return &d.Applications[0]
		}
	}
	return nil
}

// perPage bounds each list of a dossier.
const perPage = 500

// OpenDossier reads a dossier for staff who work on the ledger.
func OpenDossier(r *store.Reader, a staff.Actor, x Subject) (Dossier, error) {
	d := Dossier{Subject: x, Can: map[Task]bool{}}
	if err := a.Require(Readers...); err != nil {
		return d, err
	}
	i, err := load(r, x)
	if err != nil {
		return d, err
	}
	if d.Measure = i.measure; d.Measure == nil {
		// What the office reads includes what is for staff only.
		if err := r.Where("id = ?", x.Problem).Take(&i.problem).Error; err != nil {
			return d, fmt.Errorf("ledger: dossier: %w", err)
		}
		d.Problem = i.problem
		if err := errors.Join(
			r.Where("problem_id = ?", x.Problem).Order("no").Limit(perPage).Find(&d.Subs).Error,
			r.Where("problem_id = ?", x.Problem).Order("coalesce(sub_problem_id, 0), no").Limit(maxMeasures).Find(&d.Measures).Error,
		); err != nil {
			return d, fmt.Errorf("ledger: dossier: %w", err)
		}
		if err := nameDepartments(r, d.Measures); err != nil {
			return d, err
		}
	} else {
		d.Problem = i.problem
		if d.Measure.SubProblemID != nil {
			d.Sub = &SubProblem{}
			if err := r.Where("id = ?", *d.Measure.SubProblemID).Take(d.Sub).Error; err != nil {
				return d, fmt.Errorf("ledger: dossier: %w", err)
			}
		}
		if err := errors.Join(
			r.Where("measure_id = ?", x.Measure).Order("id DESC").Limit(perPage).Find(&d.Reports).Error,
			r.Where("measure_id = ?", x.Measure).Order("id DESC").Limit(perPage).Find(&d.DueChanges).Error,
			r.Where("measure_id = ?", x.Measure).Order("id DESC").Limit(perPage).Find(&d.Checks).Error,
			r.Table("lookback_items").Select("lookback_items.*, lookbacks.title").Joins("JOIN lookbacks ON lookbacks.id = lookback_items.lookback_id").
				Where("measure_id = ?", x.Measure).Order("lookback_items.id DESC").Limit(perPage).Find(&d.Lookbacks).Error,
		); err != nil {
			return d, fmt.Errorf("ledger: dossier: %w", err)
		}
	}
	where, id := x.where()
	if err := r.Where(where, id).Order("id").Limit(perPage).Find(&d.Evidence).Error; err != nil {
		return d, fmt.Errorf("ledger: dossier: %w", err)
	}
	if d.Applications, err = filed(r, x); err != nil {
		return d, err
	}
	return d, d.permit(r, a, i)
}

func filed(r *store.Reader, x Subject) ([]Filed, error) {
	where, id := x.where()
	var apps []Application
	if err := r.Where(where, id).Order("id DESC").Limit(100).Find(&apps).Error; err != nil {
		return nil, fmt.Errorf("ledger: applications: %w", err)
	}
	out := make([]Filed, len(apps))
	at, ids := map[int64]int{}, []int64{}
	for i, app := range apps {
		out[i].Application = app
		at[app.ID] = i
		ids = append(ids, app.ID)
	}
	if len(ids) == 0 {
		return out, nil
	}
	var steps []Step
	if err := r.Where("closing_id IN ?", ids).Order("id").Limit(1000).Find(&steps).Error; err != nil {
		return nil, fmt.Errorf("ledger: applications: %w", err)
	}
	for _, s := range steps {
		out[at[s.ClosingID]].Steps = append(out[at[s.ClosingID]].Steps, s)
	}
	var used []struct{ ClosingID, EvidenceID int64 }
	if err := r.Table("closing_evidence").Where("closing_id IN ?", ids).Order("closing_id, evidence_id").Limit(5000).Find(&used).Error; err != nil {
		return nil, fmt.Errorf("ledger: applications: %w", err)
	}
	for _, u := range used {
		out[at[u.ClosingID]].Evidence = append(out[at[u.ClosingID]].Evidence, u.EvidenceID)
	}
	return out, nil
}

// permit fills in Can by asking the same questions as the acts themselves.
func (d *Dossier) permit(r *store.Reader, a staff.Actor, i item) error {
	works := i.mayWork(a) == nil && !d.Problem.Announced
	office := a.Has(staff.RectificationOffice)
	if app := d.Open(); app != nil {
		_, err := mayReview(r, a, app.Application, i)
		d.Can[TaskReview], d.Can[TaskWithdraw] = err == nil, works
		if _, ok := fault.As(err); err != nil && !ok {
			return err
		}
		if err != nil {
			if d.Waiting, err = awaits(r, a, app.Application, i); err != nil {
				return err
			}
		}
	}
	open := !i.underReview() && i.closing != Closed
	d.Can[TaskEvidence] = works && i.closing != Closed
	if d.Measure == nil {
		ready := len(d.Measures) > 0
		for _, m := range d.Measures {
			ready = ready && m.Closing == Closed
		}
		d.Can[TaskApply] = works && open && ready
		d.Can[TaskAdd] = office && !d.Problem.Announced && i.closing != Closed
		d.Can[TaskDetails] = office && !d.Problem.Announced && !i.underReview()
		return nil
	}
	m := *d.Measure
	d.Can[TaskReport], d.Can[TaskDetails] = works && open, office && open
	d.Can[TaskApply] = works && open && (m.Status == Done || m.Kind == Recurring && m.Status == LongTerm)
	d.Can[TaskCheck] = a.Require(inspectors...) == nil && !m.CheckOn.IsZero() && !i.underReview()
	if n := len(d.DueChanges); n > 0 && d.DueChanges[0].State == "proposed" {
		d.Can[TaskDecideDue] = a.Require(staff.RectificationOffice, staff.Leader) == nil && d.DueChanges[0].ProposedBy != a.ID
	} else {
		d.Can[TaskProposeDue] = works && open
	}
	return nil
}

// Basket is a group of measures at the desk.
type Basket string

const (
	InAll       Basket = "all"
	InMine      Basket = "mine" // led by the actor's department
	InOverdue   Basket = "overdue"
	InSoon      Basket = "soon" // due within 30 days
	InReview    Basket = "review"
	InRefused   Basket = "refused"
	InReopened  Basket = "reopened"
	InChecks    Basket = "checks" // a recurring check is due
	InUnstarted Basket = "unstarted"
)

// Baskets lists them in order.
var Baskets = []Basket{InAll, InMine, InOverdue, InSoon, InUnstarted, InReview, InRefused, InReopened, InChecks}

// soonDays is how many days before its due date a measure is called soon due.
const soonDays = 30

func (b Basket) scope(q *gorm.DB, a staff.Actor, today calendar.Date) *gorm.DB {
	const unfinished = "measures.status <> 'done' AND measures.closing <> 'closed'"
	switch b {
	case InMine:
		return q.Where("measures.department_id = ?", a.DepartmentID)
	case InOverdue:
		return q.Where("measures.due_on < ? AND "+unfinished, today)
	case InSoon:
		return q.Where("measures.due_on >= ? AND measures.due_on <= ? AND "+unfinished, today, today.AddDays(soonDays))
	case InUnstarted:
		return q.Where("measures.status IN ('unstated', 'not_started')")
	case InReview:
		return q.Where("measures.closing IN ('applied', 'lead_dept', 'rectification_office')")
	case InRefused:
		return q.Where("measures.closing = 'refused'")
	case InReopened:
		return q.Where("measures.reopened_on IS NOT NULL")
	case InChecks:
		return q.Where("measures.check_on <= ?", today)
	}
	return q
}

// Work is a page of the measures in a basket, in the ledger's order, with how
// many each basket holds.
type Work struct {
	Rows   []Measure
	Counts map[Basket]int
}

// WorkFilter narrows the list; zero values do not.
type WorkFilter struct {
	Basket     Basket
	Department int64
	Code       string // begins with
	After      int64
	Limit      int
}

// ListWork lists measures for staff who work on the ledger.
func ListWork(r *store.Reader, a staff.Actor, programmeID int64, f WorkFilter) (Work, error) {
	w := Work{Counts: map[Basket]int{}}
	if err := a.Require(Readers...); err != nil {
		return w, err
	}
	today := calendar.Of(r.Now)
	base := r.Model(&Measure{}).Where("measures.programme_id = ?", programmeID)
	if f.Department != 0 {
		base = base.Where("measures.department_id = ?", f.Department)
	}
	if f.Code != "" {
		base = base.Where("measures.code >= ? AND measures.code < ?", f.Code, f.Code+"\U0010ffff")
	}
	base = base.Session(newSession)
	for _, b := range Baskets {
		var n int64
		if err := b.scope(base, a, today).Limit(1).Count(&n).Error; err != nil {
			return w, fmt.Errorf("ledger: work: %w", err)
		}
		w.Counts[b] = int(n)
	}
	q := f.Basket.scope(base, a, today).Select(publicColumns)
	if f.After != 0 {
		q = q.Where("measures.id > ?", f.After)
	}
	if err := q.Order("measures.id").Limit(f.Limit).Find(&w.Rows).Error; err != nil {
		return w, fmt.Errorf("ledger: work: %w", err)
	}
	return w, nameDepartments(r, w.Rows)
}

// Awaiting is an application that waits for a review.
type Awaiting struct {
	Application
	Code  string
	Title string
}

// ForReview lists the applications that wait for one of the actor's reviews, oldest first.
func ForReview(r *store.Reader, a staff.Actor, limit int) ([]Awaiting, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	var states []Closing
	for _, v := range reviews {
		if a.Has(v.role) && (!v.ofDep || a.DepartmentID == 0) {
			states = append(states, v.waits)
		}
	}
	q := r.Table("closings").Select(`closings.*, coalesce(measures.code, problems.code) AS code, coalesce(measures.title, problems.title) AS title`).
		Joins("LEFT JOIN measures ON measures.id = closings.measure_id").Joins("LEFT JOIN problems ON problems.id = closings.problem_id")
	own := `closings.state = 'applied' AND (measures.department_id = ? OR EXISTS
		(SELECT 1 FROM measures led WHERE led.problem_id = closings.problem_id AND led.department_id = ?))`
	switch {
	case a.Has(staff.Reviewer) && len(states) > 0:
		q = q.Where("closings.state IN ? OR "+own, states, a.DepartmentID, a.DepartmentID)
	case a.Has(staff.Reviewer):
		q = q.Where(own, a.DepartmentID, a.DepartmentID)
	case len(states) > 0:
		q = q.Where("closings.state IN ?", states)
	default:
		return nil, nil
	}
	var list []Awaiting
	if err := q.Order("closings.id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: for review: %w", err)
	}
	return list, nil
}

// Lookbacks lists a programme's rounds, newest first.
func Lookbacks(r *store.Reader, a staff.Actor, programmeID int64, limit int) ([]Lookback, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	var list []Lookback
	if err := r.Where("programme_id = ?", programmeID).Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: look-backs: %w", err)
	}
	return list, nil
}

// Round is a look-back with a page of its items.
type Round struct {
	Lookback
	Items  []RoundItem
	Counts map[string]int // by result
}

// RoundItem is a measure in a round.
type RoundItem struct {
	LookbackItem
	Code  string
	Title string
}

// OpenRound reads a round; after is the last item of the page before.
func OpenRound(r *store.Reader, a staff.Actor, id, after int64, limit int) (Round, error) {
	x := Round{Counts: map[string]int{}}
	if err := a.Require(Readers...); err != nil {
		return x, err
	}
	err := r.Where("id = ?", id).Take(&x.Lookback).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return x, fault.New(fault.NotFound, "没有这次回头看。")
	}
	if err != nil {
		return x, fmt.Errorf("ledger: round: %w", err)
	}
	var counts []struct {
		Result string
		N      int
	}
	if err := r.Model(&LookbackItem{}).Select("result, count(*) AS n").Where("lookback_id = ?", id).Group("result").Order("result").Find(&counts).Error; err != nil {
		return x, fmt.Errorf("ledger: round: %w", err)
	}
	for _, c := range counts {
		x.Counts[c.Result] = c.N
	}
	err = r.Table("lookback_items").Select("lookback_items.*, measures.code, measures.title").Joins("JOIN measures ON measures.id = lookback_items.measure_id").
		Where("lookback_id = ? AND lookback_items.id > ?", id, after).Order("lookback_items.id").Limit(limit).Find(&x.Items).Error
	if err != nil {
		return x, fmt.Errorf("ledger: round: %w", err)
	}
	return x, nil
}

// ProblemRow is a problem with how many of its measures are claimed done and closed.
type ProblemRow struct {
	Problem
	AspectNo int
	Aspect   string
	Measures int
	Done     int
	Closed   int
}

// ListProblems lists the problems of a programme that count, public or not, for
// staff who work on the ledger; after is the last row of the page before.
func ListProblems(r *store.Reader, a staff.Actor, p Programme, after [2]int, limit int) ([]ProblemRow, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	var list []ProblemRow
	q := r.Table("problems").Select(problemColumns+", aspects.no AS aspect_no, aspects.title AS aspect").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Where("problems.programme_id = ? AND problems.announced = ?", p.ID, !p.Ledger)
	if after != [2]int{} {
		q = q.Where("(aspects.no, problems.no) > (?, ?)", after[0], after[1])
	}
	if err := q.Order("aspects.no, problems.no").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: problems: %w", err)
	}
	at, ids := map[int64]int{}, []int64{}
	for i, x := range list {
		at[x.ID] = i
		ids = append(ids, x.ID)
	}
	if len(ids) == 0 {
		return list, nil
	}
	var counts []struct{ ProblemID, N, Done, Closed int64 }
	err := r.Table("measures").Select(`problem_id, count(*) AS n, sum(CASE WHEN status = 'done' THEN 1 ELSE 0 END) AS done,
		sum(CASE WHEN closing = 'closed' THEN 1 ELSE 0 END) AS closed`).Where("problem_id IN ?", ids).Group("problem_id").Order("problem_id").Find(&counts).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: problems: %w", err)
	}
	for _, c := range counts {
		x := &list[at[c.ProblemID]]
		x.Measures, x.Done, x.Closed = int(c.N), int(c.Done), int(c.Closed)
	}
	return list, nil
}
