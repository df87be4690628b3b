package view

import (
	"strings"

	"mingjing/static"
)

// Frame is what surrounds every page. Doors fill it once per request; the page adds Title, Description and Crumbs.
type Frame struct {
	Site        Site
	Title       string // of this page alone; the site's name is added
	Description string // for search engines and shared links; may be empty
	Path        string // path and query of this page's GET address: for aria-current and for the way back from /edition
	Large       bool   // the large-print edition
	Contrast    bool   // the high-contrast edition
	Failed      bool   // a form came back with errors: the title begins with 错误：
	Banner      string // says that this is a trial or demonstration; empty on a real site
	Notices     []Notice
	Crumbs      []Link // from the home page down, without the page itself
	Noindex     bool
	Today       Day   // printed on paper copies
	Sheet       Sheet // of a page that is made to be printed
}

// Site is what settings say about the court; the same on every page.
type Site struct {
	Court    string // 云南省高级人民法院
	Name     string // 整改监督
	Tagline  string // one line under the footer's links
	BaseURL  string // without a slash at its end; empty when not known, then no canonical link is given
	Marks    []Mark // footer: 主办单位, 备案号, 网站标识码, 公安备案…
	Contacts Contacts
}

// Contacts are the channels outside the site. What is not known stays empty and is not shown.
type Contacts struct {
	Phone, Hours, Address, Postcode, Website, Email string
}

// Mark is a line of the footer; Href may be empty.
type Mark struct{ Label, Text, Href string }

// Link is a text and where it leads.
type Link struct{ Text, Href string }

// Notice is a sentence above the page's heading: done something (Good), or something to know.
type Notice struct {
	Text string
	Good bool
}

func (f Frame) frame() Frame { return f }

// FullTitle is the title element.
func (f Frame) FullTitle() string {
	title := f.Site.Court + f.Site.Name
	if f.Title != "" {
		title = f.Title + " - " + title
	}
	if f.Failed {
		title = "错误：" + title
	}
	return title
}

// HTMLClass carries the edition on the html element.
func (f Frame) HTMLClass() string {
	var classes []string
	if f.Large {
		classes = append(classes, "large")
	}
	if f.Contrast {
		classes = append(classes, "contrast")
	}
	return strings.Join(classes, " ")
}

// path is Path without its query.
func (f Frame) path() string {
	path, _, _ := strings.Cut(f.Path, "?")
	return path
}

// Canonical is this page's address without its query, or empty without a base address.
func (f Frame) Canonical() string {
	if f.Site.BaseURL == "" || f.Noindex || f.Path == "" {
		return ""
	}
	return f.Site.BaseURL + f.path()
}

// Stylesheet, Icon and Emblem are the addresses of the public side's own files.
func (f Frame) Stylesheet() string { return static.Path("css/public.css") }
func (f Frame) OwnSheet() string   { return static.Path(sheets[f.Sheet]) }
func (f Frame) Icon() string       { return static.Path("img/icon.svg") }
func (f Frame) Emblem() string     { return static.Path("img/mark.svg") }

// Sheet is a stylesheet of a page's own, beside the public one.
type Sheet int

const (
	ChartSheet Sheet = iota + 1
	PosterSheet
)

var sheets = map[Sheet]string{ChartSheet: "css/chart.css", PosterSheet: "css/poster.css"}

// NavLink is an entry of the main menu.
type NavLink struct {
	Link
	Here bool // this page or one below it
	Page bool // exactly this page
}

// Nav is the main menu.
func (f Frame) Nav() []NavLink {
	var nav []NavLink
	for _, l := range menu {
		page := f.path() == l.Href
		below := l.Href != "/" && strings.HasPrefix(f.path(), l.Href+"/")
		nav = append(nav, NavLink{Link: l, Here: page || below, Page: page})
	}
	return nav
}

var menu = []Link{
	{"首页", "/"}, {"整改进展", "/progress"}, {"整改通报", "/announcements"}, {"公开答复", "/replies"},
	{"数据统计", "/statistics"}, {"我要反映", "/submit"}, {"查询进度", "/track"}, {"联系渠道", "/channels"},
}

// LinkGroup is a heading and the links under it.
type LinkGroup struct {
	Title string
	Links []Link
}

// PublicPages lists every public page that always exists; the sitemap shows it. A new public page is added here.
func PublicPages() []LinkGroup {
	submit := []Link{{"我要反映", "/submit"}}
	for _, k := range Kinds {
		submit = append(submit, Link{k.Word(), k.Href()})
	}
	return []LinkGroup{
		{"看整改", []Link{{"首页", "/"}, {"整改进展", "/progress"}, {"挂图作战图", "/chart"}, {"整改通报", "/announcements"}, {"整改变化", "/changes"}, {"制度成果", "/rules"}, {"数据统计", "/statistics"}, {"开放数据", "/open-data"}, {"公开日志", "/log/"}, {"邮件订阅", "/subscribe"}}},
		{"提意见", append(submit, Link{"反映指南与举报须知", "/guide"})},
		{"看答复", []Link{{"查询进度", "/track"}, {"公开答复", "/replies"}, {"查验回执", "/log/receipt"}}},
		{"关于本站", []Link{{"联系渠道", "/channels"}, {"大厅海报", "/poster"}, {"隐私说明", "/privacy"}, {"无障碍说明", "/accessibility"}, {"网站地图", "/sitemap"}}},
	}
}
