package cases

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// erased stands where a text was that had outlived its purpose.
const erased = "（已按保存期限删除）"

// What is erased of a case, in this order.
const (
	contactPart = "contact"
	contentPart = "content"
)

// keepers put a case on hold and decide about requests.
var keepers = []staff.Role{staff.Supervisor, staff.Dispatcher}

// erasedAtOnce is how many cases one transaction of the purge erases.
const erasedAtOnce = 50

// Expire erases what has outlived its period: contact details first, then the
// content; kind, dates, the timeline and the statistics stay. What is on hold
// stays whole, and everything does until the court has confirmed the periods:
// nobody loses anything by installing the program. It says how many parts it erased.
func (s *Service) Expire(ctx context.Context) (n int, err error) {
	for {
		var some int
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) { some, err = expire(tx); return err })
		if n += some; err != nil || some == 0 {
			return n, err
		}
	}
}

func expire(tx *store.Tx) (n int, err error) {
	periods, err := settings.LoadRetention(&tx.Reader)
	if err != nil || !periods.Confirmed {
		return 0, err
	}
	today := calendar.Of(tx.Now)
	if err := forgetAside(tx, today.AddMonths(-periods.Invalid)); err != nil {
		return 0, err
	}
	for _, kind := range Kinds {
		p := periods.Kinds[string(kind)]
		for _, x := range []struct {
			kept, what string
			months     int
		}{{"all", contactPart, p.Contact}, {"content", contentPart, p.Content}} {
			if x.months == 0 {
				continue
			}
			var due []Case
			q := tx.Select(columns).Where("kind = ? AND ended_on IS NOT NULL AND kept = '"+x.kept+"'", kind).
				Where("(ended_on <= ? OR state = 'invalid' AND ended_on <= ?)", today.AddMonths(-x.months), today.AddMonths(-periods.Invalid)).
				Where("NOT EXISTS (SELECT 1 FROM case_holds WHERE case_holds.case_id = cases.id AND lifted_at IS NULL)")
			if err := q.Order("ended_on, id").Limit(erasedAtOnce - n).Find(&due).Error; err != nil {
				return n, fmt.Errorf("cases: expire: %w", err)
			}
			for i := range due {
				if err := erase(tx, staff.System, &due[i], x.what, "period"); err != nil {
					return n, err
				}
				n++
			}
			if n >= erasedAtOnce {
				return n, nil
			}
		}
	}
	return n, nil
}

// erase removes a part of a case for good, and says so.
func erase(tx *store.Tx, a staff.Actor, c *Case, what, why string) error {
	done := tx.Exec("INSERT INTO case_erasures (case_id, what, why, at, actor_id, actor_name) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", c.ID, what, why, tx.Now, a.ID, a.Name)
	if done.Error != nil {
		return fmt.Errorf("cases: erase: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return nil
	}
	do := func(query string, args ...any) error {
		if err := tx.Exec(query, args...).Error; err != nil {
			return fmt.Errorf("cases: erase: %w", err)
		}
		return nil
	}
	var err error
	if what == contactPart {
		err = errors.Join(do("DELETE FROM case_contacts WHERE case_id = ?", c.ID), do("UPDATE case_import_rows SET cells = '' WHERE case_id = ?", c.ID), do("UPDATE cases SET kept = 'content', version = version + 1 WHERE id = ?", c.ID))
	} else {
		err = errors.Join(
			do("UPDATE case_messages SET body = ? WHERE case_id = ?", erased, c.ID), do("UPDATE draft_versions SET body = ? WHERE case_id = ?", erased, c.ID),
			do("UPDATE replies SET body = ? WHERE case_id = ?", erased, c.ID), do("UPDATE case_calls SET note = ? WHERE case_id = ? AND note <> ''", erased, c.ID),
			do("UPDATE case_tasks SET ask = ?, answer = CASE WHEN answer = '' THEN '' ELSE ? END WHERE case_id = ?", erased, erased, c.ID),
			do("DELETE FROM drafts WHERE case_id = ?", c.ID), do("DELETE FROM case_autosaves WHERE case_id = ?", c.ID), do("DELETE FROM attachments WHERE case_id = ?", c.ID), do("UPDATE case_origins SET external_id = '' WHERE case_id = ?", c.ID),
			do(`UPDATE cases SET kept = 'none', version = version + 1, title = ?, content = ?, unit = '', happened_at = '', place = '', case_number = '', demand = '', facts = '', content_hash = ? WHERE id = ?`,
				erased, erased, []byte{}, c.ID),
			search.Index(tx, searchKind, c.ID, ""))
	}
	if err != nil {
		return err
	}
	return told(tx, a, *c, DoErase, map[string]string{contactPart: "联系方式", contentPart: "内容"}[what]+map[string]string{"period": "已过保存期限", "request": "应本人要求删除"}[why])
}

// Hold keeps a case from erasure, for a lawful reason; Unhold lets go of it.
func (s *Service) Hold(ctx context.Context, a staff.Actor, id int64, reason string) error {
	reason, err := text("content", "保留的理由", reason, true)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoHold, func(tx *store.Tx, c *Case) error {
		err := tx.Exec("INSERT INTO case_holds (case_id, reason, at, actor_id, actor_name) VALUES (?, ?, ?, ?, ?)", id, reason, tx.Now, a.ID, a.Name).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "此件已经列为保留。")
		}
		if err != nil {
			return fmt.Errorf("cases: hold: %w", err)
		}
		return told(tx, a, *c, DoHold, "")
	})
}

