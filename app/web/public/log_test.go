package public_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/logbook/logbooktest"
	"mingjing/app/removal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
	"mingjing/app/tlog"
)

// record publishes texts as a room would, and sign gives them their places.
func record(t *testing.T, s *apptest.Site, texts ...logbook.Text) {
	t.Helper()
	if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error { return logbook.Record(tx, texts...) }); err != nil {
		t.Fatal(err)
	}
}

func sign(t *testing.T, s *apptest.Site) {
	t.Helper()
	for waits := true; waits; { // the site's own courier may be at it
		logbooktest.Sign(t, s.App.DB, s.App.Log)
		err := s.App.DB.Read(t.Context(), func(r *store.Reader) error {
			lag, err := logbook.Lag(r)
			_, none := logbook.Newest(r)
			waits = lag > 0 || fault.Is(none, fault.NotFound)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Clock.Advance(time.Minute) // what was kept of the pages about the log is over
}

// problemText is a problem as it is published.
func problemText(status, text string, more ...string) string {
	return `{"programme":"2020","code":"1-3","announced":false,"aspect":1,"title":"窗口服务评价偏低","text":` + logbook.Canonical(text)[:len(logbook.Canonical(text))-1] +
		`,"status":"` + status + `","closing":"none","closed_on":null,"reopened_on":null,"leader":"分管副院长","sub_problems":[{"no":1,"title":"叫号设备老旧","text":""}],"evidence":[]` + strings.Join(more, "") + "}\n"
}

// told records the life of problem 7: published on 6 January, changed on the 8th,
// withdrawn on the 10th, and published again on the 12th.
func told(t *testing.T, s *apptest.Site) (start time.Time) {
	t.Helper()
	start = s.Clock.Now()
	day := func(n int) { s.Clock.Set(start.AddDate(0, 0, n)) }
	record(t, s, logbook.Text{Kind: "problem", Ref: "70007", Body: problemText("in_progress", "评价偏低的窗口有<三>个。")}, logbook.Text{Kind: "text", Ref: "site", Body: `{"name":"site","value":{"hotline":"12368"}}` + "\n"})
	sign(t, s)
	day(2)
	record(t, s, logbook.Text{Kind: "problem", Ref: "70007", Body: problemText("basically_done", "评价偏低的窗口还有一个。")})
	day(4)
	record(t, s, logbook.Text{Kind: "problem", Ref: "70007", Why: "与1-4重复"})
	sign(t, s)
	day(6)
	record(t, s, logbook.Text{Kind: "problem", Ref: "70007", Body: problemText("done", "评价偏低的窗口没有了。")})
	sign(t, s)
	return start
}

func digestOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func TestAnyoneCanVerifyTheLogAsServed(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		told(t, s)
		for i := range 300 {
			record(t, s, logbook.Text{Kind: "event", Ref: fmt.Sprint(i + 70001), Body: fmt.Sprintf("{\"text\":\"第%d次变化\"}\n", i+1)})
			if i%97 == 0 {
				sign(t, s)
			}
		}
		sign(t, s)
		served := map[string]string{}
		v := tlog.Verifier{Log: tlog.HTTP{URL: s.URL + "/log"}, Each: func(i int64, e tlog.Entry) error {
			if p, ok := e.(*tlog.Published); ok {
				body := s.Browser().Get(fmt.Sprintf("/log/texts/%s/%s/%d", p.Kind, p.ID, p.Version)).Body
				served[fmt.Sprintf("%s/%s/%d", p.Kind, p.ID, p.Version)] = body
				if digestOf(body) != hex.EncodeToString(p.Digest[:]) {
					t.Errorf("entry %d: the text served is %s", i, body)
				}
			}
			return nil
		}}
		state, _, err := v.Check(t.Context(), tlog.Begin(s.App.Log.Key()))
		if err != nil || state.Size < 305 || len(served) < 305 {
			t.Fatal(state.Size, len(served), err)
		}
		if !strings.Contains(served["problem/70007/3"], `"withdrawn":true`) {
			t.Error(served["problem/70007/3"])
		}
		out, err := exec.CommandContext(t.Context(), "../../../scripts/log-fsck", s.URL+"/log/", s.App.Log.Key().String()).CombinedOutput()
		if err != nil || !strings.Contains(string(out), fmt.Sprintf("Successfully fsck'd log with size %d and root %s", state.Size, state.Root)) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func TestEveryAddressOfTheLogAnswersGoodAndBadInput(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		told(t, s)
		b := s.Browser()
		const forEver, anHour, page = "public, max-age=31536000, immutable", "public, max-age=3600", "text/html; charset=utf-8"
		size := strings.Split(b.Get("/log/checkpoint").Body, "\n")[1]
		for path, want := range map[string]string{
			"/log/checkpoint": "200 text/plain; charset=utf-8 no-store", "/log/key": "200 text/plain; charset=utf-8 no-cache",
			"/log/tile/0/000.p/" + size: "200 application/octet-stream " + forEver, "/log/tile/entries/000.p/1": "200 application/octet-stream " + forEver,
			"/log/texts/problem/70007/1": "200 application/json; charset=utf-8 " + anHour, "/log/texts/problem/70007/4": "200 application/json; charset=utf-8 " + anHour,
			"/log/shown": "200 application/json; charset=utf-8 no-store", "/log/proof/0": "200 application/json; charset=utf-8 no-store",
			"/log/": "200 " + page + " no-cache", "/log/texts/problem/70007": "200 " + page + " no-cache", "/log": "308  ",

			"/log/tile/0/000": "404", "/log/tile/0/000.p/0": "404", "/log/tile/0/000.p/256": "404", "/log/tile/entries/000.p/255": "404", "/log/tile/0/0": "404", "/log/tile/00/000.p/1": "404", "/log/tile/-1/000": "404",
			"/log/tile/64/000": "404", "/log/tile/63/000.p/1": "404", "/log/tile/0/x999/x999/x999/x999/x999/x999/999": "404", "/log/tile/": "404", "/log/tile/entries": "404", "/log/tile/entries/000.p/1/": "404",
			"/log/tile/entries/%30%30%30.p/1": "404", "/log/tile": "404", "/log/tile/0/../key": "404", "/log/tile/%00": "400", "/log/tile/0/%ff": "400",
			"/log/texts/problem/70007/5": "404", "/log/texts/problem/70007/0": "404", "/log/texts/problem/70007/01": "404", "/log/texts/problem/70007/-1": "404", "/log/texts/problem/70007/x": "404", "/log/texts/problem/70007/99999999999999999999": "404",
			"/log/texts/problem/70007/2147483648": "404", "/log/texts/problem/80008": "404", "/log/texts/case/1": "404", "/log/texts/case/1/1": "404", "/log/texts/Problem/7": "404", "/log/texts/problem/%27--": "404", "/log/texts/problem/a%20b": "404",
			"/log/texts/problem": "404", "/log/texts/problem/" + strings.Repeat("7", 65): "404", "/log/texts/problem/%E9%97%AE": "404",
			"/log/texts/problem/70007?before=x": "400", "/log/texts/problem/70007?before=99999999999": "404", "/log/texts/problem/70007?before=1": "404", "/log/texts/problem/70007?version=9": "404", "/log/texts/problem/70007?version=x": "404", "/log/texts/problem/70007?version=-1": "404",
			"/log/texts/problem/70007?on=x": "422", "/log/texts/problem/70007?on=2021-02-30": "422", "/log/texts/problem/70007?on=9999-12-31": "422", "/log/texts/problem/70007?on=0000-00-00": "422", "/log/texts/problem/70007?on=%3Cscript%3E": "422", "/log/texts/problem/70007?on=%00": "400",
			"/log/shown/nothing": "404", "/log/shown/nothing?after=%27": "400", "/log/shown/nothing?after=%E9": "400", "/log/proof/999999": "404", "/log/proof/-1": "404", "/log/proof/00": "404", "/log/proof/x": "404", "/log/proof/99999999999999999999": "404", "/log/nothing": "404",
		} {
			p := b.Get(path)
			got := fmt.Sprintf("%d %s %s", p.Status, p.Header.Get("Content-Type"), p.Header.Get("Cache-Control"))
			if len(want) == 3 {
				want += " " + page + " no-store"
			}
			if p.Status == 308 {
				got = "308  "
			}
			if got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
			if p.Status >= 400 && (p.Find("h1").Length() != 1 || p.Find("html[lang=zh-CN]").Length() != 1) {
				t.Errorf("%s is refused without a page", path)
			}
			if p.Status == 200 && !strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") && (p.Header.Get("Access-Control-Allow-Origin") != "*" || p.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin") {
				t.Errorf("%s cannot be read by other sites", path)
			}
		}
		if to := b.Get("/log").Header.Get("Location"); to != "/log/" {
			t.Error(to)
		}
		leaks(t, s)
	})
}

func TestACheckpointIsNeverStale(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		for i := range 3 {
			record(t, s, logbook.Text{Kind: "event", Ref: fmt.Sprint(80000 + i), Body: "{}\n"})
			logbooktest.Sign(t, s.App.DB, s.App.Log)
			var newest logbook.Checkpoint
			if err := s.App.DB.Read(t.Context(), func(r *store.Reader) (err error) { newest, err = logbook.Newest(r); return err }); err != nil {
				t.Fatal(err)
			}
			served, err := tlog.OpenCheckpoint([]byte(b.Get("/log/checkpoint").Body), []tlog.Key{s.App.Log.Key()})
			if err != nil || served.Size < newest.Size {
				t.Errorf("%d of %d entries, %v", served.Size, newest.Size, err)
			}
		}
		if key, err := tlog.ParseKey(strings.TrimSuffix(b.Get("/log/key").Body, "\n")); err != nil || key != s.App.Log.Key() {
			t.Error(key, err)
		}
		r, err := http.NewRequest(http.MethodHead, s.URL+"/log/checkpoint", nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := b.Do(r); p.Status != 200 || p.Body != "" {
			t.Error(p.Status, p.Body)
		}
	})
}

