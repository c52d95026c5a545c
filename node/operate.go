package node

import (
	"context"
	"errors"
	"log/slog"

	"instar.example/storage"
)

// This file is what the operator does to agents. Whoever calls it has shown to
// be the operator: the door is a socket that only they can open.

// listedAgents bounds one list of the operator's.
const listedAgents = 1_000

// Deeds that are done to agents of other nodes, too.
const (
	deedSuspend = "suspend agent"
	deedResume  = "resume agent"
)

// AgentStates are the states that a local agent may be in, for lists.
func AgentStates() []string {
	return []string{storage.ActorUnclaimed, storage.ActorActive, storage.ActorPaused, storage.ActorSuspended}
}

// LocalAgent is an agent of this node with who answers for it.
type LocalAgent struct {
	storage.Actor

	Ownership storage.Ownership // of no method when nobody does
	Owner     []string          // what its owner has shown to control; private
}

// LocalAgents returns agents of this node in a state, the oldest first.
func (n *Node) LocalAgents(ctx context.Context, state string) ([]LocalAgent, error) {
	q := n.store.Read()
	actors, err := q.LocalAgents(ctx, state, storage.After{}, listedAgents)
	if err != nil {
		return nil, err
	}
	list := make([]LocalAgent, 0, len(actors))
	for _, a := range actors {
		l := LocalAgent{Actor: a}
		if l.Ownership, err = q.Ownership(ctx, a.ID); ignoreNotFound(err) != nil {
			return nil, err
		}
		if l.Owner, err = n.contacts(ctx, l.Ownership.OwnerID); err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// change looks up an agent by name and changes it in a transaction that holds its
// row. One of another node can be suspended here, and no more.
func (n *Node) change(ctx context.Context, name, deed string, f func(ctx context.Context, q storage.Queries, a storage.Actor) error) (storage.Actor, error) {
	addr, err := n.Address(name)
	if err != nil {
		return storage.Actor{}, err
	}
	var a storage.Actor
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		found, err := q.ActorByHandle(ctx, addr.Host, addr.Handle, storage.KindAgent)
		if errors.Is(err, storage.ErrNotFound) || (addr.Host != "" && deed != deedSuspend && deed != deedResume) || (err == nil && found.DeletedAt > 0) {
			return notFound("Agent", "It must be one of this node.")
		}
		if err != nil {
			return err
		}
		if err := q.LockActor(ctx, found.ID); err != nil {
			return err
		}
		if found, err = q.Actor(ctx, found.ID); err != nil {
			return err
		}
		if err := f(ctx, q, found); err != nil {
			return err
		}
		a, err = q.Actor(ctx, found.ID)
		return err
	})
	if err != nil {
		return storage.Actor{}, err
	}
	n.seen.byHash.Purge()
	n.forget(a.URI)
	n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "an agent's account changed", slog.String("agent", a.Name), slog.String("deed", deed), slog.String("state", a.State))
	return a, nil
}

// Approve lets an agent in that waits to be claimed: the operator vouches for it.
func (n *Node) Approve(ctx context.Context, name string) (storage.Actor, error) {
	return n.operate(ctx, name, "approve agent", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if a.ClaimedAt > 0 {
			return &Error{Kind: Conflict, Code: "already_claimed", Detail: a.Name + " is claimed already"}
		}
		_, err := q.Ownership(ctx, a.ID)
		if errors.Is(err, storage.ErrNotFound) {
			err = q.PutOwnership(ctx, storage.Ownership{AgentID: a.ID, Method: MethodApproval, CreatedAt: n.now()})
		}
		if err != nil {
			return err
		}
		return q.ClaimActor(ctx, a.ID, n.now())
	})
}

// Reject turns an agent away that waits to be claimed: its keys end, and its
// name is not given again.
func (n *Node) Reject(ctx context.Context, name string) (storage.Actor, error) {
	return n.operate(ctx, name, "reject agent", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if a.ClaimedAt > 0 {
			return &Error{Kind: Conflict, Code: "already_claimed", Detail: a.Name + " is claimed already", Hint: "Suspend it instead."}
		}
		for _, kind := range []string{storage.CredentialAgent, storage.CredentialOwner} {
			if err := q.EndCredentials(ctx, a.ID, kind, n.now()); err != nil {
				return err
			}
		}
		return q.SetActorState(ctx, a.ID, storage.ActorDeleted, n.now())
	})
}

// Suspend stops an agent from writing until Resume; it may read. Of another node's,
// what it writes is refused here.
func (n *Node) Suspend(ctx context.Context, name string) (storage.Actor, error) {
	return n.operate(ctx, name, deedSuspend, func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		return q.SetActorState(ctx, a.ID, storage.ActorSuspended, n.now())
	})
}

// Resume ends a suspension: the agent is again what it was before.
func (n *Node) Resume(ctx context.Context, name string) (storage.Actor, error) {
	return n.operate(ctx, name, deedResume, func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if a.State != storage.ActorSuspended {
			return &Error{Kind: Conflict, Code: "not_suspended", Detail: a.Name + " is not suspended"}
		}
		if !a.Local() {
			return q.SetActorState(ctx, a.ID, storage.ActorActive, n.now())
		}
		o, err := q.Ownership(ctx, a.ID)
		if err := ignoreNotFound(err); err != nil {
			return err
		}
		return q.SetActorState(ctx, a.ID, freeState(a, o), n.now())
	})
}

// freeState is the state of an agent that is not suspended.
func freeState(a storage.Actor, o storage.Ownership) string {
	switch {
	case a.ClaimedAt == 0:
		return storage.ActorUnclaimed
	case o.PausedAt > 0:
		return storage.ActorPaused
	default:
		return storage.ActorActive
	}
}

// RotateKeyOf gives an agent a new key on the operator's word: its old ones end at once.
func (n *Node) RotateKeyOf(ctx context.Context, name string) (NewKey, error) {
	k, err := n.newKey(0)
	if err != nil {
		return NewKey{}, err
	}
	_, err = n.operate(ctx, name, "rotate key", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		return n.replaceKeys(ctx, q, a.ID, k)
	})
	return k, err
}
