package storage

import "context"

// Outcome is one row of idempotency: what became of a request that named itself.
// Result and Body are sealed by the node; Body is empty until the answer is known.
type Outcome struct {
	Scope     string `db:"scope"`   // who asked
	Name      string `db:"name"`    // the request's own name
	Request   string `db:"request"` // a hash of what was asked
	Status    int64  `db:"status"`  // of the answer, 0 until it is known
	Result    []byte `db:"result"`  // what was made, for an answer that was lost
	Body      []byte `db:"body"`
	CreatedAt int64  `db:"created_at"`
}

// Outcome returns what became of a request.
func (q Queries) Outcome(ctx context.Context, scope, name string) (Outcome, error) {
	var o Outcome
	err := q.get(ctx, &o, `
		SELECT scope, name, request, status, result, body, created_at
		FROM idempotency
		WHERE scope = $1 AND name = $2`, scope, name)
	return o, err
}

// InsertOutcome stores an outcome; ErrExists when the request is known and came
// after expired. Two at once wait for each other: one of them exists.
func (q Queries) InsertOutcome(ctx context.Context, o Outcome, expired int64) error {
	return q.novel(ctx, `
		INSERT INTO idempotency (scope, name, request, status, result, body, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (scope, name) DO UPDATE
		SET request = excluded.request, status = excluded.status, result = excluded.result, body = excluded.body, created_at = excluded.created_at
		WHERE idempotency.created_at <= $8`, o.Scope, o.Name, o.Request, o.Status, o.Result, o.Body, o.CreatedAt, expired)
}

// SetAnswer stores the answer of an outcome that has none.
func (q Queries) SetAnswer(ctx context.Context, o Outcome) error {
	return q.one(ctx, `
		UPDATE idempotency
		SET status = $1, body = $2
		WHERE scope = $3 AND name = $4 AND status = 0`, o.Status, o.Body, o.Scope, o.Name)
}

// PruneOutcomes forgets outcomes from before a time.
func (q Queries) PruneOutcomes(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM idempotency
		WHERE created_at < $1 AND (scope, name) IN (SELECT scope, name FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, before, limit)
}
