package public

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/sheet"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// mostChanges is how far back the open data tell of changes.
const mostChanges = 1000

// OpenData says what can be taken away, how, and what every field means.
func (d *Doors) OpenData(c *door.Ctx) error {
	p := view.OpenDataPage{}
	return show(c, "开放数据", &p.Frame, &p, func(r *store.Reader) error {
		all, err := ledger.Programmes(r)
		if err != nil {
			return err
		}
		for _, x := range all {
			set := view.DataSet{Name: x.Title}
			for _, format := range []string{"xlsx", "csv", "json"} {
				set.Files = append(set.Files, view.Link{Text: dataFormats[format], Href: at("/open-data/ledger."+format, x.Programme)})
			}
			p.Sets = append(p.Sets, set)
		}
		p.Shapes = []view.DataDescription{
			{Name: "整改台账 ledger.json", Schema: "/open-data/ledger.schema.json", Shapes: fieldsOf("", reflect.TypeFor[ledgerData]())},
			{Name: "来件统计 statistics.json", Schema: "/open-data/statistics.schema.json", Shapes: fieldsOf("", reflect.TypeFor[statisticsData]())}}
		for _, x := range dataColumns {
			p.Columns = append(p.Columns, view.DataField{Name: x.name, Text: x.text})
		}
		p.Card = c.Base() + "/card.svg"
		p.CardLink = c.Base() + "/progress"
		return nil
	})
}

var dataFormats = map[string]string{"xlsx": "电子表格（.xlsx）", "csv": "逗号分隔文本（.csv）", "json": "完整数据（.json）"}

// offered finds the programme whose data are asked for.
func offered(c *door.Ctx, read func(*store.Reader, ledger.Programme) error) error {
	return c.Read(func(r *store.Reader) error {
		programme, err := ledger.FindProgramme(r, c.Query("programme"))
		if err != nil {
			return err
		}
		return read(r, programme)
	})
}

// LedgerJSON is all that is public of a programme's ledger.
func (d *Doors) LedgerJSON(c *door.Ctx) error {
	var out ledgerData
	err := offered(c, func(r *store.Reader, programme ledger.Programme) (err error) {
		out, err = ledgerOf(r, programme, c.Base())
		return err
	})
	if err != nil {
		return err
	}
	return sendJSON(c, out)
}

func sendJSON(c *door.Ctx, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("open data: %w", err)
	}
	return c.Share("application/json; charset=utf-8", b.Bytes())
}

func ledgerOf(r *store.Reader, programme ledger.Programme, base string) (ledgerData, error) {
	out := ledgerData{Day: calendar.Of(r.Now).String(), Aspects: []aspectData{}, Problems: []problemData{}, Measures: []measureData{}, Rules: []ruleData{}, Changes: []changeData{}}
	out.Programme = programmeData{Slug: programme.Slug, Title: programme.Title, Text: programme.Text, Inspected: programme.Inspected, Inspector: programme.Inspector,
		InspectedFrom: dayOf(programme.InspectedFrom), InspectedTo: dayOf(programme.InspectedTo), FeedbackOn: dayOf(programme.FeedbackOn), Fictional: programme.Demo}
	var err error
	if out.Stated, err = stated(r, programme, base); err != nil {
		return out, err
	}
	n, err := ledger.Count(r, programme)
	if err != nil {
		return out, err
	}
	out.Counts = countsData{Problems: tallied(n.Problems), ProblemsClosed: n.ProblemsClosed, SubProblems: n.SubProblems, Measures: tallied(n.Measures), MeasuresClosed: n.MeasuresClosed, Rules: n.Rules}
	x, err := ledger.ReadPublished(r, programme)
	if err != nil {
		return out, err
	}
	aspects, codes, subs := map[int64]int{}, map[int64]int{}, map[int64]int{}
	for _, a := range x.Aspects {
		aspects[a.ID] = a.No
		out.Aspects = append(out.Aspects, aspectData{a.No, a.Title, a.Text})
	}
	for i, p := range x.Problems {
		codes[p.ID] = i
		out.Problems = append(out.Problems, problemData{Code: p.Code, Address: base + place(programme, p.Code, p.Announced), Aspect: aspects[p.AspectID], Title: p.Title, Text: p.Text, Status: string(p.Status),
			Closing: ledger.Verification(p.Closing, p.ReopenedOn), ClosedOn: dayOf(p.ClosedOn), ReopenedOn: dayOf(p.ReopenedOn), Leader: p.Leader, SubProblems: []subProblemData{}})
	}
	for _, s := range x.Subs {
		subs[s.ID] = s.No
		p := &out.Problems[codes[s.ProblemID]]
		p.SubProblems = append(p.SubProblems, subProblemData{s.No, s.Title, s.Text})
	}
	today := calendar.Of(r.Now)
	for _, m := range x.Measures {
		row := measureData{Code: m.Code, Address: base + root(programme) + m.Code, Problem: x.Problems[codes[m.ProblemID]].Code, Title: m.Title, Note: m.Note, Kind: string(m.Kind), Status: string(m.Status),
			Closing: ledger.Verification(m.Closing, m.ReopenedOn), Leader: m.Leader, LeadDept: m.Department, CoDepts: append([]string{}, m.CoDepts...), StartsOn: dayOf(m.StartsOn), BaselineOn: dayOf(m.BaselineOn),
			DueOn: dayOf(m.DueOn), DueText: m.DueText, DoneOn: dayOf(m.DoneOn), CheckOn: dayOf(m.CheckOn), ClosedOn: dayOf(m.ClosedOn), ReopenedOn: dayOf(m.ReopenedOn), Overdue: m.Overdue(today)}
		if m.SubProblemID != nil {
			no := subs[*m.SubProblemID]
			row.SubProblem = &no
		}
		out.Measures = append(out.Measures, row)
	}
	for _, y := range x.Rules {
		row := ruleData{Title: y.Title, Number: y.Number, Revised: y.Revised, Dated: dayOf(y.Dated), Address: base + fmt.Sprintf("/rules/%d", y.ID), Problems: []string{}}
		for _, p := range y.Problems {
			row.Problems = append(row.Problems, p.Code)
		}
		out.Rules = append(out.Rules, row)
	}
	lines, err := ledger.Latest(r, programme.ID, 0, mostChanges)
	for _, e := range lines {
		row := changeData{At: e.At.In(calendar.Shanghai).Format("2006-01-02T15:04:05-07:00"), On: e.OnDay.String(), Kind: e.Kind, Text: e.Text}
		if href := leads(programme, e); href != "" {
			href = base + href
			row.Address = &href
		}
		out.Changes = append(out.Changes, row)
	}
	return out, err
}

