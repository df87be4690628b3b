package desk

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mingjing/app/cases"
	"mingjing/app/staff"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// refusalTexts start the explanation to the citizen: each names where to go instead.
var refusalTexts = map[cases.Refusal]string{
	cases.Litigation: "您好！您反映的事项属于诉讼程序中的事项，按照法律规定应当通过诉讼途径解决，我们不能用信访、意见的方式处理，所以不予受理。\n" +
		"您可以这样做：\n一、案件正在审理、执行的，请向办理案件的法院和承办法官提出，也可以拨打 12368 查询进展、联系法官。\n" +
		"二、不服一审判决、裁定的，在上诉期内向上一级法院上诉。\n三、判决、裁定已经生效的，可以依法申请再审；不服执行行为的，可以提出执行异议。\n感谢您的理解。",
	cases.OtherBody: "您好！您反映的事项不属于法院的职责，我们不能处理，所以不予受理。\n请向（写明有权处理的机关）反映，地址、电话：（写明）。\n" +
		"如果您不清楚找谁，可以拨打 12345 政务服务热线或者 12368 咨询。感谢您的理解。",
	cases.NoSubstance: "您好！您的来件没有写明具体的人、事、时间、地点或者要求，我们无法核实办理，所以不予受理。\n" +
		"请补充具体情况后重新提交，也可以拨打 12368 由工作人员帮您登记。感谢您的监督。",
	cases.Final: "您好！您反映的事项已经依法作出终结意见（写明文号和日期），没有新的事实和理由，我们不再重复受理。\n" +
		"有新事实、新证据的，可以写明后重新提交；对法律文书不服的，请按文书写明的途径提出，也可以拨打 12368 咨询。感谢您的理解。",
}

var publicationWords = map[string]string{"proposed": "等待复核", "published": "已公开", "refused": "不予选登", "withdrawn": "已撤下"}

