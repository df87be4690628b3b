package ledger_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/announce"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

var site = settings.Site{Hotline: "12368", Address: "某市某路1号", Website: "http://jubao.court.gov.cn", Email: "jiandu@example.gov.cn", Postcode: "650000"}

// drafting is the small ledger with something done about each part of it.
func drafting(t *testing.T, db *store.DB) *office {
	o := newOffice(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-1-1-2": ledger.Done, "1-1-2-1": ledger.Done, "1-2-1-1": ledger.BasicallyDone,
		"1-2-1-2": ledger.Done, "2-1-1-1": ledger.InProgress})
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, x := range []string{
			"UPDATE programmes SET inspected = '中共某某法院党组', inspector = '省委第一巡视组', inspected_from = '2020-03-01', inspected_to = '2020-04-30', feedback_on = '2020-06-16'",
			"UPDATE measures SET note = '办法已印发。第一季度使用3200次。' WHERE code = '1-1-1-1'",
			"UPDATE measures SET note = '正在试点。', internal = '不能公开' WHERE code = '2-1-1-1'",
			"UPDATE measures SET kind = 'long_term', check_months = 6, check_on = '2021-06-30' WHERE code = '1-2-1-1'",
			"INSERT INTO rules (programme_id, title, number, revised, body, url, published, at, version) SELECT id, '办法', '', FALSE, '第一条', '', TRUE, '2021-01-01', 1 FROM programmes",
		} {
			if err := tx.Exec(x).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Settle(t, db)
	read(t, db, func(r *store.Reader) (err error) { o.programme, err = ledger.Main(r); return err })
	return o
}

func (o *office) draft() (d ledger.Draft) {
	o.t.Helper()
	read(o.t, o.db, func(r *store.Reader) (err error) { d, err = ledger.DraftNext(r, o.desk, o.programme, site); return err })
	return d
}

// filled is the draft with every place filled in.
func filled(text string) string {
	for strings.Contains(text, ledger.Blank) {
		from := strings.Index(text, ledger.Blank)
		to := from + strings.Index(text[from:], "】") + len("】")
		text = text[:from] + "继续推进。" + text[to:]
	}
	return text
}

