// Package staff knows who works here: accounts, departments, roles, passwords,
// the second factor and sessions, and from a session makes the Actor whom every
// room above asks for permission.
//
// It trusts the pepper, which is kept apart from the database: without it the
// database opens neither a password, nor a second factor, nor a session. It
// must never tell a visitor whether a login exists, and never write a password,
// a code or a session's cookie to the journal, an error or a log.
package staff

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/seal"
	"mingjing/app/staff/internal/price"
	"mingjing/app/store"
)

// Service keeps the staff.
type Service struct {
	db             *store.DB
	pepper         []byte
	factorRequired bool
	cost           cost
	slots, queue   chan struct{}
	strangers      []byte // the key that hides logins which nobody has
	sessions       []byte // the key that sessions' rows are known by
	leaving        func(tx *store.Tx, id int64, lost []Role) error
	renaming       func(tx *store.Tx, department int64) ([]logbook.Text, error)
}

// Leaving sets who is asked before somebody loses roles or their account: a room
// above, where something may open with their key alone. Set it before use.
func (s *Service) Leaving(ask func(tx *store.Tx, id int64, lost []Role) error) { s.leaving = ask }

// Renaming sets who says what the public reads otherwise once a unit has another
// name: a room above. Set it before use.
func (s *Service) Renaming(ask func(tx *store.Tx, department int64) ([]logbook.Text, error)) {
	s.renaming = ask
}

// New makes the service. The pepper is the secret kept apart from the database;
// factorRequired keeps staff without a second factor from doing anything else.
func New(db *store.DB, pepper []byte, factorRequired bool) *Service {
	if len(pepper) < 16 {
		panic("staff: the pepper is shorter than 16 bytes")
	}
	strangers, err := hkdf.Key(sha256.New, pepper, nil, "mingjing staff unknown logins", 32)
	if err != nil {
		panic("staff: " + err.Error()) // only for a length that SHA-256 cannot give
	}
	sessions, err := hkdf.Key(sha256.New, pepper, nil, "mingjing staff sessions", 32)
	if err != nil {
		panic("staff: " + err.Error())
	}
	charge := fullCost
	if price.Cheap {
		charge = cheapCost
	}
	return &Service{db: db, pepper: slices.Clone(pepper), factorRequired: factorRequired, cost: charge, strangers: strangers, sessions: sessions,
		slots: make(chan struct{}, hashing), queue: make(chan struct{}, waiting)}
}

type account struct {
	ID              int64
	Login           string
	Name            string
	DepartmentID    *int64
	PasswordHash    string
	MustChange      bool
	TotpSecret      string
	TotpConfirmedAt *time.Time
	TotpStep        int64
	DisabledAt      *time.Time
	Failures        int
	LockedUntil     *time.Time
	Trial           bool
	CreatedAt       time.Time
	Version         int
}

func (account) TableName() string { return "staff" }

const accountColumns = "id, login, name, department_id, password_hash, must_change, totp_secret, totp_confirmed_at, totp_step, " +
	"disabled_at, failures, locked_until, trial, created_at, version"

type roleRow struct {
	StaffID int64
	Role    Role
}

func (roleRow) TableName() string { return "staff_roles" }

// Department is a unit of the court.
type Department struct {
	ID     int64
	Name   string
	Active bool
}

// Person is a member of staff as others see them.
type Person struct {
	ID           int64
	Login        string
	Name         string
	DepartmentID int64 // 0: none
	Department   string
	Roles        []Role `gorm:"-"`
	Factor       bool   // has set up the second factor
	MustChange   bool   // has a one-time password
	Disabled     bool
	Trial        bool
	CreatedAt    time.Time
}

