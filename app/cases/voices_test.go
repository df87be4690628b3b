package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func TestWhatThePublicSaysOfProblemsIsCountedAndOnlyPublishedSubjectsAreNamed(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		comment := func(problem string) cases.Submission {
			s := suggestion()
			s.Kind, s.Problem, s.Title = cases.Comment, problem, "秘密的标题"
			return s
		}
		id := c.answered(comment("1-1"))
		no, err := c.ProposePublication(ctx, c.publisher, id, "窗口中午有人值班吗", "群众建议中午值班", "已经安排")
		c.must(err)
		var all []string
		for _, e := range cases.Exclusions {
			all = append(all, e.Name)
		}
		c.must(c.ReviewPublication(ctx, c.second, no, 1, true, all, ""))
		first := calendar.Of(c.db.Now())
		c.clock.Advance(72 * time.Hour)
		c.submit(comment("1-2"))
		c.submit(comment("1-2"))
		spam := c.submit(comment("1-2"))
		c.must(c.Discard(ctx, c.clerk, spam.ID, c.v(spam.ID)))
		c.submit(suggestion()) // about nothing

		office := stafftest.Actor(t, c.db, "office", "整改办", staff.RectificationOffice)
		read := func(a staff.Actor, since calendar.Date) (list []cases.Voice, err error) {
			err = c.db.Read(ctx, func(r *store.Reader) error {
				p, err := ledger.Main(r)
				if err != nil {
					return err
				}
				list, err = cases.Voices(r, a, p.ID, since, 10)
				return err
			})
			for i := range list {
				list[i].ProblemID = 0
			}
			return list, err
		}
		got, err := read(office, calendar.Date{})
		c.must(err)
		want := []cases.Voice{{Code: "1-2", Title: "回复不及时", Comments: 2}, {Code: "1-1", Title: "窗口排队时间长", Comments: 1, Subjects: []string{"窗口中午有人值班吗"}}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		got, err = read(office, first.AddDays(1))
		c.must(err)
		if d := cmp.Diff(want[:1], got); d != "" {
			t.Error(d)
		}
		for _, v := range got {
			if strings.Contains(strings.Join(v.Subjects, ""), "秘密") {
				t.Error("a subject that nobody published is named")
			}
		}
		for _, a := range []staff.Actor{c.clerk, c.handler, c.publisher, c.stranger} {
			_, err := read(a, first)
			c.refused(err, fault.Forbidden)
		}
	})
}
