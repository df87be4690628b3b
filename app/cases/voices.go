package cases

import (
	"fmt"

	"mingjing/app/calendar"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Voice is what the public said about a problem: how many comments came, and
// the subjects of the answers that were published. It quotes nothing that only
// the sender and the handler know.
type Voice struct {
	ProblemID int64 // as the sender chose it: the ledger's, or one that an announcement names
	Code      string
	Title     string
	Comments  int
	Subjects  []string `gorm:"-"` // newest first
}

// maxSubjects bounds the subjects of one problem.
const maxSubjects = 5

// Voices reads what the public said about the problems of a programme since a
// day, that day included, as far as the actor may see it: the most spoken of first.
func Voices(r *store.Reader, a staff.Actor, programmeID int64, since calendar.Date, limit int) ([]Voice, error) {
	if err := a.Require(staff.RectificationOffice, staff.Leader, staff.Supervisor); err != nil {
		return nil, err
	}
	var list []Voice
	q := visible(r.Table("cases").Select("cases.problem_id, problems.code, problems.title, count(*) AS comments"), a).
		Joins("JOIN problems ON problems.id = cases.problem_id").
		Where("problems.programme_id = ? AND cases.kind = ? AND cases.state <> ?", programmeID, Comment, Invalid)
	if !since.IsZero() {
		q = q.Where("cases.received_on >= ?", since)
	}
	err := q.Group("cases.problem_id, problems.code, problems.title").Order("comments DESC, cases.problem_id").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: voices: %w", err)
	}
	at, ids := map[int64]int{}, []int64{}
	for i, v := range list {
		at[v.ProblemID] = i
		ids = append(ids, v.ProblemID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var said []struct {
		ProblemID int64
		Title     string
	}
	p := r.Table("published_replies").Select("problem_id, title").Where("problem_id IN ? AND state = 'published'", ids)
	if !since.IsZero() {
		p = p.Where("asked_on >= ?", since)
	}
	if err := p.Order("id DESC").Limit(maxSubjects * 100).Find(&said).Error; err != nil {
		return nil, fmt.Errorf("cases: voices: %w", err)
	}
	for _, x := range said {
		if v := &list[at[x.ProblemID]]; len(v.Subjects) < maxSubjects {
			v.Subjects = append(v.Subjects, x.Title)
		}
	}
	return list, nil
}
