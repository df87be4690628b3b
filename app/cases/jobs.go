package cases

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// Job is one act on many cases. The program does it one by one, in the name
// and with the rights that its owner has at that moment; each case is refused
// or done by itself.
type Job struct {
	ID         int64
	FormKey    string // of the form that started it: sent twice, it is one job
	Verb       Verb
	Params     string // JobParams, as JSON
	State      string // waiting, running, done, stopped
	Total      int
	At         time.Time
	ActorID    int64
	ActorName  string
	LeaseUntil *time.Time // until when the instance that does it has it to itself
	EndedAt    *time.Time
	Why        string // it was stopped
}

func (Job) TableName() string { return "case_jobs" }

const jobColumns = "id, form_key, verb, params, state, total, at, actor_id, actor_name, lease_until, ended_at, why"

// Ended reports whether nothing more will be done.
func (j Job) Ended() bool { return j.EndedAt != nil }

// JobParams are what an act needs beside the case.
type JobParams struct {
	Department int64  `json:"department,omitempty"`
	Handler    int64  `json:"handler,omitempty"`
	ByLot      bool   `json:"by_lot,omitempty"`
	Content    string `json:"content,omitempty"`
}

// JobItem is one case of a job. The version that the case had is written down
// before the act is tried: after a crash the same act with the same version
// either is done, or is refused because it was done.
type JobItem struct {
	JobID   int64
	Place   int
	CaseID  int64
	State   string // waiting, trying, done, refused
	Version int
	Message string // why it was refused
	At      *time.Time

	CaseNo string `gorm:"->"`
	Title  string `gorm:"->"`
}

func (JobItem) TableName() string { return "case_job_items" }

// maxJob is how many cases one job may have.
const maxJob = 2000

// jobAct is an act that can be done to many cases.
type jobAct struct {
	verb Verb
	do   func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, p JobParams) error
}

// jobActs are all of them: each checks the version.
var jobActs = []jobAct{
	{DoRegister, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, _ JobParams) error {
		return s.Register(ctx, a, id, version, "")
	}},
	{DoAccept, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, _ JobParams) error {
		return s.Accept(ctx, a, id, version)
	}},
	{DoAssign, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, p JobParams) error {
		if p.ByLot {
			return s.AssignByLot(ctx, a, id, version, p.Department, p.Content)
		}
		return s.Assign(ctx, a, id, version, p.Department, p.Handler)
	}},
	{DoSupervise, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, p JobParams) error {
		return s.Supervise(ctx, a, id, version, p.Content)
	}},
	{DoArchive, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, _ JobParams) error {
		return s.Archive(ctx, a, id, version)
	}},
	{DoDiscard, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, _ JobParams) error {
		return s.Discard(ctx, a, id, version)
	}},
	{DoRestore, func(ctx context.Context, s *Service, a staff.Actor, id int64, version int, _ JobParams) error {
		return s.Restore(ctx, a, id, version)
	}},
}

// JobVerbs are the acts that somebody's roles let them do to many cases.
func JobVerbs(a staff.Actor) (list []Verb) {
	for _, j := range jobActs {
		if a.Require(moves[j.verb].Roles...) == nil {
			list = append(list, j.verb)
		}
	}
	return list
}

// Chosen are the cases that a job would be for: those with the ids, or (ids
// empty) those of a filter, as far as the actor sees them, in order of id.
func (s *Service) Chosen(ctx context.Context, a staff.Actor, ids []int64, f Filter) (list []int64, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		list, err = chosen(r, a, ids, f)
		return err
	})
	return list, err
}

