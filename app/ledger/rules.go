package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Rule is a rule that was made or revised in the rectification (制度成果): its
// text is here, or it is found at URL, or both.
type Rule struct {
	ID          int64
	ProgrammeID int64
	Title       string
	Number      string // 文号
	Revised     bool   // else made anew
	Dated       calendar.Date
	Body        string
	URL         string
	Published   bool
	At          time.Time // last changed
	Version     int

	Problems []Problem `gorm:"-"` // those it answers, in the ledger's order
}

// ruleColumns leaves the text out: lists do not need it.
const ruleColumns = "id, programme_id, title, number, revised, dated, url, published, at, version"

const maxRule = 100_000 // characters of a rule's text

// ListRules lists a programme's rules, the newest first, with the problems they
// answer; drafts only for staff. before is the last of the page before, or 0.
func ListRules(r *store.Reader, programmeID int64, drafts bool, before int64, limit int) ([]Rule, error) {
	q := r.Select(ruleColumns).Where("programme_id = ?", programmeID)
	if !drafts {
		q = q.Where("published")
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var list []Rule
	if err := q.Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: rules: %w", err)
	}
	return list, answered(r, list, drafts)
}

// CountRules counts the published rules of a programme.
func CountRules(r *store.Reader, programmeID int64) (int, error) {
	var n int64
	if err := r.Model(&Rule{}).Where("programme_id = ? AND published", programmeID).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("ledger: rules: %w", err)
	}
	return int(n), nil
}

// rulesFor reads the published rules that answer a problem, the newest first.
func rulesFor(r *store.Reader, problemID int64) ([]Rule, error) {
	var list []Rule
	err := r.Select(ruleColumns).Where("published AND id IN (SELECT rule_id FROM rule_problems WHERE problem_id = ?)", problemID).
		Order("id DESC").Limit(maxMeasures).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: rules: %w", err)
	}
	return list, nil
}

// OpenRule reads one with its text; a draft only for staff.
func OpenRule(r *store.Reader, id int64, drafts bool) (Rule, error) {
	var x Rule
	q := r.Where("id = ?", id)
	if !drafts {
		q = q.Where("published")
	}
	err := q.Take(&x).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return x, fault.New(fault.NotFound, "没有这项制度。请从制度成果页查找。")
	}
	if err != nil {
		return x, fmt.Errorf("ledger: rule: %w", err)
	}
	list := []Rule{x}
	err = answered(r, list, drafts)
	return list[0], err
}

// answered fills in the problems of a list of rules, in one query.
func answered(r *store.Reader, list []Rule, drafts bool) error {
	if len(list) == 0 {
		return nil
	}
	at, ids := map[int64]int{}, []int64{}
	for i, x := range list {
		at[x.ID] = i
		ids = append(ids, x.ID)
	}
	var rows []struct {
		RuleID int64
		Problem
	}
	q := r.Table("rule_problems").Select("rule_problems.rule_id, "+problemColumns).Joins("JOIN problems ON problems.id = rule_problems.problem_id").
		Where("rule_problems.rule_id IN ?", ids)
	if !drafts {
		q = q.Where("problems.published")
	}
	if err := q.Order("rule_problems.rule_id, problems.aspect_id, problems.no").Limit(10 * maxProblems).Find(&rows).Error; err != nil {
		return fmt.Errorf("ledger: rules: %w", err)
	}
	for _, x := range rows {
		list[at[x.RuleID]].Problems = append(list[at[x.RuleID]].Problems, x.Problem)
	}
	return nil
}

// RuleText is what the office writes of a rule.
type RuleText struct {
	Title, Number, Body, URL string
	Revised, Published       bool
	Dated                    calendar.Date
	Problems                 []int64
}

func (t RuleText) into(x *Rule, today calendar.Date) error {
	var bad []fault.Field
	ask("title", "制度名称", t.Title, true, 200, &x.Title, &bad)
	ask("number", "文号", t.Number, false, 100, &x.Number, &bad)
	x.Title, x.Number = strings.Join(strings.Fields(x.Title), " "), strings.Join(strings.Fields(x.Number), " ")
	if n := utf8.RuneCountInString(t.Body); n > maxRule {
		bad = append(bad, fault.Field{Name: "body", Message: fmt.Sprintf("制度全文最多 %d 个字，现在有 %d 个字；太长的请改用链接。", maxRule, n)})
	} else {
		ask("body", "制度全文", t.Body, false, maxRule, &x.Body, &bad)
	}
	x.URL = strings.TrimSpace(t.URL)
	if u, err := url.Parse(x.URL); x.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(x.URL) > 500) {
		bad = append(bad, fault.Field{Name: "url", Message: "链接要以 https:// 开头，最多 500 个字符。"})
	}
	if x.URL == "" && x.Body == "" && len(bad) == 0 {
		bad = append(bad, fault.Field{Name: "body", Message: "请粘贴全文，或者填写全文所在的链接。"})
	}
	switch {
	case t.Published && t.Dated.IsZero():
		bad = append(bad, fault.Field{Name: "dated", Message: "公开的制度要写明印发日期。"})
	case t.Dated.After(today):
		bad = append(bad, fault.Field{Name: "dated", Message: "印发日期不能晚于今天；还没有印发的，印发以后再登记日期。"})
	}
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	x.Revised, x.Dated, x.Published = t.Revised, t.Dated, t.Published
	return nil
}

