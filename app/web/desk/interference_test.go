package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestAnAskingIsRecordedOnItsCase(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		clerk, group := s.SignIn("intake_clerk"), s.SignIn("discipline_officer")
		page := find(t, clerk, no)
		wrong := send(t, clerk, page, page+"/interfere", "person", "某甲", "content", "问进展")
		if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Text(), "请选择过问的方式") || !strings.Contains(wrong.Text(), "请填写单位和身份") || wrong.Value("person") != "某甲" {
			t.Fatalf("%d %s", wrong.Status, wrong.Text())
		}
		act(t, clerk, page, "interfere", "person", "某甲", "unit", "当事人的亲属", "happened_on", "2021-01-05", "way", "phone", "content", "问进展，请求照顾")
		list := group.Get("/desk/interference")
		record, ok := list.Find(`.queue a.row`).Attr("href")
		if !ok || !strings.Contains(list.Text(), "某甲") {
			t.Fatal(list.Text())
		}
		if p := group.Get(record); !strings.Contains(p.Text(), "问进展，请求照顾") || !strings.Contains(p.Text(), "当事人的亲属") {
			t.Error(p.Text())
		}
		if p := s.SignIn("dispatcher").Get(page); strings.Contains(p.Text(), "某甲") || !strings.Contains(p.Text(), "过问登记") {
			t.Error("the case's page names who asked")
		}
		if p := s.SignIn("dispatcher").Get(record); p.Status != http.StatusNotFound {
			t.Errorf("%d", p.Status)
		}
	})
}
