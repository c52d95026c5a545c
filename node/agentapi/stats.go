package agentapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"instar.example/storage"
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

// totalsAge is how old the numbers beside a list may be: they are summed over
// all local actors.
const totalsAge = 10 * time.Second

// totals remembers the node's numbers for a while.
type totals struct {
	mu    sync.Mutex
	last  storage.Totals // guarded by mu
	until time.Time      // guarded by mu
}

func (a *API) roughTotals(ctx context.Context) (storage.Totals, error) {
	a.totals.mu.Lock()
	defer a.totals.mu.Unlock()
	now := a.now()
	if now.Before(a.totals.until) {
		return a.totals.last, nil
	}
	t, err := a.node.Totals(ctx)
	if err == nil {
		a.totals.last, a.totals.until = t, now.Add(totalsAge)
	}
	return t, err
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
