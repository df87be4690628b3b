package tlog

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Opening is what a commitment hides and a receipt shows.
type Opening struct {
	Salt     Hash   // 32 random bytes, of this case alone
	Case     string // the case's number
	Received int64  // Unix seconds
	Digest   Hash   // SHA-256 of the content, which must not depend on the code its sender returns with
}

// NewSalt draws a salt.
func NewSalt() (salt Hash) {
	rand.Read(salt[:]) // never fails
	return salt
}

// Commitment is all that the log ever learns of a case.
func (o Opening) Commitment() Hash {
	at := binary.BigEndian.AppendUint64(nil, uint64(o.Received))
	var b []byte
	for _, part := range [][]byte{[]byte("mingjing/received/v1"), o.Salt[:], []byte(o.Case), at, o.Digest[:]} {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(part))), part...)
	}
	return sha256.Sum256(b)
}

// opens verifies that a leaf is the commitment to this.
func (o Opening) opens(leaf []byte, what string) error {
	if o.Case == "" || len(o.Case) > 64 || !utf8.ValidString(o.Case) || strings.ContainsFunc(o.Case, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return wrong("这份%s里的编号不对。", what)
	}
	if err := checkTime(o.Received); err != nil {
		return err
	}
	e, err := Decode(leaf)
	if err != nil {
		return err
	}
	if x, ok := e.(*Received); !ok || x.Commitment != o.Commitment() {
		return wrong("这份%s被改动过：编号 %s、收到时间 %s、内容摘要或盐与日志里的承诺不符。", what, o.Case, day(o.Received))
	}
	return nil
}

// Promise is what a sender holds before the next checkpoint: the log's word that
// a leaf will be in it.
type Promise struct {
	Opening
	Leaf []byte
	At   int64 // when it was promised, in Unix seconds
}

// A promise's lines have names, so that none is taken for a checkpoint's.
const promiseFirst = "mingjing/promise/v1"

func (p Promise) text(origin string) string {
	return fmt.Sprintf("%s\norigin %s\nleaf %s\nsalt %s\ncase %s\nreceived %d\ndigest %s\npromised %d\n", promiseFirst, origin,
		base64.StdEncoding.EncodeToString(p.Leaf), p.Salt, p.Case, p.Received, p.Digest, p.At)
}

// SignPromise signs a promise as a note.
func SignPromise(p Promise, s *Signer) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return sign(p.text(s.key.Name), s)
}

func (p Promise) check() error {
	if err := p.opens(p.Leaf, "凭据"); err != nil {
		return err
	}
	return checkTime(p.At)
}

// OpenPromise reads a promise that one of the trusted keys signed.
func OpenPromise(signed []byte, trusted ...Key) (Promise, error) {
	n, err := openNote(signed, "凭据", trusted)
	if err != nil {
		return Promise{}, err
	}
	line := strings.Split(n.Text, "\n")
	if len(line) != 9 || line[0] != promiseFirst {
		return Promise{}, wrong("这不是一份受理凭据。")
	}
	value := func(i int) string { _, v, _ := strings.Cut(line[i], " "); return v }
	var p Promise
	var errs [5]error
	p.Leaf, errs[0] = base64.StdEncoding.DecodeString(value(2))
	errs[1] = p.Salt.UnmarshalJSON([]byte(`"` + value(3) + `"`))
	p.Case = value(4)
	p.Received, errs[2] = strconv.ParseInt(value(5), 10, 64)
	errs[3] = p.Digest.UnmarshalJSON([]byte(`"` + value(6) + `"`))
	p.At, errs[4] = strconv.ParseInt(value(7), 10, 64)
	// Whatever was read loosely is not written like that.
	if errs != [5]error{} || p.text(value(1)) != n.Text {
		return Promise{}, wrong("这份凭据的内容写得不对。")
	}
	if !signedBy(n, value(1), trusted) {
		return Promise{}, noTrustedKey("凭据")
	}
	return p, p.check()
}

// Receipt proves to anyone who trusts the key that the log has a case's leaf.
type Receipt struct {
	Opening
	Leaf       []byte
	Index      int64
	Proof      []Hash // of inclusion, in the checkpoint's tree
	Checkpoint []byte // as signed
	Key        Key    // that signed it
}

