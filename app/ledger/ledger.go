// Package ledger holds what was inspected and how far putting it right has
// come: programme, aspect, problem, sub-problem, measure with its evidence,
// closing and supervision, and the announcements with their stated figures and
// sentences.
//
// What an announcement states and what the ledger counts are kept apart and
// compared, never mixed; once a programme's ledger is in, the problems that an
// announcement named are mapped to the ledger's and no longer counted. A status
// that no source gives is unstated. What a department claims (Status) and what
// was verified (Closing) are two tracks. It trusts announce for the reading of
// a text. It must never invent a status, a date or a figure, never change a
// published text, and never lose what a measure was first promised for.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Service is the room.
type Service struct {
	db    *store.DB
	blobs blob.Store
}

// New opens the room; blobs hold the evidence.
func New(db *store.DB, blobs blob.Store) *Service { return &Service{db, blobs} }

// Programme is one inspection and the rectification that follows it.
type Programme struct {
	ID            int64
	Slug          string // in addresses of programmes that are not the main one
	Title         string
	Text          string // what the court says of it, for the public
	Internal      string // for staff only
	Inspected     string // who was inspected, as the announcement is signed
	Inspector     string
	InspectedFrom calendar.Date
	InspectedTo   calendar.Date
	FeedbackOn    calendar.Date
	Main          bool // the one on the home page
	Ledger        bool // its ledger is in: announced problems are mapped, not counted
	Demo          bool // fictional
	Version       int  // how often its texts were changed
	CreatedAt     time.Time
}

// programmeColumns leaves Internal out: what the public reads never holds it.
const programmeColumns = `programmes.id, programmes.slug, programmes.title, programmes.text, programmes.inspected, programmes.inspector, programmes.inspected_from,
programmes.inspected_to, programmes.feedback_on, programmes.main, programmes.ledger, programmes.demo, programmes.version, programmes.created_at`

// Aspect is a heading under which problems stand.
type Aspect struct {
	ID          int64
	ProgrammeID int64
	No          int
	Title       string
	Text        string // for the public
	Internal    string // for staff only
	Version     int    // how often its texts were changed
}

// aspectColumns leaves Internal out: what the public reads never holds it.
const aspectColumns = "aspects.id, aspects.programme_id, aspects.no, aspects.title, aspects.text, aspects.version"

// Status is how far something is said to be.
type Status string

const (
	Unstated      Status = "unstated"       // the source does not say
	NotStarted    Status = "not_started"    // 未启动
	InProgress    Status = "in_progress"    // 整改中
	BasicallyDone Status = "basically_done" // 基本完成
	Done          Status = "done"           // 已完成
	LongTerm      Status = "long_term"      // 长期坚持
)

// Statuses lists them in order.
var Statuses = []Status{Unstated, NotStarted, InProgress, BasicallyDone, Done, LongTerm}

// Closing is how far the verification of a completed item has come.
type Closing string

const (
	NotApplied     Closing = "none"
	Applied        Closing = "applied"              // waits for the lead department's review
	LeadDeptPassed Closing = "lead_dept"            // waits for the rectification office
	OfficePassed   Closing = "rectification_office" // waits for the discipline group
	Closed         Closing = "closed"               // 已销号
	ClosingRefused Closing = "refused"              // 不予销号
)

// Problem is one problem that the inspection found: as an announcement names it
// (Announced), or as the ledger holds it.
type Problem struct {
	ID          int64
	ProgrammeID int64
	AspectID    int64
	Announced   bool
	No          int
	Code        string // aspect-problem, such as 1-3
	Title       string
	Text        string // what it is about, for the public
	Internal    string // for staff only
	Leader      string
	Status      Status // with measures: theirs, rolled up
	Closing     Closing
	ClosedOn    calendar.Date
	ReopenedOn  calendar.Date // a look-back reopened it, and it is not closed again
	Published   bool
	Version     int
}

// problemColumns leaves Internal out: what the public reads never holds it.
const problemColumns = `problems.id, problems.programme_id, problems.aspect_id, problems.announced, problems.no, problems.code, problems.title, problems.text,
problems.leader, problems.status, problems.closing, problems.closed_on, problems.reopened_on, problems.published, problems.version`

// SubProblem is a part of a problem.
type SubProblem struct {
	ID        int64
	ProblemID int64
	No        int
	Title     string
	Text      string // for the public
	Internal  string // for staff only
}

// Statement is a sentence of an announcement about a problem: what was said, not a measure.
type Statement struct {
	ID             int64
	AnnouncementID int64
	ProblemID      int64
	SubProblemID   *int64
	No             int
	Text           string
}

// Event is a line of the public history.
type Event struct {
	ID             int64
	ProgrammeID    int64
	ProblemID      *int64
	MeasureID      *int64
	AnnouncementID *int64
	Kind           string // what happened: announced, imported, progress, due, applied, refused, closed, reopened, confirmed
	OnDay          calendar.Date
	At             time.Time
	Text           string
}

func (Event) TableName() string { return "ledger_events" }

