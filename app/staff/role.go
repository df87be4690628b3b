package staff

import (
	"slices"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/seal"
)

// Role is what a member of staff may do; norms.md fixes the identifiers.
type Role string

const (
	IntakeClerk         Role = "intake_clerk"
	Dispatcher          Role = "dispatcher"
	Liaison             Role = "liaison"
	Handler             Role = "handler"
	Reviewer            Role = "reviewer"
	Approver            Role = "approver"
	Supervisor          Role = "supervisor"
	Caller              Role = "caller"
	RectificationOffice Role = "rectification_office"
	DisciplineOfficer   Role = "discipline_officer"
	Custodian           Role = "custodian"
	Publisher           Role = "publisher"
	Leader              Role = "leader"
	SysAdmin            Role = "sys_admin"
	SecAdmin            Role = "sec_admin"
	AuditAdmin          Role = "audit_admin"
)

// system is the role of the program itself; it is not in Roles, so nobody can
// be given it.
const system Role = "*"

// Roles are all roles, in the order in which a case meets them.
var Roles = []Role{IntakeClerk, Dispatcher, Liaison, Handler, Reviewer, Approver, Supervisor, Caller,
	RectificationOffice, DisciplineOfficer, Custodian, Publisher, Leader, SysAdmin, SecAdmin, AuditAdmin}

var roleNames = map[Role]string{
	IntakeClerk: "登记员", Dispatcher: "分办员", Liaison: "部门联络员", Handler: "承办人", Reviewer: "审核人",
	Approver: "签发人", Supervisor: "督办员", Caller: "回访员", RectificationOffice: "整改办",
	DisciplineOfficer: "纪检专员", Custodian: "身份保管人", Publisher: "公开审核员", Leader: "院领导",
	SysAdmin: "系统管理员", SecAdmin: "安全管理员", AuditAdmin: "审计管理员",
}

// Name is the role's Chinese name.
func (r Role) Name() string { return roleNames[r] }

// ParseRoles reads a list such as "handler,liaison".
func ParseRoles(s string) ([]Role, error) {
	var roles []Role
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '，' || r == ' ' }) {
		roles = append(roles, Role(f))
	}
	return roles, CheckRoles(roles)
}

// CheckRoles refuses unknown roles and those that one person must not hold
// together: any two of the three administrators (norms.md, confidentiality 9),
// and the system or audit administrator with any other role, since every other
// role reads content.
func CheckRoles(roles []Role) error {
	if len(roles) == 0 {
		return fault.New(fault.Invalid, "请至少选择一个角色。")
	}
	for _, r := range roles {
		if r.Name() == "" {
			return fault.New(fault.Invalid, "没有“"+string(r)+"”这个角色，请从列表中选择。")
		}
	}
	var admins []string
	for _, r := range []Role{SysAdmin, SecAdmin, AuditAdmin} {
		if slices.Contains(roles, r) {
			admins = append(admins, r.Name())
		}
	}
	if len(admins) > 1 {
		return fault.New(fault.Invalid, strings.Join(admins, "、")+"不能由同一人担任，请分别设置账号。")
	}
	if slices.Contains(roles, DisciplineOfficer) && slices.Contains(roles, Custodian) {
		return fault.New(fault.Invalid, "办理举报的人不能保管举报人的身份：纪检专员和身份保管人要由两个人担任。")
	}
	for _, alone := range []Role{SysAdmin, AuditAdmin} {
		if slices.Contains(roles, alone) && slices.ContainsFunc(roles, func(r Role) bool { return r != alone }) {
			return fault.New(fault.Invalid, alone.Name()+"不得接触办件内容，不能兼任其他角色，请另设账号。")
		}
	}
	return nil
}

// normal is the roles once each in the order of Roles.
func normal(roles []Role) []Role {
	list := []Role{}
	for _, r := range Roles {
		if slices.Contains(roles, r) {
			list = append(list, r)
		}
	}
	return list
}

func join(roles []Role) string {
	s := make([]string, len(roles))
	for i, r := range roles {
		s[i] = string(r)
	}
	return strings.Join(s, ",")
}

// Hold is what somebody must do before they may do anything else.
type Hold string

const (
	HoldPassword Hold = "password" // change the one-time password
	HoldFactor   Hold = "factor"   // set up the second factor
)

// Actor is who acts: a signed-in member of staff, or System. Rooms ask it for
// permission; doors only hide buttons.
type Actor struct {
	ID           int64
	Login        string
	Name         string
	DepartmentID int64 // 0: none
	Department   string
	Roles        []Role
	SecondFactor bool // this session has passed the second factor
	Trial        bool // an account made by the first start
	Hold         Hold
	Session      []byte // the session's row key; it does not open the session

	sealed []byte   // their private key, as the session keeps it
	box    seal.Box // that opens it; from the cookie
}

// System acts for the program and for the commands of whoever runs it.
var System = Actor{Name: "系统", Roles: []Role{system}}

// Has reports whether the actor may act in the role.
func (a Actor) Has(r Role) bool {
	return a.Hold == "" && (slices.Contains(a.Roles, r) || slices.Contains(a.Roles, system))
}

// Require refuses whoever has none of the roles; without roles, whoever is not
// signed in.
func (a Actor) Require(roles ...Role) error {
	switch {
	case a.ID == 0 && !slices.Contains(a.Roles, system):
		return fault.New(fault.Unauthenticated, "请先登录。")
	case a.Hold == HoldPassword:
		return fault.New(fault.Forbidden, "您使用的是一次性密码，请先修改密码。")
	case a.Hold == HoldFactor:
		return fault.New(fault.Forbidden, "按规定须启用动态验证码，请先完成设置。")
	case len(roles) == 0 || slices.ContainsFunc(roles, a.Has):
		return nil
	}
	return fault.New(fault.Forbidden, "您没有办理此事的权限；如确需办理，请联系安全管理员调整角色。")
}
