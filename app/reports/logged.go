package reports

import (
	"crypto/sha256"
	"fmt"

	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// What of reports stands in the public log is that one came in, as a commitment to the
// envelope of its statement as it is stored: whoever holds a receipt cannot try out
// what may have been written. Nobody can tell it from a case's.

func envelopeDigest(sealed []byte) tlog.Hash { return sha256.Sum256(sealed) }

// Holdings lists the reports as they are kept now, for who compares them with the log.
func Holdings(r *store.Reader, after int64, limit int) ([]logbook.Holding, error) {
	var list []struct {
		Report
		Sealed []byte
	}
	err := r.Table("reports x").Select("x.id, x.case_no, x.submitted_at, x.kept, t.sealed").Joins("LEFT JOIN report_texts t ON t.report_id = x.id AND t.no = ?", firstNo[textStatement]).
		Where("x.id > ?", after).Order("x.id").Limit(limit).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("reports: holdings: %w", err)
	}
	out := make([]logbook.Holding, len(list))
	for i, x := range list {
		out[i] = logbook.Holding{ID: x.ID, CaseNo: x.CaseNo, At: x.SubmittedAt, Digest: envelopeDigest(x.Sealed), Erased: !x.Kept}
	}
	return out, nil
}
