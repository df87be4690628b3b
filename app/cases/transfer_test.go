package cases_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/store"
)

const list = `转办清单,,,,,,,,
类别,来件编号,收到日期,标题,反映内容,姓名,联系电话,涉及部门,备注,发生时间
投诉,X-1,2021/1/4,窗口不叫号,一个上午没有叫号。,周小明,13900001111,执行局,省里催问,上周二
建议,X-2,2021年1月5日,增加座椅,大厅没有座椅。,,,,,
表扬,X-3,2021-01-05,谢谢法官,判得很快。,王五,13900002222,,请转达,
投诉,X-4,昨天,法官不见人,去了三次。,李四,不详,民事审判庭,,
,X-5,2021.1.5,没有类别,内容有。,,,,,
咨询,X-1,2021-01-05,号码重了,怎么立案。,,,,,
,,,合计,,,,,共六件,
`

func (c *court) takeImport(name, source, text string) (int64, bool, error) {
	c.t.Helper()
	return c.TakeImport(c.t.Context(), c.clerk, cases.Upload{Name: name, Source: source, Body: strings.NewReader(text)})
}

func (c *court) rows(id int64, state cases.RowState) []cases.ImportRow {
	c.t.Helper()
	_, rows, err := c.Import(c.t.Context(), c.clerk, id, state, 0, 100)
	c.must(err)
	return rows
}

func (c *court) count(table string) (n int64) {
	c.t.Helper()
	c.must(c.db.Read(c.t.Context(), func(r *store.Reader) error { return r.Table(table).Count(&n).Error }))
	return n
}

