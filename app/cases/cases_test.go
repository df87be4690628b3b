package cases_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
	"mingjing/app/typed"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// court is a room with people in it.
type court struct {
	t     *testing.T
	db    *store.DB
	clock *storetest.Clock
	*cases.Service
	blobs                                                      blob.Store
	clerk, dispatcher, handler, reviewer, approver, supervisor staff.Actor
	publisher, second, other, stranger                         staff.Actor
	department, elsewhere                                      int64
	book                                                       *logbook.Book
	keys                                                       string // folder of the log's key
}

// sign has the public log sign what came in, as the courier does within seconds.
func (c *court) sign() {
	c.t.Helper()
	if c.book == nil {
		c.keys = c.t.TempDir()
		var err error
		c.book, err = logbook.Open(c.t.Context(), c.db, logbook.In(c.keys), "court.example/log")
		c.must(err)
	}
	logbooktest.Sign(c.t, c.db, c.book)
}

const announcement = "一、整改情况\n（一）关于“服务群众不够”方面\n1.关于“窗口排队时间长”的问题。增设窗口三个。\n2.关于“回复不及时”的问题。建立台账。\n某某法院党组\n2021年1月5日\n"

func each(t *testing.T, test func(t *testing.T, c *court)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		folder, err := blob.NewFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		key, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		c := &court{t: t, db: db, clock: clock, blobs: blob.Sealed(folder, key)}
		c.Service = cases.New(db, c.blobs, seal.Pepper(bytes.Repeat([]byte{9}, 32)))
		t.Cleanup(c.Close)
		l := ledger.New(db, nil)
		got, err := l.Import(t.Context(), staff.System, announcement)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Publish(t.Context(), staff.System, got.Announcement.ID, got.Announcement.Digest, "台账还没有导入"); err != nil {
			t.Fatal(err)
		}
		c.clerk = stafftest.Actor(t, db, "clerk", "立案庭", staff.IntakeClerk)
		c.dispatcher = stafftest.Actor(t, db, "dispatcher", "办公室", staff.Dispatcher)
		c.handler = stafftest.Actor(t, db, "handler", "执行局", staff.Handler, staff.Liaison)
		c.reviewer = stafftest.Actor(t, db, "reviewer", "执行局", staff.Reviewer)
		c.approver = stafftest.Actor(t, db, "approver", "执行局", staff.Approver)
		c.supervisor = stafftest.Actor(t, db, "supervisor", "办公室", staff.Supervisor)
		c.publisher = stafftest.Actor(t, db, "publisher", "办公室", staff.Publisher)
		c.second = stafftest.Actor(t, db, "second", "办公室", staff.Publisher)
		c.other = stafftest.Actor(t, db, "other", "民事审判庭", staff.Handler, staff.Reviewer, staff.Liaison)
		c.stranger = stafftest.Actor(t, db, "stranger", "信息技术处", staff.SysAdmin)
		c.department, c.elsewhere = c.handler.DepartmentID, c.other.DepartmentID
		test(t, c)
		casestest.Check(t, db)
	})
}

func (c *court) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// refused checks that err is a fault of the kind.
func (c *court) refused(err error, kind fault.Kind) {
	c.t.Helper()
	if !fault.Is(err, kind) {
		c.t.Fatalf("want a fault of kind %d, got %v", kind, err)
	}
}

var keys = struct {
	sync.Mutex
	n int
}{}

func suggestion() cases.Submission {
	keys.Lock()
	defer keys.Unlock()
	keys.n++
	return cases.Submission{Kind: cases.Suggestion, Title: "建议延长立案窗口时间", Content: "中午也希望有人值班，方便上班的群众。",
		Name: "赵先生", Phone: "13800138000", Email: "zhao@example.cn", PrivacyVersion: "1", AllowPublish: true, Key: fmt.Sprintf("form-key-%08d-%s", keys.n, "abcdefgh")}
}

// captcha is a fresh captcha with its answer.
func (c *court) captcha(s *cases.Submission) {
	c.t.Helper()
	id, err := c.NewCaptcha(c.t.Context())
	c.must(err)
	s.CaptchaID, s.Captcha = id, c.digits(id)
}

func (c *court) digits(id string) (d string) {
	c.t.Helper()
	c.must(c.db.Read(c.t.Context(), func(r *store.Reader) error {
		return r.Table("captchas").Select("digits").Where("id = ?", id).Scan(&d).Error
	}))
	return d
}

func (c *court) submit(s cases.Submission) cases.Ticket {
	c.t.Helper()
	c.captcha(&s)
	ticket, err := c.Submit(c.t.Context(), s)
	c.must(err)
	return ticket
}

func (c *court) get(id int64) cases.Case {
	c.t.Helper()
	t, err := c.Track(c.t.Context(), id)
	c.must(err)
	return t.Case
}

func (c *court) v(id int64) int { return c.get(id).Version }

// accepted submits a case and takes it to acceptance.
func (c *court) accepted(s cases.Submission) int64 {
	c.t.Helper()
	id := c.submit(s).ID
	c.must(c.Register(c.t.Context(), c.clerk, id, 0, ""))
	c.must(c.Accept(c.t.Context(), c.dispatcher, id, c.v(id)))
	return id
}

