package ledger

import (
	"context"
	"fmt"
	"strconv"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// ProblemText is what the office writes of a problem of the ledger. Parts are
// its sub-problems, by id; those that are not named stay.
type ProblemText struct {
	Title     string
	Text      string // what it is about, for the public
	Internal  string // for staff only
	Leader    string
	Published bool
	Parts     map[int64]PartText
}

// PartText is what the office writes of a sub-problem.
type PartText struct{ Title, Text, Internal string }

// SetProblem changes what a problem says. What an announcement named is changed
// by no one; what was public does not vanish or change without a word.
func (s *Service) SetProblem(ctx context.Context, a staff.Actor, id int64, version int, t ProblemText) error {
	if err := a.Require(staff.RectificationOffice); err != nil {
		return err
	}
	var bad []fault.Field
	ask("title", "问题", t.Title, true, maxTitle, &t.Title, &bad)
	ask("text", "公开说明", t.Text, false, maxText, &t.Text, &bad)
	ask("internal", "内部说明", t.Internal, false, maxText, &t.Internal, &bad)
	ask("leader", "责任领导", t.Leader, false, 50, &t.Leader, &bad)
	parts := map[int64]PartText{}
	for id, part := range t.Parts {
		no := strconv.FormatInt(id, 10)
		ask("part_"+no, "细化问题", part.Title, true, maxTitle, &part.Title, &bad)
		ask("part_text_"+no, "公开说明", part.Text, false, maxText, &part.Text, &bad)
		ask("part_internal_"+no, "内部说明", part.Internal, false, maxText, &part.Internal, &bad)
		parts[id] = part
	}
	if err := fault.Form(bad); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		i, err := load(&tx.Reader, Subject{Problem: id})
		if err != nil {
			return err
		}
		var p Problem
		if err := tx.Where("id = ?", id).Take(&p).Error; err != nil {
			return fmt.Errorf("ledger: problem: %w", err)
		}
		switch {
		case p.Announced:
			return fault.New(fault.Conflict, "这是通报点名的问题，通报公布后不能改。台账里的问题才能修改。")
		case p.Version != version:
			return errMoved
		case i.underReview():
			return fault.New(fault.Conflict, "这个问题正在申请销号，核验结束之前不能改动；需要改动的，请先撤回申请。")
		}
		was := p
		p.Title, p.Text, p.Internal, p.Leader, p.Published = t.Title, t.Text, t.Internal, t.Leader, t.Published
		done := tx.Model(&Problem{}).Where("id = ? AND version = ?", id, version).Updates(map[string]any{"title": p.Title, "text": p.Text, "internal": p.Internal,
			"leader": p.Leader, "published": p.Published, "version": version + 1})
		if done.Error != nil {
			return fmt.Errorf("ledger: problem: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errMoved
		}
		changes, told, err := setParts(tx, p, parts)
		if err != nil {
			return err
		}
		for field, same := range map[string]bool{"title": was.Title == p.Title, "text": was.Text == p.Text, "internal": was.Internal == p.Internal, "leader": was.Leader == p.Leader, "published": was.Published == p.Published} {
			if !same {
				changes = append(changes, journal.Change{Field: field})
			}
		}
		var texts []string
		kind := "text"
		switch {
		case was.Published && !p.Published:
			texts, kind = append(texts, "不再公开"), "withdrawn"
		case !was.Published && p.Published:
			texts = append(texts, "公开")
		case was.Title != p.Title && p.Published:
			texts = append(texts, "的表述修改为：“"+p.Title+"”（此前：“"+was.Title+"”）")
		}
		if p.Published {
			if was.Published && was.Text != p.Text {
				texts = append(texts, "的"+reworded(was.Text))
			}
			texts = append(texts, told...)
		}
		for _, text := range texts {
			e := Event{ProgrammeID: p.ProgrammeID, ProblemID: &p.ID, Kind: kind, OnDay: calendar.Of(tx.Now), At: tx.Now, Text: "问题" + p.Code + text}
			if err := tx.Create(&e).Error; err != nil {
				return fmt.Errorf("ledger: history: %w", err)
			}
		}
		if err := index(tx, id); err != nil {
			return err
		}
		rows, err := touched(&tx.Reader, id)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "problem.details", Subject: "problem", SubjectID: id, Changes: changes, Public: true, Texts: rows})
	})
}

// setParts changes what the sub-problems of a problem say, and words what the public is told of it.
func setParts(tx *store.Tx, p Problem, parts map[int64]PartText) (changes []journal.Change, told []string, err error) {
	var subs []SubProblem
	if err := tx.Where("problem_id = ?", p.ID).Order("no").Limit(perPage).Find(&subs).Error; err != nil {
		return nil, nil, fmt.Errorf("ledger: parts: %w", err)
	}
	for _, s := range subs {
		part, named := parts[s.ID]
		if was := (PartText{s.Title, s.Text, s.Internal}); !named || part == was {
			continue
		}
		err := tx.Model(&SubProblem{}).Where("id = ?", s.ID).Updates(map[string]any{"title": part.Title, "text": part.Text, "internal": part.Internal}).Error
		if err != nil {
			return nil, nil, fmt.Errorf("ledger: part: %w", err)
		}
		changes = append(changes, journal.Change{Field: "part", New: strconv.Itoa(s.No)})
		if part.Title != s.Title {
			told = append(told, fmt.Sprintf("的细化问题%d的表述修改为：“%s”（此前：“%s”）", s.No, part.Title, s.Title))
		}
		if part.Text != s.Text {
			told = append(told, fmt.Sprintf("的细化问题%d的%s", s.No, reworded(s.Text)))
		}
	}
	return changes, told, nil
}
