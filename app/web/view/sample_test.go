package view

import (
	"fmt"
	"strings"
	"time"
)

// The sample follows the announcement of 6 January 2021; cases, names of departments and dates beyond it are invented.

var shanghai = time.FixedZone("CST", 8*3600)

func at(year int, month time.Month, day, hour, minute int) Moment {
	return Moment{time.Date(year, month, day, hour, minute, 0, 0, shanghai)}
}

func frame(path, title string, crumbs ...Link) Frame {
	return Frame{
		Site: Site{
			Court: "云南省高级人民法院", Name: "整改监督", Tagline: "巡视整改进展公开与群众意见反馈", BaseURL: "https://court.example",
			Marks:    []Mark{{"主办单位", "云南省高级人民法院", ""}, {"备案号", "示例ICP备00000000号", "https://beian.example/"}, {"网站标识码", "0000000000", ""}},
			Contacts: Contacts{Phone: "12368", Address: "昆明市日新中路393号", Website: "http://jubao.court.gov.cn"},
		},
		Title: title, Description: title + "：云南省高级人民法院巡视整改进展公开与群众意见反馈。",
		Path: path, Crumbs: crumbs, Today: "2021-03-01",
	}
}

var aspects = []struct {
	no, title string
	problems  []string
}{
	{"一", "党组领导作用发挥不充分", []string{"理论武装不扎实", "肃清秦光荣流毒影响不深入", "把党的政治建设摆在首位不突出", "党组发挥职能作用不充分", "司法体制改革破难题、解新题不力", "防范化解重大风险存在短板"}},
	{"二", "全面从严治党不够有力", []string{"主体责任未压实", "履行监督责任不充分", "违反中央八项规定精神时有发生"}},
	{"三", "落实新时代党的组织路线有偏差", []string{"党内政治生活不严肃", "落实党管干部原则不力", "党建工作薄弱", "干部担当作为有差距"}},
	{"四", "落实巡视、审计、主题教育整改不坚决", []string{"“两个责任”挂空挡，整改落实“一阵风”", "问题整改不彻底，长效机制未建立"}},
}

var announcement = Link{"关于巡视整改进展情况的通报", "/announcements/2021-01-06"}

var actions = []string{
	"推进以责任制为核心的司法综合配套改革，制定《云南省高级人民法院法官审判权力和责任清单（试行）》，细化各类人员、岗位的司法权责，明确法官审判权力和院庭长监督管理权边界。",
	"制定《云南省高级人民法院关于进一步规范各级法院院长审判监督管理职责的规定（试行）》《云南省高级人民法院关于进一步加强审判监督管理工作的意见（试行）》，强化对司法权行使的制约监督，扎牢制度笼子。",
	"制定法官员额动态调整管理办法，向人案矛盾突出的38家基层法院分配政法专项编制170名。",
	"深化智慧法院建设、应用，全省法院同步上线“云南智慧法院工作平台”。",
	"加强省以下人财物统管工作，推进任职满5年的基层法院院长任职交流。",
}

func rows() []ProblemRow {
	var rows []ProblemRow
	for a, aspect := range aspects {
		for p, title := range aspect.problems {
			code := fmt.Sprintf("%d-%d", a+1, p+1)
			rows = append(rows, ProblemRow{Code: code, Title: title, Href: "/progress/" + code, Aspect: aspect.title})
		}
	}
	return rows
}

func home() HomePage {
	page := HomePage{
		Frame:   frame("/", ""),
		Heading: "省委巡视反馈的问题，整改到哪一步了",
		Lead:    "2020年3月26日至5月26日，省委第七巡视组对省高院党组开展巡视，7月16日反馈意见。这里公开整改情况，听取您的意见。",
		Figures: []Figure{
			{Label: "反馈问题", Count: 37, Of: 42, Unit: "个", Verb: "已完成", AsOf: "2021-01-06", Segments: []Segment{{Done, 37}, {BasicallyDone, 5}}, List: Link{"看公开的问题", "/progress"}},
			{Label: "整改措施", Count: 281, Of: 295, Unit: "条", Verb: "已完成", AsOf: "2021-01-06", Segments: []Segment{{Done, 281}}, List: Link{"看整改做法", "/progress"}},
			{Label: "制度成果", Count: 102, Unit: "个", AsOf: "2020-09", List: Link{"看制度目录", "/rules"}},
		},
		Source: announcement, SourceOn: "2021-01-06",
		Changes: []Change{{On: "2021-01-06", Text: "公布巡视整改进展情况", Href: announcement.Href}, {On: "2020-09", Text: "制定、修订各类规章制度102个"}, {On: "2020-07-16", Text: "省委第七巡视组反馈巡视意见"}},
	}
	for a, aspect := range aspects {
		row := AspectRow{No: aspect.no, Title: aspect.title, Href: fmt.Sprintf("/progress?aspect=%d", a+1)}
		for p, title := range aspect.problems {
			row.Problems = append(row.Problems, Link{title, fmt.Sprintf("/progress/%d-%d", a+1, p+1)})
		}
		page.Aspects = append(page.Aspects, row)
	}
	return page
}

func filters() []Filter {
	byAspect := Filter{Name: "方面", Options: []Option{{"全部", "/progress", 15, true}}}
	for a, aspect := range aspects {
		byAspect.Options = append(byAspect.Options, Option{aspect.title, fmt.Sprintf("/progress?aspect=%d", a+1), len(aspect.problems), false})
	}
	return []Filter{byAspect, {Name: "状态", Options: []Option{{"全部", "/progress", 15, true}, {"通报未逐项说明", "/progress?status=unstated", 15, false}}}}
}

