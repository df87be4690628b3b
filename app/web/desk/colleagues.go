package desk

import (
	"fmt"
	"strings"

	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Here keeps a case open for its reader, and says who else has it open.
func (d *Doors) Here(c *door.Ctx) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	if _, err := c.Form(); err != nil {
		return err
	}
	names, err := d.house.Cases.Here(c.Std(), c.Actor, id)
	if err != nil {
		return err
	}
	c.Set("Cache-Control", "no-store")
	return c.JSON(struct {
		Who string `json:"who"`
	}{strings.Join(names, "、")})
}

// Mentions lists the cases that colleagues ask one to look at.
func (d *Doors) Mentions(c *door.Ctx) error {
	list, err := d.house.Cases.Mentions(c.Std(), c.Actor)
	if err != nil {
		return err
	}
	p := view.RegisterPage{Heading: "提到我的", Up: view.Link{Text: "来件", Href: "/desk/queue"}, Lead: "同事在备注里请您看的，打开以后不再列在这里。", Columns: []string{"来件", "编号", "谁请您看", "时间"}, Empty: "现在没有。"}
	if p.Desk, err = d.frame(c, p.Heading); err != nil {
		return err
	}
	p.Path = "/desk/mentions"
	for _, m := range list {
		p.Rows = append(p.Rows, view.RegisterRow{Href: fmt.Sprintf("/desk/cases/%d", m.CaseID), Name: m.Title, Cells: []view.RegisterCell{{Column: "编号", Text: view.Code(m.CaseNo).String()}, {Column: "谁请您看", Text: m.ActorName}},
			Standing: view.Due{Words: door.Moment(m.At).String()}})
	}
	return c.Render(200, p)
}
