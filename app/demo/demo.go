// Package demo fills an empty portal with a fictional, believable ledger (42
// problems, 95 sub-problems, 295 measures) and fictional cases, by doing, at
// days in the past, what people would have done: every state is reached through
// the rooms' own methods, so that histories, reviews and refusals are real.
//
// It trusts the rooms to refuse what is not allowed. It must never touch a
// database with real cases, name a real person, or leave a page without the
// word that all of this is invented.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Clock is the time that the rooms are told while the past is acted out.
type Clock struct {
	real func() time.Time
	at   time.Time
}

// NewClock shows the real time until it is set.
func NewClock(real func() time.Time) *Clock { return &Clock{real: real} }

// Set stops the clock at t.
func (c *Clock) Set(t time.Time) { c.at = t }

// Now is the time set, or the real one.
func (c *Clock) Now() time.Time {
	if c.at.IsZero() {
		return c.real()
	}
	return c.at
}

// House is what the demonstration acts in; the rooms must run by what Clock sets.
type House struct {
	DB     *store.DB
	Staff  *staff.Service
	Ledger *ledger.Service
	Cases  *cases.Service
	Clock  interface{ Set(time.Time) }
	// Progress is told how many cases there are so far; it may be nil.
	Progress func(done, of int)
}

// stage is one performance.
type stage struct {
	House
	ctx     context.Context
	dice    *rand.Rand
	now     time.Time
	scenes  []scene
	people  map[string]staff.Actor // by login
	places  map[string]int64       // departments by name
	ended   int
	program ledger.Programme
	later   []func() error // what decisions of a meeting lead to
	all     int            // cases that there will be
	acted   int            // cases that the rooms act out
}

// scene is something that somebody does at an instant.
type scene struct {
	at  time.Time
	act func() error
}

