package cases

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Draw is the record of how chance chose a handler. Whoever has it can repeat
// it: Repeat must give ChosenID.
type Draw struct {
	ID           int64
	CaseID       int64
	No           int // of the case's draws, from 1
	DepartmentID int64
	Method       string // how Repeat works; see lots
	Seed         string // hexadecimal; not of the officer's choosing
	LogIndex     int64  // of the case's entry in the public log; -1 by the first method
	LogNote      string // the checkpoint whose root the seed is, as it was signed
	Candidates   string // as JSON, in order of id
	LeftOut      int    // handlers of the department who must not have the case
	ChosenID     int64
	Reason       string // why it was drawn again
	At           time.Time
	ActorID      int64
	ActorName    string

	CaseNo     string `gorm:"->"`
	Department string `gorm:"->"`
}

func (Draw) TableName() string { return "case_draws" }

// Candidate is who may be drawn, with the load that makes it less likely.
type Candidate struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Open   int    `json:"open"` // cases of theirs on which something is due
	Weight uint64 `json:"weight"`
}

// The methods. By both the chance of a handler with n open cases is proportional to
// weight(n), so that nobody is sure to be spared or hit.
const (
	byLoad       = "load-1"       // the seed was this program's
	byCheckpoint = "checkpoint-1" // the seed is the root of the first checkpoint that covers the case
)

// fullWeight is divisible by 1 to 16, so that common loads round nothing.
const fullWeight = 720_720

func weight(open int) uint64 { return max(1, fullWeight/uint64(open+1)) }

// Lots are the candidates of the draw.
func (d Draw) Lots() (list []Candidate, err error) {
	err = json.Unmarshal([]byte(d.Candidates), &list)
	return list, err
}

// Checkable reports whether the seed can be checked, and not only the draw repeated.
func (d Draw) Checkable() bool { return d.Method == byCheckpoint }

// Repeat draws again from the record alone. The candidates lie one after another
// on a line, each as long as its weight; the point is SHA-256 of method, seed,
// case number, number of the draw, candidates and a counter, one a line, its
// first eight bytes as a big-endian number. A point beyond the last whole length
// of the line counts for nothing, and the counter goes on from 0.
func (d Draw) Repeat() (int64, error) {
	list, err := d.Lots()
	if err != nil {
		return 0, fmt.Errorf("cases: draw: %w", err)
	}
	var total uint64
	for _, c := range list {
		total += c.Weight
	}
	if total == 0 || d.Method != byLoad && d.Method != byCheckpoint {
		return 0, fmt.Errorf("cases: draw %d: method %q over %d lots", d.ID, d.Method, len(list))
	}
	for counter := 0; ; counter++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d\n%s\n%d\n", d.Method, d.Seed, d.CaseNo, d.No, d.Candidates, counter))
		point := binary.BigEndian.Uint64(sum[:8])
		if point >= ^uint64(0)-^uint64(0)%total {
			continue
		}
		point %= total
		for _, c := range list {
			if point < c.Weight {
				return c.ID, nil
			}
			point -= c.Weight
		}
	}
}

// sow takes the seed from the public log: the root of the first checkpoint that covers
// the case's entry. Nobody, sender or staff, knew it when the case came in, and nobody
// can have another one afterwards.
func (d *Draw) sow(r *store.Reader) error {
	list, err := logbook.Coverings(r, logbook.Case, []int64{d.CaseID})
	if err != nil {
		return err
	}
	c, ok := list[d.CaseID]
	if !ok {
		return fault.New(fault.Conflict, "抽取要用公开日志的检查点，此件刚刚收到，还没有写进去。请过几秒钟再按一次，选好的都还在；一直抽不了的，请直接指定承办人，并告诉系统管理员。")
	}
	d.Method, d.Seed, d.LogIndex, d.LogNote = byCheckpoint, hex.EncodeToString(c.Root[:]), c.Index, c.Note
	return nil
}

