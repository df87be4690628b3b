package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

// unlocked opens the sender's own page of a case.
func unlocked(t *testing.T, b *apptest.Browser, no, code string) {
	t.Helper()
	v := b.Get("/track").Fields("form.form")
	v.Set("case_no", no)
	v.Set("access_code", code)
	if p := b.Post("/track", v); p.Status != http.StatusSeeOther {
		t.Fatalf("unlock: %d", p.Status)
	}
}

// answered takes a submitted case to its answer through the forms.
func answered(t *testing.T, s *apptest.Site, page string) {
	t.Helper()
	clerk, dispatcher, handler := s.SignIn("intake_clerk"), s.SignIn("dispatcher"), s.SignIn("handler")
	act(t, clerk, page, "register", "kind", "comment")
	act(t, dispatcher, page, "accept")
	act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"))
	act(t, handler, page, "acknowledge")
	act(t, handler, page, "draft", "body", "我们已于1月5日增设叫号屏。", "then", "propose")
	act(t, s.SignIn("reviewer"), page, "pass")
	act(t, s.SignIn("approver"), page, "approve")
	act(t, handler, page, "send")
}

func TestWhoDoesNotAcceptTheAnswerIsHeard(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, code, citizen := submit(t, s, "建议改进立案窗口叫号")
		supervisor, caller, handler := s.SignIn("supervisor"), s.SignIn("caller"), s.SignIn("handler")
		page := find(t, s.SignIn("intake_clerk"), no)
		if p := act(t, supervisor, page, "supervise", "content", "三天内答复"); !strings.Contains(p.Text(), "已列为督办") {
			t.Error(p.Text())
		}
		answered(t, s, page)
		unlocked(t, citizen, no, code)
		p := citizen.Get("/track/case")
		form := `form[action="/track/case/object"]`
		v := p.Fields(form)
		if p := citizen.Post("/track/case/object", v); p.Status != http.StatusUnprocessableEntity || !strings.HasPrefix(p.Find("title").Text(), "错误：") {
			t.Fatalf("nothing said: %d", p.Status)
		}
		conclude := selector(page + "/conclude")
		old := handler.Get(page).Fields(conclude) // of a page opened before
		v.Set("content", "叫号屏还是不亮。")
		if p := citizen.Post("/track/case/object", v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "正在研究您的意见") || p.Find(form).Length() > 0 {
			t.Error(p.Text())
		}
		if p := supervisor.Get("/desk/queue?basket=objected"); !strings.Contains(p.Text(), "建议改进立案窗口叫号") || !strings.Contains(p.Text(), "研究不同意见") {
			t.Error(p.Text())
		}
		if p := handler.Get(page); p.Find(conclude).Length() > 0 {
			t.Error("a button is offered that is refused")
		}
		if p := handler.Post(page+"/conclude", old); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "要由督办员或者分办员决定") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		act(t, supervisor, page, "decline", "content", "叫号屏已经现场核实，可以使用；仍有问题请拨打 12368。")
		if p := citizen.Get("/track/case"); !strings.Contains(p.Text(), "叫号屏已经现场核实") || !strings.Contains(p.Text(), "不再重新办理") {
			t.Error(p.Text())
		}
		wrong := send(t, caller, page, page+"/call", "reached", "yes", "content", "说好多了")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请选择问题解决了没有") || wrong.Find("textarea#call-content").Text() != "说好多了" {
			t.Errorf("%d %s", wrong.Status, wrong.Text())
		}
		if p := act(t, caller, page, "call", "reached", "yes", "resolved", "partly", "satisfied", "basically", "content", "说好多了"); !strings.Contains(p.Text(), "部分解决，基本满意") {
			t.Error(p.Text())
		}
		if p := citizen.Get("/track/case"); strings.Contains(p.Text(), "说好多了") || strings.Contains(p.Text(), "三天内答复") {
			t.Error("the sender reads what stays inside")
		}
	})
}

