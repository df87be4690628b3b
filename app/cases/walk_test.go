package cases_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/cases/casestest"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
)

// line is a line of docs/states.md: what a move may start from, where it leads, who may make it.
type line struct{ from, to, by string }

// statesPage reads the model back from the page that people read.
func statesPage(t *testing.T) map[cases.Verb]line {
	t.Helper()
	raw, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[cases.Verb]line{}
	for text := range strings.Lines(string(raw)) {
		if f := strings.Split(text, " | "); len(f) == 4 && strings.HasPrefix(text, "| ") {
			if words := strings.Fields(f[0]); len(words) == 3 {
				out[cases.Verb(words[2])] = line{f[1], f[2], strings.TrimSuffix(strings.TrimSpace(f[3]), " |")}
			}
		}
	}
	if len(out) < 40 {
		t.Fatalf("only %d moves on the page", len(out))
	}
	return out
}

// starts reports whether the move may start from a state.
func (l line) starts(s cases.State) bool {
	return l.from == "any" || slices.Contains(strings.Split(l.from, ", "), string(s))
}

// lets reports whether the page lets the actor (nil: the citizen) make the move from a case as it was.
func (l line) lets(a *staff.Actor, was cases.Case) bool {
	if !l.starts(was.State) {
		return false
	}
	if a == nil {
		return l.by == "the citizen"
	}
	for _, by := range strings.Split(l.by, ", ") {
		role, own, departmental := strings.Cut(by, " of its department")
		switch {
		case own != "" || !a.Has(staff.Role(role)):
		case !departmental, was.DepartmentID != nil && (*was.DepartmentID == a.DepartmentID || a.DepartmentID == 0 && role != "handler" && role != "liaison"):
			return true
		}
	}
	return false
}

// leads reports whether the page says that the move ends in a state.
func (l line) leads(was cases.Case, now cases.State) bool {
	switch {
	case strings.Contains(l.to, "before it was merged"):
		return now != cases.Merged // merging holds what it was; TestAMergeCanBeUndoneExactly compares
	case strings.Contains(l.to, "where it was before") && was.State == cases.NeedMore:
		return now == was.BackState
	case strings.HasPrefix(l.to, "the same"):
		return now == was.State || strings.Contains(l.to, "accepted") && was.Kind == cases.Petition && now == cases.Accepted
	}
	return string(now) == l.to
}

// walker makes moves without looking whether they are allowed.
type walker struct {
	*court
	cases  []int64
	people []staff.Actor
	page   map[cases.Verb]line
	made   map[cases.Verb]int
}

type step struct {
	staff   func(w *walker, a staff.Actor, id, other int64, version int) error
	citizen func(w *walker, id int64) error
}

