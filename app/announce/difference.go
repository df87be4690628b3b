package announce

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Difference is one comparison of figures within an announcement. It is a
// finding for the reader, never a reason to change a figure.
type Difference struct {
	Figure   string // the figure's key in the published JSON
	Stated   int    // as the text states it
	Found    int    // as it follows from the rest of the text
	Agrees   bool
	Sentence string // in plain Chinese
}

// Differences compares the stated figures with each other and with what the
// text names one by one. Figures the text does not state are not compared.
func (a Announcement) Differences() []Difference {
	out := []Difference{}
	add := func(figure string, stated, found int, agrees bool, format string, values ...any) {
		out = append(out, Difference{figure, stated, found, agrees, fmt.Sprintf(format, values...)})
	}
	f := a.Figures
	_, problems, subs, _ := a.Named()
	if f.Problems != nil {
		switch n := *f.Problems; {
		case n == problems:
			add("problems", n, problems, true, "文中写明反馈问题%d个，正文逐一列出%d个，一致。", n, problems)
		case n > problems:
			add("problems", n, problems, false, "文中写明反馈问题%d个，正文逐一列出%d个，还有%d个没有列出。", n, problems, n-problems)
		default:
			add("problems", n, problems, false, "文中写明反馈问题%d个，正文却列出%d个，多出%d个，请核对。", n, problems, problems-n)
		}
	}
	if f.SubProblems != nil {
		switch n := *f.SubProblems; {
		case subs == 0:
			add("sub_problems", n, subs, false, "文中写明细化问题%d个，正文没有逐一列出。", n)
		case n == subs:
			add("sub_problems", n, subs, true, "文中写明细化问题%d个，正文逐一列出%d个，一致。", n, subs)
		default:
			add("sub_problems", n, subs, false, "文中写明细化问题%d个，正文逐一列出%d个，相差%d个。", n, subs, abs(n-subs))
		}
	}
	if f.Problems != nil && f.ProblemsDone != nil {
		n, done, basically := *f.Problems, *f.ProblemsDone, 0
		words := fmt.Sprintf("完成整改%d个", done)
		if f.ProblemsBasicallyDone != nil {
			basically = *f.ProblemsBasicallyDone
			words += fmt.Sprintf("、基本完成%d个", basically)
		}
		others, left := a.unfinished()
		switch total := done + basically; {
		case left > 0 && total+left == n:
			add("problems_done", n, n, true, "%s、%s，合计%d个，与反馈问题%d个一致。", words, others, n, n)
		case total == n:
			if basically == 0 {
				add("problems_done", n, total, true, "%s，与反馈问题%d个一致。", words, n)
			} else {
				add("problems_done", n, total, true, "%s，合计%d个，与反馈问题%d个一致（%d+%d=%d）。", words, total, n, done, basically, n)
			}
		case total < n:
			add("problems_done", n, total, false, "%s，合计%d个，比反馈问题%d个少%d个，其余%d个的进展文中没有写明或尚未完成。", words, total, n, n-total, n-total)
		default:
			add("problems_done", n, total, false, "%s，合计%d个，比反馈问题%d个还多%d个，请核对。", words, total, n, total-n)
		}
	}
	if f.Measures != nil && f.MeasuresDone != nil {
		n, done := *f.Measures, *f.MeasuresDone
		switch {
		case done > n:
			add("measures_done", n, done, false, "完成整改措施%d条，比制定的%d条还多%d条，请核对。", done, n, done-n)
		case done == n:
			add("measures_done", n, done, true, "制定整改措施%d条，已全部完成。", n)
		default:
			add("measures_done", n, done, true, "制定整改措施%d条，完成%d条，还有%d条没有完成。", n, done, n-done)
		}
	}
	for _, r := range a.Rates {
		whole, part, noun := f.Measures, f.MeasuresDone, "整改措施"
		if r.Of == "problems_done" {
			whole, part, noun = f.Problems, f.ProblemsDone, "反馈问题"
		}
		if whole == nil || part == nil || *whole == 0 {
			continue
		}
		real := float64(*part) / float64(*whole) * 100
		scale := math.Pow10(r.Digits)
		agrees := math.Round(real*scale) == math.Round(r.Percent*scale) || math.Floor(real*scale) == math.Round(r.Percent*scale)
		said := strconv.FormatFloat(r.Percent, 'f', r.Digits, 64)
		verdict := "一致"
		if !agrees {
			verdict = "不一致，请核对"
		}
		add(r.Of, int(math.Round(r.Percent)), int(math.Round(real)), agrees, "%s完成率文中写作%s%%，按%d÷%d计算为%.1f%%，%s。", noun, said, *part, *whole, real, verdict)
	}
	return out
}

var stillOpen = regexp.MustCompile(`(正在整改|还没有启动|尚未启动|需要长期坚持|长期坚持)的(?:问题)?(\d+)个`)

// unfinished is what the text says of problems that are not done, in its words,
// and how many they are.
func (a Announcement) unfinished() (words string, n int) {
	texts := slices.Clone(a.Preamble)
	for _, s := range a.Sections {
		texts = append(texts, s.Paragraphs...)
	}
	for _, text := range texts {
		var parts []string
		sum := 0
		for _, m := range stillOpen.FindAllStringSubmatch(text, -1) {
			k, _ := strconv.Atoi(m[2])
			parts, sum = append(parts, m[1]+m[2]+"个"), sum+k
		}
		if sum > 0 { // one paragraph says how far the whole is
			return strings.Join(parts, "、"), sum
		}
	}
	return "", 0
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
