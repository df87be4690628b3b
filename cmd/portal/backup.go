package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"mingjing/app/backup"
	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/store"
)

type backupCommand struct {
	File      string   `arg:"" help:"File to write; it must not exist yet."`
	Recipient []string `required:"" help:"Who can open it: an age public key (age1…)." placeholder:"AGE-KEY"`
}

func (c backupCommand) Run(p *program) error {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(c.Recipient, "\n")))
	if err != nil {
		return fault.New(fault.Invalid, "--recipient 必须是 age 公钥（age1…）。用 age-keygen 可以生成一对。")
	}
	db, err := p.database()
	if err != nil {
		return err
	}
	defer db.Close()
	plain, err := p.attachments()
	if err != nil {
		return err
	}
	var sum backup.Summary
	err = create(c.File, func(f *os.File) (err error) {
		sum, err = backup.Save(p.ctx, f, db, plain, recipients...)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "portal: %s：%d 张表，%d 行，%d 个附件。\n", c.File, sum.Tables, sum.Rows, sum.Blobs)
	fmt.Fprintln(os.Stderr, "portal: 里面没有 pepper 和附件密钥 blob.key：没有它们，恢复后的密码、查询码、联系方式和附件都不能用。请另外保存，不要和备份放在一起。")
	if len(sum.Missing) > 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("备份已写好，但有 %d 个附件登记在案、文件却不在：%s。请从更早的备份里找回。", len(sum.Missing), strings.Join(sum.Missing, " ")))
	}
	return nil
}

// create writes a file for its owner alone; it appears under its name only when
// it is complete, and replaces nothing.
func create(path string, write func(*os.File) error) error {
	if exists(path) {
		return fault.New(fault.Conflict, path+" 已经存在，请换一个文件名。")
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, path+".part 已经存在：另一次备份正在进行，或者中途断了。确认后删掉它再试。")
	}
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // unlike rename, link replaces nothing
}

// database opens what is already there and makes nothing: a mistyped folder
// must not look like an empty portal.
func (p *program) database() (*store.DB, error) {
	if file := filepath.Join(p.config.DataDir, "portal.db"); p.config.DatabaseURL == "" && !exists(file) {
		return nil, fault.New(fault.NotFound, "没有数据库 "+file+"。请检查 --data 或者 --database-url。")
	}
	return p.openDatabase()
}

func (p *program) openDatabase() (*store.DB, error) {
	return store.Open(p.ctx, store.Config{DataDir: p.config.DataDir, URL: p.config.DatabaseURL})
}

// attachments is the plain store: what is in it stays sealed.
func (p *program) attachments() (blob.Store, error) {
	return blob.Open(p.config.BlobURL, filepath.Join(p.config.DataDir, "blobs"))
}
