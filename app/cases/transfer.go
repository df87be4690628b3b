package cases

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// importers take in lists that other bodies handed over.
var importers = []staff.Role{staff.IntakeClerk, staff.Dispatcher}

// Import is a spreadsheet of matters from another body or another site of the court.
type Import struct {
	ID        int64
	Name      string // the file's
	Source    string // who handed it over
	Digest    []byte // of the file: the same one is taken once
	RowCount  int
	At        time.Time
	ActorID   int64
	ActorName string
}

func (Import) TableName() string { return "case_imports" }

// RowState is how far a row of an import is.
type RowState string

const (
	RowReady    RowState = "ready"    // can become a case as it is
	RowRepair   RowState = "repair"   // somebody must mend it first
	RowAccepted RowState = "accepted" // has become a case
	RowAside    RowState = "aside"    // is no matter: a sum, a blank, one that is there already
)

// RowStates lists them in the order in which they are worked.
var RowStates = []RowState{RowRepair, RowReady, RowAccepted, RowAside}

var rowWords = map[RowState]string{RowReady: "可以登记", RowRepair: "要修补", RowAccepted: "已登记", RowAside: "已搁置"}

func (s RowState) Word() string { return rowWords[s] }

// ImportRow is a row of an import. Nothing that stood in it is dropped: what no
// question asks for stays beside the case.
type ImportRow struct {
	ID       int64
	ImportID int64
	RowNo    int // in the file
	State    RowState
	Cells    string // Given, as JSON
	Problem  string // what must be mended
	CaseID   *int64
	Reason   string // why it was set aside
	DoneAt   *time.Time
	DoneBy   int64
	DoneName string
	Version  int
	// ClaimedUntil is until when somebody is registering it, and nobody else may touch it.
	ClaimedUntil *time.Time

	CaseNo string `gorm:"->"`
	Given  Given  `gorm:"-"`
	Known  bool   `gorm:"-"` // the same caller sent something before
}

func (ImportRow) TableName() string { return "case_import_rows" }

const importColumns = "case_import_rows.id, import_id, row_no, case_import_rows.state, cells, problem, case_id, reason, done_at, done_by, done_name, case_import_rows.version, claimed_until"

// Given is what stood in a row: answers by the names of the form's fields, and
// whatever else there was.
type Given struct {
	Answers map[string]string `json:"answers,omitempty"`
	Rest    []Cell            `json:"rest,omitempty"`
}

// Cell is what stood under a heading that no question has.
type Cell struct{ Heading, Text string }

// maxImport is how many rows one file may have: they are all seen by somebody.
const maxImport = 2000

// importHeadings are the words by which columns are known; the first is the
// one that the empty form has.
var importHeadings = []struct{ field, words string }{
	{"kind", "类别 类型 来件类别 事项类别 件类"}, {"channel", "渠道 来源渠道 来件渠道 方式"}, {"received_on", "收到日期 收到时间 来件日期 来信日期 登记日期 接收日期 受理日期 日期"},
	{"external_id", "来件编号 转办编号 信访编号 工单号 工单编号 流水号 编号"}, {"title", "标题 主题 事项 概要 反映事项 问题概要"}, {"content", "内容 反映内容 来信内容 主要内容 来件内容 详细内容"},
	{"name", "姓名 反映人 来信人 信访人 来电人 当事人"}, {"phone", "电话 联系电话 手机 手机号 手机号码 电话号码 联系方式"}, {"email", "电子邮箱 邮箱 电子邮件"}, {"address", "联系地址 地址 住址 通讯地址"},
	{"unit", "被投诉的部门或单位 被投诉单位 被反映单位 涉及部门 涉及单位 部门 单位"}, {"happened_at", "发生时间"}, {"place", "发生地点 地点"}, {"case_number", "案号"},
	{"problem", "问题编号 整改问题编号"}, {"demand", "诉求 您的诉求 请求 诉求事项"}, {"facts", "事实和理由 事实与理由 事实理由"}, {"allow_publish", "同意公开 是否同意公开 是否公开"},
}

// ImportFields are the fields that a row may answer, ImportHeadings their
// headings in an empty spreadsheet.
var ImportFields, ImportHeadings = func() (fields, headings []string) {
	for _, x := range importHeadings {
		fields, headings = append(fields, x.field), append(headings, strings.Fields(x.words)[0])
	}
	return fields, headings
}()

var fieldOfHeading = func() map[string]string {
	out := map[string]string{}
	for _, x := range importHeadings {
		for _, w := range strings.Fields(x.words) {
			out[w] = x.field
		}
	}
	return out
}()

