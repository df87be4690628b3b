package tlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPathsAreThoseOfC2SP(t *testing.T) {
	// From the text of C2SP tlog-tiles (x001/x234/067) and from tessera v1.0.4,
	// api/layout/paths_test.go.
	for path, tile := range map[string]Tile{
		"tile/0/x001/x234/067":                               {0, 1234067, 256},
		"tile/0/x001/x234/067.p/89":                          {0, 1234067, 89},
		"tile/63/x999/x999/x999/x999/x999/999.p/255":         {63, 999999999999999999, 255},
		"tile/0/000":                                         {0, 0, 256},
		"tile/0/000.p/255":                                   {0, 0, 255},
		"tile/15/x455/667":                                   {15, 455667, 256},
		"tile/15/x123/x456/789.p/41":                         {15, 123456789, 41},
		"tile/entries/255.p/253":                             {Entries, 255, 253},
		"tile/entries/x123/x456/789":                         {Entries, 123456789, 256},
		"tile/entries/x009/x223/x372/x036/x854/x775/807.p/1": {Entries, 1<<63 - 1, 1},
	} {
		if got, err := ParseTile(path); err != nil || got != tile || tile.Path() != path {
			t.Errorf("%s: %+v %v; %+v is %s", path, got, err, tile, tile.Path())
		}
	}
	for _, path := range strings.Split(`
tile/0/x001/x234/067.p/|tile/0/x001/x234/067.p|tile/0/x001/x234/|tile/0/x001/x234|tile/0/x001/|tile/0/x001|tile/1/x001/.p/abc|tile/64/x001/002
tile/-1/x001/002|tile/abc/x001/002|tile/8/001/002|tile/8/x001/0002|tile/8/x001/-002|tile/8/x001/002.p/256|tile/63/x999/x999/x999/x999/x999/x999/999.p/255
tile|tile/|tile//000|tile/0|tile/0/|tile/00/000|tile/+0/000|tile/0/000/|/tile/0/000|tile/0/000.p/0|tile/0/000.p/01|tile/0/000.p/+1|tile/0/000.p/1/|tile/0/000.p/1.p/1
tile/0/x000/001|tile/0/1|tile/0/01|tile/0/+01|tile/0/0x1|tile/0/x01/000|tile/0/X001/000|tile/0/x001x/000|tile/0/ 01|tile/0/000 |tile/entries/-01|tile/Entries/000|tile/data/000
tile/8/0/000|Tile/0/000|tile/0/０００|tile/0/%30%30%30|tile/0/000?|tile/0/../0/000|tile/0/x009/x223/x372/x036/x854/x775/808|checkpoint`, "\n") {
		for _, path := range strings.Split(path, "|") {
			if got, err := ParseTile(path); err == nil {
				t.Errorf("%q is %+v", path, got)
			}
		}
	}
}

func TestATreeHasTheTilesThatC2SPCounts(t *testing.T) {
	// C2SP tlog-tiles: 70,000 leaves are 273 full tiles of level 0 and one of 112
	// hashes, one full tile of level 1 and one of 17, and one of level 2 of 1 hash.
	got := map[string]int{}
	for _, x := range Tiles(0, 70_000) {
		if !x.In(70_000) || x.In(x.N*TileWidth) {
			t.Errorf("%s", x.Path())
		}
		got[fmt.Sprint(x.Level, " ", x.Width)]++
	}
	want := map[string]int{"-1 256": 273, "-1 112": 1, "0 256": 273, "0 112": 1, "1 256": 1, "1 17": 1, "2 1": 1}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error(got)
	}
	for path, there := range map[string]bool{
		"tile/0/273.p/112": true, "tile/0/273.p/113": false, "tile/0/273.p/1": true, "tile/0/273": false, "tile/0/274.p/1": false, "tile/0/272": true, "tile/0/272.p/7": true,
		"tile/entries/273.p/112": true, "tile/entries/273": false, "tile/2/000.p/1": true, "tile/2/000.p/2": false, "tile/3/000.p/1": false, "tile/63/000.p/1": false, "tile/7/000.p/1": false,
	} {
		tile, err := ParseTile(path)
		if err != nil || tile.In(70_000) != there {
			t.Errorf("%s: %v %v", path, !there, err)
		}
	}
}

