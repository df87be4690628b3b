package ledger

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/store"
)

// Standing is how far the published measures of a problem are.
type Standing struct {
	Measures int
	Done     int // claimed
	Closed   int // verified
	Overdue  int
	Next     calendar.Date // the next due date or check, from today on
}

// Standings reads how far problems are, in one query.
func Standings(r *store.Reader, problems []int64) (map[int64]Standing, error) {
	out := map[int64]Standing{}
	if len(problems) == 0 {
		return out, nil
	}
	today := calendar.Of(r.Now)
	const open = "status <> 'done' AND closing <> 'closed'"
	var rows []struct {
		ProblemID, Measures, Done, Closed, Overdue int64
		DueOn, CheckOn                             calendar.Date
	}
	err := r.Table("measures").Select(`problem_id, count(*) AS measures, sum(CASE WHEN status = 'done' THEN 1 ELSE 0 END) AS done,
		sum(CASE WHEN closing = 'closed' THEN 1 ELSE 0 END) AS closed, sum(CASE WHEN due_on < ? AND `+open+` THEN 1 ELSE 0 END) AS overdue,
		min(CASE WHEN due_on >= ? AND `+open+` THEN due_on END) AS due_on, min(CASE WHEN check_on >= ? THEN check_on END) AS check_on`, today, today, today).
		Where("problem_id IN ? AND published", problems).Group("problem_id").Order("problem_id").Limit(len(problems)).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: standings: %w", err)
	}
	for _, x := range rows {
		s := Standing{int(x.Measures), int(x.Done), int(x.Closed), int(x.Overdue), x.DueOn}
		if s.Next.IsZero() || !x.CheckOn.IsZero() && x.CheckOn.Before(s.Next) {
			s.Next = x.CheckOn
		}
		out[x.ProblemID] = s
	}
	return out, nil
}

// Placed is a problem with the programme it is in, which is what its address is made of.
type Placed struct {
	ID        int64
	Code      string
	Title     string
	Announced bool
	Slug      string
	Main      bool
	Ledger    bool
}

// Place finds published problems that something refers to.
func Place(r *store.Reader, ids ...int64) (map[int64]Placed, error) {
	out := map[int64]Placed{}
	if len(ids) == 0 {
		return out, nil
	}
	var list []Placed
	err := r.Table("problems").Select("problems.id, problems.code, problems.title, problems.announced, programmes.slug, programmes.main, programmes.ledger").
		Joins("JOIN programmes ON programmes.id = problems.programme_id").Where("problems.id IN ? AND problems.published", ids).
		Order("problems.id").Limit(len(ids)).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: place: %w", err)
	}
	for _, p := range list {
		out[p.ID] = p
	}
	return out, nil
}

// Listing is a programme with how many problems it shows.
type Listing struct {
	Programme
	Problems int
}

// Programmes lists the programmes that show problems, the main one first.
func Programmes(r *store.Reader) ([]Listing, error) {
	var list []Listing
	err := r.Table("programmes").Select("programmes.id, programmes.slug, programmes.title, programmes.main, programmes.ledger, programmes.demo, count(*) AS problems").
		Joins("JOIN problems ON problems.programme_id = programmes.id AND problems.published AND problems.announced <> programmes.ledger").
		Group("programmes.id, programmes.slug, programmes.title, programmes.main, programmes.ledger, programmes.demo").
		Order("programmes.main DESC, programmes.id DESC").Limit(100).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: programmes: %w", err)
	}
	return list, nil
}

// MeasurePage finds the problem on whose page a published measure stands.
func MeasurePage(r *store.Reader, programmeID int64, code string) (problem string, ok bool, err error) {
	var codes []string
	err = r.Table("measures").Joins("JOIN problems ON problems.id = measures.problem_id").
		Where("measures.programme_id = ? AND measures.code = ? AND measures.published AND problems.published", programmeID, code).
		Order("measures.id").Limit(1).Pluck("problems.code", &codes).Error
	if err != nil || len(codes) == 0 {
		return "", false, err
	}
	return codes[0], true, nil
}

// Line is a line of the public history with what it leads to.
type Line struct {
	Event
	ProblemCode  string
	Announced    bool   // the problem is one that an announcement names
	MeasureCode  string // of a measure that is public
	Title        string // of that measure, else of the problem
	Announcement string // its slug
}

// lines reads the history as far as what it speaks of is public today; when
// something was public and when not stays told.
func lines(r *store.Reader) *gorm.DB {
	return VisibleEvents(r.Table("ledger_events")).Select(`ledger_events.id, ledger_events.programme_id, ledger_events.problem_id, ledger_events.measure_id,
		ledger_events.announcement_id, ledger_events.kind, ledger_events.on_day, ledger_events.at, ledger_events.text,
		CASE WHEN problems.published THEN problems.code ELSE '' END AS problem_code, coalesce(problems.announced, FALSE) AS announced,
		coalesce(measures.code, '') AS measure_code, coalesce(measures.title, CASE WHEN problems.published THEN problems.title END, '') AS title, coalesce(announcements.slug, '') AS announcement`)
}

