package cases_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func complaint(key, title string) cases.Submission {
	return cases.Submission{Kind: cases.Complaint, Title: title, Content: "窗口没有人，等了两个小时。" + title, Name: "某人" + key, Phone: "0871-64000000", Unit: "诉讼服务中心", HappenedAt: "上午", PrivacyVersion: "1",
		Email: "m" + key + "@example.cn", Key: "merge-key-0000" + key}
}

// row is a case as it is stored, but for its version.
func (c *court) row(id int64) cases.Case {
	x := c.get(id)
	x.Version = 0
	return x
}

func (c *court) no(id int64) string { return c.get(id).CaseNo }

func TestAMergeCanBeUndoneExactly(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		a, b := c.handled(complaint("01", "窗口没有人")), c.accepted(complaint("02", "等候太久"))
		other := c.accepted(petition("0000000061"))
		before := c.row(b)
		limit := c.row(a).HandleDue

		c.refused(c.Merge(ctx, c.handler, a, c.v(a), c.no(b), "同一件事"), fault.Forbidden)
		for number, of := range map[string]int64{"99999999": b, c.no(b): b, c.no(other): b} {
			c.refused(c.Merge(ctx, c.dispatcher, of, c.v(of), number, "同一件事"), fault.Invalid)
		}
		c.refused(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), " "), fault.Invalid)
		c.refused(c.Merge(ctx, c.dispatcher, b, c.v(b)-1, c.no(a), "同一件事"), fault.Conflict)
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.refused(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "再来"), fault.Conflict)
		casestest.Check(t, c.db)
		if got := c.get(b); got.State != cases.Merged || got.Waiting() {
			t.Errorf("%+v", got)
		}

		// The handler of the one reads both texts; each sender only their own.
		p, err := c.Open(ctx, c.handler, a)
		c.must(err)
		if len(p.Merged) != 1 || !strings.Contains(p.Merged[0].Content, "等候太久") {
			t.Errorf("%+v", p.Merged)
		}
		c.must(c.Supplement(ctx, b, "补充一句", "supplement-key-00000001"))
		p, err = c.Open(ctx, c.handler, a)
		c.must(err)
		if !strings.Contains(p.Merged[0].Content, "补充一句") {
			t.Errorf("%+v", p.Merged)
		}
		sees := func(id int64, never ...string) cases.Tracked {
			t.Helper()
			tr, err := c.Track(ctx, id)
			c.must(err)
			for _, word := range never {
				if all := fmt.Sprintf("%+v", tr); strings.Contains(all, word) {
					t.Errorf("%d reads %q", id, word)
				}
			}
			return tr
		}
		sees(a, "等候太久", "补充一句", c.no(b))
		sees(b, "窗口没有人。窗口没有人", "某人01")

		// What happens to the survivor meanwhile stays with it.
		c.clock.Advance(24 * time.Hour)
		seen := 0
		if p.Draft != nil {
			seen = p.Draft.Version
		}
		_, err = c.SaveDraft(ctx, c.handler, a, seen, "已经安排专人值守。")
		c.must(err)
		c.must(c.Unmerge(ctx, c.dispatcher, b, c.v(b), "不是一回事"))
		casestest.Check(t, c.db)
		if d := cmp.Diff(before, c.row(b), cmp.AllowUnexported(calendar.Date{})); d != "" {
			t.Errorf("the case is not what it was: %s", d)
		}
		if got := c.row(a); got.HandleDue != limit || got.State != cases.Handling {
			t.Errorf("%+v", got)
		}
		p, err = c.Open(ctx, c.handler, a)
		c.must(err)
		if len(p.Merged) != 0 || p.Draft == nil {
			t.Errorf("%+v", p.Merged)
		}
		c.refused(c.Unmerge(ctx, c.dispatcher, b, c.v(b), "再来"), fault.Conflict)

		// Once more, to the end: one answer for both, and each is told.
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "确是一件事"))
		c.reply(a)
		tr := sees(b, "某人01")
		if tr.Reply == nil || tr.Reply.Body != "已经安排专人值守。" || tr.Stands().State != cases.Replied || tr.Unit == "" {
			t.Errorf("%+v", tr)
		}
		var told []int64
		c.must(c.db.Read(ctx, func(r *store.Reader) error {
			return r.Table("outbox").Where("template = 'progress'").Order("id DESC").Limit(2).Pluck("subject_id", &told).Error
		}))
		if slices.Sort(told); !slices.Equal(told, []int64{a, b}) {
			t.Errorf("told are %v", told)
		}
		c.must(c.Conclude(ctx, c.handler, a, c.v(a), ""))
		if got := c.get(b); got.EndedOn.IsZero() {
			t.Error("what was merged did not end with the one that stood for it")
		}
		casestest.Check(t, c.db)
		c.must(c.Supplement(ctx, b, "又想起一句", "supplement-key-00000009"))
		casestest.Check(t, c.db)
	})
}

