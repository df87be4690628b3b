package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"mingjing/app/apptest"
	"mingjing/app/reports/reportstest"
)

// says checks a page's status, and what it says and does not say.
func says(t *testing.T, what string, p apptest.Page, status int, yes []string, no ...string) apptest.Page {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: %d %s", what, p.Status, p.Text())
	}
	for _, w := range yes {
		if !strings.Contains(p.Text(), w) {
			t.Errorf("%s: without %q: %s", what, w, p.Find("main").Text())
		}
	}
	for _, w := range no {
		if strings.Contains(p.Text(), w) {
			t.Errorf("%s: says %q", what, w)
		}
	}
	return p
}

func TestAClerkTakesDownAReport(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk, officer := s.SignIn("intake_clerk"), s.SignIn("discipline_officer")
		page := says(t, "the form", clerk.Get("/desk/intake/report"), 200, []string{"举报人姓名", "举报人怎么知道的"}, "您的姓名", "您怎么知道的")
		if page.Find(`form.form[autocomplete="off"]`).Length() != 1 || page.Find(`[autocomplete="name"], [autocomplete="tel"]`).Length() != 0 {
			t.Error("the browser may remember who reported")
		}
		v := page.Fields("form.form")
		for name, x := range map[string]string{"anonymous": "no", "person": "某甲", "unit": "某庭", "facts": "收受当事人财物。", "phone": "13900001111"} {
			v.Set(name, x)
		}
		says(t, "no name", clerk.Post("/desk/intake/report", v), 422, []string{"请记下举报人姓名"}, "实名举报请写")
		v.Set("name", "张三")
		taken := says(t, "taken down", clerk.Post("/desk/intake/report", v), 200, []string{"第六组", "打电话或者当面告诉他", "检举控告回执"}, "收受当事人财物")
		number := strings.ReplaceAll(taken.Find("#case-no").Text(), " ", "")
		if code := taken.Find("#access-code b"); code.Length() != 6 || len(code.Text()) != 24 {
			t.Errorf("the code is not read aloud in six groups: %q", code.Text())
		}
		// Saved, back, one word corrected, saved again: it says what happened, and can be saved as another.
		v.Set("facts", "收受当事人财物，数额不大。")
		used := says(t, "corrected", clerk.Post("/desk/intake/report", v), 409, []string{"这一页刚才已经保存过一件", "还没有保存", "数额不大"}, "验证码")
		if used.Value("submission_key") == v.Get("submission_key") {
			t.Error("the page keeps a key with which nothing can be saved")
		}
		says(t, "saved as another", clerk.Post("/desk/intake/report", used.Fields("form.form")), 200, []string{"举报已加密登记"})

		// The officer reads first who is accused; looking often is one line.
		own := func(no string) apptest.Page {
			here := "/desk/reports/" + no
			page := act(t, officer, here, "accept")
			me, _ := page.Find("#assign-to option").Eq(1).Attr("value")
			return act(t, officer, here, "assign", "to", me)
		}
		mine := says(t, "the officer's page", own(number), 200, []string{"查看 4 次", "申请查看举报人身份"})
		if mine.Find(".main > :first-child dd").First().Text() != "某甲" {
			t.Errorf("it does not begin with who is accused: %s", mine.Find(".main").Text())
		}
		search := officer.Get("/desk/reports").Fields(`form[action="/desk/reports/search"]`)
		search.Set("q", "")
		says(t, "an empty search", officer.Post("/desk/reports/search", search), 422, []string{"有1处需要修改"}, "找了最近", "没有找到")

		v = clerk.Get("/desk/intake/report").Fields("form.form")
		for name, x := range map[string]string{"anonymous": "yes", "person": "某乙", "facts": "打探案情。"} {
			v.Set(name, x)
		}
		nobody := says(t, "an anonymous one", clerk.Post("/desk/intake/report", v), 200, []string{"没有办法把结果告诉他"}, "打电话或者当面告诉他")
		says(t, "an anonymous one at the officer's", own(strings.ReplaceAll(nobody.Find("#case-no").Text(), " ", "")), 200, []string{"某乙"}, "申请查看举报人身份")

		// Whose password is reset, of those who hold keys, is said before.
		security := s.SignIn("sec_admin")
		warned := 0
		security.Get("/desk/people").Find(`a[href^="/desk/people/"]`).Each(func(_ int, a *goquery.Selection) {
			if strings.Contains(security.Get(a.AttrOr("href", "")).Find("#password").Text(), "portal keys recover") {
				warned++
			}
		})
		if warned != 2 {
			t.Errorf("warned at %d accounts", warned)
		}

		// It closes while somebody is on the telephone: nothing typed is lost.
		v = clerk.Get("/desk/intake/report").Fields("form.form")
		for name, x := range map[string]string{"anonymous": "no", "name": "李四", "phone": "13900002222", "person": "某丙", "unit": "某部", "place": "某处", "facts": "插手工程。", "exclude": "某丁"} {
			v.Set(name, x)
		}
		back := reportstest.Away(t, s.App.DB, "discipline_officer")
		closed := says(t, "closed", clerk.Post("/desk/intake/report", v), http.StatusServiceUnavailable, []string{"李四", "13900002222", "某丙", "某部", "某处", "插手工程。", "某丁", "12388", "再试一次保存"}, "请请", "您的内容没有保存")
		says(t, "closed, without words", clerk.Get("/desk/intake/report"), 200, []string{"不能登记"}, "再试一次保存")
		back()
		says(t, "open again", clerk.Post("/desk/intake/report", closed.Fields("form.form")), 200, []string{"举报已加密登记"})
		reportstest.Check(t, s.App.DB)
	})
}
