package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// selector finds the form that goes to an address.
func selector(action string) string { return fmt.Sprintf(`form[action="%s"]`, action) }

// send fills in the form of a page that goes to action and sends it.
func send(t *testing.T, b *apptest.Browser, page, action string, values ...string) apptest.Page {
	t.Helper()
	p := b.Get(page)
	if p.Status != http.StatusOK || p.Find(selector(action)).Length() == 0 {
		t.Fatalf("GET %s: %d, no form to %s\n%s", page, p.Status, action, p.Text())
	}
	v := p.Fields(selector(action))
	for i := 0; i+1 < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return b.Post(action, v)
}

// act does something to a case and returns the page it leads to.
func act(t *testing.T, b *apptest.Browser, page, verb string, values ...string) apptest.Page {
	t.Helper()
	p := send(t, b, page, page+"/"+verb, values...)
	if p.Status != http.StatusSeeOther {
		t.Fatalf("%s: %d\n%s", verb, p.Status, p.Text())
	}
	to := b.Get(p.Header.Get("Location"))
	if to.Status != http.StatusOK || to.Find(".notice.good").Length() == 0 {
		t.Fatalf("after %s: %d %s\n%s", verb, to.Status, p.Header.Get("Location"), to.Text())
	}
	return to
}

// option is the value of a choice by its words.
func option(t *testing.T, p apptest.Page, field, words string) string {
	t.Helper()
	value := ""
	for _, o := range p.Find("#" + field + " option").EachIter() {
		if strings.TrimSpace(o.Text()) == words {
			value = o.AttrOr("value", "")
		}
	}
	if value == "" {
		t.Fatalf("no choice %s in %s", words, field)
	}
	return value
}

const secretName = "赵小满"

// submit sends a comment as a citizen and returns number, code and their browser.
func submit(t *testing.T, s *apptest.Site, title string) (no, code string, citizen *apptest.Browser) {
	t.Helper()
	citizen = s.Browser()
	v := citizen.Form("/submit/comment")
	for name, value := range map[string]string{"problem": "1-3", "title": title, "content": "窗口排队两小时无人叫号，请改进叫号办法并公开结果。",
		"name": secretName, "phone": "0871-64000000", "allow_publish": "1"} {
		v.Set(name, value)
	}
	p := citizen.Upload("/submit/comment", v, apptest.File{Name: "照片说明.txt", Body: []byte("叫号屏没有亮")})
	if p.Status != http.StatusOK {
		t.Fatalf("submit: %d %s", p.Status, p.Text())
	}
	return p.Find("#case-no").Text(), p.Find("#access-code").Text(), citizen
}

// find opens a case by its number as somebody who looks for it in the queue.
func find(t *testing.T, b *apptest.Browser, no string) string {
	t.Helper()
	p := b.Get("/desk/queue?q=" + url.QueryEscape(no))
	href, ok := p.Find("a.row").Attr("href")
	if !ok {
		t.Fatalf("%s is not in the queue: %s", no, p.Text())
	}
	return href
}

