package stats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Readers see the numbers as they are, and open them; Correctors may put a frozen one right.
var (
	Readers    = []staff.Role{staff.Dispatcher, staff.Supervisor, staff.RectificationOffice, staff.Publisher, staff.Leader}
	Correctors = []staff.Role{staff.Supervisor}
)

// Member is a case that a number counts.
type Member struct {
	Month        Month
	CaseID       int64
	Kind         cases.Kind
	Channel      cases.Channel
	DepartmentID int64
	Added        bool // by a correction
}

// Members lists the cases that Count counts in a set, in the order of month and
// case, after the given one. Of a stock they are those of the last month.
func Members(r *store.Reader, a staff.Actor, c Cut, s Set, after Member, limit int) ([]Member, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	if !s.Valid() {
		return nil, fault.New(fault.NotFound, "没有这个数字。请从统计页重新打开。")
	}
	if s.Stock() {
		c.From = c.To
	}
	t := Table{Cut: c, Frozen: map[Month]time.Time{}}
	if err := frozen(r, &t); err != nil {
		return nil, err
	}
	var out []Member
	for _, m := range c.Months() {
		if m < after.Month {
			continue
		}
		from := int64(0)
		if m == after.Month {
			from = after.CaseID
		}
		list, err := membersOf(r, t, m, s, from, limit-len(out))
		if err != nil {
			return nil, err
		}
		if out = append(out, list...); len(out) >= limit {
			break
		}
	}
	return out, nil
}

func membersOf(r *store.Reader, t Table, m Month, s Set, after int64, limit int) ([]Member, error) {
	if _, ok := t.Frozen[m]; !ok {
		var list []Member
		q := narrow(r.Table("(?) found", r.Raw(bySet[s].query, span(r, m))).Select("DISTINCT id AS case_id, kind, channel, department_id"), t.Cut)
		if err := q.Where("id > ?", after).Order("id").Limit(limit).Find(&list).Error; err != nil {
			return nil, fmt.Errorf("stats: members: %w", err)
		}
		return dated(list, m), nil
	}
	corrections, err := corrected(r, m, s)
	if err != nil {
		return nil, err
	}
	list, err := kept(r, m, s, t.Cut, after, limit+len(corrections))
	if err != nil {
		return nil, err
	}
	for _, x := range corrections {
		i := slices.IndexFunc(list, func(y Member) bool { return y.CaseID == x.CaseID })
		switch {
		case x.Adds && i < 0 && x.CaseID > after && t.in(x.Kind, x.Channel, x.DepartmentID):
			list = append(list, Member{CaseID: x.CaseID, Kind: x.Kind, Channel: x.Channel, DepartmentID: x.DepartmentID, Added: true})
		case !x.Adds && i >= 0:
			list = slices.Delete(list, i, i+1)
		}
	}
	slices.SortFunc(list, func(a, b Member) int { return cmp.Compare(a.CaseID, b.CaseID) })
	return dated(list[:min(len(list), limit)], m), nil
}

func dated(list []Member, m Month) []Member {
	for i := range list {
		list[i].Month = m
	}
	return list
}

// kept reads the members of a frozen month, as they were frozen.
func kept(r *store.Reader, m Month, s Set, c Cut, after int64, limit int) ([]Member, error) {
	var list []Member
	q := narrow(r.Table("stat_cases").Select("case_id, kind, channel, department_id").Where("month = ? AND set_name = ? AND case_id > ?", m, s, after), c)
	if err := q.Order("case_id").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("stats: members: %w", err)
	}
	return list, nil
}

func narrow(q *gorm.DB, c Cut) *gorm.DB {
	if c.Kind != "" {
		q = q.Where("kind = ?", c.Kind)
	}
	if c.Channel != "" {
		q = q.Where("channel = ?", c.Channel)
	}
	if c.Department != 0 {
		q = q.Where("department_id = ?", c.Department)
	}
	return q
}

// Correction is what was put right in a frozen number.
type Correction struct {
	ID           int64
	Month        Month
	SetName      Set
	CaseID       int64
	Adds         bool
	Kind         cases.Kind
	Channel      cases.Channel
	DepartmentID int64
	Reason       string
	At           time.Time
	ActorID      int64
	ActorName    string
}

