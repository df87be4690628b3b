package web

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/web/door"
)

// route is a line of the table in routes.go.
type route struct {
	method string
	path   string
	act    door.Handler
	limit  string // acts of this name are counted per address
	upload bool   // may take long: attachments
	desk   bool   // needs a session
	held   bool   // works although a password or second factor is still to be set
}

// enter is the gates in order: readiness, limits, session.
func (s *Server) enter(c *door.Ctx, r route) error {
	if r.path != "/healthz" && r.path != "/readyz" && !s.house.Ready() {
		return fault.New(fault.Busy, "网站正在启动，请几秒钟后再试。")
	}
	if address, err := url.QueryUnescape(string(c.Request().RequestURI())); err != nil || !utf8.ValidString(address) || strings.ContainsRune(address, 0) {
		return fault.New(fault.Malformed, "地址里有无法识别的字符，请从首页重新进入。")
	}
	if r.limit != "" {
		if err := s.house.Limits.Allow(r.limit, s.address(c.Ctx), s.house.DB.Now()); err != nil {
			return err
		}
	}
	if !r.desk {
		return nil
	}
	c.Token = c.GetCookie(door.SessionCookie)
	actor, err := s.house.Staff.Session(c.Std(), c.Token)
	switch {
	case fault.Is(err, fault.Unauthenticated) && r.method == fiber.MethodGet:
		return redirect{"/desk/login?next=" + url.QueryEscape(c.OriginalURL())}
	case err != nil:
		return err
	}
	c.Actor = actor
	if r.held {
		return nil
	}
	switch actor.Hold {
	case staff.HoldPassword:
		return redirect{"/desk/password"}
	case staff.HoldFactor:
		return redirect{"/desk/factor"}
	}
	return nil
}

// redirect is an answer, carried as an error out of a gate.
type redirect struct{ to string }

func (redirect) Error() string { return "redirect" }
