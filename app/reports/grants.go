package reports

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"mingjing/app/seal"
	"mingjing/app/store"
)

// ring is the keys of one epoch of a report that somebody holds.
type ring map[seal.Compartment]seal.Box

// rings are somebody's rings by epoch.
type rings map[int]ring

// What somebody holds keys as.
const (
	holderOfficer   = "officer"   // reads and works on the report
	holderCustodian = "custodian" // keeps who the reporter is
	holderAsker     = "asker"     // may see who it is for a while
	holderRecovery  = "recovery"
	holderReporter  = "reporter"
)

// held are the compartments of each.
var held = map[string][]seal.Compartment{
	holderOfficer:   {seal.Body, seal.Internal},
	holderCustodian: {seal.Identity},
	holderAsker:     {seal.Identity},
	holderRecovery:  {seal.Body, seal.Internal, seal.Identity},
	holderReporter:  {seal.Body, seal.Identity},
}

// grant is a ring, closed for its holder on a line to their key.
type grant struct {
	ID        int64
	ReportID  int64
	Epoch     int
	Holder    string
	StaffID   int64
	LineID    *int64
	Sealed    []byte
	ExpiresAt *time.Time
}

func (grant) TableName() string { return "report_grants" }

const grantColumns = "report_grants.id, report_grants.report_id, report_grants.epoch, report_grants.holder, report_grants.staff_id, report_grants.line_id, report_grants.sealed, report_grants.expires_at"

// row is what a report's envelopes are bound to: its number, which is known
// before the database gives it an id.
func (r Report) row() int64 {
	n, _ := strconv.ParseInt(r.CaseNo, 10, 64)
	return n
}

func (r Report) grantPlace(epoch int, holder string, staff int64) seal.Context {
	return seal.Context{Table: "report_grants", Row: r.row(), Epoch: epoch, Field: holder + "/" + strconv.FormatInt(staff, 10)}
}

// newRing draws the keys of an epoch.
func newRing() ring {
	r := ring{}
	for _, c := range seal.Compartments {
		r[c] = seal.NewBox()
	}
	return r
}

// bytes are a holder's part of a ring, always of the same length.
func (r ring) bytes(holder string) []byte {
	var b []byte
	for _, c := range held[holder] {
		b = append(b, r[c]...)
	}
	return b
}

func parseRing(holder string, b []byte) (ring, error) {
	list := held[holder]
	if len(b) != 32*len(list) {
		return nil, seal.ErrSealed
	}
	r := ring{}
	for i, c := range list {
		r[c] = seal.Box(b[32*i : 32*(i+1)])
	}
	return r, nil
}

// close closes a holder's part of a ring on their line.
func (r Report) close(line seal.Box, epoch int, holder string, staff int64, keys ring) []byte {
	return line.Close(r.grantPlace(epoch, holder, staff), keys.bytes(holder))
}

// decoy stands where somebody is kept out: as long as a grant, on the same line,
// and closed with a key that is forgotten at once.
func (r Report) decoy(epoch int, holder string, staff int64) []byte {
	return seal.NewBox().Close(r.grantPlace(epoch, holder, staff), make([]byte, 32*len(held[holder])))
}

// lineRow is one encapsulation to one public key.
type lineRow struct {
	ID       int64
	KeyPrint []byte
	Enc      []byte
	At       time.Time
}

func (lineRow) TableName() string { return "key_lines" }

func keyPrint(k seal.Public) []byte { d := sha256.Sum256(k); return d[:16] }

// line is the sending end, in memory alone.
type line struct {
	id    int64
	box   seal.Box
	until time.Time
}

// lineLife is how long grants share a line: an encapsulation costs as much as a
// thousand grants on it.
const lineLife = 10 * time.Minute

type lines struct {
	sync.Mutex
	to map[string]line
}

func linePlace(k seal.Public) seal.Context {
	return seal.Context{Table: "key_lines", Field: "line/" + fmt.Sprintf("%x", keyPrint(k))}
}

// ensure opens lines to keys that have none, in a transaction of its own: a line
// is used only after it is stored for good.
func (s *Service) ensure(ctx context.Context, keys []seal.Public) error {
	now := s.db.Now()
	var missing []seal.Public
	s.lines.Lock()
	for k, l := range s.lines.to {
		if l.until.Add(lineLife).Before(now) { // who asked for it just before its end still uses it
			delete(s.lines.to, k)
		}
	}
	for _, k := range keys {
		if l, ok := s.lines.to[string(k)]; !ok || l.until.Before(now) {
			missing = append(missing, k)
		}
	}
	s.lines.Unlock()
	if len(missing) == 0 {
		return nil
	}
	rows, made := make([]lineRow, len(missing)), make([]line, len(missing))
	for i, k := range missing {
		enc, box, err := seal.NewLine(k, linePlace(k))
		if err != nil {
			return fmt.Errorf("reports: line: %w", err)
		}
		rows[i], made[i] = lineRow{KeyPrint: keyPrint(k), Enc: enc}, line{box: box}
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		for i := range rows {
			rows[i].ID, rows[i].At = 0, tx.Now
		}
		return tx.Insert(&rows)
	})
	if err != nil {
		return fmt.Errorf("reports: line: %w", err)
	}
	s.lines.Lock()
	defer s.lines.Unlock()
	if s.lines.to == nil {
		s.lines.to = map[string]line{}
	}
	for i, k := range missing {
		made[i].id, made[i].until = rows[i].ID, now.Add(lineLife)
		s.lines.to[string(k)] = made[i]
	}
	return nil
}

