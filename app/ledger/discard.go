package ledger

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Discard takes back a draft that was never published, with the problems that
// only it named; the trail keeps who did it, why, and the text's digest. What
// other work already refers to stays. The same text can be imported again.
// digest is of the text that was seen.
func (s *Service) Discard(ctx context.Context, a staff.Actor, id int64, digest, reason string) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("reason", "理由", reason, true, maxText, &reason, &bad)
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var n Announcement
		err := tx.Select(announcementColumns).Where("id = ?", id).Take(&n).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这份通报，可能已经作废。")
		}
		if err != nil {
			return fmt.Errorf("ledger: discard: %w", err)
		}
		if n.State != "draft" {
			return fault.New(fault.Conflict, "这份通报已经公布，不能作废。需要更正的，请另外公布一份通报。")
		}
		if n.Digest != digest {
			return errRewritten
		}
		unsaid, err := unsay(tx, n.ID)
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM announcements WHERE id = ?", n.ID).Error; err != nil {
			return fmt.Errorf("ledger: discard: %w", err)
		}
		if err := sweep(tx, unsaid); err != nil {
			return err
		}
		if err := dropProgramme(tx, n.ProgrammeID); err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "announcement.discard", Subject: "announcement", SubjectID: id,
			Changes: []journal.Change{{Field: "title", Old: n.Title}, {Field: "digest", Old: n.Digest}, {Field: "reason", New: reason}}, Public: true})
	})
}

// unsay takes from a draft what it states and says; what it named is returned.
func unsay(tx *store.Tx, id int64) ([]naming, error) {
	var names []naming
	if err := tx.Where("announcement_id = ?", id).Order("id").Limit(maxTree).Find(&names).Error; err != nil {
		return nil, fmt.Errorf("ledger: discard: %w", err)
	}
	for _, table := range []string{"namings", "statements", "stated_figures"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE announcement_id = ?", id).Error; err != nil {
			return nil, fmt.Errorf("ledger: discard: %w", err)
		}
	}
	return names, nil
}

// sweep deletes what was named, as far as nothing refers to it any more.
func sweep(tx *store.Tx, names []naming) error {
	for _, x := range names {
		if x.SubProblemID == nil {
			continue
		}
		err := tx.Exec("DELETE FROM sub_problems WHERE id = ? AND NOT EXISTS (SELECT 1 FROM namings WHERE sub_problem_id = ?)", *x.SubProblemID, *x.SubProblemID).Error
		if err != nil {
			return fmt.Errorf("ledger: discard: %w", err)
		}
	}
	aspects := map[int64]bool{}
	for _, x := range names {
		if x.SubProblemID != nil {
			continue
		}
		p, err := ProblemByID(&tx.Reader, x.ProblemID)
		if err != nil {
			return err
		}
		if p.Published {
			continue
		}
		aspects[p.AspectID] = true
		if err := unlessUsed(tx, func(tx *gorm.DB) error {
			if err := tx.Exec("DELETE FROM problem_links WHERE announced_id = ?", p.ID).Error; err != nil {
				return err
			}
			return tx.Exec("DELETE FROM problems WHERE id = ?", p.ID).Error
		}); err != nil {
			return err
		}
	}
	for id := range aspects {
		if err := unlessUsed(tx, func(tx *gorm.DB) error { return tx.Exec("DELETE FROM aspects WHERE id = ?", id).Error }); err != nil {
			return err
		}
	}
	return nil
}

// dropProgramme deletes a programme that only a draft had opened; another is
// the main one then.
func dropProgramme(tx *store.Tx, id int64) error {
	return unlessUsed(tx, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM programmes WHERE id = ? AND NOT ledger", id).Error; err != nil {
			return err
		}
		return tx.Exec(`UPDATE programmes SET main = TRUE WHERE id = (SELECT min(id) FROM programmes) AND NOT EXISTS (SELECT 1 FROM programmes WHERE main)`).Error
	})
}

// unlessUsed deletes something, and leaves it where something still refers to it.
func unlessUsed(tx *store.Tx, remove func(tx *gorm.DB) error) error {
	err := tx.Transaction(remove) // a savepoint
	if err != nil && !errors.Is(err, gorm.ErrForeignKeyViolated) {
		return fmt.Errorf("ledger: discard: %w", err)
	}
	return nil
}
