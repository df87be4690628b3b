package reports_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/reports"
	"mingjing/app/reports/reportstest"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// said is a named statement in which every canary stands.
func said() reports.Statement {
	return reports.Statement{Title: "金丝雀标题", Person: "金丝雀某甲", Unit: "执行局", Post: "金丝雀职务", Facts: "金丝雀事实：收受当事人财物。", HappenedAt: "金丝雀时间", Place: "金丝雀地点",
		Who: reports.Identity{Name: "欧阳金丝雀", Phone: "13987654321", IDNumber: "530102199001011234"}}
}

var canaries = []string{"金丝雀", "13987654321", "530102199001011234", "jinsique"}

type room struct {
	*reportstest.Desk
	ctx           context.Context
	clock         *storetest.Clock
	zhang, li     staff.Actor // officers
	outside       staff.Actor
	keeper, other staff.Actor // custodians
}

func each(t *testing.T, test func(t *testing.T, x *room)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		x := open(t, db, clock)
		test(t, x)
		x.Check()
	})
}

// open is a desk of everybody whom the tests know, with their roster signed.
func open(t *testing.T, db *store.DB, clock *storetest.Clock) *room {
	x := &room{Desk: reportstest.New(t, db), ctx: t.Context(), clock: clock}
	x.zhang = x.Hire("zhang", "张纪检", reportstest.Group, staff.DisciplineOfficer)
	x.li = x.Hire("li", "李纪检", reportstest.Group, staff.DisciplineOfficer)
	x.outside = x.Hire("wang", "王外部", "", staff.DisciplineOfficer)
	x.keeper = x.Hire("keeper", "周保管", "机关党委", staff.Custodian)
	x.other = x.Hire("keeper2", "吴保管", "机关党委", staff.Custodian)
	x.Sign(x.zhang, x.outside)
	return x
}

// no is the number that staff know a report by.
func (x *room) no(id int64) (no int64) {
	x.T.Helper()
	x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
		return r.Raw("SELECT CAST(case_no AS BIGINT) FROM reports WHERE id = ?", id).Scan(&no).Error
	}))
	return no
}

func (x *room) byLogin(login string) (id int64) {
	x.T.Helper()
	x.must(x.DB.Read(x.ctx, func(r *store.Reader) (err error) { id, err = staff.ByLogin(r, login); return err }))
	return id
}

// newest is the digest of the newest roster.
func (x *room) newest() []byte {
	x.T.Helper()
	var body []byte
	x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
		return r.Raw("SELECT body FROM key_rosters ORDER BY no DESC LIMIT 1").Row().Scan(&body)
	}))
	return seal.Signed{Body: body}.Digest()
}

// queue are the numbers that an officer's list shows.
func (x *room) queue(a staff.Actor) []string {
	x.T.Helper()
	list, _, err := x.Reports.Queue(x.ctx, a, false, "", 50)
	if err != nil {
		x.T.Fatal(err)
	}
	out := []string{}
	for _, r := range list {
		out = append(out, r.CaseNo)
	}
	return out
}

func (x *room) back(t reports.Ticket) reports.Visit {
	x.T.Helper()
	v, pass, err := x.Reports.Unlock(x.ctx, x.Cases, "somewhere", t.CaseNo, t.Code.Groups())
	if err != nil {
		x.T.Fatal(err)
	}
	if v, err = x.Reports.Admit(pass); err != nil {
		x.T.Fatal(err)
	}
	return v
}

func (x *room) must(err error) {
	x.T.Helper()
	if err != nil {
		x.T.Fatal(err)
	}
}

func (x *room) refused(err error, kind fault.Kind, what string) {
	x.T.Helper()
	if !fault.Is(err, kind) {
		x.T.Errorf("%s: %v", what, err)
	}
}

func TestAReportIsReadByItsOfficersAndItsReporterAlone(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		ticket, id := x.Submit(said())
		if got := x.queue(x.zhang); !slices.Equal(got, []string{ticket.CaseNo}) {
			t.Fatalf("the officer's list: %v", got)
		}
		if got := x.queue(x.outside); len(got) != 0 {
			t.Errorf("an outside officer sees %v", got)
		}
		v, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		want := said()
		want.Who = reports.Identity{}
		if v.Statement.Facts != want.Facts || v.Statement.Person != want.Person || v.Statement.Anonymous {
			t.Errorf("read: %+v", v.Statement)
		}
		_, err = x.Reports.Reveal(x.ctx, x.zhang, x.no(id))
		x.refused(err, fault.Forbidden, "an officer looks at the identity")
		for what, a := range map[string]staff.Actor{"an outside officer": x.outside, "a custodian": x.keeper, "the security administrator": x.Admin} {
			if _, err := x.Reports.View(x.ctx, a, x.no(id)); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The same officer in a session without their key, as after a theft of the row.
		bare := staff.Actor{ID: x.zhang.ID, Name: x.zhang.Name, Roles: x.zhang.Roles}
		_, err = x.Reports.View(x.ctx, bare, x.no(id))
		x.refused(err, fault.Conflict, "without a key")

		visit := x.back(ticket)
		own, err := x.Reports.Track(x.ctx, visit)
		x.must(err)
		if own.Who != said().Who || own.Statement.Title != "金丝雀标题" || own.Report.State.Told() != "已收到" {
			t.Errorf("the reporter reads %+v %+v", own.Who, own.Statement)
		}
		wrong := seal.NewCode()
		_, _, err = x.Reports.Unlock(x.ctx, x.Cases, "elsewhere", ticket.CaseNo, wrong.Groups())
		_, _, err2 := x.Reports.Unlock(x.ctx, x.Cases, "elsewhere", "12345678", wrong.Groups())
		x.refused(err, fault.Invalid, "a wrong code")
		if err == nil || err2 == nil || err.Error() != err2.Error() {
			t.Errorf("a wrong code: %v; a wrong number: %v", err, err2)
		}
		_, err = x.Reports.Admit("AAAA")
		x.refused(err, fault.Unauthenticated, "a forged pass")
		x.clock.Advance(31 * time.Minute)
		_, err = x.Reports.Admit(x.Reports.Pass(visit))
		x.must(err)
	})
}

