package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mingjing/app/fault"
)

// Notice is one year's notice of holidays and make-up days. Its first days may
// lie in the December before (2018-12-29 was worked for New Year 2019).
type Notice struct {
	Year int
	Days []Day // in order of date
}

// noticeLines is far above any notice ever issued (about 40 lines).
const noticeLines = 200

// ParseNotice reads what staff paste from a notice, one day a line:
//
//	2027-01-01 休 元旦
//	2027-02-06 班 春节
//
// Spaces, tabs or commas separate; 2027/1/1 and 2027年1月1日 are dates too; empty
// lines and lines that begin with # are passed over. All bad lines are named in
// one fault.
func ParseNotice(year int, text string) (Notice, error) {
	if year < 2002 || year > 2100 {
		return Notice{}, fault.New(fault.Invalid, "请填写放假通知所属的年份，例如 2027。")
	}
	var bad []string
	complain := func(format string, a ...any) { bad = append(bad, fmt.Sprintf(format, a...)) }
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	if len(lines) > noticeLines {
		return Notice{}, fault.New(fault.Invalid, fmt.Sprintf("内容超过 %d 行，请只粘贴一年的放假和调休日期。", noticeLines))
	}
	seen := map[Date]int{}
	n := Notice{Year: year}
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		day, err := parseDay(line)
		switch {
		case err != "":
			complain("第 %d 行：%s", i+1, err)
			continue
		case day.Date.Year() != year && (day.Date.Year() != year-1 || day.Date.Month() != time.December):
			complain("第 %d 行：%s 不属于 %d 年（只可另含上一年 12 月的日期）", i+1, day.Date, year)
			continue
		case seen[day.Date] > 0:
			complain("第 %d 行：%s 与第 %d 行重复", i+1, day.Date, seen[day.Date])
			continue
		case day.Work && New(nil, nil).IsWorkday(day.Date):
			complain("第 %d 行：%s 是周一至周五，本来就上班，不能写“班”", i+1, day.Date)
			continue
		}
		seen[day.Date] = i + 1
		n.Days = append(n.Days, day)
	}
	slices.SortFunc(n.Days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	// These days are holidays in every year by regulation: a text without them is
	// half a notice, and half a notice would silently move every limit.
	for _, must := range []struct {
		month time.Month
		day   int
		name  string
	}{{1, 1, "元旦"}, {5, 1, "劳动节"}, {10, 1, "国庆节"}, {10, 2, "国庆节"}, {10, 3, "国庆节"}} {
		d := NewDate(year, must.month, must.day)
		if !slices.ContainsFunc(n.Days, func(x Day) bool { return x.Date == d && !x.Work }) {
			complain("缺少 %s 休 %s", d, must.name)
		}
	}
	if len(bad) > 0 {
		const most = 10
		if more := len(bad) - most; more > 0 {
			bad = append(bad[:most], fmt.Sprintf("另有 %d 处", more))
		}
		return Notice{}, fault.New(fault.Invalid, "放假通知没有导入，请修改后再试。"+strings.Join(bad, "；")+"。")
	}
	return n, nil
}

func parseDay(line string) (day Day, problem string) {
	f := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r,，、;；\u3000", r) })
	if len(f) < 2 {
		return day, "要写成“日期 休或班 节日名称”，例如 2027-01-01 休 元旦"
	}
	var ok bool
	if day.Date, ok = looseDate(f[0]); !ok {
		return day, "日期“" + clip(f[0]) + "”看不懂，要写成 2027-01-01"
	}
	switch f[1] {
	case "休", "放假", "休息":
	case "班", "上班", "补班":
		day.Work = true
	default:
		return day, "“" + clip(f[1]) + "”看不懂，只能写“休”或“班”"
	}
	day.Name = strings.Join(f[2:], " ")
	if utf8.RuneCountInString(day.Name) > 20 {
		return day, "节日名称太长，不超过 20 个字"
	}
	return day, ""
}

func looseDate(s string) (Date, bool) {
	s = strings.TrimSuffix(strings.NewReplacer("年", "-", "月", "-", "/", "-", ".", "-").Replace(s), "日")
	var v [3]int
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return Date{}, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 9999 {
			return Date{}, false
		}
		v[i] = n
	}
	d := NewDate(v[0], time.Month(v[1]), v[2])
	return d, d.Year() == v[0] && int(d.Month()) == v[1] && d.Day() == v[2]
}

func clip(s string) string {
	if r := []rune(s); len(r) > 12 {
		return string(r[:12]) + "……"
	}
	return s
}
