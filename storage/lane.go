package storage

import "context"

// Lane is one row of lanes: a peer's inbox and how far in the outbox log it has
// been served. It is behind while Head > Position; its lag is their difference.
type Lane struct {
	Inbox         string `db:"inbox"`
	Host          string `db:"host"`
	Head          int64  `db:"head"`     // the last entry that concerns it
	Position      int64  `db:"position"` // the last entry that it needs no more
	LeaseOwner    string `db:"lease_owner"`
	LeaseUntil    int64  `db:"lease_until"`
	NextAt        int64  `db:"next_at"` // not before
	Delivered     int64  `db:"delivered"`
	Refused       int64  `db:"refused"`
	Expired       int64  `db:"expired"`
	LastStatus    int64  `db:"last_status"`
	LastError     string `db:"last_error"` // verbatim
	LastAttemptAt int64  `db:"last_attempt_at"`
	LastSuccessAt int64  `db:"last_success_at"`
}

const laneColumns = `inbox, host, head, position, lease_owner, lease_until, next_at, delivered, refused, expired,
	last_status, last_error, last_attempt_at, last_success_at`

// OpenLane makes sure that an inbox has a lane; domain is what its host's owner
// registered. A new one starts at the end of the log.
func (q Queries) OpenLane(ctx context.Context, inbox, host, domain string) error {
	_, err := q.exec(ctx, `
		INSERT INTO lanes (inbox, host, domain, head, position, lease_owner, lease_until, next_at, delivered, refused, expired,
			last_status, last_error, last_attempt_at, last_success_at)
		VALUES ($1, $2, $3, 0, 0, '', 0, 0, 0, 0, 0, 0, '', 0, 0)
		ON CONFLICT (inbox) DO NOTHING`, inbox, host, domain)
	return err
}

// FollowingInboxes counts the inboxes of a domain that belong to an audience, up to
// limit; one that does already, inbox, makes it 0.
func (q Queries) FollowingInboxes(ctx context.Context, inbox, domain string, limit int64) (int64, error) {
	var inboxes []string
	err := q.list(ctx, &inboxes, `
		SELECT l.inbox
		FROM lanes l
		WHERE l.domain = $1 AND EXISTS (SELECT 1 FROM audience a WHERE a.inbox = l.inbox)
			AND NOT EXISTS (SELECT 1 FROM audience a WHERE a.inbox = $2)
		LIMIT $3`, domain, inbox, limit)
	return int64(len(inboxes)), err
}

