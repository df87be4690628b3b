package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestWhatIsSaidOfAProgrammeAndAnAspectIsForThePublicOrForStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		id := o.measure("1-1-1-1").ProgrammeID
		heads := func() (h ledger.Heads) {
			t.Helper()
			read(t, db, func(r *store.Reader) (err error) { h, err = ledger.ReadHeads(r, o.desk, id); return err })
			return h
		}
		h := heads()
		aspect := h.Aspects[0]
		text := ledger.HeadText{Title: "巡视整改", Text: "对公众的说明", Internal: "不能外传的说明"}
		o.refused(o.SetProgramme(ctx, o.liaison, id, 0, text), fault.Forbidden, "")
		o.refused(o.SetAspect(ctx, o.liaison, aspect.ID, 0, text), fault.Forbidden, "")
		o.refused(o.SetAspect(ctx, o.desk, 9999, 0, text), fault.NotFound, "没有这个方面")
		o.refused(o.SetProgramme(ctx, o.desk, id, 0, ledger.HeadText{}), fault.Invalid, "请填写名称")
		o.refused(o.SetAspect(ctx, o.desk, aspect.ID, 0, ledger.HeadText{Text: strings.Repeat("长", 5001)}), fault.Invalid, "公开说明最多 5000 个字")
		o.ok(o.SetProgramme(ctx, o.desk, id, 0, text))
		o.ok(o.SetAspect(ctx, o.desk, aspect.ID, 0, text))
		o.refused(o.SetProgramme(ctx, o.desk, id, 0, text), fault.Conflict, "别人刚刚改动过")
		o.refused(o.SetAspect(ctx, o.desk, aspect.ID, 0, text), fault.Conflict, "别人刚刚改动过")
		o.ok(o.SetAspect(ctx, o.desk, aspect.ID, 1, text)) // nothing changes: nothing is told
		o.ok(o.SetAspect(ctx, o.desk, aspect.ID, 1, ledger.HeadText{Text: "另一个说明", Internal: text.Internal}))
		h = heads()
		if p, a := h.Programme, h.Aspects[0]; p.Title != text.Title || p.Text != text.Text || p.Internal != text.Internal || a.Title != aspect.Title || a.Text != "另一个说明" || a.Internal != text.Internal {
			t.Errorf("%+v %+v", p, a)
		}
		var told []string
		read(t, db, func(r *store.Reader) error {
			x, err := ledger.ProgrammeByID(r, id)
			if err != nil {
				return err
			}
			d, err := ledger.Describe(r, x, "1-1")
			if err != nil {
				return err
			}
			all, err := ledger.ReadPublished(r, x)
			if err != nil {
				return err
			}
			counts, err := ledger.AspectCounts(r, x)
			if err != nil {
				return err
			}
			if x.Text != text.Text || d.Aspect.Text != "另一个说明" || all.Aspects[0].Text != "另一个说明" || counts[0].Text != "另一个说明" {
				t.Errorf("%q %q %q %q", x.Text, d.Aspect.Text, all.Aspects[0].Text, counts[0].Text)
			}
			if public := fmt.Sprintf("%+v %+v %+v %+v", x, d, all, counts); strings.Contains(public, text.Internal) {
				t.Error("what is for staff only is in what the public reads")
			}
			return r.Table("ledger_events").Where("kind = 'text'").Order("id").Pluck("text", &told).Error
		})
		name := "“" + aspect.Title + "”方面的"
		want := []string{"这一轮整改的公开说明已公布", name + "公开说明已公布", name + "公开说明有修改（此前：“对公众的说明”）"}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}

func TestTheTextOfAProblemAndItsPartsIsToldWhenItChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		id := o.measure("1-1-1-1").ProblemID
		var d ledger.Dossier
		read(t, db, func(r *store.Reader) (err error) {
			d, err = ledger.OpenDossier(r, o.desk, ledger.Subject{Problem: id})
			return err
		})
		part := d.Subs[0]
		say := func(version int, text, partText string) {
			t.Helper()
			o.ok(o.SetProblem(ctx, o.desk, id, version, ledger.ProblemText{Title: d.Problem.Title, Text: text, Internal: "不能外传的说明", Published: true,
				Parts: map[int64]ledger.PartText{part.ID: {Title: part.Title, Text: partText, Internal: "不能外传的细节"}}}))
		}
		say(d.Problem.Version, "问题的说明", "")
		say(d.Problem.Version+1, strings.Repeat("长", 300), "小问题的说明")
		say(d.Problem.Version+2, "", "小问题的说明")
		var told []string
		read(t, db, func(r *store.Reader) error {
			p, err := ledger.ProgrammeByID(r, d.Problem.ProgrammeID)
			if err != nil {
				return err
			}
			x, err := ledger.Describe(r, p, "1-1")
			if err != nil {
				return err
			}
			all, err := ledger.ReadPublished(r, p)
			if err != nil {
				return err
			}
			if x.Subs[0].Text != "小问题的说明" || all.Subs[0].Text != "小问题的说明" || strings.Contains(fmt.Sprintf("%+v %+v", x, all), "不能外传") {
				t.Errorf("%+v", x.Subs)
			}
			found, _, err := ledger.Progress(r, p, ledger.Filter{Query: "小问题的说明", Limit: 10})
			if err != nil || len(found) != 1 {
				t.Errorf("the search finds %d problems by the text of a part: %v", len(found), err)
			}
			return r.Table("ledger_events").Where("problem_id = ? AND kind = 'text'", id).Order("id").Pluck("text", &told).Error
		})
		want := []string{"问题1-1的公开说明已公布", "问题1-1的公开说明有修改（此前：“问题的说明”）", "问题1-1的细化问题1的公开说明已公布",
			"问题1-1的公开说明有修改（此前：“" + strings.Repeat("长", 200) + "……”）"}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}
