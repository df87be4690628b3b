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
	"time"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
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

// rest is what came with a case, which is told with its contact.
func (c *court) rest(id int64) []cases.Cell {
	c.t.Helper()
	x, err := c.Reveal(c.t.Context(), c.clerk, id)
	c.must(err)
	return x.Rest
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
				page.Origin == nil || page.Origin.From != "省高院信访系统" || page.Origin.ExternalID != "X-1" || !slices.Equal(c.rest(page.Case.ID), []cases.Cell{{Heading: "备注", Text: "省里催问"}}) {
				t.Errorf("%+v %+v", page.Case, page.Origin)
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
		if page.Case.Kind != cases.Suggestion || !slices.Contains(c.rest(ticket.ID), cases.Cell{Heading: "类别", Text: "表扬"}) || !slices.Contains(c.rest(ticket.ID), cases.Cell{Heading: "备注", Text: "请转达"}) {
			t.Errorf("%+v %+v", page.Case, c.rest(ticket.ID))
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
		ctx := t.Context()
		gao := stafftest.Actor(t, c.db, "高明远", "立案庭", staff.IntakeClerk)
		accused := stafftest.Actor(t, c.db, "周承办", "执行局", staff.Handler)
		var b strings.Builder
		b.WriteString("标题,内容,类别,备注,来件编号\n一,高 明远拖着不办,建议,,\n二,三,建议,,\n三,四,建议," + accused.Name + "收了礼,\n四,五,建议,,高明远-1\n五,\"高明\n远骂人\",建议,,\n")
		for i := range 60 {
			fmt.Fprintf(&b, "更多%d,内容,建议,,\n", i)
		}
		// Whoever is named does not see the row, the one who brought the file no more than others.
		id, _, err := c.TakeImport(ctx, gao, cases.Upload{Name: "a.csv", Source: "热线", Body: strings.NewReader(b.String())})
		c.must(err)
		m, mine, err := c.Import(ctx, gao, id, cases.RowReady, 0, 10)
		c.must(err)
		if m.Rows[cases.RowReady] != 62 || len(mine) != 10 {
			t.Errorf("%d counted, %d of a page of ten", m.Rows[cases.RowReady], len(mine))
		}
		all := c.rows(id, cases.RowReady)
		if len(all) != 65 {
			t.Fatalf("%d rows", len(all))
		}
		for _, at := range []int{0, 3, 4} {
			x := all[at]
			_, _, err := c.ImportRow(ctx, gao, id, x.ID)
			c.refused(err, fault.NotFound)
			c.refused(c.SetAside(ctx, gao, id, x.ID, x.Version, "合计行"), fault.NotFound)
			_, err = c.Mend(ctx, gao, id, x.ID, x.Version, x.Given)
			c.refused(err, fault.NotFound)
		}
		// Their registering comes to an end, and leaves those rows to others.
		if done, left, err := c.RegisterImport(ctx, gao, id); err != nil || done != 62 || left != 0 {
			t.Errorf("%d %d %v", done, left, err)
		}
		if _, rows, err := c.Import(ctx, c.clerk, id, cases.RowReady, 0, 10); err != nil || len(rows) != 3 {
			t.Errorf("%d %v", len(rows), err)
		}
		// Rewording a row does not let in whom it named.
		x := all[0]
		g := cases.Given{Answers: maps.Clone(x.Given.Answers)}
		g.Answers["content"] = "有人拖着不办"
		ticket, err := c.Mend(ctx, c.clerk, id, x.ID, x.Version, g)
		c.must(err)
		_, err = c.Open(ctx, gao, ticket.ID)
		c.refused(err, fault.NotFound)
		if rest := c.rest(ticket.ID); !slices.Contains(rest, cases.Cell{Heading: "内容（原表）", Text: "高 明远拖着不办"}) {
			t.Errorf("the words of the file are gone: %+v", rest)
		}
		// Nor do the other columns, the source's number or a gap in the name.
		if done, _, err := c.RegisterImport(ctx, c.clerk, id); err != nil || done != 2 {
			t.Errorf("%d %v", done, err)
		}
		byTitle := func(title string) (found int64) {
			c.must(c.db.Read(ctx, func(r *store.Reader) error {
				return r.Raw("SELECT id FROM cases WHERE title = ?", title).Scan(&found).Error
			}))
			return found
		}
		for title, who := range map[string]staff.Actor{"四": gao, "五": gao} {
			_, err := c.Open(ctx, who, byTitle(title))
			c.refused(err, fault.NotFound)
		}
		third := byTitle("三")
		c.must(c.Register(ctx, c.clerk, third, c.v(third), ""))
		c.must(c.Accept(ctx, c.dispatcher, third, c.v(third)))
		c.refused(c.Assign(ctx, c.dispatcher, third, c.v(third), c.department, accused.ID), fault.Invalid)
		for _, a := range []func() error{
			func() error { _, err := c.Imports(ctx, c.handler, 0, 1); return err },
			func() error { _, _, err := c.Import(ctx, c.stranger, id, "", 0, 1); return err },
			func() error { _, _, err := c.ImportRow(ctx, c.handler, id, x.ID); return err },
			func() error { _, _, err := c.RegisterImport(ctx, c.handler, id); return err },
			func() error { _, _, err := c.ImportCodes(ctx, c.handler, id); return err },
			func() error { _, err := c.Mend(ctx, c.handler, id, x.ID, 1, cases.Given{}); return err },
			func() error { return c.SetAside(ctx, c.handler, id, x.ID, 1, "x") },
			func() error { return c.TakeUp(ctx, c.handler, id, x.ID, 1) },
			func() error { _, _, err := c.TakeImport(ctx, c.handler, cases.Upload{}); return err },
		} {
			c.refused(a(), fault.Forbidden)
		}
	})
}

