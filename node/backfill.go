package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// What was there before anybody here followed is read from the collections of
// its own server (federation.md 5.1): of a submolt its outbox, of an agent the
// same, of a thread its context. A collection says only which objects there
// are. Each is then fetched from its own server and judged like any that a
// Group announces, as if it had been announced now: what people wrote is
// dropped, what is known is left alone.

// Bounds of a backfill.
const (
	BackfillPages  = 5   // of one collection
	backfillOutbox = 50  // objects of an outbox
	backfillThread = 200 // objects of a thread

	backfillAgain = 7 * 24 * time.Hour // before this a collection is not read again
	keptBackfills = 30 * 24 * time.Hour
	// newsAge is how old what arrives may be to be told of.
	newsAge = 48 * time.Hour
)

// backfill asks for a collection of an actor of another server, in the
// transaction that found a reason to.
func (n *Node) backfill(ctx context.Context, q storage.Queries, collection string, of storage.Actor) error {
	if of.Local() || originOf(collection) == "" || HostOf(collection) == n.host {
		return nil
	}
	now := n.now()
	return q.RequestBackfill(ctx, collection, of.ID, now, now-backfillAgain.Milliseconds())
}

// ClaimBackfills leases collections that are to be read.
func (n *Node) ClaimBackfills(ctx context.Context, owner string, lease time.Duration, limit int) ([]storage.Backfill, error) {
	due, err := n.store.Read().BackfillsDue(ctx, n.now())
	if err != nil || !due {
		return nil, err
	}
	var bs []storage.Backfill
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		now := n.now()
		bs, err = q.ClaimBackfills(ctx, owner, now, now+lease.Milliseconds(), limit)
		return err
	})
	return bs, err
}

// RetryBackfill gives a collection back, to be asked for again at dueAt.
func (n *Node) RetryBackfill(ctx context.Context, b storage.Backfill, why string, dueAt int64) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.RetryBackfill(ctx, b.URI, why, dueAt) })
}

// AbandonBackfill ends one whose collection cannot be had.
func (n *Node) AbandonBackfill(ctx context.Context, b storage.Backfill, why string) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.FinishBackfill(ctx, b.URI, why) })
}

// BackfillMost is how many objects of a collection are asked for.
func (n *Node) BackfillMost(ctx context.Context, b storage.Backfill) (int, error) {
	a, err := n.store.Read().Actor(ctx, b.ActorID)
	if err == nil && a.Outbox == b.URI {
		return backfillOutbox, nil
	}
	return backfillThread, err
}

// Backfilled queues the objects that a collection names, oldest first: outboxes
// begin with the newest, threads with the oldest. Those of agents' outboxes
// count as the agent's, all others as their submolt's.
func (n *Node) Backfilled(ctx context.Context, b storage.Backfill, objects []string) error {
	of, err := n.store.Read().Actor(ctx, b.ActorID)
	if err != nil {
		return err
	}
	if of.Outbox == b.URI {
		slices.Reverse(objects)
	}
	kind := activity.TypeAnnounce
	if of.Kind == storage.KindAgent {
		kind = activity.TypeCreate
	}
	rows := make([]storage.Received, 0, len(objects))
	for _, uri := range objects {
		if HostOf(uri) == n.host || HostOf(uri) == "" || (kind == activity.TypeCreate && HostOf(uri) != of.Host) {
			continue
		}
		r, err := n.asIfSent(kind, of.URI, uri)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		for _, r := range rows {
			if err := ignoreExists(q.InsertReceived(ctx, r)); err != nil {
				return err
			}
		}
		return q.FinishBackfill(ctx, b.URI, "")
	})
	if err == nil {
		n.wake.all()
	}
	return err
}

// asIfSent is an object in an activity of the actor whose collection names it.
// Its id is the same each time, so that it is applied once in a while.
func (n *Node) asIfSent(kind, actor, object string) (storage.Received, error) {
	sum := sha256.Sum256([]byte(object))
	id := actor + "#backfill-" + hex.EncodeToString(sum[:16])
	body, err := json.Marshal(map[string]any{
		"id": id, "type": kind, "actor": actor, "object": object, "to": []string{activity.Public}, "cc": []string{},
	})
	now := n.now()
	return storage.Received{ID: n.cfg.NewID(), ActivityID: id, Type: kind, ActorURI: actor, Body: body, ReceivedAt: now, DueAt: now}, err
}

// isNews says whether something written at a time is told of: what a backfill
// brings is not.
func (n *Node) isNews(at int64) bool { return n.now()-at < newsAge.Milliseconds() }
