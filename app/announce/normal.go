package announce

import (
	"regexp"
	"strings"
	"unicode"
)

// split cuts a text into lines. Word's soft breaks and the Unicode separators
// are line ends too.
func split(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").
		Replace(strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Split(text, "\n")
}

// cjkMarks are the marks that, beside a half-width mark, show that the running
// text is Chinese.
const cjkMarks = "“”‘’《》〈〉【】〔〕「」『』、。，；：？！（）…—〇％"

func isChinese(r rune) bool {
	return unicode.Is(unicode.Han, r) || strings.ContainsRune(cjkMarks, r) && r != 0
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

var (
	// protected are spans whose marks are not punctuation.
	protected = regexp.MustCompile(`(?i)(?:https?://|ftp://|www\.)[!#-'*-;=?-Z\[-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
	// quantity holds the words of number and time before which a space is only
	// the typesetter's: 2020 年 3 月, 42 个.
	quantity = "年月日时分个项条次大小方类份家名人件篇期万亿元轮届号户余多周天场岁所间台套起%％"
)

// normalise writes one line as it is shown: outer blanks off, inner blanks of
// typesetting off, full-width digits and letters half-width, and half-width
// punctuation inside Chinese running text full-width. Figures, dates, times,
// addresses of pages and mail stay. Apart from blanks and invisible characters
// each character stays one character.
func normalise(line string) string {
	rs := make([]rune, 0, len(line))
	for _, r := range line {
		switch {
		case r == '\t' || unicode.IsSpace(r) || r == '\u3000':
			r = ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ',
			strings.ContainsRune("＠＋－／．＝＆＃＿％", r):
			r -= 0xFEE0
		case r == '｡':
			r = '。'
		}
		if r == ' ' && (len(rs) == 0 || rs[len(rs)-1] == ' ') {
			continue
		}
		rs = append(rs, r)
	}
	rs = punctuate(quotes(unspace(rs)))
	return strings.TrimSpace(string(unspace(rs)))
}

// unspace removes the blanks that Chinese typesetting puts in.
func unspace(rs []rune) []rune {
	out := make([]rune, 0, len(rs))
	for i, r := range rs {
		if r != ' ' {
			out = append(out, r)
			continue
		}
		if i == 0 || i == len(rs)-1 {
			continue
		}
		before, after := rs[i-1], rs[i+1]
		mark := func(r rune) bool { return isChinese(r) && !unicode.Is(unicode.Han, r) }
		switch {
		case isChinese(before) && isChinese(after) && unicode.Is(unicode.Han, after) && reach.MatchString(string(rs[i+1:min(len(rs), i+9)])):
			// The blank stands for a comma: 地址：某街5号 邮编：000000.
		case mark(before), mark(after), isChinese(before) && isChinese(after):
			continue
		case isDigit(before) && strings.ContainsRune(quantity, after):
			continue
		case isChinese(before) && isDigit(after):
			j := i + 1
			for j < len(rs) && (isDigit(rs[j]) || rs[j] == '.' || rs[j] == ',') {
				j++
			}
			if j < len(rs)-1 && rs[j] == ' ' {
				j++
			}
			if j < len(rs) && strings.ContainsRune(quantity, rs[j]) {
				continue
			}
		}
		out = append(out, ' ')
	}
	return out
}

// quotes turns straight quotation marks in pairs into curled ones.
func quotes(rs []rune) []rune {
	han := false
	count := map[rune]int{}
	for _, r := range rs {
		han = han || unicode.Is(unicode.Han, r)
		count[r]++
	}
	for straight, curled := range map[rune][2]rune{'"': {'“', '”'}, '\'': {'‘', '’'}} {
		if !han || count[straight] == 0 || count[straight]%2 == 1 {
			continue
		}
		n := 0
		for i, r := range rs {
			if r == straight {
				rs[i] = curled[n%2]
				n++
			}
		}
	}
	return rs
}

var fullWidth = map[rune]rune{',': '，', ';': '；', ':': '：', '?': '？', '!': '！', '(': '（', ')': '）'}

func punctuate(rs []rune) []rune {
	keep := make([]bool, len(rs))
	text := string(rs)
	offset := make([]int, len(text)+1) // byte to rune
	n, han := 0, false
	for b, r := range text {
		offset[b] = n
		n++
		han = han || unicode.Is(unicode.Han, r)
	}
	offset[len(text)] = n
	for _, span := range protected.FindAllStringIndex(text, -1) {
		end := len(strings.TrimRight(text[:span[1]], ",;:?!."))
		for i := offset[span[0]]; i < offset[end]; i++ {
			keep[i] = true
		}
	}
	at := func(i int) rune {
		if i < 0 || i >= len(rs) {
			return 0
		}
		return rs[i]
	}
	near := func(i, step int) rune { // over one blank
		if at(i+step) == ' ' {
			i += step
		}
		return at(i + step)
	}
	parentheses(rs, keep, near)
	for i, r := range rs {
		full, half := fullWidth[r]
		if keep[i] || !half || r == '(' || r == ')' {
			continue
		}
		before, after := near(i, -1), near(i, 1)
		switch {
		case isDigit(at(i-1)) && isDigit(at(i+1)):
		case r == ':' && isDigit(before) && !isChinese(after):
		case isChinese(before), isChinese(after), after == 0 && before != 0 && han && r != ':':
			rs[i] = full
		}
	}
	// A full stop typed as a point; the first few characters may be a marker.
	for i, r := range rs {
		if r != '.' || keep[i] || i < 4 {
			continue
		}
		last := i == len(rs)-1 && han && (isDigit(at(i-1)) || at(i-1) == '%')
		if last || isChinese(at(i-1)) && (i == len(rs)-1 || isChinese(at(i+1))) {
			rs[i] = '。'
		}
	}
	return rs
}

// parentheses are decided in pairs, so that none opens wide and closes narrow.
func parentheses(rs []rune, keep []bool, near func(i, step int) rune) {
	var open []int
	han := make([]int, len(rs)+1) // running count of Chinese characters
	for i, r := range rs {
		han[i+1] = han[i]
		if isChinese(r) && r != '（' && r != '）' {
			han[i+1]++
		}
	}
	wide := func(i int) {
		if full := fullWidth[rs[i]]; full != 0 && !keep[i] {
			rs[i] = full
		}
	}
	for i, r := range rs {
		switch r {
		case '(', '（':
			open = append(open, i)
		case ')', '）':
			if len(open) == 0 {
				if isChinese(near(i, -1)) || isChinese(near(i, 1)) {
					wide(i)
				}
				continue
			}
			from := open[len(open)-1]
			open = open[:len(open)-1]
			area := i-from < 8 && areaCode.MatchString(string(rs[from+1:i])) && isDigit(near(i, 1))
			if !area && (han[i]-han[from+1] > 0 || isChinese(near(from, -1)) || isChinese(near(i, 1)) ||
				rs[from] == '（' || rs[i] == '）') {
				wide(from)
				wide(i)
			}
		}
	}
	for _, i := range open {
		if isChinese(near(i, -1)) || isChinese(near(i, 1)) {
			wide(i)
		}
	}
}

var areaCode = regexp.MustCompile(`^\+?0?\d{2,3}$|^\+86$`)

// pairs finds for each opening bracket or quotation mark its close; marks that
// have no partner in the text do not count, so that one forgotten mark does not
// swallow the rest of a paragraph. It maps byte offsets both ways.
func pairs(text string) map[int]int {
	type mark struct {
		at   int
		want rune
	}
	var open []mark
	found := map[int]int{}
	for i, r := range text {
		if close, opens := brackets[r]; opens {
			open = append(open, mark{i, close})
			continue
		}
		if !strings.ContainsRune("”’）》〉】〕」』)", r) {
			continue
		}
		for k := len(open) - 1; k >= 0 && k >= len(open)-8; k-- {
			if open[k].want == r {
				found[open[k].at], found[i] = i, open[k].at
				open = open[:k]
				break
			}
		}
	}
	return found
}

var brackets = map[rune]rune{'“': '”', '‘': '’', '（': '）', '《': '》', '〈': '〉', '【': '】', '〔': '〕', '「': '」', '『': '』', '(': ')'}

// outside reports for each byte offset of the text whether it stands outside
// every bracket and quotation.
func outside(text string) []bool {
	p := pairs(text)
	free := make([]bool, len(text)+1)
	depth := 0
	for i := range text {
		partner, paired := p[i]
		if paired && partner < i {
			depth--
		}
		free[i] = depth == 0
		if paired && partner > i {
			depth++
		}
	}
	free[len(text)] = true
	return free
}

// sentences splits a paragraph at each 。 outside quotations and brackets, and
// after a quotation that ends in 。 unless the sentence runs on. The pieces
// together are the paragraph, blanks at their ends aside.
func sentences(text string) []string {
	free := outside(text)
	var out []string
	start := 0
	cut := func(end int) {
		piece := strings.TrimSpace(text[start:end])
		start = end
		switch {
		case piece == "":
		case !meaningful(piece) && len(out) > 0:
			out[len(out)-1] += piece
		case len(out) == 1 && !meaningful(out[0]):
			out[0] += piece
		default:
			out = append(out, piece)
		}
	}
	for i, r := range text {
		if r != '。' {
			continue
		}
		end := i + len("。")
		if free[i] {
			cut(end)
			continue
		}
		closed := end
		for _, c := range text[end:] {
			if c != '”' && c != '’' && c != '」' && c != '』' {
				break
			}
			closed += len(string(c))
		}
		if closed > end && closed < len(text) && free[closed] {
			next := []rune(text[closed:min(len(text), closed+8)])[0]
			if !strings.ContainsRune("，、；：。？！（）的等和与及并或之为是 ”’", next) {
				cut(closed)
			}
		}
	}
	cut(len(text))
	return out
}

// meaningful reports whether a text says anything, that is, has more than
// blanks, punctuation and symbols.
func meaningful(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf)
	}) >= 0
}

var quoteMarks = map[rune]rune{'“': '”', '‘': '’', '「': '」', '『': '』', '”': '”', '"': '"'}

// unquoted gives the bounds of a title inside its outermost quotation marks,
// when one pair spans it all.
func unquoted(s string) (from, to int) {
	from, to = 0, len(s)
	rs := []rune(s)
	if len(rs) < 3 {
		return
	}
	first, last := rs[0], rs[len(rs)-1]
	want, opens := quoteMarks[first]
	if !opens {
		return
	}
	inner := string(rs[1 : len(rs)-1])
	spans := want == last && pairs(s)[0] == len(s)-len(string(last))
	// “…“ and ”…” are slips of the typist; they count when nothing else is quoted.
	slip := strings.ContainsRune("“”\"", first) && strings.ContainsRune("“”\"", last) && !strings.ContainsAny(inner, "“”\"")
	if spans || slip {
		return len(string(first)), len(s) - len(string(last))
	}
	// A mark that was opened and never closed is a slip as well.
	if first == '“' && !strings.ContainsAny(string(rs[1:]), "“”") {
		return len("“"), len(s)
	}
	return
}
