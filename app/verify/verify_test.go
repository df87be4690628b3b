package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/cases"
	"mingjing/app/config"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/removal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/tlog"
	"mingjing/app/verify"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// town is a site with something of everything that its log tells of.
type town struct {
	*apptest.Site
	t     *testing.T
	state verify.State
	cases []cases.Ticket
}

func each(t *testing.T, test func(t *testing.T, w *town)) {
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			s := apptest.Start(t, d, func(c *config.Config) { c.Seed = "none" })
			w := &town{Site: s, t: t, state: verify.Begin(s.App.Log.Key())}
			t.Cleanup(http.DefaultClient.CloseIdleConnections) // which the site would wait for when it stops
			ledgertest.Small(t, s.App.DB, map[string]ledger.Status{"1-1-1-1": ledger.Done})
			clerk := stafftest.Actor(t, s.App.DB, "log-clerk", "立案庭", staff.IntakeClerk)
			for i := range 3 {
				c, err := s.App.Cases.Record(t.Context(), clerk, cases.Submission{Kind: cases.Enquiry, Channel: cases.Hotline, Title: fmt.Sprintf("第%d件", i), Content: "内容",
					Name: "周先生", Phone: "0871-64090000", Key: fmt.Sprintf("key-0123456789abcd%d", i)})
				if err != nil {
					t.Fatal(err)
				}
				w.cases = append(w.cases, c)
			}
			w.do("INSERT INTO published_replies (case_id, state, kind, title, question, answer, unit, asked_on, answered_on, proposed_by, reviewed_by, published_on) SELECT min(id), 'published', 'enquiry', '立案<b>窗口</b>', '几点\n开门？', '九点。', '立案庭', '2021-01-05', '2021-01-06', 1, 2, '2021-01-06' FROM cases")
			w.do("INSERT INTO ledger_events (programme_id, problem_id, kind, on_day, at, text) SELECT programme_id, id, 'text', '2021-01-06', '2021-01-06 01:00:00+00:00', '问题1-1的说明有修改' FROM problems WHERE code = '1-1'")
			logbooktest.Settle(t, s.App.DB, s.App.Log.Sources)
			w.sequence()
			test(t, w)
		})
	}
}

