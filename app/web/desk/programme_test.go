package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
)

func TestSeveralProgrammesAreWorkedOnSideBySide(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, measure string) {
		desk := s.SignIn("rectification_office")
		if p := desk.Get("/desk/ledger"); p.Find(selector("/desk/ledger/programme")).Length() > 0 || strings.Contains(p.Text(), "正在办理：") {
			t.Error("there is nothing to choose from yet")
		}
		ledgertest.Planted(t, s.App.DB, ledger.Programme{Slug: "2027-circuit", Title: "2027年巡回督查整改", Inspected: "某某法院", Inspector: "巡察组", Ledger: true}, map[string]ledger.Status{"1-1-1-1": ledger.Done})
		err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("UPDATE measures SET title = '另一轮的措施', department_id = (SELECT department_id FROM staff WHERE login = 'liaison') WHERE programme_id = (SELECT id FROM programmes WHERE slug = '2027-circuit')").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		ledgertest.Settle(t, s.App.DB)
		if p := desk.Get("/desk/ledger/measures"); strings.Contains(p.Text(), "另一轮的措施") || !strings.Contains(p.Text(), "正在办理：巡视反馈问题整改") {
			t.Error(p.Text())
		}
		if p := send(t, desk, "/desk/ledger", "/desk/ledger/programme", "programme", "2027-circuit"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		for _, path := range []string{"/desk/ledger", "/desk/ledger/measures", "/desk/ledger/problems", "/desk/ledger/orders", "/desk/ledger/lookbacks", "/desk/ledger/meetings", "/desk/ledger/rules", "/desk/ledger/reconcile", "/desk/ledger/mapping"} {
			if p := desk.Get(path); p.Status != http.StatusOK || !strings.Contains(p.Text(), "正在办理：2027年巡回督查整改") {
				t.Errorf("%s: %d %s", path, p.Status, p.Text())
			}
		}
		list := desk.Get("/desk/ledger/measures")
		page, _ := list.Find(`.queue a.row, table a.row`).Attr("href")
		if !strings.Contains(list.Text(), "另一轮的措施") {
			t.Error(list.Text())
		}
		// A form that was opened for one programme stays with it, whatever is chosen meanwhile.
		v := desk.Get(page).Fields(selector("/desk/ledger/orders?programme=2027-circuit"))
		if p := send(t, desk, "/desk/ledger", "/desk/ledger/programme", "programme", "small"); p.Status != http.StatusSeeOther {
			t.Fatal(p.Status)
		}
		sent := desk.Post("/desk/ledger/orders?programme=2027-circuit", v)
		if sent.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", sent.Status, sent.Text())
		}
		order, _, _ := strings.Cut(sent.Header.Get("Location"), "?")
		if p := s.SignIn("liaison").Get(order); !strings.Contains(p.Text(), "另一轮的措施") {
			t.Error(p.Text())
		}
		// The ladder is climbed from the order itself.
		up := desk.Get(order).Fields(selector("/desk/ledger/orders?programme=2027-circuit"))
		up.Set("text", "提醒后仍未完成，逐周报告。")
		twice := url.Values{}
		for name, values := range up {
			twice[name] = values
		}
		twice["text"] = []string{"另一份同级的督办单"}
		if p := desk.Post("/desk/ledger/orders?programme=2027-circuit", up); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := desk.Post("/desk/ledger/orders?programme=2027-circuit", twice); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "已经升级为第 2 号") {
			t.Errorf("one rung twice: %d %s", p.Status, p.Text())
		}
		if p := desk.Get(order); !strings.Contains(p.Text(), "由此升级的督办单") || p.Find(selector("/desk/ledger/orders?programme=2027-circuit")).Length() > 0 {
			t.Error(p.Text())
		}

		wrong := send(t, desk, "/desk/ledger", "/desk/ledger/programme/name?programme=small", "title", " ")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请填写名称") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		if p := send(t, desk, "/desk/ledger", "/desk/ledger/programme/name?programme=small", "title", "2020年省委巡视整改"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		s.App.House.Pages.Refresh(t.Context())
		if p := s.Browser().Get("/progress"); !strings.Contains(p.Text(), "2020年省委巡视整改 3") {
			t.Error(p.Text())
		}
		if p := desk.Post("/desk/ledger/programme", map[string][]string{"_csrf": {desk.Get("/desk/ledger").Value("_csrf")}, "programme": {"nowhere"}}); p.Status != http.StatusNotFound {
			t.Errorf("a programme that is none: %d", p.Status)
		}
	})
}

func TestTheOfficeSaysWhatIsForThePublicAndWhatIsNot(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, _ string) {
		desk := s.SignIn("rectification_office")
		list := desk.Get("/desk/ledger/aspects")
		aspect, _ := list.Find("table.queue a.row").First().Attr("href")
		v := desk.Get(aspect).Fields("main form")
		v.Set("text", "对方面的说明")
		v.Set("internal", "不能外传的方面说明")
		action := strings.Split(aspect, "?")[0]
		if p := desk.Post(action, v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		v.Set("text", "晚一步的说明")
		late := desk.Post(action, v)
		if late.Status != http.StatusConflict || !strings.Contains(late.Text(), "现在的公开说明：对方面的说明") || strings.TrimSpace(late.Find("textarea[name=text]").Text()) != "晚一步的说明" {
			t.Errorf("%d %s", late.Status, late.Text())
		}
		v.Set("text", strings.Repeat("长", 5001))
		if p := desk.Post(action, v); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "最多 5000 个字") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := send(t, desk, "/desk/ledger", "/desk/ledger/programme/name?programme=small", "text", "对这一轮的说明", "internal", "不能外传的轮次说明"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		problem, _ := desk.Get("/desk/ledger/problems").Find("table a.row").First().Attr("href")
		page := desk.Get(problem)
		names := page.Find("[name^=part_text_]").First()
		part, _ := names.Attr("name")
		if p := send(t, desk, problem, problem+"/details", "text", "对问题的说明", "internal", "不能外传的问题说明", part, "对小问题的说明",
			strings.Replace(part, "text", "internal", 1), "不能外传的细节"); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		for _, said := range []string{"对问题的说明", "不能外传的问题说明", "对小问题的说明", "不能外传的细节"} {
			if !strings.Contains(desk.Get(problem).Text(), said) {
				t.Errorf("the desk does not show %s", said)
			}
		}
		s.App.House.Pages.Refresh(t.Context())
		public := s.Browser()
		for path, said := range map[string][]string{"/progress": {"对这一轮的说明"}, "/progress?aspect=1": {"对方面的说明"}, "/progress/1-1": {"对问题的说明", "对小问题的说明"},
			"/changes": {"公开说明已公布"}, "/open-data/ledger.json": {"对这一轮的说明", "对方面的说明", "对问题的说明", "对小问题的说明"}, "/open-data/ledger.csv": {"对问题的说明", "对小问题的说明"}} {
			p := public.Get(path)
			for _, x := range said {
				if !strings.Contains(p.Body, x) {
					t.Errorf("%s (%d) does not say %s", path, p.Status, x)
				}
			}
			if strings.Contains(p.Body, "不能外传") {
				t.Errorf("%s shows what is for staff only", path)
			}
		}
	})
}
