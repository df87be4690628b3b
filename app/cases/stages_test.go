package cases_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func petition(key string) cases.Submission {
	return cases.Submission{Kind: cases.Petition, Title: "请求解决补偿", Demand: "发放补偿", Facts: "已经批准而没有发放", Name: "钱女士", Phone: "0871-64090000",
		Address: "昆明市", PrivacyVersion: "1", Key: "petition-key-" + key}
}

// bench is a department that can answer a case by itself.
type bench struct{ handler, reviewer, approver staff.Actor }

func (c *court) bench(name string) bench {
	return bench{stafftest.Actor(c.t, c.db, name+"1", name, staff.Handler), stafftest.Actor(c.t, c.db, name+"2", name, staff.Reviewer), stafftest.Actor(c.t, c.db, name+"3", name, staff.Approver)}
}

// answers takes an accepted case through a department to its answer.
func (b bench) answers(ctx context.Context, c *court, id int64) {
	c.t.Helper()
	c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), b.handler.DepartmentID, 0))
	c.must(c.Acknowledge(ctx, b.handler, id, c.v(id)))
	_, err := c.SaveDraft(ctx, b.handler, id, 0, "经研究，意见如下。")
	c.must(err)
	c.must(c.Propose(ctx, b.handler, id, c.v(id)))
	c.must(c.Pass(ctx, b.reviewer, id, c.v(id)))
	p, err := c.Open(ctx, b.approver, id)
	c.must(err)
	c.must(c.Approve(ctx, b.approver, id, c.v(id), p.Digest))
	c.must(c.Send(ctx, b.handler, id, c.v(id)))
}

func TestAPetitionIsReconsideredAndReReviewedByOthersAndThenFinal(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(petition("0000000011"))
		third := c.bench("审判监督庭")
		fourth := c.bench("研究室")
		c.refused(c.Object(ctx, id, " "), fault.Invalid)
		c.clock.Set(time.Date(2021, 2, 1, 3, 0, 0, 0, time.UTC))
		c.must(c.Object(ctx, id, "答复没有说明为什么不发。"))
		got := c.get(id)
		want := cases.Case{State: cases.Accepted, Stage: cases.Reconsider, LimitFrom: calendar.NewDate(2021, 2, 1), HandleDue: calendar.NewDate(2021, 3, 3), DueOn: calendar.NewDate(2021, 3, 3), DueStep: "reconsider"}
		if d := cmp.Diff(want, cases.Case{State: got.State, Stage: got.Stage, LimitFrom: got.LimitFrom, HandleDue: got.HandleDue, DueOn: got.DueOn, DueStep: got.DueStep,
			DepartmentID: got.DepartmentID, HandlerID: got.HandlerID}, cmp.AllowUnexported(calendar.Date{})); d != "" {
			t.Error(d)
		}
		// Who answered first does not decide again, and no reconsideration is extended.
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0), fault.Invalid)
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), third.handler.DepartmentID, 0))
		c.must(c.Acknowledge(ctx, third.handler, id, c.v(id)))
		c.refused(c.Extend(ctx, third.approver, id, c.v(id), "案情复杂"), fault.Conflict)
		third.answers(ctx, c, id)
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), third.handler.DepartmentID, 0), fault.Conflict)
		c.must(c.Conclude(ctx, third.handler, id, c.v(id), ""))

		c.must(c.Object(ctx, id, "复查意见也没有说明。"))
		if got := c.get(id); got.Stage != cases.ReReview || got.State != cases.Accepted || !got.EndedOn.IsZero() || got.DueStep != "re_review" {
			t.Errorf("%+v", got)
		}
		for _, b := range []int64{c.department, third.handler.DepartmentID} {
			c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), b, 0), fault.Invalid)
		}
		fourth.answers(ctx, c, id)
		tr, err := c.Track(ctx, id)
		c.must(err)
		if d := cmp.Diff([]cases.Verb{cases.DoSupplement, cases.DoRate}, tr.Actions); d != "" {
			t.Error("after the re-review", d)
		}
		c.refused(c.Object(ctx, id, "再一次"), fault.Conflict)
	})
}

