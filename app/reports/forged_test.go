package reports_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mingjing/app/fault"
	"mingjing/app/reports"
	"mingjing/app/reports/reportstest"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Who writes to the database has everybody's public keys, and so could begin an
// epoch of their own or put their key in the reporter's place.
func TestNobodyPutsKeysOfTheirOwnInANewEpochsPlace(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		do := func(sql string, args ...any) {
			t.Helper()
			x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error { return tx.Exec(sql, args...).Error }))
		}
		mine, other := said(), said()
		ticket, id := x.Submit(mine)
		_, theirs := x.Submit(other)
		for _, r := range []int64{id, theirs} {
			x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(r)))
		}
		visit := x.back(ticket)
		// The reporter's key of another report stands for the thief's.
		var own []byte
		x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
			return r.Raw("SELECT reporter_key FROM reports WHERE id = ?", id).Row().Scan(&own)
		}))
		do("UPDATE reports SET reporter_key = (SELECT reporter_key FROM reports WHERE id = ?) WHERE id = ?", theirs, id)
		x.refused(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID), fault.Conflict, "keys granted to who is not the reporter")
		do("UPDATE reports SET reporter_key = ? WHERE id = ?", own, id)
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(theirs), x.li.ID))
		x.must(x.Reports.Answer(x.ctx, x.li, x.no(id), "收到，正在核实。", ""))

		// Keys that nobody vouched for: the voucher is missing, another epoch's, another report's, or of other keys.
		links := func(of int64, epoch int) (sealed []byte) {
			x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
				return r.Raw("SELECT sealed FROM report_links WHERE report_id = ? AND epoch = ?", of, epoch).Row().Scan(&sealed)
			}))
			return sealed
		}
		right := links(id, 2)
		broken := slices.Clone(right)
		broken[5] ^= 1
		for name, forged := range map[string][]byte{"missing": nil, "of another epoch": links(id, 1), "of another report": links(theirs, 2), "of other keys": broken, "cut off": right[:96]} {
			do("DELETE FROM report_links WHERE report_id = ? AND epoch = 2", id)
			if forged != nil {
				do("INSERT INTO report_links (report_id, epoch, sealed) VALUES (?, 2, ?)", id, forged)
			}
			_, err := x.Reports.View(x.ctx, x.li, x.no(id))
			x.refused(err, fault.Conflict, "an officer reads on, the link "+name)
			x.refused(x.Reports.Note(x.ctx, x.li, x.no(id), "写给谁？"), fault.Conflict, "an officer writes on, the link "+name)
			_, err = x.Reports.Track(x.ctx, visit)
			x.refused(err, fault.Conflict, "the reporter reads on, the link "+name)
			x.refused(x.Reports.Say(x.ctx, visit, "写给谁？", strings.Repeat("f", 32)), fault.Conflict, "the reporter writes on, the link "+name)
		}
		do("DELETE FROM report_links WHERE report_id = ? AND epoch = 2", id)
		do("INSERT INTO report_links (report_id, epoch, sealed) VALUES (?, 2, ?)", id, right)
		if _, err := x.Reports.View(x.ctx, x.li, x.no(id)); err != nil {
			t.Errorf("with the right link back: %v", err)
		}
	})
}

func TestWhoIsKeptOutStaysOutWhateverTheyAreCalledLater(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Exclude = []string{"李纪检"}
		_, before := x.Submit(st)
		x.must(x.Staff.Change(x.ctx, x.Admin, x.li.ID, "李改名", 0))
		_, after := x.Submit(st)
		for _, id := range []int64{before, after} {
			_, err := x.Reports.View(x.ctx, x.SignIn("li"), x.no(id))
			x.refused(err, fault.NotFound, "under another name they read it")
		}
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(before)))
		x.refused(x.Reports.Assign(x.ctx, x.zhang, x.no(before), x.li.ID), fault.Invalid, "under another name they are given it")
	})
}

