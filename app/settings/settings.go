// Package settings keeps what a court decides for itself: the site's name and
// marks, its channels and texts, the time limits with their sources, and the
// statutory calendar. Every change is a new version; nothing is overwritten.
//
// It trusts its callers to have checked the role. It must never hold a secret:
// those are the operator's, in config.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/logbook"
	"mingjing/app/store"
)

// Author is who changes a setting.
type Author struct {
	ID   int64
	Name string
}

// Site is what the pages say about the court.
type Site struct {
	Court     string `json:"court"`      // 云南省高级人民法院
	Name      string `json:"name"`       // 整改监督
	Tagline   string `json:"tagline"`    // the line under the name
	Hotline   string `json:"hotline"`    // 12368
	Hours     string `json:"hours"`      // when the hotline and the window are open
	Address   string `json:"address"`    // for letters and visits
	Postcode  string `json:"postcode"`   //
	Website   string `json:"website"`    // reporting site
	Email     string `json:"email"`      //
	Superior  string `json:"superior"`   // where reports about the discipline group go
	Host      string `json:"host"`       // 主办单位
	ICP       string `json:"icp"`        // 备案号
	Police    string `json:"police"`     // 公安备案号
	SiteCode  string `json:"site_code"`  // 网站标识码
	Privacy   string `json:"privacy"`    // version of the privacy notice agreed to
	ReplyUnit string `json:"reply_unit"` // who signs replies
}

// siteFields are the fields staff edit, in the order of the page.
var siteFields = []struct {
	Name, Label, Hint string
	Max               int
	Of                func(*Site) *string
}{
	{"court", "法院名称", "显示在每一页顶部", 40, func(s *Site) *string { return &s.Court }},
	{"name", "网站名称", "", 20, func(s *Site) *string { return &s.Name }},
	{"tagline", "网站副题", "", 40, func(s *Site) *string { return &s.Tagline }},
	{"hotline", "热线电话", "", 30, func(s *Site) *string { return &s.Hotline }},
	{"hours", "接听和接待时间", "", 80, func(s *Site) *string { return &s.Hours }},
	{"address", "来信来访地址", "", 100, func(s *Site) *string { return &s.Address }},
	{"postcode", "邮政编码", "", 10, func(s *Site) *string { return &s.Postcode }},
	{"website", "举报网站", "以 http:// 或 https:// 开头", 200, func(s *Site) *string { return &s.Website }},
	{"email", "电子邮箱", "", 100, func(s *Site) *string { return &s.Email }},
	{"superior", "反映派驻纪检监察组问题的渠道", "举报涉及纪检监察组时告诉群众找谁", 200, func(s *Site) *string { return &s.Superior }},
	{"host", "主办单位", "显示在页脚", 60, func(s *Site) *string { return &s.Host }},
	{"icp", "ICP 备案号", "显示在页脚", 60, func(s *Site) *string { return &s.ICP }},
	{"police", "公安备案号", "显示在页脚", 60, func(s *Site) *string { return &s.Police }},
	{"site_code", "网站标识码", "显示在页脚", 40, func(s *Site) *string { return &s.SiteCode }},
	{"privacy", "隐私说明版本", "改动隐私说明后换一个新版本号", 20, func(s *Site) *string { return &s.Privacy }},
	{"reply_unit", "答复落款", "没有指定部门时使用", 60, func(s *Site) *string { return &s.ReplyUnit }},
}

// Field is one editable setting with its present value.
type Field struct {
	Name, Label, Hint, Value string
	Max                      int
}

// Fields lists the editable settings with the values of s.
func (s Site) Fields() []Field {
	out := make([]Field, len(siteFields))
	for i, f := range siteFields {
		out[i] = Field{f.Name, f.Label, f.Hint, *f.Of(&s), f.Max}
	}
	return out
}

// defaults is a site before anybody has decided anything.
var defaults = Site{
	Court:   "示例人民法院",
	Name:    "整改监督",
	Tagline: "巡视整改进展公开与群众意见反馈",
	Hotline: "12368",
	Hours:   "工作日 9:00—12:00，14:00—17:00",
	Privacy: "2026-11",
}

type row struct {
	Name      string
	Version   int
	Value     string
	At        time.Time
	ActorID   int64
	ActorName string
}

func (row) TableName() string { return "settings" }

// LoadSite reads the site's settings.
func LoadSite(r *store.Reader) (Site, error) {
	s := defaults
	last, err := newest(r, "site")
	if err != nil || last == nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(last.Value), &s); err != nil {
		return s, fmt.Errorf("settings: site: %w", err)
	}
	return s, nil
}

