package cases_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"mingjing/app/cases"
	"mingjing/app/fault"
	"mingjing/app/seal"
)

// Whoever submits while the program stops hears at once: either the case is
// committed or the site says that it is not.
func TestASubmissionDuringTheStopIsCommittedOrRefused(t *testing.T) {
	each(t, func(t *testing.T, c *court) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 15 {
			s := cases.New(c.db, c.blobs, seal.Pepper(bytes.Repeat([]byte{9}, 32)))
			var senders sync.WaitGroup
			started := make(chan struct{}, 8)
			for range cap(started) {
				senders.Go(func() {
					for n := 0; ; n++ {
						sub := suggestion()
						sub.Channel = cases.Hotline
						ticket, err := s.Record(ctx, c.clerk, sub)
						if n == 0 {
							started <- struct{}{}
						}
						if fault.Is(err, fault.Busy) && ctx.Err() == nil {
							return
						}
						if err != nil || ticket.ID == 0 {
							t.Errorf("%+v, %v", ticket, err)
							return
						}
					}
				})
			}
			<-started
			s.Close()
			senders.Wait()
		}
	})
}
