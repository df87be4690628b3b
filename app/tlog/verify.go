package tlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fetcher gets a log's resources by their path below the log's address. What is
// not there is an error that wraps fs.ErrNotExist.
type Fetcher interface {
	Fetch(ctx context.Context, path string) ([]byte, error)
}

// Defect is one thing that is wrong with a log: evidence, not a failure to look.
type Defect struct {
	Path  string // of the resource that is wrong
	First int64  // the first leaf it concerns, or -1
	Last  int64
	What  string
}

func (d Defect) String() string {
	switch {
	case d.First < 0:
		return d.Path + "：" + d.What
	case d.First == d.Last:
		return fmt.Sprintf("%s，序号 %d：%s", d.Path, d.First, d.What)
	}
	return fmt.Sprintf("%s，序号 %d 至 %d：%s", d.Path, d.First, d.Last, d.What)
}

// Defects is the error of a log that does not hold.
type Defects []Defect

func (d Defects) Error() string {
	lines := []string{"日志核对没有通过（记录的序号从 0 算起）："}
	for _, x := range d {
		lines = append(lines, x.String())
	}
	return strings.Join(lines, "\n")
}

// maxDefects are told; after so many it is clear enough.
const maxDefects = 20

// parallel is how many requests are under way at once.
const parallel = 8

// Verifier verifies a whole log from outside. It holds some bundles and one tile
// of each level at a time, whatever the log's size.
type Verifier struct {
	Log       Fetcher
	Witnesses []Witness
	// Whole has everything read and told again, not only what is new since the state;
	// that the log extends the state is verified all the same.
	Whole bool
	// Each is called for each new leaf in order, as it comes. Whether the leaves are
	// the log's is certain only when Check has returned without an error.
	Each func(index int64, e Entry) error
}

// Check fetches the checkpoint and every tile and entry that is new since a state,
// and verifies that they are what the checkpoint signs and that it extends the
// state. It returns the state to keep. The error is a Defects if the log is wrong,
// something else if it could not be fetched.
func (v *Verifier) Check(ctx context.Context, from State) (State, Checkpoint, error) {
	signed, err := v.Log.Fetch(ctx, CheckpointPath)
	if err != nil {
		return from, Checkpoint{}, fmt.Errorf("fetch %s: %w", CheckpointPath, err)
	}
	spoilt := func(err error) (State, Checkpoint, error) {
		return from, Checkpoint{}, Defects{{CheckpointPath, -1, -1, err.Error()}}
	}
	c, err := OpenCheckpoint(signed, from.Keys, v.Witnesses...)
	if errors.As(err, new(unknownKey)) {
		// Perhaps a later key signed it: then the log must hold the hand-over.
		c, err = maybeHandedOver(signed, from.Key().Name, err)
	}
	if err != nil {
		return spoilt(err)
	}
	if c.Size < from.Size {
		return spoilt(wrong("日志变短了：以前核对过 %d 条，现在只有 %d 条。如果收到的是缓存里的旧检查点，过几分钟再核对。", from.Size, c.Size))
	}
	if c.Size == from.Size && c.Root != from.Root {
		return spoilt(wrong("日志被改写了：同样是 %d 条，树根与以前核对过的不同。", c.Size))
	}
	w := &walk{Verifier: v, from: from, head: c.Head}
	err = errRewritten
	if !v.Whole {
		err = w.run(ctx, from.Size)
	}
	if errors.Is(err, errRewritten) {
		// If what was verified before is not what is served now, it shows from the
		// beginning on which of them is wrong.
		w = &walk{Verifier: v, from: from, head: c.Head}
		err = w.run(ctx, 0)
	}
	if err != nil {
		return from, Checkpoint{}, err
	}
	keys := w.chain
	if len(keys) == 0 {
		keys = from.Keys
	}
	if !slices.Contains(keys, from.Key()) {
		return spoilt(wrong("所信任的公钥不在日志的换钥记录里。"))
	}
	to := State{c.Head, keys}
	if c, err = OpenCheckpoint(signed, []Key{to.Key()}, v.Witnesses...); err != nil {
		return spoilt(err)
	}
	return to, c, nil
}

// maybeHandedOver reads a checkpoint that a key of the log's name signed, though
// not one that is known. It is to be opened again once the key is.
func maybeHandedOver(signed []byte, origin string, otherwise error) (Checkpoint, error) {
	n, ok := unverified(signed)
	if !ok {
		return Checkpoint{}, otherwise
	}
	for _, sig := range n.UnverifiedSigs {
		if sig.Name == origin {
			c, err := parseCheckpoint(n.Text)
			if err != nil || c.Origin != origin {
				return Checkpoint{}, otherwise
			}
			return c, nil
		}
	}
	return Checkpoint{}, otherwise
}

// EntryAt fetches the entry at a place of a log and proves that the head, which was
// verified, has it there. The error is a Defects if that is wrong.
func (v *Verifier) EntryAt(ctx context.Context, head Head, index int64) (Entry, error) {
	w := &walk{Verifier: v, head: head}
	bundle := Tile{Level: Entries, N: index / TileWidth}
	spoilt := func(err error) (Entry, error) {
		return nil, Defects{{bundle.Path(), index, index, err.Error()}}
	}
	if bundle.Width = (Tile{N: bundle.N}).widthIn(head.Size); index < 0 || index >= head.Size {
		return spoilt(wrong("日志只有 %d 条，没有序号 %d 的记录。", head.Size, index))
	}
	data, err := w.fetch(ctx, bundle)
	if err != nil {
		return nil, err
	}
	leaves, err := ParseBundle(data, bundle.Width)
	if err != nil {
		return spoilt(err)
	}
	leaf := leaves[index%TileWidth]
	var failed error
	proof, err := Inclusion(head.Size, index, w.stored(ctx, &failed))
	if failed != nil {
		return nil, failed
	}
	if err == nil {
		err = CheckInclusion(head, index, LeafHash(leaf), proof)
	}
	if err != nil {
		return spoilt(err)
	}
	e, err := Decode(leaf)
	if err != nil {
		return spoilt(err)
	}
	return e, nil
}

// Extended verifies by the log's tiles that one of its heads goes on from another. The
// error is a Defects if it does not.
func Extended(ctx context.Context, log Fetcher, from, to Head) error {
	w := &walk{Verifier: &Verifier{Log: log}, head: to}
	var failed error
	proof, err := Consistency(from.Size, to.Size, w.stored(ctx, &failed))
	if failed != nil {
		return failed
	}
	if err == nil {
		err = Extends(from, to, proof)
	}
	if err != nil {
		return Defects{{CheckpointPath, -1, -1, fmt.Sprintf("有 %d 条的检查点不在这本有 %d 条的日志里：日志被改写了，或者给不同的人看不同的日志。", from.Size, to.Size)}}
	}
	return nil
}

// stored reads the hashes of the head's tree out of the tiles as they are served. What
// could not be fetched is in failed: merkle wraps no error.
func (w *walk) stored(ctx context.Context, failed *error) HashReader {
	return Stored(func(level int, n int64) ([]byte, error) {
		t := Tile{Level: level, N: n}
		t.Width = t.widthIn(w.head.Size)
		data, err := w.fetch(ctx, t)
		if err != nil {
			*failed = err
		}
		return data, err
	})
}
