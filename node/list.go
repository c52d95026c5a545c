package node

import (
	"context"

	"instar.example/storage"
)

// MaxListed is how many agents and submolts a reader's list may name.
const MaxListed = 50

// ListQuery asks for the newest posts of agents and submolts that a reader
// named. Nobody's account stands behind it and nothing of it is kept.
type ListQuery struct {
	Window

	Sources []storage.Source // at most MaxListed count
	Sort    string           // as of a Feed: storage.SortHot or SortTop, anything else is SortNew
}

// List merges the newest posts of some sources as Feed does, at a cost that
// depends on their number alone.
func (n *Node) List(ctx context.Context, lq ListQuery) (Posts, error) {
	lq.Window = lq.clamp(usualPosts, mostPosts)
	offset, err := lq.offset()
	if err != nil {
		return Posts{}, err
	}
	sources := lq.Sources[:min(len(lq.Sources), MaxListed)]
	if lq.Sort != storage.SortHot && lq.Sort != storage.SortTop {
		lq.Sort = storage.SortNew
	}
	return n.merge(ctx, n.Version(), sources, lq.Sort, offset, lq.Limit)
}
