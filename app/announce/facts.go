package announce

import (
	"regexp"
	"strings"
)

// contactRules are looked for one after the other in each text; the first that
// is found is kept. The value is the last group.
var (
	phoneRules = []*regexp.Regexp{
		regexp.MustCompile(`(?:电话|热线)(?:号码)?\s?(?:（[^）]{1,20}）)?\s?[：:为是]?\s?([+\d(（][\d\-—()（） 、/或转]*\d)`),
		regexp.MustCompile(`(?:拨打|致电)\s?(\d[\d-]{4,}\d)`),
		regexp.MustCompile(`(\d{5}|\d[\d-]{6,}\d)(?:[\p{Han}]{0,4})(?:热线|电话)`),
	}
	addressRules = []*regexp.Regexp{
		regexp.MustCompile(`地址\s?[：:为]\s?([^；;。，,]+)`),
		regexp.MustCompile(`(?:^|[^子件])信箱\s?[：:为]\s?([^；;。，,@]+)`),
		regexp.MustCompile(`(?:来信|来函|邮寄)(?:请)?(?:寄至?|至)\s?[：:]?\s?([^；;。，,]+)`),
	}
	addressEnd    = regexp.MustCompile(`\s?[（(]?\s?(?:邮编|邮政编码|收件人|收信人)|\s(?:` + contactLabels + `)|(?:联系|监督|举报)?电话|电子[邮信]|[（(](?:来信|来函|请|注明)|[（(]$`)
	postcodeRules = []*regexp.Regexp{regexp.MustCompile(`(?:邮编|邮政编码|邮码)\s?[：:为]?\s?(\d{6})`)}
	emailRules    = []*regexp.Regexp{regexp.MustCompile(`([\w.+-]+@[\w-]+(?:\.[\w-]+)+)`)}
	websiteRules  = []*regexp.Regexp{
		regexp.MustCompile(`(?:网站|网址)[^：:。；]{0,8}[：:]\s?((?i:https?://)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/[!#-'*-:<-~]*)?)`),
		regexp.MustCompile(`((?i:https?://)[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/[!#-'*-:<-~]*)?)`),
	}
)

// contacts are read from the paragraphs that answer no problem, the last first:
// a telephone number among what was done is not the reader's.
func (p *parser) contacts() {
	var texts []string
	for _, l := range p.a.Unplaced {
		texts = append(texts, l.Text)
	}
	texts = append(texts, p.a.Preamble...)
	for _, s := range p.a.Sections {
		texts = append(texts, s.Paragraphs...)
	}
	find := func(rules []*regexp.Regexp) string {
		for _, rule := range rules {
			for i := len(texts) - 1; i >= 0; i-- {
				if m := rule.FindStringSubmatch(texts[i]); m != nil {
					return strings.TrimSpace(m[len(m)-1])
				}
			}
		}
		return ""
	}
	address := find(addressRules)
	if cut := addressEnd.FindStringIndex(address); cut != nil {
		address = address[:cut[0]]
	}
	p.a.Contacts = Contacts{
		Phone:    Stated(find(phoneRules)),
		Address:  Stated(strings.TrimSpace(address)),
		Website:  Stated(strings.TrimRight(find(websiteRules), ".,;:")),
		Email:    Stated(find(emailRules)),
		Postcode: Stated(find(postcodeRules)),
	}
}

// facts reads the inspection and the figures.
func (p *parser) facts() {
	outside := append([]string{}, p.a.Preamble...)
	for _, s := range p.a.Sections {
		outside = append(outside, s.Paragraphs...)
	}
	in, last := inspection(p.a.Preamble)
	if in == (Inspection{}) {
		in, last = inspection(outside)
	}
	p.a.Inspection = in
	if found := mentions(strings.ReplaceAll(string(p.a.Date), "-", "."), day{}); len(found) == 1 {
		last = found[0].day
	}
	r := reader{a: &p.a, today: p.a.Date, last: last}
	for _, text := range outside {
		r.paragraph(text, false)
	}
	for _, aspect := range p.a.Aspects {
		for _, problem := range aspect.Problems {
			for _, action := range problem.Actions {
				r.paragraph(action, true)
			}
			for _, sub := range problem.Sub {
				for _, action := range sub.Actions {
					r.paragraph(action, true)
				}
			}
		}
	}
	r.settle()
}

// reader reads figures. A figure is what the number's own words say it is
// (42个问题, 295条整改措施), or, after 完成 alone, what was spoken of last or what
// is counted in that unit.
type reader struct {
	a      *Announcement
	today  Stated
	last   day
	subj   string // problems or measures: what was spoken of last
	units  map[string]string
	asOf   Stated
	tasks  *int // 整改任务, taken for the measures when no measures are stated
	tasksD Stated
	done   string // the done figure read last, for a rate
}

