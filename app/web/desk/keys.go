package desk

import (
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Keys lists with which keys other systems hand in cases.
func (d *Doors) Keys(c *door.Ctx) error { return d.keysPage(c, 200, func(*view.RegisterPage) {}) }

func (d *Doors) keysPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	list, err := d.house.Staff.Keys(c.Std(), c.Actor, 200)
	if err != nil {
		return err
	}
	p := view.RegisterPage{Heading: "接口密钥", Columns: []string{"系统", "发放", "最近使用", "情况"}, Empty: "还没有发放密钥。要接入热线系统，请先“发放密钥”。",
		Lead: "热线等系统凭密钥交来件、查进度，看不到任何来件的内容。", Links: []view.Link{{Text: "接口说明（OpenAPI 3.1）", Href: "/api/v1/openapi.json"}}}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/settings/keys"
	var living []view.Choice
	for _, k := range list {
		used := "没有用过"
		if k.UsedAt != nil {
			used = door.Moment(*k.UsedAt).String()
		}
		row := view.RegisterRow{Name: k.Name, Standing: view.Due{Words: "在用", Class: "good"}, Cells: []view.RegisterCell{
			{Column: "发放", Text: calendar.Of(k.CreatedAt).Chinese() + " " + k.CreatedName}, {Column: "最近使用", Text: used}}}
		if k.EndedAt != nil {
			row.Standing = view.Due{Words: calendar.Of(*k.EndedAt).Chinese() + "由" + k.EndedName + "停用", Class: "half"}
		} else {
			living = append(living, view.Choice{Value: strconv.FormatInt(k.ID, 10), Text: k.Name})
		}
		p.Rows = append(p.Rows, row)
	}
	p.Acts = []view.Act{{Name: "add", Label: "发放密钥", Lead: "每个系统一个，丢失了只能停用再发。", Form: view.Form{Action: p.Path, CSRF: p.CSRF,
		Fields: names("add", view.Field{Name: "name", Label: "系统名称", Required: true, Hint: "例如“12368 热线系统”；来件的记录里会写“接口：12368 热线系统”。", Autocomplete: "off"}), Buttons: []view.Button{{Text: "发放"}}}}}
	if len(living) > 0 {
		p.Acts = append(p.Acts, view.Act{Name: "end", Label: "停用密钥", Lead: "停用后立即失效；已经交来的来件照常办理。", Form: view.Form{Action: p.Path + "/end", CSRF: p.CSRF,
			Fields: names("end", view.Field{Name: "key", Kind: view.Select, Label: "哪个系统的", Choices: append([]view.Choice{{Text: "请选择"}}, living...), Required: true}), Buttons: []view.Button{{Text: "停用"}}}})
	}
	change(&p)
	return c.Render(status, p)
}

// AddKey makes a key and shows it, once.
func (d *Doors) AddKey(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	key, err := d.house.Staff.AddKey(c.Std(), c.Actor, f.Get("name"))
	if err != nil {
		return d.settled(c, err, "", func(status int) error {
			return d.keysPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "add", f, err) })
		})
	}
	frame, err := d.frame(c, "密钥已发放")
	if err != nil {
		return err
	}
	frame.Path = "/desk/settings/keys"
	return c.Render(200, view.SecretPage{Desk: frame, Heading: "密钥已发放", Lead: "请抄给系统的管理员。离开本页后不再显示，遗失了只能停用再发。",
		Facts: []view.Answer{{Label: "系统", Value: f.Get("name")}}, Codes: []string{key}, Next: view.Link{Text: "返回", Href: "/desk/settings/keys"}})
}

// EndKey makes a key worthless.
func (d *Doors) EndKey(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := number(f.Get("key"))
	if err == nil {
		err = d.house.Staff.EndKey(c.Std(), c.Actor, id)
	} else {
		err = fault.Form([]fault.Field{{Name: "key", Message: "请选择要停用哪个系统的密钥。"}})
	}
	return d.settled(c, err, "/desk/settings/keys?done=key", func(status int) error {
		return d.keysPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "end", f, err) })
	})
}
