package desk

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// mostMonths is how many months a table of statistics may have.
const mostMonths = 36

// cutOf reads a part of the statistics out of an address: the last twelve
// months of everything, unless it says otherwise.
func cutOf(c *door.Ctx, r *store.Reader) (cut stats.Cut, err error) {
	now := stats.MonthOf(calendar.Of(r.Now))
	cut = stats.Cut{From: now.Add(-11), To: now, Kind: cases.Kind(c.Query("kind")), Channel: cases.Channel(c.Query("channel"))}
	var bad []fault.Field
	for _, x := range []struct {
		name string
		to   *stats.Month
	}{{"from", &cut.From}, {"to", &cut.To}} {
		if v := c.Query(x.name); v != "" {
			m, err := stats.ParseMonth(v)
			if err != nil || m > now {
				bad = append(bad, fault.Field{Name: x.name, Message: "请选择列出的月份。"})
				continue
			}
			*x.to = m
		}
	}
	switch {
	case len(bad) > 0:
	case cut.To < cut.From:
		bad = append(bad, fault.Field{Name: "to", Message: "结束的月份不能早于开始的月份。"})
	case cut.To > cut.From.Add(mostMonths-1):
		bad = append(bad, fault.Field{Name: "from", Message: fmt.Sprintf("一次最多统计 %d 个月，请缩短。", mostMonths)})
	}
	if v := c.Query("department"); v != "" {
		if cut.Department, err = number(v); err != nil {
			return cut, err
		}
	}
	if cut.Kind != "" && !cut.Kind.Valid() || cut.Channel != "" && !cut.Channel.Valid() {
		return cut, errNothing
	}
	return cut, fault.Form(bad)
}

// address is the cut as the query of an address.
func address(c stats.Cut, more ...string) string {
	v := url.Values{"from": {string(c.From)}, "to": {string(c.To)}}
	for name, value := range map[string]string{"kind": string(c.Kind), "channel": string(c.Channel)} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if c.Department != 0 {
		v.Set("department", strconv.FormatInt(c.Department, 10))
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return "?" + v.Encode()
}

// Statistics counts a period for staff: the real numbers, none suppressed, each opening to its cases.
func (d *Doors) Statistics(c *door.Ctx) error {
	var p view.DeskStatisticsPage
	var wrong error
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "统计"); err != nil {
			return err
		}
		cut, err := cutOf(c, r)
		if fault.Is(err, fault.Invalid) {
			wrong = err
			now := stats.MonthOf(calendar.Of(r.Now))
			cut.From, cut.To = now.Add(-11), now
		} else if err != nil {
			return err
		}
		departments, err := staff.AllDepartments(r)
		if err != nil {
			return err
		}
		if p.Form, err = cutForm(r, cut, departments); err != nil {
			return err
		}
		t, err := stats.Count(r, cut)
		if err != nil {
			return err
		}
		tabulate(&p, t, departments)
		return ledgerRates(r, &p)
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, nil, wrong)
		return c.Render(422, p)
	}
	return c.Render(200, p)
}

func cutForm(r *store.Reader, cut stats.Cut, departments []staff.Department) (view.Form, error) {
	oldest, err := stats.Oldest(r)
	if err != nil {
		return view.Form{}, err
	}
	now := stats.MonthOf(calendar.Of(r.Now))
	first := min(cut.From, now.Add(-11))
	if oldest != "" {
		first = min(first, oldest)
	}
	var months []view.Choice
	for m := now; m >= first; m = m.Add(-1) {
		months = append(months, view.Choice{Value: string(m), Text: view.Day(m).String()})
	}
	kinds, channels, places := []view.Choice{{Text: "全部类别"}}, []view.Choice{{Text: "全部渠道"}}, []view.Choice{{Text: "全部部门"}}
	for _, k := range cases.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: k.Word()})
	}
	for _, x := range cases.Channels {
		channels = append(channels, view.Choice{Value: string(x), Text: x.Word()})
	}
	for _, x := range departments {
		places = append(places, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.Name})
	}
	at := ""
	if cut.Department != 0 {
		at = strconv.FormatInt(cut.Department, 10)
	}
	return view.Form{Action: "/desk/statistics", Fields: []view.Field{
		{Name: "from", Kind: view.Select, Label: "从", Value: string(cut.From), Choices: months}, {Name: "to", Kind: view.Select, Label: "到", Value: string(cut.To), Choices: months},
		{Name: "kind", Kind: view.Select, Label: "类别", Value: string(cut.Kind), Choices: kinds}, {Name: "channel", Kind: view.Select, Label: "渠道", Value: string(cut.Channel), Choices: channels},
		{Name: "department", Kind: view.Select, Label: "部门", Value: at, Choices: places}}}, nil
}

// columns are the sets that the tables show.
var columns = []stats.Set{stats.Received, stats.Accepted, stats.Answered, stats.AnsweredInTime, stats.Overdue, stats.Returned, stats.Redone, stats.Extended, stats.Rated, stats.Satisfied}

