package storage

import (
	"context"
	"slices"
)

// States of a received activity.
const (
	ReceivedWaiting = 0
	ReceivedDone    = 1
)

// Received is one row of received: an activity that a peer sent and that we
// answered 202. The row outlives its work, as the memory that makes a second
// delivery have no effect; its body does not.
type Received struct {
	ID         string `db:"id"`
	ActivityID string `db:"activity_id"`
	Type       string `db:"type"`
	ActorURI   string `db:"actor_uri"` // whose key signed it; "" while that is to be decided
	State      int64  `db:"state"`
	Body       []byte `db:"body"`
	Result     string `db:"result"` // one word: applied, ignored, refused ...
	Attempts   int64  `db:"attempts"`
	ReceivedAt int64  `db:"received_at"`
	DueAt      int64  `db:"due_at"`
	LeaseOwner string `db:"lease_owner"`
	LeaseUntil int64  `db:"lease_until"`
}

const receivedColumns = `id, activity_id, type, actor_uri, state, body, result, attempts, received_at, due_at, lease_owner, lease_until`

// InsertReceived keeps an activity; ErrExists when its id and type are known.
func (q Queries) InsertReceived(ctx context.Context, r Received) error {
	if r.State == ReceivedWaiting {
		q.queue(QueueReceived)
	}
	if q.tail != nil {
		q.tail.received = append(q.tail.received, r)
		return nil
	}
	args := r.row()
	return q.novel(ctx, `
		INSERT INTO received (`+receivedColumns+`)
		VALUES (`+places(1, len(args))+`)
		ON CONFLICT (activity_id, type) DO NOTHING`, args...)
}

// row has the values of receivedColumns, of an activity that just came.
func (r Received) row() []any {
	return []any{r.ID, r.ActivityID, r.Type, r.ActorURI, r.State, r.Body, r.Result, 0, r.ReceivedAt, r.DueAt, "", 0}
}

// ReceivedBefore says whether an activity is known by its id and type.
func (q Queries) ReceivedBefore(ctx context.Context, activityID, typ string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM received
		WHERE activity_id = $1 AND type = $2`, activityID, typ)
	return len(ids) > 0, err
}

// ClaimReceived leases waiting activities that are due, in the order of their
// coming. On SQLite there is one process, which finishes a batch before it
// claims the next: a lease would only be written for nobody to read.
func (q Queries) ClaimReceived(ctx context.Context, owner string, now, until int64, limit int) ([]Received, error) {
	rs := []Received{}
	if q.dialect.name == nameSQLite {
		err := q.list(ctx, &rs, `
			SELECT `+receivedColumns+`
			FROM received
			WHERE state = 0 AND due_at <= $1
			ORDER BY due_at, id
			LIMIT $2`, now, limit)
		return rs, err
	}
	err := q.list(ctx, &rs, `
		UPDATE received
		SET lease_owner = $1, lease_until = $2
		WHERE id IN (
			SELECT id
			FROM received
			WHERE state = 0 AND due_at <= $3 AND lease_until <= $3
			ORDER BY due_at, id
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+receivedColumns, owner, until, now, limit)
	return rs, err
}

// FinishReceived ends the work on an activity and forgets its body.
func (q Queries) FinishReceived(ctx context.Context, id, result string) error {
	return q.one(ctx, `
		UPDATE received
		SET state = 1, body = $1, result = $2, lease_owner = '', lease_until = 0
		WHERE id = $3`, []byte{}, result, id)
}

// RetryReceived gives an activity back, to be tried again at dueAt.
func (q Queries) RetryReceived(ctx context.Context, id, why string, dueAt int64) error {
	q.queue(QueueReceived)
	return q.one(ctx, `
		UPDATE received
		SET attempts = attempts + 1, result = $1, due_at = $2, lease_owner = '', lease_until = 0
		WHERE id = $3`, why, dueAt, id)
}

