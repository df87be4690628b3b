package public_test

import (
	"strings"
	"testing"
	"time"

	"mingjing/app/apptest"
	"mingjing/app/calendar"
	"mingjing/app/config"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func unseeded(c *config.Config) { c.Seed = "none" }

// eachLedger runs the test on sites that hold a small ledger and no announcement.
func eachLedger(t *testing.T, test func(t *testing.T, s *apptest.Site, p ledger.Programme)) {
	t.Helper()
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			s := apptest.Start(t, d, unseeded)
			p := ledgertest.Small(t, s.App.DB, map[string]ledger.Status{"1-1-1-1": ledger.Done, "1-1-1-2": ledger.InProgress, "1-2-1-2": ledger.Unstated})
			test(t, s, p)
			ledgertest.Check(t, s.App.DB)
		})
	}
}

// write changes the database as no room would.
func write(t *testing.T, s *apptest.Site, statements ...string) {
	t.Helper()
	err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
		for _, statement := range statements {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return tx.Publish()
	})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Settle(t, s.App.DB)
	s.App.House.Pages.Refresh(t.Context())
}

// shows checks what a page holds and what it must not.
func shows(t *testing.T, p apptest.Page, want, never []string) {
	t.Helper()
	if p.Status != 200 {
		t.Fatalf("%d: %s", p.Status, p.Text())
	}
	for _, x := range want {
		if !strings.Contains(p.Text(), x) {
			t.Errorf("does not show %q in %s", x, p.Text())
		}
	}
	for _, x := range append(never, "内部", "<no value>", "0001-01-01") {
		if strings.Contains(p.Body, x) {
			t.Errorf("shows %q", x)
		}
	}
}

// worked is a ledger on which something was handed in, refused and hidden.
func worked(t *testing.T, s *apptest.Site) {
	t.Helper()
	liaison := stafftest.Actor(t, s.App.DB, "filing-liaison", "立案庭", staff.Liaison)
	reviewer := stafftest.Actor(t, s.App.DB, "filing-reviewer", "立案庭", staff.Reviewer)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	x := s.App.House.Ledger
	m := ledgertest.Measure(t, s.App.DB, "1-1-1-1")
	about := ledger.Subject{Measure: m.ID}
	ok(x.AddEvidence(t.Context(), liaison, about, ledger.NewEvidence{Title: "公开的清单", Public: true, Name: "清单.txt", Body: strings.NewReader("制度清单的正文\n")}))
	ok(x.AddEvidence(t.Context(), liaison, about, ledger.NewEvidence{Title: "内部的名单", Name: "名单.txt", Body: strings.NewReader("内部名单的正文\n")}))
	ok(x.AddEvidence(t.Context(), liaison, about, ledger.NewEvidence{Title: "院网报道", Public: true, URL: "https://court.example/news/1"}))
	var ids []int64
	ok(s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("evidence").Order("id").Pluck("id", &ids).Error }))
	m = ledgertest.Measure(t, s.App.DB, "1-1-1-1")
	ok(x.Apply(t.Context(), liaison, about, m.Version, ids, "内部的申请说明"))
	var closing int64
	ok(s.App.DB.Read(t.Context(), func(r *store.Reader) error { return r.Table("closings").Select("max(id)").Scan(&closing).Error }))
	ok(x.Review(t.Context(), reviewer, closing, 1, false, ledger.Weak, "内部的评语"))
	write(t, s, "UPDATE measures SET published = FALSE, title = '内部的措施' WHERE code = '1-2-1-1'", "UPDATE problems SET published = FALSE, title = '内部的问题' WHERE code = '2-1'")
}

