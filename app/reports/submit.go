package reports

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Ticket is what a reporter is told, once.
type Ticket struct {
	ID          int64 // never to be shown
	CaseNo      string
	Code        seal.Code
	Anonymous   bool
	SubmittedAt time.Time
	NoticeDue   calendar.Date
	Again       bool         // the form had been taken already
	Promise     tlog.Promise // for the log's key to sign; none if Again
}

// Nobody is a refusal, before anything is sent, because nobody here could read it.
type Nobody struct{ error }

func (n Nobody) Unwrap() error { return n.error }

func nobody(superior string) fault.Field {
	if superior == "" {
		superior = "上级纪检监察机关（拨打 12388，或者到 www.12388.gov.cn）"
	}
	return fault.Field{Name: "exclude", Message: "按您写的内容和不能看到的人，本院没有人可以办理这件举报，还没有提交，什么都没有保存。请改向" + superior + "反映。"}
}

// Used is a form that became a report before: of other words, or (Same) of these,
// whose code is not told any more.
type Used struct {
	error
	Same bool
}

func (u Used) Unwrap() error { return u.error }

var errClosed = fault.New(fault.Busy, "现在没有能打开举报的纪检专员，在线举报暂时关闭，您的内容没有保存。请改走页面上写的其他渠道，或者过后再来。")

// Preview checks a statement as Submit does, but stores nothing.
func (s *Service) Preview(ctx context.Context, st *Statement) error {
	bad := st.Clean()
	if f, ok := fault.As(bad); ok && f.Kind != fault.Invalid {
		return bad
	}
	d, err := s.seen(ctx, false)
	can := err == nil && len(d.officers) > 0 && d.readable(*st)
	if err == nil && !can { // before anybody is told so
		if d, err = s.seen(ctx, true); err == nil {
			can = d.readable(*st)
		}
	}
	if errors.Is(err, ErrRoster) || err == nil && len(d.officers) == 0 {
		return errClosed
	}
	if err != nil {
		return err
	}
	if kinds := d.reporting.Violations; st.Violation != "" && !slices.Contains(kinds, st.Violation) {
		bad = joinFields(bad, fault.Field{Name: "violation", Message: "请从列表里选一类；说不准的，选“" + kinds[len(kinds)-1] + "”。"})
	}
	if !can {
		return Nobody{joinFields(bad, nobody(d.superior))}
	}
	return bad
}

func joinFields(err error, more ...fault.Field) error {
	if f, ok := fault.As(err); ok {
		more = append(f.Fields[:len(f.Fields):len(f.Fields)], more...)
	}
	return fault.Form(more)
}

// Submit takes a reporter's statement from the web.
func (s *Service) Submit(ctx context.Context, st Statement) (Ticket, error) {
	st.Channel = cases.Web
	return s.submit(ctx, st, staff.Actor{})
}

// Record takes down what somebody reported by phone, letter or in person. The
// clerk sees the code, so that its owner must change it, and nothing else again.
func (s *Service) Record(ctx context.Context, a staff.Actor, st Statement) (Ticket, error) {
	if err := a.Require(staff.IntakeClerk, staff.Dispatcher); err != nil {
		return Ticket{}, err
	}
	if st.Channel == cases.Web || !st.Channel.Valid() {
		return Ticket{}, fault.Form([]fault.Field{{Name: "channel", Message: "请选择来电、来信或来访。"}})
	}
	return s.submit(ctx, st, a)
}

func (s *Service) submit(ctx context.Context, st Statement, by staff.Actor) (Ticket, error) {
	if err := s.Preview(ctx, &st); err != nil {
		return Ticket{}, err
	}
	if n := len(st.Key); n > 200 {
		return Ticket{}, fault.New(fault.Malformed, "页面已经失效，请返回重新打开表单。")
	} else if n < 16 {
		raw := make([]byte, 16)
		rand.Read(raw)
		st.Key = hex.EncodeToString(raw)
	}
	j := &job{st: st, by: by, hash: s.formHash(st.Key), code: seal.CodeFor(s.codeKey, st.Key), ready: make(chan struct{})}
	if err := s.prepare(ctx, j, false); err != nil {
		return Ticket{}, err
	}
	return s.writer.take(ctx, j)
}

// Known reports whether the form has been taken already: a repeated sending needs
// no captcha. Other content under the same secret is a Conflict.
func (s *Service) Known(ctx context.Context, st Statement) (t Ticket, ok bool, err error) {
	if len(st.Key) < 16 {
		return t, false, nil
	}
	j := &job{st: st, hash: s.formHash(st.Key), code: seal.CodeFor(s.codeKey, st.Key)}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		x, err := find(r, "submission_hash = ?", j.hash)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		t, err = s.again(r, x, j)
		ok = err == nil
		return err
	})
	if _, is := fault.As(err); err != nil && !is {
		err = fmt.Errorf("reports: known: %w", err)
	}
	return t, ok, err
}