const receiptVersion = 1

// receiptFile is a receipt as JSON, its fields in the order they are written.
type receiptFile struct {
	Version    int    `json:"version"`
	Origin     string `json:"origin"`
	Key        Key    `json:"key"`
	Leaf       []byte `json:"leaf"`
	Salt       Hash   `json:"salt"`
	Case       string `json:"case"`
	Received   int64  `json:"received"`
	Digest     Hash   `json:"digest"`
	Index      int64  `json:"index"`
	Proof      []Hash `json:"proof"`
	Checkpoint string `json:"checkpoint"`
}

// JSON is the receipt as a file.
func (r Receipt) JSON() []byte {
	proof := r.Proof
	if proof == nil {
		proof = []Hash{}
	}
	return writeJSON(receiptFile{receiptVersion, r.Key.Name, r.Key, r.Leaf, r.Salt, r.Case, r.Received, r.Digest, r.Index, proof, string(r.Checkpoint)})
}

// ParseReceipt reads a receipt's file. Only its white space may have changed. It
// says nothing about whether the receipt is true: Verify does.
func ParseReceipt(file []byte) (Receipt, error) {
	var f receiptFile
	if err := readJSON(file, &f, func() int { return f.Version }, receiptVersion, "回执"); err != nil {
		return Receipt{}, err
	}
	if f.Origin != f.Key.Name || f.Leaf == nil || f.Proof == nil {
		return Receipt{}, wrong("这份回执被改动过：日志名称、公钥或证明不对。")
	}
	return Receipt{Opening{f.Salt, f.Case, f.Received, f.Digest}, f.Leaf, f.Index, f.Proof, []byte(f.Checkpoint), f.Key}, nil
}

// Verify verifies everything in a receipt without the log, trusting only keys that
// its holder has from elsewhere.
func (r Receipt) Verify(trusted ...Key) (Checkpoint, error) {
	ours := false
	for _, k := range trusted {
		ours = ours || k == r.Key
	}
	if !ours {
		return Checkpoint{}, wrong("这份回执是用另一把钥匙签的：回执上的公钥是 %s。请核对门户公布的公钥；换过钥匙的，要联网才核对得了。", r.Key)
	}
	c, err := OpenCheckpoint(r.Checkpoint, []Key{r.Key})
	if err != nil {
		return Checkpoint{}, wrong("这份回执不成立：%v", err)
	}
	if err := r.opens(r.Leaf, "回执"); err != nil {
		return Checkpoint{}, err
	}
	if err := CheckInclusion(c.Head, r.Index, LeafHash(r.Leaf), r.Proof); err != nil {
		return Checkpoint{}, wrong("这份回执被改动过：证明不了序号 %d 的记录在有 %d 条记录的日志里。", r.Index, c.Size)
	}
	return c, nil
}

func writeJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic("tlog: " + err.Error()) // only for types that have no JSON
	}
	return b.Bytes()
}

// maxFile is how long a receipt or state may be.
const maxFile = 256 << 10

// readJSON reads a file of ours. What writeJSON would not have written is refused,
// white space apart: fields twice, in another order or case, loose base64.
func readJSON(file []byte, v any, version func() int, known int, what string) error {
	if len(file) > maxFile {
		return wrong("这不是一份%s：文件太大。", what)
	}
	var given, ours bytes.Buffer
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if err := json.Compact(&given, file); err != nil {
		return wrong("这份%s不完整，或者不是原来的文件。", what)
	}
	err := json.Unmarshal(file, v)
	if n := version(); n != known && n != 0 {
		return wrong("这份%s的版本是 %d，这个程序只认识版本 %d：请换用新版的程序。", what, n, known)
	}
	if err != nil || version() == 0 {
		return wrong("这份%s被改动过：有一项内容写得不对。", what)
	}
	if err := json.Compact(&ours, writeJSON(v)); err != nil || !bytes.Equal(given.Bytes(), ours.Bytes()) {
		return wrong("这份%s被改动过：请使用当初下载的原文件。", what)
	}
	return nil
}
