package ledger_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/sheet"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// tables reads rows as a CSV file holds them.
func tables(t interface {
	Helper()
	Fatal(...any)
}, rows [][]string) []sheet.Table {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.NewCSV(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := sheet.Read("a.csv", &b)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var clerk = staff.Actor{ID: 7, Name: "整改办甲", Roles: []staff.Role{staff.RectificationOffice}}

func taken(t *testing.T, db *store.DB, rows [][]string) ledger.Difference {
	t.Helper()
	d, err := ledger.New(db, nil).ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Name: "台账.csv", Tables: tables(t, rows)})
	if err != nil {
		t.Fatalf("%v %+v", err, d.Bad)
	}
	ledgertest.Check(t, db)
	return d
}

// written is the ledger as it is exported, without its headings.
func written(t interface {
	Helper()
	Fatal(...any)
}, db *store.DB, format string) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := ledger.New(db, nil).ExportSheet(noContext{}, staff.System, "", format, &b); err != nil {
		t.Fatal(err)
	}
	list, err := sheet.Read("a."+format, &b)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, r := range list[0].Rows {
		rows = append(rows, r.Cells)
	}
	return rows
}

type noContext struct{}

func (noContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (noContext) Done() <-chan struct{}       { return nil }
func (noContext) Err() error                  { return nil }
func (noContext) Value(any) any               { return nil }

var usual = [][]string{
	{"某某法院整改台账"},
	{"序号", "反馈方面", "反馈问题", "细化问题", "整改措施", "责任领导", "牵头部门", "配合部门", "整改时限", "整改状态", "完成情况", "佐证材料", "销号时间", "负责科室"},
	{"1", "党的建设方面", "学习不深入", "学习次数少", "每月学习一次", "张三", "政治部", "办公室、机关党委", "长期坚持", "长期坚持", "已学习12次", "会议纪要", "", "x"},
	{"2", "", "", "", "建立学习台账", "张三", "政治部", "", "2020年12月底", "已完成", "已建立", "台账", "2020.12.20", ""},
	{"3", "", "", "测试不够", "每季度测试", "李四", "政治部", "", "2021-03-31", "整改中", "", "", "", ""},
	{"4", "审判执行方面", "超审限案件多", "", "清理超审限案件", "王五", "审判管理办公室", "立案庭", "立行立改", "", "", "", "", ""},
}

func TestAUsualSpreadsheetComesIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		d := taken(t, db, usual)
		if d.Added != 4 || d.Problems != 2 || d.Changed != 0 || d.Closed != 1 || d.Programme.Title != "某某法院整改台账" || !d.Programme.Main {
			t.Errorf("%+v", d)
		}
		want := [][]string{
			{"1-1-1-1", "1-1", "党的建设方面", "学习不深入", "学习次数少", "每月学习一次", "长期坚持", "张三", "政治部", "办公室、机关党委", "", "长期坚持", "", "长期坚持", "", "已学习12次", "会议纪要", "", "", "是"},
			{"1-1-1-2", "1-1", "党的建设方面", "学习不深入", "学习次数少", "建立学习台账", "限期整改", "张三", "政治部", "", "", "2020年12月底", "2020-12-31", "已完成", "", "已建立", "台账", "2020-12-20", "", "是"},
			{"1-1-2-1", "1-1", "党的建设方面", "学习不深入", "测试不够", "每季度测试", "限期整改", "李四", "政治部", "", "", "2021-03-31", "2021-03-31", "整改中", "", "", "", "", "", "是"},
			{"2-1-0-1", "2-1", "审判执行方面", "超审限案件多", "", "清理超审限案件", "立行立改", "王五", "审判管理办公室", "立案庭", "", "立行立改", "", "", "", "", "", "", "", "是"},
		}
		got := written(t, db, "xlsx")[1:]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		again := taken(t, db, usual)
		if len(again.List) != 0 || again.Unchanged != 4 {
			t.Errorf("the same file again: %+v", again.List)
		}
		read(t, db, func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err != nil {
				return err
			}
			events, err := ledger.Latest(r, p.ID, 0, 10)
			if err != nil {
				return err
			}
			if len(events) != 1 || events[0].Text != "整改台账已更新，新增措施4条，已销号的措施1条" {
				t.Errorf("%+v", events)
			}
			list, _, err := ledger.Progress(r, p, ledger.Filter{Query: "清理超审限", Limit: 10})
			if err != nil {
				return err
			}
			if len(list) != 1 || list[0].Code != "2-1" {
				t.Errorf("a measure's words find %v", list)
			}
			trail, err := journal.Trail(r, journal.Filter{Verb: "ledger.import", Limit: 10})
			if err != nil {
				return err
			}
			if len(trail) != 2 || trail[1].ActorName != "整改办甲" {
				t.Errorf("%+v", trail)
			}
			return nil
		})
	})
}

