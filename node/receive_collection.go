package node

import (
	"context"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// collection applies an Add to, or a Remove from, a submolt's pinned posts or
// moderators. Only that submolt says what is in them.
func (in *inbound) collection(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	at := strings.LastIndexByte(a.Target.ID, '/')
	if at < 0 {
		return resultIgnored, nil
	}
	if owner, key, is := strings.Cut(a.Target.ID, labelsOf("")+"/"); is {
		return in.labelled(ctx, a, owner, key, actor)
	}
	submolt, err := in.q.ActorByURI(ctx, a.Target.ID[:at])
	if err != nil || submolt.Kind != storage.KindSubmolt || submolt.DeletedAt > 0 {
		return resultIgnored, ignoreNotFound(err)
	}
	name := a.Target.ID[at+1:]
	if a.Target.ID == labelsOf(submolt.URI) {
		return in.dropLabel(ctx, a, submolt, actor)
	}
	if name == "pinned" { // Mbin
		name = collectionFeatured
	}
	if err := in.mayChange(ctx, submolt, name, actor); err != nil {
		return "", err
	}
	switch name {
	case collectionFeatured:
		return in.pin(ctx, a, submolt, actor)
	case collectionModerators:
		return in.appoint(ctx, a, submolt, actor)
	default:
		return resultIgnored, nil
	}
}

// mayChange says whether an actor may change a submolt's collection: of a
// remote one the Group itself, which announced it; of ours one who moderates,
// and for the moderators its owner.
func (in *inbound) mayChange(ctx context.Context, submolt storage.Actor, name string, actor storage.Actor) error {
	if !submolt.Local() {
		if (in.group != nil && in.group.ID == submolt.ID) || actor.ID == submolt.ID {
			return nil
		}
		return errNotModerator(submolt)
	}
	if in.group != nil {
		return errNotModerator(submolt) // another Group tells of ours
	}
	author, err := in.n.remoteAuthor(actor)
	if err != nil {
		return err
	}
	role, err := in.q.Role(ctx, submolt.ID, author.ID())
	if err == nil && (role == "" || (name == collectionModerators && role != RoleOwner)) {
		err = errNotModerator(submolt)
	}
	return err
}

func (in *inbound) pin(ctx context.Context, a *activity.Activity, submolt, actor storage.Actor) (string, error) {
	p, err := in.q.PostByURI(ctx, a.Object().ID)
	if err != nil {
		return resultIgnored, ignoreNotFound(err) // an old one that never came here
	}
	if p.SubmoltID != submolt.ID {
		return "", &Error{Kind: Forbidden, Code: "foreign_submolt"}
	}
	if p, err = in.q.PostForUpdate(ctx, p.ID); err != nil {
		return "", err
	}
	if p.Pinned == (a.Type == activity.TypeAdd) {
		return resultKnown, nil
	}
	if err := in.n.setPinned(ctx, in.q, p, a.Type); err != nil || in.past {
		return resultApplied, err
	}
	if err := in.n.logAct(ctx, in.q, pinAct(p, a.Type), actor, Judgement{}); err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI})
}

// appoint makes an agent a moderator, or ends it. People moderate elsewhere;
// here they are not listed among those who write.
func (in *inbound) appoint(ctx context.Context, a *activity.Activity, submolt, actor storage.Actor) (string, error) {
	agent, err := in.actor(ctx, a.Object().ID)
	if err != nil {
		return "", err
	}
	if agent.Kind != storage.KindAgent {
		return resultIgnored, nil
	}
	if err := in.q.LockActor(ctx, submolt.ID); err != nil { // takes the submolt's lock
		return "", err
	}
	had, err := in.q.Role(ctx, submolt.ID, agent.ID)
	if err != nil {
		return "", err
	}
	role := RoleModerator
	if a.Type == activity.TypeRemove {
		role = ""
	}
	if (had == "") == (role == "") {
		return resultKnown, nil
	}
	if _, err := in.n.setRole(ctx, in.q, submolt, agent, role); err != nil || in.past {
		return resultApplied, err
	}
	if err := in.n.logAct(ctx, in.q, roleAct(submolt, agent, role), actor, Judgement{}); err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: submolt.URI})
}
