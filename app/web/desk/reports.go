package desk

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/reports"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Who comes to the pages of reports. Who may open which is a matter of keys, in the room.
var (
	officers   = []staff.Role{staff.DisciplineOfficer}
	custodians = []staff.Role{staff.Custodian}
	keyed      = []staff.Role{staff.DisciplineOfficer, staff.Custodian, staff.SecAdmin}
)

// ReportQueue lists the reports that open for this officer: open ones, ended
// ones, or those in which some words stand.
func (d *Doors) ReportQueue(c *door.Ctx) error {
	ended, q := c.Query("ended") != "", strings.TrimSpace(c.Query("q"))
	p := view.RegisterPage{Heading: "举报", Columns: []string{"编号", "收到", "渠道", "办理人", "状态和期限"}}
	var err error
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/reports"
	p.Links = []view.Link{{Text: "已经办结的举报", Href: p.Path + "?ended=1"}}
	if ended {
		p.Heading, p.Links = "已经办结的举报", []view.Link{{Text: "在办的举报", Href: p.Path}}
	}
	p.Empty = "没有您能打开的举报。"
	search := view.Act{Name: "search", Label: "查找", Lead: "逐件解密最近的举报来找，内容不建索引；查找有记录，查什么不记。", Open: q != "", Form: view.Form{Action: p.Path + "/search", CSRF: p.CSRF,
		Fields: []view.Field{{Name: "q", Label: "要找的词", Required: true, Max: 100, Autocomplete: "off"}}, Buttons: []view.Button{{Text: "查找"}}}}
	if ended {
		search.Form.Hidden = []view.Hidden{{Name: "ended", Value: "1"}}
	}
	p.Acts = []view.Act{search}
	list, next, err := d.house.Reports.Queue(c.Std(), c.Actor, ended, c.Query("from"), pageRows)
	if err != nil {
		return d.withoutKey(c, err)
	}
	p.Rows = reportRows(list, calendar.Of(d.house.DB.Now()))
	if next != "" {
		p.Next = p.Path + query("ended", c.Query("ended"), "from", next)
	}
	return c.Render(200, p)
}

// withoutKey explains a session that has no private key.
func (d *Doors) withoutKey(c *door.Ctx, err error) error {
	x, ok := fault.As(err)
	if !ok || x.Kind != fault.Conflict {
		return err
	}
	p := view.RegisterPage{Heading: "举报", Empty: x.Message}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/reports"
	return c.Render(409, p)
}

func reportRows(list []reports.Row, today calendar.Date) (rows []view.RegisterRow) {
	for _, x := range list {
		row := view.RegisterRow{Href: "/desk/reports/" + x.CaseNo, Name: view.Code(x.CaseNo).String(), Standing: reportDue(x.Report, today),
			Cells: []view.RegisterCell{{Column: "收到", Text: door.Moment(x.SubmittedAt).String()}, {Column: "渠道", Text: x.Channel.Word()}, {Column: "办理人", Text: x.Handler}}}
		if x.Unread {
			row.Marks = append(row.Marks, "未读")
		}
		if x.Hold != "" {
			row.Marks = append(row.Marks, "依法保留")
		}
		rows = append(rows, row)
	}
	return rows
}

// reportDue is a report's state, with what is due and when.
func reportDue(x reports.Report, today calendar.Date) view.Due {
	due := view.Due{Words: x.State.Word()}
	what := map[reports.State]string{reports.Received: "告知是否受理", reports.Accepted: "满三个月", reports.Handling: "满三个月", reports.Concluded: "反馈结果"}[x.State]
	if what == "" || x.DueOn.Year() == 9999 {
		return due
	}
	due.Words += "，" + x.DueOn.Chinese() + "前" + what
	if what == "满三个月" {
		due.Words = x.State.Word() + "，" + x.DueOn.Chinese() + "满三个月"
	}
	if today.After(x.DueOn) {
		due.Words, due.Class = due.Words+"（已超过）", "late"
	}
	return due
}

