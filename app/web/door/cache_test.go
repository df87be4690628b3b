package door_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/calendar"
	"mingjing/app/config"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// answer is what a cache has to do with of an answer.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// ask sends a request as it is; nothing is unpacked on the way.
func ask(t *testing.T, s *apptest.Site, method, path string, header map[string]string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func rename(t *testing.T, s *apptest.Site, name string) {
	t.Helper()
	err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
		return settings.SaveSite(tx, settings.Author{Name: "测试"}, map[string]string{"name": name})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// within asks for the page until it is right, for a second at most.
func within(t *testing.T, s *apptest.Site, path string, right func(body string) bool) {
	t.Helper()
	second, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for !right(ask(t, s, "GET", path, nil).Body) {
		if second.Err() != nil {
			t.Fatalf("%s shows the old after a second", path)
		}
	}
}

func TestAChangeShowsOnEveryInstanceWithinASecond(t *testing.T) {
	var shared config.Config
	one := apptest.Start(t, store.Postgres, func(c *config.Config) { shared = *c })
	other := apptest.Start(t, store.Postgres, func(c *config.Config) {
		c.DatabaseURL, c.KeysDir = shared.DatabaseURL, shared.DataDir
	})
	for _, path := range []string{"/", "/progress?status=done"} {
		ask(t, other, "GET", path, nil)
	}
	rename(t, one, "换了名字")
	for _, path := range []string{"/", "/progress?status=done", "/track"} {
		within(t, other, path, func(body string) bool { return strings.Contains(body, "换了名字") })
	}
}

func TestAChangeShowsOnItsOwnInstance(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		ask(t, s, "GET", "/", nil)
		rename(t, s, "换了名字")
		within(t, s, "/", func(body string) bool { return strings.Contains(body, "换了名字") })
	})
}

func TestTheTrialBannerGoesWithTheLastTrialAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		if !strings.Contains(ask(t, s, "GET", "/", nil).Body, "试用帐号") {
			t.Fatal("no banner")
		}
		err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("UPDATE staff SET disabled_at = ? WHERE trial", tx.Now).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/track"} {
			within(t, s, path, func(body string) bool { return !strings.Contains(body, "试用帐号") })
		}
	})
}

func TestTheDayChangesAtMidnightInShanghai(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		midnight := calendar.NewDate(2021, 1, 7).In()
		s.Clock.Set(midnight.Add(-time.Microsecond))
		for _, c := range []struct {
			at          time.Time
			today, than string
		}{{midnight.Add(-time.Microsecond), "打印于2021年1月6日", "打印于2021年1月7日"}, {midnight, "打印于2021年1月7日", "打印于2021年1月6日"}} {
			s.Clock.Set(c.at)
			for range 2 { // made, then kept
				if body := ask(t, s, "GET", "/", nil).Body; !strings.Contains(body, c.today) || strings.Contains(body, c.than) {
					t.Fatalf("at %v the page does not say %s", c.at, c.today)
				}
			}
		}
	})
}

