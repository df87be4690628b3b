package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var meetingWords = map[string]view.Due{"planned": {Words: "计划中", Class: "half"}, "held": {Words: "已定稿", Class: "good"}}

// Meetings lists the review meetings and plans new ones.
func (d *Doors) Meetings(c *door.Ctx) error {
	return d.meetingsPage(c, 200, func(*view.RegisterPage) {})
}

func (d *Doors) meetingsPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	p := view.RegisterPage{Heading: "季度研究", Lead: "研究整改推进情况的会议", Up: view.Link{Text: "台账", Href: "/desk/ledger"}, Columns: []string{"会议", "日期", "议题", "决定", "没有办完", "状态"},
		Empty: "还没有安排过会议。安排以后，议题可以从台账里一次列出。"}
	err := d.register(c, &p, "/desk/ledger/meetings", func(r *store.Reader, programme ledger.Programme) error {
		list, err := ledger.ListMeetings(r, c.Actor, programme.ID, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = p.Path + query("before", strconv.FormatInt(list[pageRows-1].ID, 10), "programme", chosen(c))
		}
		for _, x := range list {
			p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: x.Title, Standing: meetingWords[x.State],
				Cells: []view.RegisterCell{{Column: "日期", Text: x.HeldOn.String()}, {Column: "议题", Text: strconv.Itoa(x.Items)}, {Column: "决定", Text: strconv.Itoa(x.Decisions)}, {Column: "没有办完", Text: strconv.Itoa(x.Undone)}}})
		}
		p.Links = []view.Link{{Text: "会议决定和办理情况", Href: "/desk/ledger/decisions" + query("programme", chosen(c))}}
		if c.Actor.Has(staff.RectificationOffice) {
			p.Acts = []view.Act{{Name: "plan", Label: "安排一次会议", Form: view.Form{Action: p.Path + query("programme", chosen(c)), CSRF: p.CSRF,
				Fields: names("plan", view.Field{Name: "title", Label: "会议名称", Hint: "比如：2027年第三季度整改工作研究。", Required: true},
					view.Field{Name: "held_on", Kind: "date", Label: "会议日期", Required: true, Width: "middle"}), Buttons: []view.Button{{Text: "安排会议"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// PlanMeeting plans one.
func (d *Doors) PlanMeeting(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.planMeeting(c, f)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/meetings/%d?done=meeting", id), func(status int) error {
		return d.meetingsPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "plan", f, err) })
	})
}

func (d *Doors) planMeeting(c *door.Ctx, f *door.Form) (int64, error) {
	t, err := meetingText(f)
	if err != nil {
		return 0, err
	}
	programme, err := d.programme(c)
	if err != nil {
		return 0, err
	}
	return d.house.Ledger.PlanMeeting(c.Std(), c.Actor, programme.ID, t)
}

func meetingText(f *door.Form) (ledger.MeetingText, error) {
	t := ledger.MeetingText{Title: f.Get("title"), Minutes: f.Get("minutes")}
	var err error
	if t.HeldOn, err = dayOf(f, "held_on", "会议日期"); err != nil {
		return t, err
	}
	t.NextOn, err = dayOf(f, "next_on", "下次会议的日期")
	return t, err
}

// Meeting shows one with its agenda, minutes and decisions.
func (d *Doors) Meeting(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.meetingPage(c, 200, id, func(*view.RecordPage) {})
}

func (d *Doors) meetingPage(c *door.Ctx, status int, id int64, change func(*view.RecordPage)) error {
	var p view.RecordPage
	err := c.Read(func(r *store.Reader) error {
		m, err := ledger.OpenMeeting(r, c.Actor, id)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, m.Title); err != nil {
			return err
		}
		p.Path, p.Up, p.Heading, p.Standing = fmt.Sprintf("/desk/ledger/meetings/%d", id), view.Link{Text: "季度研究", Href: "/desk/ledger/meetings"}, m.Title, meetingWords[m.State]
		p.Facts = []view.Answer{{Label: "会议日期", Value: m.HeldOn.Chinese()}}
		fact(&p.Facts, "下次会议", m.NextOn.Chinese())
		p.Facts = append(p.Facts, view.Answer{Label: "安排", Value: m.By.ActorName + "，" + door.Moment(m.By.At).String()})
		if m.Held() {
			fact(&p.Facts, "定稿", m.SettledName+"，"+door.Moment(*m.SettledAt).String())
		}
		fact(&p.Texts, "会议记录", m.Minutes)
		office := c.Actor.Has(staff.RectificationOffice)
		p.Lists = append(agenda(p, m, office && !m.Held()), decisions(p, m, office, calendar.Of(r.Now)))
		if l := additions(m); len(l.Items) > 0 {
			p.Lists = append(p.Lists, l)
		}
		p.Links = []view.Link{{Text: "打印会议议程", Href: p.Path + "/agenda"}}
		if m.Minutes != "" {
			p.Links = append(p.Links, view.Link{Text: "打印会议记录", Href: p.Path + "/minutes"})
		}
		if !office {
			return nil
		}
		departments, err := staff.Departments(r)
		if err != nil {
			return err
		}
		p.Acts = meetingActs(p, m, departments)
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// agenda lists the items under their topics; open: they can be taken off.
func agenda(p view.RecordPage, m ledger.Minutes, open bool) []view.RecordList {
	if len(m.Items) == 0 {
		return []view.RecordList{{Heading: "议题", Empty: "还没有议题。可以从台账和群众意见里一次列出，也可以自己添加。"}}
	}
	var lists []view.RecordList
	for _, t := range ledger.Topics {
		l := view.RecordList{}
		for _, x := range m.Items {
			if x.Kind != t {
				continue
			}
			item := view.RecordItem{Text: x.Text}
			if of := x.Subject(); of != (ledger.Subject{}) {
				item.Href = place(of)
			}
			if open {
				item.Act = &view.Act{Name: fmt.Sprintf("drop-%d", x.ID), Form: view.Form{Action: p.Path + "/drop", CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "item", Value: strconv.FormatInt(x.ID, 10)}},
					Buttons: []view.Button{{Text: "去掉这个议题"}}}}
			}
			l.Items = append(l.Items, item)
		}
		if len(l.Items) > 0 {
			l.Heading = fmt.Sprintf("议题：%s（%d）", t.Word(), len(l.Items))
			lists = append(lists, l)
		}
	}
	return lists
}

// decisions lists what was decided. A draft can be taken back, one in force is done some day.
func decisions(p view.RecordPage, m ledger.Minutes, office bool, today calendar.Date) view.RecordList {
	l := view.RecordList{Heading: "决定", Empty: "还没有记下决定。"}
	for _, x := range m.Decisions {
		item := decisionItem(x, today)
		item.Code = fmt.Sprintf("第%d项", x.No)
		hidden := []view.Hidden{{Name: "decision", Value: strconv.FormatInt(x.ID, 10)}, {Name: "version", Value: strconv.Itoa(x.Version)}}
		switch {
		case !m.Held():
			item.Standing = view.Due{Words: "草稿", Class: "half"}
			if office {
				item.Act = &view.Act{Name: fmt.Sprintf("undecide-%d", x.ID), Form: view.Form{Action: p.Path + "/undecide", CSRF: p.CSRF, Hidden: hidden, Buttons: []view.Button{{Text: "去掉这项决定"}}}}
			}
		case office && x.DoneOn.IsZero():
			name := fmt.Sprintf("done-%d", x.ID)
			item.Act = &view.Act{Name: name, Label: "办完了", Lead: "写明办理结果，记下后不能再改。", Form: view.Form{Action: p.Path + "/done", CSRF: p.CSRF, Hidden: hidden,
				Fields:  names(name, view.Field{Name: "note", Kind: view.Textarea, Label: "办理结果", Required: true, Rows: 3}, view.Field{Name: "done_on", Kind: "date", Label: "办完的日期", Hint: "不填就是今天。", Width: "middle"}),
				Buttons: []view.Button{{Text: "记为办完"}}}}
		}
		l.Items = append(l.Items, item)
	}
	return l
}

// decisionItem is a decision as a line.
func decisionItem(x ledger.Decided, today calendar.Date) view.RecordItem {
	item := view.RecordItem{Text: x.Text, Standing: decisionDue(x.Decision, today)}
	note := []string{x.Department, x.DueOn.Chinese() + "前办完"}
	if x.Code != "" {
		item.Href = place(x.Subject())
		note = append(note, "针对"+x.Code+" "+x.Title)
	}
	if x.Added {
		note = append(note, "定稿后补记，"+x.By.ActorName+" "+door.Moment(x.By.At).String())
	}
	if x.DoneNote != "" {
		note = append(note, x.DoneOn.Chinese()+"办完："+x.DoneNote)
	}
	item.Note = strings.Join(note, "；")
	return item
}

func decisionDue(x ledger.Decision, today calendar.Date) view.Due {
	if !x.DoneOn.IsZero() {
		return view.Due{Words: "已办完", Class: "good"}
	}
	return left(ledger.WarnDecision(x, today), x.DueOn, today)
}

// left words how near a day is.
func left(w calendar.Warning, due, today calendar.Date) view.Due {
	days := due.Sub(today)
	switch w {
	case calendar.Overdue:
		return view.Due{Words: fmt.Sprintf("超期 %d 天", -days), On: door.Day(due), Class: "overdue"}
	case calendar.NearlyDue:
		return view.Due{Words: fmt.Sprintf("剩 %d 天", days), On: door.Day(due), Class: "near"}
	case calendar.HalfUsed:
		return view.Due{Words: fmt.Sprintf("剩 %d 天", days), On: door.Day(due), Class: "half"}
	}
	return view.Due{Words: due.String()}
}

func additions(m ledger.Minutes) view.RecordList {
	l := view.RecordList{Heading: "定稿后补记"}
	for _, x := range m.Additions {
		l.Items = append(l.Items, view.RecordItem{Text: x.Text, Note: x.By.ActorName + "，" + door.Moment(x.By.At).String()})
	}
	return l
}

// meetingActs is what the office can do now.
func meetingActs(p view.RecordPage, m ledger.Minutes, departments []staff.Department) []view.Act {
	act := func(name, label, lead, button string, fields ...view.Field) view.Act {
		return view.Act{Name: name, Label: label, Lead: lead, Form: view.Form{Action: p.Path + "/" + name, CSRF: p.CSRF, Fields: names(name, fields...), Buttons: []view.Button{{Text: button}}}}
	}
	choices := []view.Choice{{Text: "请选择"}}
	for _, x := range departments {
		choices = append(choices, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.Name})
	}
	code := view.Field{Name: "code", Label: "针对的问题或者措施", Hint: "编号，比如 1-3 或者 1-3-2-1；不针对某一项就不填。", Width: "middle"}
	decide := []view.Field{{Name: "text", Kind: view.Textarea, Label: "决定的内容", Required: true, Rows: 4}, {Name: "department", Kind: view.Select, Label: "由哪个部门办理", Required: true, Choices: choices},
		{Name: "due_on", Kind: "date", Label: "办理期限", Required: true, Width: "middle"}, code}
	if m.Held() {
		return []view.Act{act("add", "补记", "会议记录已经定稿，不能改；补记会标明是谁、什么时候补的。", "补记", view.Field{Name: "text", Kind: view.Textarea, Label: "补记的内容", Required: true, Rows: 4}),
			act("decide", "补记一项决定", "会标明是定稿后补记的，不能撤回。", "补记决定", decide...)}
	}
	write := act("write", "写会议记录", "可以先保存，会后再定稿。定稿以后，议题、记录和决定都不能再改，只能补记。", "保存",
		view.Field{Name: "title", Label: "会议名称", Required: true, Value: m.Title}, view.Field{Name: "held_on", Kind: "date", Label: "会议日期", Required: true, Value: m.HeldOn.String(), Width: "middle"},
		view.Field{Name: "minutes", Kind: view.Textarea, Label: "会议记录", Hint: "谁参加、研究了什么、有什么意见。决定另外逐项记。", Value: m.Minutes, Rows: 12},
		view.Field{Name: "next_on", Kind: "date", Label: "下次会议的日期", Value: m.NextOn.String(), Width: "middle"})
	write.Form.Hidden = []view.Hidden{{Name: "version", Value: strconv.Itoa(m.Version)}}
	write.Form.Buttons = append(write.Form.Buttons, view.Button{Text: "保存并定稿", Name: "step", Value: "hold"})
	return []view.Act{act("draw", "", "", "从台账和群众意见列出议题"),
		act("item", "添加议题", "", "添加议题", view.Field{Name: "text", Kind: view.Textarea, Label: "议题", Required: true, Rows: 3}, code), write, act("decide", "记下一项决定", "", "记下决定", decide...)}
}

