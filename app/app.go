// Package app wires the rooms together; it is the only package that knows
// everyone, and besides store the only one that reads the clock.
//
// It trusts the operator's configuration after Check. It must never start with
// a pepper that is not the database's own, and never say it is ready before the
// schema, the first announcement and the first accounts are there.
package app

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"mingjing/app/announce"
	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/courier"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/logbook"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/stats"
	"mingjing/app/store"
	"mingjing/app/subscription"
	"mingjing/app/web"
	"mingjing/app/web/door"
)

// seed is the announcement that the program carries.
//
//go:embed seed/announcement.txt
var seed string

// App is the whole house.
type App struct {
	Config        config.Config
	DB            *store.DB
	Staff         *staff.Service
	Ledger        *ledger.Service
	Cases         *cases.Service
	Reports       *reports.Service
	Subscriptions *subscription.Service
	Stats         *stats.Service
	Blobs         blob.Store
	Log           *logbook.Book
	House         *door.House
	Web           *web.Server
	log           *slog.Logger
	ready         atomic.Bool
}

// New opens the database, bringing an empty one up to date, and wires the
// rooms. clock is nil except in tests. Close must follow.
func New(ctx context.Context, c config.Config, log *slog.Logger, clock func() time.Time) (*App, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: c, log: log}
	var err error
	if a.DB, err = store.Open(ctx, store.Config{DataDir: c.DataDir, URL: c.DatabaseURL, Clock: clock}); err != nil {
		return nil, err
	}
	if err := a.wire(ctx); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	return a, nil
}

func (a *App) wire(ctx context.Context) error {
	current, err := a.DB.Current(ctx)
	if err != nil {
		return err
	}
	if !current {
		if _, err := a.DB.Migrate(ctx); err != nil {
			return err
		}
	}
	pepper, err := a.pepper(ctx)
	if err != nil {
		return err
	}
	identity, err := blob.LoadOrCreateKey(filepath.Join(a.Config.KeysDir, "blob.key"))
	if err != nil {
		return err
	}
	plain, err := blob.Open(a.Config.BlobURL, filepath.Join(a.Config.DataDir, "blobs"))
	if err != nil {
		return err
	}
	a.Blobs = blob.Sealed(plain, identity)
	if a.Log, err = logbook.Open(ctx, a.DB, LogPlace(a.Config), a.Config.LogOrigin()); err != nil {
		return err
	}
	for _, text := range a.Config.LogWitnesses {
		w, err := logbook.ParseWitness(text)
		if err != nil {
			return fmt.Errorf("PORTAL_LOG_WITNESSES: %q: %w", text, err)
		}
		a.Log.Witnesses = append(a.Log.Witnesses, w)
	}
	a.Staff = staff.New(a.DB, pepper, a.Config.SecondFactorRequired())
	a.Ledger = ledger.New(a.DB, a.Blobs)
	a.Cases = cases.New(a.DB, a.Blobs, pepper)
	a.Reports = reports.New(a.DB, a.Blobs, pepper, a.Config.KeysDir)
	a.Staff.Leaving(a.Reports.MayLeave)
	a.Staff.Renaming(a.Ledger.Renamed)
	for _, show := range []func(logbook.Sources){settings.Show, ledger.Show, cases.Show, stats.Show} {
		show(a.Log.Sources)
	}
	a.Log.Holds(logbook.Case, cases.Holdings)
	a.Log.Holds(logbook.Report, reports.Holdings)
	if err := a.settle(ctx); err != nil {
		a.Cases.Close()
		a.Reports.Close()
		return err
	}
	a.Subscriptions = subscription.New(a.DB, pepper)
	a.Stats = stats.New(a.DB)
	a.House = door.NewHouse(door.House{Subscriptions: a.Subscriptions, Config: a.Config, DB: a.DB, Staff: a.Staff, Ledger: a.Ledger, Cases: a.Cases, Reports: a.Reports, Stats: a.Stats, Log: a.Log, Outbox: courier.NewOutbox(a.DB), Ready: a.ready.Load}, pepper)
	a.Web = web.New(a.House, a.log)
	return nil
}

