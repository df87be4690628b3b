// Package api is the door of other systems: a hotline's software hands in the
// cases that it took down, and asks how far they are.
//
// Whoever comes shows a key; the rooms are asked as that machine, never as
// anybody of the staff, so nothing but what is written for machines can be
// reached from here. It trusts the rooms for what a key may do and its clients
// for nothing. It must never answer with a text that somebody sent, a contact
// detail or a page: answers are JSON, refusals are problems (RFC 9457).
package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"mingjing/app/calendar"
	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/web/door"
)

// Route is an address of the API.
type Route struct {
	Method, Path string
	Act          door.Handler
}

type doors struct{ house *door.House }

// base is where every address of this version begins.
const base = "/api/v1"

// Routes is every address of the API.
func Routes(h *door.House) []Route {
	d := &doors{h}
	list := []Route{
		{fiber.MethodGet, base + "/openapi.json", d.describe},
		{fiber.MethodPost, base + "/cases", d.keyed(d.receive)},
		{fiber.MethodGet, base + "/cases/:case_no", d.keyed(d.standing)},
	}
	for _, r := range slices.Clone(list) {
		for _, method := range []string{fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete} {
			if method != r.Method {
				list = append(list, Route{method, r.Path, otherwise(r.Method)})
			}
		}
	}
	return list
}

// otherwise refuses a method that an address does not take.
func otherwise(takes string) door.Handler {
	return func(c *door.Ctx) error {
		c.Set(fiber.HeaderAllow, takes)
		return fiber.ErrMethodNotAllowed
	}
}

// keyed lets in whoever shows a key that is in use.
func (d *doors) keyed(act func(*door.Ctx, staff.Machine) error) door.Handler {
	return func(c *door.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "no-store")
		scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			key = ""
		}
		m, err := d.house.Staff.Machine(c.Std(), strings.TrimSpace(key))
		if err != nil {
			return err
		}
		if err := d.house.Limits.AllowMachine(m.ID, d.house.DB.Now()); err != nil {
			return err
		}
		return act(c, m)
	}
}

// maxBody is the most that a case without attachments can need, several times over.
const maxBody = 256 << 10

// own are the fields of a sending beside the answers to the kind's questions.
var own = []string{"kind", "channel", "received_at", "external_id", "allow_publish", "privacy_version"}

type accepted struct {
	CaseNo     string `json:"case_no"`
	AccessCode string `json:"access_code,omitempty"`
}

// receive stores a case. The same key again is answered 200 instead of 201.
func (d *doors) receive(c *door.Ctx, m staff.Machine) error {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if charset := params["charset"]; err != nil || kind != fiber.MIMEApplicationJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.Unsupported, "没有登记。请用 UTF-8 编码，以 Content-Type: application/json 发送。")
	}
	raw, err := c.Raw(maxBody)
	if fault.Is(err, fault.TooLarge) {
		return fault.New(fault.TooLarge, fmt.Sprintf("内容超过 %d KB，没有登记。附件不能这样交来，请减少正文后重发。", maxBody>>10))
	}
	if err != nil {
		return err
	}
	s, err := read(raw)
	if err != nil {
		return err
	}
	key := strings.Trim(c.Get("Idempotency-Key"), `"`) // a structured field's string has quotes
	t, err := d.house.Cases.Receive(c.Std(), m, key, s.external, s.received, s.Submission)
	if err != nil {
		return err
	}
	status := fiber.StatusCreated
	if t.Again {
		status = fiber.StatusOK
	}
	c.Set(fiber.HeaderLocation, base+"/cases/"+t.CaseNo)
	return answer(c, status, accepted{t.CaseNo, t.AccessCode})
}

type sending struct {
	cases.Submission
	external string
	received time.Time
}

