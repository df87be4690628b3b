package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// maxReply is the length of an answer.
const maxReply = 10_000

// Draft is the answer being written. Every saved version is kept.
type Draft struct {
	CaseID         int64 `gorm:"primaryKey"`
	Body           string
	AuthorID       int64
	SavedAt        time.Time
	ReviewedBy     *int64
	ApprovedBy     *int64
	ApprovedDigest string // SHA-256 of the text that was approved; what is sent has the same
	Version        int
}

type draftVersion struct {
	ID       int64
	CaseID   int64
	Version  int
	Body     string
	AuthorID int64
	SavedAt  time.Time
}

// Reply is an answer that was sent.
type Reply struct {
	ID     int64
	CaseID int64
	SentAt time.Time
	Body   string
	Digest string
	Unit   string
	// DepartmentID is who answered; another department reconsiders.
	DepartmentID *int64
	Stage        Stage // that it ended
	DraftedBy    int64
	ApprovedBy   int64
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func draft(r *store.Reader, id int64) (*Draft, error) {
	var d Draft
	err := r.Where("case_id = ?", id).Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cases: draft: %w", err)
	}
	return &d, nil
}

func lastReply(r *store.Reader, id int64) (*Reply, error) {
	var list []Reply
	if err := r.Where("case_id = ?", id).Order("id DESC").Limit(1).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: reply: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}

// SaveDraft keeps the text of the answer. seen is the draft's version that the
// writer started from, 0 for none; if somebody saved in between, nothing is
// overwritten and the Conflict leaves both texts for the page to show side by
// side. An edit voids review and approval.
func (s *Service) SaveDraft(ctx context.Context, a staff.Actor, id int64, seen int, body string) (version int, err error) {
	body = typed.Clean(body)
	if n := len([]rune(body)); n == 0 || n > maxReply {
		return 0, fault.Form([]fault.Field{{Name: "body", Message: fmt.Sprintf("请写答复内容，1 到 %d 个字；现在有 %d 个字。", maxReply, n)}})
	}
	err = s.act(ctx, a, id, DoDraft, func(tx *store.Tx, c *Case) error {
		old, err := draft(&tx.Reader, id)
		if err != nil {
			return err
		}
		// Versions go on after an answer was sent and the case came back.
		var last int
		if err := tx.Model(&draftVersion{}).Select("coalesce(max(version), 0)").Where("case_id = ?", id).Scan(&last).Error; err != nil {
			return fmt.Errorf("cases: draft: %w", err)
		}
		d := Draft{CaseID: id, Body: body, AuthorID: a.ID, SavedAt: tx.Now, Version: last + 1}
		if old != nil {
			if old.Version != seen && (old.AuthorID != a.ID || old.Body != body) {
				return fault.New(fault.Conflict, "别人刚刚改过这份答复稿。下面并排列出两份，请合并后再保存。")
			}
			if old.Body == body && c.State == Handling {
				version = old.Version
				return drop(tx, a, id)
			}
		}
		if err := drop(tx, a, id); err != nil { // what was being written is saved
			return err
		}
		version = d.Version
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "case_id"}}, UpdateAll: true}).Create(&d).Error; err != nil {
			return fmt.Errorf("cases: draft: %w", err)
		}
		if err := tx.Create(&draftVersion{CaseID: id, Version: d.Version, Body: body, AuthorID: a.ID, SavedAt: tx.Now}).Error; err != nil {
			return fmt.Errorf("cases: draft: %w", err)
		}
		if c.State == Handling {
			return nil // saving again is no event of its own
		}
		if c.HandlerID == nil {
			c.HandlerID = &a.ID
		}
		return move(tx, a, c, DoDraft, 0, record{})
	})
	return version, err
}

// Propose hands the draft to the reviewer.
func (s *Service) Propose(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoPropose, func(tx *store.Tx, c *Case) error {
		if _, err := needDraft(tx, id); err != nil {
			return err
		}
		return move(tx, a, c, DoPropose, version, record{})
	})
}

