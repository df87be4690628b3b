package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/fault"
	"mingjing/app/store"
)

// Reporting is what a court decides about reports of misconduct.
type Reporting struct {
	Violations []string `json:"violations"` // the kinds that the form offers
	Months     int      `json:"months"`     // how long a report is kept after its end
	Confirmed  bool     `json:"-"`          // until the court has decided, nothing is erased
}

// LoadReporting reads it.
func LoadReporting(r *store.Reader) (Reporting, error) {
	v := Reporting{Months: 60, Violations: []string{"收受礼品礼金、吃请", "贪污贿赂", "违规过问、插手案件", "徇私枉法、枉法裁判", "滥用职权、玩忽职守", "泄露审判秘密、内部信息", "与律师、当事人不正当交往", "违规经商办企业、违规兼职", "违反组织人事纪律", "其他违纪违法"}}
	last, err := newest(r, "reporting")
	if err != nil || last == nil {
		return v, err
	}
	v = Reporting{}
	if err := json.Unmarshal([]byte(last.Value), &v); err != nil {
		return v, fmt.Errorf("settings: reporting: %w", err)
	}
	v.Confirmed = true
	return v, nil
}

// leastReportMonths keeps a slip, or somebody with something to hide, from having all
// ended reports destroyed at the next tick.
const leastReportMonths = 12

// SaveReporting stores a new version: violations has one on each line.
func SaveReporting(tx *store.Tx, by Author, violations, months string) error {
	var bad []fault.Field
	var v Reporting
	for line := range strings.Lines(violations) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(v.Violations, line) {
			v.Violations = append(v.Violations, line)
		}
	}
	if n := len(v.Violations); n == 0 || n > 40 || slices.ContainsFunc(v.Violations, func(s string) bool { return utf8.RuneCountInString(s) > 40 }) {
		bad = append(bad, fault.Field{Name: "violations", Message: "请一行写一类，1 到 40 类，每类最多 40 个字。"})
	}
	var err error
	if v.Months, err = strconv.Atoi(norm.NFKC.String(strings.TrimSpace(months))); err != nil || v.Months < leastReportMonths || v.Months > mostMonths {
		bad = append(bad, fault.Field{Name: "months", Message: fmt.Sprintf("请填写月数，%d 到 %d。到期就销毁密钥，谁也恢复不了。", leastReportMonths, mostMonths)})
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return save(tx, by, "reporting", v)
}
