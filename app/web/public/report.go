package public

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// visitCookie holds what a right number and code of a report have earned.
const visitCookie = "report"

var evidenceRule = fmt.Sprintf("最多 %d 个，每个不超过 %d MB。只收 %s；HEIC 照片请先另存为 JPG，WPS、doc、xls、ppt 请另存为 docx、xlsx、pptx 或者 PDF。录音、录像网上不收：请保管好原件，在事实里写明“有录音”“有录像”，办理人会在查询页上和您约怎么交。", cases.MaxFiles, cases.MaxFileSize>>20, reports.Evidence.Words)

// Report shows the guide and the form of a report, or, while nobody could read
// one, the guide and the other channels.
func (d *Doors) Report(c *door.Ctx) error {
	return d.reportForm(c, 200, newKey(), func(string) string { return "" }, nil, brought{})
}

// brought is what a form that is shown again brought: the files that the server has, and those that it was sent and has not.
type brought struct {
	kept, missing []string
	lost          bool // some have to be chosen again, whether their names are known or not
	nobody        bool // nobody here could read it: where else to go is said
}

func (d *Doors) reportForm(c *door.Ctx, status int, key string, value func(string) string, bad []fault.Field, files brought) error {
	p := view.ReportPage{Begun: c.Method() == fiber.MethodPost}
	var closed bool
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Frame, err = c.FrameIn(r, "检举控告"); err != nil {
			return err
		}
		st, err := d.house.Reports.StandingIn(r)
		if err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		p.Superior = view.Pieces(site.Superior)
		closed = !st.Open
		p.Form = view.Form{Action: "/submit/report", Honeypot: true, Private: true, Fields: view.ReportFields(site.Privacy, evidenceRule, st.Violations)}
		return err
	})
	if err != nil {
		return err
	}
	p.Path = "/submit/report"
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "我要反映", Href: "/submit"}}
	if closed {
		return d.closedPage(c, p, key, value)
	}
	captcha, err := d.house.Cases.NewCaptcha(c.Std())
	if err != nil {
		return err
	}
	p.Form.Fill(value)
	p.Form.CSRF = c.CSRF()
	p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "submission_key", Value: key})
	p.Form.Captcha = &view.Captcha{ID: captcha}
	p.Nobody = files.nobody
	p.Form.FilesLost, p.Form.Lost = files.lost, files.missing
	p.Form.Buttons = []view.Button{{Text: "下一步：核对内容", Name: "step", Value: "check"}, {Text: "换一张验证码", Name: "step", Value: "captcha"}}
	if len(files.kept) > 0 {
		p.Form.Kept = files.kept
		p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: keptFiles, Value: strconv.Itoa(len(files.kept))})
		p.Form.Buttons = append(p.Form.Buttons, view.Button{Text: "去掉已传的材料", Name: "step", Value: "nofiles"})
	}
	for _, m := range bad {
		if !p.Form.Fail(m.Name, m.Message) {
			p.Notices = append(p.Notices, view.Notice{Text: m.Message})
		}
	}
	p.Failed = len(bad) > 0
	return c.Render(status, p)
}

// asTyped are the answers as they were typed; who must not see a report may be sent more than once.
func asTyped(f *door.Form) func(string) string {
	return func(name string) string {
		if name == "exclude" {
			return strings.Join(f.All(name), "\n")
		}
		return f.Get(name)
	}
}

// bindReport reads a statement out of a form; content and facts are the same thing to a reporter.
func bindReport(key, privacy string, f *door.Form) reports.Statement {
	s := reports.Statement{Channel: cases.Web, Key: key, Title: f.Get("title"), Person: f.Get("person"), Unit: f.Get("unit"), Post: f.Get("person_post"), Violation: f.Get("violation"),
		Facts: f.Get("facts"), HappenedAt: f.Get("happened_at"), Place: f.Get("place"), Exclude: strings.Split(strings.Join(f.All("exclude"), "\n"), "\n"),
		Who:            reports.Identity{Name: f.Get("name"), Phone: f.Get("phone"), Email: f.Get("email"), Address: f.Get("address")},
		PrivacyVersion: clip(f.Get("privacy_version"), 40), CaptchaID: clip(f.Get("captcha_id"), 64), Captcha: clip(f.Get("captcha_solution"), 64)}
	if more := f.Get("content"); more != "" && more != s.Facts {
		s.Facts = strings.TrimSpace(s.Facts + "\n" + more)
	}
	switch f.Get("anonymous") {
	case "", view.Named, "0", "false":
	default:
		s.Anonymous = true
	}
	if s.PrivacyVersion != privacy {
		s.PrivacyVersion = "" // consent to a notice that is not in force is none
	}
	return s
}