func TestAChangedSpreadsheetChangesThatAndNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		taken(t, db, usual)
		clock.Advance(240 * time.Hour)
		next := [][]string{
			usual[1],
			{"3", "党的建设方面", "学习不深入", "测试不够", "每季度测试", "李四", "政治部", "立案庭", "2021-03-31", "已完成", "测试两次", "", "", ""},
			{"4", "审判执行方面", "超审限案件多", "", "清理超过审限的案件", "王五", "审判管理办公室", "立案庭", "2021年6月底", "整改中", "", "", "", ""},
			{"5", "审判执行方面", "超审限案件多", "", "每月通报", "王五", "审判管理办公室", "", "2021年6月", "未启动", "", "", "", ""},
		}
		d := taken(t, db, next)
		want := []ledger.Differing{
			{Row: 2, Code: "1-1-2-1", Title: "每季度测试", Changes: []ledger.FieldChange{{"配合部门", "", "立案庭"}, {"整改状态", "整改中", "已完成"}, {"完成情况", "", "测试两次"}}},
			{Row: 3, Code: "2-1-0-1", Title: "清理超审限案件", Changes: []ledger.FieldChange{{"整改措施", "清理超审限案件", "清理超过审限的案件"}, {"整改时限", "立行立改", "2021年6月底"}, {"整改状态", "", "整改中"}}},
			{Row: 4, Code: "2-1-0-2", Title: "每月通报", Added: true},
		}
		if diff := cmp.Diff(want, d.List); diff != "" {
			t.Error(diff)
		}
		if d.Absent != 2 || d.Added != 1 || d.Changed != 2 {
			t.Errorf("%+v", d)
		}
		m := ledgertest.Measure(t, db, "1-1-2-1")
		if m.BaselineOn.String() != "2021-03-31" || m.DueOn != m.BaselineOn || m.DoneOn.String() != "2021-01-16" || m.Version != 2 || m.Closing != ledger.NotApplied {
			t.Errorf("%+v", m)
		}
		if m := ledgertest.Measure(t, db, "2-1-0-1"); m.DueOn.String() != "2021-06-30" || m.BaselineOn != m.DueOn {
			t.Errorf("%+v", m) // where there was no date there is one now, and it stays the first
		}
		read(t, db, func(r *store.Reader) error {
			var moves int64
			var reports []ledger.ProgressReport
			var events []string
			if err := r.Model(&ledger.DueChange{}).Count(&moves).Error; err != nil {
				return err
			}
			if err := r.Where("measure_id = ?", m.ID).Order("id").Find(&reports).Error; err != nil {
				return err
			}
			if err := r.Table("ledger_events").Order("id").Pluck("text", &events).Error; err != nil {
				return err
			}
			if moves != 0 || len(reports) != 2 || reports[1].Status != ledger.Done {
				t.Errorf("%d %+v", moves, reports)
			}
			if diff := cmp.Diff([]string{"整改台账已更新，新增措施4条，已销号的措施1条", "据导入的台账：整改状态由“整改中”变为“已完成”", "据导入的台账：整改状态由“没有说明”变为“整改中”",
				"整改台账已更新，新增措施1条，变更2处"}, events); diff != "" {
				t.Error(diff)
			}
			return nil
		})
	})
}

