package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

// unlock opens a case for its sender.
func unlock(t *testing.T, b *apptest.Browser, no, code string) {
	t.Helper()
	key := b.Form("/track")
	key.Set("case_no", no)
	key.Set("access_code", code)
	if p := b.Post("/track", key); p.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
}

func TestCasesAreMergedPartedLinkedAndSplitThroughTheForms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		first, _, _ := submit(t, s, "立案窗口排队两个小时无人叫号")
		second, code, citizen := submit(t, s, "立案窗口无人叫号排队两小时")
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		one, two := find(t, clerk, first), find(t, clerk, second)
		for _, page := range []string{one, two} {
			act(t, clerk, page, "register", "kind", "comment")
			act(t, dispatcher, page, "accept")
		}
		if p := dispatcher.Get(two); p.Find("#merge .start a").Length() == 0 {
			t.Error("what reads alike is not offered")
		}
		if p := dispatcher.Get(two + "?join=" + plain(first)); p.Find("#merge-number").AttrOr("value", "") != plain(first) {
			t.Error("the number is not filled in")
		}
		wrong := send(t, dispatcher, two, two+"/merge", "number", "12345678", "content", "同一件事")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "没有这个编号") || wrong.Find("textarea#merge-content").Text() != "同一件事" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, dispatcher, two, "merge", "number", first, "content", "同一件事")
		if p := dispatcher.Get(one); !strings.Contains(p.Text(), "并入此件的来件") || !strings.Contains(p.Text(), plain(second)) {
			t.Error(p.Text())
		}
		if p := dispatcher.Get(two); !strings.Contains(p.Text(), "此件并入 "+plain(first)) {
			t.Error(p.Text())
		}
		unlock(t, citizen, second, code)
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "合并办理") || strings.Contains(p.Text(), plain(first)) {
			t.Error(p.Text())
		}
		act(t, dispatcher, two, "unmerge", "content", "不是一回事")
		act(t, dispatcher, two, "link", "number", first)
		if p := dispatcher.Get(one); !strings.Contains(p.Text(), "关联的来件") {
			t.Error(p.Text())
		}
		act(t, dispatcher, two, "unlink", "other", strings.TrimPrefix(one, "/desk/cases/"))
		act(t, dispatcher, two, "split", "kind", "suggestion", "title", "大厅增加座椅", "content", "大厅没有座椅。")
		page := citizen.Get("/track/case")
		href, _ := page.Find("a[href^='/track/case/parts/']").Attr("href")
		if p := citizen.Get(href); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, page.Text())
		}
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "大厅没有座椅。") {
			t.Error(p.Text())
		}
		if p := citizen.Get("/track/case/parts/1"); p.Status != http.StatusNotFound {
			t.Errorf("a part that is none: %d", p.Status)
		}
		if p := s.Browser().Get(href); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track" {
			t.Errorf("anybody opens a part: %d", p.Status)
		}
	})
}
