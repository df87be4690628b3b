package view

// PublishingPage lists proposals and published replies.
type PublishingPage struct {
	Desk
	Rows  []PublishingRow
	Draft bool // who looks may draft an announcement
	Next  string
}

func (PublishingPage) Template() string { return "desk/publishing" }

// PublishingRow is one of them.
type PublishingRow struct {
	Href, Heading, Kind, Unit, State string
	Class                            string // colour beside the word
	Answered                         Day
	Mine                             bool // proposed by who looks: somebody else must review it
}

// PublicationPage is one proposal, to be reviewed.
type PublicationPage struct {
	Desk
	Heading  string
	State    string
	Question string
	Answer   string
	Facts    []Answer
	Waiting  string
	Expunge  Link // to its texts in the public log, once it is withdrawn
	Acts     []Act
}

func (PublicationPage) Template() string { return "desk/publication" }

// Errors are those of the page's forms.
func (p PublicationPage) Errors() []Link { return errorsOf(p.Acts) }

// DeskLedgerPage is where work on the ledger begins: its counts, what waits for
// who looks, its parts, and the announcements.
type DeskLedgerPage struct {
	Desk
	Counts     []LedgerCount
	Overdue    int
	Waiting    []DeskMeasure // applications that wait for a review by who looks
	Parts      []LedgerTask
	Rows       []LedgerRow
	Import     bool  // who looks may import and draft
	Programmes []Act // choosing the programme, and naming it
	Kept       string
	Next       string
}

func (DeskLedgerPage) Template() string { return "desk/ledger" }

// Errors are those of the page's forms.
func (p DeskLedgerPage) Errors() []Link { return errorsOf(p.Programmes) }

// LedgerRow is an announcement in the list.
type LedgerRow struct {
	Href, Heading, Issuer, State string
	Dated                        Day
	Imported                     Moment
	Draft                        bool
}

// PreviewPage says what was understood of a text, before anything is stored.
type PreviewPage struct {
	Desk
	Facts       []Answer
	Figures     []FigureRow
	Differences []Finding
	Aspects     []Outline
	Unplaced    []UnplacedLine
	Form        Form
}

func (PreviewPage) Template() string { return "desk/preview" }

// DraftPage is the next announcement as the ledger gives it, to be filled in.
type DraftPage struct {
	Desk
	Up         Link
	Programmes []NavLink // to choose from; none where there is one only
	Waiting    string    // why nothing can be drafted
	Gaps       RecordList
	Form       Form
	Links      []Link
	Facts      []Answer
}

func (DraftPage) Template() string { return "desk/draft" }

// FigureRow is a figure that a text states.
type FigureRow struct {
	Label  string
	Value  string
	AsOf   Day
	Ledger string // what the ledger counts; empty: it cannot
	Note   string
	Agrees bool
}

// Finding is a comparison in words.
type Finding struct {
	Text   string
	Agrees bool
}

// Outline is a heading and what stands under it.
type Outline struct {
	Title string
	Items []string
}

// UnplacedLine is a line that no rule could place.
type UnplacedLine struct {
	Line int
	Text string
}

// DeskStatisticsPage shows a period's real numbers to staff.
type DeskStatisticsPage struct {
	Desk
	Form       Form
	Period     string
	Indicators []Indicator
	Tables     []StatTable
	LedgerOf   string // the programme
	Ledger     []Indicator
	Meanings   []DataField // what each number counts
	Download   string
}

func (DeskStatisticsPage) Template() string { return "desk/statistics" }

// Indicator is a rate with what it is of.
type Indicator struct {
	Label string
	Share
	How  string       // how it is counted
	Top  StatNumber   // its numerator; without an address where nothing opens
	Base []StatNumber // the parts of its denominator
}

// Sum reports whether the denominator has several parts.
func (i Indicator) Sum() bool { return len(i.Base) > 1 }

// StatNumber is a count that opens to what it counts.
type StatNumber struct {
	Label string // what it counts, for a line that stands by itself
	N     int
	Href  string
}

// StatTable is a table of counts.
type StatTable struct {
	Title   string
	Columns []string
	Rows    []StatRow
}

// StatRow is a line of it, drawn by its first number.
type StatRow struct {
	Label   string
	Frozen  string // since when it does not change
	Numbers []StatNumber
	largest int
}

// Scale draws every line of the table to the largest first number; a line of totals after months would dwarf them and has no bar.
func (t *StatTable) Scale() {
	largest := 0
	for _, r := range t.Rows {
		if r.Label != total {
			largest = max(largest, r.Numbers[0].N)
		}
	}
	for i := range t.Rows {
		if t.Rows[i].Label != total {
			t.Rows[i].largest = largest
		}
	}
}

const total = "合计"

// Bar is the line's first number.
func (r StatRow) Bar() Bar {
	return Bar{Of: r.largest, Segments: []Segment{{Done, min(r.Numbers[0].N, r.largest)}}}
}