func TestAProblemShowsItsWholeTreeAndNothingInternal(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		worked(t, s)
		b := s.Browser()
		page := b.Get("/progress/1-1")
		shows(t, page, []string{"1-1-1 细化问题1", "1-1-2 细化问题2", "措施1-1-1-1", "措施1-1-1-2", "措施1-1-2-1", "自报完成 1/3", "核验销号 0/3", "不予销号", "措施不过硬",
			"牵头部门2021年1月6日核验：措施不过硬", "分管领导", "立案庭", "政治部", "2027年3月28日", "公开的清单", "院网报道", "站外链接", "措施1-1-1-1申请销号", "还没有公开的意见"}, []string{"评语", "名单"})
		if page.Find("tr#m-1-1-2-1").Length() != 1 || page.Find(`a[href="#m-1-1-1-1"]`).Length() < 2 {
			t.Error("no anchors at the measures")
		}
		shows(t, b.Get("/progress/1-2"), []string{"措施1-2-1-2", "没有说明", "自报完成 0/1"}, []string{"1-2-1-1"})
		shows(t, b.Get("/progress"), []string{"共2个公开问题", "措施共3条：自报完成1，核验销号0", "下次节点 2027年6月28日", "立案庭 1", "政治部 2", "审判管理办公室 1"}, []string{"2-1"})
		shows(t, b.Get("/progress?dept="+"%E7%AB%8B%E6%A1%88%E5%BA%AD"), []string{"找到1个问题", "第1方面的第1个问题"}, []string{"第1方面的第2个问题"})
		if page = b.Get("/progress/1-1-2-1"); page.Status != 303 || page.Header.Get("Location") != "/progress/1-1#m-1-1-2-1" {
			t.Error(page.Status, page.Header.Get("Location"))
		}
		for _, path := range []string{"/progress/2-1", "/progress/2-1-1-1", "/progress/none/1-1", "/progress?programme=none", "/progress/1-1?announced=1"} {
			if got := b.Get(path); got.Status != 404 {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
	})
}

func TestOnlyPublicEvidenceIsSent(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		worked(t, s)
		b := s.Browser()
		href, _ := b.Get("/progress/1-1").Find(`a[href^="/evidence/"]`).Attr("href")
		page := b.Get(href)
		if page.Status != 200 || page.Body != "制度清单的正文\n" || !strings.HasPrefix(page.Header.Get("Content-Disposition"), "attachment") || page.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %d %v", href, page.Status, page.Header)
		}
		var hidden []string
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("evidence").Where("NOT public OR url <> ''").Order("id").Pluck("id", &hidden).Error
		}); err != nil {
			t.Fatal(err)
		}
		for _, id := range append(hidden, "0", "x", "99999999999999999999", "999") {
			if page := b.Get("/evidence/" + id); page.Status != 404 || strings.Contains(page.Body, "单的正文") {
				t.Errorf("evidence %s: %d", id, page.Status)
			}
		}
		write(t, s, "UPDATE measures SET published = FALSE WHERE code = '1-1-1-1'")
		if page := b.Get(href); page.Status != 404 {
			t.Errorf("evidence of a hidden measure: %d", page.Status)
		}
	})
}

func TestWhatIsLateOrReopenedSaysSo(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		s.Clock.Set(calendar.NewDate(2027, 4, 2).In())
		write(t, s, "UPDATE measures SET due_on = '2027-03-20' WHERE code = '1-1-1-2'", "UPDATE measures SET reopened_on = '2027-03-01' WHERE code = '1-1-2-1'",
			"INSERT INTO due_changes (measure_id, from_on, to_on, reason, state, proposed_by, proposed_name, proposed_at, decided_by) SELECT id, baseline_on, due_on, '内部的理由', 'approved', 1, '甲', '2027-01-01', 2 FROM measures WHERE code = '1-1-1-2'")
		b := s.Browser()
		shows(t, b.Get("/progress/1-1"), []string{"已超期13天", "原定2027年6月28日", "回头看后重开", "2027年3月1日", "超期 1 条"}, nil)
		shows(t, b.Get("/progress"), []string{"1条超期"}, nil)
	})
}

