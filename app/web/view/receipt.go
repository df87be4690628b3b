package view

import "mingjing/static"

// InLog is what the log says of something that was received.
type InLog struct {
	Promised bool  // it has given its word
	Receipt  bool  // and a checkpoint covers it
	Index    int64 // its place, from 0
}

// No is its place as people count.
func (l InLog) No() int64 { return l.Index + 1 }

// ReceiptPage verifies a receipt in the browser. It sends nothing of it anywhere.
type ReceiptPage struct {
	Frame
	Base string // of the site
	Key  string // the log's
}

func (ReceiptPage) Template() string { return "public/receipt" }

// Script is the page's own: the only one that a public page has.
func (ReceiptPage) Script() string { return static.Path("js/receipt.js") }
