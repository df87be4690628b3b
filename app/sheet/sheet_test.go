package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"mingjing/app/fault"
	"mingjing/app/sheet"
)

func read(t *testing.T, name string, raw []byte) sheet.Table {
	t.Helper()
	list, err := sheet.Read(name, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// book is a workbook made by another program.
func book(t *testing.T, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherProgramsWorkbookIsReadAsItIsSeen(t *testing.T) {
	raw := book(t, func(f *excelize.File) {
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: ptr(`yyyy"年"m"月"d"日"`)})
		short, err2 := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err, err2, f.SetSheetName("Sheet1", "台账"), f.SetCellStr("台账", "A1", " 标题 "), f.SetCellValue("台账", "A3", 295), f.SetCellValue("台账", "B3", 0.953),
			f.SetCellValue("台账", "C3", 44196), f.SetCellStyle("台账", "C3", "C3", style), f.SetCellValue("台账", "D3", time.Date(2020, 12, 31, 9, 30, 0, 0, time.UTC)), f.SetCellStyle("台账", "D3", "D3", short),
			f.SetCellBool("台账", "E3", true), f.SetCellRichText("台账", "F3", []excelize.RichTextRun{{Text: "两段"}, {Text: "文字"}}),
			f.SetCellStr("台账", "G3", "合并"), f.MergeCell("台账", "G3", "G5"), f.SetCellStr("台账", "A4", "甲\r\n乙 "), f.SetCellStr("台账", "A5", "=1+1"), f.SetCellFormula("台账", "B5", "SUM(A3:A4)"),
			f.MergeCell("台账", "H3", "I9"))
	})
	want := sheet.Table{Name: "台账", Rows: []sheet.Row{{1, []string{"标题"}}, {3, []string{"295", "0.953", "2020-12-31", "2020-12-31", "是", "两段文字", "合并"}},
		{4, []string{"甲\n乙", "", "", "", "", "", "合并"}}, {5, []string{"=1+1", "", "", "", "", "", "合并"}}},
		Bad: []sheet.Bad{{Row: 5, Col: 1, Message: "这一格是公式，没有采用它的结果。请复制后用“选择性粘贴—数值”贴回原处。"}}, Blocks: []sheet.Block{{3, 7, 9, 8}}}
	got := read(t, "台账.xlsx", raw)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if at := got.At(5, 27); at != "台账!AB5" {
		t.Error(at)
	}
}

func ptr(s string) *string { return &s }

func TestCSVInEveryCustomaryWayReadsAlike(t *testing.T) {
	text := "序号,反馈问题,整改措施\r\n1,\"学习,不够\",\"每月\n\"\"学习\"\"\"\r\n\r\n2,'-1,'=2\r\n"
	want := []sheet.Row{{1, []string{"序号", "反馈问题", "整改措施"}}, {2, []string{"1", "学习,不够", "每月\n\"学习\""}}, {4, []string{"2", "-1", "=2"}}}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	wide, err2 := xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, "\r\n", "\n"))
	must(t, err, err2)
	semi := strings.NewReplacer("号,", "号;", "题,", "题;", "1,\"", "1;\"", "\",", "\";", "2,", "2;", "-1,", "-1;").Replace(text)
	for name, raw := range map[string]string{"plain": text, "mark": "\ufeff" + text, "gb18030": gb, "utf-16": wide, "semicolon": semi, "tab": strings.ReplaceAll(semi, ";", "\t")} {
		if d := cmp.Diff(want, read(t, "a.csv", []byte(raw)).Rows); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	told := read(t, "a.CSV", []byte("sep=;\r\na;b,c,d\r\n"))
	if d := cmp.Diff([]sheet.Row{{2, []string{"a", "b,c,d"}}}, told.Rows); d != "" {
		t.Error(d)
	}
}

