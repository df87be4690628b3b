package cases

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Canned is a text that answers start from, in its newest version.
type Canned struct {
	ID        int64 `gorm:"primaryKey;autoIncrement:false"`
	Version   int   `gorm:"primaryKey;autoIncrement:false"`
	Kind      Kind  // empty: for every kind
	Title     string
	Body      string // with variables such as {编号}
	Retired   bool   // not offered any more
	At        time.Time
	ActorID   int64
	ActorName string
}

func (Canned) TableName() string { return "canned_replies" }

// Variables are what a canned text may leave open, and what fills it.
var Variables = []struct{ Name, What string }{{"编号", "受理编号"}, {"标题", "来件标题"}, {"收到日期", ""}, {"受理日期", ""}, {"办理期限", ""}, {"问题", "来件所说的整改问题"},
	{"承办部门", ""}, {"承办人", ""}, {"法院", "法院名称"}, {"热线", "热线电话"}}

var variable = regexp.MustCompile(`\{([^{}\n]{1,20})\}`)

// writers of canned texts; whoever writes answers uses them.
var cannedWriters = []staff.Role{staff.Dispatcher, staff.Supervisor}

const mostCanned = 200

// CannedReplies lists them, by kind and title; those that are retired only when asked for.
func CannedReplies(r *store.Reader, retired bool) (list []Canned, err error) {
	q := r.Select("id, version, kind, title, body, retired, at, actor_id, actor_name").
		Where("NOT EXISTS (SELECT 1 FROM canned_replies newer WHERE newer.id = canned_replies.id AND newer.version > canned_replies.version)")
	if !retired {
		q = q.Where("NOT retired")
	}
	if err := q.Order("kind, title, id").Limit(mostCanned).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: canned replies: %w", err)
	}
	return list, nil
}

// CannedByID finds one.
func CannedByID(r *store.Reader, id int64) (x Canned, err error) {
	err = r.Where("id = ?", id).Order("version DESC").Take(&x).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return x, fault.New(fault.NotFound, "没有这份常用答复。")
	}
	if err != nil {
		return x, fmt.Errorf("cases: canned reply: %w", err)
	}
	return x, nil
}

// SaveCanned stores a new one (ID 0) or a new version; seen is the version that the writer started from.
func (s *Service) SaveCanned(ctx context.Context, a staff.Actor, x Canned, seen int) (int64, error) {
	if err := a.Require(cannedWriters...); err != nil {
		return 0, err
	}
	var bad []fault.Field
	var err error
	if x.Title, err = text("title", "名称", x.Title, true); err != nil {
		bad = append(bad, fault.Field{Name: "title", Message: "请填写名称。"})
	} else if len([]rune(x.Title)) > maxLine {
		bad = append(bad, fault.Field{Name: "title", Message: fmt.Sprintf("名称最多 %d 个字。", maxLine)})
	}
	if x.Body, err = text("body", "内容", x.Body, true); err != nil {
		f, _ := fault.As(err)
		bad = append(bad, f.Fields...)
	}
	for _, m := range variable.FindAllStringSubmatch(x.Body, -1) {
		if !isVariable(m[1]) {
			bad = append(bad, fault.Field{Name: "body", Message: "没有“{" + m[1] + "}”这个变量，请照列出的写。"})
			break
		}
	}
	if x.Kind != "" && !x.Kind.Valid() {
		bad = append(bad, fault.Field{Name: "kind", Message: "请选择类别。"})
	}
	if err := fault.Form(bad); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if x.ID == 0 {
			if err := tx.Raw("SELECT coalesce(max(id), 0) + 1 FROM canned_replies").Scan(&x.ID).Error; err != nil {
				return fmt.Errorf("cases: canned reply: %w", err)
			}
		} else if now, err := CannedByID(&tx.Reader, x.ID); err != nil {
			return err
		} else if now.Version != seen {
			return fault.New(fault.Conflict, "别人刚刚改过这份常用答复。您填写的内容还在，请核对后再保存。")
		}
		x.Version, x.At, x.ActorID, x.ActorName = seen+1, tx.Now, a.ID, a.Name
		err := tx.Create(&x).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "别人刚刚也保存了一份，请再按一次保存。")
		}
		if err != nil {
			return fmt.Errorf("cases: canned reply: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "canned.save", Subject: "canned", SubjectID: x.ID, Changes: []journal.Change{{Field: "title", New: x.Title}}})
	})
	return x.ID, err
}

func isVariable(name string) bool {
	for _, v := range Variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

// Filled is a canned text for a case; what the case does not say is left to be
// written, in the form that keeps an answer from being reviewed or sent.
func (x Canned) Filled(p Page, site settings.Site) string {
	values := map[string]string{"编号": p.Case.CaseNo, "标题": p.Case.Title, "收到日期": p.Case.ReceivedOn.Chinese(), "受理日期": p.Case.AcceptedOn.Chinese(), "办理期限": p.Case.HandleDue.Chinese(),
		"承办部门": p.Department, "承办人": p.Handler, "法院": site.Court, "热线": site.Hotline}
	if p.Problem != nil {
		values["问题"] = p.Problem.Title
	}
	return variable.ReplaceAllStringFunc(x.Body, func(v string) string {
		name := strings.Trim(v, "{}")
		if value := values[name]; value != "" {
			return value
		}
		return "（写明" + name + "）"
	})
}
