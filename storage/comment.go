package storage

import (
	"context"
)

// Comment is one row of comments with its author.
type Comment struct {
	ID          string `db:"id"`
	URI         string `db:"uri"`
	PostID      string `db:"post_id"`
	ParentID    string `db:"parent_id"` // "" for a reply to the post itself
	RootID      string `db:"root_id"`   // its own id for a reply to the post itself
	AuthorID    string `db:"author_id"`
	Content     string `db:"content"`
	HTML        string `db:"html"`
	Lang        string `db:"lang"`
	Sensitive   bool   `db:"sensitive"` // as of a post
	Warning     string `db:"warning"`
	Depth       int64  `db:"depth"` // 0 for a reply to the post itself
	Up          int64  `db:"up"`
	Down        int64  `db:"down"`
	Score       int64  `db:"score"`
	ReplyCount  int64  `db:"reply_count"`
	Hidden      int64  `db:"hidden"`
	Locked      bool   `db:"locked"` // takes no new replies, nor does what answers it
	AnnouncedAt int64  `db:"announced_at"`
	CreatedAt   int64  `db:"created_at"`
	UpdatedAt   int64  `db:"updated_at"`
	DeletedAt   int64  `db:"deleted_at"`

	Author Ref `db:"author"`
}

const commentColumns = `c.id, c.uri, c.post_id, c.parent_id, c.root_id, c.author_id, c.content, c.html, c.lang, c.sensitive, c.warning, c.depth,
	c.up, c.down, c.score, c.reply_count, c.hidden, c.locked, c.announced_at, c.created_at, c.updated_at, c.deleted_at`

func commentSelect() string {
	return `SELECT ` + commentColumns + `, ` + refColumns("a", "author") + `
		FROM comments c
		JOIN actors a ON a.id = c.author_id`
}

// InsertComment adds a comment and puts it into the search queue; ErrExists when its URI is known.
func (q Queries) InsertComment(ctx context.Context, c Comment) error {
	_, err := q.exec(ctx, `
		INSERT INTO comments (id, uri, post_id, parent_id, root_id, author_id, content, html, lang, depth,
			up, down, score, reply_count, hidden, announced_at, created_at, updated_at, deleted_at, sensitive, warning)
		VALUES (`+places(1, 21)+`)`,
		c.ID, c.URI, c.PostID, c.ParentID, c.RootID, c.AuthorID, c.Content, c.HTML, c.Lang, c.Depth,
		c.Up, c.Down, c.Score, c.ReplyCount, c.Hidden, c.AnnouncedAt, c.CreatedAt, c.UpdatedAt, c.DeletedAt, c.Sensitive, c.Warning)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, c.ID, DocComment)
}

// UpdateComment is UpdatePost for a comment.
func (q Queries) UpdateComment(ctx context.Context, c Comment) error {
	err := q.one(ctx, `
		UPDATE comments
		SET content = $1, html = $2, lang = $3, updated_at = $4, sensitive = $5, warning = $6
		WHERE id = $7 AND (updated_at < $4 OR (updated_at = $4 AND (content <> $1 OR sensitive <> $5 OR warning <> $6)))`,
		c.Content, c.HTML, c.Lang, c.UpdatedAt, c.Sensitive, c.Warning, c.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, c.ID, DocComment)
}

// HideComment sets why a comment is not shown; ErrNotFound when it is hidden so already.
func (q Queries) HideComment(ctx context.Context, id string, hidden, now int64) error {
	err := q.one(ctx, `
		UPDATE comments
		SET hidden = $1, deleted_at = $2, taken_by = ''
		WHERE id = $3 AND hidden <> $1`, hidden, now, id)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, id, DocComment)
}

// ReleaseComment makes an unverified comment visible, with its new times;
// ErrNotFound when it is not unverified any more.
func (q Queries) ReleaseComment(ctx context.Context, c Comment) error {
	err := q.one(ctx, `
		UPDATE comments
		SET hidden = $1, created_at = $2, updated_at = $3
		WHERE id = $4 AND hidden = 4`, c.Hidden, c.CreatedAt, c.UpdatedAt, c.ID)
	if err != nil {
		return err
	}
	return q.queueIndex(ctx, c.ID, DocComment)
}

