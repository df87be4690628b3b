// Package desk is the staff's side of the site: everything under /desk.
//
// Each door binds a form, makes one call into a room and shows a page or goes
// on to one. It trusts the rooms for permission: buttons are hidden here, acts
// are refused there. It must never show contact details that the room did not
// record as seen.
package desk

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/removal"
	"mingjing/app/staff"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// Route is an address of the desk.
type Route struct {
	Method, Path string
	Act          door.Handler
	Limit        string // acts of this name are counted per address
	Upload       bool   // may take long: attachments
	Open         bool   // works without a session: signing in
	Held         bool   // works although a password or second factor is still to be set
}

// Doors is the staff's doors.
type Doors struct{ house *door.House }

// Who may come to a page. The rooms refuse what goes further than the page.
var (
	caseworkers = append(slices.Clone(workers), staff.Leader) // a leader only looks
	workers     = []staff.Role{staff.IntakeClerk, staff.Dispatcher, staff.Liaison, staff.Handler, staff.Reviewer, staff.Approver,
		staff.Supervisor, staff.Caller, staff.RectificationOffice, staff.Publisher}
	recorders  = []staff.Role{staff.IntakeClerk, staff.Dispatcher}
	ledgerers  = []staff.Role{staff.RectificationOffice, staff.Leader}
	office     = []staff.Role{staff.RectificationOffice}
	interfered = append([]staff.Role{staff.DisciplineOfficer}, workers...) // whoever may have been asked about a case
	chasers    = []staff.Role{staff.RectificationOffice, staff.Supervisor}
	checkers   = []staff.Role{staff.RectificationOffice, staff.Leader, staff.Supervisor, staff.DisciplineOfficer}
	publishers = []staff.Role{staff.Publisher}
	overseers  = []staff.Role{staff.Dispatcher, staff.Supervisor, staff.RectificationOffice, staff.Publisher, staff.Leader}
	security   = []staff.Role{staff.SecAdmin}
	auditors   = []staff.Role{staff.AuditAdmin}
	operators  = []staff.Role{staff.SysAdmin}
)

// pages is the menu in order, with who uses each page.
var pages = []struct {
	view.Link
	roles []staff.Role
}{
	{view.Link{Text: "来件", Href: "/desk/queue"}, caseworkers},
	{view.Link{Text: "日历", Href: "/desk/calendar"}, caseworkers},
	{view.Link{Text: "登记", Href: "/desk/intake/new"}, recorders},
	{view.Link{Text: "登记举报", Href: "/desk/intake/report"}, recorders},
	{view.Link{Text: "举报", Href: "/desk/reports"}, officers},
	{view.Link{Text: "身份申请", Href: "/desk/identity"}, custodians},
	{view.Link{Text: "举报密钥", Href: "/desk/keys"}, keyed},
	{view.Link{Text: "台账", Href: "/desk/ledger"}, ledger.Readers},
	{view.Link{Text: "过问", Href: "/desk/interference"}, []staff.Role{staff.DisciplineOfficer, staff.Supervisor}},
	{view.Link{Text: "选登", Href: "/desk/publishing"}, publishers},
	{view.Link{Text: "常用答复", Href: "/desk/canned"}, cannedWriters},
	{view.Link{Text: "分办规则", Href: "/desk/assignment"}, cannedWriters},
	{view.Link{Text: "统计", Href: "/desk/statistics"}, overseers},
	{view.Link{Text: "公开日志", Href: logDesk}, removal.Removers},
	{view.Link{Text: "人员", Href: "/desk/people"}, security},
	{view.Link{Text: "接口密钥", Href: "/desk/settings/keys"}, security},
	{view.Link{Text: "审计", Href: "/desk/audit"}, auditors},
	{view.Link{Text: "设置", Href: "/desk/settings"}, operators},
}

