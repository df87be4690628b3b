// Package verify checks from outside that what a portal publishes is what its public
// log says: every tile and entry of the log, the text of every version, and that what
// the site shows now equals the log's last word on each thing, in the texts that it
// offers for checking, in its open data and on the pages of its replies.
//
// It trusts the log's key, tlog, and nothing that it fetches. It must never need the
// portal's program or database, and never call something good that it did not look at.
package verify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"mingjing/app/tlog"
)

// Site is a portal as it is seen from outside.
type Site struct {
	URL       string // such as https://example.gov.cn
	Client    *http.Client
	Witnesses []tlog.Witness
	Whole     bool // everything is read again, not only what is new
	// Pause waits for the next checkpoint before a difference is called one; two seconds if nil.
	Pause func(ctx context.Context) error
}

// Word is the log's last word on something that is or was published.
type Word struct {
	Kind    string
	ID      string
	Version uint32
	Event   tlog.Event
	At      int64 // Unix seconds
	Digest  tlog.Hash
	Index   int64 // in the log
}

func (w Word) name() [2]string { return [2]string{w.Kind, w.ID} }

// Result is what was found good.
type Result struct {
	State      State
	Checkpoint tlog.Checkpoint
	Witnessed  tlog.Checkpoint // the newest that known witnesses signed; empty without one
	New        int64           // entries that were read
	Texts      int             // texts whose digest is right
	Shown      int             // things that the site shows, as the log has them
	Gone       int             // texts that were taken away by decision, in all
	Expunged   []Notice        // of them, those whose notice is new
}

// check is one run.
type check struct {
	Site
	words   map[[2]string]Word
	texts   map[[2]string]string // the last words' texts, as the site shows them
	fresh   []Word
	missing []Word           // versions whose text the site does not serve
	notices map[int64]Notice // by the place of what they took away
	wrong   tlog.Defects
	result  Result
}

