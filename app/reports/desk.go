package reports

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// officer is the actor as an officer, with their private key.
func officer(a staff.Actor) (*seal.Private, error) {
	if err := a.Require(staff.DisciplineOfficer); err != nil {
		return nil, err
	}
	return private(a)
}

// Row is a report in the officers' list: nothing of what it says.
type Row struct {
	Report
	Handler string
}

// scan is how many reports one page of a list looks at, at most, whether or not
// they open: who is kept out must not wait longer than others.
const scan = 2000

// Queue lists the open reports, and those to which their reporter added something
// after the end, (ended: all that ended) that the actor can open, newest first, from
// where an earlier call left off ("": from the newest). What does not open for them
// is not there; next is where the list goes on, "" at its end.
func (s *Service) Queue(ctx context.Context, a staff.Actor, ended bool, from string, n int) (list []Row, next string, err error) {
	key, err := officer(a)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		list, next = nil, ""
		rest := int64(0)
		err := s.walk(r, a, newEars(key), ended, s.leftOff(a, from), scan, func(x Report, _ ring) (bool, error) {
			if len(list) == n {
				rest = list[n-1].ID
				return false, nil
			}
			list = append(list, Row{Report: x})
			return true, nil
		}, &rest)
		if rest != 0 {
			next = base64.RawURLEncoding.EncodeToString(s.passBox.Close(queuePlace(a), binary.BigEndian.AppendUint64(nil, uint64(rest))))
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return list, next, s.nameHandlers(ctx, list)
}

// Where a list left off may be at a report that is kept from its reader, so it says
// nothing to them, and they cannot ask with a number of their own.
func queuePlace(a staff.Actor) seal.Context {
	return seal.Context{Field: "report list", Row: a.ID}
}

func (s *Service) leftOff(a staff.Actor, from string) int64 {
	closed, err := base64.RawURLEncoding.DecodeString(from)
	if err != nil {
		return 0
	}
	raw, err := s.passBox.Open(queuePlace(a), closed)
	if err != nil || len(raw) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw))
}

func (s *Service) nameHandlers(ctx context.Context, list []Row) error {
	return s.db.Read(ctx, func(r *store.Reader) error {
		people, err := staff.Names(r)
		if err != nil {
			return err
		}
		for i := range list {
			for _, p := range people {
				if list[i].HandlerID != nil && *list[i].HandlerID == p.ID {
					list[i].Handler = p.Name
				}
			}
		}
		return nil
	})
}

// walked is a report together with the actor's newest grant to it.
type walked struct {
	Report
	GrantID int64
	Grant   int // epoch
	LineID  *int64
	Sealed  []byte
}

// walk visits the reports that open for the actor, newest first, until f says
// stop; it looks at most many and then leaves where it was in next.
func (s *Service) walk(r *store.Reader, a staff.Actor, e *ears, ended bool, before int64, most int, f func(Report, ring) (bool, error), next *int64) error {
	// The open ones are few among all that the actor ever held: begin with them.
	from, joined, where, id := "reports", "CROSS JOIN report_grants g", "(reports.ended_on IS NULL OR reports.unread)", "reports.id"
	if ended {
		from, joined, where, id = "report_grants g", "CROSS JOIN reports", "reports.ended_on IS NOT NULL AND reports.kept", "g.report_id"
	}
	const page = 200
	for looked := 0; ; {
		var rows []walked
		q := r.Table(from).Joins(joined).Select(columns+", g.id AS grant_id, g.epoch AS grant, g.line_id, g.sealed").
			Where("reports.id = g.report_id AND reports.epoch = g.epoch AND g.staff_id = ? AND g.holder = ? AND "+where, a.ID, holderOfficer)
		if before > 0 {
			q = q.Where(id+" < ?", before)
		}
		if err := q.Order(id + " DESC").Limit(page).Scan(&rows).Error; err != nil {
			return fmt.Errorf("reports: queue: %w", err)
		}
		grants := make([]grant, len(rows))
		for i, x := range rows {
			grants[i] = grant{ID: x.GrantID, ReportID: x.ID, Epoch: x.Grant, Holder: holderOfficer, StaffID: a.ID, LineID: x.LineID, Sealed: x.Sealed}
		}
		if err := e.load(r, grants); err != nil {
			return err
		}
		for i, x := range rows {
			before = x.ID
			keys, err := e.open(x.Report, grants[i])
			if err != nil {
				continue
			}
			if more, err := f(x.Report, keys); err != nil || !more {
				return err
			}
		}
		if looked += len(rows); len(rows) < page {
			return nil
		}
		if looked >= most {
			*next = before
			return nil
		}
	}
}

