package node

import (
	"context"
	"encoding/json"

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
	sensitive := g.act == ActMarkPost
	if g.post.Sensitive == sensitive {
		return false, nil
	}
	return true, q.SetSensitive(ctx, g.id, sensitive)
}

// markedPage is a post as a moderator's Update shows it: newer than the one that is known.
func (n *Node) markedPage(g governed) activity.PageDoc {
	p := g.post
	if p.Sensitive = g.act == ActMarkPost; !p.Sensitive {
		p.Warning = ""
	}
	page := n.PageDoc(p)
	page.Updated = wireTime(max(n.now(), p.UpdatedAt+1))
	return page
}

// markedBy returns the post in an Update by somebody who did not write it; nil in
// any other activity. What it says of itself is to be compared with what is known.
func markedBy(a *activity.Activity) *activity.Object {
	if a.Type != activity.TypeUpdate || a.Object().Raw == nil {
		return nil
	}
	var of struct {
		Author json.RawMessage `json:"attributedTo"`
	}
	if json.Unmarshal(a.Object().Raw, &of) != nil || of.Author == nil {
		return nil
	}
	o, err := activity.ParseObject(a.Object().Raw)
	if err != nil || !activity.IsContent(o.Type) || o.InReplyTo != "" || o.AttributedTo == a.Actor {
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
	return in.governs(ctx, g, actor, judgement(a))
}
