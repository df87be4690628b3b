package desk_test

import (
	"net/url"
	"strings"
	"testing"

	"mingjing/app/announce"
	"mingjing/app/apptest"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
)

func TestTheNextAnnouncementGoesFromTheLedgerToThePublicThroughTheForms(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, _ string) {
		err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.Exec("UPDATE problems SET title = '窗口<b>混乱</b>&“推诿”' WHERE code = '1-1'").Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE measures SET status = 'done', note = '已经改正。'").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec("UPDATE problems SET status = 'done'").Error }); err != nil {
			t.Fatal(err)
		}
		ledgertest.Settle(t, s.App.DB)
		desk := s.SignIn("rectification_office")
		if p := desk.Get("/desk/ledger"); p.Find(`a[href="/desk/ledger/draft"]`).Length() != 1 {
			t.Error("the ledger does not lead to the draft")
		}
		p := desk.Get("/desk/ledger/draft")
		text := p.Find("#text").Text()
		if p.Status != 200 || !strings.Contains(text, "对照反馈的3个问题，细化为4个小问题，制定6条整改措施") || !strings.Contains(p.Find(".main").Text(), "下一步的工作安排") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := desk.Get("/desk/ledger/draft/paper"); p.Status != 200 || !strings.Contains(p.Find(".formal b").Text(), "窗口<b>混乱</b>&‘推诿’") || !strings.Contains(p.Find(".signed").Text(), "某某法院") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		word := desk.Get("/desk/ledger/draft.docx")
		back, err := announce.DecodeFile("a.docx", []byte(word.Body))
		if err != nil || !strings.Contains(word.Header.Get("Content-Disposition"), "attachment") || strings.TrimSpace(back) != strings.TrimSpace(text) {
			t.Errorf("%v %v\n%s", err, word.Header, back)
		}
		if p := desk.Get("/desk/ledger/draft?programme=none"); p.Status != 404 {
			t.Errorf("a programme that is not there: %d", p.Status)
		}

		// What was understood is seen first, and one can go back without losing a word.
		form := p.Fields(selector("/desk/ledger/import"))
		form.Set("text", text+"改动的一行\n")
		p = desk.Post("/desk/ledger/import", form)
		if p.Status != 200 || !strings.Contains(p.Text(), "3 个问题") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		form = p.Fields(selector("/desk/ledger/import"))
		form.Set("step", "back")
		p = desk.Post("/desk/ledger/import", form)
		if p.Status != 200 || !strings.Contains(p.Find("#text").Text(), "改动的一行") || p.Value("programme") == "" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		save := func(form url.Values, text string) apptest.Page {
			form.Set("text", text)
			form.Set("step", "store")
			return desk.Post("/desk/ledger/import", form)
		}
		p = save(p.Fields(selector("/desk/ledger/import")), text)
		slug, _, _ := strings.Cut(p.Header.Get("Location"), "?")
		if p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = desk.Get(slug)
		if p.Find("#publish").Length() != 0 || !strings.Contains(p.Find(".acts").Text(), "没有填写") || strings.Contains(p.Find(".main").Text(), "台账里逐项计数") {
			t.Errorf("%s", p.Text())
		}
		edit := "/desk/ledger/import?draft=" + strings.TrimPrefix(slug, "/desk/ledger/")
		old := desk.Get(edit).Fields(selector("/desk/ledger/import"))
		whole := text
		for _, place := range []string{"巡视的时间和机构", "反馈巡视意见的日期", "怎样研究部署、怎样落实主体责任", "下一步的工作安排"} {
			whole = strings.Replace(whole, "【待填写："+place+"】", "已经写明。", 1)
		}
		if p := save(desk.Get(edit).Fields(selector("/desk/ledger/import")), whole); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := save(old, whole+"另一个人的改动\n"); p.Status != 409 || !strings.Contains(p.Find("#text").Text(), "另一个人的改动") {
			t.Errorf("two who change one draft: %d %s", p.Status, p.Text())
		}
		if p := desk.Get(slug + "/paper"); p.Status != 200 || !strings.Contains(p.Text(), "已经写明。") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := desk.Get(slug + ".docx"); p.Status != 200 || !strings.HasPrefix(p.Body, "PK") {
			t.Errorf("%d", p.Status)
		}
		act(t, desk, slug, "publish")
		if p := s.Browser().Get("/announcements/" + strings.TrimPrefix(slug, "/desk/ledger/")); p.Status != 200 || !strings.Contains(p.Text(), "窗口<b>混乱</b>&‘推诿’") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := desk.Get(edit); p.Status != 409 {
			t.Errorf("a published text can be changed: %d", p.Status)
		}
	})
}
