package reports

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// What the reporter holds lies in the box of their code: the private half of
// their pair, with which they receive the keys of later epochs, and their part
// of the first ring.
func (r Report) reporterPlace() seal.Context {
	return seal.Context{Table: "reports", Row: r.row(), Field: "reporter"}
}

func (r Report) closeReporter(box seal.Box, own *seal.Private, keys ring) []byte {
	return box.Close(r.reporterPlace(), append(keys.bytes(holderReporter), own.Bytes()...))
}

// openReporter opens it again.
func (r Report) openReporter(box seal.Box) (own *seal.Private, first ring, err error) {
	raw, err := box.Open(r.reporterPlace(), r.ReporterRing)
	if err != nil {
		return nil, nil, err
	}
	n := 32 * len(held[holderReporter])
	if len(raw) < n {
		return nil, nil, seal.ErrSealed
	}
	if first, err = parseRing(holderReporter, raw[:n]); err != nil {
		return nil, nil, err
	}
	own, err = seal.ParsePrivate(raw[n:])
	return own, first, err
}

// reporterRings are all keys that the reporter holds, of every epoch.
func (s *Service) reporterRings(r *store.Reader, x Report, box seal.Box) (rings, error) {
	own, first, err := x.openReporter(box)
	if err != nil {
		return nil, err
	}
	out := rings{}
	if x.Epoch > 1 {
		if out, err = s.rings(r, x, holderReporter, 0, own); err != nil {
			return nil, err
		}
	}
	out[1] = first
	return out, s.judge(r, x, out)
}

var (
	errVisit = fault.New(fault.Unauthenticated, "请先输入编号和查询码。")
)

// errMistyped is a code that cannot be right, whatever the number.
type errMistyped struct{ error }

func (e errMistyped) Unwrap() error { return e.error }

// Mistyped reports whether a code was refused because it can be none at all: it
// opens nothing, and may be shown again to be mended.
func Mistyped(err error) bool {
	var e errMistyped
	return errors.As(err, &e)
}

// digitsOf are a code's as it was typed, or pasted with the words around it.
func digitsOf(typed string) string {
	if _, after, ok := strings.Cut(typed, "查询码"); ok {
		typed = after
	}
	return cases.OnlyDigits(typed)
}

func readCode(typed string) (seal.Code, error) {
	digits := digitsOf(typed)
	c, err := seal.ParseCode(digits)
	if err == nil {
		return c, nil
	}
	message := "查询码里有输错的数字。请对照回执一组一组核对：六组，每组四位。"
	if n := len(digits) - 24; n < 0 {
		message = fmt.Sprintf("查询码少了 %d 位。举报的查询码是六组、每组四位，一共 24 位。", -n)
	} else if n > 0 {
		message = fmt.Sprintf("查询码多了 %d 位。举报的查询码是六组、每组四位，一共 24 位。", n)
	}
	return "", errMistyped{fault.Form([]fault.Field{{Name: "access_code", Message: message}})}
}

// passLife is how long a right code lets its holder look without typing it again.
const passLife = 30 * time.Minute

// Visit is a reporter who came back with the right code.
type Visit struct {
	ID        int64
	MustRenew bool // staff have seen the code: nothing opens until it is replaced
	box       seal.Box
}

// IsCode reports whether what was typed is meant as a report's code: more digits
// than any other has.
func IsCode(typed string) bool { return len(digitsOf(typed)) > 12 }

// Unlock checks a number and a code, as cases.Unlock does for theirs: the same
// answers, and the same waits. Pass is what the browser keeps.
func (s *Service) Unlock(ctx context.Context, count *cases.Service, from, number, code string) (v Visit, pass string, err error) {
	c, err := readCode(code)
	if err != nil {
		return v, "", err
	}
	number = cases.OnlyDigits(number)
	if number == "" {
		return v, "", fault.Form([]fault.Field{{Name: "case_no", Message: "请填写 8 位受理编号。"}})
	}
	err = count.Judge(ctx, from, number, false, func(tx *store.Tx) (bool, error) {
		v = Visit{}
		x, err := find(&tx.Reader, "case_no = ?", number)
		if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
			return false, fmt.Errorf("reports: unlock: %w", err)
		}
		old, fresh := c.Matches(x.Salt, x.CodeCheck), c.Matches(x.NextSalt, x.NextCheck)
		switch {
		case x.ID == 0:
			return false, nil
		case fresh && len(x.NextCheck) > 0:
			v = Visit{ID: x.ID, box: c.Box(x.NextSalt)}
			return true, s.renewed(tx, x)
		case old:
			v = Visit{ID: x.ID, MustRenew: x.CodeKnown, box: c.Box(x.Salt)}
			if !x.CodeProven {
				err = save(tx, &x, map[string]any{"code_proven": true})
			}
			return true, err
		}
		return false, nil
	})
	if err != nil {
		return Visit{}, "", err
	}
	return v, s.Pass(v), nil
}

