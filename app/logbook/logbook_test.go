package logbook_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
)

// book opens a log of its own for a test.
func book(t *testing.T, db *store.DB) (*logbook.Book, string) {
	t.Helper()
	dir := t.TempDir()
	b, err := logbook.Open(t.Context(), db, logbook.In(dir), "court.example/log")
	if err != nil {
		t.Fatal(err)
	}
	return b, dir
}

func write(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T, db *store.DB, texts ...logbook.Text) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error { return logbook.Record(tx, texts...) })
}

// sequence signs, and verifies the whole log from outside; it returns its entries.
func sequence(t *testing.T, db *store.DB, b *logbook.Book) []tlog.Entry {
	t.Helper()
	if _, err := b.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	var list []tlog.Entry
	v := tlog.Verifier{Log: logbook.Inside{DB: db}, Each: func(_ int64, e tlog.Entry) error { list = append(list, e); return nil }}
	if _, _, err := v.Check(t.Context(), tlog.Begin(b.Key())); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWhatIsRecordedStandsInTheLogVersionByVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		if got := sequence(t, db, b); len(got) != 0 {
			t.Fatalf("an empty log has %d entries", len(got))
		}
		at := clock.Now().Unix()
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "one\n"}, logbook.Text{Kind: "problem", Ref: "2"})
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "one\n"})
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "two\n"}, logbook.Text{Kind: "reply", Ref: "1", Body: "a"})
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Why: "写错了"})
		record(t, db, logbook.Text{Kind: "problem", Ref: "1"})
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "one\n"})
		notice := `{"withdrawn":true,"kind":"problem","id":"1","why":"写错了"}` + "\n"
		p := func(version uint32, event tlog.Event, text string) tlog.Entry {
			return &tlog.Published{Kind: "problem", ID: "1", Version: version, Event: event, At: at, Digest: sha256.Sum256([]byte(text))}
		}
		want := []tlog.Entry{p(1, tlog.Publish, "one\n"), p(2, tlog.Change, "two\n"),
			&tlog.Published{Kind: "reply", ID: "1", Version: 1, Event: tlog.Publish, At: at, Digest: sha256.Sum256([]byte("a"))},
			p(3, tlog.Withdraw, notice), p(4, tlog.Publish, "one\n")}
		if d := cmp.Diff(want, sequence(t, db, b)); d != "" {
			t.Error(d)
		}
		err := db.Read(t.Context(), func(r *store.Reader) error {
			text, err := logbook.Body(r, "problem", "1", 3)
			if text != notice {
				t.Errorf("%q", text)
			}
			versions, err2 := logbook.Versions(r, "problem", "1", 1, 10)
			last, err3 := logbook.LastWords(r, "problem", "", 10)
			if len(versions) != 4 || len(last) != 1 || last[0].Version != 4 || *last[0].Index != 4 {
				t.Errorf("%+v %+v", versions, last)
			}
			return errors.Join(err, err2, err3)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatWasReceivedCanBeProvedAndTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		digest := sha256.Sum256([]byte("content"))
		write(t, db, func(tx *store.Tx) error {
			return logbook.Receive(tx, logbook.Arrival{Kind: logbook.Case, ID: 7, CaseNo: "12345678", Digest: digest},
				logbook.Arrival{Kind: logbook.Report, ID: 7, CaseNo: "87654321", Digest: digest})
		})
		word := func() (w logbook.Word) {
			err := db.Read(t.Context(), func(r *store.Reader) (err error) {
				w, err = b.Word(r, logbook.Report, 7)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := word()
		promise, err := tlog.OpenPromise(w.Promise, b.Key())
		if err != nil || promise.Case != "87654321" || promise.Received != clock.Now().Unix() || promise.Digest != digest || w.Index != -1 || w.Receipt != nil {
			t.Fatalf("%+v %+v %v", w, promise, err)
		}
		list := sequence(t, db, b)
		if got, ok := list[1].(*tlog.Received); len(list) != 2 || !ok || got.Commitment != promise.Commitment() {
			t.Fatalf("%+v", list)
		}
		w = word()
		receipt, err := tlog.ParseReceipt(w.Receipt)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := receipt.Verify(b.Key()); err != nil || c.Size != 2 || w.Index != 1 || !bytes.Equal(receipt.Leaf, promise.Leaf) {
			t.Errorf("%+v %v", c, err)
		}
	})
}

func TestALogOfManySizesVerifiesWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, dir := book(t, db)
		state := tlog.Begin(b.Key())
		n := 0
		for _, more := range []int{1, 1, 253, 1, 1, 300, 700} {
			var texts []logbook.Text
			for range more {
				n++
				texts = append(texts, logbook.Text{Kind: "problem", Ref: strconv.Itoa(n), Body: fmt.Sprint(n)})
			}
			record(t, db, texts...)
			if got := len(sequence(t, db, b)); got != n {
				t.Fatalf("%d entries instead of %d", got, n)
			}
			v := tlog.Verifier{Log: logbook.Inside{DB: db}}
			to, c, err := v.Check(t.Context(), state)
			if err != nil || c.Size != int64(n) {
				t.Fatal(c.Size, err)
			}
			state = to
			// A second start reads the same key and goes on.
			if b, err = logbook.Open(t.Context(), db, logbook.In(dir), "ignored.example/log"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTwoInstancesSignOneLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		one, dir := book(t, db)
		two, err := logbook.Open(t.Context(), db, logbook.In(dir), "court.example/log")
		if err != nil {
			t.Fatal(err)
		}
		var beside sync.WaitGroup
		const each, writers = 60, 4
		ctx, stop := context.WithCancel(t.Context())
		signed := make(chan int, 1000)
		for _, b := range []*logbook.Book{one, two} {
			beside.Go(func() {
				for ctx.Err() == nil {
					n, err := b.Sequence(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					signed <- n
				}
			})
		}
		go func() {
			for range signed {
			}
		}()
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					text := logbook.Text{Kind: "problem", Ref: fmt.Sprintf("%d-%d", w, i), Body: "x"}
					if err := db.Write(t.Context(), func(tx *store.Tx) error { return logbook.Record(tx, text) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		stop()
		beside.Wait()
		close(signed)
		if got := len(sequence(t, db, one)); got != each*writers {
			t.Errorf("%d entries", got)
		}
	})
}

func TestALogThatWasCutOrChangedIsNotSignedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, dir := book(t, db)
		for i := range 5 {
			record(t, db, logbook.Text{Kind: "problem", Ref: strconv.Itoa(i), Body: "x"})
			sequence(t, db, b)
		}
		later, err := os.ReadFile(filepath.Join(dir, "log-head"))
		if err != nil {
			t.Fatal(err)
		}
		one := logbook.Text{Kind: "problem", Ref: "next", Body: "x"}
		record(t, db, one)
		if err := os.WriteFile(filepath.Join(dir, "log-head"), []byte(strings.Replace(string(later), "\n5\n", "\n6\n", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Sequence(t.Context()); !errors.Is(err, logbook.ErrRewound) {
			t.Errorf("a log that ends early: %v", err)
		}
		if err := os.WriteFile(filepath.Join(dir, "log-head"), later, 0o600); err != nil {
			t.Fatal(err)
		}
		raw := []byte{1, 2, 3}
		tamper(t, db, "UPDATE log_tiles SET data = ?", bytes.Repeat(raw, 5*32/3+1)[:5*32])
		if _, err := b.Sequence(t.Context()); !errors.Is(err, tlog.ErrTree) {
			t.Errorf("a tree that was changed: %v", err)
		}
	})
}

func TestALogIsBegunAnewUnderAnotherNameAndSaysWhy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, dir := book(t, db)
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "x"})
		sequence(t, db, b)
		was := b.Key()
		if err := os.Remove(filepath.Join(dir, logbook.KeyFile)); err != nil {
			t.Fatal(err)
		}
		fresh, err := logbook.Restart(t.Context(), db, logbook.In(dir), "ignored.example/log", "密钥丢失")
		if err != nil {
			t.Fatal(err)
		}
		if b, err = logbook.Open(t.Context(), db, logbook.In(dir), "ignored.example/log"); err != nil {
			t.Fatal(err)
		}
		if b.Key() != fresh || fresh.Name != "court.example/log/2" || was.Name != "court.example/log" {
			t.Errorf("%s after %s", b.Key(), was)
		}
		if list := sequence(t, db, b); len(list) != 2 || list[1].(*tlog.Published).Kind != "log-restart" {
			t.Errorf("%+v", list)
		}
		if _, err := logbook.Restart(t.Context(), db, logbook.In(dir), "", "恢复了备份"); err != nil {
			t.Fatal(err)
		}
		if b, err = logbook.Open(t.Context(), db, logbook.In(dir), ""); err != nil || b.Key().Name != "court.example/log/3" {
			t.Fatal(b.Key(), err)
		}
		if list := sequence(t, db, b); len(list) != 3 {
			t.Errorf("%+v", list)
		}
	})
}

