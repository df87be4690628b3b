package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/announce"
	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
)

var newSession = &gorm.Session{}

// Announcement is a published text about the progress.
type Announcement struct {
	ID          int64
	ProgrammeID int64
	Slug        string
	Title       string // its own, or plain words where the text has none
	Issuer      string
	Dated       calendar.Date
	Source      string // the text as it was given
	Digest      string // SHA-256 of Source
	State       string // draft, published
	ImportedAt  time.Time
	PublishedAt *time.Time
	Reason      string // why it was published although its figures differ
}

// announcementColumns leaves the text out: lists do not need it.
const announcementColumns = "id, programme_id, slug, title, issuer, dated, digest, state, imported_at, published_at, reason"

// Figure is a number that an announcement states, with the day it is stated for.
type Figure struct {
	AnnouncementID int64
	Name           string // as in the announcement's JSON: problems, measures_done, …
	Value          int
	AsOf           string // ISO day or month; empty when the text does not say
}

func (Figure) TableName() string { return "stated_figures" }

// Imported is what an import made.
type Imported struct {
	Announcement Announcement
	Programme    Programme
	Parsed       announce.Announcement
	NewProblems  int
}

// naming is that an announcement names a problem or a part of it, with or
// without a sentence about it.
type naming struct {
	ID             int64
	AnnouncementID int64
	ProblemID      int64
	SubProblemID   *int64
}

// What the public reads of an announced problem is what published announcements
// say: a draft that names it too adds nothing yet.
const (
	told  = `statements.announcement_id IN (SELECT id FROM announcements WHERE state = 'published')`
	named = `(NOT EXISTS (SELECT 1 FROM namings WHERE namings.sub_problem_id = sub_problems.id) OR EXISTS (SELECT 1 FROM namings
		JOIN announcements ON announcements.id = namings.announcement_id WHERE namings.sub_problem_id = sub_problems.id AND announcements.state = 'published'))`
)

// maxSource is the size of a text in bytes.
const maxSource = 2 << 20

// Origin is where a text comes from, if not from outside.
type Origin struct {
	ProgrammeID int64  // drafted from this programme's ledger; 0: the programme is found by the inspection it names
	Replaces    string // the digest of the draft whose text it is, changed by hand
}

// Import reads an announcement and creates its programme, aspects, problems and
// sentences, unpublished. The same text a second time is a Conflict; a text about
// an inspection that is already here joins its programme.
func (s *Service) Import(ctx context.Context, a staff.Actor, source string) (Imported, error) {
	return s.ImportFrom(ctx, a, source, Origin{})
}

