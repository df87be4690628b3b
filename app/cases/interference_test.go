package cases_test

import (
	"testing"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func TestWhoAsksAboutACaseIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		group := stafftest.Actor(t, c.db, "group", "纪检监察组", staff.DisciplineOfficer)
		leader := stafftest.Actor(t, c.db, "leader", "院领导", staff.Leader)
		id := c.handled(suggestion())
		today := calendar.Of(c.db.Now())
		x := cases.Interference{Person: "某甲", Unit: "某局副局长", HappenedOn: today, Way: "phone", Content: "问什么时候答复，要求照顾。"}
		for _, wrong := range []cases.Interference{{}, {Person: "某甲", Unit: "某局", HappenedOn: today.AddDays(1), Way: "phone", Content: "问"},
			{Person: "某甲", Unit: "某局", HappenedOn: today, Way: "x", Content: "问"}, {Person: "某甲", Unit: "某局", HappenedOn: today, Way: "phone", Content: " "}} {
			c.refused(c.RecordInterference(ctx, c.handler, id, wrong), fault.Invalid)
		}
		c.refused(c.RecordInterference(ctx, leader, id, x), fault.Forbidden)
		c.refused(c.RecordInterference(ctx, c.other, id, x), fault.NotFound)
		c.must(c.RecordInterference(ctx, c.handler, id, x))
		if got := c.get(id); got.State != cases.Handling {
			t.Errorf("%s", got.State)
		}
		for a, n := range map[string]struct {
			staff.Actor
			n int
		}{"the officer": {group, 1}, "who recorded it": {c.handler, 1}, "the supervisor": {c.supervisor, 1}, "a colleague": {c.reviewer, 0}, "the dispatcher": {c.dispatcher, 0}} {
			list, err := c.Interferences(ctx, n.Actor, 0, 10)
			c.must(err)
			if len(list) != n.n {
				t.Errorf("%s reads %d", a, len(list))
			}
		}
		list, err := c.Interferences(ctx, group, 0, 10)
		c.must(err)
		got, err := c.Interference(ctx, group, list[0].ID)
		c.must(err)
		if got.Person != "某甲" || got.ActorID != c.handler.ID || got.CaseNo != c.get(id).CaseNo || got.Content != x.Content {
			t.Errorf("%+v", got)
		}
		_, err = c.Interference(ctx, c.reviewer, got.ID)
		c.refused(err, fault.NotFound)
		// The timeline says that there is a record, and not whom it names; the sender sees nothing of it.
		p, err := c.Open(ctx, c.reviewer, id)
		c.must(err)
		last := p.Events[len(p.Events)-1]
		if last.Verb != cases.DoInterfere || last.MessageID != nil || last.Detail != "" {
			t.Errorf("%+v", last)
		}
		tr, err := c.Track(ctx, id)
		c.must(err)
		for _, e := range tr.Events {
			if e.Verb == cases.DoInterfere {
				t.Error("the sender sees it")
			}
		}
		// Who is shut out of the case learns nothing of it here either.
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), group.ID, 0))
		if list, err := c.Interferences(ctx, group, 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
		for _, change := range []string{"UPDATE case_interferences SET person = ''", "DELETE FROM case_interferences"} {
			if c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(change).Error }) == nil {
				t.Errorf("%s went through", change)
			}
		}
	})
}
