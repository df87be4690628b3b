// Package ledgertest checks that the ledger's invariants hold, after every
// scenario of a test.
package ledgertest

import (
	"testing"

	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/store"
)

// rules are statements that must find nothing; each names what it looks for.
var rules = map[string]string{
	"a measure of another programme's problem":  `SELECT m.id FROM measures m JOIN problems p ON p.id = m.problem_id WHERE p.programme_id <> m.programme_id`,
	"a measure of an announced problem":         `SELECT m.id FROM measures m JOIN problems p ON p.id = m.problem_id WHERE p.announced`,
	"a measure under another problem's part":    `SELECT m.id FROM measures m JOIN sub_problems s ON s.id = m.sub_problem_id WHERE s.problem_id <> m.problem_id`,
	"a measure with a due date and no baseline": `SELECT id FROM measures WHERE due_on IS NOT NULL AND baseline_on IS NULL`,
	"a due date that no change explains": `SELECT m.id FROM measures m WHERE m.due_on <> m.baseline_on AND NOT EXISTS
		(SELECT 1 FROM due_changes d WHERE d.measure_id = m.id AND d.state = 'approved' AND d.to_on = m.due_on)`,
	"a due change approved by its proposer":          `SELECT id FROM due_changes WHERE state = 'approved' AND decided_by = proposed_by AND decided_by <> 0`,
	"a closed measure without its day":               `SELECT id FROM measures WHERE (closing = 'closed') <> (closed_on IS NOT NULL)`,
	"a closed problem without its day":               `SELECT id FROM problems WHERE (closing = 'closed') <> (closed_on IS NOT NULL)`,
	"a closed measure that is still called reopened": `SELECT id FROM measures WHERE closing = 'closed' AND reopened_on IS NOT NULL`,
	"a closed problem that is still called reopened": `SELECT id FROM problems WHERE closing = 'closed' AND reopened_on IS NOT NULL`,
	"a closed problem with an open measure":          `SELECT p.id FROM problems p JOIN measures m ON m.problem_id = p.id WHERE p.closing = 'closed' AND m.closing <> 'closed'`,
	"a measure's closing that is not its last application's": `SELECT m.id FROM measures m JOIN closings c ON c.measure_id = m.id
		WHERE c.id = (SELECT max(id) FROM closings x WHERE x.measure_id = m.id) AND m.reopened_on IS NULL
		AND m.closing <> CASE c.state WHEN 'withdrawn' THEN 'none' ELSE c.state END`,
	"a closing nobody applied for": `SELECT m.id FROM measures m WHERE m.closing <> 'none' AND NOT EXISTS (SELECT 1 FROM closings c WHERE c.measure_id = m.id)`,
	"an application without evidence": `SELECT c.id FROM closings c WHERE NOT c.imported AND c.measure_id IS NOT NULL AND NOT EXISTS
		(SELECT 1 FROM closing_evidence e WHERE e.closing_id = c.id)`,
	"a reviewer who prepared the evidence": `SELECT s.id FROM closing_steps s JOIN closing_evidence x ON x.closing_id = s.closing_id
		JOIN evidence e ON e.id = x.evidence_id WHERE s.step IN ('lead_dept', 'rectification_office', 'discipline_group') AND s.actor_id = e.actor_id`,
	"a reviewer who applied": `SELECT s.id FROM closing_steps s JOIN closings c ON c.id = s.closing_id
		WHERE s.step IN ('lead_dept', 'rectification_office', 'discipline_group') AND s.actor_id = c.applied_by`,
	"a refusal without a reason": `SELECT id FROM closing_steps WHERE step IN ('lead_dept', 'rectification_office', 'discipline_group')
		AND NOT passed AND (reason = '' OR text = '')`,
	"a link that is not from announced to ledger": `SELECT l.announced_id FROM problem_links l JOIN problems a ON a.id = l.announced_id
		JOIN problems p ON p.id = l.problem_id WHERE NOT a.announced OR p.announced OR a.programme_id <> p.programme_id`,
	"a ledger problem in a programme without a ledger": `SELECT p.id FROM problems p JOIN programmes g ON g.id = p.programme_id WHERE NOT p.announced AND NOT g.ledger`,
	"a rule of another programme's problem": `SELECT x.rule_id FROM rule_problems x JOIN rules r ON r.id = x.rule_id JOIN problems p ON p.id = x.problem_id
		WHERE p.programme_id <> r.programme_id`,
	"a rule with neither text nor place": `SELECT id FROM rules WHERE body = '' AND url = ''`,
	"an order that skips a rung without saying why": `SELECT o.id FROM supervision_orders o WHERE o.level <> 'reminder' AND o.follows_id IS NULL
		AND o.text NOT LIKE '%越级的理由：%'`,
	"an order that follows another matter, department or rung": `SELECT o.id FROM supervision_orders o JOIN supervision_orders e ON e.id = o.follows_id
		WHERE o.programme_id <> e.programme_id OR o.department_id <> e.department_id OR coalesce(o.measure_id, 0) <> coalesce(e.measure_id, 0)
		OR coalesce(o.problem_id, 0) <> coalesce(e.problem_id, 0) OR o.level <> CASE e.level WHEN 'reminder' THEN 'order' WHEN 'order' THEN 'interview' ELSE 'accountability' END`,
	"an answer without its day or its text": `SELECT id FROM supervision_orders WHERE (answered_on IS NULL) <> (answer = '')`,
	"a held meeting without minutes":        `SELECT id FROM review_meetings WHERE state = 'held' AND (minutes = '' OR settled_name = '')`,
	"an item or decision of another programme": `SELECT m.id FROM review_meetings m JOIN meeting_items i ON i.meeting_id = m.id
		LEFT JOIN measures x ON x.id = i.measure_id LEFT JOIN problems p ON p.id = i.problem_id WHERE coalesce(x.programme_id, p.programme_id, m.programme_id) <> m.programme_id
		UNION ALL SELECT m.id FROM review_meetings m JOIN meeting_decisions d ON d.meeting_id = m.id
		LEFT JOIN measures x ON x.id = d.measure_id LEFT JOIN problems p ON p.id = d.problem_id WHERE coalesce(x.programme_id, p.programme_id, m.programme_id) <> m.programme_id`,
	"a decision due before its meeting":                               `SELECT d.id FROM meeting_decisions d JOIN review_meetings m ON m.id = d.meeting_id WHERE d.due_on < m.held_on`,
	"a decision done before it was in force":                          `SELECT d.id FROM meeting_decisions d JOIN review_meetings m ON m.id = d.meeting_id WHERE d.done_on IS NOT NULL AND (m.state <> 'held' OR d.done_on < m.held_on)`,
	"a decision added late that does not say so":                      `SELECT d.id FROM meeting_decisions d JOIN review_meetings m ON m.id = d.meeting_id WHERE m.settled_at < d.at AND NOT d.added`,
	"an addition to minutes that are not final":                       `SELECT a.id FROM meeting_additions a JOIN review_meetings m ON m.id = a.meeting_id WHERE m.state <> 'held' OR a.at < m.settled_at`,
	"an agenda item that repeats an earlier meeting's draft decision": `SELECT i.id FROM meeting_items i JOIN meeting_decisions d ON d.id = i.decision_id JOIN review_meetings m ON m.id = d.meeting_id WHERE m.state <> 'held'`,
	"a sentence about what its announcement does not name": `SELECT s.id FROM statements s WHERE NOT EXISTS (SELECT 1 FROM namings n WHERE n.announcement_id = s.announcement_id
		AND n.problem_id = s.problem_id AND coalesce(n.sub_problem_id, 0) = coalesce(s.sub_problem_id, 0))`,
	"an announcement that names a problem of another programme or the ledger's own": `SELECT n.id FROM namings n JOIN announcements a ON a.id = n.announcement_id
		JOIN problems p ON p.id = n.problem_id WHERE a.programme_id <> p.programme_id OR NOT p.announced`,
	"something that a look-back still waits for and is not closed": `SELECT i.id FROM lookback_items i JOIN measures m ON m.id = i.measure_id WHERE i.result = 'pending' AND m.closing <> 'closed'`,
	"an ended look-back with something pending":                    `SELECT i.id FROM lookback_items i JOIN lookbacks l ON l.id = i.lookback_id WHERE l.state = 'ended' AND i.result = 'pending'`,
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
		var rows []struct {
			ProblemID   int64
			Was, Status ledger.Status
			N           int
		}
		err := r.Raw(`SELECT p.id AS problem_id, p.status AS was, m.status, count(*) AS n FROM problems p JOIN measures m ON m.problem_id = p.id
			GROUP BY p.id, p.status, m.status`).Scan(&rows).Error
		if err != nil {
			return err
		}
		tallies, was := map[int64]ledger.Tallied{}, map[int64]ledger.Status{}
		for _, x := range rows {
			if tallies[x.ProblemID] == nil {
				tallies[x.ProblemID] = ledger.Tallied{}
			}
			tallies[x.ProblemID][x.Status] += x.N
			was[x.ProblemID] = x.Was
		}
		for id, tally := range tallies {
			if got := ledger.Roll(tally); got != was[id] {
				t.Errorf("problem %d says %s, its measures say %s", id, was[id], got)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	logbooktest.Check(t, db, public())
}

func public() logbook.Sources {
	out := logbook.Sources{}
	ledger.Show(out)
	return out
}

// Settle takes into the public log what a test changed by hand.
func Settle(t testing.TB, db *store.DB) {
	t.Helper()
	logbooktest.Settle(t, db, public())
}