func TestEveryRowOfATransferBecomesACaseOrIsMended(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id, again, err := c.takeImport("转办.csv", "省高院信访系统", list)
		c.must(err)
		if again || c.count("cases") != 0 {
			t.Fatal("registered before anybody looked")
		}
		m, rows, err := c.Import(ctx, c.dispatcher, id, cases.RowRepair, 0, 100)
		c.must(err)
		if want := map[cases.RowState]int{cases.RowReady: 3, cases.RowRepair: 4}; !maps.Equal(m.Rows, want) {
			t.Errorf("%v, want %v", m.Rows, want)
		}
		problems := map[int]string{}
		for _, r := range rows {
			problems[r.RowNo] = r.Problem
		}
		for no, words := range map[int][]string{5: {"“类别”写的是“表扬”，认不出", "没有写类别"}, 6: {"“收到日期”写的是“昨天”", "电话号码只写数字", "请填写“发生时间”"}, 7: {"没有写类别"}, 9: {"没有写类别"}} {
			for _, w := range words {
				if !strings.Contains(problems[no], w) {
					t.Errorf("row %d: %q lacks %q", no, problems[no], w)
				}
			}
		}
		if _, again, err := c.takeImport("又一次.csv", "别处", list); err != nil || !again {
			t.Errorf("the same file again: %v %v", again, err)
		}

		done, left, err := c.RegisterImport(ctx, c.clerk, id)
		c.must(err)
		if done != 2 || left != 0 || c.count("cases") != 2 {
			t.Errorf("%d registered, %d left, %d cases", done, left, c.count("cases"))
		}
		accepted := c.rows(id, cases.RowAccepted)
		// The number that was there twice: one row has it, the other is named.
		var second cases.ImportRow
		for _, r := range c.rows(id, cases.RowRepair) {
			if strings.Contains(r.Problem, "以前交来过") {
				second = r
			}
		}
		if second.ID == 0 || len(accepted) != 2 {
			t.Fatalf("%+v %d", second, len(accepted))
		}
		if second.RowNo == 8 { // the complaint came first
			page, err := c.Open(ctx, c.clerk, *accepted[0].CaseID)
			c.must(err)
			if page.Case.Title != "窗口不叫号" || page.Case.Channel != cases.Transfer || page.Case.ReceivedOn.String() != "2021-01-04" || page.Case.EnteredBy != c.clerk.ID ||
				page.Origin == nil || page.Origin.From != "省高院信访系统" || page.Origin.ExternalID != "X-1" || !slices.Equal(page.Origin.Rest, []cases.Cell{{Heading: "备注", Text: "省里催问"}}) {
				t.Errorf("%+v %+v %+v", page.Case, page.Origin, page.Origin.Rest)
			}
			if strings.Contains(accepted[0].Cells, "周小明") || strings.Contains(accepted[0].Cells, "13900001111") {
				t.Errorf("contact details stay in the row: %s", accepted[0].Cells)
			}
		}
		if done, left, err := c.RegisterImport(ctx, c.clerk, id); err != nil || done+left != 0 || c.count("cases") != 2 {
			t.Errorf("again: %d %d %v", done, left, err)
		}

		// The codes open only the page that replaces them.
		_, codes, err := c.ImportCodes(ctx, c.clerk, id)
		c.must(err)
		if len(codes) != 2 || codes[0].AccessCode == "" {
			t.Fatalf("%+v", codes)
		}
		caseID, err := c.Unlock(ctx, "somebody", codes[0].CaseNo, codes[0].AccessCode)
		c.must(err)
		if known, err := c.CodeIsKnown(ctx, caseID); err != nil || !known {
			t.Errorf("%v %v", known, err)
		}
		c.must(c.ChangeCode(ctx, caseID, "86420975", "86420975"))
		if _, codes, err = c.ImportCodes(ctx, c.clerk, id); err != nil || codes[0].AccessCode != "" {
			t.Errorf("a replaced code is still given: %+v %v", codes, err)
		}

		// Mending: what could not be understood stays beside the case.
		var praise, sum cases.ImportRow
		for _, r := range c.rows(id, cases.RowRepair) {
			switch r.RowNo {
			case 5:
				praise = r
			case 9:
				sum = r
			}
		}
		g := cases.Given{Answers: maps.Clone(praise.Given.Answers)}
		if _, err := c.Mend(ctx, c.clerk, id, praise.ID, praise.Version, g); !fault.Is(err, fault.Invalid) {
			t.Errorf("still no kind: %v", err)
		}
		g.Answers["kind"] = "suggestion"
		ticket, err := c.Mend(ctx, c.clerk, id, praise.ID, praise.Version, g)
		c.must(err)
		page, err := c.Open(ctx, c.clerk, ticket.ID)
		c.must(err)
		if page.Case.Kind != cases.Suggestion || !slices.Contains(page.Origin.Rest, cases.Cell{Heading: "类别", Text: "表扬"}) || !slices.Contains(page.Origin.Rest, cases.Cell{Heading: "备注", Text: "请转达"}) {
			t.Errorf("%+v %+v", page.Case, page.Origin.Rest)
		}
		if _, err := c.Mend(ctx, c.clerk, id, praise.ID, praise.Version, g); !fault.Is(err, fault.Conflict) {
			t.Errorf("mended twice: %v", err)
		}
		c.refused(c.SetAside(ctx, c.clerk, id, sum.ID, sum.Version, " "), fault.Invalid)
		c.must(c.SetAside(ctx, c.clerk, id, sum.ID, sum.Version, "合计行"))
		c.refused(c.SetAside(ctx, c.clerk, id, sum.ID, sum.Version, "合计行"), fault.Conflict)
		if done, _, err := c.RegisterImport(ctx, c.clerk, id); err != nil || done != 0 {
			t.Errorf("%d %v", done, err)
		}
		c.must(c.TakeUp(ctx, c.clerk, id, sum.ID, sum.Version+1))
		if r := c.rows(id, cases.RowRepair); !slices.ContainsFunc(r, func(r cases.ImportRow) bool { return r.RowNo == 9 && r.Given.Rest[0].Text == "共六件" }) {
			t.Errorf("%+v", r)
		}
	})
}

