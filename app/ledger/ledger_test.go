package ledger_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func seed(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../seed/announcement.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t *testing.T, db *store.DB, f func(r *store.Reader) error) {
	t.Helper()
	if err := db.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func published(t *testing.T, db *store.DB, text string) ledger.Imported {
	t.Helper()
	l := ledger.New(db, nil)
	got, err := l.Import(t.Context(), staff.System, text)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(t.Context(), staff.System, got.Announcement.ID, got.Announcement.Digest, "台账还没有导入"); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheSeedIsImportedAsItStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		got := published(t, db, seed(t))
		read(t, db, func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err != nil {
				return err
			}
			if p.Inspector != "省委第七巡视组" || p.InspectedTo != calendar.NewDate(2020, 5, 26) || p.FeedbackOn != calendar.NewDate(2020, 7, 16) {
				t.Errorf("%+v", p)
			}
			outlines, err := ledger.Outlines(r, p)
			if err != nil {
				return err
			}
			var counts []int
			for _, o := range outlines {
				counts = append(counts, len(o.Problems))
				for _, x := range o.Problems {
					if x.Status != ledger.Unstated || x.Closing != "none" {
						t.Errorf("%s has a status nobody stated: %+v", x.Code, x)
					}
				}
			}
			if d := cmp.Diff([]int{6, 3, 4, 2}, counts); d != "" {
				t.Error(d)
			}
			d, err := ledger.Describe(r, p, "4-1")
			if err != nil {
				return err
			}
			if d.Problem.Title != "‘两个责任’挂空挡，整改落实‘一阵风’" || d.Previous.Code != "3-4" || d.Next.Code != "4-2" || len(d.Events) != 1 {
				t.Errorf("%+v", d)
			}
			var sentences int64
			if err := r.Table("statements").Count(&sentences).Error; err != nil {
				return err
			}
			if sentences != 76 {
				t.Errorf("%d sentences", sentences)
			}
			compared, err := ledger.Reconcile(r, got.Announcement)
			if err != nil {
				return err
			}
			stated := map[string]int{}
			for _, c := range compared {
				stated[c.Name] = c.Value
				if c.Ledger != nil && *c.Ledger != c.Value && c.Note == "" {
					t.Errorf("%s differs without a word", c.Name)
				}
			}
			want := map[string]int{"problems": 42, "sub_problems": 95, "measures": 295, "problems_done": 37, "problems_basically_done": 5, "measures_done": 281, "rules": 102}
			if d := cmp.Diff(want, stated); d != "" {
				t.Error(d)
			}
			return nil
		})
	})
}

func TestNothingIsPublicBeforeItIsPublished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		l := ledger.New(db, nil)
		got, err := l.Import(t.Context(), staff.System, seed(t))
		if err != nil {
			t.Fatal(err)
		}
		read(t, db, func(r *store.Reader) error {
			if _, err := ledger.FindProblem(r, "1-1"); !fault.Is(err, fault.NotFound) {
				t.Error("a problem shows", err)
			}
			if _, err := ledger.FindAnnouncement(r, got.Announcement.Slug, false); !fault.Is(err, fault.NotFound) {
				t.Error("the announcement shows", err)
			}
			list, _, err := ledger.Progress(r, got.Programme, ledger.Filter{Query: "理论武装", Limit: 10})
			if len(list) != 0 {
				t.Error("search finds it")
			}
			return err
		})
	})
}

func TestAPartThatOnlyADraftNamesIsNotPublicYet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		const text = "根据安排，2024年3月1日至4月30日，省委第一巡视组对某院党组开展了巡视。\n一、整改情况\n（一）关于“作风”方面\n1.关于“拖延”的问题。已经整改。\n某某法院党组\n2024年9月1日\n"
		first := published(t, db, text)
		l, ctx := ledger.New(db, nil), t.Context()
		more := strings.Replace(text, "已经整改。\n", "\n（1）针对“窗口推诿”问题。已经改正。\n（2）针对“电话不接”问题。\n", 1)
		got, err := l.Import(ctx, staff.System, strings.Replace(more, "9月1日", "12月1日", 1))
		if err != nil || got.Programme.ID != first.Programme.ID {
			t.Fatal(err)
		}
		parts := func() (n int) {
			read(t, db, func(r *store.Reader) error {
				d, err := ledger.Describe(r, first.Programme, "1-1")
				if err != nil {
					return err
				}
				x, err := ledger.ReadPublished(r, first.Programme)
				if len(x.Subs) != len(d.Subs) {
					t.Errorf("%v %v", x.Subs, d.Subs)
				}
				n = len(d.Subs)
				return err
			})
			return n
		}
		if n := parts(); n != 0 {
			t.Errorf("%d parts show", n)
		}
		if err := l.Publish(ctx, staff.System, got.Announcement.ID, got.Announcement.Digest, "台账还没有导入"); err != nil {
			t.Fatal(err)
		}
		if n := parts(); n != 2 {
			t.Errorf("%d parts show", n)
		}
		ledgertest.Check(t, db)
	})
}

func TestTheSameTextTwiceIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		got := published(t, db, seed(t))
		l := ledger.New(db, nil)
		if _, err := l.Import(t.Context(), staff.System, seed(t)); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		if err := l.Publish(t.Context(), staff.System, got.Announcement.ID, got.Announcement.Digest, "台账还没有导入"); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		if _, err := l.Import(t.Context(), staff.Actor{ID: 1, Roles: []staff.Role{staff.Handler}}, "x"); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		for _, empty := range []string{"", " \n ", "今天天气很好。"} {
			if _, err := l.Import(t.Context(), staff.System, empty); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", empty, err)
			}
		}
	})
}

func TestALaterAnnouncementJoinsItsProgramme(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		first := published(t, db, seed(t))
		later := strings.Replace(seed(t), "2021年1月6日", "2021年7月6日", 1)
		later = strings.Replace(later, "完成整改37个,基本完成整改5个", "完成整改42个", 1)
		second := published(t, db, later)
		if second.Programme.ID != first.Programme.ID || second.NewProblems != 0 {
			t.Fatalf("%+v, %d new problems", second.Programme, second.NewProblems)
		}
		// Another inspection is a programme of its own, with codes of its own.
		third := published(t, db, "根据安排，2024年3月1日至4月30日，省委第一巡视组对某院党组开展了巡视。\n一、整改情况\n（一）关于“作风”方面\n1.关于“拖延”的问题。已经整改。\n某某法院党组\n2024年9月1日\n")
		if third.Programme.Main || third.NewProblems != 1 {
			t.Fatalf("%+v", third)
		}
		read(t, db, func(r *store.Reader) error {
			p, err := ledger.ProgrammeBySlug(r, third.Programme.Slug)
			if err != nil {
				return err
			}
			d, err := ledger.Describe(r, p, "1-1")
			if err != nil {
				return err
			}
			if d.Problem.Title != "拖延" {
				t.Errorf("%+v", d.Problem)
			}
			a, figures, ok, err := ledger.Stated(r, first.Programme.ID)
			if !ok || a.ID != second.Announcement.ID || figures["problems_done"].Value != 42 {
				t.Errorf("%+v %+v", a, figures)
			}
			return err
		})
	})
}

func TestFiltersCountWhatTheyShow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		got := published(t, db, seed(t))
		read(t, db, func(r *store.Reader) error {
			for _, f := range []ledger.Filter{{}, {Aspect: 2}, {Status: ledger.Unstated, Aspect: 3}, {Status: ledger.Done}, {Dept: "执行局"}, {Query: "扫黑除恶"}, {Query: "没有这样的词"}} {
				f.Limit = 100
				list, tallies, err := ledger.Progress(r, got.Programme, f)
				if err != nil {
					return err
				}
				if n := ledger.Sum(tallies, f); n != len(list) {
					t.Errorf("%+v: says %d, shows %d", f, n, len(list))
				}
			}
			var seen []string
			f := ledger.Filter{Limit: 4}
			for {
				list, _, err := ledger.Progress(r, got.Programme, f)
				if err != nil {
					return err
				}
				if len(list) == 0 {
					break
				}
				for _, x := range list {
					seen = append(seen, x.Code)
				}
				last := list[len(list)-1]
				f.After = [2]int{last.AspectNo, last.No}
			}
			want := "1-1 1-2 1-3 1-4 1-5 1-6 2-1 2-2 2-3 3-1 3-2 3-3 3-4 4-1 4-2"
			if got := strings.Join(seen, " "); got != want {
				t.Errorf("%s", got)
			}
			return nil
		})
	})
}
