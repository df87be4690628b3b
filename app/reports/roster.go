package reports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/keyfile"
	"mingjing/app/seal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// rosterRow is a signed roster as it is stored, for ever.
type rosterRow struct {
	No       int64 `gorm:"primaryKey;autoIncrement:false"`
	Body     []byte
	SignedBy int64
	Sig      []byte
	At       time.Time
}

func (rosterRow) TableName() string { return "key_rosters" }

// anchorFile says, outside the database, how the rosters began and how far they
// had come: without it whoever writes to the database could begin anew.
const anchorFile = "roster.json"

type anchor struct {
	First  string `json:"first"` // digest of the first roster, hexadecimal
	Newest int64  `json:"newest"`
	Digest string `json:"digest,omitempty"` // of that one: who has left could sign another in its place
}

func (s *Service) anchor() (a anchor, err error) {
	raw, err := os.ReadFile(filepath.Join(s.folder, anchorFile))
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	if err != nil {
		return a, fmt.Errorf("reports: %s: %w", anchorFile, err)
	}
	return a, nil
}

// drop writes the anchor so that a crash leaves the old one or the new one.
func (s *Service) drop(a anchor) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := keyfile.Replace(filepath.Join(s.folder, anchorFile), string(raw)+"\n"); err != nil {
		return fmt.Errorf("reports: %s: %w", anchorFile, err)
	}
	return nil
}

// ErrRoster means that the rosters in the database are not those that this site
// began with: nothing is sealed to anybody, and the form is closed.
var ErrRoster = fault.New(fault.Conflict, "纪检专员的密钥名单与本站开始时不符，为了安全，举报现在不能接收，也不能交办。请系统管理员运行 portal doctor 查明原因；确认数据库没有被改动的，用两份恢复函运行 portal keys anchor。")

// roster is the newest one, judged from the beginning; the zero Roster when there is none.
func (s *Service) roster(r *store.Reader) (seal.Roster, []seal.Signed, error) {
	var rows []rosterRow
	if err := r.Select("no, body, signed_by, sig").Order("no").Limit(10_000).Find(&rows).Error; err != nil {
		return seal.Roster{}, nil, fmt.Errorf("reports: rosters: %w", err)
	}
	known, err := s.anchor()
	if err != nil {
		return seal.Roster{}, nil, err
	}
	if len(rows) == 0 && known.Newest == 0 { // none was signed, or the first was about to be
		return seal.Roster{}, nil, nil
	}
	list := make([]seal.Signed, len(rows))
	for i, x := range rows {
		list[i] = seal.Signed{Body: x.Body, By: x.SignedBy, Sig: x.Sig}
	}
	first, err := hex.DecodeString(known.First)
	if err != nil || known.First == "" {
		return seal.Roster{}, nil, fmt.Errorf("%w: %s is not in the folder of keys", ErrRoster, anchorFile)
	}
	now, err := seal.Trust(first, known.Newest, list)
	if err != nil {
		return seal.Roster{}, nil, fmt.Errorf("%w: %w", ErrRoster, err)
	}
	if known.Digest != "" && known.Newest > 0 && hex.EncodeToString(list[known.Newest-1].Digest()) != known.Digest {
		return seal.Roster{}, nil, fmt.Errorf("%w: another list %d stands in its place", ErrRoster, known.Newest)
	}
	return now, list, nil
}

// member is somebody on the roster who works here now with the key that stands there.
type member struct {
	seal.Member
	now staff.Person
}

// names are what somebody was called when they were signed for, and is now.
func (m member) names() []string { return distinct(m.Name, m.now.Name) }
func (m member) units() []string { return distinct(m.Department, m.now.Department) }

func distinct(a, b string) []string {
	if a == "" || a == b {
		return []string{b}
	}
	return []string{a, b}
}

// desk is to whom reports can be sealed, and in what time they are owed an answer.
type desk struct {
	revision   int64
	roster     seal.Roster
	officers   []member // of the group
	outside    []member
	custodians []member
	limits     settings.Limits
	calendar   *calendar.Calendar
	reporting  settings.Reporting
	superior   string // where reports go that nobody here may read
}

// everybody are all members in one list, officers first.
func (d *desk) everybody() []member {
	return slices.Concat(d.officers, d.outside, d.custodians)
}

// desks remembers the desk for as long as nobody comes, goes or signs.
type desks struct {
	sync.Mutex
	now *desk
}

// seen is the desk as it was last read, which a commit holds against how it stands
// then; read anew where none was read yet, or where the commit says so. Error: ErrRoster.
func (s *Service) seen(ctx context.Context, anew bool) (d *desk, err error) {
	if !anew {
		s.desks.Lock()
		d = s.desks.now
		s.desks.Unlock()
		if d != nil {
			return d, nil
		}
	}
	err = s.db.Read(ctx, func(r *store.Reader) (err error) { d, err = s.readers(r); return err })
	return d, err
}

