package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestAnAnswerStartsFromACannedText(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		clerk, dispatcher, handler := s.SignIn("intake_clerk"), s.SignIn("dispatcher"), s.SignIn("handler")
		page := find(t, clerk, no)
		act(t, clerk, page, "register", "kind", "comment")
		act(t, dispatcher, page, "accept")
		act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"))
		act(t, handler, page, "acknowledge")

		wrong := send(t, dispatcher, "/desk/canned", "/desk/canned", "title", "感谢", "body", "您的{密码}")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "没有“{密码}”这个变量") || wrong.Find("textarea#add-body").Text() != "您的{密码}" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		if p := send(t, dispatcher, "/desk/canned", "/desk/canned", "title", "感谢", "body", "您好！您的来件（{编号}）收悉。经查，{受理日期}受理。"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := send(t, dispatcher, "/desk/canned", "/desk/canned", "title", "只给投诉", "kind", "complaint", "body", "投诉收悉。"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		start := handler.Get(page).Find("#draft .start a")
		if start.Length() != 1 || start.Text() != "感谢" {
			t.Fatalf("%d are offered: %s", start.Length(), start.Text())
		}
		href, _ := start.Attr("href")
		if body := handler.Get(strings.Split(href, "#")[0]).Find("textarea[name=body]").Text(); !strings.Contains(body, "（"+plain(no)+"）收悉。经查，2021年1月6日受理") {
			t.Error(body)
		}
		one, _ := dispatcher.Get("/desk/canned").Find("a.row").First().Attr("href")
		v := dispatcher.Get(one).Fields("main form")
		v.Set("retired", "1")
		if p := dispatcher.Post(one, v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := dispatcher.Post(one, v); p.Status != http.StatusConflict {
			t.Errorf("%d", p.Status)
		}
	})
}