// offer puts on the page what this person can do now, each act a form.
func (p *casePage) offer() {
	k, can := p.page.Case, p.page.Can
	form := func(name, button string, fields ...view.Field) view.Form {
		return view.Form{Action: fmt.Sprintf("/desk/cases/%d/%s", k.ID, name), CSRF: p.CSRF, Fields: names(name, fields...),
			Hidden: []view.Hidden{{Name: "version", Value: strconv.Itoa(k.Version)}}, Buttons: []view.Button{{Text: button}}}
	}
	act := func(v cases.Verb, button, lead string, fields ...view.Field) {
		if can[v] {
			p.Acts = append(p.Acts, view.Act{Name: string(v), Label: v.Word(), Lead: lead, Form: form(string(v), button, fields...)})
		}
	}
	text := func(label, hint string) view.Field {
		return view.Field{Name: "content", Kind: view.Textarea, Label: label, Hint: hint, Required: true, Rows: 4}
	}
	act(cases.DoRegister, "登记", "", kindField(k.Kind))
	act(cases.DoAccept, "受理", "")
	if can[cases.DoAssign] && k.DepartmentID == nil {
		p.assign(form)
	}
	act(cases.DoResume, "继续办理", "")
	act(cases.DoAcknowledge, "签收", "")
	if p.Draft != nil && can[cases.DoDraft] {
		p.editor()
	}
	p.keptText()
	own := p.page.Draft != nil && p.page.Draft.AuthorID == p.actor.ID
	approved := p.page.Draft != nil && p.page.Draft.ApprovedBy != nil
	if !own {
		act(cases.DoPass, "审核通过", "")
		if !approved && p.page.Draft != nil && can[cases.DoApprove] {
			f := form("approve", "签发")
			f.Hidden = append(f.Hidden, view.Hidden{Name: "digest", Value: p.page.Digest})
			p.Acts = append(p.Acts, view.Act{Name: "approve", Label: "签发", Form: f})
		}
	}
	if approved {
		act(cases.DoSend, "发出答复", "")
	}
	act(cases.DoSendBack, "退回修改", "", text("修改意见", "只有内部能看到。"))
	if p.page.Opine != 0 {
		f := form("opine", "提交会办意见", text("会办意见", "写明核实的情况和意见，只能提交一次。来信人看不到。"))
		f.Hidden = append(f.Hidden, view.Hidden{Name: "task", Value: strconv.FormatInt(p.page.Opine, 10)})
		p.Acts = append(p.Acts, view.Act{Name: "opine", Label: cases.DoOpine.Word(), Open: true, Form: f})
	}
	act(cases.DoDecideErasure, "作出决定", "来信人申请把这件的内容和联系方式全部删除。同意以后立即删除，不能恢复；类别、日期、办理经过和统计保留。",
		view.Field{Name: "grant", Kind: view.Radio, Label: "决定", Required: true, Choices: []view.Choice{{Value: "yes", Text: "同意，立即全部删除"}, {Value: "no", Text: "不予删除"}}},
		view.Field{Name: "content", Kind: view.Textarea, Label: "给来信人的说明", Hint: "不予删除的必须写明依据，来信人会看到。", Rows: 3})
	act(cases.DoDecline, "不再重办", "来信人不同意答复。认为答复正确的，说明理由；需要改正的，用“重办”。", text("给来信人的说明", "写明为什么不再重办、不服还可以怎么办。来信人会看到。"))
	if waiting := p.asked(); waiting != "" {
		act(cases.DoConclude, "办结", "会办部门还没有答复："+waiting+"。", view.Field{Name: "content", Kind: view.Textarea, Label: "现在办结的理由", Hint: "只有内部能看到。", Required: true, Rows: 3})
	} else {
		act(cases.DoConclude, "办结", "")
	}
	act(cases.DoCall, "记下回访", "打电话问来信人对答复的意见。没有解决或者不满意的，由督办员或者分办员决定是否重办。",
		view.Field{Name: "reached", Kind: view.Radio, Label: "联系上了吗", Required: true, Choices: []view.Choice{{Value: "yes", Text: "联系上了"}, {Value: "no", Text: "没有联系上"}}},
		view.Field{Name: "resolved", Kind: view.Radio, Label: "事情解决了吗", Choices: []view.Choice{{Value: "yes", Text: "已解决"}, {Value: "partly", Text: "部分解决"}, {Value: "no", Text: "没有解决"}}},
		view.Field{Name: "satisfied", Kind: view.Radio, Label: "对办理满意吗", Choices: []view.Choice{{Value: "satisfied", Text: "满意"}, {Value: "basically", Text: "基本满意"}, {Value: "dissatisfied", Text: "不满意"}}},
		view.Field{Name: "content", Kind: view.Textarea, Label: "回访情况", Hint: "没有联系上、没有解决、不满意的必须写。来信人看不到。", Rows: 3})
	act(cases.DoRedo, "要求重办", "", text("重办理由", "只有内部能看到；来信人会看到“重新办理”。"))
	act(cases.DoAsk, "请群众补充", "", text("请群众补充的内容", "来信人会看到。等待期间，本院自定的时限停止计算；法定时限照常计算。"))
	if can[cases.DoRefuse] {
		p.refusal(form)
	}
	act(cases.DoTransfer, "转送并告知", "", view.Field{Name: "to", Label: "转送给哪个单位", Required: true},
		text("给群众的说明", "写明转给了谁、以后找谁，来信人会看到。"))
	act(cases.DoReturn, "退回分办员", "", text("退回理由", "只有内部能看到。"))
	if !k.Extended {
		act(cases.DoExtend, "延期", "", text("延期理由", "来信人会看到。只能延期一次。"))
	}
	act(cases.DoDiscard, "列为无效件", "空白、乱码、广告可以列为无效件，以后能恢复。", view.Field{Name: "confirm", Kind: view.Checkbox, Value: "1", Label: "确定列为无效件", Required: true})
	act(cases.DoRestore, "恢复", "")
	act(cases.DoArchive, "归档", "")
	p.publication(form)
	if len(p.Acts) == 0 && (p.Draft == nil || p.Draft.Form == nil) {
		p.Waiting = "这一步由别人办理，您现在没有要做的。"
	} else if own && (k.State == cases.InReview || k.State == cases.InApproval) && !approved {
		p.Waiting = "答复稿是您写的，要由别人审核和签发。"
	}
	// What is possible at any time does not count as the next step.
	if can[cases.DoAssign] && k.DepartmentID != nil {
		p.assign(form)
	}
	act(cases.DoJoin, "请部门会办", "会办部门能看到此件，看不到联系方式；答复仍由承办部门作出。",
		view.Field{Name: "department", Kind: view.Select, Label: "会办部门", Required: true, Choices: p.departments()},
		view.Field{Name: "due_on", Kind: "date", Label: "会办期限", Required: true, Width: "middle"}, text("请会办部门做什么", "只有内部能看到。"))
	p.release(form)
	act(cases.DoSupervise, "督办", "", text("督办要求", "承办部门会看到，来信人看不到。"))
	p.serve(form)
	p.joins(form, act)
	act(cases.DoAddFor, "保存补充", "来信人打电话、当面补充的，在这里代为记下，来信人查询时看得到。", text("补充的内容", "照来信人的话写。"))
	act(cases.DoHold, "列为保留", "有诉讼、调查等法定理由要用到此件的，列为保留：保存期限到了也不删除。", text("保留的理由", "只有内部能看到。"))
	act(cases.DoUnhold, "解除保留", "解除以后，过了保存期限的会自动删除。")
	act(cases.DoExclude, "列明回避", "来件反映的人和部门，或者应当回避的人，列明后不能看到、不能办理此件。",
		view.Field{Name: "person", Label: "应当回避的人", Hint: "姓名或者登录名。", Width: "middle", Autocomplete: "off"},
		view.Field{Name: "department", Kind: view.Select, Label: "应当回避的部门", Choices: p.people.choices("不涉及部门")})
	if holds(p.actor, workers) {
		p.interfere(form)
		p.Acts = append(p.Acts, view.Act{Name: "recuse", Label: "申请回避", Lead: "与此件的人或事有关系的，应当回避。登记后您不再能看到此件。",
			Form: form("recuse", "登记回避", text("回避理由", ""))})
	}
	if holds(p.actor, workers) {
		p.NoteForm = view.Act{Name: "note", Label: "写内部备注", Form: form("note", "保存备注", text("备注", "来信人看不到。写“@姓名”可以请同事来看。"))}
	}
	if p.page.HasContact && p.mayReveal() {
		f := view.Form{Action: fmt.Sprintf("/desk/cases/%d/contact", k.ID), CSRF: p.CSRF, Buttons: []view.Button{{Text: "查看联系方式"}}}
		p.Reveal = &f
	}
}