// load reads people and their roles; narrow adds conditions, order and limit.
func load(r *store.Reader, narrow func(*gorm.DB) *gorm.DB) ([]Person, error) {
	people := []Person{}
	q := r.Table("staff s").Joins("LEFT JOIN departments d ON d.id = s.department_id").
		Select("s.id, s.login, s.name, COALESCE(s.department_id, 0) AS department_id, COALESCE(d.name, '') AS department, " +
			"s.totp_confirmed_at IS NOT NULL AS factor, s.must_change, s.disabled_at IS NOT NULL AS disabled, s.trial, s.created_at")
	if err := narrow(q).Scan(&people).Error; err != nil {
		return nil, fmt.Errorf("staff: load: %w", err)
	}
	ids, at := []int64{}, map[int64]int{}
	for i, p := range people {
		ids, at[p.ID] = append(ids, p.ID), i
	}
	var rows []roleRow
	if err := r.Select("staff_id, role").Where("staff_id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("staff: load roles: %w", err)
	}
	for _, row := range rows {
		p := &people[at[row.StaffID]]
		p.Roles = append(p.Roles, row.Role)
	}
	for i := range people {
		people[i].Roles = normal(people[i].Roles)
	}
	return people, nil
}

var errNobody = fault.New(fault.NotFound, "没有这个账号，请返回人员列表核对。")

// Find reads one member of staff for a room's transaction.
func Find(r *store.Reader, id int64) (Person, error) {
	list, err := load(r, func(q *gorm.DB) *gorm.DB { return q.Where("s.id = ?", id) })
	if err != nil {
		return Person{}, err
	}
	if len(list) == 0 {
		return Person{}, errNobody
	}
	return list[0], nil
}

// Holding lists who may act in a role now, of one department or (0) of all.
func Holding(r *store.Reader, role Role, department int64) ([]Person, error) {
	return load(r, func(q *gorm.DB) *gorm.DB {
		q = q.Joins("JOIN staff_roles sr ON sr.staff_id = s.id AND sr.role = ?", role).Where("s.disabled_at IS NULL")
		if department > 0 {
			q = q.Where("s.department_id = ?", department)
		}
		return q.Order("s.id").Limit(500)
	})
}

// Reachable lists the ids of who may act in a role of a department and has left
// an address for mail.
func Reachable(r *store.Reader, role Role, department int64) (ids []int64, err error) {
	err = r.Table("staff s").Joins("JOIN staff_roles sr ON sr.staff_id = s.id AND sr.role = ?", role).
		Where("s.department_id = ? AND s.disabled_at IS NULL AND s.email <> ''", department).Order("s.id").Limit(500).Pluck("s.id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("staff: reachable: %w", err)
	}
	return ids, nil
}

// HasMail says that somebody who works here has left an address for mail.
func HasMail(r *store.Reader, id int64) (bool, error) {
	var n int64
	err := r.Table("staff").Where("id = ? AND email <> '' AND disabled_at IS NULL", id).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("staff: reachable: %w", err)
	}
	return n > 0, nil
}

// Get reads one member of staff.
func (s *Service) Get(ctx context.Context, actor Actor, id int64) (p Person, err error) {
	if err := actor.Require(SecAdmin, SysAdmin, AuditAdmin); err != nil {
		return Person{}, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		p, err = Find(r, id)
		return err
	})
	return p, err
}

// List reads at most limit people whose id is above after, in order of id.
func (s *Service) List(ctx context.Context, actor Actor, after int64, limit int) (list []Person, err error) {
	if err := actor.Require(SecAdmin, SysAdmin, AuditAdmin); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		list, err = load(r, func(q *gorm.DB) *gorm.DB { return q.Where("s.id > ?", after).Order("s.id").Limit(limit) })
		return err
	})
	return list, err
}

// Departments lists the court's units in the order they were made.
func (s *Service) Departments(ctx context.Context) (list []Department, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Select("id, name, active").Order("id").Limit(1000).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("staff: departments: %w", err)
	}
	return list, nil
}

// AddDepartment makes a unit.
func (s *Service) AddDepartment(ctx context.Context, actor Actor, name string) (int64, error) {
	if err := actor.Require(SecAdmin); err != nil {
		return 0, err
	}
	name, err := departmentName(name)
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		d := Department{Name: name, Active: true}
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		id = d.ID
		return journal.Append(tx, whoIsHere(event(actor, "department.add", "department", d.ID, journal.Change{Field: "name", New: name})))
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return 0, errSameName
	}
	if err != nil {
		return 0, fmt.Errorf("staff: add department: %w", err)
	}
	return id, nil
}

