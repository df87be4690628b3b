package cases

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mingjing/app/fault"
	"mingjing/app/staff"
	"mingjing/app/store"
)

// present is how long somebody who opened a case counts as looking at it,
// without a further sign of life.
const present = 2 * time.Minute

// presenceLife is how long it is remembered at all.
const presenceLife = 24 * time.Hour

// arrive remembers that the actor has the case open.
func arrive(tx *store.Tx, a staff.Actor, id int64) error {
	err := tx.Exec(`INSERT INTO case_presence (case_id, staff_id, seen_at) VALUES (?, ?, ?) ON CONFLICT (case_id, staff_id) DO UPDATE SET seen_at = excluded.seen_at`, id, a.ID, tx.Now).Error
	if err != nil {
		return fmt.Errorf("cases: presence: %w", err)
	}
	return nil
}

// company are the names of the others who have the case open.
func company(r *store.Reader, a staff.Actor, id int64) (names []string, err error) {
	err = r.Table("case_presence").Joins("JOIN staff ON staff.id = case_presence.staff_id").
		Where("case_id = ? AND staff_id <> ? AND seen_at > ?", id, a.ID, r.Now.Add(-present)).Order("staff.name").Limit(20).Pluck("staff.name", &names).Error
	if err != nil {
		return nil, fmt.Errorf("cases: presence: %w", err)
	}
	return names, nil
}

// Here says that the actor still has the case open, and who else has. It is no
// act and no look: it changes nothing and shows nothing of the case.
func (s *Service) Here(ctx context.Context, a staff.Actor, id int64) (names []string, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if _, err = get(&tx.Reader, a, id); err != nil {
			return err
		}
		if err = arrive(tx, a, id); err != nil {
			return err
		}
		names, err = company(&tx.Reader, a, id)
		return err
	})
	return names, err
}

// Mention is a colleague's request to look at a case.
type Mention struct {
	ID        int64
	CaseID    int64
	StaffID   int64
	At        time.Time
	ActorID   int64
	ActorName string
	SeenAt    *time.Time

	CaseNo string `gorm:"->"`
	Title  string `gorm:"->"`
}

func (Mention) TableName() string { return "case_mentions" }

// mostMentions is how many people one note may ask, and how many requests are listed.
const (
	mostMentioned = 10
	mostMentions  = 100
)

// toNobody is an @ that asks somebody, not one within a mail address.
var toNobody = regexp.MustCompile(`(?:^|[^A-Za-z0-9._%+\-])@([\p{Han}A-Za-z0-9._\-]{1,20})`)

// mention stores whom a note asks by @name or @login. Who must not see the case
// cannot be asked: the note would tell them of it.
func mention(tx *store.Tx, a staff.Actor, c Case, body string) error {
	if !strings.ContainsAny(body, "@＠") {
		return nil
	}
	body = strings.ReplaceAll(body, "＠", "@")
	var people []staff.Person
	for _, role := range append(slices.Clone(caseworkers), staff.Leader) {
		list, err := staff.Holding(&tx.Reader, role, 0)
		if err != nil {
			return err
		}
		people = append(people, list...)
	}
	// A longer name first: @李明华 is not @李明.
	slices.SortStableFunc(people, func(x, y staff.Person) int { return cmp.Compare(len(y.Name), len(x.Name)) })
	asked := map[int64]bool{a.ID: true}
	var rows []Mention
	for _, p := range people {
		found := false
		for _, word := range []string{p.Name, p.Login} {
			if strings.Contains(body, "@"+word) {
				body, found = strings.ReplaceAll(body, "@"+word, ""), true
			}
		}
		if !found || asked[p.ID] {
			continue
		}
		asked[p.ID] = true
		who, err := staff.Acting(&tx.Reader, p.ID)
		if err != nil {
			return err
		}
		if _, err := get(&tx.Reader, who, c.ID); fault.Is(err, fault.NotFound) {
			return fault.Form([]fault.Field{{Name: "content", Message: "“" + p.Name + "”不能查看此件，不能提醒。请去掉“@" + p.Name + "”。"}})
		} else if err != nil {
			return err
		}
		rows = append(rows, Mention{CaseID: c.ID, StaffID: p.ID, At: tx.Now, ActorID: a.ID, ActorName: a.Name})
	}
	if m := toNobody.FindStringSubmatch(body); m != nil {
		return fault.Form([]fault.Field{{Name: "content", Message: "没有找到“@" + m[1] + "”，没有提醒到人。请写同事的姓名或者登录名；不是提醒人的，请去掉 @。"}})
	}
	if len(rows) > mostMentioned {
		return fault.Form([]fault.Field{{Name: "content", Message: fmt.Sprintf("一条备注最多提醒 %d 个人。", mostMentioned)}})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Create(&rows).Error; err != nil {
		return fmt.Errorf("cases: mention: %w", err)
	}
	return nil
}

// answered marks the requests to look at a case as done: it was opened.
func answered(tx *store.Tx, a staff.Actor, id int64) error {
	err := tx.Model(&Mention{}).Where("case_id = ? AND staff_id = ? AND seen_at IS NULL", id, a.ID).Update("seen_at", tx.Now).Error
	if err != nil {
		return fmt.Errorf("cases: mention: %w", err)
	}
	return nil
}

// Mentions are the cases that colleagues ask the actor to look at and that they
// have not opened since, the newest first.
func (s *Service) Mentions(ctx context.Context, a staff.Actor) (list []Mention, err error) {
	if err := a.Require(); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(r *store.Reader) error {
		q := r.Table("case_mentions").Select("case_mentions.id, case_id, staff_id, case_mentions.at, actor_id, actor_name, seen_at, cases.case_no, cases.title").Joins("JOIN cases ON cases.id = case_mentions.case_id").
			Where("case_mentions.staff_id = ? AND case_mentions.seen_at IS NULL", a.ID)
		return visible(q, a).Order("case_mentions.id DESC").Limit(mostMentions).Find(&list).Error
	})
	if err != nil {
		return nil, fmt.Errorf("cases: mentions: %w", err)
	}
	return list, nil
}
