package view

// HomePage answers "how far is it" in ten seconds.
type HomePage struct {
	Frame
	Heading  string // 省委巡视反馈的问题，整改到哪一步了
	Lead     string // one or two sentences: who inspected whom, and when
	Figures  []Figure
	Source   Link // the announcement the figures are stated in
	SourceOn Day
	Aspects  []AspectRow
	Changes  []Change // latest first; may be empty
	Received *Cell    // this month; nil where nothing is counted yet
	Replied  *Cell
}

func (HomePage) Template() string { return "public/home" }

// Figure is a large number: what it counts, of how many, as of when, and the list behind it.
type Figure struct {
	Label    string // 反馈问题
	Count    int
	Of       int    // 0: a plain number without a bar
	Unit     string // 个
	Verb     string // 已完成
	Segments []Segment
	AsOf     Day
	List     Link // the items counted
}

// Bar draws the segments out of Of.
func (f Figure) Bar() Bar {
	label := f.Label + "：共" + itoa(f.Of) + f.Unit
	for _, s := range f.Segments {
		label += "，" + s.Status.Word() + itoa(s.Count) + f.Unit
	}
	if f.Rest() > 0 {
		label += "，其余" + itoa(f.Rest()) + f.Unit
	}
	return Bar{Label: label, Of: f.Of, Segments: f.Segments}
}

// Share is the part that is done.
func (f Figure) Share() Share { return Share{f.Count, f.Of} }

// Rest is what no segment accounts for.
func (f Figure) Rest() int {
	rest := f.Of
	for _, s := range f.Segments {
		rest -= s.Count
	}
	return max(rest, 0)
}

// AspectRow is one of the announcement's headings with the problems under it.
type AspectRow struct {
	No       string // 一
	Title    string
	Href     string
	Problems []Link
}

// Change is something that happened to a published item. Note may name its entry in the public log.
type Change struct {
	On   Day
	Text string
	Href string
	Note string
}

// ProgressPage lists problems.
type ProgressPage struct {
	Frame
	Query     string
	Kept      []Hidden // the other filters, so that a search keeps them
	Filters   []Filter
	Problems  []ProblemRow
	Total     int    // that match
	Filtered  bool   // any filter or search is set
	More      string // address of the next page by key; empty at the end
	Downloads []Link // open data and feeds, where they exist
}

func (ProgressPage) Template() string { return "public/progress" }

// Filter is a row of links, one per value.
type Filter struct {
	Name    string // 方面
	Options []Option
}

// Option is a filter's value with how many items it would show.
type Option struct {
	Text  string
	Href  string
	Count int
	Here  bool
}

// ProblemRow is a problem in a list. Without measures the count is not shown.
type ProblemRow struct {
	Code, Title, Href string
	Aspect            string
	Status            Status
	Measures          Share
	Next              Day // next date in the plan; may be empty
}

// ProblemPage is one problem with all that is public about it.
type ProblemPage struct {
	Frame
	Code      string // 1-3
	Title     string
	Aspect    Link
	Status    Status
	Source    Link // the announcement
	SourceOn  Day
	Actions   []string // what the announcement says was done, a sentence each
	Subs      []SubProblem
	Measures  []MeasureRow
	Leader    string // responsible leader; empty when not published
	LeadDept  string
	CoDepts   string
	Due       Day
	Next      Day
	Changes   []Change
	Comments  []PublishedComment
	Previous  Link
	Following Link
}

func (ProblemPage) Template() string { return "public/problem" }

// IsUnstated says that the source gives no status for this problem.
func (p ProblemPage) IsUnstated() bool { return p.Status.Class() == "unstated" }

// MeasuresDone counts claimed completion; the table beside it shows what was verified.
func (p ProblemPage) MeasuresDone() Share {
	s := Share{Of: len(p.Measures)}
	for _, m := range p.Measures {
		if m.Status == Done {
			s.Count++
		}
	}
	return s
}

// MeasuresClosed counts verified completion.
func (p ProblemPage) MeasuresClosed() Share {
	s := Share{Of: len(p.Measures)}
	for _, m := range p.Measures {
		if m.Closing == Closed {
			s.Count++
		}
	}
	return s
}

// SubProblem is a part of a problem that the court split off.
type SubProblem struct {
	Code, Title string
	Actions     []string
}

// MeasureRow shows the department's claim and the verifier's word side by side.
type MeasureRow struct {
	Code     string // 1-3-2-1
	Text     string
	Status   Status
	Closing  Closing
	Refusal  string // 整改不彻底 / 措施不过硬 / 质量不达标, with the refuser's text
	Leader   string
	LeadDept string
	Due      Day
	Overdue  bool
	Evidence string // what was handed in, in words; may be empty
}

// PublishedComment is a citizen's comment, published with consent, and the answer. Answer may be empty.
type PublishedComment struct {
	On         Day
	Text       string
	AnsweredOn Day
	Unit       string
	Answer     string
}

// AnnouncementsPage lists what was announced.
type AnnouncementsPage struct {
	Frame
	Announcements []AnnouncementRow
	More          string
}

func (AnnouncementsPage) Template() string { return "public/announcements" }

// AnnouncementRow is an announcement in the list.
type AnnouncementRow struct {
	Title, Issuer, Href, Summary string
	On                           Day
}

// AnnouncementPage is the full text, beside what the ledger says.
type AnnouncementPage struct {
	Frame
	Heading  string
	Issuer   string
	On       Day
	Preamble []string
	Sections []Section
	Figures  []StatedFigure
	Original Link // where it was first published, if known
	Versions []Change
	Closing  []string // the paragraphs after the last section
}

func (AnnouncementPage) Template() string { return "public/announcement" }

// Section is a heading of the announcement and the text under it. Level is 2, 3 or 4.
type Section struct {
	ID         string
	Level      int
	Title      string
	Href       string // the problem's page, for level 4
	Paragraphs []string
}

// StatedFigure compares what the announcement says with what the ledger adds up to today.
type StatedFigure struct {
	Label  string
	Stated int
	Unit   string
	AsOf   Day
	Ledger *int   // nil: the ledger does not hold this detail
	Note   string // why they differ
}

// Differs says that both are known and not equal.
func (f StatedFigure) Differs() bool { return f.Ledger != nil && *f.Ledger != f.Stated }

// RulesPage is the register of rules made or revised.
type RulesPage struct {
	Frame
	Stated   int // how many the announcement says; 0 when it says nothing
	StatedOn Day
	Source   Link
	Rules    []RuleRow
	More     string
}

func (RulesPage) Template() string { return "public/rules" }

// RuleRow is a rule and the problems it answers.
type RuleRow struct {
	Title    string
	Number   string // its document number; may be empty
	Revised  bool
	On       Day
	Problems []Link
}
