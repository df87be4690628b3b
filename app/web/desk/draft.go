package desk

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"mingjing/app/announce"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// drafted is the next announcement of the programme that the address names.
func drafted(c *door.Ctx, r *store.Reader) (ledger.Draft, error) {
	p, err := programmeOf(c, r)
	if err != nil {
		return ledger.Draft{}, err
	}
	site, err := settings.LoadSite(r)
	if err != nil {
		return ledger.Draft{}, err
	}
	return ledger.DraftNext(r, c.Actor, p, site)
}

// NextAnnouncement shows the next announcement as the ledger gives it, to be filled in.
func (d *Doors) NextAnnouncement(c *door.Ctx) error {
	p := view.DraftPage{Up: view.Link{Text: "台账", Href: "/desk/ledger"}}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "起草通报"); err != nil {
			return err
		}
		all, err := ledger.AllProgrammes(r)
		if err != nil {
			return err
		}
		x, err := drafted(c, r)
		if len(all) > 1 {
			for _, y := range all {
				p.Programmes = append(p.Programmes, view.NavLink{Link: view.Link{Text: y.Title, Href: "/desk/ledger/draft" + query("programme", y.Slug)},
					Here: y.Slug == chosen(c) || y.Main && chosen(c) == ""})
			}
		}
		if f, ok := fault.As(err); ok && f.Kind == fault.NotFound && (chosen(c) == "" || x.Programme.ID != 0) {
			p.Waiting = f.Message
			return nil
		}
		if err != nil {
			return err
		}
		p.Gaps = gaps(x.Gaps)
		stated := ledger.StatedIn(announce.Parse(x.Text))
		for _, n := range ledger.FigureNames {
			if f, ok := stated[n.Name]; ok {
				p.Facts = append(p.Facts, view.Answer{Label: n.Label, Value: fmt.Sprintf("%d %s", f.Value, n.Unit)})
			}
		}
		p.Facts = append(p.Facts, view.Answer{Label: "截至", Value: x.On.Chinese()})
		p.Form = view.Form{Action: "/desk/ledger/import", CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "programme", Value: strconv.FormatInt(x.Programme.ID, 10)}},
			Fields:  []view.Field{{Name: "text", Kind: view.Textarea, Label: "通报全文", Rows: 30, Required: true, Value: x.Text, Hint: "在这里改。“" + ledger.Blank + "…】”都要填好，保存为草稿后也能再改。"}},
			Buttons: []view.Button{{Text: "看识别结果"}}}
		q := query("programme", chosen(c))
		p.Links = []view.Link{{Text: "打印", Href: "/desk/ledger/draft/paper" + q}, {Text: "下载 Word 文档", Href: "/desk/ledger/draft.docx" + q}}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// gaps lists what the office has to see to.
func gaps(list []ledger.Gap) view.RecordList {
	out := view.RecordList{Heading: fmt.Sprintf("要填写、要核对的（%d）", len(list)), Lead: "台账里没有的，正文不会编。补上台账里公开的进展以后，再打开这一页就会写进正文。", Empty: "没有。"}
	for _, g := range list {
		i := view.RecordItem{Code: g.Code, Text: g.Text}
		if g.ProblemID != 0 {
			i.Href = fmt.Sprintf("/desk/ledger/problems/%d", g.ProblemID)
		}
		out.Items = append(out.Items, i)
	}
	return out
}

// NextPaper is the next announcement on paper.
func (d *Doors) NextPaper(c *door.Ctx) error {
	return d.announcementPaper(c, func(r *store.Reader, p *view.PaperPage) (string, error) {
		p.Up = view.Link{Text: "返回起草", Href: "/desk/ledger/draft" + query("programme", chosen(c))}
		x, err := drafted(c, r)
		return x.Text, err
	})
}

// AnnouncementPaper is an announcement on paper, a draft too.
func (d *Doors) AnnouncementPaper(c *door.Ctx) error {
	return d.announcementPaper(c, func(r *store.Reader, p *view.PaperPage) (string, error) {
		a, err := ledger.FindAnnouncement(r, c.Params("slug"), true)
		p.Up = view.Link{Text: "返回通报", Href: "/desk/ledger/" + a.Slug}
		return a.Source, err
	})
}

func (d *Doors) announcementPaper(c *door.Ctx, text func(*store.Reader, *view.PaperPage) (string, error)) error {
	var p view.PaperPage
	err := c.Read(func(r *store.Reader) error {
		source, err := text(r, &p)
		if err != nil {
			return err
		}
		part := func() *view.PaperPart {
			if len(p.Parts) == 0 {
				p.Parts = append(p.Parts, view.PaperPart{})
			}
			return &p.Parts[len(p.Parts)-1]
		}
		for _, b := range announce.Parse(source).Blocks {
			line := view.PaperLine{Text: b.Text + b.Rest}
			switch b.Kind {
			case announce.KindTitle:
				p.Heading += line.Text
				continue
			case announce.KindSignature, announce.KindDate:
				p.Signed = append(p.Signed, line.Text)
				continue
			case announce.KindChapter, announce.KindHeading:
				p.Parts = append(p.Parts, view.PaperPart{Heading: b.Text, Below: b.Kind == announce.KindHeading})
				line.Text = b.Rest
			case announce.KindProblem, announce.KindSub:
				line = view.PaperLine{Head: b.Text, Text: b.Rest}
			}
			if line.Text != "" || line.Head != "" {
				x := part()
				x.Lines = append(x.Lines, line)
			}
		}
		p.Formal, p.Heading = true, or(p.Heading, "整改进展情况通报")
		p.Desk, err = d.frameIn(c, r, p.Heading)
		return err
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// NextWord is the next announcement as a Word document.
func (d *Doors) NextWord(c *door.Ctx) error {
	return sendWord(c, func(r *store.Reader) (string, string, error) {
		x, err := drafted(c, r)
		return "通报草稿-" + x.On.String(), x.Text, err
	})
}

// AnnouncementWord is an announcement as a Word document, a draft too.
func (d *Doors) AnnouncementWord(c *door.Ctx) error {
	return sendWord(c, func(r *store.Reader) (string, string, error) {
		a, err := ledger.FindAnnouncement(r, c.Params("slug"), true)
		return "通报-" + a.Slug, a.Source, err
	})
}

func sendWord(c *door.Ctx, text func(*store.Reader) (name, source string, err error)) error {
	var name, source string
	if err := c.Read(func(r *store.Reader) (err error) { name, source, err = text(r); return err }); err != nil {
		return err
	}
	file, err := announce.WriteDocx(source)
	if err != nil {
		return err
	}
	return c.Download(name+".docx", int64(len(file)), io.NopCloser(bytes.NewReader(file)))
}
