package reports

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/typed"
)

// Statement is what a reporter says, or a clerk for them.
type Statement struct {
	Title      string   `json:"title,omitempty"`
	Person     string   `json:"person,omitempty"` // accused
	Unit       string   `json:"unit,omitempty"`
	Post       string   `json:"post,omitempty"`
	Violation  string   `json:"violation,omitempty"`
	Facts      string   `json:"facts"`
	HappenedAt string   `json:"happened_at,omitempty"`
	Place      string   `json:"place,omitempty"`
	Exclude    []string `json:"exclude,omitempty"` // who must not see this
	Anonymous  bool     `json:"anonymous"`

	ReporterKey []byte `json:"reporter_key,omitempty"` // public; set when it is sealed

	Who Identity `json:"-"`

	Channel        cases.Channel `json:"-"`
	Key            string        `json:"-"` // the form's secret submission_key
	PrivacyVersion string        `json:"-"`
	CaptchaID      string        `json:"-"`
	Captcha        string        `json:"-"`
}

// Identity is who a reporter is; empty for an anonymous one.
type Identity struct {
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
	Address  string `json:"address,omitempty"`
	IDNumber string `json:"id_number,omitempty"`
}

// Empty reports whether nothing is known of the reporter.
func (i Identity) Empty() bool { return i == Identity{} }

// Lengths in characters.
const (
	MaxFacts   = 5000
	maxLine    = 120
	maxExclude = 10
)

// byClerk reports whether a clerk writes for the reporter, and is spoken to.
func (s *Statement) byClerk() bool { return s.Channel != cases.Web }

// Clean tidies every answer in place and returns what has to be mended.
func (s *Statement) Clean() error {
	var bad []fault.Field
	add := func(name, message string) { bad = append(bad, fault.Field{Name: name, Message: message}) }
	line := func(name, label string, to *string) {
		if *to = typed.Line(*to); typed.Blank(*to) {
			*to = ""
		}
		if n := utf8.RuneCountInString(*to); n > maxLine {
			add(name, fmt.Sprintf("“%s”最多 %d 个字，现在有 %d 个字，请缩短。", label, maxLine, n))
		}
	}
	line("title", "标题", &s.Title)
	line("person", "被举报人", &s.Person)
	line("unit", "单位", &s.Unit)
	line("person_post", "职务", &s.Post)
	line("violation", "问题类别", &s.Violation)
	line("happened_at", "时间", &s.HappenedAt)
	line("place", "地点", &s.Place)
	if s.Facts = typed.Clean(s.Facts); typed.Blank(s.Facts) {
		s.Facts = ""
	}
	switch n := utf8.RuneCountInString(s.Facts); {
	case n == 0:
		add("facts", "请写清举报的事实：谁、什么时候、在哪里、做了什么。")
	case n > MaxFacts:
		rest := "其余的可以做成附件，或者提交后凭查询码补充"
		if s.byClerk() {
			rest = "其余的请举报人换好查询码以后自己补充"
		}
		add("facts", fmt.Sprintf("事实最多 %d 个字，现在有 %d 个字。请缩短，%s。", MaxFacts, n, rest))
	}
	if s.Person == "" && s.Unit == "" {
		add("person", "请写被举报人的姓名；不知道姓名的，写明单位。")
	}
	var list []string
	for _, x := range s.Exclude {
		if x = typed.Line(x); !typed.Blank(x) && !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	s.Exclude = list
	if len(list) > maxExclude || slices.ContainsFunc(list, func(x string) bool { return utf8.RuneCountInString(x) > maxLine }) {
		add("exclude", fmt.Sprintf("最多写 %d 个人，每个最多 %d 个字；更多的请写在事实里。", maxExclude, maxLine))
	}
	if s.Anonymous {
		s.Who = Identity{} // nothing else is asked for, so nothing else is kept
	} else {
		line("name", "姓名", &s.Who.Name)
		line("phone", "电话", &s.Who.Phone)
		line("email", "邮箱", &s.Who.Email)
		line("address", "地址", &s.Who.Address)
		line("id_number", "身份证号", &s.Who.IDNumber)
		name, phone := "实名举报请写姓名；不愿意写的，请选“匿名”。", "实名举报请写电话，好告诉您受理情况和结果；不愿意写的，请选“匿名”。"
		if s.byClerk() {
			name, phone = "实名的请记下举报人姓名；他不愿意说的，选“匿名”。", "实名的请记下举报人电话，办理人好告诉他结果；他不愿意留的，选“匿名”。"
		}
		if s.Who.Name == "" {
			add("name", name)
		}
		if s.Who.Phone == "" {
			add("phone", phone)
		} else if !cases.PhoneLike(s.Who.Phone) {
			add("phone", "电话号码只写数字，可以有区号，例如 0871-64090000。")
		}
	}
	if s.Channel == cases.Web && s.PrivacyVersion == "" {
		add("privacy_version", "请先阅读隐私说明，同意后勾选。")
	}
	return fault.Form(bad)
}

// text is everything in which somebody may be named.
func (s Statement) text() string {
	return strings.Join(append([]string{s.Title, s.Person, s.Unit, s.Post, s.Facts, s.Place}, s.Exclude...), "\n")
}

// naming is a statement's text in which people and units are looked for. A gap
// within a Chinese name, or a line that ends in it, hides nobody.
type naming struct{ text, accused string }

func (s Statement) naming() naming {
	return naming{tight(s.text()), tight(strings.Join(append([]string{s.Unit, s.Person, s.Post}, s.Exclude...), "\n"))}
}

// groupNames are what people call the discipline group, whatever it is called here.
var groupNames = []string{"纪检监察组", "纪检组", "监察组", "派驻组", "驻院组", "纪检监察室", "监察室"}

// names reports whether somebody or something is named anywhere.
func (n naming) names(name string) bool {
	return utf8.RuneCountInString(name) >= 2 && strings.Contains(n.text, tight(name))
}

// accuses reports whether a unit is the one complained of, or one that must not see it.
func (n naming) accuses(unit string) bool {
	return utf8.RuneCountInString(unit) >= 2 && strings.Contains(n.accused, tight(unit))
}

// tight leaves the letters and figures of a text: a dot within a name from the
// borderlands is written in many ways, and so hides nobody.
func tight(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
}
