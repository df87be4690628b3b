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
// demonstration in it, by a clock that it moves. progress is told of every case
// that was acted out and of every few hundred that were copied.
func LoadDemo(ctx context.Context, c config.Config, log *slog.Logger, cases int, seed uint64, progress func(done, of int)) error {
	clock := demo.NewClock(time.Now)
	a, err := New(ctx, c, log, clock.Now)
	if err != nil {
		return err
	}
	load := func() error {
		if err := a.Prepare(ctx); err != nil {
			return err
		}
		return demo.Load(ctx, demo.House{DB: a.DB, Staff: a.Staff, Ledger: a.Ledger, Cases: a.Cases, Clock: clock, Progress: progress}, cases, seed)
	}
	return errors.Join(load(), a.Close())
}
