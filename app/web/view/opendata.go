package view

// OpenDataPage says what can be taken away and what every field means.
type OpenDataPage struct {
	Frame
	Sets     []DataSet
	Columns  []DataField // of the spreadsheets
	Shapes   []DataDescription
	Card     string // address of the picture with the figures
	CardLink string // where it should lead
}

func (OpenDataPage) Template() string { return "public/open-data" }

// DataSet is the files of one programme.
type DataSet struct {
	Name  string
	Files []Link
}

// DataDescription is a file, its schema and its objects.
type DataDescription struct {
	Name, Schema string
	Shapes       []DataShape
}

// DataShape is an object in a file; the outermost has no heading.
type DataShape struct {
	Heading string
	Fields  []DataField
}

// DataField is a field or a column.
type DataField struct{ Name, Type, Text string }

// CardPage is a drawing of the figures, to be embedded elsewhere.
type CardPage struct {
	Frame
	Fictional bool
	Figures   []Figure
}

func (CardPage) Template() string { return "embed/card" }

// The drawing's measures in pixels.
const (
	cardTop   = 64
	cardRow   = 62
	cardFoot  = 34
	cardWidth = 328 // of a bar
)

// Height is the drawing's.
func (p CardPage) Height() int { return cardTop + cardRow*max(1, len(p.Figures)) + cardFoot }

// Foot is where the last line stands.
func (p CardPage) Foot() int { return p.Height() - 14 }

// Edge is the height of the frame inside the drawing.
func (p CardPage) Edge() int { return p.Height() - 1 }

// Rows are the figures with their places.
func (p CardPage) Rows() []CardRow {
	var rows []CardRow
	for i, f := range p.Figures {
		y := cardTop + cardRow*i
		row := CardRow{Figure: f, Text: y + 24, Bar: y + 36}
		if f.Of > 0 {
			at := 16
			for _, s := range f.Segments {
				if s.Status == InProgress {
					continue // the drawing has no room for a legend: only what is done is coloured
				}
				width := cardWidth * min(s.Count, f.Of) / f.Of
				row.Parts = append(row.Parts, CardPart{X: at, Width: width, Done: s.Status == Done})
				at += width
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// CardRow is a figure in the drawing: where its text and its bar stand.
type CardRow struct {
	Figure
	Text, Bar int
	Parts     []CardPart
}

// CardPart is a part of a bar.
type CardPart struct {
	X, Width int
	Done     bool // else basically done or long-term
}
