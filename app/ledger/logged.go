package ledger

import (
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/logbook"
	"mingjing/app/store"
)

// What the public reads of the ledger, in the form in which it stands in the public
// log: rows of a kind each. Whoever changes something public gives journal the rows
// that the change touches, and no others: what was changed behind the room's back is
// found out, not taken over.

// Kinds of rows of the log.
const (
	loggedProgramme    = "programme"
	loggedAspect       = "aspect"
	loggedProblem      = "problem"
	loggedMeasure      = "measure"
	loggedEvent        = "event"
	loggedRule         = "rule"
	loggedAnnouncement = "announcement"
)

// Show has the log list what the ledger publishes.
func Show(to logbook.Sources) {
	for kind, list := range map[string]func(*store.Reader, func(*gorm.DB) *gorm.DB) ([]logbook.Text, error){
		loggedProgramme: programmeTexts, loggedAspect: aspectTexts, loggedProblem: problemTexts, loggedMeasure: measureTexts,
		loggedEvent: eventTexts, loggedRule: ruleTexts, loggedAnnouncement: announcementTexts,
	} {
		to[kind] = func(r *store.Reader, after string, limit int) ([]logbook.Text, error) {
			id, err := logbook.RowID(after)
			if err != nil {
				return nil, err
			}
			var shown []logbook.Text
			for len(shown) < limit {
				some, err := list(r, func(q *gorm.DB) *gorm.DB { return q.Where("x.id > ?", id).Limit(limit) })
				if err != nil || len(some) == 0 {
					return shown, err
				}
				for _, t := range some {
					if t.Body != "" && len(shown) < limit {
						shown = append(shown, t)
					}
				}
				if id, err = logbook.RowID(some[len(some)-1].Ref); err != nil {
					return nil, err
				}
			}
			return shown, nil
		}
	}
}

// withdrawnWhy is said where the ledger was given no reason.
const withdrawnWhy = "本院不再公开这一条。"

// row is a row of the log; what is not public has no body.
func row(kind string, id int64, public bool, v any) logbook.Text {
	t := logbook.Text{Kind: kind, Ref: strconv.FormatInt(id, 10), Why: withdrawnWhy}
	if public {
		t.Body = logbook.Canonical(v)
	}
	return t
}

// touched are the rows of some problems and of all that stands under and around them.
func touched(r *store.Reader, problems ...int64) ([]logbook.Text, error) {
	var out []logbook.Text
	for part := range chunks(problems) {
		of := func(column string) func(*gorm.DB) *gorm.DB {
			where, list := store.Among(r, column, part)
			return func(q *gorm.DB) *gorm.DB { return q.Where(where, list) }
		}
		where, list := store.Among(r, "id", part)
		inProblems, _ := store.Among(r, "problem_id", part)
		for _, x := range []struct {
			list func(*store.Reader, func(*gorm.DB) *gorm.DB) ([]logbook.Text, error)
			of   func(*gorm.DB) *gorm.DB
		}{
			{programmeTexts, func(q *gorm.DB) *gorm.DB {
				return q.Where("x.id IN (SELECT programme_id FROM problems WHERE "+where+")", list)
			}},
			{aspectTexts, func(q *gorm.DB) *gorm.DB {
				return q.Where("x.id IN (SELECT aspect_id FROM problems WHERE "+where+")", list)
			}},
			{problemTexts, of("x.id")}, {measureTexts, of("x.problem_id")}, {eventTexts, of("x.problem_id")},
			{ruleTexts, func(q *gorm.DB) *gorm.DB {
				return q.Where("x.id IN (SELECT rule_id FROM rule_problems WHERE "+inProblems+")", list)
			}},
		} {
			some, err := x.list(r, x.of)
			if err != nil {
				return nil, err
			}
			out = append(out, some...)
		}
	}
	return out, nil
}

