package reports

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/store"
)

// A line can be opened to anybody's public key by anybody, so whoever writes to the
// database could draw an epoch of their own, grant it to all who belong there and
// read what is written from then on. So who begins an epoch vouches for its keys
// under those of the one before, which nobody but a reader has; and the reporter's
// public key stands in the statement.
type linkRow struct {
	ReportID int64
	Epoch    int // the one that is vouched for, from 2
	Sealed   []byte
}

func (linkRow) TableName() string { return "report_links" }

func (r Report) linkPlace(epoch int) seal.Context {
	return seal.Context{Table: "report_links", Row: r.row(), Compartment: seal.Body, Epoch: epoch, Field: "keys"}
}

// digests are what a ring is known by, one for each compartment.
func (r ring) digests() []byte {
	var out []byte
	for _, c := range seal.Compartments {
		d := sha256.Sum256(append([]byte("mingjing/ring/1\n"+c+"\n"), r[c]...))
		out = append(out, d[:]...)
	}
	return out
}

// link vouches for an epoch's ring under the ring before it.
func (r Report) link(epoch int, before, keys ring) linkRow {
	return linkRow{ReportID: r.ID, Epoch: epoch, Sealed: before[seal.Body].Close(r.linkPlace(epoch), keys.digests())}
}

var errForged = fault.New(fault.Conflict, "这件举报的密钥和原来的接不上，可能有人改动过数据库，为了安全不能打开，也不能再写。请立即联系派驻纪检监察组，并请系统管理员保留数据库备查。")

// judge refuses keys that were not vouched for from the first epoch on, and a
// reporter's key that is not the statement's. Reports from before there were links
// have neither.
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
	if x.Epoch == 1 {
		return nil
	}
	var list []linkRow
	if err := r.Select("report_id, epoch, sealed").Where("report_id = ?", x.ID).Order("epoch").Limit(1000).Find(&list).Error; err != nil {
		return fmt.Errorf("reports: links: %w", err)
	}
	if len(list) != x.Epoch-1 {
		return errForged
	}
	for i, l := range list {
		n := i + 2
		before, now := keys[n-1], keys[n]
		if l.Epoch != n || before == nil || now == nil {
			return errForged
		}
		said, err := before[seal.Body].Open(x.linkPlace(n), l.Sealed)
		if err != nil || len(said) != sha256.Size*len(seal.Compartments) {
			return errForged
		}
		is := now.digests()
		for j, c := range seal.Compartments {
			if _, holds := now[c]; holds && !bytes.Equal(said[j*sha256.Size:(j+1)*sha256.Size], is[j*sha256.Size:(j+1)*sha256.Size]) {
				return errForged
			}
		}
	}
	return nil
}