// TestASpreadsheetNeitherClosesNorMovesWhatIsThere: both are somebody's act,
// with evidence or a reason, and somebody else's word.
func TestASpreadsheetNeitherClosesNorMovesWhatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		head := []string{"反馈问题", "整改措施", "整改时限", "原定时限", "整改状态", "销号时间", "问题销号时间"}
		taken(t, db, [][]string{head, {"问题一", "措施一", "2021-03-31", "", "已完成"}, {"问题一", "措施二", "长期坚持", "", "长期坚持"}, {"问题二", "措施三", "2021-03-31", "2020-12-31", "已完成", "2020-12-20", "2020-12-22"}})
		d := refused(t, db, [][]string{head, {"问题一", "措施一", "2021-06-30", "", "已完成", "2021-01-05", "2021-01-05"}, {"问题一", "措施二", "长期坚持", "", "长期坚持"},
			{"问题二", "措施三", "2021-03-31", "2020-12-31", "已完成", "2020-12-21", "2020-12-23"}}, "C2", "F2", "G2", "F4", "G4")
		want := []string{"措施 1-1-0-1 的时限是 2021年3月31日，不能用表格修改。请在系统里申请调整时限，写明理由，由别人批准。",
			"措施 1-1-0-1 在系统里没有销号。销号要在系统里申请、核验，请清空这一格。", "问题 1-1 在系统里没有销号。销号要在系统里申请、核验，请清空这一格。",
			"这条措施已于 2020年12月20日 销号，日期不能用表格修改。", "这个问题已于 2020年12月22日 销号，日期不能用表格修改。"}
		var got []string
		for _, b := range d.Bad {
			got = append(got, b.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		refused(t, db, [][]string{head, {"问题一", "措施一", "", "", "已完成"}}, "C2")
		refused(t, db, [][]string{head, {"问题一", "措施一", "长期坚持", "", "已完成"}}, "C2")
		closed := [][]string{head, {"问题二", "措施三", "2021-03-31", "2020-12-31", "整改中", "2020-12-20"}}
		refused(t, db, closed, "E2")

		// The same day in other words is no other day, and a first day may be written.
		taken(t, db, [][]string{head, {"问题一", "措施一", "2021年3月底", "", "已完成"}, {"问题一", "措施二", "2021年12月底并长期坚持", "2021-06-30", "长期坚持"}})
		m := ledgertest.Measure(t, db, "1-1-0-2")
		if m.DueOn.String() != "2021-12-31" || m.BaselineOn.String() != "2021-06-30" {
			t.Errorf("%+v", m)
		}
		// A new row brings its old closing along, marked as imported.
		taken(t, db, [][]string{head, {"问题一", "每月通报一次", "2021-03-31", "", "已完成", "2020-12-20"}})
		read(t, db, func(r *store.Reader) error {
			var app ledger.Application
			if err := r.Where("measure_id = ?", ledgertest.Measure(t, db, "1-1-0-3").ID).Take(&app).Error; err != nil || !app.Imported || app.State != ledger.Closed {
				t.Errorf("%+v %v", app, err)
			}
			return nil
		})
	})
}

// refused wants exactly these cells to be named, and nothing to change.
func refused(t *testing.T, db *store.DB, rows [][]string, cells ...string) ledger.Difference {
	t.Helper()
	before := count(t, db)
	d, err := ledger.New(db, nil).ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Name: "a.csv", Tables: tables(t, rows)})
	if !fault.Is(err, fault.Invalid) {
		t.Fatalf("%v %+v", err, d.List)
	}
	var got []string
	for _, b := range d.Bad {
		got = append(got, b.Name)
		if !strings.HasSuffix(b.Message, "。") && !strings.HasSuffix(b.Message, "）。") {
			t.Errorf("%s", b.Message)
		}
	}
	if diff := cmp.Diff(cells, got); diff != "" {
		t.Errorf("%s %v", diff, d.Bad)
	}
	if after := count(t, db); after != before {
		t.Errorf("%s became %s", before, after)
	}
	ledgertest.Check(t, db)
	return d
}

func count(t *testing.T, db *store.DB) (s string) {
	read(t, db, func(r *store.Reader) error {
		for _, table := range []string{"programmes", "aspects", "problems", "measures", "departments", "ledger_imports", "ledger_events", "audit"} {
			var n int64
			if err := r.Table(table).Count(&n).Error; err != nil {
				return err
			}
			s += fmt.Sprintf("%s %d ", table, n)
		}
		return nil
	})
	return s
}