// stageEvidence keeps one file of a report's form, sealed.
func (d *Doors) stageEvidence(c *door.Ctx, f *door.Form, name string, body io.Reader) error {
	giveBack, err := d.house.Limits.Hold(c.From(), 2*cases.MaxFileSize, d.house.DB.Now())
	if err != nil {
		return err
	}
	a, err := d.house.Reports.Stage(c.Std(), f.Get("submission_key"), name, body)
	giveBack(2 * (cases.MaxFileSize - a.Size))
	if x, ok := fault.As(err); ok && x.Kind == fault.Busy { // of this file: what was typed comes back with the form
		return fault.New(fault.Unsupported, x.Message)
	}
	return err
}

// SendReport takes a report: to be checked, to be sent, or to be shown again.
func (d *Doors) SendReport(c *door.Ctx) error {
	files := &staging{d: d, c: c, keep: d.stageEvidence}
	f, err := c.FormWith(files.file)
	if errors.Is(err, door.ErrForged) {
		return d.reportForm(c, 403, newKey(), asTyped(f), []fault.Field{{Message: "还没有提交：页面停留太久，或者浏览器不让本站使用 Cookie。填写的内容都在下面，请按新的验证码再提交一次。"}}, brought{lost: !f.NoFiles || f.Get(keptFiles) != ""})
	}
	if err != nil {
		return err
	}
	key := f.Get("submission_key")
	if len(key) < 16 {
		key = newKey()
	}
	room := d.house.Reports
	// held are the files that wait for this form. Whatever else is wrong, they stay: a phone sends them slowly.
	held := func() (e brought, err error) {
		if e.kept, err = room.Staged(c.Std(), key); err != nil {
			return e, err
		}
		e.missing = files.missing(e.kept)
		e.lost = len(e.missing) > 0
		if len(e.kept) > 0 {
			err = room.Keep(c.Std(), key)
		}
		return e, err
	}
	var none reports.Nobody
	again := func(status int, bad []fault.Field) error {
		e, err := held()
		if err != nil {
			return err
		}
		e.nobody = none != reports.Nobody{}
		return d.reportForm(c, status, key, asTyped(f), bad, e)
	}
	// Somebody else's hurry, or nobody to read it: with the second, the form that comes again is the closed one.
	busy := func(err error) error {
		if x, ok := fault.As(err); ok && x.Kind == fault.Busy {
			return again(503, []fault.Field{{Message: x.Message}})
		}
		return err
	}
	// A form with another key has no files: those that came with this one belong to the report it brought.
	used := func(err error) error {
		if before := (reports.Used{}); errors.As(err, &before) && before.Same { // whoever uses this machine now is not shown what was written
			return d.trackPage(c, 409, "", nil, view.Notice{Text: err.Error()})
		}
		return d.reportForm(c, 409, newKey(), asTyped(f), []fault.Field{{Message: err.Error()}}, brought{lost: files.chosen || f.Get(keptFiles) != ""})
	}
	st := bindReport(key, c.Settings().Privacy, f)
	step := f.Get("step")
	if step == "nofiles" {
		if err := room.Unstage(c.Std(), key); err != nil {
			return err
		}
		files.names = nil // they were not wanted, so nothing is missing
	}
	if step == "captcha" || step == "edit" || step == "nofiles" {
		return again(200, nil)
	}
	var e brought
	if step != "" || files.chosen || f.Get(keptFiles) != "" { // plainly sent without files, it costs nothing
		if e, err = held(); err != nil {
			return err
		}
	}
	bad := files.wrong()
	if f.Get("website") != "" {
		bad = append(bad, fault.Field{Name: "website", Message: "有一栏本应留空，却填了内容。请清空后再提交。"})
	}
	if kept, _ := strconv.Atoi(f.Get(keptFiles)); len(e.kept) < kept {
		bad = append(bad, fault.Field{Name: "attachments", Message: "材料放得太久，已经清除，请重新选择再提交。"})
	}
	if f.Get("anonymous") == "" && st.Who.Name == "" {
		bad = append(bad, fault.Field{Name: "anonymous", Message: "请选择实名还是匿名。"})
		st.Anonymous = true // said once, not again at each field
	}
	if step == "check" && !files.asked && strings.TrimSpace(st.Captcha) != "" {
		right, err := d.house.Cases.PeekCaptcha(c.Std(), st.CaptchaID, st.Captcha)
		if err != nil {
			return err
		}
		if !right {
			bad = append(bad, fault.Field{Name: "captcha_solution", Message: "验证码不对或已经过期，请按新的图片填写。"})
		}
	}
	if err := room.Preview(c.Std(), &st); err != nil {
		errors.As(err, &none)
		fields, ok := door.Fields(err)
		if !ok {
			return busy(err)
		}
		bad = append(fields, bad...)
	}
	if len(bad) > 0 || step == "check" {
		// A repeated sending after a lost answer gets the same number and code.
		t, ok, err := room.Known(c.Std(), st)
		switch {
		case fault.Is(err, fault.Conflict):
			return used(err)
		case err != nil:
			return err
		case ok:
			return d.reportCode(c, key, t)
		case len(bad) > 0:
			return again(422, bad)
		}
		return d.checkReport(c, key, f, st, e.kept)
	}
	t, err := room.Submit(c.Std(), st)
	errors.As(err, &none)
	if fields, ok := door.Fields(err); ok {
		return again(422, fields)
	}
	if fault.Is(err, fault.Conflict) {
		return used(err)
	}
	if err != nil {
		return busy(err)
	}
	return d.reportCode(c, key, t)
}

