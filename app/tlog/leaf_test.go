package tlog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mingjing/app/fault"
)

var update = flag.Bool("update", false, "write the fixtures of new leaves; those that are there stay")

// said are entries whose leaves are fixtures: what was once written decodes for ever.
func said(t testing.TB) map[string]Entry {
	h, err := NewHandOver(signerOf("example.gov.cn/log", 1), signerOf("example.gov.cn/log", 2), 1767225600)
	if err != nil {
		t.Fatal(err)
	}
	digest := Hash(sha256.Sum256([]byte("裁判文书上网不及时")))
	return map[string]Entry{
		"published":           &Published{Kind: "problem", ID: "2-14", Version: 1, Event: Publish, At: 1609862400, Digest: digest},
		"published-changed":   &Published{Kind: "measure", ID: "2-14-3", Version: 4294967295, Event: Change, At: 253402300799, Digest: digest},
		"published-withdrawn": &Published{Kind: "reply", ID: "MJ20210106-0042", Version: 2, Event: Withdraw, At: 1, Digest: digest},
		"published-old":       &Published{Kind: "statistic", ID: "2020-12/cases.accepted", Version: 7, Event: Publish, At: 1609862400, Digest: digest, Backfilled: true},
		"published-long":      &Published{Kind: strings.Repeat("k", 32), ID: strings.Repeat("9", 64), Version: 1, Event: Publish, At: 1609862400, Digest: digest},
		"received":            &Received{Commitment: digest},
		"received-old":        &Received{Commitment: digest, Backfilled: true},
		"hand-over":           h,
	}
}

const fixtures = "testdata/leaves.txt"

func readFixtures(t testing.TB) map[string][]byte {
	f, err := os.Open(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]byte{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, text, ok := strings.Cut(lines.Text(), " ")
		leaf, err := hex.DecodeString(text)
		if !ok || err != nil || out[name] != nil {
			t.Fatalf("%s: %q", fixtures, lines.Text())
		}
		out[name] = leaf
	}
	return out
}

