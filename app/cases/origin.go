package cases

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Origin says where a case came from that another system or body handed over.
type Origin struct {
	CaseID     int64 `gorm:"primaryKey"`
	APIKeyID   *int64
	Source     string    // within which ExternalID names one matter
	ExternalID string    // the matter's number there, or empty
	ReceivedAt time.Time // when it arrived there
}

func (Origin) TableName() string { return "case_origins" }

// Provenance is an origin as staff read it.
type Provenance struct {
	Origin
	From string // the source's name
}

const originColumns = "case_id, api_key_id, source, external_id, received_at"

// MaxExternalID is in characters.
const MaxExternalID = 100

// earliest is how far back a case may have been received: older dates are
// mistyped years, and every limit of theirs would have passed.
const earliest = 12 // months

// CheckReceived says what is wrong with a day of receipt that somebody states; empty: nothing.
func CheckReceived(on, today calendar.Date) string {
	switch {
	case on.After(today):
		return "收到日期不能晚于今天。"
	case on.Before(today.AddMonths(-earliest)):
		return "收到日期不能早于一年前，请核对年份。"
	}
	return ""
}

// Receive takes a case that another system hands in. key is the system's own
// name for this sending: the same again gives the same ticket and stores
// nothing, other content under it is a Conflict, and so is a matter of that
// system that came before under another key. received is zero for now.
//
// The code in the ticket passes through that system, so it opens nothing but
// the page that replaces it. A ticket of a repetition has the code for as long
// as it still is the one.
func (s *Service) Receive(ctx context.Context, m staff.Machine, key, external string, received time.Time, sub Submission) (Ticket, error) {
	if m.ID == 0 {
		return Ticket{}, fault.New(fault.Unauthenticated, "请先出示接口密钥。")
	}
	now := s.db.Now()
	if received.IsZero() {
		received = now
	}
	sub.by, sub.ReceivedOn, sub.CaptchaID = staff.Actor{Name: "接口：" + m.Name}, calendar.Of(received), ""
	sub.origin = &Origin{APIKeyID: &m.ID, Source: "key:" + strconv.FormatInt(m.ID, 10), ExternalID: typed.Line(external), ReceivedAt: received}
	var bad []fault.Field
	if key = strings.TrimSpace(key); key == "" || len(key) > 200 {
		return Ticket{}, fault.New(fault.Malformed, "缺少 Idempotency-Key，或者超过 200 个字符。每件来件用一个自己的，重发时用同一个。")
	}
	if !sub.Channel.Valid() || sub.Channel == Web {
		bad = append(bad, fault.Field{Name: "channel", Message: "channel 是 hotline（来电）、letter（来信）、visit（来访）或 transfer（转办）。"})
		sub.Channel = Transfer // for what else there is to say
	}
	if why := CheckReceived(sub.ReceivedOn, calendar.Of(now)); why != "" {
		bad = append(bad, fault.Field{Name: "received_at", Message: why})
	}
	if n := len([]rune(sub.origin.ExternalID)); n > MaxExternalID {
		bad = append(bad, fault.Field{Name: "external_id", Message: fmt.Sprintf("最多 %d 个字，现在有 %d 个字。", MaxExternalID, n)})
	}
	// The server's secret is in it: no form can be sent under a machine's key.
	sub.Key = hex.EncodeToString(s.codeKey.Sum("machine", sub.origin.Source, key))
	err := s.prepare(ctx, &sub)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		bad, err = append(bad, f.Fields...), nil
	}
	if err = errors.Join(err, fault.Form(bad)); err != nil {
		return Ticket{}, err
	}
	sub.beside = sub.origin.ExternalID
	t, err := s.writer.submit(ctx, sub)
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey):
		if o, found, other := s.origin(ctx, sub.origin.Source, sub.origin.ExternalID); other != nil || found {
			return Ticket{}, errors.Join(other, errBefore(o))
		}
		return t, err
	case fault.Is(err, fault.Conflict):
		return t, fault.New(fault.Conflict, "这个 Idempotency-Key 已经用过，内容不同。重发请用原来的内容；是另一件的，请换一个。")
	case err != nil || !t.Again:
		return t, err
	}
	return s.stillKnown(ctx, t)
}

// errBefore is the answer to a matter that its source handed over before.
func errBefore(caseNo string) error {
	return fault.Form([]fault.Field{{Name: "external_id", Message: "这一件以前交来过，编号 " + caseNo + "，没有再登记。"}})
}

// origin finds the number of the case that a source's matter has become.
func (s *Service) origin(ctx context.Context, source, external string) (caseNo string, found bool, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		return r.Table("case_origins").Select("cases.case_no").Joins("JOIN cases ON cases.id = case_origins.case_id").
			Where("case_origins.source = ? AND case_origins.external_id = ? AND case_origins.external_id <> ''", source, external).Limit(1).Scan(&caseNo).Error
	})
	if err != nil {
		return "", false, fmt.Errorf("cases: origin: %w", err)
	}
	return caseNo, caseNo != "", nil
}

// stillKnown takes the code out of a ticket that it opens no longer.
func (s *Service) stillKnown(ctx context.Context, t Ticket) (Ticket, error) {
	var c Case
	err := s.db.Read(ctx, func(r *store.Reader) error {
		return r.Select("id, case_no, access_hash").Where("case_no = ?", t.CaseNo).Take(&c).Error
	})
	if err != nil {
		return t, fmt.Errorf("cases: receive: %w", err)
	}
	if !s.accessKey.Match(c.AccessHash, t.CaseNo, t.AccessCode) {
		t.AccessCode = ""
	}
	return t, nil
}

// Standing is all that a system learns of a case that it handed in.
type Standing struct {
	CaseNo     string
	Kind       Kind
	Channel    Channel
	State      State
	ReceivedAt time.Time
	Due        calendar.Date // of the court's next step; zero when nothing is due
}

// Standing tells a system how far a case is that came by its key; those of
// others do not exist for it. A merged one stands as the one that took it in.
func (s *Service) Standing(ctx context.Context, m staff.Machine, caseNo string) (Standing, error) {
	var c Case
	var o Origin
	err := s.db.Read(ctx, func(r *store.Reader) error {
		err := r.Select("cases.id, case_no, kind, channel, state, due_on").Joins("JOIN case_origins ON case_origins.case_id = cases.id").
			Where("case_no = ? AND case_origins.api_key_id = ?", onlyDigits(caseNo), m.ID).Take(&c).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "这个密钥没有交来过这个编号的来件。")
		}
		if err == nil {
			err = r.Select(originColumns).Where("case_id = ?", c.ID).Take(&o).Error
		}
		if err != nil || c.State != Merged {
			return err
		}
		h, err := hear(r, c.ID)
		if err != nil {
			return err
		}
		c.State, c.DueOn = h.into.State, h.into.DueOn
		return nil
	})
	if err != nil {
		return Standing{}, fmt.Errorf("cases: standing: %w", err)
	}
	x := Standing{CaseNo: c.CaseNo, Kind: c.Kind, Channel: c.Channel, State: c.State, ReceivedAt: o.ReceivedAt}
	if c.Waiting() {
		x.Due = c.DueOn
	}
	return x, nil
}

// originOf says where a case came from; nil for what was sent here.
func originOf(r *store.Reader, id int64) (*Provenance, error) {
	var list []Provenance
	err := r.Table("case_origins").Select("case_id, api_key_id, source, external_id, received_at, coalesce(api_keys.name, source) AS \"from\"").
		Joins("LEFT JOIN api_keys ON api_keys.id = case_origins.api_key_id").Where("case_id = ?", id).Limit(1).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: origin: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return &list[0], nil
}
