package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the fixtures of the suites anew")

var suites = map[string]Suite{"x25519": X25519, "hybrid": Hybrid}

var place = Context{Table: "reports", Row: 7, Compartment: Body, Epoch: 2, Field: "facts"}

// elsewhere are all the places that differ from place in one thing.
func elsewhere() map[string]Context {
	out := map[string]Context{}
	for what, change := range map[string]func(*Context){
		"table": func(c *Context) { c.Table = "report" }, "row": func(c *Context) { c.Row = 8 }, "compartment": func(c *Context) { c.Compartment = Identity },
		"epoch": func(c *Context) { c.Epoch = 1 }, "field": func(c *Context) { c.Field = "fact" },
		// Parts do not run into each other.
		"table and compartment": func(c *Context) { c.Table, c.Compartment = "reportsb", "ody" },
	} {
		c := place
		change(&c)
		out[what] = c
	}
	return out
}

func TestWhatIsSealedOpensWithItsKeyInItsPlaceAlone(t *testing.T) {
	for name, suite := range suites {
		t.Run(name, func(t *testing.T) {
			key, other := newPrivate(suite), newPrivate(suite)
			text := []byte("院长在项目招标中收受财物。")
			closed, err := Seal(key.Public(), place, text)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(closed, text[:6]) {
				t.Error("the text stands in the envelope")
			}
			if got, err := Open(key, place, closed); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%q %v", got, err)
			}
			again, err := Seal(key.Public(), place, text)
			if err != nil || bytes.Equal(again, closed) || len(again) != len(closed) {
				t.Error("the same text is sealed alike twice")
			}
			if _, err := Open(other, place, closed); !errors.Is(err, ErrSealed) {
				t.Errorf("another key: %v", err)
			}
			for what, c := range elsewhere() {
				if _, err := Open(key, c, closed); !errors.Is(err, ErrSealed) {
					t.Errorf("in another %s: %v", what, err)
				}
			}
			for i := range closed {
				if i > 200 && i%37 != 0 {
					continue
				}
				bent := bytes.Clone(closed)
				bent[i] ^= 1
				if _, err := Open(key, place, bent); !errors.Is(err, ErrSealed) {
					t.Errorf("with byte %d changed: %v", i, err)
				}
			}
			for _, n := range []int{0, 1, 2, 40, len(closed) - 1} {
				if _, err := Open(key, place, closed[:n]); !errors.Is(err, ErrSealed) {
					t.Errorf("cut to %d: %v", n, err)
				}
			}
			back, err := ParsePrivate(key.Bytes())
			if err != nil || !bytes.Equal(back.Public(), key.Public()) {
				t.Error("a key that was stored is another", err)
			}
		})
	}
	for _, bad := range []Public{nil, {}, {9, 1, 2}, {byte(X25519)}, append([]byte{byte(X25519)}, make([]byte, 31)...), {byte(Hybrid), 1}} {
		if bad.Valid() {
			t.Errorf("%x is taken for a key", []byte(bad))
		}
		if _, err := Seal(bad, place, nil); err == nil {
			t.Errorf("something was sealed to %x", []byte(bad))
		}
		if _, _, err := NewLine(bad, place); err == nil {
			t.Errorf("a line to %x", []byte(bad))
		}
	}
}

