package store_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden schema dumps")

func TestMain(m *testing.M) { storetest.Main(m) }

func TestReadersCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		err := db.Read(t.Context(), func(r *store.Reader) error {
			return r.Exec("UPDATE revisions SET n = 99").Error
		})
		if err == nil {
			t.Fatal("a reader wrote")
		}
		if n := revision(t, db); n != 1 {
			t.Fatalf("revision %d", n)
		}
	})
}

func TestReadersSeeOneSnapshot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		err := db.Read(t.Context(), func(r *store.Reader) error {
			before, err := r.Revision()
			if err != nil {
				return err
			}
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Publish() }); err != nil {
				return err
			}
			after, err := r.Revision()
			if before != after {
				t.Errorf("revision moved from %d to %d inside a reader", before, after)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTimesComeBackInUTC(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		type row struct {
			ID        string
			Digits    string
			ExpiresAt time.Time
		}
		want := row{"a", "123456", clock.Now().Add(123456 * time.Microsecond)}
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			local := want
			local.ExpiresAt = want.ExpiresAt.In(time.FixedZone("x", 8*3600)).UTC()
			return tx.Table("captchas").Create(&local).Error
		}); err != nil {
			t.Fatal(err)
		}
		var got row
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("captchas").Select("id, digits, expires_at").Take(&got).Error
		}); err != nil {
			t.Fatal(err)
		}
		if got.ExpiresAt.Location() != time.UTC {
			t.Errorf("location %v", got.ExpiresAt.Location())
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestDuplicateKeysAreNamed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO revisions (scope, n) VALUES ('public', 1)").Error
		})
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Errorf("Exec: %v", err)
		}
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Table("case_pauses").Create(map[string]any{"case_id": 9, "from_day": "2021-01-06"}).Error
		})
		if !errors.Is(err, gorm.ErrForeignKeyViolated) {
			t.Errorf("foreign key: %v", err)
		}
	})
}

func TestAfterRunsOnlyOnceCommitted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		ran := 0
		failed := errors.New("no")
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			tx.After(func() { ran++ })
			return failed
		}); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if ran != 0 {
			t.Fatal("ran after a rollback")
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			tx.After(func() { ran++ })
			return tx.Publish()
		}); err != nil {
			t.Fatal(err)
		}
		if ran != 1 {
			t.Fatalf("ran %d times", ran)
		}
	})
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		const writers = 16
		errs := make(chan error, writers)
		for range writers {
			go func() {
				errs <- db.Write(context.Background(), func(tx *store.Tx) error {
					n, err := tx.Revision()
					if err != nil {
						return err
					}
					return tx.Table("revisions").Where("scope = 'public'").Update("n", n+1).Error
				})
			}()
		}
		done := int64(0)
		for range writers {
			if err := <-errs; err == nil {
				done++
			}
		}
		if got := revision(t, db); got != 1+done || done == 0 {
			t.Fatalf("%d writers succeeded, revision %d", done, got)
		}
	})
}

func TestTheAuditCannotBeEdited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO audit (at, actor_id, actor_name, verb, subject, subject_id, changes) VALUES (?, 0, '', 'v', 's', 1, '[]')", clock.Now()).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{"UPDATE audit SET verb = 'x'", "DELETE FROM audit"} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement).Error }); err == nil {
				t.Errorf("%s was allowed", statement)
			}
		}
	})
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		before := dump(t, db)
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if ok, err := db.Current(t.Context()); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if d := cmp.Diff(before, dump(t, db)); d != "" {
			t.Fatal(d)
		}
	})
}

// The dumps show a reviewer what a migration did; go test -run Golden -update
// rewrites them.
func TestGoldenSchema(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		path := filepath.Join("testdata", "schema."+string(db.Dialect())+".txt")
		got := dump(t, db)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Fatal(d)
		}
	})
}

func revision(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	if err := db.Read(t.Context(), func(r *store.Reader) (err error) {
		n, err = r.Revision()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// dump lists every table with its columns, every index, constraint and trigger.
func dump(t *testing.T, db *store.DB) string {
	t.Helper()
	query := `SELECT type || ' ' || name || chr(10) || '  ' || coalesce(sql, '') FROM sqlite_schema
		WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%' AND name NOT LIKE 'search_fts_%'`
	if db.Dialect() == store.SQLite {
		query = strings.ReplaceAll(query, "chr(10)", "char(10)")
	} else {
		query = `SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || coalesce(' default ' || column_default, '')
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'
			UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'
			UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f') AND conrelid::regclass::text NOT LIKE 'goose%'
			UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal`
	}
	var lines []string
	if err := db.Read(t.Context(), func(r *store.Reader) error {
		return r.Raw(query).Scan(&lines).Error
	}); err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}
