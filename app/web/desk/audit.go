package desk

import (
	"strconv"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/reports"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// subjects are the kinds of thing the trail speaks of.
var subjects = []view.Choice{{Text: "全部"}, {Value: "case", Text: "来件"}, {Value: "reply", Text: "选登"}, {Value: "announcement", Text: "通报"}, {Value: "programme", Text: "台账"},
	{Value: "problem", Text: "问题"}, {Value: "measure", Text: "措施"}, {Value: "evidence", Text: "佐证材料"}, {Value: "lookback", Text: "回头看"}, {Value: "rule", Text: "制度"},
	{Value: "order", Text: "督办单"}, {Value: "digest", Text: "整改提示"}, {Value: "meeting", Text: "研究会议"},
	{Value: "staff", Text: "账号"}, {Value: "department", Text: "部门"}, {Value: "report", Text: "举报"}, {Value: "roster", Text: "密钥名单"}, {Value: "recovery", Text: "恢复密钥"}, {Value: "settings", Text: "设置"}, {Value: "log", Text: "公开日志"}, {Value: "site", Text: "网站"}}

func subjectWord(s string) string { return wordOf(subjects, s) }

// trailWords are the acts of the trail, as they are offered for narrowing it.
var trailWords = func() []view.Choice {
	out := []view.Choice{{Text: "全部"}, {Value: "case.view", Text: "打开来件"}, {Value: "case.view_contact", Text: "查看联系方式"}, {Value: "case.open_file", Text: "打开附件"}}
	for _, v := range []cases.Verb{cases.DoSubmit, cases.DoRegister, cases.DoAccept, cases.DoRefuse, cases.DoTransfer, cases.DoAsk, cases.DoSupplement, cases.DoAddFor,
		cases.DoResume, cases.DoWithdraw, cases.DoUrge, cases.DoRate, cases.DoAssign, cases.DoAcknowledge, cases.DoReturn, cases.DoDraft, cases.DoPropose, cases.DoPass,
		cases.DoSendBack, cases.DoApprove, cases.DoSend, cases.DoExtend, cases.DoConclude, cases.DoRedo, cases.DoArchive, cases.DoDiscard, cases.DoRestore,
		cases.DoRecuse, cases.DoExclude, cases.DoNote, cases.DoJoin, cases.DoOpine, cases.DoRelease, cases.DoSupervise, cases.DoObject, cases.DoDecline, cases.DoCall, cases.DoInterfere, cases.DoServe, cases.DoServed, cases.DoMerge, cases.DoTakeIn, cases.DoUnmerge, cases.DoLetGo, cases.DoLink, cases.DoUnlink, cases.DoSplit, cases.DoErase, cases.DoHold, cases.DoUnhold, cases.DoAskErasure, cases.DoDecideErasure} {
		out = append(out, view.Choice{Value: "case." + string(v), Text: v.Word()})
	}
	for _, v := range []reports.Verb{reports.DoSubmit, reports.DoOpen, reports.DoAccept, reports.DoRefuse, reports.DoAssign, reports.DoRecuse, reports.DoNote, reports.DoAnswer, reports.DoSay, reports.DoConclude, reports.DoFeedback, reports.DoReopen,
		reports.DoAsk, reports.DoGive, reports.DoDeny, reports.DoReveal, reports.DoFile, reports.DoOriginal, reports.DoCode, reports.DoRecover, reports.DoHold, reports.DoUnhold, reports.DoErase} {
		out = append(out, view.Choice{Value: "report." + string(v), Text: "举报：" + v.Word()})
	}
	for _, x := range [][2]string{{"report.search", "举报：查找"}, {"keys.roster.sign", "签署举报密钥名单"}, {"keys.roster.recover", "恢复时改了举报密钥名单"}, {"keys.anchor", "重新记下密钥名单的来历"}, {"keys.recovery.make", "生成恢复密钥"}, {"keys.recovery.kits", "重新制作恢复函"}, {"keys.recover", "用恢复函恢复密钥"}, {"keys.hand_over", "离任移交密钥"}, {"settings.reporting", "修改举报设置"}, {"reply.propose", "提出选登"}, {"reply.published", "公开选登"}, {"reply.refused", "不予选登"}, {"reply.withdrawn", "撤下选登"}, {"log.expunge", "撤除公开日志里的原文"},
		{"announcement.import", "导入通报"}, {"announcement.edit", "修改通报草稿"}, {"announcement.publish", "公布通报"}, {"announcement.discard", "作废通报草稿"}, {"ledger.import", "导入台账"}, {"ledger.export", "导出台账"},
		{"problem.map", "对应通报的问题"}, {"problem.details", "修改问题"}, {"rule.add", "登记制度"}, {"rule.change", "修改制度"}, {"programme.fictional", "标明演示"}, {"programme.rename", "修改轮次名称"}, {"stats.freeze", "固定统计月份"}, {"case.code", "来信人更换查询码"}, {"canned.save", "保存常用答复"}, {"settings.retention", "修改保存期限"}, {"case.export_own", "来信人下载自己的信息"}, {"outbox.decide", "决定未知消息"}, {"settings.messages", "修改通知用语"}, {"stats.correct", "更正统计"}, {"stats.export", "导出统计"}, {"programme.details", "修改轮次的名称和说明"}, {"aspect.details", "修改方面的说明"},
		{"measure.report", "报告进展"}, {"measure.details", "修改措施"}, {"measure.add", "增加措施"}, {"measure.propose_due", "申请调整时限"}, {"measure.decide_due", "决定调整时限"},
		{"measure.check", "定期复查"}, {"measure.reopen", "重新打开"}, {"problem.reopen", "重新打开问题"}, {"evidence.add", "添加材料"}, {"evidence.withdraw", "撤下材料"}, {"evidence.open", "查看材料"},
		{"closing.apply", "申请销号"}, {"closing.withdraw", "撤回销号申请"}, {"closing.return", "退回销号申请"}, {"closing.lead_dept", "牵头部门核验"}, {"closing.rectification_office", "整改办核验"},
		{"closing.discipline_group", "派驻纪检监察组核验"}, {"order.issue", "发出督办单"}, {"order.answer", "答复督办单"}, {"digest.send", "生成整改提示"},
		{"meeting.plan", "安排会议"}, {"meeting.draw", "列出议题"}, {"meeting.item", "添加议题"}, {"meeting.drop", "去掉议题"}, {"meeting.save", "保存会议记录"}, {"meeting.hold", "会议记录定稿"},
		{"meeting.decide", "记下决定"}, {"meeting.undecide", "去掉决定"}, {"meeting.fulfil", "决定办完"}, {"meeting.add", "补记"}, {"lookback.plan", "安排回头看"}, {"lookback.judge", "回头看结论"}, {"lookback.end", "结束回头看"},
		{"department.add", "添加部门"}, {"department.rename", "修改部门名称"}, {"department.retire", "停用部门"}, {"department.restore", "恢复部门"},
		{"interference.view", "查看过问登记"}, {"staff.warn", "提醒期限"}, {"staff.calendar", "生成日历地址"}, {"staff.add", "添加账号"}, {"staff.change", "修改姓名和部门"}, {"staff.email", "修改通知邮箱"}, {"staff.roles", "修改角色"}, {"staff.disable", "停用账号"}, {"staff.enable", "恢复账号"},
		{"job.start", "成批办理"}, {"job.done", "成批办理结束"}, {"job.stopped", "成批办理停止"}, {"case.export", "导出来件"}, {"case.exported", "导出来件的行数"}, {"view.save", "保存视图"}, {"view.drop", "删除视图"}, {"assign_rule.save", "修改分办规则"}, {"case.import", "收下转办表格"}, {"case.import.scan", "打开扫描件"}, {"case.import.aside", "搁置表格的一行"}, {"case.import.take_up", "恢复表格的一行"}, {"case.import.codes", "下载编号和查询码"}, {"staff.key.add", "发放接口密钥"}, {"staff.key.end", "停用接口密钥"}, {"case.contacts.seal", "加密以前的联系方式"}, {"staff.sealing.make", "生成加密密钥"}, {"staff.password.reset", "重置密码"}, {"staff.password.change", "修改密码"}, {"staff.factor.set", "启用动态验证码"}, {"staff.factor.reset", "重置动态验证码"},
		{"staff.recovery_code.use", "使用恢复码"}, {"staff.sign_in", "登录"}, {"staff.sign_in.refuse", "登录失败"}, {"staff.sign_out", "退出"},
		{"staff.sign_out_everywhere", "退出所有设备"}, {"settings.site", "修改网站设置"}, {"settings.limit", "修改时限"}, {"settings.calendar", "装入放假安排"},
		{"backup.save", "备份"}, {"backup.restore", "从备份恢复"}} {
		out = append(out, view.Choice{Value: x[0], Text: x[1]})
	}
	return out
}()

func trailWord(v string) string { return wordOf(trailWords, v) }

// wordOf is the text of a choice; what is none stays as it is.
func wordOf(list []view.Choice, value string) string {
	for _, x := range list {
		if x.Value == value && value != "" {
			return x.Text
		}
	}
	return value
}

// Audit shows the trail; nothing on it can be changed.
func (d *Doors) Audit(c *door.Ctx) error {
	var p view.AuditPage
	var bad []fault.Field
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, "审计记录"); err != nil {
			return err
		}
		id := func(name string) int64 {
			v := strings.TrimSpace(c.Query(name))
			n, err := strconv.ParseInt(or(v, "0"), 10, 64)
			if err != nil || n < 0 {
				bad = append(bad, fault.Field{Name: name, Message: "编号只写数字。"})
			}
			return n
		}
		day := func(name string) (on calendar.Date) {
			v := strings.TrimSpace(c.Query(name))
			if v == "" {
				return on
			}
			on, err := calendar.Parse(v)
			if err != nil {
				bad = append(bad, fault.Field{Name: name, Message: "日期要写成 2026-03-01 这样。"})
			}
			return on
		}
		listed := func(name string, list []view.Choice) string {
			v := c.Query(name)
			if wordOf(list, v) == v {
				return "" // not one of the list
			}
			return v
		}
		f := journal.Filter{Subject: listed("subject", subjects), Verb: listed("verb", trailWords), SubjectID: id("id"), ActorID: id("actor"), Before: id("before"), Limit: pageRows + 1}
		if on := day("from"); !on.IsZero() {
			f.From = on.In()
		}
		if on := day("to"); !on.IsZero() {
			f.To = on.AddDays(1).In()
		}
		p.Search = view.Form{Action: "/desk/audit", Fields: []view.Field{
			{Name: "subject", Kind: view.Select, Label: "对象", Value: f.Subject, Choices: subjects},
			{Name: "verb", Kind: view.Select, Label: "做了什么", Value: f.Verb, Choices: trailWords},
			{Name: "from", Kind: "date", Label: "从", Value: c.Query("from")}, {Name: "to", Kind: "date", Label: "到", Value: c.Query("to")},
			{Name: "id", Label: "对象序号", Value: c.Query("id")}, {Name: "actor", Label: "人员序号", Value: c.Query("actor")}}}
		if len(bad) > 0 {
			return nil
		}
		list, err := journal.Trail(r, f)
		if err != nil {
			return err
		}
		if len(list) > pageRows {
			list = list[:pageRows]
			p.Next = "/desk/audit" + query("subject", f.Subject, "verb", f.Verb, "from", c.Query("from"), "to", c.Query("to"), "id", c.Query("id"), "actor", c.Query("actor"), "before", strconv.FormatInt(list[pageRows-1].ID, 10))
		}
		for _, e := range list {
			p.Rows = append(p.Rows, trailRow(e))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		again(&p.Desk, &p.Search, nil, fault.Form(bad))
		return c.Render(422, p)
	}
	return c.Render(200, p)
}

