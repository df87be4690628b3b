package view

// RegisterPage is a list of one kind of record of the ledger, with what can be begun there.
type RegisterPage struct {
	Desk
	Up      Link
	Heading string
	Lead    string
	Baskets []Basket
	Search  Form     // may be empty
	Columns []string // of the rows: the name, the cells, and the standing
	Rows    []RegisterRow
	Acts    []Act
	Links   []Link
	Kept    string // what was typed into a form that is no longer there
	Next    string
	Empty   string // what to do when there is nothing
}

func (RegisterPage) Template() string { return "desk/register" }

// Errors are those of the page's forms.
func (p RegisterPage) Errors() []Link { return errorsOf(p.Acts) }

// RegisterRow is a record in a list.
type RegisterRow struct {
	Href, Name string
	Cells      []RegisterCell
	Standing   Due
	Marks      []string
}

// RegisterCell is what a row says under a column.
type RegisterCell struct{ Column, Text string }

// RecordPage is one record of the ledger: its texts, its lists, what can be done, the facts.
type RecordPage struct {
	Desk
	Up       Link
	Heading  string
	Standing Due
	Lead     string
	First    []Answer // facts that stand before the texts
	Texts    []Answer
	Figures  []FigureSet
	Lists    []RecordList
	Acts     []Act
	Waiting  string // why nothing can be done here now; empty where something can
	Links    []Link
	Facts    []Answer
	Kept     string // what was typed into a form that is no longer there
}

func (RecordPage) Template() string { return "desk/record" }

// Errors are those of the page's forms.
func (p RecordPage) Errors() []Link {
	all := errorsOf(p.Acts)
	for _, l := range p.Lists {
		for _, i := range l.Items {
			if i.Act != nil {
				all = append(all, i.Act.Errors()...)
			}
		}
	}
	return all
}

// Side says that there is a second column.
func (p RecordPage) Side() bool {
	return len(p.Acts) > 0 || p.Waiting != "" || len(p.Links) > 0 || len(p.Facts) > 0
}

// RecordList is a list within a record.
type RecordList struct {
	Heading, Lead string
	Items         []RecordItem
	Empty         string
}

// RecordItem is a line of it.
type RecordItem struct {
	Code, Text, Href string
	Standing         Due
	Note             string
	Act              *Act
}

// FigureSet is the figures of one announcement, compared with the ledger and with each other.
type FigureSet struct {
	Link
	State   string
	Reason  string // why it was published although they differ
	Figures []FigureRow
	Within  []Finding
}

// PaperPage is what is handed round: an agenda, minutes, a digest.
type PaperPage struct {
	Desk
	Up      Link // where it is worked on
	Heading string
	Formal  bool   // an official document: its title in the middle
	Number  string // below the title of a letter
	Facts   []Answer
	Parts   []PaperPart
	Signed  []string // at the end, to the right
}

func (PaperPage) Template() string { return "desk/paper" }

// PaperPart is a section of it.
type PaperPart struct {
	Heading, Text string
	Below         bool // its heading stands below the one before
	Lines         []PaperLine
	Items         []PaperItem
	Empty         string
}

// PaperLine is a paragraph of a document; Head are the words it begins with that name what it is about.
type PaperLine struct{ Head, Text string }

// PaperItem is a line of it.
type PaperItem struct{ Text, Note string }
