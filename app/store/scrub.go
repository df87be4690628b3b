package store

import (
	"context"
	"errors"
	"fmt"
)

// Scrub takes what was deleted from a table that is empty now out of the
// database's own files, where deleting alone leaves it until something else is
// written there. SQLite's whole file is written anew, which takes a while and keeps
// others waiting; a copy of the file, a backup or an archived log made before
// still has it. A table that is not empty is an error.
func (db *DB) Scrub(ctx context.Context, table string) error {
	pool, err := db.SQL()
	if err != nil {
		return err
	}
	var n int
	if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+table+" LIMIT 1) x").Scan(&n); err != nil {
		return fmt.Errorf("scrub %s: %w", table, err)
	}
	if n > 0 {
		return errors.New("scrub " + table + ": the table is not empty")
	}
	statements := []string{"TRUNCATE " + table}
	if db.dialect == SQLite {
		statements = []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"}
	}
	for _, s := range statements {
		if _, err := pool.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("scrub %s: %w", table, err)
		}
	}
	return nil
}

// Analyze lets PostgreSQL look at its tables now, after very many rows came at
// once, rather than when it finds the time. SQLite plans without looking.
func (db *DB) Analyze(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	pool, err := db.SQL()
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}

// Overwrite takes what was deleted out of SQLite's write-ahead log too, where the
// pages as they were lie until others are written over them. PostgreSQL lets go of
// them in its own time.
func (db *DB) Overwrite(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	pool, err := db.SQL()
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("overwrite: %w", err)
	}
	return nil
}
