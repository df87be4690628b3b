package logbook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/keyfile"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Place is where the log's private key and the last head that it signed are kept,
// outside the database.
type Place struct {
	Key  string // file
	Head string // file
}

// KeyFile is the usual name of the file with the private key.
const KeyFile = "log.key"

// In is the usual place, in a folder.
func In(folder string) Place {
	return Place{Key: filepath.Join(folder, KeyFile), Head: filepath.Join(folder, "log-head")}
}

// ErrKey means that the log's key is missing, or is not the one that signs it.
var ErrKey = errors.New("the key of the public log is not the one that this database's log is signed with; put the right " + KeyFile + " back")

// Open loads the log's key, or makes it for a log that has none yet; origin names a
// new log, such as example.gov.cn/log.
func Open(ctx context.Context, db *store.DB, at Place, origin string) (*Book, error) {
	b := &Book{db: db, place: at, Sources: Sources{loggedRestart: itself(loggedRestart), Expunged: itself(Expunged)}, holdings: map[string]Holdings{}}
	var known string
	err := db.Read(ctx, func(r *store.Reader) (err error) {
		known, err = newestKey(r)
		return err
	})
	if err == nil && known == "" {
		known, err = b.begin(ctx, origin)
	}
	if err != nil {
		return nil, err
	}
	signer, err := at.load(known)
	if err != nil {
		return nil, err
	}
	b.signer.Store(signer)
	return b, nil
}

// begin makes the first key of a new log, or takes the one whose file is there, and
// returns the one that the database then knows: another instance may have been faster.
func (b *Book) begin(ctx context.Context, origin string) (known string, err error) {
	first, err := tlog.NewSigner(origin)
	if err != nil {
		return "", err
	}
	if err := keyfile.Create(b.place.Key, first.Secret()+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if first, err = readKey(b.place.Key); err != nil {
		return "", err
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		row := key{No: 1, Key: first.Key().String(), At: tx.Now}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("logbook: key: %w", err)
		}
		known, err = newestKey(&tx.Reader)
		return err
	})
	return known, err
}

// next is the file of a key that is about to follow, beside that of the key: it is
// written before the database knows the new key and takes the old one's place after.
func (p Place) next() string { return p.Key + ".next" }

// load reads the private key of a public one. After a change of keys it finishes what
// a crash may have left undone; the old private key is gone then.
func (p Place) load(known string) (*tlog.Signer, error) {
	next, err := readKey(p.next())
	if err == nil && next.Key().String() == known {
		_ = os.Rename(p.next(), p.Key) // another instance may have done it; who may not is served by the file as it is
		return next, nil
	}
	now, err := readKey(p.Key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%s is missing)", ErrKey, p.Key)
	}
	if err != nil {
		return nil, err
	}
	if now.Key().String() != known {
		return nil, ErrKey
	}
	return now, nil
}

func readKey(path string) (*tlog.Signer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("logbook: key: %w", err)
	}
	s, err := tlog.ParseSigner(string(raw))
	if err != nil {
		return nil, fmt.Errorf("logbook: %s: %w", path, err)
	}
	return s, nil
}

// key is a public key that signs or signed the log.
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

// lastKey is the key that signs; without a number before there is one.
func lastKey(r *store.Reader) (k key, err error) {
	var list []key
	if err := r.Model(&key{}).Select("no, key, at").Order("no DESC").Limit(1).Find(&list).Error; err != nil {
		return k, fmt.Errorf("logbook: key: %w", err)
	}
	if len(list) == 0 {
		return k, nil
	}
	return list[0], nil
}

func newestKey(r *store.Reader) (string, error) {
	k, err := lastKey(r)
	return k.Key, err
}

// Key is the log's public key.
func (b *Book) Key() tlog.Key { return b.signer.Load().Key() }

// follow takes the key that the database knows as the newest, if another instance or
// a command handed the log to it.
func (b *Book) follow(r *store.Reader) error {
	known, err := newestKey(r)
	if err != nil || known == b.Key().String() {
		return err
	}
	signer, err := b.place.load(known)
	if err != nil {
		return err
	}
	b.signer.Store(signer)
	return nil
}

