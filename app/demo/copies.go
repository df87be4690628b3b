package demo

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/logbook"
	"mingjing/app/search"
	"mingjing/app/store"
)

// acted is how many cases are acted out by the rooms; more are copies of those,
// so that a million is a matter of minutes.
var acted = 700 // tests act out fewer

// The numbers of copies: a permutation of all numbers of eight digits that do
// not begin with 0, so that no two are the same.
const (
	least   = 10_000_000
	numbers = 90_000_000
	factor  = 48_271 // has no divisor in common with numbers
)

// copied are the tables in which a case stands, in an order that references
// allow. A copy has its original's keys, raised by as much in every table.
// Left out are what concerns the public (published replies) and what would only
// swell the file (every mail and every entry of the trail but the first).
var copied = []struct {
	table string
	where string            // of the rows that belong to cases between two ids
	keys  []string          // columns that are raised
	other map[string]string // columns that are not simply copied; $ stands for how much keys are raised
	wide  bool              // has an id of its own
}{
	{"cases", "id", []string{"id"}, map[string]string{"title": "title || '（' || $k || '）'", "case_no": "CAST(10000000 + ((id + $) * 48271 + $o) % 90000000 AS TEXT)", "access_hash": "$bytes('demo access ' || (id + $))",
		"submission_hash": "$bytes('demo form ' || (id + $))", "content_hash": "$bytes('demo content ' || (id + $))"}, true},
	{"case_messages", "case_id", []string{"id", "case_id"}, map[string]string{"submission_hash": "CASE WHEN submission_hash IS NULL THEN NULL ELSE $bytes('demo message ' || (id + $)) END"}, true},
	{"case_events", "case_id", []string{"id", "case_id", "message_id"}, nil, true},
	{"case_pauses", "case_id", []string{"id", "case_id"}, nil, true},
	{"case_exclusions", "case_id", []string{"id", "case_id"}, nil, true},
	{"case_tasks", "case_id", []string{"id", "case_id"}, nil, true},
	{"drafts", "case_id", []string{"case_id"}, nil, false},
	{"draft_versions", "case_id", []string{"id", "case_id"}, nil, true},
	{"replies", "case_id", []string{"id", "case_id"}, nil, true},
	{"ratings", "case_id", []string{"case_id", "reply_id"}, nil, false},
	{"case_calls", "case_id", []string{"id", "case_id", "reply_id"}, nil, true},
	{"audit", "subject_id", []string{"id", "subject_id"}, nil, true},
}

// copies fills the cases up to n with copies of those that were acted out. Cases
// that stand in a relation to others are no originals.
func (s *stage) copies(n int) error {
	if n <= 2*acted {
		return nil
	}
	var originals []cases.Case
	texts := map[int64]string{}
	var have, stride int64
	var taken []int64
	err := s.DB.Read(s.ctx, func(r *store.Reader) error {
		if err := r.Table("cases").Count(&have).Error; err != nil {
			return err
		}
		for _, c := range copied {
			var most int64
			if err := r.Table(c.table).Select("coalesce(max(" + c.keys[0] + "), 0)").Scan(&most).Error; err != nil {
				return err
			}
			stride = max(stride, most+1)
		}
		if err := r.Table("cases c").Select("id, case_no").Where("state <> 'merged' AND NOT EXISTS (SELECT 1 FROM case_merges m WHERE m.case_id = c.id OR m.into_id = c.id)").
			Where("NOT EXISTS (SELECT 1 FROM case_links l WHERE l.case_id = c.id OR l.other_id = c.id)").Order("id").Limit(acted).Find(&originals).Error; err != nil {
			return err
		}
		if err := r.Table("cases").Pluck("CAST(case_no AS BIGINT)", &taken).Error; err != nil {
			return err
		}
		var docs []search.Doc
		if err := r.Table("search_docs").Select("ref, body AS text").Where("kind = 'case'").Order("ref").Limit(2 * acted).Find(&docs).Error; err != nil {
			return err
		}
		for _, d := range docs {
			texts[d.Ref] = d.Text
		}
		return nil
	})
	if err != nil {
		return err
	}
	ids := make([]int64, len(originals))
	for i, o := range originals {
		ids[i] = o.ID
	}
	rounds := (int64(n)-have)/int64(len(ids)) + 1
	offset, err := free(taken, ids, stride, rounds)
	if err != nil {
		return err
	}
	for k := int64(1); have < int64(n); k++ {
		some := ids[:min(int64(len(ids)), int64(n)-have)]
		if err := s.copy(some, texts, k, stride, offset); err != nil {
			return err
		}
		have += int64(len(some))
		s.tell(int(have), n)
	}
	if err := logbook.Fill(s.ctx, s.DB, logbook.Case, cases.Holdings); err != nil {
		return err
	}
	return s.DB.Write(s.ctx, func(tx *store.Tx) error {
		for _, c := range copied {
			if c.wide && tx.Dialect() == store.Postgres { // keys were given by hand
				if err := tx.Exec("SELECT setval(pg_get_serial_sequence('" + c.table + "', 'id'), (SELECT max(id) FROM " + c.table + "))").Error; err != nil {
					return err
				}
			}
		}
		return tx.Publish()
	})
}

