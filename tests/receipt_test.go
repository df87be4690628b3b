package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// brought is a text that a visitor verifies, and what the page must say of it.
type brought struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Good bool   `json:"good"`
	Says string `json:"says"`
}

// sentIn sends a suggestion in and opens its tracking page; it gives the promise.
func sentIn(t *testing.T, s *apptest.Site, b *apptest.Browser) string {
	t.Helper()
	form := b.Form("/submit/suggestion")
	form.Set("title", "建议公开开庭排期")
	form.Set("content", "希望提前一周公布下周的开庭排期。")
	sent := b.Upload("/submit/suggestion", form)
	v := b.Get("/track").Fields("form.form")
	v.Set("case_no", sent.Find("#case-no").Text())
	v.Set("access_code", sent.Find("#access-code").Text())
	if p := b.Post("/track", v); p.Status != http.StatusSeeOther {
		t.Fatalf("track: %d %s", p.Status, p.Text())
	}
	return sent.Find("#promise").Text()
}

// grow puts arrivals into the log.
func grow(t *testing.T, s *apptest.Site, from, to int64) {
	t.Helper()
	err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
		var list []logbook.Arrival
		for id := from; id < to; id++ {
			list = append(list, logbook.Arrival{Kind: logbook.Case, ID: id, CaseNo: fmt.Sprint(id)})
		}
		return logbook.Receive(tx, list...)
	})
	if err != nil {
		t.Fatal(err)
	}
	logbooktest.Sign(t, s.App.DB, s.App.Log)
}

// bent is a text with one character of what stands after a word replaced.
func bent(t *testing.T, text, after string, at int) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, after)
	if !ok {
		t.Fatalf("no %q in %q", after, text)
	}
	i := len(text) - len(rest) + at
	with := byte('A')
	if text[i] >= '0' && text[i] <= '9' {
		with = '0' + (text[i]-'0'+1)%10
	} else if text[i] == 'A' {
		with = 'B'
	}
	return text[:i] + string(with) + text[i+1:]
}

// forged lets a stranger sign a receipt or a promise in the name of the log.
func forged(t *testing.T, r tlog.Receipt, p tlog.Promise) (receipt, promise string) {
	t.Helper()
	stranger, err := tlog.NewSigner(r.Key.Name)
	if err != nil {
		t.Fatal(err)
	}
	r.Index, r.Proof, r.Key = 0, nil, stranger.Key()
	if r.Checkpoint, err = tlog.SignCheckpoint(tlog.Empty, tlog.Head{Size: 1, Root: tlog.LeafHash(r.Leaf)}, nil, stranger); err != nil {
		t.Fatal(err)
	}
	note, err := tlog.SignPromise(p, stranger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(stranger.Key()); err != nil {
		t.Fatal(err)
	}
	return string(r.JSON()), string(note)
}

func TestAReceiptIsVerifiedInTheBrowser(t *testing.T) {
	s := start(t, store.SQLite)
	b := s.Browser()
	grow(t, s, 1_000_000, 1_000_300)
	promise := sentIn(t, s, b)
	grow(t, s, 1_000_300, 1_000_301)
	first, former := s.App.Log.Key(), b.Get("/track/case/receipt.json").Body
	if _, err := s.App.Log.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := b.Get("/log/checkpoint").Body
	grow(t, s, 1_000_301, 1_000_305)
	receipt := b.Get("/track/case/receipt.json").Body
	// The log grows on, over the edge of a tile.
	grow(t, s, 1_000_305, 1_001_000)
	key := s.App.Log.Key()
	r, err := tlog.ParseReceipt([]byte(receipt))
	if err != nil {
		t.Fatal(err)
	}
	p, err := tlog.OpenPromise([]byte(promise), first)
	if err != nil {
		t.Fatal(err)
	}
	strange, stranger := forged(t, r, p)
	named, err := tlog.ParseReceipt([]byte(strange))
	if err != nil {
		t.Fatal(err)
	}
	named.Key = key
	other := r
	other.Index ^= 1
	twice := strings.Replace(receipt, `"case":`, `"case": "10000000", "case":`, 1)
	list := []brought{
		{"the receipt", receipt, true, "回执是真的"},
		{"the receipt, through other programs", "\ufeff" + strings.ReplaceAll(receipt, "\n", "\r\n") + "  \n", true, "回执是真的"},
		{"a receipt that the former key signed", former, true, "以前的公钥"},
		{"a receipt with its number changed", bent(t, receipt, `"case": "`, 3), false, "算不出日志里的那条记录"},
		{"a receipt with its time changed", bent(t, receipt, `"received": `, 8), false, "算不出日志里的那条记录"},
		{"a receipt with its digest changed", bent(t, receipt, `"digest": "`, 5), false, "算不出日志里的那条记录"},
		{"a receipt with its salt changed", bent(t, receipt, `"salt": "`, 5), false, "算不出日志里的那条记录"},
		{"a receipt with its leaf changed", bent(t, receipt, `"leaf": "`, 20), false, "算不出日志里的那条记录"},
		{"a receipt with its proof changed", bent(t, receipt, "\"proof\": [\n    \"", 7), false, "从这条记录算不到检查点"},
		{"a receipt of another place", string(other.JSON()), false, "从这条记录算不到检查点"},
		{"a receipt with its checkpoint's root changed", bent(t, receipt, fmt.Sprintf(`"checkpoint": "%s\n%s\n`, key.Name, strings.Split(string(r.Checkpoint), "\n")[1]), 4), false, "检查点的签名是假的"},
		{"a receipt with its checkpoint's signature changed", bent(t, receipt, "— "+key.Name+" ", 20), false, "检查点的签名是假的"},
		{"a receipt that a stranger signed", strange, false, "回执上的公钥不是本站公布的那把"},
		{"a receipt with this site's key and a stranger's checkpoint", string(named.JSON()), false, "检查点不是用这把公钥签的"},
		{"a receipt of a later version", bent(t, receipt, `"version": `, 0), false, "版本是 2"},
		{"a receipt with a field twice", twice, false, "使用当初下载的原文件"},
		{"half a receipt", receipt[:len(receipt)/2], false, "不完整"},
		{"the promise", promise, true, "凭据是真的"},
		{"the promise as it is pasted", strings.TrimSpace(promise), true, "凭据是真的"},
		{"a promise with its number changed", bent(t, promise, "case ", 3), false, "凭据的签名是假的"},
		{"a promise with its digest changed", bent(t, promise, "digest ", 3), false, "凭据的签名是假的"},
		{"a promise that a stranger signed", stranger, false, "凭据不是用这把公钥签的"},
		{"something else", "你好", false, "不完整"},
		{"nothing", " ", false, "还没有选文件"},
	}
	raw, err := json.Marshal(map[string]any{"brought": list, "receipt": receipt, "old": old, "case": p.Case})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "brought.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	node(t, []string{"BASE=" + s.URL, "ACCOUNTS={}", "JS=on", "BROUGHT=" + file, "OUT=" + pictures(t, "receipt")}, "receipt.mjs")
}
