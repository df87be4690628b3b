package public

import (
	"io"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// passCookie holds what a right number and code have earned.
const passCookie = "case"

// Track asks for number and code.
func (d *Doors) Track(c *door.Ctx) error {
	if c.Query("left") != "" {
		return d.trackPage(c, 200, "", nil, view.Notice{Text: "查询已结束。用的是别人也用的电脑、手机，请把浏览器的窗口全部关掉。", Good: true})
	}
	return d.trackPage(c, 200, "", nil)
}

func (d *Doors) trackPage(c *door.Ctx, status int, number string, bad []fault.Field, notices ...view.Notice) error {
	return d.trackPageWith(c, status, number, "", bad, notices...)
}

// trackPageWith keeps the code too, where it was mistyped and opens nothing.
func (d *Doors) trackPageWith(c *door.Ctx, status int, number, code string, bad []fault.Field, notices ...view.Notice) error {
	f, err := c.Frame("查询办理进度")
	if err != nil {
		return err
	}
	f.Path = "/track"
	f.Crumbs = []view.Link{{Text: "首页", Href: "/"}}
	f.Notices = notices
	p := view.TrackPage{Frame: f, Form: view.TrackForm(c.CSRF())}
	p.Form.Fill(func(name string) string {
		return map[string]string{"case_no": number, "access_code": code}[name]
	})
	p.Failed = len(bad) > 0
	for _, m := range bad {
		p.Form.Fail(m.Name, m.Message)
	}
	return c.Render(status, p)
}

// Unlock checks number and code; a wrong number and a wrong code look alike.
func (d *Doors) Unlock(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	number := clip(typed.Clean(f.Get("case_no")), 60)
	code := clip(f.Get("access_code"), 200)
	if reports.IsCode(code) {
		return d.unlockReport(c, f, number, code)
	}
	id, err := d.house.Cases.Unlock(c.Std(), c.From(), number, code)
	if err != nil {
		return d.notUnlocked(c, number, err)
	}
	c.SetCookie(visitCookie, "", 0)
	known, err := d.house.Cases.CodeIsKnown(c.Std(), id)
	if err != nil {
		return err
	}
	if known {
		c.SetCookie(passCookie, d.house.Cases.GrantCode(id), 0)
		return c.SeeOther("/track/code")
	}
	c.SetCookie(passCookie, d.house.Cases.Grant(id), 0)
	return c.SeeOther("/track/case")
}

// notUnlocked shows the form again to who must wait or was wrong.
func (d *Doors) notUnlocked(c *door.Ctx, number string, err error) error {
	switch x, ok := fault.As(err); {
	case ok && x.Kind == fault.Invalid && len(x.Fields) > 0:
		return d.trackPage(c, 422, number, x.Fields)
	case ok && x.Kind == fault.Invalid:
		return d.trackPage(c, 422, number, []fault.Field{{Name: "case_no", Message: x.Message}})
	case ok && x.Kind == fault.TooMany:
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(x.RetryAfter.Seconds())+1))
		return d.trackPage(c, 429, number, []fault.Field{{Name: "case_no", Message: x.Message}})
	}
	return err
}

// Code asks whoever comes with a code that staff have seen for one of their own.
func (d *Doors) Code(c *door.Ctx) error { return d.codePage(c, 200, nil) }

func (d *Doors) codePage(c *door.Ctx, status int, bad []fault.Field) error {
	if _, err := d.house.Cases.AdmitCode(c.GetCookie(passCookie)); err != nil {
		return c.SeeOther("/track")
	}
	f, err := c.Frame("换一个查询码")
	if err != nil {
		return err
	}
	f.Noindex, f.Path = true, "/track/code"
	f.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "查询进度", Href: "/track"}}
	p := view.CodePage{Frame: f, Form: view.CodeForm(c.CSRF())}
	p.Failed = len(bad) > 0
	for _, m := range bad {
		p.Form.Fail(m.Name, m.Message)
	}
	return c.Render(status, p)
}

