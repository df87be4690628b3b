package ledger_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// office is a ledger with the people who work on it.
type office struct {
	*ledger.Service
	t         *testing.T
	db        *store.DB
	programme ledger.Programme

	liaison, stranger, reviewer, desk, second, discipline, leader staff.Actor
}

func newOffice(t *testing.T, db *store.DB, statuses map[string]ledger.Status) *office {
	t.Helper()
	folder, err := blob.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{Service: ledger.New(db, blob.Sealed(folder, key)), t: t, db: db, programme: ledgertest.Small(t, db, statuses)}
	o.liaison = stafftest.Actor(t, db, "liaison", "立案庭", staff.Liaison)
	o.stranger = stafftest.Actor(t, db, "stranger", "政治部", staff.Liaison, staff.Reviewer)
	o.reviewer = stafftest.Actor(t, db, "reviewer", "立案庭", staff.Reviewer)
	o.desk = stafftest.Actor(t, db, "desk", "整改办", staff.RectificationOffice)
	o.second = stafftest.Actor(t, db, "second", "整改办", staff.RectificationOffice)
	o.discipline = stafftest.Actor(t, db, "discipline", "纪检监察组", staff.DisciplineOfficer)
	o.leader = stafftest.Actor(t, db, "leader", "院领导", staff.Leader)
	return o
}

func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	ledgertest.Check(o.t, o.db)
}

// directly changes the database behind the room's back.
func (o *office) directly(statement string, args ...any) {
	o.t.Helper()
	if err := o.db.Write(o.t.Context(), func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }); err != nil {
		o.t.Fatal(err)
	}
	ledgertest.Settle(o.t, o.db)
}

func (o *office) refused(err error, kind fault.Kind, word string) {
	o.t.Helper()
	f, ok := fault.As(err)
	if !ok {
		o.t.Fatalf("%v is no fault", err)
	}
	message := f.Message
	for _, x := range f.Fields {
		message += x.Message
	}
	if f.Kind != kind || !strings.Contains(message, word) {
		o.t.Fatalf("refused with %v: %s", f.Kind, message)
	}
	ledgertest.Check(o.t, o.db)
}

func (o *office) measure(code string) ledger.Measure {
	o.t.Helper()
	return ledgertest.Measure(o.t, o.db, code)
}

func (o *office) about(code string) (ledger.Subject, int) {
	m := o.measure(code)
	return ledger.Subject{Measure: m.ID}, m.Version
}

// ids reads identifiers, in order.
func (o *office) ids(query string, args ...any) (ids []int64) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) error { return r.Raw(query, args...).Scan(&ids).Error })
	return ids
}

func (o *office) open(code string) (ledger.Application, int64) {
	o.t.Helper()
	m := o.measure(code)
	var app ledger.Application
	read(o.t, o.db, func(r *store.Reader) error { return r.Where("measure_id = ?", m.ID).Order("id DESC").Take(&app).Error })
	return app, app.ID
}

// done reports a measure as done and adds a link as evidence.
func (o *office) done(a staff.Actor, code string) {
	o.t.Helper()
	m := o.measure(code)
	o.ok(o.Report(o.t.Context(), a, m.ID, m.Version, ledger.Done, "已经做完", calendar.Date{}))
	o.ok(o.AddEvidence(o.t.Context(), a, ledger.Subject{Measure: m.ID}, ledger.NewEvidence{Title: "文件", URL: "https://court.example/1", Public: true}))
}

func (o *office) apply(a staff.Actor, code string) {
	o.t.Helper()
	x, version := o.about(code)
	o.ok(o.Apply(o.t.Context(), a, x, version, o.ids("SELECT id FROM evidence WHERE measure_id = ? ORDER BY id", x.Measure), "申请销号"))
}

func (o *office) pass(a staff.Actor, code string) {
	o.t.Helper()
	app, id := o.open(code)
	o.ok(o.Review(o.t.Context(), a, id, app.Version, true, "", ""))
}

