package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"mingjing/app/store"
)

// Published is all that the public may know of a programme's ledger, in its order.
type Published struct {
	Programme Programme
	Aspects   []Aspect
	Problems  []Problem
	Subs      []SubProblem // without what is for staff only
	Measures  []Measure
	Rules     []Rule
}

// ReadPublished reads it in a fixed number of queries, whatever its size.
func ReadPublished(r *store.Reader, programme Programme) (Published, error) {
	x := Published{Programme: programme}
	// An aspect is as public as what stands under it: that of a draft is not.
	err := r.Select(aspectColumns).Where("programme_id = ? AND EXISTS (SELECT 1 FROM problems WHERE problems.aspect_id = aspects.id AND problems.published)", programme.ID).
		Order("no").Limit(1000).Find(&x.Aspects).Error
	if err != nil {
		return x, fmt.Errorf("ledger: aspects: %w", err)
	}
	err = r.Select(problemColumns).Where("programme_id = ? AND announced = ? AND published", programme.ID, !programme.Ledger).
		Order("aspect_id, no").Limit(maxTree).Find(&x.Problems).Error
	if err != nil {
		return x, fmt.Errorf("ledger: problems: %w", err)
	}
	err = r.Select("sub_problems.id, sub_problems.problem_id, sub_problems.no, sub_problems.title, sub_problems.text").Joins("JOIN problems ON problems.id = sub_problems.problem_id").
		Where("problems.programme_id = ? AND problems.announced = ? AND problems.published AND "+named, programme.ID, !programme.Ledger).
		Order("sub_problems.problem_id, sub_problems.no").Limit(maxTree).Find(&x.Subs).Error
	if err != nil {
		return x, fmt.Errorf("ledger: sub-problems: %w", err)
	}
	err = r.Select(publicColumns).Joins("JOIN problems ON problems.id = measures.problem_id").
		Where("measures.programme_id = ? AND measures.published AND problems.published", programme.ID).Order("measures.id").Limit(maxTree).Find(&x.Measures).Error
	if err != nil {
		return x, fmt.Errorf("ledger: measures: %w", err)
	}
	if err := nameDepartments(r, x.Measures); err != nil {
		return x, err
	}
	if x.Rules, err = ListRules(r, programme.ID, false, 0, maxTree); err != nil {
		return x, err
	}
	x.sort()
	return x, nil
}

// sort puts problems, parts and measures in the order of the ledger.
func (x *Published) sort() {
	aspect, problem, sub := map[int64]int{}, map[int64]int{}, map[int64]int{}
	for i, a := range x.Aspects {
		aspect[a.ID] = i
	}
	slices.SortStableFunc(x.Problems, func(a, b Problem) int {
		return cmp.Or(aspect[a.AspectID]-aspect[b.AspectID], a.No-b.No)
	})
	for i, p := range x.Problems {
		problem[p.ID] = i
	}
	for _, s := range x.Subs {
		sub[s.ID] = s.No
	}
	part := func(m Measure) int {
		if m.SubProblemID == nil {
			return 0
		}
		return sub[*m.SubProblemID]
	}
	slices.SortStableFunc(x.Subs, func(a, b SubProblem) int { return cmp.Or(problem[a.ProblemID]-problem[b.ProblemID], a.No-b.No) })
	slices.SortStableFunc(x.Measures, func(a, b Measure) int {
		return cmp.Or(problem[a.ProblemID]-problem[b.ProblemID], part(a)-part(b), a.No-b.No)
	})
}
