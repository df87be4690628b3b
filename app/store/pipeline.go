package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// Queue runs a statement that answers nothing. On PostgreSQL it waits, and
// travels with those queued before and after it in one round trip: at Send, at
// the next ordinary statement, or with the commit. An error then comes from
// there.
func (tx *Tx) Queue(query string, args ...any) error {
	p := tx.pipeline()
	if p == nil {
		return tx.Exec(query, args...).Error
	}
	query, args, err := tx.numbered(query, args)
	if err == nil {
		p.waiting.Queue(query, args...)
	}
	return err
}

// Ask is Queue for a statement that answers with rows; they are in into after
// Send. T is a struct with a field for each column.
func Ask[T any](tx *Tx, into *[]T, query string, args ...any) error {
	p := tx.pipeline()
	if p == nil {
		return tx.Raw(query, args...).Scan(into).Error
	}
	query, args, err := tx.numbered(query, args)
	if err == nil {
		ask(p, into, query, args)
	}
	return err
}

func ask[T any](p *pipeline, into *[]T, query string, args []any) {
	p.waiting.Queue(query, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.AppendRows((*into)[:0], rows, pgx.RowToStructByName[T])
		return err
	})
}

// Send brings what waits to the database, and the answers back.
func (tx *Tx) Send() error {
	if p := tx.pipeline(); p != nil {
		return tx.translate(p.flush())
	}
	return nil
}

// pipeline is nil on SQLite, where a round trip costs nothing.
func (tx *Tx) pipeline() *pipeline {
	p, _ := tx.Statement.ConnPool.(*pipeline)
	return p
}

// numbered is a statement as PostgreSQL reads it: $1 for the first question mark.
func (tx *Tx) numbered(query string, args []any) (string, []any, error) {
	written := tx.Session(&gorm.Session{DryRun: true}).Exec(query, args...)
	return written.Statement.SQL.String(), written.Statement.Vars, written.Error
}

func (tx *Tx) translate(err error) error {
	if t, ok := tx.Dialector.(gorm.ErrorTranslator); ok && err != nil {
		return t.Translate(err)
	}
	return err
}

// pool opens PostgreSQL's transactions as pipelines.
type pool struct{ *sql.DB }

func (p pool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

func (p pool) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	conn, err := p.Conn(ctx)
	if err != nil {
		return nil, err
	}
	x := &pipeline{Conn: conn, ctx: ctx}
	begin := "BEGIN ISOLATION LEVEL REPEATABLE READ"
	if opts.ReadOnly {
		begin += " READ ONLY"
	}
	x.waiting.Queue(begin)
	return x, nil
}

// pipeline is a transaction whose statements may wait to be sent together; the
// first and the last of them begin and commit it.
type pipeline struct {
	*sql.Conn
	ctx     context.Context
	waiting pgx.Batch
	failed  error // what was sent together failed: nothing more is sent
	ended   bool
}

// flush sends what waits and reads all answers. A statement that fails keeps
// those behind it from being run, a commit among them.
func (p *pipeline) flush() error {
	if p.failed != nil || p.waiting.Len() == 0 {
		return p.failed
	}
	batch := p.waiting
	p.waiting = pgx.Batch{}
	p.failed = p.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().SendBatch(p.ctx, &batch).Close()
	})
	return p.failed
}

func (p *pipeline) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return p.Conn.ExecContext(ctx, query, args...)
}

func (p *pipeline) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return p.Conn.QueryContext(ctx, query, args...)
}

// QueryRowContext cannot tell that what was sent before failed; PostgreSQL does,
// which refuses every further statement of the transaction.
func (p *pipeline) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = p.flush()
	return p.Conn.QueryRowContext(ctx, query, args...)
}

// Commit sends what waits with the commit behind it: either all of it is done or
// nothing.
func (p *pipeline) Commit() error {
	p.waiting.Queue("COMMIT").Exec(func(done pgconn.CommandTag) error {
		if done.String() != "COMMIT" { // PostgreSQL's answer when a statement had failed before
			return fmt.Errorf("store: commit: %w", pgx.ErrTxCommitRollback)
		}
		return nil
	})
	if err := p.flush(); err != nil {
		return errors.Join(err, p.Rollback())
	}
	return p.end()
}

// Rollback undoes what was sent. gorm also calls it after a commit that failed.
func (p *pipeline) Rollback() error {
	if p.ended {
		return nil
	}
	err := p.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
			return nil // a lost connection, or a transaction that never began
		}
		_, err := conn.Exec(p.ctx, "ROLLBACK")
		if err != nil { // such as a request that is over
			err = conn.Close(context.Background())
		}
		return err
	})
	return errors.Join(err, p.end())
}

func (p *pipeline) end() error {
	p.ended = true
	return p.Close()
}
