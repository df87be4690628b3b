package cases

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// survivors are the states of a case that another may be merged into: it is
// handled, and no answer to it is under review: what is reviewed and approved
// was written for those whom it then reaches.
var survivors = []State{Registered, Accepted, Assigned, Returned, Acknowledged, Handling, Redo}

// standingOf is all that a merge changes in the case that is merged.
type standingOf struct {
	State   State
	DueOn   calendar.Date
	DueStep string
}

type mergeRow struct {
	ID           int64
	CaseID       int64
	IntoID       int64
	Before       string        // standingOf, as JSON
	DueWas       calendar.Date // the survivor's limit, where the merge shortened it
	DueSet       calendar.Date
	Shut         string // ids of the people and departments that the survivor is kept from because of the merge, as JSON
	Reason       string
	At           time.Time
	ActorID      int64
	ActorName    string
	UndoneAt     *time.Time
	UndoneBy     int64
	UndoneName   string
	UndoneReason string
}

func (mergeRow) TableName() string { return "case_merges" }

// kept are those whom a merge shut out of the survivor.
type shut struct{ Staff, Departments []int64 }

// both reads two cases as the actor sees them and keeps others from changing
// either until the end of tx: two merges that cross find each other.
func both(tx *store.Tx, a staff.Actor, one, other int64) (x, y Case, err error) {
	if err := hold(tx, one, other); err != nil {
		return x, y, err
	}
	if x, err = get(&tx.Reader, a, one); err == nil {
		y, err = get(&tx.Reader, a, other)
	}
	return x, y, err
}

// hold keeps others from changing two cases until the end of tx.
func hold(tx *store.Tx, one, other int64) error {
	for _, id := range []int64{min(one, other), max(one, other)} {
		if err := tx.Exec("UPDATE cases SET version = version WHERE id = ?", id).Error; err != nil {
			return fmt.Errorf("cases: merge: %w", err)
		}
	}
	return nil
}

// numbered finds the case with a number that the actor may see.
func numbered(r *store.Reader, a staff.Actor, number string) (int64, error) {
	var ids []int64
	err := visible(r.Table("cases"), a).Where("cases.case_no = ?", Digits(number)).Limit(1).Pluck("cases.id", &ids).Error
	if err != nil {
		return 0, fmt.Errorf("cases: number: %w", err)
	}
	if len(ids) == 0 {
		return 0, fault.Form([]fault.Field{{Name: "number", Message: "没有这个编号的来件，或者您无权查看。请核对。"}})
	}
	return ids[0], nil
}

// Merge puts a case into another about the same matter: the other is handled,
// its answer reaches both senders, and the earlier of both limits governs, since
// neither sender's limit gets longer by it. Petitions merge with petitions
// alone: they end in an opinion of their own (《信访工作条例》第三十四条). Whoever is kept
// from the one that is merged is kept from the other. Unmerge undoes it exactly.
func (s *Service) Merge(ctx context.Context, a staff.Actor, id int64, version int, number, reason string) error {
	reason, err := text("content", "并件的理由", reason, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		as, err := standIn(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := may(as, c, DoMerge); err != nil {
			return err
		}
		into, err := numbered(&tx.Reader, a, number)
		if err != nil {
			return err
		}
		if into == id {
			return fault.Form([]fault.Field{{Name: "number", Message: "不能并入自己，请填写另一件的编号。"}})
		}
		c, survivor, err := both(tx, a, id, into)
		if err != nil {
			return err
		}
		if err := may(as, c, DoMerge); err != nil {
			return err // somebody was faster
		}
		if err := mayMerge(tx, c, survivor); err != nil {
			return err
		}
		return merge(tx, a, c, survivor, version, reason)
	})
}