// raw is a workbook written by hand.
func raw(t *testing.T, sheetXML func(w io.Writer), more map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	parts := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="台账" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`,
	}
	for name, text := range more {
		parts[name] = text
	}
	for name, text := range parts {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, err)
	}
	w, err := z.Create("xl/worksheets/sheet1.xml")
	must(t, err)
	sheetXML(w)
	must(t, z.Close())
	return b.Bytes()
}

func cells(text string) func(io.Writer) {
	return func(w io.Writer) { io.WriteString(w, "<worksheet><sheetData>"+text+"</sheetData></worksheet>") }
}

// TestHostileFilesAreRefusedWithWordsThatHelp wants a message, not a crash, and little memory.
func TestHostileFilesAreRefusedWithWordsThatHelp(t *testing.T) {
	many := func(n int, each string) func(io.Writer) {
		return func(w io.Writer) {
			io.WriteString(w, "<worksheet><sheetData>")
			for i := range n {
				io.WriteString(w, strings.ReplaceAll(each, "#", fmt.Sprint(i+1)))
			}
			io.WriteString(w, "</sheetData></worksheet>")
		}
	}
	docx := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("word/document.xml")
		must(t, err)
		io.WriteString(w, "<w:document/>")
		must(t, z.Close())
		return b.Bytes()
	}()
	for name, x := range map[string]struct {
		file string
		raw  []byte
		kind fault.Kind
		says string
	}{
		"a Word file renamed":   {"a.xlsx", docx, fault.Unsupported, "不是表格文件"},
		"not an archive":        {"a.xlsx", []byte("你好，这是文本"), fault.Unsupported, "不是表格文件"},
		"half an archive":       {"a.xlsx", raw(t, cells(`<row r="1"/>`), nil)[:200], fault.Invalid, "已损坏"},
		"an old workbook":       {"a.xlsx", []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1}, fault.Unsupported, "旧版"},
		"an archive as CSV":     {"a.csv", docx, fault.Unsupported, ""},
		"a picture":             {"a.png", []byte("\x89PNG"), fault.Unsupported, "另存为"},
		"nothing":               {"a.csv", nil, fault.Invalid, "空的"},
		"no known encoding":     {"a.csv", []byte("\xff\xff\x80\x80,\x81\x00"), fault.Unsupported, "认不出来"},
		"an open quote":         {"a.csv", []byte("问题,措施\n\"甲,乙\n丙,丁\n"), fault.Invalid, "第 2 行的引号"},
		"a bomb of one cell":    {"a.xlsx", raw(t, func(w io.Writer) { bomb(w, "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>", 700<<20) }, nil), fault.TooLarge, "解开后太大"},
		"a bomb of texts":       {"a.xlsx", raw(t, cells(""), map[string]string{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", 2_000_001)}), fault.TooLarge, "解开后太大"},
		"ten thousand columns":  {"a.xlsx", raw(t, cells(`<row r="1"><c r="A1"><v>1</v></c><c r="NTP1"><v>1</v></c></row>`), nil), fault.TooLarge, "列数太多"},
		"too many rows":         {"a.xlsx", raw(t, many(50_001, `<row r="#"><c r="A#"><v>1</v></c></row>`), nil), fault.TooLarge, "行数太多"},
		"a text nobody has":     {"a.xlsx", raw(t, cells(`<row r="1"><c r="A1" t="s"><v>7</v></c></row>`), nil), fault.Invalid, "已损坏"},
		"rows in no order":      {"a.xlsx", raw(t, cells(`<row r="5"/><row r="3"/>`), nil), fault.Invalid, "已损坏"},
		"formulas everywhere":   {"a.xlsx", raw(t, many(10_001, `<row r="#"><c r="A#"><f>1</f><v>1</v></c></row>`), nil), fault.Invalid, "公式"},
		"merged without end":    {"a.xlsx", raw(t, func(w io.Writer) { merges(w, 100_001) }, nil), fault.TooLarge, "合并的单元格太多"},
		"merged over and over":  {"a.xlsx", raw(t, func(w io.Writer) { merges(w, 90_000) }, nil), fault.TooLarge, "合并的单元格太多"},
		"blank, then something": {"a.xlsx", raw(t, func(w io.Writer) { gap(w) }, nil), fault.Invalid, "又有内容"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sheet.Read(x.file, bytes.NewReader(x.raw))
			f, ok := fault.As(err)
			if !ok || f.Kind != x.kind || !strings.Contains(f.Message, x.says) || !strings.HasSuffix(f.Message, "。") {
				t.Errorf("%v", err)
			}
		})
	}
}

func bomb(w io.Writer, head string, n int) {
	io.WriteString(w, head)
	block := bytes.Repeat([]byte("a"), 1<<20)
	for range n >> 20 {
		w.Write(block)
	}
}

func merges(w io.Writer, n int) {
	io.WriteString(w, "<worksheet><sheetData>")
	for i := range 1000 {
		fmt.Fprintf(w, `<row r="%d"><c r="A%d"><v>1</v></c></row>`, i+1, i+1)
	}
	io.WriteString(w, "</sheetData><mergeCells>")
	for range n {
		io.WriteString(w, `<mergeCell ref="A1:A1000"/>`)
	}
	io.WriteString(w, "</mergeCells></worksheet>")
}

func gap(w io.Writer) {
	io.WriteString(w, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>`)
	for i := range 5000 {
		fmt.Fprintf(w, `<row r="%d" s="1"><c r="A%d" s="1"/></row>`, i+2, i+2)
	}
	io.WriteString(w, `<row r="9000"><c r="A9000"><v>1</v></c></row></sheetData></worksheet>`)
}

