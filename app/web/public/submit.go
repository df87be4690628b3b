package public

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var attachmentRule = fmt.Sprintf("最多 %d 个，每个不超过 %d MB。可以是%s。", cases.MaxFiles, cases.MaxFileSize>>20, blob.AcceptedWords)

var errNoKind = fault.New(fault.NotFound, "没有这一类事项，请从“我要反映”重新选择。")

func kindOf(c *door.Ctx) (cases.Kind, error) {
	k := cases.Kind(c.Params("kind"))
	if !k.Valid() {
		return "", errNoKind
	}
	return k, nil
}

// asked are a kind's questions with what was typed; problem may already be known.
func asked(k cases.Kind, privacy string, value func(string) string) view.Form {
	f := view.Form{Action: "/submit/" + string(k), Honeypot: true, Fields: view.Questions(view.Kind(k), privacy, attachmentRule)}
	f.Fill(value)
	return f
}

// Form asks the questions of a kind.
func (d *Doors) Form(c *door.Ctx) error {
	k, err := kindOf(c)
	if err != nil {
		return err
	}
	return d.showForm(c, 200, k, newKey(), func(name string) string {
		if name == "problem" {
			return c.Query("problem")
		}
		return ""
	}, nil, "", nil)
}

func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// showForm shows a kind's form with what was typed, what is wrong, and a fresh captcha.
func (d *Doors) showForm(c *door.Ctx, status int, k cases.Kind, key string, value func(string) string, bad []fault.Field, filesLost string, kept []string) error {
	captcha, err := d.house.Cases.NewCaptcha(c.Std())
	if err != nil {
		return err
	}
	p := view.FormPage{Kind: view.Kind(k)}
	err = c.Read(func(r *store.Reader) (err error) {
		p.Heading = "提交" + k.Word()
		if p.Frame, err = c.FrameIn(r, p.Heading); err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		if err != nil {
			return err
		}
		p.Form = asked(k, site.Privacy, value)
		return about(r, value("problem"), bad, &p)
	})
	if err != nil {
		return err
	}
	p.Path = "/submit/" + string(k)
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "我要反映", Href: "/submit"}}
	p.Form.CSRF = c.CSRF()
	p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "submission_key", Value: key})
	p.Form.Captcha = &view.Captcha{ID: captcha}
	p.Form.FilesLost = filesLost != ""
	p.Form.Buttons = []view.Button{{Text: "下一步：核对内容", Name: "step", Value: "check"}, {Text: "换一张验证码", Name: "step", Value: "captcha"}}
	if len(kept) > 0 {
		p.Notices = append(p.Notices, view.Notice{Text: "已经传上来的附件保留着：" + strings.Join(kept, "、") + "。再选的附件会加在后面。"})
		p.Form.Buttons = append(p.Form.Buttons, view.Button{Text: "去掉已传的附件", Name: "step", Value: "nofiles"})
	}
	for _, m := range bad {
		if !p.Form.Fail(m.Name, m.Message) {
			p.Notices = append(p.Notices, view.Notice{Text: m.Message})
		}
	}
	p.Failed = len(bad) > 0
	return c.Render(status, p)
}

// about names the problem that a comment speaks of: when it is known, the
// question need not be asked.
func about(r *store.Reader, code string, bad []fault.Field, p *view.FormPage) error {
	if code == "" || p.Kind != view.Comment || slices.ContainsFunc(bad, func(f fault.Field) bool { return f.Name == "problem" }) {
		return nil
	}
	x, err := ledger.FindProblem(r, code)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Heading = "对“" + x.Title + "”的意见"
	p.Title = p.Heading
	p.About = view.Link{Text: x.Code + " " + x.Title, Href: "/progress/" + code}
	p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "problem", Value: code})
	p.Form.Fields = slices.DeleteFunc(p.Form.Fields, func(f view.Field) bool { return f.Name == "problem" })
	return nil
}

// staging takes in a form's files while they stream in.
type staging struct {
	d      *Doors
	c      *door.Ctx
	asked  bool // the captcha was looked at
	human  bool
	chosen bool
	names  []string // of what was chosen, as it came
	bad    string
	keep   func(c *door.Ctx, f *door.Form, name string, body io.Reader) error // stores one
}