// enter reads a report that the actor can open; everybody else gets the same
// answer as for one that does not exist.
func (s *Service) enter(r *store.Reader, a staff.Actor, key *seal.Private, no int64) (x Report, keys rings, err error) {
	if x, err = find(r, "case_no = ?", caseNo(no)); err != nil {
		return x, nil, found(err)
	}
	keys, err = s.rings(r, x, holderOfficer, a.ID, key)
	if errors.Is(err, seal.ErrSealed) || err == nil && keys[x.Epoch] == nil {
		return x, nil, errNone
	}
	if err == nil {
		err = s.judge(r, x, keys)
	}
	return x, keys, err
}

// Other is another report of the same person, that the actor can open.
type Other struct {
	CaseNo string
	On     calendar.Date
	State  State
}

// Open is a report as an officer reads it.
type Open struct {
	Report    Report
	Statement Statement
	Files     []File
	Texts     []Text
	Events    []Event
	Handler   string
	Others    []Other
	Asks      []Ask
	May       []Verb // what the actor can do now
	To        []staff.Name
	Until     time.Time // the actor may look at who sent it
	Hold      string
}

// View opens a report; that it was looked at is committed before it is shown.
func (s *Service) View(ctx context.Context, a staff.Actor, no int64) (v Open, err error) {
	key, err := officer(a)
	if err != nil {
		return v, err
	}
	var x Report
	var keys rings
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if x, keys, err = s.enter(&tx.Reader, a, key, no); err != nil {
			return err
		}
		if x.Unread && (x.HandlerID == nil || *x.HandlerID == a.ID) {
			if err := tx.Model(&Report{}).Where("id = ?", x.ID).Update("unread", false).Error; err != nil {
				return fmt.Errorf("reports: view: %w", err)
			}
		}
		st, err := s.statement(&tx.Reader, x, keys)
		if err != nil {
			return err
		}
		if err := s.tag(tx, a, key, x, st); err != nil {
			return err
		}
		return s.step(tx, a, x, DoOpen, "")
	})
	if err != nil {
		return v, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		v = Open{Report: x, Hold: x.Hold}
		if v.Statement, err = s.statement(r, x, keys); err != nil {
			return err
		}
		if v.Texts, err = s.texts(r, x, keys); err != nil {
			return err
		}
		files, err := s.filesOf(r, x, keys, false)
		if err != nil {
			return err
		}
		v.Files = files[1]
		if err := r.Where("report_id = ?", x.ID).Order("id DESC").Limit(300).Find(&v.Events).Error; err != nil {
			return fmt.Errorf("reports: view: %w", err)
		}
		slices.Reverse(v.Events)
		if v.Others, err = s.others(r, a, key, x); err != nil {
			return err
		}
		if v.Asks, err = s.asksOf(r, x); err != nil {
			return err
		}
		d, err := s.readers(r)
		if errors.Is(err, ErrRoster) { // what is there can be read; it is given to nobody
			d, err = &desk{}, nil
		}
		if err != nil {
			return err
		}
		if v.To, err = s.assignable(r, d, x, v.Statement.with(v.Texts)); err != nil {
			return err
		}
		for _, m := range d.everybody() {
			if x.HandlerID != nil && m.Staff == *x.HandlerID {
				v.Handler = m.now.Name
			}
		}
		for _, verb := range []Verb{DoAccept, DoRefuse, DoAssign, DoRecuse, DoNote, DoAnswer, DoConclude, DoFeedback, DoReopen, DoAsk, DoHold, DoUnhold} {
			if may(a, x, verb) == nil {
				v.May = append(v.May, verb)
			}
		}
		for _, q := range v.Asks {
			if q.Granted && q.ByID == a.ID && q.Until.After(r.Now) {
				v.Until = q.Until
			}
		}
		return nil
	})
	return v, err
}

