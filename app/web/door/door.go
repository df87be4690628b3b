// Package door is what every door needs: a request with its frame, its form
// and its session; rendering; the page cache; protection against forged and
// excessive requests.
//
// A door binds the form, makes one call into a room, and renders or redirects.
// This package trusts the rooms for every decision and the browser for
// nothing. It must never log an address, a cookie, a query or a form's text.
package door

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/courier"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/subscription"
	"mingjing/app/web/view"
)

// House is the rooms and settings that the doors open on.
type House struct {
	Config        config.Config
	DB            *store.DB
	Staff         *staff.Service
	Ledger        *ledger.Service
	Cases         *cases.Service
	Reports       *reports.Service
	Subscriptions *subscription.Service
	Stats         *stats.Service
	Log           *logbook.Book
	Outbox        *courier.Outbox
	Pages         *Cache
	Limits        *Limits
	csrf          seal.Key
	Ready         func() bool // everything that readyz promises is done
}

// NewHouse prepares what the doors share.
func NewHouse(h House, pepper seal.Pepper) *House {
	h.csrf = pepper.Key("csrf")
	h.Pages = NewCache(h.DB, h.cookieName(EditionCookie))
	h.Limits = NewLimits(h.Config.Rate, pepper.Key("limits"))
	return &h
}

// Ctx is one request at a door.
type Ctx struct {
	*fiber.Ctx
	House   *House
	Actor   staff.Actor   // zero outside the desk
	Token   string        // the session cookie at the desk
	From    func() string // a name for the visitor's address that lasts a day and leads back to nobody
	form    *Form
	refused *Form // what a form held whose token was wrong; only to be shown again
}

// Handler is a door's action.
type Handler func(*Ctx) error

// Std is the request's context: cancelled when its time is over.
func (c *Ctx) Std() context.Context { return c.UserContext() }

// Read runs f in a read-only transaction.
func (c *Ctx) Read(f func(*store.Reader) error) error { return c.House.DB.Read(c.Std(), f) }

// Cookie names carry __Host- where the site is served by https.
func (h *House) cookieName(name string) string {
	if h.Config.Secure() {
		return "__Host-" + name
	}
	return name
}

// SetCookie sets a cookie for this site alone, unreadable for scripts.
func (c *Ctx) SetCookie(name, value string, life time.Duration) {
	k := &fiber.Cookie{Name: c.House.cookieName(name), Value: value, Path: "/", HTTPOnly: true,
		Secure: c.House.Config.Secure(), SameSite: fiber.CookieSameSiteLaxMode}
	switch {
	case value == "":
		k.MaxAge = -1
		k.Expires = c.House.DB.Now().Add(-24 * time.Hour)
	case life > 0:
		k.MaxAge = int(life / time.Second)
	default:
		k.SessionOnly = true
	}
	c.Cookie(k)
}

// GetCookie reads one of this site's cookies.
func (c *Ctx) GetCookie(name string) string { return c.Cookies(c.House.cookieName(name)) }

// Edition is how the visitor wants to read.
func (c *Ctx) Edition() (large, contrast bool) { return edition(c.GetCookie(EditionCookie)) }

func edition(cookie string) (large, contrast bool) {
	return strings.Contains(cookie, "l"), strings.Contains(cookie, "c")
}

// Site is what settings say about the court, for the frame of a page.
func Site(s settings.Site, baseURL string) view.Site {
	v := view.Site{Court: s.Court, Name: s.Name, Tagline: s.Tagline, BaseURL: baseURL,
		Contacts: view.Contacts{Phone: s.Hotline, Hours: s.Hours, Address: s.Address, Postcode: s.Postcode, Website: s.Website, Email: s.Email}}
	for _, m := range []view.Mark{{Label: "主办单位", Text: s.Host}, {Label: "ICP备案", Text: s.ICP, Href: "https://beian.miit.gov.cn/"},
		{Label: "公安备案", Text: s.Police}, {Label: "网站标识码", Text: s.SiteCode}} {
		if m.Text != "" {
			v.Marks = append(v.Marks, m)
		}
	}
	return v
}

// Frame is the frame of a page with this title.
func (c *Ctx) Frame(title string) (view.Frame, error) {
	if g := c.House.Pages.current(c.Std()); g.revision != 0 {
		return c.frame(g.around, title), nil
	}
	var f view.Frame
	err := c.Read(func(r *store.Reader) (err error) {
		f, err = c.FrameIn(r, title)
		return err
	})
	return f, err
}

// FrameIn is Frame inside a transaction that the door has already begun.
func (c *Ctx) FrameIn(r *store.Reader, title string) (view.Frame, error) {
	if g := c.House.Pages.fresh.Load(); g.revision != 0 {
		return c.frame(g.around, title), nil
	}
	s, err := readSurroundings(r)
	return c.frame(s, title), err
}

func (c *Ctx) frame(s surroundings, title string) view.Frame {
	f := view.Frame{Site: Site(s.site, c.House.Config.BaseURL), Title: title, Path: c.OriginalURL(), Today: Day(calendar.Of(c.House.DB.Now()))}
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		f.Path = c.Path()
	}
	f.Large, f.Contrast = c.Edition()
	if s.demo {
		f.Banner = demoBanner
	}
	if s.trial {
		f.Banner += trialBanner
	}
	return f
}

