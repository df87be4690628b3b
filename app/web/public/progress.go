package public

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/announce"
	"mingjing/app/cases"
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
		if err := count(r, &counts); err != nil {
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
		events, err := ledger.Latest(r, programme.ID, 5)
		if err != nil {
			return err
		}
		p.Changes, err = changes(r, events)
		return err
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

func homeFigures(r *store.Reader, programme ledger.Programme, p *view.HomePage) error {
	a, figures, ok, err := ledger.Stated(r, programme.ID)
	if err != nil || !ok {
		return err
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
func changes(r *store.Reader, events []ledger.Event) ([]view.Change, error) {
	var out []view.Change
	for _, e := range events {
		v := view.Change{On: door.Day(e.OnDay), Text: e.Text}
		switch {
		case e.ProblemID != nil:
			x, err := ledger.ProblemByID(r, *e.ProblemID)
			if err != nil {
				return nil, err
			}
			v.Href = "/progress/" + x.Code
		case e.AnnouncementID != nil:
			slug, err := ledger.AnnouncementSlug(r, *e.AnnouncementID)
			if err != nil {
				return nil, err
			}
			v.Href = "/announcements/" + slug
		}
		out = append(out, v)
	}
	return out, nil
}

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
	p := view.ProgressPage{Query: f.Query, Filtered: f.Aspect != 0 || f.Status != "" || f.Dept != "" || f.Query != ""}
	return show(c, "整改进展", &p.Frame, &p, func(r *store.Reader) error {
		p.Noindex = p.Filtered
		programme, err := ledger.Main(r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		list, tallies, err := ledger.Progress(r, programme, f)
		if err != nil {
			return err
		}
		outlines, err := ledger.Outlines(r, programme)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			last := list[pageRows-1]
			p.More = address(f, func(v url.Values) { v.Set("after", fmt.Sprintf("%d-%d", last.AspectNo, last.No)) })
		}
		for _, x := range list {
			p.Problems = append(p.Problems, view.ProblemRow{Code: x.Code, Title: x.Title, Href: "/progress/" + x.Code, Aspect: x.AspectTitle,
				Status: view.Status(x.Status)})
		}
		p.Total = ledger.Sum(tallies, f)
		p.Filters = filters(f, outlines, tallies)
		for name, v := range map[string]string{"status": string(f.Status), "dept": f.Dept} {
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

// address is the progress page with these filters.
func address(f ledger.Filter, change func(url.Values)) string {
	v := url.Values{}
	for name, value := range map[string]string{"status": string(f.Status), "dept": f.Dept, "q": f.Query} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Aspect != 0 {
		v.Set("aspect", strconv.Itoa(f.Aspect))
	}
	change(v)
	if len(v) == 0 {
		return "/progress"
	}
	return "/progress?" + v.Encode()
}

// filters are the rows of links, each with how many it would show.
func filters(f ledger.Filter, outlines []ledger.Outline, tallies []ledger.Tally) []view.Filter {
	option := func(text string, g ledger.Filter, here bool) view.Option {
		return view.Option{Text: text, Href: address(g, func(url.Values) {}), Count: ledger.Sum(tallies, g), Here: here}
	}
	g := f
	g.Aspect = 0
	aspects := view.Filter{Name: "方面", Options: []view.Option{option("全部", g, f.Aspect == 0)}}
	for _, o := range outlines {
		g.Aspect = o.Aspect.No
		aspects.Options = append(aspects.Options, option(o.Aspect.Title, g, f.Aspect == o.Aspect.No))
	}
	g = f
	g.Status = ""
	statuses := view.Filter{Name: "状态", Options: []view.Option{option("全部", g, f.Status == "")}}
	for _, s := range ledger.Statuses {
		g.Status = s
		if o := option(view.Status(s).Word(), g, f.Status == s); o.Count > 0 || o.Here {
			statuses.Options = append(statuses.Options, o)
		}
	}
	out := []view.Filter{aspects, statuses}
	var depts []string
	for _, t := range tallies {
		if t.Dept != "" && !slices.Contains(depts, t.Dept) {
			depts = append(depts, t.Dept)
		}
	}
	if len(depts) > 0 || f.Dept != "" {
		g = f
		g.Dept = ""
		row := view.Filter{Name: "牵头部门", Options: []view.Option{option("全部", g, f.Dept == "")}}
		if f.Dept != "" && !slices.Contains(depts, f.Dept) {
			depts = append(depts, f.Dept)
		}
		for _, name := range depts {
			g.Dept = name
			row.Options = append(row.Options, option(name, g, f.Dept == name))
		}
		out = append(out, row)
	}
	return out
}

// Problem shows one problem with all that is public about it.
func (d *Doors) Problem(c *door.Ctx) error {
	var p view.ProblemPage
	err := c.Read(func(r *store.Reader) error {
		programme, err := ledger.Main(r)
		root := "/progress/"
		if slug := c.Params("programme"); slug != "" {
			programme, err = ledger.ProgrammeBySlug(r, slug)
			root += slug + "/"
		}
		if err != nil {
			return err
		}
		x, err := ledger.Describe(r, programme, c.Params("code"))
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, x.Problem.Title); err != nil {
			return err
		}
		aspect := view.Link{Text: x.Aspect.Title, Href: fmt.Sprintf("/progress?aspect=%d", x.Aspect.No)}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "整改进展", Href: "/progress"}, aspect}
		p.Code, p.Title, p.Aspect, p.Status, p.Leader = x.Problem.Code, x.Problem.Title, aspect, view.Status(x.Problem.Status), x.Problem.Leader
		if x.Announcement.ID != 0 {
			p.Source, p.SourceOn = view.Link{Text: x.Announcement.Title, Href: "/announcements/" + x.Announcement.Slug}, door.Day(x.Announcement.Dated)
		}
		said := map[int64][]string{}
		for _, s := range x.Statements {
			if s.SubProblemID == nil {
				p.Actions = append(p.Actions, s.Text)
			} else {
				said[*s.SubProblemID] = append(said[*s.SubProblemID], s.Text)
			}
		}
		for _, s := range x.Subs {
			p.Subs = append(p.Subs, view.SubProblem{Code: fmt.Sprintf("%s-%d", x.Problem.Code, s.No), Title: s.Title, Actions: said[s.ID]})
		}
		for _, e := range x.Events {
			v := view.Change{On: door.Day(e.OnDay), Text: e.Text}
			if e.AnnouncementID != nil && *e.AnnouncementID == x.Announcement.ID {
				v.Href = p.Source.Href
			}
			p.Changes = append(p.Changes, v)
		}
		for _, n := range []struct {
			from *ledger.Problem
			to   *view.Link
		}{{x.Previous, &p.Previous}, {x.Next, &p.Following}} {
			if n.from != nil {
				*n.to = view.Link{Text: n.from.Title, Href: root + n.from.Code}
			}
		}
		comments, err := cases.Replies(r, cases.ReplyFilter{ProblemID: x.Problem.ID, Limit: 50})
		for _, m := range comments {
			p.Comments = append(p.Comments, view.PublishedComment{On: door.Day(m.AskedOn), Text: m.Question, AnsweredOn: door.Day(m.AnsweredOn), Unit: m.Unit, Answer: m.Answer})
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Announcements lists what was announced.
func (d *Doors) Announcements(c *door.Ctx) error {
	p := view.AnnouncementsPage{}
	return show(c, "整改通报", &p.Frame, &p, func(r *store.Reader) (err error) {
		before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
		list, err := ledger.Announcements(r, false, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.More = fmt.Sprintf("/announcements?before=%d", list[pageRows-1].ID)
		}
		for _, a := range list {
			p.Announcements = append(p.Announcements, view.AnnouncementRow{Title: a.Title, Issuer: a.Issuer, Href: "/announcements/" + a.Slug, On: door.Day(a.Dated)})
		}
		return nil
	})
}

// Announcement shows the full text with its contents, and its figures beside the ledger's.
func (d *Doors) Announcement(c *door.Ctx) error {
	var p view.AnnouncementPage
	err := c.Read(func(r *store.Reader) error {
		a, err := ledger.FindAnnouncement(r, c.Params("slug"), false)
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, a.Title); err != nil {
			return err
		}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "整改通报", Href: "/announcements"}}
		compared, err := ledger.Reconcile(r, a)
		if err != nil {
			return err
		}
		Announced(&p, a, compared)
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Announced fills the page of an announcement; the desk previews with it too.
func Announced(p *view.AnnouncementPage, a ledger.Announcement, compared []ledger.Comparison) {
	p.Heading, p.Issuer, p.On = a.Title, a.Issuer, door.Day(a.Dated)
	for _, x := range compared {
		p.Figures = append(p.Figures, view.StatedFigure{Label: x.Label, Stated: x.Value, Unit: x.Unit, AsOf: view.Day(x.AsOf), Ledger: x.Ledger, Note: x.Note})
	}
	var section *view.Section
	for _, b := range announce.Parse(a.Source).Blocks {
		switch {
		case b.Kind == announce.KindTitle || b.Kind == announce.KindDateline || b.Kind == announce.KindSignature || b.Kind == announce.KindDate:
		case b.Level > 0:
			p.Sections = append(p.Sections, view.Section{ID: b.Anchor, Level: min(b.Level+1, 4), Title: b.Text})
			section = &p.Sections[len(p.Sections)-1]
			if b.Kind == announce.KindProblem {
				section.Href = "/progress/" + strings.TrimPrefix(b.Anchor, "p")
			}
			if b.Rest != "" {
				section.Paragraphs = append(section.Paragraphs, b.Rest)
			}
		case b.Kind == announce.KindClosing:
			p.Closing = append(p.Closing, b.Text)
		case section == nil:
			p.Preamble = append(p.Preamble, b.Text)
		default:
			section.Paragraphs = append(section.Paragraphs, b.Text)
		}
	}
}

// Rules is the register of rules; until the ledger holds it, it says what the
// announcement states and no more.
func (d *Doors) Rules(c *door.Ctx) error {
	p := view.RulesPage{}
	return show(c, "制度成果", &p.Frame, &p, func(r *store.Reader) (err error) {
		programme, err := ledger.Main(r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, figures, ok, err := ledger.Stated(r, programme.ID)
		if f := figures["rules"]; ok && f.Value > 0 {
			p.Stated, p.StatedOn = f.Value, view.Day(f.AsOf)
			p.Source = view.Link{Text: a.Title, Href: "/announcements/" + a.Slug}
		}
		return err
	})
}