// line is the line to a key that ensure opened.
func (s *Service) line(k seal.Public) (line, error) {
	s.lines.Lock()
	defer s.lines.Unlock()
	l, ok := s.lines.to[string(k)]
	if !ok {
		return l, fmt.Errorf("reports: no line is open to a key")
	}
	return l, nil
}

// ears are the receiving ends of a reader's lines, opened once each.
type ears struct {
	key   *seal.Private
	print string
	boxes map[int64]seal.Box
}

func newEars(key *seal.Private) *ears {
	return &ears{key, string(keyPrint(key.Public())), map[int64]seal.Box{}}
}

// load reads lines that are not known yet. Those to another key are none.
func (e *ears) load(r *store.Reader, grants []grant) error {
	var ids []int64
	for _, g := range grants {
		if g.LineID == nil {
			continue
		}
		if _, ok := e.boxes[*g.LineID]; !ok {
			e.boxes[*g.LineID] = nil
			ids = append(ids, *g.LineID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []lineRow
	if err := r.Select("id, key_print, enc").Where("id IN ?", ids).Limit(len(ids)).Find(&rows).Error; err != nil {
		return fmt.Errorf("reports: lines: %w", err)
	}
	for _, x := range rows {
		if string(x.KeyPrint) != e.print {
			continue
		}
		if box, err := seal.OpenLine(e.key, linePlace(e.key.Public()), x.Enc); err == nil {
			e.boxes[x.ID] = box
		}
	}
	return nil
}

// open opens a grant; ErrSealed for a decoy and for a key that was lost.
func (e *ears) open(x Report, g grant) (ring, error) {
	if g.LineID == nil || e.boxes[*g.LineID] == nil {
		return nil, seal.ErrSealed
	}
	raw, err := e.boxes[*g.LineID].Open(x.grantPlace(g.Epoch, g.Holder, g.StaffID), g.Sealed)
	if err != nil {
		return nil, err
	}
	return parseRing(g.Holder, raw)
}

// rings are the keys of a report that somebody can open with their private key;
// ErrSealed when they can open none.
func (s *Service) rings(r *store.Reader, x Report, holder string, staff int64, key *seal.Private) (rings, error) {
	return newEars(key).rings(r, x, holder, staff)
}

// rings are the same for who reads many: each line is opened once.
func (e *ears) rings(r *store.Reader, x Report, holder string, staff int64) (rings, error) {
	var list []grant
	q := r.Select(grantColumns).Where("report_id = ? AND holder = ? AND staff_id = ?", x.ID, holder, staff)
	q = q.Where("expires_at IS NULL OR expires_at > ?", r.Now)
	if err := q.Order("epoch").Limit(1000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("reports: grants: %w", err)
	}
	if err := e.load(r, list); err != nil {
		return nil, err
	}
	out := rings{}
	for _, g := range list {
		if got, err := e.open(x, g); err == nil {
			out[g.Epoch] = got
		}
	}
	if len(out) == 0 {
		return nil, seal.ErrSealed
	}
	return out, nil
}

// readersOf are the members who may hold keys to a statement: nobody whom it names,
// whose unit it accuses, or who is asked not to see it; and of the officers those
// from outside alone where it is about the group, its chief or who decides. A
// custodian reads nothing, and is kept out of such a one only if they belong to the group.
func (d *desk) readersOf(st Statement) map[int64]bool {
	n, apart := st.naming(), false
	group := map[string]bool{} // the officers' own unit
	for _, x := range d.roster.Apart {
		apart = apart || n.names(x)
	}
	for _, x := range groupNames {
		apart = apart || n.accuses(x)
	}
	for _, o := range d.officers {
		for _, unit := range o.units() {
			group[unit] = true
			apart = apart || n.accuses(unit)
		}
	}
	out := map[int64]bool{}
	for _, m := range d.everybody() {
		if !m.Custodian && m.Outside != apart || slices.ContainsFunc(m.names(), n.names) {
			continue
		}
		if slices.ContainsFunc(m.units(), func(unit string) bool {
			if group[unit] { // whoever is from elsewhere may be entered under the group that they help out
				return apart && !m.Outside
			}
			return n.accuses(unit)
		}) {
			continue
		}
		out[m.Staff] = true
	}
	return out
}

// readable reports whether an officer could read a statement.
func (d *desk) readable(st Statement) bool { return d.anybody(d.readersOf(st)) }

// anybody reports whether an officer is among those who may.
func (d *desk) anybody(who map[int64]bool) bool {
	return slices.ContainsFunc(slices.Concat(d.officers, d.outside), func(m member) bool { return who[m.Staff] })
}
