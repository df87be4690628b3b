package cases_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
)

func TestAFilterIsAnAddressAndBack(t *testing.T) {
	day := rapid.Custom(func(t *rapid.T) calendar.Date {
		return calendar.NewDate(2021, 1, 1).AddDays(rapid.IntRange(0, 1000).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		f := cases.Filter{Overdue: rapid.Bool().Draw(t, "overdue"), Mine: rapid.Bool().Draw(t, "mine"), Nobody: rapid.Bool().Draw(t, "nobody"), Within: rapid.IntRange(0, 366).Draw(t, "within"),
			Basket: rapid.SampledFrom(cases.Baskets).Draw(t, "basket").Name, Kind: rapid.SampledFrom(append(cases.Kinds, "")).Draw(t, "kind"), Channel: rapid.SampledFrom(append(cases.Channels, "")).Draw(t, "channel"),
			Department: rapid.Int64Range(0, 50).Draw(t, "department"), Query: rapid.SampledFrom([]string{"", "排队 叫号", "a&b=c"}).Draw(t, "q")}
		if rapid.Bool().Draw(t, "days") {
			f.From = day.Draw(t, "from")
			f.To = f.From.AddDays(rapid.IntRange(0, 100).Draw(t, "long"))
		}
		values, err := url.ParseQuery(f.Values().Encode())
		if err != nil {
			t.Fatal(err)
		}
		got, bad := cases.ReadFilter(values.Get)
		if d := cmp.Diff(f, got, cmp.AllowUnexported(calendar.Date{})); d != "" || len(bad) > 0 {
			t.Fatalf("%s %v", d, bad)
		}
	})
	values, _ := url.ParseQuery("basket=x&kind=report&channel=fax&department=-1&within=0&from=gestern&to=2021-02-30&q=" + strings.Repeat("长", 200))
	f, bad := cases.ReadFilter(values.Get)
	var names []string
	for _, b := range bad {
		names = append(names, b.Name)
	}
	if got := strings.Join(names, " "); got != "basket channel department from kind to within" || len([]rune(f.Query)) != 100 {
		t.Errorf("%s %+v", got, f)
	}
}

func TestViewsCountWhatTheirOwnerSees(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		mine := c.handled(suggestion())
		c.submit(suggestion())
		named := suggestion()
		named.Content += c.dispatcher.Name + "没有回话。"
		c.submit(named)
		keep := func(a staff.Actor, name string, f cases.Filter, shared bool) int64 {
			t.Helper()
			id, err := c.SaveView(ctx, a, cases.View{Name: name, Filter: f.Values().Encode(), Shared: shared}, 0)
			c.must(err)
			return id
		}
		counts := func(a staff.Actor) string {
			t.Helper()
			q, err := c.List(ctx, a, cases.Filter{Limit: 10})
			c.must(err)
			var out []string
			for _, v := range q.Views {
				out = append(out, fmt.Sprintf("%s %d", v.Name, v.N))
			}
			return strings.Join(out, ", ")
		}
		keep(c.clerk, "没有人办", cases.Filter{Nobody: true, Open: true}, false)
		keep(c.clerk, "也有办结的", cases.Filter{Nobody: true}, false)
		keep(c.clerk, "结束的", cases.Filter{Basket: "ended"}, false)
		keep(c.clerk, "写到窗口", cases.Filter{Query: "窗口"}, false)
		shared := keep(c.dispatcher, "大家的", cases.Filter{Basket: "new"}, true)
		keep(c.handler, "我的", cases.Filter{Mine: true, Open: true}, false)
		for _, x := range []struct {
			a    staff.Actor
			want string
		}{
			{c.clerk, "没有人办 2, 也有办结的 -1, 结束的 -1, 写到窗口 -1, 大家的 2"},
			{c.dispatcher, "大家的 1"}, // must not see the one that names them
			{c.handler, "我的 1, 大家的 0"},
		} {
			if got := counts(x.a); got != x.want {
				t.Errorf("%s: %s, want %s", x.a.Login, got, x.want)
			}
		}
		// A count is what opening the view lists.
		q, err := c.List(ctx, c.handler, cases.Filter{Mine: true, Limit: 10})
		c.must(err)
		if len(q.Rows) != 1 || q.Rows[0].ID != mine {
			t.Errorf("%+v", q.Rows)
		}

		_, err = c.SaveView(ctx, c.clerk, cases.View{Name: "给大家", Filter: "mine=1", Shared: true}, 0)
		c.refused(err, fault.Invalid)
		_, err = c.SaveView(ctx, c.clerk, cases.View{Name: " ", Filter: "mine=1"}, 0)
		c.refused(err, fault.Invalid)
		_, err = c.SaveView(ctx, c.clerk, cases.View{Name: "全部", Filter: "basket=zz&%zz"}, 0)
		c.refused(err, fault.Invalid)
		_, err = c.SaveView(ctx, c.stranger, cases.View{Name: "看看"}, 0)
		c.refused(err, fault.Forbidden)
		_, err = c.SaveView(ctx, c.clerk, cases.View{ID: shared, Name: "改", Filter: "mine=1"}, 1)
		c.refused(err, fault.NotFound)
		c.refused(c.DropView(ctx, c.handler, shared, 1), fault.NotFound)
		_, err = c.SaveView(ctx, c.supervisor, cases.View{ID: shared, Name: "待登记的", Filter: "basket=new", Shared: true}, 1)
		c.must(err)
		_, err = c.SaveView(ctx, c.dispatcher, cases.View{ID: shared, Name: "别名", Filter: "mine=1", Shared: true}, 1)
		c.refused(err, fault.Conflict)
		c.refused(c.DropView(ctx, c.dispatcher, shared, 1), fault.Conflict)
		c.must(c.DropView(ctx, c.dispatcher, shared, 2))
		if got := counts(c.handler); got != "我的 1" {
			t.Error(got)
		}
		second := stafftest.Actor(t, c.db, "many", "立案庭", staff.IntakeClerk)
		for i := range 50 {
			keep(second, fmt.Sprint("视图", i), cases.Filter{Within: i + 1}, false)
		}
		_, err = c.SaveView(ctx, second, cases.View{Name: "再一个", Filter: "mine=1"}, 0)
		c.refused(err, fault.Conflict)
	})
}

