// Package casestest checks that cases' invariants hold, after every scenario
// of a test.
package casestest

import (
	"testing"

	"mingjing/app/cases"
	"mingjing/app/store"
)

// rules are statements that must find nothing; each names what it looks for.
var rules = map[string]string{
	"a case without its first event": `SELECT c.id FROM cases c WHERE NOT EXISTS
		(SELECT 1 FROM case_events e WHERE e.case_id = c.id AND e.verb = 'submit')`,
	"a case whose state is not its last event's": `SELECT c.id FROM cases c JOIN case_events e ON e.case_id = c.id
		WHERE e.id = (SELECT max(id) FROM case_events x WHERE x.case_id = c.id) AND e.to_state <> c.state`,
	"events that do not follow one another": `SELECT e.id FROM case_events e JOIN case_events p ON p.case_id = e.case_id
		AND p.id = (SELECT max(id) FROM case_events x WHERE x.case_id = e.case_id AND x.id < e.id) WHERE e.from_state <> p.to_state`,
	"a case without an audit row": `SELECT c.id FROM cases c WHERE NOT EXISTS
		(SELECT 1 FROM audit a WHERE a.subject = 'case' AND a.subject_id = c.id AND a.verb = 'case.submit')`,
	"a case that cannot be searched": `SELECT c.id FROM cases c WHERE NOT EXISTS
		(SELECT 1 FROM search_docs d WHERE d.kind = 'case' AND d.ref = c.id)`,
	"an ended case on which something is due": `SELECT id FROM cases WHERE due_on < '9999' AND objected_at IS NULL AND state IN
		('refused', 'transferred', 'withdrawn', 'concluded', 'archived', 'invalid', 'replied')`,
	"an ended case without its day": `SELECT id FROM cases WHERE state <> 'merged' AND (ended_on IS NULL) <> (state NOT IN
		('refused', 'transferred', 'withdrawn', 'concluded', 'archived', 'invalid'))`,
	"an open case on which nothing is due": `SELECT id FROM cases WHERE due_on >= '9999' AND state IN
		('submitted', 'registered', 'accepted', 'assigned', 'acknowledged', 'handling', 'in_review', 'in_approval', 'redo', 'returned')`,
	"an objection on which nothing is due":         `SELECT id FROM cases WHERE objected_at IS NOT NULL AND (due_on >= '9999' OR state NOT IN ('replied', 'concluded'))`,
	"a department still asked about an ended case": `SELECT t.id FROM case_tasks t JOIN cases c ON c.id = t.case_id WHERE t.state = 'open' AND c.ended_on IS NOT NULL`,
	"a lead that co-operates with itself":          `SELECT t.id FROM case_tasks t JOIN cases c ON c.id = t.case_id WHERE t.state = 'open' AND t.department_id = c.department_id`,
	"a later stage of what is no petition":         `SELECT id FROM cases WHERE stage <> '' AND kind <> 'petition'`,
	"a reconsideration by who answered before": `SELECT c.id FROM cases c JOIN replies r ON r.case_id = c.id AND r.department_id = c.department_id
		WHERE c.stage <> '' AND c.state IN ('assigned', 'acknowledged', 'handling')`,
	"a reply approved by its drafter":  `SELECT id FROM replies WHERE drafted_by = approved_by`,
	"an answered case without a reply": `SELECT c.id FROM cases c WHERE c.state = 'replied' AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.case_id = c.id)`,
	"a published reply without consent": `SELECT p.id FROM published_replies p JOIN cases c ON c.id = p.case_id
		WHERE p.state = 'published' AND (NOT c.allow_publish OR p.reviewed_by IN (0, p.proposed_by))`,
	"an excluded handler": `SELECT c.id FROM cases c JOIN case_exclusions x ON x.case_id = c.id
		WHERE x.staff_id = c.handler_id OR x.department_id = c.department_id`,
	"a pause left open": `SELECT p.id FROM case_pauses p JOIN cases c ON c.id = p.case_id WHERE (p.to_day IS NULL) <> (c.state = 'need_more')
		AND NOT (p.to_day IS NOT NULL)`,
	"a merged case without its merge, or the reverse": `SELECT c.id FROM cases c WHERE (c.state = 'merged') <>
		EXISTS (SELECT 1 FROM case_merges m WHERE m.case_id = c.id AND m.undone_at IS NULL)`,
	"a merged case that did not end with the one that stands for it": `SELECT m.case_id FROM case_merges m JOIN cases c ON c.id = m.case_id JOIN cases s ON s.id = m.into_id
		WHERE m.undone_at IS NULL AND coalesce(c.ended_on, '') <> coalesce(s.ended_on, '')`,
	"somebody kept from a merged case and not from the one that stands for it": `SELECT x.case_id FROM case_exclusions x JOIN case_merges m ON m.case_id = x.case_id AND m.undone_at IS NULL
		WHERE x.reason <> 'recused' AND NOT EXISTS (SELECT 1 FROM case_exclusions y WHERE y.case_id = m.into_id AND coalesce(y.staff_id, 0) = coalesce(x.staff_id, 0) AND coalesce(y.department_id, 0) = coalesce(x.department_id, 0))`,
	"a case that nobody wrote down and that came neither by the web nor from elsewhere": `SELECT c.id FROM cases c WHERE c.entered_by = 0 AND c.channel <> 'web'
		AND NOT EXISTS (SELECT 1 FROM case_origins o WHERE o.case_id = c.id)`,
	"a row's case that does not say where it came from": `SELECT r.case_id FROM case_import_rows r WHERE r.case_id IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM case_origins o WHERE o.case_id = r.case_id)`,
	"a machine's case under another's name": `SELECT case_id FROM case_origins WHERE api_key_id IS NOT NULL AND source <> 'key:' || api_key_id`,
	"a file of nobody's that is old":        `SELECT id FROM attachments WHERE case_id IS NULL AND submission_hash IS NULL`,
}

// drawn repeats every draw from its record.
func drawn(t *testing.T, r *store.Reader) error {
	var list []cases.Draw
	err := r.Table("case_draws").Select("case_draws.*, cases.case_no").Joins("JOIN cases ON cases.id = case_draws.case_id").Order("case_draws.id").Find(&list).Error
	for _, d := range list {
		if id, err := d.Repeat(); err != nil || id != d.ChosenID {
			t.Errorf("draw %d of case %d chose %d, repeated %d: %v", d.No, d.CaseID, d.ChosenID, id, err)
		}
	}
	return err
}

// Check verifies every invariant.
func Check(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Read(t.Context(), func(r *store.Reader) error {
		for what, statement := range rules {
			var ids []int64
			if err := r.Raw(statement).Scan(&ids).Error; err != nil {
				return err
			}
			if len(ids) > 0 {
				t.Errorf("%s: %v", what, ids)
			}
		}
		return drawn(t, r)
	})
	if err != nil {
		t.Fatal(err)
	}
}
