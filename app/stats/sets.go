package stats

// Set names the cases that a number is the count of. A case is in a set of a
// month at most once, however often the thing happened.
type Set string

const (
	Received       Set = "received"
	Repeated       Set = "repeated"
	Accepted       Set = "accepted"
	Refused        Set = "refused"
	Transferred    Set = "transferred"
	Withdrawn      Set = "withdrawn"
	Assigned       Set = "assigned"
	Returned       Set = "returned"
	Notified       Set = "notified"
	NotifiedInTime Set = "notified_in_time"
	Unnotified     Set = "unnotified"
	Answered       Set = "answered"
	AnsweredInTime Set = "answered_in_time"
	Overdue        Set = "overdue"
	Extended       Set = "extended"
	Redone         Set = "redone"
	Objected       Set = "objected"
	Rated          Set = "rated"
	Resolved       Set = "resolved"
	Satisfied      Set = "satisfied"
)

// about is what a set counts.
type about struct {
	set   Set
	word  string
	how   string
	stock bool   // how many there are at the end of the month; months do not add up
	query string // its cases, with their kind, channel and department
}

// What every query selects, of the table cases; what happened is looked for by
// verb and time, and never among the receipts, which no index holds.
const (
	fields = `SELECT cases.id, cases.kind, cases.channel, coalesce(cases.department_id, 0) AS department_id FROM `
	events = `case_events JOIN cases ON cases.id = case_events.case_id
		WHERE case_events.verb <> 'submit' AND case_events.at >= @since AND case_events.at < @until AND cases.state <> 'invalid' AND case_events.verb `
	later = `case_events JOIN cases ON cases.id = case_events.case_id
		WHERE case_events.verb <> 'submit' AND case_events.at >= @until AND case_events.at < @now AND cases.state <> 'invalid' AND case_events.verb `
	verdicts = `(SELECT case_id, at, resolved, satisfaction FROM ratings WHERE at >= @since AND at < @until
		UNION ALL SELECT case_id, at, resolved, satisfaction FROM case_calls WHERE reached AND at >= @since AND at < @until) v
		JOIN cases ON cases.id = v.case_id WHERE cases.state <> 'invalid'`
	// The last verdict of the month counts.
	last = ` AND NOT EXISTS (SELECT 1 FROM ratings n WHERE n.case_id = v.case_id AND n.at > v.at AND n.at < @until)
		AND NOT EXISTS (SELECT 1 FROM case_calls n WHERE n.case_id = v.case_id AND n.reached AND n.at > v.at AND n.at < @until)`
	received = `cases WHERE cases.state <> 'invalid' AND (cases.received_on >= @from AND cases.received_on <= @to AND cases.submitted_at < @frozen`
	belated  = `cases WHERE cases.channel <> 'web' AND cases.submitted_at >= @before AND cases.submitted_at < @frozen AND cases.received_on < @from AND cases.state <> 'invalid'`
	again    = ` AND (cases.state = 'merged' OR EXISTS (SELECT 1 FROM case_contacts mine JOIN case_contacts other ON other.caller_hash = mine.caller_hash AND other.case_id < mine.case_id
		JOIN cases o ON o.id = other.case_id WHERE mine.case_id = cases.id AND o.kind = cases.kind AND o.state <> 'invalid' AND o.received_on >= @half))`
	open = ` AND cases.state NOT IN ('refused', 'transferred', 'withdrawn', 'replied', 'concluded', 'archived', 'merged', 'invalid')`
)

