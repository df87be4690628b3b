package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// warning is what one person was told on one day.
type warning struct {
	ID      int64
	StaffID int64
	Day     calendar.Date
	Half    int // half of the time is used
	Near    int // four fifths of it
	Overdue int
	At      time.Time
}

func (warning) TableName() string { return "deadline_warnings" }

// count adds a case of this level.
func (w *warning) count(level calendar.Warning) {
	switch level {
	case calendar.HalfUsed:
		w.Half++
	case calendar.NearlyDue:
		w.Near++
	case calendar.Overdue:
		w.Overdue++
	}
}

// warnHour is the hour, in Shanghai, from which a working day's warnings are sent.
const warnHour = 8

// warnPage is how many cases are looked at together.
const warnPage = 500

// WarnOfDeadlines tells everybody, once a working day and by one message that
// names no case, how many of their cases come near or are past their limits
// (norms, warning colours): half used, the handler; four fifths used, the leaders
// too; overdue, the supervisors too. Where no handler is named it is the
// department's liaisons, and before a department is named the dispatchers.
// Whoever must not see a case is not told of it. It says how many were told.
func (s *Service) WarnOfDeadlines(ctx context.Context) (told int, err error) {
	var list []warning
	err = s.db.Read(ctx, func(r *store.Reader) error {
		c, err := settings.LoadCalendar(r)
		today := calendar.Of(r.Now)
		if err != nil || !c.IsWorkday(today) || r.Now.Before(today.In().Add(warnHour*time.Hour)) {
			return err
		}
		var done int64
		if err := r.Table("deadline_warnings").Where("day = ?", today).Limit(1).Count(&done).Error; err != nil {
			return fmt.Errorf("cases: warnings: %w", err)
		}
		if done > 0 {
			return nil
		}
		list, err = warnings(r, today)
		return err
	})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		told = 0
		for _, w := range list {
			w.At = tx.Now
			done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&w)
			if done.Error != nil {
				return fmt.Errorf("cases: warnings: %w", done.Error)
			}
			if done.RowsAffected == 0 {
				continue
			}
			told++
			reachable, err := staff.HasMail(&tx.Reader, w.StaffID)
			if err != nil {
				return err
			}
			if !reachable {
				continue
			}
			err = journal.Append(tx, journal.Event{Verb: "staff.warn", Subject: "staff", SubjectID: w.StaffID, Messages: []journal.Message{
				{Key: fmt.Sprintf("deadline/%d/%s", w.StaffID, w.Day), Channel: "mail", Template: "deadline", SubjectID: w.StaffID}}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return told, err
}

// warnings counts, person by person, what is near its limit on a day.
func warnings(r *store.Reader, today calendar.Date) ([]warning, error) {
	u, err := loadRules(r)
	if err != nil {
		return nil, err
	}
	m, err := readWarned(r)
	if err != nil {
		return nil, err
	}
	last := Row{}
	for {
		var page []Row
		q := r.Table("cases").Select(rowColumns).Where("cases.due_on < ?", never)
		if last.ID != 0 {
			q = q.Where("(cases.due_on, cases.id) > (?, ?)", last.DueOn, last.ID)
		}
		if err := q.Order("cases.due_on, cases.id").Limit(warnPage).Find(&page).Error; err != nil {
			return nil, fmt.Errorf("cases: warnings: %w", err)
		}
		if len(page) == 0 {
			break
		}
		ids := make([]int64, len(page))
		for i := range page {
			u.warn(&page[i], today)
			ids[i] = page[i].ID
		}
		shut, err := shutOutOf(r, ids)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			m.tell(c, shut[c.ID])
		}
		last = page[len(page)-1]
	}
	if err := m.tasks(r, u, today); err != nil {
		return nil, err
	}
	return m.told(today), nil
}

// tasks counts what departments are asked for in others' cases, for their
// liaisons and whoever hears of a department's own.
func (w *warned) tasks(r *store.Reader, u rules, today calendar.Date) error {
	last := int64(0)
	for {
		var page []Task
		err := r.Select("id, case_id, department_id, due_on, asked_at").Where("state = 'open' AND id > ?", last).Order("id").Limit(warnPage).Find(&page).Error
		if err != nil {
			return fmt.Errorf("cases: warnings: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		ids := make([]int64, len(page))
		for i, t := range page {
			ids[i] = t.CaseID
		}
		shut, err := shutOutOf(r, ids)
		if err != nil {
			return err
		}
		for _, t := range page {
			w.tell(Row{DepartmentID: &t.DepartmentID, Warning: u.calendar.Warn(today, calendar.Of(t.AskedAt), t.DueOn, calendar.Workdays, nil)}, shut[t.CaseID])
		}
		last = page[len(page)-1].ID
	}
}

// warned is who may be told, and what they are told so far.
type warned struct {
	dispatchers, leaders, supervisors []staff.Person
	liaisons                          map[int64][]staff.Person // by department
	people                            map[int64]staff.Person   // handlers
	counts                            map[int64]*warning
}

func readWarned(r *store.Reader) (*warned, error) {
	w := &warned{liaisons: map[int64][]staff.Person{}, people: map[int64]staff.Person{}, counts: map[int64]*warning{}}
	for _, x := range []struct {
		role staff.Role
		into func(staff.Person)
	}{
		{staff.Dispatcher, func(p staff.Person) { w.dispatchers = append(w.dispatchers, p) }},
		{staff.Leader, func(p staff.Person) { w.leaders = append(w.leaders, p) }},
		{staff.Supervisor, func(p staff.Person) { w.supervisors = append(w.supervisors, p) }},
		{staff.Liaison, func(p staff.Person) { w.liaisons[p.DepartmentID] = append(w.liaisons[p.DepartmentID], p) }},
		{staff.Handler, func(p staff.Person) { w.people[p.ID] = p }},
	} {
		list, err := staff.Holding(r, x.role, 0)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			x.into(p)
		}
	}
	return w, nil
}

// tell counts a case for everybody who is to be told of it.
func (w *warned) tell(c Row, shut Out) {
	if c.Warning == calendar.InTime {
		return
	}
	to := w.dispatchers
	if c.DepartmentID != nil {
		to = w.liaisons[*c.DepartmentID]
		if c.HandlerID != nil {
			if p, here := w.people[*c.HandlerID]; here {
				to = []staff.Person{p}
			}
		}
	}
	to = slices.Clone(to)
	if c.Warning >= calendar.NearlyDue {
		to = append(to, w.leaders...)
	}
	if c.Warning >= calendar.Overdue {
		to = append(to, w.supervisors...)
	}
	seen := map[int64]bool{}
	for _, p := range to {
		if seen[p.ID] || shut.People[p.ID] || shut.Departments[p.DepartmentID] {
			continue
		}
		seen[p.ID] = true
		if w.counts[p.ID] == nil {
			w.counts[p.ID] = &warning{StaffID: p.ID}
		}
		w.counts[p.ID].count(c.Warning)
	}
}

// told lists what everybody is told, in order of person.
func (w *warned) told(day calendar.Date) []warning {
	var list []warning
	for _, x := range w.counts {
		x.Day = day
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b warning) int { return int(a.StaffID - b.StaffID) })
	return list
}

// shutOutOf reads who must not know of each of these cases.
func shutOutOf(r *store.Reader, ids []int64) (map[int64]Out, error) {
	var list []exclusion
	if err := r.Select("case_id, staff_id, department_id").Where("case_id IN ?", ids).Order("case_id").Limit(100_000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: exclusions: %w", err)
	}
	shut := map[int64]Out{}
	for _, x := range list {
		o, known := shut[x.CaseID]
		if !known {
			o = Out{map[int64]bool{}, map[int64]bool{}}
			shut[x.CaseID] = o
		}
		if x.StaffID != nil {
			o.People[*x.StaffID] = true
		}
		if x.DepartmentID != nil {
			o.Departments[*x.DepartmentID] = true
		}
	}
	return shut, nil
}
