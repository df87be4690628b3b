package cases

import (
	"context"
	"fmt"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/store"
)

// CodeIsKnown reports whether staff, or a system that handed it in, have seen the code of a case and its sender has not replaced it yet:
// told on the phone or at a window, it opens nothing but the page that replaces it.
func (s *Service) CodeIsKnown(ctx context.Context, id int64) (known bool, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error { known, err = codeIsKnown(r, id); return err })
	return known, err
}

func codeIsKnown(r *store.Reader, id int64) (bool, error) {
	var n int64
	err := r.Model(&Case{}).Where("id = ? AND (entered_by <> 0 OR EXISTS (SELECT 1 FROM case_origins WHERE case_id = cases.id)) AND NOT EXISTS (SELECT 1 FROM case_codes WHERE case_id = cases.id)", id).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("cases: code: %w", err)
	}
	return n > 0, nil
}

// GrantCode is what a browser keeps after Unlock while the code has still to be replaced; AdmitCode reads it.
func (s *Service) GrantCode(id int64) string { return s.pass("code", id) }

func (s *Service) AdmitCode(pass string) (int64, error) { return s.admit("code", pass) }

// ChangeCode replaces a code that staff have seen, once.
func (s *Service) ChangeCode(ctx context.Context, id int64, code, again string) error {
	code, again = onlyDigits(code), onlyDigits(again)
	return s.db.Write(ctx, func(tx *store.Tx) error {
		known, err := codeIsKnown(&tx.Reader, id)
		if err != nil {
			return err
		}
		if !known {
			return fault.New(fault.Conflict, "查询码已经换过。请用新的查询码查询。")
		}
		var c Case
		if err := tx.Select("id, case_no, access_hash").Where("id = ?", id).Take(&c).Error; err != nil {
			return fmt.Errorf("cases: code: %w", err)
		}
		var bad []fault.Field
		switch {
		case len(code) != 8:
			bad = append(bad, fault.Field{Name: "code", Message: "新查询码要 8 位数字。"})
		case easy(code) || code == c.CaseNo:
			bad = append(bad, fault.Field{Name: "code", Message: "这个数字太好猜，请换一个，不要用重复、连续的数字和受理编号。"})
		case s.accessKey.Match(c.AccessHash, c.CaseNo, code):
			bad = append(bad, fault.Field{Name: "code", Message: "新查询码不能和原来的一样。"})
		case code != again:
			bad = append(bad, fault.Field{Name: "again", Message: "两次填的不一样，请再填一次。"})
		}
		if err := fault.Form(bad); err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO case_codes (case_id, changed_at) VALUES (?, ?)", id, tx.Now).Error; err != nil {
			return fmt.Errorf("cases: code: %w", err)
		}
		if err := tx.Model(&Case{}).Where("id = ?", id).Update("access_hash", s.accessKey.Sum(c.CaseNo, code)).Error; err != nil {
			return fmt.Errorf("cases: code: %w", err)
		}
		return journal.Append(tx, journal.Event{Verb: "case.code", Subject: "case", SubjectID: id})
	})
}

// easy reports whether anybody would guess a code: the same digit, or digits in a row, up or down.
func easy(code string) bool {
	return strings.Contains("012345678901234567", code) || strings.Contains("987654321098765432", code) || strings.Count(code, code[:1]) == len(code)
}