// may is the table of what can be done in which state, by whom that can open it.
func may(a staff.Actor, x Report, v Verb) error {
	handler := x.HandlerID != nil && *x.HandlerID == a.ID
	ok := false
	switch v {
	case DoAccept, DoRefuse:
		ok = x.State == Received
	case DoAssign:
		ok = x.State == Accepted || x.State == Handling && handler
	case DoRecuse, DoNote, DoAnswer:
		ok = true
	case DoConclude, DoAsk:
		ok = x.State == Handling && handler
	case DoFeedback:
		ok = x.State == Concluded && handler
	case DoReopen:
		ok = x.State.Ended() && (handler || x.HandlerID == nil)
	case DoHold:
		ok = x.Hold == ""
	case DoUnhold:
		ok = x.Hold != ""
	}
	if !ok {
		return fault.New(fault.Conflict, "这件举报现在是“"+x.State.Word()+"”，不能这样办；可能刚刚有人办过，请刷新后再看。")
	}
	return nil
}

// act is the frame of what officers do: enter, check the table, do it.
func (s *Service) act(ctx context.Context, a staff.Actor, no int64, v Verb, f func(tx *store.Tx, x *Report, keys rings) error) error {
	key, err := officer(a)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, keys, err := s.enter(&tx.Reader, a, key, no)
		if err != nil {
			return err
		}
		if err := may(a, x, v); err != nil {
			return err
		}
		return f(tx, &x, keys)
	})
}

// words checks a text that an officer writes.
func words(name, label, body string) (string, error) {
	body = typed.Clean(body)
	n := utf8.RuneCountInString(body)
	if typed.Blank(body) {
		return "", fault.Form([]fault.Field{{Name: name, Message: "请填写“" + label + "”。"}})
	}
	if n > maxSay {
		return "", fault.Form([]fault.Field{{Name: name, Message: fmt.Sprintf("“%s”最多 %d 个字，现在有 %d 个字。", label, maxSay, n)}})
	}
	return body, nil
}

// Accept takes a report on; the reporter sees it.
func (s *Service) Accept(ctx context.Context, a staff.Actor, no int64) error {
	return s.act(ctx, a, no, DoAccept, func(tx *store.Tx, x *Report, _ rings) error {
		if err := s.step(tx, a, *x, DoAccept, Accepted); err != nil {
			return err
		}
		x.State = Accepted
		x.next()
		return save(tx, x, map[string]any{"state": x.State, "due_on": x.DueOn})
	})
}

// Refuse says that a report is not for the discipline group, and where to go with it.
func (s *Service) Refuse(ctx context.Context, a staff.Actor, no int64, body string) error {
	body, err := words("content", "给举报人的说明", body)
	if err != nil {
		return err
	}
	return s.act(ctx, a, no, DoRefuse, func(tx *store.Tx, x *Report, keys rings) error {
		return s.write(tx, a, x, keys[x.Epoch], textAnswer, body, "", DoRefuse, map[string]any{"state": OutOfScope, "due_on": never, "ended_on": calendar.Of(tx.Now), "unread": false})
	})
}

// Note adds a working note that only officers on the report read.
func (s *Service) Note(ctx context.Context, a staff.Actor, no int64, body string) error {
	body, err := words("content", "工作记录", body)
	if err != nil {
		return err
	}
	return s.act(ctx, a, no, DoNote, func(tx *store.Tx, x *Report, keys rings) error {
		return s.write(tx, a, x, keys[x.Epoch], textNote, body, "", DoNote, map[string]any{})
	})
}

