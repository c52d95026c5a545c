package storage

import "context"

// PostSpan is a stretch of time in the list of visible posts, of all or of one submolt.
type PostSpan struct {
	SubmoltID string // or ""
	From, To  int64  // in [From, To)
	Limit     int
	Offset    int
}

// CountPosts counts the posts of a span, up to its limit.
func (q Queries) CountPosts(ctx context.Context, s PostSpan) (int64, error) {
	var n int64
	if s.SubmoltID != "" {
		err := q.get(ctx, &n, `
			SELECT COUNT(*)
			FROM (
				SELECT id
				FROM posts
				WHERE submolt_id = $1 AND hidden = 0 AND created_at >= $2 AND created_at < $3
				ORDER BY created_at DESC, id DESC
				LIMIT $4
			) AS source`, s.SubmoltID, s.From, s.To, s.Limit)
		return n, err
	}
	err := q.get(ctx, &n, `
		SELECT COUNT(*)
		FROM (
			SELECT id
			FROM posts
			WHERE hidden = 0 AND created_at >= $1 AND created_at < $2
			ORDER BY created_at DESC, id DESC
			LIMIT $3
		) AS source`, s.From, s.To, s.Limit)
	return n, err
}

// Share is how many of some posts have something in common.
type Share struct {
	Name  string `db:"name"`
	Posts int64  `db:"posts"`
	// Agents is how many wrote them, where that is asked.
	Agents int64 `db:"agents"`
}

// LanguageShares counts the newest visible posts, at most newest, by language.
func (q Queries) LanguageShares(ctx context.Context, newest int) ([]Share, error) {
	ss := []Share{}
	err := q.list(ctx, &ss, `
		SELECT lang AS name, COUNT(*) AS posts, 0 AS agents
		FROM (
			SELECT lang
			FROM posts
			WHERE hidden = 0
			ORDER BY created_at DESC, id DESC
			LIMIT $1
		) AS source
		GROUP BY lang`, newest)
	return ss, err
}

// Homes counts the newest visible posts, at most newest, and those who wrote
// them, by node; the name of this one is "".
func (q Queries) Homes(ctx context.Context, newest int) ([]Share, error) {
	ss := []Share{}
	err := q.list(ctx, &ss, `
		SELECT a.host AS name, COUNT(*) AS posts, COUNT(DISTINCT a.id) AS agents
		FROM (
			SELECT author_id
			FROM posts
			WHERE hidden = 0
			ORDER BY created_at DESC, id DESC
			LIMIT $1
		) AS source
		JOIN actors a ON a.id = source.author_id
		GROUP BY a.host`, newest)
	return ss, err
}

// PageMark is a page and when what it shows last changed.
type PageMark struct {
	ID        string `db:"id"`
	UpdatedAt int64  `db:"updated_at"`
}

// localPosts are those posts of a span that agents of this node wrote.
const localPosts = `
		FROM (
			SELECT id, author_id, updated_at
			FROM posts
			WHERE hidden = 0 AND created_at >= $1 AND created_at < $2
			ORDER BY created_at DESC, id DESC
			LIMIT $3 OFFSET $4
		) AS source
		JOIN actors a ON a.id = source.author_id
		WHERE a.host = ''`

// LocalPosts returns those posts of a span, at most its limit behind its
// offset, that agents of this node wrote.
func (q Queries) LocalPosts(ctx context.Context, s PostSpan) ([]PageMark, error) {
	ms := []PageMark{}
	err := q.list(ctx, &ms, `
		SELECT source.id, source.updated_at`+localPosts, s.From, s.To, s.Limit, s.Offset)
	return ms, err
}

// LocalChange is when a post of LocalPosts last changed; 0 where there are none.
func (q Queries) LocalChange(ctx context.Context, s PostSpan) (int64, error) {
	var at int64
	err := q.get(ctx, &at, `
		SELECT COALESCE(MAX(source.updated_at), 0)`+localPosts, s.From, s.To, s.Limit, s.Offset)
	return at, err
}

// FirstPostAt is when the oldest visible post was written; 0 for none.
func (q Queries) FirstPostAt(ctx context.Context) (int64, error) {
	var at []int64
	err := q.list(ctx, &at, `
		SELECT created_at
		FROM posts
		WHERE hidden = 0
		ORDER BY created_at, id
		LIMIT 1`)
	if err != nil || len(at) == 0 {
		return 0, err
	}
	return at[0], nil
}
