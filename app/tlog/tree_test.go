package tlog

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, texts ...string) (hashes []Hash) {
	for _, text := range texts {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, Hash(b))
	}
	return hashes
}

// The inputs, roots and proofs of Google's certificate-transparency for RFC 6962,
// as transparency-dev/merkle v0.0.2 keeps them (testonly/constants.go,
// proof/verify_test.go).
var ctLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}

var ctRoots = []string{
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func ctTree(t testing.TB) *stock {
	s := &stock{head: Empty}
	for _, text := range ctLeaves {
		leaf, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		s.grow(t, leaf)
	}
	return s
}

func TestRootsAreThoseOfRFC6962(t *testing.T) {
	if want := unhex(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")[0]; Empty != (Head{0, want}) {
		t.Error(Empty)
	}
	s := ctTree(t)
	for n, want := range unhex(t, ctRoots...) {
		all := &stock{head: Empty}
		if all.grow(t, s.leaves[:n+1]...); all.head != (Head{int64(n + 1), want}) {
			t.Errorf("%d leaves: %v", n+1, all.head)
		}
	}
	if s.head.Root != unhex(t, ctRoots[7])[0] {
		t.Error("one by one", s.head)
	}
}

func TestProofsAreThoseOfRFC6962(t *testing.T) {
	s, roots := ctTree(t), unhex(t, ctRoots...)
	for _, v := range []struct {
		leaf, size int64
		want       []string
	}{
		{0, 1, nil},
		{0, 8, []string{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
		{5, 8, []string{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
		{2, 3, []string{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
		{1, 5, []string{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	} {
		got, err := Inclusion(v.size, v.leaf, s)
		if err != nil || !slices.Equal(got, unhex(t, v.want...)) {
			t.Errorf("leaf %d of %d: %v %v", v.leaf, v.size, got, err)
		}
		if err := CheckInclusion(Head{v.size, roots[v.size-1]}, v.leaf, LeafHash(s.leaves[v.leaf]), got); err != nil {
			t.Error(err)
		}
	}
	for _, v := range []struct {
		last, next int64
		want       []string
	}{
		{1, 1, nil},
		{1, 8, []string{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
		{6, 8, []string{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
		{2, 5, []string{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	} {
		got, err := Consistency(v.last, v.next, s)
		if err != nil || !slices.Equal(got, unhex(t, v.want...)) {
			t.Errorf("%d in %d: %v %v", v.last, v.next, got, err)
		}
		if err := Extends(Head{v.last, roots[v.last-1]}, Head{v.next, roots[v.next-1]}, got); err != nil {
			t.Error(err)
		}
	}
}

func TestATreeIsTheSameInWhateverBatchesItGrows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := &stock{head: Empty}
		heads := []Head{Empty}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 130), 1, 6).Draw(r, "batches") {
			s.grow(t, leavesOf(t, len(s.leaves), len(s.leaves)+n)...)
			heads = append(heads, s.head)
		}
		if s.head.Root != plain(s.leaves) || s.head.Size != int64(len(s.leaves)) || int64(len(s.hashes)) != FirstHash(s.head.Size) {
			r.Fatal(s.head)
		}
		for _, h := range heads {
			proof, err := Consistency(h.Size, s.head.Size, s)
			if err != nil {
				r.Fatal(err)
			}
			if err := Extends(h, s.head, proof); err != nil {
				r.Fatal(err)
			}
			other := h
			other.Root[0] ^= 1
			if Extends(other, s.head, proof) == nil || h != s.head && Extends(s.head, h, proof) == nil {
				r.Fatalf("%v extends what it does not", s.head)
			}
		}
		if s.head.Size == 0 {
			return
		}
		leaf := rapid.Int64Range(0, s.head.Size-1).Draw(r, "leaf")
		proof, err := Inclusion(s.head.Size, leaf, s)
		if err != nil {
			r.Fatal(err)
		}
		hash := LeafHash(s.leaves[leaf])
		if err := CheckInclusion(s.head, leaf, hash, proof); err != nil {
			r.Fatal(err)
		}
		if len(proof) > 0 {
			proof[rapid.IntRange(0, len(proof)-1).Draw(r, "bent")][7] ^= 4
		} else {
			hash[0] ^= 1
		}
		if CheckInclusion(s.head, leaf, hash, proof) == nil {
			r.Fatal("a bent proof holds")
		}
	})
}

func TestNothingIsAppendedToHashesThatWereChanged(t *testing.T) {
	s := &stock{head: Empty}
	s.grow(t, leavesOf(t, 0, 21)...) // 16 + 4 + 1
	for i := range s.hashes {
		s.hashes[i][3] ^= 1
		_, next, err := Append(s.head, []Hash{{}}, s)
		edge := slices.Contains([]int64{30, 30 + 1 + 6, FirstHash(20)}, int64(i))
		if edge != errors.Is(err, ErrTree) || edge != (err != nil) || edge && next != (Head{}) {
			t.Errorf("hash %d: %v %v", i, next, err)
		}
		s.hashes[i][3] ^= 1
	}
	lost := errors.New("lost")
	if _, _, err := Append(s.head, nil, lostHashes{lost}); !errors.Is(err, lost) {
		t.Error(err)
	}
	if _, _, err := Append(s.head, nil, lostHashes{}); err == nil {
		t.Error("hashes that are not there were read")
	}
}

type lostHashes struct{ err error }

func (l lostHashes) ReadHashes([]int64) ([]Hash, error) { return nil, l.err }

func TestSizesThatNoLogHasEndAtOnce(t *testing.T) {
	huge := Head{1<<63 - 1, Hash{}}
	if Extends(huge, huge, nil) == nil || Extends(Head{1, Hash{}}, huge, nil) == nil || Extends(Empty, Head{-1, Hash{}}, nil) == nil || Extends(Head{}, Head{1, Hash{}}, nil) == nil {
		t.Error("extends")
	}
	if CheckInclusion(huge, 1<<62, Hash{}, nil) == nil || CheckInclusion(Empty, 0, Hash{}, nil) == nil || CheckInclusion(Head{1, Hash{}}, -1, Hash{}, nil) == nil {
		t.Error("includes")
	}
}
