package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"mingjing/app/fault"
)

// Limits of what comes out of the archive, in bytes and pieces.
const (
	maxEntries = 4096
	maxSmall   = 8 << 20   // workbook, styles
	maxStrings = 96 << 20  // the texts
	maxParsed  = 96 << 20  // of a worksheet, taken apart
	maxPassed  = 512 << 20 // of a worksheet, passed over because its rows are blank
	maxTexts   = 2_000_000
	maxSheets  = 20
	maxMerges  = 100_000
	lastRow    = 1_048_576
	blankRun   = 2000 // rows without content after which the rest is only looked through
)

type workbook struct {
	files   map[string]*zip.File
	texts   []string
	dates   []bool // by style: the number is a date
	in1904  bool
	rowLeft int
}

func readXLSX(raw []byte) ([]Table, error) {
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		if bytes.HasPrefix(raw, []byte("PK")) {
			return nil, errDamaged
		}
		return nil, errNotSheet
	}
	if len(archive.File) > maxEntries {
		return nil, errUnfolds
	}
	b := &workbook{files: map[string]*zip.File{}, rowLeft: MaxRows}
	for _, f := range archive.File {
		b.files[strings.TrimPrefix(f.Name, "/")] = f
	}
	if b.files["xl/workbook.xml"] == nil {
		return nil, errNotSheet
	}
	sheets, err := b.sheets()
	if err != nil {
		return nil, err
	}
	if err := b.readStyles(); err != nil {
		return nil, err
	}
	if err := b.readTexts(); err != nil {
		return nil, err
	}
	var tables []Table
	for _, s := range sheets {
		t, err := b.table(s.name, s.part)
		if err != nil {
			return nil, err
		}
		if len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	if len(tables) == 0 {
		return nil, errEmpty
	}
	return tables, nil
}

// counted is a part of the archive that ends with errUnfolds at its limit.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errUnfolds
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// broken turns what a decoder says into what a person can use.
func broken(err error) error {
	if f, ok := fault.As(err); ok {
		return f
	}
	return errDamaged
}

// part walks through a part's XML; a missing part is an empty one.
func (b *workbook) part(name string, limit int64, walk func(d *xml.Decoder) error) error {
	f := b.files[name]
	if f == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return errDamaged
	}
	defer r.Close()
	if err := walk(xml.NewDecoder(bufio.NewReader(&counted{r, limit}))); err != nil && !errors.Is(err, io.EOF) {
		return broken(err)
	}
	return nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

type place struct{ name, part string }