// Source of the rule: norms, 6a.
func TestWhatIsAboutTheGroupGoesToPeopleFromOutsideHoweverItIsPut(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		for name, change := range map[string]func(*reports.Statement){
			"post":    func(s *reports.Statement) { s.Post = "纪检监察组组长" },
			"person":  func(s *reports.Statement) { s.Person = "驻院纪检组组长" },
			"unit":    func(s *reports.Statement) { s.Unit = "高院纪检组" },
			"exclude": func(s *reports.Statement) { s.Exclude = []string{"监察室的人"} },
			"full":    func(s *reports.Statement) { s.Unit = "某某高级人民法院" + reportstest.Group },
		} {
			st := said()
			change(&st)
			ticket, id := x.Submit(st)
			for _, a := range []staff.Actor{x.zhang, x.li} {
				_, err := x.Reports.View(x.ctx, a, x.no(id))
				x.refused(err, fault.NotFound, name+": read by "+a.Name)
			}
			if _, err := x.Reports.View(x.ctx, x.outside, x.no(id)); err != nil {
				t.Errorf("%s: from outside: %v", name, err)
			}
			if slices.Contains(x.queue(x.zhang), ticket.CaseNo) {
				t.Errorf("%s: it stands in the group's list", name)
			}
			// Who sent it can still be given, by custodians who do not belong to the group.
			x.must(x.Reports.Accept(x.ctx, x.outside, x.no(id)))
			x.must(x.Reports.Assign(x.ctx, x.outside, x.no(id), x.outside.ID))
			x.must(x.Reports.AskIdentity(x.ctx, x.outside, x.no(id), "当面核实"))
			if list, err := x.Reports.Asks(x.ctx, x.keeper); err != nil || len(list) == 0 {
				t.Errorf("%s: no custodian can answer: %v", name, err)
			}
		}
		st := said()
		st.Facts = "去年向纪检组反映过，没有答复。"
		_, id := x.Submit(st)
		if _, err := x.Reports.View(x.ctx, x.zhang, x.no(id)); err != nil {
			t.Errorf("a word about the group among the facts is no complaint about it: %v", err)
		}
	})
}

func TestACustodianWhoLeavesPassesNothingOnUnseen(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Exclude = []string{"吴保管"}
		_, id := x.Submit(st)
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.zhang.ID))
		x.must(x.Reports.AskIdentity(x.ctx, x.zhang, x.no(id), "当面核实"))
		_, err := x.Reports.HandOver(x.ctx, x.keeper, x.other.ID)
		x.must(err)
		for _, a := range []staff.Actor{x.keeper, x.other} {
			if list, err := x.Reports.Asks(x.ctx, a); err != nil || len(list) != 0 {
				t.Errorf("%s can answer %+v %v", a.Name, list, err)
			}
		}
		// The last one cannot go before another was there when the reports came.
		x.Hire("keeper3", "郑保管", "机关党委", staff.Custodian)
		x.Sign(x.zhang, x.outside)
		_, err = x.Reports.HandOver(x.ctx, x.other, x.byLogin("keeper3"))
		x.refused(err, fault.Conflict, "the last custodian of a report goes")
	})
}

func TestWhatIsChangedAndSentAgainIsNeverLostSilently(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key = strings.Repeat("q", 32)
		ticket, id := x.Submit(st)
		again := func(change func(*reports.Statement)) error {
			s := st
			change(&s)
			s.PrivacyVersion = "1"
			s.CaptchaID, s.Captcha = x.Captcha()
			_, err := x.Reports.Submit(x.ctx, s)
			return err
		}
		x.must(again(func(*reports.Statement) {}))
		x.refused(again(func(s *reports.Statement) { s.Who.Phone = "13900000000" }), fault.Conflict, "another phone")
		_, err := x.Reports.Stage(x.ctx, st.Key, "补.txt", strings.NewReader("新的证据"))
		x.must(err)
		x.refused(again(func(*reports.Statement) {}), fault.Conflict, "one more file")

		visit, form := x.back(ticket), strings.Repeat("s", 32)
		x.must(x.Reports.Say(x.ctx, visit, "第一次的话", form))
		x.must(x.Reports.Say(x.ctx, visit, "第一次的话", form))
		x.refused(x.Reports.Say(x.ctx, visit, "改过的话", form), fault.Invalid, "other words")
		_, err = x.Reports.Stage(x.ctx, form, "补.txt", strings.NewReader("新的证据"))
		x.must(err)
		x.refused(x.Reports.Say(x.ctx, visit, "第一次的话", form), fault.Invalid, "one more file")
		answer := strings.Repeat("u", 32)
		x.must(x.Reports.Answer(x.ctx, x.zhang, x.no(id), "答复一", answer))
		x.must(x.Reports.Answer(x.ctx, x.zhang, x.no(id), "答复一", answer))
		x.refused(x.Reports.Answer(x.ctx, x.zhang, x.no(id), "答复二", answer), fault.Invalid, "another answer")
	})
}