func chosen(r *store.Reader, a staff.Actor, ids []int64, f Filter) (list []int64, err error) {
	q := visible(r.Table("cases"), a)
	switch {
	case len(ids) > maxJob:
		return nil, fault.Form([]fault.Field{{Name: "case", Message: fmt.Sprintf("一次最多 %d 件，请分几次办理。", maxJob)}})
	case len(ids) > 0:
		q = q.Where("cases.id IN ?", ids)
	case len(f.Values()) == 0:
		return nil, fault.Form([]fault.Field{{Name: "case", Message: "请先选好条件，或者勾选来件；不能对全部来件一起办理。"}})
	default:
		q = f.words(f.narrow(q, a, calendar.Of(r.Now)))
	}
	if err := q.Order("cases.id").Limit(maxJob+1).Pluck("cases.id", &list).Error; err != nil {
		return nil, fmt.Errorf("cases: job: %w", err)
	}
	switch {
	case len(list) == 0:
		return nil, fault.Form([]fault.Field{{Name: "case", Message: "请先勾选来件。"}})
	case len(list) > maxJob:
		return nil, fault.Form([]fault.Field{{Name: "case", Message: fmt.Sprintf("符合条件的超过 %d 件，请缩小范围，分几次办理。", maxJob)}})
	}
	return list, nil
}

// StartJob freezes what is chosen and lets the program do verb to each. key is
// the form's own: sent again, it leads to the job that it started.
func (s *Service) StartJob(ctx context.Context, a staff.Actor, key string, v Verb, p JobParams, ids []int64, f Filter) (id int64, err error) {
	if len(key) < 16 || len(key) > 200 {
		return 0, fault.New(fault.Malformed, "页面已经失效，请返回来件列表重新选择。")
	}
	key = hex.EncodeToString(s.codeKey.Sum("job", fmt.Sprint(a.ID), key))
	if !slices.Contains(JobVerbs(a), v) {
		if err := a.Require(); err != nil {
			return 0, err
		}
		return 0, fault.New(fault.Forbidden, "您的角色不能成批进行这项操作。")
	}
	if v == DoSupervise {
		if p.Content, err = text("content", "督办要求", p.Content, true); err != nil {
			return 0, err
		}
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return 0, fmt.Errorf("cases: job: %w", err)
	}
	started := func(r *store.Reader) error {
		var before []int64
		err := r.Model(&Job{}).Where("form_key = ?", key).Limit(1).Pluck("id", &before).Error
		if len(before) == 1 {
			id = before[0]
		}
		return err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		id = 0
		if err := started(&tx.Reader); err != nil || id != 0 {
			return err
		}
		if v == DoAssign {
			open, err := staff.Departments(&tx.Reader)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(open, func(d staff.Department) bool { return d.ID == p.Department }) {
				return fault.Form([]fault.Field{{Name: "department", Message: "请选择承办部门。"}})
			}
		}
		list, err := chosen(&tx.Reader, a, ids, f)
		if err != nil {
			return err
		}
		j := Job{FormKey: key, Verb: v, Params: string(raw), State: "waiting", Total: len(list), At: tx.Now, ActorID: a.ID, ActorName: a.Name}
		if err := tx.Create(&j).Error; err != nil {
			return fmt.Errorf("cases: job: %w", err)
		}
		items := make([]JobItem, len(list))
		for i, c := range list {
			items[i] = JobItem{JobID: j.ID, Place: i + 1, CaseID: c, State: "waiting"}
		}
		if err := tx.CreateInBatches(&items, 500).Error; err != nil {
			return fmt.Errorf("cases: job: %w", err)
		}
		id = j.ID
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "job.start", Subject: "job", SubjectID: j.ID,
			Changes: []journal.Change{{Field: "verb", New: string(v)}, {Field: "cases", New: fmt.Sprint(len(list))}}})
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // the same form twice at once
		id = 0
		err = s.db.Read(ctx, started)
	}
	return id, err
}

// StopJob ends a job of the actor's; what is done stays done.
func (s *Service) StopJob(ctx context.Context, a staff.Actor, id int64) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		j, err := ownJob(&tx.Reader, a, id)
		if err != nil || j.Ended() {
			return err
		}
		return endJob(tx, j, "stopped", "本人停止")
	})
}

