package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"golang.org/x/text/encoding/simplifiedchinese"

	"mingjing/app/apptest"
	"mingjing/app/cases/casestest"
	"mingjing/app/config"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// client is a hotline's system that also holds every answer against the document.
type client struct {
	t      *testing.T
	site   *apptest.Site
	key    string
	router routers.Router
	http   *http.Client
}

func connect(t *testing.T, s *apptest.Site, name string) *client {
	t.Helper()
	key, err := s.App.Staff.AddKey(t.Context(), staff.System, name)
	if err != nil {
		t.Fatal(err)
	}
	page := s.Browser().Get("/api/v1/openapi.json")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(page.Body))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: s.URL + "/api/v1"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	// Connections that were opened in vain would keep the site from stopping.
	return &client{t, s, key, router, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

type reply struct {
	status int
	head   http.Header
	body   map[string]any
	raw    string
}

// do sends a request; wellFormed also holds the request itself against the document.
func (c *client) do(method, path, idempotency, body string, wellFormed bool, change ...func(*http.Request)) reply {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.site.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if idempotency != "" {
		r.Header.Set("Idempotency-Key", idempotency)
	}
	for _, f := range change {
		f(r)
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Fatalf("%s %s is not in the document: %v", method, path, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	err = openapi3filter.ValidateRequest(context.WithoutCancel(c.t.Context()), in)
	if (err == nil) != wellFormed {
		c.t.Errorf("%s %s %s: the document says %v", method, path, body, err)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: answer.StatusCode, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(raw)), Options: in.Options})
	if err != nil {
		c.t.Errorf("%s %s answers what the document does not say: %v", method, path, err)
	}
	out := reply{status: answer.StatusCode, head: answer.Header, raw: string(raw)}
	if err := json.Unmarshal(raw, &out.body); err != nil {
		c.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
	return out
}

func (c *client) post(idempotency, body string) reply {
	c.t.Helper()
	return c.do("POST", "/api/v1/cases", idempotency, body, true)
}

const call = `{"kind": "complaint", "channel": "hotline", "received_at": "%s", "external_id": "%s", "unit": "立案庭", "happened_at": "上周二",
 "title": "窗口两次让我重填材料", "content": "两次去窗口，每次说的不一样。", "name": "周小明", "phone": "13900001111"}`

func filled(s *apptest.Site, external string) string {
	return fmt.Sprintf(call, s.Clock.Now().Add(-3600e9).Format("2006-01-02T15:04:05Z07:00"), external)
}

func TestAHotlineHandsInACaseAndFollowsIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		c := connect(t, s, "12368 热线系统")
		body := filled(s, "R-1")
		first := c.post("call-1", body)
		no, code := fmt.Sprint(first.body["case_no"]), fmt.Sprint(first.body["access_code"])
		if first.status != 201 || len(no) != 8 || len(code) != 8 || first.head.Get("Location") != "/api/v1/cases/"+no {
			t.Fatalf("%d %s", first.status, first.raw)
		}
		again := c.post("call-1", body)
		if again.status != 200 || again.body["case_no"] != no {
			t.Errorf("the same key again: %d %s", again.status, again.raw)
		}
		stands := c.do("GET", "/api/v1/cases/"+no, "", "", true)
		if stands.status != 200 || stands.body["state"] != "submitted" || stands.body["kind"] != "complaint" || stands.body["channel"] != "hotline" || stands.body["due"] == nil {
			t.Errorf("%d %s", stands.status, stands.raw)
		}
		for _, secret := range []string{"周小明", "13900001111", "重填材料"} {
			if strings.Contains(first.raw+again.raw+stands.raw+s.Log.String(), secret) {
				t.Errorf("%q gets out", secret)
			}
		}

		// The code went through another system: it opens only the page that replaces it.
		b := s.Browser()
		form := b.Form("/track")
		form.Set("case_no", no)
		form.Set("access_code", code)
		if p := b.Post("/track", form); p.Status != 303 || p.Header.Get("Location") != "/track/code" {
			t.Fatalf("%d %s", p.Status, p.Header.Get("Location"))
		}
		form = b.Form("/track/code")
		form.Set("code", "86420975")
		form.Set("again", "86420975")
		if p := b.Post("/track/code", form); p.Status != 303 || p.Header.Get("Location") != "/track/case" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if r := c.post("call-1", body); r.status != 200 || r.body["case_no"] != no || r.body["access_code"] != nil {
			t.Errorf("after the code was replaced: %d %s", r.status, r.raw)
		}

		// The desk sees which system it came from.
		if p := s.SignIn("dispatcher").Get("/desk/queue?q=重填材料"); !strings.Contains(p.Text(), no[:4]) {
			t.Error("not in the queue")
		}
		casestest.Check(t, s.App.DB)
	})
}

func TestAMatterIsHandedInOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		c := connect(t, s, "热线")
		body := filled(s, "R-7")
		var wait sync.WaitGroup
		replies := make([]reply, 50)
		for i := range replies {
			wait.Go(func() { replies[i] = c.post("same", body) })
		}
		wait.Wait()
		made := 0
		for _, r := range replies {
			if r.body["case_no"] != replies[0].body["case_no"] {
				t.Errorf("%d %s", r.status, r.raw)
			}
			if r.status == 201 {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d of fifty made a case", made)
		}
		if r := c.post("other", body); r.status != 422 || !strings.Contains(r.raw, fmt.Sprint(replies[0].body["case_no"])) {
			t.Errorf("the same external_id under another key: %d %s", r.status, r.raw)
		}
		if r := c.post("same", strings.Replace(body, "两次去", "三次去", 1)); r.status != 409 {
			t.Errorf("another text under the same key: %d %s", r.status, r.raw)
		}
		if r := c.post("same", strings.Replace(body, "R-7", "R-8", 1)); r.status != 409 {
			t.Errorf("another external_id under the same key: %d %s", r.status, r.raw)
		}
		// Another system's numbers and keys are its own.
		other := connect(t, s, "信访系统")
		r := other.post("same", body)
		if r.status != 201 || r.body["case_no"] == replies[0].body["case_no"] {
			t.Errorf("another system: %d %s", r.status, r.raw)
		}
		if r := other.do("GET", fmt.Sprint("/api/v1/cases/", replies[0].body["case_no"]), "", "", true); r.status != 404 {
			t.Errorf("a case of another system: %d %s", r.status, r.raw)
		}
		var n int64
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("cases").Count(&n).Error }); err != nil || n != 2 {
			t.Errorf("%d cases, %v", n, err)
		}
		casestest.Check(t, s.App.DB)
	})
}

func TestOnlyLivingKeysOpenTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		c := connect(t, s, "热线")
		no := fmt.Sprint(c.post("1", filled(s, "")).body["case_no"])
		key := c.key
		list, err := s.App.Staff.Keys(t.Context(), staff.System, 10)
		if err != nil || len(list) != 1 || list[0].UsedAt == nil || bytes.Contains(list[0].Hash, []byte(key[4:12])) {
			t.Fatalf("%+v %v", list, err)
		}
		for _, wrong := range []string{"", "mjk_", "mjk_" + strings.Repeat("A", 43), key[:len(key)-1], strings.ToUpper(key), "Bearer " + key} {
			c.key = wrong
			for _, r := range []reply{c.post("1", filled(s, "")), c.do("GET", "/api/v1/cases/"+no, "", "", true)} {
				if r.status != 401 || !strings.HasPrefix(r.head.Get("WWW-Authenticate"), "Bearer") || r.head.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%q: %d %s", wrong, r.status, r.raw)
				}
			}
		}
		// A session of the staff is no key, and a key is no session.
		cookies := s.SignIn("dispatcher").Cookies()
		c.key = "x"
		r := c.do("GET", "/api/v1/cases/"+no, "", "", true, func(r *http.Request) {
			for _, k := range cookies.Cookies(r.URL) {
				r.AddCookie(k)
			}
		})
		if r.status != 401 {
			t.Errorf("a session: %d", r.status)
		}
		c.key = key
		b := s.Browser()
		q, _ := http.NewRequest("GET", s.URL+"/desk/queue", nil)
		q.Header.Set("Authorization", "Bearer "+key)
		if p := b.Do(q); !strings.HasPrefix(p.Header.Get("Location"), "/desk/login") {
			t.Errorf("the desk: %d", p.Status)
		}
		if err := s.App.Staff.EndKey(t.Context(), staff.System, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if r := c.post("1", filled(s, "")); r.status != 401 {
			t.Errorf("an ended key: %d %s", r.status, r.raw)
		}
	})
}