func TestALostAnchorClosesTheFormAndTwoKitsWriteItAnew(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		_, id := x.Submit(said())
		file := filepath.Join(x.Folder, "roster.json")
		raw, err := os.ReadFile(file)
		x.must(err)
		for name, now := range map[string]string{
			"of a later list": strings.Replace(string(raw), `"newest":1`, `"newest":9`, 1),
			"another digest":  strings.Replace(string(raw), `"digest":"`, `"digest":"00`, 1),
			"of another site": strings.Replace(string(raw), `"first":"`, `"first":"00`, 1),
		} {
			x.must(os.WriteFile(file, []byte(now), 0o600))
			again := x.Again() // nothing is remembered
			st := said()
			st.PrivacyVersion = "1"
			if _, err := again.Submit(x.ctx, st); !fault.Is(err, fault.Busy) {
				t.Errorf("%s: taken: %v", name, err)
			}
			if v, err := again.View(x.ctx, x.zhang, x.no(id)); err != nil || len(v.To) != 0 {
				t.Errorf("%s: what is there is read on, and given to nobody: %v", name, err)
			}
			x.refused(again.Assign(x.ctx, x.zhang, x.no(id), x.li.ID), fault.Conflict, name+": assigned")
			x.refused(again.Sign(x.ctx, x.zhang, reports.Signing{}), fault.Conflict, name+": signed over it")
			x.refused(x.DB.Write(x.ctx, func(tx *store.Tx) error {
				return again.MayLeave(tx, x.zhang.ID, []staff.Role{staff.DisciplineOfficer})
			}), fault.Conflict, name+": leaves without handing over")
		}
		again := x.Again()
		x.must(os.WriteFile(file, []byte(strings.Replace(string(raw), `"first":"`, `"first":"00`, 1)), 0o600))
		if _, err := again.Anchor(x.ctx, x.Kits[0].Secret, x.Kits[1].Secret); err == nil {
			t.Error("lists that began otherwise are trusted")
		}
		x.must(os.Remove(file))
		if _, err := again.Anchor(x.ctx, x.Kits[0].Secret, x.Kits[0].Secret); err == nil {
			t.Error("one kit twice is enough")
		}
		if no, err := again.Anchor(x.ctx, x.Kits[0].Secret, x.Kits[1].Secret); err != nil || no != 1 {
			t.Errorf("list %d: %v", no, err)
		}
		if back, err := os.ReadFile(file); err != nil || string(back) != string(raw) {
			t.Errorf("%s instead of %s %v", back, raw, err)
		}
		x.Submit(said())
	})
}