// meetingDone is the notice after each act.
var meetingDone = map[string]string{"write": "meeting_saved", "draw": "meeting_drawn", "item": "meeting_item", "drop": "meeting_dropped", "decide": "meeting_decided", "undecide": "meeting_undecided",
	"done": "meeting_done", "add": "meeting_added"}

// DoMeeting does one thing to a meeting.
func (d *Doors) DoMeeting(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	act := c.Params("act")
	done, known := meetingDone[act]
	if !known {
		return errNothing
	}
	if act == "write" && f.Get("step") == "hold" {
		done = "meeting_held"
	}
	err = d.doMeeting(c, f, act, id)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/meetings/%d?done=%s", id, done), func(status int) error {
		return d.meetingPage(c, status, id, func(p *view.RecordPage) {
			if act == "done" {
				againIn(p, "done-"+f.Get("decision"), f, err)
				return
			}
			p.Kept = showAgain(&p.Desk, p.Acts, act, f, err)
		})
	})
}

func (d *Doors) doMeeting(c *door.Ctx, f *door.Form, act string, id int64) error {
	l, ctx, a := d.house.Ledger, c.Std(), c.Actor
	switch act {
	case "write":
		version, err := versionOf(f)
		if err != nil {
			return err
		}
		t, err := meetingText(f)
		if err != nil {
			return err
		}
		if f.Get("step") == "hold" {
			return l.HoldMeeting(ctx, a, id, version, t)
		}
		return l.SaveMeeting(ctx, a, id, version, t)
	case "draw":
		voices, err := d.voices(c, id)
		if err != nil {
			return err
		}
		_, err = l.DrawAgenda(ctx, a, id, voices)
		return err
	case "item":
		of, err := d.itemOf(c, f, id)
		if err != nil {
			return err
		}
		return l.AddItem(ctx, a, id, of, f.Get("text"))
	case "drop":
		item, err := number(f.Get("item"))
		if err != nil {
			return err
		}
		return l.DropItem(ctx, a, id, item)
	case "decide":
		return d.decide(c, f, id)
	case "undecide", "done":
		decision, err := number(f.Get("decision"))
		if err != nil {
			return err
		}
		if act == "undecide" {
			return l.DropDecision(ctx, a, id, decision)
		}
		version, err := versionOf(f)
		if err != nil {
			return err
		}
		on, err := dayOf(f, "done_on", "办完的日期")
		if err != nil {
			return err
		}
		return l.Fulfil(ctx, a, decision, version, on, f.Get("note"))
	case "add":
		return l.AddToMinutes(ctx, a, id, f.Get("text"))
	}
	return errNothing
}