func tabulate(p *view.DeskStatisticsPage, t stats.Table, departments []staff.Department) {
	p.Period = t.From.First().Chinese() + "至" + t.To.Last().Chinese()
	p.Download = "/desk/statistics.xlsx" + address(t.Cut)
	whole := stats.Cut{}
	open := func(s stats.Set, c stats.Cut) view.StatNumber {
		return view.StatNumber{Label: s.Word(), N: t.N(s, c), Href: "/desk/statistics/" + string(s) + address(merge(t.Cut, c))}
	}
	for _, i := range stats.Indicators {
		n, of := t.Rate(i, whole)
		x := view.Indicator{Label: i.Word, Share: view.Share{Count: n, Of: of}, How: i.How, Top: open(i.Of, whole)}
		for _, s := range i.Base {
			x.Base = append(x.Base, open(s, whole))
		}
		p.Indicators = append(p.Indicators, x)
	}
	var heads []string
	for _, s := range columns {
		heads = append(heads, s.Word())
	}
	table := func(title string) *view.StatTable {
		p.Tables = append(p.Tables, view.StatTable{Title: title, Columns: heads})
		return &p.Tables[len(p.Tables)-1]
	}
	row := func(label string, c stats.Cut) view.StatRow {
		x := view.StatRow{Label: label}
		for _, s := range columns {
			x.Numbers = append(x.Numbers, open(s, c))
		}
		return x
	}
	byMonth := table("按月")
	for m := t.To; m >= t.From; m = m.Add(-1) {
		one, cut := t.Of(m), t.Cut
		cut.From, cut.To = m, m
		x := view.StatRow{Label: view.Day(m).String(), Frozen: t.FrozenOn(m).Chinese()}
		for _, s := range columns {
			x.Numbers = append(x.Numbers, view.StatNumber{Label: s.Word(), N: one.N(s, whole), Href: "/desk/statistics/" + string(s) + address(cut)})
		}
		byMonth.Rows = append(byMonth.Rows, x)
	}
	byMonth.Rows = append(byMonth.Rows, row("合计", whole))
	byKind := table("按类别")
	for _, k := range cases.Kinds {
		byKind.Rows = append(byKind.Rows, row(k.Word(), stats.Cut{Kind: k}))
	}
	byChannel := table("按渠道")
	for _, x := range cases.Channels {
		byChannel.Rows = append(byChannel.Rows, row(x.Word(), stats.Cut{Channel: x}))
	}
	byDepartment := table("按部门")
	for _, x := range departments {
		if r := row(x.Name, stats.Cut{Department: x.ID}); slices.ContainsFunc(r.Numbers, func(n view.StatNumber) bool { return n.N > 0 }) {
			byDepartment.Rows = append(byDepartment.Rows, r)
		}
	}
	if len(byDepartment.Rows) == 0 {
		p.Tables = p.Tables[:len(p.Tables)-1]
	}
	for _, s := range stats.Sets() {
		p.Meanings = append(p.Meanings, view.DataField{Name: s.Word(), Text: s.How()})
	}
	for i := range p.Tables {
		p.Tables[i].Scale()
	}
}

// merge narrows a cut.
func merge(c, by stats.Cut) stats.Cut {
	if by.Kind != "" {
		c.Kind = by.Kind
	}
	if by.Channel != "" {
		c.Channel = by.Channel
	}
	if by.Department != 0 {
		c.Department = by.Department
	}
	return c
}

// ledgerRates adds what the ledger says today: problems and measures, never mixed.
func ledgerRates(r *store.Reader, p *view.DeskStatisticsPage) error {
	programme, err := ledger.Main(r)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n, err := ledger.Count(r, programme)
	if err != nil {
		return err
	}
	applied, refused, err := ledger.Applications(r, programme.ID)
	if err != nil {
		return err
	}
	rate := func(label, how string, n, of int) {
		p.Ledger = append(p.Ledger, view.Indicator{Label: label, Share: view.Share{Count: n, Of: of}, How: how})
	}
	rate("问题完成率", "已完成的问题 ÷ 全部问题", n.Problems[ledger.Done], n.Problems.All())
	rate("措施完成率", "已完成的措施 ÷ 全部措施", n.Measures[ledger.Done], n.Measures.All())
	rate("销号不予通过率", "不予通过的申请 ÷ 已有结论的申请", refused, applied)
	p.LedgerOf = programme.Title
	return nil
}

// StatisticsCases opens a number to its cases.
func (d *Doors) StatisticsCases(c *door.Ctx) error { return d.statisticsCases(c, 200, nil, nil) }

