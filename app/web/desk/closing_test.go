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

func TestAFormOfTheLedgerThatIsSentTwiceIsTakenOnce(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		desk := s.SignIn("rectification_office")
		problem := fmt.Sprintf("/desk/ledger/problems/%d", ledgertest.Measure(t, s.App.DB, "2-1-1-1").ProblemID)
		twice := func(page, action, field, why string, values ...string) {
			t.Helper()
			v := desk.Get(page).Fields(selector(action))
			for i := 0; i+1 < len(values); i += 2 {
				v.Set(values[i], values[i+1])
			}
			if p := desk.Post(action, v); p.Status != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", action, p.Status, p.Text())
			}
			p := desk.Post(action, v)
			if p.Status != http.StatusConflict && p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), why) || p.Value(field) != v.Get(field) && !strings.Contains(p.Body, v.Get(field)) {
				t.Errorf("%s again: %d %s", action, p.Status, p.Text())
			}
		}
		twice(problem, problem+"/add", "title", "别人刚刚改动过", "title", "每月通报一次", "kind", "dated")
		twice("/desk/ledger/orders", "/desk/ledger/orders", "text", "今天已经给这个部门发过一份内容相同的提醒", "level", "reminder",
			"department", option(t, desk.Get("/desk/ledger/orders"), "issue-department", "执行局"), "code", "2-1-1-1", "text", "请说明进度", "answer_by", "2099-01-01")
		shut(t, s, page)
		many := send(t, desk, "/desk/ledger/lookbacks", "/desk/ledger/lookbacks", "title", "第一轮", "from", "2027-01-01", "to", "2027-02-01", "sample", "99", "seed", "7")
		if many.Status != http.StatusUnprocessableEntity || !strings.Contains(many.Text(), "已销号的措施一共 1 条，抽不出 99 条") || many.Value("sample") != "99" {
			t.Errorf("%d %s", many.Status, many.Text())
		}
		twice("/desk/ledger/lookbacks", "/desk/ledger/lookbacks", "title", "已经有一次叫“第一轮”的回头看", "title", "第一轮", "from", "2027-01-01", "to", "2027-02-01")
	})
}

func TestWhoCannotReviewReadsWhoCan(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		liaison := s.SignIn("liaison")
		act(t, liaison, page, "report", "status", "done", "note", "叫号屏已装好。")
		both := liaison.Get(page).Fields(selector(page + "/evidence"))
		both.Set("title", "验收单")
		both.Set("url", "https://court.example/1")
		if p := liaison.Upload(page+"/evidence", both, apptest.File{Name: "a.txt", Body: []byte("全文")}); p.Status != http.StatusUnprocessableEntity ||
			!strings.Contains(p.Text(), "文件和链接只能选一样") || p.Find("#evidence-url").AttrOr("value", "") != "https://court.example/1" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		act(t, liaison, page, "evidence", "title", "验收单", "url", "https://court.example/1", "public", "yes")
		held := liaison.Get(page)
		piece, _ := held.Find(`.pieces form[action$="/withdraw"]`).Attr("action")
		late := held.Fields(selector(piece))
		act(t, liaison, page, "apply", "text", "已使用一个季度")

		if p := liaison.Post(piece, late); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "已经用于销号申请，不能撤下") || p.Find("h1").Text() != "措施2-1-1-1" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		// Whoever may not is led back to the page it was about.
		if p := s.SignIn("publisher").Post(piece, late); p.Status != http.StatusForbidden || p.Find(`main a[href="`+page+`"]`).Length() != 1 {
			t.Errorf("%d %s", p.Status, p.Text())
		}

		if p := s.SignIn("rectification_office").Get(page); !strings.Contains(p.Find(".acts").Text(), "等待执行局的审核人核验。") || strings.Contains(p.Text(), "没有办理此事的权限") {
			t.Error(p.Find(".acts").Text())
		}
		if p := liaison.Get(page); !strings.Contains(p.Find(".acts").Text(), "须由别人核验") {
			t.Error(p.Find(".acts").Text())
		}

		reviewer := s.SignIn("reviewer")
		review := reviewer.Get(page).Fields(selector(page + "/review"))
		act(t, liaison, page, "withdraw", "text", "还要补")
		review.Set("pass", "yes")
		if p := reviewer.Post(page+"/review", review); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "已经撤回或者退回") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		elsewhere := fmt.Sprintf("/desk/ledger/measures/%d", ledgertest.Measure(t, s.App.DB, "1-1-1-1").ID)
		if p := reviewer.Post(elsewhere+"/review", review); p.Status != http.StatusNotFound {
			t.Errorf("another measure's application is reviewed here: %d", p.Status)
		}
		review.Set("application", "99999")
		if p := reviewer.Post(page+"/review", review); p.Status != http.StatusNotFound {
			t.Errorf("%d %s", p.Status, p.Text())
		}
	})
}

func TestADateThatCannotBeIsShownAtItsField(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		desk := s.SignIn("rectification_office")
		for _, x := range []struct{ page, action, field, value, why string }{
			{page, page + "/details", "starts_on", "2099-01-01", "启动时间不能晚于整改时限"},
			{page, page + "/propose_due", "to", "2019-01-01", "不能早于今天"},
			{"/desk/ledger/rules", "/desk/ledger/rules", "dated", "2099-01-01", "印发日期不能晚于今天"},
		} {
			p := send(t, desk, x.page, x.action, x.field, x.value, "reason", "理由", "title", "甲")
			if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), x.why) || p.Value(x.field) != x.value {
				t.Errorf("%s: %d %s", x.action, p.Status, p.Text())
			}
		}
	})
}

func TestThePublicReadsWhenAMeasureWasPublicAndWhenNot(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		desk := s.SignIn("rectification_office")
		for _, public := range []string{"", "1", ""} {
			act(t, desk, page, "details", "published", public)
		}
		p := s.Browser().Get("/progress/2-1")
		p.Find(".vh").Remove() // which says the same for who cannot see where a link stands
		text := p.Find(".changes").Text()
		if strings.Count(text, "措施2-1-1-1不再公开") != 2 || strings.Count(text, "措施2-1-1-1改为公开") != 1 {
			t.Error(text)
		}
	})
}
