package desk

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
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
		v := view.DeskRow{ID: r.ID, Href: fmt.Sprintf("/desk/cases/%d", r.ID), CaseNo: view.Code(r.CaseNo), Heading: r.Title, Kind: r.Kind.Word(), Channel: r.Channel.Word(),
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
func (d *Doors) Queue(c *door.Ctx) error { return d.queuePage(c, 200, nil, nil) }

// queuePage shows what the address asks for; wrong is what was wrong with form,
// by which a filter was to be kept.
func (d *Doors) queuePage(c *door.Ctx, status int, form *door.Form, wrong error) error {
	ask := func(name string) string { return c.Query(name) }
	if form != nil { // the filter came with the form
		values, _ := url.ParseQuery(form.Get("filter"))
		ask = values.Get
	}
	f, bad := cases.ReadFilter(ask)
	f.Limit = pageRows
	f.AfterID, _ = strconv.ParseInt(ask("after"), 10, 64)
	f.AfterDue, _ = calendar.Parse(ask("due"))
	if f.AfterDue.IsZero() && f.AfterID > 0 && !f.Newest() {
		f.AfterID = 0
	}
	q, err := d.house.Cases.List(c.Std(), c.Actor, f)
	if err != nil {
		return err
	}
	asked, err := d.house.Cases.Tasks(c.Std(), c.Actor, pageRows)
	if err != nil {
		return err
	}
	only := ask("asked") != ""
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
	address := func(basket, overdue, mine string) string {
		v := f.Values()
		for name, value := range map[string]string{"basket": basket, "overdue": overdue, "mine": mine} {
			if v.Del(name); value != "" {
				v.Set(name, value)
			}
		}
		return queueAddress(v)
	}
	here := f.Values().Encode()
	for _, v := range q.Views {
		p.Views = append(p.Views, view.Basket{Link: view.Link{Text: v.Name, Href: queueAddress(v.Read().Values())}, Count: view.Tally(v.N), Here: v.Filter == here && !only})
	}
	p.Manage = view.Link{Text: "管理", Href: "/desk/views"}
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
	mentions, err := d.house.Cases.Mentions(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	if len(mentions) > 0 {
		p.Baskets = append([]view.Basket{{Link: view.Link{Text: "提到我的", Href: "/desk/mentions"}, Count: view.Tally(len(mentions)), Alarm: true}}, p.Baskets...)
	}
	for _, b := range slices.Concat(p.Baskets, p.Views) {
		if b.Here {
			p.Heading = b.Text
		}
	}
	p.Title = p.Heading
	p.Lead = "最紧的在最前"
	if f.Newest() {
		p.Lead = "新的在最前"
	}
	if only {
		p.Empty, q.More = "现在没有部门请您会办。", false
	} else if narrowed(f) {
		p.Empty, p.Widen = "没有符合这些条件的来件。", "/desk/queue"+query("basket", f.Basket)
	} else if f.Mine {
		p.Empty = "您手上没有来件。分给您的来件会出现在这里。"
	} else if f.Overdue {
		p.Empty = "没有超期的来件。"
	}
	if q.More {
		last := q.Rows[len(q.Rows)-1]
		v := f.Values()
		v.Set("after", strconv.FormatInt(last.ID, 10))
		v.Set("due", last.DueOn.String())
		p.Next = queueAddress(v)
	}
	for _, b := range bad {
		p.Notices = append(p.Notices, view.Notice{Text: b.Message + "这个条件没有用。"})
	}
	if !only && len(p.Rows) > 0 {
		for _, format := range []string{"xlsx", "csv"} {
			p.Exports = append(p.Exports, view.Link{Text: "导出 ." + format, Href: strings.Replace(queueAddress(f.Values()), "/desk/queue", "/desk/queue."+format, 1)})
		}
	}
	if verbs := cases.JobVerbs(c.Actor); !only && len(p.Rows) > 0 && len(verbs) > 0 {
		p.Bulk = bulk(verbs, here, p.CSRF)
	}
	if here != "" && !only {
		p.Acts = append(p.Acts, keepView(here, p.CSRF, c.Actor))
	}
	switch {
	case wrong == nil:
	case form.Has("verb"): // of what is ticked
		again(&p.Desk, nil, nil, wrong)
	default:
		showAgain(&p.Desk, p.Acts, "view", form, wrong)
	}
	return c.Render(status, p)
}

// ExportXLSX and ExportCSV send what the address asks for as a file.
func (d *Doors) ExportXLSX(c *door.Ctx) error { return d.export(c, "xlsx") }
func (d *Doors) ExportCSV(c *door.Ctx) error  { return d.export(c, "csv") }

func (d *Doors) export(c *door.Ctx, format string) error {
	f, bad := cases.ReadFilter(func(name string) string { return c.Query(name) })
	if err := fault.Form(bad); err != nil {
		return err // a list that is not what was asked for must not become a file
	}
	e, err := d.house.Cases.PrepareExport(c.Std(), c.Actor, f, format)
	if err != nil {
		return err
	}
	return streamed(c, e.Name, e.Write)
}

// narrowed says that more than a basket was chosen.
func narrowed(f cases.Filter) bool {
	f.Basket, f.Overdue, f.Mine = "", false, false
	return len(f.Values()) > 0
}

func queueAddress(v url.Values) string {
	if len(v) == 0 {
		return "/desk/queue"
	}
	return "/desk/queue?" + v.Encode()
}

// keepView offers to keep the filter that is on.
func keepView(filter, csrf string, a staff.Actor) view.Act {
	fields := []view.Field{{Name: "name", Label: "名字", Required: true, Max: 20, Autocomplete: "off"}}
	if holds(a, cannedWriters) {
		fields = append(fields, view.Field{Name: "shared", Kind: view.Checkbox, Value: "1", Label: "给大家用"})
	}
	return view.Act{Name: "view", Label: "把这些条件存为视图", Lead: "存好以后列在左边，随时点开。只找没有办结的，名字旁边才有件数。", Form: view.Form{Action: "/desk/views", CSRF: csrf,
		Hidden: []view.Hidden{{Name: "filter", Value: filter}}, Fields: names("view", fields...), Buttons: []view.Button{{Text: "存为视图"}}}}
}

func baskets(q cases.Queue, f cases.Filter, address func(basket, overdue, mine string) string, mine bool) []view.Basket {
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
	day := func(d calendar.Date) string {
		if d.IsZero() {
			return ""
		}
		return d.String()
	}
	within := ""
	if f.Within > 0 {
		within = strconv.Itoa(f.Within)
	}
	s.More = []view.Field{{Name: "within", Label: "几天内到期", Value: within, Inputmode: "numeric", Width: "short"}, {Name: "from", Kind: "date", Label: "收到日期从", Value: day(f.From)},
		{Name: "to", Kind: "date", Label: "到", Value: day(f.To)}, {Name: "nobody", Kind: view.Checkbox, Value: "1", Label: "还没有承办人", Checked: f.Nobody}, {Name: "open", Kind: view.Checkbox, Value: "1", Label: "只看没有办结的", Checked: f.Open}}
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
