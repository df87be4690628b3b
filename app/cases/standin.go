package cases

import (
	"fmt"
	"slices"

	"mingjing/app/staff"
	"mingjing/app/store"
)

// someone finds whoever works here, holds one of the roles and is not shut out
// of the case with the id that stands in place of the last %s.
const someone = `SELECT 1 FROM staff_roles sr JOIN staff s ON s.id = sr.staff_id WHERE sr.role IN (%s) AND s.disabled_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM case_exclusions x WHERE x.case_id = %s AND (x.staff_id = s.id OR x.department_id = s.department_id))`

// standIn is the actor with a dispatcher's roles, for a supervisor and a case
// that is hidden from every dispatcher; otherwise the actor as they are.
func standIn(r *store.Reader, a staff.Actor, id int64) (staff.Actor, error) {
	if !a.Has(staff.Supervisor) || a.Has(staff.Dispatcher) {
		return a, nil
	}
	var found []int
	if err := r.Raw(fmt.Sprintf(someone, "'dispatcher'", "?")+" LIMIT 1", id).Scan(&found).Error; err != nil {
		return a, fmt.Errorf("cases: dispatchers: %w", err)
	}
	if len(found) == 0 {
		a.Roles = append(slices.Clone(a.Roles), staff.IntakeClerk, staff.Dispatcher)
	}
	return a, nil
}

// strandedNumbers is how many numbers Stranded tells.
const strandedNumbers = 5

// Stranded counts the cases that wait for a dispatcher and are hidden from
// every dispatcher and supervisor, up to CountMost, with the numbers of the
// oldest. Whoever calls it has checked the role; it tells nothing else of them.
func Stranded(r *store.Reader) (n int, numbers []string, err error) {
	err = r.Raw(fmt.Sprintf("SELECT case_no FROM cases WHERE state IN (%s) AND NOT EXISTS ("+someone+") ORDER BY id LIMIT %d",
		listed([]State{Submitted, Registered, Accepted, Returned}), "'dispatcher', 'supervisor'", "cases.id", CountMost)).Scan(&numbers).Error
	if err != nil {
		return 0, nil, fmt.Errorf("cases: stranded: %w", err)
	}
	return len(numbers), numbers[:min(len(numbers), strandedNumbers)], nil
}