// file stages one file. Bytes are only stored for somebody who answered the
// captcha, so that nobody fills the disk for nothing.
func (s *staging) file(f *door.Form, name string, body io.Reader) error {
	s.chosen, s.names = true, append(s.names, name)
	if !s.asked {
		s.asked = true
		right, err := s.d.house.Cases.PeekCaptcha(s.c.Std(), f.Get("captcha_id"), f.Get("captcha_solution"))
		if err != nil {
			return err
		}
		s.human = right
	}
	if !s.human || s.bad != "" {
		return nil
	}
	err := s.keep(s.c, f, name, body)
	if x, ok := fault.As(err); ok && x.Kind != fault.Busy {
		s.bad = worded(x)
		return nil
	}
	return err
}

// missing are the chosen files that are not among those that the server has.
func (s *staging) missing(kept []string) (list []string) {
	for _, name := range s.names {
		if !slices.Contains(kept, name) {
			list = append(list, name)
		}
	}
	return list
}

// wrong is what has to be said of the files.
func (s *staging) wrong() (bad []fault.Field) {
	if s.bad != "" {
		bad = append(bad, fault.Field{Name: "attachments", Message: s.bad})
	}
	if s.asked && !s.human {
		bad = append(bad, fault.Field{Name: "captcha_solution", Message: "验证码不对，附件没有接收。请按新的图片填写，并重新选择附件。"})
	}
	return bad
}

// stage keeps one file of a form, within what its sender's address may leave in a day.
func (d *Doors) stage(c *door.Ctx, f *door.Form, name string, body io.Reader) error {
	giveBack, err := d.house.Limits.Hold(c.From(), cases.MaxFileSize, d.house.DB.Now())
	if err != nil {
		return err
	}
	a, err := d.house.Cases.Stage(c.Std(), f.Get("submission_key"), name, body)
	if err != nil {
		giveBack(cases.MaxFileSize)
		return err
	}
	giveBack(cases.MaxFileSize - a.Size)
	return nil
}

// Submit takes a form: to be checked, to be sent, or to be shown again.
func (d *Doors) Submit(c *door.Ctx) error {
	k, err := kindOf(c)
	if err != nil {
		return err
	}
	files := &staging{d: d, c: c, keep: d.stage}
	f, err := c.FormWith(files.file)
	if errors.Is(err, door.ErrForged) {
		return d.showForm(c, 403, k, newKey(), f.Get, []fault.Field{{Message: "还没有提交：页面停留太久，或者浏览器不让本站使用 Cookie。填写的内容都在下面，请按新的验证码再提交一次；总是这样的，请在浏览器设置里允许本站使用 Cookie。"}}, "files", nil)
	}
	if err != nil {
		return err
	}
	key := f.Get("submission_key")
	if len(key) < 16 {
		key = newKey()
	}
	step := f.Get("step")
	// A form that already brought another matter goes on with a secret of its own.
	used := func(err error) error {
		return d.showForm(c, 409, k, newKey(), f.Get, []fault.Field{{Message: err.Error()}}, "files", nil)
	}
	again := func(status int, bad []fault.Field) error {
		lost := ""
		if files.chosen || status == 422 {
			staged, err := d.house.Cases.Staged(c.Std(), key)
			if err != nil {
				return err
			}
			if len(staged) > 0 || files.chosen || f.Get(keptFiles) != "" {
				lost = "files"
			}
			if err := d.house.Cases.Unstage(c.Std(), key); err != nil {
				return err
			}
		}
		return d.showForm(c, status, k, key, f.Get, bad, lost, nil)
	}
	sub := bind(k, key, c.Settings().Privacy, f)
	if step == "nofiles" {
		if err := d.house.Cases.Unstage(c.Std(), key); err != nil {
			return err
		}
	}
	if step == "captcha" || step == "edit" || step == "nofiles" {
		if err := d.house.Cases.Keep(c.Std(), key); err != nil {
			return err
		}
		staged, err := d.house.Cases.Staged(c.Std(), key)
		if err != nil {
			return err
		}
		lost := ""
		if files.chosen && len(staged) == 0 {
			lost = "files"
		}
		return d.showForm(c, 200, k, key, f.Get, nil, lost, names(staged))
	}
	var bad []fault.Field
	if f.Get("website") != "" {
		bad = append(bad, fault.Field{Name: "website", Message: "有一栏本应留空，却填了内容。请清空后再提交。"})
	}
	bad = append(bad, files.wrong()...)
	if err := d.missing(c, f, key); err != nil {
		fields, ok := door.Fields(err)
		if !ok {
			return err
		}
		bad = append(bad, fields...)
	}
	if step == "check" && !files.asked && strings.TrimSpace(sub.Captcha) != "" {
		// Looked at, not used up; a wrong one is said now rather than after the check.
		right, err := d.house.Cases.PeekCaptcha(c.Std(), sub.CaptchaID, sub.Captcha)
		if err != nil {
			return err
		}
		if !right {
			bad = append(bad, fault.Field{Name: "captcha_solution", Message: "验证码不对或已经过期，请按新的图片填写。"})
		}
	}
	if err := d.house.Cases.Preview(c.Std(), &sub); err != nil {
		fields, ok := door.Fields(err)
		if !ok {
			return err
		}
		bad = append(fields, bad...)
	}
	if len(bad) > 0 {
		// A repeated sending after a lost answer gets the same number and code
		// again, although its captcha was used up. One without mistakes is
		// recognised where it would be stored.
		if t, ok, err := d.house.Cases.Known(c.Std(), sub); fault.Is(err, fault.Conflict) {
			return used(err)
		} else if err != nil {
			return err
		} else if ok {
			return d.confirm(c, t)
		}
		return again(422, bad)
	}
	if step == "check" {
		if t, ok, err := d.house.Cases.Known(c.Std(), sub); fault.Is(err, fault.Conflict) {
			return used(err)
		} else if err != nil {
			return err
		} else if ok {
			return d.confirm(c, t)
		}
		return d.check(c, k, key, f, sub)
	}
	t, err := d.house.Cases.Submit(c.Std(), sub)
	if fields, ok := door.Fields(err); ok {
		return again(422, fields)
	}
	if fault.Is(err, fault.Conflict) {
		return used(err)
	}
	if err != nil {
		return err
	}
	return d.confirm(c, t)
}

