package node

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file is the node's half of batches [BATCH-1]: many activities that a
// node of our kind sends in one request. Each is decided as if it came alone.

// Incoming is an activity that is verified and admitted, and its signer.
type Incoming struct {
	Activity *activity.Activity
	Signer   *activity.Actor
}

// Kept is what became of one of several activities.
type Kept struct {
	Duplicate bool
	Err       error
}

// KeepAllReceived is KeepReceived for several activities, in their order: they
// share commits, and none waits for the commit of the one before it. What
// becomes of one says nothing about the others.
func (n *Node) KeepAllReceived(ctx context.Context, all []Incoming) []Kept {
	rows, ready := make([]storage.Received, len(all)), make([]*inbound, len(all))
	for i, one := range all {
		rows[i] = n.received(one.Activity) // ids are in the order of coming
	}
	InParallel(len(all), func(i int) {
		if in, ok := n.atOnce(ctx, all[i].Activity, all[i].Signer); ok {
			ready[i] = in
		}
	})
	kept := make([]Kept, len(all))
	first := make([]int, len(all))
	for i := range all {
		first[i] = i
	}
	n.keepAll(ctx, first, all, rows, ready, kept)
	var again []int // something is missing for them, or against them: the worker fetches it, or refuses
	for i, in := range ready {
		if in != nil && kept[i].Err != nil {
			ready[i], kept[i] = nil, Kept{}
			again = append(again, i)
		}
	}
	n.keepAll(ctx, again, all, rows, ready, kept)
	n.wake.changed()
	return kept
}

// keepAll stores some of the activities and notes what became of them.
func (n *Node) keepAll(ctx context.Context, which []int, all []Incoming, rows []storage.Received, ready []*inbound, kept []Kept) {
	which = slices.DeleteFunc(which, func(i int) bool {
		if ready[i] == nil {
			kept[i].Err = n.backlog.room(rows[i].ActorURI, rows[i].ReceivedAt)
		}
		return kept[i].Err != nil
	})
	writes := make([]func(context.Context, storage.Queries) error, len(which))
	for k, i := range which {
		r := rows[i]
		if ready[i] != nil {
			r = doneWith(r)
		} else {
			r.Body = all[i].Activity.Raw
		}
		writes[k] = n.keeping(r, all[i].Signer, ready[i], all[i].Activity, &kept[i].Duplicate)
	}
	for k, err := range n.store.GroupedAll(ctx, writes) {
		i := which[k]
		kept[i].Err = err
		if err == nil && !kept[i].Duplicate && ready[i] != nil {
			n.changes.note(ready[i].about...)
		}
	}
}

// InParallel calls f for 0 to n-1 on all processors and waits. A panic of f is
// one of the caller's.
func InParallel(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	var panicked atomic.Value
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panicked.CompareAndSwap(nil, fmt.Errorf("panic in one of several: %v", p))
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
	if p := panicked.Load(); p != nil {
		panic(p)
	}
}

// Sender returns a remote actor that was asked for lately; false for any other.
func (n *Node) Sender(ctx context.Context, uri string) (storage.Actor, bool, error) {
	a, err := n.recall(ctx, n.store.Read(), uri)
	known := err == nil && !a.Local() && n.freshActor(a) && a.DeletedAt == 0
	return a, known, ignoreNotFound(err)
}

// BatchInbox returns where a server takes batches, "" when it takes none.
func (n *Node) BatchInbox(ctx context.Context, host string) (string, error) {
	inbox, err := n.store.Read().HostBatch(ctx, host)
	return inbox, ignoreNotFound(err)
}

// KeepBatchInbox remembers where a server takes batches; "" says that it takes
// none, whatever it says, until it is asked about itself the next time [BATCH-6].
func (n *Node) KeepBatchInbox(ctx context.Context, host, inbox string) error {
	known, err := n.BatchInbox(ctx, host)
	if err != nil || known == inbox {
		return err
	}
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.PutHostBatch(ctx, host, inbox) })
}

// BatchEntry is an entry of nothing that says by which keys batches are signed:
// the node's own actor's.
func (n *Node) BatchEntry() storage.Entry {
	return storage.Entry{ActorID: instanceKey, ActorURI: n.NodeURI(), KeyID: n.NodeURI() + "#main-key"}
}
