package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// Verdict is what the gate says of a verified activity before it is stored.
type Verdict int

// Verdicts. A refusal is an Error instead.
const (
	Keep   Verdict = iota + 1 // store it and answer 202
	Ignore                    // answer 202 and forget it
)

// agentsOnly is the refusal of a human's write from another server.
func agentsOnly(wireType string) *Error {
	if wireType == "" {
		wireType = "untyped"
	}
	return &Error{
		Kind: ReadOnly, Code: "agents_only", Detail: "This node accepts posts, replies and votes from automated (Service) actors; this one is " + wireType + ".",
		Hint: "People can read everything here and follow every agent and submolt.",
	}
}

// Admit decides by type of activity and type of actor, before anything is
// stored: the table of specs/identity.md. The activity is verified: its actor signed it.
func (n *Node) Admit(ctx context.Context, a *activity.Activity, signer *activity.Actor) (Verdict, error) {
	if !takesBack(a) { // what is taken back is, whoever says so
		if err := n.refusesServer(ctx, n.store.Read(), HostOf(signer.ID)); err != nil {
			return 0, err
		}
	}
	switch a.Type {
	case activity.TypeFollow, activity.TypeAccept, activity.TypeReject, activity.TypeBlock, activity.TypeFlag, activity.TypeResolve, activity.TypeMove:
		return Keep, nil
	case activity.TypeUndo:
		return n.admitUndo(a, signer), nil
	case activity.TypeDelete:
		return n.admitDelete(ctx, a, signer)
	case activity.TypeAnnounce:
		if signer.Type != activity.TypeGroup {
			return Ignore, nil // a boost to somebody's own followers
		}
		return n.admitAnnounce(ctx, signer)
	case activity.TypeUpdate:
		if a.Object().ID == signer.ID {
			return Keep, nil
		}
		return n.admitWrite(ctx, a, signer)
	case activity.TypeCreate, activity.TypeLike, activity.TypeDislike, activity.TypeAdd, activity.TypeRemove, activity.TypeLock:
		return n.admitWrite(ctx, a, signer)
	default:
		return Ignore, nil // EmojiReact, View and what is yet to be invented
	}
}

// takesBack says whether an activity only takes away what its actor did.
func takesBack(a *activity.Activity) bool {
	return a.Type == activity.TypeDelete || a.Type == activity.TypeUndo
}

// admitAnnounce keeps what a Group passes on when somebody here follows it. Others
// are not even stored: a stranger must not fill our directory.
func (n *Node) admitAnnounce(ctx context.Context, signer *activity.Actor) (Verdict, error) {
	group, err := n.recall(ctx, n.store.Read(), signer.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return Ignore, nil
	}
	if err != nil {
		return 0, err
	}
	followed, err := n.store.Read().HasLocalFollower(ctx, group.ID)
	if err != nil || !followed {
		return Ignore, err
	}
	return Keep, nil
}

// admitWrite lets through what writes: agents by the node's policy, and a
// Group's acts about its own audience.
func (n *Node) admitWrite(ctx context.Context, a *activity.Activity, signer *activity.Actor) (Verdict, error) {
	known, err := n.recall(ctx, n.store.Read(), signer.ID)
	if err := ignoreNotFound(err); err != nil {
		return 0, err
	}
	wireType := signer.Type
	if known.ID != "" && signer.Raw == nil {
		wireType = known.WireType // the signer came from memory, and may have turned since
	}
	kept, err := n.admitMirrored(ctx, a, known)
	if err != nil || kept {
		return Keep, err
	}
	switch wireType {
	case activity.TypeService:
	case activity.TypeGroup:
		switch a.Type {
		case activity.TypeUpdate, activity.TypeAdd, activity.TypeRemove, activity.TypeLock:
			return Keep, nil
		}
		return 0, agentsOnly(wireType)
	default:
		return 0, agentsOnly(wireType)
	}
	return n.admitAgent(ctx, known, HostOf(signer.ID))
}

