package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/ledger"
	"mingjing/app/search"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Basket is a group of states that staff work through together.
type Basket struct {
	Name   string // in addresses
	Label  string
	States []State // none: those whose answer the sender does not accept
	Closed bool    // nothing is due: the newest come first
}

// where is the basket as a condition on cases.
func (b Basket) where() string {
	if len(b.States) == 0 {
		return notAccepted
	}
	return "cases.state IN (" + listed(b.States) + ")"
}

// Baskets lists them in the order of work. Open ones come with the nearest
// due day first, ended ones with the newest first.
var Baskets = []Basket{
	{"new", "待登记", []State{Submitted}, false},
	{"registered", "待受理", []State{Registered}, false},
	{"accepted", "待分办", []State{Accepted, Returned}, false},
	{"assigned", "待签收", []State{Assigned}, false},
	{"handling", "办理中", []State{Acknowledged, Handling, Redo}, false},
	{"review", "待审核", []State{InReview}, false},
	{"approval", "待签发", []State{InApproval}, false},
	{"need_more", "待补充", []State{NeedMore}, false},
	{"objected", "不同意答复", nil, false},
	{"replied", "已答复", []State{Replied}, true},
	{"ended", "已结束", []State{Concluded, Archived, Refused, Transferred, Withdrawn, Merged}, true},
	{"invalid", "无效件", []State{Invalid}, true},
}

// Row is a line of the queue: nothing of the contact.
type Row struct {
	ID           int64
	CaseNo       string
	Kind         Kind
	Channel      Channel
	State        State
	Title        string
	ReceivedOn   calendar.Date
	DueOn        calendar.Date
	DueStep      string
	LimitFrom    calendar.Date
	Extended     bool
	Urged        bool
	Supervised   bool
	DepartmentID *int64
	HandlerID    *int64
	Days         int // working days left, negative when overdue; meaningless when nothing is due
	Warning      calendar.Warning
}

// Waiting reports whether something is due.
func (r Row) Waiting() bool { return r.DueOn.Before(never) }

// Count is how many cases the actor sees in a basket, at most CountMost.
type Count struct {
	Basket Basket
	N      int
}

// Queue is a page of the desk's list.
type Queue struct {
	Rows    []Row
	More    bool
	Counts  []Count
	Views   []ViewCount
	Overdue int // at most CountMost
}

