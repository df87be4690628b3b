package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Writer writes a table a row at a time; nothing of it is kept. Close completes
// the file, without closing what it was written to.
type Writer interface {
	Row(cells []string) error
	Close() error
}

// NewCSV writes UTF-8 with its mark and commas. Text that a program would take
// for a formula stands behind an apostrophe, which Read takes away.
func NewCSV(w io.Writer) (Writer, error) {
	_, err := io.WriteString(w, "\ufeff")
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &csvWriter{c: c}, err
}

type csvWriter struct {
	c    *csv.Writer
	line []string
}

func (w *csvWriter) Row(cells []string) error {
	w.line = w.line[:0]
	for _, text := range cells {
		w.line = append(w.line, guard(text))
	}
	return w.c.Write(w.line)
}

func (w *csvWriter) Close() error {
	w.c.Flush()
	return w.c.Error()
}

// Column is a heading with the width of its column in characters.
type Column struct {
	Heading string
	Width   int
}

// NewXLSX writes a workbook of one worksheet whose first row is the headings.
// Every cell is text: no program takes it for a formula or for a number.
func NewXLSX(w io.Writer, name string, at time.Time, columns []Column) (Writer, error) {
	x := &xlsxWriter{zip: zip.NewWriter(w), at: at}
	for _, p := range parts {
		if err := x.part(p[0], strings.ReplaceAll(p[1], "{name}", escape(name))); err != nil {
			return nil, err
		}
	}
	f, err := x.create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	x.out = bufio.NewWriterSize(f, 64<<10)
	x.out.WriteString(head + `<worksheet xmlns="` + main + `"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	cells := make([]string, len(columns))
	for i, c := range columns {
		fmt.Fprintf(x.out, `<col min="%d" max="%d" width="%d" customWidth="1" style="1"/>`, i+1, i+1, c.Width)
		cells[i] = c.Heading
	}
	x.out.WriteString("</cols><sheetData>")
	x.style = "2"
	err = x.Row(cells)
	x.style = "1"
	return x, err
}

const (
	head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	rels = "http://schemas.openxmlformats.org/package/2006/relationships"
	doc  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

var parts = [][2]string{
	{"[Content_Types].xml", head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + kind + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + kind + `worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="` + kind + `styles+xml"/></Types>`},
	{"_rels/.rels", head + `<Relationships xmlns="` + rels + `"><Relationship Id="rId1" Type="` + doc + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", head + `<workbook xmlns="` + main + `" xmlns:r="` + doc + `"><sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", head + `<Relationships xmlns="` + rels + `"><Relationship Id="rId1" Type="` + doc + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="` + doc + `/styles" Target="styles.xml"/></Relationships>`},
	// Style 1 is text that wraps, style 2 a heading.
	{"xl/styles.xml", head + `<styleSheet xmlns="` + main + `"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyAlignment="1"><alignment vertical="center" wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
}

type xlsxWriter struct {
	zip   *zip.Writer
	at    time.Time
	out   *bufio.Writer
	no    int
	style string
}

func (x *xlsxWriter) create(name string) (io.Writer, error) {
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.at})
}

func (x *xlsxWriter) part(name, body string) error {
	w, err := x.create(name)
	if err == nil {
		_, err = io.WriteString(w, body)
	}
	return err
}

func (x *xlsxWriter) Row(cells []string) error {
	if x.no++; x.no > lastRow {
		return errors.New("sheet: more rows than a worksheet holds")
	}
	no := strconv.Itoa(x.no)
	x.out.WriteString(`<row r="` + no + `">`)
	for i, text := range cells {
		if text == "" {
			continue
		}
		if len(text) > maxCell && utf8.RuneCountInString(text) > maxCell {
			return fmt.Errorf("sheet: the text of %s%s is longer than a cell holds", Letters(i), no)
		}
		x.out.WriteString(`<c r="` + Letters(i) + no + `" s="` + x.style + `" t="inlineStr"><is><t xml:space="preserve">` + escape(text) + `</t></is></c>`)
	}
	_, err := x.out.WriteString("</row>")
	return err
}

func (x *xlsxWriter) Close() error {
	x.out.WriteString("</sheetData></worksheet>")
	return errors.Join(x.out.Flush(), x.zip.Close())
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape writes what XML takes for markup, and text that the format itself
// would take for an escape; what XML cannot hold at all is left out.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError || r == '\ufffe' || r == '\uffff' {
			return -1
		}
		return r
	}, s)
	for i := 0; ; {
		j := strings.Index(s[i:], "_x")
		if j < 0 {
			return escaper.Replace(s)
		}
		if i += j; i+7 <= len(s) && s[i+6] == '_' {
			if _, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				s = s[:i] + "_x005F_" + s[i+1:]
				i += 7
				continue
			}
		}
		i += 2
	}
}
