package web

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/fault"
	"mingjing/app/web/api"
	"mingjing/app/web/desk"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

var statuses = map[fault.Kind]int{
	fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
	fault.TooLarge: 413, fault.Unsupported: 415, fault.Invalid: 422, fault.TooMany: 429, fault.Busy: 503,
}

// fail is the one error handler: it chooses status and page, logs once what is
// the site's own fault, and shows nothing that is not meant to be read.
func (s *Server) fail(f *fiber.Ctx, err error) error {
	return s.refuse(&door.Ctx{Ctx: f, House: s.house}, err)
}

// refuse is fail for a request whose form may have been read.
func (s *Server) refuse(c *door.Ctx, err error) error {
	f := c.Ctx
	var elsewhere redirect
	if errors.As(err, &elsewhere) {
		f.Set(fiber.HeaderCacheControl, "no-store")
		return f.Redirect(elsewhere.to, fiber.StatusSeeOther)
	}
	status, message, wait := fiber.StatusInternalServerError, "", time.Duration(0)
	var fields []fault.Field
	id, _ := f.Locals("id").(string)
	var framework *fiber.Error
	if x, ok := fault.As(err); ok {
		status, message, wait = statuses[x.Kind], x.Message, x.RetryAfter
		if fields = x.Fields; len(fields) == 1 {
			message = fields[0].Message
		}
	} else if errors.As(err, &framework) && framework.Code < 500 {
		status = framework.Code
	} else if door.Deadline(err) {
		status, wait = fiber.StatusServiceUnavailable, 10*time.Second
	}
	if status >= 500 {
		route, _ := f.Locals("route").(string)
		s.log.Error("request failed", "request", id, "method", f.Method(), "route", route, "status", status, "error", err)
	}
	if status == fiber.StatusServiceUnavailable && wait == 0 {
		wait = 10 * time.Second
	}
	seconds := int(math.Ceil(wait.Seconds()))
	if seconds > 0 {
		f.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	return s.errorPage(c, status, message, id, seconds, fields)
}

func (s *Server) errorPage(c *door.Ctx, status int, message, id string, wait int, fields []fault.Field) error {
	f := c.Ctx
	page := view.ErrorPage{Status: status, Message: message, Wait: wait}
	if status >= 500 {
		page.RequestID = id
	}
	if api.Refuses(c) {
		return api.Refuse(c, status, message, page.RequestID, fields)
	}
	if f.UserContext().Err() != nil {
		return plain(f, status)
	}
	if desk.Refuses(c) {
		if err := desk.Refuse(c, page); err != nil {
			return plain(f, status)
		}
		return nil
	}
	frame, err := c.Frame(page.Heading())
	if err != nil {
		return plain(f, status)
	}
	frame.Noindex = true
	page.Frame = frame
	if strings.HasPrefix(f.Path(), "/captcha/") {
		return plain(f, status) // asked for by an image or a player
	}
	if err := c.Render(status, page); err != nil {
		return plain(f, status)
	}
	return nil
}

// plain is the answer when not even a page can be made.
func plain(f *fiber.Ctx, status int) error {
	f.Set(fiber.HeaderCacheControl, "no-store")
	f.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	return f.Status(status).SendString(view.ErrorPage{Status: status}.Heading() + "。" + view.ErrorPage{Status: status}.Advice() + "\n")
}