func (o *office) events(code string) (texts []string) {
	o.t.Helper()
	m := o.measure(code)
	read(o.t, o.db, func(r *store.Reader) error {
		return r.Table("ledger_events").Where("measure_id = ?", m.ID).Order("id").Pluck("text", &texts).Error
	})
	return texts
}

func TestAMeasureIsClosedByThreeStrangersToItsEvidence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		x, version := o.about(code)
		o.refused(o.Apply(ctx, o.liaison, x, version, nil, "做完了"), fault.Conflict, "先把整改状态报告为")
		o.refused(o.Report(ctx, o.stranger, x.Measure, version, ledger.Done, "完成", calendar.Date{}), fault.Forbidden, "立案庭牵头")
		o.refused(o.Report(ctx, o.liaison, x.Measure, version, ledger.Unstated, "", calendar.Date{}), fault.Invalid, "请选择整改状态")
		o.done(o.liaison, code)
		x, version = o.about(code)
		o.refused(o.Apply(ctx, o.liaison, x, version, nil, "做完了"), fault.Invalid, "至少选择一份佐证材料")
		o.refused(o.Apply(ctx, o.stranger, x, version, nil, "做完了"), fault.Forbidden, "立案庭牵头")
		o.refused(o.Apply(ctx, o.liaison, x, version-1, nil, "做完了"), fault.Conflict, "别人刚刚改动过")
		o.apply(o.liaison, code)
		x, version = o.about(code)
		o.refused(o.Report(ctx, o.liaison, x.Measure, version, ledger.InProgress, "其实没有", calendar.Date{}), fault.Conflict, "正在申请销号")
		o.refused(o.Apply(ctx, o.liaison, x, version, []int64{1}, "再来"), fault.Conflict, "正在核验")

		app, id := o.open(code)
		for _, a := range []staff.Actor{o.liaison, o.stranger, o.desk, o.discipline, o.leader} {
			o.refused(o.Review(ctx, a, id, app.Version, true, "", ""), fault.Forbidden, "")
		}
		o.pass(o.reviewer, code)
		app, _ = o.open(code)
		o.refused(o.Review(ctx, o.desk, id, app.Version-1, true, "", ""), fault.Conflict, "别人刚刚改动过")
		o.refused(o.Review(ctx, o.desk, id, app.Version, false, "", ""), fault.Invalid, "请选择不予销号的原因")
		o.pass(o.desk, code)
		o.pass(o.discipline, code)
		m := o.measure(code)
		if m.Closing != ledger.Closed || m.ClosedOn.IsZero() || m.Status != ledger.Done {
			t.Errorf("%+v", m)
		}
		app, _ = o.open(code)
		o.refused(o.Review(ctx, o.discipline, id, app.Version, true, "", ""), fault.Conflict, "已经办结")
		o.refused(o.Withdraw(ctx, o.liaison, id, app.Version, "后悔"), fault.Conflict, "已经办结")
		o.refused(o.Report(ctx, o.liaison, m.ID, m.Version, ledger.InProgress, "又改", calendar.Date{}), fault.Conflict, "已经销号")
		want := []string{"措施1-1-1-1：牵头部门报告“已完成”（此前“未启动”）", "措施1-1-1-1申请销号", "措施1-1-1-1的销号申请通过牵头部门核验",
			"措施1-1-1-1的销号申请通过整改办核验", "措施1-1-1-1经三级核验，予以销号"}
		if d := cmp.Diff(want, o.events(code)); d != "" {
			t.Error(d)
		}
	})
}

func TestWhoPreparedTheEvidenceCannotReview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, code := newOffice(t, db, nil), "1-1-1-1"
		o.done(o.desk, code) // the office may work for a department
		o.apply(o.liaison, code)
		o.pass(o.reviewer, code)
		app, id := o.open(code)
		o.refused(o.Review(t.Context(), o.desk, id, app.Version, true, "", ""), fault.Forbidden, "须由别人核验")
		o.pass(o.second, code)
		used := o.ids("SELECT evidence_id FROM closing_evidence WHERE closing_id = ?", id)
		o.refused(o.WithdrawEvidence(t.Context(), o.desk, used[0]), fault.Conflict, "不能撤下")
	})
}

