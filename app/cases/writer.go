package cases

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/search"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// batch is how many waiting submissions share one transaction, and so one fsync;
// worth is how many make it worth while to begin a second one beside it.
const (
	batch = 64
	worth = batch / 2
)

// writer commits submissions in groups. Nobody is answered before the commit;
// when a group fails, each of its members is tried alone.
type writer struct {
	service *Service
	jobs    chan *job
	first   chan struct{} // full while a group of any size is on its way
	done    sync.WaitGroup
	closing chan struct{} // closed first: nobody waits for a place any more
	// entry is held for reading while a submission looks for its place, so that
	// jobs is closed only when nobody can still be putting something into it.
	entry sync.RWMutex
}

type job struct {
	sub     Submission
	hash    []byte // of the form's secret
	content []byte // of what was answered
	code    string // for the sender
	ticket  Ticket
	err     error
	ready   chan struct{}
}

func newWriter(s *Service, parallel int) *writer {
	w := &writer{service: s, jobs: make(chan *job, 1024), first: make(chan struct{}, 1), closing: make(chan struct{})}
	for range parallel {
		w.done.Go(w.run)
	}
	return w
}

// close stops taking submissions and waits for those that were taken.
func (w *writer) close() {
	close(w.closing)
	w.entry.Lock()
	close(w.jobs)
	w.entry.Unlock()
	w.done.Wait()
}

var errStopping = fault.New(fault.Busy, "网站正在维护，您的内容还没有提交。请保留页面，几分钟后再按一次提交。")

func (w *writer) submit(ctx context.Context, sub Submission) (Ticket, error) {
	s := w.service
	j := &job{sub: sub, hash: s.submissionHash(sub.Key), content: s.contentHash(sub), code: s.accessCode(sub.Key), ready: make(chan struct{})}
	if err := w.enter(ctx, j); err != nil {
		return Ticket{}, err
	}
	select {
	case <-j.ready:
		return j.ticket, j.err
	case <-ctx.Done():
		// It may still be committed; sending the same form again is safe.
		return Ticket{}, fault.New(fault.Busy, "提交用时太长，请再按一次提交；同一份内容不会重复登记。")
	}
}

// enter gives j a place among those that will be committed, or says why not.
func (w *writer) enter(ctx context.Context, j *job) error {
	w.entry.RLock()
	defer w.entry.RUnlock()
	select {
	case <-w.closing:
		return errStopping
	default:
	}
	select {
	case w.jobs <- j:
		return nil
	case <-w.closing:
		return errStopping
	case <-ctx.Done():
		return fault.New(fault.Busy, "现在提交的人太多，您的内容还没有提交。请保留页面，稍后再按一次提交。")
	}
}

// run commits until jobs is closed and empty: whoever has a place is served.
func (w *writer) run() {
	for j := range w.jobs {
		group, first := w.gather(j)
		w.commit(group)
		if first {
			<-w.first
		}
		for _, j := range group {
			close(j.ready)
		}
	}
}

// gather joins to j whoever waits. When no group is on its way it is the first
// and goes at once, be it alone; beside the first goes only a group that is worth
// it, so that groups fill under load and nobody waits for company when there is
// none.
func (w *writer) gather(j *job) (group []*job, first bool) {
	group = []*job{j}
	for jobs := w.jobs; len(group) < batch; {
		select {
		case j, more := <-jobs:
			if more {
				group = append(group, j)
				continue
			}
			jobs = nil
		default:
		}
		if len(group) >= worth {
			break
		}
		select {
		case j, more := <-jobs:
			if more {
				group = append(group, j)
				continue
			}
			jobs = nil
		case w.first <- struct{}{}:
			return group, true
		}
	}
	return group, false
}

func (w *writer) commit(group []*job) {
	// The group outlives any one request, so it has no request's deadline.
	ctx := context.Background()
	write := func(part []*job, wary bool) error {
		return w.service.db.Write(ctx, func(tx *store.Tx) error { return w.service.accept(tx, part, wary) })
	}
	err := write(group, false)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = write(group, true)
	}
	if err == nil {
		return
	}
	for _, j := range group {
		err := write([]*job{j}, true)
		for try := 1; try < numberTries && errors.Is(err, gorm.ErrDuplicatedKey); try++ {
			err = write([]*job{j}, true)
		}
		if err != nil {
			j.err = fmt.Errorf("cases: submit: %w", err)
		}
	}
}

// numberTries is how often a case may draw a number that is taken: with a
// million cases one draw in ninety is.
const numberTries = 5

