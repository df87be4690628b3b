package tlog

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"testing"
)

// stock is a log in memory, as the courier will keep it in tables.
type stock struct {
	signers []*Signer
	leaves  [][]byte
	hashes  []Hash
	head    Head
	shelf   shelf
}

// shelf is what a log serves, by path.
type shelf map[string][]byte

func (s shelf) Fetch(_ context.Context, path string) ([]byte, error) {
	data, ok := s[path]
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return data, nil
}

// signerOf is the same key for the same seed, so that failures can be seen again.
func signerOf(origin string, seed byte) *Signer {
	var raw [ed25519.SeedSize]byte
	raw[0] = seed
	return newSigner(origin, ed25519.NewKeyFromSeed(raw[:]))
}

func newStock(t testing.TB) *stock {
	s := &stock{signers: []*Signer{signerOf("example.gov.cn/log", 1)}, head: Empty, shelf: shelf{}}
	s.add(t)
	return s
}

func (s *stock) ReadHashes(indexes []int64) ([]Hash, error) {
	var out []Hash
	for _, i := range indexes {
		if i >= int64(len(s.hashes)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		out = append(out, s.hashes[i])
	}
	return out, nil
}

// grow adds leaves to the tree.
func (s *stock) grow(t testing.TB, leaves ...[]byte) (last Head) {
	t.Helper()
	var hashes []Hash
	for _, leaf := range leaves {
		hashes = append(hashes, LeafHash(leaf))
	}
	last = s.head
	stored, next, err := Append(last, hashes, s)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(s.hashes)) != FirstHash(last.Size) {
		t.Fatalf("%d hashes for %d leaves", len(s.hashes), last.Size)
	}
	s.leaves, s.hashes, s.head = append(s.leaves, leaves...), append(s.hashes, stored...), next
	return last
}

// add adds leaves and serves what is new.
func (s *stock) add(t testing.TB, leaves ...[]byte) {
	t.Helper()
	last := s.grow(t, leaves...)
	for _, tile := range Tiles(last.Size, s.head.Size) {
		s.shelf[tile.Path()] = s.data(t, tile)
	}
	proof, err := Consistency(last.Size, s.head.Size, s)
	if err != nil {
		t.Fatal(err)
	}
	if s.shelf[CheckpointPath], err = SignCheckpoint(last, s.head, proof, s.signers...); err != nil {
		t.Fatal(err)
	}
}

func (s *stock) data(t testing.TB, tile Tile) (data []byte) {
	t.Helper()
	var err error
	if tile.Level == Entries {
		data, err = Bundle(s.leaves[tile.N*TileWidth : tile.N*TileWidth+int64(tile.Width)])
	} else {
		data, err = tile.Data(s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (s *stock) key() Key { return s.signers[len(s.signers)-1].Key() }

// served is a copy of what is served, to be bent.
func (s *stock) served() shelf { return maps.Clone(s.shelf) }

// leafOf is some leaf, of each kind in turn.
func leafOf(t testing.TB, i int) []byte {
	t.Helper()
	var e Entry = &Received{Commitment: sha256.Sum256(fmt.Append(nil, i)), Backfilled: i%7 == 0}
	if i%2 == 1 {
		e = &Published{Kind: "problem", ID: fmt.Sprintf("1-%d", i), Version: uint32(i), Event: Publish, At: 1609862400 + int64(i), Digest: sha256.Sum256(fmt.Append(nil, "text", i))}
	}
	return encode(t, e)
}

func leavesOf(t testing.TB, from, to int) (leaves [][]byte) {
	for i := from; i < to; i++ {
		leaves = append(leaves, leafOf(t, i))
	}
	return leaves
}

func encode(t testing.TB, e Entry) []byte {
	t.Helper()
	leaf, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// plain computes a root as RFC 6962 defines it, by nothing of this package.
func plain(leaves [][]byte) Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := plain(leaves[:k]), plain(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}
