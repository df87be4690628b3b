package removal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/removal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// secret is what must not be readable any more.
const secret = "滇A12345赵小军住文林街七号"

type desk struct {
	*testing.T
	db         *store.DB
	clock      *storetest.Clock
	book       *logbook.Book
	supervisor staff.Actor
}

// each has a log with a reply that was withdrawn and one that stands in its second version.
func each(t *testing.T, test func(d *desk)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		book, err := logbook.Open(t.Context(), db, logbook.In(t.TempDir()), "court.example/log")
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{t, db, clock, book, stafftest.Actor(t, db, "overseer", "督查室", staff.Supervisor)}
		d.record(logbook.Text{Kind: "reply", Ref: "1", Body: `{"title":"` + secret + `"}` + "\n"}, logbook.Text{Kind: "problem", Ref: "7", Body: `{"text":"` + secret + `"}` + "\n"})
		d.record(logbook.Text{Kind: "reply", Ref: "1", Why: secret}, logbook.Text{Kind: "problem", Ref: "7", Body: `{"text":"改过"}` + "\n"})
		logbooktest.Sign(t, db, book)
		test(d)
	})
}

func (d *desk) record(texts ...logbook.Text) {
	d.Helper()
	if err := d.db.Write(d.Context(), func(tx *store.Tx) error { return logbook.Record(tx, texts...) }); err != nil {
		d.Fatal(err)
	}
}

func decision(kind, ref string, version int) removal.Decision {
	return removal.Decision{Kind: kind, Ref: ref, Version: version, Why: "含有个人信息", Decision: "云高法〔2021〕9号", Sure: true}
}

func (d *desk) decide(x removal.Decision) {
	d.Helper()
	if err := removal.Decide(d.Context(), d.db, d.supervisor, x); err != nil {
		d.Fatal(err)
	}
}

// check verifies the log from inside, and that the sources say what it says.
func (d *desk) check() {
	d.Helper()
	logbooktest.Sign(d.T, d.db, d.book)
	if _, err := d.book.Audit(d.Context(), func(string, int64) {}); err != nil {
		d.Error(err)
	}
	logbooktest.Check(d.T, d.db, logbook.Sources{logbook.Expunged: d.book.Sources[logbook.Expunged]})
}

func TestATextIsTakenAwayByDecisionAndItsDigestStays(t *testing.T) {
	each(t, func(d *desk) {
		var before []logbook.Told
		read := func(f func(r *store.Reader) error) {
			d.Helper()
			if err := d.db.Read(d.Context(), f); err != nil {
				d.Fatal(err)
			}
		}
		read(func(r *store.Reader) (err error) { before, err = logbook.History(r, "reply", "1", 0, 9); return err })
		d.decide(decision("reply", "1", 1))
		d.decide(decision("reply", "1", 2)) // the reason of a withdrawal may hold personal data too
		d.decide(decision("problem", "7", 1))
		notice := func(at logbook.Told) *logbook.Notice {
			return &logbook.Notice{Kind: at.Kind, ID: at.Ref, Version: at.Version.Version, Digest: fmt.Sprintf("%x", at.Digest), Why: "含有个人信息", Decision: "云高法〔2021〕9号", On: "2021-01-06"}
		}
		want := []logbook.Told{{Version: before[0].Version, Expunged: notice(before[0])}, {Version: before[1].Version, Expunged: notice(before[1])}}
		read(func(r *store.Reader) error {
			got, err := logbook.History(r, "reply", "1", 0, 9)
			want[0].Expunged.On, want[1].Expunged.On = got[0].Expunged.On, got[1].Expunged.On
			if diff := cmp.Diff(want, got); diff != "" || len(got[0].Expunged.On) != 10 {
				d.Error(diff)
			}
			if _, err := logbook.Body(r, "reply", "1", 1); !fault.Is(err, fault.NotFound) {
				d.Error(err)
			}
			listed, err2 := d.book.Shown(r, logbook.Expunged, "", 9)
			raw, _ := json.Marshal(want[1].Expunged)
			if len(listed) != 3 || !strings.Contains(fmt.Sprint(listed), string(raw)+"\n") {
				d.Errorf("%+v", listed)
			}
			latest, err3 := logbook.Latest(r, 9)
			trail, err4 := journal.Trail(r, journal.Filter{Verb: "log.expunge", Limit: 9})
			if len(latest) != 7 || latest[0].Kind != logbook.Expunged || len(trail) != 3 || trail[0].ActorID != d.supervisor.ID {
				d.Errorf("%+v %+v", latest, trail)
			}
			for _, err := range []error{err, err2, err3, err4} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		d.check()
		d.gone()
		d.record(logbook.Text{Kind: "reply", Ref: "1", Body: "{}\n"}) // it may be published again
		d.check()
	})
}

// gone verifies that SQLite's files hold nothing of what was taken away.
func (d *desk) gone() {
	if d.db.Dialect() != store.SQLite {
		return
	}
	var file string
	if err := d.db.Read(d.Context(), func(r *store.Reader) error {
		return r.Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file).Error
	}); err != nil {
		d.Fatal(err)
	}
	names, err := filepath.Glob(file + "*")
	if err != nil || len(names) < 2 {
		d.Fatal(names, err)
	}
	found := false
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			d.Fatal(err)
		}
		if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte("文林街")) {
			d.Errorf("%s still holds what was taken away", filepath.Base(name))
		}
		found = found || bytes.Contains(raw, []byte("含有个人信息"))
	}
	if !found {
		d.Error("the notice is not found either")
	}
}

