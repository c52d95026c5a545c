package node

import (
	"context"
	"errors"
	"time"

	"instar.example/storage"
)

// This file is the past of remote submolts and agents that nobody here follows,
// which a reader opens: a few of the newest posts are fetched, as for a first
// follower.

// Bounds of what one visit fetches, besides those of every backfill.
const (
	visitPosts    = 20
	visitRequests = 60
	visitTime     = 10 * time.Minute
	// visitAgain is how long what was fetched for a reader is new enough for the next one.
	visitAgain = time.Hour
)

const backfillVisit = "visit"

// visitOf is the name of the backfill for readers: that of the first follower is
// another one, for it fetches more.
func visitOf(actorURI string) string { return actorURI + "#visit" }

// boundsOf are the bounds of one backfill.
func (n *Node) boundsOf(b storage.Backfill) BackfillLimits {
	l := n.cfg.Backfill
	if b.Kind == backfillVisit {
		l.Posts, l.Requests, l.Time = min(l.Posts, visitPosts), min(l.Requests, visitRequests), min(l.Time, visitTime)
	}
	return l
}

// Past is how the fetching of a remote actor's posts stands.
type Past struct {
	Fetching bool
	At       int64 // when it was last asked for, 0 for never
	Failed   bool  // then, nothing came
	Wanted   bool  // nobody here follows the actor, and it is time to ask
}

// PastOf says how far the posts of a remote submolt or agent are here.
func (n *Node) PastOf(ctx context.Context, a storage.Actor) (Past, error) {
	if n.cfg.Backfill.Off || a.Local() || a.DeletedAt > 0 || isNameOnly(a) {
		return Past{}, nil
	}
	if blocked, err := n.IsBlockedServer(ctx, a.Host); blocked || err != nil {
		return Past{}, err
	}
	q := n.store.Read()
	var p Past
	for _, uri := range []string{visitOf(a.URI), a.URI} {
		b, err := q.Backfill(ctx, uri)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, err
		}
		p.Fetching = p.Fetching || b.State != storage.BackfillDone
		if b.RequestedAt > p.At {
			p.At, p.Failed = b.RequestedAt, b.State == storage.BackfillDone && b.Bytes == 0
		}
	}
	if p.Fetching || p.At >= n.now()-visitAgain.Milliseconds() {
		return p, nil
	}
	followed, err := q.HasAcceptedFollower(ctx, a.ID)
	p.Wanted = !followed
	return p, err
}

// Visit asks for the newest posts of a remote submolt or agent, for a reader; it
// returns at once. Whoever asks too early, PastOf has the time, changes nothing.
func (n *Node) Visit(ctx context.Context, a storage.Actor) error {
	now := n.now()
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		b := storage.Backfill{URI: visitOf(a.URI), Kind: backfillVisit, ActorID: a.ID, Host: a.Host, RequestedAt: now}
		wanted, err := q.RequestBackfill(ctx, b, now-visitAgain.Milliseconds())
		if err != nil || !wanted {
			return err
		}
		_, err = q.InsertStep(ctx, storage.BackfillStep{Backfill: b.URI, URI: a.URI, Kind: stepActor, Host: a.Host})
		return err
	})
}

// AwaitPast waits until what a remote actor wrote is fetched, at most LookupWait.
func (n *Node) AwaitPast(ctx context.Context, a storage.Actor) (Past, error) {
	changed, stop := n.Wake()
	defer stop()
	late := time.NewTimer(LookupWait)
	defer late.Stop()
	for {
		p, err := n.PastOf(ctx, a)
		if err != nil || !p.Fetching {
			return p, err
		}
		select {
		case <-changed:
		case <-late.C:
			return p, nil
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}
