package blob

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/fault"
)

// bucket is an S3 endpoint in this process: it understands PUT, GET, HEAD,
// DELETE and the list of one bucket, and checks nothing but the signature's
// presence. It is here so that the real client runs its real requests.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	at      time.Time
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/box/")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	body, found := b.objects[name]
	switch {
	case r.Method == http.MethodPut:
		in, err := io.ReadAll(r.Body)
		if err != nil || int64(len(in)) != r.ContentLength {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		b.objects[name] = in
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodDelete:
		delete(b.objects, name)
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Query().Get("list-type") == "2":
		type object struct {
			Key          string
			LastModified string
			Size         int
		}
		var list struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []object
		}
		for k, v := range b.objects {
			if strings.HasPrefix(k, r.URL.Query().Get("prefix")) {
				list.Contents = append(list.Contents, object{k, b.at.Format("2006-01-02T15:04:05.000Z"), len(v)})
			}
		}
		xml.NewEncoder(w).Encode(list)
	case !found:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	default:
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, r, "", b.at, bytes.NewReader(body))
	}
}

// raw says how a test looks under the seal: every stored byte.
type backend struct {
	Store
	raw func(t *testing.T) []byte
}

func eachBackend(t *testing.T, test func(t *testing.T, b backend)) {
	t.Run("folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "blobs")
		s, err := Open("", dir)
		if err != nil {
			t.Fatal(err)
		}
		test(t, backend{s, func(t *testing.T) (all []byte) {
			err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				if i, err := d.Info(); err != nil || i.Mode().Perm() != 0o600 {
					t.Errorf("%s is %v, %v", p, i.Mode(), err)
				}
				b, err := os.ReadFile(p)
				all = append(all, b...)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}})
	})
	t.Run("s3", func(t *testing.T) {
		b := &bucket{objects: map[string][]byte{}, at: time.Date(2021, 1, 6, 1, 0, 0, 0, time.UTC)}
		srv := httptest.NewServer(b)
		t.Cleanup(srv.Close)
		s, err := Open("s3://key:secret@"+strings.TrimPrefix(srv.URL, "http://")+"/box/portal?insecure=1", "")
		if err != nil {
			t.Fatal(err)
		}
		test(t, backend{s, func(*testing.T) (all []byte) {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, v := range b.objects {
				all = append(all, v...)
			}
			return all
		}})
	})
}

