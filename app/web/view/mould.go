package view

import (
	"bytes"
	"fmt"
	"strings"
)

// Mould is a page made once that differs only in a few words each time; Fill
// puts them in by copying, as Render would have written them.
type Mould struct {
	pieces []string
	words  []int // which word follows each piece but the last
	size   int
}

// Gap stands in a page for its word i until the mould is filled. It is no
// character of any text, so that nothing else on a page can be taken for it.
func Gap(i int) string { return string(rune(0xfdd0 + i)) }

// NewMould renders a page in which Gap(0) to Gap(n-1) stand once each, in
// text or in quoted attributes. It refuses a gap that stands elsewhere: other
// places (an address, a script) write a character in another way.
func NewMould(p Page, n int) (*Mould, error) {
	var b bytes.Buffer
	if err := Render(&b, p); err != nil {
		return nil, err
	}
	m, seen, rest := &Mould{size: b.Len()}, 0, b.String()
	for {
		at := strings.IndexFunc(rest, func(r rune) bool { return r >= 0xfdd0 && r < 0xfdd0+rune(n) })
		if at < 0 {
			break
		}
		word := int([]rune(rest[at : at+len(Gap(0))])[0] - 0xfdd0)
		if seen&(1<<word) != 0 {
			return nil, fmt.Errorf("view: %s has word %d twice", p.Template(), word)
		}
		seen |= 1 << word
		m.pieces, m.words = append(m.pieces, rest[:at]), append(m.words, word)
		rest = rest[at+len(Gap(0)):]
	}
	if seen != 1<<n-1 {
		return nil, fmt.Errorf("view: %s lacks a word", p.Template())
	}
	m.pieces = append(m.pieces, rest)
	return m, nil
}

// escape writes text as html/template does between tags and in quotes.
var escape = strings.NewReplacer("\x00", "\ufffd", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;")

// Fill is the page with its words, each escaped.
func (m *Mould) Fill(words ...string) []byte {
	b := bytes.NewBuffer(make([]byte, 0, m.size+512))
	for i, piece := range m.pieces {
		b.WriteString(piece)
		if i < len(m.words) {
			escape.WriteString(b, words[m.words[i]])
		}
	}
	return b.Bytes()
}
