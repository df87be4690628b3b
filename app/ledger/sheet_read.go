package ledger

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/typed"
)

// entry is a measure and all above it as the columns of the spreadsheet: what
// is compared, and what is written.
type entry [columnCount]string

// line is a row as it was understood.
type line struct {
	no          int
	text        entry
	m           Measure // its parsed values; not its identity
	lead        string
	co          []string
	closedAll   calendar.Date // of the problem
	reopenedAll calendar.Date
	only        bool // names a problem or a sub-problem, no measure

	problem *problemNode
	sub     *subNode // nil: the measure stands under the problem itself
	node    *measureNode
}

// reading takes the lines out of a table.
type reading struct {
	table    sheet.Table
	columns  map[Column]int
	above    []string // what stands above the headings
	lines    []*line
	bad      []located
	warnings []string
	seen     map[string]int // warnings of a kind, counted
	known    map[string]bool
}

type located struct {
	row, col int
	message  string
}

func (r *reading) has(c Column) bool { _, ok := r.columns[c]; return ok }

func (r *reading) refuse(row int, c Column, message string) {
	col, ok := r.columns[c]
	if !ok {
		col = r.columns[ColMeasure]
	}
	r.bad = append(r.bad, located{row, col, message})
}

func (r *reading) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// fields are the bad cells with their addresses, in the order of the sheet.
func (r *reading) fields() []fault.Field {
	slices.SortStableFunc(r.bad, func(a, b located) int { return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col)) })
	r.bad = slices.CompactFunc(r.bad, func(a, b located) bool { return a.row == b.row && a.col == b.col })
	var list []fault.Field
	for _, b := range r.bad {
		list = append(list, fault.Field{Name: r.table.At(b.row, b.col), Message: b.message})
	}
	return list
}

// titled is how long a text of a column may be, in characters; the rest are of a few words.
var titled = map[Column]int{ColProblem: 1000, ColSub: 1000, ColMeasure: 2000, ColNote: maxText, ColProof: maxText, ColInternal: maxText,
	ColProblemInternal: maxText, ColSubInternal: maxText, ColAspectText: maxText, ColAspectInternal: maxText, ColProblemText: maxText, ColSubText: maxText,
	ColAspect: maxTitle, ColCo: 1000}

const shortest = 100

// lined columns hold one line.
var lined = map[Column]bool{ColCode: true, ColProblemCode: true, ColAspect: true, ColProblem: true, ColSub: true, ColLeader: true, ColPublic: true, ColStatus: true, ColKind: true,
	ColProblemLeader: true, ColCheckMonths: true, ColDue: true}

// cleaned is a text as it is kept in a column, and as what is kept is compared.
func cleaned(c Column, text string) string {
	if lined[c] {
		return typed.Line(text)
	}
	return sheet.Clean(typed.Clean(text))
}

var (
	numbered = regexp.MustCompile(`^[（(]?[一二三四五六七八九十]+[)）]?[、.．]?\s*`)
	codeForm = regexp.MustCompile(`^[^\s/\\?#%]{1,40}$`)
	pairForm = regexp.MustCompile(`^(\d{1,4})-(\d{1,4})$`)
	fourForm = regexp.MustCompile(`^(\d{1,4})-(\d{1,4})-\d{1,4}-\d{1,4}$`)
)

// read understands every row below the headings. known are the departments that are there.
func read(t sheet.Table, m Mapping, known map[string]bool) *reading {
	r := &reading{table: t, columns: m.Columns, seen: map[string]int{}, known: known}
	wanted := map[int]bool{}
	for _, col := range m.Columns {
		wanted[col] = true
	}
	for _, b := range t.Bad {
		if b.Row > m.Row && wanted[b.Col] {
			r.bad = append(r.bad, located{b.Row, b.Col, b.Message})
		}
	}
	for _, b := range t.Blocks {
		if b.Bottom > m.Row {
			r.bad = append(r.bad, located{b.Top, b.Left, fmt.Sprintf("%s%d:%s%d 把多行多列合并成了一格，分不清哪一行说什么。请取消合并，逐行填写。",
				sheet.Letters(b.Left), b.Top, sheet.Letters(b.Right), b.Bottom)})
		}
	}
	aspect := ""
	var last *line
	for _, row := range t.Rows {
		cell := func(c Column) string {
			if col, ok := m.Columns[c]; ok {
				return row.Cell(col)
			}
			return ""
		}
		switch {
		case row.No < m.Row:
			r.above = append(r.above, strings.Join(row.Cells, ""))
			continue
		case row.No == m.Row:
			r.ignored(row)
			continue
		}
		if p, ok := recognise(cell(ColProblem)); ok && p == ColProblem {
			if x, ok := recognise(cell(ColMeasure)); ok && x == ColMeasure {
				continue // the headings again, at the top of a printed page
			}
		}
		l := &line{no: row.No}
		for c := range columnCount {
			l.text[c] = cleaned(c, cell(c))
			limit := cmp.Or(titled[c], shortest)
			if n := utf8.RuneCountInString(l.text[c]); n > limit {
				r.refuse(row.No, c, fmt.Sprintf("“%s”最多 %d 个字，这一格有 %d 个字，请删减。", Columns[c].Title, limit, n))
			}
		}
		if l.text[ColMeasure] == "" && (l.text[ColProblem] == "" || !r.has(ColAspect) && filled(row) == 1) {
			switch text := strings.Join(row.Cells, ""); {
			case filled(row) == 0:
			case filled(row) == 1 && !r.has(ColAspect) && numbered.MatchString(text):
				aspect = typed.Line(numbered.ReplaceAllString(text, ""))
			default:
				r.warn("第 %d 行没有反馈问题和整改措施，没有导入：%s", row.No, clip(strings.Join(strings.Fields(strings.Join(row.Cells, " ")), " "), 40))
			}
			continue
		}
		r.inherit(l, last, aspect)
		r.parse(l)
		r.lines = append(r.lines, l)
		last = l
	}
	for _, what := range []string{"aspect", "problem", "sub"} {
		if n := r.seen[what]; n > 0 {
			r.warn("%d 行的“%s”是空的，按上一行计。", n, map[string]string{"aspect": "方面", "problem": "反馈问题", "sub": "细化问题"}[what])
		}
	}
	return r
}

