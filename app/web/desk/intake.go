package desk

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var attachmentRule = fmt.Sprintf("来信扫描件、照片等。最多 %d 个，每个不超过 %d MB。可以是%s。", cases.MaxFiles, cases.MaxFileSize>>20, blob.AcceptedWords)

func newKey() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Intake asks what a caller, a letter or a visitor says.
func (d *Doors) Intake(c *door.Ctx) error {
	channel := c.Query("channel")
	return d.intakePage(c, 200, cases.Kind(c.Query("kind")), newKey(), func(name string) string {
		if name == "channel" {
			return or(channel, string(cases.Hotline))
		}
		return ""
	}, func(*view.IntakePage) {})
}

func intakeFields(k cases.Kind) []view.Field {
	channel := view.Field{Name: "channel", Kind: view.Radio, Label: "渠道", Required: true}
	for _, ch := range cases.Channels {
		if ch != cases.Web {
			channel.Choices = append(channel.Choices, view.Choice{Value: string(ch), Text: ch.Word()})
		}
	}
	out := []view.Field{channel, {Name: "received_on", Kind: "date", Label: "收到日期", Required: true, Width: "short"}}
	for _, q := range cases.Fields(k) {
		f := view.Field{Name: q.Name, Label: staffLabel(q), Required: q.Required, Max: q.Max, Autocomplete: "off"}
		switch q.Name {
		case "problem":
			f.Hint, f.Width = "问题编号，例如 1-3，在公众网站“整改进展”里查。", "short"
		case "title":
			f.Hint = "一句话说清楚。"
		case "name", "case_number":
			f.Width = "middle"
		case "phone":
			f.Kind, f.Inputmode, f.Width = view.Tel, "tel", "middle"
		case "email":
			f.Kind, f.Width = view.Email, "middle"
		}
		if q.Lines {
			f.Kind, f.Rows = view.Textarea, 5
			if q.Max <= 1000 {
				f.Rows = 3
			}
		}
		out = append(out, f)
	}
	if k != cases.Correction && k != cases.Complaint && k != cases.Petition {
		out = append(out, view.Field{Name: "allow_publish", Kind: view.Checkbox, Value: "1", Label: "来人明确同意隐去个人信息后公开"})
	}
	return append(out, view.Field{Name: "attachments", Kind: view.Files, Label: "附件", Hint: attachmentRule})
}

// elsewhere is what was typed into questions that this kind does not ask: it is
// carried along, so that going back to the other kind brings it back.
func elsewhere(k cases.Kind, value func(string) string) []view.Hidden {
	seen := map[string]bool{}
	for _, q := range cases.Fields(k) {
		seen[q.Name] = true
	}
	var out []view.Hidden
	for _, other := range cases.Kinds {
		for _, q := range cases.Fields(other) {
			if v := value(q.Name); v != "" && !seen[q.Name] {
				out = append(out, view.Hidden{Name: q.Name, Value: v})
			}
			seen[q.Name] = true
		}
	}
	return out
}

func (d *Doors) intakePage(c *door.Ctx, status int, k cases.Kind, key string, value func(string) string, change func(*view.IntakePage)) error {
	if !k.Valid() {
		k = cases.Enquiry
	}
	var p view.IntakePage
	today := ""
	err := c.Read(func(r *store.Reader) (err error) {
		today = calendar.Of(r.Now).String()
		p.Desk, err = d.frameIn(c, r, "登记")
		return err
	})
	if err != nil {
		return err
	}
	p.Path, p.Heading, p.Up = "/desk/intake/new", "登记来电、来信、来访、转办", view.Link{Text: "成批转来的，导入表格", Href: importsPath}
	for _, x := range cases.Kinds {
		p.Kinds = append(p.Kinds, view.NavLink{Link: view.Link{Text: x.Word(), Href: "/desk/intake/new?step=turn&kind=" + string(x)}, Here: x == k})
	}
	p.Form = view.Form{Action: "/desk/intake/new", CSRF: p.CSRF, Fields: intakeFields(k),
		Hidden: append([]view.Hidden{{Name: "kind", Value: string(k)}, {Name: "submission_key", Value: key}}, elsewhere(k, value)...)}
	p.Form.Fill(func(name string) string {
		if v := value(name); v != "" || name != "received_on" {
			return v
		}
		return today
	})
	change(&p)
	return c.Render(status, p)
}