// touchedAround are the rows of a programme itself and of what was just told about it.
func touchedAround(tx *store.Tx, programme int64) ([]logbook.Text, error) {
	var out []logbook.Text
	for _, x := range []struct {
		list func(*store.Reader, func(*gorm.DB) *gorm.DB) ([]logbook.Text, error)
		of   func(*gorm.DB) *gorm.DB
	}{
		{programmeTexts, func(q *gorm.DB) *gorm.DB { return q.Where("x.id = ?", programme) }},
		{aspectTexts, func(q *gorm.DB) *gorm.DB { return q.Where("x.programme_id = ?", programme) }},
		{eventTexts, func(q *gorm.DB) *gorm.DB {
			return q.Where("x.programme_id = ? AND x.problem_id IS NULL AND x.at = ?", programme, tx.Now)
		}},
	} {
		some, err := x.list(&tx.Reader, x.of)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// chunks divides ids so that a statement can hold them.
func chunks(ids []int64) func(func([]int64) bool) {
	return func(yield func([]int64) bool) {
		for len(ids) > 0 {
			n := min(len(ids), 500)
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

func dayText(d calendar.Date) *string {
	if d.IsZero() {
		return nil
	}
	s := d.String()
	return &s
}

func moment(t time.Time) string { return t.In(calendar.Shanghai).Format("2006-01-02T15:04:05-07:00") }

// Verification is how far verification is, as the data call it.
func Verification(c Closing, reopened calendar.Date) string {
	if c == NotApplied && !reopened.IsZero() {
		return "reopened"
	}
	return string(c)
}

// programmePublic is the condition under which a programme, or an aspect, is public.
const programmePublic = "EXISTS (SELECT 1 FROM problems p WHERE p.programme_id = x.id AND p.published)"

func programmeTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Programme
		Public bool
	}
	err = of(r.Table("programmes x")).Select("x.id, x.slug, x.title, x.text, x.inspected, x.inspector, x.inspected_from, x.inspected_to, x.feedback_on, x.main, x.ledger, x.demo, " +
		programmePublic + " AS public").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged programmes: %w", err)
	}
	for _, x := range list {
		out = append(out, row(loggedProgramme, x.ID, x.Public, struct {
			Slug          string  `json:"slug"`
			Title         string  `json:"title"`
			Text          string  `json:"text"`
			Inspected     string  `json:"inspected"`
			Inspector     string  `json:"inspector"`
			InspectedFrom *string `json:"inspected_from"`
			InspectedTo   *string `json:"inspected_to"`
			FeedbackOn    *string `json:"feedback_on"`
			Main          bool    `json:"main"`
			Ledger        bool    `json:"ledger"`
			Fictional     bool    `json:"fictional"`
		}{x.Slug, x.Title, x.Text, x.Inspected, x.Inspector, dayText(x.InspectedFrom), dayText(x.InspectedTo), dayText(x.FeedbackOn), x.Main, x.Ledger, x.Demo}))
	}
	return out, nil
}

// aspectPublic is the condition under which an aspect is public.
const aspectPublic = "EXISTS (SELECT 1 FROM problems p WHERE p.aspect_id = x.id AND p.published)"

func aspectTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Aspect
		Slug   string
		Public bool
	}
	err = of(r.Table("aspects x")).Select("x.id, x.no, x.title, x.text, g.slug, " + aspectPublic + " AS public").
		Joins("JOIN programmes g ON g.id = x.programme_id").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged aspects: %w", err)
	}
	for _, x := range list {
		out = append(out, row(loggedAspect, x.ID, x.Public, struct {
			Programme string `json:"programme"`
			No        int    `json:"no"`
			Title     string `json:"title"`
			Text      string `json:"text"`
		}{x.Slug, x.No, x.Title, x.Text}))
	}
	return out, nil
}

