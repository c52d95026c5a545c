package storage

import "context"

// Host is one row of hosts: what we know of a peer's server, and its breaker.
type Host struct {
	Host         string `db:"host"`
	Software     string `db:"software"`
	Version      string `db:"version"`
	AgentsOnly   bool   `db:"agents_only"` // its instance actor declares humanWrites: none
	Failures     int64  `db:"failures"`    // in a row, 0 while it answers
	FailingSince int64  `db:"failing_since"`
	OpenUntil    int64  `db:"open_until"` // the breaker: no attempt before
	CheckedAt    int64  `db:"checked_at"` // when its instance actor was asked for
	LastSeenAt   int64  `db:"last_seen_at"`
	CreatedAt    int64  `db:"created_at"`
}

const hostColumns = `host, software, version, agents_only, failures, failing_since, open_until, checked_at, last_seen_at, created_at`

// Host returns what is known of a server; ErrNotFound when nothing is.
func (q Queries) Host(ctx context.Context, host string) (Host, error) {
	var h Host
	err := q.get(ctx, &h, `
		SELECT `+hostColumns+`
		FROM hosts
		WHERE host = $1`, host)
	return h, err
}

// HostForUpdate is Host, and keeps others from changing it until the transaction ends.
func (q Queries) HostForUpdate(ctx context.Context, host string) (Host, error) {
	var h Host
	err := q.get(ctx, &h, `
		SELECT `+hostColumns+`
		FROM hosts
		WHERE host = $1`+q.dialect.forUpdate, host)
	return h, err
}

// Hosts returns known servers by name, behind after.
func (q Queries) Hosts(ctx context.Context, after string, limit int) ([]Host, error) {
	hs := []Host{}
	err := q.list(ctx, &hs, `
		SELECT `+hostColumns+`
		FROM hosts
		WHERE host > $1
		ORDER BY host
		LIMIT $2`, after, limit)
	return hs, err
}

// PutHost stores what a server says of itself; its breaker stays. The agents of
// that server get the tier that goes with it: 2 where only agents write, else 1.
func (q Queries) PutHost(ctx context.Context, h Host) error {
	q.queue(QueueHosts)
	_, err := q.exec(ctx, `
		INSERT INTO hosts (`+hostColumns+`)
		VALUES ($1, $2, $3, $4, 0, 0, 0, $5, $6, $7)
		ON CONFLICT (host) DO UPDATE
		SET software = excluded.software, version = excluded.version, agents_only = excluded.agents_only, checked_at = excluded.checked_at`,
		h.Host, h.Software, h.Version, h.AgentsOnly, h.CheckedAt, h.LastSeenAt, h.CreatedAt)
	if err != nil {
		return err
	}
	tier := 1
	if h.AgentsOnly {
		tier = 2
	}
	_, err = q.exec(ctx, `
		UPDATE actors
		SET tier = $1
		WHERE host = CAST($2 AS TEXT) AND kind = 'agent' AND tier IN (1, 2) AND tier <> $1`, tier, h.Host)
	return err
}

// HostFailure is an attempt that failed.
type HostFailure struct {
	Host      string
	Inbox     string // that was tried
	At        int64
	OpenUntil int64 // when it is tried again
}

// halfOpen is how much later than the inbox that failed all others of its host
// are tried: that one finds out whether the host is back, and its success lets
// them all go. They are not put off twice, so that one bad inbox holds up no host.
const halfOpen = 10 * 60 * 1_000

// FailHost opens a host's breaker and makes all its lanes wait. The inbox that
// worked last finds out beside the one that failed whether the host is back: it
// may be that one's fault alone.
func (q Queries) FailHost(ctx context.Context, f HostFailure) error {
	q.queue(QueueHosts)
	if _, err := q.exec(ctx, `
		INSERT INTO hosts (`+hostColumns+`)
		VALUES ($1, '', '', FALSE, 1, $2, $3, 0, 0, $2)
		ON CONFLICT (host) DO UPDATE
		SET failures = CASE WHEN hosts.open_until <= $2 THEN hosts.failures + 1 ELSE hosts.failures END, open_until = excluded.open_until,
			failing_since = CASE WHEN hosts.failures = 0 THEN excluded.failing_since ELSE hosts.failing_since END`,
		f.Host, f.At, f.OpenUntil); err != nil {
		return err
	}
	if _, err := q.exec(ctx, `
		UPDATE lanes
		SET next_at = $1
		WHERE host = $2 AND inbox <> $3 AND next_at < $4`, f.OpenUntil+halfOpen, f.Host, f.Inbox, f.OpenUntil); err != nil {
		return err
	}
	_, err := q.exec(ctx, `
		UPDATE lanes
		SET next_at = $1
		WHERE inbox IN (
			SELECT inbox
			FROM lanes
			WHERE host = $2 AND inbox <> $3 AND last_success_at > 0
			ORDER BY last_success_at DESC, inbox
			LIMIT 1
		) AND next_at > $1`, f.OpenUntil, f.Host, f.Inbox)
	return err
}

