package courier_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/courier"
	"mingjing/app/journal"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/subscription"
)

func TestMain(m *testing.M) {
	if os.Getenv("COURIER_CHILD") != "" {
		child()
		return
	}
	storetest.Main(m)
}

// sink is a real mail server that keeps what it is given.
type sink struct {
	manner
	lock  sync.Mutex
	mails []string
	to    []string
}

// manner is how a sink answers.
type manner struct {
	say  error  // answer to the message's end
	kill func() // what happens to the sender before it hears the answer
	drop bool   // break the connection instead of answering
}

// got returns the mails that were handed over and their recipients.
func (s *sink) got() (mails, to []string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.Clone(s.mails), slices.Clone(s.to)
}

func (s *sink) count() int {
	mails, _ := s.got()
	return len(mails)
}

func (s *sink) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{s, c}, nil }

type session struct {
	s *sink
	c *smtp.Conn
}

func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }
func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.lock.Lock()
	defer x.s.lock.Unlock()
	x.s.to = append(x.s.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.lock.Lock()
	defer x.s.lock.Unlock()
	x.s.mails = append(x.s.mails, string(body))
	if x.s.kill != nil {
		x.s.kill()
	}
	if x.s.drop {
		return errors.Join(x.c.Conn().Close(), io.ErrUnexpectedEOF)
	}
	return x.s.say
}

func listen(t *testing.T, s *sink) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(s)
	server.Domain = "localhost"
	server.AllowInsecureAuth = true
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	return "smtp://" + l.Addr().String()
}

type world struct {
	db            *store.DB
	clock         *storetest.Clock
	cases         *cases.Service
	reports       *reports.Service
	staff         *staff.Service
	ledger        *ledger.Service
	subscriptions *subscription.Service
	blobs         blob.Store
	log           bytes.Buffer
	*courier.Courier
}

// each runs the test on both databases, with a mail server of its own.
func each(t *testing.T, m manner, test func(t *testing.T, w *world, s *sink)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		s := &sink{manner: m}
		folder, err := blob.NewFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		w := furnish(db, blob.Sealed(folder, key), config.Config{SMTPURL: listen(t, s), MailFrom: "portal@court.example", BaseURL: "https://zg.example.cn"})
		w.clock = clock
		t.Cleanup(w.cases.Close)
		t.Cleanup(w.reports.Close)
		test(t, w, s)
	})
}

// furnish is a house with a courier.
func furnish(db *store.DB, blobs blob.Store, cfg config.Config) *world {
	pepper := seal.Pepper(bytes.Repeat([]byte{3}, 32))
	w := &world{db: db, blobs: blobs, cases: cases.New(db, blobs, pepper), reports: reports.New(db, blobs, pepper, cfg.KeysDir), staff: staff.New(db, pepper, false), ledger: ledger.New(db, blobs), subscriptions: subscription.New(db, pepper)}
	w.Courier = courier.New(db, w.cases, w.reports, w.staff, w.ledger, w.subscriptions, stats.New(db), blobs, nil, cfg, slog.New(slog.NewTextHandler(&w.log, nil)))
	return w
}

