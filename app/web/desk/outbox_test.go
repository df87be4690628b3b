package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/store"
)

func TestTheOperatorDecidesWhatBecomesOfMessagesAndWhatTheySay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			for i, state := range []string{"unknown", "dead", "waiting"} {
				if err := tx.Exec("INSERT INTO outbox (created_at, idem, channel, template, subject_id, state, due_at, note) VALUES (?, ?, 'mail', 'progress', 77777, ?, ?, '交付时中断')",
					tx.Now, "case/77777/event/"+state, state, tx.Now.AddDate(0, 0, i)).Error; err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		admin := s.SignIn("sys_admin")
		page := admin.Get("/desk/settings/outbox")
		if !strings.Contains(page.Text(), "交付时中断") || page.Find("a.row").Length() != 1 {
			t.Fatal(page.Text())
		}
		href, _ := page.Find("a.row").Attr("href")
		form := admin.Get(href).Fields("main form")
		if p := admin.Post(strings.Split(href, "?")[0], form); p.Status != http.StatusNotFound {
			t.Errorf("a decision that is none: %d", p.Status)
		}
		form.Set("step", "arrived")
		if p := admin.Post(strings.Split(href, "?")[0], form); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := admin.Post(strings.Split(href, "?")[0], form); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "已经处理过") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := admin.Get("/desk/settings/outbox?state=waiting"); p.Find("tbody tr").Length() != 1 || p.Find("a.row").Length() != 0 {
			t.Error(p.Text())
		}
		if p := admin.Get("/desk/settings/outbox?state=nonsense"); p.Status != http.StatusNotFound {
			t.Errorf("%d", p.Status)
		}

		v := admin.Get("/desk/settings/messages").Fields("main form")
		v.Set("progress", "您反映的12号事项 https://x")
		wrong := admin.Post("/desk/settings/messages", v)
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "不能有数字") || wrong.Value("progress") != "您反映的12号事项 https://x" {
			t.Errorf("%d %s", wrong.Status, wrong.Text())
		}
		v.Set("progress", "您反映的事有了进展")
		v.Set("sms", "1")
		if p := admin.Post("/desk/settings/messages", v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := admin.Get("/desk/settings/messages"); p.Value("progress") != "您反映的事有了进展" || p.Find("[name=sms][checked]").Length() != 1 {
			t.Error(p.Text())
		}
	})
}
