package desk

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// bulk offers on the queue what can be done to several cases at once.
func bulk(verbs []cases.Verb, filter, csrf string) *view.Form {
	f := view.Form{Action: "/desk/jobs/new", CSRF: csrf, Hidden: []view.Hidden{{Name: "filter", Value: filter}},
		Buttons: []view.Button{{Text: "办理勾选的", Name: "which", Value: "ticked"}, {Text: "办理符合条件的全部", Name: "which", Value: "all"}}}
	verb := view.Field{Name: "verb", ID: "bulk-verb", Label: "成批办理"}
	for _, v := range verbs {
		verb.Choices = append(verb.Choices, view.Choice{Value: string(v), Text: v.Word()})
	}
	f.Fields = []view.Field{verb}
	return &f
}

// selection is which cases a form is about: those that are ticked, or all of its filter.
func selection(f *door.Form) (ids []int64, filter cases.Filter, err error) {
	values, err := url.ParseQuery(f.Get("filter"))
	if err != nil {
		return nil, filter, errNothing
	}
	filter, bad := cases.ReadFilter(values.Get)
	if f.Get("which") == "all" {
		return nil, filter, fault.Form(bad)
	}
	for _, v := range append(f.All("case"), strings.Split(f.Get("cases"), ",")...) {
		if id, err := strconv.ParseInt(v, 10, 64); err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, filter, fault.Form([]fault.Field{{Name: "case", Message: "请先勾选来件，再选要办的事。"}})
	}
	return ids, filter, nil
}

// NewJob asks what an act on several cases still needs, and says how many they are.
func (d *Doors) NewJob(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	return d.jobForm(c, 200, f, nil)
}

func (d *Doors) jobForm(c *door.Ctx, status int, f *door.Form, wrong error) error {
	ids, filter, err := selection(f)
	if err == nil {
		ids, err = d.house.Cases.Chosen(c.Std(), c.Actor, ids, filter)
	}
	if fault.Is(err, fault.Invalid) {
		return d.queuePage(c, 422, f, err)
	}
	if err != nil {
		return err
	}
	verb := cases.Verb(f.Get("verb"))
	if !slices.Contains(cases.JobVerbs(c.Actor), verb) {
		return fault.New(fault.Forbidden, "您的角色不能成批进行这项操作。请返回来件列表，从“成批办理”里选。")
	}
	p := view.DeskFormPage{Heading: fmt.Sprintf("%s %d 件", verb.Word(), len(ids)), Lead: "一件一件地办，每一件照样检查权限和状态；不能办的逐件说明理由。可以离开，进度在“成批办理”里看。"}
	fields := []view.Field{}
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		who, err := readPeople(r)
		if err != nil {
			return err
		}
		switch verb {
		case cases.DoAssign:
			handlers := []view.Choice{{Text: "由部门自己安排"}, {Value: byLot, Text: "每件从部门的承办人中随机抽取"}}
			for _, h := range who.handlers {
				if h.Department != "" {
					handlers = append(handlers, view.Choice{Value: strconv.FormatInt(h.ID, 10), Text: h.Name + "（" + h.Department + "）"})
				}
			}
			fields = append(fields, view.Field{Name: "department", Kind: view.Select, Label: "承办部门", Required: true, Choices: who.choices("请选择")}, view.Field{Name: "handler", Kind: view.Select, Label: "承办人", Choices: handlers},
				view.Field{Name: "content", Label: "重新抽取的理由", Hint: "其中有抽取过承办人的才要写。", Max: 200})
		case cases.DoDiscard:
			fields = append(fields, view.Field{Name: "confirm", Kind: view.Checkbox, Value: "1", Label: fmt.Sprintf("确定把这 %d 件列为无效件", len(ids)), Required: true})
		case cases.DoSupervise:
			fields = append(fields, view.Field{Name: "content", Kind: view.Textarea, Label: "督办要求", Hint: "每一件都写上，承办部门会看到，来信人看不到。", Required: true, Rows: 4})
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Path = "/desk/queue"
	p.Form = view.Form{Action: "/desk/jobs", CSRF: p.CSRF, Fields: fields, Buttons: []view.Button{{Text: fmt.Sprintf("开始办理 %d 件", len(ids))}},
		Hidden: []view.Hidden{{Name: "verb", Value: string(verb)}, {Name: "filter", Value: f.Get("filter")}, {Name: "which", Value: "ticked"}}}
	seen := make([]string, len(ids)) // now, whatever the filter finds later
	for i, id := range ids {
		seen[i] = strconv.FormatInt(id, 10)
	}
	p.Form.Hidden = append(p.Form.Hidden, view.Hidden{Name: "cases", Value: strings.Join(seen, ",")}, view.Hidden{Name: "submission_key", Value: or(f.Get("submission_key"), newKey())})
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// StartJob begins it.
func (d *Doors) StartJob(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	ids, filter, err := selection(f)
	if err != nil {
		return d.queuePage(c, 422, f, err)
	}
	verb, id := cases.Verb(f.Get("verb")), int64(0)
	p := cases.JobParams{Content: f.Get("content"), ByLot: f.Get("handler") == byLot}
	p.Department, _ = strconv.ParseInt(f.Get("department"), 10, 64) // 0 is no department, which the room says
	if h := f.Get("handler"); h != "" && !p.ByLot {
		if p.Handler, err = strconv.ParseInt(h, 10, 64); err != nil {
			err = fault.Form([]fault.Field{{Name: "handler", Message: "请从列表中选择承办人。"}})
		}
	}
	if verb == cases.DoDiscard && f.Get("confirm") == "" {
		err = fault.Form([]fault.Field{{Name: "confirm", Message: "请先勾选确认。"}})
	}
	if err == nil {
		id, err = d.house.Cases.StartJob(c.Std(), c.Actor, f.Get("submission_key"), verb, p, ids, filter)
	}
	return d.settled(c, err, fmt.Sprintf("/desk/jobs/%d", id), func(status int) error { return d.jobForm(c, status, f, err) })
}

var jobWords = map[string]string{"waiting": "等待开始", "running": "正在办理", "done": "已结束", "stopped": "已停止"}

// Jobs lists one's own jobs.
func (d *Doors) Jobs(c *door.Ctx) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	list, err := d.house.Cases.Jobs(c.Std(), c.Actor, before, pageRows+1)
	if err != nil {
		return err
	}
	p := view.RegisterPage{Heading: "成批办理", Up: view.Link{Text: "来件", Href: "/desk/queue"}, Lead: "您自己的，新的在前。", Columns: []string{"事项", "开始", "情况"}, Empty: "还没有成批办理过。请在来件列表里勾选来件，再选要办的事。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/jobs"
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = p.Path + query("before", strconv.FormatInt(list[pageRows-1].ID, 10))
	}
	for _, j := range list {
		p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, j.ID), Name: fmt.Sprintf("%s %d 件", j.Verb.Word(), j.Total),
			Cells: []view.RegisterCell{{Column: "开始", Text: door.Moment(j.At).String()}}, Standing: view.Due{Words: or(j.Why, jobWords[j.State])}})
	}
	return c.Render(200, p)
}