func (s *Service) Unhold(ctx context.Context, a staff.Actor, id int64) error {
	return s.act(ctx, a, id, DoUnhold, func(tx *store.Tx, c *Case) error {
		done := tx.Exec("UPDATE case_holds SET lifted_at = ?, lifted_by = ?, lifted_name = ? WHERE case_id = ? AND lifted_at IS NULL", tx.Now, a.ID, a.Name, id)
		if done.Error != nil {
			return fmt.Errorf("cases: unhold: %w", done.Error)
		}
		if done.RowsAffected == 0 {
			return fault.New(fault.Conflict, "此件没有列为保留。")
		}
		return told(tx, a, *c, DoUnhold, "")
	})
}

// Keeping is what becomes of a case's data.
type Keeping struct {
	Contact, Content bool   // still there
	Hold             string // why it is on hold; empty: it is not
	HeldBy           string
	Request          *ErasureRequest // the newest
	ContactUntil     calendar.Date   // once ended: when each is erased
	ContentUntil     calendar.Date
}

// mayAsk says that there is something to erase and no request that waits.
func (k Keeping) mayAsk() bool {
	return k.Content && (k.Request == nil || k.Request.State != "open")
}

// ErasureRequest is a sender's wish to have everything erased before its time.
type ErasureRequest struct {
	ID          int64
	CaseID      int64
	Reason      string
	State       string // open, granted, refused
	At          time.Time
	Answer      string
	DecidedAt   *time.Time
	DecidedBy   int64
	DecidedName string
}

func (ErasureRequest) TableName() string { return "erasure_requests" }

func keeping(r *store.Reader, c Case) (k Keeping, err error) {
	var kept []string
	if err := r.Table("cases").Where("id = ?", c.ID).Limit(1).Pluck("kept", &kept).Error; err != nil {
		return k, fmt.Errorf("cases: keeping: %w", err)
	}
	k.Contact, k.Content = len(kept) > 0 && kept[0] == "all", len(kept) > 0 && kept[0] != "none"
	var holds []struct{ Reason, ActorName string }
	if err := r.Table("case_holds").Select("reason, actor_name").Where("case_id = ? AND lifted_at IS NULL", c.ID).Limit(1).Find(&holds).Error; err != nil {
		return k, fmt.Errorf("cases: keeping: %w", err)
	}
	if len(holds) > 0 {
		k.Hold, k.HeldBy = holds[0].Reason, holds[0].ActorName
	}
	var list []ErasureRequest
	if err := r.Where("case_id = ?", c.ID).Order("id DESC").Limit(1).Find(&list).Error; err != nil {
		return k, fmt.Errorf("cases: keeping: %w", err)
	}
	if len(list) > 0 {
		k.Request = &list[0]
	}
	if !c.EndedOn.IsZero() {
		periods, err := settings.LoadRetention(r)
		if err != nil || !periods.Confirmed {
			return k, err
		}
		p := periods.Kinds[string(c.Kind)]
		k.ContactUntil, k.ContentUntil = c.EndedOn.AddMonths(p.Contact), c.EndedOn.AddMonths(p.Content)
		if c.State == Invalid {
			k.ContactUntil, k.ContentUntil = c.EndedOn.AddMonths(min(p.Contact, periods.Invalid)), c.EndedOn.AddMonths(min(p.Content, periods.Invalid))
		}
	}
	return k, nil
}

