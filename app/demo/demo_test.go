package demo_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/announce"
	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/demo"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) {
	stafftest.CheapPasswords()
	storetest.Main(m)
}

func house(t *testing.T, db *store.DB, clock *storetest.Clock) demo.House {
	t.Helper()
	folder, err := blob.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pepper := seal.Pepper(bytes.Repeat([]byte{3}, 32))
	h := demo.House{DB: db, Staff: staff.New(db, pepper, false), Ledger: ledger.New(db, blob.Sealed(folder, key)), Cases: cases.New(db, blob.Sealed(folder, key), pepper), Clock: clock}
	t.Cleanup(h.Cases.Close)
	clock.Set(time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
	if _, err := h.Staff.EnsureFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheDemonstrationIsWhatItSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, hands *storetest.Clock) {
		h := house(t, db, hands)
		if err := demo.Load(t.Context(), h, 40, 7); err != nil {
			f, _ := fault.As(err)
			t.Fatalf("%v %+v", err, f)
		}
		ledgertest.Check(t, db)
		casestest.Check(t, db)
		err := db.Read(t.Context(), func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err != nil {
				return err
			}
			n, err := ledger.Count(r, p)
			if err != nil {
				return err
			}
			if d := cmp.Diff([]int{42, 95, 295, 14, 1}, []int{n.Problems.All(), n.SubProblems, n.Measures.All(), n.Measures[ledger.BasicallyDone], n.Measures[ledger.InProgress]}); d != "" {
				t.Error(d)
			}
			if n.MeasuresClosed < 200 || n.ProblemsClosed < 5 || n.Problems[ledger.BasicallyDone] != 5 {
				t.Errorf("%+v", n)
			}
			for table, least := range map[string]int64{"cases": 40, "published_replies": 1, "due_changes": 14, "lookback_items": 30, "rules": 14, "supervision_orders": 4, "review_meetings": 4, "digests": 100} {
				var have int64
				if err := r.Table(table).Count(&have).Error; err != nil {
					return err
				}
				if have < least {
					t.Errorf("%d %s", have, table)
				}
			}
			var refused, late int64
			if err := r.Table("closing_steps").Where("NOT passed").Count(&refused).Error; err != nil {
				return err
			}
			if err := r.Table("ledger_events").Where("at > ?", hands.Now()).Count(&late).Error; err != nil {
				return err
			}
			if refused == 0 || late != 0 || !p.Demo {
				t.Errorf("%d refusals, %d events of the future, fictional: %v", refused, late, p.Demo)
			}
			var titles []string
			if err := r.Table("problems").Where("NOT announced").Pluck("title", &titles).Error; err != nil {
				return err
			}
			for _, x := range titles {
				if !strings.HasPrefix(x, "（示例）") {
					t.Errorf("%s is not marked", x)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		draftsTheNext(t, db)
		if err := demo.Load(t.Context(), h, 1, 7); !fault.Is(err, fault.Conflict) {
			t.Error("a second demonstration was loaded", err)
		}
	})
}

// draftsTheNext drafts the next announcement of the whole ledger, and has it
// read back from the text, from the Word document, and from what LibreOffice
// reads in that.
func draftsTheNext(t *testing.T, db *store.DB) {
	t.Helper()
	var d ledger.Draft
	err := db.Read(t.Context(), func(r *store.Reader) error {
		p, err := ledger.Main(r)
		if err != nil {
			return err
		}
		d, err = ledger.DraftNext(r, staff.System, p, settings.Site{Hotline: "12368", Address: "某市某路1号"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range d.Gaps {
		if g.ProblemID != 0 {
			t.Errorf("%+v", g)
		}
	}
	hostile := strings.Replace(d.Text, "1.针对“（示例）", "1.针对“</w:t>&amp;<b>]]>\x1b\"'", 1)
	if hostile == d.Text {
		t.Error("no title to spoil")
	}
	d.Text = hostile
	file, err := announce.WriteDocx(d.Text)
	if err != nil {
		t.Fatal(err)
	}
	word, err := announce.DecodeFile("通报.docx", file)
	if err != nil {
		t.Fatal(err)
	}
	want := announce.Parse(d.Text)
	if aspects, problems, parts, actions := want.Named(); aspects != 4 || problems != 42 || parts != 95 || actions < 295 {
		t.Errorf("%d aspects, %d problems, %d parts, %d sentences", aspects, problems, parts, actions)
	}
	if n := ledger.StatedIn(want); n["problems"].Value != 42 || n["sub_problems"].Value != 95 || n["measures"].Value != 295 || n["measures_done"].Value != d.Counts.Measures[ledger.Done] {
		t.Errorf("%+v", n)
	}
	for by, text := range map[string]string{"itself": word, "LibreOffice": libreOffice(t, file)} {
		got := announce.Parse(text)
		if diff := cmp.Diff(want.Aspects, got.Aspects); diff != "" {
			t.Errorf("as read by %s: %s", by, diff)
		}
		if diff := cmp.Diff(want.Figures, got.Figures); diff != "" {
			t.Errorf("as read by %s: %s", by, diff)
		}
	}
}

// libreOffice is the text of a Word document as LibreOffice reads it.
func libreOffice(t *testing.T, file []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.docx"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir", dir, filepath.Join(dir, "a.docx"))
	out, err := cmd.CombinedOutput()
	text, missing := os.ReadFile(filepath.Join(dir, "a.txt"))
	if err != nil || missing != nil {
		t.Fatalf("LibreOffice with its writer (scripts/install-test-tools installs it): %v %s", err, out)
	}
	return string(text)
}

func TestVeryManyCasesAreCopiesOfThoseThatWereActedOut(t *testing.T) {
	demo.Act(40)
	defer demo.Act(700)
	storetest.Each(t, func(t *testing.T, db *store.DB, hands *storetest.Clock) {
		h := house(t, db, hands)
		told := 0
		h.Progress = func(done, of int) {
			if done < told || of != 333 {
				t.Errorf("%d of %d after %d", done, of, told)
			}
			told = done
		}
		if err := demo.Load(t.Context(), h, 333, 7); err != nil {
			t.Fatal(err)
		}
		casestest.Check(t, db)
		clerk := stafftest.Actor(t, db, "a.clerk", "办公室", staff.IntakeClerk)
		q, err := h.Cases.List(t.Context(), clerk, cases.Filter{Query: "案款 8", Limit: 50})
		if err != nil || len(q.Rows) == 0 {
			t.Errorf("no copy is found: %v", err)
		}
		var n, numbers, callers int64
		err = db.Read(t.Context(), func(r *store.Reader) error {
			if err := r.Table("case_contacts").Distinct("caller_hash").Count(&callers).Error; err != nil {
				return err
			}
			if err := r.Table("cases").Count(&n).Error; err != nil {
				return err
			}
			return r.Table("cases").Distinct("case_no").Where("length(case_no) = 8").Count(&numbers).Error
		})
		if err != nil || n != 333 || numbers != 333 || callers < 300 || told != 333 {
			t.Errorf("%d cases, %d numbers, %d callers, %d told, %v", n, numbers, callers, told, err)
		}
		// Keys that were given by hand are not given again.
		_, err = h.Cases.Record(t.Context(), clerk, cases.Submission{Kind: cases.Suggestion, Channel: cases.Letter, Title: "又一件", Content: "以后来的。", Key: "a form after the copies"})
		if err != nil {
			t.Error(err)
		}
		casestest.Check(t, db)
	})
}

func TestTheDemonstrationHasCasesInEveryStateAndOfEveryChannel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, hands *storetest.Clock) {
		h := house(t, db, hands)
		if err := demo.Load(t.Context(), h, 125, 3); err != nil {
			t.Fatal(err)
		}
		casestest.Check(t, db)
		var have []string
		err := db.Read(t.Context(), func(r *store.Reader) error {
			return r.Raw("SELECT DISTINCT state FROM cases UNION SELECT DISTINCT channel FROM cases").Scan(&have).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range cases.States {
			if !slices.Contains(have, string(st)) {
				t.Errorf("no case is %s", st)
			}
		}
		for _, ch := range cases.Channels {
			if !slices.Contains(have, string(ch)) {
				t.Errorf("no case came by %s", ch)
			}
		}
	})
}
