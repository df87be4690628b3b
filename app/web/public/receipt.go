package public

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// promised is the log's promise for what was just committed, or, without p, for what
// had been committed before. Whatever keeps the log from giving it, the confirmation
// must not fail: the tracking page gives it later.
func (d *Doors) promised(c *door.Ctx, kind string, id int64, p tlog.Promise) string {
	if p.Leaf == nil {
		w, _, err := d.word(c, kind, id)
		if err != nil {
			return ""
		}
		return string(w.Promise)
	}
	signed, err := d.house.Log.Promise(p)
	if err != nil {
		return ""
	}
	return string(signed)
}

// word is the log's word on an arrival, and the checkpoint that covered it first.
func (d *Doors) word(c *door.Ctx, kind string, id int64) (w logbook.Word, since logbook.Checkpoint, err error) {
	err = c.Read(func(r *store.Reader) (err error) {
		if w, err = d.house.Log.Word(r, kind, id); err != nil || len(w.Receipt) == 0 {
			return err
		}
		since, err = logbook.Covering(r, w.Index)
		return err
	})
	return w, since, err
}

// logged is the section of a tracking page; none for what the log does not know. A
// page about a case does not fail with the log: then it says so.
func (d *Doors) logged(c *door.Ctx, kind string, id int64) *view.LogWord {
	w, since, err := d.word(c, kind, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return &view.LogWord{Unknown: true}
	}
	v := &view.LogWord{}
	if len(w.Receipt) > 0 {
		v.Place, v.Since = strconv.FormatInt(w.Index, 10), door.Moment(since.At)
	}
	return v
}

// ReceiptFile sends the receipt of the case or report that this browser may see, or
// the promise while there is no receipt.
func (d *Doors) ReceiptFile(c *door.Ctx) error {
	kind, id, number, err := d.tracked(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	if number == "" { // the code must be changed first
		return c.SeeOther("/track/case")
	}
	w, _, err := d.word(c, kind, id)
	if err != nil {
		return err
	}
	name, media, body := "回执-"+number+".json", jsonText, w.Receipt
	if len(body) == 0 {
		name, media, body = "凭据-"+number+".txt", plainText, w.Promise
	}
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Set(fiber.HeaderCacheControl, never)
	return c.Send(body)
}

// ReceiptPicture draws the receipt, or the promise while there is none. With a proof
// of twenty hashes it has 129 modules a side, which old telephones do not read: they
// take the file. Drawing takes longer than storing a case, so no confirmation has one.
func (d *Doors) ReceiptPicture(c *door.Ctx) error {
	kind, id, number, err := d.tracked(c)
	if fault.Is(err, fault.Unauthenticated) || err == nil && number == "" {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	w, _, err := d.word(c, kind, id)
	if err != nil {
		return err
	}
	var small bytes.Buffer
	text := string(w.Promise)
	if len(w.Receipt) > 0 && json.Compact(&small, w.Receipt) == nil {
		text = small.String()
	}
	qr := view.NewFineQR(text)
	if qr.Size == 0 {
		return errNoFile
	}
	c.Set(fiber.HeaderContentType, "image/svg+xml")
	c.Set(fiber.HeaderCacheControl, never)
	return c.SendString(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><rect width="100%%" height="100%%" fill="#fff"/><path d="%s"/></svg>`, qr.Size, qr.Size, qr.Path))
}

// tracked is the report or case that this browser may see; without its number while
// its code must be changed first.
func (d *Doors) tracked(c *door.Ctx) (kind string, id int64, number string, err error) {
	if v, err := d.house.Reports.Admit(c.GetCookie(visitCookie)); err == nil {
		t, err := d.house.Reports.Track(c.Std(), v)
		if err != nil || t.MustRenew {
			return "", 0, "", err
		}
		return logbook.Report, v.ID, t.Report.CaseNo, nil
	}
	if id, err = d.admitted(c); err != nil {
		return "", 0, "", err
	}
	t, err := d.house.Cases.Track(c.Std(), id)
	return logbook.Case, id, t.Case.CaseNo, err
}

// Receipt is the page that verifies a receipt where it is, in the browser.
func (d *Doors) Receipt(c *door.Ctx) error {
	f, err := c.Frame("查验回执")
	if err != nil {
		return err
	}
	f.Path = "/log/receipt"
	f.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "公开日志", Href: logAddress}}
	f.Description = "用回执或者凭据证明您提交的来件在公开日志里。在您的浏览器里计算，不上传。"
	return c.Render(200, view.ReceiptPage{Frame: f, Base: c.Base(), Key: d.house.Log.Key().String()})
}
