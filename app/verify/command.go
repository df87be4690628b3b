package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mingjing/app/fault"
	"mingjing/app/tlog"
)

// LogCommand checks a site's log and all that it publishes.
type LogCommand struct {
	Key     string   `help:"The log's key, as the court publishes it; without it the key of the state file, or else the site's own is believed." placeholder:"KEY"`
	State   string   `help:"File that keeps how far it was checked, so that the next run reads only what is new." placeholder:"FILE" type:"path"`
	Whole   bool     `help:"Read everything again."`
	Witness []string `help:"Key of a witness: what it signed must be in the log; may be given several times." placeholder:"KEY"`
}

// CouldNot is a check that was not finished: it says nothing about the log.
type CouldNot struct{ error }

func (c CouldNot) Unwrap() error { return c.error }

// ExitCode tells it from a log that is wrong.
func (CouldNot) ExitCode() int { return 2 }

// Run checks, and tells people what it did.
func (o LogCommand) Run(ctx context.Context, site string, say io.Writer) error {
	s := Site{URL: site, Whole: o.Whole, Client: &http.Client{Timeout: time.Minute}}
	for _, text := range o.Witness {
		w, err := tlog.ParseWitness(text)
		if err != nil {
			return CouldNot{err}
		}
		s.Witnesses = append(s.Witnesses, w)
	}
	from, err := o.begin(ctx, s, say)
	if err != nil {
		return CouldNot{err}
	}
	if from.Log.Size > 0 {
		fmt.Fprintf(say, "从以前核对过的 %d 条接着核对。\n", from.Log.Size)
	}
	got, err := s.Check(ctx, from)
	if errors.As(err, new(tlog.Defects)) {
		return err
	}
	if err != nil {
		return CouldNot{fmt.Errorf("没有核对完，不能说明日志有没有问题：%w", err)}
	}
	fmt.Fprintf(say, "核对通过：%s\n", got.Checkpoint.Origin)
	fmt.Fprintf(say, "日志共 %d 条，这次读了 %d 条；%d 份公开过的原文与摘要相符；网站现在公布的 %d 项都与日志的最后一版相同。\n树根：%s\n公钥：%s\n",
		got.Checkpoint.Size, got.New, got.Texts, got.Shown, got.Checkpoint.Root, got.State.Log.Key())
	if got.Gone > 0 {
		fmt.Fprintf(say, "另有 %d 份公开过的原文已依决定撤除，只留摘要；撤除说明都在日志里，与摘要相符。\n", got.Gone)
	}
	for _, n := range got.Expunged {
		fmt.Fprintf(say, "撤除了%s第 %d 版的原文。理由：%s 决定：%s（%s，日志第 %d 条）\n", printed(n.Subject()), n.Version, printed(n.Why), printed(n.Decision), printed(n.On), n.At)
	}
	for _, c := range got.Witnessed.Cosignatures {
		fmt.Fprintf(say, "见证人 %s 看到第 %d 条，在 %s 签了名；日志是从那里延续下来的。\n", c.Witness.Name, got.Witnessed.Size, moment(c.At))
	}
	if len(s.Witnesses) > 0 && len(got.Witnessed.Cosignatures) == 0 {
		fmt.Fprintln(say, "注意：给出的见证人没有签过名。")
	}
	if o.State == "" {
		return nil
	}
	raw, err := got.State.JSON()
	if err == nil {
		err = replace(o.State, raw)
	}
	if err != nil {
		return CouldNot{err}
	}
	return nil
}

// begin is the state that is known: from the file, from the key, or on trust.
func (o LogCommand) begin(ctx context.Context, s Site, say io.Writer) (State, error) {
	if o.State != "" {
		raw, err := os.ReadFile(o.State)
		if err == nil {
			from, err := ParseState(raw)
			if err == nil && o.Key != "" && !strings.Contains(string(raw), o.Key) {
				err = fault.New(fault.Invalid, "核对记录里的公钥与 --key 给的不同。")
			}
			return from, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return State{}, err
		}
	}
	key, err := s.key(ctx, o.Key, say)
	return Begin(key), err
}

// key is the one that was given, or the site's own, with a warning.
func (s Site) key(ctx context.Context, given string, say io.Writer) (tlog.Key, error) {
	if given != "" {
		return tlog.ParseKey(strings.TrimSpace(given))
	}
	raw, err := (&check{Site: s}).get(ctx, "/log/key")
	if err != nil {
		return tlog.Key{}, err
	}
	key, err := tlog.ParseKey(strings.TrimSpace(string(raw)))
	if err == nil {
		fmt.Fprintf(say, "注意：公钥取自网站自己，请和法院另外公布的（海报、通告）核对：\n%s\n", key)
	}
	return key, err
}

// chain are the keys that a log had, as far as its hand-overs join them with one that
// is trusted.
type chain struct {
	keys []tlog.Key
	list []handOver
}

type handOver struct {
	Index int64  `json:"index"`
	Leaf  []byte `json:"leaf"`
}

func (s Site) chain(ctx context.Context, key tlog.Key) (c chain, err error) {
	c.keys = []tlog.Key{key}
	if s.URL == "" {
		return c, nil
	}
	var said struct {
		HandOvers []handOver `json:"hand_overs"`
	}
	err = (&check{Site: s}).getJSON(ctx, "/log/keys", &said)
	if errors.Is(err, errNotThere) { // an older portal: its key never changed
		return c, nil
	}
	c.list = said.HandOvers
	var leaves [][]byte
	for _, h := range c.list {
		leaves = append(leaves, h.Leaf)
	}
	c.keys = tlog.Related(leaves, key)
	return c, err
}

