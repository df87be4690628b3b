package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// ask is a handler's request to see who a reporter is.
type ask struct {
	ID          int64
	ReportID    int64
	AskedBy     int64
	AskedName   string
	AskedAt     time.Time
	Reason      []byte // in the box of a line to each custodian: see reasonText
	DecidedBy   *int64
	DecidedName string
	DecidedAt   *time.Time
	Granted     bool
	ExpiresAt   *time.Time
}

func (ask) TableName() string { return "report_asks" }

// Ask is one as it is read.
type Ask struct {
	ID        int64
	ReportID  int64
	CaseNo    string
	By        string
	ByID      int64
	At        time.Time
	Reason    string
	Decided   string // who; empty while it waits
	DecidedAt time.Time
	Granted   bool
	Until     time.Time
	Originals []File // that came with the report, for the custodian
}

// identityLife is how long an identity may be looked at once it was given.
const identityLife = 72 * time.Hour

func (x Report) reasonPlace(a ask) seal.Context {
	return seal.Context{Table: "report_asks", Row: x.row(), Epoch: x.Epoch, Field: fmt.Sprintf("reason/%d/%d", a.AskedBy, a.AskedAt.UnixMicro())}
}

// AskIdentity asks a custodian, for a reason, to see who the reporter is. The
// reporter sees that it was asked. The reason lies in the internal compartment,
// as a note, and sealed for the custodians.
func (s *Service) AskIdentity(ctx context.Context, a staff.Actor, no int64, reason string) error {
	reason, err := words("content", "理由", reason)
	if err != nil {
		return err
	}
	return s.act(ctx, a, no, DoAsk, func(tx *store.Tx, x *Report, keys rings) error {
		var n int64
		if err := tx.Model(&ask{}).Where("report_id = ? AND decided_at IS NULL", x.ID).Limit(1).Count(&n).Error; err != nil {
			return fmt.Errorf("reports: ask: %w", err)
		}
		if n > 0 {
			return fault.New(fault.Conflict, "已经申请过了，等待身份保管人决定。")
		}
		d, err := s.readers(&tx.Reader)
		if err != nil {
			return err
		}
		q := ask{ReportID: x.ID, AskedBy: a.ID, AskedName: a.Name, AskedAt: tx.Now}
		st, err := s.said(&tx.Reader, *x, keys)
		if err != nil {
			return err
		}
		if st.Anonymous {
			return fault.New(fault.Conflict, "这件是匿名举报，没有留下身份，不用申请。")
		}
		if q.Reason, err = s.sealReason(d, *x, q, d.readersOf(st), reason); err != nil {
			return err
		}
		if err := tx.Create(&q).Error; err != nil {
			return fmt.Errorf("reports: ask: %w", err)
		}
		return s.write(tx, a, x, keys[x.Epoch], textNote, "申请查看举报人身份。理由："+reason, "", DoAsk, map[string]any{})
	})
}

// sealReason closes a reason once for each custodian: a length, then the envelope.
// Who is kept out of the report has one that nobody can open.
func (s *Service) sealReason(d *desk, x Report, q ask, may map[int64]bool, reason string) ([]byte, error) {
	if !slices.ContainsFunc(d.custodians, func(m member) bool { return may[m.Staff] }) {
		return nil, fault.New(fault.Conflict, "没有身份保管人可以决定。请先由安全管理员设置身份保管人，再在“举报密钥”页签好名单。")
	}
	var out []byte
	for _, m := range d.custodians {
		to := m.Key
		if !may[m.Staff] {
			to = seal.NewPrivate().Public()
		}
		closed, err := seal.Seal(to, x.reasonPlace(q), []byte(reason))
		if err != nil {
			return nil, fmt.Errorf("reports: reason: %w", err)
		}
		out = append(out, byte(len(closed)>>16), byte(len(closed)>>8), byte(len(closed)))
		out = append(out, closed...)
	}
	return out, nil
}

func openReason(key *seal.Private, in seal.Context, list []byte) (string, bool) {
	for len(list) > 3 {
		n := int(list[0])<<16 | int(list[1])<<8 | int(list[2])
		if list = list[3:]; n > len(list) {
			break
		}
		if raw, err := seal.Open(key, in, list[:n]); err == nil {
			return string(raw), true
		}
		list = list[n:]
	}
	return "", false
}

