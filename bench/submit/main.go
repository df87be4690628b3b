// Command submit sends suggestions, or sealed reports, to a running site as browsers do, and
// measures and verifies them: 64 keep-alive connections, each with its own
// cookie and token from the form, each submission with a key, a captcha and the
// multipart body of the real form.
//
// A submission counts when its number came back with 200. Afterwards every
// number must be in the database with its timeline line, audit row, search text
// and contact details, and nothing else may be there: otherwise it exits 1.
//
// It trusts the site's database to be a throw-away one, because the captchas
// are put into their table beforehand. It must never run against a real site.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"mingjing/app/store"
)

func main() {
	site := flag.String("site", "http://127.0.0.1:8080", "address of the site")
	data := flag.String("data", "data", "data folder of the site, for SQLite")
	database := flag.String("database-url", "", "PostgreSQL URL of the site")
	clients := flag.Int("clients", 64, "connections")
	count := flag.Int("n", 10_000, "submissions")
	report := flag.Bool("report", false, "send sealed reports")
	warm := flag.Int("warm", 500, "submissions before the clock starts")
	flag.Parse()
	if err := run(*site, store.Config{DataDir: *data, URL: *database}, *report, *clients, *warm, *count); err != nil {
		fmt.Fprintln(os.Stderr, "submit:", err)
		os.Exit(1)
	}
}

// load is one run.
type load struct {
	host     string
	of       kind
	captchas []string // ids; all have the same digits
	next     atomic.Int64
	numbers  []string
	took     []time.Duration
}

const digits = "314159"

// kind is what is sent: its form, the table of its numbers, and what whole ones have.
type kind struct{ path, table, whole string }

var (
	suggestions = kind{"/submit/suggestion", "cases", `SELECT count(*) AS cases, count(*) FILTER (WHERE e.n = 1 AND a.n = 1 AND k.n = 1 AND d.n = 1) AS whole FROM cases c
		LEFT JOIN (SELECT case_id, count(*) AS n FROM case_events WHERE verb = 'submit' GROUP BY case_id) e ON e.case_id = c.id
		LEFT JOIN (SELECT subject_id, count(*) AS n FROM audit WHERE verb = 'case.submit' GROUP BY subject_id) a ON a.subject_id = c.id
		LEFT JOIN (SELECT case_id, 1 AS n FROM case_contacts WHERE length(sealed) > 128 AND caller_hash IS NOT NULL) k ON k.case_id = c.id
		LEFT JOIN (SELECT ref, 1 AS n FROM search_docs WHERE kind = 'case') d ON d.ref = c.id`}
	sealed = kind{"/submit/report", "reports", `SELECT count(*) AS cases, count(*) FILTER (WHERE e.n = 1 AND a.n = 1 AND g.n >= 3 AND t.n = 2) AS whole FROM reports c
		LEFT JOIN (SELECT report_id, count(*) AS n FROM report_events WHERE verb = 'submit' GROUP BY report_id) e ON e.report_id = c.id
		LEFT JOIN (SELECT subject_id, count(*) AS n FROM audit WHERE verb = 'report.submit' GROUP BY subject_id) a ON a.subject_id = c.id
		LEFT JOIN (SELECT report_id, count(*) AS n FROM report_grants WHERE epoch = 1 GROUP BY report_id) g ON g.report_id = c.id
		LEFT JOIN (SELECT report_id, count(*) AS n FROM report_texts GROUP BY report_id) t ON t.report_id = c.id`}
)

func run(site string, c store.Config, report bool, clients, warm, count int) error {
	ctx := context.Background()
	u, err := url.Parse(site)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	l := &load{host: u.Host, of: suggestions}
	if report {
		l.of = sealed
	}
	if err := l.plant(ctx, db, warm+count); err != nil {
		return err
	}
	before, err := l.tally(ctx, db)
	if err != nil {
		return err
	}
	if _, err := l.send(clients, warm); err != nil {
		return err
	}
	l.took = nil
	took, err := l.send(clients, count)
	if err != nil {
		return err
	}
	if err := l.verify(ctx, db, before); err != nil {
		return err
	}
	slices.Sort(l.took)
	ms := func(share float64) float64 { return l.took[int(share*float64(len(l.took)-1))].Seconds() * 1000 }
	fmt.Printf("per_second=%.0f p50_ms=%.1f p99_ms=%.1f accepted=%d\n", float64(count)/took.Seconds(), ms(.5), ms(.99), len(l.numbers))
	return nil
}