// ImportFrom is Import of a text that was written here: the problems it names
// are mapped to the ledger's that it was drafted from, or it takes the place of
// a draft. What takes the place of one that is gone or changed is a Conflict.
func (s *Service) ImportFrom(ctx context.Context, a staff.Actor, source string, from Origin) (Imported, error) {
	var out Imported
	if err := a.Require(staff.RectificationOffice); err != nil {
		return out, err
	}
	if len(source) > maxSource {
		return out, fault.New(fault.TooLarge, "通报文本太长，最多 2 MB。")
	}
	if strings.TrimSpace(source) == "" {
		return out, fault.Form([]fault.Field{{Name: "text", Message: "请粘贴通报全文，或者选择文件。"}})
	}
	parsed := announce.Parse(source)
	if _, problems, _, _ := parsed.Named(); problems == 0 {
		return out, fault.Form([]fault.Field{{Name: "text", Message: "没有从这份文本里认出任何反馈问题，请核对是不是整改进展通报。"}})
	}
	sum := sha256.Sum256([]byte(source))
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		out = Imported{Parsed: parsed}
		event := journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "announcement.import", Subject: "announcement"}
		change := journal.Change{Field: "digest", New: hex.EncodeToString(sum[:])}
		var was *Announcement
		var unsaid []naming
		var err error
		switch {
		case from.Replaces != "":
			var n Announcement
			err := tx.Select(announcementColumns).Where("digest = ? AND state = 'draft'", from.Replaces).Take(&n).Error
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return fault.New(fault.Conflict, "这份草稿已经被改动、公布或者作废，您的改动没有保存。请先看台账里现在的草稿。")
			}
			if err != nil {
				return fmt.Errorf("ledger: import: %w", err)
			}
			if unsaid, err = unsay(tx, n.ID); err != nil {
				return err
			}
			was, event.Verb, change.Old = &n, "announcement.edit", n.Digest
			out.Programme, err = ProgrammeByID(&tx.Reader, n.ProgrammeID)
			if err != nil {
				return err
			}
		case from.ProgrammeID > 0:
			if out.Programme, err = ProgrammeByID(&tx.Reader, from.ProgrammeID); err != nil {
				return err
			}
		default:
			if out.Programme, err = findOrCreate(tx, parsed); err != nil {
				return err
			}
		}
		if out.Announcement, err = storeAnnouncement(tx, was, out.Programme, parsed, source, change.New); err != nil {
			return err
		}
		var named []int64
		if named, out.NewProblems, err = createTree(tx, out.Programme, out.Announcement, parsed); err != nil {
			return err
		}
		if err := sweep(tx, unsaid); err != nil {
			return err
		}
		if from != (Origin{}) {
			if err := mapDrafted(tx, a, out.Programme, parsed, named); err != nil {
				return err
			}
		}
		event.SubjectID, event.Changes = out.Announcement.ID, []journal.Change{change}
		return journal.Append(tx, event)
	})
	return out, err
}

// mapDrafted maps announced problems that are mapped to nothing yet to the
// ledger's problems of the same words under the same aspect.
func mapDrafted(tx *store.Tx, a staff.Actor, p Programme, parsed announce.Announcement, named []int64) error {
	var own []struct {
		ID            int64
		Aspect, Title string
	}
	err := tx.Table("problems").Select("problems.id, aspects.title AS aspect, problems.title").Joins("JOIN aspects ON aspects.id = problems.aspect_id").
		Where("problems.programme_id = ? AND NOT problems.announced", p.ID).Order("problems.id").Limit(maxTree).Find(&own).Error
	if err != nil {
		return fmt.Errorf("ledger: map: %w", err)
	}
	ledger := map[[2]string]int64{}
	for _, x := range own {
		ledger[[2]string{announce.Heading(x.Aspect), announce.Heading(x.Title)}] = x.ID
	}
	var mapped []int64
	if err := tx.Table("problem_links").Where("announced_id IN ?", named).Distinct().Order("announced_id").Limit(maxTree).Pluck("announced_id", &mapped).Error; err != nil {
		return fmt.Errorf("ledger: map: %w", err)
	}
	i := 0
	for _, aspect := range parsed.Aspects {
		for _, x := range aspect.Problems {
			id := ledger[[2]string{string(aspect.Title), x.Title}]
			if announced := named[i]; id != 0 && !slices.Contains(mapped, announced) {
				mapped = append(mapped, announced)
				if err := link(tx, a, announced, id); err != nil {
					return err
				}
			}
			i++
		}
	}
	return nil
}

func day(s announce.Stated) calendar.Date {
	d, err := calendar.Parse(string(s))
	if err != nil {
		return calendar.Date{} // a month alone, or not stated
	}
	return d
}

