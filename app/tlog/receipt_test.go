package tlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mingjing/app/fault"
)

// receiptOf is the receipt of a case in a log of so many other leaves.
func receiptOf(t testing.TB, before, after int) (Receipt, *stock) {
	o := Opening{Case: "MJ20210106-0042", Received: 1609862400, Digest: sha256.Sum256([]byte("关于旁听席位的意见"))}
	for i := range o.Salt {
		o.Salt[i] = byte(i)
	}
	leaf := encode(t, &Received{Commitment: o.Commitment()})
	s := newStock(t)
	s.add(t, leavesOf(t, 0, before)...)
	s.add(t, append([][]byte{leaf}, leavesOf(t, before, before+after)...)...)
	proof, err := Inclusion(s.head.Size, int64(before), s)
	if err != nil {
		t.Fatal(err)
	}
	return Receipt{o, leaf, int64(before), proof, s.shelf[CheckpointPath], s.key()}, s
}

func TestAReceiptHoldsWithoutTheLog(t *testing.T) {
	for _, size := range []int{1, 2, 3, 300} {
		r, s := receiptOf(t, size/2, size-size/2-1)
		got, err := ParseReceipt(r.JSON())
		if err != nil || !reflect.DeepEqual(got, r) && size > 1 {
			t.Fatalf("%+v %v", got, err)
		}
		if c, err := got.Verify(s.key()); err != nil || c.Head != s.head {
			t.Errorf("%d: %+v %v", size, c, err)
		}
	}
	// White space is nobody's fault.
	r, s := receiptOf(t, 3, 3)
	var compact bytes.Buffer
	if err := json.Compact(&compact, r.JSON()); err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{compact.Bytes(), append([]byte("\ufeff"), r.JSON()...), bytes.ReplaceAll(r.JSON(), []byte("\n"), []byte("\r\n"))} {
		if got, err := ParseReceipt(file); err != nil {
			t.Error(err)
		} else if _, err := got.Verify(signerOf("other.example", 1).Key(), s.key()); err != nil {
			t.Error(err)
		}
	}
	// It fits a QR code (2,953 bytes) even in a log of a million leaves.
	r.Proof = make([]Hash, 20)
	compact.Reset()
	if err := json.Compact(&compact, r.JSON()); err != nil || compact.Len() > 2500 {
		t.Error(compact.Len(), err)
	}
}

func TestWhatIsWrongWithAReceiptIsSaid(t *testing.T) {
	r, s := receiptOf(t, 5, 7)
	other := signerOf("example.gov.cn/log", 9)
	forged, err := SignCheckpoint(Empty, s.head, nil, other)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		bend func(*Receipt)
		says string
	}{
		"case":                 {func(r *Receipt) { r.Case = "MJ20210106-0043" }, "这份回执被改动过：编号 MJ20210106-0043"},
		"time":                 {func(r *Receipt) { r.Received += 86400 }, "2021年1月7日"},
		"salt":                 {func(r *Receipt) { r.Salt[0]++ }, "这份回执被改动过：编号"},
		"content":              {func(r *Receipt) { r.Digest[0]++ }, "这份回执被改动过：编号"},
		"leaf":                 {func(r *Receipt) { r.Leaf = leafOf(t, 1) }, "这份回执被改动过：编号"},
		"another version":      {func(r *Receipt) { r.Leaf = append([]byte{9}, r.Leaf[1:]...) }, "版本是 9"},
		"index":                {func(r *Receipt) { r.Index++ }, "证明不了序号 6 的记录"},
		"negative index":       {func(r *Receipt) { r.Index = -1 }, "证明不了序号 -1 的记录"},
		"index beyond":         {func(r *Receipt) { r.Index = 13 }, "证明不了序号 13 的记录"},
		"proof":                {func(r *Receipt) { r.Proof[1][3]++ }, "证明不了序号 5 的记录"},
		"short proof":          {func(r *Receipt) { r.Proof = r.Proof[1:] }, "证明不了序号 5 的记录"},
		"checkpoint":           {func(r *Receipt) { r.Checkpoint = bytes.Replace(r.Checkpoint, []byte("\n13\n"), []byte("\n14\n"), 1) }, "签名不对"},
		"another's signing":    {func(r *Receipt) { r.Checkpoint = forged }, "没有可信的签名"},
		"another's altogether": {func(r *Receipt) { r.Checkpoint, r.Key = forged, other.Key() }, "另一把钥匙"},
		"no checkpoint":        {func(r *Receipt) { r.Checkpoint = nil }, "检查点的格式不对"},
		"no case":              {func(r *Receipt) { r.Case = "" }, "编号不对"},
		"case of two lines":    {func(r *Receipt) { r.Case = "a\nb" }, "编号不对"},
		"time before time":     {func(r *Receipt) { r.Received = -1 }, "时间 -1 不对"},
	} {
		bent := r
		bent.Proof = append([]Hash(nil), r.Proof...)
		x.bend(&bent)
		if c, err := bent.Verify(s.key()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), x.says) || c.Size != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Verify(); err == nil {
		t.Error("a receipt holds without any trusted key")
	}
}

