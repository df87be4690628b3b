package tlog

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
)

// million is a tree of a million leaves, made once.
var million = sync.OnceValue(func() *stock {
	s := &stock{head: Empty}
	hashes := make([]Hash, 0, 1_000_000)
	for i := range uint64(1_000_000) {
		hashes = append(hashes, LeafHash(binary.BigEndian.AppendUint64(nil, i)))
	}
	stored, next, err := Append(Empty, hashes, s)
	if err != nil {
		panic(err)
	}
	s.hashes, s.head = stored, next
	return s
})

// A batch is what the courier takes at once; the time is of one leaf, encoded,
// hashed and in the tree.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			s := &stock{hashes: million().hashes, head: million().head}
			for n := 0; n < b.N; n += batch {
				hashes := make([]Hash, batch)
				for i := range hashes {
					leaf, err := Encode(&Received{Commitment: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n+i)))})
					if err != nil {
						b.Fatal(err)
					}
					hashes[i] = LeafHash(leaf)
				}
				stored, next, err := Append(s.head, hashes, s)
				if err != nil {
					b.Fatal(err)
				}
				s.hashes, s.head = append(s.hashes, stored...), next
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}

func BenchmarkInclusionInAMillion(b *testing.B) {
	s := million()
	for i := range b.N {
		leaf := int64(i) * 7919 % s.head.Size
		proof, err := Inclusion(s.head.Size, leaf, s)
		if err != nil || len(proof) < 12 {
			b.Fatal(len(proof), err)
		}
	}
}

func BenchmarkCheckInclusionInAMillion(b *testing.B) {
	s := million()
	proof, err := Inclusion(s.head.Size, 777_777, s)
	if err != nil {
		b.Fatal(err)
	}
	leaf := LeafHash(binary.BigEndian.AppendUint64(nil, 777_777))
	for range b.N {
		if err := CheckInclusion(s.head, 777_777, leaf, proof); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConsistencyInAMillion(b *testing.B) {
	s := million()
	for i := range b.N {
		if _, err := Consistency(1+int64(i)*7919%s.head.Size, s.head.Size, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTileInAMillion(b *testing.B) {
	s := million()
	for i := range b.N {
		if _, err := (Tile{0, int64(i) % 3906, TileWidth}).Data(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignCheckpoint(b *testing.B) {
	s := million()
	signer := signerOf("example.gov.cn/log", 1)
	for range b.N {
		if _, err := SignCheckpoint(s.head, s.head, nil, signer); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifier verifies a log of 100,000 leaves that lies in memory.
func BenchmarkVerifier(b *testing.B) {
	s := newStock(b)
	s.add(b, leavesOf(b, 0, 100_000)...)
	for b.Loop() {
		if _, _, err := (&Verifier{Log: s.shelf}).Check(b.Context(), Begin(s.key())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}