func TestTwoMergesAtOnceOneWins(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		a, b := c.accepted(complaint("11", "窗口没有人")), c.accepted(complaint("12", "等候太久"))
		numbers := map[int64]string{a: c.no(a), b: c.no(b)}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			one, other := a, b
			if i%2 == 1 {
				one, other = b, a
			}
			wg.Go(func() {
				if err := c.Merge(context.Background(), c.dispatcher, one, 0, numbers[other], "同一件事"); err == nil {
					won.Add(1)
				} else if _, ok := fault.As(err); !ok {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		merged := 0
		for _, id := range []int64{a, b} {
			if c.get(id).State == cases.Merged {
				merged++
			}
		}
		if won.Load() != 1 || merged != 1 {
			t.Errorf("%d merges won, %d cases are merged", won.Load(), merged)
		}
		casestest.Check(t, c.db)
	})
}

func TestAMergedCaseIsFollowedThroughAllMergesAndItsExclusionsHold(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		first, second, third := c.accepted(complaint("21", "窗口没有人")), c.accepted(complaint("22", "等候太久")), c.handled(complaint("23", "排队两小时"))
		c.must(c.Merge(ctx, c.dispatcher, first, c.v(first), c.no(second), "同一件事"))
		c.must(c.Merge(ctx, c.dispatcher, second, c.v(second), c.no(third), "同一件事"))
		p, err := c.Open(ctx, c.handler, third)
		c.must(err)
		if len(p.Merged) != 2 {
			t.Errorf("%+v", p.Merged)
		}
		tr, err := c.Track(ctx, first)
		c.must(err)
		if tr.Into == nil || tr.Into.ID != third {
			t.Errorf("%+v", tr.Into)
		}
		// Somebody is named only in what was merged: they lose the case that stands for it.
		named := stafftest.Actor(t, c.db, "named", "立案庭", staff.Handler)
		c.must(c.Supplement(ctx, first, named.Name+"态度不好", "supplement-key-00000002"))
		if _, err := c.Open(ctx, named, third); !fault.Is(err, fault.NotFound) {
			t.Errorf("who is named in a merged case reads the one that stands for it: %v", err)
		}
		casestest.Check(t, c.db)
		c.must(c.Unmerge(ctx, c.dispatcher, second, c.v(second), "分开"))
		tr, err = c.Track(ctx, first)
		c.must(err)
		if tr.Into == nil || tr.Into.ID != second {
			t.Errorf("%+v", tr.Into)
		}
		casestest.Check(t, c.db)
		// Whoever handles a case is not given one that they must not see.
		mine := c.accepted(complaint("24", c.handler.Name+"不接电话"))
		c.refused(c.Merge(ctx, c.dispatcher, mine, c.v(mine), c.no(third), "同一件事"), fault.Invalid)
	})
}

func TestCasesAreLinkedAndSplit(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		a, b := c.accepted(complaint("31", "窗口没有人")), c.accepted(petition("0000000062"))
		c.refused(c.Link(ctx, c.handler, a, c.no(b)), fault.NotFound)
		c.must(c.Link(ctx, c.dispatcher, a, c.no(b)))
		c.refused(c.Link(ctx, c.dispatcher, b, c.no(a)), fault.Conflict)
		p, err := c.Open(ctx, c.dispatcher, b)
		c.must(err)
		if len(p.Linked) != 1 || p.Linked[0].ID != a {
			t.Errorf("%+v", p.Linked)
		}
		c.must(c.Unlink(ctx, c.dispatcher, b, a))
		c.refused(c.Unlink(ctx, c.dispatcher, b, a), fault.Conflict)

		_, err = c.Split(ctx, c.dispatcher, a, "", "", "")
		c.refused(err, fault.Invalid)
		made, err := c.Split(ctx, c.dispatcher, a, cases.Suggestion, "增加座椅", "大厅没有座椅。")
		c.must(err)
		got := c.get(made)
		if got.State != cases.Submitted || got.ReceivedOn != c.get(a).ReceivedOn || got.NoticeDue.IsZero() || got.CaseNo == c.no(a) {
			t.Errorf("%+v", got)
		}
		tr, err := c.Track(ctx, a)
		c.must(err)
		if len(tr.Parts) != 1 || tr.Parts[0].ID != made {
			t.Errorf("%+v", tr.Parts)
		}
		if id, err := c.Follow(ctx, a, made); id != made || err != nil {
			t.Error(id, err)
		}
		_, err = c.Follow(ctx, a, b)
		c.refused(err, fault.NotFound)
		contact, err := c.Reveal(ctx, c.dispatcher, made)
		c.must(err)
		if contact.Name != "某人31" {
			t.Errorf("%+v", contact)
		}
		casestest.Check(t, c.db)
	})
}