func TestEveryBadCellIsNamedAndNothingComesIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		head := []string{"措施编号", "反馈问题", "整改措施", "整改时限", "整改状态", "销号时间", "整改类型", "是否公开"}
		refused(t, db, [][]string{head,
			{"A1", "问题一", "措施一", "明年", "差不多", "昨天", "慢慢改", "也许"},
			{"A 2", "问题一", "措施二", "2021-02-30", "已完成", "", "", ""},
			{"A3", "问题一", "", "2021-01-31", "", "", "", ""}},
			"D2", "E2", "F2", "G2", "H2", "A3", "D3", "C4")
		refused(t, db, [][]string{head, {"A1", "问题一", "措施一"}, {"A1", "问题一", "措施二"}}, "A3")
		refused(t, db, [][]string{head[1:], {"问题一", "措施一"}, {"问题一", "措施一"}}, "B3")
		refused(t, db, [][]string{head, {"A1", "问题一", "措施一", "", "", "2099-01-01"}}, "F2")
		refused(t, db, [][]string{head, {"A1", strings.Repeat("长", 1001), "措施一"}}, "B2")
	})
}

// TestAReopenedMeasureGoesOutAndComesInReopened: what the public sees as
// reopened is so after a move to another house.
func TestAReopenedMeasureGoesOutAndComesInReopened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx, code := newOffice(t, db, nil), t.Context(), "1-1-1-1"
		o.closed(code)
		_, items := o.round("第一轮")
		o.ok(o.Judge(ctx, o.discipline, items[0], false, "没有执行"))
		o.directly("UPDATE problems SET reopened_on = '2021-01-05' WHERE code = '2-1'")
		rows := written(t, db, "xlsx")
		if d := taken(t, db, rows); len(d.List) != 0 {
			t.Errorf("%+v", d.List)
		}
		d, err := o.ImportSheet(ctx, clerk, ledger.Spreadsheet{Programme: "second", Tables: tables(t, rows)})
		o.ok(err)
		read(t, db, func(r *store.Reader) error {
			m, err := ledger.MeasureByCode(r, d.Programme.ID, code)
			if err != nil {
				return err
			}
			p, err := ledger.ProblemByCode(r, d.Programme, "2-1")
			if m.ReopenedOn != o.measure(code).ReopenedOn || m.Closing != ledger.NotApplied || p.ReopenedOn.String() != "2021-01-05" {
				t.Errorf("%+v %+v", m, p)
			}
			return err
		})
		head := []string{"反馈问题", "整改措施", "整改状态", "销号时间", "重开时间", "问题重开时间"}
		refused(t, db, [][]string{head, {"新问题", "新措施", "已完成", "2020-01-05", "2020-02-05"}, {"新问题", "另一条", "", "", "2099-01-01", "2099-01-01"}}, "E2", "E3", "F3")
		row := func(reopened string) [][]string {
			x := slices.Clone(rows[1])
			x[ledger.ColReopened] = reopened
			return [][]string{rows[0], x}
		}
		refused(t, db, row("2020-02-05"), "S2")
		if d := taken(t, db, row("")); len(d.List) != 0 || !strings.Contains(strings.Join(d.Warnings, ""), "重开，保持不变") {
			t.Errorf("%+v", d)
		}
	})
}

func TestAProblemKeepsItsNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		head := []string{"方面", "问题编号", "反馈问题", "整改措施"}
		first := [][]string{head, {"方面一", "1-1", "学习不深入", "每月学习"}, {"方面一", "1-2", "会议过多", "精简会议"}, {"方面一", "1-2", "超审限案件多", "逐案清理"}}
		d := taken(t, db, first)
		if !slices.Contains(d.Warnings, "第 4 行的问题编号“1-2”已被占用，或者和方面的编号不一致，这个问题编为 1-3。") {
			t.Error(d.Warnings)
		}
		refused(t, db, first, "B4")
		refused(t, db, [][]string{head, {"方面一", "1-2", "学习不深入", "每月学习"}, {"方面一", "9-9", "会议过多", "精简会议"}}, "B2", "B3")
		// A running number is none, and a measure moves with its problem.
		taken(t, db, [][]string{append([]string{"措施编号"}, head...), {"1-1-0-1", "方面一", "7", "学习不深入", "每月学习"}, {"1-2-0-1", "方面一", "1-1", "学习不深入", "精简会议"}})
		if m := ledgertest.Measure(t, db, "1-2-0-1"); m.ProblemID != ledgertest.Measure(t, db, "1-1-0-1").ProblemID {
			t.Errorf("%+v", m)
		}
	})
}

