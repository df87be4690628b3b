package cases

import (
	"fmt"

	"mingjing/app/calendar"
	"mingjing/app/staff"
	"mingjing/app/store"

	"mingjing/app/journal"
)

// Recompute computes the open cases' due days anew, after the year's notice on
// holidays was imported; concluded ones stay as they are. It belongs to the
// transaction that imports the notice and returns how many days changed.
func Recompute(tx *store.Tx, a staff.Actor) (changed int, err error) {
	u, err := loadRules(&tx.Reader)
	if err != nil {
		return 0, err
	}
	today := calendar.Of(tx.Now)
	for last := int64(0); ; {
		var page []Case
		err := tx.Select(columns).Where("due_on < ? AND id > ?", never, last).Order("id").Limit(200).Find(&page).Error
		if err != nil {
			return changed, fmt.Errorf("cases: recompute: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			last = c.ID
			stopped, err := pauses(&tx.Reader, c.ID, today)
			if err != nil {
				return changed, err
			}
			old := c
			u.resume(&c, stopped)
			u.next(&c)
			if c.DueOn == old.DueOn && c.NoticeDue == old.NoticeDue && c.HandleDue == old.HandleDue && c.Provisional == old.Provisional {
				continue
			}
			changed++
			err = tx.Model(&Case{}).Where("id = ?", c.ID).Updates(map[string]any{"due_on": c.DueOn, "due_step": c.DueStep,
				"notice_due": c.NoticeDue, "handle_due": c.HandleDue, "provisional": c.Provisional, "version": c.Version + 1}).Error
			if err != nil {
				return changed, fmt.Errorf("cases: recompute: %w", err)
			}
			if err := journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.recompute", Subject: "case", SubjectID: c.ID,
				Changes: []journal.Change{{Field: "due_on", Old: old.DueOn.String(), New: c.DueOn.String()}}}); err != nil {
				return changed, err
			}
		}
	}
	return changed, nil
}
