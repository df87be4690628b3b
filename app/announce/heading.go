package announce

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// The ranks of headings: a heading belongs to the nearest one above it with a
// smaller rank.
const (
	rankChapter = 10 // 一、
	rankPart    = 20 // （一）
	rankItem    = 30 // 1.
	rankDetail  = 40 // （1）
	rankPoint   = 50 // ①
)

var (
	chapterMark = regexp.MustCompile(`^(?:第[一二三四五六七八九十]{1,3}(?:部分|章)[、，：. ]?|([一二三四五六七八九十]{1,3})\s?[、.，,])\s*`)
	partMark    = regexp.MustCompile(`^(?:[（(〔]\s?([一二三四五六七八九十]{1,3})\s?[）)〕]|[㈠-㈩])[、.]?\s*`)
	itemMark    = regexp.MustCompile(`^(?:(\d{1,3})\s?(?:[、，,]|[.]\s*)|[⒈-⒛])`)
	detailMark  = regexp.MustCompile(`^(?:[（(]\s?(\d{1,3})\s?[）)]|(\d{1,3})[）)]|[⑴-⒇])[、.]?\s*`)
	pointMark   = regexp.MustCompile(`^[①-⑳]、?\s*`)
	wordMark    = regexp.MustCompile(`^【?(?:反馈|具体|整改|存在)?(?:的)?问题\s?(?:[一二三四五六七八九十]{1,3}|\d{1,3})\s?[：:、.】]+\s*`)
	yearAfter   = regexp.MustCompile(`^\d`)
	trialAfter  = regexp.MustCompile(`^[一二三四五六七八九十]+[审级线、]`)
)

// mark is the number a line begins with.
type mark struct {
	rank int
	n    int    // as printed
	text string // the marker
	word bool   // 反馈问题一：
}

// marker reads the number of a heading; ok is false for running text.
func marker(line string) (m mark, rest string, ok bool) {
	type form struct {
		re   *regexp.Regexp
		rank int
	}
	for _, f := range []form{{chapterMark, rankChapter}, {partMark, rankPart}, {detailMark, rankDetail}, {itemMark, rankItem}, {pointMark, rankPoint}, {wordMark, rankItem}} {
		found := f.re.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		m = mark{rank: f.rank, text: found[0], word: f.re == wordMark}
		for _, g := range found[1:] {
			if g != "" {
				m.n = count(g)
			}
		}
		r, _ := utf8.DecodeRuneInString(line)
		for _, first := range "①⒈⑴㈠" {
			if r >= first && r < first+20 {
				m.n = int(r-first) + 1
			}
		}
		rest = strings.TrimLeft(line[len(found[0]):], " ")
		m.text = line[:len(line)-len(rest)]
		switch {
		case !meaningful(rest):
			return m, line, false
		case f.rank == rankItem && !m.word && yearAfter.MatchString(rest) && !strings.HasSuffix(m.text, "、") && !strings.HasSuffix(m.text, " ") && !yearHeading.MatchString(rest):
			return m, line, false
		case f.rank == rankChapter && trialAfter.MatchString(rest):
			return m, line, false
		}
		return m, rest, true
	}
	return m, line, false
}

// yearHeading lets 1.2020年… be a heading while 1.2万元 is a figure.
var yearHeading = regexp.MustCompile(`^(?:19|20)\d\d年`)

// head is what a heading line says: a title inside it, and what follows. The
// bounds are bytes of the line given to the function that found it.
type head struct {
	from, to int // the title
	rest     int // where what follows begins
}

const aboutWords = `(?:针对|关于|对于|对照|聚焦|围绕|就|在|对)?\s?(?:巡[视察]组?|反馈)?(?:反馈|指出|提出)?(?:的|中)?(?:存在的?)?`

var (
	aboutFront   = regexp.MustCompile(`^` + aboutWords)
	problemFront = regexp.MustCompile(`^(?:针对|关于|对于)\s?(?:巡[视察]组?)?(?:反馈|指出|提出)?(?:的|中)?(?:存在的?)?`)
	problemTail  = regexp.MustCompile(`^(?:的|这一)?(?:具体|突出|主要|反馈)?问题(?:的?整改(?:落实|进展|完成|推进)?(?:情况|工作)?)?(?:[。：:；，,]|$|一是|（1）)`)
	aspectTail   = regexp.MustCompile(`^(?:等)?(?:方面|层面)(?:存在的?)?的?(?:突出|主要|反馈|具体)?(?:问题)?的?(?:整改)?(?:落实|进展|完成)?(?:情况)?(?:[。：:；，]|$)`)
	bareTail     = regexp.MustCompile(`(?:的?问题)?(?:的?整改(?:落实|进展|完成)?情况)?[。：:；，,]*$`)
)

