package public

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// A sheet of the wall chart holds the 42 problems and 295 measures of a usual
// ledger; a larger one goes on to further sheets.
const (
	chartProblems = 60
	chartMeasures = 400
	folded        = 40 // more measures than this stay under their problems until asked for
)

// wall is what of the wall chart an address asks for.
type wall struct {
	ledger.Filter
	show string // problems, measures, or empty: what suits their number
}

func wallOf(c *door.Ctx) (wall, error) {
	w := wall{ledger.Filter{Dept: strings.TrimSpace(c.Query("dept")), Limit: chartProblems}, c.Query("show")}
	if v := c.Query("aspect"); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 1 {
			return w, fault.New(fault.Malformed, "地址里的“方面”不对，请从挂图作战图重新筛选。")
		}
		w.Aspect = int(n)
	}
	if v := c.Query("after"); v != "" {
		a, b, _ := strings.Cut(v, "-")
		x, err1 := strconv.ParseInt(a, 10, 32)
		y, err2 := strconv.ParseInt(b, 10, 32)
		if err1 != nil || err2 != nil {
			return w, fault.New(fault.Malformed, "地址不完整，请从挂图作战图重新打开。")
		}
		w.After = [2]int{int(x), int(y)}
	}
	if !slices.Contains([]string{"", "problems", "measures"}, w.show) {
		return w, fault.New(fault.Malformed, "地址里的“显示”不对，请从挂图作战图重新选择。")
	}
	return w, nil
}

// address is the chart of a programme with the same filters, from its first sheet.
func (w wall) address(p ledger.Programme, pairs ...string) string {
	aspect := ""
	if w.Aspect != 0 {
		aspect = strconv.Itoa(w.Aspect)
	}
	return at("/chart", p, append([]string{"aspect", aspect, "dept", w.Dept, "show", w.show}, pairs...)...)
}

// Chart draws what a programme planned and what became of it.
func (d *Doors) Chart(c *door.Ctx) error {
	w, err := wallOf(c)
	if err != nil {
		return err
	}
	slug := c.Query("programme")
	p := view.ChartPage{Filtered: w.Aspect != 0 || w.Dept != "", List: "/progress"}
	return show(c, "挂图作战图", &p.Frame, &p, func(r *store.Reader) error {
		p.Sheet, p.Noindex = view.ChartSheet, p.Filtered || w.show != "" || w.After != [2]int{}
		programme, err := ledger.FindProgramme(r, slug)
		if slug == "" && fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		all, err := ledger.Programmes(r)
		if err != nil {
			return err
		}
		p.Programme, p.List = programme.Title, address(programme, w.Filter, nil)
		p.Filters = beside(programme, all, func(x ledger.Programme) string { return at("/chart", x) })
		if !programme.Ledger {
			return nil
		}
		if p.Hidden, err = hidden(r, programme); err != nil {
			return err
		}
		return draw(r, programme, w, &p)
	})
}

func draw(r *store.Reader, programme ledger.Programme, w wall, p *view.ChartPage) error {
	plan, err := ledger.ReadPlan(r, programme)
	if err != nil {
		return err
	}
	tracks, checks, more, err := ledger.Tracks(r, programme, w.Filter, chartMeasures)
	if err != nil {
		return err
	}
	n, today := plan.Count(w.Filter), calendar.Of(r.Now)
	p.Drawn, p.Counts, p.AsOf, p.Axis = len(plan.Aspects) > 0, view.ChartCounts(n), door.Day(today), axis(plan, today)
	p.Unfolded = w.show == "measures" || w.show == "" && (p.Filtered || n.Measures <= folded)
	chartFilters(programme, w, plan, p)
	if more {
		last := tracks[len(tracks)-1]
		p.More = w.address(programme, "after", fmt.Sprintf("%d-%d", last.AspectNo, last.No))
	}
	made := map[int64][]view.Day{}
	for _, x := range checks {
		if x.Holds {
			made[x.MeasureID] = append(made[x.MeasureID], door.Day(x.CheckedOn))
		}
	}
	end := calendar.Of(p.Axis.From.AddDate(0, p.Axis.Months, -1))
	for _, t := range tracks {
		if k := len(p.Aspects); k == 0 || p.Aspects[k-1].Title != t.AspectTitle {
			p.Aspects = append(p.Aspects, view.ChartAspect{No: han(t.AspectNo), Title: t.AspectTitle})
		}
		a := &p.Aspects[len(p.Aspects)-1]
		x := view.ChartProblem{Code: t.Code, Title: t.Title, Href: root(programme) + t.Code, Status: status(programme, t.Status), Closing: closing(t.Closing, t.ReopenedOn),
			ClosedOn: door.Day(t.ClosedOn), ReopenedOn: door.Day(t.ReopenedOn)}
		for _, m := range t.Measures {
			row := charted(programme, m, today, end)
			row.Href, row.Checked = x.Href+"#m-"+m.Code, made[m.ID]
			x.Measures = append(x.Measures, row)
		}
		a.Problems = append(a.Problems, x)
	}
	p.Links = append([]view.Link{{Text: "整改进展，按问题列表", Href: p.List}}, downloads(programme)[1:]...)
	return nil
}