// Answer writes to the reporter, with the files of a form.
func (s *Service) Answer(ctx context.Context, a staff.Actor, no int64, body, key string) error {
	body, err := words("content", "给举报人的话", body)
	if err != nil {
		return err
	}
	if len(key) < 16 || len(key) > 200 {
		key = "" // no form's: no files wait for it
	}
	return s.act(ctx, a, no, DoAnswer, func(tx *store.Tx, x *Report, keys rings) error {
		if again, err := s.taken(tx, *x, keys, body, key); err != nil || again {
			return err
		}
		return s.write(tx, a, x, keys[x.Epoch], textAnswer, body, key, DoAnswer, map[string]any{})
	})
}

// Conclude records how a report was dealt with and what came out. A named
// reporter is owed the result within the limit of settings from now.
func (s *Service) Conclude(ctx context.Context, a staff.Actor, no int64, how Disposition, body string) error {
	body, err := words("content", "办理结论", body)
	if !slices.Contains(Dispositions, how) {
		err = joinFields(err, fault.Field{Name: "disposition", Message: "请选择处置方式。"})
	}
	if err != nil {
		return err
	}
	return s.act(ctx, a, no, DoConclude, func(tx *store.Tx, x *Report, keys rings) error {
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		day := d.due(settings.Feedback, calendar.Of(tx.Now))
		return s.write(tx, a, x, keys[x.Epoch], textConclusion, string(how)+"\n"+body, "", DoConclude, map[string]any{"state": Concluded, "feedback_due": day, "due_on": day})
	})
}

// Feedback tells the reporter the result.
func (s *Service) Feedback(ctx context.Context, a staff.Actor, no int64, body string) error {
	body, err := words("content", "反馈给举报人的结果", body)
	if err != nil {
		return err
	}
	return s.act(ctx, a, no, DoFeedback, func(tx *store.Tx, x *Report, keys rings) error {
		return s.write(tx, a, x, keys[x.Epoch], textAnswer, body, "", DoFeedback, map[string]any{"state": Answered, "due_on": never, "ended_on": calendar.Of(tx.Now), "unread": false})
	})
}

// Reopen takes a report up again that had ended: its reporter objects or brings new
// evidence. The limit runs anew.
// Source: 《纪检监察机关处理检举控告工作规则》“实名检举控告的处理”一章.
func (s *Service) Reopen(ctx context.Context, a staff.Actor, no int64) error {
	return s.act(ctx, a, no, DoReopen, func(tx *store.Tx, x *Report, _ rings) error {
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		day := d.due(settings.Handle, calendar.Of(tx.Now))
		to := Handling
		if x.HandlerID == nil {
			to = Accepted
		}
		if err := s.step(tx, a, *x, DoReopen, to); err != nil {
			return err
		}
		return save(tx, x, map[string]any{"state": to, "handle_due": day, "due_on": day, "feedback_due": nil, "ended_on": nil})
	})
}

// HoldBack keeps a report from erasure for a lawful reason; Release lets go of it.
func (s *Service) HoldBack(ctx context.Context, a staff.Actor, no int64) error {
	return s.act(ctx, a, no, DoHold, func(tx *store.Tx, x *Report, _ rings) error {
		if err := s.step(tx, a, *x, DoHold, ""); err != nil {
			return err
		}
		return save(tx, x, map[string]any{"hold": a.Name})
	})
}

func (s *Service) Release(ctx context.Context, a staff.Actor, no int64) error {
	return s.act(ctx, a, no, DoUnhold, func(tx *store.Tx, x *Report, _ rings) error {
		if err := s.step(tx, a, *x, DoUnhold, ""); err != nil {
			return err
		}
		return save(tx, x, map[string]any{"hold": ""})
	})
}

