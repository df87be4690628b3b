package public

import (
	"bytes"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Card is the figures as a picture that other sites of the court embed: it
// needs no script there, and shows what the home page shows.
func (d *Doors) Card(c *door.Ctx) error {
	var p view.CardPage
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Frame, err = c.FrameIn(r, "整改进展"); err != nil {
			return err
		}
		programme, err := ledger.FindProgramme(r, c.Query("programme"))
		if fault.Is(err, fault.NotFound) && c.Query("programme") == "" {
			return nil
		}
		if err != nil {
			return err
		}
		var home view.HomePage
		err = homeFigures(r, programme, &home)
		p.Figures, p.Fictional = home.Figures, programme.Demo
		return err
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := view.Render(&b, p); err != nil {
		return err
	}
	return c.Share("image/svg+xml; charset=utf-8", b.Bytes())
}
