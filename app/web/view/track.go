package view

// TrackPage asks for the number and the code. Its form comes from TrackForm.
type TrackPage struct {
	Frame
	Form Form
}

func (TrackPage) Template() string { return "public/track" }

// TrackForm is the form of the tracking page. The code is never shown again, whatever was typed.
func TrackForm(csrf string) Form {
	return Form{
		Action: "/track",
		CSRF:   csrf,
		Fields: []Field{
			{Name: "case_no", Label: "受理编号", Hint: "8位数字，空格有没有都行。", Required: true, Max: 30, Autocomplete: "off", Inputmode: "numeric", Width: "middle"},
			{Name: "access_code", Label: "查询码", Hint: "提交时和编号一起给您的那一串数字。", Required: true, Max: 60, Autocomplete: "off", Inputmode: "numeric", Width: "middle"},
		},
		Buttons: []Button{{Text: "查看进度"}},
	}
}

// CodePage asks for a code of the sender's own in place of one that staff have seen.
type CodePage struct {
	Frame
	Form Form
}

func (CodePage) Template() string { return "public/code" }

// CodeForm is its form. A code is never shown again, whatever was typed.
func CodeForm(csrf string) Form {
	return Form{Action: "/track/code", CSRF: csrf, Fields: []Field{
		{Name: "code", Label: "新查询码", Hint: "8 位数字，自己记得住、别人猜不到的。", Required: true, Max: 60, Autocomplete: "off", Inputmode: "numeric", Width: "middle"},
		{Name: "again", Label: "再填一次", Required: true, Max: 60, Autocomplete: "off", Inputmode: "numeric", Width: "middle"},
	}, Buttons: []Button{{Text: "换好，查看进度"}}}
}

// CasePage is what the sender sees of their own item. The forms are present only when that action is possible now.
type CasePage struct {
	Frame
	CaseNo   Code
	Kind     Kind
	Heading  string // the item's title
	Content  string // the sender's own text
	Files    []Link // the sender's own, to download again
	Word     string // the state in a few words: 正在办理
	Next     string // what happens next, in one sentence: 预计2026年3月12日前答复。
	Closed   bool   // nothing more is expected from the court
	Timeline []Event
	Answer   *CaseAnswer
	Add      *Form
	Urge     *Form
	Rate     *Form
	Withdraw *Form
	Object   *Form
	Erase    *Form
	Parts    []Link   // that were split off
	Keep     []string // what becomes of the sender's data, a sentence each
	Rated    string   // the rating given, in words; empty before
	Log      *LogWord // nil while the log knows nothing of it
	CSRF     string   // for ending the session
}

func (CasePage) Template() string { return "public/case" }

// Errors gathers the errors of whichever form was sent.
func (p CasePage) Errors() []Link {
	var errors []Link
	for _, f := range []*Form{p.Add, p.Urge, p.Rate, p.Withdraw, p.Object, p.Erase} {
		if f != nil {
			errors = append(errors, f.Errors()...)
		}
	}
	return errors
}

// Event is a step in plain words, latest last. Text is what one side wrote, if anything.
type Event struct {
	At   Moment
	Word string // 已收到
	Text string
	Mine bool // written by the sender
}

// CaseAnswer is the court's answer.
type CaseAnswer struct {
	On   Day
	Unit string
	Text string
	File []Link
}

// AddForm and the others are the actions on a case, with their addresses and field names.
func AddForm(csrf, attachmentRule string) Form {
	return Form{Action: "/track/case/add", CSRF: csrf,
		Fields: []Field{
			{Name: "content", ID: "add-content", Kind: Textarea, Label: "补充的内容", Required: true, Max: 5000, Rows: 5},
			{Name: "attachments", Kind: Files, Label: "附件", Hint: attachmentRule},
		},
		Buttons: []Button{{Text: "提交补充"}}}
}

func UrgeForm(csrf string) Form {
	return Form{Action: "/track/case/urge", CSRF: csrf,
		Fields:  []Field{{Name: "content", ID: "urge-content", Kind: Textarea, Label: "想对承办人说的话", Max: 500, Rows: 2}},
		Buttons: []Button{{Text: "催一催"}}}
}

// ObjectForm is the sender's no to an answer; stage is the next stage of a petition, or empty.
func ObjectForm(csrf, stage string) Form {
	f := Form{Action: "/track/case/object", CSRF: csrf,
		Fields: []Field{{Name: "content", ID: "object-content", Kind: Textarea, Label: "不同意的理由", Required: true, Max: 2000, Rows: 4,
			Hint: "写明哪里没有答复、哪里不对、希望怎么办。"}},
		Buttons: []Button{{Text: "要求重新办理"}}}
	if stage != "" {
		f.Buttons[0].Text = "申请" + stage
		f.Fields[0].Hint += stage + "由另一个部门办理，30 日内答复。"
	}
	return f
}

func RateForm(csrf string) Form {
	return Form{Action: "/track/case/rate", CSRF: csrf,
		Fields: []Field{
			{Name: "resolved", Kind: Radio, Label: "事情解决了吗", Required: true, Choices: []Choice{{"yes", "已解决"}, {"partly", "部分解决"}, {"no", "没有解决"}}},
			{Name: "satisfied", Kind: Radio, Label: "对办理满意吗", Required: true, Choices: []Choice{{"satisfied", "满意"}, {"basically", "基本满意"}, {"dissatisfied", "不满意"}}},
			{Name: "reason", Kind: Textarea, Label: "原因", Hint: "没有解决或者不满意的，请写明原因，我们据此决定是否重新办理。", Max: 1000, Rows: 3},
		},
		Buttons: []Button{{Text: "提交评价"}}}
}

func WithdrawForm(csrf string) Form {
	return Form{Action: "/track/case/withdraw", CSRF: csrf,
		Fields:  []Field{{Name: "confirm", Kind: Checkbox, Value: "1", Label: "我确定撤回，不再需要答复", Required: true}},
		Buttons: []Button{{Text: "撤回来件"}}}
}

// EraseForm asks to have everything erased before its time.
func EraseForm(csrf string) Form {
	return Form{Action: "/track/case/erase", CSRF: csrf, Fields: []Field{{Name: "content", ID: "erase-content", Kind: Textarea, Label: "理由", Rows: 2,
		Hint: "可以不写。删除以后不能恢复，编号和查询码也查不到内容。"}}, Buttons: []Button{{Text: "申请删除"}}}
}
