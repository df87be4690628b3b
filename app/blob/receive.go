package blob

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/unicode/norm"

	"mingjing/app/fault"
)

// Received is an attachment as it was taken in.
type Received struct {
	Key    string
	Name   string // cleaned, fit for a page and a Content-Disposition
	Type   string // the media type its content was found to have
	Size   int64  // bytes before encryption
	SHA256 string // of the bytes before encryption, hexadecimal
}

// kind is a type of file that is accepted.
type kind struct {
	media string
	found []string // what content detection may call it
	entry string   // for zip containers: a file or folder that must be inside
}

const ole, zipped = "application/x-ole-storage", "application/zip"

// kinds maps extensions to what must be inside. Old Office files are told apart
// only as far as their first sectors allow. WPS's own formats are Office's.
var kinds = map[string]kind{
	".pdf":  {"application/pdf", []string{"application/pdf"}, ""},
	".jpg":  {"image/jpeg", []string{"image/jpeg"}, ""},
	".jpeg": {"image/jpeg", []string{"image/jpeg"}, ""},
	".png":  {"image/png", []string{"image/png"}, ""},
	".gif":  {"image/gif", []string{"image/gif"}, ""},
	".webp": {"image/webp", []string{"image/webp"}, ""},
	".heic": {"image/heic", []string{"image/heic", "image/heif"}, ""},
	".txt":  {"text/plain", []string{"text/plain", "text/csv", "text/tab-separated-values"}, ""},
	".doc":  {"application/msword", []string{"application/msword", ole}, ""},
	".wps":  {"application/msword", []string{"application/msword", ole}, ""},
	".xls":  {"application/vnd.ms-excel", []string{"application/vnd.ms-excel", ole}, ""},
	".et":   {"application/vnd.ms-excel", []string{"application/vnd.ms-excel", ole}, ""},
	".ppt":  {"application/vnd.ms-powerpoint", []string{"application/vnd.ms-powerpoint", ole}, ""},
	".dps":  {"application/vnd.ms-powerpoint", []string{"application/vnd.ms-powerpoint", ole}, ""},
	".docx": {officeXML + "wordprocessingml.document", []string{officeXML + "wordprocessingml.document", zipped}, "word/"},
	".xlsx": {officeXML + "spreadsheetml.sheet", []string{officeXML + "spreadsheetml.sheet", zipped}, "xl/"},
	".pptx": {officeXML + "presentationml.presentation", []string{officeXML + "presentationml.presentation", zipped}, "ppt/"},
	".ofd":  {"application/ofd", []string{zipped}, "OFD.xml"},
}

const officeXML = "application/vnd.openxmlformats-officedocument."

// AcceptedWords lists for visitors what is accepted.
const AcceptedWords = "PDF、OFD、Word、Excel、PPT、WPS 文档，JPG、PNG、GIF、WebP、HEIC 图片和 TXT 文本"

// Accepted is what a form says that it takes, to who brought something else.
type Accepted struct {
	Words   string // the kinds
	Instead string // what to do with others, a sentence; may be empty
}

// Attachments are the kinds that are kept as they came.
var Attachments = Accepted{Words: AcceptedWords}

// headSize is how much of a file tells its type.
const headSize = 3072

// Check tells the media type of a file from its name and first bytes (3 kB
// suffice). The content must be what the extension says.
func (a Accepted) Check(name string, head []byte) (string, error) {
	k, ok := kinds[strings.ToLower(path.Ext(name))]
	if !ok {
		return "", fault.New(fault.Unsupported, "不接受这种类型的附件，请改用"+a.Words+"。"+a.Instead)
	}
	if len(head) == 0 {
		return "", fault.New(fault.Invalid, "附件“"+name+"”是空文件，请检查后重新选择。")
	}
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		if slices.ContainsFunc(k.found, m.Is) {
			return k.media, nil
		}
		// Whatever is written in letters descends from text, also pages and
		// scripts; those must not pass as a text.
		if m.Parent() == nil || m.Parent().Is("text/plain") {
			break
		}
	}
	return "", errLying(name)
}

func errLying(name string) error {
	return fault.New(fault.Unsupported, "附件“"+name+"”的内容与扩展名不符，请用原来的软件重新另存后再上传。")
}

// nameLength keeps names fit for pages and file systems, in characters.
const nameLength = 120

// CleanName is the last element of a visitor's file name without anything that
// could deceive a reader or a program: no folders, control, invisible or
// direction-changing characters; never empty.
func CleanName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r), strings.ContainsRune(`<>:"|?*`, r):
			return -1
		}
		return r
	}, name)
	name = strings.TrimRight(strings.Join(strings.Fields(name), " "), " .")
	ext := path.Ext(name)
	if len([]rune(ext)) > 10 {
		ext = ""
	}
	stem := []rune(strings.TrimLeft(strings.TrimSuffix(name, ext), " ."))
	if most := nameLength - len([]rune(ext)); len(stem) > most {
		stem = stem[:most]
	}
	if len(stem) == 0 {
		stem = []rune("附件")
	}
	return strings.TrimRight(string(stem), " .") + ext
}