func filled(row sheet.Row) (n int) {
	for _, text := range row.Cells {
		if text != "" {
			n++
		}
	}
	return n
}

// ignored names the columns that are not taken in.
func (r *reading) ignored(row sheet.Row) {
	taken := map[int]bool{}
	for _, col := range r.columns {
		taken[col] = true
	}
	var names []string
	for col, text := range row.Cells {
		if c, ok := recognise(text); text != "" && !taken[col] && !(ok && c == ColNone) {
			names = append(names, sheet.Letters(col)+" 列“"+clip(typed.Line(text), 20)+"”")
		}
	}
	if len(names) > 0 {
		r.warn("这些列没有导入：%s。", strings.Join(names, "、"))
	}
}

// inherit gives a row what it leaves to the row above.
func (r *reading) inherit(l, last *line, aspect string) {
	if l.text[ColAspect] == "" {
		l.text[ColAspect] = aspect
	}
	if last != nil && l.text[ColAspect] == "" {
		l.text[ColAspect] = last.text[ColAspect]
		if r.has(ColAspect) {
			r.seen["aspect"]++
		}
	}
	if l.text[ColAspect] == "" {
		l.text[ColAspect] = "反馈问题"
	}
	if l.text[ColProblem] == "" {
		if last == nil || last.text[ColAspect] != l.text[ColAspect] {
			r.refuse(l.no, ColProblem, "这一行没有写反馈问题，也没有可以沿用的上一行。请填写。")
			return
		}
		l.text[ColProblem] = last.text[ColProblem]
		r.seen["problem"]++
	}
	if last == nil || last.text[ColProblem] != l.text[ColProblem] || last.text[ColAspect] != l.text[ColAspect] {
		return
	}
	if l.text[ColProblemCode] == "" {
		l.text[ColProblemCode] = last.text[ColProblemCode]
	}
	if l.text[ColSub] == "" && last.text[ColSub] != "" && l.text[ColMeasure] != "" {
		l.text[ColSub] = last.text[ColSub]
		r.seen["sub"]++
	}
}

