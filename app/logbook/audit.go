package logbook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Audited is what an audit looked at.
type Audited struct {
	Size     int64 // entries in the log
	Heads    int   // checkpoints that were signed
	Texts    int
	Expunged int // of the texts, those that were taken away by decision
	Arrivals int // cases and reports
	Erased   int // of them, without their content, as the rules of retention have it
	Waiting  int // entries that have no place yet
}

// auditPage is how many rows an audit reads at once.
const auditPage = 2000

// mostWrong is after how much that is wrong an audit stops.
const mostWrong = 50

// audit is one run. What it reads in different pages may be of different moments;
// nothing of what it compares ever changes.
type audit struct {
	*Book
	ctx   context.Context
	tell  func(kind string, n int64)
	got   Audited
	wrong tlog.Defects
	seen  map[string]map[int64]string // numbers of what the log has of a kind of arrivals, by id

	handed map[tlog.Key]tlog.Key // the key before, by the key that it handed the log to
}

// errMany ends an audit that found enough.
var errMany = errors.New("logbook: enough is wrong")

func (a *audit) blame(what string, idx *int64, format string, args ...any) error {
	at := int64(-1)
	if idx != nil {
		at = *idx
	}
	a.wrong = append(a.wrong, tlog.Defect{Path: what, First: at, Last: at, What: fmt.Sprintf(format, args...)})
	if len(a.wrong) >= mostWrong {
		return errMany
	}
	return nil
}

// Audit verifies the log from inside: the tree, every checkpoint that was signed, that
// each entry says what its row does, and that every case and report which the log has
// is kept unchanged and the log has all that are kept. tell is told how far it is. The
// error is tlog.Defects if something is wrong.
func (b *Book) Audit(ctx context.Context, tell func(kind string, n int64)) (Audited, error) {
	a := &audit{Book: b, ctx: ctx, tell: tell, seen: map[string]map[int64]string{}, handed: map[tlog.Key]tlog.Key{}}
	if err := b.db.Read(ctx, b.follow); err != nil {
		return a.got, err
	}
	v := tlog.Verifier{Log: Inside{b.db}}
	if _, c, err := v.Check(ctx, tlog.Begin(b.Key())); errors.As(err, &a.wrong) {
		// The rows below may tell why.
	} else if err != nil {
		return a.got, err
	} else {
		a.got.Size = c.Size
	}
	for _, part := range []func() error{a.heads, a.entries, a.keys, a.holdings} {
		if err := part(); err != nil && !errors.Is(err, errMany) {
			return a.got, err
		}
		if len(a.wrong) >= mostWrong {
			break
		}
	}
	if len(a.wrong) > 0 {
		return a.got, a.wrong
	}
	return a.got, nil
}

// heads verifies that the checkpoints are a chain of one tree's heads.
func (a *audit) heads() error {
	prev := int64(-1)
	for after := int64(-1); ; {
		n := 0
		err := a.db.Read(a.ctx, func(r *store.Reader) error {
			trusted, err := Keys(r)
			if err != nil {
				return err
			}
			var list []head
			if err := r.Model(&head{}).Select(headColumns).Where("size > ?", after).Order("size").Limit(auditPage).Find(&list).Error; err != nil {
				return fmt.Errorf("logbook: audit: %w", err)
			}
			n = len(list)
			tree := tlog.Stored(newShelf(r).tile)
			for _, h := range list {
				what := fmt.Sprintf("检查点（%d 条）", h.Size)
				c, err := tlog.OpenCheckpoint([]byte(h.Note), trusted)
				root, treeErr := tlog.Root(h.Size, tree)
				switch {
				case err != nil:
					err = a.blame(what, nil, "签名不对：%v", err)
				case c.Size != h.Size || len(h.Root) != len(c.Root) || c.Root != tlog.Hash(h.Root):
					err = a.blame(what, nil, "签名的内容与所存的不同，被改动过。")
				case h.Prev != prev:
					err = a.blame(what, nil, "前一个检查点应当是 %d 条，却写着 %d 条：少了或者多了检查点。", prev, h.Prev)
				case treeErr != nil && !errors.Is(treeErr, tlog.ErrTree):
					return treeErr
				case treeErr != nil || root != c.Root:
					err = a.blame(what, nil, "签名的树根与所存的哈希算出的不同：哈希被改动过。")
				}
				if err != nil {
					return err
				}
				prev, after = h.Size, h.Size
				a.got.Heads++
			}
			return nil
		})
		if err != nil || n < auditPage {
			return err
		}
	}
}