// ChangeCode replaces the code and opens the case.
func (d *Doors) ChangeCode(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.house.Cases.AdmitCode(c.GetCookie(passCookie))
	if err != nil {
		return d.stray(c, f, err)
	}
	err = d.house.Cases.ChangeCode(c.Std(), id, clip(f.Get("code"), 60), clip(f.Get("again"), 60))
	if fields, ok := door.Fields(err); ok {
		return d.codePage(c, 422, fields)
	}
	if fault.Is(err, fault.Conflict) {
		return d.stray(c, f, err)
	}
	if err != nil {
		return err
	}
	c.SetCookie(passCookie, d.house.Cases.Grant(id), 0)
	return c.SeeOther("/track/case")
}

// Leave ends looking at a case on a machine that others use.
func (d *Doors) Leave(c *door.Ctx) error {
	if _, err := c.Form(); err != nil {
		return err
	}
	c.SetCookie(passCookie, "", 0)
	c.SetCookie(visitCookie, "", 0)
	return c.SeeOther("/track?left=1")
}

// admitted is the case that this browser may see.
func (d *Doors) admitted(c *door.Ctx) (int64, error) {
	return d.house.Cases.Admit(c.GetCookie(passCookie))
}

// stray answers a form of a case that this browser may not see any more, or that
// is not the one open now; what was typed is shown, to be copied.
func (d *Doors) stray(c *door.Ctx, f *door.Form, err error) error {
	status := 401
	// A pass that ran out and one that was given up look alike.
	words := "查询已经结束（按了“结束查询”，或者半小时没有操作），刚才的操作没有办理。请重新输入编号和查询码。"
	if fault.Is(err, fault.Conflict) {
		status, words = 409, err.Error()
	}
	notices := []view.Notice{{Text: words}}
	for _, name := range []string{"content", "reason"} {
		if typed := typed.Clean(f.Get(name)); typed != "" {
			notices = append(notices, view.Notice{Text: "您刚才写的内容（请先复制）：" + typed})
		}
	}
	return d.trackPage(c, status, "", nil, notices...)
}

// open is the case that a form is meant for: the one this browser may see now.
func (d *Doors) open(c *door.Ctx, f *door.Form) (int64, error) {
	id, err := d.admitted(c)
	if err == nil && f.Get(markField) != d.house.Cases.Mark(id) {
		err = cases.ErrOtherCase
	}
	return id, err
}

// markField names the case in the forms of its page.
const markField = "case"

