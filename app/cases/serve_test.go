package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/store"
)

func TestALimitCountsFromTheDayOnWhichALetterArrived(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(petition("0000000071"))
		day := func(n int) calendar.Date { return calendar.Of(c.clock.Now()).AddDays(n) }
		letter := cases.Serving{About: "reply", Way: cases.Post, SentOn: day(0), Number: "XA12345678953"}
		for _, wrong := range []cases.Serving{{}, {About: "reply", Way: "pigeon", SentOn: day(0)}, {About: "reply", Way: cases.Post, SentOn: day(0)}, {About: "reply", Way: cases.Post, SentOn: day(1), Number: "1"},
			{About: "reply", Way: "phone", SentOn: day(0)}, {About: "reply", Way: cases.Post, SentOn: day(-30), Number: "1"}} {
			c.refused(c.Serve(ctx, c.handler, id, wrong), fault.Invalid)
		}
		c.refused(c.Serve(ctx, c.approver, id, letter), fault.Forbidden)
		c.must(c.Serve(ctx, c.handler, id, letter))
		p, err := c.Open(ctx, c.handler, id)
		c.must(err)
		service := p.Served[0].ID

		// While the letter is under way the time to object does not run.
		c.clock.Advance(40 * 24 * time.Hour)
		can := func() bool {
			t.Helper()
			tr, err := c.Track(ctx, id)
			c.must(err)
			for _, v := range tr.Actions {
				if v == cases.DoObject {
					return true
				}
			}
			return false
		}
		if !can() {
			t.Error("the time ran while the letter was under way")
		}
		c.refused(c.EndService(ctx, c.handler, id, 999, "served", day(0), "回执"), fault.NotFound)
		c.refused(c.EndService(ctx, c.handler, id, service, "served", day(1), "回执"), fault.Invalid)
		c.refused(c.EndService(ctx, c.handler, id, service, "served", day(-41), "回执"), fault.Invalid)
		c.refused(c.EndService(ctx, c.handler, id, service, "lost", day(0), " "), fault.Invalid)
		c.must(c.EndService(ctx, c.handler, id, service, "served", day(-5), "回执载明本人签收"))
		c.refused(c.EndService(ctx, c.handler, id, service, "returned", day(0), "又退回"), fault.Conflict)
		if !can() {
			t.Error("30 days from the arrival are not over")
		}
		c.clock.Advance(26 * 24 * time.Hour)
		if can() {
			t.Error("30 days from the arrival are over")
		}
		c.refused(c.Object(ctx, id, "晚了"), fault.Conflict)

		// What is said on the phone has arrived; both are records that stay.
		c.must(c.Serve(ctx, c.handler, id, cases.Serving{About: "other", Way: "phone", SentOn: day(0), Proof: "本人接听"}))
		p, err = c.Open(ctx, c.handler, id)
		c.must(err)
		var got []string
		for _, x := range p.Served {
			got = append(got, string(x.About)+" "+x.Outcome+" "+x.Proof)
		}
		if d := cmp.Diff([]string{"reply served 回执载明本人签收", "other served 本人接听"}, got); d != "" {
			t.Error(d)
		}
		for _, statement := range []string{"DELETE FROM case_services", "UPDATE case_service_ends SET outcome = 'returned'"} {
			if err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(statement).Error }); err == nil {
				t.Error(statement)
			}
		}
	})
}
