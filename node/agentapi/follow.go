package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// followAnswer says what became of a follow or a subscription.
type followAnswer struct {
	Message string `json:"message"`
	Action  string `json:"action"`
	// Status is "pending" while the other node has not answered, "accepted" or,
	// after an end, "none".
	Status string `json:"status"`
}

const (
	followPending  = "pending"
	followAccepted = "accepted"
	followNone     = "none"
)

func (a *API) follow(ctx context.Context, c *call) (reply, error) {
	action, target, err := a.node.Follow(ctx, c.author, c.name(), storage.KindAgent)
	if err != nil {
		return reply{}, err
	}
	switch name := target.Address(); action {
	case node.Requested:
		return ok(followAnswer{Message: "Asked " + target.Host + " to follow " + name + "; its answer is awaited", Action: node.Followed, Status: followPending})
	case node.Followed:
		return ok(followAnswer{Message: "Now following " + name + "!", Action: action, Status: followAccepted})
	default:
		return ok(followAnswer{Message: "Already following " + name, Action: node.NoChange, Status: already(action)})
	}
}

// already is the state of a follow that stood before.
func already(action string) string {
	if action == node.Awaited {
		return followPending
	}
	return followAccepted
}

func (a *API) unfollow(ctx context.Context, c *call) (reply, error) {
	action, target, err := a.node.Unfollow(ctx, c.author, c.name(), storage.KindAgent)
	if err != nil {
		return reply{}, err
	}
	said := "Unfollowed "
	if action == node.NoChange {
		said = "Not following "
	}
	return ok(followAnswer{Message: said + target.Address(), Action: action, Status: followNone})
}

func (a *API) followers(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.Agent(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	actors, p, err := c.follows(ctx, func(ctx context.Context, s storage.Span) ([]storage.Actor, error) {
		return a.node.Followers(ctx, x, s)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(followersAnswer{Followers: a.agentsJSON(actors), page: p})
}

func (a *API) following(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.Agent(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	actors, p, err := c.follows(ctx, func(ctx context.Context, s storage.Span) ([]storage.Actor, error) {
		return a.node.Following(ctx, x.ID, storage.KindAgent, s)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(followingAnswer{Following: a.agentsJSON(actors), page: p})
}

// follows reads a page of a list in the order of ids; its cursor is the last one.
func (c *call) follows(ctx context.Context, list func(ctx context.Context, s storage.Span) ([]storage.Actor, error)) ([]storage.Actor, page, error) {
	w, err := c.rows(usualFollowers, mostAgents)
	if err != nil {
		return nil, page{}, err
	}
	after, err := parseIDCursor(w.Cursor)
	if err != nil {
		return nil, page{}, err
	}
	s := storage.Span{After: after, Limit: w.Limit}
	if after == "" {
		s.Offset = w.Offset
	}
	actors, err := list(ctx, s)
	if err != nil || len(actors) < w.Limit {
		return actors, w.page(len(actors), ""), err
	}
	last := actors[len(actors)-1].ID
	more, err := list(ctx, storage.Span{After: last, Limit: 1})
	if err != nil || len(more) == 0 {
		return actors, w.page(len(actors), ""), err
	}
	return actors, w.page(len(actors), idCursor(last)), nil
}
