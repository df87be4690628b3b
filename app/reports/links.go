package reports

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strconv"

	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/store"
)

// A line can be opened to anybody's public key by anybody, so whoever writes to the
// database could draw keys of their own, grant them to all who belong there and read
// what is written from then on. So each epoch's keys, and to whom the reporter's part
// of them goes, are vouched for under the pepper, which is not in the database.
type linkRow struct {
	ReportID int64
	Epoch    int
	Sealed   []byte // a digest for each compartment's key, then the voucher
}

func (linkRow) TableName() string { return "report_links" }

// digests are what a ring is known by, one for each compartment.
func (r ring) digests() []byte {
	var out []byte
	for _, c := range seal.Compartments {
		d := sha256.Sum256(append([]byte("mingjing/ring/1\n"+c+"\n"), r[c]...))
		out = append(out, d[:]...)
	}
	return out
}

// link vouches for an epoch's ring.
func (s *Service) link(x Report, epoch int, keys ring) linkRow {
	d := keys.digests()
	return linkRow{ReportID: x.ID, Epoch: epoch, Sealed: append(d, s.voucher(x, epoch, d)...)}
}

func (s *Service) voucher(x Report, epoch int, digests []byte) []byte {
	return s.linkKey.Sum("link", x.CaseNo, strconv.Itoa(epoch), string(digests), string(x.ReporterKey))
}

var errForged = fault.New(fault.Conflict, "这件举报的密钥和原来的接不上，可能有人改动过数据库，为了安全不能打开，也不能再写。请立即联系派驻纪检监察组，并请系统管理员保留数据库备查。")

// judge refuses keys that nobody vouched for, and a reporter's key that is not the
// one they were vouched for with. A statement from before there were vouchers says
// so itself: it does not hold the reporter's key.
func (s *Service) judge(r *store.Reader, x Report, keys rings) error {
	if keys[1] == nil {
		return errForged
	}
	st, err := s.statement(r, x, keys)
	if err != nil || len(st.ReporterKey) == 0 {
		return err
	}
	if !bytes.Equal(st.ReporterKey, x.ReporterKey) {
		return errForged
	}
	var list []linkRow
	if err := r.Select("report_id, epoch, sealed").Where("report_id = ?", x.ID).Order("epoch").Limit(1000).Find(&list).Error; err != nil {
		return fmt.Errorf("reports: links: %w", err)
	}
	there := map[int]linkRow{}
	for _, l := range list {
		there[l.Epoch] = l
	}
	n := sha256.Size * len(seal.Compartments)
	for epoch, now := range keys {
		l := there[epoch]
		if len(l.Sealed) <= n || !hmac.Equal(l.Sealed[n:], s.voucher(x, epoch, l.Sealed[:n])) {
			return errForged
		}
		is := now.digests()
		for j, c := range seal.Compartments {
			part := func(b []byte) []byte { return b[j*sha256.Size : (j+1)*sha256.Size] }
			if _, holds := now[c]; holds && !bytes.Equal(part(l.Sealed), part(is)) {
				return errForged
			}
		}
	}
	return nil
}