// findOrCreate finds the programme of the same inspection, or makes one; the
// first becomes the main one.
func findOrCreate(tx *store.Tx, parsed announce.Announcement) (Programme, error) {
	p := Programme{Inspected: string(parsed.Issuer), Inspector: string(parsed.Inspection.By), InspectedFrom: day(parsed.Inspection.From),
		InspectedTo: day(parsed.Inspection.To), FeedbackOn: day(parsed.Inspection.FeedbackOn), CreatedAt: tx.Now}
	if p.Inspector != "" && !p.InspectedFrom.IsZero() {
		var same Programme
		err := tx.Where("inspector = ? AND inspected_from = ? AND inspected = ?", p.Inspector, p.InspectedFrom, p.Inspected).Take(&same).Error
		if err == nil {
			return same, nil
		}
		if !errors.Is(err, gorm.ErrRecordNotFound) {
			return p, fmt.Errorf("ledger: programme: %w", err)
		}
	}
	var last int64
	if err := tx.Model(&Programme{}).Select("coalesce(max(id), 0)").Scan(&last).Error; err != nil {
		return p, fmt.Errorf("ledger: programme: %w", err)
	}
	p.Main, p.Slug = last == 0, fmt.Sprintf("p%d", last+1)
	p.Title = "巡视巡察反馈问题整改"
	if p.Inspector != "" {
		p.Title = p.Inspector + "反馈问题整改"
	}
	if err := tx.Create(&p).Error; err != nil {
		return p, fmt.Errorf("ledger: programme: %w", err)
	}
	return p, nil
}

// storeAnnouncement keeps the text and its figures: as a new draft, or in the
// place of was.
func storeAnnouncement(tx *store.Tx, was *Announcement, p Programme, parsed announce.Announcement, source, digest string) (Announcement, error) {
	a := Announcement{ProgrammeID: p.ID, Title: string(parsed.Title), Issuer: string(parsed.Issuer), Dated: day(parsed.Date), Source: source,
		Digest: digest, State: "draft", ImportedAt: tx.Now}
	if was != nil {
		a.ID = was.ID
	}
	if a.Title == "" {
		a.Title = "整改进展情况通报"
	}
	a.Slug = digest[:8]
	if !a.Dated.IsZero() {
		a.Slug = a.Dated.String()
	}
	var taken int64
	if err := tx.Model(&Announcement{}).Where("slug = ? AND id <> ?", a.Slug, a.ID).Count(&taken).Error; err != nil {
		return a, fmt.Errorf("ledger: announcement: %w", err)
	}
	if taken > 0 {
		a.Slug += "-" + digest[:6]
	}
	err := tx.Save(&a).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return a, fault.New(fault.Conflict, "这份通报已经导入过，没有重复导入。")
	}
	if err != nil {
		return a, fmt.Errorf("ledger: announcement: %w", err)
	}
	if figures := stated(parsed, a.ID); len(figures) > 0 {
		if err := tx.Create(&figures).Error; err != nil {
			return a, fmt.Errorf("ledger: figures: %w", err)
		}
	}
	return a, nil
}

// stated lists the figures that the text states.
func stated(parsed announce.Announcement, id int64) []Figure {
	f, of := parsed.Figures, parsed.FiguresAsOf
	var out []Figure
	for _, x := range []struct {
		name  string
		value *int
		asOf  announce.Stated
	}{
		{"problems", f.Problems, of.Problems}, {"sub_problems", f.SubProblems, of.SubProblems}, {"measures", f.Measures, of.Measures},
		{"problems_done", f.ProblemsDone, of.ProblemsDone}, {"problems_basically_done", f.ProblemsBasicallyDone, of.ProblemsBasicallyDone},
		{"measures_done", f.MeasuresDone, of.MeasuresDone}, {"rules", f.Rules, of.Rules},
	} {
		if x.value != nil {
			out = append(out, Figure{id, x.name, *x.value, string(x.asOf)})
		}
	}
	return out
}