// AddCommentVotes changes a comment's counters.
func (q Queries) AddCommentVotes(ctx context.Context, id string, up, down int64) error {
	return q.one(ctx, `
		UPDATE comments
		SET up = up + $1, down = down + $2, score = score + $1 - $2
		WHERE id = $3`, up, down, id)
}

// AddReplies changes a comment's number of direct replies.
func (q Queries) AddReplies(ctx context.Context, id string, n int64) error {
	return q.count(ctx, count{countsComment, id, Counts{Comments: n}})
}

// Comment returns a comment by its local id, hidden or not.
func (q Queries) Comment(ctx context.Context, id string) (Comment, error) {
	var c Comment
	err := q.get(ctx, &c, commentSelect()+`
		WHERE c.id = $1`, id)
	return c, err
}

// CommentForUpdate is Comment, with its row locked until the transaction ends.
func (q Queries) CommentForUpdate(ctx context.Context, id string) (Comment, error) {
	if q.dialect.forUpdate != "" {
		if err := q.get(ctx, new(string), `SELECT id FROM comments WHERE id = $1`+q.dialect.forUpdate, id); err != nil {
			return Comment{}, err
		}
	}
	return q.Comment(ctx, id)
}

// CommentsByIDs returns comments by their local ids, hidden or not, in any order.
func (q Queries) CommentsByIDs(ctx context.Context, ids []string) ([]Comment, error) {
	cs := []Comment{}
	if len(ids) == 0 {
		return cs, nil
	}
	args := padded(ids)
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.id IN (`+places(1, len(args))+`)`, args...)
	return cs, err
}

// IsComment says whether a comment, hidden or not, has an ActivityPub id. In a batch
// it is asked at the end, for all posts of it.
func (q Queries) IsComment(ctx context.Context, uri string) (bool, error) {
	if q.tail != nil {
		return false, nil
	}
	return q.anyComment(ctx, []string{uri})
}

// anyComment says whether one of some ids is a comment's.
func (q Queries) anyComment(ctx context.Context, uris []string) (bool, error) {
	found := false
	err := inChunks(uris, func(uris []string) error {
		var ids []string
		args := padded(uris)
		err := q.list(ctx, &ids, `
			SELECT id
			FROM comments
			WHERE uri IN (`+places(1, len(args))+`)`, args...)
		found = found || len(ids) > 0
		return err
	})
	return found, err
}

// CommentByURI returns a comment by its ActivityPub id, hidden or not.
func (q Queries) CommentByURI(ctx context.Context, uri string) (Comment, error) {
	var c Comment
	err := q.get(ctx, &c, commentSelect()+`
		WHERE c.uri = $1`, uri)
	return c, err
}

// Orders of the replies to a post.
const (
	SortBest = "best" // score, then the older
	SortOld  = "old"
)

// CommentList asks for a page of the direct replies to a post, or to a comment of it.
type CommentList struct {
	PostID   string
	ParentID string // "" for replies to the post itself
	Sort     string // SortBest, SortNew or SortOld
	After    After
	Limit    int
	// Offset skips rows; bounded by the caller.
	Offset int
}

// Key is the comment's place in a list.
func (c Comment) Key(sort string) int64 {
	if sort == SortBest {
		return c.Score
	}
	return c.CreatedAt
}

// Replies returns a page of the direct replies to a post or comment, deleted ones included:
// their replies stay readable.
func (q Queries) Replies(ctx context.Context, l CommentList) ([]Comment, error) {
	order, after := "c.id DESC", " AND c.id < $4"
	args := []any{l.PostID, l.Limit, l.ParentID}
	switch l.Sort {
	case SortBest:
		// "score descending, id ascending" has no row comparison: two ranges of one index.
		order, after = "c.score DESC, c.id", " AND c.score <= $5 AND (c.score < $5 OR c.id > $4)"
	case SortOld:
		order, after = "c.id", " AND c.id > $4"
	}
	if l.After.ID == "" {
		after = ""
	} else {
		args = append(args, l.After.ID)
		if l.Sort == SortBest {
			args = append(args, l.After.Key)
		}
	}
	skip, args := skipped(args, l.Offset)
	parent := "c.parent_id = $3"
	if l.ParentID == "" { // of its own: SQLite would plan one that serves both at each change between them
		parent = "c.parent_id = '' AND c.parent_id = $3"
	}
	cs := []Comment{}
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.post_id = $1 AND `+parent+` AND c.hidden <> 4`+after+`
		ORDER BY `+order+`
		LIMIT $2`+skip, args...)
	return cs, err
}

