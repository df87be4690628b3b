// Package courier does what nobody waits for: it sends the outbox's messages, has the
// public log signed, and removes what has outlived its use.
//
// A message is claimed with a lease before it is sent and marked accepted
// before anything else happens; when it is not known whether the provider took
// it, it becomes unknown for a person to decide and is never sent again by
// itself. It trusts cases and staff for the address, which it reads only at the
// moment of sending. It must never log an address or put a case's content into a message.
package courier

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/staff"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/subscription"
)

// Courier is the program's background work.
type Courier struct {
	db            *store.DB
	cases         *cases.Service
	reports       *reports.Service
	staff         *staff.Service
	ledger        *ledger.Service
	subscriptions *subscription.Service
	stats         *stats.Service
	blobs         blob.Store
	book          *logbook.Book
	cfg           config.Config
	http          *http.Client
	log           *slog.Logger
}

// New prepares the courier.
func New(db *store.DB, c *cases.Service, p *reports.Service, s *staff.Service, l *ledger.Service, u *subscription.Service, n *stats.Service, b blob.Store, k *logbook.Book, cfg config.Config, log *slog.Logger) *Courier {
	return &Courier{db, c, p, s, l, u, n, b, k, cfg, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, log}
}

const (
	mailEvery  = 2 * time.Second
	tellEvery  = time.Minute
	workEvery  = time.Second
	logEvery   = time.Second
	logRest    = 30 * time.Second // after a failure
	askEvery   = time.Minute
	purgeEvery = 10 * time.Minute
	orphanAge  = 24 * time.Hour
)

// Run works until ctx ends.
func (c *Courier) Run(ctx context.Context) {
	mail, tell, purge := time.NewTicker(mailEvery), time.NewTicker(tellEvery), time.NewTicker(purgeEvery)
	defer mail.Stop()
	defer tell.Stop()
	defer purge.Stop()
	c.try(ctx, "purge", c.Purge)
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { c.work(ctx) })
	beside.Go(func() { c.sequence(ctx) })
	beside.Go(func() { c.backfill(ctx) })
	if len(c.book.Witnesses) > 0 {
		beside.Go(func() { c.ask(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-mail.C:
			c.try(ctx, "deliver", c.Deliver)
		case <-tell.C:
			c.try(ctx, "tell subscribers", c.Tell)
			c.try(ctx, "send digests", c.ledger.SendDigests)
			c.try(ctx, "warn of deadlines", c.Warn)
			c.try(ctx, "freeze statistics", c.Freeze)
		case <-purge.C:
			c.try(ctx, "purge", c.Purge)
		}
	}
}

// work does jobs beside everything else: a long one must not hold up the mail.
func (c *Courier) work(ctx context.Context) {
	tick := time.NewTicker(workEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.try(ctx, "do jobs", c.cases.RunJobs)
		}
	}
}

// sequence keeps the public log up to date beside everything else: a checkpoint is
// due within two seconds of a change.
func (c *Courier) sequence(ctx context.Context) {
	for {
		pause := logEvery
		if _, err := c.book.Sequence(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("background work failed", "what", "sign the public log", "error", err)
			pause = logRest
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// backfill puts into the public log what was there before it, once.
func (c *Courier) backfill(ctx context.Context) {
	for {
		err := c.book.Backfill(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			c.log.Error("background work failed", "what", "fill the public log", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(logRest):
		}
	}
}

// ask has the public log's witnesses cosign it.
func (c *Courier) ask(ctx context.Context) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		c.try(ctx, "ask witnesses", func(ctx context.Context) error { return c.book.Ask(ctx, c.http) })
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Courier) try(ctx context.Context, what string, f func(context.Context) error) {
	if err := f(ctx); err != nil && ctx.Err() == nil {
		c.log.Error("background work failed", "what", what, "error", err)
	}
}

// Tell queues the day's mails to subscribers; without a mail server they would only die there.
func (c *Courier) Tell(ctx context.Context) error {
	if c.cfg.SMTPURL == "" {
		return nil
	}
	return c.subscriptions.Tell(ctx)
}

// Freeze freezes the statistics of the months that are due.
func (c *Courier) Freeze(ctx context.Context) error {
	_, err := c.stats.Freeze(ctx)
	return err
}

// Warn tells staff of the day's deadlines.
func (c *Courier) Warn(ctx context.Context) error {
	_, err := c.cases.WarnOfDeadlines(ctx)
	return err
}

// expire erases what has outlived its retention period.
func (c *Courier) expire(ctx context.Context) error {
	_, err := c.cases.Expire(ctx)
	return err
}

// Purge gives up messages that are too old and removes expired captchas, sessions, waits, staged files and orphan blobs.
func (c *Courier) Purge(ctx context.Context) error {
	_, sessions := c.staff.Purge(ctx)
	_, orphans := blob.Sweep(ctx, c.blobs, c.db.Now().Add(-orphanAge), func(key string) (bool, error) {
		for _, orphan := range []func(context.Context, string) (bool, error){c.cases.Orphan, c.reports.Orphan} {
			if is, err := orphan(ctx, key); !is || err != nil {
				return !is, err
			}
		}
		held := false
		err := c.db.Read(ctx, func(r *store.Reader) (err error) {
			held, err = ledger.Holds(r, key)
			return err
		})
		return held, err
	})
	// One that fails does not keep the others from their work.
	return errors.Join(c.settle(ctx), c.cases.Purge(ctx), c.expire(ctx), c.cases.SweepStaged(ctx), c.reports.Tick(ctx), c.subscriptions.Purge(ctx), sessions, orphans)
}
