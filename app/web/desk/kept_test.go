package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

// TestWhatWasBeingWrittenComesBackBesideWhatIsStored puts text aside as the
// script does and as the button does, and comes back to it.
func TestWhatWasBeingWrittenComesBackBesideWhatIsStored(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		dispatcher, handler := s.SignIn("dispatcher"), s.SignIn("handler")
		page := find(t, dispatcher, no)
		act(t, dispatcher, page, "register")
		act(t, dispatcher, page, "accept")
		give := func(department string) {
			t.Helper()
			act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", department))
		}
		give("执行局")
		act(t, handler, page, "acknowledge")
		script := func(v url.Values) apptest.Page {
			v.Set("then", "keep")
			r, err := http.NewRequest(http.MethodPost, s.URL+page+"/draft", strings.NewReader(v.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "application/json")
			return handler.Do(r)
		}
		form := handler.Get(page).Fields(selector(page + "/draft"))
		form.Set("body", "还没有存过就断电")
		if p := script(form); p.Status != 200 || !strings.Contains(p.Body, `"at":"`) {
			t.Fatalf("%d %s", p.Status, p.Body)
		}
		p := handler.Get(page)
		if strings.TrimSpace(p.Find("#draft-body").Text()) != "还没有存过就断电" || !strings.Contains(p.Find(".draft .notice").Text(), "还没有保存") {
			t.Errorf("%s", p.Find(".draft").Text())
		}
		act(t, handler, page, "draft", "body", "存下的一稿")
		if p := handler.Get(page); p.Find(".draft .notice").Length() != 0 {
			t.Error("what was saved is still put aside")
		}
		// The button does the same without a script.
		form = handler.Get(page).Fields(selector(page + "/draft"))
		form.Set("body", "改到一半的一稿")
		form.Set("then", "keep")
		if p := handler.Post(page+"/draft", form); p.Status != 303 || !strings.HasSuffix(p.Header.Get("Location"), "?done=keep") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = handler.Get(page)
		if p.Find(".theirs").Text() != "存下的一稿" || strings.TrimSpace(p.Find("#draft-body").Text()) != "改到一半的一稿" {
			t.Errorf("%s", p.Find(".draft").Text())
		}
		if p := s.SignIn("reviewer").Get(page); p.Status != 200 || strings.Contains(p.Body, "改到一半") {
			t.Errorf("somebody else reads it: %d", p.Status)
		}
		form.Set("body", strings.Repeat("长", 10_001))
		if p := script(form); p.Status != 422 || !strings.Contains(p.Body, "10000") {
			t.Errorf("%d %s", p.Status, p.Body)
		}
		// The case goes to others in the middle of a sentence.
		give("民事审判庭")
		form.Set("body", "改到一半，被改派")
		if p := script(form); p.Status != 200 {
			t.Errorf("%d %s", p.Status, p.Body)
		}
		if p := handler.Get(page); p.Status != 404 {
			t.Errorf("the case is still shown: %d", p.Status)
		}
		handler = s.SignIn("handler")
		p = handler.Get("/desk/account")
		if got := p.Find(".kept").Text(); !strings.Contains(got, "改到一半，被改派") || !strings.Contains(got, strings.ReplaceAll(no, " ", "")) || strings.Contains(got, "建议公开排期") {
			t.Errorf("%s", got)
		}
		form = p.Fields(selector(page + "/draft"))
		if p := handler.Post(page+"/draft", form); p.Status != 303 || handler.Get("/desk/account").Find(".kept").Length() != 0 {
			t.Errorf("%d %s", p.Status, p.Text())
		}
	})
}
