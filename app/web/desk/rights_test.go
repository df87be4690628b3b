package desk_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/staff"
	"mingjing/app/web/desk"
)

// everybody who is signed in may use these.
const everybody = "*"

// rights is who may come to each address of the desk, written down a second time.
var rights = map[string]string{
	"GET /desk": everybody, "POST /desk/logout": everybody, "GET /desk/account": everybody, "POST /desk/account/sessions": everybody,
	"GET /desk/password": everybody, "POST /desk/password": everybody, "GET /desk/factor": everybody, "GET /desk/factor.png": everybody, "POST /desk/factor": everybody,

	"GET /desk/queue":                         "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/queue.xlsx":                    "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/queue.csv":                     "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/jobs":                          "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher",
	"POST /desk/jobs":                         "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher",
	"POST /desk/jobs/new":                     "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher",
	"GET /desk/jobs/:id":                      "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher",
	"POST /desk/jobs/:id/stop":                "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher",
	"GET /desk/mentions":                      "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/views":                         "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"POST /desk/views":                        "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/views/:id":                     "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"POST /desk/views/:id":                    "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"GET /desk/interference":                  "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher discipline_officer",
	"GET /desk/interference/:id":              "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher discipline_officer",
	"GET /desk/calendar":                      "intake_clerk dispatcher liaison handler reviewer approver supervisor caller rectification_office publisher leader",
	"POST /desk/calendar":                     "handler",
	"GET /desk/cases/:id":                     "intake_clerk dispatcher supervisor leader rectification_office",
	"GET /desk/cases/:id/files/:file":         "intake_clerk dispatcher supervisor leader rectification_office",
	"GET /desk/cases/:id/replies/:reply":      "intake_clerk dispatcher supervisor leader rectification_office",
	"GET /desk/cases/:id/replies/:reply.docx": "intake_clerk dispatcher supervisor leader rectification_office",
	"GET /desk/cases/:id/draws/:no":           "intake_clerk dispatcher supervisor leader rectification_office",
	"POST /desk/cases/:id/here":               "intake_clerk dispatcher supervisor leader rectification_office",
	"POST /desk/cases/:id/contact":            "intake_clerk dispatcher",
	"POST /desk/cases/:id/draft":              "",
	"POST /desk/cases/:id/publish":            "",
	"POST /desk/cases/:id/:verb":              "intake_clerk dispatcher",
	"GET /desk/intake/new":                    "intake_clerk dispatcher",
	"POST /desk/intake/new":                   "intake_clerk dispatcher",

	"GET /desk/intake/imports":                          "intake_clerk dispatcher",
	"POST /desk/intake/imports":                         "intake_clerk dispatcher",
	"GET /desk/intake/imports/blank.xlsx":               "intake_clerk dispatcher",
	"POST /desk/intake/imports/letters":                 "intake_clerk dispatcher",
	"GET /desk/intake/imports/:id/rows/:row/scan/:file": "intake_clerk dispatcher",
	"GET /desk/intake/imports/:id":                      "intake_clerk dispatcher",
	"GET /desk/intake/imports/:id/codes.xlsx":           "intake_clerk dispatcher",
	"POST /desk/intake/imports/:id/register":            "intake_clerk dispatcher",
	"GET /desk/intake/imports/:id/rows/:row":            "intake_clerk dispatcher",
	"POST /desk/intake/imports/:id/rows/:row/:act":      "intake_clerk dispatcher",

	"GET /desk/reports": "discipline_officer", "POST /desk/reports/search": "discipline_officer", "GET /desk/reports/:id": "discipline_officer",
	"GET /desk/reports/:id/files/:file": "discipline_officer", "POST /desk/reports/:id/:verb": "discipline_officer",
	"GET /desk/identity": "custodian", "POST /desk/identity/:id": "custodian", "GET /desk/identity/reports/:id/files/:file": "custodian",
	"GET /desk/keys": "discipline_officer custodian sec_admin", "POST /desk/keys": "discipline_officer", "POST /desk/keys/handover": "discipline_officer custodian",
	"GET /desk/intake/report": "intake_clerk dispatcher", "POST /desk/intake/report": "intake_clerk dispatcher",
	"GET /desk/settings/reporting": "sys_admin", "POST /desk/settings/reporting": "sys_admin",

	"GET /desk/ledger":                        "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/measures":               "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/problems":               "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/lookbacks":              "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/measures/:id":           "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/measures/:id/:task":    "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/problems/:id":           "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/problems/:id/:task":    "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/evidence/:id":           "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/evidence/:id/withdraw": "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/lookbacks":             "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/lookbacks/:id":          "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/lookbacks/:id/:act":    "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/import":                 "rectification_office",
	"POST /desk/ledger/import":                "rectification_office",
	"GET /desk/ledger/sheet":                  "rectification_office leader",
	"POST /desk/ledger/sheet":                 "rectification_office",
	"GET /desk/ledger/sheet.xlsx":             "rectification_office leader",
	"GET /desk/ledger/sheet.csv":              "rectification_office leader",
	"GET /desk/ledger/mapping":                "rectification_office",
	"POST /desk/ledger/mapping/:id":           "rectification_office",
	"GET /desk/ledger/reconcile":              "rectification_office leader supervisor discipline_officer",
	"GET /desk/ledger/rules":                  "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/rules":                 "rectification_office",
	"GET /desk/ledger/rules/:id":              "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/rules/:id":             "rectification_office",
	"POST /desk/ledger/programme":             "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/programme/name":        "rectification_office",
	"GET /desk/ledger/aspects":                "rectification_office",
	"GET /desk/ledger/aspects/:id":            "rectification_office",
	"POST /desk/ledger/aspects/:id":           "rectification_office",
	"GET /desk/ledger/orders":                 "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/orders":                "rectification_office discipline_officer supervisor leader",
	"GET /desk/ledger/orders/:id":             "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/orders/:id":            "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/digests":                "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"POST /desk/ledger/digests":               "rectification_office supervisor",
	"GET /desk/ledger/digests/:id":            "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/meetings":               "rectification_office leader supervisor discipline_officer",
	"POST /desk/ledger/meetings":              "rectification_office",
	"GET /desk/ledger/meetings/:id":           "rectification_office leader supervisor discipline_officer",
	"GET /desk/ledger/meetings/:id/agenda":    "rectification_office leader supervisor discipline_officer",
	"GET /desk/ledger/meetings/:id/minutes":   "rectification_office leader supervisor discipline_officer",
	"POST /desk/ledger/meetings/:id/:act":     "rectification_office",
	"GET /desk/ledger/decisions":              "rectification_office liaison reviewer discipline_officer supervisor leader publisher",
	"GET /desk/ledger/draft":                  "rectification_office",
	"GET /desk/ledger/draft/paper":            "rectification_office",
	"GET /desk/ledger/draft.docx":             "rectification_office",
	"GET /desk/ledger/:slug.docx":             "rectification_office leader",
	"GET /desk/ledger/:slug":                  "rectification_office leader",
	"GET /desk/ledger/:slug/paper":            "rectification_office leader",
	"POST /desk/ledger/:slug/publish":         "rectification_office",
	"POST /desk/ledger/:slug/discard":         "rectification_office",
	"GET /desk/publishing":                    "publisher",
	"GET /desk/publishing/:id":                "publisher",
	"POST /desk/publishing/:id/:act":          "publisher",
	"GET /desk/statistics":                    "dispatcher supervisor rectification_office publisher leader",
	"GET /desk/statistics.xlsx":               "dispatcher supervisor rectification_office publisher leader",
	"GET /desk/statistics/:set":               "dispatcher supervisor rectification_office publisher leader",
	"POST /desk/statistics/:set":              "supervisor",
	"GET /desk/log":                           "supervisor",
	"GET /desk/log/:kind/:ref/:version":       "supervisor",
	"POST /desk/log/:kind/:ref/:version":      "supervisor",
	"GET /desk/people":                        "sec_admin",
	"POST /desk/people":                       "sec_admin",
	"POST /desk/people/departments":           "sec_admin",
	"GET /desk/people/departments/:id":        "sec_admin",
	"POST /desk/people/departments/:id/:act":  "sec_admin",
	"GET /desk/people/:id":                    "sec_admin",
	"POST /desk/people/:id/:act":              "sec_admin",
	"GET /desk/audit":                         "audit_admin",
	"GET /desk/settings":                      "sys_admin",
	"POST /desk/settings":                     "sys_admin",
	"GET /desk/settings/limits":               "sys_admin",
	"POST /desk/settings/limits":              "sys_admin",
	"GET /desk/settings/calendar":             "sys_admin",
	"POST /desk/settings/calendar":            "sys_admin",
	"GET /desk/canned":                        "dispatcher supervisor",
	"POST /desk/canned":                       "dispatcher supervisor",
	"GET /desk/canned/:id":                    "dispatcher supervisor",
	"POST /desk/canned/:id":                   "dispatcher supervisor",
	"GET /desk/assignment":                    "dispatcher supervisor",
	"POST /desk/assignment":                   "dispatcher supervisor",
	"GET /desk/assignment/:id":                "dispatcher supervisor",
	"POST /desk/assignment/:id":               "dispatcher supervisor",
	"GET /desk/erasures":                      "dispatcher supervisor",
	"GET /desk/settings/retention":            "sys_admin",
	"POST /desk/settings/retention":           "sys_admin",
	"GET /desk/settings/keys":                 "sec_admin",
	"POST /desk/settings/keys":                "sec_admin",
	"POST /desk/settings/keys/end":            "sec_admin",
	"GET /desk/settings/messages":             "sys_admin",
	"POST /desk/settings/messages":            "sys_admin",
	"GET /desk/settings/outbox":               "sys_admin",
	"GET /desk/settings/outbox/:id":           "sys_admin",
	"POST /desk/settings/outbox/:id":          "sys_admin",
}