var inBrackets = regexp.MustCompile(`[(（\[【][^)）\]】]*[)）\]】]`)

// headed is what a heading asks for; empty for what no question has.
func headed(heading string) string {
	return fieldOfHeading[strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n*＊:：、/", r) {
			return -1
		}
		return r
	}, norm.NFKC.String(inBrackets.ReplaceAllString(heading, "")))]
}

// importTable finds the table and the row of its headings: the one among the
// first thirty rows that names the most columns, with a title or a content among them.
func importTable(tables []sheet.Table) (t sheet.Table, at int, fields map[int]string) {
	for _, x := range tables {
		for i, row := range x.Rows[:min(len(x.Rows), 30)] {
			found, taken := map[int]string{}, map[string]bool{}
			for col, text := range row.Cells {
				if f := headed(text); f != "" && !taken[f] {
					found[col], taken[f] = f, true
				}
			}
			if len(found) > len(fields) && (taken["title"] || taken["content"]) {
				t, at, fields = x, i, found
			}
		}
	}
	return t, at, fields
}

// Upload is a spreadsheet as it came.
type Upload struct {
	Name   string
	Source string // who handed it over
	Kind   Kind   // of rows that do not say theirs; may be empty
	Body   io.Reader
}

// TakeImport keeps every row of a spreadsheet, the sound ones ready to become
// cases and the others to be mended; nothing is registered yet. The same file
// again leads to what was taken before.
func (s *Service) TakeImport(ctx context.Context, a staff.Actor, x Upload) (id int64, again bool, err error) {
	if err := a.Require(importers...); err != nil {
		return 0, false, err
	}
	wrong := func(field, message string) error { return fault.Form([]fault.Field{{Name: field, Message: message}}) }
	m := Import{Name: clip(typed.Line(x.Name), 100), Source: typed.Line(x.Source)}
	if n := utf8.RuneCountInString(m.Source); n == 0 || n > 60 {
		return 0, false, wrong("source", "请写明表格是哪个单位、哪个系统转来的，不超过 60 个字。")
	}
	if x.Kind != "" && !x.Kind.Valid() {
		return 0, false, wrong("kind", "请从列表中选择类别。")
	}
	sum := sha256.New()
	tables, err := sheet.Read(x.Name, io.TeeReader(x.Body, sum))
	if err != nil {
		return 0, false, err
	}
	m.Digest = sum.Sum(nil)
	table, at, fields := importTable(tables)
	if fields == nil {
		return 0, false, wrong("attachments", "表格里没有找到表头。第一行要写明各列是什么，至少有“标题”或者“内容”，可以下载空白表格对照。什么都没有收下。")
	}
	rows := readRows(table, at, fields, x.Kind, calendar.Of(s.db.Now()))
	switch {
	case len(rows) == 0:
		return 0, false, wrong("attachments", "表头下面没有内容。")
	case len(rows) > maxImport:
		return 0, false, wrong("attachments", fmt.Sprintf("有 %d 行，一次最多 %d 行，请分成几个文件。什么都没有收下。", len(rows), maxImport))
	}
	return s.keepImport(ctx, a, m, rows, nil)
}

