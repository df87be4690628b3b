package store

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// Insert stores rows, a pointer to a slice of a room's structs, and gives each
// its id. On PostgreSQL every column travels as one array: the statement's text
// is the same for one row and for a hundred, so that the server plans it once,
// and the values need no parsing. With a list of values for every number of
// rows, planning costs ten times the insertion.
func (tx *Tx) Insert(rows any) error {
	if tx.dialect == SQLite {
		return tx.CreateInBatches(rows, 200).Error
	}
	x, err := tx.insertion(rows)
	if err != nil || x.query == "" {
		return err
	}
	if x.key == nil {
		tx.pipeline().waiting.Queue(x.query, x.columns...)
		return tx.Send()
	}
	var ids []struct{ ID int64 }
	ask(tx.pipeline(), &ids, x.query+" RETURNING "+x.key.DBName+" AS id", x.columns)
	if err := tx.Send(); err != nil {
		return err
	}
	for i, row := range ids {
		x.list.Index(i).FieldByIndex(x.key.StructField.Index).SetInt(row.ID)
	}
	return nil
}

// Among is the condition that a column has one of these values, and its
// argument. On PostgreSQL they travel as one array, for the same reasons; gorm
// unrolls a slice, but not a pointer to one.
func Among[T any](r *Reader, column string, list []T) (where string, arg any) {
	if r.dialect == Postgres {
		return column + " = ANY (?)", &list
	}
	return column + " IN ?", list
}

// Append is Insert for rows whose ids nobody asks for: it is queued.
func (tx *Tx) Append(rows any) error {
	if tx.dialect == SQLite {
		return tx.Insert(rows)
	}
	x, err := tx.insertion(rows)
	if err != nil || x.query == "" {
		return err
	}
	tx.pipeline().waiting.Queue(x.query, x.columns...)
	return nil
}

// insertion is a statement that stores rows.
type insertion struct {
	list    reflect.Value
	key     *schema.Field // what the database chooses, if anything
	query   string        // empty: there are no rows
	columns []any
}

func (tx *Tx) insertion(rows any) (x insertion, err error) {
	x.list = reflect.ValueOf(rows).Elem()
	if x.list.Len() == 0 {
		return x, nil
	}
	stmt := &gorm.Statement{DB: tx.DB}
	if err := stmt.Parse(rows); err != nil {
		return x, fmt.Errorf("store: insert: %w", err)
	}
	// An integer key that is still zero is for the database to choose.
	x.key = stmt.Schema.PrioritizedPrimaryField
	if x.key != nil && (x.key.DataType != schema.Int || !x.list.Index(0).FieldByIndex(x.key.StructField.Index).IsZero()) {
		x.key = nil
	}
	var names, values, sent, types []string
	for _, f := range stmt.Schema.Fields {
		if f.DBName == "" || f == x.key {
			continue
		}
		name := `"` + f.DBName + `"`
		names = append(names, name)
		// Most columns of most rows hold nothing yet. The first is always sent: it tells how many rows there are.
		if none := nothing(x.list, f.StructField); none != "" && len(sent) > 0 {
			values = append(values, none)
			continue
		}
		column, kind, err := column(x.list, f.StructField)
		if err != nil {
			return x, fmt.Errorf("store: insert: %s.%s: %w", stmt.Table, f.DBName, err)
		}
		values, sent = append(values, name), append(sent, name)
		types, x.columns = append(types, fmt.Sprintf("$%d::%s[]", len(sent), kind)), append(x.columns, column)
	}
	x.query = fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS x (%s)", stmt.Table, strings.Join(names, ", "),
		strings.Join(values, ", "), strings.Join(types, ", "), strings.Join(sent, ", "))
	return x, nil
}

var (
	instant = reflect.TypeFor[time.Time]()
	octets  = reflect.TypeFor[[]byte]()
	valuer  = reflect.TypeFor[driver.Valuer]()
)

// nothing is how SQL writes the field's zero value when every row has it, and
// otherwise empty.
func nothing(list reflect.Value, f reflect.StructField) string {
	for i := range list.Len() {
		if !list.Index(i).FieldByIndex(f.Index).IsZero() {
			return ""
		}
	}
	if f.Type.Implements(valuer) {
		if v, err := reflect.Zero(f.Type).Interface().(driver.Valuer).Value(); v == nil && err == nil {
			return "NULL"
		}
		return ""
	}
	switch f.Type.Kind() {
	case reflect.Pointer, reflect.Slice:
		return "NULL"
	case reflect.String:
		return "''"
	case reflect.Bool:
		return "FALSE"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "0"
	}
	return ""
}

// column gathers one field of all rows as a pointer to a slice, which gorm
// passes on whole, and names its type. What speaks for itself as a value (such
// as a civil date) is stored as text.
func column(list reflect.Value, f reflect.StructField) (slice any, kind string, err error) {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == instant:
		return gather(list, f, func(v reflect.Value) time.Time { return v.Interface().(time.Time) }), "timestamptz", nil
	case t.Implements(valuer):
		slice, err = spoken(list, f)
		return slice, "text", err
	case t == octets:
		return gather(list, f, reflect.Value.Bytes), "bytea", nil
	}
	switch t.Kind() {
	case reflect.String:
		return gather(list, f, reflect.Value.String), "text", nil
	case reflect.Bool:
		return gather(list, f, reflect.Value.Bool), "boolean", nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return gather(list, f, reflect.Value.Int), "bigint", nil
	}
	return nil, "", fmt.Errorf("no column type for %s", f.Type)
}

func gather[T any](list reflect.Value, f reflect.StructField, as func(reflect.Value) T) any {
	if f.Type.Kind() != reflect.Pointer {
		out := make([]T, list.Len())
		for i := range out {
			out[i] = as(list.Index(i).FieldByIndex(f.Index))
		}
		return &out
	}
	out := make([]*T, list.Len())
	for i := range out {
		if v := list.Index(i).FieldByIndex(f.Index); !v.IsNil() {
			x := as(v.Elem())
			out[i] = &x
		}
	}
	return &out
}

func spoken(list reflect.Value, f reflect.StructField) (any, error) {
	out := make([]*string, list.Len())
	for i := range out {
		v, err := driver.DefaultParameterConverter.ConvertValue(list.Index(i).FieldByIndex(f.Index).Interface())
		if err != nil {
			return nil, err
		}
		switch x := v.(type) {
		case nil:
		case string:
			out[i] = &x
		default:
			return nil, fmt.Errorf("%s is no text", f.Type)
		}
	}
	return &out, nil
}
