package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	merkle "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// heard collects what a verifier tells.
type heard struct {
	at     []int64
	leaves [][]byte
}

func (h *heard) each(t testing.TB) func(int64, Entry) error {
	return func(i int64, e Entry) error {
		h.at, h.leaves = append(h.at, i), append(h.leaves, encode(t, e))
		return nil
	}
}

func check(t testing.TB, log Fetcher, from State) (State, Checkpoint, *heard, error) {
	t.Helper()
	h := &heard{}
	to, c, err := (&Verifier{Log: log, Each: h.each(t)}).Check(t.Context(), from)
	return to, c, h, err
}

func TestAVerifierHearsEveryLeafOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newStock(t)
		state := Begin(s.key())
		var all heard
		for _, n := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 2, 37, 255, 256, 257, 512}), 1, 5).Draw(r, "batches") {
			s.add(t, leavesOf(t, len(s.leaves), len(s.leaves)+n)...)
			to, c, h, err := check(t, s.shelf, state)
			if err != nil {
				r.Fatal(err)
			}
			if want := (State{s.head, []Key{s.key()}}); !reflect.DeepEqual(to, want) || c.Head != s.head {
				r.Fatalf("%+v %+v", to, c)
			}
			if again, err := ParseState(to.JSON()); err != nil || !reflect.DeepEqual(again, to) {
				r.Fatal(again, err)
			}
			all.at, all.leaves, state = append(all.at, h.at...), append(all.leaves, h.leaves...), to
		}
		if !slices.EqualFunc(all.leaves, s.leaves, bytes.Equal) {
			r.Fatalf("%d of %d leaves", len(all.leaves), len(s.leaves))
		}
		for i, at := range all.at {
			if at != int64(i) {
				r.Fatal(i, at)
			}
		}
	})
}

// The partial tiles of earlier sizes may go, and a log may grow between the
// checkpoint and the rest.
func TestAVerifierNeedsOnlyWhatAGrownLogServes(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 300)...)
	state, _, _, err := check(t, s.shelf, Begin(s.key()))
	if err != nil {
		t.Fatal(err)
	}
	old := s.shelf[CheckpointPath]
	s.add(t, leavesOf(t, 300, 1100)...)
	served := s.served()
	maps.DeleteFunc(served, func(path string, _ []byte) bool {
		tile, err := ParseTile(path)
		return err == nil && tile.Width != tile.widthIn(s.head.Size)
	})
	to, _, h, err := check(t, served, state)
	if err != nil || to.Head != s.head || len(h.leaves) != 800 || h.at[0] != 300 {
		t.Error(to, len(h.leaves), err)
	}
	served[CheckpointPath] = old // and its partial tile 0/001 is served as the full one only
	served["tile/1/000.p/1"] = s.shelf["tile/1/000.p/4"][:32]
	if to, _, h, err := check(t, served, Begin(s.key())); err != nil || to.Head != state.Head || len(h.leaves) != 300 {
		t.Error(to, len(h.leaves), err)
	}
}

// names wants the error to be a defect of that resource, and of that leaf if it has one.
func names(err error, path string, leaf int64) error {
	var found Defects
	if !errors.As(err, &found) || !strings.Contains(err.Error(), path) {
		return fmt.Errorf("%s is not named: %w", path, err)
	}
	for _, d := range found {
		if d.Path != path {
			return fmt.Errorf("%s is named, and %s is wrong", d.Path, path)
		}
		if leaf >= 0 && d.First >= 0 && (leaf < d.First || leaf > d.Last) {
			return fmt.Errorf("leaves %d to %d are named, and %d is wrong", d.First, d.Last, leaf)
		}
	}
	return nil
}

