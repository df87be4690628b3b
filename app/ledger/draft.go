package ledger

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"mingjing/app/announce"
	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Draft is the text of a programme's next announcement, as far as its ledger
// can write it. It holds public texts only, and counts the whole ledger.
type Draft struct {
	Programme Programme
	On        calendar.Date // the day that its figures are stated for
	Text      string
	Counts    Counts
	Gaps      []Gap // what the office has to see to before it is published
}

// Gap is something that the ledger does not say.
type Gap struct {
	ProblemID int64 // of a problem; 0: of the text
	Code      string
	Text      string
}

// Blank opens what stands in a text to be filled in; such a text is not published.
const Blank = "【待填写："

func blank(what string) string { return Blank + what + "】" }

// DraftNext writes the next announcement of a programme in the customary form.
func DraftNext(r *store.Reader, a staff.Actor, p Programme, site settings.Site) (Draft, error) {
	d := Draft{Programme: p, On: calendar.Of(r.Now)}
	if err := a.Require(staff.RectificationOffice); err != nil {
		return d, err
	}
	if !p.Ledger {
		return d, fault.New(fault.NotFound, "这一轮整改的台账还没有导入。请先导入台账表格，再起草通报。")
	}
	x, err := ReadPublished(r, p)
	if err != nil {
		return d, err
	}
	if d.Counts, err = Count(r, p); err != nil {
		return d, err
	}
	var meetings int64
	if err := r.Table("review_meetings").Where("programme_id = ? AND state = 'held'", p.ID).Count(&meetings).Error; err != nil {
		return d, fmt.Errorf("ledger: draft: %w", err)
	}
	var lines []string
	line := func(parts ...string) {
		if s := strings.Join(parts, ""); s != "" {
			lines = append(lines, s)
		}
	}
	line(d.title())
	line(d.preamble())
	line("一、落实主体责任，推进整改工作")
	line(d.fill("怎样研究部署、怎样落实主体责任"))
	if meetings > 0 {
		line(fmt.Sprintf("先后%d次召开会议，专题研究整改推进情况。", meetings))
	}
	line(d.figures(x))
	line("二、聚焦反馈问题，落实整改措施")
	aspects, problems := outlined(x)
	lines = append(lines, strings.Split(strings.TrimSpace(announce.Compose(aspects)), "\n")...)
	chapter := "三"
	if lasting := longTerm(x); len(lasting) > 0 {
		line("三、需要长期坚持的事项")
		lines = append(lines, lasting...)
		chapter = "四"
	}
	line(chapter, "、下一步工作")
	line(d.fill("下一步的工作安排"))
	line(d.contacts(site))
	line(or(p.Inspected, func() string { return d.fill("落款单位") }))
	line(d.On.Chinese())
	d.Text = strings.Join(lines, "\n") + "\n"
	d.look(aspects, problems)
	return d, nil
}

func or(s string, otherwise func() string) string {
	if s = typed.Line(s); s != "" {
		return s
	}
	return otherwise()
}

// fill leaves a place to be filled in and says so to the office.
func (d *Draft) fill(what string) string {
	d.Gaps = append(d.Gaps, Gap{Text: what})
	return blank(what)
}

// verb is what the inspection is called.
func (d *Draft) verb() string {
	if strings.Contains(d.Programme.Inspector+d.Programme.Title, "巡察") {
		return "巡察"
	}
	return "巡视"
}

func (d *Draft) title() string {
	title := d.verb() + "整改进展情况的通报"
	if by := typed.Line(d.Programme.Inspected); by != "" {
		return by + "关于" + title
	}
	return "关于" + title
}

// preamble says who was inspected by whom and when, as far as it is known.
func (d *Draft) preamble() string {
	p, verb := d.Programme, d.verb()
	inspected, inspector := or(p.Inspected, func() string { return "本院党组" }), typed.Line(p.Inspector)
	var out strings.Builder
	if inspector != "" && !p.InspectedFrom.IsZero() && !p.InspectedTo.IsZero() {
		to := strings.TrimPrefix(p.InspectedTo.Chinese(), p.InspectedFrom.Chinese()[:len("2020年")]) // the year once
		fmt.Fprintf(&out, "根据统一安排部署，%s至%s，%s对%s开展了%s。", p.InspectedFrom.Chinese(), to, inspector, inspected, verb)
	} else {
		out.WriteString(d.fill(verb + "的时间和机构"))
	}
	if inspector != "" && !p.FeedbackOn.IsZero() {
		fmt.Fprintf(&out, "%s，%s向%s反馈了%s意见。", p.FeedbackOn.Chinese(), inspector, inspected, verb)
	} else {
		out.WriteString(d.fill("反馈" + verb + "意见的日期"))
	}
	fmt.Fprintf(&out, "按照%s工作有关要求，现将整改进展情况予以公布。", verb)
	return out.String()
}

