package main

import (
	"errors"
	"fmt"
	"os"

	"mingjing/app"
)

type demoCommand struct {
	Load demoLoad `cmd:"" help:"Load an invented ledger (42 problems, 95 parts, 295 measures) and invented cases."`
}

type demoLoad struct {
	Cases int    `help:"How many cases." default:"60"`
	Seed  uint64 `help:"The same seed gives the same ledger." default:"1"`
}

func (c demoLoad) Run(p *program) error {
	if c.Cases < 0 || c.Cases > 100_000 {
		return errors.New("--cases must be between 0 and 100000")
	}
	if err := app.LoadDemo(p.ctx, p.config, p.log, c.Cases, c.Seed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: loaded the demonstration: 42 problems, 95 parts, 295 measures, %d cases\n", c.Cases)
	return nil
}