// createTree stores aspects, problems, sub-problems and sentences; what has the
// same title as something already in the programme is that thing. named are the
// problems in the order of the text.
func createTree(tx *store.Tx, p Programme, a Announcement, parsed announce.Announcement) (named []int64, fresh int, err error) {
	var statements []Statement
	var names []naming
	for _, pa := range parsed.Aspects {
		aspect := Aspect{ProgrammeID: p.ID, Title: string(pa.Title)}
		if aspect.Title == "" {
			aspect.Title = "反馈问题"
		}
		if err := sameAspect(tx, &aspect); err != nil {
			return nil, 0, err
		}
		if err := sameOr(tx, &aspect, "programme_id = ? AND title = ?", []any{p.ID, aspect.Title}, "programme_id = ?", p.ID, &aspect.No); err != nil {
			return nil, 0, err
		}
		for _, pp := range pa.Problems {
			problem := Problem{ProgrammeID: p.ID, AspectID: aspect.ID, Announced: true, Title: pp.Title, Status: Unstated, Closing: NotApplied, Version: 1}
			var old []Problem
			if err := tx.Select(problemColumns).Where("aspect_id = ? AND announced AND title = ?", aspect.ID, pp.Title).Limit(1).Find(&old).Error; err != nil {
				return nil, 0, fmt.Errorf("ledger: problem: %w", err)
			}
			if len(old) == 1 {
				problem = old[0]
			} else {
				if err := tx.Model(&Problem{}).Select("coalesce(max(no), 0) + 1").Where("aspect_id = ? AND announced", aspect.ID).Scan(&problem.No).Error; err != nil {
					return nil, 0, fmt.Errorf("ledger: problem: %w", err)
				}
				problem.Code = announce.Code(aspect.No, problem.No)
				if err := tx.Create(&problem).Error; err != nil {
					return nil, 0, fmt.Errorf("ledger: problem %s: %w", problem.Code, err)
				}
				fresh++
			}
			named = append(named, problem.ID)
			names = append(names, naming{AnnouncementID: a.ID, ProblemID: problem.ID})
			no := 0
			say := func(sub *int64, actions []string) {
				for _, text := range actions {
					no++
					statements = append(statements, Statement{AnnouncementID: a.ID, ProblemID: problem.ID, SubProblemID: sub, No: no, Text: text})
				}
			}
			say(nil, pp.Actions)
			for _, ps := range pp.Sub {
				sub := SubProblem{ProblemID: problem.ID, Title: ps.Title}
				if err := sameOr(tx, &sub, "problem_id = ? AND title = ?", []any{problem.ID, ps.Title}, "problem_id = ?", problem.ID, &sub.No); err != nil {
					return nil, 0, err
				}
				names = append(names, naming{AnnouncementID: a.ID, ProblemID: problem.ID, SubProblemID: &sub.ID})
				say(&sub.ID, ps.Actions)
			}
		}
	}
	// A text may name the same thing twice.
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&names, 200).Error; err != nil {
		return nil, 0, fmt.Errorf("ledger: namings: %w", err)
	}
	if len(statements) > 0 {
		if err := tx.CreateInBatches(&statements, 200).Error; err != nil {
			return nil, 0, fmt.Errorf("ledger: statements: %w", err)
		}
	}
	return named, fresh, nil
}

// sameAspect takes the ledger's title for one that differs from it only as
// typesetting does.
func sameAspect(tx *store.Tx, aspect *Aspect) error {
	var titles []string
	if err := tx.Model(&Aspect{}).Where("programme_id = ?", aspect.ProgrammeID).Order("no").Limit(1000).Pluck("title", &titles).Error; err != nil {
		return fmt.Errorf("ledger: aspects: %w", err)
	}
	if slices.Contains(titles, aspect.Title) {
		return nil
	}
	for _, t := range titles {
		if announce.Heading(t) == aspect.Title {
			aspect.Title = t
			break
		}
	}
	return nil
}

// sameOr finds the row, or creates it with the next number in its parent.
func sameOr[T any](tx *store.Tx, row *T, where string, args []any, parent string, parentID int64, no *int) error {
	done := tx.Where(where, args...).Limit(1).Find(row)
	if done.Error != nil {
		return fmt.Errorf("ledger: import: %w", done.Error)
	}
	if done.RowsAffected == 1 {
		return nil
	}
	if err := tx.Model(row).Select("coalesce(max(no), 0) + 1").Where(parent, parentID).Scan(no).Error; err != nil {
		return fmt.Errorf("ledger: import: %w", err)
	}
	if err := tx.Create(row).Error; err != nil {
		return fmt.Errorf("ledger: import: %w", err)
	}
	return nil
}

