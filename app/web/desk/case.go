package desk

import (
	"fmt"
	"mingjing/app/settings"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Case shows a case to staff. refuse in the address chooses a text to start
// the citizen's explanation from.
func (d *Doors) Case(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.casePage(c, 200, id, func(*casePage) {})
}

// casePage is the page being made: what the room said, and what is shown of it.
type casePage struct {
	view.DeskCasePage
	page   cases.Page
	people people
	today  calendar.Date
	actor  staff.Actor
	refuse cases.Refusal // the text to start from
	lift   []int         // marks of a proposal for publication that are lifted
	start  int64         // the canned text to start an answer from
	site   settings.Site
	join   string // the number of the case to merge with or link to
}

// casePage reads and shows a case; change puts errors and typed text into it.
func (d *Doors) casePage(c *door.Ctx, status int, id int64, change func(*casePage)) error {
	page, err := d.house.Cases.Open(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	p := &casePage{page: page, actor: c.Actor, refuse: cases.Refusal(c.Query("refuse")), join: cases.Digits(c.Query("join")), site: c.Settings()}
	p.start, _ = strconv.ParseInt(c.Query("canned"), 10, 64)
	for _, v := range c.Context().QueryArgs().PeekMulti("lift") {
		if i, err := strconv.Atoi(string(v)); err == nil && len(p.lift) < 100 {
			p.lift = append(p.lift, i)
		}
	}
	var canned []cases.Canned
	err = c.Read(func(r *store.Reader) (err error) {
		p.today = calendar.Of(r.Now)
		if p.people, err = readPeople(r); err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, page.Case.Title); err != nil {
			return err
		}
		if canned, err = cases.CannedReplies(r, false); err != nil {
			return err
		}
		return p.describeDraft(r)
	})
	if err != nil {
		return err
	}
	p.Path = fmt.Sprintf("/desk/cases/%d", id)
	p.describe()
	p.offer()
	p.canned(canned)
	change(p)
	return c.Render(status, p.DeskCasePage)
}

func (p *casePage) describe() {
	k := p.page.Case
	p.CaseNo, p.Kind, p.Channel, p.State, p.Heading = view.Code(k.CaseNo), k.Kind.Word(), k.Channel.Word(), k.State.Word(), k.Title
	p.Due = due(p.page.Due, p.today)
	p.Due.Guess = k.Provisional
	p.Facts = p.facts()
	p.Said = said(k)
	if x := p.page.Problem; x != nil {
		p.Problem = view.Link{Text: x.Code + " " + x.Title, Href: "/progress/" + x.Code}
	}
	for _, f := range p.page.Files {
		p.Files = append(p.Files, view.Link{Text: fmt.Sprintf("%s（%s）", f.Name, size(f.Size)), Href: fmt.Sprintf("/desk/cases/%d/files/%d", k.ID, f.ID)})
	}
	for _, r := range p.page.Replies {
		p.Replies = append(p.Replies, view.DeskReply{At: door.Moment(r.SentAt), Unit: r.Unit, Text: r.Body, Digest: r.Digest[:16],
			Links: []view.Link{{Text: "打印答复函", Href: fmt.Sprintf("/desk/cases/%d/replies/%d", k.ID, r.ID)}, {Text: "下载 Word 文档", Href: fmt.Sprintf("/desk/cases/%d/replies/%d.docx", k.ID, r.ID)}}})
	}
	p.Earlier, p.Similar = rows(p.page.Earlier, p.people, p.today), rows(p.page.Similar, p.people, p.today)
	if p.page.Into != nil {
		p.Into = view.Link{Text: or(p.page.Into.CaseNo, "另一件来件"), Href: fmt.Sprintf("/desk/cases/%d", p.page.Into.ID)}
	}
	for _, x := range p.page.Merged {
		p.Merged = append(p.Merged, view.JoinedCase{Link: view.Link{Text: x.CaseNo + " " + x.Title, Href: fmt.Sprintf("/desk/cases/%d", x.ID)}, On: door.Day(x.ReceivedOn), Channel: x.Channel.Word(), Text: x.Content})
	}
	for _, x := range p.page.Linked {
		row := view.JoinedCase{Link: view.Link{Text: x.CaseNo + " " + x.Title, Href: fmt.Sprintf("/desk/cases/%d", x.ID)}, On: door.Day(x.ReceivedOn), Channel: x.State.Word()}
		if x.Split {
			row.Channel += "，分件"
		}
		p.Linked = append(p.Linked, row)
	}
	for _, e := range slices.Backward(p.page.Events) {
		v := view.DeskEvent{At: door.Moment(e.At), Who: or(e.ActorName, "来信人"), Word: e.Verb.Word(), Detail: e.Detail}
		if e.MessageID != nil {
			m := p.page.Messages[*e.MessageID]
			v.Text, v.Inside = m.Body, m.Author == cases.Inside
		}
		p.Timeline = append(p.Timeline, v)
	}
	p.Here, p.Company = p.Path+"/here", strings.Join(p.page.Company, "、")
	for _, x := range p.page.Draws {
		p.Draws = append(p.Draws, view.Link{Text: fmt.Sprintf("第 %d 次，%s，%s", x.No, calendar.Of(x.At).Chinese(), x.Department), Href: fmt.Sprintf("/desk/cases/%d/draws/%d", k.ID, x.No)})
	}
	if x := p.page.Published; x != nil {
		p.Selected = "选登：" + publicationWords[x.State] + "。"
		if x.State == "withdrawn" {
			p.Expunge = expungeLink(p.actor, x.ID)
		}
	}
}

// said is everything the citizen wrote: the answers to the kind's own questions
// first, then what was asked before the case was put under another kind.
func said(k cases.Case) []view.Answer {
	values := map[string]string{"content": k.Content, "demand": k.Demand, "facts": k.Facts, "unit": k.Unit, "happened_at": k.HappenedAt,
		"place": k.Place, "case_number": k.CaseNumber}
	var out []view.Answer
	for _, kind := range append([]cases.Kind{k.Kind}, cases.Kinds...) {
		for _, f := range cases.Fields(kind) {
			if v := values[f.Name]; v != "" {
				out = append(out, view.Answer{Label: staffLabel(f), Value: v})
				delete(values, f.Name)
			}
		}
	}
	return out
}

func (p *casePage) facts() []view.Answer {
	k := p.page.Case
	var out []view.Answer
	add := func(label, value string) {
		if value != "" {
			out = append(out, view.Answer{Label: label, Value: value})
		}
	}
	add("程序", k.Stage.Word())
	add("收到", k.ReceivedOn.Chinese())
	if x := p.page.Origin; x != nil {
		value := x.From
		if x.ExternalID != "" {
			value += "，对方编号 " + x.ExternalID
		}
		add("转来", value)
	}
	add("受理", k.AcceptedOn.Chinese())
	add("应当告知", k.NoticeDue.Chinese())
	add("已经告知", k.NoticeOn.Chinese())
	handle := k.HandleDue.Chinese()
	if handle != "" && k.Extended {
		handle += "（已延期）"
	}
	if handle != "" && k.Provisional {
		handle += "（" + calendar.ProvisionalWords + "）"
	}
	add("办理期限", handle)
	add("承办部门", p.page.Department)
	add("承办人", p.page.Handler)
	add("答复", k.RepliedOn.Chinese())
	add("结束", k.EndedOn.Chinese())
	if k.Refusal != "" {
		add("不予受理", k.Refusal.Word())
	}
	if k.UrgedAt != nil {
		add("催办", calendar.Of(*k.UrgedAt).Chinese()+" 来信人催办过")
	}
	if k.Supervised {
		add("督办", "督办员要求重点办理，见经过。")
	}
	if k.ObjectedAt != nil {
		add("不同意答复", calendar.Of(*k.ObjectedAt).Chinese()+"提出，等督办员或者分办员决定。")
	}
	for _, t := range p.page.Tasks {
		value := map[string]string{"open": "还没有答复", "answered": "已答复", "released": "不再需要"}[t.State]
		if t.Open() {
			value = t.DueOn.Chinese() + "前答复"
			if t.DueOn.Before(p.today) {
				value += fmt.Sprintf("，超期 %d 天", p.today.Sub(t.DueOn))
			}
		}
		add("会办", t.Department+"："+value+"\n"+t.Ask)
	}
	if k := p.page.Keeping; !k.Content {
		add("保存", "联系方式和内容已删除")
	} else {
		value := "内容保存到 " + k.ContentUntil.Chinese()
		if k.Contact {
			value = "联系方式保存到 " + k.ContactUntil.Chinese() + "，" + value
		} else {
			value = "联系方式已删除，" + value
		}
		if k.Hold != "" {
			add("保存", k.HeldBy+"列为依法保留："+k.Hold)
		} else if !k.ContentUntil.IsZero() {
			add("保存", value)
		}
		if k.Request != nil && k.Request.State == "open" {
			add("删除申请", or(k.Request.Reason, "没有写理由"))
		}
	}
	for _, x := range p.page.Served {
		value := x.SentOn.Chinese() + cases.ServeWord(x.Way) + x.About.Word()
		if x.Number != "" {
			value += "，邮件号 " + x.Number
		}
		if x.Outcome == "" {
			value += "，还没有送达结果"
		} else if x.Way == cases.Post {
			value += "，" + x.OnDay.Chinese() + cases.OutcomeWord(x.Outcome)
		}
		if x.Proof != "" {
			value += "\n" + x.Proof
		}
		add("送达", value)
	}
	for _, x := range p.page.Calls {
		value := calendar.Of(x.At).Chinese() + " 没有联系上"
		if x.Reached {
			value = calendar.Of(x.At).Chinese() + " " + x.Resolved.Word() + "，" + x.Satisfaction.Word()
		}
		if x.Note != "" {
			value += "\n" + x.Note
		}
		add("回访", value)
	}
	consent := "来信人没有同意"
	if k.AllowPublish {
		consent = "来信人同意隐去个人信息后公开"
	}
	add("公开", consent)
	if r := p.page.Rating; r != nil {
		value := r.Resolved.Word() + "，" + r.Satisfaction.Word()
		if r.Reason != "" {
			value += "\n" + r.Reason
		}
		add("评价", value)
	}
	return out
}

// describeDraft shows the answer being written, with the names behind it.
func (p *casePage) describeDraft(r *store.Reader) error {
	x := p.page.Draft
	if x == nil {
		if p.page.Can[cases.DoDraft] {
			p.Draft = &view.DraftBox{}
		}
		return nil
	}
	box := &view.DraftBox{Text: x.Body, Digest: p.page.Digest[:16]}
	author, err := personName(r, x.AuthorID)
	if err != nil {
		return err
	}
	box.Meta = fmt.Sprintf("%s %s保存，第 %d 稿", author, door.Moment(x.SavedAt), x.Version)
	if x.ReviewedBy != nil {
		who, err := personName(r, *x.ReviewedBy)
		if err != nil {
			return err
		}
		box.Meta += "；" + who + "审核通过"
	}
	if x.ApprovedBy != nil {
		who, err := personName(r, *x.ApprovedBy)
		if err != nil {
			return err
		}
		box.Approved = who + "已签发这一稿，可以发出。"
	}
	p.Draft = box
	return nil
}

// personName is who an id stands for; nobody for 0.
func personName(r *store.Reader, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	who, err := staff.Find(r, id)
	return who.Name, err
}

// staffLabel is a field's label without the citizen's 您.
func staffLabel(f cases.Field) string {
	switch f.Name {
	case "demand":
		return "诉求"
	case "content":
		return "内容"
	}
	return f.Label
}

func size(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	case n >= 1<<10:
		return strconv.FormatInt(n>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " 字节"
}

// File gives staff an attachment, always as a download.
func (d *Doors) File(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	no, err := number(c.Params("file"))
	if err != nil {
		return err
	}
	file, body, err := d.house.Cases.File(c.Std(), c.Actor, id, no)
	if err != nil {
		return err
	}
	return c.Download(file.Name, file.Size, body)
}

// Contact shows the contact details, once; the room records it first.
func (d *Doors) Contact(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	if _, err := c.Form(); err != nil {
		return err
	}
	x, err := d.house.Cases.Reveal(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	return d.casePage(c, 200, id, func(p *casePage) {
		for _, a := range []view.Answer{{Label: "姓名", Value: x.Name}, {Label: "电话", Value: x.Phone}, {Label: "邮箱", Value: x.Email}, {Label: "地址", Value: x.Address}} {
			if a.Value != "" {
				p.Contact = append(p.Contact, a)
			}
		}
		for _, c := range x.Rest {
			p.Contact = append(p.Contact, view.Answer{Label: c.Heading, Value: c.Text})
		}
	})
}
