package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// follow lets anybody follow an agent or a submolt: people too. Its server is
// asked first who it is, so that votes go where they count.
func (in *inbound) follow(ctx context.Context, a *activity.Activity, follower storage.Actor) (string, error) {
	target, err := in.q.ActorByURI(ctx, a.Object().ID)
	if err != nil {
		return resultIgnored, ignoreNotFound(err)
	}
	if !target.Local() || target.DeletedAt > 0 {
		return resultIgnored, nil
	}
	undone, err := in.q.IsTombstone(ctx, a.ID, follower.URI)
	if err != nil || undone {
		return resultIgnored, err
	}
	h, err := in.q.Host(ctx, follower.Host)
	if ignoreNotFound(err) != nil {
		return "", err
	}
	if h.CheckedAt == 0 {
		return "", &MissingError{Origin: originOf(follower.URI)}
	}
	f := storage.Follow{FollowerID: follower.ID, TargetID: target.ID, URI: a.ID, State: storage.FollowAccepted, CreatedAt: in.n.now()}
	_, err = in.q.FollowOf(ctx, follower.ID, target.ID)
	switch {
	case err == nil:
		err = in.q.SetFollow(ctx, f) // asked again: answered again
	case errors.Is(err, storage.ErrNotFound):
		var crowded bool
		if crowded, err = in.crowded(ctx, follower); crowded {
			return "refused: too_many_inboxes", in.n.answerFollow(ctx, in.q, activity.TypeReject, f, target, follower)
		}
		if err == nil {
			err = in.newFollower(ctx, f, follower, target)
		}
	}
	if err != nil {
		return "", err
	}
	return resultApplied, in.n.answerFollow(ctx, in.q, activity.TypeAccept, f, target, follower)
}

// crowded says that a follower would bring one inbox more of a domain which has as many
// of them as it may: whatever is written here is sent to each, signed for each.
func (in *inbound) crowded(ctx context.Context, follower storage.Actor) (bool, error) {
	most := in.n.cfg.InboxesPerDomain
	if most == 0 {
		return false, nil
	}
	inbox := inboxOf(follower)
	count, err := in.q.FollowingInboxes(ctx, inbox, domainOf(HostOf(inbox)), most)
	return err == nil && count >= most, err
}

// newFollower stores a follow and puts the follower's inbox into the audiences:
// votes go to those of vouched servers only, where they count.
func (in *inbound) newFollower(ctx context.Context, f storage.Follow, follower, target storage.Actor) error {
	h, err := in.q.Host(ctx, follower.Host)
	if err != nil {
		return err
	}
	if err := in.q.InsertFollow(ctx, f); err != nil {
		return err
	}
	inbox := inboxOf(follower)
	if err := in.q.OpenLane(ctx, inbox, HostOf(inbox), domainOf(HostOf(inbox))); err != nil {
		return err
	}
	if err := in.q.AddMember(ctx, audienceOf(target, h), inbox, 1); err != nil {
		return err
	}
	if h.AgentsOnly {
		if err := in.q.AddMember(ctx, votersOf(target.URI), inbox, 1); err != nil {
			return err
		}
	}
	if err := in.q.AddCounts(ctx, follower.ID, storage.Counts{Following: countOf(target)}); err != nil {
		return err
	}
	if err := in.q.AddCounts(ctx, target.ID, storage.Counts{Followers: 1}); err != nil {
		return err
	}
	return in.n.notifyFollower(ctx, in.q, follower, target)
}

// lostFollower ends a remote actor's follow of a local one.
func (in *inbound) lostFollower(ctx context.Context, f storage.Follow, follower, target storage.Actor) error {
	if err := in.n.endFollow(ctx, in.q, f, target); err != nil {
		return ignoreNotFound(err) // an Undo that was applied meanwhile ended it
	}
	inbox := inboxOf(follower)
	for _, audience := range []string{followersOf(target.URI), boostsOf(target.URI), votersOf(target.URI)} {
		if err := in.q.AddMember(ctx, audience, inbox, -1); err != nil {
			return err
		}
	}
	return nil
}