// mayMerge says why a case cannot be merged into another.
func mayMerge(tx *store.Tx, c, survivor Case) error {
	wrong := func(message string) error { return fault.Form([]fault.Field{{Name: "number", Message: message}}) }
	switch {
	case !slices.Contains(survivors, survivor.State):
		return wrong(fmt.Sprintf("%s 现在是“%s”，不能再并入。内容相关的，可以用“关联”。", survivor.CaseNo, survivor.State.Word()))
	case (c.Kind == Petition) != (survivor.Kind == Petition):
		return wrong("申诉求决要单独出具处理意见，不能和其他类别并件。内容相关的，可以用“关联”。")
	case c.Stage != survivor.Stage:
		return wrong("两件的阶段（复查、复核）不同，不能并件。")
	}
	var open int64
	if err := tx.Model(&Task{}).Where("case_id = ? AND state = 'open'", c.ID).Count(&open).Error; err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	if open > 0 {
		return fault.New(fault.Conflict, "会办部门还没有答复，请先撤回会办，再并件。")
	}
	return nil
}

func merge(tx *store.Tx, a staff.Actor, c, survivor Case, version int, reason string) error {
	before, err := json.Marshal(standingOf{c.State, c.DueOn, c.DueStep})
	if err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	row := mergeRow{CaseID: c.ID, IntoID: survivor.ID, Before: string(before), Reason: reason, At: tx.Now, ActorID: a.ID, ActorName: a.Name}
	if due := c.HandleDue; !due.IsZero() && (survivor.HandleDue.IsZero() || due.Before(survivor.HandleDue)) {
		row.DueWas, row.DueSet = survivor.HandleDue, due
		survivor.HandleDue = due
	}
	var out, mine []exclusion
	if err := errors.Join(tx.Where("case_id = ?", c.ID).Order("staff_id, department_id").Limit(1000).Find(&out).Error, tx.Where("case_id = ?", survivor.ID).Limit(1000).Find(&mine).Error); err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	var more []exclusion
	var kept shut
	for _, x := range out {
		if slices.ContainsFunc(mine, func(y exclusion) bool { return same(x.StaffID, y.StaffID) && same(x.DepartmentID, y.DepartmentID) }) {
			continue
		}
		more = append(more, exclusion{CaseID: survivor.ID, StaffID: x.StaffID, DepartmentID: x.DepartmentID, Reason: x.Reason})
		if x.StaffID != nil {
			kept.Staff = append(kept.Staff, *x.StaffID)
		} else {
			kept.Departments = append(kept.Departments, *x.DepartmentID)
		}
		if x.StaffID != nil && same(x.StaffID, survivor.HandlerID) || x.DepartmentID != nil && same(x.DepartmentID, survivor.DepartmentID) {
			return fault.Form([]fault.Field{{Name: "number", Message: "承办那一件的部门或者人，应当回避这一件，不能并件。请先改派。"}})
		}
	}
	raw, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	row.Shut = string(raw)
	if err := keepOut(tx, more); err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	if err := move(tx, a, &c, DoMerge, version, record{detail: "并入 " + survivor.CaseNo, notify: true, changes: []journal.Change{{Field: "into", New: strconv.FormatInt(survivor.ID, 10)}}}); err != nil {
		return err
	}
	return adjust(tx, a, survivor, DoTakeIn, c.CaseNo)
}

// Unmerge undoes a merge: the case stands exactly where it stood before, and
// what happened to the survivor since then stays with the survivor.
func (s *Service) Unmerge(ctx context.Context, a staff.Actor, id int64, version int, reason string) error {
	reason, err := text("content", "分开的理由", reason, true)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var row mergeRow
		err := tx.Where("case_id = ? AND undone_at IS NULL", id).Take(&row).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.Conflict, "此件没有并入别的来件，请刷新页面看最新情况。")
		}
		if err != nil {
			return fmt.Errorf("cases: unmerge: %w", err)
		}
		c, survivor, err := both(tx, a, id, row.IntoID)
		if err != nil {
			return err
		}
		as, err := standIn(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := may(as, c, DoUnmerge); err != nil {
			return err
		}
		return unmerge(tx, a, c, survivor, row, version, reason)
	})
}

