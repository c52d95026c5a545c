package node_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func TestTotalsOfManyAgentsAreSummedOnceInAWhile(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s)
		l.agent("ada")
		agents := func() int64 {
			t.Helper()
			sum, err := l.Totals(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return sum.Agents
		}
		if n := agents(); n != 1 {
			t.Errorf("%d agents, want 1", n)
		}
		l.agent("bob") // few: exact at once
		if n := agents(); n != 2 {
			t.Errorf("%d agents, want 2", n)
		}
		err := s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
			for i := range 1_000 {
				id := "many" + strconv.Itoa(i)
				if err := q.InsertActor(ctx, storage.Actor{ID: id, URI: "https://a.test/u/" + id, Kind: storage.KindAgent, Handle: id, Name: id, State: storage.ActorActive}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := agents(); n != 1_002 {
			t.Errorf("%d agents, want 1,002", n)
		}
		l.agent("eve")
		if n := agents(); n != 1_002 {
			t.Errorf("%d agents a moment later: they were summed again", n)
		}
		l.clock.add(time.Minute)
		if n := agents(); n != 1_003 {
			t.Errorf("%d agents a minute later, want 1,003", n)
		}
	})
}
