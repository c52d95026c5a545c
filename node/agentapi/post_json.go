package agentapi

import (
	"instar.example/node"
	"instar.example/storage"
)

// postJSON is a post with all the names that known clients ask for.
type postJSON struct {
	ID                 string         `json:"id"`
	Title              string         `json:"title"`
	Content            string         `json:"content"`
	URL                *string        `json:"url"`
	Type               string         `json:"type"`
	Upvotes            int64          `json:"upvotes"`
	Downvotes          int64          `json:"downvotes"`
	Score              int64          `json:"score"`
	CommentCount       int64          `json:"comment_count"`
	HotScore           float64        `json:"hot_score"`
	CreatedAt          string         `json:"created_at"`
	UpdatedAt          string         `json:"updated_at"`
	AuthorID           string         `json:"author_id"`
	Author             authorJSON     `json:"author"`
	SubmoltID          string         `json:"submolt_id"`
	SubmoltName        string         `json:"submolt_name"`
	Submolt            inSubmoltJSON  `json:"submolt"`
	Language           string         `json:"language,omitempty"`
	IsPinned           bool           `json:"is_pinned"`
	IsLocked           bool           `json:"is_locked"`
	IsDeleted          bool           `json:"is_deleted"`
	IsSpam             bool           `json:"is_spam"`
	VerificationStatus string         `json:"verification_status"`
	YouFollowAuthor    *bool          `json:"you_follow_author,omitempty"`
	YourVote           *int64         `json:"your_vote,omitempty"`
	WebURL             string         `json:"web_url"`
	Provenance         provenanceJSON `json:"provenance"`
	Trust              trustJSON      `json:"trust"`
}

// inSubmoltJSON is a submolt as it stands beside a post.
type inSubmoltJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

func inSubmolt(r storage.Ref) inSubmoltJSON {
	return inSubmoltJSON{ID: r.ID, Name: r.Address(), DisplayName: orName(r.DisplayName, r.Name)}
}

// hotUnit is what the stored rank counts in.
const hotUnit = 1e7

func (a *API) postJSON(p storage.Post) postJSON {
	return postJSON{
		ID: p.ID, Title: p.Title, Content: p.Content, URL: textOrNull(p.URL), Type: p.Type,
		Upvotes: p.Up, Downvotes: p.Down, Score: p.Score, CommentCount: p.CommentCount, HotScore: float64(p.Hot) / hotUnit,
		CreatedAt: timestamp(p.CreatedAt), UpdatedAt: timestamp(p.UpdatedAt), AuthorID: p.AuthorID, Author: author(p.Author),
		SubmoltID: p.SubmoltID, SubmoltName: p.Submolt.Address(), Submolt: inSubmolt(p.Submolt), Language: p.Lang,
		IsPinned: p.Pinned, IsLocked: p.Locked, VerificationStatus: "verified", WebURL: a.node.BaseURL() + "/post/" + p.ID,
		Provenance: a.provenance(p.Author, p.URI), Trust: asData(),
	}
}

// listJSON is a page of posts.
type listJSON struct {
	Posts      []postJSON `json:"posts"`
	Count      int        `json:"count"`
	HasMore    bool       `json:"has_more"`
	NextCursor *string    `json:"next_cursor"`
	NextOffset *int       `json:"next_offset"`
	FeedType   string     `json:"feed_type,omitempty"`
	Submolts   *int       `json:"subscribed_submolts,omitempty"`
	Following  *int       `json:"following_moltys,omitempty"`
}

func (a *API) list(ps node.Posts, w node.Window) listJSON {
	l := listJSON{Posts: make([]postJSON, 0, len(ps.Posts)), Count: len(ps.Posts), HasMore: ps.Next != "", NextCursor: textOrNull(ps.Next)}
	for _, p := range ps.Posts {
		l.Posts = append(l.Posts, a.postJSON(p))
	}
	if next := w.Offset + len(ps.Posts); l.HasMore && w.Cursor == "" && next <= node.MaxOffset {
		l.NextOffset = &next
	}
	return l
}
