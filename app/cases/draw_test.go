package cases_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

func (c *court) lastDraw(id int64) cases.Draw {
	c.t.Helper()
	p, err := c.Open(c.t.Context(), c.dispatcher, id)
	c.must(err)
	if len(p.Draws) == 0 {
		c.t.Fatal("nothing was drawn")
	}
	return p.Draws[len(p.Draws)-1]
}

func TestAHandlerIsDrawnAmongThoseWhoMayHaveTheCase(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		second := stafftest.Actor(t, c.db, "h2", "执行局", staff.Handler)
		named := stafftest.Actor(t, c.db, "h3", "执行局", staff.Handler)
		recused := stafftest.Actor(t, c.db, "h4", "执行局", staff.Handler)
		gone := stafftest.Actor(t, c.db, "h5", "执行局", staff.Handler)
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE staff SET disabled_at = ? WHERE id = ?", tx.Now, gone.ID).Error
		}))
		c.handled(suggestion()) // one open case of the handler's
		s := suggestion()
		s.Content += named.Name + "没有回话。"
		id := c.accepted(s)
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), recused.ID, 0))
		c.refused(c.AssignByLot(ctx, c.clerk, id, c.v(id), c.department, ""), fault.Forbidden)
		c.refused(c.AssignByLot(ctx, c.handler, id, c.v(id), c.department, ""), fault.NotFound)
		c.refused(c.AssignByLot(ctx, c.dispatcher, id, c.v(id)-1, c.department, ""), fault.Conflict)
		if c.count("case_draws") != 0 {
			t.Error("a refused draw is on record")
		}
		c.refused(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, ""), fault.Conflict) // the log has not signed it yet
		c.sign()
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, ""))
		d := c.lastDraw(id)
		lots, err := d.Lots()
		c.must(err)
		want := []cases.Candidate{{ID: c.handler.ID, Name: c.handler.Name, Open: 1, Weight: 360_360}, {ID: second.ID, Name: second.Name, Weight: 720_720}}
		if fmt.Sprint(lots) != fmt.Sprint(want) || d.LeftOut != 2 || d.No != 1 || len(d.Seed) != 64 {
			t.Errorf("%+v %+v", lots, d)
		}
		if got := c.get(id); got.HandlerID == nil || *got.HandlerID != d.ChosenID || *got.DepartmentID != c.department || got.State != cases.Assigned {
			t.Errorf("%+v", got)
		}
		page, err := c.Open(ctx, c.dispatcher, id)
		c.must(err)
		if last := page.Events[len(page.Events)-1]; !strings.Contains(last.Detail, "2 人中随机抽取") {
			t.Error(last.Detail)
		}

		// Again only with a reason, and the first stays.
		c.refused(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, " "), fault.Invalid)
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, "承办人请长假"))
		if again := c.lastDraw(id); again.No != 2 || again.Seed != d.Seed || again.Reason != "承办人请长假" || c.count("case_draws") != 2 {
			t.Errorf("%+v", again)
		}
		if x, err := c.Drawn(ctx, c.dispatcher, id, 1); err != nil || x.Seed != d.Seed {
			t.Errorf("%+v %v", x, err)
		}
		if _, err := c.Drawn(ctx, c.other, id, 1); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
		for _, change := range []string{"UPDATE case_draws SET seed = 'x'", "DELETE FROM case_draws"} {
			if err := c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(change).Error }); err == nil {
				t.Errorf("%s is possible", change)
			}
		}

		// Nobody left: the department must arrange it itself.
		other := c.accepted(suggestion())
		for _, p := range []int64{c.other.ID} {
			c.must(c.Exclude(ctx, c.dispatcher, other, c.v(other), p, 0))
		}
		c.sign()
		c.refused(c.AssignByLot(ctx, c.dispatcher, other, c.v(other), c.elsewhere, ""), fault.Invalid)
	})
}

func TestOfTwoDrawsAtOnceOneCounts(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		for range 5 {
			stafftest.Actor(t, c.db, fmt.Sprintf("h%d", time.Now().UnixNano()), "执行局", staff.Handler)
		}
		id := c.accepted(suggestion())
		version := c.v(id)
		c.sign()
		var wait sync.WaitGroup
		errs := make([]error, 50)
		for i := range errs {
			wait.Go(func() { errs[i] = c.AssignByLot(t.Context(), c.dispatcher, id, version, c.department, "") })
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
		}
		if won != 1 || c.count("case_draws") != 1 || *c.get(id).HandlerID != c.lastDraw(id).ChosenID {
			t.Errorf("%d won, %d draws", won, c.count("case_draws"))
		}
	})
}

