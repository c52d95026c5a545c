package node

import (
	"cmp"
	"context"
	"slices"

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
// of each source the places of its first posts are read by its own index, so
// that the cost depends on their number and not on the size of the node, and
// only the posts of the page are read whole.
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
	sources, err := q.Sources(ctx, agentID, storage.KindAgent, feedSources)
	if err != nil {
		return Feed{}, err
	}
	f := Feed{Agents: len(sources)}
	if fq.Filter != FeedFollowing {
		submolts, err := q.Sources(ctx, agentID, storage.KindSubmolt, feedSources)
		if err != nil {
			return Feed{}, err
		}
		f.Submolts = len(submolts)
		sources = append(sources, submolts...)
	}
	f.Posts, err = n.merge(ctx, q, sources, fq.Sort, offset, fq.Limit)
	return f, err
}

// merge returns a page of the posts of some sources.
func (n *Node) merge(ctx context.Context, q storage.Queries, sources []storage.Source, sort string, offset, limit int) (Posts, error) {
	keys, err := q.FeedKeys(ctx, sources, sort, min(offset+limit+1, feedPosts))
	if err != nil {
		return Posts{}, err
	}
	slices.SortFunc(keys, func(a, b storage.PostKey) int {
		return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.ID, a.ID))
	})
	keys = slices.Compact(keys)
	from := min(offset, len(keys))
	to := min(from+limit, len(keys))
	var page Posts
	if to < len(keys) {
		page.Next = cursorOf(storage.After{Key: int64(to), ID: "row"})
	}
	page.Posts, err = n.postsInOrder(ctx, q, keys[from:to])
	return page, err
}

// postsInOrder returns the posts of keys in the order of those.
func (n *Node) postsInOrder(ctx context.Context, q storage.Queries, keys []storage.PostKey) ([]storage.Post, error) {
	ids, at := make([]string, len(keys)), make(map[string]int, len(keys))
	for i, k := range keys {
		ids[i], at[k.ID] = k.ID, i
	}
	posts, err := q.PostsByIDs(ctx, ids)
	slices.SortFunc(posts, func(a, b storage.Post) int { return cmp.Compare(at[a.ID], at[b.ID]) })
	return posts, err
}
