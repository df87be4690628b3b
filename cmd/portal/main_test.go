package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"mingjing/app/calendar"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// TestMain makes the test binary be the program when it is called portal, so
// that the scripts run the real command line in processes of their own.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "portal" {
		os.Exit(run(os.Args[1:]))
	}
	storetest.Main(m)
}

// TestScripts runs testdata/*.txt on both databases. $OTHER is the setting
// PORTAL_DATABASE_URL of a second, empty database of the same kind; $IDENTITY
// is the public key that belongs to the file identity.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		for _, file := range files {
			t.Run(string(d), func(t *testing.T) {
				url, other := storetest.Config(t, d).URL, storetest.Config(t, d).URL
				testscript.Run(t, testscript.Params{
					Files:               []string{file},
					RequireExplicitExec: true,
					Setup: func(e *testscript.Env) error {
						bin := filepath.Join(e.WorkDir, ".bin")
						if err := os.Mkdir(bin, 0o755); err != nil {
							return err
						}
						if err := os.Symlink(self, filepath.Join(bin, "portal")); err != nil {
							return err
						}
						for _, name := range []string{"identity", "stranger"} {
							id, err := age.GenerateX25519Identity()
							if err != nil {
								return err
							}
							if err := os.WriteFile(filepath.Join(e.WorkDir, name), []byte(id.String()+"\n"), 0o600); err != nil {
								return err
							}
							e.Setenv(strings.ToUpper(name), id.Recipient().String())
						}
						address, err := free()
						e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
						e.Setenv("PORTAL_DATABASE_URL", url)
						e.Setenv("OTHER", other)
						e.Setenv("PORTAL_ADDR", address)
						e.Setenv("SEED", mustAbs("../../app/seed/announcement.txt"))
						return err
					},
					Condition: func(name string) (bool, error) { return name == string(d), nil },
					Cmds:      map[string]func(*testscript.TestScript, bool, []string){"ready": ready, "stop": stop, "mode": mode, "count": count},
				})
			})
		}
	}
}

func mustAbs(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		panic(err)
	}
	return abs
}

// free is an address that nothing listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ready waits until the site in the background says so.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: ready")
	}
	deadline, every := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-deadline:
			ts.Fatalf("the site did not get ready")
		case <-every.C:
			r, err := http.Get("http://" + ts.Getenv("PORTAL_ADDR") + "/readyz")
			if err != nil {
				continue
			}
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
	}
}

// stop asks every program in the background to end, as a service manager does.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: stop")
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

// mode compares a file's permissions: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode MODE FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s", args[1], got)
	}
}

// count compares a file's number of lines: count 16 FILE.
func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: count LINES FILE")
	}
	if got := fmt.Sprint(strings.Count(ts.ReadFile(args[1]), "\n")); got != args[0] {
		ts.Fatalf("%s has %s lines", args[1], got)
	}
}

func TestTheDoctorAsksForNextYearsCalendarInTime(t *testing.T) {
	c := calendar.New(nil, []int{2026})
	for day, want := range map[string]string{
		"2025-06-30": "fail", // this year is not there
		"2026-01-01": "note",
		"2026-11-30": "note",
		"2026-12-01": "fail",
	} {
		today, err := calendar.Parse(day)
		if err != nil {
			t.Fatal(err)
		}
		if got := judgeCalendar(c, today); got.verdict != want {
			t.Errorf("%s: %s %s", day, got.verdict, got.message)
		}
	}
	both := calendar.New(nil, []int{2026, 2027})
	if got := judgeCalendar(both, calendar.NewDate(2026, 12, 31)); got.verdict != "ok" {
		t.Error(got)
	}
}
