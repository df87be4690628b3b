package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestACodeThatStaffHaveSeenOpensOnlyThePageThatReplacesIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		p := clerk.Upload("/desk/intake/new", intake(clerk, "enquiry", "channel", "hotline", "title", "怎么交费", "content", "在哪里交诉讼费", "name", "钱多多", "phone", "0871-64111111"))
		no, code := p.Find("#case-no").Text(), p.Find("#access-code").Text()
		if no == "" || code == "" {
			t.Fatal(p.Text())
		}
		citizen := s.Browser()
		key := citizen.Form("/track")
		key.Set("case_no", no)
		key.Set("access_code", code)
		if p := citizen.Post("/track", key); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track/code" {
			t.Fatalf("%d %s %s", p.Status, p.Header.Get("Location"), p.Text())
		}
		for _, path := range []string{"/track/case", "/track/case/own.json"} {
			if p := citizen.Get(path); p.Status != http.StatusSeeOther || strings.Contains(p.Body, "在哪里交诉讼费") {
				t.Errorf("%s opens with a code that others know: %d", path, p.Status)
			}
		}
		v := citizen.Get("/track/code").Fields("form.form")
		change := func(code, again string) apptest.Page {
			v.Set("code", code)
			v.Set("again", again)
			return citizen.Post("/track/code", v)
		}
		for _, x := range []struct{ code, again, said string }{{"1234", "1234", "要 8 位数字"}, {"11111111", "11111111", "太好猜"}, {"87654321", "87654321", "太好猜"}, {no, no, "太好猜"}, {code, code, "不能和原来的一样"}, {"40718263", "40718264", "两次填的不一样"}} {
			if p := change(x.code, x.again); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), x.said) || strings.Contains(p.Find("form.form").Text(), x.code) {
				t.Errorf("%s: %d %s", x.said, p.Status, p.Text())
			}
		}
		if p := change("4071 8263", "40718263"); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track/case" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "在哪里交诉讼费") {
			t.Error(p.Text())
		}
		// The old one is of no use any more; the new one opens the case at once.
		other := s.Browser()
		old := other.Form("/track")
		old.Set("case_no", no)
		old.Set("access_code", code)
		if p := other.Post("/track", old); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("the old code: %d", p.Status)
		}
		old.Set("access_code", "40718263")
		if p := other.Post("/track", old); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track/case" {
			t.Errorf("the new code: %d %s", p.Status, p.Header.Get("Location"))
		}
		if p := s.Browser().Get("/track/code"); p.Status != http.StatusSeeOther {
			t.Errorf("anybody changes a code: %d", p.Status)
		}
	})
}
