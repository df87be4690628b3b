package view

import "slices"

// MeasuresPage lists the ledger's measures for who works on them.
type MeasuresPage struct {
	Desk
	Heading string
	Lead    string
	Baskets []Basket
	Search  Form
	Rows    []DeskMeasure
	Next    string
	Empty   string
	Widen   string
}

func (MeasuresPage) Template() string { return "desk/measures" }

// DeskMeasure is a measure in a list. What the department claims and what was
// verified stand side by side.
type DeskMeasure struct {
	Href, Code, Text string
	Department       string
	Status           Status
	Closing          Closing
	Due              Due
	Marks            []string
}

// DossierPage is one measure or problem with all that was done about it.
type DossierPage struct {
	Desk
	Kind     string // 措施 or 问题
	Code     string
	Heading  string
	Status   Status
	Closing  Closing
	Marks    []string
	Facts    []Answer
	Texts    []Answer
	Measures []DeskMeasure
	Evidence []EvidenceRow
	Lists    []RecordList // what was decided and ordered about it
	Filed    []FiledRow
	Events   []DeskEvent // newest first
	Acts     []Act
	Waiting  string
	Kept     string // what was typed into a form that is no longer there
	Up       Link   // the problem of a measure
	Public   Link
}

func (DossierPage) Template() string { return "desk/dossier" }

// Errors are those of the page's forms.
func (p DossierPage) Errors() []Link { return errorsOf(p.Acts) }

// EvidenceRow is a file or a link that was handed in.
type EvidenceRow struct {
	Title, Href, Detail string
	Mark                string // 公开 or 内部
	Who                 string
	At                  Moment
	Withdrawn           bool
	Withdraw            *Form
}

// FiledRow is an application to close, with its steps.
type FiledRow struct {
	State Closing
	Word  string
	At    Moment
	Steps []DeskEvent
}

// RoundsPage lists look-backs and plans a new one.
type RoundsPage struct {
	Desk
	Rows []RoundRow
	Acts []Act
}

func (RoundsPage) Template() string { return "desk/rounds" }

// Errors are those of the page's forms.
func (p RoundsPage) Errors() []Link { return errorsOf(p.Acts) }

// RoundRow is a look-back in the list.
type RoundRow struct {
	Href, Title, State, Scope string
	From, To                  Day
	Open                      bool
}

// RoundPage is one look-back with what was found.
type RoundPage struct {
	Desk
	Heading string
	State   string
	Facts   []Answer
	Items   []RoundItemRow
	Acts    []Act
	Next    string
}

func (RoundPage) Template() string { return "desk/round" }

// Errors are those of the page's forms.
func (p RoundPage) Errors() []Link {
	all := errorsOf(p.Acts)
	for _, x := range p.Items {
		if x.Judge != nil {
			all = append(all, x.Judge.Errors()...)
		}
	}
	return all
}

// RoundItemRow is a measure that is looked back at.
type RoundItemRow struct {
	Href, Code, Text string
	Result, Class    string
	Finding          string
	Judge            *Act
}

// NewestFirst orders events by their time, the newest first.
func NewestFirst(events []DeskEvent) []DeskEvent {
	slices.SortStableFunc(events, func(a, b DeskEvent) int { return b.At.Compare(a.At.Time) })
	return events
}

// ProblemsPage lists the ledger's problems for staff.
type ProblemsPage struct {
	Desk
	Rows []DeskProblem
	Next string
}

func (ProblemsPage) Template() string { return "desk/problems" }

// DeskProblem is a problem in the list.
type DeskProblem struct {
	Href, Code, Title, Aspect string
	Status                    Status
	Closing                   Closing
	Measures, Done, Closed    int
	Marks                     []string
}

// LedgerCount is a line of the ledger's counts: of how many, how many are claimed done and how many verified.
type LedgerCount struct {
	Label               string
	All, Unstated, Done int
	Closed              int
	Href                string
}

// LedgerTask is a link to a part of the ledger, with what it is for.
type LedgerTask struct {
	Link
	Lead  string
	Count Tally
}
