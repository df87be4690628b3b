package demo

import (
	"fmt"
	"slices"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/ledger"
	"mingjing/app/store"
)

// register plans the rules that came of it: one for each third problem, made or revised.
func (s *stage) register() error {
	var list []ledger.ProblemRow
	err := s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
		list, err = ledger.ListProblems(r, s.people["demo.office1"], s.program, [2]int{}, 100)
		return err
	})
	if err != nil {
		return err
	}
	topics := map[string]string{}
	for _, t := range themes {
		for _, p := range t.problems {
			topics[p.title] = p.topic
		}
	}
	for i, p := range list {
		if i%3 != 0 {
			continue
		}
		day := calendar.NewDate(2020, 9, 1).AddDays(6 * i)
		revised := i%2 == 1
		title, number := fmt.Sprintf("（示例）%s工作办法", topics[p.Title]), fmt.Sprintf("示院发〔%d〕%d号", day.Year(), 30+i)
		if revised {
			title = fmt.Sprintf("（示例）%s工作办法（修订）", topics[p.Title])
		}
		s.at(day, 15, func() error {
			_, err := s.Ledger.AddRule(s.ctx, s.people["demo.office2"], s.program.ID, ledger.RuleText{Title: title, Number: number, Revised: revised, Published: true, Dated: day,
				Body: fmt.Sprintf(ruleBody, topics[p.Title]), Problems: []int64{p.ID}})
			return err
		})
	}
	return nil
}

// meet plans the quarterly meetings: three were held, the next is being prepared.
func (s *stage) meet() error {
	today := calendar.Of(s.now)
	next := calendar.NewDate(today.Year(), today.Month()+1, 10)
	held := []calendar.Date{calendar.NewDate(2020, 10, 15), calendar.NewDate(2021, 1, 14), calendar.NewDate(2021, 4, 15)}
	for i, day := range append(slices.Clone(held), next) {
		title := fmt.Sprintf("整改领导小组第%d次会议（示例）", i+1)
		at, then := day.AddDays(-7), day.AddDays(91)
		if i == len(held) {
			at = today.AddDays(-1)
		}
		s.at(at, 9, func() error {
			id, err := s.Ledger.PlanMeeting(s.ctx, s.people["demo.office1"], s.program.ID, ledger.MeetingText{Title: title, HeldOn: day})
			if err != nil {
				return err
			}
			if _, err := s.Ledger.DrawAgenda(s.ctx, s.people["demo.office1"], id, nil); err != nil || i == len(held) {
				return err
			}
			s.Clock.Set(day.In().Add(16 * time.Hour))
			for k, d := range decisions {
				n := ledger.NewDecision{Text: d.text, DepartmentID: s.places[d.place], DueOn: day.AddDays(30)}
				decision, err := s.Ledger.Decide(s.ctx, s.people["demo.office1"], id, n)
				if err != nil {
					return err
				}
				if i < len(held)-1 || k == 0 {
					s.later = append(s.later, func() error {
						return s.Ledger.Fulfil(s.ctx, s.people["demo.office2"], decision, 1, day.AddDays(25), d.done)
					})
				}
			}
			return s.Ledger.HoldMeeting(s.ctx, s.people["demo.office1"], id, 1, ledger.MeetingText{Title: title, HeldOn: day, Minutes: minutes, NextOn: then})
		})
		s.at(day.AddDays(26), 10, func() error {
			for _, f := range s.later {
				if err := f(); err != nil {
					return err
				}
			}
			s.later = nil
			return nil
		})
	}
	return nil
}

// remind plans the monthly digests of the first year.
func (s *stage) remind() error {
	for month := range 8 {
		day := calendar.NewDate(2020, 9, 1).AddMonths(month)
		for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			day = day.AddDays(1)
		}
		s.at(day, 8, s.digest)
	}
	return nil
}

func (s *stage) digest() error {
	_, err := s.Ledger.WriteDigests(s.ctx, s.people["demo.office1"])
	return err
}

// chase plans reminders of what is late today: some are answered, the latest
// became orders, one of which waits too long for its answer.
func (s *stage) chase() error {
	var late ledger.Work
	err := s.DB.Read(s.ctx, func(r *store.Reader) (err error) {
		late, err = ledger.ListWork(r, s.people["demo.office1"], s.program.ID, ledger.WorkFilter{Basket: ledger.InOverdue, Limit: 100})
		return err
	})
	if err != nil {
		return err
	}
	today := calendar.Of(s.now)
	for i, m := range late.Rows {
		if i >= 6 {
			break
		}
		first := m.DueOn.AddDays(2)
		order := func(day calendar.Date, level ledger.Level, follows *int64, text, answer string) *int64 {
			id := new(int64)
			s.at(day, 9, func() (err error) {
				n := ledger.NewOrder{Subject: ledger.Subject{Measure: m.ID}, DepartmentID: *m.DepartmentID, Level: level, Text: text, AnswerBy: day.AddDays(7)}
				if follows != nil {
					n.Follows = *follows
				}
				*id, err = s.Ledger.Issue(s.ctx, s.people["demo.office1"], s.program.ID, n)
				return err
			})
			if answer != "" {
				s.at(day.AddDays(5), 15, func() error { return s.Ledger.Answer(s.ctx, s.liaison(m.Department), *id, 1, answer) })
			}
			return id
		}
		reminder := order(first, ledger.Reminder, nil, "这条措施已经超期，请说明原因，写明何时完成。", pick(s, delays))
		if today.Sub(m.DueOn) > 30 {
			answer := ""
			if i%2 == 0 {
				answer = "已由分管副院长召集专题研究，两周内完成。"
			}
			order(first.AddDays(20), ledger.Supervise, reminder, "提醒后仍未完成，请由分管领导研究，逐周报告进展。", answer)
		}
	}
	s.at(today, 0, s.digest)
	return nil
}
