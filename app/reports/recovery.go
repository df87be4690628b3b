package reports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"gorm.io/gorm"

	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// recovery is a recovery key. Its private half is nowhere but in three files, one
// for each pair of the three kits on paper: age's recipients mean "or", so each
// is closed to one of the pair and what comes of it to the other.
type recovery struct {
	No     int64 `gorm:"primaryKey;autoIncrement:false"`
	Public []byte
	PairAB []byte `gorm:"column:pair_ab"`
	PairAC []byte `gorm:"column:pair_ac"`
	PairBC []byte `gorm:"column:pair_bc"`
	Trial  bool
	At     time.Time
}

func (recovery) TableName() string { return "key_recoveries" }

// recoveryKey is the one in use; nil when there is none.
func recoveryKey(r *store.Reader) (*recovery, error) {
	var x recovery
	err := r.Select("no, public, pair_ab, pair_ac, pair_bc, trial, at").Order("no DESC").Take(&x).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reports: recovery key: %w", err)
	}
	return &x, nil
}

// Kit is what one officer keeps on paper, away from the court's machines.
type Kit struct {
	Letter string // A, B or C
	Secret string // an age identity
	Print  string // of the recovery key that it belongs to
}

// newKits draws three kits for a recovery key and closes the key's private half for each pair of them.
func newKits(key *seal.Private) (kits []Kit, x recovery, err error) {
	ids := make([]*age.X25519Identity, 3)
	for i := range ids {
		if ids[i], err = age.GenerateX25519Identity(); err != nil {
			return nil, x, fmt.Errorf("reports: kit: %w", err)
		}
		kits = append(kits, Kit{Letter: string(rune('A' + i)), Secret: ids[i].String(), Print: printOf(key.Public())})
	}
	x.Public = key.Public()
	for _, p := range []struct {
		to   *[]byte
		a, b int
	}{{&x.PairAB, 0, 1}, {&x.PairAC, 0, 2}, {&x.PairBC, 1, 2}} {
		inner, err := encrypt(key.Bytes(), ids[p.a].Recipient())
		if err == nil {
			*p.to, err = encrypt(inner, ids[p.b].Recipient())
		}
		if err != nil {
			return nil, x, fmt.Errorf("reports: kit: %w", err)
		}
	}
	return kits, x, nil
}

func encrypt(text []byte, to age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

func decrypt(closed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(closed), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// ErrKits means that two kits do not open the recovery key together.
var ErrKits = errors.New("these two kits do not open the recovery key: they must be two different ones of the newest three")

// open is the recovery key, for two kits.
func (x recovery) open(one, other string) (*seal.Private, error) {
	a, err1 := age.ParseX25519Identity(one)
	b, err2 := age.ParseX25519Identity(other)
	if err1 != nil || err2 != nil {
		return nil, errors.New("a kit's secret is a line that begins with AGE-SECRET-KEY-1") // age's error may quote it
	}
	for _, closed := range [][]byte{x.PairAB, x.PairAC, x.PairBC} {
		for _, order := range [][2]age.Identity{{a, b}, {b, a}} {
			inner, err := decrypt(closed, order[1])
			if err != nil {
				continue
			}
			raw, err := decrypt(inner, order[0])
			if err != nil {
				continue
			}
			key, err := seal.ParsePrivate(raw)
			if err == nil && string(key.Public()) == string(x.Public) {
				return key, nil
			}
		}
	}
	return nil, ErrKits
}

// InitRecovery makes the recovery key and its three kits, which are not kept.
// Conflict when there is one: see NewKits.
// One that a first start made for trial is replaced: then the roster must be signed anew.
func (s *Service) InitRecovery(ctx context.Context, trial bool) (kits []Kit, err error) {
	key := seal.NewPrivate()
	kits, x, err := newKits(key)
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		old, err := recoveryKey(&tx.Reader)
		if err != nil {
			return err
		}
		if old != nil && !old.Trial {
			return fault.New(fault.Conflict, "恢复密钥已经有了。恢复函丢了一份的，用另外两份重新制作：portal keys kit。")
		}
		x.No, x.Trial, x.At = 1, trial, tx.Now
		if old != nil {
			x.No = old.No + 1
		}
		if err := tx.Create(&x).Error; err != nil {
			return fmt.Errorf("reports: recovery key: %w", err)
		}
		return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "keys.recovery.make", Subject: "recovery", SubjectID: x.No, Public: true,
			Changes: []journal.Change{{Field: "print", New: printOf(x.Public)}}})
	})
	return kits, err
}

// NewKits makes three new kits for the same recovery key out of two old ones,
// which are worth nothing afterwards: when a paper was lost or its keeper leaves.
func (s *Service) NewKits(ctx context.Context, one, other string) (kits []Kit, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		old, key, err := opened(&tx.Reader, one, other)
		if err != nil {
			return err
		}
		var x recovery
		if kits, x, err = newKits(key); err != nil {
			return err
		}
		x.No, x.Trial, x.At = old.No+1, old.Trial, tx.Now
		if err := tx.Create(&x).Error; err != nil {
			return fmt.Errorf("reports: recovery key: %w", err)
		}
		return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "keys.recovery.kits", Subject: "recovery", SubjectID: x.No, Public: true})
	})
	return kits, err
}

