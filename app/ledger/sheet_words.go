package ledger

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/calendar"
)

var (
	wholeDay  = regexp.MustCompile(`^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$`)
	plainDay  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	dayInText = regexp.MustCompile(`(\d{4})年(?:(上半年|下半年|[一二三四1-4]季度|第[一二三四1-4]季度|年?底|年?末)|(\d{1,2})月(?:(\d{1,2})日|底|末|份)?)|(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?`)
	before    = regexp.MustCompile(`(以前|之前|前完成|前|完成)$`)
)

// readDay reads a day alone, as spreadsheets write it.
func readDay(text string) (calendar.Date, bool) {
	text = strings.ReplaceAll(norm.NFKC.String(text), " ", "")
	m := wholeDay.FindStringSubmatch(text)
	if m == nil {
		m = plainDay.FindStringSubmatch(text)
	}
	if m == nil {
		return calendar.Date{}, false
	}
	return day3(m[1], m[2], m[3])
}

func day3(y, m, d string) (calendar.Date, bool) {
	year, _ := strconv.Atoi(y)
	month, _ := strconv.Atoi(m)
	n, _ := strconv.Atoi(d)
	if year < 1950 || year > 2200 || month < 1 || month > 12 || n < 1 || n > 31 {
		return calendar.Date{}, false
	}
	date := calendar.NewDate(year, time.Month(month), n)
	return date, date.Day() == n // not 31 February
}

// term is a due date as a ledger words it.
type term struct {
	on    calendar.Date
	text  string // the words, where they say more than a day
	kind  Kind   // what the words say of it; empty: nothing
	loose bool   // the day was worked out from words: the end of the month
}

var (
	lasting   = regexp.MustCompile(`长期|持续|常态|经常性`)
	immediate = regexp.MustCompile(`立行立改|立知立改|立即整改|即知即改|立即`)
)

// readTerm reads 2020年12月底, 立行立改, 长期坚持, 2020年12月31日前并长期坚持.
func readTerm(text string) (t term, ok bool) {
	if text == "" {
		return t, true
	}
	plain := strings.ReplaceAll(norm.NFKC.String(text), " ", "")
	if on, ok := readDay(before.ReplaceAllString(plain, "")); ok {
		t.on = on
		return t, true
	}
	switch {
	case lasting.MatchString(plain):
		t.kind = Recurring
	case immediate.MatchString(plain):
		t.kind = Immediate
	}
	t.text = text
	found := dayInText.FindAllStringSubmatch(plain, -1)
	if len(found) > 1 || len(found) == 0 && t.kind == "" {
		return t, false
	}
	if len(found) == 1 {
		m := found[0]
		switch {
		case m[2] != "":
			month := map[string]string{"上半年": "6", "一季度": "3", "1季度": "3", "二季度": "6", "2季度": "6", "三季度": "9", "3季度": "9"}[strings.TrimPrefix(m[2], "第")]
			if month == "" {
				month = "12"
			}
			t.on, ok = monthEnd(m[1], month)
			t.loose = true
		case m[3] != "" && m[4] != "":
			t.on, ok = day3(m[1], m[3], m[4])
		case m[3] != "":
			t.on, ok = monthEnd(m[1], m[3])
			t.loose = true
		case m[7] != "":
			t.on, ok = day3(m[5], m[6], m[7])
		default:
			t.on, ok = monthEnd(m[5], m[6])
			t.loose = true
		}
		if !ok {
			return t, false
		}
	}
	return t, len([]rune(text)) <= 100
}

func monthEnd(y, m string) (calendar.Date, bool) {
	first, ok := day3(y, m, "1")
	if !ok {
		return first, false
	}
	return first.AddMonths(1).AddDays(-1), true
}

// termText is the due date as it is written out.
func termText(on calendar.Date, text string) string {
	if t, ok := readTerm(text); text != "" && ok && t.on == on {
		return text
	}
	return on.String()
}

var statusNames = map[string]Status{"": Unstated, "未写明": Unstated, "未说明": Unstated,
	"未启动": NotStarted, "未开始": NotStarted, "尚未启动": NotStarted, "待启动": NotStarted, "未整改": NotStarted,
	"整改中": InProgress, "正在整改": InProgress, "进行中": InProgress, "推进中": InProgress, "正在推进": InProgress, "正在进行": InProgress, "未完成": InProgress, "持续推进": InProgress,
	"基本完成": BasicallyDone, "基本完成整改": BasicallyDone,
	"已完成": Done, "完成": Done, "已整改": Done, "整改完成": Done, "完成整改": Done, "已完成整改": Done, "已整改完成": Done, "整改到位": Done, "已销号": Done, "是": Done,
	"长期坚持": LongTerm, "持续坚持": LongTerm, "长期": LongTerm, "长期整改": LongTerm, "完成并长期坚持": LongTerm, "已完成并长期坚持": LongTerm, "已完成长期坚持": LongTerm}

// StatusWords names each status as a spreadsheet does; empty for unstated.
var StatusWords = map[Status]string{NotStarted: "未启动", InProgress: "整改中", BasicallyDone: "基本完成", Done: "已完成", LongTerm: "长期坚持"}

var kindWords = map[string]Kind{"立行立改": Immediate, "即知即改": Immediate, "立即整改": Immediate, "限期整改": Dated, "限期": Dated, "限期完成": Dated, "分阶段整改": Dated, "阶段性整改": Dated,
	"长期坚持": Recurring, "长期整改": Recurring, "持续整改": Recurring, "持续推进": Recurring, "长期": Recurring}

var kindTitles = map[Kind]string{Immediate: "立行立改", Dated: "限期整改", Recurring: "长期坚持"}

// What the column 是否公开 says.
const (
	shown   = "是"
	partly  = "仅问题" // the problem is public, the measure is not
	secret  = "否"
	publics = "只能填“是”“否”或“仅问题”"
)

var publicWords = map[string]string{"是": shown, "公开": shown, "√": shown, "否": secret, "不公开": secret, "×": secret, "内部": secret, "仅问题": partly, "只公开问题": partly}

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n\t，。,.；;", r) {
			return -1
		}
		return r
	}, text)
}
