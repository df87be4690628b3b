package desk

import (
	"fmt"
	"slices"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var orderBasketWords = map[ledger.OrderBasket]string{ledger.OrdersOpen: "等待答复", ledger.OrdersLate: "逾期未答复", ledger.OrdersAnswered: "已答复", ledger.OrdersAll: "全部"}

// Orders lists reminders and supervision orders, and issues new ones.
func (d *Doors) Orders(c *door.Ctx) error {
	return d.ordersPage(c, 200, func(*view.RegisterPage) {})
}

func (d *Doors) ordersPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	in := ledger.OrderBasket(c.Query("in"))
	if orderBasketWords[in] == "" {
		in = ledger.OrdersOpen
	}
	p := view.RegisterPage{Heading: "督办", Lead: "提醒、督办、约谈、问责，逐级进行", Up: view.Link{Text: "台账", Href: "/desk/ledger"},
		Columns: []string{"事项", "级别", "部门", "发出", "答复期限"}, Empty: "这里没有督办单。"}
	err := d.register(c, &p, "/desk/ledger/orders", func(r *store.Reader, programme ledger.Programme) error {
		list, counts, err := ledger.ListOrders(r, c.Actor, programme.ID, in, before, pageRows+1)
		if err != nil {
			return err
		}
		address := func(b ledger.OrderBasket, before string) string {
			return p.Path + query("in", string(b), "before", before, "programme", chosen(c))
		}
		for _, b := range ledger.OrderBaskets {
			p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: orderBasketWords[b], Href: address(b, "")}, Count: view.Tally(counts[b]), Here: b == in,
				Alarm: b == ledger.OrdersLate && counts[b] > 0})
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = address(in, strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		today := calendar.Of(r.Now)
		for _, x := range list {
			p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: about(x), Standing: answerDue(x.Order, today),
				Cells: []view.RegisterCell{{Column: "级别", Text: x.Level.Word()}, {Column: "部门", Text: x.Department}, {Column: "发出", Text: x.IssuedOn.String()}}})
		}
		levels := ledger.MayIssue(c.Actor)
		if len(levels) == 0 {
			return nil
		}
		departments, err := staff.Departments(r)
		if err != nil {
			return err
		}
		p.Acts = []view.Act{{Name: "issue", Label: "发出督办单", Lead: "先提醒，再督办，再约谈、问责。越级的要写明理由。", Form: view.Form{Action: p.Path + query("programme", chosen(c)), CSRF: p.CSRF,
			Fields: names("issue", orderFields(levels, departments)...), Buttons: []view.Button{{Text: "发出"}}}}}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// about words what an order is about.
func about(x ledger.Issued) string {
	if x.Code == "" {
		return "整改工作"
	}
	return x.Code + " " + x.Title
}

func answerDue(o ledger.Order, today calendar.Date) view.Due {
	if !o.AnsweredOn.IsZero() {
		return view.Due{Words: "已答复", Class: "good"}
	}
	return left(ledger.WarnOrder(o, today), o.AnswerBy, today)
}

func orderFields(levels []ledger.Level, departments []staff.Department) []view.Field {
	choices := []view.Choice{{Text: "请选择"}}
	for _, x := range departments {
		choices = append(choices, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.Name})
	}
	var rungs []view.Choice
	for _, l := range levels {
		rungs = append(rungs, view.Choice{Value: string(l), Text: l.Word()})
	}
	return []view.Field{{Name: "level", Kind: view.Radio, Label: "级别", Required: true, Choices: rungs},
		{Name: "department", Kind: view.Select, Label: "发给", Required: true, Choices: choices},
		{Name: "code", Label: "针对的措施编号", Hint: "比如 1-3-2-1；不针对某一条就不填。", Width: "middle"},
		{Name: "text", Kind: view.Textarea, Label: "内容和要求", Required: true, Rows: 5},
		{Name: "answer_by", Kind: "date", Label: "要求何时答复", Required: true, Width: "middle"},
		{Name: "follows", Label: "承接的督办单号", Hint: "升级时填写上一级的单号。", Width: "short", Inputmode: "numeric"},
		{Name: "skip", Kind: view.Textarea, Label: "越级的理由", Hint: "没有上一级督办单时填写。", Rows: 2}}
}

// IssueOrder issues one.
func (d *Doors) IssueOrder(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.issue(c, f)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/orders/%d?done=order", id), func(status int) error {
		return d.ordersPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "issue", f, err) })
	})
}

func (d *Doors) issue(c *door.Ctx, f *door.Form) (int64, error) {
	n := ledger.NewOrder{Level: ledger.Level(f.Get("level")), Text: f.Get("text"), Skip: f.Get("skip")}
	var err error
	if n.AnswerBy, err = dayOf(f, "answer_by", "答复期限"); err != nil {
		return 0, err
	}
	n.DepartmentID, _ = strconv.ParseInt(f.Get("department"), 10, 64)
	if v := typed.Line(f.Get("follows")); v != "" {
		if n.Follows, err = strconv.ParseInt(v, 10, 64); err != nil {
			return 0, fault.Form([]fault.Field{{Name: "follows", Message: "单号请填数字，在那份督办单的标题里。"}})
		}
	}
	programme, err := d.programme(c)
	if err != nil {
		return 0, err
	}
	if code := typed.Line(f.Get("code")); code != "" {
		err := c.Read(func(r *store.Reader) error {
			m, err := ledger.MeasureByCode(r, programme.ID, code)
			n.Measure = m.ID
			return err
		})
		if fault.Is(err, fault.NotFound) {
			return 0, fault.Form([]fault.Field{{Name: "code", Message: "台账里没有编号“" + code + "”的措施，请核对。"}})
		}
		if err != nil {
			return 0, err
		}
	}
	return d.house.Ledger.Issue(c.Std(), c.Actor, programme.ID, n)
}

