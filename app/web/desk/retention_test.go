package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestASenderReadsTakesAlongAndErasesTheirOwnData(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, code, citizen := submit(t, s, "建议改进立案窗口叫号")
		page := find(t, s.SignIn("intake_clerk"), no)
		act(t, s.SignIn("intake_clerk"), page, "register", "kind", "comment")
		dispatcher := s.SignIn("dispatcher")
		key := citizen.Form("/track")
		key.Set("case_no", no)
		key.Set("access_code", code)
		if p := citizen.Post("/track", key); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		own := citizen.Get("/track/case/own.json")
		for _, said := range []string{plain(no), secretName, "0871-64000000", "窗口排队两小时无人叫号", "照片说明.txt"} {
			if !strings.Contains(own.Body, said) {
				t.Errorf("their own data lack %s", said)
			}
		}
		if strings.Contains(own.Body, plain(code)) || own.Header.Get("Cache-Control") != "no-store" {
			t.Error("the code, or a cache, gets the data")
		}
		if p := s.Browser().Get("/track/case/own.json"); strings.Contains(p.Body, secretName) {
			t.Error("anybody reads it")
		}
		if p := citizen.Get("/track/case"); p.Find("form[action='/track/case/erase']").Length() != 0 {
			t.Error("what is still handled can be erased")
		}
		act(t, dispatcher, page, "refuse", "refusal", "other_body", "content", "请向城管部门反映。")
		p := send(t, citizen, "/track/case", "/track/case/erase", "content", "不想留着")
		if p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := dispatcher.Get("/desk/queue"); !strings.Contains(p.Text(), "删除申请 1") {
			t.Error(p.Text())
		}
		if p := dispatcher.Get("/desk/erasures"); !strings.Contains(p.Text(), "建议改进立案窗口叫号") {
			t.Error(p.Text())
		}
		wrong := send(t, dispatcher, page, page+"/decide_erasure", "grant", "no", "content", "")
		if wrong.Status != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, dispatcher, page, "hold", "content", "另案要用")
		if p := send(t, dispatcher, page, page+"/decide_erasure", "grant", "yes"); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "依法保留") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		act(t, dispatcher, page, "unhold")
		act(t, dispatcher, page, "decide_erasure", "grant", "yes")
		for _, x := range []apptest.Page{dispatcher.Get(page), citizen.Get("/track/case"), citizen.Get("/track/case/own.json")} {
			if strings.Contains(x.Body, "窗口排队两小时") || strings.Contains(x.Body, secretName) {
				t.Error("what was erased is still shown")
			}
		}
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "都已删除") || p.Find("form[action='/track/case/erase']").Length() != 0 {
			t.Error(p.Text())
		}

		admin := s.SignIn("sys_admin")
		if p := s.Browser().Get("/privacy"); strings.Contains(p.Text(), "到期自动删除") || !strings.Contains(admin.Get("/desk/settings/retention").Text(), "还没有确认保存期限") {
			t.Error("what nobody has decided is promised")
		}
		v := admin.Get("/desk/settings/retention").Fields("main form")
		v.Set("content_enquiry", "1")
		if p := admin.Post("/desk/settings/retention", v); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "不能短于") || p.Value("content_enquiry") != "1" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		v.Set("content_enquiry", "48")
		if p := admin.Post("/desk/settings/retention", v); p.Status != http.StatusSeeOther {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		s.App.House.Pages.Refresh(t.Context())
		if p := s.Browser().Get("/privacy"); !strings.Contains(p.Text(), "到期自动删除") || !strings.Contains(p.Text(), "4年") {
			t.Error(p.Text())
		}
	})
}