func (d *Doors) statisticsCases(c *door.Ctx, status int, f *door.Form, wrong error) error {
	set := stats.Set(c.Params("set"))
	if !set.Valid() {
		return errNothing
	}
	p := view.RegisterPage{Heading: "统计：" + set.Word(), Columns: []string{"编号", "月份", "类别", "渠道", "部门", "现在的状态"}, Empty: "这个数字是 0，没有来件。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		cut, err := cutOf(c, r)
		if err != nil {
			return err
		}
		p.Up = view.Link{Text: "统计", Href: "/desk/statistics" + address(cut)}
		t, err := stats.Count(r, cut)
		if err != nil {
			return err
		}
		period := view.Day(cut.To).String()
		if cut.From != cut.To && !set.Stock() {
			period = view.Day(cut.From).String() + "至" + period
		}
		p.Lead = fmt.Sprintf("%s，共 %d 件。%s。", period, t.N(set, stats.Cut{}), set.How())
		after := stats.Member{Month: stats.Month(c.Query("month"))}
		after.CaseID, _ = strconv.ParseInt(c.Query("after"), 10, 64)
		list, err := stats.Members(r, c.Actor, cut, set, after, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			last := list[pageRows-1]
			p.Next = "/desk/statistics/" + string(set) + address(cut, "month", string(last.Month), "after", strconv.FormatInt(last.CaseID, 10))
		}
		if err := memberRows(r, c.Actor, &p, list); err != nil {
			return err
		}
		if cut.From == cut.To || set.Stock() {
			err = correcting(r, c, &p, t, set)
		}
		return err
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		p.Kept = showAgain(&p.Desk, p.Acts, "correct", f, wrong)
	}
	return c.Render(status, p)
}

func memberRows(r *store.Reader, a staff.Actor, p *view.RegisterPage, list []stats.Member) error {
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.CaseID
	}
	shown, err := cases.Shown(r, a, ids)
	if err != nil {
		return err
	}
	departments, err := staff.AllDepartments(r)
	if err != nil {
		return err
	}
	place := map[int64]string{}
	for _, x := range departments {
		place[x.ID] = x.Name
	}
	for _, x := range list {
		row := view.RegisterRow{Name: "您看不到的来件", Cells: []view.RegisterCell{{Column: "月份", Text: view.Day(x.Month).String()}, {Column: "类别", Text: x.Kind.Word()},
			{Column: "渠道", Text: x.Channel.Word()}, {Column: "部门", Text: place[x.DepartmentID]}}}
		if y, ok := shown[x.CaseID]; ok {
			row.Name, row.Href, row.Standing = y.CaseNo, fmt.Sprintf("/desk/cases/%d", y.ID), view.Due{Words: y.State.Word()}
		}
		if x.Added {
			row.Marks = []string{"更正加入"}
		}
		p.Rows = append(p.Rows, row)
	}
	return nil
}

// correcting shows what was put right in a frozen number and, to those who may, how to.
func correcting(r *store.Reader, c *door.Ctx, p *view.RegisterPage, t stats.Table, set stats.Set) error {
	on := t.FrozenOn(t.To)
	if on.IsZero() {
		return nil
	}
	p.Lead += "数字已于" + on.Chinese() + "固定。"
	all, err := stats.Corrections(r, stats.Cut{From: t.To, To: t.To})
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.SetName == set {
			p.Lead += fmt.Sprintf(" %s由%s更正：%s一件。%s", calendar.Of(x.At).Chinese(), x.ActorName, map[bool]string{true: "加入", false: "去掉"}[x.Adds], x.Reason)
		}
	}
	if holds(c.Actor, stats.Correctors) {
		p.Acts = []view.Act{{Name: "correct", Label: "更正这个数字", Lead: "固定的数字不改写；更正另外记一笔，和理由一起一直显示。", Form: view.Form{
			Action: "/desk/statistics/" + string(set) + address(t.Cut), CSRF: p.CSRF, Fields: names("correct",
				view.Field{Name: "case_no", Label: "来件编号", Required: true, Width: "middle"},
				view.Field{Name: "adds", Kind: view.Radio, Label: "怎么更正", Required: true, Choices: []view.Choice{{Value: "yes", Text: "应当算在里面"}, {Value: "no", Text: "不应当算在里面"}}},
				view.Field{Name: "reason", Kind: view.Textarea, Label: "理由", Required: true, Rows: 3}), Buttons: []view.Button{{Text: "记下更正"}}}}}
	}
	return nil
}

// CorrectStatistics puts a frozen number right.
func (d *Doors) CorrectStatistics(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	var cut stats.Cut
	if err := c.Read(func(r *store.Reader) (err error) { cut, err = cutOf(c, r); return err }); err != nil {
		return err
	}
	set := stats.Set(c.Params("set"))
	if adds := f.Get("adds"); adds != "yes" && adds != "no" {
		err = fault.Form([]fault.Field{{Name: "adds", Message: "请选择怎么更正。"}})
	} else {
		err = d.house.Stats.Correct(c.Std(), c.Actor, cut.To, set, f.Get("case_no"), adds == "yes", f.Get("reason"))
	}
	return d.settled(c, err, "/desk/statistics/"+string(set)+address(cut, "done", "corrected"), func(status int) error { return d.statisticsCases(c, status, f, err) })
}

// StatisticsXLSX sends every count of the cut as a table.
func (d *Doors) StatisticsXLSX(c *door.Ctx) error {
	var cut stats.Cut
	if err := c.Read(func(r *store.Reader) (err error) { cut, err = cutOf(c, r); return err }); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := d.house.Stats.Export(c.Std(), c.Actor, cut, &b); err != nil {
		return err
	}
	return spreadsheet(c, fmt.Sprintf("统计%s至%s.xlsx", cut.From, cut.To), b.Bytes())
}