func TestWhateverByteOfAServedLogChangesItIsNamed(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 257)...)
	if len(s.shelf) != 6 {
		t.Fatal(slices.Collect(maps.Keys(s.shelf)))
	}
	for path, data := range s.shelf {
		// Which leaf a byte belongs to; -1 where a length may break the whole bundle.
		leaf := make([]int64, len(data))
		for i := range leaf {
			leaf[i] = -1
			if tile, err := ParseTile(path); err == nil && tile.Level >= 0 {
				leaf[i] = (tile.N*TileWidth + int64(i/32)) << (tile.Level * tileHeight)
			}
		}
		for i := range data {
			served := s.served()
			served[path] = bytes.Clone(data)
			served[path][i] ^= 1 << (i % 8)
			to, _, err := (&Verifier{Log: served}).Check(t.Context(), Begin(s.key()))
			if err := names(err, path, leaf[i]); err != nil || to.Size != 0 {
				t.Fatalf("%s, byte %d of %d: %v", path, i, len(data), err)
			}
		}
		served := s.served()
		delete(served, path)
		_, _, _, err := check(t, served, Begin(s.key()))
		if path != CheckpointPath {
			if err := names(err, path, -1); err != nil {
				t.Error("missing:", err)
			}
		} else if err == nil || errors.As(err, new(Defects)) {
			t.Error("a log that cannot be reached is called wrong:", err)
		}
		for name, bent := range map[string][]byte{"longer": append(bytes.Clone(data), 7), "shorter": data[:len(data)-1], "empty": nil} {
			served[path] = bent
			_, _, _, err := check(t, served, Begin(s.key()))
			if err := names(err, path, -1); err != nil {
				t.Error(name, err)
			}
		}
	}
}

// A bigger log, verified in two runs: whether the change lies in what was verified
// before, in what is new, or in what joins them.
func TestWhateverByteOfAGrownLogChangesItIsNamed(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 700)...)
	state, _, _, err := check(t, s.shelf, Begin(s.key()))
	if err != nil {
		t.Fatal(err)
	}
	s.add(t, leavesOf(t, 700, 1500)...)
	needed := map[string]bool{CheckpointPath: true}
	for _, tile := range Tiles(0, s.head.Size) {
		needed[tile.Path()] = tile.Level > 0 || tile.N >= 700/TileWidth // what lies before is not read again
	}
	rapid.Check(t, func(r *rapid.T) {
		path := rapid.SampledFrom(slices.Sorted(maps.Keys(s.shelf))).Draw(r, "path")
		served := s.served()
		served[path] = bytes.Clone(served[path])
		i := rapid.IntRange(0, len(served[path])-1).Draw(r, "byte")
		served[path][i] ^= rapid.ByteRange(1, 255).Draw(r, "by")
		_, _, h, err := check(t, served, state)
		if !needed[path] {
			if err != nil || len(h.leaves) != 800 {
				r.Fatal(path, err)
			}
			return
		}
		if err := names(err, path, -1); err != nil {
			r.Fatal(err)
		}
		if slices.ContainsFunc(h.at, func(i int64) bool { return i < 700 }) {
			r.Fatal("leaves that were verified before are told again")
		}
	})
}

// resign signs whatever head, as a dishonest log would.
func (s *stock) resign(t testing.TB) {
	var err error
	if s.shelf[CheckpointPath], err = sign(checkpointText(s.key().Name, s.head), s.signers...); err != nil {
		t.Fatal(err)
	}
}

// rewritten is a log that differs in one leaf and is otherwise without fault.
func rewritten(t testing.TB, size, leaf int) *stock {
	s := newStock(t)
	leaves := leavesOf(t, 0, size)
	leaves[leaf] = leafOf(t, 1_000_001)
	s.add(t, leaves...)
	return s
}

func TestARewrittenLogIsFoundOutByWhatWasSaved(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 600)...)
	state, _, _, err := check(t, s.shelf, Begin(s.key()))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range []int{0, 255, 256, 599} {
		for _, size := range []int{600, 601, 768, 1500} {
			to, _, h, err := check(t, rewritten(t, size, leaf).shelf, state)
			if err := names(err, CheckpointPath, -1); err != nil || len(h.at) != 0 && h.at[0] < 600 || !reflect.DeepEqual(to, state) {
				t.Errorf("leaf %d of %d: %v", leaf, size, err)
			}
			if err == nil || !strings.Contains(err.Error(), "日志被改写了") {
				t.Error(err)
			}
		}
	}
	_, _, _, err = check(t, rewritten(t, 599, 5).shelf, state)
	if err == nil || !strings.Contains(err.Error(), "日志变短了：以前核对过 600 条，现在只有 599 条") {
		t.Error(err)
	}
	// Honest growth of the same log is still accepted, also by who reads all of it
	// again, and who does so still sees what was rewritten.
	s.add(t, leavesOf(t, 600, 1500)...)
	if _, _, _, err := check(t, s.shelf, state); err != nil {
		t.Error(err)
	}
	h := &heard{}
	again := &Verifier{Log: s.shelf, Whole: true, Each: h.each(t)}
	if to, _, err := again.Check(t.Context(), state); err != nil || to.Head != s.head || !slices.EqualFunc(h.leaves, s.leaves, bytes.Equal) {
		t.Error(to, len(h.leaves), err)
	}
	again.Log = rewritten(t, 1500, 5).shelf
	if _, _, err := again.Check(t.Context(), state); names(err, CheckpointPath, 5) != nil {
		t.Error(err)
	}
}