// announced adds an announcement that names the problem 1-1 and says a sentence
// about it; the ledger's 1-1 and 1-2 are what it means.
func announced(t *testing.T, s *apptest.Site) {
	t.Helper()
	write(t, s,
		"INSERT INTO announcements (programme_id, slug, title, issuer, dated, source, digest, state, imported_at, published_at) SELECT id, '2026-01-02', '进展通报', '党组', '2026-01-02', '正文', 'x', 'published', '2026-01-02', '2026-01-02' FROM programmes",
		"INSERT INTO problems (programme_id, aspect_id, announced, no, code, title, published) SELECT programme_id, aspect_id, TRUE, 1, '1-1', '通报点名的问题', TRUE FROM problems WHERE code = '1-1'",
		"INSERT INTO namings (announcement_id, problem_id) SELECT a.id, p.id FROM announcements a, problems p WHERE p.announced",
		"INSERT INTO statements (announcement_id, problem_id, no, text) SELECT a.id, p.id, 1, '通报写明开展了清理。' FROM announcements a, problems p WHERE p.announced",
		"INSERT INTO problem_links (announced_id, problem_id, at, actor_id, actor_name) SELECT a.id, p.id, '2026-01-02', 1, '甲' FROM problems a, problems p WHERE a.announced AND NOT p.announced AND p.code IN ('1-1', '1-2')",
		"INSERT INTO cases (case_no, kind, channel, state, title, content, allow_publish, privacy_version, submitted_at, received_on, due_on, access_hash, submission_hash, content_hash) VALUES ('10000001', 'comment', 'web', 'replied', '内部的标题', '内部的来件', TRUE, '1', '2026-01-03', '2026-01-03', '2026-01-10', '1', '1', '1')",
		"INSERT INTO published_replies (case_id, kind, title, question, answer, unit, problem_id, state, asked_on, answered_on, published_on, proposed_by, reviewed_by) SELECT cases.id, 'comment', '评论', '说得不错', '谢谢', '政治部', problems.id, 'published', '2026-01-03', '2026-01-04', '2026-01-05', 1, 2 FROM problems, cases WHERE problems.announced")
}

func TestTheHomePageCountsTheLedgerAndSaysWhatWasStatedBesideIt(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		page := s.Browser().Get("/")
		shows(t, page, []string{"1 / 6 条完成", "0 / 3 个完成", "经核验销号 0 条", "数字由整改台账逐项相加", "截至2021年1月6日"}, []string{"通报：", "NaN", "0x"})
		write(t, s, "UPDATE measures SET status = 'done', done_on = '2026-12-01' WHERE code IN ('1-1-1-1', '1-1-1-2')",
			"INSERT INTO announcements (programme_id, slug, title, issuer, dated, source, digest, state, imported_at, published_at) SELECT id, '2026-01-02', '进展通报', '党组', '2026-01-02', '正文', 'x', 'published', '2026-01-02', '2026-01-02' FROM programmes",
			"INSERT INTO stated_figures (announcement_id, name, value) SELECT id, 'measures', 295 FROM announcements",
			"INSERT INTO stated_figures (announcement_id, name, value) SELECT id, 'measures_done', 281 FROM announcements")
		shows(t, s.Browser().Get("/"), []string{"2 / 6 条完成", "经核验销号 0 条", "通报：完成281条，共295条", "和通报的数字对照"}, []string{"通报：完成0"})
		card := s.Browser().Get("/card.svg")
		if card.Status != 200 || !strings.Contains(card.Body, "整改措施完成2条，共6条") {
			t.Errorf("%d %s", card.Status, card.Body)
		}
	})
}

func TestWhatWasAnnouncedAndTheLedgerLeadToEachOther(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		announced(t, s)
		b := s.Browser()
		for _, code := range []string{"1-1", "1-2"} {
			page := b.Get("/progress/" + code)
			shows(t, page, []string{"通报里的说法", "通报写明开展了清理。", "说得不错", "谢谢", "进展通报"}, nil)
			if page.Find(`main a[href="/progress/1-1?announced=1"]`).Length() != 1 {
				t.Errorf("%s: no way to what was announced", code)
			}
		}
		page := b.Get("/progress/1-1?announced=1")
		shows(t, page, []string{"通报点名的问题", "台账里怎么管", "通报写明开展了清理。", "说得不错"}, []string{"措施1-1-1-1"})
		if page.Find(`main a[href="/progress/1-1"]`).Length() != 1 || page.Find(`main a[href="/progress/1-2"]`).Length() != 1 || page.Find(`meta[content=noindex]`).Length() != 1 {
			t.Error("does not lead to the ledger")
		}
		shows(t, b.Get("/progress"), []string{"共3个公开问题"}, []string{"通报点名的问题"})
	})
}

