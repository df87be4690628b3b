package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// AssignRules lists the rules by which departments are proposed.
func (d *Doors) AssignRules(c *door.Ctx) error {
	return d.assignRulesPage(c, 200, func(*view.RegisterPage) {})
}

func (d *Doors) assignRulesPage(c *door.Ctx, status int, change func(*view.RegisterPage)) error {
	p := view.RegisterPage{Heading: "分办规则", Lead: "分办时从上到下用第一条合适的，替分办员选好；由分办员确认，应当回避的部门跳过。", Columns: []string{"规则", "顺序", "最近修改", "情况"}, Empty: "还没有规则。没有规则时由分办员自己选部门。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/assignment"
		list, err := cases.AssignRules(r, true)
		if err != nil {
			return err
		}
		next := 10
		for _, x := range list {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: x.Says(), Standing: view.Due{Words: "在用", Class: "good"},
				Cells: []view.RegisterCell{{Column: "顺序", Text: strconv.Itoa(x.Place)}, {Column: "最近修改", Text: door.Moment(x.At).String() + " " + x.ActorName}}}
			if x.Retired {
				row.Standing = view.Due{Words: "已停用", Class: "half"}
			} else {
				next = x.Place + 10
			}
			p.Rows = append(p.Rows, row)
		}
		fields, err := assignFields(r, cases.AssignRule{Place: min(next, 999)})
		p.Acts = []view.Act{{Name: "add", Label: "增加一条", Form: view.Form{Action: p.Path, CSRF: p.CSRF, Fields: names("add", fields...), Buttons: []view.Button{{Text: "保存"}}}}}
		return err
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

func assignFields(r *store.Reader, x cases.AssignRule) ([]view.Field, error) {
	list, err := staff.Departments(r)
	kinds := []view.Choice{{Text: "各类"}}
	for _, k := range cases.Kinds {
		kinds = append(kinds, view.Choice{Value: string(k), Text: k.Word()})
	}
	departments := []view.Choice{{Text: "请选择"}}
	for _, u := range list {
		departments = append(departments, view.Choice{Value: strconv.FormatInt(u.ID, 10), Text: u.Name})
	}
	chosen := ""
	if x.DepartmentID != 0 {
		chosen = strconv.FormatInt(x.DepartmentID, 10)
	}
	return []view.Field{{Name: "place", Label: "顺序", Hint: "小的先用。", Value: strconv.Itoa(x.Place), Inputmode: "numeric", Required: true, Width: "short"},
		{Name: "kind", Kind: view.Select, Label: "类别", Value: string(x.Kind), Choices: kinds},
		{Name: "words", Label: "来件写到的词语", Hint: "用空格隔开，写到其中一个就算；不写就不看词语。", Value: x.Words, Max: 100},
		{Name: "department", Kind: view.Select, Label: "交哪个部门", Value: chosen, Choices: departments, Required: true},
		{Name: "draw", Kind: view.Checkbox, Value: "1", Checked: x.Draw, Label: "承办人随机抽取"}}, err
}

func assignRuleOf(f *door.Form) cases.AssignRule {
	place, _ := strconv.Atoi(f.Get("place"))
	department, _ := strconv.ParseInt(f.Get("department"), 10, 64)
	return cases.AssignRule{Place: place, Kind: cases.Kind(f.Get("kind")), Words: f.Get("words"), DepartmentID: department, Draw: f.Get("draw") != "", Retired: f.Get("retired") != ""}
}

// AddAssignRule stores a new one.
func (d *Doors) AddAssignRule(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = d.house.Cases.SaveAssignRule(c.Std(), c.Actor, assignRuleOf(f), 0)
	return d.settled(c, err, "/desk/assignment?done=assign_rule", func(status int) error {
		return d.assignRulesPage(c, status, func(p *view.RegisterPage) { p.Kept = showAgain(&p.Desk, p.Acts, "add", f, err) })
	})
}

// AssignRule shows one to be changed.
func (d *Doors) AssignRule(c *door.Ctx) error { return d.assignRule(c, 200, nil, nil) }

func (d *Doors) assignRule(c *door.Ctx, status int, f *door.Form, wrong error) error {
	return d.formPage(c, status, f, wrong, "分办规则", func(r *store.Reader, id int64, p *view.DeskFormPage) error {
		x, err := cases.AssignRuleByID(r, id)
		if err != nil {
			return err
		}
		fields, err := assignFields(r, x)
		p.Path, p.Heading, p.Lead = "/desk/assignment", "分办规则", x.Says()
		p.Form.Action, p.Form.Hidden, p.Form.Buttons = fmt.Sprintf("/desk/assignment/%d", id), versioned(x.Version), []view.Button{{Text: "保存"}}
		p.Form.Fields = append(fields, view.Field{Name: "retired", Kind: view.Checkbox, Value: "1", Checked: x.Retired, Label: "停用"})
		return err
	})
}

// ChangeAssignRule stores a new version.
func (d *Doors) ChangeAssignRule(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	x := assignRuleOf(f)
	x.ID = id
	seen, _ := strconv.Atoi(f.Get("version"))
	_, err = d.house.Cases.SaveAssignRule(c.Std(), c.Actor, x, seen)
	return d.settled(c, err, "/desk/assignment?done=assign_rule", func(status int) error { return d.assignRule(c, status, f, err) })
}

// Draw shows how chance chose a handler, and repeats it before the reader's eyes.
func (d *Doors) Draw(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	no, err := number(c.Params("no"))
	if err != nil {
		return err
	}
	x, err := d.house.Cases.Drawn(c.Std(), c.Actor, id, int(no))
	if err != nil {
		return err
	}
	lots, err := x.Lots()
	if err != nil {
		return err
	}
	again, err := x.Repeat()
	if err != nil {
		return err
	}
	p := view.RecordPage{Heading: fmt.Sprintf("第 %d 次抽取承办人", x.No), Up: view.Link{Text: "来件 " + x.CaseNo, Href: fmt.Sprintf("/desk/cases/%d", id)}, Lead: x.Department,
		Standing: view.Due{Words: "重算一致", Class: "good"}}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	if again != x.ChosenID {
		p.Standing = view.Due{Words: "重算不一致，请报告审计管理员", Class: "overdue"}
	}
	var total uint64
	for _, l := range lots {
		total += l.Weight
	}
	list := view.RecordList{Heading: "参加抽取的承办人", Lead: "机会和 1 ÷（手头未办完的件数 + 1）成正比。"}
	for _, l := range lots {
		item := view.RecordItem{Code: strconv.FormatInt(l.ID, 10), Text: l.Name, Note: fmt.Sprintf("手头 %d 件，权重 %d，机会 %.1f%%", l.Open, l.Weight, 100*float64(l.Weight)/float64(total))}
		if l.ID == x.ChosenID {
			item.Standing = view.Due{Words: "抽中", Class: "good"}
		}
		list.Items = append(list.Items, item)
	}
	p.Lists = []view.RecordList{list}
	p.Facts = []view.Answer{{Label: "时间", Value: door.Moment(x.At).String()}, {Label: "经办", Value: x.ActorName}, {Label: "方法", Value: x.Method}, {Label: "种子", Value: x.Seed}, {Label: "权重总和", Value: strconv.FormatUint(total, 10)}, {Label: "不参加的", Value: fmt.Sprintf("%d 人，应当回避", x.LeftOut)}}
	from := "用的是旧方法：种子由当时的程序随机产生，现在可以重算，但种子本身无法核对。"
	if x.Checkable() {
		signed := strings.SplitN(x.LogNote, "\n", 3)
		from = fmt.Sprintf("此件在公开日志里的序号是 %d。第一个写有此件的检查点共 %s 条，种子就是它的树根（下面第三行，换成十六进制）。它在收到此件后一两秒就定了，经办的人挑选不了；此件再抽几次，也还是它。\n\n%s", x.LogIndex, signed[min(1, len(signed)-1)], strings.TrimSpace(x.LogNote))
		p.Links = []view.Link{{Text: "此件在公开日志里的位置和证明", Href: fmt.Sprintf("/log/proof/%d", x.LogIndex)}, {Text: "公开日志是什么", Href: "/log/"}}
	}
	p.Texts = []view.Answer{{Label: "种子从哪里来", Value: from},
		{Label: "怎样重算", Value: "打开本页时已经重算过一次。要连同公开日志一起核对，请系统管理员在服务器上运行：\nportal assignment verify " + x.CaseNo +
			"\n\n自己算：把方法、种子、受理编号、第几次、下面“候选”一整行和序号 0 各占一行（每行后有换行），求 SHA-256，取前 8 个字节为一个数；超过权重总和的整数倍的，序号加 1 重来。除以权重总和的余数落在谁的权重里，就是谁。"},
		{Label: "候选", Value: x.Candidates}}
	if x.Reason != "" {
		p.Facts = append(p.Facts, view.Answer{Label: "重新抽取的理由", Value: x.Reason})
	}
	return c.Render(200, p)
}