// SearchReports looks for words in what opens for this officer.
func (d *Doors) SearchReports(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	ended := f.Get("ended") != ""
	p := view.RegisterPage{Heading: "查找举报", Up: view.Link{Text: "举报", Href: "/desk/reports"}, Columns: []string{"编号", "收到", "渠道", "办理人", "状态和期限"}}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/reports"
	p.Acts = []view.Act{{Name: "search", Label: "再查一次", Open: true, Form: view.Form{Action: "/desk/reports/search", CSRF: p.CSRF, Fields: []view.Field{{Name: "q", Label: "要找的词", Required: true, Max: 100, Autocomplete: "off", Value: f.Get("q")}}, Buttons: []view.Button{{Text: "查找"}}}}}
	if ended {
		p.Acts[0].Form.Hidden = []view.Hidden{{Name: "ended", Value: "1"}}
	}
	got, err := d.house.Reports.Search(c.Std(), c.Actor, f.Get("q"), ended)
	status := 200
	if fields, ok := door.Fields(err); ok {
		status = 422
		again(&p.Desk, &p.Acts[0].Form, f, fault.Form(fields))
	} else if err != nil {
		return d.withoutKey(c, err)
	}
	if err == nil {
		p.Lead, p.Empty = fmt.Sprintf("找了最近 %d 件", got.Looked), "没有找到。"
	}
	if got.More {
		p.Lead += "，更早的没有找"
	}
	p.Rows = reportRows(got.Rows, calendar.Of(d.house.DB.Now()))
	return c.Render(status, p)
}

// Report opens a report; the room records that it was looked at.
func (d *Doors) Report(c *door.Ctx) error { return d.reportPage(c, 200, "", nil, nil) }

func (d *Doors) reportPage(c *door.Ctx, status int, act string, f *door.Form, wrong error) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	v, err := d.house.Reports.View(c.Std(), c.Actor, id)
	if err != nil {
		return d.withoutKey(c, err)
	}
	x, st := v.Report, v.Statement
	here := "/desk/reports/" + x.CaseNo
	p := view.RecordPage{Up: view.Link{Text: "举报", Href: "/desk/reports"}, Heading: "举报 " + view.Code(x.CaseNo).String(), Standing: reportDue(x, calendar.Of(d.house.DB.Now()))}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/reports"
	p.Texts = []view.Answer{{Label: "举报的事实", Value: st.Facts}}
	for _, t := range v.Texts {
		who := map[bool]string{true: "举报人", false: t.ActorName}[t.Mine()]
		kind := "答复举报人"
		switch {
		case t.Mine():
			kind = "补充"
		case t.Conclusion():
			kind = "办结（举报人看不到）"
		case t.Note():
			kind = "工作记录（举报人看不到）"
		}
		body := t.Body
		if t.Conclusion() {
			body = "处置方式：" + body
		}
		p.Texts = append(p.Texts, view.Answer{Label: who + "：" + kind + "　" + door.Moment(t.At).String(), Value: body})
	}
	files := view.RecordList{Heading: "材料", Lead: "拍摄地点、作者等信息已经去掉；举报人交来的，原件加密另存，身份保管人只在有身份申请时打得开。"}
	if st.Anonymous { // nobody asks who sent it, and so nobody opens them
		files.Lead = "拍摄地点、作者等信息已经去掉；原件加密另存。"
	}
	add := func(note string, list []reports.File) {
		for _, x := range list {
			files.Items = append(files.Items, view.RecordItem{Text: x.Name, Href: fmt.Sprintf("%s/files/%d", here, x.ID), Note: note})
		}
	}
	add("随举报交来　"+door.Moment(x.SubmittedAt).String(), v.Files)
	for _, t := range v.Texts {
		note := "举报人随补充交来　"
		if !t.Mine() {
			note = t.ActorName + "随答复发出　"
		}
		add(note+door.Moment(t.At).String(), t.Files)
	}
	if len(files.Items) > 0 {
		p.Lists = append(p.Lists, files)
	}
	if len(v.Others) > 0 {
		list := view.RecordList{Heading: "同一个人的其他举报", Lead: "只列您能打开的。"}
		for _, o := range v.Others {
			list.Items = append(list.Items, view.RecordItem{Code: view.Code(o.CaseNo).String(), Text: o.On.Chinese() + "收到", Href: "/desk/reports/" + o.CaseNo, Standing: view.Due{Words: o.State.Word()}})
		}
		p.Lists = append(p.Lists, list)
	}
	p.Lists = append(p.Lists, reportTrail(v.Events))
	named := "实名"
	if st.Anonymous {
		named = "匿名"
	}
	filled := func(list ...view.Answer) []view.Answer {
		return slices.DeleteFunc(list, func(a view.Answer) bool { return a.Value == "" })
	}
	// Who is accused of what is what an officer comes for; it stands before everything else.
	p.First = filled(view.Answer{Label: "被举报人", Value: st.Person}, view.Answer{Label: "单位", Value: st.Unit}, view.Answer{Label: "职务", Value: st.Post}, view.Answer{Label: "问题类别", Value: st.Violation},
		view.Answer{Label: "标题", Value: st.Title}, view.Answer{Label: "时间", Value: st.HappenedAt}, view.Answer{Label: "地点", Value: st.Place}, view.Answer{Label: "不能看到的人", Value: strings.Join(st.Exclude, "、")})
	p.Facts = filled(view.Answer{Label: "方式", Value: named}, view.Answer{Label: "渠道", Value: x.Channel.Word()}, view.Answer{Label: "收到", Value: door.Moment(x.SubmittedAt).String()},
		view.Answer{Label: "办理人", Value: v.Handler}, view.Answer{Label: "依法保留", Value: v.Hold})
	for _, q := range v.Asks {
		if q.Decided == "" {
			p.Notices = append(p.Notices, view.Notice{Text: q.By + "申请查看举报人身份，等待身份保管人决定。"})
		}
	}
	p.Acts = d.reportActs(p.CSRF, here, v)
	if wrong != nil {
		p.Kept = showAgain(&p.Desk, p.Acts, act, f, wrong)
	}
	return c.Render(status, p)
}

