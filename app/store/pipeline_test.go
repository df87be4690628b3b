package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

const plant = "INSERT INTO access_failures (failures, number_hash, wait_until) VALUES (?, ?, ?)"

type failures struct {
	NumberHash []byte
	Failures   int
}

func planted(t *testing.T, db *store.DB) (list []failures) {
	t.Helper()
	err := db.Read(t.Context(), func(r *store.Reader) error {
		return r.Raw("SELECT number_hash, failures FROM access_failures ORDER BY number_hash").Scan(&list).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestQueuedStatementsRunInOrderAndAnswersComeAfterSend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		var first, second, third []failures
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			const read = "SELECT number_hash, failures FROM access_failures ORDER BY number_hash"
			return errors.Join(tx.Queue(plant, 1, []byte("a"), tx.Now), store.Ask(tx, &first, read), tx.Send(),
				tx.Queue(plant, 2, []byte("b"), tx.Now), tx.Raw(read).Scan(&second).Error,
				store.Ask(tx, &third, "DELETE FROM access_failures WHERE failures = ? RETURNING number_hash, failures", 1), tx.Send(),
				tx.Queue(plant, 3, []byte("c"), tx.Now))
		})
		if err != nil {
			t.Fatal(err)
		}
		a, b, c := failures{[]byte("a"), 1}, failures{[]byte("b"), 2}, failures{[]byte("c"), 3}
		if d := cmp.Diff([][]failures{{a}, {a, b}, {a}, {b, c}}, [][]failures{first, second, third, planted(t, db)}); d != "" {
			t.Error(d)
		}
	})
}

func TestAQueuedStatementThatFailsUndoesTheTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		twice := func(tx *store.Tx) error {
			return errors.Join(tx.Queue(plant, 1, []byte("a"), tx.Now), tx.Queue(plant, 2, []byte("a"), tx.Now))
		}
		after := false
		for name, f := range map[string]func(tx *store.Tx) error{
			"with the commit": func(tx *store.Tx) error { tx.After(func() { after = true }); return twice(tx) },
			"at Send":         func(tx *store.Tx) error { return errors.Join(twice(tx), tx.Send()) },
			"before another":  func(tx *store.Tx) error { return errors.Join(twice(tx), tx.Exec("DELETE FROM access_failures").Error) },
			"though nobody looks": func(tx *store.Tx) error {
				first := errors.Join(twice(tx), tx.Send())
				var list []failures
				_ = store.Ask(tx, &list, "SELECT number_hash, failures FROM access_failures")
				return errors.Join(first, tx.Send())
			},
		} {
			if err := db.Write(t.Context(), f); !errors.Is(err, gorm.ErrDuplicatedKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list := planted(t, db); len(list) > 0 || after {
			t.Errorf("stored %v, told %v", list, after)
		}
	})
}

func TestNothingIsStoredOfATransactionThatIsGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		enough := errors.New("enough")
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Queue(plant, 1, []byte("a"), tx.Now), tx.Send(), tx.Queue(plant, 1, []byte("b"), tx.Now), enough)
		})
		if !errors.Is(err, enough) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = db.Write(ctx, func(tx *store.Tx) error {
			err := errors.Join(tx.Queue(plant, 1, []byte("a"), tx.Now), tx.Send())
			cancel()
			return err
		})
		if err == nil && len(planted(t, db)) == 0 {
			t.Error("a transaction whose time was over was said to be committed")
		}
		// The connections are as good as before.
		for range 30 {
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.Queue("DELETE FROM access_failures") }); err != nil {
				t.Fatal(err)
			}
		}
		if list := planted(t, db); len(list) > 0 {
			t.Errorf("stored %v", list)
		}
	})
}