// assignable are the officers who may be given a report: on the roster, not kept
// out by what it says, and not recused.
func (s *Service) assignable(r *store.Reader, d *desk, x Report, st Statement) ([]staff.Name, error) {
	var out []int64
	if err := r.Table("report_recusals").Where("report_id = ?", x.ID).Limit(500).Pluck("staff_id", &out).Error; err != nil {
		return nil, fmt.Errorf("reports: recusals: %w", err)
	}
	var list []staff.Name
	who := d.readersOf(st)
	for _, m := range slices.Concat(d.officers, d.outside) {
		if who[m.Staff] && !slices.Contains(out, m.Staff) {
			list = append(list, staff.Name{ID: m.Staff, Name: m.now.Name})
		}
	}
	return list, nil
}

// Assign gives a report to one officer: the keys are granted to them, everybody
// else's are dropped, and what is written from now on has keys that nobody of
// them ever held.
func (s *Service) Assign(ctx context.Context, a staff.Actor, no, to int64) error {
	return s.hand(ctx, a, no, to, DoAssign)
}

func (s *Service) hand(ctx context.Context, a staff.Actor, no, to int64, v Verb) error {
	if _, err := officer(a); err != nil {
		return err
	}
	if err := s.ensureDesk(ctx); err != nil {
		return err
	}
	if err := s.ensureReporter(ctx, no); err != nil {
		return err
	}
	return s.act(ctx, a, no, v, func(tx *store.Tx, x *Report, keys rings) error {
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		st, err := s.said(&tx.Reader, *x, keys)
		if err != nil {
			return err
		}
		list, err := s.assignable(&tx.Reader, d, *x, st)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(p staff.Name) bool { return p.ID == to }) {
			return fault.Form([]fault.Field{{Name: "to", Message: "请从列表里选一位可以办理这件举报的纪检专员。"}})
		}
		if err := s.rotate(tx, d, x, st, keys, []int64{to}, true); err != nil {
			return err
		}
		state, changes := x.State, map[string]any{"handler_id": to, "epoch": x.Epoch, "unread": true}
		if state == Accepted {
			state = Handling
			changes["state"], changes["due_on"] = state, x.HandleDue
		}
		if err := s.step(tx, a, *x, DoAssign, state); err != nil {
			return err
		}
		return save(tx, x, changes)
	})
}

// Recuse declares that the actor must not deal with a report. Their keys are
// gone; it goes back to those who may, or, when there are none, stays refused.
func (s *Service) Recuse(ctx context.Context, a staff.Actor, no int64) error {
	if _, err := officer(a); err != nil {
		return err
	}
	if err := s.ensureDesk(ctx); err != nil {
		return err
	}
	if err := s.ensureReporter(ctx, no); err != nil {
		return err
	}
	return s.act(ctx, a, no, DoRecuse, func(tx *store.Tx, x *Report, keys rings) error {
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		st, err := s.said(&tx.Reader, *x, keys)
		if err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO report_recusals (report_id, staff_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", x.ID, a.ID, tx.Now).Error; err != nil {
			return fmt.Errorf("reports: recuse: %w", err)
		}
		list, err := s.assignable(&tx.Reader, d, *x, st)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.New(fault.Conflict, "除您以外没有人可以办理这件举报，还不能回避。请先增加一位纪检专员或者外部专员，并在“举报密钥”页签好名单。")
		}
		var to []int64
		for _, p := range list {
			to = append(to, p.ID)
		}
		changes := map[string]any{"unread": true}
		state := x.State
		if x.HandlerID == nil || *x.HandlerID == a.ID {
			changes["handler_id"] = nil
			if state == Handling || state == Concluded {
				state = Accepted
				changes["state"], changes["due_on"] = state, x.HandleDue
			}
		} else {
			to = []int64{*x.HandlerID}
		}
		if err := s.rotate(tx, d, x, st, keys, to, x.HandlerID != nil && *x.HandlerID != a.ID); err != nil {
			return err
		}
		changes["epoch"] = x.Epoch
		if err := s.step(tx, a, *x, DoRecuse, state); err != nil {
			return err
		}
		return save(tx, x, changes)
	})
}

