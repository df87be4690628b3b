package view

import "strings"

// The key, the root and the digests are of the right length and mean nothing.
const sampleKey = "court.example/log+0ae0ba4f+AcE1vHGDHQLjUD5bSAzcxVxHbCZKMrYq0pNhf8pJ7WvR"

func logPage() LogPage {
	root := "q0pNhf8pJ7WvRcE1vHGDHQLjUD5bSAzcxVxHbCZKMrY="
	return LogPage{Frame: frame("/log/", "公开日志", Link{"首页", "/"}), Size: 12846, At: at(2021, 3, 1, 9, 30), Root: root, Key: sampleKey, Base: "https://court.example", Witnesses: []LogWitness{{"witness.example", 12840, at(2021, 3, 1, 9, 29)}}, HandOvers: []LogHandOver{{at(2021, 2, 3, 9, 0), "/log/proof/42"}},
		Checkpoint: "court.example/log\n12846\n" + root + "\n\n— court.example/log CuC6T" + strings.Repeat("x7Qd", 20) + "=\n",
		Latest: []LogChange{{at(2021, 3, 1, 9, 29), "修改", "问题1-3 把党的政治建设摆在首位不突出", "/log/texts/problem/3"}, {at(2021, 2, 26, 16, 2), "首次公布", "变化：措施1-3-2-1报告：已完成", "/log/texts/event/91"},
			{at(2021, 2, 25, 10, 0), "撤下", "第12号答复 关于编制分配到哪些法院的答复", "/log/texts/reply/12"}}}
}

func posterPage() PosterPage {
	l := logPage()
	f := frame("/poster", "大厅海报", Link{"首页", "/"})
	f.Sheet = PosterSheet
	return PosterPage{Frame: f, Base: l.Base, QR: NewQR(l.Base), Key: l.Key, Size: l.Size, Root: l.Root, At: l.At}
}

func versionOf(no int, verb string, when Moment, changed ...FieldChange) HistoryVersion {
	n := itoa(no)
	return HistoryVersion{No: no, Verb: verb, At: when, Index: itoa(no * 40), Read: "/log/texts/problem/3?version=" + n + "#shown", Exact: "/log/texts/problem/3/" + n, Proof: "/log/proof/" + itoa(no*40), Changed: changed}
}

func history() HistoryPage {
	first := versionOf(1, "首次公布", at(2021, 1, 6, 9, 0))
	first.Backfilled = true
	return HistoryPage{Frame: frame("/log/texts/problem/3", "问题1-3 把党的政治建设摆在首位不突出：历次文字", Link{"首页", "/"}, Link{"公开日志", "/log/"}), Kind: "问题", Subject: "问题1-3 把党的政治建设摆在首位不突出",
		Now: Link{"现在的页面", "/progress/1-3"}, Action: "/log/texts/problem/3", First: "2021-01-06", Last: "2021-03-01",
		Versions: []HistoryVersion{versionOf(3, "修改", at(2021, 2, 26, 16, 2), FieldChange{"状态", "整改中", "基本完成"}, FieldChange{"责任领导", "", "分管副院长"}),
			versionOf(2, "修改", at(2021, 2, 1, 10, 0), FieldChange{"说明", "……对照检查不够深入，整改停留在开会发文……", "……对照检查不够深入，个别庭室整改停留在开会发文……"}), first}}
}

func historyOnADay() HistoryPage {
	p := history()
	p.On, p.Answer, p.Caution = "2021-01-20", "2021年1月20日结束时，页面上写的是第1版：", "这一版是2021年2月1日建立日志时补记的。在那以前页面有没有改过，日志证明不了。"
	shown := p.Versions[2]
	shown.Read = ""
	p.Shown = &HistoryText{shown, strings.Repeat("9f86d081884c7d65", 4), []HistoryField{{"整改轮次", "2020"}, {"编号", "1-3"}, {"问题", "把党的政治建设摆在首位不突出"}, {"说明", "对照检查不够深入。\n整改停留在开会发文。"}, {"状态", "整改中"}}}
	return p
}

func historyGone() HistoryPage {
	p := history()
	gone := versionOf(4, "撤下", at(2021, 2, 28, 8, 30))
	gone.Why, gone.Index, gone.Proof = "与1-4重复，合并到1-4。", "", ""
	p.Gone, p.Versions, p.Now, p.More = &gone, append([]HistoryVersion{gone}, p.Versions...), Link{}, "/log/texts/problem/3?before=2"
	p.Answer, p.Shown = "2021年2月28日结束时，这一条已经撤下，页面上没有它。", &HistoryText{HistoryVersion: gone, Digest: strings.Repeat("9f86d081884c7d65", 4)}
	return p
}

func historyWrong() HistoryPage {
	p := history()
	p.Failed, p.On, p.Error = true, "去年", "日期看不懂，请写成 2021-01-06 这样"
	return p
}

func historyExpunged() HistoryPage {
	p := history()
	gone := p.Versions[1]
	gone.Read, gone.Exact, gone.Changed = "", "", nil
	gone.Expunged = &Expunged{Why: "说明里写了来信人的住址。", Decision: "云高法〔2021〕9号", On: "2021-03-01", Digest: strings.Repeat("9f86d081884c7d65", 4), Href: "/log/texts/expunged/80"}
	p.Versions[1] = gone
	p.Answer, p.Shown = "第2版写了什么，现在看不到了：", &HistoryText{HistoryVersion: gone, Digest: gone.Expunged.Digest}
	return p
}
