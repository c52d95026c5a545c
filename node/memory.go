package node

import (
	"context"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"instar.example/storage"
)

// What is remembered of other servers for a moment: in a flood of activities
// the same few actors are asked for again and again.
const (
	rememberedFor   = time.Second
	rememberedMost  = 10_000
	wokenRemembered = 5 * time.Second
	askedRemembered = time.Minute
)

// memory holds actors as they were a moment ago: fit for who somebody is and
// may do, not for counters. Nothing of consequence is here alone.
type memory struct {
	actors *expirable.LRU[string, storage.Actor] // by URI
	woke   *expirable.LRU[string, struct{}]      // hosts whose breaker was closed lately
	asked  *expirable.LRU[string, struct{}]      // hosts that were asked who they are
	reads  singleflight.Group                    // of actors, by URI: what a crowd asks for is read once
}

func (m *memory) init() {
	m.actors = expirable.NewLRU[string, storage.Actor](rememberedMost, nil, rememberedFor)
	m.asked = expirable.NewLRU[string, struct{}](rememberedMost, nil, askedRemembered)
	m.woke = expirable.NewLRU[string, struct{}](rememberedMost, nil, wokenRemembered)
}

// woken says whether a host was woken lately, and remembers that it is now.
func (m *memory) woken(host string) bool {
	if _, ok := m.woke.Get(host); ok {
		return true
	}
	m.woke.Add(host, struct{}{})
	return false
}

// recall returns an actor by its URI, as it was within the last second. Actors
// that are about to change (pending ones) are read anew.
func (n *Node) recall(ctx context.Context, q storage.Queries, uri string) (storage.Actor, error) {
	if a, ok := n.hosts.actors.Get(uri); ok {
		return a, nil
	}
	if q.InTx() {
		return q.ActorByURI(ctx, uri) // what is not committed may never be: then nobody must take it for stored
	}
	a, err, _ := n.hosts.reads.Do(uri, func() (any, error) {
		a, err := q.ActorByURI(context.WithoutCancel(ctx), uri)
		if err == nil && a.State == storage.ActorActive && (a.Local() || a.FetchedAt > 0) {
			n.hosts.actors.Add(uri, a)
		}
		return a, err
	})
	return a.(storage.Actor), err
}

// OnRekeyed has f called when an actor of another server says anew what it is, and so
// perhaps that its key is another, or that it is gone; it is set before the node is used.
func (n *Node) OnRekeyed(f func(uri string)) { n.rekeys = f }

func (n *Node) rekeyed(uri string) {
	if n.rekeys != nil {
		n.rekeys(uri)
	}
}

// forget drops an actor that changed.
func (n *Node) forget(uri string) { n.hosts.actors.Remove(uri) }