// accept stores the jobs' cases in tx and sets each job's ticket or fault.
// Forms that have already become a case are looked for among those without a
// right captcha, because the first sending used it up; among all only when
// wary, after the database found a duplicate.
func (s *Service) accept(tx *store.Tx, group []*job, wary bool) error {
	var ids []string
	for _, j := range group {
		j.err, j.ticket = nil, Ticket{}
		if j.sub.CaptchaID != "" && j.sub.Channel == Web {
			ids = append(ids, j.sub.CaptchaID)
		}
	}
	var revision []store.Revision
	var captchas []captchaRow
	if err := errors.Join(tx.AskRevision(&revision), askCaptchas(tx, &captchas, ids), tx.Send()); err != nil {
		return fmt.Errorf("cases: submit: %w", err)
	}
	now, err := s.present(&tx.Reader, revision[0])
	if err != nil {
		return err
	}
	taken := unexpired(captchas, tx.Now)
	var ask []*job
	wrong := map[*job]bool{}
	for _, j := range group {
		if j.sub.Channel == Web {
			digits, ok := taken[j.sub.CaptchaID]
			delete(taken, j.sub.CaptchaID)
			wrong[j] = !ok || Digits(j.sub.Captcha) != digits
		}
		if wary || wrong[j] {
			ask = append(ask, j)
		}
	}
	known, err := s.known(&tx.Reader, ask)
	if err != nil {
		return err
	}
	var fresh []*job
	var rows []Case
	twins := map[string]*job{} // the same form twice in one group
	again := map[*job]*job{}
	for _, j := range group {
		hash := string(j.hash)
		c, stored := known[hash]
		first, twin := twins[hash]
		switch {
		case stored && !hmac.Equal(c.ContentHash, j.content):
			j.err = errUsed(c)
		case stored:
			j.ticket = s.ticket(now.rules, c, j.code, true)
		case twin && !hmac.Equal(first.content, j.content):
			j.err = errUsed(Case{})
		case twin:
			again[j] = first
		case wrong[j]:
			j.err = fault.Form([]fault.Field{{Name: "captcha_solution", Message: "验证码不对或已经用过，请看新的一张再填。"}})
		default:
			twins[hash] = j
			fresh, rows = append(fresh, j), append(rows, s.makeCase(now.rules, j, tx.Now))
		}
	}
	if len(fresh) > 0 {
		if err := s.insert(tx, now, fresh, rows); err != nil {
			return err
		}
	}
	for j, first := range again {
		j.ticket, j.err = first.ticket, first.err
		j.ticket.Again = true
	}
	return nil
}

// standing is what every new case is measured by: rules, and who works here.
type standing struct {
	revision    store.Revision
	rules       rules
	people      []staff.Name
	departments []staff.Department
	messages    settings.Messages
}

// present reads the standing once for each revision, which every change of any
// part of it advances in its own transaction.
func (s *Service) present(r *store.Reader, at store.Revision) (now *standing, err error) {
	if now := s.standing.Load(); now != nil && now.revision == at {
		return now, nil
	}
	now = &standing{revision: at}
	if now.rules, err = loadRules(r); err != nil {
		return nil, err
	}
	if now.people, now.departments, err = everybody(r); err != nil {
		return nil, err
	}
	if now.messages, err = settings.LoadMessages(r); err != nil {
		return nil, err
	}
	s.standing.Store(now)
	return now, nil
}

// errUsed is the answer to a form whose secret already brought another matter.
func errUsed(c Case) error {
	number := ""
	if c.CaseNo != "" {
		number = "（受理编号 " + c.CaseNo + "）"
	}
	return fault.New(fault.Conflict, "这张表单刚才已经提交过另一份内容"+number+"。下面的内容还没有提交：是另一件事的，请填写新的验证码后提交。")
}

// known finds the cases that these forms have already become, by hash.
func (s *Service) known(r *store.Reader, group []*job) (map[string]Case, error) {
	if len(group) == 0 {
		return nil, nil
	}
	hashes := make([][]byte, len(group))
	for i, j := range group {
		hashes[i] = j.hash
	}
	var rows []Case
	where, list := store.Among(r, "submission_hash", hashes)
	if err := r.Select(columns).Where(where, list).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("cases: submit: %w", err)
	}
	out := map[string]Case{}
	for _, c := range rows {
		out[string(c.SubmissionHash)] = c
	}
	return out, nil
}

