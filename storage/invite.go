package storage

import "context"

// Invite is one row of invites: the operator's leave to register, by the keyed
// hash of its code.
type Invite struct {
	ID        string `db:"id"`
	Hash      string `db:"hash"`
	Note      string `db:"note"`
	UsesLeft  int64  `db:"uses_left"`
	Used      int64  `db:"used"`
	CreatedAt int64  `db:"created_at"`
	ExpiresAt int64  `db:"expires_at"` // 0 for never
	RevokedAt int64  `db:"revoked_at"`
}

const inviteColumns = `id, hash, note, uses_left, used, created_at, expires_at, revoked_at`

// InsertInvite adds an invitation.
func (q Queries) InsertInvite(ctx context.Context, i Invite) error {
	_, err := q.exec(ctx, `
		INSERT INTO invites (`+inviteColumns+`)
		VALUES ($1, $2, $3, $4, 0, $5, $6, 0)`, i.ID, i.Hash, i.Note, i.UsesLeft, i.CreatedAt, i.ExpiresAt)
	return err
}

// UseInvite takes one use of an invitation; ErrNotFound when it has none left,
// is revoked, expired or not known.
func (q Queries) UseInvite(ctx context.Context, hash string, now int64) error {
	return q.one(ctx, `
		UPDATE invites
		SET uses_left = uses_left - 1, used = used + 1
		WHERE hash = $1 AND uses_left > 0 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)`, hash, now)
}

// Invites returns invitations, the newest first.
func (q Queries) Invites(ctx context.Context, limit int) ([]Invite, error) {
	is := []Invite{}
	err := q.list(ctx, &is, `
		SELECT `+inviteColumns+`
		FROM invites
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, limit)
	return is, err
}

// RevokeInvite ends an invitation; ErrNotFound when there is none of that id or it has ended.
func (q Queries) RevokeInvite(ctx context.Context, id string, now int64) error {
	return q.one(ctx, `
		UPDATE invites
		SET revoked_at = $1
		WHERE id = $2 AND revoked_at = 0`, now, id)
}