func TestWhatThePublicReadsAndNoticesAreNeverTakenAway(t *testing.T) {
	each(t, func(d *desk) {
		d.decide(decision("reply", "1", 1))
		d.record(logbook.Text{Kind: "problem", Ref: "8", Body: "{}\n"}, logbook.Text{Kind: "problem", Ref: "7", Body: "{}\n"})
		d.record(logbook.Text{Kind: "problem", Ref: "8", Body: "{ }\n"})
		for _, x := range []struct {
			kind, ref string
			version   int
			want      fault.Kind
			says      string
		}{
			{"problem", "7", 3, fault.Conflict, "正在网站上公布"}, {"problem", "8", 1, fault.Conflict, "还没有编号"}, {"reply", "1", 1, fault.Conflict, "已经撤除"},
			{"expunged", "0", 1, fault.Conflict, "撤除说明不能撤除"}, {"reply", "1", 3, fault.NotFound, "没有这一版"}, {"case", "1", 1, fault.NotFound, "没有这一版"},
		} {
			err := removal.Decide(d.Context(), d.db, d.supervisor, decision(x.kind, x.ref, x.version))
			if !fault.Is(err, x.want) || !strings.Contains(err.Error(), x.says) {
				d.Errorf("%+v: %v", x, err)
			}
		}
		for _, r := range staff.Roles {
			if r == staff.Supervisor {
				continue
			}
			a := stafftest.Actor(t, d.db, "r"+strings.ReplaceAll(string(r), "_", ""), "部门", r)
			if err := removal.Decide(d.Context(), d.db, a, decision("problem", "7", 1)); !fault.Is(err, fault.Forbidden) {
				d.Errorf("%s: %v", r, err)
			}
		}
		err := removal.Decide(d.Context(), d.db, d.supervisor, removal.Decision{Kind: "problem", Ref: "7", Version: 1, Why: strings.Repeat("长", removal.MaxWhy+1)})
		if f, ok := fault.As(err); !ok || len(f.Fields) != 3 {
			d.Error(err)
		}
		d.check()
		// The database refuses what the room did not do.
		for _, s := range []string{"DELETE FROM log_texts WHERE kind = 'problem' AND version = 1", "DELETE FROM log_texts WHERE kind = 'expunged'", "UPDATE log_texts SET body = '' WHERE kind = 'reply'"} {
			if err := d.db.Write(d.Context(), func(tx *store.Tx) error { return tx.Exec(s).Error }); err == nil || !strings.Contains(err.Error(), "append-only") {
				d.Errorf("%s: %v", s, err)
			}
		}
	})
}

func TestOfTwoWhoDecideAtOnceOneIsTold(t *testing.T) {
	each(t, func(d *desk) {
		results := make(chan error, 2)
		for range 2 {
			go func() { results <- removal.Decide(d.Context(), d.db, d.supervisor, decision("problem", "7", 1)) }()
		}
		one, two := <-results, <-results
		if one != nil {
			one, two = two, one
		}
		if one != nil || !fault.Is(two, fault.Conflict) {
			d.Errorf("%v, %v", one, two)
		}
		d.check()
	})
}
