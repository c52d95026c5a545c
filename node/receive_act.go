package node

import (
	"context"
	"errors"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// vote counts an agent's Like or Dislike, once for each voter and target.
func (in *inbound) vote(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	undone, err := in.q.IsTombstone(ctx, a.ID, actor.URI)
	if err != nil || undone {
		return resultIgnored, err
	}
	value := int64(1)
	if a.Type == activity.TypeDislike {
		value = -1
	}
	return in.ballot(ctx, a, actor, value, a.Published)
}

// ballot sets a remote agent's vote. Votes count from tier A2 up; those of
// other agents are kept unscored. Only the submolt decides: a vote on another
// node's submolt is taken from that submolt alone. When it was cast decides
// which of several counts: they are applied in any order.
func (in *inbound) ballot(ctx context.Context, a *activity.Activity, actor storage.Actor, value int64, at time.Time) (string, error) {
	author, err := in.n.remoteAuthor(actor)
	if err != nil {
		return "", err
	}
	target, err := in.target(ctx, a.Object().ID)
	if errors.Is(err, storage.ErrNotFound) {
		return "", errLater
	}
	if err != nil {
		return "", err
	}
	b, err := in.n.ballot(ctx, in.q, target)
	if err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, b.post.SubmoltID)
	if err != nil {
		return "", err
	}
	switch {
	case b.author.ID == author.ID():
		return "", &Error{Kind: Forbidden, Code: "own_content"}
	case in.group == nil && !submolt.Local(), in.group != nil && in.group.ID != submolt.ID:
		return resultIgnored, nil
	}
	b.from = domainOf(actor.Host)
	v := storage.Vote{AgentID: author.ID(), TargetID: b.id, Value: value, Scored: actor.Tier >= TierVouched, URI: a.ID, CreatedAt: clampTime(at, in.n.now())}
	if last, err := in.q.VoteOf(ctx, v.AgentID, b.id); err == nil && last.CreatedAt > v.CreatedAt {
		return resultKnown, nil // the voter has changed its mind since
	}
	prior, _, err := in.n.cast(ctx, in.q, b, v, actor.Ref())
	if err != nil {
		return "", err
	}
	if !at.IsZero() && (value == 0 || prior.Value == value) {
		// A vote taken back leaves its time, too: one from before must not count.
		v.Scored = prior.Scored // which was counted, or was not
		if err := in.q.SetVote(ctx, v); err != nil {
			return "", err
		}
	}
	if prior.Value == value {
		return resultKnown, nil
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: votersOf(submolt.URI), thread: b.thread})
}

// target finds what is voted on by its id.
func (in *inbound) target(ctx context.Context, uri string) (VoteTarget, error) {
	p, err := in.q.PostByURI(ctx, uri)
	if err == nil {
		return VoteTarget{PostID: p.ID}, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return VoteTarget{}, err
	}
	c, err := in.q.CommentByURI(ctx, uri)
	return VoteTarget{CommentID: c.ID}, err
}

