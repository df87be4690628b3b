package view

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mingjing/static"
	"mingjing/views"
)

func deskFrame(path, title string) Desk {
	f := frame(path, title)
	f.Crumbs, f.Noindex, f.Banner = nil, true, "试用：工作人员账号是自动生成的试用账号。"
	return Desk{Frame: f, Who: "分办员（试用）", CSRF: "token",
		Pages: []Link{{"来件", "/desk/queue"}, {"登记", "/desk/intake/new"}, {"台账", "/desk/ledger"}, {"选登", "/desk/publishing"}, {"统计", "/desk/statistics"}}}
}

func adminFrame(path, title string) Desk {
	d := deskFrame(path, title)
	d.Who, d.Pages = "安全管理员", []Link{{"人员", "/desk/people"}, {"审计", "/desk/audit"}, {"设置", "/desk/settings"}}
	return d
}

func deskForm(action, button string, fields ...Field) Form {
	return Form{Action: action, CSRF: "token", Hidden: []Hidden{{"version", "3"}}, Fields: fields, Buttons: []Button{{Text: button}}}
}

var deskRows = []DeskRow{
	{Href: "/desk/cases/1", CaseNo: "48172093", Heading: "立案窗口排队两小时无人叫号", Kind: "投诉", Channel: "12368 热线", State: "已登记", Received: "2021-02-25",
		Due: Due{Words: "超期 1 天", Step: "告知", On: "2021-03-01", Class: "overdue"}, Marks: []string{"群众催办"}},
	{Href: "/desk/cases/2", CaseNo: "77301186", Heading: "建议公开员额动态调整的结果，并说明三十八家基层法院编制分配的办法和依据", Kind: "整改监督意见", Channel: "网站", State: "已提交", Received: "2021-03-01",
		Due: Due{Words: "剩 1 个工作日", Step: "登记", On: "2021-03-03", Class: "near"}},
	{Href: "/desk/cases/3", CaseNo: "12945507", Heading: "申请查询执行款发放进度", Kind: "咨询", Channel: "来信", State: "办理中", Received: "2021-02-27",
		Due: Due{Words: "剩 3 个工作日", Step: "办理", On: "2021-03-05", Class: "half"}, Department: "执行局", Handler: "李明", Marks: []string{"已延期"}},
	{Href: "/desk/cases/4", CaseNo: "90624418", Heading: "无障碍通道被车辆占用", Kind: "意见建议", Channel: "来访", State: "已答复", Received: "2021-02-26", Department: "司法行政装备管理处"},
}

func filterForm() Form {
	return Form{Action: "/desk/queue", Hidden: []Hidden{{"basket", "new"}}, Fields: []Field{
		{Name: "q", Kind: "search", Label: "标题、内容或编号", Width: "grow"},
		{Name: "kind", Kind: Select, Label: "类别", Value: "complaint", Choices: []Choice{{"", "全部类别"}, {"complaint", "投诉"}}},
		{Name: "channel", Kind: Select, Label: "渠道", Choices: []Choice{{"", "全部渠道"}, {"web", "网站"}}},
		{Name: "department", Kind: Select, Label: "部门", Choices: []Choice{{"", "全部部门"}, {"1", "执行局"}}}}}
}

