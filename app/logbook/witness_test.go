package logbook_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
)

func TestWitnessesCosignWhatTheySawGrow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, dir := book(t, db)
		first, second := logbooktest.StartWitness(t, "first.example", b.Key()), logbooktest.StartWitness(t, "second.example", b.Key())
		silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) }))
		defer silent.Close()
		for _, text := range []string{first.Key.String() + " " + silent.URL, first.Setting(), second.Setting()} {
			w, err := logbook.ParseWitness(text)
			if err != nil {
				t.Fatal(err)
			}
			b.Witnesses = append(b.Witnesses, w)
		}
		for _, bad := range []string{"", first.Key.String(), first.Key.String() + " nowhere", b.Key().String() + " https://w.example", first.Key.String() + " file:///etc"} {
			if w, err := logbook.ParseWitness(bad); err == nil {
				t.Errorf("%q is %+v", bad, w)
			}
		}
		seen := func() (list []logbook.Seen, note string) {
			err := db.Read(t.Context(), func(r *store.Reader) (err error) {
				if list, err = logbook.Witnessed(r); err != nil {
					return err
				}
				c, err := logbook.LastWitnessed(r)
				if err != nil {
					return err
				}
				note, err = logbook.Cosigned(r, c)
				return err
			})
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			return list, note
		}
		if list, note := seen(); len(list) != 0 || note != "" {
			t.Error(list, note)
		}
		for size := range int64(3) { // an empty log too
			if size > 0 {
				record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: strings.Repeat("x", int(size))})
			}
			sequence(t, db, b)
			if err := b.Ask(t.Context(), http.DefaultClient); err == nil || !strings.Contains(err.Error(), "418") {
				t.Error("the one that does not answer: ", err)
			}
			list, note := seen()
			if len(list) != 2 || list[0].Size != size || list[0].Name() != "first.example" || !list[1].At.Equal(time.Unix(second.At, 0)) {
				t.Errorf("%+v", list)
			}
			c, err := tlog.OpenCheckpoint([]byte(note), []tlog.Key{b.Key()}, first.Key, second.Key)
			if err != nil || len(c.Cosignatures) != 2 || c.Size != size {
				t.Errorf("%+v %v", c, err)
			}
			// Nothing new: nobody is bothered.
			was := second.Asked
			if b.Ask(t.Context(), http.DefaultClient); second.Asked != was {
				t.Error("asked again")
			}
		}
		// A witness that was told more than is remembered here says so, and is asked from there.
		write(t, db, func(tx *store.Tx) error { return tx.Exec("DELETE FROM log_cosignatures").Error })
		record(t, db, logbook.Text{Kind: "problem", Ref: "2", Body: "y"})
		sequence(t, db, b)
		b.Ask(t.Context(), http.DefaultClient)
		if list, _ := seen(); len(list) != 2 || list[1].Size != 3 {
			t.Errorf("%+v", list)
		}
		// Nothing of it is of a log that was begun anew.
		if _, err := logbook.Restart(t.Context(), db, logbook.In(dir), "", "演练"); err != nil {
			t.Fatal(err)
		}
		sequence(t, db, b)
		if _, note := seen(); note != "" {
			t.Errorf("a witness of the former log stands for the new one: %s", note)
		}
	})
}

func TestAWitnessThatSawAnotherLogIsNotPutBeforeIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b, _ := book(t, db)
		w := logbooktest.StartWitness(t, "w.example", b.Key())
		parsed, err := logbook.ParseWitness(w.Setting())
		if err != nil {
			t.Fatal(err)
		}
		b.Witnesses = []logbook.Witness{parsed}
		record(t, db, logbook.Text{Kind: "problem", Ref: "1", Body: "x"}, logbook.Text{Kind: "problem", Ref: "2", Body: "x"})
		sequence(t, db, b)
		if err := b.Ask(t.Context(), http.DefaultClient); err != nil {
			t.Fatal(err)
		}
		var note string
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			c, err := logbook.LastWitnessed(r)
			if err == nil {
				note, err = logbook.Cosigned(r, c)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		was, err := tlog.OpenCheckpoint([]byte(note), []tlog.Key{b.Key()}, w.Key)
		if err != nil {
			t.Fatal(err)
		}
		record(t, db, logbook.Text{Kind: "problem", Ref: "3", Body: "x"})
		sequence(t, db, b)
		now, err := tlog.OpenCheckpoint([]byte(newestNote(t, db)), []tlog.Key{b.Key()})
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.Extended(t.Context(), logbook.Inside{DB: db}, was.Head, now.Head); err != nil {
			t.Error(err)
		}
		was.Root[0] ^= 1
		if err := tlog.Extended(t.Context(), logbook.Inside{DB: db}, was.Head, now.Head); err == nil || !strings.Contains(err.Error(), "不在这本") {
			t.Error(err)
		}
	})
}

func newestNote(t *testing.T, db *store.DB) string {
	t.Helper()
	note, err := logbook.Inside{DB: db}.Fetch(t.Context(), tlog.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(note)
}
