package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/journal"
	"mingjing/app/search"
	"mingjing/app/staff"
	"mingjing/app/store"
	"mingjing/app/typed"
)

// Exclusions are what must not be published; the second reviewer confirms each.
var Exclusions = []struct{ Name, Label string }{
	{"secrets", "不含国家秘密、商业秘密、个人隐私"},
	{"pending", "不含尚未公开的案件情况"},
	{"hype", "不会引发炒作"},
	{"unrest", "不会引发群体性上访"},
	{"sensitive", "不涉及其他重大敏感事项"},
}

// PublishedReply is the redacted text of a question and its answer.
type PublishedReply struct {
	ID          int64 // the public number
	CaseID      int64
	State       string // proposed, published, refused, withdrawn
	Kind        Kind
	ProblemID   *int64
	Title       string
	Question    string
	Answer      string
	Unit        string
	AskedOn     calendar.Date
	AnsweredOn  calendar.Date
	ProposedBy  int64
	ReviewedBy  int64
	PublishedOn calendar.Date
	Note        string
	Version     int
}

const replyKind = "reply"

// ProposePublication offers a redacted version of an answered case for
// publication. The citizen must have consented; the original stays as it is.
func (s *Service) ProposePublication(ctx context.Context, a staff.Actor, id int64, title, question, answer string) (int64, error) {
	if err := a.Require(staff.Publisher, staff.Handler); err != nil {
		return 0, err
	}
	p := PublishedReply{Title: typed.Line(title), Question: typed.Clean(question), Answer: typed.Clean(answer)}
	var bad []fault.Field
	for _, f := range []struct {
		name, label, value string
		max                int
	}{{"title", "标题", p.Title, MaxTitle}, {"question", "来信摘要", p.Question, MaxContent}, {"answer", "答复", p.Answer, maxReply}} {
		if n := len([]rune(f.value)); n == 0 || n > f.max {
			bad = append(bad, fault.Field{Name: f.name, Message: fmt.Sprintf("“%s”要写 1 到 %d 个字，现在有 %d 个字。", f.label, f.max, n)})
		}
	}
	if err := fault.Form(bad); err != nil {
		return 0, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		c, err := get(&tx.Reader, a, id)
		if err != nil {
			return err
		}
		r, err := lastReply(&tx.Reader, id)
		if err != nil {
			return err
		}
		switch {
		case !c.AllowPublish:
			return fault.New(fault.Forbidden, "来信人没有同意公开，不能选登。")
		case r == nil:
			return fault.New(fault.Conflict, "还没有答复，不能选登。")
		}
		for _, f := range []struct{ name, value string }{{"title", p.Title}, {"question", p.Question}, {"answer", p.Answer}} {
			found, err := s.personal(&tx.Reader, c, f.value)
			if err != nil {
				return err
			}
			if found != "" {
				return fault.Form([]fault.Field{{Name: f.name, Message: "文中还有来信人的" + found + "，请隐去后再提交。"}})
			}
			if found := personNumber(f.value); found != "" {
				return fault.Form([]fault.Field{{Name: f.name, Message: "文中还有" + found + "，不能公开，请隐去后再提交。"}})
			}
		}
		// Each proposal is a row of its own: what was once public stays as it was.
		p.ID, p.CaseID, p.State, p.Kind, p.ProblemID, p.Unit = 0, id, "proposed", c.Kind, c.ProblemID, r.Unit
		p.AskedOn, p.AnsweredOn, p.ProposedBy, p.Version = c.ReceivedOn, calendar.Of(r.SentAt), a.ID, 1
		err = tx.Create(&p).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return fault.New(fault.Conflict, "此件已经选登或正在等待复核。")
		}
		if err != nil {
			return fmt.Errorf("cases: publish: %w", err)
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "reply.propose", Subject: "case", SubjectID: id})
	})
	return p.ID, err
}

// seen narrows a query over published replies to those whose case the actor may see.
func seen(q *gorm.DB, a staff.Actor) *gorm.DB {
	return visible(q.Select("published_replies.*").Joins("JOIN cases ON cases.id = published_replies.case_id"), a)
}

// personal names the first detail of the sender that still stands in a text,
// however a number is spaced.
func (s *Service) personal(r *store.Reader, c Case, text string) (string, error) {
	x, err := s.contactOf(r, c.ID)
	if err != nil {
		return "", err
	}
	for _, d := range []struct{ label, value string }{{"姓名", x.Name}, {"邮箱", x.Email}, {"地址", x.Address}, {"案号", c.CaseNumber}} {
		if len([]rune(d.value)) > 1 && strings.Contains(text, d.value) {
			return d.label, nil
		}
	}
	if phone := allDigits(x.Phone); len(phone) >= 5 && strings.Contains(allDigits(text), phone) {
		return "电话", nil
	}
	return "", nil
}

// allDigits are the digits of a text, in order.
func allDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, Digits(s))
}