type loggedSub struct {
	No    int    `json:"no"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

type loggedFile struct {
	ID     int64  `json:"id"`
	Title  string `json:"title"`
	URL    string `json:"url"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// loggedFiles are the public pieces of evidence of what stands in a column.
func loggedFiles(r *store.Reader, column string, ids []int64) (map[int64][]loggedFile, error) {
	out := map[int64][]loggedFile{}
	for part := range chunks(ids) {
		var list []Evidence
		where, some := store.Among(r, column, part)
		err := r.Model(&Evidence{}).Select("id, measure_id, problem_id, title, url, sha256, size").Where(where, some).Where("public AND withdrawn_at IS NULL").Order("id").Find(&list).Error
		if err != nil {
			return nil, fmt.Errorf("ledger: logged evidence: %w", err)
		}
		for _, e := range list {
			of := e.ProblemID
			if column == "measure_id" {
				of = e.MeasureID
			}
			out[*of] = append(out[*of], loggedFile{e.ID, e.Title, e.URL, e.SHA256, e.Size})
		}
	}
	return out, nil
}

// listed is a list that is empty rather than null.
func listed[T any](list []T) []T { return append([]T{}, list...) }

func problemTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Problem
		Slug   string
		Aspect int
	}
	err = of(r.Table("problems x")).Select(`x.id, x.announced, x.code, x.title, x.text, x.leader, x.status, x.closing, x.closed_on, x.reopened_on, x.published,
		g.slug, a.no AS aspect`).Joins("JOIN programmes g ON g.id = x.programme_id").Joins("JOIN aspects a ON a.id = x.aspect_id").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged problems: %w", err)
	}
	var ids []int64
	for _, x := range list {
		if x.Published {
			ids = append(ids, x.ID)
		}
	}
	files, err := loggedFiles(r, "problem_id", ids)
	if err != nil {
		return nil, err
	}
	subs := map[int64][]loggedSub{}
	for part := range chunks(ids) {
		var rows []SubProblem
		where, some := store.Among(r, "sub_problems.problem_id", part)
		if err := r.Select("problem_id, no, title, text").Where(where, some).Where(named).Order("problem_id, no").Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("ledger: logged parts: %w", err)
		}
		for _, s := range rows {
			subs[s.ProblemID] = append(subs[s.ProblemID], loggedSub{s.No, s.Title, s.Text})
		}
	}
	for _, x := range list {
		out = append(out, row(loggedProblem, x.ID, x.Published, struct {
			Programme   string       `json:"programme"`
			Code        string       `json:"code"`
			Announced   bool         `json:"announced"`
			Aspect      int          `json:"aspect"`
			Title       string       `json:"title"`
			Text        string       `json:"text"`
			Status      string       `json:"status"`
			Closing     string       `json:"closing"`
			ClosedOn    *string      `json:"closed_on"`
			ReopenedOn  *string      `json:"reopened_on"`
			Leader      string       `json:"leader"`
			SubProblems []loggedSub  `json:"sub_problems"`
			Evidence    []loggedFile `json:"evidence"`
		}{x.Slug, x.Code, x.Announced, x.Aspect, x.Title, x.Text, string(x.Status), Verification(x.Closing, x.ReopenedOn), dayText(x.ClosedOn), dayText(x.ReopenedOn), x.Leader,
			listed(subs[x.ID]), listed(files[x.ID])}))
	}
	return out, nil
}

func measureTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var rows []struct {
		Measure
		Slug    string
		Problem string
		Sub     *int
		Public  bool
	}
	err = of(r.Table("measures x")).Select(`x.id, x.code, x.title, x.note, x.kind, x.status, x.closing, x.leader, x.department_id, x.starts_on, x.due_on, x.baseline_on, x.due_text,
		x.done_on, x.check_on, x.closed_on, x.reopened_on, g.slug, p.code AS problem, s.no AS sub, x.published AND p.published AS public`).
		Joins("JOIN problems p ON p.id = x.problem_id").Joins("JOIN programmes g ON g.id = x.programme_id").Joins("LEFT JOIN sub_problems s ON s.id = x.sub_problem_id").
		Order("x.id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged measures: %w", err)
	}
	list, ids := make([]Measure, len(rows)), make([]int64, len(rows))
	for i, x := range rows {
		list[i], ids[i] = x.Measure, x.ID
	}
	if err := nameDepartments(r, list); err != nil {
		return nil, err
	}
	files, err := loggedFiles(r, "measure_id", ids)
	if err != nil {
		return nil, err
	}
	for i, m := range list {
		out = append(out, row(loggedMeasure, m.ID, rows[i].Public, struct {
			Programme  string       `json:"programme"`
			Code       string       `json:"code"`
			Problem    string       `json:"problem"`
			SubProblem *int         `json:"sub_problem"`
			Title      string       `json:"title"`
			Note       string       `json:"note"`
			Kind       string       `json:"kind"`
			Status     string       `json:"status"`
			Closing    string       `json:"closing"`
			Leader     string       `json:"leader"`
			LeadDept   string       `json:"lead_department"`
			CoDepts    []string     `json:"co_departments"`
			StartsOn   *string      `json:"starts_on"`
			BaselineOn *string      `json:"baseline_on"`
			DueOn      *string      `json:"due_on"`
			DueText    string       `json:"due_text"`
			DoneOn     *string      `json:"done_on"`
			CheckOn    *string      `json:"check_on"`
			ClosedOn   *string      `json:"closed_on"`
			ReopenedOn *string      `json:"reopened_on"`
			Evidence   []loggedFile `json:"evidence"`
		}{rows[i].Slug, m.Code, rows[i].Problem, rows[i].Sub, m.Title, m.Note, string(m.Kind), string(m.Status), Verification(m.Closing, m.ReopenedOn), m.Leader, m.Department,
			listed(m.CoDepts), dayText(m.StartsOn), dayText(m.BaselineOn), dayText(m.DueOn), m.DueText, dayText(m.DoneOn), dayText(m.CheckOn), dayText(m.ClosedOn), dayText(m.ReopenedOn), listed(files[m.ID])}))
	}
	return out, nil
}

func eventTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Event
		Slug, Problem, Measure, Announcement *string
		Public                               bool
	}
	// The conditions are those of VisibleEvents.
	err = of(r.Table("ledger_events x")).Select(`x.id, x.kind, x.on_day, x.at, x.text, g.slug, CASE WHEN p.published THEN p.code END AS problem, m.code AS measure, a.slug AS announcement,
		(x.problem_id IS NULL OR p.published OR x.measure_id IS NULL AND x.kind = 'withdrawn')
		AND (x.measure_id IS NULL OR m.id IS NOT NULL OR x.kind IN ('withdrawn', 'shown')) AS public`).
		Joins("JOIN programmes g ON g.id = x.programme_id").Joins("LEFT JOIN problems p ON p.id = x.problem_id").
		Joins("LEFT JOIN measures m ON m.id = x.measure_id AND m.published").
		Joins("LEFT JOIN announcements a ON a.id = x.announcement_id AND a.state = 'published'").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged history: %w", err)
	}
	for _, x := range list {
		out = append(out, row(loggedEvent, x.ID, x.Public, struct {
			Programme    *string `json:"programme"`
			At           string  `json:"at"`
			On           string  `json:"on"`
			Kind         string  `json:"kind"`
			Text         string  `json:"text"`
			Problem      *string `json:"problem"`
			Measure      *string `json:"measure"`
			Announcement *string `json:"announcement"`
		}{x.Slug, moment(x.At), x.OnDay.String(), x.Kind, x.Text, x.Problem, x.Measure, x.Announcement}))
	}
	return out, nil
}

func ruleTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Rule
		Slug string
	}
	err = of(r.Table("rules x")).Select("x.id, x.programme_id, x.title, x.number, x.revised, x.dated, x.body, x.url, x.published, g.slug").
		Joins("JOIN programmes g ON g.id = x.programme_id").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged rules: %w", err)
	}
	rules := make([]Rule, len(list))
	for i, x := range list {
		rules[i] = x.Rule
	}
	if err := answered(r, rules, false); err != nil {
		return nil, err
	}
	for i, x := range rules {
		codes := []string{}
		for _, p := range x.Problems {
			codes = append(codes, p.Code)
		}
		out = append(out, row(loggedRule, x.ID, x.Published, struct {
			Programme string   `json:"programme"`
			Title     string   `json:"title"`
			Number    string   `json:"number"`
			Revised   bool     `json:"revised"`
			Dated     *string  `json:"dated"`
			URL       string   `json:"url"`
			Body      string   `json:"body"`
			Problems  []string `json:"problems"`
		}{list[i].Slug, x.Title, x.Number, x.Revised, dayText(x.Dated), x.URL, x.Body, codes}))
	}
	return out, nil
}

func announcementTexts(r *store.Reader, of func(*gorm.DB) *gorm.DB) (out []logbook.Text, err error) {
	var list []struct {
		Announcement
		Programme string
	}
	err = of(r.Table("announcements x")).Select("x.id, x.slug, x.title, x.issuer, x.dated, x.source, x.state, x.published_at, g.slug AS programme").
		Joins("JOIN programmes g ON g.id = x.programme_id").Order("x.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: logged announcements: %w", err)
	}
	for _, x := range list {
		var at *string
		if x.PublishedAt != nil {
			s := moment(*x.PublishedAt)
			at = &s
		}
		out = append(out, row(loggedAnnouncement, x.ID, x.State == "published", struct {
			Programme   string  `json:"programme"`
			Slug        string  `json:"slug"`
			Title       string  `json:"title"`
			Issuer      string  `json:"issuer"`
			Dated       *string `json:"dated"`
			PublishedAt *string `json:"published_at"`
			Source      string  `json:"source"`
		}{x.Programme, x.Slug, x.Title, x.Issuer, dayText(x.Dated), at, x.Source}))
	}
	return out, nil
}

// Renamed gives the rows of the measures in which a department is named: its name is
// part of what the public reads.
func (s *Service) Renamed(tx *store.Tx, department int64) ([]logbook.Text, error) {
	return measureTexts(&tx.Reader, func(q *gorm.DB) *gorm.DB {
		return q.Where("x.department_id = ? OR x.id IN (SELECT measure_id FROM measure_departments WHERE department_id = ?)", department, department)
	})
}

// touches are the rows in which a piece of evidence is named.
func (e Evidence) touches(r *store.Reader) ([]logbook.Text, error) {
	switch {
	case !e.Public:
		return nil, nil
	case e.MeasureID != nil:
		return measureTexts(r, func(q *gorm.DB) *gorm.DB { return q.Where("x.id = ?", *e.MeasureID) })
	}
	return problemTexts(r, func(q *gorm.DB) *gorm.DB { return q.Where("x.id = ?", *e.ProblemID) })
}

// announced are the rows of a published announcement and of all that it names.
func announced(tx *store.Tx, n Announcement) ([]logbook.Text, error) {
	out, err := announcementTexts(&tx.Reader, func(q *gorm.DB) *gorm.DB { return q.Where("x.id = ?", n.ID) })
	if err != nil {
		return nil, err
	}
	var names []int64
	if err := tx.Model(&naming{}).Where("announcement_id = ?", n.ID).Distinct().Order("problem_id").Limit(maxTree).Pluck("problem_id", &names).Error; err != nil {
		return nil, fmt.Errorf("ledger: logged names: %w", err)
	}
	around, err := touchedAround(tx, n.ProgrammeID)
	if err != nil {
		return nil, err
	}
	own, err := touched(&tx.Reader, names...)
	return append(append(out, around...), own...), err
}
