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
	Standing    Standing `gorm:"-"`
}

// Tally is how many published problems share an aspect, a status and, when
// Dept is set, a lead department. A problem whose measures have several lead
// departments is in the tally of each.
type Tally struct {
	AspectNo int
	Status   Status
	Dept     string
	N        int
}

// AspectCount is an aspect that has published problems, and how many.
type AspectCount struct {
	No       int
	Title    string
	Text     string // for the public
	Problems int
}

// AspectCounts reads the aspects of a programme that count something.
func AspectCounts(r *store.Reader, programme Programme) (list []AspectCount, err error) {
	err = r.Table("problems").Joins("JOIN aspects ON aspects.id = problems.aspect_id").Select("aspects.no, aspects.title, aspects.text, count(*) AS problems").
		Where("problems.programme_id = ? AND problems.announced = ? AND problems.published", programme.ID, !programme.Ledger).
		Group("aspects.no, aspects.title, aspects.text").Order("aspects.no").Limit(1000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: aspects: %w", err)
	}
	return list, nil
}

const searchKind = "problem"

// Progress lists a page of a programme's problems and, for the counts beside
// every filter, the tallies of all that match the query.
func Progress(r *store.Reader, programme Programme, f Filter) ([]Listed, []Tally, error) {
	base := r.Table("problems").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Where("problems.programme_id = ? AND problems.announced = ? AND problems.published", programme.ID, !programme.Ledger)
	if f.Query != "" {
		base = search.Scope(base, searchKind, f.Query, "problems.id")
	}
	base = base.Session(newSession)
	var tallies []Tally
	err := base.Select("aspects.no AS aspect_no, problems.status, count(*) AS n").
		Group("aspects.no, problems.status").Order("aspects.no").Limit(5000).Find(&tallies).Error
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: tally: %w", err)
	}
	if programme.Ledger {
		var led []Tally
		err := base.Joins("JOIN measures ON measures.problem_id = problems.id AND measures.published").Joins("JOIN departments ON departments.id = measures.department_id").
			Select("aspects.no AS aspect_no, problems.status, departments.name AS dept, count(DISTINCT problems.id) AS n").
			Group("aspects.no, problems.status, departments.name").Order("departments.name, aspects.no").Limit(5000).Find(&led).Error
		if err != nil {
			return nil, nil, fmt.Errorf("ledger: tally by department: %w", err)
		}
		tallies = append(tallies, led...)
	}
	q := base.Select(problemColumns + ", aspects.no AS aspect_no, aspects.title AS aspect_title")
	if f.Aspect != 0 {
		q = q.Where("aspects.no = ?", f.Aspect)
	}
	if f.Status != "" {
		q = q.Where("problems.status = ?", f.Status)
	}
	if f.Dept != "" {
		q = q.Where(`problems.id IN (SELECT measures.problem_id FROM measures JOIN departments ON departments.id = measures.department_id
			WHERE departments.name = ? AND measures.published)`, f.Dept)
	}
	if f.After != [2]int{} {
		q = q.Where("(aspects.no, problems.no) > (?, ?)", f.After[0], f.After[1])
	}
	var list []Listed
	if err := q.Order("aspects.no, problems.no").Limit(f.Limit).Find(&list).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: progress: %w", err)
	}
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	standings, err := Standings(r, ids)
	for i := range list {
		list[i].Standing = standings[list[i].ID]
	}
	return list, tallies, err
}

// Sum adds up the tallies that a filter would show.
func Sum(tallies []Tally, f Filter) int {
	n := 0
	for _, t := range tallies {
		if (f.Aspect == 0 || f.Aspect == t.AspectNo) && (f.Status == "" || f.Status == t.Status) && f.Dept == t.Dept {
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