func unmerge(tx *store.Tx, a staff.Actor, c, survivor Case, row mergeRow, version int, reason string) error {
	var before standingOf
	if err := json.Unmarshal([]byte(row.Before), &before); err != nil {
		return fmt.Errorf("cases: unmerge: %w", err)
	}
	h, err := hear(&tx.Reader, c.ID)
	if err != nil {
		return err
	}
	if err := end(tx, a, row, reason, len(h.replies) > 0); err != nil {
		return err
	}
	c.EndedOn = calendar.Date{}
	if err := move(tx, a, &c, DoUnmerge, version, record{to: before.State, detail: "从 " + survivor.CaseNo + " 分开", notify: true}); err != nil {
		return err
	}
	// Not computed anew: where it stood, that is where it stands.
	if err := tx.Model(&Case{}).Where("id = ?", c.ID).Updates(map[string]any{"due_on": before.DueOn, "due_step": before.DueStep}).Error; err != nil {
		return fmt.Errorf("cases: unmerge: %w", err)
	}
	return letGo(tx, a, survivor, row, c.CaseNo)
}

// end marks a merge as undone and lets those see the survivor again whom it alone
// kept away; not once it was answered for both, since then its answer is about them.
func end(tx *store.Tx, a staff.Actor, row mergeRow, reason string, answered bool) error {
	var out shut
	if err := json.Unmarshal([]byte(row.Shut), &out); err != nil {
		return fmt.Errorf("cases: unmerge: %w", err)
	}
	done := tx.Model(&mergeRow{}).Where("id = ? AND undone_at IS NULL", row.ID).
		Updates(map[string]any{"undone_at": tx.Now, "undone_by": a.ID, "undone_name": a.Name, "undone_reason": reason})
	if done.Error != nil {
		return fmt.Errorf("cases: unmerge: %w", done.Error)
	}
	if done.RowsAffected != 1 {
		return fault.New(fault.Conflict, "刚刚有人分开了这两件，请刷新页面看最新情况。")
	}
	if answered {
		return nil
	}
	// Whom another merge still keeps away stays away.
	for _, x := range []struct {
		column string
		ids    []int64
	}{{"staff_id", out.Staff}, {"department_id", out.Departments}} {
		if len(x.ids) == 0 {
			continue
		}
		err := tx.Exec("DELETE FROM case_exclusions WHERE case_id = ? AND "+x.column+" IN ? AND NOT EXISTS (SELECT 1 FROM case_merges m JOIN case_exclusions o ON o.case_id = m.case_id WHERE m.into_id = ? AND m.undone_at IS NULL AND o."+x.column+" = case_exclusions."+x.column+")",
			row.IntoID, x.ids, row.IntoID).Error
		if err != nil {
			return fmt.Errorf("cases: unmerge: %w", err)
		}
	}
	return nil
}

// letGo gives a survivor back the limit that a merge had shortened.
func letGo(tx *store.Tx, a staff.Actor, survivor Case, row mergeRow, number string) error {
	if !row.DueSet.IsZero() && survivor.HandleDue == row.DueSet {
		survivor.HandleDue = row.DueWas
	}
	return adjust(tx, a, survivor, DoLetGo, number)
}

// hearing is what has reached the sender of a merged case, link by link up to the
// case that stands for it: a case that was merged further keeps what it was told before.
type hearing struct {
	links   []mergeRow
	into    Case    // that stands for it now
	replies []Reply // since each merge, the newest last
	giver   Case    // that the newest is the answer to
}

// last is the answer that the sender can speak of; nil without one.
func (h hearing) last() *Reply {
	if len(h.replies) == 0 || h.giver.State == Archived {
		return nil
	}
	return &h.replies[len(h.replies)-1]
}

func hear(r *store.Reader, id int64) (h hearing, err error) {
	for range mostMerged {
		var list []mergeRow
		if err := r.Select("id, case_id, into_id, at").Where("case_id = ? AND undone_at IS NULL", id).Limit(1).Find(&list).Error; err != nil {
			return h, fmt.Errorf("cases: survivor: %w", err)
		}
		if len(list) == 0 {
			break
		}
		h.links, id = append(h.links, list[0]), list[0].IntoID
		var replies []Reply
		if err := r.Where("case_id = ? AND sent_at >= ?", id, list[0].At).Order("id").Limit(100).Find(&replies).Error; err != nil {
			return h, fmt.Errorf("cases: survivor: %w", err)
		}
		h.replies = append(h.replies, replies...)
	}
	slices.SortStableFunc(h.replies, func(a, b Reply) int { return cmp.Compare(a.ID, b.ID) })
	if err := r.Select(columns).Where("id = ?", id).Take(&h.into).Error; err != nil {
		return h, fmt.Errorf("cases: survivor: %w", err)
	}
	if h.giver = h.into; len(h.replies) > 0 {
		if giver := h.replies[len(h.replies)-1].CaseID; giver != id {
			h.giver = Case{}
			err = r.Select(columns).Where("id = ?", giver).Take(&h.giver).Error
		}
	}
	return h, err
}