func TestASpreadsheetsStartIsNotAfterItsDueDate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		head := []string{"反馈问题", "整改措施", "启动时间", "整改时限"}
		refused(t, db, [][]string{head, {"问题一", "每月学习", "2021-04-01", "2021年3月底"}}, "C2")
		taken(t, db, [][]string{head, {"问题一", "每月学习", "2021-03-31", "2021年3月底"}, {"问题一", "精简会议", "2021-03-31", ""}})
		refused(t, db, [][]string{head, {"问题一", "每月学习", "2021-04-01", "2021年3月底"}, {"问题一", "精简会议", "2021-03-31", "2021-01-01"}}, "C2", "D3")
	})
}

func TestAnImportCountsMeasuresAndProblemsApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		d := taken(t, db, [][]string{{"反馈问题", "整改措施", "整改状态", "销号时间", "问题销号时间"}, {"问题一", "每月学习", "已完成", "2020-12-01", "2020-12-20"},
			{"问题一", "精简会议", "已完成", "2020-12-01", ""}, {"问题二", "逐案清理", "已完成", "2020-12-01", ""}})
		if d.Summary() != "3 条措施，新增 3 条，没有变化 0 条；新增问题 2 个，变更 0 处；销号措施 3 条、问题 1 个。" {
			t.Error(d.Summary())
		}
		read(t, db, func(r *store.Reader) error {
			events, err := ledger.Latest(r, d.Programme.ID, 0, 1)
			if err == nil && events[0].Text != "整改台账已更新，新增措施3条，已销号的措施3条，已销号的问题1个" {
				t.Errorf("%+v", events)
			}
			return err
		})
	})
}

func TestAMissingHeadingIsNamedAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		_, err := ledger.New(db, nil).ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, [][]string{{"反馈问题", "怎么改"}, {"学习少", "多学习"}})})
		if f, ok := fault.As(err); !ok || !strings.HasPrefix(f.Message, "没有认出表头里的“整改措施”。") || !strings.HasSuffix(f.Message, "请把这一列的表头改成“整改措施”，或者在工作台导入，逐列指定。") {
			t.Error(err)
		}
	})
}

func TestOnlyTheOfficeImportsAndExports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		for _, role := range staff.Roles {
			a := staff.Actor{ID: 1, Roles: []staff.Role{role}}
			_, err := ledger.New(db, nil).ImportSheet(t.Context(), a, ledger.Spreadsheet{Tables: tables(t, usual), DryRun: true})
			if may := role == staff.RectificationOffice; may != (err == nil) {
				t.Errorf("%s imports: %v", role, err)
			}
			err = ledger.New(db, nil).ExportSheet(t.Context(), a, "", "csv", &bytes.Buffer{})
			if may := role == staff.RectificationOffice || role == staff.Leader; may != (err == nil) {
				t.Errorf("%s exports: %v", role, err)
			}
		}
	})
}

func TestUnknownHeadingsAreAskedForAndAMappingIsTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		rows := [][]string{{"说明"}, {"毛病", "怎么改", "谁负责"}, {"学习少", "多学习", "政治部"}}
		l := ledger.New(db, nil)
		d, err := l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, rows), DryRun: true})
		if !fault.Is(err, fault.Invalid) || d.Unmapped == nil || len(d.Unmapped.Rows) != 2 || d.Unmapped.Rows[0].Row != 2 {
			t.Fatalf("%v %+v", err, d.Unmapped)
		}
		m := &ledger.Mapping{Row: 2, Columns: map[ledger.Column]int{ledger.ColProblem: 0, ledger.ColMeasure: 1, ledger.ColLead: 2}}
		d, err = l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, rows), Mapping: m})
		if err != nil || d.Added != 1 {
			t.Fatalf("%v %+v", err, d)
		}
		if got := ledgertest.Measure(t, db, "1-1-0-1"); got.Title != "多学习" || got.Department != "政治部" {
			t.Errorf("%+v", got)
		}
	})
}