// Main is the programme on the home page; NotFound when there is none yet.
func Main(r *store.Reader) (Programme, error) { return programme(r, "main") }

// ProgrammeBySlug finds one of the other programmes.
func ProgrammeBySlug(r *store.Reader, slug string) (Programme, error) {
	return programme(r, "slug = ?", slug)
}

// AllProgrammes lists them for staff, the main one first.
func AllProgrammes(r *store.Reader) ([]Programme, error) {
	var list []Programme
	if err := r.Select(programmeColumns).Order("main DESC, id DESC").Limit(100).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: programmes: %w", err)
	}
	return list, nil
}

// ProgrammeByID finds the programme that something belongs to.
func ProgrammeByID(r *store.Reader, id int64) (Programme, error) { return programme(r, "id = ?", id) }

func programme(r *store.Reader, where string, args ...any) (Programme, error) {
	var p Programme
	err := r.Select(programmeColumns).Where(where, args...).Order("id").Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return p, fault.New(fault.NotFound, "还没有公布整改进展。")
	}
	if err != nil {
		return p, fmt.Errorf("ledger: programme: %w", err)
	}
	return p, nil
}

// FindProblem finds a published problem by its code, or by that of one of its
// measures (1-3-2-1); that of another programme after its slug (2027/1-3).
func FindProblem(r *store.Reader, code string) (Problem, error) {
	slug, rest, other := strings.Cut(code, "/")
	p, err := Main(r)
	if other {
		code = rest
		p, err = ProgrammeBySlug(r, slug)
	}
	if err != nil {
		return Problem{}, err
	}
	return ProblemByCode(r, p, code)
}

// ProblemByCode finds a published problem of a programme, or that of a measure:
// once the ledger is in, of the ledger's own alone. Before, no measure is known
// and the code of one leads to its problem.
func ProblemByCode(r *store.Reader, p Programme, code string) (Problem, error) {
	of, ok, err := MeasurePage(r, p.ID, code)
	parts := strings.SplitN(code, "-", 3)
	switch {
	case err != nil:
		return Problem{}, err
	case ok:
		code = of
	case !p.Ledger && len(parts) == 3:
		code = parts[0] + "-" + parts[1]
	}
	return problem(r.DB, "programme_id = ? AND code = ? AND announced = ? AND published", p.ID, code, !p.Ledger)
}

// ProblemByID reads a problem that something refers to.
func ProblemByID(r *store.Reader, id int64) (Problem, error) { return problem(r.DB, "id = ?", id) }

var errNoProblem = fault.New(fault.NotFound, "没有这个编号的问题。请从整改进展页查找。")

func problem(q *gorm.DB, where string, args ...any) (Problem, error) {
	var p Problem
	err := q.Select(problemColumns).Where(where, args...).Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return p, errNoProblem
	}
	if err != nil {
		return p, fmt.Errorf("ledger: problem: %w", err)
	}
	return p, nil
}

// Detail is a problem with all that is public about it.
type Detail struct {
	Programme    Programme
	Aspect       Aspect
	Problem      Problem
	Linked       []Problem // of a ledger problem the announced ones it is part of; of an announced one the ledger's
	Subs         []SubProblem
	Measures     []Measure  // published ones, in the ledger's order
	Evidence     []Evidence // public files and links of the problem and its published measures
	Refusals     []Refused  // of what is refused now
	Statements   []Statement
	Announcement Announcement // the one the statements come from
	Events       []Line
	Rules        []Rule // that answer it, without their texts
	Previous     *Problem
	Next         *Problem
}

// Describe reads a problem's page.
func Describe(r *store.Reader, programme Programme, code string) (Detail, error) {
	p, err := ProblemByCode(r, programme, code)
	if err != nil {
		return Detail{}, err
	}
	return describe(r, programme, p)
}

// DescribeAnnounced reads the page of a problem as an announcement names it;
// the ledger may hold another one under the same code.
func DescribeAnnounced(r *store.Reader, programme Programme, code string) (Detail, error) {
	p, err := problem(r.DB, "programme_id = ? AND announced AND code = ? AND published", programme.ID, code)
	if err != nil {
		return Detail{}, err
	}
	return describe(r, programme, p)
}

