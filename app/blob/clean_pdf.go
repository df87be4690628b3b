package blob

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

func init() { api.DisableConfigDir() } // it would write a folder of settings into somebody's home

// cleanPDF writes a document anew from the objects that its pages need: the
// information dictionary, metadata of whatever object, names of who annotated or
// signed, and older revisions do not come along, nor does what would run or reach
// out when it is opened. What is encrypted or carries files or a form of another
// kind within is refused.
func cleanPDF(raw []byte) ([]byte, error) {
	if encrypts.Match(raw) {
		return nil, errDamaged
	}
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.WriteObjectStream, conf.WriteXRefStream = false, false // as plain as it was
	doc, err := api.ReadContext(bytes.NewReader(raw), conf)
	if err != nil {
		return nil, err
	}
	if doc.Encrypt != nil {
		return nil, errDamaged
	}
	for _, e := range doc.Table { // the library's own check would drop some of it silently
		if holds(e.Object, within) {
			return nil, errDamaged
		}
	}
	if err := api.ValidateContext(doc); err != nil {
		return nil, err
	}
	doc.Info, doc.ID, doc.Properties = nil, nil, map[string]string{}
	doc.Title, doc.Author, doc.Subject, doc.Creator = "", "", "", ""
	for _, e := range doc.Table {
		if e.Object, err = cleanObject(e.Object); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := api.WriteContext(doc, &b); err != nil {
		return nil, err
	}
	return timeless(b.Bytes(), doc)
}

// encrypts finds that any trailer of the file, read or passed over by the library,
// speaks of encryption: trailers are never compressed, but a name may be escaped.
var encrypts = regexp.MustCompile(`/(?:E|#45)(?:n|#6[Ee])(?:c|#63)(?:r|#72)(?:y|#79)(?:p|#70)(?:t|#74)`)

// timeless takes out when the library wrote, and the identifier that it made of
// that. Each is overwritten in its place, so that what stands behind stays there.
func timeless(out []byte, doc *model.Context) ([]byte, error) {
	if doc.Info != nil {
		at, ok := doc.Write.Table[doc.Info.ObjectNumber.Value()]
		if !ok || at < 0 || at >= int64(len(out)) {
			return nil, errDamaged
		}
		info := out[at:]
		open, end := bytes.Index(info, []byte("<<")), bytes.Index(info, []byte(">>"))
		if open < 0 || end < open {
			return nil, errDamaged
		}
		for i := open + 2; i < end; i++ {
			info[i] = ' '
		}
	}
	if at := bytes.LastIndex(out, []byte("/ID[")); at >= 0 {
		for i := at; i < len(out) && out[i] != ']'; i++ {
			if out[i] >= '0' && out[i] <= '9' || out[i] >= 'a' && out[i] <= 'f' {
				out[i] = '0'
			}
		}
	}
	return out, nil
}

var (
	// tells is what says by whom, with what and when.
	tells = []string{"Metadata", "PieceInfo", "LastModified", "AA", "OpenAction", "JavaScript", "Perms", "Legal"}
	// within is what holds files, or a form that no page shows.
	within = []string{"EF", "EmbeddedFiles", "XFA", "RichMediaContent", "3DD", "Encrypt"}
	// harmless are the actions that stay within the document.
	harmless = []string{"GoTo", "Named", "Hide", "SetOCGState", "Thread", "Trans", "GoTo3DView"}
	// actions and shadings, groups and transitions both have an S.
	actions = []string{"JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "GoToDp", "URI", "Sound", "Movie", "Rendition", "RichMediaExecute"}
)

// holds reports whether an object has an entry of one of these names, or hides what it is.
func holds(o types.Object, names []string) bool {
	switch o := o.(type) {
	case types.Dict:
		for key, v := range o {
			name, err := types.DecodeName(key)
			if err != nil || slices.Contains(names, name) || holds(v, names) {
				return true
			}
			if _, elsewhere := v.(types.IndirectRef); elsewhere && slices.Contains([]string{"S", "Type", "Subtype"}, name) {
				return true // what it is stands in another object: nobody's program writes that
			}
		}
	case types.Array:
		return slices.ContainsFunc(o, func(v types.Object) bool { return holds(v, names) })
	case types.StreamDict:
		return holds(o.Dict, names)
	}
	return false
}

// cleanObject takes out what tells of the maker, also from the objects within.
func cleanObject(o types.Object) (types.Object, error) {
	var err error
	switch o := o.(type) {
	case types.Dict:
		cleanDict(o)
	case types.Array:
		for i, v := range o {
			if o[i], err = cleanObject(v); err != nil {
				return nil, err
			}
		}
	case types.StreamDict:
		cleanDict(o.Dict)
		return cleanStream(o)
	}
	return o, nil
}

func cleanDict(d types.Dict) {
	for key := range d {
		if name, _ := types.DecodeName(key); slices.Contains(tells, name) {
			delete(d, key)
		}
	}
	kind := func(key string) string {
		if n := d.NameEntry(key); n != nil {
			name, _ := types.DecodeName(*n)
			return name
		}
		return ""
	}
	if _, signs := d["ByteRange"]; signs || kind("Type") == "Sig" {
		clear(d)
		return
	}
	if s := kind("S"); slices.Contains(actions, s) || kind("Type") == "Action" && !slices.Contains(harmless, s) {
		clear(d) // what is left is an action that does nothing
		d["S"], d["State"] = types.Name("SetOCGState"), types.Array{}
		return
	}
	if sub := kind("Subtype"); sub != "" && sub != "Widget" {
		if _, annotation := d["Rect"]; annotation {
			delete(d, "T")
			delete(d, "M")
			delete(d, "CreationDate")
		}
	}
	for _, v := range d { // a stream never stands within a dictionary
		cleanObject(v)
	}
}

// cleanStream cleans a photo that stands in the document as its camera wrote it.
func cleanStream(o types.StreamDict) (types.Object, error) {
	var last string
	for _, f := range o.FilterPipeline {
		last = f.Name
	}
	if last != "DCTDecode" && last != "JPXDecode" || len(o.Raw) == 0 {
		return o, nil
	}
	if len(o.FilterPipeline) > 1 {
		return nil, errDamaged // packed once more: its camera's words would stay
	}
	clean := cleanJPEG
	if last == "JPXDecode" {
		clean = cleanJP2
	}
	raw, err := clean(o.Raw)
	if err != nil {
		return nil, err
	}
	n := int64(len(raw))
	o.Raw, o.StreamLength = raw, &n
	o.Dict["Length"] = types.Integer(n)
	return o, nil
}