// steps are the moves that the walk tries; the words are always good.
var steps = map[cases.Verb]step{
	cases.DoRegister: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Register(w.t.Context(), a, id, v, "")
	}},
	cases.DoAccept: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Accept(w.t.Context(), a, id, v) }},
	cases.DoRefuse: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Refuse(w.t.Context(), a, id, v, cases.OtherBody, "请向有权处理的机关反映。")
	}},
	cases.DoTransfer: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Transfer(w.t.Context(), a, id, v, "某某局", "已转送某某局。")
	}},
	cases.DoAsk: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Ask(w.t.Context(), a, id, v, "请补充时间。")
	}},
	cases.DoResume: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Resume(w.t.Context(), a, id, v) }},
	cases.DoAddFor: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.AddFor(w.t.Context(), a, id, v, "是上周二。")
	}},
	cases.DoAssign: {staff: func(w *walker, a staff.Actor, id, other int64, v int) error {
		if other%2 == 0 {
			w.sign()
			return w.AssignByLot(w.t.Context(), a, id, v, w.department, "换人")
		}
		return w.Assign(w.t.Context(), a, id, v, []int64{w.department, w.elsewhere}[other/2%2], 0)
	}},
	cases.DoAcknowledge: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Acknowledge(w.t.Context(), a, id, v)
	}},
	cases.DoReturn: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Return(w.t.Context(), a, id, v, "不是我们的。")
	}},
	cases.DoDraft: {staff: func(w *walker, a staff.Actor, id, _ int64, _ int) error {
		d, err := w.Draft(w.t.Context(), a, id)
		if err != nil {
			return err
		}
		seen := 0
		if d != nil {
			seen = d.Version
		}
		_, err = w.SaveDraft(w.t.Context(), a, id, seen, fmt.Sprintf("已经办理，情况属实。第 %d 稿", seen+1))
		return err
	}},
	cases.DoPropose: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Propose(w.t.Context(), a, id, v) }},
	cases.DoPass:    {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Pass(w.t.Context(), a, id, v) }},
	cases.DoSendBack: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.SendBack(w.t.Context(), a, id, v, "请改。")
	}},
	cases.DoApprove: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		p, err := w.Open(w.t.Context(), a, id)
		if err != nil {
			return err
		}
		return w.Approve(w.t.Context(), a, id, v, p.Digest)
	}},
	cases.DoSend: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Send(w.t.Context(), a, id, v) }},
	cases.DoExtend: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Extend(w.t.Context(), a, id, v, "案情复杂。")
	}},
	cases.DoConclude: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Conclude(w.t.Context(), a, id, v, "都已办完。")
	}},
	cases.DoRedo: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Redo(w.t.Context(), a, id, v, "没有答到。")
	}},
	cases.DoDecline: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Decline(w.t.Context(), a, id, v, "答复正确。")
	}},
	cases.DoArchive: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Archive(w.t.Context(), a, id, v) }},
	cases.DoDiscard: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Discard(w.t.Context(), a, id, v) }},
	cases.DoRestore: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error { return w.Restore(w.t.Context(), a, id, v) }},
	cases.DoSupervise: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Supervise(w.t.Context(), a, id, v, "请抓紧。")
	}},
	cases.DoJoin: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Join(w.t.Context(), a, id, v, w.elsewhere, calendar.Of(w.clock.Now()).AddDays(5), "请核实。")
	}},
	cases.DoMerge: {staff: func(w *walker, a staff.Actor, id, other int64, v int) error {
		return w.Merge(w.t.Context(), a, id, v, w.get(other).CaseNo, "同一件事")
	}},
	cases.DoUnmerge: {staff: func(w *walker, a staff.Actor, id, _ int64, v int) error {
		return w.Unmerge(w.t.Context(), a, id, v, "不是一回事")
	}},
	cases.DoLink: {staff: func(w *walker, a staff.Actor, id, other int64, _ int) error {
		return w.Link(w.t.Context(), a, id, w.get(other).CaseNo)
	}},
	cases.DoSplit: {staff: func(w *walker, a staff.Actor, id, _ int64, _ int) error {
		made, err := w.Split(w.t.Context(), a, id, cases.Suggestion, "另一件", "另一件的内容。")
		if err == nil {
			w.cases = append(w.cases, made)
		}
		return err
	}},
	cases.DoHold: {staff: func(w *walker, a staff.Actor, id, _ int64, _ int) error {
		return w.Hold(w.t.Context(), a, id, "有诉讼。")
	}},
	cases.DoSupplement: {citizen: func(w *walker, id int64) error {
		return w.Supplement(w.t.Context(), id, "补充一句。", suggestion().Key)
	}},
	cases.DoWithdraw: {citizen: func(w *walker, id int64) error { return w.Withdraw(w.t.Context(), id) }},
	cases.DoUrge:     {citizen: func(w *walker, id int64) error { return w.Urge(w.t.Context(), id, "请快一点。") }},
	cases.DoRate: {citizen: func(w *walker, id int64) error {
		return w.Rate(w.t.Context(), id, "no", "dissatisfied", "没有解决。")
	}},
	cases.DoObject: {citizen: func(w *walker, id int64) error { return w.Object(w.t.Context(), id, "不同意，没有查。") }},
}

// likely are the moves that carry a case on, so that a chance walk gets far.
var likely = map[cases.State][]cases.Verb{
	cases.Submitted: {cases.DoRegister}, cases.Registered: {cases.DoAccept, cases.DoAccept, cases.DoMerge}, cases.Accepted: {cases.DoAssign}, cases.Returned: {cases.DoAssign}, cases.Assigned: {cases.DoAcknowledge},
	cases.Acknowledged: {cases.DoDraft}, cases.Handling: {cases.DoPropose, cases.DoPropose, cases.DoDraft, cases.DoMerge}, cases.InReview: {cases.DoPass, cases.DoPass, cases.DoSendBack}, cases.InApproval: {cases.DoApprove, cases.DoSend}, cases.Replied: {cases.DoRate, cases.DoObject, cases.DoRedo, cases.DoConclude, cases.DoDecline},
	cases.Concluded: {cases.DoObject, cases.DoDecline, cases.DoRedo, cases.DoArchive}, cases.Redo: {cases.DoDraft}, cases.NeedMore: {cases.DoSupplement, cases.DoResume}, cases.Merged: {cases.DoUnmerge}, cases.Invalid: {cases.DoRestore},
}

