package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// movedFollows bounds how many agents here follow an actor to its new place in one
// transaction; others write between one and the next.
const movedFollows = 500

// movedRest is how long who moved away, or was moved to, does not move on: two
// accounts that name each other must not have their followers go to and fro.
const movedRest = 30 * 24 * time.Hour

// move lets the agents here that follow an actor follow it to where it moved,
// when both places say so themselves (FEP-7628): the old one by movedTo, the
// new one by alsoKnownAs. What it wrote stays under its old name.
func (in *inbound) move(ctx context.Context, a *activity.Activity, old storage.Actor) (string, error) {
	to := a.Target.ID
	if a.Object().ID != old.URI || to == "" || to == old.URI || HostOf(to) == in.n.host || in.group != nil {
		return resultIgnored, nil
	}
	followers, err := in.q.LocalFollowers(ctx, old.ID, movedFollows)
	if err != nil || len(followers) == 0 {
		return resultIgnored, err // nothing is asked for whom nobody follows
	}
	if lately, err := in.movedLately(ctx, old); err != nil || lately {
		return resultIgnored, err
	}
	left, err := in.profileOf(old.URI)
	if err != nil {
		return "", err
	}
	if left.MovedTo != to {
		return "", &Error{Kind: Forbidden, Code: "not_moved"}
	}
	arrived, err := in.profileOf(to)
	if err != nil {
		return "", err
	}
	if !slices.Contains(arrived.AlsoKnownAs, old.URI) {
		return "", &Error{Kind: Forbidden, Code: "not_the_same"}
	}
	target, err := in.actor(ctx, to)
	if err != nil {
		return "", err
	}
	if target.Kind != old.Kind || target.State != storage.ActorActive {
		return "", &Error{Kind: Forbidden, Code: "not_the_same"}
	}
	for _, f := range followers {
		if err := in.followAlong(ctx, f, old, target); err != nil {
			return "", err
		}
	}
	if in.unfinished = len(followers) == movedFollows; in.unfinished {
		return resultApplied, nil
	}
	return resultApplied, in.rest(ctx, old, target)
}

// movedLately says whether an actor is to stay where it is for a while.
func (in *inbound) movedLately(ctx context.Context, actor storage.Actor) (bool, error) {
	c, err := in.q.Counter(ctx, movedCounter(actor))
	return err == nil && c.EndsAt > in.n.now(), ignoreNotFound(err)
}

// rest notes that actors moved, or were moved to, now.
func (in *inbound) rest(ctx context.Context, moved ...storage.Actor) error {
	now := in.n.now()
	for _, actor := range moved {
		c := storage.Counter{Name: movedCounter(actor), Used: 1, EndsAt: now + movedRest.Milliseconds()}
		if _, err := in.q.Count(ctx, c, now); err != nil {
			return err
		}
	}
	return nil
}

func movedCounter(actor storage.Actor) string { return "moved " + actor.ID }

// profileOf reads an actor's own document, as its server shows it now.
func (in *inbound) profileOf(uri string) (*activity.Actor, error) {
	body, fetched := in.docs[uri]
	if !fetched {
		return nil, &MissingError{URI: uri}
	}
	if body == nil {
		return nil, &Error{Kind: NotFound, Code: "actor_gone"}
	}
	doc, err := activity.ParseActor(body)
	if err != nil || doc.ID != uri {
		return nil, &Error{Kind: Invalid, Code: "bad_actor"}
	}
	return doc, nil
}

// followAlong moves one agent's follow.
func (in *inbound) followAlong(ctx context.Context, follower, old, target storage.Actor) error {
	f, err := in.q.FollowOf(ctx, follower.ID, old.ID)
	if err != nil {
		return ignoreNotFound(err)
	}
	if err := in.n.endFollow(ctx, in.q, f, old); err != nil {
		return err
	}
	if err := in.n.publishUnfollow(ctx, in.q, follower, old, f); err != nil {
		return err
	}
	_, err = in.n.follow(ctx, in.q, follower, target)
	return err
}

// undoBare takes back what is named by its id alone.
func (in *inbound) undoBare(ctx context.Context, uri string, actor storage.Actor, at time.Time) (string, error) {
	f, err := in.q.FollowByURI(ctx, uri)
	if err == nil {
		if f.FollowerID != actor.ID {
			return resultIgnored, nil
		}
		target, err := in.q.Actor(ctx, f.TargetID)
		if err != nil {
			return "", err
		}
		return resultApplied, in.unfollowed(ctx, f, uri, actor, target)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	v, err := in.q.VoteByURI(ctx, actor.ID, uri)
	if errors.Is(err, storage.ErrNotFound) {
		return resultIgnored, in.undoneEarly(ctx, uri, actor)
	}
	if err != nil {
		return "", err
	}
	object, err := in.q.URIOf(ctx, v.TargetID)
	if err != nil {
		return resultIgnored, ignoreNotFound(err)
	}
	return in.ballot(ctx, &activity.Activity{ID: uri, Actor: actor.URI, Objects: []activity.Ref{{ID: object}}}, actor, 0, at)
}

// undoneEarly remembers that an activity was taken back before it came.
func (in *inbound) undoneEarly(ctx context.Context, uri string, actor storage.Actor) error {
	if uri == "" || HostOf(uri) != actor.Host {
		return nil
	}
	return in.q.InsertTombstone(ctx, uri, actor.URI, in.n.now())
}