// keepImport stores an import with its rows, once; and does what belongs to it.
func (s *Service) keepImport(ctx context.Context, a staff.Actor, m Import, rows []ImportRow, and func(tx *store.Tx) error) (id int64, again bool, err error) {
	known := func(r *store.Reader) error {
		var before []int64
		err := r.Model(&Import{}).Where("digest = ?", m.Digest).Limit(1).Pluck("id", &before).Error
		if again = len(before) == 1; again {
			id = before[0]
		}
		return err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := known(&tx.Reader); err != nil || again {
			return err
		}
		m.ID, m.At, m.ActorID, m.ActorName, m.RowCount = 0, tx.Now, a.ID, a.Name, len(rows)
		if err := tx.Create(&m).Error; err != nil {
			return err
		}
		id = m.ID
		for i := range rows {
			rows[i].ImportID = m.ID
		}
		if err := tx.CreateInBatches(&rows, 500).Error; err != nil {
			return err
		}
		if and != nil {
			if err := and(tx); err != nil {
				return err
			}
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.import", Subject: "import", SubjectID: m.ID,
			Changes: []journal.Change{{Field: "source", New: m.Source}, {Field: "rows", New: fmt.Sprint(m.RowCount)}}})
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // the same twice at once
		err = s.db.Read(ctx, known)
	}
	if err != nil {
		return 0, false, fmt.Errorf("cases: import: %w", err)
	}
	return id, again, nil
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// readRows understands the rows below the headings.
func readRows(t sheet.Table, at int, fields map[int]string, kind Kind, today calendar.Date) (rows []ImportRow) {
	headings := t.Rows[at]
	bad := map[int][]string{}
	said := map[[2]int]string{} // cells of a CSV file that a program would take for a formula: here they are words
	for _, b := range t.Bad {
		if said[[2]int{b.Row, b.Col}] = b.Text; b.Text == "" {
			bad[b.Row] = append(bad[b.Row], fmt.Sprintf("%s%d 格读不出来（公式、错误值或者控制字符）。请照原表在这里补填。", sheet.Letters(b.Col), b.Row))
		}
	}
	for _, row := range t.Rows[at+1:] {
		r := ImportRow{RowNo: row.No, Version: 1}
		g := Given{Answers: map[string]string{}}
		for col, text := range row.Cells {
			text = typed.Clean(cmp.Or(said[[2]int{row.No, col}], text))
			if text == "" {
				continue
			}
			heading := clip(typed.Line(headings.Cell(col)), 40)
			if heading == "" {
				heading = sheet.Letters(col) + " 列"
			}
			if f := fields[col]; f == "" || !g.take(f, text) {
				g.Rest = append(g.Rest, Cell{heading, text})
			}
		}
		if g.Answers["kind"] == "" && len(g.Rest)+len(g.Answers) > 0 && !slices.ContainsFunc(g.Rest, func(c Cell) bool { return headed(c.Heading) == "kind" }) {
			g.Answers["kind"] = string(kind)
		}
		r.give(g, bad[row.No], today)
		rows = append(rows, r)
	}
	return rows
}

var kindNames = map[string]Kind{"建议": Suggestion, "意见": Suggestion, "监督意见": Comment, "整改意见": Comment, "评论": Comment, "求决": Petition, "申诉": Petition, "信访": Petition, "求助": Petition, "纠错": Correction}

var channelNames = map[string]Channel{"来电": Hotline, "12368": Hotline, "热线": Hotline, "电话": Hotline, "信件": Letter, "信函": Letter, "接待": Visit, "走访": Visit, "交办": Transfer, "转交": Transfer, "转来": Transfer}

// take puts a cell's text under a field as the form would send it; false when
// it cannot be understood, so that it stays as it was.
func (g *Given) take(field, text string) bool {
	line := typed.Line(text)
	switch field {
	case "kind":
		k := kindNames[line]
		for _, x := range Kinds {
			if line == x.Word() || line == string(x) {
				k = x
			}
		}
		text = string(k)
	case "channel":
		ch := channelNames[line]
		for _, x := range Channels[1:] {
			if line == x.Word() || line == string(x) {
				ch = x
			}
		}
		text = string(ch)
	case "received_on":
		on, ok := anyDay(line)
		if !ok {
			return false
		}
		text = on.String()
	case "allow_publish":
		if !slices.Contains([]string{"是", "同意", "可以", "1", "true", "TRUE", "y", "Y"}, line) {
			return slices.Contains([]string{"否", "不同意", "0", "false", "FALSE", "n", "N"}, line)
		}
		text = "1"
	}
	if text == "" {
		return false
	}
	g.Answers[field] = text
	return true
}

var dayWords = regexp.MustCompile(`^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?$`)

// anyDay reads a day as people and programs write it.
func anyDay(s string) (calendar.Date, bool) {
	m := dayWords.FindStringSubmatch(norm.NFKC.String(s))
	if m == nil {
		return calendar.Date{}, false
	}
	on, err := calendar.Parse(fmt.Sprintf("%s-%02s-%02s", m[1], m[2], m[3]))
	return on, err == nil
}

// give sets what a row says and judges it; more is what else is wrong with it.
func (r *ImportRow) give(g Given, more []string, today calendar.Date) {
	raw, err := json.Marshal(g)
	if err != nil {
		panic("cases: " + err.Error()) // strings alone
	}
	_, _, wrong := g.submission(today)
	if g.report() {
		more = append(more, reportWords)
	}
	for _, c := range g.Rest {
		if f := headed(c.Heading); f != "" {
			more = append(more, "“"+c.Heading+"”写的是“"+clip(c.Text, 30)+"”，认不出。")
		}
	}
	for _, f := range wrong {
		more = append(more, f.Message)
	}
	r.Given, r.Cells, r.Problem, r.State = g, string(raw), strings.Join(more, "\n"), RowReady
	if r.Problem != "" {
		r.State = RowRepair
	}
}

// reportWords are what becomes of a report of misconduct: registered as anything
// else, everybody who works on cases would read who made it.
const reportWords = "这一行是举报，不能在这里登记，也不要改成别的类别。请到“登记举报”里加密登记（那里关闭的，直接交给派驻纪检监察组），再在这里写明编号或者交给了谁，搁置这一行。"

