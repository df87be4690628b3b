package desk_test

import (
	"strings"
	"testing"

	"mingjing/app"
	"mingjing/app/apptest"
	"mingjing/app/logbook/logbooktest"
)

func TestARuleProposesAndChanceChoosesThroughTheForms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		release := logbooktest.Hold(t, s.App.DB, s.App.Log, app.LogPlace(s.App.Config))
		no, _, _ := submit(t, s, "执行窗口排队两个小时无人叫号")
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		page := find(t, clerk, no)
		act(t, clerk, page, "register", "kind", "comment")
		act(t, dispatcher, page, "accept")
		const rules = "/desk/assignment"
		if p := send(t, dispatcher, rules, rules, "place", "10", "words", "排队", "kind", "", "department", ""); p.Status != 422 || p.Find("#add-department-error").Length() != 1 || p.Find("#add-words").AttrOr("value", "") != "排队" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := send(t, dispatcher, rules, rules, "place", "10", "words", "排队 叫号", "kind", "", "department", option(t, dispatcher.Get(rules), "add-department", "执行局"), "draw", "1"); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p := dispatcher.Get(page)
		if !strings.Contains(p.Text(), "按分办规则第 10 条选好的：各类来件，写到“排队”或“叫号”：交执行局，随机抽取承办人。可以改。") || p.Find("#assign-handler option[selected]").AttrOr("value", "") != "lot" {
			t.Error(p.Text())
		}
		// Until the public log has signed the case there is nothing to draw with; what was chosen stays.
		department := p.Find("#assign-department option[selected]").AttrOr("value", "")
		if p = send(t, dispatcher, page, page+"/assign", "department", department, "handler", "lot"); p.Status != 409 || !strings.Contains(p.Text(), "请过几秒钟再按一次") ||
			p.Find("#assign-department option[selected]").AttrOr("value", "") != department || p.Find("#assign-handler option[selected]").AttrOr("value", "") != "lot" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		release()
		logbooktest.Sign(t, s.App.DB, s.App.Log)
		if p := dispatcher.Post(page+"/assign", p.Fields(selector(page+"/assign"))); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = dispatcher.Get(page)
		link, _ := p.Find(`a[href*="/draws/"]`).Attr("href")
		if !strings.Contains(p.Text(), "1 人中随机抽取") || link == "" {
			t.Fatal(p.Text())
		}
		if p := dispatcher.Get(link); p.Status != 200 || !strings.Contains(p.Text(), "重算一致") || !strings.Contains(p.Text(), "机会 100.0%") || !strings.Contains(p.Text(), "抽中") || !strings.Contains(p.Text(), "第一个写有此件的检查点") || !strings.Contains(p.Text(), "portal assignment verify "+strings.ReplaceAll(no, " ", "")) || p.Find(`a[href^="/log/proof/"]`).Length() != 1 {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := dispatcher.Get(page + "/draws/2"); p.Status != 404 {
			t.Errorf("%d", p.Status)
		}
		if p := send(t, dispatcher, page, page+"/assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"), "handler", "lot"); p.Status != 422 || p.Find("#assign-reason-error").Length() != 1 {
			t.Errorf("again without a reason: %d %s", p.Status, p.Text())
		}

		// Two change the rule at once: the second sees that, and keeps what was typed.
		rule, _ := dispatcher.Get(rules).Find("a.row").Attr("href")
		stale := dispatcher.Get(rule).Fields("main form")
		if p := send(t, s.SignIn("supervisor"), rule, rule, "retired", "1"); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		stale.Set("words", "排队很久")
		if p := dispatcher.Post(rule, stale); p.Status != 409 || p.Find("#words").AttrOr("value", "") != "排队很久" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
	})
}
