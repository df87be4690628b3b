package desk

import (
	"fmt"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

func roleNames(roles []staff.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = r.Name()
	}
	return strings.Join(words, "、")
}

func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// Account shows a person's own account.
func (d *Doors) Account(c *door.Ctx) error {
	f, err := d.frame(c, "我的账号")
	if err != nil {
		return err
	}
	a := c.Actor
	p := view.AccountPage{Desk: f, Factor: a.SecondFactor,
		Facts:   []view.Answer{{Label: "姓名", Value: a.Name}, {Label: "登录名", Value: a.Login}, {Label: "部门", Value: or(a.Department, "—")}, {Label: "角色", Value: roleNames(a.Roles)}},
		SignOut: view.Form{Action: "/desk/account/sessions", CSRF: f.CSRF, Buttons: []view.Button{{Text: "退出所有设备"}}}}
	list, err := d.house.Cases.KeptTexts(c.Std(), a)
	if err != nil {
		return err
	}
	for _, x := range list {
		drop := dropForm(x.CaseID, f.CSRF)
		drop.Hidden = append(drop.Hidden, view.Hidden{Name: "from", Value: "account"})
		p.Kept = append(p.Kept, view.KeptText{Case: view.Link{Text: "来件 " + x.CaseNo, Href: fmt.Sprintf("/desk/cases/%d", x.CaseID)}, Body: x.Body, At: door.Moment(x.SavedAt), Drop: drop})
	}
	if a.SecondFactor {
		if p.Codes, err = d.house.Staff.RecoveryCodesLeft(c.Std(), a); err != nil {
			return err
		}
	}
	return c.Render(200, p)
}

// Password asks for a new password.
func (d *Doors) Password(c *door.Ctx) error { return d.passwordPage(c, 200, nil) }

func (d *Doors) passwordPage(c *door.Ctx, status int, wrong error) error {
	f, err := d.frame(c, "修改密码")
	if err != nil {
		return err
	}
	p := view.DeskFormPage{Desk: f, Heading: "修改密码"}
	if c.Actor.Hold == staff.HoldPassword {
		p.Lead = "您现在用的是一次性密码，改成自己的密码后才能继续。"
	}
	hint := "至少8位，含大写字母、小写字母、数字、符号中的三类；或者16位以上的长密码。"
	if staff.NeedsLong(c.Actor.Roles) {
		hint = "您的密码保护着举报的密钥，要16位以上。可以用这一个，请先抄在纸上：" + staff.GeneratePassword()
	}
	p.Form = view.Form{Action: "/desk/password", CSRF: f.CSRF, Fields: []view.Field{
		{Name: "old", Kind: "password", Label: "现在的密码", Required: true, Autocomplete: "current-password"},
		{Name: "new", Kind: "password", Label: "新密码", Required: true, Autocomplete: "new-password",
			Hint: hint},
		{Name: "repeat", Kind: "password", Label: "再输入一次新密码", Required: true, Autocomplete: "new-password"}},
		Buttons: []view.Button{{Text: "修改密码"}}}
	if wrong != nil {
		again(&p.Desk, &p.Form, nil, wrong)
	}
	return c.Render(status, p)
}

// ChangePassword replaces the person's own password.
func (d *Doors) ChangePassword(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	// What the new password lacks is said at the new one; the room's own
	// refusals are about the old one.
	field := "new"
	err = staff.CheckPasswordFor(c.Actor.Roles, c.Actor.Login, f.Get("new"))
	switch {
	case err != nil:
	case f.Get("new") != f.Get("repeat"):
		field, err = "repeat", fault.New(fault.Invalid, "两次输入的新密码不一样，请重新输入。")
	case f.Get("new") == f.Get("old"):
		err = fault.New(fault.Invalid, "新密码不能与原密码相同，请换一个。")
	default:
		field, err = "old", d.house.Staff.ChangePassword(c.Std(), c.Actor, f.Get("old"), f.Get("new"))
	}
	if x, ok := fault.As(err); ok && x.Kind == fault.Invalid {
		return d.passwordPage(c, 422, fault.Form([]fault.Field{{Name: field, Message: x.Message}}))
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk?done=password")
}

// Factor shows how to set up the second factor.
func (d *Doors) Factor(c *door.Ctx) error { return d.factorPage(c, 200, nil) }

func (d *Doors) enrolment(c *door.Ctx) (staff.Enrolment, error) {
	var site settings.Site
	err := c.Read(func(r *store.Reader) (err error) {
		site, err = settings.LoadSite(r)
		return err
	})
	if err != nil {
		return staff.Enrolment{}, err
	}
	return d.house.Staff.BeginFactor(c.Std(), c.Actor, site.Court+site.Name)
}

func (d *Doors) factorPage(c *door.Ctx, status int, wrong error) error {
	if c.Actor.SecondFactor {
		return c.SeeOther("/desk/account")
	}
	e, err := d.enrolment(c)
	if err != nil {
		return err
	}
	f, err := d.frame(c, "设置动态验证码")
	if err != nil {
		return err
	}
	p := view.FactorPage{Desk: f, Secret: e.Secret, Picture: "/desk/factor.png", Form: view.Form{Action: "/desk/factor", CSRF: f.CSRF,
		Fields:  []view.Field{{Name: "code", Label: "验证器里的6位数字", Required: true, Autocomplete: "one-time-code", Inputmode: "numeric", Width: "short"}},
		Buttons: []view.Button{{Text: "启用"}}}}
	if wrong != nil {
		again(&p.Desk, &p.Form, nil, wrong)
	}
	return c.Render(status, p)
}

// FactorPicture is the QR picture of the factor that is being set up.
func (d *Doors) FactorPicture(c *door.Ctx) error {
	if c.Actor.SecondFactor {
		return errNothing
	}
	e, err := d.enrolment(c)
	if err != nil {
		return err
	}
	c.Set("Content-Type", "image/png")
	c.Set("Cache-Control", "no-store")
	return c.Send(e.PNG)
}

// ConfirmFactor completes the set-up and shows the recovery codes, once.
func (d *Doors) ConfirmFactor(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	codes, err := d.house.Staff.ConfirmFactor(c.Std(), c.Actor, f.Get("code"))
	if x, ok := fault.As(err); ok && x.Kind == fault.Invalid {
		return d.factorPage(c, 422, fault.Form([]fault.Field{{Name: "code", Message: x.Message}}))
	}
	if err != nil {
		return err
	}
	frame, err := d.frame(c, "恢复码")
	if err != nil {
		return err
	}
	return c.Render(200, view.SecretPage{Desk: frame, Heading: "动态验证码已启用", Codes: codes,
		Lead: "请把下面的恢复码抄下或打印，放在安全的地方。手机不在身边时，用一个恢复码代替验证码，每个只能用一次。离开本页后不再显示。",
		Next: view.Link{Text: "我已经保存，继续", Href: "/desk"}})
}
