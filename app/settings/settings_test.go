package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/settings"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var by = settings.Author{ID: 1, Name: "管理员"}

func TestSavingTheSiteKeepsEveryVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		for _, name := range []string{"甲法院", "乙法院"} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error {
				return settings.SaveSite(tx, by, map[string]string{"court": name, "unknown": "x"})
			}); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return settings.SaveSite(tx, by, map[string]string{"court": "", "website": "javascript:x", "name": strings.Repeat("长", 21)})
		})
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid || len(f.Fields) != 3 {
			t.Fatalf("%v", err)
		}
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			s, err := settings.LoadSite(r)
			if s.Court != "乙法院" || s.Hotline != "12368" {
				t.Errorf("%+v", s)
			}
			var versions int64
			r.Table("settings").Where("name = 'site'").Count(&versions)
			if versions != 2 {
				t.Errorf("%d versions", versions)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestALimitChangesAsANewVersionWithItsSource(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		set := func(kind string, l calendar.Limit, source string) error {
			return db.Write(t.Context(), func(tx *store.Tx) error {
				return settings.SetLimit(tx, by, kind, settings.Handle, l, source)
			})
		}
		if err := set("enquiry", calendar.Limit{Amount: 3, Unit: calendar.Workdays}, "院办〔2021〕1号"); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []error{
			set("enquiry", calendar.Limit{Amount: 0, Unit: calendar.Workdays}, "x"),
			set("enquiry", calendar.Limit{Amount: 3, Unit: calendar.Workdays}, " "),
			set("nothing", calendar.Limit{Amount: 3, Unit: calendar.Workdays}, "x"),
		} {
			if _, ok := fault.As(bad); !ok {
				t.Errorf("%v", bad)
			}
		}
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			limits, err := settings.LoadLimits(r)
			now := clock.Now()
			want := settings.TimeLimit{Kind: "enquiry", Step: settings.Handle, Version: 2, Amount: 3, Unit: calendar.Workdays,
				Starts: "accepted", Source: "院办〔2021〕1号", At: &now, ActorID: 1, ActorName: "管理员"}
			if d := cmp.Diff(want, limits.For("enquiry", settings.Handle)); d != "" {
				t.Error(d)
			}
			if limits.For("petition", settings.Return).Amount != 5 {
				t.Error("the limit for all kinds is not found")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnImportedNoticeJoinsTheCalendar(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		day := calendar.NewDate(2027, 1, 4)
		n := calendar.Notice{Year: 2027, Days: []calendar.Day{{Date: day, Name: "元旦"}}}
		for range 2 {
			if err := db.Write(t.Context(), func(tx *store.Tx) error {
				return settings.ImportNotice(tx, by, n, "国办发明电")
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			c, err := settings.LoadCalendar(r)
			if err == nil && (!c.Loaded(2027) || c.IsWorkday(day) || !c.Loaded(2021)) {
				t.Error("the notice is not in the calendar")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
