package settings

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// Period is how long after its end a case of a kind keeps what, in months.
type Period struct {
	Contact int `json:"contact"` // name, phone, mailbox, address
	Content int `json:"content"` // what was written and sent, and what was answered
}

// Retention is how long personal information is kept: no longer than its
// purpose needs (《个人信息保护法》第十九条). Every period is the court's own.
type Retention struct {
	Kinds   map[string]Period `json:"kinds"`
	Invalid int               `json:"invalid"` // all of what was set aside as invalid, months
	// Confirmed says that the court has decided: until then nothing is erased, and these are a proposal.
	Confirmed bool `json:"-"`
}

// RetentionSource is where the rule comes from.
const RetentionSource = "《个人信息保护法》第十九条：保存期限为实现处理目的所必要的最短时间；具体期限由本院确定"

func retentionDefaults() Retention {
	return Retention{Invalid: 3, Kinds: map[string]Period{"enquiry": {6, 36}, "correction": {6, 36}, "suggestion": {12, 60}, "comment": {12, 60}, "complaint": {24, 60}, "petition": {36, 120}}}
}

// LoadRetention reads the periods.
func LoadRetention(r *store.Reader) (Retention, error) {
	v := retentionDefaults()
	last, err := newest(r, "retention")
	if err != nil || last == nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(last.Value), &v); err != nil {
		return v, fmt.Errorf("settings: retention: %w", err)
	}
	v.Confirmed = true
	return v, nil
}

// mostMonths is the longest period.
const mostMonths = 600

// SaveRetention stores a new version; values are of "contact_KIND", "content_KIND" and "invalid".
func SaveRetention(tx *store.Tx, by Author, values map[string]string) error {
	v, err := LoadRetention(&tx.Reader)
	if err != nil {
		return err
	}
	var bad []fault.Field
	read := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(values[name]))
		if err != nil || n < 1 || n > mostMonths {
			bad = append(bad, fault.Field{Name: name, Message: fmt.Sprintf("请填写月数，1 到 %d。", mostMonths)})
		}
		return n
	}
	kinds := map[string]Period{}
	for kind := range v.Kinds {
		p := Period{read("contact_" + kind), read("content_" + kind)}
		if p.Content < p.Contact {
			bad = append(bad, fault.Field{Name: "content_" + kind, Message: "内容的保存期限不能短于联系方式的：先删联系方式，再删内容。"})
		}
		kinds[kind] = p
	}
	v.Kinds, v.Invalid = kinds, read("invalid")
	if err := fault.Form(bad); err != nil {
		return err
	}
	return save(tx, by, "retention", v)
}
