package public

import (
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Rules is the register of rules; until the ledger holds it, it says what the
// announcement states and no more.
func (d *Doors) Rules(c *door.Ctx) error {
	p := view.RulesPage{}
	return show(c, "制度成果", &p.Frame, &p, func(r *store.Reader) (err error) {
		programme, err := ledger.Main(r)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, figures, ok, err := ledger.Stated(r, programme.ID)
		if f := figures["rules"]; ok && f.Value > 0 {
			p.Stated, p.StatedOn = f.Value, view.Day(f.AsOf)
			p.Source = view.Link{Text: a.Title, Href: "/announcements/" + a.Slug}
		}
		return err
	})
}