func TestARefusalNamesItsReasonAndTheNextApplicationBeginsAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		o.done(o.liaison, code)
		o.apply(o.liaison, code)
		o.pass(o.reviewer, code)
		app, first := o.open(code)
		o.refused(o.Review(ctx, o.desk, first, app.Version, false, ledger.Weak, " "), fault.Invalid, "具体说明")
		o.ok(o.Review(ctx, o.desk, first, app.Version, false, ledger.Weak, "没有写明多久检查一次"))
		if m := o.measure(code); m.Closing != ledger.ClosingRefused || m.Status != ledger.Done {
			t.Errorf("%+v", m)
		}
		if e := o.events(code); e[len(e)-1] != "措施1-1-1-1不予销号（整改办）：措施不过硬" {
			t.Error(e)
		}
		o.apply(o.liaison, code)
		app, id := o.open(code)
		if id == first {
			t.Error("the refused application was used again")
		}
		o.refused(o.Withdraw(ctx, o.stranger, id, app.Version, "不是我的"), fault.Forbidden, "")
		o.ok(o.Withdraw(ctx, o.liaison, id, app.Version, "材料还要补"))
		if m := o.measure(code); m.Closing != ledger.NotApplied {
			t.Errorf("%+v", m)
		}
	})
}

func TestAProblemClosesOnlyWhenItsMeasuresHaveAndOpensWithThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "2-1-1-1" // led by 审判管理办公室
		liaison := stafftest.Actor(t, db, "third", "审判管理办公室", staff.Liaison)
		reviewer := stafftest.Actor(t, db, "fourth", "审判管理办公室", staff.Reviewer)
		m := o.measure(code)
		problem := ledger.Subject{Problem: m.ProblemID}
		o.refused(o.Apply(ctx, liaison, problem, 1, nil, "问题销号"), fault.Conflict, "还有措施没有销号（2-1-1-1）")
		o.done(liaison, code)
		o.apply(liaison, code)
		for _, a := range []staff.Actor{reviewer, o.desk, o.discipline} {
			o.pass(a, code)
		}
		o.ok(o.Apply(ctx, liaison, problem, 1, nil, "问题销号"))
		id := o.ids("SELECT id FROM closings WHERE problem_id = ?", m.ProblemID)[0]
		for i, a := range []staff.Actor{reviewer, o.desk, o.discipline} {
			o.ok(o.Review(ctx, a, id, i+1, true, "", ""))
		}
		find := func() (p ledger.Problem) {
			read(t, db, func(r *store.Reader) (err error) { p, err = ledger.ProblemByID(r, m.ProblemID); return err })
			return p
		}
		if p := find(); p.Closing != ledger.Closed || p.Status != ledger.Done {
			t.Fatalf("%+v", p)
		}

		today := calendar.Of(db.Now())
		round, err := o.PlanLookback(ctx, o.discipline, o.programme.ID, ledger.Lookback{Title: "第一轮", FromOn: today, ToOn: today.AddDays(30)})
		o.ok(err)
		items := o.ids("SELECT id FROM lookback_items WHERE lookback_id = ?", round)
		if len(items) != 1 {
			t.Fatal(items)
		}
		o.refused(o.EndLookback(ctx, o.discipline, round), fault.Conflict, "还有 1 项没有结论")
		o.refused(o.Judge(ctx, liaison, items[0], false, "没有做"), fault.Forbidden, "")
		o.ok(o.Judge(ctx, o.discipline, items[0], false, "现场看，制度没有执行"))
		o.refused(o.Judge(ctx, o.desk, items[0], true, "做了"), fault.Conflict, "已经有结论")
		o.ok(o.EndLookback(ctx, o.discipline, round))
		if m := o.measure(code); m.Closing != ledger.NotApplied || m.ReopenedOn != today || m.Status != ledger.InProgress {
			t.Errorf("%+v", m)
		}
		if p := find(); p.Closing != ledger.NotApplied || p.ReopenedOn != today || p.Status != ledger.InProgress {
			t.Errorf("%+v", p)
		}
	})
}

