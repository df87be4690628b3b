// Package reportstest gives tests a desk of officers who hold their keys, and
// checks that the room's invariants hold after every scenario.
package reportstest

import (
	"errors"
	"strings"
	"testing"

	"mingjing/app/blob"
	"mingjing/app/cases"
	"mingjing/app/reports"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/staff/stafftest"
	"mingjing/app/store"
)

func init() { stafftest.CheapPasswords() }

// Desk is the room with its people.
type Desk struct {
	T       testing.TB
	DB      *store.DB
	Blobs   blob.Store
	Reports *reports.Service
	Cases   *cases.Service
	Staff   *staff.Service
	Pepper  seal.Pepper
	Folder  string // of the keys
	Kits    []reports.Kit
	Admin   staff.Actor
}

// Group is the unit of the officers.
const Group = "派驻纪检监察组"

// password is everybody's.
const password = "correct horse battery staple 7"

// New makes a desk with a recovery key and nobody on the roster.
func New(t testing.TB, db *store.DB) *Desk {
	t.Helper()
	blobs, err := blob.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &Desk{T: t, DB: db, Blobs: blobs, Pepper: seal.Pepper(strings.Repeat("p", 32)), Folder: t.TempDir()}
	d.Staff = staff.New(db, d.Pepper, false)
	d.Cases = cases.New(db, blobs, d.Pepper)
	t.Cleanup(d.Cases.Close)
	d.Reports = d.Again()
	if d.Kits, err = d.Reports.InitRecovery(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	d.Admin = stafftest.Actor(t, db, "安全员", "", staff.SecAdmin)
	return d
}

// Again is another instance of the room on the same database and keys.
func (d *Desk) Again() *reports.Service {
	s := reports.New(d.DB, d.Blobs, d.Pepper, d.Folder)
	d.T.Cleanup(s.Close)
	d.Staff.Leaving(s.MayLeave)
	return s
}

// Hire makes an account and signs it in; name is also what people call them.
func (d *Desk) Hire(login, name, department string, roles ...staff.Role) staff.Actor {
	d.T.Helper()
	var place int64
	if department != "" {
		err := d.DB.Write(d.T.Context(), func(tx *store.Tx) error {
			if err := tx.Exec("INSERT INTO departments (name) VALUES (?) ON CONFLICT (name) DO NOTHING", department).Error; err != nil {
				return err
			}
			return tx.Raw("SELECT id FROM departments WHERE name = ?", department).Scan(&place).Error
		})
		if err != nil {
			d.T.Fatal(err)
		}
	}
	if _, _, err := d.Staff.Add(d.T.Context(), d.Admin, staff.Draft{Login: login, Name: name, DepartmentID: place, Roles: roles, Password: password}); err != nil {
		d.T.Fatal(err)
	}
	return d.SignIn(login)
}

// SignIn signs an account in again.
func (d *Desk) SignIn(login string) staff.Actor {
	d.T.Helper()
	in, err := d.Staff.SignIn(d.T.Context(), login, password)
	if err != nil {
		d.T.Fatal(err)
	}
	a, err := d.Staff.Session(d.T.Context(), in.Cookie)
	if err != nil {
		d.T.Fatal(err)
	}
	return a
}

// Sign signs the roster of whoever there is.
func (d *Desk) Sign(by staff.Actor, outside ...staff.Actor) {
	d.T.Helper()
	var ids []int64
	for _, o := range outside {
		ids = append(ids, o.ID)
	}
	if err := d.Reports.Sign(d.T.Context(), by, reports.Signing{Outside: ids, Recovery: d.Kits[0].Print}); err != nil {
		d.T.Fatal(err)
	}
}

// Away has the officer of a login depart, as if they had handed over; back brings them back.
func Away(t testing.TB, db *store.DB, login string) (back func()) {
	t.Helper()
	do := func(sql string, args ...any) {
		t.Helper()
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Exec(sql, args...).Error, tx.Exec("UPDATE revisions SET n = n + 1").Error)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	do("INSERT INTO key_departures (staff_id, at) SELECT id, ? FROM staff WHERE login = ?", db.Now(), login)
	return func() { t.Helper(); do("DELETE FROM key_departures") }
}

// Captcha draws one and reads its answer from the database.
func (d *Desk) Captcha() (id, digits string) {
	d.T.Helper()
	id, err := d.Cases.NewCaptcha(d.T.Context())
	if err == nil {
		err = d.DB.Read(d.T.Context(), func(r *store.Reader) error {
			return r.Raw("SELECT digits FROM captchas WHERE id = ?", id).Scan(&digits).Error
		})
	}
	if err != nil {
		d.T.Fatal(err)
	}
	return id, digits
}

// Submit sends a statement with a captcha and returns the ticket and the report's id.
func (d *Desk) Submit(st reports.Statement) (reports.Ticket, int64) {
	d.T.Helper()
	st.CaptchaID, st.Captcha = d.Captcha()
	if st.PrivacyVersion == "" {
		st.PrivacyVersion = "2026-11"
	}
	t, err := d.Reports.Submit(d.T.Context(), st)
	if err != nil {
		d.T.Fatal(err)
	}
	var id int64
	err = d.DB.Read(d.T.Context(), func(r *store.Reader) error {
		return r.Raw("SELECT id FROM reports WHERE case_no = ?", t.CaseNo).Scan(&id).Error
	})
	if err != nil {
		d.T.Fatal(err)
	}
	return t, id
}

// rules are statements that must find nothing; each names what it looks for.
var rules = map[string]string{
	"a report without its first step":               `SELECT id FROM reports r WHERE NOT EXISTS (SELECT 1 FROM report_events e WHERE e.report_id = r.id AND e.verb = 'submit')`,
	"a report without an audit row":                 `SELECT id FROM reports r WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.subject = 'report' AND a.subject_id = r.id AND a.verb = 'report.submit')`,
	"a kept report without statement and identity":  `SELECT id FROM reports r WHERE kept AND (SELECT count(*) FROM report_texts t WHERE t.report_id = r.id AND t.kind IN ('statement', 'identity')) <> 2`,
	"a kept report that recovery does not hold":     `SELECT id FROM reports r WHERE kept AND (SELECT count(*) FROM report_grants g WHERE g.report_id = r.id AND g.holder = 'recovery') <> r.epoch`,
	"a kept report that no officer holds":           `SELECT id FROM reports r WHERE kept AND NOT EXISTS (SELECT 1 FROM report_grants g WHERE g.report_id = r.id AND g.epoch = r.epoch AND g.holder = 'officer')`,
	"a later epoch that the reporter does not hold": `SELECT id FROM reports r WHERE kept AND (SELECT count(*) FROM report_grants g WHERE g.report_id = r.id AND g.holder = 'reporter') <> r.epoch - 1`,
	"something of an erased report":                 `SELECT id FROM reports r WHERE NOT kept AND (EXISTS (SELECT 1 FROM report_texts t WHERE t.report_id = r.id) OR EXISTS (SELECT 1 FROM report_grants g WHERE g.report_id = r.id) OR EXISTS (SELECT 1 FROM report_files f WHERE f.report_id = r.id) OR EXISTS (SELECT 1 FROM report_tags t WHERE t.report_id = r.id))`,
	"an erased report that is not listed":           `SELECT id FROM reports r WHERE kept = EXISTS (SELECT 1 FROM report_erasures e WHERE e.report_id = r.id)`,
	"a handler without keys":                        `SELECT id FROM reports r WHERE kept AND handler_id IS NOT NULL AND (SELECT count(*) FROM report_grants g WHERE g.report_id = r.id AND g.holder = 'officer' AND g.staff_id = r.handler_id) <> r.epoch`,
	"somebody else who holds an assigned report":    `SELECT g.id FROM report_grants g JOIN reports r ON r.id = g.report_id WHERE g.holder = 'officer' AND r.handler_id IS NOT NULL AND g.staff_id <> r.handler_id`,
	"keys for who recused themselves":               `SELECT g.id FROM report_grants g JOIN report_recusals x ON x.report_id = g.report_id AND x.staff_id = g.staff_id WHERE g.holder = 'officer'`,
	"a handler who may see an identity for ever":    `SELECT id FROM report_grants WHERE holder = 'asker' AND expires_at IS NULL`,
	"an ended report on which something is due":     `SELECT id FROM reports WHERE (ended_on IS NOT NULL) <> (state IN ('answered', 'out_of_scope')) OR ended_on IS NOT NULL AND due_on < '9999'`,
	"a report's number that a case has":             `SELECT r.id FROM reports r JOIN cases c ON c.case_no = r.case_no`,
	"a file of nobody's":                            `SELECT id FROM report_files WHERE report_id IS NULL AND submission_hash IS NULL`,
	"a file without its original":                   `SELECT id FROM report_files f WHERE f.report_id IS NULL AND NOT original AND NOT EXISTS (SELECT 1 FROM report_files o WHERE o.submission_hash = f.submission_hash AND o.no = f.no AND o.original)`,
	"a number of a report in another room's tables": `SELECT d.id FROM search_docs d WHERE d.kind = 'report'`,
}

// Check verifies every invariant that holds without keys.
func (d *Desk) Check() { Check(d.T, d.DB) }

// Check is the same for any site.
func Check(t testing.TB, db *store.DB) {
	t.Helper()
	err := db.Read(t.Context(), func(r *store.Reader) error {
		for what, query := range rules {
			var ids []int64
			if err := r.Raw(query).Scan(&ids).Error; err != nil {
				return err
			}
			if len(ids) > 0 {
				t.Errorf("%s: %v", what, ids)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
