package announce

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"
)

// WriteDocx makes a Word document of an announcement's text, one paragraph a
// line, in the form of official documents (GB/T 9704: A4, title centred, body in
// 仿宋 of size three, chapters in 黑体, aspects in 楷体, signature to the right).
// What it writes, DecodeFile reads back as the same lines. Nothing in the file
// tells who made it or when.
func WriteDocx(text string) ([]byte, error) {
	kinds, heads := map[int]Kind{}, map[int]string{}
	for _, b := range Parse(text).Blocks {
		kinds[b.Line], heads[b.Line] = b.Kind, b.Text
	}
	var body strings.Builder
	for i, line := range split(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		paragraph(&body, kinds[i+1], line, heads[i+1])
	}
	return packDocx(body.String())
}

// WriteLetter makes a Word document of a letter, in the form of WriteDocx: a
// title, the line with its number below it, the text, and at the end on the right
// who signs it and when. No line is read as anything but text.
func WriteLetter(title, number string, text, signed []string) ([]byte, error) {
	var body strings.Builder
	paragraph(&body, KindTitle, title, "")
	paragraph(&body, KindDateline, number, "")
	for _, line := range text {
		paragraph(&body, "", line, "")
	}
	for _, line := range signed {
		paragraph(&body, KindSignature, line, "")
	}
	return packDocx(body.String())
}

// packDocx packs the paragraphs into a file.
func packDocx(body string) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", docxTypes}, {"_rels/.rels", docxRoot}, {"word/_rels/document.xml.rels", docxLinks}, {"word/styles.xml", docxStyles}, {"word/footer1.xml", docxFooter},
		{"word/document.xml", xml.Header + `<w:document ` + docxSpace + `><w:body>` + body + docxPage + `</w:body></w:document>`},
	} {
		w, err := z.Create(part.name)
		if err != nil {
			return nil, fmt.Errorf("announce: docx: %w", err)
		}
		if _, err := w.Write([]byte(part.content)); err != nil {
			return nil, fmt.Errorf("announce: docx: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("announce: docx: %w", err)
	}
	return out.Bytes(), nil
}

// docxStyle is the style of each kind of line; other lines are the body.
var docxStyle = map[Kind]string{KindTitle: "Title", KindDateline: "Dateline", KindChapter: "Heading1", KindHeading: "Heading2", KindSignature: "Signature", KindDate: "Signature"}

// paragraph writes a line; the words that name a problem are bold.
func paragraph(b *strings.Builder, kind Kind, line, head string) {
	style := docxStyle[kind]
	if style == "" {
		style = "Normal"
	}
	fmt.Fprintf(b, `<w:p><w:pPr><w:pStyle w:val="%s"/></w:pPr>`, style)
	if rest, found := strings.CutPrefix(line, head); found && head != "" && (kind == KindProblem || kind == KindSub) {
		run(b, head, true)
		line = rest
	}
	run(b, line, false)
	b.WriteString(`</w:p>`)
}

func run(b *strings.Builder, text string, bold bool) {
	if text == "" {
		return
	}
	b.WriteString(`<w:r>`)
	if bold {
		b.WriteString(`<w:rPr><w:b/></w:rPr>`)
	}
	b.WriteString(`<w:t xml:space="preserve">`)
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r): // as Parse leaves them out
			return -1
		}
		return r
	}, text)
	_ = xml.EscapeText(b, []byte(text)) // a strings.Builder never fails
	b.WriteString(`</w:t></w:r>`)
}

const (
	docxSpace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	docxTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/></Types>`
	docxRelation = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	docxRoot     = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + docxRelation + `officeDocument" Target="word/document.xml"/></Relationships>`
	docxLinks    = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="` + docxRelation + `styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="` + docxRelation + `footer" Target="footer1.xml"/></Relationships>`

	// Sizes are twentieths of a point, text sizes half-points: A4 with the
	// margins of the standard, lines 28 pt apart, body of 16 pt, title of 22 pt.
	docxPage = `<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="992" w:gutter="0"/></w:sectPr>`

	docxFooter = xml.Header + `<w:ftr ` + docxSpace + `><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r>` +
		`<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>`
)

// docxStyles names each style once: how the paragraph stands, its face and size.
var docxStyles = func() string {
	style := func(id, name, paragraph, face string, size int) string {
		first := ""
		if id == "Normal" {
			first = ` w:default="1"`
		}
		return fmt.Sprintf(`<w:style w:type="paragraph"%s w:styleId="%s"><w:name w:val="%s"/><w:pPr>%s</w:pPr><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="%s"/><w:sz w:val="%d"/></w:rPr></w:style>`,
			first, id, name, paragraph, face, size)
	}
	const lines, indented = `<w:spacing w:line="560" w:lineRule="exact"/>`, `<w:ind w:firstLineChars="200" w:firstLine="640"/>`
	return xml.Header + `<w:styles ` + docxSpace + `>` +
		style("Normal", "Normal", lines+indented+`<w:jc w:val="both"/>`, "仿宋", 32) +
		style("Title", "Title", `<w:spacing w:after="560" w:line="640" w:lineRule="exact"/><w:jc w:val="center"/>`, "方正小标宋简体", 44) +
		style("Dateline", "Subtitle", lines+`<w:jc w:val="center"/>`, "楷体", 32) +
		style("Heading1", "heading 1", `<w:keepNext/>`+lines+indented+`<w:outlineLvl w:val="0"/>`, "黑体", 32) +
		style("Heading2", "heading 2", `<w:keepNext/>`+lines+indented+`<w:outlineLvl w:val="1"/>`, "楷体", 32) +
		style("Signature", "Signature", lines+`<w:ind w:rightChars="200" w:right="640"/><w:jc w:val="right"/>`, "仿宋", 32) +
		style("Footer", "footer", `<w:jc w:val="center"/>`, "宋体", 28) + `</w:styles>`
}()
