package desk

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Act does one thing to a case: the last part of the address says which.
func (d *Doors) Act(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	verb := cases.Verb(c.Params("verb"))
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil || version <= 0 {
		return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
	}
	err = d.do(c, f, verb, id, version)
	switch x, ok := fault.As(err); {
	case err == nil:
		return c.SeeOther(after(verb, id))
	case ok && x.Kind == fault.Invalid:
		return d.casePage(c, 422, id, func(p *casePage) { p.again(form(verb, f), f, err) })
	case ok && x.Kind == fault.Conflict:
		return d.casePage(c, 409, id, func(p *casePage) { p.again(form(verb, f), f, err) })
	}
	return err
}

// form is the name of the form of a page that has one for each task or letter.
func form(v cases.Verb, f *door.Form) string {
	for _, of := range []string{"task", "service"} {
		if id := f.Get(of); id != "" && v != cases.DoOpine {
			return string(v) + "-" + id
		}
	}
	return string(v)
}

func (d *Doors) do(c *door.Ctx, f *door.Form, v cases.Verb, id int64, version int) error {
	s, ctx, a, text := d.house.Cases, c.Std(), c.Actor, f.Get("content")
	switch v {
	case cases.DoRegister:
		return s.Register(ctx, a, id, version, cases.Kind(f.Get("kind")))
	case cases.DoAccept:
		return s.Accept(ctx, a, id, version)
	case cases.DoRefuse:
		return s.Refuse(ctx, a, id, version, cases.Refusal(f.Get("refusal")), text)
	case cases.DoTransfer:
		return s.Transfer(ctx, a, id, version, f.Get("to"), text)
	case cases.DoAsk:
		return s.Ask(ctx, a, id, version, text)
	case cases.DoDiscard:
		if f.Get("confirm") == "" {
			return fault.Form([]fault.Field{{Name: "confirm", Message: "请先勾选确认。"}})
		}
		return s.Discard(ctx, a, id, version)
	case cases.DoRestore:
		return s.Restore(ctx, a, id, version)
	case cases.DoAssign:
		department, err := strconv.ParseInt(f.Get("department"), 10, 64)
		if err != nil {
			return fault.Form([]fault.Field{{Name: "department", Message: "请选择承办部门。"}})
		}
		if f.Get("handler") == byLot {
			return s.AssignByLot(ctx, a, id, version, department, f.Get("reason"))
		}
		handler, err := strconv.ParseInt(or(f.Get("handler"), "0"), 10, 64)
		if err != nil {
			return fault.Form([]fault.Field{{Name: "handler", Message: "请从列表中选择承办人。"}})
		}
		return s.Assign(ctx, a, id, version, department, handler)
	case cases.DoResume:
		return s.Resume(ctx, a, id, version)
	case cases.DoAddFor:
		return s.AddFor(ctx, a, id, version, text)
	case cases.DoExclude:
		return d.exclude(c, f, id, version)
	case cases.DoAcknowledge:
		return s.Acknowledge(ctx, a, id, version)
	case cases.DoReturn:
		return s.Return(ctx, a, id, version, text)
	case cases.DoPropose:
		return s.Propose(ctx, a, id, version)
	case cases.DoPass:
		return s.Pass(ctx, a, id, version)
	case cases.DoSendBack:
		return s.SendBack(ctx, a, id, version, text)
	case cases.DoApprove:
		return s.Approve(ctx, a, id, version, f.Get("digest"))
	case cases.DoSend:
		return s.Send(ctx, a, id, version)
	case cases.DoExtend:
		return s.Extend(ctx, a, id, version, text)
	case cases.DoConclude:
		return s.Conclude(ctx, a, id, version, text)
	case cases.DoRedo:
		return s.Redo(ctx, a, id, version, text)
	case cases.DoArchive:
		return s.Archive(ctx, a, id, version)
	case cases.DoJoin:
		due, err := dayOf(f, "due_on", "会办期限")
		if err != nil {
			return err
		}
		department, _ := strconv.ParseInt(f.Get("department"), 10, 64)
		return s.Join(ctx, a, id, version, department, due, text)
	case cases.DoOpine, cases.DoRelease:
		task, err := strconv.ParseInt(f.Get("task"), 10, 64)
		if err != nil {
			return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
		}
		if v == cases.DoRelease {
			return s.Release(ctx, a, id, task, text)
		}
		return s.Opine(ctx, a, id, task, text)
	case cases.DoSupervise:
		return s.Supervise(ctx, a, id, version, text)
	case cases.DoDecline:
		return s.Decline(ctx, a, id, version, text)
	case cases.DoCall:
		return s.CallBack(ctx, a, id, version, cases.Call{Reached: f.Get("reached") == "yes", Resolved: cases.Resolved(f.Get("resolved")),
			Satisfaction: cases.Satisfaction(f.Get("satisfied")), Note: text})
	case cases.DoMerge:
		return s.Merge(ctx, a, id, version, f.Get("number"), text)
	case cases.DoUnmerge:
		return s.Unmerge(ctx, a, id, version, text)
	case cases.DoLink:
		return s.Link(ctx, a, id, f.Get("number"))
	case cases.DoUnlink:
		other, err := strconv.ParseInt(f.Get("other"), 10, 64)
		if err != nil {
			return fault.Form([]fault.Field{{Name: "other", Message: "请选择解除和哪一件的关联。"}})
		}
		return s.Unlink(ctx, a, id, other)
	case cases.DoSplit:
		_, err := s.Split(ctx, a, id, cases.Kind(f.Get("kind")), f.Get("title"), text)
		return err
	case cases.DoHold:
		return s.Hold(ctx, a, id, text)
	case cases.DoUnhold:
		return s.Unhold(ctx, a, id)
	case cases.DoDecideErasure:
		if grant := f.Get("grant"); grant == "yes" || grant == "no" {
			return s.DecideErasure(ctx, a, id, grant == "yes", text)
		}
		return fault.Form([]fault.Field{{Name: "grant", Message: "请选择同意还是不予删除。"}})
	case cases.DoServe:
		on, err := dayOf(f, "sent_on", "日期")
		if err != nil {
			return err
		}
		return s.Serve(ctx, a, id, cases.Serving{About: cases.About(f.Get("about")), Way: f.Get("way"), SentOn: on, Number: f.Get("number"), Proof: text})
	case cases.DoServed:
		on, err := dayOf(f, "on_day", "日期")
		if err != nil {
			return err
		}
		service, err := strconv.ParseInt(f.Get("service"), 10, 64)
		if err != nil {
			return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
		}
		return s.EndService(ctx, a, id, service, f.Get("outcome"), on, text)
	case cases.DoInterfere:
		return d.interfered(c, f, id)
	case cases.DoRecuse:
		return s.Recuse(ctx, a, id, version, text)
	case cases.DoNote:
		return s.Note(ctx, a, id, text)
	}
	return errNothing
}