var (
	errSameName     = fault.New(fault.Conflict, "已有同名的部门，请直接使用。")
	errNoDepartment = fault.New(fault.NotFound, "没有这个部门，请返回人员页面核对。")
)

func departmentName(name string) (string, error) {
	name = strings.Join(strings.Fields(norm.NFKC.String(name)), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > 50 {
		return "", fault.New(fault.Invalid, "请填写部门名称，不超过 50 个字。")
	}
	return name, nil
}

// RenameDepartment gives a unit another name; what it did stays its own.
func (s *Service) RenameDepartment(ctx context.Context, actor Actor, id int64, name string) error {
	if err := actor.Require(SecAdmin); err != nil {
		return err
	}
	name, err := departmentName(name)
	if err != nil {
		return err
	}
	return s.changeDepartment(ctx, actor, id, "department.rename", func(d Department) (journal.Change, string, any) {
		return journal.Change{Field: "name", Old: d.Name, New: name}, "name", name
	})
}

// RetireDepartment keeps a unit from being chosen for people and cases; who and
// what belongs to it stays. RestoreDepartment takes that back.
func (s *Service) RetireDepartment(ctx context.Context, actor Actor, id int64) error {
	return s.setActive(ctx, actor, id, "department.retire", false)
}

// RestoreDepartment lets a retired unit be chosen again.
func (s *Service) RestoreDepartment(ctx context.Context, actor Actor, id int64) error {
	return s.setActive(ctx, actor, id, "department.restore", true)
}

func (s *Service) setActive(ctx context.Context, actor Actor, id int64, verb string, active bool) error {
	word := map[bool]string{true: "yes", false: "no"}
	return s.changeDepartment(ctx, actor, id, verb, func(d Department) (journal.Change, string, any) {
		return journal.Change{Field: "active", Old: word[d.Active], New: word[active]}, "active", active
	})
}

// changeDepartment changes one column of a unit. A change to what it is already
// is none, and nothing is recorded.
func (s *Service) changeDepartment(ctx context.Context, actor Actor, id int64, verb string, f func(Department) (c journal.Change, column string, value any)) error {
	if err := actor.Require(SecAdmin); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var d Department
		err := tx.Select("id, name, active").Where("id = ?", id).Take(&d).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNoDepartment
		}
		if err != nil {
			return err
		}
		c, column, value := f(d)
		if c.Old == c.New {
			return nil
		}
		if err := tx.Model(&Department{}).Where("id = ?", id).Update(column, value).Error; err != nil {
			return err
		}
		e := whoIsHere(event(actor, verb, "department", id, c))
		if s.renaming != nil {
			if e.Texts, err = s.renaming(tx, id); err != nil {
				return err
			}
		}
		return journal.Append(tx, e)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errSameName
	}
	if err != nil {
		return fmt.Errorf("staff: %s: %w", verb, err)
	}
	return nil
}

func event(a Actor, verb, subject string, id int64, changes ...journal.Change) journal.Event {
	return journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: subject, SubjectID: id, Changes: changes}
}

// whoIsHere makes a change of people or departments advance the revision: pages
// say as long as trial accounts work, and rooms remember the names of people and
// departments for as long as the revision stands.
func whoIsHere(e journal.Event) journal.Event {
	e.Public = true
	return e
}

// Draft is an account to be made.
type Draft struct {
	Login        string
	Name         string
	DepartmentID int64 // 0: none
	Roles        []Role
	Password     string // empty: a one-time password is made
}

var loginForm = regexp.MustCompile(`^[a-z][a-z0-9_.-]{1,31}$`)

func cleanLogin(login string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(login)))
}

