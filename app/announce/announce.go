// Package announce reads an announcement (通报) of how far the rectification
// after an inspection has come, and says what it understood: the headings, the
// problems and what was done about each, the figures, the inspection, the
// contacts, and every line it could not place.
//
// It is pure: no store, no clock, no network. It trusts nothing about its
// input, which may be a file from any institution or a text pasted into a form.
// It must never invent (what the text does not state is absent), never drop
// (every character of the input is in what it publishes, in a marker that it
// took off, or in Unplaced) and never fail on bad text: only bytes that are not
// text at all are an error.
package announce

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Stated is a value that a text may or may not state: a title, a name, or an
// ISO date (2021-01-06, or 2020-09 where the text names no day). The empty
// value was not stated and is null in JSON.
type Stated string

// MarshalJSON writes null for what was not stated.
func (s Stated) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// Announcement is what was understood. Its JSON is a published interface.
type Announcement struct {
	Title       Stated     `json:"title"`
	Issuer      Stated     `json:"issuer"`
	Date        Stated     `json:"date"`
	Preamble    []string   `json:"preamble"`
	Inspection  Inspection `json:"inspection"`
	Figures     Figures    `json:"figures"`
	FiguresAsOf AsOf       `json:"figures_as_of"`
	Sections    []Section  `json:"sections"`
	Aspects     []Aspect   `json:"aspects"`
	Contacts    Contacts   `json:"contacts"`
	Unplaced    []Line     `json:"unplaced"`

	// Rates are the percentages of completion that the text states itself.
	Rates []Rate `json:"-"`
	// Blocks is the whole text in its own order, one block a line, for printing.
	Blocks []Block `json:"-"`
}

// Inspection is the inspection the announcement answers.
type Inspection struct {
	From       Stated `json:"from"`
	To         Stated `json:"to"`
	By         Stated `json:"by"`
	FeedbackOn Stated `json:"feedback_on"`
}

// Figures are the numbers the text states; nil was not stated.
type Figures struct {
	Problems              *int `json:"problems"`
	SubProblems           *int `json:"sub_problems"`
	Measures              *int `json:"measures"`
	ProblemsDone          *int `json:"problems_done"`
	ProblemsBasicallyDone *int `json:"problems_basically_done"`
	MeasuresDone          *int `json:"measures_done"`
	Rules                 *int `json:"rules"`
}

// AsOf says for each figure the day it is true of. 截至2020年9月 gives 2020-09;
// 截至目前 and 目前 give the announcement's own date. A figure stated without
// such words (and every figure, where the words are 截至目前 and the
// announcement is undated) has none: the text does not say.
type AsOf struct {
	Problems              Stated `json:"problems"`
	SubProblems           Stated `json:"sub_problems"`
	Measures              Stated `json:"measures"`
	ProblemsDone          Stated `json:"problems_done"`
	ProblemsBasicallyDone Stated `json:"problems_basically_done"`
	MeasuresDone          Stated `json:"measures_done"`
	Rules                 Stated `json:"rules"`
}

// Section is a top chapter (一、二、三、) with those of its paragraphs that do not
// answer a problem. A chapter that holds aspects, or is one, is a section too.
// Closing paragraphs (欢迎监督, contacts) stand in the last section.
type Section struct {
	No         int      `json:"no"`
	Title      string   `json:"title"`
	Paragraphs []string `json:"paragraphs"`
}

// Aspect is a group of problems. Its title is absent where the text lists
// problems under no heading at all.
type Aspect struct {
	No       int       `json:"no"`
	Title    Stated    `json:"title"`
	Problems []Problem `json:"problems"`
}

// Problem is a problem named in the text. Actions are whole sentences, each
// ending in 。 (or in 。” where it ends inside a quotation). A problem with
// sub-problems has its actions in them.
type Problem struct {
	No      int          `json:"no"`
	Title   string       `json:"title"`
	Actions []string     `json:"actions"`
	Sub     []SubProblem `json:"sub"`
}

// SubProblem is a part of a problem that the text names by itself.
type SubProblem struct {
	No      int      `json:"no"`
	Title   string   `json:"title"`
	Actions []string `json:"actions"`
}

// Contacts are the ways to answer that the text names.
type Contacts struct {
	Phone    Stated `json:"phone"`
	Address  Stated `json:"address"`
	Website  Stated `json:"website"`
	Email    Stated `json:"email"`
	Postcode Stated `json:"postcode"`
}

// Line is a line of the input, counted from 1.
type Line struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Rate is a percentage the text states for one of its done figures.
type Rate struct {
	Of      string  // problems_done or measures_done
	Percent float64 // as stated
	Digits  int     // decimals as stated
}

// Kind says what a block is.
type Kind string

// The kinds of block, in the order an announcement usually has them.
const (
	KindTitle     Kind = "title"
	KindDateline  Kind = "dateline"
	KindChapter   Kind = "chapter"
	KindHeading   Kind = "heading" // an aspect below a chapter
	KindProblem   Kind = "problem"
	KindSub       Kind = "sub"
	KindParagraph Kind = "paragraph"
	KindClosing   Kind = "closing"
	KindSignature Kind = "signature"
	KindDate      Kind = "date"
)

// Block is one line of the text. Text is the heading or the paragraph as
// written (marker included, punctuation normalised); Rest is what follows a
// heading on its own line. Level is 1 chapter, 2 heading, 3 problem,
// 4 sub-problem, 0 for the others. Anchor names chapters (c1), headings (a1),
// problems (p1-3) and sub-problems (p1-3-2).
type Block struct {
	Kind   Kind
	Level  int
	Line   int
	Text   string
	Rest   string
	Anchor string
}

// Code joins numbers to the code of a problem or sub-problem: 1-3, 1-3-2.
func Code(no ...int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(no), "[]"), " ", "-")
}

// Named counts what the text names one by one.
func (a Announcement) Named() (aspects, problems, subs, actions int) {
	for _, aspect := range a.Aspects {
		aspects++
		for _, p := range aspect.Problems {
			problems++
			actions += len(p.Actions)
			for _, s := range p.Sub {
				subs++
				actions += len(s.Actions)
			}
		}
	}
	return
}
