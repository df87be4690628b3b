package public_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mingjing/app/apptest"
	"mingjing/app/reports/reportstest"
)

// report fills the form of a report as its page asks.
func report(b *apptest.Browser, pairs ...string) url.Values {
	v := b.Form("/submit/report")
	v.Set("anonymous", "yes")
	v.Set("person", "某甲")
	v.Set("facts", "收受当事人财物，有录音。")
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func TestAReportIsSentCheckedAndReturnedToWithItsCode(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		page := b.Get("/submit/report").Text()
		for _, w := range []string{"偷走数据库", "保护不到的", "控制了正在运行的服务器", "查询码只给一次", "举报须知"} {
			if !strings.Contains(page, w) {
				t.Errorf("the page does not say %q before it asks", w)
			}
		}
		v := report(b, "anonymous", "no", "name", "张三", "phone", "13900001111", "step", "check")
		v.Add("exclude", "某乙")
		check := b.Upload("/submit/report", v, apptest.File{Name: "证据.txt", Body: []byte("录音文字稿")})
		if check.Status != 200 || !strings.Contains(check.Text(), "证据.txt") || !strings.Contains(check.Text(), "某乙") || !strings.Contains(check.Text(), "还没有提交") {
			t.Fatalf("check: %d %s", check.Status, check.Text())
		}
		next := check.Fields("form.form")
		next.Del("step")
		sent := b.Post("/submit/report", next)
		number, code := strings.ReplaceAll(sent.Find("#case-no").Text(), " ", ""), sent.Find("#access-code").Text()
		if sent.Status != 200 || len(number) != 8 || len(strings.ReplaceAll(code, " ", "")) != 24 || sent.Find(".slip svg.qr path").Length() != 1 {
			t.Fatalf("sent: %d %s", sent.Status, sent.Text())
		}
		// The answer was lost: the same form again is the same report.
		if again := b.Post("/submit/report", next); again.Find("#access-code").Text() != code || !strings.Contains(again.Text(), "没有重复登记") {
			t.Errorf("again: %d %s", again.Status, again.Text())
		}
		// As proof that it was written down, it is typed once more. Who mistypes it is shown it again.
		proof := sent.Fields("form.form")
		for _, wrong := range []string{strings.Repeat("1", 24), code[:len(code)-2], "0000 " + code} {
			proof.Set("access_code", wrong)
			if p := b.Post("/track", proof); p.Status != 422 || p.Find("#access-code").Text() != code || !strings.Contains(p.Text(), "不一样") {
				t.Errorf("mistyped as %q: %d %s", wrong, p.Status, p.Text())
			}
		}
		stolen := sent.Fields("form.form")
		stolen.Set("submission_key", strings.Repeat("0", 32))
		stolen.Set("access_code", strings.Repeat("1", 24))
		if p := b.Post("/track", stolen); p.Find("#access-code").Length() != 0 || strings.Contains(p.Body, code) {
			t.Error("the code is told without the form's secret")
		}
		proof.Set("access_code", strings.ReplaceAll(code, " ", "－"))
		if p := b.Post("/track", proof); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/track/case" {
			t.Fatalf("proof: %d %s", p.Status, p.Text())
		}
		own := b.Get("/track/case")
		for _, w := range []string{"收受当事人财物", "张三", "13900001111", "证据.txt", "某乙", "已收到"} {
			if !strings.Contains(own.Text(), w) {
				t.Errorf("the reporter does not read %q", w)
			}
		}
		href, _ := own.Find(`a[href^="/track/report/files/"]`).Attr("href")
		if f := b.Get(href); f.Body != "录音文字稿" || f.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("the file: %d %q", f.Status, f.Body)
		}
		say := own.Fields(`form[action="/track/report/say"]`)
		say.Set("content", " ")
		if p := b.Upload("/track/report/say", say); p.Status != 422 || !strings.Contains(p.Text(), "请写要补充的内容") {
			t.Errorf("an empty message: %d", p.Status)
		}
		wrong := b.Get("/track/case").Fields(`form[action="/track/report/say"]`)
		p := b.Upload("/track/report/say", wrong, apptest.File{Name: "留着.txt", Body: []byte("第三份")})
		if p.Status != 422 || !strings.Contains(p.Text(), "材料保留着：留着.txt") || p.Fields(`form[action="/track/report/say"]`).Get("submission_key") != wrong.Get("submission_key") {
			t.Errorf("a file with an empty message: %d %s", p.Status, p.Text())
		}
		say.Set("content", "又想起一件事。")
		if p := b.Upload("/track/report/say", say, apptest.File{Name: "截图.txt", Body: []byte("第二份")}); p.Status != http.StatusSeeOther {
			t.Errorf("say: %d %s", p.Status, p.Text())
		}
		if own = b.Get("/track/case"); !strings.Contains(own.Text(), "又想起一件事。") || !strings.Contains(own.Text(), "截图.txt") {
			t.Errorf("after the message: %s", own.Text())
		}
		// Another reporter, and nobody: neither the file nor a form of this one.
		other := s.Browser()
		sent2 := other.Upload("/submit/report", report(other))
		if sent2.Status != 200 {
			t.Fatalf("another: %d %s", sent2.Status, sent2.Text())
		}
		p2 := sent2.Fields("form.form")
		p2.Set("access_code", sent2.Find("#access-code").Text())
		other.Post("/track", p2)
		if f := other.Get(href); f.Status != 404 {
			t.Errorf("another reporter's file: %d", f.Status)
		}
		stray := other.Get("/track/case").Fields(`form[action="/track/report/say"]`)
		stray.Set("case", say.Get("case"))
		stray.Set("content", "写错地方")
		if p := other.Upload("/track/report/say", stray); p.Status != 409 || !strings.Contains(p.Text(), "写错地方") {
			t.Errorf("a form of another report: %d", p.Status)
		}
		if f := s.Browser().Get(href); f.Status != 401 {
			t.Errorf("nobody's file: %d", f.Status)
		}
		// A new code, the same however often its page is asked for; once it was typed the old one is worth nothing.
		change := own.Fields(`form[action="/track/report/code"]`)
		renewed := b.Post("/track/report/code", change)
		fresh := renewed.Find("#access-code").Text()
		if renewed.Status != 200 || fresh == code || len(strings.ReplaceAll(fresh, " ", "")) != 24 {
			t.Errorf("renewed: %d %s", renewed.Status, renewed.Text())
		}
		if p := b.Post("/track/report/code", change); p.Find("#access-code").Text() != fresh {
			t.Error("the page of the new code, loaded again, tells another")
		}
		proof = renewed.Fields("form.form")
		proof.Set("access_code", "受理编号 "+number+"\n查询码 "+fresh)
		if p := b.Post("/track", proof); p.Status != http.StatusSeeOther {
			t.Errorf("the new code: %d %s", p.Status, p.Text())
		}
		for _, x := range [][2]string{{number, code}, {"12345678", code}} {
			v := b.Get("/track").Fields("form.form")
			v.Set("case_no", x[0])
			v.Set("access_code", x[1])
			if p := b.Post("/track", v); p.Status != 422 || !strings.Contains(p.Text(), "编号或查询码不对") || strings.Contains(p.Text(), strings.ReplaceAll(code, " ", "")) {
				t.Errorf("%s with an old code: %d %s", x[0], p.Status, p.Text())
			}
		}
		// Nothing of a report where others look.
		for _, path := range []string{"/", "/statistics", "/replies", "/open-data/statistics.json", "/feeds/replies.atom"} {
			if p := b.Get(path); strings.Contains(p.Body, number) || strings.Contains(p.Body, "某甲") {
				t.Errorf("%s tells of it", path)
			}
		}
		reportstest.Check(t, s.App.DB)
	})
}