func TestAPetitionerHasThirtyDaysToAskForReconsideration(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		// Answered on 6 January 2021; 5 February is a Friday.
		for key, x := range map[string]struct {
			on   time.Time
			late bool
		}{"0000000021": {time.Date(2021, 2, 5, 15, 59, 0, 0, time.UTC), false}, "0000000022": {time.Date(2021, 2, 5, 16, 1, 0, 0, time.UTC), true}} {
			c.clock.Set(time.Date(2021, 1, 6, 2, 0, 0, 0, time.UTC))
			id := c.answered(petition(key))
			c.clock.Set(x.on)
			err := c.Object(ctx, id, "不同意")
			if x.late {
				c.refused(err, fault.Conflict)
			} else {
				c.must(err)
			}
		}
	})
}

func TestAnObjectionWaitsForADecisionAndNobodyConcludesMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(suggestion())
		c.refused(c.Decline(ctx, c.supervisor, id, c.v(id), "已经解释清楚"), fault.Conflict)
		c.must(c.Object(ctx, id, "没有回答我的问题。"))
		got := c.get(id)
		// Wednesday 6 January and five working days: Wednesday 13 January.
		if got.State != cases.Replied || got.DueStep != "decide" || got.DueOn != calendar.NewDate(2021, 1, 13) {
			t.Errorf("%s %s %s", got.State, got.DueStep, got.DueOn)
		}
		c.refused(c.Object(ctx, id, "再说一次"), fault.Conflict)
		c.refused(c.Conclude(ctx, c.handler, id, c.v(id), ""), fault.Conflict)
		if cases.Can(c.handler, got, cases.DoConclude) || cases.Can(c.dispatcher, got, cases.DoConclude) {
			t.Error("a button is offered that is refused")
		}
		c.refused(c.Decline(ctx, c.handler, id, c.v(id), "不改了"), fault.Forbidden)
		q, err := c.List(ctx, c.supervisor, cases.Filter{Basket: "objected", Limit: 10})
		c.must(err)
		if len(q.Rows) != 1 || q.Rows[0].ID != id {
			t.Errorf("%+v", q.Rows)
		}
		c.must(c.Redo(ctx, c.supervisor, id, c.v(id), "请答复第二个问题"))
		if got := c.get(id); got.State != cases.Redo || got.ObjectedAt != nil || got.DueStep != "handle" {
			t.Errorf("%+v", got)
		}

		// An unhappy rating and an unhappy call ask for the same decision.
		rated := c.answered(suggestion())
		c.must(c.Rate(ctx, rated, "no", "dissatisfied", "没有解决"))
		c.must(c.Decline(ctx, c.dispatcher, rated, c.v(rated), "窗口时间由上级统一规定，本院无权改变。"))
		if got := c.get(rated); got.State != cases.Concluded || got.ObjectedAt != nil || got.Waiting() {
			t.Errorf("%+v", got)
		}
		caller := stafftest.Actor(t, c.db, "caller", "办公室", staff.Caller)
		called := c.answered(suggestion())
		c.refused(c.CallBack(ctx, c.handler, called, c.v(called), cases.Call{Reached: true, Resolved: "yes", Satisfaction: cases.Satisfied}), fault.Forbidden)
		c.refused(c.CallBack(ctx, caller, called, c.v(called), cases.Call{Reached: true}), fault.Invalid)
		c.refused(c.CallBack(ctx, caller, called, c.v(called), cases.Call{}), fault.Invalid)
		c.must(c.CallBack(ctx, caller, called, c.v(called), cases.Call{Resolved: "yes", Note: "两次没有人接"}))
		c.must(c.CallBack(ctx, caller, called, c.v(called), cases.Call{Reached: true, Resolved: "partly", Satisfaction: cases.Dissatisfied, Note: "还要排队"}))
		p, err := c.Open(ctx, c.supervisor, called)
		c.must(err)
		if len(p.Calls) != 2 || p.Calls[0].Satisfaction != cases.Dissatisfied || p.Calls[1].Reached || p.Calls[1].Resolved != "" || p.Case.ObjectedAt == nil || !p.Can[cases.DoDecline] {
			t.Errorf("%+v", p.Calls)
		}
		if tr, err := c.Track(ctx, called); err != nil || len(tr.Messages) != 0 {
			t.Errorf("the sender reads what the caller noted: %+v %v", tr.Messages, err)
		}
		// A concluded case is not filed away while its sender waits, and an unhappy call leaves the petitioner's way open.
		filed := c.answered(suggestion())
		c.must(c.Conclude(ctx, c.handler, filed, c.v(filed), ""))
		c.must(c.Object(ctx, filed, "没有解决"))
		c.refused(c.Archive(ctx, c.dispatcher, filed, c.v(filed)), fault.Conflict)
		c.must(c.Decline(ctx, c.supervisor, filed, c.v(filed), "已经解释清楚"))
		c.must(c.Archive(ctx, c.dispatcher, filed, c.v(filed)))
		asked := c.answered(petition("0000000031"))
		c.must(c.CallBack(ctx, caller, asked, c.v(asked), cases.Call{Reached: true, Resolved: "no", Satisfaction: cases.Dissatisfied, Note: "不同意"}))
		c.must(c.Object(ctx, asked, "申请复查"))
		if got := c.get(asked); got.Stage != cases.Reconsider || got.ObjectedAt != nil {
			t.Errorf("%+v", got)
		}
		for _, change := range []string{"UPDATE case_calls SET note = ''", "DELETE FROM case_calls"} {
			if c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(change).Error }) == nil {
				t.Errorf("%s went through", change)
			}
		}
	})
}

