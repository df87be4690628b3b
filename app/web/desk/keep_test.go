package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/calendar"
	"mingjing/app/journal"
	"mingjing/app/store"
)

// intake is the form of a kind, filled in with what is given.
func intake(b *apptest.Browser, kind string, values ...string) url.Values {
	v := b.Get("/desk/intake/new?kind=" + kind).Fields("form.intake")
	for i := 0; i+1 < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return v
}

func TestACaseUnderAnotherKindStillShowsAllThatWasWritten(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		p := clerk.Upload("/desk/intake/new", intake(clerk, "complaint", "channel", "visit", "unit", "民事审判庭", "happened_at", "1月5日上午", "place", "三楼窗口",
			"case_number", "（2020）云01民终1号", "title", "窗口无人", "content", "等了两小时", "name", "钱多多", "phone", "0871-64111111"))
		page := find(t, clerk, p.Find("#case-no").Text())
		act(t, clerk, page, "register", "kind", "petition")
		var said []string
		clerk.Get(page).Find(".main .block").Each(func(_ int, b *goquery.Selection) {
			said = append(said, b.Find("h3").Text()+"："+b.Find(".said").Text())
		})
		want := []string{"内容：等了两小时", "被投诉的部门或单位：民事审判庭", "发生时间：1月5日上午", "发生地点：三楼窗口", "案号：（2020）云01民终1号"}
		if d := cmp.Diff(want, said); d != "" {
			t.Error(d)
		}
	})
}

func TestLookingLeavesTheAttachmentsOfARunningSavingAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		v := intake(clerk, "enquiry", "title", "怎么交费", "content", "在哪里交诉讼费")
		key := v.Get("submission_key")
		if _, err := s.App.Cases.Stage(t.Context(), key, "来信.txt", strings.NewReader("诉讼费")); err != nil {
			t.Fatal(err) // what a saving does before its case is stored
		}
		for _, step := range []string{"?step=look", "?step=turn&kind=petition"} {
			if p := clerk.Upload("/desk/intake/new"+step, v, apptest.File{Name: "另一份.txt", Body: []byte("x")}); p.Status != http.StatusOK {
				t.Fatalf("%s: %d", step, p.Status)
			}
			staged, err := s.App.Cases.Staged(t.Context(), key)
			if err != nil || len(staged) != 1 || staged[0].Name != "来信.txt" {
				t.Errorf("%s: %v %v", step, staged, err)
			}
		}
		p := clerk.Upload("/desk/intake/new", v)
		if p := clerk.Get(find(t, clerk, p.Find("#case-no").Text())); p.Find(".files a").Length() != 1 {
			t.Errorf("the attachment is lost: %s", p.Text())
		}
	})
}

func TestAnotherKindKeepsWhatWasTyped(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		v := intake(clerk, "complaint", "channel", "letter", "received_on", "2021-01-04", "unit", "民事审判庭", "happened_at", "1月", "title", "窗口无人",
			"content", "等了两小时", "name", "钱多多", "phone", "0871-64111111")
		p := clerk.Get("/desk/intake/new?kind=complaint")
		turn, ok := p.Find(`.tabs button[form=intake]:contains("申诉求决")`).Attr("formaction")
		if !ok {
			t.Fatal("no button to another kind")
		}
		p = clerk.Upload(turn, v)
		if p.Status != http.StatusOK || p.Find(".error").Length() > 0 || p.Find("#demand").Length() != 1 || p.Find("#unit").Length() != 0 {
			t.Fatalf("%d %s", p.Status, p.Find("main").Text())
		}
		back := p.Fields("form.intake")
		p = clerk.Upload(strings.Replace(turn, "petition", "complaint", 1), back)
		got := p.Fields("form.intake")
		got.Del("demand")
		got.Del("facts")
		got.Del("address")
		v.Del("step")
		for name, list := range got {
			for i := range list {
				list[i] = strings.TrimSpace(list[i])
			}
			got[name] = list
		}
		if d := cmp.Diff(trimmed(v), got); d != "" {
			t.Error(d)
		}
		if p := clerk.Upload("/desk/intake/new", got); p.Status != http.StatusOK || p.Find("#case-no").Text() == "" {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
	})
}

func trimmed(v url.Values) url.Values {
	out := url.Values{}
	for name, list := range v {
		for _, x := range list {
			out.Add(name, strings.TrimSpace(x))
		}
	}
	return out
}

func TestEverythingWrongWithAnIntakeIsSaidAtOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		v := intake(clerk, "comment", "problem", "9-99", "title", "", "content", "看法", "phone", "电话", "received_on", "2020-01-05")
		p := clerk.Upload("/desk/intake/new", v, apptest.File{Name: "a.exe", Body: []byte("MZ\x90\x00")})
		var ids []string
		p.Find(".error").Each(func(_ int, e *goquery.Selection) { ids = append(ids, e.AttrOr("id", "")) })
		if d := cmp.Diff([]string{"received_on-error", "problem-error", "title-error", "phone-error", "attachments-error"}, ids); d != "" || p.Status != 422 {
			t.Errorf("%d %s", p.Status, d)
		}
		if got := p.Find("#received_on-error").Text(); got != "收到日期不能早于一年前，请核对年份。" {
			t.Error(got)
		}
	})
}

