package storage

import "context"

// Act is one row of audit: what the operator did. It is private, and never changed.
type Act struct {
	ID     string `db:"id"`
	Who    string `db:"who"`    // by which way it came
	Act    string `db:"act"`    // such as "suspend agent"
	Target string `db:"target"` // the name or id of what it was done to
	Detail string `db:"detail"`
	At     int64  `db:"at"`
}

// InsertAct adds a row.
func (q Queries) InsertAct(ctx context.Context, a Act) error {
	_, err := q.exec(ctx, `
		INSERT INTO audit (id, who, act, target, detail, at)
		VALUES ($1, $2, $3, $4, $5, $6)`, a.ID, a.Who, a.Act, a.Target, a.Detail, a.At)
	return err
}

// Acts returns what was done, the latest first.
func (q Queries) Acts(ctx context.Context, limit int) ([]Act, error) {
	as := []Act{}
	err := q.list(ctx, &as, `
		SELECT id, who, act, target, detail, at
		FROM audit
		ORDER BY at DESC, id DESC
		LIMIT $1`, limit)
	return as, err
}