// Receive takes in an attachment of at most limit bytes: it stores all of it or
// nothing. Faults: Unsupported for a type that is not accepted or not what the
// name says, TooLarge, Invalid for an empty or a damaged file.
//
// It holds at most tailSize of the file in memory, and nothing of it reaches a
// disk in the clear. The directory of an Office file stands at its end, so the
// bomb check looks at the remembered tail when the end comes by, before the
// store is told that the stream is complete.
func Receive(ctx context.Context, s Store, accepted Accepted, name string, r io.Reader, limit int64) (Received, error) {
	in := Received{Key: NewKey(), Name: CleanName(name)}
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Received{}, fmt.Errorf("receive attachment: %w", err)
	}
	if in.Type, err = accepted.Check(in.Name, head[:n]); err != nil {
		return Received{}, err
	}
	q := &inspection{r: io.MultiReader(bytes.NewReader(head[:n]), r), name: in.Name, limit: limit, sum: sha256.New()}
	q.entry = kinds[strings.ToLower(path.Ext(in.Name))].entry
	if in.Size, err = s.Put(ctx, in.Key, q); err != nil {
		if f, ok := fault.As(err); ok {
			return Received{}, f
		}
		return Received{}, fmt.Errorf("receive attachment: %w", err)
	}
	in.SHA256 = hex.EncodeToString(q.sum.Sum(nil))
	return in, nil
}

// inspection counts, hashes and looks at a file while it streams by. A refusal
// is the stream's error.
type inspection struct {
	r     io.Reader
	name  string
	limit int64
	entry string // set: this is a zip container
	sum   hash.Hash
	n     int64
	tail  []byte // of a zip container: its last bytes
}

func (q *inspection) Read(p []byte) (int, error) {
	n, err := q.r.Read(p)
	q.n += int64(n)
	q.sum.Write(p[:n])
	if q.n > q.limit {
		return 0, fault.New(fault.TooLarge, "附件“"+q.name+"”超过 "+megabytes(q.limit)+"，请压缩、拆分后再上传。")
	}
	if q.entry != "" {
		q.tail = append(q.tail, p[:n]...)
		if over := len(q.tail) - 2*tailSize; over > 0 { // trim seldom, so that trimming stays cheap
			q.tail = append(q.tail[:0], q.tail[len(q.tail)-tailSize:]...)
		}
		if errors.Is(err, io.EOF) {
			if refusal := q.container(); refusal != nil {
				return n, refusal
			}
		}
	}
	return n, err
}

func megabytes(n int64) string {
	if n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}

const (
	tailSize    = 1 << 20   // a directory of more than this is no document's
	mostInside  = 200 << 20 // bytes a container may unfold to
	mostRatio   = 200       // and how many times its own size
	mostEntries = 10_000
)

// container judges a zip container by its directory. The sizes stated there are
// those by which programs unfold it.
func (q *inspection) container() error {
	damaged := fault.New(fault.Invalid, "附件“"+q.name+"”已损坏或不完整，请用原来的软件重新另存后再上传。")
	dir, err := zip.NewReader(tailReader{q.tail, q.n}, q.n)
	if err != nil || len(dir.File) > mostEntries {
		return damaged
	}
	var inside uint64
	found := false
	for _, f := range dir.File {
		inside += min(f.UncompressedSize64, 1<<40)
		found = found || f.Name == q.entry || strings.HasSuffix(q.entry, "/") && strings.HasPrefix(f.Name, q.entry)
		if strings.EqualFold(path.Base(f.Name), "vbaProject.bin") {
			return fault.New(fault.Unsupported, "附件“"+q.name+"”含有宏，请另存为不带宏的文档后再上传。")
		}
	}
	if !found {
		return errLying(q.name)
	}
	if inside > mostInside || inside > mostRatio*uint64(q.n) {
		return fault.New(fault.TooLarge, "附件“"+q.name+"”解压后过大，请删减内容或转为 PDF 后再上传。")
	}
	return nil
}

// tailReader is a file of which only the end is at hand.
type tailReader struct {
	tail []byte
	size int64
}

func (t tailReader) ReadAt(p []byte, off int64) (int, error) {
	at := off - (t.size - int64(len(t.tail)))
	if at < 0 {
		return 0, errors.New("blob: the directory is larger than any document's")
	}
	if at >= int64(len(t.tail)) {
		return 0, io.EOF
	}
	n := copy(p, t.tail[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