// Routes is every address of the desk.
func Routes(h *door.House) []Route {
	d := &Doors{h}
	get := func(path string, roles []staff.Role, act door.Handler) Route {
		return Route{Method: fiber.MethodGet, Path: path, Act: only(roles, act)}
	}
	post := func(path string, roles []staff.Role, act door.Handler) Route {
		return Route{Method: fiber.MethodPost, Path: path, Act: only(roles, act)}
	}
	open := func(r Route) Route { r.Open = true; return r }
	held := func(r Route) Route { r.Held = true; return r }
	limit := func(name string, r Route) Route { r.Limit = name; return r }
	upload := func(r Route) Route { r.Upload = true; return r }
	return []Route{
		open(get("/desk/login", nil, d.Login)),
		limit("login", open(post("/desk/login", nil, d.SignIn))),
		held(post("/desk/logout", nil, d.SignOut)),
		get("/desk", nil, d.Home),
		get("/desk/account", nil, d.Account),
		held(post("/desk/account/sessions", nil, d.SignOutEverywhere)),
		held(get("/desk/password", nil, d.Password)),
		held(post("/desk/password", nil, d.ChangePassword)),
		held(get("/desk/factor", nil, d.Factor)),
		held(get("/desk/factor.png", nil, d.FactorPicture)),
		held(post("/desk/factor", nil, d.ConfirmFactor)),

		get("/desk/queue", caseworkers, d.Queue), get("/desk/queue.xlsx", caseworkers, d.ExportXLSX), get("/desk/queue.csv", caseworkers, d.ExportCSV),
		get("/desk/jobs", workers, d.Jobs), post("/desk/jobs", workers, d.StartJob), post("/desk/jobs/new", workers, d.NewJob), get("/desk/jobs/:id", workers, d.Job), post("/desk/jobs/:id/stop", workers, d.StopJob),
		get("/desk/views", caseworkers, d.Views), post("/desk/views", caseworkers, d.KeepView), get("/desk/views/:id", caseworkers, d.View), post("/desk/views/:id", caseworkers, d.ChangeView),
		get("/desk/calendar", caseworkers, d.Deadlines),
		post("/desk/calendar", []staff.Role{staff.Handler}, d.MakeCalendar),
		limit("track", open(get("/desk/calendar/:token.ics", nil, d.CalendarFeed))),
		get("/desk/interference", interfered, d.Interferences),
		get("/desk/interference/:id", interfered, d.Interference),
		get("/desk/cases/:id", caseworkers, d.Case),
		get("/desk/cases/:id/files/:file", caseworkers, d.File),
		get("/desk/cases/:id/replies/:reply.docx", caseworkers, d.LetterWord),
		get("/desk/cases/:id/replies/:reply", caseworkers, d.Letter),
		get("/desk/cases/:id/draws/:no", caseworkers, d.Draw),
		post("/desk/cases/:id/contact", caseworkers, d.Contact),
		post("/desk/cases/:id/here", caseworkers, d.Here), get("/desk/mentions", caseworkers, d.Mentions),
		post("/desk/cases/:id/draft", caseworkers, d.Draft),
		post("/desk/cases/:id/publish", caseworkers, d.ProposePublication),
		post("/desk/cases/:id/:verb", caseworkers, d.Act),
		get("/desk/intake/new", recorders, d.Intake),
		upload(post("/desk/intake/new", recorders, d.Record)),
		get("/desk/intake/imports", recorders, d.Imports), upload(post("/desk/intake/imports", recorders, d.TakeTransfers)),
		get("/desk/intake/imports/blank.xlsx", recorders, d.BlankImport), get("/desk/intake/imports/:id/codes.xlsx", recorders, d.ImportCodes),
		get("/desk/intake/imports/:id", recorders, d.ImportRows), post("/desk/intake/imports/:id/register", recorders, d.RegisterImport),
		upload(post("/desk/intake/imports/letters", recorders, d.TakeLetters)), get("/desk/intake/imports/:id/rows/:row/scan/:file", recorders, d.Scan),
		get("/desk/intake/imports/:id/rows/:row", recorders, d.ImportRow), post("/desk/intake/imports/:id/rows/:row/:act", recorders, d.DoImportRow),

		get("/desk/reports", officers, d.ReportQueue), post("/desk/reports/search", officers, d.SearchReports),
		get("/desk/reports/:id", officers, d.Report), get("/desk/reports/:id/files/:file", officers, d.ReportFile), upload(post("/desk/reports/:id/:verb", officers, d.ActOnReport)),
		get("/desk/identity", custodians, d.Identities), post("/desk/identity/:id", custodians, d.DecideIdentity), get("/desk/identity/reports/:id/files/:file", custodians, d.OriginalFile),
		get("/desk/keys", keyed, d.Roster), post("/desk/keys", officers, d.SignRoster), post("/desk/keys/handover", append(slices.Clone(officers), custodians...), d.HandOverKeys),
		get("/desk/intake/report", recorders, d.TakeReport), post("/desk/intake/report", recorders, d.RecordReport),

		get("/desk/ledger", ledger.Readers, d.Ledger),
		get("/desk/ledger/import", []staff.Role{staff.RectificationOffice}, d.Import),
		upload(post("/desk/ledger/import", []staff.Role{staff.RectificationOffice}, d.TakeImport)),
		get("/desk/ledger/measures", ledger.Readers, d.Measures),
		get("/desk/ledger/measures/:id", ledger.Readers, d.Measure),
		upload(post("/desk/ledger/measures/:id/:task", ledger.Readers, d.DoMeasure)),
		get("/desk/ledger/problems", ledger.Readers, d.Problems),
		get("/desk/ledger/problems/:id", ledger.Readers, d.Problem),
		upload(post("/desk/ledger/problems/:id/:task", ledger.Readers, d.DoProblem)),
		get("/desk/ledger/evidence/:id", ledger.Readers, d.Evidence),
		post("/desk/ledger/evidence/:id/withdraw", ledger.Readers, d.WithdrawEvidence),
		get("/desk/ledger/lookbacks", ledger.Readers, d.Lookbacks),
		post("/desk/ledger/lookbacks", ledger.Readers, d.PlanLookback),
		get("/desk/ledger/lookbacks/:id", ledger.Readers, d.Lookback),
		post("/desk/ledger/lookbacks/:id/:act", ledger.Readers, d.DoLookback),
		get("/desk/ledger/sheet", ledger.Exporters, d.Sheet),
		upload(post("/desk/ledger/sheet", []staff.Role{staff.RectificationOffice}, d.TakeSheet)),
		get("/desk/ledger/sheet.xlsx", ledger.Exporters, d.SheetXLSX),
		get("/desk/ledger/sheet.csv", ledger.Exporters, d.SheetCSV),
		get("/desk/ledger/mapping", office, d.Mapping),
		post("/desk/ledger/mapping/:id", office, d.Map),
		get("/desk/ledger/reconcile", checkers, d.Reconciliation),
		get("/desk/ledger/rules", ledger.Readers, d.Rules),
		post("/desk/ledger/rules", office, d.AddRule),
		get("/desk/ledger/rules/:id", ledger.Readers, d.Rule),
		post("/desk/ledger/rules/:id", office, d.ChangeRule),
		post("/desk/ledger/programme", ledger.Readers, d.ChooseProgramme),
		post("/desk/ledger/programme/name", office, d.RenameProgramme),
		get("/desk/ledger/aspects", office, d.Aspects), get("/desk/ledger/aspects/:id", office, d.Aspect), post("/desk/ledger/aspects/:id", office, d.SetAspect),
		get("/desk/ledger/orders", ledger.Readers, d.Orders),
		post("/desk/ledger/orders", checkers, d.IssueOrder),
		get("/desk/ledger/orders/:id", ledger.Readers, d.Order),
		post("/desk/ledger/orders/:id", ledger.Readers, d.AnswerOrder),
		get("/desk/ledger/digests", ledger.Readers, d.Digests),
		post("/desk/ledger/digests", chasers, d.WriteDigests),
		get("/desk/ledger/digests/:id", ledger.Readers, d.Digest),
		get("/desk/ledger/meetings", checkers, d.Meetings),
		post("/desk/ledger/meetings", office, d.PlanMeeting),
		get("/desk/ledger/meetings/:id", checkers, d.Meeting),
		get("/desk/ledger/meetings/:id/agenda", checkers, d.MeetingAgenda),
		get("/desk/ledger/meetings/:id/minutes", checkers, d.MeetingMinutes),
		post("/desk/ledger/meetings/:id/:act", office, d.DoMeeting),
		get("/desk/ledger/decisions", ledger.Readers, d.Decisions),
		get("/desk/ledger/draft", office, d.NextAnnouncement),
		get("/desk/ledger/draft/paper", office, d.NextPaper),
		get("/desk/ledger/draft.docx", office, d.NextWord),
		get("/desk/ledger/:slug.docx", ledgerers, d.AnnouncementWord),
		get("/desk/ledger/:slug", ledgerers, d.Reconcile),
		get("/desk/ledger/:slug/paper", ledgerers, d.AnnouncementPaper),
		post("/desk/ledger/:slug/publish", []staff.Role{staff.RectificationOffice}, d.PublishAnnouncement),
		post("/desk/ledger/:slug/discard", office, d.DiscardAnnouncement),
		get("/desk/publishing", publishers, d.Publishing),
		get("/desk/publishing/:id", publishers, d.Publication),
		post("/desk/publishing/:id/:act", publishers, d.ReviewPublication),
		get("/desk/statistics", overseers, d.Statistics), get("/desk/statistics.xlsx", overseers, d.StatisticsXLSX),
		get("/desk/statistics/:set", overseers, d.StatisticsCases), post("/desk/statistics/:set", stats.Correctors, d.CorrectStatistics),

		get(logDesk, removal.Removers, d.LogTexts),
		get("/desk/log/:kind/:ref/:version", removal.Removers, d.LogText), post("/desk/log/:kind/:ref/:version", removal.Removers, d.Expunge),

		get("/desk/people", security, d.People),
		post("/desk/people", security, d.AddPerson),
		post("/desk/people/departments", security, d.AddDepartment),
		get("/desk/people/departments/:id", security, d.Department),
		post("/desk/people/departments/:id/:act", security, d.ChangeDepartment),
		get("/desk/people/:id", security, d.Person),
		post("/desk/people/:id/:act", security, d.ChangePerson),
		get("/desk/audit", auditors, d.Audit),
		get("/desk/settings", operators, d.Settings),
		post("/desk/settings", operators, d.SaveSettings),
		get("/desk/settings/limits", operators, d.TimeLimits),
		post("/desk/settings/limits", operators, d.SetTimeLimit),
		get("/desk/settings/calendar", operators, d.Calendar),
		post("/desk/settings/calendar", operators, d.ImportNotice),
		get("/desk/settings/reporting", operators, d.Reporting), post("/desk/settings/reporting", operators, d.SaveReporting),
		get("/desk/settings/retention", operators, d.Retention), post("/desk/settings/retention", operators, d.SaveRetention),
		get("/desk/canned", cannedWriters, d.Canned), post("/desk/canned", cannedWriters, d.AddCanned),
		get("/desk/canned/:id", cannedWriters, d.CannedReply), post("/desk/canned/:id", cannedWriters, d.ChangeCanned),
		get("/desk/assignment", cannedWriters, d.AssignRules), post("/desk/assignment", cannedWriters, d.AddAssignRule),
		get("/desk/assignment/:id", cannedWriters, d.AssignRule), post("/desk/assignment/:id", cannedWriters, d.ChangeAssignRule),
		get("/desk/erasures", []staff.Role{staff.Supervisor, staff.Dispatcher}, d.Erasures),
		get("/desk/settings/keys", security, d.Keys), post("/desk/settings/keys", security, d.AddKey), post("/desk/settings/keys/end", security, d.EndKey),
		get("/desk/settings/messages", operators, d.MessageTexts), post("/desk/settings/messages", operators, d.SaveMessageTexts),
		get("/desk/settings/outbox", operators, d.Outbox), get("/desk/settings/outbox/:id", operators, d.OutboxMessage), post("/desk/settings/outbox/:id", operators, d.DecideMessage),
	}
}

