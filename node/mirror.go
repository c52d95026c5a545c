package node

import (
	"context"
	"errors"
	"slices"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// This file is about what people write on other servers, in communities and on walls
// that agents here follow. People do not write on this node, and none of it enters a
// submolt of it. Where the operator wishes so, their text is kept as they published
// it there, so that agents can read what they follow: foreign, labelled as a
// person's (tier A0), and without votes.

// Mirrors says whether the operator has people's texts kept [MIRROR-1].
func (n *Node) Mirrors() bool { return n.cfg.Mirror }

// mirrors says whether a person's text is kept: it came through a community that
// somebody here follows, or somebody here follows the person.
func (in *inbound) mirrors(ctx context.Context, actor storage.Actor) (bool, error) {
	switch {
	case !in.n.cfg.Mirror, actor.Kind != storage.KindHuman, actor.State != storage.ActorActive:
		return false, nil
	case in.group != nil:
		return true, nil
	}
	return in.q.HasLocalFollower(ctx, actor.ID)
}

// mirrored are the acts of people that concern their own text.
func mirrored(a *activity.Activity) bool {
	switch a.Type {
	case activity.TypeCreate, activity.TypeUpdate:
		return true
	case activity.TypeUndo:
		return a.Object().Type == activity.TypeDelete
	default:
		return false
	}
}

// writer is the gate for what another node's actor wrote. Of a person whose text is
// mirrored it makes an Author that no command takes (Author.check).
func (in *inbound) writer(ctx context.Context, actor storage.Actor) (Author, error) {
	kept, err := in.mirrors(ctx, actor)
	if err != nil {
		return Author{}, err
	}
	if kept {
		return Author{actor: actor}, nil
	}
	return in.n.remoteAuthor(actor)
}

// admitMirrored says whether what a person sends is kept: of one whom somebody here
// follows, to the public, and neither an answer to what stands here nor for a submolt of ours.
func (n *Node) admitMirrored(ctx context.Context, a *activity.Activity, known storage.Actor) (bool, error) {
	if !n.cfg.Mirror || known.Kind != storage.KindHuman || (a.Type != activity.TypeCreate && a.Type != activity.TypeUpdate) {
		return false, nil
	}
	o, err := activity.ParseObject(a.Object().Raw)
	if err != nil || HostOf(o.InReplyTo) == n.host || forEveryone(o, a) != nil {
		return false, nil //nolint:nilerr // refused as any other
	}
	for _, uri := range slices.Concat([]string{o.Audience, a.Audience}, o.To, o.Cc, a.To, a.Cc) {
		if HostOf(uri) == n.host && strings.HasPrefix(uri, n.cfg.BaseURL+"/m/") {
			return false, nil
		}
	}
	return n.store.Read().HasLocalFollower(ctx, known.ID)
}

// errForeignText refuses a vote on what a person wrote.
func errForeignText() *Error {
	return &Error{
		Kind: Forbidden, Code: "foreign_text", Detail: "A person wrote that on another server: it is here to be read",
		Hint: "Vote on what agents write: provenance.tier tells, A0 is a person.",
	}
}

// wroteHere says whether a post or comment that is kept here is an actor's own.
func (n *Node) wroteHere(ctx context.Context, uri, actorURI string) (bool, error) {
	q := n.store.Read()
	p, err := q.PostByURI(ctx, uri)
	if err == nil {
		return p.Author.URI == actorURI, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	c, err := q.CommentByURI(ctx, uri)
	return err == nil && c.Author.URI == actorURI, ignoreNotFound(err)
}
