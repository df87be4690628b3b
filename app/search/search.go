// Package search finds Chinese and other text by substring, with the same
// answers on both databases.
//
// Text is normalised (compatibility forms, lower case, everything but letters
// and digits splits) and cut here into overlapping pairs of characters, which
// the databases index as opaque words: no dictionary to keep, and a query of
// one or two characters works. A document matches when each part of the query
// stands in it. Results come newest first by key, never ranked.
//
// It trusts its callers to index only what may be searched: reports and contact
// details must never be given to it. Permission is the caller's: Scope narrows
// a query that the caller has already limited to what the actor may see.
package search

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"mingjing/app/store"
)

const (
	longestText  = 50_000 // characters of a document that are indexed
	longestQuery = 100    // characters of a query that count
)

// Nearly all characters of a Chinese text lie between these; all are letters.
const hanFirst, hanLast = '\u4e00', '\u9fff'

// Normalize is the text as it is compared: parts of letters and digits, one
// space between them.
func Normalize(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	split := false // what was passed over stands between two parts
	for _, r := range norm.NFKC.String(text) {
		if r < hanFirst || r > hanLast {
			r = unicode.ToLower(r)
			if !unicode.In(r, unicode.Letter, unicode.Number, unicode.Mark) {
				split = b.Len() > 0
				continue
			}
		}
		if split {
			b.WriteByte(' ')
			split = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// clip keeps the first n characters.
func clip(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return strings.TrimSuffix(s[:i], " ")
		}
	}
	return s
}

func parts(query string) []string { return strings.Fields(clip(Normalize(query), longestQuery)) }

// gram writes characters as a word of digits and letters, four to a character,
// so that no tokenizer can split, fold or misread it.
func gram(runes ...rune) string {
	b := make([]byte, 0, 8)
	for _, r := range runes {
		b = spell(b, r)
	}
	return string(b)
}

func spell(b []byte, r rune) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	return append(b, digits[r/36/36/36], digits[r/36/36%36], digits[r/36%36], digits[r%36])
}

// pairs are a part's grams in order: its pairs, or its only character.
func pairs(part string) []string {
	runes := []rune(part)
	if len(runes) == 1 {
		return []string{gram(runes...)}
	}
	list := make([]string, 0, len(runes))
	for i := range len(runes) - 1 {
		list = append(list, gram(runes[i:i+2]...))
	}
	return list
}

// gap stands between parts, so that no phrase spans two of them.
const gap = "0"

// grams are a body's words for SQLite: the pairs in order, then each character.
func grams(body string) []string {
	var list []string
	seen := map[rune]bool{}
	for _, part := range strings.Fields(body) {
		if utf8.RuneCountInString(part) > 1 {
			list = append(list, pairs(part)...)
			list = append(list, gap)
		}
	}
	for _, r := range body {
		if r != ' ' && !seen[r] {
			seen[r] = true
			list = append(list, gram(r), gap)
		}
	}
	return list
}

// lexemes are a body's words for PostgreSQL, each once, in the database's order:
// its pairs, and of each part the last character, with which no pair begins. A
// single character is then found by its beginning, and needs no word of its own.
// They travel as PostgreSQL keeps them.
func lexemes(body string) pgtype.TSVector {
	list := make([]uint64, 0, len(body)/2)
	var last rune
	for _, r := range body + " " {
		switch {
		case last == 0 || last == ' ':
		case r == ' ':
			list = append(list, uint64(last)<<32)
		default:
			list = append(list, uint64(last)<<32|uint64(r))
		}
		last = r
	}
	slices.Sort(list)
	list = slices.Compact(list)
	b := make([]byte, 0, 8*len(list))
	for _, x := range list {
		b = spell(b, rune(x>>32))
		if low := rune(x & 0xffffffff); low != 0 {
			b = spell(b, low)
		}
	}
	text := string(b)
	v := pgtype.TSVector{Lexemes: make([]pgtype.TSVectorLexeme, len(list)), Valid: true}
	for i, x := range list {
		n := 8
		if x&0xffffffff == 0 {
			n = 4
		}
		v.Lexemes[i].Word, text = text[:n], text[n:]
	}
	return v
}

