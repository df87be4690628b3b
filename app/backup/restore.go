package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"filippo.io/age"

	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/store"
)

// Keys are what the operator kept apart from the backup.
type Keys struct {
	Pepper string              // fingerprint of the pepper at hand; empty: there is none
	Blob   *age.X25519Identity // service key of attachments; nil: there is none
}

var (
	errDamaged  = fault.New(fault.Malformed, "这不是 portal 的备份文件，或者它不完整、被改动过。没有恢复任何内容，请换一份备份。")
	errIdentity = fault.New(fault.Forbidden, "这个身份文件打不开这份备份。请找到备份时所用收件人（age1…）对应的身份文件。")
	errFormat   = fault.New(fault.Conflict, "这份备份的格式或者数据库结构和这个版本的程序不同。请用备份时那个版本的 portal 恢复，再升级程序。")
	errPepper   = fault.New(fault.Conflict, "备份属于另一个 pepper。备份里没有它：请把原来的 pepper 文件放到 PORTAL_PEPPER_FILE 所指的位置再恢复，没有它就核对不了任何密码和查询码。")
	errBlobKey  = fault.New(fault.Conflict, "打不开备份里的附件。备份里没有附件密钥：请把原来的 blob.key 放到 PORTAL_KEYS_DIR 所指的文件夹再恢复。")
	errBlobs    = fault.New(fault.Conflict, "存放附件的地方不是空的，没有恢复任何内容。请换一个空的数据文件夹（或者存储桶）再恢复。")
	errOld      = fault.New(fault.Conflict, "数据库不是空的，没有恢复任何内容。请换一个空的数据库再恢复。")
)

// planted are the rows that an empty portal may hold: those that migrations
// insert and the pin of its pepper. Restore replaces them.
var planted = map[string]string{"revisions": "1 = 1", "time_limits": "version = 1", "settings": "name LIKE 'pin/%'"}

// Restore fills an empty portal with a backup, in one transaction: attachments
// are stored first and removed again when anything fails. Nobody stays signed
// in, and messages that were waiting are left to a person, since it is not
// known whether they were sent after the backup was made.
func Restore(ctx context.Context, in io.Reader, db *store.DB, blobs blob.Store, keys Keys, identities ...age.Identity) (Summary, error) {
	plain, err := age.Decrypt(in, identities...)
	if none := new(age.NoIdentityMatchError); errors.As(err, &none) {
		return Summary{}, errIdentity
	}
	if err != nil {
		return Summary{}, damaged(err)
	}
	large, err := gzip.NewReader(plain)
	if err != nil {
		return Summary{}, damaged(err)
	}
	s := &restorer{unpacker: unpacker{tar: tar.NewReader(large)}, rest: large, blobs: blobs, keys: keys, ctx: ctx}
	if err := s.begin(); err != nil {
		return Summary{}, err
	}
	if err := ready(ctx, db, blobs); err != nil {
		return Summary{}, err
	}
	started := false
	err = db.Write(ctx, func(tx *store.Tx) error {
		if started { // the stream cannot be read again
			return errors.New("restore: another program wrote to the database")
		}
		started = true
		return s.restore(tx)
	})
	if err != nil {
		for _, key := range s.put {
			err = errors.Join(err, blobs.Delete(context.WithoutCancel(ctx), key))
		}
		return Summary{}, err
	}
	return s.sum, nil
}

// damaged says that the file is at fault, and how it showed.
func damaged(err error) error {
	if errors.Is(err, errDamaged) {
		return err
	}
	return fmt.Errorf("%w（%v）", errDamaged, err)
}

// ready brings an empty target's schema up to date and refuses any other.
func ready(ctx context.Context, db *store.DB, blobs blob.Store) error {
	if err := blobs.Walk(ctx, func(blob.Item) error { return errBlobs }); err != nil {
		return err
	}
	current, err := db.Current(ctx)
	if err != nil || current {
		return err
	}
	var there []Table
	err = db.Read(ctx, func(r *store.Reader) (err error) { there, err = tables(r); return err })
	if err != nil {
		return err
	}
	if len(there) > 0 {
		return errOld
	}
	_, err = db.Migrate(ctx)
	return err
}

type restorer struct {
	unpacker
	rest     io.Reader // what the tar is read from
	manifest Manifest
	blobs    blob.Store
	keys     Keys
	ctx      context.Context
	put      []string // keys of the attachments stored so far
	sum      Summary
}

// begin reads the manifest and checks what can be known before anything is touched.
func (s *restorer) begin() error {
	name, err := s.next()
	if err == nil && name != manifestName {
		err = fmt.Errorf("begins with %q", name)
	}
	if err == nil {
		err = json.NewDecoder(&s.unpacker).Decode(&s.manifest)
	}
	if err != nil {
		return damaged(err)
	}
	if s.manifest.Format != format {
		return errFormat
	}
	if s.manifest.Pepper != "" && s.manifest.Pepper != s.keys.Pepper {
		return errPepper
	}
	return nil
}

