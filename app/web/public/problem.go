package public

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// root is where the problems of a programme are found.
func root(p ledger.Programme) string {
	if p.Main {
		return "/progress/"
	}
	return "/progress/" + p.Slug + "/"
}

// place is the address of a problem. One that an announcement names keeps its
// page beside the ledger's problem of the same code.
func place(p ledger.Programme, code string, announced bool) string {
	if announced && p.Ledger {
		return root(p) + code + "?announced=1"
	}
	return root(p) + code
}

// placed is place for a problem that something refers to.
func placed(x ledger.Placed) string {
	return place(ledger.Programme{Slug: x.Slug, Main: x.Main, Ledger: x.Ledger}, x.Code, x.Announced)
}

// Problem shows one problem with all that is public about it; the address of a
// measure leads to its row.
func (d *Doors) Problem(c *door.Ctx) error {
	var p view.ProblemPage
	to := ""
	err := c.Read(func(r *store.Reader) error {
		programme, err := ledger.FindProgramme(r, c.Params("programme"))
		if err != nil {
			return err
		}
		code := c.Params("code")
		if problem, ok, err := ledger.MeasurePage(r, programme.ID, code); err != nil || ok {
			to = root(programme) + problem + "#m-" + code
			return err
		}
		describe := ledger.Describe
		if c.Query("announced") != "" {
			describe = ledger.DescribeAnnounced
		}
		x, err := describe(r, programme, code)
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, x.Problem.Title); err != nil {
			return err
		}
		described(&p, x, calendar.Of(r.Now))
		comments, err := cases.Replies(r, cases.ReplyFilter{Problems: x.About(), Limit: 50})
		for _, m := range comments {
			p.Comments = append(p.Comments, view.PublishedComment{On: door.Day(m.AskedOn), Text: m.Question, AnsweredOn: door.Day(m.AnsweredOn), Unit: m.Unit, Answer: m.Answer})
		}
		return err
	})
	if err != nil {
		return err
	}
	if to != "" {
		return c.SeeOther(to)
	}
	return c.Render(200, p)
}

// described fills the page with what the ledger and the announcement say.
func described(p *view.ProblemPage, x ledger.Detail, today calendar.Date) {
	programme, problem := x.Programme, x.Problem
	aspect := view.Link{Text: x.Aspect.Title, Href: address(programme, ledger.Filter{Aspect: x.Aspect.No}, nil)}
	p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "整改进展", Href: address(programme, ledger.Filter{}, nil)}, aspect}
	p.Code, p.Title, p.Text, p.Aspect, p.Status, p.Leader = problem.Code, problem.Title, problem.Text, aspect, status(programme, problem.Status), problem.Leader
	p.Round, p.Log = round(programme), historyOf("problem", strconv.FormatInt(problem.ID, 10))
	p.Noindex = problem.Announced && programme.Ledger
	if !p.Noindex {
		p.Comment = "/submit/comment?problem=" + strings.TrimPrefix(root(programme), "/progress/") + problem.Code
	}
	p.Closing, p.ClosedOn = closing(problem.Closing, problem.ReopenedOn), door.Day(problem.ClosedOn)
	if len(x.Measures) == 0 && problem.Closing == ledger.NotApplied {
		p.Closing = view.NotApplied
	}
	if x.Announcement.ID != 0 {
		p.Source, p.SourceOn = view.Link{Text: x.Announcement.Title, Href: "/announcements/" + x.Announcement.Slug}, door.Day(x.Announcement.Dated)
	}
	measures(p, x, today)
	said(p, x)
	p.Evidence = evidence(x.Evidence, func(e ledger.Evidence) bool { return e.ProblemID != nil })
	p.Refusal = refusal(x.Refusals, problem.Closing, func(f ledger.Refused) bool { return f.ProblemID != nil })
	for _, l := range x.Linked {
		link := view.Link{Text: l.Code + " " + l.Title, Href: place(programme, l.Code, l.Announced)}
		if problem.Announced {
			p.InLedger = append(p.InLedger, view.ProblemRow{Code: l.Code, Title: l.Title, Href: link.Href, Status: status(programme, l.Status)})
		}
	}
	for _, e := range x.Events {
		v := view.Change{On: door.Day(e.OnDay), Text: e.Text, Log: historyOf("event", strconv.FormatInt(e.ID, 10))}
		switch {
		case e.MeasureCode != "":
			v.Href = "#m-" + e.MeasureCode
		case e.Announcement != "":
			v.Href = "/announcements/" + e.Announcement
		}
		p.Changes = append(p.Changes, v)
	}
	for _, y := range x.Rules {
		p.Rules = append(p.Rules, view.Link{Text: y.Title, Href: fmt.Sprintf("/rules/%d", y.ID)})
	}
	if !p.Noindex {
		p.Feed, p.Subscribe = at("/feeds/progress.atom", programme, "problem", problem.Code), at("/subscribe", programme, "problem", problem.Code)
	}
	for _, n := range []struct {
		from *ledger.Problem
		to   *view.Link
	}{{x.Previous, &p.Previous}, {x.Next, &p.Following}} {
		if n.from != nil {
			*n.to = view.Link{Text: n.from.Title, Href: place(programme, n.from.Code, n.from.Announced)}
		}
	}
}

