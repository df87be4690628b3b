package logbook

import (
	"errors"
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
	entry entry
	prev  int64 // size of the head before
}

// Coverings finds it for arrivals of a kind, by their ids; those that no checkpoint
// covers yet are not among them. Nobody knows its root before the entry is written.
func Coverings(r *store.Reader, kind string, ids []int64) (map[int64]Covered, error) {
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = strconv.FormatInt(id, 10)
	}
	var rows []struct {
		Entry entry `gorm:"embedded"`
		Size  int64
		Prev  int64
		Root  []byte
		Done  time.Time
		Note  string
	}
	where, some := store.Among(r, "e.ref", refs)
	err := r.Table("log_entries e").Select("e.ref, e.idx, e.at, e.leaf, e.digest, e.salt, e.case_no, h.size, h.prev, h.root, h.at AS done, h.note").
		Joins("JOIN log_heads h ON h.size = (SELECT min(x.size) FROM log_heads x WHERE x.size > e.idx)").
		Where("e.kind = ? AND e.version = 1 AND e.idx IS NOT NULL", kind).Where(where, some).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("logbook: covered: %w", err)
	}
	out := map[int64]Covered{}
	for _, x := range rows {
		id, err := RowID(x.Entry.Ref)
		if err != nil {
			return nil, err
		}
		if len(x.Root) == len(tlog.Hash{}) { // otherwise somebody changed it: nothing may be built on that
			out[id] = Covered{*x.Entry.Idx, Checkpoint{tlog.Head{Size: x.Size, Root: tlog.Hash(x.Root)}, x.Done, x.Note}, x.Entry, x.Prev}
		}
	}
	return out, nil
}

// Tree reads the tree's hashes, each tile once.
func Tree(r *store.Reader) tlog.HashReader { return tlog.Stored(newShelf(r).tile) }

// Doubt says in Chinese what speaks against it as the place of the arrival that has a
// number, and against the checkpoint as the first: empty for nothing. The rows of
// entries, heads and keys are not believed but where the tree's hashes bear them out.
func (c Covered) Doubt(caseNo string, tree tlog.HashReader) (string, error) {
	said, err := tlog.Decode(c.entry.Leaf)
	leaf, ok := said.(*tlog.Received)
	if err != nil || !ok || c.entry.CaseNo != caseNo || len(c.entry.Salt) != len(tlog.Hash{}) || len(c.entry.Digest) != len(tlog.Hash{}) || c.entry.opening().Commitment() != leaf.Commitment {
		return "公开日志里的记录不是这件来件的，或者被改动过。", nil
	}
	if c.prev > c.Index {
		return "公开日志里第一个写有此件的检查点不见了。", nil
	}
	proof, err := tlog.Inclusion(c.Size, c.Index, tree)
	if err != nil && !errors.Is(err, tlog.ErrTree) {
		return "", err
	}
	if err != nil || tlog.CheckInclusion(c.Head, c.Index, tlog.LeafHash(c.entry.Leaf), proof) != nil {
		return fmt.Sprintf("检查点（%d 条）的树上，第 %d 条不是这件来件：序号、检查点或者日志的哈希被改动过。", c.Size, c.Index), nil
	}
	return "", nil
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
