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
	RevokedAt int64  `db:"revoked_at"`
}

// InsertCredential adds a credential.
func (q Queries) InsertCredential(ctx context.Context, c Credential) error {
	_, err := q.exec(ctx, `
		INSERT INTO credentials (hash, agent_id, kind, created_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5)`,
		c.Hash, c.AgentID, c.Kind, c.CreatedAt, c.RevokedAt)
	return err
}

// Credential returns an unrevoked credential by its hash.
func (q Queries) Credential(ctx context.Context, hash string) (Credential, error) {
	var c Credential
	err := q.get(ctx, &c, `
		SELECT hash, agent_id, kind, created_at, revoked_at
		FROM credentials
		WHERE hash = $1 AND revoked_at = 0`, hash)
	return c, err
}
