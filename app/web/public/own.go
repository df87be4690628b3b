package public

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// ownData is everything that a sender gave and was told
// (《个人信息保护法》第四十五条: to read and to take along).
type ownData struct {
	Number    string     `json:"受理编号"`
	Kind      string     `json:"类别"`
	Channel   string     `json:"渠道"`
	Received  string     `json:"收到日期"`
	State     string     `json:"状态"`
	Title     string     `json:"标题"`
	Content   string     `json:"内容"`
	Name      string     `json:"姓名,omitempty"`
	Phone     string     `json:"电话,omitempty"`
	Email     string     `json:"邮箱,omitempty"`
	Address   string     `json:"地址,omitempty"`
	Publish   bool       `json:"同意公开"`
	Files     []string   `json:"附件,omitempty"`
	Events    []ownEvent `json:"办理经过"`
	Answer    string     `json:"答复,omitempty"`
	AnswerBy  string     `json:"答复部门,omitempty"`
	Rating    string     `json:"评价,omitempty"`
	KeptUntil string     `json:"内容保存到,omitempty"`
}

type ownEvent struct {
	At   string `json:"时间"`
	What string `json:"事项"`
	Text string `json:"文字,omitempty"`
}

// Own sends the sender their own data as a file.
func (d *Doors) Own(c *door.Ctx) error {
	id, err := d.admitted(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	o, err := d.house.Cases.ExportOwn(c.Std(), id)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	k := o.Case
	out := ownData{Number: k.CaseNo, Kind: k.Kind.Word(), Channel: k.Channel.Word(), Received: k.ReceivedOn.String(), State: k.State.Word(), Title: k.Title, Content: content(k),
		Name: o.Contact.Name, Phone: o.Contact.Phone, Email: o.Contact.Email, Address: o.Contact.Address, Publish: k.AllowPublish, KeptUntil: o.Keeping.ContentUntil.String(), Events: []ownEvent{}}
	for _, x := range o.Files {
		out.Files = append(out.Files, x.Name)
	}
	for _, e := range o.Events {
		row := ownEvent{At: e.At.In(calendar.Shanghai).Format(time.RFC3339), What: plainWords[e.Verb]}
		if e.MessageID != nil {
			row.Text = o.Messages[*e.MessageID].Body
		}
		out.Events = append(out.Events, row)
	}
	if o.Reply != nil {
		out.Answer, out.AnswerBy = o.Reply.Body, o.Reply.Unit
	}
	if o.Rating != nil {
		out.Rating = o.Rating.Resolved.Word() + "，" + o.Rating.Satisfaction.Word()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("own data: %w", err)
	}
	c.Set("Content-Type", "application/json; charset=utf-8")
	c.Set("Content-Disposition", `attachment; filename="`+k.CaseNo+`.json"`)
	c.Set("Cache-Control", "no-store")
	return c.Send(b.Bytes())
}

// AskErasure takes the sender's request to have everything erased.
func (d *Doors) AskErasure(c *door.Ctx) error {
	return d.act(c, func(p *view.CasePage) *view.Form { return p.Erase }, func(id int64, f *door.Form) error {
		return d.house.Cases.AskErasure(c.Std(), id, f.Get("content"))
	})
}