// demoBanner says on every page that what it shows is invented.
const demoBanner = "演示：台账和来件都是虚构的示例，不是真实情况。"

// trialBanner says on every page that accounts are for trial.
const trialBanner = "试用：工作人员帐号是自动生成的试用帐号。正式启用前请在工作台停用试用帐号。"

// Day turns a civil date into the view's.
func Day(d calendar.Date) view.Day { return view.Day(d.String()) }

// Moment turns an instant into the view's, in Shanghai time.
func Moment(t time.Time) view.Moment { return view.Moment{Time: t.In(calendar.Shanghai)} }

// Render sends a page.
func (c *Ctx) Render(status int, p view.Page) error {
	c.Response().ResetBody()
	if err := view.Render(c.Response().BodyWriter(), p); err != nil {
		return err
	}
	c.private(status)
	return nil
}

func (c *Ctx) private(status int) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Status(status)
}

// RenderFilled sends a page that is the same for everybody but for a few
// words. It is made once, with gaps, for each generation, edition and key; like
// what page does, the key must say all that the page depends on.
func (c *Ctx) RenderFilled(title string, key any, page func(f view.Frame, words []string) view.Page, words ...string) error {
	g := c.House.Pages.current(c.Std())
	if g.revision != 0 {
		m, err := g.mould(key, c.frame(g.around, title), page, len(words))
		if err == nil {
			c.Response().SetBodyRaw(m.Fill(words...))
			c.private(fiber.StatusOK)
			return nil
		}
		// The site's own texts hold such a character: made as any other page.
	}
	f, err := c.Frame(title)
	if err != nil {
		return err
	}
	return c.Render(fiber.StatusOK, page(f, words))
}

// Share sends what other sites may read and show: open data, feeds, the card.
func (c *Ctx) Share(kind string, body []byte) error { return c.ShareAs("no-cache", kind, body) }

// ShareAs is Share of what may be kept as the header Cache-Control says.
func (c *Ctx) ShareAs(keep, kind string, body []byte) error {
	share(&c.Response().Header)
	c.Set(fiber.HeaderCacheControl, keep)
	c.Set(fiber.HeaderContentType, kind)
	return c.Status(fiber.StatusOK).Send(body)
}

const openTo = "Access-Control-Allow-Origin"

func share(h *fasthttp.ResponseHeader) {
	h.Set(openTo, "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

func isShared(h *fasthttp.ResponseHeader) bool { return len(h.Peek(openTo)) > 0 }

// Base is the site's address without a slash at its end: as set, or, on a site
// that answers loopback alone, as asked for.
func (c *Ctx) Base() string {
	if base := c.House.Config.BaseURL; base != "" {
		return strings.TrimSuffix(base, "/")
	}
	return c.BaseURL()
}

// Download sends a file in a way that no browser opens by itself.
func (c *Ctx) Download(name string, size int64, body io.ReadCloser) error {
	c.Set(fiber.HeaderContentType, "application/octet-stream")
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendStream(body, int(size))
}

// SeeOther sends the browser to a page of this site with GET.
func (c *Ctx) SeeOther(path string) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Redirect(path, fiber.StatusSeeOther)
}

// Here makes a path of this site out of what a link says; anything that could
// lead elsewhere becomes the home page.
func Here(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// csrfCookie holds a random value; the form carries a keyed hash of it, which
// another site can neither read nor make.
const csrfCookie = "visitor"

// CSRF is the value for a form's _csrf field; it sets the cookie if there is none.
func (c *Ctx) CSRF() string {
	v := c.GetCookie(csrfCookie)
	if raw, err := base64.RawURLEncoding.DecodeString(v); err != nil || len(raw) != 32 {
		v = base64.RawURLEncoding.EncodeToString(random32())
		c.SetCookie(csrfCookie, v, 0)
		c.Request().Header.SetCookie(c.House.cookieName(csrfCookie), v)
	}
	return base64.RawURLEncoding.EncodeToString(c.House.csrf.Sum(v))
}

// ErrForged is the answer to a form that did not come from a page of ours.
var ErrForged = fault.New(fault.Forbidden, "页面停留太久或者来路不对，没有提交。请返回上一页刷新后再提交一次。")

func (c *Ctx) checkCSRF(given string) error {
	sum, err := base64.RawURLEncoding.DecodeString(given)
	v := c.GetCookie(csrfCookie)
	if err != nil || v == "" || !c.House.csrf.Match(sum, v) {
		return ErrForged
	}
	if site := c.Get("Sec-Fetch-Site"); site == "cross-site" {
		return ErrForged
	}
	return nil
}

// Fields gives the field messages of an Invalid fault, or ok = false.
func Fields(err error) (fields []fault.Field, ok bool) {
	f, is := fault.As(err)
	if !is || f.Kind != fault.Invalid {
		return nil, false
	}
	return f.Fields, true
}

// Deadline is an error for work that took too long.
func Deadline(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// EditionCookie is the name of the cookie that holds the visitor's edition.
const EditionCookie = "edition"

// SessionCookie is the name of the desk's session cookie.
const SessionCookie = "desk"
