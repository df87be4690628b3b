package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Limits of attachments.
const (
	MaxFiles    = 10
	MaxFileSize = 20 << 20
)

// maxWaiting is how many bytes may wait for their forms at once, of everybody.
const maxWaiting = 4 << 30

// stagedLife is how long files wait for their form to be sent.
const stagedLife = 2 * time.Hour

// Stage stores one file of a form that is not yet sent. It is encrypted before
// it reaches a disk and belongs to nobody until Submit with the same key.
func (s *Service) Stage(ctx context.Context, key, name string, body io.Reader) (Attachment, error) {
	if len(key) < 16 || len(key) > 200 {
		return Attachment{}, fault.New(fault.Malformed, "页面已经失效，请返回重新打开表单。")
	}
	return s.store(ctx, name, body, func(a *Attachment) { a.SubmissionHash = s.submissionHash(key) }, func(tx *store.Tx) *gorm.DB {
		return tx.Where("submission_hash = ?", s.submissionHash(key))
	})
}

// store writes the blob first, then the row: a crash in between leaves an
// orphan blob for the sweep, never a row without its file.
func (s *Service) store(ctx context.Context, name string, body io.Reader, owner func(*Attachment), siblings func(*store.Tx) *gorm.DB) (Attachment, error) {
	got, err := blob.Receive(ctx, s.blobs, blob.Attachments, name, body, MaxFileSize)
	if err != nil {
		return Attachment{}, err
	}
	a := Attachment{Name: got.Name, MediaType: got.Type, Size: got.Size, SHA256: got.SHA256, BlobKey: got.Key}
	owner(&a)
	again := false
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		var twin []Attachment
		if err := siblings(tx).Where("name = ? AND sha256 = ?", a.Name, a.SHA256).Limit(1).Find(&twin).Error; err != nil {
			return fmt.Errorf("cases: attach: %w", err)
		}
		if again = len(twin) == 1; again {
			return nil // the same file of the same form, sent again
		}
		var n int64
		if err := siblings(tx).Model(&Attachment{}).Count(&n).Error; err != nil {
			return fmt.Errorf("cases: attach: %w", err)
		}
		if n >= MaxFiles {
			return fault.Form([]fault.Field{{Name: "attachments", Message: fmt.Sprintf("一次最多 %d 个文件。", MaxFiles)}})
		}
		var waiting int64
		if err := tx.Model(&Attachment{}).Select("coalesce(sum(size), 0)").Where("case_id IS NULL").Scan(&waiting).Error; err != nil {
			return fmt.Errorf("cases: attach: %w", err)
		}
		if waiting+a.Size > maxWaiting {
			return fault.New(fault.Busy, "现在上传附件的人太多，附件没有接收。请稍后再试，或者先不带附件提交，以后凭编号补充。")
		}
		a.ID, a.At = 0, tx.Now
		if err := tx.Create(&a).Error; err != nil {
			return fmt.Errorf("cases: attach: %w", err)
		}
		return nil
	})
	if err != nil || again {
		return a, errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), a.BlobKey))
	}
	return a, nil
}

// Staged lists the files waiting for a form.
func (s *Service) Staged(ctx context.Context, key string) (list []Attachment, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Where("submission_hash = ? AND case_id IS NULL", s.submissionHash(key)).Order("id").Limit(MaxFiles).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: staged: %w", err)
	}
	return list, nil
}

// Keep lets the files of a form wait on: it was just looked at again.
func (s *Service) Keep(ctx context.Context, key string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		return tx.Model(&Attachment{}).Where("submission_hash = ? AND case_id IS NULL", s.submissionHash(key)).Update("at", tx.Now).Error
	})
	if err != nil {
		return fmt.Errorf("cases: keep: %w", err)
	}
	return nil
}

// Unstage drops the files waiting for a form, when it is shown again with errors.
func (s *Service) Unstage(ctx context.Context, key string) error {
	return s.drop(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("submission_hash = ? AND case_id IS NULL", s.submissionHash(key))
	})
}

// SweepStaged drops files whose form was never sent; the courier calls it.
func (s *Service) SweepStaged(ctx context.Context) error {
	return s.drop(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("case_id IS NULL AND import_row_id IS NULL AND at < ?", s.db.Now().Add(-stagedLife))
	})
}

// drop removes rows first and blobs after the commit.
func (s *Service) drop(ctx context.Context, which func(*gorm.DB) *gorm.DB) error {
	var list []Attachment
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := which(tx.Select("id, blob_key")).Limit(1000).Find(&list).Error; err != nil || len(list) == 0 {
			return err
		}
		ids := make([]int64, len(list))
		for i, a := range list {
			ids[i] = a.ID
		}
		return tx.Where("id IN ?", ids).Delete(&Attachment{}).Error
	})
	if err != nil {
		return fmt.Errorf("cases: drop files: %w", err)
	}
	for _, a := range list {
		if err := s.blobs.Delete(ctx, a.BlobKey); err != nil {
			return err
		}
	}
	return nil
}

// Orphan reports whether no row refers to a blob.
func (s *Service) Orphan(ctx context.Context, key string) (bool, error) {
	var n int64
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Model(&Attachment{}).Where("blob_key = ?", key).Limit(1).Count(&n).Error
	})
	if err != nil {
		return false, fmt.Errorf("cases: orphan: %w", err)
	}
	return n == 0, nil
}

// File opens an attachment for staff who may see its case; that it was opened
// is recorded before a byte is sent.
func (s *Service) File(ctx context.Context, a staff.Actor, caseID, fileID int64) (Attachment, io.ReadCloser, error) {
	var f Attachment
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := get(&tx.Reader, a, caseID); err != nil {
			return err
		}
		err := tx.Where("id = ? AND case_id = ?", fileID, caseID).Take(&f).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这个文件。")
		}
		if err != nil {
			return fmt.Errorf("cases: file: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.open_file", Subject: "case", SubjectID: caseID,
			Changes: []journal.Change{{Field: "attachment", New: fmt.Sprint(fileID)}}})
	})
	if err != nil {
		return f, nil, err
	}
	body, err := s.blobs.Open(ctx, f.BlobKey)
	return f, body, err
}
