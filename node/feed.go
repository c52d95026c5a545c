package node

import (
	"context"
	"sort"

	"instar.example/storage"
)

// Filters of a personal feed.
const (
	FeedAll       = "all"       // subscriptions and follows
	FeedFollowing = "following" // follows only
)

// Bounds of a personal feed: how many of an agent's newest sources are merged,
// and how many posts of each followed author compete.
const (
	feedSources = 200
	feedPosts   = 500
)

// Feed is a page of an agent's personal feed.
type Feed struct {
	Posts

	Submolts, Agents int // how many sources it draws on
}

// FeedQuery asks for a personal feed.
type FeedQuery struct {
	Window

	Sort   string // storage.SortHot (also for ""), SortNew or SortTop
	Filter string // FeedAll (also for "") or FeedFollowing
}

// Feed merges the newest and best of what an agent subscribed to and follows:
// each source is read by its own index, so that the cost depends on their
// number and not on the size of the node.
func (n *Node) Feed(ctx context.Context, agentID string, fq FeedQuery) (Feed, error) {
	fq.Window = fq.clamp(usualPosts, 50)
	offset, err := fq.offset()
	if err != nil {
		return Feed{}, err
	}
	switch fq.Sort {
	case storage.SortNew, storage.SortTop:
	default:
		fq.Sort = storage.SortHot
	}
	q := n.store.Read()
	agents, err := q.Following(ctx, agentID, storage.KindAgent, "", feedSources)
	if err != nil {
		return Feed{}, err
	}
	var submolts []storage.Actor
	if fq.Filter != FeedFollowing {
		if submolts, err = q.Following(ctx, agentID, storage.KindSubmolt, "", feedSources); err != nil {
			return Feed{}, err
		}
	}
	want := min(offset+fq.Limit+1, feedPosts)
	seen := map[string]bool{}
	var merged []storage.Post
	add := func(list storage.PostList) error {
		posts, err := q.Posts(ctx, list)
		for _, p := range posts {
			if !seen[p.ID] {
				seen[p.ID] = true
				merged = append(merged, p)
			}
		}
		return err
	}
	for _, s := range submolts {
		if err := add(storage.PostList{Sort: fq.Sort, SubmoltID: s.ID, Limit: want}); err != nil {
			return Feed{}, err
		}
	}
	for _, a := range agents {
		if err := add(storage.PostList{Sort: storage.SortNew, AuthorID: a.ID, Limit: max(want, usualPosts)}); err != nil {
			return Feed{}, err
		}
	}
	sort.SliceStable(merged, func(i, j int) bool {
		a, b := merged[i], merged[j]
		if ka, kb := a.Key(fq.Sort), b.Key(fq.Sort); ka != kb {
			return ka > kb
		}
		return a.ID > b.ID
	})
	return Feed{Posts: slice(merged, offset, fq.Limit), Submolts: len(submolts), Agents: len(agents)}, nil
}
