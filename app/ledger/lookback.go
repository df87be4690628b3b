package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Lookback is a round of looking back (回头看) at measures that were closed.
type Lookback struct {
	ID          int64
	ProgrammeID int64
	Title       string
	FromOn      calendar.Date
	ToOn        calendar.Date
	Sample      int    // how many were drawn; 0: all
	Seed        string // decides the draw, so that anyone can repeat it
	State       string // open, ended
	By          by     `gorm:"embedded"`
	EndedAt     *time.Time
}

// LookbackItem is a measure in a round and what was found.
type LookbackItem struct {
	ID         int64
	LookbackID int64
	MeasureID  int64
	Result     string // pending, confirmed, reopened
	Finding    string
	At         *time.Time
	ActorID    int64
	ActorName  string
}

// inspectors look back; they are not the ones who prepared what they look at.
var inspectors = []staff.Role{staff.RectificationOffice, staff.DisciplineOfficer, staff.Supervisor}

// Draw picks n of the codes in an order that the seed decides: the n smallest
// SHA-256 of seed, newline and code. n = 0 keeps all.
func Draw(seed string, codes []string, n int) []string {
	key := func(code string) string {
		sum := sha256.Sum256([]byte(seed + "\n" + code))
		return hex.EncodeToString(sum[:])
	}
	out := slices.Clone(codes)
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(key(a), key(b)) })
	if n > 0 && n < len(out) {
		out = out[:n]
	}
	return out
}

// maxRound bounds a round; a larger programme is looked back at in several.
const maxRound = 5000

// PlanLookback begins a round over the closed measures of a programme, all or a sample.
func (s *Service) PlanLookback(ctx context.Context, a staff.Actor, programmeID int64, l Lookback) (int64, error) {
	if err := a.Require(inspectors...); err != nil {
		return 0, err
	}
	var bad []fault.Field
	ask("title", "名称", l.Title, true, 100, &l.Title, &bad)
	ask("seed", "抽样种子", l.Seed, false, 100, &l.Seed, &bad)
	if l.FromOn.IsZero() || l.ToOn.IsZero() || l.ToOn.Before(l.FromOn) {
		bad = append(bad, fault.Field{Name: "to", Message: "请填写起止日期，结束不早于开始。"})
	}
	if l.Sample < 0 || l.Sample > maxRound {
		bad = append(bad, fault.Field{Name: "sample", Message: fmt.Sprintf("抽查数量填 0（全部）到 %d。", maxRound)})
	}
	if l.Sample > 0 && l.Seed == "" {
		bad = append(bad, fault.Field{Name: "seed", Message: "抽样要有种子，比如当天公布的彩票号码，好让别人能重算。"})
	}
	if len(bad) > 0 {
		return 0, fault.Form(bad)
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := alone(tx, "lookbacks"); err != nil {
			return err
		}
		var closed []struct {
			ID   int64
			Code string
		}
		if err := tx.Model(&Measure{}).Select("id, code").Where("programme_id = ? AND closing = ?", programmeID, Closed).Order("id").Limit(maxRound + 1).Find(&closed).Error; err != nil {
			return fmt.Errorf("ledger: look back: %w", err)
		}
		switch {
		case len(closed) == 0:
			return fault.New(fault.Conflict, "还没有已销号的措施，没有可以回头看的。")
		case len(closed) > maxRound && l.Sample == 0:
			return fault.Form([]fault.Field{{Name: "sample", Message: fmt.Sprintf("已销号的措施超过 %d 条，请分批抽查。", maxRound)}})
		}
		if len(closed) < l.Sample {
			return fault.Form([]fault.Field{{Name: "sample", Message: fmt.Sprintf("已销号的措施一共 %d 条，抽不出 %d 条。请少抽一些；要全部查的不填。", len(closed), l.Sample)}})
		}
		var same int64
		if err := tx.Model(&Lookback{}).Where("programme_id = ? AND title = ?", programmeID, l.Title).Limit(1).Count(&same).Error; err != nil {
			return fmt.Errorf("ledger: look back: %w", err)
		}
		if same > 0 {
			return fault.Form([]fault.Field{{Name: "title", Message: "已经有一次叫“" + l.Title + "”的回头看，没有重复安排。确要再安排一次的，请换一个名称。"}})
		}
		ids, codes := map[string]int64{}, []string{}
		for _, x := range closed {
			ids[x.Code] = x.ID
			codes = append(codes, x.Code)
		}
		l.ID, l.ProgrammeID, l.State, l.By, l.EndedAt = 0, programmeID, "open", signed(tx, a), nil
		if err := tx.Create(&l).Error; err != nil {
			return fmt.Errorf("ledger: look back: %w", err)
		}
		var items []LookbackItem
		for _, code := range Draw(l.Seed, codes, l.Sample) {
			items = append(items, LookbackItem{LookbackID: l.ID, MeasureID: ids[code], Result: "pending"})
		}
		if err := tx.CreateInBatches(&items, 500).Error; err != nil {
			return fmt.Errorf("ledger: look back: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "lookback.plan", Subject: "lookback", SubjectID: l.ID,
			Changes: []journal.Change{{Field: "measures", New: strconv.Itoa(len(items))}}})
	})
	return l.ID, err
}

