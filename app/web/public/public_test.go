package public_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/web/view"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// pages are the public pages that always exist.
func pages() []string {
	var out []string
	for _, g := range view.PublicPages() {
		for _, l := range g.Links {
			out = append(out, l.Href)
		}
	}
	return append(out, "/progress/1-3", "/announcements/2021-01-06", "/progress?aspect=2", "/progress?status=unstated&q=%E6%89%AB%E9%BB%91", "/sitemap")
}

func TestEveryPublicPageHoldsItsPromises(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	inline := regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)=`)
	for _, path := range pages() {
		p := s.Browser().Get(path)
		if p.Status != 200 {
			t.Errorf("%s: %d", path, p.Status)
			continue
		}
		if p.Find("h1").Length() != 1 || p.Find("title").Length() != 1 || p.Find(`a[href="#main"]`).Length() == 0 {
			t.Errorf("%s: one h1, a title, a skip link", path)
		}
		if p.Find("html[lang=zh-CN]").Length() != 1 {
			t.Errorf("%s: lang", path)
		}
		if m := inline.FindString(p.Body); m != "" || strings.Contains(p.Body, "<script>") || strings.Contains(p.Body, "<style") {
			t.Errorf("%s: inline code: %s", path, m)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if got := p.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: CSP %q", path, csp)
		}
		for _, never := range []string{"<no value>", "%!", "panic", "{{", "0001-01-01", ">1年1月1日", " 1年1月1日"} {
			if strings.Contains(p.Body, never) {
				t.Errorf("%s shows %q", path, never)
			}
		}
	}
}

func TestTheSitemapLinksEveryPage(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	for _, a := range b.Get("/sitemap").Find("main a").EachIter() {
		href, _ := a.Attr("href")
		if p := b.Get(href); p.Status != 200 {
			t.Errorf("%s: %d", href, p.Status)
		}
	}
}

func TestHomeShowsTheStatedFigures(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		text := s.Browser().Get("/").Text()
		for _, want := range []string{"云南省高级人民法院", "37", "42", "281", "295", "102", "88.1%", "95.3%", "12368", "昆明市日新中路393号", "2020年9月", "2021年1月6日"} {
			if !strings.Contains(text, want) {
				t.Errorf("home does not show %s", want)
			}
		}
	})
}

func TestEditionsAreKeptInACookie(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	p := b.Get("/edition?size=large&contrast=high&back=%2Fprogress%3Faspect%3D2")
	if p.Status != 303 || p.Header.Get("Location") != "/progress?aspect=2" {
		t.Fatal(p.Status, p.Header.Get("Location"))
	}
	if p = b.Get("/"); p.Find("html.large.contrast").Length() != 1 {
		t.Error("not large")
	}
	if p = b.Get("/edition?size=normal&back=https%3A%2F%2Fevil.example%2F"); p.Header.Get("Location") != "/" {
		t.Error("leads elsewhere: " + p.Header.Get("Location"))
	}
	for _, back := range []string{"//evil.example", `/\evil.example`, "/%5cevil", "javascript:alert(1)", ""} {
		if to := b.Get("/edition?back=" + url.QueryEscape(back)).Header.Get("Location"); strings.Contains(to, "evil") && !strings.HasPrefix(to, "/%5c") {
			t.Errorf("%q leads to %q", back, to)
		}
	}
	if p = b.Get("/"); p.Find("html.contrast").Length() != 1 || p.Find("html.large").Length() != 0 {
		t.Error("contrast was not kept")
	}
}

// filled is a complete form of a kind.
func filled(b *apptest.Browser, k cases.Kind) url.Values {
	v := b.Form("/submit/" + string(k))
	for _, f := range cases.Fields(k) {
		v.Set(f.Name, map[string]string{"problem": "1-3", "phone": "0871-64090000", "email": "wang@example.cn", "name": "王群众", "title": "窗口午间值班的建议"}[f.Name])
		if v.Get(f.Name) == "" {
			v.Set(f.Name, "填写的"+f.Label)
		}
	}
	return v
}

func TestEveryKindIsSubmittedAndTracked(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for _, k := range cases.Kinds {
			b := s.Browser()
			v := filled(b, k)
			// Check first: nothing is stored, the captcha stays.
			check := url.Values{"step": {"check"}}
			for name, list := range v {
				check[name] = list
			}
			p := b.Post("/submit/"+string(k), check)
			if p.Status != 200 || p.Find("#case-no").Length() != 0 || !strings.Contains(p.Text(), "窗口午间值班的建议") {
				t.Fatalf("%s: check %d %s", k, p.Status, p.Text())
			}
			v = p.Fields("form.form")
			p = b.Upload("/submit/"+string(k), v)
			number, code := p.Find("#case-no").Text(), p.Find("#access-code").Text()
			if p.Status != 200 || len(cases.Digits(number)) != 8 || len(cases.Digits(code)) != 8 {
				t.Fatalf("%s: %d %q %q %s", k, p.Status, number, code, p.Text())
			}
			// The answer was lost; the same form again: the same number and code.
			again := b.Upload("/submit/"+string(k), v)
			if again.Find("#case-no").Text() != number || again.Find("#access-code").Text() != code {
				t.Errorf("%s: another number", k)
			}
			other := s.Browser()
			f := other.Get("/track").Fields("form.form")
			f.Set("case_no", number)
			f.Set("access_code", code)
			if p = other.Post("/track", f); p.Status != 303 || p.Header.Get("Location") != "/track/case" {
				t.Fatalf("%s: track %d %s", k, p.Status, p.Text())
			}
			if text := other.Get("/track/case").Text(); !strings.Contains(text, "窗口午间值班的建议") || strings.Contains(text, "64090000") {
				t.Errorf("%s: %s", k, text)
			}
		}
		var n int64
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("cases").Count(&n).Error }); err != nil || n != int64(len(cases.Kinds)) {
			t.Errorf("%d cases, %v", n, err)
		}
		leaks(t, s, "王群众", "64090000", "wang@example.cn", "窗口午间值班")
	})
}

// leaks checks that the log holds nothing of what people typed.
func leaks(t *testing.T, s *apptest.Site, canaries ...string) {
	t.Helper()
	text := s.Log.String()
	for _, c := range append(canaries, "127.0.0.1") {
		if strings.Contains(text, c) {
			t.Errorf("the log holds %q", c)
		}
	}
	if strings.Contains(text, "status=500") || strings.Contains(text, "panic") {
		t.Errorf("the log tells of a fault of ours:\n%s", text)
	}
}

// hostile is what people and machines type where text is asked for.
var hostile = map[string]string{
	"empty":      "",
	"spaces":     " \t\r\n　",
	"script":     `"><script>alert(1)</script><img src=x onerror=alert(1)>`,
	"sql":        `'; DROP TABLE cases; -- " OR 1=1 /*`,
	"template":   `{{.Frame}} {{template "parts/top"}} ${7*7} <%= 1 %>`,
	"control":    "a\x00b\x01c\x1b[31m\x7f",
	"surrogate":  "\xed\xa0\x80\xed\xb0\x80",
	"bad utf-8":  "\xff\xfe\xc3\x28",
	"bidi":       "\u202e反转\u2066隔离\u2069\u202c",
	"zero width": "\u200b\u200c\u200d\ufeff",
	"long":       strings.Repeat("长", 34_000), // 100 kB
	"long ascii": strings.Repeat("x", 100_000),
	"combining":  "e" + strings.Repeat("\u0301", 2000),
	"null word":  "null", "number": "-1", "exponent": "1e999", "path": "../../etc/passwd", "crlf": "a\r\nSet-Cookie: x=1",
}

