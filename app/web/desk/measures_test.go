package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/config"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
)

// office is a site with a small ledger, all of it led by the trial accounts' department.
func office(t *testing.T, s *apptest.Site) string {
	t.Helper()
	ledgertest.Small(t, s.App.DB, nil)
	err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Exec("UPDATE measures SET department_id = (SELECT department_id FROM staff WHERE login = 'liaison')").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Settle(t, s.App.DB)
	return fmt.Sprintf("/desk/ledger/measures/%d", ledgertest.Measure(t, s.App.DB, "2-1-1-1").ID)
}

func eachOffice(t *testing.T, test func(t *testing.T, s *apptest.Site, measure string)) {
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			s := apptest.Start(t, d, func(c *config.Config) { c.Seed = "none" })
			test(t, s, office(t, s))
			ledgertest.Check(t, s.App.DB)
		})
	}
}

func TestAMeasureGoesFromReportToClosedThroughTheForms(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		liaison, reviewer, desk, group := s.SignIn("liaison"), s.SignIn("reviewer"), s.SignIn("rectification_office"), s.SignIn("discipline_officer")
		act(t, liaison, page, "report", "status", "done", "note", "叫号屏已装好，第一季度使用 3200 次。")

		wrong := send(t, liaison, page, page+"/evidence", "title", "", "url", "javascript:alert(1)", "public", "no")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请填写材料名称") || wrong.Value("url") != "javascript:alert(1)" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, liaison, page, "evidence", "title", "验收单", "url", "https://court.example/1", "public", "yes")
		v := liaison.Get(page).Fields(selector(page + "/evidence"))
		v.Set("title", "内部会议纪要")
		v.Set("public", "no")
		if p := liaison.Upload(page+"/evidence", v, apptest.File{Name: "纪要.txt", Body: []byte("会议纪要全文")}); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		act(t, liaison, page, "apply", "text", "已使用一个季度")
		if p := desk.Get("/desk/ledger"); strings.Contains(p.Text(), "等您核验的销号申请") {
			t.Error("the office is asked before the lead department")
		}
		act(t, reviewer, page, "review", "pass", "yes")
		if p := desk.Get("/desk/ledger"); !strings.Contains(p.Text(), "等您核验的销号申请") {
			t.Error("the office is not asked", p.Text())
		}
		refused := send(t, desk, page, page+"/review", "pass", "no", "reason", "", "text", "没有写明谁来维护")
		if refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Text(), "请选择不予销号的原因") || refused.Find("textarea#review-text").Text() != "没有写明谁来维护" {
			t.Fatalf("%d %s", refused.Status, refused.Text())
		}
		act(t, desk, page, "review", "pass", "no", "reason", "weak", "text", "没有写明谁来维护")
		act(t, liaison, page, "apply", "text", "已补充维护安排")
		for _, b := range []*apptest.Browser{reviewer, desk, group} {
			act(t, b, page, "review", "pass", "yes")
		}
		p := desk.Get(page)
		if !strings.Contains(p.Text(), "已销号") || !strings.Contains(p.Text(), "措施不过硬") || p.Find(selector(page+"/report")).Length() > 0 {
			t.Error(p.Text())
		}
		file, _ := p.Find(`.pieces a[href^="/desk/ledger/evidence/"]`).Attr("href")
		if got := group.Get(file); got.Status != http.StatusOK || got.Body != "会议纪要全文" {
			t.Errorf("%d %q", got.Status, got.Body)
		}

		round := send(t, group, "/desk/ledger/lookbacks", "/desk/ledger/lookbacks", "title", "第一轮", "from", "2027-01-01", "to", "2027-02-01")
		where, _, _ := strings.Cut(round.Header.Get("Location"), "?")
		if round.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", round.Status, round.Text())
		}
		empty := send(t, group, where, where+"/judge", "holds", "no", "finding", "")
		if empty.Status != http.StatusUnprocessableEntity || !strings.Contains(empty.Text(), "请填写发现的情况") {
			t.Fatalf("%d %s", empty.Status, empty.Text())
		}
		if p := send(t, group, where, where+"/judge", "holds", "no", "finding", "现场看，屏没有开"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := send(t, group, where, where+"/end"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := desk.Get(page); !strings.Contains(p.Text(), "回头看后重开") || !strings.Contains(p.Text(), "整改中") {
			t.Error(p.Text())
		}
	})
}