func TestWhatWasThereBeforeTheLogIsFilledInOnceAndMarked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		before := clock.Now().Add(-24 * time.Hour)
		shown := []logbook.Text{{Kind: "problem", Ref: "1", Body: "one", At: before}, {Kind: "problem", Ref: "2", Body: "two", At: before}}
		held := []logbook.Holding{{ID: 7, CaseNo: "10000007", At: before, Digest: sha256.Sum256([]byte("7"))}}
		b.Sources["problem"] = func(_ *store.Reader, after string, _ int) ([]logbook.Text, error) {
			if after != "" {
				return nil, nil
			}
			return shown, nil
		}
		b.Holds(logbook.Case, func(_ *store.Reader, after int64, _ int) (out []logbook.Holding, err error) {
			for _, h := range held {
				if h.ID > after {
					out = append(out, h)
				}
			}
			return out, nil
		})
		record(t, db, shown[0]) // it was changed while the log was being filled
		if err := b.Backfill(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := sequence(t, db, b)
		first, second, arrival := list[0].(*tlog.Published), list[1].(*tlog.Published), list[2].(*tlog.Received)
		if len(list) != 3 || first.Backfilled || !second.Backfilled || second.At != before.Unix() || !arrival.Backfilled {
			t.Fatalf("%+v %+v %+v", first, second, arrival)
		}
		// What appears behind the rooms' backs afterwards is not taken over.
		shown = append(shown, logbook.Text{Kind: "problem", Ref: "3", Body: "three"})
		held = append(held, logbook.Holding{ID: 8, CaseNo: "10000008", At: before})
		if err := b.Backfill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list := sequence(t, db, b); len(list) != 3 {
			t.Errorf("%d entries", len(list))
		}
		if _, err := b.Audit(t.Context(), func(string, int64) {}); err == nil || !strings.Contains(err.Error(), "来件 10000008") {
			t.Error(err)
		}
	})
}