var itemWords = []struct{ state, word string }{{"refused", "没有办"}, {"done", "已办"}, {"waiting", "等待"}}

// Job shows how far a job is.
func (d *Doors) Job(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	state := c.Query("state")
	after, _ := strconv.Atoi(c.Query("after"))
	known := false
	for _, w := range itemWords {
		known = known || w.state == state
	}
	if !known {
		state = itemWords[0].state
	}
	j, counts, items, err := d.house.Cases.Job(c.Std(), c.Actor, id, state, after, pageRows+1)
	if err != nil {
		return err
	}
	left := counts["waiting"] + counts["trying"]
	p := view.RegisterPage{Heading: fmt.Sprintf("%s %d 件", j.Verb.Word(), j.Total), Up: view.Link{Text: "成批办理", Href: "/desk/jobs"}, Lead: or(j.Why, jobWords[j.State]) + fmt.Sprintf("，%d / %d", j.Total-left, j.Total),
		Columns: []string{"来件", "编号", "情况"}, Empty: "没有。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = fmt.Sprintf("/desk/jobs/%d", id)
	for _, w := range itemWords {
		n := counts[w.state]
		if w.state == "waiting" {
			n = left
		}
		p.Baskets = append(p.Baskets, view.Basket{Link: view.Link{Text: w.word, Href: p.Path + query("state", w.state)}, Count: view.Tally(n), Here: w.state == state, Alarm: w.state == "refused" && n > 0})
	}
	if len(items) > pageRows {
		items = items[:pageRows]
		p.Next = p.Path + query("state", state, "after", strconv.Itoa(items[pageRows-1].Place))
	}
	for _, x := range items {
		row := view.RegisterRow{Href: fmt.Sprintf("/desk/cases/%d", x.CaseID), Name: or(x.Title, "您不能查看的来件"), Cells: []view.RegisterCell{{Column: "编号", Text: view.Code(x.CaseNo).String()}}}
		switch x.State {
		case "done":
			row.Standing = view.Due{Words: "已办", Class: "good"}
		case "refused":
			row.Standing = view.Due{Words: "没有办", Class: "late"}
			row.Cells = append(row.Cells, view.RegisterCell{Column: "说明", Text: x.Message})
		default:
			row.Standing = view.Due{Words: "等待"}
		}
		p.Rows = append(p.Rows, row)
	}
	if state == "refused" {
		p.Columns = []string{"来件", "编号", "说明", "情况"}
	}
	if !j.Ended() {
		c.Set("Refresh", "3") // works without script
		p.Acts = []view.Act{{Name: "stop", Label: "停止", Lead: "已经办的不变，没有办的不再办。", Form: view.Form{Action: p.Path + "/stop", CSRF: p.CSRF, Buttons: []view.Button{{Text: "停止"}}}}}
	}
	return c.Render(200, p)
}

// StopJob ends a job.
func (d *Doors) StopJob(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	if _, err := c.Form(); err != nil {
		return err
	}
	if err := d.house.Cases.StopJob(c.Std(), c.Actor, id); err != nil {
		return err
	}
	return c.SeeOther(fmt.Sprintf("/desk/jobs/%d?done=job_stopped", id))
}
