package public_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"mingjing/app/apptest"
	"mingjing/app/calendar"
	"mingjing/app/demo"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/store"
)

func TestTheChartShowsPlanAndTruth(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		worked(t, s)
		s.Clock.Set(calendar.NewDate(2027, 4, 2).In())
		write(t, s, "UPDATE measures SET due_on = '2027-03-20' WHERE code = '1-1-1-2'", "UPDATE measures SET reopened_on = '2027-03-01' WHERE code = '1-1-2-1'",
			"INSERT INTO due_changes (measure_id, from_on, to_on, reason, state, proposed_by, proposed_name, proposed_at, decided_by) SELECT id, baseline_on, due_on, '内部的理由', 'approved', 1, '甲', '2027-01-01', 2 FROM measures WHERE code = '1-1-1-2'",
			"UPDATE measures SET starts_on = NULL, due_on = NULL, baseline_on = NULL, check_on = NULL WHERE code = '1-2-1-2'",
			"INSERT INTO measure_checks (measure_id, due_on, checked_on, holds, finding, at, actor_id, actor_name) SELECT id, '2027-02-01', '2027-02-03', TRUE, '内部的检查情况', '2027-02-03', 1, '甲' FROM measures WHERE code = '1-1-2-1'")
		b := s.Browser()
		page := b.Get("/chart")
		shows(t, page, []string{"2个问题、4条措施", "自报完成1条", "核验销号0条", "超期1条", "回头看后重开1条", "有1条没有写任何日期", "已超期13天", "原定2027年6月28日", "2027年3月1日重开", "2027年2月3日查过",
			"没有写日期", "措施1-1-1-1", "第1方面的第1个问题", "2026年1月至2027年9月", "立案庭", "不予销号"}, []string{"1-2-1-1", "第2方面", "评语", "名单", "检查情况", "的理由"})
		if n := page.Find("table tbody tr:not(.part)").Length(); n != 4 || page.Find("li.track:not(.again)").Length() != 4 || page.Find("rect.late").Length() != 3 { // the legend's, the measure's, the problem's
			t.Errorf("%d measures, %d hatched", n, page.Find("rect.late").Length())
		}
		if page.Find(`main a[href="/progress/1-1#m-1-1-2-1"]`).Length() != 1 || page.Find(".tracks details[open]").Length() != 2 { // two problems; few enough to be unfolded
			t.Error("does not lead to the measure, or is folded")
		}
		if b.Get("/").Find(`main a[href="/chart"]`).Length() != 1 {
			t.Error("the home page does not lead to it")
		}
		page = b.Get("/chart?show=problems")
		if page.Find("details[open]").Length() != 0 || page.Find("meta[content=noindex]").Length() != 1 {
			t.Error("is not folded, or is for search engines")
		}
		dept := "/chart?dept=" + url.QueryEscape("立案庭")
		shows(t, b.Get(dept), []string{"符合条件的1个问题、1条措施", "按牵头部门看：立案庭", "措施1-1-1-1"}, []string{"措施1-1-1-2", "第1方面的第2个问题"})
		shows(t, b.Get("/chart?aspect=1"), []string{"符合条件的2个问题、4条措施"}, nil)
		for _, path := range []string{"/chart?aspect=2", "/chart?aspect=99", dept + "&aspect=7", "/chart?dept=x", "/chart?after=9-9"} {
			shows(t, b.Get(path), []string{"没有符合条件的措施", "查看全部措施"}, nil)
		}
		// The due day is today's, then past: the page is another one after midnight in Shanghai.
		shows(t, b.Get("/chart"), []string{"已超期13天"}, []string{"已超期14天"})
		s.Clock.Set(calendar.NewDate(2027, 4, 3).In().Add(time.Second))
		shows(t, b.Get("/chart"), []string{"截至2027年4月3日", "已超期14天"}, []string{"已超期13天"})
	})
}

func TestAWrongAddressOfTheChartIsRefusedInWords(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		b := s.Browser()
		for path, words := range map[string]string{"/chart?aspect=x": "方面", "/chart?aspect=0": "方面", "/chart?aspect=-1": "方面", "/chart?aspect=99999999999": "方面", "/chart?after=1": "地址不完整",
			"/chart?after=a-b": "地址不完整", "/chart?after=1-99999999999": "地址不完整", "/chart?show=all": "显示"} {
			if page := b.Get(path); page.Status != 400 || !strings.Contains(page.Text(), words) {
				t.Errorf("%s: %d %s", path, page.Status, page.Text())
			}
		}
		for _, path := range []string{"/chart?dept=%00", "/chart?dept=%ff%fe", "/chart?dept='--"} {
			if page := b.Get(path); page.Status >= 500 {
				t.Errorf("%s: %d", path, page.Status)
			}
		}
		if page := b.Get("/chart?programme=none"); page.Status != 404 {
			t.Error(page.Status)
		}
	})
}