// AddRule enters a rule.
func (s *Service) AddRule(ctx context.Context, a staff.Actor, programmeID int64, t RuleText) (id int64, err error) {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		x := Rule{ProgrammeID: programmeID, Version: 1}
		if err := t.into(&x, calendar.Of(tx.Now)); err != nil {
			return err
		}
		if _, err := programme(&tx.Reader, "id = ?", programmeID); err != nil {
			return err
		}
		x.At = tx.Now
		if err := sameRule(tx.Create(&x).Error); err != nil {
			return err
		}
		id = x.ID
		return recordRule(tx, a, "rule.add", x, t.Problems, false)
	})
	return id, err
}

// SetRule changes a rule, publishes it or takes it back.
func (s *Service) SetRule(ctx context.Context, a staff.Actor, id int64, version int, t RuleText) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := OpenRule(&tx.Reader, id, true)
		if err != nil {
			return err
		}
		if x.Version != version {
			return errMoved
		}
		was := x.Published
		if err := t.into(&x, calendar.Of(tx.Now)); err != nil {
			return err
		}
		x.Version, x.At = version+1, tx.Now
		done := tx.Model(&x).Where("version = ?", version).Select("*").Omit("id").Updates(&x)
		if err := sameRule(done.Error); err != nil {
			return err
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		return recordRule(tx, a, "rule.change", x, t.Problems, was)
	})
}

func sameRule(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.Form([]fault.Field{{Name: "title", Message: "已经登记过同名同文号的制度，请从列表里修改它。"}})
	}
	if err != nil {
		return fmt.Errorf("ledger: rule: %w", err)
	}
	return nil
}

// recordRule keeps which problems the rule answers, and tells of it; was: it has been public until now.
func recordRule(tx *store.Tx, a staff.Actor, verb string, x Rule, problems []int64, was bool) error {
	if err := tx.Exec("DELETE FROM rule_problems WHERE rule_id = ?", x.ID).Error; err != nil {
		return fmt.Errorf("ledger: rule: %w", err)
	}
	problems = slices.Compact(slices.Sorted(slices.Values(problems)))
	for _, id := range problems {
		p, err := ProblemByID(&tx.Reader, id)
		if err != nil {
			return err
		}
		if p.ProgrammeID != x.ProgrammeID {
			return fault.Form([]fault.Field{{Name: "codes", Message: "只能写同一轮整改的问题编号。"}})
		}
		if err := tx.Exec("INSERT INTO rule_problems (rule_id, problem_id) VALUES (?, ?)", x.ID, id).Error; err != nil {
			return fmt.Errorf("ledger: rule: %w", err)
		}
	}
	state, text := "draft", ""
	if x.Published {
		state = "published"
	}
	switch {
	case x.Published && !was:
		text = "公布制度《" + x.Title + "》"
	case !x.Published && was:
		text = "从公开目录撤下制度《" + x.Title + "》"
	}
	if text != "" {
		if err := tx.Create(&Event{ProgrammeID: x.ProgrammeID, Kind: "rule", OnDay: calendar.Of(tx.Now), At: tx.Now, Text: text}).Error; err != nil {
			return fmt.Errorf("ledger: rule: %w", err)
		}
	}
	texts, err := touchedAround(tx, x.ProgrammeID)
	if err != nil {
		return err
	}
	own, err := ruleTexts(&tx.Reader, func(q *gorm.DB) *gorm.DB { return q.Where("x.id = ?", x.ID) })
	if err != nil {
		return err
	}
	return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: verb, Subject: "rule", SubjectID: x.ID,
		Changes: []journal.Change{{Field: "title", New: x.Title}, {Field: "state", New: state}}, Public: was || x.Published, Texts: append(texts, own...)})
}
