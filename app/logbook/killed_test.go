package logbook_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
)

// TestMain also is the process that is killed.
func TestMain(m *testing.M) {
	if os.Getenv("LOGBOOK_CHILD") != "" {
		if err := busy(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	storetest.Main(m)
}

// busy records and signs until it is killed; it says the number of each entry that is
// committed.
func busy() error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DataDir: os.Getenv("LOGBOOK_DIR"), URL: os.Getenv("LOGBOOK_URL")})
	if err != nil {
		return err
	}
	b, err := logbook.Open(ctx, db, logbook.In(os.Getenv("LOGBOOK_KEYS")), "court.example/log")
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(os.Getenv("LOGBOOK_FIRST"))
	if err != nil {
		return err
	}
	var lock sync.Mutex
	failed := make(chan error, 5)
	for w := range 4 {
		go func() {
			for n := first + w; ; n += 4 {
				id := strconv.Itoa(n)
				err := db.Write(ctx, func(tx *store.Tx) error {
					return errors.Join(logbook.Record(tx, logbook.Text{Kind: "problem", Ref: id, Body: id}),
						logbook.Receive(tx, logbook.Arrival{Kind: logbook.Case, ID: int64(n), CaseNo: id, Digest: sha256.Sum256([]byte(id))}))
				})
				if err != nil {
					failed <- err
					return
				}
				lock.Lock()
				fmt.Println(n)
				lock.Unlock()
			}
		}()
	}
	go func() {
		for {
			if _, err := b.Sequence(ctx); err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

// TestKilledAHundredTimesTheLogIsWhole kills the process that records and signs at
// any moment; what it had said was committed is there, and the log that anybody
// verified before only grew.
func TestKilledAHundredTimesTheLogIsWhole(t *testing.T) {
	const times = 50 // on each database
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			c := storetest.Config(t, d)
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			b, dir := book(t, db)
			state, said := tlog.Begin(b.Key()), map[int]bool{}
			for i := range times {
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), "LOGBOOK_CHILD=1", "LOGBOOK_DIR="+c.DataDir, "LOGBOOK_URL="+c.URL, "LOGBOOK_KEYS="+dir, fmt.Sprintf("LOGBOOK_FIRST=%d", 1+i*1_000_000))
				child.Stderr = os.Stderr
				out, err := child.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := child.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewScanner(out)
				fate := time.NewTimer(time.Hour)
				go func() {
					<-fate.C
					child.Process.Kill()
				}()
				for first := true; lines.Scan(); first = false {
					n, err := strconv.Atoi(lines.Text())
					if err != nil {
						break // cut off by the kill
					}
					if said[n] = true; first {
						fate.Reset(time.Duration(rand.IntN(60_000)) * time.Microsecond)
					}
				}
				if err := child.Wait(); err != nil && child.ProcessState.ExitCode() == 1 {
					t.Fatal(err)
				}
				if i%10 < 9 {
					continue // the next one goes on from there
				}
				logbooktest.Sign(t, db, b) // a child's connection may still hold the lock for a moment
				v := tlog.Verifier{Log: logbook.Inside{DB: db}}
				if state, _, err = v.Check(t.Context(), state); err != nil {
					t.Fatalf("after %d kills: %v", i+1, err)
				}
			}
			there, arrivals := map[string]bool{}, 0
			v := tlog.Verifier{Log: logbook.Inside{DB: db}, Each: func(_ int64, e tlog.Entry) error {
				switch e := e.(type) {
				case *tlog.Published:
					there[e.ID] = true
				case *tlog.Received:
					arrivals++
				}
				return nil
			}}
			to, _, err := v.Check(t.Context(), tlog.Begin(b.Key()))
			if err != nil || to.Head != state.Head {
				t.Fatal(to, state, err)
			}
			for n := range said {
				if !there[strconv.Itoa(n)] {
					t.Errorf("%d was committed and is not in the log", n)
				}
			}
			if len(there) != arrivals || len(said) < times {
				t.Errorf("%d published, %d received, %d said", len(there), arrivals, len(said))
			}
			t.Logf("%d entries after %d kills", to.Size, times)
		})
	}
}
