package stats_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestCountsComeFromTheFacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		day := func(m, d int) calendar.Date { return calendar.NewDate(2021, 1, 1).AddMonths(m - 1).AddDays(d - 1) }
		type row struct {
			kind             cases.Kind
			state            cases.State
			received         calendar.Date
			replied, due     calendar.Date
			resolved, rating string
		}
		rows := []row{
			{cases.Enquiry, cases.Replied, day(1, 6), day(1, 8), day(1, 13), "yes", "satisfied"},
			{cases.Enquiry, cases.Replied, day(1, 31), day(2, 26), day(2, 10), "no", "dissatisfied"}, // late
			{cases.Petition, cases.Handling, day(2, 1), calendar.Date{}, day(2, 20), "", ""},         // open and overdue
			{cases.Comment, cases.Submitted, day(2, 28), calendar.Date{}, calendar.Date{}, "", ""},
			{cases.Comment, cases.Invalid, day(2, 28), calendar.Date{}, calendar.Date{}, "", ""},  // not counted
			{cases.Comment, cases.Submitted, day(3, 2), calendar.Date{}, calendar.Date{}, "", ""}, // after the period
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			for i, x := range rows {
				due := x.due
				if due.IsZero() || !x.replied.IsZero() {
					due = calendar.NewDate(9999, 12, 31)
				}
				err := tx.Exec(`INSERT INTO cases (id, case_no, kind, channel, state, title, content, allow_publish, privacy_version, submitted_at, received_on,
					replied_on, handle_due, due_on, access_hash, submission_hash, content_hash, late) VALUES (?, ?, ?, 'web', ?, 't', 'c', TRUE, '1', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
					i+1, fmt.Sprint(i), x.kind, x.state, tx.Now, x.received, x.replied, x.due, due, []byte{1}, []byte{byte(i)}, []byte{1}, x.replied.After(x.due)).Error
				if err != nil {
					return err
				}
				if x.resolved != "" {
					if err := tx.Exec(`INSERT INTO replies (id, case_id, sent_at, body, digest, unit, drafted_by, approved_by) VALUES (?, ?, ?, '', '', '', 1, 2)`, i+1, i+1, tx.Now).Error; err != nil {
						return err
					}
					if err := tx.Exec("INSERT INTO ratings (reply_id, case_id, resolved, satisfaction, reason, at) VALUES (?, ?, ?, ?, '', ?)", i+1, i+1, x.resolved, x.rating, tx.Now).Error; err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			got, err := stats.Summarize(r, day(1, 1), day(2, 28))
			want := stats.Summary{From: day(1, 1), To: day(2, 28), Total: stats.Count{Received: 4, Replied: 2},
				Kinds: []stats.Row{{Kind: cases.Comment, Count: stats.Count{Received: 1}}, {Kind: cases.Suggestion}, {Kind: cases.Enquiry, Count: stats.Count{Received: 2, Replied: 2}},
					{Kind: cases.Complaint}, {Kind: cases.Petition, Count: stats.Count{Received: 1}}, {Kind: cases.Correction}},
				Months: []stats.Row{{Month: "2021-02", Count: stats.Count{Received: 2}}, {Month: "2021-01", Count: stats.Count{Received: 2, Replied: 2}}},
				OnTime: 1, Due: 3, Ratings: 2, Resolved: 1, Satisfied: 1}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
