package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"mingjing/app/store"
)

// Asked is a statement that a room sent.
type Asked struct {
	SQL  string
	Vars []any
}

// Listen records every statement that reads.
func Listen(t *testing.T, db *store.DB) *[]Asked {
	t.Helper()
	var list []Asked
	err := db.Read(t.Context(), func(r *store.Reader) error {
		note := func(g *gorm.DB) {
			if g.DryRun {
				return // a part of the statement around it
			}
			list = append(list, Asked{g.Statement.SQL.String(), g.Statement.Vars})
		}
		q, w := r.Callback().Query(), r.Callback().Row()
		return errors.Join(q.After("gorm:query").Register("plan:note", note), w.After("gorm:row").Register("plan:note", note))
	})
	if err != nil {
		t.Fatal(err)
	}
	return &list
}

// Plan is how the database answers a statement. PostgreSQL is asked to avoid
// reading whole tables, as it would with more rows than a test can make: where
// its plan still says Seq Scan, no index serves.
func Plan(t *testing.T, db *store.DB, a Asked) string {
	t.Helper()
	var lines []string
	err := db.Read(t.Context(), func(r *store.Reader) error {
		conn, explain := r.Statement.ConnPool, "EXPLAIN QUERY PLAN "
		if db.Dialect() == store.Postgres {
			explain = "EXPLAIN "
			if _, err := conn.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
				return err
			}
		}
		rows, err := conn.QueryContext(t.Context(), explain+a.SQL, a.Vars...)
		if err != nil {
			return fmt.Errorf("%s: %w", a.SQL, err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			var line string
			to := []any{&line}
			if db.Dialect() == store.SQLite {
				to = []any{&n, &n, &n, &line}
			}
			if err := rows.Scan(to...); err != nil {
				return err
			}
			lines = append(lines, line)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n") + "\n"
}
