package cases

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Kin finds what came before: cases of the caller with this number or address,
// and cases worded like the text, of those the actor may see. For whoever
// records a call, before anything is stored.
func (s *Service) Kin(ctx context.Context, a staff.Actor, phone, email, text string) (earlier, similar []Row, err error) {
	if err := a.Require(staff.IntakeClerk, staff.Dispatcher); err != nil {
		return nil, nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if key := callerKey(phone, email); key != "" {
			if earlier, err = kin(r, a, 0, ofCaller, s.callerKey.Sum(key)); err != nil {
				return err
			}
		}
		alike, err := search.Similar(r, searchKind, typed.Clean(text), 6)
		if refs := search.Keys(alike); err == nil && len(refs) > 0 {
			similar, err = kin(r, a, 0, "cases.id IN ?", refs)
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cases: kin: %w", err)
	}
	return earlier, similar, nil
}

// Version is the version of a case that the actor may see, for who acts without
// a page that says it.
func (s *Service) Version(ctx context.Context, a staff.Actor, id int64) (n int, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		c, err := get(r, a, id)
		n = c.Version
		return err
	})
	return n, err
}

// Publication reads one proposal or published reply for the publisher's page.
func (s *Service) Publication(ctx context.Context, a staff.Actor, id int64) (p PublishedReply, err error) {
	if err := a.Require(staff.Publisher); err != nil {
		return p, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error { return seen(r.Where("published_replies.id = ?", id), a).Take(&p).Error })
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return p, fault.New(fault.NotFound, "没有这份选登，或者您应当回避。")
	}
	if err != nil {
		return p, fmt.Errorf("cases: publication: %w", err)
	}
	return p, nil
}
