package public_test

import (
	"mime"
	"net/http"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/tlog"
)

// promiseOn opens the promise that a page of a confirmation shows.
func promiseOn(t *testing.T, s *apptest.Site, p apptest.Page) tlog.Promise {
	t.Helper()
	if p.Status != 200 || p.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", p.Status, p.Header, p.Text())
	}
	got, err := tlog.OpenPromise([]byte(p.Find("#promise").Text()), s.App.Log.Key())
	if err != nil || got.Case != strings.ReplaceAll(p.Find("#case-no").Text(), " ", "") {
		t.Fatalf("%v: %q", err, p.Find("#promise").Text())
	}
	return got
}

// receiptOf downloads what the log says to who may see a case or report.
func receiptOf(t *testing.T, b *apptest.Browser, name string) []byte {
	t.Helper()
	p := b.Get("/track/case/receipt.json")
	how, file, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if p.Status != 200 || p.Header.Get("Cache-Control") != "no-store" || err != nil || how != "attachment" || file["filename"] != name {
		t.Fatalf("%d %v", p.Status, p.Header)
	}
	return []byte(p.Body)
}

func sequence(t *testing.T, s *apptest.Site) {
	t.Helper()
	logbooktest.Sign(t, s.App.DB, s.App.Log)
}

func TestWhoSendsSomethingInHoldsTheLogsWord(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for kind, send := range map[string]func(b *apptest.Browser) apptest.Page{
			"case": func(b *apptest.Browser) apptest.Page {
				v := b.Form("/submit/suggestion")
				v.Set("title", "建议公开开庭排期")
				v.Set("content", "希望提前一周公布下周的开庭排期。")
				return b.Upload("/submit/suggestion", v)
			},
			"report": func(b *apptest.Browser) apptest.Page { return b.Upload("/submit/report", report(b)) },
		} {
			t.Run(kind, func(t *testing.T) {
				b := s.Browser()
				if p := b.Get("/track/case/receipt.json"); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track" {
					t.Errorf("nobody: %d", p.Status)
				}
				sent := send(b)
				want := promiseOn(t, s, sent)
				track := func(b *apptest.Browser, sent apptest.Page) {
					t.Helper()
					v := b.Get("/track").Fields("form.form")
					v.Set("case_no", sent.Find("#case-no").Text())
					v.Set("access_code", sent.Find("#access-code").Text())
					if p := b.Post("/track", v); p.Status != http.StatusSeeOther {
						t.Fatalf("track: %d %s", p.Status, p.Text())
					}
				}
				track(b, sent)
				sequence(t, s) // the courier may have been faster
				page := b.Get("/track/case")
				for _, w := range []string{"已经在公开日志里", "下载回执", "portal-verify receipt"} {
					if !strings.Contains(page.Text(), w) {
						t.Errorf("the tracking page does not say %q: %s", w, page.Text())
					}
				}
				got, err := tlog.ParseReceipt(receiptOf(t, b, "回执-"+want.Case+".json"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := got.Verify(s.App.Log.Key()); err != nil || got.Opening != want.Opening || string(got.Leaf) != string(want.Leaf) {
					t.Errorf("%v: %+v, promised %+v", err, got, want)
				}
				if page.Header.Get("Cache-Control") != "no-store" {
					t.Error(page.Header)
				}
				if p := b.Get("/track/case/receipt.svg"); p.Status != 200 || !strings.HasPrefix(p.Body, "<svg") || p.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("its picture: %d %v", p.Status, p.Header)
				}
				if p := s.Browser().Get("/track/case/receipt.svg"); p.Status != http.StatusSeeOther {
					t.Errorf("a stranger gets the picture: %d", p.Status)
				}
				// Another sender gets theirs.
				other := s.Browser()
				sent = send(other)
				want = promiseOn(t, s, sent)
				track(other, sent)
				sequence(t, s)
				if got, err := tlog.ParseReceipt(receiptOf(t, other, "回执-"+want.Case+".json")); err != nil || got.Opening != want.Opening {
					t.Errorf("another: %v %+v", err, got)
				}
			})
		}
	})
}

func TestTheLogsWordComesAgainWithARepeatedSending(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		v := b.Form("/submit/suggestion")
		v.Set("title", "建议公开开庭排期")
		v.Set("content", "希望提前一周公布下周的开庭排期。")
		want := promiseOn(t, s, b.Upload("/submit/suggestion", v))
		if again := b.Upload("/submit/suggestion", v); !strings.Contains(again.Text(), "没有重复登记") || promiseOn(t, s, again).Opening != want.Opening {
			t.Errorf("a case: %s", again.Text())
		}
		v = report(b)
		want = promiseOn(t, s, b.Upload("/submit/report", v))
		if again := b.Upload("/submit/report", v); !strings.Contains(again.Text(), "没有重复登记") || promiseOn(t, s, again).Opening != want.Opening {
			t.Errorf("a report: %s", again.Text())
		}
	})
}

func TestTheReceiptPageReadsWithoutItsScript(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		p := s.Browser().Get("/log/receipt")
		for _, w := range []string{s.App.Log.Key().String(), "portal-verify receipt", "不会上传", "换一个新一些的浏览器"} {
			if !strings.Contains(p.Text(), w) {
				t.Errorf("does not say %q", w)
			}
		}
		if _, shown := p.Find("#check").Attr("hidden"); p.Status != 200 || !shown || p.Find("form[action]").Length() != 0 || p.Find("form [name]").Length() != 0 {
			t.Errorf("%d: a form that could be sent", p.Status)
		}
	})
}
