package demo_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/demo"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) {
	stafftest.CheapPasswords()
	storetest.Main(m)
}

func house(t *testing.T, db *store.DB, clock *storetest.Clock) demo.House {
	t.Helper()
	folder, err := blob.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pepper := seal.Pepper(bytes.Repeat([]byte{3}, 32))
	h := demo.House{DB: db, Staff: staff.New(db, pepper, false), Ledger: ledger.New(db, blob.Sealed(folder, key)), Cases: cases.New(db, blob.Sealed(folder, key), pepper), Clock: clock}
	t.Cleanup(h.Cases.Close)
	return h
}

func TestTheDemonstrationIsWhatItSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, hands *storetest.Clock) {
		hands.Set(time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
		h := house(t, db, hands)
		if _, err := h.Staff.EnsureFirst(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := demo.Load(t.Context(), h, 40, 7); err != nil {
			f, _ := fault.As(err)
			t.Fatalf("%v %+v", err, f)
		}
		ledgertest.Check(t, db)
		casestest.Check(t, db)
		err := db.Read(t.Context(), func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err != nil {
				return err
			}
			n, err := ledger.Count(r, p)
			if err != nil {
				return err
			}
			if d := cmp.Diff([]int{42, 95, 295, 14, 1}, []int{n.Problems.All(), n.SubProblems, n.Measures.All(), n.Measures[ledger.BasicallyDone], n.Measures[ledger.InProgress]}); d != "" {
				t.Error(d)
			}
			if n.MeasuresClosed < 200 || n.ProblemsClosed < 5 || n.Problems[ledger.BasicallyDone] != 5 {
				t.Errorf("%+v", n)
			}
			for table, least := range map[string]int64{"cases": 40, "published_replies": 1, "due_changes": 14, "lookback_items": 30, "rules": 14, "supervision_orders": 4, "review_meetings": 4, "digests": 100} {
				var have int64
				if err := r.Table(table).Count(&have).Error; err != nil {
					return err
				}
				if have < least {
					t.Errorf("%d %s", have, table)
				}
			}
			var refused, late int64
			if err := r.Table("closing_steps").Where("NOT passed").Count(&refused).Error; err != nil {
				return err
			}
			if err := r.Table("ledger_events").Where("at > ?", hands.Now()).Count(&late).Error; err != nil {
				return err
			}
			if refused == 0 || late != 0 || !p.Demo {
				t.Errorf("%d refusals, %d events of the future, fictional: %v", refused, late, p.Demo)
			}
			var titles []string
			if err := r.Table("problems").Where("NOT announced").Pluck("title", &titles).Error; err != nil {
				return err
			}
			for _, x := range titles {
				if !strings.HasPrefix(x, "（示例）") {
					t.Errorf("%s is not marked", x)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := demo.Load(t.Context(), h, 1, 7); !fault.Is(err, fault.Conflict) {
			t.Error("a second demonstration was loaded", err)
		}
	})
}
