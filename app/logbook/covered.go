package logbook

import (
	"fmt"
	"strconv"
	"time"

	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Covered is where the entry of an arrival stands, and the first checkpoint that
// covers it.
type Covered struct {
	Index int64
	Checkpoint
}

// Coverings finds it for arrivals of a kind, by their ids; those that no checkpoint
// covers yet are not among them. Nobody knows its root before the entry is written.
func Coverings(r *store.Reader, kind string, ids []int64) (map[int64]Covered, error) {
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = strconv.FormatInt(id, 10)
	}
	var rows []struct {
		Ref  string
		Idx  int64
		Size int64
		Root []byte
		At   time.Time
		Note string
	}
	where, some := store.Among(r, "e.ref", refs)
	err := r.Table("log_entries e").Select("e.ref, e.idx, h.size, h.root, h.at, h.note").
		Joins("JOIN log_heads h ON h.size = (SELECT min(x.size) FROM log_heads x WHERE x.size > e.idx)").
		Where("e.kind = ? AND e.version = 1 AND e.idx IS NOT NULL", kind).Where(where, some).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("logbook: covered: %w", err)
	}
	out := map[int64]Covered{}
	for _, x := range rows {
		id, err := RowID(x.Ref)
		if err != nil {
			return nil, err
		}
		out[id] = Covered{x.Idx, Checkpoint{tlog.Head{Size: x.Size, Root: tlog.Hash(x.Root)}, x.At, x.Note}}
	}
	return out, nil
}

// Keys are the public keys that sign or signed this database's logs, the newest last.
func Keys(r *store.Reader) (list []tlog.Key, err error) {
	rows, err := keys(r)
	for _, row := range rows {
		k, err := tlog.ParseKey(row.Key)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, err
}