// retold is how long the form that made a code tells it again although its holder
// has typed it: the browser of a shared machine would send that form for anybody.
const retold = 5 * time.Minute

// again is the ticket of a form that became a report before. Its code opens the
// report, and so tells whether the same was said then.
func (s *Service) again(r *store.Reader, x Report, j *job) (Ticket, error) {
	words := "这张表单刚才已经提交过另一份举报（受理编号 " + x.CaseNo + "）。下面的内容还没有提交：是另一件事的，请填写新的验证码后提交。"
	if j.st.byClerk() {
		words = "这一页刚才已经保存过一件（受理编号 " + x.CaseNo + "）。下面改过的内容还没有保存；是另一件事才再保存一次。"
	}
	used := Used{error: fault.New(fault.Conflict, words)}
	if !j.code.Matches(x.Salt, x.CodeCheck) {
		return Ticket{}, used // its code was changed since
	}
	keys, err := s.reporterRings(r, x, j.code.Box(x.Salt))
	if err != nil {
		return Ticket{}, used
	}
	was, err := s.statement(r, x, keys)
	if err != nil {
		return Ticket{}, err
	}
	was.ReporterKey = nil
	var who Identity
	if err := s.openFirst(r, x, textIdentity, keys, &who); err != nil {
		return Ticket{}, err
	}
	if !reflect.DeepEqual(was, j.st.stored()) || who != j.st.Who {
		return Ticket{}, used
	}
	if more, err := s.brings(r, x, 1, j.st.Key, keys); err != nil || more {
		return Ticket{}, cmp.Or(err, error(used))
	}
	if x.CodeKnown && r.Now.Sub(x.SubmittedAt) > 6*retold {
		return Ticket{}, Used{fault.New(fault.Conflict, "这件举报已经登记（受理编号 "+x.CaseNo+"），没有重复登记。查询码只在登记后半小时内可以再看，现在不再显示。"), true}
	}
	if x.CodeProven && r.Now.Sub(x.SubmittedAt) > retold {
		return Ticket{}, Used{fault.New(fault.Conflict, "这份举报已经收到（受理编号 "+x.CaseNo+"），没有重复登记。查询码您核对过了，为了安全不再显示；请凭编号和查询码到“查询进度”查看。"), true}
	}
	t := j.ticketOf(x)
	t.Again = true
	return t, nil
}

// stored is a statement as it is sealed: nothing of the form and of who.
func (s Statement) stored() Statement {
	s.Who, s.Channel, s.Key, s.PrivacyVersion, s.CaptchaID, s.Captcha = Identity{}, "", "", "", "", ""
	if len(s.Exclude) == 0 {
		s.Exclude = nil
	}
	return s
}

// job is a statement that waits to be committed, sealed already.
type job struct {
	st   Statement
	by   staff.Actor
	hash []byte
	code seal.Code

	revision int64 // of the desk that it was sealed to
	row      Report
	keys     ring
	grants   []grant
	texts    []textRow

	ticket Ticket
	err    error
	ready  chan struct{}
}

func (j *job) ticketOf(x Report) Ticket {
	return Ticket{ID: x.ID, CaseNo: x.CaseNo, Code: j.code, Anonymous: j.st.Anonymous, SubmittedAt: x.SubmittedAt, NoticeDue: x.NoticeDue}
}

// prepare seals a job's statement, outside of any transaction, to the desk as it was
// last seen; accept refuses it where that has changed, and it is sealed anew.
func (s *Service) prepare(ctx context.Context, j *job, anew bool) error {
	today := calendar.Of(s.db.Now())
	d, err := s.seen(ctx, anew)
	if errors.Is(err, ErrRoster) || err == nil && len(d.officers) == 0 {
		return errClosed
	}
	if err != nil {
		return err
	}
	may := d.readersOf(j.st)
	if !d.anybody(may) {
		return Nobody{fault.Form([]fault.Field{nobody(d.superior)})}
	}
	keys := []seal.Public{d.roster.Recover}
	for _, m := range d.everybody() {
		keys = append(keys, m.Key)
	}
	if err := s.ensure(ctx, keys); err != nil {
		return err
	}
	reporter := seal.NewPrivate()
	x := Report{CaseNo: newCaseNo(), Channel: j.st.Channel, State: Received, ReceivedOn: today, EnteredBy: j.by.ID, SubmissionHash: j.hash, Salt: seal.NewSalt(), CodeKnown: j.by.ID != 0,
		ReporterKey: reporter.Public(), Epoch: 1, NoticeDue: d.due(settings.Notice, today), HandleDue: d.due(settings.Handle, today), Kept: true, Unread: true, Version: 1}
	x.next()
	x.CodeCheck = j.code.Check(x.Salt)
	j.keys = newRing()
	x.ReporterRing = x.closeReporter(j.code.Box(x.Salt), reporter, j.keys)
	what := j.st.stored()
	what.ReporterKey = reporter.Public()
	said, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("reports: statement: %w", err)
	}
	who, err := json.Marshal(j.st.Who)
	if err != nil {
		return fmt.Errorf("reports: identity: %w", err)
	}
	j.texts = []textRow{x.sealText(1, textStatement, staff.Actor{}, j.keys, said), x.sealText(2, textIdentity, staff.Actor{}, j.keys, who)}
	if j.grants, err = s.grantAll(x, d, may, j.keys); err != nil {
		return err
	}
	j.row, j.revision = x, d.revision
	return nil
}

