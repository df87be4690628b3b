package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"mingjing/app"
	"mingjing/app/apptest"
	"mingjing/app/config"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// sent is a case that the site has confirmed to its sender.
type sent struct{ no, code, file string }

// send fills in a form and attaches a file, as a citizen does.
func send(s *apptest.Site, n int) sent {
	b := s.Browser()
	v := b.Form("/submit/suggestion")
	v.Set("title", fmt.Sprintf("关于立案窗口的第%d条建议", n))
	v.Set("content", "希望周六也能立案。")
	x := sent{file: fmt.Sprintf("第%d份附件的正文\n", n)}
	p := b.Upload("/submit/suggestion", v, apptest.File{Name: "附件.txt", Body: []byte(x.file)})
	if p.Status != http.StatusOK {
		s.T.Errorf("submit: %d %s", p.Status, p.Text())
	}
	x.no, x.code = p.Find("#case-no").Text(), p.Find("#access-code").Text()
	return x
}

// TestABackupTakenAmidWritesIsWhole saves a site while citizens write to it,
// restores it into the other kind of database and reads every case there with
// its own code: what was confirmed before is there, and nothing is there in part.
func TestABackupTakenAmidWritesIsWhole(t *testing.T) {
	other := map[store.Dialect]store.Dialect{store.SQLite: store.Postgres, store.Postgres: store.SQLite}
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		file, identity := filepath.Join(folder, "site.backup"), filepath.Join(folder, "identity")
		if err := os.WriteFile(identity, []byte(id.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}

		var all []sent
		for n := range 3 {
			all = append(all, send(s, n))
		}
		confirmed := len(all)
		enough, written := make(chan struct{}), make(chan []sent)
		go func() {
			var list []sent
			defer func() { written <- list }()
			for n := confirmed; ; n++ {
				select {
				case <-enough:
					return
				default:
					list = append(list, send(s, n))
				}
			}
		}()
		portal(t, "--data", s.Data, "--database-url", s.App.Config.DatabaseURL, "backup", file, "--recipient", id.Recipient().String())
		close(enough)
		all = append(all, <-written...)

		c := s.App.Config
		c.DataDir = t.TempDir()
		c.KeysDir, c.PepperFile = c.DataDir, filepath.Join(c.DataDir, "pepper")
		c.DatabaseURL = storetest.Config(t, other[s.App.DB.Dialect()]).URL
		for _, key := range []string{"pepper", "blob.key", "log.key"} {
			raw, err := os.ReadFile(filepath.Join(s.Data, key))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(c.DataDir, key), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		portal(t, "--data", c.DataDir, "--database-url", c.DatabaseURL, "restore", file, "--identity", identity)
		if got := readable(t, c, all); got < confirmed || got > len(all) {
			t.Errorf("%d cases restored; %d were confirmed before the backup, %d after it", got, confirmed, len(all))
		}
	})
}

// readable counts the cases that a restored portal shows to their senders.
func readable(t *testing.T, c config.Config, all []sent) int {
	t.Helper()
	ctx := context.Background()
	a, err := app.New(ctx, c, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var rows int64
	if err := a.DB.Read(ctx, func(r *store.Reader) error { return r.Table("cases").Count(&rows).Error }); err != nil {
		t.Fatal(err)
	}
	for i, x := range all[:rows] { // one after another, so the first ones
		id, err := a.Cases.Unlock(ctx, "here", x.no, x.code)
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		got, err := a.Cases.Track(ctx, id)
		if err != nil || len(got.Files) != 1 || len(got.Events) == 0 {
			t.Fatalf("case %d: %d files, %d events, %v", i, len(got.Files), len(got.Events), err)
		}
		_, body, err := a.Cases.OwnFile(ctx, id, got.Files[0].ID)
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		raw, err := io.ReadAll(body)
		body.Close()
		if err != nil || string(raw) != x.file {
			t.Errorf("case %d: file %q, %v", i, raw, err)
		}
	}
	return int(rows)
}

// portal runs the program in a process of its own.
func portal(t *testing.T, args ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := exec.Command(self, args...)
	c.Args[0] = "portal"
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		t.Fatalf("portal %v: %v\n%s", args, err, out.String())
	}
}