// entries verifies that each row is what its leaf says, and each text what its digest says.
func (a *audit) entries() error {
	for after := int64(0); ; {
		n := 0
		err := a.db.Read(a.ctx, func(r *store.Reader) error {
			var list []entry
			err := r.Model(&entry{}).Select("id, idx, kind, ref, version, event, at, backfilled, leaf, digest, salt, case_no").Where("id > ?", after).Order("id").Limit(auditPage).Find(&list).Error
			if err != nil {
				return fmt.Errorf("logbook: audit: %w", err)
			}
			n = len(list)
			for _, e := range list {
				if err := a.entry(r, e); err != nil {
					return err
				}
				after = e.ID
			}
			return nil
		})
		a.tell("entries", after)
		if err != nil || n < auditPage {
			return err
		}
	}
}

func (a *audit) entry(r *store.Reader, e entry) error {
	if e.Idx == nil {
		a.got.Waiting++
	}
	what := e.Kind + "/" + e.Ref
	_, received := a.Book.holdings[e.Kind]
	if received {
		what = "来件 " + e.CaseNo
	}
	said, err := tlog.Decode(e.Leaf)
	if err != nil {
		return a.blame(what, e.Idx, "日志记录读不出来：%v", err)
	}
	switch said := said.(type) {
	case *tlog.Received:
		id, err := RowID(e.Ref)
		if err != nil || !received || len(e.Salt) != 32 || len(e.Digest) != 32 || e.opening().Commitment() != said.Commitment {
			return a.blame(what, e.Idx, "所记的编号、收到时间、内容摘要或者盐与日志里的承诺不符，被改动过。")
		}
		if a.seen[e.Kind] == nil {
			a.seen[e.Kind] = map[int64]string{}
		}
		a.seen[e.Kind][id] = e.CaseNo
	case *tlog.HandOver:
		if e.Kind != handOver {
			return a.blame(what, e.Idx, "所记的类别与日志记录不符，被改动过。")
		}
		a.handed[said.New] = said.Old
	case *tlog.Published:
		digest := tlog.Hash{}
		copy(digest[:], e.Digest)
		row := tlog.Published{Kind: e.Kind, ID: e.Ref, Version: uint32(e.Version), Event: tlog.Event(e.Event), At: e.At.Unix(), Digest: digest, Backfilled: e.Backfilled}
		if *said != row {
			return a.blame(what, e.Idx, "所记的类别、版本、时间或者摘要与日志记录不符，被改动过。")
		}
		return a.text(r, what, e)
	}
	return nil
}

// text verifies that a version's text is what its digest says, or that it was taken
// away by a decision that the log tells of.
func (a *audit) text(r *store.Reader, what string, e entry) error {
	text, err := Body(r, e.Kind, e.Ref, e.Version)
	gone := errors.Is(err, errNoText)
	if err != nil && !gone {
		return err
	}
	if !gone && sha256.Sum256([]byte(text)) != tlog.Hash(e.Digest) {
		return a.blame(what, e.Idx, "第 %d 版的原文与日志里的摘要不符，被改动过。", e.Version)
	}
	if !gone {
		a.got.Texts++
		if e.Kind == Expunged {
			return a.notice(r, what, e, readNotice(text))
		}
		return nil
	}
	n, err := noticeOf(r, e.Idx)
	switch {
	case errors.Is(err, errNoText):
		return a.blame(what, e.Idx, "第 %d 版的原文不见了，也没有撤除它的决定。", e.Version)
	case err != nil:
		return err
	case !n.names(e.Kind, e.Ref, e.Version, e.Digest):
		return a.blame(what, e.Idx, "第 %d 版的原文不见了，撤除说明写的却是另一份：%s/%s 第 %d 版，摘要 %s。", e.Version, n.Kind, n.ID, n.Version, n.Digest)
	}
	a.got.Expunged++
	return nil
}

// notice verifies that a notice stands alone and names the entry at its place.
func (a *audit) notice(r *store.Reader, what string, e entry, n Notice) error {
	idx, err := RowID(e.Ref)
	if err != nil || e.Version != 1 || tlog.Event(e.Event) != tlog.Publish {
		return a.blame(what, e.Idx, "撤除说明不能改、不能撤下，日志里却有它的第 %d 版。", e.Version)
	}
	v, err := at(r, idx)
	if errors.Is(err, errNoPlace) || err == nil && (v.Kind == Expunged || !n.names(v.Kind, v.Ref, v.Version, v.Digest)) {
		return a.blame(what, e.Idx, "撤除说明与日志第 %d 条不符：写的是 %s/%s 第 %d 版，摘要 %s。", idx, n.Kind, n.ID, n.Version, n.Digest)
	}
	if err != nil {
		return err
	}
	stands, err := standing(r, v)
	if err != nil {
		return err
	}
	if stands {
		return a.blame(what, e.Idx, "撤除的是正在公布的一版：%s/%s 第 %d 版。", v.Kind, v.Ref, v.Version)
	}
	_, err = Body(r, v.Kind, v.Ref, v.Version)
	switch {
	case err == nil:
		return a.blame(v.Kind+"/"+v.Ref, v.Index, "第 %d 版的原文已经决定撤除，却还在数据库里。", v.Version)
	case errors.Is(err, errNoText):
		return nil
	}
	return err
}