var (
	numeral   = regexp.MustCompile(`(\d[\d,]*|[一二三四五六七八九十百]{2,5})\s?(大项|小项|个|项|条|件|份|部|类|大类)(?:的)?`)
	nounAfter = regexp.MustCompile(`^(?:(?:具体|突出|主要|反馈|重点|方面的?|共性|个性|整改)*(小问题|细化问题|问题)|(?:具体|细化|的)*(?:整改)?(?:具体)?(措施|举措)|(整改任务)|(?:各类|相关|内部|内控)*((?:规章|管理|工作|长效)?制度|规范性文件|制度性文件|制度成果|机制制度))`)
	nounBefor = regexp.MustCompile(`(?:(小问题|细化问题|具体问题|问题)|(?:整改)?(?:具体)?(措施|举措)|(整改任务)|((?:规章|管理|工作|长效)?制度(?:机制|办法|规定|文件|性文件)?(?:等)?|规范性文件))(?:共计|共有|共|合计|总计|分别|有|为|达)?$`)
	mentioned = regexp.MustCompile(`问题|措施|举措|任务`)
	makes     = regexp.MustCompile(`制定|修订|新建|新增|完善|出台|建立|健全|形成|梳理|印发`)
	makesMore = regexp.MustCompile(`^[，、和及]?(?:已)?(?:新建|修订|完善|制定|出台|修改|健全)+(?:各类|各项|相关|内部|内控)*(?:(?:规章|管理|工作|长效)?制度(?:机制)?|规范性文件)?$`)
	doneLeft  = regexp.MustCompile(`(?:完成整改|整改完成|完成|整改到位|落实到位|整改完毕|销号|办结|已整改|已经整改)(?:了)?(?:的)?(?:具体)?(?:问题|整改措施|措施|举措|整改任务|任务)?(?:共计|共|合计|达)?$`)
	doneRight = regexp.MustCompile(`^(?:具体|突出|主要|反馈)*(?:问题|(?:具体)?(?:整改)?(?:措施|任务))?(?:目前|现)?(?:已经|已|现已|均|都|全部|按期|如期|全面|基本)*(?:完成整改|整改完成|整改到位|整改完毕|落实到位|完成|销号|办结|得到整改)`)
	basic     = regexp.MustCompile(`基本(?:完成|整改)`)
	notDone   = regexp.MustCompile(`未|没有|正在|尚|持续|推进中|计划|率|力争|确保|预计|剩余`)
	allDone   = regexp.MustCompile(`全部|均已|都已|均`)
	asOfWords = regexp.MustCompile(`截[至止](?:到)?(目前|现在|今日|今天|当前)?|目前|至今|现已`)
	widely    = regexp.MustCompile(`截[至止]|累计|共计|总计|各类|各项|巡[视察]整改|整改以来|整改期间|(?:新建|制定|建立)[、和及](?:修订|修改|完善)[^，。]{0,6}(?:\d{2,}[项个件](?:各类|相关)?规章制度|规章制度\d{2,})`)
	fedBack   = regexp.MustCompile(`反馈|指出|发现|对照|围绕|移交|巡[视察]|整改`)
	refines   = regexp.MustCompile(`细化|分解|细分|拆分|梳理`)
	rated     = regexp.MustCompile(`(\d+)(?:\.(\d+))?[%％]`)
	rateCue   = regexp.MustCompile(`完成率|整改率|占|达到|销号率|办结率`)
	among     = regexp.MustCompile(`其中`)
)

// paragraph reads the figures of one paragraph; inside tells that it answers a
// problem, where only figures that say they are of the whole count.
func (r *reader) paragraph(text string, inside bool) {
	r.asOf, r.subj, r.done = "", "", ""
	r.units = map[string]string{}
	for _, s := range sentences(text) {
		r.sentence(s, inside)
	}
}

