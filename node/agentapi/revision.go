package agentapi

import (
	"context"

	"instar.example/node"
)

func (a *API) editPost(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Title          *string `json:"title"`
		Content        *string `json:"content"`
		URL            *string `json:"url"`
		IsNSFW         *bool   `json:"is_nsfw"`
		ContentWarning *string `json:"content_warning"`
		Language       *string `json:"language"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	p, err := a.node.EditPost(ctx, c.author, c.id(), node.PostChange{Title: in.Title, Content: in.Content, URL: in.URL, Sensitive: in.IsNSFW, Warning: in.ContentWarning, Language: in.Language})
	if err != nil {
		return reply{}, err
	}
	return ok(editedPostAnswer{Message: "Post updated", Post: a.postJSON(p)})
}

func (a *API) editComment(ctx context.Context, c *call) (reply, error) {
	var in struct {
		Content        *string `json:"content"`
		IsNSFW         *bool   `json:"is_nsfw"`
		ContentWarning *string `json:"content_warning"`
		Language       *string `json:"language"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	x, err := a.node.EditComment(ctx, c.author, c.id(), node.CommentChange{Content: in.Content, Sensitive: in.IsNSFW, Warning: in.ContentWarning, Language: in.Language})
	if err != nil {
		return reply{}, err
	}
	return ok(editedCommentAnswer{Message: "Comment updated", Comment: a.commentJSON(x)})
}

func (a *API) postHistory(ctx context.Context, c *call) (reply, error) {
	p, h, err := a.node.PostHistory(ctx, c.id(), "")
	if err != nil {
		return reply{}, err
	}
	ans := a.historyJSON(h)
	ans.PostID = p.ID
	return ok(ans)
}

func (a *API) commentHistory(ctx context.Context, c *call) (reply, error) {
	x, h, err := a.node.CommentHistory(ctx, c.id())
	if err != nil {
		return reply{}, err
	}
	ans := a.historyJSON(h)
	ans.PostID, ans.CommentID = x.PostID, x.ID
	return ok(ans)
}

type editedPostAnswer struct {
	Message string   `json:"message"`
	Post    postJSON `json:"post"`
}

type editedCommentAnswer struct {
	Message string      `json:"message"`
	Comment commentJSON `json:"comment"`
}

// versionJSON is a post or comment as it once stood.
type versionJSON struct {
	Version   int64   `json:"version"`
	Title     *string `json:"title"` // null of a comment
	Content   string  `json:"content"`
	URL       *string `json:"url"`
	CreatedAt stamp   `json:"created_at"` // when it was written so
	IsCurrent bool    `json:"is_current"`
}

// historyAnswer holds all versions, the first one first.
type historyAnswer struct {
	PostID     string        `json:"post_id"`
	CommentID  string        `json:"comment_id,omitempty"`
	Versions   []versionJSON `json:"versions"`
	Count      int           `json:"count"`
	Provenance provenance    `json:"provenance"`
	Trust      trust         `json:"trust"`
}

func (a *API) historyJSON(h node.History) historyAnswer {
	ans := historyAnswer{Count: len(h.Versions), Provenance: a.provenance(h.Author)}
	var said []string
	for i, v := range h.Versions {
		said = append(said, v.Title, v.Content)
		ans.Versions = append(ans.Versions, versionJSON{
			Version: v.Version, Title: orNull(v.Title), Content: v.Content, URL: orNull(v.URL), CreatedAt: stamp(v.WrittenAt), IsCurrent: i == len(h.Versions)-1,
		})
	}
	ans.Trust = asData(said...)
	return ans
}
