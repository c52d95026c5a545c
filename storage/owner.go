package storage

import (
	"context"
	"strings"
)

// Ownership is one row of ownerships: who answers for a local agent, and how
// that was shown. OwnerID is "" when only the operator vouches.
type Ownership struct {
	AgentID   string `db:"agent_id"`
	OwnerID   string `db:"owner_id"`
	Method    string `db:"method"`
	CreatedAt int64  `db:"created_at"`
	PausedAt  int64  `db:"paused_at"`
}

// InsertOwner adds an owner: a private row, no actor.
func (q Queries) InsertOwner(ctx context.Context, id string, now int64) error {
	_, err := q.exec(ctx, `
		INSERT INTO owners (id, created_at, seen_at)
		VALUES ($1, $2, $2)`, id, now)
	return err
}

// LockOwner takes an owner's row until the transaction ends: do it before its
// agents are counted. ErrNotFound when there is none.
func (q Queries) LockOwner(ctx context.Context, id string, now int64) error {
	return q.one(ctx, `
		UPDATE owners
		SET seen_at = $1
		WHERE id = $2`, now, id)
}

// Identity is one row of identities: the keyed hash of something that an owner
// has shown to control, and the thing itself sealed by the node's secret.
type Identity struct {
	Hash      string `db:"hash"`
	OwnerID   string `db:"owner_id"`
	Sealed    []byte `db:"sealed"`
	CreatedAt int64  `db:"created_at"`
}

// InsertIdentity adds an identity; ErrExists when it belongs to somebody.
func (q Queries) InsertIdentity(ctx context.Context, i Identity) error {
	_, err := q.exec(ctx, `
		INSERT INTO identities (hash, owner_id, sealed, created_at)
		VALUES ($1, $2, $3, $4)`, i.Hash, i.OwnerID, i.Sealed, i.CreatedAt)
	return err
}

// Identity returns an identity by its hash.
func (q Queries) Identity(ctx context.Context, hash string) (Identity, error) {
	var i Identity
	err := q.get(ctx, &i, `
		SELECT hash, owner_id, sealed, created_at
		FROM identities
		WHERE hash = $1`, hash)
	return i, err
}

// IdentitiesOf returns what an owner has shown to control, the oldest first, at most 20.
func (q Queries) IdentitiesOf(ctx context.Context, ownerID string) ([]Identity, error) {
	is := []Identity{}
	err := q.list(ctx, &is, `
		SELECT hash, owner_id, sealed, created_at
		FROM identities
		WHERE owner_id = $1
		ORDER BY created_at
		LIMIT 20`, ownerID)
	return is, err
}

// PutOwnership sets who answers for an agent; a pause stays as it is.
func (q Queries) PutOwnership(ctx context.Context, o Ownership) error {
	_, err := q.exec(ctx, `
		INSERT INTO ownerships (agent_id, owner_id, method, created_at, paused_at)
		VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (agent_id) DO UPDATE
		SET owner_id = excluded.owner_id, method = excluded.method, created_at = excluded.created_at`,
		o.AgentID, o.OwnerID, o.Method, o.CreatedAt)
	return err
}

// Ownership returns who answers for an agent; ErrNotFound when nobody does.
func (q Queries) Ownership(ctx context.Context, agentID string) (Ownership, error) {
	var o Ownership
	err := q.get(ctx, &o, `
		SELECT agent_id, owner_id, method, created_at, paused_at
		FROM ownerships
		WHERE agent_id = $1`, agentID)
	return o, err
}

// SetPaused marks an agent as paused by its owner since a time, 0 for not.
func (q Queries) SetPaused(ctx context.Context, agentID string, at int64) error {
	return q.one(ctx, `
		UPDATE ownerships
		SET paused_at = $1
		WHERE agent_id = $2`, at, agentID)
}

// CountOwned counts the agents of an owner that are not deleted.
func (q Queries) CountOwned(ctx context.Context, ownerID string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM ownerships o
		JOIN actors a ON a.id = o.agent_id
		WHERE o.owner_id = $1 AND o.owner_id <> '' AND a.deleted_at = 0`, ownerID)
	return n, err
}

// OwnedAgents returns the agents of an owner, the oldest first.
func (q Queries) OwnedAgents(ctx context.Context, ownerID string, limit int) ([]Actor, error) {
	as := []Actor{}
	err := q.list(ctx, &as, `
		SELECT `+prefixed("a", actorColumns)+`
		FROM ownerships o
		JOIN actors a ON a.id = o.agent_id
		WHERE o.owner_id = $1 AND o.owner_id <> '' AND a.deleted_at = 0
		ORDER BY o.created_at
		LIMIT $2`, ownerID, limit)
	return as, err
}

// prefixed names each of the columns from the table alias t.
func prefixed(t, columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = t + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// LocalAgents returns local agents in a state, the oldest first, behind a place.
func (q Queries) LocalAgents(ctx context.Context, state string, after After, limit int) ([]Actor, error) {
	as := []Actor{}
	err := q.list(ctx, &as, `
		SELECT `+actorColumns+`
		FROM actors
		WHERE host = '' AND kind = 'agent' AND state = $1 AND (created_at, id) > ($2, $3)
		ORDER BY state, created_at, id
		LIMIT $4`, state, after.Key, after.ID, limit)
	return as, err
}

// ClaimActor lets a local agent in: it is claimed since now, and active unless
// the operator has suspended it. One that is claimed already stays as it is.
func (q Queries) ClaimActor(ctx context.Context, id string, now int64) error {
	_, err := q.exec(ctx, `
		UPDATE actors
		SET claimed_at = $1, updated_at = $1, state = CASE WHEN state = 'unclaimed' THEN 'active' ELSE state END
		WHERE id = $2 AND claimed_at = 0 AND deleted_at = 0`, now, id)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, id, DocActor)
}

// Session is one row of sessions: the keyed hash of what a browser shows.
type Session struct {
	Hash      string `db:"hash"`
	OwnerID   string `db:"owner_id"`
	CreatedAt int64  `db:"created_at"`
	ExpiresAt int64  `db:"expires_at"`
}

// PutSession begins a session; one of the same hash is another's from then on.
func (q Queries) PutSession(ctx context.Context, s Session) error {
	_, err := q.exec(ctx, `
		INSERT INTO sessions (hash, owner_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE
		SET owner_id = excluded.owner_id, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		s.Hash, s.OwnerID, s.CreatedAt, s.ExpiresAt)
	return err
}

// Session returns a session that has not ended, by its hash.
func (q Queries) Session(ctx context.Context, hash string, now int64) (Session, error) {
	var s Session
	err := q.get(ctx, &s, `
		SELECT hash, owner_id, created_at, expires_at
		FROM sessions
		WHERE hash = $1 AND expires_at > $2`, hash, now)
	return s, err
}

// DeleteSession ends a session, if there is one.
func (q Queries) DeleteSession(ctx context.Context, hash string) error {
	_, err := q.exec(ctx, `
		DELETE FROM sessions
		WHERE hash = $1`, hash)
	return err
}
