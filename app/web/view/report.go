package view

import (
	"regexp"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// ReportPage is the guide and, below it, the form of a report of misconduct.
type ReportPage struct {
	Frame
	Begun    bool // it was filled in already: the guide has been read, and is folded
	Nobody   bool // by what was written, nobody here may read it
	Superior []Piece
	Form     Form
}

func (ReportPage) Template() string { return "public/report" }

// Answers to whether a report is anonymous, as the form sends them.
const (
	Named     = "no"
	Anonymous = "yes"
)

// ReportFields are the questions of a report. Violations come from settings.
func ReportFields(privacyVersion, attachmentRule string, violations []string) []Field {
	kinds := []Choice{{"", "请选择（说不准的可以不选）"}}
	for _, v := range violations {
		kinds = append(kinds, Choice{v, v})
	}
	fields := []Field{
		{Name: "anonymous", Kind: Radio, Label: "实名还是匿名", Required: true, Choices: []Choice{{Named, "实名：告诉我受理情况和处理结果"}, {Anonymous, "匿名：只凭查询码看"}}},
		{Name: "name", Label: "您的姓名", Hint: "实名才填。单独加密，办理人看不到，由身份保管人保管。", Max: 40, Autocomplete: "off", Width: "middle"},
		{Name: "phone", Kind: Tel, Label: "您的电话", Hint: "实名才填。", Max: 30, Autocomplete: "off", Inputmode: "tel", Width: "middle"},
		{Name: "person", Label: "被举报人姓名", Hint: "不知道姓名的，写明特征，并填下面的单位。", Max: 120, Width: "middle", Autocomplete: "off"},
		{Name: "unit", Label: "被举报人单位", Hint: "哪个法院、哪个部门。举报派驻纪检监察组或者它的人，请在这里写明“纪检监察组”，本组的人就打不开。", Max: 120, Autocomplete: "off"},
		{Name: "person_post", Label: "被举报人职务", Max: 120, Width: "middle", Autocomplete: "off"},
		{Name: "violation", Kind: Select, Label: "问题类别", Choices: kinds},
		{Name: "happened_at", Label: "什么时候", Hint: "例如 2026年3月1日。记不清的写大概。", Max: 120, Width: "middle", Autocomplete: "off"},
		{Name: "place", Label: "在什么地方", Max: 120, Autocomplete: "off"},
		{Name: "facts", Kind: Textarea, Label: "举报的事实", Hint: "谁、做了什么、您怎么知道的、有什么证据或者线索，最多5000字。匿名的，请不要写能认出您的话。", Required: true, Max: 5000, Rows: 10},
	}
	fields = append(fields, Field{Name: "exclude", Kind: Textarea, Label: "谁不能看到这件举报", Rows: 3, Max: 1000, Hint: "一行写一个：写全名或者部门全称，例如和被举报人关系密切的纪检人员。只写姓、只写“王组长”，电脑认不出是谁。上面写到的人本来就看不到。"})
	return append(fields, Field{Name: "privacy_version", Kind: Checkbox, Value: privacyVersion, Required: true, Label: "我已阅读上面的说明和《隐私说明》，所写的是我知道的实情", More: Link{"看《隐私说明》", "/privacy#report"}},
		Field{Name: "attachments", Kind: Files, Label: "证据材料", Hint: attachmentRule})
}

// TakenFields are the same questions as a clerk is asked them, who has the reporter before them or on the telephone.
func TakenFields(violations []string) (fields []Field) {
	for _, f := range ReportFields("", "", violations) {
		switch f.Name {
		case "privacy_version", "attachments":
			continue
		case "anonymous":
			f.Choices = []Choice{{Named, "实名：留下姓名和电话"}, {Anonymous, "匿名：只凭查询码看"}}
		case "name":
			f.Label, f.Hint = "举报人姓名", "实名才填。单独加密，办理人看不到，由身份保管人保管。"
		case "phone":
			f.Label = "举报人电话"
		case "facts":
			f.Hint = "谁、做了什么、举报人怎么知道的、有什么证据或者线索，最多5000字。匿名的，不要写能认出举报人的话。这里不能上传附件：有材料、录音、录像的，写明有什么、有几份，原件请举报人保管好，办理人会和他约怎么交；来信来访时已经交来的，封好转派驻纪检监察组。"
		case "exclude":
			f.Label = "举报人说谁不能看到"
			f.Hint = "一行写一个：问清全名或者部门全称。只写姓、只写“王组长”，电脑认不出是谁。上面写到的人本来就看不到。"
		}
		f.Autocomplete = "off"
		fields = append(fields, f)
	}
	return fields
}

// Ordinal is the place of a group in words.
func (ReportTakenPage) Ordinal(i int) string {
	return [...]string{"一", "二", "三", "四", "五", "六"}[i%6]
}

// phoneOrAddress finds what can be pressed in a sentence.
var phoneOrAddress = regexp.MustCompile(`(?:https?://|www\.)[0-9A-Za-z./?=&%#_~:-]*[0-9A-Za-z/]|0\d{2,3}-?\d{7,8}|1[3-9]\d{9}|12\d{3}`)

// Piece is a stretch of a sentence: plain, or an address or a telephone number that can be pressed.
type Piece struct{ Text, Href, Phone string }

// Pieces cuts a sentence that staff wrote so that addresses and telephone numbers can be pressed.
func Pieces(s string) (list []Piece) {
	for s != "" {
		at := phoneOrAddress.FindStringIndex(s)
		if at == nil {
			return append(list, Piece{Text: s})
		}
		if at[0] > 0 {
			list = append(list, Piece{Text: s[:at[0]]})
		}
		p := Piece{Text: s[at[0]:at[1]]}
		switch {
		case strings.HasPrefix(p.Text, "http"):
			p.Href = p.Text
		case strings.HasPrefix(p.Text, "www"):
			p.Href = "http://" + p.Text
		default:
			p.Phone = p.Text
			p.Text = strings.ReplaceAll(p.Text, "-", "\u2011") // it stays on one line
		}
		list, s = append(list, p), s[at[1]:]
	}
	return list
}

// Typed are the answers to questions as they were asked, without those that are empty.
func Typed(fields []Field, value func(string) string) (list []Answer) {
	for _, f := range fields {
		v := value(f.Name)
		if v == "" || f.Kind == Files || f.Kind == Checkbox {
			continue
		}
		for _, c := range f.Choices {
			if c.Value == v {
				v = c.Text
				break
			}
		}
		list = append(list, Answer{f.Label, v})
	}
	return list
}

// ReportCodePage shows a report's number and code, once: after it was sent, or after its code was changed.
type ReportCodePage struct {
	Frame
	Renewed   bool // it is a new code that waits to be typed
	Again     bool // it was mistyped, and is shown once more
	Anonymous bool
	CaseNo    string // in groups, like the code
	Code      string
	At        Written
	NoticeBy  Day
	QR        QR
	Promise   string // the log's signed word, byte by byte; empty where there is none
	Form      Form   // asks for the code once more, as proof that it was written down
}

func (ReportCodePage) Template() string { return "public/report-code" }

// ReportProof asks for the code once more.
func ReportProof(csrf, number, key string) Form {
	return Form{Action: "/track", CSRF: csrf, Hidden: []Hidden{{"case_no", number}, {"submission_key", key}},
		Fields:  []Field{{Name: "access_code", Label: "把查询码再输一遍", Hint: "照您抄下的输，证明抄对了。空格有没有都行。", Required: true, Max: 60, Autocomplete: "off", Inputmode: "numeric", Width: "middle"}},
		Buttons: []Button{{Text: "我已经抄好，核对一下"}}}
}

// QR is a two-dimensional code as the path of a picture.
type QR struct {
	Size int // modules on a side, with the quiet zone
	Path string
}

// NewQR makes one of a text. It is empty when the text is too long for any.
func NewQR(text string) QR { return draw(text, qr.M) }

// NewFineQR makes one of a longer text: with as few modules as there can be, so that
// each is as large as it can be.
func NewFineQR(text string) QR { return draw(text, qr.L) }

func draw(text string, level qr.Level) QR {
	code, err := qr.Encode(text, level)
	if err != nil {
		return QR{}
	}
	const quiet = 4
	n := code.Size
	var b strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && code.Black(x, y) {
				x++
			}
			if x > from {
				b.WriteString("M" + strconv.Itoa(from+quiet) + " " + strconv.Itoa(y+quiet) + "h" + strconv.Itoa(x-from) + "v1h-" + strconv.Itoa(x-from) + "z")
			}
		}
	}
	return QR{Size: n + 2*quiet, Path: b.String()}
}