func deskCase() DeskCasePage {
	textarea := func(name, id, label string) Field {
		return Field{Name: name, ID: id, Kind: Textarea, Label: label, Required: true, Rows: 4}
	}
	reveal := deskForm("/desk/cases/1/contact", "查看联系方式")
	editor := deskForm("/desk/cases/1/draft", "保存", textarea("body", "draft-body", "答复内容"))
	editor.Buttons = append(editor.Buttons, Button{"保存并提交审核", "then", "propose"})
	editor.Fields[0].Rows, editor.Fields[0].Value = 12, "您好！您反映的问题收悉。经查，1月5日上午叫号屏故障。\n现已更换叫号屏。"
	return DeskCasePage{Desk: deskFrame("/desk/cases/1", "立案窗口排队两小时无人叫号"), CaseNo: "48172093", Kind: "投诉", Channel: "12368 热线", State: "办理中",
		Heading: "立案窗口排队两小时无人叫号", Due: Due{Words: "剩 3 个工作日", Step: "办理", On: "2021-03-05", Class: "half", Guess: true},
		Facts: []Answer{{"收到", "2021年2月25日"}, {"受理", "2021年2月26日"}, {"办理期限", "2021年3月5日（已延期）"}, {"承办部门", "执行局"}, {"承办人", "李明"}, {"公开", "来信人同意隐去个人信息后公开"}},
		Said:  []Answer{{"被投诉的部门或单位", "立案庭"}, {"发生时间", "1月5日上午"}, {"内容", "排队两小时无人叫号。\n后来才有人来。"}}, Problem: Link{"1-3 把党的政治建设摆在首位不突出", "/progress/1-3"},
		Files: []Link{{"照片.jpg（1.2 MB）", "/desk/cases/1/files/1"}}, Draft: &DraftBox{Meta: "李明 2021年3月1日 10:20保存，第 2 稿", Digest: "59ab0c2d6e7f8899", Form: &editor, Autosave: true},
		Acts: []Act{{Name: "acknowledge", Label: "签收", Form: deskForm("/desk/cases/1/acknowledge", "签收")},
			{Name: "ask", Label: "请补充材料", Open: true, Form: deskForm("/desk/cases/1/ask", "请来信人补充", Field{Name: "content", ID: "ask-content", Kind: Textarea, Label: "请补充什么", Hint: "来信人会看到。",
				Required: true, Rows: 4, Error: "请填写“请群众补充的内容”。"})},
			{Name: "refuse", Label: "不予受理", Links: []Link{{"属于诉讼事项，应当通过诉讼程序解决", "/desk/cases/1?refuse=litigation#refuse"}, {"属于其他机关的职责", "/desk/cases/1?refuse=other_body#refuse"}},
				Form: deskForm("/desk/cases/1/refuse", "作出不予受理决定", textarea("content", "refuse-content", "给来信人的说明"))}},
		Reveal: &reveal, NoteForm: Act{Name: "note", Label: "写内部备注", Form: deskForm("/desk/cases/1/note", "保存备注", textarea("content", "note-content", "备注"))},
		Merged:  []JoinedCase{{Link{"31207745 窗口两小时没有人", "/desk/cases/7"}, "2021-02-27", "来信", "我在立案窗口等了两个小时，没有人叫号。\n请安排人值守。"}},
		Linked:  []JoinedCase{{Link{"60213398 大厅没有座椅", "/desk/cases/8"}, "2021-02-26", "办理中，分件", ""}},
		Earlier: deskRows[2:3], Similar: deskRows[1:2],
		Timeline: []DeskEvent{{at(2021, 3, 1, 9, 30), "李明", "内部备注", "", "已与立案庭核对", true}, {at(2021, 2, 26, 9, 0), "分办员", "分办", "交执行局李明", "", false},
			{at(2021, 2, 25, 9, 0), "来信人", "提交", "12368 热线", "", false}}, Selected: "选登：已撤下。", Expunge: Link{"撤除公开日志里的原文", "/desk/log?find=reply%2F12"}}
}

