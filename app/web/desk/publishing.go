package desk

import (
	"fmt"
	"strconv"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var publicationClass = map[string]string{"proposed": "near", "published": "good"}

// Publishing lists proposals and published replies.
func (d *Doors) Publishing(c *door.Ctx) error {
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
	list, err := d.house.Cases.Publications(c.Std(), c.Actor, before, pageRows+1)
	if err != nil {
		return err
	}
	f, err := d.frame(c, "选登")
	if err != nil {
		return err
	}
	p := view.PublishingPage{Desk: f, Draft: c.Actor.Has(staff.RectificationOffice)}
	if len(list) > pageRows {
		list = list[:pageRows]
		p.Next = fmt.Sprintf("/desk/publishing?before=%d", list[pageRows-1].ID)
	}
	for _, x := range list {
		p.Rows = append(p.Rows, view.PublishingRow{Href: fmt.Sprintf("/desk/publishing/%d", x.ID), Heading: x.Title, Kind: x.Kind.Word(), Unit: x.Unit,
			State: publicationWords[x.State], Class: publicationClass[x.State], Answered: door.Day(x.AnsweredOn), Mine: x.ProposedBy == c.Actor.ID})
	}
	return c.Render(200, p)
}

// Publication shows one proposal to its second reviewer.
func (d *Doors) Publication(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	return d.publicationPage(c, 200, id, func(*view.PublicationPage) {})
}

func (d *Doors) publicationPage(c *door.Ctx, status int, id int64, change func(*view.PublicationPage)) error {
	x, err := d.house.Cases.Publication(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	var p view.PublicationPage
	var who, reviewer string
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, x.Title); err != nil {
			return err
		}
		if who, err = personName(r, x.ProposedBy); err != nil {
			return err
		}
		reviewer, err = personName(r, x.ReviewedBy)
		return err
	})
	if err != nil {
		return err
	}
	p.Path = fmt.Sprintf("/desk/publishing/%d", id)
	p.Heading, p.State, p.Question, p.Answer = x.Title, publicationWords[x.State], x.Question, x.Answer
	p.Facts = []view.Answer{{Label: "类别", Value: x.Kind.Word()}, {Label: "答复单位", Value: x.Unit}, {Label: "收到", Value: x.AskedOn.Chinese()},
		{Label: "答复", Value: x.AnsweredOn.Chinese()}, {Label: "提出人", Value: who}}
	for _, f := range []view.Answer{{Label: "复核人", Value: reviewer}, {Label: "公开", Value: x.PublishedOn.Chinese()}, {Label: "理由", Value: x.Note}} {
		if f.Value != "" {
			p.Facts = append(p.Facts, f)
		}
	}
	form := func(act, button string, fields ...view.Field) view.Form {
		return view.Form{Action: fmt.Sprintf("/desk/publishing/%d/%s", id, act), CSRF: p.CSRF, Hidden: []view.Hidden{{Name: "version", Value: strconv.Itoa(x.Version)}},
			Fields: names(act, fields...), Buttons: []view.Button{{Text: button}}}
	}
	note := func(label string) view.Field {
		return view.Field{Name: "note", Kind: view.Textarea, Label: label, Required: true, Rows: 3}
	}
	switch {
	case x.State == "proposed" && x.ProposedBy == c.Actor.ID:
		p.Waiting = "这份选登是您提出的，要由另一位公开审核员复核。"
	case x.State == "proposed":
		var checks []view.Field
		for _, e := range cases.Exclusions {
			checks = append(checks, view.Field{Name: "confirm_" + e.Name, Kind: view.Checkbox, Value: "1", Label: e.Label})
		}
		p.Acts = append(p.Acts, view.Act{Name: "publish", Label: "公开", Lead: "逐项核对后勾选。有一项不能确认，就不要公开。", Open: true, Form: form("publish", "公开这份答复", checks...)},
			view.Act{Name: "refuse", Label: "不予选登", Form: form("refuse", "不予选登", note("理由"))})
	case x.State == "published":
		p.Acts = append(p.Acts, view.Act{Name: "withdraw", Label: "撤下", Lead: "撤下后公众网站不再显示。公开日志里留着原文和撤下的理由，任何人都能看到，所以理由里不要写个人信息。", Form: form("withdraw", "从公众网站撤下", note("理由（公开）"))})
	case x.State == "withdrawn":
		p.Waiting = "这份选登已经撤下，可以在来件页面重新提出。公开日志里还看得到原文；里面有依法不能再公开的，请督办员依决定撤除。"
		p.Expunge = expungeLink(c.Actor, id)
	default:
		p.Waiting = "这份选登已经处理完。可以在来件页面重新提出。"
	}
	change(&p)
	return c.Render(status, p)
}

// ReviewPublication publishes, refuses or withdraws.
func (d *Doors) ReviewPublication(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return fault.New(fault.Malformed, "表单不完整，没有办理。请返回刷新页面后再试。")
	}
	act, done := c.Params("act"), ""
	switch act {
	case "publish":
		var confirmed []string
		var missing []fault.Field
		for _, e := range cases.Exclusions {
			if f.Get("confirm_"+e.Name) != "" {
				confirmed = append(confirmed, e.Name)
			} else {
				missing = append(missing, fault.Field{Name: "confirm_" + e.Name, Message: "请核对“" + e.Label + "”，确认后勾选；不能确认就不要公开。"})
			}
		}
		if done, err = "published", fault.Form(missing); err == nil {
			err = d.house.Cases.ReviewPublication(c.Std(), c.Actor, id, version, true, confirmed, "")
		}
	case "refuse":
		done, err = "unpublished", d.house.Cases.ReviewPublication(c.Std(), c.Actor, id, version, false, nil, f.Get("note"))
	case "withdraw":
		done, err = "withdrawn", d.house.Cases.WithdrawPublication(c.Std(), c.Actor, id, version, f.Get("note"))
	default:
		return errNothing
	}
	if fault.Is(err, fault.Invalid) {
		return d.publicationPage(c, 422, id, func(p *view.PublicationPage) { reopen(&p.Desk, p.Acts, act, f, err) })
	}
	if err != nil {
		return err
	}
	return c.SeeOther(fmt.Sprintf("/desk/publishing/%d?done=%s", id, done))
}

// reopen unfolds the act whose form was sent, with what was typed and what is wrong.
func reopen(d *view.Desk, acts []view.Act, name string, f *door.Form, wrong error) {
	for i := range acts {
		if acts[i].Name == name {
			acts[i].Open = true
			again(d, &acts[i].Form, f, wrong)
			return
		}
	}
	again(d, nil, f, wrong)
}