// custodian is the actor as a custodian, with their private key.
func custodian(a staff.Actor) (*seal.Private, error) {
	if err := a.Require(staff.Custodian); err != nil {
		return nil, err
	}
	return private(a)
}

// Asks lists what waits for a custodian, oldest first: those that their keys can
// answer, with the reasons. They learn nothing else of the report.
func (s *Service) Asks(ctx context.Context, a staff.Actor) (list []Ask, err error) {
	key, err := custodian(a)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		list = nil
		var rows []ask
		if err := r.Where("decided_at IS NULL").Order("id").Limit(200).Find(&rows).Error; err != nil {
			return fmt.Errorf("reports: asks: %w", err)
		}
		for _, q := range rows {
			x, keys, err := s.keep(r, a, key, "id = ?", q.ReportID)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			reason, ok := openReason(key, x.reasonPlace(q), q.Reason)
			if !ok {
				reason = "（申请后密钥有了变化，看不到理由；请办理人重新申请。）"
			}
			files, err := s.filesOf(r, x, keys, true)
			if err != nil && !errors.Is(err, seal.ErrSealed) {
				return err
			}
			v := Ask{ID: q.ID, ReportID: x.ID, CaseNo: x.CaseNo, By: q.AskedName, ByID: q.AskedBy, At: q.AskedAt, Reason: reason}
			for _, no := range slices.Sorted(maps.Keys(files)) {
				v.Originals = append(v.Originals, files[no]...)
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// keep reads a report whose identity the actor keeps.
func (s *Service) keep(r *store.Reader, a staff.Actor, key *seal.Private, where string, arg any) (x Report, keys rings, err error) {
	if x, err = find(r, where, arg); err != nil {
		return x, nil, found(err)
	}
	keys, err = s.rings(r, x, holderCustodian, a.ID, key)
	if errors.Is(err, seal.ErrSealed) {
		err = errNone
	}
	return x, keys, err
}

// DecideIdentity gives an identity to who asked, for three days, or does not. It
// is a second person's: never the one who asked. The reporter sees it.
func (s *Service) DecideIdentity(ctx context.Context, a staff.Actor, askID int64, give bool) error {
	key, err := custodian(a)
	if err != nil {
		return err
	}
	if err := s.ensureDesk(ctx); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var q ask
		err := tx.Where("id = ?", askID).Take(&q).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errNone
		}
		if err != nil {
			return fmt.Errorf("reports: ask: %w", err)
		}
		x, keys, err := s.keep(&tx.Reader, a, key, "id = ?", q.ReportID)
		if err != nil {
			return err
		}
		if q.AskedBy == a.ID {
			return fault.New(fault.Forbidden, "自己申请的，要由另一位身份保管人决定。")
		}
		if q.DecidedAt != nil {
			return fault.New(fault.Conflict, "这个申请已经决定过了。")
		}
		until := tx.Now.Add(identityLife)
		changes := map[string]any{"decided_by": a.ID, "decided_name": a.Name, "decided_at": tx.Now, "granted": give}
		v := DoDeny
		if give {
			if x.HandlerID == nil || *x.HandlerID != q.AskedBy {
				return fault.New(fault.Conflict, "申请人已经不办理这件举报，不能给。请选“不同意”。")
			}
			v, changes["expires_at"] = DoGive, until
			d, err := s.readers(&tx.Reader)
			if err != nil {
				return err
			}
			if err := s.giveIdentity(tx, d, x, keys, q.AskedBy, until); err != nil {
				return err
			}
		}
		if err := tx.Model(&ask{}).Where("id = ? AND decided_at IS NULL", q.ID).Updates(changes).Error; err != nil {
			return fmt.Errorf("reports: ask: %w", err)
		}
		if err := save(tx, &x, map[string]any{}); err != nil { // who handles it must not change meanwhile
			return err
		}
		return s.step(tx, a, x, v, "")
	})
}