func endJob(tx *store.Tx, j Job, state, why string) error {
	done := tx.Model(&Job{}).Where("id = ? AND ended_at IS NULL", j.ID).Updates(map[string]any{"state": state, "why": why, "ended_at": tx.Now, "lease_until": nil})
	if done.Error != nil {
		return fmt.Errorf("cases: job: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return nil
	}
	return journal.Append(tx, journal.Event{Actor: j.ActorID, ActorName: j.ActorName, Verb: "job." + state, Subject: "job", SubjectID: j.ID})
}

func ownJob(r *store.Reader, a staff.Actor, id int64) (j Job, err error) {
	if err := a.Require(); err != nil {
		return j, err
	}
	err = r.Select(jobColumns).Where("id = ? AND actor_id = ?", id, a.ID).Take(&j).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return j, fault.New(fault.NotFound, "没有这次成批办理，或者它是别人的。")
	}
	if err != nil {
		return j, fmt.Errorf("cases: job: %w", err)
	}
	return j, nil
}

// Jobs lists the actor's jobs before an id (0: from the newest on), at most limit.
func (s *Service) Jobs(ctx context.Context, a staff.Actor, before int64, limit int) (list []Job, err error) {
	if err := a.Require(); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := r.Select(jobColumns).Where("actor_id = ?", a.ID).Order("id DESC").Limit(limit)
		if before > 0 {
			q = q.Where("id < ?", before)
		}
		return q.Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: jobs: %w", err)
	}
	return list, nil
}

// Job reads a job of the actor's, how many items are how far, and those of one
// state after a place. Of a case that its owner sees no longer only the number is told.
func (s *Service) Job(ctx context.Context, a staff.Actor, id int64, state string, after, limit int) (j Job, counts map[string]int, items []JobItem, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) (err error) {
		if j, err = ownJob(r, a, id); err != nil {
			return err
		}
		var rows []struct {
			State string
			N     int
		}
		if err := r.Model(&JobItem{}).Select("state, count(*) AS n").Where("job_id = ?", id).Group("state").Find(&rows).Error; err != nil {
			return err
		}
		counts = map[string]int{}
		for _, x := range rows {
			counts[x.State] = x.N
		}
		seen := visible(r.Table("cases").Select("cases.title").Where("cases.id = case_job_items.case_id"), a)
		return r.Table("case_job_items").Select("job_id, case_job_items.place, case_id, case_job_items.state, case_job_items.version, message, case_job_items.at, c.case_no, coalesce((?), '') AS title", seen).
			Joins("JOIN cases c ON c.id = case_job_items.case_id").Where("job_id = ? AND case_job_items.state = ? AND case_job_items.place > ?", id, state, after).Order("case_job_items.place").Limit(limit).Find(&items).Error
	})
	if err != nil {
		return j, nil, nil, fmt.Errorf("cases: job: %w", err)
	}
	return j, counts, items, nil
}

// jobLease is how long an instance has a job to itself without a sign of life.
const jobLease = time.Minute

// RunJobs does what waits, job after job, until nothing does or ctx ends. What
// another instance has begun and not gone on with is taken up where it stopped.
func (s *Service) RunJobs(ctx context.Context) error {
	for {
		j, err := s.claimJob(ctx)
		if err != nil || j.ID == 0 {
			return err
		}
		if err := s.runJob(ctx, j); err != nil {
			return err
		}
	}
}

// claimJob takes the oldest job that nobody works on; the zero job when there is none.
func (s *Service) claimJob(ctx context.Context) (j Job, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		j = Job{}
		var list []Job
		err := tx.Select(jobColumns).Where("state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until < ?)", tx.Now).Order("id").Limit(1).Find(&list).Error
		if err != nil || len(list) == 0 {
			return err
		}
		done := tx.Model(&Job{}).Where("id = ? AND ended_at IS NULL AND (lease_until IS NULL OR lease_until < ?)", list[0].ID, tx.Now).
			Updates(map[string]any{"state": "running", "lease_until": tx.Now.Add(jobLease)})
		if done.Error == nil && done.RowsAffected == 1 {
			j = list[0]
		}
		return done.Error
	})
	if err != nil {
		return Job{}, fmt.Errorf("cases: claim job: %w", err)
	}
	return j, nil
}