func TestWithoutALedgerNothingIsDrawn(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	b := s.Browser()
	page := b.Get("/chart")
	shows(t, page, []string{"整改台账还没有公布", "查看已经公布的问题"}, nil)
	if page.Find("svg").Length() != 0 || page.Find(`main a[href="/progress"]`).Length() == 0 || b.Get("/progress").Find(`main a[href="/chart"]`).Length() != 1 || b.Get("/").Find(`main a[href="/chart"]`).Length() != 0 {
		t.Error("draws, or is not linked")
	}
	bare := apptest.Start(t, store.SQLite, unseeded)
	shows(t, bare.Browser().Get("/chart"), []string{"整改台账还没有公布"}, nil)
}

func TestTheChartOfAnotherProgramme(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		write(t, s, "UPDATE programmes SET main = FALSE, title = '上一轮巡视整改'")
		ledgertest.Planted(t, s.App.DB, ledger.Programme{Slug: "later", Title: "这一轮巡察整改", Inspected: "某某法院", Inspector: "巡察组", Main: true, Ledger: true}, nil)
		write(t, s)
		page := s.Browser().Get("/chart?programme=small&aspect=2")
		shows(t, page, []string{"上一轮巡视整改：", "符合条件的1个问题、1条措施", "这一轮巡察整改 3"}, nil)
		if page.Find(`main a[href="/progress/small/2-1#m-2-1-1-1"]`).Length() != 1 || page.Find(`main a[href="/chart?aspect=1&programme=small"]`).Length() != 1 {
			t.Error("leads out of the programme")
		}
	})
}

// TestALargeLedgerGoesOnToFurtherSheets walks all sheets and meets every problem once.
func TestALargeLedgerGoesOnToFurtherSheets(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		write(t, s, fmt.Sprintf(`INSERT INTO problems (programme_id, aspect_id, announced, no, code, title, published)
			WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 139) SELECT %d, (SELECT min(id) FROM aspects), FALSE, i, '1-' || CAST(i AS TEXT), '问题', TRUE FROM n`, p.ID),
			`INSERT INTO measures (programme_id, problem_id, no, code, title, kind, status, published, changed_at)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT programme_id, id, i, code || '-0-' || CAST(i AS TEXT), '措施', 'dated', 'not_started', TRUE, CURRENT_TIMESTAMP FROM problems, n WHERE no >= 10`,
			"UPDATE problems SET status = 'not_started' WHERE no >= 10")
		b, seen, sheets := s.Browser(), map[string]bool{}, 0
		for path := "/chart"; path != ""; sheets++ {
			page := b.Get(path)
			if page.Status != 200 || sheets > 10 {
				t.Fatal(path, page.Status)
			}
			if n := page.Find("li.track:not(.again)").Length(); n > 400 {
				t.Errorf("%s holds %d measures", path, n)
			}
			for _, x := range page.Find("summary .code").EachIter() {
				if seen[x.Text()] {
					t.Errorf("%s twice", x.Text())
				}
				seen[x.Text()] = true
			}
			path, _ = page.Find(".more a").Attr("href")
		}
		if len(seen) != 133 || sheets != 4 {
			t.Errorf("%d problems on %d sheets", len(seen), sheets)
		}
	})
}

// TestTheChartOfAWholeLedgerIsLight weighs the chart of the demonstration's 295 measures.
func TestTheChartOfAWholeLedgerIsLight(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	s.Clock.Set(time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
	a := s.App
	if err := demo.Load(t.Context(), demo.House{DB: a.DB, Staff: a.Staff, Ledger: a.Ledger, Cases: a.Cases, Clock: s.Clock}, 0, 7); err != nil {
		t.Fatal(err)
	}
	write(t, s)
	for _, path := range []string{"/chart", "/chart?show=measures"} {
		page := s.Browser().Get(path)
		shows(t, page, []string{"42个问题、295条措施"}, nil)
		if n := page.Find("table tbody tr:not(.part)").Length(); n != 295 || page.Find("li.track:not(.again)").Length() != 295 {
			t.Errorf("%s: %d measures", path, n)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte(page.Body)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes gzip", path, packed.Len())
		if packed.Len() >= 60_000 {
			t.Errorf("%s is %d bytes gzip, under 60000 allowed", path, packed.Len())
		}
	}
}