func TestDepartmentsCoOperateThroughTheForms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		dispatcher, handler := s.SignIn("dispatcher"), s.SignIn("handler")
		page := find(t, s.SignIn("intake_clerk"), no)
		act(t, s.SignIn("intake_clerk"), page, "register", "kind", "comment")
		act(t, dispatcher, page, "accept")
		other := ""
		for _, o := range dispatcher.Get(page).Find("#assign-department option").EachIter() {
			if name := strings.TrimSpace(o.Text()); o.AttrOr("value", "") != "" && name != "执行局" {
				other = name
			}
		}
		act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", other))
		wrong := send(t, dispatcher, page, page+"/join", "department", option(t, dispatcher.Get(page), "join-department", "执行局"), "due_on", "2020-01-01", "content", "请核实叫号设备")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "不能早于今天") || wrong.Find("textarea#join-content").Text() != "请核实叫号设备" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		if p := handler.Get(page); p.Status != http.StatusNotFound {
			t.Errorf("a department that nobody asked: %d", p.Status)
		}
		act(t, dispatcher, page, "join", "department", option(t, dispatcher.Get(page), "join-department", "执行局"), "due_on", "2021-01-08", "content", "请核实叫号设备")
		if p := handler.Get("/desk/queue?asked=1"); !strings.Contains(p.Text(), "请我会办 1") || !strings.Contains(p.Text(), "建议改进立案窗口叫号") || !strings.Contains(p.Text(), "剩 2 天") {
			t.Error(p.Text())
		}
		p := handler.Get(page)
		if p.Status != http.StatusOK || strings.Contains(p.Body, secretName) || p.Find(selector(page+"/contact")).Length() > 0 || p.Find(selector(page+"/draft")).Length() > 0 {
			t.Errorf("%d: who co-operates may do too much", p.Status)
		}
		if p := handler.Post(page+"/contact", url.Values{"_csrf": {p.Value("_csrf")}}); p.Status != http.StatusForbidden || strings.Contains(p.Body, secretName) {
			t.Errorf("the contact is shown to who co-operates: %d", p.Status)
		}
		if p := act(t, handler, page, "opine", "content", "设备已经修好。"); !strings.Contains(p.Text(), "会办意见已提交") {
			t.Error(p.Text())
		}
		if p := dispatcher.Get(page); !strings.Contains(p.Text(), "执行局：设备已经修好。") || !strings.Contains(p.Text(), "执行局：已答复") {
			t.Error(p.Text())
		}
		act(t, dispatcher, page, "join", "department", option(t, dispatcher.Get(page), "join-department", "执行局"), "due_on", "2021-01-08", "content", "再看一次")
		act(t, dispatcher, page, "release", "content", "不用了")
		if p := handler.Get("/desk/queue"); strings.Contains(p.Text(), "请我会办") {
			t.Error("what was taken back is still asked")
		}
		for _, verb := range []string{"join", "opine", "release", "supervise", "decline", "call", "serve", "served"} {
			for _, hostile := range []string{"", "x", "-1", "99999999999999999999", "' OR 1=1 --", "\u202e", strings.Repeat("长", 3000)} {
				v := url.Values{"_csrf": {dispatcher.Get("/desk/account").Value("_csrf")}, "version": {"1"}, "task": {hostile}, "department": {hostile}, "due_on": {hostile}, "content": {hostile}, "reached": {hostile}, "resolved": {hostile}, "satisfied": {hostile}, "about": {hostile}, "way": {hostile}, "sent_on": {hostile}, "number": {hostile}, "service": {hostile}, "outcome": {hostile}, "on_day": {hostile}}
				if p := dispatcher.Post(page+"/"+verb, v); p.Status < 300 || p.Status >= 500 {
					t.Errorf("%s with %.10q: %d", verb, hostile, p.Status)
				}
			}
		}
	})
}

func TestALetterAndItsEndAreRecordedThroughTheForms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, citizen := submit(t, s, "建议改进立案窗口叫号")
		clerk := s.SignIn("intake_clerk")
		page := find(t, clerk, no)
		act(t, clerk, page, "register", "kind", "comment")
		wrong := send(t, clerk, page, page+"/serve", "about", "notice", "way", "post", "sent_on", "2021-01-06", "content", "挂号寄出")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请填写邮件号") || wrong.Find("textarea#serve-content").Text() != "挂号寄出" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		if p := act(t, clerk, page, "serve", "about", "notice", "way", "post", "sent_on", "2021-01-06", "number", "XA123"); !strings.Contains(p.Text(), "邮件号 XA123，还没有送达结果") {
			t.Error(p.Text())
		}
		wrong = send(t, clerk, page, page+"/served", "outcome", "served", "on_day", "2020-12-31", "content", "回执")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "在寄出之日和今天之间") || wrong.Find(".act[open] textarea").Text() != "回执" {
			t.Errorf("%d %s", wrong.Status, wrong.Text())
		}
		if p := act(t, clerk, page, "served", "outcome", "served", "on_day", "2021-01-06", "content", "回执载明本人签收"); !strings.Contains(p.Text(), "回执载明本人签收") || p.Find("#served-1").Length() != 0 {
			t.Error(p.Text())
		}
		if p := citizen.Get("/track/case"); strings.Contains(p.Text(), "回执") {
			t.Error("the sender reads what stays inside")
		}
	})
}
