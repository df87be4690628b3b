package view

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"mingjing/static"
	"mingjing/views"
)

func render(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, html string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestEveryPageKeepsTheHouseRules renders the gallery. With GALLERY_DIR set the pages are kept there, with the style
// sheet and pictures, for tests/web to look at in a browser.
func TestEveryPageKeepsTheHouseRules(t *testing.T) {
	dir := os.Getenv("GALLERY_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			html := render(t, page)
			scripts := 0
			if p, ok := page.(ReceiptPage); ok { // the only public page that has one, and it reads without
				scripts = strings.Count(html, `<script src="`+p.Script()+`" defer></script>`)
				if scripts != 1 {
					t.Errorf("%d × its script", scripts)
				}
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(html), 0o644); err != nil {
				t.Fatal(err)
			}
			keepsTheHouseRules(t, html, scripts)
		})
	}
	keepFiles(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "card.svg"), []byte(render(t, card())), 0o644); err != nil {
		t.Fatal(err)
	}
}

func keepsTheHouseRules(t *testing.T, html string, scripts int) {
	t.Helper()
	doc := parse(t, html)
	for selector, want := range map[string]int{
		"h1": 1, "main": 1, "title": 1, `a.skip[href="#main"]`: 1, `html[lang="zh-CN"]`: 1, "[style]": 0, "style": 0, "script": scripts, "iframe": 0, `link[rel=stylesheet]:not([href*="/chart."], [href*="/poster."])`: 1,
	} {
		if got := doc.Find(selector).Length(); got != want {
			t.Errorf("%d × %s, want %d", got, selector, want)
		}
	}
	if strings.TrimSpace(doc.Find("title").Text()) == "" || strings.TrimSpace(doc.Find("h1").Text()) == "" {
		t.Error("an empty title or heading")
	}
	if strings.Contains(html, "<no value>") || strings.Contains(html, "ZgotmplZ") || strings.Contains(html, "%!") {
		t.Error("a value that could not be shown")
	}
	ids := map[string]bool{}
	doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Get(0).Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("%s on %s", a.Key, goquery.NodeName(s))
			case a.Key == "src" || (a.Key == "href" && goquery.NodeName(s) == "link" && s.AttrOr("rel", "") != "canonical"):
				if !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") {
					t.Errorf("%s leaves the site: %s", goquery.NodeName(s), a.Val)
				}
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("id %s twice", a.Val)
				}
				ids[a.Val] = true
			}
		}
	})
	doc.Find(`a[href^="#"]`).Each(func(_ int, s *goquery.Selection) {
		if !ids[strings.TrimPrefix(s.AttrOr("href", ""), "#")] {
			t.Errorf("a link to nothing: %s", s.AttrOr("href", ""))
		}
	})
	doc.Find("[aria-describedby],[aria-labelledby]").Each(func(_ int, s *goquery.Selection) {
		for _, id := range strings.Fields(s.AttrOr("aria-describedby", "") + " " + s.AttrOr("aria-labelledby", "")) {
			if !ids[id] {
				t.Errorf("described by nothing: %s", id)
			}
		}
	})
	doc.Find("form").Each(func(_ int, s *goquery.Selection) {
		if s.AttrOr("method", "") == "post" && s.Find(`input[name="_csrf"]`).Length() != 1 {
			t.Errorf("the form to %s lacks its token", s.AttrOr("action", ""))
		}
	})
}

// keepFiles lays the assets where the pages expect them.
func keepFiles(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"css/public.css", "css/chart.css", "js/receipt.js", "img/mark.svg", "img/icon.svg"} {
		address := static.Path(name)
		body, _, _, ok := static.Asset(address)
		if !ok {
			t.Fatalf("no %s", name)
		}
		file := filepath.Join(dir, filepath.FromSlash(address))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryPublicTemplateIsInTheGallery(t *testing.T) {
	shown := map[string]bool{}
	for _, p := range gallery() {
		shown[p.Template()] = true
	}
	files, err := fs.Glob(views.FS, "public/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(file, ".html"); !shown[name] {
			t.Errorf("%s is never shown", name)
		}
	}
}

