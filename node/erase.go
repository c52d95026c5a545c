package node

import (
	"context"

	"instar.example/storage"
)

// eraseBatch is how many posts, and how many comments, of an actor that was
// deleted one transaction takes away.
const eraseBatch = 100

// Erase takes away a batch of what actors that were deleted elsewhere had
// written, and returns how many there were.
func (n *Node) Erase(ctx context.Context) (int, error) {
	waiting, err := n.store.Read().Erasures(ctx, 1)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	count := 0
	err = n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		count = 0 // the closure may run twice
		actorID, err := q.ClaimErasure(ctx)
		if err != nil {
			return ignoreNotFound(err) // another process is at it
		}
		comments, err := n.eraseComments(ctx, q, actorID)
		if err != nil {
			return err
		}
		posts, err := n.erasePosts(ctx, q, actorID)
		if err != nil {
			return err
		}
		if count = comments + posts; count < eraseBatch {
			count++ // the erasure itself
			return q.FinishErasure(ctx, actorID)
		}
		return nil
	})
	return count, err
}

// eraseComments takes comments away by the rules of a deletion by their author:
// what answers them stays.
func (n *Node) eraseComments(ctx context.Context, q storage.Queries, authorID string) (int, error) {
	cs, err := q.CommentsBy(ctx, authorID, storage.After{}, eraseBatch)
	if err != nil {
		return 0, err
	}
	for _, c := range cs {
		if err := n.removeComment(ctx, q, c, storage.Deleted); err != nil {
			return 0, err
		}
	}
	return len(cs), nil
}

func (n *Node) erasePosts(ctx context.Context, q storage.Queries, authorID string) (int, error) {
	ps, err := q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: authorID, Limit: eraseBatch})
	if err != nil {
		return 0, err
	}
	for _, p := range ps {
		if err := n.removePost(ctx, q, p, storage.Deleted); err != nil {
			return 0, err
		}
	}
	return len(ps), nil
}