func TestALineGoesOneWayToItsHolderAlone(t *testing.T) {
	for name, suite := range suites {
		reader, other := newPrivate(suite), newPrivate(suite)
		enc, box, err := NewLine(reader.Public(), place)
		if err != nil {
			t.Fatal(err)
		}
		there, err := OpenLine(reader, place, enc)
		if err != nil || !bytes.Equal(there, box) {
			t.Errorf("%s: the ends of a line are not the same: %v", name, err)
		}
		closed := box.CloseText(place, []byte("text"))
		if got, err := there.OpenText(place, closed); err != nil || string(got) != "text" {
			t.Errorf("%s: %q %v", name, got, err)
		}
		wrong := map[string]func() (Box, error){"another's key": func() (Box, error) { return OpenLine(other, place, enc) }, "nothing": func() (Box, error) { return OpenLine(reader, place, nil) }}
		for what, c := range elsewhere() {
			wrong["another "+what] = func() (Box, error) { return OpenLine(reader, c, enc) }
		}
		for i := 0; i < len(enc); i += 17 {
			bent := bytes.Clone(enc)
			bent[i] ^= 1
			wrong[fmt.Sprintf("byte %d changed", i)] = func() (Box, error) { return OpenLine(reader, place, bent) }
		}
		for what, open := range wrong {
			if got, err := open(); err == nil {
				if _, err := got.OpenText(place, closed); !errors.Is(err, ErrSealed) {
					t.Errorf("%s: with %s the line opens", name, what)
				}
			}
		}
		if again, _, _ := NewLine(reader.Public(), place); bytes.Equal(again, enc) {
			t.Errorf("%s: two lines are the same", name)
		}
	}
}

func TestALengthSaysRoughlyHowMuchWasWritten(t *testing.T) {
	lengths := map[int]bool{}
	before := 0
	for n := range 100_000 {
		p := padded(n + 1)
		if p < n+1 || p < before || p < shortest || p > shortest && p > (n+1)*9/8 {
			t.Fatalf("%d bytes become %d", n, p)
		}
		before, lengths[p] = p, true
	}
	if len(lengths) > 100 {
		t.Errorf("%d lengths", len(lengths))
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "text")
		got, err := unpad(Pad(text))
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes come back as %d: %v", len(text), len(got), err)
		}
	})
	for _, bad := range [][]byte{nil, {}, {0}, {0, 0}, {1}, {0x80, 1}} {
		if _, err := unpad(bad); !errors.Is(err, ErrSealed) {
			t.Errorf("%x is a padded text", bad)
		}
	}
}

func TestABoxOpensInItsPlaceAlone(t *testing.T) {
	box, key := Box(random(32)), NewPrivate()
	closed := box.Wrap(place, key)
	got, err := box.Unwrap(place, closed)
	if err != nil || !bytes.Equal(got.Bytes(), key.Bytes()) {
		t.Error(err)
	}
	secret := random(32)
	if a := BoxFrom(secret, nil, "a"); bytes.Equal(a, BoxFrom(secret, nil, "b")) || bytes.Equal(a, BoxFrom(secret, []byte("pepper"), "a")) || !bytes.Equal(a, BoxFrom(secret, nil, "a")) {
		t.Error("boxes of one secret")
	}
	if _, err := Box(random(32)).Unwrap(place, closed); !errors.Is(err, ErrSealed) {
		t.Error("another box", err)
	}
	for what, c := range elsewhere() {
		if _, err := box.Open(c, closed); !errors.Is(err, ErrSealed) {
			t.Errorf("in another %s: %v", what, err)
		}
	}
	for i := range closed {
		bent := bytes.Clone(closed)
		bent[i] ^= 1
		if _, err := box.Open(place, bent); !errors.Is(err, ErrSealed) {
			t.Errorf("with byte %d changed: %v", i, err)
		}
	}
	for _, short := range []Box{nil, Box("short")} {
		if _, err := short.Open(place, closed); !errors.Is(err, ErrSealed) {
			t.Error(err)
		}
	}
}

