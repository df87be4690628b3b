// Command profile runs the site like portal serve and writes a CPU profile of
// its life to the file named by CPU_PROFILE. The product has no such address.
package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"mingjing/app"
	"mingjing/app/config"
)

func main() {
	if err := run(); err != nil {
		slog.Error("profile", "error", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, c, slog.New(slog.NewTextHandler(os.Stderr, nil)), nil)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Prepare(ctx); err != nil {
		return err
	}
	out, err := os.Create(os.Getenv("CPU_PROFILE"))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return a.Run(ctx, l)
}
