package tlog

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// leafVersion is the first byte of every leaf. A released version decodes for
// ever; a new one is added beside it.
const leafVersion = 1

// The second byte: what the leaf tells.
const (
	kindPublished = 1
	kindReceived  = 2
	kindHandOver  = 3
)

// backfilled is the only bit of the third byte.
const backfilled = 1

// MaxLeaf is how long a leaf may be, in bytes; those of version 1 are shorter.
const MaxLeaf = 1024

// Entry is what a leaf says: *Published, *Received or *HandOver.
type Entry interface {
	kind() byte
	check() error           // whether it may stand in the log
	append(b []byte) []byte // after the two bytes that all leaves begin with
	read(r *reader)         // what append wrote
}

// Event is what happened to something public.
type Event byte

const (
	Publish  Event = 1
	Change   Event = 2
	Withdraw Event = 3
)

func (e Event) String() string {
	switch e {
	case Publish:
		return "publish"
	case Change:
		return "change"
	case Withdraw:
		return "withdraw"
	}
	return fmt.Sprintf("event %d", byte(e))
}

// Published is a change of something public. The portal serves the version's text
// beside the log; whoever hashes the text as served gets Digest. A withdrawal is a
// version too: its text is the notice that says what was withdrawn and why.
type Published struct {
	Kind       string // of the subject: problem, measure, reply, announcement, statistic, text
	ID         string // of the subject, unique within its kind
	Version    uint32 // of the subject, from 1, one more with each event
	Event      Event
	At         int64 // Unix seconds
	Digest     Hash  // SHA-256 of the version's canonical text
	Backfilled bool  // it happened before there was a log; At is what the portal says it was
}

// Received stands for a case that came in, and tells nothing about it: not its
// kind, its number, its time or its length. All such leaves are equally long.
type Received struct {
	Commitment Hash // Opening.Commitment
	Backfilled bool // it came before there was a log
}

// HandOver passes the log from one key to the next. From the first checkpoint
// that covers it on, the new key signs.
type HandOver struct {
	Old, New       Key // of one name: the log keeps its origin
	At             int64
	OldSig, NewSig [64]byte // both over the same text
}

// Encode is the leaf of an entry. There is exactly one.
func Encode(e Entry) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	return e.append([]byte{leafVersion, e.kind()}), nil
}

// UnknownVersion is the error for a leaf that a later program wrote.
type UnknownVersion byte

func (v UnknownVersion) Error() string {
	return fmt.Sprintf("日志记录的版本是 %d，这个程序只认识版本 %d：请换用新版的程序。", byte(v), leafVersion)
}

// Unwrap makes it something that people may read.
func (v UnknownVersion) Unwrap() error { return wrong("%s", v.Error()) }