func TestAHeadThatIsNotThatOfTheEntriesIsNamed(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 300)...)
	honest := s.served()
	for name, bend := range map[string]func(){
		"another root": func() { s.head.Root[0]++ }, "one more": func() { s.head.Size++ }, "one less": func() { s.head.Size-- }, "many more": func() { s.head.Size = 1 << 40 },
	} {
		head := s.head
		bend()
		s.resign(t)
		served := s.served()
		_, _, _, err := check(t, served, Begin(s.key()))
		if !errors.As(err, new(Defects)) {
			t.Errorf("%s: %v", name, err)
		}
		s.head = head
	}
	// A bundle and its tile bent alike differ from the tile above them.
	served := maps.Clone(honest)
	other := rewritten(t, 300, 17)
	served["tile/entries/000"], served["tile/0/000"] = other.shelf["tile/entries/000"], other.shelf["tile/0/000"]
	_, _, _, err := check(t, served, Begin(s.key()))
	if err := names(err, "tile/0/000", 17); err != nil {
		t.Error(err)
	}
	// A swap of two leaves is two wrong leaves.
	served = maps.Clone(honest)
	leaves := slices.Clone(s.leaves[:256])
	leaves[3], leaves[4] = leaves[4], leaves[3]
	if served["tile/entries/000"], err = Bundle(leaves); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = check(t, served, Begin(s.key()))
	var found Defects
	if !errors.As(err, &found) || len(found) != 2 || found[0].First != 3 || found[1].First != 4 || found[0].Path != "tile/entries/000" {
		t.Error(err)
	}
}

func TestALeafThatSaysNothingKnownIsNamedThoughItIsInTheTree(t *testing.T) {
	s := newStock(t)
	s.add(t, leafOf(t, 0), []byte{2, 1, 5}, leafOf(t, 2))
	_, _, h, err := check(t, s.shelf, Begin(s.key()))
	if err := names(err, "tile/entries/000.p/3", 1); err != nil || !strings.Contains(fmt.Sprint(h.at), "[0 2]") {
		t.Error(err, h.at)
	}
	if err == nil || !strings.Contains(err.Error(), "序号 1：日志记录的版本是 2") {
		t.Error(err)
	}
}