// Below returns the comments below the given roots, in the order of their
// ids (of their writing), at most limit.
func (q Queries) Below(ctx context.Context, roots []string, limit int) ([]Comment, error) {
	cs := []Comment{}
	if len(roots) == 0 {
		return cs, nil
	}
	args := append([]any{limit}, padded(roots)...)
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.root_id IN (`+places(2, len(args)-1)+`) AND c.parent_id <> '' AND c.hidden <> 4
		ORDER BY c.id
		LIMIT $1`, args...)
	return cs, err
}

// CommentsOf returns the comments of a post in the order of their writing,
// deleted ones included, at most limit.
func (q Queries) CommentsOf(ctx context.Context, postID string, limit int) ([]Comment, error) {
	cs := []Comment{}
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.post_id = $1 AND c.hidden <> 4
		ORDER BY c.id
		LIMIT $2`, postID, limit)
	return cs, err
}

// CommentsBy returns an author's visible comments, the newest first, behind a place.
func (q Queries) CommentsBy(ctx context.Context, authorID string, after After, limit int) ([]Comment, error) {
	args, where := []any{authorID, limit}, ""
	if after.ID != "" {
		args, where = append(args, after.Key, after.ID), " AND (c.created_at, c.id) < ($3, $4)"
	}
	cs := []Comment{}
	err := q.list(ctx, &cs, commentSelect()+`
		WHERE c.author_id = $1 AND c.hidden = 0`+where+`
		ORDER BY c.created_at DESC, c.id DESC
		LIMIT $2`, args...)
	return cs, err
}

// ThreadURIs returns the ActivityPub ids of a post's visible comments, in the
// order of their writing, behind the given local id.
func (q Queries) ThreadURIs(ctx context.Context, postID, after string, limit int) ([]string, error) {
	uris := []string{}
	err := q.list(ctx, &uris, `
		SELECT uri
		FROM comments
		WHERE post_id = $1 AND id > $2 AND hidden = 0
		ORDER BY id
		LIMIT $3`, postID, after, limit)
	return uris, err
}

// ReplyURIs returns the ActivityPub ids of the visible replies to a post or comment.
func (q Queries) ReplyURIs(ctx context.Context, postID, parentID string, limit int) ([]string, error) {
	uris := []string{}
	err := q.list(ctx, &uris, `
		SELECT uri
		FROM comments
		WHERE post_id = $1 AND parent_id = $2 AND hidden = 0
		ORDER BY id DESC
		LIMIT $3`, postID, parentID, limit)
	return uris, err
}

// RecentComments says when an agent last commented and how often since a time.
func (q Queries) RecentComments(ctx context.Context, authorID string, since int64) (last, n int64, err error) {
	var r struct {
		Last int64 `db:"last"`
		N    int64 `db:"n"`
	}
	err = q.get(ctx, &r, `
		SELECT COALESCE(MAX(created_at), 0) AS last, COUNT(*) AS n
		FROM comments
		WHERE author_id = $1 AND created_at > $2`, authorID, since)
	return r.Last, r.N, err
}

// RepeatedComment is the one of an author's last comments that says the same in
// the same place; ErrNotFound when none does.
func (q Queries) RepeatedComment(ctx context.Context, c Comment, last int) (Comment, error) {
	var same Comment
	err := q.get(ctx, &same, commentSelect()+`
		WHERE c.id = (
			SELECT recent.id
			FROM (
				SELECT id, post_id, parent_id, content, hidden
				FROM comments
				WHERE author_id = $1
				ORDER BY created_at DESC, id DESC
				LIMIT $2) AS recent
			WHERE recent.post_id = $3 AND recent.parent_id = $4 AND recent.content = $5 AND recent.hidden IN (0, 4)
			LIMIT 1)`, c.AuthorID, last, c.PostID, c.ParentID, c.Content)
	return same, err
}

// FirstCommentAfter is when an agent first commented since a time, 0 for never.
func (q Queries) FirstCommentAfter(ctx context.Context, authorID string, since int64) (int64, error) {
	var at int64
	err := q.get(ctx, &at, `
		SELECT COALESCE(MIN(created_at), 0)
		FROM comments
		WHERE author_id = $1 AND created_at > $2`, authorID, since)
	return at, err
}
