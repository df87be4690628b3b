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
	list := reflect.ValueOf(rows).Elem()
	if list.Len() == 0 {
		return nil
	}
	stmt := &gorm.Statement{DB: tx.DB}
	if err := stmt.Parse(rows); err != nil {
		return fmt.Errorf("store: insert: %w", err)
	}
	// An integer key that is still zero is for the database to choose.
	key := stmt.Schema.PrioritizedPrimaryField
	if key != nil && (key.DataType != schema.Int || !list.Index(0).FieldByIndex(key.StructField.Index).IsZero()) {
		key = nil
	}
	var names, types []string
	var columns []any
	for _, f := range stmt.Schema.Fields {
		if f.DBName == "" || f == key {
			continue
		}
		column, kind, err := column(list, f.StructField)
		if err != nil {
			return fmt.Errorf("store: insert: %s.%s: %w", stmt.Table, f.DBName, err)
		}
		names, types, columns = append(names, `"`+f.DBName+`"`), append(types, "?::"+kind+"[]"), append(columns, column)
	}
	query := fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s)", stmt.Table, strings.Join(names, ", "), strings.Join(types, ", "))
	if key == nil {
		return tx.Exec(query, columns...).Error
	}
	var ids []int64
	if err := tx.Raw(query+" RETURNING "+key.DBName, columns...).Scan(&ids).Error; err != nil {
		// What PostgreSQL says amid the rows, gorm does not translate by itself.
		if t, ok := tx.Dialector.(gorm.ErrorTranslator); ok {
			err = t.Translate(err)
		}
		return err
	}
	for i, id := range ids {
		list.Index(i).FieldByIndex(key.StructField.Index).SetInt(id)
	}
	return nil
}

var (
	instant = reflect.TypeFor[time.Time]()
	octets  = reflect.TypeFor[[]byte]()
	valuer  = reflect.TypeFor[driver.Valuer]()
)

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
		return gather[time.Time](list, f, instant), "timestamptz", nil
	case t.Implements(valuer):
		slice, err = spoken(list, f)
		return slice, "text", err
	case t == octets:
		return gather[[]byte](list, f, octets), "bytea", nil
	}
	switch t.Kind() {
	case reflect.String:
		return gather[string](list, f, reflect.TypeFor[string]()), "text", nil
	case reflect.Bool:
		return gather[bool](list, f, reflect.TypeFor[bool]()), "boolean", nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return gather[int64](list, f, reflect.TypeFor[int64]()), "bigint", nil
	}
	return nil, "", fmt.Errorf("no column type for %s", f.Type)
}

func gather[T any](list reflect.Value, f reflect.StructField, as reflect.Type) any {
	if f.Type.Kind() != reflect.Pointer {
		out := make([]T, list.Len())
		for i := range out {
			out[i] = list.Index(i).FieldByIndex(f.Index).Convert(as).Interface().(T)
		}
		return &out
	}
	out := make([]*T, list.Len())
	for i := range out {
		if v := list.Index(i).FieldByIndex(f.Index); !v.IsNil() {
			x := v.Elem().Convert(as).Interface().(T)
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
