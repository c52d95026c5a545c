package storage_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// TestLeasesShareTheWork: two owners never have the same lane; what one held
// that was killed is free when its lease is over, and its late report counts
// for nothing.
func TestLeasesShareTheWork(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		const lanes, now, until = 40, 1_000, 31_000
		tx := func(f func(ctx context.Context, q storage.Queries) error) {
			t.Helper()
			if err := s.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		tx(func(ctx context.Context, q storage.Queries) error {
			for i := range lanes {
				inbox := "https://b.test/" + string(rune('A'+i))
				if err := errors.Join(q.OpenLane(ctx, inbox, "b.test", "b.test"), q.RaiseLane(ctx, inbox, 1, 1)); err != nil {
					return err
				}
			}
			return nil
		})
		claim := func(owner string, at int64) []string {
			var got []storage.Lane
			err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
				var err error
				got, err = q.ClaimLanes(ctx, owner, at, at+until-now, 3)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			var inboxes []string
			for _, l := range got {
				inboxes = append(inboxes, l.Inbox)
			}
			return inboxes
		}
		var mu sync.Mutex
		held := map[string][]string{} // by lane; guarded by mu
		var all sync.WaitGroup
		for _, owner := range []string{"one", "two"} {
			all.Go(func() {
				for range lanes { // on PostgreSQL a claim may pass over what the other is claiming
					for _, inbox := range claim(owner, now) {
						mu.Lock()
						held[inbox] = append(held[inbox], owner)
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		if len(held) != lanes {
			t.Errorf("%d lanes were claimed, want %d", len(held), lanes)
		}
		for inbox, owners := range held {
			if len(owners) != 1 {
				t.Errorf("%s is held by %v", inbox, owners)
			}
		}
		if got := claim("two", until-1); len(got) != 0 {
			t.Errorf("during the leases two claims %v", got)
		}
		taken := claim("three", until)
		if len(taken) != 3 {
			t.Fatalf("after the leases three claims %v", taken)
		}
		finish := func(owner string) error {
			return s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
				return q.FinishLane(ctx, storage.LaneReport{Inbox: taken[0], Owner: owner, Position: 1, Delivered: 1})
			})
		}
		if err := finish(held[taken[0]][0]); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a report of one whose lease ran out: %v", err)
		}
		if err := finish("three"); err != nil {
			t.Errorf("a report of the one who has it: %v", err)
		}
		if got := claim("four", 3*until); slices.Contains(got, taken[0]) {
			t.Errorf("a lane with nothing left is claimed: %v", got)
		}
	})
}

// TestHeldActivitiesAreDueAgain: what is worked on aside is claimed by nobody
// until its time has come, and what is finished does not come back.
func TestHeldActivitiesAreDueAgain(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		do := func(f func(ctx context.Context, q storage.Queries) error) {
			t.Helper()
			if err := s.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		claimed := func(at int64) int {
			t.Helper()
			var got []storage.Received
			do(func(ctx context.Context, q storage.Queries) error {
				var err error
				got, err = q.ClaimReceived(ctx, "me", at, at, 10)
				return err
			})
			return len(got)
		}
		do(func(ctx context.Context, q storage.Queries) error {
			return q.InsertReceived(ctx, storage.Received{ID: "1", ActivityID: "a", Type: "Like", Body: []byte("{}"), ReceivedAt: 1, DueAt: 1})
		})
		hold := func(until int64) {
			t.Helper()
			do(func(ctx context.Context, q storage.Queries) error { return q.HoldReceived(ctx, "1", until) })
		}
		if n := claimed(1); n != 1 {
			t.Fatalf("%d are claimed, want 1", n)
		}
		hold(100)
		if n := claimed(99); n != 0 {
			t.Errorf("%d are claimed while it is held", n)
		}
		if n := claimed(100); n != 1 {
			t.Errorf("%d are claimed when its time has come, want 1", n)
		}
		do(func(ctx context.Context, q storage.Queries) error { return q.FinishReceived(ctx, "1", "applied") })
		hold(100)
		if n := claimed(200); n != 0 {
			t.Errorf("%d are claimed that are finished", n)
		}
	})
}