var errRewritten = fault.New(fault.Conflict, "这份草稿刚刚被改动过，没有办理。请看过现在的文字和数字，再办理。")

// Publish makes an imported announcement and its problems public. Where its
// figures do not all reconcile, it needs the reason why it is published all the
// same, which stays with it. digest is of the text that was seen.
func (s *Service) Publish(ctx context.Context, a staff.Actor, id int64, digest, reason string) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("reason", "理由", reason, false, maxText, &reason, &bad)
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var n Announcement
		err := tx.Where("id = ?", id).Take(&n).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这份通报。")
		}
		if err != nil {
			return fmt.Errorf("ledger: publish: %w", err)
		}
		if n.State != "draft" {
			return fault.New(fault.Conflict, "这份通报已经公布。")
		}
		if n.Digest != digest {
			return errRewritten
		}
		if strings.Contains(n.Source, Blank) {
			return fault.New(fault.Conflict, "文中还有没有填写的地方，没有公布。请修改文字，把“"+Blank+"…】”都填好，再公布。")
		}
		compared, err := Reconcile(&tx.Reader, n)
		if err != nil {
			return err
		}
		switch open := Unreconciled(n, compared); {
		case len(open) == 0:
			reason = ""
		case reason == "":
			return fault.Form([]fault.Field{{Name: "reason", Message: "有数字没有核对一致：" + strings.Join(open, "") + "请核对，或者写明为什么仍然公布。"}})
		}
		err = tx.Model(&Announcement{}).Where("id = ?", id).Updates(map[string]any{"state": "published", "published_at": tx.Now, "reason": reason}).Error
		if err != nil {
			return fmt.Errorf("ledger: publish: %w", err)
		}
		on := n.Dated
		if on.IsZero() {
			on = calendar.Of(tx.Now)
		}
		if err := reveal(tx, n, on); err != nil {
			return err
		}
		texts, err := announced(tx, n)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "announcement.publish", Subject: "announcement", SubjectID: id,
			Changes: []journal.Change{{Field: "state", Old: "draft", New: "published"}, {Field: "reason", New: reason}}, Public: true, Texts: texts})
	})
}

// reveal publishes the problems an announcement names, with a line of history each.
func reveal(tx *store.Tx, n Announcement, on calendar.Date) error {
	var said []struct {
		ProblemID int64
		N         int
	}
	err := tx.Model(&naming{}).Select("namings.problem_id, count(statements.id) AS n").
		Joins("LEFT JOIN statements ON statements.announcement_id = namings.announcement_id AND statements.problem_id = namings.problem_id").
		Where("namings.announcement_id = ? AND namings.sub_problem_id IS NULL", n.ID).Group("namings.problem_id").Order("namings.problem_id").Limit(5000).Find(&said).Error
	if err != nil {
		return fmt.Errorf("ledger: publish: %w", err)
	}
	events := []Event{{ProgrammeID: n.ProgrammeID, AnnouncementID: &n.ID, Kind: "announced", OnDay: on, At: tx.Now, Text: "发布《" + n.Title + "》"}}
	for _, x := range said {
		if err := tx.Model(&Problem{}).Where("id = ?", x.ProblemID).Update("published", true).Error; err != nil {
			return fmt.Errorf("ledger: publish: %w", err)
		}
		text := "通报点名了这个问题，没有说明整改情况"
		if x.N > 0 {
			text = fmt.Sprintf("通报说明了这个问题的整改情况（%d句）", x.N)
		}
		events = append(events, Event{ProgrammeID: n.ProgrammeID, ProblemID: &x.ProblemID, AnnouncementID: &n.ID, Kind: "announced", OnDay: on, At: tx.Now, Text: text})
		if err := index(tx, x.ProblemID); err != nil {
			return err
		}
	}
	if err := tx.Create(&events).Error; err != nil {
		return fmt.Errorf("ledger: events: %w", err)
	}
	return nil
}

