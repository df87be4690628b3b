package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/backup"
	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/search"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// site is a portal's database, attachments and the key that opens them.
type site struct {
	db    *store.DB
	plain blob.Store
	key   *age.X25519Identity
}

// operator holds the key that opens backups.
var operator = identity()

func identity() *age.X25519Identity {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return id
}

const fingerprint = "0123456789abcdef"

func newSite(t *testing.T, d store.Dialect, key *age.X25519Identity) *site {
	t.Helper()
	c := storetest.Config(t, d)
	c.Clock = storetest.NewClock(storetest.Start).Now
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	plain, err := blob.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &site{db, plain, key}
}

func (s *site) write(t *testing.T, statement string, args ...any) {
	t.Helper()
	if err := s.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s *site) attach(t *testing.T, id int64, body string) string {
	t.Helper()
	key := blob.NewKey()
	if _, err := blob.Sealed(s.plain, s.key).Put(t.Context(), key, strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	s.write(t, "INSERT INTO attachments (id, name, media_type, size, sha256, blob_key, at) VALUES (?, 'a.txt', 'text/plain', ?, '', ?, ?)", id, len(body), key, s.db.Now())
	return key
}

// filled is a portal that has something in it: every type of column, values
// that are hard to carry, rows that refer to each other, attachments of none,
// one and many parts.
func filled(t *testing.T, d store.Dialect) *site {
	t.Helper()
	s := newSite(t, d, identity())
	if _, err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := s.db.Now().Add(123456 * time.Microsecond)
	s.write(t, "INSERT INTO departments (id, name, active) VALUES (7, '立案庭', FALSE)")
	s.write(t, "INSERT INTO staff (id, login, name, department_id, password_hash, created_at, disabled_at) VALUES (5, 'li', '李“四”\n\\ \t', 7, '', ?, ?)", at, at)
	s.write(t, "INSERT INTO staff (id, login, name, password_hash, created_at) VALUES (9, 'Zhang', 'z', '', ?)", at)
	s.write(t, "INSERT INTO recovery_codes (staff_id, hash) VALUES (5, ?)", []byte{0, 1, 2, 255})
	s.write(t, "INSERT INTO sessions (staff_id, id_hash, created_at, touched_at, expires_at) VALUES (5, ?, ?, ?, ?)", []byte{1}, at, at, at)
	s.write(t, "INSERT INTO audit (id, at, actor_id, actor_name, verb, subject, subject_id, changes) VALUES (3, ?, 0, '', 'v', 's', 1, '[]')", at)
	for id, state := range map[int]string{1: "waiting", 2: "sending", 3: "accepted"} {
		s.write(t, "INSERT INTO outbox (id, created_at, idem, channel, template, subject_id, state, due_at) VALUES (?, ?, ?, 'mail', 'received', 1, ?, ?)", id, at, state, state, at)
	}
	err := s.db.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := settings.Pin(tx, "pepper", fingerprint); err != nil {
			return err
		}
		return search.Index(tx, "case", 11, "反映执行局拖延、超期。<b>")
	})
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t, 1, "")
	s.attach(t, 2, "明镜")
	s.attach(t, 3, strings.Repeat("大附件", 1<<20))
	return s
}

