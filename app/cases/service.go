package cases

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/seal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Service is the room: it holds what every method needs.
type Service struct {
	db         *store.DB
	blobs      blob.Store
	writer     *writer
	codeKey    seal.Key // derives access codes from forms' secrets
	accessKey  seal.Key // hashes access codes
	callerKey  seal.Key // recognises the same caller
	trackKey   seal.Key // signs the pass that a right code earns
	contactBox seal.Box // in which contact details lie
	standing   atomic.Pointer[standing]
	tallies    tallies
}

// New starts the room; Close must follow.
func New(db *store.DB, blobs blob.Store, pepper seal.Pepper) *Service {
	s := &Service{db: db, blobs: blobs, codeKey: pepper.Key("code"), accessKey: pepper.Key("access"),
		callerKey: pepper.Key("caller"), trackKey: pepper.Key("track"), contactBox: seal.Box(pepper.Key("contact"))}
	parallel := 1
	if db.Dialect() == store.Postgres {
		parallel = 2
	}
	s.writer = newWriter(s, parallel)
	return s
}

// Close waits for the submissions that were already taken.
func (s *Service) Close() { s.writer.close() }

// get reads a case that the actor may see; others get the same answer as for
// one that does not exist.
func get(r *store.Reader, a staff.Actor, id int64) (Case, error) {
	var c Case
	err := visible(r.Select(columns).Where("cases.id = ?", id), a).Take(&c).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return reach(r, a, id)
	}
	if err != nil {
		return c, fmt.Errorf("cases: read: %w", err)
	}
	return c, nil
}

// visible narrows a query over cases to what the actor may see. Every path to
// a case on the desk goes through it: lists, counts, search, pages, files.
func visible(q *gorm.DB, a staff.Actor) *gorm.DB {
	conditions := q.Session(&gorm.Session{NewDB: true})
	scope := conditions.Where("1 = 0")
	if a.Has(staff.IntakeClerk) || a.Has(staff.Dispatcher) || a.Has(staff.Supervisor) || a.Has(staff.Leader) {
		scope = scope.Or("1 = 1")
	}
	if a.DepartmentID != 0 && (a.Has(staff.Liaison) || a.Has(staff.Handler) || a.Has(staff.Reviewer) || a.Has(staff.Approver)) {
		scope = scope.Or("cases.department_id = ?", a.DepartmentID)
	}
	if a.DepartmentID == 0 && (a.Has(staff.Reviewer) || a.Has(staff.Approver)) {
		scope = scope.Or("cases.department_id IS NOT NULL")
	}
	if a.Has(staff.Caller) {
		scope = scope.Or("cases.state IN ?", []State{Replied, Concluded, Archived})
	}
	if a.Has(staff.Publisher) {
		scope = scope.Or("cases.allow_publish AND cases.replied_on IS NOT NULL")
	}
	if a.Has(staff.RectificationOffice) {
		scope = scope.Or("cases.kind = ?", Comment)
	}
	// The actor's own exclusions are few and read once, not looked for at every case.
	return notShutOut(q.Where(scope), a)
}

// notShutOut leaves out the cases that the actor must not see.
func notShutOut(q *gorm.DB, a staff.Actor) *gorm.DB {
	return q.Where(`cases.id NOT IN (SELECT case_id FROM case_exclusions WHERE staff_id = ?
		UNION ALL SELECT case_id FROM case_exclusions WHERE department_id = ?)`, a.ID, a.DepartmentID)
}

// act is the frame of every method in which staff change a case: read it as
// the actor sees it, check role and state, change it in one transaction.
func (s *Service) act(ctx context.Context, a staff.Actor, id int64, v Verb, f func(tx *store.Tx, c *Case) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		as, err := standIn(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		if err := may(as, c, v); err != nil {
			return err
		}
		return f(tx, &c)
	})
}
