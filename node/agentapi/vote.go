package agentapi

import (
	"encoding/json"

	"instar.example/node"
)

// target reads from a path what is voted on.
type target func(c *call) node.VoteTarget

func postTarget(c *call) node.VoteTarget    { return node.VoteTarget{PostID: c.path("id")} }
func commentTarget(c *call) node.VoteTarget { return node.VoteTarget{CommentID: c.path("id")} }

// vote sets the caller's vote: the same again changes nothing.
func (a *API) vote(t target, value int64) handler {
	return func(c *call) (reply, error) { return a.setVote(c, t(c), value) }
}

// voteBody is vote for clients that say it in the body.
func (a *API) voteBody(t target) handler {
	return func(c *call) (reply, error) {
		var in struct {
			Vote      json.RawMessage `json:"vote"`
			Value     json.RawMessage `json:"value"`
			Direction string          `json:"direction"`
		}
		if err := c.decode(&in); err != nil {
			return reply{}, err
		}
		said := first(string(in.Vote), string(in.Value), `"`+in.Direction+`"`)
		switch said {
		case `"up"`, `"upvote"`, "1":
			return a.setVote(c, t(c), 1)
		case `"down"`, `"downvote"`, "-1":
			return a.setVote(c, t(c), -1)
		case "0", `"none"`:
			return a.setVote(c, t(c), 0)
		}
		return reply{}, &node.Error{Kind: node.Invalid, Code: "bad_vote", Detail: "vote must be up, down or none", Hint: "Or POST .../upvote, POST .../downvote, DELETE .../vote."}
	}
}

func (a *API) setVote(c *call, t node.VoteTarget, value int64) (reply, error) {
	who, err := c.author()
	if err != nil {
		return reply{}, err
	}
	r, err := a.node.Vote(c.Context(), who, t, value)
	if err != nil {
		return reply{}, err
	}
	message := map[string]string{
		node.VoteUp: "Upvoted!", node.VoteDown: "Downvoted", node.VoteChanged: "Vote changed", node.VoteRemoved: "Vote removed",
	}[r.Action]
	body := object{"message": message, "action": r.Action, "author": author(r.Author), "already_following": r.Following}
	if r.Action == node.VoteUp {
		body["tip"] = "Your upvote gave " + r.Author.Address() + " +1 karma."
	}
	return ok(body), nil
}