// figures states what the ledger counts, in words that announce reads back as
// the same figures. What the ledger does not say is no zero: it is left out.
func (d *Draft) figures(x Published) string {
	n := d.Counts
	problems, measures := n.Problems.All(), n.Measures.All()
	var out strings.Builder
	fmt.Fprintf(&out, "截至%s，对照反馈的%d个问题", d.On.Chinese(), problems)
	if n.SubProblems > 0 {
		fmt.Fprintf(&out, "，细化为%d个小问题", n.SubProblems)
	}
	if measures > 0 {
		fmt.Fprintf(&out, "，制定%d条整改措施", measures)
		if assigned(x.Measures) && len(x.Measures) == measures {
			out.WriteString("，逐条明确责任领导、牵头部门和整改时限")
		}
	}
	out.WriteString("。")
	if problems > n.Problems[Unstated] {
		fmt.Fprintf(&out, "反馈问题已完成整改%d个", n.Problems[Done])
		if n.Problems[BasicallyDone] > 0 {
			fmt.Fprintf(&out, "，基本完成整改%d个", n.Problems[BasicallyDone])
		}
		for _, left := range []struct {
			status Status
			words  string
		}{{InProgress, "正在整改的"}, {LongTerm, "需要长期坚持的"}, {NotStarted, "还没有启动的"}} {
			if k := n.Problems[left.status]; k > 0 {
				fmt.Fprintf(&out, "，%s%d个", left.words, k)
			}
		}
		out.WriteString("。")
	}
	if measures > n.Measures[Unstated] {
		fmt.Fprintf(&out, "整改措施已完成%d条，占%s", n.Measures[Done], percent(n.Measures[Done], measures))
		if n.MeasuresClosed > 0 {
			fmt.Fprintf(&out, "，经核验销号的%d条", n.MeasuresClosed)
		}
		out.WriteString("。")
	}
	if n.Rules > 0 {
		fmt.Fprintf(&out, "制定、修订制度%d个。", n.Rules)
	}
	if k := n.Problems[Unstated]; k > 0 {
		d.Gaps = append(d.Gaps, Gap{Text: fmt.Sprintf("%d个问题的台账没有说明进展，完成数没有算上它们", k)})
	}
	if k := n.Measures[Unstated]; k > 0 {
		d.Gaps = append(d.Gaps, Gap{Text: fmt.Sprintf("%d条措施的台账没有说明进展，完成数没有算上它们", k)})
	}
	if k := problems - len(x.Problems); k > 0 {
		d.Gaps = append(d.Gaps, Gap{Text: fmt.Sprintf("%d个问题没有公开，计入总数，没有写进正文", k)})
	}
	return out.String()
}

// assigned says that every measure has a leader, a department and a date.
func assigned(list []Measure) bool {
	return !slices.ContainsFunc(list, func(m Measure) bool {
		return m.Leader == "" || m.Department == "" || m.DueOn.IsZero() && m.DueText == ""
	})
}

// percent has one decimal, and is 100% only where nothing is missing.
func percent(part, whole int) string {
	x := float64(part) / float64(whole) * 100
	if r := math.Round(x * 10); r >= 1000 && part < whole {
		return fmt.Sprintf("%.1f%%", math.Floor(x*10)/10)
	}
	return fmt.Sprintf("%.1f%%", x)
}

