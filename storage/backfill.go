package storage

import "context"

// States of a backfill and of its steps.
const (
	BackfillWaiting = 0
	BackfillDone    = 1
)

// Backfill is one row of backfills: something of another server whose past is
// fetched. There is one row for each actor or post, however many ask; what it
// used up counts against its bounds, over restarts too.
type Backfill struct {
	URI         string `db:"uri"`  // of the actor or the post
	Kind        string `db:"kind"` // the caller's word for what is fetched
	ActorID     string `db:"actor_id"`
	Host        string `db:"host"`
	State       int64  `db:"state"`
	Requests    int64  `db:"requests"`
	Pages       int64  `db:"pages"`
	Items       int64  `db:"items"`
	Bytes       int64  `db:"bytes"`
	Attempts    int64  `db:"attempts"` // failures since the last success
	Result      string `db:"result"`
	RequestedAt int64  `db:"requested_at"`
	DueAt       int64  `db:"due_at"`
	LeaseOwner  string `db:"lease_owner"`
	LeaseUntil  int64  `db:"lease_until"`
}

const backfillColumns = `uri, kind, actor_id, host, state, requests, pages, items, bytes, attempts, result, requested_at, due_at, lease_owner, lease_until`

// BackfillStep is one row of backfill_steps: a page, an object or an activity
// that is to be taken up. A step stays when it is done, so that nothing is
// asked for twice; all go with the end of their backfill.
type BackfillStep struct {
	Backfill string `db:"backfill"`
	URI      string `db:"uri"`
	Kind     string `db:"kind"`
	Host     string `db:"host"`
	Rank     int64  `db:"rank"` // lower first
	Seq      int64  `db:"seq"`
	State    int64  `db:"state"`
	Body     []byte `db:"body"` // what stood in a collection whole; empty when it is to be fetched
}

// RequestBackfill asks for a backfill and says whether it is to be done: one
// that waits, or that was asked for after again, stays as it is.
func (q Queries) RequestBackfill(ctx context.Context, b Backfill, again int64) (bool, error) {
	q.queue(QueueBackfills)
	n, err := q.exec(ctx, `
		INSERT INTO backfills (`+backfillColumns+`)
		VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, 0, '', $5, $5, '', 0)
		ON CONFLICT (uri) DO UPDATE
		SET state = 0, requests = 0, pages = 0, items = 0, bytes = 0, attempts = 0, result = '',
			requested_at = excluded.requested_at, due_at = excluded.due_at
		WHERE backfills.state = 1 AND backfills.requested_at < $6`,
		b.URI, b.Kind, b.ActorID, b.Host, b.RequestedAt, again)
	return n > 0, err
}

// Backfill returns a backfill by what it is of; ErrNotFound when there is none.
func (q Queries) Backfill(ctx context.Context, uri string) (Backfill, error) {
	var b Backfill
	err := q.get(ctx, &b, `
		SELECT `+backfillColumns+`
		FROM backfills
		WHERE uri = $1`, uri)
	return b, err
}

// BackfillsDue says whether a backfill waits and is due.
func (q Queries) BackfillsDue(ctx context.Context, now int64) (bool, error) {
	var uris []string
	err := q.list(ctx, &uris, `
		SELECT uri
		FROM backfills
		WHERE state = 0 AND due_at <= $1 AND lease_until <= $1
		LIMIT 1`, now)
	return len(uris) > 0, err
}

// ClaimBackfill leases the longest due backfill of a host of which none is
// under way; ErrNotFound when there is none.
func (q Queries) ClaimBackfill(ctx context.Context, owner string, now, until int64) (Backfill, error) {
	var b Backfill
	err := q.get(ctx, &b, `
		UPDATE backfills
		SET lease_owner = $1, lease_until = $2
		WHERE uri IN (
			SELECT uri
			FROM backfills
			WHERE state = 0 AND due_at <= $3 AND lease_until <= $3
				AND host NOT IN (SELECT host FROM backfills WHERE state = 0 AND lease_until > $3)
			ORDER BY due_at
			LIMIT 1`+q.dialect.skipLocked+`
		)
		RETURNING `+backfillColumns, owner, until, now)
	return b, err
}