func problem() ProblemPage {
	return ProblemPage{
		Frame: frame("/progress/1-5", "司法体制改革破难题、解新题不力", Link{"首页", "/"}, Link{"整改进展", "/progress"}),
		Code:  "1-5", Title: "司法体制改革破难题、解新题不力", Aspect: Link{aspects[0].title, "/progress?aspect=1"},
		Source: announcement, SourceOn: "2021-01-06", Actions: actions, Log: "/log/texts/problem/5",
		Changes:  []Change{{On: "2021-01-06", Text: "通报公布整改情况", Href: announcement.Href}},
		Previous: Link{"1-4 党组发挥职能作用不充分", "/progress/1-4"}, Following: Link{"1-6 防范化解重大风险存在短板", "/progress/1-6"},
	}
}

func problemWithMeasures() ProblemPage {
	p := problem()
	p.Status, p.Leader, p.LeadDept, p.CoDepts, p.Due, p.Next = BasicallyDone, "分管副院长", "审判管理办公室", "政治部、司法改革领导小组办公室", "2020-12-31", "2021-03-31"
	p.Comment, p.Closing, p.ClosedOn = "/submit/comment?problem=1-5", ClosingReopened, "2021-02-26"
	p.Evidence = []Evidence{{Link: Link{"整改情况报告", "/evidence/9"}, Size: "1.2 MB"}}
	p.Text = "改革任务多、协调难，一些举措停在文件上。本院逐项对照改革方案，查清没有落地的事项和原因，细化为三个小问题。"
	p.Measures = []MeasureRow{{Code: "1-5-0-1", Text: "把改革任务纳入年度考核", Kind: "立行立改", Status: Done, DoneOn: "2020-08-30", Closing: Applied, Due: "2020-08-31", Baseline: "2020-07-31"}}
	p.Subs = []SubProblem{{"1-5-1", "院庭长监督管理边界不清", "哪些案件要监督、怎样监督、留下什么记录，没有统一规定。", nil, []MeasureRow{
		{Code: "1-5-1-1", Text: "制定法官审判权力和责任清单（试行）", Note: "清单已印发全省法院。\n各庭室组织了学习。", Kind: "限期整改", Status: Done, DoneOn: "2020-09-20", Closing: Closed, ClosedOn: "2020-10-12", Leader: "分管副院长", LeadDept: "审判管理办公室", CoDepts: "政治部、督察局", Due: "2020-09-30",
			Evidence: []Evidence{{Link: Link{"清单文本", "/evidence/1"}, Size: "310 KB"}, {Link: Link{"印发通知", "https://court.example/1"}, Outside: true}}}}},
		{"1-5-2", "人案矛盾没有缓解", "", nil, []MeasureRow{
			{Code: "1-5-2-1", Text: "制定法官员额动态调整管理办法，向人案矛盾突出的基层法院分配编制", Kind: "限期整改", Status: BasicallyDone, Closing: ClosingRefused, Refusal: "整改办2021年2月18日核验：措施不过硬", Leader: "政治部主任", LeadDept: "政治部", Due: "2020-12-31", Baseline: "2020-09-30", Overdue: "已超期60天"},
			{Code: "1-5-2-2", Text: "推进任职满5年的基层法院院长任职交流", Kind: "长期坚持", Status: LongTerm, Closing: OfficePassed, LeadDept: "政治部", DueText: "长期坚持", Next: "2021-06-30"},
			{Code: "1-5-2-3", Text: "在全省法院开展公务用车调研", Status: InProgress},
			{Code: "1-5-2-4", Text: "统筹推进执法执勤用车更新", Status: NotStarted, Closing: ClosingReopened, ClosedOn: "2021-02-26"},
			{Code: "1-5-2-5", Text: "联发三项审批管理制度的通知", Status: Unreported},
		}},
		{"1-5-3", "还没有定措施的小问题", "正在核对情况。", nil, nil}}
	p.Actions, p.Said = nil, []Said{{Problem: Link{"司法体制改革破难题、解新题不力", "/progress/1-5?announced=1"}, Sentences: actions}}
	p.Changes = append([]Change{{On: "2021-02-18", Text: "1-5-2-1 申请销号，没有通过：措施不过硬", Log: "/log/texts/event/128"}}, p.Changes...)
	p.Comments = []PublishedComment{
		{On: "2021-01-20", Text: "编制分给了38家法院，能不能公布是哪38家？", AnsweredOn: "2021-02-02", Unit: "政治部", Answer: "谢谢您的意见。名单已在内网公示，涉及的法院正在逐家办理入编手续。\n手续办完后，我们会在本页公布。"},
		{On: "2021-02-25", Text: "希望写明多久调整一次员额。"},
	}
	return p
}

func announcedProblem() ProblemPage {
	p := problem()
	p.Noindex, p.Status, p.InLedger = true, Unreported, []ProblemRow{{Code: "1-5", Title: "院庭长监督管理边界不清", Href: "/progress/1-5", Status: InProgress}, {Code: "1-6", Title: "人案矛盾没有缓解", Href: "/progress/1-6", Status: Done}}
	return p
}