// charted is a measure as the chart draws it: its recurring checks as far as the chart goes.
func charted(programme ledger.Programme, m ledger.Measure, today, end calendar.Date) view.ChartMeasure {
	row := view.ChartMeasure{Code: m.Code, Title: m.Title, Dept: m.Department, Status: status(programme, m.Status), Closing: closing(m.Closing, m.ReopenedOn),
		Starts: door.Day(m.StartsOn), Baseline: door.Day(m.BaselineOn), Due: door.Day(m.DueOn), DueText: m.DueText, DoneOn: door.Day(m.DoneOn),
		ClosedOn: door.Day(m.ClosedOn), ReopenedOn: door.Day(m.ReopenedOn), Overdue: overdue(m, today), Every: m.CheckMonths}
	if !m.CheckOn.IsZero() {
		row.Checks = append(row.Checks, door.Day(m.CheckOn))
		for i := 1; m.CheckMonths > 0; i++ {
			next := m.CheckOn.AddMonths(i * m.CheckMonths)
			if next.After(end) {
				break
			}
			row.Checks = append(row.Checks, door.Day(next))
		}
	}
	return row
}

// axis runs over all months of a plan and today, but not over those of a mistyped century.
func axis(plan ledger.Plan, today calendar.Date) view.Axis {
	const before, after = 15 * 12, 10 * 12
	first, last := plan.First, plan.Last
	if first.IsZero() || first.After(today) {
		first = today
	}
	if last.Before(today) {
		last = today
	}
	a := view.Axis{Today: door.Day(today)}
	if least := today.AddMonths(-before); first.Before(least) {
		first, a.Cut = least, true
	}
	if most := today.AddMonths(after); last.After(most) {
		last, a.Cut = most, true
	}
	month := func(d calendar.Date) int { return 12*d.Year() + int(d.Month()) - 1 }
	from := month(first)
	if month(last)-from >= 18 {
		from -= from % 3 // the lines of a long axis stand at quarters
	}
	a.From = time.Date(from/12, time.Month(from%12+1), 1, 0, 0, 0, 0, time.UTC)
	a.Months = month(last) - from + 1
	return a
}

// chartFilters are the rows of links, each with how many measures it would show.
func chartFilters(programme ledger.Programme, w wall, plan ledger.Plan, p *view.ChartPage) {
	option := func(text string, to wall, here bool) view.Option {
		return view.Option{Text: text, Href: to.address(programme), Count: plan.Count(to.Filter).Measures, Here: here}
	}
	to := w
	to.Aspect = 0
	aspects := view.Filter{Name: "方面", Options: []view.Option{option("全部", to, w.Aspect == 0)}}
	for _, a := range plan.Aspects {
		to.Aspect = a.No
		aspects.Options = append(aspects.Options, option(a.Title, to, w.Aspect == a.No))
	}
	to = w
	to.Dept = ""
	depts := view.Filter{Name: "牵头部门", Options: []view.Option{option("全部", to, w.Dept == "")}}
	var names []string
	for _, row := range plan.Rows {
		if row.Dept != "" && !slices.Contains(names, row.Dept) {
			names = append(names, row.Dept)
		}
	}
	for _, name := range names {
		to.Dept = name
		if o := option(name, to, w.Dept == name); o.Count > 0 || o.Here {
			depts.Options = append(depts.Options, o)
		}
	}
	if len(depts.Options) > 1 {
		p.Depts = &depts
	}
	problems, measures := w, w
	problems.show, measures.show = "problems", "measures"
	p.Filters = append(p.Filters, aspects, view.Filter{Name: "显示", Options: []view.Option{
		{Text: "只看问题", Href: problems.address(programme), Count: p.Counts.Problems, Here: !p.Unfolded},
		{Text: "展开措施", Href: measures.address(programme), Count: p.Counts.Measures, Here: p.Unfolded}}})
}