func TestAFileOpensWholeInItsPlaceAlone(t *testing.T) {
	key := NewPrivate()
	text := bytes.Repeat([]byte("证据照片"), 50_000) // some parts of 64 KiB
	var sealed bytes.Buffer
	w, err := SealFile(&sealed, key.Public(), place)
	if err == nil {
		_, err = w.Write(text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed.Bytes(), []byte("证据照片")) {
		t.Error("the file's text stands in what was sealed")
	}
	read := func(raw []byte, with *Private, in Context) ([]byte, error) {
		r, err := OpenFile(bytes.NewReader(raw), with, in)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	if got, err := read(sealed.Bytes(), key, place); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := read(sealed.Bytes(), NewPrivate(), place); !errors.Is(err, ErrSealed) {
		t.Error("another key", err)
	}
	for what, c := range elsewhere() {
		if _, err := read(sealed.Bytes(), key, c); !errors.Is(err, ErrSealed) {
			t.Errorf("in another %s: %v", what, err)
		}
	}
	for _, n := range []int{10, 2000, 100_000, sealed.Len() - 1} {
		if _, err := read(sealed.Bytes()[:n], key, place); err == nil {
			t.Errorf("cut to %d it opens", n)
		}
	}
	bent := bytes.Clone(sealed.Bytes())
	bent[len(bent)-10] ^= 1
	if _, err := read(bent, key, place); err == nil {
		t.Error("a changed file opens")
	}
	if _, err := SealFile(io.Discard, nil, place); err == nil {
		t.Error("sealed to nobody")
	}
}

func TestNoKeyAndNoCodeIsPrinted(t *testing.T) {
	key, box, code := NewPrivate(), Box("0123456789abcdef0123456789abcdef"), Code("271828182845904523536020")
	held := struct {
		Key  *Private
		Box  Box
		Code Code
	}{key, box, code}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, x := range []any{key, box, code, held} {
			said := fmt.Sprintf(verb, x)
			for _, secret := range []string{string(box), "48, 49", "0x30, 0x31", string(code), fmt.Sprintf("%x", key.Bytes()[1:9]), strings.Trim(fmt.Sprint(key.Bytes()[1:9]), "[]")} {
				if strings.Contains(said, secret) {
					t.Errorf("%s of %T says %s", verb, x, said)
				}
			}
		}
	}
}

// fixture is one of everything that a released suite made.
type fixture struct {
	Key, Envelope, Reader, Grant, File []byte
	Code, Salt, Check, Copy            []byte // the last: the key, in the code's box
	Secret, Pepper, Wrapped            []byte // the last: the key, in the secret's box
}

const fixtureText = "举报内容：二〇二六年三月"

// What was sealed with any released suite must open for ever: never write a
// fixture anew when a test fails, only for a suite that is not released yet.
func TestWhatReleasedSuitesSealedStillOpens(t *testing.T) {
	for name, suite := range suites {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".json")
			if *update {
				writeFixture(t, path, suite)
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var f fixture
			if err := json.Unmarshal(raw, &f); err != nil {
				t.Fatal(err)
			}
			key, err := ParsePrivate(f.Key)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := ParsePrivate(f.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Open(key, place, f.Envelope); err != nil || string(got) != fixtureText {
				t.Errorf("envelope: %q %v", got, err)
			}
			if raw, err := open(reader, grantPlace(), f.Grant); err != nil || !bytes.Equal(raw, f.Key) {
				t.Errorf("grant: %v", err)
			}
			if r, err := OpenFile(bytes.NewReader(f.File), key, place); err != nil {
				t.Errorf("file: %v", err)
			} else if got, err := io.ReadAll(r); err != nil || string(got) != fixtureText {
				t.Errorf("file: %q %v", got, err)
			}
			code, err := ParseCode(string(f.Code))
			if err != nil || !code.Matches(f.Salt, f.Check) {
				t.Errorf("code: %v", err)
			}
			if got, err := code.Box(f.Salt).Unwrap(place, f.Copy); err != nil || !bytes.Equal(got.Bytes(), f.Key) {
				t.Errorf("the reporter's copy: %v", err)
			}
			if got, err := BoxFrom(f.Secret, f.Pepper, "fixture").Unwrap(place, f.Wrapped); err != nil || !bytes.Equal(got.Bytes(), f.Key) {
				t.Errorf("wrapped key: %v", err)
			}
		})
	}
}

// grantPlace is where the fixtures' grants stand.
func grantPlace() Context { c := place; c.Field = "grant"; return c }

