package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"mingjing/app"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
	"mingjing/app/verify"
)

type logCommand struct {
	Verify  logVerify  `cmd:"" help:"Check from outside that everything a site publishes is what its log says: exit 0 good, 1 wrong, 2 not checked."`
	Audit   logAudit   `cmd:"" help:"Check from inside that the log is whole and that no case was dropped or changed."`
	Rotate  logRotate  `cmd:"" help:"Hand the public log to a new key: both sign that it follows, running sites take it by themselves."`
	Restart logRestart `cmd:"" help:"Begin the public log anew under another name and key: after its key was lost or an older backup restored."`
}

type logVerify struct {
	URL string `required:"" help:"The site, such as https://example.gov.cn." placeholder:"SITE"`
	verify.LogCommand
}

func (c logVerify) Run(p *program) error { return c.LogCommand.Run(p.ctx, c.URL, os.Stdout) }

type receiptCommand struct {
	Verify receiptVerify `cmd:"" help:"Check a receipt, by itself or against the live log."`
}

type receiptVerify struct{ verify.ReceiptCommand }

func (c receiptVerify) Run(p *program) error { return c.ReceiptCommand.Run(p.ctx, os.Stdout) }

type logAudit struct{}

func (logAudit) Run(p *program) error {
	return p.open(func(a *app.App) error {
		got, err := a.Log.Audit(p.ctx, func(kind string, n int64) { fmt.Fprintf(os.Stderr, "portal: %s %d\n", kind, n) })
		if err != nil {
			return err
		}
		fmt.Printf("核对通过：日志 %d 条，检查点 %d 个，原文 %d 份，依决定撤除 %d 份，来件 %d 件（其中 %d 件的内容已按保存期限删除）；还有 %d 条等待写入。\n", got.Size, got.Heads, got.Texts, got.Expunged, got.Arrivals, got.Erased, got.Waiting)
		return nil
	})
}

type logRotate struct{}

func (logRotate) Run(p *program) error {
	return p.open(func(a *app.App) error {
		old := a.Log.Key()
		key, err := a.Log.Rotate(p.ctx)
		if err != nil {
			return err
		}
		fmt.Printf("公开日志换了钥匙，名称不变；换钥写在日志里，新旧两把钥匙都签了名。\n旧公钥：%s\n新公钥：%s\n请把新的公钥公布出去（海报、通告），并另存 %s；旧的私钥已经删除。正在运行的网站会自己换用新的。\n", old, key, p.config.LogKeyFile)
		return nil
	})
}

type logRestart struct {
	Reason string `required:"" help:"Why; everybody can read it in the log." placeholder:"TEXT"`
}

func (c logRestart) Run(p *program) (err error) {
	if strings.TrimSpace(c.Reason) == "" {
		return fault.New(fault.Invalid, "请用 --reason 写明理由，任何人都能在公开日志里看到它。")
	}
	db, err := store.Open(p.ctx, store.Config{DataDir: p.config.DataDir, URL: p.config.DatabaseURL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	key, err := logbook.Restart(p.ctx, db, app.LogPlace(p.config), p.config.LogOrigin(), c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: 公开日志换了名称和密钥。请重新启动网站，把新的公钥公布出去，并另存 %s：\n%s\n", p.config.LogKeyFile, key)
	return nil
}

type assignmentCommand struct {
	Verify assignmentVerify `cmd:"" help:"Recompute who was drawn to handle cases, from the record and the public log."`
}

type assignmentVerify struct {
	CaseNo string `arg:"" optional:"" name:"case-no" help:"Of one case alone."`
}

func (c assignmentVerify) Run(p *program) error {
	return p.open(func(a *app.App) error {
		got, err := cases.CheckDraws(p.ctx, a.DB, strings.ReplaceAll(c.CaseNo, " ", ""))
		if err != nil {
			return err
		}
		for _, w := range got.Wrong {
			fmt.Println(w)
		}
		if len(got.Wrong) > 0 {
			return fault.New(fault.Conflict, fmt.Sprintf("有 %d 次抽取核对不上。", len(got.Wrong)))
		}
		if c.CaseNo != "" && got.Checked+got.Old == 0 {
			return fault.New(fault.NotFound, "这一件没有抽取过承办人，或者没有这个编号。")
		}
		fmt.Printf("核对通过：%d 次抽取的种子取自公开日志，重算都与记录相同。\n", got.Checked)
		if got.Old > 0 {
			fmt.Printf("另有 %d 次用旧方法抽取：重算相同，种子的来历无法核对。\n", got.Old)
		}
		return nil
	})
}