// only keeps a page to the roles that use it; without roles, to who is signed in.
func only(roles []staff.Role, act door.Handler) door.Handler {
	if roles == nil {
		return act
	}
	return func(c *door.Ctx) error {
		if err := c.Actor.Require(roles...); err != nil {
			return err
		}
		return act(c)
	}
}

func holds(a staff.Actor, roles []staff.Role) bool { return slices.ContainsFunc(roles, a.Has) }

// Home goes to the first page that this person uses.
func (d *Doors) Home(c *door.Ctx) error {
	for _, p := range pages {
		if holds(c.Actor, p.roles) {
			return c.SeeOther(p.Href + query("done", c.Query("done")))
		}
	}
	return c.SeeOther("/desk/account" + query("done", c.Query("done")))
}

// query is a question mark with the pairs that have a value.
func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// frame is the desk's frame of a page with this title.
func (d *Doors) frame(c *door.Ctx, title string) (v view.Desk, err error) {
	err = c.Read(func(r *store.Reader) error {
		v, err = d.frameIn(c, r, title)
		return err
	})
	return v, err
}

// frameIn is frame inside a transaction that the door has already begun.
func (d *Doors) frameIn(c *door.Ctx, r *store.Reader, title string) (view.Desk, error) {
	f, err := c.FrameIn(r, title)
	if err != nil {
		return view.Desk{}, err
	}
	f.Noindex = true
	v := view.Desk{Frame: f, CSRF: c.CSRF()}
	if c.Actor.ID == 0 {
		return v, nil
	}
	v.Who = c.Actor.Name
	if err := namedProgramme(c, r, &v); err != nil {
		return v, err
	}
	for _, p := range pages {
		if holds(c.Actor, p.roles) {
			v.Pages = append(v.Pages, p.Link)
		}
	}
	if text := doneWords[c.Query("done")]; text != "" && c.Method() == fiber.MethodGet {
		v.Notices = append(v.Notices, view.Notice{Text: text, Good: true})
	}
	return v, nil
}

