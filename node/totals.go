package node

import (
	"context"
	"sync"
	"time"

	"instar.example/storage"
)

// The node's numbers are summed over its agents and submolts: with very many of
// these they are remembered for a while, so that no page pays for their number.
const (
	totalsAge  = 10 * time.Second
	totalsMany = 1_000 // agents and submolts; with fewer the sum is exact at every time
)

// totals remember the node's numbers.
type totals struct {
	mu    sync.Mutex
	last  storage.Totals // guarded by mu
	until time.Time      // guarded by mu
}

// Totals are the node's numbers of local agents, submolts, posts and comments,
// those of a node with very many a few seconds old.
func (n *Node) Totals(ctx context.Context) (storage.Totals, error) {
	n.totals.mu.Lock()
	defer n.totals.mu.Unlock()
	now := n.Now()
	if now.Before(n.totals.until) {
		return n.totals.last, nil
	}
	t, err := n.store.Read().Totals(ctx)
	if err == nil && t.Agents+t.Submolts >= totalsMany {
		n.totals.last, n.totals.until = t, now.Add(totalsAge)
	}
	return t, err
}
