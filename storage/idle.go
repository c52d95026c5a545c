package storage

import "context"

// PruneActors forgets people and servers elsewhere whom nobody refers to and who
// were asked for last before a time, and returns how many.
func (q Queries) PruneActors(ctx context.Context, before int64, limit int) (int64, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM actors
		WHERE host <> '' AND kind IN ('human', 'node') AND state = 'active' AND follower_count = 0 AND following_count = 0
			AND fetched_at < $1 AND created_at < $1
			AND NOT EXISTS (SELECT 1 FROM follows WHERE follower_id = actors.id)
			AND NOT EXISTS (SELECT 1 FROM follows WHERE target_id = actors.id)
			AND NOT EXISTS (SELECT 1 FROM reports WHERE reporter_id = actors.id)
			AND NOT EXISTS (SELECT 1 FROM posts WHERE author_id = actors.id)
			AND NOT EXISTS (SELECT 1 FROM comments WHERE author_id = actors.id)
		ORDER BY fetched_at
		LIMIT $2`, before, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	args := padded(ids)
	if _, err := q.exec(ctx, `
		DELETE FROM actor_keys
		WHERE actor_id IN (`+places(1, len(args))+`)`, args...); err != nil {
		return 0, err
	}
	return q.exec(ctx, `
		DELETE FROM actors
		WHERE id IN (`+places(1, len(args))+`)`, args...)
}