// Pass is what a browser keeps of a visit: it opens one report for half an hour on
// any instance, and nothing of it is in the database.
func (s *Service) Pass(v Visit) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(v.ID))
	b = binary.BigEndian.AppendUint64(b, uint64(s.db.Now().Add(passLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(s.passBox.Close(passPlace, append(b, v.box...)))
}

var passPlace = seal.Context{Field: "report pass"}

// Admit is the visit that a pass stands for.
func (s *Service) Admit(pass string) (Visit, error) {
	closed, err := base64.RawURLEncoding.DecodeString(pass)
	if err != nil {
		return Visit{}, errVisit
	}
	raw, err := s.passBox.Open(passPlace, closed)
	if err != nil || len(raw) != 48 || int64(binary.BigEndian.Uint64(raw[8:16])) < s.db.Now().Unix() {
		return Visit{}, errVisit
	}
	return Visit{ID: int64(binary.BigEndian.Uint64(raw[:8])), box: seal.Box(raw[16:])}, nil
}

// Mark stands in the forms of a report's page; see cases.Service.Mark.
func (s *Service) Mark(id int64) string {
	return base64.RawURLEncoding.EncodeToString(s.trackKey.Sum("mark", fmt.Sprint(id))[:12])
}

// Told is a step as the reporter reads it.
type Told struct {
	At   time.Time
	Word string
	Mine bool
}

// Tracked is a report as its reporter sees it.
type Tracked struct {
	Report    Report
	MustRenew bool
	Erased    bool
	Statement Statement
	Who       Identity
	Files     []File
	Texts     []Text // messages and answers, oldest first
	Steps     []Told
	CanSay    bool
}

// visit reads the visited report and opens its keys.
func (s *Service) visit(r *store.Reader, v Visit) (x Report, keys rings, err error) {
	x, err = find(r, "id = ?", v.ID)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return x, nil, errVisit
	}
	if err != nil {
		return x, nil, fmt.Errorf("reports: visit: %w", err)
	}
	if !x.Kept {
		return x, nil, nil
	}
	keys, err = s.reporterRings(r, x, v.box)
	if errors.Is(err, seal.ErrSealed) {
		err = errVisit // the code was changed since
	}
	return x, keys, err
}

// Track reads a report for its reporter.
func (s *Service) Track(ctx context.Context, v Visit) (t Tracked, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		t = Tracked{}
		x, keys, err := s.visit(r, v)
		if err != nil {
			return err
		}
		t.Report, t.MustRenew, t.Erased = x, x.CodeKnown, !x.Kept
		if t.MustRenew {
			return nil
		}
		var events []Event
		if err := r.Select("id, report_id, at, actor_id, verb").Where("report_id = ?", x.ID).Order("id DESC").Limit(500).Find(&events).Error; err != nil {
			return fmt.Errorf("reports: track: %w", err)
		}
		for i := len(events) - 1; i >= 0; i-- {
			if w := toldWords[events[i].Verb]; w != "" {
				t.Steps = append(t.Steps, Told{At: events[i].At, Word: w, Mine: events[i].Verb == DoSay || events[i].Verb == DoSubmit || events[i].Verb == DoCode})
			}
		}
		if t.Erased {
			return nil
		}
		if t.Statement, err = s.statement(r, x, keys); err != nil {
			return err
		}
		if err := s.openFirst(r, x, textIdentity, keys, &t.Who); err != nil {
			return err
		}
		if t.Texts, err = s.texts(r, x, keys); err != nil {
			return err
		}
		files, err := s.filesOf(r, x, keys, false)
		t.Files, t.CanSay = files[1], true
		return err
	})
	return t, err
}

// maxSay is how long a message may be, in characters.
const maxSay = 5000

// Say adds a message of the reporter's, with the files that wait for its form.
// The same form again changes nothing.
func (s *Service) Say(ctx context.Context, v Visit, body, key string) error {
	body = typed.Clean(body)
	if n := utf8.RuneCountInString(body); typed.Blank(body) || n > maxSay {
		return fault.Form([]fault.Field{{Name: "content", Message: fmt.Sprintf("请写要补充的内容，1 到 %d 个字。", maxSay)}})
	}
	if len(key) < 16 || len(key) > 200 {
		return fault.New(fault.Malformed, "页面已经失效，请返回重新打开。")
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, keys, err := s.visit(&tx.Reader, v)
		if err != nil {
			return err
		}
		if !x.Kept {
			return fault.New(fault.Conflict, "这件举报的内容已按期限删除，不能再补充。有新的情况，请重新举报。")
		}
		if x.CodeKnown {
			return fault.New(fault.Conflict, "请先换一个查询码，再补充。")
		}
		if again, err := s.taken(tx, x, keys, body, key); err != nil || again {
			return err
		}
		return s.write(tx, staff.Actor{}, &x, keys[x.Epoch], textMessage, body, key, DoSay, map[string]any{"unread": true})
	})
}

// ErrTaken is a form that brought another text before: its secret is used up.
var ErrTaken = fault.Form([]fault.Field{{Name: "content", Message: "这一页刚才已经交过一次，那一次的内容收到了。下面是改过的，还没有提交：只留下要补充的，附件重新选，再按一次提交。"}})