// maxHead is where the search for the end of a heading gives up, in bytes.
const maxHead = 3000

var problemNamed = regexp.MustCompile(`^(?:存在的?|反馈的?|具体|主要)?问题(?:描述)?[：:]\s?`)

// problemHead reads 针对“…”问题。 and its kin. numbered tells that the line has
// a number, which lets less be demanded of the words.
func problemHead(s string, numbered bool) (h head, ok bool) {
	free := outside(s)
	if front := problemNamed.FindString(s); front != "" && numbered {
		h := bareHead(s[len(front):])
		return head{h.from + len(front), h.to + len(front), h.rest + len(front)}, meaningful(s[len(front):])
	}
	front := problemFront.FindString(s)
	quoted := strings.HasPrefix(s[len(front):], "“") || strings.HasPrefix(s[len(front):], "”") || strings.HasPrefix(s[len(front):], "\"")
	if front == "" && !quoted || !numbered && (front == "" || !quoted) {
		return h, false
	}
	for i, r := range s {
		if i <= len(front) || !free[i] {
			continue
		}
		if i > maxHead {
			break
		}
		tail := problemTail.FindString(s[i:])
		if tail == "" && front != "" && numbered && strings.ContainsRune("。：", r) {
			// 针对“…”。 without the word 问题.
			if from, _ := unquoted(s[len(front):i]); from > 0 {
				tail = string(r)
			}
		}
		if tail == "" {
			if r == '。' {
				return h, false
			}
			continue
		}
		end := i + len(tail)
		switch {
		case strings.HasSuffix(tail, "一是"):
			end -= len("一是")
		case strings.HasSuffix(tail, "（1）"):
			end -= len("（1）")
		case strings.HasSuffix(tail, "，") || strings.HasSuffix(tail, ","):
			// A comma ends a heading only after a quoted title: 针对反馈问题，
			// and 关于……问题， begin sentences.
			if !quoted || !numbered {
				return h, false
			}
		}
		from, to := unquoted(s[len(front):i])
		h = head{from + len(front), to + len(front), end}
		return h, meaningful(s[h.from:h.to]) && (quoted || utf8.RuneCountInString(s[h.from:h.to]) <= 80)
	}
	return h, false
}

// aspectHead reads 关于“…”方面 and its kin. strong tells a form that says
// beyond doubt that this is an aspect.
func aspectHead(s string) (h head, strong, ok bool) {
	free := outside(s)
	front := aboutFront.FindString(s)
	for i, r := range s {
		if i <= len(front) || !free[i] {
			continue
		}
		if r == '。' || i > maxHead {
			break
		}
		if tail := aspectTail.FindString(s[i:]); tail != "" {
			from, to := unquoted(s[len(front):i])
			h = head{from + len(front), to + len(front), i + len(tail)}
			return h, front != "" || from > 0 || strings.Contains(tail, "问题"), meaningful(s[h.from:h.to])
		}
	}
	// 聚焦“…” without 方面.
	if front != "" {
		end := len(strings.TrimRight(s, "。：；"))
		if end > len(front) {
			if from, to := unquoted(s[len(front):end]); from > 0 {
				return head{from + len(front), to + len(front), len(s)}, true, meaningful(s[from+len(front) : to+len(front)])
			}
		}
	}
	return h, false, false
}

// bareHead takes a heading that is a plain sentence: its first sentence.
func bareHead(line string) head {
	s := strings.TrimLeft(line, " ")
	lead := len(line) - len(s)
	first := s
	if parts := sentences(s); len(parts) > 0 {
		first = parts[0]
	}
	if at := labelInside(s); at > 0 && at < len(first) {
		first = s[:at]
	}
	title := strings.TrimSuffix(first, bareTail.FindString(first))
	if !meaningful(title) {
		title = strings.TrimRight(first, "。：:；，,")
	}
	if !meaningful(title) {
		return head{lead, lead + len(first), lead + len(first)}
	}
	title = strings.TrimRight(title, " ")
	from, to := unquoted(title)
	if !meaningful(title[from:to]) {
		from, to = 0, len(title)
	}
	return head{lead + from, lead + to, lead + len(first)}
}

