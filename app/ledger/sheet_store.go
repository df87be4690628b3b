package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// importReason is why a due date moved, where a spreadsheet says so.
const importReason = "台账导入"

// SheetImport is a spreadsheet that came in.
type SheetImport struct {
	ID          int64
	ProgrammeID int64
	Name        string
	Digest      string
	RowCount    int
	Added       int
	Changed     int
	By          by `gorm:"embedded"`
}

func (SheetImport) TableName() string { return "ledger_imports" }

// insert stores rows a thousand at a time and gives them their ids.
func insert[T any](tx *store.Tx, rows []T) error {
	for len(rows) > 0 {
		n := min(len(rows), 1000)
		part := rows[:n:n]
		if err := tx.Insert(&part); err != nil {
			return fmt.Errorf("ledger: import: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// rewrite stores rows over what they were.
func rewrite[T any](tx *store.Tx, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(&rows, 200).Error; err != nil {
		return fmt.Errorf("ledger: import: %w", err)
	}
	return nil
}

// put stores the fresh and the changed of some nodes.
func put[N, T any](tx *store.Tx, nodes []N, state func(N) (fresh, changed bool), of func(N) *T) error {
	var fresh []N
	var rows, changed []T
	for _, n := range nodes {
		switch isFresh, isChanged := state(n); {
		case isFresh:
			fresh, rows = append(fresh, n), append(rows, *of(n))
		case isChanged:
			changed = append(changed, *of(n))
		}
	}
	if err := insert(tx, rows); err != nil {
		return err
	}
	for i, n := range fresh {
		*of(n) = rows[i]
	}
	return rewrite(tx, changed)
}

// store writes the plan.
func (p *plan) store(tx *store.Tx, a staff.Actor, x Spreadsheet, d *Difference) error {
	nothing := len(d.List) == 0 && d.Programme.Ledger
	if err := p.storeProgramme(tx, d); err != nil {
		return err
	}
	err := errors.Join(p.storeDepartments(tx, d), p.storeUppers(tx))
	if err == nil {
		err = p.storeMeasures(tx, a)
	}
	if err == nil {
		err = p.storeClosings(tx, a)
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.New(fault.Conflict, "别人正在改动同一份台账，没有导入。请稍后再试。")
	}
	if err != nil {
		return err
	}
	var touches []int64
	for _, a := range p.aspects {
		for _, n := range a.problems {
			if n.touched || n.changed || n.fresh {
				touches = append(touches, n.ID)
			}
		}
	}
	if err := roll(tx, touches...); err != nil {
		return err
	}
	if err := index(tx, touches...); err != nil {
		return err
	}
	if !nothing {
		if err := p.tell(tx, d); err != nil {
			return err
		}
	}
	i := SheetImport{ProgrammeID: p.programme.ID, Name: clip(x.Name, 200), Digest: x.Digest, RowCount: d.Rows, Added: d.Added, Changed: d.Changed, By: signed(tx, a)}
	if err := tx.Create(&i).Error; err != nil {
		return fmt.Errorf("ledger: import: %w", err)
	}
	texts, err := touched(&tx.Reader, touches...)
	if err != nil {
		return err
	}
	around, err := touchedAround(tx, p.programme.ID)
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "ledger.import", Subject: "programme", SubjectID: p.programme.ID, Public: !nothing, Texts: append(texts, around...),
		Changes: []journal.Change{{Field: "digest", New: x.Digest}, {Field: "added", New: fmt.Sprint(d.Added)}, {Field: "changed", New: fmt.Sprint(d.Changed)}}})
}

func (p *plan) storeProgramme(tx *store.Tx, d *Difference) error {
	d.Programme.Ledger = true
	if d.Programme.ID == 0 {
		if err := tx.Create(&d.Programme).Error; err != nil {
			return fmt.Errorf("ledger: programme: %w", err)
		}
	} else if !p.programme.Ledger {
		if err := tx.Model(&Programme{}).Where("id = ?", d.Programme.ID).Update("ledger", true).Error; err != nil {
			return fmt.Errorf("ledger: programme: %w", err)
		}
	}
	p.programme = d.Programme
	return nil
}

func (p *plan) storeDepartments(tx *store.Tx, d *Difference) error {
	if len(d.Departments) == 0 {
		return nil
	}
	list, err := staff.Establish(tx, d.Departments)
	for _, x := range list {
		p.ids[x.Name], p.names[x.ID] = x.ID, x.Name
	}
	return err
}

func (p *plan) storeUppers(tx *store.Tx) error {
	err := put(tx, p.aspects, func(a *aspectNode) (bool, bool) { a.ProgrammeID = p.programme.ID; return a.fresh, a.changed }, func(a *aspectNode) *Aspect { return &a.Aspect })
	if err != nil {
		return err
	}
	var problems []*problemNode
	for _, a := range p.aspects {
		for _, n := range a.problems {
			n.ProgrammeID, n.AspectID = p.programme.ID, a.ID
			if n.changed && !n.fresh {
				n.Version++
			}
			problems = append(problems, n)
		}
	}
	if err := put(tx, problems, func(n *problemNode) (bool, bool) { return n.fresh, n.changed }, func(n *problemNode) *Problem { return &n.Problem }); err != nil {
		return err
	}
	var subs []*subNode
	for _, n := range problems {
		for _, s := range n.subs {
			s.ProblemID = n.ID
			subs = append(subs, s)
		}
	}
	return put(tx, subs, func(s *subNode) (bool, bool) { return s.fresh, s.changed }, func(s *subNode) *SubProblem { return &s.SubProblem })
}

func (p *plan) storeMeasures(tx *store.Tx, a staff.Actor) error {
	for _, n := range p.lists {
		n.ProgrammeID, n.ProblemID, n.SubProblemID, n.ChangedAt = p.programme.ID, n.sub.problem.ID, nil, tx.Now
		if !n.sub.direct {
			n.SubProblemID = &n.sub.ID
		}
		if id, ok := p.ids[n.Department]; ok && n.Department != "" {
			n.DepartmentID = &id
		}
		if !n.fresh {
			n.Version++
		}
	}
	if err := put(tx, p.lists, func(n *measureNode) (bool, bool) { return n.fresh, n.changed }, func(n *measureNode) *Measure { return &n.Measure }); err != nil {
		return err
	}
	var again []int64
	var co []measureDepartment
	var reports []ProgressReport
	var moves []DueChange
	nobody := int64(0)
	for _, n := range p.lists {
		if !n.fresh {
			again = append(again, n.ID)
		}
		for i, name := range n.co {
			co = append(co, measureDepartment{n.ID, p.ids[name], i + 1})
		}
		if n.report {
			reports = append(reports, ProgressReport{MeasureID: n.ID, Status: n.Status, Note: n.Note, OnDay: p.today, By: signed(tx, a)})
		}
		if n.moved != nil {
			m := *n.moved
			m.MeasureID, m.Reason, m.State, m.ProposedBy, m.ProposedName, m.ProposedAt = n.ID, importReason, "approved", a.ID, a.Name, tx.Now
			m.DecidedBy, m.DecidedName, m.DecidedAt = &nobody, importReason, &tx.Now
			moves = append(moves, m)
		}
	}
	for part := range slices.Chunk(again, 1000) {
		if err := tx.Exec("DELETE FROM measure_departments WHERE measure_id IN ?", part).Error; err != nil {
			return fmt.Errorf("ledger: import: %w", err)
		}
	}
	return cmp.Or(insert(tx, co), insert(tx, reports), insert(tx, moves))
}

// measureDepartment is a co-operating department, in the order of the ledger.
type measureDepartment struct {
	MeasureID    int64 `gorm:"primaryKey;autoIncrement:false"`
	DepartmentID int64 `gorm:"primaryKey;autoIncrement:false"`
	No           int
}

// storeClosings records what was closed before the portal kept the ledger.
func (p *plan) storeClosings(tx *store.Tx, a staff.Actor) error {
	var list []Application
	var days []calendar.Date
	add := func(measure, problem *int64, on calendar.Date) {
		list = append(list, Application{MeasureID: measure, ProblemID: problem, State: Closed, Imported: true, AppliedAt: tx.Now, AppliedBy: a.ID, EndedAt: &tx.Now, Version: 1})
		days = append(days, on)
	}
	for _, n := range p.lists {
		if n.closes {
			add(&n.ID, nil, n.ClosedOn)
		}
	}
	for _, x := range p.aspects {
		for _, n := range x.problems {
			if n.closing > 0 {
				add(nil, &n.ID, n.ClosedOn)
			}
		}
	}
	if err := insert(tx, list); err != nil {
		return err
	}
	steps := make([]Step, len(list))
	for i := range list {
		steps[i] = Step{ClosingID: list[i].ID, Step: "import", Passed: true, Text: "据导入的台账，" + days[i].Chinese() + "销号", By: signed(tx, a)}
	}
	return insert(tx, steps)
}

// tell writes the public history: a line for each public problem that the
// ledger had and whose state changes, then one for the whole, which so is the
// newest.
func (p *plan) tell(tx *store.Tx, d *Difference) error {
	var events []Event
	for _, a := range p.aspects {
		for _, n := range a.problems {
			if !n.Published && !n.visible || n.fresh {
				continue
			}
			var parts []string
			if n.was != n.Status {
				parts = append(parts, "整改状态由“"+n.was.Word()+"”变为“"+n.Status.Word()+"”")
			}
			if n.closed > 0 {
				parts = append(parts, fmt.Sprintf("%d条措施已销号", n.closed))
			}
			if n.withdrew > 0 {
				parts = append(parts, fmt.Sprintf("%d条措施不再公开", n.withdrew))
			}
			if n.shown > 0 {
				parts = append(parts, fmt.Sprintf("%d条措施改为公开", n.shown))
			}
			if n.visible != n.Published {
				parts = append(parts, map[bool]string{true: "这个问题不再公开", false: "这个问题改为公开"}[n.visible])
			}
			if n.reworded {
				parts = append(parts, "公开说明有修改")
			}
			if len(parts) > 0 {
				events = append(events, Event{ProgrammeID: p.programme.ID, ProblemID: &n.ID, Kind: "imported", OnDay: p.today, At: tx.Now, Text: "据导入的台账：" + strings.Join(parts, "，")})
			}
		}
	}
	text := "整改台账已更新"
	if d.Added > 0 {
		text += fmt.Sprintf("，新增措施%d条", d.Added)
	}
	if d.Changed > 0 {
		text += fmt.Sprintf("，变更%d处", d.Changed)
	}
	if d.Closed > 0 {
		text += fmt.Sprintf("，已销号的措施%d条", d.Closed)
	}
	if d.Concluded > 0 {
		text += fmt.Sprintf("，已销号的问题%d个", d.Concluded)
	}
	events = append(events, Event{ProgrammeID: p.programme.ID, Kind: "imported", OnDay: p.today, At: tx.Now, Text: text})
	return insert(tx, events)
}
