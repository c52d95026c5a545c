package node

import (
	"context"
	"errors"
	"fmt"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Documents are what was fetched for one activity, each from its own id. A
// nil value says that the document is gone (404, 410 or a Tombstone).
type Documents map[string][]byte

// Unreachable notes that what a MissingError named cannot be had now: the parts
// of an activity that need it wait, the others are applied.
func (d Documents) Unreachable(m *MissingError) { d[unreachable+m.URI+m.Origin] = nil }

// Exhausted notes that nothing more is asked for: the parts of an activity that need
// it are left out.
func (d Documents) Exhausted() { d[unreachable] = nil }

// unreachable stands before the address of what cannot be had now; no address begins so.
const unreachable = "! "

// MissingError says that a document or a host has to be asked for before an
// activity can be applied.
type MissingError struct {
	URI    string // of a document
	Origin string // or of a server: scheme and host
	// Others says that the activity has parts that do not need it.
	Others bool
}

func (m *MissingError) Error() string { return "missing " + m.URI + m.Origin }

// errLater says that an activity came before what it is about.
var errLater = errors.New("its object is not known yet")

// IsLater says whether an activity should be tried again later.
func IsLater(err error) bool { return errors.Is(err, errLater) }

// errUnfinished says that an activity goes on in another transaction.
var errUnfinished = errors.New("more is to be done")

// IsUnfinished says whether an activity should be taken up again at once.
func IsUnfinished(err error) bool { return errors.Is(err, errUnfinished) }

// Results of applying an activity, kept with it.
const (
	resultApplied = "applied"
	resultKnown   = "known"
	resultIgnored = "ignored"
)

// inbound is one activity being applied in one transaction.
type inbound struct {
	n    *Node
	q    storage.Queries
	docs Documents
	// raw are the bytes as received, to be announced verbatim.
	raw []byte
	// ready is the text of the embedded object, made before the transaction: the
	// one writer waits for nobody's Markdown.
	ready rendered
	// group is the submolt that announced the activity; nil when its actor sent it.
	group *storage.Actor
	depth int
	// past says that it is fetched from the past: it is nobody's news.
	past bool
	// visited is the agent whose past a reader asked for, or "": its posts are taken though nobody here follows it.
	visited string
	// about is what hangs on a change that was applied at once (writeAbout).
	about []string
	// byProof says that the activity carries its actor's own proof, so that it
	// does not matter who passed it on.
	byProof bool
	// calls says that the activity mentions an agent of ours: what it stands
	// under concerns us, too.
	calls bool
	// late says that a part of the activity came before what it is about.
	late bool
	// again says that the activity may come again under its id and have its effect again.
	again bool
	// unfinished says that a part of its work was done, and that it goes on at once.
	unfinished bool
}

// Receive applies a stored activity and finishes it, in one transaction. It
// returns a *MissingError when a document has to be fetched first, an error for which
// IsLater holds when the activity came too early, and one for which IsUnfinished
// holds when more of it is to be done.
func (n *Node) Receive(ctx context.Context, r storage.Received, docs Documents) error {
	a, err := activity.ParseActivity(r.Body)
	if err != nil {
		return n.Finish(ctx, r, "malformed")
	}
	ready := n.prepare(a)
	for range receiveTries {
		err = n.receive(ctx, r, a, docs, ready)
		if !errors.Is(err, storage.ErrExists) {
			break // else a parallel activity stored the same actor or object: now it is known
		}
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return n.Finish(ctx, r, "refused: "+refusal.Code)
	}
	return err
}

// receiveTries bounds how often an activity is applied anew because another
// stored the same thing at the same time.
const receiveTries = 3

func (n *Node) receive(ctx context.Context, r storage.Received, a *activity.Activity, docs Documents, ready rendered) error {
	var late, unfinished bool
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		late, unfinished = false, false // the closure may run twice
		in := &inbound{n: n, q: q, docs: docs, raw: r.Body, ready: ready}
		actor, err := in.actor(ctx, r.ActorURI)
		if err != nil {
			return err
		}
		if err := in.introduced(ctx, actor); err != nil {
			return err
		}
		result, err := in.apply(ctx, a, actor)
		if err != nil {
			return err
		}
		if late, unfinished = in.late, in.unfinished; late || unfinished {
			return nil // the parts that were applied stay so; all are tried again
		}
		if in.again {
			return q.ForgetReceived(ctx, a.ID, a.Type, a.Actor)
		}
		return q.FinishReceived(ctx, r.ID, result)
	})
	switch {
	case err == nil && unfinished:
		return errUnfinished
	case err == nil && late:
		return errLater
	case err == nil:
		n.backlog.leave(r)
	}
	return err
}

