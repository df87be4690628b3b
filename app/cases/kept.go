package cases

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Kept is what somebody was writing and has not saved. It is theirs alone, and
// it stays when the case is given to others, ends or can no longer be seen.
type Kept struct {
	ActorID int64 `gorm:"primaryKey"`
	CaseID  int64 `gorm:"primaryKey"`
	Body    string
	SavedAt time.Time
}

func (Kept) TableName() string { return "case_autosaves" }

// KeptText is a kept text with the number of its case.
type KeptText struct {
	Kept
	CaseNo string
}

// maxKept is how many kept texts are listed.
const maxKept = 50

// PutAside keeps what a handler is writing, in place of what was put aside
// before. It changes nothing of the case, shows nothing of it, and so asks
// neither for its state nor whose it is: whoever lost the case in the middle of
// a sentence keeps the sentence. It is no event, like a session's touch.
func (s *Service) PutAside(ctx context.Context, a staff.Actor, id int64, body string) (at time.Time, err error) {
	if err := a.Require(staff.Handler); err != nil {
		return at, err
	}
	body = typed.Clean(body)
	if n := len([]rune(body)); n == 0 || n > maxReply {
		return at, fault.Form([]fault.Field{{Name: "body", Message: fmt.Sprintf("请写答复内容，1 到 %d 个字；现在有 %d 个字。", maxReply, n)}})
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		var there int64
		if err := tx.Model(&Case{}).Where("id = ?", id).Limit(1).Count(&there).Error; err != nil {
			return fmt.Errorf("cases: keep: %w", err)
		}
		if there == 0 {
			return fault.New(fault.NotFound, "没有这件来件，没有暂存。请先复制您写的内容。")
		}
		at = tx.Now
		k := Kept{ActorID: a.ID, CaseID: id, Body: body, SavedAt: at}
		err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "actor_id"}, {Name: "case_id"}}, UpdateAll: true}).Create(&k).Error
		if err != nil {
			return fmt.Errorf("cases: keep: %w", err)
		}
		return nil
	})
	return at, err
}

// Drop throws away what the actor put aside for a case.
func (s *Service) Drop(ctx context.Context, a staff.Actor, id int64) error {
	if err := a.Require(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error { return drop(tx, a, id) })
}

func drop(tx *store.Tx, a staff.Actor, id int64) error {
	if err := tx.Where("actor_id = ? AND case_id = ?", a.ID, id).Delete(&Kept{}).Error; err != nil {
		return fmt.Errorf("cases: drop: %w", err)
	}
	return nil
}

// kept is what the actor put aside for a case, or nil.
func kept(r *store.Reader, a staff.Actor, id int64) (*Kept, error) {
	var k Kept
	err := r.Select("actor_id, case_id, body, saved_at").Where("actor_id = ? AND case_id = ?", a.ID, id).Take(&k).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cases: kept: %w", err)
	}
	return &k, nil
}

// KeptTexts lists everything the actor put aside, newest first; of a case that
// they can no longer see it tells the number alone, which they knew.
func (s *Service) KeptTexts(ctx context.Context, a staff.Actor) (list []KeptText, err error) {
	if err := a.Require(); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Table("case_autosaves").Select("case_autosaves.actor_id, case_autosaves.case_id, case_autosaves.body, case_autosaves.saved_at, cases.case_no").
			Joins("JOIN cases ON cases.id = case_autosaves.case_id").Where("case_autosaves.actor_id = ?", a.ID).
			Order("case_autosaves.saved_at DESC, case_autosaves.case_id DESC").Limit(maxKept).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: kept texts: %w", err)
	}
	return list, nil
}
