package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mingjing/app"
	"mingjing/app/reports"
)

type keysCommand struct {
	Init    keysInit    `cmd:"" help:"Make the recovery key of sealed reports; prints three kits, once, to be kept on paper by three people."`
	Kit     keysKit     `cmd:"" help:"Make three new kits out of two old ones, which then open nothing but older backups and are to be destroyed."`
	Recover keysRecover `cmd:"" help:"With two kits, let an officer or custodian read again what a lost password closed."`
	Anchor  keysAnchor  `cmd:"" help:"With two kits, trust the lists of keys as they stand in the database: after roster.json was lost or an older backup restored."`
}

type keysInit struct{}

func (keysInit) Run(p *program) error {
	return p.open(func(a *app.App) error {
		kits, err := a.Reports.InitRecovery(p.ctx, false)
		if err != nil {
			return err
		}
		printKits(os.Stdout, kits)
		fmt.Fprintln(os.Stderr, "三份恢复函已打印在标准输出，只有这一次。请分别交给三位纪检专员，各自封存；任何两份合在一起能打开全部举报。\n接着请一位纪检专员登录，在“举报密钥”页核对指纹、签署名单。")
		return nil
	})
}

// printKits writes a page for each kit.
func printKits(w io.Writer, kits []reports.Kit) {
	for i, k := range kits {
		if i > 0 {
			fmt.Fprint(w, "\f")
		}
		fmt.Fprintf(w, "恢复函 %s（共三份）\n\n恢复密钥的指纹：%s\n\n%s\n\n忘记密码、有人突然离任时，两份恢复函合用可以恢复举报的密钥：\nportal keys recover --login 登录名 --reason 理由，再依次输入两份恢复函上以 AGE- 开头的一行。\n请离线封存，不要拍照，不要存进任何电脑。\n", k.Letter, k.Print, k.Secret)
	}
}

// kitFiles are where the secrets of two kits come from.
type kitFiles struct {
	Kits []string `help:"Two files that hold a kit's line each; without them the lines are read from standard input." placeholder:"FILE"`
}

func (k kitFiles) read() (one, other string, err error) {
	var lines []string
	find := func(r io.Reader) error {
		s := bufio.NewScanner(r)
		for s.Scan() {
			if at := strings.Index(s.Text(), "AGE-SECRET-KEY-1"); at >= 0 {
				lines = append(lines, strings.TrimSpace(s.Text()[at:]))
			}
		}
		return s.Err()
	}
	if len(k.Kits) == 0 {
		fmt.Fprintln(os.Stderr, "请输入两份恢复函上的一行，各占一行，最后按 Ctrl-D：")
		err = find(os.Stdin)
	}
	for _, path := range k.Kits {
		f, e := os.Open(path)
		if e != nil {
			return "", "", e
		}
		err = errors.Join(err, find(f), f.Close())
	}
	if err == nil && len(lines) != 2 {
		err = fmt.Errorf("要两份恢复函，现在有 %d 份", len(lines))
	}
	if err != nil {
		return "", "", err
	}
	return lines[0], lines[1], nil
}

// with does something that takes two kits.
func (k kitFiles) with(p *program, do func(a *app.App, one, other string) error) error {
	one, other, err := k.read()
	if err != nil {
		return err
	}
	return p.open(func(a *app.App) error { return do(a, one, other) })
}

type keysKit struct{ kitFiles }

func (c keysKit) Run(p *program) error {
	return c.with(p, func(a *app.App, one, other string) error {
		kits, err := a.Reports.NewKits(p.ctx, one, other)
		if err == nil {
			printKits(os.Stdout, kits)
			fmt.Fprintln(os.Stderr, "旧的恢复函打不开现在的数据库了，但是打得开以前的备份：请全部收回销毁。")
		}
		return err
	})
}

type keysRecover struct {
	kitFiles
	Login  string `required:"" help:"Who is to read again; they must stand on the signed list. Where it names a key that a lost password closed, the kits sign for the one they have now."`
	Print  string `help:"The print of the key they have now, read off their own page 举报密钥; needed where the list names another."`
	Leaver string `help:"Whose reports, when they left without handing over; default: their own."`
	Reason string `required:"" help:"Why; it is recorded, and each reporter sees that it happened."`
}

func (c keysRecover) Run(p *program) error {
	return c.with(p, func(a *app.App, one, other string) error {
		n, shut, err := a.Reports.Recover(p.ctx, one, other, c.Login, c.Leaver, c.Print, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "恢复了 %d 件举报的密钥。\n", n)
		if shut > 0 {
			fmt.Fprintf(os.Stderr, "还有 %d 件恢复不了：是换恢复密钥以前收到的，或者它们的密钥被人改动过。请保留数据库备查。\n", shut)
		}
		return nil
	})
}

type keysAnchor struct{ kitFiles }

func (c keysAnchor) Run(p *program) error {
	return c.with(p, func(a *app.App, one, other string) error {
		no, err := a.Reports.Anchor(p.ctx, one, other)
		if err == nil {
			fmt.Fprintf(os.Stderr, "已按数据库里的名单重新记下，最新的是第 %d 份。请纪检专员到“举报密钥”页逐个核对。\n", no)
		}
		return err
	})
}