// Check verifies everything. The error is tlog.Defects if something is wrong, and
// something else if it could not be looked at.
func (s Site) Check(ctx context.Context, from State) (Result, error) {
	c := &check{Site: s, words: map[[2]string]Word{}, notices: map[int64]Notice{}}
	if !s.Whole {
		for _, w := range from.Words {
			c.words[w.name()] = w
		}
	}
	c.result.State.Log = from.Log
	witnessed, err := c.witnessed(ctx)
	if err != nil {
		return c.result, err
	}
	if err := c.follow(ctx, s.Whole); err != nil {
		return c.result, err
	}
	if err := c.compareWitnessed(ctx, witnessed); err != nil {
		return c.result, err
	}
	if err := c.readTexts(ctx, c.fresh); err != nil {
		return c.result, err
	}
	for try := 1; ; try++ {
		differs, err := c.compareShown(ctx)
		if err != nil {
			return c.result, err
		}
		differs = append(c.unexcused(), differs...)
		if len(differs) == 0 {
			break
		}
		if try == 3 {
			c.wrong = append(c.wrong, differs...)
			break
		}
		// What was changed seconds ago is shown before a checkpoint covers it.
		if err := c.pause(ctx); err != nil {
			return c.result, err
		}
		c.fresh = nil
		if err := c.follow(ctx, false); err != nil {
			return c.result, err
		}
		if err := c.readTexts(ctx, c.fresh); err != nil {
			return c.result, err
		}
	}
	c.count()
	if len(c.wrong) == 0 {
		if err := errors.Join(c.compareLedgers(ctx), c.compareReplies(ctx)); err != nil {
			return c.result, err
		}
	}
	c.result.State.Words = slices.SortedFunc(maps.Values(c.words), func(a, b Word) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	if len(c.wrong) > 0 {
		return c.result, c.wrong
	}
	return c.result, nil
}

// witnessed fetches the newest checkpoint that witnesses signed, before the newest of
// all, which must go on from it.
func (c *check) witnessed(ctx context.Context) ([]byte, error) {
	if len(c.Witnesses) == 0 {
		return nil, nil
	}
	note, err := c.get(ctx, "/log/witnessed")
	if errors.Is(err, errNotThere) {
		return nil, nil
	}
	return note, err
}

func (c *check) compareWitnessed(ctx context.Context, note []byte) error {
	if note == nil {
		return nil
	}
	seen, err := tlog.OpenCheckpoint(note, c.result.State.Log.Keys, c.Witnesses...)
	if err != nil {
		c.blame("/log/witnessed", -1, "%v", err)
		return nil
	}
	if len(seen.Cosignatures) == 0 { // by witnesses that are not asked about
		return nil
	}
	c.result.Witnessed = seen
	return tlog.Extended(ctx, tlog.HTTP{URL: c.url("/log"), Client: c.Client}, seen.Head, c.result.Checkpoint.Head)
}

func (c *check) pause(ctx context.Context) error {
	if c.Pause != nil {
		return c.Pause(ctx)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
		return nil
	}
}

// blame notes something that is wrong.
func (c *check) blame(path string, index int64, format string, args ...any) {
	c.wrong = append(c.wrong, tlog.Defect{Path: path, First: index, Last: index, What: fmt.Sprintf(format, args...)})
}

func (c *check) verifier(whole bool) *tlog.Verifier {
	return &tlog.Verifier{Log: tlog.HTTP{URL: c.url("/log"), Client: c.Client}, Witnesses: c.Witnesses, Whole: whole, Each: func(index int64, e tlog.Entry) error {
		c.result.New++
		if p, ok := e.(*tlog.Published); ok {
			c.take(index, p)
		}
		return nil
	}}
}

// follow reads what is new in the log.
func (c *check) follow(ctx context.Context, whole bool) error {
	to, checkpoint, err := c.verifier(whole).Check(ctx, c.result.State.Log)
	if err != nil {
		return err
	}
	c.result.State.Log, c.result.Checkpoint = to, checkpoint
	return nil
}

// take takes an entry for the subject's last word, if it can follow the one before.
func (c *check) take(index int64, p *tlog.Published) {
	w := Word{p.Kind, p.ID, p.Version, p.Event, p.At, p.Digest, index}
	was, known := c.words[w.name()]
	at := textPath(w)
	switch {
	case p.Version != was.Version+1:
		c.blame(at, index, "%s 的版本是 %d，前一个版本是 %d，中间少了或者重复了。", what(w, ""), p.Version, was.Version)
	case known && p.At < was.At:
		c.blame(at, index, "%s 的时间是 %s，早于前一个版本的 %s，时间被倒填。", what(w, ""), moment(p.At), moment(was.At))
	case known && was.Event == tlog.Withdraw && p.Event != tlog.Publish, known && was.Event != tlog.Withdraw && p.Event == tlog.Publish, !known && p.Event != tlog.Publish:
		c.blame(at, index, "%s 的记录先后不对：不能接在前一个版本后面。", what(w, ""))
	}
	c.words[w.name()] = w
	c.fresh = append(c.fresh, w)
}

func textPath(w Word) string { return fmt.Sprintf("/log/texts/%s/%s/%d", w.Kind, w.ID, w.Version) }

// readTexts fetches the texts of versions, eight at once, and compares their digests.
// Those that are not there are missing until a notice tells where they went.
func (c *check) readTexts(ctx context.Context, list []Word) error {
	var lock sync.Mutex
	notices := map[Word][]byte{}
	if err := each(ctx, list, func(w Word) error {
		text, err := c.get(ctx, textPath(w))
		lock.Lock()
		defer lock.Unlock()
		switch {
		case errors.Is(err, errNotThere):
			c.missing = append(c.missing, w)
		case err != nil:
			return err
		case sha256.Sum256(text) != w.Digest:
			c.blame(textPath(w), w.Index, "%s：网站提供的这一版原文与日志里的摘要不符，被改动过。", what(w, string(text)))
		default:
			c.result.Texts++
			if w.Kind == expunged {
				notices[w] = text
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, w := range slices.SortedFunc(maps.Keys(notices), func(a, b Word) int { return cmp.Compare(a.Index, b.Index) }) {
		if err := c.judge(ctx, w, notices[w]); err != nil {
			return err
		}
	}
	return nil
}

// each runs f for a list, eight at once, until one fails.
func each[T any](ctx context.Context, list []T, f func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var lock sync.Mutex
	var failed error
	places := make(chan struct{}, 8)
	for _, x := range list {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			if err := f(x); err != nil {
				lock.Lock()
				failed = cmp.Or(failed, err)
				lock.Unlock()
				cancel()
			}
		})
	}
	running.Wait()
	return failed
}

// page is a page of what the site shows.
type page struct {
	Items []struct{ Ref, Text string } `json:"items"`
	Next  string                       `json:"next"`
}

// compareShown compares what the site shows now with the log's last words.
func (c *check) compareShown(ctx context.Context) (differs tlog.Defects, err error) {
	blame := func(path string, index int64, format string, args ...any) {
		differs = append(differs, tlog.Defect{Path: path, First: index, Last: index, What: fmt.Sprintf(format, args...)})
	}
	var kinds struct {
		Kinds []string `json:"kinds"`
	}
	if err := c.getJSON(ctx, "/log/shown", &kinds); err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, k := range kinds.Kinds {
		all[k] = true
	}
	for at := range c.words {
		all[at[0]] = true
	}
	c.texts, c.result.Shown = map[[2]string]string{}, 0
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		path := "/log/shown/" + kind
		for after := ""; ; {
			var p page
			err := c.getJSON(ctx, path+"?after="+url.QueryEscape(after), &p)
			if errors.Is(err, errNotThere) {
				break // what the log has of it is missing, below
			}
			if err != nil {
				return nil, err
			}
			for _, x := range p.Items {
				w, ok := c.words[[2]string{kind, x.Ref}]
				c.texts[[2]string{kind, x.Ref}] = x.Text
				switch {
				case !ok:
					blame(path, -1, "%s：网站在公布，日志里却没有。", what(Word{Kind: kind, ID: x.Ref}, x.Text))
				case w.Event == tlog.Withdraw:
					blame(path, w.Index, "%s：日志里已经撤下，网站还在公布。", what(w, x.Text))
				case sha256.Sum256([]byte(x.Text)) != w.Digest:
					logged, err := c.get(ctx, textPath(w))
					if err != nil && !errors.Is(err, errNotThere) {
						return nil, err
					}
					blame(path, w.Index, "%s：网站现在公布的与日志里最后一版（第 %d 版）不同。%s", what(w, string(logged)), w.Version, difference(logged, []byte(x.Text)))
				default:
					c.result.Shown++
				}
			}
			if p.Next == "" || p.Next == after {
				break
			}
			after = p.Next
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(c.words), func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }) {
		w := c.words[at]
		if _, shown := c.texts[at]; shown || w.Event == tlog.Withdraw {
			continue
		}
		logged, err := c.get(ctx, textPath(w))
		if err != nil && !errors.Is(err, errNotThere) {
			return nil, err
		}
		blame("/log/shown/"+w.Kind, w.Index, "%s：日志里最后一版（第 %d 版）没有撤下，网站却不再公布。", what(w, string(logged)), w.Version)
	}
	return differs, nil
}

// errNotThere is an address that the site does not have.
var errNotThere = errors.New("verify: not there")

// most is how long an answer may be.
const most = 64 << 20

func (c *check) url(path string) string { return strings.TrimRight(c.URL, "/") + path }

func (c *check) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(path), nil)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusGone {
		return nil, fmt.Errorf("%s: %w", path, errNotThere)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("verify: %s: %s", path, answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %s: %w", path, err)
	}
	return data, nil
}

func (c *check) getJSON(ctx context.Context, path string, v any) error {
	data, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("verify: %s: %w", path, err)
	}
	return nil
}