func writeFixture(t *testing.T, path string, s Suite) {
	t.Helper()
	key, reader, code := newPrivate(s), newPrivate(s), NewCode()
	f := fixture{Key: key.Bytes(), Reader: reader.Bytes(), Code: []byte(code), Salt: NewSalt(), Secret: random(32), Pepper: random(32)}
	var err1, err2, err3 error
	f.Envelope, err1 = Seal(key.Public(), place, []byte(fixtureText))
	f.Grant, err2 = seal(reader.Public(), grantPlace(), key.Bytes())
	var file bytes.Buffer
	w, err := SealFile(&file, key.Public(), place)
	if err == nil {
		_, err3 = io.WriteString(w, fixtureText)
	}
	if err := errors.Join(err, err1, err2, err3, w.Close()); err != nil {
		t.Fatal(err)
	}
	f.File, f.Check, f.Copy = file.Bytes(), code.Check(f.Salt), code.Box(f.Salt).Wrap(place, key)
	f.Wrapped = BoxFrom(f.Secret, f.Pepper, "fixture").Wrap(place, key)
	raw, err := json.MarshalIndent(f, "", "\t")
	if err == nil {
		err = errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, append(raw, '\n'), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lineFixture is what a line of a released suite looked like.
type lineFixture struct{ Key, Enc, Closed []byte }

func TestLinesOfReleasedSuitesStillOpen(t *testing.T) {
	for name, suite := range suites {
		path := "testdata/line-" + name + ".json"
		if *update {
			key := newPrivate(suite)
			enc, box, err := NewLine(key.Public(), place)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.MarshalIndent(lineFixture{key.Bytes(), enc, box.CloseText(place, []byte(fixtureText))}, "", "\t")
			if err := errors.Join(err, os.WriteFile(path, append(raw, '\n'), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f lineFixture
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		key, err := ParsePrivate(f.Key)
		if err != nil {
			t.Fatal(err)
		}
		box, err := OpenLine(key, place, f.Enc)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := box.OpenText(place, f.Closed); err != nil || string(got) != fixtureText {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func FuzzNothingForgedOpens(f *testing.F) {
	keys := map[Suite]*Private{X25519: newPrivate(X25519), Hybrid: newPrivate(Hybrid)}
	for _, k := range keys {
		closed, err := Seal(k.Public(), place, []byte("text"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(closed[:len(closed)-1])
		f.Add(append(closed, 0))
	}
	box := Box(random(32))
	f.Add(box.Close(place, []byte("text"))[1:])
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, k := range keys {
			if _, err := Open(k, place, raw); !errors.Is(err, ErrSealed) {
				t.Errorf("open: %v", err)
			}
			if b, err := OpenLine(k, place, raw); err == nil && len(b) != 32 {
				t.Error("a line's box of another length")
			}
			if _, err := OpenFile(bytes.NewReader(raw), k, place); err == nil {
				t.Error("a forged file opens")
			}
		}
		if _, err := box.Open(place, raw); !errors.Is(err, ErrSealed) {
			t.Errorf("box: %v", err)
		}
		if k, err := ParsePrivate(raw); err == nil && !bytes.Equal(k.Bytes(), raw) && Suite(raw[0]) != X25519 { // X25519 clamps
			t.Error("a private key is read as another")
		}
		Public(raw).Valid()
		_, _ = unpad(raw)
	})
}

func BenchmarkSeal(b *testing.B) {
	for name, suite := range suites {
		key := newPrivate(suite)
		text := bytes.Repeat([]byte("文"), 1000)
		closed, err := Seal(key.Public(), place, text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/seal", func(b *testing.B) {
			for b.Loop() {
				_, _ = Seal(key.Public(), place, text)
			}
		})
		b.Run(name+"/open", func(b *testing.B) {
			for b.Loop() {
				_, _ = Open(key, place, closed)
			}
		})
		b.Run(name+"/line", func(b *testing.B) {
			for b.Loop() {
				_, _, _ = NewLine(key.Public(), place)
			}
		})
	}
	b.Run("file", func(b *testing.B) {
		part := make([]byte, 1<<20)
		b.SetBytes(int64(len(part)))
		w, err := SealFile(io.Discard, NewPrivate().Public(), place)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			_, _ = w.Write(part)
		}
		_ = w.Close()
	})
}
