package view

// SheetPage takes in a spreadsheet of the ledger and gives it out.
type SheetPage struct {
	Desk
	Form      *Form  // nil: who looks may not import
	Downloads []Link // the ledger as a file
	Heading   string // of what is wrong
	Bad       []BadCell
	More      int // bad cells that are not listed
}

func (SheetPage) Template() string { return "desk/sheet" }

// Errors are those of the form.
func (p SheetPage) Errors() []Link {
	if p.Form == nil {
		return nil
	}
	return p.Form.Errors()
}

// BadCell is a cell that must be mended before the file comes in.
type BadCell struct{ At, Message string }

// SheetDifferencePage says row by row what a spreadsheet would change.
type SheetDifferencePage struct {
	Desk
	Lead     string // the sum
	Facts    []Answer
	Warnings []string
	Rows     []SheetRow
	More     int // rows that are not listed
	Form     Form
	Again    Link
}

func (SheetDifferencePage) Template() string { return "desk/sheet-difference" }

// SheetRow is something that is added or changed.
type SheetRow struct {
	Row         int
	Code, Title string
	Added       bool
	Changes     []SheetChange
}

// SheetChange is a column's old and new text.
type SheetChange struct{ Column, Old, New string }
