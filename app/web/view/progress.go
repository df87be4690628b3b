package view

// HomePage answers "how far is it" in ten seconds.
type HomePage struct {
	Frame
	Heading  string // 省委巡视反馈的问题，整改到哪一步了
	Lead     string // one or two sentences: who inspected whom, and when
	Figures  []Figure
	Hidden   string // how many of what is counted is not public, in words
	Counted  bool   // the figures are the ledger's, and Source only states others
	Source   Link   // the announcement the figures are stated in
	SourceOn Day
	Aspects  []AspectRow
	Others   []Link   // other programmes
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
	List     Link   // the items counted
	Closed   *int   // of those done, how many were verified; nil: not known
	Stated   string // what an announcement says of the same, where the ledger counts
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

// Change is something that happened to a published item.
type Change struct {
	On   Day
	Text string
	Href string
	Note string
	Log  string // its entry in the public log; may be empty
}

// ProgressPage lists problems.
type ProgressPage struct {
	Frame
	Round     string // which round of rectification, where it is not the main one
	Text      string // what the court says of this round of rectification, or of the chosen aspect
	Query     string
	Kept      []Hidden // the other filters, so that a search keeps them
	Filters   []Filter
	Depts     *Filter // lead departments; nil where none is named
	Problems  []ProblemRow
	Total     int    // that match
	Hidden    string // how much is counted elsewhere and not listed here
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

// Chosen is the value that is chosen after the first, which means all; or empty.
func (f Filter) Chosen() string {
	for _, o := range f.Options[min(1, len(f.Options)):] {
		if o.Here {
			return o.Text
		}
	}
	return ""
}

// Choices is how many values there are to choose from.
func (f Filter) Choices() int { return max(len(f.Options)-1, 0) }

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
	Closing           Closing
	Measures          Share // claimed done
	Closed            int   // of these measures, verified
	Overdue           int
	Next              Day // next date in the plan; may be empty
}

// ProblemPage is one problem with all that is public about it.
type ProblemPage struct {
	Frame
	Round     string // as on ProgressPage
	Code      string // 1-3
	Title     string
	Text      string // what it is about, in the court's words
	Aspect    Link
	Status    Status
	Closing   Closing
	ClosedOn  Day
	Refusal   string
	Evidence  []Evidence // of the problem itself
	Source    Link       // the announcement
	SourceOn  Day
	Actions   []string     // what the announcement says was done, a sentence each
	Said      []Said       // what the announcement says of a problem in the ledger
	InLedger  []ProblemRow // what a problem that an announcement names is in the ledger
	Subs      []SubProblem
	Measures  []MeasureRow // those of no sub-problem
	Leader    string       // responsible leader; empty when not published
	LeadDept  string
	CoDepts   string
	Due       Day
	Next      Day
	Changes   []Change
	Rules     []Link // made or revised in answer to it
	Comments  []PublishedComment
	Comment   string // where to say something about it; may be empty
	Feed      string // its changes as a feed
	Subscribe string // and by mail
	Previous  Link
	Following Link
	Log       string // all that its page ever said
}

func (ProblemPage) Template() string { return "public/problem" }

// recent is how many changes a problem's page shows at once.
const recent = 8

// Recent are the newest changes, Earlier all others.
func (p ProblemPage) Recent() []Change  { return p.Changes[:min(len(p.Changes), recent)] }
func (p ProblemPage) Earlier() []Change { return p.Changes[min(len(p.Changes), recent):] }

// IsUnstated says that the source gives no status for this problem.
func (p ProblemPage) IsUnstated() bool {
	return p.Status.Class() == "unstated" && p.Status != Unreported
}

// Said is what an announcement says about something.
type Said struct {
	Problem   Link // as the announcement calls it
	Sentences []string
}

// All is every measure with its sub-problem, in order.
func (p ProblemPage) All() []SubProblem {
	var all []SubProblem
	if len(p.Measures) > 0 {
		all = append(all, SubProblem{Measures: p.Measures})
	}
	for _, s := range p.Subs {
		if len(s.Measures) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// Bare are the sub-problems that the table of measures does not show.
func (p ProblemPage) Bare() []SubProblem {
	var bare []SubProblem
	for _, s := range p.Subs {
		if len(s.Measures) == 0 || len(s.Actions) > 0 {
			bare = append(bare, s)
		}
	}
	return bare
}

// count counts the measures for which f holds.
func (p ProblemPage) count(f func(MeasureRow) bool) Share {
	var n Share
	for _, s := range p.All() {
		n.Of += len(s.Measures)
		for _, m := range s.Measures {
			if f(m) {
				n.Count++
			}
		}
	}
	return n
}

// MeasuresDone counts claimed completion; the table beside it shows what was verified.
func (p ProblemPage) MeasuresDone() Share {
	return p.count(func(m MeasureRow) bool { return m.Status == Done })
}

// MeasuresClosed counts verified completion.
func (p ProblemPage) MeasuresClosed() Share {
	return p.count(func(m MeasureRow) bool { return m.Closing == Closed })
}

// MeasuresOverdue counts what is late.
func (p ProblemPage) MeasuresOverdue() Share {
	return p.count(func(m MeasureRow) bool { return m.Overdue != "" })
}

// SubProblem is a part of a problem that the court split off.
type SubProblem struct {
	Code, Title string
	Text        string // what it is about
	Actions     []string
	Measures    []MeasureRow
}

// MeasureRow shows the department's claim and the verifier's word side by side.
type MeasureRow struct {
	Code     string // 1-3-2-1
	Text     string
	Note     string // what was done
	Kind     string // 立行立改, 限期整改, 长期坚持
	Status   Status
	DoneOn   Day // since when it is claimed done
	Closing  Closing
	ClosedOn Day    // or reopened
	Refusal  string // who refused and why, in words
	Leader   string
	LeadDept string
	CoDepts  string
	Due      Day
	DueText  string // in words where it is no day
	Baseline Day    // the first due date, where it moved
	Overdue  string // 已超期12天
	Next     Day    // the next check of what goes on
	Evidence []Evidence
}

// Evidence is a file or a link that shows that something was done.
type Evidence struct {
	Link
	Size    string // of a file
	Outside bool   // a link to another site
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
	Log      string   // all that the page ever said; empty in a preview
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
	Total    int // how many are in the register
	Rules    []RuleRow
	More     string
}

func (RulesPage) Template() string { return "public/rules" }

// RuleRow is a rule and the problems it answers.
type RuleRow struct {
	Title    string
	Href     string
	Number   string // its document number; may be empty
	Revised  bool
	On       Day
	Problems []Link
}

// RulePage is a rule: its text, or where the text is found, or both.
type RulePage struct {
	Frame
	Rule       RuleRow
	Paragraphs []string
	Elsewhere  string // the address of the text on another site; may be empty
	Log        string // all that the page ever said
}

func (RulePage) Template() string { return "public/rule" }

// ChangesPage is the public history, by the days on which it was written.
type ChangesPage struct {
	Frame
	Round           string // as on ProgressPage
	Days            []ChangedDay
	More            string
	Feed, Subscribe string
}

func (ChangesPage) Template() string { return "public/changes" }

// ChangedDay is what changed on a day; the changes bear no date of their own.
type ChangedDay struct {
	On      Day
	Changes []Change
}