// asAnswered is a merged case as it stands once the answer that reached its sender
// is its own: answered by the same department on the same day, in time or late as
// that was, and for a petition in the stage which that answer ended.
func asAnswered(c, giver Case, reply Reply) Case {
	c.State, c.EndedOn = Replied, calendar.Date{}
	if giver.State == Concluded {
		c.State, c.EndedOn = Concluded, giver.EndedOn
	}
	if c.AcceptedOn.IsZero() {
		if c.AcceptedOn = giver.AcceptedOn; c.AcceptedOn.Before(c.ReceivedOn) {
			c.AcceptedOn = c.ReceivedOn
		}
	}
	if c.Stage = reply.Stage; giver.Stage == reply.Stage { // the limit that the answer was given under
		c.HandleDue, c.LimitFrom, c.Extended = giver.HandleDue, giver.LimitFrom, giver.Extended
	}
	c.DepartmentID, c.HandlerID = reply.DepartmentID, nil
	if same(giver.DepartmentID, reply.DepartmentID) {
		c.HandlerID = giver.HandlerID
	}
	c.RepliedOn, c.Late = calendar.Of(reply.SentAt), c.Late || giver.Late
	return c
}

// takeAnswer parts a merged case whose sender has something to say of the answer
// that reached them: it becomes the case's own answer, so that what they say, and
// what follows from it, is about their case alone. Without such an answer
// nothing changes.
func takeAnswer(tx *store.Tx, c *Case) error {
	var rows []mergeRow
	var survivor Case
	for held := false; ; held = true {
		var now Case
		err := errors.Join(tx.Select(columns).Where("id = ?", c.ID).Take(&now).Error, tx.Where("case_id = ? AND undone_at IS NULL", c.ID).Limit(1).Find(&rows).Error)
		if err != nil {
			return fmt.Errorf("cases: part: %w", err)
		}
		if *c = now; len(rows) == 0 {
			return nil // somebody parted them just now
		}
		if held {
			break
		}
		if err := hold(tx, c.ID, rows[0].IntoID); err != nil {
			return err
		}
	}
	row := rows[0]
	h, err := hear(&tx.Reader, c.ID)
	if err != nil || h.last() == nil {
		return err
	}
	if err := tx.Select(columns).Where("id = ?", row.IntoID).Take(&survivor).Error; err != nil {
		return fmt.Errorf("cases: part: %w", err)
	}
	nobody, why := staff.Actor{}, "来信人对答复有话要说，单独办理"
	if err := end(tx, nobody, row, why, true); err != nil {
		return err
	}
	for _, own := range h.replies { // all of them: who decided an earlier stage does not decide the next
		own.ID, own.CaseID = 0, c.ID
		if err := tx.Create(&own).Error; err != nil {
			return fmt.Errorf("cases: part: %w", err)
		}
	}
	to := asAnswered(*c, h.giver, *h.last())
	// The answer speaks of what those are accused of who are kept from it.
	var out []exclusion
	for _, l := range h.links {
		var theirs []exclusion
		if err := tx.Where("case_id = ?", l.IntoID).Limit(1000).Find(&theirs).Error; err != nil {
			return fmt.Errorf("cases: part: %w", err)
		}
		for _, x := range theirs {
			out = append(out, exclusion{CaseID: c.ID, StaffID: x.StaffID, DepartmentID: x.DepartmentID, Reason: x.Reason})
		}
	}
	if err := addExclusions(tx, &to, out); err != nil {
		return err
	}
	state, ended := to.State, to.EndedOn
	to.State = Merged
	if err := move(tx, nobody, &to, DoUnmerge, 0, record{to: state, detail: why}); err != nil {
		return err
	}
	if to.EndedOn != ended { // that day, not today; and so for whom it stands for
		ids, err := mergedInto(&tx.Reader, c.ID)
		if err != nil {
			return err
		}
		if err := tx.Model(&Case{}).Where("id IN ?", append(ids, c.ID)).Update("ended_on", ended).Error; err != nil {
			return fmt.Errorf("cases: part: %w", err)
		}
		to.EndedOn = ended
	}
	*c = to
	return letGo(tx, nobody, survivor, row, c.CaseNo)
}

