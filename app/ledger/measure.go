package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/store"
)

// Kind is how a measure ends.
type Kind string

const (
	Immediate Kind = "immediate" // 立行立改
	Dated     Kind = "dated"     // 限期整改
	Recurring Kind = "long_term" // 长期坚持: checked again every CheckMonths
)

// Kinds lists them in order.
var Kinds = []Kind{Immediate, Dated, Recurring}

// Measure is one thing that is done about a problem.
type Measure struct {
	ID           int64
	ProgrammeID  int64
	ProblemID    int64
	SubProblemID *int64
	No           int
	Code         string // aspect-problem-sub-measure, such as 1-3-2-1, or as the court's own ledger numbers it
	Title        string // for the public
	Internal     string // for staff only
	Kind         Kind
	Status       Status // what the lead department claims
	Note         string // what was done, for the public
	Proof        string // the evidence as the office's spreadsheet names it, for staff only
	Leader       string // 责任领导
	DepartmentID *int64 // 牵头部门
	StartsOn     calendar.Date
	DueOn        calendar.Date
	BaselineOn   calendar.Date // the first due date, kept for ever
	DueText      string        // the due date in words where it is no day: 长期坚持
	DoneOn       calendar.Date // since when it is claimed done
	CheckMonths  int           // of a Recurring measure; 0: not planned
	CheckOn      calendar.Date // the next check
	Closing      Closing       // what was verified
	ClosedOn     calendar.Date
	ReopenedOn   calendar.Date // a look-back reopened it, and it is not closed again
	Published    bool
	ChangedAt    time.Time
	Version      int

	Department string   `gorm:"-"` // the lead department's name
	CoDepts    []string `gorm:"-"` // 配合部门
}

// publicColumns leaves Internal and Proof out: what the public reads never holds it.
const publicColumns = `measures.id, measures.programme_id, measures.problem_id, measures.sub_problem_id, measures.no, measures.code, measures.title,
measures.kind, measures.status, measures.note, measures.leader, measures.department_id, measures.starts_on, measures.due_on, measures.baseline_on,
measures.due_text, measures.done_on, measures.check_months, measures.check_on, measures.closing, measures.closed_on, measures.reopened_on,
measures.published, measures.changed_at, measures.version`

// Overdue says that the measure was due before today and is not claimed done.
func (m Measure) Overdue(today calendar.Date) bool {
	return !m.DueOn.IsZero() && m.DueOn.Before(today) && m.Status != Done && m.Closing != Closed
}

// maxMeasures bounds a single problem's page; no known ledger comes near it.
const maxMeasures = 2000

func publishedMeasures(r *store.Reader, problemID int64) ([]Measure, error) {
	var list []Measure
	err := r.Select(publicColumns).Joins("LEFT JOIN sub_problems ON sub_problems.id = measures.sub_problem_id").
		Where("measures.problem_id = ? AND measures.published", problemID).Order("coalesce(sub_problems.no, 0), measures.no").Limit(maxMeasures).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: measures: %w", err)
	}
	return list, nameDepartments(r, list)
}

// nameDepartments fills in the departments' names of a list, in two queries.
func nameDepartments(r *store.Reader, list []Measure) error {
	if len(list) == 0 {
		return nil
	}
	var departments []struct {
		ID   int64
		Name string
	}
	if err := r.Table("departments").Select("id, name").Order("id").Limit(1000).Find(&departments).Error; err != nil {
		return fmt.Errorf("ledger: departments: %w", err)
	}
	names := map[int64]string{}
	for _, d := range departments {
		names[d.ID] = d.Name
	}
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].ID
		if list[i].DepartmentID != nil {
			list[i].Department = names[*list[i].DepartmentID]
		}
	}
	co := map[int64][]string{}
	for len(ids) > 0 {
		n := min(len(ids), 1000)
		var rows []struct{ MeasureID, DepartmentID int64 }
		if err := r.Table("measure_departments").Select("measure_id, department_id").Where("measure_id IN ?", ids[:n]).Order("measure_id, no").Find(&rows).Error; err != nil {
			return fmt.Errorf("ledger: co-operating departments: %w", err)
		}
		for _, x := range rows {
			co[x.MeasureID] = append(co[x.MeasureID], names[x.DepartmentID])
		}
		ids = ids[n:]
	}
	for i := range list {
		list[i].CoDepts = co[list[i].ID]
	}
	return nil
}

var errNoMeasure = fault.New(fault.NotFound, "没有这条措施。请从台账里查找。")

// MeasureByID reads a measure with what is for staff only.
func MeasureByID(r *store.Reader, id int64) (Measure, error) {
	var m Measure
	err := r.Where("id = ?", id).Take(&m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return m, errNoMeasure
	}
	if err != nil {
		return m, fmt.Errorf("ledger: measure: %w", err)
	}
	list := []Measure{m}
	err = nameDepartments(r, list)
	return list[0], err
}

// Tallied counts items by status; unstated is a count of its own, never a zero of another.
type Tallied map[Status]int

// All is the sum over all statuses.
func (t Tallied) All() int {
	n := 0
	for _, x := range t {
		n += x
	}
	return n
}

