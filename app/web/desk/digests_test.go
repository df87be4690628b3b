package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/logbook/logbooktest"
)

func TestADepartmentReadsItsDigestAndIsRemindedFromAMeasure(t *testing.T) {
	eachOffice(t, func(t *testing.T, s *apptest.Site, measure string) {
		desk, liaison, leader := s.SignIn("rectification_office"), s.SignIn("liaison"), s.SignIn("leader")
		for _, b := range []*apptest.Browser{liaison, leader} {
			if p := b.Get("/desk/ledger/digests"); p.Status != http.StatusOK || p.Find(".acts form").Length() > 0 {
				t.Errorf("%d %s", p.Status, p.Text())
			}
			if p := b.Get(measure); p.Find(selector("/desk/ledger/orders")).Length() > 0 {
				t.Error("who may not remind is offered to")
			}
		}
		// One step from the measure; what is wrong comes back with what was typed.
		wrong := send(t, desk, measure, "/desk/ledger/orders", "text", "请说明进度", "answer_by", "2020-01-01")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "不能早于今天") || wrong.Value("code") != "2-1-1-1" || !strings.Contains(wrong.Text(), "请说明进度") {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		sent := send(t, desk, measure, "/desk/ledger/orders")
		if sent.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", sent.Status, sent.Text())
		}
		order, _, _ := strings.Cut(sent.Header.Get("Location"), "?")
		if p := liaison.Get(order); !strings.Contains(p.Text(), "请按计划推进这条措施") || !strings.Contains(p.Text(), "提醒第 1 号：2-1-1-1") {
			t.Error(p.Text())
		}

		logbooktest.Sign(t, s.App.DB, s.App.Log)
		for range 2 {
			if p := send(t, desk, "/desk/ledger/digests", "/desk/ledger/digests"); p.Status != http.StatusSeeOther {
				t.Fatalf("%d %s", p.Status, p.Text())
			}
		}
		list := liaison.Get("/desk/ledger/digests")
		page, _ := list.Find(`.queue a[href^="/desk/ledger/digests/"]`).Attr("href")
		if list.Find(`.queue a[href^="/desk/ledger/digests/"]`).Length() != 1 {
			t.Fatal(list.Body)
		}
		paper := liaison.Get(page)
		for _, words := range []string{"2021年1月整改提示", "本部门牵头措施6条", "督办单等待答复（1项）", "提醒第1号：2-1-1-1", "公开日志的检查点", "树根"} {
			if !strings.Contains(paper.Text(), words) {
				t.Errorf("%s is not in %s", words, paper.Text())
			}
		}
		for _, path := range []string{"/desk/ledger/digests/99", "/desk/ledger/digests/x", "/desk/ledger/digests?before=x"} {
			if p := liaison.Get(path); p.Status >= 500 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
	})
}
