package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// TestFollowersAreNotHeldInMemory: a post for a million followers costs this
// process no more memory than one for a few: who gets it is for the database to
// say, a few lanes at a time. With INSTAR_BENCH_LARGE each of the million has an
// inbox of its own, else they share those of 1,000 hosts.
func TestFollowersAreNotHeldInMemory(t *testing.T) { //nolint:paralleltest // it measures the whole process
	inboxes, each := 1_000, int64(1_000)
	if os.Getenv("INSTAR_BENCH_LARGE") != "" {
		inboxes, each = 1_000_000, 1
	}
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		const few, now, until, atOnce = 10, 1_000, 31_000, 64
		populate(t, s, "few", few, 1)
		populate(t, s, "many", inboxes, each)
		raise := func(audience string, seq int64) (claimed int, held uint64) {
			t.Helper()
			held = allocated(func() {
				if err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
					if err := q.RaiseAudience(ctx, audience, seq, seq); err != nil {
						return err
					}
					lanes, err := q.ClaimLanes(ctx, "worker", now, until, atOnce)
					claimed = len(lanes)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			})
			return claimed, held
		}
		if n, _ := raise("few", 1); n != few {
			t.Fatalf("%d lanes of %d have something to send", n, few)
		}
		_, small := raise("few", 2)
		n, large := raise("many", 3)
		t.Logf("a post for %d followers in %d inboxes: %d KB, for %d: %d KB", int64(inboxes)*each, inboxes, large>>10, few, small>>10)
		if n != atOnce {
			t.Errorf("%d lanes were claimed, want %d", n, atOnce)
		}
		const slack = 512 << 10
		if large > small+slack {
			t.Errorf("it takes %d bytes, for %d followers %d", large, few, small)
		}
	})
}

// populate gives an audience its members, so many behind each inbox.
func populate(t *testing.T, s *storage.Store, audience string, inboxes int, each int64) {
	t.Helper()
	const batch = 10_000
	for from := 0; from < inboxes; from += batch {
		err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
			for i := from; i < min(from+batch, inboxes); i++ {
				host := fmt.Sprintf("%s%d.example", audience, i)
				inbox := "https://" + host + "/inbox"
				if err := errors.Join(q.OpenLane(ctx, inbox, host, host), q.AddMember(ctx, audience, inbox, each)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// allocated is how many bytes the process allocates while f runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