// AskErasure is the sender's request to have everything erased
// (《个人信息保护法》第四十七条); it waits for a decision.
func (s *Service) AskErasure(ctx context.Context, id int64, reason string) error {
	reason, err := text("content", "理由", reason, false)
	if err != nil {
		return err
	}
	return s.citizen(ctx, id, DoAskErasure, func(tx *store.Tx, c *Case) error {
		if !c.State.Ended() {
			return fault.New(fault.Conflict, "这件事还在办理，办完以后才能删除。不想继续的，可以先撤回。")
		}
		err := tx.Exec("INSERT INTO erasure_requests (case_id, reason, state, at) VALUES (?, ?, 'open', ?)", id, reason, tx.Now).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "您的申请已经收到，正在研究。")
		}
		if err != nil {
			return fmt.Errorf("cases: ask erasure: %w", err)
		}
		return told(tx, staff.Actor{}, *c, DoAskErasure, "")
	})
}

// DecideErasure grants a request, which erases everything at once, or refuses it with a reason that the sender reads.
func (s *Service) DecideErasure(ctx context.Context, a staff.Actor, id int64, grant bool, answer string) error {
	answer, err := text("content", "给来信人的说明", answer, !grant)
	if err != nil {
		return err
	}
	return s.act(ctx, a, id, DoDecideErasure, func(tx *store.Tx, c *Case) error {
		k, err := keeping(&tx.Reader, *c)
		if err != nil {
			return err
		}
		switch {
		case k.Request == nil || k.Request.State != "open":
			return fault.New(fault.Conflict, "没有等待决定的删除申请。")
		case grant && k.Hold != "":
			return fault.New(fault.Conflict, "此件依法保留，不能删除。请先解除保留，或者说明理由、不予删除。")
		case grant && !c.State.Ended():
			return fault.New(fault.Conflict, "此件又在办理，不能删除。")
		}
		state := "refused"
		if grant {
			state = "granted"
		}
		if err := tx.Exec("UPDATE erasure_requests SET state = ?, answer = ?, decided_at = ?, decided_by = ?, decided_name = ? WHERE id = ?", state, answer, tx.Now, a.ID, a.Name, k.Request.ID).Error; err != nil {
			return fmt.Errorf("cases: decide erasure: %w", err)
		}
		if err := told(tx, a, *c, DoDecideErasure, map[bool]string{true: "同意", false: "不予删除"}[grant]); err != nil || !grant {
			return err
		}
		if err := erase(tx, a, c, contactPart, "request"); err != nil {
			return err
		}
		return erase(tx, a, c, contentPart, "request")
	})
}

// WaitingErasure is a request that waits for a decision.
type WaitingErasure struct {
	Row
	At time.Time
}

// Erasures lists the requests that wait, oldest first, of the cases that the actor may see.
func (s *Service) Erasures(ctx context.Context, a staff.Actor, limit int) (list []WaitingErasure, err error) {
	if err := a.Require(keepers...); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := r.Table("erasure_requests").Select("cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.received_on, erasure_requests.at").
			Joins("JOIN cases ON cases.id = erasure_requests.case_id").Where("erasure_requests.state = 'open'")
		return visible(q, a).Order("erasure_requests.id").Limit(limit).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: erasures: %w", err)
	}
	return list, nil
}

// Own is everything that a sender gave and was told, for themselves.
type Own struct {
	Tracked
	Contact Contact
	Erased  []string
}

// ExportOwn reads it for the sender, who was admitted; that it was taken is recorded.
func (s *Service) ExportOwn(ctx context.Context, id int64) (Own, error) {
	t, err := s.Track(ctx, id)
	if err != nil {
		return Own{}, err
	}
	o := Own{Tracked: t}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if o.Contact, err = s.contactOf(&tx.Reader, id); err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Verb: "case.export_own", Subject: "case", SubjectID: id})
	})
	return o, err
}
