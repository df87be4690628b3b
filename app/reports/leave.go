package reports

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// departed are those who handed over and get nothing new.
func departed(r *store.Reader) (map[int64]bool, error) {
	var ids []int64
	if err := r.Table("key_departures").Order("staff_id").Limit(1000).Pluck("staff_id", &ids).Error; err != nil {
		return nil, fmt.Errorf("reports: departures: %w", err)
	}
	out := map[int64]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

func depart(tx *store.Tx, id int64) error {
	if err := tx.Exec("INSERT INTO key_departures (staff_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", id, tx.Now).Error; err != nil {
		return fmt.Errorf("reports: departure: %w", err)
	}
	return nil
}

// MayLeave refuses to end the account, or the role, of somebody on the roster who
// has not handed over what they hold; staff asks it, since a key that is gone
// takes with it what only it opens. Which grants are real does not show here, so
// only those who hold them can say that nothing is lost.
func (s *Service) MayLeave(tx *store.Tx, id int64, lost []staff.Role) error {
	if !slices.Contains(lost, staff.DisciplineOfficer) && !slices.Contains(lost, staff.Custodian) {
		return nil
	}
	now, _, err := s.roster(&tx.Reader)
	if err != nil { // also where the list cannot be trusted: what they hold may be all there is
		return err
	}
	if _, on := now.Of(id); !on {
		return nil
	}
	var n int64
	if err := tx.Table("report_grants").Where("staff_id = ?", id).Limit(1).Count(&n).Error; err != nil || n == 0 {
		return err
	}
	gone, err := departed(&tx.Reader)
	if err != nil || gone[id] {
		return err
	}
	return fault.New(fault.Conflict, "此人手里有举报的密钥，直接停用会有举报再也打不开。请本人先在“举报密钥”页办移交；本人不能办的，由两位纪检专员用恢复函办：portal keys recover --leaver 登录名 --login 接手人。")
}

// HandOver ends the actor's part in all reports: what they handle goes to the
// officer to, what they could open goes on without them, both with new keys; what a
// custodian keeps stays with the others. It refuses when something would then open
// for nobody. From then on they are given nothing new, and their
// account can be ended. It returns how many reports changed hands.
func (s *Service) HandOver(ctx context.Context, a staff.Actor, to int64) (n int, err error) {
	if err := a.Require(staff.DisciplineOfficer, staff.Custodian); err != nil {
		return 0, err
	}
	key, err := private(a)
	if err != nil {
		return 0, err
	}
	role := holderOfficer
	if a.Has(staff.Custodian) {
		role = holderCustodian
	}
	fit := false
	err = s.db.Read(ctx, func(r *store.Reader) error {
		d, err := s.readers(r)
		if err != nil {
			return err
		}
		for _, m := range d.everybody() {
			fit = fit || m.Staff == to && m.Staff != a.ID && m.Custodian == (role == holderCustodian)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if !fit {
		return 0, fault.Form([]fault.Field{{Name: "to", Message: "请从列表里选一位接手的人。"}})
	}
	if err := s.ensureDesk(ctx); err != nil {
		return 0, err
	}
	stuck, forged, last := 0, 0, int64(0)
	for {
		var ids []int64
		err := s.db.Read(ctx, func(r *store.Reader) error {
			return r.Table("report_grants").Distinct("report_id").Where("staff_id = ? AND holder = ? AND report_id > ?", a.ID, role, last).Order("report_id").Limit(200).Pluck("report_id", &ids).Error
		})
		if err != nil {
			return n, fmt.Errorf("reports: hand over: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		if err := s.ensureDesk(ctx); err != nil {
			return n, err
		}
		for _, id := range ids {
			last = id
			moved, err := s.part(ctx, a, key, role, id, to)
			switch {
			case errors.Is(err, errStuck):
				stuck++
			case errors.Is(err, errForged):
				forged++
			case err != nil:
				return n, err
			case moved:
				n++
			}
		}
	}
	if stuck > 0 {
		return n, fault.New(fault.Conflict, fmt.Sprintf("已移交 %d 件。还有 %d 件除您以外没有人有密钥，不能移交，账号也不能停用。办理举报的，请先增加一位可以办理的人（例如外部专员），在这一页签好名单，再移交；保管身份的，系统不知道新的保管人是不是被举报的人，要用两份恢复函办：portal keys recover --leaver 您的登录名 --login 接手人。", n, stuck))
	}
	if forged > 0 {
		return n, fault.New(fault.Conflict, fmt.Sprintf("已移交 %d 件。还有 %d 件的密钥和原来的接不上，可能有人改动过数据库，不能移交。请立即告诉系统管理员，保留数据库备查。", n, forged))
	}
	return n, s.db.Write(ctx, func(tx *store.Tx) error {
		var since int64
		if err := tx.Model(&grant{}).Where("staff_id = ? AND holder = ? AND report_id > ?", a.ID, role, last).Limit(1).Count(&since).Error; err != nil {
			return fmt.Errorf("reports: hand over: %w", err)
		}
		if since > 0 {
			return fault.New(fault.Conflict, "移交的时候又收到了新的举报，请再按一次“移交”。")
		}
		if err := depart(tx, a.ID); err != nil {
			return err
		}
		if err := tx.Where("key_print = ?", keyPrint(key.Public())).Delete(&tagKey{}).Error; err != nil {
			return fmt.Errorf("reports: tags: %w", err)
		}
		// How many it were is not said: their grants can be counted, and fewer that opened would tell of what they were kept out of.
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "keys.hand_over", Subject: "staff", SubjectID: a.ID, Public: true})
	})
}

var errStuck = errors.New("reports: nobody else may")

// part takes the actor out of one report.
func (s *Service) part(ctx context.Context, a staff.Actor, key *seal.Private, role string, id, to int64) (moved bool, err error) {
	var number int64
	err = s.db.Read(ctx, func(r *store.Reader) error {
		x, err := find(r, "id = ?", id)
		number = x.row()
		return found(err)
	})
	if err != nil {
		return false, err
	}
	if err := s.ensureReporter(ctx, number); err != nil {
		return false, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		moved = false
		x, err := find(&tx.Reader, "id = ?", id)
		if err != nil {
			return fmt.Errorf("reports: hand over: %w", err)
		}
		if role == holderCustodian {
			moved, err = s.partIdentity(tx, a, x)
			return err
		}
		keys, err := s.rings(&tx.Reader, x, role, a.ID, key)
		if errors.Is(err, seal.ErrSealed) {
			return nil // a decoy
		}
		if err != nil {
			return err
		}
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		if keys[x.Epoch] == nil {
			return nil
		}
		if err := s.judge(&tx.Reader, x, keys); err != nil {
			return err
		}
		st, err := s.said(&tx.Reader, x, keys)
		if err != nil {
			return err
		}
		list, err := s.assignable(&tx.Reader, d, x, st)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(p staff.Name) bool { return p.ID == a.ID })
		if len(list) == 0 {
			return errStuck
		}
		changes := map[string]any{"unread": true}
		var next []int64
		switch {
		case x.HandlerID != nil && *x.HandlerID == a.ID:
			heir := to
			if !slices.ContainsFunc(list, func(p staff.Name) bool { return p.ID == to }) {
				heir = list[0].ID // who was chosen may not have this one
			}
			next, changes["handler_id"] = []int64{heir}, heir
		case x.HandlerID != nil:
			next = []int64{*x.HandlerID}
		default:
			for _, p := range list {
				next = append(next, p.ID)
			}
		}
		if err := s.rotate(tx, d, &x, st, keys, next, x.HandlerID != nil); err != nil {
			return err
		}
		moved, changes["epoch"] = true, x.Epoch
		if err := s.step(tx, a, x, DoAssign, ""); err != nil {
			return err
		}
		return save(tx, &x, changes)
	})
	return moved, err
}

// partIdentity takes a custodian out of a report that other custodians were given
// when it came, or were kept out of. Nothing is passed on: who is accused a
// custodian cannot read, so nobody could say whether a new one may have it.
func (s *Service) partIdentity(tx *store.Tx, a staff.Actor, x Report) (bool, error) {
	d, err := s.readers(&tx.Reader)
	if err != nil {
		return false, err
	}
	var others []int64
	for _, m := range d.custodians {
		if m.Staff != a.ID {
			others = append(others, m.Staff)
		}
	}
	var n int64
	if err := tx.Model(&grant{}).Where("report_id = ? AND holder = ? AND staff_id IN ?", x.ID, holderCustodian, others).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("reports: grants: %w", err)
	}
	if n == 0 {
		return false, errStuck
	}
	// Decoys stand in their place, so that two kits can still give it to who comes after them.
	var theirs []grant
	if err := tx.Select(grantColumns).Where("report_id = ? AND holder = ? AND staff_id = ?", x.ID, holderCustodian, a.ID).Limit(1000).Find(&theirs).Error; err != nil {
		return false, fmt.Errorf("reports: grants: %w", err)
	}
	for _, g := range theirs {
		if err := tx.Model(&grant{}).Where("id = ?", g.ID).Update("sealed", x.decoy(g.Epoch, holderCustodian, a.ID)).Error; err != nil {
			return false, fmt.Errorf("reports: grants: %w", err)
		}
	}
	return true, nil
}