func TestTemplatesStayShort(t *testing.T) {
	files, err := fs.Glob(views.FS, "*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(views.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines > 150 {
			t.Errorf("%s has %d lines, at most 150", file, lines)
		}
	}
}

// TestHostileTextIsEscaped puts a hostile string into every string of every page, however deep, and looks for it unescaped.
func TestHostileTextIsEscaped(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			poisoned := reflect.New(reflect.TypeOf(page)).Elem()
			poisoned.Set(poison(reflect.ValueOf(page), hostile))
			p, ok := poisoned.Interface().(Page)
			if !ok {
				t.Fatal("no longer a page")
			}
			html := render(t, p)
			if p, ok := p.(ReceiptPage); ok {
				html = strings.Replace(html, `<script src="`+p.Script()+`" defer>`, "", 1)
			}
			if strings.Contains(html, "<script") || strings.Contains(html, "<img src=x") {
				t.Error("not escaped")
			}
			if parse(t, html).Find("[onerror]").Length() > 0 {
				t.Error("an attribute was smuggled in")
			}
		})
	}
}

// poison copies a value with every string that is plain text replaced; named string types (states, kinds) keep their meaning.
func poison(v reflect.Value, text string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		out.Set(v)
		if v.Type() == reflect.TypeFor[string]() || v.Type() == reflect.TypeFor[Day]() || v.Type() == reflect.TypeFor[Code]() {
			out.SetString(text)
		}
	case reflect.Struct:
		out.Set(v)
		if v.Type() == reflect.TypeFor[Moment]() {
			break
		}
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(poison(v.Field(i), text))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(poison(v.Index(i), text))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out = reflect.New(v.Type().Elem())
			out.Elem().Set(poison(v.Elem(), text))
		}
	default:
		out.Set(v)
	}
	return out
}

func TestTheCardEscapesAndKeepsWithinItsFrame(t *testing.T) {
	hostile := card()
	hostile.Site.Court, hostile.Figures[0].Label = `"><script>alert(1)</script>`, `<b>'&`
	if html := render(t, hostile); strings.Contains(html, "<script") || strings.Contains(html, "<b>") {
		t.Error("not escaped")
	}
	for _, row := range card().Rows() {
		for _, part := range row.Parts {
			if part.X+part.Width > 344 || part.Width < 0 {
				t.Errorf("%s: %+v", row.Label, part)
			}
		}
	}
}

func TestDangerousAddressesAreDefused(t *testing.T) {
	page := home()
	page.Source.Href = "javascript:alert(1)"
	page.Site.Contacts.Website = "javascript:alert(2)"
	if html := render(t, page); strings.Contains(html, `href="javascript:`) {
		t.Error("a script address survived")
	}
}