func (d *Doors) decide(c *door.Ctx, f *door.Form, id int64) error {
	n := ledger.NewDecision{Text: f.Get("text")}
	n.DepartmentID, _ = strconv.ParseInt(f.Get("department"), 10, 64)
	var err error
	if n.DueOn, err = dayOf(f, "due_on", "办理期限"); err != nil {
		return err
	}
	if n.Subject, err = d.itemOf(c, f, id); err != nil {
		return err
	}
	_, err = d.house.Ledger.Decide(c.Std(), c.Actor, id, n)
	return err
}

// itemOf finds what a form's code names in the ledger of a meeting: a measure or a problem.
func (d *Doors) itemOf(c *door.Ctx, f *door.Form, meeting int64) (x ledger.Subject, err error) {
	code := typed.Line(f.Get("code"))
	if code == "" {
		return x, nil
	}
	err = c.Read(func(r *store.Reader) error {
		m, err := ledger.OpenMeeting(r, c.Actor, meeting)
		if err != nil {
			return err
		}
		programme, err := ledger.ProgrammeByID(r, m.ProgrammeID)
		if err != nil {
			return err
		}
		measure, err := ledger.MeasureByCode(r, programme.ID, code)
		if err == nil {
			x.Measure = measure.ID
			return nil
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		ids, unknown, err := ledger.ProblemIDs(r, programme, []string{code})
		if err == nil && len(unknown) > 0 {
			return fault.Form([]fault.Field{{Name: "code", Message: "台账里没有编号“" + code + "”的问题或者措施，请核对。"}})
		}
		if err == nil {
			x.Problem = ids[0]
		}
		return err
	})
	return x, err
}

// maxVoices is how many problems an agenda names for what the public said.
const maxVoices = 20

// voices words what the public said since the meeting before.
func (d *Doors) voices(c *door.Ctx, meeting int64) (out []ledger.Voice, err error) {
	err = c.Read(func(r *store.Reader) error {
		m, err := ledger.OpenMeeting(r, c.Actor, meeting)
		if err != nil {
			return err
		}
		since, err := ledger.LastMeetingBefore(r, m.Meeting)
		if err != nil {
			return err
		}
		list, err := cases.Voices(r, c.Actor, m.ProgrammeID, since, maxVoices)
		if err != nil {
			return err
		}
		from := ""
		if !since.IsZero() {
			from = since.Chinese() + "以来"
		}
		for _, v := range list {
			text := fmt.Sprintf("%s %s：%s收到群众意见%d条", v.Code, v.Title, from, v.Comments)
			if len(v.Subjects) > 0 {
				text += "，已公开答复：" + strings.Join(v.Subjects, "；")
			}
			out = append(out, ledger.Voice{ProblemID: v.ProblemID, Text: text})
		}
		return nil
	})
	return out, err
}

// MeetingAgenda is the agenda on paper.
func (d *Doors) MeetingAgenda(c *door.Ctx) error { return d.meetingPaper(c, "会议议程", false) }

// MeetingMinutes is the minutes on paper, with the decisions and what was added.
func (d *Doors) MeetingMinutes(c *door.Ctx) error { return d.meetingPaper(c, "会议记录", true) }

func (d *Doors) meetingPaper(c *door.Ctx, what string, whole bool) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	var p view.PaperPage
	err = c.Read(func(r *store.Reader) error {
		m, err := ledger.OpenMeeting(r, c.Actor, id)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, m.Title+what); err != nil {
			return err
		}
		p.Up, p.Heading = view.Link{Text: "返回会议", Href: fmt.Sprintf("/desk/ledger/meetings/%d", id)}, m.Title+"　"+what
		p.Facts = []view.Answer{{Label: "会议日期", Value: m.HeldOn.Chinese()}}
		fact(&p.Facts, "下次会议", m.NextOn.Chinese())
		if !m.Held() {
			p.Facts = append(p.Facts, view.Answer{Label: "状态", Value: "还没有定稿"})
		}
		if whole {
			p.Parts = append(p.Parts, view.PaperPart{Heading: "记录", Text: m.Minutes})
			part := view.PaperPart{Heading: "决定", Empty: "没有作出决定。"}
			for _, x := range m.Decisions {
				i := decisionItem(x, calendar.Of(r.Now))
				part.Items = append(part.Items, view.PaperItem{Text: i.Text, Note: i.Note})
			}
			p.Parts = append(p.Parts, part)
			if l := additions(m); len(l.Items) > 0 {
				part := view.PaperPart{Heading: l.Heading}
				for _, i := range l.Items {
					part.Items = append(part.Items, view.PaperItem{Text: i.Text, Note: i.Note})
				}
				p.Parts = append(p.Parts, part)
			}
		}
		if whole && len(m.Items) > 0 {
			p.Parts = append(p.Parts, view.PaperPart{Heading: "附：议题"})
		}
		for _, l := range agenda(view.RecordPage{}, m, false) {
			if len(l.Items) == 0 && whole {
				continue
			}
			part := view.PaperPart{Heading: strings.TrimPrefix(l.Heading, "议题："), Empty: l.Empty}
			for _, i := range l.Items {
				part.Items = append(part.Items, view.PaperItem{Text: i.Text})
			}
			p.Parts = append(p.Parts, part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

var decisionBasketWords = map[ledger.DecisionBasket]string{ledger.DecisionsOpen: "没有办完", ledger.DecisionsLate: "已超期", ledger.DecisionsDone: "已办完", ledger.DecisionsAll: "全部"}

// Decisions lists the decisions that concern who looks.
func (d *Doors) Decisions(c *door.Ctx) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	in := ledger.DecisionBasket(c.Query("in"))
	if decisionBasketWords[in] == "" {
		in = ledger.DecisionsOpen
	}
	p := view.RegisterPage{Heading: "会议决定", Lead: "季度研究作出的决定和办理情况", Up: view.Link{Text: "台账", Href: "/desk/ledger"}, Columns: []string{"决定", "会议", "办理部门", "针对", "期限"}, Empty: "这里没有会议决定。"}
	err := d.register(c, &p, "/desk/ledger/decisions", func(r *store.Reader, programme ledger.Programme) error {
		list, counts, err := ledger.ListDecisions(r, c.Actor, programme.ID, in, before, pageRows+1)
		if err != nil {
			return err
		}
		address := func(b ledger.DecisionBasket, before string) string {
			return p.Path + query("in", string(b), "before", before, "programme", chosen(c))
		}
		for _, b := range ledger.DecisionBaskets {
			p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: decisionBasketWords[b], Href: address(b, "")}, Count: view.Tally(counts[b]), Here: b == in,
				Alarm: b == ledger.DecisionsLate && counts[b] > 0})
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = address(in, strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		for _, x := range list {
			row := view.RegisterRow{Name: x.Text, Standing: decisionDue(x.Decision, calendar.Of(r.Now)),
				Cells: []view.RegisterCell{{Column: "会议", Text: x.Meeting}, {Column: "办理部门", Text: x.Department}, {Column: "针对", Text: x.Code}}}
			switch {
			case holds(c.Actor, checkers):
				row.Href = fmt.Sprintf("/desk/ledger/meetings/%d", x.MeetingID)
			case x.Code != "":
				row.Href = place(x.Subject())
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}