func (s *Service) runJob(ctx context.Context, j Job) error {
	var p JobParams
	if err := json.Unmarshal([]byte(j.Params), &p); err != nil {
		return fmt.Errorf("cases: job %d: %w", j.ID, err)
	}
	at := slices.IndexFunc(jobActs, func(x jobAct) bool { return x.verb == j.Verb })
	for {
		a, item, err := s.nextItem(ctx, j)
		if err != nil || item.Place == 0 {
			return err
		}
		err = fault.New(fault.Unsupported, "这一版程序不能成批进行这项操作。")
		if at >= 0 {
			err = jobActs[at].do(ctx, s, a, item.CaseID, item.Version, p)
		}
		if err := s.settleItem(ctx, j, item, err); err != nil {
			return err
		}
	}
}

// nextItem writes down which case is tried now, and as whom: rights are those of
// this moment. No item: the job has ended, or is in somebody else's hands.
func (s *Service) nextItem(ctx context.Context, j Job) (a staff.Actor, item JobItem, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
		item = JobItem{}
		held := tx.Model(&Job{}).Where("id = ? AND state = 'running'", j.ID).Update("lease_until", tx.Now.Add(jobLease))
		if held.Error != nil || held.RowsAffected == 0 {
			return held.Error
		}
		a, err = staff.Acting(&tx.Reader, j.ActorID)
		if fault.Is(err, fault.NotFound) {
			return endJob(tx, j, "stopped", "经办人的账号已经停用")
		}
		if err != nil {
			return err
		}
		var list []JobItem
		err = tx.Select("job_id, place, case_id, state, version, message, at").Where("job_id = ? AND state IN ('waiting', 'trying')", j.ID).Order("place").Limit(1).Find(&list).Error
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return endJob(tx, j, "done", "")
		}
		item = list[0]
		if item.State == "trying" { // begun before a crash: the same again with the same version
			return nil
		}
		var c Case
		if err := tx.Select("id, version").Where("id = ?", item.CaseID).Take(&c).Error; err != nil {
			return err
		}
		item.Version, item.State, item.At = c.Version, "trying", &tx.Now
		return tx.Model(&JobItem{}).Where("job_id = ? AND place = ?", j.ID, item.Place).Updates(map[string]any{"state": "trying", "version": c.Version, "at": tx.Now}).Error
	})
	if err != nil {
		return a, JobItem{}, fmt.Errorf("cases: job %d: %w", j.ID, err)
	}
	return a, item, nil
}

// settleItem writes down what became of an item. What is no refusal leaves it
// as it is, to be tried again.
func (s *Service) settleItem(ctx context.Context, j Job, item JobItem, outcome error) error {
	state, message := "done", ""
	if f, ok := fault.As(outcome); ok && f.Kind != fault.Busy {
		state, message = "refused", f.Message
		if len(f.Fields) > 0 {
			message = f.Fields[0].Message
		}
	} else if outcome != nil {
		return fmt.Errorf("cases: job %d, item %d: %w", j.ID, item.Place, outcome)
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if state == "refused" {
			// It was perhaps done just before a crash: then the case's own record says so.
			var n int64
			err := tx.Model(&Event{}).Where("case_id = ? AND verb = ? AND actor_id = ? AND at >= ?", item.CaseID, j.Verb, j.ActorID, item.At).Limit(1).Count(&n).Error
			if err != nil {
				return err
			}
			if n > 0 {
				state, message = "done", ""
			}
		}
		return tx.Model(&JobItem{}).Where("job_id = ? AND place = ? AND state = 'trying'", j.ID, item.Place).Updates(map[string]any{"state": state, "message": message, "at": tx.Now}).Error
	})
	if err != nil {
		return fmt.Errorf("cases: job %d: %w", j.ID, err)
	}
	return nil
}