// report reports whether the list says that the row is a report of misconduct.
func (g Given) report() bool {
	return slices.ContainsFunc(g.Rest, func(c Cell) bool {
		return headed(c.Heading) == "kind" && (strings.Contains(c.Text, "举报") || strings.Contains(c.Text, "检举"))
	})
}

// submission is the case that a row would become, with what no question of its
// kind asks for, and what is wrong with it as far as no database is needed.
func (g Given) submission(today calendar.Date) (sub Submission, rest []Cell, wrong []fault.Field) {
	sub = Submission{Kind: Kind(g.Answers["kind"]), Channel: Channel(g.Answers["channel"]), ReceivedOn: today, AllowPublish: g.Answers["allow_publish"] != ""}
	if sub.Channel == "" {
		sub.Channel = Transfer
	}
	if v := g.Answers["received_on"]; v != "" {
		on, err := calendar.Parse(v)
		why := CheckReceived(on, today)
		if err != nil {
			why = "收到日期要写成 2026-03-01 这样。"
		}
		if sub.ReceivedOn = on; why != "" {
			wrong = append(wrong, fault.Field{Name: "received_on", Message: why})
		}
	}
	if n := utf8.RuneCountInString(g.Answers["external_id"]); n > MaxExternalID {
		wrong = append(wrong, fault.Field{Name: "external_id", Message: fmt.Sprintf("来件编号最多 %d 个字，现在有 %d 个字。", MaxExternalID, n)})
	}
	rest = slices.Clone(g.Rest)
	if !sub.Kind.Valid() {
		return sub, rest, append(wrong, fault.Field{Name: "kind", Message: "没有写类别，请先点选一类。"})
	}
	asked := map[string]bool{"kind": true, "channel": true, "received_on": true, "external_id": true, "allow_publish": true}
	for _, f := range Fields(sub.Kind) {
		asked[f.Name] = true
		sub.Set(f.Name, g.Answers[f.Name])
	}
	for i, f := range ImportFields {
		if v := g.Answers[f]; v != "" && !asked[f] {
			rest = append(rest, Cell{ImportHeadings[i], v})
		}
	}
	checked := sub
	if bad, ok := fault.As(checked.Check()); ok {
		wrong = append(wrong, bad.Fields...)
	}
	return sub, rest, wrong
}

// Wrong is what must be mended of a row's answers; nil when nothing is.
func (g Given) Wrong(now time.Time) error {
	_, _, wrong := g.submission(calendar.Of(now))
	return fault.Form(wrong)
}

// text is everything that stood in a row.
func (g Given) text() string {
	var out []string
	for _, v := range g.Answers {
		out = append(out, v)
	}
	for _, c := range g.Rest {
		out = append(out, c.Text)
	}
	return strings.Join(out, "\n")
}

// closeCells are a row's cells without the gaps that could stand within a name,
// as the database sees them.
const closeCells = `replace(replace(replace(replace(cells, ' ', ''), '　', ''), '\n', ''), '\t', '')`

// ofRows narrows a query to rows that the actor may see: neither those that name
// them, whoever brought the file, nor those whose case they are kept from.
// Lists, counts and pages go through it, so that what is hidden is in none.
func ofRows(q *gorm.DB, a staff.Actor) *gorm.DB {
	q = q.Where(`(case_import_rows.case_id IS NULL OR case_import_rows.case_id NOT IN (SELECT case_id FROM case_exclusions WHERE staff_id = ?
		UNION ALL SELECT case_id FROM case_exclusions WHERE department_id = ?))`, a.ID, a.DepartmentID)
	if utf8.RuneCountInString(a.Name) < 2 {
		return q
	}
	if chinese(a.Name) {
		return q.Where("replace("+closeCells+", ?, '') = "+closeCells, withoutGaps(a.Name))
	}
	return q.Where("replace(cells, ?, '') = cells", a.Name)
}

var errNoRow = fault.New(fault.NotFound, "没有这一行，或者您应当回避。")

// importRows reads rows of an import that the actor may see.
func importRows(q *gorm.DB, a staff.Actor, m Import) ([]ImportRow, error) {
	var list []ImportRow
	err := ofRows(q.Table("case_import_rows"), a).Select(importColumns+", coalesce(cases.case_no, '') AS case_no").Joins("LEFT JOIN cases ON cases.id = case_import_rows.case_id").
		Where("import_id = ?", m.ID).Order("case_import_rows.id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: import rows: %w", err)
	}
	for i, r := range list {
		if r.Cells == "" {
			continue
		}
		if err := json.Unmarshal([]byte(r.Cells), &list[i].Given); err != nil {
			return nil, fmt.Errorf("cases: import row %d: %w", r.ID, err)
		}
	}
	return list, nil
}

