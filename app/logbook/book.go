package logbook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/keyfile"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Book signs the log.
type Book struct {
	db     *store.DB
	folder string // of the keys
	signer *tlog.Signer
	Sources
	holdings map[string]Holdings
}

// Source lists what the public reads of a kind at this moment, from the rooms' own
// tables: limit subjects after one, in the source's order, from the first if it is
// empty.
type Source func(r *store.Reader, after string, limit int) ([]Text, error)

// Sources are what the rooms publish, by kind.
type Sources map[string]Source

// Kinds are those of what is published, in alphabetical order.
func (s Sources) Kinds() []string { return slices.Sorted(maps.Keys(s)) }

var errNoKind = fault.New(fault.NotFound, "没有这一类公开的内容。")

// Shown lists what the public reads of a kind at this moment. It must equal the
// log's last words.
func (s Sources) Shown(r *store.Reader, kind, after string, limit int) ([]Text, error) {
	list, ok := s[kind]
	if !ok {
		return nil, errNoKind
	}
	return list(r, after, limit)
}

const (
	// KeyFile holds the log's private key.
	KeyFile = "log.key"
	// headFile remembers the last head that was signed, outside the database.
	headFile = "log-head"
)

// ErrKey means that the log's key is missing, or is not the one that signed it.
var ErrKey = errors.New("the key of the public log is not the one that this database's log was signed with; put the right " + KeyFile + " back into the key folder")

// Open loads the log's key, or makes it for a log that has none yet; origin names a
// new log, such as example.gov.cn/log.
func Open(ctx context.Context, db *store.DB, folder, origin string) (*Book, error) {
	var known []key
	if err := db.Read(ctx, func(r *store.Reader) (err error) {
		known, err = keys(r)
		return err
	}); err != nil {
		return nil, err
	}
	signer, err := load(filepath.Join(folder, KeyFile), origin, len(known) == 0)
	if err != nil {
		return nil, err
	}
	b := &Book{db: db, folder: folder, signer: signer, Sources: Sources{loggedRestart: itself(loggedRestart), Expunged: itself(Expunged)}, holdings: map[string]Holdings{}}
	return b, db.Write(ctx, func(tx *store.Tx) error {
		list, err := keys(&tx.Reader)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			row := key{No: 1, Key: signer.Key().String(), At: tx.Now}
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
				return fmt.Errorf("logbook: key: %w", err)
			}
			if list, err = keys(&tx.Reader); err != nil {
				return err
			}
		}
		if list[len(list)-1].Key != signer.Key().String() {
			return ErrKey
		}
		return nil
	})
}

// load reads the log's key; when there is none it makes one, if create is set.
func load(path, origin string, create bool) (*tlog.Signer, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		s, err := tlog.NewSigner(origin)
		if err != nil {
			return nil, err
		}
		if err := keyfile.Create(path, s.Secret()+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		return load(path, origin, false) // another instance may have been faster
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%s is missing)", ErrKey, path)
	}
	if err != nil {
		return nil, fmt.Errorf("logbook: key: %w", err)
	}
	s, err := tlog.ParseSigner(string(raw))
	if err != nil {
		return nil, fmt.Errorf("logbook: %s: %w", path, err)
	}
	return s, nil
}

type key struct {
	No  int `gorm:"primaryKey;autoIncrement:false"`
	Key string
	At  time.Time
}

func (key) TableName() string { return "log_keys" }

func keys(r *store.Reader) (list []key, err error) {
	if err := r.Model(&key{}).Select("no, key, at").Order("no").Limit(1000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("logbook: keys: %w", err)
	}
	return list, nil
}

// Key is the log's public key.
func (b *Book) Key() tlog.Key { return b.signer.Key() }

// batch is how many entries one checkpoint adds at most.
const batch = 256

// advisory is the PostgreSQL lock of who signs; SQLite's single writer needs none.
const advisory = 7_331_043

// head is a row of what was signed.
type head struct {
	Size int64 `gorm:"primaryKey;autoIncrement:false"`
	Prev int64
	Root []byte
	At   time.Time
	Note string
}

func (head) TableName() string { return "log_heads" }

func (h head) head() tlog.Head { return tlog.Head{Size: h.Size, Root: tlog.Hash(h.Root)} }

const headColumns = "size, prev, root, at, note"

// newest is the last head that was signed; ok is false before the first.
func newest(r *store.Reader) (h head, ok bool, err error) {
	var list []head
	if err := r.Model(&head{}).Select(headColumns).Order("size DESC").Limit(1).Find(&list).Error; err != nil {
		return h, false, fmt.Errorf("logbook: head: %w", err)
	}
	if len(list) == 0 {
		return head{Prev: -1}, false, nil
	}
	return list[0], true, nil
}

