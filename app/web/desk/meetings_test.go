package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/ledger/ledgertest"
)

// meet plans a meeting and returns its page.
func meet(t *testing.T, desk *apptest.Browser, values ...string) string {
	t.Helper()
	p := send(t, desk, "/desk/ledger/meetings", "/desk/ledger/meetings", append([]string{"title", "第一季度整改研究", "held_on", "2021-01-07"}, values...)...)
	if p.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	page, _, _ := strings.Cut(p.Header.Get("Location"), "?")
	return page
}

func TestAMeetingGoesFromAgendaToDecisionsThroughTheForms(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, measure string) {
		desk, liaison, leader := s.SignIn("rectification_office"), s.SignIn("liaison"), s.SignIn("leader")
		wrong := send(t, desk, "/desk/ledger/meetings", "/desk/ledger/meetings", "title", "第一季度整改研究", "held_on", "月底")
		if wrong.Status != http.StatusUnprocessableEntity || wrong.Value("title") != "第一季度整改研究" || !strings.Contains(wrong.Text(), "请按 2027-06-30 的样子填写") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		page := meet(t, desk)
		citizen := s.Browser()
		v := citizen.Form("/submit/comment")
		for name, value := range map[string]string{"problem": "2-1", "title": "没有公开的标题", "content": "窗口排队两小时无人叫号，请改进叫号办法。", "name": secretName} {
			v.Set(name, value)
		}
		if p := citizen.Upload("/submit/comment", v); p.Status != http.StatusOK {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p := act(t, desk, page, "draw")
		if !strings.Contains(p.Text(), "收到群众意见1条") || strings.Contains(p.Text(), "没有公开的标题") || strings.Contains(p.Text(), secretName) {
			t.Error(p.Text())
		}
		p = act(t, desk, page, "item", "text", "研究下季度重点", "code", "1-2")
		if !strings.Contains(p.Text(), "其他议题（1）") {
			t.Error(p.Text())
		}
		wrong = send(t, desk, page, page+"/item", "text", "没有的措施", "code", "9-9")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "没有编号“9-9”") || wrong.Find("textarea#item-text").Text() != "没有的措施" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, desk, page, "drop")
		department := option(t, desk.Get(page), "decide-department", "执行局")
		wrong = send(t, desk, page, page+"/decide", "text", "月底前验收", "department", "", "due_on", "2020-01-01", "code", "2-1-1-1")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请选择由哪个部门办理") || !strings.Contains(wrong.Text(), "不能早于会议日期") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, desk, page, "decide", "text", "写错的决定", "department", department, "due_on", "2021-02-01")
		act(t, desk, page, "undecide")
		act(t, desk, page, "decide", "text", "月底前验收", "department", department, "due_on", "2021-02-01", "code", "2-1-1-1")
		if p := liaison.Get(measure); strings.Contains(p.Text(), "月底前验收") {
			t.Error("a draft decision is shown")
		}
		act(t, desk, page, "write", "minutes", "逐项研究了超期的措施。")
		wrong = send(t, desk, page, page+"/write", "step", "hold", "minutes", "", "held_on", "2021-01-06")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请填写会议记录") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, desk, page, "write", "step", "hold", "held_on", "2021-01-06")
		p = desk.Get(page)
		if p.Find(selector(page+"/write")).Length()+p.Find(selector(page+"/drop")).Length() > 0 || !strings.Contains(p.Text(), "已定稿") {
			t.Error("a held meeting can be changed", p.Text())
		}
		act(t, desk, page, "add", "text", "会后核对：由执行局牵头")
		for _, b := range []*apptest.Browser{liaison, leader, desk} {
			if p := b.Get(measure); !strings.Contains(p.Text(), "没有办完的会议决定") || !strings.Contains(p.Text(), "月底前验收") {
				t.Error("the decision is not on its measure's page", p.Text())
			}
			if p := b.Get("/desk/ledger/decisions"); !strings.Contains(p.Text(), "月底前验收") {
				t.Error(p.Text())
			}
		}
		minutes := leader.Get(page + "/minutes")
		for _, words := range []string{"逐项研究了超期的措施。", "月底前验收", "会后核对", "定稿后补记"} {
			if !strings.Contains(minutes.Text(), words) {
				t.Errorf("%s is not in the printed minutes: %s", words, minutes.Text())
			}
		}
		if p := leader.Get(page); p.Status != http.StatusOK || p.Find(".acts form").Length() > 0 {
			t.Error("a leader is offered to write")
		}
		if p := liaison.Get(page); p.Status != http.StatusForbidden {
			t.Error("a department opens a meeting", p.Status)
		}

		next := meet(t, desk, "held_on", "2021-04-07")
		if p := act(t, desk, next, "draw"); !strings.Contains(p.Text(), "以前会议没有办完的决定（1）") {
			t.Error(p.Text())
		}
		wrong = send(t, desk, page, page+"/done", "note", " ")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请填写办理结果") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, desk, page, "done", "note", "已验收", "done_on", "2021-01-06")
		if p := liaison.Get("/desk/ledger/decisions?in=done"); !strings.Contains(p.Text(), "已办完") {
			t.Error(p.Text())
		}
		if p := liaison.Get(measure); strings.Contains(p.Text(), "没有办完的会议决定") {
			t.Error("a decision that is done is called open")
		}
	})
}