func takeImport(r *store.Reader, id int64) (m Import, err error) {
	err = r.Select("id, name, source, digest, row_count, at, actor_id, actor_name").Where("id = ?", id).Take(&m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return m, fault.New(fault.NotFound, "没有这次导入。")
	}
	return m, err
}

// ImportCount is an import with how many of its rows are how far.
type ImportCount struct {
	Import
	Rows map[RowState]int
}

// Imports lists the imports before an id (0: from the newest on), at most limit.
func (s *Service) Imports(ctx context.Context, a staff.Actor, before int64, limit int) (list []ImportCount, err error) {
	if err := a.Require(importers...); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := r.Model(&Import{}).Select("id, name, source, digest, row_count, at, actor_id, actor_name").Order("id DESC").Limit(limit)
		if before > 0 {
			q = q.Where("id < ?", before)
		}
		var found []Import
		if err := q.Find(&found).Error; err != nil {
			return err
		}
		for _, m := range found {
			list = append(list, ImportCount{Import: m})
		}
		return countRows(r, a, list)
	})
	if err != nil {
		return nil, fmt.Errorf("cases: imports: %w", err)
	}
	return list, nil
}

func countRows(r *store.Reader, a staff.Actor, list []ImportCount) error {
	ids, at := []int64{}, map[int64]int{}
	for i, m := range list {
		ids, at[m.ID] = append(ids, m.ID), i
		list[i].Rows = map[RowState]int{}
	}
	var counts []struct {
		ImportID int64
		State    RowState
		N        int
	}
	err := ofRows(r.Table("case_import_rows"), a).Select("import_id, state, count(*) AS n").Where("import_id IN ?", ids).Group("import_id, state").Find(&counts).Error
	for _, c := range counts {
		list[at[c.ImportID]].Rows[c.State] = c.N
	}
	return err
}

// Import reads an import and those rows of one state after an id, at most limit.
func (s *Service) Import(ctx context.Context, a staff.Actor, id int64, state RowState, after int64, limit int) (m ImportCount, rows []ImportRow, err error) {
	if err := a.Require(importers...); err != nil {
		return m, nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		found, err := takeImport(r, id)
		if err != nil {
			return err
		}
		list := []ImportCount{{Import: found}}
		if err := countRows(r, a, list); err != nil {
			return err
		}
		m = list[0]
		if rows, err = importRows(r.Where("case_import_rows.state = ? AND case_import_rows.id > ?", state, after).Limit(limit), a, found); err != nil {
			return err
		}
		return s.knownCallers(r, rows)
	})
	if err != nil {
		return m, nil, fmt.Errorf("cases: import: %w", err)
	}
	return m, rows, nil
}

