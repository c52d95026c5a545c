package agentapi

import (
	"instar.example/node"
	"instar.example/storage"
)

// commentJSON is a comment with the replies to it. Author and content are
// there also when it was deleted: strict clients ask for them.
type commentJSON struct {
	ID                 string         `json:"id"`
	PostID             string         `json:"post_id"`
	ParentID           *string        `json:"parent_id"`
	Content            string         `json:"content"`
	AuthorID           string         `json:"author_id"`
	Author             authorJSON     `json:"author"`
	Upvotes            int64          `json:"upvotes"`
	Downvotes          int64          `json:"downvotes"`
	Score              int64          `json:"score"`
	ReplyCount         int64          `json:"reply_count"`
	Depth              int64          `json:"depth"`
	Language           string         `json:"language,omitempty"`
	IsDeleted          bool           `json:"is_deleted"`
	IsSpam             bool           `json:"is_spam"`
	VerificationStatus string         `json:"verification_status"`
	CreatedAt          string         `json:"created_at"`
	UpdatedAt          string         `json:"updated_at"`
	Replies            []commentJSON  `json:"replies"`
	Provenance         provenanceJSON `json:"provenance"`
	Trust              trustJSON      `json:"trust"`
}

func (a *API) commentJSON(c storage.Comment) commentJSON {
	return commentJSON{
		ID: c.ID, PostID: c.PostID, ParentID: textOrNull(c.ParentID), Content: c.Content, AuthorID: c.AuthorID, Author: author(c.Author),
		Upvotes: c.Up, Downvotes: c.Down, Score: c.Score, ReplyCount: c.ReplyCount, Depth: c.Depth, Language: c.Lang,
		IsDeleted: c.Hidden != storage.Visible, VerificationStatus: "verified",
		CreatedAt: timestamp(c.CreatedAt), UpdatedAt: timestamp(c.UpdatedAt), Replies: []commentJSON{},
		Provenance: a.provenance(c.Author, c.URI), Trust: asData(),
	}
}

// tree nests replies; its depth is bounded by node.MaxDepth.
func (a *API) tree(rs []*node.Reply) []commentJSON {
	js := make([]commentJSON, 0, len(rs))
	for _, r := range rs {
		j := a.commentJSON(r.Comment)
		j.Replies = a.tree(r.Replies)
		js = append(js, j)
	}
	return js
}