// Add makes an account. Without a password in the draft it returns a one-time
// password, which must be changed at the first sign-in and is not kept.
func (s *Service) Add(ctx context.Context, actor Actor, d Draft) (id int64, oneTime string, err error) {
	if err := actor.Require(SecAdmin); err != nil {
		return 0, "", err
	}
	d.Login, d.Name = cleanLogin(d.Login), strings.TrimSpace(d.Name)
	var bad []fault.Field
	if !loginForm.MatchString(d.Login) {
		bad = append(bad, fault.Field{Name: "login", Message: "登录名以字母开头，由 2 至 32 位小写字母、数字、点、横线或下划线组成。"})
	}
	if n := utf8.RuneCountInString(d.Name); n == 0 || n > 50 {
		bad = append(bad, fault.Field{Name: "name", Message: "请填写姓名，不超过 50 个字。"})
	}
	if err := CheckRoles(d.Roles); err != nil {
		bad = append(bad, fault.Field{Name: "roles", Message: err.Error()})
	}
	chosen := d.Password != ""
	if !chosen {
		oneTime = GeneratePassword()
		d.Password = oneTime
	} else if err := CheckPasswordFor(d.Roles, d.Login, d.Password); err != nil {
		bad = append(bad, fault.Field{Name: "password", Message: err.Error()})
	}
	if err := fault.Form(bad); err != nil {
		return 0, "", err
	}
	hash, err := s.newHash(ctx, d.Login, d.Password)
	if err != nil {
		return 0, "", err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		id, _, err = insert(tx, actor, d, hash, !chosen, false)
		return err
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return 0, "", fault.Form([]fault.Field{{Name: "login", Message: "这个登录名已有人使用，请换一个。"}})
	}
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return 0, "", fault.Form([]fault.Field{{Name: "department", Message: "没有这个部门，请从列表中选择。"}})
	}
	if err != nil {
		return 0, "", fmt.Errorf("staff: add: %w", err)
	}
	return id, oneTime, nil
}

func insert(tx *store.Tx, actor Actor, d Draft, hash secret, mustChange, trial bool) (int64, *seal.Private, error) {
	a := account{Login: d.Login, Name: d.Name, PasswordHash: hash.stored, MustChange: mustChange, Trial: trial, CreatedAt: tx.Now, Version: 1}
	if d.DepartmentID > 0 {
		a.DepartmentID = &d.DepartmentID
	}
	if err := tx.Create(&a).Error; err != nil {
		return 0, nil, err
	}
	roles := normal(d.Roles)
	if err := setRoles(tx, a.ID, roles); err != nil {
		return 0, nil, err
	}
	own, key, err := makeKey(tx, a.ID, hash.box, "")
	if err != nil {
		return 0, nil, err
	}
	return a.ID, own, journal.Append(tx, whoIsHere(event(actor, "staff.add", "staff", a.ID,
		journal.Change{Field: "login", New: d.Login}, journal.Change{Field: "roles", New: join(roles)}, key)))
}

func setRoles(tx *store.Tx, id int64, roles []Role) error {
	if err := tx.Where("staff_id = ?", id).Delete(&roleRow{}).Error; err != nil {
		return err
	}
	rows := make([]roleRow, len(roles))
	for i, r := range roles {
		rows[i] = roleRow{id, r}
	}
	return tx.Create(&rows).Error
}

// SetRoles replaces a person's roles; nobody sets their own.
func (s *Service) SetRoles(ctx context.Context, actor Actor, id int64, roles []Role) error {
	if err := CheckRoles(roles); err != nil {
		return err
	}
	roles = normal(roles)
	return s.change(ctx, actor, id, "staff.roles", func(tx *store.Tx, p Person) ([]journal.Change, error) {
		var lost []Role
		for _, r := range p.Roles {
			if !slices.Contains(roles, r) {
				lost = append(lost, r)
			}
		}
		if slices.Equal(p.Roles, roles) {
			return nil, nil
		}
		if !p.Disabled {
			if err := s.keepLast(tx, id, lost); err != nil {
				return nil, err
			}
		}
		changes := []journal.Change{{Field: "roles", Old: join(p.Roles), New: join(roles)}}
		if NeedsLong(roles) && !NeedsLong(p.Roles) {
			// What they have may be short, and their key lies under it: they get another under a long one.
			err := errors.Join(tx.Model(&account{}).Where("id = ?", id).Update("must_change", true).Error,
				tx.Model(&keyRow{}).Where("staff_id = ? AND ended_at IS NULL", id).Updates(map[string]any{"ended_at": tx.Now, "why": "role"}).Error)
			if err = errors.Join(err, endSessions(tx, id, nil)); err != nil {
				return nil, err
			}
			changes = append(changes, journal.Change{Field: "password", New: "must change"})
		}
		return changes, setRoles(tx, id, roles)
	})
}