// ensureDesk opens lines to everybody on the roster.
func (s *Service) ensureDesk(ctx context.Context) error {
	var keys []seal.Public
	err := s.db.Read(ctx, func(r *store.Reader) error {
		d, err := s.readers(r)
		if err != nil {
			return err
		}
		keys = []seal.Public{d.roster.Recover}
		for _, m := range d.everybody() {
			keys = append(keys, m.Key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.ensure(ctx, keys)
}

// ensureReporter opens a line to a report's reporter.
func (s *Service) ensureReporter(ctx context.Context, no int64) error {
	var x Report
	err := s.db.Read(ctx, func(r *store.Reader) (err error) {
		x, err = find(r, "case_no = ?", caseNo(no))
		return found(err)
	})
	if err != nil {
		return err
	}
	return s.ensure(ctx, []seal.Public{x.ReporterKey})
}

// rotate gives a report a new epoch: keys that were never granted before, for
// these officers, the custodians who may, the reporter and recovery. The officers
// also get the rings of the earlier epochs; all other officers' grants go, and
// with them the right to look at an identity. While nobody handles it, decoys
// stand for the others again, except for who recused themselves, which everybody
// may know.
func (s *Service) rotate(tx *store.Tx, d *desk, x *Report, st Statement, keys rings, to []int64, handled bool) error {
	if err := tx.Where("report_id = ? AND holder IN ?", x.ID, []string{holderOfficer, holderAsker}).Delete(&grant{}).Error; err != nil {
		return fmt.Errorf("reports: grants: %w", err)
	}
	// What somebody asked ends with their part in it.
	err := errors.Join(tx.Exec("UPDATE report_asks SET decided_at = ?, decided_name = ? WHERE report_id = ? AND decided_at IS NULL", tx.Now, staff.System.Name, x.ID).Error,
		tx.Exec("UPDATE report_asks SET expires_at = ? WHERE report_id = ? AND expires_at > ?", tx.Now, x.ID, tx.Now).Error)
	if err != nil {
		return fmt.Errorf("reports: asks: %w", err)
	}
	var recused []int64
	if err := tx.Table("report_recusals").Where("report_id = ?", x.ID).Limit(500).Pluck("staff_id", &recused).Error; err != nil {
		return fmt.Errorf("reports: recusals: %w", err)
	}
	x.Epoch++
	fresh := newRing()
	var out []grant
	who := d.readersOf(st)
	give := func(m seal.Public, holder string, staffID int64, epoch int, r ring) error {
		l, err := s.line(m)
		if err != nil {
			return err
		}
		out = append(out, grant{ReportID: x.ID, Epoch: epoch, Holder: holder, StaffID: staffID, LineID: &l.id, Sealed: x.close(l.box, epoch, holder, staffID, r)})
		return nil
	}
	pretend := func(m seal.Public, holder string, staffID int64, epoch int) error {
		l, err := s.line(m)
		if err != nil {
			return err
		}
		out = append(out, grant{ReportID: x.ID, Epoch: epoch, Holder: holder, StaffID: staffID, LineID: &l.id, Sealed: x.decoy(epoch, holder, staffID)})
		return nil
	}
	all := maps.Clone(keys)
	all[x.Epoch] = fresh
	for _, m := range d.everybody() {
		var err error
		switch {
		case m.Custodian && who[m.Staff]:
			err = give(m.Key, holderCustodian, m.Staff, x.Epoch, fresh)
		case m.Custodian:
			err = pretend(m.Key, holderCustodian, m.Staff, x.Epoch)
		case slices.Contains(to, m.Staff):
			for epoch, r := range all {
				err = errors.Join(err, give(m.Key, holderOfficer, m.Staff, epoch, r))
			}
		case !handled && !slices.Contains(recused, m.Staff):
			for epoch := range all {
				err = errors.Join(err, pretend(m.Key, holderOfficer, m.Staff, epoch))
			}
		}
		if err != nil {
			return err
		}
	}
	if err := give(d.roster.Recover, holderRecovery, 0, x.Epoch, fresh); err != nil {
		return err
	}
	if err := give(x.ReporterKey, holderReporter, 0, x.Epoch, fresh); err != nil {
		return err
	}
	if err := tx.Insert(&out); err != nil {
		return fmt.Errorf("reports: grants: %w", err)
	}
	link := s.link(*x, x.Epoch, fresh)
	if err := tx.Create(&link).Error; err != nil {
		return fmt.Errorf("reports: links: %w", err)
	}
	return nil
}

// File opens a working copy for an officer; that they did is committed first.
func (s *Service) File(ctx context.Context, a staff.Actor, no, fileID int64) (f File, body io.ReadCloser, err error) {
	key, err := officer(a)
	if err != nil {
		return f, nil, err
	}
	var open func() (io.ReadCloser, error)
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		x, keys, err := s.enter(&tx.Reader, a, key, no)
		if err != nil {
			return err
		}
		if f, open, err = s.file(ctx, &tx.Reader, x, fileID, keys); err != nil {
			return err
		}
		return s.step(tx, a, x, DoFile, "")
	})
	if err != nil {
		return f, nil, err
	}
	body, err = open()
	return f, body, err
}

// Found is what a search came to.
type Found struct {
	Rows   []Row
	Looked int  // reports that were opened
	More   bool // there are older ones that were not looked at
}

// Bounds of a search: what it opens is in memory for no longer than the request.
const (
	searchMost  = 500
	searchFound = 50
)

// Search opens the newest reports that the actor can open and finds those in
// which all the words stand. Nothing is indexed, so nothing of it is stored; that
// somebody searched is recorded, not for what.
func (s *Service) Search(ctx context.Context, a staff.Actor, query string, ended bool) (f Found, err error) {
	key, err := officer(a)
	if err != nil {
		return f, err
	}
	terms := strings.Fields(strings.ToLower(typed.Line(query)))
	if len(terms) == 0 || utf8.RuneCountInString(query) > 100 {
		return f, fault.Form([]fault.Field{{Name: "q", Message: "请填写要找的词，最多 100 个字。"}})
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "report.search", Subject: "report"})
	})
	if err != nil {
		return f, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		f = Found{}
		next, e := int64(0), newEars(key)
		var some []Report
		flush := func() error {
			for _, x := range some {
				keys, err := e.rings(r, x, holderOfficer, a.ID)
				if err != nil {
					return err
				}
				st, err := s.statement(r, x, keys)
				if errors.Is(err, seal.ErrSealed) {
					continue // one that was meddled with must not hide the others
				}
				if err != nil {
					return err
				}
				texts, err := s.texts(r, x, keys)
				if err != nil {
					return err
				}
				all := x.CaseNo + "\n" + st.text() + "\n" + st.Violation
				for _, t := range texts {
					all += "\n" + t.Body
				}
				all = strings.ToLower(all)
				if !slices.ContainsFunc(terms, func(w string) bool { return !strings.Contains(all, w) }) {
					f.Rows = append(f.Rows, Row{Report: x})
				}
			}
			return nil
		}
		err := s.walk(r, a, e, ended, 0, searchMost*4, func(x Report, _ ring) (bool, error) {
			if f.Looked == searchMost {
				f.More = true
				return false, nil
			}
			f.Looked++
			some = append(some, x)
			return true, nil
		}, &next)
		if err != nil {
			return err
		}
		f.More = f.More || next != 0
		if err := flush(); err != nil {
			return err
		}
		if len(f.Rows) > searchFound {
			f.Rows, f.More = f.Rows[:searchFound], true
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	return f, s.nameHandlers(ctx, f.Rows)
}
