package logbook

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Expunged is the kind of the notices that a text was taken away by decision. A
// notice's ref is the place of the entry whose text went; the entry and the digest in
// it stay. Whoever records a notice takes the text away with it.
const Expunged = "expunged"

// Notice is the text of such an entry.
type Notice struct {
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Version  int    `json:"version"`
	Digest   string `json:"digest"` // of the text that went, hexadecimal, as the entry's leaf holds it
	Why      string `json:"why"`
	Decision string `json:"decision"` // the document that decided
	On       string `json:"on"`
}

var (
	errExpunged  = fault.New(fault.Conflict, "这一版的原文已经撤除，不用再办。")
	errNotice    = fault.New(fault.Conflict, "撤除说明不能撤除：它是原文去了哪里的唯一交代。")
	errStands    = fault.New(fault.Conflict, "这一版正在网站上公布，不能撤除。请先在原来的地方撤下或者改正，再回来撤除这一版。")
	errNoPlaceOf = fault.New(fault.Conflict, "这一版刚刚写进日志，还没有编号。请过几秒钟再办。")
)

// MayExpunge refuses a version whose text cannot be taken away: what the public reads
// now, a notice, what has no place in the log yet, and what is gone already.
func MayExpunge(r *store.Reader, kind, ref string, version int) (Told, error) {
	x, err := Find(r, kind, ref, version)
	if err != nil {
		return x, err
	}
	last, err := lastOf(r, []Text{{Kind: kind, Ref: ref}})
	if err != nil {
		return x, err
	}
	switch {
	case x.Expunged != nil:
		err = errExpunged
	case kind == Expunged:
		err = errNotice
	case last[[2]string{kind, ref}].Version == version && !x.Withdrawn():
		err = errStands
	case x.Index == nil:
		err = errNoPlaceOf
	}
	return x, err
}

// Expunge is the notice, to be recorded, that takes a version's text away.
func Expunge(tx *store.Tx, kind, ref string, version int, why, decision string) (Text, error) {
	x, err := MayExpunge(&tx.Reader, kind, ref, version)
	if err != nil {
		return Text{}, err
	}
	return Text{Kind: Expunged, Ref: strconv.FormatInt(*x.Index, 10), Body: Canonical(Notice{kind, ref, version, hex.EncodeToString(x.Digest), why, decision, calendar.Of(tx.Now).String()})}, nil
}

// takeAway deletes the texts of which notices were just recorded.
func takeAway(tx *store.Tx, texts []Text) error {
	for _, t := range texts {
		if t.Kind != Expunged {
			continue
		}
		var n Notice
		if err := json.Unmarshal([]byte(t.Body), &n); err != nil {
			return fmt.Errorf("logbook: notice %s: %w", t.Ref, err)
		}
		if err := tx.Where("kind = ? AND ref = ? AND version = ?", n.Kind, n.ID, n.Version).Delete(&body{}).Error; err != nil {
			return fmt.Errorf("logbook: take away: %w", err)
		}
	}
	return nil
}

// noticeOf is the notice that the text of the entry at a place was taken away;
// errNoText if it was not.
func noticeOf(r *store.Reader, idx *int64) (Notice, error) {
	if idx == nil {
		return Notice{}, errNoText
	}
	text, err := Body(r, Expunged, strconv.FormatInt(*idx, 10), 1)
	return readNotice(text), err
}

// readNotice reads what Expunge wrote; of what was changed since, what can be read.
func readNotice(text string) (n Notice) {
	_ = json.Unmarshal([]byte(text), &n)
	return n
}

// names reports whether it is about this entry.
func (n Notice) names(kind, ref string, version int, digest []byte) bool {
	return n.Kind == kind && n.ID == ref && n.Version == version && n.Digest == hex.EncodeToString(digest)
}

// itself lists a kind of which nothing but the log keeps anything.
func itself(kind string) Source {
	return func(r *store.Reader, after string, limit int) (out []Text, err error) {
		err = r.Table("log_entries e").Select("e.kind, e.ref, t.body").Joins("JOIN log_texts t ON t.kind = e.kind AND t.ref = e.ref AND t.version = e.version").
			Where("e.kind = ? AND e.ref > ? AND e.event > 0", kind, after).
			Where("e.version = (SELECT max(x.version) FROM log_entries x WHERE x.kind = e.kind AND x.ref = e.ref)").Order("e.ref").Limit(limit).Find(&out).Error
		if err != nil {
			return nil, fmt.Errorf("logbook: %s: %w", kind, err)
		}
		return out, nil
	}
}

// at is the version at a place of the log.
func at(r *store.Reader, idx int64) (v Version, err error) {
	err = r.Table("log_entries").Select(versionColumns).Where("idx = ? AND event > 0", idx).Take(&v).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return v, errNoPlace
	}
	if err != nil {
		return v, fmt.Errorf("logbook: entry: %w", err)
	}
	return v, nil
}

// standing reports whether a version is what the public reads now.
func standing(r *store.Reader, v Version) (bool, error) {
	last, err := lastOf(r, []Text{{Kind: v.Kind, Ref: v.Ref}})
	return err == nil && v.Event != tlog.Withdraw && last[[2]string{v.Kind, v.Ref}].Version == v.Version, err
}