// Judge records what looking back at one measure found: it holds, or it is reopened.
func (s *Service) Judge(ctx context.Context, a staff.Actor, itemID int64, holds bool, finding string) error {
	if err := a.Require(inspectors...); err != nil {
		return err
	}
	var bad []fault.Field
	ask("finding", "发现的情况", finding, true, maxText, &finding, &bad)
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var x LookbackItem
		err := tx.Where("id = ?", itemID).Take(&x).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "这次回头看里没有这一项。")
		}
		if err != nil {
			return fmt.Errorf("ledger: judge: %w", err)
		}
		if x.Result != "pending" {
			return fault.New(fault.Conflict, "这一项已经有结论。")
		}
		m, err := MeasureByID(&tx.Reader, x.MeasureID)
		if err != nil {
			return err
		}
		var own int64
		if err := tx.Model(&Evidence{}).Where("measure_id = ? AND actor_id = ?", m.ID, a.ID).Limit(1).Count(&own).Error; err != nil {
			return fmt.Errorf("ledger: judge: %w", err)
		}
		if own > 0 && a.ID != 0 {
			return fault.New(fault.Forbidden, "您准备过这条措施的材料，回头看须由别人核实。")
		}
		if holds && m.Closing != Closed {
			return fault.New(fault.Conflict, "措施"+m.Code+"现在没有销号，不能记为成果保持。请看这条措施的经过，按现在的情况选“有问题，重新打开”。")
		}
		result := "confirmed"
		if !holds {
			result = "reopened"
		}
		var round Lookback
		if err := tx.Where("id = ?", x.LookbackID).Take(&round).Error; err != nil {
			return fmt.Errorf("ledger: judge: %w", err)
		}
		done := tx.Model(&LookbackItem{}).Where("id = ? AND result = 'pending'", x.ID).
			Updates(map[string]any{"result": result, "finding": finding, "at": tx.Now, "actor_id": a.ID, "actor_name": a.Name})
		if done.Error != nil {
			return fmt.Errorf("ledger: judge: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		if !holds && m.Closing == Closed {
			return reopen(tx, a, &m, "回头看“"+round.Title+"”", finding)
		}
		if holds {
			if err := tell(tx, m, "confirmed", "经回头看核实，整改成果保持"); err != nil {
				return err
			}
		}
		texts, err := touched(&tx.Reader, m.ProblemID)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "lookback.judge", Subject: "measure", SubjectID: m.ID,
			Changes: []journal.Change{{Field: "result", New: result}}, Public: true, Texts: texts})
	})
}

// EndLookback ends a round in which everything has been judged.
func (s *Service) EndLookback(ctx context.Context, a staff.Actor, id int64) error {
	if err := a.Require(inspectors...); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var pending int64
		if err := tx.Model(&LookbackItem{}).Where("lookback_id = ? AND result = 'pending'", id).Count(&pending).Error; err != nil {
			return fmt.Errorf("ledger: look back: %w", err)
		}
		if pending > 0 {
			return fault.New(fault.Conflict, fmt.Sprintf("还有 %d 项没有结论，不能结束这次回头看。", pending))
		}
		done := tx.Model(&Lookback{}).Where("id = ? AND state = 'open'", id).Updates(map[string]any{"state": "ended", "ended_at": tx.Now})
		if done.Error != nil {
			return fmt.Errorf("ledger: look back: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return fault.New(fault.Conflict, "这次回头看已经结束。")
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "lookback.end", Subject: "lookback", SubjectID: id})
	})
}

// MeasureCheck is one recurring check of a long-term measure.
type MeasureCheck struct {
	ID        int64
	MeasureID int64
	DueOn     calendar.Date
	CheckedOn calendar.Date
	Holds     bool
	Finding   string
	By        by `gorm:"embedded"`
}

// RecordCheck records the recurring check of a long-term measure and plans the next.
// One that does not hold is open again.
func (s *Service) RecordCheck(ctx context.Context, a staff.Actor, id int64, version int, holds bool, finding string) error {
	if err := a.Require(inspectors...); err != nil {
		return err
	}
	return s.change(ctx, a, id, version, "measure.check", func(tx *store.Tx, m *Measure) ([]journal.Change, error) {
		var bad []fault.Field
		ask("finding", "检查的情况", finding, true, maxText, &finding, &bad)
		if len(bad) > 0 {
			return nil, fault.Form(bad)
		}
		if m.CheckOn.IsZero() || m.CheckMonths == 0 {
			return nil, fault.New(fault.Conflict, "这条措施没有安排定期检查。")
		}
		if m.underReview() {
			return nil, m.open()
		}
		today := calendar.Of(tx.Now)
		c := MeasureCheck{MeasureID: m.ID, DueOn: m.CheckOn, CheckedOn: today, Holds: holds, Finding: finding, By: signed(tx, a)}
		if err := tx.Create(&c).Error; err != nil {
			return nil, fmt.Errorf("ledger: check: %w", err)
		}
		for !m.CheckOn.After(today) {
			m.CheckOn = m.CheckOn.AddMonths(m.CheckMonths)
		}
		changes := []journal.Change{{Field: "holds", New: strconv.FormatBool(holds)}}
		switch {
		case holds:
			return changes, tell(tx, *m, "confirmed", "定期检查：成果保持，下次检查"+m.CheckOn.Chinese())
		case m.Closing == Closed:
			// reopen saves the measure under its next version; change saves it once more.
			return changes, reopen(tx, a, m, "定期复查", finding)
		}
		m.Status = InProgress
		return changes, tell(tx, *m, "progress", "定期检查发现问题，继续整改")
	})
}