func TestWhatWasTypedComesBackWhenAFormIsRefused(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		clerk, dispatcher := s.SignIn("intake_clerk"), s.SignIn("dispatcher")
		page := find(t, clerk, no)
		note := clerk.Get(page).Fields(selector(page + "/note"))
		note.Set("content", "写了很久的备注")
		note.Set("password", "secret-1")
		note.Set("code", "123456")
		check := func(p apptest.Page, status int, name, text, href string) {
			t.Helper()
			box := p.Find("#typed-" + name + "[readonly]")
			if p.Status != status || strings.TrimSpace(box.Text()) != text || p.Find(".narrow .next a").AttrOr("href", "") != href {
				t.Errorf("%d %q %s", p.Status, box.Text(), p.Find("main").Text())
			}
			for _, secret := range []string{"secret-1", "123456", note.Get("_csrf")} {
				if strings.Contains(p.Find("main").Text(), secret) {
					t.Errorf("%s is shown", secret)
				}
			}
		}
		forged := url.Values{"_csrf": {"x"}, "content": {"写了很久的备注"}, "version": {"1"}}
		check(clerk.Post(page+"/note", forged), 403, "content", "写了很久的备注", page)
		if p := clerk.Post(page+"/propose", note); p.Status != 403 || !strings.Contains(p.Text(), "写了很久的备注") {
			t.Errorf("no longer entitled: %d %s", p.Status, p.Text())
		}
		if p := clerk.Post("/desk/cases/999999/note", note); p.Status != 404 || !strings.Contains(p.Text(), "写了很久的备注") {
			t.Errorf("gone: %d %s", p.Status, p.Text())
		}

		form := dispatcher.Get("/desk/intake/new?kind=enquiry").Fields("form.intake")
		form.Set("content", "来人说的话")
		draft := url.Values{"body": {"写了很久的答复"}, "seen": {"0"}}
		s.Clock.Advance(time.Hour) // the session is over
		check(clerk.Post(page+"/note", note), 401, "content", "写了很久的备注", "/desk/login?next="+url.QueryEscape(page))
		check(dispatcher.Post(page+"/draft", draft), 401, "body", "写了很久的答复", "/desk/login?next="+url.QueryEscape(page))
		check(dispatcher.Upload("/desk/intake/new", form), 401, "content", "来人说的话", "/desk/login?next="+url.QueryEscape("/desk/intake/new"))

		r, err := http.NewRequest(http.MethodPost, s.URL+page+"/note", strings.NewReader(note.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := clerk.Do(r); p.Status != 401 || strings.Contains(p.Body, "写了很久的备注") {
			t.Errorf("another site's text is shown: %d", p.Status)
		}
		p := clerk.Post(page+"/note", note)
		in := enter(t, s.Browser(), page, "login", "intake_clerk", "password", s.Password["intake_clerk"])
		if in.Header.Get("Location") != page || !strings.Contains(p.Find("title").Text(), "登录已过期") {
			t.Errorf("%s %s", in.Header.Get("Location"), p.Find("title").Text())
		}
	})
}

func TestAPersonIsMovedAndADepartmentRetiredOnThePage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		security, handler := s.SignIn("sec_admin"), s.SignIn("handler")
		list := security.Get("/desk/people")
		person := list.Find(`a.row:contains("承办人（试用）")`).AttrOr("href", "")
		unit := list.Find(`.names a:contains("办公室")`).First().AttrOr("href", "")
		p := security.Get(person)
		act(t, security, person, "change", "name", "李四", "department", option(t, p, "change-department", "立案庭"))
		if p := handler.Get("/desk/account"); p.Status != 303 {
			t.Errorf("the session goes on: %d", p.Status)
		}
		if p := s.SignIn("handler").Get("/desk/account"); !strings.Contains(p.Text(), "李四") || !strings.Contains(p.Text(), "立案庭") {
			t.Error(p.Text())
		}
		if p := send(t, security, person, person+"/change", "name", ""); p.Status != 422 || p.Find("#change[open] #change-name-error").Length() != 1 {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
		if p := send(t, security, unit, unit+"/rename", "name", "立案庭"); p.Status != 422 || p.Find("#rename-name-error").Length() != 1 {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
		act(t, security, unit, "rename", "name", "综合办公室")
		act(t, security, unit, "retire")
		if choices := security.Get("/desk/people").Find("#add-department option").Text(); strings.Contains(choices, "综合办公室") {
			t.Error("a retired department is offered")
		}
		act(t, security, unit, "restore")
		if choices := security.Get("/desk/people").Find("#add-department option").Text(); !strings.Contains(choices, "综合办公室") {
			t.Error("a restored department is not offered")
		}
	})
}