// How much sense a move makes.
const (
	usual = iota
	allowed
	anything
)

// try makes one move by chance and holds what became of it against the page.
func (w *walker) try(t *rapid.T) {
	id := rapid.SampledFrom(w.cases).Draw(t, "case")
	other := rapid.SampledFrom(w.cases).Draw(t, "other")
	was := w.get(id)
	// A third of the moves go on as cases usually do, a third are others that the
	// page allows there, a third are any by anybody.
	// (The library prefers the first of what it draws from.)
	verbs, sensible := slices.Sorted(maps.Keys(steps)), rapid.SampledFrom([]int{usual, allowed, anything}).Draw(t, "sensible")
	switch here := slices.DeleteFunc(slices.Clone(verbs), func(v cases.Verb) bool { return !w.page[v].starts(was.State) }); {
	case sensible == usual && len(likely[was.State]) > 0:
		verbs = likely[was.State]
	case sensible == allowed && len(here) > 0:
		verbs = here
	}
	verb := rapid.SampledFrom(verbs).Draw(t, "verb")
	l, x := w.page[verb], steps[verb]
	var by *staff.Actor
	var err error
	if x.citizen != nil {
		err = x.citizen(w, id)
	} else {
		people := w.people
		if sensible != anything {
			if able := slices.DeleteFunc(slices.Clone(people), func(a staff.Actor) bool { return !l.lets(&a, was) }); len(able) > 0 {
				people = able
			}
		}
		a := rapid.SampledFrom(people).Draw(t, "who")
		by, err = &a, x.staff(w, a, id, other, was.Version)
	}
	now := w.get(id)
	who := "the citizen"
	if by != nil {
		who = by.Login
	}
	switch {
	case err != nil:
		if _, ok := fault.As(err); !ok {
			t.Fatalf("%s by %s from %s fails: %v", verb, who, was.State, err)
		}
		if now.State != was.State || now.Version != was.Version {
			t.Fatalf("%s by %s from %s is refused (%v) and still made it %s", verb, who, was.State, err, now.State)
		}
	case !l.lets(by, was):
		t.Fatalf("%s by %s from %s is not on the page, and was done", verb, who, was.State)
	case !l.leads(was, now.State):
		t.Fatalf("%s from %s led to %s, the page says %s", verb, was.State, now.State, l.to)
	default:
		w.made[verb]++
	}
}

// TestNoWalkThroughTheStatesLeavesTheTable tries moves by chance, most of them
// wrong, on a few cases that are merged, parted and split on the way.
func TestNoWalkThroughTheStatesLeavesTheTable(t *testing.T) {
	page := statesPage(t)
	each(t, func(t *testing.T, c *court) {
		people := []staff.Actor{c.clerk, c.dispatcher, c.handler, c.reviewer, c.approver, c.supervisor, c.other, c.publisher, c.stranger,
			stafftest.Actor(t, c.db, "approver2", "", staff.Approver), stafftest.Actor(t, c.db, "handler2", "执行局", staff.Handler), stafftest.Actor(t, c.db, "liaison2", "民事审判庭", staff.Liaison)}
		made := map[cases.Verb]int{}
		rapid.Check(t, func(rt *rapid.T) {
			w := &walker{court: c, people: people, page: page, made: made}
			// One at its beginning, one that is answered, perhaps a petition: few walks get from one end to the other.
			w.cases = []int64{c.answered(suggestion()), c.submit(suggestion()).ID}
			if rapid.Bool().Draw(rt, "a petition") {
				s := suggestion()
				s.Kind, s.Demand, s.Facts, s.Address = cases.Petition, "请求再查。", "有证据。", "某地"
				w.cases = append(w.cases, c.submit(s).ID)
			}
			for range 40 {
				c.clock.Set(c.clock.Now().Add(time.Duration(max(0, rapid.IntRange(-20, 4).Draw(rt, "days"))) * 24 * time.Hour))
				w.try(rt)
			}
		})
		casestest.Check(t, c.db)
		// Chance may leave out a few, never many.
		var left []cases.Verb
		for v := range steps {
			if made[v] == 0 {
				left = append(left, v)
			}
		}
		if t.Logf("moves made: %v", made); len(left) > 5 {
			t.Errorf("never made: %v", left)
		}
	})
}
