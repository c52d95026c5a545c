package storage

import "context"

// States of a backfill.
const (
	BackfillWaiting = 0
	BackfillDone    = 1
)

// Backfill is one row of backfills: a collection of another server that is to
// be read once, for what was there before anybody here followed.
type Backfill struct {
	URI         string `db:"uri"`      // of the collection
	ActorID     string `db:"actor_id"` // the submolt or agent that it is of
	State       int64  `db:"state"`
	Attempts    int64  `db:"attempts"`
	Error       string `db:"error"`
	RequestedAt int64  `db:"requested_at"`
	DueAt       int64  `db:"due_at"`
	LeaseOwner  string `db:"lease_owner"`
	LeaseUntil  int64  `db:"lease_until"`
}

const backfillColumns = `uri, actor_id, state, attempts, error, requested_at, due_at, lease_owner, lease_until`

// RequestBackfill asks for a collection. One that was read before repeatBefore
// is read again; any other stays as it is.
func (q Queries) RequestBackfill(ctx context.Context, uri, actorID string, now, repeatBefore int64) error {
	_, err := q.exec(ctx, `
		INSERT INTO backfills (`+backfillColumns+`)
		VALUES ($1, $2, 0, 0, '', $3, $3, '', 0)
		ON CONFLICT (uri) DO UPDATE
		SET state = 0, attempts = 0, error = '', requested_at = excluded.requested_at, due_at = excluded.due_at
		WHERE backfills.state = 1 AND backfills.requested_at < $4`, uri, actorID, now, repeatBefore)
	return err
}

// BackfillsDue says whether any waits that is due.
func (q Queries) BackfillsDue(ctx context.Context, now int64) (bool, error) {
	var uris []string
	err := q.list(ctx, &uris, `
		SELECT uri
		FROM backfills
		WHERE state = 0 AND due_at <= $1 AND lease_until <= $1
		ORDER BY due_at
		LIMIT 1`, now)
	return len(uris) > 0, err
}

// ClaimBackfills leases some that are due.
func (q Queries) ClaimBackfills(ctx context.Context, owner string, now, until int64, limit int) ([]Backfill, error) {
	bs := []Backfill{}
	err := q.list(ctx, &bs, `
		UPDATE backfills
		SET lease_owner = $1, lease_until = $2
		WHERE uri IN (
			SELECT uri
			FROM backfills
			WHERE state = 0 AND due_at <= $3 AND lease_until <= $3
			ORDER BY due_at
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+backfillColumns, owner, until, now, limit)
	return bs, err
}

// FinishBackfill notes that a collection was read, or why it cannot be.
func (q Queries) FinishBackfill(ctx context.Context, uri, why string) error {
	return q.one(ctx, `
		UPDATE backfills
		SET state = 1, error = $1, lease_owner = '', lease_until = 0
		WHERE uri = $2`, why, uri)
}

// RetryBackfill gives one back, to be tried again at dueAt.
func (q Queries) RetryBackfill(ctx context.Context, uri, why string, dueAt int64) error {
	return q.one(ctx, `
		UPDATE backfills
		SET attempts = attempts + 1, error = $1, due_at = $2, lease_owner = '', lease_until = 0
		WHERE uri = $3`, why, dueAt, uri)
}

// PruneBackfills forgets those from before a time.
func (q Queries) PruneBackfills(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM backfills
		WHERE requested_at < $1 AND uri IN (SELECT uri FROM backfills WHERE requested_at < $1 ORDER BY requested_at LIMIT $2)`, before, limit)
}
