package logbook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Checkpoint is a head as it was signed.
type Checkpoint struct {
	tlog.Head
	At   time.Time
	Note string
}

var errNoLog = fault.New(fault.NotFound, "公开日志还没有开始，请过几秒钟再来。")

// Newest is the last checkpoint.
func Newest(r *store.Reader) (Checkpoint, error) {
	h, ok, err := newest(r)
	if err == nil && !ok {
		err = errNoLog
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{h.head(), h.At, h.Note}, nil
}

// At is the checkpoint that stood at a time; NotFound before the first.
func At(r *store.Reader, t time.Time) (Checkpoint, error) {
	return one(r.Model(&head{}).Where("at <= ?", t).Order("at DESC, size DESC"))
}

// one is the first checkpoint that a query finds.
func one(q *gorm.DB) (Checkpoint, error) {
	var list []head
	if err := q.Select(headColumns).Limit(1).Find(&list).Error; err != nil {
		return Checkpoint{}, fmt.Errorf("logbook: head: %w", err)
	}
	if len(list) == 0 {
		return Checkpoint{}, errNoLog
	}
	return Checkpoint{list[0].head(), list[0].At, list[0].Note}, nil
}

// Words are what is printed or mailed of a checkpoint, so that whoever kept it finds
// out when the log was rewritten.
func (c Checkpoint) Words() string {
	return fmt.Sprintf("公开日志到%s共 %d 条，树根 %s", moment(c.At), c.Size, c.Root)
}

// Covering is the first checkpoint that covers the entry at a place.
func Covering(r *store.Reader, idx int64) (Checkpoint, error) {
	return one(r.Model(&head{}).Where("size > ?", idx).Order("size"))
}

var errNoTile = fault.New(fault.NotFound, "日志里没有这一部分。")

// Tile is what is served of a tile or bundle that the log has.
func Tile(r *store.Reader, t tlog.Tile) ([]byte, error) {
	h, _, err := newest(r)
	if err != nil {
		return nil, err
	}
	if !t.In(h.Size) {
		return nil, errNoTile
	}
	if t.Level != tlog.Entries {
		data, err := newShelf(r).tile(t.Level, t.N)
		if err == nil && len(data) < t.Width*len(tlog.Hash{}) {
			err = fmt.Errorf("logbook: %s: %w", t.Path(), tlog.ErrTree)
		}
		if err != nil {
			return nil, err
		}
		return data[:t.Width*len(tlog.Hash{})], nil
	}
	first := t.N * tlog.TileWidth
	var leaves [][]byte
	if err := r.Model(&entry{}).Where("idx >= ? AND idx < ?", first, first+int64(t.Width)).Order("idx").Limit(t.Width).Pluck("leaf", &leaves).Error; err != nil {
		return nil, fmt.Errorf("logbook: entries: %w", err)
	}
	return tlog.Bundle(leaves)
}

// Version is one version of something that is or was public.
type Version struct {
	Kind    string
	Ref     string
	Version int
	Event   tlog.Event
	At      time.Time
	Index   *int64 // its place in the log; nil for the seconds before it has one
	Digest  []byte

	Backfilled bool // it was so before there was a log
}

// Withdrawn reports whether it takes the subject off the site.
func (v Version) Withdrawn() bool { return v.Event == tlog.Withdraw }

const versionColumns = "kind, ref, version, event, at, idx AS \"index\", digest, backfilled"

// Versions lists a subject's versions, the oldest first, from one on.
func Versions(r *store.Reader, kind, ref string, from, limit int) (list []Version, err error) {
	err = r.Table("log_entries").Select(versionColumns).Where("kind = ? AND ref = ? AND version >= ? AND event > 0", kind, ref, from).
		Order("version").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("logbook: versions: %w", err)
	}
	return list, nil
}

// LastWords lists the newest version of each subject of a kind, by ref, after one.
func LastWords(r *store.Reader, kind, after string, limit int) (list []Version, err error) {
	err = r.Table("log_entries e").Select(versionColumns).Where("e.kind = ? AND e.ref > ? AND e.event > 0", kind, after).
		Where("e.version = (SELECT max(x.version) FROM log_entries x WHERE x.kind = e.kind AND x.ref = e.ref)").Order("e.ref").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("logbook: last words: %w", err)
	}
	return list, nil
}

var errNoText = fault.New(fault.NotFound, "日志里没有这一版文字。")