// readers is the desk as it stands. Error: ErrRoster.
func (s *Service) readers(r *store.Reader) (*desk, error) {
	revision, err := r.Revision()
	if err != nil {
		return nil, err
	}
	return s.readersAt(r, revision)
}

func (s *Service) readersAt(r *store.Reader, revision int64) (*desk, error) {
	s.desks.Lock()
	defer s.desks.Unlock()
	if d := s.desks.now; d != nil && d.revision == revision {
		return d, nil
	}
	d := &desk{revision: revision}
	var err error
	if d.limits, err = settings.LoadLimits(r); err != nil {
		return nil, err
	}
	if d.calendar, err = settings.LoadCalendar(r); err != nil {
		return nil, err
	}
	if d.reporting, err = settings.LoadReporting(r); err != nil {
		return nil, err
	}
	site, err := settings.LoadSite(r)
	if err != nil {
		return nil, err
	}
	d.superior = site.Superior
	if d.roster, _, err = s.roster(r); err != nil {
		return nil, err
	}
	people, keys, err := holders(r)
	if err != nil {
		return nil, err
	}
	gone, err := departed(r)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		m, ok := d.roster.Of(p.ID)
		if !ok || gone[p.ID] || string(m.Key) != string(keys[p.ID].Seal) {
			continue // not signed for, or with another key than was signed for
		}
		x := member{m, p.Person}
		switch officer := p.holds(staff.DisciplineOfficer); {
		case m.Custodian && p.holds(staff.Custodian):
			d.custodians = append(d.custodians, x)
		case m.Outside && officer:
			d.outside = append(d.outside, x)
		case m.Officer && officer:
			d.officers = append(d.officers, x)
		}
	}
	s.desks.now = d
	return d, nil
}

// holder is somebody who has one of the two roles that a roster is about.
type holder struct{ staff.Person }

func (h holder) holds(r staff.Role) bool { return slices.Contains(h.Roles, r) }

// holders are they, in order of their ids, with their present keys.
func holders(r *store.Reader) (list []holder, keys map[int64]staff.PublicKey, err error) {
	var ids []int64
	for _, role := range []staff.Role{staff.DisciplineOfficer, staff.Custodian} {
		people, err := staff.Holding(r, role, 0)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range people {
			if !slices.Contains(ids, p.ID) {
				ids, list = append(ids, p.ID), append(list, holder{p})
			}
		}
	}
	slices.SortFunc(list, func(a, b holder) int { return int(a.ID - b.ID) })
	keys, err = staff.PublicKeys(r, ids)
	return list, keys, err
}

// Wanted is somebody whom the next roster would list.
type Wanted struct {
	ID         int64
	Name       string
	Department string
	Custodian  bool
	Outside    bool   // as the present roster says
	Print      string // of their key; empty when they have none yet
	Standing   string // what the present roster says of them: 新增, 换了密钥 or empty when they stand there as they are
}

// Rosters is how the list of keys stands.
type Rosters struct {
	No       int64 // 0: none was ever signed
	SignedBy string
	At       time.Time
	Wanted   []Wanted
	Gone     []string // who stands on it and may not read any more
	Apart    []string
	Recovery string // print of the recovery key; empty when there is none
	NewKey   bool   // the recovery key is not the one on the roster
	Broken   bool   // see ErrRoster
}

// Rosters reads how the list stands, for officers and the security administrator.
func (s *Service) Rosters(ctx context.Context, a staff.Actor) (v Rosters, err error) {
	if err := a.Require(staff.DisciplineOfficer, staff.Custodian, staff.SecAdmin); err != nil {
		return v, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		v, _, err = s.rosters(r)
		return err
	})
	return v, err
}