// joins offers to merge, part, link and split; what came before and reads alike is offered by number.
func (p *casePage) joins(form maker, act func(v cases.Verb, button, lead string, fields ...view.Field)) {
	known := map[string]bool{}
	var links []view.Link
	for _, x := range slices.Concat(p.page.Earlier, p.page.Similar) {
		if !known[x.CaseNo] && x.ID != p.page.Case.ID {
			known[x.CaseNo] = true
			links = append(links, view.Link{Text: x.CaseNo + " " + x.Title, Href: fmt.Sprintf("/desk/cases/%d?join=%s#merge", p.page.Case.ID, x.CaseNo)})
		}
	}
	number := view.Field{Name: "number", Label: "另一件的编号", Required: true, Width: "middle", Inputmode: "numeric", Value: p.join, Autocomplete: "off"}
	if p.page.Can[cases.DoMerge] {
		p.Acts = append(p.Acts, view.Act{Name: "merge", Label: cases.DoMerge.Word(), Open: p.join != "", Links: links,
			Lead: "同一件事从几个渠道来的，并成一件办理：答复同时告知各位来信人，期限按先到的算。以后能原样分开。",
			Form: form("merge", "并入那一件", number, view.Field{Name: "content", Kind: view.Textarea, Label: "并件的理由", Hint: "只有内部能看到。", Required: true, Rows: 2})})
	}
	act(cases.DoUnmerge, "分开办理", "恢复到并件以前的样子，单独办理、单独答复。", view.Field{Name: "content", Kind: view.Textarea, Label: "分开的理由", Hint: "只有内部能看到。", Required: true, Rows: 2})
	act(cases.DoLink, "关联", "有关系、但各办各的，关联起来，互相看得到。", number)
	var others []view.Choice
	for _, x := range p.page.Linked {
		if !x.Split {
			others = append(others, view.Choice{Value: strconv.FormatInt(x.ID, 10), Text: x.CaseNo + " " + x.Title})
		}
	}
	if len(others) > 0 {
		act(cases.DoUnlink, "解除关联", "", view.Field{Name: "other", Kind: view.Select, Label: "哪一件", Required: true, Choices: append([]view.Choice{{Text: "请选择"}}, others...)})
	}
	act(cases.DoSplit, "分出一件", "一件里说了两件事的，把另一件事分出来单独办理。来信人用原来的编号和查询码能看到。",
		kindField(p.page.Case.Kind), view.Field{Name: "title", Label: "标题", Required: true},
		view.Field{Name: "content", Kind: view.Textarea, Label: "分出的内容", Hint: "照来信人的原话摘出来。", Required: true, Rows: 4})
}