func TestHomeShowsItsFiguresWithinTheBudget(t *testing.T) {
	html := render(t, home())
	text := parse(t, html).Find("main").Text()
	for _, want := range []string{"37", "42", "281", "295", "102", "88.1%", "95.3%", "12368", "昆明市日新中路393号", "截至2020年9月", "截至2021年1月6日"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	sheet, _, _, _ := static.Asset(static.Path("css/public.css"))
	var packed bytes.Buffer
	for _, part := range [][]byte{[]byte(html), sheet} {
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("home page and style sheet: %d bytes gzip", packed.Len())
	if packed.Len() > 11000 {
		t.Errorf("home page and style sheet are %d bytes gzip, at most 11000", packed.Len())
	}
}

func TestUnstatedIsNeverAPercentage(t *testing.T) {
	text := parse(t, render(t, problem())).Find("main").Text()
	if !strings.Contains(text, "通报未逐项说明") || strings.Contains(text, "0%") || strings.Contains(text, "0.0%") {
		t.Error(text)
	}
}

func TestErrorsAreSummedUpBeforeTheHeading(t *testing.T) {
	page := wrongSubmission()
	html := render(t, page)
	doc := parse(t, html)
	if title := doc.Find("title").Text(); !strings.HasPrefix(title, "错误：") {
		t.Errorf("title %s", title)
	}
	if strings.Index(html, `class="errors"`) > strings.Index(html, "<h1") {
		t.Error("the summary stands below the heading")
	}
	var got []Link
	doc.Find(".errors a").Each(func(_ int, s *goquery.Selection) {
		got = append(got, Link{s.Text(), s.AttrOr("href", "")})
	})
	want := []Link{
		{"请写明您的看法，至少10个字", "#content"},
		{"电话号码不完整，请写11位手机号或者带区号的固定电话", "#phone"},
		{"请阅读《隐私说明》，同意后勾选", "#privacy_version"},
		{"验证码不对，请输入新图中的6位数字", "#captcha_solution"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for selector, value := range map[string]string{"#title": "建议公开员额动态调整的结果", "#phone": "1234"} {
		if got := doc.Find(selector).AttrOr("value", ""); got != value {
			t.Errorf("%s has %q, want what was typed: %q", selector, got, value)
		}
	}
	if _, ticked := doc.Find("#allow_publish").Attr("checked"); !ticked {
		t.Error("a tick was lost")
	}
	if doc.Find("#phone[aria-invalid=true]").Length() != 1 || !strings.Contains(doc.Find("#phone").AttrOr("aria-describedby", ""), "phone-error") {
		t.Error("the message is not tied to its field")
	}
	if strings.Contains(doc.Find("#captcha_solution").AttrOr("value", ""), "1") {
		t.Error("the captcha's answer came back")
	}
	if !strings.Contains(doc.Find("main").Text(), "刚才选的附件没有保存") {
		t.Error("nothing says that files must be chosen again")
	}
}

func TestFormsSendTheAgreedFields(t *testing.T) {
	common := []string{"_csrf", "submission_key"}
	tail := []string{"website", "captcha_solution", "captcha_id"}
	for kind, fields := range map[Kind][]string{
		Suggestion: {"title", "content", "name", "phone", "email", "allow_publish", "guardian", "privacy_version"},
		Comment:    {"problem", "title", "content", "name", "phone", "email", "allow_publish", "guardian", "privacy_version"},
		Enquiry:    {"title", "content", "name", "phone", "email", "allow_publish", "guardian", "privacy_version"},
		Complaint:  {"title", "unit", "happened_at", "place", "case_number", "content", "name", "phone", "email", "guardian", "privacy_version"},
		Petition:   {"title", "demand", "facts", "content", "name", "phone", "address", "guardian", "privacy_version"},
		Correction: {"title", "content", "name", "email", "privacy_version"},
	} {
		var got []string
		form := parse(t, render(t, submission(kind))).Find("form.form")
		form.Find("input,textarea,select").Each(func(_ int, s *goquery.Selection) { got = append(got, s.AttrOr("name", "")) })
		want := append(append(append(append([]string(nil), common...), fields...), tail...), "attachments")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		if form.AttrOr("enctype", "") != "multipart/form-data" || form.AttrOr("action", "") != "/submit/"+string(kind) {
			t.Errorf("%s goes to %s as %s", kind, form.AttrOr("action", ""), form.AttrOr("enctype", ""))
		}
		if first := form.Find("button").First(); first.AttrOr("value", "") != "check" {
			t.Errorf("%s: the Enter key presses %s", kind, first.Text())
		}
	}
	if Questions(Report, "1", "") != nil {
		t.Error("a report has an open form")
	}
}

func TestConfirmationCarriesNumberAndCode(t *testing.T) {
	doc := parse(t, render(t, gallery()["confirmation"]))
	if got := [2]string{doc.Find("#case-no").Text(), doc.Find("#access-code").Text()}; got != [2]string{"4817 2093", "7315 0628"} {
		t.Error(got)
	}
}

func TestACorrectionIsNotPromisedAcceptance(t *testing.T) {
	steps := parse(t, render(t, gallery()["confirmation-correction"])).Find("ol.steps").Text()
	if strings.Contains(steps, "受理") || !strings.Contains(steps, "核实后改正。预计2021年3月3日前答复。") {
		t.Error(steps)
	}
}

func TestWhatIsNotMarkedOptionalIsRequired(t *testing.T) {
	for _, kind := range Kinds {
		for _, f := range Questions(kind, "1", "") {
			marked := strings.Contains(f.Label, "（选填）")
			if f.Kind == Checkbox && marked == f.Required || f.Kind != Checkbox && marked {
				t.Errorf("%s: %s, required: %t", kind, f.Label, f.Required) // other fields are marked by parts/field
			}
		}
	}
}

func TestEditionsAreSwitchedByPlainLinks(t *testing.T) {
	page := home()
	page.Path, page.Large, page.Contrast = "/progress?aspect=1&q=甲", true, true
	doc := parse(t, render(t, page))
	if class := doc.Find("html").AttrOr("class", ""); class != "large contrast" {
		t.Errorf("class %q", class)
	}
	var got []url.Values
	doc.Find(".editions a").Each(func(_ int, s *goquery.Selection) {
		u, err := url.Parse(s.AttrOr("href", ""))
		if err != nil || u.Path != "/edition" {
			t.Errorf("%v, %v", u, err)
			return
		}
		got = append(got, u.Query())
	})
	want := []url.Values{{"size": {"normal"}, "back": {page.Path}}, {"contrast": {"normal"}, "back": {page.Path}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSitemapLinksEveryStandingPage(t *testing.T) {
	doc := parse(t, render(t, gallery()["sitemap"]))
	for _, path := range []string{"/", "/progress", "/chart", "/announcements", "/rules", "/replies", "/statistics", "/channels", "/guide", "/privacy", "/accessibility", "/sitemap", "/submit", "/track",
		"/submit/suggestion", "/submit/comment", "/submit/enquiry", "/submit/complaint", "/submit/petition", "/submit/report", "/submit/correction", "/progress/1-1", "/announcements/2021-01-06"} {
		if doc.Find(`main a[href="`+path+`"]`).Length() == 0 {
			t.Errorf("%s is not linked", path)
		}
	}
}

func TestSmallCountsAreNotPublished(t *testing.T) {
	var got []string
	for _, c := range []Cell{0, 1, 4, 5, 128} {
		got = append(got, c.String())
	}
	got = append(got, Rate{Share: Share{0, 0}}.Shown(), Rate{Share: Share{37, 42}}.Shown(), Rate{Share: Share{40, 42}}.Shown(), Rate{Share: Share{3, 42}}.Shown())
	want := []string{"0", "<5", "<5", "5", "128", "—", "88.1%", "数量少，不公布", "数量少，不公布"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDaysReadAsChineseDates(t *testing.T) {
	var got []string
	for _, d := range []Day{"2021-01-06", "2020-09", ""} {
		got = append(got, d.String())
	}
	if diff := cmp.Diff([]string{"2021年1月6日", "2020年9月", ""}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBarNeverRunsPastItsEnd(t *testing.T) {
	got := Bar{Of: 42, Segments: []Segment{{Done, 37}, {BasicallyDone, 9}, {LongTerm, 1}}}.Strokes()
	if diff := cmp.Diff([]Stroke{{"done", "M0 5h88.1"}, {"basic", "M88.1 5h11.9"}}, got); diff != "" {
		t.Error(diff)
	}
	if got := (Bar{Segments: []Segment{{Done, 1}}}).Strokes(); got != nil {
		t.Errorf("a bar of nothing: %v", got)
	}
}

func TestUnknownTemplateIsAnErrorAndWritesNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Render(&b, lost{}); err == nil || b.Len() != 0 {
		t.Fatalf("error %v, %d bytes", err, b.Len())
	}
}

type lost struct{ Frame }

func (lost) Template() string { return "public/lost" }
