package cases_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// many fills the tables as years of work would: nearly all cases have ended.
func many(t *testing.T, db *store.DB, n int) {
	t.Helper()
	bytes := "BLOB"
	if db.Dialect() == store.Postgres {
		bytes = "BYTEA"
	}
	statements := []string{
		`INSERT INTO cases (case_no, kind, channel, state, title, content, allow_publish, privacy_version, submitted_at, received_on, accepted_on,
			replied_on, handle_due, limit_from, due_on, department_id, handler_id, access_hash, submission_hash, content_hash)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @n)
		SELECT CAST(10000000 + i AS TEXT), CASE i % 11 WHEN 0 THEN 'comment' WHEN 1 THEN 'petition' ELSE 'suggestion' END, 'web',
			CASE WHEN i % 100 > 3 THEN CASE i % 2 WHEN 0 THEN 'concluded' ELSE 'archived' END
				WHEN i % 7 = 0 THEN 'submitted' WHEN i % 7 = 1 THEN 'registered' WHEN i % 7 = 2 THEN 'handling' WHEN i % 7 = 3 THEN 'need_more'
				WHEN i % 7 = 4 THEN 'in_review' WHEN i % 7 = 5 THEN 'replied' ELSE 'assigned' END,
			'标题', '内容', i % 3 = 0, '1', CURRENT_TIMESTAMP, '20' || CAST(15 + i * 6 / @n AS TEXT) || '-' || CAST(10 + i % 3 AS TEXT) || '-' || CAST(10 + i % 18 AS TEXT),
			'2020-01-01', CASE WHEN i % 100 > 3 THEN '2020-02-02' END, '2020-03-03', '2020-01-01', CASE WHEN i % 100 > 3 THEN '9999-12-31' ELSE '2021-01-' || CAST(10 + i % 20 AS TEXT) END,
			(SELECT d.id FROM departments d ORDER BY d.id LIMIT 1 OFFSET 0) + CASE WHEN i % 9 = 0 THEN 0 ELSE 1 END,
			CASE WHEN i % 40 = 0 THEN (SELECT min(s.id) FROM staff s) END,
			CAST('a' || i AS @bytes), CAST('s' || i AS @bytes), CAST('c' || i AS @bytes) FROM n`,
		`INSERT INTO case_exclusions (case_id, staff_id, reason) SELECT id, (SELECT min(id) FROM staff), 'named' FROM cases WHERE id % 50 = 0`,
		`INSERT INTO case_contacts (case_id, sealed, mail, mobile, caller_hash)
			SELECT id, CAST('sealed' AS @bytes), FALSE, FALSE, CAST('caller' || id % 5000 AS @bytes) FROM cases`,
		`INSERT INTO replies (case_id, sent_at, body, digest, unit, drafted_by, approved_by)
			SELECT id, CURRENT_TIMESTAMP, '答复', 'x', '执行局', 1, 2 FROM cases WHERE replied_on IS NOT NULL`,
		`INSERT INTO ratings (reply_id, case_id, resolved, satisfaction, reason, at)
			SELECT id, case_id, 'yes', 'satisfied', '', CURRENT_TIMESTAMP FROM replies WHERE id % 5 = 0`,
		`INSERT INTO published_replies (case_id, state, kind, title, question, answer, unit, asked_on, answered_on, proposed_by, reviewed_by, published_on)
			SELECT id, CASE WHEN id % 11 = 0 THEN 'withdrawn' ELSE 'published' END, kind, '标题', '问', '答', '执行局', received_on, received_on, 1, 2, received_on FROM cases WHERE id % 10 = 0`,
		`INSERT INTO outbox (created_at, idem, channel, template, subject_id, state, due_at)
			SELECT submitted_at, case_no, 'mail', 'received', id, CASE WHEN id % 1000 = 0 THEN 'dead' ELSE 'accepted' END, submitted_at FROM cases`,
		`INSERT INTO attachments (case_id, name, media_type, size, sha256, blob_key, at)
			SELECT CASE WHEN id % 500 > 0 THEN id END, 'a.pdf', 'application/pdf', 1000, 'x', case_no, submitted_at FROM cases WHERE id % 5 = 0`,
	}
	if db.Dialect() == store.Postgres { // it looks at its tables by itself; nobody does that for SQLite
		statements = append(statements, `ANALYZE`)
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, s := range statements {
			if err := tx.Exec(strings.NewReplacer("@n", fmt.Sprint(n), "@bytes", bytes).Replace(s)).Error; err != nil {
				return fmt.Errorf("%.60s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// whole is a plan that reads all of a table that grows with the years.
var whole = regexp.MustCompile(`SCAN (cases|replies|ratings|published_replies|outbox|attachments|case_exclusions|case_contacts|x|c|t)\n|Seq Scan on (cases|replies|ratings|published_replies|outbox|attachments|case_exclusions|case_contacts)`)

func TestNoListReadsAWholeTable(t *testing.T) {
	const n = 20_000
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		s := cases.New(db, nil, seal.Pepper(bytes.Repeat([]byte{9}, 32)))
		t.Cleanup(s.Close)
		handler := stafftest.Actor(t, db, "handler", "执行局", staff.Handler, staff.Liaison)
		dispatcher := stafftest.Actor(t, db, "dispatcher", "办公室", staff.Dispatcher)
		publisher := stafftest.Actor(t, db, "publisher", "办公室", staff.Publisher)
		actors := []staff.Actor{handler, dispatcher, publisher, stafftest.Actor(t, db, "approver", "", staff.Approver),
			stafftest.Actor(t, db, "caller", "办公室", staff.Caller), stafftest.Actor(t, db, "rectify", "整改办", staff.RectificationOffice)}
		many(t, db, n)
		for i := range 25 { // fifty views with the shared ones
			for _, a := range []staff.Actor{handler, dispatcher} {
				f := cases.Filter{Kind: cases.Kinds[i%len(cases.Kinds)], Within: i, Nobody: i%2 == 0}
				if i%5 == 0 {
					f.Basket = cases.Baskets[i%len(cases.Baskets)].Name
				}
				if _, err := s.SaveView(t.Context(), a, cases.View{Name: fmt.Sprint("视图", i), Filter: f.Values().Encode(), Shared: a.ID == dispatcher.ID}, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		list := storetest.Listen(t, db)
		look := func(what string) {
			asked := *list
			for _, a := range asked {
				p, allowed := storetest.Plan(t, db, a), 0
				if strings.Contains(a.SQL, "LIMIT") && (strings.Contains(a.SQL, "'archived'") || strings.Contains(a.SQL, "= 'published'")) {
					allowed = 1 // nearly all have ended, or are published: walking until the page is full is best
				}
				allowed += strings.Count(a.SQL, "opened AS cases") // not the table, but what was read of it once
				if len(whole.FindAllString(p, -1)) > allowed {
					t.Errorf("%s: %s\n%s", what, a.SQL, p)
				}
			}
			*list = nil
		}
		for _, a := range actors {
			filters := []cases.Filter{{}, {Overdue: true}, {Kind: cases.Petition}, {Department: handler.DepartmentID}, {Mine: true}, {Mine: true, Overdue: true}, {Query: "10000100"}, {Within: 5}, {Basket: "new", Nobody: true}, {Open: true}, {Open: true, Kind: cases.Petition, Nobody: true}, {Open: true, AfterDue: calendar.NewDate(2021, 1, 15), AfterID: n / 2},
				{AfterDue: calendar.NewDate(9999, 12, 31), AfterID: n / 2},
				{From: calendar.NewDate(2020, 11, 1), To: calendar.NewDate(2020, 11, 30)}, {Basket: "ended", Channel: cases.Letter, From: calendar.NewDate(2020, 11, 1)}}
			for _, b := range cases.Baskets {
				filters = append(filters, cases.Filter{Basket: b.Name}, cases.Filter{Basket: b.Name, AfterDue: calendar.NewDate(2021, 1, 15), AfterID: n / 2})
			}
			for _, f := range filters {
				f.Limit = 50
				if _, err := s.List(t.Context(), a, f); err != nil {
					t.Fatal(err)
				}
				look(fmt.Sprintf("%s %+v", a.Login, f))
			}
		}
		for _, id := range []int64{n / 2, n - 3} {
			if _, err := s.Open(t.Context(), dispatcher, id); err != nil {
				t.Fatal(err)
			}
			look("the case page")
		}
		if _, _, err := s.Kin(t.Context(), dispatcher, "13900000000", "", "标题 内容"); err != nil {
			t.Fatal(err)
		}
		look("who called before")
		if _, err := s.Publications(t.Context(), publisher, n/2, 50); err != nil {
			t.Fatal(err)
		}
		look("publications")
		for _, f := range []cases.ReplyFilter{{}, {Kind: cases.Petition}, {Month: "2020-11"}, {Problems: []int64{1, 2}}, {Before: 3000}} {
			f.Limit = 20
			if err := db.Read(t.Context(), func(r *store.Reader) error { _, err := cases.Replies(r, f); return err }); err != nil {
				t.Fatal(err)
			}
			look(fmt.Sprintf("replies %+v", f))
		}
		err := db.Read(t.Context(), func(r *store.Reader) error {
			c := stats.Cut{From: "2020-02", To: "2021-01"}
			if _, err := stats.Count(r, c); err != nil {
				return err
			}
			for _, s := range stats.Sets() {
				if _, err := stats.Members(r, dispatcher, c, s, stats.Member{}, 50); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		look("statistics")
		q, err := s.List(t.Context(), dispatcher, cases.Filter{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range q.Counts {
			if x.Basket.Name == "ended" && x.N != cases.CountMost {
				t.Errorf("%d ended cases were counted", x.N)
			}
			if x.Basket.Name == "review" && (x.N == 0 || x.N > n/100) {
				t.Errorf("%d cases under review were counted", x.N)
			}
		}
	})
}