// TestEveryAddressIsClosedToWhoHasNoBusinessThere asks every address as nobody
// and as everybody, about a case that was only just submitted.
func TestEveryAddressIsClosedToWhoHasNoBusinessThere(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		page := find(t, s.SignIn("intake_clerk"), no)
		id := strings.TrimPrefix(page, "/desk/cases/")
		people := map[staff.Role]*apptest.Browser{}
		token := map[staff.Role]string{}
		for _, r := range staff.Roles {
			people[r] = s.SignIn(string(r))
			token[r] = people[r].Get("/desk/account").Value("_csrf")
		}
		known := map[string]bool{}
		for _, r := range desk.Routes(nil) {
			name := r.Method + " " + r.Path
			known[name] = true
			if r.Open {
				continue
			}
			allowed, listed := rights[name]
			if !listed {
				t.Errorf("%s: nobody wrote down who may", name)
			}
			path := strings.NewReplacer(":id", id, ":file", "1", ":verb", "register", ":slug", "2021-01-06", ":act", "roles").Replace(r.Path)
			stranger := s.Browser()
			stranger.Get("/desk/login")
			if r.Method == http.MethodGet {
				if p := stranger.Get(path); p.Status != 303 || !strings.HasPrefix(p.Header.Get("Location"), "/desk/login?next=") {
					t.Errorf("%s as nobody: %d %s", name, p.Status, p.Header.Get("Location"))
				}
			} else if p := stranger.Post(path, url.Values{"_csrf": {token[staff.Dispatcher]}}); p.Status != 401 {
				t.Errorf("%s as nobody: %d", name, p.Status)
			}
			if allowed == everybody {
				continue
			}
			for _, role := range staff.Roles {
				var p apptest.Page
				if r.Method == http.MethodGet {
					p = people[role].Get(path)
				} else {
					if slices.Contains(strings.Fields(allowed), string(role)) {
						continue // what it does then is tested where it is done
					}
					p = people[role].Post(path, url.Values{"_csrf": {token[role]}, "version": {"1"}, "seen": {"0"}, "body": {"x"}, "title": {"x"}, "question": {"x"},
						"answer": {"x"}, "id": {"1"}, "text": {"x"}})
				}
				switch may := slices.Contains(strings.Fields(allowed), string(role)); {
				case may && p.Status != 200 && p.Status != 404:
					t.Errorf("%s as %s: %d", name, role, p.Status)
				case !may && p.Status != 403 && p.Status != 404:
					t.Errorf("%s as %s: %d", name, role, p.Status)
				case !may && strings.Contains(p.Body, "叫号"):
					t.Errorf("%s as %s tells what was said", name, role)
				}
			}
		}
		for name := range rights {
			if !known[name] {
				t.Errorf("%s is not an address", name)
			}
		}
	})
}