// Case shows the sender their case, or a reporter their report.
func (d *Doors) Case(c *door.Ctx) error {
	if v, err := d.house.Reports.Admit(c.GetCookie(visitCookie)); err == nil {
		return d.trackedReport(c, 200, v, func(*view.ReportTrackPage) {})
	}
	id, err := d.admitted(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	return d.casePage(c, 200, id, func(*view.CasePage) {})
}

// plainWords are the timeline's lines as the sender reads them.
var plainWords = map[cases.Verb]string{
	cases.DoSubmit: "已收到", cases.DoRegister: "已登记", cases.DoAccept: "决定受理", cases.DoRefuse: "不予受理", cases.DoTransfer: "已转给有权处理的单位",
	cases.DoAsk: "请您补充材料", cases.DoSupplement: "您补充了情况", cases.DoWithdraw: "您撤回了来件", cases.DoUrge: "您催办了一次", cases.DoRate: "您作了评价",
	cases.DoAssign: "已交承办部门", cases.DoAcknowledge: "承办部门已签收", cases.DoDraft: "开始办理", cases.DoSend: "已答复", cases.DoExtend: "办理期限延长",
	cases.DoAddFor: "工作人员代您补充了情况", cases.DoResume: "继续办理",
	cases.DoConclude: "已办结", cases.DoRedo: "重新办理", cases.DoDiscard: "经核对没有可以办理的内容", cases.DoRestore: "恢复办理",
	cases.DoErase: "个人信息已删除", cases.DoAskErasure: "您申请删除", cases.DoDecideErasure: "对删除申请作出决定",
	cases.DoMerge: "和同一件事的另一件来件合并办理，答复也会告诉您", cases.DoUnmerge: "改为单独办理", cases.DoSplit: "其中一部分另立一件办理",
	cases.DoObject: "您不同意答复", cases.DoDecline: "不再重新办理",
}

// casePage shows the case; change puts errors and typed text into its forms.
func (d *Doors) casePage(c *door.Ctx, status int, id int64, change func(*view.CasePage)) error {
	t, err := d.house.Cases.Track(c.Std(), id)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	f, err := c.Frame("办理进度")
	if err != nil {
		return err
	}
	f.Noindex, f.Path = true, "/track/case"
	f.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "查询进度", Href: "/track"}}
	p := view.CasePage{Log: d.logged(c, logbook.Case, id), Frame: f, CaseNo: view.Code(t.Case.CaseNo), Kind: view.Kind(t.Case.Kind), Heading: t.Case.Title, Content: content(t.Case),
		Files: links(t.Files), CSRF: c.CSRF(), Closed: t.Stands().State.Ended()}
	p.Word, p.Next = standing(t)
	for _, e := range t.Events {
		v := view.Event{At: door.Moment(e.At), Word: plainWords[e.Verb], Mine: e.ActorID == 0}
		switch e.Verb {
		case cases.DoRefuse, cases.DoTransfer, cases.DoExtend, cases.DoErase, cases.DoDecideErasure:
			v.Word += "：" + e.Detail
		case cases.DoObject:
			if e.Detail != "" {
				v.Word = "您" + e.Detail // 您申请复查
			}
		case cases.DoUnmerge:
			if v.Mine { // see what its sender says next
				v.Word = "您对答复有意见要说，改为单独办理"
			}
		}
		if e.MessageID != nil {
			v.Text = t.Messages[*e.MessageID].Body
		}
		p.Timeline = append(p.Timeline, v)
	}
	if t.Reply != nil {
		p.Answer = &view.CaseAnswer{On: door.Day(calendar.Of(t.Reply.SentAt)), Unit: t.Reply.Unit, Text: t.Reply.Body}
	}
	if t.Rating != nil {
		p.Rated = t.Rating.Resolved.Word() + "，" + t.Rating.Satisfaction.Word()
	}
	for _, v := range t.Actions {
		switch v {
		case cases.DoSupplement:
			form := view.AddForm(p.CSRF, attachmentRule)
			form.Hidden = append(form.Hidden, view.Hidden{Name: "submission_key", Value: newKey()})
			p.Add = &form
		case cases.DoUrge:
			form := view.UrgeForm(p.CSRF)
			p.Urge = &form
		case cases.DoRate:
			form := view.RateForm(p.CSRF)
			p.Rate = &form
		case cases.DoObject:
			form := view.ObjectForm(p.CSRF, t.Next.Word())
			p.Object = &form
		case cases.DoAskErasure:
			form := view.EraseForm(p.CSRF)
			p.Erase = &form
		case cases.DoWithdraw:
			form := view.WithdrawForm(p.CSRF)
			p.Withdraw = &form
		}
	}
	for _, form := range []*view.Form{p.Add, p.Urge, p.Rate, p.Withdraw, p.Object, p.Erase} {
		if form != nil {
			form.Hidden = append(form.Hidden, view.Hidden{Name: markField, Value: d.house.Cases.Mark(id)})
		}
	}
	p.Keep = keeping(t.Keeping)
	for _, x := range t.Parts {
		p.Parts = append(p.Parts, view.Link{Text: x.CaseNo + " " + x.Title + "（" + x.State.Word() + "）", Href: "/track/case/parts/" + strconv.FormatInt(x.ID, 10)})
	}
	change(&p)
	// Half an hour from the last look, not from the first.
	c.SetCookie(passCookie, d.house.Cases.Grant(id), 0)
	p.Failed = len(p.Errors()) > 0
	return c.Render(status, p)
}

// Part opens a case that was split off from the one that this browser may see.
func (d *Doors) Part(c *door.Ctx) error {
	id, err := d.admitted(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	part, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "没有这一件。请从办理进度页重新打开。")
	}
	if id, err = d.house.Cases.Follow(c.Std(), id, part); err != nil {
		return err
	}
	c.SetCookie(passCookie, d.house.Cases.Grant(id), 0)
	return c.SeeOther("/track/case")
}