func TestTwoPeopleOnOneMeasureSeeBothVersions(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		one, two := s.SignIn("liaison"), s.SignIn("rectification_office")
		v := one.Get(page).Fields(selector(page + "/report"))
		v.Set("status", "in_progress")
		v.Set("note", "这是先打开页面的人写的")
		act(t, two, page, "report", "status", "basically_done", "note", "这是先保存的人写的")
		late := one.Post(page+"/report", v)
		if late.Status != http.StatusConflict || !strings.Contains(late.Text(), "这是先保存的人写的") ||
			late.Find("textarea#report-note").Text() != "这是先打开页面的人写的" || !strings.Contains(late.Text(), "别人刚刚改动过") {
			t.Fatalf("%d %s", late.Status, late.Text())
		}
		// Sent again from the page that shows both, it is taken.
		v = late.Fields(selector(page + "/report"))
		if p := one.Post(page+"/report", v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
	})
}

func TestHostileFormsOfTheLedgerNeverBreakIt(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, page string) {
		b := s.SignIn("rectification_office")
		token := b.Get(page).Value("_csrf")
		problem := fmt.Sprintf("/desk/ledger/problems/%d", ledgertest.Measure(t, s.App.DB, "2-1-1-1").ProblemID)
		tasks := []string{"report", "details", "propose_due", "decide_due", "evidence", "apply", "review", "withdraw", "check", "add", "no-such-task"}
		values := []string{"", "x", "-1", "99999999999999999999", "' OR 1=1 --", "<script>", "{{.}}", strings.Repeat("长", 6000), "\u202e\u200b", "2027-13-45"}
		for _, at := range []string{page, problem} {
			for _, task := range tasks {
				for _, hostile := range values {
					v := map[string][]string{"_csrf": {token}}
					for _, name := range []string{"version", "status", "note", "done_on", "title", "kind", "department", "co", "starts_on", "check_months", "to", "reason", "change", "approve", "url",
						"public", "text", "pass", "application", "holds", "finding", "sub", "due", "evidence_" + hostile} {
						v[name] = []string{hostile}
					}
					for _, version := range []string{hostile, "1"} {
						v["version"] = []string{version}
						if p := b.Post(at+"/"+task, v); p.Status >= 500 || p.Status < 300 {
							t.Errorf("%s/%s with %.20q: %d", at, task, hostile, p.Status)
						}
					}
				}
			}
		}
	})
}

func TestADepartmentAnswersWhatItIsRemindedOf(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, _ string) {
		desk, liaison := s.SignIn("rectification_office"), s.SignIn("liaison")
		list := desk.Get("/desk/ledger/orders")
		department := option(t, list, "issue-department", "执行局")
		wrong := send(t, desk, "/desk/ledger/orders", "/desk/ledger/orders", "level", "order", "department", department, "code", "9-9-9-9", "text", "请说明进度", "answer_by", "2099-01-01")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "没有编号“9-9-9-9”") || wrong.Find("textarea#issue-text").Text() != "请说明进度" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		wrong = send(t, desk, "/desk/ledger/orders", "/desk/ledger/orders", "level", "order", "department", department, "code", "2-1-1-1", "text", "请说明进度", "answer_by", "2099-01-01")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "越级的理由") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		sent := send(t, desk, "/desk/ledger/orders", "/desk/ledger/orders", "level", "reminder", "department", department, "code", "2-1-1-1", "text", "请说明进度", "answer_by", "2099-01-01")
		page, _, _ := strings.Cut(sent.Header.Get("Location"), "?")
		if sent.Status != http.StatusSeeOther || desk.Get(page).Find(selector(page)).Length() > 0 {
			t.Fatalf("%d %s", sent.Status, sent.Text())
		}
		if p := send(t, liaison, page, page, "text", ""); p.Status != http.StatusUnprocessableEntity {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := send(t, liaison, page, page, "text", "月底前完成"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := desk.Get("/desk/ledger/orders?in=answered"); !strings.Contains(p.Text(), "2-1-1-1") || !strings.Contains(desk.Get(page).Text(), "月底前完成") {
			t.Error(p.Text())
		}
	})
}
