package cases_test

import (
	"testing"

	"mingjing/app/fault"
	"mingjing/app/staff"
)

// TestADraftCannotBeLost takes the case away from its writer in every way there
// is; what was put aside comes back each time.
func TestADraftCannotBeLost(t *testing.T) {
	for name, gone := range map[string]func(c *court, id int64){
		"nothing happened": func(*court, int64) {},
		"reassigned":       func(c *court, id int64) { c.must(c.Assign(c.t.Context(), c.dispatcher, id, c.v(id), c.elsewhere, 0)) },
		"withdrawn":        func(c *court, id int64) { c.must(c.Withdraw(c.t.Context(), id)) },
		"concluded": func(c *court, id int64) {
			ctx := c.t.Context()
			c.must(c.Propose(ctx, c.handler, id, c.v(id)))
			c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
			p, err := c.Open(ctx, c.approver, id)
			c.must(err)
			c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
			c.must(c.Send(ctx, c.approver, id, c.v(id)))
			c.must(c.Conclude(ctx, c.dispatcher, id, c.v(id), ""))
		},
		"shut out": func(c *court, id int64) { c.must(c.Exclude(c.t.Context(), c.dispatcher, id, c.v(id), c.handler.ID, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, c *court) {
				ctx := t.Context()
				id := c.handled(suggestion())
				keep := func(body string) {
					t.Helper()
					_, err := c.PutAside(ctx, c.handler, id, body)
					c.must(err)
				}
				keep("写到一半")
				gone(c, id)
				keep("写到一半，又写了五秒")
				list, err := c.KeptTexts(ctx, c.handler)
				c.must(err)
				if len(list) != 1 || list[0].Body != "写到一半，又写了五秒" || list[0].CaseID != id || list[0].CaseNo != c.get(id).CaseNo {
					t.Fatalf("%+v", list)
				}
				// Nobody else reads it, and the case stays as it was.
				for _, a := range []staff.Actor{c.other, c.reviewer, c.dispatcher} {
					if list, err := c.KeptTexts(ctx, a); err != nil || len(list) != 0 {
						t.Errorf("%+v %v", list, err)
					}
				}
				if p, err := c.Open(ctx, c.dispatcher, id); err != nil || p.Kept != nil || (p.Draft != nil && p.Draft.Version != 1) {
					t.Errorf("%+v %v", p.Kept, err)
				}
			})
		})
	}
}

func TestWhatIsSavedIsNoLongerPutAside(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		_, err := c.PutAside(ctx, c.handler, id, "写到一半")
		c.must(err)
		p, err := c.Open(ctx, c.handler, id)
		c.must(err)
		if p.Kept == nil || p.Kept.Body != "写到一半" || p.Draft.Body == p.Kept.Body {
			t.Fatalf("%+v", p.Kept)
		}
		_, err = c.SaveDraft(ctx, c.handler, id, 1, "写完了")
		c.must(err)
		if p, err = c.Open(ctx, c.handler, id); err != nil || p.Kept != nil {
			t.Errorf("%+v %v", p.Kept, err)
		}
		_, err = c.PutAside(ctx, c.handler, id, "又想改")
		c.must(err)
		c.must(c.Drop(ctx, c.handler, id))
		if list, err := c.KeptTexts(ctx, c.handler); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
		_, err = c.PutAside(ctx, c.handler, id, " ")
		c.refused(err, fault.Invalid)
		_, err = c.PutAside(ctx, c.handler, 99_999, "没有这件")
		c.refused(err, fault.NotFound)
		_, err = c.PutAside(ctx, c.dispatcher, id, "不是承办人")
		c.refused(err, fault.Forbidden)
		_, err = c.KeptTexts(ctx, staff.Actor{})
		c.refused(err, fault.Unauthenticated)
	})
}