func TestTheVerifierFollowsTheLogsKeys(t *testing.T) {
	s := newStock(t)
	origin := s.key().Name
	keys := []*Signer{s.signers[0], signerOf(origin, 2), signerOf(origin, 3)}
	s.add(t, leavesOf(t, 0, 10)...)
	states := []State{Begin(keys[0].Key()), Begin(keys[1].Key()), Begin(keys[2].Key())}
	early, _, _, err := check(t, s.shelf, states[0])
	if err != nil {
		t.Fatal(err)
	}
	hand := func(from, to *Signer) []byte {
		h, err := NewHandOver(from, to, 1767225600)
		if err != nil {
			t.Fatal(err)
		}
		return encode(t, h)
	}
	s.signers = keys[:2] // both sign when the log passes from one to the other
	s.add(t, hand(keys[0], keys[1]))
	s.add(t, leavesOf(t, 10, 300)...)
	middle, _, _, err := check(t, s.shelf, early)
	if err != nil || !reflect.DeepEqual(middle.Keys, []Key{keys[0].Key(), keys[1].Key()}) {
		t.Fatal(middle.Keys, err)
	}
	s.signers = keys[2:] // and then the last one alone
	s.add(t, hand(keys[1], keys[2]))
	s.add(t, leavesOf(t, 300, 310)...)
	chain := []Key{keys[0].Key(), keys[1].Key(), keys[2].Key()}
	for i, from := range append(states, early, middle) {
		to, _, _, err := check(t, s.shelf, from)
		if err != nil || !reflect.DeepEqual(to, State{s.head, chain}) {
			t.Errorf("from %d: %v %v", i, to, err)
		}
		if again, _, _, err := check(t, s.shelf, to); err != nil || !reflect.DeepEqual(again, to) {
			t.Errorf("again from %d: %v", i, err)
		}
	}
	stranger := signerOf(origin, 9)
	if _, _, _, err := check(t, s.shelf, Begin(stranger.Key())); names(err, CheckpointPath, -1) != nil {
		t.Error(err)
	}
	// A key that was handed over signs no more.
	s.signers = keys[:1]
	s.resign(t)
	if _, _, _, err := check(t, s.shelf, early); names(err, CheckpointPath, -1) != nil {
		t.Error(err)
	}
	// Nobody takes the log who was not given it.
	s.signers = []*Signer{stranger}
	s.resign(t)
	if _, _, _, err := check(t, s.shelf, early); names(err, CheckpointPath, -1) != nil {
		t.Error(err)
	}
	s.signers = keys[2:]
	s.add(t, hand(stranger, signerOf(origin, 10)))
	if _, _, _, err := check(t, s.shelf, middle); names(err, "tile/entries/001.p/57", 312) != nil {
		t.Error(err)
	}
}

func TestWitnessesAreShownByTheVerifier(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 3)...)
	w, line := cosign(checkpointText(s.key().Name, s.head), "witness.example/1", 7, 1767225600)
	signed, err := Cosign(s.shelf[CheckpointPath], []byte(line), w)
	if err != nil {
		t.Fatal(err)
	}
	s.shelf[CheckpointPath] = signed
	_, c, err := (&Verifier{Log: s.shelf, Witnesses: []Witness{w}}).Check(t.Context(), Begin(s.key()))
	if err != nil || !reflect.DeepEqual(c.Cosignatures, []Cosignature{{w, 1767225600}}) {
		t.Errorf("%+v %v", c, err)
	}
}

func TestAVerifierStopsWhenItsCallerDoes(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 5000)...)
	enough := errors.New("enough")
	calls := 0
	_, _, err := (&Verifier{Log: s.shelf, Each: func(int64, Entry) error { calls++; return enough }}).Check(t.Context(), Begin(s.key()))
	if !errors.Is(err, enough) || calls != 1 {
		t.Error(calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = (&Verifier{Log: s.shelf, Each: func(i int64, _ Entry) error {
		if i == 1000 {
			cancel()
		}
		return nil
	}}).Check(ctx, Begin(s.key()))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// server serves a log over HTTP as the portal will.
func server(t testing.TB, served shelf, before func(w http.ResponseWriter, path string) bool) *httptest.Server {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/log/")
		data := served[path]
		if before != nil && !before(w, path) {
			return
		}
		if !ok || data == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(data)
	})
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func TestALogIsVerifiedOverHTTPWithEightRequestsAtMost(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 5000)...)
	var now, most, all atomic.Int32
	var eight sync.WaitGroup // the first bundles are answered only when all are asked for
	eight.Add(parallel)
	srv := server(t, s.shelf, func(w http.ResponseWriter, path string) bool {
		if path == "tile/0/003" && all.Load() < 10_000 { // once it breaks
			all.Add(10_000)
			w.WriteHeader(http.StatusBadGateway)
			return false
		}
		all.Add(1)
		for n := now.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		if n, ok := strings.CutPrefix(path, "tile/entries/"); ok && n < "008" {
			eight.Done()
			eight.Wait()
		}
		now.Add(-1)
		return true
	})
	to, _, h, err := check(t, HTTP{URL: srv.URL + "/log/"}, Begin(s.key()))
	if err != nil || to.Head != s.head || len(h.leaves) != 5000 {
		t.Error(to, err)
	}
	if most.Load() != parallel || all.Load() != 10_000+1+2*20+1 {
		t.Errorf("%d at once, %d in all", most.Load(), all.Load())
	}
	missing, much := s.served(), s.served()
	delete(missing, "tile/0/003")
	if _, _, _, err := check(t, HTTP{URL: server(t, missing, nil).URL + "/log"}, Begin(s.key())); names(err, "tile/0/003", -1) != nil {
		t.Error(err)
	}
	much["tile/0/003"] = make([]byte, maxFetch+1)
	if _, _, _, err := check(t, HTTP{URL: server(t, much, nil).URL + "/log"}, Begin(s.key())); err == nil {
		t.Error("too much was read")
	}
	for _, url := range []string{srv.URL, "http://127.0.0.1:1/log", ":"} {
		if _, _, _, err := check(t, HTTP{URL: url}, Begin(s.key())); err == nil || errors.As(err, new(Defects)) {
			t.Error(url, err)
		}
	}
}

