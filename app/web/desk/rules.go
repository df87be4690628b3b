package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Rules lists the rules that were made or revised and enters new ones.
func (d *Doors) Rules(c *door.Ctx) error {
	return d.rulesPage(c, 200, func(*view.RegisterPage) {})
}

func (d *Doors) rulesPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	p := view.RegisterPage{Heading: "制度成果", Up: view.Link{Text: "台账", Href: "/desk/ledger"}, Columns: []string{"制度", "文号", "印发", "回应的问题", "状态"},
		Empty: "还没有登记过制度。整改中制定、修订的制度登记在这里，公开后公众能看到。"}
	err := d.register(c, &p, "/desk/ledger/rules", func(r *store.Reader, programme ledger.Programme) error {
		list, err := ledger.ListRules(r, programme.ID, true, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = p.Path + query("before", strconv.FormatInt(list[pageRows-1].ID, 10), "programme", chosen(c))
		}
		for _, x := range list {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%d%s", p.Path, x.ID, query("programme", chosen(c))), Name: x.Title, Standing: published(x.Published),
				Cells: []view.RegisterCell{{Column: "文号", Text: x.Number}, {Column: "印发", Text: x.Dated.String()}, {Column: "回应的问题", Text: codesOf(x)}}}
			if x.Revised {
				row.Marks = []string{"修订"}
			}
			p.Rows = append(p.Rows, row)
		}
		if c.Actor.Has(staff.RectificationOffice) {
			p.Acts = []view.Act{{Name: "add", Label: "登记一项制度", Form: view.Form{Action: p.Path + query("programme", chosen(c)), CSRF: p.CSRF,
				Fields: names("add", ruleFields(ledger.Rule{})...), Buttons: []view.Button{{Text: "登记"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

func published(yes bool) view.Due {
	if yes {
		return view.Due{Words: "已公开", Class: "good"}
	}
	return view.Due{Words: "没有公开", Class: "half"}
}

func codesOf(x ledger.Rule) string {
	var codes []string
	for _, p := range x.Problems {
		codes = append(codes, p.Code)
	}
	return strings.Join(codes, "、")
}

func ruleFields(x ledger.Rule) []view.Field {
	kind := "made"
	if x.Revised {
		kind = "revised"
	}
	return []view.Field{{Name: "title", Label: "制度名称", Value: x.Title, Required: true}, {Name: "number", Label: "文号", Value: x.Number, Width: "middle"},
		{Name: "kind", Kind: view.Radio, Label: "制定还是修订", Value: kind, Required: true, Choices: []view.Choice{{Value: "made", Text: "制定"}, {Value: "revised", Text: "修订"}}},
		{Name: "dated", Kind: "date", Label: "印发日期", Value: x.Dated.String(), Width: "middle"},
		{Name: "codes", Label: "回应的问题", Hint: "台账里的问题编号，用顿号隔开，比如 1-3、2-1。", Value: codesOf(x)},
		{Name: "body", Kind: view.Textarea, Label: "制度全文", Hint: "全文和链接至少填一项。", Value: x.Body, Rows: 8},
		{Name: "url", Label: "全文链接", Hint: "以 https:// 开头。", Value: x.URL},
		{Name: "published", Kind: view.Checkbox, Value: "1", Checked: x.Published, Label: "在公众网站公开"}}
}

func (d *Doors) ruleText(c *door.Ctx, f *door.Form) (ledger.RuleText, error) {
	x := ledger.RuleText{Title: f.Get("title"), Number: f.Get("number"), Body: f.Get("body"), URL: f.Get("url"), Revised: f.Get("kind") == "revised", Published: f.Get("published") != ""}
	var err error
	if x.Dated, err = dayOf(f, "dated", "印发日期"); err != nil {
		return x, err
	}
	x.Problems, err = d.problemsOf(c, f)
	return x, err
}

// AddRule enters a rule.
func (d *Doors) AddRule(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.addRule(c, f)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/rules/%d?done=rule", id), func(status int) error {
		return d.rulesPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "add", f, err) })
	})
}

func (d *Doors) addRule(c *door.Ctx, f *door.Form) (int64, error) {
	x, err := d.ruleText(c, f)
	if err != nil {
		return 0, err
	}
	programme, err := d.programme(c)
	if err != nil {
		return 0, err
	}
	return d.house.Ledger.AddRule(c.Std(), c.Actor, programme.ID, x)
}

// Rule shows a rule and changes it.
func (d *Doors) Rule(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.rulePage(c, 200, id, func(*view.RecordPage) {})
}

func (d *Doors) rulePage(c *door.Ctx, status int, id int64, change func(*view.RecordPage)) error {
	var p view.RecordPage
	err := c.Read(func(r *store.Reader) error {
		x, err := ledger.OpenRule(r, id, true)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, x.Title); err != nil {
			return err
		}
		p.Path, p.Up, p.Heading, p.Standing = fmt.Sprintf("/desk/ledger/rules/%d", id), view.Link{Text: "制度成果", Href: "/desk/ledger/rules"}, x.Title, published(x.Published)
		fact(&p.Texts, "全文", x.Body)
		kind := "制定"
		if x.Revised {
			kind = "修订"
		}
		p.Facts = []view.Answer{{Label: "类型", Value: kind}}
		fact(&p.Facts, "文号", x.Number)
		fact(&p.Facts, "印发", x.Dated.Chinese())
		p.Facts = append(p.Facts, view.Answer{Label: "最近修改", Value: door.Moment(x.At).String()})
		answers := view.RecordList{Heading: "回应的问题", Empty: "没有写明回应哪些问题。"}
		for _, y := range x.Problems {
			answers.Items = append(answers.Items, view.RecordItem{Code: y.Code, Text: y.Title, Href: fmt.Sprintf("/desk/ledger/problems/%d", y.ID)})
		}
		p.Lists = []view.RecordList{answers}
		if x.URL != "" {
			p.Links = []view.Link{{Text: "打开全文链接", Href: x.URL}}
		}
		if c.Actor.Has(staff.RectificationOffice) {
			p.Acts = []view.Act{{Name: "change", Label: "修改、公开", Form: view.Form{Action: p.Path + query("programme", chosen(c)), CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "version", Value: strconv.Itoa(x.Version)}},
				Fields: names("change", ruleFields(x)...), Buttons: []view.Button{{Text: "保存"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// ChangeRule stores what was changed of a rule.
func (d *Doors) ChangeRule(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.changeRule(c, f, id)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/rules/%d%s", id, query("done", "rule_changed", "programme", chosen(c))), func(status int) error {
		return d.rulePage(c, status, id, func(p *view.RecordPage) { p.Kept = showAgain(&p.Desk, p.Acts, "change", f, err) })
	})
}

func (d *Doors) changeRule(c *door.Ctx, f *door.Form, id int64) error {
	version, err := versionOf(f)
	if err != nil {
		return err
	}
	x, err := d.ruleText(c, f)
	if err != nil {
		return err
	}
	return d.house.Ledger.SetRule(c.Std(), c.Actor, id, version, x)
}

// versionOf reads which state of a record a form was made from.
func versionOf(f *door.Form) (int, error) {
	n, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return 0, fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
	}
	return n, nil
}
