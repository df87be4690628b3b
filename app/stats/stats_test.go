package stats_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func day(m, d int) calendar.Date { return calendar.NewDate(2021, 1, 1).AddMonths(m - 1).AddDays(d - 1) }

// fact is a case as its dates tell it.
type fact struct {
	kind                     cases.Kind
	channel                  cases.Channel
	state                    cases.State
	received, entered        calendar.Date // entered: when it was written down; received when zero
	due, noticeDue, noticeOn calendar.Date
	late                     bool
	department               int64
	events                   map[string]calendar.Date
	resolved, satisfaction   string
	ratedOn                  calendar.Date
}

// world writes facts as no room would, so that every number can be counted by hand.
type world struct {
	t  *testing.T
	db *store.DB
	s  *stats.Service
	n  int
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), func(tx *store.Tx) error { return tx.Exec(query, args...).Error }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(facts ...fact) {
	w.t.Helper()
	for _, x := range facts {
		w.n++
		id := w.n
		if x.channel == "" {
			x.channel = cases.Web
		}
		if x.entered.IsZero() {
			x.entered = x.received
		}
		var department *int64
		if x.department != 0 {
			department = &x.department
		}
		dueOn := calendar.NewDate(9999, 12, 31)
		if _, answered := x.events["send"]; !answered && !x.state.Ended() {
			for _, d := range []calendar.Date{x.due, x.noticeDue} {
				if !d.IsZero() && d.Before(dueOn) && (d != x.noticeDue || x.noticeOn.IsZero()) {
					dueOn = d
				}
			}
		}
		w.exec(`INSERT INTO cases (id, case_no, kind, channel, state, title, content, allow_publish, privacy_version, submitted_at, received_on, notice_due, notice_on,
			handle_due, due_on, access_hash, submission_hash, content_hash, late, department_id) VALUES (?, ?, ?, ?, ?, 't', 'c', TRUE, '1', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id, fmt.Sprintf("%08d", id), x.kind, x.channel, x.state, x.entered.In(), x.received, x.noticeDue, x.noticeOn, x.due, dueOn, []byte{1}, []byte(fmt.Sprint(id)), []byte{1}, x.late, department)
		for verb, on := range x.events {
			w.exec("INSERT INTO case_events (case_id, at, actor_id, actor_name, verb, from_state, to_state, detail) VALUES (?, ?, 1, 'x', ?, '', '', '')", id, on.In(), verb)
		}
		if x.resolved != "" {
			w.exec(`INSERT INTO replies (id, case_id, sent_at, body, digest, unit, drafted_by, approved_by) VALUES (?, ?, ?, '', '', '', 1, 2)`, id, id, x.ratedOn.In())
			w.exec("INSERT INTO ratings (reply_id, case_id, resolved, satisfaction, reason, at) VALUES (?, ?, ?, ?, '', ?)", id, id, x.resolved, x.satisfaction, x.ratedOn.In())
		}
	}
}

func (w *world) count(c stats.Cut) (t stats.Table) {
	w.t.Helper()
	if err := w.db.Read(w.t.Context(), func(r *store.Reader) (err error) { t, err = stats.Count(r, c); return err }); err != nil {
		w.t.Fatal(err)
	}
	return t
}

// opens checks that every number of a cut opens to exactly that many cases, whatever it is narrowed to.
func (w *world) opens(a staff.Actor, c stats.Cut) {
	w.t.Helper()
	cuts := []stats.Cut{c}
	for _, m := range c.Months() {
		cuts = append(cuts, stats.Cut{From: m, To: m, Kind: cases.Enquiry}, stats.Cut{From: m, To: m, Channel: cases.Letter}, stats.Cut{From: m, To: m, Department: 1})
	}
	for _, c := range cuts {
		t := w.count(c)
		for _, s := range stats.Sets() {
			var all []stats.Member
			for after := (stats.Member{}); ; {
				var list []stats.Member
				err := w.db.Read(w.t.Context(), func(r *store.Reader) (err error) {
					list, err = stats.Members(r, a, c, s, after, 2)
					return err
				})
				if err != nil {
					w.t.Fatal(err)
				}
				all = append(all, list...)
				if len(list) < 2 {
					break
				}
				after = list[1]
			}
			seen := map[stats.Member]bool{}
			for _, x := range all {
				x.Added = false
				seen[x] = true
			}
			if n := t.N(s, stats.Cut{}); n != len(all) || n != len(seen) {
				w.t.Errorf("%s of %+v: %d is counted, %d open, %d of them different", s, c, n, len(all), len(seen))
			}
		}
	}
}

func small(t *testing.T, db *store.DB, clock *storetest.Clock) *world {
	w := &world{t: t, db: db, s: stats.New(db)}
	w.exec("INSERT INTO departments (id, name) VALUES (1, '立案庭'), (2, '执行局')")
	clock.Set(day(3, 3).In())
	w.put(
		fact{kind: cases.Enquiry, state: cases.Replied, received: day(1, 6), due: day(1, 13), noticeDue: day(1, 7), noticeOn: day(1, 7), department: 1,
			events: map[string]calendar.Date{"accept": day(1, 7), "assign": day(1, 7), "send": day(1, 8)}, resolved: "yes", satisfaction: "satisfied", ratedOn: day(2, 1)},
		fact{kind: cases.Enquiry, state: cases.Replied, received: day(1, 31), due: day(2, 10), noticeDue: day(2, 1), noticeOn: day(2, 5), late: true, department: 1,
			events: map[string]calendar.Date{"accept": day(2, 5), "assign": day(2, 5), "return": day(2, 6), "extend": day(2, 9), "send": day(2, 26)}, resolved: "no", satisfaction: "dissatisfied", ratedOn: day(2, 27)},
		fact{kind: cases.Petition, channel: cases.Letter, state: cases.Handling, received: day(1, 20), due: day(2, 20), noticeDue: day(2, 4), noticeOn: day(2, 1), department: 2, events: map[string]calendar.Date{"accept": day(2, 1), "assign": day(2, 1)}},
		fact{kind: cases.Comment, state: cases.Submitted, received: day(2, 28), noticeDue: day(3, 15)},
		fact{kind: cases.Comment, state: cases.Invalid, received: day(2, 28), events: map[string]calendar.Date{"discard": day(2, 28)}},
		fact{kind: cases.Enquiry, channel: cases.Letter, state: cases.Submitted, received: day(1, 29), entered: day(2, 9), noticeDue: day(2, 1)}, // after January was frozen
		fact{kind: cases.Suggestion, state: cases.Refused, received: day(2, 2), noticeDue: day(2, 17), noticeOn: day(2, 3), events: map[string]calendar.Date{"refuse": day(2, 3)}},
		fact{kind: cases.Suggestion, state: cases.Submitted, received: day(3, 2), noticeDue: day(3, 17)},
	)
	return w
}

func numbers(t stats.Table) map[stats.Set]int {
	m := map[stats.Set]int{}
	for _, s := range stats.Sets() {
		if n := t.N(s, stats.Cut{}); n != 0 {
			m[s] = n
		}
	}
	return m
}

// January and February as somebody with a pencil counts them.
var (
	january  = map[stats.Set]int{stats.Received: 3, stats.Accepted: 1, stats.Assigned: 1, stats.Notified: 1, stats.NotifiedInTime: 1, stats.Answered: 1, stats.AnsweredInTime: 1}
	february = map[stats.Set]int{stats.Received: 3, stats.Accepted: 2, stats.Assigned: 2, stats.Returned: 1, stats.Refused: 1, stats.Notified: 3, stats.NotifiedInTime: 2, stats.Unnotified: 1,
		stats.Answered: 1, stats.Overdue: 1, stats.Extended: 1, stats.Rated: 2, stats.Resolved: 1, stats.Satisfied: 1}
)

func TestCountsComeFromTheFacts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		w := small(t, db, clock)
		table := w.count(stats.Cut{From: "2021-01", To: "2021-02"})
		for m, want := range map[stats.Month]map[stats.Set]int{"2021-01": january, "2021-02": february} {
			if d := cmp.Diff(want, numbers(table.Of(m))); d != "" {
				t.Errorf("%s: %s", m, d)
			}
		}
		// What stands at the end of a month is not added up over months.
		if n := table.N(stats.Overdue, stats.Cut{}); n != 1 {
			t.Errorf("%d overdue", n)
		}
		for _, want := range []struct {
			word  string
			n, of int
		}{{"按期告知率", 3, 5}, {"按期答复率", 1, 3}, {"办结率", 2, 3}, {"解决率", 1, 2}, {"满意率", 1, 2}, {"评价率", 2, 2}, {"退回率", 1, 3}, {"重办率", 0, 2}, {"延期率", 1, 3}, {"重复率", 0, 6}} {
			for _, i := range stats.Indicators {
				if n, of := table.Rate(i, stats.Cut{}); i.Word == want.word && (n != want.n || of != want.of) {
					t.Errorf("%s is %d of %d", i.Word, n, of)
				}
			}
		}
		if n := table.N(stats.Received, stats.Cut{Kind: cases.Enquiry, Department: 1}); n != 2 {
			t.Errorf("%d enquiries of the department", n)
		}
		w.opens(stafftest.Actor(t, db, "leader", "", staff.Leader), stats.Cut{From: "2021-01", To: "2021-03"})
	})
}

func TestStatisticsDrillDownToExactlyThatManyCasesAndAFrozenMonthNeverChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		w := small(t, db, clock)
		leader, supervisor := stafftest.Actor(t, db, "leader", "", staff.Leader), stafftest.Actor(t, db, "supervisor", "", staff.Supervisor)
		freeze := func(want int) {
			t.Helper()
			if n, err := w.s.Freeze(t.Context()); n != want || err != nil {
				t.Fatalf("%d months were frozen, %v", n, err)
			}
		}
		clock.Set(day(2, 5).In().AddDate(0, 0, 1).Add(-1)) // 2 February + 4 days: the last second before
		freeze(0)
		clock.Set(day(3, 6).In())
		freeze(2)
		freeze(0)
		before := w.count(stats.Cut{From: "2021-01", To: "2021-02"})
		for m, want := range map[stats.Month]map[stats.Set]int{"2021-01": january, "2021-02": february} {
			if d := cmp.Diff(want, numbers(before.Of(m))); d != "" {
				t.Errorf("%s: %s", m, d)
			}
			if before.FrozenOn(m) != day(3, 6) {
				t.Errorf("%s was frozen on %s", m, before.FrozenOn(m))
			}
		}
		// Whatever happens to the cases afterwards.
		w.exec("UPDATE cases SET state = 'invalid', kind = 'complaint', department_id = 2, late = NOT late, received_on = '2020-06-01'")
		w.exec("DELETE FROM ratings")
		w.put(fact{kind: cases.Enquiry, channel: cases.Visit, state: cases.Submitted, received: day(2, 10), entered: day(3, 6)})
		after := w.count(stats.Cut{From: "2021-01", To: "2021-02"})
		if d := cmp.Diff(before, after); d != "" {
			t.Error(d)
		}
		if n := w.count(stats.Cut{From: "2021-03", To: "2021-03"}).N(stats.Received, stats.Cut{}); n != 1 {
			t.Errorf("what was written down late is counted %d times in its month", n)
		}
		for _, table := range []string{"stat_months", "stat_cases", "stat_counts"} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec("DELETE FROM " + table).Error }); err == nil {
				t.Errorf("%s can be emptied", table)
			}
		}
		w.opens(leader, stats.Cut{From: "2021-01", To: "2021-03"})

		// A correction is another entry, and the number still opens to its cases.
		refused := func(err error, kind fault.Kind) {
			t.Helper()
			if !fault.Is(err, kind) {
				t.Errorf("%v", err)
			}
		}
		correct := func(a staff.Actor, m stats.Month, no string, adds bool, reason string) error {
			return w.s.Correct(t.Context(), a, m, stats.Received, no, adds, reason)
		}
		refused(correct(leader, "2021-01", "00000004", true, "核对"), fault.Forbidden)
		refused(correct(supervisor, "2021-03", "00000004", true, "还没有固定"), fault.Conflict)
		refused(correct(supervisor, "2021-01", "99999999", true, "没有这件"), fault.Invalid)
		refused(correct(supervisor, "2021-01", "00000001", true, "已经算了"), fault.Invalid)
		refused(correct(supervisor, "2021-01", "00000004", false, "没有算过"), fault.Invalid)
		refused(correct(supervisor, "2021-01", "00000004", true, " "), fault.Invalid)
		for _, err := range []error{correct(supervisor, "2021-01", "00000004", true, "漏登一件"), correct(supervisor, "2021-01", "00000001", false, "误登一件"),
			correct(supervisor, "2021-01", "00000001", true, "查明没有误登"), correct(supervisor, "2021-01", "00000002", false, "误登一件")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		table := w.count(stats.Cut{From: "2021-01", To: "2021-01"})
		if n := table.N(stats.Received, stats.Cut{}); n != 3 {
			t.Errorf("%d after +1, -1, +1, -1", n)
		}
		w.opens(leader, stats.Cut{From: "2021-01", To: "2021-02"})
		var list []stats.Correction
		if err := db.Read(t.Context(), func(r *store.Reader) (err error) {
			list, err = stats.Corrections(r, stats.Cut{From: "2021-01", To: "2021-02"})
			return err
		}); err != nil || len(list) != 4 || list[0].Reason != "漏登一件" || list[0].ActorName != supervisor.Name {
			t.Errorf("%+v %v", list, err)
		}
		err := db.Read(t.Context(), func(r *store.Reader) error {
			_, err := stats.Members(r, stafftest.Actor(t, db, "handler", "立案庭", staff.Handler), stats.Cut{From: "2021-01", To: "2021-01"}, stats.Received, stats.Member{}, 1)
			return err
		})
		refused(err, fault.Forbidden)
	})
}

func TestTheExportHoldsEveryCount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		w := small(t, db, clock)
		leader := stafftest.Actor(t, db, "leader", "", staff.Leader)
		var b bytes.Buffer
		if err := w.s.Export(t.Context(), leader, stats.Cut{From: "2021-01", To: "2021-03"}, &b); err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		rows, err := book.GetRows(book.GetSheetName(0))
		if err != nil || rows[0][5] != "收到" {
			t.Fatal(rows, err)
		}
		sum := 0
		for _, row := range rows[1:] {
			var n int
			fmt.Sscan(row[5], &n)
			sum += n
		}
		if sum != 7 {
			t.Errorf("%d received: %v", sum, rows)
		}
		if err := w.s.Export(t.Context(), stafftest.Actor(t, db, "handler", "立案庭", staff.Handler), stats.Cut{From: "2021-01", To: "2021-03"}, &b); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
	})
}
