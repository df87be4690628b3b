package reports_test

import (
	"regexp"
	"strings"
	"testing"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// whole is a plan that reads all of a table that grows with the years.
var whole = regexp.MustCompile(`SCAN (reports|report_\w+|g|key_lines|r|t|e)\n|Seq Scan on (reports|report_\w+|key_lines)`)

func TestNoListOfReportsReadsAWholeTable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		x := open(t, db, clock)
		ticket, id := x.Submit(said())
		bytes := map[store.Dialect]string{store.SQLite: "BLOB", store.Postgres: "BYTEA"}[x.DB.Dialect()]
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			for _, s := range []string{
				`INSERT INTO reports (case_no, channel, state, submitted_at, received_on, submission_hash, salt, code_check, code_known, reporter_key, reporter_ring, epoch, due_on, ended_on, unread)
					WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
					SELECT CAST(20000000 + i AS TEXT), 'web', CASE WHEN i % 100 = 0 THEN 'received' ELSE 'answered' END, CURRENT_TIMESTAMP, '2020-01-01', CAST('s' || i AS @b), CAST('x' AS @b), CAST('x' AS @b), FALSE, CAST('k' AS @b), CAST('r' AS @b), 1,
						'9999-12-31', CASE WHEN i % 100 > 0 THEN '2020-02-02' END, FALSE FROM n`,
				`INSERT INTO report_grants (report_id, epoch, holder, staff_id, sealed) SELECT id, 1, 'officer', @zhang, CAST('x' AS @b) FROM reports WHERE id > 1`,
				`INSERT INTO report_texts (report_id, no, at, kind, actor_id, actor_name, compartment, epoch, sealed) SELECT id, 1, submitted_at, 'statement', 0, '', 'body', 1, CAST('x' AS @b) FROM reports WHERE id > 1`,
				`INSERT INTO report_files (report_id, text_no, no, original, blob_key, sealed, at) SELECT id, 1, 1, FALSE, case_no, CAST('x' AS @b), submitted_at FROM reports WHERE id > 1`,
				`INSERT INTO report_events (report_id, at, actor_id, actor_name, verb) SELECT id, submitted_at, 0, '', 'submit' FROM reports WHERE id > 1`,
				`INSERT INTO report_tags (report_id, tag) SELECT id, CAST('t' || id % 5000 AS @b) FROM reports`,
			} {
				s = strings.ReplaceAll(s, "@b", bytes)
				if strings.Contains(s, "@zhang") {
					s = strings.ReplaceAll(s, "@zhang", "(SELECT id FROM staff WHERE login = 'zhang')")
				}
				if err := tx.Exec(s).Error; err != nil {
					return err
				}
			}
			return nil
		}))
		x.must(x.DB.Analyze(x.ctx))
		asked := storetest.Listen(t, x.DB)
		for _, ended := range []bool{false, true} {
			_, next, err := x.Reports.Queue(x.ctx, x.zhang, ended, "", 50)
			x.must(err)
			if ended && next == "" {
				t.Error("it ends at once")
			}
			_, _, err = x.Reports.Queue(x.ctx, x.zhang, ended, next, 50)
			x.must(err)
			_, err = x.Reports.Search(x.ctx, x.zhang, "词", ended)
			x.must(err)
		}
		_, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		_, err = x.Reports.Track(x.ctx, x.back(ticket))
		x.must(err)
		_, err = x.Reports.Staged(x.ctx, strings.Repeat("k", 32))
		x.must(err)
		_, err = x.Reports.Asks(x.ctx, x.keeper)
		x.must(err)
		_, err = x.Reports.Orphan(x.ctx, "00")
		x.must(err)
		x.must(x.Reports.Tick(x.ctx))
		list := *asked
		if len(list) < 30 {
			t.Fatalf("only %d statements were heard", len(list))
		}
		open := 0
		for _, a := range list {
			if !strings.Contains(a.SQL, "SELECT") {
				continue
			}
			plan := storetest.Plan(t, x.DB, a)
			if whole.MatchString(plan) {
				t.Errorf("%.300s\n%s", a.SQL, plan)
			}
			if strings.Contains(a.SQL, "OR reports.unread") {
				open++
				if !strings.Contains(plan, "reports_open") {
					t.Errorf("the open list reads all that the officer ever held:\n%s", plan)
				}
			}
		}
		if open == 0 {
			t.Error("the open list was not asked for")
		}
	})
}