// reportTrail are the steps of a report. That somebody looked at it is one line a
// day, or the steps themselves would not be found among so many.
func reportTrail(events []reports.Event) view.RecordList {
	type looking struct {
		who string
		on  calendar.Date
	}
	trail, at, times := view.RecordList{Heading: "办理经过"}, map[looking]int{}, map[looking]int{}
	for _, e := range events {
		who := e.ActorName
		if e.ActorID == 0 && who == "" {
			who = "举报人"
		}
		item := view.RecordItem{Text: e.Verb.Word(), Note: who + "　" + door.Moment(e.At).String()}
		if e.Verb == reports.DoOpen {
			k := looking{who, calendar.Of(e.At)}
			if times[k]++; times[k] > 1 {
				i := at[k]
				trail.Items[i].Text = fmt.Sprintf("%s %d 次", e.Verb.Word(), times[k])
				trail.Items[i].Note = who + "　" + k.on.Chinese()
				continue
			}
			at[k] = len(trail.Items)
		}
		trail.Items = append(trail.Items, item)
	}
	return trail
}

// reportActs are what can be done with a report now.
func (d *Doors) reportActs(csrf, here string, v reports.Open) (acts []view.Act) {
	long := func(name, label, hint string) view.Field {
		return view.Field{Name: "content", ID: name + "-content", Kind: view.Textarea, Label: label, Hint: hint, Required: true, Max: 5000, Rows: 5}
	}
	add := func(verb reports.Verb, label, lead, button string, fields ...view.Field) {
		if slices.Contains(v.May, verb) {
			acts = append(acts, view.Act{Name: string(verb), Label: label, Lead: lead, Form: view.Form{Action: here + "/" + string(verb), CSRF: csrf, Fields: fields, Buttons: []view.Button{{Text: button}}}})
		}
	}
	var to, ways []view.Choice
	for _, p := range v.To {
		to = append(to, view.Choice{Value: strconv.FormatInt(p.ID, 10), Text: p.Name})
	}
	for _, x := range reports.Dispositions {
		ways = append(ways, view.Choice{Value: string(x), Text: string(x)})
	}
	add(reports.DoAccept, "受理", "举报人查询时看到“已受理”。", "受理")
	add(reports.DoRefuse, "不属受理范围", "写明为什么、可以去哪里反映，举报人看得到。", "确定", long("refuse", "给举报人的说明", ""))
	add(reports.DoAssign, "交办", "交给一位纪检专员。交办以后，其他人手里的密钥作废，只有他能打开。", "交办",
		view.Field{Name: "to", ID: "assign-to", Kind: view.Select, Label: "办理人", Choices: append([]view.Choice{{Text: "请选择"}}, to...), Required: true})
	add(reports.DoAnswer, "回复举报人", "需要补充的、想问的，写在这里，举报人凭查询码看。", "回复", long("answer", "给举报人的话", "不要写能让别人认出举报人的话。"),
		view.Field{Name: "attachments", Kind: view.Files, Label: "附件", Hint: "例如送达的文书。作者等信息会先去掉。只收 " + reports.Evidence.Words + "。"})
	if n := len(acts); n > 0 && acts[n-1].Name == string(reports.DoAnswer) {
		acts[n-1].Form.Hidden = []view.Hidden{{Name: "submission_key", Value: newKey()}}
	}
	add(reports.DoNote, "工作记录", "只有办理这件举报的纪检专员看得到。", "记下", long("note", "工作记录", ""))
	if !v.Until.IsZero() {
		acts = append(acts, view.Act{Name: "reveal", Label: "查看举报人身份", Lead: "到" + door.Moment(v.Until).String() + "为止。每次查看都有记录，举报人看得到。", Form: view.Form{Action: here + "/reveal", CSRF: csrf, Buttons: []view.Button{{Text: "查看"}}}})
	}
	if !v.Statement.Anonymous { // there is nothing to give, and an anonymous reporter would be frightened by the asking
		add(reports.DoAsk, "申请查看举报人身份", "写明理由，由身份保管人决定；举报人看得到您申请过。", "申请", long("ask", "理由", ""))
	}
	add(reports.DoConclude, "办结", "办结以后15个工作日内反馈实名举报人。", "办结", view.Field{Name: "disposition", ID: "conclude-disposition", Kind: view.Radio, Label: "处置方式", Required: true, Choices: ways}, long("conclude", "办理结论", "举报人看不到。"))
	add(reports.DoFeedback, "反馈结果", "实名的，还要按规定当面或者电话反馈，需要身份的先申请查看。", "反馈", long("feedback", "反馈给举报人的结果", ""))
	add(reports.DoReopen, "重新办理", "举报人不同意结果或者有新的证据，需要再核查的。期限重新计算，举报人看得到。", "重新办理")
	add(reports.DoRecuse, "回避", "和举报人、被举报人有利害关系的，应当回避。回避以后您再也打不开这件举报。", "我要回避")
	add(reports.DoHold, "依法保留", "到保存期限也不删除。", "保留")
	add(reports.DoUnhold, "解除保留", "解除以后按期限删除。", "解除")
	return acts
}

