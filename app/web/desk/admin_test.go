package desk_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"mingjing/app/apptest"
	"mingjing/app/store"
)

// enter signs somebody in and returns where that leads.
func enter(t *testing.T, b *apptest.Browser, next string, values ...string) apptest.Page {
	t.Helper()
	path := "/desk/login"
	if next != "" {
		path += "?next=" + url.QueryEscape(next)
	}
	v := b.Get(path).Fields("form")
	for i := 0; i+1 < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return b.Post("/desk/login", v)
}

func TestANewColleagueSetsAPasswordAndASecondFactorOfTheirOwn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		security := s.SignIn("sec_admin")
		if p := send(t, security, "/desk/people", "/desk/people", "login", "handler", "name", "重名", "role_sys_admin", "1", "role_handler", "1"); p.Status != 422 ||
			p.Find("#add[open]").Length() != 1 || p.Find("#add-name").AttrOr("value", "") != "重名" {
			t.Errorf("a bad account: %d", p.Status)
		}
		p := send(t, security, "/desk/people", "/desk/people", "login", "li.ming", "name", "李明", "role_handler", "1")
		oneTime := p.Find(".codes code").Text()
		if p.Status != 200 || oneTime == "" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		b := s.Browser()
		if p := enter(t, b, "", "login", "li.ming", "password", "wrong"); p.Status != 422 || p.Find("#login").AttrOr("value", "") != "li.ming" || p.Find("#password").AttrOr("value", "") != "" {
			t.Errorf("a wrong password: %d", p.Status)
		}
		if p := enter(t, b, "/desk/queue?mine=1", "login", "li.ming", "password", oneTime); p.Status != 303 || p.Header.Get("Location") != "/desk/queue?mine=1" {
			t.Fatalf("%d %s", p.Status, p.Header.Get("Location"))
		}
		if p := b.Get("/desk/queue"); p.Status != 303 || p.Header.Get("Location") != "/desk/password" {
			t.Fatalf("a one-time password opens the queue: %d %s", p.Status, p.Header.Get("Location"))
		}
		const own = "Long-enough-7"
		if p := send(t, b, "/desk/password", "/desk/password", "old", oneTime, "new", "short", "repeat", "short"); p.Status != 422 || p.Find("#new-error").Length() != 1 {
			t.Errorf("a short password: %d", p.Status)
		}
		if p := send(t, b, "/desk/password", "/desk/password", "old", "no", "new", own, "repeat", own); p.Status != 422 || p.Find("#old-error").Length() != 1 {
			t.Errorf("a wrong old password: %d %s", p.Status, p.Text())
		}
		if p := send(t, b, "/desk/password", "/desk/password", "old", oneTime, "new", own, "repeat", own); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}

		page := b.Get("/desk/factor")
		secret := strings.ReplaceAll(page.Find(".secret").Text(), " ", "")
		if p := b.Get(page.Find(".qr img").AttrOr("src", "")); p.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(p.Body, "\x89PNG") {
			t.Errorf("no picture: %s", p.Header.Get("Content-Type"))
		}
		code := func() string {
			c, err := totp.GenerateCode(secret, s.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if p := send(t, b, "/desk/factor", "/desk/factor", "code", "000000"); p.Status != 422 {
			t.Errorf("a wrong code: %d", p.Status)
		}
		p = send(t, b, "/desk/factor", "/desk/factor", "code", code())
		recovery := strings.TrimSpace(p.Find(".codes code").First().Text())
		if p.Status != 200 || p.Find(".codes code").Length() != 10 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}

		for i, with := range []func() string{func() string { s.Clock.Advance(time.Minute); return code() }, func() string { return recovery }} {
			b := s.Browser()
			p := enter(t, b, "/desk/account", "login", "li.ming", "password", own)
			if p.Status != 303 || !strings.HasPrefix(p.Header.Get("Location"), "/desk/login?") {
				t.Fatalf("no code is asked for: %d %s", p.Status, p.Header.Get("Location"))
			}
			step := p.Header.Get("Location")
			if p := b.Get("/desk/account"); p.Status != 303 {
				t.Errorf("a password alone opens the desk: %d", p.Status)
			}
			v := b.Get(step).Fields("form")
			v.Set("code", "999999")
			if p := b.Post("/desk/login", v); p.Status != 422 || p.Find("#code-error").Length() != 1 {
				t.Errorf("a wrong code: %d", p.Status)
			}
			v.Set("code", with())
			if p := b.Post("/desk/login", v); p.Status != 303 || p.Header.Get("Location") != "/desk/account" {
				t.Fatalf("%d: %d %s", i, p.Status, p.Text())
			}
			if p := b.Get("/desk/account"); p.Status != 200 || !strings.Contains(p.Text(), "已启用") {
				t.Errorf("%d %s", p.Status, p.Text())
			}
		}

		person := ""
		for _, a := range security.Get("/desk/people").Find("a.row").EachIter() {
			if a.Text() == "李明" {
				person = a.AttrOr("href", "")
			}
		}
		act(t, security, person, "disable")
		if p := b.Get("/desk/account"); p.Status != 303 {
			t.Errorf("a disabled account still works: %d", p.Status)
		}
		act(t, security, person, "enable")
		act(t, security, person, "factor")
		if p := send(t, security, person, person+"/password"); p.Status != 200 || p.Find(".codes code").Length() != 1 {
			t.Errorf("reset: %d", p.Status)
		}
		act(t, security, "/desk/people", "departments", "name", "少年审判庭")
	})
}

