package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
)

type logCommand struct {
	Restart logRestart `cmd:"" help:"Begin the public log anew under another name and key: after its key was lost or an older backup restored."`
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
	key, err := logbook.Restart(p.ctx, db, p.config.KeysDir, p.config.LogOrigin(), c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: 公开日志换了名称和密钥。请重新启动网站，把新的公钥公布出去，并另存 %s/%s：\n%s\n", p.config.KeysDir, logbook.KeyFile, key)
	return nil
}