// plant puts captchas with known digits into their table.
func (l *load) plant(ctx context.Context, db *store.DB, n int) error {
	run := rand.Uint64()
	for i := range n {
		l.captchas = append(l.captchas, fmt.Sprintf("%016x%016x", run, i))
	}
	for part := range slices.Chunk(l.captchas, 1000) {
		err := db.Write(ctx, func(tx *store.Tx) error {
			var args []any
			for _, id := range part {
				args = append(args, id, digits, tx.Now.Add(time.Hour))
			}
			rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", len(part)), ", ")
			return tx.Exec("INSERT INTO captchas (id, digits, expires_at) VALUES "+rows, args...).Error
		})
		if err != nil {
			return fmt.Errorf("captchas: %w", err)
		}
	}
	return nil
}

// send shares n submissions among the clients and reports the time they took.
func (l *load) send(clients, n int) (time.Duration, error) {
	open := make([]*client, clients)
	for i := range open {
		var err error
		if open[i], err = l.open(); err != nil {
			return 0, err
		}
		defer open[i].conn.Close()
		open[i].prepare((n + i) / clients)
	}
	var wait sync.WaitGroup
	failed := make(chan error, clients)
	start := time.Now()
	for _, c := range open {
		wait.Go(func() {
			for _, request := range c.requests {
				if err := c.submit(request); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	for _, c := range open {
		l.numbers, l.took = append(l.numbers, c.numbers...), append(l.took, c.took...)
	}
	close(failed)
	return took, <-failed
}

// client is one visitor on one connection.
type client struct {
	load     *load
	conn     net.Conn
	in       *bufio.Reader
	cookie   string
	page     fasthttp.Response
	fixed    []byte   // the parts of the form that stay the same
	requests [][]byte // to be sent
	random   *rand.Rand
	numbers  []string
	took     []time.Duration
}

var (
	csrfValue    = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)
	privacyValue = regexp.MustCompile(`name="privacy_version"[^>]*value="([^"]+)"`)
	caseNumber   = []byte(`id="case-no">`)
)

const boundary = "----benchmark0123456789"

// open asks for the form once, as a visitor does, and keeps cookie and token.
func (l *load) open() (*client, error) {
	conn, err := net.Dial("tcp", l.host)
	if err != nil {
		return nil, err
	}
	c := &client{load: l, conn: conn, in: bufio.NewReaderSize(conn, 32<<10), random: rand.New(rand.NewPCG(rand.Uint64(), 1))}
	page, err := c.exchange(fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", l.of.path, l.host))
	if err != nil {
		return nil, err
	}
	var k fasthttp.Cookie
	k.SetKey("visitor")
	csrf, privacy := csrfValue.FindSubmatch(page.Body()), privacyValue.FindSubmatch(page.Body())
	if !page.Header.Cookie(&k) || csrf == nil || privacy == nil {
		return nil, fmt.Errorf("the form has no token: status %d", page.StatusCode())
	}
	c.cookie = "visitor=" + string(k.Value())
	var b bytes.Buffer
	for name, v := range map[string]string{"_csrf": string(csrf[1]), "privacy_version": string(privacy[1]), "captcha_solution": digits, "allow_publish": "1", "website": ""} {
		field(&b, name, v)
	}
	c.fixed = b.Bytes()
	return c, nil
}

func field(b *bytes.Buffer, name, value string) {
	fmt.Fprintf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, name, value)
}

// exchange sends a request and reads the answer, which lasts until the next.
func (c *client) exchange(request []byte) (*fasthttp.Response, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	return &c.page, c.page.Read(c.in)
}

// sentences make texts of some 120 characters that differ, as suggestions do.
var sentences = []string{"诉讼服务大厅的叫号屏幕字太小，老年人看不清楚", "建议立案窗口中午留人值班", "希望判决书送达以后有人解释怎样上诉",
	"网上立案上传材料经常失败", "执行进展应当每个月告诉申请人一次", "停车场离法院大门太远，下雨天很不方便", "调解员很有耐心，建议多安排几位",
	"热线下午总是占线", "庭审直播的声音断断续续", "巡回法庭到村里来很好，请提前贴出时间", "材料清单写得太专业，请附一份样本", "希望增加手语翻译"}

// prepare writes requests before the clock starts: a browser's typing is not
// the site's time.
func (c *client) prepare(n int) {
	for range n {
		id := c.load.next.Add(1) - 1
		var b bytes.Buffer
		b.Write(c.fixed)
		field(&b, "submission_key", fmt.Sprintf("%016x%016x", c.random.Uint64(), c.random.Uint64()))
		field(&b, "captcha_id", c.load.captchas[id])
		field(&b, "title", fmt.Sprintf("关于改进窗口服务的建议（%d）", id))
		var text strings.Builder
		for range 6 {
			text.WriteString(sentences[c.random.IntN(len(sentences))] + "；")
		}
		field(&b, "content", text.String())
		if c.load.of == sealed {
			field(&b, "anonymous", "no")
			field(&b, "person", "某甲")
		}
		field(&b, "name", "王女士")
		field(&b, "phone", fmt.Sprintf("139%08d", c.random.IntN(100_000_000)))
		field(&b, "email", "")
		// A browser sends an empty file for an empty file field.
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--%s--\r\n", boundary, boundary)
		request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\nAccept-Encoding: gzip, deflate, br\r\nSec-Fetch-Site: same-origin\r\n\r\n",
			c.load.of.path, c.load.host, c.cookie, boundary, b.Len())
		c.requests = append(c.requests, append(request, b.Bytes()...))
	}
}

// submit sends one request and waits until its number has come back.
func (c *client) submit(request []byte) error {
	start := time.Now()
	page, err := c.exchange(request)
	if err != nil {
		return err
	}
	c.took = append(c.took, time.Since(start))
	_, rest, ok := bytes.Cut(page.Body(), caseNumber)
	number, _, _ := bytes.Cut(rest, []byte("<"))
	if page.StatusCode() != 200 || !ok {
		return fmt.Errorf("not accepted: status %d, %.600s", page.StatusCode(), page.Body())
	}
	c.numbers = append(c.numbers, strings.ReplaceAll(string(number), " ", ""))
	return nil
}

// rows is how many of each thing there are.
type rows struct{ Cases, Whole int64 }

// tally counts the cases, and those that have everything a case must have.
func (l *load) tally(ctx context.Context, db *store.DB) (n rows, err error) {
	err = db.Read(ctx, func(r *store.Reader) error {
		return r.Raw(l.of.whole).Scan(&n).Error
	})
	return n, err
}

// verify makes sure that what was acknowledged is stored, whole, and once.
func (l *load) verify(ctx context.Context, db *store.DB, before rows) error {
	slices.Sort(l.numbers)
	sent := len(l.numbers)
	if len(slices.Compact(slices.Clone(l.numbers))) != sent {
		return errors.New("two submissions got the same number")
	}
	found := int64(0)
	for part := range slices.Chunk(l.numbers, 1000) {
		err := db.Read(ctx, func(r *store.Reader) error {
			var n int64
			err := r.Table(l.of.table).Where("case_no IN ?", part).Count(&n).Error
			found += n
			return err
		})
		if err != nil {
			return err
		}
	}
	after, err := l.tally(ctx, db)
	if err != nil {
		return err
	}
	after.Cases, after.Whole = after.Cases-before.Cases, after.Whole-before.Whole
	if n := int64(sent); found != n || after != (rows{n, n}) {
		return fmt.Errorf("%d acknowledged, %d found by number, %d stored, %d of them whole", sent, found, after.Cases, after.Whole)
	}
	return nil
}