func TestWhoIsNamedByAFileDoesNotSeeTheCase(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		gao := stafftest.Actor(t, c.db, "高明远", "立案庭", staff.IntakeClerk)
		s := suggestion()
		_, err := c.Stage(ctx, s.Key, "关于高明远的材料.txt", strings.NewReader("材料"))
		c.must(err)
		id := c.submit(s).ID
		_, err = c.Open(ctx, gao, id)
		c.refused(err, fault.NotFound)
		other := c.submit(suggestion()).ID
		key := suggestion().Key
		_, err = c.Stage(ctx, key, "高明远.txt", strings.NewReader("补充"))
		c.must(err)
		c.must(c.Supplement(ctx, other, "见附件。", key))
		_, err = c.Open(ctx, gao, other)
		c.refused(err, fault.NotFound)
	})
}

func TestWhatCameWithACaseIsToldLikeItsContact(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id, _, err := c.takeImport("a.csv", "热线", "类别,标题,内容,身份证号,备用电话\n咨询,怎么立案,没有说,530102199001011234,13899990002\n")
		c.must(err)
		if done, _, err := c.RegisterImport(ctx, c.clerk, id); err != nil || done != 1 {
			t.Fatalf("%d %v", done, err)
		}
		made := *c.rows(id, cases.RowAccepted)[0].CaseID
		leader := stafftest.Actor(t, c.db, "leader", "院领导", staff.Leader)
		p, err := c.Open(ctx, leader, made)
		c.must(err)
		if !p.HasContact || strings.Contains(fmt.Sprintf("%+v %+v", p, p.Origin), "530102199001011234") {
			t.Errorf("%+v", p.Origin)
		}
		_, err = c.Reveal(ctx, leader, made)
		c.refused(err, fault.Forbidden)
		if rest := c.rest(made); len(rest) != 2 || rest[0].Text != "530102199001011234" {
			t.Errorf("%+v", rest)
		}
		var looks int64
		c.must(c.db.Read(ctx, func(r *store.Reader) error {
			return r.Table("audit").Where("verb = 'case.view_contact' AND subject_id = ?", made).Count(&looks).Error
		}))
		if looks != 1 {
			t.Errorf("%d looks are on record", looks)
		}
	})
}

func TestARowIsDealtWithByOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id, _, err := c.takeImport("a.csv", "热线", "类别,标题,内容\n举报,收礼,他收了礼。\n建议,座椅,没有座椅。\n建议,=cmd|calc!A1,内容。\n")
		c.must(err)
		report := c.rows(id, cases.RowRepair)[0]
		if !strings.Contains(report.Problem, "不要改成别的类别") {
			t.Errorf("%q", report.Problem)
		}
		g := cases.Given{Answers: maps.Clone(report.Given.Answers)}
		g.Answers["kind"] = "suggestion"
		_, err = c.Mend(ctx, c.clerk, id, report.ID, report.Version, g)
		c.refused(err, fault.Invalid)
		c.must(c.SetAside(ctx, c.clerk, id, report.ID, report.Version, "已交派驻纪检监察组"))

		ready := c.rows(id, cases.RowReady)
		if len(ready) != 2 || ready[1].Given.Answers["title"] != "=cmd|calc!A1" {
			t.Fatalf("%+v", ready)
		}
		// Many mend it, many set it aside: one of them does it, the others hear so.
		x := ready[0]
		var wait sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			wait.Go(func() {
				if i%2 == 0 {
					errs[i] = c.SetAside(ctx, c.clerk, id, x.ID, x.Version, "重复")
					return
				}
				mine := cases.Given{Answers: maps.Clone(x.Given.Answers)}
				mine.Answers["content"] = fmt.Sprintf("没有座椅，第 %d 遍说。", i)
				_, errs[i] = c.Mend(ctx, c.dispatcher, id, x.ID, x.Version, mine)
			})
		}
		wait.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won >= 0:
				t.Errorf("both %d and %d did it", won, i)
			case err == nil:
				won = i
			default:
				c.refused(err, fault.Conflict)
			}
		}
		if aside := won%2 == 0; won < 0 || aside != (c.count("cases") == 0) || aside != (len(c.rows(id, cases.RowAside)) == 2) {
			t.Errorf("%d won, %d cases", won, c.count("cases"))
		}
		// A registrar who died lets go after a minute; nobody else's words are taken for registered before.
		y := ready[1]
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE case_import_rows SET claimed_until = ?, version = version + 1 WHERE id = ?", tx.Now.Add(time.Minute), y.ID).Error
		}))
		_, err = c.Mend(ctx, c.clerk, id, y.ID, y.Version+1, y.Given)
		c.refused(err, fault.Conflict)
		c.clock.Advance(2 * time.Minute)
		_, err = c.Mend(ctx, c.clerk, id, y.ID, y.Version+1, y.Given)
		c.must(err)
	})
}
