// Command portal runs the site and everything an operator does to it.
//
// Each subcommand is a file here. A secret is printed to standard output,
// alone; everything else goes to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"mingjing/app"
	"mingjing/app/config"
	"mingjing/app/fault"
	"mingjing/app/verify"
)

// commands is the command line.
type commands struct {
	Data        string `help:"Data folder (PORTAL_DATA_DIR)." placeholder:"DIR"`
	DatabaseURL string `name:"database-url" help:"PostgreSQL URL (PORTAL_DATABASE_URL); empty: embedded SQLite." placeholder:"URL"`

	Serve        serveCommand        `cmd:"" help:"Run the site."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the schema up to date."`
	Announcement announcementCommand `cmd:"" help:"Read and import announcements."`
	Ledger       ledgerCommand       `cmd:"" help:"The ledger as a spreadsheet."`
	Staff        staffCommand        `cmd:"" help:"Accounts of staff."`
	Keys         keysCommand         `cmd:"" help:"The keys of sealed reports: recovery."`
	Log          logCommand          `cmd:"" help:"The public log."`
	Receipt      receiptCommand      `cmd:"" help:"Receipts of the public log."`
	Demo         demoCommand         `cmd:"" help:"Fill an empty portal with invented data, marked as such on every page."`
	Backup       backupCommand       `cmd:"" help:"Write database and attachments into one encrypted file, while the site runs."`
	Assignment   assignmentCommand   `cmd:"" help:"Draws of handlers."`
	Restore      restoreCommand      `cmd:"" help:"Fill an empty portal from such a file."`
	Doctor       doctorCommand       `cmd:"" help:"Check everything the site needs; exit 1 if anything fails."`
	Config       configCommand       `cmd:"" help:"Show the effective settings, secrets masked."`
	Version      versionCommand      `cmd:"" help:"Show version and commit."`
}

// program is what every subcommand gets.
type program struct {
	ctx    context.Context
	config config.Config
	log    *slog.Logger
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("portal"), kong.Description("A court's portal for supervision and feedback."),
		kong.UsageOnError(), kong.Writers(os.Stderr, os.Stderr))
	if err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 1
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		var usage *kong.ParseError
		if errors.As(err, &usage) {
			_ = usage.Context.PrintUsage(true)
		}
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 2
	}
	cfg, err := config.Load(os.Environ())
	if err == nil {
		if c.Data != "" {
			cfg.DataDir = c.Data
		}
		if c.DatabaseURL != "" {
			cfg.DatabaseURL = c.DatabaseURL
		}
		if c.Serve.Addr != "" {
			cfg.Addr = c.Serve.Addr
		}
		err = cfg.Check()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := chosen.Run(&program{ctx: ctx, config: cfg, log: logger(cfg)}); err != nil {
		complain(err)
		if code := (verify.CouldNot{}); errors.As(err, &code) {
			return code.ExitCode()
		}
		return 1
	}
	return 0
}

// complain prints what is wrong: of a fault only what a person is meant to read.
func complain(err error) {
	f, ok := fault.As(err)
	switch {
	case !ok:
		fmt.Fprintln(os.Stderr, "portal:", err)
	case len(f.Fields) == 0:
		fmt.Fprintln(os.Stderr, "portal:", f.Message)
	default:
		for _, field := range f.Fields {
			fmt.Fprintf(os.Stderr, "portal: %s: %s\n", field.Name, field.Message)
		}
	}
}

func logger(c config.Config) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// open wires the house for a command that is not serve.
func (p *program) open(do func(*app.App) error) error {
	a, err := app.New(p.ctx, p.config, p.log, nil)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

type configCommand struct{}

func (configCommand) Run(p *program) error {
	for _, line := range p.config.Lines() {
		fmt.Println(line)
	}
	return nil
}

type versionCommand struct{}

func (versionCommand) Run(*program) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("no build information")
	}
	commit := "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	fmt.Printf("portal %s\ncommit %s\n%s\n", info.Main.Version, commit, info.GoVersion)
	return nil
}

type migrateCommand struct{}

func (migrateCommand) Run(p *program) error {
	return p.open(func(a *app.App) error {
		n, err := a.DB.Migrate(p.ctx)
		if err == nil {
			fmt.Fprintf(os.Stderr, "portal: schema is at version %d\n", n)
		}
		return err
	})
}
