package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var cannedWriters = []staff.Role{staff.Dispatcher, staff.Supervisor}

// Canned lists the texts that answers start from.
func (d *Doors) Canned(c *door.Ctx) error { return d.cannedPage(c, 200, func(*view.RegisterPage) {}) }

func (d *Doors) cannedPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	p := view.RegisterPage{Heading: "常用答复", Lead: "写答复时可以套用；变量自动填入，填不上的要写好才能提交审核。", Columns: []string{"名称", "类别", "最近修改", "情况"}, Empty: "还没有常用答复。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/canned"
		list, err := cases.CannedReplies(r, true)
		for _, x := range list {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: x.Title, Standing: view.Due{Words: "可以套用", Class: "good"},
				Cells: []view.RegisterCell{{Column: "类别", Text: or(x.Kind.Word(), "各类")}, {Column: "最近修改", Text: door.Moment(x.At).String() + " " + x.ActorName}}}
			if x.Retired {
				row.Standing = view.Due{Words: "已停用", Class: "half"}
			}
			p.Rows = append(p.Rows, row)
		}
		p.Acts = []view.Act{{Name: "add", Label: "增加一份", Lead: variables(), Form: view.Form{Action: p.Path, CSRF: p.CSRF, Fields: names("add", cannedFields(cases.Canned{})...), Buttons: []view.Button{{Text: "保存"}}}}}
		return err
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// variables names them for whoever writes.
func variables() string {
	var names []string
	for _, v := range cases.Variables {
		names = append(names, "{"+v.Name+"}")
	}
	return "可以用的变量：" + strings.Join(names, "、") + "。"
}

func cannedFields(x cases.Canned) []view.Field {
	kinds := []view.Choice{{Text: "各类都能用"}}
	for _, k := range cases.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: k.Word()})
	}
	return []view.Field{{Name: "title", Label: "名称", Value: x.Title, Required: true}, {Name: "kind", Kind: view.Select, Label: "类别", Value: string(x.Kind), Choices: kinds},
		{Name: "body", Kind: view.Textarea, Label: "内容", Value: x.Body, Required: true, Rows: 8}}
}

func cannedOf(f *door.Form) cases.Canned {
	return cases.Canned{Title: f.Get("title"), Kind: cases.Kind(f.Get("kind")), Body: f.Get("body"), Retired: f.Get("retired") != ""}
}

// AddCanned stores a new one.
func (d *Doors) AddCanned(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = d.house.Cases.SaveCanned(c.Std(), c.Actor, cannedOf(f), 0)
	return d.settled(c, err, "/desk/canned?done=canned", func(status int) error {
		return d.cannedPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "add", f, err) })
	})
}

// CannedReply shows one to be changed.
func (d *Doors) CannedReply(c *door.Ctx) error { return d.cannedReply(c, 200, nil, nil) }

func (d *Doors) cannedReply(c *door.Ctx, status int, f *door.Form, wrong error) error {
	return d.formPage(c, status, f, wrong, "常用答复", func(r *store.Reader, id int64, p *view.DeskFormPage) error {
		x, err := cases.CannedByID(r, id)
		p.Heading, p.Lead = x.Title, variables()
		p.Form.Action, p.Form.Hidden, p.Form.Buttons = fmt.Sprintf("/desk/canned/%d", id), versioned(x.Version), []view.Button{{Text: "保存"}}
		p.Form.Fields = append(cannedFields(x), view.Field{Name: "retired", Kind: view.Checkbox, Value: "1", Checked: x.Retired, Label: "停用，不再能套用"})
		return err
	})
}

// ChangeCanned stores a new version.
func (d *Doors) ChangeCanned(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	x := cannedOf(f)
	x.ID = id
	seen, _ := strconv.Atoi(f.Get("version"))
	_, err = d.house.Cases.SaveCanned(c.Std(), c.Actor, x, seen)
	return d.settled(c, err, "/desk/canned?done=canned", func(status int) error { return d.cannedReply(c, status, f, err) })
}

// canned offers the texts for a case's kind to whoever writes its answer, and
// puts the chosen one into the editor.
func (p *casePage) canned(list []cases.Canned) {
	if p.Draft == nil || p.Draft.Form == nil || p.Draft.Folded {
		return
	}
	for _, x := range list {
		if x.Kind != "" && x.Kind != p.page.Case.Kind {
			continue
		}
		p.Draft.Starts = append(p.Draft.Starts, view.Link{Text: x.Title, Href: fmt.Sprintf("/desk/cases/%d?canned=%d#draft", p.page.Case.ID, x.ID)})
		if x.ID == p.start {
			body := &p.Draft.Form.Fields[0]
			if body.Value != "" {
				body.Value += "\n\n"
			}
			body.Value += x.Filled(p.page, p.site)
		}
	}
}
