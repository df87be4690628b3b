package door

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Hold reads the body of a form without files into memory before anything else
// does, so that what was typed can be given back when the form is refused.
func (c *Ctx) Hold() error {
	kind, _, _ := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	stream := c.Context().RequestBodyStream()
	if n := c.Request().Header.ContentLength(); kind != fiber.MIMEApplicationForm || stream == nil || n < 0 || n > maxText {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(stream, maxText+1))
	if err != nil {
		return bodyError(err)
	}
	c.Request().SetBodyRaw(raw)
	return nil
}

// Typed is the text of the form that was sent, whoever refused it; nothing of
// a form that another site sent, which nobody here typed. Files are left out.
func (c *Ctx) Typed() url.Values {
	if c.Get("Sec-Fetch-Site") == "cross-site" {
		return nil
	}
	if c.form != nil {
		return c.form.values
	}
	if c.refused != nil {
		return c.refused.values
	}
	out := url.Values{}
	kind, params, _ := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	switch kind {
	case fiber.MIMEApplicationForm:
		if c.Context().RequestBodyStream() != nil {
			return nil // too long to have been held
		}
		values, err := url.ParseQuery(string(c.Body()))
		if err != nil || len(values) > maxFields {
			return nil
		}
		for name, list := range values {
			for _, v := range list {
				out.Add(name, storable(v))
			}
		}
	case fiber.MIMEMultipartForm:
		// A gate refused it unread: fields come before files. What broke off is
		// given back as far as it goes.
		var body io.Reader = c.Context().RequestBodyStream()
		if c.Context().RequestBodyStream() == nil {
			body = bytes.NewReader(c.Body())
		}
		parts := multipart.NewReader(io.LimitReader(body, maxText), params["boundary"])
		for range maxFields {
			part, err := parts.NextPart()
			if err != nil || part.FileName() != "" {
				break
			}
			raw, err := io.ReadAll(part)
			if err != nil {
				break
			}
			out.Add(part.FormName(), storable(string(raw)))
		}
	}
	return out
}

// CameFrom is the page of this site that a form was sent from, or "".
func (c *Ctx) CameFrom() string {
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || u.Host != string(c.Context().Host()) || !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	return Here(u.RequestURI())
}