// Finish ends the work on an activity with a word for the operator.
func (n *Node) Finish(ctx context.Context, r storage.Received, result string) error {
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.FinishReceived(ctx, r.ID, result) })
	if err == nil {
		n.backlog.leave(r)
	}
	return err
}

func (in *inbound) apply(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	switch a.Type {
	case activity.TypeFollow:
		return in.follow(ctx, a, actor)
	case activity.TypeAccept, activity.TypeReject:
		return in.answer(ctx, a, actor)
	case activity.TypeUndo:
		return in.undo(ctx, a, actor)
	case activity.TypeCreate:
		return in.create(ctx, a, actor)
	case activity.TypeUpdate:
		return in.update(ctx, a, actor)
	case activity.TypeDelete:
		return in.delete(ctx, a, actor)
	case activity.TypeLike, activity.TypeDislike:
		return in.vote(ctx, a, actor)
	case activity.TypeAnnounce:
		return in.announced(ctx, a, actor)
	case activity.TypeAdd, activity.TypeRemove:
		return in.collection(ctx, a, actor)
	case activity.TypeMove:
		return in.move(ctx, a, actor)
	case activity.TypeFlag:
		return in.flag(ctx, a, actor)
	case activity.TypeResolve:
		return in.resolve(ctx, a, actor)
	case activity.TypeLock:
		return in.lock(ctx, a, actor, ActLockPost, ActLockComment)
	case activity.TypeBlock:
		return in.block(ctx, a, actor, nil)
	default:
		return resultIgnored, nil
	}
}

// actor returns a known actor, or one from the fetched documents; a *Missing
// asks for it. An actor of an unknown server waits until that was asked who it is.
func (in *inbound) actor(ctx context.Context, uri string) (storage.Actor, error) {
	a, err := in.n.recall(ctx, in.q, uri)
	if err == nil && (a.Host == "" || a.FetchedAt > 0) {
		return a, nil
	}
	if err := ignoreNotFound(err); err != nil {
		return a, err
	}
	body, fetched := in.docs[uri]
	if !fetched {
		return a, &MissingError{URI: uri}
	}
	if body == nil {
		return a, &Error{Kind: NotFound, Code: "actor_gone"}
	}
	doc, err := activity.ParseActor(body)
	if err != nil || doc.ID != uri {
		return a, &Error{Kind: Invalid, Code: "bad_actor"}
	}
	return in.n.keepActor(ctx, in.q, doc)
}

// introduced asks who an agent's server is before the agent does anything: its
// tier depends on it.
func (in *inbound) introduced(ctx context.Context, actor storage.Actor) error {
	if actor.Local() || actor.Kind != storage.KindAgent || actor.Tier > TierService {
		return nil
	}
	if _, asked := in.n.hosts.asked.Get(actor.Host); asked {
		return nil
	}
	h, err := in.q.Host(ctx, actor.Host)
	if err == nil && h.CheckedAt > 0 {
		in.n.hosts.asked.Add(actor.Host, struct{}{})
		return nil
	}
	if err := ignoreNotFound(err); err != nil {
		return err
	}
	return &MissingError{Origin: originOf(actor.URI)}
}

