// Package subscription holds who wants to hear by mail what changed in a
// programme or in one problem.
//
// An address counts only after its owner has confirmed it by the link that was
// sent there, and is deleted when they leave. The link's token is derived from
// a key outside the database and stored only as a hash, so that a stolen
// database confirms and ends nothing. It trusts ledger for what is public. It
// must never tell whether an address is subscribed, put an address into the
// journal or an error, or mail anybody more than once a day.
package subscription

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/ledger"
	"mingjing/app/seal"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Service is the room.
type Service struct {
	db  *store.DB
	key seal.Key
}

// New opens the room.
func New(db *store.DB, pepper seal.Pepper) *Service {
	return &Service{db, pepper.Key("subscription")}
}

// Subscription is one address that wants to hear of one problem, or of all.
type Subscription struct {
	ID          int64
	ProgrammeID int64
	ProblemID   *int64
	Email       string
	TokenHash   []byte
	State       State
	At          time.Time     // asked last
	ToldEvent   int64         // the newest event that the last mail told of
	ToldBefore  int64         // the newest that it did not tell of
	ToldOn      calendar.Date // the day of the last mail
}

// State is whether the address was confirmed.
type State string

const (
	Asked  State = "asked"
	Active State = "active"
)

const (
	// askedLife is how long a link may be used to confirm.
	askedLife = 72 * time.Hour
	// askedAgain is after how long the link is sent again to who asks again.
	askedAgain = 24 * time.Hour
	// askedMost is how many links an address gets in that time: nobody fills
	// another's letter box.
	askedMost = 3
	// newsLines is how many changes a mail names.
	newsLines = 20
	// atOnce is how many subscribers one transaction prepares mails for.
	atOnce = 200
)

// morning is the hour in Shanghai from which the day's mails are sent.
const morning = 8

// token is what the link in a mail holds.
func (s *Service) token(x Subscription) string {
	problem := ""
	if x.ProblemID != nil {
		problem = strconv.FormatInt(*x.ProblemID, 10)
	}
	return base64.RawURLEncoding.EncodeToString(s.key.Sum(x.Email, strconv.FormatInt(x.ProgrammeID, 10), problem, x.At.UTC().Format(time.RFC3339Nano)))
}

func hash(token string) []byte { h := sha256.Sum256([]byte(token)); return h[:] }

// Address checks what was typed as a mail address; the letters' case does not tell addresses apart.
func Address(s string) (string, error) {
	s = typed.Line(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 200 || !strings.Contains(s[strings.LastIndexByte(s, '@')+1:], ".") {
		return "", fault.Form([]fault.Field{{Name: "email", Message: "邮箱地址不对，请检查，比如 name@example.com。"}})
	}
	return strings.ToLower(s), nil
}

// Ask stores the wish of an address and queues the mail with its link; problem
// 0 means all of the programme. Whether anything was stored or sent is not told.
func (s *Service) Ask(ctx context.Context, email string, programme, problem int64) error {
	email, err := Address(email)
	if err != nil {
		return err
	}
	x := Subscription{ProgrammeID: programme, Email: email, State: Asked}
	if problem != 0 {
		x.ProblemID = &problem
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error { return s.ask(tx, x) })
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil // asked twice at once: the other one is the same
	}
	return err
}

func (s *Service) ask(tx *store.Tx, x Subscription) error {
	var known []Subscription
	err := tx.Where("email = ? AND programme_id = ? AND coalesce(problem_id, 0) = ?", x.Email, x.ProgrammeID, problemOf(x)).Limit(1).Find(&known).Error
	if err != nil {
		return fmt.Errorf("subscription: ask: %w", err)
	}
	var lately int64
	err = tx.Model(&Subscription{}).Where("email = ? AND state = ? AND at > ?", x.Email, Asked, tx.Now.Add(-askedAgain)).Count(&lately).Error
	if err != nil {
		return fmt.Errorf("subscription: ask: %w", err)
	}
	if lately >= askedMost || len(known) == 1 && (known[0].State == Active || known[0].At.After(tx.Now.Add(-askedAgain))) {
		return nil
	}
	if len(known) == 1 {
		x = known[0]
	}
	x.At = tx.Now
	x.TokenHash = hash(s.token(x))
	if err := tx.Save(&x).Error; err != nil {
		return fmt.Errorf("subscription: ask: %w", err)
	}
	return journal.Append(tx, journal.Event{Verb: "subscription.ask", Subject: "subscription", SubjectID: x.ID,
		Messages: []journal.Message{{Key: fmt.Sprintf("subscription/%d/confirm/%d", x.ID, x.At.Unix()), Channel: "mail", Template: "subscribe", SubjectID: x.ID}}})
}

func problemOf(x Subscription) int64 {
	if x.ProblemID == nil {
		return 0
	}
	return *x.ProblemID
}

var errGone = fault.New(fault.NotFound, "这个链接已经失效：可能已经退订，或者太久没有确认。想收到变化的，请重新订阅。")

// Find reads the subscription that a link is about.
func Find(r *store.Reader, token string) (Subscription, error) {
	var list []Subscription
	if err := r.Where("token_hash = ?", hash(token)).Limit(1).Find(&list).Error; err != nil {
		return Subscription{}, fmt.Errorf("subscription: find: %w", err)
	}
	if len(list) == 0 || list[0].State == Asked && !list[0].At.After(r.Now.Add(-askedLife)) {
		return Subscription{}, errGone
	}
	return list[0], nil
}

