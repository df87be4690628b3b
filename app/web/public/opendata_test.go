package public_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/xuri/excelize/v2"

	"mingjing/app/apptest"
	"mingjing/app/ledger"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
)

// fetch gets a file that other sites may read.
func fetch(t *testing.T, s *apptest.Site, path, kind string) string {
	t.Helper()
	for range 2 { // made, then from the cache
		p := s.Browser().Get(path)
		if p.Status != 200 || p.Header.Get("Content-Type") != kind || p.Header.Get("Access-Control-Allow-Origin") != "*" || p.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || p.Header.Get("Content-Security-Policy") == "" {
			t.Fatalf("%s: %d %v", path, p.Status, p.Header)
		}
		for _, never := range []string{"内部", "名单", "评语", "0001-01-01"} {
			if strings.Contains(p.Body, never) {
				t.Errorf("%s holds %q", path, never)
			}
		}
		if len(p.Body) == 0 {
			t.Errorf("%s is empty", path)
		}
	}
	last := s.Browser().Get(path)
	r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-None-Match", last.Header.Get("ETag"))
	// A browser keeps the headers of the newest answer: without these the second
	// view on another site would be blocked.
	if p := s.Browser().Do(r); p.Status != 304 || p.Header.Get("Access-Control-Allow-Origin") != "*" || p.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%s asked again: %d %v", path, p.Status, p.Header)
	}
	return last.Body
}

// valid checks an answer against the schema that the site describes it with.
func valid(t *testing.T, s *apptest.Site, path, schema string) map[string]any {
	t.Helper()
	parse := func(body string) any {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parse(fetch(t, s, schema, "application/schema+json; charset=utf-8"))); err != nil {
		t.Fatal(err)
	}
	x, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v := parse(fetch(t, s, path, "application/json; charset=utf-8"))
	if err := x.Validate(v); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return v.(map[string]any)
}

