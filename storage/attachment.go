package storage

import "context"

// Kinds of what a label is attached to.
const (
	TargetPost  = "post"
	TargetAgent = "agent"
)

// Attachment is one row of attachments: a label on a post, or an agent in an office.
type Attachment struct {
	ID         string `db:"id"`
	LabelID    string `db:"label_id"`
	TargetKind string `db:"target_kind"` // TargetPost or TargetAgent
	TargetID   string `db:"target_id"`
	Placement  string `db:"placement"`
	AuthorID   string `db:"author_id"` // who attached it
	CreatedAt  int64  `db:"created_at"`
}

const attachmentColumns = `t.id, t.label_id, t.target_kind, t.target_id, t.placement, t.author_id, t.created_at`

// labelIn names the columns of a Label for the field path "label".
const labelIn = `l.id AS "label.id", l.submolt_id AS "label.submolt_id", l.key AS "label.key", l.label AS "label.label",
	l.color AS "label.color", l.kind AS "label.kind", l.prompt AS "label.prompt", l.cadence_minutes AS "label.cadence_minutes",
	l.seats AS "label.seats", l.taken AS "label.taken", l.claimable AS "label.claimable", l.created_at AS "label.created_at"`

// InsertAttachment attaches a label; ErrExists when the target has it.
func (q Queries) InsertAttachment(ctx context.Context, a Attachment) error {
	return q.novel(ctx, `
		INSERT INTO attachments (id, label_id, target_kind, target_id, placement, author_id, created_at)
		VALUES (`+places(1, 7)+`)
		ON CONFLICT (label_id, target_id) DO NOTHING`,
		a.ID, a.LabelID, a.TargetKind, a.TargetID, a.Placement, a.AuthorID, a.CreatedAt)
}

// Attachment returns an attachment by its id.
func (q Queries) Attachment(ctx context.Context, id string) (Attachment, error) {
	var a Attachment
	err := q.get(ctx, &a, `
		SELECT `+attachmentColumns+`
		FROM attachments t
		WHERE t.id = $1`, id)
	return a, err
}

// AttachmentOf returns the attachment of a label to a target.
func (q Queries) AttachmentOf(ctx context.Context, labelID, targetID string) (Attachment, error) {
	var a Attachment
	err := q.get(ctx, &a, `
		SELECT `+attachmentColumns+`
		FROM attachments t
		WHERE t.label_id = $1 AND t.target_id = $2`, labelID, targetID)
	return a, err
}

// DeleteAttachment takes a label off; ErrNotFound when it is off already.
func (q Queries) DeleteAttachment(ctx context.Context, id string) error {
	return q.one(ctx, `
		DELETE FROM attachments
		WHERE id = $1`, id)
}

// DeleteStatuses takes every status but one off a post.
func (q Queries) DeleteStatuses(ctx context.Context, postID, but string) error {
	_, err := q.exec(ctx, `
		DELETE FROM attachments
		WHERE target_id = $1 AND label_id <> $2
			AND label_id IN (SELECT l.id FROM labels l JOIN attachments t ON t.label_id = l.id WHERE t.target_id = $1 AND l.kind = 'status')`,
		postID, but)
	return err
}

// Attached is an attachment with its label.
type Attached struct {
	Attachment

	Label   Label `db:"label"`
	Submolt Ref   `db:"submolt"` // of Offices alone
	Agent   Ref   `db:"agent"`   // of Holders alone
}

// LabelsOn returns the labels of a post, the first attached first.
func (q Queries) LabelsOn(ctx context.Context, postID string, limit int) ([]Attached, error) {
	as := []Attached{}
	err := q.list(ctx, &as, `
		SELECT `+attachmentColumns+`, `+labelIn+`
		FROM attachments t
		JOIN labels l ON l.id = t.label_id
		WHERE t.target_id = $1
		ORDER BY t.id
		LIMIT $2`, postID, limit)
	return as, err
}

// Offices returns what an agent holds, the first granted first.
func (q Queries) Offices(ctx context.Context, agentID string, limit int) ([]Attached, error) {
	as := []Attached{}
	err := q.list(ctx, &as, `
		SELECT `+attachmentColumns+`, `+labelIn+`, `+refColumns("s", "submolt")+`
		FROM attachments t
		JOIN labels l ON l.id = t.label_id
		JOIN actors s ON s.id = l.submolt_id
		WHERE t.target_id = $1
		ORDER BY t.id
		LIMIT $2`, agentID, limit)
	return as, err
}

// Holders returns who holds an office, at most limit.
func (q Queries) Holders(ctx context.Context, labelID string, limit int) ([]Attached, error) {
	as := []Attached{}
	err := q.list(ctx, &as, `
		SELECT `+attachmentColumns+`, `+refColumns("a", "agent")+`
		FROM attachments t
		JOIN actors a ON a.id = t.target_id
		WHERE t.label_id = $1
		ORDER BY t.target_id
		LIMIT $2`, labelID, limit)
	return as, err
}