func (w *world) record(t *testing.T) cases.Ticket {
	t.Helper()
	clerk := stafftest.Actor(t, w.db, "clerk", "立案庭", staff.IntakeClerk)
	ticket, err := w.cases.Record(t.Context(), clerk, cases.Submission{Kind: cases.Enquiry, Channel: cases.Hotline, Title: "秘密的标题", Content: "秘密的内容",
		Name: "周先生", Email: "zhou@example.cn", Key: "key-0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func (w *world) states(t *testing.T) (out []string) {
	t.Helper()
	if err := w.db.Read(t.Context(), func(r *store.Reader) error {
		return r.Table("outbox").Order("id").Pluck("state", &out).Error
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAMailIsSentOnceAndSaysNothing(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		ticket := w.record(t)
		for range 3 {
			if err := w.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff([]string{"accepted"}, w.states(t)); d != "" {
			t.Fatal(d)
		}
		mails, to := s.got()
		if len(mails) != 1 || to[0] != "zhou@example.cn" {
			t.Fatalf("%d mails to %v", len(mails), to)
		}
		for _, never := range []string{"秘密", "周先生", ticket.CaseNo, ticket.AccessCode} {
			if strings.Contains(mails[0], never) || strings.Contains(w.log.String(), never) {
				t.Errorf("the message or the log holds %q", never)
			}
		}
	})
}

func TestARefusalForNowIsTriedAgainLater(t *testing.T) {
	each(t, manner{say: &smtp.SMTPError{Code: 451, Message: "later"}}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		for range 10 {
			if err := w.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := s.count(); n > 6 {
				t.Fatalf("handed over %d times", n)
			}
			w.clock.Advance(time.Hour)
		}
		state := w.states(t)[0]
		if state != "dead" && state != "unknown" {
			t.Errorf("%s after %d attempts", state, s.count())
		}
	})
}

func TestAnAmbiguousEndIsNeverSentAgain(t *testing.T) {
	each(t, manner{drop: true}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		for range 5 {
			if err := w.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(time.Hour)
		}
		if d := cmp.Diff([]string{"unknown"}, w.states(t)); d != "" || s.count() != 1 {
			t.Errorf("%s; handed over %d times", d, s.count())
		}
	})
}

func TestASenderThatDiedLeavesItUnknown(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("UPDATE outbox SET state = 'sending', lease_until = ?", tx.Now.Add(time.Minute)).Error
		}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Hour)
		if err := w.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"unknown"}, w.states(t)); d != "" || s.count() != 0 {
			t.Errorf("%s; sent %d", d, s.count())
		}
	})
}

func TestTwoSendersShareTheWork(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { _ = w.Deliver(context.Background()) })
		}
		wg.Wait()
		if s.count() != 1 {
			t.Errorf("sent %d times", s.count())
		}
	})
}

func TestPurgeRemovesOnlyWhatHasOutlivedItsUse(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		old, err := w.cases.NewCaptcha(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.blobs.Put(t.Context(), blob.NewKey(), strings.NewReader("orphan")); err != nil {
			t.Fatal(err)
		}
		w.clock.Set(time.Now().Add(48 * time.Hour)) // blobs carry the file system's time
		fresh, err := w.cases.NewCaptcha(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.cases.Picture(t.Context(), fresh); err != nil {
			t.Error(err)
		}
		if _, err := w.cases.Picture(t.Context(), old); err == nil {
			t.Error("an expired captcha is still there")
		}
		n := 0
		if err := w.blobs.Walk(t.Context(), func(blob.Item) error { n++; return nil }); err != nil || n != 0 {
			t.Errorf("%d orphans left, %v", n, err)
		}
	})
}

