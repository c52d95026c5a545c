package storage

import "context"

// States of a claim.
const (
	ClaimWaiting = 0
	ClaimProven  = 1
	ClaimFailed  = 2
)

// Claim is one row of claims: somebody says to own an agent and is about to
// show control of a domain or an account, by publishing a code there.
type Claim struct {
	ID         string `db:"id"`
	AgentID    string `db:"agent_id"`
	Method     string `db:"method"`
	Subject    []byte `db:"subject"` // the domain or account, sealed
	Code       string `db:"code"`
	Browser    string `db:"browser"` // the keyed hash of what the browser shows that began it
	State      int64  `db:"state"`
	Error      string `db:"error"` // of the last look
	Attempts   int64  `db:"attempts"`
	CreatedAt  int64  `db:"created_at"`
	DueAt      int64  `db:"due_at"`
	ExpiresAt  int64  `db:"expires_at"`
	LeaseOwner string `db:"lease_owner"`
	LeaseUntil int64  `db:"lease_until"`
}

const claimColumns = `id, agent_id, method, subject, code, browser, state, error, attempts, created_at, due_at, expires_at, lease_owner, lease_until`

// InsertClaim adds a claim.
func (q Queries) InsertClaim(ctx context.Context, c Claim) error {
	q.queue(QueueClaims)
	_, err := q.exec(ctx, `
		INSERT INTO claims (`+claimColumns+`)
		VALUES (`+places(1, 14)+`)`,
		c.ID, c.AgentID, c.Method, c.Subject, c.Code, c.Browser, c.State, c.Error, c.Attempts, c.CreatedAt, c.DueAt, c.ExpiresAt, "", 0)
	return err
}

// ClaimsOf returns the latest claims to an agent, the newest first.
func (q Queries) ClaimsOf(ctx context.Context, agentID string, limit int) ([]Claim, error) {
	cs := []Claim{}
	err := q.list(ctx, &cs, `
		SELECT `+claimColumns+`
		FROM claims
		WHERE agent_id = $1
		ORDER BY created_at DESC
		LIMIT $2`, agentID, limit)
	return cs, err
}

// HurryClaim lets a waiting claim be looked at now, unless that was done after before.
func (q Queries) HurryClaim(ctx context.Context, id string, now, before int64) error {
	q.queue(QueueClaims)
	_, err := q.exec(ctx, `
		UPDATE claims
		SET due_at = $1
		WHERE id = $2 AND state = 0 AND due_at > $3`, now, id, before)
	return err
}

// ClaimsDue says whether a claim is to be looked at.
func (q Queries) ClaimsDue(ctx context.Context, now int64) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM claims
		WHERE state = 0 AND due_at <= $1
		LIMIT 1`, now)
	return len(ids) > 0, err
}

// LeaseClaims leases claims that are to be looked at.
func (q Queries) LeaseClaims(ctx context.Context, owner string, now, until int64, limit int) ([]Claim, error) {
	cs := []Claim{}
	err := q.list(ctx, &cs, `
		UPDATE claims
		SET lease_owner = $1, lease_until = $2
		WHERE id IN (
			SELECT id
			FROM claims
			WHERE state = 0 AND due_at <= $3 AND lease_until <= $3
			ORDER BY due_at
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+claimColumns, owner, until, now, limit)
	return cs, err
}

// FinishClaim ends a waiting claim; ErrNotFound when it has ended.
func (q Queries) FinishClaim(ctx context.Context, id string, state int64, why string) error {
	return q.one(ctx, `
		UPDATE claims
		SET state = $1, error = $2, lease_owner = '', lease_until = 0
		WHERE id = $3 AND state = 0`, state, why, id)
}

// RetryClaim gives a claim back, to be looked at again at dueAt.
func (q Queries) RetryClaim(ctx context.Context, id, why string, dueAt int64) error {
	q.queue(QueueClaims)
	return q.one(ctx, `
		UPDATE claims
		SET attempts = attempts + 1, error = $1, due_at = $2, lease_owner = '', lease_until = 0
		WHERE id = $3 AND state = 0`, why, dueAt, id)
}