func TestHostileInputGetsAClearMessageAndLosesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for _, k := range cases.Kinds {
			b := s.Browser()
			form := filled(b, k)
			for _, f := range append(cases.Fields(k), cases.Field{Name: "submission_key"}, cases.Field{Name: "captcha_id"}, cases.Field{Name: "captcha_solution"},
				cases.Field{Name: "privacy_version"}, cases.Field{Name: "step"}, cases.Field{Name: "website"}) {
				for what, text := range hostile {
					v := url.Values{}
					for name, list := range form {
						v[name] = list
					}
					v.Set("captcha_solution", "000000") // never accepted: every answer is the form again
					v.Set(f.Name, text)
					p := b.Post("/submit/"+string(k), v)
					if p.Status != 422 && p.Status != 400 && !(p.Status == 200 && f.Name == "step") {
						t.Fatalf("%s.%s %s: %d %s", k, f.Name, what, p.Status, p.Text())
					}
					if p.Status == 422 {
						checkAgain(t, p, f.Name, text, v)
					}
					if strings.Contains(p.Body, "<script>alert") || strings.Contains(p.Body, "onerror=alert(1)>") {
						t.Fatalf("%s.%s %s: script", k, f.Name, what)
					}
				}
			}
		}
		leaks(t, s, "DROP TABLE", "王群众")
	})
}