// OthersTake says whether another inbox of a host took something since a time.
func (q Queries) OthersTake(ctx context.Context, host, inbox string, since int64) (bool, error) {
	var inboxes []string
	err := q.list(ctx, &inboxes, `
		SELECT inbox
		FROM lanes
		WHERE host = $1 AND inbox <> $2 AND last_success_at > $3
		LIMIT 1`, host, inbox, since)
	return len(inboxes) > 0, err
}

// WakeHost closes a host's breaker and lets its lanes go at once: it answered
// us, or sent us something signed. It changes nothing when nothing was wrong.
func (q Queries) WakeHost(ctx context.Context, host string, now int64) error {
	n, err := q.exec(ctx, `
		UPDATE hosts
		SET failures = 0, failing_since = 0, open_until = 0, last_seen_at = $1
		WHERE host = $2 AND failures > 0`, now, host)
	if err != nil || n == 0 {
		return err
	}
	q.queue(QueueLanes)
	_, err = q.exec(ctx, `
		UPDATE lanes
		SET next_at = 0
		WHERE host = $1 AND next_at > 0`, host)
	return err
}

// ProbeHost lets a failing host's lanes go at once: it answered a question. Its
// breaker stays open until something is delivered.
func (q Queries) ProbeHost(ctx context.Context, host string, now int64) error {
	q.queue(QueueLanes)
	if _, err := q.exec(ctx, `
		UPDATE hosts
		SET open_until = $1, last_seen_at = $1
		WHERE host = $2`, now, host); err != nil {
		return err
	}
	_, err := q.exec(ctx, `
		UPDATE lanes
		SET next_at = 0
		WHERE host = $1 AND next_at > 0`, host)
	return err
}

// CloseLanes gives up all that waits for a host.
func (q Queries) CloseLanes(ctx context.Context, host string) error {
	_, err := q.exec(ctx, `
		UPDATE lanes
		SET expired = expired + 1, position = head
		WHERE host = $1 AND head > position`, host)
	return err
}

// HostsDue returns hosts that were asked about themselves last before a time.
func (q Queries) HostsDue(ctx context.Context, before int64, limit int) ([]Host, error) {
	hs := []Host{}
	err := q.list(ctx, &hs, `
		SELECT `+hostColumns+`
		FROM hosts
		WHERE checked_at < $1
		ORDER BY checked_at
		LIMIT $2`, before, limit)
	return hs, err
}

// ClaimHost counts one of them as asked now; ErrNotFound when there is none.
func (q Queries) ClaimHost(ctx context.Context, before, now int64) (Host, error) {
	var h Host
	err := q.get(ctx, &h, `
		UPDATE hosts
		SET checked_at = $1
		WHERE host IN (
			SELECT host
			FROM hosts
			WHERE checked_at < $2
			ORDER BY checked_at
			LIMIT 1`+q.dialect.skipLocked+`
		)
		RETURNING `+hostColumns, now, before)
	return h, err
}

// HasActors says whether an actor of a host is known.
func (q Queries) HasActors(ctx context.Context, host string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM actors
		WHERE host = CAST($1 AS TEXT)
		LIMIT 1`, host)
	return len(ids) > 0, err
}

// DeleteHost forgets a host and its lanes.
func (q Queries) DeleteHost(ctx context.Context, host string) error {
	if _, err := q.exec(ctx, `
		DELETE FROM lanes
		WHERE host = $1`, host); err != nil {
		return err
	}
	return q.one(ctx, `
		DELETE FROM hosts
		WHERE host = $1`, host)
}
