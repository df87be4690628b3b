package public

import (
	"bytes"
	"encoding/json"
	"fmt"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// word is the log's word on something that was received; an empty one where it has
// none or cannot give it: what was accepted stays so without it.
func (d *Doors) word(c *door.Ctx, kind string, id int64) (w logbook.Word) {
	err := c.Read(func(r *store.Reader) (err error) {
		w, err = d.house.Log.Word(r, kind, id)
		return err
	})
	if err != nil {
		return logbook.Word{Index: -1}
	}
	return w
}

// inLog is what the tracking page says of the log's word.
func (d *Doors) inLog(c *door.Ctx, kind string, id int64) view.InLog {
	w := d.word(c, kind, id)
	return view.InLog{Promised: len(w.Promise) > 0, Receipt: len(w.Receipt) > 0, Index: w.Index}
}

// tracked is the log's word on what this browser may see, and its number.
func (d *Doors) tracked(c *door.Ctx) (w logbook.Word, number string, err error) {
	if v, err := d.house.Reports.Admit(c.GetCookie(visitCookie)); err == nil {
		t, err := d.house.Reports.Track(c.Std(), v)
		if err == nil && t.MustRenew {
			err = fault.New(fault.Unauthenticated, "请先换查询码。")
		}
		if err != nil {
			return w, "", err
		}
		return d.word(c, logbook.Report, v.ID), t.Report.CaseNo, nil
	}
	id, err := d.admitted(c)
	if err != nil {
		return w, "", err
	}
	t, err := d.house.Cases.Track(c.Std(), id)
	if err != nil {
		return w, "", err
	}
	return d.word(c, logbook.Case, id), t.Case.CaseNo, nil
}

var errNoWord = fault.New(fault.NotFound, "这件来件还没有写进公开日志，请过几秒钟再来。")

// Receipt is the log's word as a file: the receipt, or the promise while there is none.
func (d *Doors) Receipt(c *door.Ctx) error {
	w, number, err := d.tracked(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	body, kind, end := w.Receipt, "application/json; charset=utf-8", "json"
	if len(body) == 0 {
		body, kind, end = w.Promise, "text/plain; charset=utf-8", "txt"
	}
	if len(body) == 0 {
		return errNoWord
	}
	c.Set("Content-Type", kind)
	c.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="receipt-%s.%s"`, number, end))
	c.Set("Cache-Control", "no-store")
	return c.Send(body)
}

// ReceiptPicture is the receipt, or else the promise, as a QR code.
func (d *Doors) ReceiptPicture(c *door.Ctx) error {
	w, _, err := d.tracked(c)
	if fault.Is(err, fault.Unauthenticated) {
		return c.SeeOther("/track")
	}
	if err != nil {
		return err
	}
	var small bytes.Buffer
	qr := view.QR{}
	if len(w.Receipt) > 0 && json.Compact(&small, w.Receipt) == nil {
		qr = view.NewQR(small.String())
	}
	if qr.Size == 0 { // too long for any
		qr = view.NewQR(string(w.Promise))
	}
	if qr.Size == 0 {
		return errNoWord
	}
	c.Set("Content-Type", "image/svg+xml")
	c.Set("Cache-Control", "no-store")
	return c.SendString(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><rect width="100%%" height="100%%" fill="#fff"/><path d="%s"/></svg>`, qr.Size, qr.Size, qr.Path))
}

// CheckReceipt is the page that verifies a receipt in the browser.
func (d *Doors) CheckReceipt(c *door.Ctx) error {
	p := view.ReceiptPage{Base: c.Base()}
	return show(c, "查验回执", &p.Frame, &p, func(*store.Reader) error {
		p.Crumbs = []view.Link{{Text: "首页", Href: "/"}, {Text: "公开日志", Href: "/log/"}}
		p.Key = d.house.Log.Key().String()
		return nil
	})
}
