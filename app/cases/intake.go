package cases

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/tlog"
	"mingjing/app/typed"
)

// Submission is what a citizen typed, or a clerk for them.
type Submission struct {
	Kind           Kind
	Channel        Channel
	Title          string
	Content        string
	Name           string
	Phone          string
	Email          string
	Address        string
	Unit           string
	HappenedAt     string
	Place          string
	CaseNumber     string
	Problem        string // code of the problem, such as 1-3
	Demand         string
	Facts          string
	AllowPublish   bool
	Guardian       bool
	PrivacyVersion string
	CaptchaID      string
	Captcha        string // what was typed
	Key            string // the form's secret submission_key
	ReceivedOn     calendar.Date
	by             staff.Actor
	problemID      *int64
	origin         *Origin // of what another system or body handed over
	beside         string  // what came with it and is not its text, in which somebody may be named
	rest           []Cell  // what came with it and is no answer to a question; see Contact
}

// Lengths in characters.
const (
	MaxTitle   = 60
	MaxContent = 5000
	maxLine    = 100
)

// Field is one question of a kind's form.
type Field struct {
	Name     string
	Label    string
	Required bool
	Max      int
	Lines    bool // may have more than one line
	of       func(*Submission) *string
}

var allFields = map[string]Field{
	"problem":     {"problem", "所针对的问题", true, 60, false, func(s *Submission) *string { return &s.Problem }},
	"title":       {"title", "标题", true, MaxTitle, false, func(s *Submission) *string { return &s.Title }},
	"content":     {"content", "内容", true, MaxContent, true, func(s *Submission) *string { return &s.Content }},
	"demand":      {"demand", "您的诉求", true, 1000, true, func(s *Submission) *string { return &s.Demand }},
	"facts":       {"facts", "事实和理由", true, MaxContent, true, func(s *Submission) *string { return &s.Facts }},
	"unit":        {"unit", "被投诉的部门或单位", true, 120, false, func(s *Submission) *string { return &s.Unit }},
	"happened_at": {"happened_at", "发生时间", true, maxLine, false, func(s *Submission) *string { return &s.HappenedAt }},
	"place":       {"place", "发生地点", false, 120, false, func(s *Submission) *string { return &s.Place }},
	"case_number": {"case_number", "案号", false, maxLine, false, func(s *Submission) *string { return &s.CaseNumber }},
	"name":        {"name", "姓名", true, 40, false, func(s *Submission) *string { return &s.Name }},
	"phone":       {"phone", "手机或电话", true, 30, false, func(s *Submission) *string { return &s.Phone }},
	"email":       {"email", "电子邮箱", false, 120, false, func(s *Submission) *string { return &s.Email }},
	"address":     {"address", "联系地址", true, 200, false, func(s *Submission) *string { return &s.Address }},
}

// formFields names each kind's questions in order; a question mark: optional there.
var formFields = map[Kind]string{
	Suggestion: "title content name? phone? email?",
	Enquiry:    "title content name? phone? email?",
	Comment:    "problem title content name? phone? email?",
	Complaint:  "unit happened_at place? case_number? title content name phone email?",
	Petition:   "title demand facts content? name phone address email?",
	Correction: "title content name? email?",
}

// Fields lists the questions of a kind in order; nobody changes the list.
func Fields(k Kind) []Field { return fieldsOf[k] }

var fieldsOf = listFields()

func listFields() map[Kind][]Field {
	out := map[Kind][]Field{}
	for k, names := range formFields {
		for _, name := range strings.Fields(names) {
			bare, optional := strings.CutSuffix(name, "?")
			f := allFields[bare]
			f.Required = !optional
			if optional && bare == "name" {
				f.Label = "姓名或称呼"
			}
			if optional && bare == "content" {
				f.Label = "补充说明"
			}
			out[k] = append(out[k], f)
		}
		out[k] = slices.Clip(out[k])
	}
	return out
}

// Get is the value of a field by its form name.
func (s *Submission) Get(name string) string {
	if f, ok := allFields[name]; ok {
		return *f.of(s)
	}
	return ""
}

// Set stores what was typed into a field by its form name; unknown names are ignored.
func (s *Submission) Set(name, value string) {
	if f, ok := allFields[name]; ok {
		*f.of(s) = value
	}
}

