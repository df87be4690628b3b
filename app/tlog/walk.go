package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// errRewritten is a tree that does not begin with the one verified before.
var errRewritten = errors.New("tlog: the tree verified before is not in this one")

// walk goes over the log once. It computes all tiles anew from the entries and
// compares; the root in the end tells which side of a difference is wrong.
type walk struct {
	*Verifier
	from  State
	head  Head // of the checkpoint
	size  int64
	level []edgeTile
	chain []Key

	// Each difference is told twice: for the case that the entries are wrong, and for
	// the case that the tile is.
	inEntries []Defect
	inTiles   []Defect
	amiss     []Defect // leaves that are in the tree and should not be
	rewritten bool
}

// edgeTile is the unfinished tile of a level.
type edgeTile struct {
	n    int64
	data []byte
}

// run walks from the beginning of the tile that has leaf start on.
func (w *walk) run(ctx context.Context, start int64) error {
	if w.from.Size == w.head.Size && start > 0 {
		w.chain = w.from.Keys
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if start > 0 {
		w.chain = slices.Clone(w.from.Keys)
		if err := w.resume(ctx, start); err != nil {
			return err
		}
	}
	queue := make(chan chan part, parallel-1)
	first := w.size / TileWidth
	go func() {
		defer close(queue)
		for n := first; n*TileWidth < w.head.Size; n++ {
			p := make(chan part, 1)
			select {
			case queue <- p:
			case <-ctx.Done():
				return
			}
			go func() { p <- w.part(ctx, n) }()
		}
	}()
	for p := range queue {
		if err := w.take(ctx, <-p, start); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for l := range w.level {
		if len(w.level[l].data) > 0 {
			if err := w.compare(ctx, l); err != nil {
				return err
			}
		}
	}
	return w.judge()
}

// resume begins with the tiles above level 0 as they were at an earlier size. That
// they are right shows when the leaves have been added up to that size.
func (w *walk) resume(ctx context.Context, size int64) error {
	w.size = size / TileWidth * TileWidth
	for l := 0; size>>(l*tileHeight) > 0; l++ {
		t := Tile{Level: l, N: size >> ((l + 1) * tileHeight)}
		e := edgeTile{n: t.N}
		if width := int(size>>(l*tileHeight)) % TileWidth; l > 0 && width > 0 {
			t.Width = t.widthIn(w.head.Size)
			data, err := w.fetch(ctx, t)
			if err != nil {
				return err
			}
			if len(data) < width*len(Hash{}) {
				return errRewritten
			}
			e.data = bytes.Clone(data[:width*len(Hash{})])
		}
		w.level = append(w.level, e)
	}
	return nil
}

// part is a bundle with its tile of level 0, fetched and taken apart.
type part struct {
	bundle, tile Tile
	data         []byte // of the tile
	leaves       []Hash
	entries      []Entry // nil where unread tells why
	unread       map[int]error
	err          error
}

func (w *walk) part(ctx context.Context, n int64) (p part) {
	p.tile = Tile{0, n, Tile{N: n}.widthIn(w.head.Size)}
	p.bundle = Tile{Entries, n, p.tile.Width}
	data, err := w.fetch(ctx, p.bundle)
	if err == nil {
		p.data, err = w.fetch(ctx, p.tile)
	}
	if err != nil {
		p.err = err
		return p
	}
	leaves, err := ParseBundle(data, p.bundle.Width)
	if err != nil {
		first := n * TileWidth
		p.err = Defects{{p.bundle.Path(), first, first + int64(p.bundle.Width) - 1, err.Error()}}
		return p
	}
	p.unread = map[int]error{}
	for i, leaf := range leaves {
		e, err := Decode(leaf)
		if err != nil {
			p.unread[i] = err
		}
		p.leaves, p.entries = append(p.leaves, LeafHash(leaf)), append(p.entries, e)
	}
	return p
}

// fetch gets a tile. A partial one may be gone once the full one is there.
func (w *walk) fetch(ctx context.Context, t Tile) ([]byte, error) {
	data, err := w.Log.Fetch(ctx, t.Path())
	if errors.Is(err, fs.ErrNotExist) && t.Width < TileWidth {
		if full, err2 := w.Log.Fetch(ctx, Tile{t.Level, t.N, TileWidth}.Path()); err2 == nil {
			return cut(full, t), nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Defects{{t.Path(), -1, -1, "日志应当提供它，却没有提供。"}}
	}
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", t.Path(), err)
	}
	return data, nil
}

// cut is what the partial tile would have held.
func cut(full []byte, t Tile) []byte {
	if t.Level != Entries {
		return full[:min(len(full), t.Width*len(Hash{}))]
	}
	leaves, err := ParseBundle(full, TileWidth)
	if err != nil {
		return full // which says what is wrong with it
	}
	data, err := Bundle(leaves[:t.Width])
	if err != nil {
		return full
	}
	return data
}

// take adds a part to the tree.
func (w *walk) take(ctx context.Context, p part, start int64) error {
	if d := (Defects)(nil); errors.As(p.err, &d) {
		return append(Defects(w.inEntries), d...)
	}
	if p.err != nil {
		return p.err
	}
	for i, h := range p.leaves {
		if w.size == w.from.Size && w.size > 0 {
			if err := w.compareRoot(start); err != nil {
				return err
			}
		}
		if !bytes.Equal(h[:], hashAt(p.data, i)) {
			w.note(&w.inEntries, Defect{p.bundle.Path(), w.size, w.size, fmt.Sprintf("内容与 %s 里的哈希不符，被改动过。", p.tile.Path())})
			w.note(&w.inTiles, Defect{p.tile.Path(), w.size, w.size, "哈希与签名的树不符，被改动过。"})
		}
		if err := p.unread[i]; err != nil {
			w.note(&w.amiss, Defect{p.bundle.Path(), w.size, w.size, err.Error()})
		} else if err := w.each(p, p.entries[i], start); err != nil {
			return err
		}
		if err := w.add(ctx, h); err != nil {
			return err
		}
	}
	if len(p.data) != p.tile.Width*len(Hash{}) {
		w.note(&w.inTiles, Defect{p.tile.Path(), -1, -1, "长度不对。"})
	}
	return nil
}

func (w *walk) compareRoot(start int64) error {
	root, err := w.root()
	if err != nil {
		return err
	}
	if root != w.from.Root && start > 0 {
		return errRewritten
	}
	w.rewritten = root != w.from.Root
	return nil
}

// each follows hand-overs and tells the caller of leaves that are new. A hand-over of
// another name is of the log that was begun anew as this one.
func (w *walk) each(p part, e Entry, start int64) error {
	if h, ok := e.(*HandOver); ok && h.Old.Name == w.from.Key().Name && (w.size >= w.from.Size || start == 0) {
		if len(w.chain) == 0 {
			w.chain = []Key{h.Old}
		}
		if h.Old != w.chain[len(w.chain)-1] {
			w.note(&w.amiss, Defect{p.bundle.Path(), w.size, w.size, "换钥的不是日志当时的钥匙。"})
		} else {
			w.chain = append(w.chain, h.New)
		}
	}
	if w.Each == nil || w.size < w.from.Size && !w.Whole || len(w.inEntries) > 0 {
		return nil
	}
	return w.Each(w.size, e)
}

// add adds a leaf, and finishes the tiles that it fills.
func (w *walk) add(ctx context.Context, h Hash) error {
	w.size++
	for l := 0; ; l++ {
		if l == len(w.level) {
			w.level = append(w.level, edgeTile{})
		}
		e := &w.level[l]
		if e.data = append(e.data, h[:]...); len(e.data) < TileWidth*len(Hash{}) {
			return nil
		}
		if err := w.compare(ctx, l); err != nil {
			return err
		}
		var half [2]Hash
		for i := range half {
			var err error
			if half[i], err = e.hash(l, merkle.StoredHashIndex((l+1)*tileHeight-1, 2*e.n+int64(i))); err != nil {
				return err
			}
		}
		h = merkle.NodeHash(half[0], half[1])
		e.n, e.data = e.n+1, e.data[:0]
	}
}

func (e edgeTile) tile(level int) Tile { return Tile{level, e.n, len(e.data) / len(Hash{})} }

// hash is a hash below or in the tile, by its index in the tree.
func (e edgeTile) hash(level int, index int64) (Hash, error) {
	return merkle.HashFromTile(e.tile(level).merkle(), e.data, index)
}

// compare compares a tile above level 0 with the log's; those of level 0 were
// compared with their bundles.
func (w *walk) compare(ctx context.Context, l int) error {
	if l == 0 {
		return nil
	}
	t := w.level[l].tile(l)
	data, err := w.fetch(ctx, t)
	if err != nil {
		return err
	}
	if bytes.Equal(data, w.level[l].data) {
		return nil
	}
	first, last := int64(0), int64(t.Width)
	for i := range t.Width {
		if !bytes.Equal(hashAt(data, i), hashAt(w.level[l].data, i)) {
			first, last = int64(i), int64(i+1)
			break
		}
	}
	child := Tile{l - 1, t.N*TileWidth + first, TileWidth}
	first, last = (t.N*TileWidth+first)<<(l*tileHeight), (t.N*TileWidth+last)<<(l*tileHeight)-1
	w.note(&w.inTiles, Defect{t.Path(), first, last, "哈希与签名的树不符，被改动过。"})
	if len(w.inEntries) == 0 { // else it follows from those
		w.note(&w.inEntries, Defect{child.Path(), first, last, fmt.Sprintf("与 %s 里的哈希不符，被改动过。", t.Path())})
	}
	return nil
}

// root is the root of the tree so far.
func (w *walk) root() (Hash, error) {
	return merkle.TreeHash(w.size, merkle.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		var hashes []Hash
		for _, at := range indexes {
			l := merkle.TileForIndex(tileHeight, at).L
			h, err := w.level[l].hash(l, at)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, h)
		}
		return hashes, nil
	}))
}

// judge says in the end what is wrong. If the entries give the signed root, they
// are right, and whatever differs from them is not.
func (w *walk) judge() error {
	root, err := w.root()
	if err != nil {
		return err
	}
	var found Defects
	switch {
	case root == w.head.Root:
		found = append(w.inTiles, w.amiss...)
	case len(w.inEntries) > 0:
		found = w.inEntries
	default:
		found = Defects{{CheckpointPath, -1, -1, "签名的树根与全部记录算出的不同。"}}
	}
	if w.rewritten && root == w.head.Root {
		found = append(found, Defect{CheckpointPath, 0, w.from.Size - 1, "日志被改写了：这些记录以前核对过，现在提供的与当时的不同。"})
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func (w *walk) note(list *[]Defect, d Defect) {
	if len(*list) < maxDefects {
		*list = append(*list, d)
	}
}

// hashAt is the hash at a place of a tile, empty if the tile is too short.
func hashAt(data []byte, i int) []byte {
	size := len(Hash{})
	return data[min(i*size, len(data)):min((i+1)*size, len(data))]
}