func TestTheNextAnnouncementIsDraftedFromTheLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := drafting(t, db)
		const want = `中共某某法院党组关于巡视整改进展情况的通报
根据统一安排部署，2020年3月1日至4月30日，省委第一巡视组对中共某某法院党组开展了巡视。2020年6月16日，省委第一巡视组向中共某某法院党组反馈了巡视意见。按照巡视工作有关要求，现将整改进展情况予以公布。
一、落实主体责任，推进整改工作
【待填写：怎样研究部署、怎样落实主体责任】
截至2021年1月6日，对照反馈的3个问题，细化为4个小问题，制定6条整改措施，逐条明确责任领导、牵头部门和整改时限。反馈问题已完成整改1个，基本完成整改1个，正在整改的1个。整改措施已完成4条，占66.7%。制定、修订制度1个。
二、聚焦反馈问题，落实整改措施
（一）关于“第1方面”方面
1.针对“第1方面的第1个问题”问题。
（1）针对“细化问题1”问题。措施1-1-1-1。办法已印发。第一季度使用3200次。措施1-1-1-2。
（2）针对“细化问题2”问题。措施1-1-2-1。
2.针对“第1方面的第2个问题”问题。
（1）针对“细化问题1”问题。措施1-2-1-1。措施1-2-1-2。
（二）关于“第2方面”方面
1.针对“第2方面的第1个问题”问题。
（1）针对“细化问题1”问题。正在推进：措施2-1-1-1。正在试点。
三、需要长期坚持的事项
长期坚持：措施1-2-1-1。下次检查安排在2021年6月30日。
四、下一步工作
【待填写：下一步的工作安排】
欢迎广大干部群众对巡视整改落实情况进行监督。如有意见建议，请及时向我们反映。联系电话：12368；邮政编码：650000；地址：某市某路1号；电子邮箱：jiandu@example.gov.cn；监督网站：http://jubao.court.gov.cn。
中共某某法院党组
2021年1月6日
`
		d := o.draft()
		if diff := cmp.Diff(want, d.Text); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]ledger.Gap{{Text: "怎样研究部署、怎样落实主体责任"}, {Text: "下一步的工作安排"}}, d.Gaps); diff != "" {
			t.Error(diff)
		}
		// The Word document says the same, and both are read back as the ledger has it.
		file, err := announce.WriteDocx(d.Text)
		if err != nil {
			t.Fatal(err)
		}
		back, err := announce.DecodeFile("通报.docx", file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{d.Text, back} {
			x := announce.Parse(text)
			if diff := cmp.Diff(announce.Inspection{From: "2020-03-01", To: "2020-04-30", By: "省委第一巡视组", FeedbackOn: "2020-06-16"}, x.Inspection); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(announce.Contacts{Phone: "12368", Address: "某市某路1号", Website: "http://jubao.court.gov.cn", Email: "jiandu@example.gov.cn", Postcode: "650000"}, x.Contacts); diff != "" {
				t.Error(diff)
			}
			if x.Issuer != "中共某某法院党组" || x.Date != "2021-01-06" || len(x.Unplaced) != 0 || len(x.Aspects) != 2 || x.Aspects[0].Problems[0].Sub[0].Actions[2] != "第一季度使用3200次。" {
				t.Errorf("%+v", x)
			}
			stated, asOf := map[string]int{}, map[string]string{}
			for name, f := range ledger.StatedIn(x) {
				stated[name], asOf[name] = f.Value, f.AsOf
			}
			if diff := cmp.Diff(map[string]int{"problems": 3, "sub_problems": 4, "measures": 6, "problems_done": 1, "problems_basically_done": 1, "measures_done": 4, "rules": 1}, stated); diff != "" {
				t.Error(diff)
			}
			for name, day := range asOf {
				if day != "2021-01-06" {
					t.Errorf("%s is stated for %s", name, day)
				}
			}
		}
	})
}

func TestADraftedAnnouncementReconcilesAndIsMappedAndIsPublishedOnceFilledIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := drafting(t, db), t.Context()
		text := o.draft().Text
		got, err := o.ImportFrom(ctx, o.desk, text, ledger.Origin{ProgrammeID: o.programme.ID})
		o.ok(err)
		if got.Programme.ID != o.programme.ID || got.NewProblems != 3 {
			t.Fatalf("%+v", got)
		}
		read(t, db, func(r *store.Reader) error {
			compared, err := ledger.Reconcile(r, got.Announcement)
			if len(compared) != 7 {
				t.Errorf("%+v", compared)
			}
			for _, c := range compared {
				if c.Ledger == nil || *c.Ledger != c.Value {
					t.Errorf("%+v", c)
				}
			}
			if err != nil {
				return err
			}
			m, err := ledger.OpenMapping(r, o.desk, o.programme)
			var pairs []string
			for _, x := range m.Announced {
				for _, y := range x.Linked {
					pairs = append(pairs, x.Code+" "+y.Code)
				}
			}
			if diff := cmp.Diff([]string{"1-1 1-1", "1-2 1-2", "2-1 2-1"}, pairs); diff != "" {
				t.Error(diff)
			}
			return err
		})
		n := got.Announcement
		o.refused(o.Publish(ctx, o.desk, n.ID, n.Digest, "有两个问题没有完成"), fault.Conflict, "没有填写")

		again, err := o.ImportFrom(ctx, o.desk, filled(text), ledger.Origin{Replaces: n.Digest})
		o.ok(err)
		if again.Announcement.ID != n.ID || again.NewProblems != 0 || again.Announcement.Slug != n.Slug {
			t.Errorf("%+v", again.Announcement)
		}
		_, err = o.ImportFrom(ctx, o.desk, text+"改", ledger.Origin{Replaces: n.Digest})
		o.refused(err, fault.Conflict, "没有保存")
		o.refused(o.Publish(ctx, o.desk, n.ID, n.Digest, "x"), fault.Conflict, "改动")
		o.refused(o.Discard(ctx, o.desk, n.ID, n.Digest, "x"), fault.Conflict, "改动")
		o.ok(o.Publish(ctx, o.desk, n.ID, again.Announcement.Digest, "")) // what is not done is in the text: its figures agree
		_, err = o.ImportFrom(ctx, o.desk, text, ledger.Origin{Replaces: again.Announcement.Digest})
		o.refused(err, fault.Conflict, "没有保存")
		read(t, db, func(r *store.Reader) error {
			c, err := ledger.Count(r, o.programme)
			if c.Problems.All() != 3 {
				t.Errorf("counted twice: %+v", c.Problems)
			}
			return err
		})
	})
}