func TestEveryEncodingCarriesTheSamePage(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	plain := ask(t, s, "GET", "/", nil)
	if plain.Status != 200 || plain.Header.Get("Content-Encoding") != "" || !strings.Contains(plain.Body, "<!doctype html>") && !strings.Contains(plain.Body, "<!DOCTYPE html>") {
		t.Fatalf("%d %v", plain.Status, plain.Header)
	}
	for _, c := range []struct{ accept, encoding string }{
		{"gzip, deflate", "gzip"}, {"gzip, deflate, br, zstd", "br"}, {"br;q=0, gzip;q=0.5", "gzip"}, {"BR", "br"},
		{"gzip;q=0", ""}, {"gzip;q=0.000", ""}, {"identity", ""}, {"deflate, vbr", ""},
	} {
		a := ask(t, s, "GET", "/", map[string]string{"Accept-Encoding": c.accept})
		var body io.Reader = strings.NewReader(a.Body)
		switch a.Header.Get("Content-Encoding") {
		case "gzip":
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		case "br":
			body = brotli.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{a.Header.Get("Content-Encoding"), a.Header.Get("ETag"), a.Header.Get("Vary"), string(text)}
		if d := cmp.Diff([]string{c.encoding, plain.Header.Get("ETag"), "Accept-Encoding, Cookie", plain.Body}, got); d != "" {
			t.Errorf("%s: %s", c.accept, d)
		}
		head := ask(t, s, "HEAD", "/", map[string]string{"Accept-Encoding": c.accept})
		a.Header.Del("Date")
		head.Header.Del("Date")
		if d := cmp.Diff(answer{200, a.Header, ""}, head); d != "" {
			t.Errorf("HEAD, %s: %s", c.accept, d)
		}
	}
}

func TestAnUnchangedPageIsNotSentAgain(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	tag := ask(t, s, "GET", "/", nil).Header.Get("ETag")
	for _, known := range []string{tag, strings.TrimPrefix(tag, "W/"), `"another", ` + tag} {
		if a := ask(t, s, "GET", "/", map[string]string{"If-None-Match": known}); a.Status != 304 || a.Body != "" || a.Header.Get("ETag") != tag {
			t.Errorf("%s: %d, %d bytes", known, a.Status, len(a.Body))
		}
	}
	rename(t, s, "换了名字")
	within(t, s, "/", func(body string) bool { return strings.Contains(body, "换了名字") })
	if a := ask(t, s, "GET", "/", map[string]string{"If-None-Match": tag}); a.Status != 200 || a.Header.Get("ETag") == tag {
		t.Errorf("after a change: %d %s", a.Status, a.Header.Get("ETag"))
	}
}

func TestAPageFromMemorySaysWhatAFreshOneSays(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for _, accept := range []string{"gzip", "br", "identity"} {
		for _, path := range []string{"/channels?" + accept, "/open-data/ledger.json?" + accept} {
			header := map[string]string{"Accept-Encoding": accept}
			fresh := ask(t, s, "GET", path, header)
			kept := ask(t, s, "GET", path, header)
			if fresh.Status != 200 || fresh.Header.Get("X-Request-Id") == "" || fresh.Header.Get("Content-Security-Policy") == "" {
				t.Fatalf("%s: %d %v", path, fresh.Status, fresh.Header)
			}
			fresh.Header.Del("X-Request-Id") // of those that reach a door
			for _, a := range []answer{fresh, kept} {
				a.Header.Del("Date")
			}
			if d := cmp.Diff(fresh, kept); d != "" {
				t.Errorf("%s: %s", path, d)
			}
			header["If-None-Match"] = kept.Header.Get("ETag")
			if a := ask(t, s, "GET", path, header); a.Status != 304 || a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s, unchanged: %d %v", path, a.Status, a.Header)
			}
		}
	}
}

func TestEditionsAreKeptApart(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for range 2 { // made, then kept
		tags := map[string]bool{}
		for cookie, class := range map[string]string{"n": "", "l": ` class="large"`, "c": ` class="contrast"`, "lc": ` class="large contrast"`} {
			a := ask(t, s, "GET", "/", map[string]string{"Cookie": "edition=" + cookie})
			tag, _, _ := strings.Cut(a.Body[strings.Index(a.Body, "<html"):], ">")
			if class != "" && !strings.Contains(tag, class) || class == "" && strings.Contains(tag, "class=") {
				t.Errorf("edition %s: %s", cookie, tag)
			}
			tags[a.Header.Get("ETag")] = true
		}
		if len(tags) != 4 {
			t.Errorf("%d different pages of 4 editions", len(tags))
		}
	}
}

func TestBehindTLSTheEditionsCookieIsBoundToTheHost(t *testing.T) {
	s := apptest.Start(t, store.SQLite, func(c *config.Config) { c.BaseURL = "https://localhost" })
	set := ask(t, s, "GET", "/edition?size=large", nil).Header.Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-edition=l;") || !strings.Contains(strings.ToLower(set), "; secure") || !strings.Contains(set, "HttpOnly") {
		t.Fatal(set)
	}
	for range 2 { // made, then kept
		if body := ask(t, s, "GET", "/", map[string]string{"Cookie": "__Host-edition=l"}).Body; !strings.Contains(body, `class="large"`) {
			t.Error("not in large print")
		}
		if body := ask(t, s, "GET", "/", map[string]string{"Cookie": "edition=l"}).Body; strings.Contains(body, `class="large"`) {
			t.Error("a cookie that anybody may set for this host is believed")
		}
	}
}