func TestTheTrailIsReadInWordsAndNarrowedByActAndDay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		send(t, s.SignIn("sys_admin"), "/desk/settings", "/desk/settings", "website", "https://www.example.cn", "icp", "滇ICP备1号")
		err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			return journal.Append(tx, journal.Event{ActorName: "系统", Verb: "backup.save", Subject: "site"})
		})
		if err != nil {
			t.Fatal(err)
		}
		first := s.Clock.Now()
		s.Clock.Advance(24 * time.Hour)
		auditor := s.SignIn("audit_admin")
		verbs := func(query string) (list []string) {
			p := auditor.Get("/desk/audit?" + query)
			if p.Status != http.StatusOK {
				t.Fatalf("%s: %d", query, p.Status)
			}
			p.Find(".trail tbody tr").Each(func(_ int, r *goquery.Selection) {
				list = append(list, r.Find("th").Text()+" "+strings.TrimSpace(r.Find("[data-label=对象]").Text()))
			})
			return list
		}
		if d := cmp.Diff([]string{"备份 网站 0"}, verbs("verb=backup.save")); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"登录 账号 "}, cut(verbs("from="+calendar.Of(s.Clock.Now()).String()))); d != "" {
			t.Error(d)
		}
		if list := verbs("verb=staff.sign_in&to=" + calendar.Of(first).String()); len(list) != 1 {
			t.Errorf("%v", list)
		}
		text := auditor.Get("/desk/audit?verb=settings.site").Find(".trail tbody").Text()
		for _, raw := range []string{"website", "icp"} {
			if strings.Contains(text, raw+"：") {
				t.Errorf("%s is shown raw: %s", raw, text)
			}
		}
		if p := auditor.Get("/desk/audit?from=x"); p.Status != 422 || p.Find("#from").Length() != 1 {
			t.Errorf("a date that is none: %d", p.Status)
		}
	})
}

// cut drops the numbers of accounts.
func cut(list []string) []string {
	for i := range list {
		list[i] = strings.TrimRight(list[i], "0123456789")
	}
	return list
}

func TestACaseGoesOnWithoutTheCitizenAndIsGivenToOthers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		dispatcher, clerk, security := s.SignIn("dispatcher"), s.SignIn("intake_clerk"), s.SignIn("sec_admin")
		page := find(t, dispatcher, no)
		if p := s.SignIn("leader").Get(page); p.Status != 200 || p.Find("#note").Length()+p.Find("#recuse").Length() > 0 {
			t.Errorf("a leader writes: %d", p.Status)
		}
		act(t, dispatcher, page, "register")
		act(t, dispatcher, page, "ask", "content", "请补充日期")
		p := act(t, clerk, page, "add_for", "content", "来电说是1月4日")
		if text := p.Find(".timeline").Text(); !strings.Contains(text, "来电说是1月4日") {
			t.Error(text)
		}
		act(t, dispatcher, page, "ask", "content", "请补充地点")
		act(t, dispatcher, page, "resume")
		act(t, dispatcher, page, "accept")
		p = dispatcher.Get(page)
		if got := strings.TrimSpace(p.Find("#assign summary").Text()); got != "分办" {
			t.Error(got)
		}
		act(t, dispatcher, page, "assign", "department", option(t, p, "assign-department", "执行局"))
		p = dispatcher.Get(page)
		if got := strings.TrimSpace(p.Find("#assign:not([open]) summary").Text()); got != "改派" {
			t.Error(got)
		}
		act(t, dispatcher, page, "assign", "department", option(t, p, "assign-department", "立案庭"))
		if p := dispatcher.Get(page); !strings.Contains(p.Find(".facts").Text(), "立案庭") {
			t.Error("not given to the other department")
		}

		for name, want := range map[string]string{"无此人": "没有找到这个人", "dispatcher": "申请回避", "": "请选择应当回避的人或者部门"} {
			if p := send(t, dispatcher, page, page+"/exclude", "person", name); p.Status != 422 || !strings.Contains(p.Find("#exclude[open] .error").Text(), want) {
				t.Errorf("%s: %d %s", name, p.Status, p.Find("#exclude").Text())
			}
		}
		act(t, dispatcher, page, "exclude", "person", "intake_clerk")
		if p := clerk.Get(page); p.Status != 404 && p.Status != 403 {
			t.Errorf("who is shut out still sees the case: %d", p.Status)
		}

		person := security.Get("/desk/people").Find(`a.row:contains("承办人（试用）")`).AttrOr("href", "")
		act(t, security, person, "disable")
		if text := dispatcher.Get(page).Find("#assign-handler").Text(); strings.Contains(text, "承办人（试用）") {
			t.Error("a disabled handler is offered")
		}
	})
}