// grantAll are a new report's grants: as many whoever is kept out.
func (s *Service) grantAll(x Report, d *desk, who map[int64]bool, keys ring) ([]grant, error) {
	var out []grant
	for _, m := range d.everybody() {
		role := holderOfficer
		if m.Custodian {
			role = holderCustodian
		}
		l, err := s.line(m.Key)
		if err != nil {
			return nil, err
		}
		g := grant{Epoch: x.Epoch, Holder: role, StaffID: m.Staff, LineID: &l.id}
		if who[m.Staff] {
			g.Sealed = x.close(l.box, x.Epoch, role, m.Staff, keys)
		} else {
			g.Sealed = x.decoy(x.Epoch, role, m.Staff)
		}
		out = append(out, g)
	}
	l, err := s.line(d.roster.Recover)
	if err != nil {
		return nil, err
	}
	return append(out, grant{Epoch: x.Epoch, Holder: holderRecovery, LineID: &l.id, Sealed: x.close(l.box, x.Epoch, holderRecovery, 0, keys)}), nil
}

func newCaseNo() string {
	var b [8]byte
	rand.Read(b[:])
	return caseNo(int64(10_000_000 + binary.BigEndian.Uint64(b[:])%90_000_000))
}

// caseNo is a number as it is stored. Staff are led to a report by it and never by
// the row's own id: who sees a gap in those learns that there is one kept from them.
func caseNo(no int64) string { return fmt.Sprintf("%08d", no) }

// writer commits reports in groups, so that many at once cost one transaction;
// nobody is answered before the commit.
type writer struct {
	service *Service
	jobs    chan *job
	entry   sync.RWMutex
	closed  bool
	done    chan struct{}
}

const batch = 64

var errStopping = fault.New(fault.Busy, "网站正在维护，您的内容还没有提交。请过几分钟再按一次提交，内容还在页面上。")

