package desk

import (
	"fmt"
	"strconv"

	"mingjing/app/cases"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Interferences lists who asked about cases, as far as the reader may know.
func (d *Doors) Interferences(c *door.Ctx) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	list, err := d.house.Cases.Interferences(c.Std(), c.Actor, before, pageRows+1)
	if err != nil {
		return err
	}
	f, err := d.frame(c, "过问登记")
	if err != nil {
		return err
	}
	p := view.RegisterPage{Desk: f, Heading: "过问登记", Lead: "谁在程序之外问过哪一件；登记后不能修改、不能删除", Columns: []string{"来件", "过问人", "日期", "方式", "登记人"},
		Empty: "没有登记。有人过问来件的，在那一件的页面登记。"}
	p.Path = "/desk/interference"
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = p.Path + query("before", strconv.FormatInt(list[pageRows-1].ID, 10))
	}
	for _, x := range list {
		p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("%s/%d", p.Path, x.ID), Name: view.Code(x.CaseNo).String() + " " + x.Title, Standing: view.Due{Words: x.ActorName},
			Cells: []view.RegisterCell{{Column: "过问人", Text: x.Person}, {Column: "日期", Text: x.HappenedOn.String()}, {Column: "方式", Text: x.Way.Word()}}})
	}
	return c.Render(200, p)
}

// Interference shows one record.
func (d *Doors) Interference(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	x, err := d.house.Cases.Interference(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	f, err := d.frame(c, "过问登记")
	if err != nil {
		return err
	}
	p := view.RecordPage{Desk: f, Up: view.Link{Text: "过问登记", Href: "/desk/interference"}, Heading: "关于来件 " + view.Code(x.CaseNo).String() + " 的过问",
		Facts: []view.Answer{{Label: "来件", Value: x.Title}, {Label: "过问人", Value: x.Person}, {Label: "单位和身份", Value: x.Unit}, {Label: "日期", Value: x.HappenedOn.Chinese()},
			{Label: "方式", Value: x.Way.Word()}, {Label: "登记", Value: x.ActorName + "，" + door.Moment(x.At).String()}}}
	fact(&p.Texts, "过问的内容", x.Content)
	return c.Render(200, p)
}

// interfered takes a record of who asked about a case.
func (d *Doors) interfered(c *door.Ctx, f *door.Form, id int64) error {
	x := cases.Interference{Person: f.Get("person"), Unit: f.Get("unit"), Way: cases.Way(f.Get("way")), Content: f.Get("content")}
	var err error
	if x.HappenedOn, err = dayOf(f, "happened_on", "过问的日期"); err != nil {
		return err
	}
	return d.house.Cases.RecordInterference(c.Std(), c.Actor, id, x)
}

// interfere is the form for it.
func (p *casePage) interfere(form maker) {
	var ways []view.Choice
	for _, w := range cases.Ways {
		ways = append(ways, view.Choice{Value: string(w), Text: w.Word()})
	}
	p.Acts = append(p.Acts, view.Act{Name: string(cases.DoInterfere), Label: "过问登记", Lead: "有人在程序之外向您打听、说情、批转的，如实登记。只有纪检专员、督办员和您自己能看到内容。",
		Form: form(string(cases.DoInterfere), "登记", view.Field{Name: "person", Label: "过问人", Required: true, Width: "middle", Autocomplete: "off"},
			view.Field{Name: "unit", Label: "单位和身份", Hint: "比如：某局副局长、当事人的亲属。", Required: true, Autocomplete: "off"},
			view.Field{Name: "happened_on", Kind: "date", Label: "日期", Required: true, Width: "middle"},
			view.Field{Name: "way", Kind: view.Radio, Label: "方式", Required: true, Choices: ways},
			view.Field{Name: "content", Kind: view.Textarea, Label: "过问的内容", Hint: "原话或者大意，以及您怎样答复的。", Required: true, Rows: 4})})
}
