package public

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mingjing/app/logbook"
	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// The texts of the log in words. They are read as whatever JSON they are: a text of
// an earlier release has the fields of its time, and is shown all the same.

var subjectWords = map[string]string{"programme": "整改轮次", "aspect": "方面", "problem": "问题", "measure": "措施", "event": "变化", "rule": "制度",
	"announcement": "通报", "reply": "公开答复", "statistic": "统计", "text": "网站文字", logbook.Expunged: "撤除说明"}

func subjectWord(kind string) string {
	if w := subjectWords[kind]; w != "" {
		return w
	}
	return kind
}

// textNames are the names of the texts of kind text.
var textNames = map[string]string{"site": "网站名称和联系方式", "limits": "办理时限", "retention": "保存期限", "reporting": "网上举报", "messages": "通知用语"}

// named is what people call the subject of a text.
func named(x logbook.Told) string {
	f, word := facts(x.Body), subjectWord(x.Kind)
	switch title := clipped(f["title"]); {
	case x.Kind == logbook.Expunged && f["kind"] != "":
		return fmt.Sprintf("关于撤除%s %s第%s版原文的说明", subjectWord(f["kind"]), f["id"], f["version"])
	case x.Kind == "problem" && title != "":
		return "问题" + f["code"] + " " + title
	case x.Kind == "measure" && f["code"] != "":
		return "措施" + f["code"] + " " + title
	case x.Kind == "aspect" && title != "":
		return "方面" + f["no"] + " " + title
	case (x.Kind == "rule" || x.Kind == "announcement") && title != "":
		return word + "《" + title + "》"
	case x.Kind == "reply" && title != "":
		return "第" + x.Ref + "号答复 " + title
	case x.Kind == "event" && f["text"] != "":
		return "变化：" + clipped(f["text"])
	case x.Kind == "statistic":
		return view.Day(x.Ref).String() + "的统计"
	case x.Kind == "text" && textNames[x.Ref] != "":
		return "网站文字：" + textNames[x.Ref]
	case title != "":
		return title
	}
	return word + " " + x.Ref
}

// clipped is a title short enough for a heading.
func clipped(s string) string {
	const most = 40
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// member is a field of an object, in the order in which it is written.
type member struct {
	name  string
	value any // string, json.Number, bool, nil, []any or []member
}

// members reads a text; what is no JSON object has none.
func members(body string) []member {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	v, err := value(d)
	list, ok := v.([]member)
	if err != nil || !ok {
		return nil
	}
	return list
}

func value(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		list := []member{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, member{fmt.Sprint(name), v})
		}
		_, err = d.Token()
		return list, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

// facts are the plain fields of a text as they are written.
func facts(body string) map[string]string {
	out := map[string]string{}
	for _, m := range members(body) {
		switch v := m.value.(type) {
		case string:
			out[m.name] = v
		case json.Number, bool:
			out[m.name] = fmt.Sprint(v)
		}
	}
	return out
}

// reason is why something was withdrawn.
func reason(body string) string { return facts(body)["why"] }

// fieldWords are the names of fields; those that mean another thing in some kind
// stand under kind.field too.
var fieldWords = map[string]string{
	"programme": "整改轮次", "slug": "地址里的名字", "title": "标题", "text": "说明", "no": "序号", "code": "编号", "kind": "类型", "name": "名称", "value": "内容",
	"inspected": "被巡视单位", "inspector": "巡视组", "inspected_from": "巡视开始", "inspected_to": "巡视结束", "feedback_on": "反馈日期", "main": "在首页显示", "fictional": "虚构的演示数据",
	"announced": "由通报点名", "aspect": "所属方面", "status": "自报进展", "closing": "核验销号", "closed_on": "销号日期", "reopened_on": "重开日期", "leader": "责任领导",
	"sub_problems": "细化问题", "sub_problem": "所属细化问题", "evidence": "佐证材料", "problem": "所属问题", "measure": "所属措施", "note": "做了什么", "lead_department": "牵头部门", "co_departments": "配合部门",
	"starts_on": "启动日期", "baseline_on": "原定时限", "due_on": "整改时限", "due_text": "时限的说法", "done_on": "完成日期", "check_on": "下次检查",
	"at": "写入时间", "on": "日期", "announcement": "通报", "number": "文号", "revised": "是修订", "dated": "日期", "url": "链接", "body": "正文", "problems": "针对的问题",
	"issuer": "发布单位", "published_at": "发布时间", "reason": "修订原因", "source": "正文", "question": "来件", "answer": "答复", "unit": "答复单位", "asked_on": "来件日期", "answered_on": "答复日期",
	"published_on": "公开日期", "month": "月份", "frozen_at": "固定时间", "commitment": "数字的指纹", "size": "大小", "sha256": "文件的指纹（SHA-256）", "id": "编号",
	"problem.title": "问题", "problem.status": "状态", "measure.title": "措施", "event.kind": "发生了什么", "event.text": "公开的说法", "reply.problem": "针对的问题", "reply.kind": "类别",
	"text.court": "法院名称", "text.name": "名称", "text.tagline": "网站副题", "text.hotline": "热线电话", "text.hours": "接听和接待时间", "text.address": "来信来访地址", "text.postcode": "邮政编码",
	"expunged.kind": "撤除的是", "version": "第几版", "digest": "原文的指纹（SHA-256）", "why": "理由", "decision": "依据的决定",
	"text.website": "举报网站", "text.email": "电子邮箱", "text.superior": "反映派驻纪检监察组问题的渠道", "text.host": "主办单位", "text.icp": "ICP备案号", "text.police": "公安备案号",
	"text.site_code": "网站标识码", "text.privacy": "隐私说明版本", "text.reply_unit": "答复落款",
}

func fieldWord(kind, name string) string {
	if w := fieldWords[kind+"."+name]; w != "" {
		return w
	}
	if w := fieldWords[name]; w != "" {
		return w
	}
	return name
}

var happened = map[string]string{"announced": "发布通报", "imported": "导入台账", "progress": "进展", "due": "时限变更", "applied": "申请销号", "refused": "不予销号", "closed": "销号",
	"reopened": "重开", "confirmed": "回头看确认", "rule": "制度", "text": "说明"}

// spelling is a field of a text in words; path tells it from the others.
type spelling struct{ path, name, text string }

// spelled is a text in words, field by field, in its order.
func spelled(kind, body string) []spelling {
	var out []spelling
	spell(&out, kind, "", members(body))
	return out
}

func spell(out *[]spelling, kind, path string, list []member) {
	for _, m := range list {
		at, name := path+"."+m.name, fieldWord(kind, m.name)
		switch v := m.value.(type) {
		case []member:
			spell(out, kind, at, v)
		case []any:
			parts(out, kind, at, name, v)
		default:
			*out = append(*out, spelling{at, name, word(kind, m.name, v)})
		}
	}
}

// parts spells a list: plain values in one line, objects one by one.
func parts(out *[]spelling, kind, path, name string, list []any) {
	var plain []string
	for i, x := range list {
		fields, ok := x.([]member)
		if !ok {
			plain = append(plain, word(kind, "", x))
			continue
		}
		key := fmt.Sprint(i + 1)
		var lines []string
		for _, f := range fields {
			w := word(kind, f.name, f.value)
			switch {
			case f.name == "no" || f.name == "id":
				key = w
			case w == "":
			case f.name == "title":
				lines = append(lines, w)
			case f.name == "text":
				lines = append(lines, w)
			default:
				lines = append(lines, fieldWord(kind, f.name)+"："+w)
			}
		}
		*out = append(*out, spelling{path + "." + key, name + key, strings.Join(lines, "\n")})
	}
	if len(plain) > 0 || len(list) == 0 {
		*out = append(*out, spelling{path, name, strings.Join(plain, "、")})
	}
}

var isoDay = regexp.MustCompile(`^\d{4}-\d\d(-\d\d)?$`)

// word is a plain value as people read it.
func word(kind, field string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "是"
		}
		return "否"
	case json.Number:
		if n, err := v.Int64(); field == "size" && err == nil && n > 0 {
			return size(n)
		}
		if field == "size" {
			return ""
		}
		return v.String()
	case string:
		return spoken(kind, field, v)
	case []any:
		list := make([]string, len(v))
		for i, x := range v {
			list[i] = word(kind, field, x)
		}
		return strings.Join(list, "、")
	case []member:
		list := make([]string, len(v))
		for i, x := range v {
			list[i] = fieldWord(kind, x.name) + "：" + word(kind, x.name, x.value)
		}
		return strings.Join(list, "，")
	}
	return fmt.Sprint(v)
}

