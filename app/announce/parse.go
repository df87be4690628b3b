package announce

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Parse reads a text. Any text has a result; an empty one an empty result.
func Parse(text string) Announcement {
	a, _ := parse(text)
	return a
}

// ledger accounts for the difference between a text and what is published of
// it, so that the tests can prove that nothing is lost: pieces taken off, and
// the number of 。 put on.
type ledger struct {
	off []string
	on  int
}

func (l *ledger) drop(pieces ...string) {
	for _, p := range pieces {
		if p = strings.TrimSpace(p); p != "" {
			l.off = append(l.off, p)
		}
	}
}

type parser struct {
	a    Announcement
	kept ledger
}

func parse(text string) (Announcement, ledger) {
	p := &parser{}
	p.a.Preamble, p.a.Sections, p.a.Aspects, p.a.Unplaced = []string{}, []Section{}, []Aspect{}, []Line{}
	var rows []row
	for i, l := range split(text) {
		if l = normalise(l); l != "" {
			rows = append(rows, row{i + 1, l})
		}
	}
	rows = p.front(rows)
	rows, sign := p.back(rows)
	root, closing := outline(rows)
	classify(root)
	p.fill(root, closing)
	for _, r := range sign {
		p.block(r.kind, r.row.line, r.row.text)
	}
	p.contacts()
	p.facts()
	return p.a, p.kept
}

func (p *parser) block(kind Kind, line int, text string) {
	p.a.Blocks = append(p.a.Blocks, Block{Kind: kind, Line: line, Text: text})
}

func (p *parser) unplaced(line int, text string) {
	p.a.Unplaced = append(p.a.Unplaced, Line{line, text})
}

var (
	sourced   = regexp.MustCompile(`(?:发布|发文|成文|公开)?(?:时间|日期|机构|单位|机关|方式)\s?[：:]|(?:信息|稿件|文章)?(?:来源|作者|编辑|审核|索引号|名称|字号|文号)\s?[：:]|浏览(?:量|次数)?|点击(?:量|数|率)?\s?[：:]|阅读(?:量|次数)?\s?[：:]|字体|^分享|^朗读|^打印`)
	docNumber = regexp.MustCompile(`^[\p{Han}]{1,12}[〔\[（(]\d{4}[〕\]）)]\d{1,4}号$`)
	subject   = regexp.MustCompile(`整改|巡[视察]|通报|报告|公告|公示`)
	bodyWord  = regexp.MustCompile(`党组|党委|党工委|委员会|支部|总支|办公室|法院|检察院|政府|人大|政协|纪委|监委|纪检监察组|领导小组|局|厅|院|部|会|校|学|司|集团|中心|组|处|站|所|馆|社|室|场|园|办|委$`)
	sender    = regexp.MustCompile(`(?:发布|发文)(?:机构|单位|机关)\s?[：:]\s?([^ ，；。]+)`)
	about     = regexp.MustCompile(`^(.{2,50}?)关于`)
	ends      = "。；：，、！？;:,!?"
)

func endsWith(s, marks string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && strings.ContainsRune(marks, r)
}

// front takes the title, of one line or several, and the line with date and
// source.
func (p *parser) front(rows []row) []row {
	n := 0
	var title []row
	type kept struct {
		kind Kind
		row
	}
	var lines []kept
	seen := false
	for ; n < len(rows) && n < 12; n++ {
		t := rows[n].text
		_, isDate := dateLine(t)
		long := utf8.RuneCountInString(t)
		_, _, numbered := marker(t)
		switch {
		case isDate, docNumber.MatchString(t), long <= 80 && !endsWith(t, "。") && sourced.MatchString(t) && !numbered:
			// Nothing but such lines before a paragraph: a text that begins with
			// 来源 has a dateline, one whose second paragraph mentions it has not.
			lines = append(lines, kept{KindDateline, rows[n]})
			seen = seen || len(title) > 0
			continue
		case !seen && len(title) < 3 && long <= 50 && !endsWith(t, ends) && !numbered && !strings.Contains(t, "，") && meaningful(t):
			if _, said, ok := aspectHead(t); said && ok && len(title) > 0 {
				break
			}
			title = append(title, rows[n])
			lines = append(lines, kept{KindTitle, rows[n]})
			continue
		}
		break
	}
	var whole string
	for _, r := range title {
		whole += r.text
	}
	if len(title) > 0 && !subject.MatchString(whole) {
		// Short lines that are no title are not taken for one.
		return rows
	}
	if len(title) == 0 && n == len(rows) {
		return rows
	}
	p.a.Title = Stated(whole)
	for _, l := range lines {
		p.block(l.kind, l.line, l.text)
		if l.kind != KindDateline {
			continue
		}
		p.kept.drop(l.text)
		if p.a.Date == "" && !docNumber.MatchString(l.text) {
			if d, ok := dateLine(l.text); ok {
				p.a.Date = d.iso()
			} else if found := mentions(l.text, day{}); len(found) > 0 {
				p.a.Date = found[0].day.iso()
			}
		}
		if m := sender.FindStringSubmatch(l.text); m != nil && p.a.Issuer == "" {
			p.a.Issuer = Stated(m[1])
		}
	}
	if m := about.FindStringSubmatch(whole); m != nil && bodyWord.MatchString(m[1]) {
		p.a.Issuer = Stated(m[1])
	}
	return rows[n:]
}