func newWriter(s *Service) *writer {
	w := &writer{service: s, jobs: make(chan *job, batch), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) close() {
	w.entry.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.entry.Unlock()
	<-w.done
}

func (w *writer) take(ctx context.Context, j *job) (Ticket, error) {
	w.entry.RLock()
	if w.closed {
		w.entry.RUnlock()
		return Ticket{}, errStopping
	}
	select {
	case w.jobs <- j:
		w.entry.RUnlock()
	case <-ctx.Done():
		w.entry.RUnlock()
		return Ticket{}, fault.New(fault.Busy, "现在提交的人太多，您的内容还没有提交。请保留页面，稍后再按一次提交。")
	}
	select {
	case <-j.ready:
		return j.ticket, j.err
	case <-ctx.Done():
		// It may still be committed; sending the same form again is safe.
		return Ticket{}, fault.New(fault.Busy, "提交用时太长，请再按一次提交；同一份内容不会重复登记。")
	}
}

func (w *writer) run() {
	defer close(w.done)
	for j := range w.jobs {
		group := []*job{j}
	more:
		for len(group) < batch {
			select {
			case j, ok := <-w.jobs:
				if !ok {
					break more
				}
				group = append(group, j)
			default:
				break more
			}
		}
		w.commit(group)
		for _, j := range group {
			close(j.ready)
		}
	}
}

// errStale is a job that was sealed to people who have changed since.
var errStale = errors.New("reports: the officers changed")

func (w *writer) commit(group []*job) {
	// The group outlives any one request, so it has no request's deadline.
	ctx := context.Background()
	err := w.service.db.Write(ctx, func(tx *store.Tx) error { return w.service.accept(tx, group) })
	if err == nil {
		return
	}
	for _, j := range group {
		for try := 0; try < 5; try++ {
			err = w.service.db.Write(ctx, func(tx *store.Tx) error { return w.service.accept(tx, []*job{j}) })
			if !errors.Is(err, errStale) && !errors.Is(err, gorm.ErrDuplicatedKey) {
				break
			}
			if err := w.service.prepare(ctx, j, true); err != nil { // anew, with another number
				j.err = err
				break
			}
		}
		if err != nil && j.err == nil {
			j.err = fmt.Errorf("reports: submit: %w", err)
		}
	}
}

// accept stores the jobs' reports in tx and sets each job's ticket or fault.
func (s *Service) accept(tx *store.Tx, group []*job) error {
	revision, err := tx.HoldRevision()
	if err != nil {
		return err
	}
	var hashes [][]byte
	var numbers, captchas []string
	for _, j := range group {
		j.err, j.ticket = nil, Ticket{}
		if j.revision != revision {
			return errStale
		}
		hashes, numbers = append(hashes, j.hash), append(numbers, j.row.CaseNo)
		if j.st.Channel == cases.Web && j.st.CaptchaID != "" {
			captchas = append(captchas, j.st.CaptchaID)
		}
	}
	var there []Report
	where, list := store.Among(&tx.Reader, "submission_hash", hashes)
	if err := tx.Select(columns).Where(where, list).Find(&there).Error; err != nil {
		return fmt.Errorf("reports: submit: %w", err)
	}
	known := map[string]Report{}
	for _, x := range there {
		known[string(x.SubmissionHash)] = x
	}
	var taken int64
	where, numbersList := store.Among(&tx.Reader, "case_no", numbers)
	if err := tx.Table("cases").Where(where, numbersList).Limit(1).Count(&taken).Error; err != nil {
		return fmt.Errorf("reports: submit: %w", err)
	}
	if taken > 0 {
		return gorm.ErrDuplicatedKey // a case has the number
	}
	digits, err := cases.TakeCaptchas(tx, captchas...)
	if err != nil {
		return err
	}
	var fresh []*job
	var rows []Report
	first := map[string]bool{}
	for _, j := range group {
		if x, ok := known[string(j.hash)]; ok {
			if j.ticket, err = s.again(&tx.Reader, x, j); err != nil {
				if _, is := fault.As(err); !is {
					return err
				}
				j.err = err
			}
			continue
		}
		if first[string(j.hash)] {
			return gorm.ErrDuplicatedKey // the same form twice: each by itself, then
		}
		first[string(j.hash)] = true
		if j.st.Channel == cases.Web {
			want, ok := digits[j.st.CaptchaID]
			delete(digits, j.st.CaptchaID)
			if !ok || cases.Digits(j.st.Captcha) != want {
				j.err = fault.Form([]fault.Field{{Name: "captcha_solution", Message: "验证码不对或已经用过，请看新的一张再填。"}})
				continue
			}
		}
		j.row.ID, j.row.SubmittedAt = 0, tx.Now
		fresh, rows = append(fresh, j), append(rows, j.row)
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := tx.Insert(&rows); err != nil {
		return fmt.Errorf("reports: insert: %w", err)
	}
	brought, err := s.bringing(&tx.Reader, hashes)
	if err != nil {
		return err
	}
	var grants []grant
	var links []linkRow
	var texts []textRow
	var events []Event
	var entries []journal.Event
	for i, j := range fresh {
		x := rows[i]
		for _, g := range j.grants {
			g.ID, g.ReportID = 0, x.ID
			grants = append(grants, g)
		}
		links = append(links, s.link(x, 1, j.keys))
		for _, t := range j.texts {
			t.ReportID, t.At, t.ActorID = x.ID, tx.Now, 0
			texts = append(texts, t)
		}
		events = append(events, Event{ReportID: x.ID, At: tx.Now, ActorID: j.by.ID, ActorName: j.by.Name, Verb: DoSubmit, ToState: Received})
		j.ticket = j.ticketOf(x)
		entries = append(entries, journal.Event{Actor: j.by.ID, ActorName: j.by.Name, Verb: "report.submit", Subject: "report", SubjectID: x.ID,
			Arrivals: []logbook.Arrival{{Kind: logbook.Report, ID: x.ID, CaseNo: x.CaseNo, Digest: envelopeDigest(j.texts[firstNo[textStatement]-1].Sealed), Promise: &j.ticket.Promise}},
			Changes:  []journal.Change{{Field: "channel", New: string(x.Channel)}}})
		if brought[string(j.hash)] {
			if err := s.adopt(tx, x, 1, j.st.Key, j.keys); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(tx.Append(&grants), tx.Append(&links), tx.Append(&texts), tx.Append(&events)); err != nil {
		return fmt.Errorf("reports: insert: %w", err)
	}
	return journal.Append(tx, entries...)
}

// step records a step on a report's timeline and in the journal.
func (s *Service) step(tx *store.Tx, a staff.Actor, x Report, v Verb, to State) error {
	e := Event{ReportID: x.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: v, ToState: to}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("reports: event: %w", err)
	}
	j := journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "report." + string(v), Subject: "report", SubjectID: x.ID}
	if to != "" && to != x.State {
		j.Changes = []journal.Change{{Field: "state", Old: string(x.State), New: string(to)}}
	}
	return journal.Append(tx, j)
}