// Change corrects a person's name and moves them to a department (0: to none).
// Their sessions end, since an open one goes on with the old department's cases.
func (s *Service) Change(ctx context.Context, actor Actor, id int64, name string, department int64) error {
	name = strings.Join(strings.Fields(norm.NFKC.String(name)), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > 50 {
		return fault.Form([]fault.Field{{Name: "name", Message: "请填写姓名，不超过 50 个字。"}})
	}
	return s.change(ctx, actor, id, "staff.change", func(tx *store.Tx, p Person) ([]journal.Change, error) {
		var changes []journal.Change
		set := map[string]any{}
		if name != p.Name {
			set["name"] = name
			changes = append(changes, journal.Change{Field: "name", Old: p.Name, New: name})
		}
		if department != p.DepartmentID {
			to := Department{}
			set["department_id"] = nil
			if department != 0 {
				err := tx.Select("id, name, active").Where("id = ? AND active", department).Take(&to).Error
				if errors.Is(err, gorm.ErrRecordNotFound) {
					return nil, fault.Form([]fault.Field{{Name: "department", Message: "没有这个部门，请从列表中选择。"}})
				}
				if err != nil {
					return nil, err
				}
				set["department_id"] = department
			}
			changes = append(changes, journal.Change{Field: "place", Old: p.Department, New: to.Name})
		}
		if len(changes) == 0 {
			return nil, nil
		}
		if err := tx.Model(&account{}).Where("id = ?", id).Updates(set).Error; err != nil {
			return nil, err
		}
		return changes, endSessions(tx, id, nil)
	})
}

// SetEmail changes where the program's notices to this person go; empty: nowhere.
// The address is shown to nobody but the security administrator, and the trail
// tells only that it changed.
func (s *Service) SetEmail(ctx context.Context, actor Actor, id int64, email string) error {
	email = strings.TrimSpace(norm.NFKC.String(email))
	if x, err := mail.ParseAddress(email); email != "" && (err != nil || x.Address != email || len(email) > 254) {
		return fault.Form([]fault.Field{{Name: "email", Message: "邮箱地址不完整，请按 name@example.cn 的样子填写；不用的话留空。"}})
	}
	return s.change(ctx, actor, id, "staff.email", func(tx *store.Tx, _ Person) ([]journal.Change, error) {
		done := tx.Model(&account{}).Where("id = ? AND email <> ?", id, email).Update("email", email)
		if done.Error != nil || done.RowsAffected == 0 {
			return nil, done.Error
		}
		return []journal.Change{{Field: "email"}}, nil
	})
}

// Email is where notices to a person go, for the security administrator.
func (s *Service) Email(ctx context.Context, actor Actor, id int64) (string, error) {
	if err := actor.Require(SecAdmin); err != nil {
		return "", err
	}
	return s.email(ctx, "id = ?", id)
}

// MailAddress is where the courier sends a notice, read at the moment of sending;
// empty for who has none or works here no longer.
func (s *Service) MailAddress(ctx context.Context, id int64) (string, error) {
	return s.email(ctx, "id = ? AND disabled_at IS NULL", id)
}

func (s *Service) email(ctx context.Context, where string, id int64) (email string, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Model(&account{}).Select("email").Where(where, id).Limit(1).Scan(&email).Error
	})
	if err != nil {
		return "", fmt.Errorf("staff: mail address: %w", err)
	}
	return email, nil
}

