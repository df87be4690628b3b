package ledger_test

import (
	"slices"
	"testing"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestTheOfficeChangesAProblemAndThePublicIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		id := o.measure("1-1-1-1").ProblemID
		read := func() (p ledger.Problem, d ledger.Dossier) {
			t.Helper()
			read(t, db, func(r *store.Reader) (err error) {
				d, err = ledger.OpenDossier(r, o.desk, ledger.Subject{Problem: id})
				return err
			})
			return d.Problem, d
		}
		p, d := read()
		text := ledger.ProblemText{Title: "重新表述的问题", Internal: "内部的说明", Leader: "院长", Published: true, Parts: map[int64]ledger.PartText{d.Subs[0].ID: {Title: "重新表述的细化问题", Text: "细化问题的公开说明"}, 9999: {Title: "别处的"}}}
		o.refused(o.SetProblem(ctx, o.liaison, id, p.Version, text), fault.Forbidden, "")
		o.refused(o.SetProblem(ctx, o.desk, id, p.Version-1, text), fault.Conflict, "别人刚刚改动过")
		o.refused(o.SetProblem(ctx, o.desk, id, p.Version, ledger.ProblemText{Title: " "}), fault.Invalid, "请填写问题")
		o.ok(o.SetProblem(ctx, o.desk, id, p.Version, text))
		p, d = read()
		if p.Title != text.Title || p.Internal != text.Internal || p.Leader != "院长" || d.Subs[0].Title != "重新表述的细化问题" || d.Subs[1].Title == "" {
			t.Errorf("%+v %+v", p, d.Subs)
		}
		hidden := text
		hidden.Published = false
		o.ok(o.SetProblem(ctx, o.desk, id, p.Version, hidden))
		p, _ = read()
		o.ok(o.SetProblem(ctx, o.desk, id, p.Version, text))
		var told []string
		if err := db.Read(ctx, func(r *store.Reader) error {
			return r.Table("ledger_events").Where("problem_id = ? AND measure_id IS NULL", id).Order("id").Pluck("text", &told).Error
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{"问题1-1的表述修改为：“重新表述的问题”（此前：“第1方面的第1个问题”）", "问题1-1的细化问题1的表述修改为：“重新表述的细化问题”（此前：“细化问题1”）", "问题1-1的细化问题1的公开说明已公布", "问题1-1不再公开", "问题1-1公开"}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}
