// Package static embeds the style sheets, pictures and scripts and names each by a fingerprint of its content, so that
// browsers may keep a file for ever and never see an old one. It trusts only what was compiled in; it never reads a disk.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// Prefix is where the door serves the files.
const Prefix = "/static/"

//go:embed css img js
var files embed.FS

type asset struct {
	body        []byte
	contentType string
	address     string // with the fingerprint
	encoded     func() (gz, br []byte)
}

// named finds an asset by its plain name, addressed by its address; both are complete once the package is loaded.
var named, addressed = load()

var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
	".ico": "image/x-icon",
}

func load() (byName, byAddress map[string]*asset) {
	byName, byAddress = map[string]*asset{}, map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		ext := path.Ext(name)
		contentType, known := types[ext]
		if !known {
			return fmt.Errorf("%s: no content type for %q", name, ext)
		}
		sum := sha256.Sum256(body)
		a := &asset{
			body:        body,
			contentType: contentType,
			address:     Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
			encoded:     sync.OnceValues(func() (gz, br []byte) { return compress(body) }),
		}
		byName[name], byAddress[a.address] = a, a
		return nil
	})
	if err != nil {
		panic("static: " + err.Error())
	}
	return byName, byAddress
}

// Path gives the fingerprinted address of a file: Path("css/public.css") is /static/css/public.<hash>.css.
// A name that was not compiled in is a mistake of the programmer and panics.
func Path(name string) string {
	a, ok := named[name]
	if !ok {
		panic("static: no file " + name)
	}
	return a.address
}

// Asset finds what is served at an address. The plain address (/static/css/public.css) works too, but is not immutable.
// The body is shared: callers must not change it.
func Asset(address string) (body []byte, contentType string, immutable, ok bool) {
	a, immutable := find(address)
	if a == nil {
		return nil, "", false, false
	}
	return a.body, a.contentType, immutable, true
}

// Encoded gives the same bytes compressed for "br" or "gzip", or ok = false where that would not save anything.
// They are computed at the first call and kept.
func Encoded(address, encoding string) (body []byte, ok bool) {
	a, _ := find(address)
	if a == nil {
		return nil, false
	}
	gz, br := a.encoded()
	switch encoding {
	case "gzip":
		body = gz
	case "br":
		body = br
	}
	return body, body != nil && len(body) < len(a.body)
}

func find(address string) (a *asset, immutable bool) {
	if a = addressed[address]; a != nil {
		return a, true
	}
	return named[strings.TrimPrefix(address, Prefix)], false
}

// compress leaves both nil for a file it cannot compress; writing to memory does not fail otherwise.
func compress(body []byte) (gz, br []byte) {
	var zipped, brotlied bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, nil
	}
	b := brotli.NewWriterLevel(&brotlied, brotli.BestCompression)
	if _, err := z.Write(body); err != nil || z.Close() != nil {
		return nil, nil
	}
	if _, err := b.Write(body); err != nil || b.Close() != nil {
		return nil, nil
	}
	return zipped.Bytes(), brotlied.Bytes()
}
