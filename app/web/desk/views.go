package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Views lists the filters that somebody keeps, to be changed.
func (d *Doors) Views(c *door.Ctx) error {
	p := view.RegisterPage{Heading: "视图", Up: view.Link{Text: "来件", Href: "/desk/queue"}, Lead: "存下来的筛选条件。", Columns: []string{"名字", "条件", "顺序", "情况"}, Empty: "还没有视图。请在来件列表里选好条件，再点“把这些条件存为视图”。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/views"
		who, err := readPeople(r)
		if err != nil {
			return err
		}
		list, err := cases.Views(r, c.Actor)
		for _, v := range list {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, v.ID), Name: v.Name, Standing: view.Due{Words: "自己的"}, Cells: []view.RegisterCell{{Column: "条件", Text: filterWords(v.Read(), who)}, {Column: "顺序", Text: strconv.Itoa(v.Place)}}}
			if v.Shared {
				row.Standing = view.Due{Words: "给大家用", Class: "good"}
				if v.OwnerID != c.Actor.ID && !holds(c.Actor, cannedWriters) {
					row.Href = ""
				}
			}
			p.Rows = append(p.Rows, row)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// filterWords is a filter as people say it.
func filterWords(f cases.Filter, who people) string {
	var out []string
	add := func(on bool, format string, a ...any) {
		if on {
			out = append(out, fmt.Sprintf(format, a...))
		}
	}
	for _, b := range cases.Baskets {
		add(b.Name == f.Basket, "%s", b.Label)
	}
	add(f.Overdue, "已超期")
	add(f.Within > 0, "%d 天内到期", f.Within)
	add(f.Mine, "我承办的")
	add(f.Nobody, "还没有承办人")
	add(f.Open, "没有办结")
	add(f.Kind != "", "%s", f.Kind.Word())
	add(f.Channel != "", "%s", f.Channel.Word())
	add(f.Department != 0, "%s", who.department(&f.Department))
	add(!f.From.IsZero(), "%s起收到", f.From.Chinese())
	add(!f.To.IsZero(), "%s以前收到", f.To.Chinese())
	add(f.Query != "", "写到“%s”", f.Query)
	if len(out) == 0 {
		return "全部来件"
	}
	return strings.Join(out, "，")
}

// KeepView keeps the filter that is on under a name.
func (d *Doors) KeepView(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v := cases.View{Name: f.Get("name"), Filter: f.Get("filter"), Shared: f.Get("shared") != ""}
	_, err = d.house.Cases.SaveView(c.Std(), c.Actor, v, 0)
	to := queueAddress(v.Read().Values())
	if strings.Contains(to, "?") {
		to += "&done=view"
	} else {
		to += "?done=view"
	}
	return d.settled(c, err, to, func(status int) error { return d.queuePage(c, status, f, err) })
}

// View shows one to be changed.
func (d *Doors) View(c *door.Ctx) error { return d.viewPage(c, 200, nil, nil) }

func (d *Doors) viewPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	return d.formPage(c, status, f, wrong, "视图", func(r *store.Reader, id int64, p *view.DeskFormPage) error {
		v, err := cases.ViewByID(r, c.Actor, id)
		if err != nil {
			return err
		}
		who, err := readPeople(r)
		p.Path, p.Heading, p.Lead = "/desk/views", v.Name, "条件："+filterWords(v.Read(), who)+"。要改条件，请在来件列表里选好，另存一个。"
		p.Form.Action, p.Form.Hidden = fmt.Sprintf("/desk/views/%d", id), append(versioned(v.Version), view.Hidden{Name: "filter", Value: v.Filter})
		p.Form.Buttons = []view.Button{{Text: "保存"}, {Text: "删除", Name: "drop", Value: "1"}}
		p.Form.Fields = []view.Field{{Name: "name", Label: "名字", Value: v.Name, Required: true, Max: 20}, {Name: "place", Label: "顺序", Hint: "小的在前。", Value: strconv.Itoa(v.Place), Inputmode: "numeric", Width: "short"}}
		if holds(c.Actor, cannedWriters) {
			p.Form.Fields = append(p.Form.Fields, view.Field{Name: "shared", Kind: view.Checkbox, Value: "1", Checked: v.Shared, Label: "给大家用"})
		}
		return err
	})
}

// ChangeView renames, moves, shares or removes a view.
func (d *Doors) ChangeView(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	seen, _ := strconv.Atoi(f.Get("version"))
	to := "/desk/views?done=view"
	place, wrong := strconv.Atoi(or(strings.TrimSpace(f.Get("place")), "0"))
	switch {
	case f.Get("drop") != "":
		to = "/desk/views?done=view_dropped"
		err = d.house.Cases.DropView(c.Std(), c.Actor, id, seen)
	case wrong != nil:
		err = fault.Form([]fault.Field{{Name: "place", Message: "顺序填写 0 到 999 的整数，小的在前。"}})
	default:
		_, err = d.house.Cases.SaveView(c.Std(), c.Actor, cases.View{ID: id, Name: f.Get("name"), Filter: f.Get("filter"), Shared: f.Get("shared") != "", Place: place}, seen)
	}
	return d.settled(c, err, to, func(status int) error { return d.viewPage(c, status, f, err) })
}
