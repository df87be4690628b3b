package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Mapping sets the announced problems beside the ledger's.
func (d *Doors) Mapping(c *door.Ctx) error {
	return d.mappingPage(c, 200, func(*view.RecordPage) {})
}

func (d *Doors) mappingPage(c *door.Ctx, status int, change func(*view.RecordPage)) error {
	p := view.RecordPage{Heading: "通报点名的问题对应台账", Up: view.Link{Text: "台账", Href: "/desk/ledger"},
		Lead: "一件事只计一次：公众看到的数是台账里的问题，通报点名的问题只对应过去。建议按用词相近程度给出，由您逐个确认。"}
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		p.Path = "/desk/ledger/mapping"
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) || err == nil && !programme.Ledger {
			p.Waiting = "台账还没有导入，没有可以对应的问题。先导入台账表格。"
			return nil
		}
		if err != nil {
			return err
		}
		m, err := ledger.OpenMapping(r, c.Actor, programme)
		if err != nil {
			return err
		}
		named, done := view.RecordList{Heading: "通报点名的问题", Empty: "没有公布过点名问题的通报。"}, 0
		for _, x := range m.Announced {
			if len(x.Linked) > 0 {
				done++
			}
			named.Items = append(named.Items, mappingItem(p, x, chosen(c)))
		}
		left := view.RecordList{Heading: "台账里没有被点名的问题", Lead: "通报没有逐一点名的问题会在这里，不一定要对应。", Empty: "台账里的问题都有通报点名。"}
		for _, x := range m.Unnamed {
			left.Items = append(left.Items, view.RecordItem{Code: x.Code, Text: x.Title, Href: fmt.Sprintf("/desk/ledger/problems/%d", x.ID)})
		}
		p.Lists = []view.RecordList{named, left}
		p.Facts = []view.Answer{{Label: "通报点名", Value: strconv.Itoa(len(m.Announced))}, {Label: "已经对应", Value: strconv.Itoa(done)}, {Label: "台账问题", Value: strconv.Itoa(m.Ledger)},
			{Label: "没有被点名", Value: strconv.Itoa(len(m.Unnamed))}}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

func mappingItem(p view.RecordPage, x ledger.Mapped, programme string) view.RecordItem {
	item := view.RecordItem{Code: "通报 " + x.Code, Text: x.Title, Standing: view.Due{Words: "没有对应", Class: "near"}}
	if len(x.Linked) > 0 {
		item.Standing = view.Due{Words: fmt.Sprintf("对应 %d 个", len(x.Linked)), Class: "good"}
	}
	var fields []view.Field
	var seen, titles []string
	add := func(y ledger.Likely, on bool) {
		hint := "用词相近程度 " + strconv.Itoa(y.Share) + "%"
		if !y.Same {
			hint += "，在另一个方面：" + y.Aspect
		}
		fields = append(fields, view.Field{Name: "problem_" + strconv.FormatInt(y.ID, 10), Kind: view.Checkbox, Value: "1", Checked: on, Label: y.Code + " " + y.Title, Hint: hint})
	}
	for _, y := range x.Linked {
		add(y, true)
		seen, titles = append(seen, strconv.FormatInt(y.ID, 10)), append(titles, y.Code+" "+y.Title)
	}
	for _, y := range x.Proposed {
		add(y, len(x.Linked) == 0 && y.Same && y.Share >= 60)
	}
	item.Note = strings.Join(titles, "；")
	fields = append(fields, view.Field{Name: "codes", Label: "还对应台账里的", Hint: "问题编号，用顿号隔开，比如 1-3、2-1。"})
	name := fmt.Sprintf("map-%d", x.ID)
	item.Act = &view.Act{Name: name, Label: "确认对应", Lead: "一个点名的问题可以对应台账里的几个；全部不选就是取消对应。", Form: view.Form{Action: fmt.Sprintf("%s/%d%s", p.Path, x.ID, query("programme", programme)), CSRF: p.CSRF,
		Hidden: []view.Hidden{{Name: "seen", Value: strings.Join(seen, ",")}}, Fields: names(name, fields...), Buttons: []view.Button{{Text: "确认对应"}}}}
	return item
}

// Map confirms what an announced problem stands for.
func (d *Doors) Map(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = d.mapped(c, f, id)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/mapping%s#map-%d", query("done", "mapped", "programme", chosen(c)), id), func(status int) error {
		return d.mappingPage(c, status, func(p *view.RecordPage) { againIn(p, fmt.Sprintf("map-%d", id), f, err) })
	})
}

func (d *Doors) mapped(c *door.Ctx, f *door.Form, id int64) error {
	var seen, problems []int64
	for _, v := range strings.FieldsFunc(f.Get("seen"), func(r rune) bool { return r == ',' }) {
		n, err := number(v)
		if err != nil {
			return err
		}
		seen = append(seen, n)
	}
	for _, name := range f.Names() {
		if v, ok := strings.CutPrefix(name, "problem_"); ok && f.Get(name) != "" {
			n, err := number(v)
			if err != nil {
				return err
			}
			problems = append(problems, n)
		}
	}
	more, err := d.problemsOf(c, f)
	if err != nil {
		return err
	}
	return d.house.Ledger.Map(c.Std(), c.Actor, id, seen, append(problems, more...))
}

// problemsOf reads the codes of ledger problems that were typed.
func (d *Doors) problemsOf(c *door.Ctx, f *door.Form) (ids []int64, err error) {
	codes := ledger.Departments(f.Get("codes"))
	if len(codes) > 200 {
		return nil, fault.Form([]fault.Field{{Name: "codes", Message: "编号太多，一次最多 200 个。"}})
	}
	err = c.Read(func(r *store.Reader) error {
		programme, err := programmeOf(c, r)
		if err != nil {
			return err
		}
		var unknown []string
		ids, unknown, err = ledger.ProblemIDs(r, programme, codes)
		if err == nil && len(unknown) > 0 {
			err = fault.Form([]fault.Field{{Name: "codes", Message: "台账里没有编号 " + strings.Join(unknown, "、") + " 的问题，请核对。"}})
		}
		return err
	})
	return ids, err
}

// againIn gives a form within a list of the page back what was typed, unfolded.
func againIn(p *view.RecordPage, name string, f *door.Form, err error) {
	for _, l := range p.Lists {
		for _, i := range l.Items {
			if i.Act != nil && i.Act.Name == name {
				i.Act.Open = true
				again(&p.Desk, &i.Act.Form, f, err)
				return
			}
		}
	}
	p.Kept = showAgain(&p.Desk, p.Acts, name, f, err)
}
