package public

import (
	"fmt"
	"regexp"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/settings"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var monthForm = regexp.MustCompile(`^20\d\d-(0[1-9]|1[0-2])$`)

// Replies lists published replies.
func (d *Doors) Replies(c *door.Ctx) error {
	f := cases.ReplyFilter{Kind: cases.Kind(c.Query("kind")), Month: c.Query("month"), Limit: pageRows + 1}
	f.Before, _ = strconv.ParseInt(c.Query("before"), 10, 64)
	if (f.Kind != "" && !f.Kind.Valid()) || (f.Month != "" && !monthForm.MatchString(f.Month)) {
		return fault.New(fault.Malformed, "地址不对，请从公开答复页重新筛选。")
	}
	p := view.RepliesPage{Filtered: f.Kind != "" || f.Month != ""}
	return show(c, "公开答复", &p.Frame, &p, func(r *store.Reader) error {
		counts, err := cases.CountReplies(r)
		if err != nil {
			return err
		}
		p.Filters = replyFilters(f, counts)
		list, err := cases.Replies(r, f)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.More = replyAddress(f.Kind, f.Month) + sep(f) + fmt.Sprintf("before=%d", list[pageRows-1].ID)
		}
		for _, x := range list {
			p.Replies = append(p.Replies, view.ReplyRow{Title: x.Title, Href: fmt.Sprintf("/replies/%d", x.ID), Unit: x.Unit,
				Kind: view.Kind(x.Kind), AskedOn: door.Day(x.AskedOn), AnsweredOn: door.Day(x.AnsweredOn)})
		}
		return nil
	})
}

func sep(f cases.ReplyFilter) string {
	if f.Kind != "" || f.Month != "" {
		return "&"
	}
	return "?"
}

func replyAddress(k cases.Kind, month string) string {
	switch {
	case k != "" && month != "":
		return "/replies?kind=" + string(k) + "&month=" + month
	case k != "":
		return "/replies?kind=" + string(k)
	case month != "":
		return "/replies?month=" + month
	}
	return "/replies"
}

func replyFilters(f cases.ReplyFilter, counts []cases.ReplyCount) []view.Filter {
	sum := func(k cases.Kind, month string) (n int) {
		for _, x := range counts {
			if (k == "" || k == x.Kind) && (month == "" || month == x.Month) {
				n += x.N
			}
		}
		return n
	}
	kinds := view.Filter{Name: "类别", Options: []view.Option{{Text: "全部", Href: replyAddress("", f.Month), Count: sum("", f.Month), Here: f.Kind == ""}}}
	for _, k := range cases.Kinds {
		if n := sum(k, f.Month); n > 0 || f.Kind == k {
			kinds.Options = append(kinds.Options, view.Option{Text: k.Word(), Href: replyAddress(k, f.Month), Count: n, Here: f.Kind == k})
		}
	}
	months := view.Filter{Name: "月份", Options: []view.Option{{Text: "全部", Href: replyAddress(f.Kind, ""), Count: sum(f.Kind, ""), Here: f.Month == ""}}}
	seen := map[string]bool{}
	for _, x := range counts {
		if !seen[x.Month] {
			seen[x.Month] = true
			months.Options = append(months.Options, view.Option{Text: view.Day(x.Month).String(), Href: replyAddress(f.Kind, x.Month),
				Count: sum(f.Kind, x.Month), Here: f.Month == x.Month})
		}
	}
	return []view.Filter{kinds, months}
}

