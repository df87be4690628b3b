package logbook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/keyfile"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Book signs the log.
type Book struct {
	db     *store.DB
	place  Place
	signer atomic.Pointer[tlog.Signer] // another instance may hand the log to a new key
	// Forms are the numbers of the forms in which kinds have their texts, where it is
	// not the first: with a new number all texts of the kind are recorded once more.
	Forms map[string]int
	// Witnesses are asked to cosign it.
	Witnesses []Witness
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

func (h head) head() tlog.Head {
	if h.Note == "" {
		return tlog.Empty
	}
	return tlog.Head{Size: h.Size, Root: tlog.Hash(h.Root)}
}

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
	of, known, err := b.place.recall()
	if err != nil {
		return 0, err
	}
	var signed tlog.Head
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		n = 0
		leads, err := leads(tx)
		if err != nil || !leads {
			return err
		}
		if err := b.follow(&tx.Reader); err != nil {
			return err
		}
		last, ok, err := newest(&tx.Reader)
		if err != nil {
			return err
		}
		waiting, err := waiting(&tx.Reader, batch)
		if err != nil {
			return err
		}
		if len(waiting) == 0 && ok {
			return nil
		}
		if signed, err = b.extend(tx, of, known, last, waiting, b.signer.Load()); err != nil {
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

// waiting lists the entries that have no place yet, the oldest first.
func waiting(r *store.Reader, limit int) (list []entry, err error) {
	if err := r.Model(&entry{}).Select("id, leaf").Where("idx IS NULL").Order("id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("logbook: waiting: %w", err)
	}
	return list, nil
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

// extend adds entries to the tree and signs its head, if it goes on from what recall told.
func (b *Book) extend(tx *store.Tx, of string, known tlog.Head, last head, waiting []entry, signers ...*tlog.Signer) (next tlog.Head, err error) {
	was := last.head()
	shelf := newShelf(&tx.Reader)
	if of == b.Key().Name { // not of a log before this one was begun anew
		if err := extends(known, was, shelf); err != nil {
			return next, err
		}
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
	note, err := tlog.SignCheckpoint(was, next, proof, signers...)
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
	ids := make([]int64, len(waiting))
	for i, e := range waiting {
		ids[i] = e.ID
	}
	// By their ids: PostgreSQL guesses wrongly how many wait, and would read the table whole.
	where, these := store.Among(&tx.Reader, "id", ids)
	done := tx.Exec(`WITH n AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM log_entries WHERE idx IS NULL AND `+where+`)
		UPDATE log_entries SET idx = ? + n.k FROM n WHERE n.id = log_entries.id`, these, was.Size)
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
func Inspect(ctx context.Context, db *store.DB, at Place) (s State, err error) {
	of, known, err := at.recall()
	if err != nil {
		return s, err
	}
	return s, db.Read(ctx, func(r *store.Reader) error {
		key, err := newestKey(r)
		if err != nil || key == "" {
			return err
		}
		signer, err := at.load(key)
		if err != nil {
			return err
		}
		last, _, err := newest(r)
		if err != nil {
			return err
		}
		s.Origin, s.Size = signer.Key().Name, last.Size
		if s.Origin == of {
			if err := extends(known, last.head(), newShelf(r)); err != nil {
				return err
			}
		}
		s.Lag, err = Lag(r)
		return err
	})
}

// remember keeps a signed head outside the database.
func (b *Book) remember(h tlog.Head) error {
	return keyfile.Replace(b.place.Head, fmt.Sprintf("%s\n%d\n%s\n", b.Key().Name, h.Size, h.Root))
}

// ErrRewound means that the database's log ends before what was already signed: it
// was restored from a backup, or somebody cut it.
var ErrRewound = errors.New("the database's log does not extend what was signed already; was it restored from a backup?")

// recall reads the last head that was remembered, and of which log it is. It comes
// before the transaction that compares it: another instance may sign meanwhile, and
// what it remembers is in the database before.
func (p Place) recall() (origin string, known tlog.Head, err error) {
	raw, err := os.ReadFile(p.Head)
	if errors.Is(err, fs.ErrNotExist) {
		return "", tlog.Empty, nil
	}
	if err != nil {
		return "", known, fmt.Errorf("logbook: %w", err)
	}
	line := strings.Split(string(raw), "\n")
	if len(line) != 4 {
		return "", known, fmt.Errorf("logbook: %s cannot be read", p.Head)
	}
	size, err1 := strconv.ParseInt(line[1], 10, 64)
	err2 := known.Root.UnmarshalJSON([]byte(`"` + line[2] + `"`))
	if known.Size = size; err1 != nil || err2 != nil {
		return "", known, fmt.Errorf("logbook: %s cannot be read", p.Head)
	}
	return line[0], known, nil
}

// extends refuses a head that does not go on from what is known of the log.
func extends(known, now tlog.Head, shelf *shelf) error {
	if known == now {
		return nil
	}
	if known.Size > now.Size {
		return fmt.Errorf("%w (%d entries were signed, the database has %d)", ErrRewound, known.Size, now.Size)
	}
	proof, err := tlog.Consistency(known.Size, now.Size, tlog.Stored(shelf.tile))
	if err == nil {
		err = tlog.Extends(known, now, proof)
	}
	if err != nil {
		return fmt.Errorf("%w (%v)", ErrRewound, err)
	}
	return nil
}
