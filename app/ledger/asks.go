package ledger

import (
	"fmt"
	"slices"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/store"
)

// heading is why a digest names something.
type heading int

const (
	askOverdue heading = iota
	askDue             // this month
	askNear            // later, and its warning is up
	askRefused
	askReopened
	askUnapplied
	askReview
	askCheck
	askUnstated
	askHelp
	askOrder
	askDecision
	headings
)

var headingWords = [headings]string{
	askOverdue: "已超期，请尽快完成；确有困难的，申请调整时限", askDue: "本月到期", askNear: "临近时限", askRefused: "不予销号，请重新整改后再申请",
	askReopened: "回头看重新打开，请重新整改", askUnapplied: "已完成，还没有申请销号", askReview: "等待本部门核验销号申请", askCheck: "本月应检查的长期坚持措施",
	askUnstated: "还没有报告进展", askHelp: "本部门配合的措施，已超期", askOrder: "督办单等待答复", askDecision: "会议决定还没有办完",
}

// maxAsk is the length of one thing a digest asks, in characters.
const maxAsk = 300

// asks words what the ledger asks of a department on the day of r, and counts it.
func asks(r *store.Reader, department int64) (text string, needs int, err error) {
	var found [headings][]string
	led, err := ledBy(r, department)
	if err != nil {
		return "", 0, err
	}
	today := calendar.Of(r.Now)
	label, err := labels(r)
	if err != nil {
		return "", 0, err
	}
	done, closed := 0, 0
	for _, m := range led {
		if m.Status == Done {
			done++
		}
		if m.Closing == Closed {
			closed++
		}
		for _, h := range m.asks(today) {
			found[h] = append(found[h], label[m.ProgrammeID]+m.Code+" "+m.Title+m.because(h, today))
		}
	}
	if err := others(r, department, label, &found); err != nil {
		return "", 0, err
	}
	lines := []string{fmt.Sprintf("本部门牵头措施%d条，报告完成%d条，已销号%d条。", len(led), done, closed)}
	for h, list := range found {
		if len(list) == 0 {
			continue
		}
		needs += len(list)
		lines = append(lines, fmt.Sprintf("%s（%d项）", headingWords[h], len(list)))
		for i, x := range list {
			if i == maxNamed {
				lines = append(lines, point+fmt.Sprintf("还有%d项，请在工作台查看。", len(list)-i))
				break
			}
			lines = append(lines, point+clip(strings.Join(strings.Fields(x), " "), maxAsk))
		}
	}
	if needs == 0 {
		lines = append(lines, "这个月没有需要提示的事项，请继续按计划推进。")
	}
	return strings.Join(lines, "\n"), needs, nil
}

// asks is what a measure asks of its lead department: at most one thing about
// its time and one about its closing.
func (m Measure) asks(today calendar.Date) (list []heading) {
	end := lastOfMonth(today)
	if m.Closing == Closed {
		if !m.CheckOn.IsZero() && !m.CheckOn.After(end) {
			list = append(list, askCheck)
		}
		return list
	}
	switch {
	case m.Overdue(today):
		list = append(list, askOverdue)
	case m.Status == Done || m.DueOn.IsZero():
	case !m.DueOn.After(end):
		list = append(list, askDue)
	case Warn(m, today) != calendar.InTime || !m.DueOn.After(today.AddDays(soonDays)):
		list = append(list, askNear)
	}
	switch {
	case m.Closing == ClosingRefused:
		list = append(list, askRefused)
	case !m.ReopenedOn.IsZero() && m.Closing == NotApplied:
		list = append(list, askReopened)
	case m.Closing == Applied:
		list = append(list, askReview)
	case m.Status == Done && m.Closing == NotApplied:
		list = append(list, askUnapplied)
	case m.Status == Unstated && len(list) == 0:
		list = append(list, askUnstated)
	}
	if m.Status == LongTerm && !m.CheckOn.IsZero() && !m.CheckOn.After(end) {
		list = append(list, askCheck)
	}
	return list
}