func TestSingleCellsThatCannotBeReadAreNamed(t *testing.T) {
	long := strings.Repeat("字", 32_768)
	got := read(t, "a.xlsx", raw(t, cells(`<row r="2"><c r="A2" t="inlineStr"><is><t>a_x0007_b</t></is></c><c r="B2" t="e"><v>#REF!</v></c><c r="C2" t="inlineStr"><is><t>`+long+`</t></is></c><c r="D2"><v>1</v></c></row>`), nil))
	var at []string
	for _, b := range got.Bad {
		at = append(at, got.At(b.Row, b.Col)+" "+b.Message)
	}
	want := []string{"台账!A2 这一格里有看不见的控制字符，请删掉重新输入。", "台账!B2 这一格是错误值，请改成文字或留空。", "台账!C2 这一格超过 32,767 个字，请删减。"}
	if d := cmp.Diff(want, at); d != "" || got.Rows[0].Cell(3) != "1" {
		t.Error(d)
	}
	if c := read(t, "a.csv", []byte("a,=1+1\nb,@x\n")); len(c.Bad) != 1 || c.At(c.Bad[0].Row, c.Bad[0].Col) != "B1" || c.Rows[1].Cell(1) != "@x" {
		t.Errorf("%+v", c)
	}
}

func TestAMillionBlankRowsCostLittle(t *testing.T) {
	file := raw(t, func(w io.Writer) {
		io.WriteString(w, `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>`)
		for i := 3; i <= 1_048_576; i++ {
			fmt.Fprintf(w, `<row r="%d" spans="1:20" ht="15" customHeight="1"><c r="A%d" s="3"/><c r="B%d" s="3"/></row>`, i, i, i)
		}
		io.WriteString(w, `</sheetData><mergeCells count="1"><mergeCell ref="B1:B2"/></mergeCells></worksheet>`)
	}, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := read(t, "a.xlsx", file)
	runtime.ReadMemStats(&after)
	if len(got.Rows) != 2 {
		t.Errorf("%d rows", len(got.Rows))
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 32 {
		t.Errorf("%d MB", used)
	}
}

// TestWhatIsWrittenReadsBack writes any text, and reads it here and with another program.
func TestWhatIsWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("整改=+-@'\"，,;\n\t_x000D_A<&>　 €𠮷")), 0, 20, -1)
		rows := rapid.SliceOfN(rapid.SliceOfN(text, 3, 3), 1, 5).Draw(t, "rows")
		var want []sheet.Row
		for i, row := range append([][]string{{"甲", "乙", "丙"}}, rows...) {
			r := sheet.Row{No: i + 1}
			for c, text := range row {
				if text = sheet.Clean(text); text != "" {
					for len(r.Cells) <= c {
						r.Cells = append(r.Cells, "")
					}
					r.Cells[c] = text
				}
			}
			if len(r.Cells) > 0 {
				want = append(want, r)
			}
		}
		var x, c bytes.Buffer
		wx, err := sheet.NewXLSX(&x, "表<1>", time.Time{}, []sheet.Column{{"甲", 9}, {"乙", 9}, {"丙", 9}})
		wc, err2 := sheet.NewCSV(&c)
		if err != nil || err2 != nil || wc.Row([]string{"甲", "乙", "丙"}) != nil {
			t.Fatal(err, err2)
		}
		for _, row := range rows {
			if wx.Row(row) != nil || wc.Row(row) != nil {
				t.Fatal("not written")
			}
		}
		if wx.Close() != nil || wc.Close() != nil {
			t.Fatal("not completed")
		}
		for name, raw := range map[string][]byte{"a.xlsx": x.Bytes(), "a.csv": c.Bytes()} {
			list, err := sheet.Read(name, bytes.NewReader(raw))
			if err != nil {
				t.Fatal(name, err)
			}
			if d := cmp.Diff(want, list[0].Rows); d != "" || len(list[0].Bad) > 0 {
				t.Fatal(name, d, list[0].Bad)
			}
		}
		f, err := excelize.OpenReader(bytes.NewReader(x.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for i, row := range rows {
			for c := range row {
				at := fmt.Sprintf("%s%d", sheet.Letters(c), i+2)
				got, err := f.GetCellValue("表<1>", at)
				formula, err2 := f.GetCellFormula("表<1>", at)
				if err != nil || err2 != nil || formula != "" || sheet.Clean(got) != sheet.Clean(row[c]) {
					t.Fatalf("%s: %q %q %v %v", at, got, row[c], err, err2)
				}
			}
		}
	})
}

