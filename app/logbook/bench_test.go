package logbook_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
)

// leaves is how long the log is that proofs and tiles are taken from; make bench
// takes a million.
func leaves() int {
	if n, err := strconv.Atoi(os.Getenv("LOG_LEAVES")); err == nil {
		return n
	}
	return 20_000
}

// full is a log of n arrivals that wait for their places.
func full(b *testing.B, d store.Dialect, n int) (*store.DB, *logbook.Book, store.Config) {
	b.Helper()
	c := storetest.Config(b, d)
	ctx := context.Background()
	db, err := store.Open(ctx, c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	book, err := logbook.Open(ctx, db, logbook.In(b.TempDir()), "court.example/log")
	if err != nil {
		b.Fatal(err)
	}
	// What a room holds is here what the log has: the audit compares each with each.
	book.Holds(logbook.Case, func(r *store.Reader, after int64, limit int) (out []logbook.Holding, err error) {
		err = r.Table("log_entries").Select("id, case_no, at").Where("id > ?", after).Order("id").Limit(limit).Find(&out).Error
		return out, err
	})
	for first := 0; first < n; first += 5000 {
		err := db.Write(ctx, func(tx *store.Tx) error {
			list := make([]logbook.Arrival, min(5000, n-first))
			for i := range list {
				list[i] = logbook.Arrival{Kind: logbook.Case, ID: int64(first + i + 1), CaseNo: strconv.Itoa(10_000_000 + first + i)}
			}
			return logbook.Receive(tx, list...)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return db, book, c
}

// BenchmarkLog measures the sequencer, and what is asked of a log of that size.
func BenchmarkLog(b *testing.B) {
	ctx := context.Background()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		n := leaves()
		db, book, c := full(b, d, n)
		start := time.Now()
		if got, err := book.Sequence(ctx); err != nil || got != n {
			b.Fatal(got, err)
		}
		took := time.Since(start)
		b.Run(string(d)+"/sequence", func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(n)/took.Seconds(), "leaves/s")
			if c.URL == "" {
				if i, err := os.Stat(c.DataDir + "/portal.db"); err == nil {
					b.ReportMetric(float64(i.Size())/float64(n), "bytes/leaf")
				}
			}
		})
		read := func(f func(r *store.Reader, i int) error) func(b *testing.B) {
			return func(b *testing.B) {
				for i := range b.N {
					if err := db.Read(ctx, func(r *store.Reader) error { return f(r, i*7919%n) }); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run(string(d)+"/proof", read(func(r *store.Reader, i int) error {
			_, _, err := logbook.Proof(r, int64(i))
			return err
		}))
		b.Run(string(d)+"/receipt", read(func(r *store.Reader, i int) error {
			_, err := book.Word(r, logbook.Case, int64(i+1))
			return err
		}))
		b.Run(string(d)+"/tile", read(func(r *store.Reader, i int) error {
			_, err := logbook.Tile(r, tlog.Tile{Level: 0, N: int64(i / 256 % (n / 256)), Width: 256})
			return err
		}))
		b.Run(string(d)+"/bundle", read(func(r *store.Reader, i int) error {
			_, err := logbook.Tile(r, tlog.Tile{Level: tlog.Entries, N: int64(i / 256 % (n / 256)), Width: 256})
			return err
		}))
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, err := logbook.Inside{DB: db}.Fetch(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			w.Write(data)
		}))
		defer site.Close()
		// Whole runs are long: one each, however often the rest is run.
		for what, whole := range map[string]func() error{
			"verify": func() error {
				v := tlog.Verifier{Log: tlog.HTTP{URL: site.URL}}
				_, _, err := v.Check(ctx, tlog.Begin(book.Key()))
				return err
			},
			"audit": func() error {
				_, err := book.Audit(ctx, func(string, int64) {})
				return err
			},
		} {
			start := time.Now()
			if err := whole(); err != nil {
				b.Fatal(what, err)
			}
			took := time.Since(start)
			b.Run(string(d)+"/"+what, func(b *testing.B) {
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(float64(n)/took.Seconds(), "leaves/s")
			})
		}
	}
}
