package desk

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/sheet"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

const importsPath = "/desk/intake/imports"

// Imports lists the spreadsheets that were handed over, and takes another.
func (d *Doors) Imports(c *door.Ctx) error { return d.importsPage(c, 200, func(*view.RegisterPage) {}) }

func (d *Doors) importsPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	list, err := d.house.Cases.Imports(c.Std(), c.Actor, before, pageRows+1)
	if err != nil {
		return err
	}
	p := view.RegisterPage{Heading: "转办表格", Up: view.Link{Text: "登记", Href: "/desk/intake/new"}, Lead: "其他单位、其他系统成批转来的来件，逐行登记。", Columns: []string{"从哪里转来", "文件", "收下", "行数", "情况"},
		Links: []view.Link{{Text: "空白表格（.xlsx）", Href: importsPath + "/blank.xlsx"}}, Empty: "还没有导入过表格。请点“导入表格”。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = importsPath
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = importsPath + query("before", strconv.FormatInt(list[pageRows-1].ID, 10))
	}
	for _, m := range list {
		row := view.RegisterRow{Href: fmt.Sprintf("%s/%d", importsPath, m.ID), Name: m.Source, Standing: view.Due{Words: "全部办完", Class: "good"}, Cells: []view.RegisterCell{
			{Column: "文件", Text: m.Name}, {Column: "收下", Text: door.Moment(m.At).String() + " " + m.ActorName}, {Column: "行数", Text: strconv.Itoa(m.RowCount)}}}
		switch repair, ready := m.Rows[cases.RowRepair], m.Rows[cases.RowReady]; {
		case repair > 0:
			row.Standing = view.Due{Words: fmt.Sprintf("%d 行要修补", repair), Class: "late"}
		case ready > 0:
			row.Standing = view.Due{Words: fmt.Sprintf("%d 行等登记", ready), Class: "soon"}
		}
		p.Rows = append(p.Rows, row)
	}
	kinds := []view.Choice{{Text: "表格里逐行写明"}}
	for _, k := range cases.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: k.Word()})
	}
	p.Acts = []view.Act{{Name: "import", Label: "导入表格", Open: len(list) == 0, Lead: "先收下逐行核对，还不登记。认不出、不完整的行留在“要修补”里，一行也不会丢。", Form: view.Form{Action: importsPath, CSRF: p.CSRF, Buttons: []view.Button{{Text: "收下并核对"}},
		Fields: names("import", view.Field{Name: "source", Label: "从哪里转来", Required: true, Hint: "单位或者系统的名称，例如“省高院信访系统”。", Autocomplete: "off"},
			view.Field{Name: "kind", Kind: view.Select, Label: "没有写类别的行算哪一类", Choices: kinds},
			view.Field{Name: "attachments", Kind: view.Files, Label: "表格", Required: true, Hint: "一个 .xlsx 或 .csv 文件，第一行是表头，最多 2000 行。"})}},
		{Name: "letters", Label: "一批来信的扫描件", Lead: "一封一个文件，收下以后逐封照着登记，扫描件自动成为来件的附件。", Form: view.Form{Action: importsPath + "/letters", CSRF: p.CSRF, Buttons: []view.Button{{Text: "收下扫描件"}},
			Fields: names("letters", view.Field{Name: "received_on", Kind: "date", Label: "收到日期", Required: true, Width: "short", Value: calendar.Of(d.house.DB.Now()).String()},
				view.Field{Name: "attachments", Kind: view.Files, Label: "扫描件", Required: true, Hint: fmt.Sprintf("可以一次选多个，最多 %d 个，每个不超过 %d MB。可以是%s。", cases.MaxLetters, cases.MaxFileSize>>20, blob.AcceptedWords)})}}}
	change(&p)
	return c.Render(status, p)
}