func (s *Service) rosters(r *store.Reader) (v Rosters, now seal.Roster, err error) {
	now, _, err = s.roster(r)
	if errors.Is(err, ErrRoster) {
		v.Broken = true
	} else if err != nil {
		return v, now, err
	}
	v.No, v.Apart = now.No, now.Apart
	if v.No > 0 {
		var last rosterRow
		if err := r.Select("signed_by, at").Where("no = ?", v.No).Take(&last).Error; err != nil {
			return v, now, err
		}
		v.At = last.At
		if p, err := staff.Find(r, last.SignedBy); err == nil {
			v.SignedBy = p.Name
		}
	}
	people, keys, err := holders(r)
	if err != nil {
		return v, now, err
	}
	left, err := departed(r)
	if err != nil {
		return v, now, err
	}
	var stay []int64
	for _, p := range people {
		if left[p.ID] {
			continue // handed over; they stand among those who are gone
		}
		w := Wanted{ID: p.ID, Name: p.Name, Department: p.Department, Custodian: p.holds(staff.Custodian)}
		m, on := now.Of(p.ID)
		w.Outside = m.Outside
		if k, ok := keys[p.ID]; ok {
			w.Print = k.Print()
		}
		switch {
		case !on:
			w.Standing = "新增"
		case string(m.Key) != string(keys[p.ID].Seal), len(m.Sign) > 0 && string(m.Sign) != string(keys[p.ID].Verify):
			w.Standing = "换了密钥"
		case m.Custodian != w.Custodian:
			w.Standing = "换了角色"
		}
		v.Wanted, stay = append(v.Wanted, w), append(stay, p.ID)
	}
	for _, m := range now.Members {
		if !slices.Contains(stay, m.Staff) {
			if p, err := staff.Find(r, m.Staff); err == nil {
				v.Gone = append(v.Gone, p.Name)
			}
		}
	}
	key, err := recoveryKey(r)
	if err != nil {
		return v, now, err
	}
	if key != nil {
		v.Recovery, v.NewKey = key.print(), key.other(now)
	}
	return v, now, nil
}

// Seen is what an officer saw when they signed: what has changed since is refused.
func (v Rosters) Seen() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s", v.No, v.Recovery)
	for _, w := range v.Wanted {
		fmt.Fprintf(h, "\n%d %s %t", w.ID, w.Print, w.Custodian)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Signing is what an officer says with their signature.
type Signing struct {
	Seen     string  // Rosters.Seen of the page that they signed on; empty: not asked
	Outside  []int64 // the officers from elsewhere
	Apart    string  // a line each: names for which a report goes to those alone
	Recovery string  // print of the recovery key, read off a kit on paper, when the key is new
}

// Sign makes the next roster: whoever holds one of the roles now, with the key
// they have now. The first is signed by whoever comes first, which is why its
// digest is kept outside the database from then on.
func (s *Service) Sign(ctx context.Context, a staff.Actor, say Signing) error {
	if err := a.Require(staff.DisciplineOfficer); err != nil {
		return err
	}
	own, err := private(a)
	if err != nil {
		return err
	}
	var names []string
	for line := range strings.Lines(say.Apart) {
		if x := typed.Line(line); !typed.Blank(x) && !slices.Contains(names, x) {
			names = append(names, x)
		}
	}
	if len(names) > 50 || slices.ContainsFunc(names, func(x string) bool { n := len([]rune(x)); return n < 2 || n > 40 }) {
		return fault.Form([]fault.Field{{Name: "apart", Message: "请一行写一个名称，最多 50 个，每个 2 到 40 个字。"}})
	}
	var known anchor
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		known, err = s.sign(tx, a, own, say, names)
		return err
	})
	if err != nil {
		return err
	}
	return s.drop(known)
}

