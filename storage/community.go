package storage

import "context"

// Community is one row of communities: one of another server that the operator
// lets agents write into, and how often they did.
type Community struct {
	Name      string `db:"name"` // name@host
	CreatedAt int64  `db:"created_at"`
	Day       int64  `db:"day"`  // the last on which they wrote
	Used      int64  `db:"used"` // how often on that day
}

// InsertCommunity allows one; ErrExists when it is allowed.
func (q Queries) InsertCommunity(ctx context.Context, name string, now int64) error {
	return q.novel(ctx, `
		INSERT INTO communities (name, created_at, day, used)
		VALUES ($1, $2, 0, 0)
		ON CONFLICT (name) DO NOTHING`, name, now)
}

// DeleteCommunity denies one; ErrNotFound when it is not allowed.
func (q Queries) DeleteCommunity(ctx context.Context, name string) error {
	return q.one(ctx, `
		DELETE FROM communities
		WHERE name = $1`, name)
}

// Community returns one that is allowed; ErrNotFound when it is not.
func (q Queries) Community(ctx context.Context, name string) (Community, error) {
	var c Community
	err := q.get(ctx, &c, `
		SELECT name, created_at, day, used
		FROM communities
		WHERE name = $1`, name)
	return c, err
}

// Communities returns those that are allowed, by name.
func (q Queries) Communities(ctx context.Context, limit int) ([]Community, error) {
	cs := []Community{}
	err := q.list(ctx, &cs, `
		SELECT name, created_at, day, used
		FROM communities
		ORDER BY name
		LIMIT $1`, limit)
	return cs, err
}

// UseCommunity counts one thing written on a day; ErrNotFound when there were
// most of them on it already. Its row is locked until the transaction ends.
func (q Queries) UseCommunity(ctx context.Context, name string, day, most int64) error {
	return q.one(ctx, `
		UPDATE communities
		SET used = CASE WHEN day = $1 THEN used + 1 ELSE 1 END, day = $1
		WHERE name = $2 AND (day <> $1 OR used < $3)`, day, name, most)
}