func TestADrawCanBeCheckedAgainstThePublicLog(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		stafftest.Actor(t, c.db, "h2", "执行局", staff.Handler)
		early := c.accepted(suggestion())
		c.sign()
		id := c.accepted(suggestion())
		c.sign()
		var first logbook.Checkpoint
		read := func(f func(r *store.Reader) error) { t.Helper(); c.must(c.db.Read(ctx, f)) }
		read(func(r *store.Reader) (err error) { first, err = logbook.Newest(r); return err })
		c.accepted(suggestion())
		c.sign() // later checkpoints cover it too
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, ""))
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, "承办人请长假"))
		c.must(c.AssignByLot(ctx, c.dispatcher, early, c.v(early), c.department, ""))
		d := c.lastDraw(id)
		if d.Seed != fmt.Sprintf("%x", first.Root[:]) || d.LogNote != first.Note || d.LogIndex < 0 {
			t.Errorf("%+v is not of the first checkpoint that covers it, %+v", d, first)
		}
		check := func(caseNo string) cases.CheckedDraws {
			t.Helper()
			got, err := cases.CheckDraws(ctx, c.db, caseNo)
			c.must(err)
			return got
		}
		if got := check(""); got.Checked != 3 || got.Old != 0 || len(got.Wrong) != 0 {
			t.Errorf("%+v", got)
		}
		if got := check(d.CaseNo); got.Checked != 2 || len(got.Wrong) != 0 {
			t.Errorf("%+v", got)
		}
		// The log goes on under another key, then under another name: what was drawn holds.
		if _, err := c.book.Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := logbook.Restart(ctx, c.db, logbook.In(c.keys), "", "演练"); err != nil {
			t.Fatal(err)
		}
		c.sign()
		if got := check(""); got.Checked != 3 || len(got.Wrong) != 0 {
			t.Errorf("%+v", got)
		}

		// Whoever changes the database first takes away what guards it.
		do := func(statement string, args ...any) {
			t.Helper()
			c.must(c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }))
		}
		for _, end := range []string{"keep", "stay"} {
			drop := "DROP TRIGGER IF EXISTS case_draws_" + end
			if c.db.Dialect() == store.Postgres {
				drop += " ON case_draws"
			}
			do(drop)
		}
		var newest logbook.Checkpoint
		read(func(r *store.Reader) (err error) { newest, err = logbook.Newest(r); return err })
		other := c.handler.ID
		if other == d.ChosenID {
			lots, err := d.Lots()
			c.must(err)
			other = lots[1].ID
		}
		for _, x := range []struct {
			what, set string
			args      []any
			says      string
		}{
			{"the chosen one", "chosen_id = ?", []any{other}, "重算抽中的是"},
			{"a candidate's load", "candidates = replace(candidates, '720720', '360360')", nil, "权重或者次序不对"},
			{"the seed", "seed = ?", []any{strings.Repeat("0", 64)}, "不是所记检查点的树根"},
			{"the seed and its checkpoint", "seed = ?, log_note = ?", []any{fmt.Sprintf("%x", newest.Root[:]), newest.Note}, "不是第一个写有此件的检查点"},
			{"the checkpoint", "log_note = ?", []any{strings.Replace(d.LogNote, "court.example", "other.example", 1)}, "不是这本日志签的"},
			{"the place", "log_index = log_index + 1", nil, "所记的日志序号是"},
			{"the method", "method = 'load-1'", nil, "却用了旧方法"},
			{"the number", "no = 3", nil, "少了一次"},
		} {
			do("UPDATE case_draws SET "+x.set+" WHERE case_id = ? AND no = 2", append(x.args, id)...)
			got := check("")
			if len(got.Wrong) != 1 || got.Wrong[0].CaseNo != d.CaseNo || !strings.Contains(got.Wrong[0].String(), x.says) {
				t.Errorf("%s: %v", x.what, got.Wrong)
			}
			do("UPDATE case_draws SET no = 2, chosen_id = ?, candidates = ?, seed = ?, log_note = ?, log_index = ?, method = ? WHERE case_id = ? AND no > 1",
				d.ChosenID, d.Candidates, d.Seed, d.LogNote, d.LogIndex, d.Method, id)
		}
		do("DELETE FROM case_draws WHERE case_id = ? AND no = 1", id)
		if got := check(""); len(got.Wrong) != 1 || !strings.Contains(got.Wrong[0].What, "少了一次") {
			t.Errorf("%+v", got.Wrong)
		}
		do("UPDATE case_draws SET method = 'load-1', no = 1, reason = '' WHERE case_id = ?", id)
		got := check(d.CaseNo)
		if got.Old != 1 || got.Checked != 0 {
			t.Errorf("%+v", got)
		}
		do("DELETE FROM case_draws WHERE case_id = ?", id) // no draw of this test's own making is left
	})
}

