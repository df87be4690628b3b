package announce

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const numerals = "〇一二三四五六七八九"

// chinese writes 1–99 in Chinese numerals, and other numbers in figures.
func chinese(n int) string {
	if n < 1 || n > 99 {
		return strconv.Itoa(n)
	}
	digit := []rune(numerals)
	tens, ones := n/10, n%10
	s := ""
	if tens > 1 {
		s = string(digit[tens])
	}
	if tens > 0 {
		s += "十"
	}
	if ones > 0 {
		s += string(digit[ones])
	}
	return s
}

// count reads a number in figures or in Chinese numerals up to 999; 0 is none.
func count(s string) int {
	if n, err := strconv.Atoi(strings.ReplaceAll(s, ",", "")); err == nil {
		if n < 0 || n > 1_000_000 {
			return 0
		}
		return n
	}
	total, digit := 0, 0
	for _, r := range s {
		switch {
		case r == '百':
			total += max(digit, 1) * 100
			digit = 0
		case r == '十':
			total += max(digit, 1) * 10
			digit = 0
		case r == '零':
		case r == '两':
			digit = 2
		case strings.ContainsRune(numerals, r):
			digit = strings.Index(numerals, string(r)) / len("〇")
		default:
			return 0
		}
	}
	return total + digit
}

// day is a date that may have no day; the zero year was not stated.
type day struct{ year, month, day int }

func (d day) iso() Stated {
	switch {
	case d.year == 0 || d.month == 0:
		return ""
	case d.day == 0:
		return Stated(fmt.Sprintf("%04d-%02d", d.year, d.month))
	}
	return Stated(fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day))
}

func (d day) valid() bool {
	if d.year < 1949 || d.year > 2199 || d.month < 1 || d.month > 12 {
		return false
	}
	return d.day == 0 || time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC).Day() == d.day
}

// after completes a date without its year from the date that precedes it in
// the text: the same year, or the next when the month would lie before it.
func (d day) after(last day) day {
	if d.year == 0 && last.year != 0 {
		d.year = last.year
		if d.month < last.month || d.month == last.month && d.day != 0 && d.day < last.day {
			d.year++
		}
	}
	return d
}

// mention is a date in a text.
type mention struct {
	from, to int // bytes
	day      day
}

var dates = regexp.MustCompile(`(?:(\d{4})年|(次年|翌年|同年|当年))?(\d{1,2})月(?:份|(\d{1,2})[日号])?|(\d{4})[-./](\d{1,2})[-./](\d{1,2})`)

// mentions finds the dates of a text in order, each completed from the last;
// since is the date known before the text.
func mentions(text string, since day) []mention {
	var out []mention
	last := since
	for _, m := range dates.FindAllStringSubmatchIndex(text, -1) {
		get := func(i int) int {
			if m[2*i] < 0 {
				return 0
			}
			n, _ := strconv.Atoi(text[m[2*i]:m[2*i+1]])
			return n
		}
		d := day{get(1), get(3), get(4)}
		if m[10] >= 0 {
			d = day{get(5), get(6), get(7)}
		}
		if m[4] >= 0 && last.year != 0 {
			d.year = last.year
			if text[m[4]:m[5]] == "次年" || text[m[4]:m[5]] == "翌年" {
				d.year++
			}
		}
		if d = d.after(last); d.valid() {
			out = append(out, mention{m[0], m[1], d})
			last = d
		}
	}
	return out
}

var (
	alone     = regexp.MustCompile(`^[（(]?(\d{4}年\d{1,2}月(?:\d{1,2}日)?|\d{4}[-./]\d{1,2}[-./]\d{1,2}日?)[）)]?$`)
	aloneHan  = regexp.MustCompile(`^[（(]?([〇○零Ｏ一二三四五六七八九OО0]{4})年([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})日)?[）)]?$`)
	trailing  = regexp.MustCompile(`^(.*?)[ ，]*(\d{4}年\d{1,2}月\d{1,2}日|[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}日)$`)
	rangeSign = regexp.MustCompile(`^(?:起|开始)?(?:至|到|[-—–~～－]+)$`)
	dayAfter  = regexp.MustCompile(`^(?:起|开始)?(?:至|到|[-—–~～－]+)(\d{1,2})[日号]`)
)

