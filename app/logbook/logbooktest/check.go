// Package logbooktest checks that what is public is what the public log says, after
// every scenario of a test.
package logbooktest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/logbook"
	"mingjing/app/store"
)

// Check verifies that what sources publish equals the log's last words, and that
// nothing stands there which is not public.
func Check(t testing.TB, db *store.DB, sources logbook.Sources) {
	t.Helper()
	err := db.Read(t.Context(), func(r *store.Reader) error {
		for _, kind := range sources.Kinds() {
			shown, logged := map[string]string{}, map[string]string{}
			texts, err := sources.Shown(r, kind, "", 100_000)
			if err != nil {
				return err
			}
			for _, x := range texts {
				shown[x.Ref] = x.Body
			}
			var words []struct{ Ref, Body string }
			err = r.Raw(`SELECT t.ref, t.body FROM log_texts t JOIN log_entries e ON e.kind = t.kind AND e.ref = t.ref AND e.version = t.version
				WHERE t.kind = ? AND e.event <> 3 AND t.version = (SELECT max(x.version) FROM log_texts x WHERE x.kind = t.kind AND x.ref = t.ref)`, kind).Scan(&words).Error
			if err != nil {
				return err
			}
			for _, w := range words {
				logged[w.Ref] = w.Body
			}
			if d := cmp.Diff(logged, shown); d != "" {
				t.Errorf("%s: the log says (-), the public reads (+)\n%s", kind, d)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Settle takes into the log what a test changed behind the rooms' backs.
func Settle(t testing.TB, db *store.DB, sources logbook.Sources) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, kind := range sources.Kinds() {
			texts, err := sources.Shown(&tx.Reader, kind, "", 100_000)
			if err != nil {
				return err
			}
			shown := map[string]bool{}
			for _, x := range texts {
				shown[x.Ref] = true
			}
			words, err := logbook.LastWords(&tx.Reader, kind, "", 100_000)
			if err != nil {
				return err
			}
			for _, v := range words {
				if !shown[v.Ref] {
					texts = append(texts, logbook.Text{Kind: kind, Ref: v.Ref})
				}
			}
			if err := logbook.Record(tx, texts...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
