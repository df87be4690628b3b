package blob

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	jpg "image/jpeg"
	pngs "image/png"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"mingjing/app/fault"
)

const canary = "jinsique-canary"

// planted reports whether the canary stands in a file, also within what a zip container holds.
func planted(raw []byte) bool {
	wide := []byte{}
	for _, u := range utf16.Encode([]rune(canary)) {
		wide = append(wide, byte(u>>8), byte(u))
	}
	if bytes.Contains(raw, []byte(canary)) || bytes.Contains(raw, wide) || bytes.Contains(raw, wide[1:]) {
		return true
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return false
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return true
		}
		body, _ := io.ReadAll(r)
		if planted(body) {
			return true
		}
	}
	return false
}

func picture() *image.Paletted {
	p := image.NewPaletted(image.Rect(0, 0, 40, 30), []color.Color{color.White, color.Black, color.RGBA{200, 0, 0, 255}})
	for i := range p.Pix {
		p.Pix[i] = uint8(i * 7 % 3)
	}
	return p
}

func segment(marker byte, body string) []byte {
	return append(append([]byte{0xFF, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...), body...)
}

// photo is a JPEG with all that a telephone writes into one; it lies on its side.
func photo(t testing.TB) []byte {
	var b bytes.Buffer
	if err := jpg.Encode(&b, picture(), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00" + "\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00" + "\x3b\x01\x02\x00\x0f\x00\x00\x00\x26\x00\x00\x00" + "\x00\x00\x00\x00" + canary
	raw := append([]byte{0xFF, 0xD8}, segment(0xE1, exif)...)
	raw = append(raw, segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00"+canary)...)
	raw = append(raw, segment(0xED, "Photoshop 3.0\x00"+canary)...)
	raw = append(raw, segment(0xFE, canary)...)
	raw = append(raw, 0xFF) // a fill byte
	raw = append(raw, b.Bytes()[2:]...)
	return append(raw, canary...)
}

func chunk(kind, body string) []byte {
	c := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind+body...)
	return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE([]byte(kind+body)))
}

func container(t testing.TB, entries ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		if err == nil {
			_, err = io.WriteString(w, entries[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.SetComment(canary)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// document is a PDF made of objects; more is what a later program appended.
func document(info string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	at := []int{}
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R%s/Size %d>>\nstartxref\n%d\n%%%%EOF\n", info, len(objects)+1, start)
	return b.Bytes()
}

func stream(dict, body string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(body), body)
}

func letter(t testing.TB) []byte {
	image := string(photo(t))
	return document("/Info 7 0 R", "<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R/OpenAction<</S/JavaScript/JS("+canary+")>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</I 6 0 R>>>>/Annots 8 0 R/PieceInfo<</X<</Private("+canary+")/LastModified(D:20200101000000Z)>>>>>>",
		stream("", "q 40 0 0 30 0 0 cm /I Do Q"), stream("/Type/Metadata/Subtype/XML", "<x:xmpmeta>"+canary+"</x:xmpmeta>"),
		stream("/Type/XObject/Subtype/Image/Width 40/Height 30/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", image),
		"<</Author("+canary+")/Creator("+canary+")/Company("+canary+")>>",
		"[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/T("+canary+")/M(D:20200101000000Z)/Contents(kept)>> <</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://"+canary+".example/)>>>>]")
}

func files(t testing.TB) map[string][]byte {
	var p, g bytes.Buffer
	if err := pngs.Encode(&p, picture()); err != nil {
		t.Fatal(err)
	}
	if err := gif.EncodeAll(&g, &gif.GIF{Image: []*image.Paletted{picture(), picture()}, Delay: []int{5, 5}}); err != nil {
		t.Fatal(err)
	}
	raw := p.Bytes()
	pic := append(append([]byte{}, raw[:33]...), chunk("tEXt", "Author\x00"+canary)...)
	pic = append(append(append(pic, chunk("eXIf", canary)...), raw[33:]...), canary...)
	moving := g.Bytes()
	moving = append(append([]byte{}, moving[:len(moving)-1]...), 0x21, 0xFE, byte(len(canary)))
	moving = append(append(append(moving, canary...), 0, 0x3B), canary...)
	x := excelize.NewFile()
	if err := x.SetCellValue("Sheet1", "A1", "证据一"); err != nil {
		t.Fatal(err)
	}
	if err := x.SetDocProps(&excelize.DocProperties{Creator: canary, LastModifiedBy: canary}); err != nil {
		t.Fatal(err)
	}
	if err := x.AddComment("Sheet1", excelize.Comment{Cell: "A1", Author: canary, Paragraph: []excelize.RichTextRun{{Text: "批注"}}}); err != nil {
		t.Fatal(err)
	}
	sheet, err := x.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	webp := "VP8X\x0a\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "VP8L\x06\x00\x00\x00\x2f\x00\x00\x00\x00\x00" + "EXIF\x0f\x00\x00\x00" + canary + "\x00"
	webp = "RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(webp)))) + "WEBP" + webp
	return map[string][]byte{
		"a.jpg": photo(t), "a.png": pic, "a.gif": moving, "a.webp": []byte(webp), "a.pdf": letter(t), "a.xlsx": sheet.Bytes(),
		"a.docx": container(t, "[Content_Types].xml", "<Types/>", "word/document.xml", `<w:document><w:ins w:id="1" w:author="`+canary+`" w:date="2026-01-01T00:00:00Z"><w:t>正文</w:t></w:ins></w:document>`,
			"word/people.xml", `<w15:person w15:author="`+canary+`"/>`, "word/comments.xml", `<v:comment v:author = '`+canary+`'/><wp:docPr id="1" descr="C:\Users\`+canary+`.png"/>`, "word/footer1.xml", `<w:r><w:instrText xml:space="preserve"> INCLUDEPICTURE "http://`+canary+`/x" </w:instrText></w:r><w:fldSimple w:instr=' DDEAUTO `+canary+`'/>`, "xl/worksheets/sheet9.xml", `<c r="A1"><f>WEBSERVICE("http://`+canary+`")</f><v>1</v></c>`, "word/media/image2.svg", `<svg><metadata>`+canary+`</metadata><path d=""/></svg>`,
			"xl/printerSettings/printerSettings1.bin", canary, "docProps/core.xml", "<creator>"+canary+"</creator>", "docProps/app.xml", "<Company>"+canary+"</Company>", "docProps/custom.xml", canary, "word/media/image1.jpg", string(photo(t)),
			"word/_rels/settings.xml.rels", `<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="file:///C:\Users\`+canary+`\Normal.dotm" TargetMode="External"/><Relationship Id="rId3" Type="y" Target="http://`+canary+`/?a>b" TargetMode="&#69;xternal"/><Relationship Id="rId2" Type="x" Target="media/image1.jpg"/></Relationships>`),
		"a.pptx": container(t, "[Content_Types].xml", "<Types/>", "ppt/presentation.xml", "<p/>", "ppt/commentAuthors.xml", `<p:cmAuthor id="0" name="`+canary+`" initials="`+canary+`"/>`, "docProps/core.xml", canary, "docProps/thumbnail.jpeg", string(photo(t))),
		"a.ofd":  container(t, "OFD.xml", "<ofd:OFD><ofd:DocInfo><ofd:Author>"+canary+"</ofd:Author><ofd:CustomDatas><ofd:CustomData Name=\"x\">"+canary+"</ofd:CustomData></ofd:CustomDatas></ofd:DocInfo></ofd:OFD>", "Doc_0/Document.xml", "<x>正文</x>", "Doc_0/Annots/Annotation.xml", `<ofd:Annot Creator="`+canary+`" LastModDate="2026-01-01"/>`),
	}
}

func cleaned(t testing.TB, name string, raw []byte) []byte {
	t.Helper()
	media, err := Attachments.Check(name, raw[:min(len(raw), headSize)])
	if err != nil {
		t.Fatal(name, err)
	}
	r, err := Clean(t.Context(), name, media, bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func TestAWorkingCopyTellsNothingOfItsMakerAndShowsTheSame(t *testing.T) {
	for name, raw := range files(t) {
		if !planted(raw) {
			t.Errorf("%s: nothing was planted", name)
		}
		out := cleaned(t, name, raw)
		if planted(out) {
			t.Errorf("%s: the canary is still there", name)
		}
		again := cleaned(t, name, out) // it passes for its kind, and stays as it is
		if name == "a.pdf" {           // its objects are numbered anew each time
			again = cleaned(t, name, raw)
		}
		if !bytes.Equal(again, out) {
			t.Errorf("%s: cleaned twice it is another", name)
		}
		switch name {
		case "a.jpg", "a.png", "a.gif":
			was, _, e1 := image.Decode(bytes.NewReader(raw))
			is, _, e2 := image.Decode(bytes.NewReader(out))
			if e1 != nil || e2 != nil || was.Bounds() != is.Bounds() || was.At(7, 9) != is.At(7, 9) || was.At(39, 29) != is.At(39, 29) {
				t.Errorf("%s: another picture: %v %v", name, e1, e2)
			}
		case "a.xlsx":
			x, err := excelize.OpenReader(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			if v, _ := x.GetCellValue("Sheet1", "A1"); v != "证据一" {
				t.Errorf("the cell holds %q", v)
			}
		case "a.pdf":
			if !bytes.Contains(out, []byte("DCTDecode")) || !bytes.Contains(out, []byte("kept")) {
				t.Error("the page lost what it shows")
			}
			if when := regexp.MustCompile(`\(D:\d|Date|pdfcpu`).Find(out); when != nil {
				t.Errorf("it tells when or by what it was cleaned: %q", when)
			}
		}
	}
	side := cleaned(t, "a.jpg", photo(t))
	if !bytes.Contains(side, []byte("Exif\x00\x00MM")) || orientation(side[12:]) != 6 {
		t.Error("a photo that lies on its side lost which way is up")
	}
}

func TestWhatCannotBeCleanedIsRefusedWithAdvice(t *testing.T) {
	withFile := document("", "<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 4 0 R>>>>]>>>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", stream("/Type/EmbeddedFile", canary))
	page := []string{"<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"}
	pdf := func(info, catalog string, more ...string) []byte {
		return document(info, append(append([]string{catalog}, page...), more...)...)
	}
	const plain = "<</Type/Catalog/Pages 2 0 R>>"
	if _, err := clean("application/pdf", pdf("", plain)); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		media string
		raw   []byte
	}{
		"签.ofd": {"application/ofd", container(t, "OFD.xml", "<OFD/>", "Doc_0/Signs/Sign_0/SignedValue.dat", canary)}, "连.xlsx": {kinds[".xlsx"].media, container(t, "xl/connections.xml", `<webPr url="http://x"/>`)}, "宽.docx": {kinds[".docx"].media, container(t, "word/document.xml", "\xff\xfe<\x00w\x00")},
		"隐.pdf":  {"application/pdf", pdf("", "<</Type/Catalog/Pages 2 0 R/OpenAction<</S 4 0 R/URI(http://x)>>>>", "/URI")},
		"宏.docx": {kinds[".docx"].media, container(t, "word/vbaProject.bin", canary)},
		"环.pdf":  {"application/pdf", pdf("", "<</Type/Catalog/Pages 2 0 R/StructTreeRoot<</Type/StructTreeRoot/K 4 0 R>>>>", "<</Type/StructElem/S/P/K 4 0 R>>")},
		"深.pdf":  {"application/pdf", pdf("", "<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>", strings.Repeat("[", 6<<20))},
		"密.pdf":  {"application/pdf", pdf("/Encrypt<</Filter/Standard/V 1/R 2/P -4>>", plain)}, "密2.pdf": {"application/pdf", pdf("/E#6Ecrypt<</Filter/X>>", plain)},
		"表.pdf":  {"application/pdf", pdf("", "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA 4 0 R>>>>", stream("", "<xdp>"+canary+"</xdp>"))},
		"a.heic": {"image/heic", []byte("x")}, "a.doc": {"application/msword", []byte("x")}, "文件.pdf": {"application/pdf", withFile}, "坏.pdf": {"application/pdf", []byte("%PDF-1.4\n坏了")},
		"坏.jpg": {"image/jpeg", photo(t)[:90]}, "坏.png": {"image/png", []byte("\x89PNG\r\n\x1a\n123")}, "坏.docx": {kinds[".docx"].media, []byte("PK\x03\x04")},
	} {
		r, err := Clean(t.Context(), name, x.media, bytes.NewReader(x.raw))
		if err == nil {
			if _, bad := io.ReadAll(r); bad == nil {
				t.Errorf("%s: the copy ends as if it were whole", name)
			}
			err = r.Close()
		}
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Unsupported || !strings.Contains(f.Message, name) || !strings.Contains(f.Message, "请") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	for name, raw := range files(f) {
		f.Add(name, raw)
	}
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		media, err := Attachments.Check(name, raw[:min(len(raw), headSize)])
		if err != nil {
			return
		}
		// Here, since a process for each is slow: what hangs is ended by the cleaner's limits.
		if _, known := cleaners[media]; !known || media == "application/pdf" {
			return
		}
		if out, err := clean(media, raw); err == nil && len(out) == 0 {
			t.Errorf("%s: nothing is left", name)
		}
	})
}

func TestAPictureOfAScannerKeepsOnlyWhatShowsIt(t *testing.T) {
	box := func(kind, body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
	}
	head := box("jP  ", "\r\n\x87\n") + box("ftyp", "jp2 \x00\x00\x00\x00jp2 ") + box("jp2h", "x")
	last := "\x00\x00\x00\x00jp2c\xff\x4f\xff\x51"
	out, err := cleanJP2([]byte(head + box("uuid", canary) + box("xml ", canary) + last))
	if err != nil || string(out) != head+last {
		t.Errorf("%q %v", out, err)
	}
	for _, bad := range []string{"", head + "\x00\x00\x00\x07jp2c", head + "\x00\x00\x01\x00jp2c", head + "\x00", canary} {
		if _, err := cleanJP2([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestAFileThatHangsItsReaderIsEndedAndRefused(t *testing.T) {
	// One object's number makes the library count to ten thousand million.
	hanging := bytes.Replace(letter(t), []byte("5 0 obj"), []byte("9999999995 0 obj"), 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r, err := Clean(ctx, "挂.pdf", "application/pdf", bytes.NewReader(hanging))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err == nil {
		t.Error("it was read to its end")
	}
	if err := r.Close(); !fault.Is(err, fault.Unsupported) {
		t.Error(err)
	}
	if r.(*copying).cmd.ProcessState.Exited() {
		t.Error("it ended by itself: the file does not hang any more, another is needed")
	}
}
