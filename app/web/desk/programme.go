package desk

import (
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
		p.Programmes = append(p.Programmes, view.Act{Name: "rename", Label: "修改这一轮的名称", Lead: "公众网站会显示这个名称。",
			Form: view.Form{Action: "/desk/ledger/programme/name" + query("programme", now.Slug), CSRF: p.CSRF,
				Fields:  names("rename", view.Field{Name: "title", Label: "名称", Hint: "比如：2027年省委巡视反馈问题整改。", Value: now.Title, Required: true}),
				Buttons: []view.Button{{Text: "保存名称"}}}})
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

// RenameProgramme gives the programme a name of its own.
func (d *Doors) RenameProgramme(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	p, err := d.programme(c)
	if err == nil {
		err = d.house.Ledger.RenameProgramme(c.Std(), c.Actor, p.ID, f.Get("title"))
	}
	return d.settled(c, err, "/desk/ledger?done=programme", func(status int) error {
		return d.ledgerPage(c, status, func(p *view.DeskLedgerPage) { p.Kept = showAgain(&p.Desk, p.Programmes, "rename", f, err) })
	})
}
