package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Likely is a ledger problem that an announced one may stand for.
type Likely struct {
	Problem
	Aspect string
	Share  int  // percent of the shorter wording's pairs of characters found in the other
	Same   bool // under the same aspect
}

// Mapped is an announced problem, what it was confirmed to stand for, and what
// is proposed by likeness of words. One matter is counted once: the ledger's.
type Mapped struct {
	Problem
	Aspect   string
	Linked   []Likely // confirmed
	Proposed []Likely // not confirmed; under the same aspect first, then the most alike
}

// ProblemMap sets the announced problems of a programme beside the ledger's.
type ProblemMap struct {
	Announced []Mapped
	Unnamed   []Problem // ledger problems that no announcement is confirmed to name
	Ledger    int
}

// Below these shares likeness is chance; another aspect needs more.
const (
	likelyHere      = 25
	likelyElsewhere = 45
	proposals       = 4
	maxProblems     = 1000
)

// OpenMapping reads the mapping with its proposals.
func OpenMapping(r *store.Reader, a staff.Actor, p Programme) (ProblemMap, error) {
	var m ProblemMap
	if err := a.Require(staff.RectificationOffice); err != nil {
		return m, err
	}
	type row struct {
		Problem
		Aspect string
	}
	var rows []row
	err := r.Table("problems").Select(problemColumns+", aspects.title AS aspect").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Where("problems.programme_id = ?", p.ID).Order("aspects.no, problems.no, problems.id").Limit(2 * maxProblems).Find(&rows).Error
	if err != nil {
		return m, fmt.Errorf("ledger: mapping: %w", err)
	}
	words, err := wording(r, p.ID)
	if err != nil {
		return m, err
	}
	var links []struct{ AnnouncedID, ProblemID int64 }
	err = r.Table("problem_links").Select("problem_links.announced_id, problem_links.problem_id").Joins("JOIN problems ON problems.id = problem_links.announced_id").
		Where("problems.programme_id = ?", p.ID).Order("problem_links.announced_id, problem_links.problem_id").Limit(10 * maxProblems).Find(&links).Error
	if err != nil {
		return m, fmt.Errorf("ledger: mapping: %w", err)
	}
	linked, named := map[[2]int64]bool{}, map[int64]bool{}
	for _, l := range links {
		linked[[2]int64{l.AnnouncedID, l.ProblemID}], named[l.ProblemID] = true, true
	}
	titles := map[int64]search.Pairs{}
	for _, x := range rows {
		titles[x.ID] = search.PairsOf(x.Title)
	}
	for _, x := range rows {
		if !x.Announced {
			m.Ledger++
			if !named[x.ID] {
				m.Unnamed = append(m.Unnamed, x.Problem)
			}
			continue
		}
		of := Mapped{Problem: x.Problem, Aspect: x.Aspect}
		for _, y := range rows {
			if y.Announced {
				continue
			}
			likely := Likely{Problem: y.Problem, Aspect: y.Aspect, Same: x.AspectID == y.AspectID,
				Share: max(titles[x.ID].Share(titles[y.ID]), words[x.ID].Share(titles[y.ID]), titles[x.ID].Share(words[y.ID]))}
			switch {
			case linked[[2]int64{x.ID, y.ID}]:
				of.Linked = append(of.Linked, likely)
			case likely.Share >= likelyElsewhere || likely.Same && likely.Share >= likelyHere:
				of.Proposed = append(of.Proposed, likely)
			}
		}
		slices.SortStableFunc(of.Proposed, func(a, b Likely) int {
			if a.Same != b.Same {
				if a.Same {
					return -1
				}
				return 1
			}
			return cmp.Compare(b.Share, a.Share)
		})
		of.Proposed = of.Proposed[:min(len(of.Proposed), proposals)]
		m.Announced = append(m.Announced, of)
	}
	return m, nil
}

