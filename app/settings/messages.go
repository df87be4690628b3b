package settings

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// Messages is what a message to a sender says: nothing of the matter, so that
// whoever sees the mailbox or the telephone learns nothing (casework.md, Messages).
type Messages struct {
	SMS      bool   `json:"sms"`      // senders without a mailbox are told by SMS
	Received string `json:"received"` // that something came in
	Progress string `json:"progress"` // that there is news
	Look     string `json:"look"`     // how to read it
}

var messageDefaults = Messages{Received: "您的来件已收到", Progress: "您的事项有新进展", Look: "请用受理编号和查询码在网站“查询进度”里查看。"}

var messageFields = []struct {
	Name, Label, Hint string
	Max               int
	Of                func(*Messages) *string
}{
	{"received", "收到来件时", "邮件的标题，也是短信的第一句", 30, func(m *Messages) *string { return &m.Received }},
	{"progress", "有新进展时", "邮件的标题，也是短信的第一句", 30, func(m *Messages) *string { return &m.Progress }},
	{"look", "怎样查看", "接在后面的一句", 60, func(m *Messages) *string { return &m.Look }},
}

// Fields lists the texts with their present values.
func (m Messages) Fields() []Field {
	out := make([]Field, len(messageFields))
	for i, f := range messageFields {
		out[i] = Field{f.Name, f.Label, f.Hint, *f.Of(&m), f.Max}
	}
	return out
}

// LoadMessages reads them.
func LoadMessages(r *store.Reader) (Messages, error) {
	m := messageDefaults
	last, err := newest(r, "messages")
	if err != nil || last == nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(last.Value), &m); err != nil {
		return m, fmt.Errorf("settings: messages: %w", err)
	}
	return m, nil
}

// SaveMessages stores a new version. The texts are the same for everybody: they
// have no variables, and nothing that looks like a number or an address.
func SaveMessages(tx *store.Tx, by Author, sms bool, values map[string]string) error {
	m, err := LoadMessages(&tx.Reader)
	if err != nil {
		return err
	}
	m.SMS = sms
	var bad []fault.Field
	for _, f := range messageFields {
		v := strings.Join(strings.Fields(values[f.Name]), " ")
		switch {
		case v == "":
			bad = append(bad, fault.Field{Name: f.Name, Message: fmt.Sprintf("请填写“%s”。", f.Label)})
		case utf8.RuneCountInString(v) > f.Max:
			bad = append(bad, fault.Field{Name: f.Name, Message: fmt.Sprintf("“%s”最多 %d 个字，请缩短。", f.Label, f.Max)})
		case strings.ContainsAny(v, "{}<>@/0123456789０１２３４５６７８９"):
			bad = append(bad, fault.Field{Name: f.Name, Message: "不能有数字、网址和变量：消息对所有人都一样，不透露任何事项。网址由系统加在最后。"})
		default:
			*f.Of(&m) = v
		}
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return save(tx, by, "messages", m)
}