// handled takes a case to a saved draft.
func (c *court) handled(s cases.Submission) int64 {
	c.t.Helper()
	id := c.accepted(s)
	ctx := c.t.Context()
	c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0))
	c.must(c.Acknowledge(ctx, c.handler, id, c.v(id)))
	_, err := c.SaveDraft(ctx, c.handler, id, 0, "您的建议很好，自下月起中午安排值班。")
	c.must(err)
	return id
}

// answered takes a case to its reply.
func (c *court) answered(s cases.Submission) int64 {
	c.t.Helper()
	id := c.handled(s)
	c.reply(id)
	return id
}

// reply takes a case from its draft to its reply.
func (c *court) reply(id int64) {
	c.t.Helper()
	ctx := c.t.Context()
	c.must(c.Propose(ctx, c.handler, id, c.v(id)))
	c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
	p, err := c.Open(ctx, c.approver, id)
	c.must(err)
	c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
	c.must(c.Send(ctx, c.handler, id, c.v(id)))
}

func TestACaseIsAnsweredAndRated(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(suggestion())
		tr, err := c.Track(ctx, id)
		c.must(err)
		if tr.Reply == nil || tr.Reply.Unit != "执行局" || tr.Reply.DraftedBy != c.handler.ID || tr.Reply.ApprovedBy != c.approver.ID {
			t.Fatalf("%+v", tr.Reply)
		}
		if d := cmp.Diff([]cases.Verb{cases.DoSupplement, cases.DoRate, cases.DoObject}, tr.Actions); d != "" {
			t.Error(d)
		}
		c.refused(c.Rate(ctx, id, "", "satisfied", ""), fault.Invalid)
		c.refused(c.Rate(ctx, id, "no", "dissatisfied", ""), fault.Invalid)
		c.must(c.Rate(ctx, id, "yes", "satisfied", ""))
		c.refused(c.Rate(ctx, id, "yes", "satisfied", ""), fault.Conflict)
		c.must(c.Conclude(ctx, c.handler, id, c.v(id), ""))
		c.must(c.Archive(ctx, c.dispatcher, id, c.v(id)))
		if got := c.get(id); got.State != cases.Archived || got.Waiting() {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheSameFormGivesTheSameTicket(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		s := suggestion()
		first := c.submit(s)
		again, err := c.Submit(t.Context(), s) // its captcha is used up
		c.must(err)
		known, ok, err := c.Known(t.Context(), s)
		c.must(err)
		want := first
		if first.Promise.Case != first.CaseNo {
			t.Errorf("promised %+v", first.Promise)
		}
		want.Again, want.Promise = true, tlog.Promise{} // read from the log, where it stands
		if d := cmp.Diff(want, again); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want, known); d != "" || !ok {
			t.Error(d)
		}
		if len(first.CaseNo) != 8 || len(first.AccessCode) != 8 {
			t.Errorf("%+v", first)
		}
	})
}

func TestManyAtOnceAreAllStoredOnce(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		const forms, senders = 40, 3
		subs := make([]cases.Submission, forms)
		for i := range subs {
			subs[i] = suggestion()
			c.captcha(&subs[i])
		}
		numbers := make([][senders]string, forms)
		var wg sync.WaitGroup
		for i := range subs {
			for j := range senders {
				wg.Go(func() {
					for range 5 { // a sender whose captcha went to the twin's group tries again
						ticket, err := c.Submit(context.Background(), subs[i])
						if err == nil {
							numbers[i][j] = ticket.CaseNo
							return
						}
					}
				})
			}
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, n := range numbers {
			if n[0] == "" || n[0] != n[1] || n[1] != n[2] || seen[n[0]] {
				t.Fatalf("%v", n)
			}
			seen[n[0]] = true
		}
	})
}

func TestACaptchaWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		a, b := suggestion(), suggestion()
		c.captcha(&a)
		b.CaptchaID, b.Captcha = a.CaptchaID, a.Captcha
		c.must(c.Preview(t.Context(), &a)) // looking does not use it up
		_, err := c.Submit(t.Context(), a)
		c.must(err)
		_, err = c.Submit(t.Context(), b)
		c.refused(err, fault.Invalid)
		wrong := suggestion()
		c.captcha(&wrong)
		right := wrong.Captcha
		wrong.Captcha = "000000"
		_, err = c.Submit(t.Context(), wrong)
		c.refused(err, fault.Invalid)
		wrong.Captcha = right
		_, err = c.Submit(t.Context(), wrong)
		c.refused(err, fault.Invalid) // one guess each
		late := suggestion()
		c.captcha(&late)
		c.clock.Advance(3 * time.Hour)
		_, err = c.Submit(t.Context(), late)
		c.refused(err, fault.Invalid)
	})
}

func TestFullWidthDigitsAndSpacesAreUnderstood(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		s := suggestion()
		c.captcha(&s)
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, s.Captcha)
		s.Captcha = " " + wide[:6] + "　" + wide[6:]
		ticket, err := c.Submit(t.Context(), s)
		c.must(err)
		number := strings.Map(func(r rune) rune { return r - '0' + '０' }, ticket.CaseNo)
		id, err := c.Unlock(t.Context(), "here", "编号 "+number, ticket.AccessCode[:4]+" - "+ticket.AccessCode[4:])
		c.must(err)
		if id != ticket.ID {
			t.Error(id)
		}
	})
}

