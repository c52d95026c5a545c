package worker

import (
	"context"
	"fmt"
	"net/http"
	"runtime"

	"golang.org/x/sync/errgroup"

	"instar.example/federation/activity"
	"instar.example/federation/deliver"
)

// runAll sends the entries: in batches to a server that takes them, what is
// left alone, in the order of the log as far as threads ask for it.
func (t *turn) runAll(ctx context.Context) {
	inbox := ""
	if len(t.entries) > 1 {
		var err error
		if inbox, err = t.w.cfg.Node.BatchInbox(ctx, t.lane.Host); err != nil {
			t.trouble(ctx, fmt.Errorf("read its batch inbox: %w", err)) // then one by one
		}
	}
	if inbox != "" {
		if err := t.prove(ctx); err != nil {
			t.fail(ctx, err)
			return
		}
	}
	for from := 0; from < len(t.entries); {
		to := len(t.entries)
		if inbox != "" {
			if to = t.batchEnd(from); to-from > 1 && !t.over(ctx) && !t.batch(ctx, inbox, from, to) {
				inbox = ""
			}
		}
		t.run(ctx, from, to)
		from = to
	}
}

// prove gives the entries their proofs, on all processors.
func (t *turn) prove(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.entries {
		all.Go(func() (err error) {
			if t.entries[i], err = t.w.cfg.Node.ProvenEntry(ctx, t.entries[i]); err != nil {
				return fmt.Errorf("prove %s: %w", t.entries[i].ID, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// batchEnd returns how far one batch reaches that begins at from [BATCH-2].
func (t *turn) batchEnd(from int) int {
	size, to := activity.BatchOverhead, from
	for to < len(t.entries) && to-from < activity.MaxBatchItems {
		size += len(t.entries[to].Body) + 1
		if size > activity.MaxBatchBytes {
			break
		}
		to++
	}
	return max(to, from+1)
}

// batch sends entries in one request and notes what became of each. What the
// peer cannot decide in a batch is left, to be sent alone. False says that the
// peer takes no batches, which is remembered.
func (t *turn) batch(ctx context.Context, inbox string, from, to int) bool {
	var bodies [][]byte
	var which []int
	for i := from; i < to; i++ {
		if !t.expired(i) {
			bodies, which = append(bodies, t.entries[i].Body), append(which, i)
		}
	}
	if len(bodies) == 0 {
		return true
	}
	attempt, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	whole, each := deliver.Batch(attempt, t.w.cfg.Fetch, inbox, bodies, t.w.ways(t.scheme, t.w.cfg.Node.BatchEntry()))
	switch {
	case ctx.Err() != nil && whole.Outcome == deliver.Retry:
		return true // we stop: that says nothing of the peer
	case whole.Outcome == deliver.Retry && !whole.InboxOnly():
		t.note(which[0], whole)
		return true
	case whole.Outcome != deliver.Delivered:
		if err := t.w.cfg.Node.KeepBatchInbox(ctx, t.lane.Host, ""); err != nil {
			t.trouble(ctx, fmt.Errorf("remember that it takes no batches: %w", err))
		}
		return false
	}
	for k, r := range each {
		if r.Status != http.StatusBadRequest && r.Status != http.StatusUnauthorized {
			t.note(which[k], r)
		}
	}
	return true
}
