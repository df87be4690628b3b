package public

import (
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/announce"
	"mingjing/app/ledger"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Announcements lists what was announced.
func (d *Doors) Announcements(c *door.Ctx) error {
	p := view.AnnouncementsPage{}
	return show(c, "整改通报", &p.Frame, &p, func(r *store.Reader) (err error) {
		before, _ := strconv.ParseInt(c.Query("before"), 10, 64)
		list, err := ledger.Announcements(r, false, before, pageRows+1)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.More = fmt.Sprintf("/announcements?before=%d", list[pageRows-1].ID)
		}
		for _, a := range list {
			p.Announcements = append(p.Announcements, view.AnnouncementRow{Title: a.Title, Issuer: a.Issuer, Href: "/announcements/" + a.Slug, On: door.Day(a.Dated)})
		}
		return nil
	})
}

// Announcement shows the full text with its contents, and its figures beside the ledger's.
func (d *Doors) Announcement(c *door.Ctx) error {
	var p view.AnnouncementPage
	err := c.Read(func(r *store.Reader) error {
		a, err := ledger.FindAnnouncement(r, c.Params("slug"), false)
		if err != nil {
			return err
		}
		if p.Frame, err = c.FrameIn(r, a.Title); err != nil {
			return err
		}
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "整改通报", Href: "/announcements"}}
		compared, err := ledger.Reconcile(r, a)
		if err != nil {
			return err
		}
		programme, err := ledger.ProgrammeByID(r, a.ProgrammeID)
		Announced(&p, programme, a, compared)
		p.Log = historyOf("announcement", strconv.FormatInt(a.ID, 10))
		return err
	})
	if err != nil {
		return err
	}
	return c.Render(200, p)
}

// Announced fills the page of an announcement; the desk previews with it too.
func Announced(p *view.AnnouncementPage, programme ledger.Programme, a ledger.Announcement, compared []ledger.Comparison) {
	p.Heading, p.Issuer, p.On = a.Title, a.Issuer, door.Day(a.Dated)
	for _, x := range compared {
		p.Figures = append(p.Figures, view.StatedFigure{Label: x.Label, Stated: x.Value, Unit: x.Unit, AsOf: view.Day(x.AsOf), Ledger: x.Ledger, Note: x.Note})
	}
	var section *view.Section
	for _, b := range announce.Parse(a.Source).Blocks {
		switch {
		case b.Kind == announce.KindTitle || b.Kind == announce.KindDateline || b.Kind == announce.KindSignature || b.Kind == announce.KindDate:
		case b.Level > 0:
			p.Sections = append(p.Sections, view.Section{ID: b.Anchor, Level: min(b.Level+1, 4), Title: b.Text})
			section = &p.Sections[len(p.Sections)-1]
			if b.Kind == announce.KindProblem {
				section.Href = place(programme, strings.TrimPrefix(b.Anchor, "p"), true)
			}
			if b.Rest != "" {
				section.Paragraphs = append(section.Paragraphs, b.Rest)
			}
		case b.Kind == announce.KindClosing:
			p.Closing = append(p.Closing, b.Text)
		case section == nil:
			p.Preamble = append(p.Preamble, b.Text)
		default:
			section.Paragraphs = append(section.Paragraphs, b.Text)
		}
	}
}