func TestTilesHoldTheHashesOfTheirEntries(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 600)...)
	if len(s.shelf) != 1+3+3+1 {
		t.Errorf("%d files", len(s.shelf))
	}
	var top []byte
	for n := range int64(2) {
		h := plain(s.leaves[n*256 : n*256+256])
		top = append(top, h[:]...)
	}
	if !bytes.Equal(s.shelf["tile/1/000.p/2"], top) {
		t.Error("tile/1")
	}
	for _, x := range []Tile{{0, 1, 256}, {0, 2, 88}} {
		leaves, err := ParseBundle(s.shelf[Tile{Entries, x.N, x.Width}.Path()], x.Width)
		var want []byte
		for _, leaf := range leaves {
			h := plain([][]byte{leaf})
			want = append(want, h[:]...)
		}
		if err != nil || !bytes.Equal(s.shelf[x.Path()], want) {
			t.Error(x.Path(), err)
		}
	}
}

func TestABundleIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 256).Draw(t, "leaves")
		data, err := Bundle(leaves)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseBundle(data, len(leaves))
		if err != nil || len(got) != len(leaves) {
			t.Fatal(err)
		}
		for i := range got {
			if !bytes.Equal(got[i], leaves[i]) {
				t.Fatal(i)
			}
		}
		for name, bad := range map[string][]byte{"more": append(bytes.Clone(data), 0), "less": data[:len(data)-1], "another": append(bytes.Clone(data), 0, 0)} {
			if _, err := ParseBundle(bad, len(leaves)); err == nil {
				t.Fatal(name)
			}
		}
	})
	if _, err := Bundle([][]byte{make([]byte, MaxLeaf+1)}); err == nil {
		t.Error("a leaf of more bytes than a leaf may have")
	}
}

// The log that tessera keeps for its own tests (v1.0.4, testdata/log): another
// program's bundles, tiles and checkpoints.
func TestALogOfTesseraIsReadAndWrittenAlike(t *testing.T) {
	key, err := ParseKey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile("testdata/tessera/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	leaves, err := ParseBundle(read("entries.15"), 15)
	if err != nil {
		t.Fatal(err)
	}
	s := &stock{head: Empty}
	for _, size := range []int{8, 12, 15} {
		s.grow(t, leaves[len(s.leaves):size]...)
		c, err := OpenCheckpoint(read(fmt.Sprint("checkpoint.", size)), []Key{key})
		if err != nil || c.Origin != "example.com/log/testdata" || c.Head != s.head {
			t.Errorf("%d: %+v %v", size, c, err)
		}
	}
	if got := s.data(t, Tile{0, 0, 15}); !bytes.Equal(got, read("tile.15")) {
		t.Errorf("%x", got)
	}
	if got := s.data(t, Tile{Entries, 0, 15}); !bytes.Equal(got, read("entries.15")) {
		t.Errorf("%x", got)
	}
}

func FuzzParseTile(f *testing.F) {
	for _, path := range []string{"tile/0/x001/x234/067.p/89", "tile/entries/000", "tile/63/999.p/1", "tile/0/x000/001", "tile/0/-01"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		x, err := ParseTile(path)
		if err != nil {
			return
		}
		if x.Path() != path || x.Level < Entries || x.Level > 63 || x.N < 0 || x.Width < 1 || x.Width > TileWidth {
			t.Errorf("%q is %+v", path, x)
		}
		x.In(1 << 40)
	})
}

func FuzzParseBundle(f *testing.F) {
	data, err := Bundle([][]byte{{1}, nil, {2, 3}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, 3)
	f.Add(binary.BigEndian.AppendUint16(nil, 0xffff), 1)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		if width < 0 || width > TileWidth {
			return
		}
		leaves, err := ParseBundle(data, width)
		if err != nil {
			return
		}
		if again, err := Bundle(leaves); err != nil || len(leaves) != width || !bytes.Equal(again, data) {
			t.Errorf("%x is written %x, %v", data, again, err)
		}
	})
}