// Disable ends an account: it can no longer sign in, and its sessions end. The
// rows stay, since the trail names the person.
func (s *Service) Disable(ctx context.Context, actor Actor, id int64) error {
	return s.change(ctx, actor, id, "staff.disable", func(tx *store.Tx, p Person) ([]journal.Change, error) {
		if p.Disabled {
			return nil, nil
		}
		if err := s.keepLast(tx, id, p.Roles); err != nil {
			return nil, err
		}
		if err := tx.Model(&account{}).Where("id = ?", id).Update("disabled_at", tx.Now).Error; err != nil {
			return nil, err
		}
		return []journal.Change{{Field: "active", Old: "yes", New: "no"}}, endSessions(tx, id, nil)
	})
}

// Enable lets a disabled account sign in again, with its old password.
func (s *Service) Enable(ctx context.Context, actor Actor, id int64) error {
	return s.change(ctx, actor, id, "staff.enable", func(tx *store.Tx, p Person) ([]journal.Change, error) {
		if !p.Disabled {
			return nil, nil
		}
		return []journal.Change{{Field: "active", Old: "no", New: "yes"}},
			tx.Model(&account{}).Where("id = ?", id).Updates(map[string]any{"disabled_at": nil, "failures": 0, "locked_until": nil}).Error
	})
}

// ResetPassword gives a person a one-time password, ends their sessions and any
// wait, and returns it; it is not kept.
func (s *Service) ResetPassword(ctx context.Context, actor Actor, id int64) (string, error) {
	if err := actor.Require(SecAdmin); err != nil {
		return "", err
	}
	oneTime := GeneratePassword()
	hash, err := s.newHash(ctx, "", oneTime)
	if err != nil {
		return "", err
	}
	err = s.change(ctx, actor, id, "staff.password.reset", func(tx *store.Tx, _ Person) ([]journal.Change, error) {
		err := tx.Model(&account{}).Where("id = ?", id).Updates(map[string]any{
			"password_hash": hash.stored, "must_change": true, "failures": 0, "locked_until": nil}).Error
		if err != nil {
			return nil, err
		}
		// What was sealed to the old key is opened by others: without the password nobody can.
		_, key, err := makeKey(tx, id, hash.box, "password reset")
		if err != nil {
			return nil, err
		}
		return []journal.Change{{Field: "password"}, key}, endSessions(tx, id, nil)
	})
	if err != nil {
		return "", err
	}
	return oneTime, nil
}

// change is a security administrator's change to somebody else's account. No
// changes returned means that nothing had to be done, and nothing is recorded.
func (s *Service) change(ctx context.Context, actor Actor, id int64, verb string, f func(*store.Tx, Person) ([]journal.Change, error)) error {
	if err := actor.Require(SecAdmin); err != nil {
		return err
	}
	if id == actor.ID {
		return fault.New(fault.Forbidden, "不能变更自己的账号，请由另一位安全管理员办理。")
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		p, err := Find(&tx.Reader, id)
		if err != nil {
			return err
		}
		changes, err := f(tx, p)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := tx.Model(&account{}).Where("id = ?", id).Update("version", gorm.Expr("version + 1")).Error; err != nil {
			return err
		}
		return journal.Append(tx, whoIsHere(event(actor, verb, "staff", id, changes...)))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

// keepLast refuses to take from id a role that nobody else would hold: without
// a security administrator no account could be mended, and without discipline
// officers and custodians sealed reports could not be read.
func (s *Service) keepLast(tx *store.Tx, id int64, lost []Role) error {
	for _, role := range []Role{SecAdmin, DisciplineOfficer, Custodian} {
		if !slices.Contains(lost, role) {
			continue
		}
		q := tx.Table("staff s").Select("s.id").Joins("JOIN staff_roles sr ON sr.staff_id = s.id").
			Where("sr.role = ? AND s.disabled_at IS NULL", role).Order("s.id")
		if tx.Dialect() == store.Postgres {
			// Two who disable each other must meet: each locks both.
			q = q.Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "s"}})
		}
		var holders []int64
		if err := q.Scan(&holders).Error; err != nil {
			return err
		}
		if len(holders) == 1 && holders[0] == id {
			return fault.New(fault.Conflict, "这是最后一位"+role.Name()+"，请先为其他人设置该角色。")
		}
	}
	if s.leaving != nil && len(lost) > 0 {
		return s.leaving(tx, id, lost)
	}
	return nil
}
