package ledger

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/sheet"
)

// Column is what a column of a ledger's spreadsheet holds.
type Column int

const (
	ColCode Column = iota
	ColProblemCode
	ColAspect
	ColProblem
	ColSub
	ColMeasure
	ColKind
	ColLeader
	ColLead
	ColCo
	ColStarts
	ColDue
	ColBaseline
	ColStatus
	ColDone
	ColNote
	ColProof
	ColClosed
	ColReopened
	ColPublic
	ColInternal
	ColCheckMonths
	ColCheckOn
	ColProblemLeader
	ColProblemClosed
	ColProblemReopened
	ColProblemInternal
	ColSubInternal
	ColAspectText
	ColAspectInternal
	ColProblemText
	ColSubText
	columnCount
	ColNone Column = -1 // recognised, and not wanted: 序号
)

// ColumnName is how a column is called.
type ColumnName struct {
	Name, Title string
	Width       int    // in characters
	words       string // what other ledgers call it
}

// Columns are the columns in the order in which they are written.
var Columns = [columnCount]ColumnName{
	ColCode:            {"code", "措施编号", 11, "外部编号 任务编号 措施序号 措施编码 任务编码"},
	ColProblemCode:     {"problem_code", "问题编号", 9, "问题序号 反馈问题编号 反馈问题序号"},
	ColAspect:          {"aspect", "方面", 18, "反馈方面 问题方面 问题类别 类别 反馈意见方面 所属方面"},
	ColProblem:         {"problem", "反馈问题", 30, "问题 主要问题 存在问题 存在的问题 巡视反馈问题 巡察反馈问题 反馈的问题 反馈意见 问题内容 问题描述"},
	ColSub:             {"sub", "细化问题", 30, "具体问题 小问题 子问题 问题细化 具体表现 问题表现 细化分解问题 问题具体表现"},
	ColMeasure:         {"measure", "整改措施", 44, "措施 具体措施 整改举措 整改任务 工作措施 具体整改措施 整改具体措施 整改措施内容"},
	ColKind:            {"kind", "整改类型", 11, "类型 整改类别 措施类型 整改方式"},
	ColLeader:          {"leader", "责任领导", 12, "分管领导 责任人 牵头领导 责任院领导 牵头院领导 整改责任人 分管院领导"},
	ColLead:            {"lead", "牵头部门", 16, "责任部门 牵头单位 责任单位 主责部门 牵头责任部门 整改责任部门 承办部门 责任处室 牵头处室"},
	ColCo:              {"co", "配合部门", 16, "协办部门 配合单位 协办单位 协同部门 配合责任部门 协助部门"},
	ColStarts:          {"starts", "启动时间", 12, "开始时间 启动日期 计划启动时间 开始日期"},
	ColDue:             {"due", "整改时限", 14, "完成时限 整改期限 时限 完成期限 计划完成时间 整改完成时限 要求完成时间"},
	ColBaseline:        {"baseline", "原定时限", 12, "最初时限 原整改时限"},
	ColStatus:          {"status", "整改状态", 11, "进展 状态 整改进展 完成状态 当前状态 整改进度 是否完成"},
	ColDone:            {"done", "完成时间", 12, "实际完成时间 完成日期 整改完成时间"},
	ColNote:            {"note", "完成情况", 44, "进展情况 整改情况 整改进展情况 落实情况 整改落实情况 整改成效 整改完成情况"},
	ColProof:           {"proof", "佐证材料", 24, "证明材料 佐证 印证材料 支撑材料 佐证资料"},
	ColClosed:          {"closed", "销号时间", 12, "销号日期 销号 对账销号时间 完成销号时间"},
	ColReopened:        {"reopened", "重开时间", 12, "重开日期 重新打开时间 回头看重开时间 重启整改时间"},
	ColPublic:          {"public", "是否公开", 10, "公开 公开情况 是否公布"},
	ColInternal:        {"internal", "内部说明", 24, "备注 说明 内部备注 内部说明备注"},
	ColCheckMonths:     {"check_months", "复查周期", 10, "复查周期月 复查间隔"},
	ColCheckOn:         {"check_on", "下次复查", 12, "下次复查时间 下次检查时间"},
	ColProblemLeader:   {"problem_leader", "问题责任领导", 12, "问题责任人"},
	ColProblemClosed:   {"problem_closed", "问题销号时间", 12, "问题销号日期"},
	ColProblemReopened: {"problem_reopened", "问题重开时间", 12, "问题重开日期 问题重新打开时间"},
	ColProblemInternal: {"problem_internal", "问题内部说明", 20, "问题备注"},
	ColSubInternal:     {"sub_internal", "细化问题内部说明", 20, "细化问题备注"},
	ColAspectText:      {"aspect_text", "方面公开说明", 20, ""},
	ColAspectInternal:  {"aspect_internal", "方面内部说明", 20, "方面备注"},
	ColProblemText:     {"problem_text", "问题公开说明", 20, "问题说明 问题具体情况"},
	ColSubText:         {"sub_text", "细化问题公开说明", 20, "细化问题说明"},
}

