package cases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func TestEverybodyIsToldOfDeadlinesOnceADay(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		leader := stafftest.Actor(t, c.db, "leader", "院领导", staff.Leader)
		admin := stafftest.Actor(t, c.db, "admin", "信息处", staff.SecAdmin)
		c.must(staff.New(c.db, seal.Pepper("a pepper for tests"), false).SetEmail(ctx, admin, c.handler.ID, "handler@court.example"))
		// Wednesday 6 January: seven working days to Friday 15 January.
		id := c.handled(suggestion())
		c.submit(suggestion()) // to be registered by Thursday 7 January
		told := func() map[string]string {
			t.Helper()
			var rows []struct {
				Login               string
				Half, Near, Overdue int
			}
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				return r.Table("deadline_warnings w").Select("s.login, w.half, w.near, w.overdue").Joins("JOIN staff s ON s.id = w.staff_id").
					Where("w.day = (SELECT max(day) FROM deadline_warnings)").Scan(&rows).Error
			}))
			out := map[string]string{}
			for _, x := range rows {
				out[x.Login] = fmt.Sprintf("%d %d %d", x.Half, x.Near, x.Overdue)
			}
			return out
		}
		for _, x := range []struct {
			at   time.Time
			n    int
			want map[string]string // the last day's: half used, nearly due, overdue
		}{
			{time.Date(2021, 1, 6, 23, 59, 0, 0, time.UTC), 0, map[string]string{}}, // Thursday, 07:59
			{time.Date(2021, 1, 7, 0, 0, 0, 0, time.UTC), 2, map[string]string{"dispatcher": "0 1 0", "leader": "0 1 0"}},
			{time.Date(2021, 1, 7, 9, 0, 0, 0, time.UTC), 0, map[string]string{"dispatcher": "0 1 0", "leader": "0 1 0"}},
			{time.Date(2021, 1, 10, 4, 0, 0, 0, time.UTC), 0, map[string]string{"dispatcher": "0 1 0", "leader": "0 1 0"}}, // a Sunday
			{time.Date(2021, 1, 12, 1, 0, 0, 0, time.UTC), 4, map[string]string{"dispatcher": "0 0 1", "handler": "1 0 0", "leader": "0 0 1", "supervisor": "0 0 1"}},
			{time.Date(2021, 1, 15, 1, 0, 0, 0, time.UTC), 4, map[string]string{"dispatcher": "0 0 1", "handler": "0 1 0", "leader": "0 1 1", "supervisor": "0 0 1"}},
			{time.Date(2021, 1, 18, 1, 0, 0, 0, time.UTC), 4, map[string]string{"dispatcher": "0 0 1", "handler": "0 0 1", "leader": "0 0 2", "supervisor": "0 0 2"}},
		} {
			c.clock.Set(x.at)
			n, err := c.WarnOfDeadlines(ctx)
			c.must(err)
			if d := cmp.Diff(x.want, told()); d != "" || n != x.n {
				t.Errorf("%v: %d told %s", x.at, n, d)
			}
		}
		// Whoever must not see a case hears nothing of it.
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), leader.ID, 0))
		c.clock.Set(time.Date(2021, 1, 19, 1, 0, 0, 0, time.UTC))
		_, err := c.WarnOfDeadlines(ctx)
		c.must(err)
		if got := told()["leader"]; got != "0 0 1" {
			t.Errorf("the leader who is shut out hears %q", got)
		}
		var mails []int64
		c.must(c.db.Read(ctx, func(r *store.Reader) error {
			return r.Table("outbox").Where("template = 'deadline'").Order("id").Pluck("subject_id", &mails).Error
		}))
		if d := cmp.Diff([]int64{c.handler.ID, c.handler.ID, c.handler.ID, c.handler.ID}, mails); d != "" {
			t.Error(d)
		}
	})
}

func TestWhoCoOperatesIsToldOfTheirOwnLimit(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Join(ctx, c.dispatcher, id, c.v(id), c.elsewhere, calendar.NewDate(2021, 1, 11), "请核实排队时间。"))
		levels := func(day int) (got string) {
			t.Helper()
			c.clock.Set(time.Date(2021, 1, day, 1, 0, 0, 0, time.UTC))
			_, err := c.WarnOfDeadlines(ctx)
			c.must(err)
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				return r.Raw("SELECT half || ' ' || near || ' ' || overdue FROM deadline_warnings WHERE staff_id = ? AND day = ?", c.other.ID, calendar.NewDate(2021, 1, day)).Scan(&got).Error
			}))
			return got
		}
		for _, x := range []struct {
			day  int
			want string
		}{{7, ""}, {8, "1 0 0"}} {
			if got := levels(x.day); got != x.want {
				t.Errorf("on the %dth: %q, want %q", x.day, got, x.want)
			}
		}
		if got := levels(12); got != "0 0 1" {
			t.Errorf("overdue: %q", got)
		}
		p, err := c.Open(ctx, c.other, id)
		c.must(err)
		c.must(c.Opine(ctx, c.other, id, p.Opine, "情况属实。"))
		if got := levels(13); got != "" {
			t.Errorf("after the opinion: %q", got)
		}
	})
}
