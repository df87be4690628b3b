package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"mingjing/app/backup"
	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/seal"
)

type restoreCommand struct {
	File     string `arg:"" help:"A file that portal backup wrote."`
	Identity string `required:"" help:"File with the age identity (AGE-SECRET-KEY-…) that opens it." placeholder:"FILE"`
}

func (c restoreCommand) Run(p *program) error {
	ids, err := identities(c.Identity)
	if err != nil {
		return err
	}
	in, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	keys, err := p.keys()
	if err != nil {
		return err
	}
	db, err := p.openDatabase()
	if err != nil {
		return err
	}
	defer db.Close()
	plain, err := p.attachments()
	if err != nil {
		return err
	}
	sum, err := backup.Restore(p.ctx, in, db, plain, keys, ids...)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: 已恢复到 %s：%d 张表，%d 行，%d 个附件，逐一核对无误。\n",
		sum.CreatedAt.In(time.Local).Format("2006-01-02 15:04:05 -0700"), sum.Tables, sum.Rows, sum.Blobs)
	if len(sum.Missing) > 0 {
		fmt.Fprintf(os.Stderr, "portal: 备份时已有 %d 个附件找不到文件。\n", len(sum.Missing))
	}
	fmt.Fprintln(os.Stderr, "portal: 所有人都要重新登录；备份时还没发出的消息不会自动补发。请接着运行 portal doctor，并核对 portal staff list：备份之后停用的帐号需要再停用一次。")
	return nil
}

// identities reads an age identity file; an error never quotes what it holds.
func identities(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ids, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fault.New(fault.Invalid, path+" 里没有 age 身份（以 AGE-SECRET-KEY- 开头的一行）。")
	}
	return ids, nil
}

// keys reads what is kept apart from a backup, and makes none of it.
func (p *program) keys() (keys backup.Keys, err error) {
	pepper, err := seal.LoadPepper(p.config.PepperFile, false)
	switch {
	case err == nil:
		keys.Pepper = pepper.Fingerprint()
	case !errors.Is(err, fs.ErrNotExist):
		return keys, err
	}
	if file := p.blobKey(); exists(file) {
		keys.Blob, err = blob.LoadOrCreateKey(file)
		return keys, err
	}
	return keys, nil
}

func (p *program) blobKey() string { return filepath.Join(p.config.KeysDir, "blob.key") }
