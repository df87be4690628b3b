package cases

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Filter narrows the queue; zero values do not.
type Filter struct {
	Basket     string
	Overdue    bool
	Within     int // due in so many days from today, or before
	Kind       Kind
	Channel    Channel
	Department int64
	Mine       bool
	Nobody     bool          // no handler is named
	Open       bool          // it is not over, or its answer is not accepted
	From, To   calendar.Date // received from, and until
	Due        calendar.Date // due on this day
	Query      string
	AfterDue   calendar.Date // with AfterID: the last row of the page before
	AfterID    int64
	Limit      int
}

// maxWithin is how many days ahead a filter looks.
const maxWithin = 366

// ReadFilter understands what an address or a form says. What it does not
// understand narrows nothing and is named.
func ReadFilter(get func(string) string) (f Filter, bad []fault.Field) {
	wrong := func(name, message string) { bad = append(bad, fault.Field{Name: name, Message: message}) }
	f = Filter{Overdue: get("overdue") != "", Mine: get("mine") != "", Nobody: get("nobody") != "", Open: get("open") != "", Query: clipQuery(typed.Clean(get("q")))}
	if v := get("basket"); v != "" {
		if f.Basket = v; !slices.ContainsFunc(Baskets, func(b Basket) bool { return b.Name == v }) {
			f.Basket = ""
			wrong("basket", "没有这个分组。")
		}
	}
	if v := Kind(get("kind")); v.Valid() {
		f.Kind = v
	} else if v != "" {
		wrong("kind", "没有这个类别。")
	}
	if v := Channel(get("channel")); v.Valid() {
		f.Channel = v
	} else if v != "" {
		wrong("channel", "没有这个渠道。")
	}
	if v := get("department"); v != "" {
		var err error
		if f.Department, err = strconv.ParseInt(v, 10, 64); err != nil || f.Department < 1 {
			f.Department = 0
			wrong("department", "没有这个部门。")
		}
	}
	if v := strings.TrimSpace(get("within")); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxWithin {
			wrong("within", fmt.Sprintf("天数写 1 到 %d 的整数。", maxWithin))
		} else {
			f.Within = n
		}
	}
	for name, into := range map[string]*calendar.Date{"from": &f.From, "to": &f.To} {
		if v := strings.TrimSpace(get(name)); v != "" {
			on, err := calendar.Parse(v)
			if err != nil {
				wrong(name, "日期要写成 2026-03-01 这样。")
			}
			*into = on
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		wrong("to", "截止日期在起始日期之前，没有这样的来件。")
	}
	slices.SortFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return f, bad
}

func clipQuery(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// Values is the filter as an address says it, without the page.
func (f Filter) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	flag := func(name string, on bool) {
		if on {
			v.Set(name, "1")
		}
	}
	set("basket", f.Basket)
	flag("overdue", f.Overdue)
	flag("mine", f.Mine)
	flag("nobody", f.Nobody)
	flag("open", f.Open)
	set("kind", string(f.Kind))
	set("channel", string(f.Channel))
	if f.Department > 0 {
		set("department", strconv.FormatInt(f.Department, 10))
	}
	if f.Within > 0 {
		set("within", strconv.Itoa(f.Within))
	}
	if !f.From.IsZero() {
		set("from", f.From.String())
	}
	if !f.To.IsZero() {
		set("to", f.To.String())
	}
	set("q", f.Query)
	return v
}

// basket is the group the filter is about.
func (f Filter) basket() (b Basket, chosen bool) {
	for _, b := range Baskets {
		if b.Name == f.Basket {
			return b, true
		}
	}
	return b, false
}

// Closed reports whether the filter is about what is over: the newest come first.
func (f Filter) Closed() bool {
	b, _ := f.basket()
	return b.Closed
}

// Newest reports whether the newest come first: what is over, and what words find
// everywhere. All else comes with the nearest due day first.
func (f Filter) Newest() bool {
	_, chosen := f.basket()
	return f.Closed() || f.searches() && !chosen && !f.bounded() && !f.Mine
}

// bounded reports whether the filter finds only what is open, by what it asks for.
func (f Filter) bounded() bool {
	b, chosen := f.basket()
	return chosen && !b.Closed || f.Open || f.Overdue || f.Within > 0 || !f.Due.IsZero()
}

// searches reports whether words are looked for, and no number.
func (f Filter) searches() bool { return f.Query != "" && f.number() == "" }

// number is the case number that is looked for, if it is one.
func (f Filter) number() string {
	if no := Digits(f.Query); len(no) == 8 && isNumber(no) {
		return no
	}
	return ""
}

