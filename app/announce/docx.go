package announce

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits against archives made to exhaust: the sizes a zip declares are not
// believed, the bytes that come out are counted.
const (
	maxArchive = 32 << 20
	maxEntries = 4096
	maxPart    = 32 << 20
)

// docx reads the paragraphs of a Word document as lines, automatic numbers
// written out, deleted text left out.
func docx(raw []byte) (string, error) {
	if len(raw) > maxArchive {
		return "", ErrTooBig
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(archive.File) > maxEntries {
		return "", ErrDocx
	}
	parts := map[string][]byte{}
	for _, f := range archive.File {
		switch f.Name {
		case "word/document.xml", "word/numbering.xml", "word/styles.xml":
			if parts[f.Name], err = part(f); err != nil {
				return "", err
			}
		}
	}
	document, found := parts["word/document.xml"]
	if !found {
		return "", ErrDocx
	}
	lists, err := readLists(parts["word/numbering.xml"], parts["word/styles.xml"])
	if err != nil {
		return "", err
	}
	return paragraphs(document, lists)
}

func part(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, ErrDocx
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxPart+1))
	switch {
	case err != nil:
		return nil, ErrDocx
	case len(b) > maxPart:
		return nil, ErrTooBig
	}
	return b, nil
}

// place is where a paragraph stands in a numbered list.
type place struct {
	list  string
	level int
}

type listLevel struct {
	start        int
	format, text string
}

type lists struct {
	levels map[string]map[int]listLevel // by list
	styles map[string]place             // paragraph styles that carry a number
	counts map[string]map[int]int
}

// elements walks the XML and calls enter and leave with the local names.
func elements(b []byte, enter func(xml.StartElement), leave func(string), text func([]byte)) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrDocx
		}
		switch t := token.(type) {
		case xml.StartElement:
			enter(t)
		case xml.EndElement:
			leave(t.Name.Local)
		case xml.CharData:
			text(t)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 9999 {
		return 0
	}
	return n
}

func readLists(numbering, styles []byte) (*lists, error) {
	l := &lists{levels: map[string]map[int]listLevel{}, styles: map[string]place{}, counts: map[string]map[int]int{}}
	abstract := map[string]map[int]listLevel{}
	var in, num string
	var at int
	err := elements(numbering, func(e xml.StartElement) {
		value := attr(e, "val")
		switch e.Name.Local {
		case "abstractNum":
			in, num = attr(e, "abstractNumId"), ""
			abstract[in] = map[int]listLevel{}
		case "num":
			num, in = attr(e, "numId"), ""
		case "abstractNumId":
			if num != "" {
				l.levels[num] = abstract[value]
			}
		case "lvl":
			at = number(attr(e, "ilvl"))
			if in != "" {
				abstract[in][at] = listLevel{start: 1}
			}
		case "start", "numFmt", "lvlText":
			if in == "" {
				return
			}
			level := abstract[in][at]
			switch e.Name.Local {
			case "start":
				level.start = number(value)
			case "numFmt":
				level.format = value
			default:
				level.text = value
			}
			abstract[in][at] = level
		}
	}, func(string) {}, func([]byte) {})
	if err != nil {
		return nil, err
	}
	var style string
	err = elements(styles, func(e xml.StartElement) {
		switch e.Name.Local {
		case "style":
			style = attr(e, "styleId")
		case "ilvl":
			p := l.styles[style]
			p.level = number(attr(e, "val"))
			l.styles[style] = p
		case "numId":
			p := l.styles[style]
			p.list = attr(e, "val")
			l.styles[style] = p
		}
	}, func(string) {}, func([]byte) {})
	return l, err
}

// next writes out the number of the next paragraph at a place.
func (l *lists) next(p place) string {
	levels := l.levels[p.list]
	level, found := levels[p.level]
	if !found || level.format == "bullet" || level.format == "none" {
		return ""
	}
	counts := l.counts[p.list]
	if counts == nil {
		counts = map[int]int{}
		l.counts[p.list] = counts
	}
	if _, begun := counts[p.level]; begun {
		counts[p.level]++
	} else {
		counts[p.level] = level.start
	}
	for deeper := range counts {
		if deeper > p.level {
			delete(counts, deeper)
		}
	}
	text := level.text
	for i := 0; i <= p.level && i < 9; i++ {
		n, begun := counts[i]
		if !begun {
			n = levels[i].start
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("%%%d", i+1), ordinal(n, levels[i].format))
	}
	return text
}

func ordinal(n int, format string) string {
	switch {
	case strings.HasPrefix(format, "chinese"), strings.HasPrefix(format, "taiwanese"), strings.HasPrefix(format, "japanese"), strings.HasPrefix(format, "ideograph"):
		return chinese(n)
	case format == "decimalEnclosedCircle" && n >= 1 && n <= 20:
		return string(rune('①' + n - 1))
	}
	return strconv.Itoa(n)
}

func paragraphs(document []byte, l *lists) (string, error) {
	type paragraph struct {
		text   strings.Builder
		at     place
		listed bool
	}
	var (
		out      strings.Builder
		open     []*paragraph
		skipping int // inside mc:Fallback, which repeats what stands before it
		inText   bool
		body     bool
	)
	err := elements(document, func(e xml.StartElement) {
		name := e.Name.Local
		if name == "document" {
			body = true
		}
		if skipping > 0 || name == "Fallback" {
			skipping++
			return
		}
		if name == "p" {
			open = append(open, &paragraph{})
			return
		}
		if len(open) == 0 {
			return
		}
		p := open[len(open)-1]
		switch name {
		case "t":
			inText = true
		case "tab":
			p.text.WriteByte(' ')
		case "br", "cr":
			p.text.WriteByte('\n')
		case "noBreakHyphen":
			p.text.WriteByte('-')
		case "pStyle":
			if at, found := l.styles[attr(e, "val")]; found {
				p.at, p.listed = at, true
			}
		case "ilvl":
			p.at.level, p.listed = number(attr(e, "val")), true
		case "numId":
			p.at.list, p.listed = attr(e, "val"), attr(e, "val") != "0"
		}
	}, func(name string) {
		if skipping > 0 {
			skipping--
			return
		}
		switch {
		case name == "t":
			inText = false
		case name == "p" && len(open) > 0:
			p := open[len(open)-1]
			open = open[:len(open)-1]
			text := strings.TrimLeft(p.text.String(), " ")
			if p.listed && strings.TrimSpace(text) != "" {
				text = l.next(p.at) + text
			}
			out.WriteString(text)
			out.WriteByte('\n')
		}
	}, func(b []byte) {
		if inText && skipping == 0 && len(open) > 0 {
			open[len(open)-1].text.Write(b)
		}
	})
	switch {
	case err != nil:
		return "", err
	case !body:
		return "", ErrDocx
	case out.Len() > maxText:
		return "", ErrTooBig
	case !readable(out.String()):
		return "", ErrNotText
	}
	return out.String(), nil
}