func (s *Service) giveIdentity(tx *store.Tx, d *desk, x Report, keys rings, to int64, until time.Time) error {
	if err := tx.Where("report_id = ? AND holder = ? AND staff_id = ?", x.ID, holderAsker, to).Delete(&grant{}).Error; err != nil {
		return fmt.Errorf("reports: grants: %w", err)
	}
	for _, m := range d.everybody() {
		if m.Staff != to || m.Custodian {
			continue
		}
		l, err := s.line(m.Key)
		if err != nil {
			return err
		}
		var out []grant
		for epoch, r := range keys {
			out = append(out, grant{ReportID: x.ID, Epoch: epoch, Holder: holderAsker, StaffID: to, LineID: &l.id, Sealed: x.close(l.box, epoch, holderAsker, to, r), ExpiresAt: &until})
		}
		if err := tx.Insert(&out); err != nil {
			return fmt.Errorf("reports: grants: %w", err)
		}
		return nil
	}
	return fault.New(fault.Conflict, "申请人不在现有的名单上，或者换了密钥，不能给。")
}

// Reveal shows the identity to who was given it; that they looked is committed first.
func (s *Service) Reveal(ctx context.Context, a staff.Actor, no int64) (who Identity, err error) {
	key, err := officer(a)
	if err != nil {
		return who, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		x, all, err := s.enter(&tx.Reader, a, key, no)
		if err != nil {
			return err
		}
		keys, err := s.rings(&tx.Reader, x, holderAsker, a.ID, key)
		if errors.Is(err, seal.ErrSealed) {
			return fault.New(fault.Forbidden, "您现在不能查看举报人的身份。需要的，请写明理由申请，由身份保管人决定。")
		}
		if err != nil {
			return err
		}
		for epoch, r := range keys { // what was given is the identity's key, not somebody's
			if all[epoch] == nil {
				return errForged
			}
			all[epoch] = maps.Clone(all[epoch])
			all[epoch][seal.Identity] = r[seal.Identity]
		}
		if err := s.judge(&tx.Reader, x, all); err != nil {
			return err
		}
		if err := s.openFirst(&tx.Reader, x, textIdentity, keys, &who); err != nil {
			return err
		}
		return s.step(tx, a, x, DoReveal, "")
	})
	return who, err
}

// asksOf are a report's requests; the reasons stand among its notes.
func (s *Service) asksOf(r *store.Reader, x Report) ([]Ask, error) {
	var rows []ask
	if err := r.Where("report_id = ?", x.ID).Order("id").Limit(100).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("reports: asks: %w", err)
	}
	var out []Ask
	for _, q := range rows {
		v := Ask{ID: q.ID, ReportID: x.ID, By: q.AskedName, ByID: q.AskedBy, At: q.AskedAt, Decided: q.DecidedName, Granted: q.Granted}
		if q.DecidedAt != nil {
			v.DecidedAt = *q.DecidedAt
		}
		if q.ExpiresAt != nil {
			v.Until = *q.ExpiresAt
		}
		out = append(out, v)
	}
	return out, nil
}

// Original opens a file as it came, for a custodian, while a request of the handler's
// waits or is in force: what tells of its maker is still in it. The reporter sees it.
func (s *Service) Original(ctx context.Context, a staff.Actor, no, fileID int64) (f File, body io.ReadCloser, err error) {
	key, err := custodian(a)
	if err != nil {
		return f, nil, err
	}
	var open func() (io.ReadCloser, error)
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		x, keys, err := s.keep(&tx.Reader, a, key, "case_no = ?", caseNo(no))
		if err != nil {
			return err
		}
		if x.HandlerID == nil {
			return errNone
		}
		var n int64
		if err := tx.Model(&ask{}).Where("report_id = ? AND asked_by = ? AND (decided_at IS NULL OR granted AND expires_at > ?)", x.ID, *x.HandlerID, tx.Now).Limit(1).Count(&n).Error; err != nil {
			return fmt.Errorf("reports: asks: %w", err)
		}
		if n == 0 {
			return errNone // nobody who works on it asked
		}
		if f, open, err = s.file(ctx, &tx.Reader, x, fileID, keys); err != nil {
			return err
		}
		if !f.Original {
			return errNoFile
		}
		return s.step(tx, a, x, DoOriginal, "")
	})
	if err != nil {
		return f, nil, err
	}
	body, err = open()
	return f, body, err
}