func TestADueDateMovesOnlyWithAReasonAndAnotherPersonsWord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		m := o.measure("1-1-1-1")
		to := m.DueOn.AddMonths(3)
		o.refused(o.ProposeDue(ctx, o.desk, m.ID, m.Version, to, ""), fault.Invalid, "理由")
		o.ok(o.ProposeDue(ctx, o.desk, m.ID, m.Version, to, "等上级文件"))
		m = o.measure("1-1-1-1")
		o.refused(o.ProposeDue(ctx, o.liaison, m.ID, m.Version, to, "再来"), fault.Conflict, "在等批准")
		change := o.ids("SELECT id FROM due_changes")[0]
		o.refused(o.DecideDue(ctx, o.desk, m.ID, m.Version, change, true, ""), fault.Forbidden, "须由别人批准")
		o.refused(o.DecideDue(ctx, o.liaison, m.ID, m.Version, change, true, ""), fault.Forbidden, "")
		o.ok(o.DecideDue(ctx, o.leader, m.ID, m.Version, change, true, ""))
		got := o.measure("1-1-1-1")
		if got.DueOn != to || got.BaselineOn != m.BaselineOn || got.BaselineOn == got.DueOn {
			t.Errorf("%+v", got)
		}
		if e := o.events("1-1-1-1"); len(e) != 1 || !strings.Contains(e[0], "等上级文件") || !strings.Contains(e[0], "原为") {
			t.Error(e)
		}
	})
}

func TestEvidenceIsSealedAndOpensOnlyToWhomItIsFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		x, _ := o.about("1-1-1-1")
		body := []byte("印发的制度全文")
		for _, public := range []bool{true, false} {
			o.ok(o.AddEvidence(ctx, o.liaison, x, ledger.NewEvidence{Title: "制度", Public: public, Name: "制度.txt", Body: bytes.NewReader(body)}))
		}
		o.refused(o.AddEvidence(ctx, o.liaison, x, ledger.NewEvidence{Title: "坏", URL: "javascript:alert(1)"}), fault.Invalid, "https://")
		o.refused(o.AddEvidence(ctx, o.stranger, x, ledger.NewEvidence{Title: "别人的", URL: "https://x.example/"}), fault.Forbidden, "立案庭")
		ids := o.ids("SELECT id FROM evidence ORDER BY id")
		_, file, err := o.PublicEvidence(ctx, ids[0])
		o.ok(err)
		defer file.Close()
		if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%q %v", got, err)
		}
		if _, _, err := o.PublicEvidence(ctx, ids[1]); !fault.Is(err, fault.NotFound) {
			t.Error("an internal file opens to the public", err)
		}
		if _, _, err := o.OpenEvidence(ctx, stafftest.Actor(t, db, "admin", "信息处", staff.SysAdmin), ids[1]); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		o.ok(o.WithdrawEvidence(ctx, o.liaison, ids[0]))
		o.refused(o.WithdrawEvidence(ctx, o.liaison, ids[0]), fault.Conflict, "已经撤下")
		if _, _, err := o.PublicEvidence(ctx, ids[0]); !fault.Is(err, fault.NotFound) {
			t.Error("a withdrawn file opens", err)
		}
	})
}

func TestADrawCanBeRepeated(t *testing.T) {
	codes := []string{"1-1-1-1", "1-1-1-2", "1-1-2-1", "1-2-1-1", "2-1-1-1"}
	got := ledger.Draw("2027-01", codes, 2)
	if d := cmp.Diff(got, ledger.Draw("2027-01", []string{"2-1-1-1", "1-2-1-1", "1-1-2-1", "1-1-1-2", "1-1-1-1"}, 2)); d != "" || len(got) != 2 {
		t.Error(d)
	}
	if len(ledger.Draw("x", codes, 0)) != 5 {
		t.Error("not all")
	}
}