// serve offers to record what was told by post, by phone or in person, and how letters ended.
func (p *casePage) serve(form maker) {
	choices := func(words []string, word func(string) string) (list []view.Choice) {
		for _, x := range words {
			list = append(list, view.Choice{Value: x, Text: word(x)})
		}
		return list
	}
	if p.page.Can[cases.DoServe] {
		var abouts []string
		for _, x := range cases.Abouts {
			abouts = append(abouts, string(x))
		}
		f := form("serve", "登记", view.Field{Name: "about", Kind: view.Select, Label: "告知了什么", Required: true, Choices: append([]view.Choice{{Text: "请选择"}}, choices(abouts, func(s string) string { return cases.About(s).Word() })...)},
			view.Field{Name: "way", Kind: view.Radio, Label: "怎样告知的", Required: true, Choices: choices(cases.ServeWays, cases.ServeWord)},
			view.Field{Name: "sent_on", Kind: "date", Label: "哪一天", Required: true, Width: "middle", Value: p.today.String()},
			view.Field{Name: "number", Label: "邮件号", Hint: "邮寄的填写。", Width: "middle", Autocomplete: "off"},
			view.Field{Name: "content", Kind: view.Textarea, Label: "怎样确认对方知道了", Hint: "电话、当面的填写，比如：本人接听，已读出答复，本人表示知道。来信人看不到。", Rows: 2})
		p.Acts = append(p.Acts, view.Act{Name: "serve", Label: cases.DoServe.Word(), Lead: "没有邮箱、手机的来信人，邮寄、打电话、当面告知以后在这里登记。期限从送达之日起算。", Form: f})
	}
	for _, x := range p.page.Served {
		if x.Outcome != "" || !p.page.Can[cases.DoServed] {
			continue
		}
		f := form("served", "登记结果", view.Field{Name: "outcome", Kind: view.Radio, Label: "结果", Required: true, Choices: choices(cases.Outcomes, cases.OutcomeWord)},
			view.Field{Name: "on_day", Kind: "date", Label: "哪一天", Required: true, Width: "middle"},
			view.Field{Name: "content", Kind: view.Textarea, Label: "凭证", Hint: "比如：回执载明 11 月 20 日本人签收。", Required: true, Rows: 2})
		f.Hidden = append(f.Hidden, view.Hidden{Name: "service", Value: strconv.FormatInt(x.ID, 10)})
		for i := range f.Fields {
			f.Fields[i].ID = fmt.Sprintf("served-%d-%s", x.ID, f.Fields[i].Name)
		}
		p.Acts = append(p.Acts, view.Act{Name: fmt.Sprintf("served-%d", x.ID), Label: "送达结果：" + x.About.Word() + " " + x.Number, Form: f})
	}
}

// asked names the departments that have not answered yet.
func (p *casePage) asked() string {
	var names []string
	for _, t := range p.page.Tasks {
		if t.Open() {
			names = append(names, t.Department)
		}
	}
	return strings.Join(names, "、")
}

// release offers to take back what a department was asked for, for each.
func (p *casePage) release(form maker) {
	for _, t := range p.page.Tasks {
		if !t.Open() || !p.page.Can[cases.DoJoin] {
			continue
		}
		f := form("release", "撤回会办", view.Field{Name: "content", Kind: view.Textarea, Label: "理由", Required: true, Rows: 2})
		f.Hidden = append(f.Hidden, view.Hidden{Name: "task", Value: strconv.FormatInt(t.ID, 10)})
		f.Fields[0].ID = fmt.Sprintf("release-%d-content", t.ID)
		p.Acts = append(p.Acts, view.Act{Name: fmt.Sprintf("release-%d", t.ID), Label: "撤回会办：" + t.Department, Form: f})
	}
}

