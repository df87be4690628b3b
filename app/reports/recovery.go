package reports

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
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
	No       int64 `gorm:"primaryKey;autoIncrement:false"`
	Public   []byte
	Verifier []byte // of what it signs; empty for one from before
	PairAB   []byte `gorm:"column:pair_ab"`
	PairAC   []byte `gorm:"column:pair_ac"`
	PairBC   []byte `gorm:"column:pair_bc"`
	Trial    bool
	At       time.Time
}

func (recovery) TableName() string { return "key_recoveries" }

// recoveryKey is the one in use; nil when there is none.
func recoveryKey(r *store.Reader) (*recovery, error) {
	var x recovery
	err := r.Select("no, public, verifier, pair_ab, pair_ac, pair_bc, trial, at").Order("no DESC").Take(&x).Error
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
		kits = append(kits, Kit{Letter: string(rune('A' + i)), Secret: ids[i].String(), Print: staff.PublicOf(key).Print()})
	}
	x.Public, x.Verifier = key.Public(), key.Verifier()
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

// other reports whether it is not the key that a roster names. Its verifier counts:
// the row is signed by nobody, and who has the other half of that signs rosters.
func (x recovery) other(now seal.Roster) bool {
	return string(x.Public) != string(now.Recover) || string(x.Verifier) != string(now.Resign)
}

// print names the recovery key, on its kits and on the page where the list is signed.
func (x recovery) print() string { return staff.PublicKey{Seal: x.Public, Verify: x.Verifier}.Print() }

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
			Changes: []journal.Change{{Field: "print", New: x.print()}}})
	})
	return kits, err
}

// NewKits makes three new kits for the same recovery key out of two old ones, when a
// paper was lost or its keeper leaves. What the old ones open is gone from the
// database, not from its backups: old papers are to be collected and destroyed.
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
		if err := tx.Model(&recovery{}).Where("no <= ?", old.No).Updates(map[string]any{"pair_ab": []byte{}, "pair_ac": []byte{}, "pair_bc": []byte{}}).Error; err != nil {
			return fmt.Errorf("reports: recovery key: %w", err)
		}
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
// many reports they can read again, and how many the recovery key does not open.
func (s *Service) Recover(ctx context.Context, one, other, login, leaver, print, reason string) (n, shut int, err error) {
	if reason = typed.Line(reason); typed.Blank(reason) || len([]rune(reason)) > 200 {
		return 0, 0, fault.New(fault.Invalid, "请写明恢复的理由，最多 200 个字。")
	}
	var key *seal.Private
	var who *member
	var d *desk
	of := int64(0)
	id := int64(0)
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if _, key, err = opened(r, one, other); err != nil {
			return err
		}
		id, err = staff.ByLogin(r, login)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	if err := s.relist(ctx, key, id, print); err != nil {
		return 0, 0, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		if d, err = s.readers(r); err != nil {
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
			return fault.New(fault.Conflict, "“"+login+"”不在现有的名单上，或者换了密钥还没有签。请先由名单上的纪检专员在“举报密钥”页签好，再恢复；换了密码的，先登录一次。")
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	if err := s.ensure(ctx, []seal.Public{who.Key}); err != nil {
		return 0, 0, err
	}
	last := int64(0)
	for {
		var ids []int64
		err := s.db.Read(ctx, func(r *store.Reader) error {
			return r.Model(&Report{}).Where("id > ? AND kept", last).Order("id").Limit(100).Pluck("id", &ids).Error
		})
		if err != nil {
			return n, shut, fmt.Errorf("reports: recover: %w", err)
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
			if errors.Is(err, seal.ErrSealed) || errors.Is(err, errForged) {
				shut++ // from before this key, or meddled with: it must not stop the others
				err = nil
			}
			if err != nil {
				return n, shut, err
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
			Changes: []journal.Change{{Field: "reason", New: reason}}})
	})
	return n, shut, err
}

// relist signs the next roster with the recovery key where somebody stands on the
// present one with a key that a lost password closed: when nobody else on it could
// sign for their new one, the form would stay closed for good. Nobody is added, and
// the new key is the one whose print its holder read off their own page.
func (s *Service) relist(ctx context.Context, recovery *seal.Private, id int64, print string) error {
	var known anchor
	signed := false
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		signed = false
		next, list, err := s.roster(&tx.Reader)
		if err != nil {
			return err
		}
		people, keys, err := holders(&tx.Reader)
		if err != nil {
			return err
		}
		gone, err := departed(&tx.Reader)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(next.Members, func(m seal.Member) bool { return m.Staff == id })
		if at < 0 || gone[id] || string(keys[id].Seal) == string(next.Members[at].Key) || len(keys[id].Verify) == 0 || string(next.Resign) != string(recovery.Verifier()) {
			return nil
		}
		if hexOnly(print) != hexOnly(keys[id].Print()) {
			return fault.New(fault.Conflict, "此人的密钥和名单上的不同。请本人登录，照“举报密钥”页上“您的指纹”一行，用 --print 写在命令里；对不上的，是有人往数据库里放了别的密钥，不要恢复。")
		}
		m := &next.Members[at]
		if !slices.ContainsFunc(people, func(p holder) bool {
			return p.ID == id && p.holds(staff.Custodian) == m.Custodian && p.holds(staff.DisciplineOfficer) == m.Officer
		}) {
			return nil
		}
		if m.Key = keys[id].Seal; m.Officer {
			m.Sign = keys[id].Verify
		}
		next.No, next.Before = next.No+1, list[len(list)-1].Digest()
		paper, err := next.Sign(id, recovery)
		if err != nil {
			return err
		}
		row := rosterRow{No: next.No, Body: paper.Body, SignedBy: id, Sig: paper.Sig, At: tx.Now}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("reports: roster: %w", err)
		}
		if known, err = s.anchor(); err != nil {
			return err
		}
		known.Newest, known.Digest, signed = next.No, hex.EncodeToString(paper.Digest()), true
		return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "keys.roster.recover", Subject: "roster", SubjectID: next.No, Public: true})
	})
	if err != nil || !signed {
		return err
	}
	return s.drop(known)
}

