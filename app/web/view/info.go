package view

// RepliesPage lists published replies.
type RepliesPage struct {
	Frame
	Filters  []Filter // 类别, 月份
	Replies  []ReplyRow
	Filtered bool
	More     string
}

func (RepliesPage) Template() string { return "public/replies" }

// ReplyRow is a published reply in the list.
type ReplyRow struct {
	Title, Href, Unit string
	Kind              Kind
	AskedOn           Day
	AnsweredOn        Day
}

// ReplyPage is a published reply: consented to, redacted and reviewed before it comes here.
type ReplyPage struct {
	Frame
	No         string
	Kind       Kind
	Heading    string
	AskedOn    Day
	Question   string
	AnsweredOn Day
	Unit       string
	Answer     string
	Problem    Link   // the problem it speaks of; may be empty
	Log        string // all that the page ever said
}

func (ReplyPage) Template() string { return "public/reply" }

// StatisticsPage shows counts and rates of one period.
type StatisticsPage struct {
	Frame
	From, To  Day
	FrozenOn  Day // empty while the period is still open
	Received  Cell
	Replied   Cell
	Kinds     []CountRow
	Months    []CountRow // latest first
	Rates     []Rate
	Other     []Link   // other periods
	Corrected []string // what was put right after it was frozen
}

func (StatisticsPage) Template() string { return "public/statistics" }

// CountRow is a line of a table with its bar.
type CountRow struct {
	Label    string
	Received Cell
	Replied  Cell
	Largest  int // the largest count in the table: the bar's full width
}

// Bar is the length of Received; a hidden count has none.
func (r CountRow) Bar() Bar {
	if r.Received.Hidden() {
		return Bar{Of: r.Largest}
	}
	return Bar{Of: r.Largest, Segments: []Segment{{Done, int(r.Received)}}}
}

// Rate is an indicator with its numerator and denominator.
type Rate struct {
	Name    string
	Share   Share
	Private bool   // its denominator would give a withheld count away
	Formula string // 按期办结 ÷（办结 + 未办结的超期件）
}

// Shown is the percentage, unless a small count would show through it.
func (r Rate) Shown() string {
	if r.Private || Cell(r.Share.Count).Hidden() || Cell(r.Share.Of).Hidden() || Cell(r.Share.Of-r.Share.Count).Hidden() {
		return "数量少，不公布"
	}
	return r.Share.Percent()
}

// Basis is the denominator as shown.
func (r Rate) Basis() Cell {
	if r.Private {
		return withheld
	}
	return Cell(r.Share.Of)
}

// ChannelsPage lists every way to reach the court, what is accepted and what is not.
type ChannelsPage struct {
	Frame
	Kinds []KindRow
}

func (ChannelsPage) Template() string { return "public/channels" }

// GuidePage says what goes where and how to report misconduct.
type GuidePage struct{ Frame }

func (GuidePage) Template() string { return "public/guide" }

// Kinds are what can be sent.
func (GuidePage) Kinds() []Kind { return Kinds }

// ReportGuidePage stands at /submit/report while online reporting is closed: the guide, and the other channels.
type ReportGuidePage struct {
	Frame
	Superior []Piece  // where reports about the discipline group itself go
	Typed    []Answer // what somebody was writing when it closed, to be copied
	Retry    *Form    // sends it again
}

func (ReportGuidePage) Template() string { return "public/report-guide" }

// PrivacyPage is the privacy notice; Version is what the forms' checkbox sends.
type PrivacyPage struct {
	Frame
	Version string
	Since   Day
	Periods []KeptFor
}

// KeptFor is how long a kind of case keeps what, in words: 12个月, 5年.
type KeptFor struct{ Kind, Contact, Content string }

func (PrivacyPage) Template() string { return "public/privacy" }

// AccessibilityPage says what works, what does not, and whom to tell.
type AccessibilityPage struct {
	Frame
	Checked Day // when it was last tested
}

func (AccessibilityPage) Template() string { return "public/accessibility" }

// SitemapPage links every public page.
type SitemapPage struct {
	Frame
	Listed []LinkGroup // problems by aspect, announcements, open data: what the database knows
}

func (SitemapPage) Template() string { return "public/sitemap" }

// Groups are the pages that always exist, then those the database knows.
func (p SitemapPage) Groups() []LinkGroup { return append(PublicPages(), p.Listed...) }

// ErrorPage says what went wrong and what to do next. Message is a fault's own, and may be empty.
type ErrorPage struct {
	Frame
	Status    int
	Message   string
	RequestID string // to quote when calling; empty for what the visitor can mend alone
	Wait      int    // seconds until the next attempt, for 429 and 503
}

func (ErrorPage) Template() string { return "public/error" }

var errorTexts = map[int]struct{ heading, advice string }{
	400: {"请求不完整", "请返回上一页重新操作。如果是从别处点链接来的，链接可能少了一段。"},
	401: {"请先登录或者输入查询码", "离开太久会自动退出。工作人员请重新登录；查自己的来件，请从“查询进度”重新输入编号和查询码。"},
	403: {"这个页面不能打开", "可能是页面停留太久，或者您没有查看的权限。请返回上一页刷新后再试。"},
	404: {"没有这个页面", "地址可能写错了，或者内容已经移走。可以从网站地图找，也可以查看整改进展。"},
	405: {"没有这个页面", "这个地址不能这样打开。请从首页重新进入。"},
	409: {"内容已经变了", "在您操作的时候，这件事有了变化。请刷新页面看最新情况，再决定怎么做。"},
	413: {"附件太大", "请减少附件，或者把图片压缩后再提交。已填的文字可以用浏览器的“后退”找回。"},
	415: {"这种格式打不开", "请用本站的表单提交，或者换一种附件格式。"},
	422: {"内容有误", "请返回上一页，按提示修改后再提交。"},
	429: {"操作太频繁", "请稍等一会儿再试。您已经提交成功的内容不会丢失。"},
	500: {"网站出错了", "这不是您的问题，我们已经记录下来。请过几分钟再试。"},
	503: {"暂时不能办理", "系统正忙或者正在维护。请稍后再试；急事请直接打电话。"},
}

// Heading says what happened; an unknown status reads as the site's own fault.
func (p ErrorPage) Heading() string { return p.entry().heading }

// Advice says what to do next.
func (p ErrorPage) Advice() string { return p.entry().advice }

func (p ErrorPage) entry() struct{ heading, advice string } {
	if e, ok := errorTexts[p.Status]; ok {
		return e
	}
	return errorTexts[500]
}

// WaitText is the waiting time in words; empty when none is known.
func (p ErrorPage) WaitText() string {
	switch {
	case p.Wait <= 0:
		return ""
	case p.Wait < 60:
		return itoa(p.Wait) + "秒"
	case p.Wait < 3600:
		return itoa((p.Wait+59)/60) + "分钟"
	}
	return itoa((p.Wait+3599)/3600) + "小时"
}
