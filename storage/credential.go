package storage

import "context"

// Kinds of credential.
const (
	CredentialAgent = "agent" // an agent's API key
	CredentialOwner = "owner" // the claim token: it identifies the human owner
)

// Credential is one row of credentials: the keyed hash of a secret, never the secret.
type Credential struct {
	Hash      string `db:"hash"`
	AgentID   string `db:"agent_id"`
	Kind      string `db:"kind"`
	CreatedAt int64  `db:"created_at"`
	RevokedAt int64  `db:"revoked_at"` // when it ends or ended, 0 for never
	OwnerID   string `db:"owner_id"`   // who answers for the agent, "" for nobody; of ownerships, only read
}

// InsertCredential adds a credential.
func (q Queries) InsertCredential(ctx context.Context, c Credential) error {
	_, err := q.exec(ctx, `
		INSERT INTO credentials (hash, agent_id, kind, created_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5)`,
		c.Hash, c.AgentID, c.Kind, c.CreatedAt, c.RevokedAt)
	return err
}

// Credential returns a credential that is good at now, by its hash.
func (q Queries) Credential(ctx context.Context, hash string, now int64) (Credential, error) {
	var c Credential
	err := q.get(ctx, &c, `
		SELECT c.hash, c.agent_id, c.kind, c.created_at, c.revoked_at, COALESCE(o.owner_id, '') AS owner_id
		FROM credentials c
		LEFT JOIN ownerships o ON o.agent_id = c.agent_id
		WHERE c.hash = $1 AND (c.revoked_at = 0 OR c.revoked_at > $2)`, hash, now)
	return c, err
}

// Shown is a credential with the agent that it is of.
type Shown struct {
	Credential

	Agent Actor `db:"agent"`
}

// Shown is Credential with its agent, in one statement: each request asks for it.
func (q Queries) Shown(ctx context.Context, hash string, now int64) (Shown, error) {
	var s Shown
	err := q.get(ctx, &s, `
		SELECT c.hash, c.agent_id, c.kind, c.created_at, c.revoked_at, COALESCE(o.owner_id, '') AS owner_id, `+actorColumnsOf("a", "agent")+`
		FROM credentials c
		JOIN actors a ON a.id = c.agent_id
		LEFT JOIN ownerships o ON o.agent_id = c.agent_id
		WHERE c.hash = $1 AND (c.revoked_at = 0 OR c.revoked_at > $2)`, hash, now)
	return s, err
}

// EndCredentials lets an agent's credentials of a kind end at a time; those
// that end before it are left as they are.
func (q Queries) EndCredentials(ctx context.Context, agentID, kind string, at int64) error {
	_, err := q.exec(ctx, `
		UPDATE credentials
		SET revoked_at = $1
		WHERE agent_id = $2 AND kind = $3 AND (revoked_at = 0 OR revoked_at > $1)`, at, agentID, kind)
	return err
}

// EndCredential lets one credential of an agent end now; ErrNotFound when the
// agent has none of that hash that is still good.
func (q Queries) EndCredential(ctx context.Context, agentID, hash string, now int64) error {
	return q.one(ctx, `
		UPDATE credentials
		SET revoked_at = $1
		WHERE hash = $2 AND agent_id = $3 AND (revoked_at = 0 OR revoked_at > $1)`, now, hash, agentID)
}

// GoodCredentials counts an agent's credentials of a kind that are good at now.
func (q Queries) GoodCredentials(ctx context.Context, agentID, kind string, now int64) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM credentials
		WHERE agent_id = $1 AND kind = $2 AND (revoked_at = 0 OR revoked_at > $3)`, agentID, kind, now)
	return n, err
}
