package ledger

import (
	"fmt"

	"mingjing/app/calendar"
	"mingjing/app/store"
)

// Plan is what the published measures of a programme add up to, by aspect and
// lead department, and the days between which they lie. It is what the wall
// chart's filters count and what its months run from and to.
type Plan struct {
	Aspects []AspectCount
	Rows    []PlanRow
	First   calendar.Date
	Last    calendar.Date
}

// PlanRow is the measures of one aspect that one department leads; Dept is
// empty where the ledger names none.
type PlanRow struct {
	AspectNo int
	Dept     string
	PlanCounts
}

// PlanCounts counts measures. Undated ones have no day at all: no start, due
// date, completion, closing or check.
type PlanCounts struct {
	Problems, Measures, Done, Closed, Overdue, Reopened, Undated int
}

// ReadPlan adds up a programme in two queries.
func ReadPlan(r *store.Reader, programme Programme) (p Plan, err error) {
	if p.Aspects, err = AspectCounts(r, programme); err != nil {
		return p, err
	}
	var rows []struct {
		AspectNo                                                                            int
		Dept                                                                                string
		Problems, Measures, Done, Closed, Overdue, Reopened, Undated                        int
		Starts, Baseline, Due, Finished, NextCheck                                          calendar.Date
		LastStart, LastBaseline, LastDue, LastFinished, LastClosed, LastReopened, LastCheck calendar.Date
	}
	today := calendar.Of(r.Now)
	err = r.Table("measures").Joins("JOIN problems ON problems.id = measures.problem_id").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Joins("LEFT JOIN departments ON departments.id = measures.department_id").
		Select(`aspects.no AS aspect_no, coalesce(departments.name, '') AS dept, count(DISTINCT measures.problem_id) AS problems, count(*) AS measures,
			sum(CASE WHEN measures.status = 'done' THEN 1 ELSE 0 END) AS done, sum(CASE WHEN measures.closing = 'closed' THEN 1 ELSE 0 END) AS closed,
			sum(CASE WHEN measures.due_on < ? AND measures.status <> 'done' AND measures.closing <> 'closed' THEN 1 ELSE 0 END) AS overdue,
			count(measures.reopened_on) AS reopened,
			sum(CASE WHEN coalesce(measures.starts_on, measures.baseline_on, measures.due_on, measures.done_on, measures.closed_on, measures.reopened_on, measures.check_on) IS NULL
				THEN 1 ELSE 0 END) AS undated,
			min(measures.starts_on) AS starts, min(measures.baseline_on) AS baseline, min(measures.due_on) AS due, min(measures.done_on) AS finished, min(measures.check_on) AS next_check,
			max(measures.starts_on) AS last_start, max(measures.baseline_on) AS last_baseline, max(measures.due_on) AS last_due, max(measures.done_on) AS last_finished,
			max(measures.closed_on) AS last_closed, max(measures.reopened_on) AS last_reopened, max(measures.check_on) AS last_check`, today).
		Where("measures.programme_id = ? AND measures.published AND problems.published", programme.ID).
		Group("aspects.no, departments.name").Order("departments.name, aspects.no").Limit(5000).Find(&rows).Error
	if err != nil {
		return p, fmt.Errorf("ledger: plan: %w", err)
	}
	for _, x := range rows {
		p.Rows = append(p.Rows, PlanRow{x.AspectNo, x.Dept, PlanCounts{x.Problems, x.Measures, x.Done, x.Closed, x.Overdue, x.Reopened, x.Undated}})
		for _, d := range []calendar.Date{x.Starts, x.Baseline, x.Due, x.Finished, x.NextCheck} {
			if p.First.IsZero() || !d.IsZero() && d.Before(p.First) {
				p.First = d
			}
		}
		for _, d := range []calendar.Date{x.LastStart, x.LastBaseline, x.LastDue, x.LastFinished, x.LastClosed, x.LastReopened, x.LastCheck} {
			if d.After(p.Last) {
				p.Last = d
			}
		}
	}
	return p, nil
}

