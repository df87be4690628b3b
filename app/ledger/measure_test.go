package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestRollingUpNeverSaysMoreThanTheMeasures(t *testing.T) {
	for want, tallies := range map[ledger.Status][]ledger.Tallied{
		ledger.Unstated:      {{}, {ledger.Unstated: 3}, {ledger.Unstated: 1, ledger.Done: 9}, {ledger.Unstated: 1, ledger.LongTerm: 1}},
		ledger.NotStarted:    {{ledger.NotStarted: 2}},
		ledger.InProgress:    {{ledger.InProgress: 1, ledger.Done: 5}, {ledger.NotStarted: 1, ledger.Done: 1}, {ledger.Unstated: 1, ledger.NotStarted: 1}, {ledger.BasicallyDone: 1, ledger.Unstated: 1}},
		ledger.BasicallyDone: {{ledger.BasicallyDone: 1, ledger.Done: 4, ledger.LongTerm: 1}},
		ledger.Done:          {{ledger.Done: 3}, {ledger.Done: 1, ledger.LongTerm: 2}},
		ledger.LongTerm:      {{ledger.LongTerm: 2}},
	} {
		for _, tally := range tallies {
			if got := ledger.Roll(tally); got != want {
				t.Errorf("%v: %s, not %s", tally, got, want)
			}
		}
	}
}

func TestTheLedgerIsCountedAndNotTheAnnouncementBesideIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		p := ledgertest.Small(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-1-1-2": ledger.Done, "1-1-2-1": ledger.Done, "1-2-1-1": ledger.Unstated})
		ledgertest.Check(t, db)
		read(t, db, func(r *store.Reader) error {
			got, err := ledger.Count(r, p)
			if err != nil {
				return err
			}
			want := ledger.Counts{Problems: ledger.Tallied{ledger.Done: 1, ledger.InProgress: 1, ledger.NotStarted: 1}, SubProblems: 4,
				Measures: ledger.Tallied{ledger.Done: 3, ledger.Unstated: 1, ledger.NotStarted: 2}}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			list, tallies, err := ledger.Progress(r, p, ledger.Filter{Dept: "立案庭", Limit: 10})
			if err != nil {
				return err
			}
			var codes []string
			for _, x := range list {
				codes = append(codes, x.Code)
			}
			if d := cmp.Diff([]string{"1-1", "1-2"}, codes); d != "" {
				t.Error(d)
			}
			if n := ledger.Sum(tallies, ledger.Filter{Dept: "立案庭"}); n != 2 {
				t.Errorf("%d problems led by 立案庭", n)
			}
			if n := ledger.Sum(tallies, ledger.Filter{}); n != 3 {
				t.Errorf("%d problems in all", n)
			}
			d, err := ledger.Describe(r, p, "1-1-2-1")
			if err != nil {
				return err
			}
			if len(d.Measures) != 3 || d.Measures[0].Department != "立案庭" || d.Measures[0].Internal != "" {
				t.Errorf("%+v", d.Measures)
			}
			return nil
		})
	})
}