func TestRewritingADraftTakesAwayWhatItNoLongerNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o, ctx := drafting(t, db), t.Context()
		before := held(t, db)
		got, err := o.ImportFrom(ctx, o.desk, o.draft().Text, ledger.Origin{ProgrammeID: o.programme.ID})
		o.ok(err)
		all := held(t, db)
		less := strings.Replace(o.draft().Text, "2.针对“第1方面的第2个问题”问题。\n（1）针对“细化问题1”问题。措施1-2-1-1。措施1-2-1-2。\n", "", 1)
		got, err = o.ImportFrom(ctx, o.desk, less, ledger.Origin{Replaces: got.Announcement.Digest})
		o.ok(err)
		now := held(t, db)
		if now["problems"] != all["problems"]-1 || now["sub_problems"] != all["sub_problems"]-1 || now["problem_links"] != 2 || now["announcements"] != 1 {
			t.Errorf("%v %v", all, now)
		}
		o.ok(o.Discard(ctx, o.desk, got.Announcement.ID, got.Announcement.Digest, "不用了"))
		if diff := cmp.Diff(before, held(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatTheLedgerDoesNotSayIsLeftToTheOffice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := newOffice(t, db, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-2-1-1": ledger.Unstated, "1-2-1-2": ledger.Unstated})
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			for _, x := range []string{"UPDATE programmes SET inspector = '', inspected = ''", "UPDATE measures SET leader = '' WHERE code = '1-1-1-1'",
				"UPDATE problems SET published = FALSE WHERE code = '2-1'", "UPDATE problems SET internal = '内部' WHERE code = '1-1'"} {
				if err := tx.Exec(x).Error; err != nil {
					return err
				}
			}
			return nil
		})
		ledgertest.Settle(t, db)
		o.ok(err)
		read(t, db, func(r *store.Reader) (err error) { o.programme, err = ledger.Main(r); return err })
		site := site
		site.Address = ""
		var d ledger.Draft
		read(t, db, func(r *store.Reader) (err error) { d, err = ledger.DraftNext(r, o.desk, o.programme, site); return err })
		var gaps []string
		for _, g := range d.Gaps {
			gaps = append(gaps, strings.TrimSpace(g.Code+" "+g.Text))
		}
		want := []string{"巡视的时间和机构", "反馈巡视意见的日期", "怎样研究部署、怎样落实主体责任", "1个问题的台账没有说明进展，完成数没有算上它们", "2条措施的台账没有说明进展，完成数没有算上它们",
			"1个问题没有公开，计入总数，没有写进正文", "下一步的工作安排", "设置里没有来信来访地址，正文没有写地址", "落款单位",
			"1-2 第1方面的第2个问题：没有公开的整改情况，正文只写了题目", "另有1个细化问题没有公开的整改情况，正文只写了题目"}
		if diff := cmp.Diff(want, gaps); diff != "" {
			t.Error(diff)
		}
		for _, never := range []string{"内部", "第2方面", "逐条明确责任领导", "基本完成整改0", "没有公开"} {
			if strings.Contains(d.Text, never) {
				t.Errorf("the text says %s\n%s", never, d.Text)
			}
		}
	})
}