// Body is a version's text, exactly as its digest is of.
func Body(r *store.Reader, kind, ref string, version int) (string, error) {
	var b body
	err := r.Select("body").Where("kind = ? AND ref = ? AND version = ?", kind, ref, version).Take(&b).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return "", errNoText
	}
	if err != nil {
		return "", fmt.Errorf("logbook: text: %w", err)
	}
	return b.Body, nil
}

// Proof proves that the newest checkpoint covers the entry at a place.
func Proof(r *store.Reader, idx int64) (Checkpoint, []tlog.Hash, error) {
	c, err := Newest(r)
	if err != nil {
		return c, nil, err
	}
	proof, err := tlog.Inclusion(c.Size, idx, tlog.Stored(newShelf(r).tile))
	return c, proof, err
}

// Word is what somebody who sent something in can hold against the court: a promise
// at once, a receipt as soon as a checkpoint covers it.
type Word struct {
	Index   int64  // of the leaf; -1 while it has only the promise
	Promise []byte // a signed note
	Receipt []byte // a file; empty while there is only the promise
}

// Promise signs a promise of what was just committed.
func (b *Book) Promise(p tlog.Promise) ([]byte, error) { return tlog.SignPromise(p, b.signer.Load()) }

// Word gives the log's word on an arrival.
func (b *Book) Word(r *store.Reader, kind string, id int64) (w Word, err error) {
	var e entry
	err = r.Model(&entry{}).Select("idx, at, leaf, digest, salt, case_no").Where("kind = ? AND ref = ? AND version = 1", kind, strconv.FormatInt(id, 10)).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return w, fault.New(fault.NotFound, "这件来件还没有写进公开日志。")
	}
	if err != nil {
		return w, fmt.Errorf("logbook: entry: %w", err)
	}
	w.Index = -1
	if w.Promise, err = b.Promise(e.promise()); err != nil {
		return w, err
	}
	if e.Idx == nil {
		return w, nil
	}
	c, proof, err := Proof(r, *e.Idx)
	if err != nil {
		return w, err
	}
	if _, err := tlog.OpenCheckpoint([]byte(c.Note), []tlog.Key{b.Key()}); err != nil { // handed over a moment ago
		if err := b.follow(r); err != nil {
			return w, err
		}
	}
	w.Index = *e.Idx
	w.Receipt = tlog.Receipt{Opening: e.opening(), Leaf: e.Leaf, Index: w.Index, Proof: proof, Checkpoint: []byte(c.Note), Key: b.Key()}.JSON()
	return w, nil
}

// Lag is how long the oldest entry without a place has been waiting.
func Lag(r *store.Reader) (time.Duration, error) {
	var ats []time.Time
	if err := r.Model(&entry{}).Where("idx IS NULL").Order("id").Limit(1).Pluck("at", &ats).Error; err != nil {
		return 0, fmt.Errorf("logbook: lag: %w", err)
	}
	if len(ats) == 0 {
		return 0, nil
	}
	return max(0, r.Now.Sub(ats[0])), nil
}

// Inside fetches the log from the database, as it would be served, for who verifies
// it from within.
type Inside struct{ DB *store.DB }

// Fetch gets a resource of the log.
func (i Inside) Fetch(ctx context.Context, path string) (data []byte, err error) {
	err = i.DB.Read(ctx, func(r *store.Reader) error {
		if path == tlog.CheckpointPath {
			c, err := Newest(r)
			data = []byte(c.Note)
			return err
		}
		t, err := tlog.ParseTile(path)
		if err != nil {
			return err
		}
		data, err = Tile(r, t)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	}
	return data, err
}

// RowID reads a ref that is a row's number; 0 for an empty one.
func RowID(ref string) (int64, error) {
	if ref == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id < 0 {
		return 0, errNoText
	}
	return id, nil
}

// Salt is what a subject's commitments are made with, once it has one.
func Salt(r *store.Reader, kind, ref string) (salt tlog.Hash, ok bool, err error) {
	var list [][]byte
	if err := r.Model(&entry{}).Where("kind = ? AND ref = ? AND salt IS NOT NULL", kind, ref).Order("version").Limit(1).Pluck("salt", &list).Error; err != nil {
		return salt, false, fmt.Errorf("logbook: salt: %w", err)
	}
	if len(list) == 0 || len(list[0]) != len(salt) {
		return salt, false, nil
	}
	return tlog.Hash(list[0]), true, nil
}