func TestAProofLeadsFromTheLeafToTheCheckpoint(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		told(t, s)
		b := s.Browser()
		var size int64 = 1
		for i := int64(0); i < size; i++ {
			var got struct {
				Index      int64
				Leaf       []byte
				Proof      []tlog.Hash
				Checkpoint string
			}
			d := json.NewDecoder(strings.NewReader(b.Get(fmt.Sprintf("/log/proof/%d", i)).Body))
			d.DisallowUnknownFields()
			if err := d.Decode(&got); err != nil {
				t.Fatal(err)
			}
			c, err := tlog.OpenCheckpoint([]byte(got.Checkpoint), []tlog.Key{s.App.Log.Key()})
			if err != nil || got.Index != i {
				t.Fatal(got.Index, err)
			}
			size = c.Size
			if err := tlog.CheckInclusion(c.Head, i, tlog.LeafHash(got.Leaf), got.Proof); err != nil {
				t.Error(i, err)
			}
		}
	})
}

func TestWhatIsShownIsListedPageByPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		s.App.Log.Sources["sample"] = func(_ *store.Reader, after string, limit int) (list []logbook.Text, err error) {
			for i := range 450 {
				if ref := fmt.Sprintf("%03d", i); ref > after && len(list) < limit {
					list = append(list, logbook.Text{Kind: "sample", Ref: ref, Body: logbook.Canonical(map[string]any{"title": "<第>" + ref})})
				}
			}
			return list, nil
		}
		b := s.Browser()
		if p := b.Get("/log/shown"); !strings.Contains(p.Body, `"sample"`) {
			t.Error(p.Body)
		}
		var sizes []int
		for after, more := "", true; more; {
			var got struct {
				Items []struct{ Ref, Text string }
				Next  string
			}
			if err := json.Unmarshal([]byte(b.Get("/log/shown/sample?after="+after).Body), &got); err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(got.Items))
			if got.Items[0].Text != "{\"title\":\"<第>"+got.Items[0].Ref+"\"}\n" {
				t.Errorf("%q", got.Items[0].Text)
			}
			after, more = got.Next, got.Next != ""
		}
		if diff := cmp.Diff([]int{200, 200, 50}, sizes); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheLogsPageSaysWhatItIsAndHowToCheckIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		told(t, s)
		b := s.Browser()
		p := b.Get("/log/")
		shows(t, p, []string{"公开日志", "一共记了", s.App.Log.Key().String(), "portal-verify " + s.URL, "--storage_url=" + s.URL + "/log/", "问题1-3 窗口服务评价偏低", "网站文字：网站名称和联系方式", "首次公布", "修改", "撤下", "重新公布"}, nil)
		for _, href := range []string{"/log/receipt", "/log/checkpoint", "/log/key", "/log/texts/problem/70007"} {
			if p.Find(`main a[href="`+href+`"]`).Length() == 0 {
				t.Errorf("no link to %s", href)
			}
		}
		if b.Get("/sitemap").Find(`main a[href="/log/"]`).Length() != 1 {
			t.Error("not in the sitemap")
		}
		b.Get("/edition?size=large&contrast=high&back=/")
		if p := b.Get("/log/"); p.Find("html.large.contrast").Length() != 1 {
			t.Error("no large print")
		}
		if p := b.Get("/log/texts/problem/70007"); p.Find("html.large.contrast").Length() != 1 {
			t.Error("no large print of a history")
		}
	})
}

