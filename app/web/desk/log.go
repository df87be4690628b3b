package desk

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"mingjing/app/logbook"
	"mingjing/app/removal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/tlog"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// logDesk is where texts of the public log are found that must go.
const logDesk = "/desk/log"

// logged finds in what was pasted which text of the log is meant: the address of a
// text or of its history, of a reply's or a rule's page, or its kind and number.
var logged = regexp.MustCompile(`^(?:/log/texts/|/desk/log/)?([a-z][a-z0-9-]{0,31})/([A-Za-z0-9][A-Za-z0-9._:-]{0,63})(?:/\d{1,9})?/?$`)

// pagesOf are the public pages that have a subject's number in their address.
var pagesOf = strings.NewReplacer("/replies/", "reply/", "/rules/", "rule/")

func loggedSubject(typed string) (kind, ref string, ok bool) {
	u, err := url.Parse(strings.TrimSpace(typed))
	if err != nil {
		return "", "", false
	}
	m := logged.FindStringSubmatch(pagesOf.Replace(u.Path))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

func versionVerb(v logbook.Version) string {
	switch {
	case v.Withdrawn():
		return "撤下"
	case v.Event == tlog.Change:
		return "修改"
	}
	return "公布"
}

// LogTexts lists the versions of what was looked for.
func (d *Doors) LogTexts(c *door.Ctx) error {
	find := c.Query("find")
	before, _ := strconv.ParseInt(c.Query("before"), 10, 32)
	p := view.RegisterPage{Heading: "公开日志里的原文", Columns: []string{"哪一版", "时间", "日志编号", "情况"},
		Search: view.Form{Action: logDesk, Fields: []view.Field{{Name: "find", Label: "网址，或者类别/编号", Value: find, Width: "grow"}}}}
	status := 200
	err := c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, p.Heading); err != nil {
			return err
		}
		kind, ref, ok := loggedSubject(find)
		switch {
		case find == "":
			p.Empty = "公开过的文字撤下、改正以后，原来的每一版在公开日志里还看得到。里面有个人信息这样依法不能再公开的，可以依决定撤除原文。先找到它：把公众网站上“历次文字”页的网址贴到上面，公开答复的网址也可以；或者写类别和编号，例如 reply/12、problem/3。"
			return nil
		case !ok:
			status, p.Failed = 422, true
			p.Notices = append(p.Notices, view.Notice{Text: "看不懂这个网址。请从公众网站上那一条的“历次文字”页复制，例如 /log/texts/reply/12，或者写 reply/12。"})
			return nil
		}
		list, err := logbook.History(r, kind, ref, int(max(before, 0)), pageRows+1)
		if err != nil {
			return err
		}
		if p.Empty = "公开日志里没有 " + kind + "/" + ref + "。请核对网址；从来没有公开过的，日志里也没有。"; len(list) > pageRows {
			list = list[:pageRows]
			p.Next = logDesk + query("find", find, "before", strconv.Itoa(list[pageRows-1].Version.Version))
		}
		for i, x := range list {
			row := view.RegisterRow{Href: fmt.Sprintf("%s/%s/%s/%d", logDesk, kind, ref, x.Version.Version), Name: fmt.Sprintf("第%d版 %s", x.Version.Version, versionVerb(x.Version)),
				Cells: []view.RegisterCell{{Column: "时间", Text: door.Moment(x.At).String()}, {Column: "日志编号", Text: placeOf(x.Version)}}, Standing: view.Due{Words: "公众看得到原文"}}
			switch {
			case x.Expunged != nil:
				row.Standing = view.Due{Words: "原文已撤除", Class: "half"}
			case i == 0 && before <= 0 && !x.Withdrawn():
				row.Standing = view.Due{Words: "正在公布", Class: "good"}
			}
			p.Rows = append(p.Rows, row)
		}
		if len(p.Rows) > 0 {
			p.Links = []view.Link{{Text: "公众看到的历次文字", Href: "/log/texts/" + kind + "/" + ref}}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Path = logDesk
	return c.Render(status, p)
}

func placeOf(v logbook.Version) string {
	if v.Index == nil {
		return "等几秒钟"
	}
	return strconv.FormatInt(*v.Index, 10)
}

// LogText shows a version to who decides whether its text goes.
func (d *Doors) LogText(c *door.Ctx) error { return d.logText(c, 200, nil, nil) }

// version is which one the address names.
func version(c *door.Ctx) (kind, ref string, no int, err error) {
	kind, ref, ok := loggedSubject(c.Params("kind") + "/" + c.Params("ref"))
	n, err := number(c.Params("version"))
	if err != nil || !ok || n > 1<<31-1 {
		return "", "", 0, errNothing
	}
	return kind, ref, int(n), nil
}

func (d *Doors) logText(c *door.Ctx, status int, f *door.Form, wrong error) error {
	kind, ref, no, err := version(c)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s/%s 第%d版", kind, ref, no)
	p := view.RecordPage{Heading: name, Up: view.Link{Text: "公开日志里的原文", Href: logDesk + query("find", kind+"/"+ref)}}
	err = c.Read(func(r *store.Reader) (err error) {
		if p.Desk, err = d.frameIn(c, r, name); err != nil {
			return err
		}
		x, refused, err := removal.Find(r, c.Actor, kind, ref, no)
		if err != nil {
			return err
		}
		p.Facts = []view.Answer{{Label: "发生了什么", Value: versionVerb(x.Version)}, {Label: "时间", Value: door.Moment(x.At).String()}, {Label: "日志编号", Value: placeOf(x.Version)},
			{Label: "摘要（SHA-256）", Value: hex.EncodeToString(x.Digest)}}
		if n := x.Expunged; n != nil {
			p.Standing, p.First = view.Due{Words: "原文已撤除"}, []view.Answer{{Label: "理由", Value: n.Why}, {Label: "依据", Value: n.Decision}, {Label: "撤除日期", Value: view.Day(n.On).String()}}
		} else {
			p.Texts = []view.Answer{{Label: "原文", Value: indented(x.Body)}}
			p.Links = []view.Link{{Text: "公众看到的这一版", Href: fmt.Sprintf("/log/texts/%s/%s?version=%d#shown", kind, ref, no)}}
		}
		if refused != nil {
			p.Waiting = refused.Error()
			return nil
		}
		p.Acts = []view.Act{{Name: "expunge", Label: "撤除这一版的原文", Open: true,
			Lead: "撤除的：公开日志里这一版的原文，从数据库里删掉，找不回来；别的版里也有的，要逐版撤除。留下的：日志里这一条记录、它的时间和摘要，还有马上公开的撤除说明，也就是下面填写的理由和决定；工作人员看的来件和选登记录不动。拿着原文的人仍然可以用摘要证明它公开过；原文很短的，别人也可能从摘要猜出来。备份里的原文要到备份过期才没有。",
			Form: view.Form{Action: fmt.Sprintf("%s/%s/%s/%d", logDesk, kind, ref, no), CSRF: p.CSRF, Buttons: []view.Button{{Text: "撤除原文，公开说明"}},
				Fields: names("expunge", view.Field{Name: "reason", Kind: view.Textarea, Label: "理由（公开）", Hint: "任何人都看得到，以后不能改、不能撤。只写为什么，不要重复要撤除的内容，例如“含有来信人的住址”。", Required: true, Rows: 3, Max: removal.MaxWhy},
					view.Field{Name: "decision", Label: "决定的文号或者名称（公开）", Hint: "例如：云高法〔2021〕9号", Required: true, Max: removal.MaxDecision},
					view.Field{Name: "sure", Kind: view.Checkbox, Value: "1", Label: "我核对了这一版的原文，知道撤除以后找不回来", Required: true})}}}
		return nil
	})
	if err != nil {
		return err
	}
	p.Path = logDesk
	if wrong != nil {
		p.Kept = showAgain(&p.Desk, p.Acts, "expunge", f, wrong)
	}
	return c.Render(status, p)
}

// indented is a text with a field on each line.
func indented(body string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(body), "", "  ") != nil {
		return body
	}
	return b.String()
}

// Expunge takes the text away.
func (d *Doors) Expunge(c *door.Ctx) error {
	kind, ref, no, err := version(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	err = removal.Decide(c.Std(), d.house.DB, c.Actor, removal.Decision{Kind: kind, Ref: ref, Version: no, Why: f.Get("reason"), Decision: f.Get("decision"), Sure: f.Get("sure") != ""})
	return d.settled(c, err, logDesk+query("find", kind+"/"+ref, "done", "expunged"), func(status int) error { return d.logText(c, status, f, err) })
}

// expungeLink leads who may to a withdrawn reply's texts in the public log.
func expungeLink(a staff.Actor, replyID int64) view.Link {
	if !holds(a, removal.Removers) {
		return view.Link{}
	}
	return view.Link{Text: "撤除公开日志里的原文", Href: fmt.Sprintf("%s?find=reply%%2F%d", logDesk, replyID)}
}