// UpdateBackfill stores what a backfill used up and, with it, gives it back
// when its lease is over; ErrNotFound when another has it.
func (q Queries) UpdateBackfill(ctx context.Context, b Backfill) error {
	q.queue(QueueBackfills)
	return q.one(ctx, `
		UPDATE backfills
		SET state = $1, requests = $2, pages = $3, items = $4, bytes = $5, attempts = $6, result = $7, due_at = $8, lease_until = $9
		WHERE uri = $10 AND lease_owner = $11`,
		b.State, b.Requests, b.Pages, b.Items, b.Bytes, b.Attempts, b.Result, b.DueAt, b.LeaseUntil, b.URI, b.LeaseOwner)
}

// ReleaseBackfills ends the leases of an owner that stops.
func (q Queries) ReleaseBackfills(ctx context.Context, owner string) error {
	q.queue(QueueBackfills)
	_, err := q.exec(ctx, `
		UPDATE backfills
		SET lease_owner = '', lease_until = 0
		WHERE state = 0 AND lease_owner = $1`, owner)
	return err
}

// PruneBackfills forgets that something was fetched before a time.
func (q Queries) PruneBackfills(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM backfills
		WHERE uri IN (SELECT uri FROM backfills WHERE state = 1 AND requested_at < $1 ORDER BY requested_at LIMIT $2)`, before, limit)
}

// InsertStep adds a step; false when its backfill has or had it.
func (q Queries) InsertStep(ctx context.Context, s BackfillStep) (bool, error) {
	q.queue(QueueBackfills)
	if s.Body == nil {
		s.Body = []byte{}
	}
	n, err := q.exec(ctx, `
		INSERT INTO backfill_steps (backfill, uri, kind, host, rank, seq, state, body)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
		ON CONFLICT (backfill, uri) DO NOTHING`, s.Backfill, s.URI, s.Kind, s.Host, s.Rank, s.Seq, s.Body)
	return n > 0, err
}

// NextStep returns the step of a backfill that is the next; ErrNotFound at its end.
func (q Queries) NextStep(ctx context.Context, backfill string) (BackfillStep, error) {
	var s BackfillStep
	err := q.get(ctx, &s, `
		SELECT backfill, uri, kind, host, rank, seq, state, body
		FROM backfill_steps
		WHERE backfill = $1 AND state = 0
		ORDER BY rank, seq
		LIMIT 1`, backfill)
	return s, err
}

// FinishStep ends a step and forgets its body.
func (q Queries) FinishStep(ctx context.Context, backfill, uri string) error {
	return q.one(ctx, `
		UPDATE backfill_steps
		SET state = 1, body = $1
		WHERE backfill = $2 AND uri = $3`, []byte{}, backfill, uri)
}

// StepHosts counts the steps of a backfill by host. Its steps are few.
func (q Queries) StepHosts(ctx context.Context, backfill string) (map[string]int, error) {
	var counts []struct {
		Host  string `db:"host"`
		Steps int    `db:"steps"`
	}
	err := q.list(ctx, &counts, `
		SELECT host, COUNT(*) AS steps
		FROM backfill_steps
		WHERE backfill = $1
		GROUP BY host`, backfill)
	hosts := make(map[string]int, len(counts))
	for _, c := range counts {
		hosts[c.Host] = c.Steps
	}
	return hosts, err
}

// DeleteSteps forgets all steps of a backfill.
func (q Queries) DeleteSteps(ctx context.Context, backfill string) error {
	_, err := q.exec(ctx, `
		DELETE FROM backfill_steps
		WHERE backfill = $1`, backfill)
	return err
}
