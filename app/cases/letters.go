package cases

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// MaxLetters is how many scans are taken in at once.
const MaxLetters = 50

// lettersFrom is the source of letters that were scanned here.
const lettersFrom = "来信扫描"

// StageLetter stores one scan of a batch that is being sent; no is its place
// there. Without TakeLetters it is swept like any file whose form was not sent.
func (s *Service) StageLetter(ctx context.Context, a staff.Actor, batch string, no int, name string, body io.Reader) (Attachment, error) {
	if err := a.Require(importers...); err != nil {
		return Attachment{}, err
	}
	if no > MaxLetters {
		return Attachment{}, fault.Form([]fault.Field{{Name: "attachments", Message: fmt.Sprintf("一次最多 %d 封，请分几次。", MaxLetters)}})
	}
	hash := s.submissionHash(fmt.Sprintf("letter/%s/%d", batch, no))
	return s.store(ctx, name, body, func(x *Attachment) { x.SubmissionHash = hash }, func(tx *store.Tx) *gorm.DB { return tx.Where("submission_hash = ?", hash) })
}

// TakeLetters keeps a batch of scanned letters, a row for each: somebody writes
// down what the letter says, on the form that registers a call, and the scan
// becomes the case's. The same scans again lead to the batch that is there.
func (s *Service) TakeLetters(ctx context.Context, a staff.Actor, received calendar.Date, scans []Attachment) (id int64, again bool, err error) {
	if err := a.Require(importers...); err != nil {
		return 0, false, err
	}
	var bad []fault.Field
	if len(scans) == 0 {
		bad = append(bad, fault.Field{Name: "attachments", Message: "请选择来信的扫描件，一封一个文件。"})
	}
	if why := CheckReceived(received, calendar.Of(s.db.Now())); why != "" {
		bad = append(bad, fault.Field{Name: "received_on", Message: why})
	}
	if err := fault.Form(bad); err != nil {
		return 0, false, err
	}
	sum := sha256.New()
	for _, x := range scans {
		fmt.Fprintln(sum, x.SHA256, x.Name)
	}
	m := Import{Name: fmt.Sprintf("%d 封，%s收到", len(scans), received.Chinese()), Source: lettersFrom, Digest: sum.Sum(nil), RowCount: len(scans), ActorID: a.ID, ActorName: a.Name}
	known := func(r *store.Reader) error { id, again, err = importOf(r, m.Digest); return err }
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := known(&tx.Reader); err != nil || again {
			return err
		}
		m.ID, m.At = 0, tx.Now
		if err := tx.Create(&m).Error; err != nil {
			return err
		}
		id = m.ID
		rows := make([]ImportRow, len(scans))
		for i, x := range scans {
			g := Given{Answers: map[string]string{"channel": string(Letter), "received_on": received.String()}, Rest: []Cell{{"扫描件", x.Name}}}
			rows[i] = ImportRow{ImportID: m.ID, RowNo: i + 1, Version: 1}
			rows[i].give(g, []string{"请照扫描件登记。"}, calendar.Of(tx.Now))
		}
		if err := tx.CreateInBatches(&rows, 500).Error; err != nil {
			return err
		}
		for i, x := range scans {
			done := tx.Model(&Attachment{}).Where("id = ? AND case_id IS NULL AND import_row_id IS NULL", x.ID).Updates(map[string]any{"import_row_id": rows[i].ID, "submission_hash": s.submissionHash(s.rowKey(rows[i].ID))})
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				return fault.New(fault.Busy, "扫描件没有收全，请重新选择后再试。")
			}
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.import", Subject: "import", SubjectID: m.ID,
			Changes: []journal.Change{{Field: "source", New: m.Source}, {Field: "rows", New: fmt.Sprint(m.RowCount)}}})
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // the same batch twice at once
		err = s.db.Read(ctx, known)
	}
	if err != nil {
		return 0, false, fmt.Errorf("cases: letters: %w", err)
	}
	return id, again, nil
}

// importOf finds the import that a file or a batch has become.
func importOf(r *store.Reader, digest []byte) (id int64, known bool, err error) {
	var before []int64
	if err := r.Model(&Import{}).Where("digest = ?", digest).Limit(1).Pluck("id", &before).Error; err != nil {
		return 0, false, err
	}
	if len(before) == 0 {
		return 0, false, nil
	}
	return before[0], true, nil
}

// Scans lists the files of a row that no case has yet.
func (s *Service) Scans(ctx context.Context, a staff.Actor, id, row int64) (list []Attachment, err error) {
	if err := a.Require(importers...); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if _, _, err := takeRow(r, a, id, row); err != nil {
			return err
		}
		return r.Where("import_row_id = ? AND case_id IS NULL", row).Order("id").Limit(MaxFiles).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: scans: %w", err)
	}
	return list, nil
}

// Scan opens a file of a row; that it was opened is recorded before a byte is sent.
func (s *Service) Scan(ctx context.Context, a staff.Actor, id, row, file int64) (f Attachment, body io.ReadCloser, err error) {
	if err := a.Require(importers...); err != nil {
		return f, nil, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		_, x, err := takeRow(&tx.Reader, a, id, row)
		if err != nil {
			return err
		}
		err = tx.Where("id = ? AND import_row_id = ? AND case_id IS NULL", file, row).Take(&f).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这个文件。")
		}
		if err != nil {
			return fmt.Errorf("cases: scan: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.import.scan", Subject: "import", SubjectID: id,
			Changes: []journal.Change{{Field: "row", New: fmt.Sprint(x.RowNo)}}})
	})
	if err != nil {
		return f, nil, err
	}
	body, err = s.blobs.Open(ctx, f.BlobKey)
	return f, body, err
}
