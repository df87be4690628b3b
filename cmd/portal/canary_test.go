package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"mingjing/app/apptest"
)

// encodings are the ways in which a text could stand in a file.
func encodings(text string) [][]byte {
	raw := []byte(text)
	out := [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw)))}
	for skip := range 3 { // wherever it begins within base64's groups of three
		part := raw[min(skip, len(raw)):]
		part = part[:len(part)/3*3]
		out = append(out, []byte(base64.StdEncoding.EncodeToString(part)), []byte(base64.URLEncoding.EncodeToString(part)))
	}
	return out
}

// What a site leaves on disk, and what a backup of it holds once it is opened:
// no contact of a sender's, no text of an attachment, no secret.
func TestWhoHasTheDiskOrABackupHasNoContactNoAttachmentAndNoKey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		canaries := map[string]string{"name": "欧阳金丝雀", "phone": "13987654321", "email": "jinsique@example.cn"}
		b := s.Browser()
		v := b.Form("/submit/suggestion")
		v.Set("title", "关于立案窗口的建议")
		v.Set("content", "希望周六也能立案。")
		for field, c := range canaries {
			v.Set(field, c)
		}
		canaries["file"] = "附件里的金丝雀，别处没有"
		if p := b.Upload("/submit/suggestion", v, apptest.File{Name: "附件.txt", Body: []byte(canaries["file"])}); p.Status != http.StatusOK {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		secrets := map[string]bool{} // the files that are kept apart
		for _, name := range []string{"pepper", "blob.key"} {
			raw, err := os.ReadFile(filepath.Join(s.Data, name))
			if err != nil {
				t.Fatal(err)
			}
			canaries[name] = strings.TrimSpace(string(raw))
			secrets[name] = true
		}
		look := func(where string, raw []byte) {
			t.Helper()
			for what, c := range canaries {
				for _, e := range encodings(c) {
					if bytes.Contains(raw, e) {
						t.Errorf("%s holds the %s", where, what)
						break
					}
				}
			}
		}

		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "site.backup")
		portal(t, "--data", s.Data, "--database-url", s.App.Config.DatabaseURL, "backup", file, "--recipient", id.Recipient().String())
		sealed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		look("the sealed backup", sealed)
		plain, err := age.Decrypt(bytes.NewReader(sealed), id)
		if err != nil {
			t.Fatal(err)
		}
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			t.Fatal(err)
		}
		parts, cases := tar.NewReader(unzipped), false
		for {
			h, err := parts.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(parts)
			if err != nil {
				t.Fatal(err)
			}
			look("the backup's "+h.Name, raw)
			cases = cases || bytes.Contains(raw, []byte("希望周六也能立案"))
		}
		if !cases {
			t.Error("the backup does not hold what it should: nothing was looked at")
		}

		look("the log", []byte(s.Log.String()))
		files := 0
		err = filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || secrets[d.Name()] {
				return err
			}
			raw, err := os.ReadFile(path)
			look(d.Name(), raw)
			files++
			return err
		})
		if err != nil || files == 0 {
			t.Errorf("%d files, %v", files, err)
		}
	})
}
