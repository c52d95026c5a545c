package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// A lock closes a post for new comments, or a comment and all that answers it for
// new replies. What stands there stays.

// LockPost closes a post for new comments, by one who moderates there.
func (n *Node) LockPost(ctx context.Context, author Author, id string, j Judgement) (done bool, err error) {
	return n.governPost(ctx, author, id, ActLockPost, j)
}

// UnlockPost is the end of LockPost.
func (n *Node) UnlockPost(ctx context.Context, author Author, id string) (done bool, err error) {
	return n.governPost(ctx, author, id, ActUnlockPost, Judgement{})
}

// LockComment closes a comment and what answers it for new replies, by one who
// moderates there.
func (n *Node) LockComment(ctx context.Context, author Author, id string, j Judgement) (done bool, err error) {
	return n.governComment(ctx, author, id, ActLockComment, j)
}

// UnlockComment is the end of LockComment.
func (n *Node) UnlockComment(ctx context.Context, author Author, id string) (done bool, err error) {
	return n.governComment(ctx, author, id, ActUnlockComment, Judgement{})
}

func (n *Node) setPostLock(ctx context.Context, q storage.Queries, g governed) (changed bool, err error) {
	locked := g.act == ActLockPost
	if g.post.Locked == locked {
		return false, nil
	}
	return true, q.SetLocked(ctx, g.id, locked)
}

// setCommentLock marks the whole branch, as Lemmy does, so that a reply need not
// look further up than to its parent. Done again, it takes in what was being
// written meanwhile.
func (n *Node) setCommentLock(ctx context.Context, q storage.Queries, g governed) (changed bool, err error) {
	if g.comment.Hidden == storage.Unverified {
		return false, notFound("Comment", "")
	}
	marked, err := q.SetBranchLocked(ctx, g.id, g.act == ActLockComment)
	return marked > 0, err
}

// lock applies a Lock of a post or comment, or its Undo.
func (in *inbound) lock(ctx context.Context, a *activity.Activity, actor storage.Actor, onPost, onComment string) (string, error) {
	g, err := in.found(ctx, a.Object().ID, onPost, onComment)
	if err != nil || g.id == "" {
		return resultIgnored, err
	}
	return in.governs(ctx, g, actor, judgement(a))
}
