package desk

import (
	"cmp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/web/door"
	"mingjing/app/web/view"
)

// typedWords are the fields whose text is given back, in the order in which it
// is shown. Nothing else is: no password, no code, no token.
var typedWords = []struct{ name, label string }{
	{"title", "标题"}, {"question", "来信摘要"}, {"answer", "答复"}, {"body", "答复内容"}, {"content", "内容"}, {"demand", "诉求"}, {"facts", "事实和理由"},
	{"person", "被举报人"}, {"person_post", "被举报人职务"}, {"exclude", "谁不能看到"}, {"unit", "被投诉的部门或单位"}, {"happened_at", "发生时间"}, {"place", "发生地点"}, {"case_number", "案号"}, {"problem", "所针对的问题"},
	{"name", "姓名或名称"}, {"phone", "电话"}, {"email", "邮箱"}, {"address", "地址"}, {"to", "转送给哪个单位"}, {"reason", "理由"}, {"note", "说明"},
	{"source", "依据或者来源"}, {"text", "全文"}, {"minutes", "会议记录"},
}

// Refuses reports whether an error on this request is the desk's to show: a
// form was sent to it, and what was typed must not be lost.
func Refuses(c *door.Ctx) bool {
	return c.Method() == fiber.MethodPost && strings.HasPrefix(c.Path(), "/desk/") && c.Path() != "/desk/login"
}

// Refuse answers a form that was not taken: why, what was typed, and the way
// back to the page it was typed on.
func Refuse(c *door.Ctx, why view.ErrorPage) error {
	d := &Doors{c.House}
	p := view.RefusedPage{Why: why}
	typed := c.Typed()
	for _, w := range typedWords {
		if v := strings.TrimSpace(typed.Get(w.name)); v != "" {
			p.Typed = append(p.Typed, view.Field{Name: "typed-" + w.name, Label: w.label, Value: v, Rows: min(16, 2+len(v)/120+strings.Count(v, "\n"))})
		}
	}
	var err error
	if p.Desk, err = d.frame(c, p.Heading()); err != nil {
		return err
	}
	p.Path = c.Path()
	back := next(c.CameFrom())
	if back == "/desk" {
		back = next(cmp.Or(typed.Get("back"), pageOf(c.Path())))
	}
	p.Back = view.Link{Text: "返回刚才的页面", Href: back}
	if why.Status == fiber.StatusUnauthorized {
		p.Back = view.Link{Text: "重新登录", Href: "/desk/login" + query("next", back)}
	}
	return c.Render(why.Status, p)
}

// kept is the text of a form whose place on the page is gone.
func kept(value func(string) string) string {
	var out []string
	for _, w := range typedWords {
		if v := strings.TrimSpace(value(w.name)); v != "" {
			out = append(out, v)
		}
	}
	return strings.Join(out, "\n\n")
}

// pageOf is the page whose form goes to an address: a case, a person, a list.
func pageOf(path string) string {
	parts := strings.SplitN(path, "/", 5) // "", desk, cases, 7, note
	return strings.Join(parts[:min(len(parts), 4)], "/")
}