func TestWrongNumberAndWrongCodeAreAlike(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ticket := c.submit(suggestion())
		try := func(number string) (out []string) {
			for range 6 {
				_, err := c.Unlock(t.Context(), "here", number, "00000000")
				f, ok := fault.As(err)
				if !ok {
					t.Fatal(err)
				}
				out = append(out, fmt.Sprint(f.Kind, f.Message, f.RetryAfter))
			}
			return out
		}
		if d := cmp.Diff(try(ticket.CaseNo), try("12345678")); d != "" {
			t.Error(d)
		}
		_, err := c.Unlock(t.Context(), "here", ticket.CaseNo, ticket.AccessCode)
		c.refused(err, fault.TooMany) // even the right code waits
		_, err = c.Unlock(t.Context(), "elsewhere", ticket.CaseNo, ticket.AccessCode)
		c.must(err) // but its owner is not shut out by somebody else's guesses
		c.clock.Advance(time.Hour)
		_, err = c.Unlock(t.Context(), "here", ticket.CaseNo, ticket.AccessCode)
		c.must(err)
		c.refused(func() error { _, err := c.Unlock(t.Context(), "here", " ", ""); return err }(), fault.Invalid)
	})
}

func TestAPassOpensOneCaseForHalfAnHour(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		pass := c.Grant(7)
		if id, err := c.Admit(pass); err != nil || id != 7 {
			t.Fatal(id, err)
		}
		for _, forged := range []string{"", "x", pass[:len(pass)-2] + "AA", "B" + pass[1:]} {
			_, err := c.Admit(forged)
			c.refused(err, fault.Unauthenticated)
		}
		c.clock.Advance(31 * time.Minute)
		_, err := c.Admit(pass)
		c.refused(err, fault.Unauthenticated)
	})
}

func TestWhatIsMissingIsSaidFieldByField(t *testing.T) {
	for _, k := range cases.Kinds {
		s := cases.Submission{Kind: k, Channel: cases.Web}
		var want []string
		for _, f := range cases.Fields(k) {
			if f.Required {
				want = append(want, f.Name)
			}
		}
		f, ok := fault.As(s.Check())
		if !ok {
			t.Fatal(k)
		}
		var got []string
		for _, x := range f.Fields {
			got = append(got, x.Name)
		}
		if d := cmp.Diff(append(want, "privacy_version"), got); d != "" {
			t.Errorf("%s: %s", k, d)
		}
	}
}

func TestHostileTextIsMadeHarmlessAndKept(t *testing.T) {
	for in, want := range map[string]string{
		"a\x00b\x07c":                  "abc",
		"一\u202e二\u2066三\u200b四\ufeff": "一二三四",
		"bad\xff\xfeutf8":              "bad\ufffdutf8",
		"\xed\xa0\x80surrogate":        "\ufffdsurrogate",
		" 行一\r\n行二\r行三 ":               "行一\n行二\n行三",
		"<script>'; DROP TABLE--{{.}}": "<script>'; DROP TABLE--{{.}}",
		"👨‍👩‍👧 family":                 "👨‍👩‍👧 family",
	} {
		if got := typed.Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLimitsFollowTheStatutoryCalendar(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		// Tuesday before the Spring Festival of 2021.
		c.clock.Set(calendar.NewDate(2021, 2, 9).In().Add(10 * time.Hour))
		e := suggestion()
		e.Kind = cases.Enquiry
		id := c.accepted(e)
		got := c.get(id)
		if got.HandleDue != calendar.NewDate(2021, 2, 22) || got.DueOn != got.HandleDue {
			t.Errorf("enquiry: handle %s, due %s", got.HandleDue, got.DueOn)
		}
		c.clock.Set(calendar.NewDate(2021, 1, 6).In().Add(10 * time.Hour))
		p := cases.Submission{Kind: cases.Petition, Title: "请求解决补偿", Demand: "发放补偿", Facts: "已经批准而没有发放", Name: "钱女士", Phone: "0871-64090000",
			Address: "昆明市", PrivacyVersion: "1", Key: "petition-key-0123456789"}
		id = c.accepted(p)
		if got := c.get(id); got.HandleDue != calendar.NewDate(2021, 3, 8) {
			t.Errorf("petition: %s", got.HandleDue)
		}
	})
}

func TestWaitingForTheCitizenStopsDefaultLimitsOnly(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		c.clock.Set(calendar.NewDate(2021, 3, 1).In().Add(10 * time.Hour)) // Monday
		id := c.accepted(suggestion())                                     // 7 working days: 10 March
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, c.handler.ID))
		c.must(c.Acknowledge(ctx, c.handler, id, c.v(id)))
		c.must(c.Ask(ctx, c.handler, id, c.v(id), "请写明是哪个窗口。"))
		if got := c.get(id); got.State != cases.NeedMore || got.Waiting() {
			t.Fatalf("%s %s", got.State, got.DueOn)
		}
		c.clock.Set(calendar.NewDate(2021, 3, 8).In().Add(10 * time.Hour)) // five working days later
		c.must(c.Supplement(ctx, id, "二楼三号窗口", ""))
		got := c.get(id)
		if got.State != cases.Acknowledged || got.HandleDue != calendar.NewDate(2021, 3, 17) {
			t.Errorf("%s %s", got.State, got.HandleDue)
		}
		// A petition's limit is a norm: it does not stop.
		p := cases.Submission{Kind: cases.Petition, Title: "请求解决", Demand: "甲", Facts: "乙", Name: "丙", Phone: "64090000", Address: "丁", PrivacyVersion: "1", Key: "petition-key-0000000001"}
		id = c.accepted(p)
		due := c.get(id).HandleDue
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, c.handler.ID))
		c.must(c.Acknowledge(ctx, c.handler, id, c.v(id)))
		c.must(c.Ask(ctx, c.handler, id, c.v(id), "请补充。"))
		c.clock.Advance(7 * 24 * time.Hour)
		if got := c.get(id); got.DueOn != due {
			t.Errorf("stopped: %s, want %s", got.DueOn, due)
		}
		c.must(c.Supplement(ctx, id, "补充", ""))
		if got := c.get(id); got.HandleDue != due {
			t.Errorf("moved: %s, want %s", got.HandleDue, due)
		}
	})
}

