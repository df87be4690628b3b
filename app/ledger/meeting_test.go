package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func (o *office) minutes(id int64) (m ledger.Minutes) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) (err error) { m, err = ledger.OpenMeeting(r, o.desk, id); return err })
	return m
}

// meet plans a meeting for today and records a decision about a measure.
func (o *office) meet(code string) (meeting, decision int64) {
	o.t.Helper()
	today := calendar.Of(o.db.Now())
	id, err := o.PlanMeeting(o.t.Context(), o.desk, o.programme.ID, ledger.MeetingText{Title: "第一季度研究", HeldOn: today})
	o.ok(err)
	x, _ := o.about(code)
	d, err := o.Decide(o.t.Context(), o.desk, id, ledger.NewDecision{Subject: x, Text: "月底前验收", DepartmentID: o.liaison.DepartmentID, DueOn: today.AddDays(20)})
	o.ok(err)
	return id, d
}

func TestAnAgendaIsDrawnFromTheLedgerAndThePublic(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		clock.Set(time.Date(2027, 8, 2, 2, 0, 0, 0, time.UTC))
		o, ctx := newOffice(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done}), t.Context()
		past, _ := o.meet("1-2-1-1")
		o.ok(o.HoldMeeting(ctx, o.desk, past, 1, ledger.MeetingText{Title: "第二季度研究", HeldOn: calendar.Of(db.Now()), Minutes: "逐项研究"}))
		o.ok(o.AddEvidence(ctx, o.liaison, ledger.Subject{Measure: o.measure("1-1-1-1").ID}, ledger.NewEvidence{Title: "文件", URL: "https://court.example/1"}))
		o.apply(o.liaison, "1-1-1-1")
		o.pass(o.reviewer, "1-1-1-1")
		app, id := o.open("1-1-1-1")
		o.ok(o.Review(ctx, o.desk, id, app.Version, false, ledger.Refusals[0], "没有写明谁来维护"))

		clock.Advance(30 * 24 * time.Hour)
		next, err := o.PlanMeeting(ctx, o.desk, o.programme.ID, ledger.MeetingText{Title: "第三季度研究", HeldOn: calendar.NewDate(2027, 9, 15)})
		o.ok(err)
		problem := o.measure("2-1-1-1").ProblemID
		voices := []ledger.Voice{{ProblemID: problem, Text: "2-1 收到群众意见3条"}}
		n, err := o.DrawAgenda(ctx, o.desk, next, voices)
		o.ok(err)
		kinds := map[ledger.Topic][]string{}
		for _, x := range o.minutes(next).Items {
			code, _, _ := strings.Cut(x.Text, " ")
			kinds[x.Kind] = append(kinds[x.Kind], code)
		}
		// Due at the ends of the quarters in turn: 1-1-1-2 in June, 1-1-2-1 in September, 1-2-1-2 in March, 2-1-1-1 in June.
		want := map[ledger.Topic][]string{ledger.TopicOverdue: {"1-2-1-2", "1-1-1-2", "2-1-1-1"}, ledger.TopicDue: {"1-1-2-1"}, ledger.TopicRefused: {"1-1-1-1"},
			ledger.TopicDecision: {"第二季度研究第1项决定：月底前验收（立案庭，超期10天（应在2027年8月22日前办完））"}, ledger.TopicPublic: {"2-1"}}
		if d := cmp.Diff(want, kinds); d != "" || n != 7 {
			t.Error(n, d)
		}
		n, err = o.DrawAgenda(ctx, o.desk, next, voices)
		o.ok(err)
		if n != 0 {
			t.Errorf("%d things were put there twice", n)
		}
		first := o.minutes(next).Items[0]
		o.ok(o.DropItem(ctx, o.desk, next, first.ID))
		o.refused(o.DropItem(ctx, o.desk, next, first.ID), fault.Conflict, "已经去掉")
		o.ok(o.AddItem(ctx, o.desk, next, ledger.Subject{Problem: problem}, "研究下一季度的重点"))
		items := o.minutes(next).Items
		last := items[len(items)-1]
		if last.Kind != ledger.TopicOther || last.No != 8 || len(items) != 7 || *last.ProblemID != problem {
			t.Errorf("%+v", last)
		}
		o.refused(o.AddItem(ctx, o.desk, next, ledger.Subject{Measure: 9999}, "没有的措施"), fault.NotFound, "")
		o.refused(o.AddItem(ctx, o.desk, next, ledger.Subject{}, " "), fault.Invalid, "请填写议题")
		o.refused(o.AddItem(ctx, o.desk, past, ledger.Subject{}, "迟到的议题"), fault.Conflict, "已经定稿")
		_, err = o.DrawAgenda(ctx, o.desk, past, nil)
		o.refused(err, fault.Conflict, "已经定稿")
	})
}

func TestAHeldMeetingIsOnlyAddedTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		today := calendar.Of(db.Now())
		id, decision := o.meet("1-1-1-1")
		text := ledger.MeetingText{Title: "第一季度研究", HeldOn: today.AddDays(7), NextOn: today.AddDays(90)}
		o.refused(o.HoldMeeting(ctx, o.desk, id, 1, text), fault.Invalid, "请填写会议记录")
		text.Minutes = "逐项研究"
		o.refused(o.HoldMeeting(ctx, o.desk, id, 1, text), fault.Invalid, "会议还没有开")
		o.refused(o.SaveMeeting(ctx, o.desk, id, 1, ledger.MeetingText{Title: " ", NextOn: today}), fault.Invalid, "请填写会议日期")
		o.refused(o.SaveMeeting(ctx, o.desk, id, 1, ledger.MeetingText{Title: "研究", HeldOn: today, NextOn: today}), fault.Invalid, "要晚于")
		o.ok(o.SaveMeeting(ctx, o.desk, id, 1, text))
		o.refused(o.SaveMeeting(ctx, o.second, id, 1, text), fault.Conflict, "别人刚刚改动过")
		o.refused(o.Fulfil(ctx, o.desk, decision, 1, today, "已验收"), fault.Conflict, "还没有定稿")
		o.refused(o.AddToMinutes(ctx, o.desk, id, "补一句"), fault.Conflict, "还没有定稿")
		other, err := o.Decide(ctx, o.desk, id, ledger.NewDecision{Text: "写错的决定", DepartmentID: o.liaison.DepartmentID, DueOn: text.HeldOn})
		o.ok(err)
		o.ok(o.DropDecision(ctx, o.desk, id, other))

		clock.Advance(8 * 24 * time.Hour)
		o.ok(o.HoldMeeting(ctx, o.desk, id, 2, text))
		held := o.minutes(id)
		o.refused(o.SaveMeeting(ctx, o.desk, id, 3, text), fault.Conflict, "已经定稿")
		o.refused(o.HoldMeeting(ctx, o.desk, id, 3, text), fault.Conflict, "已经定稿")
		o.refused(o.DropDecision(ctx, o.desk, id, decision), fault.Conflict, "已经定稿")
		o.ok(o.AddToMinutes(ctx, o.second, id, "会后核对：第一项由立案庭牵头"))
		late, err := o.Decide(ctx, o.desk, id, ledger.NewDecision{Text: "会后补记的决定", DepartmentID: o.stranger.DepartmentID, DueOn: today.AddDays(30)})
		o.ok(err)
		_, err = o.Decide(ctx, o.desk, id, ledger.NewDecision{Text: "日子不对", DepartmentID: o.stranger.DepartmentID, DueOn: today})
		o.refused(err, fault.Invalid, "不能早于会议日期")
		now := o.minutes(id)
		if d := cmp.Diff(held.Meeting, now.Meeting); d != "" || len(now.Additions) != 1 || len(now.Decisions) != 2 || now.Decisions[0].Added || !now.Decisions[1].Added {
			t.Errorf("%s %+v", d, now)
		}

		o.refused(o.Fulfil(ctx, o.desk, decision, 1, today.AddDays(40), "已验收"), fault.Invalid, "会议日期和今天之间")
		o.refused(o.Fulfil(ctx, o.desk, decision, 1, calendar.Date{}, ""), fault.Invalid, "请填写办理结果")
		o.refused(o.Fulfil(ctx, o.desk, decision, 9, calendar.Date{}, "已验收"), fault.Conflict, "别人刚刚改动过")
		o.refused(o.Fulfil(ctx, o.desk, 9999, 1, calendar.Date{}, "已验收"), fault.NotFound, "")
		o.ok(o.Fulfil(ctx, o.desk, decision, 1, calendar.Date{}, "已验收"))
		o.refused(o.Fulfil(ctx, o.desk, decision, 2, calendar.Date{}, "改口"), fault.Conflict, "已经办完")
		for _, statement := range []string{"UPDATE review_meetings SET minutes = 'x'", "DELETE FROM review_meetings", "UPDATE meeting_decisions SET text = 'x'", "DELETE FROM meeting_decisions",
			"UPDATE meeting_decisions SET done_note = 'x' WHERE done_on IS NOT NULL", "UPDATE meeting_additions SET text = 'x'", "DELETE FROM meeting_additions"} {
			if err := db.Write(ctx, func(tx *store.Tx) error { return tx.Exec(statement).Error }); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if _, err := o.Decide(ctx, o.desk, id, ledger.NewDecision{Subject: ledger.Subject{Problem: 9999}, Text: "别处的问题", DepartmentID: o.stranger.DepartmentID, DueOn: today.AddDays(30)}); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		_ = late
	})
}