func TestTheAPISaysWhatIsWrong(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		c := connect(t, s, "热线")
		fields := func(r reply) (names []string) {
			list, _ := r.body["errors"].([]any)
			for _, x := range list {
				names = append(names, fmt.Sprint(x.(map[string]any)["field"]))
			}
			return names
		}
		ok := filled(s, "")
		for what, x := range map[string]struct {
			body   string
			status int
			fields []string
		}{
			"not JSON":      {"kind=complaint", 400, nil},
			"null":          {"null", 400, nil},
			"a list":        {"[]", 400, nil},
			"broken":        {ok[:len(ok)-3], 400, nil},
			"two":           {ok + ok, 400, nil},
			"empty":         {"{}", 422, []string{"kind"}},
			"no such kind":  {`{"kind": "praise"}`, 422, []string{"kind"}},
			"a report":      {`{"kind": "report", "channel": "hotline", "content": "举报"}`, 403, nil},
			"from the web":  {strings.Replace(ok, `"hotline"`, `"web"`, 1), 422, []string{"channel"}},
			"no channel":    {strings.Replace(ok, `"channel": "hotline",`, "", 1), 422, []string{"channel"}},
			"tomorrow":      {strings.Replace(ok, `"received_at": "`, `"received_at": "2999-01-01", "x": "`, 1), 422, []string{"x"}},
			"long ago":      {fmt.Sprintf(call, "1999-01-01", ""), 422, []string{"received_at"}},
			"the future":    {fmt.Sprintf(call, "2999-01-01T00:00:00+08:00", ""), 422, []string{"received_at"}},
			"what day":      {fmt.Sprintf(call, "last Tuesday", ""), 422, []string{"received_at"}},
			"a number":      {strings.Replace(ok, `"13900001111"`, `13900001111`, 1), 422, []string{"phone"}},
			"a wrong phone": {strings.Replace(ok, `"13900001111"`, `"call me"`, 1), 422, []string{"phone"}},
			"a text":        {strings.Replace(ok, `{`, `{"allow_publish": "yes",`, 1), 422, []string{"allow_publish"}},
			"unknown":       {strings.Replace(ok, `{`, `{"colour": "red", "demand": "x",`, 1), 422, []string{"colour", "demand"}},
			"missing":       {`{"kind": "complaint", "channel": "hotline"}`, 422, []string{"unit", "happened_at", "title", "content", "name", "phone"}},
			"too long":      {strings.Replace(ok, "两次去窗口", strings.Repeat("长", 5001), 1), 422, []string{"content"}},
			"a long number": {filled(s, strings.Repeat("9", 101)), 422, []string{"external_id"}},
			"no problem":    {`{"kind": "comment", "channel": "letter", "problem": "9-9", "title": "一", "content": "二"}`, 422, []string{"problem"}},
		} {
			wellFormed := slices.Contains([]string{"two", "no problem", "long ago", "the future", "a wrong phone"}, what)
			r := c.do("POST", "/api/v1/cases", "k-"+what, x.body, wellFormed)
			if got := fields(r); r.status != x.status || !slices.Equal(got, x.fields) || r.head.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %d %v %s", what, r.status, got, r.raw)
			}
		}
		if r := c.do("POST", "/api/v1/cases", "", ok, false); r.status != 400 || !strings.Contains(r.raw, "Idempotency-Key") {
			t.Errorf("without a key: %d %s", r.status, r.raw)
		}
		if r := c.do("POST", "/api/v1/cases", strings.Repeat("k", 201), ok, false); r.status != 400 {
			t.Errorf("a long key: %d %s", r.status, r.raw)
		}
		if r := c.do("POST", "/api/v1/cases", "t", ok, false, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); r.status != 415 {
			t.Errorf("a type: %d %s", r.status, r.raw)
		}
		if r := c.do("POST", "/api/v1/cases", "b", strings.Replace(ok, "两次去窗口", strings.Repeat("长", 100_000), 1), false); r.status != 413 {
			t.Errorf("a large body: %d %s", r.status, r.raw)
		}
		for _, path := range []string{"/api/v1/nothing", "/api/v1", "/api/v2/cases"} {
			if p := s.Browser().Get(path); p.Status != 404 || !strings.Contains(p.Body, `"status":404`) {
				t.Errorf("%s: %d %s", path, p.Status, p.Body)
			}
		}
		var n int64
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("cases").Count(&n).Error }); err != nil || n != 0 {
			t.Errorf("%d cases, %v", n, err)
		}
		// What could only be stored in part is refused; a character that no text has is left out.
		gbk, err := simplifiedchinese.GBK.NewEncoder().String(ok)
		if err != nil {
			t.Fatal(err)
		}
		for what, x := range map[string]struct {
			body, kind string
			status     int
		}{
			"GBK": {gbk, "application/json", 400}, "GBK that says so": {gbk, "application/json; charset=gbk", 415}, "a broken byte": {strings.Replace(ok, "两次去窗口", "\xff\xfe", 1), "application/json", 400},
			"half a character": {strings.Replace(ok, "两次去窗口", `\ud800`, 1), "application/json", 422}, "a member twice": {strings.Replace(ok, `{`, `{"title": "又一个标题",`, 1), "application/json", 400},
		} {
			r := c.do("POST", "/api/v1/cases", "part-"+what, x.body, true /* the document speaks of characters, not of bytes */, func(r *http.Request) { r.Header.Set("Content-Type", x.kind) })
			if r.status != x.status || !strings.Contains(r.raw, "没有登记") {
				t.Errorf("%s: %d %s", what, r.status, r.raw)
			}
		}
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("cases").Count(&n).Error }); err != nil || n != 0 {
			t.Errorf("%d cases, %v", n, err)
		}
		if r := c.do("POST", "/api/v1/cases", "nul", strings.Replace(ok, "两次去窗口", `\u0000两次`, 1), true, func(r *http.Request) { r.Header.Set("Content-Type", `application/json; charset="UTF-8"`) }); r.status != 201 {
			t.Errorf("%d %s", r.status, r.raw)
		}
		for path, takes := range map[string]string{"/api/v1/cases": "POST", "/api/v1/cases/12345678": "GET", "/api/v1/openapi.json": "GET"} {
			q, _ := http.NewRequest("DELETE", s.URL+path, nil)
			if p := s.Browser().Do(q); p.Status != 405 || p.Header.Get("Allow") != takes || p.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %d %q", path, p.Status, p.Header)
			}
		}
		casestest.Check(t, s.App.DB)
	})
}

func TestAKeyThatAsksTooOftenHasToWaitAndOthersDoNot(t *testing.T) {
	s := apptest.Start(t, store.SQLite, func(c *config.Config) { c.Rate = 1 }) // ten for a key
	busy, quiet := connect(t, s, "热线"), connect(t, s, "网站")
	ask := func(c *client) reply { return c.do(http.MethodGet, "/api/v1/cases/12345678", "", "", true) }
	for i := range 10 {
		if r := ask(busy); r.status != 404 {
			t.Fatalf("request %d: %d %s", i, r.status, r.raw)
		}
	}
	if r := ask(busy); r.status != 429 || r.head.Get("Retry-After") == "" || r.body["detail"] == "" {
		t.Errorf("%d %v %s", r.status, r.head, r.raw)
	}
	if r := ask(quiet); r.status != 404 {
		t.Errorf("another key: %d %s", r.status, r.raw)
	}
	s.Clock.Advance(time.Minute + time.Second)
	if r := ask(busy); r.status != 404 {
		t.Errorf("after waiting: %d %s", r.status, r.raw)
	}
}
