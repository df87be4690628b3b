package blob

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"mingjing/app/fault"
)

// Clean makes the working copy of an accepted attachment while it is read: what
// tells where, when, with what and by whom it was made is taken out, and what is
// seen stays as it is. The copy counts only once Close returned nil; its fault is
// Unsupported where it cannot be taken out surely, with what to do instead.
func Clean(ctx context.Context, name, media string, in io.Reader) (io.ReadCloser, error) {
	switch media {
	case "text/plain":
		return io.NopCloser(in), nil
	case "image/heic":
		return nil, fault.New(fault.Unsupported, "附件“"+name+"”是 HEIC 图片，里面的拍摄地点去不掉，没有接收。请在手机相册里另存为 JPG，或者截一张图再上传。")
	}
	if _, ok := cleaners[media]; !ok {
		return nil, fault.New(fault.Unsupported, "附件“"+name+"”是旧格式的文档，里面的作者信息去不掉，没有接收。请另存为 docx、xlsx、pptx 或者 PDF 再上传。")
	}
	c, err := startCleaner(ctx, media, in)
	if err != nil {
		return nil, err
	}
	return &copying{c, name}, nil
}

// copying is a cleaning whose refusal speaks to the sender.
type copying struct {
	*cleaning
	name string
}

func (c *copying) Close() error {
	err := c.cleaning.Close()
	if errors.Is(err, errDamaged) {
		return unclean(c.name)
	}
	return err
}

// cleaners are the kinds of files that can be cleaned.
var cleaners = map[string]func(raw []byte) ([]byte, error){
	"image/jpeg":         cleanJPEG,
	"image/png":          cleanPNG,
	"image/gif":          cleanGIF,
	"image/webp":         cleanWebP,
	"application/pdf":    cleanPDF,
	"application/ofd":    func(raw []byte) ([]byte, error) { return cleanZip(raw, cleanOFD) },
	kinds[".docx"].media: cleanOfficeFile,
	kinds[".xlsx"].media: cleanOfficeFile,
	kinds[".pptx"].media: cleanOfficeFile,
}

func cleanOfficeFile(raw []byte) ([]byte, error) { return cleanZip(raw, cleanOffice) }

// clean cleans a whole file in memory; what it does not understand is an error.
func clean(media string, raw []byte) (out []byte, err error) {
	defer func() {
		if recover() != nil { // a library met what it did not expect
			out, err = nil, errDamaged
		}
	}()
	if f, ok := cleaners[media]; ok {
		return f(raw)
	}
	return nil, errDamaged
}

func unclean(name string) error {
	return fault.New(fault.Unsupported, "附件“"+name+"”里的作者、地点信息去不掉，没有接收。请打印成新的 PDF，或者截图、拍照以后再上传。")
}

var errDamaged = fmt.Errorf("blob: a file of no form that is known")

// mostEntry is how much one entry of a container may unfold to.
const mostEntry = 64 << 20

// cleanZip writes a container anew: no times, no comments, no extra fields.
func cleanZip(raw []byte, entry func(name string, body []byte) ([]byte, bool, error)) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	left := int64(mostInside)
	for _, f := range in.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(r, min(mostEntry, left)+1))
		r.Close()
		if left -= int64(len(body)); err != nil || len(body) > mostEntry || left < 0 {
			return nil, errDamaged
		}
		body, keep, err := entry(f.Name, body)
		if err != nil {
			return nil, err
		}
		if !keep {
			continue
		}
		w, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: f.Method})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
	}
	err = out.Close()
	return b.Bytes(), err
}

