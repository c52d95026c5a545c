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
	ids, err := n.firstOf(ctx, version, sources, sort, most)
	if err != nil {
		return Posts{}, err
	}
	return n.pageOf(ctx, version, ids, offset, limit)
}

// firstOf are the ids of the first posts of some sources together, each once.
func (n *Node) firstOf(ctx context.Context, version int64, sources []storage.Source, sort string, most int) ([]string, error) {
	if most > keptFirst {
		keys, err := n.store.Read().FeedKeys(ctx, sources, sort, most)
		slices.SortFunc(keys, byPlace)
		ids, _ := merged([]places{{keys: keys, whole: true}}, most)
		return ids, err
	}
	first, err := n.firstPlaces(ctx, version, sources, sort, keptShort)
	if err != nil {
		return nil, err
	}
	ids, short := merged(first, most)
	if len(short) == 0 {
		return ids, nil
	}
	more := make([]storage.Source, len(short))
	for k, i := range short {
		more[k] = sources[i]
	}
	longer, err := n.firstPlaces(ctx, version, more, sort, keptFirst)
	if err != nil {
		return nil, err
	}
	for k, i := range short {
		first[i] = longer[k]
	}
	ids, _ = merged(first, most)
	return ids, nil
}

// merged merges the places of sources into the ids of the best of all, each once,
// and says of which sources more must be known: they are used up, and not whole.
func merged(sources []places, most int) (ids []string, short []int) {
	rest := slices.Clone(sources)
	ids = make([]string, 0, most)
	for len(ids) < most {
		best := -1
		for i, s := range rest {
			if len(s.keys) > 0 && (best < 0 || byPlace(s.keys[0], rest[best].keys[0]) < 0) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		from := &rest[best]
		if id := from.keys[0].ID; len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
		if from.keys = from.keys[1:]; len(from.keys) == 0 && !from.whole && len(ids) < most {
			short = append(short, best)
		}
	}
	return ids, short
}

// feedSources are the agents, the submolts or the people that an agent follows.
func (n *Node) feedSources(ctx context.Context, version int64, agentID, kind string) ([]storage.Source, error) {
	if ss, found := n.reads.sources.get(kind + " " + agentID); found {
		return ss, nil
	}
	keep := func(kind string, ss []storage.Source) {
		n.reads.sources.put(kind+" "+agentID, keptValue[[]storage.Source]{value: ss, version: version, about: []string{followsOf(agentID)}, bytes: len(ss) * sourceBytes})
	}
	all, err := n.store.Read().Sources(ctx, agentID, "", feedSources)
	if err != nil {
		return nil, err
	}
	if len(all) == feedSources { // there may be more of each
		ss, err := n.store.Read().Sources(ctx, agentID, kind, feedSources)
		if err == nil {
			keep(kind, ss)
		}
		return ss, err
	}
	of := map[string][]storage.Source{storage.KindAgent: {}, storage.KindSubmolt: {}, storage.KindHuman: {}}
	for _, s := range all {
		of[s.Kind] = append(of[s.Kind], s)
	}
	for kind, ss := range of {
		keep(kind, ss)
	}
	return of[kind], nil
}

// What one source and one place take in memory, about.
const (
	sourceBytes = 80
	placeBytes  = 64
)

// How many places of each source are kept: as many as a first page needs of one,
// but fewer as long as that many are not asked for.
const (
	keptFirst = 32
	keptShort = 8
)

// places are those of a source's first posts, the best first.
type places struct {
	keys  []storage.PostKey
	whole bool // there are no more
}

// firstPlaces are the places of the first posts of each source, at least so many,
// or all. An agent's are of its newest posts in every order, so that of those, where
// they are not the order, as many as ever compete are read.
func (n *Node) firstPlaces(ctx context.Context, version int64, sources []storage.Source, sort string, atLeast int) ([]places, error) {
	first := make([]places, len(sources))
	missing := map[int][]storage.Source{} // by how many are read
	at := make(map[string]int, len(sources))
	for i, s := range sources {
		kept, found := n.reads.places.get(sort + " " + s.ID)
		if found && (kept.whole || len(kept.keys) >= atLeast) {
			first[i] = kept
			continue
		}
		if _, twice := at[s.ID]; twice {
			continue
		}
		limit := atLeast
		if s.Kind != storage.KindSubmolt && sort != storage.SortNew {
			limit = keptFirst
		}
		missing[limit], at[s.ID] = append(missing[limit], s), i
	}
	for limit, some := range missing {
		read, err := n.store.Read().FirstPlaces(ctx, some, sort, limit)
		if err != nil {
			return nil, err
		}
		for _, s := range some {
			p := places{read[s.ID], len(read[s.ID]) < limit}
			slices.SortFunc(p.keys, byPlace)
			n.reads.places.put(sort+" "+s.ID, keptValue[places]{value: p, version: version, about: []string{postsOf(s.ID)}, bytes: len(p.keys) * placeBytes})
			first[at[s.ID]] = p
		}
	}
	return first, nil
}

// byPlace puts the best first.
func byPlace(a, b storage.PostKey) int {
	return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.ID, a.ID))
}

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
