// Package storetest gives a test an empty, migrated database of each kind.
//
// PostgreSQL is real: the server that scripts/postgres starts, or the one whose
// maintenance database PORTAL_TEST_POSTGRES names. A test fails when it cannot
// be reached; it never skips.
package storetest

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"mingjing/app/store"
)

// Start is the instant at which a test's clock stands unless it is moved:
// Wednesday 6 January 2021, 09:00 in Shanghai.
var Start = time.Date(2021, 1, 6, 1, 0, 0, 0, time.UTC)

// Clock is a clock that a test moves by hand.
type Clock struct{ micros, step atomic.Int64 }

// NewClock makes a clock that stands at t.
func NewClock(t time.Time) *Clock {
	c := &Clock{}
	c.Set(t)
	return c
}

func (c *Clock) Now() time.Time          { return time.UnixMicro(c.micros.Add(c.step.Load())).UTC() }
func (c *Clock) Set(t time.Time)         { c.micros.Store(t.UnixMicro()) }
func (c *Clock) Advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// Step lets time pass whenever somebody looks.
func (c *Clock) Step(d time.Duration) { c.step.Store(d.Microseconds()) }

// Each runs the test on both databases.
func Each(t *testing.T, test func(t *testing.T, db *store.DB, clock *Clock)) {
	t.Helper()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			clock := NewClock(Start)
			c := Config(t, d)
			c.Clock = clock.Now
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, db, clock)
		})
	}
}

var serial atomic.Int64

// template is one migrated PostgreSQL database per process, copied for each test.
var template = sync.OnceValues(func() (string, error) {
	name := fmt.Sprintf("mingjing_t%d_template", os.Getpid())
	made.Store(true)
	if err := admin(fmt.Sprintf("CREATE DATABASE %s", name)); err != nil {
		return "", err
	}
	u, err := server()
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	db, err := store.Open(context.Background(), store.Config{URL: u.String()})
	if err != nil {
		return "", err
	}
	defer db.Close()
	_, err = db.Migrate(context.Background())
	return name, err
})

var made atomic.Bool

// Config makes an empty database of the kind; on PostgreSQL it is already
// migrated. It goes away with the test.
func Config(t testing.TB, d store.Dialect) store.Config {
	t.Helper()
	if d == store.SQLite {
		return store.Config{DataDir: t.TempDir()}
	}
	from, err := template()
	if err != nil {
		t.Fatalf("PostgreSQL for tests (scripts/postgres starts one): %v", err)
	}
	name := fmt.Sprintf("mingjing_t%d_%d", os.Getpid(), serial.Add(1))
	if err := admin(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, from)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Error(err)
		}
	})
	u, err := server()
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return store.Config{URL: u.String()}
}

// Main removes the process's template database after the tests; packages with
// many tests call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if made.Load() {
		name, _ := template()
		_ = admin(fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	}
	os.Exit(code)
}

func server() (*url.URL, error) {
	raw := os.Getenv("PORTAL_TEST_POSTGRES")
	if raw == "" {
		raw = "postgres://portal@127.0.0.1:54329/postgres?sslmode=disable"
	}
	return url.Parse(raw)
}

// one admin statement at a time: PostgreSQL refuses to copy a template twice at once.
var adminLock sync.Mutex

func admin(statement string) error {
	u, err := server()
	if err != nil {
		return err
	}
	adminLock.Lock()
	defer adminLock.Unlock()
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Dump is everything that tables hold, all of them when none is named: what
// somebody sees who has the database. Bytes stand as they are and in hexadecimal.
func Dump(t testing.TB, db *store.DB, tables ...string) string {
	t.Helper()
	var b strings.Builder
	err := db.Read(t.Context(), func(r *store.Reader) error {
		if len(tables) == 0 {
			list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_fts%'"
			if r.Dialect() == store.Postgres {
				list = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
			}
			if err := r.Raw(list).Scan(&tables).Error; err != nil {
				return err
			}
		}
		for _, table := range tables {
			var rows []map[string]any
			if err := r.Table(table).Find(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				for _, v := range row {
					if raw, ok := v.([]byte); ok {
						v = string(raw) + hex.EncodeToString(raw)
					}
					fmt.Fprintln(&b, v)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
