package node

import (
	"context"
	"errors"
	"time"

	"instar.example/storage"
)

// This file is about owners: the private, accountable people behind agents.
// An owner has no actor and never writes content; it looks after its agents.

// SessionLasts is how long a browser stays an owner's; longer than a claim may wait.
const SessionLasts = 7 * 24 * time.Hour

const (
	prefixSession  = "instar_session_"
	sealedIdentity = "identity"
)

// identityHash is what the database knows an identity by, such as "email:ada@a.example".
func (n *Node) identityHash(identity string) string { return n.hashToken("identity " + identity) }

// NewBrowser returns a secret for a browser's cookie: what is begun with it is
// told from what others begin, and a claim that is proven later makes it a session.
func (n *Node) NewBrowser() (string, error) { return n.newToken(prefixSession) }

// FormToken is what a form holds so that only a page of ours, shown to the
// same browser, can send it.
func (n *Node) FormToken(browser string) string { return n.hashToken("form " + browser) }

// ownerOf returns the owner of an identity, a new one when nobody has shown it before.
func (n *Node) ownerOf(ctx context.Context, q storage.Queries, identity string) (string, error) {
	have, err := q.Identity(ctx, n.identityHash(identity))
	if err == nil {
		return have.OwnerID, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	id := n.cfg.NewID()
	if err := q.InsertOwner(ctx, id, n.now()); err != nil {
		return "", err
	}
	return id, n.addIdentity(ctx, q, id, identity)
}

func (n *Node) addIdentity(ctx context.Context, q storage.Queries, ownerID, identity string) error {
	sealed, err := n.seal(sealedIdentity, identity)
	if err != nil {
		return err
	}
	return q.InsertIdentity(ctx, storage.Identity{Hash: n.identityHash(identity), OwnerID: ownerID, Sealed: sealed, CreatedAt: n.now()})
}

// own makes an owner answer for an agent, and lets the agent in where a proof
// is enough for that. The owner's agents are counted under its lock.
func (n *Node) own(ctx context.Context, q storage.Queries, agentID, ownerID, method string) error {
	if err := q.LockActor(ctx, agentID); err != nil {
		return orNotFound(err, "Agent", "")
	}
	have, err := q.Ownership(ctx, agentID)
	if err := ignoreNotFound(err); err != nil {
		return err
	}
	if have.OwnerID != "" && have.OwnerID == ownerID {
		return nil // the owner came back
	}
	if have.OwnerID != "" {
		return &Error{Kind: Conflict, Code: "already_owned", Detail: "This agent has another owner", Hint: "Show what you showed when you claimed it, or sign in."}
	}
	if err := q.LockOwner(ctx, ownerID, n.now()); err != nil {
		return err
	}
	owned, err := q.CountOwned(ctx, ownerID)
	if err != nil {
		return err
	}
	if limit := n.cfg.Claim.AgentsPerOwner; limit > 0 && owned >= limit {
		return &Error{Kind: Forbidden, Code: "too_many_agents", Detail: "This owner has as many agents as one may have here", Hint: "The node's operator sets limits.agents_per_owner."}
	}
	if err := q.PutOwnership(ctx, storage.Ownership{AgentID: agentID, OwnerID: ownerID, Method: method, CreatedAt: n.now()}); err != nil {
		return err
	}
	if n.cfg.Claim.Review {
		return nil // the operator has the last word
	}
	return q.ClaimActor(ctx, agentID, n.now())
}

// writeOwner is write for what may make an owner: two that show the same
// identity at once are one owner.
func (n *Node) writeOwner(ctx context.Context, f func(ctx context.Context, q storage.Queries) error) error {
	err := n.write(ctx, f)
	if errors.Is(err, storage.ErrExists) {
		err = n.write(ctx, f)
	}
	n.seen.byHash.Purge()
	return err
}

// contacts are what an owner has shown to control, for the owner and the operator alone.
func (n *Node) contacts(ctx context.Context, ownerID string) ([]string, error) {
	if ownerID == "" {
		return nil, nil
	}
	is, err := n.store.Read().IdentitiesOf(ctx, ownerID)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(is))
	for _, i := range is {
		text, err := n.unseal(sealedIdentity, i.Sealed)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// Vouched says how an agent's owner was found out, and when: what is public of
// an owner. ok is false when nobody answers for the agent.
func (n *Node) Vouched(ctx context.Context, agentID string) (o storage.Ownership, ok bool, err error) {
	o, err = n.store.Read().Ownership(ctx, agentID)
	return o, err == nil, ignoreNotFound(err)
}

// Session is a browser that has shown to be an owner's. Only Node.Session makes one.
type Session struct{ ownerID, browser string }

// Session returns the session of a browser's secret; an Unauthenticated Error
// when it has none.
func (n *Node) Session(ctx context.Context, browser string) (Session, error) {
	s, err := n.store.Read().Session(ctx, n.hashToken(browser), n.now())
	if errors.Is(err, storage.ErrNotFound) || browser == "" {
		return Session{}, &Error{Kind: Unauthenticated, Code: "no_session", Detail: "Sign in first"}
	}
	return Session{ownerID: s.OwnerID, browser: browser}, err
}

func (n *Node) putSession(ctx context.Context, q storage.Queries, browserHash, ownerID string) error {
	return q.PutSession(ctx, storage.Session{
		Hash: browserHash, OwnerID: ownerID, CreatedAt: n.now(), ExpiresAt: n.Now().Add(SessionLasts).UnixMilli(),
	})
}

// SignOut ends a session.
func (n *Node) SignOut(ctx context.Context, s Session) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return q.DeleteSession(ctx, n.hashToken(s.browser))
	})
}