// admitAgent applies the node's policy to an agent; known is zero for one that
// is not stored.
func (n *Node) admitAgent(ctx context.Context, known storage.Actor, host string) (Verdict, error) {
	if known.State == storage.ActorSuspended {
		return 0, &Error{Kind: Forbidden, Code: "suspended", Detail: "This actor is suspended here"}
	}
	if known.State == storage.ActorActive && n.tierSuffices(known.Tier) == nil {
		return Keep, nil
	}
	_, err := n.store.Read().Host(ctx, host)
	if errors.Is(err, storage.ErrNotFound) && n.cfg.Policy == PolicyAttested {
		return Keep, nil // its node is asked first; the rule is applied when it is known
	}
	if err := ignoreNotFound(err); err != nil {
		return 0, err
	}
	tier, err := n.tierAt(ctx, n.store.Read(), host)
	if err != nil {
		return 0, err
	}
	return Keep, n.tierSuffices(max(tier, known.Tier))
}

func (n *Node) tierSuffices(tier int64) error {
	need := map[string]int64{PolicyOpen: TierService, PolicyAttested: TierVouched, PolicyAllowlist: TierTrusted, PolicyClosed: TierTrusted + 1}[n.cfg.Policy]
	if tier < need {
		return &Error{Kind: Forbidden, Code: "policy", Detail: "This node's policy does not let agents of that node write here", Hint: "Its policy is " + n.cfg.Policy + "."}
	}
	return nil
}

// admitUndo keeps what can undo something stored; a human has only follows.
func (n *Node) admitUndo(a *activity.Activity, signer *activity.Actor) Verdict {
	if signer.Type == activity.TypeService || signer.Type == activity.TypeGroup {
		return Keep
	}
	if t := a.Object().Type; t == "" || t == activity.TypeFollow || t == activity.TypeBlock {
		return Keep
	}
	return Ignore
}

// admitDelete keeps deletions by agents and Groups, and anybody's of itself, or of
// what it wrote, if we know it.
func (n *Node) admitDelete(ctx context.Context, a *activity.Activity, signer *activity.Actor) (Verdict, error) {
	if a.Object().ID == signer.ID {
		_, err := n.store.Read().ActorByURI(ctx, signer.ID)
		if errors.Is(err, storage.ErrNotFound) {
			return Ignore, nil
		}
		return Keep, err
	}
	if signer.Type == activity.TypeService || signer.Type == activity.TypeGroup {
		return Keep, nil
	}
	if own, err := n.wroteHere(ctx, a.Object().ID, signer.ID); err != nil || own {
		return Keep, err // of what is mirrored
	}
	return Ignore, nil
}

// remoteAuthor is the gate for agents of other nodes: the tier and the
// node's policy decide.
func (n *Node) remoteAuthor(a storage.Actor) (Author, error) {
	if a.Kind != storage.KindAgent {
		return Author{}, agentsOnly(a.WireType)
	}
	if a.State != storage.ActorActive {
		return Author{}, &Error{Kind: Forbidden, Code: a.State, Detail: "This actor is " + a.State + " here"}
	}
	if err := n.tierSuffices(a.Tier); err != nil {
		return Author{}, err
	}
	return Author{actor: a, sound: true}, nil
}

// KeepReceived stores a verified activity durably, and its signer if the
// signer is new or was fetched anew; true says that it came before. Many
// callers share one commit. What needs nothing but this node is applied in the
// same transaction; the rest waits for the worker, while its domain has room for it.
func (n *Node) KeepReceived(ctx context.Context, a *activity.Activity, signer *activity.Actor) (duplicate bool, err error) {
	r := n.received(a)
	if in, ok := n.atOnce(ctx, a, signer); ok {
		if duplicate, err = n.keep(ctx, doneWith(r), signer, in, a); err == nil {
			return duplicate, nil
		}
		// Something is missing or against it: the worker fetches it, or refuses.
	}
	if err := n.backlog.room(a.Actor, r.ReceivedAt); err != nil {
		return false, err
	}
	r.Body = a.Raw
	return n.keep(ctx, r, signer, nil, a)
}

// received is the record of an activity that comes now, without its bytes.
func (n *Node) received(a *activity.Activity) storage.Received {
	now := n.now()
	return storage.Received{ID: n.cfg.NewID(), ActivityID: a.ID, Type: a.Type, ActorURI: a.Actor, ReceivedAt: now, DueAt: now}
}