// narrow adds the conditions of the filter but for the words that are looked for.
func (f Filter) narrow(q *gorm.DB, a staff.Actor, today calendar.Date) *gorm.DB {
	if b, chosen := f.basket(); chosen {
		q = q.Where(b.where())
	}
	if f.Overdue {
		q = q.Where("cases.due_on < ?", today)
	}
	if f.Within > 0 {
		q = q.Where("cases.due_on <= ?", today.AddDays(f.Within))
	}
	if !f.Due.IsZero() {
		q = q.Where("cases.due_on = ?", f.Due)
	}
	if f.Kind != "" {
		q = q.Where("cases.kind = ?", f.Kind)
	}
	if f.Channel != "" {
		q = q.Where("cases.channel = ?", f.Channel)
	}
	if f.Department != 0 {
		q = q.Where("cases.department_id = ?", f.Department)
	}
	if f.Mine {
		q = q.Where("cases.handler_id = ?", a.ID)
	}
	if f.Nobody {
		q = q.Where("cases.handler_id IS NULL")
	}
	if f.Open {
		q = q.Where(open)
	}
	if !f.From.IsZero() {
		q = q.Where("cases.received_on >= ?", f.From)
	}
	if !f.To.IsZero() {
		q = q.Where("cases.received_on <= ?", f.To)
	}
	return q
}

// words adds what is looked for: a case number, or words of the text.
func (f Filter) words(q *gorm.DB) *gorm.DB {
	if f.Query == "" {
		return q
	}
	if no := f.number(); no != "" {
		return q.Where("cases.case_no = ?", no)
	}
	return search.Scope(q, searchKind, f.Query, "cases.id")
}

// View is a filter that somebody keeps under a name.
type View struct {
	ID      int64
	OwnerID int64
	Name    string
	Filter  string // as Values encodes it
	Shared  bool   // with everybody who works on cases
	Place   int
	At      time.Time
	Version int
}

func (View) TableName() string { return "queue_views" }

const viewColumns = "id, owner_id, name, filter, shared, place, at, version"

// mostViews is how many somebody sees, their own and shared ones.
const mostViews = 50

// sharers may keep views for everybody.
var sharers = []staff.Role{staff.Dispatcher, staff.Supervisor}

// Read is the view's filter; what has become meaningless since narrows nothing.
func (v View) Read() Filter {
	values, err := url.ParseQuery(v.Filter)
	if err != nil {
		return Filter{}
	}
	f, _ := ReadFilter(values.Get)
	return f
}

// Views are the actor's own and the shared ones, in their order.
func Views(r *store.Reader, a staff.Actor) (list []View, err error) {
	err = r.Select(viewColumns).Where("owner_id = ? OR shared", a.ID).Order("shared, place, id").Limit(mostViews).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: views: %w", err)
	}
	return list, nil
}

// ViewCount is a view with how many cases the actor sees in it: at most
// CountMost, and -1 where counting could take long: for words, and for filters
// that also find what is over.
type ViewCount struct {
	View
	N int
}

// openStates are the states of all that is not over; notAccepted finds what is over
// and was not accepted, which is in none of them.
var openStates = func() (list []State) {
	for _, b := range Baskets {
		if !b.Closed {
			list = append(list, b.States...)
		}
	}
	return list
}()

const notAccepted = "cases.objected_at IS NOT NULL"

// open is the condition of both: asked for with OR, SQLite would read all cases.
var open = "cases.id IN (SELECT id FROM cases WHERE state IN (" + listed(openStates) + ") UNION ALL SELECT id FROM cases WHERE objected_at IS NOT NULL)"

// tallies are counts that cost much, kept for a while: a hundred times as long as
// counting took, so that no reader costs more than a hundredth of a processor, and
// until the reader does something to a case. Cheap ones are counted every time.
type tallies struct {
	lock sync.Mutex
	by   map[[sha256.Size]byte]tally
}

type tally struct {
	counts []int // of the views, in their order
	until  time.Time
	event  int64 // the newest one then
}

const (
	cheapTally = 20 * time.Millisecond
	keepTally  = 100
	oldTally   = time.Minute // none is older
	mostTally  = 2000        // readers
)

// viewCounts are the counts of all views, at most a minute old.
func (s *Service) viewCounts(r *store.Reader, a staff.Actor, views []View, today calendar.Date) ([]ViewCount, error) {
	key := sha256.Sum256(fmt.Append(nil, a.ID, a.DepartmentID, a.Roles, today, views))
	s.tallies.lock.Lock()
	t, known := s.tallies.by[key]
	s.tallies.lock.Unlock()
	if known && r.Now.Before(t.until) {
		var own []int64
		if err := r.Table("case_events").Where("id > ? AND actor_id = ?", t.event, a.ID).Limit(1).Pluck("id", &own).Error; err != nil {
			return nil, fmt.Errorf("cases: views: %w", err)
		}
		if len(own) == 0 {
			out := make([]ViewCount, len(views))
			for i, v := range views {
				out[i] = ViewCount{v, t.counts[i]}
			}
			return out, nil
		}
	}
	if err := r.Table("case_events").Select("coalesce(max(id), 0)").Scan(&t.event).Error; err != nil {
		return nil, fmt.Errorf("cases: views: %w", err)
	}
	began := s.db.Now()
	counts, err := countViews(r, a, views, today)
	took := s.db.Now().Sub(began)
	if err != nil || took < cheapTally {
		return counts, err
	}
	t.counts, t.until = nil, r.Now.Add(min(took*keepTally, oldTally))
	for _, c := range counts {
		t.counts = append(t.counts, c.N)
	}
	s.tallies.lock.Lock()
	defer s.tallies.lock.Unlock()
	if s.tallies.by == nil || len(s.tallies.by) >= mostTally {
		s.tallies.by = map[[sha256.Size]byte]tally{}
	}
	s.tallies.by[key] = t
	return counts, nil
}

