package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestSupervisionClimbsItsLadderRungByRung(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		m := o.measure("1-1-1-1") // led by 立案庭
		today := calendar.Of(db.Now())
		dep := *m.DepartmentID
		n := ledger.NewOrder{Subject: ledger.Subject{Measure: m.ID}, DepartmentID: dep, Level: ledger.Reminder, Text: "请按期完成", AnswerBy: today.AddDays(10)}
		issue := func(a staff.Actor, n ledger.NewOrder) (int64, error) { return o.Issue(ctx, a, o.programme.ID, n) }
		no := func(a staff.Actor, n ledger.NewOrder, kind fault.Kind, word string) {
			t.Helper()
			_, err := issue(a, n)
			o.refused(err, kind, word)
		}
		for _, a := range []staff.Actor{o.liaison, o.reviewer, o.discipline, o.leader} {
			no(a, n, fault.Forbidden, "")
		}
		late := n
		late.AnswerBy = today.AddDays(-1)
		no(o.desk, late, fault.Invalid, "不能早于今天")
		empty := n
		empty.Text, empty.Level = " ", "whatever"
		no(o.desk, empty, fault.Invalid, "请选择提醒")
		empty.Level = ledger.Reminder
		no(o.desk, empty, fault.Invalid, "请填写内容和要求")
		other := n
		other.DepartmentID = o.stranger.DepartmentID
		no(o.desk, other, fault.Invalid, "不由这个部门牵头或者配合")
		other.DepartmentID = 9999
		no(o.desk, other, fault.NotFound, "")
		first, err := issue(o.desk, n)
		o.ok(err)

		second := n
		second.Level = ledger.Supervise
		no(o.desk, second, fault.Invalid, "没有承接提醒的，请写明越级的理由")
		second.Follows = first
		wrong := second
		wrong.Subject = ledger.Subject{}
		no(o.desk, wrong, fault.Invalid, "上一级督办单")
		wrong = second
		wrong.Level, wrong.Follows = ledger.Interview, first
		no(o.discipline, wrong, fault.Invalid, "上一级督办单")
		supervisor := stafftest.Actor(t, db, "supervisor", "督办室", staff.Supervisor)
		order, err := issue(supervisor, second)
		o.ok(err)
		third := second
		third.Level, third.Follows = ledger.Interview, order
		for _, a := range []staff.Actor{o.desk, supervisor, o.liaison} {
			no(a, third, fault.Forbidden, "")
		}
		interview, err := issue(o.discipline, third)
		o.ok(err)
		skipping := ledger.NewOrder{DepartmentID: dep, Level: ledger.Accountability, Text: "问责", Skip: "情节严重", AnswerBy: today}
		_, err = issue(o.leader, skipping)
		o.ok(err)

		open := func(a staff.Actor, id int64) (x ledger.Issued, err error) {
			err = db.Read(ctx, func(r *store.Reader) (err error) { x, err = ledger.OpenOrder(r, a, id); return err })
			return x, err
		}
		x, err := open(o.liaison, interview)
		o.ok(err)
		if len(x.Earlier) != 2 || x.Earlier[0].ID != order || x.Earlier[1].ID != first || !x.Answerable || x.Code != "1-1-1-1" || x.Department != "立案庭" {
			t.Errorf("%+v", x)
		}
		if _, err := open(o.stranger, interview); !fault.Is(err, fault.NotFound) {
			t.Error("another department's order opens", err)
		}
		o.refused(o.Answer(ctx, o.desk, first, 1, "我来答"), fault.Forbidden, "联络员")
		o.refused(o.Answer(ctx, o.stranger, first, 1, "我来答"), fault.NotFound, "别的部门")
		o.refused(o.Answer(ctx, o.liaison, first, 1, " "), fault.Invalid, "请填写答复")
		o.refused(o.Answer(ctx, o.liaison, first, 7, "已经安排"), fault.Conflict, "别人刚刚改动过")
		o.ok(o.Answer(ctx, o.liaison, first, 1, "已经安排"))
		o.refused(o.Answer(ctx, o.liaison, first, 2, "再答"), fault.Conflict, "已经答复")

		clock.Advance(11 * 24 * time.Hour)
		read(t, db, func(r *store.Reader) error {
			list, counts, err := ledger.ListOrders(r, o.liaison, o.programme.ID, ledger.OrdersLate, 0, 10)
			if err != nil {
				return err
			}
			want := map[ledger.OrderBasket]int{ledger.OrdersAll: 4, ledger.OrdersOpen: 3, ledger.OrdersLate: 3, ledger.OrdersAnswered: 1}
			if d := cmp.Diff(want, counts); d != "" || len(list) != 3 || !strings.HasSuffix(list[0].Text, "越级的理由：情节严重") || !list[0].Late(calendar.Of(r.Now)) {
				t.Errorf("%s %+v", d, list)
			}
			if list, counts, err := ledger.ListOrders(r, o.stranger, o.programme.ID, ledger.OrdersAll, 0, 10); err != nil || len(list) != 0 || counts[ledger.OrdersAll] != 0 {
				t.Error("another department's orders are listed", err)
			}
			about, err := ledger.OrdersAbout(r, o.leader, ledger.Subject{Measure: m.ID})
			if len(about) != 3 {
				t.Errorf("%+v", about)
			}
			return err
		})
	})
}

func TestWarningColoursFollowTheNorms(t *testing.T) {
	day := calendar.NewDate
	for _, x := range []struct {
		from, due, today calendar.Date
		status           ledger.Status
		closing          ledger.Closing
		want             calendar.Warning
	}{
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 1, 15), ledger.InProgress, "", calendar.InTime},    // 14 of 30
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 1, 16), ledger.InProgress, "", calendar.HalfUsed},  // 15 of 30
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 1, 24), ledger.InProgress, "", calendar.HalfUsed},  // 23 of 30
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 1, 25), ledger.InProgress, "", calendar.NearlyDue}, // 24 of 30
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 1, 31), ledger.InProgress, "", calendar.NearlyDue},
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 2, 1), ledger.InProgress, "", calendar.Overdue},
		{day(2026, 1, 1), day(2027, 6, 30), day(2027, 6, 9), ledger.InProgress, "", calendar.InTime}, // 21 days left
		{day(2026, 1, 1), day(2027, 6, 30), day(2027, 6, 10), ledger.InProgress, "", calendar.HalfUsed},
		{day(2026, 1, 1), day(2027, 6, 30), day(2027, 6, 20), ledger.InProgress, "", calendar.NearlyDue},
		{calendar.Date{}, day(2027, 6, 30), day(2027, 6, 9), ledger.InProgress, "", calendar.InTime}, // no start stated
		{calendar.Date{}, day(2027, 6, 30), day(2027, 6, 11), ledger.InProgress, "", calendar.HalfUsed},
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 2, 1), ledger.Done, "", calendar.InTime},
		{day(2027, 1, 1), day(2027, 1, 31), day(2027, 2, 1), ledger.LongTerm, ledger.Closed, calendar.InTime},
		{day(2027, 1, 1), calendar.Date{}, day(2027, 2, 1), ledger.InProgress, "", calendar.InTime},
		{day(2027, 3, 1), day(2027, 6, 30), day(2027, 1, 1), ledger.NotStarted, "", calendar.InTime}, // not begun
	} {
		got := ledger.Warn(ledger.Measure{StartsOn: x.from, DueOn: x.due, Status: x.status, Closing: x.closing}, x.today)
		if got != x.want {
			t.Errorf("%v to %v on %v: %v, want %v", x.from, x.due, x.today, got, x.want)
		}
	}
}
