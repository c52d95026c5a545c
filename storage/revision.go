package storage

import "context"

// Revision is one row of revisions: an earlier version of a post or comment.
type Revision struct {
	ObjectID  string `db:"object_id"` // the local id of the post or comment
	Version   int64  `db:"version"`   // from 1, in the order of writing
	Title     string `db:"title"`     // "" of a comment
	Content   string `db:"content"`
	HTML      string `db:"html"`
	URL       string `db:"url"`
	WrittenAt int64  `db:"written_at"`
}

// InsertRevision keeps an earlier version. Its number is given by the caller,
// who has locked the row of the post or comment.
func (q Queries) InsertRevision(ctx context.Context, r Revision) error {
	_, err := q.exec(ctx, `
		INSERT INTO revisions (object_id, version, title, content, html, url, written_at)
		VALUES (`+places(1, 7)+`)`,
		r.ObjectID, r.Version, r.Title, r.Content, r.HTML, r.URL, r.WrittenAt)
	return err
}

// LastVersion is the number of the newest earlier version, 0 for none.
func (q Queries) LastVersion(ctx context.Context, objectID string) (int64, error) {
	var n int64
	err := q.get(ctx, &n, `
		SELECT COALESCE(MAX(version), 0)
		FROM revisions
		WHERE object_id = $1`, objectID)
	return n, err
}

// Revised returns those of some posts and comments that have an earlier version.
func (q Queries) Revised(ctx context.Context, objectIDs []string) ([]string, error) {
	ids := []string{}
	if len(objectIDs) == 0 {
		return ids, nil
	}
	args := padded(objectIDs)
	err := q.list(ctx, &ids, `
		SELECT object_id
		FROM revisions
		WHERE object_id IN (`+places(1, len(args))+`) AND version = 1`, args...)
	return ids, err
}

// Revisions returns the earlier versions of a post or comment, the first one first.
func (q Queries) Revisions(ctx context.Context, objectID string, limit int) ([]Revision, error) {
	rs := []Revision{}
	err := q.list(ctx, &rs, `
		SELECT object_id, version, title, content, html, url, written_at
		FROM revisions
		WHERE object_id = $1
		ORDER BY version
		LIMIT $2`, objectID, limit)
	return rs, err
}
