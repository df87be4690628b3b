package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestColleaguesAreAskedAndSeenOnTheSameCase(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "窗口排队两个小时无人叫号")
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		page := find(t, clerk, no)
		if p := send(t, clerk, page, page+"/note", "content", "请@handler 看"); p.Status != 422 || p.Find("#note-content-error").Length() != 1 || p.Find("#note-content").Text() != "请@handler 看" {
			t.Errorf("who cannot see it: %d %s", p.Status, p.Text())
		}
		if p := send(t, clerk, page, page+"/note", "content", "请@没有这个人 看看"); p.Status != 422 || !strings.Contains(p.Text(), "没有找到“@没有这个人”") {
			t.Errorf("nobody: %d %s", p.Status, p.Text())
		}
		act(t, clerk, page, "note", "content", "请@dispatcher 看看是不是一回事")
		if p := dispatcher.Get("/desk/queue"); !strings.Contains(p.Find(".baskets").Text(), "提到我的") {
			t.Error(p.Text())
		}
		if p := dispatcher.Get("/desk/mentions"); p.Find("a.row").AttrOr("href", "") != page {
			t.Error(p.Text())
		}
		p := dispatcher.Get(page)
		if !strings.Contains(p.Find(".company").Text(), "登记员（试用） 也在看此件") {
			t.Error(p.Find(".company").Text())
		}
		if p := dispatcher.Get("/desk/mentions"); p.Find("a.row").Length() != 0 {
			t.Error("still asked after it was opened")
		}
		here, _ := p.Find(".company").Attr("data-here")
		if got := clerk.Post(here, url.Values{"_csrf": {clerk.Get(page).Value("_csrf")}}); got.Status != 200 || got.Body != `{"who":"分办员（试用）"}` {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if got := s.SignIn("handler").Post(here, url.Values{"_csrf": {"x"}}); got.Status != 403 {
			t.Errorf("%d", got.Status)
		}
	})
}
