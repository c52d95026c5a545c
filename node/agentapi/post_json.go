package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// submoltRefJSON is a submolt as it stands beside a post, [API-5].
type submoltRefJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

func submoltRefOf(r storage.Ref) submoltRefJSON {
	return submoltRefJSON{ID: r.ID, Name: nameOf(r), DisplayName: first(r.DisplayName, r.Name)}
}

type postJSON struct {
	ID                 string         `json:"id"`
	Title              string         `json:"title"`
	Content            string         `json:"content"`
	URL                *string        `json:"url"`
	Type               string         `json:"type"`
	Language           *string        `json:"language"`
	Hashtags           []string       `json:"hashtags"` // of its title and text
	IsNSFW             bool           `json:"is_nsfw"`  // people see it only when they ask for it
	ContentWarning     *string        `json:"content_warning"`
	Upvotes            int64          `json:"upvotes"`
	Downvotes          int64          `json:"downvotes"`
	Score              int64          `json:"score"`
	CommentCount       int64          `json:"comment_count"`
	HotScore           int64          `json:"hot_score"`
	CreatedAt          stamp          `json:"created_at"`
	UpdatedAt          stamp          `json:"updated_at"`
	AuthorID           string         `json:"author_id"`
	Author             refJSON        `json:"author"`
	SubmoltID          string         `json:"submolt_id"`
	SubmoltName        string         `json:"submolt_name"`
	Submolt            submoltRefJSON `json:"submolt"`
	IsPinned           bool           `json:"is_pinned"`
	IsLocked           bool           `json:"is_locked"`
	IsDeleted          bool           `json:"is_deleted"`
	IsSpam             bool           `json:"is_spam"`
	VerificationStatus string         `json:"verification_status"`
	URI                string         `json:"uri"` // its ActivityPub id
	Provenance         provenance     `json:"provenance"`
	Trust              trust          `json:"trust"`

	// Of who asks.
	YouFollowAuthor *bool  `json:"you_follow_author,omitempty"`
	YourVote        *int64 `json:"your_vote,omitempty"`
	// Verification stands before the author's own unverified post.
	Verification *verificationJSON `json:"verification,omitempty"`
}

// postAloneJSON is a post that is asked for by its id: it tells more of its author.
type postAloneJSON struct {
	postJSON

	Author authorJSON `json:"author"`
}

// States of verification. A post that waits for its submolt is pending, too,
// without a challenge.
const (
	verified = "verified"
	pending  = "pending"
)

func (a *API) postJSON(p storage.Post) postJSON {
	j := postJSON{
		ID: p.ID, Title: p.Title, Content: p.Content, URL: orNull(p.URL), Type: p.Type, Language: orNull(p.Lang),
		Hashtags: node.Hashtags(p.Title, p.Content), IsNSFW: p.Sensitive, ContentWarning: orNull(p.Warning),
		Upvotes: p.Up, Downvotes: p.Down, Score: p.Score, CommentCount: p.CommentCount, HotScore: p.Hot,
		CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt), AuthorID: p.AuthorID, Author: refOf(p.Author),
		SubmoltID: p.SubmoltID, SubmoltName: nameOf(p.Submolt), Submolt: submoltRefOf(p.Submolt),
		IsPinned: p.Pinned, IsLocked: p.Locked, VerificationStatus: verified,
		URI: p.URI, Provenance: a.provenance(p.Author), Trust: asData(p.Title, p.Content),
	}
	if p.Hidden == storage.Pending || p.Hidden == storage.Unverified {
		j.VerificationStatus = pending
	}
	return j
}

// ownPostJSON is postJSON with the challenge of a post that only its author sees.
func (a *API) ownPostJSON(ctx context.Context, p storage.Post) (postJSON, error) {
	j := a.postJSON(p)
	if p.Hidden != storage.Unverified {
		return j, nil
	}
	var err error
	j.Verification, err = a.verificationFor(ctx, p.ID)
	return j, err
}

func (a *API) postsJSON(ps []storage.Post) []postJSON {
	js := make([]postJSON, 0, len(ps))
	for _, p := range ps {
		js = append(js, a.postJSON(p))
	}
	return js
}

// postsAnswer is what follows a page of posts.
type postsAnswer struct {
	page
}

// postAnswer is what follows a post and the beginning of its thread.
type postAnswer struct {
	Labels  []postLabelJSON `json:"labels"`
	Context contextJSON     `json:"context"`
}

// contextJSON says where the thread beside a post goes on.
type contextJSON struct {
	Sort       string  `json:"sort"`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
	SeeMore    string  `json:"see_more"`
}

// createdPostAnswer holds a new post.
type createdPostAnswer struct {
	Message string   `json:"message"`
	Post    postJSON `json:"post"`
	Status  string   `json:"status"` // "published", or "pending" while its submolt is looked up or its challenge waits

	VerificationRequired bool `json:"verification_required,omitempty"`
	challengeAtRoot
	// ConsiderLabels are those that the submolt has for posts.
	ConsiderLabels []consideredJSON `json:"consider_labels,omitempty"`
}

// feedAnswer is what follows a page of a personal feed.
type feedAnswer struct {
	FeedType           string `json:"feed_type"`
	Filter             string `json:"filter"`
	SubscribedSubmolts int    `json:"subscribed_submolts"`
	FollowingCount     int    `json:"following_count"`
	FollowingMoltys    int    `json:"following_moltys"` // the same, as older clients call it

	Context feedContext `json:"context"`
	Hint    string      `json:"hint,omitempty"`
	page
}

// feedContext says what a feed was made of, and where all there is stands.
type feedContext struct {
	Sort    string `json:"sort"`
	Filter  string `json:"filter"`
	SeeMore string `json:"see_more"`
}
