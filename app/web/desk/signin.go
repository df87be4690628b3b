package desk

import (
	"strconv"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Login asks for login and password, or for the code where those were right.
func (d *Doors) Login(c *door.Ctx) error {
	if _, err := d.house.Staff.Session(c.Std(), c.GetCookie(door.SessionCookie)); err == nil {
		return c.SeeOther(next(c.Query("next")))
	} else if !fault.Is(err, fault.Unauthenticated) {
		return err
	}
	return d.loginPage(c, 200, c.Query("step") == "code", c.Query("next"), nil, nil)
}

func (d *Doors) loginPage(c *door.Ctx, status int, code bool, to string, f *door.Form, wrong error) error {
	frame, err := d.frame(c, "登录")
	if err != nil {
		return err
	}
	p := view.DeskFormPage{Desk: frame, Heading: "工作人员登录", Lead: "本页供本院工作人员使用。反映问题、查询进度请回到公众网站。"}
	p.Path = "/desk/login"
	p.Form = view.Form{Action: "/desk/login", CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "next", Value: next(to)}},
		Fields: []view.Field{
			{Name: "login", Label: "登录名", Required: true, Autocomplete: "username"},
			{Name: "password", Kind: "password", Label: "密码", Required: true, Autocomplete: "current-password"}},
		Buttons: []view.Button{{Text: "登录"}}}
	if code {
		p.Heading, p.Lead = "输入验证码", "密码正确。请输入验证器应用里的6位数字；手机不在身边的，输入一个恢复码。"
		p.Form.Fields = []view.Field{{Name: "code", Label: "验证码", Required: true, Autocomplete: "one-time-code", Inputmode: "numeric", Width: "short"}}
		p.Form.Buttons[0].Text = "继续"
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
		for i := range p.Form.Fields {
			if p.Form.Fields[i].Name != "login" {
				p.Form.Fields[i].Value = "" // a secret never comes back
			}
		}
	}
	return c.Render(status, p)
}

// SignIn judges login and password, then the code where a second factor is set.
func (d *Doors) SignIn(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	to, code := f.Get("next"), f.Get("code")
	cookie, step := c.GetCookie(door.SessionCookie), !f.Has("login") && f.Has("code")
	if !step {
		var in staff.SignedIn
		if in, err = d.house.Staff.SignIn(c.Std(), f.Get("login"), f.Get("password")); err == nil {
			cookie, step = in.Cookie, in.NeedsCode
			c.SetCookie(door.SessionCookie, cookie, 0)
			if step && code == "" {
				return c.SeeOther("/desk/login" + query("step", "code", "next", next(to)))
			}
		}
	}
	if err == nil && step {
		if cookie, err = d.house.Staff.ConfirmCode(c.Std(), cookie, code); err == nil {
			c.SetCookie(door.SessionCookie, cookie, 0)
		}
	}
	switch x, ok := fault.As(err); {
	case err == nil:
		return c.SeeOther(next(to))
	case ok && x.Kind == fault.Invalid:
		return d.loginPage(c, 422, step, to, f, wrongField(step, x))
	case ok && x.Kind == fault.TooMany:
		c.Set("Retry-After", strconv.Itoa(int(x.RetryAfter.Seconds())+1))
		return d.loginPage(c, 429, step, to, f, wrongField(step, x))
	case ok && (x.Kind == fault.Unauthenticated || x.Kind == fault.Conflict) && step:
		return c.SeeOther("/desk/login" + query("next", next(to))) // the time between password and code is over
	}
	return err
}

// wrongField puts a refusal at the field that was typed.
func wrongField(code bool, x *fault.Fault) error {
	name := "login"
	if code {
		name = "code"
	}
	return fault.Form([]fault.Field{{Name: name, Message: x.Message}})
}

// SignOut ends the session.
func (d *Doors) SignOut(c *door.Ctx) error {
	if _, err := c.Form(); err != nil {
		return err
	}
	if err := d.house.Staff.SignOut(c.Std(), c.Token); err != nil {
		return err
	}
	c.SetCookie(door.SessionCookie, "", 0)
	return c.SeeOther("/desk/login")
}

// SignOutEverywhere ends all sessions of the person.
func (d *Doors) SignOutEverywhere(c *door.Ctx) error {
	if _, err := c.Form(); err != nil {
		return err
	}
	if err := d.house.Staff.SignOutEverywhere(c.Std(), c.Actor, c.Actor.ID); err != nil {
		return err
	}
	c.SetCookie(door.SessionCookie, "", 0)
	return c.SeeOther("/desk/login")
}
