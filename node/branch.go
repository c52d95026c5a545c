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
	// Next is the cursor of the next direct replies, or "": of a page alone.
	Next string
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
	b, err := n.above(ctx, c)
	if err != nil {
		return Branch{}, err
	}
	under, err := n.under(ctx, []string{c.ID}, &b)
	if err != nil {
		return Branch{}, err
	}
	b.Comment = nest([]storage.Comment{c}, under, storage.SortBest)[0]
	b.Comment.Comment = c // CommentFor showed it to this viewer
	return b, nil
}

// BranchPage is Branch for people, with a page of the direct replies and what is
// below those. A comment that was deleted or removed stands in it without its
// text, as long as something answers it.
func (n *Node) BranchPage(ctx context.Context, commentID string, w Window) (Branch, error) {
	w = w.clamp(50, 100)
	after, err := w.after()
	if err != nil {
		return Branch{}, err
	}
	q := n.store.Read()
	c, gone := n.CommentByID(ctx, commentID)
	if gone != nil && c.Hidden != storage.Deleted && c.Hidden != storage.Removed {
		return Branch{}, gone
	}
	b, err := n.above(ctx, c)
	if err != nil {
		return Branch{}, err
	}
	direct, err := q.Replies(ctx, storage.CommentList{PostID: c.PostID, ParentID: c.ID, Sort: storage.SortBest, After: after, Limit: w.Limit + 1})
	if err != nil {
		return Branch{}, err
	}
	if len(direct) > w.Limit {
		direct = direct[:w.Limit]
		last := direct[w.Limit-1]
		b.Next = cursorOf(storage.After{Key: last.Key(storage.SortBest), ID: last.ID})
	}
	ids := make([]string, len(direct))
	for i, d := range direct {
		ids[i] = d.ID
	}
	under, err := n.under(ctx, ids, &b)
	if err != nil {
		return Branch{}, err
	}
	visible := func(c storage.Comment) bool { return c.Hidden == storage.Visible }
	if gone != nil && b.Next == "" && after.ID == "" && !slices.ContainsFunc(direct, visible) && !slices.ContainsFunc(under, visible) {
		return Branch{}, gone
	}
	b.Comment = &Reply{Comment: blank(c), Replies: nest(direct, under, storage.SortBest)}
	return b, nil
}

// above begins a branch: the post of a comment and what the comment answers.
func (n *Node) above(ctx context.Context, c storage.Comment) (Branch, error) {
	var b Branch
	var err error
	if b.Post, err = n.PostByID(ctx, c.PostID, ""); err != nil || c.ParentID == "" {
		return b, err
	}
	b.Above, err = n.store.Read().Above(ctx, c.ParentID, MaxDepth)
	slices.SortFunc(b.Above, func(x, y storage.Comment) int { return int(x.Depth - y.Depth) })
	for i := range b.Above {
		b.Above[i] = blank(b.Above[i])
	}
	return b, err
}

// under are the replies below some comments, of which the deepest are left out
// where there are too many.
func (n *Node) under(ctx context.Context, parents []string, b *Branch) ([]storage.Comment, error) {
	under, err := n.store.Read().Under(ctx, parents, MaxReplies+1)
	if len(under) > MaxReplies {
		slices.SortFunc(under, func(x, y storage.Comment) int { return int(x.Depth - y.Depth) })
		under, b.Cut = under[:MaxReplies], true
	}
	return under, err
}

// LatestComments returns a post with the comments under it that came last, at
// whatever depth, the newest first and at most limit: those before a comment, by
// its id, or with "" all.
func (n *Node) LatestComments(ctx context.Context, postID, before string, limit int) (storage.Post, []storage.Comment, error) {
	p, err := n.PostByID(ctx, postID, "")
	if err != nil {
		return p, nil, err
	}
	cs, err := n.store.Read().LatestComments(ctx, p.ID, before, limit)
	return p, cs, err
}
