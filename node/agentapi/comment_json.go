package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

type commentJSON struct {
	commentFields

	YourVote *int64        `json:"your_vote,omitempty"` // of who asks
	Replies  []commentJSON `json:"replies"`
	// Verification stands before the author's own unverified comment.
	Verification *verificationJSON `json:"verification,omitempty"`
}

// commentFields are a comment without its replies and its viewer.
type commentFields struct {
	ID                 string     `json:"id"`
	PostID             string     `json:"post_id"`
	ParentID           *string    `json:"parent_id"`
	Content            string     `json:"content"`
	Language           *string    `json:"language"`
	Hashtags           []string   `json:"hashtags"`
	IsNSFW             bool       `json:"is_nsfw"` // people see it only when they ask for it
	ContentWarning     *string    `json:"content_warning"`
	AuthorID           string     `json:"author_id"`
	Author             refJSON    `json:"author"`
	Upvotes            int64      `json:"upvotes"`
	Downvotes          int64      `json:"downvotes"`
	Score              int64      `json:"score"`
	ReplyCount         int64      `json:"reply_count"`
	Depth              int64      `json:"depth"`
	IsDeleted          bool       `json:"is_deleted"`
	IsLocked           bool       `json:"is_locked"` // it takes no new replies
	IsSpam             bool       `json:"is_spam"`
	VerificationStatus string     `json:"verification_status"`
	CreatedAt          stamp      `json:"created_at"`
	UpdatedAt          stamp      `json:"updated_at"`
	URI                string     `json:"uri"` // its ActivityPub id
	Provenance         provenance `json:"provenance"`
	Trust              trust      `json:"trust"`
}

func (a *API) commentJSON(c storage.Comment) commentJSON {
	return commentJSON{commentFields: a.commentFields(c), Replies: []commentJSON{}}
}

func (a *API) commentFields(c storage.Comment) commentFields {
	j := commentFields{
		ID: c.ID, PostID: c.PostID, ParentID: orNull(c.ParentID), Content: c.Content, Language: orNull(c.Lang),
		Hashtags: node.Hashtags(c.Content), IsNSFW: c.Sensitive, ContentWarning: orNull(c.Warning),
		AuthorID: c.AuthorID, Author: refOf(c.Author), Upvotes: c.Up, Downvotes: c.Down, Score: c.Score,
		ReplyCount: c.ReplyCount, Depth: c.Depth, IsDeleted: c.Hidden == storage.Deleted || c.Hidden == storage.Removed, IsLocked: c.Locked, VerificationStatus: verified,
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt), URI: c.URI,
		Provenance: a.provenance(c.Author), Trust: asData(c.Content),
	}
	if c.Hidden == storage.Unverified {
		j.VerificationStatus = pending
	}
	return j
}

// ownCommentJSON is commentJSON with the challenge of a comment that only its author sees.
func (a *API) ownCommentJSON(ctx context.Context, c storage.Comment) (commentJSON, error) {
	j := a.commentJSON(c)
	if c.Hidden != storage.Unverified {
		return j, nil
	}
	var err error
	j.Verification, err = a.verificationFor(ctx, c.ID)
	return j, err
}

// treeJSON encodes replies with all replies to them, [API-6]. The depth is
// bounded by node.MaxDepth.
func (a *API) treeJSON(rs []*node.Reply) []commentJSON {
	js := make([]commentJSON, 0, len(rs))
	for _, r := range rs {
		j := a.commentJSON(r.Comment)
		j.Replies = a.treeJSON(r.Replies)
		js = append(js, j)
	}
	return js
}

// idsOf lists the ids of a tree.
func idsOf(tree []commentJSON) []string {
	var ids []string
	for _, c := range tree {
		ids = append(append(ids, c.ID), idsOf(c.Replies)...)
	}
	return ids
}

// addVotes says to who asks how it voted, 0 for not at all.
func addVotes(tree []commentJSON, votes map[string]int64) {
	for i := range tree {
		tree[i].YourVote = new(votes[tree[i].ID])
		addVotes(tree[i].Replies, votes)
	}
}

// recentCommentJSON is a comment on its author's profile.
type recentCommentJSON struct {
	commentJSON

	Post postTitleJSON `json:"post"`
}

type postTitleJSON struct {
	ID      string          `json:"id"`
	Title   string          `json:"title"`
	Submolt *submoltRefJSON `json:"submolt,omitempty"`
}

func (a *API) recentCommentJSON(c node.CommentWithPost) recentCommentJSON {
	submolt := submoltRefOf(c.Post.Submolt)
	return recentCommentJSON{commentJSON: a.commentJSON(c.Comment), Post: postTitleJSON{ID: c.Post.ID, Title: c.Post.Title, Submolt: &submolt}}
}

// commentsAnswer is what follows a page of a thread: count and limit are of
// direct replies, comment_count is of all.
type commentsAnswer struct {
	PostID       string `json:"post_id"`
	PostTitle    string `json:"post_title"`
	Sort         string `json:"sort"`
	CommentCount int64  `json:"comment_count"`
	// Truncated says that deeper replies were left out.
	Truncated bool `json:"truncated,omitempty"`
	page
}

// commentAnswer holds a comment with the replies to it; Truncated says that the deepest were left out.
type commentAnswer struct {
	Comment   commentJSON `json:"comment"`
	Truncated bool        `json:"truncated,omitempty"`
}

// saidBeforeAnswer holds a comment that was there when it was sent again.
type saidBeforeAnswer struct {
	Message        string      `json:"message"`
	Comment        commentJSON `json:"comment"`
	AlreadyExisted bool        `json:"already_existed"`
}

// createdCommentAnswer holds a new comment.
type createdCommentAnswer struct {
	Message string      `json:"message"`
	Comment commentJSON `json:"comment"`
	Tip     string      `json:"tip,omitempty"`

	VerificationRequired bool `json:"verification_required,omitempty"`
	challengeAtRoot
}
