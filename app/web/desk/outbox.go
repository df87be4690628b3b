package desk

import (
	"fmt"
	"strconv"
	"time"

	"mingjing/app/courier"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// MessageTexts shows what notices to senders say.
func (d *Doors) MessageTexts(c *door.Ctx) error { return d.messagesPage(c, 200, nil, nil) }

func (d *Doors) messagesPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p, err = d.settingsFrame(c, r, "/desk/settings/messages", "通知用语", "发给来信人的邮件和短信。对所有人都一样，不写任何事项：看到邮箱、手机的人不会知道反映了什么。"); err != nil {
			return err
		}
		m, err := settings.LoadMessages(r)
		if err != nil {
			return err
		}
		hint := "没有留邮箱、留了手机号码的，用短信通知。"
		if d.house.Config.SMSURL == "" {
			hint += "现在还没有设置短信网关（PORTAL_SMS_URL），勾选以后短信会留在发件箱里，三天后放弃。"
		}
		p.Form = view.Form{Action: "/desk/settings/messages", CSRF: p.CSRF, Buttons: []view.Button{{Text: "保存用语"}}}
		for _, x := range m.Fields() {
			p.Form.Fields = append(p.Form.Fields, view.Field{Name: x.Name, Label: x.Label, Hint: x.Hint, Value: x.Value, Max: x.Max, Required: true})
		}
		p.Form.Fields = append(p.Form.Fields, view.Field{Name: "sms", Kind: view.Checkbox, Value: "1", Checked: m.SMS, Label: "发短信", Hint: hint})
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

// SaveMessageTexts stores them as a new version.
func (d *Doors) SaveMessageTexts(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.set(c, "messages", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
		old, err := settings.LoadMessages(&tx.Reader)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for _, x := range old.Fields() {
			values[x.Name] = f.Get(x.Name)
		}
		if err := settings.SaveMessages(tx, by, f.Get("sms") != "", values); err != nil {
			return nil, err
		}
		now, err := settings.LoadMessages(&tx.Reader)
		if err != nil {
			return nil, err
		}
		changes := []journal.Change{{Field: "sms", Old: strconv.FormatBool(old.SMS), New: strconv.FormatBool(now.SMS)}}
		for i, x := range now.Fields() {
			if was := old.Fields()[i].Value; was != x.Value {
				changes = append(changes, journal.Change{Field: x.Name, Old: was, New: x.Value})
			}
		}
		return changes, nil
	})
	if fault.Is(err, fault.Invalid) {
		return d.messagesPage(c, 422, f, err)
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/settings/messages?done=messages")
}

var outboxWords = map[string]string{"unknown": "不知道是否送达", "dead": "没有发出", "waiting": "等待发送"}

var templateWords = map[string]string{"received": "告知收到来件", "progress": "告知有新进展", "subscribe": "请订阅人确认", "news": "告知订阅人整改变化", "digest": "部门整改提示", "deadline": "期限提醒", "order": "督办单"}

var channelWords = map[string]string{"mail": "邮件", "sms": "短信"}

// Outbox lists what was not sent, or perhaps.
func (d *Doors) Outbox(c *door.Ctx) error {
	state := or(c.Query("state"), courier.Outboxes[0])
	if outboxWords[state] == "" {
		return errNothing
	}
	after := courier.Queued{}
	if id, err := strconv.ParseInt(c.Query("after"), 10, 64); err == nil {
		at, err := time.Parse(time.RFC3339Nano, c.Query("due"))
		if err != nil {
			return errNothing
		}
		after = courier.Queued{ID: id, DueAt: at}
	}
	p := view.RegisterPage{Heading: "发件箱", Up: view.Link{Text: "设置", Href: "/desk/settings"}, Columns: []string{"消息", "方式", "写下的时间", "试过几次", "原因", "情况"},
		Lead: "这里不显示地址和事项。系统从不自己重发：不知道是否送达的，请凭消息编号向服务商核实后决定。", Empty: "没有。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/settings/outbox"
		u, err := journal.Undelivered(r)
		if err != nil {
			return err
		}
		for _, s := range courier.Outboxes {
			n := map[string]int{"unknown": u.Unknown, "dead": u.Dead, "waiting": u.Waiting}[s]
			p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: outboxWords[s], Href: p.Path + "?state=" + s}, Count: view.Tally(n), Here: s == state, Alarm: s != "waiting" && n > 0})
		}
		list, err := d.house.Outbox.List(r, c.Actor, state, after, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			last := list[pageRows-1]
			p.Next = p.Path + query("state", state, "after", strconv.FormatInt(last.ID, 10), "due", last.DueAt.Format(time.RFC3339Nano))
		}
		for _, x := range list {
			row := view.RegisterRow{Name: or(templateWords[x.Template], "消息") + " " + x.Idem, Standing: view.Due{Words: age(r.Now.Sub(x.CreatedAt)), Class: "half"},
				Cells: []view.RegisterCell{{Column: "方式", Text: channelWords[x.Channel]}, {Column: "写下的时间", Text: door.Moment(x.CreatedAt).String()}, {Column: "试过几次", Text: strconv.Itoa(x.Attempts)}, {Column: "原因", Text: x.Note}}}
			if state != "waiting" {
				row.Href = fmt.Sprintf("%s/%d?state=%s", p.Path, x.ID, state)
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

// age is how long ago something was, as far as it matters.
func age(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d 分钟前", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d 小时前", int(d.Hours()))
	}
	return fmt.Sprintf("%d 天前", int(d.Hours()/24))
}

// OutboxMessage asks what became of a message.
func (d *Doors) OutboxMessage(c *door.Ctx) error { return d.outboxMessage(c, 200, nil) }

func (d *Doors) outboxMessage(c *door.Ctx, status int, wrong error) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	frame, err := d.frame(c, "决定一条消息")
	if err != nil {
		return err
	}
	p := view.DeskFormPage{Desk: frame, Heading: "决定一条消息", Lead: "请先在服务商的记录里查明。再发一次，收件人可能收到两次。"}
	p.Form = view.Form{Action: fmt.Sprintf("/desk/settings/outbox/%d", id), CSRF: p.CSRF, Buttons: []view.Button{{Text: "查明已经送达", Name: "step", Value: "arrived"}, {Text: "再发一次", Name: "step", Value: "again"}}}
	if wrong != nil {
		again(&p.Desk, nil, nil, wrong)
	}
	return c.Render(status, p)
}

// DecideMessage settles it.
func (d *Doors) DecideMessage(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	step := f.Get("step")
	if step != "again" && step != "arrived" {
		return errNothing
	}
	err = d.house.Outbox.Decide(c.Std(), c.Actor, id, step == "again")
	return d.settled(c, err, "/desk/settings/outbox?done=outbox", func(status int) error { return d.outboxMessage(c, status, err) })
}
