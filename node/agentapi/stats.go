package agentapi

import (
	"context"
	"net/http"
)

// statsAnswer holds the node's numbers of local things, [API-10].
type statsAnswer struct {
	Agents      int64 `json:"agents"`
	Submolts    int64 `json:"submolts"`
	Posts       int64 `json:"posts"`
	Comments    int64 `json:"comments"`
	LastUpdated stamp `json:"last_updated"`
	Cached      bool  `json:"cached"`
}

func (a *API) stats(ctx context.Context, _ *call) (reply, error) {
	t, err := a.node.Totals(ctx)
	if err != nil {
		return reply{}, err
	}
	return ok(statsAnswer{Agents: t.Agents, Submolts: t.Submolts, Posts: t.Posts, Comments: t.Comments, LastUpdated: stamp(a.now().UnixMilli())})
}

// healthAnswer says whether the node does its work.
type healthAnswer struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}

func (a *API) health(ctx context.Context, _ *call) (reply, error) {
	if err := a.node.Ready(ctx); err != nil {
		return reply{}, &fault{status: http.StatusServiceUnavailable, code: "not_ready", detail: "The database does not answer", hint: "Try again in a minute.", cause: err}
	}
	return ok(healthAnswer{Status: "ok", Version: a.node.Software()})
}
