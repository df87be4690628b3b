package app_test

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// plan is the house from the ground up, a floor a line: a room imports rooms of
// lower floors only, never one beside it. Everything that is built is here.
const plan = `
app/config app/fault app/keyfile static views
app/calendar app/announce app/seal app/tlog app/typed app/sheet
app/verify
app/store
app/logbook
app/journal app/blob app/search app/settings app/staff/internal/price
app/staff
app/ledger
app/cases
app/stats app/subscription app/reports app/removal
app/courier app/web/view
app/backup app/demo app/web/door
app/web/public app/web/desk app/web/api
app/web
app
cmd/portal cmd/portal-verify
`

// apart are packages that the program must not contain: what tests and
// benchmarks are made of.
var apart = []string{"app/store/storetest", "app/logbook/logbooktest", "app/staff/stafftest", "app/ledger/ledgertest", "app/cases/casestest", "app/reports/reportstest", "app/apptest", "tests", "bench/submit", "bench/profile", "bench/ledger", "bench/casework", "bench/reports"}

// clocks are the rooms that read the clock; all others are told the time.
var clocks = []string{"app/store", "app"}

func TestImportsGoDownOnly(t *testing.T) {
	floor := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(plan), "\n") {
		for _, room := range strings.Fields(line) {
			floor[room] = i + 1
		}
	}
	for room, imports := range rooms(t) {
		if slices.Contains(apart, room) {
			continue
		}
		if floor[room] == 0 {
			t.Errorf("%s is not in the plan", room)
			continue
		}
		for _, below := range imports {
			switch {
			case slices.Contains(apart, below):
				t.Errorf("%s imports %s, which is not for the program", room, below)
			case floor[below] >= floor[room]:
				t.Errorf("%s imports %s, which is not below it", room, below)
			}
		}
	}
}

const module = "mingjing/"

// rooms lists what each package imports of this module, its tests left out.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	list := map[string][]string{}
	walk(t, func(room, _ string, f file) {
		list[room] = append(list[room], f.imports...)
	})
	if len(list) < 15 {
		t.Fatalf("only %d packages found", len(list))
	}
	return list
}

type file struct {
	imports []string
	text    string
}

func walk(t *testing.T, f func(room, name string, x file)) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base != ".." && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata" || base == "build" || base == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || filepath.Dir(name) == ".." {
			return nil
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, raw, parser.ImportsOnly)
		if err != nil {
			return err
		}
		x := file{text: string(raw)}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if room, ours := strings.CutPrefix(p, module); ours {
				x.imports = append(x.imports, room)
			}
		}
		f(strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../"), name, x)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyStoreAndAppReadTheClock(t *testing.T) {
	walk(t, func(room, name string, x file) {
		if slices.Contains(clocks, room) || slices.Contains(apart, room) {
			return
		}
		for _, call := range []string{"time.Now", "time.Since(", "time.Until("} {
			if strings.Contains(x.text, call) {
				t.Errorf("%s asks %s", name, call)
			}
		}
	})
}

// TestEveryPackageSaysWhatItMustNeverDo wants each room's comment: what it is,
// what it trusts, what it must never do.
func TestEveryPackageSaysWhatItMustNeverDo(t *testing.T) {
	said := map[string]string{}
	walk(t, func(room, _ string, x file) {
		before, _, _ := strings.Cut(x.text, "\npackage ")
		if strings.HasPrefix(before, "// ") {
			said[room] += before
		}
	})
	for room := range rooms(t) {
		if strings.HasPrefix(room, "app") && !slices.Contains(apart, room) && !(strings.Contains(said[room], "trusts") && strings.Contains(said[room], "never")) {
			t.Errorf("%s: the package comment must say what it trusts and what it must never do", room)
		}
	}
}

// Pages that say which tests show what: none of them may be a name alone.
func TestPagesNameTestsThatExist(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build") {
			return cmp.Or(err, filepath.SkipDir)
		}
		if d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(name)
		for _, m := range testName.FindAllSubmatch(raw, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, least := range map[string]int{"../docs/casework.md": 30, "../docs/threat-model.md": 15, "../docs/log.md": 20} {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile(`\b(?:Test|Fuzz)\w+`).FindAllString(string(page), -1)
		if len(named) < least {
			t.Errorf("%s: only %d tests are named", path, len(named))
		}
		for _, name := range named {
			if !there[name] {
				t.Errorf("%s: there is no %s", path, name)
			}
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