// ReportTrackPage is a report as its reporter sees it.
type ReportTrackPage struct {
	Frame
	CaseNo   Code
	Word     string
	Next     string
	Erased   bool
	Answers  []Answer // what was said
	Who      []Answer // the reporter's own
	Files    []Link
	Talk     []ReportWord
	Timeline []Event
	Say      *Form
	Renew    Form
	Log      *LogWord // nil while the log knows nothing of it
	CSRF     string
}

func (ReportTrackPage) Template() string { return "public/report-track" }

// Errors are those of the message.
func (p ReportTrackPage) Errors() []Link {
	if p.Say == nil {
		return nil
	}
	return p.Say.Errors()
}

// ReportWord is one message between the reporter and the officers.
type ReportWord struct {
	At    Moment
	Mine  bool
	Text  string
	Files []Link
}

// ReportRenewPage asks whoever comes with a code that staff have seen to change it.
type ReportRenewPage struct {
	Frame
	Form Form
}

func (ReportRenewPage) Template() string { return "public/report-renew" }

// RenewForm changes a report's code.
func RenewForm(csrf, key string) Form {
	return Form{Action: "/track/report/code", CSRF: csrf, Hidden: []Hidden{{"submission_key", key}}, Buttons: []Button{{Text: "换一个查询码"}}}
}

// SayForm is the reporter's message.
func SayForm(csrf, attachmentRule string) Form {
	return Form{Action: "/track/report/say", CSRF: csrf, Fields: []Field{
		{Name: "content", ID: "say-content", Kind: Textarea, Label: "补充情况，或者对结果的意见", Required: true, Max: 5000, Rows: 5},
		{Name: "attachments", Kind: Files, Label: "证据材料", Hint: attachmentRule},
	}, Buttons: []Button{{Text: "提交补充"}}}
}