// knownCallers marks the rows of people who sent something before.
func (s *Service) knownCallers(r *store.Reader, rows []ImportRow) error {
	var hashes [][]byte
	of := map[string][]int{}
	for i, x := range rows {
		if key := callerKey(x.Given.Answers["phone"], x.Given.Answers["email"]); key != "" && x.CaseID == nil {
			h := s.callerKey.Sum(key)
			hashes, of[string(h)] = append(hashes, h), append(of[string(h)], i)
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	var found [][]byte
	if err := r.Model(&Contact{}).Distinct("caller_hash").Where("caller_hash IN ?", hashes).Pluck("caller_hash", &found).Error; err != nil {
		return err
	}
	for _, h := range found {
		for _, i := range of[string(h)] {
			rows[i].Known = true
		}
	}
	return nil
}

// ImportRow reads one row.
func (s *Service) ImportRow(ctx context.Context, a staff.Actor, id, row int64) (m Import, x ImportRow, err error) {
	if err := a.Require(importers...); err != nil {
		return m, x, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		m, x, err = takeRow(r, a, id, row)
		return err
	})
	return m, x, err
}

func takeRow(r *store.Reader, a staff.Actor, id, row int64) (m Import, x ImportRow, err error) {
	if m, err = takeImport(r, id); err != nil {
		return m, x, err
	}
	list, err := importRows(r.Where("case_import_rows.id = ?", row).Limit(1), a, m)
	if err == nil && len(list) == 0 {
		err = errNoRow
	}
	if err != nil {
		return m, x, err
	}
	return m, list[0], nil
}

// atOnce is how many rows are registered side by side: they share transactions.
const atOnce = 32

// registering is how long one request registers rows before it lets the
// registrar look; what is left stays ready.
const registering = 10 * time.Second

// claim is how long a row is its registrar's alone; a program that died lets go
// of its rows so soon.
const claim = time.Minute

// unclaimed narrows a query to rows that nobody is registering.
func unclaimed(q *gorm.DB, now time.Time) *gorm.DB {
	return q.Where("(claimed_until IS NULL OR claimed_until < ?)", now)
}

// RegisterImport registers the rows of an import that are ready, for as long as
// one request may take. A row that turns out to need mending is put there.
// Registering the same row twice, whatever happens in between, makes one case.
func (s *Service) RegisterImport(ctx context.Context, a staff.Actor, id int64) (done, left int, err error) {
	if err := a.Require(importers...); err != nil {
		return 0, 0, err
	}
	began := s.db.Now()
	for s.db.Now().Sub(began) <= registering {
		m, rows, err := s.claimRows(ctx, a, id)
		if err != nil {
			return done, 0, fmt.Errorf("cases: register import: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		var group errgroup.Group
		group.SetLimit(atOnce)
		accepted := make([]bool, len(rows))
		for i, row := range rows {
			group.Go(func() error {
				_, err := s.registerRow(ctx, a, m, row, row.Given)
				accepted[i] = err == nil
				if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
					return s.sendBack(ctx, row, f)
				}
				return err
			})
		}
		err = group.Wait()
		for _, ok := range accepted {
			if ok {
				done++
			}
		}
		if err != nil {
			return done, 0, fmt.Errorf("cases: register import: %w", err)
		}
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		list := []ImportCount{{Import: Import{ID: id}}}
		err := countRows(r, a, list)
		left = list[0].Rows[RowReady]
		return err
	})
	return done, left, err
}

// claimRows takes some rows that are ready for the actor alone.
func (s *Service) claimRows(ctx context.Context, a staff.Actor, id int64) (m Import, rows []ImportRow, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if m, err = takeImport(&tx.Reader, id); err != nil {
			return err
		}
		if rows, err = importRows(unclaimed(tx.Where("case_import_rows.state = ?", RowReady), tx.Now).Limit(4*atOnce), a, m); err != nil {
			return err
		}
		mine := rows[:0]
		for _, x := range rows {
			ok, err := claimRow(tx, &x)
			if err != nil {
				return err
			}
			if ok {
				mine = append(mine, x)
			}
		}
		rows = mine
		return nil
	})
	return m, rows, err
}

// claimRow takes a row as it was read; false when somebody was faster.
func claimRow(tx *store.Tx, x *ImportRow) (bool, error) {
	until := tx.Now.Add(claim)
	done := unclaimed(tx.Model(&ImportRow{}), tx.Now).Where("id = ? AND version = ? AND state IN ?", x.ID, x.Version, []RowState{RowReady, RowRepair}).
		Updates(map[string]any{"claimed_until": until, "version": x.Version + 1})
	if done.Error != nil {
		return false, fmt.Errorf("cases: claim row: %w", done.Error)
	}
	x.Version, x.ClaimedUntil = x.Version+1, &until
	return done.RowsAffected == 1, nil
}

// settleRow writes what became of a row that is claimed, and lets go of it.
func (s *Service) settleRow(ctx context.Context, row ImportRow, set map[string]any) error {
	set["claimed_until"], set["version"] = nil, row.Version+1
	return s.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if _, done := set["case_id"]; done {
			set["done_at"] = tx.Now
		}
		if err := tx.Model(&ImportRow{}).Where("id = ? AND version = ?", row.ID, row.Version).Updates(set).Error; err != nil {
			return fmt.Errorf("cases: settle row: %w", err)
		}
		return nil
	})
}

// sendBack puts a row that was thought ready among those to be mended.
func (s *Service) sendBack(ctx context.Context, row ImportRow, why *fault.Fault) error {
	var words []string
	for _, f := range why.Fields {
		words = append(words, f.Message)
	}
	// registerRow has let go of it.
	return s.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Model(&ImportRow{}).Where("id = ? AND version = ? AND state = ?", row.ID, row.Version+1, RowReady).
			Updates(map[string]any{"state": RowRepair, "problem": strings.Join(words, "\n"), "version": row.Version + 2}).Error
	})
}

// errRowMoved tells where a row stands that somebody else has dealt with.
func errRowMoved(x ImportRow, now time.Time) error {
	switch {
	case x.State == RowAccepted:
		return fault.New(fault.Conflict, "别人刚刚登记了这一行，编号 "+x.CaseNo+"。您填写的没有登记，需要的请补充到那一件。")
	case x.ClaimedUntil != nil && !x.ClaimedUntil.Before(now):
		return fault.New(fault.Conflict, "别人正在登记这一行，请稍后刷新再看。您填写的没有登记。")
	}
	return fault.New(fault.Conflict, "这一行刚刚有别人办理过，现在是“"+x.State.Word()+"”。您填写的没有登记，请核对后再办。")
}

