package reports

import (
	"encoding/json"
	"fmt"
	"time"

	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// What a text is.
const (
	textStatement  = "statement"
	textIdentity   = "identity"
	textMessage    = "message"    // of the reporter's
	textAnswer     = "answer"     // to the reporter
	textNote       = "note"       // among officers
	textConclusion = "conclusion" // among officers: how it was dealt with, and what came out
)

// textRow is a sealed text of a report.
type textRow struct {
	ReportID       int64
	No             int
	At             time.Time
	Kind           string
	ActorID        int64
	ActorName      string
	Compartment    seal.Compartment
	Epoch          int
	Sealed         []byte
	SubmissionHash []byte
}

func (textRow) TableName() string { return "report_texts" }

const textColumns = "report_id, no, at, kind, actor_id, actor_name, compartment, epoch, sealed"

// Text is an opened one.
type Text struct {
	No        int
	At        time.Time
	Kind      string
	ActorID   int64 // 0: the reporter
	ActorName string
	Body      string
	Files     []File
}

// Mine reports whether the reporter wrote it.
func (t Text) Mine() bool { return t.Kind == textMessage || t.Kind == textStatement }

// Note reports whether it is among officers alone.
func (t Text) Note() bool { return t.Kind == textNote || t.Kind == textConclusion }

// Conclusion reports whether it says how the report was dealt with.
func (t Text) Conclusion() bool { return t.Kind == textConclusion }

// textPlace binds a text to what it is and whose: an answer is never shown as a
// reporter's own words.
func (r Report) textPlace(x textRow) seal.Context {
	in := r.textPlaceBefore(x)
	in.Field += fmt.Sprintf("/%s/%d/%s", x.Kind, x.ActorID, x.ActorName)
	return in
}

// textPlaceBefore is the place of texts that were written before kind and actor belonged to it.
func (r Report) textPlaceBefore(x textRow) seal.Context {
	return seal.Context{Table: "report_texts", Row: r.row(), Compartment: x.Compartment, Epoch: x.Epoch, Field: fmt.Sprintf("text %d", x.No)}
}

// compartmentOf is where a kind of text lies.
var compartmentOf = map[string]seal.Compartment{textStatement: seal.Body, textIdentity: seal.Identity, textMessage: seal.Body, textAnswer: seal.Body, textNote: seal.Internal, textConclusion: seal.Internal}

// sealText makes the row of a text in the newest epoch.
func (r Report) sealText(no int, kind string, by staff.Actor, keys ring, body []byte) textRow {
	x := textRow{ReportID: r.ID, No: no, Kind: kind, ActorID: by.ID, ActorName: by.Name, Compartment: compartmentOf[kind], Epoch: r.Epoch}
	x.Sealed = keys[x.Compartment].CloseText(r.textPlace(x), body)
	return x
}

func (r Report) openText(x textRow, keys rings) ([]byte, error) {
	box, ok := keys[x.Epoch][x.Compartment]
	if !ok {
		return nil, seal.ErrSealed
	}
	raw, err := box.OpenText(r.textPlace(x), x.Sealed)
	if err != nil {
		raw, err = box.OpenText(r.textPlaceBefore(x), x.Sealed)
	}
	return raw, err
}

// statement opens what a report began with.
func (s *Service) statement(r *store.Reader, x Report, keys rings) (st Statement, err error) {
	return st, s.openFirst(r, x, textStatement, keys, &st)
}

// said is a statement with what its reporter added since: names are looked for in all of it.
func (s *Service) said(r *store.Reader, x Report, keys rings) (Statement, error) {
	st, err := s.statement(r, x, keys)
	if err != nil {
		return st, err
	}
	texts, err := s.texts(r, x, keys)
	return st.with(texts), err
}

func (s Statement) with(texts []Text) Statement {
	for _, t := range texts {
		if t.Kind == textMessage {
			s.Facts += "\n" + t.Body
		}
	}
	return s
}

// firstNo are the numbers of the texts that a report began with.
var firstNo = map[string]int{textStatement: 1, textIdentity: 2}

// openFirst opens the one text of a kind into a structure.
func (s *Service) openFirst(r *store.Reader, x Report, kind string, keys rings, into any) error {
	var row textRow
	if err := r.Select(textColumns).Where("report_id = ? AND no = ? AND kind = ?", x.ID, firstNo[kind], kind).Take(&row).Error; err != nil {
		return fmt.Errorf("reports: text: %w", err)
	}
	raw, err := x.openText(row, keys)
	if err != nil {
		return fmt.Errorf("reports: report %d: %w", x.ID, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reports: report %d: a text of a form that this program does not know", x.ID)
	}
	return nil
}

// texts opens all that the keys open, in order; statement and identity left out.
func (s *Service) texts(r *store.Reader, x Report, keys rings) ([]Text, error) {
	var rows []textRow
	err := r.Select(textColumns).Where("report_id = ? AND kind NOT IN ?", x.ID, []string{textStatement, textIdentity}).Order("no").Limit(2000).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("reports: texts: %w", err)
	}
	files, err := s.filesOf(r, x, keys, false)
	if err != nil {
		return nil, err
	}
	var out []Text
	for _, row := range rows {
		raw, err := x.openText(row, keys)
		if err != nil {
			continue // of an epoch or a compartment that is not theirs
		}
		out = append(out, Text{No: row.No, At: row.At, Kind: row.Kind, ActorID: row.ActorID, ActorName: row.ActorName, Body: string(raw), Files: files[row.No]})
	}
	return out, nil
}

// nextNo is the number of a report's next text.
func nextNo(tx *store.Tx, x Report) (int, error) {
	var n int
	if err := tx.Model(&textRow{}).Select("coalesce(max(no), 0)").Where("report_id = ?", x.ID).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("reports: texts: %w", err)
	}
	return n + 1, nil
}