// Counts is what a programme's ledger holds.
type Counts struct {
	Problems       Tallied
	ProblemsClosed int
	SubProblems    int
	Measures       Tallied
	MeasuresClosed int
	Overdue        int // measures, by the day asked for
	Rules          int
}

// Count adds up a programme: the ledger's own problems once it is in, otherwise
// the announced ones. What is not public is counted too: the figures are the
// whole ledger's.
func Count(r *store.Reader, p Programme) (Counts, error) {
	c := Counts{Problems: Tallied{}, Measures: Tallied{}}
	for _, x := range []struct {
		table, where string
		args         []any
		into         Tallied
		closed       *int
	}{
		{"problems", "programme_id = ? AND announced = ?", []any{p.ID, !p.Ledger}, c.Problems, &c.ProblemsClosed},
		{"measures", "programme_id = ?", []any{p.ID}, c.Measures, &c.MeasuresClosed},
	} {
		var rows []struct {
			Status  Status
			Closing Closing
			N       int
		}
		err := r.Table(x.table).Select("status, closing, count(*) AS n").Where(x.where, x.args...).Group("status, closing").Order("status, closing").Find(&rows).Error
		if err != nil {
			return c, fmt.Errorf("ledger: count %s: %w", x.table, err)
		}
		for _, row := range rows {
			x.into[row.Status] += row.N
			if row.Closing == Closed {
				*x.closed += row.N
			}
		}
	}
	err := r.Raw(`SELECT (SELECT count(*) FROM sub_problems s JOIN problems p ON p.id = s.problem_id WHERE p.programme_id = ? AND p.announced = ?) AS sub_problems,
		(SELECT count(*) FROM rules WHERE programme_id = ?) AS rules`, p.ID, !p.Ledger, p.ID).Row().Scan(&c.SubProblems, &c.Rules)
	if err != nil {
		return c, fmt.Errorf("ledger: count: %w", err)
	}
	return c, nil
}

// CountHidden counts what Count counts and no public page lists.
func CountHidden(r *store.Reader, p Programme) (problems, measures int, err error) {
	err = r.Raw(`SELECT (SELECT count(*) FROM problems WHERE programme_id = ? AND announced = ? AND NOT published),
		(SELECT count(*) FROM measures m JOIN problems p ON p.id = m.problem_id WHERE m.programme_id = ? AND NOT (m.published AND p.published))`,
		p.ID, !p.Ledger, p.ID).Row().Scan(&problems, &measures)
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: count hidden: %w", err)
	}
	return problems, measures, nil
}

// Roll is the status of a problem whose measures count like this. It never says
// more than the measures do: one of unknown status leaves done work unstated,
// not done.
func Roll(t Tallied) Status {
	all := t.All()
	switch {
	case all == 0 || t[Unstated] == all:
		return Unstated
	case t[LongTerm] == all:
		return LongTerm
	case t[NotStarted] == all:
		return NotStarted
	case t[Done]+t[LongTerm] == all:
		return Done
	case t[Done]+t[LongTerm]+t[BasicallyDone] == all:
		return BasicallyDone
	case t[InProgress]+t[NotStarted]+t[BasicallyDone] == 0:
		return Unstated
	}
	return InProgress
}

// roll sets the status of problems to that of their measures. Problems without
// measures keep the status they were given.
func roll(tx *store.Tx, problems ...int64) error {
	for len(problems) > 0 {
		n := min(len(problems), 500)
		var rows []struct {
			ProblemID int64
			Was       Status
			Status    Status
			N         int
		}
		err := tx.Table("measures").Joins("JOIN problems ON problems.id = measures.problem_id").
			Select("measures.problem_id, problems.status AS was, measures.status, count(*) AS n").Where("measures.problem_id IN ?", problems[:n]).
			Group("measures.problem_id, problems.status, measures.status").Order("measures.problem_id").Find(&rows).Error
		if err != nil {
			return fmt.Errorf("ledger: roll up: %w", err)
		}
		tallies, was := map[int64]Tallied{}, map[int64]Status{}
		for _, x := range rows {
			if tallies[x.ProblemID] == nil {
				tallies[x.ProblemID] = Tallied{}
			}
			tallies[x.ProblemID][x.Status] += x.N
			was[x.ProblemID] = x.Was
		}
		for id, t := range tallies {
			if s := Roll(t); s != was[id] {
				if err := tx.Model(&Problem{}).Where("id = ?", id).Update("status", s).Error; err != nil {
					return fmt.Errorf("ledger: roll up: %w", err)
				}
			}
		}
		problems = problems[n:]
	}
	return nil
}

// Departments splits what a ledger says about departments: 办公室、立案庭.
func Departments(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("、，,；;/\n\t ", c) }) {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

// MeasureByCode finds a measure of a programme, public or not.
func MeasureByCode(r *store.Reader, programmeID int64, code string) (Measure, error) {
	var ids []int64
	if err := r.Model(&Measure{}).Where("programme_id = ? AND code = ?", programmeID, code).Limit(1).Pluck("id", &ids).Error; err != nil {
		return Measure{}, fmt.Errorf("ledger: measure: %w", err)
	}
	if len(ids) == 0 {
		return Measure{}, errNoMeasure
	}
	return MeasureByID(r, ids[0])
}
