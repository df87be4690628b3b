// Package fault holds the only errors a visitor may read: a kind, from which
// the doors choose a status and a page, and a message in plain Chinese.
//
// It trusts the caller to keep identities, report text, SQL and paths out of
// the message. It must never carry a driver's or a library's words: whatever
// is not a fault is logged once and shown as a plain apology.
package fault

import (
	"errors"
	"time"
)

// Kind says what went wrong from the visitor's point of view.
type Kind int

const (
	Malformed       Kind = iota + 1 // the request itself cannot be understood (400)
	Unauthenticated                 // sign in first (401)
	Forbidden                       // signed in, but not entitled (403)
	NotFound                        // no such thing, or not for this visitor (404)
	Conflict                        // somebody was faster, or the state does not allow it (409)
	TooLarge                        // more than is accepted (413)
	Unsupported                     // a type that is not accepted (415)
	Invalid                         // understood, but something typed needs mending (422)
	TooMany                         // wait and try again (429)
	Busy                            // cannot be done safely just now (503)
)

// Field is a message that belongs to one field of a form.
type Field struct {
	Name    string // the form field's name
	Message string
}

// Fault is an error whose text is meant for the visitor.
type Fault struct {
	Kind       Kind
	Message    string
	Fields     []Field       // set for Invalid
	RetryAfter time.Duration // set for TooMany and Busy
}

func (f *Fault) Error() string { return f.Message }

// New makes a fault with a message in Chinese.
func New(kind Kind, message string) error { return &Fault{Kind: kind, Message: message} }

// Wait makes a TooMany fault that says when to come back.
func Wait(message string, after time.Duration) error {
	return &Fault{Kind: TooMany, Message: message, RetryAfter: after}
}

// Form makes an Invalid fault from field messages, or nil when there are none.
func Form(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Fault{Kind: Invalid, Message: "有内容需要修改，请看下面的提示。", Fields: fields}
}

// As returns the fault inside err, if there is one.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	f, ok := As(err)
	return ok && f.Kind == kind
}
