package backup

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"mingjing/app/store"
)

// Table is a table as the file names it.
type Table struct {
	Name    string         `json:"name"`
	Columns []Column       `json:"columns"`
	key     map[int]Column // of the primary key, by place from 1
}

// Column is a column and what its values are in JSON.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Types of columns. Times are RFC 3339 in UTC, bytes are base64.
const (
	integer = "integer"
	text    = "text"
	truth   = "boolean"
	instant = "time"
	binary  = "bytes"
)

// types are the columns' types as the databases call them.
var types = map[string]string{
	"INTEGER": integer, "BIGINT": integer, "TEXT": text, "BOOLEAN": truth, "DATETIME": instant, "BLOB": binary,
	"TIMESTAMP WITH TIME ZONE": instant, "BYTEA": binary,
}

// searchTable is the one table that is not copied as it stands: each database
// has an index of its own, made again from kind, ref and body.
const searchTable = "search_docs"

var searchColumns = map[string]bool{"kind": true, "ref": true, "body": true}

// blobColumn is the name of every column that refers to an attachment.
const blobColumn = "blob_key"

// tables lists every table of the schema with its columns, but not the
// migrations' own: the program brings those.
func tables(r *store.Reader) ([]Table, error) {
	query := `SELECT t.name AS tbl, c.name AS col, c.type AS type, c.pk AS key FROM pragma_table_list t JOIN pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`
	if r.Dialect() == store.Postgres {
		query = `SELECT c.table_name AS tbl, c.column_name AS col, c.data_type AS type, coalesce(k.ordinal_position, 0) AS key
			FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
			LEFT JOIN (information_schema.table_constraints p JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name))
				ON p.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
			WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name COLLATE "C", c.ordinal_position`
	}
	var rows []struct {
		Tbl, Col, Type string
		Key            int
	}
	if err := r.Raw(query).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("backup: list tables: %w", err)
	}
	var list []Table
	for _, x := range rows {
		if strings.HasPrefix(x.Tbl, "goose_") || (x.Tbl == searchTable && !searchColumns[x.Col]) {
			continue
		}
		if len(list) == 0 || list[len(list)-1].Name != x.Tbl {
			list = append(list, Table{Name: x.Tbl, key: map[int]Column{}})
		}
		t := &list[len(list)-1]
		c := Column{x.Col, types[strings.ToUpper(x.Type)]}
		if c.Type == "" {
			return nil, fmt.Errorf("backup: %s.%s has the unknown type %s", x.Tbl, x.Col, x.Type)
		}
		if x.Tbl == searchTable {
			x.Key = len(t.Columns) + 1 // kind and ref come first and are unique
		}
		if t.Columns = append(t.Columns, c); x.Key > 0 {
			t.key[x.Key] = c
		}
	}
	for _, t := range list {
		if len(t.key) == 0 {
			return nil, fmt.Errorf("backup: %s has no primary key", t.Name)
		}
	}
	return list, nil
}

func quote(name string) string { return `"` + name + `"` }

func (t Table) columns() string {
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = quote(c.Name)
	}
	return strings.Join(list, ", ")
}

// order is the same on both databases, so that the same rows have the same digest.
func (t Table) order(d store.Dialect) string {
	list := make([]string, len(t.key))
	for place, c := range t.key {
		list[place-1] = quote(c.Name)
		if c.Type == text && d == store.Postgres {
			list[place-1] += ` COLLATE "C"`
		}
	}
	return strings.Join(list, ", ")
}

// cell takes one value out of a row.
type cell interface {
	sql.Scanner
	value() any
}

type null[T any] struct{ sql.Null[T] }

func (n *null[T]) value() any {
	if !n.Valid {
		return nil
	}
	if at, ok := any(n.V).(time.Time); ok {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return n.V
}

func newCell(kind string) cell {
	switch kind {
	case integer:
		return &null[int64]{}
	case truth:
		return &null[bool]{}
	case instant:
		return &null[time.Time]{}
	case binary:
		return &null[[]byte]{}
	}
	return &null[string]{}
}

// dump gives each row to f as a line of JSON, in the order of its key, with the
// key of the attachment it refers to, and sums them.
func (t Table) dump(r *store.Reader, f func(line []byte, blobKey string) error) (Sum, error) {
	rows, err := r.Raw("SELECT " + t.columns() + " FROM " + quote(t.Name) + " ORDER BY " + t.order(r.Dialect())).Rows()
	if err != nil {
		return Sum{}, fmt.Errorf("backup: read %s: %w", t.Name, err)
	}
	defer rows.Close()
	cells, values := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	digest := sha256.New()
	var n int64
	for rows.Next() {
		for i, c := range t.Columns {
			cells[i] = newCell(c.Type)
		}
		if err := rows.Scan(cells...); err != nil {
			return Sum{}, fmt.Errorf("backup: read %s: %w", t.Name, err)
		}
		blobKey := ""
		for i, c := range t.Columns {
			values[i] = cells[i].(cell).value()
			if c.Name == blobColumn && values[i] != nil {
				blobKey = fmt.Sprint(values[i])
			}
		}
		line.Reset()
		if err := enc.Encode(values); err != nil {
			return Sum{}, fmt.Errorf("backup: read %s: %w", t.Name, err)
		}
		digest.Write(line.Bytes())
		if err := f(line.Bytes(), blobKey); err != nil {
			return Sum{}, err
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return Sum{}, fmt.Errorf("backup: read %s: %w", t.Name, err)
	}
	return Sum{n, hex.EncodeToString(digest.Sum(nil))}, nil
}

// parse reads a line that dump wrote.
func (t Table) parse(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, err
	}
	if len(raw) != len(t.Columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(raw), len(t.Columns))
	}
	values := make([]any, len(raw))
	for i, c := range t.Columns {
		if string(raw[i]) == "null" {
			continue
		}
		var err error
		switch c.Type {
		case integer:
			values[i], err = decode[int64](raw[i])
		case truth:
			values[i], err = decode[bool](raw[i])
		case instant:
			values[i], err = decode[time.Time](raw[i])
		case binary:
			var b []byte
			b, err = decode[[]byte](raw[i])
			values[i] = sql.Null[[]byte]{V: b, Valid: true} // gorm spreads plain bytes out as a list
		default:
			values[i], err = decode[string](raw[i])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return values, nil
}

func decode[T any](raw json.RawMessage) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

// schema is the number of the last migration that was applied.
func schema(r *store.Reader) (n int64, err error) {
	if err = r.Raw("SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("backup: schema version: %w", err)
	}
	return n, nil
}
