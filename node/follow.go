package node

import (
	"context"
	"errors"

	"instar.example/storage"
)

// What became of a follow or an unfollow.
const (
	Followed   = "followed"   // done
	Requested  = "pending"    // the other node has not answered yet
	Unfollowed = "unfollowed" // done
	NoChange   = "none"       // it was so before
	Awaited    = "awaited"    // it was asked for before, and the other node has not answered yet
)

// Follow makes the author follow an agent or subscribe to a submolt (kind
// says which), here or elsewhere. A name that is not known yet is looked up.
func (n *Node) Follow(ctx context.Context, author Author, name, kind string) (string, storage.Actor, error) {
	if err := author.check(); err != nil {
		return "", storage.Actor{}, err
	}
	target, err := n.resolve(ctx, name, kind)
	if err != nil {
		return "", target, err
	}
	if isWall(target.URI) {
		return "", target, errWall(target, "Follow the account: POST /api/v1/agents/"+target.Address()+"/follow")
	}
	if target.ID == author.ID() {
		return "", target, invalid("self_follow", "You can't follow yourself!", "Follow somebody else.")
	}
	action := NoChange
	err = n.writeAbout(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		var err error
		action, err = n.follow(ctx, q, author.actor, target)
		return []string{followsOf(author.ID()), target.ID}, err
	})
	return action, target, err
}

// follow stores a local agent's follow and, for a remote target, asks for it.
func (n *Node) follow(ctx context.Context, q storage.Queries, follower, target storage.Actor) (string, error) {
	if err := n.refusesServer(ctx, q, target.Host); err != nil {
		return "", err
	}
	id := n.cfg.NewID()
	f := storage.Follow{FollowerID: follower.ID, TargetID: target.ID, URI: n.activityURI(id), State: storage.FollowPending, CreatedAt: n.now()}
	if target.Local() {
		f.State = storage.FollowAccepted
	}
	prior, err := q.FollowOf(ctx, follower.ID, target.ID)
	switch {
	case err == nil && prior.State != storage.FollowRejected:
		return standing(prior), nil
	case err == nil:
		err = q.SetFollow(ctx, f)
	case errors.Is(err, storage.ErrNotFound):
		err = q.InsertFollow(ctx, f)
	}
	if errors.Is(err, storage.ErrExists) {
		return standing(f), nil // a parallel request was first
	}
	if err != nil {
		return "", err
	}
	if err := q.AddCounts(ctx, follower.ID, storage.Counts{Following: countOf(target)}); err != nil {
		return "", err
	}
	if target.Local() {
		if err := q.AddCounts(ctx, target.ID, storage.Counts{Followers: 1}); err != nil {
			return "", err
		}
		return Followed, n.notifyFollower(ctx, q, follower, target)
	}
	if target.State == storage.ActorPending {
		return Requested, nil // sent when the name is found
	}
	return Requested, n.publishFollow(ctx, q, follower, target, f)
}

// standing is what became of a follow that is like one that stands already.
func standing(f storage.Follow) string {
	if f.State == storage.FollowPending {
		return Awaited
	}
	return NoChange
}

// ensureFollow lets the author follow a remote submolt when nobody here does:
// it sends what is new in it to its followers only.
func (n *Node) ensureFollow(ctx context.Context, q storage.Queries, author, submolt storage.Actor) error {
	if submolt.Local() {
		return nil
	}
	followed, err := q.HasLocalFollower(ctx, submolt.ID)
	if err != nil || followed {
		return err
	}
	_, err = n.follow(ctx, q, author, submolt)
	return err
}

// toUnfollow returns the actor of a name or an id, one that is still looked up as well.
func (n *Node) toUnfollow(ctx context.Context, name, kind string) (storage.Actor, error) {
	if isID(name) {
		return n.byID(ctx, name, kind)
	}
	addr, err := n.Address(name)
	if err != nil {
		return storage.Actor{}, err
	}
	return n.byHandle(ctx, addr, kind)
}