func TestAHistoryShowsEveryVersionAndWhatChanged(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		told(t, s)
		b := s.Browser()
		p := b.Get("/log/texts/problem/70007")
		shows(t, p, []string{"问题1-3 窗口服务评价偏低", "第4版 重新公布", "第3版 撤下", "撤下的原因：与1-4重复", "第2版 修改", "第1版 首次公布", "2021年1月8日", "状态", "整改中", "基本完成", "评价偏低的窗口有<三>个。", "评价偏低的窗口还有一个。"},
			[]string{"已经撤下，网页上不再有它", "分管副院长", "叫号设备老旧", "<三>"})
		for _, n := range []string{"1", "2", "3", "4"} {
			if p.Find(`a[href="/log/texts/problem/70007/`+n+`"]`).Length() != 1 {
				t.Errorf("no exact text of version %s", n)
			}
		}
		if p.Find(`a[href^="/log/proof/"]`).Length() != 4 || p.Find(`meta[name=robots][content=noindex]`).Length() != 1 {
			t.Error("four proofs, and nothing for search engines")
		}
		for on, want := range map[string]string{
			"2021-01-05": "2021年1月5日，这一条还没有公布", "2021-01-06": "页面上写的是第1版", "2021/1/7": "页面上写的是第1版", "2021年1月8日": "页面上写的是第2版", "2021.01.09": "页面上写的是第2版",
			"2021-01-10": "这一条已经撤下，页面上没有它", "2021-01-12": "今天到现在，页面上写的是第4版",
		} {
			p := b.Get("/log/texts/problem/70007?on=" + strings.NewReplacer("年", "%E5%B9%B4", "月", "%E6%9C%88", "日", "%E6%97%A5").Replace(on))
			if !strings.Contains(p.Find("#shown").Text(), want) {
				t.Errorf("%s: %s", on, p.Find("#shown").Text())
			}
		}
		shown := b.Get("/log/texts/problem/70007?on=2021-01-09").Find("#shown")
		for _, want := range []string{"评价偏低的窗口还有一个。", "分管副院长", "叫号设备老旧", "基本完成", digestOf(b.Get("/log/texts/problem/70007/2").Body)} {
			if !strings.Contains(shown.Text(), want) {
				t.Errorf("no %s in %s", want, shown.Text())
			}
		}
		if v := b.Get("/log/texts/problem/70007?version=1").Find("#shown").Text(); !strings.Contains(v, "评价偏低的窗口有<三>个。") {
			t.Error(v)
		}
		wrong := b.Get("/log/texts/problem/70007?on=2099-01-01")
		if !strings.HasPrefix(wrong.Find("title").Text(), "错误：") || wrong.Find(`.errors a[href="#on"]`).Length() != 1 || !strings.Contains(wrong.Text(), "还没有到") {
			t.Error(wrong.Text())
		}
		record(t, s, logbook.Text{Kind: "problem", Ref: "70007", Why: "又重复了"})
		s.Clock.Advance(time.Minute)
		shows(t, b.Get("/log/texts/problem/70007"), []string{"已经撤下，网页上不再有它", "原因：又重复了", "窗口服务评价偏低"}, []string{"现在的页面"})
	})
}