func newest(r *store.Reader, name string) (*row, error) {
	var v row
	err := r.Where("name = ?", name).Order("version DESC").Take(&v).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("settings: %s: %w", name, err)
	}
	return &v, nil
}

// SaveSite stores a new version of the site's settings. Values are checked
// field by field; a Conflict means that somebody saved in between.
func SaveSite(tx *store.Tx, by Author, values map[string]string) error {
	s, err := LoadSite(&tx.Reader)
	if err != nil {
		return err
	}
	var bad []fault.Field
	for _, f := range siteFields {
		v, given := values[f.Name]
		if !given {
			continue
		}
		v = strings.Join(strings.Fields(v), " ")
		switch {
		case utf8.RuneCountInString(v) > f.Max:
			bad = append(bad, fault.Field{Name: f.Name, Message: fmt.Sprintf("“%s”最多 %d 个字，请缩短。", f.Label, f.Max)})
		case v == "" && (f.Name == "court" || f.Name == "name" || f.Name == "hotline" || f.Name == "privacy"):
			bad = append(bad, fault.Field{Name: f.Name, Message: fmt.Sprintf("请填写“%s”。", f.Label)})
		case f.Name == "website" && v != "" && !webAddress(v):
			bad = append(bad, fault.Field{Name: f.Name, Message: "举报网站要写完整，以 http:// 或 https:// 开头。"})
		case f.Name == "email" && v != "" && !strings.Contains(v[strings.LastIndex(v, "@")+1:], "."):
			bad = append(bad, fault.Field{Name: f.Name, Message: "电子邮箱的写法不对，应当像 name@example.cn。"})
		default:
			*f.Of(&s) = v
		}
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return save(tx, by, "site", s)
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// PutSite stores s as it is; for the first start, which takes the channels
// from the announcement.
func PutSite(tx *store.Tx, by Author, s Site) error { return save(tx, by, "site", s) }

func save(tx *store.Tx, by Author, name string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("settings: %s: %w", name, err)
	}
	last, err := newest(&tx.Reader, name)
	if err != nil {
		return err
	}
	v := row{Name: name, Version: 1, Value: string(raw), At: tx.Now, ActorID: by.ID, ActorName: by.Name}
	if last != nil {
		v.Version = last.Version + 1
	}
	err = tx.Create(&v).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.New(fault.Conflict, "刚刚有人也改了这项设置，请刷新后再改。")
	}
	if err != nil {
		return fmt.Errorf("settings: %s: %w", name, err)
	}
	if public[name] {
		if err := logbook.Record(tx, logged(name, v.Value)); err != nil {
			return err
		}
	}
	return tx.Publish()
}

// public are the settings that visitors read as they are.
var public = map[string]bool{"site": true}

// loggedText is their kind in the public log.
const loggedText = "text"

// logged is a setting as it stands in the log.
func logged(name, value string) logbook.Text {
	return logbook.Text{Kind: loggedText, Ref: name, Body: logbook.Canonical(struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"`
	}{name, json.RawMessage(value)})}
}

// Show has the log list what visitors read.
func Show(to logbook.Sources) {
	to[loggedText] = func(r *store.Reader, after string, _ int) (out []logbook.Text, err error) {
		for _, name := range slices.Sorted(maps.Keys(public)) {
			last, err := newest(r, name)
			if err != nil {
				return nil, err
			}
			if last != nil && name > after {
				out = append(out, logged(name, last.Value))
			}
		}
		return out, nil
	}
}

// Pin stores a value once and returns what was stored first; later values do
// not replace it.
func Pin(tx *store.Tx, name, value string) (string, error) {
	first, err := Pinned(&tx.Reader, name)
	if err != nil || first != "" {
		return first, err
	}
	v := row{Name: "pin/" + name, Version: 1, Value: value, At: tx.Now}
	if err := tx.Create(&v).Error; err != nil {
		return "", fmt.Errorf("settings: pin %s: %w", name, err)
	}
	return value, nil
}

// Pinned is what Pin stored, or empty.
func Pinned(r *store.Reader, name string) (string, error) {
	v, err := newest(r, "pin/"+name)
	if err != nil || v == nil {
		return "", err
	}
	return v.Value, nil
}

// Step is what a time limit is set for.
type Step string