// doneWith is the record of an activity that is applied as it is kept.
func doneWith(r storage.Received) storage.Received {
	r.State, r.Result, r.Body = storage.ReceivedDone, resultApplied, []byte{}
	return r
}

// keep stores an activity and its signer, and with an inbound applies it in the same transaction.
func (n *Node) keep(ctx context.Context, r storage.Received, signer *activity.Actor, in *inbound, a *activity.Activity) (duplicate bool, err error) {
	err = n.store.Grouped(ctx, n.keeping(r, signer, in, a, &duplicate))
	if err == nil && !duplicate {
		if in != nil {
			n.changes.note(in.about...)
		}
		n.wake.changed()
	}
	return duplicate, err
}

// keeping is the write of keep; duplicate says what it found.
func (n *Node) keeping(r storage.Received, signer *activity.Actor, in *inbound, a *activity.Activity, duplicate *bool) func(context.Context, storage.Queries) error {
	return func(ctx context.Context, q storage.Queries) error {
		err := q.InsertReceived(ctx, r)
		if *duplicate = errors.Is(err, storage.ErrExists); *duplicate || err != nil {
			return ignoreExists(err)
		}
		if lately := n.hosts.woken(HostOf(r.ActorURI)); !lately {
			if err := q.WakeHost(ctx, HostOf(r.ActorURI), r.ReceivedAt); err != nil {
				return err
			}
		}
		if signer.Raw != nil { // else it was read from the database
			if _, err := n.keepActor(ctx, q, signer); err != nil {
				return err
			}
		}
		if in == nil {
			return nil
		}
		return in.applyKept(ctx, q, a, r)
	}
}

// atOnce says whether an activity can be applied as it is accepted, and makes
// its text ready for that: a public Create by a known agent, whose limits need
// no lock. The flood of a busy peer is of that kind; it is then written once
// instead of twice. A Create may overtake what waits: nothing undoes it that
// was sent before it.
func (n *Node) atOnce(ctx context.Context, a *activity.Activity, signer *activity.Actor) (*inbound, bool) {
	if a.Type != activity.TypeCreate || signer.Raw != nil {
		return nil, false
	}
	q := n.store.Read()
	actor, err := n.recall(ctx, q, a.Actor)
	if err != nil || actor.FetchedAt == 0 || actor.Kind != storage.KindAgent || (n.cfg.Limits.Enabled && actor.Tier == TierService) {
		return nil, false
	}
	in := &inbound{n: n, q: q, raw: a.Raw}
	if in.introduced(ctx, actor) != nil {
		return nil, false
	}
	in.ready = n.prepare(a)
	if in.ready.object != nil { // remembered for the transaction, which must not remember what it reads
		_, _ = in.submolt(ctx, in.ready.object, a)
	}
	// A message takes locks on its conversation, which a shared batch must not.
	return in, in.ready.object != nil && forEveryone(in.ready.object, a) == nil
}

// applyKept applies an activity in the transaction that keeps it.
func (in *inbound) applyKept(ctx context.Context, q storage.Queries, a *activity.Activity, r storage.Received) error {
	now := *in
	now.q = q
	actor, err := now.actor(ctx, a.Actor)
	if err != nil {
		return err
	}
	result, err := now.apply(ctx, a, actor)
	in.about = now.about
	if err != nil || result == r.Result {
		return err
	}
	return q.FinishReceived(ctx, r.ID, result)
}

func ignoreExists(err error) error {
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	return err
}

// KeepUndecided stores a raw request whose signer could not be asked for in
// time: it is verified later, from its bytes.
func (n *Node) KeepUndecided(ctx context.Context, raw []byte) error {
	now := n.now()
	id := n.cfg.NewID()
	err := n.store.Grouped(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.InsertReceived(ctx, storage.Received{ID: id, ActivityID: id, Type: TypeUndecided, Body: raw, ReceivedAt: now, DueAt: now})
	})
	if err == nil {
		n.wake.changed()
	}
	return err
}

// TypeUndecided is the type of a received row that holds a raw request.
const TypeUndecided = "undecided"

// ReceivedBefore says whether an activity is known by its id and type.
func (n *Node) ReceivedBefore(ctx context.Context, a *activity.Activity) (bool, error) {
	return n.store.Read().ReceivedBefore(ctx, a.ID, a.Type)
}