// sets are all of them, in the order in which they are shown.
var sets = []about{
	{Received, "收到", "当月收到的来件，无效件除外；上月固定以后才登记的来信、来电，算在登记的那个月", false, fields + received + `) UNION ALL ` + fields + belated},
	{Repeated, "重复来件", "收到的来件里，同一联系电话（邮箱）半年内来过同类事项的，或者已经并入另一件的", false, fields + received + `)` + again + ` UNION ALL ` + fields + belated + again},
	{Accepted, "受理", "当月受理", false, fields + events + `= 'accept'`},
	{Refused, "不予受理", "当月告知不予受理", false, fields + events + `= 'refuse'`},
	{Transferred, "转送", "当月转送其他机关", false, fields + events + `= 'transfer'`},
	{Withdrawn, "撤回", "当月由反映人撤回", false, fields + events + `= 'withdraw'`},
	{Assigned, "分办", "当月分办到部门", false, fields + events + `= 'assign'`},
	{Returned, "退回", "当月由部门退回重新分办", false, fields + events + `= 'return'`},
	{Notified, "告知", "当月告知受理、不予受理或者转送，有告知期限的", false, fields + events + `IN ('accept', 'refuse', 'transfer') AND cases.notice_due IS NOT NULL`},
	{NotifiedInTime, "按期告知", "其中没有超过告知期限的", false, fields + events + `IN ('accept', 'refuse', 'transfer') AND cases.notice_due IS NOT NULL AND cases.notice_on <= cases.notice_due`},
	{Unnotified, "超期未告知", "月末（本月截至昨天）超过告知期限还没有告知的", true, fields + `cases WHERE cases.due_on <= @end AND cases.notice_due <= @end AND cases.notice_on IS NULL AND cases.accepted_on IS NULL` + open +
		` UNION ALL ` + fields + later + `IN ('accept', 'refuse', 'transfer') AND cases.notice_due <= @end AND cases.notice_on > @end AND cases.received_on <= @end`},
	{Answered, "答复", "当月答复；重办后再次答复的，在再次答复的月份也算", false, fields + events + `= 'send'`},
	{AnsweredInTime, "按期答复", "其中没有超过办理期限的，批准的延期算在内", false, fields + events + `= 'send' AND NOT cases.late`},
	{Overdue, "超期未答复", "月末（本月截至昨天）超过办理期限还没有答复的", true, fields + `cases WHERE cases.due_on <= @end AND cases.handle_due <= @end AND cases.due_step <> 'decide'` + open +
		` UNION ALL ` + fields + later + `= 'send' AND cases.handle_due <= @end AND cases.late AND cases.received_on <= @end`},
	{Extended, "延期", "当月批准延期", false, fields + events + `= 'extend'`},
	{Redone, "重办", "当月退回重办", false, fields + events + `= 'redo'`},
	{Objected, "异议", "当月对答复提出异议，或者申请复查、复核", false, fields + events + `= 'object'`},
	{Rated, "评价", "当月作出评价，或者在回访中表示意见；一个月里多次的，以最后一次为准", false, fields + verdicts + last},
	{Resolved, "已解决", "评价里表示已解决的", false, fields + verdicts + last + ` AND v.resolved = 'yes'`},
	{Satisfied, "满意", "评价里表示满意、基本满意的", false, fields + verdicts + last + ` AND v.satisfaction <> 'dissatisfied'`},
}

var bySet = func() map[Set]about {
	m := map[Set]about{}
	for _, x := range sets {
		m[x.set] = x
	}
	return m
}()

// Sets lists all of them in order.
func Sets() []Set {
	list := make([]Set, len(sets))
	for i, x := range sets {
		list[i] = x.set
	}
	return list
}

// Valid reports whether there is such a set.
func (s Set) Valid() bool { return bySet[s].query != "" }

// Word is what the set is called, How what it counts, in Chinese.
func (s Set) Word() string { return bySet[s].word }
func (s Set) How() string  { return bySet[s].how }

// Stock reports whether the set is what there is at the end of a month, so that of a longer period only the last month counts.
func (s Set) Stock() bool { return bySet[s].stock }

// Indicator is a rate: the cases of Of among those of all Base together
// (norms.md, Indicators). Each part opens to exactly its cases.
type Indicator struct {
	Word, How string
	Of        Set
	Base      []Set
}

// Indicators lists the rates in order.
var Indicators = []Indicator{
	{"按期告知率", "按期告知 ÷（告知 + 超期未告知）", NotifiedInTime, []Set{Notified, Unnotified}},
	{"按期答复率", "按期答复（批准的延期算在内）÷（答复 + 超期未答复）", AnsweredInTime, []Set{Answered, Overdue}},
	{"办结率", "答复 ÷ 受理；可能超过 100%，因为答复的有以前受理的", Answered, []Set{Accepted}},
	{"解决率", "已解决 ÷ 评价", Resolved, []Set{Rated}},
	{"满意率", "（满意 + 基本满意）÷ 评价", Satisfied, []Set{Rated}},
	{"评价率", "评价 ÷ 答复", Rated, []Set{Answered}},
	{"退回率", "退回 ÷ 分办", Returned, []Set{Assigned}},
	{"重办率", "重办 ÷ 答复", Redone, []Set{Answered}},
	{"延期率", "延期 ÷ 受理", Extended, []Set{Accepted}},
	{"重复率", "重复来件 ÷ 收到", Repeated, []Set{Received}},
}
