package announce

import (
	"fmt"
	"strings"
)

// Compose writes aspects, their problems and what was done in the customary
// form, one line a heading: what Parse reads back as the same aspects.
//
//	（一）关于“…”方面
//	1.针对“…”问题。…
//	（1）针对“…”问题。…
func Compose(aspects []Aspect) string {
	var b strings.Builder
	for _, a := range aspects {
		title := string(a.Title)
		if title == "" {
			title = "反馈问题"
		}
		fmt.Fprintf(&b, "（%s）关于“%s”方面\n", chinese(a.No), nested(title))
		for _, p := range a.Problems {
			fmt.Fprintf(&b, "%d.针对“%s”问题。%s\n", p.No, nested(p.Title), strings.Join(p.Actions, ""))
			for _, s := range p.Sub {
				fmt.Fprintf(&b, "（%d）针对“%s”问题。%s\n", s.No, nested(s.Title), strings.Join(s.Actions, ""))
			}
		}
	}
	return b.String()
}

// Heading is a title as Compose writes it and Parse reads it back.
func Heading(title string) string { return normalise(nested(strings.Join(split(title), " "))) }

// nested turns the quotation marks of a title that is itself quoted into single ones.
func nested(title string) string {
	return strings.NewReplacer("“", "‘", "”", "’").Replace(title)
}

// Sentences splits what somebody wrote of one thing into whole sentences as
// Parse reads them, each ending in 。 or its like; labels such as 整改情况： and
// numbers of points are taken off.
func Sentences(text string) []string {
	var out []string
	for _, line := range split(text) {
		line = normalise(line)
		if _, rest, numbered := marker(line); numbered {
			line = rest
		}
		line = strings.TrimPrefix(line, doneLabel.FindString(line))
		if !meaningful(line) {
			continue
		}
		list := sentences(line)
		last := len(list) - 1
		list[last] = (&parser{}).finish(list[last])
		out = append(out, list...)
	}
	return out
}
