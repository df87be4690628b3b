package view

import (
	"strings"

	"mingjing/static"
)

// Desk is the frame of the staff's pages. Doors fill it once per request, with the pages that this person can use.
type Desk struct {
	Frame
	Who   string // 分办员 · 李; empty before signing in
	Pages []Link // the menu
	CSRF  string
	// Programme is the one that the ledger's pages are of, where there are several.
	Programme *Link
}

// FullTitle is the title element.
func (d Desk) FullTitle() string {
	title := d.Title + " - " + d.Site.Name + "工作台"
	if d.Failed {
		title = "错误：" + title
	}
	return title
}

// Stylesheet and Script are the desk's own files.
func (Desk) Stylesheet() string { return static.Path("css/desk.css") }
func (Desk) Script() string     { return static.Path("js/desk.js") }

// Nav is the menu with the page that is open.
func (d Desk) Nav() []NavLink {
	var nav []NavLink
	for _, l := range d.Pages {
		page := d.path() == l.Href
		nav = append(nav, NavLink{Link: l, Here: page || strings.HasPrefix(d.path(), l.Href+"/"), Page: page})
	}
	return nav
}

// DeskFormPage is a page that is one form: signing in, changing a password, importing.
type DeskFormPage struct {
	Desk
	Heading string
	Lead    string
	Typed   []Answer // what cannot be stored now, to be copied
	Form    Form     // may be empty
}

func (DeskFormPage) Template() string { return "desk/form" }

// SecretPage shows once what is kept nowhere: a one-time password, recovery codes.
type SecretPage struct {
	Desk
	Heading string
	Lead    string
	Facts   []Answer
	Codes   []string
	Next    Link
}

func (SecretPage) Template() string { return "desk/secret" }

// ReportTakenPage shows a clerk, once, the number and the code of a report that was taken down: to be read aloud in
// groups, or to be handed over on paper.
type ReportTakenPage struct {
	Desk
	CaseNo    Code
	Groups    []string // of the code
	At        Moment
	Anonymous bool
	Again     bool // it had been taken down already
}

func (ReportTakenPage) Template() string { return "desk/report-taken" }

// FactorPage sets up the second factor. Picture is the address of the QR picture.
type FactorPage struct {
	Desk
	Picture string
	Secret  string
	Form    Form
}

func (FactorPage) Template() string { return "desk/factor" }

// AccountPage is what a member of staff sees of their own account.
type AccountPage struct {
	Desk
	Facts   []Answer
	Factor  bool
	Codes   int64 // recovery codes left
	Kept    []KeptText
	SignOut Form
}

func (AccountPage) Template() string { return "desk/account" }

// Tally is a count beside a list; nobody needs to know it exactly above 999. Below 0 it is not counted.
type Tally int

func (t Tally) String() string {
	switch {
	case t < 0:
		return ""
	case t > 999:
		return "999+"
	}
	return itoa(int(t))
}

// Act is something that can be done to what the page shows: a button, or a form that unfolds.
type Act struct {
	Name  string // the fold's id
	Label string
	Lead  string
	Links []Link      // texts to start from
	Marks []Redaction // values that were hidden in the texts of the form
	Form  Form
	Open  bool
}

// Redaction is a value that was hidden; Href shows it again, or hides it again.
type Redaction struct {
	Text, Href string
	Shown      bool
}

// Plain says that nothing has to be typed: a button is enough.
func (a Act) Plain() bool { return len(a.Form.Fields) == 0 && a.Lead == "" }

// Errors are those of the act's form.
func (a Act) Errors() []Link { return a.Form.Errors() }

func errorsOf(acts []Act) []Link {
	var all []Link
	for _, a := range acts {
		all = append(all, a.Form.Errors()...)
	}
	return all
}

// Due says in words how near the end of its time limit something is. Class only adds colour.
type Due struct {
	Words string // 剩 3 个工作日; empty: nothing is due
	Step  string // 登记
	On    Day
	Class string // overdue, near, half or empty
	Guess bool   // 暂按周末推算
}

// DeskRow is a line of a list of cases.
type DeskRow struct {
	ID         int64
	Href       string
	CaseNo     Code
	Heading    string
	Kind       string
	Channel    string
	State      string
	Received   Day
	Due        Due
	Department string
	Handler    string
	Marks      []string // 已催办, 已延期
}

// RefusedPage answers a form of the desk that was not taken. Typed is what it held, to be copied.
type RefusedPage struct {
	Desk
	Why   ErrorPage
	Typed []Field
	Back  Link // to the page it was typed on, or to signing in again
}

func (RefusedPage) Template() string { return "desk/refused" }

// Heading says what happened, Advice what to do next, in words for who works here.
func (p RefusedPage) Heading() string {
	switch p.Why.Status {
	case 401:
		return "登录已过期，没有提交"
	case 403:
		return "没有提交：现在不能办理"
	case 404:
		return "没有提交：没有找到"
	case 409:
		return "没有提交：内容已经变了"
	}
	return p.Why.Heading()
}

func (p RefusedPage) Advice() string {
	first := "请先把下面填写的内容复制下来，再"
	if len(p.Typed) == 0 { // a button alone was pressed
		first = "请"
	}
	switch p.Why.Status {
	case 401:
		return first + "重新登录；登录后会回到刚才的页面。"
	case 403, 404:
		return "可能是页面停留太久，或者这件事已经交给别人。" + first + "返回刚才的页面看最新情况。"
	case 409:
		return first + "返回刚才的页面看最新情况，决定怎么做。"
	}
	return p.Why.Advice()
}