// closedPage stands in the form's place while nobody could read a report. Whoever was writing gets back all of it: to
// be copied, and to go on with where the form opens again.
func (d *Doors) closedPage(c *door.Ctx, p view.ReportPage, key string, value func(string) string) error {
	page := view.ReportGuidePage{Frame: p.Frame, Superior: p.Superior, Typed: view.Typed(append(p.Form.Fields, view.Field{Name: "title", Label: "标题"}, view.Field{Name: "content", Label: "内容"}), value)}
	if len(page.Superior) == 1 && page.Superior[0].Href == page.Site.Contacts.Website {
		page.Superior = nil // the same place is named already
	}
	if len(page.Typed) == 0 {
		return c.Render(200, page)
	}
	page.Noindex = true
	form := view.Form{Action: "/submit/report", CSRF: c.CSRF(), Hidden: []view.Hidden{{Name: "submission_key", Value: key}}, Buttons: []view.Button{{Text: "再试一次", Name: "step", Value: "edit"}}}
	for _, name := range []string{"anonymous", "name", "phone", "email", "address", "title", "person", "unit", "person_post", "violation", "happened_at", "place", "facts", "content", "exclude", "privacy_version"} {
		if v := value(name); v != "" {
			form.Hidden = append(form.Hidden, view.Hidden{Name: name, Value: v})
		}
	}
	page.Retry = &form
	return c.Render(503, page)
}