func TestAWrongReportLosesNothingOfWhatWasTyped(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		for what, x := range map[string]struct {
			change []string
			field  string
		}{
			"neither named nor anonymous": {[]string{"anonymous", ""}, "anonymous"}, "a named one without a name": {[]string{"anonymous", "no", "phone", "13900001111"}, "name"},
			"no facts": {[]string{"facts", " "}, "facts"}, "nobody accused": {[]string{"person", ""}, "person"}, "a kind of no list": {[]string{"violation", "没有这一类"}, "violation"},
			"no consent": {[]string{"privacy_version", "1999"}, "privacy_version"}, "a wrong captcha": {[]string{"captcha_solution", "000000"}, "captcha_solution"},
			"too much": {[]string{"facts", strings.Repeat("长", 5001)}, "facts"}, "nobody left to read it": {[]string{"unit", "派驻纪检监察组"}, "exclude"},
		} {
			v := report(b, "happened_at", "二〇二六年三月一日")
			v["exclude"] = []string{"某乙", "某丙"} // as often as somebody likes
			for i := 0; i < len(x.change); i += 2 {
				v.Set(x.change[i], x.change[i+1])
			}
			p := b.Upload("/submit/report", v)
			if p.Status != 422 || p.Find(`.field.wrong [name="`+x.field+`"], .field.wrong #`+x.field).Length() == 0 && x.field != "captcha_solution" {
				t.Errorf("%s: %d %s", what, p.Status, p.Find(".errors").Text())
			}
			if p.Value("happened_at") != "二〇二六年三月一日" || !strings.Contains(p.Find("#exclude").Text(), "某乙\n某丙") {
				t.Errorf("%s: what was typed is lost", what)
			}
		}
		v := report(b)
		v.Set("_csrf", "forged")
		if p := b.Upload("/submit/report", v); p.Status != 403 || p.Find("#facts").Text() == "" {
			t.Errorf("forged: %d", p.Status)
		}
		heic := b.Upload("/submit/report", report(b), apptest.File{Name: "照片.heic", Body: []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")})
		if heic.Status != 422 || !strings.Contains(heic.Text(), "另存为 JPG") {
			t.Errorf("a file that cannot be cleaned: %d %s", heic.Status, heic.Find(".errors").Text())
		}
		reportstest.Check(t, s.App.DB)
	})
}