// free is an offset with which no copy has a number that is taken. Of a million
// copies some eight have one with most offsets, so it is the numbers that are
// asked which copy would have them, and not the copies.
func free(taken, ids []int64, stride, rounds int64) (int64, error) {
	if (rounds+1)*stride > numbers {
		return 0, fmt.Errorf("demo: %d copies of a case are more than there are numbers for", rounds)
	}
	copied := make(map[int64]bool, len(ids))
	for _, id := range ids {
		copied[id] = true
	}
	inverse := new(big.Int).ModInverse(big.NewInt(factor), big.NewInt(numbers)).Int64()
	meets := func(offset int64) bool {
		return slices.ContainsFunc(taken, func(number int64) bool {
			id := (number - least - offset%numbers + numbers) % numbers * inverse % numbers
			return id/stride >= 1 && id/stride <= rounds && copied[id%stride]
		})
	}
	for offset := range int64(numbers) {
		if !meets(offset) {
			return offset, nil
		}
	}
	return 0, errors.New("demo: no numbers left for so many copies")
}

// copy makes the k-th copy of the originals.
func (s *stage) copy(ids []int64, texts map[int64]string, k, stride, offset int64) error {
	raise := fmt.Sprint(k * stride)
	return s.DB.Write(s.ctx, func(tx *store.Tx) error {
		bytes := "convert_to(%s, 'UTF8')"
		if tx.Dialect() == store.SQLite {
			bytes = "CAST(%s AS BLOB)"
		}
		for _, c := range copied {
			columns, err := columnsOf(tx, c.table)
			if err != nil {
				return err
			}
			values := make([]string, len(columns))
			for i, name := range columns {
				switch expr := c.other[name]; {
				case expr != "":
					expr = strings.NewReplacer("$k", fmt.Sprintf("'%d'", k), "$o", fmt.Sprint(offset)).Replace(expr)
					for from := strings.Index(expr, "$bytes("); from >= 0; from = strings.Index(expr, "$bytes(") {
						depth, to := 1, from+len("$bytes(")
						for ; depth > 0; to++ {
							depth += map[byte]int{'(': 1, ')': -1}[expr[to]]
						}
						expr = expr[:from] + fmt.Sprintf(bytes, expr[from+len("$bytes("):to-1]) + expr[to:]
					}
					values[i] = strings.ReplaceAll(expr, "$", raise)
				case slices.Contains(c.keys, name):
					values[i] = name + " + " + raise
				default:
					values[i] = name
				}
			}
			where := c.where + " IN ?"
			if c.table == "audit" {
				where += " AND subject = 'case' AND verb = 'case.submit'"
			}
			err = tx.Exec("INSERT INTO "+c.table+" ("+strings.Join(columns, ", ")+") SELECT "+strings.Join(values, ", ")+" FROM "+c.table+" WHERE "+where, ids).Error
			if err != nil {
				return fmt.Errorf("copy %s: %w", c.table, err)
			}
		}
		err := s.Cases.CopyContacts(tx, ids, k*stride, func(c cases.Contact) []byte {
			return fmt.Appendf(nil, "demo caller %d", c.CaseID%300_000)
		})
		if err != nil {
			return err
		}
		docs := make([]search.Doc, len(ids))
		for i, id := range ids {
			docs[i] = search.Doc{Kind: "case", Ref: id + k*stride, Text: texts[id] + fmt.Sprintf("（%d）", k)}
		}
		return search.IndexAll(tx, docs)
	})
}

// columnsOf are a table's columns, read from the table.
func columnsOf(tx *store.Tx, table string) ([]string, error) {
	rows, err := tx.Raw("SELECT * FROM " + table + " LIMIT 0").Rows()
	if err != nil {
		return nil, err
	}
	columns, err := rows.Columns()
	if closed := rows.Close(); err == nil {
		err = closed
	}
	return columns, err
}
