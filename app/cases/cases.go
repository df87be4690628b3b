// Package cases is the one store of everything people send to the court, by
// whatever channel, and of what the court does with it: intake, triage,
// assignment, drafts, approval, replies, publication, rating.
//
// Whoever a case names neither sees nor handles it. A text that names every
// dispatcher would so be hidden from all who could deal with it: then a
// supervisor who is not named stands in for them, and where none is left either,
// Stranded counts the case for the doctor and the security administrator, who
// gives the role to somebody else. They learn its number and nothing of it.
//
// Each exported method checks the actor and writes the change, its timeline
// event and its journal entry in one transaction; Open and File commit the
// record of the look before they read what is shown. It trusts staff
// for who the actor is, settings for limits and the calendar. It must never
// put contact details into a list, a log or an error, and never let a state be
// reached except through the table in moves.go.
package cases

import (
	"time"

	"mingjing/app/calendar"
)

// Kind is what a case is.
type Kind string

const (
	Suggestion Kind = "suggestion" // 意见建议
	Comment    Kind = "comment"    // 整改监督意见
	Enquiry    Kind = "enquiry"    // 咨询
	Complaint  Kind = "complaint"  // 投诉
	Petition   Kind = "petition"   // 申诉求决
	Correction Kind = "correction" // 网站纠错
)

// Kinds lists the kinds in the order in which people are shown them.
var Kinds = []Kind{Comment, Suggestion, Enquiry, Complaint, Petition, Correction}

var kindWords = map[Kind]string{Suggestion: "意见建议", Comment: "整改监督意见", Enquiry: "咨询", Complaint: "投诉",
	Petition: "申诉求决", Correction: "网站纠错"}

// Word is the kind as people read it.
func (k Kind) Word() string { return kindWords[k] }

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return kindWords[k] != "" }

// Channel is how a case came in.
type Channel string

const (
	Web      Channel = "web"      // 网站
	Hotline  Channel = "hotline"  // 12368
	Letter   Channel = "letter"   // 来信
	Visit    Channel = "visit"    // 来访
	Transfer Channel = "transfer" // 转办
)

// Channels lists the channels in order.
var Channels = []Channel{Web, Hotline, Letter, Visit, Transfer}

var channelWords = map[Channel]string{Web: "网站", Hotline: "12368 热线", Letter: "来信", Visit: "来访", Transfer: "转办"}

func (c Channel) Word() string { return channelWords[c] }
func (c Channel) Valid() bool  { return channelWords[c] != "" }

// State is where a case stands.
type State string

const (
	Submitted    State = "submitted"    // 已提交
	Registered   State = "registered"   // 已登记
	NeedMore     State = "need_more"    // 待补充
	Refused      State = "refused"      // 不予受理
	Transferred  State = "transferred"  // 已转送
	Withdrawn    State = "withdrawn"    // 已撤回
	Accepted     State = "accepted"     // 已受理
	Assigned     State = "assigned"     // 已分办
	Acknowledged State = "acknowledged" // 已签收
	Handling     State = "handling"     // 办理中
	InReview     State = "in_review"    // 待审核
	InApproval   State = "in_approval"  // 待签发
	Replied      State = "replied"      // 已答复
	Concluded    State = "concluded"    // 已办结
	Archived     State = "archived"     // 已归档
	Returned     State = "returned"     // 退回
	Redo         State = "redo"         // 重办
	Merged       State = "merged"       // 已并件
	Invalid      State = "invalid"      // 无效件
)

// States lists every state in the order of a case's life.
var States = []State{Submitted, Registered, NeedMore, Refused, Transferred, Withdrawn, Accepted, Assigned, Returned,
	Acknowledged, Handling, InReview, InApproval, Replied, Redo, Concluded, Archived, Merged, Invalid}

var stateWords = map[State]string{Submitted: "已提交", Registered: "已登记", NeedMore: "待补充", Refused: "不予受理",
	Transferred: "已转送", Withdrawn: "已撤回", Accepted: "已受理", Assigned: "已分办", Acknowledged: "已签收",
	Handling: "办理中", InReview: "待审核", InApproval: "待签发", Replied: "已答复", Concluded: "已办结",
	Archived: "已归档", Merged: "已并件", Returned: "退回", Redo: "重办", Invalid: "无效件"}

func (s State) Word() string { return stateWords[s] }

// Ended reports whether nothing more is owed to the citizen.
func (s State) Ended() bool {
	switch s {
	case Refused, Transferred, Withdrawn, Concluded, Archived, Invalid:
		return true
	}
	return false
}

// never is the due day of a case on which nothing is due; it sorts last.
var never = calendar.NewDate(9999, 12, 31)