func TestACommentGoesFromTheCitizenToTheAnswerAndThePublicPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, code, citizen := submit(t, s, "建议改进立案窗口叫号")
		clerk, dispatcher, handler := s.SignIn("intake_clerk"), s.SignIn("dispatcher"), s.SignIn("handler")
		reviewer, approver, publisher := s.SignIn("reviewer"), s.SignIn("approver"), s.SignIn("publisher")

		page := find(t, clerk, no)
		act(t, clerk, page, "register", "kind", "comment")
		act(t, dispatcher, page, "accept")
		p := dispatcher.Get(page)
		act(t, dispatcher, page, "assign", "department", option(t, p, "assign-department", "执行局"))

		if p := handler.Get(page); strings.Contains(p.Body, secretName) {
			t.Error("a name is shown unasked")
		}
		if p := send(t, handler, page, page+"/contact"); p.Status != 200 || !strings.Contains(p.Text(), secretName) || !strings.Contains(p.Text(), "0871-64000000") {
			t.Errorf("the contact is not shown to the handler: %d", p.Status)
		}
		if p := handler.Get(page); strings.Contains(p.Body, secretName) {
			t.Error("a name stays on the page")
		}
		file := handler.Get(handler.Get(page).Find(".files a").AttrOr("href", ""))
		if file.Status != 200 || file.Body != "叫号屏没有亮" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("the attachment: %d %q", file.Status, file.Header.Get("Content-Disposition"))
		}
		act(t, handler, page, "acknowledge")
		act(t, handler, page, "note", "content", "已与立案庭核对")
		if p := send(t, handler, page, page+"/draft", "body", "我们已经增设叫号屏。", "then", "propose"); p.Status != 303 {
			t.Fatalf("draft: %d %s", p.Status, p.Text())
		}
		if p := handler.Get(page); p.Find(selector(page+"/pass")).Length() > 0 {
			t.Error("the writer may pass the own draft")
		}
		act(t, reviewer, page, "send_back", "content", "请写明日期")
		act(t, handler, page, "draft", "body", "我们已于1月5日增设叫号屏，欢迎监督。")
		act(t, handler, page, "draft", "then", "propose")
		act(t, reviewer, page, "pass")
		if p := handler.Get(page); p.Find(selector(page+"/send")).Length() > 0 {
			t.Error("an answer may be sent before it is approved")
		}
		act(t, approver, page, "approve")
		act(t, handler, page, "send")

		v := citizen.Get("/track").Fields("form.form")
		v.Set("case_no", no)
		v.Set("access_code", code)
		if p := citizen.Post("/track", v); p.Status != 303 {
			t.Fatalf("unlock: %d", p.Status)
		}
		p = citizen.Get("/track/case")
		if text := p.Text(); !strings.Contains(text, "我们已于1月5日增设叫号屏，欢迎监督。") || strings.Contains(text, "已与立案庭核对") || strings.Contains(text, "请写明日期") {
			t.Errorf("the sender reads: %s", text)
		}

		if p := handler.Get(page + "?lift=0&lift=x&lift=99"); p.Status != 200 || p.Find("#publish[open]").Length() != 1 {
			t.Errorf("marks that are none: %d", p.Status)
		}
		if p := send(t, handler, page, page+"/publish", "question", "我叫"+secretName); p.Status != 422 || !strings.Contains(p.Text(), "还有来信人的姓名") {
			t.Errorf("a name passes into a publication: %d", p.Status)
		}
		act(t, handler, page, "publish", "title", "改进立案窗口叫号", "question", "建议改进叫号。", "answer", "已增设叫号屏。")
		proposal := publisher.Get("/desk/publishing").Find("a.row").AttrOr("href", "")
		if p := send(t, publisher, proposal, proposal+"/publish", "confirm_secrets", "1"); p.Status != 422 || p.Find(".error").Length() != 4 {
			t.Errorf("an unconfirmed exclusion passes: %d, %d messages", p.Status, p.Find(".error").Length())
		}
		act(t, publisher, proposal, "publish", "confirm_secrets", "1", "confirm_pending", "1", "confirm_hype", "1", "confirm_unrest", "1", "confirm_sensitive", "1")
		if p := citizen.Get("/replies"); !strings.Contains(p.Text(), "改进立案窗口叫号") {
			t.Error("the reply is not on the public page")
		}
		act(t, publisher, proposal, "withdraw", "note", "来信人要求撤下")
		if p := citizen.Get("/replies"); strings.Contains(p.Text(), "改进立案窗口叫号") {
			t.Error("the reply is still on the public page")
		}
		act(t, handler, page, "conclude")
		act(t, dispatcher, page, "archive")

		auditor, text := s.SignIn("audit_admin"), ""
		for at := "/desk/audit?subject=case&id=" + strings.TrimPrefix(page, "/desk/cases/"); at != ""; {
			trail := auditor.Get(at)
			text += trail.Find("table").Text()
			at = trail.Find("a[rel=next]").AttrOr("href", "")
		}
		for _, want := range []string{"提交", "登记", "受理", "分办", "查看联系方式", "打开附件", "签收", "内部备注", "提交审核", "退回修改", "审核通过", "签发", "答复", "办结", "归档"} {
			if !strings.Contains(text, want) {
				t.Errorf("the trail does not tell of %s", want)
			}
		}
		for _, not := range []string{secretName, "叫号", "64000000"} {
			if strings.Contains(text, not) {
				t.Errorf("the trail tells %s", not)
			}
		}
		if strings.Contains(s.Log.String(), secretName) || strings.Contains(s.Log.String(), code) {
			t.Error("the log tells who or what")
		}
	})
}

func TestTwoWhoWriteTheSameDraftSeeBothTexts(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		dispatcher, handler := s.SignIn("dispatcher"), s.SignIn("handler")
		page := find(t, dispatcher, no)
		act(t, dispatcher, page, "register")
		act(t, dispatcher, page, "accept")
		act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"))
		act(t, handler, page, "acknowledge")
		old := handler.Get(page).Fields(selector(page + "/draft"))
		act(t, handler, page, "draft", "body", "先写的一稿")

		old.Set("body", "后写的一稿")
		p := handler.Post(page+"/draft", old)
		if p.Status != 409 || !strings.Contains(p.Find(".theirs").Text(), "先写的一稿") || strings.TrimSpace(p.Find("#draft-body").Text()) != "后写的一稿" {
			t.Fatalf("%d: %s", p.Status, p.Find(".draft").Text())
		}
		v := p.Fields(selector(page + "/draft"))
		v.Set("body", "合并的一稿")
		if p := handler.Post(page+"/draft", v); p.Status != 303 {
			t.Fatalf("after merging: %d", p.Status)
		}
		if got := strings.TrimSpace(handler.Get(page).Find("#draft-body").Text()); got != "合并的一稿" {
			t.Error(got)
		}
	})
}

