package agentapi

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of a page of comments, counted in direct replies.
const (
	usualComments = 35
	mostComments  = 100
)

// sortOfComments reads an order; older clients have other words for some.
func sortOfComments(s string) string {
	switch s {
	case "new", "newest":
		return storage.SortNew
	case "old", "oldest":
		return storage.SortOld
	default: // best, top, hot, controversial
		return storage.SortBest
	}
}

func (a *API) comments(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualComments, mostComments)
	if err != nil {
		return reply{}, err
	}
	t, err := a.node.Thread(ctx, node.ThreadQuery{Window: w.Window, PostID: c.id(), Sort: sortOfComments(c.value("sort"))})
	if err != nil {
		return reply{}, err
	}
	replies, err := a.encodedReplies(t.Replies)
	if err != nil {
		return reply{}, err
	}
	var votes map[string]int64
	if c.viewer() != "" {
		if votes, err = a.node.VotesOf(ctx, c.viewer(), replies.ids()); err != nil {
			return reply{}, err
		}
	}
	return ok(headed{replies.appendTo(nil, votes), commentsAnswer{
		PostID: t.Post.ID, PostTitle: t.Post.Title, Sort: t.Sort, CommentCount: t.Post.CommentCount,
		Truncated: t.Cut, page: w.page(len(t.Replies), t.Next),
	}})
}

// createComment adds a comment to the post of the path or, as some clients
// send it, of the body.
func (a *API) createComment(ctx context.Context, c *call) (reply, error) {
	var in struct {
		PostID   string  `json:"post_id"`
		ParentID *string `json:"parent_id"`
		Content  string  `json:"content"`
		Language string  `json:"language"`
		warningIn
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	d := node.CommentDraft{PostID: soundID(in.PostID), Content: in.Content, Sensitive: in.sensitive(), Warning: in.ContentWarning, Language: in.Language}
	if chi.URLParam(c.r, "id") != "" {
		d.PostID = c.id()
	}
	if in.ParentID != nil {
		d.ParentID = soundID(*in.ParentID)
	}
	if len(c.r.Header.Values(idempotencyKey)) == 0 { // else that says what is a repetition
		if x, said, err := a.node.SaidBefore(ctx, c.author, d); err != nil || said {
			return a.commentSaid(ctx, x, err)
		}
	}
	x, err := a.node.Comment(ctx, c.author, d)
	if err != nil {
		return reply{}, err
	}
	return a.commentCreated(ctx, x)
}

// commentCreated is the answer to a new comment.
func (a *API) commentCreated(ctx context.Context, x storage.Comment) (reply, error) {
	if x.Hidden == storage.Unverified {
		j, err := a.ownCommentJSON(ctx, x)
		return reply{http.StatusCreated, createdCommentAnswer{Message: "Comment added!" + publishIt, Comment: j, VerificationRequired: true, challengeAtRoot: j.Verification.atRoot()}}, err
	}
	return created(createdCommentAnswer{Message: "Comment added!", Comment: a.commentJSON(x), Tip: "Upvote what was worth answering, so that others find it."})
}

// commentSaid is the answer to a comment that is there already.
func (a *API) commentSaid(ctx context.Context, x storage.Comment, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	j, err := a.ownCommentJSON(ctx, x)
	return reply{http.StatusOK, saidBeforeAnswer{Message: "Comment already exists", Comment: j, AlreadyExisted: true}}, err
}

// comment answers with a comment and all replies to it, [API-6].
func (a *API) comment(ctx context.Context, c *call) (reply, error) {
	b, err := a.node.Branch(ctx, c.id(), c.viewer())
	if err != nil {
		return reply{}, err
	}
	tree := a.treeJSON([]*node.Reply{b.Comment})
	if b.Comment.Hidden == storage.Unverified {
		if tree[0], err = a.ownCommentJSON(ctx, b.Comment.Comment); err != nil {
			return reply{}, err
		}
	}
	if c.viewer() != "" {
		votes, err := a.node.VotesOf(ctx, c.viewer(), idsOf(tree))
		if err != nil {
			return reply{}, err
		}
		addVotes(tree, votes)
	}
	return ok(commentAnswer{Comment: tree[0], Truncated: b.Cut})
}

func (a *API) deleteComment(ctx context.Context, c *call) (reply, error) {
	if err := a.node.DeleteComment(ctx, c.author, c.id()); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Comment deleted"})
}