func spoken(kind, field, v string) string {
	switch {
	case field == "status" && v == string(view.Unstated):
		return view.Unreported.Word()
	case field == "status":
		return view.Status(v).Word()
	case field == "closing":
		return view.Closing(v).Word()
	case field == "kind" && kind == "event":
		if w := happened[v]; w != "" {
			return w
		}
		return v
	case field == "kind" && kind == "reply" && slices.Contains(view.Kinds, view.Kind(v)):
		return view.Kind(v).Word()
	case field == "kind" && kind == logbook.Expunged:
		return subjectWord(v)
	case field == "kind" && kind == "measure":
		for k, w := range kinds {
			if string(k) == v {
				return w
			}
		}
		return v
	case isoDay.MatchString(v):
		return view.Day(v).String()
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return door.Moment(t).String()
	}
	return strings.TrimRight(v, "\n")
}

// compared lists the fields that read otherwise in a text than in the one before.
func compared(kind, was, is string) []view.FieldChange {
	old, now := spelled(kind, was), spelled(kind, is)
	before := map[string]spelling{}
	for _, x := range old {
		before[x.path] = x
	}
	var out []view.FieldChange
	for _, x := range now {
		if o := before[x.path]; o.text != x.text {
			a, b := narrowed(o.text, x.text)
			out = append(out, view.FieldChange{Name: x.name, Old: a, New: b})
		}
		delete(before, x.path)
	}
	for _, o := range old {
		if _, gone := before[o.path]; gone && o.text != "" {
			out = append(out, view.FieldChange{Name: o.name, Old: o.text})
		}
	}
	return out
}

// longest is how much of a long difference is shown.
const longest = 1500

// around is how much of what is alike stands around a difference in a long text.
const around = 15

// narrowed leaves of two long texts what differs, and a little around it.
func narrowed(was, is string) (string, string) {
	a, b := []rune(was), []rune(is)
	if max(len(a), len(b)) <= 120 || len(a) == 0 || len(b) == 0 {
		return was, is
	}
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	cut := func(r []rune) string {
		from, to := max(head-around, 0), min(len(r)-tail+around, len(r))
		s := string(r[from:to])
		if from > 0 {
			s = "……" + s
		}
		if to < len(r) {
			s += "……"
		}
		if r := []rune(s); len(r) > longest {
			s = string(r[:longest]) + "……（太长，看全文）"
		}
		return s
	}
	return cut(a), cut(b)
}