func TestWithoutAMailServerNewsIsGivenUpAndNeverSentLater(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		unset := courier.New(w.db, w.cases, w.reports, w.staff, w.ledger, w.subscriptions, stats.New(w.db), w.blobs, nil, config.Config{}, slog.New(slog.DiscardHandler))
		work := func(c *courier.Courier) {
			t.Helper()
			if err := errors.Join(c.Purge(t.Context()), c.Deliver(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		work(unset)
		if d := cmp.Diff([]string{"waiting"}, w.states(t)); d != "" {
			t.Fatal(d)
		}
		w.clock.Advance(73 * time.Hour)
		work(unset)
		work(w.Courier) // a mail server is set up, months later
		if d := cmp.Diff([]string{"dead"}, w.states(t)); d != "" || s.count() != 0 {
			t.Errorf("%s; sent %d", d, s.count())
		}
		var got journal.Unsent
		if err := w.db.Read(t.Context(), func(r *store.Reader) (err error) { got, err = journal.Undelivered(r); return err }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(journal.Unsent{Dead: 1, Oldest: storetest.Start}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestAMonthlyNoticeGoesToThePersonAndSaysNothing(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		liaison := stafftest.Actor(t, w.db, "liaison", "立案庭", staff.Liaison)
		admin := stafftest.Actor(t, w.db, "admin", "信息处", staff.SecAdmin)
		if err := w.staff.SetEmail(t.Context(), admin, liaison.ID, "liaison@court.example"); err != nil {
			t.Fatal(err)
		}
		ledgertest.Small(t, w.db, map[string]ledger.Status{"1-1-1-1": ledger.Unstated})
		w.clock.Set(time.Date(2027, 8, 2, 1, 0, 0, 0, time.UTC))
		if err := w.ledger.SendDigests(t.Context()); err != nil {
			t.Fatal(err)
		}
		book, err := logbook.Open(t.Context(), w.db, logbook.In(t.TempDir()), "court.example/log")
		if err != nil {
			t.Fatal(err)
		}
		logbooktest.Sign(t, w.db, book)
		if err := w.db.Write(t.Context(), func(tx *store.Tx) error {
			return journal.Append(tx, journal.Event{Verb: "digest.send", Subject: "digest", SubjectID: 1, Messages: []journal.Message{
				{Key: "somebody without an address", Channel: "mail", Template: "digest", SubjectID: admin.ID},
				{Key: "other", Channel: "mail", Template: "unheard_of", SubjectID: liaison.ID}}})
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"accepted", "dead", "dead"}, w.states(t)); d != "" {
			t.Error(d)
		}
		mails, to := s.got()
		if d := cmp.Diff([]string{"liaison@court.example"}, to); d != "" {
			t.Error(d)
		}
		if _, says := text(t, mails[0]); !strings.Contains(says, "公开日志到2027年8月2日") || !strings.Contains(says, "树根") {
			t.Errorf("the checkpoint is not in %q", says)
		}
		if len(mails) != 1 || strings.Contains(mails[0], "/track") || strings.Contains(mails[0], "1-1-1-1") || !strings.Contains(mails[0], "/desk/ledger/digests") {
			t.Errorf("%v", mails)
		}
	})
}

// text reads a mail's text.
func text(t *testing.T, raw string) (*mail.Message, string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m, string(body)
}

func TestASubscriberIsAskedToldAndLetGo(t *testing.T) {
	each(t, manner{}, func(t *testing.T, w *world, s *sink) {
		p := ledgertest.Small(t, w.db, nil)
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ok(w.subscriptions.Ask(t.Context(), "zhou@example.cn", p.ID, 0))
		ok(w.Deliver(t.Context()))
		mails, _ := s.got()
		_, body := text(t, mails[0])
		link := regexp.MustCompile("https://zg.example.cn/subscription/([A-Za-z0-9_-]{43})").FindStringSubmatch(body)
		if link == nil || !strings.Contains(body, "巡视反馈问题整改的全部变化") {
			t.Fatal(body)
		}
		ok(w.subscriptions.Confirm(t.Context(), link[1]))
		ok(w.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Create(&ledger.Event{ProgrammeID: p.ID, Kind: "rule", OnDay: calendar.Of(tx.Now), At: tx.Now, Text: "公布制度《办法》"}).Error
		}))
		w.clock.Advance(24 * time.Hour)
		for range 2 {
			ok(w.Tell(t.Context()))
			ok(w.Deliver(t.Context()))
		}
		mails, to := s.got()
		if len(mails) != 2 || to[1] != "zhou@example.cn" {
			t.Fatalf("%d mails to %v", len(mails), to)
		}
		m, body := text(t, mails[1])
		if !strings.Contains(body, "公布制度《办法》") || !strings.Contains(body, "https://zg.example.cn/changes") || !strings.Contains(body, link[0]) ||
			m.Header.Get("List-Unsubscribe") != "<"+link[0]+">" || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("%v\n%s", m.Header, body)
		}
		if strings.Contains(w.log.String(), "zhou") {
			t.Error("the log holds the address")
		}
		// Whoever left before the mail went out gets none.
		ok(w.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Create(&ledger.Event{ProgrammeID: p.ID, Kind: "rule", OnDay: calendar.Of(tx.Now), At: tx.Now, Text: "公布制度《细则》"}).Error
		}))
		w.clock.Advance(24 * time.Hour)
		ok(w.Tell(t.Context()))
		ok(w.subscriptions.End(t.Context(), link[1]))
		ok(w.Deliver(t.Context()))
		if s.count() != 2 {
			t.Errorf("%d mails", s.count())
		}
	})
}
