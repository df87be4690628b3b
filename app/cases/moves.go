package cases

import (
	"fmt"
	"slices"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Verb names what was done to a case.
type Verb string

const (
	DoSubmit        Verb = "submit"
	DoRegister      Verb = "register"
	DoAccept        Verb = "accept"
	DoRefuse        Verb = "refuse"
	DoTransfer      Verb = "transfer"
	DoAsk           Verb = "ask"
	DoSupplement    Verb = "supplement"
	DoWithdraw      Verb = "withdraw"
	DoUrge          Verb = "urge"
	DoRate          Verb = "rate"
	DoAssign        Verb = "assign"
	DoAcknowledge   Verb = "acknowledge"
	DoReturn        Verb = "return"
	DoDraft         Verb = "draft"
	DoPropose       Verb = "propose"
	DoPass          Verb = "pass"
	DoSendBack      Verb = "send_back"
	DoApprove       Verb = "approve"
	DoSend          Verb = "send"
	DoExtend        Verb = "extend"
	DoConclude      Verb = "conclude"
	DoRedo          Verb = "redo"
	DoArchive       Verb = "archive"
	DoDiscard       Verb = "discard"
	DoRestore       Verb = "restore"
	DoRecuse        Verb = "recuse"
	DoNote          Verb = "note"
	DoResume        Verb = "resume"
	DoAddFor        Verb = "add_for"
	DoExclude       Verb = "exclude"
	DoJoin          Verb = "join"
	DoOpine         Verb = "opine"
	DoRelease       Verb = "release"
	DoSupervise     Verb = "supervise"
	DoObject        Verb = "object"
	DoDecline       Verb = "decline"
	DoCall          Verb = "call"
	DoInterfere     Verb = "interfere"
	DoServe         Verb = "serve"
	DoServed        Verb = "served"
	DoMerge         Verb = "merge"
	DoTakeIn        Verb = "take_in" // what merging and parting do to the survivor
	DoUnmerge       Verb = "unmerge"
	DoLetGo         Verb = "let_go"
	DoLink          Verb = "link"
	DoUnlink        Verb = "unlink"
	DoSplit         Verb = "split"
	DoErase         Verb = "erase" // by the program, or when a request is granted
	DoHold          Verb = "hold"
	DoUnhold        Verb = "unhold"
	DoAskErasure    Verb = "ask_erasure"
	DoDecideErasure Verb = "decide_erasure"
)

var verbWords = map[Verb]string{DoSubmit: "提交", DoRegister: "登记", DoAccept: "受理", DoRefuse: "不予受理",
	DoTransfer: "转送", DoAsk: "请补充材料", DoSupplement: "补充材料", DoWithdraw: "撤回", DoUrge: "催办", DoRate: "评价",
	DoAssign: "分办", DoAcknowledge: "签收", DoReturn: "退回", DoDraft: "开始办理", DoPropose: "提交审核", DoPass: "审核通过",
	DoSendBack: "退回修改", DoApprove: "签发", DoSend: "答复", DoExtend: "延期", DoConclude: "办结", DoRedo: "重办",
	DoArchive: "归档", DoDiscard: "列为无效件", DoRestore: "恢复", DoRecuse: "回避", DoNote: "内部备注",
	DoResume: "继续办理", DoAddFor: "代群众补充", DoExclude: "列明应回避的人或部门",
	DoJoin: "请部门会办", DoOpine: "会办意见", DoRelease: "撤回会办", DoSupervise: "督办", DoObject: "不同意答复", DoDecline: "不再重办", DoCall: "回访", DoInterfere: "过问登记", DoServe: "登记送达", DoServed: "送达结果", DoMerge: "并件", DoTakeIn: "并入", DoUnmerge: "分开并件", DoLetGo: "分出并件", DoLink: "关联", DoUnlink: "解除关联", DoSplit: "分件", DoErase: "删除", DoHold: "依法保留", DoUnhold: "解除保留", DoAskErasure: "申请删除", DoDecideErasure: "决定删除申请"}

// Word is the verb as staff read it.
func (v Verb) Word() string { return verbWords[v] }

// Move is one allowed change of state.
type Move struct {
	From  []State
	To    State // empty: the state stays, or the method decides
	Roles []staff.Role
	Own   bool // liaison, handler, reviewer and approver only for their own department's cases
}

// moves is every change of state there is. A verb without roles is the
// citizen's. Whatever is not here is refused.
var moves = map[Verb]Move{
	DoRegister:      {From: []State{Submitted}, To: Registered, Roles: []staff.Role{staff.IntakeClerk, staff.Dispatcher}},
	DoAccept:        {From: []State{Registered, NeedMore}, To: Accepted, Roles: []staff.Role{staff.Dispatcher}},
	DoRefuse:        {From: []State{Registered, NeedMore}, To: Refused, Roles: []staff.Role{staff.Dispatcher}},
	DoTransfer:      {From: []State{Registered, NeedMore, Accepted, Returned}, To: Transferred, Roles: []staff.Role{staff.Dispatcher}},
	DoAsk:           {From: []State{Registered, Acknowledged, Handling}, To: NeedMore, Roles: []staff.Role{staff.Dispatcher, staff.Handler}, Own: true},
	DoSupplement:    {From: []State{Submitted, Registered, NeedMore, Accepted, Assigned, Returned, Acknowledged, Handling, InReview, InApproval, Redo, Replied, Merged}},
	DoWithdraw:      {From: []State{Submitted, Registered, NeedMore, Accepted, Assigned, Returned, Acknowledged, Handling, InReview}, To: Withdrawn},
	DoUrge:          {From: []State{Submitted, Registered, Accepted, Assigned, Returned, Acknowledged, Handling, InReview, InApproval, Redo}},
	DoRate:          {From: []State{Replied, Concluded}},
	DoAssign:        {From: []State{Accepted, Returned, Assigned, Acknowledged, Handling, InReview, InApproval, Redo}, To: Assigned, Roles: []staff.Role{staff.Dispatcher}},
	DoAcknowledge:   {From: []State{Assigned}, To: Acknowledged, Roles: []staff.Role{staff.Liaison, staff.Handler}, Own: true},
	DoReturn:        {From: []State{Assigned, Acknowledged, Handling, Redo}, To: Returned, Roles: []staff.Role{staff.Liaison, staff.Handler}, Own: true},
	DoDraft:         {From: []State{Acknowledged, Handling, Redo, InReview, InApproval}, To: Handling, Roles: []staff.Role{staff.Handler}, Own: true},
	DoPropose:       {From: []State{Handling}, To: InReview, Roles: []staff.Role{staff.Handler}, Own: true},
	DoPass:          {From: []State{InReview}, To: InApproval, Roles: []staff.Role{staff.Reviewer}, Own: true},
	DoSendBack:      {From: []State{InReview, InApproval}, To: Handling, Roles: []staff.Role{staff.Reviewer, staff.Approver}, Own: true},
	DoApprove:       {From: []State{InApproval}, Roles: []staff.Role{staff.Approver}, Own: true},
	DoSend:          {From: []State{InApproval}, To: Replied, Roles: []staff.Role{staff.Handler, staff.Approver}, Own: true},
	DoExtend:        {From: []State{Accepted, Assigned, Acknowledged, Handling, InReview, InApproval}, Roles: []staff.Role{staff.Approver}, Own: true},
	DoConclude:      {From: []State{Replied}, To: Concluded, Roles: []staff.Role{staff.Handler, staff.Dispatcher}, Own: true},
	DoRedo:          {From: []State{Replied, Concluded}, To: Redo, Roles: []staff.Role{staff.Supervisor, staff.Dispatcher}},
	DoArchive:       {From: []State{Concluded, Refused, Transferred, Withdrawn}, To: Archived, Roles: []staff.Role{staff.Dispatcher}},
	DoDiscard:       {From: []State{Submitted, Registered}, To: Invalid, Roles: []staff.Role{staff.IntakeClerk, staff.Dispatcher}},
	DoResume:        {From: []State{NeedMore}, Roles: []staff.Role{staff.Dispatcher, staff.Handler}, Own: true},
	DoAddFor:        {From: []State{Submitted, Registered, NeedMore, Accepted, Assigned, Returned, Acknowledged, Handling, InReview, InApproval, Redo, Replied}, Roles: []staff.Role{staff.IntakeClerk, staff.Dispatcher}},
	DoExclude:       {From: States, Roles: []staff.Role{staff.Dispatcher}},
	DoJoin:          {From: []State{Assigned, Acknowledged, Handling, InReview, InApproval, Redo}, Roles: []staff.Role{staff.Dispatcher, staff.Handler}, Own: true},
	DoSupervise:     {From: []State{Submitted, Registered, NeedMore, Accepted, Assigned, Returned, Acknowledged, Handling, InReview, InApproval, Redo}, Roles: []staff.Role{staff.Supervisor}},
	DoObject:        {From: []State{Replied, Concluded}}, // a petition's goes to accepted, others stay
	DoDecline:       {From: []State{Replied, Concluded}, To: Concluded, Roles: []staff.Role{staff.Supervisor, staff.Dispatcher}},
	DoCall:          {From: []State{Replied, Concluded}, Roles: []staff.Role{staff.Caller}},
	DoServe:         {From: slices.DeleteFunc(slices.Clone(States), func(s State) bool { return s == Submitted || s == Invalid }), Roles: servers, Own: true},
	DoServed:        {From: States, Roles: servers, Own: true},
	DoMerge:         {From: []State{Registered, Accepted, Assigned, Returned, Acknowledged, Handling, Redo}, To: Merged, Roles: []staff.Role{staff.Dispatcher}},
	DoTakeIn:        {From: survivors, Roles: []staff.Role{staff.Dispatcher}},
	DoUnmerge:       {From: []State{Merged}, Roles: []staff.Role{staff.Dispatcher}}, // to where it stood; what its sender says of an answer also parts it, see takeAnswer
	DoLetGo:         {From: States, Roles: []staff.Role{staff.Dispatcher}},
	DoLink:          {From: States, Roles: []staff.Role{staff.Dispatcher, staff.IntakeClerk}},
	DoUnlink:        {From: States, Roles: []staff.Role{staff.Dispatcher, staff.IntakeClerk}},
	DoSplit:         {From: []State{Registered, Accepted, Assigned, Returned, Acknowledged, Handling}, Roles: []staff.Role{staff.Dispatcher}},
	DoHold:          {From: States, Roles: keepers},
	DoUnhold:        {From: States, Roles: keepers},
	DoAskErasure:    {From: []State{Refused, Transferred, Withdrawn, Concluded, Archived}},
	DoDecideErasure: {From: States, Roles: keepers},
	DoRestore:       {From: []State{Invalid}, To: Submitted, Roles: []staff.Role{staff.Dispatcher}},
}

// Can reports whether the actor may do verb to the case now; pages use it to
// show only buttons that work, methods to refuse.
func Can(a staff.Actor, c Case, v Verb) bool { return may(a, c, v) == nil }

func may(a staff.Actor, c Case, v Verb) error {
	m, ok := moves[v]
	if !ok || len(m.Roles) == 0 {
		return fault.New(fault.Forbidden, "您的角色不能进行这项操作。")
	}
	allowed := false
	for _, role := range m.Roles {
		if !a.Has(role) {
			continue
		}
		if m.Own && departmental(role) && !own(a, c, role) {
			continue
		}
		allowed = true
	}
	if !allowed {
		return fault.New(fault.Forbidden, "您的角色不能进行这项操作。")
	}
	if (v == DoAccept || v == DoRefuse) && !c.AcceptedOn.IsZero() {
		return fault.New(fault.Conflict, "此件已经受理，不能再次受理，也不能改为不予受理。请先“继续办理”。")
	}
	if (v == DoConclude || v == DoArchive) && c.ObjectedAt != nil {
		return errObjected
	}
	return inState(c, v)
}

var errMoved = fault.New(fault.Conflict, "刚刚有人处理过此件，请先看最新情况再操作。")

func inState(c Case, v Verb) error {
	if slices.Contains(moves[v].From, c.State) {
		return nil
	}
	return fault.New(fault.Conflict, fmt.Sprintf("此件现在是“%s”，不能%s。请刷新页面看最新情况。", c.State.Word(), v.Word()))
}

func departmental(r staff.Role) bool {
	return r == staff.Liaison || r == staff.Handler || r == staff.Reviewer || r == staff.Approver
}

// own reports whether the case is of the actor's department and, once it has a
// handler, whether the handler is this one. A reviewer or approver without a
// department works for the whole court.
func own(a staff.Actor, c Case, r staff.Role) bool {
	if a.DepartmentID == 0 && (r == staff.Reviewer || r == staff.Approver) {
		return c.DepartmentID != nil
	}
	if c.DepartmentID == nil || a.DepartmentID == 0 || *c.DepartmentID != a.DepartmentID {
		return false
	}
	return r != staff.Handler || c.HandlerID == nil || *c.HandlerID == a.ID
}

// rules is what a transaction needs to compute due days.
type rules struct {
	limits   settings.Limits
	calendar *calendar.Calendar
}

func loadRules(r *store.Reader) (rules, error) {
	limits, err := settings.LoadLimits(r)
	if err != nil {
		return rules{}, err
	}
	c, err := settings.LoadCalendar(r)
	return rules{limits, c}, err
}

// receive sets the limits that run from receipt.
func (u rules) receive(c *Case) {
	if l := u.limits.For(string(c.Kind), settings.Notice); l.Amount > 0 {
		c.NoticeDue, c.Provisional = u.calendar.Due(c.ReceivedOn, l.Limit())
	}
	if l := u.limits.For(string(c.Kind), settings.Handle); l.Starts == "received" {
		c.LimitFrom = c.ReceivedOn
		c.HandleDue, c.Provisional = u.calendar.Due(c.ReceivedOn, l.Limit())
	}
}

// accept sets the limit that runs from acceptance.
func (u rules) accept(c *Case) {
	if l := u.limits.For(string(c.Kind), settings.Handle); l.Starts == "accepted" {
		u.start(c, c.AcceptedOn)
	}
}

// start lets the handling limit run from a day on.
func (u rules) start(c *Case, from calendar.Date) {
	if l := u.limits.For(string(c.Kind), c.step()); l.Amount > 0 {
		c.LimitFrom = from
		c.HandleDue, c.Provisional = u.calendar.Due(from, l.Limit())
	}
}

// resume recomputes the limits after the clock stood still, and after the
// calendar changed; binding limits never stop. An extension that was granted is
// kept on top.
func (u rules) resume(c *Case, stopped []calendar.Span) {
	c.Provisional = false
	if l := u.limits.For(string(c.Kind), settings.Notice); l.Amount > 0 && c.NoticeOn.IsZero() {
		c.NoticeDue, c.Provisional = u.calendar.DueWithPauses(c.ReceivedOn, l.Limit(), held(l, stopped, c.ReceivedOn))
	}
	if l := u.limits.For(string(c.Kind), c.step()); l.Amount > 0 && !c.LimitFrom.IsZero() {
		due, guess := u.handleDue(*c, stopped)
		c.HandleDue, c.Provisional = due, c.Provisional || guess
	}
}

// handleDue is the end of the handling limit that runs, with its extension. The
// two are one period: 60 days and 30 more are 90 from acceptance, and only the
// last of them rolls to a working day.
func (u rules) handleDue(c Case, stopped []calendar.Span) (due calendar.Date, provisional bool) {
	l, x := u.limits.For(string(c.Kind), c.step()), u.limits.For(string(c.Kind), settings.Extend)
	spans := held(l, stopped, c.LimitFrom)
	if c.Extended && x.Amount > 0 {
		return u.calendar.DueExtended(c.LimitFrom, l.Limit(), x.Limit(), spans)
	}
	return u.calendar.DueWithPauses(c.LimitFrom, l.Limit(), spans)
}

// held are the pauses that a limit from a day on stands still for; none for a
// published norm.
func held(l settings.TimeLimit, stopped []calendar.Span, from calendar.Date) []calendar.Span {
	if l.Binding {
		return nil
	}
	return after(stopped, from)
}

// after keeps the pauses that end after a day.
func after(stopped []calendar.Span, from calendar.Date) []calendar.Span {
	var out []calendar.Span
	for _, s := range stopped {
		if s.To.After(from) {
			out = append(out, s)
		}
	}
	return out
}

// next sets what is due now and by when.
func (u rules) next(c *Case) {
	c.DueOn, c.DueStep = never, ""
	due := func(step settings.Step, on calendar.Date) {
		if !on.IsZero() {
			c.DueOn, c.DueStep = on, string(step)
		}
	}
	switch {
	case c.State == Submitted:
		if l := u.limits.For(string(c.Kind), settings.Register); l.Amount > 0 {
			on, _ := u.calendar.Due(c.ReceivedOn, l.Limit())
			due(settings.Register, on)
		}
	case (c.State == Replied || c.State == Concluded) && c.ObjectedAt != nil:
		if l := u.limits.For(string(c.Kind), settings.Decide); l.Amount > 0 {
			on, _ := u.calendar.Due(calendar.Of(*c.ObjectedAt), l.Limit())
			due(settings.Decide, on)
		}
	case c.State == Replied || c.State == Merged || c.State.Ended():
	case c.State == NeedMore:
		// Waiting for the citizen stops default limits, never a published norm.
		switch {
		case c.AcceptedOn.IsZero() && u.limits.For(string(c.Kind), settings.Notice).Binding:
			due(settings.Notice, c.NoticeDue)
		case !c.AcceptedOn.IsZero() && u.limits.For(string(c.Kind), c.step()).Binding:
			due(c.step(), c.HandleDue)
		}
	case c.AcceptedOn.IsZero() && !c.NoticeDue.IsZero():
		due(settings.Notice, c.NoticeDue)
	default:
		due(c.step(), c.HandleDue)
	}
}

// record is what a change leaves behind besides the case's own row.
type record struct {
	to      State  // where the table leaves it to the method
	detail  string // shown in the timeline: harmless words only
	message *Message
	changes []journal.Change
	public  bool
	notify  bool // tell the citizen that there is something new
}

// move performs verb on c in tx: the state changes as the table says, due days
// are computed anew, and row, event and journal entry are written. version is
// the one the actor saw; another one means that somebody was faster.
func move(tx *store.Tx, a staff.Actor, c *Case, v Verb, version int, rec record) error {
	if err := inState(*c, v); err != nil {
		return err
	}
	if version != 0 && version != c.Version {
		return fault.New(fault.Conflict, "刚刚有人处理过此件，请先看最新情况再操作。您填写的内容没有保存，请先复制。")
	}
	if m := rec.message; m != nil && m.Author == ByCourt {
		if err := filled("content", m.Body); err != nil {
			return err
		}
	}
	from := c.State
	if to := moves[v].To; to != "" {
		c.State = to
	}
	if rec.to != "" {
		c.State = rec.to
	}
	if from == NeedMore && (v == DoSupplement || v == DoAddFor || v == DoResume) {
		c.State = c.BackState
	}
	today := calendar.Of(tx.Now)
	if c.State.Ended() && !from.Ended() {
		c.EndedOn = today
		if err := releaseAll(tx, a, c.ID); err != nil {
			return err
		}
	} else if !c.State.Ended() && (from != Merged || c.State != Merged) { // a merged case ends with the one that stands for it
		c.EndedOn = calendar.Date{}
	}
	u, err := loadRules(&tx.Reader)
	if err != nil {
		return err
	}
	if from == NeedMore || c.State == NeedMore {
		if err := clock(tx, u, c, today); err != nil {
			return err
		}
	}
	u.next(c)
	if rec.message != nil {
		rec.message.CaseID, rec.message.At, rec.message.ActorID = c.ID, tx.Now, a.ID
		if err := tx.Create(rec.message).Error; err != nil {
			return fmt.Errorf("cases: message: %w", err)
		}
	}
	seen := c.Version
	c.Version++
	done := tx.Model(&Case{}).Where("id = ? AND version = ?", c.ID, seen).
		Select("*").Omit("id", "case_no", "submitted_at", "access_hash", "submission_hash").Updates(c)
	if done.Error != nil {
		return fmt.Errorf("cases: %s: %w", v, done.Error)
	}
	if done.RowsAffected == 0 {
		return errMoved
	}
	e := Event{CaseID: c.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: v, FromState: from, ToState: c.State, Detail: rec.detail}
	if rec.message != nil {
		e.MessageID = &rec.message.ID
	}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("cases: event: %w", err)
	}
	j := journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case." + string(v), Subject: "case", SubjectID: c.ID,
		Changes: rec.changes, Public: rec.public}
	if from != c.State {
		j.Changes = append([]journal.Change{{Field: "state", Old: string(from), New: string(c.State)}}, j.Changes...)
	}
	if rec.notify {
		j.Messages, err = notices(&tx.Reader, c.ID, fmt.Sprintf("case/%d/event/%d", c.ID, e.ID))
		if err != nil {
			return err
		}
	}
	also, err := tellMerged(tx, c, e.ID, rec.notify)
	if err != nil {
		return err
	}
	j.Messages = append(j.Messages, also...)
	return journal.Append(tx, j)
}

