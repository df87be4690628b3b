package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

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
	if c.Cases < 0 || c.Cases > 2_000_000 {
		return errors.New("--cases must be between 0 and 2000000")
	}
	if err := app.LoadDemo(p.ctx, p.config, p.log, c.Cases, c.Seed, bar()); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: loaded the demonstration: 42 problems, 95 parts, 295 measures, %d cases\n", c.Cases)
	return nil
}

// bar shows on a terminal how many cases there are; elsewhere it is silent.
func bar() func(done, of int) {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	const width = 40
	last := -1
	return func(done, of int) {
		if permille := done * 1000 / max(of, 1); permille != last {
			last = permille
			full := done * width / max(of, 1)
			fmt.Fprintf(os.Stderr, "\r[%s%s] %d / %d", strings.Repeat("#", full), strings.Repeat(" ", width-full), done, of)
		}
		if done >= of {
			fmt.Fprintln(os.Stderr)
		}
	}
}
