package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// programmeCookie keeps which programme somebody works on, where there are
// several. Forms name theirs in their address: another window changes nothing in them.
const programmeCookie = "programme"

// chosen is the slug of the programme that the address or else the choice
// names; empty for the main one.
func chosen(c *door.Ctx) string {
	if slug := c.Query("programme"); slug != "" {
		return slug
	}
	return c.GetCookie(programmeCookie)
}

// programmeOf is the programme that is worked on.
func programmeOf(c *door.Ctx, r *store.Reader) (ledger.Programme, error) {
	slug := chosen(c)
	if slug == "" {
		return ledger.Main(r)
	}
	p, err := ledger.ProgrammeBySlug(r, slug)
	if fault.Is(err, fault.NotFound) && c.Query("programme") == "" {
		return ledger.Main(r) // the choice is of another database
	}
	return p, err
}

// programme is programmeOf for a form.
func (d *Doors) programme(c *door.Ctx) (p ledger.Programme, err error) {
	err = c.Read(func(r *store.Reader) error { p, err = programmeOf(c, r); return err })
	return p, err
}

// register reads a list of the programme that is worked on into its page; before
// there is one the page stays empty.
func (d *Doors) register(c *door.Ctx, p *view.RegisterPage, path string, read func(*store.Reader, ledger.Programme) error) error {
	return c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = path
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return read(r, programme)
	})
}

// namedProgramme says in the frame which programme the ledger's pages are of, where there are several.
func namedProgramme(c *door.Ctx, r *store.Reader, v *view.Desk) error {
	if !strings.HasPrefix(c.Path(), "/desk/ledger") {
		return nil
	}
	all, err := ledger.AllProgrammes(r)
	if err != nil || len(all) < 2 {
		return err
	}
	p, err := programmeOf(c, r)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		v.Programme = &view.Link{Text: p.Title, Href: "/desk/ledger#programmes"}
	}
	return err
}

// programmeForms are the choice of a programme and, for the office, its name.
func programmeForms(c *door.Ctx, r *store.Reader, p *view.DeskLedgerPage, now ledger.Programme) error {
	all, err := ledger.AllProgrammes(r)
	if err != nil {
		return err
	}
	if len(all) > 1 {
		f := view.Form{Action: "/desk/ledger/programme", CSRF: p.CSRF, Buttons: []view.Button{{Text: "切换"}}}
		f.Fields = names("choose", view.Field{Name: "programme", Kind: view.Select, Label: "办理哪一轮整改", Value: now.Slug, Required: true})
		for _, x := range all {
			f.Fields[0].Choices = append(f.Fields[0].Choices, view.Choice{Value: x.Slug, Text: x.Title})
		}
		p.Programmes = append(p.Programmes, view.Act{Name: "choose", Label: "切换轮次", Open: true, Form: f})
	}
	if holds(c.Actor, office) {
		h, err := ledger.ReadHeads(r, c.Actor, now.ID)
		if err != nil {
			return err
		}
		p.Programmes = append(p.Programmes, view.Act{Name: "rename", Label: "修改这一轮的名称和说明", Lead: "公众网站会显示名称和公开说明。",
			Form: view.Form{Action: "/desk/ledger/programme/name" + query("programme", now.Slug), CSRF: p.CSRF, Hidden: versioned(now.Version),
				Fields: names("rename", append([]view.Field{{Name: "title", Label: "名称", Hint: "比如：2027年省委巡视反馈问题整改。", Value: now.Title, Required: true}},
					textFields(now.Text, h.Programme.Internal)...)...),
				Buttons: []view.Button{{Text: "保存"}}}})
	}
	return nil
}

// ChooseProgramme keeps which programme the desk shows from now on.
func (d *Doors) ChooseProgramme(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	var p ledger.Programme
	err = c.Read(func(r *store.Reader) error { p, err = ledger.ProgrammeBySlug(r, f.Get("programme")); return err })
	if err != nil {
		return err
	}
	c.SetCookie(programmeCookie, p.Slug, 0)
	return c.SeeOther("/desk/ledger")
}