func TestCoOperatingDepartmentsHaveTheirOwnLimitAndTheLeadWaitsForThem(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		id := c.handled(s)
		today := calendar.Of(c.db.Now())
		due := c.get(id).HandleDue
		join := func(a staff.Actor, department int64, by calendar.Date, ask string) error {
			return c.Join(ctx, a, id, c.v(id), department, by, ask)
		}
		c.refused(join(c.handler, c.department, today, "请核实"), fault.Invalid)
		c.refused(join(c.handler, c.elsewhere, today.AddDays(-1), "请核实"), fault.Invalid)
		c.refused(join(c.handler, c.elsewhere, due.AddDays(1), "请核实"), fault.Invalid)
		c.refused(join(c.handler, c.elsewhere, due, " "), fault.Invalid)
		c.refused(join(c.reviewer, c.elsewhere, due, "请核实"), fault.Forbidden)
		if _, err := c.Open(ctx, c.other, id); !fault.Is(err, fault.NotFound) {
			t.Error("a department that nobody asked sees the case", err)
		}
		c.must(join(c.handler, c.elsewhere, due, "请核实叫号设备的情况"))
		c.refused(join(c.dispatcher, c.elsewhere, due, "再请一次"), fault.Invalid)

		p, err := c.Open(ctx, c.other, id)
		c.must(err)
		if p.Opine == 0 || p.Can[cases.DoDraft] || p.Can[cases.DoSend] {
			t.Errorf("%d %+v", p.Opine, p.Can)
		}
		_, err = c.Reveal(ctx, c.other, id)
		c.refused(err, fault.Forbidden)
		asked, err := c.Tasks(ctx, c.other, 10)
		c.must(err)
		if len(asked) != 1 || asked[0].ID != id || asked[0].TaskDue != due {
			t.Errorf("%+v", asked)
		}
		if q, err := c.List(ctx, c.other, cases.Filter{Limit: 10}); err != nil || len(q.Rows) != 0 {
			t.Errorf("it stands in the department's own queue: %+v %v", q.Rows, err)
		}
		c.refused(c.Opine(ctx, c.handler, id, p.Opine, "我替他们写"), fault.Forbidden)
		c.refused(c.Opine(ctx, c.stranger, id, p.Opine, "我替他们写"), fault.NotFound)
		c.refused(c.Opine(ctx, c.other, id, 9999, "没有这一项"), fault.NotFound)
		c.must(c.Opine(ctx, c.other, id, p.Opine, "设备已经修好。"))
		c.refused(c.Opine(ctx, c.other, id, p.Opine, "再说一次"), fault.Conflict)
		c.refused(c.Release(ctx, c.dispatcher, id, p.Opine, "不用了"), fault.Conflict)

		// One is still asked when the answer goes out: ending needs a reason.
		c.must(join(c.dispatcher, c.elsewhere, due, "请再看一次"))
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		page, err := c.Open(ctx, c.approver, id)
		c.must(err)
		c.must(c.Approve(ctx, c.approver, id, c.v(id), page.Digest))
		c.must(c.Send(ctx, c.handler, id, c.v(id)))
		c.refused(c.Conclude(ctx, c.handler, id, c.v(id), ""), fault.Invalid)
		c.must(c.Conclude(ctx, c.handler, id, c.v(id), "会办部门已口头答复，设备正常。"))
		var states []string
		c.must(c.db.Read(ctx, func(r *store.Reader) error { return r.Table("case_tasks").Order("id").Pluck("state", &states).Error }))
		if d := cmp.Diff([]string{"answered", "released"}, states); d != "" {
			t.Error(d)
		}
		if tr, err := c.Track(ctx, id); err != nil || len(tr.Messages) != 0 {
			t.Errorf("the sender reads what stays inside: %+v %v", tr.Messages, err)
		}

		// Whoever is complained of is not asked to co-operate, and sees nothing of it.
		named := c.handled(suggestion())
		c.must(c.Exclude(ctx, c.dispatcher, named, c.v(named), 0, c.elsewhere))
		c.refused(c.Join(ctx, c.handler, named, c.v(named), c.elsewhere, due, "请核实"), fault.Invalid)
		second := c.handled(suggestion())
		c.must(c.Join(ctx, c.handler, second, c.v(second), c.elsewhere, due, "请核实"))
		c.must(c.Exclude(ctx, c.dispatcher, second, c.v(second), 0, c.elsewhere))
		if _, err := c.Open(ctx, c.other, second); !fault.Is(err, fault.NotFound) {
			t.Error("a department that is shut out still sees the case", err)
		}
		if asked, err := c.Tasks(ctx, c.other, 10); err != nil || len(asked) != 0 {
			t.Errorf("%+v %v", asked, err)
		}
	})
}