func (r *reader) sentence(s string, inside bool) {
	f, of := &r.a.Figures, &r.a.FiguresAsOf
	if len(s) > maxSentence || inside && (f.Rules != nil || !widely.MatchString(s)) {
		return
	}
	marks := numeral.FindAllStringSubmatchIndex(s, -1)
	asOf := r.asOfMarks(s)
	rules, rulesEnd := 0, -1
	var rulesOf Stated
	previous := 0
	for i, m := range marks {
		n, unit := count(s[m[2]:m[3]]), s[m[4]:m[5]]
		if n == 0 && s[m[2]:m[3]] != "0" || m[2] > 0 && strings.ContainsAny(s[m[2]-1:m[2]], ".第") {
			continue
		}
		left, right := s[previous:m[2]], s[m[1]:]
		if m[0] > 2 && strings.HasSuffix(s[:m[2]], "第") {
			continue
		}
		if i+1 < len(marks) {
			right = s[m[1]:marks[i+1][0]]
		}
		clauseLeft := left[strings.LastIndexAny(left, "，、；（")+1:]
		if k := strings.LastIndexAny(left, "，、；（"); k >= 0 {
			clauseLeft = strings.TrimLeft(left[k:], "，、；（")
		}
		clauseRight := right
		if k := strings.IndexAny(right, "，；。、"); k >= 0 {
			clauseRight = right[:k]
		}
		previous = m[1]
		when := r.asOf
		for _, a := range asOf {
			if a.at <= m[0] {
				when = a.when
			}
		}
		kind := nouns(nounAfter.FindStringSubmatch(right))
		if kind == "" {
			kind = nouns(nounBefor.FindStringSubmatch(clauseLeft))
			if kind == "rules" && !makes.MatchString(s[:m[2]]) {
				kind = ""
			}
		}
		switch unit {
		case "大项":
			kind = "problems"
		case "小项":
			kind = "sub_problems"
		}
		isDone := doneLeft.MatchString(clauseLeft) && !notDone.MatchString(clauseLeft)
		// 37个问题已完成整改, but not 42个问题已完成整改37个.
		rightDone := doneRight.MatchString(clauseRight) && !notDone.MatchString(clauseRight) &&
			(i+1 == len(marks) || len(clauseRight) < len(right))
		isBasic := isDone && basic.MatchString(clauseLeft) || rightDone && basic.MatchString(clauseRight)
		all := rightDone && allDone.MatchString(clauseRight)

		if kind == "" && rules > 0 && makesMore.MatchString(left) && !among.MatchString(left) && m[0]-rulesEnd < 40 {
			rules += n
			rulesEnd = m[1]
			continue
		}
		if kind == "rules" {
			if (makes.MatchString(s[:m[2]]) || makes.MatchString(right)) && (rules == 0 || makesMore.MatchString(clauseLeft) && !among.MatchString(s[:m[0]])) {
				rules += n
				rulesEnd, rulesOf = m[1], when
			}
			continue
		}
		if inside {
			continue
		}
		if kind == "problems" && refined(s[:m[2]], left) && f.Problems != nil {
			kind = "sub_problems"
		}
		if kind == "" && (isDone || rightDone) {
			kind = r.subject(s[:m[0]], unit)
			if !isDone && !rightDone {
				kind = ""
			}
			if kind != "" {
				r.setDone(kind, n, isBasic, when)
				continue
			}
		}
		if kind == "" {
			continue
		}
		r.subj = kind
		if kind == "tasks" {
			if r.tasks == nil && !isDone {
				r.tasks, r.tasksD = &n, when
				r.units["measures"] = unit
			} else if isDone || rightDone {
				r.setDone("measures", n, isBasic, when)
			}
			continue
		}
		if isDone || rightDone {
			r.setDone(kind, n, isBasic, when)
			if !all || isDone {
				continue
			}
		}
		if notDone.MatchString(clauseLeft) && !fedBack.MatchString(clauseLeft) {
			continue
		}
		r.units[kind] = unit
		switch kind {
		case "problems":
			if f.Problems == nil && fedBack.MatchString(s) {
				f.Problems, of.Problems = &n, when
			}
		case "sub_problems":
			if f.SubProblems == nil {
				f.SubProblems, of.SubProblems = &n, when
			}
		case "measures":
			if f.Measures == nil {
				f.Measures, of.Measures = &n, when
			}
		}
	}
	if rules > 0 && f.Rules == nil {
		f.Rules, of.Rules = &rules, rulesOf
	}
	if !inside {
		r.allOf(s)
		r.rates(s)
	}
	if len(asOf) > 0 {
		r.asOf = asOf[len(asOf)-1].when
	}
	if m := mentioned.FindAllString(s, -1); m != nil && !inside {
		r.subj = spoken(m[len(m)-1])
	}
}

func nouns(m []string) string {
	if m == nil {
		return ""
	}
	switch {
	case m[1] == "小问题", m[1] == "细化问题":
		return "sub_problems"
	case m[1] != "":
		return "problems"
	case m[2] != "":
		return "measures"
	case m[3] != "":
		return "tasks"
	case m[4] != "":
		return "rules"
	}
	return ""
}

func spoken(word string) string {
	if word == "问题" {
		return "problems"
	}
	return "measures"
}

