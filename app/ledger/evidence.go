package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"gorm.io/gorm"

	"mingjing/app/blob"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// MaxEvidence is the size of one file in bytes.
const MaxEvidence = 20 << 20

// Evidence is a file or a link that shows that something was done.
type Evidence struct {
	ID          int64
	MeasureID   *int64
	ProblemID   *int64
	Title       string
	URL         string  `gorm:"column:url"` // of a link
	BlobKey     *string // of a file
	Name        string
	MediaType   string
	Size        int64
	SHA256      string `gorm:"column:sha256"`
	Public      bool   // shown and opened on the public page
	By          by     `gorm:"embedded"`
	WithdrawnAt *time.Time
}

func (Evidence) TableName() string { return "evidence" }

// Subject is what evidence and applications are about: a measure or a problem.
type Subject struct {
	Measure int64
	Problem int64 // when Measure is 0
}

func (x Subject) where() (string, int64) {
	if x.Measure != 0 {
		return "measure_id = ?", x.Measure
	}
	return "problem_id = ?", x.Problem
}

func (x Subject) columns() (measure, problem *int64) {
	if x.Measure != 0 {
		return &x.Measure, nil
	}
	return nil, &x.Problem
}

// item is a measure or a problem as far as closing is concerned.
type item struct {
	Subject
	measure *Measure
	problem Problem
	version int
	closing Closing
	title   string
	leads   []int64 // lead departments
}

// load reads what is to be closed.
func load(r *store.Reader, x Subject) (item, error) {
	i := item{Subject: x}
	if x.Measure != 0 {
		m, err := MeasureByID(r, x.Measure)
		if err != nil {
			return i, err
		}
		i.measure, i.version, i.closing, i.title = &m, m.Version, m.Closing, "措施"+m.Code
		if m.DepartmentID != nil {
			i.leads = []int64{*m.DepartmentID}
		}
		i.problem, err = ProblemByID(r, m.ProblemID)
		return i, err
	}
	p, err := ProblemByID(r, x.Problem)
	if err != nil {
		return i, err
	}
	i.problem, i.version, i.closing, i.title = p, p.Version, p.Closing, "问题"+p.Code
	err = r.Table("measures").Where("problem_id = ? AND department_id IS NOT NULL", p.ID).Distinct().Order("department_id").Pluck("department_id", &i.leads).Error
	if err != nil {
		return i, fmt.Errorf("ledger: lead departments: %w", err)
	}
	return i, nil
}

// led says that the actor holds the role in a lead department of the item.
func (i item) led(a staff.Actor, role staff.Role) bool {
	if !a.Has(role) {
		return false
	}
	for _, d := range i.leads {
		if d == a.DepartmentID {
			return true
		}
	}
	return a.ID == 0
}

func (i item) mayWork(a staff.Actor) error {
	if i.measure != nil {
		return mayWork(a, *i.measure)
	}
	if err := a.Require(staff.Liaison, staff.RectificationOffice); err != nil {
		return err
	}
	if a.Has(staff.RectificationOffice) || i.led(a, staff.Liaison) {
		return nil
	}
	return fault.New(fault.Forbidden, "只有牵头部门的联络员和整改办可以办理这个问题。")
}

func (i item) underReview() bool { return Measure{Closing: i.closing}.underReview() }

// NewEvidence is what is handed in: a link, or a file when Body is set.
type NewEvidence struct {
	Title  string
	URL    string
	Public bool
	Name   string
	Body   io.Reader
}

// AddEvidence takes in a link or a file. The file is sealed before it is stored.
func (s *Service) AddEvidence(ctx context.Context, a staff.Actor, x Subject, n NewEvidence) error {
	e := Evidence{Public: n.Public}
	e.MeasureID, e.ProblemID = x.columns()
	var bad []fault.Field
	ask("title", "材料名称", n.Title, true, 200, &e.Title, &bad)
	if n.Body != nil && typed.Line(n.URL) != "" {
		bad = append(bad, fault.Field{Name: "url", Message: "文件和链接只能选一样。交文件的，请清空链接；交链接的，请不要选文件。两样都要的，分两次添加。"})
	}
	if n.Body == nil {
		ask("url", "链接", n.URL, true, 1000, &e.URL, &bad)
		if u, err := url.Parse(e.URL); e.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
			bad = append(bad, fault.Field{Name: "url", Message: "链接要以 https:// 或 http:// 开头；没有链接的，请选择文件。"})
		}
	}
	if len(bad) > 0 {
		return fault.Form(bad)
	}
	allowed := func(r *store.Reader) error {
		i, err := load(r, x)
		if err != nil {
			return err
		}
		if err := i.mayWork(a); err != nil {
			return err
		}
		if i.closing == Closed {
			return fault.New(fault.Conflict, i.title+"已经销号，不能再加材料。")
		}
		return nil
	}
	// Asked before the file is read, and again with what is stored.
	if err := s.db.Read(ctx, allowed); err != nil {
		return err
	}
	if n.Body != nil {
		got, err := blob.Receive(ctx, s.blobs, blob.Attachments, n.Name, n.Body, MaxEvidence)
		if err != nil {
			return err
		}
		e.BlobKey, e.Name, e.MediaType, e.Size, e.SHA256 = &got.Key, got.Name, got.Type, got.Size, got.SHA256
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := allowed(&tx.Reader); err != nil {
			return err
		}
		e.ID, e.By = 0, signed(tx, a)
		if err := tx.Create(&e).Error; err != nil {
			return fmt.Errorf("ledger: evidence: %w", err)
		}
		texts, err := e.touches(&tx.Reader)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "evidence.add", Subject: "evidence", SubjectID: e.ID,
			Changes: []journal.Change{{Field: "public", New: fmt.Sprint(e.Public)}}, Public: e.Public, Texts: texts})
	})
	if err != nil && e.BlobKey != nil {
		return errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), *e.BlobKey))
	}
	return err
}

