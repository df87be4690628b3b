package public_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/config"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
)

// mailing is a site that can send mail; nobody reads it.
func mailing(c *config.Config) {
	c.Seed, c.SMTPURL, c.BaseURL = "none", "smtp://127.0.0.1:9", "http://localhost"
}

func TestSubscribingAsksConfirmsAndEnds(t *testing.T) {
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			s := apptest.Start(t, d, mailing)
			ledgertest.Small(t, s.App.DB, nil)
			b := s.Browser()
			v := b.Form("/subscribe?problem=1-1")
			v.Set("email", "不是地址")
			page := b.Post("/subscribe", v)
			if page.Status != 422 || page.Value("email") != "不是地址" || page.Value("problem") != "1-1" || page.Find(`.errors a[href="#email"]`).Length() != 1 || !strings.HasPrefix(page.Find("title").Text(), "错误：") {
				t.Fatalf("%d %s", page.Status, page.Text())
			}
			v.Set("email", "zhou@example.cn")
			v.Set("step", "captcha")
			if page = b.Post("/subscribe", v); page.Status != 200 || page.Value("email") != "zhou@example.cn" || page.Value("captcha_id") == v.Get("captcha_id") {
				t.Fatalf("%d %s", page.Status, page.Text())
			}
			v.Del("step")
			v.Set("captcha_solution", "000000")
			if page = b.Post("/subscribe", v); page.Status != 422 || page.Value("email") != "zhou@example.cn" || page.Find(`.errors a[href="#captcha_solution"]`).Length() != 1 {
				t.Fatalf("%d %s", page.Status, page.Text())
			}
			ask := func() string {
				v := b.Form("/subscribe?problem=1-1")
				v.Set("email", "zhou@example.cn")
				page := b.Post("/subscribe", v)
				shows(t, page, []string{"请到邮箱里确认", "如果这个邮箱还没有订阅"}, []string{"zhou"})
				return page.Text()
			}
			first := ask()
			link := letter(t, s)
			page = b.Get(link)
			shows(t, page, []string{"问题1-1“第1方面的第1个问题”的变化", "z***@example.cn", "确认订阅"}, []string{"zhou@"})
			if page.Find("meta[content=noindex]").Length() != 1 || page.Header.Get("Cache-Control") != "no-store" || strings.Contains(page.Find(".editions").Text()+page.Find("nav").Text(), link) {
				t.Error("the link may be found or kept")
			}
			shows(t, b.Post(link+"/confirm", page.Fields(`form[action$="/confirm"]`)), []string{"订阅成功", "退订，删除我的邮箱"}, []string{"确认订阅"})
			if again := ask(); again != first {
				t.Error("the answer tells whether the address is subscribed")
			}
			// A mail program ends it with no cookie and no token of ours.
			r, err := http.NewRequest(http.MethodPost, s.URL+link, strings.NewReader("List-Unsubscribe=One-Click"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			shows(t, s.Browser().Do(r), []string{"已经退订", "邮箱地址已经删除"}, nil)
			if page = b.Get(link); page.Status != 404 || !strings.Contains(page.Text(), "链接已经失效") {
				t.Error(page.Status, page.Text())
			}
			if page = b.Post(link+"/confirm", nil); page.Status != 404 {
				t.Error(page.Status)
			}
			for path, want := range map[string]int{"/subscribe?problem=9-9": 404, "/subscribe?programme=none": 404, "/subscription/x": 404, "/subscription/" + strings.Repeat("a", 5000): 404} {
				if got := b.Get(path); got.Status != want {
					t.Errorf("%.40s: %d", path, got.Status)
				}
			}
			if strings.Contains(s.Log.String(), "zhou") || strings.Contains(s.Log.String(), strings.TrimPrefix(link, "/subscription/")) {
				t.Error("the log holds the address or the token")
			}
		})
	}
}

// letter is the link in the newest mail to a subscriber.
func letter(t *testing.T, s *apptest.Site) string {
	t.Helper()
	var id int64
	if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
		return r.Table("outbox").Where("template = 'subscribe'").Order("id DESC").Limit(1).Pluck("subject_id", &id).Error
	}); err != nil {
		t.Fatal(err)
	}
	l, err := s.App.Subscriptions.Write(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l.Manage
}

func TestWithoutMailThePageSaysWhatElseThereIs(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		b := s.Browser()
		page := b.Get("/subscribe")
		shows(t, page, []string{"还没有开通邮件服务", "用阅读器订阅"}, nil)
		if page.Find("main form").Length() != 0 {
			t.Error("a form that leads nowhere")
		}
	})
}