func stated(r *store.Reader, programme ledger.Programme, base string) (*statedData, error) {
	a, figures, ok, err := ledger.Stated(r, programme.ID)
	if err != nil || !ok {
		return nil, err
	}
	out := &statedData{Announcement: a.Title, Address: base + "/announcements/" + a.Slug, Dated: dayOf(a.Dated), Figures: []figureData{}}
	for _, x := range ledger.FigureNames {
		if f, ok := figures[x.Name]; ok {
			row := figureData{Name: x.Name, Label: x.Label, Value: f.Value}
			if f.AsOf != "" {
				asOf := f.AsOf
				row.AsOf = &asOf
			}
			out.Figures = append(out.Figures, row)
		}
	}
	return out, nil
}

func tallied(t ledger.Tallied) map[string]int {
	out := map[string]int{}
	for s, n := range t {
		out[string(s)] = n
	}
	return out
}

func dayOf(d calendar.Date) *string {
	if d.IsZero() {
		return nil
	}
	s := d.String()
	return &s
}

// dataColumns are the columns of the spreadsheets.
var dataColumns = []struct {
	name  string
	width int
	text  string
	of    func(r dataRow) string
}{
	{"方面", 18, "反馈意见的方面", func(r dataRow) string { return r.aspect }},
	{"问题编号", 9, "", func(r dataRow) string { return r.problem.Code }},
	{"反馈问题", 30, "", func(r dataRow) string { return r.problem.Title }},
	{"问题状态", 10, "由措施汇总；来源没有说明的写“没有说明”，不按没有做计算", func(r dataRow) string { return status(r.programme, r.problem.Status).Word() }},
	{"细化问题", 30, "", func(r dataRow) string { return r.sub.Title }},
	{"措施编号", 11, "没有措施的问题只有前几列", func(r dataRow) string { return r.measure.Code }},
	{"整改措施", 44, "", func(r dataRow) string { return r.measure.Title }},
	{"整改类型", 10, "立行立改、限期整改、长期坚持", func(r dataRow) string { return kinds[r.measure.Kind] }},
	{"责任领导", 12, "", func(r dataRow) string { return r.measure.Leader }},
	{"牵头部门", 16, "", func(r dataRow) string { return r.measure.Department }},
	{"配合部门", 16, "多个用顿号分开", func(r dataRow) string { return strings.Join(r.measure.CoDepts, "、") }},
	{"启动时间", 12, "日期都写成 2021-01-06", func(r dataRow) string { return r.measure.StartsOn.String() }},
	{"原定时限", 12, "最初定下的时限，永远不改", func(r dataRow) string { return r.measure.BaselineOn.String() }},
	{"整改时限", 12, "现在的时限", func(r dataRow) string { return cmp.Or(r.measure.DueOn.String(), r.measure.DueText) }},
	{"自报状态", 10, "牵头部门自己报告的状态", func(r dataRow) string {
		if r.measure.ID == 0 {
			return ""
		}
		return status(r.programme, r.measure.Status).Word()
	}},
	{"完成时间", 12, "自报完成的日期", func(r dataRow) string { return r.measure.DoneOn.String() }},
	{"完成情况", 44, "做了什么", func(r dataRow) string { return r.measure.Note }},
	{"核验销号", 16, "别的部门核验的结果，与自报状态分开", func(r dataRow) string {
		if r.measure.ID == 0 {
			return ""
		}
		return closing(r.measure.Closing, r.measure.ReopenedOn).Word()
	}},
	{"销号时间", 12, "", func(r dataRow) string { return r.measure.ClosedOn.String() }},
	{"重开时间", 12, "回头看后重开的日期", func(r dataRow) string { return r.measure.ReopenedOn.String() }},
	{"下次复查", 12, "长期坚持的措施", func(r dataRow) string { return r.measure.CheckOn.String() }},
	{"超期", 6, "下载那天已经超期的写“是”", func(r dataRow) string {
		if r.measure.Overdue(r.today) {
			return "是"
		}
		return ""
	}},
	{"问题说明", 30, "本院对问题的说明，没有为空", func(r dataRow) string { return r.problem.Text }},
	{"细化问题说明", 30, "", func(r dataRow) string { return r.sub.Text }},
}

