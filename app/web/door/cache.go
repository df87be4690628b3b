package door

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/valyala/fasthttp"
	"golang.org/x/sync/singleflight"

	"mingjing/app/calendar"
	"mingjing/app/ledger"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/view"
)

// Cache keeps public pages as compressed bytes. A page lives until something a
// public page shows changes anywhere (the database's revision), until midnight
// in Shanghai, or until its own time is over. It is asked before anything else
// looks at the request, so a hit costs a map look-up.
type Cache struct {
	db      *store.DB
	edition []byte // the name of the cookie that says which edition
	always  fasthttp.ResponseHeader
	fresh   atomic.Pointer[generation]
	refresh sync.Mutex // a refresh that begins after a change ends with it
}

// generation is all pages made at one revision on one day.
type generation struct {
	revision int64 // 0: not known, nothing may be kept
	midnight time.Time
	around   surroundings
	plain    shelf // addresses of the site: few, asked for often
	asked    shelf // addresses with a query: anybody can make up as many as they like
	once     singleflight.Group
	moulds   sync.Map // mouldKey → *view.Mould
	moulded  atomic.Int64
}

type mouldKey struct {
	large, contrast bool
	of              any
}

// mostMoulds bounds what one generation keeps: kinds, editions and the days of
// one date are far fewer.
const mostMoulds = 500

// mould finds the mould of a page, or makes it.
func (g *generation) mould(of any, f view.Frame, page func(view.Frame, []string) view.Page, words int) (*view.Mould, error) {
	key := mouldKey{f.Large, f.Contrast, of}
	if m, ok := g.moulds.Load(key); ok {
		return m.(*view.Mould), nil
	}
	gaps := make([]string, words)
	for i := range gaps {
		gaps[i] = view.Gap(i)
	}
	m, err := view.NewMould(page(f, gaps), words)
	if err == nil && g.moulded.Add(1) <= mostMoulds {
		g.moulds.Store(key, m)
	}
	return m, err
}

// surroundings are what the frames of all pages show. They are read once per
// generation, so that an answer to a form reads nothing more after its commit.
type surroundings struct {
	site  settings.Site
	trial bool // trial accounts can still sign in
	demo  bool // what the pages show is invented
}

func readSurroundings(r *store.Reader) (s surroundings, err error) {
	if s.site, err = settings.LoadSite(r); err != nil {
		return s, err
	}
	if s.demo, err = ledger.Fictional(r); err != nil {
		return s, err
	}
	s.trial, err = staff.HasTrial(r)
	return s, err
}

type page struct {
	gzip, brotli []byte
	etag         string
	kind         string                     // its media type
	shared       bool                       // other sites may show it and read it
	until        time.Time                  // zero: as long as its generation
	heads        [2]fasthttp.ResponseHeader // gzipped and brotlied
}

// form is how a page is sent.
type form int

const (
	unchanged form = iota // the visitor has it
	plain
	gzipped
	brotlied
)

// headSize is about what a page's heads take in memory.
const headSize = 4 << 10

// room is how many bytes a shelf holds: twice the pages of a large ledger.
const room = 16 << 20

// shelf holds pages. A full one is emptied and filled again with what is asked
// for: made-up addresses can cost time, but neither memory nor the other shelf.
type shelf struct {
	pages sync.Map // key → *page
	bytes atomic.Int64
}

func (s *shelf) put(key string, p *page) {
	n := int64(len(key) + len(p.gzip) + len(p.brotli) + headSize)
	if s.bytes.Add(n) > room {
		s.pages.Clear()
		s.bytes.Store(n)
	}
	s.pages.Store(key, p)
}

func (s *shelf) get(key string, now time.Time) *page {
	v, ok := s.pages.Load(key)
	if !ok {
		return nil
	}
	if p := v.(*page); p.until.IsZero() || now.Before(p.until) {
		return p
	}
	return nil
}

func (g *generation) shelf(key string) *shelf {
	if strings.ContainsAny(key, "?%") {
		return &g.asked
	}
	return &g.plain
}

