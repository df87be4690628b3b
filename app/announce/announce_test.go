package announce

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func read(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	text, err := DecodeFile(name, raw)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return text
}

func texts(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 15 {
		t.Fatalf("testdata: %v, %d texts", err, len(names))
	}
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	return names
}

// The golden files hold the published JSON and, after it, the findings.
func TestEveryShapeIsUnderstood(t *testing.T) {
	for _, name := range texts(t) {
		t.Run(name, func(t *testing.T) {
			a, kept := parse(read(t, name))
			check(t, read(t, name), a, kept)
			var got bytes.Buffer
			e := json.NewEncoder(&got)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(a); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", strings.TrimSuffix(name, ".txt")+".json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func stated(n int) *int { return &n }

func TestTheSeedIsUnderstoodInFull(t *testing.T) {
	a := Parse(read(t, "seed.txt"))
	type summary struct {
		Title, Issuer, Date Stated
		Inspection          Inspection
		Figures             Figures
		AsOf                AsOf
		Contacts            Contacts
		Aspects             []string
		Problems            []int
		Actions             int
		Sections, Unplaced  int
	}
	got := summary{
		Title: a.Title, Issuer: a.Issuer, Date: a.Date, Inspection: a.Inspection, Figures: a.Figures,
		AsOf: a.FiguresAsOf, Contacts: a.Contacts, Sections: len(a.Sections), Unplaced: len(a.Unplaced),
	}
	for _, aspect := range a.Aspects {
		got.Aspects = append(got.Aspects, string(aspect.Title))
		got.Problems = append(got.Problems, len(aspect.Problems))
	}
	_, _, _, got.Actions = a.Named()
	want := summary{
		Issuer: "中共云南省高级人民法院党组", Date: "2021-01-06",
		Inspection: Inspection{"2020-03-26", "2020-05-26", "省委第七巡视组", "2020-07-16"},
		Figures:    Figures{stated(42), stated(95), stated(295), stated(37), stated(5), stated(281), stated(102)},
		AsOf:       AsOf{ProblemsDone: "2021-01-06", ProblemsBasicallyDone: "2021-01-06", MeasuresDone: "2021-01-06", Rules: "2020-09"},
		Contacts:   Contacts{Phone: "12368", Address: "昆明市日新中路393号", Website: "http://jubao.court.gov.cn"},
		Aspects:    []string{"党组领导作用发挥不充分", "全面从严治党不够有力", "落实新时代党的组织路线有偏差", "落实巡视、审计、主题教育整改不坚决"},
		Problems:   []int{6, 3, 4, 2},
		Actions:    76,
		Sections:   3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := a.Aspects[3].Problems[0].Title, "‘两个责任’挂空挡，整改落实‘一阵风’"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	for _, aspect := range a.Aspects {
		for _, p := range aspect.Problems {
			for _, s := range p.Actions {
				if !strings.HasSuffix(s, "。") || strings.Count(s, "。") != 1 {
					t.Errorf("%s: %q is not one sentence", Code(aspect.No, p.No), s)
				}
			}
		}
	}
}

func TestDifferencesAreToldInSentences(t *testing.T) {
	got := Parse(read(t, "seed.txt")).Differences()
	want := []Difference{
		{"problems", 42, 15, false, "文中写明反馈问题42个，正文逐一列出15个，还有27个没有列出。"},
		{"sub_problems", 95, 0, false, "文中写明细化问题95个，正文没有逐一列出。"},
		{"problems_done", 42, 42, true, "完成整改37个、基本完成5个，合计42个，与反馈问题42个一致（37+5=42）。"},
		{"measures_done", 295, 281, true, "制定整改措施295条，完成281条，还有14条没有完成。"},
		{"measures_done", 95, 95, true, "整改措施完成率文中写作95%，按281÷295计算为95.3%，一致。"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContradictoryFiguresAreFound(t *testing.T) {
	a := Parse("反馈的10个问题已完成整改9个，基本完成3个。制定整改措施20条，已完成整改措施21条，完成率95%。\n一、整改情况\n1.针对“甲”问题。已改。")
	var got []string
	for _, d := range a.Differences() {
		if !d.Agrees {
			got = append(got, d.Sentence)
		}
	}
	want := []string{
		"文中写明反馈问题10个，正文逐一列出1个，还有9个没有列出。",
		"完成整改9个、基本完成3个，合计12个，比反馈问题10个还多2个，请核对。",
		"完成整改措施21条，比制定的20条还多1条，请核对。",
		"整改措施完成率文中写作95%，按21÷20计算为105.0%，不一致，请核对。",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsThatAreNotDoneYetAreCountedWhereTheTextSaysSo(t *testing.T) {
	for text, want := range map[string]string{
		"反馈问题3个。反馈问题已完成整改1个，正在整改的1个，需要长期坚持的1个。": "完成整改1个、正在整改1个、需要长期坚持1个，合计3个，与反馈问题3个一致。",
		"反馈问题4个。反馈问题已完成整改1个，正在整改的1个，需要长期坚持的1个。": "完成整改1个，合计1个，比反馈问题4个少3个，其余3个的进展文中没有写明或尚未完成。",
	} {
		found := false
		for _, d := range Parse(text + "\n一、整改情况\n1.针对“甲”问题。已改。").Differences() {
			found = found || d.Sentence == want
		}
		if !found {
			t.Errorf("%s: not %s", text, want)
		}
	}
}

func TestPunctuationIsFullWidthOnlyInChineseText(t *testing.T) {
	for in, want := range map[string]string{
		"召开会议2次,制定清单;要求:立改?好!":               "召开会议2次，制定清单；要求：立改？好！",
		"共1,234元,占95%,9:30至10:00办理":          "共1,234元，占95%,9:30至10:00办理",
		"制定《办法(试行)》(2020)":                   "制定《办法（试行）》（2020）",
		"网站:http://a.cn/x?a=1,b=2,电话:12368;": "网站：http://a.cn/x?a=1,b=2，电话：12368；",
		"邮箱:a.b@c.example.cn;邮编":             "邮箱：a.b@c.example.cn；邮编",
		"电话:(0871)6400000":                   "电话：(0871)6400000",
		"　　２０２０ 年 ３ 月,共 42 个 问题":             "2020年3月，共42个问题",
		"针对\"整改'一阵风'\"问题":                    "针对“整改‘一阵风’”问题",
		"Word 97, Excel: fine (really)!":     "Word 97, Excel: fine (really)!",
		"关于 “开会多” 的问题.":                      "关于“开会多”的问题。",
		"完成 WTO 规则学习":                        "完成 WTO 规则学习",
	} {
		if got := normalise(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSentencesEndOutsideQuotationsAndBrackets(t *testing.T) {
	for in, want := range map[string][]string{
		"甲。乙。":            {"甲。", "乙。"},
		"甲（一。二。）乙。丙":      {"甲（一。二。）乙。", "丙"},
		"强调“不改不收兵。”建立台账。": {"强调“不改不收兵。”", "建立台账。"},
		"坚持“两手抓。”的方针。好。":  {"坚持“两手抓。”的方针。", "好。"},
		"忘了关“引号。后面照分。":    {"忘了关“引号。", "后面照分。"},
		"一是开会；二是发文。三是检查。": {"一是开会；二是发文。", "三是检查。"},
		"《条例。》发布。":        {"《条例。》发布。"},
		"完。。":             {"完。。"},
	} {
		if diff := cmp.Diff(want, sentences(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestProblemTitlesStandWithoutTheirWrapping(t *testing.T) {
	for line, want := range map[string]string{
		"1.针对“甲、乙，丙”问题。已改。":             "甲、乙，丙",
		"1.针对“‘两个责任’挂空挡，整改‘一阵风’”问题。已改。": "‘两个责任’挂空挡，整改‘一阵风’",
		"1．关于“甲”的问题":                    "甲",
		"（1）关于“甲”等问题的整改情况。":             "“甲”等",
		"1、关于党建工作薄弱的问题。已改。":             "党建工作薄弱",
		"1.关于问题整改不彻底的问题。":               "问题整改不彻底",
		"1.针对“三重一大”制度不健全问题。":            "“三重一大”制度不健全",
		"1.“甲”问题。":                      "甲",
		"1.针对“甲”问题，一是开会。":               "甲",
		"1.针对“甲”。已改。":                   "甲",
		"反馈问题一：关于 “甲” 的问题。":             "甲",
		"问题3：甲不到位。":                     "甲不到位",
		"1.存在问题：甲不到位。":                  "甲不到位",
		"针对“甲”问题。已改。":                   "甲",
		"①针对\"甲\"问题。已改。":                "甲",
		"1.针对“会上表态：“马上改”，会后不改”问题。":      "会上表态：“马上改”，会后不改",
	} {
		a := Parse("二、反馈问题整改情况\n（一）关于“乙”方面\n" + line + "\n整改情况：改了。")
		if len(a.Aspects) != 1 || a.Aspects[0].Title != "乙" || len(a.Aspects[0].Problems) != 1 {
			t.Errorf("%s: aspects %+v", line, a.Aspects)
			continue
		}
		if got := a.Aspects[0].Problems[0].Title; got != want {
			t.Errorf("%s: title %q, want %q", line, got, want)
		}
	}
}

func TestRunningTextIsNotAHeading(t *testing.T) {
	for _, line := range []string{
		"针对反馈的问题，召开专题会议。",
		"针对“两个责任”落实中的问题，召开会议。",
		"1.2万元已清退。",
		"关于印发《办法》的通知已下发，问题已解决。",
		"一、二审案件均已评查。",
		"2021年1月召开会议。",
	} {
		a := Parse("一、整改情况\n1.针对“甲”问题。已改。\n" + line)
		if got := len(a.Aspects[0].Problems); got != 1 {
			t.Errorf("%s: %d problems", line, got)
			continue
		}
		if got := a.Aspects[0].Problems[0]; len(got.Sub) != 0 || len(got.Actions) != 2 {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestOrganisingChaptersHoldNoAspects(t *testing.T) {
	a := Parse(read(t, "nested.txt"))
	var got []string
	for _, aspect := range a.Aspects {
		for _, p := range aspect.Problems {
			got = append(got, fmt.Sprintf("%s %s/%s %d+%d", Code(aspect.No, p.No), aspect.Title, p.Title, len(p.Actions), len(p.Sub)))
		}
	}
	want := []string{
		"1-1 服务读者不够到位/开放时间不合理 2+0",
		"1-2 服务读者不够到位/馆藏更新缓慢 0+2",
		"2-1 内部管理不够规范/固定资产账实不符 1+0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBlocksPrintTheTextInOrder(t *testing.T) {
	var got []string
	for _, b := range Parse(read(t, "nested.txt")).Blocks {
		got = append(got, fmt.Sprintf("%d %s %d %s %s|%s", b.Line, b.Kind, b.Level, b.Anchor, b.Text, b.Rest))
	}
	want := []string{
		"1 title 0  中共某市某某区委员会办公室|",
		"2 title 0  关于巡察整改进展情况的通报|",
		"4 paragraph 0  根据区委统一部署，2023年3月6日至5月12日，区委第二巡察组对某某区图书馆党支部进行了巡察，6月20日反馈了巡察意见。现将整改进展情况公布如下。|",
		"5 chapter 1 c1 一、整改组织情况|",
		"6 paragraph 0  （一）提高认识抓整改。召开专题会议3次。|",
		"7 paragraph 0  （二）压实责任抓整改。围绕反馈的2个方面5个问题，制定31项具体整改措施，目前已完成29项。|",
		"8 chapter 1 c2 二、反馈问题整改落实情况|",
		"9 heading 2 a1 （一）聚焦“服务读者不够到位”方面|",
		"10 problem 3 p1-1 1.关于“开放时间不合理”的问题|",
		"11 paragraph 0  整改落实情况：一是延长周末开放时间。二是增设夜间阅览区。|",
		"12 problem 3 p1-2 2.关于“馆藏更新缓慢”的问题|",
		"13 sub 4 p1-2-1 （1）针对“采购流程冗长”的问题|",
		"14 paragraph 0  整改措施：修订采购办法。缩短审批环节2个。|",
		"15 sub 4 p1-2-2 （2）针对“读者荐购落实不力”的问题|",
		"16 paragraph 0  整改措施：每月公布荐购结果。|",
		"17 heading 2 a2 （二）聚焦“内部管理不够规范”方面|",
		"18 problem 3 p2-1 1.关于“固定资产账实不符”的问题|",
		"19 paragraph 0  整改落实情况：完成全面清查。|",
		"20 chapter 1 c3 三、下一步打算|",
		"21 paragraph 0  持续巩固整改成果。|",
		"22 closing 0  联系电话：0000-1234567；通信地址：某市某某路8号；邮编：000000；电子邮箱：tsg@example.cn。|",
		"23 signature 0  中共某市某某区图书馆支部委员会|",
		"24 date 0  2023年11月2日|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodingsGiveTheSameText(t *testing.T) {
	plain := "关于整改情况的通报\r\n一、整改情况\r\n1.针对“甲”问题。已改。\r\n"
	utf16 := []byte{0xFF, 0xFE}
	for _, r := range plain {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, raw := range map[string][]byte{
		"utf-8": []byte(plain), "with mark": []byte("\uFEFF" + plain), "utf-16": utf16,
	} {
		got, err := Decode(raw)
		if err != nil || got != plain {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got := read(t, "gb18030.txt"); !strings.HasPrefix(got, "中共桐野县人民检察院党组") {
		t.Errorf("GB18030: %q", got[:60])
	}
}

func TestWhatIsNotTextIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"picture.txt": {[]byte("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"), ErrNotText},
		"zeros.txt":   {make([]byte, 64), ErrNotText},
		"old.doc":     {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), ErrOldWord},
		"paper.pdf":   {[]byte("%PDF-1.7\n"), ErrPDF},
		"broken.docx": {[]byte("PK\x03\x04broken"), ErrDocx},
		"text.docx":   {[]byte("只是文字"), ErrDocx},
		"big.txt":     {bytes.Repeat([]byte("大"), 3<<20), ErrTooBig},
	} {
		if _, err := DecodeFile(name, c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if got, err := Decode(nil); got != "" || err != nil {
		t.Errorf("an empty file: %q, %v", got, err)
	}
}

func TestAnEmptyTextHasAnEmptyResult(t *testing.T) {
	got, err := json.Marshal(Parse("\r\n \n"))
	want := `{"title":null,"issuer":null,"date":null,"preamble":[],"inspection":{"from":null,"to":null,"by":null,"feedback_on":null},` +
		`"figures":{"problems":null,"sub_problems":null,"measures":null,"problems_done":null,"problems_basically_done":null,"measures_done":null,"rules":null},` +
		`"figures_as_of":{"problems":null,"sub_problems":null,"measures":null,"problems_done":null,"problems_basically_done":null,"measures_done":null,"rules":null},` +
		`"sections":[],"aspects":[],"contacts":{"phone":null,"address":null,"website":null,"email":null,"postcode":null},"unplaced":[]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// Quadratic work on these would outlast the test's own time limit.
func TestHostileTextsEndSoon(t *testing.T) {
	for name, text := range map[string]string{
		"numbers":      strings.Repeat("完成1个问题", 200_000),
		"items":        strings.Repeat("1.甲不到位\n整改情况：\n", 60_000),
		"quotes":       strings.Repeat("“", 1_000_000),
		"pairs":        strings.Repeat("“（", 300_000) + strings.Repeat("）”", 300_000),
		"one heading":  "1.针对“" + strings.Repeat("问题的", 600_000),
		"dates":        "巡察" + strings.Repeat("2020年3月1日反馈了", 100_000),
		"deep markers": strings.Repeat("一、甲\n（一）乙\n1.丙\n（1）丁\n①戊\n反馈问题一：己\n针对“庚”问题。\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			Parse(text)
		})
	}
}

// reporter is what testing and rapid have in common.
type reporter interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
}

// check holds a result to its promises. Conservation is exact: folded (blanks
// and invisible characters off, half- and full-width and quotation forms made
// one), the characters of the input are, as a multiset, those of the published
// JSON (title, preamble, sections, aspects, unplaced; the title of a chapter
// that is an aspect once), less each 。 put on, plus the pieces taken off. And
// a piece taken off is nothing but the number and the fixed words of a heading
// or label, or a whole dateline, signature or date line. Independently, the
// blocks hold every character of the input in its own order.
func check(t reporter, text string, a Announcement, kept ledger) {
	t.Helper()
	want := map[rune]int{}
	folded := fold(strings.ToValidUTF8(text, "\uFFFD"))
	for _, r := range folded {
		want[r]++
	}
	got := map[rune]int{}
	add := func(parts ...string) {
		for _, s := range parts {
			for _, r := range fold(s) {
				got[r]++
			}
		}
	}
	anchors := map[string]bool{}
	lines := map[string]bool{}
	var blocks strings.Builder
	for i, b := range a.Blocks {
		if b.Anchor != "" && anchors[b.Anchor] {
			t.Errorf("anchor %s twice", b.Anchor)
		}
		anchors[b.Anchor] = true
		if b.Kind == KindDateline || b.Kind == KindSignature || b.Kind == KindDate {
			lines[b.Text] = true
		}
		if i > 0 && a.Blocks[i-1].Line >= b.Line && b.Kind != KindSignature && b.Kind != KindDate {
			t.Errorf("line %d after line %d", b.Line, a.Blocks[i-1].Line)
		}
		blocks.WriteString(fold(b.Text + b.Rest))
	}
	add(string(a.Title))
	add(a.Preamble...)
	for i, s := range a.Sections {
		numbered(t, i, s.No, s.Title)
		add(s.Title)
		add(s.Paragraphs...)
	}
	sentence := func(actions []string) {
		if actions == nil {
			t.Error("actions are null")
		}
		for _, s := range actions {
			if !endsWith(strings.TrimRight(s, "”’）"), "。！？") {
				t.Errorf("%q does not end", s)
			}
		}
		add(actions...)
	}
	for i, aspect := range a.Aspects {
		numbered(t, i, aspect.No, "-")
		if len(aspect.Problems) == 0 {
			t.Errorf("aspect %d has no problems", aspect.No)
		}
		if anchors["a"+Code(aspect.No)] {
			add(string(aspect.Title))
		}
		for j, p := range aspect.Problems {
			numbered(t, j, p.No, p.Title)
			add(p.Title)
			sentence(p.Actions)
			for k, s := range p.Sub {
				numbered(t, k, s.No, s.Title)
				add(s.Title)
				sentence(s.Actions)
			}
		}
	}
	for _, l := range a.Unplaced {
		add(l.Text)
	}
	got['.'] -= kept.on
	for _, piece := range kept.off {
		add(piece)
		if !lines[piece] && !fixed.MatchString(piece) {
			t.Errorf("%q was taken off", piece)
		}
	}
	for r, n := range got {
		if n == 0 {
			delete(got, r)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not conserved: %s\nof %q", diff, text)
	}
	if len(a.Blocks) > 0 || folded != "" {
		if b := blocks.String(); len(b) != len(folded) {
			t.Errorf("blocks hold %d bytes of %d", len(b), len(folded))
		}
	}
	for _, l := range split(text) {
		if n := normalise(l); fold(n) != fold(l) {
			t.Errorf("normalise changed %q to %q", l, n)
		}
	}
	if a.Preamble == nil || a.Sections == nil || a.Aspects == nil || a.Unplaced == nil {
		t.Error("null for an empty list")
	}
}

func numbered(t reporter, i, no int, title string) {
	t.Helper()
	if no != i+1 || title == "" {
		t.Errorf("number %d, want %d; title %q", no, i+1, title)
	}
}

// fixed is what may be taken off: numbers, marks and the wrapping's own words.
var fixed = regexp.MustCompile(`^(?:[\d一二三四五六七八九十①-⑳⑴-⒇⒈-⒛㈠-㈩]|[\s\pP\pS]|针对|关于|对于|对照|聚焦|围绕|就|在|对|巡视|巡察|组|反馈|指出|提出|的|中|存在|具体|突出|主要|这一|问题|描述|整改|落实|推进|完成|进展|情况|工作|等|方面|层面|措施|举措|成效|成果|结果|做法|及|已|目前|采取|第|部分|章)+$`)

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case r == '。', r == '｡':
			return '.'
		case r == '“', r == '”':
			return '"'
		case r == '‘', r == '’':
			return '\''
		case r > 0xFF00 && r < 0xFF5F:
			return r - 0xFEE0
		}
		return r
	}, s)
}

func FuzzParse(f *testing.F) {
	for _, name := range texts(f) {
		f.Add(read(f, name))
	}
	for _, s := range []string{
		"", "。", "1.", "一、", "1.针对“”问题。", "1.针对“甲”问题", "（一）方面", "关于“”方面", "整改情况：", "1.整改情况：甲",
		"1.甲\n整改情况：\n1.乙\n2.丙", "反馈问题一：\n反馈问题二：甲", "2020年1月", "中共某党组\n2020年1月1日", "“‘。”’", "\xff\xfe", "联系电话：1",
		"一、甲\n（一）关于“乙”的问题\n1.针对“丙”问题。丁", "甲。整改情况：乙", "1.甲。整改措施：乙。整改成效：丙", "问题1：问题2：问题3：", "截至1月，99999999个问题",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, kept := parse(text)
		check(t, text, a, kept)
		a.Differences()
		if _, err := json.Marshal(a); err != nil {
			t.Error(err)
		}
	})
}

// Bytes mutated at random seldom make headings; these texts are made of the
// pieces that announcements are made of.
func TestTextsOfAnyPiecesAreConserved(t *testing.T) {
	pieces := []string{
		"\n", "\n", "\n", "\n", "\r\n", "　　", " ", "。", "，", "；", "：", ",", ";", ":", "(", ")", "（", "）", "“", "”", "‘", "’", "\"", "'", ".", "、", "》", "《",
		"一、", "二、", "三.", "（一）", "(二)", "1.", "2．", "3、", "（1）", "(2)", "①", "⒈", "㈠", "第一部分", "反馈问题一：", "问题2：", "一是", "二是",
		"针对", "关于", "聚焦", "在", "问题", "的问题", "方面", "存在的问题", "等", "整改情况：", "整改落实情况:", "整改措施：", "【整改情况】", "整改成效：", "责任领导：", "存在问题：",
		"学习不深入", "落实不到位", "组织开展情况", "下一步打算", "反馈问题整改落实情况", "修订制度", "召开会议3次", "已完成整改37个", "42个问题", "295条整改措施",
		"2020年3月1日", "至5月6日", "截至9月底", "省委第七巡视组", "反馈意见", "中共某某局党组", "关于巡察整改进展情况的通报", "来源：某网", "欢迎监督", "联系电话：12368", "地址：某路1号",
		"http://a.cn/b,c", "a@b.cn", "95%", "1,234", "甲", "乙丙丁", "特此通报。", "责任编辑：某",
	}
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(r, "pieces"), "")
		a, kept := parse(text)
		check(r, text, a, kept)
	})
}

func BenchmarkParseSeed(b *testing.B) {
	text := read(b, "seed.txt")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Parse(text)
	}
}
