package announce

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func word(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"[Content_Types].xml", "word/document.xml", "word/numbering.xml", "word/styles.xml"} {
		content, found := parts[name]
		if !found {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const ns = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`

func document(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><w:document ` + ns + `><w:body>` + body + `</w:body></w:document>`
}

func TestAWordDocumentReadsLikeItsText(t *testing.T) {
	var body strings.Builder
	text := read(t, "nested.txt")
	for _, l := range strings.Split(text, "\n") {
		// Word splits a paragraph into runs wherever it likes.
		body.WriteString(`<w:p>`)
		for i, part := range strings.SplitAfter(l, "，") {
			if i > 0 {
				body.WriteString(`<w:proofErr w:type="spellStart"/>`)
			}
			body.WriteString(`<w:r><w:t xml:space="preserve">` + part + `</w:t></w:r>`)
		}
		body.WriteString(`</w:p>`)
	}
	raw := word(t, map[string]string{"word/document.xml": document(body.String())})
	got, err := DecodeFile("通报.docx", raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Parse(text), Parse(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAutomaticNumbersAreWrittenOut(t *testing.T) {
	p := func(level, text string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + level + `"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	raw := word(t, map[string]string{
		"word/document.xml": document(
			`<w:p><w:pPr><w:pStyle w:val="Chapter"/></w:pPr><w:r><w:t>反馈问题整改情况</w:t></w:r></w:p>` +
				p("0", "关于“甲”方面") + p("1", "针对“子”问题。") +
				`<w:p><w:r><w:t>整改情况：已改</w:t></w:r><w:del><w:r><w:delText>删去的话</w:delText></w:r></w:del><w:r><w:br/><w:t>又改</w:t></w:r></w:p>` +
				p("1", "针对“丑”问题。再改。") + p("0", "关于“乙”方面") + p("1", "针对“寅”问题。三改。") +
				`<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>文本框</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>文本框</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>`),
		"word/numbering.xml": `<w:numbering ` + ns + `><w:abstractNum w:abstractNumId="3">` +
			`<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%1）"/></w:lvl>` +
			`<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>` +
			`<w:abstractNum w:abstractNumId="4"><w:lvl w:ilvl="0"><w:start w:val="2"/><w:numFmt w:val="japaneseCounting"/><w:lvlText w:val="%1、"/></w:lvl></w:abstractNum>` +
			`<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="8"><w:abstractNumId w:val="4"/></w:num></w:numbering>`,
		"word/styles.xml": `<w:styles ` + ns + `><w:style w:styleId="Chapter"><w:pPr><w:numPr><w:numId w:val="8"/></w:numPr></w:pPr></w:style></w:styles>`,
	})
	got, err := DecodeFile("x", raw)
	want := "二、反馈问题整改情况\n（一）关于“甲”方面\n1.针对“子”问题。\n整改情况：已改\n又改\n2.针对“丑”问题。再改。\n（二）关于“乙”方面\n1.针对“寅”问题。三改。\n文本框\n"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAnArchiveMadeToExhaustIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		parts map[string]string
		want  error
	}{
		"too much xml":  {map[string]string{"word/document.xml": document(strings.Repeat(" ", maxPart+1))}, ErrTooBig},
		"too much text": {map[string]string{"word/document.xml": document(`<w:p><w:r><w:t>` + strings.Repeat("大", maxText/3+1) + `</w:t></w:r></w:p>`)}, ErrTooBig},
		"no document":   {map[string]string{"word/styles.xml": "<a/>"}, ErrDocx},
		"broken xml":    {map[string]string{"word/document.xml": "<w:document><w:p>"}, ErrDocx},
		"other xml":     {map[string]string{"word/document.xml": "<html/>"}, ErrDocx},
	} {
		if _, err := DecodeFile("x.docx", word(t, c.parts)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzDecodeFile(f *testing.F) {
	f.Add([]byte("文字"))
	f.Add([]byte("\xd6\xd0\xb9\xfa"))
	f.Add(word(f, map[string]string{"word/document.xml": document(`<w:p><w:r><w:t>甲</w:t></w:r></w:p>`)}))
	if raw, err := os.ReadFile(filepath.Join("testdata", "gb18030.txt")); err == nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := DecodeFile("x", raw)
		if err != nil && text != "" {
			t.Error("text beside an error")
		}
	})
}