func TestASupervisorPutsACaseUnderTheirEye(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.refused(c.Supervise(ctx, c.handler, id, c.v(id), "快办"), fault.Forbidden)
		c.refused(c.Supervise(ctx, c.supervisor, id, c.v(id), ""), fault.Invalid)
		c.must(c.Supervise(ctx, c.supervisor, id, c.v(id), "三天内答复"))
		q, err := c.List(ctx, c.handler, cases.Filter{Basket: "handling", Limit: 10})
		c.must(err)
		if len(q.Rows) != 1 || !q.Rows[0].Supervised {
			t.Errorf("%+v", q.Rows)
		}
		p, err := c.Open(ctx, c.handler, id)
		c.must(err)
		last := p.Events[len(p.Events)-1]
		if last.Verb != cases.DoSupervise || last.MessageID == nil || p.Messages[*last.MessageID].Body != "三天内答复" {
			t.Errorf("%+v", last)
		}
	})
}

func TestADepartmentThatComesToLeadIsNoLongerAskedToCoOperate(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Join(ctx, c.dispatcher, id, c.v(id), c.elsewhere, calendar.Of(c.clock.Now()).AddDays(5), "请核实。"))
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.elsewhere, 0))
		p, err := c.Open(ctx, c.dispatcher, id)
		c.must(err)
		if len(p.Tasks) != 1 || p.Tasks[0].State != "released" {
			t.Errorf("%+v", p.Tasks)
		}
	})
}