func submission(k Kind) FormPage {
	f := frame(k.Href(), "提交"+k.Word(), Link{"首页", "/"}, Link{"我要反映", "/submit"})
	return FormPage{Frame: f, Kind: k, Heading: "提交" + k.Word(), Form: Form{
		Action: k.Href(), CSRF: "csrf", Honeypot: true,
		Hidden:  []Hidden{{"submission_key", "key"}},
		Fields:  Questions(k, "2021-01", "图片、PDF、Word 文档，最多5个，每个不超过10兆。"),
		Captcha: &Captcha{ID: "abc123"},
		Buttons: []Button{{"下一步：核对内容", "step", "check"}, {"换一张验证码", "step", "captcha"}},
	}}
}

func comment() FormPage {
	page := submission(Comment)
	page.Heading, page.About = "说说您对整改的看法", Link{"1-5 司法体制改革破难题、解新题不力", "/progress/1-5"}
	page.Form.Fields = page.Form.Fields[1:]
	page.Form.Hidden = append(page.Form.Hidden, Hidden{"problem", "1-5"})
	return page
}

func wrongSubmission() FormPage {
	page := comment()
	page.Failed = true
	page.Form.Fill(func(name string) string {
		return map[string]string{"title": "建议公开员额动态调整的结果", "phone": "1234", "allow_publish": "1"}[name]
	})
	page.Form.Fail("content", "请写明您的看法，至少10个字")
	page.Form.Fail("phone", "电话号码不完整，请写11位手机号或者带区号的固定电话")
	page.Form.Fail("privacy_version", "请阅读《隐私说明》，同意后勾选")
	page.Form.Fail("captcha_solution", "验证码不对，请输入新图中的6位数字")
	page.Form.FilesLost = true
	return page
}

func check() CheckPage {
	return CheckPage{
		Frame: frame("/submit/comment", "核对内容", Link{"首页", "/"}, Link{"我要反映", "/submit"}), Kind: Comment,
		Answers:  []Answer{{"针对的问题", "1-5 司法体制改革破难题、解新题不力"}, {"标题", "建议公开员额动态调整的结果"}, {"您的看法", "通报写了分配170名编制。\n建议公布分到哪些法院，多久调整一次。"}, {"称呼", ""}, {"手机或固定电话", "138****0000"}, {"公开", "同意隐去个人信息后公开"}},
		Similar:  []Link{{"关于编制分配到哪些法院的答复", "/replies/12"}},
		Problems: []Link{{"3-4 干部担当作为有差距", "/progress/3-4"}},
		Form: Form{Action: "/submit/comment", CSRF: "csrf", Hidden: []Hidden{{"title", "建议公开员额动态调整的结果"}, {"submission_key", "key"}}, Captcha: &Captcha{ID: "abc123"},
			Fields:  []Field{{Name: "attachments", Kind: Files, Label: "附件", Hint: "有附件的，请在这里选择。"}},
			Buttons: []Button{{Text: "确认提交"}, {"换一张验证码", "step", "captcha"}, {"返回修改", "step", "edit"}}},
	}
}

func kindRows() []KindRow {
	limits := map[Kind]string{Comment: "15日内告知是否受理", Suggestion: "15日内告知是否受理", Enquiry: "5个工作日内答复", Complaint: "15个工作日内办结", Petition: "受理后60日内办结", Report: "15个工作日内告知是否受理"}
	var rows []KindRow
	for _, k := range Kinds {
		rows = append(rows, KindRow{k, limits[k]})
	}
	return rows
}

func ownCase() CasePage {
	add, urge, withdraw := AddForm("csrf", "最多5个，每个不超过10兆。"), UrgeForm("csrf"), WithdrawForm("csrf")
	f := frame("/track/case", "建议公开员额动态调整的结果", Link{"首页", "/"}, Link{"查询进度", "/track"})
	f.Noindex = true
	return CasePage{Frame: f, Log: &LogWord{}, CaseNo: "48172093", Kind: Comment, Heading: "建议公开员额动态调整的结果",
		Content: "通报写了分配170名编制。\n建议公布分到哪些法院，多久调整一次。", Files: []Link{{"照片1.jpg", "/track/case/files/1"}, {"说明.pdf", "/track/case/files/2"}},
		Word: "正在办理", Next: "预计2021年3月12日前答复。", CSRF: "csrf", Add: &add, Urge: &urge, Withdraw: &withdraw,
		Timeline: []Event{
			{At: at(2021, 2, 24, 9, 14), Word: "已收到", Mine: true},
			{At: at(2021, 2, 24, 15, 2), Word: "已受理，转政治部办理"},
			{At: at(2021, 2, 26, 10, 30), Word: "请您补充", Text: "请问您说的是哪一年的调整？"},
			{At: at(2021, 2, 26, 20, 11), Word: "您补充了情况", Text: "2020年的。", Mine: true},
		}}
}

func repliedCase() CasePage {
	page := ownCase()
	rate, object := RateForm("csrf"), ObjectForm("csrf", "")
	rate.Fail("satisfied", "请选择满意、基本满意或者不满意")
	page.Failed = true
	page.Word, page.Next, page.Closed = "已答复", "请评价；不满意的写明原因。", true
	page.Add, page.Urge, page.Withdraw, page.Rate, page.Object = nil, nil, nil, &rate, &object
	page.Answer = &CaseAnswer{On: "2021-03-05", Unit: "政治部", Text: "您好。\n2020年分配的170名编制涉及38家基层法院，名单见附件。", File: []Link{{"名单.pdf", "/track/case/files/1"}}}
	page.Timeline = append(page.Timeline, Event{At: at(2021, 3, 5, 16, 40), Word: "已答复"})
	return page
}

