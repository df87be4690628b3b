package public

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

const pageRows = 50

// Progress lists problems; filters are links, the search box a form.
func (d *Doors) Progress(c *door.Ctx) error {
	f := ledger.Filter{Status: ledger.Status(c.Query("status")), Dept: c.Query("dept"), Query: strings.TrimSpace(c.Query("q")), Limit: pageRows + 1}
	if f.Status != "" && !slices.Contains(ledger.Statuses, f.Status) {
		return fault.New(fault.Malformed, "地址里的“整改状态”不对，请从整改进展页重新筛选。")
	}
	if v := c.Query("aspect"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fault.New(fault.Malformed, "地址里的“方面”不对，请从整改进展页重新筛选。")
		}
		f.Aspect = n
	}
	if v := c.Query("after"); v != "" {
		if _, err := fmt.Sscanf(v, "%d-%d", &f.After[0], &f.After[1]); err != nil {
			return fault.New(fault.Malformed, "地址不完整，请从整改进展页重新打开。")
		}
	}
	slug := c.Query("programme")
	p := view.ProgressPage{Query: f.Query, Filtered: f.Aspect != 0 || f.Status != "" || f.Dept != "" || f.Query != ""}
	return show(c, "整改进展", &p.Frame, &p, func(r *store.Reader) error {
		p.Noindex = p.Filtered
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
		list, tallies, err := ledger.Progress(r, programme, f)
		if err != nil {
			return err
		}
		aspects, err := ledger.AspectCounts(r, programme)
		if err != nil {
			return err
		}
		p.Round, p.Text = round(programme), programme.Text
		for _, a := range aspects {
			if a.No == f.Aspect {
				p.Text = a.Text
			}
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			last := list[pageRows-1]
			p.More = address(programme, f, func(v url.Values) { v.Set("after", fmt.Sprintf("%d-%d", last.AspectNo, last.No)) })
		}
		for _, x := range list {
			p.Problems = append(p.Problems, view.ProblemRow{Code: x.Code, Title: x.Title, Href: root(programme) + x.Code, Aspect: x.AspectTitle,
				Status: status(programme, x.Status), Closing: closing(x.Closing, x.ReopenedOn), Measures: view.Share{Count: x.Standing.Done, Of: x.Standing.Measures},
				Closed: x.Standing.Closed, Overdue: x.Standing.Overdue, Next: door.Day(x.Standing.Next)})
		}
		if p.Hidden, err = hidden(r, programme); err != nil {
			return err
		}
		p.Depts = leadDepartments(programme, f, tallies)
		p.Total = ledger.Sum(tallies, f)
		p.Filters = append(beside(programme, all, func(x ledger.Programme) string { return address(x, ledger.Filter{}, nil) }), filters(programme, f, aspects, tallies)...)
		p.Downloads = downloads(programme)
		for name, v := range map[string]string{"programme": slug, "status": string(f.Status), "dept": f.Dept} {
			if v != "" {
				p.Kept = append(p.Kept, view.Hidden{Name: name, Value: v})
			}
		}
		if f.Aspect != 0 {
			p.Kept = append(p.Kept, view.Hidden{Name: "aspect", Value: strconv.Itoa(f.Aspect)})
		}
		slices.SortFunc(p.Kept, func(a, b view.Hidden) int { return strings.Compare(a.Name, b.Name) })
		return nil
	})
}

// round names a programme that is not the main one.
func round(p ledger.Programme) string {
	if p.Main {
		return ""
	}
	return p.Title
}

// downloads are the other ways to read the same.
func downloads(p ledger.Programme) []view.Link {
	return []view.Link{{Text: "挂图作战图", Href: at("/chart", p)}, {Text: "整改变化，按日期", Href: at("/changes", p)}, {Text: "用电子邮箱订阅变化", Href: at("/subscribe", p)},
		{Text: "下载电子表格（.xlsx）", Href: at("/open-data/ledger.xlsx", p)}, {Text: "其他格式和说明", Href: "/open-data"}}
}

// beside is the row of links to the other programmes, where there are any.
func beside(here ledger.Programme, all []ledger.Listing, to func(ledger.Programme) string) []view.Filter {
	if len(all) < 2 {
		return nil
	}
	row := view.Filter{Name: "轮次"}
	for _, x := range all {
		row.Options = append(row.Options, view.Option{Text: x.Title, Href: to(x.Programme), Count: x.Problems, Here: x.ID == here.ID})
	}
	return []view.Filter{row}
}

// address is the progress page of a programme with these filters.
func address(p ledger.Programme, f ledger.Filter, change func(url.Values)) string {
	v := url.Values{}
	if !p.Main {
		v.Set("programme", p.Slug)
	}
	for name, value := range map[string]string{"status": string(f.Status), "dept": f.Dept, "q": f.Query} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Aspect != 0 {
		v.Set("aspect", strconv.Itoa(f.Aspect))
	}
	if change != nil {
		change(v)
	}
	if len(v) == 0 {
		return "/progress"
	}
	return "/progress?" + v.Encode()
}

// filters are the rows of links, each with how many it would show.
func filters(p ledger.Programme, f ledger.Filter, counted []ledger.AspectCount, tallies []ledger.Tally) []view.Filter {
	option := func(text string, g ledger.Filter, here bool) view.Option {
		return view.Option{Text: text, Href: address(p, g, nil), Count: ledger.Sum(tallies, g), Here: here}
	}
	g := f
	g.Aspect = 0
	aspects := view.Filter{Name: "方面", Options: []view.Option{option("全部", g, f.Aspect == 0)}}
	for _, a := range counted {
		g.Aspect = a.No
		aspects.Options = append(aspects.Options, option(a.Title, g, f.Aspect == a.No))
	}
	g = f
	g.Status = ""
	statuses := view.Filter{Name: "状态", Options: []view.Option{option("全部", g, f.Status == "")}}
	for _, s := range ledger.Statuses {
		g.Status = s
		if o := option(status(p, s).Word(), g, f.Status == s); o.Count > 0 || o.Here {
			statuses.Options = append(statuses.Options, o)
		}
	}
	return []view.Filter{aspects, statuses}
}

// leadDepartments are the links to what each department leads; nil where none is named.
func leadDepartments(p ledger.Programme, f ledger.Filter, tallies []ledger.Tally) *view.Filter {
	option := func(text string, g ledger.Filter, here bool) view.Option {
		return view.Option{Text: text, Href: address(p, g, nil), Count: ledger.Sum(tallies, g), Here: here}
	}
	var depts []string
	for _, t := range tallies {
		if t.Dept != "" && !slices.Contains(depts, t.Dept) {
			depts = append(depts, t.Dept)
		}
	}
	if f.Dept != "" && !slices.Contains(depts, f.Dept) {
		depts = append(depts, f.Dept)
	}
	if len(depts) == 0 {
		return nil
	}
	g := f
	g.Dept = ""
	row := view.Filter{Name: "牵头部门", Options: []view.Option{option("全部", g, f.Dept == "")}}
	for _, name := range depts {
		g.Dept = name
		row.Options = append(row.Options, option(name, g, f.Dept == name))
	}
	return &row
}
