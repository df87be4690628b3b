package cases_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func (c *court) stranded() (n int, numbers []string) {
	c.t.Helper()
	c.must(c.db.Read(c.t.Context(), func(r *store.Reader) (err error) {
		n, numbers, err = cases.Stranded(r)
		return err
	}))
	return n, numbers
}

func TestACaseThatNamesEveryDispatcherGoesToASupervisor(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		ordinary := c.submit(suggestion())
		c.refused(c.Register(ctx, c.supervisor, ordinary.ID, 0, ""), fault.Forbidden)
		s := suggestion()
		s.Content = "dispatcher 和 clerk 都不理我。"
		id := c.submit(s).ID
		c.refused(c.Register(ctx, c.dispatcher, id, 0, ""), fault.NotFound)
		c.refused(c.Register(ctx, c.reviewer, id, 0, ""), fault.NotFound)
		p, err := c.Open(ctx, c.supervisor, id)
		c.must(err)
		if !p.Can[cases.DoRegister] {
			t.Error("the supervisor is not offered to register it")
		}
		c.must(c.Register(ctx, c.supervisor, id, p.Case.Version, ""))
		c.must(c.Accept(ctx, c.supervisor, id, c.v(id)))
		c.must(c.Assign(ctx, c.supervisor, id, c.v(id), c.department, 0))
		if n, numbers := c.stranded(); n != 0 || len(numbers) != 0 {
			t.Error(n, numbers)
		}
	})
}

func TestACaseThatNobodyMayDealWithIsCountedByNumberAlone(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		c.submit(suggestion())
		s := suggestion()
		s.Content = "dispatcher、clerk 和 supervisor 都不理我。"
		ticket := c.submit(s)
		c.refused(c.Register(ctx, c.supervisor, ticket.ID, 0, ""), fault.NotFound)
		n, numbers := c.stranded()
		if d := cmp.Diff([]string{ticket.CaseNo}, numbers); d != "" || n != 1 {
			t.Error(n, d)
		}
		// The security administrator gives the role to somebody else.
		fresh := stafftest.Actor(t, c.db, "接替的人", "办公室", staff.Dispatcher)
		c.must(c.Register(ctx, fresh, ticket.ID, 0, ""))
		if n, _ := c.stranded(); n != 0 {
			t.Error(n)
		}
	})
}