// Peopled returns those audiences that have an inbox.
func (q Queries) Peopled(ctx context.Context, audiences []string) ([]string, error) {
	all := []string{}
	err := inChunks(audiences, func(audiences []string) error {
		args := padded(audiences)
		some := []string{}
		err := q.list(ctx, &some, `
			SELECT DISTINCT audience
			FROM audience
			WHERE audience IN (`+places(1, len(args))+`)`, args...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// RaiseAudience tells the lanes of an audience that the entries first to last
// hold something for them. An idle lane jumps to just before first.
func (q Queries) RaiseAudience(ctx context.Context, audience string, first, last int64) error {
	return q.raise(ctx, `
		UPDATE lanes
		SET position = CASE WHEN head <= position THEN $1 ELSE position END, head = $2
		WHERE head < $2 AND inbox IN (SELECT inbox FROM audience WHERE audience = $3)`, first-1, last, audience)
}

// RaiseLane is RaiseAudience for one inbox.
func (q Queries) RaiseLane(ctx context.Context, inbox string, first, last int64) error {
	return q.raise(ctx, `
		UPDATE lanes
		SET position = CASE WHEN head <= position THEN $1 ELSE position END, head = $2
		WHERE head < $2 AND inbox = $3`, first-1, last, inbox)
}

func (q Queries) raise(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if n > 0 {
		q.queue(QueueLanes)
	}
	return err
}

// ClaimLanes leases lanes that are behind and due, the longest waiting first.
func (q Queries) ClaimLanes(ctx context.Context, owner string, now, until int64, limit int) ([]Lane, error) {
	lanes := []Lane{}
	err := q.list(ctx, &lanes, `
		UPDATE lanes
		SET lease_owner = $1, lease_until = $2, last_attempt_at = $3
		WHERE inbox IN (
			SELECT inbox
			FROM lanes
			WHERE head > position AND next_at <= $3 AND lease_until <= $3
			ORDER BY next_at
			LIMIT $4`+q.dialect.skipLocked+`
		)
		RETURNING `+laneColumns, owner, until, now, limit)
	return lanes, err
}

// LaneReport is what came of one turn of a lane.
type LaneReport struct {
	Inbox     string
	Owner     string
	Position  int64
	NextAt    int64 // 0 when it need not wait
	InboxOnly bool  // it waits for a reason that the host's other inboxes need not share
	Delivered int64
	Refused   int64
	Expired   int64
	Status    int64  // of the last answer, 0 when there was none
	Error     string // "" after a success
	SuccessAt int64  // 0 when nothing was delivered
}

// FinishLane gives a lane back; ErrNotFound when its lease went to another.
func (q Queries) FinishLane(ctx context.Context, r LaneReport) error {
	return q.one(ctx, `
		UPDATE lanes
		SET position = $1, next_at = $2, lease_owner = '', lease_until = 0, delivered = delivered + $3, refused = refused + $4,
			expired = expired + $5, last_status = $6, last_error = $7,
			last_success_at = CASE WHEN CAST($8 AS BIGINT) > 0 THEN $8 ELSE last_success_at END
		WHERE inbox = $9 AND lease_owner = $10`,
		r.Position, r.NextAt, r.Delivered, r.Refused, r.Expired, r.Status, r.Error, r.SuccessAt, r.Inbox, r.Owner)
}

// ReleaseLanes ends the leases of an owner that stops, so that nobody waits for them.
func (q Queries) ReleaseLanes(ctx context.Context, owner string) error {
	q.queue(QueueLanes)
	_, err := q.exec(ctx, `
		UPDATE lanes
		SET lease_owner = '', lease_until = 0
		WHERE lease_owner = $1`, owner)
	return err
}

// AudiencesOf returns the audiences that an inbox belongs to, of those given.
func (q Queries) AudiencesOf(ctx context.Context, inbox string, of []string) ([]string, error) {
	as := []string{}
	if len(of) == 0 {
		return as, nil
	}
	args := append([]any{inbox}, padded(of)...)
	err := q.list(ctx, &as, `
		SELECT audience
		FROM audience
		WHERE inbox = $1 AND audience IN (`+places(2, len(args)-1)+`)`, args...)
	return as, err
}

// Lanes returns lanes by inbox, behind after: for the operator.
func (q Queries) Lanes(ctx context.Context, after string, limit int) ([]Lane, error) {
	lanes := []Lane{}
	err := q.list(ctx, &lanes, `
		SELECT `+laneColumns+`
		FROM lanes
		WHERE inbox > $1
		ORDER BY inbox
		LIMIT $2`, after, limit)
	return lanes, err
}

// LanesOf returns some of the lanes to a host.
func (q Queries) LanesOf(ctx context.Context, host string, limit int) ([]Lane, error) {
	lanes := []Lane{}
	err := q.list(ctx, &lanes, `
		SELECT `+laneColumns+`
		FROM lanes
		WHERE host = $1
		LIMIT $2`, host, limit)
	return lanes, err
}

// HostLanes is how far deliveries to one server are.
type HostLanes struct {
	Host          string `db:"host"`
	Lag           int64  `db:"lag"` // entries of the log that it was not sent yet
	Delivered     int64  `db:"delivered"`
	LastSuccessAt int64  `db:"last_success_at"`
}

// LanesOfHosts adds up the lanes to some servers; those without one are left out.
func (q Queries) LanesOfHosts(ctx context.Context, hosts []string) ([]HostLanes, error) {
	sums := []HostLanes{}
	if len(hosts) == 0 {
		return sums, nil
	}
	args := padded(hosts)
	err := q.list(ctx, &sums, `
		SELECT host, SUM(CASE WHEN head > position THEN head - position ELSE 0 END) AS lag, SUM(delivered) AS delivered,
			MAX(last_success_at) AS last_success_at
		FROM lanes
		WHERE host IN (`+places(1, len(args))+`)
		GROUP BY host`, args...)
	return sums, err
}

// LanesDue says whether a lane is behind and may be served now.
func (q Queries) LanesDue(ctx context.Context, now int64) (bool, error) {
	var inboxes []string
	err := q.list(ctx, &inboxes, `
		SELECT inbox
		FROM lanes
		WHERE head > position AND next_at <= $1 AND lease_until <= $1
		LIMIT 1`, now)
	return len(inboxes) > 0, err
}

// HoldLanes makes the lanes to servers of a software wait until a time.
func (q Queries) HoldLanes(ctx context.Context, software string, until int64) error {
	_, err := q.exec(ctx, `
		UPDATE lanes
		SET next_at = $1
		WHERE next_at < $1 AND host IN (SELECT host FROM hosts WHERE software = $2)`, until, software)
	return err
}
