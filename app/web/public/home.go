package public

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Home answers "how far is it".
func (d *Doors) Home(c *door.Ctx) error {
	var p view.HomePage
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Frame, err = c.FrameIn(r, ""); err != nil {
			return err
		}
		p.Heading = p.Site.Court + p.Site.Name
		var counts view.StatisticsPage
		if err := count(r, &counts, calendar.Of(r.Now).Year()); err != nil {
			return err
		}
		p.Received, p.Replied = &counts.Months[0].Received, &counts.Months[0].Replied
		programme, err := ledger.Main(r)
		if fault.Is(err, fault.NotFound) {
			p.Lead = "整改进展还没有公布。您现在就可以反映情况、提出意见。"
			return nil
		}
		if err != nil {
			return err
		}
		p.Heading, p.Lead = headline(programme)
		if err := homeFigures(r, programme, &p); err != nil {
			return err
		}
		outlines, err := ledger.Outlines(r, programme)
		if err != nil {
			return err
		}
		for _, o := range outlines {
			row := view.AspectRow{No: han(o.Aspect.No), Title: o.Aspect.Title, Href: fmt.Sprintf("/progress?aspect=%d", o.Aspect.No)}
			for _, x := range o.Problems {
				row.Problems = append(row.Problems, view.Link{Text: x.Title, Href: "/progress/" + x.Code})
			}
			p.Aspects = append(p.Aspects, row)
		}
		if p.Others, err = others(r); err != nil {
			return err
		}
		events, err := ledger.Latest(r, programme.ID, 0, 5)
		if err != nil {
			return err
		}
		p.Changes = changes(programme, events)
		return nil
	})
	if err != nil {
		return err
	}
	p.Description = p.Lead
	return c.Render(200, p)
}

// headline words what the home page is about from what the announcement states.
func headline(p ledger.Programme) (heading, lead string) {
	kind := "巡视"
	if strings.Contains(p.Inspector, "巡察") {
		kind = "巡察"
	}
	heading = kind + "反馈的问题，整改到哪一步了"
	var parts []string
	if p.Inspector != "" {
		s := p.Inspector + "开展" + kind
		if !p.InspectedFrom.IsZero() && !p.InspectedTo.IsZero() {
			to := p.InspectedTo.Chinese()
			if p.InspectedTo.Year() == p.InspectedFrom.Year() {
				to = strings.TrimPrefix(to, strconv.Itoa(p.InspectedTo.Year())+"年")
			}
			s = p.InspectedFrom.Chinese() + "至" + to + "，" + s
		}
		parts = append(parts, s)
	}
	if !p.FeedbackOn.IsZero() {
		parts = append(parts, p.FeedbackOn.Chinese()+"反馈意见")
	}
	if len(parts) > 0 {
		lead = strings.Join(parts, "，") + "。"
	}
	return heading, lead + "这里逐项公开整改情况，听取您的意见。"
}

// homeFigures are what the ledger counts, with what was stated beside it, or
// what the newest announcement states as long as there is no ledger.
func homeFigures(r *store.Reader, programme ledger.Programme, p *view.HomePage) error {
	a, figures, ok, err := ledger.Stated(r, programme.ID)
	if err != nil {
		return err
	}
	if programme.Ledger {
		if ok {
			p.Source, p.SourceOn = view.Link{Text: a.Title, Href: "/announcements/" + a.Slug}, door.Day(a.Dated)
		}
		return counted(r, programme, figures, p)
	}
	if !ok {
		return nil
	}
	p.Source, p.SourceOn = view.Link{Text: a.Title, Href: "/announcements/" + a.Slug}, door.Day(a.Dated)
	asOf := func(f ledger.Figure) view.Day {
		if f.AsOf != "" {
			return view.Day(f.AsOf)
		}
		return door.Day(a.Dated)
	}
	if all, ok := figures["problems"]; ok {
		done, basically := figures["problems_done"], figures["problems_basically_done"]
		f := view.Figure{Label: "反馈问题", Count: done.Value, Of: all.Value, Unit: "个", Verb: "完成整改", AsOf: asOf(all),
			List: view.Link{Text: "查看逐项进展", Href: "/progress"}}
		if done.Name == "" {
			f.Count, f.Of, f.Verb = all.Value, 0, ""
		} else {
			f.AsOf = asOf(done)
			f.Segments = append(f.Segments, view.Segment{Status: view.Done, Count: done.Value})
		}
		if basically.Value > 0 {
			f.Segments = append(f.Segments, view.Segment{Status: view.BasicallyDone, Count: basically.Value})
		}
		p.Figures = append(p.Figures, f)
	}
	if all, ok := figures["measures"]; ok {
		done := figures["measures_done"]
		f := view.Figure{Label: "整改措施", Count: done.Value, Of: all.Value, Unit: "条", Verb: "完成", AsOf: asOf(all),
			List: view.Link{Text: "这些数字怎么算出来的", Href: p.Source.Href + "#figures"}}
		if done.Name == "" {
			f.Count, f.Of, f.Verb = all.Value, 0, ""
		} else {
			f.AsOf = asOf(done)
			f.Segments = append(f.Segments, view.Segment{Status: view.Done, Count: done.Value})
		}
		p.Figures = append(p.Figures, f)
	}
	if rules, ok := figures["rules"]; ok {
		p.Figures = append(p.Figures, view.Figure{Label: "制度成果", Count: rules.Value, Unit: "个", AsOf: asOf(rules),
			List: view.Link{Text: "查看制度成果", Href: "/rules"}})
	}
	return nil
}

