package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Meeting is a review meeting (季度研究). While it is planned, its agenda, its
// minutes and its decisions are drafts; once it is held they are final, and what
// is still to be said is added beside them.
type Meeting struct {
	ID          int64
	ProgrammeID int64
	Title       string
	HeldOn      calendar.Date // or planned for
	State       string        // planned, held
	Minutes     string
	NextOn      calendar.Date // when the next one is to be
	By          by            `gorm:"embedded"`
	SettledAt   *time.Time    // since when the minutes are final
	SettledBy   int64
	SettledName string
	Version     int
}

func (Meeting) TableName() string { return "review_meetings" }

// Held says that nothing in the meeting changes any more.
func (m Meeting) Held() bool { return m.State == "held" }

// MeetingText is what the office writes of a meeting.
type MeetingText struct {
	Title   string
	HeldOn  calendar.Date
	Minutes string
	NextOn  calendar.Date
}

// maxMinutes is the length of minutes, in characters.
const maxMinutes = 20_000

func (t MeetingText) into(m *Meeting) error {
	var bad []fault.Field
	ask("title", "会议名称", t.Title, true, 100, &m.Title, &bad)
	ask("minutes", "会议记录", t.Minutes, false, maxMinutes, &m.Minutes, &bad)
	if t.HeldOn.IsZero() {
		bad = append(bad, fault.Field{Name: "held_on", Message: "请填写会议日期。"})
	}
	if !t.NextOn.IsZero() && !t.NextOn.After(t.HeldOn) {
		bad = append(bad, fault.Field{Name: "next_on", Message: "下次会议的日期要晚于这次会议。"})
	}
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	m.HeldOn, m.NextOn = t.HeldOn, t.NextOn
	return nil
}

// PlanMeeting plans a meeting.
func (s *Service) PlanMeeting(ctx context.Context, a staff.Actor, programmeID int64, t MeetingText) (id int64, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return 0, err
	}
	m := Meeting{ProgrammeID: programmeID, State: "planned", Version: 1}
	if err := t.into(&m); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := programme(&tx.Reader, "id = ?", programmeID); err != nil {
			return err
		}
		m.ID, m.By = 0, signed(tx, a)
		if err := tx.Create(&m).Error; err != nil {
			return fmt.Errorf("ledger: plan meeting: %w", err)
		}
		id = m.ID
		return recordMeeting(tx, a, "meeting.plan", id, journal.Change{Field: "held_on", New: m.HeldOn.String()})
	})
	return id, err
}

// SaveMeeting keeps what has been written of a planned meeting.
func (s *Service) SaveMeeting(ctx context.Context, a staff.Actor, id int64, version int, t MeetingText) error {
	return s.writeMeeting(ctx, a, id, version, t, "meeting.save", func(*store.Tx, *Meeting) error { return nil })
}

// HoldMeeting makes a meeting's agenda, minutes and decisions final.
func (s *Service) HoldMeeting(ctx context.Context, a staff.Actor, id int64, version int, t MeetingText) error {
	return s.writeMeeting(ctx, a, id, version, t, "meeting.hold", func(tx *store.Tx, m *Meeting) error {
		var bad []fault.Field
		if m.Minutes == "" {
			bad = append(bad, fault.Field{Name: "minutes", Message: "请填写会议记录，定稿以后不能再改，只能补记。"})
		}
		if m.HeldOn.After(calendar.Of(tx.Now)) {
			bad = append(bad, fault.Field{Name: "held_on", Message: "会议还没有开，不能定稿；提前开了的，请把会议日期改成实际的日期。"})
		}
		if len(bad) > 0 {
			return fault.Form(bad)
		}
		m.State, m.SettledAt, m.SettledBy, m.SettledName = "held", &tx.Now, a.ID, a.Name
		return nil
	})
}

func (s *Service) writeMeeting(ctx context.Context, a staff.Actor, id int64, version int, t MeetingText, verb string, then func(*store.Tx, *Meeting) error) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		m, err := plannedMeeting(tx, id)
		if err != nil {
			return err
		}
		if m.Version != version {
			return errMoved
		}
		if err := t.into(&m); err != nil {
			return err
		}
		var early int64
		if err := tx.Model(&Decision{}).Where("meeting_id = ? AND due_on < ?", id, m.HeldOn).Limit(1).Count(&early).Error; err != nil {
			return fmt.Errorf("ledger: save meeting: %w", err)
		}
		if early > 0 {
			return fault.Form([]fault.Field{{Name: "held_on", Message: "已经记下的决定里，有的办理期限早于这一天，请先改正。"}})
		}
		if err := then(tx, &m); err != nil {
			return err
		}
		m.Version++
		done := tx.Model(&m).Where("version = ?", version).Select("*").Omit("id").Updates(&m)
		if done.Error != nil {
			return fmt.Errorf("ledger: save meeting: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		return recordMeeting(tx, a, verb, id)
	})
}

// MeetingAddition is what is added to the minutes after they were final.
type MeetingAddition struct {
	ID        int64
	MeetingID int64
	Text      string
	By        by `gorm:"embedded"`
}