// Decode reads a leaf and refuses whatever Encode would not have written.
func Decode(leaf []byte) (Entry, error) {
	if len(leaf) < 2 {
		return nil, wrong("日志记录不完整：只有 %d 个字节。", len(leaf))
	}
	if leaf[0] != leafVersion {
		return nil, UnknownVersion(leaf[0])
	}
	var e Entry
	switch leaf[1] {
	case kindPublished:
		e = new(Published)
	case kindReceived:
		e = new(Received)
	case kindHandOver:
		e = new(HandOver)
	default:
		return nil, wrong("日志记录的种类是 %d，这个程序不认识。", leaf[1])
	}
	r := reader{rest: leaf[2:]}
	if e.read(&r); r.bad || len(r.rest) > 0 {
		return nil, wrong("日志记录的长度或标志不对。")
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// LeafHash is a leaf's hash in the tree (RFC 6962).
func LeafHash(leaf []byte) Hash { return merkle.RecordHash(leaf) }

var (
	subjectKind = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	subjectID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$`)
)

func (p *Published) kind() byte { return kindPublished }

func (p *Published) check() error {
	switch {
	case !subjectKind.MatchString(p.Kind):
		return wrong("日志记录的对象类别 %q 不对。", p.Kind)
	case !subjectID.MatchString(p.ID):
		return wrong("日志记录的对象编号 %q 不对。", p.ID)
	case p.Event < Publish || p.Event > Withdraw:
		return wrong("日志记录的事件 %d 不对。", p.Event)
	case p.Version == 0 || p.Version == 1 && p.Event != Publish:
		return wrong("日志记录的版本号 %d 与事件 %s 不符。", p.Version, p.Event)
	}
	return checkTime(p.At)
}

func (p *Published) append(b []byte) []byte {
	b = append(b, bit(p.Backfilled), byte(p.Event))
	b = binary.BigEndian.AppendUint64(b, uint64(p.At))
	b = binary.BigEndian.AppendUint32(b, p.Version)
	b = append(b, p.Digest[:]...)
	return appendText(appendText(b, p.Kind), p.ID)
}

func (p *Published) read(r *reader) {
	p.Backfilled, p.Event = r.flag(), Event(r.byte())
	p.At, p.Version, p.Digest = int64(r.uint64()), r.uint32(), Hash(r.take(32))
	p.Kind, p.ID = r.text(), r.text()
}

func (x *Received) kind() byte   { return kindReceived }
func (x *Received) check() error { return nil }

func (x *Received) append(b []byte) []byte {
	return append(append(b, bit(x.Backfilled)), x.Commitment[:]...)
}

func (x *Received) read(r *reader) {
	x.Backfilled, x.Commitment = r.flag(), Hash(r.take(32))
}

// NewHandOver passes the log from old to next.
func NewHandOver(old, next *Signer, at int64) (*HandOver, error) {
	h := &HandOver{Old: old.key, New: next.key, At: at}
	for sig, s := range map[*[64]byte]*Signer{&h.OldSig: old, &h.NewSig: next} {
		raw, err := noteSigner{s}.Sign([]byte(h.text()))
		if err != nil {
			return nil, err
		}
		copy(sig[:], raw)
	}
	return h, h.check()
}

// Related adds to trusted keys those that hand-overs join them with, forwards and
// backwards: each of two neighbours signed that the other follows or went before. What
// is no hand-over is passed over.
func Related(leaves [][]byte, trusted ...Key) []Key {
	known := slices.Clone(trusted)
	for grown := true; grown; {
		grown = false
		for _, leaf := range leaves {
			e, err := Decode(leaf)
			h, ok := e.(*HandOver)
			if err != nil || !ok {
				continue
			}
			for a, b := range map[Key]Key{h.Old: h.New, h.New: h.Old} {
				if slices.Contains(known, a) && !slices.Contains(known, b) {
					known, grown = append(known, b), true
				}
			}
		}
	}
	return known
}

// text is what both keys sign. No checkpoint and no promise reads like it.
func (h *HandOver) text() string {
	return fmt.Sprintf("mingjing/hand-over/v1\norigin %s\nold %s\nnew %s\ntime %d\n", h.Old.Name, h.Old, h.New, h.At)
}

func (h *HandOver) kind() byte { return kindHandOver }

func (h *HandOver) check() error {
	text := []byte(h.text())
	switch {
	case !validName(h.Old.Name) || h.New.Name != h.Old.Name || h.Old == h.New:
		return wrong("换钥记录里的新旧公钥不对。")
	case !h.Old.verify(text, h.OldSig[:]) || !h.New.verify(text, h.NewSig[:]):
		return wrong("换钥记录的签名不对。")
	}
	return checkTime(h.At)
}

func (h *HandOver) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(append(b, 0), uint64(h.At))
	for _, part := range [][]byte{h.Old.Public[:], h.New.Public[:], h.OldSig[:], h.NewSig[:]} {
		b = append(b, part...)
	}
	return appendText(b, h.Old.Name)
}

func (h *HandOver) read(r *reader) {
	r.bad = r.byte() != 0 || r.bad
	h.At = int64(r.uint64())
	h.Old.Public, h.New.Public = [32]byte(r.take(32)), [32]byte(r.take(32))
	h.OldSig, h.NewSig = [64]byte(r.take(64)), [64]byte(r.take(64))
	h.Old.Name = r.text()
	h.New.Name = h.Old.Name
}

func checkTime(at int64) error {
	if at <= 0 || at > maxTime {
		return wrong("时间 %d 不对。", at)
	}
	return nil
}

func bit(set bool) byte {
	if set {
		return backfilled
	}
	return 0
}

// appendText writes a text of at most 255 bytes after its length.
func appendText(b []byte, text string) []byte { return append(append(b, byte(len(text))), text...) }

// reader takes a leaf apart. Once something is missing it is bad and gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad = r.bad || len(r.rest) < n; r.bad {
		return make([]byte, n)
	}
	part := r.rest[:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) text() string   { return string(r.take(int(r.byte()))) }

func (r *reader) flag() bool {
	b := r.byte()
	r.bad = r.bad || b > backfilled
	return b == backfilled
}