// mayReveal shows the button where the room will allow it.
func (p *casePage) mayReveal() bool {
	k, a := p.page.Case, p.actor
	if holds(a, []staff.Role{staff.IntakeClerk, staff.Dispatcher, staff.Caller}) {
		return true
	}
	return a.Has(staff.Handler) && k.DepartmentID != nil && *k.DepartmentID == a.DepartmentID && (k.HandlerID == nil || *k.HandlerID == a.ID)
}

func kindField(now cases.Kind) view.Field {
	f := view.Field{Name: "kind", Kind: view.Select, Label: "类别", Hint: "来信人选错的，在这里改正。", Value: string(now), Required: true}
	for _, k := range cases.Kinds {
		f.Choices = append(f.Choices, view.Choice{Value: string(k), Text: k.Word()})
	}
	return f
}

type maker func(name, button string, fields ...view.Field) view.Form

// byLot is the choice by which chance names the handler.
const byLot = "lot"

func (p *casePage) assign(form maker) {
	handlers := []view.Choice{{Text: "由部门自己安排"}, {Value: byLot, Text: "从部门的承办人中随机抽取"}}
	for _, h := range p.people.handlers {
		if h.Department != "" && !p.page.Out.People[h.ID] && !p.page.Out.Departments[h.DepartmentID] {
			handlers = append(handlers, view.Choice{Value: strconv.FormatInt(h.ID, 10), Text: h.Name + "（" + h.Department + "）"})
		}
	}
	word, lead := cases.DoAssign.Word(), "来件反映的部门和人不能办理此件。随机抽取时手头件少的机会大，应当回避的不参加，过程有记录、可以重算。"
	if p.page.Case.DepartmentID != nil {
		word, lead = "改派", "交给另一个部门或者另一位承办人。已经作出的审核和签发作废，答复稿留给接手的人。"+lead
	}
	department := view.Field{Name: "department", Kind: view.Select, Label: "承办部门", Required: true, Choices: p.departments()}
	handler := view.Field{Name: "handler", Kind: view.Select, Label: "承办人", Choices: handlers}
	if x := p.page.Proposal; x != nil {
		department.Value, department.Hint = strconv.FormatInt(x.DepartmentID, 10), fmt.Sprintf("按分办规则第 %d 条选好的：%s。可以改。", x.Place, x.Says())
		if x.Draw {
			handler.Value = byLot
		}
	}
	fields := []view.Field{department, handler}
	if len(p.page.Draws) > 0 {
		fields = append(fields, view.Field{Name: "reason", Label: "重新抽取的理由", Hint: "此件抽取过承办人，再抽一次才要写。", Max: 200})
	}
	p.Acts = append(p.Acts, view.Act{Name: "assign", Label: word, Lead: lead, Form: form("assign", word, fields...)})
}

// departments are those that the case may be given to.
func (p *casePage) departments() []view.Choice {
	return slices.DeleteFunc(p.people.choices("请选择"), func(c view.Choice) bool {
		id, _ := strconv.ParseInt(c.Value, 10, 64)
		return p.page.Out.Departments[id]
	})
}

func (p *casePage) refusal(form maker) {
	why := view.Field{Name: "refusal", Kind: view.Select, Label: "法定理由", Required: true, Value: string(p.refuse), Choices: []view.Choice{{Text: "请选择"}}}
	a := view.Act{Name: "refuse", Label: cases.DoRefuse.Word(), Open: refusalTexts[p.refuse] != ""}
	for _, r := range cases.Refusals {
		why.Choices = append(why.Choices, view.Choice{Value: string(r), Text: r.Word()})
		a.Links = append(a.Links, view.Link{Text: r.Word(), Href: fmt.Sprintf("/desk/cases/%d?refuse=%s#refuse", p.page.Case.ID, r)})
	}
	a.Form = form("refuse", "作出不予受理决定", why, view.Field{Name: "content", Kind: view.Textarea, Label: "给群众的说明", Required: true, Rows: 9,
		Hint: "写明为什么、应该去哪里。来信人会看到。", Value: refusalTexts[p.refuse]})
	p.Acts = append(p.Acts, a)
}