// TestTwoChangesOfOneSubjectBothStand: the second tells of both.
func TestTwoChangesOfOneSubjectBothStand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		var writing sync.WaitGroup
		for i := range 8 {
			writing.Go(func() {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					return logbook.Record(tx, logbook.Text{Kind: "problem", Ref: "1", Body: fmt.Sprint(i)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		if list := sequence(t, db, b); len(list) != 8 {
			t.Errorf("%d versions", len(list))
		}
	})
}

// tamper does what somebody with the database can do who first takes away what guards it.
func tamper(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	write(t, db, func(tx *store.Tx) error {
		for _, table := range []string{"log_entries", "log_tiles", "log_heads", "log_texts"} {
			drop := "DROP TRIGGER IF EXISTS " + table + "_keep"
			if db.Dialect() == store.Postgres {
				drop += " ON " + table
			}
			if err := tx.Exec(drop).Error; err != nil {
				return err
			}
		}
		return tx.Exec(query, args...).Error
	})
}

func TestNothingInTheLogCanBeChangedOrDropped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "x"})
		sequence(t, db, b)
		record(t, db, logbook.Text{Kind: "problem", Ref: "2", Body: "x"})
		for _, statement := range []string{"UPDATE log_entries SET idx = 9 WHERE ref = '1'", "UPDATE log_entries SET at = at, case_no = 'x' WHERE ref = '2'", "UPDATE log_entries SET idx = 7, leaf = digest WHERE ref = '2'",
			"DELETE FROM log_entries", "UPDATE log_texts SET body = 'y'", "DELETE FROM log_texts", "UPDATE log_tiles SET data = (SELECT leaf FROM log_entries WHERE ref = '1')", "DELETE FROM log_tiles",
			"UPDATE log_heads SET note = ''", "DELETE FROM log_heads", "UPDATE log_keys SET key = ''", "DELETE FROM log_keys"} {
			err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement).Error })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

func TestAnotherKeyDoesNotOpenTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		book(t, db)
		if _, err := logbook.Open(t.Context(), db, logbook.In(t.TempDir()), "court.example/log"); !errors.Is(err, logbook.ErrKey) {
			t.Errorf("without the key: %v", err)
		}
		other := t.TempDir()
		s, err := tlog.NewSigner("court.example/log")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other, logbook.KeyFile), []byte(s.Secret()), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := logbook.Open(t.Context(), db, logbook.In(other), "court.example/log"); !errors.Is(err, logbook.ErrKey) {
			t.Errorf("with another key: %v", err)
		}
	})
}

func TestLagIsTheAgeOfWhatWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		lag := func() (d time.Duration) {
			if err := db.Read(t.Context(), func(r *store.Reader) (err error) {
				d, err = logbook.Lag(r)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return d
		}
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "x"})
		clock.Advance(3 * time.Second)
		if got := lag(); got != 3*time.Second {
			t.Error(got)
		}
		sequence(t, db, b)
		if got := lag(); got != 0 {
			t.Error(got)
		}
	})
}

func TestWhatStoodAtAMomentIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		start := clock.Now()
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "{\"n\":1}\n"}, logbook.Text{Kind: "rule", Ref: "1", Body: "{}\n"})
		clock.Set(start.Add(time.Hour))
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "{\"n\":2}\n"})
		clock.Set(start.Add(2 * time.Hour))
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Why: "写错了"})
		sequence(t, db, b)
		err := db.Read(t.Context(), func(r *store.Reader) error {
			for after, want := range map[time.Duration]int{0: 0, 30 * time.Minute: 1, time.Hour: 1, 90 * time.Minute: 2, 3 * time.Hour: 3} {
				got, err := logbook.Standing(r, "problem", "1", start.Add(after))
				if got.Version.Version != want || (want == 0) != fault.Is(err, fault.NotFound) {
					t.Errorf("after %s: version %d, %v", after, got.Version.Version, err)
				}
			}
			list, err := logbook.History(r, "problem", "1", 0, 2)
			if err != nil || len(list) != 2 || !list[0].Withdrawn() || list[1].Body != "{\"n\":2}\n" || list[1].Index == nil || *list[1].Index != 2 {
				t.Errorf("%+v, %v", list, err)
			}
			if list, err = logbook.History(r, "problem", "1", 2, 2); err != nil || len(list) != 1 || list[0].Version.Version != 1 {
				t.Errorf("%+v, %v", list, err)
			}
			if list, err = logbook.Latest(r, 3); err != nil || len(list) != 3 || list[2].Kind != "rule" || !list[0].Withdrawn() {
				t.Errorf("%+v, %v", list, err)
			}
			if x, err := logbook.Find(r, "problem", "1", 2); err != nil || x.Body != "{\"n\":2}\n" {
				t.Errorf("%+v, %v", x, err)
			}
			leaf, err := logbook.Leaf(r, 3)
			if e, err2 := tlog.Decode(leaf); err != nil || err2 != nil || e.(*tlog.Published).Event != tlog.Withdraw {
				t.Errorf("%x, %v, %v", leaf, err, err2)
			}
			_, err = logbook.Leaf(r, 4)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestBeforeTheFirstCheckpointThereIsNoLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "{}\n"})
		for name, read := range map[string]func(r *store.Reader) error{
			"checkpoint": func(r *store.Reader) error { _, err := logbook.Newest(r); return err },
			"proof":      func(r *store.Reader) error { _, _, err := logbook.Proof(r, 0); return err },
			"leaf":       func(r *store.Reader) error { _, err := logbook.Leaf(r, 0); return err },
			"tile":       func(r *store.Reader) error { _, err := logbook.Tile(r, tlog.Tile{Width: 1}); return err },
		} {
			if err := db.Read(t.Context(), read); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestANewFormOfATextIsAVersionOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		form := "{}\n"
		b.Sources["problem"] = func(_ *store.Reader, after string, _ int) ([]logbook.Text, error) {
			if after != "" {
				return nil, nil
			}
			return []logbook.Text{{Kind: "problem", Ref: "1", Body: form}, {Kind: "problem", Ref: "2", Body: form}}, nil
		}
		for range 2 {
			if err := b.Backfill(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		b.Forms, form = map[string]int{"problem": 2}, `{"new":1}`+"\n"
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: form}) // touched before the rest is recorded anew
		for range 2 {
			if err := b.Backfill(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, e := range sequence(t, db, b) {
			p := e.(*tlog.Published)
			got = append(got, fmt.Sprintf("%s/%d %s %v", p.ID, p.Version, p.Event, p.Backfilled))
		}
		if d := cmp.Diff([]string{"1/1 publish true", "2/1 publish true", "1/2 change false", "2/2 change false"}, got); d != "" {
			t.Error(d)
		}
	})
}