// VisibleEvents narrows a query of ledger_events to what the public may see,
// and joins the problem, measure and announcement that each is about.
func VisibleEvents(q *gorm.DB) *gorm.DB {
	return q.Joins("LEFT JOIN problems ON problems.id = ledger_events.problem_id").
		Joins("LEFT JOIN measures ON measures.id = ledger_events.measure_id AND measures.published").
		Joins("LEFT JOIN announcements ON announcements.id = ledger_events.announcement_id AND announcements.state = 'published'").
		Where(`(ledger_events.problem_id IS NULL OR problems.published OR ledger_events.measure_id IS NULL AND ledger_events.kind = 'withdrawn')
			AND (ledger_events.measure_id IS NULL OR measures.id IS NOT NULL OR ledger_events.kind IN ('withdrawn', 'shown'))`)
}

// Latest lists the newest lines of the public history that are not about a
// single problem's part in an announcement; before is the last line of the page
// before, or 0.
func Latest(r *store.Reader, programmeID, before int64, limit int) ([]Line, error) {
	q := lines(r).Where("ledger_events.programme_id = ? AND (ledger_events.problem_id IS NULL OR ledger_events.announcement_id IS NULL)", programmeID)
	if before > 0 {
		q = q.Where("ledger_events.id < ?", before)
	}
	var list []Line
	if err := q.Order("ledger_events.id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: latest: %w", err)
	}
	return list, nil
}

// News lists the newest lines after one event up to another: those of a problem,
// or, for nil, of the programme as Latest does.
func News(r *store.Reader, programmeID int64, problemID *int64, after, upTo int64, limit int) ([]Line, error) {
	q := lines(r).Where("ledger_events.programme_id = ? AND ledger_events.id > ? AND ledger_events.id <= ?", programmeID, after, upTo)
	if problemID != nil {
		q = q.Where("ledger_events.problem_id = ?", *problemID)
	} else {
		q = q.Where("ledger_events.problem_id IS NULL OR ledger_events.announcement_id IS NULL")
	}
	var list []Line
	if err := q.Order("ledger_events.id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: news: %w", err)
	}
	return list, nil
}

// Refused is why closing something was refused, as far as the public is told:
// the reason and who found it. The reviewer's text stays inside.
type Refused struct {
	MeasureID *int64
	ProblemID *int64
	Step      string
	Reason    Refusal
	At        time.Time
}

// Reviewer is the review that refused, in Chinese.
func (x Refused) Reviewer() string {
	for _, v := range reviews {
		if v.name == x.Step {
			return v.words
		}
	}
	return ""
}

// refusals reads why the problem or its published measures were refused last.
func refusals(r *store.Reader, problemID int64) ([]Refused, error) {
	var list []Refused
	err := r.Table("closing_steps").Select("closings.measure_id, closings.problem_id, closing_steps.step, closing_steps.reason, closing_steps.at").
		Joins("JOIN closings ON closings.id = closing_steps.closing_id").
		Where(`closings.state = 'refused' AND NOT closing_steps.passed AND closing_steps.reason <> '' AND (closings.problem_id = ? OR closings.measure_id IN
			(SELECT id FROM measures WHERE problem_id = ? AND published AND closing = 'refused'))`, problemID, problemID).
		Order("closing_steps.id DESC").Limit(maxMeasures).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: refusals: %w", err)
	}
	return list, nil
}

// publicEvidence reads what is shown on a problem's page, without its place in the store.
func publicEvidence(r *store.Reader, problemID int64) ([]Evidence, error) {
	var list []Evidence
	err := r.Select("id, measure_id, problem_id, title, url, name, media_type, size, public").
		Where(`public AND withdrawn_at IS NULL AND (problem_id = ? OR measure_id IN (SELECT id FROM measures WHERE problem_id = ? AND published))`, problemID, problemID).
		Order("id").Limit(maxMeasures).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: evidence: %w", err)
	}
	return list, nil
}

// FindProgramme is the programme with this slug, or the main one for none. One
// that shows nothing is not found.
func FindProgramme(r *store.Reader, slug string) (Programme, error) {
	if slug == "" {
		return Main(r)
	}
	p, err := ProgrammeBySlug(r, slug)
	if fault.Is(err, fault.NotFound) {
		return p, fault.New(fault.NotFound, "没有这一轮整改。请从整改进展页查找。")
	}
	return p, err
}