// Mend registers a row as it was mended. What stood in the file and was changed
// stays beside the case, and whom it named is kept from the case all the same.
func (s *Service) Mend(ctx context.Context, a staff.Actor, id, row int64, version int, g Given) (Ticket, error) {
	if err := a.Require(importers...); err != nil {
		return Ticket{}, err
	}
	var m Import
	var x ImportRow
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if m, x, err = takeRow(&tx.Reader, a, id, row); err != nil {
			return err
		}
		if x.Given.report() {
			return fault.Form([]fault.Field{{Name: "kind", Message: reportWords}})
		}
		if err := g.Wrong(tx.Now); err != nil && x.Version == version {
			return err // before anybody is kept from the row
		}
		was := x
		ok := x.Version == version
		if ok {
			ok, err = claimRow(tx, &x)
		}
		if err == nil && !ok {
			err = errRowMoved(was, tx.Now)
		}
		return err
	})
	if err != nil {
		return Ticket{}, err
	}
	g.Rest = slices.Clone(x.Given.Rest)
	for i, f := range ImportFields {
		if was := x.Given.Answers[f]; was != "" && typed.Clean(was) != typed.Clean(g.Answers[f]) {
			g.Rest = append(g.Rest, Cell{ImportHeadings[i] + "（原表）", was})
		}
	}
	return s.registerRow(ctx, a, m, x, g)
}

// registerRow makes a case of a row that is claimed, and lets go of it whatever
// happens. The case comes first: a crash before the row says so leaves a row
// that leads to the same case again.
func (s *Service) registerRow(ctx context.Context, a staff.Actor, m Import, row ImportRow, g Given) (t Ticket, err error) {
	defer func() {
		if err != nil && t.ID == 0 {
			err = errors.Join(err, s.settleRow(ctx, row, map[string]any{}))
		}
	}()
	now := s.db.Now()
	sub, rest, wrong := g.submission(calendar.Of(now))
	if err := fault.Form(wrong); err != nil {
		return t, err
	}
	sub.by, sub.Key = a, s.rowKey(row.ID)
	received := now
	if sub.ReceivedOn != calendar.Of(now) {
		received = sub.ReceivedOn.In()
	}
	sub.origin = &Origin{Source: m.Source, ExternalID: typed.Line(g.Answers["external_id"]), ReceivedAt: received}
	sub.rest = rest
	sub.beside = row.Given.text() + "\n" + g.text()
	if err := s.prepare(ctx, &sub); err != nil {
		return t, err
	}
	made, err := s.writer.submit(ctx, sub)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		if before, found, other := s.origin(ctx, sub.origin.Source, sub.origin.ExternalID); other != nil || found {
			return t, errors.Join(other, errBefore(before))
		}
	}
	lost := fault.Is(err, fault.Conflict)
	if lost { // registered before a crash, and mended otherwise since
		made, err = s.registered(ctx, sub.Key)
	}
	if err != nil {
		return t, err
	}
	t = made
	err = s.settleRow(ctx, row, map[string]any{"state": RowAccepted, "cells": "", "problem": "", "reason": "", "case_id": t.ID, "done_by": a.ID, "done_name": a.Name})
	if err == nil && lost {
		err = fault.New(fault.Conflict, "这一行在上次中断以前已经登记，编号 "+t.CaseNo+"。您这次填写的没有登记，需要的请补充到那一件。")
	}
	return t, err
}

// rowKey stands for the form's secret that a row never had.
func (s *Service) rowKey(row int64) string {
	return hex.EncodeToString(s.codeKey.Sum("import row", fmt.Sprint(row)))
}

// registered is the ticket of the case that a key has become.
func (s *Service) registered(ctx context.Context, key string) (t Ticket, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		var c Case
		if err := r.Select(columns).Where("submission_hash = ?", s.submissionHash(key)).Take(&c).Error; err != nil {
			return err
		}
		u, err := loadRules(r)
		t = s.ticket(u, c, s.accessCode(key), true)
		return err
	})
	return t, err
}

