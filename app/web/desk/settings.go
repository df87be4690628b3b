package desk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// set changes settings as the system administrator: the change and its entry
// in the trail are one transaction.
func (d *Doors) set(c *door.Ctx, verb string, change func(*store.Tx, settings.Author) ([]journal.Change, error)) error {
	if err := c.Actor.Require(staff.SysAdmin); err != nil {
		return err
	}
	return d.house.DB.Write(c.Std(), func(tx *store.Tx) error {
		changes, err := change(tx, settings.Author{ID: c.Actor.ID, Name: c.Actor.Name})
		if err != nil || len(changes) == 0 {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: c.Actor.ID, ActorName: c.Actor.Name, Verb: "settings." + verb, Subject: "settings", Changes: changes})
	})
}

func (d *Doors) settingsFrame(c *door.Ctx, r *store.Reader, here, heading, lead string) (p view.SettingsPage, err error) {
	p = view.SettingsPage{Heading: heading, Lead: lead}
	for _, l := range []view.Link{{Text: "网站", Href: "/desk/settings"}, {Text: "时限", Href: "/desk/settings/limits"}, {Text: "放假安排", Href: "/desk/settings/calendar"}, {Text: "保存期限", Href: "/desk/settings/retention"}, {Text: "举报", Href: "/desk/settings/reporting"}, {Text: "通知用语", Href: "/desk/settings/messages"}, {Text: "发件箱", Href: "/desk/settings/outbox"}} {
		p.Tabs = append(p.Tabs, view.NavLink{Link: l, Page: l.Href == here})
	}
	p.Desk, err = d.frameIn(c, r, "设置："+heading)
	p.Path = here
	return p, err
}

// Settings shows what the pages say about the court.
func (d *Doors) Settings(c *door.Ctx) error { return d.sitePage(c, 200, nil, nil) }

func (d *Doors) sitePage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p, err = d.settingsFrame(c, r, "/desk/settings", "网站", "改动立即显示在公众网站上，每一次改动都有记录。"); err != nil {
			return err
		}
		if p.Notices, err = d.unsent(r, p.Notices); err != nil {
			return err
		}
		site, err := settings.LoadSite(r)
		p.Form = view.Form{Action: "/desk/settings", CSRF: p.CSRF, Buttons: []view.Button{{Text: "保存设置"}}}
		for _, x := range site.Fields() {
			p.Form.Fields = append(p.Form.Fields, view.Field{Name: x.Name, Label: x.Label, Hint: x.Hint, Value: x.Value, Max: x.Max,
				Required: slices.Contains([]string{"court", "name", "hotline", "privacy"}, x.Name)})
		}
		return err
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// unsent tells the operator what the outbox could not bring to anybody.
func (d *Doors) unsent(r *store.Reader, list []view.Notice) ([]view.Notice, error) {
	u, err := journal.Undelivered(r)
	if err != nil || u.Dead+u.Unknown == 0 {
		return list, err
	}
	why := "请到“发件箱”逐条决定，并检查邮件服务器和短信网关的设置。"
	if d.house.Config.SMTPURL == "" {
		why = "没有设置邮件服务器（PORTAL_SMTP_URL），通知邮件发不出去。"
	}
	return append(list, view.Notice{Text: fmt.Sprintf("通知：%s 条没有发出，%s 条不知道是否送达，最早的是 %s。来信人凭编号和查询码仍能看到进展。%s",
		view.Tally(u.Dead), view.Tally(u.Unknown), calendar.Of(u.Oldest).Chinese(), why)}), nil
}

// SaveSettings stores a new version of them.
func (d *Doors) SaveSettings(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.set(c, "site", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
		old, err := settings.LoadSite(&tx.Reader)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for _, x := range old.Fields() {
			if f.Has(x.Name) {
				values[x.Name] = f.Get(x.Name)
			}
		}
		if err := settings.SaveSite(tx, by, values); err != nil {
			return nil, err
		}
		now, err := settings.LoadSite(&tx.Reader)
		if err != nil {
			return nil, err
		}
		var changes []journal.Change
		for i, x := range now.Fields() {
			if was := old.Fields()[i].Value; was != x.Value {
				changes = append(changes, journal.Change{Field: x.Name, Old: was, New: x.Value})
			}
		}
		return changes, nil
	})
	if fault.Is(err, fault.Invalid) {
		return d.sitePage(c, 422, f, err)
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/settings?done=site")
}

