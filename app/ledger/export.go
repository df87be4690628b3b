package ledger

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Export is a programme's ledger that somebody may take out.
type Export struct {
	Programme Programme
	Name      string // of the file
	s         *Service
}

// Exporters may take the whole ledger out, with what is for staff only.
var Exporters = []staff.Role{staff.RectificationOffice, staff.Leader}

// PrepareExport checks who asks, records it, and names the file; format is
// xlsx or csv. A programme that is not there is an empty ledger, to be filled in.
func (s *Service) PrepareExport(ctx context.Context, a staff.Actor, slug, format string) (Export, error) {
	e := Export{s: s}
	if err := a.Require(Exporters...); err != nil {
		return e, err
	}
	if format != "xlsx" && format != "csv" {
		return e, fault.New(fault.Unsupported, "台账只能导出为 .xlsx 或 .csv。")
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if e.Programme, err = programmeFor(&tx.Reader, slug); err != nil {
			return err
		}
		if slug != "" && e.Programme.ID == 0 {
			return fault.New(fault.NotFound, "没有地址名为“"+slug+"”的整改。")
		}
		e.Name = "整改台账-" + calendar.Of(tx.Now).String() + "." + format
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "ledger.export", Subject: "programme", SubjectID: e.Programme.ID,
			Changes: []journal.Change{{Field: "format", New: format}}})
	})
	return e, err
}

// Write streams the ledger; what was written before an error is no ledger.
func (e Export) Write(ctx context.Context, w io.Writer) error {
	return e.s.db.Read(ctx, func(r *store.Reader) error {
		out, err := open(w, strings.HasSuffix(e.Name, ".csv"), r.Now)
		if err != nil {
			return fmt.Errorf("ledger: export: %w", err)
		}
		if err := entries(r, e.Programme, func(x entry) error { return out.Row(x[:]) }); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return fmt.Errorf("ledger: export: %w", err)
		}
		return nil
	})
}

// ExportSheet writes a programme's ledger as .xlsx or .csv: the columns that
// ImportSheet reads.
func (s *Service) ExportSheet(ctx context.Context, a staff.Actor, slug, format string, w io.Writer) error {
	e, err := s.PrepareExport(ctx, a, slug, format)
	if err != nil {
		return err
	}
	return e.Write(ctx, w)
}

func open(w io.Writer, asCSV bool, at time.Time) (sheet.Writer, error) {
	var columns []sheet.Column
	var headings []string
	for _, c := range Columns {
		columns, headings = append(columns, sheet.Column{Heading: c.Title, Width: c.Width}), append(headings, c.Title)
	}
	if !asCSV {
		return sheet.NewXLSX(w, "整改台账", at, columns)
	}
	out, err := sheet.NewCSV(w)
	if err == nil {
		err = out.Row(headings)
	}
	return out, err
}

// Bounds of what an export holds in memory.
const (
	problemsAtOnce = 100
	measuresAtOnce = 2000
)

// entries visits the ledger in its order, some problems at a time.
func entries(r *store.Reader, p Programme, visit func(entry) error) error {
	if p.ID == 0 {
		return nil
	}
	t := &tree{programme: p, names: map[int64]string{}}
	departments, err := staff.AllDepartments(r)
	if err != nil {
		return err
	}
	for _, d := range departments {
		t.names[d.ID] = d.Name
	}
	var aspects []Aspect
	if err := r.Where("programme_id = ?", p.ID).Order("no").Limit(1000).Find(&aspects).Error; err != nil {
		return fmt.Errorf("ledger: aspects: %w", err)
	}
	for _, a := range aspects {
		for last := 0; ; {
			var problems []Problem
			if err := r.Where("aspect_id = ? AND announced = ? AND no > ?", a.ID, false, last).Order("no").Limit(problemsAtOnce).Find(&problems).Error; err != nil {
				return fmt.Errorf("ledger: problems: %w", err)
			}
			if len(problems) == 0 {
				break
			}
			if err := t.some(r, a, problems, visit); err != nil {
				return err
			}
			last = problems[len(problems)-1].No
		}
	}
	return nil
}

// some visits a few problems: what stands under each itself, then its parts.
func (t *tree) some(r *store.Reader, a Aspect, problems []Problem, visit func(entry) error) error {
	var places []*subNode // in the order of the ledger
	ids := make([]int64, len(problems))
	at := &aspectNode{Aspect: a}
	byProblem, bySub := map[int64]*problemNode{}, map[int64]*subNode{}
	for i, x := range problems {
		ids[i] = x.ID
		byProblem[x.ID] = newProblem(x, at)
	}
	var subs []SubProblem
	if err := r.Where("problem_id IN ?", ids).Order("problem_id, no").Limit(maxTree).Find(&subs).Error; err != nil {
		return fmt.Errorf("ledger: sub-problems: %w", err)
	}
	for _, x := range subs {
		s := &subNode{SubProblem: x, problem: byProblem[x.ProblemID]}
		s.problem.subs, bySub[x.ID] = append(s.problem.subs, s), s
	}
	order := map[*subNode]int{}
	for _, n := range at.problems {
		for _, s := range n.all() {
			order[s] = len(places)
			places = append(places, s)
		}
	}
	next, written := 0, -1 // the first place not passed, and the last that had a measure
	pass := func(to int) error {
		for ; next < to; next++ {
			s := places[next]
			if next == written || s.direct && (len(s.problem.subs) > 0) {
				continue
			}
			if err := visit(t.entry(s, nil)); err != nil {
				return err
			}
		}
		return nil
	}
	key := [4]int64{-1}
	for {
		list, more, err := page(r, ids, &key)
		if err != nil {
			return err
		}
		for i := range list {
			m := &list[i]
			s := &byProblem[m.ProblemID].direct
			if m.SubProblemID != nil {
				s = bySub[*m.SubProblemID]
			}
			if err := pass(order[s]); err != nil {
				return err
			}
			written = next
			if err := visit(t.entry(s, &measureNode{Measure: *m, sub: s, co: m.CoDepts})); err != nil {
				return err
			}
		}
		if !more {
			return pass(len(places))
		}
	}
}

// page reads the measures of some problems of one aspect after a key: numbers
// of problem, part and measure, and the id.
func page(r *store.Reader, problems []int64, key *[4]int64) ([]Measure, bool, error) {
	var rows []struct {
		Measure
		ProblemNo, SubNo int64
	}
	err := r.Table("measures").Select("measures.*, problems.no AS problem_no, coalesce(sub_problems.no, 0) AS sub_no").
		Joins("JOIN problems ON problems.id = measures.problem_id").Joins("LEFT JOIN sub_problems ON sub_problems.id = measures.sub_problem_id").
		Where("measures.problem_id IN ? AND (problems.no, coalesce(sub_problems.no, 0), measures.no, measures.id) > (?, ?, ?, ?)", problems, key[0], key[1], key[2], key[3]).
		Order("problems.no, coalesce(sub_problems.no, 0), measures.no, measures.id").Limit(measuresAtOnce).Find(&rows).Error
	if err != nil {
		return nil, false, fmt.Errorf("ledger: measures: %w", err)
	}
	list := make([]Measure, len(rows))
	for i, x := range rows {
		list[i] = x.Measure
	}
	if len(rows) > 0 {
		x := rows[len(rows)-1]
		*key = [4]int64{x.ProblemNo, x.SubNo, int64(x.No), x.ID}
	}
	return list, len(rows) == measuresAtOnce, cmp.Or(nameDepartments(r, list), nil)
}
