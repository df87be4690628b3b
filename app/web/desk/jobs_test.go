package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"mingjing/app/apptest"
)

func TestTickedCasesAreDoneTogether(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for _, title := range []string{"窗口排队无人叫号", "大厅没有座椅", "电话没有人接"} {
			submit(t, s, title)
		}
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		queue := func(b *apptest.Browser, address string, ticks int, values ...string) apptest.Page {
			t.Helper()
			p := b.Get(address)
			v := p.Fields("#bulk")
			p.Find(".pick input").Each(func(i int, x *goquery.Selection) {
				if i < ticks {
					id, _ := x.Attr("value")
					v.Add("case", id)
				}
			})
			for i := 0; i+1 < len(values); i += 2 {
				v.Set(values[i], values[i+1])
			}
			return b.Post("/desk/jobs/new", v)
		}
		if p := queue(clerk, "/desk/queue?basket=new", 0, "verb", "register", "which", "ticked"); p.Status != 422 || !strings.Contains(p.Text(), "请先勾选来件") || p.Find("a.row").Length() != 3 {
			t.Errorf("nothing ticked: %d %s", p.Status, p.Text())
		}
		p := queue(clerk, "/desk/queue?basket=new", 2, "verb", "register", "which", "ticked")
		if p.Status != 200 || p.Find("h1").Text() != "登记 2 件" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		twice := p.Fields("main form")
		p = clerk.Post("/desk/jobs", twice)
		job := p.Header.Get("Location")
		if p.Status != 303 || job == "" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := clerk.Post("/desk/jobs", twice); p.Header.Get("Location") != job {
			t.Errorf("a second click: %d %s", p.Status, p.Header.Get("Location"))
		}
		if err := s.App.Cases.RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 1000 { // perhaps the program's own loop was faster and is not done yet
			if p = clerk.Get(job + "?state=done"); p.Header.Get("Refresh") == "" {
				break
			}
		}
		if p.Find("a.row").Length() != 2 || !strings.Contains(p.Text(), "已结束，2 / 2") {
			t.Fatal(p.Text())
		}
		if p := clerk.Get("/desk/jobs"); !strings.Contains(p.Text(), "登记 2 件") {
			t.Error(p.Text())
		}
		if p := dispatcher.Get(job); p.Status != 404 {
			t.Errorf("somebody else's job: %d", p.Status)
		}

		// All that fits, with what the act needs; a wrong answer loses nothing.
		p = queue(dispatcher, "/desk/queue?basket=registered", 0, "verb", "accept", "which", "all")
		if p = dispatcher.Post("/desk/jobs", p.Fields("main form")); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if err := s.App.Cases.RunJobs(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if p = dispatcher.Get("/desk/queue?basket=accepted"); p.Find("a.row").Length() == 2 {
				break
			}
		}
		p = queue(dispatcher, "/desk/queue?basket=accepted", 2, "verb", "assign", "which", "ticked")
		v := p.Fields("main form")
		v.Set("handler", "lot")
		p = dispatcher.Post("/desk/jobs", v)
		if p.Status != 422 || p.Find("#department-error").Length() != 1 || p.Find("#handler option[selected]").AttrOr("value", "") != "lot" || strings.Count(p.Value("cases"), ",") != 1 {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		v.Set("department", "1")
		v.Set("handler", "zzz")
		if p := dispatcher.Post("/desk/jobs", v); p.Status != 422 || p.Find("#handler-error").Length() != 1 {
			t.Errorf("a handler who is none: %d %s", p.Status, p.Text())
		}
		if p := queue(dispatcher, "/desk/queue", 0, "verb", "discard", "which", "all"); p.Status != 422 || !strings.Contains(p.Text(), "不能对全部来件一起办理") {
			t.Errorf("everything at once: %d %s", p.Status, p.Text())
		}
		p = queue(dispatcher, "/desk/queue?basket=new", 0, "verb", "discard", "which", "all")
		if p = dispatcher.Post("/desk/jobs", p.Fields("main form")); p.Status != 422 || p.Find("#confirm-error").Length() != 1 {
			t.Errorf("not confirmed: %d %s", p.Status, p.Text())
		}
		for _, verb := range []string{"", "send", "nothing"} {
			if p := queue(dispatcher, "/desk/queue", 1, "verb", verb, "which", "ticked"); p.Status != 403 {
				t.Errorf("%q: %d", verb, p.Status)
			}
		}
		if p := dispatcher.Post("/desk/jobs", url.Values{"_csrf": {v.Get("_csrf")}, "verb": {"send"}, "case": {"1"}, "which": {"ticked"}, "submission_key": {"a key that is long enough"}}); p.Status != 403 {
			t.Errorf("an act that is for no job: %d", p.Status)
		}
		if p := s.SignIn("handler").Get("/desk/queue"); p.Find("#bulk").Length() != 0 {
			t.Error("a handler is offered what they cannot do")
		}
	})
}
