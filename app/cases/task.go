package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Task is what a co-operating department (会办部门) is asked for in a case that
// another one leads: it has a limit of its own, and ends with an opinion or
// because it is no longer needed.
type Task struct {
	ID           int64
	CaseID       int64
	DepartmentID int64
	State        string // open, answered, released
	Ask          string
	DueOn        calendar.Date
	AskedAt      time.Time
	AskedBy      int64
	AskedName    string
	Answer       string
	EndedAt      *time.Time
	EndedBy      int64
	EndedName    string

	Department string `gorm:"->"` // its name
}

func (Task) TableName() string { return "case_tasks" }

// Open says that the department has not answered yet.
func (t Task) Open() bool { return t.State == "open" }

// mostTasks is how many departments may be asked at once.
const mostTasks = 10

// tasks reads the tasks of a case in order.
func tasks(r *store.Reader, id int64) ([]Task, error) {
	var list []Task
	err := r.Table("case_tasks").Select("case_tasks.*, departments.name AS department").Joins("JOIN departments ON departments.id = case_tasks.department_id").
		Where("case_tasks.case_id = ?", id).Order("case_tasks.id").Limit(200).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: tasks: %w", err)
	}
	return list, nil
}

// openTasks are those that wait, with their departments' names.
func openTasks(r *store.Reader, id int64) (list []Task, names string, err error) {
	all, err := tasks(r, id)
	if err != nil {
		return nil, "", err
	}
	var words []string
	for _, t := range all {
		if t.Open() {
			list, words = append(list, t), append(words, t.Department)
		}
	}
	return list, strings.Join(words, "、"), nil
}

// Join asks another department to co-operate, by a day that is not after the
// case's own limit.
func (s *Service) Join(ctx context.Context, a staff.Actor, id int64, version int, department int64, due calendar.Date, ask string) error {
	var bad []fault.Field
	ask, err := text("content", "请会办部门做什么", ask, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	return s.act(ctx, a, id, DoJoin, func(tx *store.Tx, c *Case) error {
		bad := slices.Clone(bad)
		departments, err := staff.Departments(&tx.Reader)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(departments, func(d staff.Department) bool { return d.ID == department })
		shut, err := out(&tx.Reader, id)
		if err != nil {
			return err
		}
		open, _, err := openTasks(&tx.Reader, id)
		if err != nil {
			return err
		}
		wrong := func(field, message string) { bad = append(bad, fault.Field{Name: field, Message: message}) }
		switch {
		case at < 0:
			wrong("department", "请选择会办部门。")
		case c.DepartmentID != nil && *c.DepartmentID == department:
			wrong("department", "这是此件的承办部门，会办要选另一个部门。")
		case shut.Departments[department]:
			wrong("department", "此件反映的就是这个部门，不能请它会办。")
		case slices.ContainsFunc(open, func(t Task) bool { return t.DepartmentID == department }):
			wrong("department", "已经请这个部门会办，还没有答复。")
		case len(open) >= mostTasks:
			wrong("department", fmt.Sprintf("同时会办的部门最多 %d 个。", mostTasks))
		}
		switch {
		case due.IsZero() || due.Before(calendar.Of(tx.Now)):
			wrong("due_on", "请填写会办的期限，不能早于今天。")
		case !c.HandleDue.IsZero() && due.After(c.HandleDue) && !calendar.Of(tx.Now).After(c.HandleDue):
			wrong("due_on", "会办的期限不能晚于此件的办理期限（"+c.HandleDue.Chinese()+"）。")
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		t := Task{CaseID: id, DepartmentID: department, State: "open", Ask: ask, DueOn: due, AskedAt: tx.Now, AskedBy: a.ID, AskedName: a.Name}
		if err := tx.Omit("Department").Create(&t).Error; err != nil {
			return fmt.Errorf("cases: join: %w", err)
		}
		return move(tx, a, c, DoJoin, version, record{detail: "请" + departments[at].Name + "会办", changes: []journal.Change{{Field: "department", New: fmt.Sprint(department)}}})
	})
}

// Opine is the co-operating department's opinion, given once.
func (s *Service) Opine(ctx context.Context, a staff.Actor, id, taskID int64, answer string) error {
	answer, err := text("content", "会办意见", answer, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, t, err := task(tx, a, id, taskID)
		if err != nil {
			return err
		}
		if !mayOpine(a, t) {
			return fault.New(fault.Forbidden, "由会办部门的承办人或者联络员填写会办意见。")
		}
		return endTask(tx, a, &c, t, DoOpine, "answered", answer, t.Department)
	})
}

func mayOpine(a staff.Actor, t Task) bool {
	return (a.Has(staff.Handler) || a.Has(staff.Liaison)) && a.DepartmentID != 0 && a.DepartmentID == t.DepartmentID
}

// Release takes a request to co-operate back.
func (s *Service) Release(ctx context.Context, a staff.Actor, id, taskID int64, reason string) error {
	reason, err := text("content", "撤回会办的理由", reason, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, t, err := task(tx, a, id, taskID)
		if err != nil {
			return err
		}
		if err := may(a, c, DoJoin); err != nil {
			return err
		}
		if err := aside(tx, a, c, DoRelease, Message{Author: Inside, Body: t.Department + "：" + reason}); err != nil {
			return err
		}
		return endTask(tx, a, nil, t, DoRelease, "released", "", "")
	})
}