// sheets lists the worksheets that are not hidden.
func (b *workbook) sheets() ([]place, error) {
	parts := map[string]string{}
	err := b.part("xl/_rels/workbook.xml.rels", maxSmall, func(d *xml.Decoder) error {
		for {
			tok, err := d.RawToken()
			if err != nil {
				return err
			}
			if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "Relationship" {
				to := attr(e, "Target")
				if strings.HasPrefix(to, "/") {
					to = strings.TrimPrefix(path.Clean(to), "/")
				} else {
					to = path.Join("xl", to)
				}
				parts[attr(e, "Id")] = to
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var list []place
	err = b.part("xl/workbook.xml", maxSmall, func(d *xml.Decoder) error {
		for {
			tok, err := d.RawToken()
			if err != nil {
				return err
			}
			e, ok := tok.(xml.StartElement)
			switch {
			case ok && e.Name.Local == "workbookPr":
				b.in1904 = attr(e, "date1904") == "1" || attr(e, "date1904") == "true"
			case ok && e.Name.Local == "sheet" && shown(attr(e, "state")):
				if len(list) < maxSheets {
					list = append(list, place{Clean(attr(e, "name")), parts[attr(e, "id")]})
				}
			}
		}
	})
	return list, err
}

// readStyles finds out which styles show a number as a date.
func (b *workbook) readStyles() error {
	custom, inCells := map[string]bool{}, false
	return b.part("xl/styles.xml", maxSmall, func(d *xml.Decoder) error {
		for {
			tok, err := d.RawToken()
			if err != nil {
				return err
			}
			switch e := tok.(type) {
			case xml.StartElement:
				switch {
				case e.Name.Local == "numFmt":
					custom[attr(e, "numFmtId")] = dateFormat(attr(e, "formatCode"))
				case e.Name.Local == "cellXfs":
					inCells = true
				case e.Name.Local == "xf" && inCells:
					id := attr(e, "numFmtId")
					n, _ := strconv.Atoi(id)
					date, own := custom[id]
					if !own {
						date = n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 31 || n == 36 || n >= 50 && n <= 58
					}
					b.dates = append(b.dates, date)
				}
			case xml.EndElement:
				inCells = inCells && e.Name.Local != "cellXfs"
			}
		}
	})
}

// dateFormat reports whether a number format shows a day: it has a year or a
// day outside quotes and brackets.
func dateFormat(code string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == 'y' || c == 'Y' || c == 'd' || c == 'D' || c == 'e' && !strings.Contains(code, "0"):
			return true
		case c == ';':
			return false
		}
	}
	return false
}

func (b *workbook) readTexts() error {
	return b.part("xl/sharedStrings.xml", maxStrings, func(d *xml.Decoder) error {
		var text strings.Builder
		taking, spoken := false, 0
		for {
			tok, err := d.RawToken()
			if err != nil {
				return err
			}
			switch e := tok.(type) {
			case xml.StartElement:
				switch e.Name.Local {
				case "rPh": // how a text is pronounced
					spoken++
				case "t":
					taking = spoken == 0
				}
			case xml.CharData:
				if taking {
					text.Write(e)
				}
			case xml.EndElement:
				switch e.Name.Local {
				case "rPh":
					spoken--
				case "t":
					taking = false
				case "si":
					if len(b.texts) == maxTexts {
						return errUnfolds
					}
					b.texts = append(b.texts, unescape(text.String()))
					text.Reset()
				}
			}
		}
	})
}

// unescape reads the _x000D_ with which the format writes what XML cannot.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+7 <= len(s) && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 6
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// table reads a worksheet as it streams by.
func (b *workbook) table(name, part string) (Table, error) {
	f := b.files[part]
	if f == nil {
		return Table{}, errDamaged
	}
	body, err := f.Open()
	if err != nil {
		return Table{}, errDamaged
	}
	defer body.Close()
	limit := &counted{body, maxParsed}
	in := bufio.NewReaderSize(limit, 64<<10)
	w := worksheet{book: b, collector: collector{table: Table{Name: name}, left: &b.rowLeft}, d: xml.NewDecoder(in)}
	for {
		again, err := w.walk()
		if err != nil {
			return Table{}, broken(err)
		}
		if !again {
			break
		}
		limit.left += maxPassed
		if err := w.pass(in); err != nil {
			return Table{}, broken(err)
		}
		w.d, w.blank = xml.NewDecoder(in), 0
	}
	return w.table, w.table.fill(w.merged)
}

type worksheet struct {
	collector
	book   *workbook
	d      *xml.Decoder
	merged []Block
	blank  int

	at, col         int // row and column where it stands
	kind            string
	style           int
	formula, taking bool
	spoken          int
	text            strings.Builder
}

// walk takes the sheet apart until its end, or until so many rows were blank
// that the rest is better passed over: then again is true.
func (w *worksheet) walk() (again bool, err error) {
	for {
		tok, err := w.d.RawToken()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if err := w.open(e); err != nil {
				return false, err
			}
		case xml.CharData:
			if w.taking && w.text.Len() <= 4*maxCell+4 {
				w.text.Write(e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "rPh":
				w.spoken--
			case "v", "t":
				w.taking = false
			case "c":
				if err := w.cell(); err != nil {
					return false, err
				}
			case "row":
				if err := w.end(); err != nil {
					return false, err
				}
				if w.blank++; w.full {
					w.blank = 0
				}
				if w.blank >= blankRun {
					return true, nil
				}
			}
		}
	}
}

func (w *worksheet) open(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		no := w.at + 1
		if r := attr(e, "r"); r != "" {
			n, err := strconv.Atoi(r)
			if err != nil || n <= w.at {
				return errDamaged
			}
			no = n
		}
		if no > lastRow {
			return errDamaged
		}
		w.at, w.col = no, -1
		w.begin(no)
	case "c":
		w.col++
		if r := attr(e, "r"); r != "" {
			col, _, ok := address(r)
			if !ok {
				return errDamaged
			}
			w.col = col
		}
		w.kind, w.formula = attr(e, "t"), false
		w.style, _ = strconv.Atoi(attr(e, "s"))
		w.text.Reset()
	case "f":
		w.formula = true
	case "rPh":
		w.spoken++
	case "v", "t":
		w.taking = w.spoken == 0
	case "mergeCell":
		from, to, ok := strings.Cut(attr(e, "ref"), ":")
		if !ok {
			return nil
		}
		left, top, ok1 := address(from)
		right, bottom, ok2 := address(to)
		if !ok1 || !ok2 || right < left || bottom < top {
			return errDamaged
		}
		if len(w.merged) == maxMerges {
			return errMerges
		}
		w.merged = append(w.merged, Block{top, left, bottom, right})
	}
	return nil
}

// address reads C12 as column 2, row 12.
func address(s string) (col, row int, ok bool) {
	i := 0
	for ; i < len(s) && s[i] >= 'A' && s[i] <= 'Z' && i < 4; i++ {
		col = col*26 + int(s[i]-'A') + 1
	}
	row, err := strconv.Atoi(s[i:])
	return col - 1, row, i > 0 && i < 4 && err == nil && row > 0 && row <= lastRow
}

func (w *worksheet) cell() error {
	if w.formula {
		return w.bad(w.col, formula, "")
	}
	if w.text.Len() == 0 {
		return nil
	}
	text := w.text.String()
	switch w.kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 || n >= len(w.book.texts) {
			return errDamaged
		}
		text = w.book.texts[n]
	case "e":
		return w.bad(w.col, wrong, "")
	case "b":
		text = map[string]string{"1": "是", "0": "否"}[text]
	case "str", "inlineStr":
		text = unescape(text)
	case "d":
		text, _, _ = strings.Cut(text, "T")
	default:
		text = w.number(text)
	}
	return w.put(w.col, text)
}

