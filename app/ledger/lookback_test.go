package ledger_test

import (
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

// closed closes a measure that 立案庭 leads.
func (o *office) closed(code string) {
	o.t.Helper()
	o.done(o.liaison, code)
	o.apply(o.liaison, code)
	for _, a := range []staff.Actor{o.reviewer, o.desk, o.discipline} {
		o.pass(a, code)
	}
}

// round begins to look back at everything that is closed, and returns its items too.
func (o *office) round(title string) (id int64, items []int64) {
	o.t.Helper()
	today := calendar.Of(o.db.Now())
	id, err := o.PlanLookback(o.t.Context(), o.discipline, o.programme.ID, ledger.Lookback{Title: title, FromOn: today, ToOn: today.AddDays(30)})
	o.ok(err)
	return id, o.ids("SELECT id FROM lookback_items WHERE lookback_id = ? ORDER BY id", id)
}

func (o *office) items(measure int64) (list []ledger.LookbackItem) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) error { return r.Where("measure_id = ?", measure).Order("id").Find(&list).Error })
	return list
}

func TestAMeasureThatOneRoundReopensIsConfirmedByNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		o.closed(code)
		first, one := o.round("第一轮")
		second, two := o.round("第二轮")
		o.ok(o.Judge(ctx, o.discipline, one[0], false, "制度没有执行"))
		o.refused(o.Judge(ctx, o.desk, two[0], true, "成果保持"), fault.Conflict, "已经有结论")
		list := o.items(o.measure(code).ID)
		if len(list) != 2 || list[1].Result != "reopened" || list[1].Finding != "已由回头看“第一轮”重新打开，这里不再另行核实。" || list[1].ActorID != o.discipline.ID || list[1].At == nil {
			t.Errorf("%+v", list)
		}
		o.ok(o.EndLookback(ctx, o.discipline, first))
		o.ok(o.EndLookback(ctx, o.discipline, second))
		want := []string{"措施1-1-1-1：牵头部门报告“已完成”（此前“未启动”）", "措施1-1-1-1申请销号", "措施1-1-1-1的销号申请通过牵头部门核验", "措施1-1-1-1的销号申请通过整改办核验",
			"措施1-1-1-1经三级核验，予以销号", "措施1-1-1-1经复查发现问题，重新打开：已撤销原销号"}
		if d := cmp.Diff(want, o.events(code)); d != "" {
			t.Error(d)
		}

		// What an earlier version left pending is not confirmed either.
		o.closed(code)
		_, three := o.round("第三轮")
		o.ok(o.Judge(ctx, o.discipline, three[0], true, "按制度执行"))
		err := db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE lookback_items SET result = 'pending' WHERE id = ?", three[0]).Error
		})
		o.ok(err)
		leave := func(closing string) {
			o.directly("UPDATE measures SET closing = ?, closed_on = CASE WHEN ? = 'closed' THEN '2027-01-06' END WHERE code = ?", closing, closing, code)
		}
		leave("none")
		if err := o.Judge(ctx, o.discipline, three[0], true, "成果保持"); !fault.Is(err, fault.Conflict) {
			t.Errorf("an open measure is confirmed: %v", err)
		}
		leave("closed")
		o.ok(o.Judge(ctx, o.discipline, three[0], true, "成果保持"))
	})
}

func TestACheckThatFindsAProblemSettlesTheRoundsToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		o.directly("UPDATE measures SET kind = 'long_term', check_months = 3, check_on = '2027-01-06' WHERE code = ?", code)
		o.closed(code)
		id, _ := o.round("第一轮")
		m := o.measure(code)
		o.refused(o.EndLookback(ctx, o.discipline, id), fault.Conflict, "还有 1 项没有结论")
		o.ok(o.RecordCheck(ctx, o.discipline, m.ID, m.Version, false, "停了两个月"))
		if list := o.items(m.ID); list[0].Result != "reopened" || list[0].Finding != "已由定期复查重新打开，这里不再另行核实。" {
			t.Errorf("%+v", list)
		}
		o.ok(o.EndLookback(ctx, o.discipline, id))
	})
}

func TestOnlyAClosedProblemIsReopened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "2-1-1-1"
		o.directly("UPDATE measures SET department_id = ? WHERE code = ?", o.liaison.DepartmentID, code)
		o.closed(code)
		problem := o.measure(code).ProblemID
		o.ok(o.Apply(ctx, o.liaison, ledger.Subject{Problem: problem}, 1, nil, "问题销号"))
		_, items := o.round("第一轮")
		o.ok(o.Judge(ctx, o.discipline, items[0], false, "制度没有执行"))
		var d ledger.Dossier
		var events []string
		look := func() {
			events = nil
			read(t, db, func(r *store.Reader) (err error) {
				if err := r.Table("ledger_events").Where("problem_id = ? AND measure_id IS NULL", problem).Order("id").Pluck("text", &events).Error; err != nil {
					return err
				}
				d, err = ledger.OpenDossier(r, o.desk, ledger.Subject{Problem: problem})
				return err
			})
		}
		look()
		if p := d.Problem; p.Closing != ledger.NotApplied || !p.ReopenedOn.IsZero() || p.Status != ledger.InProgress {
			t.Errorf("%+v", p)
		}
		if diff := cmp.Diff([]string{"问题2-1申请销号", "问题2-1的销号申请退回：措施2-1-1-1重新打开"}, events); diff != "" {
			t.Error(diff)
		}
		steps := d.Applications[0].Steps
		if last := steps[len(steps)-1]; d.Applications[0].State != "withdrawn" || last.Step != "withdraw" || last.Passed || last.Text != "措施2-1-1-1重新打开，全部销号后再申请。" {
			t.Errorf("%+v", d.Applications[0])
		}

		// Once it has been closed it is reopened, and says so.
		o.closed(code)
		o.ok(o.Apply(ctx, o.liaison, ledger.Subject{Problem: problem}, d.Problem.Version, nil, "问题销号"))
		id := o.ids("SELECT max(id) FROM closings WHERE problem_id = ?", problem)[0]
		for i, a := range []staff.Actor{o.reviewer, o.desk, o.discipline} {
			o.ok(o.Review(ctx, a, id, i+1, true, "", ""))
		}
		_, items = o.round("第二轮")
		o.ok(o.Judge(ctx, stafftest.Actor(t, db, "supervisor", "督办室", staff.Supervisor), items[0], false, "又停了"))
		look()
		if p := d.Problem; p.Closing != ledger.NotApplied || p.ReopenedOn != calendar.Of(db.Now()) || events[len(events)-1] != "问题2-1随措施2-1-1-1重新打开" {
			t.Errorf("%+v %v", p, events)
		}
	})
}
