package desk

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// How much of a long list a page shows.
const (
	shownRows  = 200
	shownCells = 200
	mapped     = 60 // columns that can be told apart on a page
)

// Sheet is where the ledger goes in and out as a spreadsheet.
func (d *Doors) Sheet(c *door.Ctx) error { return d.sheetPage(c, 200, nil, nil, nil) }

// sheetPage asks for a file, again with what was wrong with the last one.
func (d *Doors) sheetPage(c *door.Ctx, status int, f *door.Form, wrong error, bad []fault.Field) error {
	var p view.SheetPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "台账表格"); err != nil {
			return err
		}
		list, err := ledger.AllProgrammes(r)
		if err != nil {
			return err
		}
		p.Form = sheetForm(list)
		for _, x := range list {
			of := ""
			if !x.Main {
				of = query("programme", x.Slug)
			}
			for _, format := range []string{"xlsx", "csv"} {
				p.Downloads = append(p.Downloads, view.Link{Text: "“" + x.Title + "”台账（." + format + "）", Href: "/desk/ledger/sheet." + format + of})
			}
		}
		if len(list) == 0 {
			p.Downloads = []view.Link{{Text: "空白表格（.xlsx）", Href: "/desk/ledger/sheet.xlsx"}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Form.CSRF = p.CSRF
	if wrong != nil {
		p.Form.FilesLost = !f.NoFiles
		again(&p.Desk, p.Form, f, wrong)
	}
	if len(bad) > 0 {
		p.Failed, p.Form.FilesLost = true, false
		p.Heading = fmt.Sprintf("有 %d 个单元格要改", len(bad))
		for _, x := range bad[:min(len(bad), shownCells)] {
			p.Bad = append(p.Bad, view.BadCell{At: x.Name, Message: x.Message})
		}
		p.More = len(bad) - len(p.Bad)
	}
	if !c.Actor.Has(staff.RectificationOffice) {
		p.Form = nil
	}
	return c.Render(status, p)
}

func sheetForm(list []ledger.Programme) *view.Form {
	f := view.Form{Action: "/desk/ledger/sheet", Buttons: []view.Button{{Text: "对比"}}}
	if len(list) > 0 {
		var choices []view.Choice
		for _, p := range list {
			choices = append(choices, view.Choice{Value: p.Slug, Text: p.Title})
		}
		f.Fields = append(f.Fields, view.Field{Name: "programme", Kind: view.Select, Label: "导入到哪一轮整改", Required: true, Value: list[0].Slug, Choices: choices},
			view.Field{Name: "slug", Label: "或者另起一轮", Hint: "新一轮整改的地址名，用小写字母、数字和连字符，例如 2027-circuit。不另起就留空。", Max: 40, Width: "middle"})
	}
	f.Fields = append(f.Fields, view.Field{Name: "attachments", ID: "file", Kind: view.Files, Label: "台账文件", Required: true,
		Hint: "一个 .xlsx 或 .csv 文件，最多 20 MB、50,000 行。常用的表头都认得；认不出的，下一页逐列指定。"})
	return &f
}

// TakeSheet compares a spreadsheet with the ledger, or stores it when the
// difference has been seen. Between the two the file waits, sealed.
func (d *Doors) TakeSheet(c *door.Ctx) error {
	ticket, name := "", ""
	var kept error
	f, err := c.FormWith(func(_ *door.Form, file string, body io.Reader) error {
		if ticket != "" {
			kept = fault.New(fault.Invalid, "一次只能导入一个文件。")
			return nil
		}
		ticket, kept = d.house.Ledger.KeepSheet(c.Std(), c.Actor, body)
		name = file
		return nil
	})
	if err != nil {
		return err
	}
	if ticket == "" && kept == nil {
		ticket, name = f.Get("ticket"), f.Get("name")
	}
	if ticket == "" && kept == nil {
		return d.sheetPage(c, 422, f, fault.Form([]fault.Field{{Name: "attachments", Message: "请选择台账文件。"}}), nil)
	}
	var x ledger.Spreadsheet
	if kept == nil {
		x, kept = d.house.Ledger.KeptSheet(c.Std(), c.Actor, ticket, name)
	}
	if bad, ok := fault.As(kept); ok && bad.Kind != fault.Forbidden && bad.Kind != fault.Unauthenticated {
		return d.sheetPage(c, 422, f, fault.Form([]fault.Field{{Name: "attachments", Message: bad.Message}}), nil)
	}
	if kept != nil {
		return kept
	}
	x.Programme = cmp.Or(strings.TrimSpace(f.Get("slug")), f.Get("programme"))
	x.Mapping = mappingOf(f)
	x.DryRun = f.Get("step") != "store"
	x.Seen = f.Get("seen")
	if !x.DryRun && x.Seen == "" {
		x.DryRun = true // nothing is stored unseen
	}
	diff, err := d.house.Ledger.ImportSheet(c.Std(), c.Actor, x)
	switch bad, ok := fault.As(err); {
	case err == nil && diff.Stored:
		if err := d.house.Ledger.DropSheet(c.Std(), c.Actor, ticket); err != nil {
			return err
		}
		return c.SeeOther("/desk/ledger" + query("done", "sheet", "programme", other(diff.Programme)))
	case fault.Is(err, fault.Conflict):
		notice := err
		x.DryRun, x.Seen = true, ""
		if diff, err = d.house.Ledger.ImportSheet(c.Std(), c.Actor, x); err != nil {
			return notice
		}
		return d.difference(c, 409, f, ticket, x, diff, notice)
	case err == nil:
		return d.difference(c, 200, f, ticket, x, diff, nil)
	case diff.Unmapped != nil:
		return d.columnsPage(c, f, ticket, x, diff)
	case len(diff.Bad) > 0:
		return d.sheetPage(c, 422, f, nil, diff.Bad)
	case ok && bad.Kind == fault.Invalid:
		return d.sheetPage(c, 422, f, fault.Form([]fault.Field{{Name: "attachments", Message: bad.Message}}), nil)
	}
	return err
}

// other is the address name of a programme that is not the main one.
func other(p ledger.Programme) string {
	if p.Main {
		return ""
	}
	return p.Slug
}

// mappingOf reads which column holds what, where somebody has said it.
func mappingOf(f *door.Form) *ledger.Mapping {
	row, err := strconv.Atoi(f.Get("row"))
	if err != nil || row < 1 {
		return nil
	}
	m := &ledger.Mapping{Table: f.Get("table"), Row: row, Columns: map[ledger.Column]int{}}
	for col := range mapped {
		i := slices.IndexFunc(ledger.Columns[:], func(x ledger.ColumnName) bool { return x.Name == f.Get("col_"+strconv.Itoa(col)) })
		if i >= 0 {
			if _, twice := m.Columns[ledger.Column(i)]; !twice {
				m.Columns[ledger.Column(i)] = col
			}
		}
	}
	return m
}

// carried are the values with which the next step finds the file again.
func carried(f *door.Form, ticket string, x ledger.Spreadsheet) []view.Hidden {
	return []view.Hidden{{Name: "ticket", Value: ticket}, {Name: "name", Value: x.Name}, {Name: "programme", Value: f.Get("programme")}, {Name: "slug", Value: f.Get("slug")}}
}

// columnsPage asks what each column holds.
func (d *Doors) columnsPage(c *door.Ctx, f *door.Form, ticket string, x ledger.Spreadsheet, diff ledger.Difference) error {
	frame, err := d.frame(c, "指定每一列")
	if err != nil {
		return err
	}
	u := diff.Unmapped
	p := view.DeskFormPage{Desk: frame, Heading: "指定每一列", Lead: "表头没有全部认出来。请指明表头在哪一行、每一列是什么；“反馈问题”和“整改措施”两列必须有。"}
	p.Form = view.Form{Action: "/desk/ledger/sheet", CSRF: p.CSRF, Hidden: append(carried(f, ticket, x), view.Hidden{Name: "table", Value: u.Table}), Buttons: []view.Button{{Text: "对比"}}}
	rows := view.Field{Name: "row", Kind: view.Select, Label: "表头在哪一行", Required: true, Value: strconv.Itoa(u.Guess.Row)}
	width := 0
	samples := map[int][]string{}
	for _, h := range u.Rows {
		rows.Choices = append(rows.Choices, view.Choice{Value: strconv.Itoa(h.Row), Text: fmt.Sprintf("第 %d 行：%s", h.Row, strings.Join(some(h.Cells, 4), "、"))})
		width = max(width, min(len(h.Cells), mapped))
		for col, text := range h.Cells {
			if text != "" && len(samples[col]) < 3 {
				samples[col] = append(samples[col], text)
			}
		}
	}
	if len(rows.Choices) == 0 {
		return d.sheetPage(c, 422, f, fault.Form([]fault.Field{{Name: "attachments", Message: "没有找到表头。台账至少要有“反馈问题”和“整改措施”两列，各占一列，不要合并成一格。"}}), nil)
	}
	choices := []view.Choice{{Text: "不导入"}}
	for _, col := range ledger.Columns {
		choices = append(choices, view.Choice{Value: col.Name, Text: col.Title})
	}
	p.Form.Fields = []view.Field{rows}
	for col := range width {
		field := view.Field{Name: "col_" + strconv.Itoa(col), Kind: view.Select, Label: sheet.Letters(col) + " 列", Required: true, Choices: choices, Hint: strings.Join(samples[col], " / ")}
		for known, at := range u.Guess.Columns {
			if at == col {
				field.Value = ledger.Columns[known].Name
			}
		}
		p.Form.Fields = append(p.Form.Fields, field)
	}
	status := 200
	if f.Get("row") != "" {
		status = 422
		p.Form.Fill(f.Get)
		p.Failed = true
		p.Notices = append(p.Notices, view.Notice{Text: "请指定“反馈问题”和“整改措施”各是哪一列。"})
	}
	return c.Render(status, p)
}

func some(cells []string, n int) (out []string) {
	for _, s := range cells {
		if s != "" && len(out) < n {
			out = append(out, s)
		}
	}
	return out
}

// difference shows what a file would change.
func (d *Doors) difference(c *door.Ctx, status int, f *door.Form, ticket string, x ledger.Spreadsheet, diff ledger.Difference, notice error) error {
	frame, err := d.frame(c, "核对导入的变化")
	if err != nil {
		return err
	}
	p := view.SheetDifferencePage{Desk: frame, Lead: diff.Summary(), Warnings: diff.Warnings, Again: view.Link{Text: "返回，换一份文件", Href: "/desk/ledger/sheet"}}
	if n, ok := fault.As(notice); ok {
		p.Notices = append(p.Notices, view.Notice{Text: n.Message})
	}
	p.Facts = []view.Answer{{Label: "文件", Value: x.Name}, {Label: "工作表", Value: or(diff.Table, "—")}, {Label: "导入到", Value: diff.Programme.Title}, {Label: "表头", Value: fmt.Sprintf("第 %d 行", diff.Mapping.Row)}}
	if diff.Programme.ID == 0 {
		p.Facts[2].Value += "（新建）"
	}
	for _, y := range diff.List[:min(len(diff.List), shownRows)] {
		row := view.SheetRow{Row: y.Row, Code: y.Code, Title: y.Title, Added: y.Added}
		for _, z := range y.Changes {
			row.Changes = append(row.Changes, view.SheetChange{Column: z.Column, Old: z.Old, New: z.New})
		}
		p.Rows = append(p.Rows, row)
	}
	p.More = len(diff.List) - len(p.Rows)
	p.Form = view.Form{Action: "/desk/ledger/sheet", CSRF: p.CSRF}
	if len(diff.List) > 0 || !diff.Programme.Ledger {
		p.Form.Hidden = append(carried(f, ticket, x), view.Hidden{Name: "seen", Value: diff.Digest})
		if x.Mapping != nil {
			p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "table", Value: x.Mapping.Table}, view.Hidden{Name: "row", Value: strconv.Itoa(x.Mapping.Row)})
			for col := range mapped {
				if v := f.Get("col_" + strconv.Itoa(col)); v != "" {
					p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "col_" + strconv.Itoa(col), Value: v})
				}
			}
		}
		p.Form.Buttons = []view.Button{{Text: "确认导入", Name: "step", Value: "store"}}
	}
	return c.Render(status, p)
}

