// Command portal-verify checks a portal's public log from outside: nothing of the
// portal itself is in it, neither its pages nor its database.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"mingjing/app/verify"
)

type commands struct {
	Log     logCommand     `cmd:"" default:"withargs" help:"Check the log and everything that the site publishes (the default)."`
	Receipt receiptCommand `cmd:"" help:"Check a receipt or a promise."`
}

type logCommand struct {
	URL string `arg:"" help:"The site, such as https://example.gov.cn." placeholder:"SITE"`
	verify.LogCommand
}

type receiptCommand struct{ verify.ReceiptCommand }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	var c commands
	parsed := kong.Parse(&c, kong.Name("portal-verify"), kong.Description("Checks the public log of a court's portal from outside."), kong.UsageOnError())
	var err error
	if parsed.Selected().Name == "receipt" {
		err = c.Receipt.ReceiptCommand.Run(ctx, os.Stdout)
	} else {
		err = c.Log.LogCommand.Run(ctx, c.Log.URL, os.Stdout)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "portal-verify:", err)
	if code := (verify.CouldNot{}); errors.As(err, &code) {
		os.Exit(code.ExitCode())
	}
	os.Exit(1)
}