func fullAnnouncement() AnnouncementPage {
	ledger := 15
	page := AnnouncementPage{
		Frame:   frame("/announcements/2021-01-06", announcement.Text, Link{"首页", "/"}, Link{"整改通报", "/announcements"}),
		Heading: announcement.Text, Issuer: "中共云南省高级人民法院党组", On: "2021-01-06",
		Preamble: []string{"根据省委统一安排部署，2020年3月26日至5月26日，省委第七巡视组对省高院党组开展了巡视。2020年7月16日，省委第七巡视组向省高院党组反馈了巡视意见。按照巡视工作有关要求，现将巡视整改进展情况予以公布。"},
		Sections: []Section{{ID: "s1", Level: 2, Title: "一、切实提高政治站位，把巡视整改作为重大政治任务抓紧抓实", Paragraphs: []string{"三是细化整改任务，高标准严要求推进整改。制定巡视整改方案和整改任务清单，对照反馈党组的42个问题，将其细化为95个小问题，制定295条整改措施。对所有反馈问题和整改措施，逐项明确责任领导、牵头部门、配合部门及时限要求。"}},
			{ID: "s2", Level: 2, Title: "二、聚焦反馈问题，高质量推进整改落实"}},
		Figures: []StatedFigure{
			{Label: "反馈问题", Stated: 42, Unit: "个", AsOf: "2021-01-06", Ledger: &ledger, Note: "通报逐条写明了15个，其余27个没有列出。"},
			{Label: "细化问题", Stated: 95, Unit: "个", AsOf: "2021-01-06"}, {Label: "整改措施", Stated: 295, Unit: "条", AsOf: "2021-01-06"},
			{Label: "完成的措施", Stated: 281, Unit: "条", AsOf: "2021-01-06"}, {Label: "规章制度", Stated: 102, Unit: "个", AsOf: "2020-09"},
		},
		Closing:  []string{"欢迎广大干部群众对巡视整改落实情况进行监督。如有意见建议，请及时向我们反映。联系电话：12368；地址：昆明市日新中路393号；监督网站：http://jubao.court.gov.cn。"},
		Versions: []Change{{On: "2021-01-06", Text: "首次公布"}}, Log: "/log/texts/announcement/1",
	}
	for a, aspect := range aspects {
		page.Sections = append(page.Sections, Section{ID: fmt.Sprintf("a%d", a+1), Level: 3, Title: "（" + aspect.no + "）关于“" + aspect.title + "”方面"})
		for p, title := range aspect.problems {
			page.Sections = append(page.Sections, Section{ID: fmt.Sprintf("p%d-%d", a+1, p+1), Level: 4, Title: fmt.Sprintf("%d.针对“%s”问题", p+1, title), Href: fmt.Sprintf("/progress/%d-%d", a+1, p+1), Paragraphs: []string{strings.Join(actions[:2], "")}})
		}
	}
	return page
}

func statistics() StatisticsPage {
	count := func(label string, received, replied Cell) CountRow {
		return CountRow{Label: label, Received: received, Replied: replied}
	}
	p := StatisticsPage{Frame: frame("/statistics", "数据统计", Link{"首页", "/"}), From: "2021-01-01", To: "2021-02-28", FrozenOn: "2021-03-01", Received: 128, Replied: 97,
		Kinds:  []CountRow{count("整改监督意见", 61, 50), count("意见建议", 33, 29), count("咨询", 25, 14), count("投诉", 7, 4), count("申诉求决", 2, 0), count("网站纠错", 0, 0)},
		Months: []CountRow{count("2021年2月", 61, 50), count("2021年1月", 67, 47)},
		Rates:  []Rate{{Name: "按期告知率", Share: Share{119, 128}, Formula: "按期告知 ÷ 应当告知"}, {Name: "按期办结率", Share: Share{90, 97}, Formula: "按期办结（含批准延期）÷（办结 + 超期未结）"}, {Name: "满意率", Share: Share{30, 32}, Formula: "（满意 + 基本满意）÷ 有效评价"}, {Name: "回头看重开率", Share: Share{0, 0}, Formula: "重开 ÷ 回头看"}},
		Other:  []Link{{"2021年1月", "/statistics?month=2021-01"}},
	}
	p.Withhold()
	return p
}