func (s *restorer) restore(tx *store.Tx) error {
	list, err := s.target(tx)
	if err != nil {
		return err
	}
	settle, err := deferKeys(tx)
	if err != nil {
		return err
	}
	contents, digest, err := s.members(tx, list)
	if err != nil {
		return err
	}
	if err := s.verify(tx, list, contents, digest); err != nil {
		return err
	}
	if err := settle(); err != nil {
		return fmt.Errorf("restore: references: %w", err)
	}
	if err := renumber(tx); err != nil {
		return err
	}
	if err := quieten(tx); err != nil {
		return err
	}
	s.sum.CreatedAt, s.sum.Tables, s.sum.Missing = s.manifest.CreatedAt, len(list), contents.Missing
	return journal.Append(tx, journal.Event{ActorName: "系统", Verb: "backup.restore", Subject: "site", Public: true,
		Changes: []journal.Change{{Field: "created_at", New: s.manifest.CreatedAt.UTC().Format("2006-01-02T15:04:05Z")}}})
}

// target checks that the database is empty and of the backup's schema.
func (s *restorer) target(tx *store.Tx) ([]Table, error) {
	version, err := schema(&tx.Reader)
	if err != nil {
		return nil, err
	}
	list, err := tables(&tx.Reader)
	if err != nil {
		return nil, err
	}
	same := func(a, b Table) bool { return a.Name == b.Name && slices.Equal(a.Columns, b.Columns) }
	if version != s.manifest.Schema || !slices.EqualFunc(list, s.manifest.Tables, same) {
		return nil, errFormat
	}
	for _, t := range list {
		query := "SELECT count(*) FROM " + quote(t.Name)
		if where := planted[t.Name]; where != "" {
			query += " WHERE NOT (" + where + ")"
		}
		var n int64
		if err := tx.Raw(query).Scan(&n).Error; err != nil {
			return nil, fmt.Errorf("restore: %w", err)
		}
		if n > 0 {
			return nil, fmt.Errorf("%w（%s：%d）", errOld, t.Name, n)
		}
		if planted[t.Name] != "" {
			if err := tx.Exec("DELETE FROM " + quote(t.Name)).Error; err != nil {
				return nil, fmt.Errorf("restore: %w", err)
			}
		}
	}
	return list, nil
}

// deferKeys puts off the checks of foreign keys, so that tables and rows may
// come in any order; what it returns makes them up and puts all back as it was.
func deferKeys(tx *store.Tx) (settle func() error, err error) {
	if tx.Dialect() == store.SQLite {
		// The commit itself checks.
		return func() error { return nil }, tx.Exec("PRAGMA defer_foreign_keys = ON").Error
	}
	var list []struct{ Tbl, Name string }
	err = tx.Raw(`SELECT conrelid::regclass::text AS tbl, quote_ident(conname) AS name FROM pg_constraint
		WHERE contype = 'f' AND NOT condeferrable AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1, 2`).Scan(&list).Error
	alter := func(how string) error {
		for _, x := range list {
			if err := tx.Exec("ALTER TABLE " + x.Tbl + " ALTER CONSTRAINT " + x.Name + " " + how).Error; err != nil {
				return err
			}
		}
		return nil
	}
	if err == nil {
		err = alter("DEFERRABLE INITIALLY DEFERRED")
	}
	if err != nil {
		return nil, fmt.Errorf("restore: references: %w", err)
	}
	return func() error {
		if err := tx.Exec("SET CONSTRAINTS ALL IMMEDIATE").Error; err != nil {
			return err
		}
		return alter("NOT DEFERRABLE")
	}, nil
}

// members reads the rest of the file to its authenticated end.
func (s *restorer) members(tx *store.Tx, list []Table) (c Contents, digest hash.Hash, err error) {
	digest = sha256.New()
	for {
		name, err := s.next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // contents.json comes last
		}
		if err != nil {
			return c, nil, damaged(err)
		}
		folder, what, _ := strings.Cut(name, "/")
		switch folder {
		case tableFolder:
			i := slices.IndexFunc(list, func(t Table) bool { return t.Name == what })
			if i < 0 {
				return c, nil, damaged(fmt.Errorf("no table %q", what))
			}
			err = s.table(tx, list[i])
		case blobFolder:
			err = s.blob(what, digest)
		case contentsName:
			if err := json.NewDecoder(&s.unpacker).Decode(&c); err != nil {
				return c, nil, damaged(err)
			}
			if _, err := s.next(); !errors.Is(err, io.EOF) {
				return c, nil, damaged(errors.New("more than its contents"))
			}
			if _, err := io.Copy(io.Discard, s.rest); err != nil {
				return c, nil, damaged(err)
			}
			return c, digest, nil
		default:
			err = damaged(fmt.Errorf("unknown member %q", name))
		}
		if err != nil {
			return c, nil, err
		}
	}
}

// Rows go in by the statement: at most so many, and so many values.
const (
	rowsAtOnce   = 500
	valuesAtOnce = 16_000
)