// Case is one case without its contact details.
type Case struct {
	ID             int64
	CaseNo         string // 8 digits, random, not secret
	Kind           Kind
	Channel        Channel
	State          State
	Title          string
	Content        string
	ProblemID      *int64
	Unit           string // unit complained of
	HappenedAt     string
	Place          string
	CaseNumber     string
	Demand         string
	Facts          string
	AllowPublish   bool
	PrivacyVersion string
	Guardian       bool // the sender is under 14 and a guardian consents
	SubmittedAt    time.Time
	ReceivedOn     calendar.Date // day 0 of the limits that start on receipt
	AcceptedOn     calendar.Date
	RepliedOn      calendar.Date
	EndedOn        calendar.Date
	NoticeDue      calendar.Date // until when the citizen must be told whether it is accepted
	NoticeOn       calendar.Date
	HandleDue      calendar.Date
	LimitFrom      calendar.Date // day 0 of the handling limit that runs: acceptance, receipt or redo
	Late           bool          // an answer was sent after its limit; stays so, whatever happens later
	DueOn          calendar.Date // the nearest of what is due now; never when nothing is
	DueStep        string        // register, notice, handle, reconsider, re_review or decide
	Provisional    bool          // 暂按周末推算: the limit reaches past the loaded calendar
	BackState      State         // where a case goes when the citizen has answered
	Extended       bool
	UrgedAt        *time.Time
	Supervised     bool       // under a supervisor's eye
	Stage          Stage      // of a petition
	ObjectedAt     *time.Time // the sender does not accept the answer, and nobody has decided yet
	Refusal        Refusal
	DepartmentID   *int64
	HandlerID      *int64
	EnteredBy      int64
	AccessHash     []byte
	SubmissionHash []byte
	ContentHash    []byte // keyed digest of what was sent, to tell a repetition from another matter
	Version        int
}

func (Case) TableName() string { return "cases" }

// Waiting reports whether something is due.
func (c Case) Waiting() bool { return c.DueOn.Before(never) && !c.DueOn.IsZero() }

// columns are Case's columns, named for every SELECT.
const columns = `cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.content, cases.problem_id,
cases.unit, cases.happened_at, cases.place, cases.case_number, cases.demand, cases.facts, cases.allow_publish, cases.privacy_version, cases.guardian,
cases.submitted_at, cases.received_on, cases.accepted_on, cases.replied_on, cases.ended_on, cases.notice_due, cases.notice_on,
cases.handle_due, cases.limit_from, cases.late, cases.due_on, cases.due_step, cases.provisional, cases.back_state, cases.extended, cases.urged_at, cases.supervised, cases.stage, cases.objected_at, cases.refusal,
cases.department_id, cases.handler_id, cases.entered_by, cases.access_hash, cases.submission_hash, cases.content_hash, cases.version`

// Event is one line of a case's timeline.
type Event struct {
	ID        int64
	CaseID    int64
	At        time.Time
	ActorID   int64 // 0 for the citizen
	ActorName string
	Verb      Verb
	FromState State
	ToState   State
	Detail    string // harmless words only: a department, a reason from a list
	MessageID *int64
}

func (Event) TableName() string { return "case_events" }

// Author of a message: citizen and court see it, inside is for staff alone.
type Author string

const (
	ByCitizen Author = "citizen"
	ByCourt   Author = "court"
	Inside    Author = "inside"
)

// Message is text that passes between citizen and court, or stays inside.
type Message struct {
	ID      int64
	CaseID  int64
	At      time.Time
	Author  Author
	ActorID int64
	Body    string
	// SubmissionHash is of the form that brought it, so that it is stored once.
	SubmissionHash []byte
}

func (Message) TableName() string { return "case_messages" }

// Attachment is a file of a case; its bytes are in blob under BlobKey.
type Attachment struct {
	ID             int64
	CaseID         *int64
	MessageID      *int64
	SubmissionHash []byte
	Name           string
	MediaType      string
	Size           int64
	SHA256         string `gorm:"column:sha256"`
	BlobKey        string
	At             time.Time
	ImportRowID    *int64 // a letter's scan: the row that stands for the letter
}

// Refusal is a lawful reason not to accept a case.
type Refusal string

const (
	Litigation  Refusal = "litigation"   // 涉诉，应走诉讼程序
	OtherBody   Refusal = "other_body"   // 属于其他机关职责
	NoSubstance Refusal = "no_substance" // 没有实质内容
	Final       Refusal = "final"        // 已有终结意见
)

// Refusals lists the lawful reasons in order.
var Refusals = []Refusal{Litigation, OtherBody, NoSubstance, Final}

var refusalWords = map[Refusal]string{Litigation: "属于诉讼事项，应当通过诉讼程序解决", OtherBody: "属于其他机关的职责",
	NoSubstance: "没有可以办理的实质内容", Final: "已经作出终结意见"}

func (r Refusal) Word() string { return refusalWords[r] }
