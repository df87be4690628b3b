package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// People lists accounts and adds to them.
func (d *Doors) People(c *door.Ctx) error {
	return d.peoplePage(c, 200, func(*view.PeoplePage) {})
}

// roleFields are a tick for each role.
func roleFields(have []staff.Role) []view.Field {
	var out []view.Field
	for _, r := range staff.Roles {
		out = append(out, view.Field{Name: "role_" + string(r), Kind: view.Checkbox, Value: "1", Label: "角色：" + r.Name(), Checked: slices.Contains(have, r)})
	}
	return out
}

func rolesOf(f *door.Form) []staff.Role {
	var out []staff.Role
	for _, r := range staff.Roles {
		if f.Get("role_"+string(r)) != "" {
			out = append(out, r)
		}
	}
	return out
}

// firstRole puts a message about the roles at the first of their ticks.
func firstRole(err error) error {
	x, ok := fault.As(err)
	if !ok || x.Kind != fault.Invalid {
		return err
	}
	fields := slices.Clone(x.Fields)
	if len(fields) == 0 {
		fields = []fault.Field{{Name: "roles", Message: x.Message}}
	}
	for i := range fields {
		if fields[i].Name == "roles" {
			fields[i].Name = "role_" + string(staff.Roles[0])
		}
	}
	return fault.Form(fields)
}

// more says that a list goes on.
func more(all, shown int) string {
	if all > shown {
		return " 等"
	}
	return ""
}

func (d *Doors) peoplePage(c *door.Ctx, status int, change func(*view.PeoplePage)) error {
	after, _ := strconv.ParseInt(c.Query("after"), 10, 64)
	list, err := d.house.Staff.List(c.Std(), c.Actor, after, pageRows+1)
	if err != nil {
		return err
	}
	departments, err := d.house.Staff.Departments(c.Std())
	if err != nil {
		return err
	}
	var p view.PeoplePage
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "人员"); err != nil {
			return err
		}
		n, numbers, err := cases.Stranded(r)
		if n > 0 {
			p.Notices = append(p.Notices, view.Notice{Text: fmt.Sprintf("有 %s 件来件没有人能办：来件里写到了全部分办员和督办员，他们都要回避（编号 %s%s）。请给一位没有被写到的同志加上“分办员”角色。",
				view.Tally(n), strings.Join(numbers, "、"), more(n, len(numbers)))})
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Path = "/desk/people"
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = fmt.Sprintf("/desk/people?after=%d", list[pageRows-1].ID)
	}
	for _, x := range list {
		p.Rows = append(p.Rows, view.PersonRow{Href: fmt.Sprintf("/desk/people/%d", x.ID), Login: x.Login, Name: x.Name, Department: x.Department,
			Roles: roleNames(x.Roles), State: standing(x), Factor: x.Factor, Disabled: x.Disabled})
	}
	for _, u := range departments {
		p.Departments = append(p.Departments, view.DepartmentRow{Link: view.Link{Text: u.Name, Href: fmt.Sprintf("/desk/people/departments/%d", u.ID)}, Retired: !u.Active})
	}
	fields := append([]view.Field{
		{Name: "login", Label: "登录名", Required: true, Hint: "小写字母开头，2至32位。", Autocomplete: "off"},
		{Name: "name", Label: "姓名", Required: true, Autocomplete: "off"},
		{Name: "department", Kind: view.Select, Label: "部门", Choices: units(departments)}}, roleFields(nil)...)
	p.Acts = []view.Act{
		{Name: "add", Label: "添加人员", Lead: "系统给出一次性密码，本人第一次登录时修改。", Form: view.Form{Action: "/desk/people", CSRF: p.CSRF, Fields: names("add", fields...),
			Buttons: []view.Button{{Text: "添加"}}}},
		{Name: "department", Label: "添加部门", Form: view.Form{Action: "/desk/people/departments", CSRF: p.CSRF,
			Fields: names("department", view.Field{Name: "name", Label: "部门名称", Required: true}), Buttons: []view.Button{{Text: "添加部门"}}}},
	}
	change(&p)
	return c.Render(status, p)
}

// units are the departments that people can belong to.
func units(list []staff.Department) []view.Choice {
	out := []view.Choice{{Text: "不属于部门"}}
	for _, u := range list {
		if u.Active {
			out = append(out, view.Choice{Value: strconv.FormatInt(u.ID, 10), Text: u.Name})
		}
	}
	return out
}

func standing(x staff.Person) string {
	switch {
	case x.Disabled:
		return "已停用"
	case x.Trial:
		return "试用账号"
	case x.MustChange:
		return "一次性密码"
	}
	return "正常"
}

