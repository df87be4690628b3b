package view

import "maps"

// ledgerGallery is the desk's pages of the ledger.
func ledgerGallery() map[string]Page {
	measures := []DeskMeasure{
		{"/desk/ledger/measures/1", "1-5-1-1", "制定法官审判权力和责任清单（试行），明确院庭长监督管理职责", "审判管理办公室", Done, Closed, Due{Words: "2027-03-28"}, nil},
		{"/desk/ledger/measures/2", "1-5-2-1", "制定法官员额动态调整管理办法", "政治部", BasicallyDone, ClosingRefused, Due{"超期 12 天", "", "2027-06-28", "overdue", false}, []string{"回头看后重开"}},
		{"/desk/ledger/measures/3", "1-5-2-2", "推进任职满5年的基层法院院长任职交流", "政治部", LongTerm, OfficePassed, Due{Words: "长期坚持"}, []string{"不公开"}},
	}
	step := func(who, word, text string) DeskEvent {
		return DeskEvent{At: at(2027, 3, 1, 9, 0), Who: who, Word: word, Text: text}
	}
	review := Act{Name: "review", Label: "核验销号申请", Lead: "通过的，转下一环节。", Open: true, Form: deskForm("/desk/ledger/measures/2/review", "作出决定",
		Field{Name: "pass", ID: "review-pass", Kind: Radio, Label: "核验意见", Required: true, Choices: []Choice{{"yes", "通过"}, {"no", "不予销号"}}, Error: "请选择通过还是不予销号。"},
		Field{Name: "reason", ID: "review-reason", Kind: Select, Label: "不予销号的原因", Choices: []Choice{{"", "（通过的不选）"}, {"weak", "措施不过硬"}}},
		Field{Name: "text", ID: "review-text", Kind: Textarea, Label: "具体说明", Hint: "不予销号的必须写明差在哪里。", Rows: 4})}
	report := Act{Name: "report", Label: "报告进展", Lead: "这是牵头部门自己的说法。", Form: deskForm("/desk/ledger/measures/2/report", "报告进展",
		Field{Name: "status", ID: "report-status", Kind: Radio, Label: "整改状态", Value: "done", Choices: []Choice{{"in_progress", "整改中"}, {"done", "已完成"}}},
		Field{Name: "done_on", ID: "report-done_on", Kind: "date", Label: "完成日期", Width: "middle"})}
	withdraw := deskForm("/desk/ledger/evidence/2/withdraw", "撤下")
	dossier := DossierPage{Desk: deskFrame("/desk/ledger/measures/2", "1-5-2-1"), Kind: "措施", Code: "1-5-2-1", Heading: "制定法官员额动态调整管理办法，向人案矛盾突出的基层法院分配编制",
		Status: BasicallyDone, Closing: Applied, Marks: []string{"回头看后重开"}, Facts: []Answer{{"牵头部门", "政治部"}, {"整改时限", "2027年6月28日"}, {"最初的时限", "2027年3月28日"}},
		Texts: []Answer{{"完成情况（公开）", "办法已印发。"}, {"内部说明（不公开）", "编制数待批。"}},
		Evidence: []EvidenceRow{{"办法全文", "https://court.example/1", "https://court.example/1", "公开", "李明", at(2027, 3, 1, 8, 0), false, nil},
			{"会议纪要", "/desk/ledger/evidence/2", "纪要.pdf，1.2 MB", "内部", "李明", at(2027, 3, 1, 8, 0), false, &withdraw}, {"旧稿", "", "旧稿.docx，20 KB", "内部", "李明", at(2027, 3, 1, 8, 0), true, nil}},
		Filed: []FiledRow{{Applied, "已申请", at(2027, 3, 1, 9, 0), []DeskEvent{step("李明", "申请销号", "办法已执行一个季度。")}},
			{ClosingRefused, "不予销号", at(2027, 2, 1, 9, 0), []DeskEvent{step("李明", "申请销号", "已做完。"), step("张华", "整改办核验：不予销号，措施不过硬", "没有写明多久调整一次。")}}},
		Events: []DeskEvent{step("李明", "报告进展", "办法已印发。")}, Acts: []Act{review, report}, Up: Link{"1-5 司法体制改革破难题、解新题不力", "/desk/ledger/problems/5"}, Public: Link{"看公众网站上的这个问题", "/progress/1-5"}}
	problem := DossierPage{Desk: deskFrame("/desk/ledger/problems/5", "1-5"), Kind: "问题", Code: "1-5", Heading: "司法体制改革破难题、解新题不力", Status: InProgress, Measures: measures,
		Waiting: "您现在没有要做的。", Kept: "已经做完，请核验。"}
	judge := &Act{Name: "judge-7", Label: "记录结论", Open: true, Form: deskForm("/desk/ledger/lookbacks/1/judge", "保存结论",
		Field{Name: "holds", ID: "judge-7-holds", Kind: Radio, Label: "结论", Choices: []Choice{{"yes", "成果保持"}, {"no", "有问题，重新打开"}}}, Field{Name: "finding", ID: "judge-7-finding", Kind: Textarea, Label: "发现的情况", Rows: 3})}
	set := FigureSet{Link: Link{Text: "整改进展情况通报", Href: "/desk/ledger/2021-01-06"}, State: "已公布，2 处没有核对一致", Reason: "通报的口径早于台账。",
		Figures: []FigureRow{{Label: "反馈问题", Value: "42 个", AsOf: "2021-01-06", Ledger: "15", Note: "通报写明 42 个，逐一点名的有 15 个。"}, {Label: "细化问题", Value: "95 个", Ledger: "95", Agrees: true}},
		Within:  []Finding{{"完成整改37个、基本完成5个，合计42个，一致。", true}, {"文中写明细化问题95个，正文没有逐一列出。", false}}}
	publish := Act{Name: "publish", Label: "公布", Lead: "不能撤回。", Open: true, Form: deskForm("/desk/ledger/2021-01-06/publish", "公布这份通报",
		Field{Name: "reason", ID: "publish-reason", Kind: Textarea, Label: "数字没有全部一致，为什么仍然公布", Required: true, Rows: 4, Error: "有数字没有核对一致，请写明为什么仍然公布。"})}
	mapping := &Act{Name: "map-3", Label: "确认对应", Lead: "可以对应几个。", Open: true, Form: deskForm("/desk/ledger/mapping/3", "确认对应",
		Field{Name: "problem_9", ID: "map-3-problem_9", Kind: Checkbox, Value: "1", Checked: true, Label: "1-1 理论学习不深入", Hint: "用词相近程度 71%"}, Field{Name: "codes", ID: "map-3-codes", Label: "还对应台账里的", Hint: "问题编号，用顿号隔开。"})}
	dossier.Lists = []RecordList{{Heading: "没有办完的会议决定", Items: []RecordItem{{Text: "六月底前办法报党组研究", Standing: Due{"剩 6 天", "", "2027-06-30", "near", false}, Note: "2027年第二季度研究；政治部，2027年6月30日前办完"}}}}
	drop := &Act{Name: "drop-3", Form: deskForm("/desk/ledger/meetings/1/drop", "去掉这个议题")}
	done := &Act{Name: "done-2", Label: "办完了", Lead: "记下后不能再改。", Form: deskForm("/desk/ledger/meetings/1/done", "记为办完", Field{Name: "note", ID: "done-2-note", Kind: Textarea, Label: "办理结果", Required: true, Rows: 3})}
	return map[string]Page{
		"meeting": RecordPage{Desk: deskFrame("/desk/ledger/meetings/1", "2027年第二季度研究"), Up: Link{"季度研究", "/desk/ledger/meetings"}, Heading: "2027年第二季度研究", Standing: Due{Words: "计划中", Class: "half"},
			Texts: []Answer{{"会议记录", "逐项研究了超期的措施。"}}, Lists: []RecordList{{Heading: "议题：已超期的措施（1）", Items: []RecordItem{{Text: "1-5-2-1 制定法官员额动态调整管理办法：超期12天", Href: "/desk/ledger/measures/2", Act: drop}}},
				{Heading: "决定", Items: []RecordItem{{Code: "第1项", Text: "六月底前报党组研究", Standing: Due{"剩 6 天", "", "2027-06-30", "near", false}, Note: "政治部", Act: done}}}},
			Acts: []Act{{Name: "draw", Form: deskForm("/desk/ledger/meetings/1/draw", "从台账和群众意见列出议题")}}, Links: []Link{{"打印会议议程", "/desk/ledger/meetings/1/agenda"}}},
		"letter": PaperPage{Desk: deskFrame("/desk/cases/1/replies/1", "关于“窗口无人叫号”的答复"), Up: Link{"返回来件", "/desk/cases/1"}, Heading: "关于“窗口无人叫号”的答复", Formal: true, Number: "受理编号：48172093",
			Parts: []PaperPart{{Lines: []PaperLine{{"", "您好！您反映的问题收悉。经查，1月5日上午叫号屏故障，现已更换。"}, {"", "感谢您的监督。"}}}, {Lines: []PaperLine{{"", "如有疑问，请凭受理编号与我们联系。"}, {"", "电话：12368"}}}}, Signed: []string{"云南省高级人民法院", "执行局", "2021年3月2日"}},
		"paper": PaperPage{Desk: deskFrame("/desk/ledger/meetings/1/minutes", "会议记录"), Up: Link{"返回会议", "/desk/ledger/meetings/1"}, Heading: "2027年第二季度研究　会议记录", Facts: []Answer{{"会议日期", "2027年6月24日"}},
			Parts: []PaperPart{{Heading: "记录", Text: "逐项研究。\n要求月底前办完。"}, {Heading: "（一）下面的一段", Lines: []PaperLine{{"1.针对“问题”问题。", "已经改正。"}, {"", "一段。"}}, Below: true}, {Heading: "决定", Items: []PaperItem{{"六月底前报党组研究", "政治部，2027年6月30日前办完"}, {Text: "补报一次进度"}}}, {Heading: "补记", Empty: "没有补记。"}}, Signed: []string{"整改工作办公室", "2027年6月24日"}},
		"register": RegisterPage{Desk: deskFrame("/desk/ledger/orders", "督办"), Up: Link{"台账", "/desk/ledger"}, Heading: "督办", Lead: "共 2 份", Columns: []string{"督办单", "部门", "要求答复", "时限"},
			Baskets: []Basket{{Link{"等答复", "/desk/ledger/orders"}, 2, true, false}, {Link{"逾期未答复", "/desk/ledger/orders?in=overdue"}, 1, false, true}}, Kept: "请尽快办理。",
			Rows: []RegisterRow{{"/desk/ledger/orders/1", "提醒：措施1-5-2-1 制定法官员额动态调整管理办法", []RegisterCell{{"部门", "政治部"}, {"要求答复", "2027-07-01"}}, Due{"超期 12 天", "", "2027-07-01", "overdue", false}, []string{"越级"}},
				{"/desk/ledger/orders/2", "督办：没有针对具体事项", []RegisterCell{{"部门", "立案庭"}, {"要求答复", ""}}, Due{Words: "已答复", Class: "good"}, nil}, {Name: "没有自己页面的一项"}},
			Acts: []Act{{Name: "issue", Label: "发出提醒、督办单", Form: deskForm("/desk/ledger/orders", "发出", Field{Name: "text", ID: "issue-text", Kind: Textarea, Label: "内容", Required: true, Rows: 4})}}, Links: []Link{{"打印", "/desk/ledger"}}, Next: "/desk/ledger/orders?before=1"},
		"register-search": RegisterPage{Desk: deskFrame("/desk/log", "公开日志里的原文"), Heading: "公开日志里的原文", Search: Form{Action: "/desk/log", Fields: []Field{{Name: "find", Label: "网址，或者类别/编号", Value: "reply/12", Width: "grow"}}},
			Columns: []string{"哪一版", "时间", "日志编号", "情况"}, Rows: []RegisterRow{{Href: "/desk/log/reply/12/1", Name: "第1版 公布", Cells: []RegisterCell{{"时间", "2021年1月6日"}, {"日志编号", "80"}}, Standing: Due{Words: "原文已撤除", Class: "half"}}}},
		"register-empty": RegisterPage{Desk: deskFrame("/desk/ledger/rules", "制度成果"), Heading: "制度成果", Empty: "还没有登记过制度。"},
		"reconcile": RecordPage{Desk: deskFrame("/desk/ledger/2021-01-06", "通报"), Up: Link{"通报", "/desk/ledger"}, Heading: "整改进展情况通报", Standing: Due{Words: "草稿，没有公布"}, Figures: []FigureSet{set, {Link: Link{Text: "另一份通报"}}},
			Acts: []Act{publish}, Links: []Link{{"看公众网站上的通报", "/announcements/2021-01-06"}}, Facts: []Answer{{"发布单位", "中共云南省高级人民法院党组"}}},
		"record": RecordPage{Desk: deskFrame("/desk/ledger/mapping", "对应通报"), Heading: "通报点名的问题对应台账", Lead: "一件事只计一次。", Waiting: "您现在没有要做的。", Kept: "刚才写的。", First: []Answer{{"单位", "立案庭"}}, Texts: []Answer{{"内容", "请在七月一日前答复。"}},
			Lists: []RecordList{{Heading: "通报点名的问题", Items: []RecordItem{{"通报 1-1", "理论武装不扎实", "/desk/ledger/problems/1", Due{Words: "没有对应", Class: "near"}, "1-1 理论学习不深入", mapping}, {Text: "没有编号的一项"}}}, {Heading: "没有被点名的", Lead: "不一定要对应。", Empty: "都有通报点名。"}}},
		"record-alone": RecordPage{Desk: deskFrame("/desk/ledger/digests/1", "整改提示"), Heading: "2027年7月整改提示", Texts: []Answer{{"内容", "没有需要提示的。"}}},
		"ledger-full": DeskLedgerPage{Desk: deskFrame("/desk/ledger", "台账"), Counts: []LedgerCount{{"问题", 42, 0, 37, 30, "/desk/ledger/problems"}, {"措施", 295, 3, 281, 250, "/desk/ledger/measures"}},
			Waiting: measures[2:], Parts: []LedgerTask{{Link{"整改措施", "/desk/ledger/measures"}, "报告进展、佐证、申请销号", -1}, {Link{"回头看", "/desk/ledger/lookbacks"}, "抽查已销号的措施", -1}}},
		"measures": MeasuresPage{Desk: deskFrame("/desk/ledger/measures", "整改措施"), Heading: "全部措施", Lead: "共 3 条", Rows: measures,
			Baskets: []Basket{{Link{"全部措施", "/desk/ledger/measures"}, 295, true, false}, {Link{"已超期", "/desk/ledger/measures?in=overdue"}, 12, false, true}},
			Search:  Form{Action: "/desk/ledger/measures", Fields: []Field{{Name: "code", Label: "编号开头"}, {Name: "department", Kind: Select, Label: "牵头部门", Choices: []Choice{{"", "全部部门"}}}}}, Next: "/desk/ledger/measures?after=3"},
		"measures-empty": MeasuresPage{Desk: deskFrame("/desk/ledger/measures", "整改措施"), Heading: "已超期", Empty: "这里没有措施。", Widen: "/desk/ledger/measures"},
		"dossier":        dossier, "dossier-problem": problem,
		"problems": ProblemsPage{Desk: deskFrame("/desk/ledger/problems", "问题"), Rows: []DeskProblem{{"/desk/ledger/problems/5", "1-5", "司法体制改革破难题、解新题不力", "党组领导作用发挥不充分", InProgress, NotApplied, 9, 6, 3, []string{"不公开"}}}},
		"rounds": RoundsPage{Desk: deskFrame("/desk/ledger/lookbacks", "回头看"), Rows: []RoundRow{{"/desk/ledger/lookbacks/1", "2027年第一轮", "进行中", "抽查 30 条", "2027-07-01", "2027-07-31", true}},
			Acts: []Act{{Name: "plan", Label: "安排一次回头看", Lead: "从已经销号的措施里抽取。", Open: true, Form: deskForm("/desk/ledger/lookbacks", "开始回头看", Field{Name: "title", ID: "plan-title", Label: "名称", Required: true})}}},
		"round": RoundPage{Desk: deskFrame("/desk/ledger/lookbacks/1", "2027年第一轮"), Heading: "2027年第一轮", State: "进行中", Facts: []Answer{{"时间", "2027年7月1日至2027年7月31日"}, {"抽样种子", "2027063"}},
			Items: []RoundItemRow{{"/desk/ledger/measures/1", "1-5-1-1", "制定法官审判权力和责任清单", "待核实", "half", "", judge}, {"/desk/ledger/measures/2", "1-5-2-1", "制定员额动态调整办法", "重新打开", "overdue", "现场看，制度没有执行。", nil}},
			Acts:  []Act{{Name: "end", Form: deskForm("/desk/ledger/lookbacks/1/end", "结束这次回头看")}}, Next: "/desk/ledger/lookbacks/1?after=9"},
	}
}

func wholeDeskGallery() map[string]Page {
	all := deskGallery()
	maps.Copy(all, ledgerGallery())
	maps.Copy(all, sheetGallery())
	return all
}