// deskGallery is a sample of every desk page in its states.
func deskGallery() map[string]Page {
	queue := QueuePage{Desk: deskFrame("/desk/queue?basket=new", "待登记"), Heading: "待登记", Lead: "最紧的在最前", Search: filterForm(), Rows: deskRows, Manage: Link{"管理", "/desk/views"}, Exports: []Link{{"导出 .xlsx", "/desk/queue.xlsx"}},
		Bulk:  &Form{Action: "/desk/jobs/new", CSRF: "token", Hidden: []Hidden{{"filter", "basket=new"}}, Fields: []Field{{Name: "verb", ID: "bulk-verb", Label: "成批办理", Choices: []Choice{{"register", "登记"}}}}, Buttons: []Button{{"办理勾选的", "which", "ticked"}}},
		Views: []Basket{{Link{"三天内到期的投诉", "/desk/queue?kind=complaint&within=3"}, 7, false, false}, {Link{"上季度来信", "/desk/queue?channel=letter"}, -1, false, false}},
		Acts:  []Act{{Name: "view", Label: "把这些条件存为视图", Form: deskForm("/desk/views", "存为视图", Field{Name: "name", ID: "view-name", Label: "名字", Required: true})}}, Next: "/desk/queue?after=4&due=2021-03-05",
		Baskets: []Basket{{Link{"我承办的", "/desk/queue?mine=1"}, -1, false, false}, {Link{"全部来件", "/desk/queue"}, 1200, false, false}, {Link{"已超期", "/desk/queue?overdue=1"}, 2, false, true},
			{Link{"待登记", "/desk/queue?basket=new"}, 12, true, false}, {Link{"待受理", "/desk/queue?basket=registered"}, 5, false, false}, {Link{"办理中", "/desk/queue?basket=handling"}, 38, false, false}}}
	empty := queue
	empty.Rows, empty.Next, empty.Empty, empty.Widen = nil, "", "没有符合这些条件的来件。", "/desk/queue?basket=new"

	feed := deskForm("/desk/calendar", "生成我的日历地址")
	month := CalendarPage{Desk: deskFrame("/desk/calendar?month=2021-02", "到期日历"), Month: "2021年2月", Prev: "/desk/calendar?month=2021-01", Next: "/desk/calendar?month=2021-03", Total: 14,
		Mine: []Basket{{Link{"我看得到的", "/desk/calendar"}, -1, true, false}, {Link{"我承办的", "/desk/calendar?mine=1"}, -1, false, false}}, Day: "2021年2月22日到期的来件", Rows: deskRows, Feed: &feed}
	for week := range 4 {
		var days []CalendarDay
		for i := range 7 {
			no := 1 + 7*week + i
			d := CalendarDay{On: Day(fmt.Sprintf("2021-02-%02d", no)), No: no, Rest: i > 4 || no > 10 && no < 18, Today: no == 19}
			if no == 9 || no == 22 || no == 24 {
				d.Count, d.Href, d.Late, d.Chosen = no/2, "/desk/calendar?month=2021-02&day="+string(d.On), no < 19, no == 22
			}
			days = append(days, d)
		}
		month.Weeks = append(month.Weeks, days)
	}
	plain := deskCase()
	plain.Acts[1].Form.Fields[0].Error, plain.Acts[1].Open = "", false
	wrong := deskCase()
	wrong.Failed, wrong.Kept = true, "写了很久的说明"
	clash := deskCase()
	clash.Acts, clash.Draft.Clash, clash.Draft.Theirs, clash.Draft.TheirsBy = nil, true, "另一稿的文字。", "王芳"
	clash.Waiting = "这一步由别人办理，您现在没有要做的。"
	clash.Contact, clash.Reveal = []Answer{{"姓名", "赵小满"}, {"电话", "0871-64000000"}}, nil
	clash.Replies = []DeskReply{{at(2021, 3, 2, 9, 0), "执行局", "已经更换叫号屏。", "59ab0c2d6e7f8899", []Link{{"打印答复函", "/desk/cases/1/replies/1"}, {"下载 Word 文档", "/desk/cases/1/replies/1.docx"}}}}
	drop := deskForm("/desk/cases/1/draft", "不要这份")
	back, gone := deskCase(), deskCase()
	kept := *back.Draft.Form
	kept.Buttons = append(slices.Clone(kept.Buttons), Button{"不要这份", "then", "drop"})
	back.Draft.Form = &kept
	back.Draft.Text, back.Draft.Kept = "您好！您反映的问题收悉。", &KeptText{Body: back.Draft.Form.Fields[0].Value, At: at(2021, 3, 1, 10, 25), Drop: drop}
	gone.Acts, gone.Waiting, gone.Draft = nil, "这一步由别人办理，您现在没有要做的。", &DraftBox{Kept: back.Draft.Kept}
	review := deskCase()
	review.State, review.Draft = "待签发", &DraftBox{Text: "您好！\n现已更换叫号屏。", Meta: "李明 2021年3月1日 10:20保存，第 2 稿；王芳审核通过", Digest: "59ab0c2d6e7f8899", Approved: "周正已签发这一稿，可以发出。"}
	folded := deskForm("/desk/cases/1/draft", "保存", Field{Name: "body", ID: "draft-body", Kind: Textarea, Label: "答复内容", Required: true, Rows: 12})
	review.Draft.Form, review.Draft.Folded = &folded, true
	review.Acts = []Act{{Name: "send", Label: "答复", Form: deskForm("/desk/cases/1/send", "发出答复")},
		{Name: "publish", Label: "提出选登", Open: true, Marks: []Redaction{{"姓名 赵小满", "/desk/cases/1?lift=0#publish", false}, {"电话号码 0871-64090000", "/desk/cases/1?lift=-1#publish", true}, {"身份证号 53010219800101001X", "", false}}, Lead: "隐去姓名、电话、地址、案号和能认出个人的情节。由另一位公开审核员复核后才公开，原件不变。已经替您隐去：姓名 赵小满；手机号 138 0013 8000；身份证号 53010219800101001X。不该隐去的（比如单位公开的电话）可以改回来，漏掉的请补上。",
			Form: deskForm("/desk/cases/1/publish", "提出选登", Field{Name: "question", ID: "publish-question", Kind: Textarea, Label: "来信摘要", Required: true, Rows: 4, Value: "我是某某，手机×××。"}, Field{Name: "answer", ID: "publish-answer", Kind: Textarea, Label: "答复", Required: true, Rows: 4})}}

	intake := IntakePage{Desk: deskFrame("/desk/intake/new", "登记"), Heading: "登记来电、来信、来访、转办", Up: Link{"成批转来的，导入表格", "/desk/intake/imports"},
		Beside: []Answer{{"备注", "省里催问"}}, Acts: []Act{{Name: "aside", Label: "搁置这一行", Form: deskForm("/desk/intake/imports/1/rows/5/aside", "搁置", Field{Name: "reason", ID: "aside-reason", Label: "理由", Required: true})}}, Kinds: []NavLink{{Link{"咨询", "/desk/intake/new?kind=enquiry"}, true, false}, {Link{"投诉", "/desk/intake/new?kind=complaint"}, false, false}},
		Form: Form{Action: "/desk/intake/new", CSRF: "token", Hidden: []Hidden{{"kind", "enquiry"}, {"submission_key", "k"}}, Fields: []Field{
			{Name: "channel", Kind: Radio, Label: "渠道", Required: true, Value: "hotline", Choices: []Choice{{"hotline", "12368 热线"}, {"letter", "来信"}, {"visit", "来访"}, {"transfer", "转办"}}},
			{Name: "received_on", Kind: "date", Label: "收到日期", Required: true, Width: "short", Value: "2021-03-01"},
			{Name: "title", Label: "标题", Hint: "一句话说清楚。", Required: true, Error: "请填写“标题”。"}, {Name: "content", Kind: Textarea, Label: "内容", Required: true, Rows: 5},
			{Name: "name", Label: "姓名或称呼", Width: "middle"}, {Name: "phone", Kind: Tel, Label: "手机或电话", Width: "middle", Error: "电话号码只写数字。", Value: "abc"},
			{Name: "allow_publish", Kind: Checkbox, Value: "1", Label: "来人明确同意隐去个人信息后公开"}, {Name: "attachments", Kind: Files, Label: "附件", Hint: "最多 10 个。"}}},
		Looked: true, Earlier: deskRows[:1], Similar: deskRows[1:3]}

	slip := SecretPage{Desk: adminFrame("/desk/people", "账号已添加"), Heading: "账号已添加", Lead: "请把一次性密码当面交给本人。离开本页后不再显示。", Facts: []Answer{{"姓名", "李明"}, {"登录名", "li.ming"}},
		Codes: []string{"bf6m-f0mz-3vs4-tdec"}, Next: Link{"返回", "/desk/people"}}
	refused := RefusedPage{Desk: deskFrame("/desk/cases/3/note", "登录已过期，没有提交"), Why: ErrorPage{Status: 401, Message: "尚未登录或登录已过期，请重新登录。"},
		Typed: []Field{{Name: "typed-content", Label: "内容", Value: "已与立案庭核对，叫号屏 1 月 5 日装好。", Rows: 4}}, Back: Link{"重新登录", "/desk/login?next=%2Fdesk%2Fcases%2F3"}}
	login := DeskFormPage{Desk: deskFrame("/desk/login", "登录"), Heading: "工作人员登录", Lead: "本页供本院工作人员使用。反映问题、查询进度请回到公众网站。",
		Form: deskForm("/desk/login", "登录", Field{Name: "login", Label: "登录名", Required: true, Autocomplete: "username", Error: "登录名或密码不正确，请检查后再试。", Value: "li.ming"},
			Field{Name: "password", Kind: "password", Label: "密码", Required: true, Autocomplete: "current-password"})}
	login.Who, login.Pages, login.Failed = "", nil, true
	limitForm := deskForm("/desk/settings/limits", "保存时限", Field{Name: "amount", ID: "l-amount", Label: "时限", Value: "5", Required: true, Width: "short"},
		Field{Name: "unit", ID: "l-unit", Kind: Select, Label: "单位", Required: true, Choices: []Choice{{"workdays", "工作日"}}}, Field{Name: "source", ID: "l-source", Label: "依据", Required: true, Value: "本院默认"})
	tabs := []NavLink{{Link{"网站", "/desk/settings"}, false, true}, {Link{"时限", "/desk/settings/limits"}, false, false}}
	person := PersonPage{Desk: adminFrame("/desk/people/9", "李明"), Heading: "李明", Facts: []Answer{{"登录名", "li.ming"}, {"部门", "执行局"}},
		Acts: []Act{{Name: "roles", Label: "修改角色", Lead: "三员不能由一人兼任。", Open: true, Form: deskForm("/desk/people/9/roles", "保存角色",
			Field{Name: "role_handler", ID: "roles-role_handler", Kind: Checkbox, Value: "1", Label: "承办人", Checked: true}, Field{Name: "role_liaison", ID: "roles-role_liaison", Kind: Checkbox, Value: "1", Label: "部门联络员"})},
			{Name: "sessions", Label: "退出所有登录", Form: deskForm("/desk/people/9/sessions", "退出这个账号的所有登录")}}}
	return map[string]Page{
		"login": login, "refused": refused, "secret": slip, "report-taken": ReportTakenPage{Desk: deskFrame("/desk/intake/report", "举报已加密登记"), CaseNo: "48172093", Groups: []string{"7315", "0628", "4471", "9920", "1835", "6604"}, At: at(2021, 2, 24, 9, 14)},
		"report-closed": DeskFormPage{Desk: deskFrame("/desk/intake/report", "登记举报"), Heading: "登记举报", Lead: "现在不能登记。", Typed: []Answer{{"举报的事实", "收受财物。"}}, Form: Form{Action: "/desk/intake/report", CSRF: "csrf", Private: true, Buttons: []Button{{Text: "再试一次保存"}}}}, "queue": queue, "calendar": month, "queue-empty": empty, "case": plain, "case-wrong": wrong, "case-clash": clash, "case-kept": back, "case-kept-gone": gone, "case-review": review, "intake": intake,
		"factor": FactorPage{Desk: deskFrame("/desk/factor", "设置动态验证码"), Picture: "/static/img/mark.svg", Secret: "ABCD EFGH IJKL MNOP",
			Form: deskForm("/desk/factor", "启用", Field{Name: "code", Label: "验证器里的6位数字", Required: true, Width: "short"})},
		"account": AccountPage{Desk: deskFrame("/desk/account", "我的账号"), Facts: []Answer{{"姓名", "李明"}, {"角色", "承办人"}}, SignOut: deskForm("/desk/account/sessions", "退出所有设备"),
			Kept: []KeptText{{Case: Link{"来件 48172093", "/desk/cases/1"}, Body: "您好！您反映的问题收悉。经查，1月5日上午叫号屏故障。", At: at(2021, 3, 1, 10, 25), Drop: drop}}},
		"recorded": RecordedPage{Desk: deskFrame("/desk/intake/new", "已登记"), Heading: "窗口无人", Kind: "投诉", CaseNo: "48172093", AccessCode: "73150628", NoticeBy: "2021-03-16", ReplyBy: "2021-03-25", Estimated: true,
			Case: Link{"打开这一件", "/desk/cases/1"}, Next: Link{"登记下一件", "/desk/intake/new"}},
		"publishing": PublishingPage{Desk: deskFrame("/desk/publishing", "选登"), Rows: []PublishingRow{{"/desk/publishing/1", "改进立案窗口叫号", "投诉", "立案庭", "等待复核", "near", "2021-03-02", true},
			{"/desk/publishing/2", "公开员额调整结果", "整改监督意见", "政治部", "已公开", "good", "2021-03-02", false}}, Next: "/desk/publishing?before=1"},
		"publication": PublicationPage{Desk: deskFrame("/desk/publishing/1", "改进立案窗口叫号"), Heading: "改进立案窗口叫号", State: "等待复核", Expunge: Link{"撤除公开日志里的原文", "/desk/log?find=reply%2F12"}, Question: "建议改进叫号。", Answer: "已增设叫号屏。", Facts: []Answer{{"类别", "投诉"}, {"提出人", "李明"}},
			Acts: []Act{{Name: "publish", Label: "公开", Lead: "逐项核对后勾选。", Open: true, Form: deskForm("/desk/publishing/1/publish", "公开这份答复",
				Field{Name: "confirm_secrets", ID: "publish-confirm_secrets", Kind: Checkbox, Value: "1", Label: "不含国家秘密、商业秘密、个人隐私", Error: "请核对后勾选。"},
				Field{Name: "confirm_hype", ID: "publish-confirm_hype", Kind: Checkbox, Value: "1", Label: "不会引发炒作"})}}},
		"ledger": DeskLedgerPage{Desk: deskFrame("/desk/ledger", "台账"), Import: true, Rows: []LedgerRow{{"/desk/ledger/2021-01-06", "整改进展情况通报（2021年1月6日）", "中共云南省高级人民法院党组", "草稿，没有公布", "2021-01-06", at(2021, 3, 1, 9, 0), true}}},
		"draft": DraftPage{Desk: deskFrame("/desk/ledger/draft", "起草通报"), Up: Link{"台账", "/desk/ledger"}, Programmes: []NavLink{{Link: Link{"省委第七巡视组反馈问题整改", "/desk/ledger/draft?programme=p1"}, Here: true}, {Link: Link{"另一轮巡察整改", "/desk/ledger/draft?programme=p2"}}},
			Gaps:  RecordList{Heading: "要填写、要核对的（2）", Lead: "台账里没有的，正文不会编。", Items: []RecordItem{{Text: "下一步的工作安排"}, {Code: "1-2", Text: "没有公开的整改情况", Href: "/desk/ledger/problems/2"}}},
			Form:  Form{Action: "/desk/ledger/import", CSRF: "token", Hidden: []Hidden{{"programme", "1"}}, Fields: []Field{{Name: "text", Kind: Textarea, Label: "通报全文", Rows: 30, Required: true, Value: "关于巡视整改进展情况的通报\n一、整改情况"}}, Buttons: []Button{{Text: "看识别结果"}}},
			Links: []Link{{"打印", "/desk/ledger/draft/paper"}, {"下载 Word 文档", "/desk/ledger/draft.docx"}}, Facts: []Answer{{"反馈问题", "42 个"}, {"截至", "2026年11月25日"}}},
		"draft-waiting": DraftPage{Desk: deskFrame("/desk/ledger/draft", "起草通报"), Up: Link{"台账", "/desk/ledger"}, Waiting: "还没有台账。请先导入台账表格，再起草通报。"},
		"preview": PreviewPage{Desk: deskFrame("/desk/ledger/import", "核对识别结果"), Facts: []Answer{{"标题", "文中没有写明"}, {"落款日期", "2021年1月6日"}}, Figures: []FigureRow{{Label: "反馈问题", Value: "42 个", AsOf: "2021-01-06"}},
			Differences: []Finding{{"文中写明反馈问题42个，正文逐一列出15个，还有27个没有列出。", false}, {"完成整改37个、基本完成5个，合计42个，一致。", true}},
			Aspects:     []Outline{{"党组领导作用发挥不充分", []string{"理论武装不扎实", "司法体制改革破难题、解新题不力"}}}, Unplaced: []UnplacedLine{{87, "（无法归类的一行"}},
			Form: Form{Action: "/desk/ledger/import", CSRF: "token", Hidden: []Hidden{{"text", "全文"}}, Buttons: []Button{{"保存为草稿", "step", "store"}, {"返回修改", "step", "back"}}}},
		"statistics": statisticsSample(),
		"people": PeoplePage{Desk: adminFrame("/desk/people", "人员"), Rows: []PersonRow{{"/desk/people/1", "handler", "承办人（试用）", "执行局", "承办人", "试用账号", false, false}, {"/desk/people/2", "li.ming", "李明", "", "部门联络员、承办人", "已停用", true, true}},
			Departments: []DepartmentRow{{Link: Link{Text: "立案庭", Href: "/desk/people/departments/1"}}, {Link: Link{Text: "执行局", Href: "/desk/people/departments/2"}, Retired: true}}, Acts: []Act{{Name: "add", Label: "添加人员", Lead: "系统给出一次性密码。", Form: deskForm("/desk/people", "添加", Field{Name: "login", ID: "add-login", Label: "登录名", Required: true})}}, Next: "/desk/people?after=2"},
		"person": person,
		"audit": AuditPage{Desk: adminFrame("/desk/audit", "审计记录"), Search: Form{Action: "/desk/audit", Fields: []Field{{Name: "subject", Kind: Select, Label: "对象", Choices: []Choice{{"", "全部"}}}, {Name: "id", Label: "对象序号"}, {Name: "actor", Label: "人员序号"}}},
			Rows: []AuditRow{{12, at(2021, 3, 1, 9, 0), Link{"李明", "/desk/audit?actor=9"}, "分办", Link{"来件 4", "/desk/audit?subject=case&id=4"}, []string{"state：accepted → assigned", "department：3"}},
				{11, at(2021, 3, 1, 8, 0), Link{Text: "来信人"}, "提交", Link{"来件 4", "/desk/audit?subject=case&id=4"}, nil}}, Next: "/desk/audit?before=11"},
		"settings": SettingsPage{Desk: adminFrame("/desk/settings", "设置：网站"), Heading: "网站", Lead: "改动立即显示在公众网站上。", Tabs: tabs,
			Form: deskForm("/desk/settings", "保存设置", Field{Name: "court", Label: "法院名称", Hint: "显示在每一页顶部", Required: true, Value: "云南省高级人民法院"}, Field{Name: "icp", Label: "ICP 备案号", Hint: "显示在页脚"})},
		"settings-limits": SettingsPage{Desk: adminFrame("/desk/settings/limits", "设置：时限"), Heading: "时限", Tabs: tabs, Limits: []LimitRow{{"投诉", "告知", "15 日", "收到之日", "《信访工作条例》第二十三条", true,
			[]string{"2021年3月1日 09:00 系统管理员改为 15 日"}, Act{Name: "complaint-notice", Label: "修改", Form: limitForm}}}, Years: []string{"2025", "2026"}},
	}
}