func identity(t *testing.T) *age.X25519Identity {
	id, err := LoadOrCreateKey(filepath.Join(t.TempDir(), "blob.key"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func keys(t *testing.T, s Store) []string {
	t.Helper()
	list := []string{}
	if err := s.Walk(t.Context(), func(i Item) error { list = append(list, i.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestEveryBackendKeepsTheContract(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		id := identity(t)
		for name, s := range map[string]Store{"bare": b.Store, "sealed": Sealed(b.Store, id)} {
			t.Run(name, func(t *testing.T) {
				ctx := t.Context()
				var want []string
				for _, size := range []int{0, 1, 64 << 10, 200<<10 + 7} {
					content := bytes.Repeat([]byte("鉴"), size/3+1)[:size]
					key := NewKey()
					want = append(want, key)
					if n, err := s.Put(ctx, key, bytes.NewReader(content)); err != nil || n != int64(size) {
						t.Fatal(n, err)
					}
					r, err := s.Open(ctx, key)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(r)
					if err != nil || !bytes.Equal(got, content) {
						t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
					}
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				}
				slices.Sort(want)
				if d := cmp.Diff(want, keys(t, s)); d != "" {
					t.Error(d)
				}
				boom := errors.New("boom")
				if _, err := s.Put(ctx, NewKey(), io.MultiReader(strings.NewReader(strings.Repeat("x", 100<<10)), iotest.ErrReader(boom))); !errors.Is(err, boom) {
					t.Errorf("a failing reader gave %v", err)
				}
				gone, cancel := context.WithCancel(ctx)
				cancel()
				if _, err := s.Put(gone, NewKey(), strings.NewReader("x")); !errors.Is(err, context.Canceled) {
					t.Errorf("a cancelled upload gave %v", err)
				}
				if d := cmp.Diff(want, keys(t, s)); d != "" {
					t.Errorf("a failed upload left something: %s", d)
				}
				if _, err := s.Open(ctx, NewKey()); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("a missing key gave %v", err)
				}
				for range 2 {
					if err := s.Delete(ctx, want[0]); err != nil {
						t.Error(err)
					}
				}
				if d := cmp.Diff(want[1:], keys(t, s)); d != "" {
					t.Error(d)
				}
				stop := errors.New("stop")
				if err := s.Walk(ctx, func(Item) error { return stop }); !errors.Is(err, stop) {
					t.Errorf("walk went on: %v", err)
				}
				for _, bad := range []string{"", "../../etc/passwd", strings.Repeat("A", 32), strings.Repeat("a", 31) + "/"} {
					_, e1 := s.Put(ctx, bad, strings.NewReader("x"))
					_, e2 := s.Open(ctx, bad)
					if e1 == nil || e2 == nil || s.Delete(ctx, bad) == nil {
						t.Errorf("%q was taken for a key", bad)
					}
				}
				for _, k := range want {
					if err := s.Delete(ctx, k); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
}

func TestNothingIsStoredInTheClear(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := Sealed(b.Store, identity(t))
		got, err := Receive(t.Context(), s, Attachments, "canary-name.txt", strings.NewReader(strings.Repeat("canary-content 金丝雀 ", 5000)), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		raw := b.raw(t)
		for _, canary := range []string{"canary", "金丝雀", got.SHA256} {
			if bytes.Contains(raw, []byte(canary)) {
				t.Errorf("%q is in the store", canary)
			}
		}
		if !bytes.HasPrefix(raw, []byte("age-encryption.org/v1\n-> X25519 ")) {
			t.Errorf("stored as %.40q", raw)
		}
		other := Sealed(b.Store, identity(t))
		if _, err := other.Open(t.Context(), got.Key); err == nil {
			t.Error("another key opens it")
		}
	})
}

func TestAnAlteredBlobDoesNotOpen(t *testing.T) {
	bare, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := Sealed(bare, identity(t))
	key := NewKey()
	if _, err := s.Put(t.Context(), key, strings.NewReader(strings.Repeat("x", 70000))); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(bare.path(key))
	for name, bad := range map[string][]byte{
		"truncated": raw[:len(raw)-20],
		"flipped":   append(append(slices.Clone(raw[:66000]), raw[66000]^1), raw[66001:]...),
		"empty":     {},
	} {
		if err := os.WriteFile(bare.path(key), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), key)
		if err == nil {
			_, err = io.ReadAll(r)
			r.Close()
		}
		if err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestSweepRemovesOnlyOldOrphans(t *testing.T) {
	s, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2021, 1, 6, 1, 0, 0, 0, time.UTC)
	put := func(age time.Duration) string {
		key := NewKey()
		if _, err := s.Put(t.Context(), key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(s.path(key), now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return key
	}
	kept, fresh, orphan, crashed := put(48*time.Hour), put(time.Hour), put(48*time.Hour), put(48*time.Hour)
	if err := os.Rename(s.path(crashed), s.path(crashed)+part); err != nil {
		t.Fatal(err)
	}
	n, err := Sweep(t.Context(), s, now.Add(-24*time.Hour), func(k string) (bool, error) { return k == kept, nil })
	if err != nil || n != 2 {
		t.Errorf("swept %d, %v", n, err)
	}
	want := []string{kept, fresh}
	slices.Sort(want)
	if d := cmp.Diff(want, keys(t, s)); d != "" {
		t.Errorf("%s (orphan %s)", d, orphan)
	}
	boom := errors.New("boom")
	if _, err := Sweep(t.Context(), s, now, func(string) (bool, error) { return false, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
	if d := cmp.Diff(want, keys(t, s)); d != "" {
		t.Errorf("an unsure sweep deleted: %s", d)
	}
}

func TestTheKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blob.key")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			id, err := LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = id.String()
		})
	}
	wg.Wait()
	if len(slices.Compact(ids)) != 1 {
		t.Error("instances that start together got different keys")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) > 0 {
		t.Error(left)
	}
	if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-CANARY"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(path); err == nil || strings.Contains(err.Error(), "CANARY") {
		t.Error(err)
	}
}

func TestABadSettingKeepsItsSecret(t *testing.T) {
	for _, setting := range []string{"s3://key:canary@host", "s3://host/bucket", "http://key:canary@host/b", "s3://key:canary@ho st/b", "s3://key:canary@ho%/b"} {
		if _, err := Open(setting, ""); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func office(entries map[string]int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := []string{"[Content_Types].xml"}
	for n := range entries {
		names = append(names, n)
	}
	slices.Sort(names[1:])
	for _, n := range names {
		w, _ := z.Create(n)
		io.CopyN(w, zeros{}, int64(entries[n]))
	}
	z.Close()
	return b.Bytes()
}

// noise does not compress; zeros do, a thousandfold.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func noise(n int) []byte {
	b := make([]byte, n)
	c := rand.NewChaCha8([32]byte{})
	c.Read(b)
	return b
}

func withNoise(n int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string][]byte{"word/document.xml": []byte("<w/>"), "word/media/a.jpg": noise(n)} {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		w.Write(content)
	}
	z.Close()
	return b.Bytes()
}

var (
	pdf  = []byte("%PDF-1.7\n1 0 obj\n")
	jpeg = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	png  = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	cfb  = append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 1500)...)
	heic = []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
	gbk  = []byte("\xd4\xc6\xc4\xcf\xca\xa1\xb8\xdf\xbc\xb6\xc8\xcb\xc3\xf1\xb7\xa8\xd4\xba\r\n")
)

func TestReceiveAcceptsWhatItSays(t *testing.T) {
	s, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		content []byte
		media   string
	}{
		"a.pdf":      {pdf, "application/pdf"},
		"照片.JPG":     {jpeg, "image/jpeg"},
		"a.jpeg":     {jpeg, "image/jpeg"},
		"a.png":      {png, "image/png"},
		"a.gif":      {[]byte("GIF89a\x01\x00"), "image/gif"},
		"a.webp":     {[]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), "image/webp"},
		"a.heic":     {heic, "image/heic"},
		"a.txt":      {[]byte("明镜高悬"), "text/plain"},
		"gbk.txt":    {gbk, "text/plain"},
		"table.txt":  {[]byte("a,b\n1,2\n3,4\n"), "text/plain"},
		"a.doc":      {cfb, "application/msword"},
		"a.wps":      {cfb, "application/msword"},
		"a.xls":      {cfb, "application/vnd.ms-excel"},
		"a.docx":     {office(map[string]int{"word/document.xml": 1000}), officeXML + "wordprocessingml.document"},
		"a.xlsx":     {office(map[string]int{"xl/workbook.xml": 1000}), officeXML + "spreadsheetml.sheet"},
		"a.pptx":     {office(map[string]int{"ppt/presentation.xml": 10}), officeXML + "presentationml.presentation"},
		"a.ofd":      {office(map[string]int{"OFD.xml": 10}), "application/ofd"},
		"large.docx": {withNoise(3 << 20), officeXML + "wordprocessingml.document"}, // many times the tail
	} {
		// one byte at a time as well: what streams by must not matter
		for _, r := range []io.Reader{bytes.NewReader(x.content), iotest.DataErrReader(bytes.NewReader(x.content)), iotest.HalfReader(bytes.NewReader(x.content))} {
			got, err := Receive(t.Context(), s, Attachments, name, r, 4<<20)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			sum := sha256.Sum256(x.content)
			want := Received{Key: got.Key, Name: name, Type: x.media, Size: int64(len(x.content)), SHA256: hex.EncodeToString(sum[:])}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
	}
}

func TestReceiveRefusesAndLeavesNothing(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		s := Sealed(b.Store, identity(t))
		many := map[string]int{"word/document.xml": 1}
		for i := range mostEntries {
			many[fmt.Sprintf("word/media/%d", i)] = 0
		}
		docx := office(map[string]int{"word/document.xml": 1000})
		for _, x := range []struct {
			name    string
			content []byte
			kind    fault.Kind
			words   string
		}{
			{"a.exe", pdf, fault.Unsupported, "不接受这种类型"},
			{"a", pdf, fault.Unsupported, "不接受这种类型"},
			{"a.pdf.exe", pdf, fault.Unsupported, "不接受这种类型"},
			{"a.pdf", jpeg, fault.Unsupported, "与扩展名不符"},
			{"a.jpg", []byte("MZ\x90\x00"), fault.Unsupported, "与扩展名不符"},
			{"a.txt", []byte("<html><script>alert(1)</script>"), fault.Unsupported, "与扩展名不符"},
			{"a.txt", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), fault.Unsupported, "与扩展名不符"},
			{"a.txt", pdf, fault.Unsupported, "与扩展名不符"},
			{"a.doc", docx, fault.Unsupported, "与扩展名不符"},
			{"a.docx", cfb, fault.Unsupported, "与扩展名不符"},
			{"a.docx", office(map[string]int{"xl/workbook.xml": 10}), fault.Unsupported, "与扩展名不符"},
			{"a.docx", office(map[string]int{"other": 10}), fault.Unsupported, "与扩展名不符"},
			{"a.docx", office(map[string]int{"word/document.xml": 10, "word/vbaProject.bin": 10}), fault.Unsupported, "含有宏"},
			{"a.docx", docx[:len(docx)-30], fault.Invalid, "已损坏"},
			{"a.docx", office(many), fault.Invalid, "已损坏"},
			{"a.docx", office(map[string]int{"word/document.xml": 50 << 20}), fault.TooLarge, "解压后过大"},
			{"a.pdf", nil, fault.Invalid, "空文件"},
			{"a.pdf", append(slices.Clone(pdf), make([]byte, 2<<20)...), fault.TooLarge, "超过 2 MB"},
		} {
			_, err := Receive(t.Context(), s, Attachments, x.name, bytes.NewReader(x.content), 2<<20)
			if !fault.Is(err, x.kind) || !strings.Contains(err.Error(), x.words) {
				t.Errorf("%s %.20q: %v", x.name, x.content, err)
			}
		}
		boom := errors.New("boom")
		if _, err := Receive(t.Context(), s, Attachments, "a.pdf", io.MultiReader(bytes.NewReader(pdf), iotest.ErrReader(boom)), 1000); !errors.Is(err, boom) {
			t.Error(err)
		}
		if d := cmp.Diff([]string{}, keys(t, s)); d != "" {
			t.Errorf("a refused file was kept: %s", d)
		}
		exact := append(slices.Clone(pdf), make([]byte, 100)...)
		if _, err := Receive(t.Context(), s, Attachments, "a.pdf", bytes.NewReader(exact), int64(len(exact))); err != nil {
			t.Errorf("a file of exactly the limit: %v", err)
		}
	})
}

func TestNamesAreCleaned(t *testing.T) {
	for in, want := range map[string]string{
		"报告.pdf":                           "报告.pdf",
		`C:\Users\张三\报告 (1).pdf`:           "报告 (1).pdf",
		"../../etc/passwd":                 "passwd",
		"a\u202efdp.exe":                   "afdp.exe",
		"a\u200b\x00\r\nb\u2028.txt":       "a b.txt",
		".pdf":                             "附件.pdf",
		"":                                 "附件",
		"...":                              "附件",
		"\xff\xfe.txt":                     "附件.txt",
		"e\u0301.txt":                      "é.txt",
		`a"<b>|?.txt`:                      "ab.txt",
		strings.Repeat("长", 300) + ".docx": strings.Repeat("长", 115) + ".docx",
		"a." + strings.Repeat("x", 300):    "a." + strings.Repeat("x", 118),
	} {
		if got := CleanName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("a/b\\c\u202e.pdf")
	f.Fuzz(func(t *testing.T, in string) {
		got := CleanName(in)
		if got == "" || len([]rune(got)) > nameLength || strings.ContainsAny(got, "/\\\x00\n\u202e") || CleanName(got) != got {
			t.Errorf("%q became %q, then %q", in, got, CleanName(got))
		}
	})
}