// keptFiles is how many files the check page listed; they must still be there
// when the form is sent.
const keptFiles = "files_kept"

func (d *Doors) missing(c *door.Ctx, f *door.Form, key string) error {
	kept, _ := strconv.Atoi(f.Get(keptFiles))
	if kept == 0 {
		return nil
	}
	staged, err := d.house.Cases.Staged(c.Std(), key)
	if err != nil {
		return err
	}
	if len(staged) < kept {
		return fault.Form([]fault.Field{{Name: "attachments", Message: "附件放得太久，已经清除，请重新选择附件再提交。"}})
	}
	return nil
}

// bind reads a submission out of a form.
func bind(k cases.Kind, key, privacy string, f *door.Form) cases.Submission {
	s := cases.Submission{Kind: k, Channel: cases.Web, Key: key, AllowPublish: f.Get("allow_publish") != "", Guardian: f.Get("guardian") != "", PrivacyVersion: clip(f.Get("privacy_version"), 40),
		CaptchaID: clip(f.Get("captcha_id"), 64), Captcha: clip(f.Get("captcha_solution"), 64)}
	if s.PrivacyVersion != privacy {
		s.PrivacyVersion = "" // consent to a notice that is not in force is none
	}
	for _, q := range cases.Fields(k) {
		s.Set(q.Name, f.Get(q.Name))
	}
	return s
}

// clip keeps at most n bytes, whole characters.
func clip(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

func names(files []cases.Attachment) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Name
	}
	return out
}

// check shows the answers once more; the captcha stays unused.
func (d *Doors) check(c *door.Ctx, k cases.Kind, key string, f *door.Form, sub cases.Submission) error {
	p := view.CheckPage{Kind: view.Kind(k)}
	staged, err := d.house.Cases.Staged(c.Std(), key)
	if err != nil {
		return err
	}
	p.Files = names(staged)
	if err := d.house.Cases.Keep(c.Std(), key); err != nil {
		return err
	}
	p.Form = view.Form{Action: "/submit/" + string(k), Buttons: []view.Button{{Text: "确认提交"}, {Text: "返回修改", Name: "step", Value: "edit"}}}
	p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "submission_key", Value: key})
	if len(staged) > 0 {
		p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: keptFiles, Value: strconv.Itoa(len(staged))})
	}
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Frame, err = c.FrameIn(r, "核对您填写的内容"); err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		if err != nil {
			return err
		}
		form := asked(k, site.Privacy, func(name string) string {
			if v := sub.Get(name); v != "" {
				return v
			}
			return f.Get(name)
		})
		for _, q := range form.Fields {
			switch {
			case q.Kind == view.Files:
				continue
			case q.Kind == view.Checkbox:
				if q.Checked || (q.Name == "privacy_version" && sub.PrivacyVersion != "") {
					p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: q.Name, Value: f.Get(q.Name)})
					p.Answers = append(p.Answers, view.Answer{Label: q.Label, Value: "是"})
				}
			default:
				v := sub.Get(q.Name)
				p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: q.Name, Value: v})
				p.Answers = append(p.Answers, view.Answer{Label: q.Label, Value: v})
			}
		}
		return alike(r, sub, &p)
	})
	if err != nil {
		return err
	}
	p.Path = "/submit/" + string(k)
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "我要反映", Href: "/submit"}}
	p.Form.CSRF = c.CSRF()
	if err := d.carryCaptcha(c, &p.Form, sub.CaptchaID, sub.Captcha); err != nil {
		return err
	}
	return c.Render(200, p)
}

