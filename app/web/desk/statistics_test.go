package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mingjing/app/apptest"
)

func TestEveryNumberOpensAndAFrozenOneIsCorrectedBesideItself(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		first, _, _ := submit(t, s, "窗口排队两个小时无人叫号")
		second, _, _ := submit(t, s, "停车场入口没有标志牌")
		leader, supervisor := s.SignIn("leader"), s.SignIn("supervisor")
		month := s.App.DB.Now().Format("2006-01")
		page := leader.Get("/desk/statistics?from=" + month + "&to=" + month)
		cell := page.Find("table.tight").First().Find("tbody tr").First().Find("td a").First()
		href, _ := cell.Attr("href")
		list := leader.Get(href)
		if cell.Text() != "2" || !strings.Contains(list.Text(), "共 2 件") || list.Find("a.row").Length() != 2 || !strings.Contains(list.Text(), plain(first)) || !strings.Contains(list.Text(), plain(second)) {
			t.Fatalf("%s: %s", cell.Text(), list.Text())
		}
		if list.Find("form[method=post]").Length() > 1 { // signing out is one
			t.Error("a number that is still open is corrected")
		}
		if p := leader.Get("/desk/statistics/nonsense"); p.Status != http.StatusNotFound {
			t.Errorf("%d", p.Status)
		}
		if p := leader.Get("/desk/statistics.xlsx?from=" + month + "&to=" + month); p.Status != http.StatusOK || !strings.HasPrefix(p.Body, "PK") {
			t.Errorf("%d", p.Status)
		}
		s.Clock.Advance(40 * 24 * time.Hour)
		if n, err := s.App.Stats.Freeze(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		leader, supervisor = s.SignIn("leader"), s.SignIn("supervisor")
		if p := leader.Get("/desk/statistics?from=" + month + "&to=" + month); !strings.Contains(p.Text(), "已固定") {
			t.Error(p.Text())
		}
		v := supervisor.Get(href).Fields("#correct form")
		v.Set("case_no", first)
		v.Set("reason", "")
		if p := supervisor.Post(href, v); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "请选择怎么更正") || p.Value("case_no") != first {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		v.Set("adds", "no")
		v.Set("reason", "属于无效件，误登")
		if p := supervisor.Post(href, v); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := leader.Get(href); !strings.Contains(p.Text(), "共 1 件") || !strings.Contains(p.Text(), "属于无效件，误登") || strings.Contains(p.Find("table").Text(), plain(first)) || p.Find("#correct").Length() != 0 {
			t.Error(p.Text())
		}
		if p := leader.Post(href, v); p.Status != http.StatusForbidden {
			t.Errorf("a leader corrects: %d", p.Status)
		}
		s.App.House.Pages.Refresh(t.Context())
		public := s.Browser()
		for path, said := range map[string]string{"/statistics?year=" + month[:4]: "经核对更正", "/statistics": "按期告知率"} {
			if p := public.Get(path); p.Status != http.StatusOK || !strings.Contains(p.Text(), said) || strings.Contains(p.Text(), "误登") {
				t.Errorf("%s: %d %s", path, p.Status, p.Find("main").Text())
			}
		}
		if p := public.Get("/statistics?year=1999"); p.Status != http.StatusNotFound {
			t.Errorf("%d", p.Status)
		}
	})
}

// plain is a case number without the gap that makes it readable.
func plain(no string) string { return strings.ReplaceAll(no, " ", "") }
