package ledger_test

import (
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

// announced is an announcement about the same inspection as the small ledger.
const announced = `根据统一安排，2026年3月1日至4月30日，省委第一巡视组对某某法院党组开展了巡视。
一、整改情况
将反馈的3个问题细化为4个小问题，制定6条整改措施。截至目前，已完成整改1个，基本完成整改2个。
（一）关于“第1方面”方面
1.关于“第1方面的第1个问题”的问题。已经整改。
2.关于“窗口叫号混乱”的问题。已经整改。
某某法院党组
2027年1月6日
`

// announce imports the text into the office's own programme.
func (o *office) announce(text string) ledger.Announcement {
	o.t.Helper()
	if err := o.db.Write(o.t.Context(), func(tx *store.Tx) error {
		return tx.Exec("UPDATE programmes SET inspected_from = '2026-03-01', inspected = '某某法院党组', inspector = '省委第一巡视组'").Error
	}); err != nil {
		o.t.Fatal(err)
	}
	ledgertest.Settle(o.t, o.db)
	got, err := o.Import(o.t.Context(), o.desk, text)
	o.ok(err)
	if got.Programme.ID != o.programme.ID {
		o.t.Fatalf("another programme: %+v", got.Programme)
	}
	return got.Announcement
}

func TestAnAnnouncedProblemIsMappedAndNeverCountedBesideTheLedgers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		n := o.announce(announced)
		o.ok(o.Publish(ctx, o.desk, n.ID, n.Digest, "通报早于台账"))
		open := func() (m ledger.ProblemMap) {
			read(t, db, func(r *store.Reader) (err error) { m, err = ledger.OpenMapping(r, o.desk, o.programme); return err })
			return m
		}
		m := open()
		if len(m.Announced) != 2 || m.Ledger != 3 || len(m.Unnamed) != 3 || len(m.Announced[0].Linked) != 0 {
			t.Fatalf("%+v", m)
		}
		if p := m.Announced[0].Proposed; len(p) == 0 || p[0].Code != "1-1" || !p[0].Same || p[0].Share != 100 {
			t.Fatalf("%+v", p)
		}
		read(t, db, func(r *store.Reader) error {
			for _, a := range []staff.Actor{o.liaison, o.leader, o.discipline} {
				if _, err := ledger.OpenMapping(r, a, o.programme); !fault.Is(err, fault.Forbidden) {
					t.Error(err)
				}
			}
			return nil
		})
		first, second := m.Announced[0].ID, m.Announced[1].ID
		ids := o.ids("SELECT id FROM problems WHERE NOT announced ORDER BY code")
		o.refused(o.Map(ctx, o.liaison, first, nil, ids[:1]), fault.Forbidden, "")
		o.refused(o.Map(ctx, o.desk, ids[0], nil, ids[:1]), fault.Conflict, "从通报点名的问题一边")
		o.refused(o.Map(ctx, o.desk, first, nil, []int64{second}), fault.Invalid, "同一轮整改台账")
		o.refused(o.Map(ctx, o.desk, 9999, nil, nil), fault.NotFound, "")
		o.ok(o.Map(ctx, o.desk, first, nil, []int64{ids[1], ids[0], ids[0]}))
		o.refused(o.Map(ctx, o.second, first, nil, ids[:1]), fault.Conflict, "别人刚刚改动过")
		m = open()
		var codes []string
		for _, x := range m.Announced[0].Linked {
			codes = append(codes, x.Code)
		}
		if d := cmp.Diff([]string{"1-1", "1-2"}, codes); d != "" || len(m.Unnamed) != 1 || m.Unnamed[0].Code != "2-1" {
			t.Errorf("%s %+v", d, m.Unnamed)
		}
		read(t, db, func(r *store.Reader) error {
			c, err := ledger.Count(r, o.programme)
			if c.Problems.All() != 3 {
				t.Errorf("%d problems are counted", c.Problems.All())
			}
			return err
		})
		o.ok(o.Map(ctx, o.desk, first, ids[:2], nil))
		if m := open(); len(m.Unnamed) != 3 {
			t.Errorf("%+v", m.Unnamed)
		}
	})
}

