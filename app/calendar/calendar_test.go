package calendar

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mingjing/app/fault"
)

func date(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

var builtin = Builtin()

func TestWorkdaysPerYearMatchTheNotices(t *testing.T) {
	got := map[int]int{}
	for y := 2021; y <= 2026; y++ {
		got[y] = builtin.WorkdaysBetween(NewDate(y-1, 12, 31), NewDate(y, 12, 31))
	}
	want := map[int]int{2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDueMatchesTheNorms(t *testing.T) {
	for _, x := range []struct {
		from  string
		limit Limit
		want  string
	}{
		{"2021-02-09", Limit{5, Workdays}, "2021-02-22"},
		{"2021-09-30", Limit{5, Workdays}, "2021-10-13"},
		{"2026-02-13", Limit{5, Workdays}, "2026-02-27"},
		{"2026-02-13", Limit{15, Workdays}, "2026-03-12"},
		{"2021-01-06", Limit{60, Days}, "2021-03-08"},
		{"2021-01-06", Limit{15, Days}, "2021-01-21"},
		{"2021-01-31", Limit{1, Months}, "2021-03-01"}, // 28 February is a Sunday
		{"2021-11-30", Limit{3, Months}, "2022-02-28"},
		{"2021-01-06", Limit{3, Months}, "2021-04-06"},
	} {
		got, provisional := builtin.Due(date(x.from), x.limit)
		if got != date(x.want) || provisional {
			t.Errorf("%s + %s = %s (provisional %v), want %s", x.from, x.limit, got, provisional, x.want)
		}
	}
}

func TestALimitPastTheLoadedYearsIsProvisional(t *testing.T) {
	if d := cmp.Diff(25, len(builtin.Years())); d != "" {
		t.Error(d)
	}
	for _, x := range []struct {
		from        string
		limit       Limit
		provisional bool
	}{
		{"2026-12-25", Limit{4, Workdays}, false},
		{"2026-12-25", Limit{5, Workdays}, true},
		{"2026-12-01", Limit{60, Days}, true},
		{"2026-10-01", Limit{60, Days}, false},
		{"2001-12-31", Limit{5, Workdays}, false},
		{"2001-12-03", Limit{5, Workdays}, true},
	} {
		if _, got := builtin.Due(date(x.from), x.limit); got != x.provisional {
			t.Errorf("%s + %s: provisional %v", x.from, x.limit, got)
		}
	}
}

func TestLoadingAYearMovesTheDueDateAndSettlesIt(t *testing.T) {
	from, limit := date("2026-12-31"), Limit{1, Workdays}
	if due, provisional := builtin.Due(from, limit); due != date("2027-01-01") || !provisional {
		t.Fatalf("before: %s %v", due, provisional)
	}
	n, err := ParseNotice(2027, notice2027)
	if err != nil {
		t.Fatal(err)
	}
	loaded := builtin.With(n)
	if due, provisional := loaded.Due(from, limit); due != date("2027-01-04") || provisional {
		t.Fatalf("after: %s %v", due, provisional)
	}
	if builtin.Loaded(2027) || !loaded.Loaded(2027) {
		t.Error("With must leave the calendar it is called on alone")
	}
	if d := cmp.Diff(loaded.Days(), New(loaded.Days(), loaded.Years()).Days()); d != "" {
		t.Error(d)
	}
}

func TestAStoppedClockDoesNotCount(t *testing.T) {
	span := func(a, b string) Span { return Span{date(a), date(b)} }
	for _, x := range []struct {
		name   string
		limit  Limit
		pauses []Span
		want   string
	}{
		{"no pause", Limit{5, Workdays}, nil, "2021-03-08"}, // from Monday 1 March
		{"stopped and resumed the same day", Limit{5, Workdays}, []Span{span("2021-03-02", "2021-03-02")}, "2021-03-08"},
		{"two working days", Limit{5, Workdays}, []Span{span("2021-03-02", "2021-03-04")}, "2021-03-10"},
		{"over the weekend only", Limit{5, Workdays}, []Span{span("2021-03-05", "2021-03-07")}, "2021-03-08"},
		{"overlapping", Limit{5, Workdays}, []Span{span("2021-03-02", "2021-03-04"), span("2021-03-03", "2021-03-05")}, "2021-03-11"},
		{"before the start", Limit{5, Workdays}, []Span{span("2021-02-01", "2021-03-01")}, "2021-03-08"},
		{"after the end", Limit{5, Workdays}, []Span{span("2021-03-08", "2021-03-30")}, "2021-03-08"},
		{"calendar days", Limit{15, Days}, []Span{span("2021-03-02", "2021-03-05")}, "2021-03-19"},
		{"a rolled end that falls into a pause", Limit{5, Days}, []Span{span("2021-03-06", "2021-03-09")}, "2021-03-10"},
		{"months", Limit{1, Months}, []Span{span("2021-03-10", "2021-03-12")}, "2021-04-06"}, // 3 April, then Qingming
	} {
		if got, _ := builtin.DueWithPauses(date("2021-03-01"), x.limit, x.pauses); got != date(x.want) {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestWarningsFollowTheNorms(t *testing.T) {
	type row struct {
		today string
		want  Warning
	}
	check := func(name, from string, l Limit, pauses []Span, rows []row) {
		t.Helper()
		due, _ := builtin.DueWithPauses(date(from), l, pauses)
		for _, r := range rows {
			if got := builtin.Warn(date(r.today), date(from), due, l.Unit, pauses); got != r.want {
				t.Errorf("%s on %s (due %s): %s, want %s", name, r.today, due, got, r.want)
			}
		}
	}
	check("ten working days", "2021-03-01", Limit{10, Workdays}, nil, []row{
		{"2021-03-01", InTime}, {"2021-03-05", InTime}, {"2021-03-07", InTime}, {"2021-03-08", HalfUsed},
		{"2021-03-10", HalfUsed}, {"2021-03-11", NearlyDue}, {"2021-03-15", NearlyDue}, {"2021-03-16", Overdue},
	})
	check("sixty days go by days left", "2021-05-06", Limit{60, Days}, nil, []row{ // due 2021-07-05
		{"2021-06-14", InTime}, {"2021-06-15", HalfUsed}, {"2021-06-24", HalfUsed},
		{"2021-06-25", NearlyDue}, {"2021-07-05", NearlyDue}, {"2021-07-06", Overdue},
	})
	check("fifteen days go by percentages", "2021-03-01", Limit{15, Days}, nil, []row{
		{"2021-03-08", InTime}, {"2021-03-09", HalfUsed}, {"2021-03-12", HalfUsed}, {"2021-03-13", NearlyDue},
	})
	check("a stopped clock uses nothing", "2021-03-01", Limit{10, Workdays},
		[]Span{{date("2021-03-02"), date("2021-03-12")}}, []row{
			{"2021-03-12", InTime}, {"2021-03-17", InTime}, {"2021-03-18", HalfUsed},
		})
}

func TestWorkdaysLeftCountsDownAndBelowZero(t *testing.T) {
	due := date("2021-10-13")
	var got []int
	for _, today := range []string{"2021-09-30", "2021-10-08", "2021-10-09", "2021-10-13", "2021-10-14"} {
		got = append(got, builtin.WorkdaysLeft(date(today), due))
	}
	if d := cmp.Diff([]int{5, 4, 3, 0, -1}, got); d != "" {
		t.Error(d)
	}
}

// addWorkdays is what Due must agree with: the n-th working day after d; with 0
// the first from d on.
func addWorkdays(d Date, n int) Date {
	for n == 0 && !builtin.IsWorkday(d) {
		d = d.AddDays(1)
	}
	for n > 0 {
		if d = d.AddDays(1); builtin.IsWorkday(d) {
			n--
		}
	}
	return d
}

func TestWorkdayArithmeticHolds(t *testing.T) {
	anyDate := rapid.Custom(func(t *rapid.T) Date {
		return NewDate(2001, 1, 1).AddDays(rapid.IntRange(0, 28*366).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate.Draw(t, "d"), rapid.IntRange(0, 70).Draw(t, "n")
		end := addWorkdays(d, n)
		if !builtin.IsWorkday(end) {
			t.Fatalf("%s + %d lands on a rest day %s", d, n, end)
		}
		if n > 0 && builtin.WorkdaysBetween(d, end) != n {
			t.Fatalf("%s to %s counts %d, not %d", d, end, builtin.WorkdaysBetween(d, end), n)
		}
		if addWorkdays(d.AddDays(1), n).Before(end) || !addWorkdays(d, n+1).After(end) && n > 0 {
			t.Fatalf("%s + %d is not monotone", d, n)
		}
		e := anyDate.Draw(t, "e")
		if builtin.WorkdaysBetween(d, e) != -builtin.WorkdaysBetween(e, d) {
			t.Fatal("counting is not antisymmetric")
		}
	})
}

func TestDueNeverRestsAndPausesNeverHasten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := NewDate(2020, 1, 1).AddDays(rapid.IntRange(0, 2500).Draw(t, "from"))
		unit := rapid.SampledFrom([]Unit{Workdays, Days, Months}).Draw(t, "unit")
		amount := rapid.IntRange(1, map[Unit]int{Workdays: 60, Days: 90, Months: 6}[unit]).Draw(t, "amount")
		plain, _ := builtin.Due(from, Limit{amount, unit})
		if unit == Workdays && plain != addWorkdays(from, amount) {
			t.Fatalf("Due and AddWorkdays disagree on %s + %d", from, amount)
		}
		a := from.AddDays(rapid.IntRange(-10, 100).Draw(t, "a"))
		p := Span{a, a.AddDays(rapid.IntRange(0, 40).Draw(t, "length"))}
		paused, _ := builtin.DueWithPauses(from, Limit{amount, unit}, []Span{p})
		if !builtin.IsWorkday(plain) || !builtin.IsWorkday(paused) || paused.Before(plain) {
			t.Fatalf("from %s: plain %s, paused %s", from, plain, paused)
		}
		if w := builtin.Warn(plain.AddDays(1), from, plain, unit, nil); w != Overdue {
			t.Fatalf("the day after is %s", w)
		}
		today := from.AddDays(rapid.IntRange(0, 100).Draw(t, "today"))
		if builtin.Warn(today, from, plain, unit, nil) > builtin.Warn(today.AddDays(1), from, plain, unit, nil) {
			t.Fatal("a warning was taken back")
		}
	})
}

func TestDateIsTheShanghaiDay(t *testing.T) {
	for _, x := range []struct{ utc, want string }{
		{"2021-01-05T15:59:59Z", "2021-01-05"},
		{"2021-01-05T16:00:00Z", "2021-01-06"},
		{"2020-12-31T16:00:00Z", "2021-01-01"},
		{"1999-02-28T23:00:00Z", "1999-03-01"},
	} {
		at, _ := time.Parse(time.RFC3339, x.utc)
		if got := Of(at).String(); got != x.want {
			t.Errorf("%s is %s, want %s", x.utc, got, x.want)
		}
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := NewDate(1992, 1, 1).AddDays(rapid.IntRange(0, 366*100).Draw(t, "d"))
		if Of(d.In()) != d || !d.In().Equal(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone)) {
			t.Fatalf("%s does not begin where the zone says", d)
		}
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Fatalf("%s reads back as %s", d, back)
		}
	})
}

func TestDateTravelsAsISOText(t *testing.T) {
	type box struct {
		A Date `json:"a"`
		B Date `json:"b"`
	}
	in := box{A: date("2021-01-06")}
	b, err := json.Marshal(in)
	if err != nil || string(b) != `{"a":"2021-01-06","b":""}` {
		t.Fatal(string(b), err)
	}
	var out box
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
	for _, d := range []Date{in.A, in.B} {
		v, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		var back Date
		if err := back.Scan(v); err != nil || back != d {
			t.Errorf("%v came back as %v, %v", d, back, err)
		}
	}
	var d Date
	for _, bad := range []any{int64(5), "2021-02-30", "2021-1-6", []byte("x"), "1021-01-01"} {
		if d.Scan(bad) == nil {
			t.Errorf("%v was taken for a date", bad)
		}
	}
	if got := in.A.Chinese(); got != "2021年1月6日" {
		t.Error(got)
	}
}

func TestALimitIsSaidInChineseAndBounded(t *testing.T) {
	for want, l := range map[string]Limit{"15 个工作日": {15, Workdays}, "60 日": {60, Days}, "3 个月": {3, Months}, "": {}} {
		if l.String() != want {
			t.Errorf("%#v is %q", l, l)
		}
	}
	if l, err := NewLimit(15, Workdays); err != nil || l != (Limit{15, Workdays}) {
		t.Error(l, err)
	}
	for _, bad := range []Limit{{0, Days}, {-1, Days}, {99999, Workdays}, {200, Months}, {5, "wd"}, {5, ""}} {
		if _, err := NewLimit(bad.Amount, bad.Unit); !fault.Is(err, fault.Invalid) {
			t.Errorf("%#v: %v", bad, err)
		}
	}
}

const notice2027 = "\ufeff# 测试用的通知，并非国务院办公厅发布\r\n2027-01-01 休 元旦\r\n2027年1月2日，休，元旦\r\n" +
	"\n2027/5/1\t放假\t劳动节\n2027-10-01 休 国庆节\n2027-10-02 休 国庆节\n2027-10-03 休 国庆节\n2027-10-09 班 国庆节\n2026-12-27 上班 元旦\n"

func TestANoticeIsReadAsStaffWriteIt(t *testing.T) {
	got, err := ParseNotice(2027, notice2027)
	if err != nil {
		t.Fatal(err)
	}
	want := Notice{2027, []Day{
		{date("2026-12-27"), true, "元旦"},
		{date("2027-01-01"), false, "元旦"}, {date("2027-01-02"), false, "元旦"},
		{date("2027-05-01"), false, "劳动节"},
		{date("2027-10-01"), false, "国庆节"}, {date("2027-10-02"), false, "国庆节"}, {date("2027-10-03"), false, "国庆节"},
		{date("2027-10-09"), true, "国庆节"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestANoticeNamesEveryBadLine(t *testing.T) {
	const good = "2027-01-01 休 元旦\n2027-05-01 休\n2027-10-01 休\n2027-10-02 休\n2027-10-03 休\n"
	for text, want := range map[string]string{
		good + "明天 休":           "第 6 行：日期“明天”看不懂",
		good + "2027-02-30 休 x": "第 6 行：日期“2027-02-30”看不懂",
		good + "2027-02-06 玩":   "第 6 行：“玩”看不懂",
		good + "2027-02-06":     "第 6 行：要写成",
		good + "2026-02-06 休":   "第 6 行：2026-02-06 不属于 2027 年",
		good + "2027-10-03 休":   "第 6 行：2027-10-03 与第 5 行重复",
		good + "2027-02-05 班":   "第 6 行：2027-02-05 是周一至周五",
		"2027-01-01 休 元旦":       "缺少 2027-05-01 休 劳动节；缺少 2027-10-01",
		"":                      "缺少 2027-01-01 休 元旦",
		good + "2027-02-06 班 " + strings.Repeat("长", 21): "名称太长",
		strings.Repeat("x\n", 300):                       "超过 200 行",
		strings.Repeat("x\n", 100):                       "另有 95 处",
	} {
		_, err := ParseNotice(2027, text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
	if _, err := ParseNotice(27, good); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestEveryBuiltinYearReadsBackAsANotice(t *testing.T) {
	for _, y := range []int{2021, 2024, 2026} {
		var b strings.Builder
		for _, d := range builtin.Days() {
			if d.Date.Year() == y {
				b.WriteString(d.Date.String() + map[bool]string{true: " 班 ", false: " 休 "}[d.Work] + d.Name + "\n")
			}
		}
		n, err := ParseNotice(y, b.String())
		if err != nil {
			t.Error(y, err)
		}
		if d := cmp.Diff(builtin.Days(), builtin.With(n).Days()); d != "" {
			t.Error(y, d)
		}
	}
}

func FuzzNotice(f *testing.F) {
	f.Add(notice2027)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNotice(2027, text)
		if err == nil && !slices.IsSortedFunc(n.Days, func(a, b Day) int { return a.Date.Compare(b.Date) }) {
			t.Error("unsorted")
		}
	})
}
