package announce

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWhatIsComposedIsReadBack(t *testing.T) {
	word := rapid.StringOfN(rapid.SampledFrom([]rune("学习制度窗口立案执行监督管理责任落实整改审判")), 2, 12, -1)
	sentence := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"制定", "修订", "开展", "召开"}).Draw(t, "verb") + word.Draw(t, "what") + rapid.SampledFrom([]string{"", "3次", "，已经执行", "，其中“" + "窗口" + "”2个"}).Draw(t, "more") + "。"
	})
	rapid.Check(t, func(t *rapid.T) {
		var want []Aspect
		for i := range rapid.IntRange(1, 4).Draw(t, "aspects") {
			a := Aspect{No: i + 1, Title: Stated(word.Draw(t, "aspect") + "不够"), Problems: []Problem{}}
			for k := range rapid.IntRange(1, 4).Draw(t, "problems") {
				p := Problem{No: k + 1, Title: word.Draw(t, "problem") + "不到位", Actions: rapid.SliceOfN(sentence, 1, 4).Draw(t, "actions"), Sub: []SubProblem{}}
				for n := range rapid.IntRange(0, 3).Draw(t, "parts") {
					p.Sub = append(p.Sub, SubProblem{No: n + 1, Title: word.Draw(t, "part") + "不严", Actions: rapid.SliceOfN(sentence, 1, 3).Draw(t, "done")})
				}
				a.Problems = append(a.Problems, p)
			}
			want = append(want, a)
		}
		text := "一、总体情况\n党组高度重视。\n二、反馈问题整改落实情况\n" + Compose(want) + "三、下一步工作\n继续推进。\n中共某某法院党组\n2027年1月6日\n"
		if d := cmp.Diff(want, Parse(text).Aspects); d != "" {
			t.Fatalf("%s\n%s", text, d)
		}
	})
}

func TestTitlesInQuotesStayTitles(t *testing.T) {
	text := Compose([]Aspect{{No: 11, Title: "落实“两个责任”不力", Problems: []Problem{{No: 1, Title: "整改“一阵风”", Actions: []string{"已经改正。"}}}}})
	want := "（十一）关于“落实‘两个责任’不力”方面\n1.针对“整改‘一阵风’”问题。已经改正。\n"
	if d := cmp.Diff(want, text); d != "" {
		t.Error(d)
	}
}

func TestSentencesAreWholeAndBare(t *testing.T) {
	for in, want := range map[string][]string{
		"":              nil,
		" \n。":          nil,
		"整改情况：已印发,并已执行": {"已印发，并已执行。"},
		"1.制定办法；\n2.开展培训。考核2次！":     {"制定办法。", "开展培训。", "考核2次！"},
		"已装好叫号屏，第一季度使用3200次。\r\n再查": {"已装好叫号屏，第一季度使用3200次。", "再查。"},
	} {
		if d := cmp.Diff(want, Sentences(in)); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}

func TestAWordDocumentThatIsWrittenIsReadBackLineByLine(t *testing.T) {
	texts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(texts) == 0 {
		t.Fatal(err)
	}
	for _, name := range append(texts, "../seed/announcement.txt") {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := Decode(raw)
		if err != nil {
			continue // not a text, on purpose
		}
		file, err := WriteDocx(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := WriteDocx(text)
		if err != nil || !bytes.Equal(file, again) {
			t.Error(name, "is not written the same twice", err)
		}
		got, err := DecodeFile("x.docx", file)
		if err != nil {
			t.Fatal(name, err)
		}
		want, have := Parse(text), Parse(got)
		// Empty lines are not kept: only the numbers of lines differ.
		for _, a := range []*Announcement{&want, &have} {
			for i := range a.Blocks {
				a.Blocks[i].Line = 0
			}
			for i := range a.Unplaced {
				a.Unplaced[i].Line = 0
			}
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Error(name, d)
		}
	}
}

func TestHostileTextMakesAWholeDocument(t *testing.T) {
	for _, text := range []string{"", "\x00\x1b<w:p>&amp;]]>\"'", strings.Repeat("\u202e\uFFFE长", 1000), "一、\n（一）\n1.\n"} {
		file, err := WriteDocx(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeFile("x.docx", file); err != nil && strings.TrimSpace(text) != "" {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}