// HoldReceived makes a waiting activity due at another time: until then it is
// being worked on.
func (q Queries) HoldReceived(ctx context.Context, id string, dueAt int64) error {
	q.queue(QueueReceived)
	_, err := q.exec(ctx, `
		UPDATE received
		SET due_at = $1, lease_owner = '', lease_until = 0
		WHERE id = $2 AND state = 0`, dueAt, id)
	return err
}

// IdentifyReceived notes who signed an activity that was kept undecided;
// ErrExists when the same activity has come by another way since.
func (q Queries) IdentifyReceived(ctx context.Context, r Received) error {
	q.queue(QueueReceived)
	return q.one(ctx, `
		UPDATE received
		SET activity_id = $1, type = $2, actor_uri = $3, body = $4, attempts = 0, due_at = $5
		WHERE id = $6`, r.ActivityID, r.Type, r.ActorURI, r.Body, r.DueAt, r.ID)
}

// ReceivedDue says whether an activity waits and is due.
func (q Queries) ReceivedDue(ctx context.Context, now int64) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM received
		WHERE state = 0 AND due_at <= $1 AND lease_until <= $1
		LIMIT 1`, now)
	return len(ids) > 0, err
}

// ReleaseReceived ends the leases of an owner that stops.
func (q Queries) ReleaseReceived(ctx context.Context, owner string) error {
	q.queue(QueueReceived)
	_, err := q.exec(ctx, `
		UPDATE received
		SET lease_owner = '', lease_until = 0
		WHERE state = 0 AND lease_owner = $1`, owner)
	return err
}

// ForgetReceived lets an activity of an actor come again under the same id.
func (q Queries) ForgetReceived(ctx context.Context, activityID, kind, actorURI string) error {
	_, err := q.exec(ctx, `
		DELETE FROM received
		WHERE activity_id = $1 AND type = $2 AND actor_uri = $3`, activityID, kind, actorURI)
	return err
}

// PruneReceived forgets finished activities that came before a time. Their ids
// are in the order of time: the oldest are looked at first.
func (q Queries) PruneReceived(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM received
		WHERE state = 1 AND received_at < $1 AND id IN (SELECT id FROM received ORDER BY id LIMIT $2)`, before, limit)
}

// InsertTombstone remembers that an object is gone, also one we never had, and
// who said so: "" is this node, which saw that it was so. Again is no error.
func (q Queries) InsertTombstone(ctx context.Context, uri, actorURI string, now int64) error {
	_, err := q.exec(ctx, `
		INSERT INTO tombstones (uri, actor_uri, created_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (uri, actor_uri) DO NOTHING`, uri, actorURI, now)
	return err
}

// Tombstone names an object that is gone and who said so.
type Tombstone struct {
	URI      string `db:"uri"`
	ActorURI string `db:"actor_uri"`
}

// IsTombstone says whether an object was deleted here, or by its author before
// it came: nobody else can bar it.
func (q Queries) IsTombstone(ctx context.Context, uri, authorURI string) (bool, error) {
	t := Tombstone{URI: uri, ActorURI: authorURI}
	if q.tail != nil {
		q.tail.absent = append(q.tail.absent, t)
		return false, nil
	}
	return q.anyTombstone(ctx, []Tombstone{t})
}

// anyTombstone says whether one of the objects was deleted.
func (q Queries) anyTombstone(ctx context.Context, ts []Tombstone) (bool, error) {
	gone := false
	err := inChunks(ts, func(ts []Tombstone) error {
		uris := make([]string, len(ts))
		for i, t := range ts {
			uris[i] = t.URI
		}
		var found []Tombstone
		args := padded(uris)
		err := q.list(ctx, &found, `
			SELECT uri, actor_uri
			FROM tombstones
			WHERE uri IN (`+places(1, len(args))+`)`, args...)
		for _, f := range found {
			gone = gone || f.ActorURI == "" || slices.Contains(ts, f)
		}
		return err
	})
	return gone, err
}

// PruneTombstones forgets tombstones from before a time.
func (q Queries) PruneTombstones(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM tombstones
		WHERE created_at < $1 AND uri IN (SELECT uri FROM tombstones WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, before, limit)
}