type signed struct {
	kind Kind
	row  row
}

// bodyName reports whether a line is nothing but the name of a body.
func bodyName(s string) bool {
	if _, _, numbered := marker(s); numbered || utf8.RuneCountInString(s) > 45 || utf8.RuneCountInString(s) < 3 {
		return false
	}
	return !strings.ContainsAny(s, "，。；：、！？“”0123456789@") && bodyWord.MatchString(s) && !closes.MatchString(s) &&
		!strings.Contains(s, "方面") && !strings.HasSuffix(s, "问题") && !strings.HasSuffix(s, "情况")
}

// back takes the signature and the date at the end. They are recognised within
// the last rows, and what stands after them stays.
func (p *parser) back(rows []row) ([]row, []signed) {
	from := max(0, len(rows)-10)
	for i := len(rows) - 1; i >= from; i-- {
		t := rows[i].text
		name, date := "", ""
		if _, ok := dateLine(t); ok {
			date = t
		} else if m := trailing.FindStringSubmatch(t); m != nil && bodyName(strings.TrimSpace(m[1])) {
			name, date = strings.TrimSpace(m[1]), m[2]
		} else if i == len(rows)-1 && i > 0 && bodyName(t) && endsWith(rows[i-1].text, "。") {
			p.a.Issuer = Stated(t)
			p.kept.drop(t)
			return rows[:i], []signed{{KindSignature, rows[i]}}
		}
		if date == "" {
			continue
		}
		if d, ok := dateLine(date); ok {
			p.a.Date = d.iso()
		}
		first := i
		var sign []signed
		if name != "" {
			p.a.Issuer = Stated(name)
			sign = []signed{{KindSignature, rows[i]}}
		} else {
			sign = []signed{{KindDate, rows[i]}}
			if i > 0 && bodyName(rows[i-1].text) {
				first--
				p.a.Issuer = Stated(rows[first].text)
				sign = append([]signed{{KindSignature, rows[first]}}, sign...)
			}
		}
		for _, s := range sign {
			p.kept.drop(s.row.text)
		}
		// Contacts under the signature close the text like those above it.
		left := append(append([]row{}, rows[:first]...), rows[i+1:]...)
		return left, sign
	}
	return rows, nil
}

var (
	closes    = regexp.MustCompile(`^(?:(?:热忱|诚恳|诚挚|真诚)?欢迎|敬请|诚请|恳请|如有|如对|如果|若有|若对|特此(?:通报|公告|报告|说明)|以上(?:通报|报告)|(?:监督|举报|反馈)?(?:联系)?方式|(?:责任)?编辑|审核|【|\[?打印|扫一扫)`)
	furniture = regexp.MustCompile(`^(?:(?:责任|值班)?(?:编辑|主编)|审核|校对|【(?:打印|关闭|返回|收藏|字体)|\[?打印|扫一扫|分享|上一[篇条]|下一[篇条])`)
	reach     = regexp.MustCompile(`^(?:` + contactLabels + `)\s?[：:]`)
)

var (
	invites = regexp.MustCompile(`意见|建议|监督|反映|欢迎`)
	way     = regexp.MustCompile(`(?:` + contactLabels + `)\s?[：:为]?\s?[（(+\d]|` + `[\w.+-]+@[\w-]+\.|(?i:https?://)`)
)

// reaches reports whether a text names a way to reach the body.
func reaches(t string) bool { return !doneLabel.MatchString(t) && way.MatchString(t) }

const contactLabels = `(?:联系|监督|举报|咨询|值班|服务|反馈|受理|办公|意见)*(?:电话|热线|传真)(?:号码)?|(?:通信|通讯|联系|邮寄|来信|办公|单位|邮政)*(?:地址|信箱)|邮寄地址|(?:邮政)?编码|邮编|(?:监督|联系|反馈|举报)?(?:电子)?(?:邮箱|邮件|信箱)|(?i:e-?mail)|(?:监督|举报|官方)?(?:网站|网址)|联系人`