func (s *restorer) table(tx *store.Tx, t Table) error {
	in := bufio.NewReader(&s.unpacker)
	var rows [][]any
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return s.insert(tx, t, rows)
		}
		var row []any
		if err == nil {
			row, err = t.parse(line)
		}
		if err != nil {
			return damaged(fmt.Errorf("%s: %w", t.Name, err))
		}
		if rows = append(rows, row); len(rows) == rowsAtOnce || (len(rows)+1)*len(row) > valuesAtOnce {
			if err := s.insert(tx, t, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
}

func (s *restorer) insert(tx *store.Tx, t Table, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	s.sum.Rows += int64(len(rows))
	if t.Name == searchTable {
		docs := make([]search.Doc, len(rows))
		for i, row := range rows {
			kind, ok1 := row[0].(string)
			ref, ok2 := row[1].(int64)
			body, ok3 := row[2].(string)
			if !ok1 || !ok2 || !ok3 {
				return damaged(errors.New("search without a text"))
			}
			docs[i] = search.Doc{Kind: kind, Ref: ref, Text: body}
		}
		return search.IndexAll(tx, docs)
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ") + ")"
	query := "INSERT INTO " + quote(t.Name) + " (" + t.columns() + ") VALUES " + strings.TrimSuffix(strings.Repeat(one+", ", len(rows)), ", ")
	if err := tx.Exec(query, slices.Concat(rows...)...).Error; err != nil {
		return fmt.Errorf("restore: write %s: %w", t.Name, err)
	}
	return nil
}

// blob stores an attachment as it was, once the key at hand is seen to open it.
func (s *restorer) blob(key string, digest hash.Hash) error {
	var head bytes.Buffer
	if s.keys.Blob == nil {
		return errBlobKey
	}
	if _, err := age.Decrypt(io.TeeReader(&s.unpacker, &head), s.keys.Blob); err != nil {
		if none := new(age.NoIdentityMatchError); errors.As(err, &none) {
			return errBlobKey
		}
		return damaged(fmt.Errorf("attachment %s: %w", key, err))
	}
	one := sha256.New()
	s.put = append(s.put, key)
	n, err := s.blobs.Put(s.ctx, key, io.TeeReader(io.MultiReader(&head, &s.unpacker), one))
	if err != nil {
		return fmt.Errorf("restore: attachment %s: %w", key, err)
	}
	note(digest, key, n, one)
	s.sum.Blobs++
	return nil
}

// verify reads back what was written and compares it with what was saved.
func (s *restorer) verify(tx *store.Tx, list []Table, c Contents, digest hash.Hash) error {
	missing := map[string]bool{}
	for _, key := range c.Missing {
		missing[key] = true
	}
	here := map[string]bool{}
	for _, key := range s.put {
		here[key] = true
	}
	for _, t := range list {
		got, err := t.dump(&tx.Reader, func(_ []byte, key string) error {
			if key != "" && !here[key] && !missing[key] {
				return damaged(fmt.Errorf("attachment %s is not there", key))
			}
			return nil
		})
		if err != nil {
			return err
		}
		if want := c.Tables[t.Name]; got != want {
			return damaged(fmt.Errorf("%s: %d rows, saved were %d", t.Name, got.Count, want.Count))
		}
	}
	if got := (Sum{s.sum.Blobs, hex.EncodeToString(digest.Sum(nil))}); got != c.Blobs {
		return damaged(fmt.Errorf("%d attachments, saved were %d", got.Count, c.Blobs.Count))
	}
	return nil
}

// renumber lets PostgreSQL's new keys follow the restored ones; SQLite's do so.
func renumber(tx *store.Tx) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	var list []struct{ Tbl, Col string }
	err := tx.Raw(`SELECT table_name AS tbl, column_name AS col FROM information_schema.columns
		WHERE table_schema = current_schema() AND is_identity = 'YES' ORDER BY 1`).Scan(&list).Error
	for _, x := range list {
		if err == nil {
			err = tx.Exec("SELECT setval(pg_get_serial_sequence(?, ?), (SELECT coalesce(max("+quote(x.Col)+"), 0) + 1 FROM "+quote(x.Tbl)+"), false)",
				quote(x.Tbl), x.Col).Error
		}
	}
	if err != nil {
		return fmt.Errorf("restore: renumber: %w", err)
	}
	return nil
}

// quieten ends what must not go on by itself in a restored portal.
func quieten(tx *store.Tx) error {
	if err := tx.Exec("DELETE FROM sessions").Error; err != nil {
		return fmt.Errorf("restore: sessions: %w", err)
	}
	err := tx.Exec("UPDATE outbox SET state = 'unknown', finished_at = ?, note = ? WHERE state IN ('waiting', 'sending')",
		tx.Now, "从备份恢复，不知道是否已经发出").Error
	if err != nil {
		return fmt.Errorf("restore: outbox: %w", err)
	}
	return nil
}