// TakeTransfers keeps a spreadsheet's rows.
func (d *Doors) TakeTransfers(c *door.Ctx) error {
	var raw bytes.Buffer
	name := ""
	f, err := c.FormWith(func(_ *door.Form, file string, body io.Reader) error {
		if name != "" {
			return nil
		}
		name = file
		_, err := raw.ReadFrom(io.LimitReader(body, sheet.MaxFile+1)) // what is larger is refused by who reads it
		return err
	})
	if err != nil {
		return err
	}
	var id int64
	var again bool
	if name == "" {
		err = fault.Form([]fault.Field{{Name: "attachments", Message: "请选择表格文件。"}})
	} else {
		id, again, err = d.house.Cases.TakeImport(c.Std(), c.Actor, cases.Upload{Name: name, Source: f.Get("source"), Kind: cases.Kind(f.Get("kind")), Body: &raw})
	}
	if x, ok := fault.As(err); ok && (x.Kind == fault.TooLarge || x.Kind == fault.Unsupported || x.Kind == fault.Invalid && len(x.Fields) == 0) {
		err = fault.Form([]fault.Field{{Name: "attachments", Message: x.Message}})
	}
	if err == nil && again {
		return c.SeeOther(fmt.Sprintf("%s/%d?done=sheet_again", importsPath, id))
	}
	return d.settled(c, err, fmt.Sprintf("%s/%d?done=sheet_in", importsPath, id), func(status int) error {
		return d.importsPage(c, status, func(p *view.RegisterPage) {
			p.Acts[0].Form.FilesLost = name != ""
			p.Kept = showAgain(&p.Desk, p.Acts, "import", f, err)
		})
	})
}

// TakeLetters keeps a batch of scans.
func (d *Doors) TakeLetters(c *door.Ctx) error {
	var scans []cases.Attachment
	var wrong error
	batch := newKey()
	f, err := c.FormWith(func(_ *door.Form, name string, body io.Reader) error {
		if wrong != nil {
			return nil
		}
		x, err := d.house.Cases.StageLetter(c.Std(), c.Actor, batch, len(scans)+1, name, body)
		if bad, ok := fault.As(err); ok && bad.Kind != fault.Busy {
			if wrong = err; len(bad.Fields) == 0 {
				wrong = fault.Form([]fault.Field{{Name: "attachments", Message: name + "：" + bad.Message}})
			}
			return nil
		}
		scans = append(scans, x)
		return err
	})
	if err != nil {
		return err
	}
	var id int64
	again := false
	received, err := calendar.Parse(f.Get("received_on"))
	if err != nil {
		wrong = cmp.Or(wrong, fault.Form([]fault.Field{{Name: "received_on", Message: "收到日期要写成 2026-03-01 这样。"}}))
	}
	if err = wrong; err == nil {
		id, again, err = d.house.Cases.TakeLetters(c.Std(), c.Actor, received, scans)
	}
	done := "sheet_in"
	if again {
		done = "sheet_again"
	}
	return d.settled(c, err, fmt.Sprintf("%s/%d?done=%s", importsPath, id, done), func(status int) error {
		return d.importsPage(c, status, func(p *view.RegisterPage) {
			p.Acts[1].Form.FilesLost = !f.NoFiles
			p.Kept = showAgain(&p.Desk, p.Acts, "letters", f, err)
		})
	})
}

// Scan sends a scan; pictures may stand on a page of ours, everything else is downloaded.
func (d *Doors) Scan(c *door.Ctx) error {
	m, x, err := d.rowOf(c)
	if err != nil {
		return err
	}
	file, err := number(c.Params("file"))
	if err != nil {
		return err
	}
	f, body, err := d.house.Cases.Scan(c.Std(), c.Actor, m.ID, x.ID, file)
	if err != nil {
		return err
	}
	if !picture(f) {
		return c.Download(f.Name, f.Size, body)
	}
	c.Set("Content-Type", f.MediaType)
	c.Set("Cache-Control", "no-store")
	return c.SendStream(body, int(f.Size))
}

func picture(f cases.Attachment) bool {
	return f.MediaType == "image/jpeg" || f.MediaType == "image/png"
}

// BlankImport is an empty spreadsheet with the headings that are known.
func (d *Doors) BlankImport(c *door.Ctx) error {
	var b bytes.Buffer
	var columns []sheet.Column
	for _, h := range cases.ImportHeadings {
		columns = append(columns, sheet.Column{Heading: h, Width: 16})
	}
	w, err := sheet.NewXLSX(&b, "转办", d.house.DB.Now(), columns)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return spreadsheet(c, "转办表格.xlsx", b.Bytes())
}

