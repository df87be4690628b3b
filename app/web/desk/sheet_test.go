package desk_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/apptest"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/sheet"
)

const ledgerCSV = "方面,反馈问题,细化问题,整改措施,牵头部门,整改时限,整改状态,内部说明\n党组领导作用发挥不充分,学习不深入,学习次数少,每月学习一次,政治部,长期坚持,长期坚持,不外传\n,,,建立学习台账,政治部,2021-06-30,整改中,\n"

func csvFile(text string) apptest.File {
	return apptest.File{Name: "整改台账.csv", Body: []byte(text)}
}

func TestASpreadsheetIsComparedConfirmedAndSentBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		if office.Get("/desk/ledger").Find(`a[href="/desk/ledger/sheet"]`).Length() != 1 {
			t.Error("no link to it")
		}
		form := office.Get("/desk/ledger/sheet").Fields("form[action='/desk/ledger/sheet']")
		p := office.Upload("/desk/ledger/sheet", form, csvFile(ledgerCSV))
		if p.Status != 200 || !strings.Contains(p.Find(".lead").Text(), "新增 2 条") || !strings.Contains(p.Find(".lead").Text(), "销号措施 0 条、问题 0 个") || p.Find(".main tbody tr").Length() != 3 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		confirm := p.Fields("form[action='/desk/ledger/sheet']")
		confirm.Set("step", "store")
		stolen := s.SignIn("leader").Post("/desk/ledger/sheet", confirm)
		if stolen.Status != 403 {
			t.Errorf("a leader imports: %d", stolen.Status)
		}
		unseen := url.Values{}
		for k, v := range confirm {
			unseen[k] = v
		}
		unseen.Set("seen", "")
		if p := office.Post("/desk/ledger/sheet", unseen); p.Status != 200 || !strings.Contains(p.Text(), "还没有导入") {
			t.Errorf("stored unseen: %d", p.Status)
		}
		unseen.Set("seen", "0000")
		if p := office.Post("/desk/ledger/sheet", unseen); p.Status != 409 || !strings.Contains(p.Text(), "请看新的对比") || p.Value("seen") != confirm.Get("seen") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		if p := office.Post("/desk/ledger/sheet", confirm); p.Status != 303 || p.Header.Get("Location") != "/desk/ledger?done=sheet" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		ledgertest.Check(t, s.App.DB)
		if p := office.Post("/desk/ledger/sheet", confirm); p.Status != 422 || !strings.Contains(p.Text(), "已经不在了") {
			t.Errorf("the same again: %d %s", p.Status, p.Text())
		}
		if p := s.Browser().Get("/progress"); !strings.Contains(p.Text(), "学习不深入") || strings.Contains(p.Body, "不外传") {
			t.Error("the public page is not the ledger's")
		}
		for _, format := range []string{"xlsx", "csv"} {
			p := office.Get("/desk/ledger/sheet." + format)
			if p.Status != 200 || !strings.Contains(p.Header.Get("Content-Disposition"), "attachment") {
				t.Fatalf("%d %v", p.Status, p.Header)
			}
			list, err := sheet.Read("a."+format, bytes.NewReader([]byte(p.Body)))
			if err != nil || len(list[0].Rows) != 3 || list[0].Rows[1].Cell(5) != "每月学习一次" {
				t.Errorf("%v %+v", err, list)
			}
			again := office.Upload("/desk/ledger/sheet", form, apptest.File{Name: "a." + format, Body: []byte(p.Body)})
			if again.Status != 200 || !strings.Contains(again.Text(), "没有要改的") || again.Find("button[name=step]").Length() != 0 {
				t.Errorf("%s: %d %s", format, again.Status, again.Text())
			}
		}
		if p := s.SignIn("leader").Get("/desk/ledger/sheet"); p.Status != 200 || p.Find("input[type=file]").Length() != 0 {
			t.Errorf("%d", p.Status)
		}
	})
}

