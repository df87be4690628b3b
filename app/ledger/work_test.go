package ledger_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func (o *office) problem(id int64) (p ledger.Problem) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) (err error) { p, err = ledger.ProblemByID(r, id); return err })
	return p
}

// twice does something twice at the same time and returns both answers.
func twice(f func() error) (out [2]error) {
	var both sync.WaitGroup
	for i := range out {
		both.Go(func() { out[i] = f() })
	}
	both.Wait()
	return out
}

// oneOf wants one of two to be done and the other refused in words.
func (o *office) oneOf(answers [2]error, kind fault.Kind, word string) {
	o.t.Helper()
	if answers[0] != nil {
		answers[0], answers[1] = answers[1], answers[0]
	}
	o.ok(answers[0])
	o.refused(answers[1], kind, word)
}

func TestWhatIsSentTwiceIsDoneOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		m, today := o.measure("2-1-1-1"), calendar.Of(db.Now())
		o.oneOf(twice(func() error {
			_, err := o.AddMeasure(ctx, o.desk, m.ProblemID, 1, 0, calendar.Date{}, ledger.Details{Title: "每月通报", Kind: ledger.Dated})
			return err
		}), fault.Conflict, "别人刚刚改动过")
		if n := o.ids("SELECT count(*) FROM measures WHERE problem_id = ?", m.ProblemID)[0]; n != 2 || o.problem(m.ProblemID).Version != 2 {
			t.Errorf("%d measures, version %d", n, o.problem(m.ProblemID).Version)
		}
		order := ledger.NewOrder{Subject: ledger.Subject{Measure: m.ID}, DepartmentID: *m.DepartmentID, Level: ledger.Reminder, Text: "请报告进展", AnswerBy: today.AddDays(5)}
		issue := func() error { _, err := o.Issue(ctx, o.desk, o.programme.ID, order); return err }
		o.oneOf(twice(issue), fault.Conflict, "今天已经给这个部门发过一份内容相同的提醒（第 1 号）")
		order.Text = "请再报告进展"
		o.ok(issue())
		o.closed("1-1-1-1")
		plan := func() error {
			_, err := o.PlanLookback(ctx, o.desk, o.programme.ID, ledger.Lookback{Title: "第一轮", FromOn: today, ToOn: today})
			return err
		}
		o.oneOf(twice(plan), fault.Invalid, "已经有一次叫“第一轮”的回头看")
	})
}

func TestASampleIsNoLargerThanWhatIsClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, today := newOffice(t, db, nil), t.Context(), calendar.Of(db.Now())
		o.closed("1-1-1-1")
		l := ledger.Lookback{Title: "第一轮", FromOn: today, ToOn: today, Sample: 99, Seed: "2021001"}
		_, err := o.PlanLookback(ctx, o.desk, o.programme.ID, l)
		o.refused(err, fault.Invalid, "已销号的措施一共 1 条，抽不出 99 条")
		l.Sample = 1
		_, err = o.PlanLookback(ctx, o.desk, o.programme.ID, l)
		o.ok(err)
	})
}

func TestADateThatCannotBeIsRefusedAtItsField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, today := newOffice(t, db, nil), t.Context(), calendar.Of(db.Now())
		m := o.measure("1-1-1-1")
		at := func(err error, field string) {
			t.Helper()
			if f, ok := fault.As(err); !ok || len(f.Fields) != 1 || f.Fields[0].Name != field {
				t.Errorf("%v", err)
			}
		}
		err := o.ProposeDue(ctx, o.liaison, m.ID, m.Version, today.AddDays(-1), "提前")
		o.refused(err, fault.Invalid, "不能早于今天")
		at(err, "to")
		err = o.ProposeDue(ctx, o.liaison, m.ID, m.Version, m.StartsOn.AddDays(-1), "提前")
		o.refused(err, fault.Invalid, "不能早于启动时间（2026年1月5日）")
		at(err, "to")
		d := ledger.Details{Title: m.Title, Kind: m.Kind, Published: true, StartsOn: m.DueOn.AddDays(1)}
		err = o.SetDetails(ctx, o.desk, m.ID, m.Version, d)
		o.refused(err, fault.Invalid, "启动时间不能晚于整改时限（"+m.DueOn.Chinese()+"）")
		at(err, "starts_on")
		_, err = o.AddMeasure(ctx, o.desk, m.ProblemID, 1, 0, m.DueOn, d)
		o.refused(err, fault.Invalid, "启动时间不能晚于整改时限")
		d.StartsOn = m.DueOn
		o.ok(o.SetDetails(ctx, o.desk, m.ID, m.Version, d))
	})
}