func TestCountsThatCostMuchAreKeptForAWhileAndUntilTheReaderActs(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.submit(suggestion()).ID
		_, err := c.SaveView(ctx, c.clerk, cases.View{Name: "没有人办", Filter: "nobody=1&open=1"}, 0)
		c.must(err)
		n := func() int {
			t.Helper()
			q, err := c.List(ctx, c.clerk, cases.Filter{Limit: 10})
			c.must(err)
			return q.Views[0].N
		}
		c.submit(suggestion())
		if got := n(); got != 2 {
			t.Errorf("what costs nothing is counted every time: %d", got)
		}
		c.clock.Step(50 * time.Millisecond) // whatever is done takes that long
		defer c.clock.Step(0)
		n()
		c.submit(suggestion())
		if got := n(); got != 2 {
			t.Errorf("%d", got)
		}
		// Their own act shows at once, others' when the count is old.
		c.must(c.Register(ctx, c.clerk, id, c.v(id), ""))
		if got := n(); got != 3 {
			t.Errorf("after the reader's act: %d", got)
		}
		c.submit(suggestion())
		if got := n(); got != 3 {
			t.Errorf("%d", got)
		}
		c.clock.Advance(6 * time.Second)
		if got := n(); got != 4 {
			t.Errorf("after a while: %d", got)
		}
	})
}

func TestAViewsCountIsWhatItLists(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		objected := c.answered(suggestion())
		c.must(c.Object(ctx, objected, "没有回答我的问题。"))
		c.answered(suggestion())
		c.handled(suggestion())
		c.accepted(complaint("v1", "窗口没有人"))
		c.submit(suggestion())
		c.clock.Advance(40 * 24 * time.Hour)
		filters := []cases.Filter{{Overdue: true}, {Within: 5}, {Open: true}, {Basket: "objected"}, {Basket: "handling"}, {Basket: "accepted"}, {Open: true, Nobody: true}, {Open: true, Kind: cases.Complaint}, {Overdue: true, Mine: true}}
		for i, f := range filters {
			_, err := c.SaveView(ctx, c.dispatcher, cases.View{Name: fmt.Sprint("视图", i), Filter: f.Values().Encode(), Place: i}, 0)
			c.must(err)
		}
		q, err := c.List(ctx, c.dispatcher, cases.Filter{Limit: 10})
		c.must(err)
		all := 0
		for i, v := range q.Views {
			f := filters[i]
			f.Limit = 100
			list, err := c.List(ctx, c.dispatcher, f)
			c.must(err)
			if v.N != len(list.Rows) {
				t.Errorf("%s: counted %d, listed %d", v.Filter, v.N, len(list.Rows))
			}
			all += v.N
		}
		if len(q.Views) != len(filters) || all < 12 {
			t.Errorf("%d views, %d cases in them", len(q.Views), all)
		}
	})
}