// keeping says what becomes of the sender's data.
func keeping(k cases.Keeping) (said []string) {
	switch {
	case !k.Content:
		return append(said, "您的联系方式和内容都已删除，只留下类别、日期和办理经过。")
	case !k.Contact:
		said = append(said, "您的姓名、电话、邮箱、地址已删除。")
	case !k.ContactUntil.IsZero():
		said = append(said, "您的姓名、电话、邮箱、地址保存到"+k.ContactUntil.Chinese()+"，到期自动删除。")
	}
	if !k.ContentUntil.IsZero() {
		said = append(said, "您写的内容和答复保存到"+k.ContentUntil.Chinese()+"，到期自动删除。")
	}
	if k.Hold != "" {
		said = append(said, "这件事依法保留，到期也不删除，理由不再成立以后再删。")
	}
	if x := k.Request; x != nil {
		switch x.State {
		case "open":
			said = append(said, "您申请删除，正在研究。")
		case "refused":
			said = append(said, "您申请删除，没有同意："+x.Answer)
		}
	}
	return said
}

// links lead to the sender's own files.
func links(files []cases.Attachment) []view.Link {
	out := make([]view.Link, len(files))
	for i, f := range files {
		out[i] = view.Link{Text: f.Name, Href: "/track/case/files/" + strconv.FormatInt(f.ID, 10)}
	}
	return out
}

// content is everything the sender wrote, in the form's order.
func content(c cases.Case) string {
	text := ""
	for _, x := range []struct{ label, value string }{{"请求：", c.Demand}, {"事实和理由：", c.Facts}, {"", c.Content}, {"反映的单位：", c.Unit},
		{"时间：", c.HappenedAt}, {"地点：", c.Place}, {"案号：", c.CaseNumber}} {
		if x.value == "" {
			continue
		}
		if text != "" {
			text += "\n"
		}
		text += x.label + x.value
	}
	return text
}

// standing is where the case stands, in a few words, and what comes next.
func standing(t cases.Tracked) (word, next string) {
	c := t.Stands()
	by := func(due calendar.Date, what string) string {
		switch {
		case due.IsZero():
			return ""
		case t.Overdue:
			return "应在" + due.Chinese() + "前" + what + "，已经超期。您可以在本页催办。"
		}
		s := "预计" + due.Chinese() + "前" + what + "。"
		if c.Provisional {
			s += "（暂按周末推算）"
		}
		return s
	}
	switch c.State {
	case cases.Submitted, cases.Registered:
		if c.NoticeDue.IsZero() {
			return "已收到", by(c.HandleDue, "处理")
		}
		return "已收到", by(c.NoticeDue, "告诉您是否受理")
	case cases.NeedMore:
		return "请您补充材料", "补充后继续办理；要补什么，见下面的办理经过。"
	case cases.Refused:
		return "不予受理", "理由和可以去哪里反映，见下面的办理经过。"
	case cases.Transferred:
		return "已转送", "转给了谁，见下面的办理经过。"
	case cases.Withdrawn:
		return "您已撤回", ""
	case cases.Invalid:
		return "不作办理", "经核对没有可以办理的内容。如果弄错了，请拨打热线。"
	case cases.Replied:
		if c.ObjectedAt != nil {
			return "正在研究您的意见", by(c.DueOn, "决定是否重新办理")
		}
		if t.Rating == nil {
			return "已答复", "请看答复，并告诉我们是否解决。"
		}
		return "已答复", ""
	case cases.Concluded, cases.Archived:
		if c.ObjectedAt != nil {
			return "正在研究您的意见", by(c.DueOn, "决定是否重新办理")
		}
		return "已办结", ""
	}
	if c.Stage != cases.First {
		return "正在" + c.Stage.Word(), by(c.HandleDue, "作出"+c.Stage.Word()+"意见")
	}
	if t.Unit != "" {
		return "正在办理", t.Unit + "承办，" + by(c.HandleDue, "答复")
	}
	return "正在办理", by(c.HandleDue, "答复")
}

