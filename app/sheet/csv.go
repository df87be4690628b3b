package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"

	"mingjing/app/fault"
)

// readCSV reads UTF-8 with or without its mark, UTF-16 with its mark, or
// GB18030, with commas, semicolons or tabs.
func readCSV(raw []byte) ([]Table, error) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		b, err := xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM).NewDecoder().Bytes(raw)
		if err != nil {
			return nil, errEncoding
		}
		raw = b
	case !utf8.Valid(raw):
		b, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(b, utf8.RuneError) {
			return nil, errEncoding
		}
		raw = b
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("%PDF-")) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, errNotSheet
	}
	left, skipped := MaxRows, 0
	comma, rest, told := told(raw)
	if told {
		raw, skipped = rest, 1
	} else {
		comma = separator(raw)
	}
	r := csv.NewReader(bytes.NewReader(raw))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	c := &collector{left: &left}
	no, ended := skipped, 0 // the row, and the line on which the record before ended
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var p *csv.ParseError
			if !errors.As(err, &p) {
				return nil, fmt.Errorf("sheet: csv: %w", err)
			}
			return nil, fault.New(fault.Invalid, fmt.Sprintf("第 %d 行的引号没有成对，从这里起读不下去。请用表格软件打开，另存为“CSV UTF-8”或者 .xlsx 后再试。", p.StartLine+skipped))
		}
		line, _ := r.FieldPos(0)
		no += line - ended // blank lines between records are rows too
		last := len(record) - 1
		ended, _ = r.FieldPos(last)
		ended += strings.Count(record[last], "\n")
		c.begin(no)
		for col, text := range record {
			if strings.HasPrefix(text, "=") {
				err = c.bad(col, formula, text)
			} else {
				err = c.put(col, unguard(text))
			}
			if err != nil {
				return nil, err
			}
		}
		if err := c.end(); err != nil {
			return nil, err
		}
	}
	if len(c.table.Rows) == 0 {
		return nil, errEmpty
	}
	return []Table{c.table}, nil
}

// told reads the line "sep=;" with which some programs begin.
func told(raw []byte) (comma rune, rest []byte, ok bool) {
	line, rest, _ := bytes.Cut(raw, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) && strings.IndexByte(",;\t", line[4]) >= 0 {
		return rune(line[4]), rest, true
	}
	return 0, nil, false
}

// separator is the character that parts the most lines.
func separator(raw []byte) rune {
	best, most := ',', 0
	for _, comma := range []byte(",;\t") {
		lines, here, quoted := 0, 0, false
		for _, b := range raw[:min(len(raw), 64<<10)] {
			switch {
			case b == '"':
				quoted = !quoted
			case quoted:
			case b == comma:
				here++
			case b == '\n':
				if here > 0 {
					lines, here = lines+here, 0
				}
			}
		}
		if lines += here; lines > most {
			best, most = rune(comma), lines
		}
	}
	return best
}

// A program that opens a CSV file takes text that begins like this for a
// formula. It is written behind an apostrophe, which reading takes away again;
// text that already looks guarded gets one more.
func risky(text string) bool {
	text = strings.TrimLeft(text, "'")
	return text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0]))
}

func guard(text string) string {
	if risky(text) {
		return "'" + text
	}
	return text
}

func unguard(text string) string {
	if strings.HasPrefix(text, "'") && risky(text) {
		return text[1:]
	}
	return text
}