func opened(r *store.Reader, one, other string) (*recovery, *seal.Private, error) {
	x, err := recoveryKey(r)
	if err != nil {
		return nil, nil, err
	}
	if x == nil {
		return nil, nil, errors.New("there is no recovery key yet: portal keys init")
	}
	key, err := x.open(one, other)
	return x, key, err
}

// Recover gives a member of the roster, whose password was lost, the keys of all
// that was sealed for them before, with two kits and a reason; or, with another
// login in leaver, of all that was sealed for somebody who left without handing
// over, and who gets nothing new from then on. Whoever was kept
// out of a report stays out: their grant there was a decoy, and the statement is
// read again to see whom it names. It is visible on each report. It returns how
// many reports they can read again.
func (s *Service) Recover(ctx context.Context, one, other, login, leaver, reason string) (n int, err error) {
	if reason = typed.Line(reason); typed.Blank(reason) || len([]rune(reason)) > 200 {
		return 0, fault.New(fault.Invalid, "请写明恢复的理由，最多 200 个字。")
	}
	var key *seal.Private
	var who *member
	var d *desk
	of := int64(0)
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if _, key, err = opened(r, one, other); err != nil {
			return err
		}
		if d, err = s.readers(r); err != nil {
			return err
		}
		id, err := staff.ByLogin(r, login)
		if err != nil {
			return err
		}
		for _, m := range d.everybody() {
			if m.Staff == id {
				who = &m
			}
		}
		of = id
		if leaver != "" {
			if of, err = staff.ByLogin(r, leaver); err != nil {
				return err
			}
		}
		if who == nil {
			return fault.New(fault.Conflict, "“"+login+"”不在现有的名单上，或者换了密钥还没有签。请先由名单上的纪检专员在“举报密钥”页签好，再恢复。")
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.ensure(ctx, []seal.Public{who.Key}); err != nil {
		return 0, err
	}
	last := int64(0)
	for {
		var ids []int64
		err := s.db.Read(ctx, func(r *store.Reader) error {
			return r.Model(&Report{}).Where("id > ? AND kept", last).Order("id").Limit(100).Pluck("id", &ids).Error
		})
		if err != nil {
			return n, fmt.Errorf("reports: recover: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			given := false
			err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
				given, err = s.regain(tx, d, key, who, of, id)
				return err
			})
			if err != nil {
				return n, err
			}
			if given {
				n++
			}
			last = id
		}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if of != who.Staff { // all of theirs, real or not, so that it tells nothing
			if err := errors.Join(tx.Where("staff_id = ?", of).Delete(&grant{}).Error, depart(tx, of)); err != nil {
				return err
			}
		}
		return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "keys.recover", Subject: "staff", SubjectID: of, Public: true,
			Changes: []journal.Change{{Field: "reason", New: reason}, {Field: "reports", New: fmt.Sprint(n)}}})
	})
	return n, err
}

// regain gives somebody one report's keys again, if a grant stands there for them.
func (s *Service) regain(tx *store.Tx, d *desk, key *seal.Private, who *member, of, id int64) (bool, error) {
	x, err := find(&tx.Reader, "id = ?", id)
	if err != nil {
		return false, err
	}
	role := holderOfficer
	if who.Custodian {
		role = holderCustodian
	}
	var theirs []grant
	if err := tx.Select(grantColumns).Where("report_id = ? AND staff_id = ? AND holder = ?", id, of, role).Order("epoch").Limit(1000).Find(&theirs).Error; err != nil {
		return false, fmt.Errorf("reports: recover: %w", err)
	}
	if len(theirs) == 0 {
		return false, nil
	}
	rings, err := s.rings(&tx.Reader, x, holderRecovery, 0, key)
	if err != nil {
		return false, err
	}
	st, err := s.statement(&tx.Reader, x, rings)
	if err != nil {
		return false, err
	}
	if !d.readersOf(st)[who.Staff] {
		return false, nil // what stands there is a decoy, and stays one
	}
	given := false
	for _, g := range theirs {
		full, ok := rings[g.Epoch]
		if !ok {
			continue
		}
		line, err := s.line(who.Key)
		if err != nil {
			return false, err
		}
		err = errors.Join(tx.Where("report_id = ? AND epoch = ? AND holder = ? AND staff_id = ?", id, g.Epoch, role, who.Staff).Delete(&grant{}).Error,
			tx.Create(&grant{ReportID: id, Epoch: g.Epoch, Holder: role, StaffID: who.Staff, LineID: &line.id, Sealed: x.close(line.box, g.Epoch, role, who.Staff, full)}).Error)
		if err != nil {
			return false, fmt.Errorf("reports: recover: %w", err)
		}
		given = true
	}
	if !given {
		return false, nil
	}
	if of != who.Staff && x.HandlerID != nil && *x.HandlerID == of {
		if err := save(tx, &x, map[string]any{"handler_id": who.Staff}); err != nil {
			return false, err
		}
	}
	return true, s.step(tx, staff.System, x, DoRecover, "")
}