// checkAgain checks a form that came back: title, summary, and all that was typed.
func checkAgain(t *testing.T, p apptest.Page, field, text string, sent url.Values) {
	t.Helper()
	if title := p.Find("title").Text(); !strings.HasPrefix(title, "错误：") {
		t.Fatalf("%s: title %q", field, title)
	}
	if p.Find("[role=alert] a").Length() == 0 && p.Find(".notice, .notices").Length() == 0 {
		t.Fatalf("%s: no summary", field)
	}
	back := p.Fields("form.form")
	for _, name := range []string{"title", "content", "name", "phone", "demand", "facts", "unit"} {
		want := sent.Get(name)
		if !back.Has(name) || (name == field && (strings.ContainsAny(text, "\x00\xff\xed\r") || strings.TrimSpace(text) == "")) {
			continue
		}
		if got := back.Get(name); got != want {
			t.Fatalf("%s: %q came back as %.80q, sent %.80q", field, name, got, want)
		}
	}
}

func TestWrongFilesAreRefusedAndTheFormComesBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		var bomb bytes.Buffer
		z := zip.NewWriter(&bomb)
		for _, name := range []string{"[Content_Types].xml", "word/document.xml"} {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(bytes.Repeat([]byte{' '}, 150<<20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		for what, f := range map[string]apptest.File{
			"a program":    {Name: "a.exe", Body: []byte("MZ\x90\x00")},
			"a lie":        {Name: "a.pdf", Body: []byte("<html><script>alert(1)</script>")},
			"html as text": {Name: "a.html", Body: []byte("<html>")},
			"svg":          {Name: "a.svg", Body: []byte("<svg onload=alert(1)>")},
			"zip bomb":     {Name: "a.docx", Body: bomb.Bytes()},
			"too large":    {Name: "a.txt", Body: bytes.Repeat([]byte("字"), 7<<20)},
			"no extension": {Name: "README", Body: []byte("x")},
		} {
			b := s.Browser()
			v := filled(b, cases.Suggestion)
			p := b.Upload("/submit/suggestion", v, f)
			if p.Status != 422 {
				t.Errorf("%s: %d %s", what, p.Status, p.Text())
				continue
			}
			if !strings.Contains(p.Text(), "重新选择") || p.Fields("form.form").Get("title") != v.Get("title") {
				t.Errorf("%s: what was typed is lost, or it does not say that files are", what)
			}
		}
		b := s.Browser()
		v := filled(b, cases.Suggestion)
		var eleven []apptest.File
		for i := range 11 {
			eleven = append(eleven, apptest.File{Name: fmt.Sprintf("%d.txt", i), Body: []byte("x")})
		}
		if p := b.Upload("/submit/suggestion", v, eleven...); p.Status != 422 {
			t.Errorf("eleven files: %d", p.Status)
		}
		// Files are kept through the check page and come with the case.
		v = filled(b, cases.Suggestion)
		v.Set("step", "check")
		p := b.Upload("/submit/suggestion", v, apptest.File{Name: "../../说明.txt", Body: []byte("好的")})
		if p.Status != 200 || !strings.Contains(p.Text(), "说明.txt") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = b.Post("/submit/suggestion", p.Fields("form.form"))
		if p.Find("#case-no").Length() != 1 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		var n int64
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("attachments").Where("case_id IS NOT NULL").Count(&n).Error
		}); err != nil || n != 1 {
			t.Errorf("%d attachments, %v", n, err)
		}
		spooled(t, s)
	})
}

