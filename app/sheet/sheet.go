// Package sheet reads spreadsheets (.xlsx, .csv) as rows of text and writes
// them, a row at a time.
//
// A file is taken apart here rather than by a library that evaluates, because
// what matters is what such a library hides: which cells are formulas, which
// are merged, how much comes out of the archive. Nothing is written to a disk.
// It trusts nothing that a file says about itself: what comes out of an archive
// is counted. It must never take a formula's remembered result for what
// somebody wrote, and never drop a cell silently: what cannot be read is named
// with its address.
package sheet

import (
	"bytes"
	"io"
	"path"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mingjing/app/fault"
)

// Limits of what is read. A ledger of 30,000 measures stays far below them.
const (
	MaxFile = 20 << 20 // bytes of the file
	MaxRows = 50_000   // rows that hold something, in all worksheets
	MaxCols = 200      // columns that hold something
	maxCell = 32_767   // characters, as in spreadsheet programs
	maxBad  = 10_000   // cells that cannot be read, before the file is given up
)

// Table is a worksheet, or a CSV file.
type Table struct {
	Name   string  // of the worksheet; empty for a CSV file
	Rows   []Row   // those that hold something
	Bad    []Bad   // cells that cannot be read; in Rows they are empty
	Blocks []Block // merged over several rows and several columns
}

// Row is a line of a table.
type Row struct {
	No    int // counted from 1, as spreadsheet programs do
	Cells []string
}

// Cell is the text of a column counted from 0, empty beyond the last.
func (r Row) Cell(col int) string {
	if col < 0 || col >= len(r.Cells) {
		return ""
	}
	return r.Cells[col]
}

// Bad is a cell that cannot be read, with what to do about it.
type Bad struct {
	Row, Col int
	Message  string
	Text     string // what stands there, where that is known: of a CSV file
}

// Block is a merged range: rows from 1, columns from 0, ends included.
type Block struct{ Top, Left, Bottom, Right int }

// At is a cell's address: 台账!C12, or C12 in a CSV file.
func (t Table) At(row, col int) string {
	at := Letters(col) + strconv.Itoa(row)
	if t.Name != "" {
		at = t.Name + "!" + at
	}
	return at
}

// Letters names a column counted from 0: A, B, …, Z, AA.
func Letters(col int) string {
	s := ""
	for col++; col > 0; col = (col - 1) / 26 {
		s = string(rune('A'+(col-1)%26)) + s
	}
	return s
}

// What is wrong with a file as a whole.
var (
	errEmpty    = fault.New(fault.Invalid, "文件是空的，请检查后重新选择。")
	errType     = fault.New(fault.Unsupported, "只接受 .xlsx 和 .csv 文件。请在表格软件里另存为其中一种。")
	errOld      = fault.New(fault.Unsupported, "这是旧版 .xls 文件，或者加了密码。请去掉密码，另存为 .xlsx 后再试。")
	errNotSheet = fault.New(fault.Unsupported, "这不是表格文件（内容与扩展名不符）。请用表格软件另存为 .xlsx 或 .csv 后再试。")
	errDamaged  = fault.New(fault.Invalid, "表格文件已损坏，读不下去。请用表格软件打开，另存为 .xlsx 后再试。")
	errUnfolds  = fault.New(fault.TooLarge, "文件解开后太大，没有读。常见的原因是表格下面有大片设过格式的空白行：请删除空白的行和列，或者另存为 .csv 后再试。")
	errFile     = fault.New(fault.TooLarge, "文件太大，最多 20 MB。请只留下要导入的工作表，去掉图片后再试。")
	errRows     = fault.New(fault.TooLarge, "行数太多，一次最多 50,000 行。请分成几个文件导入。")
	errCols     = fault.New(fault.TooLarge, "列数太多，最多 200 列。请删除用不着的列后再试。")
	errTooBad   = fault.New(fault.Invalid, "有一万个以上的单元格不能导入（公式、错误值或控制字符）。请全选、复制，再用“选择性粘贴—数值”贴到新的工作表，另存后再试。")
	errMerges   = fault.New(fault.TooLarge, "合并的单元格太多，没有读。请取消合并后再试。")
	errEncoding = fault.New(fault.Unsupported, "文件里的文字认不出来。请另存为“CSV UTF-8”或者 .xlsx 后再试。")
)

