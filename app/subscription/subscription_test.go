package subscription_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mingjing/app/calendar"
	"mingjing/app/fault"
	"mingjing/app/ledger"
	"mingjing/app/ledger/ledgertest"
	"mingjing/app/seal"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
	"mingjing/app/subscription"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type letterbox struct {
	*subscription.Service
	t         *testing.T
	db        *store.DB
	clock     *storetest.Clock
	programme ledger.Programme
}

func each(t *testing.T, test func(t *testing.T, b *letterbox)) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		b := &letterbox{subscription.New(db, seal.Pepper(bytes.Repeat([]byte{3}, 32))), t, db, clock, ledgertest.Small(t, db, nil)}
		test(t, b)
	})
}

func (b *letterbox) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// sent lists the messages in the outbox, by template.
func (b *letterbox) sent() (out []string) {
	b.t.Helper()
	b.ok(b.db.Read(b.t.Context(), func(r *store.Reader) error {
		return r.Table("outbox").Order("id").Pluck("template", &out).Error
	}))
	return out
}

// ask subscribes and gives the token of the mail that follows.
func (b *letterbox) ask(email string, problem int64) string {
	b.t.Helper()
	b.ok(b.Ask(b.t.Context(), email, b.programme.ID, problem))
	var id int64
	b.ok(b.db.Read(b.t.Context(), func(r *store.Reader) error {
		return r.Table("subscriptions").Where("email = ?", strings.ToLower(email)).Order("id DESC").Limit(1).Pluck("id", &id).Error
	}))
	l, err := b.Write(b.t.Context(), id)
	b.ok(err)
	return strings.TrimPrefix(l.Manage, "/subscription/")
}

func (b *letterbox) find(token string) (x subscription.Subscription, err error) {
	err = b.db.Read(b.t.Context(), func(r *store.Reader) (err error) {
		x, err = subscription.Find(r, token)
		return err
	})
	return x, err
}

// event writes a line of the public history about a problem, or none.
func (b *letterbox) event(problem *int64, text string) {
	b.t.Helper()
	b.ok(b.db.Write(b.t.Context(), func(tx *store.Tx) error {
		return tx.Create(&ledger.Event{ProgrammeID: b.programme.ID, ProblemID: problem, Kind: "progress", OnDay: calendar.Of(tx.Now), At: tx.Now, Text: text}).Error
	}))
}

func (b *letterbox) problem(code string) int64 {
	b.t.Helper()
	var id int64
	b.ok(b.db.Read(b.t.Context(), func(r *store.Reader) error {
		return r.Table("problems").Where("code = ?", code).Pluck("id", &id).Error
	}))
	return id
}

func TestAnAddressCountsOnlyOnceItIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, b *letterbox) {
		token := b.ask("Zhou@Example.cn", 0)
		x, err := b.find(token)
		b.ok(err)
		if x.State != subscription.Asked || x.Email != "zhou@example.cn" || x.Masked() != "z***@example.cn" {
			t.Errorf("%+v", x)
		}
		b.event(nil, "昨天的变化")
		b.clock.Advance(24 * time.Hour)
		b.ok(b.Tell(t.Context()))
		if d := cmp.Diff([]string{"subscribe"}, b.sent()); d != "" {
			t.Error(d)
		}
		b.ok(b.Confirm(t.Context(), token))
		b.ok(b.Confirm(t.Context(), token))
		if x, err = b.find(token); err != nil || x.State != subscription.Active {
			t.Errorf("%+v %v", x, err)
		}
		b.ok(b.Tell(t.Context())) // what was before the confirmation is no news
		if d := cmp.Diff([]string{"subscribe"}, b.sent()); d != "" {
			t.Error(d)
		}
		b.ok(b.End(t.Context(), token))
		b.ok(b.End(t.Context(), token))
		if _, err := b.find(token); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		var left int64
		b.ok(b.db.Read(t.Context(), func(r *store.Reader) error { return r.Table("subscriptions").Count(&left).Error }))
		if left != 0 {
			t.Error("the address is kept")
		}
	})
}

