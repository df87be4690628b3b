// Package reports is the room of reports of misconduct: what a reporter says,
// sealed before it is stored; the officers who may read it; the custodians who
// keep who it came from; and the code with which the reporter returns.
//
// A report has a key for each compartment (body, internal, identity) of each
// epoch. They are granted through the public keys of the signed roster, so that
// whoever takes a report down cannot read it back; a decoy stands where somebody
// is kept out. What staff read is opened with the private key that their session
// alone carries, what a reporter reads with their code.
//
// It trusts seal, the pepper, the session's actor and the roster's beginning in
// the keys' folder; it trusts neither the database for who may read nor roles
// alone. It must never write a statement, a name, a file's name or a code to the
// journal, an error, a log, a list of other rooms or a temporary file; never
// store anything in the clear because it could not be sealed; and never tell
// anybody who was kept out. No other room reads its tables.
package reports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/store"
)

// State is where a report stands.
type State string

const (
	Received   State = "received"     // 已收到
	Accepted   State = "accepted"     // 已受理
	Handling   State = "handling"     // 办理中
	Concluded  State = "concluded"    // 已办结，待反馈: the reporter still reads 办理中
	Answered   State = "answered"     // 已反馈
	OutOfScope State = "out_of_scope" // 不属受理范围
)

// Word is the state as staff read it, Told as the reporter does.
func (s State) Word() string {
	if s == Concluded {
		return "已办结，待反馈"
	}
	return s.Told()
}

func (s State) Told() string {
	return map[State]string{Received: "已收到", Accepted: "已受理", Handling: "办理中", Concluded: "办理中", Answered: "已反馈", OutOfScope: "不属受理范围"}[s]
}

// Ended reports whether nothing more is owed to the reporter.
func (s State) Ended() bool { return s == Answered || s == OutOfScope }

// Disposition is how a clue is dealt with; it is internal.
// Source: 《纪检监察机关处理检举控告工作规则》第十七条.
type Disposition string

// Dispositions are all of them.
var Dispositions = []Disposition{"谈话函询", "初步核实", "暂存待查", "予以了结"}

// Verb is a step on a report's timeline.
type Verb string

const (
	DoSubmit   Verb = "submit"
	DoOpen     Verb = "open"
	DoAccept   Verb = "accept"
	DoRefuse   Verb = "refuse"
	DoAssign   Verb = "assign"
	DoRecuse   Verb = "recuse"
	DoNote     Verb = "note"
	DoAnswer   Verb = "answer"
	DoSay      Verb = "say"
	DoConclude Verb = "conclude"
	DoFeedback Verb = "feedback"
	DoReopen   Verb = "reopen"
	DoAsk      Verb = "ask_identity"
	DoGive     Verb = "give_identity"
	DoDeny     Verb = "deny_identity"
	DoReveal   Verb = "reveal"
	DoFile     Verb = "open_file"
	DoOriginal Verb = "open_original"
	DoCode     Verb = "code"
	DoRecover  Verb = "recover"
	DoHold     Verb = "hold"
	DoUnhold   Verb = "unhold"
	DoErase    Verb = "erase"
)

var verbWords = map[Verb]string{DoSubmit: "收到", DoOpen: "查看", DoAccept: "受理", DoRefuse: "不属受理范围", DoAssign: "交办", DoRecuse: "回避", DoNote: "记工作记录", DoAnswer: "回复举报人",
	DoSay: "举报人补充", DoConclude: "办结", DoFeedback: "反馈结果", DoReopen: "重新办理", DoAsk: "申请查看身份", DoGive: "同意查看身份", DoDeny: "不同意查看身份", DoReveal: "查看身份", DoFile: "打开附件", DoOriginal: "打开附件原件", DoCode: "举报人换了查询码",
	DoRecover: "两位纪检专员恢复密钥", DoHold: "依法保留", DoUnhold: "解除保留", DoErase: "已按期限删除"}

// Word is the step as staff read it.
func (v Verb) Word() string { return verbWords[v] }

// toldWords are the steps that a reporter reads.
var toldWords = map[Verb]string{DoSubmit: "已收到", DoAccept: "决定受理", DoRefuse: "不属受理范围", DoAssign: "已交专人办理", DoAnswer: "工作人员回复了您", DoSay: "您补充了情况", DoFeedback: "反馈了结果", DoReopen: "重新办理",
	DoAsk: "办理人申请查看您的身份，等待另一位人员决定", DoGive: "另一位人员同意办理人查看您的身份", DoDeny: "另一位人员没有同意查看您的身份", DoReveal: "办理人查看了您的身份", DoOriginal: "身份保管人打开了附件原件", DoCode: "您换了查询码",
	DoRecover: "两位纪检专员共同恢复了这件举报的密钥", DoErase: "内容已按期限删除"}