// gallery is every page, in every state worth looking at, by the name of its file.
func gallery() map[string]Page {
	crumb := Link{"首页", "/"}
	received, replied := Cell(61), Cell(3)
	busy := home()
	busy.Received, busy.Replied = &received, &replied
	busy.Banner = "这是演示站点，台账和来件都是虚构的，提交的内容不会有人办理。"
	counted, verified := home(), []int{31, 266, 0}
	counted.Counted = true
	for i := range counted.Figures[:2] {
		counted.Figures[i].Closed, counted.Figures[i].Stated, counted.Figures[i].AsOf = &verified[i], []string{"通报：完成37个，共42个", "通报：完成281条，共295条"}[i], "2021-03-04"
	}
	counted.Figures[0].Segments = []Segment{{Done, 30}, {BasicallyDone, 5}, {LongTerm, 3}, {InProgress, 2}}
	counted.Figures[0].Count = 30
	counted.Figures[2].Stated = "通报：102个"
	empty := HomePage{Frame: frame("/", ""), Heading: "整改监督", Lead: "整改情况公布后在这里查看。现在就可以提意见。"}

	list := ProgressPage{Text: "中央巡视组反馈的问题，逐个列出整改措施、责任部门和时限；完成以后还要经过三道核验才算销号。", Frame: frame("/progress", "整改进展", crumb), Filters: filters(), Problems: rows(), Total: 15, Downloads: []Link{{"台账数据（CSV）", "/open-data/ledger.csv"}, {"订阅变化（Atom）", "/feeds/progress.atom"}}}
	none := ProgressPage{Round: "2027年省委巡视反馈问题整改", Frame: frame("/progress?q=x", "整改进展", crumb), Query: "停车场", Filters: filters(), Filtered: true, Kept: []Hidden{{"aspect", "2"}}}
	some := list
	some.Filtered, some.Total, some.Query, some.Downloads = true, 214, "法院", nil
	some.Problems = append([]ProblemRow(nil), rows()[:6]...)
	for i, s := range []Status{Done, BasicallyDone, InProgress, NotStarted, LongTerm, Unstated} {
		some.Problems[i].Status, some.Problems[i].Measures, some.Problems[i].Closed, some.Problems[i].Overdue, some.Problems[i].Next = s, Share{i * 2, 12}, i, i%3, "2021-03-31"
	}
	some.Problems[0].Closing, some.Problems[1].Closing = Closed, ClosingReopened
	some.Problems[0].Title = strings.Repeat("一个特别长的问题标题用来看换行是不是难看", 3)
	some.More = "/progress?q=法院&after=1-6"

	failedTrack := TrackPage{Frame: frame("/track", "查询进度", crumb), Form: TrackForm("csrf")}
	failedTrack.Failed = true
	failedTrack.Form.Fail("access_code", "编号或者查询码不对，请核对后再填")

	kept := check()
	kept.Files, kept.Form.Fields, kept.Form.Captcha, kept.Similar, kept.Problems = []string{"照片1.jpg"}, nil, nil, nil, nil

	failedSubscribe := SubscribePage{Frame: frame("/subscribe", "邮件订阅", crumb), About: Link{"巡视整改", "/changes"}, Feed: "/feeds/progress.atom", Form: subscribeForm()}
	failedSubscribe.Failed = true
	failedSubscribe.Form.Fail("email", "邮箱地址不对，请检查，比如 name@example.com。")

	crumbs := func(path, title string) Frame { return frame(path, title, crumb) }
	pages := map[string]Page{
		"home": home(), "home-busy": busy, "home-counted": counted, "home-empty": empty,
		"progress": list, "progress-none": none, "progress-some": some,
		"problem": problem(), "problem-measures": problemWithMeasures(), "problem-announced": announcedProblem(),
		"chart": wallChart(), "chart-months": monthly(), "chart-none": ChartPage{Frame: crumbs("/chart?dept=x", "挂图作战图"), Programme: "巡视整改", AsOf: "2021-03-01", Drawn: true, Filtered: true, Filters: filters()[:1]},
		"chart-empty":         ChartPage{Frame: crumbs("/chart", "挂图作战图"), Programme: "巡视整改", List: "/progress"},
		"announcements":       AnnouncementsPage{Frame: crumbs("/announcements", "整改通报"), Announcements: []AnnouncementRow{{announcement.Text, "中共云南省高级人民法院党组", announcement.Href, "反馈的42个问题已完成整改37个，基本完成5个；295条措施已完成281条。", "2021-01-06"}}},
		"announcements-empty": AnnouncementsPage{Frame: crumbs("/announcements", "整改通报")},
		"announcement":        fullAnnouncement(),
		"rules":               RulesPage{Frame: crumbs("/rules", "制度成果"), Stated: 102, StatedOn: "2020-09", Source: announcement},
		"rules-some":          RulesPage{Frame: crumbs("/rules", "制度成果"), Stated: 102, StatedOn: "2020-09", Source: announcement, Total: 2, Rules: []RuleRow{{"院党组议事规则", "/rules/2", "", true, "2020-08", []Link{{"1-1", "/progress/1-1"}, {"3-1", "/progress/3-1"}}}, {"法官员额动态调整管理办法", "/rules/1", "云高法发〔2020〕00号", false, "2020-09-10", []Link{{"1-5", "/progress/1-5"}}}}},
		"rule": RulePage{Frame: frame("/rules/1", "法官员额动态调整管理办法", crumb, Link{"制度成果", "/rules"}), Rule: RuleRow{"法官员额动态调整管理办法", "/rules/1", "云高法发〔2020〕00号", false, "2020-09-10", []Link{{"1-5 司法体制改革破难题、解新题不力", "/progress/1-5"}}},
			Paragraphs: []string{"第一条　为了合理配置审判力量，根据有关规定，结合全省法院实际，制定本办法。", "第二条　员额随案件数量动态调整，每年研究一次。", "第三条　本办法自印发之日起施行。"}, Elsewhere: "https://court.example/rules/1", Log: "/log/texts/rule/1"},
		"changes": ChangesPage{Frame: crumbs("/changes", "整改变化"), Feed: "/feeds/progress.atom", Subscribe: "/subscribe", More: "/changes?before=1", Days: []ChangedDay{
			{"2021-02-26", []Change{{Text: "措施1-3-2-1报告：已完成", Href: "/progress/1-3#m-1-3-2-1"}, {Text: "措施1-3-2-2不予销号：措施不过硬", Href: "/progress/1-3#m-1-3-2-2"}, {Text: "公布制度《法官员额动态调整管理办法》"}}},
			{"2021-01-06", []Change{{Text: "发布《关于巡视整改进展情况的通报》", Href: "/announcements/2021-01-06"}}}}},
		"subscribe":              SubscribePage{Frame: crumbs("/subscribe", "邮件订阅"), About: Link{"1-3 把党的政治建设摆在首位不突出", "/progress/1-3"}, All: "/subscribe", Feed: "/feeds/progress.atom?problem=1-3", Form: subscribeForm()},
		"subscribe-error":        failedSubscribe,
		"subscribe-closed":       SubscribePage{Frame: crumbs("/subscribe", "邮件订阅"), Closed: true, Feed: "/feeds/progress.atom"},
		"subscription":           SubscriptionPage{Frame: crumbs("/subscribe", "邮件订阅"), Heading: "邮件订阅", Asked: true, About: Link{"问题1-3“把党的政治建设摆在首位不突出”的变化", "/progress/1-3"}, Email: "z***@example.cn", Since: at(2021, 3, 1, 9, 30), Link: "/subscription/abc", CSRF: "csrf"},
		"subscription-confirmed": SubscriptionPage{Frame: crumbs("/subscribe", "邮件订阅"), Heading: "邮件订阅", Done: "订阅成功。有变化的，第二天早上发邮件告诉您，每天最多一封。", About: Link{"巡视整改的全部变化", "/changes"}, Email: "z***@example.cn", Since: at(2021, 3, 1, 9, 30), Link: "/subscription/abc", CSRF: "csrf"},
		"subscription-sent":      SubscriptionPage{Frame: crumbs("/subscribe", "邮件订阅"), Heading: "请到邮箱里确认", Sent: true},
		"subscription-ended":     SubscriptionPage{Frame: crumbs("/subscribe", "邮件订阅"), Heading: "已经退订", Ended: true},
		"changes-none":           ChangesPage{Frame: crumbs("/changes", "整改变化")},
		"open-data": OpenDataPage{Frame: crumbs("/open-data", "开放数据"), Sets: []DataSet{{"巡视整改", []Link{{"电子表格（.xlsx）", "/open-data/ledger.xlsx"}, {"完整数据（.json）", "/open-data/ledger.json"}}}},
			Columns: []DataField{{Name: "方面", Text: "反馈意见的方面"}, {Name: "问题编号"}}, Card: "https://court.example/card.svg", CardLink: "https://court.example/progress",
			Shapes: []DataDescription{{"整改台账 ledger.json", "/open-data/ledger.schema.json", []DataShape{{"", []DataField{{"day", "日期", "数据是哪一天的"}}}, {"measures", []DataField{{"code", "文字", "编号"}}}}}}},
		"replies":       RepliesPage{Frame: crumbs("/replies", "公开答复"), Filters: []Filter{{"类别", []Option{{"全部", "/replies", 32, true}, {"咨询", "/replies?kind=enquiry", 14, false}}}, {"月份", []Option{{"2021年2月", "/replies?month=2021-02", 20, false}}}}, Replies: []ReplyRow{{"关于编制分配到哪些法院的答复", "/replies/12", "政治部", Comment, "2021-01-20", "2021-02-02"}, {"网上立案后多久能收到短信", "/replies/11", "立案庭", Enquiry, "2021-01-18", "2021-01-20"}}, More: "/replies?before=11"},
		"replies-empty": RepliesPage{Frame: crumbs("/replies", "公开答复")},
		"reply":         ReplyPage{Frame: frame("/replies/12", "关于编制分配到哪些法院的答复", crumb, Link{"公开答复", "/replies"}), No: "12", Kind: Comment, Heading: "关于编制分配到哪些法院的答复", AskedOn: "2021-01-20", Question: "编制分给了38家法院，能不能公布是哪38家？", AnsweredOn: "2021-02-02", Unit: "政治部", Answer: "谢谢您的意见。\n涉及的法院正在逐家办理入编手续，办完后公布名单。", Problem: Link{"1-5 司法体制改革破难题、解新题不力", "/progress/1-5"}, Log: "/log/texts/reply/12"},
		"log":           logPage(),
		"receipt":       ReceiptPage{Frame: frame("/log/receipt", "查验回执", Link{"首页", "/"}, Link{"公开日志", "/log/"}), Base: "https://court.example", Key: sampleKey},
		"log-none":      LogPage{Frame: crumbs("/log/", "公开日志"), Key: sampleKey, Base: "https://court.example"},
		"history":       history(), "history-day": historyOnADay(), "history-gone": historyGone(), "history-wrong": historyWrong(), "history-expunged": historyExpunged(),
		"statistics":   statistics(),
		"poster":       posterPage(),
		"poster-new":   PosterPage{Frame: crumbs("/poster", "大厅海报"), Key: sampleKey},
		"channels":     ChannelsPage{Frame: crumbs("/channels", "联系渠道"), Kinds: kindRows()},
		"guide":        GuidePage{crumbs("/guide", "反映指南")},
		"report-begun": begunReport(), "report": reportForm(false), "report-wrong": reportForm(true),
		"report-code":         ReportCodePage{Frame: frame("/submit", "已收到您的举报"), CaseNo: "4817 2093", Code: "7315 0628 4471 9920 1835 6604", At: Written{at(2021, 2, 24, 9, 14).String(), at(2021, 2, 24, 9, 14).ISO()}, NoticeBy: "2021-03-17", QR: NewQR("受理编号 48172093"), Promise: samplePromise(), Form: ReportProof("csrf", "48172093", "key")},
		"report-code-renewed": ReportCodePage{Frame: frame("/submit", "新的查询码"), Renewed: true, CaseNo: "4817 2093", Code: "7315 0628 4471 9920 1835 6604", Form: ReportProof("csrf", "48172093", "key")},
		"report-renew":        ReportRenewPage{Frame: crumbs("/track/case", "举报办理进度"), Form: RenewForm("csrf", "key")},
		"report-track":        ownReport(),
		"report-erased":       ReportTrackPage{Log: &LogWord{Unknown: true}, Frame: crumbs("/track/case", "举报办理进度"), CaseNo: "48172093", Word: "已反馈", Erased: true, Renew: RenewForm("csrf", "key"), CSRF: "csrf", Timeline: []Event{{At: at(2021, 2, 24, 9, 14), Word: "已收到", Mine: true}}},
		"report-guide-typed":  ReportGuidePage{Frame: frame("/submit/report", "检举控告：举报须知", crumb), Superior: Pieces("云南省纪委监委，电话0871-63990000，https://www.ynjjjc.gov.cn/"), Typed: []Answer{{"实名还是匿名", "匿名：只凭查询码看"}, {"举报的事实", "收受当事人财物。\n有转账记录。"}}, Retry: &Form{Action: "/submit/report", CSRF: "csrf", Buttons: []Button{{"再试一次", "step", "edit"}}}},
		"report-guide":        ReportGuidePage{Frame: frame("/submit/report", "检举控告：举报须知", crumb, Link{"我要反映", "/submit"})},
		"privacy":             PrivacyPage{crumbs("/privacy", "隐私说明"), "2021-01", "2021-01-06", []KeptFor{{"咨询", "6个月", "3年"}, {"申诉求决", "3年", "10年"}}},
		"accessibility":       AccessibilityPage{crumbs("/accessibility", "无障碍说明"), "2021-03-01"},
		"sitemap":             SitemapPage{crumbs("/sitemap", "网站地图"), []LinkGroup{{"公开的问题", home().Aspects[0].Problems}, {"通报", []Link{announcement}}}},
		"submit":              SubmitPage{crumbs("/submit", "我要反映"), kindRows()},
		"form-comment":        comment(), "form-comment-wrong": wrongSubmission(),
		"check": check(), "check-kept": kept,
		"confirmation":            ConfirmationPage{Frame: frame("/submit/comment", "已收到"), Kind: Comment, Heading: "建议公开员额动态调整的结果", CaseNo: "4817 2093", AccessCode: "7315 0628", At: Written{"2021年2月24日 09:14", "2021-02-24T09:14:00+08:00"}, NoticeBy: "2021-03-11", ReplyBy: "2021-03-12", Estimated: true, Promise: samplePromise()},
		"confirmation-correction": ConfirmationPage{Frame: frame("/submit/correction", "已收到"), Kind: Correction, Heading: "整改进展页的一个日期不对", CaseNo: "4817 2093", AccessCode: "7315 0628", At: Written{"2021年2月24日 09:14", "2021-02-24T09:14:00+08:00"}, ReplyBy: "2021-03-03"},
		"track":                   TrackPage{crumbs("/track", "查询进度"), TrackForm("csrf")}, "track-wrong": failedTrack,
		"code": CodePage{crumbs("/track/code", "换一个查询码"), CodeForm("csrf")},
		"case": ownCase(), "case-replied": repliedCase(),
	}
	for _, k := range []Kind{Suggestion, Enquiry, Complaint, Petition, Correction} {
		pages["form-"+string(k)] = submission(k)
	}
	for _, status := range []int{400, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503} {
		page := ErrorPage{Frame: frame("/x", "出错了"), Status: status}
		page.Title, page.Noindex = page.Heading(), true
		if status >= 429 {
			page.Wait, page.RequestID = 90, "7f3a9c"
		}
		pages[fmt.Sprintf("error-%d", status)] = page
	}
	return pages
}