// A recovery key that somebody put into the database is not signed for: its print is not on paper.
func TestARecoveryKeyIsSignedForOnlyAgainstItsPaper(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		foreign := seal.NewPrivate()
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO key_recoveries (no, public, verifier, pair_ab, pair_ac, pair_bc, trial, at) VALUES (9, ?, ?, ?, ?, ?, ?, ?)", []byte(foreign.Public()), []byte(foreign.Verifier()), []byte("x"), []byte("x"), []byte("x"), false, tx.Now).Error
		}))
		// Forgetting old pairs is no way to change what it signs with.
		if err := x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE key_recoveries SET pair_ab = ?, pair_ac = ?, pair_bc = ?, verifier = ? WHERE no = 1", []byte{}, []byte{}, []byte{}, []byte(foreign.Verifier())).Error
		}); err == nil {
			t.Error("a kept key's verifier was changed")
		}
		// Nor is the half of it believed with which it signs.
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO key_recoveries (no, public, verifier, pair_ab, pair_ac, pair_bc, trial, at) SELECT 10, public, ?, pair_ab, pair_ac, pair_bc, trial, at FROM key_recoveries WHERE no = 1", []byte(foreign.Verifier())).Error
		}))
		for _, print := range []string{"", x.Kits[0].Print} {
			x.refused(x.Reports.Sign(x.ctx, x.zhang, reports.Signing{Recovery: print}), fault.Invalid, "signed for with "+print)
		}
	})
}

// The column that says with what an officer signs is believed once, like their key.
func TestAnOfficersVerifierIsNotChangedUnderTheirKey(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		thief := seal.NewPrivate()
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE staff_keys SET verifier = ? WHERE staff_id = ?", []byte(thief.Verifier()), x.li.ID).Error
		}))
		v, err := x.Reports.Rosters(x.ctx, x.zhang)
		x.must(err)
		if !slices.ContainsFunc(v.Wanted, func(w reports.Wanted) bool { return w.ID == x.li.ID && w.Standing == "换了密钥" }) {
			t.Errorf("it does not show: %+v", v.Wanted)
		}
		x.Sign(x.zhang, x.outside)
		forged, err := seal.Roster{No: 3, Members: []seal.Member{{Staff: x.li.ID, Key: thief.Public(), Officer: true, Sign: thief.Verifier()}}, Before: x.newest()}.Sign(x.li.ID, thief)
		x.must(err)
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("INSERT INTO key_rosters (no, body, signed_by, sig, at) VALUES (3, ?, ?, ?, ?)", forged.Body, x.li.ID, forged.Sig, tx.Now).Error
		}))
		if v, err := x.Again().Rosters(x.ctx, x.zhang); err != nil || !v.Broken {
			t.Errorf("a list in their name is trusted: %+v %v", v, err)
		}
	})
}

// An identity that somebody put there is not shown as the reporter's.
func TestAForgedIdentityIsNotShown(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		_, id := x.Submit(said())
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		x.must(x.Reports.AskIdentity(x.ctx, x.li, x.no(id), "当面核实"))
		list, err := x.Reports.Asks(x.ctx, x.keeper)
		x.must(err)
		x.must(x.Reports.DecideIdentity(x.ctx, x.keeper, list[0].ID, true))
		if who, err := x.Reports.Reveal(x.ctx, x.li, x.no(id)); err != nil || who.Name != said().Who.Name {
			t.Fatalf("%+v %v", who, err)
		}
		// The handler's public key is enough to give them another key than the identity's.
		own, err := x.li.Private()
		x.must(err)
		to := own.Public()
		print := sha256.Sum256(to)
		enc, box, err := seal.NewLine(to, seal.Context{Table: "key_lines", Field: fmt.Sprintf("line/%x", print[:16])})
		x.must(err)
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			err := tx.Exec("INSERT INTO key_lines (at, key_print, enc) VALUES (?, ?, ?)", tx.Now, print[:16], enc).Error
			for epoch := 1; epoch <= 2; epoch++ {
				sealed := box.Close(seal.Context{Table: "report_grants", Row: x.no(id), Epoch: epoch, Field: fmt.Sprintf("asker/%d", x.li.ID)}, make([]byte, 32))
				err = errors.Join(err, tx.Exec("UPDATE report_grants SET line_id = (SELECT max(id) FROM key_lines), sealed = ? WHERE report_id = ? AND holder = 'asker' AND epoch = ?", sealed, id, epoch).Error)
			}
			return err
		}))
		_, err = x.Reports.Reveal(x.ctx, x.li, x.no(id))
		x.refused(err, fault.Conflict, "an identity under keys that nobody vouched for")
	})
}
