package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mingjing/app/apptest"
	"mingjing/app/config"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/web"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestADeadDatabaseGivesAnApologyAndNoDetails(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		b.Get("/progress") // made before: still answered from memory
		if err := s.App.DB.Close(); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/replies/1", "/submit/suggestion", "/readyz", "/desk/queue"} {
			p := b.Get(path)
			if p.Status != 500 && p.Status != 503 && p.Status != 303 {
				t.Errorf("%s: %d", path, p.Status)
			}
			for _, never := range []string{"sql", "closed", "goroutine", ".go:", "panic"} {
				if strings.Contains(strings.ToLower(p.Body), never) {
					t.Errorf("%s shows %q: %s", path, never, p.Body)
				}
			}
		}
		if p := b.Get("/healthz"); p.Status != 200 {
			t.Errorf("healthz: %d", p.Status)
		}
		if !strings.Contains(s.Log.String(), "request failed") {
			t.Error("nothing was logged")
		}
	})
}

func TestMetricsAreOnTheirOwnAddressAlone(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	b.Get("/")
	b.Get("/")
	b.Get("/nothing/here/at/all")
	if p := b.Get("/metrics"); p.Status != 404 {
		t.Errorf("the site serves /metrics: %d", p.Status)
	}
	w := httptest.NewRecorder()
	s.App.Web.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`portal_requests_total{method="GET",route="/",status="200"}`, "portal_page_cache_hits_total", "portal_outbox_oldest_seconds 0", "portal_log_lag_seconds ", "portal_log_size ", "go_goroutines"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "127.0.0.1") {
		t.Error("an address in the metrics")
	}
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	for trusted, want := range map[string]int{"": 429, "127.0.0.1": 200} {
		s := apptest.Start(t, store.SQLite, func(c *config.Config) {
			c.Rate = 2
			if trusted != "" {
				c.TrustedProxies = []string{trusted}
			}
		})
		last := 0
		for i := range 4 {
			r, err := http.NewRequest(http.MethodGet, s.URL+"/submit/suggestion", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
			last = s.Browser().Do(r).Status
		}
		if last != want {
			t.Errorf("trusted %q: %d, want %d", trusted, last, want)
		}
	}
}

func TestBrokenHTTPIsAnsweredAndNothingBreaks(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for _, raw := range []string{"\x00\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 40) + "\r\n",
		"GET /%zz%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, raw); err != nil {
			t.Fatal(err)
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		answer, _ := io.ReadAll(c)
		c.Close()
		if strings.Contains(string(answer), "HTTP/1.1 5") && !strings.Contains(string(answer), "505") {
			t.Errorf("%.40q: %.200s", raw, answer)
		}
	}
	if p := s.Browser().Get("/"); p.Status != 200 {
		t.Errorf("afterwards: %d", p.Status)
	}
}

// answers sends bytes as they are and reads until the connection ends.
func answers(t *testing.T, address, raw string) string {
	t.Helper()
	c := dial(t, address, raw)
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%.40q: %v", raw, err)
	}
	return string(answer)
}

// dial opens a connection that ends with the test, or after a while, and sends bytes.
func dial(t *testing.T, address, raw string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPageHasOneAddress(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for path, want := range map[string]string{
		"/announcements": "200 ", "/aNNouncements": "404 ", "/progress/1-3": "200 ", "/progress/1-3/": "308 /progress/1-3", "/Progress/1-3": "404 ",
		"/progress/?aspect=2": "308 /progress?aspect=2", "/desk/": "308 /desk", "/submit/suggestion/": "308 /submit/suggestion", "//": "404 ", "///": "404 ",
		"//evil.example/": "404 ", "/%5Cevil.example/": "308 /%5Cevil.example", "/progress//": "404 ", "/./progress": "404 ", "/desk/../progress": "404 ", "/%70rogress": "404 ",
	} {
		answer := answers(t, strings.TrimPrefix(s.URL, "http://"), "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		to := strings.TrimPrefix(r.Header.Get("Location"), "http://localhost")
		if got := fmt.Sprint(r.StatusCode, " ", to); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestAnUnknownAddressOfSlashesIsAPageWithItsStyles(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	answer := answers(t, strings.TrimPrefix(s.URL, "http://"), "GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 404") || !strings.Contains(answer, `href="/static/css/public.`) || !strings.Contains(answer, "没有这个页面") {
		t.Errorf("%.2000s", answer)
	}
}

func TestASlowHeadIsCutOffAndASlowUploadIsNot(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	server := web.New(s.App.House, slog.New(slog.DiscardHandler))
	server.WaitForHeads(100 * time.Millisecond)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(context.Background()), <-served); err != nil {
			t.Error(err)
		}
	})
	address := l.Addr().String()
	const head = "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nti"
	upload := dial(t, address, fmt.Sprintf(head, "/submit/suggestion?x=/track"))
	for range 2 { // the upload waits as long
		if answer := answers(t, address, "GET / HTTP/1.1\r\nHost: loc"); !strings.HasPrefix(answer, "HTTP/1.1 408") {
			t.Errorf("a head without an end: %.100q", answer)
		}
	}
	if answer := answers(t, address, fmt.Sprintf(head, "/track?x=/submit/suggestion")); !strings.HasPrefix(answer, "HTTP/1.1 4") {
		t.Errorf("an ordinary form without an end: %.100q", answer)
	}
	if _, err := io.WriteString(upload, "tle=x"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(upload)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 403") { // whole, but not from a page of ours
		t.Errorf("a slow upload: %v %.100q", err, answer)
	}
}

func TestAnyInstanceServesASession(t *testing.T) {
	s := apptest.Start(t, store.Postgres)
	twin := s.Twin()
	b := s.SignIn("dispatcher")
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	other := twin.Browser()
	there, err := url.Parse(twin.URL)
	if err != nil {
		t.Fatal(err)
	}
	other.Cookies().SetCookies(there, b.Cookies().Cookies(u))
	p := other.Get("/desk/queue")
	if p.Status != 200 {
		t.Fatalf("the other instance: %d", p.Status)
	}
	if p := other.Post("/desk/logout", p.Fields(`form[action="/desk/logout"]`)); p.Status != 303 {
		t.Fatalf("signing out there: %d", p.Status)
	}
	if p := b.Get("/desk/queue"); p.Status != 303 {
		t.Errorf("still signed in here: %d", p.Status)
	}
}

func TestARefusedBodyIsNotTakenForTheNextRequest(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for _, path := range []string{"/desk/account/sessions", "/track/case/add", "/submit/nothing", "/no/such/address", "/submit/suggestion"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		body := "title=" + strings.Repeat("GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n", 60_000)
		sent := make(chan error, 1)
		go func() {
			_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
			sent <- err
		}()
		answer, _ := io.ReadAll(c)
		c.Close()
		<-sent
		if n := strings.Count(string(answer), "HTTP/1.1 "); n != 1 {
			t.Errorf("%s: %d answers to one request", path, n)
		}
	}
}
