// Package apptest runs the real house in a test: real database, real listener,
// real HTTP client. Tests of doors use it; nothing in it is a stand-in.
package apptest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"mingjing/app"
	"mingjing/app/config"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// A house in a test hashes sixteen passwords at each start.
func init() { stafftest.CheapPasswords() }

// Site is a running house.
type Site struct {
	T        *testing.T
	App      *app.App
	URL      string
	Clock    *storetest.Clock
	Log      *Buffer           // what the program logged
	Password map[string]string // of the first accounts, by role
	Data     string
}

// Buffer is a log that may be written and read at once.
type Buffer struct {
	lock sync.Mutex
	b    bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.b.String()
}

// Each runs the test against a site on each database.
func Each(t *testing.T, test func(t *testing.T, s *Site)) {
	t.Helper()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) { test(t, Start(t, d)) })
	}
}

// Start runs a site, prepared as by its first start. Settings may be changed by
// change before it starts.
func Start(t *testing.T, d store.Dialect, change ...func(*config.Config)) *Site {
	t.Helper()
	db := storetest.Config(t, d)
	s := &Site{T: t, Clock: storetest.NewClock(storetest.Start), Log: &Buffer{}, Password: map[string]string{}, Data: t.TempDir()}
	c, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.DataDir, c.DatabaseURL, c.Rate = s.Data, db.URL, 100_000
	for _, f := range change {
		f(&c)
	}
	s.run(c)
	raw, err := os.ReadFile(filepath.Join(s.Data, app.FirstAccountsFile))
	if err != nil && !os.IsNotExist(err) { // not the first instance on its database
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			s.Password[f[0]] = f[2]
		}
	}
	return s
}

// Twin is a second instance on the same database, pepper, keys and blobs.
func (s *Site) Twin() *Site {
	s.T.Helper()
	twin := *s
	twin.run(s.App.Config)
	return &twin
}

// run starts the house and stops it with the test.
func (s *Site) run(c config.Config) {
	s.T.Helper()
	var err error
	if s.App, err = app.New(s.T.Context(), c, slog.New(slog.NewTextHandler(s.Log, nil)), s.Clock.Now); err != nil {
		s.T.Fatal(err)
	}
	if err := s.App.Prepare(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.T.Fatal(err)
	}
	s.URL = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	house := s.App
	go func() { done <- house.Run(ctx, l) }()
	s.T.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, house.Close()); err != nil {
			s.T.Error(err)
		}
	})
}

// Browser is one visitor with a cookie jar. It does not follow redirects.
type Browser struct {
	site   *Site
	client *http.Client
}

// Browser opens a new one.
func (s *Site) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return &Browser{s, &http.Client{Jar: jar, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// At is the same visitor, cookies and all, on another instance.
func (b *Browser) At(s *Site) *Browser { return &Browser{s, b.client} }

// Page is an answer, read whole.
type Page struct {
	*goquery.Document
	Status int
	Header http.Header
	Body   string
}

// Text is the page's visible text with single spaces.
func (p Page) Text() string { return strings.Join(strings.Fields(p.Find("body").Text()), " ") }

// Value is the value of the first input of that name.
func (p Page) Value(name string) string {
	v, _ := p.Find(`input[name="` + name + `"]`).Attr("value")
	return v
}

// Get asks for a path.
func (b *Browser) Get(path string) Page {
	b.site.T.Helper()
	r, err := http.NewRequest(http.MethodGet, b.site.URL+path, nil)
	if err != nil {
		b.site.T.Fatal(err)
	}
	return b.Do(r)
}

// Do sends any request.
func (b *Browser) Do(r *http.Request) Page {
	b.site.T.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.site.T.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.site.T.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		b.site.T.Fatal(err)
	}
	return Page{doc, resp.StatusCode, resp.Header, string(body)}
}

// Post sends a urlencoded form; the CSRF token must be among the values.
func (b *Browser) Post(path string, values url.Values) Page {
	b.site.T.Helper()
	r, err := http.NewRequest(http.MethodPost, b.site.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.site.T.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(r)
}

// File is a file chosen in a form.
type File struct {
	Name string
	Body []byte
}

// Upload sends a multipart form, files last.
func (b *Browser) Upload(path string, values url.Values, files ...File) Page {
	b.site.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, list := range values {
		for _, v := range list {
			if err := w.WriteField(name, v); err != nil {
				b.site.T.Fatal(err)
			}
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile("attachments", f.Name)
		if err != nil {
			b.site.T.Fatal(err)
		}
		if _, err := part.Write(f.Body); err != nil {
			b.site.T.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.site.T.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, b.site.URL+path, &body)
	if err != nil {
		b.site.T.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.Do(r)
}

// Fields are the values a form would send as it stands: hidden ones, typed
// ones, ticked ones. which selects the form element.
func (p Page) Fields(which string) url.Values {
	out := url.Values{}
	form := p.Find(which).First()
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, e *goquery.Selection) {
		name, _ := e.Attr("name")
		kind, _ := e.Attr("type")
		value, _ := e.Attr("value")
		_, ticked := e.Attr("checked")
		switch {
		case kind == "file" || kind == "submit" || ((kind == "checkbox" || kind == "radio") && !ticked):
		case goquery.NodeName(e) == "textarea":
			out.Set(name, e.Text())
		case goquery.NodeName(e) == "select":
			chosen := e.Find("option[selected]")
			if chosen.Length() == 0 {
				chosen = e.Find("option").First()
			}
			v, _ := chosen.Attr("value")
			out.Set(name, v)
		default:
			out.Add(name, value)
		}
	})
	return out
}

// Solve reads a captcha's digits from the table.
func (s *Site) Solve(id string) string {
	s.T.Helper()
	var digits string
	err := s.App.DB.Read(s.T.Context(), func(r *store.Reader) error {
		return r.Table("captchas").Select("digits").Where("id = ?", id).Scan(&digits).Error
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return digits
}

// Form opens a submission form and fills in what every kind needs: hidden
// values, the captcha's answer, consent to the privacy notice.
func (b *Browser) Form(path string) url.Values {
	b.site.T.Helper()
	p := b.Get(path)
	if p.Status != http.StatusOK {
		b.site.T.Fatalf("GET %s: %d", path, p.Status)
	}
	v := p.Fields("form.form")
	v.Set("captcha_solution", b.site.Solve(v.Get("captcha_id")))
	v.Set("privacy_version", p.Value("privacy_version"))
	v.Del("website")
	return v
}

// SignIn signs a first account in by its role.
func (s *Site) SignIn(role string) *Browser {
	s.T.Helper()
	b := s.Browser()
	v := b.Get("/desk/login").Fields("form")
	v.Set("login", role)
	v.Set("password", s.Password[role])
	if p := b.Post("/desk/login", v); p.Status != http.StatusSeeOther {
		s.T.Fatalf("sign in as %s: %d %s", role, p.Status, p.Text())
	}
	return b
}

// Cookies is the browser's jar.
func (b *Browser) Cookies() http.CookieJar { return b.client.Jar }
