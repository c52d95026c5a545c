package node

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"instar.example/storage"
)

// Bounds of counting.
const (
	countedPosts  = 100_000 // in one stretch of time
	newestPosts   = 2_000   // by which languages and homes are told
	statsMemory   = 20_000  // numbers that are remembered
	statsFresh    = time.Minute
	statsKept     = time.Hour // of stretches that are over
	mapPart       = 10_000    // posts of one part of the map of pages: at most 50,000 are allowed
	mapMonthsMost = 1_200
)

// tallies are numbers that were counted a while ago. Nothing of consequence is
// here alone: each can be counted again.
type tallies struct {
	fresh, kept *expirable.LRU[string, int64]
	shares      *expirable.LRU[string, []storage.Share]
}

func (t *tallies) init() {
	t.fresh = expirable.NewLRU[string, int64](statsMemory, nil, statsFresh)
	t.kept = expirable.NewLRU[string, int64](statsMemory, nil, statsKept)
	t.shares = expirable.NewLRU[string, []storage.Share](2, nil, statsFresh)
}

// DayCount is how many posts a day (UTC) brought.
type DayCount struct {
	Day   time.Time
	Posts int64
}

// Activity counts the posts of each of the last days, today last: of a submolt
// by its id, or with "" of all that is known here. A day with more than a
// hundred thousand posts counts as that. The numbers may be a minute old, those
// of earlier days an hour.
func (n *Node) Activity(ctx context.Context, submoltID string, days int) ([]DayCount, error) {
	const day = 24 * time.Hour
	today := n.Now().UTC().Truncate(day)
	counts := make([]DayCount, days)
	for i := range counts {
		at := today.Add(time.Duration(i-days+1) * day)
		posts, err := n.tally(ctx, storage.PostSpan{SubmoltID: submoltID, From: at.UnixMilli(), To: at.Add(day).UnixMilli(), Limit: countedPosts})
		if err != nil {
			return nil, err
		}
		counts[i] = DayCount{Day: at, Posts: posts}
	}
	return counts, nil
}

// tally counts a span, or remembers its number.
func (n *Node) tally(ctx context.Context, s storage.PostSpan) (int64, error) {
	memory := n.tallies.kept
	if s.To > n.now() {
		memory = n.tallies.fresh
	}
	key := s.SubmoltID + " " + strconv.FormatInt(s.From, 36) + " " + strconv.FormatInt(s.To, 36)
	if posts, ok := memory.Get(key); ok {
		return posts, nil
	}
	posts, err := n.store.Read().CountPosts(ctx, s)
	if err == nil {
		memory.Add(key, posts)
	}
	return posts, err
}

// LanguageShares are the languages of the newest posts, the most frequent first; the
// name "" stands for those whose language is not known.
func (n *Node) LanguageShares(ctx context.Context) ([]storage.Share, error) {
	return n.shares(ctx, "languages", storage.Queries.LanguageShares)
}

// Homes are the nodes whose agents wrote the newest posts, those of the most
// posts first; the name of this node is "".
func (n *Node) Homes(ctx context.Context) ([]storage.Share, error) {
	return n.shares(ctx, "homes", storage.Queries.Homes)
}

func (n *Node) shares(ctx context.Context, key string, read func(q storage.Queries, ctx context.Context, newest int) ([]storage.Share, error)) ([]storage.Share, error) {
	if have, ok := n.tallies.shares.Get(key); ok {
		return have, nil
	}
	ss, err := read(n.store.Read(), ctx, newestPosts)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ss, func(a, b storage.Share) int {
		return cmp.Or(cmp.Compare(b.Posts, a.Posts), cmp.Compare(a.Name, b.Name))
	})
	n.tallies.shares.Add(key, ss)
	return ss, nil
}

// MapPart is a part of the map of this node's posts: a month, or a part of one.
type MapPart struct {
	Month time.Time // its first moment, UTC
	Part  int       // from 0
	// UpdatedAt is when a post in it last changed; MapParts tells it.
	UpdatedAt int64
}

func (p MapPart) span() storage.PostSpan {
	return storage.PostSpan{From: p.Month.UnixMilli(), To: p.Month.AddDate(0, 1, 0).UnixMilli(), Limit: mapPart, Offset: p.Part * mapPart}
}

// MapParts are the parts of the map that hold posts of this node's agents, the
// oldest first. When they changed may be a minute old, for months that are over an hour.
func (n *Node) MapParts(ctx context.Context) ([]MapPart, error) {
	first, err := n.store.Read().FirstPostAt(ctx)
	if err != nil || first == 0 {
		return nil, err
	}
	var parts []MapPart
	now := n.Now().UTC()
	at := time.UnixMilli(first).UTC()
	month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	for range mapMonthsMost {
		if month.After(now) {
			break
		}
		next := month.AddDate(0, 1, 0)
		posts, err := n.tally(ctx, storage.PostSpan{From: month.UnixMilli(), To: next.UnixMilli(), Limit: countedPosts * 10})
		if err != nil {
			return nil, err
		}
		for part := 0; int64(part*mapPart) < posts; part++ {
			p := MapPart{Month: month, Part: part}
			if p.UpdatedAt, err = n.changeOf(ctx, p); err != nil {
				return nil, err
			}
			if p.UpdatedAt > 0 {
				parts = append(parts, p)
			}
		}
		month = next
	}
	return parts, nil
}

// changeOf is when a post in a part of the map last changed, or its remembered number.
func (n *Node) changeOf(ctx context.Context, p MapPart) (int64, error) {
	s := p.span()
	memory := n.tallies.kept
	if s.To > n.now() {
		memory = n.tallies.fresh
	}
	key := "map " + strconv.FormatInt(s.From, 36) + " " + strconv.Itoa(p.Part)
	if at, ok := memory.Get(key); ok {
		return at, nil
	}
	at, err := n.store.Read().LocalChange(ctx, s)
	if err == nil {
		memory.Add(key, at)
	}
	return at, err
}

// MapOf returns the posts of this node's agents in a part of the map.
func (n *Node) MapOf(ctx context.Context, p MapPart) ([]storage.PageMark, error) {
	if p.Part < 0 || p.Part*mapPart > countedPosts*10 {
		return nil, notFound("Page", "")
	}
	return n.store.Read().LocalPosts(ctx, p.span())
}