func (s *Service) insert(tx *store.Tx, now *standing, fresh []*job, rows []Case) error {
	if err := tx.Insert(&rows); err != nil {
		return fmt.Errorf("cases: insert: %w", err)
	}
	hashes := make([][]byte, len(fresh))
	for i, j := range fresh {
		hashes[i] = j.hash
	}
	files, err := staged(&tx.Reader, hashes)
	if err != nil {
		return err
	}
	var contacts []Contact
	var origins []Origin
	var events []Event
	var entries []journal.Event
	var docs []search.Doc
	var shut []exclusion // an item is never seen or handled by the accused
	for i, j := range fresh {
		c, sub := rows[i], j.sub
		if sub.Name+sub.Phone+sub.Email+sub.Address != "" || len(sub.rest) > 0 {
			contact := Contact{CaseID: c.ID, Name: sub.Name, Phone: sub.Phone, Email: sub.Email, Address: sub.Address, Rest: sub.rest}
			if key := callerKey(sub.Phone, sub.Email); key != "" {
				contact.CallerHash = s.callerKey.Sum(key)
			}
			if err := s.sealContact(&contact); err != nil {
				return err
			}
			contacts = append(contacts, contact)
		}
		if sub.origin != nil {
			o := *sub.origin
			o.CaseID = c.ID
			origins = append(origins, o)
		}
		events = append(events, Event{CaseID: c.ID, At: tx.Now, ActorID: sub.by.ID, ActorName: sub.by.Name, Verb: DoSubmit,
			ToState: Submitted, Detail: c.Channel.Word()})
		j.ticket = s.ticket(now.rules, c, j.code, false)
		e := journal.Event{Actor: sub.by.ID, ActorName: sub.by.Name, Verb: "case.submit", Subject: "case", SubjectID: c.ID,
			Arrivals: []logbook.Arrival{{Kind: logbook.Case, ID: c.ID, CaseNo: c.CaseNo, Digest: contentDigest(c, files[string(c.SubmissionHash)].digests), Promise: &j.ticket.Promise}},
			Changes:  []journal.Change{{Field: "kind", New: string(c.Kind)}, {Field: "channel", New: string(c.Channel)}}}
		if by := way(sub.Email != "", mobileNumber(sub.Phone) != "", now.messages.SMS); by != "" {
			e.Messages = []journal.Message{{Key: fmt.Sprintf("case/%d/received", c.ID), Channel: by, Template: "received", SubjectID: c.ID}}
		}
		entries = append(entries, e)
		docs = append(docs, search.Doc{Kind: searchKind, Ref: c.ID, Text: c.searchText()})
		shut = append(shut, accused(c, docs[i].Text+"\n"+sub.beside+files[string(c.SubmissionHash)].names, now.people, now.departments)...)
	}
	if len(contacts) > 0 {
		if err := tx.Append(&contacts); err != nil {
			return fmt.Errorf("cases: contacts: %w", err)
		}
	}
	if len(origins) > 0 {
		if err := tx.Append(&origins); err != nil {
			return fmt.Errorf("cases: origins: %w", err)
		}
	}
	if err := tx.Append(&events); err != nil {
		return fmt.Errorf("cases: events: %w", err)
	}
	if err := keepOut(tx, shut); err != nil {
		return err
	}
	if err := s.attach(tx, rows); err != nil {
		return err
	}
	if err := search.IndexAll(tx, docs); err != nil {
		return err
	}
	return journal.Append(tx, entries...)
}

const searchKind = "case"

// attach gives the files that were staged with a form to the case it became.
func (s *Service) attach(tx *store.Tx, rows []Case) error {
	hashes := make([][]byte, len(rows))
	for i, c := range rows {
		hashes[i] = c.SubmissionHash
	}
	where, list := store.Among(&tx.Reader, "submission_hash", hashes)
	err := tx.Queue(`UPDATE attachments SET case_id = (SELECT c.id FROM cases c WHERE c.submission_hash = attachments.submission_hash)
		WHERE case_id IS NULL AND `+where, list)
	if err != nil {
		return fmt.Errorf("cases: attach: %w", err)
	}
	return nil
}

// exclusion keeps somebody from seeing or handling a case.
type exclusion struct {
	ID           int64
	CaseID       int64
	StaffID      *int64
	DepartmentID *int64
	Reason       string // named, unit or recused
}

func (exclusion) TableName() string { return "case_exclusions" }

// keepOut stores exclusions; those that are known already stay as they are.
func keepOut(tx *store.Tx, out []exclusion) error {
	if len(out) == 0 {
		return nil
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&out, 200).Error; err != nil {
		return fmt.Errorf("cases: exclude: %w", err)
	}
	return nil
}

func everybody(r *store.Reader) ([]staff.Name, []staff.Department, error) {
	people, err := staff.Names(r)
	if err != nil {
		return nil, nil, err
	}
	departments, err := staff.Departments(r)
	return people, departments, err
}