// Load acts out the demonstration. The same seed gives the same ledger; case
// numbers and codes are random as always. Conflict when the database holds
// cases, or a ledger already.
func Load(ctx context.Context, h House, n int, seed uint64) error {
	s := &stage{House: h, ctx: ctx, dice: rand.New(rand.NewPCG(seed, 42)), now: h.DB.Now(), people: map[string]staff.Actor{}, places: map[string]int64{}}
	defer func() { s.Clock.Set(s.now) }()
	if err := s.refuse(); err != nil {
		return err
	}
	for _, act := range []func() error{s.cast, s.build, s.work, s.register, s.meet, s.remind, s.play, s.lookBack, s.play, s.chase, func() error { return s.receive(n) }, s.play, func() error { return s.copies(n) }, s.dismiss} {
		if err := act(); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return h.DB.Analyze(ctx)
}

// tell says how far it is.
func (s *stage) tell(done, of int) {
	if s.Progress != nil {
		s.Progress(done, of)
	}
}

func (s *stage) refuse() error {
	return s.DB.Read(s.ctx, func(r *store.Reader) error {
		var cases, measures int64
		if err := r.Table("cases").Limit(1).Count(&cases).Error; err != nil {
			return err
		}
		if err := r.Table("measures").Limit(1).Count(&measures).Error; err != nil {
			return err
		}
		switch {
		case cases > 0:
			return fault.New(fault.Conflict, "数据库里已经有来件，不能装入演示数据。请换一个空的数据目录。")
		case measures > 0:
			return fault.New(fault.Conflict, "数据库里已经有台账，不能装入演示数据。请换一个空的数据目录。")
		}
		return nil
	})
}

// at plans a scene.
func (s *stage) at(day calendar.Date, hour int, act func() error) {
	at := day.In().Add(time.Duration(hour)*time.Hour + time.Duration(s.dice.IntN(3600))*time.Second)
	if at.Before(s.now) {
		s.scenes = append(s.scenes, scene{at, act})
	}
}

// play acts out what is planned, in the order of time.
func (s *stage) play() error {
	slices.SortStableFunc(s.scenes, func(a, b scene) int { return a.at.Compare(b.at) })
	for _, x := range s.scenes {
		s.Clock.Set(x.at)
		if err := x.act(); err != nil {
			return fmt.Errorf("%s: %w", x.at.Format(time.DateOnly), err)
		}
	}
	s.scenes = nil
	s.Clock.Set(s.now)
	return nil
}

// cast makes the departments and the people.
func (s *stage) cast() error {
	err := s.DB.Read(s.ctx, func(r *store.Reader) error {
		list, err := staff.AllDepartments(r)
		for _, d := range list {
			s.places[d.Name] = d.ID
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range departments {
		if s.places[name] == 0 {
			if s.places[name], err = s.Staff.AddDepartment(s.ctx, staff.System, name); err != nil {
				return err
			}
		}
	}
	for i, name := range departments {
		if err := s.hire(fmt.Sprintf("demo.liaison%02d", i+1), "联络员（演示）", name, staff.Liaison); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		login, name, place string
		role               staff.Role
	}{
		{"demo.reviewer", "部门审核人（演示）", "", staff.Reviewer}, {"demo.office1", "整改办甲（演示）", "整改工作办公室", staff.RectificationOffice},
		{"demo.office2", "整改办乙（演示）", "整改工作办公室", staff.RectificationOffice}, {"demo.group", "纪检专员（演示）", "派驻纪检监察组", staff.DisciplineOfficer},
		{"demo.leader", "院领导（演示）", "", staff.Leader}, {"demo.clerk", "登记员（演示）", "立案庭", staff.IntakeClerk}, {"demo.dispatcher", "分办员（演示）", "办公室", staff.Dispatcher},
		{"demo.handler", "承办人（演示）", "立案庭", staff.Handler}, {"demo.approver", "签发人（演示）", "", staff.Approver},
		{"demo.publisher1", "公开审核员甲（演示）", "办公室", staff.Publisher}, {"demo.publisher2", "公开审核员乙（演示）", "办公室", staff.Publisher},
	} {
		if err := s.hire(x.login, x.name, x.place, x.role); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) hire(login, name, place string, role staff.Role) error {
	id, _, err := s.Staff.Add(s.ctx, staff.System, staff.Draft{Login: login, Name: name, DepartmentID: s.places[place], Roles: []staff.Role{role}})
	if err != nil {
		return err
	}
	s.people[login] = staff.Actor{ID: id, Login: login, Name: name, DepartmentID: s.places[place], Department: place, Roles: []staff.Role{role}, SecondFactor: true}
	return nil
}

// dismiss disables the people: nobody ever signs in as one of them.
func (s *stage) dismiss() error {
	for _, a := range s.people {
		if err := s.Staff.Disable(s.ctx, staff.System, a.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) liaison(place string) staff.Actor {
	return s.people[fmt.Sprintf("demo.liaison%02d", slices.Index(departments, place)+1)]
}

// plot is a measure with the course that it takes.
type plot struct {
	code, place string
	note        string // what is said when it is done
	start, due  calendar.Date
	course      course
}

type course int

const (
	straight course = iota // done, applied, closed
	refused                // refused once, then closed
	waiting                // done, and still under review
	slow                   // basically done; its due date has moved
)

// number of measures that are not done, as the announcement states them: 295 − 281.
const unfinished = 14

// build imports the ledger as a spreadsheet, with the 15 announced problems
// mapped to it where the announcement is there.
func (s *stage) build() error {
	s.Clock.Set(calendar.NewDate(2020, 7, 20).In().Add(9 * time.Hour))
	rows, plots := s.rows()
	d, err := s.Ledger.ImportSheet(s.ctx, s.people["demo.office1"], ledger.Spreadsheet{Name: "演示台账.xlsx", Digest: strings.Repeat("0", 64), Tables: []sheet.Table{{Name: "演示", Rows: rows}}})
	if f, ok := fault.As(err); ok && len(f.Fields) > 0 {
		return fmt.Errorf("%w: %s %s", err, f.Fields[0].Name, f.Fields[0].Message)
	}
	if err != nil {
		return err
	}
	s.program = d.Programme
	if err := s.Ledger.MarkFictional(s.ctx, staff.System, s.program.ID); err != nil {
		return err
	}
	if err := s.head(); err != nil {
		return err
	}
	if err := s.link(); err != nil {
		return err
	}
	for _, p := range plots {
		s.plan(p)
	}
	return nil
}

// head says what the programme and its aspects are about.
func (s *stage) head() error {
	office := s.people["demo.office1"]
	var h ledger.Heads
	err := s.DB.Read(s.ctx, func(r *store.Reader) (err error) { h, err = ledger.ReadHeads(r, office, s.program.ID); return err })
	if err != nil {
		return err
	}
	err = s.Ledger.SetProgramme(s.ctx, office, s.program.ID, h.Programme.Version, ledger.HeadText{Title: h.Programme.Title,
		Text:     "这是虚构的演示数据。每个问题都列出整改措施、责任部门和时限；部门报告完成以后，还要经过三道核验才算销号。",
		Internal: "演示用：内部说明只在办理台显示。"})
	for i, x := range h.Aspects {
		err = errors.Join(err, s.Ledger.SetAspect(s.ctx, office, x.ID, x.Version, ledger.HeadText{Text: aspectTexts[i%len(aspectTexts)], Internal: "演示用：由整改办每月汇总一次。"}))
	}
	return err
}

// rows is the ledger as a spreadsheet: 42 problems, 95 parts, 295 measures.
func (s *stage) rows() (rows []sheet.Row, plots []plot) {
	add := func(cells ...string) { rows = append(rows, sheet.Row{No: len(rows) + 1, Cells: cells}) }
	add("反馈方面", "反馈问题", "细化问题", "措施编号", "整改措施", "整改类型", "责任领导", "牵头部门", "配合部门", "启动时间", "整改时限", "整改状态", "问题公开说明", "细化问题公开说明")
	var all []problem
	aspect := []int{}
	for _, t := range themes {
		for _, p := range t.problems {
			all, aspect = append(all, p), append(aspect, t.aspect)
		}
	}
	last, in, measures, extra := 0, 0, 0, 0
	for i, p := range all {
		if aspect[i] != last {
			last, in = aspect[i], 0
		}
		in++
		n := 2
		if i%4 == 3 || i == 0 { // eleven problems have three parts: 42×2+11 = 95
			n = 3
		}
		for part := range n {
			m := 3
			if extra < 10 && (i*3+part)%9 == 4 { // ten parts have four measures: 95×3+10 = 295
				m, extra = 4, extra+1
			}
			for k := range m {
				code := fmt.Sprintf("%d-%d-%d-%d", last, in, part+1, k+1)
				start := calendar.NewDate(2020, 7, 20).AddDays(s.dice.IntN(25))
				x := plot{code: code, place: p.lead, start: start, due: start.AddDays(60 + s.dice.IntN(80))}
				kind := "限期整改"
				switch {
				case k == 0 && s.dice.IntN(4) == 0:
					kind = "立行立改"
				case part == n-1 && k == 0:
					kind = "长期坚持"
				}
				if s.dice.IntN(10) == 0 {
					x.course = refused
				} else if s.dice.IntN(12) == 0 {
					x.course = waiting
				}
				co := departments[s.dice.IntN(len(departments))]
				if co == p.lead {
					co = ""
				}
				text := parts[part].measures[k%len(parts[part].measures)]
				x.note = noteOn(text)
				add(aspects[last-1], p.title, fmt.Sprintf(parts[part].title, p.topic), code, fmt.Sprintf(text, p.topic), kind,
					leaders[(i+k)%len(leaders)], p.lead, co, start.String(), x.due.String(), "未启动",
					fmt.Sprintf("巡视反馈后，%s牵头查找%s在制度、执行、监督上的短板，细化为%d个小问题，逐个定措施、定时限、定责任人。", p.lead, p.topic, n), fmt.Sprintf(parts[part].about, p.topic))
				plots = append(plots, x)
				measures++
			}
		}
	}
	// Five problems are only basically done: fourteen measures of theirs.
	slowed := map[string]int{}
	for i := range plots {
		problem := plots[i].code[:strings.LastIndex(plots[i].code[:strings.LastIndex(plots[i].code, "-")], "-")]
		if slices.Contains([]string{"1-7", "1-12", "2-2", "3-5", "4-3"}, problem) && slowed[problem] < 3 && sum(slowed) < unfinished {
			plots[i].course = slow
			slowed[problem]++
		}
	}
	return rows, plots
}

func sum(m map[string]int) (n int) {
	for _, x := range m {
		n += x
	}
	return n
}

// link maps what the announcement names to what the ledger holds, in order.
func (s *stage) link() error {
	var announced, held []ledger.ProblemRow
	err := s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
		p := s.program
		p.Ledger = true
		if held, err = ledger.ListProblems(r, s.people["demo.office1"], p, [2]int{}, 100); err != nil {
			return err
		}
		p.Ledger = false
		announced, err = ledger.ListProblems(r, s.people["demo.office1"], p, [2]int{}, 100)
		return err
	})
	if err != nil || len(announced) != len(themes) {
		return err // another announcement: nothing is known to fit
	}
	for i, t := range themes {
		var ids []int64
		for _, p := range t.problems {
			j := slices.IndexFunc(held, func(x ledger.ProblemRow) bool { return x.Title == p.title })
			ids = append(ids, held[j].ID)
		}
		if err := s.Ledger.Map(s.ctx, s.people["demo.office1"], announced[i].ID, nil, ids); err != nil {
			return err
		}
	}
	return nil
}

func pick[T any](s *stage, list []T) T { return list[s.dice.IntN(len(list))] }

func (s *stage) measure(code string) (m ledger.Measure, err error) {
	err = s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
		m, err = ledger.MeasureByCode(r, s.program.ID, code)
		return err
	})
	return m, err
}

// report, prove, apply and review are what people do about a measure, each at its day.
func (s *stage) report(p plot, day calendar.Date, status ledger.Status) {
	note := p.note
	if status == ledger.InProgress {
		note = "已明确责任人和时间表，正在办理。"
	}
	s.at(day, 10, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		return s.Ledger.Report(s.ctx, s.liaison(p.place), m.ID, m.Version, status, note, calendar.Date{})
	})
}

func (s *stage) prove(p plot, day calendar.Date, title string) {
	public := s.dice.IntN(2) == 0
	s.at(day, 11, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		return s.Ledger.AddEvidence(s.ctx, s.liaison(p.place), ledger.Subject{Measure: m.ID},
			ledger.NewEvidence{Title: title, URL: "https://demo.example/" + p.code, Public: public})
	})
}

func (s *stage) apply(p plot, day calendar.Date) {
	s.at(day, 14, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		var ids []int64
		err = s.DB.Read(s.ctx, func(r *store.Reader) error {
			return r.Table("evidence").Where("measure_id = ?", m.ID).Order("id").Pluck("id", &ids).Error
		})
		if err != nil {
			return err
		}
		return s.Ledger.Apply(s.ctx, s.liaison(p.place), ledger.Subject{Measure: m.ID}, m.Version, ids, "整改措施已完成，申请销号。")
	})
}