func TestASpreadsheetThatCannotComeInIsExplained(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		form := office.Get("/desk/ledger/sheet").Fields("form[action='/desk/ledger/sheet']")
		p := office.Upload("/desk/ledger/sheet", form, csvFile(strings.Replace(strings.Replace(ledgerCSV, "2021-06-30", "明年", 1), "整改中", "=A1", 1)))
		var cells []string
		for _, x := range p.Find("tbody th").EachIter() {
			cells = append(cells, x.Text())
		}
		if d := cmp.Diff([]string{"F3", "G3"}, cells); d != "" || p.Status != 422 || p.Find("input[type=file]").Length() != 1 {
			t.Errorf("%d %s", p.Status, d)
		}
		for name, file := range map[string]apptest.File{"请选择台账文件": {}, "不是表格文件": {Name: "a.xlsx", Body: []byte("PK no")}, "只接受": {Name: "a.docx", Body: []byte("x")}, "空的": {Name: "a.csv"},
			"最多 20 MB": {Name: "a.csv", Body: bytes.Repeat([]byte("a,b\n"), 6<<20)}, "没有整改措施": csvFile("反馈问题,整改措施\n")} {
			var files []apptest.File
			if file.Name != "" {
				files = append(files, file)
			}
			p := office.Upload("/desk/ledger/sheet", form, files...)
			if name == "不是表格文件" {
				name = "已损坏"
			}
			if p.Status != 422 || !strings.Contains(p.Text(), name) {
				t.Errorf("%s: %d %s", name, p.Status, p.Find("main").Text())
			}
		}
		if p := office.Upload("/desk/ledger/sheet", form, csvFile(ledgerCSV), csvFile(ledgerCSV)); p.Status != 422 || !strings.Contains(p.Text(), "一次只能导入一个文件") {
			t.Errorf("%d", p.Status)
		}
		if strings.Contains(s.Log.String(), "request failed") {
			t.Error(s.Log.String())
		}
	})
}

func TestASpreadsheetThatClosesOrMovesWhatIsThereIsExplained(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		form := office.Get("/desk/ledger/sheet").Fields("form[action='/desk/ledger/sheet']")
		confirm := office.Upload("/desk/ledger/sheet", form, csvFile(ledgerCSV)).Fields("form[action='/desk/ledger/sheet']")
		confirm.Set("step", "store")
		if p := office.Post("/desk/ledger/sheet", confirm); p.Status != 303 {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		changed := strings.Replace(strings.Replace(ledgerCSV, "2021-06-30,整改中,", "2021-12-31,已完成,,2021-01-05,7-7,2022-01-01", 1), "内部说明", "内部说明,销号时间,问题编号,启动时间", 1)
		p := office.Upload("/desk/ledger/sheet", form, csvFile(changed))
		if p.Status != 422 || !strings.Contains(p.Text(), "请在系统里申请调整时限") || !strings.Contains(p.Text(), "销号要在系统里申请、核验") || !strings.Contains(p.Text(), "编号是 1-1，不能用表格修改") ||
			!strings.Contains(p.Text(), "晚于整改时限") || p.Find("tbody th").Text() != "F3I3J3K3" {
			t.Errorf("%d %s", p.Status, p.Find("main").Text())
		}
		ledgertest.Check(t, s.App.DB)
	})
}

func TestColumnsAreNamedByHandWhereTheHeadingsAreUnknown(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		office := s.SignIn("rectification_office")
		form := office.Get("/desk/ledger/sheet").Fields("form[action='/desk/ledger/sheet']")
		form.Set("slug", "circuit")
		p := office.Upload("/desk/ledger/sheet", form, csvFile("某法院\n毛病,怎么改,牵头单位\n学习少,多学习,政治部\n"))
		if p.Status != 200 || p.Find("select").Length() != 4 || !strings.Contains(p.Find("#col_2 option[selected]").Text(), "牵头部门") {
			t.Fatalf("%d %s", p.Status, p.Find("main").Text())
		}
		mapping := p.Fields("form[action='/desk/ledger/sheet']")
		mapping.Set("col_0", "problem")
		if p := office.Post("/desk/ledger/sheet", mapping); p.Status != 422 || p.Find("#col_0 option[selected]").AttrOr("value", "") != "problem" {
			t.Errorf("%d %s", p.Status, p.Text())
		}
		mapping.Set("col_1", "measure")
		p = office.Post("/desk/ledger/sheet", mapping)
		if p.Status != 200 || !strings.Contains(p.Text(), "（新建）") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		confirm := p.Fields("form[action='/desk/ledger/sheet']")
		confirm.Set("step", "store")
		if p := office.Post("/desk/ledger/sheet", confirm); p.Status != 303 || p.Header.Get("Location") != "/desk/ledger?done=sheet&programme=circuit" {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if m := ledgertest.Measure(t, s.App.DB, "1-1-0-1"); m.Title != "多学习" || m.Department != "政治部" {
			t.Errorf("%+v", m)
		}
	})
}