func TestDrawsOfTheFormerMethodAreRepeatedAndCountedApart(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		id := c.accepted(suggestion())
		d := drawOf(strings.Repeat("5a", 16), cases.Candidate{ID: c.handler.ID, Name: "甲", Weight: 720_720}, cases.Candidate{ID: c.other.ID, Name: "乙", Open: 1, Weight: 360_360})
		d.CaseNo = c.get(id).CaseNo
		chosen, err := d.Repeat()
		c.must(err)
		c.must(c.db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec(`INSERT INTO case_draws (case_id, no, department_id, method, seed, candidates, left_out, chosen_id, reason, at, actor_id, actor_name)
				VALUES (?, 1, ?, ?, ?, ?, 0, ?, '', ?, ?, ?)`, id, c.department, d.Method, d.Seed, d.Candidates, chosen, c.clock.Now(), c.dispatcher.ID, c.dispatcher.Name).Error
		}))
		c.sign()
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, "承办人请长假"))
		if d := c.lastDraw(id); d.No != 2 || !d.Checkable() {
			t.Errorf("%+v", d)
		}
		if got, err := cases.CheckDraws(ctx, c.db, ""); err != nil || got.Checked != 1 || got.Old != 1 || len(got.Wrong) != 0 {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// TestADrawIsNotBelievedBecauseTheRowsOfTheLogAgreeWithIt changes the log's rows to fit.
func TestADrawIsNotBelievedBecauseTheRowsOfTheLogAgreeWithIt(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		stafftest.Actor(t, c.db, "h2", "执行局", staff.Handler)
		do := func(statement string, args ...any) {
			t.Helper()
			c.must(c.db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(statement, args...).Error }))
		}
		sound := c.accepted(suggestion())
		c.sign()
		c.must(c.AssignByLot(ctx, c.dispatcher, sound, c.v(sound), c.department, ""))
		c.accepted(suggestion())
		id := c.accepted(suggestion())
		c.sign()
		c.accepted(suggestion())
		c.sign()
		c.must(c.AssignByLot(ctx, c.dispatcher, id, c.v(id), c.department, ""))
		d := c.lastDraw(id)
		var first logbook.Checkpoint
		c.must(c.db.Read(ctx, func(r *store.Reader) (err error) { first, err = logbook.Covering(r, d.LogIndex); return err }))
		// forged is the draw with a root of somebody's choosing, as a key of theirs signs it.
		forged := func() tlog.Key {
			key, err := tlog.NewSigner("court.example/log")
			c.must(err)
			root := tlog.Hash{1, 2, 3}
			note, err := tlog.SignCheckpoint(tlog.Empty, tlog.Head{Size: first.Size, Root: root}, nil, key)
			c.must(err)
			f := d
			f.Seed = fmt.Sprintf("%x", root[:])
			chosen, err := f.Repeat()
			c.must(err)
			do("UPDATE case_draws SET seed = ?, log_note = ?, chosen_id = ? WHERE id = ?", f.Seed, string(note), chosen, d.ID)
			do("UPDATE log_heads SET root = ?, note = ? WHERE size = ?", root[:], string(note), first.Size)
			return key.Key()
		}
		tables := []string{"case_draws", "log_heads", "log_entries", "log_keys"}
		for _, table := range tables {
			for _, end := range []string{"keep", "stay", "gone"} {
				drop := "DROP TRIGGER IF EXISTS " + table + "_" + end
				if c.db.Dialect() == store.Postgres {
					drop += " ON " + table
				}
				do(drop)
			}
			do("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
		}
		for _, x := range []struct {
			what   string
			change func()
			says   string
		}{
			{"a made-up checkpoint, in the log too", func() { forged() }, "不是这本日志签的"},
			{"and its key", func() {
				do("INSERT INTO log_keys (no, key, at) VALUES (0, ?, ?)", forged().String(), c.clock.Now())
			}, "不是这件来件"},
			{"the place, in the log too", func() {
				do("UPDATE log_entries SET idx = 1000 WHERE idx = ?", d.LogIndex-1)
				do("UPDATE log_entries SET idx = ? WHERE idx = ?", d.LogIndex-1, d.LogIndex)
				do("UPDATE log_entries SET idx = ? WHERE idx = 1000", d.LogIndex)
				do("UPDATE case_draws SET log_index = log_index - 1 WHERE id = ?", d.ID)
			}, "不是这件来件"},
			{"the entry", func() {
				do("UPDATE log_entries SET salt = digest WHERE kind = 'case' AND ref = ?", fmt.Sprint(id))
			}, "公开日志里的记录不是这件来件的"},
			{"a head's root", func() { do("UPDATE log_heads SET root = ? WHERE size = ?", make([]byte, 32), first.Size) }, "不是第一个写有此件的检查点"},
			{"a head's root that is no hash", func() { do("UPDATE log_heads SET root = ? WHERE size = ?", []byte{1}, first.Size) }, "公开日志里没有这件来件"},
			{"a head's note", func() { do("UPDATE log_heads SET note = ? WHERE size = ?", "x", first.Size) }, "与公开日志里的不同"},
			{"the first head", func() {
				do("DELETE FROM log_heads WHERE size = ?", first.Size)
				var next logbook.Checkpoint
				c.must(c.db.Read(ctx, func(r *store.Reader) (err error) { next, err = logbook.Covering(r, d.LogIndex); return err }))
				f := d
				f.Seed = fmt.Sprintf("%x", next.Root[:])
				chosen, err := f.Repeat()
				c.must(err)
				do("UPDATE case_draws SET seed = ?, log_note = ?, chosen_id = ? WHERE id = ?", f.Seed, next.Note, chosen, d.ID)
			}, "第一个写有此件的检查点不见了"},
			{"the method, of a case's only draw", func() {
				f := d
				f.Method, f.Seed = "load-1", "00"
				chosen, err := f.Repeat()
				c.must(err)
				do("UPDATE case_draws SET method = 'load-1', seed = '00', log_index = -1, log_note = '', chosen_id = ? WHERE id = ?", chosen, d.ID)
			}, "却用了旧方法"},
			{"the method, to one that nobody knows", func() { do("UPDATE case_draws SET method = 'mine' WHERE id = ?", d.ID) }, "重算抽中的是"},
		} {
			x.change()
			for _, only := range []string{"", d.CaseNo} {
				got, err := cases.CheckDraws(ctx, c.db, only)
				if err != nil || len(got.Wrong) != 1 || got.Wrong[0].CaseNo != d.CaseNo || !strings.Contains(got.Wrong[0].What, x.says) {
					t.Errorf("%s: %v %v", x.what, got.Wrong, err)
				}
			}
			for _, table := range tables {
				do("DELETE FROM " + table)
				do("INSERT INTO " + table + " SELECT * FROM kept_" + table)
			}
			if got, err := cases.CheckDraws(ctx, c.db, ""); err != nil || got.Checked != 2 || len(got.Wrong) != 0 {
				t.Fatalf("after %s: %+v %v", x.what, got, err)
			}
		}
	})
}

