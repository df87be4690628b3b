package ledger_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// rank orders the statuses of work that somebody reported; a problem is never
// ahead of what its measures allow.
var rank = map[ledger.Status]int{ledger.NotStarted: 1, ledger.InProgress: 2, ledger.BasicallyDone: 3, ledger.LongTerm: 4, ledger.Done: 4}

func TestAProblemIsNeverAheadOfItsMeasures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally := ledger.Tallied{}
		for _, s := range ledger.Statuses {
			if n := rapid.IntRange(0, 3).Draw(t, string(s)); n > 0 {
				tally[s] = n
			}
		}
		got := ledger.Roll(tally)
		if tally[ledger.Unstated] > 0 && rank[got] > rank[ledger.InProgress] {
			t.Fatalf("%v, some unknown, is %s", tally, got)
		}
		least, most := 9, 0
		for s := range tally {
			if s != ledger.Unstated {
				least, most = min(least, rank[s]), max(most, rank[s])
			}
		}
		switch {
		case got == ledger.Done || got == ledger.LongTerm:
			if least < rank[ledger.Done] {
				t.Fatalf("%v is %s", tally, got)
			}
		case got == ledger.BasicallyDone:
			if least < rank[ledger.BasicallyDone] {
				t.Fatalf("%v is %s", tally, got)
			}
		case got == ledger.NotStarted:
			if most > rank[ledger.NotStarted] {
				t.Fatalf("%v is %s", tally, got)
			}
		}
		// As many again of each changes nothing.
		twice := ledger.Tallied{}
		for s, n := range tally {
			twice[s] = 2 * n
		}
		if again := ledger.Roll(twice); again != got {
			t.Fatalf("%v is %s, twice as many %s", tally, got, again)
		}
		// One more that is done takes nothing back, once the others are known.
		if tally.All() > 0 && tally[ledger.Unstated] == 0 {
			twice = ledger.Tallied{}
			for s, n := range tally {
				twice[s] = n
			}
			twice[ledger.Done]++
			if more := ledger.Roll(twice); rank[more] < rank[got] {
				t.Fatalf("%v is %s, with one more done %s", tally, got, more)
			}
		}
	})
}