// ReviewPublication publishes or refuses a proposal. Somebody other than the
// proposer does it and confirms all five exclusions.
func (s *Service) ReviewPublication(ctx context.Context, a staff.Actor, replyID int64, version int, publish bool, confirmed []string, note string) error {
	if err := a.Require(staff.Publisher); err != nil {
		return err
	}
	note, err := text("note", "不予选登的理由", note, !publish)
	if err != nil {
		return err
	}
	if publish {
		ok := map[string]bool{}
		for _, c := range confirmed {
			ok[c] = true
		}
		for _, x := range Exclusions {
			if !ok[x.Name] {
				return fault.Form([]fault.Field{{Name: "confirm", Message: "请逐项核对后勾选全部五项，有一项不能确认就不要公开。"}})
			}
		}
	}
	return s.publication(ctx, a, replyID, version, "proposed", func(tx *store.Tx, p *PublishedReply) error {
		if p.ProposedBy == a.ID {
			return fault.New(fault.Forbidden, "这份选登是您提出的，要由另一位公开审核员复核。")
		}
		p.ReviewedBy, p.State, p.Note = a.ID, "refused", note
		if publish {
			p.State, p.PublishedOn = "published", calendar.Of(tx.Now)
			return search.Index(tx, replyKind, p.ID, p.Title+"\n"+p.Question+"\n"+p.Answer)
		}
		return nil
	})
}

// WithdrawPublication takes a published reply off the site; the row stays.
func (s *Service) WithdrawPublication(ctx context.Context, a staff.Actor, replyID int64, version int, note string) error {
	if err := a.Require(staff.Publisher); err != nil {
		return err
	}
	note, err := text("note", "撤下的理由", note, true)
	if err != nil {
		return err
	}
	return s.publication(ctx, a, replyID, version, "published", func(tx *store.Tx, p *PublishedReply) error {
		p.State, p.Note = "withdrawn", note
		return search.Remove(tx, replyKind, p.ID)
	})
}

func (s *Service) publication(ctx context.Context, a staff.Actor, id int64, version int, from string, f func(*store.Tx, *PublishedReply) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var p PublishedReply
		err := seen(tx.Where("published_replies.id = ?", id), a).Take(&p).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fault.New(fault.NotFound, "没有这份选登，或者您应当回避。")
		}
		if err != nil {
			return fmt.Errorf("cases: publication: %w", err)
		}
		if p.State != from || p.Version != version {
			return fault.New(fault.Conflict, "刚刚有人处理过这份选登，请刷新页面。")
		}
		if err := f(tx, &p); err != nil {
			return err
		}
		p.Version++
		if err := tx.Save(&p).Error; err != nil {
			return fmt.Errorf("cases: publication: %w", err)
		}
		texts, err := replyTexts(&tx.Reader, "x.id = ?", p.ID, 1)
		if err != nil {
			return err
		}
		return journal.Append(tx, journal.Event{Actor: a.ID, ActorName: a.Name, Verb: "reply." + p.State, Subject: "reply", SubjectID: p.ID,
			Changes: []journal.Change{{Field: "state", Old: from, New: p.State}}, Public: true, Texts: texts})
	})
}

// ReplyFilter narrows the published replies; zero values do not.
type ReplyFilter struct {
	Kind     Kind
	Month    string // YYYY-MM
	Problems []int64
	Query    string
	Before   int64
	Limit    int
}

// Replies lists published replies, newest first.
func Replies(r *store.Reader, f ReplyFilter) ([]PublishedReply, error) {
	q := r.Where("published_replies.state = 'published'")
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Month != "" {
		q = q.Where("published_on >= ? AND published_on <= ?", f.Month+"-01", f.Month+"-31")
	}
	if len(f.Problems) > 0 {
		q = q.Where("problem_id IN ?", f.Problems)
	}
	if f.Query != "" {
		q = search.Scope(q, replyKind, f.Query, "published_replies.id")
	}
	if f.Before > 0 {
		q = q.Where("published_replies.id < ?", f.Before)
	}
	var list []PublishedReply
	if err := q.Order("published_replies.id DESC").Limit(f.Limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: replies: %w", err)
	}
	return list, nil
}

// FindReply reads one published reply by its number.
func FindReply(r *store.Reader, id int64) (PublishedReply, error) {
	var p PublishedReply
	err := r.Where("id = ? AND state = 'published'", id).Take(&p).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return p, fault.New(fault.NotFound, "没有这份公开答复，可能已经撤下。")
	}
	if err != nil {
		return p, fmt.Errorf("cases: reply: %w", err)
	}
	return p, nil
}

// Publications lists proposals and published replies for the publisher's page.
func (s *Service) Publications(ctx context.Context, a staff.Actor, before int64, limit int) (list []PublishedReply, err error) {
	if err := a.Require(staff.Publisher); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := seen(r.Order("published_replies.id DESC").Limit(limit), a)
		if before > 0 {
			q = q.Where("published_replies.id < ?", before)
		}
		return q.Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: publications: %w", err)
	}
	return list, nil
}

// ReplyCount is how many replies of a kind were published in a month.
type ReplyCount struct {
	Kind  Kind
	Month string
	N     int
}

// CountReplies counts the published replies by kind and month, newest month first.
func CountReplies(r *store.Reader) ([]ReplyCount, error) {
	var list []ReplyCount
	err := r.Table("published_replies").Select("kind, substr(published_on, 1, 7) AS month, count(*) AS n").Where("state = 'published'").
		Group("kind, substr(published_on, 1, 7)").Order("month DESC, kind").Limit(2000).Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("cases: count replies: %w", err)
	}
	return list, nil
}

// AlikeReplies finds published replies worded like a text.
func AlikeReplies(r *store.Reader, text string, limit int) ([]PublishedReply, error) {
	alike, err := search.Similar(r, replyKind, text, limit)
	ids := search.Keys(alike)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var list []PublishedReply
	if err := r.Where("id IN ? AND state = 'published'", ids).Order("id DESC").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("cases: alike: %w", err)
	}
	return list, nil
}