// ActOnReport does one of them.
func (d *Doors) ActOnReport(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	bad := ""
	f, err := c.FormWith(func(f *door.Form, name string, body io.Reader) error {
		_, err := d.house.Reports.Stage(c.Std(), f.Get("submission_key"), name, body)
		if x, ok := fault.As(err); ok && x.Kind != fault.Busy {
			bad = x.Message
			if len(x.Fields) > 0 {
				bad = x.Fields[0].Message
			}
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	room, ctx, a, body := d.house.Reports, c.Std(), c.Actor, f.Get("content")
	here, done := fmt.Sprintf("/desk/reports/%08d", id), "report_"+c.Params("verb")
	verb := reports.Verb(c.Params("verb"))
	switch verb {
	case reports.DoAccept:
		err = room.Accept(ctx, a, id)
	case reports.DoRefuse:
		err = room.Refuse(ctx, a, id, body)
	case reports.DoAssign:
		to, _ := strconv.ParseInt(f.Get("to"), 10, 64)
		if err = room.Assign(ctx, a, id, to); err == nil && to != a.ID {
			here = "/desk/reports"
		}
	case reports.DoRecuse:
		if err = room.Recuse(ctx, a, id); err == nil {
			here = "/desk/reports"
		}
	case reports.DoNote:
		err = room.Note(ctx, a, id, body)
	case reports.DoAnswer:
		if err = fault.Form([]fault.Field{{Name: "attachments", Message: bad}}); bad == "" {
			err = room.Answer(ctx, a, id, body, f.Get("submission_key"))
		}
	case reports.DoAsk:
		err = room.AskIdentity(ctx, a, id, body)
	case reports.DoConclude:
		err = room.Conclude(ctx, a, id, reports.Disposition(f.Get("disposition")), body)
	case reports.DoFeedback:
		err = room.Feedback(ctx, a, id, body)
	case reports.DoReopen:
		err = room.Reopen(ctx, a, id)
	case reports.DoHold:
		err = room.HoldBack(ctx, a, id)
	case reports.DoUnhold:
		err = room.Release(ctx, a, id)
	case reports.DoReveal:
		return d.reveal(c, id)
	default:
		return errNothing
	}
	return d.settled(c, err, here+query("done", done), func(status int) error { return d.reportPage(c, status, string(verb), f, err) })
}

// reveal shows who a reporter is to whom a custodian gave it.
func (d *Doors) reveal(c *door.Ctx, id int64) error {
	who, err := d.house.Reports.Reveal(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	p := view.SecretPage{Heading: "举报人身份", Lead: "只用于核实这件举报，不得抄录、转告。离开本页后要再看一次，会再记录一次。", Next: view.Link{Text: "返回这件举报", Href: fmt.Sprintf("/desk/reports/%08d", id)}}
	for _, a := range []view.Answer{{Label: "姓名", Value: who.Name}, {Label: "电话", Value: who.Phone}, {Label: "邮箱", Value: who.Email}, {Label: "地址", Value: who.Address}} {
		if a.Value != "" {
			p.Facts = append(p.Facts, a)
		}
	}
	if who.Empty() {
		p.Facts = []view.Answer{{Label: "身份", Value: "匿名，没有留下姓名和联系方式"}}
	}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/reports"
	return c.Render(200, p)
}

// ReportFile opens a working copy, always as a download.
func (d *Doors) ReportFile(c *door.Ctx) error {
	return d.reportFile(c, func(id, file int64) (reports.File, io.ReadCloser, error) {
		return d.house.Reports.File(c.Std(), c.Actor, id, file)
	})
}

// OriginalFile opens a file as it came, for a custodian.
func (d *Doors) OriginalFile(c *door.Ctx) error {
	return d.reportFile(c, func(id, file int64) (reports.File, io.ReadCloser, error) {
		return d.house.Reports.Original(c.Std(), c.Actor, id, file)
	})
}

func (d *Doors) reportFile(c *door.Ctx, open func(id, file int64) (reports.File, io.ReadCloser, error)) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	file, err := number(c.Params("file"))
	if err != nil {
		return err
	}
	x, body, err := open(id, file)
	if err != nil {
		return err
	}
	return c.Download(x.Name, x.Size, body)
}

// Identities lists the requests that wait for a custodian.
func (d *Doors) Identities(c *door.Ctx) error {
	list, err := d.house.Reports.Asks(c.Std(), c.Actor)
	if err != nil {
		return d.withoutKey(c, err)
	}
	p := view.RecordPage{Heading: "身份申请", Lead: "办理人要看举报人是谁，由您决定；同意的，申请人三天内可以看，举报人看得到您的决定。举报写了什么您看不到；附件的原件，只在申请等待决定、或者同意后的三天里您打得开，打开一次记录一次，举报人看得到。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/identity"
	asked := view.RecordList{Heading: "等待决定", Empty: "没有等待决定的申请。"}
	for _, q := range list {
		act := view.Act{Name: fmt.Sprintf("ask-%d", q.ID), Label: "决定", Form: view.Form{Action: fmt.Sprintf("/desk/identity/%d", q.ID), CSRF: p.CSRF,
			Buttons: []view.Button{{Text: "同意，三天内可以看", Name: "give", Value: "yes"}, {Text: "不同意", Name: "give", Value: "no"}}}}
		asked.Items = append(asked.Items, view.RecordItem{Code: view.Code(q.CaseNo).String(), Text: q.By + "：" + q.Reason, Note: door.Moment(q.At).String(), Act: &act})
		for _, x := range q.Originals {
			asked.Items = append(asked.Items, view.RecordItem{Text: "附件原件：" + x.Name, Href: fmt.Sprintf("/desk/identity/reports/%s/files/%d", q.CaseNo, x.ID)})
		}
	}
	p.Lists = []view.RecordList{asked}
	return c.Render(200, p)
}

// DecideIdentity takes a custodian's decision.
func (d *Doors) DecideIdentity(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	give := f.Get("give")
	if give != "yes" && give != "no" {
		return fault.New(fault.Malformed, "请返回选择“同意”或者“不同意”。")
	}
	if err := d.house.Reports.DecideIdentity(c.Std(), c.Actor, id, give == "yes"); err != nil {
		return err
	}
	return c.SeeOther("/desk/identity?done=identity")
}

// Roster shows who can open reports, and lets an officer sign the list.
func (d *Doors) Roster(c *door.Ctx) error { return d.rosterPage(c, 200, "", nil, nil) }

func (d *Doors) rosterPage(c *door.Ctx, status int, act string, f *door.Form, wrong error) error {
	v, err := d.house.Reports.Rosters(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	p := view.RecordPage{Heading: "举报密钥", Lead: "举报加密给名单上的人，只有他们的密钥能打开。名单由名单上的纪检专员签名，数据库里改不了。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/keys"
	switch {
	case v.Broken:
		p.Standing = view.Due{Words: "名单与本站开始时不符，举报已关闭", Class: "late"}
	case v.No == 0:
		p.Standing = view.Due{Words: "还没有签过名单，举报没有开通"}
	default:
		p.Standing = view.Due{Words: fmt.Sprintf("第 %d 份名单，%s签", v.No, calendar.Of(v.At).Chinese()), Class: "good"}
		p.Facts = append(p.Facts, view.Answer{Label: "签名人", Value: v.SignedBy})
	}
	list := view.RecordList{Heading: "应当在名单上的人", Lead: "签名以前，请当面或者打电话逐个核对指纹：本人在这一页看到的，要和这里的一样。", Empty: "还没有纪检专员和身份保管人，请安全管理员先设置。"}
	changed := v.NewKey || len(v.Gone) > 0
	var others []view.Choice
	var outside []view.Field
	for _, w := range v.Wanted {
		what := "纪检专员"
		if w.Custodian {
			what = "身份保管人"
		}
		if w.Outside {
			what = "外部" + what
		}
		text := w.Name + "（" + what + "）"
		item := view.RecordItem{Code: w.Print, Text: text, Note: w.Department}
		switch {
		case w.Print == "":
			item.Standing = view.Due{Words: "还没有密钥，本人登录一次就有"}
		case w.Standing != "":
			item.Standing, changed = view.Due{Words: w.Standing + "，签名以后生效", Class: "half"}, true
		default:
			item.Standing = view.Due{Words: "在名单上", Class: "good"}
		}
		list.Items = append(list.Items, item)
		if w.ID != c.Actor.ID && w.Custodian == c.Actor.Has(staff.Custodian) && w.Print != "" && w.Standing == "" {
			others = append(others, view.Choice{Value: strconv.FormatInt(w.ID, 10), Text: w.Name})
		}
		outside = append(outside, view.Field{Name: fmt.Sprintf("outside_%d", w.ID), Kind: view.Checkbox, Value: "1", Checked: w.Outside, Label: w.Name + "是外部人员（不属本组，只办涉及本组的举报）"})
	}
	for _, name := range v.Gone {
		list.Items = append(list.Items, view.RecordItem{Text: name, Standing: view.Due{Words: "已停用或者换了角色，签名以后从名单去掉", Class: "half"}})
	}
	p.Lists = []view.RecordList{list}
	if own, err := c.Actor.Private(); err == nil {
		p.Facts = append(p.Facts, view.Answer{Label: "您的指纹", Value: staff.PublicOf(own).Print()})
	}
	if v.Recovery != "" && !v.NewKey {
		p.Facts = append(p.Facts, view.Answer{Label: "恢复密钥的指纹", Value: v.Recovery + "（和三份恢复函上印的一样）"})
	} else if v.Recovery == "" {
		p.Waiting = "还没有恢复密钥。请系统管理员运行 portal keys init，把三份恢复函交给三个人分别保管。"
	}
	if v.No > 0 && len(v.Apart) == 0 {
		p.Notices = append(p.Notices, view.Notice{Text: "还没有写组长和有权决定处置的人的姓名：举报到他们的，现在本组的人打得开。请在签署名单时写上。"})
	}
	if len(v.Apart) > 0 {
		p.Facts = append(p.Facts, view.Answer{Label: "只由外部人员办理的", Value: strings.Join(v.Apart, "、")})
	}
	if c.Actor.Has(staff.DisciplineOfficer) && v.Recovery != "" && !v.Broken {
		lead := "名单没有变化，不用签。"
		if changed || v.No == 0 {
			lead = "名单有变化。逐个核对指纹以后再签。"
		}
		fields := outside
		if v.NewKey { // not shown here: it is the paper that vouches for it
			fields = append(fields, view.Field{Name: "recovery", Label: "恢复密钥的指纹", Hint: "恢复密钥是新的，请照着纸上的恢复函填写“指纹”一行，不要照别处抄。", Required: true, Max: 40, Autocomplete: "off", Width: "middle"})
		}
		fields = append(fields, view.Field{Name: "apart", Kind: view.Textarea, Label: "举报写到哪些名称时，只交给外部人员", Hint: "一行一个：本组的名称、组长和有权决定处置的人的姓名。", Rows: 4, Value: strings.Join(v.Apart, "\n")})
		p.Acts = append(p.Acts, view.Act{Name: "sign", Label: "核对无误，签署名单", Lead: lead, Open: changed || v.No == 0, Form: view.Form{Action: p.Path, CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "seen", Value: v.Seen()}}, Fields: fields, Buttons: []view.Button{{Text: "签署名单"}}}})
	}
	if len(others) > 0 && !c.Actor.Has(staff.SecAdmin) {
		what := "把您手里的全部移交给一个人。"
		if c.Actor.Has(staff.Custodian) {
			what = "您保管的身份，留给收到举报时就在名单上的其他保管人；只有您一个人的，要用恢复函转给接手的人。"
		}
		p.Acts = append(p.Acts, view.Act{Name: "handover", Label: "离任移交", Lead: what + "移交以后您打不开任何举报，新的也不再给您，安全管理员才能停用您的账号。", Form: view.Form{Action: p.Path + "/handover", CSRF: p.CSRF,
			Fields: []view.Field{{Name: "to", Kind: view.Select, Label: "移交给", Choices: append([]view.Choice{{Text: "请选择"}}, others...), Required: true}}, Buttons: []view.Button{{Text: "移交"}}}})
	}
	if wrong != nil {
		p.Kept = showAgain(&p.Desk, p.Acts, act, f, wrong)
	}
	return c.Render(status, p)
}

// SignRoster signs the list.
func (d *Doors) SignRoster(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	var outside []int64
	for _, name := range f.Names() {
		if id, ok := strings.CutPrefix(name, "outside_"); ok {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil {
				outside = append(outside, n)
			}
		}
	}
	seen := f.Get("seen")
	if seen == "" {
		seen = "-"
	}
	err = d.house.Reports.Sign(c.Std(), c.Actor, reports.Signing{Seen: seen, Outside: outside, Apart: f.Get("apart"), Recovery: f.Get("recovery")})
	return d.settled(c, err, "/desk/keys?done=roster", func(status int) error { return d.rosterPage(c, status, "sign", f, err) })
}

// HandOverKeys ends somebody's part in all reports.
func (d *Doors) HandOverKeys(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	to, _ := strconv.ParseInt(f.Get("to"), 10, 64)
	_, err = d.house.Reports.HandOver(c.Std(), c.Actor, to)
	return d.settled(c, err, "/desk/keys?done=handover", func(status int) error { return d.rosterPage(c, status, "handover", f, err) })
}

// TakeReport is the form on which a clerk takes down a report.
func (d *Doors) TakeReport(c *door.Ctx) error { return d.takeReport(c, 200, door.Filled(), nil) }

func (d *Doors) takeReport(c *door.Ctx, status int, f *door.Form, wrong error) error {
	p := view.DeskFormPage{Heading: "登记举报", Lead: "边听边记，读给举报人核对。保存就加密，您自己也不能再看；编号和查询码只显示一次，读给举报人，请他尽快换掉查询码。" +
		"不能上网的先告诉他：实名的，结果由办理人打电话或者当面告诉；匿名的，结果只能上网凭查询码看。"}
	open := false
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		st, err := d.house.Reports.StandingIn(r)
		if err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		if err != nil {
			return err
		}
		open = st.Open
		if !open {
			p.Lead = closedWords(site)
		}
		var ways []view.Choice
		for _, ch := range cases.Channels[1:] {
			ways = append(ways, view.Choice{Value: string(ch), Text: ch.Word()})
		}
		fields := append([]view.Field{{Name: "channel", Kind: view.Radio, Label: "怎么来的", Required: true, Choices: ways, Value: string(cases.Hotline)}}, view.TakenFields(st.Violations)...)
		// Nothing of it stays in the browser of a desk that others use.
		p.Form = view.Form{Action: "/desk/intake/report", CSRF: p.CSRF, Private: true, Fields: fields, Buttons: []view.Button{{Text: "加密保存"}}}
		return nil
	})
	if err != nil {
		return err
	}
	p.Path = "/desk/intake/report"
	key := f.Get("submission_key")
	if used := (reports.Used{}); len(key) < 16 || errors.As(wrong, &used) {
		key = newKey() // the old one belongs to what was saved: with it nothing else could ever be
	}
	p.Form.Hidden = []view.Hidden{{Name: "submission_key", Value: key}}
	if !open {
		// All that was typed is given back: to be copied, and to be saved where it opens again.
		p.Typed = view.Typed(p.Form.Fields, f.Get)
		for _, q := range p.Form.Fields {
			if v := f.Get(q.Name); v != "" {
				p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: q.Name, Value: v})
			}
		}
		p.Form.Fields, p.Form.Buttons = nil, []view.Button{{Text: "再试一次保存"}}
		if wrong == nil {
			p.Form, p.Typed = view.Form{}, nil
		}
		return c.Render(status, p)
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	if none := (reports.Nobody{}); errors.As(wrong, &none) {
		p.Notices = append(p.Notices, view.Notice{Text: "也可以请对方拨打纪检监察机关的举报电话 12388。"})
	}
	return c.Render(status, p)
}

// closedWords are what a clerk tells somebody who wants to report while nobody could read it.
func closedWords(site settings.Site) string {
	words := "现在没有能打开举报的纪检专员，不能登记，什么都不会保存。请告诉对方可以"
	if site.Address != "" {
		words += "写信或者来访（" + site.Address + "，信封上写“纪检监察组收”），"
	} else {
		words += "写信或者来访（信封上写“纪检监察组收”），"
	}
	if site.Website != "" {
		words += "到举报网站 " + site.Website + "，"
	}
	words += "或者拨打纪检监察机关的举报电话 12388。"
	if site.Superior != "" && site.Superior != site.Website {
		words += "举报派驻纪检监察组的，找" + site.Superior + "。"
	}
	return words
}

// RecordReport seals what a clerk took down and shows number and code, once.
func (d *Doors) RecordReport(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	st := reports.Statement{Channel: cases.Channel(f.Get("channel")), Key: f.Get("submission_key"), Person: f.Get("person"), Unit: f.Get("unit"), Post: f.Get("person_post"), Violation: f.Get("violation"), Facts: f.Get("facts"),
		HappenedAt: f.Get("happened_at"), Place: f.Get("place"), Exclude: strings.Split(f.Get("exclude"), "\n"), Anonymous: f.Get("anonymous") == view.Anonymous, Who: reports.Identity{Name: f.Get("name"), Phone: f.Get("phone")}}
	t, err := d.house.Reports.Record(c.Std(), c.Actor, st)
	if x, ok := fault.As(err); ok && (x.Kind == fault.Invalid || x.Kind == fault.Conflict || x.Kind == fault.Busy) {
		return d.takeReport(c, map[fault.Kind]int{fault.Invalid: 422, fault.Conflict: 409, fault.Busy: 503}[x.Kind], f, err)
	}
	if err != nil {
		return err
	}
	p := view.ReportTakenPage{CaseNo: view.Code(t.CaseNo), Groups: strings.Fields(t.Code.Groups()), At: door.Moment(t.SubmittedAt), Anonymous: t.Anonymous, Again: t.Again}
	if p.Desk, err = d.frame(c, "举报已加密登记"); err != nil {
		return err
	}
	p.Path = "/desk/intake/report"
	return c.Render(200, p)
}

// Reporting shows what the court decides about reports.
func (d *Doors) Reporting(c *door.Ctx) error { return d.reportingPage(c, 200, nil, nil) }

func (d *Doors) reportingPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p, err = d.settingsFrame(c, r, "/desk/settings/reporting", "举报", "举报表单上的问题类别，和办结以后保存多久。到期先销毁密钥，再删内容；统计保留。"); err != nil {
			return err
		}
		v, err := settings.LoadReporting(r)
		if err != nil {
			return err
		}
		if !v.Confirmed {
			p.Notices = append(p.Notices, view.Notice{Text: "本院还没有确认保存期限，现在什么举报都不会自动删除。核对以后保存，就从保存时起按它删除。"})
		}
		p.Form = view.Form{Action: "/desk/settings/reporting", CSRF: p.CSRF, Buttons: []view.Button{{Text: "保存"}}, Fields: []view.Field{
			{Name: "violations", Kind: view.Textarea, Label: "问题类别", Hint: "一行一类。", Required: true, Rows: 10, Value: strings.Join(v.Violations, "\n")},
			{Name: "months", Label: "办结以后保存几个月", Required: true, Inputmode: "numeric", Width: "short", Value: strconv.Itoa(v.Months)}}}
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// SaveReporting stores it as a new version.
func (d *Doors) SaveReporting(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.set(c, "reporting", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
		old, err := settings.LoadReporting(&tx.Reader)
		if err != nil {
			return nil, err
		}
		if err := settings.SaveReporting(tx, by, f.Get("violations"), f.Get("months")); err != nil {
			return nil, err
		}
		now, err := settings.LoadReporting(&tx.Reader)
		return []journal.Change{{Field: "violations", Old: strings.Join(old.Violations, "、"), New: strings.Join(now.Violations, "、")}, {Field: "months", Old: strconv.Itoa(old.Months), New: strconv.Itoa(now.Months)}}, err
	})
	return d.settled(c, err, "/desk/settings/reporting?done=reporting", func(status int) error { return d.reportingPage(c, status, f, err) })
}
