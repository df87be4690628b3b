package tlog

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	merkle "golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	// TileWidth is how many hashes a full tile has, and entries a full bundle.
	TileWidth = 1 << tileHeight
	// Entries is the level of entry bundles.
	Entries = -1
	// CheckpointPath is where the checkpoint is served; tiles are at Tile.Path.
	CheckpointPath = "checkpoint"
)

// Tile is one resource of C2SP tlog-tiles: up to 256 hashes of one level, or the
// entries below a tile of level 0.
type Tile struct {
	Level int   // 0–63, or Entries
	N     int64 // the number within its level
	Width int   // 1–256; 256 is a full tile
}

// Path is tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>].
func (t Tile) Path() string {
	n := fmt.Sprintf("%03d", t.N%1000)
	for rest := t.N / 1000; rest > 0; rest /= 1000 {
		n = fmt.Sprintf("x%03d/%s", rest%1000, n)
	}
	level := "entries"
	if t.Level != Entries {
		level = strconv.Itoa(t.Level)
	}
	if t.Width != TileWidth {
		n += ".p/" + strconv.Itoa(t.Width)
	}
	return "tile/" + level + "/" + n
}

// ParseTile reads a path and refuses all but the one that Path writes.
func ParseTile(path string) (Tile, error) {
	bad := wrong("%q 不是日志瓦片的路径。", path)
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, ok2 := strings.Cut(rest, "/")
	t := Tile{Level: Entries, Width: TileWidth}
	if level != "entries" {
		l, err := strconv.ParseUint(level, 10, 8)
		if t.Level = int(l); err != nil || l > 63 {
			return Tile{}, bad
		}
	}
	n, width, partial := strings.Cut(rest, ".p/")
	if partial {
		w, err := strconv.ParseUint(width, 10, 8) // at most 255
		if t.Width = int(w); err != nil || w == 0 {
			return Tile{}, bad
		}
	}
	digits := strings.ReplaceAll(strings.ReplaceAll(n, "/", ""), "x", "")
	var err error
	if t.N, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return Tile{}, bad
	}
	// What was read loosely, such as a sign or a group of zeros, is not written like that.
	if !ok || !ok2 || t.N < 0 || t.Path() != path {
		return Tile{}, bad
	}
	return t, nil
}

// level is the tile's level in the tree of hashes: bundles lie under level 0.
func (t Tile) level() int { return max(t.Level, 0) }

// widthIn is how wide the tile is in a tree of this size, 0 if it has none.
func (t Tile) widthIn(size int64) int {
	if t.level()*tileHeight > 62 {
		return 0
	}
	return int(min(max(size>>(t.level()*tileHeight)-t.N*TileWidth, 0), TileWidth))
}

// In reports whether a log of this size has the tile: all its hashes, full or
// partial. What is in a log stays so, and never changes.
func (t Tile) In(size int64) bool {
	return t.Width > 0 && t.N >= 0 && t.N < 1<<54 && t.Width <= t.widthIn(size)
}

// Tiles are the tiles and bundles that a tree of size next has and one of size
// last has not, those of entries first.
func Tiles(last, next int64) []Tile {
	var bundles, tiles []Tile
	for _, t := range merkle.NewTiles(tileHeight, last, next) {
		tiles = append(tiles, Tile{t.L, t.N, t.W})
		if t.L == 0 {
			bundles = append(bundles, Tile{Entries, t.N, t.W})
		}
	}
	return append(bundles, tiles...)
}

// Data is what a tile of hashes holds.
func (t Tile) Data(r HashReader) ([]byte, error) {
	if t.Level == Entries {
		return nil, fmt.Errorf("tlog: %s holds entries", t.Path())
	}
	data, err := merkle.ReadTileData(t.merkle(), r)
	if err != nil {
		return nil, fmt.Errorf("tlog: read %s: %w", t.Path(), err)
	}
	return data, nil
}

func (t Tile) merkle() merkle.Tile { return merkle.Tile{H: tileHeight, L: t.Level, N: t.N, W: t.Width} }

// Bundle is what a bundle of entries holds: each leaf after its length.
func Bundle(leaves [][]byte) ([]byte, error) {
	var data []byte
	for i, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return nil, fmt.Errorf("tlog: leaf %d of the bundle has %d bytes", i, len(leaf))
		}
		data = append(binary.BigEndian.AppendUint16(data, uint16(len(leaf))), leaf...)
	}
	return data, nil
}

// maxBundle is how long a bundle may be.
const maxBundle = TileWidth * (2 + MaxLeaf)

// ParseBundle takes a bundle of so many entries apart. The leaves are parts of data.
func ParseBundle(data []byte, width int) ([][]byte, error) {
	leaves := make([][]byte, 0, width)
	rest := data
	for len(rest) > 0 && len(leaves) < width {
		if len(rest) < 2 {
			break
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n > MaxLeaf || len(rest) < 2+n {
			break
		}
		leaves, rest = append(leaves, rest[2:2+n:2+n]), rest[2+n:]
	}
	if len(leaves) != width || len(rest) > 0 {
		return nil, wrong("记录包应当正好有 %d 条记录，这里读出 %d 条，剩下 %d 个字节。", width, len(leaves), len(rest))
	}
	return leaves, nil
}

// Stored reads the tree's hashes out of its tiles: tile gives what is stored of one,
// by its level and number, as much of it as there is.
func Stored(tile func(level int, n int64) ([]byte, error)) HashReader {
	return merkle.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, at := range indexes {
			t := merkle.TileForIndex(tileHeight, at)
			data, err := tile(t.L, t.N)
			if err != nil {
				return nil, err
			}
			if len(data) < t.W*len(Hash{}) {
				return nil, ErrTree
			}
			if hashes[i], err = merkle.HashFromTile(t, data[:t.W*len(Hash{})], at); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

// Laid visits those of newly stored hashes (what Append returned for a tree of size
// last) that tiles hold, in the order in which they are added to their tiles.
func Laid(last int64, stored []Hash, visit func(level int, n int64, h Hash) error) error {
	first := FirstHash(last)
	for i, h := range stored {
		level, n := merkle.SplitStoredHashIndex(first + int64(i))
		if level%tileHeight != 0 {
			continue
		}
		if err := visit(level/tileHeight, n/TileWidth, h); err != nil {
			return err
		}
	}
	return nil
}
