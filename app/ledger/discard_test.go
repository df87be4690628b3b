package ledger_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// held counts what an import makes.
func held(t *testing.T, db *store.DB) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	read(t, db, func(r *store.Reader) error {
		for _, table := range []string{"programmes", "announcements", "stated_figures", "aspects", "problems", "sub_problems", "statements", "namings", "problem_links", "ledger_events"} {
			var n int64
			if err := r.Table(table).Count(&n).Error; err != nil {
				return err
			}
			out[table] = n
		}
		return nil
	})
	return out
}

func TestADiscardedDraftLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		l, ctx := ledger.New(db, nil), t.Context()
		before := held(t, db)
		got, err := l.Import(ctx, staff.System, seed(t))
		if err != nil {
			t.Fatal(err)
		}
		ledgertest.Check(t, db)
		if err := l.Discard(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, "导错了文件"); err != nil {
			t.Fatal(err)
		}
		ledgertest.Check(t, db)
		if d := cmp.Diff(before, held(t, db)); d != "" {
			t.Error(d)
		}
		read(t, db, func(r *store.Reader) error {
			var trail string
			err := r.Raw("SELECT changes FROM audit WHERE verb = 'announcement.discard' AND subject_id = ?", got.Announcement.ID).Row().Scan(&trail)
			for _, want := range []string{"导错了文件", got.Announcement.Title, got.Announcement.Digest} {
				if !strings.Contains(trail, want) {
					t.Errorf("the trail lacks %s: %s", want, trail)
				}
			}
			return err
		})
		if err := l.Discard(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, "再来一次"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		again := published(t, db, seed(t))
		if !again.Programme.Main || again.NewProblems != 15 {
			t.Errorf("%+v, %d new problems", again.Programme, again.NewProblems)
		}
	})
}

func TestDiscardingADraftKeepsWhatWasPublished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		l, ctx := ledger.New(db, nil), t.Context()
		first := published(t, db, seed(t))
		before := held(t, db)
		later := strings.Replace(seed(t), "2021年1月6日", "2021年7月6日", 1)
		later = strings.Replace(later, "\n1.", "\n1.针对“一个新问题”问题。已经改正。\n2.", 1)
		got, err := l.Import(ctx, staff.System, later)
		if err != nil || got.NewProblems != 1 || got.Programme.ID != first.Programme.ID {
			t.Fatal(err, got.NewProblems)
		}
		read(t, db, func(r *store.Reader) error {
			d, err := ledger.Describe(r, first.Programme, "1-1")
			if err == nil && d.Announcement.ID != first.Announcement.ID {
				t.Error("a draft's sentences are public")
			}
			return err
		})
		if err := l.Discard(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, "重写"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, held(t, db)); d != "" {
			t.Error(d)
		}
		ledgertest.Check(t, db)
	})
}

func TestOnlyTheOfficeDiscardsAndOnlyADraftAndOnlyWithAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		got := published(t, db, seed(t))
		before := held(t, db)
		l, ctx, id := ledger.New(db, nil), t.Context(), got.Announcement.ID
		for _, r := range staff.Roles {
			if r == staff.RectificationOffice {
				continue
			}
			if err := l.Discard(ctx, staff.Actor{ID: 1, Roles: []staff.Role{r}}, id, got.Announcement.Digest, "不要了"); !fault.Is(err, fault.Forbidden) {
				t.Error(r, err)
			}
		}
		for reason, want := range map[string]fault.Kind{"": fault.Invalid, " \n": fault.Invalid, strings.Repeat("长", 5001): fault.Invalid, "不要了": fault.Conflict} {
			if err := l.Discard(ctx, staff.System, id, got.Announcement.Digest, reason); !fault.Is(err, want) {
				t.Errorf("%.10q: %v", reason, err)
			}
		}
		for _, change := range []string{"DELETE FROM announcements", "UPDATE announcements SET source = ''", "UPDATE announcements SET state = 'draft'", "DELETE FROM statements",
			"UPDATE stated_figures SET value = 1", "DELETE FROM namings"} {
			if err := db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(change).Error }); err == nil {
				t.Error("the database lets it: ", change)
			}
		}
		if d := cmp.Diff(before, held(t, db)); d != "" {
			t.Error(d)
		}
	})
}

func TestWhatWorkRefersToStaysWhenTheDraftGoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		l, ctx := ledger.New(db, nil), t.Context()
		got, err := l.Import(ctx, staff.System, seed(t))
		if err != nil {
			t.Fatal(err)
		}
		var id int64
		read(t, db, func(r *store.Reader) error {
			return r.Raw("SELECT id FROM problems WHERE code = '1-2'").Row().Scan(&id)
		})
		if _, err := l.AddRule(ctx, staff.System, got.Programme.ID, ledger.RuleText{Title: "学习办法", Body: "第一条", Problems: []int64{id}}); err != nil {
			t.Fatal(err)
		}
		if err := l.Discard(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, "重写"); err != nil {
			t.Fatal(err)
		}
		ledgertest.Check(t, db)
		now := held(t, db)
		if d := cmp.Diff(map[string]int64{"programmes": 1, "announcements": 0, "stated_figures": 0, "aspects": 1, "problems": 1, "sub_problems": 0, "statements": 0,
			"namings": 0, "problem_links": 0, "ledger_events": 0}, now); d != "" {
			t.Error(d)
		}
	})
}