func TestALongHistoryHasPagesAndShowsWhatChangedAcrossThem(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for i := range 45 {
			record(t, s, logbook.Text{Kind: "text", Ref: "site", Body: fmt.Sprintf(`{"name":"site","value":{"hotline":"%d","tags":["甲","乙%d"],"more":{"deep":[{"id":%d,"title":"丙"},[1,null,true]]}}}`+"\n", 12300+i, i, i)})
		}
		sign(t, s)
		b := s.Browser()
		var versions []string
		for path := "/log/texts/text/site"; path != ""; {
			p := b.Get(path)
			for _, h := range p.Find("article h3").EachIter() {
				versions = append(versions, strings.Fields(h.Text())[0])
			}
			if path == "/log/texts/text/site" && !strings.Contains(p.Text(), "热线电话1234312344") {
				t.Error(p.Text())
			}
			path = p.Find(".more a").AttrOr("href", "")
			if path != "" && p.Find("article").Last().Find("table").Length() != 1 {
				t.Error("the last of a page is compared with nothing")
			}
		}
		if len(versions) < 45 || versions[len(versions)-1] != "第1版" {
			t.Error(versions)
		}
	})
}

func TestWhatWasSoBeforeTheLogSaysSo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		at := s.Clock.Now().AddDate(-1, 0, 0)
		body := `{"title":"老制度","body":"第一条\n第二条"}` + "\n"
		digest := sha256.Sum256([]byte(body))
		leaf, err := tlog.Encode(&tlog.Published{Kind: "rule", ID: "70900", Version: 1, Event: tlog.Publish, At: at.Unix(), Digest: digest, Backfilled: true})
		if err != nil {
			t.Fatal(err)
		}
		err = s.App.DB.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.Exec("INSERT INTO log_entries (kind, ref, version, event, at, backfilled, leaf, digest) VALUES ('rule', '70900', 1, 1, ?, TRUE, ?, ?)", at, leaf, digest[:]).Error; err != nil {
				return err
			}
			return tx.Exec("INSERT INTO log_texts (kind, ref, version, body) VALUES ('rule', '70900', 1, ?)", body).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		sign(t, s)
		b := s.Browser()
		shows(t, b.Get("/log/texts/rule/70900"), []string{"制度《老制度》", "建立日志时补记"}, nil)
		shows(t, b.Get("/log/texts/rule/70900?on=2020-06-01"), []string{"页面上写的是第1版", "2021年1月6日建立日志时补记的", "日志证明不了", "第二条"}, nil)
		if p := b.Get("/log/texts/rule/70900?on=2021-01-06"); strings.Contains(p.Text(), "证明不了") {
			t.Error(p.Text())
		}
	})
}