func TestTheDatabaseTellsNothingOfAReport(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key = strings.Repeat("k", 32)
		_, err := x.Reports.Stage(x.ctx, st.Key, "金丝雀照片.txt", strings.NewReader("jinsique 附件里的话"))
		x.must(err)
		ticket, id := x.Submit(st)
		_, err = x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		x.must(x.Reports.Note(x.ctx, x.li, x.no(id), "金丝雀记录"))
		x.must(x.Reports.Answer(x.ctx, x.li, x.no(id), "金丝雀答复", ""))
		x.must(x.Reports.AskIdentity(x.ctx, x.li, x.no(id), "金丝雀理由"))
		x.must(x.Reports.Say(x.ctx, x.back(ticket), "金丝雀补充", strings.Repeat("s", 32)))
		dump := storetest.Dump(t, x.DB)
		for _, c := range append([]string{string(ticket.Code), ticket.Code.Groups(), st.Key}, canaries...) {
			if strings.Contains(dump, c) {
				t.Errorf("the database holds %q", c)
			}
		}
		if !strings.Contains(dump, ticket.CaseNo) {
			t.Error("the dump is of another database")
		}
		// A ciphertext in another row's place opens for nobody.
		_, second := x.Submit(said())
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return tx.Exec("UPDATE report_grants SET sealed = (SELECT sealed FROM report_grants g WHERE g.report_id = ? AND g.holder = 'officer' AND g.staff_id = ? AND g.epoch = 1) WHERE report_id = ? AND holder = 'officer' AND staff_id = ?",
				id, x.li.ID, second, x.li.ID).Error
		}))
		_, err = x.Reports.View(x.ctx, x.li, x.no(second))
		x.refused(err, fault.NotFound, "a swapped grant")
	})
}

func TestWhoIsNamedIsKeptOutAndItDoesNotShow(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		_, open := x.Submit(said())
		about := said()
		about.Exclude = []string{"李 纪检"}
		ticket, id := x.Submit(about)
		if got := x.queue(x.li); slices.Contains(got, ticket.CaseNo) {
			t.Errorf("who must not see it sees %v", got)
		}
		_, err := x.Reports.View(x.ctx, x.li, x.no(id))
		_, none := x.Reports.View(x.ctx, x.li, x.no(99999))
		if err == nil || none == nil || err.Error() != none.Error() {
			t.Errorf("%v, but for a report that does not exist %v", err, none)
		}
		shape := func(id int64) (out []string) {
			x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
				return r.Raw("SELECT epoch || ' ' || holder || ' ' || staff_id || ' ' || length(sealed) FROM report_grants WHERE report_id = ? ORDER BY holder, staff_id", id).Scan(&out).Error
			}))
			return out
		}
		if a, b := shape(open), shape(id); len(a) != 6 || !slices.Equal(a, b) {
			t.Errorf("that somebody is kept out shows:\n%v\n%v", a, b)
		}
		if err := x.Reports.Accept(x.ctx, x.zhang, x.no(id)); err != nil {
			t.Fatal(err)
		}
		x.refused(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID), fault.Invalid, "assigned to who must not see it")
		v, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		if len(v.To) != 1 || v.To[0].ID != x.zhang.ID {
			t.Errorf("it could be given to %v", v.To)
		}

		// About the group itself: the outside officer alone, and nobody of the group.
		group := said()
		group.Unit = "某法院" + reportstest.Group
		apart, apartID := x.Submit(group)
		for _, a := range []staff.Actor{x.zhang, x.li} {
			if slices.Contains(x.queue(a), apart.CaseNo) {
				t.Errorf("%s sees a report about the group", a.Name)
			}
		}
		if got := x.queue(x.outside); !slices.Equal(got, []string{apart.CaseNo}) {
			t.Errorf("the outside officer sees %v", got)
		}
		if a, b := shape(open), shape(apartID); !slices.Equal(a, b) {
			t.Errorf("that it is about the group shows:\n%v\n%v", a, b)
		}

		// Nobody left: said before anything is stored.
		all := group
		all.Exclude = []string{"王外部"}
		all.PrivacyVersion = "1"
		all.Channel = cases.Web
		err = x.Reports.Preview(x.ctx, &all)
		fields, _ := fault.As(err)
		if fields == nil || len(fields.Fields) != 1 || fields.Fields[0].Name != "exclude" || !strings.Contains(fields.Fields[0].Message, "12388") {
			t.Errorf("no reader left: %v", err)
		}
	})
}