// doneWords are the sentences after something was done; addresses carry only the key.
var doneWords = map[string]string{
	"password": "密码已修改，其他设备上的登录已退出。",
	"out":      "已退出。",
	"everyone": "所有设备都已退出，请重新登录。",

	"register": "已登记。", "accept": "已受理，已告知来信人。", "refuse": "已作出不予受理决定，说明已发给来信人。",
	"transfer": "已转送，已告知来信人。", "ask": "已请来信人补充。", "discard": "已列为无效件，可以恢复。", "restore": "已恢复为待登记。",
	"assign": "已分办。", "acknowledge": "已签收。", "return": "已退回分办员。", "propose": "已提交审核。", "pass": "审核通过，等待签发。",
	"send_back": "已退回承办人修改。", "approve": "已签发，可以发出。", "send": "答复已发出。", "extend": "已延期，已告知来信人。",
	"conclude": "已办结。", "redo": "已要求重办。", "archive": "已归档。", "recuse": "已登记回避，您不再能看到此件。", "note": "备注已保存。",
	"resume": "已继续办理，期限恢复计算。", "add_for": "补充的内容已记下。", "exclude": "已列明，他们不能看到、不能办理此件。",
	"merge": "已并件，答复会同时告知两位来信人。", "unmerge": "已分开，恢复到并件以前。", "link": "已关联。", "unlink": "已解除关联。", "split": "已分出一件，等待登记。", "canned": "已保存，写答复时可以套用。", "key": "密钥已停用。", "view": "视图已保存。", "job_stopped": "已停止，没有办的不再办。", "view_dropped": "视图已删除，来件没有变化。", "assign_rule": "规则已保存，分办时自动选好，由分办员确认。",
	"sheet_in": "已收下，请核对后登记。", "sheet_again": "这个文件以前收过，下面是那一次的。", "registered": "可以登记的都已登记。", "registered_some": "已登记一部分，请再按一次登记其余的。", "mended": "这一行已登记。", "aside": "这一行已搁置。", "take_up": "这一行已恢复。", "hold": "已列为依法保留。", "unhold": "已解除保留。", "decide_erasure": "已作出决定，来信人查询时看得到。", "retention": "保存期限已保存，今天起照此删除。",
	"serve": "送达已登记。", "served": "送达结果已登记，不能改。",
	"interfere": "过问已登记，不能修改、不能删除。",
	"join":      "已请该部门会办，此件在他们的“请我会办”里。", "opine": "会办意见已提交。", "release": "会办已撤回。", "supervise": "已列为督办，承办部门会看到要求。",
	"decline": "已说明理由并办结，已告知来信人。", "call": "回访已记下。",
	"draft": "答复稿已保存。", "keep": "已暂存，只有您自己看得到。答复稿还没有保存。", "drop": "暂存的内容已删除。", "publish": "已提出选登，等待另一位公开审核员复核。",

	"import": "已保存为草稿，请核对数字后公布。", "sheet": "台账已导入，公众网站已更新。", "announced": "已公布，公众网站已更新。", "discarded": "草稿已作废，理由已记入审计记录。",
	"published": "已公开。", "unpublished": "已决定不予选登。", "withdrawn": "已从公众网站撤下。", "expunged": "原文已撤除，公开日志里留着摘要和撤除说明。",
	"department": "部门已添加。", "rename": "部门名称已修改。", "retire": "部门已停用，以后不能再选。", "restore_department": "部门已恢复，可以再选。", "change": "姓名和部门已保存，该账号需要重新登录。", "email": "通知邮箱已保存。", "roles": "角色已修改。", "disable": "账号已停用，登录已全部退出。", "enable": "账号已恢复。",
	"factor": "动态验证码已重置，本人下次登录后重新设置。", "sessions": "该账号的登录已全部退出。",
	"programme": "名称和说明已保存，公众网站已更新。", "texts": "说明已保存，公众网站已更新。", "order": "已发出。", "order_answered": "已答复。", "digests": "已生成，有邮箱的联络员会收到邮件。", "digests_none": "各部门本月的整改提示都已经有了。",
	"meeting": "会议已安排，请列出议题。", "meeting_saved": "会议记录已保存，还没有定稿。", "meeting_held": "会议记录已定稿，决定开始执行。", "meeting_drawn": "议题已列出，可以添加，也可以去掉不研究的。",
	"meeting_item": "议题已添加。", "meeting_dropped": "议题已去掉。", "meeting_decided": "决定已记下。", "meeting_undecided": "决定已去掉。", "meeting_done": "已记为办完。", "meeting_added": "已补记。",
	"ledger_report": "进展已报告，公众网站已更新。", "ledger_details": "已保存。", "ledger_add": "措施已加入台账。", "ledger_evidence": "佐证材料已添加。",
	"ledger_propose_due": "已提出，等整改办或者院领导批准。", "ledger_decide_due": "已作出决定。", "ledger_apply": "已申请销号，等待核验。", "ledger_review": "核验意见已记录。",
	"ledger_withdraw": "销号申请已撤回。", "ledger_check": "复查结果已记录。", "ledger_withdrawn": "材料已撤下。", "lookback": "回头看已开始，请逐项核实。", "judge": "结论已记录。", "mapped": "对应关系已确认。", "rule": "制度已登记。", "rule_changed": "制度已保存。", "end": "这次回头看已结束。",
	"report_accept": "已受理，举报人查询时看得到。", "report_refuse": "已告知举报人不属受理范围。", "report_assign": "已交办。", "report_recuse": "已登记回避，您不再能打开这件举报。", "report_note": "工作记录已加密保存。", "report_answer": "已回复，举报人凭查询码看。",
	"report_ask_identity": "已申请，等待身份保管人决定。", "report_conclude": "已办结，请按期反馈结果。", "report_feedback": "已反馈结果。", "report_reopen": "已重新办理。", "report_hold": "已列为依法保留。", "report_unhold": "已解除保留。",
	"identity": "已决定，举报人查询时看得到。", "roster": "名单已签署，新的举报加密给名单上的人。", "handover": "已全部移交。", "reporting": "已保存。",
	"corrected": "更正已记下，公众网站已更新。", "site": "设置已保存。", "outbox": "已记下。", "messages": "用语已保存，以后的通知照这样写。", "limit": "时限已修改，新来件按新时限计算。", "calendar": "放假安排已装入。",
}