// accused are whoever the case names and the departments it is about.
func accused(c Case, text string, people []staff.Name, departments []staff.Department) (out []exclusion) {
	in := naming{text, withoutGaps(text)}
	for _, p := range people {
		if in.has(p.Name) {
			out = append(out, exclusion{CaseID: c.ID, StaffID: &p.ID, Reason: "named"})
		}
	}
	for _, d := range departments {
		if c.Unit != "" && strings.Contains(c.Unit, d.Name) {
			out = append(out, exclusion{CaseID: c.ID, DepartmentID: &d.ID, Reason: "unit"})
		}
	}
	return out
}

// naming is a text in which people are looked for.
type naming struct{ text, close string }

// has reports whether somebody is named. A gap within a Chinese name, or a line
// that ends in it, hides nobody.
func (n naming) has(name string) bool {
	switch {
	case utf8.RuneCountInString(name) < 2:
		return false
	case chinese(name):
		return strings.Contains(n.close, withoutGaps(name))
	}
	return strings.Contains(n.text, name)
}

func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func withoutGaps(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// shutOut looks again for who is named, in the case, in what came with it and in
// more text, when any may have changed since it came in; a handler who is named
// loses it.
func (s *Service) shutOut(tx *store.Tx, c *Case, more string) error {
	people, departments, err := everybody(&tx.Reader)
	if err != nil {
		return err
	}
	beside, err := s.besideOf(&tx.Reader, c.ID)
	if err != nil {
		return err
	}
	return addExclusions(tx, c, accused(*c, strings.Join(append(beside, c.searchText(), more), "\n"), people, departments))
}

// besideOf are the words that came with a case and are not its text: names of
// files, and what another body's list said.
func (s *Service) besideOf(r *store.Reader, id int64) (words []string, err error) {
	if err := r.Model(&Attachment{}).Where("case_id = ?", id).Order("id").Limit(200).Pluck("name", &words).Error; err != nil {
		return nil, fmt.Errorf("cases: files: %w", err)
	}
	o, err := originOf(r, id)
	if err != nil || o == nil {
		return words, err
	}
	contact, err := s.contactOf(r, id)
	for _, c := range contact.Rest {
		words = append(words, c.Text)
	}
	return append(words, o.ExternalID), err
}

// stagedFiles are the files that wait for a form.
type stagedFiles struct {
	names   string // each on a line
	digests []string
}

// staged finds the files that wait for these forms, by the form's hash.
func staged(r *store.Reader, hashes [][]byte) (map[string]stagedFiles, error) {
	var list []Attachment
	where, args := store.Among(r, "submission_hash", hashes)
	if err := r.Select("submission_hash, name, sha256").Where("case_id IS NULL AND "+where, args).Order("submission_hash, id").Limit(len(hashes) * MaxFiles).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: files: %w", err)
	}
	out := map[string]stagedFiles{}
	for _, a := range list {
		f := out[string(a.SubmissionHash)]
		out[string(a.SubmissionHash)] = stagedFiles{f.names + "\n" + a.Name, append(f.digests, a.SHA256)}
	}
	return out, nil
}

func same(a, b *int64) bool { return a == b || (a != nil && b != nil && *a == *b) }

func addExclusions(tx *store.Tx, c *Case, out []exclusion) error {
	if err := keepOut(tx, out); err != nil {
		return err
	}
	for _, x := range out {
		if x.StaffID != nil && same(c.HandlerID, x.StaffID) {
			c.HandlerID = nil
		}
		if x.DepartmentID != nil && same(c.DepartmentID, x.DepartmentID) {
			c.DepartmentID, c.HandlerID = nil, nil
		}
	}
	if c.State != Merged || len(out) == 0 {
		return nil
	}
	return shutOutOfSurvivor(tx, c.ID, out)
}

// Known reports whether the form has already been accepted, and its ticket if
// so: a repeated sending needs no captcha. Other content under the same secret
// is a Conflict.
func (s *Service) Known(ctx context.Context, sub Submission) (Ticket, bool, error) {
	if len(sub.Key) < 16 {
		return Ticket{}, false, nil
	}
	var c Case
	var u rules
	err := s.db.Read(ctx, func(r *store.Reader) (err error) {
		if err := r.Select(columns).Where("submission_hash = ?", s.submissionHash(sub.Key)).Take(&c).Error; err != nil {
			return err
		}
		u, err = loadRules(r)
		return err
	})
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Ticket{}, false, nil
	case err != nil:
		return Ticket{}, false, fmt.Errorf("cases: known: %w", err)
	case !hmac.Equal(c.ContentHash, s.contentHash(sub)):
		return Ticket{}, false, errUsed(c)
	}
	return s.ticket(u, c, s.accessCode(sub.Key), true), true, nil
}
