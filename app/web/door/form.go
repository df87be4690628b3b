package door

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/fault"
)

// Limits of a form in bytes. Text is generous so that what was typed can be
// shown again with a message rather than be lost.
const (
	maxText   = 1 << 20
	maxFields = 200
	maxBody   = maxText + cases.MaxFiles*(cases.MaxFileSize+4096) + 1<<20
)

// Form is what a form sent, without its files.
type Form struct {
	values  url.Values
	NoFiles bool // no file was chosen
}

// Filled is a form as if it had been sent, from pairs of a name and its value.
func Filled(pairs ...string) *Form {
	f := &Form{values: url.Values{}, NoFiles: true}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// Get is the first value of a field, or empty.
func (f *Form) Get(name string) string { return f.values.Get(name) }

// All are the values of a field that may be sent more than once.
func (f *Form) All(name string) []string { return f.values[name] }

// Names are the fields that were sent.
func (f *Form) Names() []string { return slices.Sorted(maps.Keys(f.values)) }

// Has reports whether the field was sent at all.
func (f *Form) Has(name string) bool { return f.values.Has(name) }

var (
	errMalformed = fault.New(fault.Malformed, "表单不完整，没有提交。请返回上一页重新提交。")
	errTooLarge  = fault.New(fault.TooLarge, "提交的内容太大，没有提交。每个文件最大 20 MB，最多 10 个。请返回上一页，减少附件后再提交。")
)

// File receives one chosen file while it streams in.
type File func(f *Form, name string, body io.Reader) error

// Form reads the body of a form that has no files.
func (c *Ctx) Form() (*Form, error) { return c.FormWith(nil) }

// FormWith reads the body of a form as it streams in: fields first, then each
// file through file, which is called only after the form's _csrf was found
// right. The bytes are counted here; nothing is spooled.
func (c *Ctx) FormWith(file File) (*Form, error) {
	if c.form != nil {
		return c.form, nil
	}
	if n := c.Request().Header.ContentLength(); n > maxBody {
		return nil, errTooLarge
	}
	counted := &counter{r: c.body(), left: maxBody}
	f := &Form{values: url.Values{}, NoFiles: true}
	err := c.read(f, counted, file)
	if errors.Is(err, ErrForged) {
		c.refused = f
		return f, err // what was typed can be shown again; nothing was done with it
	}
	if err != nil {
		if counted.over {
			err = errTooLarge
		}
		return nil, err
	}
	c.form = f
	return f, nil
}

// body is what was sent, as it streams in.
func (c *Ctx) body() io.Reader {
	if stream := c.Context().RequestBodyStream(); stream != nil {
		return stream
	}
	return strings.NewReader(string(c.Body()))
}

// Raw reads a body of at most so many bytes that is no form.
func (c *Ctx) Raw(most int) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(c.body(), int64(most)+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Malformed, "内容没有收全，请重新发送。")
	case len(raw) > most:
		return nil, fault.New(fault.TooLarge, "内容太大，没有接收。")
	}
	return raw, nil
}

func (c *Ctx) read(f *Form, body io.Reader, file File) error {
	kind, params, err := mime.ParseMediaType(c.Get("Content-Type"))
	switch {
	case err != nil && c.Get("Content-Type") != "":
		return errMalformed
	case kind == "application/x-www-form-urlencoded" || kind == "":
		raw, err := io.ReadAll(io.LimitReader(body, maxText+1))
		if err != nil {
			return bodyError(err)
		}
		if len(raw) > maxText {
			return errTooLarge
		}
		values, err := url.ParseQuery(string(raw))
		if err != nil || len(values) > maxFields {
			return errMalformed
		}
		for name, list := range values {
			for _, v := range list {
				f.values.Add(name, storable(v))
			}
		}
		return c.checkCSRF(f.Get("_csrf"))
	case kind == "multipart/form-data" && params["boundary"] != "":
		return c.parts(f, multipart.NewReader(body, params["boundary"]), file)
	}
	return fault.New(fault.Unsupported, "请用本站的表单提交。")
}

func (c *Ctx) parts(f *Form, parts *multipart.Reader, file File) error {
	text, fields, checked := 0, 0, false
	var raw bytes.Buffer
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bodyError(err)
		}
		fields++
		if fields > maxFields {
			return errMalformed
		}
		if part.FileName() == "" {
			raw.Reset()
			n, err := raw.ReadFrom(io.LimitReader(part, int64(maxText-text)+1))
			if err != nil {
				return bodyError(err)
			}
			if text += int(n); text > maxText {
				return errTooLarge
			}
			// An empty file field has no name: it is not a value either.
			if part.Header.Get("Content-Type") != "application/octet-stream" {
				f.values.Add(part.FormName(), storable(raw.String()))
			}
			continue
		}
		if !checked {
			if err := c.checkCSRF(f.Get("_csrf")); err != nil {
				return err
			}
			checked = true
		}
		f.NoFiles = false
		if file == nil || part.FormName() != "attachments" {
			return errMalformed
		}
		if err := file(f, blob.CleanName(part.FileName()), part); err != nil {
			return err
		}
	}
	if !checked {
		return c.checkCSRF(f.Get("_csrf"))
	}
	return nil
}

// storable keeps text that no database can store from getting past the door.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

// bodyError tells a body that broke off from one that is too large.
func bodyError(err error) error {
	if errors.Is(err, errCounted) {
		return errTooLarge
	}
	return errMalformed
}

var errCounted = errors.New("body over the limit")

type counter struct {
	r    io.Reader
	left int64
	over bool
}

func (c *counter) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.over = true
		return 0, errCounted
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func random32() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}