func describe(r *store.Reader, programme Programme, p Problem) (Detail, error) {
	d := Detail{Programme: programme, Problem: p}
	var err error
	if err := r.Select(aspectColumns).Where("id = ?", d.Problem.AspectID).Take(&d.Aspect).Error; err != nil {
		return d, fmt.Errorf("ledger: aspect: %w", err)
	}
	if d.Linked, err = linked(r, d.Problem); err != nil {
		return d, err
	}
	if err := r.Select("id, problem_id, no, title, text").Where("problem_id = ? AND "+named, d.Problem.ID).Order("no").Limit(200).Find(&d.Subs).Error; err != nil {
		return d, fmt.Errorf("ledger: sub-problems: %w", err)
	}
	if d.Measures, err = publishedMeasures(r, d.Problem.ID); err != nil {
		return d, err
	}
	if d.Evidence, err = publicEvidence(r, p.ID); err != nil {
		return d, err
	}
	if d.Refusals, err = refusals(r, p.ID); err != nil {
		return d, err
	}
	about := d.About()
	// The newest announcement that speaks of the problem is the one quoted.
	var last Statement
	if err := r.Where("problem_id IN ? AND "+told, about).Order("announcement_id DESC").Limit(1).Find(&last).Error; err != nil {
		return d, fmt.Errorf("ledger: statements: %w", err)
	}
	if last.ID != 0 {
		if err := r.Where("problem_id IN ? AND announcement_id = ?", about, last.AnnouncementID).Order("problem_id, no").Limit(1000).Find(&d.Statements).Error; err != nil {
			return d, fmt.Errorf("ledger: statements: %w", err)
		}
		if err := r.Select(announcementColumns).Where("id = ?", last.AnnouncementID).Take(&d.Announcement).Error; err != nil {
			return d, fmt.Errorf("ledger: announcement: %w", err)
		}
	}
	if err := lines(r).Where("ledger_events.problem_id IN ?", about).Order("ledger_events.id DESC").Limit(200).Find(&d.Events).Error; err != nil {
		return d, fmt.Errorf("ledger: events: %w", err)
	}
	if d.Rules, err = rulesFor(r, p.ID); err != nil {
		return d, err
	}
	for _, n := range []struct {
		to    **Problem
		cond  string
		order string
	}{{&d.Previous, "<", "aspects.no DESC, problems.no DESC"}, {&d.Next, ">", "aspects.no, problems.no"}} {
		var list []Problem
		err := r.Select(problemColumns).Joins("JOIN aspects ON aspects.id = problems.aspect_id").
			Where("problems.programme_id = ? AND problems.announced = ? AND problems.published AND (aspects.no, problems.no) "+n.cond+" (?, ?)",
				programme.ID, d.Problem.Announced, d.Aspect.No, d.Problem.No).
			Order(n.order).Limit(1).Find(&list).Error
		if err != nil {
			return d, fmt.Errorf("ledger: neighbours: %w", err)
		}
		if len(list) == 1 {
			*n.to = &list[0]
		}
	}
	return d, nil
}

// About are the problems whose sentences, history and comments belong on this
// page: itself, and what an announcement calls it.
func (d Detail) About() []int64 {
	ids := []int64{d.Problem.ID}
	if !d.Problem.Announced {
		for _, p := range d.Linked {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// linked reads the published problems on the other side of the mapping.
func linked(r *store.Reader, p Problem) ([]Problem, error) {
	join, where := "problem_links.problem_id = problems.id", "problem_links.announced_id = ?"
	if !p.Announced {
		join, where = "problem_links.announced_id = problems.id", "problem_links.problem_id = ?"
	}
	var list []Problem
	err := r.Select(problemColumns).Joins("JOIN problem_links ON "+join).Where(where+" AND problems.published", p.ID).
		Order("problems.aspect_id, problems.no").Limit(200).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: linked problems: %w", err)
	}
	return list, nil
}

// Outline is a programme's aspects with their published problems, in order.
type Outline struct {
	Aspect   Aspect
	Problems []Problem
}

// Outlines reads the problems of a programme that count, under their aspects.
func Outlines(r *store.Reader, programme Programme) ([]Outline, error) {
	var aspects []Aspect
	if err := r.Select(aspectColumns).Where("programme_id = ?", programme.ID).Order("no").Limit(200).Find(&aspects).Error; err != nil {
		return nil, fmt.Errorf("ledger: aspects: %w", err)
	}
	var problems []Problem
	if err := r.Select(problemColumns).Where("programme_id = ? AND announced = ? AND published", programme.ID, !programme.Ledger).Order("aspect_id, no").Limit(5000).Find(&problems).Error; err != nil {
		return nil, fmt.Errorf("ledger: problems: %w", err)
	}
	out := make([]Outline, 0, len(aspects))
	for _, a := range aspects {
		o := Outline{Aspect: a}
		for _, p := range problems {
			if p.AspectID == a.ID {
				o.Problems = append(o.Problems, p)
			}
		}
		if len(o.Problems) > 0 {
			out = append(out, o)
		}
	}
	return out, nil
}

// MarkFictional marks a programme as invented, for good: every page says so.
func (s *Service) MarkFictional(ctx context.Context, a staff.Actor, programmeID int64) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Model(&Programme{}).Where("id = ?", programmeID).Update("demo", true).Error; err != nil {
			return fmt.Errorf("ledger: fictional: %w", err)
		}
		texts, err := touchedAround(tx, programmeID)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "programme.fictional", Subject: "programme", SubjectID: programmeID, Public: true, Texts: texts})
	})
}

// Fictional says that something in the ledger is invented.
func Fictional(r *store.Reader) (bool, error) {
	var n int64
	if err := r.Model(&Programme{}).Where("demo").Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("ledger: fictional: %w", err)
	}
	return n > 0, nil
}