func trailRow(e journal.Entry) view.AuditRow {
	row := view.AuditRow{No: e.ID, At: door.Moment(e.At), Verb: trailWord(e.Verb), Who: view.Link{Text: or(e.ActorName, "来信人")}}
	if e.ActorID == 0 && e.ActorName == "" && e.Subject == "report" {
		row.Who.Text = "举报人"
	}
	if e.ActorID > 0 {
		row.Who.Href = "/desk/audit" + query("actor", strconv.FormatInt(e.ActorID, 10))
	}
	no := strconv.FormatInt(e.SubjectID, 10)
	row.Subject = view.Link{Text: subjectWord(e.Subject) + " " + no, Href: "/desk/audit" + query("subject", e.Subject, "id", no)}
	for _, x := range e.Changes {
		text := fieldWord(x.Field)
		old, now := valueWord(x.Field, x.Old), valueWord(x.Field, x.New)
		switch {
		case old != "" && now != "":
			text += "：" + old + " → " + now
		case now != "":
			text += "：" + now
		case old != "":
			text += "：" + old + " → 空"
		}
		row.Changes = append(row.Changes, text)
	}
	return row
}

// fieldWords are the fields that changes name; a setting is named by its own word.
var fieldWords = map[string]string{"state": "状态", "kind": "类别", "channel": "渠道", "department": "部门序号", "handler": "承办人序号", "handle_due": "办理期限",
	"refusal": "理由", "digest": "摘要", "attachment": "附件序号", "roles": "角色", "login": "登录名", "name": "名称", "active": "可用", "password": "密码", "sealing_key": "加密密钥的指纹",
	"second_factor": "动态验证码", "failures": "连续输错", "resolved": "是否解决", "satisfaction": "满意程度", "place": "部门", "person": "人员序号",
	"created_at": "备份时间", "month": "月份", "held_on": "会议日期", "items": "议题", "members": "名单上的人数", "print": "指纹", "reason": "理由", "violations": "问题类别", "months": "办结以后保存几个月"}

