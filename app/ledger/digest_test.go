package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func (o *office) digests(a staff.Actor) (list []ledger.Digest) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) (err error) { list, err = ledger.ListDigests(r, a, 0, 100); return err })
	return list
}

func TestADigestNamesWhatTheLedgerAsksOfADepartment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		clock.Set(time.Date(2027, 8, 2, 2, 0, 0, 0, time.UTC))
		o, ctx := newOffice(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-1-2-1": ledger.Unstated}), t.Context()
		m := o.measure("1-2-1-2")
		_, err := o.Issue(ctx, o.desk, o.programme.ID, ledger.NewOrder{Subject: ledger.Subject{Measure: m.ID}, DepartmentID: *m.DepartmentID, Level: ledger.Reminder, Text: "请说明原因",
			AnswerBy: calendar.NewDate(2027, 8, 9)})
		o.ok(err)
		past, _ := o.meet("1-2-1-1")
		o.ok(o.HoldMeeting(ctx, o.desk, past, 1, ledger.MeetingText{Title: "第二季度研究", HeldOn: calendar.Of(db.Now()), Minutes: "逐项研究"}))
		n, err := o.WriteDigests(ctx, o.desk)
		o.ok(err)
		got := map[string]string{}
		for _, d := range o.digests(o.desk) {
			got[d.Department] = fmt.Sprintf("%s %d\n%s", d.MonthWord(), d.Needs, d.Text)
		}
		want := map[string]string{"立案庭": `2027年8月 2
本部门牵头措施2条，报告完成1条，已销号0条。
已完成，还没有申请销号（1项）
· 1-1-1-1 措施1-1-1-1
会议决定还没有办完（1项）
· 第二季度研究第1项决定：月底前验收（2027年8月22日前办完）`, "政治部": `2027年8月 3
本部门牵头措施2条，报告完成0条，已销号0条。
已超期，请尽快完成；确有困难的，申请调整时限（2项）
· 1-2-1-2 措施1-2-1-2（时限2027年3月28日，超期127天）
· 1-1-1-2 措施1-1-1-2（时限2027年6月28日，超期35天）
督办单等待答复（1项）
· 提醒第1号：1-2-1-2 措施1-2-1-2（2027年8月9日前答复）`, "审判管理办公室": `2027年8月 2
本部门牵头措施2条，报告完成0条，已销号0条。
已超期，请尽快完成；确有困难的，申请调整时限（1项）
· 2-1-1-1 措施2-1-1-1（时限2027年6月28日，超期35天）
还没有报告进展（1项）
· 1-1-2-1 措施1-1-2-1`}
		if d := cmp.Diff(want, got); d != "" || n != 3 {
			t.Error(n, d)
		}
		parts := o.digests(o.liaison)[0].Parts()
		if len(parts) != 3 || len(parts[0].Items) != 0 || parts[1].Heading != "已完成，还没有申请销号（1项）" || parts[1].Items[0] != "1-1-1-1 措施1-1-1-1" {
			t.Errorf("%+v", parts)
		}
		again, err := o.WriteDigests(ctx, o.desk)
		o.ok(err)
		if again != 0 {
			t.Errorf("%d made twice", again)
		}
		_, err = o.WriteDigests(ctx, o.liaison)
		o.refused(err, fault.Forbidden, "")
	})
}

func TestDigestsAreSentOnTheFirstWorkingMorningOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		admin := stafftest.Actor(t, db, "admin", "信息处", staff.SecAdmin)
		o.ok(staff.New(db, seal.Pepper("a pepper for tests"), false).SetEmail(ctx, admin, o.liaison.ID, "liaison@court.example"))
		messages := func() []int64 {
			return o.ids("SELECT subject_id FROM outbox WHERE template = 'digest' ORDER BY id")
		}
		for _, x := range []struct {
			at   time.Time // in Shanghai, eight hours ahead
			want int       // digests in all
		}{
			{time.Date(2027, 8, 1, 4, 0, 0, 0, time.UTC), 0},    // a Sunday
			{time.Date(2027, 8, 1, 23, 59, 0, 0, time.UTC), 0},  // Monday, 07:59
			{time.Date(2027, 8, 2, 0, 0, 0, 0, time.UTC), 3},    // 08:00
			{time.Date(2027, 8, 2, 0, 1, 0, 0, time.UTC), 3},    // and not again
			{time.Date(2027, 8, 31, 4, 0, 0, 0, time.UTC), 3},   // nor later in the month
			{time.Date(2027, 8, 31, 23, 0, 0, 0, time.UTC), 3},  // Wednesday, 1 September, 07:00
			{time.Date(2027, 9, 3, 6, 0, 0, 0, time.UTC), 6},    // the program was stopped for two days
			{time.Date(2027, 10, 10, 6, 0, 0, 0, time.UTC), 6},  // a Sunday
			{time.Date(2027, 10, 11, 1, 30, 0, 0, time.UTC), 9}, // the first day that it ran
		} {
			clock.Set(x.at)
			o.ok(o.SendDigests(ctx))
			if n := len(o.digests(o.leader)); n != x.want {
				t.Errorf("%v: %d digests, not %d", x.at, n, x.want)
			}
		}
		// The one liaison who left an address is told of the months that ask something: by August 立案庭 has nothing late.
		if d := cmp.Diff([]int64{o.liaison.ID, o.liaison.ID, o.liaison.ID}, messages()); d != "" {
			t.Error(d)
		}
		mine := o.digests(o.liaison)
		if len(mine) != 3 || mine[0].Department != "立案庭" || mine[0].Month != "2027-10" {
			t.Errorf("%+v", mine)
		}
		var other ledger.Digest
		for _, d := range o.digests(o.desk) {
			if d.Department != "立案庭" {
				other = d
			}
		}
		err := db.Read(ctx, func(r *store.Reader) error { _, err := ledger.OpenDigest(r, o.liaison, other.ID); return err })
		o.refused(err, fault.NotFound, "没有这份整改提示")
		read(t, db, func(r *store.Reader) error { _, err := ledger.OpenDigest(r, o.desk, other.ID); return err })
		for _, change := range []string{"UPDATE digests SET text = 'x'", "DELETE FROM digests"} {
			if err := db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(change).Error }); err == nil {
				t.Errorf("%s went through", change)
			}
		}
	})
}