func TestADifferenceThatIsNoLongerWhatWasSeenIsNotStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		l := ledger.New(db, nil)
		seen, err := l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, usual), DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		taken(t, db, usual[:4])
		_, err = l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, usual), Seen: seen.Digest})
		if !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		now, err := l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, usual), DryRun: true})
		if err != nil || now.Added != 2 {
			t.Fatal(err, now.Added)
		}
		if _, err = l.ImportSheet(t.Context(), clerk, ledger.Spreadsheet{Tables: tables(t, usual), Seen: now.Digest}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatIsNotPublicStaysSoThroughExportAndImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		head := []string{"反馈问题", "整改措施", "是否公开", "内部说明"}
		taken(t, db, [][]string{head, {"问题一", "公开的措施", "是", "内部一"}, {"问题一", "不公开的措施", "否", ""}, {"问题二", "全不公开", "否", ""}, {"问题三", "措施三", "仅问题", ""}})
		var got []string
		for _, r := range written(t, db, "csv")[1:] {
			got = append(got, r[ledger.ColPublic])
		}
		if diff := cmp.Diff([]string{"是", "仅问题", "否", "仅问题"}, got); diff != "" {
			t.Error(diff)
		}
		if d := taken(t, db, written(t, db, "csv")); len(d.List) != 0 {
			t.Errorf("%+v", d.List)
		}
		read(t, db, func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err != nil {
				return err
			}
			for word, want := range map[string]int{"公开的措施": 1, "不公开的措施": 0, "全不公开": 0, "措施三": 0} {
				list, _, err := ledger.Progress(r, p, ledger.Filter{Query: word, Limit: 10})
				if err != nil {
					return err
				}
				if len(list) != want {
					t.Errorf("%s finds %d", word, len(list))
				}
			}
			return nil
		})
		d := taken(t, db, [][]string{head, {"问题一", "公开的措施", "否", "内部一"}, {"问题一", "不公开的措施", "否", ""}})
		if len(d.List) != 2 {
			t.Errorf("%+v", d.List)
		}
	})
}

// TestALedgerGoesOutAndComesInWithoutLoss exports what was imported, imports
// that into an empty database and exports again: the same, and importing what
// was exported changes nothing.
func TestALedgerGoesOutAndComesInWithoutLoss(t *testing.T) {
	for _, dialect := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			first, second := empty(t, dialect), empty(t, dialect)
			rapid.Check(t, func(rt *rapid.T) {
				clear1(rt, first)
				clear1(rt, second)
				format := rapid.SampledFrom([]string{"xlsx", "csv"}).Draw(rt, "format")
				bring := func(db *store.DB, rows [][]string) ledger.Difference {
					d, err := ledger.New(db, nil).ImportSheet(noContext{}, staff.System, ledger.Spreadsheet{Tables: tables(rt, rows)})
					if err != nil {
						rt.Fatalf("%v %v", err, d.Bad)
					}
					return d
				}
				bring(first, generated(rt))
				out := written(rt, first, format)
				if d := bring(first, out); len(d.List) > 0 || d.Absent > 0 {
					rt.Fatalf("the export changes its own ledger: %+v", d.List)
				}
				bring(second, out)
				if diff := cmp.Diff(out, written(rt, second, format)); diff != "" {
					rt.Fatal(diff)
				}
			})
			for _, db := range []*store.DB{first, second} {
				ledgertest.Settle(t, db) // the programmes that were put aside by hand
				ledgertest.Check(t, db)
			}
		})
	}
}