// dataRow is a line of the spreadsheets: a measure, or a problem that has none.
type dataRow struct {
	programme ledger.Programme
	today     calendar.Date
	aspect    string
	problem   ledger.Problem
	sub       ledger.SubProblem
	measure   ledger.Measure
}

// LedgerSheet is the same as a table, for people.
func (d *Doors) LedgerSheet(format string) door.Handler {
	return func(c *door.Ctx) error {
		var b bytes.Buffer
		err := offered(c, func(r *store.Reader, programme ledger.Programme) error {
			x, err := ledger.ReadPublished(r, programme)
			if err != nil {
				return err
			}
			out, err := dataSheet(&b, format, r, programme)
			if err != nil {
				return err
			}
			if err := table(out, x, calendar.Of(r.Now)); err != nil {
				return fmt.Errorf("open data: %w", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return c.Share(map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[format], b.Bytes())
	}
}

func dataSheet(w io.Writer, format string, r *store.Reader, programme ledger.Programme) (sheet.Writer, error) {
	var columns []sheet.Column
	var names []string
	for _, x := range dataColumns {
		columns, names = append(columns, sheet.Column{Heading: x.name, Width: x.width}), append(names, x.name)
	}
	if format == "xlsx" {
		name := "整改台账"
		if programme.Demo {
			name = "虚构的演示数据"
		}
		return sheet.NewXLSX(w, name, r.Now, columns)
	}
	out, err := sheet.NewCSV(w)
	if err == nil {
		err = out.Row(names)
	}
	return out, err
}

func table(out sheet.Writer, x ledger.Published, today calendar.Date) error {
	aspects, subs := map[int64]string{}, map[int64]ledger.SubProblem{}
	for _, a := range x.Aspects {
		aspects[a.ID] = strconv.Itoa(a.No) + " " + a.Title
	}
	for _, s := range x.Subs {
		subs[s.ID] = s
	}
	line := make([]string, len(dataColumns))
	write := func(row dataRow) error {
		for i, column := range dataColumns {
			line[i] = column.of(row)
		}
		return out.Row(line)
	}
	rest := x.Measures
	for _, p := range x.Problems {
		row := dataRow{programme: x.Programme, today: today, aspect: aspects[p.AspectID], problem: p}
		if len(rest) == 0 || rest[0].ProblemID != p.ID {
			if err := write(row); err != nil {
				return err
			}
		}
		for ; len(rest) > 0 && rest[0].ProblemID == p.ID; rest = rest[1:] {
			row.measure, row.sub = rest[0], ledger.SubProblem{}
			if id := rest[0].SubProblemID; id != nil {
				row.sub = subs[*id]
			}
			if err := write(row); err != nil {
				return err
			}
		}
	}
	return out.Close()
}

// StatisticsJSON is what the page of statistics shows, and nothing that it withholds.
func (d *Doors) StatisticsJSON(c *door.Ctx) error {
	var p view.StatisticsPage
	if err := c.Read(func(r *store.Reader) error { return count(r, &p, calendar.Of(r.Now).Year()) }); err != nil {
		return err
	}
	out := statisticsData{From: string(p.From), To: string(p.To), Received: known(p.Received), Replied: known(p.Replied)}
	rows := func(list []view.CountRow) []countData {
		rows := make([]countData, len(list))
		for i, x := range list {
			rows[i] = countData{x.Label, known(x.Received), known(x.Replied)}
		}
		return rows
	}
	out.Kinds, out.Months = rows(p.Kinds), rows(p.Months)
	for _, x := range p.Rates {
		row := rateData{Name: x.Name, Formula: x.Formula, Denominator: known(x.Basis())}
		if v, err := strconv.ParseFloat(strings.TrimSuffix(x.Shown(), "%"), 64); err == nil {
			row.Percent = &v
		}
		out.Rates = append(out.Rates, row)
	}
	return sendJSON(c, out)
}

// known is a count that may be told.
func known(n view.Cell) *int {
	if n.Hidden() {
		return nil
	}
	v := int(n)
	return &v
}

// Schema is the JSON Schema of one of the files.
func (d *Doors) Schema(name string) door.Handler {
	return func(c *door.Ctx) error {
		body, err := schemas.ReadFile("schema/" + name + ".json")
		if err != nil {
			return fault.New(fault.NotFound, "没有这个文件。")
		}
		return c.Share("application/schema+json; charset=utf-8", body)
	}
}
