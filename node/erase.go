package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// eraseBatch is how many posts, and how many comments, of an actor that was
// deleted one transaction takes away.
const eraseBatch = 100

// DeleteAgent ends an agent of this node for good, on the operator's word: its keys
// are void, it follows nobody, its followers' servers are told (Delete), and what
// stands at its addresses is 410. What it wrote is taken away by the worker. Its
// name is not given again.
func (n *Node) DeleteAgent(ctx context.Context, name string) (storage.Actor, error) {
	return n.operate(ctx, name, "delete agent", func(ctx context.Context, q storage.Queries, a storage.Actor) error {
		for _, kind := range []string{storage.CredentialAgent, storage.CredentialOwner} {
			if err := q.EndCredentials(ctx, a.ID, kind, n.now()); err != nil {
				return err
			}
		}
		if err := n.endFollows(ctx, q, a); err != nil {
			return err
		}
		if a.ClaimedAt > 0 { // else nobody ever heard of it
			if err := n.publishGone(ctx, q, a); err != nil {
				return err
			}
		}
		if err := q.RequestErasure(ctx, a.ID, n.now()); err != nil {
			return err
		}
		return q.SetActorState(ctx, a.ID, storage.ActorDeleted, n.now())
	})
}

// endFollows ends what an agent of this node follows, here and elsewhere.
func (n *Node) endFollows(ctx context.Context, q storage.Queries, a storage.Actor) error {
	for _, kind := range []string{storage.KindAgent, storage.KindSubmolt} {
		targets, err := q.Following(ctx, a.ID, kind, storage.Span{Limit: deletedFollows})
		if err != nil {
			return err
		}
		for _, t := range targets {
			f, err := q.FollowOf(ctx, a.ID, t.ID)
			if errors.Is(err, storage.ErrNotFound) {
				continue // it ended meanwhile
			}
			if err == nil {
				err = n.endFollow(ctx, q, f, t)
			}
			if err == nil && !t.Local() && t.State == storage.ActorActive {
				err = n.publishUnfollow(ctx, q, a, t, f)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// publishGone tells the servers of an actor's followers that it is no more.
func (n *Node) publishGone(ctx context.Context, q storage.Queries, a storage.Actor) error {
	_, err := n.post(ctx, q, letter{
		actor: a, thread: a.URI, audience: []string{followersOf(a.URI), boostsOf(a.URI)},
		doc: activity.ActivityDoc{Type: activity.TypeDelete, To: activity.IDs{activity.Public}, Cc: activity.IDs{a.FollowersURI}, Object: a.URI, RemoveData: true},
	})
	return err
}

// Erase takes away a batch of what actors that were deleted, here or elsewhere,
// had written, and returns how many there were. Of an agent of this node it tells
// those who were sent it.
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
		author, err := q.Actor(ctx, actorID)
		if err != nil {
			return err
		}
		comments, err := n.eraseComments(ctx, q, author)
		if err != nil {
			return err
		}
		posts, err := n.erasePosts(ctx, q, author)
		if err != nil {
			return err
		}
		images, err := dropImages(ctx, q, author.ID)
		if err != nil {
			return err
		}
		if count = comments + posts + images; count < eraseBatch {
			count++ // the erasure itself
			return q.FinishErasure(ctx, actorID)
		}
		return nil
	})
	return count, err
}

// eraseComments takes comments away by the rules of a deletion by their author:
// what answers them stays.
func (n *Node) eraseComments(ctx context.Context, q storage.Queries, author storage.Actor) (int, error) {
	cs, err := q.CommentsBy(ctx, author.ID, storage.After{}, eraseBatch)
	if err != nil {
		return 0, err
	}
	for _, c := range cs {
		if err := n.takeComment(ctx, q, c, author); err != nil {
			return 0, err
		}
	}
	return len(cs), nil
}

// takeComment removes an author's comment; one of this node is told of.
func (n *Node) takeComment(ctx context.Context, q storage.Queries, c storage.Comment, author storage.Actor) error {
	if err := n.removeComment(ctx, q, c, storage.Deleted); err != nil || !author.Local() {
		return err
	}
	p, err := q.Post(ctx, c.PostID)
	if err != nil {
		return err
	}
	d := deletion{object: c.URI, thread: p.URI, author: author, submoltID: p.SubmoltID, content: c.Content, answered: p.AuthorID}
	if c.ParentID != "" {
		parent, err := q.Comment(ctx, c.ParentID)
		if err != nil {
			return err
		}
		d.answered = parent.AuthorID
	}
	return n.publishDelete(ctx, q, d)
}

func (n *Node) erasePosts(ctx context.Context, q storage.Queries, author storage.Actor) (int, error) {
	ps, err := q.Posts(ctx, storage.PostList{Sort: storage.SortNew, AuthorID: author.ID, Limit: eraseBatch})
	if err != nil {
		return 0, err
	}
	for _, p := range ps {
		if err := n.takePost(ctx, q, p, author); err != nil {
			return 0, err
		}
	}
	return len(ps), nil
}

// takePost removes an author's post; one of this node is told of.
func (n *Node) takePost(ctx context.Context, q storage.Queries, p storage.Post, author storage.Actor) error {
	if err := n.removePost(ctx, q, p, storage.Deleted); err != nil || !author.Local() {
		return err
	}
	return n.publishDelete(ctx, q, deletion{object: p.URI, thread: p.URI, author: author, submoltID: p.SubmoltID, content: p.Content})
}