func (s *site) save(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Save(t.Context(), &b, s.db, s.plain, operator.Recipient()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (s *site) restore(t *testing.T, file []byte, keys backup.Keys, ids ...age.Identity) (backup.Summary, error) {
	t.Helper()
	return backup.Restore(t.Context(), bytes.NewReader(file), s.db, s.plain, keys, ids...)
}

// strings lists what a query of one text column finds.
func (s *site) strings(t *testing.T, query string) []string {
	t.Helper()
	list := []string{}
	if err := s.db.Read(t.Context(), func(r *store.Reader) error { return r.Raw(query).Scan(&list).Error }); err != nil {
		t.Fatal(err)
	}
	return list
}

func (s *site) keys(t *testing.T) []string {
	t.Helper()
	list := []string{}
	if err := s.plain.Walk(t.Context(), func(i blob.Item) error { list = append(list, i.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

var dialects = []store.Dialect{store.SQLite, store.Postgres}

// TestEveryTableIsSaved compares the manifest with the schema as the database
// itself tells it, so that no migration can add a table that is forgotten.
func TestEveryTableIsSaved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		query := "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_fts%' AND name <> 'goose_db_version' ORDER BY name"
		if db.Dialect() == store.Postgres {
			query = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' ORDER BY tablename COLLATE "C"`
		}
		s := &site{db: db, plain: must(blob.NewFolder(t.TempDir()))}
		want := s.strings(t, query)
		var b bytes.Buffer
		sum, err := backup.Save(t.Context(), &b, db, s.plain, operator.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if sum.Tables != len(want) || len(want) < 30 {
			t.Fatalf("%d tables saved of %d", sum.Tables, len(want))
		}
		var got []string
		for _, table := range backup.ManifestOf(t, b.Bytes(), operator).Tables {
			got = append(got, table.Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestARestoredPortalIsTheSame goes from each database to each.
func TestARestoredPortalIsTheSame(t *testing.T) {
	for _, from := range dialects {
		t.Run("from "+string(from), func(t *testing.T) {
			old := filled(t, from)
			file := old.save(t)
			for _, secret := range []string{"李“四”", "反映执行局", "立案庭", "attachments", old.key.String()} {
				if bytes.Contains(file, []byte(secret)) {
					t.Errorf("the file shows %q", secret)
				}
			}
			for _, to := range dialects {
				t.Run("to "+string(to), func(t *testing.T) {
					s := newSite(t, to, old.key)
					if to == store.SQLite { // PostgreSQL's is migrated
						if ok, err := s.db.Current(t.Context()); ok || err != nil {
							t.Fatal(ok, err)
						}
					}
					sum, err := s.restore(t, file, backup.Keys{Pepper: fingerprint, Blob: old.key}, identity(), operator)
					if err != nil {
						t.Fatal(err)
					}
					if sum.Blobs != 3 || sum.Tables < 30 || !sum.CreatedAt.Equal(storetest.Start) || len(sum.Missing) > 0 {
						t.Errorf("%+v", sum)
					}
					same(t, old, s)
				})
			}
		})
	}
}

func same(t *testing.T, old, s *site) {
	t.Helper()
	for what, query := range map[string]string{
		"staff":       "SELECT login || name || id || created_at || coalesce(department_id, 0) || must_change FROM staff ORDER BY id",
		"departments": "SELECT name || id || active FROM departments ORDER BY id",
		"limits":      "SELECT kind || step || amount || binding || source FROM time_limits ORDER BY 1",
		"search":      "SELECT kind || ref || body FROM search_docs ORDER BY 1",
		"attachments": "SELECT blob_key || at FROM attachments ORDER BY id",
	} {
		if old.db.Dialect() == s.db.Dialect() {
			if d := cmp.Diff(old.strings(t, query), s.strings(t, query)); d != "" {
				t.Errorf("%s: %s", what, d)
			}
		}
	}
	want := []string{"waiting unknown", "sending unknown", "accepted accepted"}
	if d := cmp.Diff(want, s.strings(t, "SELECT idem || ' ' || state FROM outbox ORDER BY id")); d != "" {
		t.Errorf("messages: %s", d)
	}
	if list := s.strings(t, "SELECT login FROM sessions JOIN staff ON staff.id = staff_id"); len(list) > 0 {
		t.Errorf("%v stayed signed in", list)
	}
	if d := cmp.Diff([]string{"v", "backup.restore"}, s.strings(t, "SELECT verb FROM audit ORDER BY id")); d != "" {
		t.Errorf("trail: %s", d)
	}
	err := s.db.Read(t.Context(), func(r *store.Reader) error {
		for _, q := range []string{"拖延", "执行局", "超期", "b"} {
			var refs []int64
			if err := search.Scope(r.Table("search_docs AS x").Select("x.ref").Order("x.ref").Limit(10), "case", q, "x.ref").Scan(&refs).Error; err != nil {
				return err
			}
			if d := cmp.Diff([]int64{11}, refs); d != "" {
				t.Errorf("search for %s: %s", q, d)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// New rows take new keys, references are checked at once, the trail is append-only.
	s.write(t, "INSERT INTO departments (name) VALUES ('新庭')")
	if d := cmp.Diff([]string{"新庭"}, s.strings(t, "SELECT name FROM departments WHERE id > 7")); d != "" {
		t.Error(d)
	}
	for _, statement := range []string{"UPDATE audit SET verb = 'x'", "INSERT INTO staff_roles (staff_id, role) VALUES (4711, 'leader')"} {
		if err := s.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement).Error }); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
	if s.db.Dialect() == store.Postgres {
		if list := s.strings(t, "SELECT conname FROM pg_constraint WHERE contype = 'f' AND condeferrable"); len(list) > 0 {
			t.Errorf("left deferrable: %v", list)
		}
	}
	for _, key := range old.strings(t, "SELECT blob_key FROM attachments ORDER BY id") {
		if d := cmp.Diff(old.content(t, key), s.content(t, key)); d != "" {
			t.Errorf("attachment %s differs", key)
		}
	}
}

func (s *site) content(t *testing.T, key string) string {
	t.Helper()
	in, err := blob.Sealed(s.plain, s.key).Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	raw, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestARefusedRestoreLeavesTheTargetEmpty tries everything that can be wrong
// and then restores for good: nothing was left behind.
func TestARefusedRestoreLeavesTheTargetEmpty(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			old := filled(t, d)
			file := old.save(t)
			s := newSite(t, d, old.key)
			good := backup.Keys{Pepper: fingerprint, Blob: old.key}
			changed := bytes.Clone(file)
			changed[len(changed)-20] ^= 1
			for what, x := range map[string]struct {
				file []byte
				keys backup.Keys
				id   age.Identity
				kind fault.Kind
			}{
				"another identity":     {file, good, identity(), fault.Forbidden},
				"another pepper":       {file, backup.Keys{Pepper: "f" + fingerprint[1:], Blob: old.key}, operator, fault.Conflict},
				"no pepper":            {file, backup.Keys{Blob: old.key}, operator, fault.Conflict},
				"another service key":  {file, backup.Keys{Pepper: fingerprint, Blob: identity()}, operator, fault.Conflict},
				"no service key":       {file, backup.Keys{Pepper: fingerprint}, operator, fault.Conflict},
				"a changed byte":       {changed, good, operator, fault.Malformed},
				"a cut file":           {file[:len(file)-1], good, operator, fault.Malformed},
				"half a file":          {file[:len(file)/2], good, operator, fault.Malformed},
				"more after the end":   {append(bytes.Clone(file), 'x'), good, operator, fault.Malformed},
				"an empty file":        {nil, good, operator, fault.Malformed},
				"something else":       {[]byte("PK\x03\x04"), good, operator, fault.Malformed},
				"a row that was added": {backup.Forged(t, file, operator), good, operator, fault.Malformed},
			} {
				_, err := s.restore(t, x.file, x.keys, x.id)
				if !fault.Is(err, x.kind) {
					t.Errorf("%s: %v", what, err)
				}
				if keys := s.keys(t); len(keys) > 0 {
					t.Errorf("%s: %d attachments were left", what, len(keys))
				}
			}
			if _, err := s.restore(t, file, good, operator); err != nil {
				t.Fatalf("after all refusals: %v", err)
			}
			if _, err := s.restore(t, file, good, operator); !fault.Is(err, fault.Conflict) {
				t.Errorf("restored over a portal with attachments: %v", err)
			}
			for _, key := range s.keys(t) {
				if err := s.plain.Delete(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.restore(t, file, good, operator); !fault.Is(err, fault.Conflict) {
				t.Errorf("restored over a portal: %v", err)
			}
			if keys := s.keys(t); len(keys) > 0 {
				t.Errorf("%d attachments were left", len(keys))
			}
		})
	}
}

func TestAttachmentsThatAreGoneAreNamed(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			old := filled(t, d)
			lost := old.attach(t, 4, "lost")
			if err := old.plain.Delete(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			// The row of this one goes away after the snapshot, before its file is read.
			swept := old.attach(t, 5, "swept")
			sweeping := &sweeper{Store: old.plain, key: swept, sweep: func() { old.write(t, "DELETE FROM attachments WHERE id = 5") }}
			var b bytes.Buffer
			sum, err := backup.Save(t.Context(), &b, old.db, sweeping, operator.Recipient())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{lost}, sum.Missing); d != "" {
				t.Error(d)
			}
			s := newSite(t, d, old.key)
			if sum, err = s.restore(t, b.Bytes(), backup.Keys{Pepper: fingerprint, Blob: old.key}, operator); err != nil {
				t.Fatal(err)
			}
			if sum.Blobs != 3 || len(sum.Missing) != 2 {
				t.Errorf("%+v", sum)
			}
		})
	}
}

// sweeper is a store whose sweep strikes while it is read.
type sweeper struct {
	blob.Store
	key   string
	sweep func()
}

func (s *sweeper) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if key == s.key {
		s.sweep()
		return nil, fs.ErrNotExist
	}
	return s.Store.Open(ctx, key)
}

func TestAnEmptyPortalCanBeSavedAndRestored(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d), func(t *testing.T) {
			old := newSite(t, d, identity())
			if _, err := backup.Save(t.Context(), io.Discard, old.db, old.plain, operator.Recipient()); d == store.SQLite && !fault.Is(err, fault.Conflict) {
				t.Errorf("a database without a schema was saved: %v", err)
			}
			if _, err := old.db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			s := newSite(t, d, nil)
			if _, err := s.restore(t, old.save(t), backup.Keys{}, operator); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestABrokenDiskEndsTheBackup(t *testing.T) {
	s := filled(t, store.SQLite)
	full := errors.New("disk full")
	if _, err := backup.Save(t.Context(), broken{full}, s.db, s.plain, operator.Recipient()); !errors.Is(err, full) {
		t.Fatal(err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
