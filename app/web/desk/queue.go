package desk

import (
	"fmt"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// pageRows is how many lines a list shows at once.
const pageRows = 50

// people is who and what the ids in a case stand for.
type people struct {
	departments []staff.Department // the retired ones too
	handlers    []staff.Person
}

func readPeople(r *store.Reader) (p people, err error) {
	if p.departments, err = staff.AllDepartments(r); err != nil {
		return p, err
	}
	p.handlers, err = staff.Holding(r, staff.Handler, 0)
	return p, err
}

func (p people) department(id *int64) string {
	for _, d := range p.departments {
		if id != nil && d.ID == *id {
			return d.Name
		}
	}
	return ""
}

func (p people) handler(id *int64) string {
	for _, h := range p.handlers {
		if id != nil && h.ID == *id {
			return h.Name
		}
	}
	return ""
}

func (p people) choices(first string) []view.Choice {
	out := []view.Choice{{Value: "", Text: first}}
	for _, d := range p.departments {
		if !d.Active {
			continue
		}
		out = append(out, view.Choice{Value: strconv.FormatInt(d.ID, 10), Text: d.Name})
	}
	return out
}

// due puts a row's limit into words; days are working days until it, calendar
// days after it.
func due(r cases.Row, today calendar.Date) view.Due {
	if !r.Waiting() {
		return view.Due{}
	}
	v := view.Due{Step: settings.Step(r.DueStep).Word(), On: door.Day(r.DueOn)}
	switch {
	case r.DueOn.Before(today):
		v.Words = fmt.Sprintf("超期 %d 天", today.Sub(r.DueOn))
	case r.DueOn == today:
		v.Words = "今天到期"
	default:
		v.Words = fmt.Sprintf("剩 %d 个工作日", r.Days)
	}
	switch r.Warning {
	case calendar.Overdue:
		v.Class = "overdue"
	case calendar.NearlyDue:
		v.Class = "near"
	case calendar.HalfUsed:
		v.Class = "half"
	}
	return v
}

func rows(list []cases.Row, p people, today calendar.Date) []view.DeskRow {
	var out []view.DeskRow
	for _, r := range list {
		v := view.DeskRow{Href: fmt.Sprintf("/desk/cases/%d", r.ID), CaseNo: view.Code(r.CaseNo), Heading: r.Title, Kind: r.Kind.Word(), Channel: r.Channel.Word(),
			State: r.State.Word(), Received: door.Day(r.ReceivedOn), Due: due(r, today), Department: p.department(r.DepartmentID), Handler: p.handler(r.HandlerID)}
		if r.Urged {
			v.Marks = append(v.Marks, "群众催办")
		}
		if r.Supervised {
			v.Marks = append(v.Marks, "督办")
		}
		if r.Extended {
			v.Marks = append(v.Marks, "已延期")
		}
		out = append(out, v)
	}
	return out
}

// askedRows are the cases in which the actor's department co-operates, with its own limit.
func askedRows(list []cases.Asked, p people, today calendar.Date) []view.DeskRow {
	plain := make([]cases.Row, len(list))
	for i, x := range list {
		plain[i] = x.Row
	}
	out := rows(plain, p, today)
	for i, x := range list {
		out[i].Due = view.Due{Step: "会办", Words: fmt.Sprintf("剩 %d 天", x.TaskDue.Sub(today)), On: door.Day(x.TaskDue)}
		switch {
		case x.TaskDue.Before(today):
			out[i].Due.Words, out[i].Due.Class = fmt.Sprintf("超期 %d 天", today.Sub(x.TaskDue)), "overdue"
		case x.TaskDue == today:
			out[i].Due.Words, out[i].Due.Class = "今天到期", "near"
		}
	}
	return out
}

// Queue lists cases, the oldest danger first.
func (d *Doors) Queue(c *door.Ctx) error {
	f := cases.Filter{Basket: c.Query("basket"), Kind: cases.Kind(c.Query("kind")), Channel: cases.Channel(c.Query("channel")),
		Overdue: c.Query("overdue") != "", Mine: c.Query("mine") != "", Query: typed.Clean(c.Query("q")), Limit: pageRows}
	if !f.Kind.Valid() {
		f.Kind = ""
	}
	if !f.Channel.Valid() {
		f.Channel = ""
	}
	f.Department, _ = strconv.ParseInt(c.Query("department"), 10, 64)
	f.AfterID, _ = strconv.ParseInt(c.Query("after"), 10, 64)
	f.AfterDue, _ = calendar.Parse(c.Query("due"))
	if f.AfterDue.IsZero() && f.AfterID > 0 && !closed(f.Basket) {
		f.AfterID = 0
	}
	if runes := []rune(f.Query); len(runes) > 100 {
		f.Query = string(runes[:100])
	}
	q, err := d.house.Cases.List(c.Std(), c.Actor, f)
	if err != nil {
		return err
	}
	asked, err := d.house.Cases.Tasks(c.Std(), c.Actor, pageRows)
	if err != nil {
		return err
	}
	only := c.Query("asked") != ""
	p := view.QueuePage{Heading: "全部来件", Empty: "这里没有来件。新的来件会先出现在“待登记”。"}
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "来件"); err != nil {
			return err
		}
		who, err := readPeople(r)
		if err != nil {
			return err
		}
		p.Rows = rows(q.Rows, who, calendar.Of(r.Now))
		if only {
			p.Rows = askedRows(asked, who, calendar.Of(r.Now))
		}
		p.Search = queueSearch(f, who)
		return nil
	})
	if err != nil {
		return err
	}
	department := ""
	if f.Department > 0 {
		department = strconv.FormatInt(f.Department, 10)
	}
	address := func(basket, overdue, mine string, more ...string) string {
		return "/desk/queue" + query(append([]string{"basket", basket, "overdue", overdue, "mine", mine, "kind", string(f.Kind), "channel", string(f.Channel),
			"department", department, "q", f.Query}, more...)...)
	}
	p.Baskets = baskets(q, f, address, holds(c.Actor, []staff.Role{staff.Handler}))
	if len(asked) > 0 || only {
		for i := range p.Baskets {
			p.Baskets[i].Here = p.Baskets[i].Here && !only
		}
		p.Baskets = append([]view.Basket{{Link: view.Link{Text: "请我会办", Href: "/desk/queue?asked=1"}, Count: view.Tally(len(asked)), Here: only}}, p.Baskets...)
	}
	if holds(c.Actor, []staff.Role{staff.Supervisor, staff.Dispatcher}) {
		waiting, err := d.house.Cases.Erasures(c.Std(), c.Actor, pageRows)
		if err != nil {
			return err
		}
		if len(waiting) > 0 {
			p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: "删除申请", Href: "/desk/erasures"}, Count: view.Tally(len(waiting))})
		}
	}
	for _, b := range p.Baskets {
		if b.Here {
			p.Heading = b.Text
		}
	}
	p.Title = p.Heading
	p.Lead = "最紧的在最前"
	if closed(f.Basket) {
		p.Lead = "新的在最前"
	}
	if only {
		p.Empty, q.More = "现在没有部门请您会办。", false
	} else if f.Kind != "" || f.Channel != "" || f.Department != 0 || f.Query != "" {
		p.Empty, p.Widen = "没有符合这些条件的来件。", "/desk/queue"+query("basket", f.Basket)
	} else if f.Mine {
		p.Empty = "您手上没有来件。分给您的来件会出现在这里。"
	} else if f.Overdue {
		p.Empty = "没有超期的来件。"
	}
	if q.More {
		last := q.Rows[len(q.Rows)-1]
		p.Next = address(f.Basket, c.Query("overdue"), c.Query("mine"), "after", strconv.FormatInt(last.ID, 10), "due", last.DueOn.String())
	}
	return c.Render(200, p)
}

