package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/ledger"
	"mingjing/app/store"
)

// Small stores a ledger of two aspects, three problems (1-1, 1-2, 2-1) and six
// measures (1-1-1-1, 1-1-1-2, 1-1-2-1, 1-2-1-1, 1-2-1-2, 2-1-1-1), all published, led in
// turn by 立案庭, 政治部 and 审判管理办公室, due at the ends of the quarters of 2027.
// Statuses are as given, by code; not_started where nothing is given.
func Small(t *testing.T, db *store.DB, statuses map[string]ledger.Status) ledger.Programme {
	t.Helper()
	return Planted(t, db, ledger.Programme{Slug: "small", Title: "巡视反馈问题整改", Inspected: "某某法院", Inspector: "巡视组", Main: true, Ledger: true}, statuses)
}

// Planted stores the same ledger in a programme of the test's own.
func Planted(t testing.TB, db *store.DB, p ledger.Programme, statuses map[string]ledger.Status) ledger.Programme {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		p.CreatedAt = tx.Now
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		departments := make([]struct {
			ID     int64
			Name   string
			Active bool
		}, 3)
		for i, name := range []string{"立案庭", "政治部", "审判管理办公室"} {
			d := &departments[i]
			if err := tx.Table("departments").Where("name = ?", name).Limit(1).Find(d).Error; err != nil {
				return err
			}
			if d.ID == 0 {
				d.Name, d.Active = name, true
				if err := tx.Table("departments").Create(d).Error; err != nil {
					return err
				}
			}
		}
		n := 0
		for a, problems := range [][][]int{{{2, 1}, {2}}, {{1}}} {
			aspect := ledger.Aspect{ProgrammeID: p.ID, No: a + 1, Title: fmt.Sprintf("第%d方面", a+1)}
			if err := tx.Create(&aspect).Error; err != nil {
				return err
			}
			for i, subs := range problems {
				problem := ledger.Problem{ProgrammeID: p.ID, AspectID: aspect.ID, No: i + 1, Code: fmt.Sprintf("%d-%d", a+1, i+1),
					Title: fmt.Sprintf("第%d方面的第%d个问题", a+1, i+1), Closing: ledger.NotApplied, Published: true, Version: 1}
				tally, all := ledger.Tallied{}, []ledger.Measure{}
				for k, measures := range subs {
					for m := range measures {
						code := fmt.Sprintf("%s-%d-%d", problem.Code, k+1, m+1)
						status := statuses[code]
						if status == "" {
							status = ledger.NotStarted
						}
						tally[status]++
						due := calendar.NewDate(2027, time.Month(3+3*(n%4)), 28)
						all = append(all, ledger.Measure{ProgrammeID: p.ID, No: m + 1, Code: code, Title: "措施" + code, Internal: "内部" + code, Kind: ledger.Dated,
							Status: status, Leader: "分管领导", DepartmentID: &departments[n%3].ID, StartsOn: calendar.NewDate(2026, 1, 5),
							DueOn: due, BaselineOn: due, Closing: ledger.NotApplied, Published: true, ChangedAt: tx.Now, Version: 1})
						n++
					}
				}
				problem.Status = ledger.Roll(tally)
				if err := tx.Create(&problem).Error; err != nil {
					return err
				}
				for k, measures := range subs {
					sub := ledger.SubProblem{ProblemID: problem.ID, No: k + 1, Title: fmt.Sprintf("细化问题%d", k+1)}
					if err := tx.Create(&sub).Error; err != nil {
						return err
					}
					part := all[:measures]
					all = all[measures:]
					for i := range part {
						part[i].ProblemID, part[i].SubProblemID = problem.ID, &sub.ID
					}
					if err := tx.Create(&part).Error; err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	Settle(t, db)
	return p
}

// Measure reads a measure by its code.
func Measure(t *testing.T, db *store.DB, code string) ledger.Measure {
	t.Helper()
	var m ledger.Measure
	err := db.Read(t.Context(), func(r *store.Reader) error {
		var ids []int64
		if err := r.Table("measures").Where("code = ?", code).Order("id").Limit(1).Pluck("id", &ids).Error; err != nil {
			return err
		}
		if len(ids) == 0 {
			t.Fatalf("no measure %s", code)
		}
		var err error
		m, err = ledger.MeasureByID(r, ids[0])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
