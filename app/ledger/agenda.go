package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Topic is why something is on a meeting's agenda.
type Topic string

const (
	TopicOverdue  Topic = "overdue"
	TopicDue      Topic = "due" // in the meeting's quarter
	TopicRefused  Topic = "refused"
	TopicReopened Topic = "reopened"
	TopicDecision Topic = "decision" // of an earlier meeting, not done
	TopicPublic   Topic = "public"   // what the public said
	TopicOther    Topic = "other"
)

// Topics lists them in the order of an agenda.
var Topics = []Topic{TopicOverdue, TopicDue, TopicRefused, TopicReopened, TopicDecision, TopicPublic, TopicOther}

var topicWords = map[Topic]string{TopicOverdue: "已超期的措施", TopicDue: "本季度到期的措施", TopicRefused: "不予销号的事项", TopicReopened: "回头看重新打开的措施",
	TopicDecision: "以前会议没有办完的决定", TopicPublic: "群众意见集中的问题", TopicOther: "其他议题"}

// Word is the topic in Chinese.
func (t Topic) Word() string { return topicWords[t] }

// AgendaItem is one thing on a meeting's agenda, as it stood when it was put there.
type AgendaItem struct {
	ID         int64
	MeetingID  int64
	No         int
	Kind       Topic
	ProblemID  *int64
	MeasureID  *int64
	DecisionID *int64
	Text       string
}

func (AgendaItem) TableName() string { return "meeting_items" }

// Subject is the measure or problem the item is about; zero: none.
func (i AgendaItem) Subject() Subject { return subjectOf(i.MeasureID, i.ProblemID) }

func subjectOf(measure, problem *int64) Subject {
	switch {
	case measure != nil:
		return Subject{Measure: *measure}
	case problem != nil:
		return Subject{Problem: *problem}
	}
	return Subject{}
}

// same says that two items are about one thing for one reason.
func (i AgendaItem) same(o AgendaItem) bool {
	at := func(p *int64) int64 {
		if p == nil {
			return 0
		}
		return *p
	}
	return i.Kind == o.Kind && i.Kind != TopicOther && at(i.MeasureID) == at(o.MeasureID) && at(i.ProblemID) == at(o.ProblemID) && at(i.DecisionID) == at(o.DecisionID)
}

// An agenda holds at most maxAgenda items, maxTopic of them drawn for one reason.
const (
	maxAgenda = 1000
	maxTopic  = 120
)

// Voice is what the public said about a problem, in a sentence. Rooms above the
// ledger know it.
type Voice struct {
	ProblemID int64
	Text      string
}

// DrawAgenda puts on a planned meeting's agenda what the ledger and the public
// call for and what is not on it yet, and says how many things that were.
func (s *Service) DrawAgenda(ctx context.Context, a staff.Actor, id int64, voices []Voice) (added int, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		m, err := plannedMeeting(tx, id)
		if err != nil {
			return err
		}
		found, err := callsFor(tx, m)
		if err != nil {
			return err
		}
		for _, v := range voices {
			found = append(found, AgendaItem{Kind: TopicPublic, ProblemID: &v.ProblemID, Text: v.Text})
		}
		added, err = enter(tx, m, found)
		if err != nil {
			return err
		}
		return recordMeeting(tx, a, "meeting.draw", id, journal.Change{Field: "items", New: strconv.Itoa(added)})
	})
	return added, err
}