// adjust stores a survivor's limit, which alone a merge touches, and tells of the merge.
func adjust(tx *store.Tx, a staff.Actor, c Case, v Verb, detail string) error {
	u, err := loadRules(&tx.Reader)
	if err != nil {
		return err
	}
	u.next(&c)
	err = tx.Model(&Case{}).Where("id = ?", c.ID).Updates(map[string]any{"handle_due": c.HandleDue, "due_on": c.DueOn, "due_step": c.DueStep, "version": c.Version + 1}).Error
	if err != nil {
		return fmt.Errorf("cases: merge: %w", err)
	}
	return told(tx, a, c, v, detail)
}

// shutOutOfSurvivor keeps from the case that stands for a merged one whoever is kept from that, for good.
func shutOutOfSurvivor(tx *store.Tx, id int64, out []exclusion) error {
	var into []int64
	if err := tx.Model(&mergeRow{}).Where("case_id = ? AND undone_at IS NULL", id).Limit(1).Pluck("into_id", &into).Error; err != nil || len(into) == 0 {
		return err
	}
	var c Case
	if err := tx.Select(columns).Where("id = ?", into[0]).Take(&c).Error; err != nil {
		return fmt.Errorf("cases: merged: %w", err)
	}
	theirs := make([]exclusion, len(out))
	for i, x := range out {
		theirs[i] = exclusion{CaseID: c.ID, StaffID: x.StaffID, DepartmentID: x.DepartmentID, Reason: x.Reason}
	}
	if err := addExclusions(tx, &c, theirs); err != nil {
		return err
	}
	if err := tx.Model(&Case{}).Where("id = ?", c.ID).Updates(map[string]any{"department_id": c.DepartmentID, "handler_id": c.HandlerID, "version": c.Version + 1}).Error; err != nil {
		return fmt.Errorf("cases: merged: %w", err)
	}
	return nil
}

// mergedInto are the cases that were merged into one, and into those in turn.
func mergedInto(r *store.Reader, id int64) (all []int64, err error) {
	for level := []int64{id}; len(level) > 0 && len(all) < mostMerged; {
		var next []int64
		if err := r.Model(&mergeRow{}).Where("into_id IN ? AND undone_at IS NULL", level).Order("case_id").Limit(mostMerged).Pluck("case_id", &next).Error; err != nil {
			return nil, fmt.Errorf("cases: merged: %w", err)
		}
		all, level = append(all, next...), next
	}
	return all, nil
}

// mostMerged bounds how many cases one stands for.
const mostMerged = 500

// tellMerged ends what was merged with the case that stands for it, and writes to those senders too.
func tellMerged(tx *store.Tx, c *Case, event int64, notify bool) ([]journal.Message, error) {
	ids, err := mergedInto(&tx.Reader, c.ID)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if err := tx.Model(&Case{}).Where("id IN ?", ids).Update("ended_on", c.EndedOn).Error; err != nil {
		return nil, fmt.Errorf("cases: merged: %w", err)
	}
	if !notify {
		return nil, nil
	}
	var out []journal.Message
	for _, id := range ids {
		m, err := notices(&tx.Reader, id, fmt.Sprintf("case/%d/event/%d/merged/%d", c.ID, event, id))
		if err != nil {
			return nil, err
		}
		out = append(out, m...)
	}
	return out, nil
}

// Joined is a case that stands beside another: merged into it, or linked to it.
type Joined struct {
	Row
	Content string // of a merged one, for whoever answers
	Reason  string
	Split   bool
}