// TestLibreOfficeOpensWhatIsWritten turns a workbook into CSV with LibreOffice.
func TestLibreOfficeOpensWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "a.xlsx"))
	must(t, err)
	w, err := sheet.NewXLSX(file, "整改台账", time.Date(2021, 1, 6, 0, 0, 0, 0, time.UTC), []sheet.Column{{"整改措施", 20}, {"整改时限", 12}})
	must(t, err, w.Row([]string{"=1+1", "2020-12-31"}), w.Row([]string{"甲\n乙 <&>_x000D_", "2020年12月底"}), w.Close(), file.Close())
	cmd := exec.CommandContext(t.Context(), "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", dir, filepath.Join(dir, "a.xlsx"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("LibreOffice (scripts/install-test-tools installs it): %v %s", err, out)
	}
	out, err := os.ReadFile(filepath.Join(dir, "a.csv"))
	must(t, err)
	want := "整改措施,整改时限\n=1+1,2020-12-31\n\"甲\n乙 <&>_x000D_\",2020年12月底\n"
	if d := cmp.Diff(want, string(out)); d != "" {
		t.Error(d)
	}
	// What LibreOffice saves again is what came to it: it writes out that a sheet is visible.
	again := filepath.Join(dir, "again")
	cmd = exec.CommandContext(t.Context(), "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", again, filepath.Join(dir, "a.xlsx"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	saved, err := os.ReadFile(filepath.Join(again, "a.xlsx"))
	must(t, err)
	tables, err := sheet.Read("a.xlsx", bytes.NewReader(saved))
	must(t, err)
	var rows [][]string
	for _, table := range tables {
		for _, row := range table.Rows {
			rows = append(rows, row.Cells)
		}
	}
	if d := cmp.Diff([][]string{{"整改措施", "整改时限"}, {"=1+1", "2020-12-31"}, {"甲\n乙 <&>_x000D_", "2020年12月底"}}, rows); d != "" {
		t.Error(d)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.csv", []byte("反馈问题,整改措施\n甲,乙\n"))
	f.Add("a.xlsx", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		if _, err := sheet.Read(name, bytes.NewReader(raw)); err != nil {
			if _, ok := fault.As(err); !ok {
				t.Error(err)
			}
		}
	})
}
