package desk

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var basketWords = map[ledger.Basket]string{ledger.InAll: "全部措施", ledger.InMine: "本部门牵头", ledger.InOverdue: "已超期", ledger.InSoon: "30天内到期",
	ledger.InUnstarted: "未启动、没有说明", ledger.InReview: "销号核验中", ledger.InRefused: "不予销号", ledger.InReopened: "回头看后重开", ledger.InChecks: "该复查的"}

var kindWords = map[ledger.Kind]string{ledger.Immediate: "立行立改", ledger.Dated: "限期整改", ledger.Recurring: "长期坚持"}

// Measures lists the ledger's measures.
func (d *Doors) Measures(c *door.Ctx) error {
	f := ledger.WorkFilter{Basket: ledger.Basket(c.Query("in")), Code: typed.Line(c.Query("code")), Limit: pageRows + 1}
	if basketWords[f.Basket] == "" {
		f.Basket = ledger.InAll
	}
	f.Department, _ = strconv.ParseInt(c.Query("department"), 10, 64)
	f.After, _ = strconv.ParseInt(c.Query("after"), 10, 64)
	p := view.MeasuresPage{Heading: basketWords[f.Basket], Empty: "这里没有措施。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "整改措施"); err != nil {
			return err
		}
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) {
			p.Empty = "还没有台账。先导入通报或者台账表格。"
			return nil
		}
		if err != nil {
			return err
		}
		departments, err := staff.AllDepartments(r)
		if err != nil {
			return err
		}
		w, err := ledger.ListWork(r, c.Actor, programme.ID, f)
		if err != nil {
			return err
		}
		address := func(in ledger.Basket, after int64) string {
			number := func(n int64) string {
				if n == 0 {
					return ""
				}
				return strconv.FormatInt(n, 10)
			}
			return "/desk/ledger/measures" + query("in", string(in), "department", number(f.Department), "code", f.Code, "programme", chosen(c), "after", number(after))
		}
		for _, b := range ledger.Baskets {
			if b == ledger.InMine && c.Actor.DepartmentID == 0 {
				continue
			}
			p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: basketWords[b], Href: address(b, 0)}, Count: view.Tally(w.Counts[b]), Here: b == f.Basket,
				Alarm: b == ledger.InOverdue && w.Counts[b] > 0})
		}
		if len(w.Rows) > pageRows {
			w.Rows = w.Rows[:pageRows]
			p.Next = address(f.Basket, w.Rows[pageRows-1].ID)
		}
		today := calendar.Of(r.Now)
		for _, m := range w.Rows {
			p.Rows = append(p.Rows, measureRow(m, today))
		}
		p.Lead = fmt.Sprintf("共 %s 条", view.Tally(w.Counts[f.Basket]))
		choices := []view.Choice{{Text: "全部部门"}}
		for _, x := range departments {
			choices = append(choices, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.Name})
		}
		p.Search = view.Form{Action: "/desk/ledger/measures", Fields: []view.Field{{Name: "code", Label: "编号开头", Value: f.Code},
			{Name: "department", Kind: view.Select, Label: "牵头部门", Value: c.Query("department"), Choices: choices}}}
		for _, name := range []string{"in", "programme"} {
			if v := c.Query(name); v != "" {
				p.Search.Hidden = append(p.Search.Hidden, view.Hidden{Name: name, Value: v})
			}
		}
		if f.Department != 0 || f.Code != "" {
			p.Widen = "/desk/ledger/measures" + query("in", string(f.Basket), "programme", chosen(c))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

func measureRow(m ledger.Measure, today calendar.Date) view.DeskMeasure {
	row := view.DeskMeasure{Href: fmt.Sprintf("/desk/ledger/measures/%d", m.ID), Code: m.Code, Text: m.Title, Department: m.Department,
		Status: view.Status(m.Status), Closing: view.Closing(m.Closing), Due: dueOf(m, today), Marks: marks(m.ReopenedOn, m.Published)}
	return row
}

func marks(reopened calendar.Date, published bool) []string {
	var out []string
	if !reopened.IsZero() {
		out = append(out, "回头看后重开")
	}
	if !published {
		out = append(out, "不公开")
	}
	return out
}

// dueOf words how near a measure's due date is.
func dueOf(m ledger.Measure, today calendar.Date) view.Due {
	left := m.DueOn.Sub(today)
	switch warning := ledger.Warn(m, today); {
	case m.DueOn.IsZero():
		return view.Due{Words: m.DueText}
	case warning == calendar.Overdue:
		return view.Due{Words: fmt.Sprintf("超期 %d 天", -left), On: door.Day(m.DueOn), Class: "overdue"}
	case warning == calendar.NearlyDue:
		return view.Due{Words: fmt.Sprintf("剩 %d 天", left), On: door.Day(m.DueOn), Class: "near"}
	case warning == calendar.HalfUsed:
		return view.Due{Words: fmt.Sprintf("剩 %d 天", left), On: door.Day(m.DueOn), Class: "half"}
	}
	return view.Due{Words: m.DueOn.String()}
}

// Measure and Problem show a dossier.
func (d *Doors) Measure(c *door.Ctx) error { return d.dossier(c, "measures") }
func (d *Doors) Problem(c *door.Ctx) error { return d.dossier(c, "problems") }

func (d *Doors) dossier(c *door.Ctx, of string) error {
	x, err := subject(c, of)
	if err != nil {
		return err
	}
	return d.dossierPage(c, 200, x, func(*view.DossierPage) {})
}

func subject(c *door.Ctx, of string) (ledger.Subject, error) {
	id, err := number(c.Params("id"))
	if of == "measures" {
		return ledger.Subject{Measure: id}, err
	}
	return ledger.Subject{Problem: id}, err
}

func place(x ledger.Subject) string {
	if x.Measure != 0 {
		return fmt.Sprintf("/desk/ledger/measures/%d", x.Measure)
	}
	return fmt.Sprintf("/desk/ledger/problems/%d", x.Problem)
}

// placed reads place backwards.
func placed(at string) (x ledger.Subject, ok bool) {
	for prefix, id := range map[string]*int64{"/desk/ledger/measures/": &x.Measure, "/desk/ledger/problems/": &x.Problem} {
		if rest, found := strings.CutPrefix(at, prefix); found {
			n, err := number(rest)
			*id = n
			return x, err == nil
		}
	}
	return x, false
}

func (d *Doors) dossierPage(c *door.Ctx, status int, x ledger.Subject, change func(*view.DossierPage)) error {
	var p view.DossierPage
	err := c.Read(func(r *store.Reader) error {
		file, err := ledger.OpenDossier(r, c.Actor, x)
		if err != nil {
			return err
		}
		departments, err := staff.AllDepartments(r)
		if err != nil {
			return err
		}
		p = describe(file, calendar.Of(r.Now))
		if p.Desk, err = d.frameIn(c, r, p.Code+" "+p.Heading); err != nil {
			return err
		}
		p.Path = place(x)
		if p.Lists, err = decidedAbout(c, r, x); err != nil {
			return err
		}
		offerTasks(&p, file, departments)
		if err := offerReminder(c, r, &p, file); err != nil {
			return err
		}
		for i := range p.Evidence {
			e := file.Evidence[i]
			if file.Can[ledger.TaskEvidence] && e.WithdrawnAt == nil && !relied(file, e.ID) {
				p.Evidence[i].Withdraw = &view.Form{Action: fmt.Sprintf("/desk/ledger/evidence/%d/withdraw", e.ID), CSRF: p.CSRF, Buttons: []view.Button{{Text: "撤下"}},
					Hidden: []view.Hidden{{Name: "back", Value: place(x)}}}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// decidedAbout lists the open decisions and the orders about a measure or problem.
func decidedAbout(c *door.Ctx, r *store.Reader, x ledger.Subject) ([]view.RecordList, error) {
	today := calendar.Of(r.Now)
	var out []view.RecordList
	open, err := ledger.DecisionsAbout(r, c.Actor, x)
	if err != nil {
		return nil, err
	}
	l := view.RecordList{Heading: "没有办完的会议决定"}
	for _, y := range open {
		item := decisionItem(y, today)
		item.Href, item.Note = "", y.Meeting+"；"+item.Note
		l.Items = append(l.Items, item)
	}
	if len(l.Items) > 0 {
		out = append(out, l)
	}
	orders, err := ledger.OrdersAbout(r, c.Actor, x)
	if err != nil {
		return nil, err
	}
	l = view.RecordList{Heading: "提醒和督办"}
	for _, y := range orders {
		l.Items = append(l.Items, view.RecordItem{Text: fmt.Sprintf("%s第 %d 号", y.Level.Word(), y.ID), Href: fmt.Sprintf("/desk/ledger/orders/%d", y.ID),
			Standing: answerDue(y.Order, today), Note: fmt.Sprintf("%s发给%s", y.IssuedOn.Chinese(), y.Department)})
	}
	if len(l.Items) > 0 {
		out = append(out, l)
	}
	return out, nil
}

func relied(file ledger.Dossier, id int64) bool {
	for _, app := range file.Applications {
		for _, e := range app.Evidence {
			if e == id && app.State != "withdrawn" {
				return true
			}
		}
	}
	return false
}

func fact(list *[]view.Answer, label, value string) {
	if value != "" {
		*list = append(*list, view.Answer{Label: label, Value: value})
	}
}

// describe words a dossier.
func describe(file ledger.Dossier, today calendar.Date) view.DossierPage {
	p := view.DossierPage{Kind: "问题", Code: file.Problem.Code, Heading: file.Problem.Title, Status: view.Status(file.Problem.Status), Closing: view.Closing(file.Problem.Closing),
		Marks: marks(file.Problem.ReopenedOn, file.Problem.Published), Waiting: file.Waiting}
	if file.Problem.Published {
		p.Public = view.Link{Text: "看公众网站上的这个问题", Href: "/progress/" + file.Problem.Code}
	}
	if m := file.Measure; m != nil {
		p.Kind, p.Code, p.Heading, p.Status, p.Closing, p.Marks = "措施", m.Code, m.Title, view.Status(m.Status), view.Closing(m.Closing), marks(m.ReopenedOn, m.Published)
		p.Up = view.Link{Text: file.Problem.Code + " " + file.Problem.Title, Href: fmt.Sprintf("/desk/ledger/problems/%d", file.Problem.ID)}
		if !m.Published {
			p.Public = view.Link{}
		}
		if file.Sub != nil {
			fact(&p.Facts, "细化问题", file.Sub.Title)
		}
		fact(&p.Facts, "类型", kindWords[m.Kind])
		fact(&p.Facts, "责任领导", m.Leader)
		fact(&p.Facts, "牵头部门", or(m.Department, "没有确定"))
		fact(&p.Facts, "配合部门", strings.Join(m.CoDepts, "、"))
		fact(&p.Facts, "启动时间", m.StartsOn.Chinese())
		fact(&p.Facts, "整改时限", or(m.DueOn.Chinese(), m.DueText))
		if m.BaselineOn != m.DueOn {
			fact(&p.Facts, "最初的时限", m.BaselineOn.Chinese())
		}
		fact(&p.Facts, "报告完成", m.DoneOn.Chinese())
		fact(&p.Facts, "销号", m.ClosedOn.Chinese())
		if !m.CheckOn.IsZero() {
			fact(&p.Facts, "下次复查", fmt.Sprintf("%s（每 %d 个月一次）", m.CheckOn.Chinese(), m.CheckMonths))
		}
		fact(&p.Texts, "完成情况（公开）", m.Note)
		fact(&p.Texts, "内部说明（不公开）", m.Internal)
		fact(&p.Texts, "表格里写的佐证材料（不公开，没有上传文件）", m.Proof)
	} else {
		fact(&p.Facts, "责任领导", file.Problem.Leader)
		fact(&p.Facts, "销号", file.Problem.ClosedOn.Chinese())
		fact(&p.Texts, "公开说明", file.Problem.Text)
		fact(&p.Texts, "内部说明（不公开）", file.Problem.Internal)
		for _, s := range file.Subs {
			fact(&p.Texts, fmt.Sprintf("细化问题 %d", s.No), s.Title)
			fact(&p.Texts, fmt.Sprintf("细化问题 %d 的公开说明", s.No), s.Text)
			fact(&p.Texts, fmt.Sprintf("细化问题 %d 的内部说明（不公开）", s.No), s.Internal)
		}
		for _, m := range file.Measures {
			p.Measures = append(p.Measures, measureRow(m, today))
		}
	}
	for _, e := range file.Evidence {
		row := view.EvidenceRow{Title: e.Title, Href: e.URL, Detail: e.URL, Mark: "内部", Who: e.By.ActorName, At: door.Moment(e.By.At), Withdrawn: e.WithdrawnAt != nil}
		if e.Public {
			row.Mark = "公开"
		}
		if e.BlobKey != nil {
			row.Href, row.Detail = fmt.Sprintf("/desk/ledger/evidence/%d", e.ID), fmt.Sprintf("%s，%s", e.Name, size(e.Size))
		}
		p.Evidence = append(p.Evidence, row)
	}
	for _, app := range file.Applications {
		row := view.FiledRow{State: view.Closing(app.State), Word: view.Closing(app.State).Word(), At: door.Moment(app.AppliedAt)}
		if app.State == "withdrawn" {
			row.Word = "已撤回"
			if n := len(app.Steps); n > 0 && stepWord(app.Steps[n-1]) == returned {
				row.Word = "已退回"
			}
		}
		for _, s := range app.Steps {
			row.Steps = append(row.Steps, view.DeskEvent{At: door.Moment(s.By.At), Who: s.By.ActorName, Word: stepWord(s), Text: s.Text})
		}
		p.Filed = append(p.Filed, row)
	}
	p.Events = history(file)
	return p
}

const returned = "退回申请"

func stepWord(s ledger.Step) string {
	place := map[string]string{"lead_dept": "牵头部门核验", "rectification_office": "整改办核验", "discipline_group": "派驻纪检监察组核验"}[s.Step]
	switch {
	case s.Step == "withdraw" && !s.Passed:
		return returned
	case place == "":
		return map[string]string{"apply": "申请销号", "withdraw": "撤回申请", "import": "台账导入时已销号", "reopen": "重新打开"}[s.Step]
	case s.Passed:
		return place + "：通过"
	}
	return place + "：不予销号，" + s.Reason.Word()
}

// history merges what was reported, changed and checked, newest first.
func history(file ledger.Dossier) []view.DeskEvent {
	var all []view.DeskEvent
	for _, x := range file.Reports {
		all = append(all, view.DeskEvent{At: door.Moment(x.By.At), Who: x.By.ActorName, Word: "报告进展", Detail: x.Status.Word(), Text: x.Note})
	}
	for _, x := range file.DueChanges {
		all = append(all, view.DeskEvent{At: door.Moment(x.ProposedAt), Who: x.ProposedName, Word: "申请调整时限", Detail: or(x.FromOn.String(), "没有时限") + " → " + x.ToOn.String(), Text: x.Reason})
		if x.DecidedAt != nil {
			word := "同意调整时限"
			if x.State == "refused" {
				word = "不同意调整时限"
			}
			all = append(all, view.DeskEvent{At: door.Moment(*x.DecidedAt), Who: x.DecidedName, Word: word, Detail: x.ToOn.String(), Text: x.Answer})
		}
	}
	holds := map[bool]string{true: "成果保持", false: "发现问题"}
	for _, x := range file.Checks {
		all = append(all, view.DeskEvent{At: door.Moment(x.By.At), Who: x.By.ActorName, Word: "定期复查", Detail: holds[x.Holds], Text: x.Finding})
	}
	for _, x := range file.Lookbacks {
		if x.At != nil {
			all = append(all, view.DeskEvent{At: door.Moment(*x.At), Who: x.ActorName, Word: "回头看", Detail: x.Title + "：" + holds[x.Result == "confirmed"], Text: x.Finding})
		}
	}
	return view.NewestFirst(all)
}

// offerTasks puts on the page what this person can do now, each task a form.
func offerTasks(p *view.DossierPage, file ledger.Dossier, departments []staff.Department) {
	version := strconv.Itoa(file.Version())
	task := func(t ledger.Task, label, lead, button string, fields ...view.Field) {
		if !file.Can[t] {
			return
		}
		hidden := []view.Hidden{{Name: "version", Value: version}}
		if app := file.Open(); app != nil && (t == ledger.TaskReview || t == ledger.TaskWithdraw) {
			hidden = []view.Hidden{{Name: "version", Value: strconv.Itoa(app.Version)}, {Name: "application", Value: strconv.FormatInt(app.ID, 10)}}
		}
		if t == ledger.TaskDecideDue {
			hidden = append(hidden, view.Hidden{Name: "change", Value: strconv.FormatInt(file.DueChanges[0].ID, 10)})
		}
		p.Acts = append(p.Acts, view.Act{Name: string(t), Label: label, Lead: lead, Form: view.Form{Action: p.Path + "/" + string(t), CSRF: p.CSRF,
			Hidden: hidden, Fields: names(string(t), fields...), Buttons: []view.Button{{Text: button}}}})
	}
	text := func(name, label, hint string, required bool) view.Field {
		return view.Field{Name: name, Kind: view.Textarea, Label: label, Hint: hint, Required: required, Rows: 4}
	}
	var pieces []view.Field
	for _, e := range file.Evidence {
		if e.WithdrawnAt == nil {
			pieces = append(pieces, view.Field{Name: "evidence_" + strconv.FormatInt(e.ID, 10), Kind: view.Checkbox, Value: "1", Checked: true, Label: "佐证材料：" + e.Title})
		}
	}
	if len(pieces) == 0 && file.Measure != nil {
		pieces = []view.Field{{Name: "evidence", Kind: view.Checkbox, Value: "", Label: "（还没有佐证材料，请先添加）"}}
	}
	task(ledger.TaskReview, "核验销号申请", "通过的，转下一环节；派驻纪检监察组通过后即销号。", "作出决定",
		view.Field{Name: "pass", Kind: view.Radio, Label: "核验意见", Required: true, Choices: []view.Choice{{Value: "yes", Text: "通过"}, {Value: "no", Text: "不予销号"}}},
		view.Field{Name: "reason", Kind: view.Select, Label: "不予销号的原因", Choices: append([]view.Choice{{Text: "（通过的不选）"}}, refusalChoices()...)},
		text("text", "具体说明", "不予销号的必须写明差在哪里、怎么改。", false))
	if m := file.Measure; m != nil {
		var statuses []view.Choice
		for _, s := range ledger.Statuses {
			if s != ledger.Unstated && (s != ledger.LongTerm || m.Kind == ledger.Recurring) {
				statuses = append(statuses, view.Choice{Value: string(s), Text: s.Word()})
			}
		}
		task(ledger.TaskReport, "报告进展", "这是牵头部门自己的说法，公众会看到；是否属实由核验决定。", "报告进展",
			view.Field{Name: "status", Kind: view.Radio, Label: "整改状态", Value: string(m.Status), Required: true, Choices: statuses},
			view.Field{Name: "note", Kind: view.Textarea, Label: "完成情况", Hint: "做了什么、结果怎样。公众会看到，不写个人信息。", Value: m.Note, Rows: 4},
			view.Field{Name: "done_on", Kind: "date", Label: "完成日期", Hint: "已完成的填写，不填就是今天。", Value: m.DoneOn.String(), Width: "middle"})
	}
	task(ledger.TaskApply, "申请销号", "牵头部门、整改办、派驻纪检监察组依次核验；准备材料的人不能核验。", "申请销号", append(pieces, text("text", "申请说明", "", true))...)
	task(ledger.TaskEvidence, "添加佐证材料", "文件和链接二选一。文件加密保存。", "添加材料",
		view.Field{Name: "title", Label: "材料名称", Required: true},
		view.Field{Name: "public", Kind: view.Radio, Label: "公开还是内部", Value: "no", Required: true, Choices: []view.Choice{{Value: "yes", Text: "公开：公众可以打开"}, {Value: "no", Text: "内部：只有工作人员可以打开"}}},
		view.Field{Name: "url", Label: "链接", Hint: "以 https:// 开头。"},
		view.Field{Name: "attachments", Kind: view.Files, Label: "或者选择文件", Hint: "一个文件，最大 20 MB。"})
	if len(file.DueChanges) > 0 && file.DueChanges[0].State == "proposed" {
		x := file.DueChanges[0]
		task(ledger.TaskDecideDue, "批准调整时限", fmt.Sprintf("%s申请从%s调整到%s，理由：%s", x.ProposedName, or(x.FromOn.Chinese(), "没有时限"), x.ToOn.Chinese(), x.Reason), "作出决定",
			view.Field{Name: "approve", Kind: view.Radio, Label: "决定", Required: true, Choices: []view.Choice{{Value: "yes", Text: "同意"}, {Value: "no", Text: "不同意"}}},
			text("answer", "不同意的理由", "", false))
	}
	task(ledger.TaskProposeDue, "申请调整时限", "最初的时限一直保留。批准后，新时限和理由会公开。", "提出申请",
		view.Field{Name: "to", Kind: "date", Label: "调整到", Required: true, Width: "middle"}, text("reason", "理由", "公众会看到。", true))
	task(ledger.TaskWithdraw, "撤回销号申请", "", "撤回申请", text("text", "撤回的原因", "", true))
	task(ledger.TaskCheck, "记录定期复查", "", "保存复查结果",
		view.Field{Name: "holds", Kind: view.Radio, Label: "复查结果", Required: true, Choices: []view.Choice{{Value: "yes", Text: "成果保持"}, {Value: "no", Text: "发现问题，重新整改"}}},
		text("finding", "发现的情况", "", true))
	if m := file.Measure; m != nil {
		task(ledger.TaskDetails, "修改内容和责任", "", "保存", detailFields(*m, departments)...)
	}
	if file.Measure == nil {
		task(ledger.TaskDetails, "修改问题", "改动会在公众网站的变化里写明。", "保存", problemFields(file)...)
		subs := []view.Choice{{Text: "不属于细化问题"}}
		for _, s := range file.Subs {
			subs = append(subs, view.Choice{Value: strconv.FormatInt(s.ID, 10), Text: s.Title})
		}
		task(ledger.TaskAdd, "增加措施", "", "增加措施", append([]view.Field{{Name: "sub", Kind: view.Select, Label: "细化问题", Choices: subs},
			{Name: "due", Kind: "date", Label: "整改时限", Width: "middle"}}, detailFields(ledger.Measure{Kind: ledger.Dated, Published: true}, departments)...)...)
	}
	if len(p.Acts) == 0 && p.Waiting == "" {
		p.Waiting = "您现在没有要做的。"
	}
}

// answerIn is how long a department is given to answer a reminder, unless something else is said.
const answerIn = 5

// offerReminder offers to remind the lead department of a measure that is not
// closed, in one step.
func offerReminder(c *door.Ctx, r *store.Reader, p *view.DossierPage, file ledger.Dossier) error {
	m := file.Measure
	if m == nil || m.DepartmentID == nil || m.Closing == ledger.Closed || !slices.Contains(ledger.MayIssue(c.Actor), ledger.Reminder) {
		return nil
	}
	working, err := settings.LoadCalendar(r)
	if err != nil {
		return err
	}
	programme, err := ledger.ProgrammeByID(r, m.ProgrammeID)
	if err != nil {
		return err
	}
	slug := programme.Slug
	if programme.Main {
		slug = ""
	}
	today := calendar.Of(r.Now)
	by, _ := working.Due(today, calendar.Limit{Amount: answerIn, Unit: calendar.Workdays})
	says := "请按计划推进这条措施，并报告进展。"
	switch left := m.DueOn.Sub(today); {
	case m.Overdue(today):
		says = fmt.Sprintf("这条措施的时限是%s，已超期%d天。请说明原因，写明何时完成。", m.DueOn.Chinese(), -left)
	case ledger.Warn(*m, today) != calendar.InTime:
		says = fmt.Sprintf("这条措施的时限是%s，还有%d天。请抓紧办理；不能按期完成的，请在到期前申请调整时限。", m.DueOn.Chinese(), left)
	}
	p.Acts = append(p.Acts, view.Act{Name: "remind", Label: "提醒牵头部门", Lead: "发给" + m.Department + "的联络员，由他答复。", Form: view.Form{Action: "/desk/ledger/orders" + query("programme", slug), CSRF: p.CSRF,
		Hidden: []view.Hidden{{Name: "level", Value: string(ledger.Reminder)}, {Name: "department", Value: strconv.FormatInt(*m.DepartmentID, 10)}, {Name: "code", Value: m.Code}},
		Fields: names("remind", view.Field{Name: "text", Kind: view.Textarea, Label: "内容和要求", Value: says, Required: true, Rows: 4},
			view.Field{Name: "answer_by", Kind: "date", Label: "要求何时答复", Value: by.String(), Required: true, Width: "middle"}), Buttons: []view.Button{{Text: "发出提醒"}}}})
	return nil
}

// problemFields are what the office writes of a problem and its parts.
func problemFields(file ledger.Dossier) []view.Field {
	p := file.Problem
	public := "no"
	if p.Published {
		public = "yes"
	}
	fields := []view.Field{{Name: "title", Label: "问题", Value: p.Title, Required: true}, {Name: "leader", Label: "责任领导", Value: p.Leader, Width: "middle"},
		textFields(p.Text, p.Internal)[0], textFields(p.Text, p.Internal)[1],
		{Name: "public", Kind: view.Radio, Label: "是否公开", Value: public, Required: true, Choices: []view.Choice{{Value: "yes", Text: "公开"}, {Value: "no", Text: "不公开，只计数"}}, Hint: "不公开以后，已经公布的通报里如果写到它，公众仍能在通报里读到。"}}
	for _, s := range file.Subs {
		fields = append(fields, view.Field{Name: fmt.Sprintf("part_%d", s.ID), Label: fmt.Sprintf("细化问题 %d", s.No), Value: s.Title, Required: true},
			view.Field{Name: fmt.Sprintf("part_text_%d", s.ID), Kind: view.Textarea, Label: fmt.Sprintf("细化问题 %d 的公开说明", s.No), Value: s.Text, Rows: 2},
			view.Field{Name: fmt.Sprintf("part_internal_%d", s.ID), Kind: view.Textarea, Label: fmt.Sprintf("细化问题 %d 的内部说明", s.No), Value: s.Internal, Rows: 2})
	}
	return fields
}

func problemText(f *door.Form) ledger.ProblemText {
	t := ledger.ProblemText{Title: f.Get("title"), Text: f.Get("text"), Internal: f.Get("internal"), Leader: f.Get("leader"), Published: f.Get("public") == "yes", Parts: map[int64]ledger.PartText{}}
	for _, name := range f.Names() {
		if id, ok := strings.CutPrefix(name, "part_"); ok {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil {
				t.Parts[n] = ledger.PartText{Title: f.Get(name), Text: f.Get("part_text_" + id), Internal: f.Get("part_internal_" + id)}
			}
		}
	}
	return t
}

func refusalChoices() []view.Choice {
	var out []view.Choice
	for _, r := range ledger.Refusals {
		out = append(out, view.Choice{Value: string(r), Text: r.Word()})
	}
	return out
}

func detailFields(m ledger.Measure, departments []staff.Department) []view.Field {
	choices, lead := []view.Choice{{Text: "没有确定"}}, ""
	for _, x := range departments {
		choices = append(choices, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.Name})
	}
	if m.DepartmentID != nil {
		lead = strconv.FormatInt(*m.DepartmentID, 10)
	}
	var kinds []view.Choice
	for _, k := range ledger.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: kindWords[k]})
	}
	months := ""
	if m.CheckMonths > 0 {
		months = strconv.Itoa(m.CheckMonths)
	}
	return []view.Field{{Name: "title", Kind: view.Textarea, Label: "措施内容", Value: m.Title, Required: true, Rows: 3},
		{Name: "kind", Kind: view.Select, Label: "类型", Value: string(m.Kind), Required: true, Choices: kinds},
		{Name: "leader", Label: "责任领导", Value: m.Leader, Width: "middle"},
		{Name: "department", Kind: view.Select, Label: "牵头部门", Value: lead, Choices: choices},
		{Name: "co", Label: "配合部门", Hint: "部门名称，用顿号隔开。", Value: strings.Join(m.CoDepts, "、")},
		{Name: "starts_on", Kind: "date", Label: "启动时间", Value: m.StartsOn.String(), Width: "middle"},
		{Name: "check_months", Label: "每几个月复查一次", Hint: "长期坚持的措施填写，不复查就不填。", Value: months, Width: "short", Inputmode: "numeric"},
		{Name: "internal", Kind: view.Textarea, Label: "内部说明", Hint: "公众看不到。", Value: m.Internal, Rows: 3},
		{Name: "published", Kind: view.Checkbox, Value: "1", Checked: m.Published, Label: "在公众网站公开这条措施"}}
}

// DoMeasure and DoProblem do one task; the last part of the address says which.
func (d *Doors) DoMeasure(c *door.Ctx) error { return d.doTask(c, "measures") }
func (d *Doors) DoProblem(c *door.Ctx) error { return d.doTask(c, "problems") }

func (d *Doors) doTask(c *door.Ctx, of string) error {
	x, err := subject(c, of)
	if err != nil {
		return err
	}
	task := ledger.Task(c.Params("task"))
	if task == ledger.TaskEvidence {
		return d.takeEvidence(c, x)
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	to := place(x)
	err = d.task(c, f, task, x)
	return d.settled(c, err, to+"?done=ledger_"+string(task), func(status int) error {
		return d.dossierPage(c, status, x, func(p *view.DossierPage) { p.Kept = showAgain(&p.Desk, p.Acts, string(task), f, err) })
	})
}

// settled answers what became of a form: on to the next page, or the same page
// with what was typed where it needs mending or came too late.
func (d *Doors) settled(c *door.Ctx, err error, to string, again func(status int) error) error {
	switch x, ok := fault.As(err); {
	case err == nil:
		return c.SeeOther(to)
	case ok && x.Kind == fault.Invalid:
		return again(422)
	case ok && x.Kind == fault.Conflict:
		return again(409)
	}
	return err
}

// showAgain puts a refused form back on its page, unfolded. Where the page no
// longer offers the form, it returns what was typed.
func showAgain(desk *view.Desk, acts []view.Act, name string, f *door.Form, err error) (kept string) {
	for i := range acts {
		if acts[i].Name == name {
			acts[i].Open = true
			again(desk, &acts[i].Form, f, err)
			return ""
		}
	}
	again(desk, nil, f, err)
	var lines []string
	for _, field := range []string{"note", "text", "reason", "decision", "answer", "finding", "title", "internal", "minutes"} {
		if v := f.Get(field); v != "" {
			lines = append(lines, v)
		}
	}
	return strings.Join(lines, "\n")
}

// dayOf reads a date field; an empty one is no date.
func dayOf(f *door.Form, name, label string) (calendar.Date, error) {
	v := typed.Line(f.Get(name))
	if v == "" {
		return calendar.Date{}, nil
	}
	day, err := calendar.Parse(v)
	if err != nil {
		return day, fault.Form([]fault.Field{{Name: name, Message: label + "请按 2027-06-30 的样子填写。"}})
	}
	return day, nil
}

// yes reads a choice between two.
func yes(f *door.Form, name, message string) (bool, error) {
	switch f.Get(name) {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, fault.Form([]fault.Field{{Name: name, Message: message}})
}

func (d *Doors) task(c *door.Ctx, f *door.Form, t ledger.Task, x ledger.Subject) error {
	l, ctx, a := d.house.Ledger, c.Std(), c.Actor
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
	}
	reference := func(name string) int64 { n, _ := strconv.ParseInt(f.Get(name), 10, 64); return n }
	if x.Measure == 0 && t != ledger.TaskApply && t != ledger.TaskReview && t != ledger.TaskWithdraw && t != ledger.TaskAdd && t != ledger.TaskDetails {
		return errNothing
	}
	switch t {
	case ledger.TaskReport:
		done, err := dayOf(f, "done_on", "完成日期")
		if err != nil {
			return err
		}
		return l.Report(ctx, a, x.Measure, version, ledger.Status(f.Get("status")), f.Get("note"), done)
	case ledger.TaskProposeDue:
		to, err := dayOf(f, "to", "新的时限")
		if err != nil {
			return err
		}
		return l.ProposeDue(ctx, a, x.Measure, version, to, f.Get("reason"))
	case ledger.TaskDecideDue:
		approve, err := yes(f, "approve", "请选择同意还是不同意。")
		if err != nil {
			return err
		}
		return l.DecideDue(ctx, a, x.Measure, version, reference("change"), approve, f.Get("answer"))
	case ledger.TaskApply:
		var evidence []int64
		for _, name := range f.Names() {
			if id, ok := strings.CutPrefix(name, "evidence_"); ok && f.Get(name) != "" {
				n, err := number(id)
				if err != nil {
					return err
				}
				evidence = append(evidence, n)
			}
		}
		return l.Apply(ctx, a, x, version, evidence, f.Get("text"))
	case ledger.TaskReview, ledger.TaskWithdraw:
		// What waits is named in the form; it must be about what the address names.
		err := c.Read(func(r *store.Reader) error {
			about, err := ledger.SubjectOf(r, reference("application"))
			if err == nil && about != x {
				err = fault.New(fault.NotFound, "这里没有这份销号申请。")
			}
			return err
		})
		if err != nil {
			return err
		}
		if t == ledger.TaskWithdraw {
			return l.Withdraw(ctx, a, reference("application"), version, f.Get("text"))
		}
		pass, err := yes(f, "pass", "请选择通过还是不予销号。")
		if err != nil {
			return err
		}
		return l.Review(ctx, a, reference("application"), version, pass, ledger.Refusal(f.Get("reason")), f.Get("text"))
	case ledger.TaskCheck:
		holds, err := yes(f, "holds", "请选择复查结果。")
		if err != nil {
			return err
		}
		return l.RecordCheck(ctx, a, x.Measure, version, holds, f.Get("finding"))
	case ledger.TaskDetails:
		if x.Problem != 0 {
			return l.SetProblem(ctx, a, x.Problem, version, problemText(f))
		}
		details, err := d.details(c, f)
		if err != nil {
			return err
		}
		return l.SetDetails(ctx, a, x.Measure, version, details)
	case ledger.TaskAdd:
		if x.Problem == 0 {
			return errNothing
		}
		due, err := dayOf(f, "due", "整改时限")
		if err != nil {
			return err
		}
		details, err := d.details(c, f)
		if err != nil {
			return err
		}
		_, err = l.AddMeasure(ctx, a, x.Problem, version, reference("sub"), due, details)
		return err
	}
	return errNothing
}

// details reads what the office types of a measure.
func (d *Doors) details(c *door.Ctx, f *door.Form) (ledger.Details, error) {
	x := ledger.Details{Title: f.Get("title"), Internal: f.Get("internal"), Leader: f.Get("leader"), Kind: ledger.Kind(f.Get("kind")), Published: f.Get("published") != ""}
	var bad []fault.Field
	starts, err := dayOf(f, "starts_on", "启动时间")
	if y, ok := fault.As(err); ok {
		bad = append(bad, y.Fields...)
	}
	x.StartsOn = starts
	if v := typed.Line(f.Get("check_months")); v != "" {
		if x.CheckMonths, err = strconv.Atoi(v); err != nil {
			bad = append(bad, fault.Field{Name: "check_months", Message: "复查间隔请填数字，比如 6。"})
		}
	}
	if v := f.Get("department"); v != "" {
		if x.DepartmentID, err = strconv.ParseInt(v, 10, 64); err != nil {
			bad = append(bad, fault.Field{Name: "department", Message: "请从列表中选择牵头部门。"})
		}
	}
	err = c.Read(func(r *store.Reader) error {
		known, err := staff.AllDepartments(r)
		if err != nil {
			return err
		}
		ids := map[string]int64{}
		for _, k := range known {
			ids[k.Name] = k.ID
		}
		for _, name := range ledger.Departments(f.Get("co")) {
			if ids[name] == 0 {
				bad = append(bad, fault.Field{Name: "co", Message: "没有“" + name + "”这个部门，请写部门的全称；新部门请安全管理员添加。"})
				continue
			}
			x.CoDepts = append(x.CoDepts, ids[name])
		}
		return nil
	})
	if err == nil && len(bad) > 0 {
		err = fault.Form(bad)
	}
	return x, err
}

// takeEvidence streams a file into the room, or takes a link.
func (d *Doors) takeEvidence(c *door.Ctx, x ledger.Subject) error {
	n := ledger.NewEvidence{}
	taken := false
	var bad error
	add := func(f *door.Form) error {
		n.Title, n.URL, n.Public = f.Get("title"), f.Get("url"), f.Get("public") == "yes"
		return d.house.Ledger.AddEvidence(c.Std(), c.Actor, x, n)
	}
	f, err := c.FormWith(func(f *door.Form, name string, body io.Reader) error {
		if taken {
			bad = fault.Form([]fault.Field{{Name: "attachments", Message: "一次只能添加一个文件，只收了第一个。"}})
			return nil
		}
		taken = true
		n.Name, n.Body = name, body
		bad = add(f)
		return nil
	})
	if err != nil {
		return err
	}
	if err = bad; !taken {
		err = add(f)
	}
	return d.settled(c, err, place(x)+"?done=ledger_evidence", func(status int) error {
		return d.dossierPage(c, status, x, func(p *view.DossierPage) { p.Kept = showAgain(&p.Desk, p.Acts, "evidence", f, err) })
	})
}

// Evidence opens a file.
func (d *Doors) Evidence(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	e, body, err := d.house.Ledger.OpenEvidence(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	return c.Download(e.Name, e.Size, body)
}

// WithdrawEvidence takes a piece of evidence back.
func (d *Doors) WithdrawEvidence(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.house.Ledger.WithdrawEvidence(c.Std(), c.Actor, id)
	x, known := placed(f.Get("back"))
	if !known {
		if err != nil {
			return err
		}
		return c.SeeOther("/desk/ledger/measures?done=ledger_withdrawn")
	}
	return d.settled(c, err, place(x)+"?done=ledger_withdrawn", func(status int) error {
		return d.dossierPage(c, status, x, func(p *view.DossierPage) { again(&p.Desk, nil, f, err) })
	})
}