func TestUrgingWorksOnceOverdueAndOnceADay(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.accepted(suggestion())
		c.refused(c.Urge(ctx, id, ""), fault.Conflict)
		c.clock.Advance(30 * 24 * time.Hour)
		c.must(c.Urge(ctx, id, "请快一点"))
		c.refused(c.Urge(ctx, id, ""), fault.Conflict)
		c.clock.Advance(24 * time.Hour)
		c.must(c.Urge(ctx, id, ""))
	})
}

func TestNobodyApprovesTheirOwnDraft(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		both := stafftest.Actor(t, c.db, "both", "执行局", staff.Handler, staff.Reviewer, staff.Approver)
		id := c.accepted(suggestion())
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, both.ID))
		c.must(c.Acknowledge(ctx, both, id, c.v(id)))
		_, err := c.SaveDraft(ctx, both, id, 0, "答复内容")
		c.must(err)
		c.must(c.Propose(ctx, both, id, c.v(id)))
		c.refused(c.Pass(ctx, both, id, c.v(id)), fault.Forbidden)
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		p, err := c.Open(ctx, both, id)
		c.must(err)
		c.refused(c.Approve(ctx, both, id, c.v(id), p.Digest), fault.Forbidden)
		c.refused(c.Send(ctx, both, id, c.v(id)), fault.Conflict) // not approved
		c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
		c.must(c.Send(ctx, both, id, c.v(id)))
		c.refused(c.Send(ctx, both, id, c.v(id)), fault.Conflict) // sent once
	})
}

func TestAnEditVoidsTheApproval(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		p, err := c.Open(ctx, c.approver, id)
		c.must(err)
		c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
		_, err = c.SaveDraft(ctx, c.handler, id, p.Draft.Version, "悄悄改过的答复")
		c.must(err)
		if got := c.get(id).State; got != cases.Handling {
			t.Fatal(got)
		}
		c.refused(c.Send(ctx, c.handler, id, c.v(id)), fault.Conflict)
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		c.refused(c.Approve(ctx, c.approver, id, c.v(id), p.Digest), fault.Conflict) // not the text that was seen
		c.refused(c.Send(ctx, c.handler, id, c.v(id)), fault.Conflict)
		c.must(c.SendBack(ctx, c.approver, id, c.v(id), "请恢复原稿"))
	})
}

func TestNobodysWorkIsOverwritten(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		_, err := c.SaveDraft(ctx, c.handler, id, 1, "第二稿")
		c.must(err)
		_, err = c.SaveDraft(ctx, c.handler, id, 1, "另一个窗口里的稿子")
		c.refused(err, fault.Conflict)
		d, err := c.Draft(ctx, c.handler, id)
		c.must(err)
		if d.Body != "第二稿" || d.Version != 2 {
			t.Errorf("%+v", d)
		}
		version := c.v(id)
		c.must(c.Propose(ctx, c.handler, id, version))
		c.refused(c.SendBack(ctx, c.reviewer, id, version, "晚了一步"), fault.Conflict)
	})
}

func TestWhoMayNotSeeACaseFindsNothing(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		for _, a := range []staff.Actor{c.other, c.stranger, c.publisher, {}} {
			_, err := c.Open(ctx, a, id)
			c.refused(err, fault.NotFound)
			q, err := c.List(ctx, a, cases.Filter{Limit: 10})
			c.must(err)
			n := q.Overdue
			for _, x := range q.Counts {
				n += x.N
			}
			if len(q.Rows) != 0 || n != 0 {
				t.Errorf("%s sees %d rows, counts %d", a.Name, len(q.Rows), n)
			}
			if q, err = c.List(ctx, a, cases.Filter{Query: "立案窗口", Limit: 10}); err != nil || len(q.Rows) != 0 {
				t.Errorf("%s finds %d rows, %v", a.Name, len(q.Rows), err)
			}
			if _, err := c.Reveal(ctx, a, id); err == nil {
				t.Errorf("%s reads the contact", a.Name)
			}
			if _, _, err := c.File(ctx, a, id, 1); err == nil {
				t.Errorf("%s opens a file", a.Name)
			}
		}
		if q, err := c.List(ctx, c.handler, cases.Filter{Query: "立案窗口", Limit: 10}); err != nil || len(q.Rows) != 1 {
			t.Errorf("the handler finds %d rows, %v", len(q.Rows), err)
		}
	})
}