// said lays out the sentences of the announcement: on the page of what it named
// under its parts, on the page of a ledger problem under what it was called.
func said(p *view.ProblemPage, x ledger.Detail) {
	by, parts := map[int64][]string{}, map[int64][]string{}
	for _, s := range x.Statements {
		if s.ProblemID == x.Problem.ID && s.SubProblemID != nil {
			parts[*s.SubProblemID] = append(parts[*s.SubProblemID], s.Text)
		} else {
			by[s.ProblemID] = append(by[s.ProblemID], s.Text)
		}
	}
	p.Actions = by[x.Problem.ID]
	for i, s := range x.Subs {
		p.Subs[i].Actions = parts[s.ID]
	}
	if x.Problem.Announced {
		return
	}
	for _, l := range x.Linked {
		p.Said = append(p.Said, view.Said{Problem: view.Link{Text: l.Title, Href: place(x.Programme, l.Code, true)}, Sentences: by[l.ID]})
	}
}

// measures puts the measures under their sub-problems, and what they add up to
// at the problem.
func measures(p *view.ProblemPage, x ledger.Detail, today calendar.Date) {
	at := map[int64]int{}
	for i, s := range x.Subs {
		at[s.ID] = i
		p.Subs = append(p.Subs, view.SubProblem{Code: fmt.Sprintf("%s-%d", x.Problem.Code, s.No), Title: s.Title, Text: s.Text})
	}
	var leads []string
	var due, next calendar.Date
	for _, m := range x.Measures {
		row := measure(m, x, today)
		if m.SubProblemID == nil {
			p.Measures = append(p.Measures, row)
		} else if i, ok := at[*m.SubProblemID]; ok {
			p.Subs[i].Measures = append(p.Subs[i].Measures, row)
		}
		if m.Department != "" && !slices.Contains(leads, m.Department) {
			leads = append(leads, m.Department)
		}
		if m.DueOn.After(due) {
			due = m.DueOn
		}
		for _, day := range []calendar.Date{m.DueOn, m.CheckOn} {
			open := day == m.CheckOn || m.Status != ledger.Done && m.Closing != ledger.Closed
			if open && !day.IsZero() && !day.Before(today) && (next.IsZero() || day.Before(next)) {
				next = day
			}
		}
	}
	p.LeadDept, p.Due, p.Next = strings.Join(leads, "、"), door.Day(due), door.Day(next)
}

func measure(m ledger.Measure, x ledger.Detail, today calendar.Date) view.MeasureRow {
	mine := func(id *int64) bool { return id != nil && *id == m.ID }
	row := view.MeasureRow{Code: m.Code, Text: m.Title, Note: m.Note, Kind: kinds[m.Kind], Status: status(x.Programme, m.Status), DoneOn: door.Day(m.DoneOn),
		Closing: closing(m.Closing, m.ReopenedOn), ClosedOn: door.Day(cmp.Or(m.ClosedOn, m.ReopenedOn)), Leader: m.Leader, LeadDept: m.Department,
		CoDepts: strings.Join(m.CoDepts, "、"), Due: door.Day(m.DueOn), DueText: m.DueText, Overdue: overdue(m, today),
		Refusal:  refusal(x.Refusals, m.Closing, func(f ledger.Refused) bool { return mine(f.MeasureID) }),
		Evidence: evidence(x.Evidence, func(e ledger.Evidence) bool { return mine(e.MeasureID) })}
	if m.BaselineOn != m.DueOn {
		row.Baseline = door.Day(m.BaselineOn)
	}
	if m.Kind == ledger.Recurring {
		row.Next = door.Day(m.CheckOn)
	}
	return row
}

var kinds = map[ledger.Kind]string{ledger.Immediate: "立行立改", ledger.Dated: "限期整改", ledger.Recurring: "长期坚持"}

// status is how far something is said to be; in the ledger it is the department
// that has not said, elsewhere the announcement.
func status(p ledger.Programme, s ledger.Status) view.Status {
	if s == ledger.Unstated && p.Ledger {
		return view.Unreported
	}
	return view.Status(s)
}

// closing is how far verification is; what a look-back reopened says so until it is applied for again.
func closing(c ledger.Closing, reopened calendar.Date) view.Closing {
	switch {
	case c == ledger.NotApplied && !reopened.IsZero():
		return view.ClosingReopened
	case c == ledger.NotApplied:
		return view.NotApplied
	}
	return view.Closing(c)
}

// overdue says how late a measure is, or nothing.
func overdue(m ledger.Measure, today calendar.Date) string {
	if !m.Overdue(today) {
		return ""
	}
	return fmt.Sprintf("已超期%d天", today.Sub(m.DueOn))
}

// refusal words the newest refusal of what is refused now.
func refusal(all []ledger.Refused, now ledger.Closing, of func(ledger.Refused) bool) string {
	i := slices.IndexFunc(all, of)
	if i < 0 || now != ledger.ClosingRefused {
		return ""
	}
	f := all[i]
	return f.Reviewer() + calendar.Of(f.At).Chinese() + "核验：" + f.Reason.Word()
}

func evidence(all []ledger.Evidence, of func(ledger.Evidence) bool) []view.Evidence {
	var out []view.Evidence
	for _, e := range all {
		switch {
		case !of(e):
		case e.URL != "":
			out = append(out, view.Evidence{Link: view.Link{Text: e.Title, Href: e.URL}, Outside: true})
		default:
			out = append(out, view.Evidence{Link: view.Link{Text: e.Title, Href: fmt.Sprintf("/evidence/%d", e.ID)}, Size: size(e.Size)})
		}
	}
	return out
}

// size is a file's size as people read it.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", max(1, (n+512)>>10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// Evidence sends a public file of something public.
func (d *Doors) Evidence(c *door.Ctx) error {
	id, err := c.ParamsInt("id")
	if err != nil || id < 1 {
		return fault.New(fault.NotFound, "没有这份材料。")
	}
	e, body, err := d.house.Ledger.PublicEvidence(c.Std(), int64(id))
	if err != nil {
		return err
	}
	return c.Download(e.Name, e.Size, body)
}
