package view

import "mingjing/static"

// LogWord is what the sender of a case or report holds against the court.
type LogWord struct {
	Unknown bool   // the log cannot be asked now
	Place   string // of its entry in the log, from 0; empty while there is only the promise
	Since   Moment // when the checkpoint was signed that covered it first
}

// ReceiptPage verifies a receipt or a promise in the visitor's browser.
type ReceiptPage struct {
	Frame
	Base string // the site's address, for the command
	Key  string // the site's, to be compared with the one on paper
}

func (ReceiptPage) Template() string { return "public/receipt" }

// Script is the one that the page runs.
func (ReceiptPage) Script() string { return static.Path("js/receipt.js") }