func TestATransferIsRegisteredOnceHoweverItIsInterrupted(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		var b strings.Builder
		b.WriteString("类别,标题,内容,来件编号\n")
		for i := range 120 {
			fmt.Fprintf(&b, "建议,建议第%d条,内容第%d条,N-%d\n", i, i, i)
		}
		id, _, err := c.takeImport("a.csv", "热线", b.String())
		c.must(err)
		ctx, stop := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for range 3 { // three clerks press the button, one of them goes away
			wait.Go(func() {
				if _, _, err := c.RegisterImport(ctx, c.clerk, id); err != nil && !errors.Is(err, context.Canceled) && !fault.Is(err, fault.Busy) {
					t.Error(err)
				}
			})
		}
		stop()
		wait.Wait()
		if _, left, err := c.RegisterImport(t.Context(), c.dispatcher, id); err != nil || left != 0 {
			t.Fatalf("%d %v", left, err)
		}
		if n, rows := c.count("cases"), c.rows(id, cases.RowAccepted); n != 120 || len(rows) != 100 {
			t.Errorf("%d cases, %d rows", n, len(rows))
		}
		if rows := c.rows(id, cases.RowRepair); len(rows) > 0 {
			t.Errorf("%+v", rows)
		}
	})
}

func TestATransferIsRefusedWholeOrKeptWhole(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		for what, x := range map[string]struct{ name, source, text, field string }{
			"no headings":  {"a.csv", "热线", "甲,乙\n1,2\n", "attachments"},
			"nothing else": {"a.csv", "热线", "标题,内容\n", "attachments"},
			"no source":    {"a.csv", " ", "标题,内容\n一,二\n", "source"},
			"too many":     {"a.csv", "热线", "标题,内容\n" + strings.Repeat("一,二\n", 2001), "attachments"},
		} {
			_, _, err := c.takeImport(x.name, x.source, x.text)
			if f, ok := fault.As(err); !ok || len(f.Fields) != 1 || f.Fields[0].Name != x.field {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, _, err := c.takeImport("a.exe", "热线", "MZ"); err == nil {
			t.Error("a program was taken for a spreadsheet")
		}
		if n := c.count("case_imports") + c.count("case_import_rows"); n != 0 {
			t.Errorf("%d rows stay", n)
		}
		// Two who hand in the same file at once have one import.
		var wait sync.WaitGroup
		ids := make([]int64, 10)
		for i := range ids {
			wait.Go(func() {
				var err error
				if ids[i], _, err = c.takeImport("a.csv", "热线", "标题,内容,类别\n一,二,建议\n"); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if slices.Sort(ids); ids[0] != ids[9] || c.count("case_import_rows") != 1 {
			t.Errorf("%v", ids)
		}
	})
}

func TestARowIsNotForWhomItNames(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		id, _, err := c.takeImport("a.csv", "热线", "标题,内容,类别\n一,"+c.dispatcher.Name+"拖着不办,建议\n二,三,建议\n")
		c.must(err)
		_, rows, err := c.Import(t.Context(), c.dispatcher, id, cases.RowReady, 0, 10)
		c.must(err)
		mine := c.rows(id, cases.RowReady)
		if len(rows) != 1 || len(mine) != 2 {
			t.Fatalf("%d and %d rows", len(rows), len(mine))
		}
		if _, _, err := c.ImportRow(t.Context(), c.dispatcher, id, mine[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		if done, _, err := c.RegisterImport(t.Context(), c.dispatcher, id); err != nil || done != 1 {
			t.Errorf("%d %v", done, err)
		}
		if done, _, err := c.RegisterImport(t.Context(), c.clerk, id); err != nil || done != 1 {
			t.Errorf("%d %v", done, err)
		}
		for _, a := range []func() error{
			func() error { _, err := c.Imports(t.Context(), c.handler, 0, 1); return err },
			func() error { _, _, err := c.Import(t.Context(), c.stranger, id, "", 0, 1); return err },
			func() error { _, _, err := c.ImportRow(t.Context(), c.handler, id, mine[0].ID); return err },
			func() error { _, _, err := c.RegisterImport(t.Context(), c.handler, id); return err },
			func() error { _, _, err := c.ImportCodes(t.Context(), c.handler, id); return err },
			func() error { _, err := c.Mend(t.Context(), c.handler, id, mine[0].ID, 1, cases.Given{}); return err },
			func() error { return c.SetAside(t.Context(), c.handler, id, mine[0].ID, 1, "x") },
			func() error { return c.TakeUp(t.Context(), c.handler, id, mine[0].ID, 1) },
			func() error { _, _, err := c.TakeImport(t.Context(), c.handler, cases.Upload{}); return err },
		} {
			c.refused(a(), fault.Forbidden)
		}
	})
}