// index makes problems findable by their words, their public measures' and what
// was said about them.
func index(tx *store.Tx, ids ...int64) error {
	for part := range slices.Chunk(ids, 500) {
		var rows []struct {
			ID   int64
			Text string
		}
		if err := tx.Raw(`SELECT id, title || ' ' || text AS text FROM problems WHERE id IN ? UNION ALL SELECT problem_id, title || ' ' || text FROM sub_problems WHERE problem_id IN ? AND `+named+`
			UNION ALL SELECT problem_id, title FROM measures WHERE problem_id IN ? AND published
			UNION ALL SELECT problem_id, text FROM statements WHERE problem_id IN ? AND `+told, part, part, part, part).Scan(&rows).Error; err != nil {
			return fmt.Errorf("ledger: index: %w", err)
		}
		words := map[int64][]string{}
		for _, x := range rows {
			words[x.ID] = append(words[x.ID], x.Text)
		}
		docs := make([]search.Doc, len(part))
		for i, id := range part {
			docs[i] = search.Doc{Kind: searchKind, Ref: id, Text: strings.Join(words[id], "\n")}
		}
		if err := search.IndexAll(tx, docs); err != nil {
			return err
		}
	}
	return nil
}

// Announcements lists announcements, newest first; drafts too when asked for.
func Announcements(r *store.Reader, drafts bool, before int64, limit int) ([]Announcement, error) {
	q := r.Select(announcementColumns)
	if !drafts {
		q = q.Where("state = 'published'")
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var list []Announcement
	if err := q.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: announcements: %w", err)
	}
	return list, nil
}

// FindAnnouncement reads one with its text.
func FindAnnouncement(r *store.Reader, slug string, drafts bool) (Announcement, error) {
	var a Announcement
	q := r.Where("slug = ?", slug)
	if !drafts {
		q = q.Where("state = 'published'")
	}
	err := q.Take(&a).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return a, fault.New(fault.NotFound, "没有这份通报。")
	}
	if err != nil {
		return a, fmt.Errorf("ledger: announcement: %w", err)
	}
	return a, nil
}

// Stated is the newest published announcement of a programme with its figures;
// ok is false when there is none.
func Stated(r *store.Reader, programmeID int64) (a Announcement, figures map[string]Figure, ok bool, err error) {
	var list []Announcement
	err = r.Select(announcementColumns).Where("programme_id = ? AND state = 'published'", programmeID).Order("id DESC").Limit(1).Find(&list).Error
	if err != nil {
		return a, nil, false, fmt.Errorf("ledger: stated: %w", err)
	}
	if len(list) == 0 {
		return a, nil, false, nil
	}
	figures, err = Figures(r, list[0].ID)
	return list[0], figures, true, err
}

// Figures are the numbers an announcement states, by name.
func Figures(r *store.Reader, announcementID int64) (map[string]Figure, error) {
	var list []Figure
	if err := r.Where("announcement_id = ?", announcementID).Order("name").Limit(50).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: figures: %w", err)
	}
	out := map[string]Figure{}
	for _, f := range list {
		out[f.Name] = f
	}
	return out, nil
}

// FigureNames lists the figures in the order in which they are shown.
var FigureNames = []struct{ Name, Label, Unit string }{
	{"problems", "反馈问题", "个"}, {"problems_done", "已完成整改的问题", "个"}, {"problems_basically_done", "基本完成整改的问题", "个"},
	{"sub_problems", "细化问题", "个"}, {"measures", "整改措施", "条"}, {"measures_done", "已完成的措施", "条"}, {"rules", "制定、修订的制度", "个"},
}

// Comparison sets a stated figure beside what the ledger counts.
type Comparison struct {
	Figure
	Label  string
	Unit   string
	Ledger *int   // nil: the ledger does not hold it
	Note   string // why they differ, in a sentence
}

