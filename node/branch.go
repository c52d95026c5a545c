package node

import (
	"context"
	"slices"

	"instar.example/storage"
)

// Branch is a comment in its thread: what it answers and what answers it.
type Branch struct {
	Post storage.Post
	// Above is what the comment answers, from the reply to the post itself down to its parent.
	Above   []storage.Comment
	Comment *Reply
	// Cut says that the deepest replies were left out: there are more than MaxReplies.
	Cut bool
}

// Branch returns a comment with its post, all comments that it answers and all
// that answer it, however long their thread is. Deleted ones stand in it without
// their text; of a deleted comment or post it is a Gone Error. A comment that
// waits for its challenge is there for its author alone; viewerID may be "".
func (n *Node) Branch(ctx context.Context, commentID, viewerID string) (Branch, error) {
	c, err := n.CommentFor(ctx, commentID, viewerID)
	if err != nil {
		return Branch{}, err
	}
	var b Branch
	if b.Post, err = n.PostByID(ctx, c.PostID, ""); err != nil {
		return Branch{}, err
	}
	q := n.store.Read()
	if c.ParentID != "" {
		if b.Above, err = q.Above(ctx, c.ParentID, MaxDepth); err != nil {
			return Branch{}, err
		}
	}
	slices.SortFunc(b.Above, func(x, y storage.Comment) int { return int(x.Depth - y.Depth) })
	for i := range b.Above {
		b.Above[i] = blank(b.Above[i])
	}
	under, err := q.Under(ctx, c.ID, MaxReplies+1)
	if err != nil {
		return Branch{}, err
	}
	if len(under) > MaxReplies {
		slices.SortFunc(under, func(x, y storage.Comment) int { return int(x.Depth - y.Depth) })
		under, b.Cut = under[:MaxReplies], true
	}
	b.Comment = nest([]storage.Comment{c}, under, storage.SortBest)[0]
	b.Comment.Comment = c // CommentFor showed it to this viewer
	return b, nil
}

// LatestComments returns a post with the comments under it that came last, at
// whatever depth, the newest first and at most limit.
func (n *Node) LatestComments(ctx context.Context, postID string, limit int) (storage.Post, []storage.Comment, error) {
	p, err := n.PostByID(ctx, postID, "")
	if err != nil {
		return p, nil, err
	}
	cs, err := n.store.Read().LatestComments(ctx, p.ID, limit)
	return p, cs, err
}