func TestAnActOnAnOldPageChangesNothingAndKeepsTheText(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		dispatcher := s.SignIn("dispatcher")
		page := find(t, dispatcher, no)
		act(t, dispatcher, page, "register")
		old := dispatcher.Get(page).Fields(selector(page + "/refuse"))
		act(t, dispatcher, page, "accept")
		old.Set("refusal", "litigation")
		old.Set("content", "写了很久的说明")
		p := dispatcher.Post(page+"/refuse", old)
		if p.Status != 409 || !strings.Contains(p.Find(".kept").Text(), "写了很久的说明") || !strings.Contains(p.Find(".standing").Text(), "已受理") {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
	})
}

func TestARefusalStartsFromATextThatNamesWhereToGo(t *testing.T) {
	s := apptest.Start(t, "sqlite")
	no, code, citizen := submit(t, s, "对判决不服")
	dispatcher := s.SignIn("dispatcher")
	page := find(t, dispatcher, no)
	act(t, dispatcher, page, "register")
	p := send(t, dispatcher, page, page+"/refuse")
	if p.Status != 422 || p.Find("#refuse[open] .error").Length() != 2 || !strings.HasPrefix(p.Find("title").Text(), "错误：") {
		t.Errorf("an empty refusal: %d %s", p.Status, p.Find("#refuse").Text())
	}
	chosen := dispatcher.Get(page + "?refuse=litigation")
	v := chosen.Fields(selector(page + "/refuse"))
	if v.Get("refusal") != "litigation" || !strings.Contains(v.Get("content"), "12368") || !strings.Contains(v.Get("content"), "再审") {
		t.Errorf("%v", v)
	}
	if p := dispatcher.Post(page+"/refuse", v); p.Status != 303 {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	w := citizen.Get("/track").Fields("form.form")
	w.Set("case_no", no)
	w.Set("access_code", code)
	citizen.Post("/track", w)
	if text := citizen.Get("/track/case").Text(); !strings.Contains(text, "申请再审") {
		t.Error(text)
	}
}

func TestACallIsRecordedOnceHoweverOftenItIsSaved(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		form := func() url.Values {
			v := clerk.Get("/desk/intake/new?kind=complaint").Fields("form.intake")
			for name, value := range map[string]string{"channel": "hotline", "unit": "民事审判庭", "happened_at": "1月5日", "title": "窗口无人", "content": "等了两小时",
				"name": "钱多多", "phone": "０８７１－６４１１１１１１"} {
				v.Set(name, value)
			}
			return v
		}
		v := form()
		first, again := clerk.Upload("/desk/intake/new", v), clerk.Upload("/desk/intake/new", v)
		if first.Status != 200 || first.Find("#case-no").Text() == "" {
			t.Fatalf("%d %s", first.Status, first.Text())
		}
		for _, id := range []string{"#case-no", "#access-code"} {
			if d := cmp.Diff(first.Find(id).Text(), again.Find(id).Text()); d != "" {
				t.Errorf("%s: %s", id, d)
			}
		}
		v = form()
		v.Set("phone", "0871-64111111")
		p := clerk.Upload("/desk/intake/new?step=look", v)
		if p.Status != 200 || !strings.Contains(p.Find("#kin").Text(), "窗口无人") || p.Find("#name").AttrOr("value", "") != "钱多多" {
			t.Errorf("the caller is not known again: %d %s", p.Status, p.Find("#kin").Text())
		}
		v = form()
		v.Set("phone", "电话")
		v.Set("received_on", "2021-02-30")
		if p := clerk.Upload("/desk/intake/new", v, apptest.File{Name: "a.txt", Body: []byte("x")}); p.Status != 422 || p.Find("#received_on-error").Length() != 1 ||
			p.Find("#title").AttrOr("value", "") != "窗口无人" || !strings.Contains(p.Text(), "刚才选的附件没有保存") {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
		v.Set("received_on", "2021-01-07")
		if p := clerk.Upload("/desk/intake/new", v); p.Status != 422 || p.Find("#phone-error").Length()+p.Find("#received_on-error").Length() == 0 {
			t.Errorf("tomorrow's call: %d %s", p.Status, p.Find("main").Text())
		}
	})
}