func drawOf(seed string, lots ...cases.Candidate) cases.Draw {
	raw, _ := json.Marshal(lots)
	return cases.Draw{Method: "load-1", Seed: seed, CaseNo: "12345678", No: 1, Candidates: string(raw)}
}

func TestADrawIsAlwaysOneOfItsCandidates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lots := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cases.Candidate {
			return cases.Candidate{ID: rapid.Int64Range(1, 1<<40).Draw(t, "id"), Weight: rapid.Uint64Range(0, 720_720).Draw(t, "weight")}
		}), 1, 40).Draw(t, "lots")
		lots[0].Weight++
		d := drawOf(rapid.String().Draw(t, "seed"), lots...)
		id, err := d.Repeat()
		if err != nil {
			t.Fatal(err)
		}
		fits := false
		for _, c := range lots {
			fits = fits || c.ID == id && c.Weight > 0
		}
		if again, err := d.Repeat(); !fits || err != nil || again != id {
			t.Fatalf("%d, then %d: %v", id, again, err)
		}
	})
}

func TestABusyHandlerIsDrawnLessOften(t *testing.T) {
	lots := []cases.Candidate{{ID: 1, Open: 0, Weight: 720_720}, {ID: 2, Open: 1, Weight: 360_360}, {ID: 3, Open: 5, Weight: 120_120}}
	const n = 12_000
	got := map[int64]int{}
	for i := range n {
		id, err := drawOf(fmt.Sprint(i), lots...).Repeat()
		if err != nil {
			t.Fatal(err)
		}
		got[id]++
	}
	for id, want := range map[int64]float64{1: 0.6, 2: 0.3, 3: 0.1} {
		if share := float64(got[id]) / n; math.Abs(share-want) > 0.015 {
			t.Errorf("%d has %.3f, want %.3f", id, share, want)
		}
	}
	if _, err := drawOf("x").Repeat(); err == nil {
		t.Error("a draw of nobody")
	}
}