func TestFilesThatTheServerHasStayWhateverElseIsWrong(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		one, two := apptest.File{Name: "一.txt", Body: []byte("第一份")}, apptest.File{Name: "二.txt", Body: []byte("第二份")}
		says := func(what string, p apptest.Page, status int, yes, no []string) apptest.Page {
			t.Helper()
			for _, w := range yes {
				if p.Status != status || !strings.Contains(p.Text(), w) {
					t.Errorf("%s: %d without %q: %s", what, p.Status, w, p.Find("form.form").Text())
				}
			}
			for _, w := range no {
				if strings.Contains(p.Text(), w) {
					t.Errorf("%s: says %q", what, w)
				}
			}
			return p
		}
		next := func(p apptest.Page, pairs ...string) url.Values {
			v := p.Fields("form.form")
			v.Set("captcha_solution", s.Solve(v.Get("captcha_id")))
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			return v
		}
		p := says("a field", b.Upload("/submit/report", report(b, "facts", " ", "step", "check"), one), 422, []string{"保留着：一.txt", "去掉已传的材料"}, []string{"重新选择"})
		p = says("a file too many for a wrong captcha", b.Upload("/submit/report", next(p, "facts", "收受当事人财物，有录音。", "captcha_solution", "000000", "step", "check"), two), 422,
			[]string{"保留着：一.txt", "没有保存：二.txt"}, []string{"一.txt、二.txt"})
		p = says("a kind that is not taken", b.Upload("/submit/report", next(p, "step", "check"), two, apptest.File{Name: "三.exe", Body: []byte("MZ")}), 422,
			[]string{"保留着：一.txt、二.txt", "没有保存：三.exe", "录音、录像网上不收"}, []string{"WPS 文档"})
		p = says("a wrong captcha alone", b.Upload("/submit/report", next(p, "captcha_solution", "000000", "step", "check")), 422, []string{"保留着：一.txt、二.txt", "去掉已传的材料"}, []string{"重新选择"})
		p = says("dropped", b.Upload("/submit/report", next(p, "step", "nofiles")), 200, nil, []string{"一.txt", "去掉已传的材料", "重新选择"})
		p = says("once more", b.Upload("/submit/report", next(p, "step", "check"), one), 200, []string{"还没有提交", "一.txt"}, []string{"二.txt"})
		v := p.Fields("form.form")
		v.Del("step")
		v.Set("facts", " ")
		p = says("sent with a mistake", b.Post("/submit/report", v), 422, []string{"保留着：一.txt"}, []string{"重新选择"})
		// Only a form with a key of its own has none.
		v = next(p, "facts", "收受当事人财物，有录音。")
		v.Set("_csrf", "forged")
		says("forged", b.Upload("/submit/report", v), 403, []string{"请重新选择"}, []string{"一.txt"})
		sent := b.Upload("/submit/report", next(p, "facts", "收受当事人财物，有录音。"))
		proof := sent.Fields("form.form")
		proof.Set("access_code", sent.Find("#access-code").Text())
		b.Post("/track", proof)
		says("sent", b.Get("/track/case"), 200, []string{"一.txt"}, nil)
		reportstest.Check(t, s.App.DB)
	})
}

