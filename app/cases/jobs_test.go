package cases_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// outcome is how a job stands: its state, and the items by state with what refused them.
func (c *court) outcome(a staff.Actor, id int64) string {
	c.t.Helper()
	j, counts, refused, err := c.Job(c.t.Context(), a, id, "refused", 0, 10)
	c.must(err)
	out := fmt.Sprintf("%s: %d done, %d refused, %d left", j.State, counts["done"], counts["refused"], counts["waiting"]+counts["trying"])
	for _, x := range refused {
		out += "; " + x.Message
	}
	return out
}

func TestAJobDoesOneActToManyCases(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		var ids []int64
		for range 3 {
			ids = append(ids, c.accepted(suggestion()))
		}
		ids = append(ids, c.submit(suggestion()).ID) // not accepted: will be refused
		excluded := c.accepted(suggestion())
		c.must(c.Exclude(ctx, c.dispatcher, excluded, c.v(excluded), 0, c.department))
		ids = append(ids, excluded)
		hidden := suggestion()
		hidden.Content += c.dispatcher.Name + "没有回话。"
		ids = append(ids, c.submit(hidden).ID) // not the dispatcher's to see: not part of it

		_, err := c.StartJob(ctx, c.handler, suggestion().Key, cases.DoAssign, cases.JobParams{Department: c.department}, ids, cases.Filter{})
		c.refused(err, fault.Forbidden)
		_, err = c.StartJob(ctx, c.dispatcher, suggestion().Key, cases.DoAssign, cases.JobParams{}, ids, cases.Filter{})
		c.refused(err, fault.Invalid)
		_, err = c.StartJob(ctx, c.dispatcher, suggestion().Key, cases.DoSend, cases.JobParams{}, ids, cases.Filter{})
		c.refused(err, fault.Forbidden)
		_, err = c.StartJob(ctx, c.dispatcher, suggestion().Key, cases.DoAssign, cases.JobParams{Department: c.department}, []int64{hidden.ReceivedOn.In().Unix()}, cases.Filter{})
		c.refused(err, fault.Invalid)

		id, err := c.StartJob(ctx, c.dispatcher, suggestion().Key, cases.DoAssign, cases.JobParams{Department: c.department, Handler: c.handler.ID}, ids, cases.Filter{})
		c.must(err)
		if got := c.outcome(c.dispatcher, id); got != "waiting: 0 done, 0 refused, 5 left" {
			t.Error(got)
		}
		c.must(c.RunJobs(ctx))
		if got := c.outcome(c.dispatcher, id); got != "done: 3 done, 2 refused, 0 left; 此件现在是“已提交”，不能分办。请刷新页面看最新情况。; 此件反映的就是这个部门，不能交给它办理，请选择其他部门。" {
			t.Error(got)
		}
		for _, x := range ids[:3] {
			if got := c.get(x); got.State != cases.Assigned || *got.HandlerID != c.handler.ID {
				t.Errorf("%+v", got)
			}
		}
		if _, _, _, err := c.Job(ctx, c.clerk, id, "done", 0, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's job: %v", err)
		}
		c.refused(c.StopJob(ctx, c.clerk, id), fault.NotFound)

		// All of a filter, frozen when it was asked for.
		all, err := c.StartJob(ctx, c.clerk, suggestion().Key, cases.DoRegister, cases.JobParams{}, nil, cases.Filter{Basket: "new"})
		c.must(err)
		late := c.submit(suggestion()).ID
		c.must(c.RunJobs(ctx))
		if got := c.outcome(c.clerk, all); got != "done: 2 done, 0 refused, 0 left" || c.get(late).State != cases.Submitted {
			t.Errorf("%s, then %s", got, c.get(late).State)
		}
	})
}

func TestAJobIsTakenUpWhereItStopped(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		var ids []int64
		for range 6 {
			ids = append(ids, c.submit(suggestion()).ID)
		}
		id, err := c.StartJob(ctx, c.clerk, suggestion().Key, cases.DoRegister, cases.JobParams{}, ids, cases.Filter{})
		c.must(err)
		// An instance died between the act and its note: the act was done.
		c.must(c.Register(ctx, c.clerk, ids[0], c.v(ids[0]), ""))
		// And another one before the act: it was not done. Meanwhile a third case was done by somebody else.
		c.must(c.Register(ctx, c.dispatcher, ids[2], c.v(ids[2]), ""))
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Exec("UPDATE case_jobs SET state = 'running', lease_until = ? WHERE id = ?", tx.Now.Add(-time.Second), id).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE case_job_items SET state = 'trying', version = 1, at = ? WHERE job_id = ? AND place IN (1, 2)", tx.Now, id).Error
		}))
		var wait sync.WaitGroup
		for range 4 { // several instances wake up at once
			wait.Go(func() {
				if err := c.RunJobs(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if got := c.outcome(c.clerk, id); got != "done: 5 done, 1 refused, 0 left; 此件现在是“已登记”，不能登记。请刷新页面看最新情况。" {
			t.Error(got)
		}
		for _, x := range ids {
			var n int64
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				return r.Table("case_events").Where("case_id = ? AND verb = 'register'", x).Count(&n).Error
			}))
			if n != 1 {
				t.Errorf("case %d was registered %d times", x, n)
			}
		}
	})
}

func TestAJobHasItsOwnersRightsOfTheMoment(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		start := func() int64 {
			t.Helper()
			id, err := c.StartJob(ctx, c.clerk, suggestion().Key, cases.DoRegister, cases.JobParams{}, []int64{c.submit(suggestion()).ID, c.submit(suggestion()).ID}, cases.Filter{})
			c.must(err)
			return id
		}
		set := func(sql string) {
			t.Helper()
			c.must(c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(sql, c.clerk.ID).Error }))
		}
		stopped := start()
		c.must(c.StopJob(ctx, c.clerk, stopped))
		c.must(c.StopJob(ctx, c.clerk, stopped))
		moved := start()
		set("UPDATE staff_roles SET role = 'caller' WHERE staff_id = ?")
		c.must(c.RunJobs(ctx))
		gone := start()
		set("UPDATE staff SET disabled_at = created_at WHERE id = ?")
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if err := c.RunJobs(cancelled); err == nil {
			t.Error("a program that stops goes on with a job")
		}
		c.must(c.RunJobs(ctx))
		for id, want := range map[int64]string{stopped: "stopped: 0 done, 0 refused, 2 left", moved: "done: 0 done, 2 refused, 0 left; 没有这一件，或者您无权查看。; 没有这一件，或者您无权查看。", gone: "stopped: 0 done, 0 refused, 2 left"} {
			if got := c.outcome(c.clerk, id); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}