func TestRulesProposeADepartmentAndAPersonConfirms(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx := t.Context()
		save := func(x cases.AssignRule, seen int) int64 {
			t.Helper()
			id, err := c.SaveAssignRule(ctx, c.dispatcher, x, seen)
			c.must(err)
			return id
		}
		proposed := func(id int64) string {
			t.Helper()
			p, err := c.Open(ctx, c.dispatcher, id)
			c.must(err)
			if p.Proposal == nil {
				return ""
			}
			return p.Proposal.Says()
		}
		id := c.accepted(suggestion())
		if proposed(id) != "" {
			t.Error("a proposal without rules")
		}
		general := save(cases.AssignRule{Place: 20, Kind: cases.Suggestion, DepartmentID: c.elsewhere}, 0)
		words := save(cases.AssignRule{Place: 10, Words: "立案、窗口，排队", DepartmentID: c.department, Draw: true}, 0)
		if got := proposed(id); got != "各类来件，写到“立案”或“窗口”或“排队”：交执行局，随机抽取承办人" {
			t.Error(got)
		}
		c.must(c.Exclude(ctx, c.dispatcher, id, c.v(id), 0, c.department))
		if got := proposed(id); got != "意见建议：交民事审判庭" {
			t.Errorf("the department that is complained of is proposed: %s", got)
		}
		if c.get(id).DepartmentID != nil {
			t.Error("a rule has assigned by itself")
		}
		// Two editors: the second sees the first's.
		_, err := c.SaveAssignRule(ctx, c.supervisor, cases.AssignRule{ID: general, Place: 20, Kind: cases.Suggestion, DepartmentID: c.elsewhere, Retired: true}, 1)
		c.must(err)
		_, err = c.SaveAssignRule(ctx, c.dispatcher, cases.AssignRule{ID: general, Place: 5, Kind: cases.Suggestion, DepartmentID: c.elsewhere}, 1)
		c.refused(err, fault.Conflict)
		if got := proposed(id); got != "" {
			t.Errorf("a retired rule: %s", got)
		}
		for _, x := range []cases.AssignRule{{Place: 1, DepartmentID: c.department}, {Place: 0, Kind: cases.Enquiry, DepartmentID: c.department}, {Place: 1, Kind: "x", DepartmentID: c.department},
			{Place: 1, Kind: cases.Enquiry}, {Place: 1, Words: strings.Repeat("长", 101), DepartmentID: c.department}} {
			_, err := c.SaveAssignRule(ctx, c.dispatcher, x, 0)
			c.refused(err, fault.Invalid)
		}
		_, err = c.SaveAssignRule(ctx, c.handler, cases.AssignRule{Place: 1, Kind: cases.Enquiry, DepartmentID: c.department}, 0)
		c.refused(err, fault.Forbidden)
		_, err = c.SaveAssignRule(ctx, c.dispatcher, cases.AssignRule{ID: words + 9, Place: 1, Kind: cases.Enquiry, DepartmentID: c.department}, 1)
		c.refused(err, fault.NotFound)
	})
}
