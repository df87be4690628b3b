package cases_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mingjing/app/cases"
	"mingjing/app/fault"
)

func TestAProposalStartsFromTextsWithoutPersonalValues(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		s.Title = "赵先生建议延长窗口时间"
		s.Content = "我是赵先生，手机１３９ 0013-8000，家里0871-6411 1111，身份证53010219800101001X，卡号6222 0212 3456 7890 123，邮箱a.b@example.cn。" +
			"2021-01-05在1-3 13700137000排队，交5000元。案件编号4817。"
		id := c.answered(s)
		p, err := c.Open(ctx, c.publisher, id)
		c.must(err)
		want := &cases.Redacted{Title: "某某建议延长窗口时间",
			Question: "我是某某，手机×××，家里×××，身份证×××，卡号×××，邮箱×××。2021-01-05在1-3 ×××排队，交5000元。案件编号4817。",
			Answer:   "您的建议很好，自下月起中午安排值班。",
			Marks: []cases.Mark{{What: "姓名", Text: "赵先生"}, {What: "邮箱", Text: "a.b@example.cn"}, {What: "手机号", Text: "１３９ 0013-8000"}, {What: "电话号码", Text: "0871-6411 1111"},
				{What: "身份证号", Text: "53010219800101001X"}, {What: "银行卡号", Text: "6222 0212 3456 7890 123"}, {What: "手机号", Text: "13700137000"}}}
		if d := cmp.Diff(want, p.Redacted, cmpopts.IgnoreUnexported(cases.Redacted{})); d != "" {
			t.Error(d)
		}
		// A mark is taken away by itself, a person's number never.
		lifted := p.Redacted.Lift(want.Marks[3], want.Marks[2], cases.Mark{What: "姓名", Text: "别人"})
		if lifted.Question != "我是某某，手机×××，家里0871-6411 1111，身份证×××，卡号×××，邮箱×××。2021-01-05在1-3 ×××排队，交5000元。案件编号4817。" || len(lifted.Marks) != len(want.Marks) {
			t.Errorf("%+v", lifted)
		}
		if p.Case.Content != s.Content {
			t.Errorf("the original was changed: %s", p.Case.Content)
		}
		if p, err := c.Open(ctx, c.reviewer, id); err != nil || p.Redacted != nil {
			t.Errorf("%+v %v", p.Redacted, err)
		}
		// What is left in is refused when it is a person's; an office's phone may stay.
		for _, text := range []string{"请找137 0013 7000", "卡号6222021234567890123", "证件53010219800101001x"} {
			_, err := c.ProposePublication(ctx, c.publisher, id, "标题", text, "答")
			c.refused(err, fault.Invalid)
		}
		_, err = c.ProposePublication(ctx, c.publisher, id, p.Redacted.Title, p.Redacted.Question, "请打0871-64000000或12368。")
		c.must(err)
	})
}