func TestProgrammesStandSideBySide(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		write(t, s, "UPDATE programmes SET main = FALSE, title = '上一轮巡视整改'")
		ledgertest.Planted(t, s.App.DB, ledger.Programme{Slug: "later", Title: "这一轮巡察整改", Inspected: "某某法院", Inspector: "巡察组", Main: true, Ledger: true}, nil)
		write(t, s)
		b := s.Browser()
		shows(t, b.Get("/progress"), []string{"这一轮巡察整改 3", "上一轮巡视整改 3"}, nil)
		page := b.Get("/progress?programme=small&aspect=2")
		shows(t, page, []string{"找到1个问题", "第2方面的第1个问题"}, nil)
		if page.Find(`main a[href="/progress/small/2-1"]`).Length() != 1 || page.Value("programme") != "small" {
			t.Error("the other programme's problem is not linked, or a search loses the programme")
		}
		for _, path := range []string{"/progress?programme=small", "/progress/small/1-1", "/changes?programme=small"} {
			if round := b.Get(path).Find("p.over").Text(); !strings.Contains(round, "上一轮巡视整改") {
				t.Errorf("%s does not say which round it is of: %q", path, round)
			}
		}
		page = b.Get("/progress/small/1-1")
		shows(t, page, []string{"措施1-1-1-1"}, nil)
		if next, _ := page.Find("a[rel=next]").Attr("href"); next != "/progress/small/1-2" || page.Find(`main a[href="/submit/comment?problem=small/1-1"]`).Length() != 1 {
			t.Errorf("next is %q", next)
		}
		// A comment on a problem of another programme, and the ways there.
		form := b.Get("/submit/comment?problem=small/1-1")
		shows(t, form, []string{"对“第1方面的第1个问题”的意见"}, nil)
		if form.Find(`main a[href="/progress/small/1-1"]`).Length() != 1 || form.Value("problem") != "small/1-1" {
			t.Error("the comment is about another problem")
		}
		for _, path := range []string{"/", "/sitemap"} {
			if page := b.Get(path); page.Find(`main a[href="/progress?programme=small"]`).Length() != 1 {
				t.Errorf("%s does not lead to the other programme", path)
			}
		}
		for _, path := range []string{"/progress/1-9", "/progress/1-1-9-9", "/progress/1-1-1-1-1", "/progress/small/1-1-9-9"} {
			if page := b.Get(path); page.Status != 404 {
				t.Errorf("%s: %d", path, page.Status)
			}
		}
		hide := func(p ledger.Problem) {
			t.Helper()
			office := stafftest.Actor(t, s.App.DB, "hiding", "", staff.RectificationOffice)
			if err := s.App.House.Ledger.SetProblem(t.Context(), office, p.ID, p.Version, ledger.ProblemText{Title: p.Title}); err != nil {
				t.Fatal(err)
			}
			s.App.House.Pages.Refresh(t.Context())
		}
		var hideIt ledger.Problem
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
			p, err := ledger.Main(r)
			if err == nil {
				err = r.Where("programme_id = ? AND code = '2-1'", p.ID).Take(&hideIt).Error
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		hide(hideIt)
		shows(t, b.Get("/changes"), []string{"问题2-1不再公开"}, []string{hideIt.Title})
		for _, path := range []string{"/feeds/progress.atom", "/open-data/ledger.json"} {
			if page := b.Get(path); page.Status != 200 || strings.Contains(page.Body, hideIt.Title) {
				t.Errorf("%s tells of what is hidden: %d", path, page.Status)
			}
		}
		shows(t, b.Get("/"), []string{"按规定不公开内容的有1个问题、1条措施"}, nil)
		for _, path := range []string{"/progress", "/chart"} {
			shows(t, b.Get(path), []string{"按规定不公开内容的有1个问题、1条措施"}, nil)
		}
	})
}

func day(year, month, day int) calendar.Date { return calendar.NewDate(year, time.Month(month), day) }

func problemID(t *testing.T, s *apptest.Site, code string) int64 {
	t.Helper()
	var id int64
	err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
		return r.Table("problems").Where("code = ? AND NOT announced", code).Select("id").Scan(&id).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