func TestTheHandlerLearnsWhoItWasOnlyFromACustodianAndForAWhile(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		ticket, id := x.Submit(said())
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		if got := x.queue(x.zhang); len(got) != 0 {
			t.Errorf("the intake grants were not dropped: %v", got)
		}
		x.refused(x.Reports.Note(x.ctx, x.zhang, x.no(id), "还能写吗"), fault.NotFound, "an officer whose grant was dropped")
		x.must(x.Reports.AskIdentity(x.ctx, x.li, x.no(id), "要当面核实"))
		x.refused(x.Reports.AskIdentity(x.ctx, x.li, x.no(id), "再来一次"), fault.Conflict, "asked twice")
		list, err := x.Reports.Asks(x.ctx, x.keeper)
		x.must(err)
		if len(list) != 1 || list[0].Reason != "要当面核实" || list[0].By != "李纪检" {
			t.Fatalf("a custodian reads %+v", list)
		}
		_, err = x.Reports.Asks(x.ctx, x.li)
		x.refused(err, fault.Forbidden, "the handler decides")
		_, err = x.Reports.View(x.ctx, x.keeper, x.no(id))
		x.refused(err, fault.Forbidden, "a custodian reads the report")
		x.must(x.Reports.DecideIdentity(x.ctx, x.keeper, list[0].ID, true))
		x.refused(x.Reports.DecideIdentity(x.ctx, x.other, list[0].ID, false), fault.Conflict, "decided twice")
		who, err := x.Reports.Reveal(x.ctx, x.li, x.no(id))
		x.must(err)
		if who != said().Who {
			t.Errorf("revealed: %+v", who)
		}
		own, err := x.Reports.Track(x.ctx, x.back(ticket))
		x.must(err)
		words := ""
		for _, s := range own.Steps {
			words += s.Word + "\n"
		}
		for _, w := range []string{"申请查看您的身份", "同意办理人查看您的身份", "办理人查看了您的身份", "已交专人办理"} {
			if !strings.Contains(words, w) {
				t.Errorf("the reporter does not read %q in\n%s", w, words)
			}
		}
		x.clock.Advance(73 * time.Hour)
		x.li = x.SignIn("li")
		_, err = x.Reports.Reveal(x.ctx, x.li, x.no(id))
		x.refused(err, fault.Forbidden, "after its time")
		x.must(x.Reports.Tick(x.ctx))
		if dump := storetest.Dump(t, x.DB, "report_grants"); strings.Contains(dump, "asker") {
			t.Error("a grant outlives its time")
		}
	})
}

func TestAReportGoesItsWayToTheFeedback(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		ticket, id := x.Submit(said())
		x.refused(x.Reports.Conclude(x.ctx, x.zhang, x.no(id), "初步核实", "太早"), fault.Conflict, "concluded before it was taken on")
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.refused(x.Reports.Accept(x.ctx, x.li, x.no(id)), fault.Conflict, "accepted twice")
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		x.must(x.Reports.Say(x.ctx, x.back(ticket), "又想起一件事", strings.Repeat("a", 32)))
		x.must(x.Reports.Say(x.ctx, x.back(ticket), "又想起一件事", strings.Repeat("a", 32))) // sent again
		v, err := x.Reports.View(x.ctx, x.li, x.no(id))
		x.must(err)
		if len(v.Texts) != 1 || v.Texts[0].Body != "又想起一件事" || !v.Texts[0].Mine() {
			t.Errorf("texts: %+v", v.Texts)
		}
		x.refused(x.Reports.Conclude(x.ctx, x.li, x.no(id), "随便", "结论"), fault.Invalid, "a disposition of no list")
		form := strings.Repeat("q", 32)
		_, err = x.Reports.Stage(x.ctx, form, "通知.txt", strings.NewReader("请于三月五日前来。"))
		x.must(err)
		for range 2 { // pressed twice
			x.must(x.Reports.Answer(x.ctx, x.li, x.no(id), "请看附件。", form))
		}
		x.must(x.Reports.Conclude(x.ctx, x.li, x.no(id), "初步核实", "查了，属实。"))
		own, err := x.Reports.Track(x.ctx, x.back(ticket))
		x.must(err)
		if own.Report.State.Told() != "办理中" || len(own.Texts) != 2 || len(own.Texts[1].Files) != 1 || own.Texts[1].Files[0].Name != "通知.txt" {
			t.Errorf("the reporter reads %s and %+v", own.Report.State.Told(), own.Texts)
		}
		if own.Report.FeedbackDue.IsZero() || own.Report.DueOn != own.Report.FeedbackDue {
			t.Errorf("feedback is due on %s", own.Report.FeedbackDue)
		}
		x.must(x.Reports.Feedback(x.ctx, x.li, x.no(id), "已经处理。"))
		own, err = x.Reports.Track(x.ctx, x.back(ticket))
		x.must(err)
		if own.Report.State.Told() != "已反馈" || own.Texts[2].Body != "已经处理。" || own.Texts[2].Mine() {
			t.Errorf("the reporter reads %s and %+v", own.Report.State.Told(), own.Texts)
		}
		if len(x.queue(x.li)) != 0 {
			t.Error("an ended report is still open")
		}
		x.must(x.Reports.Say(x.ctx, x.back(ticket), "我不同意，有新证据。", strings.Repeat("n", 32)))
		if got := x.queue(x.li); !slices.Equal(got, []string{ticket.CaseNo}) {
			t.Errorf("an objection shows to nobody: %v", got)
		}
		_, err = x.Reports.View(x.ctx, x.li, x.no(id))
		x.must(err)
		x.must(x.Reports.Reopen(x.ctx, x.li, x.no(id)))
		if own, err = x.Reports.Track(x.ctx, x.back(ticket)); err != nil || own.Report.State != reports.Handling || !own.Report.EndedOn.IsZero() {
			t.Errorf("reopened: %+v %v", own.Report, err)
		}
		x.must(x.Reports.Conclude(x.ctx, x.li, x.no(id), "予以了结", "新证据不影响结论。"))
		x.must(x.Reports.Feedback(x.ctx, x.li, x.no(id), "新证据已经核查。"))
		found, err := x.Reports.Search(x.ctx, x.li, "属实", true)
		x.must(err)
		if len(found.Rows) != 1 || found.Rows[0].CaseNo != ticket.CaseNo {
			t.Errorf("found: %+v", found)
		}
		found, err = x.Reports.Search(x.ctx, x.zhang, "属实", true)
		x.must(err)
		if len(found.Rows)+found.Looked != 0 {
			t.Errorf("who cannot open it finds %+v", found)
		}
	})
}