// checkReport shows the answers once more; the captcha stays unused.
func (d *Doors) checkReport(c *door.Ctx, key string, f *door.Form, st reports.Statement, staged []string) error {
	p := view.CheckPage{Kind: view.Report, Files: staged}
	p.Form = view.Form{Action: "/submit/report", Buttons: []view.Button{{Text: "确认提交"}, {Text: "返回修改", Name: "step", Value: "edit"}},
		Hidden: []view.Hidden{{Name: "submission_key", Value: key}}}
	if len(staged) > 0 {
		p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: keptFiles, Value: strconv.Itoa(len(staged))})
	}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Frame, err = c.FrameIn(r, "核对您填写的内容"); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	anonymous, word := view.Named, "实名"
	if st.Anonymous {
		anonymous, word = view.Anonymous, "匿名"
	}
	carry := func(name, label, value string) {
		p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: name, Value: value})
		if label != "" {
			p.Answers = append(p.Answers, view.Answer{Label: label, Value: value})
		}
	}
	carry("anonymous", "", anonymous)
	p.Answers = append(p.Answers, view.Answer{Label: "方式", Value: word})
	if !st.Anonymous {
		carry("name", "您的姓名", st.Who.Name)
		carry("phone", "您的电话", st.Who.Phone)
	} else if f.Get("name") != "" || f.Get("phone") != "" {
		p.Notices = append(p.Notices, view.Notice{Text: "您选了匿名，姓名和电话没有保存，不会随举报提交。要实名的，请点“返回修改”，选“实名”后再填。"})
	}
	carry("title", "", st.Title)
	p.Answers = append(p.Answers, statementAnswers(st)...)
	for name, v := range map[string]string{"person": st.Person, "unit": st.Unit, "person_post": st.Post, "violation": st.Violation, "happened_at": st.HappenedAt, "place": st.Place, "facts": st.Facts} {
		carry(name, "", v)
	}
	carry("exclude", "", strings.Join(st.Exclude, "\n"))
	carry("privacy_version", "", f.Get("privacy_version"))
	p.Path = "/submit/report"
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "我要反映", Href: "/submit"}}
	p.Form.CSRF = c.CSRF()
	if err := d.carryCaptcha(c, &p.Form, st.CaptchaID, st.Captcha); err != nil {
		return err
	}
	return c.Render(200, p)
}

// statementAnswers are what a statement says, as asked; empty answers are left out.
func statementAnswers(st reports.Statement) (list []view.Answer) {
	for _, a := range []view.Answer{{Label: "标题", Value: st.Title}, {Label: "被举报人", Value: st.Person}, {Label: "单位", Value: st.Unit}, {Label: "职务", Value: st.Post}, {Label: "问题类别", Value: st.Violation},
		{Label: "时间", Value: st.HappenedAt}, {Label: "地点", Value: st.Place}, {Label: "事实", Value: st.Facts}, {Label: "不能看到的人", Value: strings.Join(st.Exclude, "、")}} {
		if a.Value != "" {
			list = append(list, a)
		}
	}
	return list
}

// reportCode is shown after the commit, once: number, code, what happens next.
func (d *Doors) reportCode(c *door.Ctx, key string, t reports.Ticket) error {
	code, at := t.Code.Groups(), door.Moment(t.SubmittedAt)
	qr := view.NewQR(slipText(t.CaseNo, code))
	promise := d.promised(c, logbook.Report, t.ID, t.Promise)
	like := told{t.Anonymous, t.Again, door.Day(t.NoticeDue), qr.Size, promise != ""}
	words := []string{view.Code(t.CaseNo).String(), t.CaseNo, code, at.String(), at.ISO(), qr.Path, c.CSRF(), key}
	if like.promised {
		words = append(words, promise)
	}
	return c.RenderFilled("已收到您的举报", like, like.page, words...)
}

func slipText(number, code string) string { return "受理编号 " + number + "\n查询码 " + code }

// told is what the page of a report's code depends on besides the words that are its sender's alone.
type told struct {
	anonymous, again bool
	notice           view.Day
	size             int // of the two-dimensional code
	promised         bool
}

func (x told) page(f view.Frame, words []string) view.Page {
	f.Noindex, f.Path = true, "/submit"
	if x.again {
		f.Notices = append(f.Notices, view.Notice{Text: "这份内容已经收到过，没有重复登记。下面是原来的编号和查询码。", Good: true})
	}
	p := view.ReportCodePage{Frame: f, Anonymous: x.anonymous, CaseNo: words[0], Code: words[2], At: view.Written{Text: words[3], ISO: words[4]},
		NoticeBy: x.notice, QR: view.QR{Size: x.size, Path: words[5]}, Form: view.ReportProof(words[6], words[1], words[7])}
	if x.promised {
		p.Promise = words[8]
	}
	return p
}

func (d *Doors) showCode(c *door.Ctx, status int, p view.ReportCodePage, key, number, code string) error {
	p.Noindex, p.Path = true, "/submit"
	p.CaseNo, p.Code = view.Code(number).String(), code
	p.QR = view.NewQR(slipText(number, code))
	p.Form = view.ReportProof(c.CSRF(), number, key)
	if status != 200 {
		p.Form.Fail("access_code", "和下面的不一样，请对照着改。")
		p.Failed = true
	}
	return c.Render(status, p)
}