func TestLeavesThatWereOnceWrittenStillDecode(t *testing.T) {
	there := readFixtures(t)
	for name, e := range said(t) {
		if there[name] == nil && *update {
			f, err := os.OpenFile(fixtures, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(f, "%s %x\n", name, encode(t, e))
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := Decode(there[name]); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if again := encode(t, e); !bytes.Equal(again, there[name]) {
			t.Errorf("%s is written anew as %x", name, again)
		}
	}
}

func entries() *rapid.Generator[Entry] {
	hash := rapid.Custom(func(t *rapid.T) Hash { return Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")) })
	return rapid.Custom(func(t *rapid.T) Entry {
		if rapid.Bool().Draw(t, "received") {
			return &Received{hash.Draw(t, "commitment"), rapid.Bool().Draw(t, "old")}
		}
		p := &Published{
			rapid.StringMatching(`[a-z][a-z0-9-]{0,31}`).Draw(t, "kind"), rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}`).Draw(t, "id"),
			rapid.Uint32Min(1).Draw(t, "version"), Publish, rapid.Int64Range(1, maxTime).Draw(t, "at"), hash.Draw(t, "digest"), rapid.Bool().Draw(t, "old"),
		}
		if p.Version > 1 {
			p.Event = rapid.SampledFrom([]Event{Publish, Change, Withdraw}).Draw(t, "event")
		}
		return p
	})
}

func TestAnEntryIsWhatItsLeafSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		leaf, err := Encode(e)
		if err != nil || len(leaf) > MaxLeaf {
			t.Fatal(len(leaf), err)
		}
		if got, err := Decode(leaf); err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v %v", got, err)
		}
		// One byte more, one less: no longer a leaf.
		for _, bad := range [][]byte{append(bytes.Clone(leaf), 0), leaf[:len(leaf)-1]} {
			if got, err := Decode(bad); err == nil {
				t.Fatalf("%x is %+v", bad, got)
			}
		}
	})
}

func TestAnUnknownVersionIsNamed(t *testing.T) {
	leaf := leafOf(t, 1)
	leaf[0] = 2
	_, err := Decode(leaf)
	var v UnknownVersion
	if !errors.As(err, &v) || v != 2 || !strings.Contains(err.Error(), "版本是 2") {
		t.Error(err)
	}
}

func TestWhatNoLeafMaySayIsRefused(t *testing.T) {
	good := func() *Published { return said(t)["published"].(*Published) }
	for name, bend := range map[string]func(*Published){
		"no kind": func(p *Published) { p.Kind = "" }, "Chinese kind": func(p *Published) { p.Kind = "问题" }, "long kind": func(p *Published) { p.Kind = strings.Repeat("a", 33) },
		"no id": func(p *Published) { p.ID = "" }, "id with a space": func(p *Published) { p.ID = "1 2" }, "id of two lines": func(p *Published) { p.ID = "1\n" }, "long id": func(p *Published) { p.ID = strings.Repeat("1", 65) },
		"version 0": func(p *Published) { p.Version = 0 }, "a first change": func(p *Published) { p.Event = Change }, "a first withdrawal": func(p *Published) { p.Event = Withdraw },
		"no event": func(p *Published) { p.Event = 0 }, "another event": func(p *Published) { p.Event, p.Version = 4, 2 },
		"no time": func(p *Published) { p.At = 0 }, "negative time": func(p *Published) { p.At = -1 }, "late time": func(p *Published) { p.At = maxTime + 1 },
	} {
		p := good()
		bend(p)
		if _, err := Encode(p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := Decode(p.append([]byte{1, kindPublished})); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, leaf := range map[string][]byte{"nothing": nil, "a version alone": {1}, "kind 0": {1, 0}, "kind 4": {1, 4}, "a bare received": {1, 2}, "flag 2": append([]byte{1, 2, 2}, make([]byte, 32)...)} {
		if got, err := Decode(leaf); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	h := encode(t, said(t)["hand-over"])
	for i := range h {
		bent := bytes.Clone(h)
		bent[i] ^= 1
		if got, err := Decode(bent); err == nil {
			t.Errorf("a hand-over with byte %d changed is %+v", i, got)
		}
	}
	if h, err := NewHandOver(signerOf("a", 1), signerOf("b", 2), 1); err == nil {
		t.Errorf("the log went from a to b: %+v", h)
	}
	if h, err := NewHandOver(signerOf("a", 1), signerOf("a", 1), 1); err == nil {
		t.Errorf("a key follows itself: %+v", h)
	}
}

// Nothing can be learnt from a received case's leaf: whatever came in, it is 35
// bytes of which 32 are a digest with 32 random bytes in it.
func TestAReceivedLeafTellsNothing(t *testing.T) {
	seen := map[string]bool{}
	for i, number := range []string{"MJ20210106-0001", "JB-7", strings.Repeat("9", 64), "MJ20210106-0001"} {
		o := Opening{NewSalt(), number, 1609862400, sha256.Sum256([]byte("同样的内容"))}
		leaf := encode(t, &Received{Commitment: o.Commitment()})
		if len(leaf) != 35 || !bytes.HasPrefix(leaf, []byte{1, 2, 0}) || bytes.Contains(leaf, []byte(number)) || seen[string(leaf)] {
			t.Errorf("case %d: %x", i, leaf)
		}
		seen[string(leaf)] = true
	}
}

// The commitment of docs/log.md, computed by sha256sum over bytes laid by hand.
func TestACommitmentIsWhatThePageSays(t *testing.T) {
	var o Opening
	for i := range o.Salt {
		o.Salt[i], o.Digest[i] = byte(i), byte(0xff-i)
	}
	o.Case, o.Received = "MJ20210106-0042", 1609862400
	if c := o.Commitment(); hex.EncodeToString(c[:]) != "f29045db748018891e1792533fcf5acb3030539d3190545a0f6e8e201a615844" {
		t.Errorf("%x", c[:])
	}
	// Parts do not run into each other, and each counts.
	for name, bend := range map[string]func(*Opening){
		"salt": func(o *Opening) { o.Salt[31]++ }, "case": func(o *Opening) { o.Case += "0" }, "time": func(o *Opening) { o.Received++ }, "content": func(o *Opening) { o.Digest[0]++ },
	} {
		other := o
		bend(&other)
		if other.Commitment() == o.Commitment() {
			t.Errorf("%s does not count", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, leaf := range readFixtures(f) {
		f.Add(leaf)
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := Decode(leaf)
		if err != nil {
			return
		}
		if again, err := Encode(e); err != nil || !bytes.Equal(again, leaf) {
			t.Errorf("%x is written %x, %v", leaf, again, err)
		}
	})
}
