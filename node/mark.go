package node

import (
	"context"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// A moderator may mark another's post as sensitive, and nothing else in it. On the
// wire that is the Update of a post by somebody who did not write it, as Lemmy has it.

// MarkPost says that people see a post only when they ask for it, by one who
// moderates there.
func (n *Node) MarkPost(ctx context.Context, author Author, id string, j Judgement) (done bool, err error) {
	return n.governPost(ctx, author, id, ActMarkPost, j)
}

// UnmarkPost is the end of MarkPost; it takes the post's warning away, too.
func (n *Node) UnmarkPost(ctx context.Context, author Author, id string) (done bool, err error) {
	return n.governPost(ctx, author, id, ActUnmarkPost, Judgement{})
}

func (n *Node) setPostMark(ctx context.Context, q storage.Queries, g governed) (changed bool, err error) {
	if g.post.Hidden == storage.Unverified {
		return false, notFound("Post", "")
	}
	if g.post.Sensitive == (g.act == ActMarkPost) {
		return false, nil
	}
	p := n.marked(g)
	if p.Author.Host != "" {
		p.UpdatedAt = g.post.UpdatedAt // its author says when it changed it
	}
	return true, q.SetSensitive(ctx, p.ID, p.Sensitive, p.UpdatedAt)
}

// retell has an author of this node tell of the mark on its post those who follow it
// alone, or know the post as a boost: they read nobody else's word.
func (n *Node) retell(ctx context.Context, q storage.Queries, g governed, submolt storage.Actor) error {
	if (g.act != ActMarkPost && g.act != ActUnmarkPost) || g.post.Author.Host != "" {
		return nil
	}
	author, err := q.Actor(ctx, g.post.AuthorID)
	if err != nil {
		return err
	}
	l, err := n.updateLetter(ctx, q, n.marked(g), author, submolt)
	if err != nil {
		return err
	}
	l.audience = append(l.audience, followersOf(author.URI))
	_, err = n.post(ctx, q, l)
	return err
}

// marked is a post with the mark, newer than it was.
func (n *Node) marked(g governed) storage.Post {
	p := g.post
	if p.Sensitive = g.act == ActMarkPost; !p.Sensitive {
		p.Warning = ""
	}
	p.UpdatedAt = max(n.now(), p.UpdatedAt+1)
	return p
}

// markedBy returns the post in an Update by somebody who did not write it; nil in
// any other activity. What it says of itself is to be compared with what is known.
func markedBy(a *activity.Activity) *activity.Object {
	if a.Type != activity.TypeUpdate || a.Object().Raw == nil {
		return nil
	}
	o, err := activity.ParseObject(a.Object().Raw)
	if err != nil || !activity.IsContent(o.Type) || o.InReplyTo != "" || o.AttributedTo == "" || o.AttributedTo == a.Actor {
		return nil
	}
	return o
}

// mark applies a moderator's mark, of which the post was embedded.
func (in *inbound) mark(ctx context.Context, a *activity.Activity, o *activity.Object, actor storage.Actor) (string, error) {
	act := ActUnmarkPost
	if o.Sensitive {
		act = ActMarkPost
	}
	g, err := in.found(ctx, o.ID, act, "")
	if err != nil || g.kind != storage.DocPost {
		return resultIgnored, err
	}
	if o.AttributedTo != g.agent.URI {
		return "", &Error{Kind: Forbidden, Code: "not_the_author"}
	}
	submolt, changed, err := in.decides(ctx, g, actor, judgement(a))
	if err != nil || !changed {
		return resultKnown, err
	}
	switch {
	case !submolt.Local():
	case saysTheSame(o, g.post):
		err = in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: g.thread})
	default: // what else it says of the post is not passed on
		err = in.n.publishAct(ctx, in.q, g, submolt, submolt, judgement(a))
	}
	if err != nil {
		return "", err
	}
	return resultApplied, in.n.retell(ctx, in.q, g, submolt)
}

// saysTheSame says whether a moderator's Update holds the post's own words.
func saysTheSame(o *activity.Object, p storage.Post) bool {
	link, _ := linkOf(o)
	return o.Name == p.Title && o.Content == p.HTML && o.Source == p.Content && link == p.URL
}
