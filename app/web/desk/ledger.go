package desk

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mingjing/app/announce"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var announcementWords = map[string]string{"draft": "草稿，没有公布", "published": "已公布"}

// Ledger is where work on the ledger begins; it lists the announcements, drafts too.
func (d *Doors) Ledger(c *door.Ctx) error {
	return d.ledgerPage(c, 200, func(*view.DeskLedgerPage) {})
}

func (d *Doors) ledgerPage(c *door.Ctx, status int, change func(*view.DeskLedgerPage)) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	p := view.DeskLedgerPage{Import: c.Actor.Has(staff.RectificationOffice)}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "台账"); err != nil {
			return err
		}
		if err := overview(c, r, &p); err != nil {
			return err
		}
		list, err := ledger.Announcements(r, true, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = fmt.Sprintf("/desk/ledger?before=%d", list[pageRows-1].ID)
		}
		for _, a := range list {
			p.Rows = append(p.Rows, view.LedgerRow{Href: "/desk/ledger/" + a.Slug, Heading: a.Title, Issuer: a.Issuer, State: announcementWords[a.State],
				Dated: door.Day(a.Dated), Imported: door.Moment(a.ImportedAt), Draft: a.State == "draft"})
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// overview is the ledger's counts, its parts, and what waits for who looks.
func overview(c *door.Ctx, r *store.Reader, p *view.DeskLedgerPage) error {
	part := func(text, href, lead string) {
		p.Parts = append(p.Parts, view.LedgerTask{Link: view.Link{Text: text, Href: href}, Lead: lead})
	}
	programme, err := programmeOf(c, r)
	if fault.Is(err, fault.NotFound) {
		if holds(c.Actor, office) {
			part("表格", "/desk/ledger/sheet", "还没有台账：可以直接上传整份台账表格")
		}
		return nil
	}
	if err != nil {
		return err
	}
	if err := programmeForms(c, r, p, programme); err != nil {
		return err
	}
	n, err := ledger.Count(r, programme)
	if err != nil {
		return err
	}
	p.Counts = []view.LedgerCount{{Label: "问题", Href: "/desk/ledger/problems", All: n.Problems.All(), Done: n.Problems[ledger.Done], Closed: n.ProblemsClosed, Unstated: n.Problems[ledger.Unstated]}}
	if n.Measures.All() > 0 {
		p.Counts = append(p.Counts, view.LedgerCount{Label: "措施", Href: "/desk/ledger/measures", All: n.Measures.All(), Done: n.Measures[ledger.Done], Closed: n.MeasuresClosed, Unstated: n.Measures[ledger.Unstated]})
	}
	waiting, err := ledger.ForReview(r, c.Actor, pageRows)
	if err != nil {
		return err
	}
	for _, x := range waiting {
		of := ledger.Subject{}
		if x.MeasureID != nil {
			of.Measure = *x.MeasureID
		} else {
			of.Problem = *x.ProblemID
		}
		p.Waiting = append(p.Waiting, view.DeskMeasure{Href: place(of), Code: x.Code, Text: x.Title, Closing: view.Closing(x.State)})
	}
	part("整改措施", "/desk/ledger/measures", "报告进展、佐证、申请销号、调整时限")
	part("问题", "/desk/ledger/problems", "问题销号、增加措施")
	if holds(c.Actor, ledger.Exporters) {
		part("表格", "/desk/ledger/sheet", "导入、导出整份台账")
	}
	if holds(c.Actor, office) {
		part("方面", "/desk/ledger/aspects", "每个方面的公开说明和内部说明")
	}
	part("督办", "/desk/ledger/orders", "提醒、督办、约谈、问责和部门的答复")
	part("整改提示", "/desk/ledger/digests", "每月给各部门：超期、将到期和要办的事")
	if holds(c.Actor, checkers) {
		part("季度研究", "/desk/ledger/meetings", "会议的议题、记录和决定")
	}
	part("会议决定", "/desk/ledger/decisions", "由谁办、何时办完、办得怎样")
	part("回头看", "/desk/ledger/lookbacks", "抽查已销号的措施")
	part("制度成果", "/desk/ledger/rules", "登记制定、修订的制度")
	if c.Actor.Has(staff.RectificationOffice) && programme.Ledger {
		part("对应通报", "/desk/ledger/mapping", "通报点名的问题就是台账里的哪些问题")
	}
	if holds(c.Actor, checkers) {
		part("数字核对", "/desk/ledger/reconcile", "通报写明的数字对照台账")
	}
	return nil
}

// Problems lists the ledger's problems.
func (d *Doors) Problems(c *door.Ctx) error {
	var after [2]int
	if v := c.Query("after"); v != "" {
		if _, err := fmt.Sscanf(v, "%d-%d", &after[0], &after[1]); err != nil {
			return errNothing
		}
	}
	var p view.ProblemsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "问题"); err != nil {
			return err
		}
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := ledger.ListProblems(r, c.Actor, programme, after, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			last := list[pageRows-1]
			p.Next = "/desk/ledger/problems" + query("after", fmt.Sprintf("%d-%d", last.AspectNo, last.No), "programme", chosen(c))
		}
		for _, x := range list {
			p.Rows = append(p.Rows, view.DeskProblem{Href: fmt.Sprintf("/desk/ledger/problems/%d", x.ID), Code: x.Code, Title: x.Title, Aspect: x.Aspect,
				Status: view.Status(x.Status), Closing: view.Closing(x.Closing), Measures: x.Measures, Done: x.Done, Closed: x.Closed, Marks: marks(x.ReopenedOn, x.Published)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Import asks for an announcement, or for the new words of a draft.
func (d *Doors) Import(c *door.Ctx) error {
	slug := c.Query("draft")
	if slug == "" {
		return d.importPage(c, 200, nil, nil)
	}
	var a ledger.Announcement
	err := c.Read(func(r *store.Reader) (err error) { a, err = ledger.FindAnnouncement(r, slug, true); return err })
	if err != nil {
		return err
	}
	if a.State != "draft" {
		return fault.New(fault.Conflict, "这份通报已经公布，文字不能再改。需要更正的，请另外公布一份通报。")
	}
	return d.importPage(c, 200, door.Filled("text", a.Source, "replaces", a.Digest), nil)
}

func (d *Doors) importPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	frame, err := d.frame(c, "导入通报")
	if err != nil {
		return err
	}
	p := view.DeskFormPage{Desk: frame, Heading: "导入通报", Lead: "粘贴全文，或者选择 .txt、.docx 文件。先看识别结果，再决定导入。"}
	if f != nil && f.Get("replaces") != "" {
		p.Heading, p.Lead = "修改草稿", "改好后先看识别结果，再保存。保存后数字重新核对。"
	}
	p.Form = view.Form{Action: "/desk/ledger/import", CSRF: p.CSRF, Hidden: origins(f), Fields: []view.Field{
		{Name: "text", Kind: view.Textarea, Label: "通报全文", Rows: 14},
		{Name: "attachments", ID: "file", Kind: view.Files, Label: "或者选择文件", Hint: "一个文件。选了文件就用文件里的文字。"}},
		Buttons: []view.Button{{Text: "看识别结果"}}}
	if f != nil && wrong == nil {
		p.Form.Fill(f.Get)
		p.Form.Fields[0].Rows = 30
	}
	if wrong != nil {
		p.Form.FilesLost = !f.NoFiles
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// origins are the hidden fields that say where a text comes from.
func origins(f *door.Form) []view.Hidden {
	var out []view.Hidden
	for _, name := range []string{"programme", "replaces"} {
		if f != nil && f.Get(name) != "" {
			out = append(out, view.Hidden{Name: name, Value: f.Get(name)})
		}
	}
	return out
}

// maxFile is the size in bytes of a file with an announcement; a Word document
// is larger than its text.
const maxFile = 10 << 20

// TakeImport shows what was understood of a text, or stores it when that has been seen.
func (d *Doors) TakeImport(c *door.Ctx) error {
	text, chosen := "", false
	var bad error
	f, err := c.FormWith(func(_ *door.Form, name string, body io.Reader) error {
		raw, err := io.ReadAll(io.LimitReader(body, maxFile+1))
		if err != nil {
			return err
		}
		switch {
		case chosen:
			bad = fault.New(fault.Invalid, "一次只能导入一个文件。")
		case len(raw) > maxFile:
			bad = announce.ErrTooBig
		default:
			text, bad = announce.DecodeFile(name, bytes.Clone(raw))
		}
		chosen = true
		return nil
	})
	if err != nil {
		return err
	}
	if x, ok := fault.As(bad); ok {
		return d.importPage(c, 422, f, fault.Form([]fault.Field{{Name: "attachments", Message: x.Message}}))
	}
	if bad != nil {
		return bad
	}
	if !chosen {
		text = f.Get("text")
	}
	// Browsers end lines with CRLF; the digest is of the text, not of the browser.
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if f.Get("step") == "store" {
		from := ledger.Origin{Replaces: f.Get("replaces")}
		from.ProgrammeID, _ = strconv.ParseInt(f.Get("programme"), 10, 64)
		got, err := d.house.Ledger.ImportFrom(c.Std(), c.Actor, text, from)
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
			return d.importPage(c, 422, f, err)
		}
		if fault.Is(err, fault.Conflict) && from.Replaces != "" {
			return d.importPage(c, 409, f, err) // what was written is not lost
		}
		if err != nil {
			return err
		}
		return c.SeeOther("/desk/ledger/" + got.Announcement.Slug + "?done=import")
	}
	if f.Get("step") == "back" {
		return d.importPage(c, 200, f, nil)
	}
	parsed := announce.Parse(text)
	if _, problems, _, _ := parsed.Named(); problems == 0 {
		return d.importPage(c, 422, f, fault.Form([]fault.Field{{Name: "text", Message: "没有从这份文本里认出任何反馈问题，请核对是不是整改进展通报。"}}))
	}
	return d.preview(c, text, parsed, origins(f))
}

func (d *Doors) preview(c *door.Ctx, text string, x announce.Announcement, from []view.Hidden) error {
	frame, err := d.frame(c, "核对识别结果")
	if err != nil {
		return err
	}
	aspects, problems, subs, actions := x.Named()
	p := view.PreviewPage{Desk: frame}
	period := ""
	if x.Inspection.From != "" {
		period = view.Day(x.Inspection.From).String() + "至" + view.Day(x.Inspection.To).String()
	}
	for _, a := range []view.Answer{{Label: "标题", Value: string(x.Title)}, {Label: "发布单位", Value: string(x.Issuer)}, {Label: "落款日期", Value: view.Day(x.Date).String()},
		{Label: "巡视机构", Value: string(x.Inspection.By)}, {Label: "巡视时间", Value: period}, {Label: "电话", Value: string(x.Contacts.Phone)}, {Label: "地址", Value: string(x.Contacts.Address)}} {
		p.Facts = append(p.Facts, view.Answer{Label: a.Label, Value: or(a.Value, "文中没有写明")})
	}
	p.Facts = append(p.Facts, view.Answer{Label: "逐一列出", Value: fmt.Sprintf("%d 个方面，%d 个问题，%d 个细化问题，%d 句整改情况", aspects, problems, subs, actions)})
	stated := ledger.StatedIn(x)
	for _, n := range ledger.FigureNames {
		if s, ok := stated[n.Name]; ok {
			p.Figures = append(p.Figures, view.FigureRow{Label: n.Label, Value: strconv.Itoa(s.Value) + " " + n.Unit, AsOf: view.Day(s.AsOf)})
		}
	}
	for _, y := range x.Differences() {
		p.Differences = append(p.Differences, view.Finding{Text: y.Sentence, Agrees: y.Agrees})
	}
	for _, a := range x.Aspects {
		o := view.Outline{Title: or(string(a.Title), "反馈问题")}
		for _, y := range a.Problems {
			o.Items = append(o.Items, y.Title)
		}
		p.Aspects = append(p.Aspects, o)
	}
	for _, l := range x.Unplaced {
		p.Unplaced = append(p.Unplaced, view.UnplacedLine{Line: l.Line, Text: l.Text})
	}
	p.Form = view.Form{Action: "/desk/ledger/import", CSRF: p.CSRF, Hidden: append(from, view.Hidden{Name: "text", Value: text}),
		Buttons: []view.Button{{Text: "保存为草稿", Name: "step", Value: "store"}, {Text: "返回修改", Name: "step", Value: "back"}}}
	return c.Render(200, p)
}

// figureSet words the comparisons of one announcement.
func figureSet(list []ledger.Comparison, within []announce.Difference) view.FigureSet {
	var out view.FigureSet
	for _, x := range list {
		row := view.FigureRow{Label: x.Label, Value: strconv.Itoa(x.Value) + " " + x.Unit, AsOf: view.Day(x.AsOf), Note: x.Note}
		if x.Ledger != nil {
			row.Ledger, row.Agrees = strconv.Itoa(*x.Ledger), *x.Ledger == x.Value
		}
		out.Figures = append(out.Figures, row)
	}
	for _, y := range within {
		out.Within = append(out.Within, view.Finding{Text: y.Sentence, Agrees: y.Agrees})
	}
	return out
}

// Reconciliation compares the figures of every announcement with the ledger's.
func (d *Doors) Reconciliation(c *door.Ctx) error {
	p := view.RecordPage{Heading: "数字核对", Lead: "每份通报写明的数字，对照台账现在的计数，也对照文中其他数字。通报的原文和数字不会改动。", Up: view.Link{Text: "台账", Href: "/desk/ledger"}}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "数字核对"); err != nil {
			return err
		}
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) {
			p.Waiting = "还没有通报。"
			return nil
		}
		if err != nil {
			return err
		}
		list, err := ledger.ReconcileAll(r, c.Actor, programme.ID, pageRows)
		if err != nil {
			return err
		}
		for _, x := range list {
			set := figureSet(x.Figures, x.Within)
			set.Text, set.Href, set.State, set.Reason = x.Title, "/desk/ledger/"+x.Slug, announcementWords[x.State]+"，全部一致", x.Reason
			if n := len(x.Open); n > 0 {
				set.State = fmt.Sprintf("%s，%d 处没有核对一致", announcementWords[x.State], n)
			}
			p.Figures = append(p.Figures, set)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Reconcile sets an announcement's figures beside what the ledger counts.
func (d *Doors) Reconcile(c *door.Ctx) error {
	return d.announcementPage(c, 200, func(*view.RecordPage) {})
}

func (d *Doors) announcementPage(c *door.Ctx, status int, change func(*view.RecordPage)) error {
	var p view.RecordPage
	err := c.Read(func(r *store.Reader) error {
		a, err := ledger.FindAnnouncement(r, c.Params("slug"), true)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, a.Title); err != nil {
			return err
		}
		list, err := ledger.Reconcile(r, a)
		if err != nil {
			return err
		}
		p.Path, p.Up, p.Heading, p.Standing.Words = "/desk/ledger/"+a.Slug, view.Link{Text: "通报", Href: "/desk/ledger"}, a.Title, announcementWords[a.State]
		set := figureSet(list, ledger.Within(a))
		set.Text, set.Reason = "数字核对", a.Reason
		p.Figures = []view.FigureSet{set}
		p.Facts = []view.Answer{{Label: "发布单位", Value: or(a.Issuer, "—")}, {Label: "落款日期", Value: or(a.Dated.Chinese(), "—")}, {Label: "导入", Value: door.Moment(a.ImportedAt).String()},
			{Label: "摘要", Value: a.Digest}}
		open, unfilled := ledger.Unreconciled(a, list), strings.Count(a.Source, ledger.Blank)
		p.Links = []view.Link{{Text: "打印", Href: p.Path + "/paper"}, {Text: "下载 Word 文档", Href: p.Path + ".docx"}}
		if a.State == "published" {
			p.Facts = append(p.Facts, view.Answer{Label: "公布", Value: door.Moment(*a.PublishedAt).String()})
			p.Links = append(p.Links, view.Link{Text: "看公众网站上的通报", Href: "/announcements/" + a.Slug})
		} else if c.Actor.Has(staff.RectificationOffice) {
			p.Links = append([]view.Link{{Text: "修改文字", Href: "/desk/ledger/import" + query("draft", a.Slug)}}, p.Links...)
			seen := []view.Hidden{{Name: "id", Value: strconv.FormatInt(a.ID, 10)}, {Name: "digest", Value: a.Digest}}
			act := view.Act{Name: "publish", Label: "公布", Lead: "公布后，通报全文和问题清单出现在公众网站上，不能撤回。", Open: true, Form: view.Form{
				Action: p.Path + "/publish", CSRF: p.CSRF, Hidden: seen,
				Buttons: []view.Button{{Text: "公布这份通报"}}}}
			if len(open) > 0 {
				act.Form.Fields = names("publish", view.Field{Name: "reason", Kind: view.Textarea, Label: "数字没有全部一致，为什么仍然公布", Rows: 4, Required: true,
					Hint: fmt.Sprintf("有 %d 处没有核对一致。理由会一直保存在这里。", len(open))})
			}
			if unfilled > 0 {
				p.Waiting = fmt.Sprintf("文中还有 %d 处“%s…】”没有填写。请点“修改文字”填好，再公布。", unfilled, ledger.Blank)
			} else {
				p.Acts = []view.Act{act}
			}
			p.Acts = append(p.Acts, view.Act{Name: "discard", Label: "作废", Lead: "导错了、有更新的稿子时，作废这份草稿。只有它点名的问题一并去掉；公布过的通报不能作废。", Form: view.Form{
				Action: p.Path + "/discard", CSRF: p.CSRF, Hidden: seen,
				Fields: names("discard", view.Field{Name: "reason", Kind: view.Textarea, Label: "作废的理由", Rows: 3, Required: true, Hint: "连同标题记入审计记录，一直保存。"},
					view.Field{Name: "confirm", Kind: view.Checkbox, Value: "1", Label: "确定作废，不再保留全文", Required: true}),
				Buttons: []view.Button{{Text: "作废这份草稿"}}}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// PublishAnnouncement makes an imported announcement public.
func (d *Doors) PublishAnnouncement(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := number(f.Get("id"))
	if err != nil {
		return err
	}
	err = d.house.Ledger.Publish(c.Std(), c.Actor, id, f.Get("digest"), f.Get("reason"))
	return d.settled(c, err, "/desk/ledger/"+c.Params("slug")+"?done=announced", func(status int) error {
		return d.announcementPage(c, status, func(p *view.RecordPage) { p.Kept = showAgain(&p.Desk, p.Acts, "publish", f, err) })
	})
}

// DiscardAnnouncement takes back a draft once that was confirmed.
func (d *Doors) DiscardAnnouncement(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := number(f.Get("id"))
	if err != nil {
		return err
	}
	if f.Get("confirm") == "" {
		err = fault.Form([]fault.Field{{Name: "confirm", Message: "请先勾选确认。"}})
	} else {
		err = d.house.Ledger.Discard(c.Std(), c.Actor, id, f.Get("digest"), f.Get("reason"))
	}
	return d.settled(c, err, "/desk/ledger?done=discarded", func(status int) error {
		return d.announcementPage(c, status, func(p *view.RecordPage) { p.Kept = showAgain(&p.Desk, p.Acts, "discard", f, err) })
	})
}