// Unfollow ends a follow or a subscription.
func (n *Node) Unfollow(ctx context.Context, author Author, name, kind string) (string, storage.Actor, error) {
	if err := author.check(); err != nil {
		return "", storage.Actor{}, err
	}
	target, err := n.toUnfollow(ctx, name, kind)
	if err != nil {
		return "", target, orNotFound(err, what(kind), "")
	}
	action := NoChange
	err = n.writeAbout(ctx, func(ctx context.Context, q storage.Queries) ([]string, error) {
		about := []string{followsOf(author.ID()), target.ID}
		f, err := q.FollowOf(ctx, author.ID(), target.ID)
		if errors.Is(err, storage.ErrNotFound) {
			return about, nil
		}
		if err != nil {
			return nil, err
		}
		action = Unfollowed
		if err := n.endFollow(ctx, q, f, target); err != nil {
			return nil, err
		}
		if target.Local() || target.State != storage.ActorActive {
			return about, nil
		}
		return about, n.publishUnfollow(ctx, q, author.actor, target, f)
	})
	return action, target, err
}

// endFollow removes a follow and takes it out of the counts.
func (n *Node) endFollow(ctx context.Context, q storage.Queries, f storage.Follow, target storage.Actor) error {
	if err := q.DeleteFollow(ctx, f.FollowerID, f.TargetID); err != nil {
		return err
	}
	if f.State == storage.FollowRejected {
		return nil
	}
	if err := q.AddCounts(ctx, f.FollowerID, storage.Counts{Following: -countOf(target)}); err != nil {
		return err
	}
	if f.State != storage.FollowAccepted {
		return nil
	}
	return q.AddCounts(ctx, target.ID, storage.Counts{Followers: -1})
}

// countOf is what a follow of a target adds to the count of those whom its
// follower follows: a subscription is counted with the submolt alone.
func countOf(target storage.Actor) int64 {
	if target.Kind == storage.KindSubmolt {
		return 0
	}
	return 1
}

// what names a kind for people.
func what(kind string) string {
	if kind == storage.KindSubmolt {
		return "Submolt"
	}
	return "Agent"
}

// Followers returns the followers of an agent or submolt, by id behind after.
func (n *Node) Followers(ctx context.Context, target storage.Actor, s storage.Span) ([]storage.Actor, error) {
	return n.store.Read().Followers(ctx, target.ID, boundedSpan(s))
}

// Following returns the actors of a kind that an agent follows, by id.
func (n *Node) Following(ctx context.Context, agentID, kind string, s storage.Span) ([]storage.Actor, error) {
	return n.store.Read().Following(ctx, agentID, kind, boundedSpan(s))
}

// Subscriptions counts the submolts that an agent is subscribed to.
func (n *Node) Subscriptions(ctx context.Context, agentID string) (int64, error) {
	return n.store.Read().CountFollowing(ctx, agentID, storage.KindSubmolt)
}

// FollowsAny returns which of the targets the viewer follows.
func (n *Node) FollowsAny(ctx context.Context, viewerID string, targets []string) (map[string]bool, error) {
	follows := map[string]bool{}
	if viewerID == "" {
		return follows, nil
	}
	ids, err := n.store.Read().FollowsAny(ctx, viewerID, targets)
	for _, id := range ids {
		follows[id] = true
	}
	return follows, err
}

// FollowsAuthors is FollowsAny for agents, from memory where the viewer read its feed lately.
func (n *Node) FollowsAuthors(ctx context.Context, viewerID string, agents []string) (map[string]bool, error) {
	followed, found := n.reads.sources.get(storage.KindAgent + " " + viewerID)
	if !found || len(followed) == feedSources {
		return n.FollowsAny(ctx, viewerID, agents)
	}
	follows := make(map[string]bool, len(followed))
	for _, s := range followed {
		follows[s.ID] = true
	}
	return follows, nil
}
