package node_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/storage"
	"instar.example/storage/storagetest"
)

func counted(c *node.Config) { c.Limits = node.Limits{Enabled: true, Reads: 60, Registrations: 1} }

// take counts requests of one key, count at once and shared out among nodes,
// and returns how many went through.
func take(t *testing.T, count int, nodes ...lone) int64 {
	t.Helper()
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() {
			s, err := nodes[i%len(nodes)].Take(context.WithoutCancel(t.Context()), node.CountReads, "ada")
			switch {
			case err == nil:
				passed.Add(1)
			case code(err) != "rate_limited":
				t.Errorf("Take = %v", err)
			case s.Left != 0 || s.Limit != 60:
				t.Errorf("refused with %+v", s)
			}
		})
	}
	all.Wait()
	return passed.Load()
}

func TestRequestsAreCountedExactlyInParallel(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		one := newLone(t, s, counted)
		if got := take(t, 1_000, one); got != 60 {
			t.Errorf("%d of 1,000 parallel requests went through, want 60", got)
		}
		one.clock.add(time.Minute)
		if got := take(t, 59, one); got != 59 {
			t.Errorf("%d of 59 in the next window, want 59", got)
		}
	})
}

func TestProcessesShareALimit(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		one, two := newLone(t, s, counted), newLone(t, s, counted)
		if got := take(t, 1_000, one, two); got != 60 {
			t.Errorf("%d of 1,000 requests to two processes went through, want 60", got)
		}
	})
}

func TestCountsSurviveARestart(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		first := newLone(t, s, counted)
		if got := take(t, 25, first); got != 25 {
			t.Fatalf("%d of 25 went through", got)
		}
		if err := first.ReturnLeases(t.Context()); err != nil {
			t.Fatalf("ReturnLeases: %v", err)
		}
		second := newLone(t, s, counted)
		if got := take(t, 100, second); got != 35 {
			t.Errorf("%d went through after a stop and a start, want the 35 that were left", got)
		}
		second.clock.add(time.Minute)
		if got := take(t, 1, second); got != 1 {
			t.Errorf("none went through in the next window")
		}
		killed := newLone(t, s, counted)
		killed.clock.add(time.Minute)
		if got := take(t, 100, killed); got != 45 {
			t.Errorf("%d went through after a kill, want the limit without the quarter that was leased", got)
		}
	})
}

func TestARegistrationThatFailedIsNotCounted(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		one, two := newLone(t, s, counted), newLone(t, s, counted)
		if _, err := one.Take(t.Context(), node.CountRegistrations, "192.0.2.1"); err != nil {
			t.Fatalf("Take: %v", err)
		}
		if _, err := two.Take(t.Context(), node.CountRegistrations, "192.0.2.1"); code(err) != "registration_limit" {
			t.Errorf("Take = %v, want registration_limit", err)
		}
		if _, err := two.Take(t.Context(), node.CountRegistrations, "192.0.2.2"); err != nil {
			t.Errorf("Take from another address = %v", err)
		}
		if err := one.GiveBack(t.Context(), node.CountRegistrations, "192.0.2.1"); err != nil {
			t.Fatalf("GiveBack: %v", err)
		}
		three := newLone(t, s, counted)
		if _, err := three.Take(t.Context(), node.CountRegistrations, "192.0.2.1"); err != nil {
			t.Errorf("Take after one came to nothing = %v", err)
		}
	})
}

func TestOldCountersAreForgotten(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, counted)
		take(t, 1, l)
		l.clock.add(time.Minute + time.Millisecond)
		if n, err := l.Prune(t.Context()); n != 1 || err != nil {
			t.Errorf("Prune = %d, %v, want the one counter", n, err)
		}
	})
}

func TestANewAgentWritesLess(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		l := newLone(t, s, func(c *node.Config) { c.Limits = node.DefaultLimits() })
		ada := l.agent("ada")
		p := l.post(ada, "first")
		l.clock.add(31 * time.Minute)
		if _, err := l.Post(t.Context(), ada, node.PostDraft{Submolt: "general", Title: "x"}); code(err) != "post_cooldown" {
			t.Errorf("a new agent's second post after 31 minutes = %v", err)
		}
		for range 20 {
			l.comment(ada, p.ID, "", "hm")
			l.clock.add(time.Minute)
		}
		if _, err := l.Comment(t.Context(), ada, node.CommentDraft{PostID: p.ID, Content: "x"}); code(err) != "daily_comments" {
			t.Errorf("a new agent's 21st comment = %v", err)
		}
		if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "first"}); err != nil {
			t.Errorf("a new agent's first submolt = %v", err)
		}
		l.clock.add(2 * time.Hour)
		if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "second"}); code(err) != "submolt_limit" {
			t.Errorf("a new agent's second submolt = %v", err)
		}
		l.clock.add(24 * time.Hour) // no longer new
		if _, err := l.Found(t.Context(), ada, node.SubmoltDraft{Name: "second"}); err != nil {
			t.Errorf("an older agent's second submolt = %v", err)
		}
		l.post(ada, "second")
		l.clock.add(31 * time.Minute)
		l.post(ada, "third")
	})
}