// Check cleans every answer in place and returns what has to be mended.
func (s *Submission) Check() error {
	var bad []fault.Field
	add := func(name, message string) { bad = append(bad, fault.Field{Name: name, Message: message}) }
	if !s.Kind.Valid() {
		return fault.New(fault.NotFound, "没有这一类事项。")
	}
	asked := map[string]bool{}
	for _, f := range Fields(s.Kind) {
		asked[f.Name] = true
		v := f.of(s)
		if f.Lines {
			*v = typed.Clean(*v)
		} else {
			*v = typed.Line(*v)
		}
		n := utf8.RuneCountInString(*v)
		if typed.Blank(*v) {
			n = 0
		}
		switch {
		case n == 0 && f.Required && f.Name == "problem":
			add(f.Name, "请选择您想说的是哪一个问题。")
		case n == 0 && f.Required:
			add(f.Name, "请填写“"+f.Label+"”。")
		case n > f.Max:
			add(f.Name, fmt.Sprintf("“%s”最多 %d 个字，现在有 %d 个字，请缩短。", f.Label, f.Max, n))
		case n > 0 && f.Name == "phone" && !PhoneLike(*v):
			add(f.Name, "电话号码只写数字，可以有区号，例如 0871-64090000。")
		case n > 0 && f.Name == "email" && !emailLike(*v):
			add(f.Name, "电子邮箱的写法不对，应当像 name@example.cn。")
		}
	}
	for name, f := range allFields {
		if !asked[name] {
			*f.of(s) = "" // nothing else is asked for, so nothing else is kept
		}
	}
	if s.Channel == Web && s.PrivacyVersion == "" {
		add("privacy_version", "请先阅读隐私说明，同意后勾选。")
	}
	return fault.Form(bad)
}

// PhoneLike reports whether a text can be a telephone number.
func PhoneLike(s string) bool {
	digits := 0
	for _, r := range norm.NFKC.String(s) {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("+- ()转", r):
		default:
			return false
		}
	}
	return digits >= 5 && digits <= 20
}

func emailLike(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s[strings.LastIndex(s, "@"):], ".")
}

// Ticket is what a sender keeps.
type Ticket struct {
	ID          int64
	CaseNo      string
	AccessCode  string // 8 digits; for the sender only, never stored or logged
	Kind        Kind
	Title       string
	State       State
	SubmittedAt time.Time
	ReceivedOn  calendar.Date
	NoticeDue   calendar.Date // until when the sender hears whether it is accepted
	HandleDue   calendar.Date // until when an answer can be expected
	Provisional bool          // 暂按周末推算
	Again       bool          // this form had been accepted before: nothing new was stored
	Promise     tlog.Promise  // for the log's key to sign; none if Again
}

// Submit accepts a case. When it returns without an error, the case is
// committed. The same Key again gives the same ticket and stores nothing.
func (s *Service) Submit(ctx context.Context, sub Submission) (Ticket, error) {
	sub.Channel, sub.by = Web, staff.Actor{}
	if err := s.prepare(ctx, &sub); err != nil {
		return Ticket{}, err
	}
	return s.writer.submit(ctx, sub)
}

// Record enters a call, letter, visit or transfer for somebody else.
func (s *Service) Record(ctx context.Context, a staff.Actor, sub Submission) (Ticket, error) {
	if err := a.Require(staff.IntakeClerk, staff.Dispatcher); err != nil {
		return Ticket{}, err
	}
	if !sub.Channel.Valid() || sub.Channel == Web {
		return Ticket{}, fault.Form([]fault.Field{{Name: "channel", Message: "请选择来电、来信、来访或转办。"}})
	}
	sub.by = a
	today := calendar.Of(s.db.Now())
	if sub.ReceivedOn.IsZero() {
		sub.ReceivedOn = today
	}
	if why := CheckReceived(sub.ReceivedOn, today); why != "" {
		return Ticket{}, fault.Form([]fault.Field{{Name: "received_on", Message: why}})
	}
	if err := s.prepare(ctx, &sub); err != nil {
		return Ticket{}, err
	}
	return s.writer.submit(ctx, sub)
}

// Preview checks a submission as Submit does, but stores nothing and leaves
// the captcha unused.
func (s *Service) Preview(ctx context.Context, sub *Submission) error {
	sub.Channel = Web
	return s.prepare(ctx, sub)
}