func subscribeForm() Form {
	return Form{Action: "/subscribe", CSRF: "csrf", Honeypot: true, Captcha: &Captcha{ID: "abc"},
		Fields:  []Field{{Name: "email", Kind: Email, Label: "您的邮箱", Required: true, Max: 200, Autocomplete: "email", Hint: "只用来发送整改变化，每天最多一封；退订后立即删除。"}},
		Buttons: []Button{{Text: "发确认邮件给我"}, {Text: "换一张验证码", Name: "step", Value: "captcha"}}}
}

func card() CardPage {
	return CardPage{Frame: frame("/card.svg", "整改进展"), Figures: home().Figures}
}

// wallChart is a chart of seven years with a measure in every state.
func wallChart() ChartPage {
	p := ChartPage{Frame: frame("/chart", "挂图作战图", Link{"首页", "/"}), Programme: "巡视整改", AsOf: "2021-03-01", Drawn: true, List: "/progress", More: "/chart?after=1-2", Filters: filters()[:1],
		Depts:  &Filter{"牵头部门", []Option{{"全部", "/chart", 10, true}, {"政治部", "/chart?dept=x", 4, false}}},
		Axis:   Axis{From: time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), Months: 84, Today: "2021-03-01", Cut: true},
		Counts: ChartCounts{Problems: 2, Measures: 10, Done: 3, Closed: 1, Overdue: 1, Reopened: 1, Undated: 1}, Links: []Link{{"整改进展，按问题列表", "/progress"}}}
	p.Sheet = ChartSheet
	measures := []ChartMeasure{
		{Code: "1-1-1-1", Title: "修订院党组议事规则，写明集体决策的范围、程序和责任，每季度检查一次执行情况", Status: Done, Closing: Closed, Dept: "办公室", Starts: "2020-01-10", Baseline: "2020-06-30", Due: "2020-06-30", DoneOn: "2020-06-20", ClosedOn: "2020-09-01"},
		{Code: "1-1-1-2", Title: "等待核验的措施", Status: Done, Closing: Applied, Dept: "政治部", Starts: "2020-02-10", Baseline: "2020-06-30", Due: "2020-08-31", DoneOn: "2020-08-20"},
		{Code: "1-1-1-3", Title: "不知道哪天完成的措施", Status: Done, Starts: "2020-02-10"},
		{Code: "1-1-2-1", Title: "超期的措施", Status: InProgress, Dept: "政治部", Starts: "2020-03-01", Baseline: "2020-09-30", Due: "2020-12-31", Overdue: "已超期60天"},
		{Code: "1-1-2-2", Title: "没有写启动时间的措施", Status: BasicallyDone, Closing: ClosingRefused, Baseline: "2021-06-30", Due: "2021-03-31"},
	}
	others := []ChartMeasure{
		{Code: "1-2-1-1", Title: "长期坚持的措施", Status: LongTerm, Starts: "2019-03-01", DueText: "长期坚持", Every: 3, Checks: []Day{"2021-03-31", "2021-06-30"}, Checked: []Day{"2020-12-30"}},
		{Code: "1-2-1-2", Title: "重开的措施", Status: InProgress, Closing: ClosingReopened, Starts: "2020-03-01", Baseline: "2020-09-30", Due: "2021-09-30", ReopenedOn: "2021-02-01"},
		{Code: "1-2-1-3", Title: "还没有开始的措施", Status: NotStarted, Starts: "2021-05-01", Baseline: "2021-08-01", Due: "2021-08-01"},
		{Code: "1-2-1-4", Title: "没有日期的措施", Status: Unreported},
		{Code: "1-2-1-5", Title: "图外的措施", Status: InProgress, Starts: "1999-05-01", Baseline: "2099-08-01", Due: "2099-08-01"},
	}
	for i := range measures {
		measures[i].Href = "/progress/1-1#m-" + measures[i].Code
	}
	for i := range others {
		others[i].Href = "/progress/1-2#m-" + others[i].Code
	}
	p.Aspects = []ChartAspect{{"一", aspects[0].title, []ChartProblem{
		{Code: "1-1", Title: aspects[0].problems[0], Href: "/progress/1-1", Status: InProgress, Measures: measures},
		{Code: "1-2", Title: aspects[0].problems[1], Href: "/progress/1-2", Status: InProgress, Measures: others},
		{Code: "1-3", Title: aspects[0].problems[2], Href: "/progress/1-3", Status: Done, Closing: Closed, ClosedOn: "2020-12-01", Measures: measures[:1]},
		{Code: "1-4", Title: aspects[0].problems[3], Href: "/progress/1-4", Status: Unreported}}}}
	return p
}

