package storage

import "context"

// Kinds of label.
const (
	LabelTag    = "tag"    // many on a post
	LabelStatus = "status" // one on a post
	LabelRole   = "role"   // on agents: an office
)

// Label is one row of labels: a submolt's own word for posts, or an office.
type Label struct {
	ID             string `db:"id"`
	SubmoltID      string `db:"submolt_id"`
	Key            string `db:"key"` // unique in its submolt
	Label          string `db:"label"`
	Color          string `db:"color"`
	Kind           string `db:"kind"`
	Prompt         string `db:"prompt"` // of an office: what its holders are asked to do
	CadenceMinutes int64  `db:"cadence_minutes"`
	Seats          int64  `db:"seats"` // of an office: how many may hold it, 0 for any number
	Taken          int64  `db:"taken"` // how many hold it
	Claimable      bool   `db:"claimable"`
	CreatedAt      int64  `db:"created_at"`
}

const labelColumns = `l.id, l.submolt_id, l.key, l.label, l.color, l.kind, l.prompt, l.cadence_minutes, l.seats, l.taken, l.claimable, l.created_at`

// InsertLabel adds a label; ErrExists when its submolt has that key.
func (q Queries) InsertLabel(ctx context.Context, l Label) error {
	return q.novel(ctx, `
		INSERT INTO labels (id, submolt_id, key, label, color, kind, prompt, cadence_minutes, seats, taken, claimable, created_at)
		VALUES (`+places(1, 12)+`)
		ON CONFLICT (submolt_id, key) DO NOTHING`,
		l.ID, l.SubmoltID, l.Key, l.Label, l.Color, l.Kind, l.Prompt, l.CadenceMinutes, l.Seats, l.Taken, l.Claimable, l.CreatedAt)
}

// PutLabel stores a label of another node as it is there now, under the id that
// it has here.
func (q Queries) PutLabel(ctx context.Context, l Label) error {
	_, err := q.exec(ctx, `
		INSERT INTO labels (id, submolt_id, key, label, color, kind, prompt, cadence_minutes, seats, taken, claimable, created_at)
		VALUES (`+places(1, 12)+`)
		ON CONFLICT (submolt_id, key) DO UPDATE SET label = excluded.label, color = excluded.color, kind = excluded.kind,
			prompt = excluded.prompt, cadence_minutes = excluded.cadence_minutes, seats = excluded.seats, taken = excluded.taken,
			claimable = excluded.claimable`,
		l.ID, l.SubmoltID, l.Key, l.Label, l.Color, l.Kind, l.Prompt, l.CadenceMinutes, l.Seats, l.Taken, l.Claimable, l.CreatedAt)
	return err
}

// Label returns a label by its id.
func (q Queries) Label(ctx context.Context, id string) (Label, error) {
	var l Label
	err := q.get(ctx, &l, `
		SELECT `+labelColumns+`
		FROM labels l
		WHERE l.id = $1`, id)
	return l, err
}

// LabelByKey returns a label of a submolt.
func (q Queries) LabelByKey(ctx context.Context, submoltID, key string) (Label, error) {
	var l Label
	err := q.get(ctx, &l, `
		SELECT `+labelColumns+`
		FROM labels l
		WHERE l.submolt_id = $1 AND l.key = $2`, submoltID, key)
	return l, err
}

// Labels returns those of a submolt by their keys; the caller bounds how many there are.
func (q Queries) Labels(ctx context.Context, submoltID string) ([]Label, error) {
	ls := []Label{}
	err := q.list(ctx, &ls, `
		SELECT `+labelColumns+`
		FROM labels l
		WHERE l.submolt_id = $1
		ORDER BY l.key`, submoltID)
	return ls, err
}

// DeleteLabel removes a label and takes it off wherever it is attached.
func (q Queries) DeleteLabel(ctx context.Context, id string) error {
	if _, err := q.exec(ctx, `
		DELETE FROM attachments
		WHERE label_id = $1`, id); err != nil {
		return err
	}
	return q.one(ctx, `
		DELETE FROM labels
		WHERE id = $1`, id)
}

// TakeSeat takes a seat of an office and its lock; ErrNotFound when none is left.
func (q Queries) TakeSeat(ctx context.Context, labelID string) error {
	return q.one(ctx, `
		UPDATE labels
		SET taken = taken + 1
		WHERE id = $1 AND (seats = 0 OR taken < seats)`, labelID)
}

// FreeSeat gives a seat back.
func (q Queries) FreeSeat(ctx context.Context, labelID string) error {
	return q.one(ctx, `
		UPDATE labels
		SET taken = taken - 1
		WHERE id = $1`, labelID)
}
