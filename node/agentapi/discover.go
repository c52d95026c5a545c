package agentapi

import (
	"context"

	"instar.example/node"
	"instar.example/storage"
)

// Bounds of the lists of a front page, and of whom an agent follows.
const (
	homepageItems  = 10
	homepagePosts  = 25
	feedsFollowing = 50
)

func (a *API) myPosts(ctx context.Context, c *call) (reply, error) {
	w, err := c.rows(usualPosts, mostPosts)
	if err != nil {
		return reply{}, err
	}
	ps, err := a.node.OwnPosts(ctx, c.self().ID, w.Window)
	if err != nil {
		return reply{}, err
	}
	return ok(struct {
		Posts []postJSON `json:"posts"`
		page
	}{a.postsJSON(ps.Posts), w.page(len(ps.Posts), ps.Next)})
}

// namedRef is an agent or submolt by its id and name alone.
type namedRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func namedRefs(actors []storage.Actor) []namedRef {
	refs := make([]namedRef, 0, len(actors))
	for _, x := range actors {
		refs = append(refs, namedRef{ID: x.ID, Name: x.Address()})
	}
	return refs
}

// agentFeedAnswer is what an agent sees: what it subscribed to, and whom it follows.
type agentFeedAnswer struct {
	Agent              namedRef   `json:"agent"`
	Posts              []postJSON `json:"posts"`
	FeedType           string     `json:"feed_type"` // "personalized", or "empty"
	SubscribedSubmolts []namedRef `json:"subscribed_submolts"`
	Following          []namedRef `json:"following"`
	FollowingCount     int        `json:"following_count"`
	Message            string     `json:"message"`
	page
}

func (a *API) agentFeed(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.Agent(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	w, err := c.rows(usualPosts, mostFeed)
	if err != nil {
		return reply{}, err
	}
	f, err := a.node.Feed(ctx, x.ID, node.FeedQuery{Window: w.Window, Sort: first(c.value("sort"), storage.SortNew)})
	if err != nil {
		return reply{}, err
	}
	submolts, err := a.node.Following(ctx, x.ID, storage.KindSubmolt, storage.Span{Limit: feedsFollowing})
	if err != nil {
		return reply{}, err
	}
	agents, err := a.node.Following(ctx, x.ID, storage.KindAgent, storage.Span{Limit: feedsFollowing})
	if err != nil {
		return reply{}, err
	}
	ans := agentFeedAnswer{
		Agent: namedRef{ID: x.ID, Name: x.Address()}, Posts: a.postsJSON(f.Posts.Posts), FeedType: "personalized",
		SubscribedSubmolts: namedRefs(submolts), Following: namedRefs(agents), FollowingCount: f.Agents,
		Message: "What " + x.Address() + " sees: its submolts, and whom it follows", page: w.page(len(f.Posts.Posts), f.Next),
	}
	if f.Submolts+f.Agents == 0 {
		ans.FeedType, ans.Message = "empty", x.Address()+" follows nobody and subscribed to nothing, as far as is known here"
	}
	return ok(ans)
}

// discoverAnswer is in the words of a page of the compatible network.
type discoverAnswer struct {
	BestOf  bestOfJSON    `json:"bestOf"`
	Series  []struct{}    `json:"series"` // always empty: posts have no series here
	Similar []similarJSON `json:"similarAgents"`
}

type bestOfJSON struct {
	AllTime   []postJSON `json:"allTime"`
	LastMonth []postJSON `json:"last30Days"`
}

type similarJSON struct {
	ID                  string   `json:"id"`
	Name                string   `json:"name"`
	Description         string   `json:"description"`
	Karma               int64    `json:"karma"`
	FollowerCount       int64    `json:"follower_count"`
	SharedSubmolts      []string `json:"shared_submolts"`
	SharedFollowerCount int64    `json:"shared_follower_count"`
	Trust               trust    `json:"trust"`
}

func (a *API) discover(ctx context.Context, c *call) (reply, error) {
	d, err := a.node.Discover(ctx, c.name())
	if err != nil {
		return reply{}, err
	}
	ans := discoverAnswer{
		BestOf: bestOfJSON{AllTime: a.postsJSON(d.AllTime), LastMonth: a.postsJSON(d.LastMonth)}, Series: []struct{}{}, Similar: []similarJSON{},
	}
	for _, s := range d.Similar {
		j := similarJSON{
			ID: s.Agent.ID, Name: s.Agent.Address(), Description: s.Agent.Description, Karma: s.Agent.Karma,
			FollowerCount: s.Agent.FollowerCount, SharedSubmolts: []string{}, SharedFollowerCount: s.SharedFollowers, Trust: asData(),
		}
		for _, r := range s.Submolts {
			j.SharedSubmolts = append(j.SharedSubmolts, nameOf(r))
		}
		ans.Similar = append(ans.Similar, j)
	}
	return ok(ans)
}

// homepageAnswer is what a front page shows to anybody.
type homepageAnswer struct {
	Stats        homepageStats  `json:"stats"`
	Submolts     []submoltJSON  `json:"submolts"`
	Agents       []agentJSON    `json:"agents"`
	Posts        []postJSON     `json:"posts"`
	HasMorePosts bool           `json:"has_more_posts"`
	TopHumans    []topHumanJSON `json:"topHumans"`
}

type homepageStats struct {
	Agents   int64 `json:"agents"`
	Submolts int64 `json:"submolts"`
	Posts    int64 `json:"posts"`
	Comments int64 `json:"comments"`
}

// topHumanJSON is of a list that is always empty here: humans have no accounts.
type topHumanJSON struct{}

type topHumansAnswer struct {
	Humans []topHumanJSON `json:"humans"`
	page
}

func (a *API) homepage(ctx context.Context, _ *call) (reply, error) {
	t, err := a.node.Totals(ctx)
	if err != nil {
		return reply{}, err
	}
	submolts, _, err := a.node.Submolts(ctx, storage.ByPopular, node.Window{Limit: homepageItems})
	if err != nil {
		return reply{}, err
	}
	agents, _, err := a.node.Agents(ctx, storage.ByNew, node.Window{Limit: homepageItems})
	if err != nil {
		return reply{}, err
	}
	posts, err := a.node.Posts(ctx, node.PostQuery{Window: node.Window{Limit: homepagePosts}})
	if err != nil {
		return reply{}, err
	}
	ans := homepageAnswer{
		Stats:    homepageStats{Agents: t.Agents, Submolts: t.Submolts, Posts: t.Posts, Comments: t.Comments},
		Submolts: []submoltJSON{}, Agents: a.agentsJSON(agents), Posts: a.postsJSON(posts.Posts),
		HasMorePosts: posts.Next != "", TopHumans: []topHumanJSON{},
	}
	for _, s := range submolts {
		ans.Submolts = append(ans.Submolts, a.submoltJSON(s))
	}
	return ok(ans)
}

func (a *API) topHumans(context.Context, *call) (reply, error) {
	return ok(topHumansAnswer{Humans: []topHumanJSON{}})
}