// Reconcile compares every figure an announcement states with the ledger.
func Reconcile(r *store.Reader, a Announcement) ([]Comparison, error) {
	figures, err := Figures(r, a.ID)
	if err != nil {
		return nil, err
	}
	p, err := programme(r, "id = ?", a.ProgrammeID)
	if err != nil {
		return nil, err
	}
	tally, err := Count(r, p)
	if err != nil {
		return nil, err
	}
	number := func(known bool, n int) *int {
		if !known {
			return nil
		}
		return &n
	}
	statuses, measures := tally.Problems.All()-tally.Problems[Unstated] > 0, tally.Measures.All() > 0
	counted := map[string]*int{
		"problems": number(true, tally.Problems.All()), "sub_problems": number(tally.SubProblems > 0, tally.SubProblems),
		"problems_done": number(statuses, tally.Problems[Done]), "problems_basically_done": number(statuses, tally.Problems[BasicallyDone]),
		"measures": number(measures, tally.Measures.All()), "measures_done": number(measures, tally.Measures[Done]),
		"rules": number(tally.Rules > 0, tally.Rules),
	}
	var out []Comparison
	for _, n := range FigureNames {
		f, ok := figures[n.Name]
		if !ok {
			continue
		}
		c := Comparison{Figure: f, Label: n.Label, Unit: n.Unit}
		c.Ledger = counted[n.Name]
		if n.Name == "problems" && !p.Ledger && f.Value > *c.Ledger {
			c.Note = fmt.Sprintf("通报写明%d个，逐一点名的有%d个，其余%d个没有逐项公布。", f.Value, *c.Ledger, f.Value-*c.Ledger)
		}
		switch {
		case c.Note != "":
		case c.Ledger == nil:
			c.Note = "通报没有逐项公布，台账无法逐项核对。"
		case *c.Ledger != f.Value:
			c.Note = fmt.Sprintf("台账里逐项计数为%d，与通报不同。", *c.Ledger)
		}
		out = append(out, c)
	}
	return out, nil
}

// Within compares the figures of an announcement's own text with each other.
func Within(a Announcement) []announce.Difference { return announce.Parse(a.Source).Differences() }

// Unreconciled says in sentences which figures do not agree, with the ledger or
// within the text. A figure that the ledger cannot count does not agree yet.
func Unreconciled(a Announcement, compared []Comparison) []string {
	var out []string
	for _, c := range compared {
		if c.Ledger == nil || *c.Ledger != c.Value {
			out = append(out, fmt.Sprintf("%s%d%s：%s", c.Label, c.Value, c.Unit, c.Note))
		}
	}
	for _, d := range Within(a) {
		if !d.Agrees {
			out = append(out, d.Sentence)
		}
	}
	return out
}

// Compared is an announcement with every comparison of its figures.
type Compared struct {
	Announcement
	Figures []Comparison
	Within  []announce.Difference
	Open    []string // what does not agree
}

// ReconcileAll compares the announcements of a programme, the newest first.
func ReconcileAll(r *store.Reader, a staff.Actor, programmeID int64, limit int) ([]Compared, error) {
	if err := a.Require(staff.RectificationOffice, staff.Leader, staff.Supervisor, staff.DisciplineOfficer); err != nil {
		return nil, err
	}
	var list []Announcement
	if err := r.Where("programme_id = ?", programmeID).Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: reconcile: %w", err)
	}
	out := make([]Compared, len(list))
	for i, n := range list {
		figures, err := Reconcile(r, n)
		if err != nil {
			return nil, err
		}
		out[i] = Compared{n, figures, Within(n), Unreconciled(n, figures)}
	}
	return out, nil
}

// AnnouncementSlug is where an announcement that something refers to is found.
func AnnouncementSlug(r *store.Reader, id int64) (string, error) {
	var a Announcement
	if err := r.Select("id, slug").Where("id = ?", id).Take(&a).Error; err != nil {
		return "", fmt.Errorf("ledger: announcement: %w", err)
	}
	return a.Slug, nil
}
