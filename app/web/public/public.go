// Package public is the citizen's side of the site: reading, submitting,
// tracking. Every page works without JavaScript and without an account.
//
// Each door binds the form, makes one call into a room (or reads one snapshot)
// and renders. It trusts the rooms for what may be shown. It must never put a
// code, a contact detail or a case's text into an address; the links in mails to
// subscribers hold a token of their own.
package public

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
	"mingjing/static"
)

// Doors is the citizen's doors.
type Doors struct{ house *door.House }

// New opens them.
func New(h *door.House) *Doors { return &Doors{h} }

// show reads one snapshot into page, whose frame is f, and renders it.
func show(c *door.Ctx, title string, f *view.Frame, page view.Page, read func(*store.Reader) error) error {
	err := c.Read(func(r *store.Reader) (err error) {
		if *f, err = c.FrameIn(r, title); err != nil {
			return err
		}
		f.Crumbs = []view.Link{{Text: "首页", Href: "/"}}
		return read(r)
	})
	if err != nil {
		return err
	}
	return c.Render(200, page)
}

// Healthz says that the process answers.
func (d *Doors) Healthz(c *door.Ctx) error { return c.SendString("ok\n") }

// Readyz says that the database answers, its schema is current and the first
// start is over.
func (d *Doors) Readyz(c *door.Ctx) error {
	if !d.house.Ready() {
		return c.Status(fiber.StatusServiceUnavailable).SendString("starting\n")
	}
	if err := c.Read(func(r *store.Reader) error { _, err := r.Revision(); return err }); err != nil {
		return c.Status(fiber.StatusServiceUnavailable).SendString("database does not answer\n")
	}
	return c.SendString("ready\n")
}

// Static serves the site's own files, for ever under their fingerprint.
func (d *Doors) Static(c *door.Ctx) error {
	path := c.Path()
	body, kind, immutable, ok := static.Asset(path)
	if !ok {
		return fault.New(fault.NotFound, "没有这个文件。")
	}
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	for _, encoding := range []string{"br", "gzip"} {
		if strings.Contains(c.Get(fiber.HeaderAcceptEncoding), encoding) {
			if small, ok := static.Encoded(path, encoding); ok {
				c.Set(fiber.HeaderContentEncoding, encoding)
				body = small
				break
			}
		}
	}
	return c.Send(body)
}

// Favicon is the icon at the address that browsers guess.
func (d *Doors) Favicon(c *door.Ctx) error {
	return c.Redirect(static.Path("img/icon.svg"), fiber.StatusFound)
}

// Robots lets search engines read what is public and nothing else.
func (d *Doors) Robots(c *door.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	return c.SendString("User-agent: *\nDisallow: /desk\nDisallow: /track\nDisallow: /captcha\nDisallow: /submit/\nDisallow: /subscri\n")
}

// editionLife is how long the choice of edition is kept.
const editionLife = 365 * 24 * time.Hour

// Edition switches large print and high contrast and goes back. The cookie says
// nothing about its owner but how they like to read.
func (d *Doors) Edition(c *door.Ctx) error {
	large, contrast := c.Edition()
	switch c.Query("size") {
	case "large":
		large = true
	case "normal":
		large = false
	}
	switch c.Query("contrast") {
	case "high":
		contrast = true
	case "normal":
		contrast = false
	}
	value := ""
	if large {
		value += "l"
	}
	if contrast {
		value += "c"
	}
	c.SetCookie(door.EditionCookie, value, editionLife)
	return c.SeeOther(door.Here(c.Query("back")))
}
