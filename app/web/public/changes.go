package public

import (
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Changes is the public history of a programme, by day, the newest first.
func (d *Doors) Changes(c *door.Ctx) error {
	slug := c.Query("programme")
	before, err := before(c)
	if err != nil {
		return err
	}
	p := view.ChangesPage{}
	return show(c, "整改变化", &p.Frame, &p, func(r *store.Reader) error {
		programme, err := ledger.FindProgramme(r, slug)
		if slug == "" && fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := ledger.Latest(r, programme.ID, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.More = at("/changes", programme, "before", strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		p.Round = round(programme)
		p.Feed, p.Subscribe = at("/feeds/progress.atom", programme), at("/subscribe", programme)
		for _, e := range list {
			// The day on which it was written here, so that the order holds; an
			// earlier day that it speaks of is in its words.
			on := door.Day(calendar.Of(e.At))
			if n := len(p.Days); n == 0 || p.Days[n-1].On != on {
				p.Days = append(p.Days, view.ChangedDay{On: on})
			}
			day := &p.Days[len(p.Days)-1]
			day.Changes = append(day.Changes, view.Change{Text: e.Text, Href: leads(programme, e), Note: e.Title})
		}
		return nil
	})
}