// answer is an Accept or Reject of a follow, a conversation or an office that we asked for.
func (in *inbound) answer(ctx context.Context, a *activity.Activity, target storage.Actor) (string, error) {
	f, err := in.q.FollowByURI(ctx, a.Object().ID)
	if errors.Is(err, storage.ErrNotFound) {
		if result, is, err := in.chatAnswer(ctx, a, target); is || err != nil {
			return result, err
		}
		if is, err := in.officeRefused(ctx, a, target); is || err != nil {
			return resultApplied, err
		}
		f, err = in.followInside(ctx, a.Object(), target)
	}
	if err != nil || f.TargetID != target.ID {
		return resultIgnored, ignoreNotFound(err)
	}
	state := storage.FollowAccepted
	counts := storage.Counts{Followers: 1}
	switch {
	case f.State == storage.FollowRejected:
		return resultKnown, nil // over; asking again makes a new follow
	case a.Type == activity.TypeReject && f.State == storage.FollowAccepted:
		state, counts.Followers = storage.FollowRejected, -1
	case a.Type == activity.TypeReject:
		state, counts.Followers = storage.FollowRejected, 0
	case f.State == storage.FollowAccepted:
		return resultKnown, nil
	}
	followed, err := in.q.HasAcceptedFollower(ctx, target.ID)
	if err != nil {
		return "", err
	}
	f.State = state
	if err := in.q.SetFollow(ctx, f); err != nil {
		return "", err
	}
	if state == storage.FollowRejected {
		if err := in.q.AddCounts(ctx, f.FollowerID, storage.Counts{Following: -countOf(target)}); err != nil {
			return "", err
		}
	}
	if err := in.q.AddCounts(ctx, target.ID, counts); err != nil || state != storage.FollowAccepted || followed {
		return resultApplied, err
	}
	return resultApplied, in.n.backfillActor(ctx, in.q, target)
}

// followInside finds a follow by the two ends that an embedded Follow names.
func (in *inbound) followInside(ctx context.Context, ref activity.Ref, target storage.Actor) (storage.Follow, error) {
	if ref.Raw == nil {
		return storage.Follow{}, storage.ErrNotFound
	}
	inner, err := activity.ParseActivity(ref.Raw)
	if err != nil || inner.Type != activity.TypeFollow || inner.Object().ID != target.URI {
		return storage.Follow{}, storage.ErrNotFound
	}
	follower, err := in.q.ActorByURI(ctx, inner.Actor)
	if err != nil || !follower.Local() {
		return storage.Follow{}, storage.ErrNotFound
	}
	return in.q.FollowOf(ctx, follower.ID, target.ID)
}

// undo takes back a follow or a vote. What it undoes is matched by actor and
// object: other servers invent a new id for the inner activity.
func (in *inbound) undo(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	ref := a.Object()
	if ref.Raw == nil {
		return in.undoBare(ctx, ref.ID, actor, a.Published)
	}
	inner, err := activity.ParseActivity(ref.Raw)
	if ref.ID != "" && (err != nil || inner.Object().ID == "") {
		return in.undoBare(ctx, ref.ID, actor, a.Published) // its id says all
	}
	if err != nil || inner.Actor != a.Actor {
		return "", &Error{Kind: Invalid, Code: "bad_undo"}
	}
	switch inner.Type {
	case activity.TypeFollow:
		target, err := in.q.ActorByURI(ctx, inner.Object().ID)
		if err != nil || !target.Local() {
			return resultIgnored, ignoreNotFound(err)
		}
		f, err := in.q.FollowOf(ctx, actor.ID, target.ID)
		if errors.Is(err, storage.ErrNotFound) {
			return resultIgnored, in.undoneEarly(ctx, inner.ID, actor)
		}
		if err != nil {
			return "", err
		}
		return resultApplied, in.unfollowed(ctx, f, inner.ID, actor, target)
	case activity.TypeLike, activity.TypeDislike:
		result, err := in.ballot(ctx, inner, actor, 0, a.Published)
		if err != nil || result != resultKnown {
			return result, err
		}
		return result, in.undoneEarly(ctx, inner.ID, actor)
	case activity.TypeLock:
		return in.lock(ctx, inner, actor, ActUnlockPost, ActUnlockComment)
	case activity.TypeBlock:
		return in.block(ctx, inner, actor, a)
	case activity.TypeDelete:
		return in.restore(ctx, inner, actor)
	default:
		return resultIgnored, nil
	}
}

// unfollowed ends a follow that its follower takes back. Both may come again under the
// same ids: PeerTube makes them of who follows whom.
func (in *inbound) unfollowed(ctx context.Context, f storage.Follow, uri string, follower, target storage.Actor) error {
	in.again = true
	if err := in.q.ForgetReceived(ctx, uri, activity.TypeFollow, follower.URI); err != nil {
		return err
	}
	return in.lostFollower(ctx, f, follower, target)
}