func TestTheSameFormIsOneReport(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key = strings.Repeat("f", 32)
		first, _ := x.Submit(st)
		st.PrivacyVersion = "2026-11"
		again, err := x.Reports.Submit(x.ctx, st) // without a captcha: the answer was lost
		x.must(err)
		if again.CaseNo != first.CaseNo || again.Code != first.Code || !again.Again {
			t.Errorf("again: %+v", again)
		}
		known, ok, err := x.Reports.Known(x.ctx, st)
		if err != nil || !ok || known.Code != first.Code {
			t.Errorf("known: %v %v %v", known, ok, err)
		}
		st.Facts = "另一件事"
		_, err = x.Reports.Submit(x.ctx, st)
		x.refused(err, fault.Conflict, "other content under the same secret")
		none := said()
		none.PrivacyVersion = "1"
		_, err = x.Reports.Submit(x.ctx, none)
		x.refused(err, fault.Invalid, "without a captcha")

		var wg sync.WaitGroup
		many := said()
		many.Key, many.PrivacyVersion = strings.Repeat("m", 32), "1"
		many.CaptchaID, many.Captcha = x.Captcha()
		numbers := make([]string, 12)
		for i := range numbers {
			wg.Go(func() {
				got, err := x.Reports.Submit(x.ctx, many)
				if err != nil {
					t.Error(err)
				}
				numbers[i] = got.CaseNo
			})
		}
		wg.Wait()
		if slices.Sort(numbers); numbers[0] != numbers[11] || numbers[0] == "" {
			t.Errorf("one form became %v", numbers)
		}
	})
}

func TestACodeThatStaffHaveSeenOpensNothingUntilItIsReplaced(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		clerk := x.Hire("clerk", "登记员", "立案庭", staff.IntakeClerk)
		st := said()
		st.Channel = cases.Hotline
		ticket, err := x.Reports.Record(x.ctx, clerk, st)
		x.must(err)
		_, err = x.Reports.Record(x.ctx, x.keeper, st)
		x.refused(err, fault.Forbidden, "recorded by who is no clerk")
		visit := x.back(ticket)
		for _, a := range []staff.Actor{clerk, x.Admin} {
			_, _, err := x.Reports.Queue(x.ctx, a, false, "", 10)
			x.refused(err, fault.Forbidden, "read by "+a.Name)
		}
		own, err := x.Reports.Track(x.ctx, visit)
		x.must(err)
		if !own.MustRenew || own.Statement.Facts != "" || len(own.Steps) > 0 {
			t.Errorf("with a code that a clerk has seen: %+v", own)
		}
		x.refused(x.Reports.Say(x.ctx, visit, "说不了", strings.Repeat("x", 32)), fault.Conflict, "says something with it")
		form := strings.Repeat("r", 32)
		number, code, err := x.Reports.Renew(x.ctx, visit, form)
		x.must(err)
		if number != ticket.CaseNo || code == ticket.Code {
			t.Errorf("renewed: %s", number)
		}
		if _, again, err := x.Reports.Renew(x.ctx, visit, form); err != nil || again != code {
			t.Errorf("the same form, sent again after a lost answer: %v", err)
		}
		if told, fresh, ok, err := x.Reports.Retell(x.ctx, number, form); err != nil || !ok || !fresh || told != code {
			t.Errorf("told again: %t %v", ok, err)
		}
		if _, _, err = x.Reports.Unlock(x.ctx, x.Cases, "x", number, ticket.Code.Groups()); err != nil {
			t.Errorf("the old code before the new one was ever typed: %v", err)
		}
		if own, err = x.Reports.Track(x.ctx, visit); err != nil || !own.MustRenew {
			t.Errorf("it shows something before the new one was typed: %v", err)
		}
		next, _, err := x.Reports.Unlock(x.ctx, x.Cases, "x", number, code.Groups())
		x.must(err)
		if own, err = x.Reports.Track(x.ctx, next); err != nil || own.MustRenew || own.Statement.Facts != st.Facts {
			t.Errorf("with the new code: %v", err)
		}
		_, err = x.Reports.Track(x.ctx, visit)
		x.refused(err, fault.Unauthenticated, "the old visit")
		_, _, err = x.Reports.Unlock(x.ctx, x.Cases, "x", ticket.CaseNo, ticket.Code.Groups())
		x.refused(err, fault.Invalid, "the old code")
		bad := []byte(code)
		bad[3] = '0' + (bad[3]-'0'+1)%10
		_, _, err = x.Reports.Unlock(x.ctx, x.Cases, "x", ticket.CaseNo, string(bad))
		if f, ok := fault.As(err); !ok || len(f.Fields) != 1 || !strings.Contains(f.Fields[0].Message, "一组一组核对") {
			t.Errorf("a mistyped code: %v", err)
		}
	})
}