// task reads an open task with its case, if the actor may see it.
func task(tx *store.Tx, a staff.Actor, id, taskID int64) (c Case, t Task, err error) {
	if c, err = get(&tx.Reader, a, id); err != nil {
		return c, t, err
	}
	list, err := tasks(&tx.Reader, id)
	if err != nil {
		return c, t, err
	}
	at := slices.IndexFunc(list, func(t Task) bool { return t.ID == taskID })
	if at < 0 {
		return c, t, fault.New(fault.NotFound, "没有这项会办。")
	}
	if t = list[at]; !t.Open() {
		return c, t, fault.New(fault.Conflict, "这项会办已经结束，不能再改。")
	}
	return c, t, nil
}

// endTask ends a task; with a case it writes the opinion into its timeline too.
func endTask(tx *store.Tx, a staff.Actor, c *Case, t Task, v Verb, state, answer, by string) error {
	if c != nil {
		if err := aside(tx, a, *c, v, Message{Author: Inside, Body: by + "：" + answer}); err != nil {
			return err
		}
	}
	done := tx.Model(&Task{}).Where("id = ? AND state = 'open'", t.ID).
		Updates(map[string]any{"state": state, "answer": answer, "ended_at": tx.Now, "ended_by": a.ID, "ended_name": a.Name})
	if done.Error != nil {
		return fmt.Errorf("cases: %s: %w", v, done.Error)
	}
	if done.RowsAffected == 0 {
		return fault.New(fault.Conflict, "这项会办已经结束，不能再改。")
	}
	return nil
}

// releaseAll ends what is still open when a case ends.
func releaseAll(tx *store.Tx, a staff.Actor, id int64) error {
	return release(tx, a, "case_id = ?", id)
}

// releaseLead ends what a department was asked for in a case that it now leads.
func releaseLead(tx *store.Tx, a staff.Actor, id, department int64) error {
	return release(tx, a, "case_id = ? AND department_id = ?", id, department)
}

func release(tx *store.Tx, a staff.Actor, where string, args ...any) error {
	err := tx.Model(&Task{}).Where("state = 'open'").Where(where, args...).
		Updates(map[string]any{"state": "released", "ended_at": tx.Now, "ended_by": a.ID, "ended_name": a.Name}).Error
	if err != nil {
		return fmt.Errorf("cases: release: %w", err)
	}
	return nil
}

// coWorks says that the actor's department is or was asked to co-operate: it
// sees the case, and nobody's contact details.
func coWorks(r *store.Reader, a staff.Actor, id int64) (bool, error) {
	if a.DepartmentID == 0 || !(a.Has(staff.Handler) || a.Has(staff.Liaison)) {
		return false, nil
	}
	var n int64
	err := r.Table("case_tasks").Where("case_id = ? AND department_id = ?", id, a.DepartmentID).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("cases: tasks: %w", err)
	}
	return n > 0, nil
}

// Asked is a case in which the actor's department is asked to co-operate.
type Asked struct {
	Row
	TaskDue calendar.Date
}

// Tasks lists what the actor's department is asked for, the nearest day first.
func (s *Service) Tasks(ctx context.Context, a staff.Actor, limit int) (list []Asked, err error) {
	if a.DepartmentID == 0 || !(a.Has(staff.Handler) || a.Has(staff.Liaison)) {
		return nil, nil
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return notShutOut(r.Table("case_tasks").Select(rowColumns+", case_tasks.due_on AS task_due").Joins("JOIN cases ON cases.id = case_tasks.case_id"), a).
			Where("case_tasks.department_id = ? AND case_tasks.state = 'open'", a.DepartmentID).
			Order("case_tasks.due_on, case_tasks.id").Limit(limit).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: tasks: %w", err)
	}
	return list, nil
}

// reach is get for who sees a case only because their department co-operates.
func reach(r *store.Reader, a staff.Actor, id int64) (Case, error) {
	var c Case
	in, err := coWorks(r, a, id)
	if err != nil {
		return c, err
	}
	if in {
		err = notShutOut(r.Select(columns).Where("cases.id = ?", id), a).Take(&c).Error
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return c, fmt.Errorf("cases: read: %w", err)
		}
	}
	return c, fault.New(fault.NotFound, "没有这一件，或者您无权查看。")
}