func TestTheAccusedNeverSeesOrGetsTheComplaint(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := cases.Submission{Kind: cases.Complaint, Title: "投诉执行局态度", Content: "工作人员推诿", Unit: "某某法院执行局", HappenedAt: "昨天",
			Name: "孙先生", Phone: "13900139000", PrivacyVersion: "1", Key: "complaint-key-0000000001"}
		id := c.accepted(s)
		_, err := c.Open(ctx, c.handler, id)
		c.refused(err, fault.NotFound)
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0), fault.Invalid)
		named := stafftest.Actor(t, c.db, "named", "民事审判庭", staff.Handler)
		s.Key, s.Unit, s.Content = "complaint-key-0000000002", "某庭", "反映"+named.Name+"办事拖延"
		id = c.accepted(s)
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), c.elsewhere, named.ID), fault.Invalid)
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.elsewhere, 0))
		_, err = c.Open(ctx, named, id)
		c.refused(err, fault.NotFound)
	})
}

func TestRecusalTakesTheHandlerOut(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Recuse(ctx, c.handler, id, c.v(id), "是我的亲属"))
		_, err := c.Open(ctx, c.handler, id)
		c.refused(err, fault.NotFound)
		if got := c.get(id); got.HandlerID != nil {
			t.Error("still the handler")
		}
	})
}

func TestEveryMoveOutsideTheTableIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.submit(suggestion()).ID
		c.refused(c.Accept(ctx, c.dispatcher, id, 0), fault.Conflict)
		c.refused(c.Register(ctx, c.handler, id, 0, ""), fault.NotFound)
		c.refused(c.Register(ctx, c.supervisor, id, 0, ""), fault.Forbidden)
		c.refused(c.Conclude(ctx, c.dispatcher, id, 0, ""), fault.Conflict)
		c.must(c.Discard(ctx, c.clerk, id, 0))
		c.refused(c.Supplement(ctx, id, "还有话说", ""), fault.Conflict)
		c.must(c.Restore(ctx, c.dispatcher, id, 0))
		c.must(c.Withdraw(ctx, id))
		c.refused(c.Register(ctx, c.clerk, id, 0, ""), fault.Conflict)
	})
}

func TestRefusingNeedsALawfulReasonAndAText(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.submit(suggestion()).ID
		c.must(c.Register(ctx, c.clerk, id, 0, cases.Enquiry))
		c.refused(c.Refuse(ctx, c.dispatcher, id, 0, "no such reason", "去别处"), fault.Invalid)
		c.refused(c.Refuse(ctx, c.dispatcher, id, 0, cases.Litigation, " "), fault.Invalid)
		c.must(c.Refuse(ctx, c.dispatcher, id, 0, cases.Litigation, "请通过诉讼程序，拨打12368。"))
		tr, err := c.Track(ctx, id)
		c.must(err)
		last := tr.Events[len(tr.Events)-1]
		if tr.Case.Kind != cases.Enquiry || last.MessageID == nil || tr.Messages[*last.MessageID].Body != "请通过诉讼程序，拨打12368。" {
			t.Errorf("%+v", tr)
		}
	})
}

func TestAWronglyAssignedCaseGoesBackWithinTheNorm(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.accepted(suggestion())
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0))
		c.must(c.Return(ctx, c.handler, id, c.v(id), "不是我局职责"))
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0))
		c.clock.Advance(10 * 24 * time.Hour)
		c.refused(c.Return(ctx, c.handler, id, c.v(id), "晚了"), fault.Conflict)
	})
}

func TestInsideTextNeverReachesTheCitizen(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Note(ctx, c.handler, id, "内部备注勿外传"))
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.SendBack(ctx, c.reviewer, id, c.v(id), "措辞要改"))
		tr, err := c.Track(ctx, id)
		c.must(err)
		for _, m := range tr.Messages {
			if m.Author == cases.Inside {
				t.Errorf("%+v", m)
			}
		}
		if strings.Contains(fmt.Sprintf("%+v", tr), "勿外传") || strings.Contains(fmt.Sprintf("%+v", tr), "措辞") {
			t.Error("inside text leaked")
		}
	})
}

func TestPublishingNeedsConsentRedactionAndASecondReader(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		s.AllowPublish = false
		id := c.answered(s)
		_, err := c.ProposePublication(ctx, c.handler, id, "标题", "问", "答")
		c.refused(err, fault.Forbidden)
		_, err = c.ProposePublication(ctx, c.publisher, id, "标题", "问", "答")
		c.refused(err, fault.NotFound) // a publisher sees only what may be published
		id = c.answered(suggestion())
		for _, text := range []string{"赵先生来信说", "电话 138-0013 8000"} {
			_, err = c.ProposePublication(ctx, c.publisher, id, "标题", text, "答")
			c.refused(err, fault.Invalid)
		}
		no, err := c.ProposePublication(ctx, c.publisher, id, "延长窗口时间", "群众建议中午值班", "已经安排")
		c.must(err)
		var all []string
		for _, x := range cases.Exclusions {
			all = append(all, x.Name)
		}
		c.refused(c.ReviewPublication(ctx, c.publisher, no, 1, true, all, ""), fault.Forbidden)
		c.refused(c.ReviewPublication(ctx, c.second, no, 1, true, all[1:], ""), fault.Invalid)
		c.refused(c.ReviewPublication(ctx, c.handler, no, 1, true, all, ""), fault.Forbidden)
		list := func() (n int) {
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				l, err := cases.Replies(r, cases.ReplyFilter{Limit: 10})
				n = len(l)
				return err
			}))
			return n
		}
		if list() != 0 {
			t.Error("shown before review")
		}
		c.must(c.ReviewPublication(ctx, c.second, no, 1, true, all, ""))
		if list() != 1 {
			t.Error("not shown")
		}
		c.must(c.WithdrawPublication(ctx, c.publisher, no, 2, "来信人要求"))
		if list() != 0 {
			t.Error("shown after withdrawal")
		}
	})
}

