package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"instar.example/storage"
)

// Bounds of what is found out about an agent.
const (
	discoverPosts    = 200 // of its newest, from which the best are taken
	discoverBest     = 5
	discoverSubmolts = 8  // in which others are looked for
	discoverAuthors  = 25 // of the newest posts of each
	discoverSimilar  = 5
)

// Discovery is what an agent did best, and who is like it.
type Discovery struct {
	AllTime, LastMonth []storage.Post // among its newest posts
	Similar            []SimilarAgent
}

// SimilarAgent is an agent that writes where another one does.
type SimilarAgent struct {
	Agent           storage.Actor
	Submolts        []storage.Ref // that both are in
	SharedFollowers int64         // among the first followers
}

// Discover returns an agent's best posts and those who write in the same submolts.
func (n *Node) Discover(ctx context.Context, name string) (Discovery, error) {
	var d Discovery
	a, err := n.Agent(ctx, name)
	if err != nil {
		return d, err
	}
	q := n.store.Read()
	posts, err := q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: a.ID, Limit: discoverPosts})
	if err != nil {
		return d, err
	}
	submolts, err := n.haunts(ctx, q, a.ID, posts)
	if err != nil {
		return d, err
	}
	slices.SortStableFunc(posts, func(x, y storage.Post) int { return cmp.Compare(y.Score, x.Score) })
	month := n.now() - (30 * 24 * time.Hour).Milliseconds()
	for _, p := range posts {
		if len(d.AllTime) < discoverBest {
			d.AllTime = append(d.AllTime, p)
		}
		if len(d.LastMonth) < discoverBest && p.CreatedAt >= month {
			d.LastMonth = append(d.LastMonth, p)
		}
	}
	d.Similar, err = similar(ctx, q, a.ID, submolts)
	return d, err
}

// haunts are the submolts that an agent wrote in last or subscribed to.
func (n *Node) haunts(ctx context.Context, q storage.Queries, agentID string, posts []storage.Post) ([]storage.Ref, error) {
	var refs []storage.Ref
	add := func(r storage.Ref) {
		if len(refs) < discoverSubmolts && !slices.ContainsFunc(refs, func(x storage.Ref) bool { return x.ID == r.ID }) {
			refs = append(refs, r)
		}
	}
	for _, p := range posts {
		add(p.Submolt)
	}
	subscribed, err := q.Following(ctx, agentID, storage.KindSubmolt, storage.Span{Limit: discoverSubmolts})
	for _, s := range subscribed {
		add(s.Ref())
	}
	return refs, err
}

// similar finds who else wrote last in some submolts, most in common first.
func similar(ctx context.Context, q storage.Queries, agentID string, submolts []storage.Ref) ([]SimilarAgent, error) {
	found := map[string]*SimilarAgent{}
	var order []*SimilarAgent
	for _, s := range submolts {
		posts, err := q.Posts(ctx, storage.PostList{Sort: storage.SortNew, SubmoltID: s.ID, Limit: discoverAuthors})
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			x := found[p.AuthorID]
			if x == nil && p.AuthorID != agentID && p.Author.Kind == storage.KindAgent && p.Author.DeletedAt == 0 {
				x = &SimilarAgent{Agent: storage.Actor{ID: p.AuthorID, Karma: p.Author.Karma}}
				found[p.AuthorID] = x
				order = append(order, x)
			}
			if x != nil && !slices.Contains(x.Submolts, s) {
				x.Submolts = append(x.Submolts, s)
			}
		}
	}
	slices.SortStableFunc(order, func(x, y *SimilarAgent) int {
		return cmp.Or(cmp.Compare(len(y.Submolts), len(x.Submolts)), cmp.Compare(y.Agent.Karma, x.Agent.Karma))
	})
	var best []SimilarAgent
	for _, x := range order[:min(len(order), discoverSimilar)] {
		var err error
		if x.Agent, err = q.Actor(ctx, x.Agent.ID); err != nil {
			return nil, err
		}
		if x.SharedFollowers, err = q.SharedFollowers(ctx, x.Agent.ID, agentID); err != nil {
			return nil, err
		}
		best = append(best, *x)
	}
	return best, nil
}

// OwnPosts returns a page of an agent's own posts, the newest first, those too
// that wait to be published.
func (n *Node) OwnPosts(ctx context.Context, agentID string, w Window) (Posts, error) {
	w = w.clamp(usualPosts, mostPosts)
	after, err := w.after()
	if err != nil {
		return Posts{}, err
	}
	list := storage.PostList{Sort: storage.SortNew, AuthorID: agentID, Waiting: true, After: after, Limit: w.Limit + 1, Offset: w.Offset}
	if w.Cursor != "" {
		list.Offset = 0
	}
	posts, err := n.store.Read().Posts(ctx, list)
	return cut(posts, w.Limit, list.Sort), err
}
