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
	version := n.Version()
	agents, err := n.feedSources(ctx, version, agentID, storage.KindAgent)
	if err != nil {
		return Feed{}, err
	}
	f, sources := Feed{Agents: len(agents)}, agents
	if n.cfg.Mirror {
		people, err := n.feedSources(ctx, version, agentID, storage.KindHuman)
		if err != nil {
			return Feed{}, err
		}
		f.Agents += len(people)
		sources = slices.Concat(agents, people)
	}
	if fq.Filter != FeedFollowing {
		submolts, err := n.feedSources(ctx, version, agentID, storage.KindSubmolt)
		if err != nil {
			return Feed{}, err
		}
		f.Submolts = len(submolts)
		sources = slices.Concat(sources, submolts)
	}
	f.Posts, err = n.merge(ctx, version, sources, fq.Sort, offset, fq.Limit)
	return f, err
}

// merge returns a page of the posts of some sources.
func (n *Node) merge(ctx context.Context, version int64, sources []storage.Source, sort string, offset, limit int) (Posts, error) {
	most := min(offset+limit+1, feedPosts)
	places, err := n.feedPlaces(ctx, version, sources, sort, most)
	if err != nil {
		return Posts{}, err
	}
	return n.pageOf(ctx, version, firstOf(places, most), offset, limit)
}

// firstOf merges lists of places, each with its best first, into the ids of the
// best of all, each once.
func firstOf(lists [][]storage.PostKey, most int) []string {
	rest := slices.Clone(lists)
	ids := make([]string, 0, most)
	for len(ids) < most {
		best := -1
		for i, l := range rest {
			if len(l) > 0 && (best < 0 || byPlace(l[0], rest[best][0]) < 0) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		if id := rest[best][0].ID; len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
		rest[best] = rest[best][1:]
	}
	return ids
}

// feedSources are the agents, or the submolts, that an agent follows.
func (n *Node) feedSources(ctx context.Context, version int64, agentID, kind string) ([]storage.Source, error) {
	key := kind + " " + agentID
	if ss, found := n.reads.sources.get(key); found {
		return ss, nil
	}
	ss, err := n.store.Read().Sources(ctx, agentID, kind, feedSources)
	if err == nil {
		n.reads.sources.put(key, keptValue[[]storage.Source]{value: ss, version: version, about: []string{followsOf(agentID)}, bytes: len(ss) * sourceBytes})
	}
	return ss, err
}

// What one source and one place take in memory, about.
const (
	sourceBytes = 80
	placeBytes  = 64
)

// feedPlaces are lists of places, each with its best first, among which the
// feed's first ones are: at least limit, or all.
func (n *Node) feedPlaces(ctx context.Context, version int64, sources []storage.Source, sort string, limit int) ([][]storage.PostKey, error) {
	if limit <= keptFirst {
		return n.firstPlaces(ctx, version, sources, sort)
	}
	keys, err := n.store.Read().FeedKeys(ctx, sources, sort, limit)
	slices.SortFunc(keys, byPlace)
	return [][]storage.PostKey{keys}, err
}

// firstPlaces are the places of the first posts of each source, its best first.
func (n *Node) firstPlaces(ctx context.Context, version int64, sources []storage.Source, sort string) ([][]storage.PostKey, error) {
	first := make([][]storage.PostKey, 0, len(sources))
	var missing []storage.Source
	for _, s := range sources {
		if kept, found := n.reads.places.get(sort + " " + s.ID); found {
			first = append(first, kept)
		} else {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return first, nil
	}
	placed, err := n.store.Read().FirstPlaces(ctx, missing, sort, keptFirst)
	if err != nil {
		return nil, err
	}
	of := make(map[string][]storage.PostKey, len(missing))
	for _, p := range placed {
		of[p.Source] = append(of[p.Source], p.PostKey)
	}
	for _, s := range missing {
		some := of[s.ID]
		slices.SortFunc(some, byPlace)
		n.reads.places.put(sort+" "+s.ID, keptValue[[]storage.PostKey]{value: some, version: version, about: []string{postsOf(s.ID)}, bytes: len(some) * placeBytes})
		first = append(first, some)
	}
	return first, nil
}

// byPlace puts the best first.
func byPlace(a, b storage.PostKey) int {
	return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.ID, a.ID))
}

// keptFirst is how many places of each source are kept: enough for a first page.
const keptFirst = 32

// postsInOrder returns posts by their ids, in the order of those.
func (n *Node) postsInOrder(ctx context.Context, version int64, ids []string) ([]storage.Post, error) {
	posts, at := make([]storage.Post, len(ids)), make(map[string]int, len(ids))
	var missing []string
	for i, id := range ids {
		var found bool
		if posts[i], found = n.reads.posts.get(id); !found {
			missing, at[id] = append(missing, id), i
		}
	}
	read, err := n.store.Read().PostsByIDs(ctx, missing)
	for _, p := range read {
		n.keepPost(version, p)
		posts[at[p.ID]] = p
	}
	return slices.DeleteFunc(posts, func(p storage.Post) bool { return p.ID == "" || p.Hidden != storage.Visible }), err
}

// keepPost keeps a post that was read after the version was taken; only those that everybody sees.
func (n *Node) keepPost(version int64, p storage.Post) {
	if p.Hidden == storage.Visible {
		n.reads.posts.put(p.ID, keptValue[storage.Post]{
			value: p, version: version, about: []string{p.ID, p.AuthorID, p.SubmoltID}, bytes: postBytes + len(p.Content) + len(p.HTML),
		})
	}
}

// postBytes is what a post takes in memory besides its text, about.
const postBytes = 1_200