// versioned carries which version of something a form was filled in for.
func versioned(version int) []view.Hidden {
	return []view.Hidden{{Name: "version", Value: strconv.Itoa(version)}}
}

// textFields are what is said of something, for the public and for staff.
func textFields(text, internal string) []view.Field {
	return []view.Field{{Name: "text", Kind: view.Textarea, Label: "公开说明", Hint: "公众能看到，用平实的话写清楚。", Value: text, Rows: 4},
		{Name: "internal", Kind: view.Textarea, Label: "内部说明", Hint: "只有内部能看到。", Value: internal, Rows: 3}}
}

// headText is what a form says of a programme or an aspect, and the version it was filled in for.
func headText(f *door.Form) (int, ledger.HeadText) {
	version, _ := strconv.Atoi(f.Get("version"))
	return version, ledger.HeadText{Title: f.Get("title"), Text: f.Get("text"), Internal: f.Get("internal")}
}

// RenameProgramme changes the programme's name and what is said of it.
func (d *Doors) RenameProgramme(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	p, err := d.programme(c)
	if err == nil {
		version, t := headText(f)
		err = d.house.Ledger.SetProgramme(c.Std(), c.Actor, p.ID, version, t)
	}
	return d.settled(c, err, "/desk/ledger?done=programme", func(status int) error {
		return d.ledgerPage(c, status, func(page *view.DeskLedgerPage) {
			for i, x := range page.Programmes {
				if x.Name == "rename" && status == 409 {
					page.Programmes[i].Lead = "现在的名称：" + p.Title + "　现在的公开说明：" + p.Text
				}
			}
			page.Kept = showAgain(&page.Desk, page.Programmes, "rename", f, err)
		})
	})
}

// Aspects lists the programme's aspects.
func (d *Doors) Aspects(c *door.Ctx) error {
	p := view.RegisterPage{Heading: "方面", Up: view.Link{Text: "台账", Href: "/desk/ledger"}, Columns: []string{"方面", "公开说明", "内部说明", "公众能看到"},
		Empty: "还没有方面。导入通报或者台账表格以后就有了。"}
	err := d.register(c, &p, "/desk/ledger/aspects", func(r *store.Reader, programme ledger.Programme) error {
		h, err := ledger.ReadHeads(r, c.Actor, programme.ID)
		for _, x := range h.Aspects {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%d%s", p.Path, x.ID, query("programme", chosen(c))), Name: fmt.Sprintf("%d %s", x.No, x.Title), Standing: view.Due{Words: "没有说明", Class: "half"},
				Cells: []view.RegisterCell{{Column: "公开说明", Text: start(x.Text)}, {Column: "内部说明", Text: start(x.Internal)}}}
			if x.Text != "" {
				row.Standing = view.Due{Words: "有说明", Class: "good"}
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

// start is how a text begins.
func start(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "……"
	}
	return text
}

// Aspect shows what is said of an aspect, to be changed by the office.
func (d *Doors) Aspect(c *door.Ctx) error {
	return d.aspectPage(c, 200, nil, nil)
}

// SetAspect changes it.
func (d *Doors) SetAspect(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	version, t := headText(f)
	err = d.house.Ledger.SetAspect(c.Std(), c.Actor, id, version, t)
	return d.settled(c, err, "/desk/ledger/aspects?done=texts", func(status int) error { return d.aspectPage(c, status, f, err) })
}

func (d *Doors) aspectPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	var p view.DeskFormPage
	err = c.Read(func(r *store.Reader) error {
		x, err := ledger.AspectByID(r, c.Actor, id)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, "方面的说明"); err != nil {
			return err
		}
		p.Heading, p.Lead = x.Title, "公开说明显示在公众网站上；改动会写进变化经过。"
		p.Form = view.Form{Action: fmt.Sprintf("/desk/ledger/aspects/%d", x.ID), CSRF: p.CSRF, Hidden: versioned(x.Version), Fields: textFields(x.Text, x.Internal), Buttons: []view.Button{{Text: "保存"}}}
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		if fault.Is(wrong, fault.Conflict) {
			p.Lead = "现在的公开说明：" + p.Form.Fields[0].Value + "　现在的内部说明：" + p.Form.Fields[1].Value
		}
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}