// WithdrawEvidence takes a piece back as long as no application relies on it.
// Its row stays: the history names it.
func (s *Service) WithdrawEvidence(ctx context.Context, a staff.Actor, id int64) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		e, i, err := evidence(&tx.Reader, id)
		if err != nil {
			return err
		}
		if err := i.mayWork(a); err != nil {
			return err
		}
		var used int64
		err = tx.Table("closing_evidence").Joins("JOIN closings ON closings.id = closing_evidence.closing_id").
			Where("closing_evidence.evidence_id = ? AND closings.state <> 'withdrawn'", id).Count(&used).Error
		if err != nil {
			return fmt.Errorf("ledger: evidence: %w", err)
		}
		switch {
		case e.WithdrawnAt != nil:
			return fault.New(fault.Conflict, "这份材料已经撤下。")
		case used > 0:
			return fault.New(fault.Conflict, "这份材料已经用于销号申请，不能撤下。")
		}
		if err := tx.Model(&Evidence{}).Where("id = ?", id).Update("withdrawn_at", tx.Now).Error; err != nil {
			return fmt.Errorf("ledger: evidence: %w", err)
		}
		texts, err := e.touches(&tx.Reader)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "evidence.withdraw", Subject: "evidence", SubjectID: id, Public: e.Public, Texts: texts})
	})
}

var errNoEvidence = fault.New(fault.NotFound, "没有这份材料。")

func evidence(r *store.Reader, id int64) (Evidence, item, error) {
	var e Evidence
	err := r.Where("id = ?", id).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return e, item{}, errNoEvidence
	}
	if err != nil {
		return e, item{}, fmt.Errorf("ledger: evidence: %w", err)
	}
	x := Subject{}
	if e.MeasureID != nil {
		x.Measure = *e.MeasureID
	} else {
		x.Problem = *e.ProblemID
	}
	i, err := load(r, x)
	return e, i, err
}

// OpenEvidence opens a file for staff who work on the ledger; that it was opened is recorded.
func (s *Service) OpenEvidence(ctx context.Context, a staff.Actor, id int64) (Evidence, io.ReadCloser, error) {
	var e Evidence
	if err := a.Require(Readers...); err != nil {
		return e, nil, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if e, _, err = evidence(&tx.Reader, id); err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "evidence.open", Subject: "evidence", SubjectID: id})
	})
	if err != nil {
		return e, nil, err
	}
	return s.open(ctx, e)
}

// PublicEvidence opens a file that is marked public, of something that is public.
func (s *Service) PublicEvidence(ctx context.Context, id int64) (Evidence, io.ReadCloser, error) {
	var e Evidence
	err := s.db.Read(ctx, func(r *store.Reader) (err error) {
		var i item
		if e, i, err = evidence(r, id); err != nil {
			return err
		}
		if !e.Public || e.WithdrawnAt != nil || !i.problem.Published || i.measure != nil && !i.measure.Published {
			return errNoEvidence
		}
		return nil
	})
	if err != nil {
		return e, nil, err
	}
	return s.open(ctx, e)
}

func (s *Service) open(ctx context.Context, e Evidence) (Evidence, io.ReadCloser, error) {
	if e.BlobKey == nil {
		return e, nil, errNoEvidence
	}
	body, err := s.blobs.Open(ctx, *e.BlobKey)
	if err != nil {
		return e, nil, fmt.Errorf("ledger: evidence %d: %w", e.ID, err)
	}
	return e, body, nil
}

// Holds says that a blob belongs to a piece of evidence, withdrawn or not.
func Holds(r *store.Reader, key string) (bool, error) {
	var n int64
	if err := r.Model(&Evidence{}).Where("blob_key = ?", key).Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("ledger: evidence: %w", err)
	}
	return n > 0, nil
}

// Readers are the roles that read the ledger whole, internal texts too.
var Readers = []staff.Role{staff.RectificationOffice, staff.Liaison, staff.Reviewer, staff.DisciplineOfficer, staff.Supervisor, staff.Leader, staff.Publisher}
