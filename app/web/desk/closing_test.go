package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/ledger/ledgertest"
)

// shut takes a measure through its forms until it is closed.
func shut(t *testing.T, s *apptest.Site, page string) {
	t.Helper()
	liaison := s.SignIn("liaison")
	act(t, liaison, page, "report", "status", "done", "note", "叫号屏已装好。")
	act(t, liaison, page, "evidence", "title", "验收单", "url", "https://court.example/1", "public", "yes")
	act(t, liaison, page, "apply", "text", "已使用一个季度")
	for _, role := range []string{"reviewer", "rectification_office", "discipline_officer"} {
		act(t, s.SignIn(role), page, "review", "pass", "yes")
	}
}

func TestAReopenedMeasureSettlesItsOtherRoundsAndItsProblem(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		shut(t, s, page)
		problem := fmt.Sprintf("/desk/ledger/problems/%d", ledgertest.Measure(t, s.App.DB, "2-1-1-1").ProblemID)
		act(t, s.SignIn("liaison"), problem, "apply", "text", "各项措施已销号")
		group := s.SignIn("discipline_officer")
		var rounds []string
		for _, title := range []string{"第一轮", "第二轮"} {
			p := send(t, group, "/desk/ledger/lookbacks", "/desk/ledger/lookbacks", "title", title, "from", "2027-01-01", "to", "2027-02-01")
			to, _, _ := strings.Cut(p.Header.Get("Location"), "?")
			if p.Status != http.StatusSeeOther {
				t.Fatalf("%d %s", p.Status, p.Text())
			}
			rounds = append(rounds, to)
		}
		late := group.Get(rounds[1]).Fields(selector(rounds[1] + "/judge"))
		if p := send(t, group, rounds[0], rounds[0]+"/judge", "holds", "no", "finding", "屏没有开"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		late.Set("holds", "yes")
		late.Set("finding", "都在用")
		if p := group.Post(rounds[1]+"/judge", late); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "已经有结论") || !strings.Contains(p.Text(), "已由回头看“第一轮”重新打开") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		for _, round := range rounds {
			if p := send(t, group, round, round+"/end"); p.Status != http.StatusSeeOther {
				t.Errorf("%d %s", p.Status, p.Text())
			}
		}
		if p := group.Get(problem); strings.Contains(p.Text(), "回头看后重开") && p.Find(".head .flag").Length() > 0 || !strings.Contains(p.Text(), "退回申请") || !strings.Contains(p.Text(), "已退回") {
			t.Error(p.Text())
		}
		if p := s.Browser().Get("/progress/2-1"); strings.Contains(p.Text(), "成果保持") || !strings.Contains(p.Text(), "问题2-1的销号申请退回：措施2-1-1-1重新打开") {
			t.Error(p.Text())
		}
	})
}