// do changes the database as somebody does who first takes away what guards it.
func (w *town) do(statements ...string) {
	w.t.Helper()
	err := w.App.DB.Write(w.t.Context(), func(tx *store.Tx) error {
		for _, s := range statements {
			if err := tx.Exec(s).Error; err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return tx.Publish()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.App.House.Pages.Refresh(w.t.Context())
}

// unguard takes away the triggers of tables.
func (w *town) unguard(tables ...string) {
	for _, table := range tables {
		for _, end := range []string{"keep", "stay", "gone"} {
			drop := "DROP TRIGGER IF EXISTS " + table + "_" + end
			if w.App.DB.Dialect() == store.Postgres {
				drop += " ON " + table
			}
			w.do(drop)
		}
	}
}

func (w *town) sequence() {
	w.t.Helper()
	logbooktest.Sign(w.t, w.App.DB, w.App.Log)
}

// outside checks as anybody can; inside as the court can.
func (w *town) outside(from verify.State) (verify.Result, error) {
	s := verify.Site{URL: w.URL, Pause: func(context.Context) error { return nil }}
	return s.Check(w.t.Context(), from)
}

func (w *town) inside() error {
	_, err := w.App.Log.Audit(w.t.Context(), func(string, int64) {})
	return err
}

func TestAnHonestSiteIsFoundGood(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		got, err := w.outside(w.state)
		if err != nil || got.Shown == 0 || got.New != got.Checkpoint.Size {
			t.Fatalf("%+v %v", got, err)
		}
		if err := w.inside(); err != nil {
			t.Fatal(err)
		}
		raw, err := got.State.JSON()
		if err != nil {
			t.Fatal(err)
		}
		kept, err := verify.ParseState(raw)
		if err != nil {
			t.Fatal(err)
		}
		// The next day only what is new is read.
		w.do("UPDATE measures SET note = '办法已印发。' WHERE code = '1-2-1-1'", "UPDATE published_replies SET state = 'withdrawn', note = '有错'")
		logbooktest.Settle(t, w.App.DB, w.App.Log.Sources)
		w.sequence()
		again, err := w.outside(kept)
		if err != nil || again.New != 2 || again.Texts != 2 || again.Shown != got.Shown-1 {
			t.Errorf("%+v %v", again, err)
		}
		if _, err := w.outside(again.State); err != nil {
			t.Error(err)
		}
	})
}

// TestWhateverIsChangedInTheDatabaseIsNamed changes, drops, swaps and back-dates what
// the log tells of, directly in the database.
func TestWhateverIsChangedInTheDatabaseIsNamed(t *testing.T) {
	for _, x := range []struct {
		what   string
		tables []string
		change []string
		out    []string // what portal log verify says; empty: it cannot see it
		in     []string // what portal log audit says
	}{
		{"a measure's status", nil, []string{"UPDATE measures SET status = 'done' WHERE code = '1-2-1-1'"}, []string{"措施 1-2-1-1", `status：日志里是 "not_started"，网站上是 "done"`}, nil},
		{"a measure that is dropped", nil, []string{"DELETE FROM measures WHERE code = '2-1-1-1'"}, []string{"措施 2-1-1-1", "没有撤下，网站却不再公布"}, nil},
		{"two problems whose titles are swapped", nil, []string{"UPDATE problems SET title = '第1方面的第' || CASE code WHEN '1-1' THEN '2' ELSE '1' END || '个问题' WHERE code IN ('1-1', '1-2')"},
			[]string{"问题 1-1", "问题 1-2", "title"}, nil},
		{"a baseline that is back-dated", nil, []string{"UPDATE measures SET baseline_on = '2027-12-31' WHERE code = '1-1-1-1'"}, []string{"措施 1-1-1-1", "baseline_on"}, nil},
		{"a line of the history", []string{"ledger_events"}, []string{"UPDATE ledger_events SET on_day = '2020-01-01' WHERE text LIKE '%说明有修改'"}, []string{"整改变化", `on：日志里是 "2021-01-06"，网站上是 "2020-01-01"`}, nil},
		{"a measure that nobody logged", nil, []string{"INSERT INTO measures (programme_id, problem_id, no, code, title, kind, status, published, changed_at) SELECT programme_id, id, 9, '1-1-0-9', '凭空多出', 'dated', 'done', TRUE, '2021-01-06 01:00:00+00:00' FROM problems WHERE code = '1-1'"},
			[]string{"措施 1-1-0-9 凭空多出", "日志里却没有"}, nil},
		{"a reply", nil, []string{"UPDATE published_replies SET answer = '十点。'"}, []string{"答复 立案<b>窗口</b>", `answer：日志里是 "九点。"，网站上是 "十点。"`}, nil},
		{"a reply that vanishes", nil, []string{"UPDATE published_replies SET state = 'withdrawn'"}, []string{"答复 立案<b>窗口</b>", "没有撤下，网站却不再公布"}, nil},
		{"a text beside the log", []string{"log_texts"}, []string{"UPDATE log_texts SET body = replace(body, '九点。', '十点。') WHERE kind = 'reply'"}, []string{"/log/texts/reply/1/1", "与日志里的摘要不符"}, []string{"reply/1", "第 1 版的原文与日志里的摘要不符"}},
		{"a text that is dropped", []string{"log_texts"}, []string{"DELETE FROM log_texts WHERE kind = 'reply'"}, []string{"reply/1", "没有提供这一版的原文"}, []string{"reply/1", "第 1 版的原文不见了"}},
		{"a leaf", []string{"log_entries"}, []string{"UPDATE log_entries SET leaf = (SELECT leaf FROM log_entries WHERE kind = 'reply') WHERE kind = 'problem' AND ref = '2'"}, []string{"tile/entries/000"}, []string{"problem/2", "日志记录不符"}},
		{"two leaves that change places", []string{"log_entries"}, []string{"UPDATE log_entries SET idx = idx + 1000000 WHERE idx IN (1, 2)", "UPDATE log_entries SET idx = 1000003 - idx WHERE idx > 1000000"}, []string{"tile/entries/000", "序号 1"}, []string{"tile/entries/000", "序号 1"}},
		{"an entry's time", []string{"log_entries"}, []string{"UPDATE log_entries SET at = '2020-01-01 00:00:00+00:00' WHERE kind = 'reply'"}, nil, []string{"reply/1", "时间或者摘要与日志记录不符"}},
		{"a hash", []string{"log_tiles"}, []string{"UPDATE log_tiles SET data = (SELECT digest FROM log_entries WHERE kind = 'reply') || substr(data, 33) WHERE level = 0"}, []string{"tile/0/000", "被改动过"}, []string{"tile/0/000"}},
		{"a checkpoint", []string{"log_heads"}, []string{"UPDATE log_heads SET note = replace(note, 'localhost/log', 'localhost/lag')"}, []string{"checkpoint"}, []string{"检查点"}},
		{"a checkpoint's root", []string{"log_heads"}, []string{"UPDATE log_heads SET root = (SELECT digest FROM log_entries WHERE kind = 'reply')"}, nil, []string{"检查点", "签名的内容与所存的不同"}},
		{"a case's text", nil, []string{"UPDATE cases SET content = '改过' WHERE title = '第1件'"}, nil, []string{"来件 %1", "内容或者附件被改动过"}},
		{"a case's day", nil, []string{"UPDATE cases SET submitted_at = '2020-12-01 00:00:00+00:00' WHERE title = '第1件'"}, nil, []string{"来件 %1", "收到时间被改动过"}},
		{"two cases' numbers", nil, []string{"UPDATE cases SET case_no = 'x' || case_no WHERE title IN ('第1件', '第2件')", "UPDATE cases SET case_no = (SELECT substr(o.case_no, 2) FROM cases o WHERE o.title = CASE cases.title WHEN '第1件' THEN '第2件' ELSE '第1件' END) WHERE title = '第1件'"},
			nil, []string{"来件 %2", "编号被改动过：日志里是 %1"}},
		{"a case that is dropped", nil, []string{"!case"}, nil, []string{"来件 %2", "数据库里却没有"}},
		{"a case that is dropped with its salt", []string{"log_entries"}, []string{"!case", "UPDATE log_entries SET salt = digest WHERE case_no = '%2'"}, nil, []string{"来件 %2", "与日志里的承诺不符"}},
		{"a case beside the log", nil, []string{"!beside"}, nil, []string{"来件 00000001", "日志里没有"}},
	} {
		t.Run(x.what, func(t *testing.T) {
			each(t, func(t *testing.T, w *town) {
				kept, err := w.outside(w.state)
				if err != nil {
					t.Fatal(err)
				}
				w.filled()
				fill := strings.NewReplacer("%1", w.cases[1].CaseNo, "%2", w.cases[2].CaseNo)
				w.unguard(x.tables...)
				for _, s := range x.change {
					switch s {
					case "!case":
						w.drop(w.cases[2].ID)
					case "!beside":
						names, values := w.columns("cases"), w.columns("cases")
						for i, name := range names {
							if other := map[string]string{"id": "999", "case_no": "'00000001'", "submission_hash": "access_hash"}[name]; other != "" {
								values[i] = other
							}
						}
						w.do("INSERT INTO cases (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM cases WHERE title = '第1件'")
					default:
						w.do(fill.Replace(s))
					}
				}
				_, err = w.outside(w.state)
				named(t, "from outside", err, fill, x.out)
				if len(x.out) > 0 && len(x.tables) == 0 { // who verifies daily sees it too
					_, err = w.outside(kept.State)
					named(t, "the next day", err, fill, x.out)
				}
				named(t, "from inside", w.inside(), fill, x.in)
			})
		})
	}
}

// TestATextIsMissingByDecisionOrNamed takes texts away as the portal does, and as
// somebody does who has no decision.
func TestATextIsMissingByDecisionOrNamed(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		w.filled()
		w.do("UPDATE published_replies SET state = 'withdrawn', note = '有住址'")
		logbooktest.Settle(t, w.App.DB, w.App.Log.Sources)
		w.sequence()
		kept, err := w.outside(w.state)
		if err != nil {
			t.Fatal(err)
		}
		overseer := stafftest.Actor(t, w.App.DB, "log-overseer", "督查室", staff.Supervisor)
		if err := removal.Decide(t.Context(), w.App.DB, overseer, removal.Decision{Kind: "reply", Ref: "1", Version: 1, Why: "来信里\n有\x1b[2J住址", Decision: "云高法〔2021〕9号", Sure: true}); err != nil {
			t.Fatal(err)
		}
		w.sequence()
		w.App.House.Pages.Refresh(t.Context())
		whole, err := w.outside(w.state)
		if err != nil || whole.Gone != 1 || len(whole.Expunged) != 1 {
			t.Fatalf("%+v %v", whole, err)
		}
		daily, err := w.outside(kept.State)
		if err != nil || daily.Gone != 1 || len(daily.Expunged) != 1 || daily.Expunged[0] != whole.Expunged[0] || daily.New >= whole.New {
			t.Fatalf("%+v %v", daily, err)
		}
		if n := daily.Expunged[0]; n.Kind != "reply" || n.ID != "1" || n.Version != 1 || n.Decision != "云高法〔2021〕9号" {
			t.Errorf("%+v", n)
		}
		file := filepath.Join(t.TempDir(), "state.json")
		for _, want := range []string{"撤除了答复（reply/1）第 1 版的原文。理由：来信里 有[2J住址 决定：云高法〔2021〕9号", "另有 1 份公开过的原文已依决定撤除"} {
			var said bytes.Buffer
			err := verify.LogCommand{Key: w.App.Log.Key().String(), State: file}.Run(t.Context(), w.URL, &said)
			if err != nil || !strings.Contains(said.String(), want) {
				t.Errorf("%v: %s", err, said.String())
			}
		}
		if err := w.inside(); err != nil {
			t.Error(err)
		}

		// What follows is done behind the portal's back.
		both := func(out, in []string) {
			t.Helper()
			_, err := w.outside(w.state)
			named(t, "from outside", err, strings.NewReplacer(), out)
			named(t, "from inside", w.inside(), strings.NewReplacer(), in)
		}
		w.unguard("log_texts")
		put := func(kind, ref string, version int, body string) {
			t.Helper()
			if err := w.App.DB.Write(t.Context(), func(tx *store.Tx) error {
				return tx.Exec("INSERT INTO log_texts (kind, ref, version, body) VALUES (?, ?, ?, ?)", kind, ref, version, body).Error
			}); err != nil {
				t.Fatal(err)
			}
		}
		put("reply", "1", 1, "{}\n")
		both(nil, []string{"reply/1", "与日志里的摘要不符", "已经决定撤除，却还在数据库里"})
		w.do("DELETE FROM log_texts WHERE kind = 'reply' AND version IN (1, 2)")
		both([]string{"/log/texts/reply/1/2", "也没有撤除它的决定"}, []string{"reply/1", "第 2 版的原文不见了，也没有撤除它的决定"})
		// A notice that names another digest, and one of what stands, are no excuse.
		last := func(kind string) (v logbook.Version) {
			t.Helper()
			if err := w.App.DB.Read(t.Context(), func(r *store.Reader) error {
				list, err := logbook.LastWords(r, kind, "", 1)
				v = list[0]
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return v
		}
		forge := func(v logbook.Version, digest string) {
			t.Helper()
			n := logbook.Notice{Kind: v.Kind, ID: v.Ref, Version: v.Version, Digest: digest}
			if err := w.App.DB.Write(t.Context(), func(tx *store.Tx) error {
				return logbook.Record(tx, logbook.Text{Kind: logbook.Expunged, Ref: fmt.Sprint(*v.Index), Body: logbook.Canonical(n)})
			}); err != nil {
				t.Fatal(err)
			}
			w.sequence()
		}
		before, err := w.outside(kept.State)
		if err != nil {
			t.Fatal(err)
		}
		forge(last("reply"), strings.Repeat("0", 64))
		both([]string{"/log/texts/reply/1/2", "没有提供这一版的原文", "与日志第"}, []string{"reply/1", "撤除说明写的却是另一份", "撤除说明与日志第"})
		_, err = w.outside(before.State)
		named(t, "the next day", err, strings.NewReplacer(), []string{"摘要 0000", "与日志第"})
		stands := last("problem")
		forge(stands, fmt.Sprintf("%x", stands.Digest))
		both([]string{"没有撤下，原文却被撤除了"}, []string{"撤除的是正在公布的一版"})
	})
}

// named checks that an error is one of the log's and names what is wrong.
func named(t *testing.T, who string, err error, fill *strings.Replacer, want []string) {
	t.Helper()
	var d tlog.Defects
	if found := errors.As(err, &d); found != (len(want) > 0) {
		t.Errorf("%s: %v", who, err)
		return
	}
	for _, x := range want {
		if !strings.Contains(err.Error(), fill.Replace(x)) {
			t.Errorf("%s: %q is not in %v", who, fill.Replace(x), err)
		}
	}
}

// filled waits until what was there before the log is in it.
func (w *town) filled() {
	if err := w.App.Log.Backfill(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.sequence()
}

// drop deletes a case with all that refers to it.
func (w *town) drop(id int64) {
	err := w.App.DB.Write(w.t.Context(), func(tx *store.Tx) error {
		var tables []string
		list := "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'case_id' WHERE m.type = 'table'"
		if w.App.DB.Dialect() == store.Postgres {
			list = "SELECT table_name FROM information_schema.columns WHERE column_name = 'case_id' AND table_schema = current_schema()"
		}
		if err := tx.Raw(list).Scan(&tables).Error; err != nil {
			return err
		}
		for _, table := range tables {
			for _, end := range []string{"keep", "stay"} {
				trigger := "DROP TRIGGER IF EXISTS " + table + "_" + end
				if w.App.DB.Dialect() == store.Postgres {
					trigger += " ON " + table
				}
				if err := tx.Exec(trigger).Error; err != nil {
					return err
				}
			}
			if err := tx.Exec("DELETE FROM "+table+" WHERE case_id = ?", id).Error; err != nil {
				return err
			}
		}
		return tx.Exec("DELETE FROM cases WHERE id = ?", id).Error
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// columns are a table's columns.
func (w *town) columns(table string) (names []string) {
	err := w.App.DB.Read(w.t.Context(), func(r *store.Reader) error {
		list := "SELECT name FROM pragma_table_info(?) ORDER BY cid"
		if w.App.DB.Dialect() == store.Postgres {
			list = "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema = current_schema() ORDER BY ordinal_position"
		}
		return r.Raw(list, table).Scan(&names).Error
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

func TestAReceiptIsCheckedByItselfAndAgainstTheLiveLog(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		var receipt, promise []byte
		err := w.App.DB.Read(t.Context(), func(r *store.Reader) error {
			word, err := w.App.Log.Word(r, "case", w.cases[1].ID)
			receipt, promise = word.Receipt, word.Promise
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		checkWith := func(key tlog.Key, content []byte, url string) (string, error) {
			file := filepath.Join(t.TempDir(), "receipt.json")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			err := verify.ReceiptCommand{File: file, URL: url, Key: key.String()}.Run(t.Context(), &said)
			return said.String(), err
		}
		check := func(content []byte, url string) (string, error) { return checkWith(w.App.Log.Key(), content, url) }
		for _, content := range [][]byte{receipt, promise} {
			for _, url := range []string{"", w.URL} {
				if said, err := check(content, url); err != nil || !strings.Contains(said, w.cases[1].CaseNo) {
					t.Errorf("%s %v", said, err)
				}
			}
			if said, err := check(bytes.Replace(content, []byte(w.cases[1].CaseNo), []byte("87654321"), 1), ""); err == nil {
				t.Errorf("a forged one is good: %s", said)
			}
		}
		// What the former key signed holds once the log was handed over, for who knows
		// either key. By itself a receipt cannot show that.
		former := w.App.Log.Key()
		if _, err := w.App.Log.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, key := range []tlog.Key{former, w.App.Log.Key()} {
			for _, content := range [][]byte{receipt, promise} {
				if said, err := checkWith(key, content, w.URL); err != nil || !strings.Contains(said, w.cases[1].CaseNo) {
					t.Errorf("%s %v", said, err)
				}
			}
		}
		if said, err := check(receipt, ""); err == nil {
			t.Errorf("what another key signed is good: %s", said)
		}
		if _, err := w.outside(w.state); err != nil {
			t.Error(err)
		}
		// A log that was rewritten without the case is not the one of the receipt.
		w.unguard("log_entries", "log_tiles", "log_heads")
		w.do("UPDATE log_entries SET leaf = digest WHERE case_no = '" + w.cases[1].CaseNo + "'")
		if said, err := check(receipt, w.URL); !errors.As(err, new(tlog.Defects)) {
			t.Errorf("%s %v", said, err)
		}
	})
}

func TestWhatAWitnessSignedMustBeInTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		witness := logbooktest.StartWitness(t, "witness.example", w.App.Log.Key())
		asked, err := logbook.ParseWitness(witness.Setting())
		if err != nil {
			t.Fatal(err)
		}
		check := func() (string, error) {
			var said bytes.Buffer
			err := verify.LogCommand{Key: w.App.Log.Key().String(), Witness: []string{witness.Key.String()}}.Run(t.Context(), w.URL, &said)
			return said.String(), err
		}
		if said, err := check(); err != nil || !strings.Contains(said, "没有签过名") {
			t.Errorf("%s %v", said, err)
		}
		w.App.Log.Witnesses = []logbook.Witness{asked}
		if err := w.App.Log.Ask(t.Context(), http.DefaultClient); err != nil {
			t.Fatal(err)
		}
		// The log grows on; on the page for people it stands how far the witness saw it.
		w.do("UPDATE published_replies SET title = '另一个标题'")
		logbooktest.Settle(t, w.App.DB, w.App.Log.Sources)
		w.sequence()
		if said, err := check(); err != nil || !strings.Contains(said, "见证人 witness.example 看到第") {
			t.Errorf("%s %v", said, err)
		}
		if p := w.Browser().Get("/log/"); !strings.Contains(p.Text(), "witness.example") {
			t.Error(p.Text())
		}
		// A cosignature that the witness never gave.
		w.do("UPDATE log_cosignatures SET line = replace(line, 'A', 'B')")
		if said, err := check(); !errors.As(err, new(tlog.Defects)) || !strings.Contains(err.Error(), "witness.example") {
			t.Errorf("%s %v", said, err)
		}
		w.do("DELETE FROM log_cosignatures")
		// The court showed the witness another log than everybody else.
		raw, err := os.ReadFile(w.App.Config.LogKeyFile)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := tlog.ParseSigner(string(raw))
		if err != nil {
			t.Fatal(err)
		}
		note, err := tlog.SignCheckpoint(tlog.Empty, tlog.Head{Size: 3, Root: tlog.LeafHash([]byte("x"))}, nil, signer)
		if err != nil {
			t.Fatal(err)
		}
		fooled := logbooktest.StartWitness(t, "witness.example", signer.Key())
		witness.Key = fooled.Key
		answer, err := http.Post(fooled.URL+"/add-checkpoint", "", strings.NewReader("old 0\n\n"+string(note)))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		line, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status, err)
		}
		root := "(SELECT digest FROM log_entries WHERE kind = 'reply' AND version = 1)"
		w.do("INSERT INTO log_heads (size, prev, root, at, note) SELECT 3, -9, "+root+", '2021-01-06 01:00:00+00:00', '"+string(note)+"'",
			"INSERT INTO log_cosignatures (size, witness, at, line) VALUES (3, 'witness.example+x', '2021-01-06 01:00:00+00:00', '"+string(line)+"')")
		if said, err := check(); !errors.As(err, new(tlog.Defects)) || !strings.Contains(err.Error(), "给不同的人看不同的日志") {
			t.Errorf("%s %v", said, err)
		}
	})
}

func TestTheVerifierHasNothingOfThePortalInIt(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "mingjing/cmd/portal-verify").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{"gorm", "pgx", "sqlite", "fiber", "mingjing/app/store", "mingjing/app/logbook"} {
		if strings.Contains(string(out), foreign) {
			t.Errorf("it holds %s", foreign)
		}
	}
}
