package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mingjing/app"
	"mingjing/app/ledger"
	"mingjing/app/sheet"
	"mingjing/app/staff"
)

type ledgerCommand struct {
	Import ledgerImport `cmd:"" help:"Take in a spreadsheet of measures: all of it, or nothing and every bad cell named."`
	Export ledgerExport `cmd:"" help:"Write the ledger as a spreadsheet that import reads."`
}

type ledgerImport struct {
	File      string `arg:"" help:".xlsx or .csv file."`
	DryRun    bool   `help:"Only print what would change."`
	Programme string `help:"Address name of the programme; made when it is not there. Empty: the main one." placeholder:"SLUG"`
}

// readSheet reads a spreadsheet and its digest.
func readSheet(path string) (ledger.Spreadsheet, error) {
	x := ledger.Spreadsheet{Name: filepath.Base(path)}
	f, err := os.Open(path)
	if err != nil {
		return x, err
	}
	defer f.Close()
	sum := sha256.New()
	if x.Tables, err = sheet.Read(x.Name, io.TeeReader(f, sum)); err != nil {
		return x, err
	}
	x.Digest = hex.EncodeToString(sum.Sum(nil))
	return x, nil
}

func (c ledgerImport) Run(p *program) error {
	x, err := readSheet(c.File)
	if err != nil {
		return err
	}
	x.DryRun, x.Programme = c.DryRun, c.Programme
	return p.open(func(a *app.App) error {
		d, err := a.Ledger.ImportSheet(p.ctx, staff.System, x)
		if err != nil {
			return err
		}
		if c.DryRun {
			for _, line := range d.Lines() {
				fmt.Println(line)
			}
		}
		for _, w := range d.Warnings {
			fmt.Fprintln(os.Stderr, "portal: 注意："+w)
		}
		done := "导入了"
		if c.DryRun {
			done = "没有导入，只是对比"
		}
		fmt.Fprintf(os.Stderr, "portal: %s：%s\n", done, d.Summary())
		return nil
	})
}

type ledgerExport struct {
	File      string `arg:"" help:".xlsx or .csv file to write."`
	Programme string `help:"Address name of the programme. Empty: the main one." placeholder:"SLUG"`
}

func (c ledgerExport) Run(p *program) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.File)), ".")
	return p.open(func(a *app.App) (err error) {
		e, err := a.Ledger.PrepareExport(p.ctx, staff.System, c.Programme, format)
		if err != nil {
			return err
		}
		// Complete or not at all: the file gets its name when everything is in it.
		f, err := os.CreateTemp(filepath.Dir(c.File), ".ledger-*")
		if err != nil {
			return err
		}
		defer func() {
			if err != nil {
				os.Remove(f.Name())
			}
		}()
		if err := errors.Join(e.Write(p.ctx, f), f.Sync(), f.Close()); err != nil {
			return err
		}
		return os.Rename(f.Name(), c.File)
	})
}