// parse reads the values of a row, and writes its texts in one way.
func (r *reading) parse(l *line) {
	t := &l.text
	if t[ColCode] != "" && !codeForm.MatchString(t[ColCode]) {
		r.refuse(l.no, ColCode, "编号最多 40 个字，不能有空格和 / \\ ? # %。")
	}
	if t[ColProblemCode] != "" && !pairForm.MatchString(t[ColProblemCode]) {
		t[ColProblemCode] = "" // a running number: nothing that could be matched
	}
	l.closedAll, l.reopenedAll = r.day(l, ColProblemClosed), r.day(l, ColProblemReopened)
	status, ok := statusNames[bare(t[ColStatus])]
	if !ok {
		r.refuse(l.no, ColStatus, "“"+clip(t[ColStatus], 20)+"”不是整改状态。请填未启动、整改中、基本完成、已完成或长期坚持，没有说明的留空。")
	}
	t[ColStatus], l.m.Status = StatusWords[status], status
	if t[ColPublic] != "" {
		word, ok := publicWords[t[ColPublic]]
		if !ok {
			r.refuse(l.no, ColPublic, "“"+clip(t[ColPublic], 20)+"”看不懂，"+publics+"。")
		}
		t[ColPublic] = word
	}
	if t[ColMeasure] == "" {
		r.alone(l)
		return
	}
	l.m.Title, l.m.Note, l.m.Proof, l.m.Internal, l.m.Leader = t[ColMeasure], t[ColNote], t[ColProof], t[ColInternal], t[ColLeader]
	l.m.StartsOn, l.m.BaselineOn, l.m.DoneOn, l.m.ClosedOn, l.m.CheckOn = r.day(l, ColStarts), r.day(l, ColBaseline), r.day(l, ColDone), r.day(l, ColClosed), r.day(l, ColCheckOn)
	l.m.ReopenedOn = r.day(l, ColReopened)
	due, ok := readTerm(t[ColDue])
	if !ok {
		r.refuse(l.no, ColDue, "“"+clip(t[ColDue], 20)+"”看不出是哪一天。请写成 2020-12-31、2020年12月底、立行立改或长期坚持。")
	}
	if due.loose {
		r.seen["loose"]++
		if r.seen["loose"] <= 5 {
			r.warn("第 %d 行的整改时限“%s”按 %s 计。", l.no, due.text, due.on.Chinese())
		}
	}
	l.m.DueOn, l.m.DueText = due.on, due.text
	t[ColDue] = termText(due.on, due.text)
	kind, ok := kindWords[bare(t[ColKind])]
	if !ok && t[ColKind] != "" {
		r.refuse(l.no, ColKind, "“"+clip(t[ColKind], 20)+"”不是整改类型。请填立行立改、限期整改或长期坚持。")
	}
	if kind == "" {
		kind = due.kind
	}
	t[ColKind], l.m.Kind = kindTitles[kind], kind
	if s := t[ColCheckMonths]; s != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(bare(s), "每"), "个月"))
		if err != nil || n < 0 || n > 60 {
			r.refuse(l.no, ColCheckMonths, "复查周期请填 0 到 60 的月数。")
		}
		l.m.CheckMonths, t[ColCheckMonths] = n, ""
		if n > 0 {
			t[ColCheckMonths] = strconv.Itoa(n)
		}
	}
	if l.m.Status == Done && l.m.ClosedOn.IsZero() && strings.Contains(bare(cleaned(ColStatus, r.raw(l, ColStatus))), "销号") {
		r.warn("第 %d 行写“已销号”，但没有销号时间：只记为已完成，没有销号。", l.no)
	}
	r.departments(l)
}

func (r *reading) raw(l *line, c Column) string {
	i, ok := slices.BinarySearchFunc(r.table.Rows, l.no, func(row sheet.Row, no int) int { return cmp.Compare(row.No, no) })
	if !ok || !r.has(c) {
		return ""
	}
	return r.table.Rows[i].Cell(r.columns[c])
}

// alone checks a row that has no measure: then it has nothing else about one.
func (r *reading) alone(l *line) {
	l.only = true
	for c := range columnCount {
		switch c {
		case ColProblemCode, ColAspect, ColProblem, ColSub, ColMeasure, ColStatus, ColPublic, ColProblemLeader, ColProblemClosed, ColProblemReopened, ColProblemInternal, ColSubInternal,
			ColAspectText, ColAspectInternal, ColProblemText, ColSubText:
		default:
			if r.raw(l, c) != "" {
				r.refuse(l.no, ColMeasure, "这一行没有写整改措施，却写了"+Columns[c].Title+"。请填写措施，或者删除这一行。")
				return
			}
		}
	}
	r.seen["only"]++
}

func (r *reading) day(l *line, c Column) calendar.Date {
	text := l.text[c]
	if text == "" {
		return calendar.Date{}
	}
	d, ok := readDay(text)
	if !ok {
		r.refuse(l.no, c, "“"+clip(text, 20)+"”不是日期。请写成 2020-12-31 或 2020年12月31日。")
		return d
	}
	l.text[c] = d.String()
	return d
}

// departments reads who leads and who helps. Of several that lead the first is
// the lead department.
func (r *reading) departments(l *line) {
	lead := r.split(l, ColLead)
	co := r.split(l, ColCo)
	if len(lead) > 1 {
		r.seen["leads"]++
		if r.seen["leads"] <= 5 {
			r.warn("第 %d 行有几个牵头部门，以第一个“%s”为牵头，其余记为配合。", l.no, lead[0])
		}
		co = append(slices.Clone(lead[1:]), co...)
	}
	if len(lead) > 0 {
		l.lead = lead[0]
	}
	for _, name := range co {
		if name != l.lead && !slices.Contains(l.co, name) {
			l.co = append(l.co, name)
		}
	}
	l.text[ColLead], l.text[ColCo] = l.lead, strings.Join(l.co, "、")
}

func (r *reading) split(l *line, c Column) []string {
	var out []string
	for _, part := range strings.FieldsFunc(l.text[c], func(x rune) bool { return strings.ContainsRune("、，,；;/\n", x) }) {
		names := []string{part}
		if !r.known[typed.Line(part)] {
			names = Departments(part)
		}
		for _, name := range names {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			kept, err := staff.DepartmentNamed(name)
			if err != nil {
				r.refuse(l.no, c, "“"+clip(name, 20)+"”不像部门名称，部门名称不超过 50 个字。")
				continue
			}
			out = append(out, kept)
		}
	}
	return out
}