// because words the day on which a heading rests.
func (m Measure) because(h heading, today calendar.Date) string {
	switch h {
	case askOverdue, askHelp:
		return fmt.Sprintf("（时限%s，超期%d天）", m.DueOn.Chinese(), today.Sub(m.DueOn))
	case askDue, askNear:
		return fmt.Sprintf("（时限%s，还有%d天，%s）", m.DueOn.Chinese(), m.DueOn.Sub(today), m.Status.Word())
	case askReopened:
		return "（" + m.ReopenedOn.Chinese() + "重新打开）"
	case askCheck:
		return "（应在" + m.CheckOn.Chinese() + "检查）"
	}
	return ""
}

func lastOfMonth(d calendar.Date) calendar.Date {
	return calendar.NewDate(d.Year(), d.Month()+1, 1).AddDays(-1)
}

// mostLed bounds what a digest reads of one department.
const mostLed = 5000

func ledBy(r *store.Reader, department int64) (list []Measure, err error) {
	err = r.Select(publicColumns).Where("department_id = ?", department).Order("due_on, id").Limit(mostLed).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: digest: %w", err)
	}
	return list, nil
}

// labels names the programmes before codes, where there are several ledgers.
func labels(r *store.Reader) (map[int64]string, error) {
	all, err := Programmes(r)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p Listing) bool { return !p.Ledger })
	out := map[int64]string{}
	for _, p := range all {
		if len(all) > 1 {
			out[p.ID] = p.Title + "："
		}
	}
	return out, nil
}

// others adds what is asked of a department beside the measures that it leads.
func others(r *store.Reader, department int64, label map[int64]string, found *[headings][]string) error {
	today := calendar.Of(r.Now)
	var helped []Measure
	err := r.Select(publicColumns).Joins("JOIN measure_departments ON measure_departments.measure_id = measures.id").
		Where("measure_departments.department_id = ? AND measures.due_on < ? AND measures.status <> 'done' AND measures.closing <> 'closed'", department, today).
		Order("measures.due_on, measures.id").Limit(mostLed).Find(&helped).Error
	if err != nil {
		return fmt.Errorf("ledger: digest: %w", err)
	}
	for _, m := range helped {
		found[askHelp] = append(found[askHelp], label[m.ProgrammeID]+m.Code+" "+m.Title+m.because(askHelp, today))
	}
	var orders []Issued
	if err := issued(r).Where("supervision_orders.department_id = ? AND supervision_orders.answered_on IS NULL", department).
		Order("supervision_orders.id").Limit(mostLed).Find(&orders).Error; err != nil {
		return fmt.Errorf("ledger: digest: %w", err)
	}
	for _, o := range orders {
		about := "整改工作"
		if o.Code != "" {
			about = label[o.ProgrammeID] + o.Code + " " + o.Title
		}
		found[askOrder] = append(found[askOrder], fmt.Sprintf("%s第%d号：%s（%s）", o.Level.Word(), o.ID, about, until(o.AnswerBy, today, "答复")))
	}
	var open []Decided
	if err := decided(r).Where(openDecision+" AND meeting_decisions.department_id = ?", department).
		Order("meeting_decisions.due_on, meeting_decisions.id").Limit(mostLed).Find(&open).Error; err != nil {
		return fmt.Errorf("ledger: digest: %w", err)
	}
	for _, d := range open {
		found[askDecision] = append(found[askDecision], fmt.Sprintf("%s第%d项决定：%s（%s）", d.Meeting, d.No, d.Text, until(d.DueOn, today, "办完")))
	}
	return nil
}

// until words until when something is to be done.
func until(day, today calendar.Date, verb string) string {
	if day.IsZero() {
		return "请尽快" + verb
	}
	if day.Before(today) {
		return fmt.Sprintf("应在%s前%s，已超期%d天", day.Chinese(), verb, today.Sub(day))
	}
	return day.Chinese() + "前" + verb
}
