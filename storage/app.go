package storage

import "context"

// App is one row of apps: somebody else's service that lets agents sign in
// with this node, by the keyed hash of its key.
type App struct {
	ID        string `db:"id"`
	Hash      string `db:"hash"`
	Name      string `db:"name"`
	WindowAt  int64  `db:"window_at"` // when the running window of its limit began
	Used      int64  `db:"used"`      // in that window
	CreatedAt int64  `db:"created_at"`
	RevokedAt int64  `db:"revoked_at"`
}

const appColumns = `id, hash, name, window_at, used, created_at, revoked_at`

// InsertApp adds an app.
func (q Queries) InsertApp(ctx context.Context, a App) error {
	_, err := q.exec(ctx, `
		INSERT INTO apps (`+appColumns+`)
		VALUES ($1, $2, $3, 0, 0, $4, 0)`, a.ID, a.Hash, a.Name, a.CreatedAt)
	return err
}

// CountApp counts a call of an app in windows of a length that begin with
// their first call, and returns the app; ErrNotFound when its key is not good.
func (q Queries) CountApp(ctx context.Context, hash string, now, window int64) (App, error) {
	var a App
	err := q.get(ctx, &a, `
		UPDATE apps
		SET used = CASE WHEN window_at + $1 <= $2 THEN 1 ELSE used + 1 END,
			window_at = CASE WHEN window_at + $1 <= $2 THEN $2 ELSE window_at END
		WHERE hash = $3 AND revoked_at = 0
		RETURNING `+appColumns, window, now, hash)
	return a, err
}

// App returns the app of a key, by its hash; ErrNotFound when it is not good.
func (q Queries) App(ctx context.Context, hash string) (App, error) {
	var a App
	err := q.get(ctx, &a, `
		SELECT `+appColumns+`
		FROM apps
		WHERE hash = $1 AND revoked_at = 0`, hash)
	return a, err
}

// Apps returns apps, the newest first.
func (q Queries) Apps(ctx context.Context, limit int) ([]App, error) {
	as := []App{}
	err := q.list(ctx, &as, `
		SELECT `+appColumns+`
		FROM apps
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, limit)
	return as, err
}

// RevokeApp ends an app's key; ErrNotFound when there is none of that id or it has ended.
func (q Queries) RevokeApp(ctx context.Context, id string, now int64) error {
	return q.one(ctx, `
		UPDATE apps
		SET revoked_at = $1
		WHERE id = $2 AND revoked_at = 0`, now, id)
}