// LogPlace is where the public log's key is.
func LogPlace(c config.Config) logbook.Place {
	at := logbook.In(c.KeysDir)
	at.Key = c.LogKeyFile
	return at
}

// settle finishes what must be so before anything is shown: contacts of an earlier
// program are sealed, and what was erased is not brought back by a restored backup.
func (a *App) settle(ctx context.Context) error {
	if err := a.Cases.SealContacts(ctx); err != nil {
		return err
	}
	n, err := a.Reports.Forget(ctx)
	if n > 0 {
		a.log.Warn("erased again what a restored backup had brought back", "reports", n)
	}
	return err
}

// ErrPepper means that the pepper file is missing or belongs to another database.
var ErrPepper = errors.New("the pepper does not belong to this database; without the right one no code and no password can be checked")

// pepper loads the secret and compares its fingerprint with the database's; a
// database that has none yet gets a new one.
func (a *App) pepper(ctx context.Context) (seal.Pepper, error) {
	var known string
	err := a.DB.Read(ctx, func(r *store.Reader) (err error) {
		known, err = settings.Pinned(r, "pepper")
		return err
	})
	if err != nil {
		return nil, err
	}
	p, err := seal.LoadPepper(a.Config.PepperFile, known == "")
	if err != nil {
		return nil, err
	}
	if known == "" {
		err = a.DB.Write(ctx, func(tx *store.Tx) (err error) {
			known, err = settings.Pin(tx, "pepper", p.Fingerprint())
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if known != p.Fingerprint() {
		return nil, fmt.Errorf("%w (PORTAL_PEPPER_FILE is %s)", ErrPepper, a.Config.PepperFile)
	}
	return p, nil
}

// FirstAccountsFile is where the first start leaves the trial accounts.
const FirstAccountsFile = "first-accounts.txt"

// Prepare does what the first start owes: the announcement, then the accounts,
// then their file. Later starts find everything there and change nothing.
func (a *App) Prepare(ctx context.Context) error {
	if err := a.plant(ctx); err != nil {
		return err
	}
	accounts, err := a.Staff.EnsureFirst(ctx)
	if err != nil {
		return err
	}
	if len(accounts) > 0 {
		var b strings.Builder
		for _, x := range accounts {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", x.Role, x.Login, x.Password)
		}
		if err := os.MkdirAll(a.Config.DataDir, 0o700); err != nil {
			return fmt.Errorf("first accounts: %w", err)
		}
		if err := os.WriteFile(filepath.Join(a.Config.DataDir, FirstAccountsFile), []byte(b.String()), 0o600); err != nil {
			return fmt.Errorf("first accounts: %w", err)
		}
		if err := a.trialKeys(ctx, accounts); err != nil {
			return err
		}
	}
	a.House.Pages.Refresh(ctx)
	if len(accounts) > 0 {
		debug.FreeOSMemory() // each password took 64 MiB to hash; the system gets them back at once
	}
	a.ready.Store(true)
	return nil
}

// FirstKitsFile is where the first start leaves the trial kits of recovery.
const FirstKitsFile = "first-recovery-kits.txt"

// trialKeys makes a site that answers loopback alone ready for reports: a recovery
// key for trial, and a roster signed in the name of the trial officer.
func (a *App) trialKeys(ctx context.Context, accounts []staff.FirstAccount) error {
	if !a.Config.Loopback() {
		return nil
	}
	kits, err := a.Reports.InitRecovery(ctx, true)
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, k := range kits {
		fmt.Fprintf(&b, "%s\t%s\n", k.Letter, k.Secret)
	}
	if err := os.WriteFile(filepath.Join(a.Config.DataDir, FirstKitsFile), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("first recovery kits: %w", err)
	}
	for _, x := range accounts {
		if x.Role != staff.DisciplineOfficer {
			continue
		}
		if err := a.Reports.Sign(ctx, x.Actor, reports.Signing{Recovery: kits[0].Print}); err != nil {
			return fmt.Errorf("trial keys: %w", err)
		}
	}
	return nil
}

// plant imports and publishes the announcement of an empty database and takes
// the court's name and channels from it.
func (a *App) plant(ctx context.Context) error {
	if a.Config.Seed == "none" {
		return nil
	}
	var there bool
	err := a.DB.Read(ctx, func(r *store.Reader) error {
		list, err := ledger.Announcements(r, true, 0, 1)
		if err != nil || len(list) > 0 {
			there = true
			return err
		}
		there, err = ledger.Fictional(r) // a demonstration is never mixed with what is real
		return err
	})
	if err != nil || there {
		return err
	}
	text := seed
	if a.Config.Seed != "" {
		raw, err := os.ReadFile(a.Config.Seed)
		if err != nil {
			return fmt.Errorf("PORTAL_SEED: %w", err)
		}
		if text, err = announce.DecodeFile(a.Config.Seed, raw); err != nil {
			return fmt.Errorf("PORTAL_SEED: %w", err)
		}
	}
	got, err := a.Ledger.Import(ctx, staff.System, text)
	if fault.Is(err, fault.Conflict) {
		return nil // another instance was faster
	}
	if err != nil {
		return err
	}
	if err := a.Ledger.Publish(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, firstReason(got.Parsed)); err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		s, err := settings.LoadSite(&tx.Reader)
		if err != nil {
			return err
		}
		take(&s, got.Parsed)
		return settings.PutSite(tx, settings.Author{Name: staff.System.Name}, s)
	})
}

// firstReason is why the first announcement is public before its figures could
// be compared with a ledger.
func firstReason(x announce.Announcement) string {
	reason := "首次启动时公布，台账还没有导入，写明的数字暂时不能逐项核对。"
	if _, named, _, _ := x.Named(); x.Figures.Problems != nil && *x.Figures.Problems > named {
		reason = fmt.Sprintf("通报写明%d个问题，逐一点名的有%d个。", *x.Figures.Problems, named) + reason
	}
	return reason
}

// take fills the site's settings with what the announcement states.
func take(s *settings.Site, a announce.Announcement) {
	if name := court(string(a.Issuer)); name != "" {
		s.Court, s.Host, s.ReplyUnit = name, name, name
	}
	for _, x := range []struct {
		to   *string
		from announce.Stated
	}{{&s.Hotline, a.Contacts.Phone}, {&s.Address, a.Contacts.Address}, {&s.Website, a.Contacts.Website}, {&s.Email, a.Contacts.Email}, {&s.Postcode, a.Contacts.Postcode}} {
		if x.from != "" {
			*x.to = string(x.from)
		}
	}
	s.Superior = s.Website
}

// court is the institution behind the party organ that signs:
// 中共云南省高级人民法院党组 → 云南省高级人民法院.
func court(issuer string) string {
	name := strings.TrimPrefix(issuer, "中共")
	for _, organ := range []string{"党组", "党委", "委员会", "支部委员会", "党支部", "总支部委员会", "党总支"} {
		if short, ok := strings.CutSuffix(name, organ); ok && short != "" {
			return short
		}
	}
	return name
}

// grace is how long running requests may take when the program stops.
const grace = 15 * time.Second

// Run answers on l until ctx ends, then lets running requests finish.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go a.House.Pages.Watch(work)
	c := courier.New(a.DB, a.Cases, a.Reports, a.Staff, a.Ledger, a.Subscriptions, a.Stats, a.Blobs, a.Log, a.Config, a.log)
	done := make(chan struct{})
	go func() { defer close(done); c.Run(work) }()
	metrics, err := a.metrics()
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- a.Web.Serve(l) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(work, grace)
		defer cancel()
		err = a.Web.Shutdown(last)
	}
	if metrics != nil {
		err = errors.Join(err, metrics.Close())
	}
	stop()
	<-done
	return err
}

func (a *App) metrics() (*http.Server, error) {
	if a.Config.MetricsAddr == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", a.Config.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	s := &http.Server{Handler: a.Web.Metrics(), ReadHeaderTimeout: 5 * time.Second}
	go s.Serve(l)
	return s, nil
}

// Close finishes what was accepted and releases the database.
func (a *App) Close() error {
	a.Cases.Close()
	a.Reports.Close()
	return a.DB.Close()
}
