package ledger_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// grown adds n problems with seven measures each to the first aspect of every programme.
func grown(t *testing.T, db *store.DB, n int) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, s := range []string{
			`INSERT INTO problems (programme_id, aspect_id, announced, no, code, title, status, published)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @n)
				SELECT aspects.programme_id, aspects.id, FALSE, 100 + i, '1-' || CAST(100 + i AS TEXT), '问题', 'in_progress', TRUE FROM n, aspects WHERE aspects.no = 1`,
			`INSERT INTO measures (programme_id, problem_id, no, code, title, kind, status, published, changed_at, department_id, starts_on, due_on, baseline_on)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7)
				SELECT programme_id, id, i, code || '-0-' || CAST(i AS TEXT), '措施', 'dated', 'in_progress', TRUE, CURRENT_TIMESTAMP,
				(SELECT min(id) FROM departments) + (problems.id + i) % 3, '2020-01-05', '2020-12-28', '2020-12-28' FROM problems, n WHERE no > 100`,
			`ANALYZE`,
		} {
			if err := tx.Exec(strings.ReplaceAll(s, "@n", fmt.Sprint(n))).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wholeLedger is a plan that reads all of a table that grows with the ledger, or all of an index of it.
var wholeLedger = regexp.MustCompile(`SCAN (measures|problems|sub_problems|measure_checks|measure_departments)\b|Seq Scan on (measures|problems|sub_problems|measure_checks|measure_departments)`)

func TestThePublicPagesReadALedgerByIndexAndInAFixedNumberOfQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		p := ledgertest.Small(t, db, nil)
		ledgertest.Planted(t, db, ledger.Programme{Slug: "other", Title: "另一轮", Inspected: "某某法院", Inspector: "巡察组", Ledger: true}, nil)
		grown(t, db, 1000)
		asked := storetest.Listen(t, db)
		for _, f := range []ledger.Filter{{}, {Aspect: 1}, {Dept: "立案庭"}, {Aspect: 1, Dept: "政治部", After: [2]int{1, 700}}} {
			f.Limit = 60
			err := db.Read(t.Context(), func(r *store.Reader) error {
				plan, err := ledger.ReadPlan(r, p)
				if err != nil {
					return err
				}
				list, tallies, err := ledger.Progress(r, p, f)
				if err != nil {
					return err
				}
				if n := ledger.Sum(tallies, f); len(list) != f.Limit || n < 600 {
					t.Errorf("%+v: %d problems, %d listed", f, n, len(list))
				}
				tracks, _, more, err := ledger.Tracks(r, p, f, 400)
				if n := plan.Count(f); err == nil && (n.Measures < 2000 || len(tracks) < 50 || !more) {
					t.Errorf("%+v: %+v, %d problems, more: %t", f, n, len(tracks), more)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(*asked) > 11 {
				t.Errorf("%+v: %d queries", f, len(*asked))
			}
			for _, a := range *asked {
				if plan := storetest.Plan(t, db, a); wholeLedger.MatchString(plan) {
					t.Errorf("%+v: %s\n%s", f, a.SQL, plan)
				}
			}
			*asked = nil
		}
	})
}