// chapterHead is the title of a chapter; text after its first sentence is a
// paragraph of it.
func chapterHead(s string) head {
	parts := sentences(s)
	first := s
	if len(parts) > 1 && utf8.RuneCountInString(parts[0]) <= 60 {
		first = parts[0]
	}
	title := strings.TrimRight(first, "。：；")
	if !meaningful(title) {
		title = first
	}
	return head{0, len(title), len(first)}
}

const numberedLabel = `(?:[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})[）)、.]+\s*|[①-⑳])?`

var (
	// doneWords introduce what was done and are taken off.
	doneWords  = `(?:已|目前)?(?:整改(?:工作)?(?:落实|进展|完成|推进|具体)?(?:情况|措施|举措|成效|成果|结果|进展|做法)(?:及成效)?|采取的?(?:整改)?(?:措施|举措)|具体(?:整改)?(?:措施|举措|做法)|主要(?:措施|举措|做法)|工作措施|落实情况|落实措施|进展情况|完成情况|工作成效)`
	doneLabel  = regexp.MustCompile(`^` + numberedLabel + `(?:[【〔]?(?:` + doneWords + `|整改)(?:[】〕]?[：:]|[】〕])|` + doneWords + `。?$)\s*`)
	doneInside = regexp.MustCompile(`[。；：）”](?:` + doneWords + `|整改)[：:]`)
	// firstLabel is a done label before which a description of the problem stands.
	firstLabel = regexp.MustCompile(`整改(?:工作)?(?:落实|进展|完成)?(?:情况|措施|举措)|整改[：:】]|采取`)
	// otherLabel introduces what is neither problem nor action.
	otherLabel = regexp.MustCompile(`^` + numberedLabel + `[【〔]?(?:(?:整改|完成)(?:时限|期限|时间)|整改目标|整改状态|(?:整改)?责任(?:领导|部门|单位|人|科室|处室)|(?:牵头|配合|协办)(?:领导|部门|单位|科室|处室)|(?:主要|具体|问题|突出)?表现|反馈意见(?:指出)?|原因分析)[】〕]?[：:]|^[【〔]?(?:反馈)?(?:问题描述|存在问题|反馈问题)[】〕]?[：:]`)
)

// labelInside finds where, within a line, a label such as 整改情况： begins
// after the sentence before it; 0 is nowhere.
func labelInside(s string) int {
	free := outside(s)
	for _, at := range doneInside.FindAllStringIndex(s, -1) {
		_, size := utf8.DecodeRuneInString(s[at[0]:])
		if begin := at[0] + size; free[begin] && meaningful(s[:begin]) {
			return begin
		}
	}
	return 0
}

var (
	deficient = regexp.MustCompile(`(?:不(?:够|足|深|严|实|力|强|高|准|细|精|牢|紧|全|清|畅|顺|大|好|多|敢|会|愿|到位|扎实|规范|完善|健全|明显|明确|及时|彻底|突出|有力|坚决|坚定|充分|平衡|合理|严格|严肃|主动|积极|经常|彰显|均衡|相符|一致|符|力)|薄弱|短板|差距|偏差|偏低|偏慢|偏弱|缺失|缺位|松懈|滞后|弱化|淡化|虚化|走形式|走过场|形式主义|宽松软|漏洞|隐患|欠缺|缺乏|缓慢|流于形式|时有发生|违规|违纪|打折扣|挂空挡|不作为|慢作为|层层递减|冗长|混乱|问题)[^，。；：]{0,6}$`)
	// organising chapters tell how the work was organised or will go on; what is
	// numbered in them is not a problem.
	organising = regexp.MustCompile(`组织(?:开展|领导|情况|推进)|提高.{0,8}(?:站位|认识)|政治站位|思想认识|压实|下一步|下步|今后|打算|巩固|持续|总体|基本情况|主要做法|意见建议|长效`)
	// generic chapters hold aspects rather than being one.
	generic = regexp.MustCompile(`整改|反馈|巡[视察]|落实情况|问题清单`)
)

// organises reports whether a heading tells of organisation, not of a problem.
func organises(s string) bool {
	h := bareHead(s)
	title := s[h.from:h.to]
	if strings.Contains(title, "问题") && !later.MatchString(title) {
		return false
	}
	return organising.MatchString(title) && !deficient.MatchString(title)
}

var later = regexp.MustCompile(`下一步|下步|今后|后续|打算|巩固`)

func shortcoming(s string) bool {
	h := bareHead(s)
	title := s[h.from:h.to]
	return utf8.RuneCountInString(title) <= 80 && deficient.MatchString(title)
}