// TestNoOrderOfActsBreaksTheLedger lets everybody try everything in an order
// that chance makes: what is not allowed is refused in words, and what was done
// leaves every rule of the ledger standing.
func TestNoOrderOfActsBreaksTheLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o, ctx, dice := newOffice(t, db, nil), t.Context(), rand.New(rand.NewPCG(3, 1))
		o.directly("UPDATE measures SET department_id = ?", o.liaison.DepartmentID)
		people := []staff.Actor{o.liaison, o.stranger, o.reviewer, o.desk, o.second, o.discipline, o.leader}
		codes, rounds := []string{"1-1-1-1", "1-2-1-1", "2-1-1-1"}, 0
		last := func(query string, args ...any) int64 {
			if ids := o.ids(query+" ORDER BY id DESC LIMIT 1", args...); len(ids) > 0 {
				return ids[0]
			}
			return 0
		}
		version := func(table string, id int64) int {
			if v := o.ids("SELECT version FROM "+table+" WHERE id = ?", id); len(v) > 0 {
				return int(v[0])
			}
			return 0
		}
		acts := map[string]func(a staff.Actor, m ledger.Measure) error{
			"report": func(a staff.Actor, m ledger.Measure) error {
				return o.Report(ctx, a, m.ID, m.Version, ledger.Statuses[dice.IntN(len(ledger.Statuses))], "说明", calendar.Date{})
			},
			"finish": func(a staff.Actor, m ledger.Measure) error {
				return o.Report(ctx, a, m.ID, m.Version, ledger.Done, "说明", calendar.Date{})
			},
			"evidence": func(a staff.Actor, m ledger.Measure) error {
				if dice.IntN(9) > 0 {
					a = o.liaison // whoever prepares evidence cannot review it: two of the office would leave nobody
				}
				return o.AddEvidence(ctx, a, ledger.Subject{Measure: m.ID}, ledger.NewEvidence{Title: "文件", URL: "https://court.example/1"})
			},
			"take back evidence": func(a staff.Actor, m ledger.Measure) error {
				return o.WithdrawEvidence(ctx, a, last("SELECT id FROM evidence WHERE measure_id = ?", m.ID))
			},
			"apply": func(a staff.Actor, m ledger.Measure) error {
				return o.Apply(ctx, a, ledger.Subject{Measure: m.ID}, m.Version, o.ids("SELECT id FROM evidence WHERE measure_id = ? AND withdrawn_at IS NULL", m.ID), "申请")
			},
			"apply for the problem": func(a staff.Actor, m ledger.Measure) error {
				return o.Apply(ctx, a, ledger.Subject{Problem: m.ProblemID}, version("problems", m.ProblemID), nil, "申请")
			},
			"review": func(a staff.Actor, m ledger.Measure) error {
				id := last("SELECT id FROM closings WHERE measure_id = ?", m.ID)
				return o.Review(ctx, a, id, version("closings", id), dice.IntN(6) > 0, ledger.Refusals[dice.IntN(3)], "意见")
			},
			"review the problem": func(a staff.Actor, m ledger.Measure) error {
				id := last("SELECT id FROM closings WHERE problem_id = ?", m.ProblemID)
				return o.Review(ctx, a, id, version("closings", id), dice.IntN(6) > 0, ledger.Refusals[dice.IntN(3)], "意见")
			},
			"withdraw": func(a staff.Actor, m ledger.Measure) error {
				id := last("SELECT id FROM closings WHERE measure_id = ?", m.ID)
				return o.Withdraw(ctx, a, id, version("closings", id), "撤回")
			},
			"move": func(a staff.Actor, m ledger.Measure) error {
				return o.ProposeDue(ctx, a, m.ID, m.Version, m.BaselineOn.AddDays(10+dice.IntN(90)), "理由")
			},
			"decide the move": func(a staff.Actor, m ledger.Measure) error {
				return o.DecideDue(ctx, a, m.ID, m.Version, last("SELECT id FROM due_changes WHERE measure_id = ?", m.ID), dice.IntN(2) == 0, "意见")
			},
			"look back": func(a staff.Actor, m ledger.Measure) error {
				today := calendar.Of(db.Now())
				rounds++ // each title is tried twice
				_, err := o.PlanLookback(ctx, a, o.programme.ID, ledger.Lookback{Title: fmt.Sprintf("第%d次抽查", rounds/2), FromOn: today, ToOn: today.AddDays(9)})
				return err
			},
			"judge": func(a staff.Actor, m ledger.Measure) error {
				return o.Judge(ctx, a, last("SELECT id FROM lookback_items WHERE measure_id = ? AND result = 'pending'", m.ID), dice.IntN(2) == 0, "情况")
			},
			"end": func(a staff.Actor, m ledger.Measure) error {
				return o.EndLookback(ctx, a, last("SELECT id FROM lookbacks WHERE state = 'open'"))
			},
			"stale": func(a staff.Actor, m ledger.Measure) error {
				return o.Report(ctx, a, m.ID, m.Version-1, ledger.InProgress, "旧页面", calendar.Date{})
			},
			"import": func(a staff.Actor, m ledger.Measure) error {
				_, err := o.ImportSheet(ctx, a, ledger.Spreadsheet{Tables: tables(t, [][]string{{"反馈方面", "反馈问题", "措施编号", "整改措施", "整改状态"},
					{"第1方面", "第1方面的第1个问题", m.Code, "措施" + m.Code, "整改中"}})})
				return err
			},
		}
		// What leads to a closing is tried more often, or chance would hardly ever get there.
		often := map[string]int{"finish": 6, "evidence": 2, "apply": 8, "review": 12, "apply for the problem": 4, "review the problem": 8, "judge": 2}
		var names []string
		for _, name := range slices.Sorted(maps.Keys(acts)) {
			names = append(names, slices.Repeat([]string{name}, max(often[name], 1))...)
		}
		done, refused := map[string]int{}, map[string]int{}
		for step := range 1200 {
			name, a, m := names[dice.IntN(len(names))], people[dice.IntN(len(people))], o.measure(codes[dice.IntN(len(codes))])
			err := acts[name](a, m)
			for _, other := range people {
				if err != nil && strings.HasPrefix(name, "review") { // until somebody may
					err = acts[name](other, m)
				}
			}
			clock.Advance(time.Duration(dice.IntN(600)) * time.Minute)
			if err == nil {
				done[name]++
			} else if f, ok := fault.As(err); !ok || f.Message == "" && len(f.Fields) == 0 || strings.Contains(fmt.Sprint(f.Message, f.Fields), "%!") {
				t.Fatalf("step %d, %s by %s: %v", step, name, a.Name, err)
			} else {
				refused[name]++
			}
			if step%10 == 0 || err == nil {
				ledgertest.Check(t, db)
			}
			if t.Failed() {
				t.Fatalf("step %d, %s by %s: %v", step, name, a.Name, err)
			}
		}
		for _, name := range slices.Compact(names) {
			if name != "stale" && done[name] == 0 || refused[name] == 0 && name != "evidence" {
				t.Errorf("%s: done %d times, refused %d times", name, done[name], refused[name])
			}
		}
	})
}
