// Package web puts the doors on the network: the table of routes, the gates
// that a request passes, the one error handler, and the security headers.
//
// It trusts the rooms for permission; its gates only keep out early what the
// rooms would refuse. It must never show a visitor an error that is not a
// fault, and never log what a visitor typed, or who they are.
package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"mingjing/app/config"
	"mingjing/app/web/door"
)

// Server answers requests.
type Server struct {
	house   *door.House
	log     *slog.Logger
	http    *fasthttp.Server
	proxies []netip.Prefix
	base    *url.URL
	metrics *metrics
}

// Times that one request may take.
const (
	readFor = 30 * time.Second // a head, and the body of an ordinary form
	sendFor = 10 * time.Minute // a slow line with 200 MB of attachments, either way
	idleFor = 75 * time.Second
	pageFor = 20 * time.Second
)

// New builds the server of a house.
func New(h *door.House, log *slog.Logger) *Server {
	s := &Server{house: h, log: log, metrics: newMetrics(h)}
	for _, p := range h.Config.TrustedProxies {
		if prefix, err := netip.ParsePrefix(p); err == nil {
			s.proxies = append(s.proxies, prefix)
		} else if addr, err := netip.ParseAddr(p); err == nil {
			s.proxies = append(s.proxies, netip.PrefixFrom(addr, addr.BitLen()))
		}
	}
	if h.Config.BaseURL != "" {
		s.base, _ = url.Parse(h.Config.BaseURL) // config.Check has parsed it
	}
	app := fiber.New(fiber.Config{
		CaseSensitive:                true, // one page, one address
		StrictRouting:                true,
		Immutable:                    true, // strings outlive the handler in rooms and logs
		DisableStartupMessage:        true,
		StreamRequestBody:            true, // attachments are never spooled
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 s.fail,
		BodyLimit:                    -1, // door.FormWith counts the bytes
		ReadBufferSize:               16 << 10,
	})
	var uploads []string
	for _, r := range s.routes() {
		if r.upload {
			uploads = append(uploads, r.path)
		}
		app.Add(r.method, r.path, s.wrap(r))
		if r.method == fiber.MethodGet {
			app.Add(fiber.MethodHead, r.path, s.wrap(r))
		}
	}
	app.Use(elsewhere)
	s.http = &fasthttp.Server{
		Handler:                      s.outer(app.Handler()),
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               16 << 10,
		ReadTimeout:                  readFor,
		HeaderReceived:               patience(uploads),
		WriteTimeout:                 sendFor,
		IdleTimeout:                  idleFor,
		MaxRequestBodySize:           1 << 20, // what is more is streamed
		NoDefaultServerHeader:        true,
		ErrorHandler:                 tooBroken,
		Logger:                       quiet{},
		CloseOnShutdown:              true,
	}
	return s
}

// quiet drops fasthttp's own log lines: they hold clients' addresses.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// patience gives the bodies of uploads their time, once the head has named one.
func patience(uploads []string) func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
	return func(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
		if !h.IsPost() {
			return c
		}
		path, _, _ := strings.Cut(string(h.RequestURI()), "?")
		if slices.ContainsFunc(uploads, func(pattern string) bool {
			return fiber.RoutePatternMatch(path, pattern, fiber.Config{CaseSensitive: true, StrictRouting: true})
		}) {
			c.ReadTimeout = sendFor
		}
		return c
	}
}

// elsewhere answers addresses that no route has: those of a page with a slash
// too many lead to the page.
func elsewhere(f *fiber.Ctx) error {
	page := strings.TrimSuffix(f.Path(), "/")
	if page == "" || page == f.Path() || strings.Contains(f.Path(), "//") || door.Here(page) != page {
		return fiber.ErrNotFound
	}
	if query := f.Context().URI().QueryString(); len(query) > 0 {
		page += "?" + string(query)
	}
	return f.Redirect(page, fiber.StatusPermanentRedirect)
}

// tooBroken answers what is not even HTTP, or does not come to an end.
func tooBroken(ctx *fasthttp.RequestCtx, err error) {
	ctx.SetStatusCode(fasthttp.StatusBadRequest)
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		ctx.SetStatusCode(fasthttp.StatusRequestTimeout) // browsers know that it means a connection not used in time
	}
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString("请求无法识别，请从首页重新进入。\n")
}

// Serve answers on the listener until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(l) }

// Shutdown lets running requests finish.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.ShutdownWithContext(ctx) }

