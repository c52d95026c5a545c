package node

import (
	"cmp"
	"context"
	"slices"
	"time"

	"instar.example/storage"
)

// SortRising orders the newest posts by how fast they gain.
const SortRising = "rising"

// PostQuery asks for a list of posts.
type PostQuery struct {
	Window

	// Sort is storage.SortHot (also for ""), SortNew, SortTop, SortScaled,
	// SortDiscussed, SortControversial or SortRising.
	Sort    string
	Time    string // of SortTop: how far back it looks (Periods), "" for all
	Submolt string // name or address, or ""
	Author  string // name or address, or ""
	Local   bool   // only those in submolts of this node
	Lang    string // a tag as Languages returns it, or ""
}

// Posts is a page of a list. Next is "" at its end.
type Posts struct {
	Posts []storage.Post
	Next  string
}

// Bounds of a page of posts.
const (
	usualPosts = 25
	mostPosts  = 100
)

// Periods are the values of PostQuery.Time; PeriodAll is the one without a bound.
func Periods() []string {
	return []string{PeriodHour, PeriodDay, PeriodWeek, PeriodMonth, PeriodYear, PeriodAll}
}

// How far back the best posts are looked for.
const (
	PeriodHour  = "hour"
	PeriodDay   = "day"
	PeriodWeek  = "week"
	PeriodMonth = "month"
	PeriodYear  = "year"
	PeriodAll   = "all"
)

// since is when a period began, 0 for none.
func since(now time.Time, period string) int64 {
	back := map[string]time.Duration{PeriodHour: time.Hour, PeriodDay: day, PeriodWeek: 7 * day, PeriodMonth: 30 * day, PeriodYear: 365 * day}[period]
	if back == 0 {
		return 0
	}
	return now.Add(-back).UnixMilli()
}

// Posts returns a page of visible posts.
func (n *Node) Posts(ctx context.Context, pq PostQuery) (Posts, error) {
	pq.Window = pq.clamp(usualPosts, mostPosts)
	list := storage.PostList{Sort: pq.Sort, Limit: pq.Limit + 1, Offset: pq.Offset, Local: pq.Local, Lang: pq.Lang}
	if pq.Submolt != "" {
		s, err := n.Submolt(ctx, pq.Submolt)
		if err != nil {
			return Posts{}, err
		}
		list.SubmoltID = s.ID
	}
	if pq.Author != "" {
		a, err := n.Agent(ctx, pq.Author)
		if err != nil {
			return Posts{}, err
		}
		list.AuthorID = a.ID
		if list.Sort != storage.SortHot && list.Sort != storage.SortTop {
			list.Sort = storage.SortNew
		}
	}
	switch list.Sort {
	case SortRising:
		return n.rising(ctx, list, pq.Window)
	case storage.SortTop:
		list.Since, list.Now = since(n.cfg.Now(), pq.Time), n.now()
	case storage.SortScaled: // in one submolt it is the same as hot
		if list.SubmoltID != "" {
			list.Sort = storage.SortHot
		}
	case storage.SortNew, storage.SortDiscussed, storage.SortControversial:
	default:
		list.Sort = storage.SortHot
	}
	var err error
	if list.After, err = pq.after(); err != nil {
		return Posts{}, err
	}
	if list.After.ID != "" {
		list.Offset = 0
	}
	return n.listed(ctx, list, pq.Limit)
}

// listed is a page of a list: the places of its posts are read, and of the posts
// only those that are not kept.
func (n *Node) listed(ctx context.Context, list storage.PostList, limit int) (Posts, error) {
	version := n.Version()
	places, err := n.store.Read().PostPlaces(ctx, list)
	if err != nil {
		return Posts{}, err
	}
	var page Posts
	if len(places) > limit {
		places = places[:limit]
		last := places[limit-1]
		page.Next = cursorOf(storage.After{Key: last.Key, ID: last.ID})
	}
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	page.Posts, err = n.postsInOrder(ctx, version, ids)
	return page, err
}

// Languages returns the tags of those that posts are written in, as far as they are known.
func (n *Node) Languages(ctx context.Context) ([]string, error) {
	all, err := n.store.Read().Languages(ctx)
	if err != nil {
		return nil, err
	}
	shares, err := n.LanguageShares(ctx)
	if err != nil {
		return nil, err
	}
	posts := make(map[string]int64, len(shares))
	for _, s := range shares {
		if posts[s.Name] = s.Posts; s.Name != "" && !slices.Contains(all, s.Name) {
			all = append(all, s.Name) // Languages tells so many at most, by their letters
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(posts[b], posts[a]) })
	return all, nil
}

// cut makes a page of one row more than it shows.
func cut(posts []storage.Post, limit int, sort string) Posts {
	if len(posts) <= limit {
		return Posts{Posts: posts}
	}
	last := posts[limit-1]
	return Posts{Posts: posts[:limit], Next: cursorOf(storage.After{Key: last.Key(sort), ID: last.ID})}
}

func (n *Node) rising(ctx context.Context, list storage.PostList, w Window) (Posts, error) {
	offset, err := w.offset()
	if err != nil {
		return Posts{}, err
	}
	list.Limit = risingWindow
	version := n.Version()
	gains, err := n.store.Read().Gains(ctx, list)
	if err != nil {
		return Posts{}, err
	}
	rankRising(gains, n.now())
	ids := make([]string, len(gains))
	for i, g := range gains {
		ids[i] = g.ID
	}
	return n.pageOf(ctx, version, ids, offset, w.Limit)
}

// pageOf is a page of a list that is ranked in memory: its cursor counts rows.
func (n *Node) pageOf(ctx context.Context, version int64, ids []string, offset, limit int) (Posts, error) {
	from := min(offset, len(ids))
	to := min(from+limit, len(ids))
	var page Posts
	if to < len(ids) {
		page.Next = cursorOf(storage.After{Key: int64(to), ID: "row"})
	}
	var err error
	page.Posts, err = n.postsInOrder(ctx, version, ids[from:to])
	return page, err
}