const (
	formula = "这一格是公式，没有采用它的结果。请复制后用“选择性粘贴—数值”贴回原处。"
	control = "这一格里有看不见的控制字符，请删掉重新输入。"
	tooLong = "这一格超过 32,767 个字，请删减。"
	wrong   = "这一格是错误值，请改成文字或留空。"
)

// Read reads the tables of a file that hold something. name tells its type.
func Read(name string, r io.Reader) ([]Table, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	ext := strings.ToLower(path.Ext(name))
	switch {
	case ext != ".xlsx" && ext != ".csv":
		if bytes.HasPrefix(raw, ole) {
			return nil, errOld
		}
		return nil, errType
	case len(raw) > MaxFile:
		return nil, errFile
	case len(raw) == 0:
		return nil, errEmpty
	case bytes.HasPrefix(raw, ole):
		return nil, errOld
	case ext == ".csv":
		return readCSV(raw)
	}
	return readXLSX(raw)
}

var ole = []byte{0xD0, 0xCF, 0x11, 0xE0}

// collector takes the cells of a table in order.
type collector struct {
	table Table
	left  *int // rows that may still come, in the whole file
	row   Row
	full  bool
}

func (c *collector) begin(no int) { c.row, c.full = Row{No: no}, false }

// put sets a cell; text is cleaned, and refused where it cannot be.
func (c *collector) put(col int, text string) error {
	if text = Clean(text); text == "" {
		return nil
	}
	if col >= MaxCols {
		return errCols
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
		return c.bad(col, control, "")
	}
	if len(text) > maxCell && utf8.RuneCountInString(text) > maxCell {
		return c.bad(col, tooLong, "")
	}
	c.grow(col)
	c.row.Cells[col] = text
	return nil
}

func (c *collector) grow(col int) {
	for len(c.row.Cells) <= col {
		c.row.Cells = append(c.row.Cells, "")
	}
	c.full = true
}

func (c *collector) bad(col int, message, text string) error {
	if col >= MaxCols {
		return errCols
	}
	if len(c.table.Bad) == maxBad {
		return errTooBad
	}
	c.grow(col)
	c.table.Bad = append(c.table.Bad, Bad{c.row.No, col, message, text})
	return nil
}

func (c *collector) end() error {
	if !c.full {
		return nil
	}
	if *c.left--; *c.left < 0 {
		return errRows
	}
	c.table.Rows = append(c.table.Rows, c.row)
	return nil
}

// Clean is a cell's text as it is compared and kept: one kind of line end, no
// space around it or at the ends of its lines.
func Clean(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return strings.TrimSpace(text)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRightFunc(lines[i], unicode.IsSpace)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// maxFill bounds the work that merged ranges cause.
const maxFill = 2_000_000

// fill gives every row of a merged column the text of its first cell, as the
// reader of the sheet sees it.
func (t *Table) fill(merged []Block) error {
	bad := map[[2]int]string{}
	for _, b := range t.Bad {
		bad[[2]int{b.Row, b.Col}] = b.Message
	}
	work := 0
	for _, m := range merged {
		if m.Bottom == m.Top {
			continue
		}
		if m.Left != m.Right {
			t.Blocks = append(t.Blocks, m)
			continue
		}
		first := sort.Search(len(t.Rows), func(i int) bool { return t.Rows[i].No >= m.Top })
		if first == len(t.Rows) || t.Rows[first].No != m.Top {
			continue
		}
		text := t.Rows[first].Cell(m.Left)
		if text == "" {
			continue
		}
		for i := first + 1; i < len(t.Rows) && t.Rows[i].No <= m.Bottom; i++ {
			if work++; work > maxFill {
				return errMerges
			}
			row := &t.Rows[i]
			for len(row.Cells) <= m.Left {
				row.Cells = append(row.Cells, "")
			}
			if row.Cells[m.Left] == "" && bad[[2]int{row.No, m.Left}] == "" {
				row.Cells[m.Left] = text
			}
		}
	}
	return nil
}
