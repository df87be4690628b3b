package view

// QueuePage is the desk's list of cases.
type QueuePage struct {
	Desk
	Heading string
	Lead    string
	Views   []Basket // filters that were kept under a name
	Manage  Link     // where they are changed
	Baskets []Basket
	Search  Form // sent with GET: what is looked for and the filters
	Acts    []Act
	Rows    []DeskRow
	Bulk    *Form // what can be done to the rows that are ticked
	Next    string
	Exports []Link // the same list as files
	Empty   string // what to do when there is nothing
	Widen   string // an address with fewer filters; may be empty
}

func (QueuePage) Template() string { return "desk/queue" }

// Errors are those of the page's forms.
func (p QueuePage) Errors() []Link { return errorsOf(p.Acts) }

// Basket is a link to a group of cases with its count.
type Basket struct {
	Link
	Count Tally
	Here  bool
	Alarm bool
}

// DeskCasePage is a case as staff see it.
type DeskCasePage struct {
	Desk
	CaseNo   Code
	Kind     string
	Channel  string
	State    string
	Heading  string
	Due      Due
	Facts    []Answer
	Said     []Answer
	Problem  Link
	Files    []Link
	Draws    []Link
	Here     string // where the page says that it is still open
	Company  string // who else has it open
	Replies  []DeskReply
	Draft    *DraftBox
	Acts     []Act
	Waiting  string // why nothing can be done here now; empty where something can
	Kept     string // what was typed into a form that is no longer there
	Contact  []Answer
	Reveal   *Form
	NoteForm Act
	Merged   []JoinedCase // that this case stands for: its answer reaches their senders too
	Linked   []JoinedCase
	Into     Link // the case that stands for this one
	Earlier  []DeskRow
	Similar  []DeskRow
	Timeline []DeskEvent
	Selected string // 选登: where it stands
	Expunge  Link   // to its texts in the public log, once it is withdrawn
}

func (DeskCasePage) Template() string { return "desk/case" }

// Errors gathers the errors of whichever form was sent.
func (p DeskCasePage) Errors() []Link {
	var all []Link
	if p.Draft != nil && p.Draft.Form != nil {
		all = p.Draft.Form.Errors()
	}
	return append(append(all, errorsOf(p.Acts)...), p.NoteForm.Errors()...)
}

// DeskReply is an answer that was sent.
type DeskReply struct {
	At     Moment
	Unit   string
	Text   string
	Digest string
	Links  []Link // the letter
}

// DraftBox is the answer being written. Form is the editor for who may write; Theirs is set when somebody else saved in
// between: both texts stand side by side then.
type DraftBox struct {
	Text     string
	Meta     string // who wrote it and when
	Digest   string
	Approved string // who approved it; empty before
	Form     *Form
	Folded   bool // changing the text voids review and approval, so the editor does not stand open
	Autosave bool
	Starts   []Link // canned texts to start from
	Clash    bool
	Theirs   string
	TheirsBy string
	Kept     *KeptText // what who looks was writing and has not saved; in the editor too, where there is one
}

// Stale says that the text stored is to stand beside the kept one.
func (b DraftBox) Stale() bool { return b.Kept != nil && b.Form != nil && b.Text != "" }

// KeptText is what somebody was writing and has not saved.
type KeptText struct {
	Case Link // whose answer it was to be, in a list
	Body string
	At   Moment
	Drop Form
}

// DeskEvent is a line of the timeline.
type DeskEvent struct {
	At     Moment
	Who    string
	Word   string
	Detail string
	Text   string
	Inside bool // text that the citizen never sees
}

// IntakePage records a call, letter, visit or transfer.
type IntakePage struct {
	Desk
	Up      Link
	Heading string
	Kinds   []NavLink
	Form    Form     // Fields: channel and date, then the kind's questions
	Beside  []Answer // what stood in a spreadsheet and is no answer
	Scans   []Scan   // of a letter
	Closed  string   // why the form cannot be sent now
	Kept    string   // what was typed into a form that is no longer there
	Acts    []Act
	Looked  bool
	Earlier []DeskRow
	Similar []DeskRow
}

func (IntakePage) Template() string { return "desk/intake" }

// Errors are those of the page's forms.
func (p IntakePage) Errors() []Link { return append(p.Form.Errors(), errorsOf(p.Acts)...) }

// Scan is a file that is written down from; a picture stands beside the form.
type Scan struct {
	Link
	Picture bool
}

// Head are the questions about the intake itself, Asked those of the kind.
func (p IntakePage) Head() []Field  { return p.Form.Questions()[:2] }
func (p IntakePage) First() Field   { return p.Form.Questions()[2] }
func (p IntakePage) Asked() []Field { return p.Form.Questions()[3:] }

// RecordedPage reads number and code back to the caller.
type RecordedPage struct {
	Desk
	Heading    string
	Kind       string
	CaseNo     Code
	AccessCode Code
	NoticeBy   Day
	ReplyBy    Day
	Estimated  bool
	Again      bool
	Case       Link
	Next       Link
}

func (RecordedPage) Template() string { return "desk/recorded" }

// JoinedCase is a case that stands beside another.
type JoinedCase struct {
	Link
	On      Day
	Channel string
	Text    string // what its sender wrote, where it was merged
}