func TestWhoRecusesThemselvesHoldsNothingAndGetsNothing(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		ticket, id := x.Submit(said())
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID))
		x.must(x.Reports.Recuse(x.ctx, x.li, x.no(id)))
		_, err := x.Reports.View(x.ctx, x.li, x.no(id))
		x.refused(err, fault.NotFound, "who recused themselves")
		if !slices.Contains(x.queue(x.zhang), ticket.CaseNo) {
			t.Error("it went to nobody")
		}
		x.refused(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.li.ID), fault.Invalid, "given back")
		// While nobody handles it, who is kept out has decoys again.
		holders := func() (n int64) {
			x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
				return r.Raw("SELECT count(*) FROM report_grants WHERE report_id = ? AND holder = 'officer' AND staff_id IN ?", id, []int64{x.zhang.ID, x.outside.ID}).Scan(&n).Error
			}))
			return n
		}
		if n := holders(); n != 2*3 {
			t.Errorf("%d grants for two officers in three epochs", n)
		}
		x.refused(x.Reports.Recuse(x.ctx, x.zhang, x.no(id)), fault.Conflict, "the last one recuses themselves")
		v, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		if v.Report.Epoch != 3 || v.Report.State != reports.Accepted || v.Statement.Facts != said().Facts {
			t.Errorf("%+v", v.Report)
		}
		if own, err := x.Reports.Track(x.ctx, x.back(ticket)); err != nil || own.Who != said().Who {
			t.Errorf("the reporter after two changes of keys: %v", err)
		}
	})
}

func TestALeaverHandsOverFirstAndTheLastHolderStays(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		mine, id := x.Submit(said())
		x.must(x.Reports.Accept(x.ctx, x.li, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.li, x.no(id), x.li.ID))
		about := said()
		about.Facts = "张纪检也参与了。" // li alone can open it
		_, sole := x.Submit(about)
		x.refused(x.Staff.Disable(x.ctx, x.Admin, x.li.ID), fault.Conflict, "disabled before handing over")
		_, err := x.Reports.HandOver(x.ctx, x.li, x.zhang.ID)
		x.refused(err, fault.Conflict, "handed over what nobody else may have")
		x.refused(x.Staff.SetRoles(x.ctx, x.Admin, x.li.ID, []staff.Role{staff.Leader}), fault.Conflict, "the role taken away")
		if _, err := x.Reports.View(x.ctx, x.zhang, x.no(id)); err != nil {
			t.Error("what could go did not go", err)
		}
		sun := x.Hire("sun", "孙纪检", reportstest.Group, staff.DisciplineOfficer)
		x.Sign(x.zhang, x.outside)
		n, err := x.Reports.HandOver(x.ctx, x.li, sun.ID)
		x.must(err)
		if n != 1 {
			t.Errorf("%d reports changed hands", n)
		}
		if _, err := x.Reports.View(x.ctx, sun, x.no(sole)); err != nil {
			t.Error("the heir cannot read it", err)
		}
		after, _ := x.Submit(said())
		if got := x.queue(x.li); len(got) != 0 {
			t.Errorf("who handed over still reads %v", got)
		}
		if !slices.Contains(x.queue(sun), after.CaseNo) {
			t.Error("the heir does not get what is new")
		}
		x.Sign(x.zhang, x.outside) // for another reason: who handed over is not listed again
		if v, err := x.Reports.Rosters(x.ctx, x.zhang); err != nil || len(v.Gone) != 0 || len(v.Wanted) != 5 {
			t.Errorf("after the leaver: %+v %v", v, err)
		}
		x.must(x.Staff.Disable(x.ctx, x.Admin, x.li.ID))
		own, err := x.Reports.Track(x.ctx, x.back(mine))
		if err != nil || own.Statement.Facts != said().Facts {
			t.Error("the reporter lost their report", err)
		}
		// A custodian likewise.
		x.refused(x.Staff.Disable(x.ctx, x.Admin, x.keeper.ID), fault.Conflict, "a custodian disabled before handing over")
		_, err = x.Reports.HandOver(x.ctx, x.keeper, x.other.ID)
		x.must(err)
		x.must(x.Staff.Disable(x.ctx, x.Admin, x.keeper.ID))
	})
}

