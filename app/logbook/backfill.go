package logbook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"mingjing/app/store"
	"mingjing/app/tlog"
)

// Holding is something that was received, as a room keeps it now.
type Holding struct {
	ID     int64
	CaseNo string
	At     time.Time
	Digest tlog.Hash // of its content as it is stored now
	Erased bool      // its content is gone, as the rules of retention have it
}

// Holdings lists what a room has received, by id, after one.
type Holdings func(r *store.Reader, after int64, limit int) ([]Holding, error)

// Holds has a room say what it has received of a kind: Case or Report.
func (b *Book) Holds(kind string, h Holdings) { b.holdings[kind] = h }

// Backfill writes into the log, marked as such, what was published and received before
// there was one; each kind once, for good: what is missing later is not taken over.
func (b *Book) Backfill(ctx context.Context) error {
	for _, kind := range b.Kinds() {
		if err := b.backfill(ctx, kind); err != nil {
			return err
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(b.holdings)) {
		if err := b.backfillHoldings(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

type backfilled struct {
	Kind string `gorm:"primaryKey"`
	At   time.Time
}

func (backfilled) TableName() string { return "log_backfills" }

func done(r *store.Reader, kind string) (bool, error) {
	var n int64
	if err := r.Model(&backfilled{}).Where("kind = ?", kind).Count(&n).Error; err != nil {
		return false, fmt.Errorf("logbook: backfill: %w", err)
	}
	return n > 0, nil
}

func finish(tx *store.Tx, kind string) error {
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&backfilled{kind, tx.Now}).Error; err != nil {
		return fmt.Errorf("logbook: backfill: %w", err)
	}
	return nil
}

// backfill records what is shown of a kind that was there before the log, or that the
// log has in an earlier form of its texts.
func (b *Book) backfill(ctx context.Context, kind string) error {
	mark := kind
	if form := b.Forms[kind]; form > 1 {
		mark = fmt.Sprintf("%s/%d", kind, form)
	}
	return pages(ctx, b.db, func(tx *store.Tx, after string) (string, error) {
		if is, err := done(&tx.Reader, mark); is || err != nil {
			return "", err
		}
		first, err := done(&tx.Reader, kind)
		if err != nil {
			return "", err
		}
		next, err := page(tx, b.Sources, kind, after, !first)
		if err == nil && next == "" {
			if err = finish(tx, mark); err == nil && !first {
				err = finish(tx, kind)
			}
		}
		return next, err
	})
}

// pages runs a transaction for each page until there is no next one.
func pages(ctx context.Context, db *store.DB, f func(tx *store.Tx, after string) (next string, err error)) error {
	for after := ""; ; {
		var next string
		if err := db.Write(ctx, func(tx *store.Tx) (err error) {
			next, err = f(tx, after)
			return err
		}); err != nil || next == "" {
			return err
		}
		after = next
	}
}

// page records a page of what is shown, as there before the log or as changed now, and says after what the next one begins.
func page(tx *store.Tx, sources Sources, kind, after string, before bool) (next string, err error) {
	texts, err := sources.Shown(&tx.Reader, kind, after, atOnce)
	if err != nil {
		return "", err
	}
	if len(texts) == atOnce {
		next = texts[len(texts)-1].Ref
	}
	return next, record(tx, texts, before)
}

func (b *Book) backfillHoldings(ctx context.Context, kind string) error {
	return pages(ctx, b.db, func(tx *store.Tx, after string) (next string, err error) {
		if is, err := done(&tx.Reader, kind); is || err != nil {
			return "", err
		}
		next, err = arrivals(tx, b.holdings[kind], kind, after)
		if err == nil && next == "" {
			err = finish(tx, kind)
		}
		return next, err
	})
}

// Fill writes into the log, marked as filled in later, what a room holds and the log
// does not have: what a demonstration has put straight into the tables.
func Fill(ctx context.Context, db *store.DB, kind string, holdings Holdings) error {
	return pages(ctx, db, func(tx *store.Tx, after string) (string, error) { return arrivals(tx, holdings, kind, after) })
}

// arrivals records a page of what a room holds, and says after what the next one begins.
func arrivals(tx *store.Tx, holdings Holdings, kind, after string) (next string, err error) {
	id, err := RowID(after)
	if err != nil {
		return "", err
	}
	list, err := holdings(&tx.Reader, id, atOnce)
	if err != nil {
		return "", err
	}
	if len(list) == atOnce {
		next = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	refs := make([]Text, len(list))
	for i, h := range list {
		refs[i] = Text{Kind: kind, Ref: strconv.FormatInt(h.ID, 10)}
	}
	known, err := lastOf(&tx.Reader, refs)
	if err != nil {
		return "", err
	}
	var missing []Arrival
	for i, h := range list {
		if _, ok := known[[2]string{kind, refs[i].Ref}]; !ok {
			missing = append(missing, Arrival{Kind: kind, ID: h.ID, CaseNo: h.CaseNo, Digest: h.Digest, At: h.At})
		}
	}
	return next, receive(tx, missing, true)
}
