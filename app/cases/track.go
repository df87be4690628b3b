package cases

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// freeFailures is how many wrong codes a number forgives before it makes people wait.
const freeFailures = 3

// longestWait is the most that wrong codes make a number wait.
const longestWait = 15 * time.Minute

type accessFailure struct {
	NumberHash []byte `gorm:"primaryKey"`
	Failures   int
	WaitUntil  time.Time
}

func (accessFailure) TableName() string { return "access_failures" }

var errWrongCode = fault.New(fault.Invalid, "编号或查询码不对。请对照回执再输入一次；编号是 8 位数字，查询码是 8 位数字，举报的是 24 位。")

// Unlock checks a number and a code. A number that does not exist and a code
// that is wrong take the same way through the same statements: same answer,
// same waits, same time.
//
// Failures count per number and sender (from, any name for them that lasts a
// day), and, much more patiently, per number alone: who knows a number cannot
// shut its owner out, and who has many addresses cannot guess on.
func (s *Service) Unlock(ctx context.Context, from, number, code string) (int64, error) {
	number, code = onlyDigits(number), onlyDigits(code)
	var bad []fault.Field
	if number == "" {
		bad = append(bad, fault.Field{Name: "case_no", Message: "请填写 8 位受理编号。"})
	}
	if code == "" {
		bad = append(bad, fault.Field{Name: "access_code", Message: "请填写查询码。"})
	}
	if err := fault.Form(bad); err != nil {
		return 0, err
	}
	var id int64
	err := s.Judge(ctx, from, number, true, func(tx *store.Tx) (bool, error) {
		id = 0
		var c Case
		err := tx.Select("id, access_hash").Where("case_no = ?", number).Take(&c).Error
		if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
			return false, fmt.Errorf("cases: unlock: %w", err)
		}
		right := s.accessKey.Match(c.AccessHash, number, code) && c.ID != 0
		if right {
			id = c.ID
		}
		return right, nil
	})
	return id, err
}