// get finds a page; none after midnight, whether or not Watch has noticed.
func (g *generation) get(key string, now time.Time) *page {
	if !now.Before(g.midnight) {
		return nil
	}
	return g.shelf(key).get(key, now)
}

// NewCache makes an empty cache; Watch keeps it true. The cookie of that name
// says which edition of a page a visitor reads.
func NewCache(db *store.DB, editionCookie string) *Cache {
	c := &Cache{db: db, edition: []byte(editionCookie)}
	c.fresh.Store(&generation{})
	return c
}

// watchEvery is how often other instances' changes are looked for.
const watchEvery = 300 * time.Millisecond

// Watch renews the cache when the revision or the day changes, until ctx ends.
func (c *Cache) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.Refresh(ctx)
		}
	}
}

// Refresh looks for a change now; the desk calls it after every change of its own.
func (c *Cache) Refresh(ctx context.Context) {
	c.refresh.Lock()
	defer c.refresh.Unlock()
	g := &generation{}
	err := c.db.Read(ctx, func(r *store.Reader) (err error) {
		if g.revision, err = r.Revision(); err != nil {
			return err
		}
		g.midnight = calendar.Of(r.Now).AddDays(1).In()
		g.around, err = readSurroundings(r)
		return err
	})
	if err != nil {
		c.fresh.Store(&generation{}) // better slow than wrong
		return
	}
	if old := c.fresh.Load(); old.revision != g.revision || !old.midnight.Equal(g.midnight) || old.around != g.around {
		c.fresh.Store(g)
	}
}

// current is the generation of now, also in the moments after midnight.
func (c *Cache) current(ctx context.Context) *generation {
	if g := c.fresh.Load(); g.revision == 0 || c.db.Now().Before(g.midnight) {
		return g
	}
	c.Refresh(ctx)
	return c.fresh.Load()
}

// Key is how a page is found: address and edition.
func Key(address, editionCookie string) string {
	large, contrast := edition(editionCookie)
	switch {
	case large && contrast:
		return "lc" + address
	case large:
		return "l." + address
	case contrast:
		return ".c" + address
	}
	return ".." + address
}

// Always gives what every answer of the site says, before Serve is asked.
func (c *Cache) Always(h *fasthttp.ResponseHeader) { h.CopyTo(&c.always) }

// Serve answers from the cache, or reports that it cannot. The head is copied
// whole: setting it field by field would cost more than all else here.
func (c *Cache) Serve(ctx *fasthttp.RequestCtx) bool {
	h := &ctx.Request.Header
	if !h.IsGet() && !h.IsHead() {
		return false
	}
	p := c.fresh.Load().get(Key(string(h.RequestURI()), string(h.CookieBytes(c.edition))), c.db.Now())
	if p == nil {
		return false
	}
	as := p.wanted(h)
	if as < gzipped {
		c.always.CopyTo(&ctx.Response.Header)
		p.dress(&ctx.Response.Header, as)
	} else {
		p.heads[as-gzipped].CopyTo(&ctx.Response.Header)
	}
	p.fill(&ctx.Response, as)
	return true
}

// write answers with the page a request for which others wait too.
func (p *page) write(ctx *fasthttp.RequestCtx) {
	as := p.wanted(&ctx.Request.Header)
	p.dress(&ctx.Response.Header, as)
	p.fill(&ctx.Response, as)
}

func (p *page) wanted(h *fasthttp.RequestHeader) form {
	if strings.Contains(string(h.Peek("If-None-Match")), p.etag[len("W/"):]) {
		return unchanged
	}
	accept := string(h.Peek("Accept-Encoding"))
	switch {
	case accepts(accept, "br"):
		return brotlied
	case accepts(accept, "gzip"):
		return gzipped
	}
	return plain
}

