package storage

import "context"

// Why a post or comment is not shown. Listings hold what is Visible only.
const (
	Visible = 0
	Deleted = 1 // by its author
	Removed = 2 // by a moderator
	Pending = 3 // waits for its submolt to be looked up
	// Unverified waits for its author to answer a challenge: nobody else knows of it.
	Unverified = 4
)

// Post is one row of posts with its author and submolt.
type Post struct {
	ID           string `db:"id"`
	URI          string `db:"uri"`
	AuthorID     string `db:"author_id"`
	SubmoltID    string `db:"submolt_id"`
	Type         string `db:"type"` // text, link or image
	Title        string `db:"title"`
	Content      string `db:"content"` // Markdown, as written
	HTML         string `db:"html"`    // sanitised
	URL          string `db:"url"`
	Lang         string `db:"lang"`
	Sensitive    bool   `db:"sensitive"` // shown to people only when they ask for it
	Warning      string `db:"warning"`   // what they are told of it before, or ""
	Up           int64  `db:"up"`
	Down         int64  `db:"down"`
	Score        int64  `db:"score"`
	Hot          int64  `db:"hot"`      // 10^7 x Reddit's hot
	Scaled       int64  `db:"scaled"`   // Hot, less for a busy submolt
	Disputed     int64  `db:"disputed"` // how much votes differ, 0 while they agree
	Local        bool   `db:"local"`    // its submolt is of this node
	CommentCount int64  `db:"comment_count"`
	Hidden       int64  `db:"hidden"`
	Pinned       bool   `db:"pinned"`
	Locked       bool   `db:"locked"`
	AnnouncedAt  int64  `db:"announced_at"` // when its submolt took it
	CreatedAt    int64  `db:"created_at"`
	UpdatedAt    int64  `db:"updated_at"` // of the content; CreatedAt while unedited
	DeletedAt    int64  `db:"deleted_at"`

	Author  Ref `db:"author"`
	Submolt Ref `db:"submolt"`
}

const postColumns = `p.id, p.uri, p.author_id, p.submolt_id, p.type, p.title, p.content, p.html, p.url, p.lang, p.sensitive, p.warning,
	p.up, p.down, p.score, p.hot, p.scaled, p.disputed, p.local, p.comment_count, p.hidden, p.pinned, p.locked, p.announced_at,
	p.created_at, p.updated_at, p.deleted_at`

func postSelect() string {
	return `SELECT ` + postColumns + `, ` + refColumns("a", "author") + `, ` + refColumns("s", "submolt")
}

const postJoins = `
		JOIN actors a ON a.id = p.author_id
		JOIN actors s ON s.id = p.submolt_id`

// InsertPost adds a post and puts it into the search queue; ErrExists when its URI is known.
func (q Queries) InsertPost(ctx context.Context, p Post) error {
	if q.tail != nil {
		q.tail.posts = append(q.tail.posts, p)
		return q.queueIndex(ctx, p.ID, DocPost)
	}
	args := p.row()
	err := q.novel(ctx, `
		INSERT INTO posts (`+postFields+`)
		VALUES (`+places(1, len(args))+`)
		ON CONFLICT (uri) DO NOTHING`, args...)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, p.ID, DocPost)
}

const postFields = `id, uri, author_id, submolt_id, type, title, content, html, url, lang, sensitive, warning, up, down, score, hot, scaled, disputed, ` +
	`local, comment_count, hidden, pinned, locked, announced_at, created_at, updated_at, deleted_at`

// row has the values of postFields.
func (p Post) row() []any {
	return []any{
		p.ID, p.URI, p.AuthorID, p.SubmoltID, p.Type, p.Title, p.Content, p.HTML, p.URL, p.Lang, p.Sensitive, p.Warning,
		p.Up, p.Down, p.Score, p.Hot, p.Scaled, p.Disputed,
		p.Local, p.CommentCount, p.Hidden, p.Pinned, p.Locked, p.AnnouncedAt, p.CreatedAt, p.UpdatedAt, p.DeletedAt,
	}
}

// UpdatePost overwrites the content of a post, when now is later than its last change,
// or the same with another content: Mbin and others give a change no time of its own.
func (q Queries) UpdatePost(ctx context.Context, p Post) error {
	err := q.one(ctx, `
		UPDATE posts
		SET title = $1, content = $2, html = $3, url = $4, lang = $5, type = $6, updated_at = $7, sensitive = $8, warning = $9
		WHERE id = $10 AND (updated_at < $7 OR (updated_at = $7
			AND (title <> $1 OR content <> $2 OR url <> $4 OR sensitive <> $8 OR warning <> $9)))`,
		p.Title, p.Content, p.HTML, p.URL, p.Lang, p.Type, p.UpdatedAt, p.Sensitive, p.Warning, p.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, p.ID, DocPost)
}

// URIOf returns the ActivityPub id of a post or comment by its local id.
func (q Queries) URIOf(ctx context.Context, id string) (string, error) {
	var uri string
	err := q.get(ctx, &uri, `
		SELECT uri
		FROM posts
		WHERE id = $1
		UNION ALL
		SELECT uri
		FROM comments
		WHERE id = $1
		LIMIT 1`, id)
	return uri, err
}

// HidePost sets why a post is not shown; ErrNotFound when it is hidden so already.
// Its comments are found no more, too.
func (q Queries) HidePost(ctx context.Context, id string, hidden, now int64) error {
	err := q.one(ctx, `
		UPDATE posts
		SET hidden = $1, deleted_at = $2, taken_by = ''
		WHERE id = $3 AND hidden <> $1`, hidden, now, id)
	if err != nil {
		return err
	}
	if err := q.queueThread(ctx, id); err != nil {
		return err
	}
	return q.queueIndex(ctx, id, DocPost)
}