// Reply shows one published reply.
func (d *Doors) Reply(c *door.Ctx) error {
	var p view.ReplyPage
	no, err := strconv.ParseInt(c.Params("no"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "没有这份公开答复。")
	}
	err = c.Read(func(r *store.Reader) error {
		x, err := cases.FindReply(r, no)
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, x.Title); err != nil {
			return err
		}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "公开答复", Href: "/replies"}}
		p.No, p.Kind, p.Heading, p.Question, p.Answer, p.Unit = strconv.FormatInt(x.ID, 10), view.Kind(x.Kind), x.Title, x.Question, x.Answer, x.Unit
		p.AskedOn, p.AnsweredOn, p.Log = door.Day(x.AskedOn), door.Day(x.AnsweredOn), historyOf("reply", strconv.FormatInt(x.ID, 10))
		if x.ProblemID != nil {
			places, err := ledger.Place(r, *x.ProblemID)
			if err != nil {
				return err
			}
			if problem, ok := places[*x.ProblemID]; ok {
				p.Problem = view.Link{Text: problem.Code + " " + problem.Title, Href: placed(problem)}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Statistics shows what came in and what was answered in a calendar year. Each
// number stands in the table of its year and in no other: two tables that
// overlap would give away by subtraction what each withholds.
func (d *Doors) Statistics(c *door.Ctx) error {
	p := view.StatisticsPage{}
	return show(c, "数据统计", &p.Frame, &p, func(r *store.Reader) error {
		this, first := calendar.Of(r.Now).Year(), calendar.Of(r.Now).Year()
		oldest, err := stats.Oldest(r)
		if err != nil {
			return err
		}
		if oldest != "" {
			first = oldest.First().Year()
		}
		year := this
		if v := c.Query("year"); v != "" {
			if year, err = strconv.Atoi(v); err != nil || year < first || year > this {
				return fault.New(fault.NotFound, "没有这一年的统计。请从数据统计页重新打开。")
			}
		}
		for y := this; y >= first && y > this-20; y-- {
			if y != year {
				p.Other = append(p.Other, view.Link{Text: fmt.Sprintf("%d年", y), Href: fmt.Sprintf("/statistics?year=%d", y)})
			}
		}
		return count(r, &p, year)
	})
}

// count fills the page with what may be published of a year; the home page takes
// its counts from here too, so that it shows nothing that this page withholds.
func count(r *store.Reader, p *view.StatisticsPage, year int) error {
	today := calendar.Of(r.Now)
	cut := stats.Cut{From: stats.MonthOf(calendar.NewDate(year, 1, 1)), To: min(stats.MonthOf(calendar.NewDate(year, 12, 1)), stats.MonthOf(today))}
	t, err := stats.Count(r, cut)
	if err != nil {
		return err
	}
	p.From, p.To, p.FrozenOn = door.Day(cut.From.First()), door.Day(cut.To.Last()), door.Day(t.FrozenOn(cut.To))
	if today.Before(cut.To.Last()) {
		p.To = door.Day(today)
	}
	all := stats.Cut{}
	p.Received, p.Replied = view.Cell(t.N(stats.Received, all)), view.Cell(t.N(stats.Answered, all))
	for _, k := range cases.Kinds {
		of := stats.Cut{Kind: k}
		p.Kinds = append(p.Kinds, view.CountRow{Label: k.Word(), Received: view.Cell(t.N(stats.Received, of)), Replied: view.Cell(t.N(stats.Answered, of))})
	}
	for m := cut.To; m >= cut.From; m = m.Add(-1) {
		one := t.Of(m)
		p.Months = append(p.Months, view.CountRow{Label: view.Day(m).String(), Received: view.Cell(one.N(stats.Received, all)), Replied: view.Cell(one.N(stats.Answered, all))})
	}
	for _, i := range stats.Indicators {
		if published[i.Word] {
			n, of := t.Rate(i, all)
			p.Rates = append(p.Rates, view.Rate{Name: i.Word, Share: view.Share{Count: n, Of: of}, Formula: i.How})
		}
	}
	corrections, err := stats.Corrections(r, cut)
	if err != nil {
		return err
	}
	for _, x := range corrections {
		if x.SetName == stats.Received || x.SetName == stats.Answered {
			p.Corrected = append(p.Corrected, fmt.Sprintf("%s：%s的“%s”经核对更正。", calendar.Of(x.At).Chinese(), view.Day(x.Month), x.SetName.Word()))
		}
	}
	p.Withhold()
	return nil
}

// published are the rates that the public reads.
var published = map[string]bool{"按期告知率": true, "按期答复率": true, "解决率": true, "满意率": true}

// nothing is what a page reads that needs only its frame.
func nothing(*store.Reader) error { return nil }

// Guide says what goes where.
func (d *Doors) Guide(c *door.Ctx) error {
	p := view.GuidePage{}
	return show(c, "反映指南与举报须知", &p.Frame, &p, nothing)
}

// Accessibility says what works for whom.
func (d *Doors) Accessibility(c *door.Ctx) error {
	p := view.AccessibilityPage{}
	return show(c, "无障碍说明", &p.Frame, &p, nothing)
}

// Privacy is the notice that every form refers to.
func (d *Doors) Privacy(c *door.Ctx) error {
	p := view.PrivacyPage{}
	return show(c, "隐私说明", &p.Frame, &p, func(r *store.Reader) (err error) {
		s, err := settings.LoadSite(r)
		if err != nil {
			return err
		}
		p.Version = s.Privacy
		kept, err := settings.LoadRetention(r)
		if err != nil || !kept.Confirmed {
			return err
		}
		for _, k := range cases.Kinds {
			x := kept.Kinds[string(k)]
			p.Periods = append(p.Periods, view.KeptFor{Kind: k.Word(), Contact: period(x.Contact), Content: period(x.Content)})
		}
		return err
	})
}

// period is a number of months in words.
func period(months int) string {
	if months%12 == 0 {
		return fmt.Sprintf("%d年", months/12)
	}
	return fmt.Sprintf("%d个月", months)
}

// kindRows are the kinds with their limits in words, from settings.
func kindRows(r *store.Reader) ([]view.KindRow, error) {
	limits, err := settings.LoadLimits(r)
	if err != nil {
		return nil, err
	}
	var out []view.KindRow
	for _, k := range view.Kinds {
		row := view.KindRow{Kind: k}
		notice, handle := limits.For(string(k), settings.Notice), limits.For(string(k), settings.Handle)
		if notice.Amount > 0 {
			row.Limit = notice.Limit().String() + "内告知是否受理"
		}
		if handle.Amount > 0 {
			if row.Limit != "" {
				row.Limit += "，"
			}
			if handle.Starts == "accepted" {
				row.Limit += "受理后"
			}
			row.Limit += handle.Limit().String() + "内答复"
		}
		out = append(out, row)
	}
	return out, nil
}

// Channels is every way to reach the court.
func (d *Doors) Channels(c *door.Ctx) error {
	p := view.ChannelsPage{}
	return show(c, "联系渠道", &p.Frame, &p, func(r *store.Reader) (err error) {
		p.Kinds, err = kindRows(r)
		return err
	})
}

// Choose lets people choose a kind.
func (d *Doors) Choose(c *door.Ctx) error {
	p := view.SubmitPage{}
	return show(c, "我要反映", &p.Frame, &p, func(r *store.Reader) (err error) {
		p.Kinds, err = kindRows(r)
		return err
	})
}

// others are the programmes beside the main one.
func others(r *store.Reader) ([]view.Link, error) {
	all, err := ledger.Programmes(r)
	var out []view.Link
	for _, x := range all {
		if !x.Main {
			out = append(out, view.Link{Text: x.Title, Href: address(x.Programme, ledger.Filter{}, nil)})
		}
	}
	return out, err
}

// Sitemap links every public page.
func (d *Doors) Sitemap(c *door.Ctx) error {
	p := view.SitemapPage{}
	return show(c, "网站地图", &p.Frame, &p, func(r *store.Reader) (err error) {
		list, err := ledger.Announcements(r, false, 0, 100)
		if err != nil {
			return err
		}
		group := view.LinkGroup{Title: "整改通报"}
		for _, a := range list {
			group.Links = append(group.Links, view.Link{Text: a.Title, Href: "/announcements/" + a.Slug})
		}
		if len(group.Links) > 0 {
			p.Listed = append(p.Listed, group)
		}
		programme, err := ledger.Main(r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		outlines, err := ledger.Outlines(r, programme)
		for _, o := range outlines {
			g := view.LinkGroup{Title: o.Aspect.Title}
			for _, x := range o.Problems {
				g.Links = append(g.Links, view.Link{Text: x.Code + " " + x.Title, Href: "/progress/" + x.Code})
			}
			p.Listed = append(p.Listed, g)
		}
		if err != nil {
			return err
		}
		others, err := others(r)
		if len(others) > 0 {
			p.Listed = append(p.Listed, view.LinkGroup{Title: "其他轮次的整改进展", Links: others})
		}
		return err
	})
}