// policy is the same for every answer: nothing inline, nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// outer is what every request passes first: host, headers, page cache.
func (s *Server) outer(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	// Prepared here, because a page from the cache costs little more than this.
	var always fasthttp.ResponseHeader
	always.Set("Content-Security-Policy", policy)
	always.Set("X-Content-Type-Options", "nosniff")
	always.Set("Referrer-Policy", "same-origin")
	always.Set("Cross-Origin-Opener-Policy", "same-origin")
	always.Set("Cross-Origin-Resource-Policy", "same-origin")
	always.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
	if s.base != nil && s.base.Scheme == "https" {
		always.Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.house.Pages.Always(&always)
	return func(ctx *fasthttp.RequestCtx) {
		// An address with a host of its own is in no cache, so the header's is the
		// one that counts there.
		if s.ourHost(string(ctx.Request.Header.Host())) && s.house.Pages.Serve(ctx) {
			s.metrics.hits.Inc()
			return
		}
		always.CopyTo(&ctx.Response.Header)
		if !s.ourHost(string(ctx.Host())) {
			ctx.SetStatusCode(fasthttp.StatusMisdirectedRequest)
			ctx.SetContentType("text/plain; charset=utf-8")
			ctx.SetBodyString("本站不以这个域名提供服务。\n")
			return
		}
		next(ctx)
		settle(ctx)
	}
}

// most is how much of a refused body is read away, so that its sender gets to
// see the answer.
const most = 256 << 20

// settle ends a request whose body was not read to its end: what was left would
// be taken for the connection's next request.
func settle(ctx *fasthttp.RequestCtx) {
	rest := ctx.RequestBodyStream()
	if rest == nil {
		return
	}
	if n, err := io.CopyN(io.Discard, rest, 1); n == 0 && errors.Is(err, io.EOF) {
		return
	}
	ctx.SetConnectionClose()
	_, _ = io.Copy(io.Discard, io.LimitReader(rest, most)) // a body that breaks off is refused all the same
}

// ourHost refuses names that somebody else points at us. Loopback always works,
// for probes on the machine itself.
func (s *Server) ourHost(host string) bool {
	if s.base != nil && strings.EqualFold(host, s.base.Host) {
		return true
	}
	name := host
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name = host[:i]
	}
	return config.LoopbackHost(strings.ToLower(name))
}

// address is the visitor's address: the nearest one that is not a trusted proxy.
func (s *Server) address(c *fiber.Ctx) string {
	at, err := netip.ParseAddrPort(c.Context().RemoteAddr().String())
	if err != nil {
		return "unknown"
	}
	addr := at.Addr().Unmap()
	hops := strings.Split(c.Get(fiber.HeaderXForwardedFor), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	if addr.Is6() { // one household has a whole /64
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// wrap gives a route its request: an id, a deadline, its gates, and a log line.
func (s *Server) wrap(r route) fiber.Handler {
	life := pageFor
	if r.upload {
		life = sendFor
	}
	return func(f *fiber.Ctx) (err error) {
		start := s.house.DB.Now()
		id := requestID()
		f.Locals("id", id)
		f.Locals("route", r.path)
		f.Set("X-Request-Id", id)
		ctx, cancel := context.WithTimeout(context.Background(), life)
		defer cancel()
		f.SetUserContext(ctx)
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("panic", "request", id, "method", f.Method(), "route", r.path, "panic", p, "stack", string(debug.Stack()))
				err = s.fail(f, fiber.ErrInternalServerError)
			}
			took := s.house.DB.Now().Sub(start)
			s.metrics.request(r.method, r.path, f.Response().StatusCode(), took)
			if r.method != fiber.MethodGet {
				s.log.Info("request", "request", id, "method", f.Method(), "route", r.path, "status", f.Response().StatusCode(), "ms", took.Milliseconds())
			}
		}()
		c := &door.Ctx{Ctx: f, House: s.house, From: func() string { return s.house.Limits.Name(s.address(f), start) }}
		if r.desk && r.method == fiber.MethodPost {
			if err := c.Hold(); err != nil {
				return s.refuse(c, err)
			}
		}
		if err := s.enter(c, r); err != nil {
			return s.refuse(c, err)
		}
		if err := r.act(c); err != nil {
			return s.refuse(c, err)
		}
		if r.method != fiber.MethodGet && r.desk {
			s.house.Pages.Refresh(ctx) // who changed something sees it at once
		}
		return nil
	}
}

func requestID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
