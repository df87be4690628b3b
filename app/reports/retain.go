package reports

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mingjing/app/calendar"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Tick removes what has outlived its use: files whose form was never sent,
// identities whose time is over, lines that no grant is on, and reports whose
// period has passed. The courier calls it.
func (s *Service) Tick(ctx context.Context) error {
	return errors.Join(s.sweep(ctx), s.expireGrants(ctx), s.expire(ctx))
}

func (s *Service) expireGrants(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Where("expires_at IS NOT NULL AND expires_at <= ?", tx.Now).Delete(&grant{}).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM key_lines WHERE at < ? AND NOT EXISTS (SELECT 1 FROM report_grants g WHERE g.line_id = key_lines.id)", tx.Now.Add(-6*lineLife)).Error
	})
	if err != nil {
		return fmt.Errorf("reports: expire grants: %w", err)
	}
	return nil
}

// erasedAtOnce is how many reports one transaction erases.
const erasedAtOnce = 50

// expire erases reports whose period has passed and that nobody holds back, once
// the court has decided the period.
func (s *Service) expire(ctx context.Context) error {
	for {
		var due []int64
		err := s.db.Read(ctx, func(r *store.Reader) error {
			v, err := settings.LoadReporting(r)
			if err != nil || !v.Confirmed {
				return err
			}
			due = nil
			return r.Model(&Report{}).Where("ended_on IS NOT NULL AND kept AND ended_on <= ? AND hold = ''", calendar.Of(r.Now).AddMonths(-v.Months)).
				Order("ended_on, id").Limit(erasedAtOnce).Pluck("id", &due).Error
		})
		if err != nil {
			return fmt.Errorf("reports: expire: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		for _, id := range due {
			if err := s.erase(ctx, id, true); err != nil {
				return err
			}
		}
	}
}

// erase destroys a report's keys first, which is what counts: from then on nothing
// of it opens for anybody, wherever copies of the texts may lie. Then the texts
// and files go. Number, dates, states and steps stay, for the statistics. Because
// its period has passed (due), it stays if it was held or taken up again meanwhile.
func (s *Service) erase(ctx context.Context, id int64, due bool) error {
	var files []fileRow
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		files = nil
		x, err := find(&tx.Reader, "id = ?", id)
		if err != nil || !x.Kept || due && (x.Hold != "" || x.EndedOn.IsZero()) {
			return err
		}
		err = errors.Join(
			tx.Where("report_id = ?", id).Delete(&linkRow{}).Error,
			tx.Exec("INSERT INTO report_erasures (report_id, case_no, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, x.CaseNo, tx.Now).Error,
			tx.Where("report_id = ?", id).Delete(&grant{}).Error,
			tx.Exec("DELETE FROM report_tags WHERE report_id = ?", id).Error,
			tx.Exec("UPDATE report_asks SET reason = ? WHERE report_id = ?", []byte{}, id).Error)
		if err != nil {
			return err
		}
		if err := s.step(tx, staff.System, x, DoErase, ""); err != nil {
			return err
		}
		if err := save(tx, &x, map[string]any{"kept": false, "reporter_ring": []byte{}, "next_salt": nil, "next_check": nil, "next_ring": nil}); err != nil {
			return err
		}
		err = errors.Join(tx.Select("id, blob_key").Where("report_id = ?", id).Limit(5000).Find(&files).Error,
			tx.Where("report_id = ?", id).Delete(&fileRow{}).Error,
			tx.Where("report_id = ?", id).Delete(&textRow{}).Error)
		if err != nil || !due {
			return err
		}
		return s.remember(x.CaseNo) // before the commit, so that nothing is erased that a restored backup would bring back
	})
	if err != nil {
		return fmt.Errorf("reports: erase: %w", err)
	}
	for _, f := range files { // one that stays is an orphan, and swept
		if err := s.blobs.Delete(ctx, f.BlobKey); err != nil {
			return err
		}
	}
	return nil
}

// erasuresFile lists outside the database what was erased, a number a line: a
// backup that is restored is made to forget it again.
const erasuresFile = "report-erasures.txt"

func (s *Service) remember(number string) error {
	f, err := os.OpenFile(filepath.Join(s.folder, erasuresFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reports: %s: %w", erasuresFile, err)
	}
	_, err = f.WriteString(number + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("reports: %s: %w", erasuresFile, err)
	}
	return nil
}

// Forget erases again what a restored backup brought back. It runs at each start,
// before anything is shown, and returns how many it erased.
func (s *Service) Forget(ctx context.Context) (n int, err error) {
	raw, err := os.ReadFile(filepath.Join(s.folder, erasuresFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reports: %s: %w", erasuresFile, err)
	}
	for some := range slices.Chunk(strings.Fields(string(raw)), 500) {
		var ids []int64
		err := s.db.Read(ctx, func(r *store.Reader) error {
			return r.Model(&Report{}).Where("case_no IN ? AND kept", some).Limit(len(some)).Pluck("id", &ids).Error
		})
		if err != nil {
			return n, fmt.Errorf("reports: forget: %w", err)
		}
		for _, id := range ids {
			if err := s.erase(ctx, id, false); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}
