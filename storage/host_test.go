package storage_test

import (
	"context"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// TestFailingHostIsProbedByOneInbox: the others of the host wait longer, are not
// put off for ever, and go at once when it is back.
func TestFailingHostIsProbedByOneInbox(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		inboxes := []string{"https://h.example/u/1/inbox", "https://h.example/u/2/inbox", "https://h.example/u/3/inbox"}
		write(t, s, func(ctx context.Context, q storage.Queries) error {
			for _, inbox := range inboxes {
				if err := q.OpenLane(ctx, inbox, "h.example", "h.example"); err != nil {
					return err
				}
				if err := q.RaiseLane(ctx, inbox, 1, 9); err != nil {
					return err
				}
			}
			return nil
		})
		claimed := func(now int64) []string {
			var got []string
			write(t, s, func(ctx context.Context, q storage.Queries) error {
				lanes, err := q.ClaimLanes(ctx, "me", now, now, 10)
				got = nil
				for _, l := range lanes {
					got = append(got, l.Inbox)
				}
				return err
			})
			return got
		}
		fail := func(inbox string, at, until int64) {
			write(t, s, func(ctx context.Context, q storage.Queries) error {
				if err := q.FinishLane(ctx, storage.LaneReport{Inbox: inbox, Owner: "me", NextAt: until}); err != nil {
					return err
				}
				return q.FailHost(ctx, storage.HostFailure{Host: "h.example", Inbox: inbox, At: at, OpenUntil: until})
			})
		}
		if got := claimed(1_000); len(got) != 3 {
			t.Fatalf("before a failure: %v", got)
		}
		fail(inboxes[0], 1_000, 31_000)
		if got := claimed(31_000); len(got) != 1 || got[0] != inboxes[0] {
			t.Errorf("when the breaker is half open: %v", got)
		}
		fail(inboxes[0], 31_000, 61_000)
		if got := claimed(31_000 + 10*60*1_000); len(got) != 3 {
			t.Errorf("ten minutes later: %v", got)
		}
		fail(inboxes[0], 700_000, 9_000_000)
		write(t, s, func(ctx context.Context, q storage.Queries) error { return q.WakeHost(ctx, "h.example", 800_000) })
		if got := claimed(800_000); len(got) != 3 {
			t.Errorf("when it is back: %v", got)
		}
	})
}