// joined reads what was merged into a case and what is linked to it, of what the actor may see.
func joined(r *store.Reader, a staff.Actor, id int64) (merged, linked []Joined, into *Row, err error) {
	ids, err := mergedInto(r, id)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(ids) > 0 {
		// Who may see the survivor may see what it stands for, unless kept from it.
		q := r.Table("cases").Select("cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.received_on, cases.content || cases.demand || ' ' || cases.facts AS content").Where("cases.id IN ?", ids)
		if err := notShutOut(q, a).Order("cases.id").Limit(mostMerged).Find(&merged).Error; err != nil {
			return nil, nil, nil, fmt.Errorf("cases: merged: %w", err)
		}
	}
	for i := range merged {
		var more []string
		if err := r.Model(&Message{}).Where("case_id = ? AND author = ?", merged[i].ID, ByCitizen).Order("id").Limit(100).Pluck("body", &more).Error; err != nil {
			return nil, nil, nil, fmt.Errorf("cases: merged: %w", err)
		}
		merged[i].Content = strings.TrimSpace(strings.Join(append([]string{merged[i].Content}, more...), "\n"))
	}
	for _, q := range []struct{ mine, other string }{{"case_id", "other_id"}, {"other_id", "case_id"}} {
		var rows []Joined
		x := r.Table("case_links").Select("cases.id, cases.case_no, cases.kind, cases.channel, cases.state, cases.title, cases.received_on, case_links.split").
			Joins("JOIN cases ON cases.id = case_links."+q.other).Where("case_links."+q.mine+" = ? AND case_links.ended_at IS NULL", id)
		if err := visible(x, a).Order("cases.id").Limit(100).Find(&rows).Error; err != nil {
			return nil, nil, nil, fmt.Errorf("cases: links: %w", err)
		}
		linked = append(linked, rows...)
	}
	h, err := hear(r, id)
	if err != nil || len(h.links) == 0 {
		return merged, linked, nil, err
	}
	to := h.into.ID
	shown, err := Shown(r, a, []int64{to})
	if err != nil {
		return nil, nil, nil, err
	}
	row := shown[to]
	return merged, linked, &row, nil
}

// Link says that two cases belong together, to be handled apart; Unlink takes it back.
func (s *Service) Link(ctx context.Context, a staff.Actor, id int64, number string) error {
	return s.act(ctx, a, id, DoLink, func(tx *store.Tx, c *Case) error {
		other, err := numbered(&tx.Reader, a, number)
		if err != nil {
			return err
		}
		if other == id {
			return fault.Form([]fault.Field{{Name: "number", Message: "请填写另一件的编号。"}})
		}
		return link(tx, a, *c, other, false)
	})
}

func link(tx *store.Tx, a staff.Actor, c Case, other int64, split bool) error {
	one, two := min(c.ID, other), max(c.ID, other)
	err := tx.Exec("INSERT INTO case_links (case_id, other_id, split, at, actor_id, actor_name) VALUES (?, ?, ?, ?, ?, ?)", one, two, split, tx.Now, a.ID, a.Name).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return fault.New(fault.Conflict, "这两件已经关联。")
	}
	if err != nil {
		return fmt.Errorf("cases: link: %w", err)
	}
	var d Case
	if err := tx.Select(columns).Where("id = ?", other).Take(&d).Error; err != nil {
		return fmt.Errorf("cases: link: %w", err)
	}
	if split {
		return nil
	}
	if err := told(tx, a, c, DoLink, d.CaseNo); err != nil {
		return err
	}
	return told(tx, a, d, DoLink, c.CaseNo)
}