// List reads a page of the queue and the counts of every basket.
func (s *Service) List(ctx context.Context, a staff.Actor, f Filter) (Queue, error) {
	var out Queue
	err := s.db.Read(ctx, func(r *store.Reader) error {
		u, err := loadRules(r)
		if err != nil {
			return err
		}
		today := calendar.Of(r.Now)
		if out.Counts, out.Overdue, err = counts(r, a, today); err != nil {
			return err
		}
		views, err := Views(r, a)
		if err != nil {
			return err
		}
		if out.Views, err = s.viewCounts(r, a, views, today); err != nil {
			return err
		}
		if out.Rows, err = page(r, a, f, today); err != nil {
			return err
		}
		if out.More = len(out.Rows) > f.Limit; out.More {
			out.Rows = out.Rows[:f.Limit]
		}
		for i := range out.Rows {
			u.warn(&out.Rows[i], today)
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("cases: queue: %w", err)
	}
	return out, nil
}

// rowColumns are a row's.
const rowColumns = `cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.received_on, cases.due_on, cases.due_step,
cases.limit_from, cases.extended, cases.urged_at IS NOT NULL AS urged, cases.supervised, cases.department_id, cases.handler_id`

func page(r *store.Reader, a staff.Actor, f Filter, today calendar.Date) (rows []Row, err error) {
	part := func(columns string, f Filter) *gorm.DB {
		q := f.narrow(visible(r.Table("cases").Select(columns), a), a, today).Limit(f.Limit + 1)
		switch {
		case f.Newest() && f.searches():
			return search.Latest(q, searchKind, f.Query, "cases.id", f.AfterID)
		case f.Newest():
			if q = f.words(q).Order("cases.id DESC"); f.AfterID != 0 {
				q = q.Where("cases.id < ?", f.AfterID)
			}
		default:
			q = f.words(q).Order("cases.due_on, cases.id")
			switch {
			case f.AfterID == 0:
			case f.AfterDue.Before(never):
				q = q.Where("(cases.due_on, cases.id) > (?, ?)", f.AfterDue, f.AfterID)
			default: // most of all cases; SQLite would look for both only by the day
				q = q.Where("cases.due_on = ? AND cases.id > ?", never, f.AfterID)
			}
		}
		return q
	}
	// Of several states each is read in its order up to the limit: in one
	// statement all their rows would be sorted for one page.
	var ordered []string
	b, chosen := f.basket()
	switch states := b.States; {
	case f.Newest():
	case !chosen && f.Open:
		states, ordered, f.Open = openStates, []string{notAccepted}, false
		fallthrough
	case chosen && len(b.States) > 1:
		for _, st := range states {
			ordered = append(ordered, "cases.state = '"+string(st)+"'")
		}
	}
	if len(ordered) == 0 {
		return rows, part(rowColumns, f).Find(&rows).Error
	}
	var parts []string
	var args []any
	for _, where := range ordered {
		parts = append(parts, "SELECT id FROM (?) AS part")
		args = append(args, part("cases.id", f).Where(where))
	}
	q := r.Table("cases").Select(rowColumns).Where("cases.id IN ("+strings.Join(parts, " UNION ALL ")+")", args...)
	return rows, q.Order("cases.due_on, cases.id").Limit(f.Limit + 1).Find(&rows).Error
}

func isNumber(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// CountMost is where counting stops: more than the desk ever shows as a number.
const CountMost = 1000

// counts counts every basket and what is overdue, each up to CountMost, so that
// a court with hundreds of thousands of ended cases waits no longer than a new one.
//
// States and limit stand in the statement's text: as parameters PostgreSQL would
// plan for any states and any number of rows, and read whole tables.
func counts(r *store.Reader, a staff.Actor, today calendar.Date) ([]Count, int, error) {
	in := func(where string, args ...any) *gorm.DB {
		return visible(r.Table("cases").Select("1").Where(where, args...), a)
	}
	part := fmt.Sprintf("SELECT %%d AS place, count(*) AS n FROM (? LIMIT %d) AS part", CountMost)
	parts, args := []string{fmt.Sprintf(part, 0)}, []any{in("cases.due_on < ?", today)}
	out := make([]Count, len(Baskets))
	for i, b := range Baskets {
		out[i].Basket = b
		parts = append(parts, fmt.Sprintf(part, i+1))
		args = append(args, in(b.where()))
	}
	var rows []struct{ Place, N int }
	if err := r.Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error; err != nil {
		return nil, 0, err
	}
	overdue := 0
	for _, row := range rows {
		if row.Place == 0 {
			overdue = row.N
		} else {
			out[row.Place-1].N = row.N
		}
	}
	return out, overdue, nil
}

// listed are states as a list in a statement.
func listed(states []State) string {
	names := make([]string, len(states))
	for i, st := range states {
		names[i] = "'" + string(st) + "'"
	}
	return strings.Join(names, ", ")
}

// warn says how near the end of its running limit a row is.
func (u rules) warn(r *Row, today calendar.Date) {
	if !r.Waiting() {
		return
	}
	r.Days = u.calendar.WorkdaysLeft(today, r.DueOn)
	from := r.ReceivedOn
	switch settings.Step(r.DueStep) {
	case settings.Handle, settings.Reconsider, settings.ReReview:
		if !r.LimitFrom.IsZero() {
			from = r.LimitFrom
		}
	}
	l := u.limits.For(string(r.Kind), settings.Step(r.DueStep))
	r.Warning = u.calendar.Warn(today, from, r.DueOn, l.Unit, nil)
}

// Page is one case as staff see it.
type Page struct {
	Case       Case
	Events     []Event
	Messages   map[int64]Message
	Files      []Attachment
	Draft      *Draft
	Kept       *Kept  // what the actor was writing and has not saved, where it differs from the draft
	Digest     string // of the draft shown, for Approve
	Replies    []Reply
	Rating     *Rating
	Calls      []Call
	Served     []Served
	Keeping    Keeping
	Merged     []Joined // that this case stands for
	Linked     []Joined
	Into       *Row // the case that stands for this one
	Tasks      []Task
	Opine      int64 // the task that the actor's department has still to answer, or 0
	Published  *PublishedReply
	Redacted   *Redacted // what a proposal for publication starts from, for whoever may propose one
	Problem    *ledger.Problem
	Department string
	Handler    string
	HasContact bool
	Earlier    []Row // cases of the same caller that this actor may see
	Similar    []Row
	Due        Row // for the words about what is due
	Can        map[Verb]bool
	Out        Out         // who must not be given the case, for whoever may assign it
	Proposal   *AssignRule // by which it would be assigned, for the same
	Draws      []Draw
	Company    []string    // who else has it open
	Origin     *Provenance // of what another system or body handed over
}

// Out is who must not see or handle a case.
type Out struct{ People, Departments map[int64]bool }

func out(r *store.Reader, id int64) (Out, error) {
	o := Out{map[int64]bool{}, map[int64]bool{}}
	var list []exclusion
	// At most everybody who works here and every department.
	if err := r.Select("staff_id, department_id").Where("case_id = ?", id).Order("id").Limit(10_000).Find(&list).Error; err != nil {
		return o, fmt.Errorf("cases: exclusions: %w", err)
	}
	for _, x := range list {
		if x.StaffID != nil {
			o.People[*x.StaffID] = true
		}
		if x.DepartmentID != nil {
			o.Departments[*x.DepartmentID] = true
		}
	}
	return o, nil
}

// Open reads a case for staff. That it was opened is recorded first.
func (s *Service) Open(ctx context.Context, a staff.Actor, id int64) (Page, error) {
	p := Page{Messages: map[int64]Message{}, Can: map[Verb]bool{}}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := get(&tx.Reader, a, id); err != nil {
			return err
		}
		if err := errors.Join(arrive(tx, a, id), answered(tx, a, id)); err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.view", Subject: "case", SubjectID: id})
	})
	if err != nil {
		return p, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) (err error) {
		if p.Case, err = get(r, a, id); err != nil {
			return err
		}
		if err = r.Where("case_id = ?", id).Order("id DESC").Limit(1000).Find(&p.Events).Error; err != nil {
			return err
		}
		slices.Reverse(p.Events)
		var messages []Message
		if err = r.Where("case_id = ?", id).Order("id DESC").Limit(1000).Find(&messages).Error; err != nil {
			return err
		}
		for _, m := range messages {
			p.Messages[m.ID] = m
		}
		if err = r.Where("case_id = ?", id).Order("id").Limit(200).Find(&p.Files).Error; err != nil {
			return err
		}
		if err = r.Where("case_id = ?", id).Order("id DESC").Limit(20).Find(&p.Replies).Error; err != nil {
			return err
		}
		if p.Draft, err = draft(r, id); err != nil {
			return err
		}
		if p.Draft != nil {
			p.Digest = digest(p.Draft.Body)
		}
		if p.Kept, err = kept(r, a, id); err != nil {
			return err
		}
		if p.Kept != nil && p.Draft != nil && p.Kept.Body == p.Draft.Body {
			p.Kept = nil
		}
		if p.Rating, err = rating(r, id); err != nil {
			return err
		}
		if err = r.Where("case_id = ?", id).Order("id DESC").Limit(50).Find(&p.Calls).Error; err != nil {
			return err
		}
		if p.Merged, p.Linked, p.Into, err = joined(r, a, id); err != nil {
			return err
		}
		if p.Keeping, err = keeping(r, p.Case); err != nil {
			return err
		}
		if p.Served, err = served(r, id); err != nil {
			return err
		}
		if p.Origin, err = originOf(r, id); err != nil {
			return err
		}
		if p.Draws, err = draws(r, id); err != nil {
			return err
		}
		if p.Company, err = company(r, a, id); err != nil {
			return err
		}
		if p.Tasks, err = tasks(r, id); err != nil {
			return err
		}
		for _, t := range p.Tasks {
			if t.Open() && mayOpine(a, t) {
				p.Opine = t.ID
			}
		}
		var published []PublishedReply
		if err = r.Where("case_id = ?", id).Order("id DESC").Limit(1).Find(&published).Error; err != nil {
			return err
		}
		if len(published) == 1 {
			p.Published = &published[0]
		}
		if p.Case.AllowPublish && len(p.Replies) > 0 && (a.Has(staff.Publisher) || a.Has(staff.Handler)) {
			if p.Redacted, err = s.redacted(r, p.Case, p.Replies[0].Body); err != nil {
				return err
			}
		}
		as, err := standIn(r, a, id)
		if err != nil {
			return err
		}
		for v := range moves {
			p.Can[v] = Can(as, p.Case, v)
		}
		p.Can[DoHold], p.Can[DoUnhold] = p.Can[DoHold] && p.Keeping.Hold == "" && p.Keeping.Content, p.Can[DoUnhold] && p.Keeping.Hold != ""
		p.Can[DoDecideErasure] = p.Can[DoDecideErasure] && p.Keeping.Request != nil && p.Keeping.Request.State == "open"
		p.Can[DoDecline] = p.Can[DoDecline] && p.Case.ObjectedAt != nil
		if p.Can[DoAssign] {
			if p.Out, err = out(r, id); err != nil {
				return err
			}
			if p.Proposal, err = proposal(r, p.Case, p.Out); err != nil {
				return err
			}
		}
		return s.around(r, a, &p)
	})
	if err != nil {
		return p, fmt.Errorf("cases: open: %w", err)
	}
	return p, nil
}

