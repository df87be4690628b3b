package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"mingjing/app/apptest"
	"mingjing/app/reports/reportstest"
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
	out = append(out, []byte(url.QueryEscape(text)), []byte(strings.Trim(strconv.QuoteToASCII(text), `"`)))
	for _, e := range []encoding.Encoding{unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), simplifiedchinese.GB18030} {
		if coded, err := e.NewEncoder().Bytes(raw); err == nil {
			out = append(out, coded)
		}
	}
	return out
}

// reported drives a report through the whole flow, with a canary in every text of
// it, and returns them by what they are.
func reported(t *testing.T, s *apptest.Site) map[string]string {
	t.Helper()
	c := map[string]string{"accused": "被举报人西门雀", "post": "雀台庭长", "facts": "雀事实收了十万元", "happened": "雀年雀月雀日", "place": "雀巢酒店", "excluded": "避嫌人南宫雀", "reporter": "举报人东方雀",
		"reporter's phone": "13711223344", "evidence": "雀材料里的话", "evidence's name": "雀录音整理稿", "note": "雀工作记录", "answer": "雀答复请补充", "message": "雀补充材料", "conclusion": "雀结论属实", "reason": "雀理由要核实", "feedback": "雀反馈已处理"}
	b := s.Browser()
	v := b.Form("/submit/report")
	for field, what := range map[string]string{"person": "accused", "person_post": "post", "facts": "facts", "happened_at": "happened", "place": "place", "name": "reporter", "phone": "reporter's phone"} {
		v.Set(field, c[what])
	}
	v.Set("anonymous", "no")
	v.Set("step", "check")
	v.Add("exclude", c["excluded"])
	next := b.Upload("/submit/report", v, apptest.File{Name: c["evidence's name"] + ".txt", Body: []byte(c["evidence"])}).Fields("form.form")
	next.Del("step")
	sent := b.Post("/submit/report", next)
	code := sent.Find("#access-code").Text()
	if sent.Status != http.StatusOK || code == "" {
		t.Fatalf("report: %d %s", sent.Status, sent.Text())
	}
	c["code"], c["code in one"], c["form's secret"] = code, strings.ReplaceAll(code, " ", ""), next.Get("submission_key")
	proof := sent.Fields("form.form")
	proof.Set("access_code", code)
	b.Post("/track", proof)
	say := b.Get("/track/case").Fields(`form[action="/track/report/say"]`)
	say.Set("content", c["message"])
	b.Upload("/track/report/say", say)

	officer, keeper := s.SignIn("discipline_officer"), s.SignIn("custodian")
	href, _ := officer.Get("/desk/reports").Find("a.row").Attr("href")
	act := func(verb string, pairs ...string) {
		t.Helper()
		v := officer.Get(href).Fields(`form[action="` + href + "/" + verb + `"]`)
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		if p := officer.Post(href+"/"+verb, v); p.Status != http.StatusSeeOther && verb != "reveal" {
			t.Fatalf("%s: %d %s", verb, p.Status, p.Text())
		}
	}
	act("accept")
	to, _ := officer.Get(href).Find("#assign-to option:last-child").Attr("value")
	act("assign", "to", to)
	act("note", "content", c["note"])
	act("answer", "content", c["answer"])
	act("ask_identity", "content", c["reason"])
	ask := keeper.Get("/desk/identity")
	give, _ := ask.Find(`form[action^="/desk/identity/"]`).Attr("action")
	w := ask.Fields(`form[action="` + give + `"]`)
	w.Set("give", "yes")
	if p := keeper.Post(give, w); p.Status != http.StatusSeeOther {
		t.Fatalf("identity: %d %s", p.Status, p.Text())
	}
	act("reveal")
	search := officer.Get("/desk/reports").Fields(`form[action="/desk/reports/search"]`)
	search.Set("q", c["place"])
	if p := officer.Post("/desk/reports/search", search); p.Find("a.row").Length() != 1 {
		t.Fatalf("search: %d %s", p.Status, p.Text())
	}
	act("conclude", "content", c["conclusion"], "disposition", "初步核实")
	act("feedback", "content", c["feedback"])
	if p := b.Get("/track/case"); !strings.Contains(p.Text(), c["feedback"]) || strings.Contains(p.Text(), c["conclusion"]) || strings.Contains(p.Text(), c["note"]) {
		t.Errorf("the reporter reads %s", p.Text())
	}
	reportstest.Check(t, s.App.DB)
	return c
}

// What a site leaves on disk, and what a backup of it holds once it is opened: no
// contact of a sender's, no text of an attachment, no secret, and nothing of a
// report that went all its way.
func TestWhoHasTheDiskOrABackupHasNoContactNoAttachmentAndNoKey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		temporary := t.TempDir()
		t.Setenv("TMPDIR", temporary)
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
		for what, c := range reported(t, s) {
			canaries["report's "+what] = c
		}
		secrets := map[string]bool{"first-accounts.txt": true} // the files that are kept apart
		for _, name := range []string{"pepper", "blob.key", "first-recovery-kits.txt"} {
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
		err = errors.Join(fs.WalkDir(os.DirFS(temporary), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				raw, err := os.ReadFile(filepath.Join(temporary, path))
				look("the temporary "+d.Name(), raw)
				return err
			}
			return err
		}), filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || secrets[d.Name()] {
				return err
			}
			raw, err := os.ReadFile(path)
			look(d.Name(), raw)
			files++
			return err
		}))
		if err != nil || files == 0 {
			t.Errorf("%d files, %v", files, err)
		}
	})
}