// Judge counts the failures of a number and says no to whoever must wait or, by
// right, has the wrong code. Reports are judged by it too: how long a number
// makes people wait does not tell what it is of. Codes that are short are guarded
// against many who try at once (everywhere); long ones need not be, so that nobody
// can keep their holder out.
func (s *Service) Judge(ctx context.Context, from, number string, everywhere bool, right func(*store.Tx) (bool, error)) error {
	counts := []counted{{hash: s.trackKey.Sum("number", number, from), free: freeFailures}}
	if everywhere {
		counts = append(counts, counted{hash: s.trackKey.Sum("number", number), free: patience})
	}
	var refused error
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		refused = nil
		for i := range counts {
			wait, err := counts[i].load(tx)
			if err != nil {
				return err
			}
			if wait > 0 {
				refused = fault.Wait(fmt.Sprintf("输错次数太多，请在%s后再试。查询码丢了怎么办，见“查询进度”页下面的说明。", minutes(wait)), wait)
			}
		}
		if refused != nil {
			return nil
		}
		ok, err := right(tx)
		if err != nil {
			return err
		}
		settle := (*counted).forget
		if !ok {
			refused, settle = errWrongCode, (*counted).fail
		}
		for i := range counts {
			if err := settle(&counts[i], tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// patience is how many wrong codes from anywhere a number forgives; the right
// one forgives them all.
const patience = 100

// counted is one count of failures with how many are free.
type counted struct {
	hash []byte
	free int
	row  accessFailure
}

// load reads the count and how long it still makes people wait.
func (c *counted) load(tx *store.Tx) (time.Duration, error) {
	c.row = accessFailure{NumberHash: c.hash}
	err := tx.Select("number_hash, failures, wait_until").Where("number_hash = ?", c.hash).Take(&c.row).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return 0, fmt.Errorf("cases: unlock: %w", err)
	}
	c.row.NumberHash = c.hash
	return c.row.WaitUntil.Sub(tx.Now), nil
}

func (c *counted) fail(tx *store.Tx) error {
	c.row.Failures++
	c.row.WaitUntil = tx.Now
	if n := c.row.Failures - c.free; n >= 0 {
		c.row.WaitUntil = tx.Now.Add(min(longestWait, time.Second<<min(n+1, 20)))
	}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&c.row).Error; err != nil {
		return fmt.Errorf("cases: unlock: %w", err)
	}
	return nil
}

func (c *counted) forget(tx *store.Tx) error {
	if c.row.Failures == 0 {
		return nil
	}
	if err := tx.Where("number_hash = ?", c.hash).Delete(&accessFailure{}).Error; err != nil {
		return fmt.Errorf("cases: unlock: %w", err)
	}
	return nil
}

// onlyDigits finds the digits in what was typed: 编号 4225 8190 is 42258190.
// OnlyDigits finds the digits in what was typed.
func OnlyDigits(s string) string { return onlyDigits(s) }

func onlyDigits(s string) string {
	s = allDigits(s)
	return s[:min(len(s), 40)]
}

func minutes(d time.Duration) string {
	if d <= time.Minute {
		return fmt.Sprintf("%d秒", int(d/time.Second)+1)
	}
	return fmt.Sprintf("%d分钟", int((d+time.Minute-1)/time.Minute))
}

// passLife is how long a right code lets its holder look without typing it again.
const passLife = 30 * time.Minute

// Grant is what a browser keeps after Unlock: it opens one case for half an hour
// on any instance.
func (s *Service) Grant(id int64) string { return s.pass("pass", id) }

func (s *Service) pass(what string, id int64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(id))
	binary.BigEndian.PutUint64(b[8:], uint64(s.db.Now().Add(passLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b[:], s.trackKey.Sum(what, string(b[:]))...))
}

// Admit is the case that a pass opens.
func (s *Service) Admit(pass string) (int64, error) { return s.admit("pass", pass) }

func (s *Service) admit(what, pass string) (int64, error) {
	raw, err := base64.RawURLEncoding.DecodeString(pass)
	if err != nil || len(raw) != 48 || !s.trackKey.Match(raw[16:], what, string(raw[:16])) ||
		int64(binary.BigEndian.Uint64(raw[8:16])) < s.db.Now().Unix() {
		return 0, fault.New(fault.Unauthenticated, "请先输入编号和查询码。")
	}
	return int64(binary.BigEndian.Uint64(raw[:8])), nil
}

// Mark stands in the forms of a case's page, so that what was meant for one case
// is never done to another that the same browser opened since.
func (s *Service) Mark(id int64) string {
	return base64.RawURLEncoding.EncodeToString(s.trackKey.Sum("mark", strconv.FormatInt(id, 10))[:12])
}

// ErrOtherCase is the answer to a form of another case than the one open now.
var ErrOtherCase = fault.New(fault.Conflict, "您在别的窗口里打开了另一件来件，这一次没有办理。请先“结束查询”，再输入这一件的编号和查询码重新操作。")

// Tracked is a case as its sender sees it.
type Tracked struct {
	Case     Case
	Events   []Event
	Messages map[int64]Message // by id; inside messages are never among them
	Files    []Attachment
	Reply    *Reply
	Rating   *Rating
	Unit     string // department that handles it
	Overdue  bool
	Actions  []Verb // what the sender can do now
	Keeping  Keeping
	Into     *Case  // the one that stands for it, where it was merged; nothing that its sender wrote is shown
	Parts    []Part // that were split off
	Next     Stage  // that an objection leads to; empty where staff decide

	answered *Case // a merged case as it stands as soon as its sender says something of the answer
}

// publicVerbs are the timeline's lines that a sender sees.
var publicVerbs = []Verb{DoSubmit, DoRegister, DoAccept, DoRefuse, DoTransfer, DoAsk, DoSupplement, DoWithdraw, DoUrge, DoRate,
	DoAssign, DoAcknowledge, DoDraft, DoSend, DoAddFor, DoResume, DoExtend, DoConclude, DoRedo, DoDiscard, DoRestore, DoObject, DoDecline, DoErase, DoAskErasure, DoDecideErasure, DoMerge, DoUnmerge, DoSplit}

// sharedVerbs are the steps of a case that also the senders see whose cases were merged into it.
var sharedVerbs = []Verb{DoAssign, DoAcknowledge, DoDraft, DoSend, DoExtend, DoConclude, DoRedo}

// Track reads a case for its sender, who was admitted.
func (s *Service) Track(ctx context.Context, id int64) (Tracked, error) {
	t := Tracked{Messages: map[int64]Message{}}
	err := s.db.Read(ctx, func(r *store.Reader) error {
		if err := r.Select(columns).Where("id = ?", id).Take(&t.Case).Error; err != nil {
			return err
		}
		if err := r.Where("case_id = ? AND verb IN ?", id, publicVerbs).Order("id DESC").Limit(500).Find(&t.Events).Error; err != nil {
			return err
		}
		slices.Reverse(t.Events) // of a very long story the newest lines matter
		var messages []Message
		if err := r.Where("case_id = ? AND author <> ?", id, Inside).Order("id DESC").Limit(500).Find(&messages).Error; err != nil {
			return err
		}
		for _, m := range messages {
			t.Messages[m.ID] = m
		}
		if err := r.Where("case_id = ?", id).Order("id").Limit(100).Find(&t.Files).Error; err != nil {
			return err
		}
		var err error
		if t.Reply, err = lastReply(r, id); err != nil {
			return err
		}
		if t.Rating, err = rating(r, id); err != nil {
			return err
		}
		if err := t.follow(r); err != nil {
			return err
		}
		if t.Case.DepartmentID != nil && t.Into == nil {
			if t.Unit, err = staff.DepartmentName(r, *t.Case.DepartmentID); err != nil {
				return err
			}
		}
		today := calendar.Of(r.Now)
		stands := t.Stands()
		t.Overdue = stands.Waiting() && today.After(stands.DueOn)
		u, err := loadRules(r)
		if err != nil {
			return err
		}
		if t.Keeping, err = keeping(r, t.Case); err != nil {
			return err
		}
		for _, v := range []Verb{DoSupplement, DoUrge, DoWithdraw, DoRate, DoObject, DoAskErasure} {
			c := t.Case
			if t.answered != nil && parting(v) {
				c = *t.answered
			}
			if s.citizenMay(c, v, today) == nil && (v != DoRate || t.Rating == nil) && (v != DoObject || u.mayObject(r, c, today) == nil) &&
				(v != DoAskErasure || t.Keeping.mayAsk()) {
				t.Actions = append(t.Actions, v)
			}
		}
		next := t.Case
		if t.answered != nil {
			next = *t.answered
		}
		if next.Appeals() {
			t.Next, _ = next.Stage.after()
		}
		return nil
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return t, fault.New(fault.Unauthenticated, "请先输入编号和查询码。")
	}
	if err != nil {
		return t, fmt.Errorf("cases: track: %w", err)
	}
	return t, nil
}

// Stands is the case whose state and dates count: itself, or the one that stands for it.
func (t Tracked) Stands() Case {
	if t.Into != nil {
		return *t.Into
	}
	return t.Case
}

// follow adds what happens to the case that stands for a merged one: its steps
// since the merge without a word of its sender's, its answer, its department.
func (t *Tracked) follow(r *store.Reader) (err error) {
	if t.Parts, err = parts(r, t.Case.ID); err != nil || t.Case.State != Merged {
		return err
	}
	h, err := hear(r, t.Case.ID)
	if err != nil {
		return err
	}
	// Of the one that stands for it no word reaches this sender.
	into := h.into
	t.Into = &Case{ID: into.ID, Kind: into.Kind, State: into.State, Stage: into.Stage, HandleDue: into.HandleDue, NoticeDue: into.NoticeDue, DueOn: into.DueOn, Provisional: into.Provisional, RepliedOn: into.RepliedOn, EndedOn: into.EndedOn}
	for _, l := range h.links {
		var events []Event
		err = r.Select("id, case_id, at, actor_id, verb, from_state, to_state").Where("case_id = ? AND verb IN ? AND at >= ?", l.IntoID, sharedVerbs, l.At).Order("id DESC").Limit(500).Find(&events).Error
		if err != nil {
			return err
		}
		slices.Reverse(events)
		t.Events = append(t.Events, events...)
	}
	slices.SortStableFunc(t.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	if len(h.replies) > 0 {
		t.Reply = &h.replies[len(h.replies)-1]
	}
	if reply := h.last(); reply != nil {
		mine := asAnswered(t.Case, h.giver, *reply)
		t.answered, t.Rating = &mine, nil
	}
	if into.DepartmentID != nil {
		t.Unit, err = staff.DepartmentName(r, *into.DepartmentID)
	}
	return err
}

func (s *Service) citizenMay(c Case, v Verb, today calendar.Date) error {
	if err := inState(c, v); err != nil {
		return err
	}
	if v != DoUrge {
		return nil
	}
	if !c.Waiting() || !today.After(c.DueOn) {
		return fault.New(fault.Conflict, "还没有超过期限，现在不能催办。")
	}
	if c.UrgedAt != nil && calendar.Of(*c.UrgedAt) == today {
		return fault.New(fault.Conflict, "今天已经催办过，请明天再来。")
	}
	return nil
}

// parting are what a sender says of an answer: a merged case is its own again by it.
func parting(v Verb) bool { return v == DoRate || v == DoObject }

// citizen is the frame of every method in which the sender changes a case.
func (s *Service) citizen(ctx context.Context, id int64, v Verb, f func(tx *store.Tx, c *Case) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var c Case
		if err := tx.Select(columns).Where("id = ?", id).Take(&c).Error; err != nil {
			return fmt.Errorf("cases: %s: %w", v, err)
		}
		if c.State == Merged && parting(v) {
			if err := takeAnswer(tx, &c); err != nil {
				return err
			}
		}
		if err := s.citizenMay(c, v, calendar.Of(tx.Now)); err != nil {
			return err
		}
		return f(tx, &c)
	})
}

// maxMessage is the length of what can be added to a case at once.
const maxMessage = 2000

// filled refuses a text with a blank of a template still in it.
func filled(field, body string) error {
	if strings.Contains(body, "（写明") {
		return fault.Form([]fault.Field{{Name: field, Message: "文中还有“（写明……）”没有填，请填好或者删去再提交。"}})
	}
	return nil
}

func text(field, label, body string, required bool) (string, error) {
	body = typed.Clean(body)
	switch n := len([]rune(body)); {
	case n == 0 && required:
		return "", fault.Form([]fault.Field{{Name: field, Message: "请填写“" + label + "”。"}})
	case n > maxMessage:
		return "", fault.Form([]fault.Field{{Name: field, Message: fmt.Sprintf("“%s”最多 %d 个字，现在有 %d 个字，请缩短。", label, maxMessage, n)}})
	}
	return body, nil
}

// Supplement adds the sender's text and the files staged under key to the case.
func (s *Service) Supplement(ctx context.Context, id int64, body, key string) error {
	body, err := text("content", "补充内容", body, true)
	if err != nil {
		return err
	}
	return s.citizen(ctx, id, DoSupplement, func(tx *store.Tx, c *Case) error {
		m, named := &Message{Author: ByCitizen, Body: body}, body
		if key != "" {
			files, err := staged(&tx.Reader, [][]byte{s.submissionHash(key)})
			if err != nil {
				return err
			}
			named += files[string(s.submissionHash(key))].names
			m.SubmissionHash = s.submissionHash(key)
			var before int64
			if err := tx.Model(&Message{}).Where("submission_hash = ?", m.SubmissionHash).Count(&before).Error; err != nil {
				return fmt.Errorf("cases: supplement: %w", err)
			}
			if before > 0 {
				return nil // sent again after a lost answer
			}
		}
		if err := s.shutOut(tx, c, named); err != nil {
			return err
		}
		if err := move(tx, staff.Actor{}, c, DoSupplement, 0, record{message: m}); err != nil {
			return err
		}
		if key == "" {
			return nil
		}
		err := tx.Model(&Attachment{}).Where("submission_hash = ? AND case_id IS NULL", s.submissionHash(key)).
			Updates(map[string]any{"case_id": id, "message_id": m.ID}).Error
		if err != nil {
			return fmt.Errorf("cases: supplement: %w", err)
		}
		return nil
	})
}

// Withdraw ends the case at its sender's wish.
func (s *Service) Withdraw(ctx context.Context, id int64) error {
	return s.citizen(ctx, id, DoWithdraw, func(tx *store.Tx, c *Case) error {
		return move(tx, staff.Actor{}, c, DoWithdraw, 0, record{})
	})
}

// Urge marks an overdue case, with a few words if the sender likes; once a day.
func (s *Service) Urge(ctx context.Context, id int64, body string) error {
	body, err := text("content", "想对承办人说的话", body, false)
	if err != nil {
		return err
	}
	return s.citizen(ctx, id, DoUrge, func(tx *store.Tx, c *Case) error {
		var rec record
		if body != "" {
			rec.message = &Message{Author: ByCitizen, Body: body}
		}
		c.UrgedAt = &tx.Now
		return move(tx, staff.Actor{}, c, DoUrge, 0, rec)
	})
}

// Satisfaction is how content a sender is with the answer.
type Satisfaction string

const (
	Satisfied    Satisfaction = "satisfied"    // 满意
	Basically    Satisfaction = "basically"    // 基本满意
	Dissatisfied Satisfaction = "dissatisfied" // 不满意
)

func (s Satisfaction) Word() string {
	return map[Satisfaction]string{Satisfied: "满意", Basically: "基本满意", Dissatisfied: "不满意"}[s]
}

// Resolved is whether the matter was put right, in the sender's eyes.
type Resolved string

func (r Resolved) Word() string {
	return map[Resolved]string{"yes": "已解决", "partly": "部分解决", "no": "没有解决"}[r]
}

// Rating is what the sender says of an answer.
type Rating struct {
	ReplyID      int64 `gorm:"primaryKey"`
	CaseID       int64
	Resolved     Resolved
	Satisfaction Satisfaction
	Reason       string
	At           time.Time
}

// Rate stores the sender's rating, once.
func (s *Service) Rate(ctx context.Context, id int64, resolved Resolved, how Satisfaction, reason string) error {
	var bad []fault.Field
	if resolved.Word() == "" {
		bad = append(bad, fault.Field{Name: "resolved", Message: "请选择问题解决了没有。"})
	}
	if how.Word() == "" {
		bad = append(bad, fault.Field{Name: "satisfied", Message: "请选择是否满意。"})
	}
	reason, err := text("reason", "原因", reason, how == Dissatisfied || resolved == "no")
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.citizen(ctx, id, DoRate, func(tx *store.Tx, c *Case) error {
		reply, err := lastReply(&tx.Reader, id)
		if err != nil || reply == nil {
			return errors.Join(err, fault.New(fault.Conflict, "还没有答复，现在不能评价。"))
		}
		objected(c, unhappy(resolved, how), tx.Now)
		err = tx.Create(&Rating{ReplyID: reply.ID, CaseID: id, Resolved: resolved, Satisfaction: how, Reason: reason, At: tx.Now}).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "您已经评价过，谢谢。")
		}
		if err != nil {
			return fmt.Errorf("cases: rate: %w", err)
		}
		return move(tx, staff.Actor{}, c, DoRate, 0, record{detail: resolved.Word() + "，" + how.Word(), changes: []journal.Change{
			{Field: "resolved", New: string(resolved)}, {Field: "satisfaction", New: string(how)}}})
	})
}