// AddPerson makes an account and shows its one-time password, once.
func (d *Doors) AddPerson(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	draft := staff.Draft{Login: f.Get("login"), Name: f.Get("name"), Roles: rolesOf(f)}
	if v := f.Get("department"); v != "" {
		if draft.DepartmentID, err = strconv.ParseInt(v, 10, 64); err != nil {
			err = fault.Form([]fault.Field{{Name: "department", Message: "没有这个部门，请从列表中选择。"}})
		}
	}
	var oneTime string
	if err == nil {
		_, oneTime, err = d.house.Staff.Add(c.Std(), c.Actor, draft)
	}
	if fault.Is(err, fault.Invalid) {
		return d.peoplePage(c, 422, func(p *view.PeoplePage) { reopen(&p.Desk, p.Acts, "add", f, firstRole(err)) })
	}
	if err != nil {
		return err
	}
	return d.oneTime(c, "账号已添加", f.Get("name"), f.Get("login"), oneTime, "/desk/people")
}

// oneTime shows a one-time password; it is kept nowhere.
func (d *Doors) oneTime(c *door.Ctx, heading, name, login, password, back string) error {
	f, err := d.frame(c, heading)
	if err != nil {
		return err
	}
	f.Path = "/desk/people"
	return c.Render(200, view.SecretPage{Desk: f, Heading: heading, Lead: "请把一次性密码当面交给本人。离开本页后不再显示，遗失了只能重置。",
		Facts: []view.Answer{{Label: "姓名", Value: name}, {Label: "登录名", Value: login}}, Codes: []string{password}, Next: view.Link{Text: "返回", Href: back}})
}

// AddDepartment makes a unit.
func (d *Doors) AddDepartment(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = d.house.Staff.AddDepartment(c.Std(), c.Actor, f.Get("name"))
	if x, ok := fault.As(err); ok && (x.Kind == fault.Invalid || x.Kind == fault.Conflict) {
		return d.peoplePage(c, 422, func(p *view.PeoplePage) {
			reopen(&p.Desk, p.Acts, "department", f, fault.Form([]fault.Field{{Name: "name", Message: x.Message}}))
		})
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/people?done=department")
}

// Department shows a unit and what can be done to it.
func (d *Doors) Department(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.departmentPage(c, 200, id, func(*view.PersonPage) {})
}

func (d *Doors) departmentPage(c *door.Ctx, status int, id int64, change func(*view.PersonPage)) error {
	list, err := d.house.Staff.Departments(c.Std())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(x staff.Department) bool { return x.ID == id })
	if at < 0 {
		return errNothing
	}
	x := list[at]
	f, err := d.frame(c, x.Name)
	if err != nil {
		return err
	}
	state := "使用中"
	if !x.Active {
		state = "已停用"
	}
	p := view.PersonPage{Desk: f, Heading: x.Name, Facts: []view.Answer{{Label: "状态", Value: state}}}
	p.Path = fmt.Sprintf("/desk/people/departments/%d", id)
	act := func(name, label, lead, button string, fields ...view.Field) {
		p.Acts = append(p.Acts, view.Act{Name: name, Label: label, Lead: lead, Form: view.Form{Action: p.Path + "/" + name, CSRF: p.CSRF,
			Fields: names(name, fields...), Buttons: []view.Button{{Text: button}}}})
	}
	act("rename", "修改名称", "已经发出的答复不变，以后显示新名称。", "保存名称", view.Field{Name: "name", Label: "部门名称", Value: x.Name, Required: true})
	if x.Active {
		act("retire", "停用部门", "停用后不能再选它；属于它的人员和来件不变，请另行调整、改派。", "停用部门")
	} else {
		act("restore", "恢复部门", "恢复后又可以选它。", "恢复部门")
	}
	change(&p)
	return c.Render(status, p)
}

// ChangeDepartment does one thing to a unit: the last part of the address says which.
func (d *Doors) ChangeDepartment(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	s, ctx, a, act := d.house.Staff, c.Std(), c.Actor, c.Params("act")
	switch act {
	case "rename":
		err = s.RenameDepartment(ctx, a, id, f.Get("name"))
	case "retire":
		err = s.RetireDepartment(ctx, a, id)
	case "restore":
		err = s.RestoreDepartment(ctx, a, id)
	default:
		return errNothing
	}
	if x, ok := fault.As(err); ok && (x.Kind == fault.Invalid || x.Kind == fault.Conflict) {
		return d.departmentPage(c, 422, id, func(p *view.PersonPage) {
			reopen(&p.Desk, p.Acts, act, f, fault.Form([]fault.Field{{Name: "name", Message: x.Message}}))
		})
	}
	if err != nil {
		return err
	}
	if act == "restore" {
		act = "restore_department" // a case is restored in other words
	}
	return c.SeeOther(fmt.Sprintf("/desk/people/departments/%d?done=%s", id, act))
}

// Person shows one account and what can be done to it.
func (d *Doors) Person(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.personPage(c, 200, id, func(*view.PersonPage) {})
}

