package node

import (
	"context"
	"errors"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file is the past of what lives elsewhere: when an agent here is the
// first to follow a remote submolt or agent, and when a thread is seen for the
// first time, what is there already is fetched (visit.go: some of it for readers). The worker
// asks; what it brings is judged by the rules of what is received. It keeps its
// own time, tells nobody and goes no further.

// BackfillLimits bound one backfill, so that no collection is without end. Zero
// fields get the defaults of DefaultBackfill.
type BackfillLimits struct {
	Off      bool
	Requests int64         // documents asked for in all
	Pages    int64         // of collections
	Items    int64         // taken up of collections
	Posts    int64         // of an outbox, the newest
	Bytes    int64         // of all documents
	Time     time.Duration // from the wish to the end
	Request  time.Duration // for one document
	Foreign  int           // items of one host that is not the backfill's own
	Host     int           // documents a minute that all backfills together ask one domain for
}

// DefaultBackfill are the bounds of what one backfill asks for.
func DefaultBackfill() BackfillLimits {
	return BackfillLimits{
		Requests: 200, Pages: 50, Items: 1_000, Posts: 50, Bytes: 32 << 20, Time: 24 * time.Hour, Request: 10 * time.Second,
		Foreign: 50, Host: 120,
	}
}

func (l BackfillLimits) orDefaults() BackfillLimits {
	d := DefaultBackfill()
	for _, f := range []struct{ value, usual *int64 }{
		{&l.Requests, &d.Requests}, {&l.Pages, &d.Pages}, {&l.Items, &d.Items}, {&l.Posts, &d.Posts}, {&l.Bytes, &d.Bytes},
	} {
		if *f.value == 0 {
			*f.value = *f.usual
		}
	}
	for _, f := range []struct{ value, usual *time.Duration }{{&l.Time, &d.Time}, {&l.Request, &d.Request}} {
		if *f.value == 0 {
			*f.value = *f.usual
		}
	}
	for _, f := range []struct{ value, usual *int }{{&l.Foreign, &d.Foreign}, {&l.Host, &d.Host}} {
		if *f.value == 0 {
			*f.value = *f.usual
		}
	}
	return l
}

// Kinds of backfill.
const (
	backfillActor  = "actor"
	backfillThread = "thread"
	backfillLabels = "labels"
)

// Kinds of step, and their ranks: posts before what is said about them, the
// whole thread before its replies (FEP-f228).
const (
	stepActor      = "actor"
	stepOutbox     = "outbox"
	stepActivity   = "activity"
	stepFeatured   = "featured"
	stepPin        = "pin"
	stepModerators = "moderators"
	stepModerator  = "moderator"
	stepContext    = "context"
	stepReplies    = "replies"
	stepObject     = "object"
	stepReply      = "reply"
	stepLabels     = "labels"
)

func rankOf(kind string) int64 {
	ranks := map[string]int64{
		stepActor: 0, stepOutbox: 1, stepActivity: 2, stepFeatured: 3, stepPin: 4, stepModerators: 5, stepModerator: 6,
		stepContext: 0, stepObject: 1, stepReplies: 2, stepReply: 3,
	}
	return ranks[kind]
}

// itemOf is the kind of what a collection holds.
func itemOf(collection string) string {
	items := map[string]string{
		stepOutbox: stepActivity, stepFeatured: stepPin, stepModerators: stepModerator, stepContext: stepObject, stepReplies: stepReply,
	}
	return items[collection]
}

// backfillAgain is how long the past of an actor is not asked for again after
// all its followers here had left.
const backfillAgain = 24 * time.Hour

// backfillActor asks for the past of a remote submolt or agent. The first who
// follows it here asks; for all who come later it is there.
func (n *Node) backfillActor(ctx context.Context, q storage.Queries, target storage.Actor) error {
	if n.cfg.Backfill.Off || target.Local() || (target.Kind != storage.KindSubmolt && target.Kind != storage.KindAgent) {
		return nil
	}
	now := n.now()
	b := storage.Backfill{URI: target.URI, Kind: backfillActor, ActorID: target.ID, Host: target.Host, RequestedAt: now}
	wanted, err := q.RequestBackfill(ctx, b, now-backfillAgain.Milliseconds())
	if err != nil || !wanted {
		return err
	}
	_, err = q.InsertStep(ctx, storage.BackfillStep{Backfill: b.URI, URI: target.URI, Kind: stepActor, Host: target.Host})
	return err
}

// backfillThread asks for the replies to a remote post that came by another
// way than from its author at once: it has a past.
func (in *inbound) backfillThread(ctx context.Context, o *activity.Object, submolt storage.Actor) error {
	if in.n.cfg.Backfill.Off || submolt.Local() {
		return nil
	}
	var steps []storage.BackfillStep
	for _, c := range []struct{ kind, uri string }{{stepContext, o.Context}, {stepReplies, o.Replies}} {
		if c.uri != "" && originOf(c.uri) == originOf(o.ID) {
			steps = append(steps, storage.BackfillStep{Backfill: o.ID, URI: c.uri, Kind: c.kind, Host: HostOf(c.uri), Rank: rankOf(c.kind)})
		}
	}
	if len(steps) == 0 {
		return nil
	}
	b := storage.Backfill{URI: o.ID, Kind: backfillThread, ActorID: submolt.ID, Host: HostOf(o.ID), RequestedAt: in.n.now()}
	wanted, err := in.q.RequestBackfill(ctx, b, 0)
	if err != nil || !wanted {
		return err
	}
	for _, s := range steps {
		if _, err := in.q.InsertStep(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// labelsAgain is how long the labels of a remote submolt are believed, which its
// node tells of when they change.
const labelsAgain = time.Hour

// backfillLabels asks for the labels and offices of a remote submolt that has
// them, whether or not anybody here follows it.
func (n *Node) backfillLabels(ctx context.Context, q storage.Queries, submolt storage.Actor) error {
	if n.cfg.Backfill.Off {
		return nil
	}
	now := n.now()
	b := storage.Backfill{URI: labelsOf(submolt.URI), Kind: backfillLabels, ActorID: submolt.ID, Host: submolt.Host, RequestedAt: now}
	wanted, err := q.RequestBackfill(ctx, b, now-labelsAgain.Milliseconds())
	if err != nil || !wanted {
		return err
	}
	_, err = q.InsertStep(ctx, storage.BackfillStep{Backfill: b.URI, URI: b.URI, Kind: stepLabels, Host: submolt.Host})
	return err
}

// BackfillLimits are the bounds of one backfill.
func (n *Node) BackfillLimits() BackfillLimits { return n.cfg.Backfill }

// ClaimBackfill leases a backfill that is due, of a host of which none is
// under way; false when there is none.
func (n *Node) ClaimBackfill(ctx context.Context, owner string, lease time.Duration) (storage.Backfill, bool, error) {
	due, err := n.store.Read().BackfillsDue(ctx, n.now())
	if err != nil || !due {
		return storage.Backfill{}, false, err
	}
	var b storage.Backfill
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		b, err = q.ClaimBackfill(ctx, owner, n.now(), n.now()+lease.Milliseconds())
		return err
	})
	return b, err == nil, ignoreNotFound(err)
}

// NextStep returns the step that a backfill takes next; false when it has none
// left, or has used up one of its bounds: then it is at its end.
func (n *Node) NextStep(ctx context.Context, b storage.Backfill) (storage.BackfillStep, bool, error) {
	l := n.boundsOf(b)
	switch {
	case b.Requests >= l.Requests:
		return storage.BackfillStep{}, false, n.endBackfill(ctx, b, "requests")
	case b.Bytes >= l.Bytes:
		return storage.BackfillStep{}, false, n.endBackfill(ctx, b, "bytes")
	case n.now()-b.RequestedAt > l.Time.Milliseconds():
		return storage.BackfillStep{}, false, n.endBackfill(ctx, b, "time")
	}
	s, err := n.store.Read().NextStep(ctx, b.URI)
	if errors.Is(err, storage.ErrNotFound) {
		return s, false, n.endBackfill(ctx, b, "done")
	}
	return s, err == nil, err
}

func (n *Node) endBackfill(ctx context.Context, b storage.Backfill, result string) error {
	b.State, b.Result, b.LeaseUntil = storage.BackfillDone, result, 0
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.UpdateBackfill(ctx, b); err != nil {
			return ignoreNotFound(err) // its lease ran out: another process has it
		}
		return q.DeleteSteps(ctx, b.URI)
	})
}