func (p *page) dress(h *fasthttp.ResponseHeader, as form) {
	h.Set("ETag", p.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding, Cookie")
	if p.shared {
		share(h)
	}
	switch as {
	case unchanged:
		h.SetStatusCode(fasthttp.StatusNotModified)
		return
	case gzipped:
		h.Set("Content-Encoding", "gzip")
	case brotlied:
		h.Set("Content-Encoding", "br")
	}
	h.SetContentType(p.kind)
}

func (p *page) fill(out *fasthttp.Response, as form) {
	switch as {
	case plain:
		out.SetBodyRaw(p.unpacked())
	case gzipped:
		out.SetBodyRaw(p.gzip)
	case brotlied:
		out.SetBodyRaw(p.brotli)
	}
}

// accepts reports whether an Accept-Encoding header names the coding and does
// not refuse it with a weight of zero.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			w, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=0")
			return !ok || strings.Trim(w, ".0") != ""
		}
	}
	return false
}

// unpacked is the page for the rare client that takes no compression, which
// is cheaper than keeping every page three times.
func (p *page) unpacked() []byte {
	z, err := gzip.NewReader(bytes.NewReader(p.gzip))
	if err != nil {
		panic("door: a page that was just packed does not unpack: " + err.Error())
	}
	body, err := io.ReadAll(z)
	if err != nil {
		panic("door: a page that was just packed does not unpack: " + err.Error())
	}
	return body
}

// canonical reports whether the request line is the page's one address. What is
// written otherwise (with a fragment, a host, dots, escapes in the path) may be
// answered, but is never kept: such spellings have no end, and a page links to
// itself under the address it was asked by.
func canonical(ctx *fasthttp.RequestCtx) bool {
	u := ctx.URI()
	address := string(u.Path())
	if query := u.QueryString(); len(query) > 0 {
		address += "?" + string(query)
	}
	return address == string(ctx.Request.Header.RequestURI())
}

// Cached makes a door's page a cached one. life bounds pages whose content
// changes without a revision; 0: none does.
func Cached(life time.Duration, h Handler) Handler {
	return func(c *Ctx) error {
		if !canonical(c.Context()) {
			return h(c)
		}
		cache := c.House.Pages
		key := Key(string(c.Request().RequestURI()), c.GetCookie(EditionCookie))
		// Taken before the data is read: a change in between makes a new one.
		g := cache.current(c.Std())
		// Everybody who waits for the same page waits for one rendering.
		mine := false
		v, err, _ := g.once.Do(key, func() (any, error) {
			if p := g.get(key, cache.db.Now()); p != nil {
				return p, nil // made while this request was on its way here
			}
			mine = true
			if err := h(c); err != nil {
				return nil, err
			}
			if c.Response().StatusCode() != fasthttp.StatusOK || g.revision == 0 {
				return nil, nil
			}
			p := pack(c.Response().Body())
			p.kind, p.shared = string(c.Response().Header.ContentType()), isShared(&c.Response().Header)
			if life > 0 {
				p.until = cache.db.Now().Add(life)
			}
			for i := range p.heads {
				cache.always.CopyTo(&p.heads[i])
				p.dress(&p.heads[i], gzipped+form(i))
			}
			g.shelf(key).put(key, p)
			return p, nil
		})
		if err != nil {
			return err
		}
		p, ok := v.(*page)
		switch {
		case ok:
			c.Response().ResetBody()
			c.Status(fasthttp.StatusOK)
			p.write(c.Context())
			return nil
		case mine:
			return nil // the door has answered otherwise
		}
		return h(c)
	}
}

// pack compresses a page; writing to memory does not fail.
func pack(body []byte) *page {
	sum := sha256.Sum256(body)
	p := &page{etag: `W/"` + hex.EncodeToString(sum[:10]) + `"`}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	z.Write(body)
	z.Close()
	p.gzip = bytes.Clone(b.Bytes())
	b.Reset()
	w := brotli.NewWriterLevel(&b, 5)
	w.Write(body)
	w.Close()
	p.brotli = bytes.Clone(b.Bytes())
	return p
}