// closingAt is the row from which the text closes: thanks, contacts and the
// like after the last heading.
func closingAt(rows []row) int {
	end := len(rows)
	for i := len(rows) - 1; i >= 0; i-- {
		t := rows[i].text
		m, rest, numbered := marker(t)
		contact := reach.MatchString(t) || numbered && reach.MatchString(rest)
		switch {
		case contact, !numbered && (closes.MatchString(t) || invites.MatchString(t) && reaches(t)):
			end = i
		case numbered && (m.rank <= rankPart || m.word):
			return end
		case numbered:
			return end
		}
		if _, said := problemHead(t, false); said {
			return end
		}
	}
	if end == 0 {
		// A text that is nothing else is not its own closing.
		return len(rows)
	}
	return end
}

// fill turns the outline into the announcement, in the order of the text.
func (p *parser) fill(root *node, closing []row) {
	structured := len(root.heads()) > 0
	for _, n := range root.body {
		switch {
		case n.mark.rank == 0 && len(p.a.Sections) == 0 && len(p.a.Aspects) == 0:
			p.a.Preamble = append(p.a.Preamble, n.text)
			p.block(KindParagraph, n.line, n.text)
		case n.mark.rank == 0:
			p.unplaced(n.line, n.text)
			p.block(KindParagraph, n.line, n.text)
		case n.problem:
			p.aspectOf(root)
			p.problem(n)
		default:
			p.chapter(n)
		}
	}
	for _, r := range closing {
		p.block(KindClosing, r.line, r.text)
		switch k := len(p.a.Sections); {
		case furniture.MatchString(r.text):
			p.unplaced(r.line, r.text)
		case k > 0:
			p.paragraph(r.text)
		case !structured:
			p.a.Preamble = append(p.a.Preamble, r.text)
		default:
			p.unplaced(r.line, r.text)
		}
	}
}

// paragraph adds to the last section.
func (p *parser) paragraph(text string) {
	s := &p.a.Sections[len(p.a.Sections)-1]
	s.Paragraphs = append(s.Paragraphs, text)
}

func (p *parser) chapter(n *node) {
	n.head = chapterHead(n.rest)
	holds := false
	for _, k := range n.heads() {
		holds = holds || k.problem
	}
	if h, _, ok := aspectHead(n.rest); ok && holds {
		n.head = h
	} else if h, ok := problemHead(n.rest, true); ok && holds {
		n.head = h
	}
	no := len(p.a.Sections) + 1
	title, rest := p.heading(n, KindChapter, "c"+Code(no))
	p.a.Sections = append(p.a.Sections, Section{No: no, Title: title, Paragraphs: []string{}})
	if rest != "" {
		p.paragraph(rest)
	}
	p.contents(n)
}

var levels = map[Kind]int{KindChapter: 1, KindHeading: 2, KindProblem: 3, KindSub: 4}

// heading publishes the title of a heading line; what else stands on the line
// is returned, and what is taken off is accounted for.
func (p *parser) heading(n *node, kind Kind, anchor string) (title, rest string) {
	h := n.head
	title = strings.TrimSpace(n.rest[h.from:h.to])
	rest = strings.TrimSpace(n.rest[h.rest:])
	if !meaningful(rest) {
		h.rest, rest = len(n.rest), ""
	}
	marker := n.text[:len(n.text)-len(n.rest)]
	p.kept.drop(marker, n.rest[:h.from], n.rest[h.to:h.rest])
	p.a.Blocks = append(p.a.Blocks, Block{
		Kind: kind, Level: levels[kind], Line: n.line, Anchor: anchor,
		Text: strings.TrimSpace(n.text[:len(marker)+h.rest]), Rest: rest,
	})
	return title, rest
}

// contents fills the current section from a heading that is no problem.
func (p *parser) contents(n *node) {
	for _, k := range n.body {
		switch {
		case k.problem:
			p.aspectOf(n)
			p.problem(k)
		case k.mark.rank > 0 && holdsProblems(k):
			p.aspect(k)
		default:
			p.block(KindParagraph, k.line, k.text)
			p.paragraph(k.text)
			p.contents(k)
		}
	}
}

func holdsProblems(n *node) bool { return n.any(func(k *node) bool { return k.problem }) }

// aspect is a heading below a chapter that holds problems.
func (p *parser) aspect(n *node) {
	h, _, ok := aspectHead(n.rest)
	if !ok {
		h, ok = problemHead(n.rest, true)
	}
	if !ok {
		h = bareHead(n.rest)
	}
	n.head = h
	direct := false
	for _, k := range n.heads() {
		direct = direct || k.problem
	}
	if !direct {
		// A layer between chapter and aspects.
		p.block(KindParagraph, n.line, n.text)
		p.paragraph(n.text)
		p.contents(n)
		return
	}
	no := len(p.a.Aspects) + 1
	title, rest := p.heading(n, KindHeading, "a"+Code(no))
	p.a.Aspects = append(p.a.Aspects, Aspect{No: no, Title: Stated(title), Problems: []Problem{}})
	n.opened = len(p.a.Aspects)
	if rest != "" {
		p.paragraph(rest)
	}
	p.contents(n)
}