// ImportCodes is the numbers and codes of an import's cases.
func (d *Doors) ImportCodes(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	m, list, err := d.house.Cases.ImportCodes(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, "编号和查询码", d.house.DB.Now(), []sheet.Column{{Heading: "行", Width: 8}, {Heading: "对方编号", Width: 24}, {Heading: "受理编号", Width: 16}, {Heading: "查询码", Width: 24}})
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := w.Row([]string{strconv.Itoa(x.RowNo), x.ExternalID, x.CaseNo, or(x.AccessCode, "本人已经更换")}); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return spreadsheet(c, fmt.Sprintf("编号和查询码-%s.xlsx", m.Source), b.Bytes())
}

// ImportRows shows an import's rows, those to be mended first.
func (d *Doors) ImportRows(c *door.Ctx) error { return d.transferPage(c, 200, nil) }

func (d *Doors) transferPage(c *door.Ctx, status int, wrong error) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	state := cases.RowState(c.Query("state"))
	after, _ := strconv.ParseInt(c.Query("after"), 10, 64)
	m, rows, err := d.house.Cases.Import(c.Std(), c.Actor, id, state, after, pageRows+1)
	if err != nil {
		return err
	}
	if state.Word() == "" {
		state = cases.RowStates[0]
		for _, s := range cases.RowStates {
			if m.Rows[s] > 0 {
				state = s
				break
			}
		}
		if m, rows, err = d.house.Cases.Import(c.Std(), c.Actor, id, state, after, pageRows+1); err != nil {
			return err
		}
	}
	p := view.RegisterPage{Heading: m.Source, Up: view.Link{Text: "转办表格", Href: importsPath}, Lead: m.Name, Columns: []string{"标题", "行", "姓名", "电话", "说明", "情况"}, Empty: "没有“" + state.Word() + "”的行。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = fmt.Sprintf("%s/%d", importsPath, id)
	for _, s := range cases.RowStates {
		p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: s.Word(), Href: p.Path + query("state", string(s))}, Count: view.Tally(m.Rows[s]), Here: s == state, Alarm: s == cases.RowRepair && m.Rows[s] > 0})
	}
	if len(rows) > pageRows {
		rows = rows[:pageRows]
		p.Next = p.Path + query("state", string(state), "after", strconv.FormatInt(rows[pageRows-1].ID, 10))
	}
	for _, x := range rows {
		p.Rows = append(p.Rows, importRow(p.Path, x))
	}
	if n := m.Rows[cases.RowReady]; n > 0 {
		p.Acts = append(p.Acts, view.Act{Name: "register", Label: fmt.Sprintf("登记可以登记的 %d 行", n), Lead: "每行成为一件来件，得到编号和查询码，进入待登记。中断了再按一次，同一行不会登记两次。",
			Form: view.Form{Action: p.Path + "/register", CSRF: p.CSRF, Buttons: []view.Button{{Text: "登记"}}}})
	}
	if m.Rows[cases.RowAccepted] > 0 {
		p.Links = append(p.Links, view.Link{Text: "编号和查询码（.xlsx），用于告知来件人；下载会记入审计", Href: p.Path + "/codes.xlsx"})
	}
	if wrong != nil {
		again(&p.Desk, nil, nil, wrong)
	}
	return c.Render(status, p)
}