// carryCaptcha takes an answered captcha along, or asks for it where it was not answered.
func (d *Doors) carryCaptcha(c *door.Ctx, f *view.Form, id, answer string) error {
	if strings.TrimSpace(answer) != "" {
		f.Hidden = append(f.Hidden, view.Hidden{Name: "captcha_id", Value: id}, view.Hidden{Name: "captcha_solution", Value: answer})
		return nil
	}
	if _, err := d.house.Cases.Picture(c.Std(), id); err != nil {
		if id, err = d.house.Cases.NewCaptcha(c.Std()); err != nil {
			return err
		}
	}
	f.Captcha = &view.Captcha{ID: id}
	return nil
}

// alike finds what may already answer the matter.
func alike(r *store.Reader, sub cases.Submission, p *view.CheckPage) error {
	text := sub.Title + "\n" + sub.Content
	replies, err := cases.AlikeReplies(r, text, 3)
	if err != nil {
		return err
	}
	for _, x := range replies {
		p.Similar = append(p.Similar, view.Link{Text: x.Title, Href: fmt.Sprintf("/replies/%d", x.ID)})
	}
	problems, err := ledger.Alike(r, text, 3)
	for _, x := range problems {
		if x.Code != sub.Problem {
			p.Problems = append(p.Problems, view.Link{Text: x.Code + " " + x.Title, Href: "/progress/" + x.Code})
		}
	}
	return err
}

// confirm is shown after the commit: number, code, what happens next.
func (d *Doors) confirm(c *door.Ctx, t cases.Ticket) error {
	promise := d.promised(c, logbook.Case, t.ID, t.Promise)
	like := confirmation{view.Kind(t.Kind), door.Day(t.NoticeDue), door.Day(t.HandleDue), t.Provisional, t.Again, promise != ""}
	at := door.Moment(t.SubmittedAt)
	words := []string{t.Title, view.Code(t.CaseNo).String(), view.Code(t.AccessCode).String(), at.String(), at.ISO()}
	if like.promised {
		words = append(words, promise)
	}
	return c.RenderFilled("提交成功", like, like.page, words...)
}

// confirmation is what the page of a confirmation depends on besides the words
// that are the sender's alone.
type confirmation struct {
	kind             view.Kind
	notice, reply    view.Day
	estimated, again bool
	promised         bool
}

func (x confirmation) page(f view.Frame, words []string) view.Page {
	f.Noindex = true
	f.Path = "/submit"
	if x.again {
		f.Notices = append(f.Notices, view.Notice{Text: "这份内容已经收到过，没有重复登记。下面是原来的编号和查询码。", Good: true})
	}
	p := view.ConfirmationPage{Frame: f, Kind: x.kind, Heading: words[0], CaseNo: words[1], AccessCode: words[2],
		At: view.Written{Text: words[3], ISO: words[4]}, NoticeBy: x.notice, ReplyBy: x.reply, Estimated: x.estimated}
	if x.promised {
		p.Promise = words[5]
	}
	return p
}

// Picture is a captcha as an image.
func (d *Doors) Picture(c *door.Ctx) error {
	body, err := d.house.Cases.Picture(c.Std(), c.Params("id"))
	return media(c, "image/png", body, err)
}

// Sound is a captcha read aloud.
func (d *Doors) Sound(c *door.Ctx) error {
	body, err := d.house.Cases.Sound(c.Std(), c.Params("id"))
	return media(c, "audio/wav", body, err)
}

func media(c *door.Ctx, kind string, body []byte, err error) error {
	if err != nil {
		return err
	}
	c.Set("Content-Type", kind)
	c.Set("Cache-Control", "no-store")
	return c.Send(body)
}