func TestWhoIsMergedHasTheirOwnSayOfTheAnswer(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		actions := func(id int64) []cases.Verb {
			t.Helper()
			tr, err := c.Track(ctx, id)
			c.must(err)
			return tr.Actions
		}
		a := c.handled(complaint("71", "窗口没有人"))
		var b []int64
		for i := range 4 {
			b = append(b, c.accepted(complaint(fmt.Sprint(72+i), "等候太久")))
			into := a
			if i == 3 {
				into = b[2] // through another
			}
			if i == 2 {
				continue
			}
			c.must(c.Merge(ctx, c.dispatcher, b[i], c.v(b[i]), c.no(into), "同一件事"))
		}
		c.must(c.Merge(ctx, c.dispatcher, b[2], c.v(b[2]), c.no(a), "同一件事"))
		c.refused(c.Rate(ctx, b[0], "yes", "satisfied", ""), fault.Conflict)
		c.refused(c.Object(ctx, b[0], "不同意"), fault.Conflict)
		post := cases.Serving{About: "reply", Way: cases.Post, SentOn: calendar.Of(c.clock.Now()), Number: "EMS 1"}
		c.refused(c.Serve(ctx, c.dispatcher, b[0], post), fault.Invalid)
		if got := actions(b[0]); !slices.Equal(got, []cases.Verb{cases.DoSupplement}) {
			t.Errorf("before the answer: %v", got)
		}
		c.reply(a)
		c.must(c.Serve(ctx, c.dispatcher, b[0], post))
		if got := actions(b[0]); !slices.Contains(got, cases.DoRate) || !slices.Contains(got, cases.DoObject) {
			t.Errorf("after it: %v", got)
		}
		stays := c.row(a)

		// One is content, one is not; each is about their own case alone.
		c.must(c.Rate(ctx, b[0], "yes", "satisfied", ""))
		c.refused(c.Rate(ctx, b[0], "no", "dissatisfied", "改主意了"), fault.Conflict)
		casestest.Check(t, c.db)
		c.must(c.Object(ctx, b[1], "我等的是另一天，没有回答。"))
		casestest.Check(t, c.db)
		for i, waits := range []bool{false, true} {
			got := c.get(b[i])
			if got.State != cases.Replied || (got.ObjectedAt != nil) != waits || got.RepliedOn != stays.RepliedOn || !got.EndedOn.IsZero() || *got.DepartmentID != c.department || *got.HandlerID != c.handler.ID {
				t.Errorf("%d: %+v", i, got)
			}
			tr, err := c.Track(ctx, b[i])
			c.must(err)
			if tr.Into != nil || tr.Reply == nil || (tr.Rating == nil) != waits || strings.Contains(fmt.Sprintf("%+v", tr), "某人71") {
				t.Errorf("%d: %+v", i, tr)
			}
		}
		if d := cmp.Diff(stays, c.row(a), cmp.AllowUnexported(calendar.Date{})); d != "" {
			t.Errorf("the first case changed: %s", d)
		}
		c.must(c.Redo(ctx, c.supervisor, b[1], c.v(b[1]), "请查那一天"))
		c.must(c.Conclude(ctx, c.handler, a, c.v(a), ""))

		// Who was merged through another, after the end, and while the other is handled anew.
		c.clock.Advance(72 * time.Hour)
		c.must(c.Rate(ctx, b[3], "no", "dissatisfied", "没有人改"))
		casestest.Check(t, c.db)
		if got := c.get(b[3]); got.State != cases.Concluded || got.ObjectedAt == nil || got.EndedOn != c.get(a).EndedOn {
			t.Errorf("%+v", got)
		}
		c.must(c.Rate(ctx, a, "no", "dissatisfied", "还是没有人"))
		c.must(c.Redo(ctx, c.supervisor, a, c.v(a), "再查"))
		c.must(c.Rate(ctx, b[2], "yes", "basically", ""))
		casestest.Check(t, c.db)
		if got := c.get(b[2]); got.State != cases.Replied {
			t.Errorf("%+v", got)
		}
	})
}