func TestAReceiptsFileIsReadStrictly(t *testing.T) {
	r, _ := receiptOf(t, 2, 2)
	good := string(r.JSON())
	for name, x := range map[string][2]string{
		"another field":  {`"version": 1,`, `"version": 1, "note": "x",`},
		"a field twice":  {`"version": 1,`, `"version": 1, "version": 1,`},
		"another case":   {`"salt"`, `"Salt"`},
		"another order":  {`"index": 2,`, ``},
		"loose base64":   {`4eA=`, `4eB=`},
		"escaped":        {`MJ20210106-0042`, `MJ20210106\u002d0042`},
		"no proof":       {`"proof": [`, `"proof": null, "x": [`},
		"float":          {`"index": 2,`, `"index": 2.0,`},
		"string":         {`"index": 2,`, `"index": "2",`},
		"another origin": {`"origin": "example.gov.cn/log"`, `"origin": "other.gov.cn/log"`},
		"another key":    {`log+`, `log-`},
		"later version":  {`"version": 1`, `"version": 2`},
		"no version":     {`"version": 1,`, ``},
		"two files":      {"}\n", "}{}"},
		"cut":            {"}\n", ""},
		"leaf missing":   {`"leaf": "`, `"leaf": null, "l": "`},
	} {
		if !strings.Contains(good, x[0]) && name != "loose base64" {
			t.Fatalf("%s: %s is not there", name, x[0])
		}
		bent := strings.Replace(good, x[0], x[1], 1)
		if bent == good {
			continue
		}
		if got, err := ParseReceipt([]byte(bent)); !fault.Is(err, fault.Invalid) || name == "later version" && !strings.Contains(err.Error(), "版本是 2") {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for _, file := range []string{"", "{}", "null", "[]", "1", strings.Repeat(" ", maxFile+1)} {
		if got, err := ParseReceipt([]byte(file)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %+v %v", file[:min(9, len(file))], got, err)
		}
	}
}

// Whatever character of a receipt changes, it no longer holds.
func TestNoByteOfAReceiptCanChange(t *testing.T) {
	r, s := receiptOf(t, 2, 3)
	var compact bytes.Buffer
	if err := json.Compact(&compact, r.JSON()); err != nil {
		t.Fatal(err)
	}
	for i := range compact.Len() {
		for _, by := range []byte{1, 2, 16, 32, 128} {
			bent := bytes.Clone(compact.Bytes())
			bent[i] ^= by
			got, err := ParseReceipt(bent)
			if err == nil {
				_, err = got.Verify(s.key())
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("byte %d (%q): %v", i, compact.Bytes()[max(0, i-10):i+1], err)
			}
		}
	}
}

func TestAPromiseHoldsAsItWasSignedAlone(t *testing.T) {
	s := signerOf("example.gov.cn/log", 1)
	rapid.Check(t, func(t *rapid.T) {
		p := Promise{Opening: Opening{NewSalt(), rapid.StringMatching(`[A-Z]{2}[0-9]{8}-[0-9]{4}`).Draw(t, "case"), rapid.Int64Range(1, maxTime).Draw(t, "received"), NewSalt()}, At: rapid.Int64Range(1, maxTime).Draw(t, "at")}
		leaf, err := Encode(&Received{Commitment: p.Commitment(), Backfilled: rapid.Bool().Draw(t, "old")})
		if err != nil {
			t.Fatal(err)
		}
		p.Leaf = leaf
		signed, err := SignPromise(p, s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenPromise(signed, s.Key()); err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("%+v %v", got, err)
		}
		// It is no checkpoint, and a checkpoint no promise.
		if c, err := OpenCheckpoint(signed, []Key{s.Key()}); err == nil {
			t.Fatalf("%+v", c)
		}
		bent := bytes.Clone(signed)
		bent[rapid.IntRange(0, len(bent)-1).Draw(t, "byte")] ^= rapid.ByteRange(1, 255).Draw(t, "by")
		if got, err := OpenPromise(bent, s.Key()); !fault.Is(err, fault.Invalid) {
			t.Fatalf("%+v %v", got, err)
		}
	})
	checkpoint, err := SignCheckpoint(Empty, Empty, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewHandOver(s, signerOf("example.gov.cn/log", 2), 1767225600)
	if err != nil {
		t.Fatal(err)
	}
	handOver, err := sign(h.text(), s)
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string][]byte{"a checkpoint": checkpoint, "a hand-over": handOver, "nothing": nil} {
		if p, err := OpenPromise(signed, s.Key()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s is the promise %+v, %v", name, p, err)
		}
	}
	if c, err := OpenCheckpoint(handOver, []Key{s.Key()}); err == nil {
		t.Errorf("a hand-over is the checkpoint %+v", c)
	}
}

// The log promises nothing that its leaf does not say, even when asked to.
func TestNoPromiseIsSignedForAnotherLeaf(t *testing.T) {
	s := signerOf("example.gov.cn/log", 1)
	r, _ := receiptOf(t, 0, 0)
	good := Promise{r.Opening, r.Leaf, 1609862401}
	if _, err := SignPromise(good, s); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*Promise){
		"salt": func(p *Promise) { p.Salt[0]++ }, "case": func(p *Promise) { p.Case += "\nsalt" }, "leaf": func(p *Promise) { p.Leaf = leafOf(t, 1) }, "no leaf": func(p *Promise) { p.Leaf = nil }, "time": func(p *Promise) { p.At = 0 },
	} {
		p := good
		bend(&p)
		if signed, err := SignPromise(p, s); err == nil {
			t.Errorf("%s: %s", name, signed)
		}
		// Nor is it believed if a key signed it all the same.
		signed, err := sign(p.text(s.key.Name), s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenPromise(signed, s.Key()); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	elsewhere, err := sign(good.text("other.example"), s)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := OpenPromise(elsewhere, s.Key()); err == nil {
		t.Errorf("a promise of another log: %+v", p)
	}
}

// Receipts and promises that were once handed out hold for ever.
func TestReceiptsThatWereHandedOutStillHold(t *testing.T) {
	r, s := receiptOf(t, 20, 30)
	promise, err := SignPromise(Promise{r.Opening, r.Leaf, r.Received}, s.signers[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"testdata/receipt.json": r.JSON(), "testdata/promise.txt": promise} {
		if _, err := os.Stat(name); err != nil && *update {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(old, data) {
			t.Errorf("%s is written anew as\n%s", name, data)
		}
		if name == "testdata/promise.txt" {
			if p, err := OpenPromise(old, s.key()); err != nil || p.Opening != r.Opening {
				t.Errorf("%+v %v", p, err)
			}
		} else if got, err := ParseReceipt(old); err != nil {
			t.Error(err)
		} else if _, err := got.Verify(s.key()); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	r, s := receiptOf(f, 1, 1)
	f.Add(r.JSON())
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := ParseReceipt(file)
		if err != nil {
			return
		}
		if again, err := ParseReceipt(got.JSON()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%+v %v", again, err)
		}
		if _, err := got.Verify(s.key()); err == nil && !reflect.DeepEqual(got, r) {
			t.Errorf("forged: %s", file)
		}
	})
}

func FuzzOpenPromise(f *testing.F) {
	r, s := receiptOf(f, 0, 0)
	p := Promise{r.Opening, r.Leaf, r.Received}
	signed, err := SignPromise(p, s.signers[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Fuzz(func(t *testing.T, signed []byte) {
		if got, err := OpenPromise(signed, s.key()); err == nil && !reflect.DeepEqual(got, p) {
			t.Errorf("forged: %q", signed)
		}
	})
}