// taken reports whether a form's text is stored already: it was sent again. Another
// text, or files that did not come with it, under the same secret are a fault.
func (s *Service) taken(tx *store.Tx, x Report, keys rings, body, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	var list []textRow
	if err := tx.Select(textColumns).Where("submission_hash = ?", s.formHash(key)).Limit(1).Find(&list).Error; err != nil {
		return false, fmt.Errorf("reports: text: %w", err)
	}
	if len(list) == 0 {
		return false, nil
	}
	was := list[0]
	said, err := x.openText(was, keys)
	if err == nil && was.ReportID == x.ID && string(said) == body {
		if more, err := s.brings(&tx.Reader, x, was.No, key, keys); err != nil || !more {
			return true, err
		}
	}
	return false, ErrTaken
}

// write adds a text to a report, with the files of a form, and takes the step.
func (s *Service) write(tx *store.Tx, a staff.Actor, x *Report, keys ring, kind, body, key string, v Verb, fields map[string]any) error {
	no, err := nextNo(tx, *x)
	if err != nil {
		return err
	}
	if _, ok := keys[compartmentOf[kind]]; !ok {
		return errNone
	}
	row := x.sealText(no, kind, a, keys, []byte(body))
	row.At = tx.Now
	if key != "" {
		row.SubmissionHash = s.formHash(key)
	}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("reports: write: %w", err)
	}
	if key != "" {
		if err := s.adopt(tx, *x, no, key, keys); err != nil {
			return err
		}
	}
	to, _ := fields["state"].(State)
	if err := s.step(tx, a, *x, v, to); err != nil {
		return err
	}
	return save(tx, x, fields)
}

// OwnFile opens a working copy for the reporter.
func (s *Service) OwnFile(ctx context.Context, v Visit, id int64) (f File, body io.ReadCloser, err error) {
	var open func() (io.ReadCloser, error)
	err = s.db.Read(ctx, func(r *store.Reader) error {
		x, keys, err := s.visit(r, v)
		if err != nil {
			return err
		}
		if x.CodeKnown || !x.Kept {
			return errNoFile
		}
		f, open, err = s.file(ctx, r, x, id, keys)
		return err
	})
	if err != nil {
		return f, nil, err
	}
	body, err = open()
	return f, body, err
}

// Renew makes a new code, told by the form's secret, so that the same form sent
// again after a lost answer tells the same. It waits until its holder has typed it
// once: until then the old one opens as before, and nobody is shut out by a page
// that never reached them. Erased reports have no code to renew.
func (s *Service) Renew(ctx context.Context, v Visit, key string) (number string, code seal.Code, err error) {
	if len(key) < 16 || len(key) > 200 {
		return "", code, fault.New(fault.Malformed, "页面已经失效，请返回重新打开。")
	}
	code = s.renewalCode(key)
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := find(&tx.Reader, "id = ?", v.ID)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errVisit
		}
		if err != nil {
			return fmt.Errorf("reports: renew: %w", err)
		}
		own, first, err := x.openReporter(v.box)
		if err != nil || !x.Kept {
			return errVisit
		}
		number = x.CaseNo
		if code.Matches(x.NextSalt, x.NextCheck) && len(x.NextCheck) > 0 || code.Matches(x.Salt, x.CodeCheck) {
			return nil
		}
		salt := seal.NewSalt()
		return save(tx, &x, map[string]any{"next_salt": salt, "next_check": code.Check(salt), "next_ring": x.closeReporter(code.Box(salt), own, first)})
	})
	return number, code, err
}

func (s *Service) renewalCode(key string) seal.Code { return seal.CodeFor(s.codeKey, "renew\n"+key) }

// renewed puts the new code in the old one's place.
func (s *Service) renewed(tx *store.Tx, x Report) error {
	if err := s.step(tx, staff.Actor{}, x, DoCode, ""); err != nil {
		return err
	}
	return save(tx, &x, map[string]any{"salt": x.NextSalt, "code_check": x.NextCheck, "reporter_ring": x.NextRing, "code_known": false, "code_proven": true, "next_salt": nil, "next_check": nil, "next_ring": nil})
}

// Retell is the code that a form's secret stands for, for who sent that form and
// mistyped what they were shown: they are shown it again. False unless it is the
// code of that report now, or the one that waits for it.
func (s *Service) Retell(ctx context.Context, number, key string) (code seal.Code, fresh, ok bool, err error) {
	if len(key) < 16 || len(key) > 200 {
		return code, false, false, nil
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		x, err := find(r, "case_no = ?", cases.OnlyDigits(number))
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reports: retell: %w", err)
		}
		if c := s.renewalCode(key); len(x.NextCheck) > 0 && c.Matches(x.NextSalt, x.NextCheck) {
			code, fresh, ok = c, true, true
		} else if c := seal.CodeFor(s.codeKey, key); !x.CodeKnown && (!x.CodeProven || r.Now.Sub(x.SubmittedAt) <= retold) && c.Matches(x.Salt, x.CodeCheck) {
			code, ok = c, true
		}
		return nil
	})
	return code, fresh, ok, err
}