// outlined sets the published problems under their aspects with what was done
// about each; problems are the ledger's in the same order.
func outlined(x Published) (aspects []announce.Aspect, problems []Problem) {
	subs, own, parts := map[int64][]SubProblem{}, map[int64][]Measure{}, map[int64][]Measure{}
	for _, s := range x.Subs {
		subs[s.ProblemID] = append(subs[s.ProblemID], s)
	}
	for _, m := range x.Measures {
		if m.SubProblemID == nil {
			own[m.ProblemID] = append(own[m.ProblemID], m)
		} else {
			parts[*m.SubProblemID] = append(parts[*m.SubProblemID], m)
		}
	}
	for _, a := range x.Aspects {
		out := announce.Aspect{No: len(aspects) + 1, Title: announce.Stated(announce.Heading(a.Title)), Problems: []announce.Problem{}}
		for _, p := range x.Problems {
			if p.AspectID != a.ID {
				continue
			}
			problem := announce.Problem{No: len(out.Problems) + 1, Title: announce.Heading(p.Title), Actions: doings(own[p.ID]), Sub: []announce.SubProblem{}}
			for _, s := range subs[p.ID] {
				problem.Sub = append(problem.Sub, announce.SubProblem{No: len(problem.Sub) + 1, Title: announce.Heading(s.Title), Actions: doings(parts[s.ID])})
			}
			out.Problems = append(out.Problems, problem)
			problems = append(problems, p)
		}
		if len(out.Problems) > 0 {
			aspects = append(aspects, out)
		}
	}
	return aspects, problems
}

// doings are the sentences that say what was done: of a measure that is claimed
// done its own public text and what was reported, of another only what was reported.
func doings(list []Measure) []string {
	out := []string{}
	say := func(sentences ...string) {
		for _, s := range sentences {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for _, m := range list {
		planned, reported := announce.Sentences(m.Title), announce.Sentences(m.Note)
		switch m.Status {
		case Done, BasicallyDone, LongTerm:
			say(planned...)
			say(reported...)
		case InProgress:
			if len(planned) > 0 && len(reported) > 0 {
				planned[0] = "正在推进：" + planned[0]
				say(planned...)
				say(reported...)
			}
		default:
			say(reported...)
		}
	}
	return out
}

// longTerm are the measures that go on, with their next check.
func longTerm(x Published) []string {
	var out []string
	for _, m := range x.Measures {
		if m.Status != LongTerm && m.Kind != Recurring {
			continue
		}
		if s := strings.Join(announce.Sentences(m.Title), ""); s != "" {
			s = "长期坚持：" + s
			if !m.CheckOn.IsZero() {
				s += "下次检查安排在" + m.CheckOn.Chinese() + "。"
			}
			out = append(out, s)
		}
	}
	return out
}

// contacts are the settings' ways to answer.
func (d *Draft) contacts(site settings.Site) string {
	var ways []string
	for _, w := range []struct{ label, value string }{{"联系电话", site.Hotline}, {"邮政编码", site.Postcode}, {"地址", site.Address}, {"电子邮箱", site.Email}, {"监督网站", site.Website}} {
		if v := typed.Line(w.value); v != "" {
			ways = append(ways, w.label+"："+v)
		}
	}
	if site.Address == "" {
		d.Gaps = append(d.Gaps, Gap{Text: "设置里没有来信来访地址，正文没有写地址"})
	}
	out := "欢迎广大干部群众对" + d.verb() + "整改落实情况进行监督。如有意见建议，请及时向我们反映。"
	if len(ways) > 0 {
		out += strings.Join(ways, "；") + "。"
	}
	return out
}

// look lists the problems and parts of which nothing published says what was
// done, and those whose words would be read as something else.
func (d *Draft) look(aspects []announce.Aspect, problems []Problem) {
	var got []announce.Problem
	for _, a := range announce.Parse(d.Text).Aspects {
		got = append(got, a.Problems...)
	}
	i, silent := 0, 0
	for _, a := range aspects {
		for _, p := range a.Problems {
			gap := Gap{ProblemID: problems[i].ID, Code: problems[i].Code}
			said := len(p.Actions)
			for _, s := range p.Sub {
				said += len(s.Actions)
			}
			switch {
			case said == 0:
				gap.Text = p.Title + "：没有公开的整改情况，正文只写了题目"
				d.Gaps = append(d.Gaps, gap)
			default:
				for _, s := range p.Sub {
					if len(s.Actions) == 0 {
						silent++
					}
				}
			}
			if i >= len(got) || !reflect.DeepEqual(p, got[i]) {
				gap.Text = p.Title + "：有的文字会被识别成别的，请在识别结果里核对"
				d.Gaps = append(d.Gaps, gap)
			}
			i++
		}
	}
	if silent > 0 {
		d.Gaps = append(d.Gaps, Gap{Text: fmt.Sprintf("另有%d个细化问题没有公开的整改情况，正文只写了题目", silent)})
	}
}
