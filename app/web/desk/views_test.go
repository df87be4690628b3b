package desk_test

import (
	"strings"
	"testing"

	"mingjing/app/apptest"
)

func TestAFilterIsKeptAsAView(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		submit(t, s, "窗口排队两个小时无人叫号")
		submit(t, s, "大厅没有座椅")
		clerk := s.SignIn("intake_clerk")
		const filter = "/desk/queue?basket=new&nobody=1&q=座椅"
		p := clerk.Get(filter)
		if p.Find("a.row").Length() != 1 || p.Find("details.more[open] #nobody[checked]").Length() != 1 {
			t.Fatal(p.Text())
		}
		if p := send(t, clerk, filter, "/desk/views", "name", ""); p.Status != 422 || p.Find("#view[open] #view-name-error").Length() != 1 || p.Find("a.row").Length() != 1 {
			t.Errorf("no name: %d %s", p.Status, p.Text())
		}
		p = send(t, clerk, filter, "/desk/views", "name", "座椅的")
		if p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = clerk.Get(p.Header.Get("Location"))
		if here := p.Find(".baskets a[aria-current]"); !strings.Contains(here.Text(), "座椅的") || p.Find("a.row").Length() != 1 {
			t.Error(p.Text())
		}
		if p := clerk.Get("/desk/queue"); p.Find("#view").Length() != 0 || p.Find("a.row").Length() != 2 {
			t.Error("a view of everything is offered, or not everything is listed")
		}
		p = clerk.Get("/desk/views")
		page, _ := p.Find("a.row").Attr("href")
		if !strings.Contains(p.Text(), "待登记，还没有承办人，写到“座椅”") || page == "" {
			t.Fatal(p.Text())
		}
		if p := send(t, clerk, page, page, "name", "排队", "place", "x"); p.Status != 422 || p.Find("#place-error").Length() != 1 {
			t.Errorf("%d", p.Status)
		}
		if p := s.SignIn("handler").Get(page); p.Status != 404 {
			t.Errorf("somebody else's view: %d", p.Status)
		}
		if p := send(t, clerk, page, page, "drop", "1"); p.Status != 303 || p.Header.Get("Location") != "/desk/views?done=view_dropped" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		p = clerk.Get("/desk/queue?kind=report&within=many&from=gestern&basket=%27")
		if p.Status != 200 || !strings.Contains(p.Text(), "没有这个类别。这个条件没有用。") || p.Find("a.row").Length() != 2 {
			t.Errorf("%d %s", p.Status, p.Text())
		}
	})
}