// rating is what was said of the newest answer.
func rating(r *store.Reader, id int64) (*Rating, error) {
	var list []Rating
	if err := r.Where("reply_id = (SELECT max(id) FROM replies WHERE case_id = ?)", id).Limit(1).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: rating: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// OwnFile opens one of the sender's own files for its sender.
func (s *Service) OwnFile(ctx context.Context, caseID, fileID int64) (Attachment, io.ReadCloser, error) {
	var f Attachment
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Where("id = ? AND case_id = ?", fileID, caseID).Take(&f).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return f, nil, fault.New(fault.NotFound, "没有这个文件。")
	}
	if err != nil {
		return f, nil, fmt.Errorf("cases: own file: %w", err)
	}
	body, err := s.blobs.Open(ctx, f.BlobKey)
	return f, body, err
}

// Purge removes what has outlived its use: captchas and the waits of wrong codes.
func (s *Service) Purge(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Where("expires_at < ?", tx.Now).Delete(&captchaRow{}).Error; err != nil {
			return fmt.Errorf("cases: purge: %w", err)
		}
		if err := tx.Where("wait_until < ?", tx.Now.Add(-24*time.Hour)).Delete(&accessFailure{}).Error; err != nil {
			return fmt.Errorf("cases: purge: %w", err)
		}
		if err := tx.Exec("DELETE FROM case_presence WHERE seen_at < ?", tx.Now.Add(-presenceLife)).Error; err != nil {
			return fmt.Errorf("cases: purge: %w", err)
		}
		return nil
	})
}