// until are the keys from one on that the first entries of the log hand it to. A site
// that lies about the places only fails the check that follows.
func (c chain) until(key tlog.Key, size int64) []tlog.Key {
	keys := []tlog.Key{key}
	for _, h := range c.list {
		e, err := tlog.Decode(h.Leaf)
		if x, ok := e.(*tlog.HandOver); err == nil && ok && h.Index < size && x.Old == keys[len(keys)-1] {
			keys = append(keys, x.New)
		}
	}
	return keys
}

// replace writes a file so that a crash leaves the old one or the new one.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".state-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// ReceiptCommand checks a receipt or a promise.
type ReceiptCommand struct {
	File string `arg:"" help:"The receipt's file, or the promise's." type:"existingfile"`
	URL  string `help:"The site: the receipt is also compared with the live log." placeholder:"SITE"`
	Key  string `help:"The log's key, as the court publishes it." placeholder:"KEY"`
}

// Run checks, and tells people what it found.
func (o ReceiptCommand) Run(ctx context.Context, say io.Writer) error {
	raw, err := os.ReadFile(o.File)
	if err != nil {
		return CouldNot{err}
	}
	s := Site{URL: o.URL, Client: &http.Client{Timeout: time.Minute}}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "mingjing/promise/") {
		return o.promise(ctx, s, raw, say)
	}
	r, err := tlog.ParseReceipt(raw)
	if err != nil {
		return err
	}
	key := r.Key
	if o.Key != "" || o.URL != "" {
		if key, err = s.key(ctx, o.Key, say); err != nil {
			return CouldNot{err}
		}
	} else {
		fmt.Fprintf(say, "注意：公钥取自回执自己，请和法院公布的核对：\n%s\n", key)
	}
	chain, err := s.chain(ctx, key)
	if err != nil {
		return CouldNot{err}
	}
	c, err := r.Verify(chain.keys...)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "回执成立：编号 %s 的来件，%s收到，是日志的第 %d 条（从 0 数起）；检查点共 %d 条。\n", r.Case, moment(r.Received), r.Index, c.Size)
	if o.URL == "" {
		fmt.Fprintln(say, "没有联网核对。加上 --url 网址，可以核对现在的日志里是否还有它。")
		return nil
	}
	// That the live log goes on from the receipt's checkpoint shows that it still has the leaf.
	v := tlog.Verifier{Log: tlog.HTTP{URL: strings.TrimRight(o.URL, "/") + "/log", Client: s.Client}}
	_, now, err := v.Check(ctx, tlog.State{Head: c.Head, Keys: chain.until(r.Key, c.Size)})
	if errors.As(err, new(tlog.Defects)) {
		return err
	}
	if err != nil {
		return CouldNot{fmt.Errorf("没有核对完：%w", err)}
	}
	if err := served(ctx, v.Log, r, now.Size); err != nil {
		return err
	}
	fmt.Fprintf(say, "现在的日志共 %d 条，是从这份回执的检查点延续下来的，这一条还在里面。\n", now.Size)
	return nil
}

// served verifies that a log of this size serves the receipt's leaf at its place.
func served(ctx context.Context, log tlog.Fetcher, r tlog.Receipt, size int64) error {
	t := tlog.Tile{Level: tlog.Entries, N: r.Index / tlog.TileWidth}
	t.Width = int(min(size-t.N*tlog.TileWidth, tlog.TileWidth))
	data, err := log.Fetch(ctx, t.Path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return CouldNot{fmt.Errorf("没有核对完：%w", err)}
	}
	leaves, bad := tlog.ParseBundle(data, t.Width)
	if err != nil || bad != nil || !bytes.Equal(leaves[r.Index%tlog.TileWidth], r.Leaf) {
		return tlog.Defects{{Path: t.Path(), First: r.Index, Last: r.Index, What: "日志在这个位置提供的不是回执里的记录，被改动过。"}}
	}
	return nil
}

func (o ReceiptCommand) promise(ctx context.Context, s Site, raw []byte, say io.Writer) error {
	if o.Key == "" && o.URL == "" {
		return CouldNot{fault.New(fault.Invalid, "这是受理凭据，里面没有公钥：请用 --key 给出法院公布的公钥，或者用 --url 给出网址。")}
	}
	key, err := s.key(ctx, o.Key, say)
	if err != nil {
		return CouldNot{err}
	}
	chain, err := s.chain(ctx, key)
	if err != nil {
		return CouldNot{err}
	}
	p, err := tlog.OpenPromise(raw, chain.keys...)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "凭据成立：法院签名承认编号 %s 的来件，%s收到。\n", p.Case, moment(p.Received))
	if o.URL == "" {
		return nil
	}
	found := int64(-1)
	v := tlog.Verifier{Log: tlog.HTTP{URL: strings.TrimRight(o.URL, "/") + "/log", Client: s.Client}, Each: func(index int64, e tlog.Entry) error {
		if x, ok := e.(*tlog.Received); ok && x.Commitment == p.Commitment() {
			found = index
		}
		return nil
	}}
	_, now, err := v.Check(ctx, tlog.Begin(key))
	if errors.As(err, new(tlog.Defects)) {
		return err
	}
	if err != nil {
		return CouldNot{fmt.Errorf("没有核对完：%w", err)}
	}
	if found < 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("现在的日志共 %d 条，里面没有这件来件。刚刚提交的，过几秒钟再核对；还是没有的，请保存好凭据，向法院或者上级机关反映。", now.Size))
	}
	fmt.Fprintf(say, "现在的日志共 %d 条，它是第 %d 条（从 0 数起）。\n", now.Size, found)
	return nil
}
