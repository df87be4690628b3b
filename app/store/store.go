// Package store opens the database and hands out transactions; it is the one
// place, besides app, that reads the clock.
//
// SQLite is the embedded default (one writer connection, a pool of readers
// that cannot write); PostgreSQL serves several instances. Both behave alike:
// times are UTC with microseconds, readers are read-only and see one snapshot,
// duplicate keys and broken references come back as gorm's errors.
//
// It trusts the rooms to use the transaction they are given and nothing else:
// touching the outer handle inside a transaction would deadlock the single
// SQLite writer. It must never be asked for a query by a door.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	modernc "modernc.org/sqlite"
)

// Dialect names the database behind a handle.
type Dialect string

const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Config says which database to open.
type Config struct {
	DataDir string           // folder of the embedded database portal.db
	URL     string           // postgres:// URL; empty means SQLite
	Clock   func() time.Time // nil means the machine's clock
}

// DB is an open database.
type DB struct {
	dialect Dialect
	write   *gorm.DB
	read    *gorm.DB
	clock   func() time.Time
}

// Reader is a read-only transaction that sees one snapshot.
type Reader struct {
	*gorm.DB
	// Now is the instant of the transaction, UTC, whole microseconds.
	Now     time.Time
	dialect Dialect
}

// Dialect tells which database the transaction runs on.
func (r *Reader) Dialect() Dialect { return r.dialect }

// Tx is a read-write transaction.
type Tx struct {
	Reader
	after []func()
}

// After runs f once the transaction has been committed, and not otherwise.
func (tx *Tx) After(f func()) { tx.after = append(tx.after, f) }

// Open connects to the database without changing its schema.
func Open(ctx context.Context, c Config) (*DB, error) {
	db := &DB{clock: c.Clock}
	if db.clock == nil {
		db.clock = time.Now
	}
	var err error
	if c.URL == "" {
		err = db.openSQLite(c.DataDir)
	} else {
		err = db.openPostgres(c.URL)
	}
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func (db *DB) openSQLite(dir string) error {
	db.dialect = SQLite
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	path := filepath.Join(dir, "portal.db")
	// The file holds personal data: create it for its owner alone.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	f.Close()
	pragmas := func(extra ...string) string {
		q := url.Values{"_time_format": {"sqlite"}, "_timezone": {"UTC"}, "_pragma": append([]string{
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, extra...)}
		return q.Encode()
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?"
	// What was erased is overwritten, not only let go of.
	w, err := sql.Open("sqlite", file+pragmas("secure_delete(1)")+"&_txlock=immediate")
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", file+pragmas("query_only(1)"))
	if err != nil {
		return errors.Join(fmt.Errorf("open database: %w", err), w.Close())
	}
	r.SetMaxOpenConns(8)
	r.SetMaxIdleConns(8)
	if db.write, err = gorm.Open(sqliteDialector{sqlite.New(sqlite.Config{Conn: w})}, db.gormConfig()); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if db.read, err = gorm.Open(sqliteDialector{sqlite.New(sqlite.Config{Conn: r})}, db.gormConfig()); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return nil
}

func (db *DB) openPostgres(raw string) error {
	db.dialect = Postgres
	pc, err := pgx.ParseConfig(raw)
	if err != nil {
		return errors.New("PORTAL_DATABASE_URL is not a valid postgres:// URL")
	}
	pc.RuntimeParams["timezone"] = "UTC"
	connections := stdlib.OpenDB(*pc, stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error {
		// Without this pgx answers in the machine's zone and SQLite in UTC.
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}))
	connections.SetMaxOpenConns(24)
	connections.SetMaxIdleConns(24)
	connections.SetConnMaxIdleTime(5 * time.Minute)
	g, err := gorm.Open(postgresDialector{&postgres.Dialector{Config: &postgres.Config{Conn: pool{connections}}}}, db.gormConfig())
	if err != nil {
		return errors.Join(fmt.Errorf("open database: %w", hide(err, raw)), connections.Close())
	}
	db.write, db.read = g, g
	return nil
}

// hide keeps the password of a connection URL out of an error.
func hide(err error, raw string) error {
	if u, e := url.Parse(raw); e == nil && u.User != nil {
		if p, ok := u.User.Password(); ok && p != "" && strings.Contains(err.Error(), p) {
			return errors.New(strings.ReplaceAll(err.Error(), p, "***"))
		}
	}
	return err
}

func (db *DB) gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		// Statements may hold personal data: nothing is logged here, the
		// doors log the wrapped error.
		Logger:  logger.Discard,
		NowFunc: db.Now,
	}
}