func TestAttachmentsAreSealedAndBelongToTheirForm(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		_, err := c.Stage(ctx, s.Key, "说明.txt", strings.NewReader("窗口照片说明"))
		c.must(err)
		_, err = c.Stage(ctx, s.Key, "假的.pdf", strings.NewReader("not a pdf at all"))
		if _, ok := fault.As(err); !ok {
			t.Error(err)
		}
		for i := range cases.MaxFiles - 1 {
			_, err = c.Stage(ctx, s.Key, fmt.Sprintf("%d.txt", i), strings.NewReader("x"))
			c.must(err)
		}
		_, err = c.Stage(ctx, s.Key, "more.txt", strings.NewReader("x"))
		c.refused(err, fault.Invalid)
		id := c.submit(s).ID
		tr, err := c.Track(ctx, id)
		c.must(err)
		if len(tr.Files) != cases.MaxFiles {
			t.Fatal(len(tr.Files))
		}
		_, body, err := c.OwnFile(ctx, id, tr.Files[0].ID)
		c.must(err)
		var b bytes.Buffer
		_, err = b.ReadFrom(body)
		c.must(err)
		c.must(body.Close())
		if b.String() != "窗口照片说明" {
			t.Errorf("%q", b.String())
		}
		// A form that is never sent leaves nothing behind.
		_, err = c.Stage(ctx, "another-form-key-01", "a.txt", strings.NewReader("x"))
		c.must(err)
		c.clock.Advance(3 * time.Hour)
		c.must(c.SweepStaged(ctx))
		n := 0
		c.must(c.blobs.Walk(ctx, func(blob.Item) error { n++; return nil }))
		if n != cases.MaxFiles {
			t.Errorf("%d blobs", n)
		}
	})
}

func TestACallIsRecordedForSomebodyElse(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		s.Channel, s.PrivacyVersion = cases.Hotline, ""
		_, err := c.Record(ctx, c.handler, s)
		c.refused(err, fault.Forbidden)
		ticket, err := c.Record(ctx, c.clerk, s)
		c.must(err)
		again, err := c.Record(ctx, c.clerk, s)
		c.must(err)
		if again.CaseNo != ticket.CaseNo {
			t.Error("saved twice, two cases")
		}
		s2 := suggestion()
		s2.Phone = "138 0013 8000"
		second := c.submit(s2)
		p, err := c.Open(ctx, c.clerk, second.ID)
		c.must(err)
		if len(p.Earlier) != 1 || p.Earlier[0].CaseNo != ticket.CaseNo {
			t.Errorf("the same caller was not found: %+v", p.Earlier)
		}
	})
}

func TestTheTimelineCannotBeEdited(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		c.submit(suggestion())
		for _, statement := range []string{"UPDATE case_events SET verb = 'x'", "DELETE FROM case_events", "UPDATE ledger_events SET text = 'x'", "DELETE FROM ledger_events"} {
			if err := c.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Exec(statement).Error }); err == nil {
				t.Errorf("%s was allowed", statement)
			}
		}
	})
}

func TestTheQueueIsPagedByKey(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		want := map[int64]bool{}
		for range 7 {
			want[c.submit(suggestion()).ID] = true
		}
		f := cases.Filter{Basket: "new", Limit: 3}
		for range 3 {
			q, err := c.List(t.Context(), c.clerk, f)
			c.must(err)
			for _, r := range q.Rows {
				if !want[r.ID] {
					t.Errorf("row %d twice or unknown", r.ID)
				}
				delete(want, r.ID)
			}
			if q.More != (len(want) > 0) {
				t.Errorf("more = %v with %d left", q.More, len(want))
			}
			last := q.Rows[len(q.Rows)-1]
			f.AfterDue, f.AfterID = last.DueOn, last.ID
		}
		if len(want) != 0 {
			t.Error("rows missing")
		}
	})
}

func TestTheSameFormWithOtherContentIsNotSwallowed(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		s := suggestion()
		first := c.submit(s)
		other := s
		other.Title = "另一件事"
		c.captcha(&other)
		_, err := c.Submit(t.Context(), other)
		c.refused(err, fault.Conflict)
		_, _, err = c.Known(t.Context(), other)
		c.refused(err, fault.Conflict)
		if tr, err := c.Track(t.Context(), first.ID); err != nil || tr.Case.Title != s.Title {
			t.Error(tr.Case.Title, err)
		}
	})
}

func TestAFileOrASupplementSentAgainIsThereOnce(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		s := suggestion()
		for range 3 {
			_, err := c.Stage(ctx, s.Key, "说明.txt", strings.NewReader("同一个文件"))
			c.must(err)
		}
		id := c.submit(s).ID
		_, err := c.Stage(ctx, s.Key, "说明.txt", strings.NewReader("同一个文件")) // after a lost answer
		c.must(err)
		for range 2 {
			c.must(c.Supplement(ctx, id, "补充一次", "supplement-key-0001"))
		}
		tr, err := c.Track(ctx, id)
		c.must(err)
		if len(tr.Files) != 1 || len(tr.Messages) != 1 {
			t.Errorf("%d files, %d messages", len(tr.Files), len(tr.Messages))
		}
	})
}