// editor is the draft's form. Once the text is under review, changing it voids
// what others have consented to: the editor is then folded and saves nothing by itself.
func (p *casePage) editor() {
	k, x := p.page.Case, p.page.Draft
	seen, body := 0, ""
	if x != nil {
		seen, body = x.Version, x.Body
	}
	f := view.Form{Action: fmt.Sprintf("/desk/cases/%d/draft", k.ID), CSRF: p.CSRF,
		Hidden:  []view.Hidden{{Name: "seen", Value: strconv.Itoa(seen)}},
		Fields:  names("draft", view.Field{Name: "body", Kind: view.Textarea, Label: "答复内容", Required: true, Rows: 12, Value: body, Hint: "写明查了什么、结果怎样、依据是什么、不服怎么办。最多 10000 字。"}),
		Buttons: []view.Button{{Text: "保存"}, {Text: "保存并提交审核", Name: "then", Value: "propose"}, {Text: "暂存", Name: "then", Value: "keep"}}}
	p.Draft.Form = &f
	p.Draft.Folded = k.State == cases.InReview || k.State == cases.InApproval
	p.Draft.Autosave = true
	if x := p.page.Kept; x != nil {
		f.Fields[0].Value = x.Body // beside what is stored
		f.Buttons = append(f.Buttons, view.Button{Text: "不要这份", Name: "then", Value: "drop"})
	}
}

// keptText shows what this person was writing: in the editor where there is
// one, beside what is stored; else by itself, to be copied.
func (p *casePage) keptText() {
	x := p.page.Kept
	if x == nil {
		return
	}
	if p.Draft == nil {
		p.Draft = &view.DraftBox{}
	}
	f := dropForm(x.CaseID, p.CSRF)
	p.Draft.Kept = &view.KeptText{Body: x.Body, At: door.Moment(x.SavedAt), Drop: f}
}

// dropForm throws a kept text away.
func dropForm(id int64, token string) view.Form {
	return view.Form{Action: fmt.Sprintf("/desk/cases/%d/draft", id), CSRF: token, Hidden: []view.Hidden{{Name: "then", Value: "drop"}},
		Buttons: []view.Button{{Text: "不要这份"}}}
}

// publication offers to propose the answer for publication, where the citizen
// has consented and nothing is proposed yet.
func (p *casePage) publication(form maker) {
	x := p.page.Published
	r := p.page.Redacted
	if r == nil || x != nil && (x.State == "proposed" || x.State == "published") {
		return
	}
	hidden := "没有找到号码和来信人留下的信息，请自己再看一遍。"
	var marks []view.Redaction
	if len(r.Marks) > 0 {
		hidden = "下面列的已经替您隐去；不是个人的（比如单位公开的电话）可以逐个改回来，漏掉的请在文字里补上。先改标记，再改文字。"
		var lifted []cases.Mark
		for i, m := range r.Marks {
			if slices.Contains(p.lift, i) && m.Liftable() {
				lifted = append(lifted, m)
			}
		}
		for i, m := range r.Marks {
			x := view.Redaction{Text: m.What + " " + m.Text, Shown: slices.Contains(lifted, m)}
			if m.Liftable() {
				x.Href = p.lifting(i)
			}
			marks = append(marks, x)
		}
		again := r.Lift(lifted...)
		r = &again
	}
	p.Acts = append(p.Acts, view.Act{Name: "publish", Label: "提出选登", Open: len(p.lift) > 0, Marks: marks, Lead: "隐去姓名、电话、地址、案号和能认出个人的情节。由另一位公开审核员复核后才公开，原件不变。" + hidden,
		Form: form("publish", "提出选登",
			view.Field{Name: "title", Label: "标题", Required: true, Value: r.Title},
			view.Field{Name: "question", Kind: view.Textarea, Label: "来信摘要", Required: true, Rows: 8, Value: r.Question},
			view.Field{Name: "answer", Kind: view.Textarea, Label: "答复", Required: true, Rows: 8, Value: r.Answer})})
}

// lifting is the page with one more mark lifted, or put back.
func (p *casePage) lifting(i int) string {
	set := slices.DeleteFunc(slices.Clone(p.lift), func(x int) bool { return x == i })
	if len(set) == len(p.lift) {
		set = append(set, i)
	}
	v := url.Values{}
	for _, x := range set {
		v.Add("lift", strconv.Itoa(x))
	}
	if len(set) == 0 {
		v.Set("lift", "-1") // so that the form stays open
	}
	return fmt.Sprintf("/desk/cases/%d?%s#publish", p.page.Case.ID, v.Encode())
}
