package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"mingjing/app/config"
	"mingjing/app/demo"
)

// LoadDemo prepares the house as a first start does and acts out the
// demonstration in it, by a clock that it moves.
func LoadDemo(ctx context.Context, c config.Config, log *slog.Logger, cases int, seed uint64) error {
	clock := demo.NewClock(time.Now)
	a, err := New(ctx, c, log, clock.Now)
	if err != nil {
		return err
	}
	load := func() error {
		if err := a.Prepare(ctx); err != nil {
			return err
		}
		return demo.Load(ctx, demo.House{DB: a.DB, Staff: a.Staff, Ledger: a.Ledger, Cases: a.Cases, Clock: clock}, cases, seed)
	}
	return errors.Join(load(), a.Close())
}
