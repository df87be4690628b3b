package tests

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// TestAReceiptIsVerifiedInTheBrowser pastes good and forged receipts into the page
// that verifies them with the browser's own cryptography.
func TestAReceiptIsVerifiedInTheBrowser(t *testing.T) {
	s := start(t, store.SQLite)
	err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 300 {
			n := int64(900_000 + i)
			if err := logbook.Receive(tx, logbook.Arrival{Kind: logbook.Report, ID: n, CaseNo: fmt.Sprint(10_000_000 + n), Digest: sha256.Sum256([]byte{byte(i)})}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.App.Log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	var w logbook.Word
	if err := s.App.DB.Read(t.Context(), func(r *store.Reader) (err error) {
		w, err = s.App.Log.Word(r, logbook.Report, 900_111)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	receipt := string(w.Receipt)
	r, err := tlog.ParseReceipt(w.Receipt)
	if err != nil {
		t.Fatal(err)
	}
	other, err := tlog.NewSigner(s.App.Log.Key().Name)
	if err != nil {
		t.Fatal(err)
	}
	foreign := r
	foreign.Key = other.Key()
	changed := func(old, new string) string {
		if !strings.Contains(receipt, old) {
			t.Fatalf("the receipt has no %s", old)
		}
		return strings.Replace(receipt, old, new, 1)
	}
	type paste struct {
		Name  string   `json:"name"`
		Paste string   `json:"paste"`
		Says  []string `json:"says"`
		Good  bool     `json:"good"`
	}
	digest, proof := r.Digest.String(), r.Proof[0].String()
	flip := func(base64 string) string {
		if base64[0] == 'A' {
			return "B" + base64[1:]
		}
		return "A" + base64[1:]
	}
	list := []paste{
		{"good", receipt, []string{"回执是真的", "10900111", "还在里面"}, true},
		{"promise", string(w.Promise), []string{"凭据是真的", "10900111"}, true},
		{"number", changed("10900111", "10900112"), []string{"编号、收到时间、内容摘要或者盐被改动过"}, false},
		{"time", changed(fmt.Sprintf(`"received": %d`, r.Received), fmt.Sprintf(`"received": %d`, r.Received-60)), []string{"编号、收到时间、内容摘要或者盐被改动过"}, false},
		{"digest", changed(digest, flip(digest)), []string{"编号、收到时间、内容摘要或者盐被改动过"}, false},
		{"proof", changed(proof, flip(proof)), []string{"证明不了这一条在日志里"}, false},
		{"index", changed(fmt.Sprintf(`"index": %d`, r.Index), fmt.Sprintf(`"index": %d`, r.Index+1)), []string{"证明不了这一条在日志里"}, false},
		{"checkpoint", changed(`log\n`, `lag\n`), []string{"签名不对"}, false},
		{"key", string(foreign.JSON()), []string{"另一把钥匙"}, false},
		{"promise-forged", strings.Replace(string(w.Promise), "case 10900111", "case 10900112", 1), []string{"签名不对"}, false},
		{"broken", receipt[:200], []string{"不是一份完整的回执"}, false},
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	node(t, []string{"BASE=" + s.URL, "ACCOUNTS={}", "JS=on", "RECEIPTS=" + string(raw), "OUT=" + pictures(t, "receipt")}, "receipt.mjs")
}