// object returns the object of an activity, embedded where it may be believed
// and fetched where not: its origin must be its actor's (FEP-fe34).
func (in *inbound) object(a *activity.Activity, actor storage.Actor) (*activity.Object, error) {
	ref := a.Object()
	if ref.ID == "" {
		return nil, &Error{Kind: Invalid, Code: "object_without_id"}
	}
	if HostOf(ref.ID) != actor.Host {
		return nil, &Error{Kind: Forbidden, Code: "foreign_object"}
	}
	body := []byte(ref.Raw)
	if body == nil || in.untrusted(actor) {
		fetched, ok := in.docs[ref.ID]
		if !ok {
			return nil, &MissingError{URI: ref.ID}
		}
		body = fetched
	}
	if body == nil {
		return nil, &Error{Kind: NotFound, Code: "object_gone"}
	}
	if in.ready.object != nil && ref.Raw != nil && !in.untrusted(actor) && in.ready.object.ID == ref.ID {
		return in.ready.object, nil
	}
	o, err := activity.ParseObject(body)
	if err != nil || o.ID != ref.ID {
		return nil, &Error{Kind: Invalid, Code: "bad_object"}
	}
	return o, nil
}

// untrusted says that what a Group passed on comes from a server that did not
// sign it: only what that server itself shows is believed.
func (in *inbound) untrusted(actor storage.Actor) bool {
	return in.group != nil && in.group.Host != actor.Host && !in.byProof
}

// passOn announces an activity to an audience of its local submolt, the bytes
// as they came. What a Group passed on to us goes no further.
func (in *inbound) passOn(ctx context.Context, a announcement) error {
	if !a.submolt.Local() || in.group != nil || in.raw == nil {
		return nil
	}
	a.inner = in.raw
	return in.n.announce(ctx, in.q, a)
}

// Work for the worker: leases on what was received.

// ClaimReceived leases received activities that are due.
func (n *Node) ClaimReceived(ctx context.Context, owner string, leaseUntil int64, limit int) ([]storage.Received, error) {
	due, err := n.store.Read().ReceivedDue(ctx, n.now())
	if err != nil || !due {
		return nil, err
	}
	var rs []storage.Received
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		rs, err = q.ClaimReceived(ctx, owner, n.now(), leaseUntil, limit)
		return err
	})
	return rs, err
}

// RetryReceived gives an activity back, to be tried again at dueAt.
func (n *Node) RetryReceived(ctx context.Context, r storage.Received, why string, dueAt int64) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.RetryReceived(ctx, r.ID, why, dueAt)
	})
}

// PutOff is RetryReceived for an activity that has to wait: it counts against what
// may wait of its sender's domain.
func (n *Node) PutOff(ctx context.Context, r storage.Received, why string, dueAt int64) error {
	n.backlog.put(r, dueAt)
	return n.RetryReceived(ctx, r, why, dueAt)
}

// HoldReceived puts an activity that is being worked on out of reach until a
// time; a time that has come gives it back.
func (n *Node) HoldReceived(ctx context.Context, r storage.Received, until int64) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error { return q.HoldReceived(ctx, r.ID, until) })
}

// Decided stores what an undecided request turned out to be; a duplicate of
// one that came by another way is finished.
func (n *Node) Decided(ctx context.Context, r storage.Received, a *activity.Activity, signer *activity.Actor) error {
	r.ActivityID, r.Type, r.ActorURI, r.Body, r.DueAt = a.ID, a.Type, a.Actor, a.Raw, n.now()
	err := n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.IdentifyReceived(ctx, r); err != nil {
			return err
		}
		if signer.Raw == nil {
			return nil
		}
		_, err := n.keepActor(ctx, q, signer)
		return err
	})
	if errors.Is(err, storage.ErrExists) {
		return n.Finish(ctx, r, resultKnown)
	}
	if err != nil {
		return fmt.Errorf("identify a received activity: %w", err)
	}
	return nil
}
