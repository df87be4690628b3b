package desk

import (
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Deadlines shows a month with how many cases are due on each day, and one day's cases.
func (d *Doors) Deadlines(c *door.Ctx) error {
	month, mine := c.Query("month"), c.Query("mine") != ""
	chosenDay, _ := calendar.Parse(c.Query("day"))
	today := calendar.Of(d.house.DB.Now())
	first := calendar.NewDate(today.Year(), today.Month(), 1)
	if t, err := time.Parse("2006-01", month); err == nil && t.Year() >= 2000 && t.Year() <= 2100 {
		first = calendar.NewDate(t.Year(), t.Month(), 1)
	}
	last := first.AddMonths(1).AddDays(-1)
	if chosenDay.Before(first) || chosenDay.After(last) {
		chosenDay = calendar.Date{}
	}
	due, err := d.house.Cases.Deadlines(c.Std(), c.Actor, first, last, mine)
	if err != nil {
		return err
	}
	var list cases.Queue
	if !chosenDay.IsZero() {
		if list, err = d.house.Cases.List(c.Std(), c.Actor, cases.Filter{Due: chosenDay, Mine: mine, Limit: pageRows}); err != nil {
			return err
		}
	}
	address := func(of calendar.Date, day string) string {
		return "/desk/calendar" + query("month", of.String()[:7], "day", day, "mine", flag(mine))
	}
	p := view.CalendarPage{Month: fmt.Sprintf("%d年%d月", first.Year(), first.Month()), Prev: address(first.AddMonths(-1), ""), Next: address(first.AddMonths(1), "")}
	counts := map[calendar.Date]int{}
	for _, x := range due {
		counts[x.DueOn] = x.N
		p.Total += x.N
	}
	err = c.Read(func(r *store.Reader) error {
		if p.Desk, err = d.frameIn(c, r, "到期日历"); err != nil {
			return err
		}
		working, err := settings.LoadCalendar(r)
		if err != nil {
			return err
		}
		p.Guess = !working.Loaded(first.Year())
		for day := first.AddDays(-(int(first.Weekday()) + 6) % 7); !day.After(last); {
			var week []view.CalendarDay
			for range 7 {
				x := view.CalendarDay{On: door.Day(day), No: day.Day(), Outside: day.Before(first) || day.After(last), Rest: !working.IsWorkday(day), Today: day == today, Chosen: day == chosenDay}
				if n := counts[day]; n > 0 {
					x.Count, x.Href, x.Late = n, address(first, day.String()), day.Before(today)
				}
				week = append(week, x)
				day = day.AddDays(1)
			}
			p.Weeks = append(p.Weeks, week)
		}
		who, err := readPeople(r)
		p.Rows = rows(list.Rows, who, today)
		return err
	})
	if err != nil {
		return err
	}
	if !chosenDay.IsZero() {
		p.Day = chosenDay.Chinese() + "到期的来件"
	}
	if holds(c.Actor, []staff.Role{staff.Handler}) {
		p.Mine = []view.Basket{{Link: view.Link{Text: "我看得到的", Href: "/desk/calendar" + query("month", first.String()[:7])}, Count: -1, Here: !mine},
			{Link: view.Link{Text: "我承办的", Href: "/desk/calendar" + query("month", first.String()[:7], "mine", "1")}, Count: -1, Here: mine}}
		p.Feed = &view.Form{Action: "/desk/calendar", CSRF: p.CSRF, Buttons: []view.Button{{Text: "生成我的日历地址"}}}
	}
	return c.Render(200, p)
}

// MakeCalendar shows a handler the address of their calendar, once.
func (d *Doors) MakeCalendar(c *door.Ctx) error {
	if _, err := c.Form(); err != nil {
		return err
	}
	token, err := d.house.Cases.MakeCalendar(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	f, err := d.frame(c, "日历地址")
	if err != nil {
		return err
	}
	c.Set("Cache-Control", "no-store")
	return c.Render(200, view.SecretPage{Desk: f, Heading: "您的日历地址", Facts: []view.Answer{{Label: "地址", Value: c.Base() + "/desk/calendar/" + token + ".ics"}},
		Lead: "在手机或者电脑的日历里“添加订阅日历”，填写这个地址，您承办和会办的来件的到期日就会出现在日历里，只有编号和期限，没有内容。地址只显示这一次，不要转给别人；重新生成后，旧的停用。",
		Next: view.Link{Text: "回到日历", Href: "/desk/calendar"}})
}

// CalendarFeed is what a calendar program reads under that address.
func (d *Doors) CalendarFeed(c *door.Ctx) error {
	list, err := d.house.Cases.Calendar(c.Std(), c.Params("token"))
	if err != nil {
		return err
	}
	now := d.house.DB.Now()
	out := ics.NewCalendarFor("Mingjing")
	out.SetMethod(ics.MethodPublish)
	out.SetXWRCalName("来件到期")
	out.SetRefreshInterval("PT4H")
	for _, x := range list {
		e := out.AddEvent(fmt.Sprintf("%s-%s@mingjing", x.CaseNo, x.Step))
		e.SetDtStampTime(now)
		day := x.DueOn.In()
		e.SetAllDayStartAt(day)
		e.SetAllDayEndAt(day.AddDate(0, 0, 1))
		e.SetSummary(fmt.Sprintf("%s到期：来件 %s", x.Words(), view.Code(x.CaseNo)))
	}
	c.Set("Content-Type", "text/calendar; charset=utf-8")
	c.Set("Cache-Control", "private, no-store")
	return c.SendString(out.Serialize())
}
