package cases_test

import (
	"testing"

	"mingjing/app/store"
)

func TestWhatWasWrittenCannotBeRewritten(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		id := c.answered(suggestion())
		c.must(c.Note(t.Context(), c.handler, id, "内部备注"))
		for _, table := range []string{"replies", "draft_versions", "case_messages", "case_events"} {
			for _, statement := range []string{"UPDATE " + table + " SET case_id = case_id", "DELETE FROM " + table} {
				err := c.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement).Error })
				if err == nil {
					t.Errorf("%s went through", statement)
				}
			}
		}
	})
}