// Empty properties, as small as the programs accept.
var emptyProps = map[string]string{
	"docProps/core.xml":   `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>`,
	"docProps/app.xml":    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>`,
	"docProps/custom.xml": `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>`,
}

var (
	// Attributes that name who or say when, whatever prefix their namespace has and however they are quoted.
	authorship = regexp.MustCompile(`(\s(?:\w+:)?(?:author|initials|date|dateUtc|userId|providerId|displayName|userName|name|lastModifiedBy|creator|dT|personId|idEmail))\s*=\s*(?:"[^"]*"|'[^']*')`)
	authorOnly = regexp.MustCompile(`(\s(?:\w+:(?:author|initials|date|dateUtc|userId|providerId)|userName))\s*=\s*(?:"[^"]*"|'[^']*')`)
	// What a picture was called where it came from, and the numbers of editing sessions, by which copies are matched.
	described  = regexp.MustCompile(`(<(?:\w+:)?(?:docPr|cNvPr)\b[^>]*?\sdescr)\s*=\s*(?:"[^"]*"|'[^']*')`)
	sessions   = regexp.MustCompile(`\s(?:\w+:)?rsid(?:R|RPr|Del|P|RDefault|Sect|Tr)\s*=\s*(?:"[^"]*"|'[^']*')|(?s:<(?:\w+:)?rsids>.*?</(?:\w+:)?rsids>)`)
	authorText = regexp.MustCompile(`(<(?:\w+:)?author>)[^<]*(</(?:\w+:)?author>)`)
	absolute   = regexp.MustCompile(`<(?:\w+:)?absPath\b[^>]*/>`)
	metadata   = regexp.MustCompile(`(?s)<(?:\w+:)?(?:metadata|script|desc|title)\b.*?</(?:\w+:)?(?:metadata|script|desc|title)>|<!--.*?-->`)
	// What a program would do when it opens the file: fields, merges, questions to other machines.
	fields   = regexp.MustCompile(`(?s)(<(?:\w+:)?instrText\b[^>]*>)[^<]*(</(?:\w+:)?instrText>)`)
	simple   = regexp.MustCompile(`(<(?:\w+:)?fldSimple\b[^>]*?\s(?:\w+:)?instr)\s*=\s*(?:"[^"]*"|'[^']*')`)
	merging  = regexp.MustCompile(`(?s)<(?:\w+:)?(mailMerge|docVars)\b.*?</(?:\w+:)?(?:mailMerge|docVars)>`)
	formulas = regexp.MustCompile(`(?is)<f\b[^>]*>[^<]*(?:webservice|filterxml|image\s*\(|hyperlink|rtd\s*\(|\||\[)[^<]*</f>`)
	reaching = regexp.MustCompile(`(?i)<(?:\w+:)?ddeLink\b|<!DOCTYPE|<!ENTITY`)
	asking   = regexp.MustCompile(`(?i)^xl/(?:connections\.xml|queryTables/|webextensions/)|^(?:word|xl|ppt)/(?:activeX|ctrlProps|embeddings)/`)
	people   = regexp.MustCompile(`^(?:xl/persons/|word/people\.xml|ppt/authors\.xml|ppt/commentAuthors\.xml|xl/threadedComments/)`)
)

// cleanOffice cleans an entry of a Word, Excel or PowerPoint file. What it refers to
// outside of itself is a path with somebody's name, or a page that learns who opens it.
func cleanOffice(name string, body []byte) ([]byte, bool, error) {
	if empty, ok := emptyProps[name]; ok {
		return []byte(empty), true, nil
	}
	if asking.MatchString(name) {
		return nil, false, errDamaged
	}
	if strings.HasSuffix(name, ".rels") {
		clean, err := cleanRelations(body)
		return clean, true, err
	}
	if strings.HasPrefix(name, "docProps/") || strings.HasPrefix(name, "customXml/") || strings.HasPrefix(name, "docMetadata/") {
		return emptied(name, body), true, nil
	}
	if strings.HasPrefix(name, "xl/printerSettings/") {
		return nil, true, nil // which printer, in which office
	}
	switch ext := strings.ToLower(path.Ext(name)); {
	case (ext == ".xml" || ext == ".vml") && (!utf8.Valid(body) || reaching.Match(body)):
		return nil, false, errDamaged // what cannot be read cannot be cleaned
	case ext == ".xml" && people.MatchString(name):
		return authorship.ReplaceAll(body, []byte(`$1=""`)), true, nil
	case ext == ".xml" || ext == ".vml":
		body = authorOnly.ReplaceAll(body, []byte(`$1=""`))
		body = described.ReplaceAll(body, []byte(`$1=""`))
		body = sessions.ReplaceAll(body, nil)
		body = authorText.ReplaceAll(body, []byte(`$1$2`))
		body = fields.ReplaceAll(body, []byte(`$1$2`))
		body = simple.ReplaceAll(body, []byte(`$1=""`))
		body = formulas.ReplaceAll(merging.ReplaceAll(body, nil), nil)
		return absolute.ReplaceAll(body, nil), true, nil
	default:
		clean, err := cleanMedia(ext, body)
		return clean, true, err
	}
}