// review makes the review that is due; refuse is the reason of a refusal, or empty.
func (s *stage) review(p plot, day calendar.Date, who string, refuse ledger.Refusal) {
	text := ""
	if refuse != "" {
		text = pick(s, refusals)
	}
	s.at(day, 16, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		var id int64
		var version int
		err = s.DB.Read(s.ctx, func(r *store.Reader) error {
			return r.Table("closings").Select("id, version").Where("measure_id = ?", m.ID).Order("id DESC").Limit(1).Row().Scan(&id, &version)
		})
		if err != nil {
			return err
		}
		return s.Ledger.Review(s.ctx, s.people[who], id, version, refuse == "", refuse, text)
	})
}

var reviewers = []string{"demo.reviewer", "demo.office1", "demo.group"}

// plan writes the course of a measure into the calendar.
func (s *stage) plan(p plot) {
	s.report(p, p.start.AddDays(1+s.dice.IntN(10)), ledger.InProgress)
	done := p.due.AddDays(s.dice.IntN(20) - 15)
	if p.course == slow {
		s.report(p, done, ledger.BasicallyDone)
		s.delay(p)
		return
	}
	s.report(p, done, ledger.Done)
	s.prove(p, done.AddDays(1), "执行情况记录")
	day := done.AddDays(4 + s.dice.IntN(8))
	s.apply(p, day)
	if p.course == refused {
		s.review(p, day.AddDays(2), reviewers[0], "")
		s.review(p, day.AddDays(5), reviewers[1], pick(s, ledger.Refusals))
		s.prove(p, day.AddDays(20), "补充的执行记录")
		day = day.AddDays(24)
		s.apply(p, day)
	}
	passed := 3
	if p.course == waiting {
		passed = s.dice.IntN(3)
	}
	for i, who := range reviewers[:passed] {
		s.review(p, day.AddDays(3*(i+1)), who, "")
	}
}

