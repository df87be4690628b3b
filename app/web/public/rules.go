package public

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Rules is the register of rules beside the number that the announcement
// states; the main programme's, or that of ?programme=.
func (d *Doors) Rules(c *door.Ctx) error {
	slug := c.Query("programme")
	before, err := before(c)
	if err != nil {
		return err
	}
	p := view.RulesPage{}
	return show(c, "制度成果", &p.Frame, &p, func(r *store.Reader) error {
		programme, err := ledger.FindProgramme(r, slug)
		if slug == "" && fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, figures, ok, err := ledger.Stated(r, programme.ID)
		if err != nil {
			return err
		}
		if f := figures["rules"]; ok && f.Value > 0 {
			p.Stated, p.StatedOn = f.Value, view.Day(f.AsOf)
			p.Source = view.Link{Text: a.Title, Href: "/announcements/" + a.Slug}
		}
		if p.Total, err = ledger.CountRules(r, programme.ID); err != nil {
			return err
		}
		list, err := ledger.ListRules(r, programme.ID, false, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.More = at("/rules", programme, "before", strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		for _, x := range list {
			p.Rules = append(p.Rules, ruleRow(programme, x))
		}
		return nil
	})
}

func ruleRow(programme ledger.Programme, x ledger.Rule) view.RuleRow {
	row := view.RuleRow{Title: x.Title, Href: fmt.Sprintf("/rules/%d", x.ID), Number: x.Number, Revised: x.Revised, On: door.Day(x.Dated)}
	for _, y := range x.Problems {
		row.Problems = append(row.Problems, view.Link{Text: y.Code + " " + y.Title, Href: place(programme, y.Code, y.Announced)})
	}
	return row
}

// Rule is one rule: its text, or where the text is found.
func (d *Doors) Rule(c *door.Ctx) error {
	var p view.RulePage
	id, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "没有这项制度。请从制度成果页查找。")
	}
	err = c.Read(func(r *store.Reader) error {
		x, err := ledger.OpenRule(r, id, false)
		if err != nil {
			return err
		}
		programme, err := ledger.ProgrammeByID(r, x.ProgrammeID)
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, x.Title); err != nil {
			return err
		}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "制度成果", Href: at("/rules", programme)}}
		p.Rule = ruleRow(programme, x)
		p.Elsewhere, p.Log = x.URL, historyOf("rule", strconv.FormatInt(x.ID, 10))
		for line := range strings.Lines(x.Body) {
			if line = strings.TrimSpace(line); line != "" {
				p.Paragraphs = append(p.Paragraphs, line)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// before is the key of a page of a list that goes back in time; 0 for the first.
func before(c *door.Ctx) (int64, error) {
	v := c.Query("before")
	if v == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.Malformed, "地址不完整，请从第一页重新打开。")
	}
	return n, nil
}

// at is a page about a programme, with more of its query in pairs; what is
// about the main programme does not name it.
func at(path string, p ledger.Programme, pairs ...string) string {
	v := url.Values{}
	if !p.Main {
		v.Set("programme", p.Slug)
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}