// AssignByLot gives the case to a department and to one of its handlers whom
// chance chooses: those who are excluded have no lot, those who are busy have a
// smaller one. Drawing again for the same department needs a reason; the former
// draw stays on record.
func (s *Service) AssignByLot(ctx context.Context, a staff.Actor, id int64, version int, department int64, reason string) error {
	reason = typed.Line(reason)
	if len([]rune(reason)) > 200 {
		return fault.Form([]fault.Field{{Name: "reason", Message: "重新抽取的理由最多 200 个字。"}})
	}
	return s.give(ctx, a, id, version, department, func(tx *store.Tx, c *Case) (staff.Person, string, error) {
		var before []Draw
		if err := tx.Select("no, department_id").Where("case_id = ?", id).Order("no DESC").Limit(1).Find(&before).Error; err != nil {
			return staff.Person{}, "", fmt.Errorf("cases: draw: %w", err)
		}
		d := Draw{CaseID: id, No: 1, CaseNo: c.CaseNo, DepartmentID: department, At: tx.Now, ActorID: a.ID, ActorName: a.Name}
		if len(before) > 0 {
			if d.No = before[0].No + 1; reason == "" {
				return staff.Person{}, "", fault.Form([]fault.Field{{Name: "reason", Message: "此件已经抽取过承办人，重新抽取要写明理由。"}})
			}
			d.Reason = reason
		}
		if err := d.sow(&tx.Reader); err != nil {
			return staff.Person{}, "", err
		}
		people, err := staff.Holding(&tx.Reader, staff.Handler, department)
		if err != nil {
			return staff.Person{}, "", err
		}
		lots, err := lots(tx, *c, people)
		if err != nil {
			return staff.Person{}, "", err
		}
		d.LeftOut = len(people) - len(lots)
		if len(lots) == 0 {
			return staff.Person{}, "", fault.Form([]fault.Field{{Name: "handler", Message: "这个部门没有可以办理此件的承办人，请选择其他部门，或者由部门自己安排。"}})
		}
		raw, err := json.Marshal(lots)
		if err != nil {
			return staff.Person{}, "", fmt.Errorf("cases: draw: %w", err)
		}
		d.Candidates = string(raw)
		if d.ChosenID, err = d.Repeat(); err != nil {
			return staff.Person{}, "", err
		}
		err = tx.Create(&d).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) { // somebody else draws at this moment
			return staff.Person{}, "", errMoved
		}
		if err != nil {
			return staff.Person{}, "", fmt.Errorf("cases: draw: %w", err)
		}
		chosen := people[slices.IndexFunc(people, func(p staff.Person) bool { return p.ID == d.ChosenID })]
		return chosen, fmt.Sprintf("（%d 人中随机抽取）", len(lots)), nil
	})
}

// lots are the handlers who may have the case, with their loads.
func lots(tx *store.Tx, c Case, people []staff.Person) ([]Candidate, error) {
	shut, err := out(&tx.Reader, c.ID)
	if err != nil {
		return nil, err
	}
	var list []Candidate
	var ids []int64
	for _, p := range people {
		if !shut.People[p.ID] && !shut.Departments[p.DepartmentID] {
			list, ids = append(list, Candidate{ID: p.ID, Name: p.Name}), append(ids, p.ID)
		}
	}
	var loads []struct {
		HandlerID int64
		N         int
	}
	err = tx.Table("cases").Select("handler_id, count(*) AS n").Where("handler_id IN ? AND due_on < ? AND id <> ?", ids, never, c.ID).Group("handler_id").Find(&loads).Error
	if err != nil {
		return nil, fmt.Errorf("cases: draw: %w", err)
	}
	for i := range list {
		for _, l := range loads {
			if l.HandlerID == list[i].ID {
				list[i].Open = l.N
			}
		}
		list[i].Weight = weight(list[i].Open)
	}
	return list, nil
}

const drawColumns = `case_draws.id, case_draws.case_id, case_draws.no, case_draws.department_id, case_draws.method, case_draws.seed, case_draws.log_index, case_draws.log_note, case_draws.candidates, case_draws.left_out, case_draws.chosen_id,
	case_draws.reason, case_draws.at, case_draws.actor_id, case_draws.actor_name, cases.case_no, departments.name AS department`

func draws(r *store.Reader, id int64) (list []Draw, err error) {
	err = r.Table("case_draws").Select(drawColumns).Joins("JOIN cases ON cases.id = case_draws.case_id").Joins("JOIN departments ON departments.id = case_draws.department_id").
		Where("case_draws.case_id = ?", id).Order("case_draws.no").Limit(100).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: draws: %w", err)
	}
	return list, nil
}

// Drawn reads a draw of a case that the actor may see.
func (s *Service) Drawn(ctx context.Context, a staff.Actor, id int64, no int) (d Draw, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if _, err := get(r, a, id); err != nil {
			return err
		}
		list, err := draws(r, id)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.No == no {
				d = x
				return nil
			}
		}
		return fault.New(fault.NotFound, "没有这次抽取。")
	})
	return d, err
}

// AssignRule proposes a department for cases of a kind, or that hold a word.
// A person confirms or changes what it proposes.
type AssignRule struct {
	ID           int64  `gorm:"primaryKey;autoIncrement:false"`
	Version      int    `gorm:"primaryKey;autoIncrement:false"`
	Place        int    // the smallest that fits counts
	Kind         Kind   // empty: every kind
	Words        string // separated by spaces, one of which the text must hold; empty: any text
	DepartmentID int64
	Draw         bool // a handler is to be drawn
	Retired      bool
	At           time.Time
	ActorID      int64
	ActorName    string

	Department string `gorm:"->"`
}

func (AssignRule) TableName() string { return "assign_rules" }

// rulers keep the rules; whoever assigns uses them.
var rulers = []staff.Role{staff.Dispatcher, staff.Supervisor}

const mostRules = 200