// read understands a body. What is wrong with its fields is told of all at
// once, together with what the room would find.
func read(raw []byte) (s sending, err error) {
	body, err := members(raw)
	if err != nil {
		return s, err
	}
	var bad []fault.Field
	add := func(name, message string) { bad = append(bad, fault.Field{Name: name, Message: message}) }
	text := func(name string) (v string) {
		if raw, there := body[name]; there && json.Unmarshal(raw, &v) != nil {
			add(name, "这一项要写成字符串，放在引号里。")
		} else if strings.ContainsRune(v, utf8.RuneError) { // half a character, or one that was lost before
			add(name, "这一项里有认不出的字符，没有登记，请检查编码。")
		}
		return strings.ReplaceAll(v, "\x00", "")
	}
	if s.Kind = cases.Kind(text("kind")); s.Kind == "report" {
		return s, fault.New(fault.Forbidden, "举报不能由其他系统转交，请告诉来电人到网站“举报违纪违法”填写，或者拨打举报电话。")
	} else if !s.Kind.Valid() {
		words := make([]string, len(cases.Kinds))
		for i, k := range cases.Kinds {
			words[i] = string(k) + "（" + k.Word() + "）"
		}
		add("kind", "kind 是其中之一："+strings.Join(words, "、")+"。")
		return s, fault.Form(bad)
	}
	s.Channel, s.PrivacyVersion, s.external = cases.Channel(text("channel")), text("privacy_version"), text("external_id")
	if len(s.PrivacyVersion) > 40 {
		add("privacy_version", "最多 40 个字符。")
	}
	if raw, there := body["allow_publish"]; there && json.Unmarshal(raw, &s.AllowPublish) != nil {
		add("allow_publish", "这一项写 true 或者 false。")
	}
	if v := text("received_at"); v != "" {
		if s.received, err = moment(v); err != nil {
			add("received_at", "收到的时间写成 2026-03-01T09:30:00+08:00 或者 2026-03-01。")
		}
	}
	asked := slices.Clone(own)
	for _, f := range cases.Fields(s.Kind) {
		asked = append(asked, f.Name)
		s.Set(f.Name, text(f.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !slices.Contains(asked, name) {
			add(short(name), "“"+s.Kind.Word()+"”没有这一项；没有登记，以免丢失。可用的有："+strings.Join(asked, "、")+"。")
		}
	}
	if len(bad) > 0 {
		if found, ok := fault.As(s.Submission.Check()); ok {
			for _, f := range found.Fields {
				if !slices.ContainsFunc(bad, func(b fault.Field) bool { return b.Name == f.Name }) {
					bad = append(bad, f)
				}
			}
		}
	}
	return s, fault.Form(bad)
}

// members are those of the one object that a body holds. What could only be
// kept in part is refused: bytes that are no text, and a member given twice.
func members(raw []byte) (map[string]json.RawMessage, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if !utf8.Valid(raw) {
		return nil, fault.New(fault.Malformed, "内容不是 UTF-8 编码，没有登记。请转换成 UTF-8 后重发。")
	}
	noObject := fault.New(fault.Malformed, "内容不是一个完整的 JSON 对象，没有登记。请照 "+base+"/openapi.json 检查后重发。")
	in := json.NewDecoder(bytes.NewReader(raw))
	if start, err := in.Token(); err != nil || start != json.Delim('{') {
		return nil, noObject
	}
	out := map[string]json.RawMessage{}
	for in.More() {
		key, err := in.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || in.Decode(&value) != nil {
			return nil, noObject
		}
		if _, twice := out[name]; twice {
			return nil, fault.New(fault.Malformed, "“"+short(name)+"”写了两次，没有登记。请只留一个。")
		}
		out[name] = value
	}
	if _, err := in.Token(); err != nil {
		return nil, noObject
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, noObject
	}
	return out, nil
}

// short keeps a name that a client made up from filling the answer.
func short(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}

// moment reads an instant, or a day, which begins in Shanghai.
func moment(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.ParseInLocation(time.DateOnly, s, calendar.Shanghai)
}

type standing struct {
	CaseNo     string        `json:"case_no"`
	Kind       cases.Kind    `json:"kind"`
	Channel    cases.Channel `json:"channel"`
	State      cases.State   `json:"state"`
	ReceivedAt time.Time     `json:"received_at"`
	Due        *string       `json:"due"`
}

// standing tells how far a case is.
func (d *doors) standing(c *door.Ctx, m staff.Machine) error {
	x, err := d.house.Cases.Standing(c.Std(), m, c.Params("case_no"))
	if err != nil {
		return err
	}
	out := standing{CaseNo: x.CaseNo, Kind: x.Kind, Channel: x.Channel, State: x.State, ReceivedAt: x.ReceivedAt.In(calendar.Shanghai)}
	if !x.Due.IsZero() {
		due := x.Due.String()
		out.Due = &due
	}
	return answer(c, fiber.StatusOK, out)
}

func (d *doors) describe(c *door.Ctx) error { return c.Share(fiber.MIMEApplicationJSON, document) }

func answer(c *door.Ctx, status int, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(append(raw, '\n'))
}

// problem is a refusal as RFC 9457 writes it.
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Errors []wrong `json:"errors,omitempty"`
	ID     string  `json:"request_id,omitempty"`
}

type wrong struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Refuses reports whether an error on this request is the API's to tell.
func Refuses(c *door.Ctx) bool { return strings.HasPrefix(c.Path(), "/api/") }

// titles and details are what a machine's maker reads where the room said nothing.
var titles = map[int][2]string{
	400: {"看不懂请求", "请照 " + base + "/openapi.json 检查后重发。"}, 401: {"没有密钥，或者密钥不对", "请在 Authorization 里写 Bearer 和密钥。"}, 403: {"不允许", "这个密钥不能做这件事。"},
	404: {"没有这个地址，或者没有这一件", "有哪些地址见 " + base + "/openapi.json。"}, 405: {"这个地址不接受这种方法", "可以用的方法在 Allow 里。"}, 409: {"和已经登记的不一致", "没有登记。"},
	413: {"内容太大", "没有登记。"}, 415: {"内容的类型不对", "没有登记。"}, 422: {"有内容要修改", "没有登记，errors 里逐项说明。"}, 429: {"请求太频繁", "没有登记。"}, 503: {"暂时不能登记", "请按 Retry-After 用同一个 Idempotency-Key 重发。"},
}

// Refuse tells why something was not done. detail is what the room said, if it
// did; id names the request in the log of a failure of the site.
func Refuse(c *door.Ctx, status int, detail, id string, fields []fault.Field) error {
	words, known := titles[status]
	if !known {
		words = [2]string{"网站出错了", "没有登记。请用同一个 Idempotency-Key 重发；总是这样，请把 request_id 告诉网站的管理员。"}
	}
	p := problem{Type: "about:blank", Title: words[0], Status: status, Detail: cmp.Or(detail, words[1]), ID: id}
	for _, f := range fields {
		p.Errors = append(p.Errors, wrong{f.Name, f.Message})
	}
	if status == fiber.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="api"`)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err := answer(c, status, p); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return nil
}