func TestSigningInLeadsOnlyIntoTheDesk(t *testing.T) {
	s := apptest.Start(t, "sqlite")
	for to, want := range map[string]string{"https://evil.example/": "/desk", "//evil.example": "/desk", "/": "/desk", "/deskx": "/desk", "/desk/../track": "/desk",
		`/desk\..\x`: "/desk", "/desk/login?next=x": "/desk", "/desk/cases/1?a=b": "/desk/cases/1?a=b"} {
		p := enter(t, s.Browser(), to, "login", "leader", "password", s.Password["leader"], "next", to)
		if p.Status != 303 || p.Header.Get("Location") != want {
			t.Errorf("%s leads to %s, want %s", to, p.Header.Get("Location"), want)
		}
	}
	b := s.SignIn("leader")
	if p := b.Get("/desk"); p.Header.Get("Location") != "/desk/queue" {
		t.Errorf("home is %s", p.Header.Get("Location"))
	}
	v := b.Get("/desk/account").Fields(selector("/desk/logout"))
	if p := b.Post("/desk/logout", v); p.Status != 303 {
		t.Errorf("sign out: %d", p.Status)
	}
	if p := b.Get("/desk/account"); p.Status != 303 {
		t.Errorf("still signed in: %d", p.Status)
	}
}

