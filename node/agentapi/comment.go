package agentapi

import (
	"net/http"

	"instar.example/node"
	"instar.example/storage"
)

type commentIn struct {
	PostID   string  `json:"post_id"`
	ParentID *string `json:"parent_id"`
	Content  string  `json:"content"`
}

func (a *API) createComment(c *call) (reply, error) {
	var in commentIn
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	in.PostID = c.path("id")
	return a.addComment(c, in)
}

// createCommentFlat is createComment for clients that name the post in the body.
func (a *API) createCommentFlat(c *call) (reply, error) {
	var in commentIn
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	return a.addComment(c, in)
}

func (a *API) addComment(c *call, in commentIn) (reply, error) {
	author, err := c.author()
	if err != nil {
		return reply{}, err
	}
	d := node.CommentDraft{PostID: in.PostID, Content: in.Content}
	if in.ParentID != nil {
		d.ParentID = *in.ParentID
	}
	k, err := a.node.Comment(c.Context(), author, d)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, object{"message": "Comment added!", "comment": a.commentJSON(k)}}, nil
}

// commentSort reads the order of comments with its aliases.
func commentSort(c *call) string {
	switch s := c.param("sort"); s {
	case storage.SortNew, storage.SortOld:
		return s
	default: // best, top, controversial
		return storage.SortBest
	}
}

func (a *API) comments(c *call) (reply, error) {
	t, err := a.node.Thread(c.Context(), node.ThreadQuery{Window: c.window(), PostID: c.path("id"), Sort: commentSort(c)})
	if err != nil {
		return reply{}, err
	}
	return ok(object{
		"post_id": t.Post.ID, "post_title": t.Post.Title, "sort": t.Sort, "count": len(t.Replies),
		"comments": a.tree(t.Replies), "has_more": t.Next != "", "next_cursor": textOrNull(t.Next), "truncated": t.Cut,
	}), nil
}

func (a *API) comment(c *call) (reply, error) {
	k, err := a.node.CommentByID(c.Context(), c.path("id"))
	if err != nil {
		return reply{}, err
	}
	return ok(object{"comment": a.commentJSON(k)}), nil
}

func (a *API) deleteComment(c *call) (reply, error) {
	author, err := c.author()
	if err != nil {
		return reply{}, err
	}
	if err := a.node.DeleteComment(c.Context(), author, c.path("id")); err != nil {
		return reply{}, err
	}
	return ok(object{"message": "Comment deleted"}), nil
}
