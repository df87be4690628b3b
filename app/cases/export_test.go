package cases_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func (c *court) export(a staff.Actor, f cases.Filter, format string) string {
	c.t.Helper()
	e, err := c.PrepareExport(c.t.Context(), a, f, format)
	c.must(err)
	var b bytes.Buffer
	c.must(e.Write(c.t.Context(), &b))
	return b.String()
}

func TestAnExportHoldsWhatItsTakerSeesAndNoContact(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		formula := suggestion()
		formula.Title = "=HYPERLINK(\"http://x\")"
		c.handled(formula)
		named := suggestion()
		named.Title, named.Content = "说到分办员的", named.Content+c.dispatcher.Name+"没有回话。"
		c.submit(named)
		all := c.export(c.clerk, cases.Filter{}, "csv")
		if lines := strings.Count(all, "\n"); lines != 3 || !strings.Contains(all, "说到分办员的") || !strings.Contains(all, `"'=HYPERLINK(""http://x"")"`) || !strings.Contains(all, "执行局") {
			t.Errorf("%d lines: %s", lines, all)
		}
		for _, secret := range []string{"赵先生", "13800138000", "zhao@example.cn", "中午也希望"} {
			if strings.Contains(all, secret) {
				t.Errorf("%s is in the file", secret)
			}
		}
		if seen := c.export(c.dispatcher, cases.Filter{}, "csv"); strings.Contains(seen, "说到分办员的") {
			t.Error("the file holds a case that its taker must not see")
		}
		if none := c.export(c.other, cases.Filter{}, "csv"); strings.Count(none, "\n") != 1 {
			t.Errorf("%s", none)
		}
		book, err := excelize.OpenReader(strings.NewReader(c.export(c.clerk, cases.Filter{Basket: "handling"}, "xlsx")))
		c.must(err)
		rows, err := book.GetRows("来件")
		c.must(err)
		if len(rows) != 2 || rows[1][4] != formula.Title {
			t.Errorf("%q", rows)
		}
		if f, err := book.GetCellFormula("来件", "E2"); err != nil || f != "" {
			t.Errorf("a formula: %q %v", f, err)
		}
		_, err = c.PrepareExport(t.Context(), c.stranger, cases.Filter{}, "csv")
		c.refused(err, fault.Forbidden)
		_, err = c.PrepareExport(t.Context(), c.clerk, cases.Filter{}, "pdf")
		c.refused(err, fault.Unsupported)
		var recorded []string
		c.must(c.db.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("audit").Where("verb IN ('case.export', 'case.exported')").Order("id").Pluck("verb", &recorded).Error
		}))
		if len(recorded) != 8 {
			t.Errorf("%v", recorded)
		}
	})
}

func TestAnExportOfManyRowsNeedsLittleMemory(t *testing.T) {
	const n = 20_000
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		s := cases.New(db, nil, seal.Pepper(bytes.Repeat([]byte{9}, 32)))
		t.Cleanup(s.Close)
		clerk := stafftest.Actor(t, db, "clerk", "立案庭", staff.IntakeClerk)
		stafftest.Actor(t, db, "other", "执行局", staff.Handler)
		many(t, db, n)
		e, err := s.PrepareExport(t.Context(), clerk, cases.Filter{}, "xlsx")
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		var before, now runtime.MemStats
		runtime.ReadMemStats(&before)
		most, rows := uint64(0), 0
		out, in := io.Pipe()
		done := make(chan error, 1)
		go func() { done <- e.Write(context.WithoutCancel(t.Context()), in); in.Close() }()
		buffer := make([]byte, 64<<10)
		for {
			k, err := out.Read(buffer)
			if rows += k; rows > 0 {
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
			if err != nil {
				break
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if grown := int64(most) - int64(before.HeapInuse); grown > 48<<20 {
			t.Errorf("%d rows needed %d MB", n, grown>>20)
		}
		var told []string
		err = db.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("audit").Where("verb = 'case.exported'").Pluck("changes", &told).Error
		})
		if want := fmt.Sprint(n - n/50); /* without those that name the clerk */ err != nil || len(told) != 1 || !strings.Contains(told[0], want) {
			t.Errorf("%v %v", told, err)
		}
	})
}
