package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mingjing/app/fault"
	"mingjing/app/sheet"
	"mingjing/app/staff"
)

// A spreadsheet waits, sealed among the attachments, until whoever sent it has
// seen the difference. Nothing refers to it, so it is swept a day later.

// keptKey is where a ticket leads for this person: a ticket that somebody else
// was given, or that was made up, leads nowhere.
func keptKey(a staff.Actor, ticket string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ledger sheet %d %s", a.ID, ticket))
	return hex.EncodeToString(sum[:16])
}

var errTooLarge = fault.New(fault.TooLarge, "文件太大，最多 20 MB。请只留下台账所在的工作表，去掉图片后再试。")

// KeepSheet keeps a file until ImportSheet has taken it in; the ticket finds it again.
func (s *Service) KeepSheet(ctx context.Context, a staff.Actor, r io.Reader) (ticket string, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return "", err
	}
	ticket = rand.Text()
	// A byte more than may be: what is larger is put, found out and removed.
	n, err := s.blobs.Put(ctx, keptKey(a, ticket), io.LimitReader(r, sheet.MaxFile+1))
	if err != nil {
		return "", fmt.Errorf("ledger: keep sheet: %w", err)
	}
	if n > sheet.MaxFile {
		return "", cmp.Or(s.DropSheet(ctx, a, ticket), errTooLarge)
	}
	return ticket, nil
}

// KeptSheet reads a file that was kept, under the name it came with.
func (s *Service) KeptSheet(ctx context.Context, a staff.Actor, ticket, name string) (x Spreadsheet, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return x, err
	}
	body, err := s.blobs.Open(ctx, keptKey(a, ticket))
	if errors.Is(err, fs.ErrNotExist) {
		return x, fault.New(fault.Invalid, "上次选的文件已经不在了，请重新选择。")
	}
	if err != nil {
		return x, fmt.Errorf("ledger: kept sheet: %w", err)
	}
	defer func() { err = cmp.Or(err, body.Close()) }()
	sum := sha256.New()
	x = Spreadsheet{Name: name}
	if x.Tables, err = sheet.Read(name, io.TeeReader(body, sum)); err != nil {
		return x, err
	}
	x.Digest = hex.EncodeToString(sum.Sum(nil))
	return x, nil
}

// DropSheet forgets a kept file.
func (s *Service) DropSheet(ctx context.Context, a staff.Actor, ticket string) error {
	if err := s.blobs.Delete(ctx, keptKey(a, ticket)); err != nil {
		return fmt.Errorf("ledger: drop sheet: %w", err)
	}
	return nil
}