// around reads what stands beside a case: its problem, its people, its kin.
func (s *Service) around(r *store.Reader, a staff.Actor, p *Page) error {
	if p.Case.ProblemID != nil {
		problem, err := ledger.ProblemByID(r, *p.Case.ProblemID)
		if err != nil {
			return err
		}
		p.Problem = &problem
	}
	var err error
	if p.Case.DepartmentID != nil {
		if p.Department, err = staff.DepartmentName(r, *p.Case.DepartmentID); err != nil {
			return err
		}
	}
	if p.Case.HandlerID != nil {
		h, err := staff.Find(r, *p.Case.HandlerID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		p.Handler = h.Name
	}
	var contact Contact
	err = r.Select("case_id, caller_hash").Where("case_id = ?", p.Case.ID).Take(&contact).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
	case err != nil:
		return err
	default:
		p.HasContact = true
		if len(contact.CallerHash) > 0 {
			if p.Earlier, err = kin(r, a, p.Case.ID, ofCaller, contact.CallerHash); err != nil {
				return err
			}
		}
	}
	alike, err := search.Similar(r, searchKind, p.Case.Title+"\n"+p.Case.Content, 6)
	if err != nil {
		return err
	}
	if refs := search.Keys(alike); len(refs) > 0 {
		if p.Similar, err = kin(r, a, p.Case.ID, "cases.id IN ?", refs); err != nil {
			return err
		}
	}
	u, err := loadRules(r)
	if err != nil {
		return err
	}
	c := p.Case
	p.Due = Row{Kind: c.Kind, State: c.State, ReceivedOn: c.ReceivedOn, DueOn: c.DueOn, DueStep: c.DueStep, LimitFrom: c.LimitFrom, Extended: c.Extended, Urged: c.UrgedAt != nil}
	u.warn(&p.Due, calendar.Of(r.Now))
	return nil
}

