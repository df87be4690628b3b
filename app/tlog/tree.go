package tlog

import (
	"errors"
	"fmt"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// Head is a tree in 40 bytes: how many leaves, and the hash over all of them.
type Head struct {
	Size int64
	Root Hash
}

// maxSize is more than any log will have, and little enough for package merkle,
// which does not return from trees of 2^62 leaves and more.
const maxSize = 1 << 48

// Empty is the head of the log before its first leaf.
var Empty = Head{Root: emptyRoot()}

func emptyRoot() Hash {
	root, err := merkle.TreeHash(0, nil)
	if err != nil {
		panic("tlog: " + err.Error())
	}
	return root
}

// ErrTree is a tree whose stored hashes are not those of its head: somebody
// changed the one or the other.
var ErrTree = errors.New("tlog: the stored hashes do not give the last head's root")

// Append adds leaves, by their hashes, to the tree of head last, whose stored
// hashes r reads (in one call). What it returns is to be stored from the index
// FirstHash(last.Size) on. It refuses with ErrTree to build on hashes that are
// not those of last, so what it builds extends last.
func Append(last Head, leaves []Hash, r HashReader) (stored []Hash, next Head, err error) {
	// To compute the old root, the reader is asked for exactly the hashes that
	// appending needs: the right edge of the tree.
	edge := map[int64]Hash{}
	root, err := merkle.TreeHash(last.Size, merkle.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes, err := r.ReadHashes(indexes)
		if err == nil && len(hashes) != len(indexes) {
			err = fmt.Errorf("%d hashes for %d indexes", len(hashes), len(indexes))
		}
		for i := range hashes {
			if err == nil {
				edge[indexes[i]] = hashes[i]
			}
		}
		return hashes, err
	}))
	if err != nil {
		return nil, Head{}, fmt.Errorf("tlog: read the tree's edge: %w", err)
	}
	if root != last.Root {
		return nil, Head{}, ErrTree
	}
	first := FirstHash(last.Size)
	stored = make([]Hash, 0, 2*len(leaves)+64)
	known := merkle.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, at := range indexes {
			if at >= first {
				hashes[i] = stored[at-first]
			} else if h, ok := edge[at]; ok {
				hashes[i] = h
			} else {
				return nil, fmt.Errorf("tlog: hash %d is not on the edge", at)
			}
		}
		return hashes, nil
	})
	for i, leaf := range leaves {
		hashes, err := merkle.StoredHashesForRecordHash(last.Size+int64(i), leaf, known)
		if err != nil {
			return nil, Head{}, err
		}
		stored = append(stored, hashes...)
	}
	next.Size = last.Size + int64(len(leaves))
	next.Root, err = merkle.TreeHash(next.Size, known)
	return stored, next, err
}

// FirstHash is the index of the first hash that is stored with leaf n; a tree of
// n leaves has as many hashes.
func FirstHash(n int64) int64 { return merkle.StoredHashIndex(0, n) }

// Inclusion proves that the tree of this size has the leaf.
func Inclusion(size, leaf int64, r HashReader) ([]Hash, error) {
	proof, err := merkle.ProveRecord(size, leaf, r)
	if err != nil {
		return nil, fmt.Errorf("tlog: prove leaf %d of %d: %w", leaf, size, err)
	}
	return proof, nil
}

// CheckInclusion verifies what Inclusion proves.
func CheckInclusion(head Head, leaf int64, hash Hash, proof []Hash) error {
	if head.Size > maxSize {
		return wrong("树的大小 %d 不对。", head.Size)
	}
	if err := merkle.CheckRecord(proof, head.Size, head.Root, leaf, hash); err != nil {
		return wrong("不能证明序号 %d 的记录在这棵有 %d 条记录的树里。", leaf, head.Size)
	}
	return nil
}

// Consistency proves that the tree of size next begins with the tree of size last.
func Consistency(last, next int64, r HashReader) ([]Hash, error) {
	if last == 0 && next >= 0 {
		return nil, nil // RFC 6962 knows no proof for the empty tree, and needs none
	}
	proof, err := merkle.ProveTree(next, last, r)
	if err != nil {
		return nil, fmt.Errorf("tlog: prove %d in %d: %w", last, next, err)
	}
	return proof, nil
}

// Extends refuses a head that does not begin with all that last has.
func Extends(last, next Head, proof []Hash) error {
	bad := wrong("树头（%d 条）不是上一个树头（%d 条）的延续：只许追加的日志被改写了。", next.Size, last.Size)
	if last.Size > maxSize || next.Size > maxSize {
		return bad
	}
	if last.Size == 0 {
		if last != Empty || len(proof) > 0 || next.Size < 0 || next.Size == 0 && next != Empty {
			return bad
		}
		return nil
	}
	if err := merkle.CheckTree(proof, next.Size, next.Root, last.Size, last.Root); err != nil {
		return bad
	}
	return nil
}

// Root is the root of the tree of the first size leaves.
func Root(size int64, r HashReader) (Hash, error) {
	root, err := merkle.TreeHash(size, r)
	if err != nil {
		return root, fmt.Errorf("tlog: root of %d: %w", size, err)
	}
	return root, nil
}
