package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
)

func TestANoteAsksColleaguesToLook(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		waiting := func(a staff.Actor) int {
			t.Helper()
			list, err := c.Mentions(ctx, a)
			c.must(err)
			return len(list)
		}
		// Who must not see the case cannot be asked, and nothing is kept of the note.
		c.refused(c.Note(ctx, c.handler, id, "请@"+c.other.Name+" 看一下"), fault.Invalid)
		excluded := stafftest.Actor(t, c.db, "excluded", "执行局", staff.Handler)
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), excluded.ID, 0))
		c.refused(c.Note(ctx, c.handler, id, "请@"+excluded.Name+"看一下"), fault.Invalid)
		p, err := c.Open(ctx, c.reviewer, id)
		c.must(err)
		for _, m := range p.Messages {
			if strings.Contains(m.Body, "看一下") {
				t.Error("a refused note is kept")
			}
		}

		c.must(c.Note(ctx, c.handler, id, "请＠"+c.reviewer.Name+"和@"+c.approver.Login+" 看一下，写到 zhao@example.cn 的不算，@"+c.handler.Name+"也不算"))
		if a, b, own := waiting(c.reviewer), waiting(c.approver), waiting(c.handler); a != 1 || b != 1 || own != 0 {
			t.Errorf("%d %d %d", a, b, own)
		}
		list, err := c.Mentions(ctx, c.reviewer)
		c.must(err)
		if m := list[0]; m.CaseID != id || m.ActorName != c.handler.Name || m.Title != suggestion().Title {
			t.Errorf("%+v", m)
		}
		if _, err := c.Open(ctx, c.reviewer, id); err != nil {
			t.Fatal(err)
		}
		if waiting(c.reviewer) != 0 || waiting(c.approver) != 1 {
			t.Error("opening it did not answer one's own request alone")
		}
		// Who is shut out later hears of it no longer.
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), c.approver.ID, 0))
		if waiting(c.approver) != 0 {
			t.Error("who is shut out is still asked")
		}
		var all strings.Builder
		for i := range 11 {
			name := fmt.Sprintf("colleague-%c", 'a'+i)
			stafftest.Actor(t, c.db, name, "办公室", staff.Dispatcher)
			all.WriteString("@" + name + " ")
		}
		c.refused(c.Note(ctx, c.handler, id, all.String()), fault.Invalid)
	})
}

func TestACaseSaysWhoElseHasItOpen(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.clock.Set(c.clock.Now().Add(time.Hour))
		company := func(a staff.Actor) string {
			t.Helper()
			p, err := c.Open(ctx, a, id)
			c.must(err)
			return strings.Join(p.Company, " ")
		}
		if got := company(c.handler); got != "" {
			t.Errorf("alone: %q", got)
		}
		if got := company(c.reviewer); got != c.handler.Name {
			t.Errorf("with the handler: %q", got)
		}
		c.clock.Set(c.clock.Now().Add(90 * time.Second))
		names, err := c.Here(ctx, c.handler, id)
		c.must(err)
		if strings.Join(names, " ") != c.reviewer.Name {
			t.Errorf("%v", names)
		}
		c.clock.Set(c.clock.Now().Add(90 * time.Second))
		if names, err := c.Here(ctx, c.handler, id); err != nil || len(names) != 0 {
			t.Errorf("who went away is still there: %v %v", names, err)
		}
		_, err = c.Here(ctx, c.other, id)
		c.refused(err, fault.NotFound)
		c.clock.Set(c.clock.Now().Add(25 * time.Hour))
		c.must(c.Purge(ctx))
		if n := c.count("case_presence"); n != 0 {
			t.Errorf("%d are remembered", n)
		}
	})
}
