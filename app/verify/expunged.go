package verify

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"

	"mingjing/app/tlog"
)

// expunged is the kind of the log's notices that a text was taken away by decision.
const expunged = "expunged"

// Notice says which text was taken away, why, and who decided.
type Notice struct {
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Version  uint32 `json:"version"`
	Digest   string `json:"digest"`
	Why      string `json:"why"`
	Decision string `json:"decision"`
	On       string `json:"on"`
	At       int64  `json:"-"` // its own place in the log
}

// Subject names what was taken away.
func (n Notice) Subject() string { return what(Word{Kind: n.Kind, ID: n.ID}, "") }

// judge takes a notice whose digest is right for a decision, if it stands alone and
// names what the log has at the place that its id says.
func (c *check) judge(ctx context.Context, w Word, text []byte) error {
	var n Notice
	at, err := strconv.ParseInt(w.ID, 10, 64)
	if err != nil || json.Unmarshal(text, &n) != nil || at >= w.Index {
		c.blame(textPath(w), w.Index, "%s：看不出撤除的是日志的哪一条。", what(w, ""))
		return nil
	}
	if w.Version != 1 || w.Event != tlog.Publish {
		c.blame(textPath(w), w.Index, "%s：撤除说明不能改、不能撤下，日志里却有第 %d 版。", what(w, ""), w.Version)
		return nil
	}
	e, err := c.verifier(false).EntryAt(ctx, c.result.State.Log.Head, at)
	if d := (tlog.Defects)(nil); errors.As(err, &d) {
		c.wrong = append(c.wrong, d...)
		return nil
	}
	if err != nil {
		return err
	}
	p, ok := e.(*tlog.Published)
	if !ok || p.Kind == expunged || p.Kind != n.Kind || p.ID != n.ID || p.Version != n.Version || hex.EncodeToString(p.Digest[:]) != n.Digest {
		c.blame(textPath(w), w.Index, "%s：写的是 %s/%s 第 %d 版，摘要 %s，与日志第 %d 条不符。", what(w, ""), n.Kind, n.ID, n.Version, shorten(n.Digest), at)
		return nil
	}
	n.At = w.Index
	c.notices[at] = n
	c.result.Expunged = append(c.result.Expunged, n)
	return nil
}

// unexcused are the texts that the site does not serve, and of which no notice says
// that they were taken away.
func (c *check) unexcused() (list tlog.Defects) {
	for _, w := range c.missing {
		if _, ok := c.notices[w.Index]; !ok {
			list = append(list, tlog.Defect{Path: textPath(w), First: w.Index, Last: w.Index, What: what(w, "") + "：网站没有提供这一版的原文，日志里也没有撤除它的决定。"})
		}
	}
	return list
}

// count counts the notices, and refuses those that take away what stands.
func (c *check) count() {
	for at := range c.words {
		if at[0] == expunged {
			c.result.Gone++
		}
	}
	for _, n := range c.result.Expunged {
		if w := c.words[[2]string{n.Kind, n.ID}]; w.Version == n.Version && w.Event != tlog.Withdraw {
			c.blame(textPath(w), w.Index, "%s：第 %d 版没有撤下，原文却被撤除了。", what(w, ""), n.Version)
		}
	}
}

// printed is a text of the site's on one line of a terminal.
func printed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}
