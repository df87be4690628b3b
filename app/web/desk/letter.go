package desk

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"mingjing/app/announce"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// letter is an answer as it goes by post. It names nobody: whom it goes to
// stands on the envelope, for which the contact details are looked up and the
// look is recorded.
type letter struct {
	title, number string
	text, contact []string
	signed        []string
}

// letterOf reads the answer that the address names.
func (d *Doors) letterOf(c *door.Ctx) (cases.Page, letter, error) {
	id, err := number(c.Params("id"))
	if err != nil {
		return cases.Page{}, letter{}, err
	}
	no, err := number(c.Params("reply"))
	if err != nil {
		return cases.Page{}, letter{}, err
	}
	page, err := d.house.Cases.Open(c.Std(), c.Actor, id)
	if err != nil {
		return page, letter{}, err
	}
	var site settings.Site
	if err := c.Read(func(r *store.Reader) (err error) { site, err = settings.LoadSite(r); return err }); err != nil {
		return page, letter{}, err
	}
	for _, r := range page.Replies {
		if r.ID != no {
			continue
		}
		x := letter{title: "关于“" + page.Case.Title + "”的答复", number: "受理编号：" + page.Case.CaseNo}
		for line := range strings.Lines(r.Body) {
			if line = strings.TrimSpace(line); line != "" {
				x.text = append(x.text, line)
			}
		}
		x.contact = append(x.contact, "如有疑问，请凭受理编号与我们联系。")
		for _, f := range []view.Answer{{Label: "电话", Value: site.Hotline}, {Label: "接听和接待时间", Value: site.Hours}, {Label: "地址", Value: site.Address}, {Label: "邮编", Value: site.Postcode}} {
			if f.Value != "" {
				x.contact = append(x.contact, f.Label+"："+f.Value)
			}
		}
		x.signed = []string{or(site.Court, r.Unit)}
		if r.Unit != "" && r.Unit != x.signed[0] {
			x.signed = append(x.signed, r.Unit)
		}
		x.signed = append(x.signed, calendar.Of(r.SentAt).Chinese())
		return page, x, nil
	}
	return page, letter{}, fault.New(fault.NotFound, "没有这份答复，请从来件页面进入。")
}

// Letter is an answer on paper.
func (d *Doors) Letter(c *door.Ctx) error {
	page, x, err := d.letterOf(c)
	if err != nil {
		return err
	}
	f, err := d.frame(c, x.title)
	if err != nil {
		return err
	}
	p := view.PaperPage{Desk: f, Up: view.Link{Text: "返回来件", Href: fmt.Sprintf("/desk/cases/%d", page.Case.ID)}, Heading: x.title, Formal: true, Number: x.number,
		Parts: []view.PaperPart{{Lines: lines(x.text)}, {Lines: lines(x.contact)}}, Signed: x.signed}
	return c.Render(200, p)
}

func lines(list []string) (out []view.PaperLine) {
	for _, l := range list {
		out = append(out, view.PaperLine{Text: l})
	}
	return out
}

// LetterWord is an answer as a Word document.
func (d *Doors) LetterWord(c *door.Ctx) error {
	page, x, err := d.letterOf(c)
	if err != nil {
		return err
	}
	file, err := announce.WriteLetter(x.title, x.number, append(x.text, x.contact...), x.signed)
	if err != nil {
		return err
	}
	return c.Download("答复-"+page.Case.CaseNo+".docx", int64(len(file)), io.NopCloser(bytes.NewReader(file)))
}
