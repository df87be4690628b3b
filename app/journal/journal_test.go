package journal_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"mingjing/app/journal"
	"mingjing/app/store"
	"mingjing/app/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestAppendWritesTheTrailTheOutboxAndTheRevision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		e := journal.Event{Actor: 7, ActorName: "张三", Verb: "case.accept", Subject: "case", SubjectID: 3,
			Changes:  []journal.Change{{Field: "state", Old: "registered", New: "accepted"}},
			Messages: []journal.Message{{Key: "case/3/accepted", Channel: "mail", Template: "progress", SubjectID: 3}}, Public: true}
		write := func() error {
			return db.Write(t.Context(), func(tx *store.Tx) error { return journal.Append(tx, e) })
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if err := write(); !errors.Is(err, gorm.ErrDuplicatedKey) {
			t.Fatalf("the same message was queued twice: %v", err)
		}
		if err := db.Read(t.Context(), func(r *store.Reader) error {
			got, err := journal.Trail(r, journal.Filter{Subject: "case", SubjectID: 3, Limit: 10})
			want := []journal.Entry{{ID: got[0].ID, At: clock.Now(), ActorID: 7, ActorName: "张三", Verb: "case.accept",
				Subject: "case", SubjectID: 3, Changes: e.Changes}}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if n, _ := r.Revision(); n != 2 {
				t.Errorf("revision %d", n)
			}
			var waiting int64
			if err := r.Table("outbox").Where("state = 'waiting'").Count(&waiting).Error; err != nil || waiting != 1 {
				t.Errorf("%d waiting, %v", waiting, err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