func (s *Service) sign(tx *store.Tx, a staff.Actor, own *seal.Private, say Signing, apart []string) (known anchor, err error) {
	v, now, err := s.rosters(&tx.Reader)
	if err != nil {
		return known, err
	}
	if v.Broken {
		return known, fault.New(fault.Conflict, "现有的名单与本站开始时不符，不能接着签。请让系统管理员运行 portal doctor，查明原因以前不接收举报。")
	}
	if say.Seen != "" && say.Seen != v.Seen() {
		return known, fault.New(fault.Conflict, "名单刚刚有了变化，请重新核对以后再签。")
	}
	if m, ok := now.Of(a.ID); now.No > 0 && (!ok || !m.Officer || string(m.Key) != string(own.Public())) {
		return known, fault.New(fault.Forbidden, "您还不在现有的名单上，或者换了密钥，要由名单上的另一位纪检专员签。")
	}
	people, keys, err := holders(&tx.Reader)
	if err != nil {
		return known, err
	}
	gone, err := departed(&tx.Reader)
	if err != nil {
		return known, err
	}
	next := seal.Roster{No: now.No + 1, Apart: apart}
	readers := 0
	for _, p := range people {
		k, ok := keys[p.ID]
		if !ok || len(k.Verify) == 0 || gone[p.ID] {
			continue // they have not signed in since there are keys
		}
		if old, on := now.Of(p.ID); on && string(old.Key) == string(k.Seal) && len(old.Sign) > 0 {
			k.Verify = old.Sign // the same private key signs the same; the column is believed once
		}
		m := seal.Member{Staff: p.ID, Key: k.Seal, Custodian: p.holds(staff.Custodian), Name: p.Name, Department: p.Department}
		if p.holds(staff.DisciplineOfficer) {
			if m.Custodian {
				return known, fault.New(fault.Conflict, p.Name+"同时是纪检专员和身份保管人。办理举报的人不能保管举报人身份，请安全管理员去掉其中一个角色。")
			}
			m.Officer, m.Outside, m.Sign = true, slices.Contains(say.Outside, p.ID), k.Verify
			if !m.Outside {
				readers++
			}
		}
		next.Members = append(next.Members, m)
	}
	if mine, ok := next.Of(a.ID); !ok || string(mine.Key) != string(own.Public()) || string(mine.Sign) != string(own.Verifier()) {
		return known, fault.New(fault.Conflict, "您的密钥和账号里的不一致，不能签。请退出后重新登录。")
	}
	if readers == 0 {
		return known, fault.New(fault.Conflict, "名单上要有至少一位本组的纪检专员，不能都是外部专员。")
	}
	// Who left and comes back later, in one of the roles again, is listed again.
	if err := tx.Exec("DELETE FROM key_departures WHERE NOT EXISTS (SELECT 1 FROM staff_roles r JOIN staff s ON s.id = r.staff_id WHERE r.staff_id = key_departures.staff_id AND s.disabled_at IS NULL AND r.role IN ?)",
		[]staff.Role{staff.DisciplineOfficer, staff.Custodian}).Error; err != nil {
		return known, fmt.Errorf("reports: roster: %w", err)
	}
	key, err := recoveryKey(&tx.Reader)
	if err != nil {
		return known, err
	}
	if key == nil {
		return known, fault.New(fault.Conflict, "还没有恢复密钥。请系统管理员先运行 portal keys init，把打印出来的三份恢复函分别交给三位纪检专员。")
	}
	// The row of the key is signed by nobody: it is the paper that vouches for it.
	if key.other(now) && hexOnly(say.Recovery) != hexOnly(key.print()) {
		return known, fault.Form([]fault.Field{{Name: "recovery", Message: "和现在的恢复密钥对不上。请照着纸上的恢复函填写“指纹”一行；确实对不上的，不要签，立即告诉系统管理员。"}})
	}
	next.Recover, next.Resign = key.Public, key.Verifier
	if now.No > 0 {
		var last rosterRow
		if err := tx.Select("body").Where("no = ?", now.No).Take(&last).Error; err != nil {
			return known, err
		}
		next.Before = seal.Signed{Body: last.Body}.Digest()
	}
	signed, err := next.Sign(a.ID, own)
	if err != nil {
		return known, err
	}
	row := rosterRow{No: next.No, Body: signed.Body, SignedBy: a.ID, Sig: signed.Sig, At: tx.Now}
	if err := tx.Create(&row).Error; err != nil {
		return known, fmt.Errorf("reports: roster: %w", err)
	}
	if known, err = s.anchor(); err != nil {
		return known, err
	}
	if now.No == 0 { // before the commit: a first list that nothing vouches for would close the form for good
		known.First = hex.EncodeToString(signed.Digest())
		if err := s.drop(known); err != nil {
			return known, err
		}
	}
	known.Newest, known.Digest = next.No, hex.EncodeToString(signed.Digest())
	return known, journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "keys.roster.sign", Subject: "roster", SubjectID: next.No, Public: true,
		Changes: []journal.Change{{Field: "members", New: fmt.Sprint(len(next.Members))}}})
}

// private is the actor's own key, or what they have to do to have it.
func private(a staff.Actor) (*seal.Private, error) {
	own, err := a.Private()
	if errors.Is(err, staff.ErrNoKey) {
		return nil, fault.New(fault.Conflict, "这次登录没有带上您的密钥。请退出后重新登录；还是不行的，请联系安全管理员。")
	}
	return own, err
}

// hexOnly is a print as it is compared, however it was typed.
func hexOnly(print string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdef", r) {
			return r
		}
		return -1
	}, strings.ToLower(norm.NFKC.String(print)))
}

// Holders is how many can open reports, for the doctor.
type Holders struct {
	Recovery   bool // there is a recovery key
	Trial      bool // made by a first start on this machine
	Officers   int
	Outside    int
	Custodians int
	Stale      bool // the list names another recovery key
	Unsigned   int  // who hold one of the roles and are not on the list as they are
}

// Look reads how many hold keys, without the room. Error: ErrRoster.
func Look(r *store.Reader, folder string) (h Holders, err error) {
	s := &Service{folder: folder}
	key, err := recoveryKey(r)
	if err != nil || key == nil {
		return h, err
	}
	h.Recovery, h.Trial = true, key.Trial
	d, err := s.readersAt(r, -1)
	if err != nil {
		return h, err
	}
	h.Stale = d.roster.No > 0 && key.other(d.roster)
	h.Officers, h.Outside, h.Custodians = len(d.officers), len(d.outside), len(d.custodians)
	people, _, err := holders(r)
	if err != nil {
		return h, err
	}
	gone, err := departed(r)
	h.Unsigned = len(people) - len(d.everybody()) - len(gone)
	return h, err
}
