package announce

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"

	"mingjing/app/fault"
)

// The reasons why bytes are not an announcement, fit to be shown to whoever
// chose the file.
var (
	ErrNotText = fault.New(fault.Unsupported, "这个文件不是文字文件，请另存为 .txt（UTF-8 或 GB18030）或 .docx 后再试。")
	ErrOldWord = fault.New(fault.Unsupported, "这是旧版 Word 的 .doc 文件，请在 Word 里另存为 .docx 后再试。")
	ErrPDF     = fault.New(fault.Unsupported, "这是 PDF 文件，请把文字复制到 .txt 或 .docx 文件后再试。")
	ErrDocx    = fault.New(fault.Unsupported, "这个 Word 文件打不开，可能已损坏，请重新另存为 .docx 或 .txt 后再试。")
	ErrTooBig  = fault.New(fault.TooLarge, "文件太大，通报的文字不应超过 8 MB，请只保留通报正文后再试。")
)

// maxText is the most bytes of text an announcement may have; the longest real
// ones are under 200 kB.
const maxText = 8 << 20

// Decode turns a text file's bytes into text: UTF-8 with or without its mark,
// UTF-16 with its mark, or GB18030 (and so GBK and GB 2312).
func Decode(raw []byte) (string, error) {
	switch {
	case len(raw) > maxText:
		return "", ErrTooBig
	case bytes.HasPrefix(raw, []byte("%PDF-")):
		return "", ErrPDF
	case bytes.HasPrefix(raw, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return "", ErrOldWord
	}
	var text string
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		b, err := xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM).NewDecoder().Bytes(raw)
		if err != nil {
			return "", ErrNotText
		}
		text = string(b)
	case utf8.Valid(raw):
		text = string(bytes.TrimPrefix(raw, []byte("\uFEFF")))
	default:
		b, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(b, utf8.RuneError) {
			return "", ErrNotText
		}
		text = string(b)
	}
	if !readable(text) {
		return "", ErrNotText
	}
	return text, nil
}

// readable refuses what only happens to decode: control characters never occur
// in a text, and an encoding guessed wrongly shows as unassigned characters.
func readable(text string) bool {
	total, odd := 0, 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("\t\n\v\f\r\u001a\u0085", r):
		case r < 0x20 || r == 0x7F:
			return false
		case !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Zl, r) && !unicode.Is(unicode.Zp, r):
			odd++
		}
		total++
	}
	return odd*100 <= total
}

// DecodeFile is Decode for a file that may also be a Word document. What the
// file is, is told from its content; its name is only a hint for people.
func DecodeFile(name string, raw []byte) (string, error) {
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return docx(raw)
	}
	if strings.HasSuffix(strings.ToLower(name), ".docx") {
		return "", ErrDocx
	}
	return Decode(raw)
}
