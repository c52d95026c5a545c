package node

import (
	"context"
	"errors"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// announced applies what a Group passed on. The Group lends its followers'
// attention, not its rank: each inner actor is judged alone, and a human's
// act inside is dropped.
func (in *inbound) announced(ctx context.Context, a *activity.Activity, group storage.Actor) (string, error) {
	if group.Kind != storage.KindSubmolt || in.group != nil {
		return resultIgnored, nil
	}
	followed, err := in.q.HasLocalFollower(ctx, group.ID)
	if err != nil || !followed {
		return resultIgnored, err
	}
	result := resultIgnored
	parts := announcedParts(a)
	if len(parts) > maxParts {
		return "", &Error{Kind: Invalid, Code: "too_many_parts"}
	}
	for _, ref := range parts {
		inner := &inbound{n: in.n, q: in.q, docs: in.docs, ready: in.ready, group: &group}
		one, err := inner.part(ctx, ref, group, len(parts) > 1)
		if err != nil {
			return "", err
		}
		in.late = in.late || inner.late
		if result != resultApplied {
			result = one
		}
	}
	return result, nil
}

// maxParts bounds the activities that one Announce passes on: the writer is held by
// all of them. PieFed sends some dozens.
const maxParts = 500

// announcedParts are the activities that an Announce passes on. PieFed sends many
// at once, in an array or in a collection.
func announcedParts(a *activity.Activity) []activity.Ref {
	var parts []activity.Ref
	for _, ref := range a.Objects {
		if ref.Raw != nil && activity.IsCollection(ref.Type) {
			if c, err := activity.ParseCollection(ref.Raw); err == nil {
				parts = append(parts, c.Items...)
			}
			continue
		}
		parts = append(parts, ref)
	}
	return parts
}

// part applies one of the activities that a Group passed on together. One that
// cannot be applied yet holds up none of the others.
func (in *inbound) part(ctx context.Context, ref activity.Ref, group storage.Actor, others bool) (string, error) { //nolint:revive // a fact of the Announce, not a mode
	result, err := in.inner(ctx, ref, group)
	if refusal, ok := errors.AsType[*Error](err); ok {
		return "refused: " + refusal.Code, nil
	}
	if !others {
		return result, err
	}
	missing, lacks := errors.AsType[*MissingError](err)
	if lacks {
		if _, over := in.docs[unreachable]; over {
			return "refused: too_many_fetches", nil
		}
		if _, in.late = in.docs[unreachable+missing.URI+missing.Origin]; !in.late {
			return "", &MissingError{URI: missing.URI, Origin: missing.Origin, Others: true}
		}
		return resultIgnored, nil
	}
	if in.late = IsLater(err); in.late {
		return resultIgnored, nil
	}
	return result, err
}

func (in *inbound) inner(ctx context.Context, ref activity.Ref, group storage.Actor) (string, error) {
	if ref.Raw == nil {
		return in.announcedID(ctx, ref.ID, group)
	}
	a, err := activity.ParseActivity(ref.Raw)
	if ref.ID != "" && !activity.IsActivity(ref.Type) && (err != nil || activity.IsText(ref.Type)) {
		return in.announcedObject(ctx, ref, group) // NodeBB, Discourse: a post without its Create
	}
	if err != nil || len(a.ID) > MaxURL {
		return "", &Error{Kind: Invalid, Code: "bad_inner"}
	}
	return in.passedOn(ctx, a, group)
}

// announcedObject applies an Announce of an object: it is believed where it is of
// the Group's own server, and asked for where it is not.
func (in *inbound) announcedObject(ctx context.Context, ref activity.Ref, group storage.Actor) (string, error) {
	if HostOf(ref.ID) != group.Host || !activity.IsText(ref.Type) {
		return in.announcedID(ctx, ref.ID, group)
	}
	o, err := activity.ParseObject(ref.Raw)
	if err != nil {
		return "", &Error{Kind: Invalid, Code: "bad_inner"}
	}
	return in.fetchedObject(ctx, o)
}

// passedOn applies one activity that a Group passed on.
func (in *inbound) passedOn(ctx context.Context, a *activity.Activity, group storage.Actor) (string, error) {
	if HostOf(a.Actor) == in.n.host {
		return in.echo(ctx, a, group)
	}
	if !takesBack(a) {
		if err := in.n.refusesServer(ctx, in.q, HostOf(a.Actor)); err != nil {
			return "", err
		}
	}
	if a.Type == activity.TypeAnnounce || a.Type == activity.TypeFlag || a.Type == activity.TypeResolve || a.Type == activity.TypeFollow || a.Type == activity.TypeAccept || a.Type == activity.TypeReject {
		return resultIgnored, nil
	}
	governs, err := in.byModerator(ctx, a, group)
	if err != nil {
		return "", err
	}
	if governs {
		return in.apply(ctx, a, group) // whoever moderates there: the Group says what it did, or what it is now
	}
	actor, err := in.innerActor(ctx, &a, group)
	if err != nil {
		return "", err
	}
	if err := in.introduced(ctx, actor); err != nil {
		return "", err
	}
	kept, err := in.mirrors(ctx, actor)
	if err != nil {
		return "", err
	}
	if actor.Kind != storage.KindAgent && a.Type != activity.TypeDelete && (!kept || !mirrored(a)) {
		return "", agentsOnly(actor.WireType)
	}
	return in.apply(ctx, a, actor)
}

// innerActor returns who did what a Group passed on: as the Group's own server
// says, as a proof shows, or as the actor's server states it; then *a is what that says.
func (in *inbound) innerActor(ctx context.Context, a **activity.Activity, group storage.Actor) (storage.Actor, error) {
	if HostOf((*a).Actor) != group.Host {
		actor, err := in.prover(ctx, *a)
		if err != nil {
			return actor, err
		}
		if in.byProof = actor.ID != ""; in.byProof {
			return actor, nil
		}
		if err := in.mayAct(ctx, *a); err != nil {
			return actor, err
		}
		if *a, err = in.confirmed(*a); err != nil {
			return actor, err
		}
	}
	return in.lately(ctx, (*a).Actor, (*a).Type == activity.TypeCreate)
}

// lately returns an actor as its server showed it within the last day: who is only
// passed on signs nothing here, and may have become a person since. People are asked
// for again where they write, and not where they vote.
func (in *inbound) lately(ctx context.Context, uri string, writes bool) (storage.Actor, error) { //nolint:revive // a fact of the activity, not a mode
	actor, err := in.actor(ctx, uri)
	if err != nil || actor.Local() || in.n.freshActor(actor) || (actor.Kind != storage.KindAgent && !writes) {
		return actor, err
	}
	body, fetched := in.docs[uri]
	_, away := in.docs[unreachable+uri]
	_, over := in.docs[unreachable]
	if !fetched && !away && !over {
		return actor, &MissingError{URI: uri, Others: true}
	}
	doc, err := activity.ParseActor(body)
	if body == nil || err != nil || doc.ID != uri {
		return actor, nil //nolint:nilerr // it is away or gone, or says nothing of use: what it did is judged as ever
	}
	return in.n.keepActor(ctx, in.q, doc)
}

// mayAct refuses what only agents do, and somebody else did, before its server is
// asked for it: of people a community passes on thousands of votes. Who it is was
// asked once.
func (in *inbound) mayAct(ctx context.Context, a *activity.Activity) error {
	switch a.Type {
	case activity.TypeCreate, activity.TypeUpdate, activity.TypeDelete:
		return nil // people's, too, where their text is mirrored
	case activity.TypeUndo:
		if t := a.Object().Type; t == "" || t == activity.TypeDelete {
			return nil // the same, or its server has to say what it takes back
		}
	}
	actor, err := in.actor(ctx, a.Actor)
	if err != nil || actor.Kind == storage.KindAgent {
		return err
	}
	return agentsOnly(actor.WireType)
}

// byModerator says whether what a Group passed on was done by one of its
// moderators, on whatever server that is. What a Group says of its own audience is
// its own word: it need not be the moderator's, too.
func (in *inbound) byModerator(ctx context.Context, a *activity.Activity, group storage.Actor) (bool, error) {
	deleted := a
	switch {
	case a.Type == activity.TypeUpdate:
		return a.Object().ID == group.URI || moderation(a), nil
	case a.Type == activity.TypeUndo && a.Object().Type == activity.TypeDelete:
		inner, err := activity.ParseActivity(a.Object().Raw)
		if err != nil {
			return false, nil //nolint:nilerr // the Undo is judged as any other
		}
		deleted = inner
	case a.Type != activity.TypeDelete:
		return moderation(a), nil
	}
	author, known, err := in.authorOf(ctx, deleted.Object().ID)
	return known && author != a.Actor, err
}

// authorOf is who wrote a post or comment that is known here.
func (in *inbound) authorOf(ctx context.Context, uri string) (author string, known bool, err error) {
	p, err := in.q.PostByURI(ctx, uri)
	if err == nil {
		return p.Author.URI, true, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", false, err
	}
	c, err := in.q.CommentByURI(ctx, uri)
	return c.Author.URI, err == nil, ignoreNotFound(err)
}

// confirmed returns an activity that a Group passed on for another server, as
// that server states it. Creates and Updates are confirmed by their object,
// deletions by its absence.
func (in *inbound) confirmed(a *activity.Activity) (*activity.Activity, error) {
	switch a.Type {
	case activity.TypeCreate, activity.TypeUpdate, activity.TypeDelete:
		return a, nil // object and delete ask the object's own server
	}
	if HostOf(a.ID) != HostOf(a.Actor) {
		return nil, &Error{Kind: Forbidden, Code: "foreign_activity"}
	}
	body, fetched := in.docs[a.ID]
	if !fetched {
		return nil, &MissingError{URI: a.ID}
	}
	stated, err := activity.ParseActivity(body)
	if body == nil || err != nil || stated.ID != a.ID || stated.Actor != a.Actor || stated.Type != a.Type {
		return nil, &Error{Kind: Invalid, Code: "unconfirmed"}
	}
	return stated, nil
}

// announcedID applies an Announce of a mere id: of an object, or of an activity.
func (in *inbound) announcedID(ctx context.Context, uri string, group storage.Actor) (string, error) {
	if HostOf(uri) == in.n.host {
		return in.echo(ctx, &activity.Activity{Type: activity.TypeCreate, Objects: []activity.Ref{{ID: uri}}}, group)
	}
	if err := in.n.refusesServer(ctx, in.q, HostOf(uri)); err != nil {
		return "", err
	}
	body, fetched := in.docs[uri]
	if !fetched {
		return "", &MissingError{URI: uri}
	}
	o, err := activity.ParseObject(body)
	if body == nil || err != nil || o.ID != uri {
		return "", &Error{Kind: Invalid, Code: "bad_object"}
	}
	if !activity.IsActivity(o.Type) {
		return in.fetchedObject(ctx, o)
	}
	a, err := activity.ParseActivity(body)
	if err != nil || HostOf(a.Actor) != HostOf(uri) {
		return "", &Error{Kind: Invalid, Code: "bad_inner"}
	}
	return in.passedOn(ctx, a, group)
}

// fetchedObject applies an object that its own server showed us.
func (in *inbound) fetchedObject(ctx context.Context, o *activity.Object) (string, error) {
	if HostOf(o.AttributedTo) != HostOf(o.ID) {
		return "", &Error{Kind: Forbidden, Code: "foreign_author"}
	}
	if err := in.n.refusesServer(ctx, in.q, HostOf(o.ID)); err != nil {
		return "", err
	}
	author, err := in.lately(ctx, o.AttributedTo, true)
	if err != nil {
		return "", err
	}
	if err := in.introduced(ctx, author); err != nil {
		return "", err
	}
	return in.createObject(ctx, o, nil, author)
}

// echo is what comes back to us of our own agents: the submolt took it. It is
// never more than a reference: nothing of ours is overwritten.
func (in *inbound) echo(ctx context.Context, a *activity.Activity, group storage.Actor) (string, error) {
	switch a.Type {
	case activity.TypeAdd, activity.TypeRemove, activity.TypeLock, activity.TypeBlock, activity.TypeUndo, activity.TypeDelete, activity.TypeUpdate:
		return in.asked(ctx, a, group)
	case activity.TypeCreate:
	default:
		return resultKnown, nil
	}
	p, err := in.q.PostByURI(ctx, a.Object().ID)
	if err != nil || p.SubmoltID != group.ID {
		return resultKnown, ignoreNotFound(err)
	}
	return resultKnown, in.q.MarkAnnounced(ctx, p.ID, in.n.now())
}

// asked applies what a submolt announces of our own moderator: it did what that asked
// for, which stands in our own log, or it was the submolt. What our agents do with their
// own is done here already.
func (in *inbound) asked(ctx context.Context, a *activity.Activity, group storage.Actor) (string, error) {
	if !moderation(a) && a.Type != activity.TypeDelete {
		return resultKnown, nil
	}
	actor, err := in.q.ActorByURI(ctx, a.Actor)
	if err != nil {
		return resultIgnored, ignoreNotFound(err)
	}
	e, err := in.q.Entry(ctx, lastSegment(a.ID))
	if ignoreNotFound(err) != nil {
		return "", err
	}
	if err != nil || a.ID != in.n.activityURI(e.ID) || e.ActorID != actor.ID || e.Type != a.Type {
		actor = group // a ban is no word of somebody who did not say it
	} else if a, err = activity.ParseActivity(e.Body); err != nil {
		return "", err
	}
	if a.Type == activity.TypeDelete {
		return in.remove(ctx, a, actor)
	}
	return in.apply(ctx, a, actor)
}