// Sequence gives their places to what waits, a batch for each transaction, and signs
// a checkpoint over each; it says how many got theirs. It does nothing while another
// instance does it.
func (b *Book) Sequence(ctx context.Context) (total int, err error) {
	for {
		n, err := b.next(ctx)
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}

func (b *Book) next(ctx context.Context) (n int, err error) {
	var signed tlog.Head
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		n = 0
		leads, err := leads(tx)
		if err != nil || !leads {
			return err
		}
		last, ok, err := newest(&tx.Reader)
		if err != nil {
			return err
		}
		var waiting []entry
		if err := tx.Model(&entry{}).Select("id, leaf").Where("idx IS NULL").Order("id").Limit(batch).Find(&waiting).Error; err != nil {
			return fmt.Errorf("logbook: waiting: %w", err)
		}
		if len(waiting) == 0 && ok {
			return nil
		}
		if signed, err = b.extend(tx, last, waiting); err != nil {
			return err
		}
		n = len(waiting)
		return nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // another instance signed in between
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if signed != (tlog.Head{}) {
		err = b.remember(signed)
	}
	return n, err
}

// leads reports whether it is this transaction's turn to sign.
func leads(tx *store.Tx) (ok bool, err error) {
	if tx.Dialect() != store.Postgres {
		return true, nil
	}
	if err := tx.Raw("SELECT pg_try_advisory_xact_lock(?)", advisory).Row().Scan(&ok); err != nil {
		return false, fmt.Errorf("logbook: lock: %w", err)
	}
	return ok, nil
}

// extend adds entries to the tree and signs its head.
func (b *Book) extend(tx *store.Tx, last head, waiting []entry) (next tlog.Head, err error) {
	was := tlog.Empty
	if last.Prev >= 0 || last.Note != "" {
		was = last.head()
	}
	shelf := newShelf(&tx.Reader)
	if err := b.remembered(was, shelf); err != nil {
		return next, err
	}
	hashes := make([]tlog.Hash, len(waiting))
	for i, e := range waiting {
		hashes[i] = tlog.LeafHash(e.Leaf)
	}
	stored, next, err := tlog.Append(was, hashes, tlog.Stored(shelf.tile))
	if err != nil {
		return next, err
	}
	if err := shelf.lay(was.Size, stored); err != nil {
		return next, err
	}
	proof, err := tlog.Consistency(was.Size, next.Size, tlog.Stored(shelf.tile))
	if err != nil {
		return next, err
	}
	note, err := tlog.SignCheckpoint(was, next, proof, b.signer)
	if err != nil {
		return next, err
	}
	row := head{Size: next.Size, Prev: was.Size, Root: next.Root[:], At: tx.Now, Note: string(note)}
	if last.Note == "" {
		row.Prev = -1
	}
	if err := tx.Create(&row).Error; err != nil {
		return next, fmt.Errorf("logbook: head: %w", err)
	}
	if len(waiting) == 0 {
		return next, nil
	}
	done := tx.Exec(`WITH n AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM log_entries WHERE idx IS NULL AND id <= ?)
		UPDATE log_entries SET idx = ? + n.k FROM n WHERE n.id = log_entries.id`, waiting[len(waiting)-1].ID, was.Size)
	if done.Error != nil {
		return next, fmt.Errorf("logbook: places: %w", done.Error)
	}
	if done.RowsAffected != int64(len(waiting)) {
		return next, fmt.Errorf("logbook: %d places for %d entries", done.RowsAffected, len(waiting))
	}
	return next, shelf.save(tx)
}

// State is how a log is doing.
type State struct {
	Origin string
	Size   int64
	Lag    time.Duration // of the oldest entry that waits for its place
}

// Inspect tells it without signing anything: ErrKey and ErrRewound as they would keep
// it from being signed.
func Inspect(r *store.Reader, folder string) (s State, err error) {
	known, err := keys(r)
	if err != nil || len(known) == 0 {
		return s, err
	}
	signer, err := load(filepath.Join(folder, KeyFile), "", false)
	if err != nil {
		return s, err
	}
	if signer.Key().String() != known[len(known)-1].Key {
		return s, ErrKey
	}
	last, ok, err := newest(r)
	if err != nil {
		return s, err
	}
	was := tlog.Empty
	if ok {
		was = last.head()
	}
	s.Origin, s.Size = signer.Key().Name, was.Size
	if err := (&Book{folder: folder}).remembered(was, newShelf(r)); err != nil {
		return s, err
	}
	s.Lag, err = Lag(r)
	return s, err
}

// remember keeps a signed head outside the database.
func (b *Book) remember(h tlog.Head) error {
	return keyfile.Replace(filepath.Join(b.folder, headFile), fmt.Sprintf("%s\n%d\n%s\n", b.Key().Name, h.Size, h.Root))
}

// ErrRewound means that the database's log ends before what was already signed: it
// was restored from a backup, or somebody cut it.
var ErrRewound = errors.New("the database's log does not extend what was signed already; was it restored from a backup?")

// remembered refuses a log that does not go on from the head that the key folder knows.
func (b *Book) remembered(was tlog.Head, shelf *shelf) error {
	raw, err := os.ReadFile(filepath.Join(b.folder, headFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("logbook: %w", err)
	}
	line := strings.Split(string(raw), "\n")
	var known tlog.Head
	if len(line) != 4 {
		return fmt.Errorf("logbook: %s cannot be read", headFile)
	}
	size, err1 := strconv.ParseInt(line[1], 10, 64)
	err2 := known.Root.UnmarshalJSON([]byte(`"` + line[2] + `"`))
	if known.Size = size; err1 != nil || err2 != nil {
		return fmt.Errorf("logbook: %s cannot be read", headFile)
	}
	if known == was {
		return nil
	}
	if known.Size > was.Size {
		return fmt.Errorf("%w (%d entries were signed, the database has %d)", ErrRewound, known.Size, was.Size)
	}
	proof, err := tlog.Consistency(known.Size, was.Size, tlog.Stored(shelf.tile))
	if err == nil {
		err = tlog.Extends(known, was, proof)
	}
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrRewound, err)
	}
	return nil
}