// next is where to go after signing in: a page of the desk, whatever the link says.
func next(to string) string {
	to = door.Here(to)
	u, err := url.Parse(to)
	if err != nil {
		return "/desk"
	}
	if p := path.Clean(u.Path); !strings.HasPrefix(p, "/desk/") || p == "/desk/login" {
		return "/desk"
	}
	return to
}

var errNothing = fault.New(fault.NotFound, "没有这个页面，请从工作台菜单进入。")

// number reads an id out of an address.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, errNothing
	}
	return n, nil
}

// formPage shows a page that is one form, about the thing that the address names;
// make reads it and says what is asked. f and wrong give back what was typed.
func (d *Doors) formPage(c *door.Ctx, status int, f *door.Form, wrong error, title string, make func(r *store.Reader, id int64, p *view.DeskFormPage) error) error {
	id, err := number(c.Params("id"))
	if err != nil {
		return err
	}
	var p view.DeskFormPage
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, title); err != nil {
			return err
		}
		p.Form.CSRF = p.CSRF
		return make(r, id, &p)
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		again(&p.Desk, &p.Form, f, wrong)
	}
	return c.Render(status, p)
}

// again gives a form back what was typed, with what is wrong. What belongs to
// no field becomes a notice above the page.
func again(d *view.Desk, form *view.Form, f *door.Form, err error) {
	d.Failed = true
	if form != nil && f != nil {
		form.Fill(f.Get)
	}
	x, ok := fault.As(err)
	if !ok {
		return
	}
	placed := len(x.Fields) > 0
	for _, m := range x.Fields {
		if form == nil || !form.Fail(m.Name, m.Message) {
			d.Notices = append(d.Notices, view.Notice{Text: m.Message})
		}
	}
	if !placed {
		d.Notices = append(d.Notices, view.Notice{Text: x.Message})
	}
}

// names gives each field of a form an id of its own where a page has several forms.
func names(act string, fields ...view.Field) []view.Field {
	for i := range fields {
		fields[i].ID = act + "-" + fields[i].Name
	}
	return fields
}