var unitWords = map[calendar.Unit]string{calendar.Workdays: "工作日", calendar.Days: "日", calendar.Months: "个月"}

var startWords = map[string]string{"received": "收到之日", "accepted": "受理之日", "assigned": "分办之日", "due": "原期限届满之日", "replied": "答复之日", "objected": "提出之日", "concluded": "办结之日"}

// TimeLimits shows the table of limits with sources and history.
func (d *Doors) TimeLimits(c *door.Ctx) error { return d.limitsPage(c, 200, "", nil, nil) }

func (d *Doors) limitsPage(c *door.Ctx, status int, name string, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p, err = d.settingsFrame(c, r, "/desk/settings/limits", "时限", "改动只用于以后的来件，已经算好的期限不变。法定时限按原规定，不得放宽。"); err != nil {
			return err
		}
		all, err := settings.LimitHistory(r)
		if err != nil {
			return err
		}
		history := map[string][]settings.TimeLimit{}
		for _, l := range all {
			key := l.Kind + "-" + string(l.Step)
			history[key] = append(history[key], l)
		}
		for _, key := range slices.SortedFunc(maps.Keys(history), byKind) {
			p.Limits = append(p.Limits, limitRow(key, history[key], p.CSRF))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range p.Limits {
		if act := &p.Limits[i].Act; wrong != nil && act.Name == name {
			act.Open = true
			again(&p.Desk, &act.Form, f, wrong)
		}
	}
	if wrong != nil && !p.Failed {
		again(&p.Desk, nil, nil, wrong)
	}
	return c.Render(status, p)
}

// byKind orders limits as cases are ordered, then by the course of a case.
func byKind(a, b string) int {
	rank := func(key string) int {
		kind, step, _ := strings.Cut(key, "-")
		k := slices.Index(cases.Kinds, cases.Kind(kind))
		if k < 0 {
			k = len(cases.Kinds)
		}
		return k*10 + slices.Index([]settings.Step{settings.Register, settings.Notice, settings.Handle, settings.Extend, settings.Reconsider, settings.ReReview, settings.Object, settings.Decide, settings.Feedback, settings.Return}, settings.Step(step))
	}
	return rank(a) - rank(b)
}

// kindWord is whose limit it is.
func kindWord(kind string) string {
	if kind == "report" {
		return "检举控告"
	}
	return or(cases.Kind(kind).Word(), "各类")
}

func limitRow(key string, versions []settings.TimeLimit, csrf string) view.LimitRow {
	now := versions[len(versions)-1]
	row := view.LimitRow{Kind: kindWord(now.Kind), Step: now.Step.Word(), Length: now.Limit().String(), Starts: startWords[now.Starts],
		Source: now.Source, Binding: now.Binding}
	for _, v := range slices.Backward(versions) {
		if v.At != nil {
			row.History = append(row.History, fmt.Sprintf("%s %s改为 %s", door.Moment(*v.At), v.ActorName, v.Limit()))
		}
	}
	units := []view.Choice{}
	for _, u := range []calendar.Unit{calendar.Workdays, calendar.Days, calendar.Months} {
		units = append(units, view.Choice{Value: string(u), Text: unitWords[u]})
	}
	name := strings.Replace(key, "*", "all", 1)
	row.Act = view.Act{Name: name, Label: "修改", Form: view.Form{Action: "/desk/settings/limits", CSRF: csrf,
		Hidden: []view.Hidden{{Name: "kind", Value: now.Kind}, {Name: "step", Value: string(now.Step)}},
		Fields: names(name, view.Field{Name: "amount", Label: "时限", Value: strconv.Itoa(now.Amount), Inputmode: "numeric", Required: true, Width: "short"},
			view.Field{Name: "unit", Kind: view.Select, Label: "单位", Value: string(now.Unit), Choices: units, Required: true},
			view.Field{Name: "source", Label: "依据", Value: now.Source, Required: true}),
		Buttons: []view.Button{{Text: "保存时限"}}}}
	return row
}

// SetTimeLimit changes one limit as a new version.
func (d *Doors) SetTimeLimit(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	kind, step := f.Get("kind"), settings.Step(f.Get("step"))
	name := strings.Replace(kind, "*", "all", 1) + "-" + string(step)
	amount, err := strconv.Atoi(strings.TrimSpace(f.Get("amount")))
	if err != nil {
		return d.limitsPage(c, 422, name, f, fault.Form([]fault.Field{{Name: "amount", Message: "时限要填写大于 0 的整数。"}}))
	}
	length := calendar.Limit{Amount: amount, Unit: calendar.Unit(f.Get("unit"))}
	err = d.set(c, "limit", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
		limits, err := settings.LoadLimits(&tx.Reader)
		if err != nil {
			return nil, err
		}
		old := limits[kind+"/"+string(step)]
		if err := settings.SetLimit(tx, by, kind, step, length, f.Get("source")); err != nil {
			return nil, err
		}
		return []journal.Change{{Field: kind + "/" + string(step), Old: old.Limit().String(), New: length.String()}}, nil
	})
	if x, ok := fault.As(err); ok && x.Kind == fault.Invalid {
		if len(x.Fields) == 0 {
			err = fault.Form([]fault.Field{{Name: "amount", Message: x.Message}})
		}
		return d.limitsPage(c, 422, name, f, err)
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/settings/limits?done=limit")
}

// Calendar shows the loaded years and takes a year's notice.
func (d *Doors) Calendar(c *door.Ctx) error { return d.calendarPage(c, 200, nil, nil) }

func (d *Doors) calendarPage(c *door.Ctx, status int, f *door.Form, wrong error) error {
	var p view.SettingsPage
	err := c.Read(func(r *store.Reader) (err error) {
		lead := "国务院办公厅每年公布放假调休安排后，在这里装入。没有装入的年份，期限按周末推算，并注明“" + calendar.ProvisionalWords + "”。"
		if p, err = d.settingsFrame(c, r, "/desk/settings/calendar", "放假安排", lead); err != nil {
			return err
		}
		cal, err := settings.LoadCalendar(r)
		if err != nil {
			return err
		}
		for _, y := range cal.Years() {
			p.Years = append(p.Years, strconv.Itoa(y))
		}
		p.Form = view.Form{Action: "/desk/settings/calendar", CSRF: p.CSRF, Buttons: []view.Button{{Text: "装入"}}, Fields: []view.Field{
			{Name: "year", Label: "年份", Required: true, Inputmode: "numeric", Width: "short", Value: strconv.Itoa(calendar.Of(r.Now).Year() + 1)},
			{Name: "source", Label: "通知名称和文号", Required: true},
			{Name: "text", Kind: view.Textarea, Label: "放假和调休的日期", Required: true, Rows: 12,
				Hint: "一天一行：日期、休或者班、节日名称。例如 2027-01-01 休 元旦；调休上班的周末写 2027-02-06 班 春节。再次装入同一年会替换原来的。"}}}
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// ImportNotice takes a year's notice on holidays.
func (d *Doors) ImportNotice(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	at := "text"
	year, err := strconv.Atoi(strings.TrimSpace(f.Get("year")))
	source := strings.Join(strings.Fields(f.Get("source")), " ")
	var n calendar.Notice
	switch {
	case err != nil:
		at, err = "year", fault.New(fault.Invalid, "请填写放假通知所属的年份，例如 2027。")
	case source == "" || len([]rune(source)) > 100:
		at, err = "source", fault.New(fault.Invalid, "请写明通知名称和文号，最多 100 个字。")
	default:
		n, err = calendar.ParseNotice(year, f.Get("text"))
	}
	if err == nil {
		err = d.set(c, "calendar", func(tx *store.Tx, by settings.Author) ([]journal.Change, error) {
			if err := settings.ImportNotice(tx, by, n, source); err != nil {
				return nil, err
			}
			moved, err := cases.Recompute(tx, c.Actor)
			return []journal.Change{{Field: strconv.Itoa(year), New: source}, {Field: "recomputed", New: strconv.Itoa(moved)}}, err
		})
	}
	if x, ok := fault.As(err); ok && x.Kind == fault.Invalid {
		return d.calendarPage(c, 422, f, fault.Form([]fault.Field{{Name: at, Message: x.Message}}))
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/desk/settings/calendar?done=calendar")
}
