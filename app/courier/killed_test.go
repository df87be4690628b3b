package courier_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/courier"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// child is a process that delivers what is due, until somebody kills it.
func child() {
	at, _ := strconv.ParseInt(os.Getenv("COURIER_NOW"), 10, 64)
	now := time.UnixMicro(at).UTC()
	db, err := store.Open(context.Background(), store.Config{DataDir: os.Getenv("COURIER_DIR"), URL: os.Getenv("COURIER_URL"), Clock: func() time.Time { return now }})
	if err == nil {
		err = furnish(db, nil, config.Config{SMTPURL: os.Getenv("COURIER_SMTP"), MailFrom: "portal@court.example"}).Deliver(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Point 2 of what separates casework from a toy: never sent twice by itself.
func TestAMessageIsNeverSentTwiceByItselfHoweverOftenTheSenderIsKilled(t *testing.T) {
	const times = 100
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock(storetest.Start)
			c := storetest.Config(t, d)
			c.Clock = clock.Now
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			s := &sink{}
			at := listen(t, s)
			w := furnish(db, nil, config.Config{SMTPURL: at, MailFrom: "portal@court.example"})
			t.Cleanup(w.cases.Close)
			w.record(t)
			exec1(t, db, "UPDATE outbox SET state = 'accepted'")
			for i := range times {
				exec1(t, db, "INSERT INTO outbox (created_at, idem, channel, template, subject_id, state, due_at) VALUES (?, ?, 'mail', 'progress', 1, 'waiting', ?)", clock.Now(), fmt.Sprint("kill/", i), clock.Now())
				sender := exec.Command(os.Args[0])
				sender.Env = append(os.Environ(), "COURIER_CHILD=1", "COURIER_DIR="+c.DataDir, "COURIER_URL="+c.URL, "COURIER_SMTP="+at, fmt.Sprintf("COURIER_NOW=%d", clock.Now().UnixMicro()))
				started := make(chan *os.Process, 1)
				s.lock.Lock()
				s.kill = func() {
					process := <-started
					if i%2 == 0 { // before it hears that the server took the message
						_ = process.Kill()
						return
					}
					go process.Kill() // at about the time when it writes that down
				}
				s.lock.Unlock()
				var out bytes.Buffer
				sender.Stdout, sender.Stderr = &out, &out
				if err := sender.Start(); err != nil {
					t.Fatal(err)
				}
				started <- sender.Process
				if err := sender.Wait(); err != nil && sender.ProcessState.ExitCode() == 1 {
					t.Fatalf("%v %s", err, out.String())
				}
				if got := s.count(); got != i+1 {
					t.Fatalf("after %d messages %d were handed over", i+1, got)
				}
				// The next sender, whenever it comes.
				clock.Advance(time.Hour)
				s.lock.Lock()
				s.kill = nil
				s.lock.Unlock()
				if err := w.Deliver(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			fates := map[string]int{}
			for _, state := range w.states(t)[1:] {
				fates[state]++
			}
			if got := s.count(); got != times || fates["accepted"]+fates["unknown"] != times || fates["unknown"] < times/2 {
				t.Errorf("%d handed over, %v", got, fates)
			}
		})
	}
}

func exec1(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(query, args...).Error }); err != nil {
		t.Fatal(err)
	}
}

// provider is a real gateway of text messages.
type provider struct {
	lock sync.Mutex
	got  []string // key, number and text of each
	auth string
	say  int // status; 0: break the connection
}

func (p *provider) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	p.lock.Lock()
	defer p.lock.Unlock()
	body := make([]byte, q.ContentLength)
	_, _ = q.Body.Read(body)
	p.got, p.auth = append(p.got, q.Header.Get("Idempotency-Key")+" "+string(body)), q.Header.Get("Authorization")
	if p.say == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(p.say)
}

func TestASenderWithoutAMailboxIsToldByTextMessage(t *testing.T) {
	for _, x := range []struct {
		say   int
		state string
		times int
	}{{202, "accepted", 1}, {400, "dead", 1}, {503, "waiting", 1}, {500, "unknown", 1}, {0, "unknown", 1}} {
		t.Run(strconv.Itoa(x.say), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				p := &provider{say: x.say}
				server := httptest.NewServer(p)
				t.Cleanup(server.Close)
				w := furnish(db, nil, config.Config{SMSURL: "http://:geheim@" + server.Listener.Addr().String() + "/send", BaseURL: "https://zg.example.cn"})
				t.Cleanup(w.cases.Close)
				clerk := stafftest.Actor(t, db, "clerk", "立案庭", staff.IntakeClerk)
				record := func(key, phone, email string) {
					t.Helper()
					if _, err := w.cases.Record(t.Context(), clerk, cases.Submission{Kind: cases.Enquiry, Channel: cases.Hotline, Title: "秘密的标题", Content: "秘密的内容", Name: "周先生", Phone: phone, Email: email, Key: key}); err != nil {
						t.Fatal(err)
					}
				}
				record("key-0123456789abcde0", "13800001111", "") // before the court sends any
				if err := db.Write(t.Context(), func(tx *store.Tx) error {
					return settings.SaveMessages(tx, settings.Author{Name: "x"}, true, map[string]string{"received": "收到您的来件", "progress": "有新进展", "look": "请到网站查看。"})
				}); err != nil {
					t.Fatal(err)
				}
				record("key-0123456789abcde1", "＋86 138-0000-1111", "")
				record("key-0123456789abcde2", "0871-64000000", "") // cannot receive any
				for range 2 {
					if err := w.Deliver(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				want := []string{`case/2/received {"id":"case/2/received","to":"13800001111","text":"【示例人民法院】收到您的来件。请到网站查看。https://zg.example.cn/track"}`}
				p.lock.Lock()
				defer p.lock.Unlock()
				if d := cmp.Diff(want, p.got); d != "" || p.auth != "Bearer geheim" {
					t.Errorf("%s %s", d, p.auth)
				}
				if d := cmp.Diff([]string{x.state}, w.states(t)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestAPersonDecidesWhatBecomesOfAMessageWhoseFateNobodyKnows(t *testing.T) {
	each(t, manner{drop: true}, func(t *testing.T, w *world, s *sink) {
		w.record(t)
		if err := w.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		o := courier.NewOutbox(w.db)
		admin, clerk := stafftest.Actor(t, w.db, "admin", "", staff.SysAdmin), stafftest.Actor(t, w.db, "clerk2", "立案庭", staff.IntakeClerk)
		list := func(a staff.Actor, state string) (list []courier.Queued, err error) {
			err = w.db.Read(t.Context(), func(r *store.Reader) (err error) {
				list, err = o.List(r, a, state, courier.Queued{}, 10)
				return err
			})
			return list, err
		}
		if _, err := list(clerk, "unknown"); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		got, err := list(admin, "unknown")
		if err != nil || len(got) != 1 || got[0].Note == "" {
			t.Fatal(got, err)
		}
		if err := o.Decide(t.Context(), clerk, got[0].ID, true); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if err := o.Decide(t.Context(), admin, 999, true); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		s.lock.Lock()
		s.drop = false
		s.lock.Unlock()
		if err := o.Decide(t.Context(), admin, got[0].ID, true); err != nil {
			t.Fatal(err)
		}
		if err := w.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"accepted"}, w.states(t)); d != "" || s.count() != 2 {
			t.Errorf("%s; handed over %d times", d, s.count())
		}
		if err := o.Decide(t.Context(), admin, got[0].ID, false); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	})
}