// fieldWord is what a change is about: a time limit by kind and step, a setting
// by its label, a year of holidays as it is.
func fieldWord(name string) string {
	if w := fieldWords[name]; w != "" {
		return w
	}
	if kind, step, ok := strings.Cut(name, "/"); ok {
		return or(cases.Kind(kind).Word(), "各类") + or(settings.Step(step).Word(), step)
	}
	for _, x := range (settings.Site{}).Fields() {
		if x.Name == name {
			return x.Label
		}
	}
	if _, err := strconv.Atoi(name); err == nil {
		return name + "年"
	}
	return name
}

// valueWord is a code as people read it; what is no code stays as it is.
func valueWord(field, v string) string {
	switch field {
	case "state":
		return or(cases.State(v).Word(), or(reports.State(v).Word(), or(publicationWords[v], or(announcementWords[v], v))))
	case "kind":
		return or(cases.Kind(v).Word(), v)
	case "channel":
		return or(cases.Channel(v).Word(), v)
	case "refusal":
		return or(cases.Refusal(v).Word(), v)
	case "roles":
		var words []string
		for _, r := range strings.Split(v, ",") {
			words = append(words, or(staff.Role(r).Name(), r))
		}
		return strings.Join(words, "、")
	case "resolved":
		return or(cases.Resolved(v).Word(), v)
	case "satisfaction":
		return or(cases.Satisfaction(v).Word(), v)
	case "active":
		return map[string]string{"yes": "是", "no": "否"}[v]
	}
	return v
}