// Report is a report's row: nothing in it tells what was reported.
type Report struct {
	ID             int64
	CaseNo         string
	Channel        cases.Channel
	State          State
	SubmittedAt    time.Time
	ReceivedOn     calendar.Date
	EnteredBy      int64
	SubmissionHash []byte
	Salt           []byte
	CodeCheck      []byte
	CodeKnown      bool
	ReporterKey    []byte
	ReporterRing   []byte
	NextSalt       []byte // of a new code that was not typed yet; with it NextCheck and NextRing
	NextCheck      []byte
	NextRing       []byte
	CodeProven     bool // its holder has typed it
	Epoch          int
	HandlerID      *int64
	NoticeDue      calendar.Date
	HandleDue      calendar.Date
	FeedbackDue    calendar.Date
	DueOn          calendar.Date
	EndedOn        calendar.Date
	Hold           string
	Kept           bool
	Unread         bool
	Version        int
}

const columns = "reports.id, reports.case_no, reports.channel, reports.state, reports.submitted_at, reports.received_on, reports.entered_by, reports.submission_hash, reports.salt, " +
	"reports.code_check, reports.code_known, reports.reporter_key, reports.reporter_ring, reports.next_salt, reports.next_check, reports.next_ring, reports.code_proven, reports.epoch, reports.handler_id, reports.notice_due, reports.handle_due, " +
	"reports.feedback_due, reports.due_on, reports.ended_on, reports.hold, reports.kept, reports.unread, reports.version"

// never is the due day of a report on which nothing is due.
var never = calendar.NewDate(9999, 12, 31)

// next sets what is due.
func (r *Report) next() {
	r.DueOn = never
	switch r.State {
	case Received:
		r.DueOn = r.NoticeDue
	case Accepted, Handling:
		r.DueOn = r.HandleDue
	case Concluded:
		r.DueOn = r.FeedbackDue
	}
	if r.DueOn.IsZero() {
		r.DueOn = never
	}
}

// Event is a step on a report's timeline.
type Event struct {
	ID        int64
	ReportID  int64
	At        time.Time
	ActorID   int64
	ActorName string
	Verb      Verb
	ToState   State
}

func (Event) TableName() string { return "report_events" }

// Service is the room.
type Service struct {
	db       *store.DB
	blobs    blob.Store
	folder   string   // where the roster's beginning is known
	formKey  seal.Key // hashes and reads the secrets of forms
	codeKey  seal.Key // derives codes from forms' secrets
	trackKey seal.Key // counts failures
	linkKey  seal.Key // vouches for epochs
	tagKey   seal.Key // goes into tags, beside the officers' own
	passBox  seal.Box // what a browser keeps while it may look
	pepper   seal.Pepper
	desks    desks
	lines    lines
	writer   *writer
}

// New opens the room; Close must follow. folder is where the service keys lie.
func New(db *store.DB, blobs blob.Store, pepper seal.Pepper, folder string) *Service {
	s := &Service{db: db, blobs: blobs, folder: folder, pepper: pepper, formKey: pepper.Key("report form"), codeKey: pepper.Key("report code"),
		trackKey: pepper.Key("report track"), tagKey: pepper.Key("report tag"), linkKey: pepper.Key("report link"), passBox: seal.Box(pepper.Key("report pass"))}
	s.writer = newWriter(s)
	return s
}

// Close waits for the reports that were already taken.
func (s *Service) Close() { s.writer.close() }

// due computes a limit of reports from settings; zero where there is none.
func (d *desk) due(step settings.Step, from calendar.Date) calendar.Date {
	l := d.limits.For("report", step)
	if l.Kind != "report" || l.Amount == 0 {
		return calendar.Date{}
	}
	day, _ := d.calendar.Due(from, l.Limit())
	return day
}

// find reads a report's row.
func find(r *store.Reader, where string, arg any) (x Report, err error) {
	err = r.Select(columns).Where(where, arg).Take(&x).Error
	return x, err
}

// save stores the row if nobody changed it since it was read.
func save(tx *store.Tx, x *Report, fields map[string]any) error {
	fields["version"] = x.Version + 1
	done := tx.Model(&Report{}).Where("id = ? AND version = ?", x.ID, x.Version).Updates(fields)
	if done.Error != nil {
		return fmt.Errorf("reports: save: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return fault.New(fault.Conflict, "这件举报刚刚有了变化，请刷新后再办。")
	}
	x.Version++
	return nil
}

// found tells a report that is not there apart from a failure.
func found(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return errNone
	}
	if err != nil {
		return fmt.Errorf("reports: read: %w", err)
	}
	return nil
}

var errNone = fault.New(fault.NotFound, "没有这件举报，或者不由您办理。请从“举报”列表进入。")

// Standing is whether reports can be taken now, and what the form asks.
type Standing struct {
	Open       bool
	Violations []string
}

// Standing says whether the form is open: an officer must be able to read.
func (s *Service) Standing(ctx context.Context) (st Standing, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		st, err = s.StandingIn(r)
		return err
	})
	return st, err
}

// StandingIn is Standing within a transaction.
func (s *Service) StandingIn(r *store.Reader) (st Standing, err error) {
	v, err := settings.LoadReporting(r)
	if err != nil {
		return st, err
	}
	st.Violations = v.Violations
	desk, err := s.readers(r)
	if err != nil {
		return st, nil // a roster that cannot be trusted closes the form; the doctor says why
	}
	st.Open = len(desk.officers) > 0
	return st, nil
}