func TestTwoPeopleOnOneMeetingSeeBothTexts(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, _ string) {
		one, two := s.SignIn("rectification_office"), s.SignIn("rectification_office")
		page := meet(t, one)
		v := one.Get(page).Fields(selector(page + "/write"))
		v.Set("minutes", "这是先打开页面的人写的")
		act(t, two, page, "write", "minutes", "这是先保存的人写的")
		late := one.Post(page+"/write", v)
		if late.Status != http.StatusConflict || !strings.Contains(late.Find(".main").Text(), "这是先保存的人写的") || late.Find("textarea#write-minutes").Text() != "这是先打开页面的人写的" {
			t.Fatalf("%d %s", late.Status, late.Text())
		}
		v = late.Fields(selector(page + "/write"))
		if p := one.Post(page+"/write", v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		// Who writes on while somebody else makes the minutes final keeps the text too.
		v = one.Get(page).Fields(selector(page + "/write"))
		v.Set("minutes", "迟到的一段话")
		act(t, two, page, "write", "step", "hold", "held_on", "2021-01-06")
		late = one.Post(page+"/write", v)
		if late.Status != http.StatusConflict || !strings.Contains(late.Find(".kept").Text(), "迟到的一段话") || !strings.Contains(late.Text(), "已经定稿") {
			t.Fatalf("%d %s", late.Status, late.Text())
		}
	})
}

func TestHostileFormsOfMeetingsNeverBreakThem(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, _ string) {
		desk := s.SignIn("rectification_office")
		page := meet(t, desk)
		token := desk.Get(page).Value("_csrf")
		for _, hostile := range []string{"", "x", "-1", "99999999999999999999", "' OR 1=1 --", "<script>", strings.Repeat("长", 21000), "\u202e\u200b", "2027-13-45"} {
			v := map[string][]string{"_csrf": {token}}
			for _, name := range []string{"version", "title", "held_on", "next_on", "minutes", "step", "text", "code", "department", "due_on", "item", "decision", "note", "done_on"} {
				v[name] = []string{hostile}
			}
			for _, version := range []string{hostile, "1"} {
				v["version"] = []string{version}
				for _, to := range []string{"", "/1/write", "/1/draw", "/1/item", "/1/drop", "/1/decide", "/1/undecide", "/1/done", "/1/add", "/1/none", "/99/write", "/x/write"} {
					if p := desk.Post("/desk/ledger/meetings"+to, v); p.Status >= 500 || p.Status < 300 {
						t.Errorf("%s with %.20q: %d", to, hostile, p.Status)
					}
				}
			}
		}
		ledgertest.Check(t, s.App.DB)
	})
}