// Confirm makes the subscription count, from now on. Confirming again changes nothing.
func (s *Service) Confirm(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := Find(&tx.Reader, token)
		if err != nil || x.State == Active {
			return err
		}
		var last int64
		if err := tx.Table("ledger_events").Select("coalesce(max(id), 0)").Scan(&last).Error; err != nil {
			return fmt.Errorf("subscription: confirm: %w", err)
		}
		x.State, x.ToldEvent, x.ToldBefore = Active, last, last
		if err := tx.Model(&x).Select("state", "told_event", "told_before").Updates(&x).Error; err != nil {
			return fmt.Errorf("subscription: confirm: %w", err)
		}
		return journal.Append(tx, journal.Event{Verb: "subscription.confirm", Subject: "subscription", SubjectID: x.ID})
	})
}

// End deletes the subscription of a link, and the address with it. A link that
// leads to nothing any more has ended all the same.
func (s *Service) End(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		x, err := Find(&tx.Reader, token)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.Delete(&Subscription{}, x.ID).Error; err != nil {
			return fmt.Errorf("subscription: end: %w", err)
		}
		return journal.Append(tx, journal.Event{Verb: "subscription.end", Subject: "subscription", SubjectID: x.ID})
	})
}

// Purge deletes addresses that nobody confirmed in time.
func (s *Service) Purge(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Where("state = ? AND at <= ?", Asked, tx.Now.Add(-askedLife)).Delete(&Subscription{}).Error; err != nil {
			return fmt.Errorf("subscription: purge: %w", err)
		}
		return nil
	})
}

// Tell queues the day's mails: from eight in the morning, one for each
// subscriber for whom something changed before today and who has not been told
// today. Whatever restarts, nobody is told twice.
func (s *Service) Tell(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = tell(tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func tell(tx *store.Tx) (more bool, err error) {
	today := calendar.Of(tx.Now)
	if tx.Now.Before(today.In().Add(morning * time.Hour)) {
		return false, nil
	}
	var rows []struct{ ID, Told, Last int64 }
	err = ledger.VisibleEvents(tx.Table("subscriptions AS s").Joins(`JOIN ledger_events ON ledger_events.programme_id = s.programme_id AND ledger_events.id > s.told_event
		AND (ledger_events.problem_id = s.problem_id OR s.problem_id IS NULL AND (ledger_events.problem_id IS NULL OR ledger_events.announcement_id IS NULL))`)).
		Select("s.id, s.told_event AS told, max(ledger_events.id) AS last").
		Where("s.state = ? AND (s.told_on IS NULL OR s.told_on < ?) AND ledger_events.at < ?", Active, today, today.In()).
		Group("s.id, s.told_event").Order("s.id").Limit(atOnce).Find(&rows).Error
	if err != nil {
		return false, fmt.Errorf("subscription: tell: %w", err)
	}
	if len(rows) == 0 {
		return false, nil
	}
	told := journal.Event{Verb: "subscription.tell", Subject: "subscription"}
	for _, x := range rows {
		err := tx.Model(&Subscription{}).Where("id = ?", x.ID).Updates(map[string]any{"told_event": x.Last, "told_before": x.Told, "told_on": today}).Error
		if err != nil {
			return false, fmt.Errorf("subscription: tell: %w", err)
		}
		told.Messages = append(told.Messages, journal.Message{Key: fmt.Sprintf("subscription/%d/news/%d", x.ID, x.Last), Channel: "mail", Template: "news", SubjectID: x.ID})
	}
	return len(rows) == atOnce, journal.Append(tx, told)
}

// Letter is what a mail to a subscriber says, read when it is sent.
type Letter struct {
	To      string // empty: they have left
	About   string // what they subscribed to, in words
	Page    string // the page that shows it
	Manage  string // the path of the link that confirms or ends
	Changes []ledger.Line
	More    bool // there were more changes than are named
}

// Write reads the letter to a subscriber.
func (s *Service) Write(ctx context.Context, id int64) (l Letter, err error) {
	err = s.db.Read(ctx, func(r *store.Reader) error {
		var list []Subscription
		if err := r.Where("id = ?", id).Limit(1).Find(&list).Error; err != nil || len(list) == 0 {
			return err
		}
		x := list[0]
		l.To, l.Manage = x.Email, "/subscription/"+s.token(x)
		if l.About, l.Page, err = About(r, x); err != nil {
			return err
		}
		l.Changes, err = ledger.News(r, x.ProgrammeID, x.ProblemID, x.ToldBefore, x.ToldEvent, newsLines+1)
		if l.More = len(l.Changes) > newsLines; l.More {
			l.Changes = l.Changes[:newsLines]
		}
		return err
	})
	if err != nil {
		return Letter{}, fmt.Errorf("subscription: letter: %w", err)
	}
	return l, nil
}

// About words what a subscription is about, and names the page that shows it.
func About(r *store.Reader, x Subscription) (words, page string, err error) {
	p, err := ledger.ProgrammeByID(r, x.ProgrammeID)
	if err != nil {
		return "", "", err
	}
	root, changes := "/progress/", "/changes"
	if !p.Main {
		root, changes = root+p.Slug+"/", changes+"?programme="+p.Slug
	}
	if x.ProblemID == nil {
		return p.Title + "的全部变化", changes, nil
	}
	places, err := ledger.Place(r, *x.ProblemID)
	if err != nil {
		return "", "", err
	}
	problem, public := places[*x.ProblemID]
	if !public {
		return "一个现在没有公开的问题", changes, nil
	}
	return "问题" + problem.Code + "“" + problem.Title + "”的变化", root + problem.Code, nil
}

// Masked is the address as it may be shown to who holds the link, which may
// have been passed on: the first letter and what follows the @.
func (x Subscription) Masked() string {
	at := strings.LastIndexByte(x.Email, '@')
	if at < 1 {
		return ""
	}
	first := []rune(x.Email[:at])[0]
	return string(first) + "***" + x.Email[at:]
}
