package public_test

import (
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/cases"
	"mingjing/app/tlog"
)

// TestASenderGetsTheLogsWordAtOnceAndTheReceiptWhenASignatureCoversIt follows one case.
func TestASenderGetsTheLogsWordAtOnceAndTheReceiptWhenASignatureCoversIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		page := b.Upload("/submit/comment", filled(b, cases.Comment))
		note := page.Find("details code").Text()
		promise, err := tlog.OpenPromise([]byte(note), s.App.Log.Key())
		if err != nil || promise.Case != cases.Digits(page.Find("#case-no").Text()) {
			t.Fatalf("%+v %v in %s", promise, err, page.Text())
		}
		number, code := page.Find("#case-no").Text(), page.Find("#access-code").Text()
		if p := s.Browser().Get("/track/case/receipt.json"); p.Status != http.StatusSeeOther {
			t.Errorf("a stranger gets %d", p.Status)
		}
		f := b.Get("/track").Fields("form.form")
		f.Set("case_no", number)
		f.Set("access_code", code)
		if p := b.Post("/track", f); p.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if _, err := s.App.Log.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p := b.Get("/track/case"); !strings.Contains(p.Text(), "公开日志里的回执") || p.Find(`a[href="/track/case/receipt.json"]`).Length() != 1 {
			t.Error(p.Text())
		}
		file := b.Get("/track/case/receipt.json")
		r, err := tlog.ParseReceipt([]byte(file.Body))
		if err != nil || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") || file.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%v %v", err, file.Header)
		}
		if _, err := r.Verify(s.App.Log.Key()); err != nil || r.Case != promise.Case || r.Salt != promise.Salt {
			t.Errorf("%+v %v", r, err)
		}
		if p := b.Get("/track/case/receipt.svg"); p.Status != 200 || !strings.HasPrefix(p.Body, "<svg") || p.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%d %v", p.Status, p.Header)
		}
	})
}