// unwanted headings are known and hold nothing that the ledger keeps.
const unwanted = "序号 编号 号"

var byHeading = func() map[string]Column {
	m := map[string]Column{}
	for c, x := range Columns {
		for _, w := range append(strings.Fields(x.words), x.Title) {
			m[w] = Column(c)
		}
	}
	for _, w := range strings.Fields(unwanted) {
		m[w] = ColNone
	}
	return m
}()

var bracketed = regexp.MustCompile(`[(（\[【][^)）\]】]*[)）\]】]`)

// recognise says what a heading means.
func recognise(heading string) (Column, bool) {
	s := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n*＊:：、/", r) {
			return -1
		}
		return r
	}, norm.NFKC.String(bracketed.ReplaceAllString(heading, "")))
	c, ok := byHeading[s]
	return c, ok
}

// Mapping says in which table and row the headings stand and which column holds what.
type Mapping struct {
	Table   string
	Row     int            // its number in the file
	Columns map[Column]int // counted from 0
}

// Heading is a row that might be the headings.
type Heading struct {
	Row   int
	Cells []string
}

// Unmapped is a table whose headings were not recognised: somebody must say
// what the columns hold.
type Unmapped struct {
	Table   string
	Rows    []Heading // the first rows with several texts
	Guess   Mapping   // as far as it was understood
	Missing []Column  // of the columns that must be there
}

const (
	headRows      = 30 // the headings stand among so many first rows
	candidateRows = 10
)

// find looks for the headings. The row that names the most columns wins, the
// lower one of two alike: a heading merged over two rows stands in both.
func find(tables []sheet.Table) (Mapping, int, *Unmapped) {
	var best Mapping
	of, score := 0, 0
	for i, t := range tables {
		for _, row := range t.Rows[:min(len(t.Rows), headRows)] {
			m := Mapping{Table: t.Name, Row: row.No, Columns: map[Column]int{}}
			for col := range row.Cells {
				if c, ok := recognise(row.Cell(col)); ok && c != ColNone {
					if _, taken := m.Columns[c]; !taken {
						m.Columns[c] = col
					}
				}
			}
			n := len(m.Columns)
			if len(missing(m)) == 0 {
				n += 1000
			}
			if n > score || n == score && n > 0 && i == of && row.No == best.Row+1 {
				best, of, score = m, i, n
			}
		}
	}
	if score >= 1000 {
		return best, of, nil
	}
	u := &Unmapped{Table: tables[of].Name, Guess: best, Missing: missing(best)}
	for _, row := range tables[of].Rows[:min(len(tables[of].Rows), headRows)] {
		n := 0
		h := Heading{Row: row.No}
		for _, text := range row.Cells {
			if text != "" {
				n++
			}
			h.Cells = append(h.Cells, clip(text, 40))
		}
		if n >= 2 && len(u.Rows) < candidateRows {
			u.Rows = append(u.Rows, h)
		}
	}
	if u.Guess.Row == 0 && len(u.Rows) > 0 {
		u.Guess.Row = u.Rows[0].Row
	}
	return best, of, u
}

func missing(m Mapping) []Column {
	var list []Column
	for _, c := range []Column{ColProblem, ColMeasure} {
		if _, ok := m.Columns[c]; !ok {
			list = append(list, c)
		}
	}
	return list
}

// given checks a mapping that somebody made.
func given(tables []sheet.Table, m Mapping) (int, *Unmapped) {
	for i, t := range tables {
		if t.Name == m.Table && len(missing(m)) == 0 && slices.ContainsFunc(t.Rows, func(r sheet.Row) bool { return r.No == m.Row }) {
			return i, nil
		}
	}
	_, _, u := find(tables)
	if u == nil {
		u = &Unmapped{Table: m.Table, Guess: m, Missing: missing(m)}
	}
	return 0, u
}

func clip(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// Names of the columns that are missing, for a message.
func (u *Unmapped) Words() string {
	var names []string
	for _, c := range u.Missing {
		names = append(names, "“"+Columns[c].Title+"”")
	}
	var rows []string
	for _, h := range u.Rows {
		var cells []string
		for _, s := range h.Cells {
			if s != "" {
				cells = append(cells, clip(s, 12))
			}
		}
		rows = append(rows, fmt.Sprintf("第 %d 行：%s", h.Row, clip(strings.Join(cells, "、"), 120)))
	}
	s := "没有认出表头里的" + strings.Join(names, "和") + "。"
	if len(rows) > 0 {
		s += "可能是表头的行：" + strings.Join(rows, "；") + "。"
	}
	which := map[bool]string{true: "这一列", false: "这两列"}[len(names) == 1]
	return s + "请把" + which + "的表头改成" + strings.Join(names, "和") + "，或者在工作台导入，逐列指定。"
}
