package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"mingjing/app"
	"mingjing/app/announce"
	"mingjing/app/staff"
)

type announcementCommand struct {
	Parse  announcementParse  `cmd:"" help:"Print what the parser understands."`
	Import announcementImport `cmd:"" help:"Create programme, aspects, problems and the announcement."`
}

// readText reads a .txt or .docx file, or standard input for -.
func readText(path string) (string, error) {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(io.LimitReader(os.Stdin, 32<<20))
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return "", err
	}
	return announce.DecodeFile(path, raw)
}

type announcementParse struct {
	File string `arg:"" help:"Text or .docx file, - for standard input."`
	JSON bool   `help:"Print JSON."`
}

func (c announcementParse) Run(p *program) error {
	text, err := readText(c.File)
	if err != nil {
		return err
	}
	a := announce.Parse(text)
	if c.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(a)
	}
	fmt.Printf("标题：%s\n发布：%s\n日期：%s\n", a.Title, a.Issuer, a.Date)
	for _, aspect := range a.Aspects {
		fmt.Printf("\n（%d）%s\n", aspect.No, aspect.Title)
		for _, x := range aspect.Problems {
			fmt.Printf("  %s  %s（%d 句）\n", announce.Code(aspect.No, x.No), x.Title, len(x.Actions))
			for _, s := range x.Sub {
				fmt.Printf("    %s  %s（%d 句）\n", announce.Code(aspect.No, x.No, s.No), s.Title, len(s.Actions))
			}
		}
	}
	fmt.Println()
	for _, d := range a.Differences() {
		fmt.Println(d.Sentence)
	}
	for _, l := range a.Unplaced {
		fmt.Printf("第 %d 行没有归类：%s\n", l.Line, l.Text)
	}
	return nil
}

type announcementImport struct {
	File    string `arg:"" help:"Text or .docx file, - for standard input."`
	Publish bool   `help:"Publish at once."`
	Reason  string `help:"Why it is published although its figures do not all agree with the ledger." default:"从命令行公布：台账与通报的数字没有逐项核对。"`
}

func (c announcementImport) Run(p *program) error {
	text, err := readText(c.File)
	if err != nil {
		return err
	}
	return p.open(func(a *app.App) error {
		got, err := a.Ledger.Import(p.ctx, staff.System, text)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "portal: imported %q: %d new problems, %d lines unplaced\n", got.Announcement.Title, got.NewProblems, len(got.Parsed.Unplaced))
		for _, l := range got.Parsed.Unplaced {
			fmt.Fprintf(os.Stderr, "portal: line %d unplaced: %s\n", l.Line, l.Text)
		}
		if !c.Publish {
			return nil
		}
		return a.Ledger.Publish(p.ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, c.Reason)
	})
}
