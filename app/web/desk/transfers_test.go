package desk_test

import (
	"bytes"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"mingjing/app/apptest"
)

const transferList = "类别,来件编号,标题,反映内容,姓名,联系电话,备注\n建议,X-1,增加座椅,大厅没有座椅。,周小明,13900001111,省里转\n表扬,X-2,谢谢法官,判得很快。,王五,不详,请转达\n,,合计,,,,两件\n"

func TestAListFromElsewhereIsRegisteredRowByRow(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		const page = "/desk/intake/imports"
		upload := func(source, name, text string) apptest.Page {
			v := clerk.Get(page).Fields("#import form")
			v.Set("source", source)
			v.Del("attachments")
			var files []apptest.File
			if name != "" {
				files = append(files, apptest.File{Name: name, Body: []byte(text)})
			}
			return clerk.Upload(page, v, files...)
		}
		if p := upload("省高院", "", ""); p.Status != 422 || p.Find("#import[open] #import-source").AttrOr("value", "") != "省高院" {
			t.Errorf("no file: %d", p.Status)
		}
		for name, text := range map[string]string{"a.csv": "甲,乙\n一,二\n", "a.xlsx": "not a workbook", "a.exe": "MZ"} {
			if p := upload("省高院", name, text); p.Status != 422 || p.Find("#import-attachments-error").Length() != 1 {
				t.Errorf("%s: %d %s", name, p.Status, p.Text())
			}
		}
		p := upload("省高院", "转办.csv", transferList)
		list := strings.TrimSuffix(p.Header.Get("Location"), "?done=sheet_in")
		if p.Status != 303 || list == "" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := upload("省高院", "转办2.csv", transferList); p.Header.Get("Location") != list+"?done=sheet_again" {
			t.Errorf("the same file: %s", p.Header.Get("Location"))
		}
		p = clerk.Get(list)
		if !strings.Contains(p.Text(), "要修补 2") || !strings.Contains(p.Text(), "可以登记 1") || !strings.Contains(p.Text(), "“表扬”，认不出") {
			t.Error(p.Text())
		}
		if p := send(t, clerk, list, list+"/register"); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		p = clerk.Get(list + "?state=accepted")
		page1, _ := p.Find("a.row").Attr("href")
		if p := clerk.Get(page1); !strings.Contains(p.Text(), "省高院，对方编号 X-1") || strings.Contains(p.Text(), "省里转") {
			t.Errorf("%s: %s", page1, p.Text())
		}
		if p := send(t, clerk, page1, page1+"/contact"); !strings.Contains(p.Find("#contact").Text(), "省里转") {
			t.Errorf("what came with it is not told with the contact: %s", p.Find("#contact").Text())
		}

		// A row is mended as a form: what is wrong is said, what was typed stays.
		row, _ := clerk.Get(list + "?state=repair").Find("a.row").First().Attr("href")
		p = clerk.Get(row)
		if p.Status != 200 || p.Find("#phone").AttrOr("value", "") != "不详" || !strings.Contains(p.Text(), "请转达") || !strings.Contains(p.Text(), "没有写类别") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		v := p.Fields("#intake")
		v.Set("title", "谢谢两位法官")
		p = clerk.Post(row+"/mend?step=turn&kind=suggestion", v)
		if p.Status != 200 || p.Find("#title").AttrOr("value", "") != "谢谢两位法官" || p.Find("#phone").AttrOr("value", "") != "不详" || p.Find("#external_id").AttrOr("value", "") != "X-2" {
			t.Errorf("turned: %d %s", p.Status, p.Text())
		}
		p = clerk.Post(row+"/mend", p.Fields("#intake"))
		if p.Status != 422 || p.Find("#phone-error").Length() != 1 || p.Find("#title").AttrOr("value", "") != "谢谢两位法官" {
			t.Errorf("a wrong phone: %d %s", p.Status, p.Text())
		}
		v = p.Fields("#intake")
		v.Set("phone", "13900001111")
		if p := clerk.Post(row+"/mend?step=look", v); p.Status != 200 || !strings.Contains(p.Find("#kin").Text(), "增加座椅") {
			t.Errorf("looked up: %d %s", p.Status, p.Find("#kin").Text())
		}
		if p := clerk.Post(row+"/mend", v); p.Status != 303 || p.Header.Get("Location") != list+"?done=mended" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		// Who was slower reads that, and still has the words.
		late := v
		late.Set("content", "这是后来才写好的一段话。")
		if p := clerk.Post(row+"/mend", late); p.Status != 409 || p.Find("#content").Text() != "这是后来才写好的一段话。" || !strings.Contains(p.Text(), "别人刚刚登记了这一行") || p.Find("#intake .buttons").Length() != 0 {
			t.Errorf("too late: %d %s", p.Status, p.Text())
		}
		if p := clerk.Post(row+"/aside", url.Values{"_csrf": {v.Get("_csrf")}, "version": {"1"}, "reason": {"重复的一行"}}); p.Status != 409 || !strings.Contains(p.Find(".kept").Text(), "重复的一行") {
			t.Errorf("set aside too late: %d %s", p.Status, p.Text())
		}
		last, _ := clerk.Get(list + "?state=repair").Find("a.row").First().Attr("href")
		if p := send(t, clerk, last, last+"/aside", "reason", ""); p.Status != 422 || p.Find("#aside[open] .error").Length() != 1 {
			t.Errorf("no reason: %d", p.Status)
		}
		if p := send(t, clerk, last, last+"/aside", "reason", "合计行"); p.Status != 303 {
			t.Fatalf("%d", p.Status)
		}
		if p := clerk.Get(last); !strings.Contains(p.Text(), "已搁置：合计行") || p.Find("#intake .buttons").Length() != 0 {
			t.Error(p.Text())
		}
		codes := clerk.Get(list + "/codes.xlsx")
		book, err := excelize.OpenReader(strings.NewReader(codes.Body))
		if err != nil {
			t.Fatal(err)
		}
		if cells, err := book.GetRows("编号和查询码"); err != nil || len(cells) != 3 || cells[1][1] != "X-1" || len(cells[1][3]) != 8 {
			t.Errorf("%v %v", cells, err)
		}
		if book, err := excelize.OpenReader(strings.NewReader(clerk.Get(page + "/blank.xlsx").Body)); err != nil || len(book.GetSheetList()) != 1 {
			t.Error(err)
		}
		for _, path := range []string{page + "/999", list + "/rows/999", list + "?state=x&after=y", page + "?before=x", list + "/rows/0"} {
			if p := clerk.Get(path); p.Status >= 500 {
				t.Errorf("%s: %d", path, p.Status)
			}
		}
		if p := clerk.Post(list+"/rows/999/mend", url.Values{"_csrf": {p.Value("_csrf")}}); p.Status != 404 && p.Status != 403 {
			t.Errorf("%d", p.Status)
		}
	})
}