// Neither dialect writes a statement out with its values, as gorm does for its
// log at every Scan, whether or not there is a log: values may be personal data,
// and writing them costs more than running the statement.
func (sqliteDialector) Explain(sql string, _ ...any) string   { return sql }
func (postgresDialector) Explain(sql string, _ ...any) string { return sql }

type postgresDialector struct{ *postgres.Dialector }

// Translate also finds PostgreSQL's error inside another.
func (d postgresDialector) Translate(err error) error {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return d.Dialector.Translate(pe)
	}
	return err
}

// sqliteDialector also teaches gorm modernc's error codes.
type sqliteDialector struct{ gorm.Dialector }

func (d sqliteDialector) Translate(err error) error {
	var e *modernc.Error
	if errors.As(err, &e) {
		switch e.Code() {
		case 1555, 2067: // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
			return gorm.ErrDuplicatedKey
		case 787: // SQLITE_CONSTRAINT_FOREIGNKEY
			return gorm.ErrForeignKeyViolated
		}
	}
	return err
}

// SavePoint and RollbackTo make a transaction within a transaction possible; the
// driver has them, and the wrapping hides them.
func (d sqliteDialector) SavePoint(tx *gorm.DB, name string) error {
	return tx.Exec("SAVEPOINT " + name).Error
}

func (d sqliteDialector) RollbackTo(tx *gorm.DB, name string) error {
	return tx.Exec("ROLLBACK TO SAVEPOINT " + name).Error
}

// Dialect tells which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Now is the current instant as the transactions see it.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(time.Microsecond) }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.each(func(s *sql.DB) error {
		if err := s.PingContext(ctx); err != nil {
			return fmt.Errorf("database does not answer: %w", err)
		}
		return nil
	})
}

// Close releases the connections.
func (db *DB) Close() error { return db.each((*sql.DB).Close) }

func (db *DB) each(f func(*sql.DB) error) error {
	handles := []*gorm.DB{db.write}
	if db.read != db.write {
		handles = append(handles, db.read)
	}
	var errs []error
	for _, g := range handles {
		s, err := g.DB()
		if err == nil {
			err = f(s)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// SQL is the writing connection pool, for migrations and backups.
func (db *DB) SQL() (*sql.DB, error) { return db.write.DB() }

// Read runs f in a read-only transaction with one snapshot.
func (db *DB) Read(ctx context.Context, f func(*Reader) error) error {
	opts := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	if db.dialect == SQLite {
		opts = &sql.TxOptions{} // the pool itself is query_only
	}
	return db.read.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		return f(&Reader{DB: g, Now: db.Now(), dialect: db.dialect})
	}, opts)
}

// attempts is how often a transaction that lost a race is run before the
// visitor is asked to try again.
const attempts = 8

// Write runs f in a read-write transaction and, once it is committed, what f
// registered with After. On PostgreSQL f sees one snapshot and is run again
// when it lost a race, so it must not keep state from an earlier run.
func (db *DB) Write(ctx context.Context, f func(*Tx) error) error {
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
	if db.dialect == SQLite {
		opts = &sql.TxOptions{}
	}
	for try := 1; ; try++ {
		var after []func()
		err := db.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			tx := &Tx{Reader: Reader{DB: g, Now: db.Now(), dialect: db.dialect}}
			err := f(tx)
			after = tx.after
			return err
		}, opts)
		if err == nil {
			for _, f := range after {
				f()
			}
			return nil
		}
		if try == attempts || !lostRace(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		}
	}
}

// ErrRace is the error of a transaction that found what it counted on taken by a
// concurrent one, such as the next version of something. Write runs it again.
var ErrRace = errors.New("store: another transaction was faster")

// lostRace reports whether a concurrent transaction was faster: PostgreSQL says so
// (serialization failure, deadlock), or the room does.
func lostRace(err error) bool {
	if errors.Is(err, ErrRace) {
		return true
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}
