package storage

import "context"

// Purposes of a link.
const (
	LinkClaim = "claim" // makes whoever opens it the owner of an agent
	LinkLogin = "login" // opens a session of an owner
	LinkEmail = "email" // adds an address to an owner
)

// Link is one row of links: a secret that was mailed to somebody, by its keyed
// hash. It is good once, until it expires.
type Link struct {
	Hash      string `db:"hash"`
	Purpose   string `db:"purpose"`
	AgentID   string `db:"agent_id"` // of LinkClaim
	OwnerID   string `db:"owner_id"` // of LinkLogin and LinkEmail; "" for an address that nobody has
	Identity  string `db:"identity"` // the keyed hash of the address
	Sealed    []byte `db:"sealed"`   // the address
	CreatedAt int64  `db:"created_at"`
	ExpiresAt int64  `db:"expires_at"`
	UsedAt    int64  `db:"used_at"`
}

// InsertLink adds a link.
func (q Queries) InsertLink(ctx context.Context, l Link) error {
	_, err := q.exec(ctx, `
		INSERT INTO links (hash, purpose, agent_id, owner_id, identity, sealed, created_at, expires_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		l.Hash, l.Purpose, l.AgentID, l.OwnerID, l.Identity, l.Sealed, l.CreatedAt, l.ExpiresAt)
	return err
}

// Link returns a link that is neither used nor expired.
func (q Queries) Link(ctx context.Context, hash string, now int64) (Link, error) {
	var l Link
	err := q.get(ctx, &l, `
		SELECT hash, purpose, agent_id, owner_id, identity, sealed, created_at, expires_at, used_at
		FROM links
		WHERE hash = $1 AND used_at = 0 AND expires_at > $2`, hash, now)
	return l, err
}

// UseLink spends a link; ErrNotFound when it is used or expired: of two that
// come at once one alone gets through.
func (q Queries) UseLink(ctx context.Context, hash string, now int64) error {
	return q.one(ctx, `
		UPDATE links
		SET used_at = $1
		WHERE hash = $2 AND used_at = 0 AND expires_at > $1`, now, hash)
}

// LinkCounts are how many links were made since a time.
type LinkCounts struct {
	ToAddress int64 `db:"to_address"` // for one address
	OfAgent   int64 `db:"of_agent"`   // on behalf of one agent
	All       int64 `db:"of_all"`
}

// LinksSince counts links that were made after a time.
func (q Queries) LinksSince(ctx context.Context, identity, agentID string, since int64) (LinkCounts, error) {
	var c LinkCounts
	err := q.get(ctx, &c, `
		SELECT (SELECT COUNT(*) FROM links WHERE identity = $1 AND created_at > $3) AS to_address,
			(SELECT COUNT(*) FROM links WHERE agent_id = $2 AND agent_id <> '' AND created_at > $3) AS of_agent,
			(SELECT COUNT(*) FROM links WHERE created_at > $3) AS of_all`, identity, agentID, since)
	return c, err
}

// PruneOwners forgets links, claims and sessions that ended before a time, a
// batch of each, and returns how many.
func (q Queries) PruneOwners(ctx context.Context, before int64, limit int) (int64, error) {
	links, err := q.exec(ctx, `
		DELETE FROM links
		WHERE hash IN (
			SELECT hash
			FROM links
			WHERE created_at < $1
			ORDER BY created_at
			LIMIT $2
		)`, before, limit)
	if err != nil {
		return 0, err
	}
	claims, err := q.exec(ctx, `
		DELETE FROM claims
		WHERE id IN (
			SELECT id
			FROM claims
			WHERE expires_at < $1
			ORDER BY expires_at
			LIMIT $2
		)`, before, limit)
	if err != nil {
		return 0, err
	}
	sessions, err := q.exec(ctx, `
		DELETE FROM sessions
		WHERE hash IN (
			SELECT hash
			FROM sessions
			WHERE expires_at < $1
			ORDER BY expires_at
			LIMIT $2
		)`, before, limit)
	return links + claims + sessions, err
}