// A document's row number is its kind's number followed by its key, so that the
// full-text index itself selects the kind and orders by key.
const refBits = 40

func base(kind string) int64 {
	h := fnv.New32a()
	h.Write([]byte(kind))
	return int64(h.Sum32()&0x3fffff) << refBits
}

// Doc is a text to be found as (Kind, Ref).
type Doc struct {
	Kind string
	Ref  int64
	Text string
}

// Index makes the text findable as (kind, ref), in place of what was there.
func Index(tx *store.Tx, kind string, ref int64, text string) error {
	return IndexAll(tx, []Doc{{kind, ref, text}})
}

// IndexAll is Index for many documents, in a few statements.
func IndexAll(tx *store.Tx, docs []Doc) error {
	for part := range slices.Chunk(docs, 500) {
		if err := put(tx, part); err != nil {
			return fmt.Errorf("search: index: %w", err)
		}
	}
	return nil
}

func put(tx *store.Tx, docs []Doc) error {
	ids, kinds, refs, bodies := make([]int64, len(docs)), make([]string, len(docs)), make([]int64, len(docs)), make([]string, len(docs))
	for i, d := range docs {
		if d.Ref <= 0 || d.Ref >= 1<<refBits {
			return fmt.Errorf("%d cannot be a key", d.Ref)
		}
		ids[i], kinds[i], refs[i], bodies[i] = base(d.Kind)+d.Ref, d.Kind, d.Ref, clip(Normalize(d.Text), longestText)
	}
	if tx.Dialect() == store.Postgres {
		words := make([]pgtype.TSVector, len(docs))
		for i, body := range bodies {
			words[i] = lexemes(body)
		}
		// One array to a column, so that the statement is planned once for any
		// number.
		return tx.Queue(`INSERT INTO search_docs (id, kind, ref, body, grams)
			SELECT id, kind, ref, body, grams
			FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::tsvector[]) AS x(id, kind, ref, body, grams)
			ON CONFLICT (kind, ref) DO UPDATE SET body = excluded.body, grams = excluded.grams`, &ids, &kinds, &refs, &bodies, &words)
	}
	var rows, fts []string
	var values, phrases []any
	for i, id := range ids {
		rows, fts = append(rows, "(?, ?, ?, ?)"), append(fts, "(?, ?)")
		values, phrases = append(values, id, kinds[i], refs[i], bodies[i]), append(phrases, id, strings.Join(grams(bodies[i]), " "))
	}
	if err := tx.Exec("INSERT INTO search_docs (id, kind, ref, body) VALUES "+strings.Join(rows, ", ")+
		" ON CONFLICT (kind, ref) DO UPDATE SET body = excluded.body", values...).Error; err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM search_fts WHERE rowid IN ?", ids).Error; err != nil {
		return err
	}
	return tx.Exec("INSERT INTO search_fts (rowid, grams) VALUES "+strings.Join(fts, ", "), phrases...).Error
}

// Remove forgets (kind, ref); that it was not there is no error.
func Remove(tx *store.Tx, kind string, ref int64) error {
	var err error
	if tx.Dialect() == store.SQLite {
		err = tx.Exec(`DELETE FROM search_fts WHERE rowid = ?`, base(kind)+ref).Error
	}
	if err == nil {
		err = tx.Exec(`DELETE FROM search_docs WHERE kind = ? AND ref = ?`, kind, ref).Error
	}
	if err != nil {
		return fmt.Errorf("search: remove %s %d: %w", kind, ref, err)
	}
	return nil
}

// phrases is the query for SQLite's index: each part as a phrase of its grams.
func phrases(parts []string) string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = `"` + strings.Join(pairs(p), " ") + `"`
	}
	return strings.Join(list, " AND ")
}

