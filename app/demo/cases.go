package demo

import (
	"fmt"
	"slices"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// receive plans n cases over the last two years, each as far as its turn takes
// it; of very many only the first ones, the others are copies.
func (s *stage) receive(n int) error {
	s.all = n
	if n > 2*acted {
		n = acted
	}
	s.acted = n
	from := calendar.Of(s.now).AddDays(-span)
	for i := range n {
		day := from.AddDays(i * (span - 2) / max(n, 1))
		if last := n - 1 - i; s.newest(i) { // a day apart, however few there are
			day = calendar.Of(s.now).AddDays(-last - 1)
		}
		at := day.In().Add(time.Duration(9+i%8) * time.Hour)
		s.scenes = append(s.scenes, scene{at, func() error { return s.send(i, at) }})
	}
	return nil
}

// send hands in one case and plans what becomes of it.
func (s *stage) send(i int, at time.Time) error {
	x := said[i%len(said)]
	sub := cases.Submission{Kind: cases.Kind(x.kind), Channel: cases.Channels[[]int{0, 1, 0, 2, 3, 0, 4}[i%7]], Title: x.title, Content: x.content, Name: "王某（示例）", Phone: fmt.Sprintf("139000%05d", i%100000),
		AllowPublish: i%2 == 0, Key: fmt.Sprintf("demo-%016d", i)}
	switch sub.Kind {
	case cases.Complaint:
		sub.Unit, sub.HappenedAt = "诉讼服务大厅", "上周二上午"
	case cases.Comment:
		sub.Problem = fmt.Sprintf("%d-%d", 1+i%4, 1+i%3)
	}
	if sub.Kind == cases.Petition {
		sub.Content, sub.Demand, sub.Facts, sub.Address = "", "退还多交的诉讼费", x.content, "示例市示例路 1 号"
	}
	t, err := s.hand(sub)
	if err != nil {
		return err
	}
	s.tell(i+1, s.all)
	var id int64
	err = s.DB.Read(s.ctx, func(r *store.Reader) error {
		return r.Table("cases").Select("id").Where("case_no = ?", t.CaseNo).Row().Scan(&id)
	})
	if err != nil {
		return err
	}
	return s.handle(i, id, at)
}

// handle takes a case through the house within minutes of the demonstration's
// clock; every tenth or so stops at each of the earlier states.
func (s *stage) handle(i int, id int64, at time.Time) error {
	version := func(a staff.Actor) (int, error) { return s.Cases.Version(s.ctx, a, id) }
	clerk, dispatcher, handler := s.people["demo.clerk"], s.people["demo.dispatcher"], s.people["demo.handler"]
	reviewer, approver := s.people["demo.reviewer"], s.people["demo.approver"]
	kind := cases.Kind(said[i%len(said)].kind)
	steps := []step{
		{1, clerk, func(v int) error { return s.Cases.Register(s.ctx, clerk, id, v, kind) }},
		{20, dispatcher, func(v int) error { return s.Cases.Accept(s.ctx, dispatcher, id, v) }},
		{21, dispatcher, func(v int) error {
			return s.Cases.Assign(s.ctx, dispatcher, id, v, handler.DepartmentID, handler.ID)
		}},
		{26, handler, func(v int) error { return s.Cases.Acknowledge(s.ctx, handler, id, v) }},
		{40, handler, func(int) error { _, err := s.Cases.SaveDraft(s.ctx, handler, id, 0, answer); return err }},
		{41, handler, func(v int) error { return s.Cases.Propose(s.ctx, handler, id, v) }},
		{50, reviewer, func(v int) error { return s.Cases.Pass(s.ctx, reviewer, id, v) }},
		{60, approver, func(v int) error {
			p, err := s.Cases.Open(s.ctx, approver, id)
			if err != nil {
				return err
			}
			return s.Cases.Approve(s.ctx, approver, id, v, p.Digest)
		}},
		{61, handler, func(v int) error { return s.Cases.Send(s.ctx, handler, id, v) }},
		{80, handler, func(v int) error { return s.Cases.Conclude(s.ctx, handler, id, v, "") }},
	}
	last := s.acted - 1 - i // how many came after it
	switch end := s.endings(id)[i%17]; {
	case s.newest(i) && last < len(steps): // under way, one in each state
		steps = steps[:last]
	case s.newest(i):
		steps = s.detours(id, steps)[last-len(steps)]
	case i > 0 && i%lying == 0 && kind != cases.Petition: // about the same as the one before it, see below
		steps = append(steps[:2:2], step{30, dispatcher, func(v int) error { return s.mergeIntoLast(id, v) }})
	case end != nil: // what ends before it is handled
		steps = append(steps[:1:1], end...)
	case i%lying == lying-1: // a few have been left lying
		steps = steps[:4]
	default:
		steps = s.turns(i, id, steps)
		if i%4 == 1 { // half a year later
			steps = append(steps, step{180 * 24, dispatcher, func(v int) error { return s.Cases.Archive(s.ctx, dispatcher, id, v) }})
		}
	}
	for _, x := range steps {
		then := at.Add(time.Duration(x.hours) * time.Hour)
		if !then.Before(s.now) {
			return nil
		}
		s.Clock.Set(then)
		v, err := version(x.who)
		if err == nil {
			err = x.act(v)
		}
		if err != nil {
			return fmt.Errorf("case %d after %d h: %w", i+1, x.hours, err)
		}
	}
	if answered := s.answered(id); answered && i%4 == 0 {
		return s.publish(id, i)
	}
	return nil
}

// newest reports whether a case is one of those that came in these days.
func (s *stage) newest(i int) bool { return s.acted >= 3*underWay && s.acted-1-i < underWay }

const (
	underWay = 13 // of the newest, one in each state of what is open
	lying    = 41 // every so manieth is left lying
)

// detours are how a case stands that is under way and not on the straight road:
// waiting for its sender, returned by its department, handled anew.
func (s *stage) detours(id int64, steps []step) [][]step {
	dispatcher, handler := s.people["demo.dispatcher"], s.people["demo.handler"]
	to := func(n int, more ...step) []step { return append(steps[:n:n], more...) }
	return [][]step{
		to(4, step{30, handler, func(v int) error {
			return s.Cases.Ask(s.ctx, handler, id, v, "（示例）请补充立案受理通知书的照片。")
		}}),
		to(3, step{23, handler, func(v int) error {
			return s.Cases.Return(s.ctx, handler, id, v, "（示例）不属本部门职责。")
		}}),
		to(9, step{72, dispatcher, func(int) error {
			return s.Cases.Rate(s.ctx, id, "no", "dissatisfied", "（示例）还是没有人接电话。")
		}},
			step{90, dispatcher, func(v int) error {
				return s.Cases.Redo(s.ctx, dispatcher, id, v, "（示例）请核实后重新答复。")
			}}),
	}
}

// mergeIntoLast puts a case into the newest one that is handled, about the same
// or not: it is a demonstration.
func (s *stage) mergeIntoLast(id int64, v int) error {
	dispatcher := s.people["demo.dispatcher"]
	var numbers []string
	err := s.DB.Read(s.ctx, func(r *store.Reader) error {
		return r.Table("cases").Where("id < ? AND state = ? AND kind <> ?", id, cases.Acknowledged, cases.Petition).Order("id DESC").Limit(1).Pluck("case_no", &numbers).Error
	})
	if err != nil || len(numbers) == 0 {
		return err
	}
	return s.Cases.Merge(s.ctx, dispatcher, id, v, numbers[0], "（示例）反映的是同一件事。")
}

// step is what somebody does some hours after a case came in.
type step struct {
	hours int
	who   staff.Actor
	act   func(v int) error
}

// span is how many days the demonstration's cases go back.
const span = 720

// hand brings a case in: through the web as a citizen does, else as the clerk does.
func (s *stage) hand(sub cases.Submission) (cases.Ticket, error) {
	if sub.Channel != cases.Web {
		return s.Cases.Record(s.ctx, s.people["demo.clerk"], sub)
	}
	id, err := s.Cases.NewCaptcha(s.ctx)
	if err != nil {
		return cases.Ticket{}, err
	}
	sub.CaptchaID, sub.PrivacyVersion = id, "2026-11"
	err = s.DB.Read(s.ctx, func(r *store.Reader) error {
		return r.Table("captchas").Select("digits").Where("id = ?", id).Row().Scan(&sub.Captcha)
	})
	if err != nil {
		return cases.Ticket{}, err
	}
	return s.Cases.Submit(s.ctx, sub)
}

// endings are how some cases end early, by turn.
func (s *stage) endings(id int64) map[int][]step {
	dispatcher := s.people["demo.dispatcher"]
	return map[int][]step{
		4: {{22, dispatcher, func(v int) error {
			return s.Cases.Refuse(s.ctx, dispatcher, id, v, cases.Litigation, "（示例）您反映的是正在审理的案件，请向承办法官提出，或者拨打 12368。")
		}}},
		7: {{20, dispatcher, func(v int) error {
			return s.Cases.Transfer(s.ctx, dispatcher, id, v, "示例市城市管理局", "（示例）这件事由城市管理局处理，已经转去。")
		}}},
		11: {{21, dispatcher, func(v int) error { return s.Cases.Discard(s.ctx, dispatcher, id, v) }}},
		14: {{26, dispatcher, func(int) error { return s.Cases.Withdraw(s.ctx, id) }}},
	}
}

// turns adds what happens to some of the others on their way: a return, an
// extension, a rating, an answer that is gone over again.
func (s *stage) turns(i int, id int64, steps []step) []step {
	dispatcher, handler, approver, caller := s.people["demo.dispatcher"], s.people["demo.handler"], s.people["demo.approver"], s.people["demo.dispatcher"]
	after := func(n int, more ...step) { steps = append(steps[:n:n], append(more, steps[n:]...)...) }
	if i%4 != 3 { // rated the day after the answer
		resolved, how, why := cases.Resolved("yes"), cases.Satisfaction("satisfied"), ""
		switch i % 11 {
		case 2, 5:
			resolved, how = "partly", "basically"
		case 9:
			if said[i%len(said)].kind == string(cases.Petition) {
				break // it would go to its next stage instead
			}
			resolved, how, why = "no", "dissatisfied", "（示例）没有说明什么时候改好。"
		}
		after(9, step{72, caller, func(int) error { return s.Cases.Rate(s.ctx, id, resolved, how, why) }})
		if why != "" {
			steps = steps[:10] // waits for a decision, which the dispatcher takes
			steps = append(steps, step{90, dispatcher, func(v int) error {
				return s.Cases.Decline(s.ctx, dispatcher, id, v, "（示例）答复已经写明整改时间，请以答复为准。")
			}})
		}
	}
	if i%13 == 6 && said[i%len(said)].kind != string(cases.Correction) {
		after(4, step{30, approver, func(v int) error {
			return s.Cases.Extend(s.ctx, approver, id, v, "（示例）需要向其他部门核实。")
		}})
	}
	if i%19 == 8 {
		after(3, step{23, handler, func(v int) error {
			return s.Cases.Return(s.ctx, handler, id, v, "（示例）不属本部门职责。")
		}},
			step{24, dispatcher, func(v int) error {
				return s.Cases.Assign(s.ctx, dispatcher, id, v, handler.DepartmentID, handler.ID)
			}})
	}
	return steps
}

// answered reports whether the case has an answer.
func (s *stage) answered(id int64) bool {
	var n int64
	err := s.DB.Read(s.ctx, func(r *store.Reader) error { return r.Table("replies").Where("case_id = ?", id).Count(&n).Error })
	return err == nil && n > 0
}

const answer = "您好！您反映的情况已经核实。（示例）我们查看了当天的记录，向有关部门了解了情况，并已按规定改进；改进结果在网站上公开。如对答复不满意，可以凭编号评价并说明，也可以拨打 12368。感谢您的监督。"

func (s *stage) publish(id int64, i int) error {
	x, one, two := said[i%len(said)], s.people["demo.publisher1"], s.people["demo.publisher2"]
	reply, err := s.Cases.ProposePublication(s.ctx, one, id, x.title, x.content, answer)
	if err != nil {
		return err
	}
	var confirmed []string
	for _, e := range cases.Exclusions {
		confirmed = append(confirmed, e.Name)
	}
	return s.Cases.ReviewPublication(s.ctx, two, reply, 1, true, slices.Clip(confirmed), "")
}