func TestHostileTextsOfTheLogAreOnlyText(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	for i, body := range []string{`{"title":"<script>alert(1)</script>","text":"<b>"}`, `{"title":["x"],"code":{"a":[]},"text":null}`, `[1,2]`, `"x"`, `{`, ``, `null`, `{"a":1e999,"size":"x","status":7,"at":"2021-99-99T00:00:00Z"}`,
		`{"title":"` + strings.Repeat("长", 3000) + `"}`, `{"title":"` + strings.Repeat("短", 3000) + `"}`, strings.Repeat(`{"a":`, 2000) + `1` + strings.Repeat(`}`, 2000)} {
		if body == "" {
			continue
		}
		record(t, s, logbook.Text{Kind: "problem", Ref: "70066", Body: body + "\n"}, logbook.Text{Kind: "odd-kind", Ref: "a.b:c_d-1", Body: body + "\n"})
		s.Clock.Advance(time.Minute)
		for _, path := range []string{"/log/", "/log/texts/problem/70066", fmt.Sprintf("/log/texts/problem/70066?version=%d", i+1), "/log/texts/odd-kind/a.b:c_d-1?on=2021-01-06"} {
			p := s.Browser().Get(path)
			if want := 200; p.Status != want && !strings.Contains(path, "version") {
				t.Errorf("%.80q %s: %d", body, path, p.Status)
			}
			if p.Find("main script").Length() != 0 || p.Status >= 500 || len(p.Body) > 1<<20 {
				t.Errorf("%.80q %s: %d, %d bytes", body, path, p.Status, len(p.Body))
			}
		}
	}
	leaks(t, s)
}