// prepare checks everything that does not need the writing transaction.
func (s *Service) prepare(ctx context.Context, sub *Submission) error {
	invalid := sub.Check()
	if f, ok := fault.As(invalid); ok && f.Kind != fault.Invalid {
		return invalid
	}
	if n := len(sub.Key); n > 200 {
		return fault.New(fault.Malformed, "页面已经失效，请返回重新打开表单。")
	} else if n < 16 {
		raw := make([]byte, 16)
		rand.Read(raw)
		sub.Key = hex.EncodeToString(raw)
	}
	if sub.Problem == "" {
		return invalid
	}
	return s.db.Read(ctx, func(r *store.Reader) error {
		p, err := ledger.FindProblem(r, sub.Problem)
		if fault.Is(err, fault.NotFound) {
			bad := []fault.Field{{Name: "problem", Message: "没有找到这个问题，请重新选择。"}}
			if f, ok := fault.As(invalid); ok {
				bad = append(bad, f.Fields...)
			}
			return fault.Form(bad)
		}
		if err != nil {
			return err
		}
		sub.problemID = &p.ID
		return invalid
	})
}

// accessCode derives the 8-digit code from the form's secret, so that a repeated
// sending shows the same code although the server stores only a hash of it.
func (s *Service) accessCode(key string) string {
	n := binary.BigEndian.Uint64(s.codeKey.Sum(key)) % 100_000_000
	return fmt.Sprintf("%08d", n)
}

func newCaseNo() string {
	var b [8]byte
	rand.Read(b[:])
	return fmt.Sprintf("%08d", 10_000_000+binary.BigEndian.Uint64(b[:])%90_000_000)
}

// makeCase is the row of an accepted submission.
func (s *Service) makeCase(u rules, j *job, now time.Time) Case {
	sub := &j.sub
	c := Case{CaseNo: newCaseNo(), Kind: sub.Kind, Channel: sub.Channel, State: Submitted, Title: sub.Title, Content: sub.Content,
		ProblemID: sub.problemID, Unit: sub.Unit, HappenedAt: sub.HappenedAt, Place: sub.Place, CaseNumber: sub.CaseNumber,
		Demand: sub.Demand, Facts: sub.Facts, AllowPublish: sub.AllowPublish, PrivacyVersion: sub.PrivacyVersion, Guardian: sub.Guardian,
		SubmittedAt: now, ReceivedOn: sub.ReceivedOn, EnteredBy: sub.by.ID, SubmissionHash: j.hash, ContentHash: j.content, Version: 1}
	if c.ReceivedOn.IsZero() {
		c.ReceivedOn = calendar.Of(now)
	}
	c.AccessHash = s.accessKey.Sum(c.CaseNo, j.code)
	u.receive(&c)
	u.next(&c)
	return c
}

// contentHash is a keyed digest of all that was answered.
func (s *Service) contentHash(sub Submission) []byte {
	parts := []string{"content", string(sub.Kind), strconv.FormatBool(sub.AllowPublish)}
	for _, f := range Fields(sub.Kind) {
		parts = append(parts, f.Name, *f.of(&sub))
	}
	if o := sub.origin; o != nil {
		parts = append(parts, string(sub.Channel), o.Source, o.ExternalID)
	}
	return s.codeKey.Sum(parts...)
}

func (s *Service) submissionHash(key string) []byte { return s.codeKey.Sum("hash", key) }

// ticket is what the sender of c is told.
func (s *Service) ticket(u rules, c Case, code string, again bool) Ticket {
	t := Ticket{ID: c.ID, CaseNo: c.CaseNo, AccessCode: code, Kind: c.Kind, Title: c.Title, State: c.State, SubmittedAt: c.SubmittedAt, ReceivedOn: c.ReceivedOn,
		NoticeDue: c.NoticeDue, HandleDue: c.HandleDue, Provisional: c.Provisional, Again: again}
	if t.HandleDue.IsZero() {
		// Not accepted yet: what it will be if it is accepted when notice is due.
		if l := u.limits.For(string(c.Kind), settings.Handle); l.Amount > 0 {
			var guess bool
			t.HandleDue, guess = u.calendar.Due(c.NoticeDue, l.Limit())
			t.Provisional = t.Provisional || guess
		}
	}
	return t
}

// searchText is what staff can find a case by; no contact detail is in it.
func (c Case) searchText() string {
	return strings.Join([]string{c.Title, c.Content, c.Demand, c.Facts, c.Unit, c.Place, c.CaseNumber}, "\n")
}

// callerKey normalises a phone number or address, so that the same caller is found again.
func callerKey(phone, email string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(phone))
	if digits != "" {
		if len(digits) == 13 {
			digits = strings.TrimPrefix(digits, "86")
		}
		return "phone:" + digits
	}
	if email != "" {
		return "email:" + strings.ToLower(email)
	}
	return ""
}