// hidden words how much of a ledger is counted and not listed; empty for nothing.
func hidden(r *store.Reader, programme ledger.Programme) (string, error) {
	problems, measures, err := ledger.CountHidden(r, programme)
	if err != nil || problems == 0 && measures == 0 {
		return "", err
	}
	return fmt.Sprintf("按规定不公开内容的有%d个问题、%d条措施，首页的数字里有它们，各页不列出。", problems, measures), nil
}

// counted are the figures of the ledger as it stands today.
func counted(r *store.Reader, programme ledger.Programme, stated map[string]ledger.Figure, p *view.HomePage) error {
	n, err := ledger.Count(r, programme)
	if err != nil {
		return err
	}
	p.Counted = true
	if p.Hidden, err = hidden(r, programme); err != nil {
		return err
	}
	made, err := ledger.CountRules(r, programme.ID)
	if err != nil {
		return err
	}
	figure := func(label, unit, name string, t ledger.Tallied, closed int, list view.Link) {
		f := view.Figure{Label: label, Count: t[ledger.Done], Of: t.All(), Unit: unit, Verb: "完成", AsOf: door.Day(calendar.Of(r.Now)), List: list, Closed: &closed}
		for _, s := range []ledger.Status{ledger.Done, ledger.BasicallyDone, ledger.LongTerm, ledger.InProgress} {
			if t[s] > 0 {
				f.Segments = append(f.Segments, view.Segment{Status: view.Status(s), Count: t[s]})
			}
		}
		all, done := stated[name], stated[name+"_done"]
		switch {
		case done.Name != "" && all.Name != "":
			f.Stated = fmt.Sprintf("通报：完成%d%s，共%d%s", done.Value, unit, all.Value, unit)
		case all.Name != "":
			f.Stated = fmt.Sprintf("通报：共%d%s", all.Value, unit)
		}
		if f.Of > 0 || f.Stated != "" {
			p.Figures = append(p.Figures, f)
		}
	}
	figure("反馈问题", "个", "problems", n.Problems, n.ProblemsClosed, view.Link{Text: "查看逐项进展", Href: "/progress"})
	figure("整改措施", "条", "measures", n.Measures, n.MeasuresClosed, view.Link{Text: "挂图作战图", Href: "/chart"})
	rules := view.Figure{Label: "制度成果", Count: made, Unit: "个", AsOf: door.Day(calendar.Of(r.Now)), List: view.Link{Text: "查看制度成果", Href: "/rules"}}
	if s := stated["rules"]; s.Name != "" {
		rules.Stated = fmt.Sprintf("通报：%d个", s.Value)
	}
	if rules.Count > 0 || rules.Stated != "" {
		p.Figures = append(p.Figures, rules)
	}
	return nil
}

var hanDigits = []string{"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// han writes 1 to 99 in Chinese numerals.
func han(n int) string {
	switch {
	case n < 1 || n > 99:
		return strconv.Itoa(n)
	case n <= 10:
		return hanDigits[n]
	case n < 20:
		return "十" + hanDigits[n-10]
	case n%10 == 0:
		return hanDigits[n/10] + "十"
	}
	return hanDigits[n/10] + "十" + hanDigits[n%10]
}

// changes words lines of the public history, each with the page it leads to.
func changes(p ledger.Programme, lines []ledger.Line) []view.Change {
	var out []view.Change
	for _, e := range lines {
		out = append(out, view.Change{On: door.Day(e.OnDay), Text: e.Text, Href: leads(p, e)})
	}
	return out
}

// leads is the page that a line of the history is about.
func leads(p ledger.Programme, e ledger.Line) string {
	switch {
	case e.ProblemCode != "" && e.MeasureCode != "":
		return root(p) + e.ProblemCode + "#m-" + e.MeasureCode
	case e.ProblemCode != "":
		return place(p, e.ProblemCode, e.Announced)
	case e.Announcement != "":
		return "/announcements/" + e.Announcement
	}
	return ""
}
