package desk

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var roundWords = map[string]string{"open": "进行中", "ended": "已结束"}

// inspectors may plan and judge; the room decides.
var inspectors = []staff.Role{staff.RectificationOffice, staff.DisciplineOfficer, staff.Supervisor}

// Lookbacks lists the rounds of looking back and plans a new one.
func (d *Doors) Lookbacks(c *door.Ctx) error {
	return d.roundsPage(c, 200, func(*view.RoundsPage) {})
}

func (d *Doors) roundsPage(c *door.Ctx, status int, change func(*view.RoundsPage)) error {
	var p view.RoundsPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "回头看"); err != nil {
			return err
		}
		p.Path = "/desk/ledger/lookbacks"
		programme, err := programmeOf(c, r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := ledger.Lookbacks(r, c.Actor, programme.ID, 100)
		if err != nil {
			return err
		}
		for _, x := range list {
			scope := "全部已销号措施"
			if x.Sample > 0 {
				scope = fmt.Sprintf("抽查 %d 条", x.Sample)
			}
			p.Rows = append(p.Rows, view.RoundRow{Href: fmt.Sprintf("/desk/ledger/lookbacks/%d", x.ID), Title: x.Title, State: roundWords[x.State], Scope: scope,
				From: door.Day(x.FromOn), To: door.Day(x.ToOn), Open: x.State == "open"})
		}
		if holds(c.Actor, inspectors) {
			p.Acts = []view.Act{{Name: "plan", Label: "安排一次回头看", Lead: "从已经销号的措施里抽取。抽样由种子决定，别人能重算。", Form: view.Form{Action: p.Path + query("programme", chosen(c)), CSRF: p.CSRF,
				Fields: names("plan", view.Field{Name: "title", Label: "名称", Required: true}, view.Field{Name: "from", Kind: "date", Label: "开始", Required: true, Width: "middle"},
					view.Field{Name: "to", Kind: "date", Label: "结束", Required: true, Width: "middle"},
					view.Field{Name: "sample", Label: "抽查几条", Hint: "不填就是全部。", Width: "short", Inputmode: "numeric"},
					view.Field{Name: "seed", Label: "抽样种子", Hint: "抽查时必填，比如当天公布的彩票号码。", Width: "middle"}),
				Buttons: []view.Button{{Text: "开始回头看"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// PlanLookback begins a round.
func (d *Doors) PlanLookback(c *door.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	id, err := d.plan(c, f)
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/lookbacks/%d?done=lookback", id), func(status int) error {
		return d.roundsPage(c, status, func(p *view.RoundsPage) { showAgain(&p.Desk, p.Acts, "plan", f, err) })
	})
}

func (d *Doors) plan(c *door.Ctx, f *door.Form) (int64, error) {
	l := ledger.Lookback{Title: f.Get("title"), Seed: f.Get("seed")}
	var err error
	if l.FromOn, err = dayOf(f, "from", "开始日期"); err != nil {
		return 0, err
	}
	if l.ToOn, err = dayOf(f, "to", "结束日期"); err != nil {
		return 0, err
	}
	if v := typed.Line(f.Get("sample")); v != "" {
		if l.Sample, err = strconv.Atoi(v); err != nil {
			return 0, fault.Form([]fault.Field{{Name: "sample", Message: "抽查数量请填数字，比如 30。"}})
		}
	}
	var programme ledger.Programme
	if err := c.Read(func(r *store.Reader) (err error) { programme, err = programmeOf(c, r); return err }); err != nil {
		return 0, err
	}
	return d.house.Ledger.PlanLookback(c.Std(), c.Actor, programme.ID, l)
}

// Lookback shows one round.
func (d *Doors) Lookback(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.roundPage(c, 200, id, func(*view.RoundPage) {})
}

var resultWords = map[string][2]string{"pending": {"待核实", "half"}, "confirmed": {"成果保持", "good"}, "reopened": {"重新打开", "overdue"}}

func (d *Doors) roundPage(c *door.Ctx, status int, id int64, change func(*view.RoundPage)) error {
	after, _ := strconv.ParseInt(c.Query("after"), 10, 64)
	var p view.RoundPage
	err := c.Read(func(r *store.Reader) error {
		x, err := ledger.OpenRound(r, c.Actor, id, after, pageRows+1)
		if err != nil {
			return err
		}
		if p.Desk, err = d.frameIn(c, r, x.Title); err != nil {
			return err
		}
		p.Path = fmt.Sprintf("/desk/ledger/lookbacks/%d", id)
		p.Heading, p.State = x.Title, roundWords[x.State]
		p.Facts = []view.Answer{{Label: "时间", Value: x.FromOn.Chinese() + "至" + x.ToOn.Chinese()}, {Label: "安排人", Value: x.By.ActorName},
			{Label: "待核实", Value: strconv.Itoa(x.Counts["pending"])}, {Label: "成果保持", Value: strconv.Itoa(x.Counts["confirmed"])}, {Label: "重新打开", Value: strconv.Itoa(x.Counts["reopened"])}}
		fact(&p.Facts, "抽样种子", x.Seed)
		if len(x.Items) > pageRows {
			x.Items = x.Items[:pageRows]
			p.Next = fmt.Sprintf("%s?after=%d", p.Path, x.Items[pageRows-1].ID)
		}
		may := holds(c.Actor, inspectors)
		for _, i := range x.Items {
			words := resultWords[i.Result]
			row := view.RoundItemRow{Href: fmt.Sprintf("/desk/ledger/measures/%d", i.MeasureID), Code: i.Code, Text: i.Title, Result: words[0], Class: words[1], Finding: i.Finding}
			if may && i.Result == "pending" {
				name := fmt.Sprintf("judge-%d", i.ID)
				row.Judge = &view.Act{Name: name, Label: "记录结论", Form: view.Form{Action: p.Path + "/judge", CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "item", Value: strconv.FormatInt(i.ID, 10)}},
					Fields: names(name, view.Field{Name: "holds", Kind: view.Radio, Label: "结论", Required: true, Choices: []view.Choice{{Value: "yes", Text: "成果保持"}, {Value: "no", Text: "有问题，重新打开"}}},
						view.Field{Name: "finding", Kind: view.Textarea, Label: "发现的情况", Required: true, Rows: 3}), Buttons: []view.Button{{Text: "保存结论"}}}}
			}
			p.Items = append(p.Items, row)
		}
		if may && x.State == "open" && x.Counts["pending"] == 0 {
			p.Acts = []view.Act{{Name: "end", Form: view.Form{Action: p.Path + "/end", CSRF: p.CSRF, Buttons: []view.Button{{Text: "结束这次回头看"}}}}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	change(&p)
	return c.Render(status, p)
}

// DoLookback judges one item, or ends the round.
func (d *Doors) DoLookback(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	switch c.Params("act") {
	case "judge":
		err = d.judge(c, f)
	case "end":
		err = d.house.Ledger.EndLookback(c.Std(), c.Actor, id)
	default:
		return errNothing
	}
	return d.settled(c, err, fmt.Sprintf("/desk/ledger/lookbacks/%d?done=%s", id, c.Params("act")), func(status int) error {
		return d.roundPage(c, status, id, func(p *view.RoundPage) {
			for _, i := range p.Items {
				if i.Judge != nil && strings.HasSuffix(i.Judge.Name, "-"+f.Get("item")) {
					i.Judge.Open = true
					again(&p.Desk, &i.Judge.Form, f, err)
					return
				}
			}
			again(&p.Desk, nil, f, err)
		})
	})
}

func (d *Doors) judge(c *door.Ctx, f *door.Form) error {
	item, err := number(f.Get("item"))
	if err != nil {
		return err
	}
	holds, err := yes(f, "holds", "请选择结论。")
	if err != nil {
		return err
	}
	return d.house.Ledger.Judge(c.Std(), c.Actor, item, holds, f.Get("finding"))
}