// delay moves the due date of what is not finished: some are overdue today,
// some soon due, some later.
func (s *stage) delay(p plot) {
	to := calendar.Of(s.now).AddDays([]int{-40, -12, 6, 18, 25, 75, 140}[s.ended%7])
	s.ended++
	reason := pick(s, delays)
	s.at(p.due.AddDays(-6), 9, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		return s.Ledger.ProposeDue(s.ctx, s.liaison(p.place), m.ID, m.Version, to, reason)
	})
	s.at(p.due.AddDays(-3), 15, func() error {
		m, err := s.measure(p.code)
		if err != nil {
			return err
		}
		var change int64
		err = s.DB.Read(s.ctx, func(r *store.Reader) error {
			return r.Table("due_changes").Select("id").Where("measure_id = ?", m.ID).Order("id DESC").Limit(1).Row().Scan(&change)
		})
		if err != nil {
			return err
		}
		return s.Ledger.DecideDue(s.ctx, s.people["demo.leader"], m.ID, m.Version, change, true, "")
	})
}

// work plans the closing of problems: those whose measures are all closed by then.
func (s *stage) work() error {
	s.at(calendar.NewDate(2021, 3, 1), 9, func() error {
		var list []ledger.ProblemRow
		err := s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
			list, err = ledger.ListProblems(r, s.people["demo.office1"], s.program, [2]int{}, 100)
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.Measures == 0 || p.Closed < p.Measures || p.No%5 == 0 {
				continue
			}
			if err := s.Ledger.Apply(s.ctx, s.people["demo.office2"], ledger.Subject{Problem: p.ID}, p.Version, nil, "各项措施已全部销号，申请问题销号。"); err != nil {
				return err
			}
			for i, who := range reviewers {
				var id int64
				err := s.DB.Read(s.ctx, func(r *store.Reader) error {
					return r.Table("closings").Select("id").Where("problem_id = ?", p.ID).Order("id DESC").Limit(1).Row().Scan(&id)
				})
				if err != nil {
					return err
				}
				if err := s.Ledger.Review(s.ctx, s.people[who], id, i+1, true, "", ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return nil
}

// lookBack acts out a round over thirty closed measures; three are reopened,
// two of them closed again.
func (s *stage) lookBack() error {
	s.Clock.Set(calendar.NewDate(2021, 9, 6).In().Add(9 * time.Hour))
	group := s.people["demo.group"]
	id, err := s.Ledger.PlanLookback(s.ctx, group, s.program.ID, ledger.Lookback{Title: "2021年“回头看”抽查（示例）", FromOn: calendar.NewDate(2021, 9, 6),
		ToOn: calendar.NewDate(2021, 9, 30), Sample: 30, Seed: "演示-2021-09-06"})
	if err != nil {
		return err
	}
	var round ledger.Round
	err = s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
		round, err = ledger.OpenRound(r, group, id, 0, 100)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(round.Items, func(a, b ledger.RoundItem) int { return cmp.Compare(a.ID, b.ID) })
	for i, x := range round.Items {
		holds := i%10 != 4
		finding := pick(s, findings)
		if !holds {
			finding = pick(s, backslides)
		}
		day := calendar.NewDate(2021, 9, 7).AddDays(i / 2)
		s.at(day, 10, func() error { return s.Ledger.Judge(s.ctx, group, x.ID, holds, finding) })
		if holds {
			continue
		}
		m, err := s.measure(x.Code)
		if err != nil {
			return err
		}
		p := plot{code: x.Code, place: m.Department, note: "按回头看的意见重新整改，已连续一个季度按新要求执行。", due: day.AddDays(20)}
		if i == 24 {
			s.delay(p) // still open today
			continue
		}
		s.report(p, day.AddDays(30), ledger.Done)
		s.prove(p, day.AddDays(31), "重新整改后的执行记录")
		s.apply(p, day.AddDays(35))
		for k, who := range reviewers {
			s.review(p, day.AddDays(38+3*k), who, "")
		}
	}
	s.at(calendar.NewDate(2021, 9, 30), 17, func() error { return s.Ledger.EndLookback(s.ctx, group, id) })
	return nil
}