func TestTwoKitsBringBackWhatALostPasswordClosed(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		ticket, id := x.Submit(said())
		about := said()
		about.Person = "李纪检"
		_, hidden := x.Submit(about)
		pw, err := x.Staff.ResetPassword(x.ctx, x.Admin, x.li.ID)
		x.must(err)
		in, err := x.Staff.SignIn(x.ctx, "li", pw)
		x.must(err)
		li, err := x.Staff.Session(x.ctx, in.Cookie)
		x.must(err)
		x.must(x.Staff.ChangePassword(x.ctx, li, pw, "correct horse battery staple 7"))
		x.li = x.SignIn("li")
		if got := x.queue(x.li); len(got) != 0 {
			t.Errorf("a new key opens %v", got)
		}
		a, b := x.Kits[0].Secret, x.Kits[2].Secret
		x.refused(x.Reports.Sign(x.ctx, x.li, reports.Signing{}), fault.Forbidden, "they sign for themselves")
		_, _, err = x.Reports.Recover(x.ctx, a, a, "li", "", "", "忘记密码")
		if err == nil {
			t.Error("one kit twice is enough")
		}
		_, _, err = x.Reports.Recover(x.ctx, b, a, "li", "", "0000 0000 0000 0000", "忘记密码")
		x.refused(err, fault.Conflict, "for a key whose print its holder did not read")
		own, err := x.li.Private()
		x.must(err)
		n, shut, err := x.Reports.Recover(x.ctx, b, a, "li", "", staff.PublicOf(own).Print(), "忘记密码")
		x.must(err)
		if n != 1 || shut != 0 {
			t.Errorf("%d reports came back, %d did not open", n, shut)
		}
		// The kits signed for the new key too: nobody else may be left who could.
		v, err := x.Reports.Rosters(x.ctx, x.li)
		x.must(err)
		if v.No != 2 || v.Broken || slices.ContainsFunc(v.Wanted, func(w reports.Wanted) bool { return w.Standing != "" }) {
			t.Errorf("the list after it: %+v", v)
		}
		x.Sign(x.li, x.outside)
		if _, err := x.Reports.View(x.ctx, x.li, x.no(id)); err != nil {
			t.Error(err)
		}
		_, err = x.Reports.View(x.ctx, x.li, x.no(hidden))
		x.refused(err, fault.NotFound, "a recovery opens what is about them")
		var anew []int64
		x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
			return r.Raw("SELECT DISTINCT report_id FROM report_grants WHERE staff_id = ? AND line_id > (SELECT max(line_id) FROM report_grants WHERE staff_id = ?)", x.li.ID, x.zhang.ID).Scan(&anew).Error
		}))
		if slices.Sort(anew); !slices.Equal(anew, []int64{id, hidden}) {
			t.Errorf("recovered anew were %v, which tells what they are kept out of", anew)
		}
		told, err := x.Reports.Track(x.ctx, x.back(ticket))
		x.must(err)
		if last := told.Steps[len(told.Steps)-1].Word; !strings.Contains(last, "恢复了这件举报的密钥") {
			t.Errorf("the reporter reads last: %s", last)
		}
		// New kits make the old ones worthless.
		kits, err := x.Reports.NewKits(x.ctx, x.Kits[1].Secret, b)
		x.must(err)
		if _, _, err := x.Reports.Recover(x.ctx, a, b, "li", "", "", "再试"); err == nil {
			t.Error("old kits still open")
		}
		if _, _, err := x.Reports.Recover(x.ctx, kits[0].Secret, kits[1].Secret, "zhang", "li", "", "李纪检突然离职"); err != nil {
			t.Error(err)
		}
		if got := x.queue(x.li); len(got) != 0 {
			t.Errorf("who left still reads %v", got)
		}
		x.must(x.Staff.Disable(x.ctx, x.Admin, x.li.ID))
	})
}

func TestNobodyPutsTheirKeyAmongTheOfficers(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		thief := x.Hire("thief", "新来的", reportstest.Group, staff.DisciplineOfficer)
		ticket, id := x.Submit(said())
		if got := x.queue(thief); len(got) != 0 {
			t.Errorf("the role alone opens %v", got)
		}
		x.refused(x.Reports.Sign(x.ctx, thief, reports.Signing{}), fault.Forbidden, "signs themselves in")
		// Who writes to the database puts their own public key in an officer's place.
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			err := tx.Exec("UPDATE staff_keys SET public = (SELECT public FROM staff_keys WHERE staff_id = ?) WHERE staff_id = ?", thief.ID, x.li.ID).Error
			if err != nil {
				return err
			}
			return tx.Publish()
		}))
		after, _ := x.Submit(said())
		if got := x.queue(thief); len(got) != 0 {
			t.Errorf("a swapped public key opens %v", got)
		}
		if !slices.Contains(x.queue(x.zhang), after.CaseNo) || !slices.Contains(x.queue(x.zhang), ticket.CaseNo) {
			t.Error("the others lost theirs")
		}
		_, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		// Or begins the rosters anew: then nothing is sealed to anybody.
		x.must(os.WriteFile(filepath.Join(x.Folder, "roster.json"), []byte(`{"first":"00","newest":1}`), 0o600))
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error { return tx.Publish() }))
		st, err := x.Reports.Standing(x.ctx)
		if err != nil || st.Open {
			t.Errorf("the form stays open with another beginning: %v", err)
		}
		closed := said()
		closed.PrivacyVersion = "1"
		_, err = x.Reports.Submit(x.ctx, closed)
		x.refused(err, fault.Busy, "taken with another beginning")
		v, err := x.Reports.Rosters(x.ctx, x.zhang)
		if err != nil || !v.Broken {
			t.Errorf("%+v %v", v, err)
		}
	})
}