func TestMeetingsAreTheOfficesAndDecisionsConcernDepartments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		today := calendar.Of(db.Now())
		id, decision := o.meet("1-1-1-1") // led by 立案庭
		text := ledger.MeetingText{Title: "第一季度研究", HeldOn: today, Minutes: "逐项研究"}
		supervisor := stafftest.Actor(t, db, "supervisor", "督办室", staff.Supervisor)
		for _, a := range []staff.Actor{o.liaison, o.reviewer, o.stranger, o.discipline, o.leader, supervisor, {}} {
			kind := fault.Forbidden
			if a.ID == 0 {
				kind = fault.Unauthenticated
			}
			_, err := o.PlanMeeting(ctx, a, o.programme.ID, text)
			o.refused(err, kind, "")
			o.refused(o.SaveMeeting(ctx, a, id, 1, text), kind, "")
			o.refused(o.HoldMeeting(ctx, a, id, 1, text), kind, "")
			_, err = o.DrawAgenda(ctx, a, id, nil)
			o.refused(err, kind, "")
			o.refused(o.AddItem(ctx, a, id, ledger.Subject{}, "议题"), kind, "")
			o.refused(o.DropItem(ctx, a, id, 1), kind, "")
			_, err = o.Decide(ctx, a, id, ledger.NewDecision{Text: "决定", DepartmentID: 1, DueOn: today})
			o.refused(err, kind, "")
			o.refused(o.DropDecision(ctx, a, id, decision), kind, "")
			o.refused(o.Fulfil(ctx, a, decision, 1, today, "办完"), kind, "")
			o.refused(o.AddToMinutes(ctx, a, id, "补记"), kind, "")
		}
		about := func(a staff.Actor) (n, listed int) {
			read(t, db, func(r *store.Reader) error {
				list, err := ledger.DecisionsAbout(r, a, ledger.Subject{Problem: o.measure("1-1-1-1").ProblemID})
				if err != nil {
					return err
				}
				mine, counts, err := ledger.ListDecisions(r, a, o.programme.ID, ledger.DecisionsOpen, 0, 10)
				if n, listed = len(list), len(mine); counts[ledger.DecisionsAll] != listed {
					t.Errorf("%v", counts)
				}
				return err
			})
			return n, listed
		}
		if n, listed := about(o.liaison); n+listed != 0 {
			t.Error("a draft decision is shown to its department")
		}
		o.ok(o.HoldMeeting(ctx, o.desk, id, 1, text))
		for _, x := range []struct {
			who  staff.Actor
			want int
		}{{o.liaison, 1}, {o.reviewer, 1}, {o.stranger, 0}, {o.leader, 1}, {supervisor, 1}, {o.discipline, 1}, {o.desk, 1}} {
			if n, listed := about(x.who); n != x.want || listed != x.want {
				t.Errorf("%s sees %d, %d", x.who.Login, n, listed)
			}
		}
		_ = db.Read(ctx, func(r *store.Reader) error {
			for _, a := range []staff.Actor{o.liaison, o.reviewer, o.stranger} {
				if _, err := ledger.OpenMeeting(r, a, id); !fault.Is(err, fault.Forbidden) {
					t.Error(a.Login, err)
				}
				if _, err := ledger.ListMeetings(r, a, o.programme.ID, 0, 10); !fault.Is(err, fault.Forbidden) {
					t.Error(a.Login, err)
				}
			}
			for _, a := range []staff.Actor{o.leader, o.discipline, supervisor} {
				list, err := ledger.ListMeetings(r, a, o.programme.ID, 0, 10)
				if err != nil || len(list) != 1 || list[0].Undone != 1 {
					t.Errorf("%s %v %+v", a.Login, err, list)
				}
			}
			return nil
		})
	})
}