// Record stores what was entered. The same form twice is one case. With a step
// in the address nothing is stored: look asks whether it came before, turn puts
// what was typed under another kind. Neither touches attachments, which may
// belong to a saving of the same form that is still on its way.
func (d *Doors) Record(c *door.Ctx) error {
	step, bad := c.Query("step"), ""
	f, err := c.FormWith(func(f *door.Form, name string, body io.Reader) error {
		if bad != "" || step != "" {
			return nil
		}
		_, err := d.house.Cases.Stage(c.Std(), f.Get("submission_key"), name, body)
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
	k, key := cases.Kind(f.Get("kind")), f.Get("submission_key")
	if len(key) < 16 {
		key = newKey()
	}
	show := func(status int, wrong error, change func(*view.IntakePage)) error {
		return d.intakePage(c, status, k, key, f.Get, func(p *view.IntakePage) {
			p.Form.FilesLost = !f.NoFiles
			if wrong != nil {
				again(&p.Desk, &p.Form, f, wrong)
			}
			change(p)
		})
	}
	switch step {
	case "look":
		return d.look(c, f, show)
	case "turn":
		k = cases.Kind(c.Query("kind"))
		return show(200, nil, func(*view.IntakePage) {})
	}
	sub, err := d.bind(c, k, key, f, bad)
	var t cases.Ticket
	if err == nil {
		t, err = d.house.Cases.Record(c.Std(), c.Actor, sub)
	}
	if fault.Is(err, fault.Invalid) {
		if err := d.house.Cases.Unstage(c.Std(), key); err != nil {
			return err
		}
		return show(422, err, func(*view.IntakePage) {})
	}
	if err != nil {
		return err
	}
	frame, err := d.frame(c, "已登记")
	if err != nil {
		return err
	}
	frame.Path = "/desk/intake/new"
	return c.Render(200, view.RecordedPage{Desk: frame, Heading: strings.Join(strings.Fields(typed.Clean(f.Get("title"))), " "), Kind: t.Kind.Word(),
		CaseNo: view.Code(t.CaseNo), AccessCode: view.Code(t.AccessCode), NoticeBy: door.Day(t.NoticeDue), ReplyBy: door.Day(t.HandleDue), Estimated: t.Provisional,
		Again: t.Again, Case: view.Link{Text: "打开这一件", Href: fmt.Sprintf("/desk/cases/%d", t.ID)},
		Next: view.Link{Text: "登记下一件", Href: "/desk/intake/new" + query("kind", string(k), "channel", string(sub.Channel))}})
}

// look shows what the same caller sent before and what is worded alike.
func (d *Doors) look(c *door.Ctx, f *door.Form, show func(int, error, func(*view.IntakePage)) error) error {
	earlier, similar, err := d.house.Cases.Kin(c.Std(), c.Actor, f.Get("phone"), f.Get("email"), f.Get("title")+"\n"+f.Get("content"))
	if err != nil {
		return err
	}
	var who people
	var today calendar.Date
	err = c.Read(func(r *store.Reader) (err error) {
		today = calendar.Of(r.Now)
		who, err = readPeople(r)
		return err
	})
	if err != nil {
		return err
	}
	return show(200, nil, func(p *view.IntakePage) {
		p.Looked, p.Earlier, p.Similar = true, rows(earlier, who, today), rows(similar, who, today)
	})
}

// bind reads a submission out of a form and gathers everything that is wrong
// with it, so that nobody mends one answer only to hear of the next. attachment
// is what is wrong with a file.
func (d *Doors) bind(c *door.Ctx, k cases.Kind, key string, f *door.Form, attachment string) (cases.Submission, error) {
	s := cases.Submission{Kind: k, Channel: cases.Channel(f.Get("channel")), Key: key, AllowPublish: f.Get("allow_publish") != ""}
	for _, q := range cases.Fields(k) {
		s.Set(q.Name, f.Get(q.Name))
	}
	var bad []fault.Field
	add := func(name, message string) { bad = append(bad, fault.Field{Name: name, Message: message}) }
	if !s.Channel.Valid() || s.Channel == cases.Web {
		add("channel", "请选择来电、来信、来访或转办。")
		s.Channel = cases.Hotline // for what else there is to say
	}
	if v := strings.TrimSpace(f.Get("received_on")); v != "" {
		on, err := calendar.Parse(v)
		if err != nil {
			add("received_on", "收到日期要写成 2026-03-01 这样。")
		} else if why := cases.CheckReceived(on, calendar.Of(d.house.DB.Now())); why != "" {
			add("received_on", why)
		}
		s.ReceivedOn = on
	}
	checked := s
	if err := checked.Check(); err != nil {
		x, ok := fault.As(err)
		if !ok || x.Kind != fault.Invalid {
			return s, err
		}
		bad = append(bad, x.Fields...)
	}
	if checked.Problem != "" {
		err := c.Read(func(r *store.Reader) error {
			_, err := ledger.FindProblem(r, checked.Problem)
			return err
		})
		switch {
		case fault.Is(err, fault.NotFound):
			add("problem", "没有找到这个问题，请重新选择。")
		case err != nil:
			return s, err
		}
	}
	if attachment != "" {
		add("attachments", attachment)
	}
	return s, fault.Form(bad)
}