func needDraft(tx *store.Tx, id int64) (*Draft, error) {
	d, err := draft(&tx.Reader, id)
	if err == nil && d == nil {
		err = fault.New(fault.Conflict, "还没有答复稿，请先写好并保存。")
	}
	if err == nil {
		err = filled("body", d.Body) // saved as it is, but it goes no further
	}
	return d, err
}

// Pass is the reviewer's consent; the drafter cannot give it.
func (s *Service) Pass(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoPass, func(tx *store.Tx, c *Case) error {
		d, err := needDraft(tx, id)
		if err != nil {
			return err
		}
		if err := notOwn(tx, a, d); err != nil {
			return err
		}
		if err := tx.Model(&Draft{}).Where("case_id = ?", id).Update("reviewed_by", a.ID).Error; err != nil {
			return fmt.Errorf("cases: pass: %w", err)
		}
		return move(tx, a, c, DoPass, version, record{})
	})
}

// notOwn refuses whoever wrote any of the versions since the last answer.
func notOwn(tx *store.Tx, a staff.Actor, d *Draft) error {
	since := time.Time{}
	last, err := lastReply(&tx.Reader, d.CaseID)
	if err != nil {
		return err
	}
	if last != nil {
		since = last.SentAt
	}
	var wrote int64
	if err := tx.Model(&draftVersion{}).Where("case_id = ? AND author_id = ? AND saved_at > ?", d.CaseID, a.ID, since).Count(&wrote).Error; err != nil {
		return fmt.Errorf("cases: authors: %w", err)
	}
	if wrote > 0 || d.AuthorID == a.ID {
		return fault.New(fault.Forbidden, "答复稿是您写的，要由别人审核和签发。")
	}
	return nil
}

// SendBack returns the draft to its writer with a reason; review and approval are void.
func (s *Service) SendBack(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "修改意见", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoSendBack, func(tx *store.Tx, c *Case) error {
		if err := voidApproval(tx, id); err != nil {
			return err
		}
		return move(tx, a, c, DoSendBack, version, record{message: &Message{Author: Inside, Body: reason}})
	})
}

func voidApproval(tx *store.Tx, id int64) error {
	err := tx.Model(&Draft{}).Where("case_id = ?", id).
		Updates(map[string]any{"reviewed_by": nil, "approved_by": nil, "approved_digest": ""}).Error
	if err != nil {
		return fmt.Errorf("cases: void approval: %w", err)
	}
	return nil
}

// Approve releases exactly the text that the approver saw: digest is that of
// the text on the approver's page.
func (s *Service) Approve(ctx context.Context, a staff.Actor, id int64, version int, seen string) error {
	return s.act(ctx, a, id, DoApprove, func(tx *store.Tx, c *Case) error {
		d, err := needDraft(tx, id)
		if err != nil {
			return err
		}
		if err := notOwn(tx, a, d); err != nil {
			return err
		}
		if digest(d.Body) != seen {
			return fault.New(fault.Conflict, "答复稿刚刚改过，请看过最新的稿子再签发。")
		}
		err = tx.Model(&Draft{}).Where("case_id = ?", id).Updates(map[string]any{"approved_by": a.ID, "approved_digest": seen}).Error
		if err != nil {
			return fmt.Errorf("cases: approve: %w", err)
		}
		return move(tx, a, c, DoApprove, version, record{changes: []journal.Change{{Field: "digest", New: seen}}})
	})
}

// Send delivers the approved text to the citizen, once.
func (s *Service) Send(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoSend, func(tx *store.Tx, c *Case) error {
		d, err := needDraft(tx, id)
		if err != nil {
			return err
		}
		if d.ApprovedBy == nil || d.ApprovedDigest == "" {
			return fault.New(fault.Conflict, "答复稿还没有签发，不能发出。")
		}
		if digest(d.Body) != d.ApprovedDigest {
			return fault.New(fault.Conflict, "答复稿与签发的不一致，请重新审核签发。")
		}
		unit := ""
		if c.DepartmentID != nil {
			if unit, err = staff.DepartmentName(&tx.Reader, *c.DepartmentID); err != nil {
				return err
			}
		}
		if site, err := settings.LoadSite(&tx.Reader); err != nil {
			return err
		} else if unit == "" {
			unit = site.ReplyUnit
		}
		r := Reply{CaseID: id, SentAt: tx.Now, Body: d.Body, Digest: d.ApprovedDigest, Unit: unit, DepartmentID: c.DepartmentID, Stage: c.Stage, DraftedBy: d.AuthorID, ApprovedBy: *d.ApprovedBy}
		if err := tx.Create(&r).Error; err != nil {
			return fmt.Errorf("cases: send: %w", err)
		}
		if err := tx.Where("case_id = ?", id).Delete(&Draft{}).Error; err != nil {
			return fmt.Errorf("cases: send: %w", err)
		}
		c.RepliedOn = calendar.Of(tx.Now)
		c.Late = c.Late || (!c.HandleDue.IsZero() && c.RepliedOn.After(c.HandleDue))
		return move(tx, a, c, DoSend, version, record{changes: []journal.Change{{Field: "digest", New: r.Digest}}, notify: true})
	})
}