// holdings verifies that what was received is kept, all of it and unchanged.
func (a *audit) holdings() error {
	for _, kind := range slices.Sorted(maps.Keys(a.Book.holdings)) {
		kept := a.seen[kind]
		filled := false
		if err := a.db.Read(a.ctx, func(r *store.Reader) (err error) {
			filled, err = done(r, kind)
			return err
		}); err != nil {
			return err
		}
		for after := int64(0); ; {
			n := 0
			err := a.db.Read(a.ctx, func(r *store.Reader) error {
				list, err := a.Book.holdings[kind](r, after, auditPage)
				if err != nil {
					return err
				}
				n = len(list)
				refs := make([]Text, len(list))
				for i, h := range list {
					refs[i] = Text{Kind: kind, Ref: strconv.FormatInt(h.ID, 10)}
				}
				logged, err := a.logged(r, kind, refs)
				if err != nil {
					return err
				}
				for i, h := range list {
					after = h.ID
					delete(kept, h.ID)
					if err := a.holding(h, logged[refs[i].Ref], filled); err != nil {
						return err
					}
				}
				return nil
			})
			a.tell(kind, after)
			if err != nil {
				return err
			}
			if n < auditPage {
				break
			}
		}
		for _, id := range slices.Sorted(maps.Keys(kept)) {
			if err := a.blame("来件 "+kept[id], nil, "日志里有它，数据库里却没有：被删掉了，或者换了编号。"); err != nil {
				return err
			}
		}
	}
	return nil
}

// keys verifies that each key was handed the log by the one before it, unless the log
// was begun anew with it.
func (a *audit) keys() error {
	var list []tlog.Key
	if err := a.db.Read(a.ctx, func(r *store.Reader) (err error) {
		list, err = Keys(r)
		return err
	}); err != nil {
		return err
	}
	for i, k := range list[min(1, len(list)):] {
		if was := list[i]; was.Name == k.Name && a.handed[k] != was {
			if err := a.blame("公钥 "+k.String(), nil, "日志里没有前一把钥匙把日志交给它的记录。"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *audit) logged(r *store.Reader, kind string, refs []Text) (map[string]entry, error) {
	out := map[string]entry{}
	for part := range slices.Chunk(refs, atOnce) {
		list := make([]string, len(part))
		for i, t := range part {
			list[i] = t.Ref
		}
		where, some := store.Among(r, "ref", list)
		var rows []entry
		if err := r.Model(&entry{}).Select("idx, ref, at, digest, case_no").Where("kind = ? AND version = 1", kind).Where(where, some).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("logbook: audit: %w", err)
		}
		for _, e := range rows {
			out[e.Ref] = e
		}
	}
	return out, nil
}

// holding compares something that is kept with its entry.
func (a *audit) holding(h Holding, e entry, filled bool) error {
	a.got.Arrivals++
	if h.Erased {
		a.got.Erased++
	}
	what := "来件 " + h.CaseNo
	switch {
	case e.Ref == "" && !filled:
		return nil // the log is still being filled with what was there before it
	case e.Ref == "":
		return a.blame(what, nil, "数据库里有它，日志里没有：不是从门户登记的。")
	case e.CaseNo != h.CaseNo:
		return a.blame(what, e.Idx, "编号被改动过：日志里是 %s。", e.CaseNo)
	case e.At.Unix() != h.At.Unix():
		return a.blame(what, e.Idx, "收到时间被改动过：日志里是 %s，数据库里是 %s。", moment(e.At), moment(h.At))
	case !h.Erased && !bytes.Equal(e.Digest, h.Digest[:]):
		return a.blame(what, e.Idx, "内容或者附件被改动过：与收到时的摘要不符。")
	}
	return nil
}

func moment(t time.Time) string {
	return t.In(time.FixedZone("CST", 8*3600)).Format("2006年1月2日 15:04:05")
}