func TestSettingsAreChangedByTheSystemAdministratorAndRecorded(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		operator := s.SignIn("sys_admin")
		if p := send(t, operator, "/desk/settings", "/desk/settings", "court", "", "website", "ftp://x"); p.Status != 422 || p.Find(".error").Length() != 2 {
			t.Errorf("%d", p.Status)
		}
		if p := send(t, operator, "/desk/settings", "/desk/settings", "icp", "滇ICP备00000001号"); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if !strings.Contains(s.Browser().Get("/").Text(), "滇ICP备00000001号") {
			t.Error("the public footer is old")
		}
		v := operator.Get("/desk/settings/limits").Fields(`#enquiry-handle form`)
		v.Set("amount", "许多")
		if p := operator.Post("/desk/settings/limits", v); p.Status != 422 || p.Find("#enquiry-handle[open] #enquiry-handle-amount-error").Length() != 1 {
			t.Errorf("%d", p.Status)
		}
		v.Set("amount", "4")
		v.Set("source", "院办〔2021〕1号")
		if p := operator.Post("/desk/settings/limits", v); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if text := operator.Get("/desk/settings/limits").Text(); !strings.Contains(text, "4 个工作日") || !strings.Contains(text, "院办〔2021〕1号") {
			t.Error("the limit is old")
		}
		if p := send(t, operator, "/desk/settings/calendar", "/desk/settings/calendar", "year", "2027", "source", "国办发明电", "text", "2027-01-01 玩"); p.Status != 422 || !strings.Contains(p.Text(), "第 1 行") {
			t.Errorf("%d", p.Status)
		}
		notice := "2027-01-01 休 元旦\n2027-05-01 休 劳动节\n2027-10-01 休 国庆节\n2027-10-02 休 国庆节\n2027-10-03 休 国庆节\n"
		if p := send(t, operator, "/desk/settings/calendar", "/desk/settings/calendar", "year", "2027", "source", "国办发明电", "text", notice); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if !strings.Contains(operator.Get("/desk/settings/calendar").Text(), "2027") {
			t.Error("the year is not loaded")
		}
		text := s.SignIn("audit_admin").Get("/desk/audit?subject=settings").Text()
		for _, want := range []string{"修改网站设置", "滇ICP备00000001号", "修改时限", "5 个工作日 → 4 个工作日", "装入放假安排"} {
			if !strings.Contains(text, want) {
				t.Errorf("the trail does not tell of %s", want)
			}
		}
	})
}

func TestAnAnnouncementIsSeenBeforeItIsStoredAndReconciledBeforeItIsPublic(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		raw, err := os.ReadFile("../../seed/announcement.txt")
		if err != nil {
			t.Fatal(err)
		}
		if p := send(t, office, "/desk/ledger/import", "/desk/ledger/import", "text", "今天天气很好。"); p.Status != 422 || p.Find("#text").Text() == "" {
			t.Errorf("%d", p.Status)
		}
		upload := func(f apptest.File) apptest.Page {
			return office.Upload("/desk/ledger/import", office.Get("/desk/ledger/import").Fields("form.form"), f)
		}
		if p := upload(apptest.File{Name: "a.pdf", Body: []byte("%PDF-1.4")}); p.Status != 422 || p.Find("#file-error").Length() != 1 {
			t.Errorf("a PDF: %d", p.Status)
		}
		another := strings.ReplaceAll(string(raw), "2021年1月6日", "2021年3月6日") + "\r\n（无法归类的一行"
		p := upload(apptest.File{Name: "通报.txt", Body: []byte(another)})
		text := p.Text()
		if p.Status != 200 {
			t.Fatalf("%d %s", p.Status, text)
		}
		for _, want := range []string{"42 个", "295 条", "4 个方面，15 个问题", "截至", "还有27个没有列出"} {
			if !strings.Contains(text, want) {
				t.Errorf("the preview does not say %s", want)
			}
		}
		v := p.Fields(selector("/desk/ledger/import"))
		v.Set("step", "store")
		p = office.Post("/desk/ledger/import", v)
		if p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		slug, _, _ := strings.Cut(p.Header.Get("Location"), "?")
		if p := office.Post("/desk/ledger/import", v); p.Status != 409 {
			t.Errorf("the same text twice: %d", p.Status)
		}
		p = office.Get(slug)
		if text := p.Text(); p.Status != 200 || !strings.Contains(text, "草稿") || !strings.Contains(text, "逐一点名的有15个") {
			t.Errorf("%d %s", p.Status, text)
		}
		public := "/announcements/" + strings.TrimPrefix(slug, "/desk/ledger/")
		if p := s.Browser().Get(public); p.Status != 404 {
			t.Errorf("a draft is public: %d", p.Status)
		}
		if p := send(t, office, slug, slug+"/publish", "reason", " "); p.Status != 422 || !strings.Contains(p.Text(), "没有核对一致") {
			t.Errorf("published without a reason: %d", p.Status)
		}
		act(t, office, slug, "publish", "reason", "通报的口径早于台账")
		if p := office.Get("/desk/ledger/reconcile"); !strings.Contains(p.Text(), "通报的口径早于台账") || !strings.Contains(p.Text(), "处没有核对一致") {
			t.Error(p.Text())
		}
		if p := s.Browser().Get(public); p.Status != 200 {
			t.Errorf("not public: %d", p.Status)
		}
		if p := s.SignIn("leader").Get("/desk/ledger"); p.Find("a.row").Length() != 2 || p.Find(".button").Length() != 0 {
			t.Error("a leader's ledger")
		}
	})
}