// wording is everything that is said about each problem of a programme: parts,
// sentences, measures.
func wording(r *store.Reader, programmeID int64) (map[int64]search.Pairs, error) {
	var rows []struct {
		ID   int64
		Text string
	}
	err := r.Raw(`SELECT problem_id AS id, title AS text FROM sub_problems WHERE problem_id IN (SELECT id FROM problems WHERE programme_id = ?)
		UNION ALL SELECT problem_id, text FROM statements WHERE problem_id IN (SELECT id FROM problems WHERE programme_id = ?)
		UNION ALL SELECT problem_id, title FROM measures WHERE programme_id = ? ORDER BY 1 LIMIT 50000`, programmeID, programmeID, programmeID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: mapping: %w", err)
	}
	texts := map[int64][]string{}
	for _, x := range rows {
		texts[x.ID] = append(texts[x.ID], x.Text)
	}
	out := map[int64]search.Pairs{}
	for id, list := range texts {
		out[id] = search.PairsOf(strings.Join(list, "\n"))
	}
	return out, nil
}

// Map confirms which ledger problems an announced one stands for; seen are
// those confirmed when the form was made. None takes the mapping back.
func (s *Service) Map(ctx context.Context, a staff.Actor, announcedID int64, seen, problems []int64) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := ProblemByID(&tx.Reader, announcedID)
		if err != nil {
			return err
		}
		if !x.Announced {
			return fault.New(fault.Conflict, "这是台账里的问题，请从通报点名的问题一边确认对应关系。")
		}
		var was []int64
		if err := tx.Table("problem_links").Where("announced_id = ?", x.ID).Order("problem_id").Pluck("problem_id", &was).Error; err != nil {
			return fmt.Errorf("ledger: map: %w", err)
		}
		slices.Sort(seen)
		if !slices.Equal(was, slices.Compact(seen)) {
			return errMoved
		}
		slices.Sort(problems)
		problems = slices.Compact(problems)
		var codes []string
		if len(problems) > 0 {
			err := tx.Model(&Problem{}).Where("id IN ? AND programme_id = ? AND NOT announced", problems, x.ProgrammeID).Order("id").Limit(len(problems)).Pluck("code", &codes).Error
			if err != nil {
				return fmt.Errorf("ledger: map: %w", err)
			}
		}
		if len(codes) != len(problems) {
			return fault.Form([]fault.Field{{Name: "codes", Message: "只能对应同一轮整改台账里的问题，请核对编号。"}})
		}
		if slices.Equal(was, problems) {
			return nil
		}
		if err := tx.Exec("DELETE FROM problem_links WHERE announced_id = ?", x.ID).Error; err != nil {
			return fmt.Errorf("ledger: map: %w", err)
		}
		for _, id := range problems {
			if err := link(tx, a, x.ID, id); err != nil {
				return err
			}
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "problem.map", Subject: "problem", SubjectID: x.ID,
			Changes: []journal.Change{{Field: "problems", New: strings.Join(codes, "、")}}, Public: true})
	})
}

// link keeps that an announced problem stands for one of the ledger's.
func link(tx *store.Tx, a staff.Actor, announced, problem int64) error {
	err := tx.Exec("INSERT INTO problem_links (announced_id, problem_id, at, actor_id, actor_name) VALUES (?, ?, ?, ?, ?)", announced, problem, tx.Now, a.ID, a.Name).Error
	if err != nil {
		return fmt.Errorf("ledger: map: %w", err)
	}
	return nil
}

// ProblemIDs finds the problems of a programme that count by their codes;
// unknown are the codes that it does not hold.
func ProblemIDs(r *store.Reader, p Programme, codes []string) (ids []int64, unknown []string, err error) {
	if len(codes) == 0 {
		return nil, nil, nil
	}
	var list []Problem
	if err := r.Select("id, code").Where("programme_id = ? AND announced = ? AND code IN ?", p.ID, !p.Ledger, codes).Order("id").Limit(len(codes)).Find(&list).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: problems by code: %w", err)
	}
	known := map[string]int64{}
	for _, p := range list {
		known[p.Code] = p.ID
	}
	for _, c := range codes {
		if known[c] == 0 {
			unknown = append(unknown, c)
			continue
		}
		ids = append(ids, known[c])
	}
	return ids, unknown, nil
}
