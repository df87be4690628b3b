// Package removal takes away a text of the public log that must not be readable any
// more, such as personal data in a withdrawn reply: by a decision that is itself
// published, so that the log says what went, why, and who decided.
//
// It trusts logbook for what may go and for taking it away together with its notice.
// It must never take away what the public reads now, nor anything without a notice.
package removal

import (
	"context"
	"fmt"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// How many characters the public notice may have.
const (
	MaxWhy      = 300
	MaxDecision = 120
)

// Removers are who may have a text taken away. They neither publish nor withdraw.
var Removers = []staff.Role{staff.Supervisor}

// Decision is that a version's text goes.
type Decision struct {
	Kind     string
	Ref      string
	Version  int
	Why      string // public
	Decision string // public: the document that decided, such as its number
	Sure     bool   // that it cannot be undone
}

// Find reads a version of which a decision is to be made, and says why there can be none.
func Find(r *store.Reader, a staff.Actor, kind, ref string, version int) (x logbook.Told, refused, err error) {
	if err := a.Require(Removers...); err != nil {
		return x, nil, err
	}
	x, err = logbook.MayExpunge(r, kind, ref, version)
	if fault.Is(err, fault.Conflict) {
		return x, err, nil
	}
	return x, nil, err
}

// Decide takes the text away and publishes the notice. The text is gone for good.
func Decide(ctx context.Context, db *store.DB, a staff.Actor, d Decision) error {
	if err := a.Require(Removers...); err != nil {
		return err
	}
	d.Why, d.Decision = typed.Clean(d.Why), typed.Line(d.Decision)
	var bad []fault.Field
	for _, f := range []struct {
		name, label, value string
		most               int
	}{{"reason", "撤除的理由", d.Why, MaxWhy}, {"decision", "决定的文号或者名称", d.Decision, MaxDecision}} {
		if n := len([]rune(f.value)); n == 0 || n > f.most {
			bad = append(bad, fault.Field{Name: f.name, Message: fmt.Sprintf("“%s”要写 1 到 %d 个字，现在有 %d 个字。", f.label, f.most, n)})
		}
	}
	if !d.Sure {
		bad = append(bad, fault.Field{Name: "sure", Message: "撤除以后找不回来。请核对这一版的原文，确认后勾选。"})
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	err := db.Write(ctx, func(tx *store.Tx) error {
		notice, err := logbook.Expunge(tx, d.Kind, d.Ref, d.Version, d.Why, d.Decision)
		if err != nil {
			return err
		}
		index, err := logbook.RowID(notice.Ref)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "log.expunge", Subject: "log", SubjectID: index, Public: true, Texts: []logbook.Text{notice},
			Changes: []journal.Change{{Field: "text", Old: fmt.Sprintf("%s/%s/%d", d.Kind, d.Ref, d.Version)}, {Field: "decision", New: d.Decision}}})
	})
	if err != nil {
		return err
	}
	return db.Overwrite(ctx)
}