// AddToMinutes adds to the minutes of a meeting that was held; the minutes
// themselves stay as they were.
func (s *Service) AddToMinutes(ctx context.Context, a staff.Actor, id int64, text string) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("text", "补记的内容", text, true, maxText, &text, &bad)
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		m, err := meeting(&tx.Reader, id)
		if err != nil {
			return err
		}
		if !m.Held() {
			return fault.New(fault.Conflict, "会议记录还没有定稿，请直接改会议记录。")
		}
		if err := tx.Create(&MeetingAddition{MeetingID: id, Text: text, By: signed(tx, a)}).Error; err != nil {
			return fmt.Errorf("ledger: add to minutes: %w", err)
		}
		return recordMeeting(tx, a, "meeting.add", id)
	})
}

func recordMeeting(tx *store.Tx, a staff.Actor, verb string, id int64, changes ...journal.Change) error {
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: "meeting", SubjectID: id, Changes: changes})
}

func meeting(r *store.Reader, id int64) (Meeting, error) {
	var m Meeting
	err := r.Where("id = ?", id).Take(&m).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return m, fault.New(fault.NotFound, "没有这次会议。请从会议列表里查找。")
	}
	if err != nil {
		return m, fmt.Errorf("ledger: meeting: %w", err)
	}
	return m, nil
}

// plannedMeeting reads a meeting that may still change, and keeps others from
// changing it until tx ends.
func plannedMeeting(tx *store.Tx, id int64) (Meeting, error) {
	done := tx.Exec("UPDATE review_meetings SET version = version WHERE id = ? AND state = 'planned'", id)
	if done.Error != nil {
		return Meeting{}, fmt.Errorf("ledger: meeting: %w", done.Error)
	}
	m, err := meeting(&tx.Reader, id)
	if err == nil && done.RowsAffected != 1 {
		err = fault.New(fault.Conflict, "会议已经定稿，议题、记录和决定都不能再改；需要补充的，请用“补记”。")
	}
	return m, err
}

// MeetingRow is a meeting in the list.
type MeetingRow struct {
	Meeting
	Items     int
	Decisions int
	Undone    int // decisions that are not done
}

// meetingRows selects meetings with how much they hold.
func meetingRows(r *store.Reader) *gorm.DB {
	return r.Table("review_meetings").Select(`review_meetings.*, (SELECT count(*) FROM meeting_items i WHERE i.meeting_id = review_meetings.id) AS items,
		(SELECT count(*) FROM meeting_decisions d WHERE d.meeting_id = review_meetings.id) AS decisions,
		(SELECT count(*) FROM meeting_decisions d WHERE d.meeting_id = review_meetings.id AND d.done_on IS NULL) AS undone`)
}

// ListMeetings lists a programme's meetings, the newest first; before is the
// last of the page before, or 0.
func ListMeetings(r *store.Reader, a staff.Actor, programmeID, before int64, limit int) ([]MeetingRow, error) {
	if err := a.Require(overseers...); err != nil {
		return nil, err
	}
	q := meetingRows(r).Where("programme_id = ?", programmeID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var list []MeetingRow
	if err := q.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: meetings: %w", err)
	}
	return list, nil
}

// Minutes is a meeting with all that belongs to it.
type Minutes struct {
	Meeting
	Items     []AgendaItem
	Decisions []Decided
	Additions []MeetingAddition
}

// OpenMeeting reads a meeting.
func OpenMeeting(r *store.Reader, a staff.Actor, id int64) (Minutes, error) {
	var x Minutes
	if err := a.Require(overseers...); err != nil {
		return x, err
	}
	var err error
	if x.Meeting, err = meeting(r, id); err != nil {
		return x, err
	}
	if err := r.Where("meeting_id = ?", id).Order("no").Limit(maxAgenda).Find(&x.Items).Error; err != nil {
		return x, fmt.Errorf("ledger: agenda: %w", err)
	}
	if err := decided(r).Where("meeting_decisions.meeting_id = ?", id).Order("meeting_decisions.no").Limit(maxAgenda).Find(&x.Decisions).Error; err != nil {
		return x, fmt.Errorf("ledger: decisions: %w", err)
	}
	if err := r.Where("meeting_id = ?", id).Order("id").Limit(perPage).Find(&x.Additions).Error; err != nil {
		return x, fmt.Errorf("ledger: additions: %w", err)
	}
	return x, nil
}

// LastMeetingBefore is the day of the last meeting held before another, which
// is since when news is new; no date where there was none.
func LastMeetingBefore(r *store.Reader, m Meeting) (calendar.Date, error) {
	var days []calendar.Date
	err := r.Model(&Meeting{}).Where("programme_id = ? AND state = 'held' AND id <> ? AND held_on <= ?", m.ProgrammeID, m.ID, m.HeldOn).
		Order("held_on DESC").Limit(1).Pluck("held_on", &days).Error
	if err != nil || len(days) == 0 {
		return calendar.Date{}, err
	}
	return days[0], nil
}
