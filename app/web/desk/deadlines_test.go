package desk_test

import (
	"net/http"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"mingjing/app/apptest"
)

func TestDeadlinesAreReadAsACalendar(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		no, _, _ := submit(t, s, "建议改进立案窗口叫号")
		dispatcher, handler := s.SignIn("dispatcher"), s.SignIn("handler")
		page := find(t, s.SignIn("intake_clerk"), no)
		act(t, s.SignIn("intake_clerk"), page, "register", "kind", "comment")
		act(t, dispatcher, page, "accept")
		act(t, dispatcher, page, "assign", "department", option(t, dispatcher.Get(page), "assign-department", "执行局"))
		act(t, handler, page, "acknowledge")
		// Seven working days from Wednesday 6 January 2021: Friday 15 January.
		month := dispatcher.Get("/desk/calendar")
		day, _ := month.Find(`.month td:has(time[datetime="2021-01-15"]) a`).Attr("href")
		if !strings.Contains(month.Text(), "2021年1月，到期1件") || month.Find(".month .today time").Text() != "6" || !strings.Contains(month.Find(`.month td:has(time[datetime="2021-01-01"])`).Text(), "休") {
			t.Error(month.Text())
		}
		if p := dispatcher.Get(day); !strings.Contains(p.Text(), "2021年1月15日到期的来件") || !strings.Contains(p.Text(), "建议改进立案窗口叫号") {
			t.Error(p.Text())
		}
		if p := handler.Get("/desk/calendar?month=2021-02"); !strings.Contains(p.Text(), "2021年2月，到期0件") {
			t.Error(p.Text())
		}
		for _, q := range []string{"month=x", "month=9999-99", "month=2021-01&day=2020-01-01", "day=x&mine=1", "month=0001-01"} {
			if p := handler.Get("/desk/calendar?" + q); p.Status != http.StatusOK {
				t.Errorf("%s: %d", q, p.Status)
			}
		}

		made := send(t, handler, "/desk/calendar", "/desk/calendar")
		address := ""
		for _, dd := range made.Find("dd").EachIter() {
			if strings.Contains(dd.Text(), "/desk/calendar/") {
				address = strings.TrimSpace(dd.Text())
			}
		}
		path := address[strings.Index(address, "/desk/"):]
		anybody := s.Browser()
		feed := anybody.Get(path)
		if feed.Status != http.StatusOK || !strings.HasPrefix(feed.Header.Get("Content-Type"), "text/calendar") {
			t.Fatalf("%d %s", feed.Status, feed.Header.Get("Content-Type"))
		}
		got, err := ics.ParseCalendar(strings.NewReader(feed.Body))
		if err != nil {
			t.Fatal(err)
		}
		events := got.Events()
		if len(events) != 1 || events[0].GetProperty(ics.ComponentPropertyDtStart).Value != "20210115" || events[0].GetProperty(ics.ComponentPropertySummary).Value != "办理到期：来件 "+no {
			t.Errorf("%s", feed.Body)
		}
		for _, secret := range []string{"叫号", secretName, "0871"} {
			if strings.Contains(feed.Body, secret) {
				t.Errorf("%s is in the calendar", secret)
			}
		}
		// The database does not know the address; a new one ends it, and so does leaving.
		again := send(t, handler, "/desk/calendar", "/desk/calendar")
		if p := anybody.Get(path); p.Status != http.StatusNotFound || again.Status != http.StatusOK {
			t.Errorf("the earlier address still works: %d", p.Status)
		}
		if p := anybody.Get("/desk/calendar/x.ics"); p.Status != http.StatusNotFound {
			t.Error(p.Status)
		}
	})
}