// Count adds up what a filter shows. Without a department it counts problems
// that have no measures too.
func (p Plan) Count(f Filter) PlanCounts {
	var n PlanCounts
	for _, x := range p.Rows {
		if (f.Aspect == 0 || f.Aspect == x.AspectNo) && (f.Dept == "" || f.Dept == x.Dept) {
			n.Problems += x.Problems
			n.Measures += x.Measures
			n.Done += x.Done
			n.Closed += x.Closed
			n.Overdue += x.Overdue
			n.Reopened += x.Reopened
			n.Undated += x.Undated
		}
	}
	if f.Dept == "" {
		n.Problems = 0
		for _, a := range p.Aspects {
			if f.Aspect == 0 || f.Aspect == a.No {
				n.Problems += a.Problems
			}
		}
	}
	return n
}

// Track is a problem with the published measures that a filter shows of it, in
// the ledger's order, and the checks that were made of them.
type Track struct {
	Listed
	Measures []Measure
}

// Checked is a recurring check that was made.
type Checked struct {
	MeasureID int64
	CheckedOn calendar.Date
	Holds     bool
}

// Tracks reads the problems of a page of the wall chart, by key: at most
// f.Limit problems, fewer where they have more than most measures together, but
// always one. more says that others follow. The checks are those of the measures
// read, in order. Status and Query of the filter are not asked.
func Tracks(r *store.Reader, programme Programme, f Filter, most int) (tracks []Track, checks []Checked, more bool, err error) {
	q := r.Table("problems").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Select(problemColumns+", aspects.no AS aspect_no, aspects.title AS aspect_title").
		Where("problems.programme_id = ? AND problems.announced = ? AND problems.published", programme.ID, !programme.Ledger)
	if f.Aspect != 0 {
		q = q.Where("aspects.no = ?", f.Aspect)
	}
	const led = "measures.department_id = (SELECT id FROM departments WHERE name = ?)"
	if f.Dept != "" {
		q = q.Where("EXISTS (SELECT 1 FROM measures WHERE measures.problem_id = problems.id AND measures.published AND "+led+")", f.Dept)
	}
	if f.After != [2]int{} {
		q = q.Where("(aspects.no, problems.no) > (?, ?)", f.After[0], f.After[1])
	}
	var list []Listed
	if err := q.Order("aspects.no, problems.no").Limit(f.Limit + 1).Find(&list).Error; err != nil {
		return nil, nil, false, fmt.Errorf("ledger: tracks: %w", err)
	}
	if len(list) > f.Limit {
		list, more = list[:f.Limit], true
	}
	if len(list) == 0 {
		return nil, nil, false, nil
	}
	ids, at := make([]int64, len(list)), map[int64]int{}
	for i, x := range list {
		ids[i], at[x.ID] = x.ID, i
	}
	measures := r.Select(publicColumns).Joins("LEFT JOIN sub_problems ON sub_problems.id = measures.sub_problem_id").
		Where("measures.problem_id IN ? AND measures.published", ids)
	if f.Dept != "" {
		measures = measures.Where(led, f.Dept)
	}
	// One problem has at most maxMeasures: what is cut off is of problems that this page drops.
	var all []Measure
	err = measures.Joins("JOIN problems ON problems.id = measures.problem_id").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Order("aspects.no, problems.no, coalesce(sub_problems.no, 0), measures.no").Limit(most + maxMeasures).Find(&all).Error
	if err != nil {
		return nil, nil, false, fmt.Errorf("ledger: tracks: %w", err)
	}
	tracks = make([]Track, len(list))
	for i, x := range list {
		tracks[i].Listed = x
	}
	for _, m := range all {
		t := &tracks[at[m.ProblemID]]
		t.Measures = append(t.Measures, m)
	}
	n := 0
	for i, t := range tracks {
		if n += len(t.Measures); n > most && i > 0 {
			n -= len(t.Measures)
			tracks, more = tracks[:i], true
			break
		}
	}
	all = all[:n]
	if err := nameDepartments(r, all); err != nil {
		return nil, nil, false, err
	}
	n = 0
	for i := range tracks {
		k := len(tracks[i].Measures)
		tracks[i].Measures = all[n : n+k : n+k]
		n += k
	}
	checks, err = checked(r, all)
	return tracks, checks, more, err
}

// checked reads the recurring checks of measures. What they found stays inside.
func checked(r *store.Reader, measures []Measure) ([]Checked, error) {
	if len(measures) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(measures))
	for i, m := range measures {
		ids[i] = m.ID
	}
	var list []Checked
	err := r.Table("measure_checks").Select("measure_id, checked_on, holds").Where("measure_id IN ?", ids).
		Order("measure_id, id").Limit(5000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: checks: %w", err)
	}
	return list, nil
}