// Extend lengthens the handling limit once; the reason is told to the citizen.
func (s *Service) Extend(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "延期理由", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoExtend, func(tx *store.Tx, c *Case) error {
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		l := u.limits.For(string(c.Kind), settings.Extend)
		switch {
		case c.Stage != First:
			return fault.New(fault.Conflict, c.Stage.Word()+"的期限不能延长。")
		case calendar.Of(tx.Now).After(c.HandleDue) && !c.HandleDue.IsZero():
			return fault.New(fault.Conflict, "已经超过期限，不能再延期。请尽快答复。")
		case c.Extended:
			return fault.New(fault.Conflict, "已经延期过一次，不能再延期。")
		case l.Amount == 0 || c.HandleDue.IsZero():
			return fault.New(fault.Conflict, "这一类事项不能延期。")
		}
		stopped, err := pauses(&tx.Reader, id, calendar.Of(tx.Now))
		if err != nil {
			return err
		}
		old := c.HandleDue
		unextended, _ := u.handleDue(*c, stopped)
		c.Extended = true
		c.HandleDue, c.Provisional = u.handleDue(*c, stopped)
		if unextended != old {
			// The limit was changed in the settings since; this case keeps its own.
			c.HandleDue, c.Provisional = u.calendar.Due(old, l.Limit())
		}
		return move(tx, a, c, DoExtend, version, record{detail: "延至" + c.HandleDue.Chinese(), message: &Message{Author: ByCourt, Body: reason},
			changes: []journal.Change{{Field: "handle_due", Old: old.String(), New: c.HandleDue.String()}}, notify: true})
	})
}

var errObjected = fault.New(fault.Conflict, "来信人不同意答复，要由督办员或者分办员决定重办还是不再重办。")

// Conclude closes an answered case. While a co-operating department has not
// answered, it needs a reason; while the sender's objection waits for a
// decision, it is refused.
func (s *Service) Conclude(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "理由", reason, false)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoConclude, func(tx *store.Tx, c *Case) error {
		open, names, err := openTasks(&tx.Reader, id)
		if err != nil {
			return err
		}
		var rec record
		switch {
		case len(open) > 0 && reason == "":
			return fault.Form([]fault.Field{{Name: "content", Message: "会办部门还没有答复：" + names + "。请等他们答复，或者写明为什么现在办结。"}})
		case reason != "":
			rec.message = &Message{Author: Inside, Body: reason}
		}
		return move(tx, a, c, DoConclude, version, rec)
	})
}

// Redo sends an answered case back to its handler, with a reason; a new limit starts.
func (s *Service) Redo(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "重办理由", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoRedo, func(tx *store.Tx, c *Case) error {
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		// A second handling has its own limit, and may be extended once of its own.
		c.Extended, c.ObjectedAt = false, nil
		u.start(c, calendar.Of(tx.Now))
		return move(tx, a, c, DoRedo, version, record{message: &Message{Author: Inside, Body: reason}, notify: true})
	})
}

// Archive files an ended case away.
func (s *Service) Archive(ctx context.Context, a staff.Actor, id int64, version int) error {
	return s.act(ctx, a, id, DoArchive, func(tx *store.Tx, c *Case) error {
		return move(tx, a, c, DoArchive, version, record{})
	})
}
