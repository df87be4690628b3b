package logbook

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// Told is a version with its text, or with the notice that the text was taken away.
type Told struct {
	Version
	Body     string
	Expunged *Notice `gorm:"-"`
}

// toldRow is a version, its text and the text of its notice, as they are found.
type toldRow struct {
	Version
	Body, Notice *string
}

func told(r *store.Reader) *gorm.DB {
	return r.Table("log_entries e").Select("e.kind, e.ref, e.version, e.event, e.at, e.idx AS \"index\", e.digest, e.backfilled, t.body, n.body AS notice").
		Joins("LEFT JOIN log_texts t ON t.kind = e.kind AND t.ref = e.ref AND t.version = e.version").
		Joins("LEFT JOIN log_texts n ON n.kind = 'expunged' AND n.ref = CAST(e.idx AS TEXT) AND n.version = 1").
		Where("e.event > 0 AND (t.body IS NOT NULL OR n.body IS NOT NULL)")
}

// read runs a query of told. What has a notice has no text, whatever still lies there.
func read(q *gorm.DB) ([]Told, error) {
	var rows []toldRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]Told, len(rows))
	for i, x := range rows {
		list[i].Version = x.Version
		if x.Notice != nil {
			n := readNotice(*x.Notice)
			list[i].Expunged = &n
		} else {
			list[i].Body = *x.Body
		}
	}
	return list, nil
}

// History lists a subject's versions with their texts, the newest first: from the
// newest on, or those before a version.
func History(r *store.Reader, kind, ref string, before, limit int) (list []Told, err error) {
	q := told(r).Where("e.kind = ? AND e.ref = ?", kind, ref)
	if before > 0 {
		q = q.Where("e.version < ?", before)
	}
	if list, err = read(q.Order("e.version DESC").Limit(limit)); err != nil {
		return nil, fmt.Errorf("logbook: history: %w", err)
	}
	return list, nil
}

// Find is one version with its text.
func Find(r *store.Reader, kind, ref string, version int) (Told, error) {
	return only(told(r).Where("e.kind = ? AND e.ref = ? AND e.version = ?", kind, ref, version))
}

// Standing is the version of a subject that stood just before a moment; NotFound if
// there was none yet.
func Standing(r *store.Reader, kind, ref string, before time.Time) (Told, error) {
	return only(told(r).Where("e.kind = ? AND e.ref = ? AND e.at < ?", kind, ref, before))
}

func only(q *gorm.DB) (Told, error) {
	list, err := read(q.Order("e.version DESC").Limit(1))
	if err != nil {
		return Told{}, fmt.Errorf("logbook: version: %w", err)
	}
	if len(list) == 0 {
		return Told{}, errNoText
	}
	return list[0], nil
}

// near bounds how far back Latest looks: most entries may be of what was received.
const near = 50_000

// Latest lists what was published, changed and withdrawn last, the newest first.
func Latest(r *store.Reader, limit int) (list []Told, err error) {
	if list, err = read(told(r).Where("e.id > (SELECT coalesce(max(id), 0) FROM log_entries) - ?", near).Order("e.id DESC").Limit(limit)); err != nil {
		return nil, fmt.Errorf("logbook: latest: %w", err)
	}
	return list, nil
}

var errNoPlace = fault.New(fault.NotFound, "日志里没有这一条记录，也可能还要等几秒钟才有。")

// Leaf is the entry at a place of the log.
func Leaf(r *store.Reader, idx int64) ([]byte, error) {
	var leaves [][]byte
	if err := r.Model(&entry{}).Where("idx = ?", idx).Limit(1).Pluck("leaf", &leaves).Error; err != nil {
		return nil, fmt.Errorf("logbook: leaf: %w", err)
	}
	if len(leaves) == 0 {
		return nil, errNoPlace
	}
	return leaves[0], nil
}