// number is what a number stands for: a day as 2020-12-31, else its digits.
func (w *worksheet) number(text string) string {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return text
	}
	if w.style >= 0 && w.style < len(w.book.dates) && w.book.dates[w.style] && n >= 1 && n < 2_958_466 { // before the year 10000
		first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if w.book.in1904 {
			first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return first.AddDate(0, 0, int(n)).Format(time.DateOnly)
	}
	if math.Abs(n) < 1e15 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return text
}

// pass looks through blank rows to the end of the data, at the speed of reading.
func (w *worksheet) pass(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('<'); errors.Is(err, bufio.ErrBufferFull) {
			continue
		} else if err != nil {
			return err
		}
		tag, err := in.Peek(24)
		if len(tag) == 0 {
			return err
		}
		name := string(tag)
		if i := strings.IndexAny(name[1:], " />\t\r\n"); i >= 0 {
			name = name[:i+1]
		}
		closing := strings.HasPrefix(name, "/")
		name = strings.TrimPrefix(name, "/")
		if i := strings.IndexByte(name, ':'); i >= 0 {
			name = name[i+1:]
		}
		switch {
		case closing && name == "sheetData":
			_, err := in.ReadSlice('>')
			return err
		case !closing && (name == "v" || name == "t" || name == "f"):
			return fault.New(fault.Invalid, fmt.Sprintf("工作表“%s”第 %d 行以后有 %d 行以上空白，再往下又有内容。请删除中间的空白行，或者删除下面的内容后再试。", w.table.Name, w.at-blankRun, blankRun))
		}
	}
}

// shown says that people see a sheet: visible is the default, and other programs
// write it out.
func shown(state string) bool { return state == "" || state == "visible" }
