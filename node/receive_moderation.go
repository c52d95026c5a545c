package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// decides does what a submolt's moderators did elsewhere, or ask for here, and says
// whether that changed anything; the rule of who may is that of its pinned posts (mayChange).
func (in *inbound) decides(ctx context.Context, g governed, actor storage.Actor, j Judgement) (submolt storage.Actor, changed bool, err error) {
	if submolt, err = in.q.Actor(ctx, g.submoltID); err != nil {
		return submolt, false, err
	}
	if err := in.mayChange(ctx, submolt, collectionFeatured, actor); err != nil {
		return submolt, false, err
	}
	changed, err = in.n.judge(ctx, in.q, g, actor, j)
	return submolt, changed, err
}

// governs applies what a submolt's moderators did elsewhere, or ask for here, and
// passes it on.
func (in *inbound) governs(ctx context.Context, g governed, actor storage.Actor, j Judgement) (string, error) {
	submolt, changed, err := in.decides(ctx, g, actor, j)
	if err != nil || !changed {
		return resultKnown, err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: g.thread})
}

// judgement reads why a moderator elsewhere acts.
func judgement(a *activity.Activity) Judgement {
	j := Judgement{Reason: visible(textOf(a.Summary), MaxReason), RemoveContent: a.RemoveData, RestoreContent: a.RestoreData, Until: a.EndTime}
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
	if !errors.Is(err, storage.ErrNotFound) {
		return governed{}, ignoreNotFound(err)
	}
	c, err := in.q.CommentByURI(ctx, uri)
	if err != nil {
		return governed{}, ignoreNotFound(err)
	}
	p, err = in.q.Post(ctx, c.PostID)
	return governed{act: onComment, submoltID: p.SubmoltID, kind: storage.DocComment, id: c.ID, uri: c.URI, thread: p.URI, agent: c.Author, post: p, comment: c}, err
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
	if _, err := in.writer(ctx, actor); err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, g.submoltID)
	if err != nil {
		return "", err
	}
	if err := in.n.mayWriteIn(ctx, in.q, submolt.Ref(), actor.Ref()); err != nil {
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

// moderation says whether an activity is of those that only moderators send.
func moderation(a *activity.Activity) bool {
	switch a.Type {
	case activity.TypeAdd, activity.TypeRemove, activity.TypeLock, activity.TypeBlock:
		return true
	case activity.TypeUndo:
		t := a.Object().Type
		return t == activity.TypeLock || t == activity.TypeBlock || t == activity.TypeDelete
	case activity.TypeUpdate:
		return markedBy(a) != nil
	default:
		return false
	}
}
