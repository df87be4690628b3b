package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
)

// row is one object, its fields as they are written.
type row map[string]json.RawMessage

func (r row) text(name string) string {
	var s string
	_ = json.Unmarshal(r[name], &s)
	return s
}

// mostChanges is how many changes the open data list at most.
const mostChanges = 1000

// compareLedgers compares each programme's open data with the log: what they list,
// field by field, and that neither has more than the other.
func (c *check) compareLedgers(ctx context.Context) error {
	logged := map[string][]row{} // by kind
	words := map[string][]Word{}
	for at, text := range c.texts {
		var r row
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			c.blame("/log/shown/"+at[0], c.words[at].Index, "%s：文字读不出来。", what(c.words[at], text))
			continue
		}
		logged[at[0]], words[at[0]] = append(logged[at[0]], r), append(words[at[0]], c.words[at])
	}
	for _, p := range logged["programme"] {
		slug := p.text("slug")
		path := "/open-data/ledger.json?programme=" + url.QueryEscape(slug)
		var data struct {
			Programme row   `json:"programme"`
			Aspects   []row `json:"aspects"`
			Problems  []row `json:"problems"`
			Measures  []row `json:"measures"`
			Rules     []row `json:"rules"`
			Changes   []row `json:"changes"`
		}
		err := c.getJSON(ctx, path, &data)
		if errors.Is(err, errNotThere) {
			c.blame(path, -1, "整改 %s 的开放数据不见了。", shorten(p.text("title")))
			continue
		}
		if err != nil {
			return err
		}
		of := func(kind string, keep func(row) bool) (rows []row, at []Word) {
			for i, r := range logged[kind] {
				if r.text("programme") == slug && (keep == nil || keep(r)) {
					rows, at = append(rows, r), append(at, words[kind][i])
				}
			}
			return rows, at
		}
		announced := "true" // until a programme's ledger is in, its problems are those that were announced
		if string(p["ledger"]) == "true" {
			announced = "false"
		}
		compare := func(kind string, listed []row, key func(row) string, keep func(row) bool, all bool) {
			rows, at := of(kind, keep)
			c.compareRows(path, kind, rows, at, listed, key, all)
		}
		compare("aspect", data.Aspects, func(r row) string { return string(r["no"]) }, nil, true)
		compare("problem", data.Problems, func(r row) string { return r.text("code") }, func(r row) bool { return string(r["announced"]) == announced }, true)
		compare("measure", data.Measures, func(r row) string { return r.text("code") }, nil, true)
		compare("rule", data.Rules, func(r row) string { return r.text("title") + r.text("number") }, nil, true)
		compare("event", data.Changes, func(r row) string {
			return strings.Join([]string{r.text("at"), r.text("on"), r.text("kind"), r.text("text")}, "\n")
		}, func(r row) bool { return string(r["problem"]) == "null" || string(r["announcement"]) == "null" }, len(data.Changes) < mostChanges)
		c.compareRows(path, "programme", []row{p}, nil, []row{data.Programme}, func(row) string { return "" }, true)
	}
	return nil
}

// compareRows compares what the log has of a kind with what is listed; all: the list
// is complete.
func (c *check) compareRows(path, kind string, logged []row, at []Word, listed []row, key func(row) string, all bool) {
	index := func(i int) (w Word) {
		if i < len(at) {
			return at[i]
		}
		return Word{Kind: kind, Index: -1}
	}
	places := map[string][]int{} // more than one thing may read alike
	for i, r := range logged {
		places[key(r)] = append(places[key(r)], i)
	}
	for _, r := range listed {
		k := key(r)
		found := places[k]
		if len(found) == 0 {
			text, _ := json.Marshal(r)
			c.blame(path, -1, "%s：开放数据里有，日志里没有。", what(Word{Kind: kind}, string(text)))
			continue
		}
		i := found[0]
		places[k] = found[1:]
		for name, value := range r {
			if was, both := logged[i][name]; both && !bytes.Equal(was, value) {
				text, _ := json.Marshal(logged[i])
				c.blame(path, index(i).Index, "%s：开放数据里的 %s 是 %s，日志里是 %s。", what(index(i), string(text)), name, shorten(string(value)), shorten(string(was)))
			}
		}
	}
	if !all {
		return
	}
	for _, found := range places {
		for _, i := range found {
			text, _ := json.Marshal(logged[i])
			c.blame(path, index(i).Index, "%s：日志里有，开放数据里没有。", what(index(i), string(text)))
		}
	}
}
