package door_test

import (
	"testing"
	"time"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
	"mingjing/app/web/door"
)

func TestAnAddressLeavesSoManyBytesADay(t *testing.T) {
	l, now := door.NewLimits(10, seal.Pepper(make([]byte, 32)).Key("limits")), time.Date(2021, 1, 6, 1, 0, 0, 0, time.UTC)
	hold := func(name string, at time.Time) (func(int64), error) { return l.Hold(name, cases.MaxFileSize, at) }
	for range 10 * cases.MaxFiles {
		if _, err := hold("one", now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := hold("one", now); !fault.Is(err, fault.Invalid) {
		t.Errorf("one more: %v", err)
	}
	if _, err := hold("two", now); err != nil {
		t.Errorf("another address: %v", err)
	}
	if _, err := hold("one", now.Add(24*time.Hour)); err != nil {
		t.Errorf("the next day: %v", err)
	}
	for range 1000 { // what a small file did not need is there for others
		giveBack, err := hold("three", now.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		giveBack(cases.MaxFileSize - 1000)
	}
}
