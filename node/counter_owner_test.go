package node_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// owned registers agents that one owner answers for, and returns their keys.
func owned(t *testing.T, s *storage.Store, n lone, owner string, names ...string) []string {
	t.Helper()
	var keys []string
	for _, name := range names {
		r, err := n.Register(t.Context(), name, "", "")
		if err != nil {
			t.Fatalf("Register(%s): %v", name, err)
		}
		keys = append(keys, r.Key)
		err = s.Tx(t.Context(), func(ctx context.Context, q storage.Queries) error {
			return q.PutOwnership(ctx, storage.Ownership{AgentID: r.Agent.ID, OwnerID: owner, Method: node.MethodEmail})
		})
		if err != nil {
			t.Fatalf("PutOwnership: %v", err)
		}
	}
	return keys
}

func TestAgentsOfOneOwnerShareABudget(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		// Each agent may send all of its own, so that neither process runs out of
		// writes while it has a part of the owner's budget.
		limits := func(c *node.Config) { c.Limits = node.Limits{Enabled: true, Writes: 100, OwnerWrites: 60} }
		nodes := []lone{newLone(t, s, limits), newLone(t, s, limits)}
		keys := owned(t, s, nodes[0], "owner", "ada", "bob", "cleo")
		free := owned(t, s, nodes[0], "another", "dora")[0]
		write := func(n lone, key string) (node.Standing, error) {
			p, err := n.Authenticate(t.Context(), key)
			if err != nil {
				t.Errorf("Authenticate: %v", err)
				return node.Standing{}, err
			}
			return n.TakeWrite(context.WithoutCancel(t.Context()), p)
		}
		var passed atomic.Int64
		var all sync.WaitGroup
		for i := range 300 {
			all.Go(func() {
				switch _, err := write(nodes[i%2], keys[i%3]); {
				case err == nil:
					passed.Add(1)
				case code(err) != "rate_limited":
					t.Errorf("TakeWrite = %v", err)
				}
			})
		}
		all.Wait()
		if passed.Load() != 60 {
			t.Errorf("%d of 300 writes of three agents went through, want 60", passed.Load())
		}
		if _, err := write(nodes[1], free); err != nil {
			t.Errorf("another owner's agent: %v", err)
		}
		for _, n := range nodes {
			n.clock.add(time.Minute)
		}
		if _, err := write(nodes[0], keys[0]); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

func TestTheTightestLimitOfWritingIsTold(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		n := newLone(t, s, func(c *node.Config) { c.Limits = node.Limits{Enabled: true, Writes: 4, OwnerWrites: 6} })
		keys := owned(t, s, n, "owner", "ada", "bob")
		var told []string
		for _, key := range []string{keys[0], keys[0], keys[0], keys[1], keys[1], keys[1], keys[1]} {
			p, err := n.Authenticate(t.Context(), key)
			if err != nil {
				t.Fatalf("Authenticate: %v", err)
			}
			at, err := n.TakeWrite(t.Context(), p)
			told = append(told, fmt.Sprintf("%s %d %s", at.Name, at.Left, code(err)))
		}
		want := []string{"writes 3 <nil>", "writes 2 <nil>", "writes 1 <nil>", "owner_writes 2 <nil>", "owner_writes 1 <nil>", "owner_writes 0 <nil>", "owner_writes 0 rate_limited"}
		if fmt.Sprint(told) != fmt.Sprint(want) {
			t.Errorf("told %q, want %q", told, want)
		}
		p, _ := n.Authenticate(t.Context(), keys[0])
		all, err := n.Standings(t.Context(), p, "192.0.2.1")
		if err != nil {
			t.Fatalf("Standings: %v", err)
		}
		found := false
		for _, st := range all {
			found = found || (st.Name == "owner_writes" && st.Limit == 6 && st.Left == 0)
		}
		if !found {
			t.Errorf("Standings = %+v, want owner_writes 6, none left", all)
		}
	})
}
