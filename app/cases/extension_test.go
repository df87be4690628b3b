package cases_test

import (
	"testing"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// 60 days from 6 January end on Sunday 7 March and roll to the 8th; 90 days end
// on 6 April, which is a working day after the Qingming rest.
func TestAnExtensionIsCountedFromTheNormsOwnEnd(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		p := cases.Submission{Kind: cases.Petition, Title: "请求解决补偿", Demand: "发放补偿", Facts: "已经批准而没有发放", Name: "钱女士", Phone: "0871-64090000",
			Address: "昆明市", PrivacyVersion: "1", Key: "petition-key-extended-1"}
		id := c.accepted(p)
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, c.handler.ID))
		if got := c.get(id).HandleDue; got != calendar.NewDate(2021, 3, 8) {
			t.Errorf("before: %s", got)
		}
		c.clock.Set(calendar.NewDate(2021, 3, 8).In().Add(10 * time.Hour))
		c.must(c.Extend(ctx, c.approver, id, c.v(id), "案情复杂"))
		if got := c.get(id).HandleDue; got != calendar.NewDate(2021, 4, 6) {
			t.Errorf("after: %s", got)
		}
		// Recomputing it gives the same.
		c.must(c.db.Write(ctx, func(tx *store.Tx) error { _, err := cases.Recompute(tx, staff.System); return err }))
		if got := c.get(id).HandleDue; got != calendar.NewDate(2021, 4, 6) {
			t.Errorf("recomputed: %s", got)
		}
	})
}
