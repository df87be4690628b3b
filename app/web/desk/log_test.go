package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/store"
)

func TestASupervisorHasATextOfTheLogTakenAway(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		record := func(text logbook.Text) {
			t.Helper()
			if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error { return logbook.Record(tx, text) }); err != nil {
				t.Fatal(err)
			}
		}
		record(logbook.Text{Kind: "reply", Ref: "90001", Body: `{"title":"某人住文林街七号"}` + "\n"})
		record(logbook.Text{Kind: "reply", Ref: "90001", Why: "有个人信息"})
		record(logbook.Text{Kind: "reply", Ref: "90002", Body: `{"title":"正在公布"}` + "\n"})
		logbooktest.Sign(t, s.App.DB, s.App.Log)
		supervisor := s.SignIn("supervisor")
		if p := supervisor.Get("/desk/log"); p.Status != 200 || p.Find(`nav a[href="/desk/log"]`).Length() == 0 {
			t.Fatal(p.Status, p.Text())
		}
		for _, typed := range []string{"reply/90001", "/log/texts/reply/90001", s.URL + "/log/texts/reply/90001/1", s.URL + "/log/texts/reply/90001?version=1", s.URL + "/replies/90001"} {
			p := supervisor.Get("/desk/log?find=" + strings.NewReplacer("/", "%2F", ":", "%3A", "?", "%3F", "=", "%3D").Replace(typed))
			if p.Status != 200 || p.Find("a.row").Length() != 2 || p.Value("find") != typed {
				t.Errorf("%s: %d, %d versions", typed, p.Status, p.Find("a.row").Length())
			}
		}
		for typed, status := range map[string]int{"%E5%95%8A": 422, "%zz": 422, "reply": 422, "reply%2F1%27": 422, "reply%2F99999": 200, "case%2F1": 200, "http%3A%2F%2F%5B": 422} {
			if p := supervisor.Get("/desk/log?find=" + typed); p.Status != status && p.Status != 400 || p.Find("a.row").Length() != 0 {
				t.Errorf("%s: %d", typed, p.Status)
			}
		}
		for path, status := range map[string]int{"/desk/log/reply/90001/9": 404, "/desk/log/reply/90001/x": 404, "/desk/log/Reply/1/1": 404, "/desk/log/reply/90001/99999999999": 404, "/desk/log/reply/90002/1": 200} {
			if p := supervisor.Get(path); p.Status != status || p.Find("#expunge").Length() != 0 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
		const page = "/desk/log/reply/90001/1"
		form := supervisor.Get(page)
		if !strings.Contains(form.Text(), "文林街七号") || form.Find("#expunge form").Length() != 1 {
			t.Fatal(form.Status, form.Text())
		}
		wrong := send(t, supervisor, page, page, "reason", "含有<住址>", "decision", "")
		if wrong.Status != http.StatusUnprocessableEntity || wrong.Find("textarea[name=reason]").Text() != "含有<住址>" || wrong.Find(".error").Length() != 2 || !strings.Contains(wrong.Text(), "撤除以后找不回来。请核对") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		elsewhere := func(path, reason string) apptest.Page { // as who kept an older page open
			v := url.Values{"_csrf": {supervisor.Get("/desk/account").Value("_csrf")}, "reason": {reason}, "decision": {"云高法〔2021〕9号"}, "sure": {"1"}}
			return supervisor.Post(path, v)
		}
		stands := elsewhere("/desk/log/reply/90002/1", "含有住址")
		if stands.Status != http.StatusConflict || !strings.Contains(stands.Text(), "先在原来的地方撤下或者改正") || !strings.Contains(stands.Text(), "云高法〔2021〕9号") {
			t.Fatalf("%d %s", stands.Status, stands.Text())
		}
		done := send(t, supervisor, page, page, "reason", "含有住址", "decision", "云高法〔2021〕9号", "sure", "1")
		if to := done.Header.Get("Location"); done.Status != http.StatusSeeOther || !strings.Contains(supervisor.Get(to).Text(), "原文已撤除，公开日志里留着摘要") {
			t.Fatalf("%d %s", done.Status, to)
		}
		gone := supervisor.Get(page)
		if gone.Status != 200 || strings.Contains(gone.Text(), "文林街") || !strings.Contains(gone.Text(), "云高法〔2021〕9号") || gone.Find("#expunge").Length() != 0 {
			t.Errorf("%d %s", gone.Status, gone.Text())
		}
		if again := elsewhere(page, "再来"); again.Status != http.StatusConflict || !strings.Contains(again.Text(), "再来") {
			t.Errorf("%d", again.Status)
		}
		if p := s.SignIn("audit_admin").Get("/desk/audit?verb=log.expunge"); !strings.Contains(p.Find("tbody").Text(), "撤除公开日志里的原文") || !strings.Contains(p.Text(), "公开日志") {
			t.Error(p.Text())
		}
	})
}
