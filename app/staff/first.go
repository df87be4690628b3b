package staff

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"gorm.io/gorm"

	"mingjing/app/seal"
	"mingjing/app/store"
)

// FirstAccount is a trial account, as first-accounts.txt lists it.
type FirstAccount struct {
	Role     Role
	Login    string
	Password string
	Actor    Actor // as signed in, with their private key, for what the first start does in their name
}

// firstDepartments are the units an empty database starts with.
var firstDepartments = []string{"立案庭", "刑事审判庭", "民事审判庭", "行政审判庭", "审判监督庭", "执行局", "审判管理办公室",
	"政治部", "机关党委", "办公室", "派驻纪检监察组", "整改工作办公室", "司法行政装备管理处", "信息技术处"}

var firstPlaces = map[Role]string{
	IntakeClerk: "立案庭", Dispatcher: "办公室", Liaison: "执行局", Handler: "执行局", Supervisor: "办公室", Caller: "立案庭", RectificationOffice: "整改工作办公室",
	DisciplineOfficer: "派驻纪检监察组", Custodian: "派驻纪检监察组", Publisher: "办公室",
	SysAdmin: "信息技术处", SecAdmin: "政治部", AuditAdmin: "机关党委", // leader, reviewer and approver are the whole court's
}

// EnsureFirst makes the first departments and a trial account for each role
// when there are no accounts at all, and returns their passwords, which last so
// that the trial can begin at once and are not kept. Otherwise it does nothing
// and returns an empty list, also to the loser when two instances start at once.
func (s *Service) EnsureFirst(ctx context.Context) ([]FirstAccount, error) {
	var n int64
	count := func(r *store.Reader) error { return r.Model(&account{}).Count(&n).Error }
	if err := s.db.Read(ctx, count); err != nil {
		return nil, fmt.Errorf("first accounts: %w", err)
	}
	list := []FirstAccount{}
	if n > 0 {
		return list, nil
	}
	hashes := map[Role]secret{}
	for _, role := range Roles {
		a := FirstAccount{Role: role, Login: string(role), Password: GeneratePassword()}
		runtime.GC() // each takes 64 MiB; without this sixteen of them take half a gigabyte
		hash, err := s.newHash(ctx, "", a.Password)
		if err != nil {
			return nil, fmt.Errorf("first accounts: %w", err)
		}
		list, hashes[role] = append(list, a), hash
	}
	errOthers := errors.New("another instance made them")
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := count(&tx.Reader); err != nil {
			return err
		}
		if n > 0 {
			return errOthers
		}
		ids := map[string]int64{}
		for _, name := range firstDepartments {
			d := Department{Name: name, Active: true}
			// A department may be there already, added before any account.
			err := tx.Where("name = ?", name).Select("id, name, active").Take(&d).Error
			if errors.Is(err, gorm.ErrRecordNotFound) {
				err = tx.Create(&d).Error
			}
			if err != nil {
				return err
			}
			ids[name] = d.ID
		}
		for i, a := range list {
			d := Draft{Login: a.Login, Name: a.Role.Name() + "（试用）", DepartmentID: ids[firstPlaces[a.Role]], Roles: []Role{a.Role}}
			id, own, err := insert(tx, System, d, hashes[a.Role], false, true)
			if err != nil {
				return err
			}
			box := seal.NewBox()
			list[i].Actor = Actor{ID: id, Login: d.Login, Name: d.Name, Roles: d.Roles, Trial: true, box: box, sealed: box.Wrap(sessionPlace(id), own)}
		}
		return nil
	})
	if errors.Is(err, errOthers) || errors.Is(err, gorm.ErrDuplicatedKey) {
		return []FirstAccount{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("first accounts: %w", err)
	}
	return list, nil
}