func (Correction) TableName() string { return "stat_corrections" }

const correctionColumns = "id, month, set_name, case_id, adds, kind, channel, department_id, reason, at, actor_id, actor_name"

// mostCorrections bounds those of one number.
const mostCorrections = 1000

func corrected(r *store.Reader, m Month, s Set) (list []Correction, err error) {
	if err := r.Select(correctionColumns).Where("month = ? AND set_name = ?", m, s).Order("id").Limit(mostCorrections).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("stats: corrections: %w", err)
	}
	return list, nil
}

// Corrections lists those of some months, oldest first.
func Corrections(r *store.Reader, c Cut) (list []Correction, err error) {
	if err := r.Select(correctionColumns).Where("month >= ? AND month <= ?", c.From, c.To).Order("month, set_name, id").Limit(mostCorrections).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("stats: corrections: %w", err)
	}
	return list, nil
}

// Correct adds a case to a number of a frozen month, or takes it out. What was
// frozen stays as it is; the correction stands beside it with its reason.
func (s *Service) Correct(ctx context.Context, a staff.Actor, m Month, set Set, caseNo string, adds bool, reason string) error {
	if err := a.Require(Correctors...); err != nil {
		return err
	}
	reason = typed.Clean(reason)
	var bad []fault.Field
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		bad = append(bad, fault.Field{Name: "reason", Message: "请写明为什么更正。"})
	case n > 500:
		bad = append(bad, fault.Field{Name: "reason", Message: fmt.Sprintf("理由最多 500 个字，现在有 %d 个字。", n)})
	}
	if !set.Valid() {
		bad = append(bad, fault.Field{Name: "set", Message: "请选择更正哪个数字。"})
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		t := Table{Cut: Cut{From: m, To: m}, Frozen: map[Month]time.Time{}}
		if err := frozen(&tx.Reader, &t); err != nil {
			return err
		}
		if _, ok := t.Frozen[m]; !ok {
			return fault.New(fault.Conflict, "这个月的数字还没有固定，会随来件自动变化，不用更正。")
		}
		var c struct {
			ID           int64
			Kind         cases.Kind
			Channel      cases.Channel
			DepartmentID int64
		}
		if err := tx.Raw("SELECT id, kind, channel, coalesce(department_id, 0) AS department_id FROM cases WHERE case_no = ?", cases.Digits(caseNo)).Scan(&c).Error; err != nil {
			return fmt.Errorf("stats: correct: %w", err)
		}
		if c.ID == 0 {
			return fault.Form([]fault.Field{{Name: "case_no", Message: "没有这个编号的来件，请核对。"}})
		}
		now, err := membersOf(&tx.Reader, t, m, set, c.ID-1, 1)
		if err != nil {
			return err
		}
		counted := len(now) > 0 && now[0].CaseID == c.ID
		if counted == adds {
			return fault.Form([]fault.Field{{Name: "case_no", Message: map[bool]string{true: "这件已经算在里面了。", false: "这件本来就没有算在里面。"}[adds]}})
		}
		x := Correction{Month: m, SetName: set, CaseID: c.ID, Adds: adds, Kind: c.Kind, Channel: c.Channel, DepartmentID: c.DepartmentID, Reason: reason, At: tx.Now, ActorID: a.ID, ActorName: a.Name}
		if counted { // it is taken out of where it was counted
			x.Kind, x.Channel, x.DepartmentID = now[0].Kind, now[0].Channel, now[0].DepartmentID
		}
		if err := tx.Create(&x).Error; err != nil {
			return fmt.Errorf("stats: correct: %w", err)
		}
		text, err := logged(&tx.Reader, m)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "stats.correct", Subject: "month", SubjectID: number(m), Public: true, Texts: []logbook.Text{text},
			Changes: []journal.Change{{Field: string(set), New: map[bool]string{true: "+1", false: "-1"}[adds]}, {Field: "case", New: fmt.Sprint(c.ID)}}})
	})
}
