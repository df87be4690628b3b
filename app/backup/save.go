package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"filippo.io/age"

	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/store"
)

// Save writes a backup that any of the recipients can open. blobs is the plain
// store: what it holds is copied as it is, sealed to a key that is not copied.
// That a copy was made is recorded in the audit trail.
func Save(ctx context.Context, w io.Writer, db *store.DB, blobs blob.Store, recipients ...age.Recipient) (Summary, error) {
	current, err := db.Current(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	if !current {
		return Summary{}, fault.New(fault.Conflict, "数据库还不是这个版本的程序所用的结构。请先运行 portal migrate，或者用原来版本的程序备份。")
	}
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: encrypt: %w", err)
	}
	small, err := gzip.NewWriterLevel(sealed, gzip.BestSpeed)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	s := saver{db: db, blobs: blobs, packer: packer{tar: tar.NewWriter(small)}, keys: map[string]bool{}}
	sum, err := s.save(ctx)
	if err != nil {
		return Summary{}, err
	}
	for _, c := range []io.Closer{s.tar, small, sealed} {
		if err := c.Close(); err != nil {
			return Summary{}, fmt.Errorf("backup: write: %w", err)
		}
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		return journal.Append(tx, journal.Event{ActorName: "系统", Verb: "backup.save", Subject: "site"})
	})
	return sum, err
}

type saver struct {
	packer
	db    *store.DB
	blobs blob.Store
	keys  map[string]bool // of the attachments that the snapshot refers to
}

func (s *saver) save(ctx context.Context) (Summary, error) {
	var m Manifest
	c := Contents{Tables: map[string]Sum{}, Missing: []string{}}
	sum := Summary{}
	err := s.db.Read(ctx, func(r *store.Reader) error {
		list, err := tables(r)
		if err != nil {
			return err
		}
		m = Manifest{Format: format, CreatedAt: r.Now, Dialect: r.Dialect(), Tables: list}
		if m.Schema, err = schema(r); err != nil {
			return err
		}
		if m.Pepper, err = settings.Pinned(r, "pepper"); err != nil {
			return err
		}
		s.at = r.Now.Truncate(time.Second)
		if err := s.whole(manifestName, m); err != nil {
			return fmt.Errorf("backup: write: %w", err)
		}
		for _, t := range list {
			got, err := s.table(r, t)
			if err != nil {
				return err
			}
			c.Tables[t.Name] = got
			sum.Rows += got.Count
		}
		return nil
	})
	if err != nil {
		return Summary{}, err
	}
	// The snapshot is let go before the attachments: there may be many, and a
	// blob never changes once it is there.
	digest := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		err := s.blob(ctx, key, digest)
		if errors.Is(err, fs.ErrNotExist) {
			c.Missing = append(c.Missing, key)
			continue
		}
		if err != nil {
			return Summary{}, err
		}
		c.Blobs.Count++
	}
	c.Blobs.SHA256 = hex.EncodeToString(digest.Sum(nil))
	if err := s.whole(contentsName, c); err != nil {
		return Summary{}, fmt.Errorf("backup: write: %w", err)
	}
	sum.CreatedAt, sum.Tables, sum.Blobs = m.CreatedAt, len(m.Tables), c.Blobs.Count
	sum.Missing, err = s.stillWanted(ctx, m.Tables, c.Missing)
	return sum, err
}

func (s *saver) table(r *store.Reader, t Table) (Sum, error) {
	out := member{packer: s.packer, name: tableFolder + "/" + t.Name}
	got, err := t.dump(r, func(line []byte, blobKey string) error {
		if blobKey != "" {
			s.keys[blobKey] = true
		}
		_, err := out.Write(line)
		return err
	})
	if err == nil {
		err = out.Close()
	}
	return got, err
}

func (s *saver) blob(ctx context.Context, key string, digest hash.Hash) error {
	in, err := s.blobs.Open(ctx, key)
	if err != nil {
		return err
	}
	defer in.Close()
	out := member{packer: s.packer, name: blobFolder + "/" + key}
	one := sha256.New()
	n, err := io.Copy(io.MultiWriter(&out, one), in)
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return fmt.Errorf("backup: attachment %s: %w", key, err)
	}
	note(digest, key, n, one)
	return nil
}

// note adds one attachment to the digest of all.
func note(all hash.Hash, key string, size int64, one hash.Hash) {
	fmt.Fprintf(all, "%s %d %x\n", key, size, one.Sum(nil))
}

// stillWanted are the keys that a row refers to even now: the others' rows were
// removed, attachment and all, after the snapshot.
func (s *saver) stillWanted(ctx context.Context, list []Table, keys []string) (wanted []string, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		for _, key := range keys {
			var n int64
			for _, t := range list {
				if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == blobColumn }) {
					continue
				}
				var here int64
				if err := r.Raw("SELECT count(*) FROM "+quote(t.Name)+" WHERE "+blobColumn+" = ?", key).Scan(&here).Error; err != nil {
					return fmt.Errorf("backup: %w", err)
				}
				n += here
			}
			if n > 0 {
				wanted = append(wanted, key)
			}
		}
		return nil
	})
	return wanted, err
}
