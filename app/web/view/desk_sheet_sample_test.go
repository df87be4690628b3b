package view

// sheetGallery is the desk's pages of a spreadsheet on its way in.
func sheetGallery() map[string]Page {
	form := deskForm("/desk/ledger/sheet", "对比", Field{Name: "programme", Kind: Select, Label: "导入到哪一轮整改", Required: true, Choices: []Choice{{"main", "省委第七巡视组反馈问题整改"}}},
		Field{Name: "slug", Label: "或者另起一轮", Hint: "新一轮整改的地址名。", Width: "middle"}, Field{Name: "attachments", ID: "file", Kind: Files, Label: "台账文件", Required: true, Hint: "一个 .xlsx 或 .csv 文件。"})
	page := SheetPage{Desk: deskFrame("/desk/ledger/sheet", "台账表格"), Form: &form, Downloads: []Link{{"“省委第七巡视组反馈问题整改”台账（.xlsx）", "/desk/ledger/sheet.xlsx"}, {"“省委第七巡视组反馈问题整改”台账（.csv）", "/desk/ledger/sheet.csv"}}}
	look := page
	look.Form = nil
	bad := page
	bad.Failed, bad.Heading, bad.More = true, "有 203 个单元格要改", 200
	bad.Bad = []BadCell{{"整改台账!J12", "“差不多”不是整改状态。请填未启动、整改中、基本完成、已完成或长期坚持，没有说明的留空。"}, {"整改台账!I40", "这一格是公式，没有采用它的结果。请复制后用“选择性粘贴—数值”贴回原处。"},
		{"整改台账!A1208", "编号“1-3-2-1”在第 17 行已经用过。每条措施的编号不能相同。"}}
	confirm := Form{Action: "/desk/ledger/sheet", CSRF: "token", Hidden: []Hidden{{"ticket", "T"}, {"seen", "0"}}, Buttons: []Button{{"确认导入", "step", "store"}}}
	difference := SheetDifferencePage{Desk: deskFrame("/desk/ledger/sheet", "核对导入的变化"), Lead: "295 条措施，新增 2 条，没有变化 291 条；新增问题 1 个，变更 2 处，销号 1 项。",
		Facts:    []Answer{{"文件", "整改台账（12月）.xlsx"}, {"工作表", "整改台账"}, {"导入到", "省委第七巡视组反馈问题整改"}, {"表头", "第 3 行"}},
		Warnings: []string{"第 12 行的整改时限“2020年12月底”按 2020年12月31日 计。", "新建 1 个部门：民事审判第五庭。名称有误的，请先改表格。"},
		Rows: []SheetRow{{12, "1-5-2-1", "制定法官员额动态调整管理办法", false, []SheetChange{{"整改时限", "2020-09-30", "2020年12月底"}, {"整改状态", "整改中", "已完成"}, {"配合部门", "", "办公室、机关党委"}}},
			{13, "1-5-2-3", "推进任职满5年的基层法院院长任职交流", true, nil}}, More: 1, Form: confirm, Again: Link{"返回，换一份文件", "/desk/ledger/sheet"}}
	same := difference
	same.Rows, same.More, same.Form, same.Warnings = nil, 0, Form{Action: "/desk/ledger/sheet", CSRF: "token"}, nil
	return map[string]Page{"sheet": page, "sheet-look": look, "sheet-bad": bad, "sheet-difference": difference, "sheet-same": same}
}
