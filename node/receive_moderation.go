package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// governs applies what a submolt's moderators did elsewhere, or
// ask for here; the rule of who may is that of its pinned posts (mayChange).
func (in *inbound) governs(ctx context.Context, g governed, actor storage.Actor, j Judgement) (string, error) {
	submolt, err := in.q.Actor(ctx, g.submoltID)
	if err != nil {
		return "", err
	}
	if err := in.mayChange(ctx, submolt, collectionFeatured, actor); err != nil {
		return "", err
	}
	changed, err := in.n.judge(ctx, in.q, g, actor, j)
	if err != nil || !changed {
		return resultKnown, err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: g.thread})
}

// judgement reads why a moderator elsewhere acts.
func judgement(a *activity.Activity) Judgement {
	j := Judgement{Reason: visible(textOf(a.Summary), MaxReason), RemoveContent: a.RemoveData, Until: a.EndTime}
	if j.Reason == "" {
		j.Reason = visible(textOf(a.Content), MaxReason)
	}
	return j
}

// found returns the post or comment that a moderator acts on; the zero value is none that is known here.
func (in *inbound) found(ctx context.Context, uri, onPost, onComment string) (governed, error) {
	p, err := in.q.PostByURI(ctx, uri)
	if err == nil {
		if p, err = in.q.PostForUpdate(ctx, p.ID); err != nil {
			return governed{}, err
		}
		return governed{act: onPost, submoltID: p.SubmoltID, kind: storage.DocPost, id: p.ID, uri: p.URI, thread: p.URI, agent: p.Author, post: p}, nil
	}
	if !errors.Is(err, storage.ErrNotFound) || onComment == "" {
		return governed{}, ignoreNotFound(err)
	}
	c, err := in.q.CommentByURI(ctx, uri)
	if err != nil {
		return governed{}, ignoreNotFound(err)
	}
	p, err = in.q.Post(ctx, c.PostID)
	return governed{act: onComment, submoltID: p.SubmoltID, kind: storage.DocComment, id: c.ID, uri: c.URI, thread: p.URI, agent: c.Author, post: p, comment: c}, err
}

// lock applies a Lock of a post, or its Undo. Comments have no lock here.
func (in *inbound) lock(ctx context.Context, a *activity.Activity, actor storage.Actor, act string) (string, error) {
	g, err := in.found(ctx, a.Object().ID, act, "")
	if err != nil || g.id == "" {
		return resultIgnored, err
	}
	return in.governs(ctx, g, actor, judgement(a))
}

// restore applies the Undo of a Delete: of a moderator's, or of the author's own.
func (in *inbound) restore(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	g, err := in.found(ctx, a.Object().ID, ActRestorePost, ActRestoreComment)
	if err != nil || g.id == "" {
		return resultIgnored, err
	}
	if g.agent.ID == actor.ID {
		return in.bringBack(ctx, g, actor)
	}
	if g.post.Hidden != storage.Removed && g.comment.Hidden != storage.Removed {
		return resultKnown, nil
	}
	return in.governs(ctx, g, actor, Judgement{})
}

// bringBack shows again what its author had deleted, if nothing else hides it.
func (in *inbound) bringBack(ctx context.Context, g governed, actor storage.Actor) (string, error) {
	if actor.Local() {
		return resultKnown, nil // what our agents do with their own is done here, whoever tells of it
	}
	author, err := in.writer(ctx, actor)
	if err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, g.submoltID)
	if err != nil {
		return "", err
	}
	if err := in.n.mayWriteIn(ctx, in.q, submolt.ID, author.ID()); err != nil {
		return "", err
	}
	switch {
	case g.act == ActRestorePost && g.post.Hidden == storage.Deleted:
		err = in.n.bringBackPost(ctx, in.q, g.post)
	case g.act == ActRestoreComment && g.comment.Hidden == storage.Deleted:
		err = in.n.bringBackComment(ctx, in.q, g.comment)
	default:
		return resultKnown, nil
	}
	if err != nil {
		return resultKnown, ignoreNotFound(err)
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: g.thread})
}

// block applies a Block of an agent in a submolt, or its Undo. One without a
// submolt is between two actors, or of a whole server: it changes nothing here.
func (in *inbound) block(ctx context.Context, a *activity.Activity, actor storage.Actor, act string) (string, error) {
	submolt, err := in.q.ActorByURI(ctx, a.Target.ID)
	if err != nil || submolt.Kind != storage.KindSubmolt {
		return resultIgnored, ignoreNotFound(err)
	}
	agent, err := in.q.ActorByURI(ctx, a.Object().ID)
	if err != nil || agent.Kind != storage.KindAgent {
		return resultIgnored, ignoreNotFound(err) // people write nothing here as it is
	}
	j := judgement(a)
	if act == ActUnban {
		j = Judgement{}
	} else if !j.Until.IsZero() && !j.Until.After(in.n.cfg.Now()) {
		return resultIgnored, nil
	}
	return in.governs(ctx, governed{
		act: act, submoltID: submolt.ID, kind: storage.KindAgent, id: agent.ID, uri: agent.URI, thread: submolt.URI, agent: agent.Ref(),
	}, actor, j)
}

// moderation says whether an activity is of those that only moderators send.
func moderation(a *activity.Activity) bool {
	switch a.Type {
	case activity.TypeAdd, activity.TypeRemove, activity.TypeLock, activity.TypeBlock:
		return true
	case activity.TypeUndo:
		t := a.Object().Type
		return t == activity.TypeLock || t == activity.TypeBlock || t == activity.TypeDelete
	default:
		return false
	}
}
