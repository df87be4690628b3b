// Package tests drives the running site with Chromium. A missing browser or
// database fails; nothing is skipped.
package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mingjing/app/apptest"
	"mingjing/app/cases/casestest"
	"mingjing/app/config"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/logbook"
	"mingjing/app/reports/reportstest"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/web/view"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// pictures is where screenshots are kept as build output.
func pictures(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "build", "pictures", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// node runs one of the scripts in web/.
func node(t *testing.T, env []string, script string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Dir = "web"
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		t.Log(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// start runs a site whose clock goes on, as a browser's does.
func start(t *testing.T, d store.Dialect) *apptest.Site {
	s := apptest.Start(t, d)
	s.Clock.Set(time.Now())
	return s
}

// captchas answers the digits of a captcha's id, read from the table.
func captchas(t *testing.T, s *apptest.Site) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, s.Solve(strings.TrimPrefix(r.URL.Path, "/")))
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

func TestTheWholeStoryInABrowser(t *testing.T) {
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		for _, js := range []string{"on", "off"} {
			t.Run(string(d)+"/script "+js, func(t *testing.T) {
				s := start(t, d)
				accounts, err := json.Marshal(s.Password)
				if err != nil {
					t.Fatal(err)
				}
				node(t, []string{"BASE=" + s.URL, "CAPTCHA=" + captchas(t, s), "ACCOUNTS=" + string(accounts), "JS=" + js,
					"OUT=" + pictures(t, "story-"+string(d)+"-"+js)}, "story.mjs")
				if text := s.Log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "王小明") || strings.Contains(text, "13800138000") {
					t.Errorf("the log:\n%s", text)
				}
			})
		}
	}
}

// paths are the public pages that always exist.
func paths() []string {
	var out []string
	for _, g := range view.PublicPages() {
		for _, l := range g.Links {
			out = append(out, l.Href)
		}
	}
	return append(out, "/progress/1-3", "/announcements/2021-01-06", "/progress?q=%E6%B2%A1%E6%9C%89", "/submit/comment?problem=1-3", "/nothing-here", "/desk/login")
}

// histories are pages of the public log on a text that was changed and withdrawn.
func histories(t *testing.T, s *apptest.Site) []string {
	t.Helper()
	for _, body := range []string{`{"title":"窗口值班办法","body":"第一条\n第二条","revised":false}` + "\n", `{"title":"窗口值班办法","body":"第一条","revised":true}` + "\n", ""} {
		x := logbook.Text{Kind: "rule", Ref: "70001", Body: body, Why: "另有规定"}
		if err := s.App.DB.Write(t.Context(), func(tx *store.Tx) error { return logbook.Record(tx, x) }); err != nil {
			t.Fatal(err)
		}
	}
	const path = "/log/texts/rule/70001"
	return []string{path, path + "?version=1", path + "?on=x"}
}

func TestEveryPublicPageIsValidAndAccessible(t *testing.T) {
	s := start(t, store.SQLite)
	list := append(paths(), histories(t, s)...)
	node(t, nil, "validate.mjs", append([]string{s.URL}, list...)...)
	node(t, nil, "axe.mjs", append([]string{s.URL}, list...)...)
}

func TestEveryPublicPageIsPictured(t *testing.T) {
	s := start(t, store.SQLite)
	node(t, nil, "shoot.mjs", append([]string{s.URL, "--out=" + pictures(t, "pages"), "--states=wide,phone"}, paths()...)...)
}

// awaitAnswer takes a suggestion to where its handler writes, and tells its page.
func awaitAnswer(t *testing.T, s *apptest.Site) string {
	t.Helper()
	citizen := s.Browser()
	form := citizen.Form("/submit/suggestion")
	form.Set("title", "建议公开开庭排期")
	form.Set("content", "希望提前一周公布下周的开庭排期。")
	if p := citizen.Upload("/submit/suggestion", form); p.Status != http.StatusOK {
		t.Fatalf("submit: %d %s", p.Status, p.Text())
	}
	const page = "/desk/cases/1"
	dispatcher, handler := s.SignIn("dispatcher"), s.SignIn("handler")
	for _, step := range []struct {
		who  *apptest.Browser
		verb string
	}{{dispatcher, "register"}, {dispatcher, "accept"}, {dispatcher, "assign"}, {handler, "acknowledge"}} {
		p := step.who.Get(page)
		v := p.Fields(fmt.Sprintf(`form[action="%s/%s"]`, page, step.verb))
		for _, o := range p.Find("#assign-department option").EachIter() {
			if step.verb == "assign" && strings.TrimSpace(o.Text()) == "执行局" {
				v.Set("department", o.AttrOr("value", ""))
			}
		}
		if p := step.who.Post(page+"/"+step.verb, v); p.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", step.verb, p.Status, p.Text())
		}
	}
	return page
}