// Add takes more from the sender: text and files.
func (d *Doors) Add(c *door.Ctx) error {
	bad := ""
	f, err := c.FormWith(func(f *door.Form, name string, body io.Reader) error {
		if _, err := d.open(c, f); err != nil || bad != "" {
			return nil // refused below, with what was typed
		}
		err := d.stage(c, f, name, body)
		if x, ok := fault.As(err); ok && x.Kind != fault.Busy {
			bad = worded(x)
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	id, err := d.open(c, f)
	if err != nil {
		return d.stray(c, f, err)
	}
	key := f.Get("submission_key")
	var fields []fault.Field
	if bad != "" {
		fields = append(fields, fault.Field{Name: "attachments", Message: bad})
	} else {
		err = d.house.Cases.Supplement(c.Std(), id, f.Get("content"), key)
		if more, ok := door.Fields(err); ok {
			fields = more
		} else if fault.Is(err, fault.Conflict) {
			return d.stray(c, f, err)
		} else if err != nil {
			return err
		}
	}
	if len(fields) > 0 {
		if err := d.house.Cases.Unstage(c.Std(), key); err != nil {
			return err
		}
		return d.casePage(c, 422, id, func(p *view.CasePage) { again(p.Add, f, fields, !f.NoFiles) })
	}
	return c.SeeOther("/track/case")
}

// again gives a form back what was typed, with what is wrong.
func again(form *view.Form, f *door.Form, fields []fault.Field, filesLost bool) {
	if form == nil {
		return
	}
	form.Fill(f.Get)
	form.FilesLost = filesLost
	for _, m := range fields {
		form.Fail(m.Name, m.Message)
	}
}

// act is the frame of the sender's smaller actions.
func (d *Doors) act(c *door.Ctx, form func(*view.CasePage) *view.Form, do func(id int64, f *door.Form) error) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.open(c, f)
	if err != nil {
		return d.stray(c, f, err)
	}
	err = do(id, f)
	if fields, ok := door.Fields(err); ok {
		return d.casePage(c, 422, id, func(p *view.CasePage) { again(form(p), f, fields, false) })
	}
	if fault.Is(err, fault.Conflict) {
		return d.stray(c, f, err)
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/track/case")
}

// Urge reminds the court of an overdue case.
func (d *Doors) Urge(c *door.Ctx) error {
	return d.act(c, func(p *view.CasePage) *view.Form { return p.Urge }, func(id int64, f *door.Form) error {
		return d.house.Cases.Urge(c.Std(), id, f.Get("content"))
	})
}

// Rate takes the sender's rating of the answer.
func (d *Doors) Rate(c *door.Ctx) error {
	return d.act(c, func(p *view.CasePage) *view.Form { return p.Rate }, func(id int64, f *door.Form) error {
		return d.house.Cases.Rate(c.Std(), id, cases.Resolved(f.Get("resolved")), cases.Satisfaction(f.Get("satisfied")), f.Get("reason"))
	})
}

// Object takes the sender's no to the answer.
func (d *Doors) Object(c *door.Ctx) error {
	return d.act(c, func(p *view.CasePage) *view.Form { return p.Object }, func(id int64, f *door.Form) error {
		return d.house.Cases.Object(c.Std(), id, f.Get("content"))
	})
}

// Withdraw ends the case at its sender's wish.
func (d *Doors) Withdraw(c *door.Ctx) error {
	return d.act(c, func(p *view.CasePage) *view.Form { return p.Withdraw }, func(id int64, f *door.Form) error {
		if f.Get("confirm") == "" {
			return fault.Form([]fault.Field{{Name: "confirm", Message: "请先勾选确认，再撤回。"}})
		}
		return d.house.Cases.Withdraw(c.Std(), id)
	})
}

// File gives the sender back a file of their own case, always as a download.
func (d *Doors) File(c *door.Ctx) error {
	id, err := d.admitted(c)
	if err != nil {
		return err
	}
	no, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "没有这个文件。")
	}
	file, body, err := d.house.Cases.OwnFile(c.Std(), id, no)
	if err != nil {
		return err
	}
	return c.Download(file.Name, file.Size, body)
}