func TestTheHistoryTellsWhenSomethingIsPublicAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, code := newOffice(t, db, nil), "1-1-1-1"
		show := func(public bool) {
			m := o.measure(code)
			o.ok(o.SetDetails(t.Context(), o.desk, m.ID, m.Version, ledger.Details{Title: m.Title, Kind: m.Kind, StartsOn: m.StartsOn, Published: public}))
		}
		show(false)
		show(true)
		show(false)
		want := []string{"措施1-1-1-1不再公开", "措施1-1-1-1改为公开", "措施1-1-1-1不再公开"}
		var got []string
		read(t, db, func(r *store.Reader) error {
			lines, err := ledger.Latest(r, o.programme.ID, 0, 10)
			for _, l := range lines {
				got = append(got, l.Text)
				if l.MeasureCode != "" {
					t.Errorf("%+v", l)
				}
			}
			return err
		})
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}

		// A spreadsheet tells it of the problem.
		rows := written(t, db, "csv")
		rows[1][ledger.ColPublic] = "是"
		taken(t, db, rows)
		for _, row := range rows[len(rows)-1:] {
			row[ledger.ColPublic] = "否"
		}
		taken(t, db, rows)
		rows[len(rows)-1][ledger.ColPublic] = "是"
		taken(t, db, rows)
		read(t, db, func(r *store.Reader) error {
			var texts []string
			err := r.Table("ledger_events").Where("kind = 'imported' AND problem_id IS NOT NULL").Order("id").Pluck("text", &texts).Error
			if d := cmp.Diff([]string{"据导入的台账：1条措施改为公开", "据导入的台账：1条措施不再公开，这个问题不再公开", "据导入的台账：这个问题改为公开"}, texts); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}

func TestWhoWaitsIsToldForWhom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, code := newOffice(t, db, nil), "1-1-1-1"
		o.done(o.liaison, code)
		o.apply(o.liaison, code)
		waiting := func(a staff.Actor, code string) (text string) {
			t.Helper()
			read(t, db, func(r *store.Reader) error {
				d, err := ledger.OpenDossier(r, a, ledger.Subject{Measure: o.measure(code).ID})
				text = d.Waiting
				return err
			})
			return text
		}
		const mine = "您准备过材料、提出过申请或者核验过前面的环节，这一环节须由别人核验。"
		for a, want := range map[*staff.Actor]string{&o.desk: "等待立案庭的审核人核验。", &o.liaison: "等待立案庭的审核人核验。" + mine, &o.reviewer: ""} {
			if got := waiting(*a, code); got != want {
				t.Errorf("%s: %s", a.Name, got)
			}
		}
		o.pass(o.reviewer, code)
		if got := waiting(o.reviewer, code); got != "等待整改办核验。"+mine {
			t.Error(got)
		}
		o.pass(o.desk, code)
		if got := waiting(o.leader, code); got != "等待派驻纪检监察组核验。" {
			t.Error(got)
		}

		// Of a problem that several departments lead, one of them reviews.
		problem := o.measure(code).ProblemID
		o.ok(db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO closings (problem_id, state, applied_at, applied_by) VALUES (?, 'applied', ?, 0)", problem, tx.Now).Error
		}))
		read(t, db, func(r *store.Reader) error {
			d, err := ledger.OpenDossier(r, o.leader, ledger.Subject{Problem: problem})
			if d.Waiting != "等待立案庭、政治部、审判管理办公室中任一部门的审核人核验。" {
				t.Error(d.Waiting)
			}
			return err
		})

		// Where nobody can, the page says who mends that.
		other := "2-1-1-1" // led by 审判管理办公室, which has nobody
		liaison := stafftest.Actor(t, db, "third", "审判管理办公室", staff.Liaison)
		o.done(liaison, other)
		o.apply(liaison, other)
		if got := waiting(o.desk, other); got != "等待审判管理办公室的审核人核验。现在还没有这样的账号，请联系安全管理员添加“"+staff.Reviewer.Name()+"”账号。" {
			t.Error(got)
		}
		o.ok(db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO staff_roles (staff_id, role) VALUES (?, 'reviewer')", liaison.ID).Error
		}))
		if got := waiting(o.desk, other); !strings.Contains(got, "能核验的人都准备过材料、提出过申请") {
			t.Error(got)
		}
		stafftest.Actor(t, db, "everywhere", "", staff.Reviewer) // of no department: for the whole court
		if got := waiting(o.desk, other); got != "等待审判管理办公室的审核人核验。" {
			t.Error(got)
		}
	})
}

func TestAnApplicationThatWaitsForNothingSaysWhatBecameOfIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		o.done(o.liaison, code)
		o.apply(o.liaison, code)
		app, id := o.open(code)
		o.ok(o.Withdraw(ctx, o.liaison, id, app.Version, "材料还要补"))
		o.refused(o.Review(ctx, o.reviewer, id, app.Version, true, "", ""), fault.Conflict, "已经撤回或者退回，没有待核验的环节")
		o.refused(o.Withdraw(ctx, o.liaison, id, app.Version, "再撤"), fault.Conflict, "已经撤回或者退回，不能撤回")
		o.apply(o.liaison, code)
		app, id = o.open(code)
		o.ok(o.Review(ctx, o.reviewer, id, app.Version, false, ledger.Weak, "没有写明"))
		o.refused(o.Review(ctx, o.reviewer, id, app.Version+1, true, "", ""), fault.Conflict, "结论是不予销号")
		o.refused(o.Review(ctx, o.reviewer, id+99, 1, true, "", ""), fault.NotFound, "没有这份销号申请")
	})
}

func TestEvidenceIsALinkOrAFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := newOffice(t, db, nil)
		x, _ := o.about("1-1-1-1")
		err := o.AddEvidence(t.Context(), o.liaison, x, ledger.NewEvidence{Title: "制度", URL: "https://court.example/1", Name: "a.txt", Body: strings.NewReader("全文")})
		o.refused(err, fault.Invalid, "文件和链接只能选一样")
		if f, _ := fault.As(err); f.Fields[0].Name != "url" || len(o.ids("SELECT id FROM evidence")) != 0 {
			t.Error(err)
		}
	})
}