func TestWhomNobodyHereMayReadForIsToldWhereElseToGo(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		for name, change := range map[string][]string{"it names the only officer": {"exclude", "纪检专员（试用）"}, "it is about the group": {"person_post", "纪检监察组组长"}} {
			b := s.Browser()
			p := b.Upload("/submit/report", report(b, change...))
			if p.Status != 422 || !strings.Contains(p.Text(), "这件举报可以向这里反映") || p.Find(`main a[href="tel:12388"]`).Length() == 0 || !strings.Contains(p.Text(), "本院没有人可以办理") {
				t.Errorf("%s: %d %s", name, p.Status, p.Text())
			}
			if got := p.Find("textarea[name=facts]").Text(); got != "收受当事人财物，有录音。" {
				t.Errorf("%s: what was typed: %q", name, got)
			}
		}
		b := s.Browser()
		if p := b.Upload("/submit/report", report(b, "facts", "")); p.Status != 422 || strings.Contains(p.Text(), "这件举报可以向这里反映") {
			t.Errorf("another mistake sends them elsewhere: %d", p.Status)
		}
	})
}

func TestAFormThatClosesGivesBackAllThatWasTyped(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		b := s.Browser()
		v := report(b, "anonymous", "no", "name", "张三", "phone", "13900001111", "unit", "某庭", "person_post", "庭长", "happened_at", "三月", "place", "某处")
		v["exclude"] = []string{"某乙", "某丙"}
		open := reportstest.Away(t, s.App.DB, "discipline_officer")
		var back url.Values
		for _, step := range []string{"", "check", "captcha", "edit"} {
			v.Set("step", step)
			p := b.Upload("/submit/report", v)
			if p.Status != 503 {
				t.Errorf("step %q: %d", step, p.Status)
			}
			for _, w := range []string{"实名", "张三", "13900001111", "某甲", "某庭", "庭长", "三月", "某处", "收受当事人财物，有录音。", "某乙", "某丙", "12388"} {
				if !strings.Contains(p.Find("main").Text(), w) {
					t.Errorf("step %q: %q is lost", step, w)
				}
			}
			back = p.Fields("form.form")
		}
		if p := b.Get("/submit/report"); p.Status != 200 || strings.Contains(p.Text(), "再试一次") {
			t.Errorf("closed: %d %s", p.Status, p.Text())
		}
		open()
		back.Set("step", "edit")
		if p := b.Post("/submit/report", back); p.Status != 200 || p.Value("person_post") != "庭长" || p.Find("#facts").Text() == "" || !strings.Contains(p.Find("#exclude").Text(), "某乙\n某丙") {
			t.Errorf("open again: %d %s", p.Status, p.Text())
		}
	})
}

func TestOneSessionOpensReportsOnEveryInstance(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Site) {
		if s.App.Config.DatabaseURL == "" {
			return // the embedded database has one process
		}
		b := s.Browser()
		sent := b.Upload("/submit/report", report(b))
		proof := sent.Fields("form.form")
		proof.Set("access_code", sent.Find("#access-code").Text())
		b.Post("/track", proof)
		officer := s.SignIn("discipline_officer")
		first := officer.Get("/desk/reports")
		href, _ := first.Find("a.row").Attr("href")
		twin := s.Twin()
		for what, p := range map[string]apptest.Page{"the reporter": b.At(twin).Get("/track/case"), "the officer": officer.At(twin).Get(href)} {
			if p.Status != 200 || !strings.Contains(p.Text(), "有录音") {
				t.Errorf("%s on another instance: %d %s", what, p.Status, p.Text())
			}
		}
	})
}
