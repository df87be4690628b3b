package view

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// FieldKind says how a field is shown.
type FieldKind string

const (
	Text     FieldKind = ""
	Tel      FieldKind = "tel"
	Email    FieldKind = "email"
	Textarea FieldKind = "textarea"
	Checkbox FieldKind = "checkbox" // Value is what a tick sends, Checked whether it is ticked
	Radio    FieldKind = "radio"
	Select   FieldKind = "select"
	Files    FieldKind = "file"
)

// Field is one question of a form, rendered by parts/field.
type Field struct {
	Name         string
	ID           string // only where a page asks for the same name twice; else the name is the id
	Kind         FieldKind
	Label        string
	More         Link // what the label of a Checkbox speaks of, to be read first
	Hint         string
	Value        string
	Error        string // what is wrong and what to do about it
	Required     bool
	Checked      bool
	Max          int // characters; 0: no limit shown
	Rows         int // of a textarea
	Autocomplete string
	Inputmode    string
	Choices      []Choice
	Width        string // "short", "middle" or empty for the whole line
}

// Choice is an answer to a Radio or Select field.
type Choice struct{ Value, Text string }

// Ref is the field's id.
func (f Field) Ref() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// ChoiceRef is the id of one of the answers; the first one bears the field's own, so that the error summary reaches it.
func (f Field) ChoiceRef(i int) string {
	if i == 0 {
		return f.Ref()
	}
	return f.Ref() + "-" + itoa(i+1)
}

// Described names the elements that explain the field, for aria-describedby.
func (f Field) Described() string {
	switch {
	case f.Hint != "" && f.Error != "":
		return f.Ref() + "-hint " + f.Ref() + "-error"
	case f.Hint != "":
		return f.Ref() + "-hint"
	case f.Error != "":
		return f.Ref() + "-error"
	}
	return ""
}

// Type is the input element's type.
func (f Field) Type() string {
	if f.Kind == Text {
		return "text"
	}
	return string(f.Kind)
}

// Hidden is a value the form carries along.
type Hidden struct{ Name, Value string }

// Button sends a form. Without a Name it is the plain sending.
type Button struct{ Text, Name, Value string }

// Captcha is the picture and the sound of six digits. Its answer is never kept.
type Captcha struct {
	ID    string
	Error string
}

// Image and Sound are the addresses of the two forms of the same digits.
func (c Captcha) Image() string { return "/captcha/" + c.ID + ".png" }
func (c Captcha) Sound() string { return "/captcha/" + c.ID + ".wav" }

// Form is everything between <form> and </form>, rendered by parts/form: hidden values, questions, captcha,
// files last, then the buttons (the first is what the Enter key presses).
type Form struct {
	Action    string
	CSRF      string
	Hidden    []Hidden
	Fields    []Field // files among them are moved to the end
	More      []Field // of a search: folded away while they narrow nothing
	Captcha   *Captcha
	Private   bool // the browser must not remember what is typed
	Honeypot  bool // adds the field "website", which people do not see: an item that fills it was sent by a machine
	Buttons   []Button
	FilesLost bool     // files were chosen and must be chosen again
	Lost      []string // their names, where they are known
	Kept      []string // names of files that the server has already
}

// Unfolded reports whether a field that is folded away narrows the search.
func (f Form) Unfolded() bool {
	for _, field := range f.More {
		if field.Error != "" || field.Checked || field.Kind != Checkbox && field.Value != "" {
			return true
		}
	}
	return false
}

// Questions are the fields before the captcha.
func (f Form) Questions() []Field { return f.split(false) }

// Attachments are the file fields, sent last so that a reader of the stream knows everything else by then.
func (f Form) Attachments() []Field { return f.split(true) }

func (f Form) split(files bool) []Field {
	var out []Field
	for _, field := range f.Fields {
		if (field.Kind == Files) == files {
			out = append(out, field)
		}
	}
	return out
}