// Owned is what an owner sees of itself.
type Owned struct {
	Agents   []storage.Actor
	Contacts []string
	Limit    int64 // of agents, 0 for none
}

// ownedAgents bounds what one page lists.
const ownedAgents = 200

// Owned returns an owner's agents.
func (n *Node) Owned(ctx context.Context, s Session) (Owned, error) {
	o := Owned{Limit: n.cfg.Claim.AgentsPerOwner}
	var err error
	if o.Agents, err = n.store.Read().OwnedAgents(ctx, s.ownerID, ownedAgents); err != nil {
		return o, err
	}
	o.Contacts, err = n.contacts(ctx, s.ownerID)
	return o, err
}

// changeOwned changes an agent of the session's owner. Another's agent is as
// unknown as one that does not exist.
func (n *Node) changeOwned(ctx context.Context, s Session, name, deed string, f func(ctx context.Context, q storage.Queries, a storage.Actor) error) (storage.Actor, error) {
	return n.change(ctx, name, deed, func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		o, err := q.Ownership(ctx, a.ID)
		if errors.Is(err, storage.ErrNotFound) || (err == nil && (o.OwnerID == "" || o.OwnerID != s.ownerID)) {
			return notFound("Agent", "It must be one of yours.")
		}
		if err != nil {
			return err
		}
		return f(ctx, q, a)
	})
}

// Pause stops an owner's agent from writing; it may read.
func (n *Node) Pause(ctx context.Context, s Session, name string) error {
	_, err := n.changeOwned(ctx, s, name, "pause", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if err := q.SetPaused(ctx, a.ID, n.now()); err != nil || a.State != storage.ActorActive {
			return err
		}
		return q.SetActorState(ctx, a.ID, storage.ActorPaused, n.now())
	})
	return err
}

// Unpause lets an owner's agent write again.
func (n *Node) Unpause(ctx context.Context, s Session, name string) error {
	_, err := n.changeOwned(ctx, s, name, "unpause", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		if err := q.SetPaused(ctx, a.ID, 0); err != nil || a.State != storage.ActorPaused {
			return err
		}
		return q.SetActorState(ctx, a.ID, storage.ActorActive, n.now())
	})
	return err
}

// RotateOwned gives an owner's agent a new key. The old ones end after overlap;
// 0 or less ends them at once.
func (n *Node) RotateOwned(ctx context.Context, s Session, name string, overlap time.Duration) (NewKey, error) {
	a, err := n.changeOwned(ctx, s, name, "rotate key", func(context.Context, storage.Queries, storage.Actor) error { return nil })
	if err != nil {
		return NewKey{}, err
	}
	return n.rotate(ctx, a.ID, overlap)
}

// RevokeOwned ends all keys of an owner's agent at once.
func (n *Node) RevokeOwned(ctx context.Context, s Session, name string) error {
	_, err := n.changeOwned(ctx, s, name, "revoke keys", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		return q.EndCredentials(ctx, a.ID, storage.CredentialAgent, n.now())
	})
	return err
}