// exclude shuts out whom the form names: a person by name or login, a department from the list.
func (d *Doors) exclude(c *door.Ctx, f *door.Form, id int64, version int) error {
	var bad []fault.Field
	var person int64
	if who := strings.TrimSpace(f.Get("person")); who != "" {
		var list []staff.Person
		err := c.Read(func(r *store.Reader) (err error) {
			list, err = staff.Called(r, who)
			return err
		})
		switch {
		case err != nil:
			return err
		case len(list) == 0:
			bad = append(bad, fault.Field{Name: "person", Message: "没有找到这个人，请核对姓名，或者改填登录名。"})
		case len(list) > 1:
			bad = append(bad, fault.Field{Name: "person", Message: "有几位同名的同志，请改填登录名：" + logins(list) + "。"})
		case list[0].ID == c.Actor.ID:
			bad = append(bad, fault.Field{Name: "person", Message: "您自己应当回避的，请用“申请回避”。"})
		default:
			person = list[0].ID
		}
	}
	department, err := strconv.ParseInt(or(f.Get("department"), "0"), 10, 64)
	if err != nil {
		bad = append(bad, fault.Field{Name: "department", Message: "请从列表中选择部门。"})
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return d.house.Cases.Exclude(c.Std(), c.Actor, id, version, person, department)
}

func logins(list []staff.Person) string {
	var out []string
	for _, x := range list {
		out = append(out, x.Login+"（"+or(x.Department, "不属于部门")+"）")
	}
	return strings.Join(out, "、")
}

// after is where to go: whoever gave a case away can no longer see it.
func after(v cases.Verb, id int64) string {
	if v == cases.DoReturn || v == cases.DoRecuse {
		return "/desk/queue?done=" + string(v)
	}
	return fmt.Sprintf("/desk/cases/%d?done=%s", id, v)
}

// again opens the form that was sent, with what was typed and what is wrong. A
// form that is no longer possible leaves its text behind, to be copied.
func (p *casePage) again(name string, f *door.Form, wrong error) {
	for _, act := range append([]*view.Act{&p.NoteForm}, pointers(p.Acts)...) {
		if act.Name == name {
			act.Open = true
			again(&p.Desk, &act.Form, f, wrong)
			return
		}
	}
	again(&p.Desk, nil, f, wrong)
	p.Kept = kept(f.Get)
}

func pointers(acts []view.Act) []*view.Act {
	out := make([]*view.Act, len(acts))
	for i := range acts {
		out[i] = &acts[i]
	}
	return out
}

// Draft saves the answer being written, and hands it on where that was asked
// for. What a script puts aside while somebody types, or the button beside it,
// is no version: it waits until its writer comes back.
func (d *Doors) Draft(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	switch f.Get("then") {
	case "keep":
		return d.keep(c, f, id)
	case "drop":
		if err := d.house.Cases.Drop(c.Std(), c.Actor, id); err != nil {
			return err
		}
		if f.Get("from") == "account" {
			return c.SeeOther("/desk/account?done=drop")
		}
		return c.SeeOther(fmt.Sprintf("/desk/cases/%d?done=drop", id))
	}
	seen, err := strconv.Atoi(f.Get("seen"))
	if err != nil || seen < 0 {
		return fault.New(fault.Malformed, "表单不完整，没有保存。请复制您写的内容，刷新页面后再试。")
	}
	_, err = d.house.Cases.SaveDraft(c.Std(), c.Actor, id, seen, f.Get("body"))
	x, ok := fault.As(err)
	switch {
	case ok && x.Kind == fault.Invalid:
		return d.casePage(c, 422, id, func(p *casePage) { p.draftAgain(f, err) })
	case ok && x.Kind == fault.Conflict:
		return d.casePage(c, 409, id, func(p *casePage) { p.clash(f, err) })
	case err != nil:
		return err
	}
	if f.Get("then") != "propose" {
		return c.SeeOther(fmt.Sprintf("/desk/cases/%d?done=draft", id))
	}
	// The text that was just saved is the one handed on; the case's version
	// moved with it, so no version is compared.
	err = d.house.Cases.Propose(c.Std(), c.Actor, id, 0)
	if fault.Is(err, fault.Conflict) {
		return d.casePage(c, 409, id, func(p *casePage) { again(&p.Desk, nil, nil, err) })
	}
	if err != nil {
		return err
	}
	return c.SeeOther(after(cases.DoPropose, id))
}

// keep puts aside what is being written, for a script or for the button.
func (d *Doors) keep(c *door.Ctx, f *door.Form, id int64) error {
	script := c.Get(fiber.HeaderAccept) == fiber.MIMEApplicationJSON
	at, err := d.house.Cases.PutAside(c.Std(), c.Actor, id, f.Get("body"))
	x, ok := fault.As(err)
	switch {
	case script && ok && x.Kind == fault.Invalid:
		return c.Status(422).JSON(struct {
			Message string `json:"message"`
		}{x.Fields[0].Message})
	case ok && x.Kind == fault.Invalid:
		return d.casePage(c, 422, id, func(p *casePage) { p.draftAgain(f, err) })
	case err != nil:
		return err
	case script:
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(struct {
			At string `json:"at"`
		}{at.In(calendar.Shanghai).Format("15:04:05")})
	}
	return c.SeeOther(fmt.Sprintf("/desk/cases/%d?done=keep", id))
}

func (p *casePage) draftAgain(f *door.Form, wrong error) {
	if p.Draft == nil || p.Draft.Form == nil {
		p.lost(f, wrong)
		return
	}
	p.Draft.Folded = false
	again(&p.Desk, p.Draft.Form, f, wrong)
}

// clash sets both texts side by side; saving again starts from the other's.
func (p *casePage) clash(f *door.Form, wrong error) {
	box := p.Draft
	if box == nil || box.Form == nil {
		p.lost(f, wrong)
		return
	}
	again(&p.Desk, nil, nil, wrong)
	if p.page.Draft != nil {
		box.Clash, box.Theirs, box.TheirsBy = true, box.Text, box.Meta+"；"
	}
	box.Form.Fill(f.Get)
}

func (p *casePage) lost(f *door.Form, wrong error) {
	again(&p.Desk, nil, nil, wrong)
	p.Kept = kept(f.Get)
}

// ProposePublication offers the answered case for publication.
func (d *Doors) ProposePublication(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = d.house.Cases.ProposePublication(c.Std(), c.Actor, id, f.Get("title"), f.Get("question"), f.Get("answer"))
	switch {
	case fault.Is(err, fault.Invalid):
		return d.casePage(c, 422, id, func(p *casePage) { p.again("publish", f, err) })
	case fault.Is(err, fault.Conflict):
		return d.casePage(c, 409, id, func(p *casePage) { p.again("publish", f, err) })
	case err != nil:
		return err
	}
	return c.SeeOther(fmt.Sprintf("/desk/cases/%d?done=publish", id))
}