func TestAMergedPetitionGoesToItsOwnNextStage(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		a, b, late := c.accepted(petition("0000000081")), c.accepted(petition("0000000082")), c.accepted(petition("0000000083"))
		for _, id := range []int64{b, late} {
			c.must(c.Merge(ctx, c.dispatcher, id, c.v(id), c.no(a), "同一件事"))
		}
		bench{c.handler, c.reviewer, c.approver}.answers(ctx, c, a)
		c.must(c.Object(ctx, a, "没有查清。"))
		tr, err := c.Track(ctx, b)
		c.must(err)
		if tr.Next != cases.Reconsider || !slices.Contains(tr.Actions, cases.DoObject) {
			t.Errorf("%s %v", tr.Next, tr.Actions)
		}
		c.must(c.Object(ctx, b, "我也不同意。"))
		casestest.Check(t, c.db)
		if got := c.get(b); got.State != cases.Accepted || got.Stage != cases.Reconsider || got.DueStep != "reconsider" || got.DepartmentID != nil {
			t.Errorf("%+v", got)
		}
		c.refused(c.Assign(ctx, c.dispatcher, b, c.v(b), c.department, 0), fault.Invalid)

		// Who waits for the second opinion goes on from that, past both who gave one.
		third := c.bench("审判管理办公室")
		third.answers(ctx, c, a)
		c.must(c.Object(ctx, late, "复查意见也没有说明。"))
		casestest.Check(t, c.db)
		if got := c.get(late); got.State != cases.Accepted || got.Stage != cases.ReReview {
			t.Errorf("%+v", got)
		}
		for _, d := range []int64{c.department, third.handler.DepartmentID} {
			c.refused(c.Assign(ctx, c.dispatcher, late, c.v(late), d, 0), fault.Invalid)
		}
	})
}