func TestAnnouncementsWithFiguresThatDoNotAgreeNeedAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-1-1-2": ledger.Done, "1-1-2-1": ledger.Done,
			"1-2-1-1": ledger.Done, "1-2-1-2": ledger.Done, "2-1-1-1": ledger.Done}), t.Context()
		n := o.announce(announced)
		o.refused(o.Publish(ctx, o.desk, n.ID, n.Digest, "  "), fault.Invalid, "基本完成整改的问题2个")
		o.refused(o.Publish(ctx, o.liaison, n.ID, n.Digest, "x"), fault.Forbidden, "")
		o.ok(o.Publish(ctx, o.desk, n.ID, n.Digest, "通报的口径早于台账"))
		// One that agrees needs none, and none is kept.
		good := strings.NewReplacer("2027年1月6日", "2027年2月6日",
			"2.关于“窗口叫号混乱”的问题。", "2.关于“第1方面的第2个问题”的问题。已经整改。\n（二）关于“第2方面”方面\n1.关于“第2方面的第1个问题”的问题。",
			"细化为4个小问题，", "", "已完成整改1个，基本完成整改2个", "已完成整改3个").Replace(announced)
		agrees := o.announce(good)
		o.ok(o.Publish(ctx, o.desk, agrees.ID, agrees.Digest, "不需要的理由"))
		read(t, db, func(r *store.Reader) error {
			all, err := ledger.ReconcileAll(r, o.leader, o.programme.ID, 10)
			if err != nil {
				return err
			}
			if len(all) != 2 || all[1].Reason != "通报的口径早于台账" || len(all[1].Open) == 0 || all[0].ID != agrees.ID || all[0].Reason != "" {
				t.Errorf("%+v", all)
			}
			for _, c := range all[1].Figures {
				if c.Name == "problems" && (c.Ledger == nil || *c.Ledger != 3) {
					t.Errorf("%+v", c)
				}
			}
			if _, err := ledger.ReconcileAll(r, o.liaison, o.programme.ID, 10); !fault.Is(err, fault.Forbidden) {
				t.Error(err)
			}
			if d := cmp.Diff([]string(nil), all[0].Open); d != "" {
				t.Error(d)
			}
			return nil
		})
	})
}

func TestARuleIsPublishedWithItsTextOrItsPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := newOffice(t, db, nil), t.Context()
		problems := o.ids("SELECT id FROM problems ORDER BY id")
		text := ledger.RuleText{Title: " 巡回审判  工作办法 ", Number: "某法〔2027〕3号", Body: "第一条　为了……", Problems: []int64{problems[1], problems[0], problems[0]}}
		_, err := o.AddRule(ctx, o.liaison, o.programme.ID, text)
		o.refused(err, fault.Forbidden, "")
		for _, x := range []struct {
			t    ledger.RuleText
			word string
		}{{ledger.RuleText{Body: "x"}, "请填写制度名称"}, {ledger.RuleText{Title: "甲"}, "请粘贴全文"}, {ledger.RuleText{Title: "甲", URL: "http://x.example/"}, "https://"},
			{ledger.RuleText{Title: "甲", URL: "https://u:p@x.example/"}, "https://"}, {ledger.RuleText{Title: "甲", Body: strings.Repeat("长", 100_001)}, "最多 100000 个字"},
			{ledger.RuleText{Title: "甲", Body: "x", Published: true}, "印发日期"}, {ledger.RuleText{Title: "甲", Body: "x", Dated: calendar.Of(db.Now()).AddDays(1)}, "不能晚于今天"}} {
			_, err := o.AddRule(ctx, o.desk, o.programme.ID, x.t)
			o.refused(err, fault.Invalid, x.word)
		}
		id, err := o.AddRule(ctx, o.desk, o.programme.ID, text)
		o.ok(err)
		_, err = o.AddRule(ctx, o.desk, o.programme.ID, text)
		o.refused(err, fault.Invalid, "已经登记过")
		open := func(drafts bool) (x ledger.Rule, err error) {
			err = db.Read(ctx, func(r *store.Reader) (err error) { x, err = ledger.OpenRule(r, id, drafts); return err })
			return x, err
		}
		if _, err := open(false); !fault.Is(err, fault.NotFound) {
			t.Error("a draft is public", err)
		}
		text.Published, text.Dated, text.URL, text.Problems = true, calendar.NewDate(2020, 12, 1), "https://court.example/3", problems[:1]
		o.refused(o.SetRule(ctx, o.desk, id, 2, text), fault.Conflict, "别人刚刚改动过")
		o.ok(o.SetRule(ctx, o.desk, id, 1, text))
		got, err := open(false)
		o.ok(err)
		if got.Title != "巡回审判 工作办法" || got.Version != 2 || got.Body != text.Body || len(got.Problems) != 1 || got.Problems[0].Code != "1-1" || got.Problems[0].Internal != "" {
			t.Errorf("%+v", got)
		}
		read(t, db, func(r *store.Reader) error {
			list, err := ledger.ListRules(r, o.programme.ID, false, 0, 10)
			if len(list) != 1 || list[0].Body != "" || len(list[0].Problems) != 1 {
				t.Errorf("%+v", list)
			}
			return err
		})
	})
}