var deskScript = regexp.MustCompile(`<script src="/static/js/desk\.[0-9a-f]+\.js" defer></script>`)

// TestEveryDeskPageKeepsTheHouseRules renders the desk's gallery; with
// GALLERY_DIR set the pages are kept in its folder desk.
func TestEveryDeskPageKeepsTheHouseRules(t *testing.T) {
	dir := t.TempDir()
	if kept := os.Getenv("GALLERY_DIR"); kept != "" {
		dir = filepath.Join(kept, "desk")
	}
	write := func(name string, body []byte) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, page := range wholeDeskGallery() {
		t.Run(name, func(t *testing.T) {
			html := render(t, page)
			write(name+".html", []byte(html))
			if len(deskScript.FindAllString(html, -1)) != 1 {
				t.Error("not exactly the desk's one script")
			}
			keepsTheHouseRules(t, deskScript.ReplaceAllString(html, ""), 0)
		})
	}
	for _, name := range []string{"css/desk.css", "js/desk.js", "img/icon.svg", "img/mark.svg"} {
		body, _, _, ok := static.Asset(static.Path(name))
		if !ok {
			t.Fatalf("no %s", name)
		}
		write(static.Path(name), body)
		write("static/"+name, body)
	}
}

func TestEveryDeskTemplateIsInTheGallery(t *testing.T) {
	shown := map[string]bool{}
	for _, p := range wholeDeskGallery() {
		shown[p.Template()] = true
	}
	files, err := fs.Glob(views.FS, "desk/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(file, ".html"); !shown[name] {
			t.Errorf("%s is never shown", name)
		}
	}
}

