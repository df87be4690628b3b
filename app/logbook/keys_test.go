package logbook_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
)

// follow verifies the log from a state and returns the next one.
func follow(t *testing.T, db *store.DB, from tlog.State) tlog.State {
	t.Helper()
	v := tlog.Verifier{Log: logbook.Inside{DB: db}}
	to, _, err := v.Check(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func audit(t *testing.T, b *logbook.Book) error {
	t.Helper()
	_, err := b.Audit(t.Context(), func(string, int64) {})
	return err
}

func TestTheLogIsHandedToANewKeyWhileSitesRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		one, dir := book(t, db)
		two, err := logbook.Open(t.Context(), db, logbook.In(dir), "")
		if err != nil {
			t.Fatal(err)
		}
		secret, err := os.ReadFile(filepath.Join(dir, logbook.KeyFile))
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, func(tx *store.Tx) error {
			return logbook.Receive(tx, logbook.Arrival{Kind: logbook.Report, ID: 7, CaseNo: "12345678", Digest: sha256.Sum256([]byte("x"))})
		})
		sequence(t, db, one)
		at := clock.Now()
		one.Holds(logbook.Report, func(_ *store.Reader, after int64, _ int) ([]logbook.Holding, error) {
			if after >= 7 {
				return nil, nil
			}
			return []logbook.Holding{{ID: 7, CaseNo: "12345678", At: at, Digest: sha256.Sum256([]byte("x"))}}, nil
		})
		first := one.Key()
		before := follow(t, db, tlog.Begin(first))

		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "one\n"}) // waits when the log is handed over
		command, err := logbook.Open(t.Context(), db, logbook.In(dir), "")
		if err != nil {
			t.Fatal(err)
		}
		second, err := command.Rotate(t.Context())
		if err != nil || second == first || second.Name != first.Name || command.Key() != second {
			t.Fatal(second, err)
		}
		// Both keys signed the checkpoint that covers it: who knows only the old one reads it.
		covering, _ := logbook.Inside{DB: db}.Fetch(t.Context(), tlog.CheckpointPath)
		for _, k := range []tlog.Key{first, second} {
			if c, err := tlog.OpenCheckpoint(covering, []tlog.Key{k}); err != nil || c.Size != 3 {
				t.Errorf("%s: %+v %v", k, c, err)
			}
		}
		// An instance that was running signs with the new key, and makes receipts with it.
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "two\n"})
		if list := sequence(t, db, one); len(list) != 4 || one.Key() != second {
			t.Errorf("%d entries, signed by %s", len(list), one.Key())
		}
		after, _ := logbook.Inside{DB: db}.Fetch(t.Context(), tlog.CheckpointPath)
		if _, err := tlog.OpenCheckpoint(after, []tlog.Key{first}); err == nil {
			t.Error("the old key signs still")
		}
		var w logbook.Word
		if err := db.Read(t.Context(), func(r *store.Reader) (err error) { w, err = two.Word(r, logbook.Report, 7); return err }); err != nil {
			t.Fatal(err)
		}
		receipt, err := tlog.ParseReceipt(w.Receipt)
		if err == nil {
			_, err = receipt.Verify(second)
		}
		if err != nil {
			t.Error(err)
		}
		// Whoever verified before the change, or knows only one of the keys, follows.
		for _, from := range []tlog.State{before, tlog.Begin(first), tlog.Begin(second)} {
			if to := follow(t, db, from); !reflect.DeepEqual(to.Keys, []tlog.Key{first, second}) {
				t.Error(to.Keys)
			}
		}
		if err := audit(t, one); err != nil {
			t.Error(err)
		}
		files, err := os.ReadDir(dir)
		for _, f := range files {
			if raw, _ := os.ReadFile(filepath.Join(dir, f.Name())); strings.Contains(string(raw), strings.TrimSpace(string(secret))) {
				t.Errorf("%s still holds the old private key", f.Name())
			}
		}
		if len(files) != 2 || err != nil {
			t.Error(files, err)
		}

		third, err := one.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if to := follow(t, db, before); !reflect.DeepEqual(to.Keys, []tlog.Key{first, second, third}) {
			t.Error(to.Keys)
		}
		// A key that nobody handed the log to is found from within.
		stranger, err := tlog.NewSigner(first.Name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, func(tx *store.Tx) error {
			if tx.Dialect() == store.Postgres {
				tx.Exec("ALTER TABLE log_keys DISABLE TRIGGER ALL")
			}
			return tx.Exec("INSERT INTO log_keys (no, key, at) VALUES (0, ?, ?)", stranger.Key().String(), tx.Now).Error
		})
		if err := audit(t, one); err == nil || !strings.Contains(err.Error(), "前一把钥匙") {
			t.Error(err)
		}
	})
}

func TestAChangeOfKeysThatWasCutShortIsFinished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, dir := book(t, db)
		path := filepath.Join(dir, logbook.KeyFile)
		sequence(t, db, b)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Killed before the commit: the new key was written, the database does not know it.
		unused, err := tlog.NewSigner(b.Key().Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".next", []byte(unused.Secret()), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := logbook.Open(t.Context(), db, logbook.In(dir), "")
		if err != nil || again.Key() != b.Key() {
			t.Fatal(err)
		}
		// Killed after it: the old key's file is still there.
		next, err := again.Rotate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, path+".next"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err = logbook.Open(t.Context(), db, logbook.In(dir), ""); err != nil || again.Key() != next {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + ".next"); err == nil {
			t.Error("the new key did not take the old one's place")
		}
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "x"})
		sequence(t, db, again)

		// A log that is begun anew keeps the hand-over of the former one among its entries.
		if _, err := logbook.Restart(t.Context(), db, logbook.In(dir), "", "演练"); err != nil {
			t.Fatal(err)
		}
		if list := sequence(t, db, again); len(list) != 3 || again.Key().Name != "court.example/log/3" {
			t.Errorf("%+v %s", list, again.Key())
		}
		if err := audit(t, again); err != nil {
			t.Error(err)
		}
	})
}