// countViews counts all views at once: what is open is read once, whatever
// has piled up in the years, and each view looks through that.
func countViews(r *store.Reader, a staff.Actor, views []View, today calendar.Date) ([]ViewCount, error) {
	look := func(where string) *gorm.DB {
		return visible(r.Table("cases").Select("cases.state, cases.due_on, cases.kind, cases.channel, cases.department_id, cases.handler_id, cases.received_on, cases.objected_at").Where(where), a)
	}
	args := []any{look("cases.state IN (" + listed(openStates) + ")"), look(notAccepted)}
	var parts []string
	out := make([]ViewCount, len(views))
	for i, v := range views {
		out[i] = ViewCount{v, -1}
		f := v.Read()
		if f.Closed() || f.Query != "" || !f.bounded() {
			continue
		}
		f.Open = false // they all are
		parts = append(parts, fmt.Sprintf("SELECT %d AS place, count(*) AS n FROM (? LIMIT %d) AS part", i, CountMost))
		args = append(args, f.narrow(r.Table("opened AS cases").Select("1"), a, today))
	}
	if len(parts) == 0 {
		return out, nil
	}
	var rows []struct{ Place, N int }
	if err := r.Raw("WITH opened AS MATERIALIZED (SELECT * FROM (?) AS waiting UNION ALL SELECT * FROM (?) AS refused) "+strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("cases: views: %w", err)
	}
	for _, x := range rows {
		out[x.Place].N = x.N
	}
	return out, nil
}

// ViewByID reads a view that the actor may change: their own, and shared ones for who shares.
func ViewByID(r *store.Reader, a staff.Actor, id int64) (v View, err error) {
	err = r.Select(viewColumns).Where("id = ?", id).Take(&v).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && v.OwnerID != a.ID && !(v.Shared && a.Require(sharers...) == nil) {
		return View{}, fault.New(fault.NotFound, "没有这个视图，或者它是别人的。")
	}
	if err != nil {
		return v, fmt.Errorf("cases: view: %w", err)
	}
	return v, nil
}

// SaveView keeps a new view (ID 0) or changes one; seen is the version that the
// writer started from.
func (s *Service) SaveView(ctx context.Context, a staff.Actor, v View, seen int) (int64, error) {
	if err := a.Require(append(slices.Clone(caseworkers), staff.Leader)...); err != nil {
		return 0, err
	}
	var bad []fault.Field
	if v.Name = typed.Line(v.Name); v.Name == "" || len([]rune(v.Name)) > 20 {
		bad = append(bad, fault.Field{Name: "name", Message: "请给视图起个名字，不超过 20 个字。"})
	}
	if v.Place < 0 || v.Place > 999 {
		bad = append(bad, fault.Field{Name: "place", Message: "顺序填写 0 到 999 的整数，小的在前。"})
	}
	if v.Shared && a.Require(sharers...) != nil {
		bad = append(bad, fault.Field{Name: "shared", Message: "分办员和督办员才能给大家建视图。"})
	}
	if v.Filter = v.Read().Values().Encode(); v.Filter == "" {
		bad = append(bad, fault.Field{Name: "filter", Message: "请先在来件列表里选好条件，再存为视图。"})
	}
	if err := fault.Form(bad); err != nil {
		return 0, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if v.ID == 0 {
			var n int64
			if err := tx.Model(&View{}).Where("owner_id = ?", a.ID).Count(&n).Error; err != nil {
				return fmt.Errorf("cases: view: %w", err)
			}
			if n >= mostViews {
				return fault.New(fault.Conflict, fmt.Sprintf("您已经有 %d 个视图，请先删除不用的。", mostViews))
			}
			v.OwnerID, v.At, v.Version = a.ID, tx.Now, 1
			if err := tx.Create(&v).Error; err != nil {
				return fmt.Errorf("cases: view: %w", err)
			}
		} else {
			now, err := ViewByID(&tx.Reader, a, v.ID)
			if err != nil {
				return err
			}
			if now.Version != seen {
				return errViewMoved
			}
			err = tx.Model(&View{}).Where("id = ?", v.ID).Updates(map[string]any{"name": v.Name, "filter": v.Filter, "shared": v.Shared, "place": v.Place, "at": tx.Now, "version": seen + 1}).Error
			if err != nil {
				return fmt.Errorf("cases: view: %w", err)
			}
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "view.save", Subject: "view", SubjectID: v.ID})
	})
	return v.ID, err
}

var errViewMoved = fault.New(fault.Conflict, "这个视图刚刚有人改过。您填写的内容还在，请核对后再保存。")

// DropView removes a view; no case changes.
func (s *Service) DropView(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		v, err := ViewByID(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if v.Version != version {
			return errViewMoved
		}
		if err := tx.Where("id = ?", id).Delete(&View{}).Error; err != nil {
			return fmt.Errorf("cases: view: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "view.drop", Subject: "view", SubjectID: id})
	})
}