// monthly is a chart of a year, unfolded.
func monthly() ChartPage {
	p := wallChart()
	p.Unfolded, p.More, p.Axis = true, "", Axis{From: time.Date(2020, 4, 1, 0, 0, 0, 0, time.UTC), Months: 14, Today: "2021-03-01"}
	return p
}

func begunReport() ReportPage {
	p := reportForm(true)
	p.Begun, p.Nobody, p.Superior = true, true, Pieces("云南省纪委监委，电话0871-63990000")
	p.Form.FilesLost, p.Form.Lost, p.Form.Kept = true, []string{"录音.mp3"}, []string{"照片.jpg", "转账记录.pdf"}
	return p
}

func reportForm(wrong bool) ReportPage {
	p := ReportPage{Frame: frame("/submit/report", "检举控告", Link{"首页", "/"}, Link{"我要反映", "/submit"})}
	p.Form = Form{Action: "/submit/report", CSRF: "csrf", Honeypot: true, Captcha: &Captcha{ID: "abc"}, Fields: ReportFields("2021-01", "最多 10 个。", []string{"收受礼品礼金、吃请", "其他违纪违法"}), Buttons: []Button{{Text: "下一步：核对内容", Name: "step", Value: "check"}}}
	if wrong {
		p.Form.Fill(func(name string) string {
			return map[string]string{"person": "某某", "anonymous": Anonymous, "exclude": "某甲\n某乙"}[name]
		})
		p.Form.Fail("facts", "请写清举报的事实。")
		p.Failed = true
	}
	return p
}