// refined reports whether the problems counted are parts of those counted
// before: 细化为95个问题.
func refined(before, left string) bool {
	return refines.MatchString(left) && mentioned.MatchString(before)
}

// subject is what a number after a bare 完成 counts.
func (r *reader) subject(before, unit string) string {
	f := r.a.Figures
	if p, m := r.units["problems"], r.units["measures"]; p != m {
		switch {
		case unit == p && p != "":
			return "problems"
		case unit == m && m != "":
			return "measures"
		}
	}
	if m := mentioned.FindAllString(before, -1); m != nil {
		return spoken(m[len(m)-1])
	}
	switch {
	case r.subj == "tasks":
		return "measures"
	case r.subj != "":
		return r.subj
	case f.Problems != nil && f.Measures == nil:
		return "problems"
	}
	return ""
}

func (r *reader) setDone(kind string, n int, basically bool, when Stated) {
	f, of := &r.a.Figures, &r.a.FiguresAsOf
	switch {
	case kind == "problems" && basically:
		if f.ProblemsBasicallyDone == nil {
			f.ProblemsBasicallyDone, of.ProblemsBasicallyDone = &n, when
		}
	case basically:
	case kind == "problems":
		if f.ProblemsDone == nil {
			f.ProblemsDone, of.ProblemsDone = &n, when
		}
		r.done = "problems_done"
	case kind == "measures":
		if f.MeasuresDone == nil {
			f.MeasuresDone, of.MeasuresDone = &n, when
		}
		r.done = "measures_done"
	}
}

var everything = regexp.MustCompile(`(?:(问题)|措施|举措|整改任务)，?(?:目前|现)?(?:已经|已|现已)?(?:全部|均已|均|都已)(?:按期|如期)?(?:完成|整改到位|整改完毕|落实到位|销号|办结)`)

// allOf reads 反馈问题已全部完成整改, which states a number without repeating it.
func (r *reader) allOf(s string) {
	f, of := &r.a.Figures, &r.a.FiguresAsOf
	m := everything.FindStringSubmatch(s)
	if m == nil {
		return
	}
	when := r.asOf
	for _, a := range r.asOfMarks(s) {
		when = a.when
	}
	switch {
	case m[1] != "" && f.Problems != nil && f.ProblemsDone == nil:
		n := *f.Problems
		f.ProblemsDone, of.ProblemsDone = &n, when
	case m[1] == "" && f.Measures != nil && f.MeasuresDone == nil:
		n := *f.Measures
		f.MeasuresDone, of.MeasuresDone = &n, when
	}
}

type asOfMark struct {
	at   int
	when Stated
}

// asOfMarks finds 截至2020年9月, 截至目前 and 目前.
func (r *reader) asOfMarks(s string) (out []asOfMark) {
	found := mentions(s, r.last)
	for _, m := range asOfWords.FindAllStringSubmatchIndex(s, -1) {
		word := s[m[0]:m[1]]
		if !strings.HasPrefix(word, "截") || m[2] >= 0 {
			out = append(out, asOfMark{m[0], r.today})
			continue
		}
		for _, d := range found {
			if d.from >= m[1] && d.from-m[1] <= len("今年") {
				when := d.day
				// A month and day without year lie before the announcement.
				if today := string(r.today); today != "" && string(when.iso()) > today && !strings.Contains(s[d.from:d.to], "年") {
					when.year--
				}
				out = append(out, asOfMark{m[0], when.iso()})
				break
			}
		}
	}
	return out
}

// rates reads the percentage that follows a done figure.
func (r *reader) rates(s string) {
	if r.done == "" {
		return
	}
	for _, m := range rated.FindAllStringSubmatchIndex(s, -1) {
		if !rateCue.MatchString(s[:m[0]]) {
			continue
		}
		whole := float64(count(s[m[2]:m[3]]))
		digits := 0
		if m[4] >= 0 {
			fraction := s[m[4]:m[5]]
			scale := 1.0
			for _, c := range fraction {
				scale /= 10
				whole += float64(c-'0') * scale
			}
			digits = len(fraction)
		}
		of := r.done
		if before := mentioned.FindAllString(s[:m[0]], -1); before != nil {
			of = spoken(before[len(before)-1]) + "_done"
		}
		for _, known := range r.a.Rates {
			if known.Of == of {
				return
			}
		}
		r.a.Rates = append(r.a.Rates, Rate{Of: of, Percent: whole, Digits: digits})
		return
	}
}

// settle takes the tasks for the measures when the text counts no measures.
func (r *reader) settle() {
	if f := &r.a.Figures; f.Measures == nil && r.tasks != nil {
		f.Measures, r.a.FiguresAsOf.Measures = r.tasks, r.tasksD
	}
}
