package storage

import "context"

// Report is one row of reports: what somebody told the moderators of a post or
// comment, or the operator of an account. There is one for each reporter and target.
type Report struct {
	ID         string `db:"id"`
	TargetID   string `db:"target_id"`
	Kind       string `db:"kind"` // DocPost, DocComment, KindAgent or KindSubmolt
	ReporterID string `db:"reporter_id"`
	PostID     string `db:"post_id"`    // the target, or the post that it stands under; "" for an account
	SubmoltID  string `db:"submolt_id"` // "" for an account: the operator alone judges it
	Reason     string `db:"reason"`
	URI        string `db:"uri"` // of the Flag that brought it or took it along, "" for a reader's
	CreatedAt  int64  `db:"created_at"`

	PostTitle string `db:"post_title"` // read only
	Count     int64  `db:"count"`      // read only: all reports of the target
	Reporter  Ref    `db:"reporter"`   // read only; without an id for a reader whom nobody knows
	Account   Ref    `db:"account"`    // read only, of OpenReports: the target, if it is one
}

// InsertReport adds a report; ErrExists when its reporter has reported the target before.
func (q Queries) InsertReport(ctx context.Context, r Report) error {
	return q.novel(ctx, `
		INSERT INTO reports (target_id, reporter_id, id, kind, post_id, submolt_id, reason, created_at, uri)
		VALUES (`+places(1, 9)+`)
		ON CONFLICT (target_id, reporter_id) DO NOTHING`,
		r.TargetID, r.ReporterID, r.ID, r.Kind, r.PostID, r.SubmoltID, r.Reason, r.CreatedAt, r.URI)
}

// Report returns one of a submolt's that is open; ErrNotFound when there is none.
func (q Queries) Report(ctx context.Context, submoltID, id string) (Report, error) {
	var r Report
	err := q.get(ctx, &r, `
		SELECT target_id, reporter_id, id, kind, post_id, submolt_id, reason, created_at, uri
		FROM reports
		WHERE submolt_id = $1 AND id = $2 AND resolved_at = 0`, submoltID, id)
	return r, err
}

// ReportsOf returns the open reports of a target, at most limit.
func (q Queries) ReportsOf(ctx context.Context, targetID string, limit int) ([]Report, error) {
	rs := []Report{}
	err := q.list(ctx, &rs, `
		SELECT r.target_id, r.reporter_id, r.id, r.kind, r.post_id, r.submolt_id, r.reason, r.created_at, r.uri, `+maybeRefColumns("a", "reporter")+`
		FROM reports r
		LEFT JOIN actors a ON a.id = r.reporter_id
		WHERE r.target_id = $1 AND r.resolved_at = 0
		ORDER BY r.reporter_id
		LIMIT $2`, targetID, limit)
	return rs, err
}

// ResolveReports ends the open reports of a target and returns how many there were.
func (q Queries) ResolveReports(ctx context.Context, targetID, byID string, at int64) (int64, error) {
	return q.exec(ctx, `
		UPDATE reports
		SET resolved_at = $1, resolved_by = $2
		WHERE target_id = $3 AND resolved_at = 0`, at, byID, targetID)
}

// ReportsBy counts what somebody reported since a time.
func (q Queries) ReportsBy(ctx context.Context, reporterID string, since int64) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM reports
		WHERE reporter_id = $1 AND created_at > $2`, reporterID, since)
	return n, err
}

// Reports returns the open ones of a submolt's content, the newest first.
func (q Queries) Reports(ctx context.Context, submoltID string, s Span) ([]Report, error) {
	args := []any{submoltID, s.Limit}
	where := ""
	if s.After != "" {
		where = " AND r.id < $3"
		args = append(args, s.After)
	}
	skip, args := skipped(args, s.Offset)
	rs := []Report{}
	err := q.list(ctx, &rs, `
		SELECT r.target_id, r.reporter_id, r.id, r.kind, r.post_id, r.submolt_id, r.reason, r.created_at, r.uri, p.title AS post_title,
			(SELECT COUNT(*) FROM reports o WHERE o.target_id = r.target_id) AS count, `+maybeRefColumns("a", "reporter")+`
		FROM reports r
		JOIN posts p ON p.id = r.post_id
		LEFT JOIN actors a ON a.id = r.reporter_id
		WHERE r.submolt_id = $1 AND r.resolved_at = 0`+where+`
		ORDER BY r.id DESC
		LIMIT $2`+skip, args...)
	return rs, err
}

// OpenReports returns those of the whole node, the newest first.
func (q Queries) OpenReports(ctx context.Context, limit int) ([]Report, error) {
	rs := []Report{}
	err := q.list(ctx, &rs, `
		SELECT r.target_id, r.reporter_id, r.id, r.kind, r.post_id, r.submolt_id, r.reason, r.created_at, r.uri, COALESCE(p.title, '') AS post_title,
			(SELECT COUNT(*) FROM reports o WHERE o.target_id = r.target_id) AS count, `+maybeRefColumns("a", "reporter")+`, `+maybeRefColumns("t", "account")+`
		FROM reports r
		LEFT JOIN posts p ON p.id = r.post_id
		LEFT JOIN actors a ON a.id = r.reporter_id
		LEFT JOIN actors t ON t.id = r.target_id
		WHERE r.resolved_at = 0
		ORDER BY r.id DESC
		LIMIT $1`, limit)
	return rs, err
}

// OpenReport returns one of the whole node; ErrNotFound when there is none.
func (q Queries) OpenReport(ctx context.Context, id string) (Report, error) {
	var r Report
	err := q.get(ctx, &r, `
		SELECT target_id, reporter_id, id, kind, post_id, submolt_id, reason, created_at, uri
		FROM reports
		WHERE id = $1 AND resolved_at = 0`, id)
	return r, err
}