// kinds are what people call what is published.
var kinds = map[string]string{"programme": "整改", "aspect": "方面", "problem": "问题", "measure": "措施", "event": "整改变化", "rule": "制度",
	"announcement": "通报", "reply": "答复", "statistic": "统计月份", "text": "网站文字", "log-restart": "日志重新开始的说明", expunged: "撤除说明"}

// what names a subject: its kind, what it is called in its text, its id.
func what(w Word, text string) string {
	var f struct{ Code, Title, Text, Month, Name string }
	_ = json.Unmarshal([]byte(text), &f) // what has no such fields is named by its id
	name := cmp.Or(kinds[w.Kind], w.Kind)
	switch called := strings.TrimSpace(f.Code + " " + cmp.Or(f.Title, f.Month, f.Name)); {
	case called != "":
		name += " " + shorten(called)
	case f.Text != "":
		name += "“" + shorten(f.Text) + "”"
	}
	return fmt.Sprintf("%s（%s/%s）", name, w.Kind, w.ID)
}

func moment(unix int64) string {
	return time.Unix(unix, 0).In(time.FixedZone("CST", 8*3600)).Format("2006年1月2日 15:04:05")
}

// shorten keeps the beginning of a value.
func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// difference names the fields in which two texts differ.
func difference(logged, shown []byte) string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(logged, &a) != nil || json.Unmarshal(shown, &b) != nil {
		return "两份文字不同。"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !bytes.Equal(a[name], b[name]) {
			parts = append(parts, fmt.Sprintf("%s：日志里是 %s，网站上是 %s。", name, shorten(string(a[name])), shorten(string(b[name]))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			parts = append(parts, fmt.Sprintf("%s：日志里没有，网站上是 %s。", name, shorten(string(b[name]))))
		}
	}
	if len(parts) > 3 {
		parts = append(parts[:3], fmt.Sprintf("还有 %d 处。", len(parts)-3))
	}
	return strings.Join(parts, "")
}

// tag is a tag of a page.
var tag = regexp.MustCompile(`<[^>]*>`)

// words are a page's or a text's characters without gaps and tags.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// compareReplies looks whether each reply's page says what the log says.
func (c *check) compareReplies(ctx context.Context) error {
	var list []string
	for at := range c.texts {
		if at[0] == "reply" {
			list = append(list, at[1])
		}
	}
	slices.Sort(list)
	var lock sync.Mutex
	return each(ctx, list, func(ref string) error {
		path := "/replies/" + ref
		raw, err := c.get(ctx, path)
		if err != nil && !errors.Is(err, errNotThere) {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		text := c.texts[[2]string{"reply", ref}]
		w := c.words[[2]string{"reply", ref}]
		if err != nil {
			c.blame(path, w.Index, "%s：这一页不见了。", what(w, text))
			return nil
		}
		var said struct{ Title, Question, Answer string }
		if err := json.Unmarshal([]byte(text), &said); err != nil {
			c.blame(path, w.Index, "%s：日志里的文字读不出来。", what(w, text))
			return nil
		}
		page := words(html.UnescapeString(tag.ReplaceAllString(string(raw), "")))
		for _, x := range []struct{ name, text string }{{"标题", said.Title}, {"来信", said.Question}, {"答复", said.Answer}} {
			if !strings.Contains(page, words(x.text)) {
				c.blame(path, w.Index, "%s：页面上的%s与日志里的不同。", what(w, text), x.name)
			}
		}
		return nil
	})
}
