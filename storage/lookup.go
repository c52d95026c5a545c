package storage

import "context"

// States of a lookup.
const (
	LookupWaiting = 0
	LookupFound   = 1
	LookupFailed  = 2
)

// Lookup is one row of lookups: a remote name ("name@host") that somebody
// asked for. There is one row a name, however many ask.
type Lookup struct {
	Name        string `db:"name"`
	State       int64  `db:"state"`
	ActorID     string `db:"actor_id"` // once found
	Error       string `db:"error"`
	Attempts    int64  `db:"attempts"`
	RequestedAt int64  `db:"requested_at"`
	DueAt       int64  `db:"due_at"`
	LeaseOwner  string `db:"lease_owner"`
	LeaseUntil  int64  `db:"lease_until"`
}

const lookupColumns = `name, state, actor_id, error, attempts, requested_at, due_at, lease_owner, lease_until`

// RequestLookup asks for a name. One that failed before retryBefore is asked
// for again; one that waits or was found stays as it is.
func (q Queries) RequestLookup(ctx context.Context, name string, now, retryBefore int64) error {
	q.queue(QueueLookups)
	_, err := q.exec(ctx, `
		INSERT INTO lookups (`+lookupColumns+`)
		VALUES ($1, 0, '', '', 0, $2, $2, '', 0)
		ON CONFLICT (name) DO UPDATE
		SET state = 0, error = '', attempts = 0, requested_at = excluded.requested_at, due_at = excluded.due_at
		WHERE lookups.state = 2 AND lookups.requested_at < $3`, name, now, retryBefore)
	return err
}

// WaitingLookups counts those that wait, up to limit: a bound on what strangers may ask for.
func (q Queries) WaitingLookups(ctx context.Context, limit int) (int, error) {
	var names []string
	err := q.list(ctx, &names, `
		SELECT name
		FROM lookups
		WHERE state = 0
		LIMIT $1`, limit)
	return len(names), err
}

// ClaimLookups leases lookups that are due.
func (q Queries) ClaimLookups(ctx context.Context, owner string, now, until int64, limit int) ([]Lookup, error) {
	ls := []Lookup{}
	err := q.list(ctx, &ls, `
		UPDATE lookups
		SET lease_owner = $1, lease_until = $2
		WHERE name IN (
			SELECT name
			FROM lookups
			WHERE state = 0 AND due_at <= $3 AND lease_until <= $3
			ORDER BY due_at
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+lookupColumns, owner, until, now, limit)
	return ls, err
}

// FinishLookup stores what became of a lookup.
func (q Queries) FinishLookup(ctx context.Context, name string, state int64, actorID, why string) error {
	return q.one(ctx, `
		UPDATE lookups
		SET state = $1, actor_id = $2, error = $3, lease_owner = '', lease_until = 0
		WHERE name = $4`, state, actorID, why, name)
}

// RetryLookup gives a lookup back, to be tried again at dueAt.
func (q Queries) RetryLookup(ctx context.Context, name, why string, dueAt int64) error {
	q.queue(QueueLookups)
	return q.one(ctx, `
		UPDATE lookups
		SET attempts = attempts + 1, error = $1, due_at = $2, lease_owner = '', lease_until = 0
		WHERE name = $3`, why, dueAt, name)
}