func kin(r *store.Reader, a staff.Actor, but int64, where string, arg any) ([]Row, error) {
	var rows []Row
	err := visible(r.Table("cases").Select("cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.received_on, cases.due_on"), a).
		Where("cases.id <> ?", but).Where(where, arg).Order("cases.id DESC").Limit(5).Find(&rows).Error
	return rows, err
}

// Shown are those of these cases that the actor may see, by id: number, kind, channel, state.
func Shown(r *store.Reader, a staff.Actor, ids []int64) (map[int64]Row, error) {
	out := map[int64]Row{}
	var rows []Row
	err := visible(r.Table("cases").Select("cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.received_on"), a).Where("cases.id IN ?", ids).Limit(len(ids)).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("cases: shown: %w", err)
	}
	for _, x := range rows {
		out[x.ID] = x
	}
	return out, nil
}

// Reveal reads the contact details of a case for those who need them to work
// on it; that they were read is recorded before they are shown.
func (s *Service) Reveal(ctx context.Context, a staff.Actor, id int64) (Contact, error) {
	if err := a.Require(staff.IntakeClerk, staff.Dispatcher, staff.Handler, staff.Caller); err != nil {
		return Contact{}, err
	}
	var contact Contact
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if !a.Has(staff.IntakeClerk) && !a.Has(staff.Dispatcher) && !a.Has(staff.Caller) && !own(a, c, staff.Handler) {
			return fault.New(fault.Forbidden, "只有此件的承办人可以查看联系方式。")
		}
		if contact, err = s.contactOf(&tx.Reader, id); err != nil {
			return err
		}
		if contact.CaseID == 0 {
			return fault.New(fault.NotFound, "来信人没有留下联系方式。")
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.view_contact", Subject: "case", SubjectID: id})
	})
	return contact, err
}

// Draft reads the present draft, for showing both texts after a conflict.
func (s *Service) Draft(ctx context.Context, a staff.Actor, id int64) (d *Draft, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if _, err := get(r, a, id); err != nil {
			return err
		}
		d, err = draft(r, id)
		return err
	})
	return d, err
}