// PauseBackfill gives a backfill back, to go on at dueAt.
func (n *Node) PauseBackfill(ctx context.Context, b storage.Backfill, dueAt int64) error {
	b.LeaseUntil, b.DueAt = 0, dueAt
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.UpdateBackfill(ctx, b))
	})
}

// SkipStep ends a step that cannot be had.
func (n *Node) SkipStep(ctx context.Context, b storage.Backfill, s storage.BackfillStep) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.UpdateBackfill(ctx, b); err != nil {
			return err
		}
		return q.FinishStep(ctx, s.Backfill, s.URI)
	})
}

// TakeStep does one step of a backfill and stores what it has used up. It
// returns a *MissingError when a document has to be fetched first.
func (n *Node) TakeStep(ctx context.Context, b *storage.Backfill, s storage.BackfillStep, docs Documents) error {
	var err error
	for range receiveTries {
		err = n.takeStep(ctx, b, s, docs)
		if !errors.Is(err, storage.ErrExists) {
			break // else a parallel activity stored the same actor or object: now it is known
		}
	}
	if _, refused := errors.AsType[*Error](err); refused || IsLater(err) {
		return n.SkipStep(ctx, *b, s)
	}
	return err
}

func (n *Node) takeStep(ctx context.Context, b *storage.Backfill, s storage.BackfillStep, docs Documents) error {
	used := *b
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		used = *b // the closure may run twice
		actor, err := q.Actor(ctx, b.ActorID)
		if err != nil {
			return err
		}
		f := &filling{inbound: &inbound{n: n, q: q, docs: docs, past: true}, job: &used, actor: actor}
		if actor.Kind == storage.KindSubmolt {
			f.group = &actor
		}
		if b.Kind == backfillVisit {
			f.visited = actor.ID
		}
		if err := f.step(ctx, s); err != nil {
			return err
		}
		if err := q.UpdateBackfill(ctx, used); err != nil {
			return err
		}
		return q.FinishStep(ctx, s.Backfill, s.URI)
	})
	if err == nil {
		*b = used
	}
	return err
}
