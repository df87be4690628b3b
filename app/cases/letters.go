package cases

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
	slices.SortStableFunc(scans, func(x, y Attachment) int { return cmp.Compare(x.Name, y.Name) })
	sums := make([]string, len(scans)) // whatever their names and their order: the letters are the same
	for i, x := range scans {
		sums[i] = x.SHA256
	}
	before, err := s.scanned(ctx, sums)
	if err != nil {
		return 0, false, err
	}
	today := calendar.Of(s.db.Now())
	rows := make([]ImportRow, len(scans))
	for i, x := range scans {
		problem := "请照扫描件登记。"
		if before[x.SHA256] {
			problem = "这一封以前收过，请先查有没有登记；登记过的请搁置。"
		}
		before[x.SHA256] = true // twice in one batch
		rows[i] = ImportRow{RowNo: i + 1, Version: 1}
		rows[i].give(Given{Answers: map[string]string{"channel": string(Letter), "received_on": received.String()}, Rest: []Cell{{"扫描件", x.Name}}}, []string{problem}, today)
	}
	slices.Sort(sums)
	digest := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	m := Import{Name: fmt.Sprintf("%d 封，%s收到", len(scans), received.Chinese()), Source: lettersFrom, Digest: digest[:]}
	return s.keepImport(ctx, a, m, rows, func(tx *store.Tx) error {
		for i, x := range scans {
			done := tx.Model(&Attachment{}).Where("id = ? AND case_id IS NULL AND import_row_id IS NULL", x.ID).Updates(map[string]any{"import_row_id": rows[i].ID, "submission_hash": s.submissionHash(s.rowKey(rows[i].ID))})
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				return fault.New(fault.Busy, "扫描件没有收全，请重新选择后再试。")
			}
		}
		return nil
	})
}

// scanned tells which of these files came in as letters before.
func (s *Service) scanned(ctx context.Context, sums []string) (map[string]bool, error) {
	var found []string
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Model(&Attachment{}).Distinct("sha256").Where("sha256 IN ? AND import_row_id IS NOT NULL", sums).Pluck("sha256", &found).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: letters: %w", err)
	}
	out := map[string]bool{}
	for _, x := range found {
		out[x] = true
	}
	return out, nil
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