// spooled checks that no attachment's text lies anywhere under the data folder.
func spooled(t *testing.T, s *apptest.Site) {
	t.Helper()
	err := fsWalk(s.Data, func(path string, body []byte) {
		if bytes.Contains(body, []byte("好的")) {
			t.Errorf("%s holds an attachment in the clear", path)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestABodyOverTheLimitIs413(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	r, err := http.NewRequest(http.MethodPost, s.URL+"/submit/suggestion", strings.NewReader("title="+strings.Repeat("x", 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p := s.Browser().Do(r); p.Status != 413 {
		t.Errorf("%d", p.Status)
	}
}

func TestAForgedFormIsRefused(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	v := filled(b, cases.Suggestion)
	for what, change := range map[string]func(*apptest.Browser, url.Values) *apptest.Browser{
		"no token":      func(b *apptest.Browser, v url.Values) *apptest.Browser { v.Del("_csrf"); return b },
		"another token": func(b *apptest.Browser, v url.Values) *apptest.Browser { v.Set("_csrf", "AAAA"); return b },
		"another cookie": func(_ *apptest.Browser, v url.Values) *apptest.Browser {
			n := s.Browser()
			n.Form("/submit/suggestion")
			return n
		},
	} {
		w := url.Values{}
		for name, list := range v {
			w[name] = list
		}
		if p := change(b, w).Post("/submit/suggestion", w); p.Status != 403 {
			t.Errorf("%s: %d", what, p.Status)
		}
	}
	if p := b.Post("/submit/suggestion", v); p.Status != 200 {
		t.Errorf("the right one: %d %s", p.Status, p.Text())
	}
}

func TestWhatCannotBeUnderstoodIsNeverA500(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		for path, want := range map[string]int{
			"/nothing": 404, "/progress/9-9": 404, "/progress/x": 404, "/progress/1-3-2-1": 200, "/progress/p9/1-1": 404, "/progress/%00": 400, "/progress/%ff": 400, "/progress?dept=%ff": 400,
			"/progress?aspect=x": 400, "/progress?status=x": 400, "/progress?q=%00%ff%22*%27": 400, "/progress?q=%22*%27%25_%5C": 200, "/progress?dept=%E5%BA%AD": 200, "/progress?after=x": 400, "/progress?aspect=99999999999999999999": 400,
			"/replies/0": 404, "/replies/x": 404, "/replies/9999999999999999999999": 404, "/replies?kind=x": 400, "/replies?month=2021-13": 400, "/replies?before=x": 200,
			"/announcements/x": 404, "/announcements/..%2f..%2fetc": 404, "/static/../app.go": 404, "/static/css/none.css": 404,
			"/captcha/x.png": 404, "/captcha/x.wav": 404, "/submit/x": 404, "/track/case": 303, "/track/case/files/1": 401, "/desk/login": 200,
			"/submit/comment?problem=%3Cscript%3E": 200, "/healthz": 200, "/readyz": 200, "/robots.txt": 200, "/favicon.ico": 302,
		} {
			if p := b.Get(path); p.Status != want {
				t.Errorf("GET %s: %d, want %d", path, p.Status, want)
			}
		}
		for _, path := range []string{"/track/case/add", "/track/case/urge", "/track/case/rate", "/track/case/withdraw"} {
			if p := b.Post(path, nil); p.Status != 403 {
				t.Errorf("POST %s without a token: %d", path, p.Status)
			}
			v := b.Get("/track").Fields("form.form")
			v.Set("content", "写了很久的一段话")
			if p := b.Post(path, v); p.Status != 401 || !strings.Contains(p.Text(), "写了很久的一段话") {
				t.Errorf("POST %s without a pass: %d %s", path, p.Status, p.Text())
			}
		}
		for kind, body := range map[string]string{"application/json": "{}", "text/plain": "x", "multipart/form-data": "x", "multipart/form-data; boundary=b": "--b\r\nbroken",
			"application/x-www-form-urlencoded": "%zz=1&%", "": "\x00\xff"} {
			r, err := http.NewRequest(http.MethodPost, s.URL+"/submit/suggestion", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			if p := b.Do(r); p.Status < 400 || p.Status >= 500 {
				t.Errorf("%q: %d", kind, p.Status)
			}
		}
		for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"} {
			r, err := http.NewRequest(method, s.URL+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			if p := b.Do(r); p.Status < 400 || p.Status >= 500 {
				t.Errorf("%s: %d", method, p.Status)
			}
		}
		leaks(t, s)
	})
}

func TestForeignHostNamesAreNotAnswered(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for host, want := range map[string]int{"evil.example": 421, "localhost": 200, "127.0.0.1:1": 200, "[::1]:80": 200, "evil.localhost.example": 421} {
		r, err := http.NewRequest(http.MethodGet, s.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		if p := s.Browser().Do(r); p.Status != want {
			t.Errorf("%s: %d", host, p.Status)
		}
	}
}

func TestCookiesAreBoundToTheHostBehindTLS(t *testing.T) {
	s := apptest.Start(t, store.SQLite, func(c *config.Config) { c.BaseURL = "https://zg.example.cn" })
	r, err := http.NewRequest(http.MethodGet, s.URL+"/submit/suggestion", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "zg.example.cn"
	p := s.Browser().Do(r)
	if c := p.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-") || !strings.Contains(strings.ToLower(c), "secure") || !strings.Contains(c, "HttpOnly") {
		t.Errorf("%q", c)
	}
	if p.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

func TestTooManyActsHaveToWait(t *testing.T) {
	s := apptest.Start(t, store.SQLite, func(c *config.Config) { c.Rate = 3 })
	b := s.Browser()
	for range 3 {
		b.Get("/submit/suggestion")
	}
	p := b.Get("/submit/suggestion")
	if p.Status != 429 || p.Header.Get("Retry-After") == "" || !strings.Contains(p.Text(), "稍") {
		t.Errorf("%d %q %s", p.Status, p.Header.Get("Retry-After"), p.Text())
	}
	if p := b.Get("/progress"); p.Status != 200 {
		t.Error("reading is not limited")
	}
	s.Clock.Advance(10 * time.Minute)
	if p := b.Get("/submit/suggestion"); p.Status != 200 {
		t.Errorf("after waiting: %d", p.Status)
	}
}

func TestTheWholeLifeOfACaseAsItsSenderSeesIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		ctx := t.Context()
		b := s.Browser()
		p := b.Upload("/submit/comment", filled(b, cases.Comment))
		f := b.Get("/track").Fields("form.form")
		f.Set("case_no", p.Find("#case-no").Text())
		f.Set("access_code", p.Find("#access-code").Text())
		b.Post("/track", f)
		id := int64(1)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		clerk := stafftest.Actor(t, s.App.DB, "c", "立案庭", staff.IntakeClerk, staff.Dispatcher)
		handler := stafftest.Actor(t, s.App.DB, "h", "执行局", staff.Handler)
		boss := stafftest.Actor(t, s.App.DB, "b", "", staff.Reviewer, staff.Approver)
		c := s.App.Cases
		must(c.Register(ctx, clerk, id, 0, ""))
		must(c.Ask(ctx, clerk, id, 0, "请说明是哪个窗口。"))
		p = b.Get("/track/case")
		if !strings.Contains(p.Text(), "请说明是哪个窗口。") || p.Find(`form[action="/track/case/add"]`).Length() != 1 || p.Find(`form[action="/track/case/urge"]`).Length() != 0 {
			t.Fatal(p.Text())
		}
		v := p.Fields(`form[action="/track/case/add"]`)
		if p = b.Upload("/track/case/add", v); p.Status != 422 || !strings.HasPrefix(p.Find("title").Text(), "错误：") {
			t.Fatalf("nothing added: %d", p.Status)
		}
		v = p.Fields(`form[action="/track/case/add"]`)
		v.Set("content", "是二楼三号窗口")
		if p = b.Upload("/track/case/add", v, apptest.File{Name: "照片说明.txt", Body: []byte("见附件")}); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		must(c.Accept(ctx, clerk, id, 0))
		must(c.Assign(ctx, clerk, id, 0, handler.DepartmentID, handler.ID))
		must(c.Acknowledge(ctx, handler, id, 0))
		s.Clock.Advance(40 * 24 * time.Hour)
		f = b.Get("/track").Fields("form.form")
		if p = b.Get("/track/case"); p.Status != 303 {
			t.Fatal("the pass outlived its half hour")
		}
		_ = f
		pass := c.Grant(id)
		u, _ := url.Parse(s.URL)
		b.Cookies().SetCookies(u, []*http.Cookie{{Name: "case", Value: pass}})
		p = b.Get("/track/case")
		if !strings.Contains(p.Text(), "已经超期") || p.Find(`form[action="/track/case/urge"]`).Length() != 1 {
			t.Fatal(p.Text())
		}
		if p = b.Post("/track/case/urge", p.Fields(`form[action="/track/case/urge"]`)); p.Status != 303 {
			t.Fatal(p.Text())
		}
		_, err := c.SaveDraft(ctx, handler, id, 0, "二楼三号窗口已经安排午间值班。")
		must(err)
		must(c.Propose(ctx, handler, id, 0))
		must(c.Pass(ctx, boss, id, 0))
		page, err := c.Open(ctx, boss, id)
		must(err)
		must(c.Approve(ctx, boss, id, 0, page.Digest))
		if text := b.Get("/track/case").Text(); strings.Contains(text, "安排午间值班") {
			t.Error("the answer shows before it was sent")
		}
		must(c.Send(ctx, handler, id, 0))
		p = b.Get("/track/case")
		if !strings.Contains(p.Text(), "二楼三号窗口已经安排午间值班。") {
			t.Fatal(p.Text())
		}
		v = p.Fields(`form[action="/track/case/rate"]`)
		v.Set("resolved", "no")
		v.Set("satisfied", "dissatisfied")
		if p = b.Post("/track/case/rate", v); p.Status != 422 {
			t.Error("rated without a reason")
		}
		v.Set("reason", "还要排队")
		if p = b.Post("/track/case/rate", v); p.Status != 303 {
			t.Fatal(p.Text())
		}
		if text := b.Get("/track/case").Text(); !strings.Contains(text, "没有解决，不满意") {
			t.Error(text)
		}
		if p = b.Post("/track/leave", b.Get("/track/case").Fields(`form[action="/track/leave"]`)); p.Status != 303 {
			t.Error(p.Status)
		}
		if p = b.Get("/track/case"); p.Status != 303 {
			t.Error("still open after leaving")
		}
		if d := cmp.Diff(0, strings.Count(s.Log.String(), "level=ERROR")); d != "" {
			t.Error(s.Log.String())
		}
	})
}

func fsWalk(root string, f func(path string, body []byte)) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := root + "/" + e.Name()
		if e.IsDir() {
			if err := fsWalk(path, f); err != nil {
				return err
			}
			continue
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f(path, body)
	}
	return nil
}

func TestTheCheckPageShowsWhatMayAlreadyAnswerIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		v := filled(b, cases.Suggestion)
		v.Set("content", "希望对全省法院执行案件程序性结案进行回头看，提升基本解决执行难成效。")
		v.Set("step", "check")
		p := b.Post("/submit/suggestion", v)
		if p.Find(`main a[href="/progress/1-4"]`).Length() != 1 {
			t.Errorf("the problem it is about is not shown: %s", p.Text())
		}
	})
}

// tracked opens the case of a confirmation in a browser.
func tracked(t *testing.T, b *apptest.Browser, p apptest.Page) {
	t.Helper()
	f := b.Get("/track").Fields("form.form")
	f.Set("case_no", p.Find("#case-no").Text())
	f.Set("access_code", p.Find("#access-code").Text())
	if p := b.Post("/track", f); p.Status != 303 {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
}

func TestAFormOfOneCaseNeverActsOnAnother(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		first := b.Upload("/submit/suggestion", filled(b, cases.Suggestion))
		second := b.Upload("/submit/suggestion", filled(b, cases.Suggestion))
		tracked(t, b, first)
		old := b.Get("/track/case")
		tracked(t, b, second) // in another tab
		add := old.Fields(`form[action="/track/case/add"]`)
		add.Set("content", "这是说第一件的")
		p := b.Upload("/track/case/add", add)
		if p.Status != 409 || !strings.Contains(p.Text(), "这是说第一件的") {
			t.Errorf("add: %d %s", p.Status, p.Text())
		}
		withdraw := old.Fields(`form[action="/track/case/withdraw"]`)
		withdraw.Set("confirm", "1")
		if p := b.Post("/track/case/withdraw", withdraw); p.Status != 409 {
			t.Errorf("withdraw: %d", p.Status)
		}
		var n int64
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("case_events").Where("verb <> 'submit'").Count(&n).Error
		}); err != nil || n != 0 {
			t.Errorf("%d events, %v", n, err)
		}
	})
}