// AssignRules lists them in the order in which they are asked; those that are
// retired only when asked for.
func AssignRules(r *store.Reader, retired bool) (list []AssignRule, err error) {
	q := r.Table("assign_rules").Select("assign_rules.id, version, place, kind, words, department_id, draw, retired, at, actor_id, actor_name, departments.name AS department").
		Joins("JOIN departments ON departments.id = department_id").
		Where("NOT EXISTS (SELECT 1 FROM assign_rules newer WHERE newer.id = assign_rules.id AND newer.version > assign_rules.version)")
	if !retired {
		q = q.Where("NOT retired AND departments.active")
	}
	if err := q.Order("retired, place, assign_rules.id").Limit(mostRules).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: rules: %w", err)
	}
	return list, nil
}

// AssignRuleByID finds one.
func AssignRuleByID(r *store.Reader, id int64) (AssignRule, error) {
	list, err := AssignRules(r, true)
	if err != nil {
		return AssignRule{}, err
	}
	for _, x := range list {
		if x.ID == id {
			return x, nil
		}
	}
	return AssignRule{}, fault.New(fault.NotFound, "没有这条规则。")
}

// Says is the rule in words.
func (x AssignRule) Says() string {
	what := "各类来件"
	if x.Kind != "" {
		what = x.Kind.Word()
	}
	if x.Words != "" {
		what += "，写到" + strings.ReplaceAll("“"+x.Words+"”", " ", "”或“")
	}
	to := "交" + x.Department
	if x.Draw {
		to += "，随机抽取承办人"
	}
	return what + "：" + to
}

// fits reports whether the rule is about a case and its department may have it.
func (x AssignRule) fits(c Case, shut Out) bool {
	if x.Kind != "" && x.Kind != c.Kind || shut.Departments[x.DepartmentID] {
		return false
	}
	text := c.searchText()
	return x.Words == "" || slices.ContainsFunc(strings.Fields(x.Words), func(w string) bool { return strings.Contains(text, w) })
}

// proposal is the first rule that fits a case which has no department yet; nil for none.
func proposal(r *store.Reader, c Case, shut Out) (*AssignRule, error) {
	if c.DepartmentID != nil || c.Stage != First {
		return nil, nil
	}
	list, err := AssignRules(r, false)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if x.fits(c, shut) {
			return &x, nil
		}
	}
	return nil, nil
}

// SaveAssignRule stores a new rule (ID 0) or a new version; seen is the version
// that the writer started from.
func (s *Service) SaveAssignRule(ctx context.Context, a staff.Actor, x AssignRule, seen int) (int64, error) {
	if err := a.Require(rulers...); err != nil {
		return 0, err
	}
	var bad []fault.Field
	if x.Words = strings.Join(strings.FieldsFunc(typed.Line(x.Words), func(r rune) bool { return strings.ContainsRune(" ,，、;；", r) }), " "); len([]rune(x.Words)) > maxLine {
		bad = append(bad, fault.Field{Name: "words", Message: fmt.Sprintf("词语最多 %d 个字。", maxLine)})
	}
	if x.Kind != "" && !x.Kind.Valid() {
		bad = append(bad, fault.Field{Name: "kind", Message: "请从列表中选择类别。"})
	}
	if x.Kind == "" && x.Words == "" {
		bad = append(bad, fault.Field{Name: "words", Message: "请选择类别，或者写明词语；两样都没有的规则会管到所有来件。"})
	}
	if x.Place < 1 || x.Place > 999 {
		bad = append(bad, fault.Field{Name: "place", Message: "顺序填写 1 到 999 的整数，小的先用。"})
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		open, err := staff.Departments(&tx.Reader)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(open, func(d staff.Department) bool { return d.ID == x.DepartmentID }) && !x.Retired {
			bad = append(bad, fault.Field{Name: "department", Message: "请选择部门。"})
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		var now []AssignRule
		if err := tx.Select("version").Where("id = ?", x.ID).Order("version DESC").Limit(1).Find(&now).Error; err != nil {
			return fmt.Errorf("cases: rule: %w", err)
		}
		switch {
		case x.ID == 0:
			if err := tx.Raw("SELECT coalesce(max(id), 0) + 1 FROM assign_rules").Scan(&x.ID).Error; err != nil {
				return fmt.Errorf("cases: rule: %w", err)
			}
		case len(now) == 0:
			return fault.New(fault.NotFound, "没有这条规则。")
		case now[0].Version != seen:
			return fault.New(fault.Conflict, "别人刚刚改过这条规则。您填写的内容还在，请核对后再保存。")
		}
		x.Version, x.At, x.ActorID, x.ActorName = seen+1, tx.Now, a.ID, a.Name
		err = tx.Create(&x).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "别人刚刚也保存了一条，请再按一次保存。")
		}
		if err != nil {
			return fmt.Errorf("cases: rule: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "assign_rule.save", Subject: "assign_rule", SubjectID: x.ID, Changes: []journal.Change{{Field: "place", New: fmt.Sprint(x.Place)}}})
	})
	return x.ID, err
}