func (d *Doors) personPage(c *door.Ctx, status int, id int64, change func(*view.PersonPage)) error {
	x, err := d.house.Staff.Get(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	departments, err := d.house.Staff.Departments(c.Std())
	if err != nil {
		return err
	}
	f, err := d.frame(c, x.Name)
	if err != nil {
		return err
	}
	factor := "未启用"
	if x.Factor {
		factor = "已启用"
	}
	p := view.PersonPage{Desk: f, Heading: x.Name, Own: id == c.Actor.ID, Facts: []view.Answer{{Label: "登录名", Value: x.Login}, {Label: "部门", Value: or(x.Department, "—")},
		{Label: "角色", Value: roleNames(x.Roles)}, {Label: "动态验证码", Value: factor}, {Label: "状态", Value: standing(x)}, {Label: "建立", Value: door.Moment(x.CreatedAt).String()}}}
	p.Path = fmt.Sprintf("/desk/people/%d", id)
	act := func(name, label, lead, button string, fields ...view.Field) {
		p.Acts = append(p.Acts, view.Act{Name: name, Label: label, Lead: lead, Form: view.Form{Action: fmt.Sprintf("/desk/people/%d/%s", id, name), CSRF: p.CSRF,
			Fields: names(name, fields...), Buttons: []view.Button{{Text: button}}}})
	}
	if !p.Own {
		department := ""
		if x.DepartmentID > 0 {
			department = strconv.FormatInt(x.DepartmentID, 10)
		}
		choices := units(departments)
		if !slices.ContainsFunc(choices, func(u view.Choice) bool { return u.Value == department }) {
			choices = append(choices, view.Choice{Value: department, Text: x.Department + "（已停用）"})
		}
		act("change", "修改姓名和部门", "保存后，这个账号的登录全部退出。", "保存姓名和部门", view.Field{Name: "name", Label: "姓名", Value: x.Name, Required: true, Autocomplete: "off"},
			view.Field{Name: "department", Kind: view.Select, Label: "部门", Value: department, Choices: choices})
		email, err := d.house.Staff.Email(c.Std(), c.Actor, id)
		if err != nil {
			return err
		}
		act("email", "修改通知邮箱", "只用来发“请登录查看”的提醒，邮件里没有工作内容；别处都不显示。留空就不发。", "保存邮箱",
			view.Field{Name: "email", Kind: view.Email, Label: "通知邮箱", Value: email, Autocomplete: "off"})
		act("roles", "修改角色", "系统、安全、审计三员不能由一人兼任；系统管理员和审计管理员不兼任其他角色。", "保存角色", roleFields(x.Roles)...)
		reset := "给出一次性密码，并退出这个账号的所有登录。"
		if slices.ContainsFunc(x.Roles, func(r staff.Role) bool { return r == staff.DisciplineOfficer || r == staff.Custodian }) {
			reset += "此人的密码锁着打开举报的密钥：重置以后他打不开以前的举报，名单要重新签，要用两份恢复函恢复（portal keys recover）。确实忘了密码才重置。"
		}
		act("password", "重置密码", reset, "重置密码")
		if x.Factor {
			act("factor", "重置动态验证码", "手机遗失时使用。本人下次登录后重新设置，恢复码一并作废。", "重置动态验证码")
		}
		act("sessions", "退出所有登录", "", "退出这个账号的所有登录")
		if x.Disabled {
			act("enable", "恢复账号", "恢复后用原来的密码登录。", "恢复账号")
		} else {
			act("disable", "停用账号", "停用后不能登录，已有的登录立即退出；经手的记录保留。", "停用账号")
		}
	}
	change(&p)
	return c.Render(status, p)
}

// ChangePerson does one thing to an account: the last part of the address says which.
func (d *Doors) ChangePerson(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	s, ctx, a, act := d.house.Staff, c.Std(), c.Actor, c.Params("act")
	switch act {
	case "change":
		department, e := strconv.ParseInt(or(f.Get("department"), "0"), 10, 64)
		if e != nil {
			department = -1 // the room knows no such department
		}
		err = s.Change(ctx, a, id, f.Get("name"), department)
	case "email":
		err = s.SetEmail(ctx, a, id, f.Get("email"))
	case "roles":
		err = firstRole(s.SetRoles(ctx, a, id, rolesOf(f)))
	case "password":
		var x staff.Person
		if x, err = s.Get(ctx, a, id); err != nil {
			return err
		}
		oneTime, err := s.ResetPassword(ctx, a, id)
		if err != nil {
			return err
		}
		return d.oneTime(c, "密码已重置", x.Name, x.Login, oneTime, fmt.Sprintf("/desk/people/%d", id))
	case "factor":
		err = s.ResetFactor(ctx, a, id)
	case "sessions":
		err = s.SignOutEverywhere(ctx, a, id)
	case "enable":
		err = s.Enable(ctx, a, id)
	case "disable":
		err = s.Disable(ctx, a, id)
	default:
		return errNothing
	}
	switch {
	case fault.Is(err, fault.Invalid):
		return d.personPage(c, 422, id, func(p *view.PersonPage) { reopen(&p.Desk, p.Acts, act, f, err) })
	case fault.Is(err, fault.Conflict):
		return d.personPage(c, 409, id, func(p *view.PersonPage) { reopen(&p.Desk, p.Acts, act, f, err) })
	case err != nil:
		return err
	}
	return c.SeeOther(fmt.Sprintf("/desk/people/%d?done=%s", id, act))
}
