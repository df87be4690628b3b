package desk

import (
	"fmt"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Digests lists the departments' monthly digests.
func (d *Doors) Digests(c *door.Ctx) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	p := view.RegisterPage{Heading: "整改提示", Lead: "每月第一个工作日上午发给各部门：哪些超期、哪些将到期、还要办什么", Up: view.Link{Text: "台账", Href: "/desk/ledger"},
		Columns: []string{"部门", "月份", "要办的事"}, Empty: "还没有整改提示。台账导入以后，每月第一个工作日自动生成。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/ledger/digests"
		list, err := ledger.ListDigests(r, c.Actor, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = p.Path + query("before", strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		for _, x := range list {
			p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: x.Department, Standing: asked(x),
				Cells: []view.RegisterCell{{Column: "月份", Text: x.MonthWord()}}})
		}
		if holds(c.Actor, chasers) {
			p.Acts = []view.Act{{Name: "write", Label: "现在生成", Lead: "给本月还没有收到整改提示的部门生成。已经生成的不变。",
				Form: view.Form{Action: p.Path, CSRF: p.CSRF, Buttons: []view.Button{{Text: "生成本月提示"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

func asked(x ledger.Digest) view.Due {
	if x.Needs == 0 {
		return view.Due{Words: "没有"}
	}
	return view.Due{Words: fmt.Sprintf("%d 项", x.Needs), Class: "half"}
}

// WriteDigests makes this month's digests that are missing.
func (d *Doors) WriteDigests(c *door.Ctx) error {
	n, err := d.house.Ledger.WriteDigests(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	done := "digests"
	if n == 0 {
		done = "digests_none"
	}
	return c.SeeOther("/desk/ledger/digests?done=" + done)
}

// Digest is one on paper.
func (d *Doors) Digest(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	var p view.PaperPage
	err = c.Read(func(r *store.Reader) error {
		x, err := ledger.OpenDigest(r, c.Actor, id)
		if err != nil {
			return err
		}
		title := x.Department + x.MonthWord() + "整改提示"
		if p.Desk, err = d.frameIn(c, r, title); err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		if err != nil {
			return err
		}
		p.Up, p.Heading = view.Link{Text: "整改提示", Href: "/desk/ledger/digests"}, title
		for _, part := range x.Parts() {
			paper := view.PaperPart{Heading: part.Heading}
			if len(part.Items) == 0 {
				paper = view.PaperPart{Text: part.Heading}
			}
			for _, i := range part.Items {
				paper.Items = append(paper.Items, view.PaperItem{Text: i})
			}
			p.Parts = append(p.Parts, paper)
		}
		checkpoint, err := logbook.At(r, x.At)
		if err == nil {
			p.Parts = append(p.Parts, view.PaperPart{Heading: "公开日志的检查点", Text: checkpoint.Words() + "。请留存：以后的日志里找不到它，就是被改写过。"})
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		p.Signed = []string{site.Court + "整改办", calendar.Of(x.At).Chinese()}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}