// cleanRelations writes anew what a part refers to. What lies outside of the file is
// a path with somebody's name, or a page that learns who opens it.
func cleanRelations(body []byte) ([]byte, error) {
	var in struct {
		XMLName       xml.Name
		Relationships []struct {
			Id         string `xml:",attr"`
			Type       string `xml:",attr"`
			Target     string `xml:",attr"`
			TargetMode string `xml:",attr"`
		} `xml:"Relationship"`
	}
	if err := xml.Unmarshal(body, &in); err != nil || in.XMLName.Local != "Relationships" {
		return nil, errDamaged
	}
	for i := range in.Relationships {
		if r := &in.Relationships[i]; r.TargetMode != "" && !strings.EqualFold(r.TargetMode, "Internal") || strings.Contains(r.Target, ":") || strings.HasPrefix(r.Target, `\\`) || strings.HasPrefix(r.Target, "//") {
			r.Target, r.TargetMode = "about:blank", "External"
		}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, r := range in.Relationships {
		b.WriteString("<Relationship")
		for _, a := range [][2]string{{"Id", r.Id}, {"Type", r.Type}, {"Target", r.Target}, {"TargetMode", r.TargetMode}} {
			if a[1] == "" && a[0] == "TargetMode" {
				continue
			}
			b.WriteString(" " + a[0] + `="`)
			if err := xml.EscapeText(&b, []byte(a[1])); err != nil {
				return nil, err
			}
			b.WriteString(`"`)
		}
		b.WriteString("/>")
	}
	b.WriteString("</Relationships>")
	return b.Bytes(), nil
}

// emptied is what stands for a part that is not needed but may be referred to.
func emptied(name string, body []byte) []byte {
	if strings.EqualFold(path.Ext(name), ".xml") {
		return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><x/>`)
	}
	return nil
}

// cleanMedia cleans a picture inside a container; fonts and drawings of the old kind
// stay as they are, and everything else is refused.
func cleanMedia(ext string, body []byte) ([]byte, error) {
	switch ext {
	case ".jpg", ".jpeg":
		return cleanJPEG(body)
	case ".png":
		return cleanPNG(body)
	case ".gif":
		return cleanGIF(body)
	case ".webp":
		return cleanWebP(body)
	case ".svg":
		return metadata.ReplaceAll(body, nil), nil
	case ".emf", ".wmf", ".odttf", ".fntdata", ".ttf", ".otf":
		return body, nil
	}
	return nil, errDamaged // within which more could stand
}

var ofdInfo = regexp.MustCompile(`(?s)<((?:ofd:)?(?:Author|Creator|CreatorVersion|Keywords|DocUsage|Subject|CreationDate|ModDate))>[^<]*</`)
var ofdCustom = regexp.MustCompile(`(?s)<((?:ofd:)?CustomDatas)>.*?</(?:ofd:)?CustomDatas>`)

var (
	ofdAnnotated = regexp.MustCompile(`(\sCreator)\s*=\s*(?:"[^"]*"|'[^']*')`)
	ofdWhen      = regexp.MustCompile(`(\sLastModDate)\s*=\s*(?:"[^"]*"|'[^']*')`)
	ofdWithin    = regexp.MustCompile(`(?i)(?:^|/)(?:signs?|attachs?|attachments?)/`)
)

// cleanOFD cleans an entry of an OFD document (GB/T 33190). Who signed it stands in
// its seals, and files within it are not looked into: both are refused.
func cleanOFD(name string, body []byte) ([]byte, bool, error) {
	if ofdWithin.MatchString(name) {
		return nil, false, errDamaged
	}
	if path.Base(name) == "OFD.xml" {
		body = ofdCustom.ReplaceAll(body, nil)
		return ofdInfo.ReplaceAll(body, []byte("<$1></")), true, nil
	}
	ext := strings.ToLower(path.Ext(name))
	if ext == ".xml" {
		body = ofdAnnotated.ReplaceAll(body, []byte(`$1=""`))
		return ofdWhen.ReplaceAll(body, []byte(`$1="1970-01-01"`)), true, nil
	}
	clean, err := cleanMedia(ext, body)
	return clean, true, err
}