func TestARedoneCaseIsAnsweredAndRatedAgain(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		c.clock.Set(calendar.NewDate(2021, 3, 1).In().Add(10 * time.Hour))
		id := c.answered(suggestion())
		c.must(c.Rate(ctx, id, "no", "dissatisfied", "没有解决"))
		c.clock.Set(calendar.NewDate(2021, 3, 22).In().Add(10 * time.Hour))
		c.must(c.Redo(ctx, c.supervisor, id, c.v(id), "群众不满意"))
		if got := c.get(id); got.HandleDue != calendar.NewDate(2021, 3, 31) {
			t.Errorf("a redone case is due %s", got.HandleDue)
		}
		_, err := c.SaveDraft(ctx, c.handler, id, 0, "第二次答复")
		c.must(err)
		c.must(c.Ask(ctx, c.handler, id, c.v(id), "请说明"))
		c.clock.Set(calendar.NewDate(2021, 3, 24).In().Add(10 * time.Hour))
		c.must(c.AddFor(ctx, c.clerk, id, c.v(id), "来电补充"))
		if got := c.get(id); got.State != cases.Handling || got.HandleDue != calendar.NewDate(2021, 4, 2) {
			t.Errorf("%s, due %s", got.State, got.HandleDue)
		}
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		p, err := c.Open(ctx, c.approver, id)
		c.must(err)
		c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
		c.must(c.Send(ctx, c.handler, id, c.v(id)))
		c.must(c.Rate(ctx, id, "yes", "satisfied", ""))
	})
}

func TestNoCaseIsADeadEnd(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.submit(suggestion()).ID
		c.must(c.Register(ctx, c.clerk, id, 0, ""))
		c.must(c.Ask(ctx, c.dispatcher, id, c.v(id), "请补充"))
		c.must(c.Resume(ctx, c.dispatcher, id, c.v(id)))
		c.must(c.Ask(ctx, c.dispatcher, id, c.v(id), "请补充"))
		c.must(c.Refuse(ctx, c.dispatcher, id, c.v(id), cases.NoSubstance, "没有具体内容，请补充后再来。"))
		// The handler falls ill in the middle: somebody else goes on with the draft.
		id = c.handled(suggestion())
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.elsewhere, c.other.ID))
		c.must(c.Acknowledge(ctx, c.other, id, c.v(id)))
		d, err := c.Draft(ctx, c.other, id)
		c.must(err)
		_, err = c.SaveDraft(ctx, c.other, id, d.Version, d.Body+"补充一句。")
		c.must(err)
	})
}

func TestWhoIsNamedLaterIsShutOutToo(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		named := stafftest.Actor(t, c.db, "李承办", "执行局", staff.Handler)
		id := c.accepted(suggestion())
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, named.ID))
		c.must(c.Supplement(ctx, id, "其实是李承办态度不好", ""))
		_, err := c.Open(ctx, named, id)
		c.refused(err, fault.NotFound)
		if got := c.get(id); got.HandlerID != nil {
			t.Error("still the handler")
		}
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), c.handler.ID, 0))
		_, err = c.Open(ctx, c.handler, id)
		c.refused(err, fault.NotFound)
	})
}

// What every new case is measured by is read once for each revision: whoever
// comes, leaves or gets another name counts from the next case on.
func TestWhoComesToWorkHereIsShutOutOfTheNextCaseThatNamesThem(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		c.submit(suggestion()) // the standing is known from here on
		people := staff.New(c.db, seal.Pepper("a pepper for tests"), false)
		shut := func() (out bool) {
			t.Helper()
			s := suggestion()
			s.Content = "窗口的欧阳承办推诿，让我们跑了三趟。"
			id := c.submit(s).ID
			var n int64
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				return r.Table("case_exclusions").Where("case_id = ?", id).Count(&n).Error
			}))
			return n > 0
		}
		if shut() {
			t.Fatal("nobody of that name works here yet")
		}
		id, _, err := people.Add(ctx, staff.System, staff.Draft{Login: "ouyang", Name: "欧阳承办", DepartmentID: c.department, Roles: []staff.Role{staff.Handler}})
		c.must(err)
		if !shut() {
			t.Error("who came to work here is not shut out")
		}
		admin := stafftest.Actor(t, c.db, "admin", "信息处", staff.SecAdmin)
		c.must(people.Change(ctx, admin, id, "张三", c.department))
		if shut() {
			t.Error("who has another name now is shut out")
		}
		c.must(people.Change(ctx, admin, id, "欧阳承办", c.department))
		c.must(people.Disable(ctx, admin, id))
		if shut() {
			t.Error("who has left is shut out")
		}
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			return settings.SetLimit(tx, settings.Author{ID: 1, Name: "管理员"}, "suggestion", settings.Register, calendar.Limit{Amount: 3, Unit: calendar.Workdays}, "本院调整")
		}))
		// Three working days from Wednesday 6 January: Monday 11 January.
		if got := c.get(c.submit(suggestion()).ID); got.DueOn != calendar.NewDate(2021, 1, 11) {
			t.Errorf("due %s by the limit as it was", got.DueOn)
		}
	})
}

func TestBlanksOfATemplateAreNotSent(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.submit(suggestion()).ID
		c.must(c.Register(ctx, c.clerk, id, 0, ""))
		c.refused(c.Refuse(ctx, c.dispatcher, id, 0, cases.OtherBody, "请向（写明有权处理的机关）反映。"), fault.Invalid)
	})
}