func importRow(path string, x cases.ImportRow) view.RegisterRow {
	a := x.Given.Answers
	name := or(a["title"], a["content"])
	if r := []rune(name); len(r) > 40 {
		name = string(r[:40]) + "…"
	}
	row := view.RegisterRow{Href: fmt.Sprintf("%s/rows/%d", path, x.ID), Name: or(name, fmt.Sprintf("第 %d 行", x.RowNo)), Cells: []view.RegisterCell{
		{Column: "行", Text: strconv.Itoa(x.RowNo)}, {Column: "姓名", Text: a["name"]}, {Column: "电话", Text: a["phone"]}, {Column: "说明", Text: or(x.Problem, x.Reason)}}}
	switch x.State {
	case cases.RowReady:
		row.Standing = view.Due{Words: "可以登记", Class: "good"}
	case cases.RowRepair:
		row.Standing = view.Due{Words: "要修补", Class: "late"}
	case cases.RowAccepted:
		row.Name, row.Standing = view.Code(x.CaseNo).String(), view.Due{Words: "已登记", Class: "good"}
		row.Href = fmt.Sprintf("/desk/cases/%d", *x.CaseID)
	case cases.RowAside:
		row.Standing = view.Due{Words: "已搁置", Class: "half"}
	}
	if x.Known {
		row.Marks = append(row.Marks, "这个人以前来过")
	}
	return row
}

// RegisterImport registers the rows that are ready.
func (d *Doors) RegisterImport(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	if _, err := c.Form(); err != nil {
		return err
	}
	_, left, err := d.house.Cases.RegisterImport(c.Std(), c.Actor, id)
	done := "registered"
	if left > 0 {
		done = "registered_some"
	}
	return d.settled(c, err, fmt.Sprintf("%s/%d", importsPath, id)+query("done", done), func(status int) error { return d.transferPage(c, status, err) })
}

// ImportRow shows a row as the form that would register it.
func (d *Doors) ImportRow(c *door.Ctx) error {
	return d.rowPage(c, 200, "", nil, nil, func(*view.IntakePage) {})
}

// rowPage shows a row as it stands, or as it was mended in f.
func (d *Doors) rowPage(c *door.Ctx, status int, kind cases.Kind, f *door.Form, wrong error, change func(*view.IntakePage)) error {
	m, x, err := d.rowOf(c)
	if err != nil {
		return err
	}
	if x.State == cases.RowAccepted && status == 200 {
		return c.SeeOther(fmt.Sprintf("/desk/cases/%d", *x.CaseID))
	}
	list := fmt.Sprintf("%s/%d", importsPath, m.ID)
	own := fmt.Sprintf("%s/rows/%d", list, x.ID)
	value := func(name string) string { return x.Given.Answers[name] }
	if f != nil {
		value = f.Get
	} else if wrong == nil && x.State == cases.RowRepair {
		wrong = x.Given.Wrong(d.house.DB.Now())
	}
	if kind == "" {
		kind = cases.Kind(value("kind"))
	}
	given := func(name string) string {
		if v := value(name); v != "" || name != "channel" {
			return v
		}
		return string(cases.Transfer)
	}
	scans, err := d.house.Cases.Scans(c.Std(), c.Actor, m.ID, x.ID)
	if err != nil {
		return err
	}
	return d.intakePage(c, status, kind, "", given, func(p *view.IntakePage) {
		for _, s := range scans {
			p.Scans = append(p.Scans, view.Scan{Link: view.Link{Text: fmt.Sprintf("%s（%s）", s.Name, size(s.Size)), Href: fmt.Sprintf("%s/scan/%d", own, s.ID)}, Picture: picture(s)})
		}
		p.Title, p.Heading, p.Up = "修补一行", fmt.Sprintf("第 %d 行", x.RowNo), view.Link{Text: m.Source, Href: list}
		p.Path, p.Form.Action = own, own+"/mend"
		for i := range p.Kinds {
			p.Kinds[i].Href = own + "/mend" + query("step", "turn", "kind", string(cases.Kinds[i]))
		}
		if !kind.Valid() { // nobody has chosen: saving must not choose for them
			p.Form.Hidden[0].Value = ""
			for i := range p.Kinds {
				p.Kinds[i].Here = false
			}
		}
		version := strconv.Itoa(x.Version)
		p.Form.Hidden = append(slices.DeleteFunc(p.Form.Hidden, func(h view.Hidden) bool { return h.Name == "submission_key" }), view.Hidden{Name: "version", Value: version})
		p.Form.Fields = slices.DeleteFunc(p.Form.Fields, func(f view.Field) bool { return f.Name == "attachments" })
		p.Form.Fields = append(p.Form.Fields, view.Field{Name: "external_id", Label: "对方的编号", Value: value("external_id"), Max: cases.MaxExternalID, Width: "middle", Autocomplete: "off"})
		if len(scans) > 0 {
			p.Heading, x.Given.Rest = fmt.Sprintf("第 %d 封", x.RowNo), nil // the name of the scan stands at the scan
		}
		for _, k := range x.Given.Rest {
			p.Beside = append(p.Beside, view.Answer{Label: k.Heading, Value: k.Text})
		}
		act := func(name, label, lead, button string, fields ...view.Field) {
			p.Acts = append(p.Acts, view.Act{Name: name, Label: label, Lead: lead, Form: view.Form{Action: own + "/" + name, CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "version", Value: version}},
				Fields: names(name, fields...), Buttons: []view.Button{{Text: button}}}})
		}
		switch x.State {
		case cases.RowAccepted: // by somebody else, while this was typed: the words are still to be copied
			p.Closed = "已登记，编号 " + x.CaseNo + "。需要的请复制，补充到那一件。"
		case cases.RowAside:
			p.Closed = "已搁置：" + x.Reason
			act("take_up", "恢复这一行", "恢复以后可以修补、登记。", "恢复")
		default:
			act("aside", "搁置这一行", "合计行、空行、已经登记过的，写明理由搁置；以后可以恢复。", "搁置", view.Field{Name: "reason", Label: "理由", Required: true, Max: 200})
		}
		if wrong != nil {
			again(&p.Desk, &p.Form, door.Filled(pairs(given, p.Form)...), wrong)
		}
		change(p)
	})
}