// enter appends items that are not on the agenda yet.
func enter(tx *store.Tx, m Meeting, found []AgendaItem) (int, error) {
	var have []AgendaItem
	if err := tx.Where("meeting_id = ?", m.ID).Order("no").Limit(maxAgenda).Find(&have).Error; err != nil {
		return 0, fmt.Errorf("ledger: agenda: %w", err)
	}
	no := 0
	if len(have) > 0 {
		no = have[len(have)-1].No
	}
	var fresh []AgendaItem
	for _, x := range found {
		known := false
		for _, y := range have {
			known = known || x.same(y)
		}
		if known {
			continue
		}
		if len(have)+1 > maxAgenda {
			return 0, fault.New(fault.Conflict, fmt.Sprintf("一次会议最多 %d 个议题，请先去掉一些。", maxAgenda))
		}
		no++
		x.MeetingID, x.No = m.ID, no
		fresh, have = append(fresh, x), append(have, x)
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	if err := tx.CreateInBatches(&fresh, 200).Error; err != nil {
		return 0, fmt.Errorf("ledger: agenda: %w", err)
	}
	return len(fresh), nil
}

// quarterEnd is the last day of the quarter in which a day lies.
func quarterEnd(d calendar.Date) calendar.Date {
	return calendar.NewDate(d.Year(), time.Month((int(d.Month())-1)/3*3+4), 1).AddDays(-1)
}

// callsFor is what of the ledger belongs before a meeting.
func callsFor(tx *store.Tx, m Meeting) ([]AgendaItem, error) {
	today := calendar.Of(tx.Now)
	var out []AgendaItem
	const unfinished = "status <> 'done' AND closing <> 'closed'"
	for _, x := range []struct {
		kind  Topic
		where string
		args  []any
		text  func(Measure) string
	}{
		{TopicOverdue, "due_on < ? AND " + unfinished, []any{today}, func(m Measure) string {
			return fmt.Sprintf("超期%d天（时限%s）", today.Sub(m.DueOn), m.DueOn.Chinese())
		}},
		{TopicDue, "due_on >= ? AND due_on <= ? AND " + unfinished, []any{today, quarterEnd(m.HeldOn)}, func(m Measure) string {
			return m.DueOn.Chinese() + "到期，" + m.Status.Word()
		}},
		{TopicRefused, "closing = 'refused'", nil, func(Measure) string { return "申请销号没有通过核验" }},
		{TopicReopened, "reopened_on IS NOT NULL", nil, func(m Measure) string { return m.ReopenedOn.Chinese() + "重新打开" }},
	} {
		var list []Measure
		err := tx.Select(publicColumns).Where("programme_id = ? AND "+x.where, append([]any{m.ProgrammeID}, x.args...)...).
			Order("coalesce(due_on, '9999'), id").Limit(maxTopic).Find(&list).Error
		if err != nil {
			return nil, fmt.Errorf("ledger: agenda: %w", err)
		}
		if err := nameDepartments(&tx.Reader, list); err != nil {
			return nil, err
		}
		for _, y := range list {
			out = append(out, AgendaItem{Kind: x.kind, MeasureID: &y.ID, Text: fmt.Sprintf("%s %s：%s，牵头部门%s", y.Code, y.Title, x.text(y), orNone(y.Department))})
		}
		if x.kind == TopicRefused {
			var problems []Problem
			if err := tx.Select(problemColumns).Where("programme_id = ? AND NOT announced AND closing = 'refused'", m.ProgrammeID).Order("id").Limit(maxTopic).Find(&problems).Error; err != nil {
				return nil, fmt.Errorf("ledger: agenda: %w", err)
			}
			for _, p := range problems {
				out = append(out, AgendaItem{Kind: x.kind, ProblemID: &p.ID, Text: fmt.Sprintf("%s %s：问题申请销号没有通过核验", p.Code, p.Title)})
			}
		}
	}
	var open []Decided
	if err := decided(&tx.Reader).Where(openDecision+" AND review_meetings.programme_id = ?", m.ProgrammeID).
		Order("meeting_decisions.due_on, meeting_decisions.id").Limit(maxTopic).Find(&open).Error; err != nil {
		return nil, fmt.Errorf("ledger: agenda: %w", err)
	}
	for _, d := range open {
		when := d.DueOn.Chinese() + "前办完"
		if d.DueOn.Before(today) {
			when = fmt.Sprintf("超期%d天（应在%s）", today.Sub(d.DueOn), when)
		}
		out = append(out, AgendaItem{Kind: TopicDecision, MeasureID: d.MeasureID, ProblemID: d.ProblemID, DecisionID: &d.ID,
			Text: fmt.Sprintf("%s第%d项决定：%s（%s，%s）", d.Meeting, d.No, d.Text, d.Department, when)})
	}
	return out, nil
}

// AddItem puts something on a planned meeting's agenda by hand.
func (s *Service) AddItem(ctx context.Context, a staff.Actor, meetingID int64, x Subject, text string) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("text", "议题", text, true, maxTitle, &text, &bad)
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		m, err := plannedMeeting(tx, meetingID)
		if err != nil {
			return err
		}
		i := AgendaItem{Kind: TopicOther, Text: text}
		if i.MeasureID, i.ProblemID, err = within(&tx.Reader, m.ProgrammeID, x); err != nil {
			return err
		}
		if _, err := enter(tx, m, []AgendaItem{i}); err != nil {
			return err
		}
		return recordMeeting(tx, a, "meeting.item", meetingID)
	})
}

// within is the subject as it is stored, if it belongs to the programme.
func within(r *store.Reader, programmeID int64, x Subject) (measure, problem *int64, err error) {
	if x == (Subject{}) {
		return nil, nil, nil
	}
	i, err := load(r, x)
	if err != nil {
		return nil, nil, err
	}
	if i.problem.ProgrammeID != programmeID {
		return nil, nil, errNoProblem
	}
	measure, problem = x.columns()
	return measure, problem, nil
}

// DropItem takes something off a planned meeting's agenda.
func (s *Service) DropItem(ctx context.Context, a staff.Actor, meetingID, item int64) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := plannedMeeting(tx, meetingID); err != nil {
			return err
		}
		done := tx.Where("id = ? AND meeting_id = ?", item, meetingID).Delete(&AgendaItem{})
		if done.Error != nil {
			return fmt.Errorf("ledger: drop item: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return fault.New(fault.Conflict, "这个议题已经去掉了。")
		}
		return recordMeeting(tx, a, "meeting.drop", meetingID)
	})
}