// Enctype is multipart where there are files.
func (f Form) Enctype() string {
	if len(f.Attachments()) > 0 {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

// Errors are the links of the error summary, in the order of the page.
func (f Form) Errors() []Link {
	var errors []Link
	for _, field := range f.Questions() {
		if field.Error != "" {
			errors = append(errors, Link{field.Error, "#" + field.Ref()})
		}
	}
	if f.Captcha != nil && f.Captcha.Error != "" {
		errors = append(errors, Link{f.Captcha.Error, "#captcha_solution"})
	}
	for _, field := range f.Attachments() {
		if field.Error != "" {
			errors = append(errors, Link{field.Error, "#" + field.Ref()})
		}
	}
	return errors
}

// Fill gives each field its typed value; a checkbox is ticked when its own value came back. The form is changed.
func (f *Form) Fill(value func(name string) string) {
	for i := range f.Fields {
		field := &f.Fields[i]
		switch v := value(field.Name); field.Kind {
		case Files:
		case Checkbox:
			field.Checked = v != "" && v == field.Value
		default:
			field.Value = v
		}
	}
}

// Fail puts a message at a field and says whether the form has it. The form is changed.
func (f *Form) Fail(name, message string) bool {
	if name == "captcha_solution" && f.Captcha != nil {
		f.Captcha.Error = message
		return true
	}
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			f.Fields[i].Error = message
			return true
		}
	}
	return false
}

// Kind is a kind of submission, by its glossary word.
type Kind string

const (
	Suggestion Kind = "suggestion"
	Comment    Kind = "comment"
	Enquiry    Kind = "enquiry"
	Complaint  Kind = "complaint"
	Petition   Kind = "petition"
	Report     Kind = "report"
	Correction Kind = "correction"
)

// Kinds are all kinds in the order of the choice page.
var Kinds = []Kind{Comment, Suggestion, Enquiry, Complaint, Petition, Report, Correction}

var kinds = map[Kind]struct{ word, lead string }{
	Comment:    {"整改监督意见", "对某个问题、某条措施整改得怎么样，说说您的看法。"},
	Suggestion: {"意见建议", "对法院工作提出改进的主意。"},
	Enquiry:    {"咨询", "想知道怎么办、找谁办、办到哪一步。"},
	Complaint:  {"投诉", "反映法院工作人员的作风、服务态度或者办事拖延。"},
	Petition:   {"申诉求决", "请求法院解决具体的困难或者纠纷（不是正在审理、已经判决的案件）。"},
	Report:     {"检举控告", "反映法院工作人员违纪违法。请先阅读举报须知。"},
	Correction: {"网站纠错", "本站的文字、数字、链接有错，或者页面用不了。"},
}

// Word is the kind's Chinese name, Lead what it is for, Href its form.
func (k Kind) Word() string { return kinds[k].word }
func (k Kind) Lead() string { return kinds[k].lead }
func (k Kind) Href() string { return "/submit/" + string(k) }

// KindRow is a kind with its time limits in words, which come from settings: 15日内告知是否受理. Empty is not shown.
type KindRow struct {
	Kind
	Limit string
}