// pairs are the values of a form's fields, to fill it again.
func pairs(value func(string) string, form view.Form) (out []string) {
	for _, f := range form.Fields {
		out = append(out, f.Name, value(f.Name))
	}
	return out
}

func (d *Doors) rowOf(c *door.Ctx) (m cases.Import, x cases.ImportRow, err error) {
	id, err := number(c.Params("id"))
	if err != nil {
		return m, x, err
	}
	row, err := number(c.Params("row"))
	if err != nil {
		return m, x, err
	}
	return d.house.Cases.ImportRow(c.Std(), c.Actor, id, row)
}

// DoImportRow registers a row as it was mended, sets it aside or takes it up.
func (d *Doors) DoImportRow(c *door.Ctx) error {
	m, x, err := d.rowOf(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		version = -1 // of no row: a conflict
	}
	s, list := d.house.Cases, fmt.Sprintf("%s/%d", importsPath, m.ID)
	show := func(status int, kind cases.Kind, wrong error, change func(*view.IntakePage)) error {
		return d.rowPage(c, status, kind, f, wrong, change)
	}
	switch act := c.Params("act"); act {
	case "mend":
		switch c.Query("step") {
		case "look":
			return d.look(c, f, func(status int, wrong error, change func(*view.IntakePage)) error {
				return show(status, "", wrong, change)
			})
		case "turn":
			return show(200, cases.Kind(c.Query("kind")), nil, func(*view.IntakePage) {})
		}
		_, err = s.Mend(c.Std(), c.Actor, m.ID, x.ID, version, mended(f))
		return d.settled(c, err, list+"?done=mended", func(status int) error { return show(status, "", err, func(*view.IntakePage) {}) })
	case "aside", "take_up":
		if act == "aside" {
			err = s.SetAside(c.Std(), c.Actor, m.ID, x.ID, version, f.Get("reason"))
		} else {
			err = s.TakeUp(c.Std(), c.Actor, m.ID, x.ID, version)
		}
		return d.settled(c, err, list+"?done="+act, func(status int) error {
			return d.rowPage(c, status, "", nil, nil, func(p *view.IntakePage) { p.Kept = showAgain(&p.Desk, p.Acts, act, f, err) })
		})
	}
	return errNothing
}

// mended is a row as a form gives it back.
func mended(f *door.Form) cases.Given {
	g := cases.Given{Answers: map[string]string{}}
	for _, name := range cases.ImportFields {
		if v := f.Get(name); v != "" {
			g.Answers[name] = v
		}
	}
	return g
}