// Kind of the entry that hands the log to a new key. It has no text.
const handOver = "hand-over"

// mostAtOnce is how many entries may wait when the log is handed over.
const mostAtOnce = 20 * batch

// errBusy means that another instance signs at this moment.
var errBusy = fault.New(fault.Conflict, "网站正在给日志签名，这次没有换成。请过几秒钟再运行一次。")

// Rotate hands the log to a new key: both keys sign the entry that says so and the
// first checkpoint over it, and from then on the new one alone. Running instances
// follow by themselves. The old private key is gone afterwards.
func (b *Book) Rotate(ctx context.Context) (tlog.Key, error) {
	for try := 1; ; try++ {
		k, err := b.rotate(ctx)
		if !errors.Is(err, errBusy) || try == 10 {
			return k, err
		}
		select {
		case <-ctx.Done():
			return k, ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (b *Book) rotate(ctx context.Context) (tlog.Key, error) {
	if _, err := b.Sequence(ctx); err != nil {
		return tlog.Key{}, err
	}
	of, known, err := b.place.recall()
	if err != nil {
		return tlog.Key{}, err
	}
	var signed tlog.Head
	var next *tlog.Signer
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		leads, err := leads(tx)
		if err == nil && !leads {
			err = errBusy
		}
		if err == nil {
			err = b.follow(&tx.Reader)
		}
		if err != nil {
			return err
		}
		old := b.signer.Load()
		if next, err = tlog.NewSigner(old.Key().Name); err != nil {
			return err
		}
		now, err := lastKey(&tx.Reader)
		if err != nil {
			return err
		}
		if err := handedOver(tx, old, next, now.No+1); err != nil {
			return err
		}
		last, _, err := newest(&tx.Reader)
		if err != nil {
			return err
		}
		waiting, err := waiting(&tx.Reader, mostAtOnce)
		if err != nil {
			return err
		}
		if len(waiting) == mostAtOnce {
			return errBusy
		}
		if signed, err = b.extend(tx, of, known, last, waiting, old, next); err != nil {
			return err
		}
		// What does not follow from the entries alone is told to the pages' caches.
		if err := tx.Publish(); err != nil {
			return err
		}
		return keyfile.Replace(b.place.next(), next.Secret()+"\n")
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = errBusy
	}
	if err != nil {
		return tlog.Key{}, err
	}
	b.signer.Store(next)
	if _, err = b.place.load(next.Key().String()); err != nil {
		return tlog.Key{}, err
	}
	if now, err := readKey(b.place.Key); err != nil || now.Key() != next.Key() {
		return next.Key(), fmt.Errorf("logbook: the log has a new key, but %s could not be put in the place of %s: do it by hand, the old key is of no use any more", b.place.next(), b.place.Key)
	}
	return next.Key(), b.remember(signed)
}

// handedOver records that a key follows another.
func handedOver(tx *store.Tx, old, next *tlog.Signer, no int) error {
	h, err := tlog.NewHandOver(old, next, tx.Now.Unix())
	if err != nil {
		return err
	}
	leaf, err := tlog.Encode(h)
	if err != nil {
		return err
	}
	rows := []entry{{Kind: handOver, Ref: strconv.Itoa(no), Version: 1, At: tx.Now, Leaf: leaf}}
	if err := write(tx, rows, nil); err != nil {
		return err
	}
	if err := tx.Create(&key{No: no, Key: next.Key().String(), At: tx.Now}).Error; err != nil {
		return fmt.Errorf("logbook: key: %w", err)
	}
	return tx.Send()
}

// HandOver is a change of keys, proved by the signatures in its leaf.
type HandOver struct {
	Index int64     `json:"index"`
	Leaf  []byte    `json:"leaf"`
	At    time.Time `json:"-"`
}

// HandOvers lists the changes of keys that the log has a place for, the oldest first.
func HandOvers(r *store.Reader) (list []HandOver, err error) {
	err = r.Model(&entry{}).Select(`idx AS "index", leaf, at`).Where("kind = ? AND idx IS NOT NULL", handOver).Order("idx").Limit(1000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("logbook: hand-overs: %w", err)
	}
	return list, nil
}
