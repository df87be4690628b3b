package blob

import (
	"bytes"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

func init() { api.DisableConfigDir() } // it would write a folder of settings into somebody's home

// cleanPDF writes a document anew from the objects that its pages need: the
// information dictionary, metadata of whatever object, names of who annotated,
// and older revisions do not come along. What is encrypted or carries files
// within is refused.
func cleanPDF(raw []byte) ([]byte, error) {
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
	if err := api.ValidateContext(doc); err != nil {
		return nil, err
	}
	doc.Info, doc.Properties = nil, map[string]string{}
	doc.Title, doc.Author, doc.Subject, doc.Creator = "", "", "", ""
	for _, e := range doc.Table {
		switch o := e.Object.(type) {
		case types.Dict:
			if !cleanDict(o) {
				return nil, errDamaged
			}
		case types.StreamDict:
			if !cleanDict(o.Dict) {
				return nil, errDamaged
			}
			if len(o.FilterPipeline) == 1 && o.FilterPipeline[0].Name == "DCTDecode" && len(o.Raw) > 0 {
				if o.Raw, err = cleanJPEG(o.Raw); err != nil {
					return nil, err
				}
				n := int64(len(o.Raw))
				o.StreamLength = &n
				o.Dict["Length"] = types.Integer(n)
				e.Object = o
			}
		}
	}
	var b bytes.Buffer
	if err := api.WriteContext(doc, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// cleanDict takes out what tells of the maker, also in the dictionaries within.
// It is false where a file lies within.
func cleanDict(d types.Dict) bool {
	if _, ok := d["EF"]; ok {
		return false
	}
	if _, ok := d["EmbeddedFiles"]; ok {
		return false
	}
	for _, key := range []string{"Metadata", "PieceInfo", "LastModified"} {
		delete(d, key)
	}
	if sub := d.Subtype(); sub != nil && *sub != "Widget" {
		if _, annotation := d["Rect"]; annotation {
			delete(d, "T")
			delete(d, "M")
			delete(d, "CreationDate")
		}
	}
	for _, v := range d {
		if !cleanObject(v) {
			return false
		}
	}
	return true
}

func cleanObject(o types.Object) bool {
	switch o := o.(type) {
	case types.Dict:
		return cleanDict(o)
	case types.Array:
		for _, v := range o {
			if !cleanObject(v) {
				return false
			}
		}
	}
	return true
}
