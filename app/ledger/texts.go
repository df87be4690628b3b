package ledger

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// HeadText is what the office writes of a programme or an aspect.
type HeadText struct {
	Title    string // of a programme; an aspect is called as the announcement and the spreadsheet call it
	Text     string // for the public
	Internal string // for staff only
}

func (t *HeadText) check(titled bool) error {
	var bad []fault.Field
	if titled {
		ask("title", "名称", t.Title, true, 100, &t.Title, &bad)
	}
	ask("text", "公开说明", t.Text, false, maxText, &t.Text, &bad)
	ask("internal", "内部说明", t.Internal, false, maxText, &t.Internal, &bad)
	return fault.Form(bad)
}

// Heads are a programme and its aspects with what is for staff only.
type Heads struct {
	Programme Programme
	Aspects   []Aspect
}

// ReadHeads reads them for those who read the ledger whole.
func ReadHeads(r *store.Reader, a staff.Actor, programmeID int64) (h Heads, err error) {
	if err := a.Require(Readers...); err != nil {
		return h, err
	}
	if err := r.Where("id = ?", programmeID).Take(&h.Programme).Error; err != nil {
		return h, fmt.Errorf("ledger: programme: %w", err)
	}
	if err := r.Where("programme_id = ?", programmeID).Order("no").Limit(1000).Find(&h.Aspects).Error; err != nil {
		return h, fmt.Errorf("ledger: aspects: %w", err)
	}
	return h, nil
}

// AspectByID finds an aspect with what is for staff only.
func AspectByID(r *store.Reader, a staff.Actor, id int64) (x Aspect, err error) {
	if err := a.Require(Readers...); err != nil {
		return x, err
	}
	err = r.Where("id = ?", id).Take(&x).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return x, fault.New(fault.NotFound, "没有这个方面。请从台账重新打开。")
	}
	if err != nil {
		return x, fmt.Errorf("ledger: aspect: %w", err)
	}
	return x, nil
}

// SetProgramme changes a programme's name and what is said of it.
func (s *Service) SetProgramme(ctx context.Context, a staff.Actor, id int64, version int, t HeadText) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	if err := t.check(true); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		h, err := ReadHeads(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		p := h.Programme
		return reword(tx, a, &Programme{}, rewording{id: id, programme: id, subject: "programme", version: version, at: p.Version, was: HeadText{p.Title, p.Text, p.Internal}, now: t, of: "这一轮整改"})
	})
}

// SetAspect changes what is said of an aspect.
func (s *Service) SetAspect(ctx context.Context, a staff.Actor, id int64, version int, t HeadText) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	if err := t.check(false); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := AspectByID(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		t.Title = x.Title
		return reword(tx, a, &Aspect{}, rewording{id: id, programme: x.ProgrammeID, subject: "aspect", version: version, at: x.Version, was: HeadText{x.Title, x.Text, x.Internal}, now: t, of: "“" + x.Title + "”方面"})
	})
}

// rewording is a change of what is said of a programme or an aspect.
type rewording struct {
	id, programme int64
	subject       string
	version, at   int // the one that was read, and the one that is stored
	was, now      HeadText
	of            string // what it is called in the public history
}

// reword stores it, tells the public what it could read before, and the audit all.
func reword(tx *store.Tx, a staff.Actor, model any, x rewording) error {
	if x.version != x.at {
		return errMoved
	}
	if x.was == x.now {
		return nil
	}
	err := tx.Model(model).Where("id = ?", x.id).Updates(map[string]any{"title": x.now.Title, "text": x.now.Text, "internal": x.now.Internal, "version": x.at + 1}).Error
	if err != nil {
		return fmt.Errorf("ledger: texts: %w", err)
	}
	var changes []journal.Change
	if x.was.Title != x.now.Title {
		changes = append(changes, journal.Change{Field: "title", Old: x.was.Title, New: x.now.Title})
	}
	if x.was.Text != x.now.Text {
		changes = append(changes, journal.Change{Field: "text"})
		e := Event{ProgrammeID: x.programme, Kind: "text", OnDay: calendar.Of(tx.Now), At: tx.Now, Text: x.of + "的" + reworded(x.was.Text)}
		if err := tx.Create(&e).Error; err != nil {
			return fmt.Errorf("ledger: history: %w", err)
		}
	}
	if x.was.Internal != x.now.Internal {
		changes = append(changes, journal.Change{Field: "internal"})
	}
	texts, err := touchedAround(tx, x.programme)
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: x.subject + ".details", Subject: x.subject, SubjectID: x.id, Changes: changes, Public: true, Texts: texts})
}

// quoted is how much of an earlier text the public history repeats, in characters.
const quoted = 200

// reworded says that a text for the public is another one now, and what it was.
func reworded(was string) string {
	if was == "" {
		return "公开说明已公布"
	}
	if r := []rune(was); len(r) > quoted {
		was = string(r[:quoted]) + "……"
	}
	return "公开说明有修改（此前：“" + was + "”）"
}