// dateLine reads a line that is nothing but a date.
func dateLine(text string) (day, bool) {
	if m := alone.FindStringSubmatch(text); m != nil {
		if found := mentions(m[1], day{}); len(found) == 1 {
			return found[0].day, true
		}
		return day{}, false
	}
	m := aloneHan.FindStringSubmatch(text)
	if m == nil {
		return day{}, false
	}
	year := 0
	for _, r := range m[1] {
		digit := 0
		if i := strings.Index(numerals, string(r)); i >= 0 {
			digit = i / len("〇")
		}
		year = year*10 + digit
	}
	d := day{year, count(m[2]), count(m[3])}
	return d, d.valid()
}

var (
	team      = regexp.MustCompile(`([\p{Han}\d]*?(?:巡视|巡察)(?:第?[一二三四五六七八九十\d]+)?(?:小)?组)`)
	teamFront = regexp.MustCompile(`^.*(?:接受了?|日起?|月份?|派出|派驻|组织|安排|部署|期间|以来|[由经受被至到对向]|根据|按照|围绕|关于)`)
	inspects  = regexp.MustCompile(`巡[视察]`)
	carried   = regexp.MustCompile(`开展|进行|进驻|巡[视察]`)
	feedback  = regexp.MustCompile(`反馈(?:了|巡[视察]|(?:意见|情况|问题)?(?:，|$))|向[^，]{2,40}反馈|反馈会`)
)

// inspection looks for who inspected from when to when, and when the feedback
// was given.
func inspection(paragraphs []string) (in Inspection, last day) {
	var single day
	for _, p := range paragraphs {
		if !inspects.MatchString(p) {
			continue
		}
		for _, s := range clauses(p) {
			if len(s) > maxSentence {
				continue
			}
			found := mentions(s, last)
			used := 0
			if in.From == "" && inspects.MatchString(s) {
				for i, m := range found {
					var to day
					if d := dayAfter.FindStringSubmatch(s[m.to:]); d != nil && m.day.day != 0 {
						to = day{m.day.year, m.day.month, count(d[1])}
					} else if i+1 < len(found) && rangeSign.MatchString(s[m.to:found[i+1].from]) {
						to, used = found[i+1].day, i+2
					}
					if to.valid() {
						in.From, in.To = m.day.iso(), to.iso()
						used = max(used, i+1)
						break
					}
				}
			}
			if in.By == "" {
				in.By = by(s)
			}
			if in.FeedbackOn == "" {
				for _, f := range feedback.FindAllStringIndex(s, -1) {
					for _, m := range found[used:] {
						if m.to <= f[0] {
							in.FeedbackOn = m.day.iso()
						}
					}
				}
			}
			if single.year == 0 && used == 0 && len(found) > 0 && in.FeedbackOn == "" && carried.MatchString(s) {
				single = found[0].day
			}
			if len(found) > 0 {
				last = found[len(found)-1].day
			}
		}
	}
	if in.From == "" {
		in.From = single.iso()
	}
	return in, last
}

func by(s string) Stated {
	for _, m := range team.FindAllString(s, -1) {
		m = strings.TrimPrefix(m, teamFront.FindString(m))
		if rest := strings.TrimLeft(m, "0123456789"); rest == m && len([]rune(m)) > len([]rune("巡察组")) {
			return Stated(m)
		}
	}
	return ""
}

// maxSentence is the most bytes of a sentence in which facts are looked for.
// Real ones are under 1,000; the limit keeps a hostile text from taking long.
const maxSentence = 8 << 10

// clauses are the sentences of a paragraph, wherever 。 or ； stands.
func clauses(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '。' || r == '；' })
}