func TestPagesLeadToWhatTheySaidBefore(t *testing.T) {
	s := apptest.Start(t, store.SQLite)
	sign(t, s)
	b := s.Browser()
	p := b.Get("/progress/1-3")
	for _, a := range p.Find(`a[href^="/log/texts/"]`).EachIter() {
		if h := b.Get(a.AttrOr("href", "")); h.Status != 200 || h.Find(`a[href^="/log/proof/"]`).Length() == 0 {
			t.Errorf("%s: %d", a.AttrOr("href", ""), h.Status)
		}
	}
	if p.Find(`a[href^="/log/texts/problem/"]`).Length() != 1 || p.Find(`.changes a[href^="/log/texts/event/"]`).Length() == 0 {
		t.Error(p.Text())
	}
	if b.Get("/announcements/2021-01-06").Find(`a[href^="/log/texts/announcement/"]`).Length() != 1 {
		t.Error("no history of the announcement")
	}
	if bytes.Contains([]byte(b.Get("/").Body), []byte("/log/texts/")) {
		t.Error("the home page grew")
	}
}

func TestWhatIsShownIsWhatTheLogSaidLast(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		sign(t, s)
		b := s.Browser()
		var all struct{ Kinds []string }
		if err := json.Unmarshal([]byte(b.Get("/log/shown").Body), &all); err != nil || len(all.Kinds) < 9 {
			t.Fatal(all, err)
		}
		for _, kind := range all.Kinds {
			var page struct{ Items []struct{ Ref, Text string } }
			if err := json.Unmarshal([]byte(b.Get("/log/shown/"+kind).Body), &page); err != nil {
				t.Fatal(kind, err)
			}
			for i, x := range page.Items {
				if i == 3 {
					break
				}
				p := b.Get("/log/texts/" + kind + "/" + x.Ref)
				exact := b.Get(p.Find("article").First().Find(`a[href^="/log/texts/"]`).Last().AttrOr("href", "")).Body
				if p.Status != 200 || exact != x.Text {
					t.Errorf("%s %s: %d %q, shown is %q", kind, x.Ref, p.Status, exact, x.Text)
				}
				if to := p.Find("main a").FilterFunction(func(_ int, a *goquery.Selection) bool { return strings.HasPrefix(a.Text(), "看现在的") }).AttrOr("href", ""); to != "" && b.Get(to).Status != 200 && b.Get(to).Status != 303 {
					t.Errorf("%s %s stands at %s", kind, x.Ref, to)
				}
			}
			for _, after := range []string{"zzz", "-1", "99999999999999999999", "1.5"} {
				if p := b.Get("/log/shown/" + kind + "?after=" + after); p.Status >= 500 {
					t.Errorf("%s after %s: %d", kind, after, p.Status)
				}
			}
		}
		leaks(t, s)
	})
}

