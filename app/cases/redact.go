package cases

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"mingjing/app/store"
)

// Mark is a personal value that was found in a text and hidden.
type Mark struct{ What, Text string }

// Redacted is what a proposal for publication starts from: the case's own texts
// with every mark hidden. The originals stay as they are.
type Redacted struct {
	Title, Question, Answer string
	Marks                   []Mark // all that were found, the lifted ones too
	again                   func(lifted []Mark) Redacted
}

// Lift shows again what is not the sender's, such as an office's telephone; a
// number of a person stays hidden, since no public page has one.
func (r Redacted) Lift(marks ...Mark) Redacted {
	return r.again(slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return !m.Liftable() }))
}

// Liftable reports whether a mark may be taken away.
func (m Mark) Liftable() bool {
	return m.What != identityCard && m.What != bankCard && m.What != mobilePhone
}

// marker hides values, and knows which of them are to be shown.
type marker struct {
	found  []Mark
	lifted []Mark
}

func (x *marker) hide(what, text, instead string) string {
	m := Mark{what, text}
	if x.found = append(x.found, m); slices.Contains(x.lifted, m) {
		return text
	}
	return instead
}

var (
	// numberRun is a run of digits, however they are spaced or wide.
	numberRun = regexp.MustCompile(`[0-9０-９](?:[ \t\-－—–　]{0,2}[0-9０-９])*[XxＸｘ]?`)
	numberGap = regexp.MustCompile(`[ \t\-－—–　]+`)
	mailbox   = regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+`)
)

// What a number is. Those of a person never belong on a public page; a fixed
// phone may be an office's.
const (
	identityCard = "身份证号"
	bankCard     = "银行卡号"
	mobilePhone  = "手机号"
	fixedPhone   = "电话号码"
)

// numberKind says what a run of digits looks like, empty for any other number.
// An unsure one is taken for the more personal.
func numberKind(run string) string {
	d := allDigits(run)
	last, _ := utf8.DecodeLastRuneInString(run)
	switch n := len(d); {
	case n == 17 && strings.ContainsRune("XxＸｘ", last), n == 18:
		return identityCard
	case n >= 16 && n <= 19:
		return bankCard
	case n == 11 && d[0] == '1' && d[1] >= '3', n == 13 && strings.HasPrefix(d, "861"):
		return mobilePhone
	case n >= 10 && n <= 12 && d[0] == '0':
		return fixedPhone
	case (n == 7 || n == 8) && !strings.HasPrefix(d, "19") && !strings.HasPrefix(d, "20"): // not a date
		return fixedPhone
	}
	return ""
}

// hideNumbers hides the numbers of a text. A run that is nothing as a whole is
// looked at part by part.
func hideNumbers(text string, marks *marker) string {
	hide := func(run string) (string, bool) {
		what := numberKind(run)
		if what == "" {
			return run, false
		}
		return marks.hide(what, run, "×××"), true
	}
	return numberRun.ReplaceAllStringFunc(text, func(run string) string {
		if out, found := hide(run); found {
			return out
		}
		var out strings.Builder
		at := 0
		for _, gap := range append(numberGap.FindAllStringIndex(run, -1), []int{len(run), len(run)}) {
			part, _ := hide(run[at:gap[0]])
			out.WriteString(part + run[gap[0]:gap[1]])
			at = gap[1]
		}
		return out.String()
	})
}

// redact hides in a text what the sender gave of themselves, mail addresses and
// numbers; what it hid is added to the marks.
func redact(text string, c Case, x Contact, marks *marker) string {
	for _, v := range []struct{ what, value, instead string }{{"地址", x.Address, "×××"}, {"邮箱", x.Email, "×××"}, {"姓名", x.Name, "某某"}, {"案号", c.CaseNumber, "×××"}} {
		if utf8.RuneCountInString(v.value) > 1 && strings.Contains(text, v.value) {
			text = strings.ReplaceAll(text, v.value, marks.hide(v.what, v.value, v.instead))
		}
	}
	text = mailbox.ReplaceAllStringFunc(text, func(s string) string { return marks.hide("邮箱", s, "×××") })
	return hideNumbers(text, marks)
}

// redacted is what a proposal starts from.
func (s *Service) redacted(r *store.Reader, c Case, answer string) (*Redacted, error) {
	x, err := s.contactOf(r, c.ID)
	if err != nil {
		return nil, err
	}
	question := c.Content
	if question == "" {
		question = c.Demand + "\n" + c.Facts
	}
	var again func(lifted []Mark) Redacted
	again = func(lifted []Mark) Redacted {
		m := &marker{lifted: lifted}
		out := Redacted{Title: redact(c.Title, c, x, m), Question: redact(question, c, x, m), Answer: redact(answer, c, x, m), again: again}
		seen := map[Mark]bool{}
		out.Marks = slices.DeleteFunc(m.found, func(m Mark) bool { twice := seen[m]; seen[m] = true; return twice })
		return out
	}
	out := again(nil)
	return &out, nil
}

// personNumber is the first number of a person in a text: no public page has one.
func personNumber(text string) string {
	var marks marker
	hideNumbers(text, &marks)
	for _, m := range marks.found {
		if !m.Liftable() {
			return m.What
		}
	}
	return ""
}
