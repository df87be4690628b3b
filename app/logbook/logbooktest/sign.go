package logbooktest

import (
	"os"
	"testing"
	"time"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
)

// Hold keeps a running site from signing what is recorded from now on, until it is
// released: what it remembers of the last head cannot be read meanwhile.
func Hold(t testing.TB, db *store.DB, b *logbook.Book, at logbook.Place) (release func()) {
	t.Helper()
	Sign(t, db, b)
	head, err := os.ReadFile(at.Head)
	if err == nil {
		err = os.WriteFile(at.Head, []byte("held"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(at.Head, head, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Sign has everything that was recorded signed. A running site does that too: what
// it has in hand at the moment is waited for.
func Sign(t testing.TB, db *store.DB, b *logbook.Book) {
	t.Helper()
	for try := 1; ; try++ {
		if _, err := b.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		var waiting int64
		err := db.Read(t.Context(), func(r *store.Reader) error {
			if _, err := logbook.Newest(r); err != nil {
				return err
			}
			return r.Table("log_entries").Where("idx IS NULL").Count(&waiting).Error
		})
		switch {
		case err == nil && waiting == 0:
			return
		case err != nil && !fault.Is(err, fault.NotFound) || try == 200:
			t.Fatal(waiting, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
