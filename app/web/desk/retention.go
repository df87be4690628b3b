package desk

import (
	"fmt"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Retention shows how long what is kept.
func (d *Doors) Retention(c *door.Ctx) error { return d.retentionPage(c, 200, nil, nil) }

func (d *Doors) retentionPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p, err = d.settingsFrame(c, r, "/desk/settings/retention", "保存期限", "从来件办完之日起算，单位是月。到期自动删除：先删联系方式，再删内容；统计保留。依法保留的不删。依据："+settings.RetentionSource+"。"); err != nil {
			return err
		}
		v, err := settings.LoadRetention(r)
		if err != nil {
			return err
		}
		if !v.Confirmed {
			p.Notices = append(p.Notices, view.Notice{Text: "本院还没有确认保存期限，现在什么都不会自动删除。下面是建议的期限：核对、修改以后保存，就从保存时起按它删除。"})
		}
		p.Form = view.Form{Action: "/desk/settings/retention", CSRF: p.CSRF, Buttons: []view.Button{{Text: "保存期限"}}}
		add := func(name, label string, months int) {
			p.Form.Fields = append(p.Form.Fields, view.Field{Name: name, Label: label, Value: strconv.Itoa(months), Required: true, Inputmode: "numeric", Width: "short"})
		}
		for _, k := range cases.Kinds {
			add("contact_"+string(k), k.Word()+"：联系方式", v.Kinds[string(k)].Contact)
			add("content_"+string(k), k.Word()+"：内容", v.Kinds[string(k)].Content)
		}
		add("invalid", "无效件：全部", v.Invalid)
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// SaveRetention stores the periods as a new version.
func (d *Doors) SaveRetention(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.set(c, "retention", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
		old, err := settings.LoadRetention(&tx.Reader)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for _, name := range f.Names() {
			values[name] = f.Get(name)
		}
		if err := settings.SaveRetention(tx, by, values); err != nil {
			return nil, err
		}
		now, err := settings.LoadRetention(&tx.Reader)
		changes := []journal.Change{{Field: "invalid", Old: strconv.Itoa(old.Invalid), New: strconv.Itoa(now.Invalid)}}
		for _, k := range cases.Kinds {
			if was, is := old.Kinds[string(k)], now.Kinds[string(k)]; was != is {
				changes = append(changes, journal.Change{Field: string(k), Old: fmt.Sprintf("%d/%d", was.Contact, was.Content), New: fmt.Sprintf("%d/%d", is.Contact, is.Content)})
			}
		}
		return changes, err
	})
	if fault.Is(err, fault.Invalid) {
		return d.retentionPage(c, 422, f, err)
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/settings/retention?done=retention")
}

// Erasures lists the senders' requests that wait for a decision.
func (d *Doors) Erasures(c *door.Ctx) error {
	list, err := d.house.Cases.Erasures(c.Std(), c.Actor, pageRows)
	if err != nil {
		return err
	}
	frame, err := d.frame(c, "删除申请")
	if err != nil {
		return err
	}
	p := view.RegisterPage{Desk: frame, Heading: "删除申请", Lead: "来信人要求提前删除自己的信息，最早的在前。", Up: view.Link{Text: "来件", Href: "/desk/queue"},
		Columns: []string{"来件", "编号", "类别", "申请日期", "状态"}, Empty: "没有等待决定的删除申请。"}
	for _, x := range list {
		p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("/desk/cases/%d#decide_erasure", x.ID), Name: x.Title, Standing: view.Due{Words: x.State.Word()},
			Cells: []view.RegisterCell{{Column: "编号", Text: x.CaseNo}, {Column: "类别", Text: x.Kind.Word()}, {Column: "申请日期", Text: calendar.Of(x.At).Chinese()}}})
	}
	return c.Render(200, p)
}
