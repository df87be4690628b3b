package view

import "strings"

// LogPage tells people what the public log is for and how anybody checks it.
type LogPage struct {
	Frame
	Size       int64  // entries
	At         Moment // of the newest checkpoint; zero before the first
	Root       string
	Checkpoint string // as it was signed
	Key        string
	Base       string        // the site's address, for the commands
	HandOvers  []LogHandOver // oldest first
	Witnesses  []LogWitness
	Latest     []LogChange
}

func (LogPage) Template() string { return "public/log" }

// Begun says that there is a checkpoint.
func (p LogPage) Begun() bool { return !p.At.IsZero() }

// PosterPage is for the court's hall, on A4.
type PosterPage struct {
	Frame
	Base string // the site's address
	QR   QR     // of it
	Key  string // the public log's
	Size int64  // of its newest checkpoint
	Root string
	At   Moment // zero before the first
}

func (PosterPage) Template() string { return "public/poster" }

// Begun says that there is a checkpoint.
func (p PosterPage) Begun() bool { return !p.At.IsZero() }

// LogWitness is somebody elsewhere who watches the log.
type LogWitness struct {
	Name string
	Size int64 // that they saw
	At   Moment
}

// LogHandOver is a change of the log's key.
type LogHandOver struct {
	At    Moment
	Proof string // address
}

// LogChange is a version in the list of what was published last.
type LogChange struct {
	At   Moment
	Verb string // 修改
	What string // 问题 1-3 ……
	Href string // of its history
}

// HistoryPage shows all that one subject ever said in public.
type HistoryPage struct {
	Frame
	Kind     string // 问题
	Subject  string
	Now      Link // where it stands today; may be empty
	Gone     *HistoryVersion
	Action   string // of the form that asks for a day
	On       string // the day as it was typed
	Error    string // what is wrong with the day
	First    Day    // the first day that can be asked for
	Last     Day
	Answer   string // what stood on the day asked for, in a sentence
	Caution  string // what of that the log cannot prove
	Shown    *HistoryText
	Versions []HistoryVersion // the newest first
	More     string
}

func (HistoryPage) Template() string { return "public/history" }

// Errors is the summary above the heading.
func (p HistoryPage) Errors() []Link {
	if p.Error == "" {
		return nil
	}
	return []Link{{p.Error, "#on"}}
}

// HistoryVersion is one version and what it changed.
type HistoryVersion struct {
	No         int
	Verb       string // 首次公布, 修改, 撤下, 重新公布
	At         Moment
	Backfilled bool   // it was so before there was a log
	Why        string // of a withdrawal
	Index      string // its place in the log; empty for the seconds before it has one
	Read       string // its text laid out
	Exact      string // the text itself
	Proof      string // empty while it has no place
	Changed    []FieldChange
	Expunged   *Expunged // that its text was taken away
}

// Expunged is the notice that a text was taken away by decision.
type Expunged struct {
	Why, Decision string
	On            Day
	Digest        string
	Href          string // of the notice in the log
}

// FieldChange is a field that reads otherwise than before.
type FieldChange struct{ Name, Old, New string }

// HistoryText is a version laid out.
type HistoryText struct {
	HistoryVersion
	Digest string
	Fields []HistoryField
}

// HistoryField is a line of a text.
type HistoryField struct{ Name, Text string }

// Long says that it needs paragraphs of its own.
func (f HistoryField) Long() bool { return strings.Contains(f.Text, "\n") }