func TestNobodyFillsAnothersLetterBox(t *testing.T) {
	each(t, func(t *testing.T, b *letterbox) {
		first := b.ask("a@example.cn", 0)
		for range 3 {
			if again := b.ask("a@example.cn", 0); again != first {
				t.Error("another link")
			}
		}
		for _, code := range []string{"1-1", "1-2", "2-1"} {
			b.ok(b.Ask(t.Context(), "a@example.cn", b.programme.ID, b.problem(code)))
		}
		if n := len(b.sent()); n != 3 {
			t.Errorf("%d mails in a day", n)
		}
		b.ok(b.Confirm(t.Context(), first))
		b.clock.Advance(25 * time.Hour)
		b.ok(b.Ask(t.Context(), "a@example.cn", b.programme.ID, 0)) // it is active: nothing is said
		if n := len(b.sent()); n != 3 {
			t.Errorf("%d mails", n)
		}
		b.ok(b.Ask(t.Context(), "a@example.cn", b.programme.ID, b.problem("1-1"))) // a day later the link is sent again
		if n := len(b.sent()); n != 4 {
			t.Errorf("%d mails", n)
		}
		for _, bad := range []string{"", "a", "a@b", "a@example.cn, b@example.cn", "甲 <a@example.cn>", "a@example.cn\r\nBcc: b@example.cn", strings.Repeat("a", 200) + "@example.cn"} {
			if err := b.Ask(t.Context(), bad, b.programme.ID, 0); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func TestAStolenDatabaseConfirmsAndEndsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *letterbox) {
		token := b.ask("a@example.cn", 0)
		var rows []map[string]any
		b.ok(b.db.Read(t.Context(), func(r *store.Reader) error { return r.Table("subscriptions").Find(&rows).Error }))
		for name, v := range rows[0] {
			if s, ok := v.(string); ok && strings.Contains(s, token) {
				t.Errorf("%s holds the token", name)
			}
		}
		other := subscription.New(b.db, seal.Pepper(bytes.Repeat([]byte{4}, 32)))
		l, err := other.Write(t.Context(), rows[0]["id"].(int64))
		b.ok(err)
		if "/subscription/"+token == l.Manage {
			t.Error("the token does not depend on the pepper")
		}
		for _, wrong := range []string{"", "x", strings.TrimPrefix(l.Manage, "/subscription/")} {
			if err := b.Confirm(t.Context(), wrong); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		b.clock.Advance(73 * time.Hour)
		if err := b.Confirm(t.Context(), token); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		b.ok(b.Purge(t.Context()))
		b.ok(b.db.Read(t.Context(), func(r *store.Reader) error { rows = nil; return r.Table("subscriptions").Find(&rows).Error }))
		if len(rows) != 0 {
			t.Error("an address that nobody confirmed is kept")
		}
	})
}

func TestNewsComesOnceADayAndTellsOnlyWhatIsPublic(t *testing.T) {
	each(t, func(t *testing.T, b *letterbox) {
		mine, hidden := b.problem("1-1"), b.problem("2-1")
		b.ok(b.Confirm(t.Context(), b.ask("all@example.cn", 0)))
		b.ok(b.Confirm(t.Context(), b.ask("one@example.cn", mine)))
		b.ok(b.db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Exec("UPDATE problems SET published = FALSE WHERE id = ?", hidden).Error
		}))
		news := func() int {
			b.ok(b.Tell(t.Context()))
			b.ok(b.Tell(t.Context()))
			return len(b.sent()) - 2
		}
		b.event(&hidden, "还没有公开的变化")
		b.clock.Advance(24 * time.Hour)
		if n := news(); n != 0 {
			t.Errorf("%d mails about what is not public", n)
		}
		b.event(&mine, "措施有了进展")
		if n := news(); n != 0 {
			t.Errorf("%d mails on the day itself", n)
		}
		b.clock.Advance(22 * time.Hour) // seven in the morning
		if n := news(); n != 0 {
			t.Errorf("%d mails before eight", n)
		}
		b.clock.Advance(time.Hour)
		if n := news(); n != 2 {
			t.Errorf("%d mails, want 2", n)
		}
		other := b.problem("1-2")
		b.event(&other, "另一个问题的变化")
		b.clock.Advance(24 * time.Hour)
		if n := news(); n != 3 {
			t.Errorf("%d mails, want 3", n)
		}
		var all int64
		b.ok(b.db.Read(t.Context(), func(r *store.Reader) error {
			return r.Table("subscriptions").Where("email = 'all@example.cn'").Pluck("id", &all).Error
		}))
		l, err := b.Write(t.Context(), all)
		b.ok(err)
		if l.To != "all@example.cn" || l.About != "巡视反馈问题整改的全部变化" || l.Page != "/changes" || len(l.Changes) != 1 || l.Changes[0].Text != "另一个问题的变化" {
			t.Errorf("%+v", l)
		}
	})
}