func TestOpenDataAreValidAndPublic(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		worked(t, s)
		rule(t, s, p)
		v := valid(t, s, "/open-data/ledger.json", "/open-data/ledger.schema.json")
		if got := len(v["measures"].([]any)); got != 4 {
			t.Errorf("%d measures", got)
		}
		first := v["measures"].([]any)[0].(map[string]any)
		if first["code"] != "1-1-1-1" || first["status"] != "done" || first["closing"] != "refused" || first["lead_department"] != "立案庭" || first["address"] != s.URL+"/progress/1-1-1-1" {
			t.Errorf("%v", first)
		}
		if got := v["measures"].([]any)[3].(map[string]any); got["status"] != "unstated" {
			t.Errorf("what nobody stated is %v", got["status"])
		}
		if counts := v["counts"].(map[string]any)["measures"].(map[string]any); counts["unstated"] != json.Number("1") || counts["done"] != json.Number("1") {
			t.Errorf("%v", counts)
		}
		valid(t, s, "/open-data/statistics.json", "/open-data/statistics.schema.json")

		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(fetch(t, s, "/open-data/ledger.csv", "text/csv; charset=utf-8"), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 5 || rows[0][5] != "措施编号" || rows[1][5] != "1-1-1-1" || rows[1][17] != "不予销号" || rows[4][14] != "没有说明" {
			t.Errorf("%v %v", rows, err)
		}
		book, err := excelize.OpenReader(strings.NewReader(fetch(t, s, "/open-data/ledger.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		cells, err := book.GetRows(book.GetSheetName(0))
		if err != nil || len(cells) != 5 || cells[1][5] != "1-1-1-1" {
			t.Errorf("%v %v", cells, err)
		}
		shows(t, s.Browser().Get("/open-data"), []string{"巡视反馈问题整改", "电子表格", "lead_department", "牵头部门自报的状态", "/card.svg"}, nil)
		for _, path := range []string{"/open-data/ledger.json?programme=none", "/open-data/ledger.pdf", "/feeds/progress.atom?programme=none", "/feeds/progress.atom?problem=9-9", "/feeds/progress.atom?problem=2-1"} {
			if got := s.Browser().Get(path); got.Status != 404 {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
	})
}

// rule enters one that is public and one that is not.
func rule(t *testing.T, s *apptest.Site, p ledger.Programme) {
	t.Helper()
	office := stafftest.Actor(t, s.App.DB, "rule-office", "", staff.RectificationOffice)
	about := problemID(t, s, "1-1")
	for _, x := range []ledger.RuleText{
		{Title: "审判监督管理办法", Number: "某法发〔2026〕1号", Body: "第一条 为了规范管理。\n第二条 自印发之日起施行。", Published: true, Dated: day(2020, 2, 1), Problems: []int64{about}},
		{Title: "院党组议事规则", Revised: true, URL: "https://court.example/rules/2", Published: true, Dated: day(2020, 3, 1)},
		{Title: "内部的办法", Body: "内部的条文"},
	} {
		if _, err := s.App.House.Ledger.AddRule(t.Context(), office, p.ID, x); err != nil {
			t.Fatal(err)
		}
	}
	s.App.House.Pages.Refresh(t.Context())
}

func TestFeedsAreValid(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		read := func(path string) *gofeed.Feed {
			t.Helper()
			body := fetch(t, s, path, "application/atom+xml; charset=utf-8")
			f, err := gofeed.NewParser().Parse(strings.NewReader(body))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if f.FeedType != "atom" || f.Title == "" || f.UpdatedParsed == nil || len(f.Authors) != 1 || f.FeedLink != s.URL+path || f.Language != "zh-CN" {
				t.Errorf("%s: %+v", path, f)
			}
			if err := xml.NewDecoder(strings.NewReader(body)).Decode(&struct {
				ID string `xml:"http://www.w3.org/2005/Atom id"`
			}{}); err != nil {
				t.Error(err)
			}
			seen := map[string]bool{f.Custom["id"]: true}
			for _, x := range f.Items {
				if x.GUID == "" || seen[x.GUID] || x.Title == "" || x.UpdatedParsed == nil || !strings.HasPrefix(x.Link, s.URL+"/") {
					t.Errorf("%s: %+v", path, x)
				}
				seen[x.GUID] = true
			}
			return f
		}
		if f := read("/feeds/progress.atom"); len(f.Items) != 0 {
			t.Errorf("%d entries", len(f.Items))
		}
		worked(t, s)
		announced(t, s)
		rule(t, s, p)
		f := read("/feeds/progress.atom")
		if len(f.Items) < 4 || f.Items[0].Title != "公布制度《院党组议事规则》" {
			t.Errorf("%+v", f.Items)
		}
		f = read("/feeds/progress.atom?problem=1-1")
		if len(f.Items) == 0 || !strings.HasPrefix(f.Items[0].Link, s.URL+"/progress/1-1") {
			t.Errorf("%+v", f.Items)
		}
		f = read("/feeds/replies.atom")
		if len(f.Items) != 1 || f.Items[0].Title != "评论" || !strings.Contains(f.Items[0].Content, "谢谢") {
			t.Errorf("%+v", f.Items)
		}
	})
}

func TestChangesStandUnderTheirDays(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		b := s.Browser()
		shows(t, b.Get("/changes"), []string{"还没有变化"}, nil)
		worked(t, s)
		page := b.Get("/changes")
		shows(t, page, []string{"2021年1月6日", "措施1-1-1-1申请销号", "不予销号"}, nil)
		if page.Find("section.day").Length() != 1 || page.Find(`a[href="/progress/1-1#m-1-1-1-1"]`).Length() == 0 {
			t.Error("no day, or nothing leads to the measure")
		}
		for path, want := range map[string]int{"/changes?before=x": 400, "/changes?before=0": 400, "/changes?programme=none": 404, "/changes?before=1": 200} {
			if got := b.Get(path); got.Status != want {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
	})
}

func TestTheRegisterOfRulesShowsWhatIsPublic(t *testing.T) {
	eachLedger(t, func(t *testing.T, s *apptest.Site, p ledger.Programme) {
		b := s.Browser()
		shows(t, b.Get("/rules"), []string{"目录还没有公布"}, nil)
		rule(t, s, p)
		page := b.Get("/rules")
		shows(t, page, []string{"已登记 2 个", "审判监督管理办法", "某法发〔2026〕1号", "院党组议事规则 修订", "1-1 第1方面的第1个问题"}, nil)
		href, _ := page.Find("tbody tr:last-child th a").Attr("href")
		shows(t, b.Get(href), []string{"第一条 为了规范管理。", "第二条", "新制定", "1-1 第1方面的第1个问题"}, nil)
		href, _ = page.Find("tbody tr:first-child th a").Attr("href")
		elsewhere := b.Get(href)
		shows(t, elsewhere, []string{"全文不在本站", "没有注明"}, nil)
		if elsewhere.Find(`a[href="https://court.example/rules/2"][rel="noopener noreferrer"]`).Length() != 1 {
			t.Error("does not lead to the text")
		}
		shows(t, b.Get("/progress/1-1"), []string{"为此制定的制度 审判监督管理办法"}, nil)
		for _, path := range []string{"/rules/0", "/rules/x", "/rules/9999", "/rules/3"} {
			if got := b.Get(path); got.Status != 404 {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
	})
}

func TestTheCardIsAPictureOfTheFigures(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		body := fetch(t, s, "/card.svg", "image/svg+xml; charset=utf-8")
		for _, want := range []string{"云南省高级人民法院", "反馈问题", ">37<", "/ 42", ">281<", "/ 295", ">102<", "截至2021年1月6日"} {
			if !strings.Contains(body, want) {
				t.Errorf("lacks %q", want)
			}
		}
		d := xml.NewDecoder(bytes.NewReader([]byte(body)))
		for {
			if _, err := d.Token(); err != nil {
				if err.Error() != "EOF" {
					t.Error(err)
				}
				break
			}
		}
		if strings.Contains(body, "style") || strings.Contains(body, "<script") {
			t.Error("styles or scripts in the picture")
		}
	})
}
