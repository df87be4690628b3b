package store

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// Insert stores rows, a pointer to a slice of a room's structs, and gives each
// its id. On PostgreSQL the rows travel as one JSON parameter: the statement's
// text is the same for one row and for a hundred, so that the server plans it
// once. With a list of values for every number of rows, planning costs ten
// times the insertion.
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
	var fields []*schema.Field
	var columns []string
	for _, f := range stmt.Schema.Fields {
		if f.DBName != "" && f != key {
			fields, columns = append(fields, f), append(columns, `"`+f.DBName+`"`)
		}
	}
	var b bytes.Buffer
	for i := range list.Len() {
		b.WriteByte("[,"[min(i, 1)])
		for n, f := range fields {
			v, err := plain(list.Index(i).FieldByIndex(f.StructField.Index).Interface())
			if err != nil {
				return fmt.Errorf("store: insert: %s.%s: %w", stmt.Table, f.DBName, err)
			}
			b.WriteByte("{,"[min(n, 1)])
			b.WriteString(columns[n])
			b.WriteByte(':')
			b.Write(v)
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	names := strings.Join(columns, ", ")
	query := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM json_populate_recordset(NULL::%s, ?)", stmt.Table, names, names, stmt.Table)
	if key == nil {
		return tx.Exec(query, b.String()).Error
	}
	var ids []int64
	if err := tx.Raw(query+" RETURNING "+key.DBName, b.String()).Scan(&ids).Error; err != nil {
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

// plain is a column's value as JSON that PostgreSQL reads back as the column's type.
func plain(v any) ([]byte, error) {
	v, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case []byte:
		if x == nil {
			return []byte("null"), nil
		}
		return []byte(`"\\x` + hex.EncodeToString(x) + `"`), nil
	case time.Time:
		v = x.UTC().Format(time.RFC3339Nano)
	}
	return json.Marshal(v)
}
