package desk_test

import (
	"strings"
	"testing"

	"mingjing/app/announce"
	"mingjing/app/apptest"
)

func TestAnAnswerIsALetterOnPaperAndInWord(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议公开排期")
		no = strings.ReplaceAll(no, " ", "")
		dispatcher, handler, reviewer, approver := s.SignIn("dispatcher"), s.SignIn("handler"), s.SignIn("reviewer"), s.SignIn("approver")
		page := find(t, dispatcher, no)
		act(t, dispatcher, page, "register")
		act(t, dispatcher, page, "accept")
		act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"))
		act(t, handler, page, "acknowledge")
		act(t, handler, page, "draft", "body", "您好！\n1.关于“排期”的问题。<b>已经公布</b>，今后每月更新。")
		if p := handler.Get(page); p.Find(`a[href*="/replies/"]`).Length() != 0 {
			t.Error("a letter before the answer")
		}
		act(t, handler, page, "draft", "then", "propose")
		act(t, reviewer, page, "pass")
		act(t, approver, page, "approve")
		act(t, approver, page, "send")
		href := handler.Get(page).Find(`a[href*="/replies/"]`).First().AttrOr("href", "")
		p := handler.Get(href)
		text := p.Find(".paper").Text()
		for _, want := range []string{"关于“建议公开排期”的答复", "受理编号：" + no, "<b>已经公布</b>，今后每月更新。", "12368", "执行局"} {
			if p.Status != 200 || !strings.Contains(text, want) {
				t.Errorf("%d: %q is not in\n%s", p.Status, want, text)
			}
		}
		word := handler.Get(href + ".docx")
		back, err := announce.DecodeFile("a.docx", []byte(word.Body))
		if err != nil || !strings.Contains(word.Header.Get("Content-Disposition"), "attachment") {
			t.Fatalf("%v %v", err, word.Header)
		}
		for _, want := range []string{"关于“建议公开排期”的答复\n", "受理编号：" + no + "\n", "1.关于“排期”的问题。<b>已经公布</b>，今后每月更新。\n", "执行局\n"} {
			if !strings.Contains(back, want) {
				t.Errorf("%q is not in\n%s", want, back)
			}
		}
		for _, all := range []string{p.Body, back} {
			if strings.Contains(all, secretName) || strings.Contains(all, "64000000") {
				t.Error("the letter tells who wrote")
			}
		}
		if p := handler.Get(page + "/replies/999"); p.Status != 404 {
			t.Errorf("%d", p.Status)
		}
	})
}