func TestAPostWithoutItsTokenDoesNothing(t *testing.T) {
	s := apptest.Start(t, "sqlite")
	no, _, _ := submit(t, s, "建议改进立案窗口叫号")
	clerk := s.SignIn("intake_clerk")
	page := find(t, clerk, no)
	for _, r := range desk.Routes(nil) {
		if r.Method != http.MethodPost || r.Open {
			continue
		}
		path := strings.NewReplacer(":id", strings.TrimPrefix(page, "/desk/cases/"), ":verb", "register", ":slug", "x", ":act", "publish").Replace(r.Path)
		if p := clerk.Post(path, url.Values{"version": {"1"}}); p.Status != 403 && p.Status != 404 {
			t.Errorf("%s: %d", r.Path, p.Status)
		}
	}
	if p := clerk.Get(page); !strings.Contains(p.Find(".standing").Text(), "已提交") {
		t.Error("something was done")
	}
}

// TestNothingThatIsSentToTheDeskBreaksIt sends nonsense as everybody who may send.
func TestNothingThatIsSentToTheDeskBreaksIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		id := strings.TrimPrefix(find(t, s.SignIn("intake_clerk"), no), "/desk/cases/")
		people := map[string]*apptest.Browser{}
		token := map[string]string{}
		for _, r := range []string{"dispatcher", "handler", "publisher", "rectification_office", "sec_admin", "audit_admin", "sys_admin"} {
			people[r] = s.SignIn(r)
			token[r] = people[r].Get("/desk/account").Value("_csrf")
		}
		names := []string{"version", "seen", "body", "content", "title", "question", "answer", "department", "handler", "kind", "channel", "received_on", "refusal", "to",
			"digest", "id", "text", "step", "login", "name", "note", "court", "website", "step", "amount", "unit", "source", "year", "old", "new", "repeat", "code", "then",
			"submission_key", "phone", "email", "confirm", "subject", "actor", "before", "after", "from", "due", "q", "basket"}
		for _, value := range []string{"", "-1", "99999999999999999999", "9223372036854775807", "2021-02-30", "'\";--", "a\x00b\xff", strings.Repeat("长", 2_000)} {
			v := url.Values{}
			for _, n := range names {
				v.Set(n, value)
			}
			for _, r := range desk.Routes(nil) {
				path := strings.NewReplacer(":slug", "2021-01-06", ":file", "1", ":act", "roles", ":verb", "assign", ":id", id).Replace(r.Path)
				if strings.Contains(r.Path, "sessions") || strings.Contains(r.Path, "logout") {
					continue // would end the session
				}
				for role, b := range people {
					if r.Method == http.MethodGet {
						if len(value) < 1000 {
							if p := b.Get(path + "?" + v.Encode()); p.Status >= 500 {
								t.Errorf("%s %s %.20q: %d", role, path, value, p.Status)
							}
						}
						continue
					}
					v.Set("_csrf", token[role])
					if p := b.Post(path, v); p.Status >= 500 {
						t.Errorf("%s %s %.20q: %d", role, path, value, p.Status)
					}
				}
			}
		}
		for _, path := range []string{"/desk/cases/0", "/desk/cases/x", "/desk/cases/99999999999999999999", "/desk/cases/1/files/x", "/desk/ledger/none", "/desk/nothing"} {
			if p := people["dispatcher"].Get(path); p.Status != 404 && p.Status != 403 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
		if log := s.Log.String(); strings.Contains(log, "request failed") || strings.Contains(log, "panic") {
			t.Error(log)
		}
	})
}

func TestTheAccusedAreNotOfferedTheirCase(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		submit(t, s, "窗口排队两个小时无人叫号")
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		act(t, clerk, "/desk/cases/1", "register")
		p := act(t, dispatcher, "/desk/cases/1", "accept")
		department := option(t, p, "assign-department", "执行局")
		if p.Find("#assign-handler option").Length() != 3 {
			t.Fatal(p.Find("#assign-handler").Text())
		}
		p = act(t, dispatcher, "/desk/cases/1", "exclude", "department", department)
		offered := p.Find("#assign-department").Text() + p.Find("#assign-handler").Text()
		if strings.Contains(offered, "执行局") || !strings.Contains(offered, "刑事审判庭") {
			t.Error(offered)
		}
	})
}
