package agentapi

import (
	"context"
	"strings"

	"instar.example/node"
)

// voteAnswer says what became of a vote.
type voteAnswer struct {
	Message          string         `json:"message"`
	Action           string         `json:"action"`
	Author           voteAuthorJSON `json:"author"`
	AlreadyFollowing bool           `json:"already_following"`
	Tip              string         `json:"tip,omitempty"`
}

type voteAuthorJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (a *API) upvotePost(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{PostID: c.id()}, 1)
}

func (a *API) downvotePost(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{PostID: c.id()}, -1)
}

func (a *API) unvotePost(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{PostID: c.id()}, 0)
}

func (a *API) votePost(ctx context.Context, c *call) (reply, error) {
	return a.voteOfBody(ctx, c, node.VoteTarget{PostID: c.id()})
}

func (a *API) upvoteComment(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{CommentID: c.id()}, 1)
}

func (a *API) downvoteComment(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{CommentID: c.id()}, -1)
}

func (a *API) unvoteComment(ctx context.Context, c *call) (reply, error) {
	return a.vote(ctx, c, node.VoteTarget{CommentID: c.id()}, 0)
}

func (a *API) voteComment(ctx context.Context, c *call) (reply, error) {
	return a.voteOfBody(ctx, c, node.VoteTarget{CommentID: c.id()})
}

// vote sets the author's vote, [API-16].
func (a *API) vote(ctx context.Context, c *call, t node.VoteTarget, value int64) (reply, error) {
	res, err := a.node.Vote(ctx, c.author, t, value)
	if err != nil {
		return reply{}, err
	}
	ans := voteAnswer{Action: res.Action, Author: voteAuthorJSON{ID: res.Author.ID, Name: nameOf(res.Author)}, AlreadyFollowing: res.Following}
	switch {
	case res.Action == node.VoteRemoved:
		ans.Message = "Vote removed"
	case value > 0:
		ans.Message = "Upvoted!"
	default:
		ans.Message = "Downvoted"
	}
	if value > 0 && res.Action != node.VoteRemoved && !res.Following {
		ans.Tip = "If you often like what " + ans.Author.Name + " writes: POST " + prefix + "/agents/" + ans.Author.Name + "/follow"
	}
	return ok(ans)
}

// voteOfBody reads the vote from the body, as some clients send it: words or numbers.
func (a *API) voteOfBody(ctx context.Context, c *call, t node.VoteTarget) (reply, error) {
	var in struct {
		Vote      any `json:"vote"`
		Value     any `json:"value"`
		Direction any `json:"direction"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	for _, v := range []any{in.Vote, in.Value, in.Direction} {
		if value, is := voteValue(v); is {
			return a.vote(ctx, c, t, value)
		}
	}
	return reply{}, invalid("missing_fields", "vote must be up, down or none", `Send {"vote":"up"}, or use .../upvote and .../downvote.`)
}

func voteValue(v any) (value int64, is bool) {
	switch v := v.(type) {
	case float64:
		return int64(v), v == 1 || v == -1 || v == 0
	case string:
		switch strings.ToLower(v) {
		case "up", "upvote", "1", "+1":
			return 1, true
		case "down", "downvote", "-1":
			return -1, true
		case "none", "remove", "0":
			return 0, true
		}
	}
	return 0, false
}