// endless is a log of one leaf, again and again: a log of any size in no space.
type endless struct {
	size  int64
	leaf  []byte
	above []Hash // of a full subtree of each height
}

func (e endless) ReadHashes(indexes []int64) (hashes []Hash, err error) {
	for _, i := range indexes {
		level, _ := merkle.SplitStoredHashIndex(i)
		hashes = append(hashes, e.above[level])
	}
	return hashes, nil
}

func (e endless) Fetch(_ context.Context, path string) ([]byte, error) {
	tile, err := ParseTile(path)
	switch {
	case path == CheckpointPath:
		root, err := merkle.TreeHash(e.size, e)
		if err != nil {
			return nil, err
		}
		return SignCheckpoint(Empty, Head{e.size, root}, nil, signerOf("example.gov.cn/log", 1))
	case err != nil || !tile.In(e.size):
		return nil, fs.ErrNotExist
	case tile.Level == Entries:
		return Bundle(slices.Repeat([][]byte{e.leaf}, tile.Width))
	}
	return tile.Data(e)
}

func TestAVerifierOfABigLogNeedsNoMoreMemory(t *testing.T) {
	log := endless{size: 400_001, leaf: leafOf(t, 0)}
	for h := LeafHash(log.leaf); len(log.above) < 30; h = merkle.NodeHash(h, h) {
		log.above = append(log.above, h)
	}
	var used [3]uint64
	told := int64(0)
	to, _, err := (&Verifier{Log: log, Each: func(i int64, _ Entry) error {
		if told++; i%200_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			used[i/200_000] = m.HeapAlloc
		}
		return nil
	}}).Check(t.Context(), Begin(signerOf("example.gov.cn/log", 1).Key()))
	if err != nil || to.Size != log.size || told != log.size {
		t.Fatal(to, told, err)
	}
	if used[2] > used[1]+1<<20 || used[2] > used[0]+8<<20 {
		t.Errorf("bytes in use at 0, 200,000 and 400,000 leaves: %d", used)
	}
}

func TestASavedStateIsReadStrictly(t *testing.T) {
	s := newStock(t)
	s.add(t, leavesOf(t, 0, 3)...)
	good := string(State{s.head, []Key{s.key()}}.JSON())
	for name, x := range map[string][2]string{
		"no keys": {"[\n    \"" + s.key().String() + "\"\n  ]", "[]"}, "another origin": {`"origin": "example`, `"origin": "other`}, "negative": {`"size": 3`, `"size": -3`},
		"huge": {`"size": 3`, `"size": 9223372036854775807`}, "empty with a root": {`"size": 3`, `"size": 0`}, "later": {`"version": 1`, `"version": 2`}, "more": {`"size"`, `"more": 1, "size"`},
	} {
		bent := strings.Replace(good, x[0], x[1], 1)
		if got, err := ParseState([]byte(bent)); err == nil || bent == good {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzParseState(f *testing.F) {
	f.Add(Begin(signerOf("example.gov.cn/log", 1).Key()).JSON())
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := ParseState(file); err == nil {
			if again, err := ParseState(s.JSON()); err != nil || !reflect.DeepEqual(again, s) {
				t.Errorf("%+v %v", again, err)
			}
		}
	})
}