// retold shows the code once more to who mistyped it on the page that told it;
// false where the form does not come from such a page.
func (d *Doors) retold(c *door.Ctx, f *door.Form, number string) (bool, error) {
	key := f.Get("submission_key")
	code, fresh, ok, err := d.house.Reports.Retell(c.Std(), number, key)
	if err != nil || !ok {
		return false, err
	}
	p := view.ReportCodePage{Renewed: fresh, Again: true}
	if p.Frame, err = c.Frame("请再核对一次查询码"); err != nil {
		return true, err
	}
	return true, d.showCode(c, 422, p, key, cases.OnlyDigits(number), code.Groups())
}

// unlockReport checks a report's number and code.
func (d *Doors) unlockReport(c *door.Ctx, f *door.Form, number, code string) error {
	_, pass, err := d.house.Reports.Unlock(c.Std(), d.house.Cases, c.From(), number, code)
	if fault.Is(err, fault.Invalid) {
		if done, err := d.retold(c, f, number); done || err != nil {
			return err
		}
	}
	if fields, ok := door.Fields(err); ok && reports.Mistyped(err) { // it opens nothing, and can be mended where it stands
		return d.trackPageWith(c, 422, number, code, fields)
	}
	if err != nil {
		return d.notUnlocked(c, number, err)
	}
	c.SetCookie(passCookie, "", 0)
	c.SetCookie(visitCookie, pass, 0)
	return c.SeeOther("/track/case")
}

// trackedReport shows a reporter their report, when it is one that this browser
// may see.
func (d *Doors) trackedReport(c *door.Ctx, status int, v reports.Visit, change func(*view.ReportTrackPage)) error {
	t, err := d.house.Reports.Track(c.Std(), v)
	if fault.Is(err, fault.Unauthenticated) {
		c.SetCookie(visitCookie, "", 0)
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	f, err := c.Frame("举报办理进度")
	if err != nil {
		return err
	}
	f.Noindex, f.Path = true, "/track/case"
	f.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "查询进度", Href: "/track"}}
	// Half an hour from the last look, not from the first.
	c.SetCookie(visitCookie, d.house.Reports.Pass(v), 0)
	if t.MustRenew {
		return c.Render(200, view.ReportRenewPage{Frame: f, Form: view.RenewForm(c.CSRF(), newKey())})
	}
	p := view.ReportTrackPage{Log: d.logged(c, logbook.Report, v.ID), Frame: f, CaseNo: view.Code(t.Report.CaseNo), Word: t.Report.State.Told(), Erased: t.Erased, Files: evidenceLinks(t.Files), CSRF: c.CSRF(), Renew: view.RenewForm(c.CSRF(), newKey())}
	switch t.Report.State {
	case reports.Received:
		if !t.Report.NoticeDue.IsZero() {
			p.Next = "纪检专员正在审查，" + t.Report.NoticeDue.Chinese() + "前告知是否受理。"
		}
	case reports.OutOfScope:
		p.Next = "理由和可以去哪里反映，见下面的往来。"
	case reports.Answered:
		p.Next = "结果见下面的往来。有不同意见、有新的证据，可以补充。"
	default:
		p.Next = "需要您补充的，会写在下面的往来里。"
	}
	if !t.Erased {
		p.Answers = statementAnswers(t.Statement)
		for _, a := range []view.Answer{{Label: "您的姓名", Value: t.Who.Name}, {Label: "您的电话", Value: t.Who.Phone}} {
			if a.Value != "" {
				p.Who = append(p.Who, a)
			}
		}
	}
	for _, x := range t.Texts {
		p.Talk = append(p.Talk, view.ReportWord{At: door.Moment(x.At), Mine: x.Mine(), Text: x.Body, Files: evidenceLinks(x.Files)})
	}
	for _, x := range t.Steps {
		p.Timeline = append(p.Timeline, view.Event{At: door.Moment(x.At), Word: x.Word, Mine: x.Mine})
	}
	if t.CanSay {
		form := view.SayForm(p.CSRF, evidenceRule)
		form.Hidden = []view.Hidden{{Name: "submission_key", Value: newKey()}, {Name: markField, Value: d.house.Reports.Mark(v.ID)}}
		p.Say = &form
	}
	p.Renew.Hidden = append(p.Renew.Hidden, view.Hidden{Name: markField, Value: d.house.Reports.Mark(v.ID)})
	change(&p)
	p.Failed = len(p.Errors()) > 0
	return c.Render(status, p)
}

