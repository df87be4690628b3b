package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/settings"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Digest is what the ledger asked of a department in a month, as it was sent.
// Its text is lines: a line that begins with point is a thing to do, any other
// a heading.
type Digest struct {
	ID           int64
	DepartmentID int64
	Month        string // 2027-08
	Needs        int    // how many things it asks
	Text         string
	At           time.Time

	Department string `gorm:"->"` // its name
}

func (Digest) TableName() string { return "digests" }

const point = "· "

// DigestPart is a heading with the things under it.
type DigestPart struct {
	Heading string
	Items   []string
}

// Parts are the headings of the text, in order.
func (d Digest) Parts() []DigestPart {
	var parts []DigestPart
	for _, line := range strings.Split(d.Text, "\n") {
		item, ok := strings.CutPrefix(line, point)
		if !ok || len(parts) == 0 {
			parts = append(parts, DigestPart{Heading: line})
			continue
		}
		last := &parts[len(parts)-1]
		last.Items = append(last.Items, item)
	}
	return parts
}

// MonthWord is the month in Chinese.
func (d Digest) MonthWord() string {
	t, err := time.Parse("2006-01", d.Month)
	if err != nil {
		return d.Month
	}
	return t.Format("2006年1月")
}

// A digest names at most maxNamed things under a heading, and counts the rest.
const maxNamed = 200

// digestHour is the hour, in Shanghai, from which a working day's digests are sent.
const digestHour = 8

// SendDigests sends, from the morning of a month's first working day on, the
// month's digest to every department that the ledger asks something of and that
// has none yet.
func (s *Service) SendDigests(ctx context.Context) error {
	due := false
	err := s.db.Read(ctx, func(r *store.Reader) error {
		c, err := settings.LoadCalendar(r)
		today := calendar.Of(r.Now)
		due = err == nil && c.IsWorkday(today) && !r.Now.Before(today.In().Add(digestHour*time.Hour))
		return err
	})
	if err != nil || !due {
		return err
	}
	_, err = s.writeDigests(ctx, staff.System)
	return err
}

// WriteDigests makes this month's digests now, of the departments that have
// none yet, and says how many.
func (s *Service) WriteDigests(ctx context.Context, a staff.Actor) (int, error) {
	if err := a.Require(staff.RectificationOffice, staff.Supervisor); err != nil {
		return 0, err
	}
	return s.writeDigests(ctx, a)
}

func (s *Service) writeDigests(ctx context.Context, a staff.Actor) (made int, err error) {
	var lacking []staff.Department
	err = s.db.Read(ctx, func(r *store.Reader) (err error) {
		lacking, err = withoutDigest(r)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, d := range lacking {
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			n, err := digest(tx, a, d)
			if err == nil {
				made += n
			}
			return err
		})
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

func monthOf(d calendar.Date) string { return d.String()[:len("2006-01")] }

// withoutDigest lists the departments that the ledger asks something of and
// that have no digest of this month.
func withoutDigest(r *store.Reader) (list []staff.Department, err error) {
	err = r.Table("departments").Select("departments.id, departments.name").
		Where("NOT EXISTS (SELECT 1 FROM digests WHERE digests.department_id = departments.id AND digests.month = ?)", monthOf(calendar.Of(r.Now))).
		Where(`EXISTS (SELECT 1 FROM measures WHERE measures.department_id = departments.id)
			OR EXISTS (SELECT 1 FROM measure_departments WHERE measure_departments.department_id = departments.id)
			OR EXISTS (SELECT 1 FROM supervision_orders WHERE supervision_orders.department_id = departments.id AND answered_on IS NULL)
			OR EXISTS (SELECT 1 FROM meeting_decisions WHERE meeting_decisions.department_id = departments.id AND done_on IS NULL)`).
		Order("departments.id").Limit(1000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("ledger: digests: %w", err)
	}
	return list, nil
}

// digest keeps one department's digest and sends word of it to the
// department's liaisons; 0 when somebody else has just done so.
func digest(tx *store.Tx, a staff.Actor, to staff.Department) (int, error) {
	d := Digest{DepartmentID: to.ID, Month: monthOf(calendar.Of(tx.Now)), At: tx.Now}
	var err error
	if d.Text, d.Needs, err = asks(&tx.Reader, to.ID); err != nil {
		return 0, err
	}
	done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&d)
	if done.Error != nil {
		return 0, fmt.Errorf("ledger: digest: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return 0, nil
	}
	e := journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "digest.send", Subject: "digest", SubjectID: d.ID, Changes: []journal.Change{{Field: "month", New: d.Month}}}
	if d.Needs > 0 {
		if e.Messages, err = word(&tx.Reader, to.ID, "digest", d.ID); err != nil {
			return 0, err
		}
	}
	return 1, journal.Append(tx, e)
}

// word is the message to a department's liaisons that there is something for
// them at the desk: a digest, an order.
func word(r *store.Reader, department int64, what string, id int64) ([]journal.Message, error) {
	people, err := staff.Reachable(r, staff.Liaison, department)
	if err != nil {
		return nil, err
	}
	var out []journal.Message
	for _, x := range people {
		out = append(out, journal.Message{Key: fmt.Sprintf("%s/%d/%d", what, id, x), Channel: "mail", Template: what, SubjectID: x})
	}
	return out, nil
}

// digests reads digests with their departments' names.
func digests(r *store.Reader) *gorm.DB {
	return r.Table("digests").Select("digests.id, digests.department_id, digests.month, digests.needs, digests.text, digests.at, departments.name AS department").
		Joins("JOIN departments ON departments.id = digests.department_id")
}

// ListDigests lists the digests that the actor may see, newest first; before is
// the last of the page before, or 0.
func ListDigests(r *store.Reader, a staff.Actor, before int64, limit int) ([]Digest, error) {
	if err := a.Require(Readers...); err != nil {
		return nil, err
	}
	q := digests(r)
	if a.Require(overseers...) != nil {
		q = q.Where("digests.department_id = ?", a.DepartmentID)
	}
	if before > 0 {
		q = q.Where("digests.id < ?", before)
	}
	var list []Digest
	if err := q.Order("digests.id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("ledger: digests: %w", err)
	}
	return list, nil
}

// OpenDigest reads one.
func OpenDigest(r *store.Reader, a staff.Actor, id int64) (Digest, error) {
	var d Digest
	if err := a.Require(Readers...); err != nil {
		return d, err
	}
	err := digests(r).Where("digests.id = ?", id).Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !sees(a, d.DepartmentID) {
		return d, fault.New(fault.NotFound, "没有这份整改提示，或者它是给别的部门的。")
	}
	if err != nil {
		return d, fmt.Errorf("ledger: digest: %w", err)
	}
	return d, nil
}