func empty(t *testing.T, d store.Dialect) *store.DB {
	t.Helper()
	c := storetest.Config(t, d)
	clock := storetest.NewClock(storetest.Start)
	c.Clock = clock.Now
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// clear1 gives the next round a programme of its own: history cannot be deleted.
func clear1(t *rapid.T, db *store.DB) {
	err := db.Write(noContext{}, func(tx *store.Tx) error {
		return tx.Exec("UPDATE programmes SET main = ?, slug = 'old' || id WHERE main", false).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// generated is a ledger with everything that a cell may hold.
func generated(t *rapid.T) [][]string {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("学习整改=+-@'\"，,;\n_x000D_ab<&>　 1")), 1, 12, -1)
	maybe := func(g *rapid.Generator[string]) *rapid.Generator[string] {
		return rapid.OneOf(rapid.Just(""), g)
	}
	day := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%d-%02d-%02d", rapid.IntRange(2019, 2020).Draw(t, "y"), rapid.IntRange(1, 12).Draw(t, "m"), rapid.IntRange(1, 28).Draw(t, "d"))
	})
	begun := rapid.SampledFrom([]string{"2018-01-05", "2018-12-31"}) // no due date is earlier
	due := rapid.OneOf(day, rapid.SampledFrom([]string{"", "2020年12月底", "2020年12月", "立行立改", "长期坚持", "持续推进", "2021年6月30日前并长期坚持", "2020年底", "2021年一季度", "2020.12.31"}))
	status := rapid.SampledFrom([]string{"", "未启动", "整改中", "正在整改", "基本完成", "已完成", "长期坚持"})
	department := rapid.SampledFrom([]string{"", "立案庭", "政治部", "办公室"})
	head := []string{"方面", "反馈问题", "细化问题", "整改措施", "整改类型", "责任领导", "牵头部门", "配合部门", "启动时间", "整改时限", "原定时限", "整改状态", "完成时间", "完成情况", "佐证材料",
		"销号时间", "重开时间", "是否公开", "内部说明", "复查周期", "下次复查", "问题责任领导", "问题重开时间", "问题内部说明", "细化问题内部说明", "方面公开说明", "方面内部说明", "问题公开说明", "细化问题公开说明"}
	rows := [][]string{head}
	for a := range rapid.IntRange(1, 2).Draw(t, "aspects") {
		about, aside := maybe(text).Draw(t, "about the aspect"), maybe(text).Draw(t, "inside of the aspect")
		for p := range rapid.IntRange(1, 3).Draw(t, "problems") {
			leader, inside, said := maybe(rapid.Just("院长")).Draw(t, "leader"), maybe(text).Draw(t, "inside"), maybe(text).Draw(t, "about the problem")
			again := maybe(day).Draw(t, "the problem is reopened")
			for s := range rapid.IntRange(0, 2).Draw(t, "subs") + 1 {
				sub, subInside, subSaid := "", "", ""
				if s > 0 {
					sub, subInside, subSaid = fmt.Sprintf("细化%d %s", s, text.Draw(t, "sub")), maybe(text).Draw(t, "sub inside"), maybe(text).Draw(t, "about the part")
				}
				n := rapid.IntRange(0, 3).Draw(t, "measures")
				start := []string{fmt.Sprintf("方面%d %s", a, "建设"), fmt.Sprintf("问题%d-%d", a, p), sub}
				if n == 0 {
					rows = append(rows, append(start, append(make([]string, 18), leader, again, inside, subInside, about, aside, said, subSaid)...))
				}
				for m := range n {
					if s == 0 && p == 1 {
						continue
					}
					closed, reopened := maybe(day).Draw(t, "closed"), ""
					if closed == "" {
						reopened = maybe(day).Draw(t, "reopened")
					}
					rows = append(rows, append(append([]string(nil), start...), fmt.Sprintf("措施%d %s", m, text.Draw(t, "measure")),
						rapid.SampledFrom([]string{"", "立行立改", "限期整改", "长期坚持"}).Draw(t, "kind"), maybe(rapid.Just("张三")).Draw(t, "who"),
						department.Draw(t, "lead"), rapid.SampledFrom([]string{"", "立案庭、政治部", "执行局"}).Draw(t, "co"), maybe(begun).Draw(t, "starts"), due.Draw(t, "due"),
						maybe(day).Draw(t, "baseline"), status.Draw(t, "status"), maybe(day).Draw(t, "done"), maybe(text).Draw(t, "note"), maybe(text).Draw(t, "proof"), closed, reopened,
						rapid.SampledFrom([]string{"", "是", "否", "仅问题"}).Draw(t, "public"), maybe(text).Draw(t, "internal"), rapid.SampledFrom([]string{"", "3", "12"}).Draw(t, "months"),
						maybe(day).Draw(t, "check"), leader, again, inside, subInside, about, aside, said, subSaid))
				}
			}
		}
	}
	rows = append(rows, []string{"方面9", "最后的问题", "", "最后的措施"})
	return rows
}