func evidenceLinks(files []reports.File) []view.Link {
	out := make([]view.Link, len(files))
	for i, f := range files {
		out[i] = view.Link{Text: f.Name, Href: "/track/report/files/" + strconv.FormatInt(f.ID, 10)}
	}
	return out
}

// visiting is the report that a form is meant for: the one this browser may see now.
func (d *Doors) visiting(c *door.Ctx, f *door.Form) (reports.Visit, error) {
	v, err := d.house.Reports.Admit(c.GetCookie(visitCookie))
	if err == nil && f.Has(markField) && f.Get(markField) != d.house.Reports.Mark(v.ID) {
		err = cases.ErrOtherCase
	}
	return v, err
}

// Say takes a reporter's message.
func (d *Doors) Say(c *door.Ctx) error {
	bad := ""
	f, err := c.FormWith(func(f *door.Form, name string, body io.Reader) error {
		if _, err := d.visiting(c, f); err != nil || bad != "" {
			return nil // refused below, with what was typed
		}
		err := d.stageEvidence(c, f, name, body)
		if x, ok := fault.As(err); ok && x.Kind != fault.Busy {
			bad = worded(x)
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	v, err := d.visiting(c, f)
	if err != nil {
		return d.stray(c, f, err)
	}
	key := f.Get("submission_key")
	var fields []fault.Field
	if bad != "" {
		fields = []fault.Field{{Name: "attachments", Message: bad}}
	} else {
		err = d.house.Reports.Say(c.Std(), v, f.Get("content"), key)
		if more, ok := door.Fields(err); ok {
			fields = more
		} else if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Unauthenticated) {
			return d.stray(c, f, err)
		} else if err != nil {
			return err
		}
	}
	if errors.Is(err, reports.ErrTaken) { // the page comes with another secret, to which none of the files belong
		if err := d.house.Reports.Unstage(c.Std(), key); err != nil {
			return err
		}
		return d.trackedReport(c, 422, v, func(p *view.ReportTrackPage) { again(p.Say, f, fields, !f.NoFiles) })
	}
	if len(fields) > 0 {
		kept, err := d.house.Reports.Staged(c.Std(), key)
		if err != nil {
			return err
		}
		return d.trackedReport(c, 422, v, func(p *view.ReportTrackPage) {
			again(p.Say, f, fields, false)
			if p.Say != nil && len(kept) > 0 {
				p.Say.Kept, p.Say.Hidden[0].Value = kept, key
			}
		})
	}
	return c.SeeOther("/track/case")
}

// worded is what a fault says, at its field or as a whole.
func worded(x *fault.Fault) string {
	if len(x.Fields) > 0 {
		return x.Fields[0].Message
	}
	return x.Message
}

// RenewCode replaces a report's code and shows the new one, once.
func (d *Doors) RenewCode(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := d.visiting(c, f)
	if err != nil {
		return d.stray(c, f, err)
	}
	key := f.Get("submission_key")
	number, code, err := d.house.Reports.Renew(c.Std(), v, key)
	if fault.Is(err, fault.Unauthenticated) {
		return d.stray(c, f, err)
	}
	if err != nil {
		return err
	}
	p := view.ReportCodePage{Renewed: true}
	if p.Frame, err = c.Frame("新的查询码"); err != nil {
		return err
	}
	return d.showCode(c, 200, p, key, number, code.Groups())
}

// EvidenceFile gives a reporter back a file of their report, always as a download.
func (d *Doors) EvidenceFile(c *door.Ctx) error {
	v, err := d.house.Reports.Admit(c.GetCookie(visitCookie))
	if err != nil {
		return err
	}
	no, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "没有这个文件。")
	}
	file, body, err := d.house.Reports.OwnFile(c.Std(), v, no)
	if err != nil {
		return err
	}
	return c.Download(file.Name, file.Size, body)
}
