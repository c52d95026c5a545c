package storage

import (
	"context"
	"strings"
)

// States of a lookup.
const (
	LookupWaiting = 0
	LookupFound   = 1
	LookupFailed  = 2
	LookupMissed  = 3 // failed, and something had waited for it, which stays
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
		WHERE lookups.state > 1 AND lookups.requested_at < $3`, name, now, retryBefore)
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

// PruneLookups forgets names that were looked up before a time, and what stood in the
// place of those that were not found, unless somebody follows it or wrote to it.
func (q Queries) PruneLookups(ctx context.Context, before int64, limit int) (int64, error) {
	var names []string
	err := q.list(ctx, &names, `
		SELECT name
		FROM lookups
		WHERE state > 0 AND state < 3 AND requested_at < $1
		ORDER BY requested_at
		LIMIT $2`, before, limit)
	if err != nil {
		return 0, err
	}
	err = inChunks(names, func(names []string) error {
		uris := make([]string, len(names))
		for i, name := range names {
			uris[i] = StubURI(name)
		}
		args := padded(uris)
		if _, err := q.exec(ctx, `
			DELETE FROM actors
			WHERE uri IN (`+places(1, len(args))+`) AND state = 'unknown'
				AND NOT EXISTS (SELECT 1 FROM follows WHERE target_id = actors.id)
				AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocked_id = actors.id)`, args...); err != nil {
			return err
		}
		args = padded(names)
		_, err := q.exec(ctx, `
			DELETE FROM lookups
			WHERE state > 0 AND state < 3 AND name IN (`+places(1, len(args))+`)`, args...)
		return err
	})
	return int64(len(names)), err
}

// StubURI is the URI of the actor that stands for a name while it is looked up.
func StubURI(lookup string) string { return "acct:" + strings.Replace(lookup, " ", ":", 1) }

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

// HoldLookup gives a lookup back that was not tried.
func (q Queries) HoldLookup(ctx context.Context, name string, dueAt int64) error {
	q.queue(QueueLookups)
	return q.one(ctx, `
		UPDATE lookups
		SET due_at = $1, lease_owner = '', lease_until = 0
		WHERE name = $2`, dueAt, name)
}