func TestWhatIsErasedLosesItsKeysAndARestoredBackupForgetsItAgain(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key = strings.Repeat("e", 32)
		_, err := x.Reports.Stage(x.ctx, st.Key, "证据.txt", strings.NewReader("证据"))
		x.must(err)
		ticket, id := x.Submit(st)
		held, heldID := x.Submit(said())
		x.must(x.Reports.Refuse(x.ctx, x.zhang, x.no(id), "请向上级反映。"))
		x.must(x.Reports.Refuse(x.ctx, x.zhang, x.no(heldID), "请向上级反映。"))
		x.must(x.Reports.HoldBack(x.ctx, x.zhang, x.no(heldID)))
		texts := func() int { return strings.Count(storetest.Dump(t, x.DB, "report_texts"), "statement") }
		x.clock.Advance(61 * 31 * 24 * time.Hour)
		x.must(x.Reports.Tick(x.ctx))
		if texts() != 2 {
			t.Fatal("erased before the court decided the period")
		}
		x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
			return settings.SaveReporting(tx, settings.Author{Name: "系统管理员"}, "其他", "60")
		}))
		x.must(x.Reports.Tick(x.ctx))
		own, err := x.Reports.Track(x.ctx, x.back(ticket))
		if err != nil || !own.Erased || own.Statement.Facts != "" || own.Report.State != reports.OutOfScope {
			t.Errorf("%+v %v", own, err)
		}
		if own, err := x.Reports.Track(x.ctx, x.back(held)); err != nil || own.Erased {
			t.Error("what is held back was erased", err)
		}
		n := 0
		x.must(x.Blobs.Walk(x.ctx, counter(&n)))
		if n != 0 {
			t.Errorf("%d blobs stay", n)
		}
		raw, err := os.ReadFile(filepath.Join(x.Folder, "report-erasures.txt"))
		if err != nil || strings.TrimSpace(string(raw)) != ticket.CaseNo {
			t.Errorf("listed outside: %q %v", raw, err)
		}
		// As after a restored backup: the number is listed, the report is there again.
		third, thirdID := x.Submit(said())
		x.must(os.WriteFile(filepath.Join(x.Folder, "report-erasures.txt"), []byte(ticket.CaseNo+"\n"+third.CaseNo+"\n"), 0o600))
		again := x.Again()
		if n, err := again.Forget(x.ctx); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		_, err = again.View(x.ctx, x.SignIn("zhang"), thirdID)
		x.refused(err, fault.NotFound, "what was erased before")
	})
}

func TestAFileOfAReportIsOpenedCleanedAndTheOriginalByCustodians(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key = strings.Repeat("o", 32)
		text := bytes.Repeat([]byte("一行证据。\n"), 30_000)
		for range 2 { // the same again is one
			_, err := x.Reports.Stage(x.ctx, st.Key, "证据.txt", bytes.NewReader(text))
			x.must(err)
		}
		names, err := x.Reports.Staged(x.ctx, st.Key)
		if err != nil || !slices.Equal(names, []string{"证据.txt"}) {
			t.Fatalf("%v %v", names, err)
		}
		ticket, id := x.Submit(st)
		v, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
		x.must(err)
		if len(v.Files) != 1 {
			t.Fatalf("files: %+v", v.Files)
		}
		read := func(body io.ReadCloser, err error) string {
			t.Helper()
			x.must(err)
			raw, err := io.ReadAll(body)
			x.must(err)
			body.Close()
			return string(raw)
		}
		f, body, err := x.Reports.File(x.ctx, x.zhang, x.no(id), v.Files[0].ID)
		if got := read(body, err); got != string(text) || f.Name != "证据.txt" || f.Size != int64(len(text)) {
			t.Errorf("%d bytes of %+v", len(got), f)
		}
		original := v.Files[0].ID - 1
		_, _, err = x.Reports.File(x.ctx, x.zhang, x.no(id), original)
		x.refused(err, fault.NotFound, "an officer opens the original")
		_, _, err = x.Reports.Original(x.ctx, x.keeper, x.no(id), original)
		x.refused(err, fault.NotFound, "a custodian opens the original of their own accord")
		x.must(x.Reports.Accept(x.ctx, x.zhang, x.no(id)))
		x.must(x.Reports.Assign(x.ctx, x.zhang, x.no(id), x.zhang.ID))
		x.must(x.Reports.AskIdentity(x.ctx, x.zhang, x.no(id), "核对照片拍摄的地点"))
		_, body, err = x.Reports.Original(x.ctx, x.keeper, x.no(id), original)
		if got := read(body, err); got != string(text) {
			t.Errorf("the original has %d bytes", len(got))
		}
		_, _, err = x.Reports.Original(x.ctx, x.keeper, x.no(id), v.Files[0].ID)
		x.refused(err, fault.NotFound, "a custodian opens the working copy")
		_, body, err = x.Reports.OwnFile(x.ctx, x.back(ticket), v.Files[0].ID)
		if got := read(body, err); got != string(text) {
			t.Errorf("the reporter's has %d bytes", len(got))
		}
		other, otherID := x.Submit(said())
		_, _, err = x.Reports.OwnFile(x.ctx, x.back(other), v.Files[0].ID)
		x.refused(err, fault.NotFound, "another reporter's")
		_, _, err = x.Reports.File(x.ctx, x.zhang, x.no(otherID), v.Files[0].ID)
		x.refused(err, fault.NotFound, "through another report")
		// What is never sent is swept, rows and blobs.
		_, err = x.Reports.Stage(x.ctx, strings.Repeat("z", 32), "忘了.txt", strings.NewReader("没有提交"))
		x.must(err)
		count := func() (n int) { x.must(x.Blobs.Walk(x.ctx, counter(&n))); return n }
		if count() != 4 {
			t.Errorf("%d blobs", count())
		}
		x.clock.Advance(3 * time.Hour)
		x.must(x.Reports.Tick(x.ctx))
		if count() != 2 {
			t.Errorf("%d blobs after the sweep", count())
		}
	})
}