// Order shows one with its ladder, and takes the department's answer.
func (d *Doors) Order(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.orderPage(c, 200, id, func(*view.RecordPage) {})
}

func (d *Doors) orderPage(c *door.Ctx, status int, id int64, change func(*view.RecordPage)) error {
	var p view.RecordPage
	err := c.Read(func(r *store.Reader) error {
		x, err := ledger.OpenOrder(r, c.Actor, id)
		if err != nil {
			return err
		}
		title := fmt.Sprintf("%s第 %d 号：%s", x.Level.Word(), x.ID, about(x))
		if p.Desk, err = d.frameIn(c, r, title); err != nil {
			return err
		}
		today := calendar.Of(r.Now)
		p.Path, p.Up, p.Heading, p.Standing = fmt.Sprintf("/desk/ledger/orders/%d", id), view.Link{Text: "督办", Href: "/desk/ledger/orders"}, title, answerDue(x.Order, today)
		fact(&p.Texts, "内容和要求", x.Text)
		fact(&p.Texts, "部门的答复", x.Answer)
		p.Facts = []view.Answer{{Label: "发给", Value: x.Department}, {Label: "发出", Value: x.IssuedOn.Chinese() + "，" + x.By.ActorName}, {Label: "要求答复", Value: x.AnswerBy.Chinese()}}
		if !x.AnsweredOn.IsZero() {
			fact(&p.Facts, "答复", x.AnsweredOn.Chinese()+"，"+x.AnsweredName)
		}
		if of := x.Subject(); of != (ledger.Subject{}) {
			p.Links = []view.Link{{Text: about(x), Href: place(of)}}
		}
		for _, part := range []struct {
			heading string
			list    []ledger.Issued
		}{{"承接的督办单", x.Earlier}, {"由此升级的督办单", x.Later}} {
			l := view.RecordList{Heading: part.heading}
			for _, y := range part.list {
				l.Items = append(l.Items, view.RecordItem{Text: fmt.Sprintf("%s第 %d 号", y.Level.Word(), y.ID), Href: fmt.Sprintf("/desk/ledger/orders/%d", y.ID), Note: y.IssuedOn.Chinese()})
			}
			if len(l.Items) > 0 {
				p.Lists = append(p.Lists, l)
			}
		}
		if x.Answerable {
			p.Acts = []view.Act{{Name: "answer", Label: "答复", Open: true, Form: view.Form{Action: p.Path, CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "version", Value: strconv.Itoa(x.Version)}},
				Fields: names("answer", view.Field{Name: "text", Kind: view.Textarea, Label: "答复内容", Hint: "只能答复一次，写明做了什么、还差什么、何时完成。", Required: true, Rows: 6}), Buttons: []view.Button{{Text: "提交答复"}}}}}
		} else if x.AnsweredOn.IsZero() {
			p.Waiting = "由" + x.Department + "的联络员答复。"
			if x.Nobody {
				p.Waiting = x.Department + "还没有联络员账号，没有人能答复。请联系安全管理员添加，或者撤换承办部门。"
			}
		}
		return escalate(r, c, &p, x, today)
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// escalate offers the next rung of the ladder, filled in.
func escalate(r *store.Reader, c *door.Ctx, p *view.RecordPage, x ledger.Issued, today calendar.Date) error {
	i := slices.Index(ledger.Levels, x.Level) + 1
	if i >= len(ledger.Levels) || len(x.Later) > 0 || x.MeasureID == nil && x.ProblemID != nil || !slices.Contains(ledger.MayIssue(c.Actor), ledger.Levels[i]) {
		return nil
	}
	programme, err := ledger.ProgrammeByID(r, x.ProgrammeID)
	if err != nil {
		return err
	}
	level := ledger.Levels[i]
	f := view.Form{Action: "/desk/ledger/orders" + query("programme", programme.Slug), CSRF: p.CSRF, Buttons: []view.Button{{Text: "发出" + level.Word()}},
		Hidden: []view.Hidden{{Name: "level", Value: string(level)}, {Name: "department", Value: strconv.FormatInt(x.DepartmentID, 10)}, {Name: "code", Value: x.Code}, {Name: "follows", Value: strconv.FormatInt(x.ID, 10)}},
		Fields: names("escalate", view.Field{Name: "text", Kind: view.Textarea, Label: "内容和要求", Required: true, Rows: 4},
			view.Field{Name: "answer_by", Kind: "date", Label: "要求何时答复", Required: true, Value: today.AddDays(7).String(), Width: "middle"})}
	p.Acts = append(p.Acts, view.Act{Name: "escalate", Label: "升级为" + level.Word(), Lead: "承接这一份，仍然发给" + x.Department + "。", Form: f})
	return nil
}

// AnswerOrder takes the department's answer.
func (d *Doors) AnswerOrder(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	version, err := number(f.Get("version"))
	if err != nil {
		return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
	}
	err = d.house.Ledger.Answer(c.Std(), c.Actor, id, int(version), f.Get("text"))
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/orders/%d?done=order_answered", id), func(status int) error {
		return d.orderPage(c, status, id, func(p *view.RecordPage) { p.Kept = showAgain(&p.Desk, p.Acts, "answer", f, err) })
	})
}
