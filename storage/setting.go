package storage

import "context"

// Setting returns a stored value; ErrNotFound when it was never set.
func (q Queries) Setting(ctx context.Context, name string) (string, error) {
	var v string
	err := q.get(ctx, &v, `
		SELECT value
		FROM settings
		WHERE name = $1`, name)
	return v, err
}

// KeepSetting stores a value that is set once; ErrExists when it is set.
func (q Queries) KeepSetting(ctx context.Context, name, value string) error {
	_, err := q.exec(ctx, `
		INSERT INTO settings (name, value)
		VALUES ($1, $2)`, name, value)
	return err
}

// PutSetting stores a value in the place of what was set.
func (q Queries) PutSetting(ctx context.Context, name, value string) error {
	_, err := q.exec(ctx, `
		INSERT INTO settings (name, value)
		VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE
		SET value = excluded.value`, name, value)
	return err
}

// Change is the mark of one process: its version moves when it wrote something
// that others may hold in memory.
type Change struct {
	Process string `db:"process"`
	Version int64  `db:"version"`
	At      int64  `db:"at"`
}

// MarkChange moves a process's mark.
func (q Queries) MarkChange(ctx context.Context, c Change) error {
	_, err := q.exec(ctx, `
		INSERT INTO changes (process, version, at)
		VALUES ($1, $2, $3)
		ON CONFLICT (process) DO UPDATE
		SET version = excluded.version, at = excluded.at`, c.Process, c.Version, c.At)
	return err
}

// Changes returns the marks of all processes, at most 100.
func (q Queries) Changes(ctx context.Context) ([]Change, error) {
	cs := []Change{}
	err := q.list(ctx, &cs, `
		SELECT process, version, at
		FROM changes
		ORDER BY process
		LIMIT 100`)
	return cs, err
}

// PruneChanges forgets processes that have been silent since before.
func (q Queries) PruneChanges(ctx context.Context, before int64) error {
	_, err := q.exec(ctx, `
		DELETE FROM changes
		WHERE at < $1`, before)
	return err
}