func TestADraftAnnouncementIsDiscardedOnceThatWasConfirmed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		raw, err := os.ReadFile("../../seed/announcement.txt")
		if err != nil {
			t.Fatal(err)
		}
		const slug = "/desk/ledger/2021-03-06"
		p := send(t, office, "/desk/ledger/import", "/desk/ledger/import", "text", strings.ReplaceAll(string(raw), "2021年1月6日", "2021年3月6日"), "step", "store")
		if p.Status != 303 || !strings.HasPrefix(p.Header.Get("Location"), slug) {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		for _, x := range []struct{ field, confirm, reason string }{{"#discard-confirm", "", "导错了"}, {"#discard-reason", "1", " "}} {
			p := send(t, office, slug, slug+"/discard", "reason", x.reason, "confirm", x.confirm)
			if p.Status != 422 || p.Find(x.field+"-error").Length() != 1 || p.Find("#discard[open]").Length() != 1 || strings.TrimSpace(p.Find("#discard-reason").Text()) != strings.TrimSpace(x.reason) {
				t.Errorf("%+v: %d %s", x, p.Status, p.Find("#discard").Text())
			}
		}
		if p := s.SignIn("leader").Get(slug); p.Status != 200 || p.Find("#discard").Length() != 0 {
			t.Error("a leader is offered to discard")
		}
		act(t, office, slug, "discard", "reason", "导错了", "confirm", "1")
		if p := office.Get(slug); p.Status != 404 {
			t.Errorf("still there: %d", p.Status)
		}
		if p := office.Get("/desk/ledger/2021-01-06"); p.Find("#discard").Length() != 0 {
			t.Error("a published announcement can be discarded")
		}
		if p := s.SignIn("audit_admin").Get("/desk/audit"); !strings.Contains(p.Text(), "作废通报草稿") || !strings.Contains(p.Text(), "导错了") {
			t.Error("the trail does not say so")
		}
	})
}

func TestTheQueueIsReadPageByPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		for i := range 60 {
			v := clerk.Get("/desk/intake/new?kind=enquiry").Fields("form.intake")
			v.Set("title", fmt.Sprintf("咨询第%02d件", i))
			v.Set("content", "何时开庭")
			v.Set("received_on", fmt.Sprintf("2020-12-%02d", 1+i%30))
			if p := clerk.Upload("/desk/intake/new", v); p.Status != 200 {
				t.Fatalf("%d %s", p.Status, p.Text())
			}
		}
		seen := map[string]bool{}
		pages := 0
		for at := "/desk/queue?basket=new&kind=enquiry"; at != ""; pages++ {
			p := clerk.Get(at)
			if p.Status != 200 {
				t.Fatalf("%s: %d", at, p.Status)
			}
			for _, a := range p.Find("a.row").EachIter() {
				seen[a.Text()] = true
			}
			if pages == 0 && (!strings.Contains(p.Find("tbody tr").First().Text(), "超期 35 天") || !strings.Contains(p.Find("tbody tr").First().Text(), "登记")) {
				t.Errorf("the oldest danger is not first: %s", p.Find("tbody tr").First().Text())
			}
			if got := p.Find(".alarm b").Text(); got != "60" {
				t.Errorf("%s overdue", got)
			}
			at = p.Find("a[rel=next]").AttrOr("href", "")
		}
		if len(seen) != 60 || pages != 2 {
			t.Errorf("%d cases on %d pages", len(seen), pages)
		}
		for _, bad := range []string{"?after=x&due=y", "?department=x", "?basket=nonsense", "?kind=nonsense&channel=%27", "?q=%00%ff", "?after=-1", "?q=%22OR%20NEAR("} {
			if p := clerk.Get("/desk/queue" + bad); p.Status >= 500 {
				t.Errorf("%s: %d", bad, p.Status)
			}
		}
		leader := s.SignIn("leader")
		if p := leader.Get("/desk/statistics"); p.Status != 200 || p.Find("table.tight tr:contains(合计) td").First().Text() != "60" || !strings.Contains(p.Text(), "—") {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
		if p := leader.Get("/desk/statistics?from=2021-01&to=2020-12"); p.Status != 422 {
			t.Errorf("a period that ends before it begins: %d", p.Status)
		}
	})
}