// dot is the smallest picture there is.
var dot = func() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.String()
}()

func TestABatchOfLettersIsWrittenDownFromTheScans(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		clerk := s.SignIn("intake_clerk")
		const page = "/desk/intake/imports"
		letters := func(values []string, files ...apptest.File) apptest.Page {
			v := clerk.Get(page).Fields("#letters form")
			v.Del("attachments")
			for i := 0; i+1 < len(values); i += 2 {
				v.Set(values[i], values[i+1])
			}
			return clerk.Upload(page+"/letters", v, files...)
		}
		scans := []apptest.File{{Name: "来信1.png", Body: []byte(dot)}, {Name: "来信2.pdf", Body: []byte("%PDF-1.4\n%%EOF\n")}}
		for what, p := range map[string]apptest.Page{"none": letters(nil), "a program": letters(nil, apptest.File{Name: "a.exe", Body: []byte("MZ\x00\x01")}), "a wrong day": letters([]string{"received_on", "gestern"}, scans...),
			"tomorrow": letters([]string{"received_on", "2031-01-01"}, scans...)} {
			if p.Status != 422 || p.Find("#letters[open] .error").Length() != 1 {
				t.Errorf("%s: %d %s", what, p.Status, p.Text())
			}
		}
		p := letters(nil, scans...)
		list := strings.TrimSuffix(p.Header.Get("Location"), "?done=sheet_in")
		if p.Status != 303 || list == "" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if p := letters(nil, scans...); p.Header.Get("Location") != list+"?done=sheet_again" {
			t.Errorf("again: %s", p.Header.Get("Location"))
		}
		// In another order and under other names they are the same letters; one among others is named.
		if p := letters(nil, apptest.File{Name: "b.pdf", Body: scans[1].Body}, apptest.File{Name: "z.png", Body: scans[0].Body}); p.Header.Get("Location") != list+"?done=sheet_again" {
			t.Errorf("in another order: %s", p.Header.Get("Location"))
		}
		p = letters(nil, scans[0], apptest.File{Name: "来信3.txt", Body: []byte("第三封")})
		if p := clerk.Get(strings.TrimSuffix(p.Header.Get("Location"), "?done=sheet_in")); strings.Count(p.Text(), "这一封以前收过") != 1 {
			t.Error(p.Text())
		}
		p = clerk.Get(list)
		if !strings.Contains(p.Text(), "要修补 2") {
			t.Fatal(p.Text())
		}
		row, _ := p.Find("a.row").First().Attr("href")
		other, _ := p.Find("a.row").Last().Attr("href")
		p = clerk.Get(row)
		scan, _ := p.Find("img.scan").Attr("src")
		if got := clerk.Get(scan); got.Body != dot || got.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d %q", scan, got.Status, got.Header)
		}
		second, _ := clerk.Get(other).Find(`a[href*="/scan/"]`).Attr("href")
		if got := clerk.Get(second); got.Status != 200 || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %q", second, got.Status, got.Header)
		}
		if got := clerk.Get(row + "/scan/" + second[strings.LastIndex(second, "/")+1:]); got.Status != 404 {
			t.Errorf("another letter's scan: %d", got.Status)
		}
		// Two hours later they still wait, whatever is swept.
		s.Clock.Set(s.Clock.Now().Add(3 * time.Hour))
		if err := s.App.Cases.SweepStaged(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk = s.SignIn("intake_clerk")
		p = clerk.Get(row)
		p = clerk.Post(row+"/mend?step=turn&kind=suggestion", p.Fields("#intake"))
		v := p.Fields("#intake")
		v.Set("title", "建议增加座椅")
		v.Set("content", "大厅没有座椅。")
		if p := clerk.Post(row+"/mend", v); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		made := clerk.Get(row).Header.Get("Location")
		p = clerk.Get(made)
		file, _ := p.Find(".files a").Attr("href")
		if got := clerk.Get(file); !strings.Contains(p.Text(), "来信 ·") || got.Body != dot {
			t.Errorf("the scan is not the case's: %d %s", got.Status, p.Text())
		}
		if got := clerk.Get(scan); got.Status != 404 && got.Status != 303 {
			t.Errorf("the row still opens it: %d", got.Status)
		}
	})
}