// What one sender says of an answer gives nobody a look at what they are accused of.
func TestWhoIsKeptFromEitherCaseStaysSoWhenTheyPart(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		shut := func(what string, id int64) {
			t.Helper()
			if _, err := c.Open(ctx, c.supervisor, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s is read by whom it accuses: %v", what, err)
			}
		}
		// The one that stands for it names somebody.
		a := c.handled(complaint("a1", "窗口没有人"))
		c.must(c.Supplement(ctx, a, "这件事是"+c.supervisor.Name+"做的", "supplement-key-a1a1a1a1"))
		b := c.accepted(complaint("a2", "等候太久"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.reply(a)
		c.must(c.Rate(ctx, b, "no", "dissatisfied", "没有解决"))
		shut("the answer in the case that parted", b)
		shut("the case that stood for it", a)

		// The one that was merged does.
		a = c.handled(complaint("a3", "窗口没有人"))
		b = c.accepted(complaint("a4", c.supervisor.Name+"态度不好"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.reply(a)
		c.must(c.Rate(ctx, b, "yes", "satisfied", ""))
		shut("the case that parted", b)
		shut("the answer for both", a)

		// The same when staff part them after the answer.
		a = c.handled(complaint("a5", "窗口没有人"))
		b = c.accepted(complaint("a6", c.supervisor.Name+"态度不好"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.reply(a)
		c.must(c.Unmerge(ctx, c.dispatcher, b, c.v(b), "不是一件事"))
		shut("the answer for both", a)
		casestest.Check(t, c.db)
	})
}

func TestAnAnswerThatReachedASenderStaysTheirsWhateverIsMergedFurther(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		first, second := bench{c.handler, c.reviewer, c.approver}, c.bench("审判管理办公室")
		b, a, e := c.accepted(petition("00000000b1")), c.accepted(petition("00000000b2")), c.accepted(petition("00000000b3"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.clock.Advance(48 * time.Hour)
		first.answers(ctx, c, a)
		first.answers(ctx, c, e)
		c.clock.Advance(48 * time.Hour)
		c.must(c.Object(ctx, a, "没有查清。"))
		c.must(c.Object(ctx, e, "没有查清。"))
		c.clock.Advance(time.Hour)
		c.must(c.Merge(ctx, c.dispatcher, a, c.v(a), c.no(e), "同一件事"))
		tr, err := c.Track(ctx, b)
		c.must(err)
		if tr.Reply == nil || tr.Next != cases.Reconsider || !slices.Contains(tr.Actions, cases.DoObject) {
			t.Errorf("what reached them is gone: %+v %s %v", tr.Reply, tr.Next, tr.Actions)
		}
		// They wait for the second opinion; both who gave one are out of the third.
		c.clock.Advance(24 * time.Hour)
		second.answers(ctx, c, e)
		c.clock.Advance(time.Hour)
		c.must(c.Object(ctx, b, "复查意见也没有说明。"))
		casestest.Check(t, c.db)
		got := c.get(b)
		if got.Stage != cases.ReReview || got.State != cases.Accepted || got.Late {
			t.Errorf("%+v", got)
		}
		for _, d := range []int64{c.department, second.handler.DepartmentID} {
			c.refused(c.Assign(ctx, c.dispatcher, b, c.v(b), d, 0), fault.Invalid)
		}
	})
}

func TestAMergedCaseIsInTimeWhenTheAnswerWas(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		a, b := c.accepted(petition("00000000c1")), c.accepted(petition("00000000c2"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.clock.Advance(50 * 24 * time.Hour)
		bench{c.handler, c.reviewer, c.approver}.answers(ctx, c, a)
		c.must(c.Object(ctx, a, "没有查清。"))
		c.clock.Advance(20 * 24 * time.Hour)
		c.bench("审判管理办公室").answers(ctx, c, a)
		c.must(c.Rate(ctx, b, "yes", "satisfied", ""))
		casestest.Check(t, c.db)
		if x, y := c.get(a), c.get(b); x.Late || y.Late || y.HandleDue != x.HandleDue {
			t.Errorf("%+v\n%+v", x, y)
		}
	})
}

func TestASendersWordAndAPartingAtOnceLeaveOneOutcome(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := context.Background()
		a, b := c.handled(complaint("d1", "窗口没有人")), c.accepted(complaint("d2", "等候太久"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		c.reply(a)
		var rated, parted, objected atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				var err error
				won := &rated
				switch i % 3 {
				case 0:
					err = c.Rate(ctx, b, "no", "dissatisfied", "没有解决")
				case 1:
					won, err = &parted, c.Unmerge(ctx, c.dispatcher, b, 0, "不是一件事")
				case 2:
					won, err = &objected, c.Object(ctx, b, "没有回答。")
				}
				if err == nil {
					won.Add(1)
				} else if _, ok := fault.As(err); !ok {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		casestest.Check(t, c.db)
		got := c.get(b)
		switch {
		case parted.Load() == 1: // before anybody spoke: it stands where it stood, and there is no answer to speak of
			if got.State != cases.Accepted || rated.Load()+objected.Load() != 0 {
				t.Errorf("%s, %d rated, %d objected", got.State, rated.Load(), objected.Load())
			}
		case parted.Load() == 0:
			if got.State != cases.Replied || got.ObjectedAt == nil || rated.Load() > 1 || rated.Load()+objected.Load() == 0 {
				t.Errorf("%s, %d rated, %d objected", got.State, rated.Load(), objected.Load())
			}
		default:
			t.Errorf("%d partings won", parted.Load())
		}
	})
}

func TestWhoPartsTakesAlongWhatWasMergedIntoTheirs(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		a, b, below := c.accepted(petition("00000000e1")), c.accepted(petition("00000000e2")), c.accepted(petition("00000000e3"))
		c.must(c.Merge(ctx, c.dispatcher, below, c.v(below), c.no(b), "同一件事"))
		c.must(c.Merge(ctx, c.dispatcher, b, c.v(b), c.no(a), "同一件事"))
		bench{c.handler, c.reviewer, c.approver}.answers(ctx, c, a)
		c.must(c.Conclude(ctx, c.handler, a, c.v(a), ""))
		c.clock.Advance(72 * time.Hour)
		c.must(c.Rate(ctx, b, "yes", "satisfied", ""))
		casestest.Check(t, c.db)
		tr, err := c.Track(ctx, below)
		c.must(err)
		if tr.Into == nil || tr.Into.ID != b || tr.Reply == nil || !slices.Contains(tr.Actions, cases.DoRate) || c.get(below).EndedOn != c.get(a).EndedOn {
			t.Errorf("%+v", tr)
		}
		c.must(c.Rate(ctx, below, "no", "dissatisfied", "没有"))
		casestest.Check(t, c.db)
		if got := c.get(b); got.State != cases.Concluded || got.ObjectedAt != nil {
			t.Errorf("%+v", got)
		}
	})
}
