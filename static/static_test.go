package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
)

func TestPathCarriesAFingerprintAndLeadsToTheFile(t *testing.T) {
	address := Path("css/public.css")
	if !regexp.MustCompile(`^/static/css/public\.[0-9a-f]{12}\.css$`).MatchString(address) {
		t.Fatalf("address %s", address)
	}
	body, contentType, immutable, ok := Asset(address)
	if !ok || !immutable || contentType != "text/css; charset=utf-8" || len(body) == 0 {
		t.Fatalf("ok %v, immutable %v, type %q, %d bytes", ok, immutable, contentType, len(body))
	}
}

func TestPlainAddressIsNotImmutable(t *testing.T) {
	if _, _, immutable, ok := Asset("/static/css/public.css"); !ok || immutable {
		t.Fatalf("ok %v, immutable %v", ok, immutable)
	}
}

func TestUnknownAddressesAreNotFound(t *testing.T) {
	for _, address := range []string{"", "/", "/static/", "/static/css", "/static/../static.go", "/static/css/public.000000000000.css"} {
		if _, _, _, ok := Asset(address); ok {
			t.Errorf("%q was found", address)
		}
		if _, ok := Encoded(address, "gzip"); ok {
			t.Errorf("%q was encoded", address)
		}
	}
}

func TestEncodedBytesAreTheSameFile(t *testing.T) {
	address := Path("css/public.css")
	plain, _, _, _ := Asset(address)
	for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	} {
		packed, ok := Encoded(address, encoding)
		if !ok || len(packed) >= len(plain) {
			t.Fatalf("%s: ok %v, %d bytes of %d", encoding, ok, len(packed), len(plain))
		}
		r, err := open(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(plain), string(got)); diff != "" {
			t.Errorf("%s: %s", encoding, diff)
		}
	}
	if _, ok := Encoded(address, "zstd"); ok {
		t.Error("an unknown encoding was given")
	}
}
