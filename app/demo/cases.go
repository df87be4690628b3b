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

// receive plans n cases over the last year, each as far as its turn takes it.
func (s *stage) receive(n int) error {
	from := calendar.Of(s.now).AddDays(-360)
	for i := range n {
		at := from.AddDays(i * 358 / max(n, 1)).In().Add(time.Duration(9+i%8) * time.Hour)
		s.scenes = append(s.scenes, scene{at, func() error { return s.send(i, at) }})
	}
	return nil
}

// send hands in one case and plans what becomes of it.
func (s *stage) send(i int, at time.Time) error {
	x := said[i%len(said)]
	sub := cases.Submission{Kind: cases.Kind(x.kind), Channel: cases.Channels[1+i%3], Title: x.title, Content: x.content, Name: "王某（示例）", Phone: fmt.Sprintf("139000%05d", i%100000),
		AllowPublish: i%2 == 0, Key: fmt.Sprintf("demo-%016d", i)}
	switch sub.Kind {
	case cases.Complaint:
		sub.Unit, sub.HappenedAt = "诉讼服务大厅", "上周二上午"
	case cases.Comment:
		sub.Problem = fmt.Sprintf("%d-%d", 1+i%4, 1+i%3)
	}
	t, err := s.Cases.Record(s.ctx, s.people["demo.clerk"], sub)
	if err != nil {
		return err
	}
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
	steps := []struct {
		hours int
		who   staff.Actor
		act   func(v int) error
	}{
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
	stop := len(steps)
	if i%3 == 2 {
		stop = i / 3 % len(steps)
	}
	for _, x := range steps[:stop] {
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
	if stop == len(steps) && i%2 == 0 && i%4 == 0 {
		return s.publish(id, i)
	}
	return nil
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