// contains is the condition for PostgreSQL: the index finds what has all grams,
// and the text itself tells whether they stand in order. Parts hold nothing that
// LIKE takes for a wildcard.
func contains(parts []string) (string, []any) {
	var words []string
	where, args := "d.grams @@ CAST(? AS tsquery)", []any{""}
	for _, p := range parts {
		list := pairs(p)
		if len(list[0]) == 4 {
			list[0] += ":*" // one character: whatever begins with it
		}
		words = append(words, list...)
		if utf8.RuneCountInString(p) > 2 {
			where += " AND d.body LIKE ?"
			args = append(args, "%"+p+"%")
		}
	}
	args[0] = strings.Join(words, " & ")
	return where, args
}

// frequent is from how many hits on a query counts as frequent in SQLite;
// in PostgreSQL it is one that finds every hundredth of the newest documents.
const (
	frequent = 2000
	sampled  = 500
	oftenIn  = 5
)

// Scope narrows db to the rows whose column is the key of a match, so that the
// caller's conditions, order and limit apply to matches only. An empty query
// leaves db as it is. Column is written by a programmer, never by a visitor.
func Scope(db *gorm.DB, kind, query, column string) *gorm.DB {
	if strings.TrimSpace(query) == "" {
		return db
	}
	q := parts(query)
	if len(q) == 0 {
		return db.Where("1 = 0")
	}
	count := func(sql string, args ...any) (n int) {
		if err := db.Session(&gorm.Session{NewDB: true}).Raw(sql, args...).Scan(&n).Error; err != nil {
			db.AddError(fmt.Errorf("search: %w", err))
		}
		return n
	}
	// Neither database knows how frequent a phrase is: PostgreSQL takes its words
	// for independent of each other. So a rare query is answered from the index, a
	// frequent one by looking at the caller's rows until the limit.
	if db.Dialector.Name() == "postgres" {
		where, args := contains(q)
		if count(`SELECT count(*) FROM (SELECT body, grams FROM search_docs WHERE kind = ? ORDER BY ref DESC LIMIT ?) d WHERE `+where,
			append([]any{kind, sampled}, args...)...) >= oftenIn {
			where = "coalesce(" + where + ", FALSE)" // which no index answers
		}
		return db.Where(`EXISTS (SELECT 1 FROM search_docs d WHERE d.kind = ? AND d.ref = `+column+` AND `+where+`)`,
			append([]any{kind}, args...)...)
	}
	match, low := phrases(q), base(kind)
	hits := count(`SELECT count(*) FROM (SELECT 1 FROM search_fts WHERE search_fts MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?)`,
		match, low, low+1<<refBits-1, frequent)
	if hits < frequent {
		return db.Where(column+` IN (SELECT d.ref FROM search_fts f CROSS JOIN search_docs d ON d.id = f.rowid
			WHERE f.search_fts MATCH ? AND f.rowid BETWEEN ? AND ? AND d.kind = ?)`, match, low, low+1<<refBits-1, kind)
	}
	where, args := "", []any{low, kind}
	for _, p := range q {
		where += " AND instr(d.body, ?) > 0"
		args = append(args, p)
	}
	return db.Where(`EXISTS (SELECT 1 FROM search_docs d WHERE d.id = ? + `+column+` AND d.kind = ?`+where+`)`, args...)
}

// Latest is Scope for a caller who wants the newest first, by a column that is
// the table's key, and those before a key where it is not 0. Matches are walked
// in that order, so that no more are looked at than the limit asks for, however
// many there are.
func Latest(db *gorm.DB, kind, query, column string, before int64) *gorm.DB {
	q, low := parts(query), base(kind)
	if len(q) == 0 || db.Dialector.Name() == "postgres" {
		if before != 0 {
			db = db.Where(column+" < ?", before)
		}
		return Scope(db, kind, query, column).Order(column + " DESC")
	}
	if before == 0 {
		before = 1 << refBits
	}
	return db.Joins("JOIN search_fts ON "+column+" = search_fts.rowid - ?", low).
		Where("search_fts MATCH ? AND search_fts.rowid BETWEEN ? AND ?", phrases(q), low, low+before-1).Order("search_fts.rowid DESC")
}
