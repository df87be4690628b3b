package staff

import (
	"fmt"

	"mingjing/app/store"
)

// DepartmentNamed is a unit's name as it is kept; Invalid when it cannot be one.
func DepartmentNamed(name string) (string, error) { return departmentName(name) }

// Establish makes departments that another room's change names for the first
// time, in that change's transaction. The room records it.
func Establish(tx *store.Tx, names []string) ([]Department, error) {
	list := make([]Department, len(names))
	for i, name := range names {
		list[i] = Department{Name: name, Active: true}
	}
	if err := tx.Insert(&list); err != nil {
		return nil, fmt.Errorf("staff: departments: %w", err)
	}
	return list, tx.Publish() // as whoIsHere does
}