// delete takes away a post or comment, by its author or by its submolt, or an
// actor with itself. What is not known is remembered, so that it does not come later.
func (in *inbound) delete(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	uri := a.Object().ID
	if uri == actor.URI {
		if in.untrusted(actor) { // a Group may say it of anybody: the actor's own server knows
			gone, err := in.gone(uri)
			if err != nil {
				return "", err
			}
			if !gone {
				return "", &Error{Kind: Forbidden, Code: "not_gone"}
			}
		}
		return in.deleteActor(ctx, actor)
	}
	if HostOf(uri) == in.n.host {
		return in.remove(ctx, a, actor)
	}
	if in.group == nil && HostOf(uri) != actor.Host {
		return in.remove(ctx, a, actor) // it moderates here, or is refused
	}
	if in.untrusted(actor) || HostOf(uri) != actor.Host {
		if err := in.confirmGone(uri, actor); err != nil {
			return "", err
		}
	}
	p, err := in.q.PostByURI(ctx, uri)
	if err == nil {
		return in.deletePost(ctx, a, p, actor)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	c, err := in.q.CommentByURI(ctx, uri)
	if err == nil {
		return in.deleteComment(ctx, a, c, actor)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	if HostOf(uri) != actor.Host {
		return resultIgnored, nil
	}
	if is, err := in.deleteMessage(ctx, uri, actor); is || err != nil {
		return resultApplied, err
	}
	return resultApplied, in.q.InsertTombstone(ctx, uri, actor.URI, in.n.now())
}

// confirmGone asks the object's own server whether it is gone, where the Group's
// word is not enough.
func (in *inbound) confirmGone(uri string, actor storage.Actor) error {
	if in.group == nil {
		return &Error{Kind: Forbidden, Code: "not_the_author"}
	}
	if actor.Host == in.group.Host {
		return nil // a moderator of the Group's own server: the Group decides what it shows
	}
	gone, err := in.gone(uri)
	if err != nil || gone {
		return err
	}
	return &Error{Kind: Forbidden, Code: "not_gone"}
}

// gone says whether an address's own server answers that nothing is there any
// more; a MissingError asks it.
func (in *inbound) gone(uri string) (bool, error) {
	body, fetched := in.docs[uri]
	if !fetched {
		return false, &MissingError{URI: uri}
	}
	if body == nil {
		return true, nil
	}
	o, err := activity.ParseObject(body)
	return err == nil && o.Type == activity.TypeTombstone, nil
}

// mayDelete says why somebody may delete something: its author, or the submolt
// that it stands in.
func (in *inbound) mayDelete(authorID, submoltID string, actor storage.Actor) (int64, error) {
	switch {
	case actor.ID == authorID:
		return storage.Deleted, nil
	case in.group != nil && in.group.ID == submoltID, actor.ID == submoltID:
		return storage.Removed, nil
	default:
		return 0, &Error{Kind: Forbidden, Code: "not_the_author"}
	}
}

// remove takes what our agents wrote out of a submolt, by one who moderates
// that: elsewhere it stands as it did.
func (in *inbound) remove(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	g, err := in.found(ctx, a.Object().ID, ActRemovePost, ActRemoveComment)
	if err != nil || g.id == "" {
		return resultIgnored, err
	}
	if g.agent.ID == actor.ID || g.post.Hidden != storage.Visible || g.comment.Hidden != storage.Visible {
		return resultKnown, nil
	}
	result, err := in.governs(ctx, g, actor, judgement(a))
	if err != nil || result != resultApplied || !a.WithReplies || g.comment.ID == "" {
		return result, err
	}
	return result, in.removeReplies(ctx, g)
}

// removeReplies takes all that answers a removed comment away with it, where its
// moderator said so (Lemmy's withReplies).
func (in *inbound) removeReplies(ctx context.Context, g governed) error {
	removed := 0
	for parents := []string{g.comment.ID}; len(parents) > 0 && removed < banRemoves; parents = parents[1:] {
		uris, err := in.q.ReplyURIs(ctx, g.post.ID, parents[0], banRemoves)
		if err != nil {
			return err
		}
		for _, uri := range uris {
			c, err := in.q.CommentByURI(ctx, uri)
			if err != nil {
				return err
			}
			parents = append(parents, c.ID)
			if err := in.n.removeComment(ctx, in.q, c, storage.Removed); ignoreNotFound(err) != nil {
				return err
			}
			removed++
		}
	}
	return nil
}

func (in *inbound) deletePost(ctx context.Context, a *activity.Activity, p storage.Post, actor storage.Actor) (string, error) {
	why, err := in.mayDelete(p.AuthorID, p.SubmoltID, actor)
	if err != nil || p.Hidden != storage.Visible {
		return resultKnown, err
	}
	if why == storage.Removed {
		return in.remove(ctx, a, actor)
	}
	if err := in.n.removePost(ctx, in.q, p, why); err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI})
}

func (in *inbound) deleteComment(ctx context.Context, a *activity.Activity, c storage.Comment, actor storage.Actor) (string, error) {
	p, err := in.q.Post(ctx, c.PostID)
	if err != nil {
		return "", err
	}
	why, err := in.mayDelete(c.AuthorID, p.SubmoltID, actor)
	if err != nil || c.Hidden != storage.Visible {
		return resultKnown, err
	}
	if why == storage.Removed {
		return in.remove(ctx, a, actor)
	}
	if err := in.n.removeComment(ctx, in.q, c, why); err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI})
}

// deletedFollows bounds how many follows end with one actor at once.
const deletedFollows = 5_000

// deleteActor ends a remote actor: it follows nobody any more and writes
// nothing more; what it wrote is taken away by the worker.
func (in *inbound) deleteActor(ctx context.Context, actor storage.Actor) (string, error) {
	for _, kind := range []string{storage.KindAgent, storage.KindSubmolt} {
		targets, err := in.q.Following(ctx, actor.ID, kind, storage.Span{Limit: deletedFollows})
		if err != nil {
			return "", err
		}
		for _, t := range targets {
			if !t.Local() {
				continue
			}
			f, err := in.q.FollowOf(ctx, actor.ID, t.ID)
			if errors.Is(err, storage.ErrNotFound) {
				continue // an Undo that was applied meanwhile ended it
			}
			if err != nil {
				return "", err
			}
			if err := in.lostFollower(ctx, f, actor, t); err != nil {
				return "", err
			}
		}
	}
	w, err := in.q.ActorByURI(ctx, actor.URI+wallMark)
	if err == nil {
		err = in.q.SetActorState(ctx, w.ID, storage.ActorDeleted, in.n.now())
	}
	if err := ignoreNotFound(err); err != nil {
		return "", err
	}
	in.n.forget(actor.URI)
	in.n.rekeyed(actor.URI)
	if err := in.q.RequestErasure(ctx, actor.ID, in.n.now()); err != nil {
		return "", err
	}
	return resultApplied, in.q.SetActorState(ctx, actor.ID, storage.ActorDeleted, in.n.now())
}
