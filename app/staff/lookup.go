package staff

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// Has reports whether the person holds the role.
func (p Person) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// Name is a member of staff by name alone.
type Name struct {
	ID   int64
	Name string
}

// Names lists who works here now, for finding who is named in a text.
func Names(r *store.Reader) ([]Name, error) {
	var list []Name
	err := r.Table("staff").Select("id, name").Where("disabled_at IS NULL").Order("id").Limit(5000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("staff: names: %w", err)
	}
	return list, nil
}

// Acting is somebody who works here as an actor, for what the program does in
// their name: with the roles and the department of this moment. NotFound for
// who is gone.
func Acting(r *store.Reader, id int64) (Actor, error) {
	p, err := Find(r, id)
	if err != nil {
		return Actor{}, err
	}
	if p.Disabled {
		return Actor{}, errNobody
	}
	return Actor{ID: p.ID, Login: p.Login, Name: p.Name, DepartmentID: p.DepartmentID, Department: p.Department, Roles: p.Roles, Trial: p.Trial}, nil
}

// EverNames are the names of everybody who works here or did, by id.
func EverNames(r *store.Reader) (map[int64]string, error) {
	var list []Name
	err := r.Table("staff").Select("id, name").Order("id").Limit(50_000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("staff: names: %w", err)
	}
	out := map[int64]string{}
	for _, n := range list {
		out[n.ID] = n.Name
	}
	return out, nil
}

// Departments lists the units that are active, for a room's transaction.
func Departments(r *store.Reader) ([]Department, error) {
	var list []Department
	if err := r.Select("id, name, active").Where("active").Order("id").Limit(1000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("staff: departments: %w", err)
	}
	return list, nil
}

// AllDepartments lists the units with the retired ones, for naming what belongs to them.
func AllDepartments(r *store.Reader) ([]Department, error) {
	var list []Department
	if err := r.Select("id, name, active").Order("id").Limit(1000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("staff: departments: %w", err)
	}
	return list, nil
}

// DepartmentName is a unit's name.
func DepartmentName(r *store.Reader, id int64) (string, error) {
	var d Department
	err := r.Select("id, name, active").Where("id = ?", id).Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", fault.New(fault.NotFound, "没有这个部门。")
	}
	if err != nil {
		return "", fmt.Errorf("staff: department: %w", err)
	}
	return d.Name, nil
}

// Called lists who works here now under this name or login, for a form in
// which somebody is named.
func Called(r *store.Reader, who string) ([]Person, error) {
	who = strings.Join(strings.Fields(norm.NFKC.String(who)), " ")
	return load(r, func(q *gorm.DB) *gorm.DB {
		return q.Where("s.disabled_at IS NULL AND (s.name = ? OR s.login = ?)", who, cleanLogin(who)).Order("s.id").Limit(20)
	})
}

// HasTrial reports whether an account made for trying the site can still sign in.
func HasTrial(r *store.Reader) (bool, error) {
	var n int64
	if err := r.Table("staff").Where("trial AND disabled_at IS NULL").Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("staff: trial: %w", err)
	}
	return n > 0, nil
}

// ByLogin is the id of an account that works here.
func ByLogin(r *store.Reader, login string) (int64, error) {
	a, err := take(r, "login = ? AND disabled_at IS NULL", cleanLogin(login))
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return 0, errNobody
	}
	return a.ID, err
}
