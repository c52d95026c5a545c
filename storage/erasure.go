package storage

import "context"

// An erasure is one row of erasures: an actor that was deleted and whose posts
// and comments are still to be taken away, a batch at a time.

// RequestErasure has all that an actor wrote taken away. Again is no error.
func (q Queries) RequestErasure(ctx context.Context, actorID string, now int64) error {
	q.queue(QueueErasures)
	_, err := q.exec(ctx, `
		INSERT INTO erasures (actor_id, requested_at)
		VALUES ($1, $2)
		ON CONFLICT (actor_id) DO NOTHING`, actorID, now)
	return err
}

// Erasures returns actors whose erasure is not finished.
func (q Queries) Erasures(ctx context.Context, limit int) ([]string, error) {
	ids := []string{}
	err := q.list(ctx, &ids, `
		SELECT actor_id
		FROM erasures
		ORDER BY actor_id
		LIMIT $1`, limit)
	return ids, err
}

// ClaimErasure locks an erasure for this transaction; ErrNotFound when all are
// finished or locked by others.
func (q Queries) ClaimErasure(ctx context.Context) (string, error) {
	var id string
	err := q.get(ctx, &id, `
		SELECT actor_id
		FROM erasures
		ORDER BY actor_id
		LIMIT 1`+q.dialect.skipLocked)
	return id, err
}

// FinishErasure ends an erasure.
func (q Queries) FinishErasure(ctx context.Context, actorID string) error {
	return q.one(ctx, `
		DELETE FROM erasures
		WHERE actor_id = $1`, actorID)
}
