package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"

	"mingjing/app"
)

type serveCommand struct {
	Addr string `help:"Address to listen on (PORTAL_ADDR)." placeholder:"HOST:PORT"`
}

// gcPercent lets the small heap grow to a few times its live size before it is
// collected; at Go's default the collector takes a third of a busy portal's time.
const gcPercent = 400

func (serveCommand) Run(p *program) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// The port first: a second start must fail before it touches anything.
	l, err := net.Listen("tcp", p.config.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a, err := app.New(p.ctx, p.config, p.log, nil)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	// Probes are answered while the first start is still preparing.
	done := make(chan error, 1)
	go func() { done <- a.Run(p.ctx, l) }()
	if err := a.Prepare(p.ctx); err != nil {
		return errors.Join(err, l.Close(), <-done, a.Close())
	}
	address := p.config.BaseURL
	if address == "" {
		address = "http://" + l.Addr().String()
	}
	fmt.Fprintf(os.Stderr, "\n  明镜已启动：%s\n", address)
	if file := filepath.Join(p.config.DataDir, app.FirstAccountsFile); exists(file) {
		fmt.Fprintf(os.Stderr, "  工作人员试用帐号：%s\n  工作台：%s/desk\n", file, address)
	}
	fmt.Fprintln(os.Stderr)
	return errors.Join(<-done, a.Close())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
