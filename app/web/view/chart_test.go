package view

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// year is a chart of 2020 in which today is the first of July.
func year() ChartPage {
	return ChartPage{AsOf: "2020-07-01", Axis: Axis{From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Months: 12, Today: "2020-07-01"}}
}

func TestALineDrawsWhatIsStatedAndNothingElse(t *testing.T) {
	for name, x := range map[string]struct {
		m    ChartMeasure
		want Lane
	}{
		"nothing is known": {ChartMeasure{Status: Unreported}, Lane{}},
		"claimed, not verified": {ChartMeasure{Status: Done, Starts: "2020-02-01", Baseline: "2020-03-31", Due: "2020-03-31", DoneOn: "2020-04-30"},
			Lane{[]LaneBar{{"plan", true, 8.33, 16.67}, {"done", false, 8.33, 25}, {"wait", false, 33.06, 17.21}}, []LaneSign{{"s-claimed", 33.33}}}},
		"verified": {ChartMeasure{Status: Done, Closing: Closed, Starts: "2020-02-01", Baseline: "2020-03-31", Due: "2020-03-31", DoneOn: "2020-04-30", ClosedOn: "2020-06-30"},
			Lane{[]LaneBar{{"plan", true, 8.33, 16.67}, {"done", false, 8.33, 25}, {"check", false, 33.06, 16.94}}, []LaneSign{{"s-claimed", 33.33}, {"s-closed", 50}}}},
		"done on an unknown day": {ChartMeasure{Status: Done, Starts: "2020-02-01", Baseline: "2020-03-31", Due: "2020-03-31"},
			Lane{Bars: []LaneBar{{"plan", true, 8.33, 16.67}}}},
		"moved, and late": {ChartMeasure{Status: InProgress, Starts: "2020-02-01", Baseline: "2020-03-31", Due: "2020-05-31", Overdue: "已超期31天"},
			Lane{[]LaneBar{{"plan", true, 8.33, 16.67}, {"moved", true, 24.73, 16.94}, {"going", false, 8.33, 41.94}, {"late", false, 41.4, 8.87}}, []LaneSign{{"s-moved", 41.67}}}},
		"start not stated": {ChartMeasure{Status: InProgress, Baseline: "2020-12-31", Due: "2020-12-31"},
			Lane{Bars: []LaneBar{{"plan open", true, 87.5, 12.5}, {"going open", false, 37.77, 12.5}}}},
		"not begun, though its start is near": {ChartMeasure{Status: NotStarted, Starts: "2020-08-01", Baseline: "2020-08-31", Due: "2020-08-31"},
			Lane{Bars: []LaneBar{{"plan", true, 58.33, 8.33}}}},
		"for good": {ChartMeasure{Status: LongTerm, Starts: "2020-04-01", DueText: "长期坚持", Every: 3, Checks: []Day{"2020-09-30", "2021-03-31"}, Checked: []Day{"2020-06-30"}, ReopenedOn: "2020-05-31"},
			Lane{[]LaneBar{{"plan open", true, 25, 75}, {"long", false, 25, 25.27}}, []LaneSign{{"s-check", 75}, {"s-checked", 50}, {"s-reopened", 41.67}}}},
		"outside the months": {ChartMeasure{Status: Done, Closing: Closed, Starts: "1999-01-01", Baseline: "1999-12-31", Due: "1999-12-31", DoneOn: "1999-06-30", ClosedOn: "1999-07-30"}, Lane{}},
	} {
		if d := cmp.Diff(x.want, year().Lane(x.m)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestAProblemSpansItsMeasures(t *testing.T) {
	done := ChartMeasure{Status: Done, Starts: "2020-02-01", Baseline: "2020-03-31", Due: "2020-03-31", DoneOn: "2020-03-31"}
	late := ChartMeasure{Status: InProgress, Starts: "2020-03-01", Baseline: "2020-05-31", Due: "2020-05-31", Overdue: "已超期31天"}
	got := year().Span(ChartProblem{Measures: []ChartMeasure{done, late}})
	want := Lane{Bars: []LaneBar{{"plan", true, 8.33, 33.33}, {"going", false, 8.33, 41.94}, {"late", false, 41.4, 8.87}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = year().Span(ChartProblem{ClosedOn: "2020-06-30", Measures: []ChartMeasure{done}})
	want = Lane{[]LaneBar{{"plan", true, 8.33, 16.67}, {"done", false, 8.33, 16.67}, {"check", false, 24.73, 25.27}}, []LaneSign{{"s-claimed", 25}, {"s-closed", 50}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	late.Overdue = ""
	got = year().Span(ChartProblem{Status: BasicallyDone, Measures: []ChartMeasure{done, late}})
	want = Lane{Bars: []LaneBar{{"plan", true, 8.33, 33.33}, {"basic", false, 8.33, 41.94}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	unknown := done
	unknown.DoneOn = ""
	if got = year().Span(ChartProblem{Measures: []ChartMeasure{done, unknown}}); len(got.Bars) != 1 || len(got.Signs) != 0 {
		t.Errorf("a day is made up: %+v", got)
	}
	if got = year().Span(ChartProblem{}); len(got.Bars)+len(got.Signs) != 0 {
		t.Errorf("a line of nothing: %+v", got)
	}
}

func TestAllStaysWithinTheDrawing(t *testing.T) {
	for _, p := range []ChartPage{wallChart(), monthly()} {
		for _, a := range p.Aspects {
			for _, x := range a.Problems {
				lanes := []Lane{p.Span(x)}
				for _, m := range x.Measures {
					lanes = append(lanes, p.Lane(m))
				}
				for _, l := range lanes {
					for _, b := range l.Bars {
						if b.X < 0 || b.Width <= 0 || b.X+b.Width > 100.4 {
							t.Errorf("%s: %+v", x.Code, b)
						}
					}
				}
			}
		}
	}
}

func TestTheMonthsAreNamedWhereThereIsRoom(t *testing.T) {
	words := func(list []Tick) string {
		var s []string
		for _, x := range list {
			s = append(s, x.Text)
		}
		return strings.Join(s, " ")
	}
	axis := func(month time.Month, months int) Axis {
		return Axis{From: time.Date(2020, month, 1, 0, 0, 0, 0, time.UTC), Months: months}
	}
	var got []string
	for _, a := range []Axis{axis(11, 5), axis(4, 24), axis(10, 63)} {
		got = append(got, words(a.Years())+"|"+words(a.MonthNames()))
	}
	want := []string{" 2021年|11月 12月 1月 2月 3月", "2020年 2021年 |4月 7月 10月 1月 4月 7月 10月 1月", " 2021年 2022年 2023年 2024年 2025年|"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTheChartSaysInWordsWhatItDraws(t *testing.T) {
	doc := parse(t, render(t, wallChart()))
	text := doc.Find("main").Text()
	for _, want := range []string{"已超期60天", "1条超期", "没有写日期", "1条没有写日期", "有重开", "原定2020年9月30日", "每3个月检查", "下次检查2021年3月31日", "2020年12月30日查过", "2021年2月1日重开", "长期坚持", "更早或者更晚的日期没有画"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if n := doc.Find(`svg:not([aria-hidden="true"])`).Not("svg svg").Length() - doc.Find(`[aria-hidden="true"] svg`).Length(); n != 0 {
		t.Errorf("%d drawings that a screen reader would try to read", n)
	}
	if doc.Find("table tbody tr:not(.part)").Length() != 11 || doc.Find("li.track:not(.again)").Length() != 11 {
		t.Error("the table and the drawing differ")
	}
	if doc.Find(`rect.late:not([fill="url(#hatch)"])`).Length() != 0 || doc.Find(`rect.late[fill="url(#hatch)"]`).Length() < 3 {
		t.Error("lateness is not hatched")
	}
	ids := map[string]bool{}
	for _, s := range doc.Find("[id]").EachIter() {
		ids[s.AttrOr("id", "")] = true
	}
	for _, s := range doc.Find("use").EachIter() {
		if !ids[strings.TrimPrefix(s.AttrOr("href", ""), "#")] {
			t.Errorf("no drawing %s", s.AttrOr("href", ""))
		}
	}
}