// TestATextThatWasTakenAwayIsGoneEverywhereAndSaysWhy expunges the first and the third
// version of problem 70007, which is a withdrawal.
func TestATextThatWasTakenAwayIsGoneEverywhereAndSaysWhy(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		start := told(t, s)
		b := s.Browser()
		before := b.Get("/log/texts/problem/70007/1").Body
		overseer := stafftest.Actor(t, s.App.DB, "log-overseer", "督查室", staff.Supervisor)
		for _, n := range []int{1, 3} {
			err := removal.Decide(t.Context(), s.App.DB, overseer, removal.Decision{Kind: "problem", Ref: "70007", Version: n, Why: "写了来信人的<住址>", Decision: "云高法〔2021〕9号", Sure: true})
			if err != nil {
				t.Fatal(err)
			}
		}
		sign(t, s)
		p := b.Get("/log/texts/problem/70007/1")
		var notice logbook.Notice
		if err := json.Unmarshal([]byte(p.Body), &notice); err != nil || p.Status != 410 || p.Header.Get("Content-Type") != "application/json; charset=utf-8" || p.Header.Get("Cache-Control") != "no-store" || p.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Fatal(p.Status, p.Header, p.Body, err)
		}
		want := logbook.Notice{Kind: "problem", ID: "70007", Version: 1, Digest: digestOf(before), Why: "写了来信人的<住址>", Decision: "云高法〔2021〕9号", On: notice.On}
		if diff := cmp.Diff(want, notice); diff != "" {
			t.Error(diff)
		}
		index := b.Get("/log/texts/problem/70007").Find(`article:contains("第1版") .when`).First().Text()
		no := strings.TrimSpace(strings.Split(strings.Split(index, "日志第")[1], "号")[0])
		if kept := b.Get("/log/texts/expunged/" + no + "/1"); kept.Status != 200 || kept.Body != p.Body {
			t.Errorf("the notice is %d %s, the answer was %s", kept.Status, kept.Body, p.Body)
		}
		if p := b.Get("/log/proof/" + no); p.Status != 200 {
			t.Error(p.Status)
		}
		r, err := http.NewRequest(http.MethodGet, s.URL+"/log/texts/problem/70007/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html,application/xhtml+xml")
		if p := b.Do(r); p.Status != 410 || !strings.Contains(p.Find("#shown").Text(), "这一版原文已依决定撤除，只留摘要") || p.Find("h1").Length() != 1 {
			t.Error(p.Status, p.Text())
		}
		for path, want := range map[string][]string{
			"": {"第1版", "第4版", "写了来信人的<住址>", "云高法〔2021〕9号", digestOf(before)}, "?version=1": {"第1版写了什么，现在看不到了", "依决定撤除"}, "?version=3": {"依决定撤除"},
			"?on=" + start.Format("2006-01-02"): {"写的是第1版", "依决定撤除"}, "?on=" + start.AddDate(0, 0, 4).Format("2006-01-02"): {"这一条已经撤下", "依决定撤除"},
		} {
			p := b.Get("/log/texts/problem/70007" + path)
			for _, x := range want {
				if p.Status != 200 || !strings.Contains(p.Find("main").Text(), x) {
					t.Errorf("%s: %d without %s", path, p.Status, x)
				}
			}
			for _, x := range []string{"有<三>个", "与1-4重复"} {
				if strings.Contains(p.Text(), x) {
					t.Errorf("%s still tells %s", path, x)
				}
			}
			if href, _ := p.Find(`a:contains("日志里的撤除说明")`).Last().Attr("href"); href != "/log/texts/expunged/"+no {
				t.Errorf("%s leads to %s", path, href)
			}
		}
		if p := b.Get("/log/texts/expunged/" + no); p.Status != 200 || !strings.Contains(p.Find("h1").Text(), "关于撤除问题 70007第1版原文的说明") || p.Find(`a[href="/log/texts/problem/70007"]`).Length() != 1 {
			t.Error(p.Status, p.Text())
		}
		if p := b.Get("/log/"); !strings.Contains(p.Text(), "关于撤除问题 70007第1版原文的说明") {
			t.Error(p.Text())
		}
		if p := b.Get("/log/shown/expunged"); !strings.Contains(p.Body, digestOf(before)) {
			t.Error(p.Body)
		}
		leaks(t, s)
	})
}

func TestThePosterHasTheKeyAndTheCheckpoint(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		logbooktest.Sign(t, s.App.DB, s.App.Log)
		p := s.Browser().Get("/poster")
		var newest logbook.Checkpoint
		if err := s.App.DB.Read(t.Context(), func(r *store.Reader) (err error) { newest, err = logbook.Newest(r); return err }); err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{s.App.Log.Key().String(), newest.Root.String(), "12368"} {
			if !strings.Contains(p.Text(), words) {
				t.Errorf("%s is not in %s", words, p.Text())
			}
		}
		if p.Find("svg.qr path").Length() != 1 {
			t.Error("no picture to point a telephone at")
		}
	})
}