func closed(basket string) bool {
	for _, b := range cases.Baskets {
		if b.Name == basket {
			return b.Closed
		}
	}
	return false
}

func baskets(q cases.Queue, f cases.Filter, address func(basket, overdue, mine string, more ...string) string, mine bool) []view.Basket {
	all := 0
	var out []view.Basket
	for _, n := range q.Counts {
		all += n.N
		out = append(out, view.Basket{Link: view.Link{Text: n.Basket.Label, Href: address(n.Basket.Name, "", "")}, Count: view.Tally(n.N),
			Here: f.Basket == n.Basket.Name && !f.Overdue && !f.Mine})
	}
	head := []view.Basket{{Link: view.Link{Text: "全部来件", Href: address("", "", "")}, Count: view.Tally(all), Here: f.Basket == "" && !f.Overdue && !f.Mine},
		{Link: view.Link{Text: "已超期", Href: address("", "1", "")}, Count: view.Tally(q.Overdue), Here: f.Overdue, Alarm: q.Overdue > 0}}
	if mine {
		head = append([]view.Basket{{Link: view.Link{Text: "我承办的", Href: address("", "", "1")}, Count: -1, Here: f.Mine && !f.Overdue}}, head...)
	}
	return append(head, out...)
}

func queueSearch(f cases.Filter, who people) view.Form {
	kinds := []view.Choice{{Text: "全部类别"}}
	for _, k := range cases.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: k.Word()})
	}
	channels := []view.Choice{{Text: "全部渠道"}}
	for _, ch := range cases.Channels {
		channels = append(channels, view.Choice{Value: string(ch), Text: ch.Word()})
	}
	department := ""
	if f.Department > 0 {
		department = strconv.FormatInt(f.Department, 10)
	}
	s := view.Form{Action: "/desk/queue", Fields: []view.Field{
		{Name: "q", Kind: "search", Label: "标题、内容或编号", Value: f.Query, Width: "grow"},
		{Name: "kind", Kind: view.Select, Label: "类别", Value: string(f.Kind), Choices: kinds},
		{Name: "channel", Kind: view.Select, Label: "渠道", Value: string(f.Channel), Choices: channels},
		{Name: "department", Kind: view.Select, Label: "部门", Value: department, Choices: who.choices("全部部门")}}}
	for _, h := range []view.Hidden{{Name: "basket", Value: f.Basket}, {Name: "overdue", Value: flag(f.Overdue)}, {Name: "mine", Value: flag(f.Mine)}} {
		if h.Value != "" {
			s.Hidden = append(s.Hidden, h)
		}
	}
	return s
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return ""
}
