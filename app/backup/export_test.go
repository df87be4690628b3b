package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
)

func open(t *testing.T, file []byte, id age.Identity) *tar.Reader {
	t.Helper()
	plain, err := age.Decrypt(bytes.NewReader(file), id)
	if err != nil {
		t.Fatal(err)
	}
	large, err := gzip.NewReader(plain)
	if err != nil {
		t.Fatal(err)
	}
	return tar.NewReader(large)
}

// ManifestOf reads the manifest with nothing but age, gzip and tar.
func ManifestOf(t *testing.T, file []byte, id age.Identity) (m Manifest) {
	t.Helper()
	r := open(t, file, id)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Forged is the file with a department added by somebody who knows the
// recipient's public key.
func Forged(t *testing.T, file []byte, id *age.X25519Identity) []byte {
	t.Helper()
	r := open(t, file, id)
	var out bytes.Buffer
	sealed, err := age.Encrypt(&out, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	small := gzip.NewWriter(sealed)
	w := packer{tar: tar.NewWriter(small)}
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(h.Name, tableFolder+"/departments/") {
			body = append(body, `[8,"假庭",true]`+"\n"...)
		}
		if err := w.entry(h.Name, body); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{w.tar, small, sealed} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