func (s *Service) Unlink(ctx context.Context, a staff.Actor, id, other int64) error {
	return s.act(ctx, a, id, DoUnlink, func(tx *store.Tx, c *Case) error {
		if _, err := get(&tx.Reader, a, other); err != nil {
			return err
		}
		done := tx.Exec("UPDATE case_links SET ended_at = ?, ended_by = ?, ended_name = ? WHERE case_id = ? AND other_id = ? AND NOT split AND ended_at IS NULL",
			tx.Now, a.ID, a.Name, min(id, other), max(id, other))
		if done.Error != nil {
			return fmt.Errorf("cases: unlink: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return fault.New(fault.Conflict, "这两件没有关联，或者是分出来的，不能解除。")
		}
		return told(tx, a, *c, DoUnlink, "")
	})
}

// Split takes a second matter out of a case into one of its own: same sender,
// same day of receipt, so that its limits are those that the law counts from
// then. The sender reads it under the first one's number and code.
func (s *Service) Split(ctx context.Context, a staff.Actor, id int64, kind Kind, title, content string) (made int64, err error) {
	var bad []fault.Field
	if !kind.Valid() {
		bad = append(bad, fault.Field{Name: "kind", Message: "请选择类别。"})
	}
	title, err = text("title", "标题", title, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	content, err = text("content", "内容", content, true)
	if f, ok := fault.As(err); ok {
		bad = append(bad, f.Fields...)
	}
	if err := fault.Form(bad); err != nil {
		return 0, err
	}
	err = s.act(ctx, a, id, DoSplit, func(tx *store.Tx, c *Case) error {
		u, err := loadRules(&tx.Reader)
		if err != nil {
			return err
		}
		key := fmt.Sprintf("split/%d/%d", id, c.Version)
		n := Case{CaseNo: newCaseNo(), Kind: kind, Channel: c.Channel, State: Submitted, Title: title, Content: content, AllowPublish: c.AllowPublish, PrivacyVersion: c.PrivacyVersion, Guardian: c.Guardian,
			SubmittedAt: tx.Now, ReceivedOn: c.ReceivedOn, EnteredBy: a.ID, SubmissionHash: s.submissionHash(key), ContentHash: s.trackKey.Sum("split", key), Version: 1}
		if kind == Comment {
			n.ProblemID = c.ProblemID
		}
		n.AccessHash = s.accessKey.Sum(n.CaseNo, s.accessCode(key+n.CaseNo))
		u.receive(&n)
		u.next(&n)
		if err := tx.Create(&n).Error; err != nil {
			return fmt.Errorf("cases: split: %w", err)
		}
		made = n.ID
		if err := s.CopyContacts(tx, []int64{id}, n.ID-id, func(c Contact) []byte { return c.CallerHash }); err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO case_exclusions (case_id, staff_id, department_id, reason) SELECT ?, staff_id, department_id, reason FROM case_exclusions WHERE case_id = ?", n.ID, id).Error; err != nil {
			return fmt.Errorf("cases: split: %w", err)
		}
		if err := s.shutOut(tx, &n, ""); err != nil {
			return err
		}
		e := Event{CaseID: n.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name, Verb: DoSubmit, ToState: Submitted, Detail: "从 " + c.CaseNo + " 分出"}
		if err := tx.Create(&e).Error; err != nil {
			return fmt.Errorf("cases: split: %w", err)
		}
		err = journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "case.submit", Subject: "case", SubjectID: n.ID, Changes: []journal.Change{{Field: "split", New: strconv.FormatInt(id, 10)}}})
		if err != nil {
			return err
		}
		if err := search.Index(tx, searchKind, n.ID, n.searchText()); err != nil {
			return err
		}
		if err := link(tx, a, *c, n.ID, true); err != nil {
			return err
		}
		return move(tx, a, c, DoSplit, 0, record{detail: "分出 " + n.CaseNo})
	})
	return made, err
}

// Part is a case that was split off, for the sender of the one it came from.
type Part struct {
	ID     int64
	CaseNo string
	Title  string
	State  State
}

func parts(r *store.Reader, id int64) (list []Part, err error) {
	err = r.Table("case_links").Select("cases.id, cases.case_no, cases.title, cases.state").Joins("JOIN cases ON cases.id = case_links.other_id").
		Where("case_links.case_id = ? AND case_links.split AND case_links.ended_at IS NULL", id).Order("cases.id").Limit(20).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: parts: %w", err)
	}
	return list, nil
}

// Follow is the part of a case that its sender, who was admitted to the case, may open.
func (s *Service) Follow(ctx context.Context, id, part int64) (int64, error) {
	var list []Part
	err := s.db.Read(ctx, func(r *store.Reader) (err error) { list, err = parts(r, id); return err })
	if err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(list, func(p Part) bool { return p.ID == part }) {
		return 0, fault.New(fault.NotFound, "没有这一件。请从办理进度页重新打开。")
	}
	return part, nil
}