// SheetXLSX and SheetCSV send the ledger as a file while it is being written.
func (d *Doors) SheetXLSX(c *door.Ctx) error { return d.sendSheet(c, "xlsx") }
func (d *Doors) SheetCSV(c *door.Ctx) error  { return d.sendSheet(c, "csv") }

func (d *Doors) sendSheet(c *door.Ctx, format string) error {
	e, err := d.house.Ledger.PrepareExport(c.Std(), c.Actor, chosen(c), format)
	if err != nil {
		return err
	}
	return streamed(c, e.Name, e.Write)
}

// streamed sends a spreadsheet while it is being written.
func streamed(c *door.Ctx, name string, write func(context.Context, io.Writer) error) error {
	asSpreadsheet(c, name)
	if c.Method() == "HEAD" {
		return nil
	}
	// The body outlives the request's context: who reads it ends it, by closing.
	out, in := io.Pipe()
	ctx := context.WithoutCancel(c.Std())
	go func() {
		defer func() {
			if p := recover(); p != nil { // nobody above would catch it
				in.CloseWithError(fmt.Errorf("desk: export: panic: %v", p))
			}
		}()
		in.CloseWithError(write(ctx, in))
	}()
	return c.SendStream(out)
}

// spreadsheet sends a small one.
func spreadsheet(c *door.Ctx, name string, raw []byte) error {
	asSpreadsheet(c, name)
	return c.Send(raw)
}

func asSpreadsheet(c *door.Ctx, name string) {
	c.Set("Content-Type", map[string]string{".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".csv": "text/csv; charset=utf-8"}[path.Ext(name)])
	c.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Set("Cache-Control", "no-store")
}
