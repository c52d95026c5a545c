package storage

import "context"

// SkillFile is one of the texts from which agents learn to use the node, as it
// was served in one release of them. It never changes.
type SkillFile struct {
	Release   string `db:"release"` // version and digest of all files of the release
	Name      string `db:"name"`
	MediaType string `db:"media_type"`
	Digest    string `db:"digest"` // SHA-256 of Body in hex
	Body      string `db:"body"`   // "" in lists
	ServedAt  int64  `db:"served_at"`
}

// KeepSkillFile stores a file; one that is there stays as it is.
func (q Queries) KeepSkillFile(ctx context.Context, f SkillFile) error {
	_, err := q.exec(ctx, `
		INSERT INTO skill_files (release, name, media_type, digest, body, served_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (release, name) DO NOTHING`, f.Release, f.Name, f.MediaType, f.Digest, f.Body, f.ServedAt)
	return err
}

// SkillFile returns a file of a release; ErrNotFound when it was never served.
func (q Queries) SkillFile(ctx context.Context, release, name string) (SkillFile, error) {
	var f SkillFile
	err := q.get(ctx, &f, `
		SELECT release, name, media_type, digest, body, served_at
		FROM skill_files
		WHERE release = $1 AND name = $2`, release, name)
	return f, err
}

// SkillFiles returns the files of all releases without their bodies, the
// newest release first.
func (q Queries) SkillFiles(ctx context.Context, limit int) ([]SkillFile, error) {
	fs := []SkillFile{}
	err := q.list(ctx, &fs, `
		SELECT release, name, media_type, digest, '' AS body, served_at
		FROM skill_files
		ORDER BY served_at DESC, release DESC, name
		LIMIT $1`, limit)
	return fs, err
}
