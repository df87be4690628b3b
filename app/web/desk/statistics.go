package desk

import (
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// longestPeriod is how many months a table of months may have.
const longestPeriod = 120

// Statistics counts a period for staff: the real numbers, none suppressed.
func (d *Doors) Statistics(c *door.Ctx) error {
	var p view.DeskStatisticsPage
	var bad []fault.Field
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "统计"); err != nil {
			return err
		}
		from, to := stats.Period(calendar.Of(r.Now))
		for _, x := range []struct {
			name string
			to   *calendar.Date
		}{{"from", &from}, {"to", &to}} {
			if v := strings.TrimSpace(c.Query(x.name)); v != "" {
				on, err := calendar.Parse(v)
				if err != nil {
					bad = append(bad, fault.Field{Name: x.name, Message: "日期要写成 2026-03-01 这样。"})
					continue
				}
				*x.to = on
			}
		}
		if len(bad) == 0 && to.Before(from) {
			bad = append(bad, fault.Field{Name: "to", Message: "结束日期不能早于开始日期。"})
		} else if len(bad) == 0 && from.AddMonths(longestPeriod).Before(to) {
			bad = append(bad, fault.Field{Name: "from", Message: "一次最多统计 10 年，请缩短。"})
		}
		p.Form = view.Form{Action: "/desk/statistics", Fields: []view.Field{
			{Name: "from", Kind: "date", Label: "从", Value: or(c.Query("from"), from.String())},
			{Name: "to", Kind: "date", Label: "到", Value: or(c.Query("to"), to.String())}}}
		if len(bad) > 0 {
			from, to = stats.Period(calendar.Of(r.Now))
		}
		s, err := stats.Summarize(r, from, to)
		if err != nil {
			return err
		}
		count(&p, s)
		return nil
	})
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		again(&p.Desk, &p.Form, nil, fault.Form(bad))
		return c.Render(422, p)
	}
	return c.Render(200, p)
}

func count(p *view.DeskStatisticsPage, s stats.Summary) {
	p.Period = s.From.Chinese() + "至" + s.To.Chinese()
	row := func(label string, n stats.Count) view.TallyRow {
		return view.TallyRow{Label: label, Received: n.Received, Replied: view.Share{Count: n.Replied, Of: n.Received}}
	}
	p.Total = row("合计", s.Total)
	for _, k := range s.Kinds {
		p.Kinds = append(p.Kinds, row(k.Kind.Word(), k.Count))
	}
	for _, m := range s.Months {
		p.Months = append(p.Months, row(view.Day(m.Month).String(), m.Count))
	}
	p.Indicators = []view.Indicator{
		{Label: "答复率", Share: view.Share{Count: s.Total.Replied, Of: s.Total.Received}, How: "已答复 ÷ 收到"},
		{Label: "按期答复率", Share: view.Share{Count: s.OnTime, Of: s.Due}, How: "期限内答复（批准的延期算在内）÷（已答复 + 没有答复的超期件）"},
		{Label: "解决率", Share: view.Share{Count: s.Resolved, Of: s.Ratings}, How: "评价“已解决” ÷ 有效评价"},
		{Label: "满意率", Share: view.Share{Count: s.Satisfied, Of: s.Ratings}, How: "（满意 + 基本满意）÷ 有效评价"},
		{Label: "评价率", Share: view.Share{Count: s.Ratings, Of: s.Total.Replied}, How: "作了评价 ÷ 已答复"},
	}
}