// SetAside keeps a row that is no matter apart, with the reason; TakeUp resumes it.
func (s *Service) SetAside(ctx context.Context, a staff.Actor, id, row int64, version int, reason string) error {
	if reason = typed.Line(reason); reason == "" || utf8.RuneCountInString(reason) > 200 {
		return fault.Form([]fault.Field{{Name: "reason", Message: "请写明为什么不登记，例如“合计行”“已登记为 12345678”，不超过 200 个字。"}})
	}
	return s.moveRow(ctx, a, id, row, version, "case.import.aside", []RowState{RowReady, RowRepair}, func(tx *store.Tx, _ ImportRow) map[string]any {
		return map[string]any{"state": RowAside, "reason": reason}
	})
}

// TakeUp takes a row up again that was set aside.
func (s *Service) TakeUp(ctx context.Context, a staff.Actor, id, row int64, version int) error {
	return s.moveRow(ctx, a, id, row, version, "case.import.take_up", []RowState{RowAside}, func(tx *store.Tx, x ImportRow) map[string]any {
		if x.Problem == "" {
			x.give(x.Given, nil, calendar.Of(tx.Now))
		} else { // as when it was set aside: a cell that could not be read still cannot
			x.State = RowRepair
		}
		return map[string]any{"state": x.State, "problem": x.Problem, "reason": ""}
	})
}

func (s *Service) moveRow(ctx context.Context, a staff.Actor, id, row int64, version int, verb string, from []RowState, change func(*store.Tx, ImportRow) map[string]any) error {
	if err := a.Require(importers...); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		_, x, err := takeRow(&tx.Reader, a, id, row)
		if err != nil {
			return err
		}
		if x.Version != version || !slices.Contains(from, x.State) || x.ClaimedUntil != nil && !x.ClaimedUntil.Before(tx.Now) {
			return errRowMoved(x, tx.Now)
		}
		if x.State == RowAside && x.Cells == "" {
			return fault.New(fault.Conflict, "这一行的内容已经按保存期限删除，不能恢复。")
		}
		set := change(tx, x)
		set["done_at"], set["done_by"], set["done_name"], set["version"] = tx.Now, a.ID, a.Name, version+1
		if err := tx.Model(&ImportRow{}).Where("id = ?", row).Updates(set).Error; err != nil {
			return fmt.Errorf("cases: import row: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: "import", SubjectID: id,
			Changes: []journal.Change{{Field: "row", New: fmt.Sprint(x.RowNo)}}})
	})
}

// RowCode is what the sender of an imported row needs.
type RowCode struct {
	RowNo      int
	ExternalID string
	CaseNo     string
	AccessCode string // empty when the sender has replaced it
}

// ImportCodes lists numbers and codes of an import's cases, for telling their
// senders; that they were taken out is recorded. The codes open only the page
// that replaces them.
func (s *Service) ImportCodes(ctx context.Context, a staff.Actor, id int64) (m Import, list []RowCode, err error) {
	if err := a.Require(importers...); err != nil {
		return m, nil, err
	}
	var rows []struct {
		RowCode
		ID         int64
		AccessHash []byte
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if m, err = takeImport(&tx.Reader, id); err != nil {
			return err
		}
		q := tx.Table("case_import_rows").Select("case_import_rows.id, row_no, coalesce(case_origins.external_id, '') AS external_id, cases.case_no, cases.access_hash").
			Joins("JOIN cases ON cases.id = case_import_rows.case_id").Joins("LEFT JOIN case_origins ON case_origins.case_id = cases.id").
			Where("import_id = ?", id).Order("case_import_rows.id").Limit(maxImport)
		if err := notShutOut(q, a).Find(&rows).Error; err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.import.codes", Subject: "import", SubjectID: id,
			Changes: []journal.Change{{Field: "rows", New: fmt.Sprint(len(rows))}}})
	})
	if err != nil {
		return m, nil, fmt.Errorf("cases: import codes: %w", err)
	}
	for _, r := range rows {
		if code := s.accessCode(s.rowKey(r.ID)); s.accessKey.Match(r.AccessHash, r.CaseNo, code) {
			r.AccessCode = code
		}
		list = append(list, r.RowCode)
	}
	return m, list, nil
}

// forgetAside erases what stood in rows that were set aside long ago.
func forgetAside(tx *store.Tx, before calendar.Date) error {
	// Their scans become nobody's, and are swept like those of forms that were never sent.
	err := errors.Join(tx.Exec("UPDATE case_import_rows SET cells = '', problem = '' WHERE state = 'aside' AND cells <> '' AND done_at < ?", before.In()).Error,
		tx.Exec("UPDATE attachments SET import_row_id = NULL WHERE case_id IS NULL AND import_row_id IN (SELECT id FROM case_import_rows WHERE state = 'aside' AND cells = '')").Error)
	if err != nil {
		return fmt.Errorf("cases: forget rows: %w", err)
	}
	return nil
}