// clock opens a pause when the citizen is asked, closes it when the case goes on.
func clock(tx *store.Tx, u rules, c *Case, today calendar.Date) error {
	if c.State == NeedMore {
		return tx.Table("case_pauses").Create(map[string]any{"case_id": c.ID, "from_day": today}).Error
	}
	if err := tx.Table("case_pauses").Where("case_id = ? AND to_day IS NULL", c.ID).Update("to_day", today).Error; err != nil {
		return fmt.Errorf("cases: resume: %w", err)
	}
	stopped, err := pauses(&tx.Reader, c.ID, today)
	if err != nil {
		return err
	}
	u.resume(c, stopped)
	return nil
}

// pauses are the spans in which a case's clock stood still; one that still does
// ends today.
func pauses(r *store.Reader, id int64, today calendar.Date) ([]calendar.Span, error) {
	var spans []struct{ FromDay, ToDay calendar.Date }
	if err := r.Table("case_pauses").Select("from_day, to_day").Where("case_id = ?", id).Order("id").Limit(100).Find(&spans).Error; err != nil {
		return nil, fmt.Errorf("cases: pauses: %w", err)
	}
	stopped := make([]calendar.Span, len(spans))
	for i, s := range spans {
		if s.ToDay.IsZero() {
			s.ToDay = today
		}
		stopped[i] = calendar.Span{From: s.FromDay, To: s.ToDay}
	}
	return stopped, nil
}
