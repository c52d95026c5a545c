package storage

import (
	"cmp"
	"context"
)

// Media is one row of media: an image, by the hash of its bytes.
type Media struct {
	Hash      string `db:"hash"` // SHA-256 in hex
	MediaType string `db:"media_type"`
	Body      []byte `db:"body"`
	CreatedAt int64  `db:"created_at"`
}

// MediaUse is one row of media_uses: who shows an image, and as what.
type MediaUse struct {
	Hash       string `db:"hash"`
	HolderID   string `db:"holder_id"` // an agent or a submolt
	Purpose    string `db:"purpose"`
	UploaderID string `db:"uploader_id"`
	Size       int64  `db:"size"`
	CreatedAt  int64  `db:"created_at"`
}

// UseMedia stores an image, once however many show it, and that it is used. It
// holds the image's lock, so that nobody drops it meanwhile. ErrNotFound says that
// the operator refused the image.
func (q Queries) UseMedia(ctx context.Context, m Media, u MediaUse) error {
	var refused []string
	if err := q.list(ctx, &refused, `
		SELECT hash
		FROM media_refused
		WHERE hash = $1`, m.Hash); err != nil || len(refused) > 0 {
		return cmp.Or(err, ErrNotFound)
	}
	if _, err := q.exec(ctx, `
		INSERT INTO media (hash, media_type, body, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET created_at = media.created_at`,
		m.Hash, m.MediaType, m.Body, m.CreatedAt); err != nil {
		return err
	}
	_, err := q.exec(ctx, `
		INSERT INTO media_uses (hash, holder_id, purpose, uploader_id, size, created_at)
		VALUES (`+places(1, 6)+`)
		ON CONFLICT (hash, holder_id, purpose) DO NOTHING`,
		m.Hash, u.HolderID, u.Purpose, u.UploaderID, u.Size, u.CreatedAt)
	return err
}

// MediaUses returns the hashes of what a holder shows for a purpose.
func (q Queries) MediaUses(ctx context.Context, holderID, purpose string, limit int) ([]string, error) {
	hashes := []string{}
	err := q.list(ctx, &hashes, `
		SELECT hash
		FROM media_uses
		WHERE holder_id = $1 AND purpose = $2
		LIMIT $3`, holderID, purpose, limit)
	return hashes, err
}

// DropMediaUse ends a use, and the image with its last one; ErrNotFound when
// there is no such use.
func (q Queries) DropMediaUse(ctx context.Context, hash, holderID, purpose string) error {
	// The image's lock first: what another transaction is about to use stays.
	if _, err := q.exec(ctx, `
		UPDATE media
		SET created_at = created_at
		WHERE hash = $1`, hash); err != nil {
		return err
	}
	if err := q.one(ctx, `
		DELETE FROM media_uses
		WHERE hash = $1 AND holder_id = $2 AND purpose = $3`, hash, holderID, purpose); err != nil {
		return err
	}
	_, err := q.exec(ctx, `
		DELETE FROM media
		WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM media_uses u WHERE u.hash = media.hash)`, hash)
	return err
}

// HeldMedia returns the uses of what a holder shows, for whatever purpose.
func (q Queries) HeldMedia(ctx context.Context, holderID string, limit int) ([]MediaUse, error) {
	uses := []MediaUse{}
	err := q.list(ctx, &uses, `
		SELECT hash, holder_id, purpose, uploader_id, size, created_at
		FROM media_uses
		WHERE holder_id = $1
		LIMIT $2`, holderID, limit)
	return uses, err
}

// RefuseMedia takes an image away from all who show it, and has nobody show it again.
func (q Queries) RefuseMedia(ctx context.Context, hash string, now int64) error {
	if _, err := q.exec(ctx, `
		INSERT INTO media_refused (hash, created_at)
		VALUES ($1, $2)
		ON CONFLICT (hash) DO NOTHING`, hash, now); err != nil {
		return err
	}
	if _, err := q.exec(ctx, `
		DELETE FROM media_uses
		WHERE hash = $1`, hash); err != nil {
		return err
	}
	_, err := q.exec(ctx, `
		DELETE FROM media
		WHERE hash = $1`, hash)
	return err
}

// Media returns an image.
func (q Queries) Media(ctx context.Context, hash string) (Media, error) {
	var m Media
	err := q.get(ctx, &m, `
		SELECT hash, media_type, body, created_at
		FROM media
		WHERE hash = $1`, hash)
	return m, err
}

// UploadedBy is how many images an agent uploaded that are in use, and their bytes.
func (q Queries) UploadedBy(ctx context.Context, uploaderID string) (count, bytes int64, err error) {
	var r struct {
		N    int64 `db:"n"`
		Size int64 `db:"size"`
	}
	err = q.get(ctx, &r, `
		SELECT COUNT(*) AS n, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size
		FROM media_uses
		WHERE uploader_id = $1`, uploaderID)
	return r.N, r.Size, err
}

// SetImages sets the addresses of an actor's pictures, "" for none.
func (q Queries) SetImages(ctx context.Context, a Actor) error {
	return q.one(ctx, `
		UPDATE actors
		SET avatar_url = $1, banner_url = $2, updated_at = $3
		WHERE id = $4`, a.AvatarURL, a.BannerURL, a.UpdatedAt, a.ID)
}