// Anchor writes anew where the rosters began and how far they had come, with two
// kits of the recovery key that the newest of them names: after the file was lost,
// or a backup from before the newest roster was restored. Who asks for it answers
// for the database being the court's own; each roster is checked against the one
// before it all the same.
func (s *Service) Anchor(ctx context.Context, one, other string) (no int64, err error) {
	var known anchor
	err = s.db.Read(ctx, func(r *store.Reader) error {
		_, key, err := opened(r, one, other)
		if err != nil {
			return err
		}
		var rows []rosterRow
		if err := r.Select("no, body, signed_by, sig").Order("no").Limit(10_000).Find(&rows).Error; err != nil {
			return fmt.Errorf("reports: rosters: %w", err)
		}
		if len(rows) == 0 {
			known = anchor{}
			return nil
		}
		list := make([]seal.Signed, len(rows))
		for i, x := range rows {
			list[i] = seal.Signed{Body: x.Body, By: x.SignedBy, Sig: x.Sig}
		}
		was, err := s.anchor()
		if err != nil {
			return err
		}
		if was.First != "" && was.First != hex.EncodeToString(list[0].Digest()) {
			return fmt.Errorf("%w: the first list is another", ErrRoster)
		}
		now, err := seal.Trust(list[0].Digest(), int64(len(list)), list)
		if err != nil {
			return err
		}
		if string(now.Recover) != string(key.Public()) {
			return ErrKits
		}
		known = anchor{First: hex.EncodeToString(list[0].Digest()), Newest: now.No, Digest: hex.EncodeToString(list[len(list)-1].Digest())}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.drop(known); err != nil {
		return 0, err
	}
	return known.Newest, s.db.Write(ctx, func(tx *store.Tx) error {
		return journal.Append(tx, journal.Event{ActorName: staff.System.Name, Verb: "keys.anchor", Subject: "roster", SubjectID: known.Newest, Public: true})
	})
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
	if err == nil {
		err = s.judge(&tx.Reader, x, rings)
	}
	if err != nil {
		return false, err
	}
	st, err := s.said(&tx.Reader, x, rings)
	if err != nil {
		return false, err
	}
	// All of them anew, decoys too: which of them changed would tell who is kept out.
	var recused int64
	if err := tx.Table("report_recusals").Where("report_id = ? AND staff_id = ?", id, who.Staff).Limit(1).Count(&recused).Error; err != nil {
		return false, fmt.Errorf("reports: recusals: %w", err)
	}
	may := d.readersOf(st)[who.Staff] && recused == 0
	for _, g := range theirs {
		line, err := s.line(who.Key)
		if err != nil {
			return false, err
		}
		fresh := grant{ReportID: id, Epoch: g.Epoch, Holder: role, StaffID: who.Staff, LineID: &line.id, Sealed: x.decoy(g.Epoch, role, who.Staff)}
		if full, ok := rings[g.Epoch]; ok && may {
			fresh.Sealed = x.close(line.box, g.Epoch, role, who.Staff, full)
		}
		err = errors.Join(tx.Where("report_id = ? AND epoch = ? AND holder = ? AND staff_id = ?", id, g.Epoch, role, who.Staff).Delete(&grant{}).Error, tx.Create(&fresh).Error)
		if err != nil {
			return false, fmt.Errorf("reports: recover: %w", err)
		}
	}
	if may && of != who.Staff && x.HandlerID != nil && *x.HandlerID == of {
		if err := save(tx, &x, map[string]any{"handler_id": who.Staff}); err != nil {
			return false, err
		}
	}
	return may, s.step(tx, staff.System, x, DoRecover, "")
}