func TestADraftCannotBeLostInABrowser(t *testing.T) {
	s := start(t, store.SQLite)
	page := awaitAnswer(t, s)
	accounts, err := json.Marshal(s.Password)
	if err != nil {
		t.Fatal(err)
	}
	node(t, []string{"BASE=" + s.URL, "CASE=" + page, "ACCOUNTS=" + string(accounts), "OUT=" + pictures(t, "writing")}, "writing.mjs")
	if text := s.Log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "浏览器就没有了") {
		t.Errorf("the log:\n%s", text)
	}
}

// ledgerSheet is a small ledger as a court keeps it, with merged cells left empty.
const ledgerSheet = "整改台账\n反馈方面,反馈问题,细化问题,措施编号,整改措施,责任领导,牵头部门,配合部门,整改时限,整改状态,内部说明\n" +
	"服务群众不够到位,窗口服务评价偏低,叫号设备老旧,1-1-1-1,改造叫号系统,分管副院长,执行局,信息技术处,2027年12月31日,整改中,编制数待批\n" +
	",,,1-1-1-2,公布各时段等候时间,分管副院长,立案庭,,长期坚持,未启动,\n" +
	"审判质效有待提高,长期未结案件清理慢,没有清理计划,2-1-1-1,逐案列出未结原因和时间表,常务副院长,审判管理办公室,刑事审判庭、民事审判庭,2027年6月底,基本完成,\n"

func TestTheLedgersStoryInABrowser(t *testing.T) {
	for _, x := range []struct {
		d  store.Dialect
		js string
	}{{store.SQLite, "on"}, {store.Postgres, "off"}} {
		t.Run(string(x.d)+"/script "+x.js, func(t *testing.T) {
			s := apptest.Start(t, x.d, func(c *config.Config) { c.Seed = "none" })
			s.Clock.Set(time.Now())
			sheet := filepath.Join(t.TempDir(), "台账.csv")
			if err := os.WriteFile(sheet, []byte(ledgerSheet), 0o600); err != nil {
				t.Fatal(err)
			}
			accounts, err := json.Marshal(s.Password)
			if err != nil {
				t.Fatal(err)
			}
			node(t, []string{"BASE=" + s.URL, "SHEET=" + sheet, "ACCOUNTS=" + string(accounts), "JS=" + x.js, "OUT=" + pictures(t, "ledger-"+x.js)}, "ledger.mjs")
			ledgertest.Check(t, s.App.DB)
			if text := s.Log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "编制数待批") {
				t.Errorf("the log:\n%s", text)
			}
		})
	}
}

func TestACallIsTakenByKeyboardAlone(t *testing.T) {
	for _, d := range []store.Dialect{store.SQLite, store.Postgres} {
		t.Run(string(d), func(t *testing.T) {
			s := start(t, d)
			accounts, err := json.Marshal(s.Password)
			if err != nil {
				t.Fatal(err)
			}
			node(t, []string{"BASE=" + s.URL, "ACCOUNTS=" + string(accounts), "OUT=" + pictures(t, "hotline-"+string(d))}, "hotline.mjs")
			casestest.Check(t, s.App.DB)
			if text := s.Log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "周小明") {
				t.Errorf("the log:\n%s", text)
			}
		})
	}
}

func TestReportsGoTheirWayInABrowser(t *testing.T) {
	for _, x := range []struct {
		d  store.Dialect
		js string
	}{{store.SQLite, "off"}, {store.Postgres, "on"}} {
		t.Run(string(x.d)+"/script "+x.js, func(t *testing.T) {
			s := start(t, x.d)
			accounts, err := json.Marshal(s.Password)
			if err != nil {
				t.Fatal(err)
			}
			node(t, []string{"BASE=" + s.URL, "CAPTCHA=" + captchas(t, s), "ACCOUNTS=" + string(accounts), "JS=" + x.js, "OUT=" + pictures(t, "reports-"+string(x.d))}, "report.mjs")
			reportstest.Check(t, s.App.DB)
			for _, secret := range []string{"level=ERROR", "西门某", "东方某", "13700001111", "十万元"} {
				if text := s.Log.String(); strings.Contains(text, secret) {
					t.Errorf("%q in the log:\n%s", secret, text)
				}
			}
		})
	}
}
