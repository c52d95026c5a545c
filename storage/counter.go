package storage

import "context"

// Counter is one row of counters: how much of something was used in the window
// of time that ends at EndsAt.
type Counter struct {
	Name   string `db:"name"`
	Used   int64  `db:"used"`
	EndsAt int64  `db:"ends_at"`
}

// Counter returns a counter by its name.
func (q Queries) Counter(ctx context.Context, name string) (Counter, error) {
	var c Counter
	err := q.get(ctx, &c, `
		SELECT name, used, ends_at
		FROM counters
		WHERE name = $1`, name)
	return c, err
}

// Count adds c.Used to a counter and returns it as it is then, its row locked
// until the transaction ends. Where none is, or its window is over at now, one
// begins that ends at c.EndsAt.
func (q Queries) Count(ctx context.Context, c Counter, now int64) (Counter, error) {
	err := q.get(ctx, &c, `
		INSERT INTO counters (name, used, ends_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE
		SET used = CASE WHEN counters.ends_at <= $4 THEN excluded.used ELSE counters.used + excluded.used END,
			ends_at = CASE WHEN counters.ends_at <= $4 THEN excluded.ends_at ELSE counters.ends_at END
		RETURNING name, used, ends_at`, c.Name, c.Used, c.EndsAt, now)
	return c, err
}

// Uncount takes n back from a counter, if its window still ends at c.EndsAt.
func (q Queries) Uncount(ctx context.Context, c Counter, n int64) error {
	_, err := q.exec(ctx, `
		UPDATE counters
		SET used = used - $1
		WHERE name = $2 AND ends_at = $3 AND used >= $1`, n, c.Name, c.EndsAt)
	return err
}

// PruneCounters forgets counters whose window was over before a time.
func (q Queries) PruneCounters(ctx context.Context, before int64, limit int) (int64, error) {
	return q.exec(ctx, `
		DELETE FROM counters
		WHERE ends_at < $1 AND name IN (SELECT name FROM counters WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)`, before, limit)
}