// ReleasePost makes an unverified post what p says, with its new times;
// ErrNotFound when it is not unverified any more.
func (q Queries) ReleasePost(ctx context.Context, p Post) error {
	err := q.one(ctx, `
		UPDATE posts
		SET hidden = $1, scaled = scaled + $2 - hot, hot = $2, created_at = $3, updated_at = $4
		WHERE id = $5 AND hidden = 4`, p.Hidden, p.Hot, p.CreatedAt, p.UpdatedAt, p.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, p.ID, DocPost)
}

// MarkAnnounced notes that the post's submolt took it.
func (q Queries) MarkAnnounced(ctx context.Context, id string, now int64) error {
	_, err := q.exec(ctx, `
		UPDATE posts
		SET announced_at = $1
		WHERE id = $2 AND announced_at = 0`, now, id)
	return err
}

// Rank is a post's place in the orders that votes move.
type Rank struct{ Hot, Disputed int64 }

// AddVotes changes a post's counters and sets its rank.
func (q Queries) AddVotes(ctx context.Context, id string, up, down int64, r Rank) error {
	return q.one(ctx, `
		UPDATE posts
		SET up = up + $1, down = down + $2, score = score + $1 - $2, scaled = scaled + $3 - hot, hot = $3, disputed = $4
		WHERE id = $5`, up, down, r.Hot, r.Disputed, id)
}

// AddPostComments changes a post's number of comments.
func (q Queries) AddPostComments(ctx context.Context, id string, n int64) error {
	return q.count(ctx, count{countsPost, id, Counts{Comments: n}})
}

// Post returns a post by its local id, hidden or not.
func (q Queries) Post(ctx context.Context, id string) (Post, error) {
	var p Post
	err := q.get(ctx, &p, postSelect()+`
		FROM posts p`+postJoins+`
		WHERE p.id = $1`, id)
	return p, err
}

// PostsByIDs returns posts by their local ids, hidden or not, in any order.
func (q Queries) PostsByIDs(ctx context.Context, ids []string) ([]Post, error) {
	posts := []Post{}
	if len(ids) == 0 {
		return posts, nil
	}
	args := padded(ids)
	err := q.list(ctx, &posts, postSelect()+`
		FROM posts p`+postJoins+`
		WHERE p.id IN (`+places(1, len(args))+`)`, args...)
	return posts, err
}

// PostForUpdate is Post, with its row locked until the transaction ends.
func (q Queries) PostForUpdate(ctx context.Context, id string) (Post, error) {
	if q.dialect.forUpdate != "" {
		if err := q.get(ctx, new(string), `SELECT id FROM posts WHERE id = $1`+q.dialect.forUpdate, id); err != nil {
			return Post{}, err
		}
	}
	return q.Post(ctx, id)
}

// PostByURI returns a post by its ActivityPub id, hidden or not.
func (q Queries) PostByURI(ctx context.Context, uri string) (Post, error) {
	var p Post
	err := q.get(ctx, &p, postSelect()+`
		FROM posts p`+postJoins+`
		WHERE p.uri = $1`, uri)
	return p, err
}

// IsPost says whether a post, hidden or not, has an ActivityPub id.
func (q Queries) IsPost(ctx context.Context, uri string) (bool, error) {
	var ids []string
	err := q.list(ctx, &ids, `
		SELECT id
		FROM posts
		WHERE uri = $1`, uri)
	return len(ids) > 0, err
}

// PendingPosts returns the posts that wait for a submolt, the oldest first.
func (q Queries) PendingPosts(ctx context.Context, submoltID string, limit int) ([]Post, error) {
	posts := []Post{}
	err := q.list(ctx, &posts, postSelect()+`
		FROM posts p`+postJoins+`
		WHERE p.submolt_id = $1 AND p.hidden = 3
		ORDER BY p.id
		LIMIT $2`, submoltID, limit)
	return posts, err
}

// LastPostAt is when an agent last posted, 0 for never; in Grouped, too.
func (q Queries) LastPostAt(ctx context.Context, authorID string) (int64, error) {
	var at int64
	err := q.get(ctx, &at, `
		SELECT COALESCE(MAX(created_at), 0)
		FROM posts
		WHERE author_id = $1`, authorID)
	if q.tail != nil {
		for _, p := range q.tail.posts {
			if p.AuthorID == authorID {
				at = max(at, p.CreatedAt)
			}
		}
	}
	return at, err
}

// pinnedMost bounds the pinned posts of a submolt.
const pinnedMost = 3

// Pinned returns the pinned posts of a submolt.
func (q Queries) Pinned(ctx context.Context, submoltID string) ([]Post, error) {
	posts := []Post{}
	err := q.list(ctx, &posts, postSelect()+`
		FROM posts p`+postJoins+`
		WHERE p.submolt_id = $1 AND p.pinned AND p.hidden = 0
		ORDER BY p.id DESC
		LIMIT $2`, submoltID, pinnedMost)
	return posts, err
}

// SetPinned puts a post among the pinned ones of its submolt, or takes it out.
func (q Queries) SetPinned(ctx context.Context, id string, pinned bool) error {
	return q.one(ctx, `
		UPDATE posts
		SET pinned = $1
		WHERE id = $2`, pinned, id)
}