// aspectOf makes sure that the current aspect is the one of a heading: a
// chapter whose problems stand directly under it, or the root.
func (p *parser) aspectOf(n *node) {
	if n.opened > 0 && n.opened == len(p.a.Aspects) {
		return
	}
	title := Stated("")
	if n.up != nil {
		title = Stated(strings.TrimSpace(n.rest[n.head.from:n.head.to]))
	}
	p.a.Aspects = append(p.a.Aspects, Aspect{No: len(p.a.Aspects) + 1, Title: title, Problems: []Problem{}})
	n.opened = len(p.a.Aspects)
}

func (p *parser) problem(n *node) {
	aspect := &p.a.Aspects[len(p.a.Aspects)-1]
	no := len(aspect.Problems) + 1
	title, actions := p.named(n, KindProblem, "p"+Code(aspect.No, no))
	problem := Problem{No: no, Title: title, Actions: actions, Sub: []SubProblem{}}
	for _, k := range n.body {
		if !k.problem || k.mark.rank == 0 {
			p.told(n, k, &problem.Actions)
			continue
		}
		part := len(problem.Sub) + 1
		title, actions := p.named(k, KindSub, "p"+Code(aspect.No, no, part))
		for _, b := range k.body {
			p.told(k, b, &actions)
		}
		problem.Sub = append(problem.Sub, SubProblem{No: part, Title: title, Actions: actions})
	}
	aspect.Problems = append(aspect.Problems, problem)
}

// named reads a problem's own line.
func (p *parser) named(n *node, kind Kind, anchor string) (title string, actions []string) {
	h, ok := problemHead(n.rest, true)
	if !ok {
		h, _, ok = aspectHead(n.rest)
	}
	if !ok {
		h = bareHead(n.rest)
	}
	n.head = h
	title, rest := p.heading(n, kind, anchor)
	actions = []string{}
	if rest == "" {
		return title, actions
	}
	told := rest
	if at := labelInside(rest); at > 0 {
		p.describe(n.line, rest[:at])
		told = rest[at:]
	} else if described(n) && !doneLabel.MatchString(rest) {
		p.describe(n.line, rest)
		return title, actions
	}
	p.act(n.line, told, &actions)
	return title, actions
}

// described reports whether a heading's text comes before a 整改情况： of its
// own, and so describes the problem.
func described(n *node) bool {
	for _, b := range n.body {
		if m := doneLabel.FindString(b.text); m != "" {
			return firstLabel.MatchString(m)
		}
	}
	return false
}

// describe keeps what describes a problem beyond its title: the published shape
// has no place for it.
func (p *parser) describe(line int, text string) {
	if text = strings.TrimSpace(text); text != "" {
		p.unplaced(line, text)
	}
}

// told reads a line under a problem: paragraphs and numbered points alike.
func (p *parser) told(owner, n *node, actions *[]string) {
	p.block(KindParagraph, n.line, n.text)
	switch {
	case otherLabel.MatchString(n.text), !meaningful(n.text), p.before(owner, n):
		p.describe(n.line, n.text)
	default:
		p.act(n.line, n.text, actions)
	}
	for _, k := range n.body {
		p.told(owner, k, actions)
	}
}

// before reports whether a line stands before the owner's first 整改情况：.
func (p *parser) before(owner, n *node) bool {
	if !described(owner) {
		return false
	}
	for _, b := range owner.body {
		if doneLabel.MatchString(b.text) {
			return false
		}
		if b == n {
			return true
		}
	}
	return false
}

// act adds the sentences of a text as actions.
func (p *parser) act(line int, text string, actions *[]string) {
	if label := doneLabel.FindString(text); label != "" {
		p.kept.drop(label)
		text = text[len(label):]
	}
	if !meaningful(text) {
		p.describe(line, text)
		return
	}
	// 整改情况： may stand again inside, and a second label after the first.
	parts := sentences(text)
	for i, s := range parts {
		if label := doneLabel.FindString(s); label != "" && meaningful(s[len(label):]) {
			p.kept.drop(label)
			s = s[len(label):]
		}
		if i == len(parts)-1 {
			s = p.finish(s)
		}
		*actions = append(*actions, s)
	}
}

// finish ends a paragraph's last sentence in 。.
func (p *parser) finish(s string) string {
	if endsWith(s, "。！？") {
		return s
	}
	for _, close := range []string{"。”", "。’", "。）", "！”", "？”"} {
		if strings.HasSuffix(s, close) {
			return s
		}
	}
	cut := strings.TrimRight(s, "；，、：;,: ")
	p.kept.drop(s[len(cut):])
	p.kept.on++
	return cut + "。"
}