func TestOnlyTheOfficeDraftsAndOnlyFromALedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := drafting(t, db)
		read(t, db, func(r *store.Reader) error {
			for _, a := range []staff.Actor{o.liaison, o.reviewer, o.discipline, o.leader} {
				_, err := ledger.DraftNext(r, a, o.programme, site)
				o.refused(err, fault.Forbidden, "")
			}
			_, err := ledger.DraftNext(r, o.desk, ledger.Programme{ID: o.programme.ID}, site)
			o.refused(err, fault.NotFound, "还没有导入")
			return nil
		})
		_, err := o.ImportFrom(t.Context(), o.leader, o.draft().Text, ledger.Origin{ProgrammeID: o.programme.ID})
		o.refused(err, fault.Forbidden, "")
	})
}

func TestHostileWordsInALedgerStayWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := drafting(t, db)
		hostile := []string{"<w:p>&amp;]]>\"'", "一\x00二\x1b三\n四\u202e五", "落实“两个责任”不力”方面", "（一）关于“乱”方面", "1.针对“乱”问题。整改情况：", "三、下一步", "【待填写：x】", strings.Repeat("长", 3000), "{{.}}"}
		for i, s := range hostile {
			if db.Dialect() == store.Postgres {
				s = strings.ReplaceAll(s, "\x00", "")
			}
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				for _, x := range []string{"UPDATE problems SET title = ? WHERE code = '1-1'", "UPDATE aspects SET title = ? WHERE no = 2", "UPDATE sub_problems SET title = ? WHERE no = 2",
					"UPDATE measures SET title = ?", "UPDATE measures SET note = ?"} {
					if err := tx.Exec(x, s).Error; err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			ledgertest.Settle(t, db)
			d := o.draft()
			file, err := announce.WriteDocx(d.Text)
			if err != nil {
				t.Fatal(err)
			}
			back, err := announce.DecodeFile("x.docx", file)
			if err != nil {
				t.Fatalf("%d: %v", i, err)
			}
			want, got := announce.Parse(d.Text), announce.Parse(back)
			if diff := cmp.Diff(want.Aspects, got.Aspects); diff != "" {
				t.Errorf("%d: %s", i, diff)
			}
			ok := len(got.Aspects) == 2 && len(got.Aspects[0].Problems) == 2 && len(got.Aspects[1].Problems) == 1
			told := false
			for _, g := range d.Gaps {
				told = told || strings.Contains(g.Text, "识别成别的")
			}
			if !ok && !told {
				t.Errorf("%d: read back as something else, and nobody is told: %+v", i, got.Aspects)
			}
		}
	})
}

func TestFiguresInADraftAreReadBackWhateverTheyAre(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *storetest.Clock) {
		o := drafting(t, db)
		for _, all := range []ledger.Status{ledger.NotStarted, ledger.InProgress, ledger.BasicallyDone, ledger.Done, ledger.LongTerm} {
			for _, one := range ledger.Statuses {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					for _, x := range []string{"UPDATE measures SET status = ?, note = ''", "UPDATE problems SET status = ?"} {
						if err := tx.Exec(x, all).Error; err != nil {
							return err
						}
					}
					if err := tx.Exec("UPDATE measures SET status = ? WHERE code LIKE '1-2-%'", one).Error; err != nil {
						return err
					}
					return tx.Exec("UPDATE problems SET status = ? WHERE code = '1-2'", one).Error
				})
				if err != nil {
					t.Fatal(err)
				}
				ledgertest.Settle(t, db)
				ledgertest.Check(t, db)
				d := o.draft()
				got, n := ledger.StatedIn(announce.Parse(d.Text)), d.Counts
				want := map[string]int{"problems": 3, "sub_problems": 4, "measures": 6, "rules": 1, "problems_done": n.Problems[ledger.Done], "measures_done": n.Measures[ledger.Done]}
				if k := n.Problems[ledger.BasicallyDone]; k > 0 {
					want["problems_basically_done"] = k
				}
				values := map[string]int{}
				for name, f := range got {
					values[name] = f.Value
				}
				if diff := cmp.Diff(want, values); diff != "" {
					t.Errorf("%s with %s: %s\n%s", all, one, diff, strings.Split(d.Text, "\n")[4])
				}
			}
		}
	})
}