func TestRepeatedSubjectsShowToWhoMayOpenThem(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		first, firstID := x.Submit(said())
		second := said()
		second.Person = "金丝雀 某甲"
		second.Exclude = []string{"李纪检"}
		_, secondID := x.Submit(second)
		for _, id := range []int64{firstID, secondID} {
			_, err := x.Reports.View(x.ctx, x.zhang, x.no(id))
			x.must(err)
		}
		v, err := x.Reports.View(x.ctx, x.zhang, x.no(secondID))
		x.must(err)
		if len(v.Others) != 1 || v.Others[0].CaseNo != first.CaseNo {
			t.Errorf("others: %+v", v.Others)
		}
		if v, err = x.Reports.View(x.ctx, x.li, x.no(firstID)); err != nil || len(v.Others) != 0 {
			t.Errorf("who may not open it sees %+v, %v", v.Others, err)
		}
	})
}

func TestWithoutOfficersTheFormIsClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		d := reportstest.New(t, db)
		st, err := d.Reports.Standing(t.Context())
		if err != nil || st.Open || len(st.Violations) == 0 {
			t.Errorf("%+v %v", st, err)
		}
		s := said()
		s.PrivacyVersion = "1"
		if _, err := d.Reports.Submit(t.Context(), s); !fault.Is(err, fault.Busy) {
			t.Errorf("taken: %v", err)
		}
		if err := staff.CheckRoles([]staff.Role{staff.DisciplineOfficer, staff.Custodian}); !fault.Is(err, fault.Invalid) {
			t.Errorf("who reads also keeps: %v", err)
		}
	})
}

// counter counts what a store holds.
func counter(n *int) func(blob.Item) error {
	return func(blob.Item) error { *n++; return nil }
}

// A submission breaks off at each of its steps, as in a crash: nothing of it stays
// but the files that wait for the form, and the same form becomes one whole report.
func TestASubmissionThatBreaksOffLeavesNothingAndCanBeSentAgain(t *testing.T) {
	each(t, func(t *testing.T, x *room) {
		st := said()
		st.Key, st.PrivacyVersion = strings.Repeat("c", 32), "1"
		_, err := x.Reports.Stage(x.ctx, st.Key, "证据.txt", strings.NewReader("证据"))
		x.must(err)
		st.CaptchaID, st.Captcha = x.Captcha()
		exec := func(statements ...string) {
			x.must(x.DB.Write(x.ctx, func(tx *store.Tx) error {
				for _, s := range statements {
					if err := tx.Exec(s).Error; err != nil {
						return err
					}
				}
				return nil
			}))
		}
		if x.DB.Dialect() == store.Postgres {
			exec("CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$")
		}
		for _, table := range []string{"reports", "report_grants", "report_texts", "report_events", "audit"} {
			if x.DB.Dialect() == store.Postgres {
				exec("CREATE TRIGGER crash BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION crash()")
			} else {
				exec("CREATE TRIGGER crash BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(ABORT, 'crash'); END")
			}
			_, err := x.Reports.Submit(x.ctx, st)
			if _, is := fault.As(err); err == nil || is {
				t.Errorf("broken off at %s: %v", table, err)
			}
			if x.DB.Dialect() == store.Postgres {
				exec("DROP TRIGGER crash ON " + table)
			} else {
				exec("DROP TRIGGER crash")
			}
			var n int64
			x.must(x.DB.Read(x.ctx, func(r *store.Reader) error {
				return r.Raw("SELECT (SELECT count(*) FROM reports) + (SELECT count(*) FROM report_grants) + (SELECT count(*) FROM report_texts) + (SELECT count(*) FROM report_events)").Scan(&n).Error
			}))
			if n != 0 {
				t.Errorf("%d rows stay after it broke off at %s", n, table)
			}
		}
		ticket, err := x.Reports.Submit(x.ctx, st)
		x.must(err)
		own, err := x.Reports.Track(x.ctx, x.back(ticket))
		if err != nil || len(own.Files) != 1 || own.Files[0].Name != "证据.txt" {
			t.Errorf("sent again: %+v %v", own.Files, err)
		}
	})
}
