package ledger

import (
	"fmt"

	"mingjing/app/search"
	"mingjing/app/store"
)

// Filter narrows the list of problems; zero values do not.
type Filter struct {
	Aspect int // its number
	Status Status
	Dept   string
	Query  string
	After  [2]int // aspect and problem number of the last row of the page before
	Limit  int
}

// Listed is a problem in a list.
type Listed struct {
	Problem
	AspectNo    int
	AspectTitle string
}

// Tally is how many published problems share an aspect, a status and a department.
type Tally struct {
	AspectNo int
	Status   Status
	LeadDept string
	N        int
}

const searchKind = "problem"

// Progress lists a page of a programme's problems and, for the counts beside
// every filter, the tallies of all that match the query.
func Progress(r *store.Reader, programmeID int64, f Filter) ([]Listed, []Tally, error) {
	base := r.Table("problems").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Where("problems.programme_id = ? AND problems.published", programmeID)
	if f.Query != "" {
		base = search.Scope(base, searchKind, f.Query, "problems.id")
	}
	base = base.Session(newSession)
	var tallies []Tally
	err := base.Select("aspects.no AS aspect_no, problems.status, problems.lead_dept, count(*) AS n").
		Group("aspects.no, problems.status, problems.lead_dept").Order("aspects.no").Limit(5000).Find(&tallies).Error
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: tally: %w", err)
	}
	q := base.Select(problemColumns + ", aspects.no AS aspect_no, aspects.title AS aspect_title")
	if f.Aspect != 0 {
		q = q.Where("aspects.no = ?", f.Aspect)
	}
	if f.Status != "" {
		q = q.Where("problems.status = ?", f.Status)
	}
	if f.Dept != "" {
		q = q.Where("problems.lead_dept = ?", f.Dept)
	}
	if f.After != [2]int{} {
		q = q.Where("(aspects.no, problems.no) > (?, ?)", f.After[0], f.After[1])
	}
	var list []Listed
	if err := q.Order("aspects.no, problems.no").Limit(f.Limit).Find(&list).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: progress: %w", err)
	}
	return list, tallies, nil
}

// Count adds up the tallies that a filter would show.
func Count(tallies []Tally, f Filter) int {
	n := 0
	for _, t := range tallies {
		if (f.Aspect == 0 || f.Aspect == t.AspectNo) && (f.Status == "" || f.Status == t.Status) && (f.Dept == "" || f.Dept == t.LeadDept) {
			n += t.N
		}
	}
	return n
}

// Alike finds published problems whose words resemble a text.
func Alike(r *store.Reader, text string, limit int) ([]Problem, error) {
	alike, err := search.Similar(r, searchKind, text, limit)
	ids := search.Keys(alike)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var list []Problem
	if err := r.Select(problemColumns).Where("id IN ? AND published", ids).Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: alike: %w", err)
	}
	return list, nil
}
