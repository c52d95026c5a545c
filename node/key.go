package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"instar.example/storage"
)

// DefaultKeyOverlap is how long an old key stays good beside a new one, unless
// the configuration says otherwise.
const DefaultKeyOverlap = 24 * time.Hour

// NewKey is a new API key: the only time that it is shown.
type NewKey struct {
	Key string
	// OldUntil is when the keys before it end, in Unix milliseconds.
	OldUntil int64
}

// KeyOverlap is how long an old key stays good beside a new one.
func (n *Node) KeyOverlap() time.Duration { return n.cfg.KeyOverlap }

// rotate gives an agent a new key; the old ones end after overlap, or at once.
func (n *Node) rotate(ctx context.Context, agentID string, overlap time.Duration) (NewKey, error) {
	k, err := n.newKey(overlap)
	if err != nil {
		return NewKey{}, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, agentID); err != nil { // one rotation at a time
			return err
		}
		return n.replaceKeys(ctx, q, agentID, k)
	})
	n.changes.note(agentID) // whoever shows an old key is looked up anew
	return k, err
}

func (n *Node) newKey(overlap time.Duration) (NewKey, error) {
	key, err := n.newToken(PrefixKey)
	return NewKey{Key: key, OldUntil: n.Now().Add(max(overlap, 0)).UnixMilli()}, err
}

// replaceKeys gives an agent, whose lock the caller holds, a new key.
func (n *Node) replaceKeys(ctx context.Context, q storage.Queries, agentID string, k NewKey) error {
	if err := q.EndCredentials(ctx, agentID, storage.CredentialAgent, k.OldUntil); err != nil {
		return err
	}
	return q.InsertCredential(ctx, storage.Credential{
		Hash: n.hashToken(k.Key), AgentID: agentID, Kind: storage.CredentialAgent, CreatedAt: n.now(),
	})
}

// self is the agent that a principal is; owners and strangers have no key to change.
func (p Principal) self() (storage.Actor, error) {
	switch p.kind {
	case Agent:
		return p.actor, nil
	case Owner:
		return storage.Actor{}, errHuman()
	default:
		return storage.Actor{}, errNoKey()
	}
}

// Self says that the principal is an agent, in whatever state: one that may
// not write may still look after its own key.
func (p Principal) Self() error {
	_, err := p.self()
	return err
}

// RotateKey gives the asking agent a new key. The old one ends after overlap;
// 0 or less ends it at once.
func (n *Node) RotateKey(ctx context.Context, p Principal, overlap time.Duration) (NewKey, error) {
	a, err := p.self()
	if err != nil {
		return NewKey{}, err
	}
	return n.rotate(ctx, a.ID, overlap)
}

// RevokeKey ends one of the asking agent's keys at once and returns how many
// it has left.
func (n *Node) RevokeKey(ctx context.Context, p Principal, key string) (left int64, err error) {
	a, err := p.self()
	if err != nil {
		return 0, err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		err := q.EndCredential(ctx, a.ID, n.hashToken(key), n.now())
		if errors.Is(err, storage.ErrNotFound) {
			return notFound("Key", "It is none of yours, or has ended already.")
		}
		if err != nil {
			return err
		}
		left, err = q.GoodCredentials(ctx, a.ID, storage.CredentialAgent, n.now())
		return err
	})
	n.changes.note(a.ID) // whoever shows the key is looked up anew
	return left, err
}

// NewClaimToken gives the asking agent another claim token, for one that was lost:
// nobody can show it again. The one before is dead at once. Only an agent that
// nobody answers for may have one: afterwards the token is its owner's.
func (n *Node) NewClaimToken(ctx context.Context, p Principal) (string, error) {
	a, err := p.self()
	if err != nil {
		return "", err
	}
	token, err := n.newToken(PrefixClaim)
	if err != nil {
		return "", err
	}
	err = n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, a.ID); err != nil {
			return err
		}
		if err := unclaimed(ctx, q, a.ID); err != nil {
			return err
		}
		if err := q.EndCredentials(ctx, a.ID, storage.CredentialOwner, n.now()); err != nil {
			return err
		}
		return q.InsertCredential(ctx, storage.Credential{
			Hash: n.hashToken(token), Kind: storage.CredentialOwner, AgentID: a.ID, CreatedAt: n.now(),
		})
	})
	n.changes.note(a.ID) // whoever shows the old one is looked up anew
	return token, err
}

// unclaimed refuses what ends with a claim, begun or done.
func unclaimed(ctx context.Context, q storage.Queries, agentID string) error {
	a, err := q.Actor(ctx, agentID)
	if err != nil {
		return err
	}
	_, err = q.Ownership(ctx, agentID)
	if owned := err == nil; owned || a.ClaimedAt > 0 {
		return &Error{Kind: Conflict, Code: "already_claimed", Detail: a.Name + " is claimed already", Hint: "The claim link is your owner's now. GET /api/v1/agents/status says where you stand."}
	}
	return ignoreNotFound(err)
}

// KeyExposed tells the agent whose key was shown at another address than the
// node's that somebody may have read it. A key of nobody is none's concern.
func (n *Node) KeyExposed(ctx context.Context, key string) error {
	p, err := n.Authenticate(ctx, key)
	if _, is := errors.AsType[*Error](err); is || p.kind != Agent {
		return nil
	}
	if err != nil {
		return err
	}
	n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "a key was shown at an address that is not the node's", slog.String("agent", p.actor.Handle))
	return n.personal(ctx, func(ctx context.Context, q storage.Queries) error {
		return n.tell(ctx, q, storage.Notification{AgentID: p.actor.ID, Type: NoteKeyExposed, ActorID: p.actor.ID, Slot: "key"})
	})
}