const (
	Register Step = "register" // 登记
	Notice   Step = "notice"   // 告知受理情况
	Handle   Step = "handle"   // 办理
	Extend   Step = "extend"   // 延期
	Return   Step = "return"   // 退回误转件
	// Of petitions: how long a reconsideration and a re-review may take.
	Reconsider Step = "reconsider" // 复查
	ReReview   Step = "re_review"  // 复核
	Object     Step = "object"     // 不同意答复的，多久内可以提出
	Decide     Step = "decide"     // 对不同意见作出决定
	Feedback   Step = "feedback"   // 反馈举报的处理结果
)

// Word is the step as staff read it.
func (s Step) Word() string {
	return map[Step]string{Register: "登记", Notice: "告知", Handle: "办理", Extend: "延期", Return: "退回", Reconsider: "复查", ReReview: "复核",
		Object: "提出不同意见", Decide: "研究不同意见", Feedback: "反馈结果"}[s]
}

// TimeLimit is one row of the table of limits.
type TimeLimit struct {
	Kind      string // kind of case, * for all
	Step      Step
	Version   int
	Amount    int
	Unit      calendar.Unit
	Starts    string // what day 0 is: received, accepted, assigned, due, replied, objected, concluded
	Binding   bool   // a published norm: waiting for the citizen does not stop it
	Source    string
	At        *time.Time
	ActorID   int64
	ActorName string
}

func (TimeLimit) TableName() string { return "time_limits" }

// Limit is the length alone.
func (l TimeLimit) Limit() calendar.Limit {
	return calendar.Limit{Amount: l.Amount, Unit: l.Unit}
}

// Limits is the table of limits in force.
type Limits map[string]TimeLimit

// For finds the limit for a kind and step; the zero TimeLimit means none.
func (l Limits) For(kind string, step Step) TimeLimit {
	if v, ok := l[kind+"/"+string(step)]; ok {
		return v
	}
	return l["*/"+string(step)]
}

// LoadLimits reads the limits in force, and LimitHistory all versions.
func LoadLimits(r *store.Reader) (Limits, error) {
	all, err := LimitHistory(r)
	if err != nil {
		return nil, err
	}
	out := Limits{}
	for _, l := range all {
		out[l.Kind+"/"+string(l.Step)] = l // ordered by version: the newest wins
	}
	return out, nil
}

// LimitHistory lists every version of every limit, oldest first.
func LimitHistory(r *store.Reader) ([]TimeLimit, error) {
	var all []TimeLimit
	err := r.Select("kind, step, version, amount, unit, starts, binding, source, at, actor_id, actor_name").
		Order("kind, step, version").Limit(2000).Find(&all).Error
	if err != nil {
		return nil, fmt.Errorf("settings: time limits: %w", err)
	}
	return all, nil
}

// first is a limit as the norm gives it.
func first(r *store.Reader, kind string, step Step) (TimeLimit, error) {
	var l TimeLimit
	if err := r.Where("kind = ? AND step = ?", kind, step).Order("version").Take(&l).Error; err != nil {
		return l, fmt.Errorf("settings: norm: %w", err)
	}
	return l, nil
}

// SetLimit changes the length and source of one limit as a new version. Open
// cases keep their day until it is computed anew: after waiting for the citizen
// or with a new calendar.
func SetLimit(tx *store.Tx, by Author, kind string, step Step, length calendar.Limit, source string) error {
	limits, err := LoadLimits(&tx.Reader)
	if err != nil {
		return err
	}
	l, ok := limits[kind+"/"+string(step)]
	if !ok {
		return fault.New(fault.NotFound, "没有这一项时限。")
	}
	if _, err := calendar.NewLimit(length.Amount, length.Unit); err != nil {
		return err
	}
	source = strings.TrimSpace(source)
	if source == "" || utf8.RuneCountInString(source) > 100 {
		return fault.Form([]fault.Field{{Name: "source", Message: "请写明时限的依据，最多 100 个字。"}})
	}
	if l.Binding {
		norm, err := first(&tx.Reader, kind, step)
		if err != nil {
			return err
		}
		if length.Unit != norm.Unit || length.Amount > norm.Amount {
			return fault.Form([]fault.Field{{Name: "amount", Message: "这是法定时限（" + norm.Limit().String() + "），可以缩短，不能放宽，也不能换单位。"}})
		}
	}
	l.Amount, l.Unit, l.Source = length.Amount, length.Unit, source
	l.Version, l.At, l.ActorID, l.ActorName = l.Version+1, &tx.Now, by.ID, by.Name
	err = tx.Create(&l).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.New(fault.Conflict, "刚刚有人也改了这项时限，请刷新后再改。")
	}
	if err != nil {
		return fmt.Errorf("settings: set limit: %w", err)
	}
	return tx.Publish()
}