func TestALeaderOnlyLooks(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		leader := stafftest.Actor(t, c.db, "leader", "", staff.Leader)
		id := c.accepted(suggestion())
		_, err := c.Open(ctx, leader, id)
		c.must(err)
		c.refused(c.Note(ctx, leader, id, "看看"), fault.Forbidden)
		c.refused(c.Recuse(ctx, leader, id, c.v(id), "回避"), fault.Forbidden)
	})
}

func TestWhatCannotBeSeenIsBlank(t *testing.T) {
	s := suggestion()
	s.Channel, s.Title, s.Content = cases.Web, "\u200d\u200d", "\u3164\u2800"
	f, ok := fault.As(s.Check())
	if !ok || len(f.Fields) != 2 {
		t.Errorf("%+v", f)
	}
}

func TestANoticeOnHolidaysMovesOpenLimitsOnly(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		c.clock.Set(calendar.NewDate(2026, 12, 28).In().Add(10 * time.Hour))
		open := c.accepted(suggestion())
		done := c.answered(suggestion())
		before, ended := c.get(open), c.get(done)
		if !before.Provisional {
			t.Fatalf("%+v", before)
		}
		n := calendar.Notice{Year: 2027, Days: []calendar.Day{{Date: calendar.NewDate(2027, 1, 1), Name: "元旦"}, {Date: calendar.NewDate(2027, 1, 4), Name: "元旦"}}}
		changed := 0
		c.must(c.db.Write(ctx, func(tx *store.Tx) (err error) {
			if err := settings.ImportNotice(tx, settings.Author{}, n, "国办发明电"); err != nil {
				return err
			}
			changed, err = cases.Recompute(tx, staff.System)
			return err
		}))
		after := c.get(open)
		if changed != 1 || after.Provisional || !after.HandleDue.After(before.HandleDue) {
			t.Errorf("%d changed; %s to %s, provisional %v", changed, before.HandleDue, after.HandleDue, after.Provisional)
		}
		if c.get(done).HandleDue != ended.HandleDue {
			t.Error("an answered case moved")
		}
	})
}

func TestAnAcceptedCaseIsNotAcceptedAgain(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.must(c.Ask(ctx, c.handler, id, c.v(id), "请补充"))
		c.refused(c.Accept(ctx, c.dispatcher, id, c.v(id)), fault.Conflict)
		c.refused(c.Refuse(ctx, c.dispatcher, id, c.v(id), cases.Final, "已经办过"), fault.Conflict)
	})
}

func TestWhoWroteAnyVersionDoesNotApprove(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		both := stafftest.Actor(t, c.db, "both", "执行局", staff.Handler, staff.Reviewer, staff.Approver)
		id := c.accepted(suggestion())
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, both.ID))
		c.must(c.Acknowledge(ctx, both, id, c.v(id)))
		_, err := c.SaveDraft(ctx, both, id, 0, "答复内容")
		c.must(err)
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, c.handler.ID))
		c.must(c.Acknowledge(ctx, c.handler, id, c.v(id)))
		_, err = c.SaveDraft(ctx, c.handler, id, 1, "答复内容。")
		c.must(err)
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.refused(c.Pass(ctx, both, id, c.v(id)), fault.Forbidden)
	})
}

func TestTheAccusedDoesNotReadItsPublication(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.answered(suggestion())
		no, err := c.ProposePublication(ctx, c.publisher, id, "延长窗口时间", "群众建议中午值班", "已经安排")
		c.must(err)
		_, err = c.Publication(ctx, c.second, no)
		c.must(err)
		c.must(c.Recuse(ctx, c.second, id, c.v(id), "是我亲属"))
		_, err = c.Publication(ctx, c.second, no)
		c.refused(err, fault.NotFound)
	})
}

func TestALateAnswerStaysLate(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.handled(suggestion())
		c.clock.Advance(60 * 24 * time.Hour)
		c.refused(c.Extend(ctx, c.approver, id, c.v(id), "来不及"), fault.Conflict)
		c.must(c.Propose(ctx, c.handler, id, c.v(id)))
		c.must(c.Pass(ctx, c.reviewer, id, c.v(id)))
		p, err := c.Open(ctx, c.approver, id)
		c.must(err)
		c.must(c.Approve(ctx, c.approver, id, c.v(id), p.Digest))
		c.must(c.Send(ctx, c.handler, id, c.v(id)))
		c.must(c.Redo(ctx, c.supervisor, id, c.v(id), "再办"))
		if !c.get(id).Late {
			t.Error("redoing it made it punctual")
		}
	})
}

func TestExcludingTwiceIsTheSameAsOnce(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.accepted(suggestion())
		for range 2 {
			c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), c.handler.ID, c.elsewhere))
		}
		p, err := c.Open(ctx, c.dispatcher, id)
		c.must(err)
		want := cases.Out{People: map[int64]bool{c.handler.ID: true}, Departments: map[int64]bool{c.elsewhere: true}}
		if d := cmp.Diff(want, p.Out); d != "" {
			t.Error(d)
		}
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), c.elsewhere, 0), fault.Invalid)
		c.refused(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, c.handler.ID), fault.Invalid)
		c.must(c.Assign(ctx, c.dispatcher, id, c.v(id), c.department, 0))
	})
}
