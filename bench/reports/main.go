// Command reports measures the room of sealed reports on a throw-away database:
// the officers' list, a report opened and a search with very many reports there,
// and how fast files are sealed. With -site it sends large files to a running
// site instead, so that its memory can be watched.
//
// It must never run against a real site: it fills the table of captchas.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

func main() {
	data := flag.String("data", "", "folder for the database")
	database := flag.String("database-url", "", "PostgreSQL URL of an empty database")
	count := flag.Int("n", 100_000, "reports")
	site := flag.String("site", "", "send files to this site, whose database is the other flags'")
	clients := flag.Int("clients", 10, "who send a file at once, with -site")
	flag.Parse()
	c := store.Config{DataDir: *data, URL: *database}
	var err error
	if *site != "" {
		err = upload(*site, c, *clients)
	} else {
		err = measure(c, *data, *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reports:", err)
		os.Exit(1)
	}
}

// sentences make texts of some 200 characters that differ.
var sentences = []string{"在饭店收受当事人的礼金", "打听正在审理的案件", "把合议的意见告诉了律师", "要求下属照顾熟人的案件", "拖延执行并暗示要好处", "有转账记录和录音为证", "同事们都知道这件事", "时间大约在去年秋天"}

func said(i int) reports.Statement {
	var facts strings.Builder
	for range 18 {
		facts.WriteString(sentences[rand.IntN(len(sentences))] + "；")
	}
	return reports.Statement{Channel: cases.Hotline, Person: fmt.Sprintf("某%d", i%5000), Unit: "执行局", Facts: facts.String(), Who: reports.Identity{Name: "王女士", Phone: fmt.Sprintf("139%08d", i)}}
}

// measure fills a database with reports, most of them ended, and times what officers do.
func measure(c store.Config, folder string, count int) error {
	ctx := context.Background()
	db, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Migrate(ctx); err != nil {
		return err
	}
	blobs, err := blob.NewFolder(folder + "/blobs")
	if err != nil {
		return err
	}
	pepper := seal.Pepper(bytes.Repeat([]byte{7}, 32))
	people, room := staff.New(db, pepper, false), reports.New(db, blobs, pepper, folder)
	defer room.Close()
	kits, err := room.InitRecovery(ctx, false)
	if err != nil {
		return err
	}
	const password = "correct horse battery staple 7"
	actors := map[string]staff.Actor{}
	for _, x := range []struct {
		login string
		role  staff.Role
	}{{"zhang", staff.DisciplineOfficer}, {"li", staff.DisciplineOfficer}, {"wang", staff.DisciplineOfficer}, {"keeper", staff.Custodian}, {"clerk", staff.IntakeClerk}} {
		if _, _, err := people.Add(ctx, staff.System, staff.Draft{Login: x.login, Name: x.login, Roles: []staff.Role{x.role}, Password: password}); err != nil {
			return err
		}
		in, err := people.SignIn(ctx, x.login, password)
		if err != nil {
			return err
		}
		if actors[x.login], err = people.Session(ctx, in.Cookie); err != nil {
			return err
		}
	}
	zhang := actors["zhang"]
	if err := room.Sign(ctx, zhang, reports.Signing{Recovery: kits[0].Print}); err != nil {
		return err
	}
	began := time.Now()
	var wait sync.WaitGroup
	failed := make(chan error, 64)
	for w := range 64 {
		wait.Go(func() {
			for i := w; i < count; i += 64 {
				if _, err := room.Record(ctx, actors["clerk"], said(i)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	loaded := time.Since(began)
	// Of a life of reports, one in a hundred is open.
	err = db.Write(ctx, func(tx *store.Tx) error {
		return tx.Exec("UPDATE reports SET state = 'answered', ended_on = received_on, due_on = '9999-12-31' WHERE id % 100 <> 0").Error
	})
	if err == nil {
		err = db.Analyze(ctx)
	}
	if err != nil {
		return err
	}
	var ids []int64
	deep := ""
	fmt.Printf("loaded_per_second=%.0f\n", float64(count)/loaded.Seconds())
	for _, x := range []struct {
		what  string
		times int
		do    func() error
	}{
		{"queue_open", 100, func() error {
			list, _, err := room.Queue(ctx, zhang, false, "", 50)
			for _, r := range list {
				no, err := strconv.ParseInt(r.CaseNo, 10, 64)
				if err != nil {
					return err
				}
				ids = append(ids, no)
			}
			return err
		}},
		{"queue_ended_deep", 100, func() (err error) { // each call goes on where the last one left off
			_, deep, err = room.Queue(ctx, zhang, true, deep, 50)
			return err
		}},
		{"open_report", 200, func() error { _, err := room.View(ctx, zhang, ids[rand.IntN(len(ids))]); return err }},
		{"search_500", 10, func() error { _, err := room.Search(ctx, zhang, "没有人写过的词", true); return err }},
		{"seal_one", 200, func() error { _, err := room.Record(ctx, actors["clerk"], said(0)); return err }},
	} {
		var took []time.Duration
		for range x.times {
			at := time.Now()
			if err := x.do(); err != nil {
				return fmt.Errorf("%s: %w", x.what, err)
			}
			took = append(took, time.Since(at))
		}
		slices.Sort(took)
		ms := func(share float64) float64 { return took[int(share*float64(len(took)-1))].Seconds() * 1000 }
		fmt.Printf("%s_p50_ms=%.1f %s_p99_ms=%.1f\n", x.what, ms(.5), x.what, ms(.99))
	}
	return files(ctx, room)
}

// files times sealing alone, and a whole file taken in with its working copy.
func files(ctx context.Context, room *reports.Service) error {
	const size = 256 << 20
	w, err := seal.SealFile(io.Discard, seal.NewPrivate().Public(), seal.Context{})
	if err != nil {
		return err
	}
	part := make([]byte, 1<<20)
	at := time.Now()
	for range size / len(part) {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Printf("seal_mb_per_second=%.0f\n", size/1e6/time.Since(at).Seconds())
	photo, err := noise()
	if err != nil {
		return err
	}
	at = time.Now()
	const n = 5
	for i := range n {
		if _, err := room.Stage(ctx, fmt.Sprintf("%032d", i), "照片.jpg", bytes.NewReader(photo)); err != nil {
			return err
		}
	}
	fmt.Printf("attachment_mb_per_second=%.0f attachment_mb=%.1f\n", n*float64(len(photo))/1e6/time.Since(at).Seconds(), float64(len(photo))/1e6)
	return nil
}

// noise is a photo of nearly as many bytes as are taken.
func noise() ([]byte, error) {
	p := image.NewRGBA(image.Rect(0, 0, 3700, 3700))
	for i := range p.Pix {
		p.Pix[i] = byte(rand.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 97}); err != nil {
		return nil, err
	}
	if b.Len() > cases.MaxFileSize {
		return nil, fmt.Errorf("the photo has %d bytes", b.Len())
	}
	return b.Bytes(), nil
}

var hidden = regexp.MustCompile(`name="(_csrf|submission_key)" value="([^"]+)"`)

// upload sends a large file in each of some forms at once, to the check page.
func upload(site string, c store.Config, clients int) error {
	ctx := context.Background()
	db, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	photo, err := noise()
	if err != nil {
		return err
	}
	results := make(chan error, clients)
	for i := range clients {
		go func() { results <- sendFile(ctx, db, site, fmt.Sprintf("%016x%d", rand.Uint64(), i), photo) }()
	}
	for range clients {
		err = errors.Join(err, <-results)
	}
	if err == nil {
		fmt.Printf("files=%d file_mb=%.1f\n", clients, float64(len(photo))/1e6)
	}
	return err
}

func sendFile(ctx context.Context, db *store.DB, site, captcha string, photo []byte) error {
	err := db.Write(ctx, func(tx *store.Tx) error {
		return tx.Exec("INSERT INTO captchas (id, digits, expires_at) VALUES (?, '314159', ?)", captcha, tx.Now.Add(time.Hour)).Error
	})
	if err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar}
	page, err := browser.Get(site + "/submit/report")
	if err != nil {
		return err
	}
	html, err := io.ReadAll(page.Body)
	if err := errors.Join(err, page.Body.Close()); err != nil {
		return err
	}
	body, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() {
		values := [][2]string{{"anonymous", "yes"}, {"person", "某甲"}, {"facts", "见照片。"}, {"privacy_version", "2026-11"}, {"captcha_id", captcha}, {"captcha_solution", "314159"}, {"step", "check"}}
		for _, m := range hidden.FindAllSubmatch(html, -1) {
			values = append(values, [2]string{string(m[1]), string(m[2])})
		}
		var err error
		for _, v := range values {
			err = errors.Join(err, form.WriteField(v[0], v[1]))
		}
		w, e := form.CreateFormFile("attachments", "照片.jpg")
		if err = errors.Join(err, e); err == nil {
			_, err = w.Write(photo)
		}
		out.CloseWithError(errors.Join(err, form.Close()))
	}()
	answer, err := browser.Post(site+"/submit/report", form.FormDataContentType(), body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	html, err = io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != 200 || !bytes.Contains(html, []byte("照片.jpg"))) {
		err = fmt.Errorf("a file was not taken: status %d", answer.StatusCode)
	}
	return err
}
