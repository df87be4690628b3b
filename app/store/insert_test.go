package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

// letter and wait stand for rows with a key from the database and with their own.
type letter struct {
	ID         int64
	CreatedAt  time.Time
	Idem       string
	Channel    string
	Template   string
	SubjectID  int64
	State      string
	DueAt      time.Time
	LeaseUntil *time.Time
	Note       string
}

func (letter) TableName() string { return "outbox" }

type wait struct {
	NumberHash []byte `gorm:"primaryKey"`
	Failures   int
	WaitUntil  time.Time
}

func (wait) TableName() string { return "access_failures" }

func TestInsertedRowsComeBackAsTheyWere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		at := clock.Now().Add(123456 * time.Microsecond)
		letters := []letter{
			{CreatedAt: at, Idem: "一", Channel: "mail", Template: "a", SubjectID: 1 << 40, State: "waiting", DueAt: at, Note: "引号\"'\\ <b>&\n换行 😀"},
			{CreatedAt: at, Idem: "二", Channel: "sms", Template: "b", State: "dead", DueAt: at, LeaseUntil: &at},
			{CreatedAt: at, Idem: "三", Channel: "mail", Template: "c", State: "waiting", DueAt: at.Add(-time.Microsecond)},
		}
		waits := []wait{{[]byte{0, 255, '\\', 'x'}, 3, at}, {[]byte("plain"), 0, at}}
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Insert(&letters), tx.Insert(&waits), tx.Insert(&[]letter{}))
		})
		if err != nil {
			t.Fatal(err)
		}
		var gotLetters []letter
		var gotWaits []wait
		err = db.Read(t.Context(), func(r *store.Reader) error {
			return errors.Join(r.Order("id").Find(&gotLetters).Error, r.Order("number_hash").Find(&gotWaits).Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range letters {
			if l.ID == 0 || i > 0 && l.ID <= letters[i-1].ID {
				t.Errorf("row %d has id %d", i, l.ID)
			}
		}
		if d := cmp.Diff(letters, gotLetters); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(waits, gotWaits); d != "" {
			t.Error(d)
		}
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Insert(&[]letter{{CreatedAt: at, Idem: "二", Channel: "sms", State: "dead", DueAt: at}})
		})
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Errorf("the same key twice: %v", err)
		}
	})
}