func TestNothingTypedIsLostWhenTheTokenIsGone(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	v := filled(b, cases.Suggestion)
	p := s.Browser().Upload("/submit/suggestion", v) // cookies were cleared
	if p.Status != 403 || p.Fields("form.form").Get("content") != v.Get("content") || !strings.Contains(p.Text(), "Cookie") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}

func TestAUsedFormWithAnotherMatterIsKeptAndSaid(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		v := filled(b, cases.Suggestion)
		if p := b.Post("/submit/suggestion", v); p.Find("#case-no").Length() != 1 {
			t.Fatal(p.Text())
		}
		v.Set("title", "完全是另外一件事情")
		for _, step := range []string{"", "check"} {
			v.Set("step", step)
			id, err := s.App.Cases.NewCaptcha(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			v.Set("captcha_id", id)
			v.Set("captcha_solution", s.Solve(id))
			p := b.Post("/submit/suggestion", v)
			again := p.Fields("form.form")
			if p.Status != 409 || again.Get("title") != "完全是另外一件事情" || again.Get("submission_key") == v.Get("submission_key") {
				t.Errorf("step %q: %d %s", step, p.Status, p.Text())
			}
		}
	})
}

func TestFilesThatWereClearedAreSaidToBeGone(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	v := filled(b, cases.Suggestion)
	v.Set("step", "check")
	p := b.Upload("/submit/suggestion", v, apptest.File{Name: "说明.txt", Body: []byte("x")})
	sent := p.Fields("form.form")
	s.Clock.Advance(119 * time.Minute)
	if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec("DELETE FROM attachments").Error }); err != nil {
		t.Fatal(err)
	}
	if p = b.Post("/submit/suggestion", sent); p.Status != 422 || !strings.Contains(p.Text(), "重新选择") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}

func TestChosenFilesAreShownAndCanBeTakenBack(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	v := filled(b, cases.Suggestion)
	v.Set("step", "check")
	p := b.Upload("/submit/suggestion", v, apptest.File{Name: "秘密.txt", Body: []byte("x")})
	for _, step := range []string{"edit", "captcha"} {
		f := p.Fields("form.form")
		f.Set("step", step)
		if p = b.Post("/submit/suggestion", f); !strings.Contains(p.Text(), "秘密.txt") {
			t.Errorf("%s: the kept file is not shown", step)
		}
	}
	f := p.Fields("form.form")
	f.Set("step", "nofiles")
	if p = b.Post("/submit/suggestion", f); p.Status != 200 || strings.Contains(p.Text(), "秘密.txt") {
		t.Errorf("%d: still there", p.Status)
	}
}