func ownReport() ReportTrackPage {
	say := SayForm("csrf", "最多 10 个。")
	return ReportTrackPage{Log: &LogWord{Place: "12845", Since: at(2021, 2, 24, 9, 14)}, Frame: frame("/track/case", "举报办理进度"), CaseNo: "48172093", Word: "办理中", Next: "需要您补充的，会写在下面的往来里。", Answers: []Answer{{"被举报人", "某某"}, {"事实", "收受当事人财物。\n有转账记录。"}},
		Who: []Answer{{"您的姓名", "张三"}}, Files: []Link{{"照片.jpg", "/track/report/files/1"}}, Say: &say, Renew: RenewForm("csrf", "key"), CSRF: "csrf",
		Talk:     []ReportWord{{At: at(2021, 3, 1, 9, 30), Text: "请补充转账的日期。"}, {At: at(2021, 3, 2, 9, 30), Mine: true, Text: "是二月十日。", Files: []Link{{"截图.png", "/track/report/files/2"}}}},
		Timeline: []Event{{At: at(2021, 2, 24, 9, 14), Word: "已收到", Mine: true}, {At: at(2021, 2, 26, 10, 0), Word: "决定受理"}, {At: at(2021, 2, 27, 10, 0), Word: "已交专人办理"}}}
}