func TestHostileTextIsEscapedAtTheDesk(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`
	for name, page := range wholeDeskGallery() {
		t.Run(name, func(t *testing.T) {
			poisoned := reflect.New(reflect.TypeOf(page)).Elem()
			poisoned.Set(poison(reflect.ValueOf(page), hostile))
			html := deskScript.ReplaceAllString(render(t, poisoned.Interface().(Page)), "")
			if strings.Contains(html, "<script") || strings.Contains(html, "<img src=x") || parse(t, html).Find("[onerror]").Length() > 0 {
				t.Error("not escaped")
			}
		})
	}
}

func statisticsSample() DeskStatisticsPage {
	columns := []string{"收到", "受理", "答复", "按期答复", "超期未答复", "退回", "重办", "延期", "评价", "满意"}
	at := func(n ...int) (list []StatNumber) {
		for i, x := range n {
			list = append(list, StatNumber{columns[i], x, "/desk/statistics/received?from=2021-01&to=2021-02"})
		}
		return list
	}
	months := []Choice{{"2021-02", "2021年2月"}, {"2021-01", "2021年1月"}}
	p := DeskStatisticsPage{Desk: deskFrame("/desk/statistics", "统计"), Period: "2021年1月1日至2021年2月28日", Download: "/desk/statistics.xlsx",
		Form:       Form{Action: "/desk/statistics", Fields: []Field{{Name: "from", Kind: Select, Label: "从", Value: "2021-01", Choices: months}, {Name: "to", Kind: Select, Label: "到", Value: "2021-02", Choices: months}}},
		Indicators: []Indicator{{"按期答复率", Share{18, 23}, "按期答复 ÷（答复 + 超期未答复）", at(18)[0], at(20, 3)}, {"满意率", Share{0, 0}, "（满意 + 基本满意）÷ 评价", at(0)[0], at(0)}},
		Tables: []StatTable{{"按月", columns, []StatRow{{Label: "2021年2月", Numbers: at(20, 18, 11, 10, 3, 1, 0, 2, 4, 4)}, {Label: "2021年1月", Frozen: "2021年2月6日", Numbers: at(13, 12, 9, 8, 1, 0, 1, 0, 3, 2)}, {Label: "合计", Numbers: at(33, 30, 20, 18, 3, 1, 1, 2, 7, 6)}}},
			{"按类别", columns, []StatRow{{Label: "整改监督意见", Numbers: at(31, 28, 20, 18, 3, 1, 1, 2, 7, 6)}, {Label: "投诉", Numbers: at(2, 2, 0, 0, 0, 0, 0, 0, 0, 0)}}}},
		LedgerOf: "巡视反馈问题整改", Ledger: []Indicator{{Label: "问题完成率", Share: Share{37, 42}, How: "已完成的问题 ÷ 全部问题"}}, Meanings: []DataField{{Name: "收到", Text: "当月收到的来件，无效件除外"}}}
	for i := range p.Tables {
		p.Tables[i].Scale()
	}
	return p
}