func TestTheAdministratorsHearWhatNobodyElseCanMend(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		sys, sec := s.SignIn("sys_admin"), s.SignIn("sec_admin")
		if n := sys.Get("/desk/settings").Find(".notice").Length() + sec.Get("/desk/people").Find(".notice").Length(); n != 0 {
			t.Errorf("%d notices about nothing", n)
		}
		no, _, _ := submit(t, s, "窗口排队两个小时无人叫号")
		err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			err := tx.Exec(`INSERT INTO case_exclusions (case_id, staff_id, reason) SELECT 1, staff_id, 'named' FROM staff_roles WHERE role IN ('dispatcher', 'supervisor')`).Error
			if err != nil {
				return err
			}
			return tx.Exec(`INSERT INTO outbox (created_at, idem, channel, template, subject_id, state, due_at) VALUES (?, 'x', 'mail', 'received', 1, 'dead', ?)`, tx.Now, tx.Now).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		people := sec.Get("/desk/people")
		said := people.Find(".notice").Text()
		if !strings.Contains(said, "有 1 件来件没有人能办") || !strings.Contains(said, strings.ReplaceAll(no, " ", "")) {
			t.Error(said)
		}
		for _, never := range []string{"窗口", "叫号", secretName} {
			if strings.Contains(people.Text(), never) {
				t.Errorf("the security administrator reads %q", never)
			}
		}
		if said := sys.Get("/desk/settings").Find(".notice").Text(); !strings.Contains(said, "1 条没有发出，0 条不知道是否送达，最早的是 2021年1月6日") {
			t.Error(said)
		}
	})
}

func TestAKeyIsShownOnceAndEnded(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		security := s.SignIn("sec_admin")
		const page = "/desk/settings/keys"
		if p := send(t, security, page, page, "name", " "); p.Status != 422 || p.Find("#add[open]").Length() != 1 {
			t.Errorf("no name: %d", p.Status)
		}
		p := send(t, security, page, page, "name", "12368 热线系统")
		key := p.Find(".codes code").Text()
		if p.Status != 200 || !strings.HasPrefix(key, "mjk_") || p.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if _, err := s.App.Staff.Machine(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if p := send(t, security, page, page, "name", "12368　热线系统"); p.Status != 422 || !strings.Contains(p.Text(), "已经有这个名称") {
			t.Errorf("the same name: %d", p.Status)
		}
		if p := security.Get(page); strings.Contains(p.Body, key) || !strings.Contains(p.Text(), "12368 热线系统") {
			t.Errorf("shown again, or not listed: %s", p.Text())
		}
		if p := send(t, security, page, page+"/end", "key", ""); p.Status != 422 || p.Find("#end[open]").Length() != 1 {
			t.Errorf("none chosen: %d", p.Status)
		}
		if p := send(t, security, page, page+"/end", "key", "1"); p.Status != 303 {
			t.Fatalf("%d", p.Status)
		}
		if _, err := s.App.Staff.Machine(t.Context(), key); err == nil {
			t.Error("an ended key still works")
		}
		if p := s.SignIn("audit_admin").Get("/desk/audit"); !strings.Contains(p.Text(), "发放接口密钥") || !strings.Contains(p.Text(), "停用接口密钥") || strings.Contains(p.Body, key) {
			t.Errorf("the trail: %s", p.Text())
		}
	})
}