// Questions are the fields of a kind, all empty, in the order they are asked; nothing else is asked for. The privacy
// notice's version is what its checkbox sends; attachmentRule is the limit in words, from settings. Report has no form
// here: nil.
func Questions(k Kind, privacyVersion, attachmentRule string) []Field {
	title := Field{Name: "title", Label: "标题", Hint: "用一句话说清楚，10到25个字最好。", Required: true, Max: 60}
	content := Field{Name: "content", Kind: Textarea, Label: "内容", Required: true, Max: 5000, Rows: 8,
		Hint: "写清时间、地点、经过和您的要求，最多5000字。请不要写身份证号、银行卡号。"}
	name := Field{Name: "name", Label: "称呼", Hint: "可以用真名，也可以用化名。", Max: 40, Autocomplete: "name", Width: "middle"}
	phone := Field{Name: "phone", Kind: Tel, Label: "手机或固定电话", Hint: "只用来通知您有了新进展、核实情况，不会公开。", Max: 30,
		Autocomplete: "tel", Inputmode: "tel", Width: "middle"}
	email := Field{Name: "email", Kind: Email, Label: "电子邮箱", Hint: "只用来通知您有了新进展，不会公开。", Max: 120, Autocomplete: "email", Inputmode: "email", Width: "middle"}
	publish := Field{Name: "allow_publish", Kind: Checkbox, Value: "1", Label: "同意隐去个人信息后公开我的来件和答复（选填）",
		Hint: "不勾选也一样办理和答复。"}
	guardian := Field{Name: "guardian", Kind: Checkbox, Value: "1", Label: "提交人未满14周岁，监护人已知情并同意（选填）", Hint: "已满14周岁的，不用勾选。"}
	privacy := Field{Name: "privacy_version", Kind: Checkbox, Value: privacyVersion, Required: true, Label: "我已阅读并同意《隐私说明》"}
	attachments := Field{Name: "attachments", Kind: Files, Label: "附件", Hint: attachmentRule}

	switch k {
	case Suggestion:
		content.Label = "您的建议"
		content.Hint = "写清现在是什么情况、您希望怎么改，最多5000字。"
		return []Field{title, content, name, phone, email, publish, guardian, privacy, attachments}
	case Comment:
		problem := Field{Name: "problem", Label: "针对的问题编号", Hint: "例如 1-3；针对某条措施的，例如 1-3-2-1。编号在“整改进展”里查。", Required: true, Max: 20, Width: "short"}
		content.Label = "您的看法"
		content.Hint = "哪里改好了、哪里没改到位、您看到了什么，最多5000字。"
		return []Field{problem, title, content, name, phone, email, publish, guardian, privacy, attachments}
	case Enquiry:
		content.Label = "您想问什么"
		content.Hint = "最多5000字。问自己案件的进展，请直接拨打12368，更快。"
		return []Field{title, content, name, phone, email, publish, guardian, privacy, attachments}
	case Complaint:
		name.Label, name.Hint, name.Required = "姓名", "只有承办人能看到，不会告诉被投诉的人。", true
		phone.Required = true
		content.Label = "经过"
		return []Field{title,
			{Name: "unit", Label: "投诉哪个法院、哪个部门", Hint: "例如：某某法院立案窗口。知道是谁的，也可以写上。", Required: true, Max: 120},
			{Name: "happened_at", Label: "什么时候发生的", Hint: "例如 2026年3月1日上午。记不清的写大概。", Required: true, Max: 60, Width: "middle"},
			{Name: "place", Label: "在什么地方", Max: 120},
			{Name: "case_number", Label: "有关案号", Hint: "和某个案件有关才填，例如（2026）云01民终123号。", Max: 60, Width: "middle"},
			content, name, phone, email, guardian, privacy, attachments}
	case Petition:
		name.Label, name.Hint, name.Required = "姓名", "", true
		phone.Required = true
		content.Label, content.Required, content.Rows = "其他要说明的", false, 3
		content.Hint = "前面没写到的情况，最多5000字。"
		return []Field{title,
			{Name: "demand", Kind: Textarea, Label: "您请求解决什么", Hint: "一条一条写。", Required: true, Max: 1000, Rows: 3},
			{Name: "facts", Kind: Textarea, Label: "事实和理由", Hint: "按时间先后写，最多5000字。", Required: true, Max: 5000, Rows: 8},
			content, name, phone,
			{Name: "address", Kind: Textarea, Label: "通信地址", Hint: "书面答复寄到这里。", Required: true, Max: 200, Rows: 2, Autocomplete: "street-address"},
			guardian, privacy, attachments}
	case Correction:
		title.Hint = "例如：整改进展页的一个日期不对。"
		content.Label = "哪里错了，应该是什么"
		content.Hint = "最好写上网页地址，最多5000字。"
		return []Field{title, content, name, email, privacy, attachments}
	}
	return nil
}

// SubmitPage lets people choose a kind.
type SubmitPage struct {
	Frame
	Kinds []KindRow
}

func (SubmitPage) Template() string { return "public/submit" }

// FormPage asks the questions of a kind. For a comment on a known problem, About says which; its field is then hidden.
type FormPage struct {
	Frame
	Kind    Kind
	Heading string // 提意见建议; for a comment: 对“…”的意见
	About   Link   // the problem spoken of; may be empty
	Form    Form
}

func (FormPage) Template() string { return "public/form" }

// CheckPage shows the answers once more before they are sent; its form carries them all as hidden values.
type CheckPage struct {
	Frame
	Kind     Kind
	Answers  []Answer
	Files    []string // names of files that were kept for this form; else the form asks for them again
	Similar  []Link   // published replies on the same matter
	Problems []Link   // open problems on the same matter
	Form     Form     // Captcha only when it was not answered; the buttons send and go back
}

func (CheckPage) Template() string { return "public/check" }

// Answer is a question as asked and what was typed.
type Answer struct{ Label, Value string }

// ConfirmationPage is shown once: the number, the code, and what happens next.
type ConfirmationPage struct {
	Frame
	Kind       Kind
	Heading    string // the item's title
	CaseNo     string // as printed
	AccessCode string // as printed
	At         Written
	NoticeBy   Day    // by when the sender hears whether it is accepted
	ReplyBy    Day    // by when an answer is expected; empty when it depends on acceptance
	Estimated  bool   // a date was computed without that year's statutory calendar
	Promise    string // the log's signed word, byte by byte; empty where there is none
}

func (ConfirmationPage) Template() string { return "public/confirmation" }
