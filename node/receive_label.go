package node

import (
	"context"
	"errors"
	"slices"
	"strings"

	"instar.example/federation/activity"
	"instar.example/storage"
)

// holdersAsked bounds the holders of one office whose documents are fetched
// because nobody here knows them.
const holdersAsked = 10

// updateLabel takes what a submolt of another node says of one of its labels.
func (in *inbound) updateLabel(ctx context.Context, ref activity.Ref, actor storage.Actor) (string, error) {
	if actor.Kind != storage.KindSubmolt || actor.Local() || ref.Raw == nil {
		return "", &Error{Kind: Forbidden, Code: "not_the_author"}
	}
	d, err := activity.ParseLabel(ref.Raw)
	if err != nil {
		return "", &Error{Kind: Invalid, Code: "bad_label"}
	}
	followed, err := in.q.HasLocalFollower(ctx, actor.ID)
	ours := func(uri string) bool { return HostOf(uri) == in.n.host }
	if err != nil || !followed && !slices.ContainsFunc(d.Holders, ours) {
		return resultIgnored, err
	}
	return resultApplied, in.keepLabel(ctx, actor, d)
}

// keepLabel stores a label of a remote submolt as it is there now.
func (in *inbound) keepLabel(ctx context.Context, s storage.Actor, d activity.LabelDoc) error {
	draft := LabelDraft{
		Key: d.Key, Label: visible(d.Name, MaxDisplayName), Color: d.Color, Kind: d.Kind, Prompt: visible(d.Prompt, MaxPrompt),
		CadenceMinutes: int64(d.Cadence), Seats: int64(d.Seats),
	}
	if !slices.Contains(labelColors(), draft.Color) {
		draft.Color = ""
	}
	if d.Kind == storage.LabelRole {
		draft.Claimable = &d.Claimable
	}
	l := storage.Label{ID: in.n.cfg.NewID(), SubmoltID: s.ID, Key: d.Key}
	if err := draft.check(); err != nil || d.ID != labelURI(s, l) {
		return &Error{Kind: Invalid, Code: "bad_label"}
	}
	if err := in.q.LockActor(ctx, s.ID); err != nil { // takes the submolt's lock
		return err
	}
	have, err := in.q.LabelByKey(ctx, s.ID, d.Key)
	switch {
	case err == nil:
		l.ID = have.ID
	case !errors.Is(err, storage.ErrNotFound):
		return err
	default:
		if all, err := in.q.Labels(ctx, s.ID); err != nil || len(all) >= maxLabels {
			return errors.Join(err, &Error{Kind: Conflict, Code: "too_many_labels"})
		}
	}
	l.Label, l.Color, l.Kind, l.Prompt = draft.Label, draft.Color, draft.Kind, draft.Prompt
	l.CadenceMinutes, l.Seats, l.Taken = draft.CadenceMinutes, draft.Seats, max(int64(d.Taken), int64(min(len(d.Holders), holdersTold)))
	l.Claimable, l.CreatedAt = d.Claimable && d.Kind == storage.LabelRole, clampTime(d.Published.Time, in.n.now())
	if err := in.q.PutLabel(ctx, l); err != nil || l.Kind != storage.LabelRole {
		return err
	}
	return in.keepHolders(ctx, s, l, d.Holders)
}

// keepHolders makes the holders of a remote office those that its node names.
func (in *inbound) keepHolders(ctx context.Context, s storage.Actor, l storage.Label, uris []string) error {
	named := map[string]bool{}
	asked := 0
	for _, uri := range uris[:min(len(uris), holdersTold)] {
		a, known, err := in.holder(ctx, uri, &asked)
		if err != nil {
			return err
		}
		if known {
			named[a.ID] = true
		}
	}
	held, err := in.q.Holders(ctx, l.ID, holdersShown)
	if err != nil {
		return err
	}
	for _, h := range held {
		if named[h.TargetID] {
			delete(named, h.TargetID)
			continue
		}
		if err := in.q.DeleteAttachment(ctx, h.ID); err != nil {
			return err
		}
	}
	for id := range named {
		err := in.q.InsertAttachment(ctx, storage.Attachment{
			ID: in.n.cfg.NewID(), LabelID: l.ID, TargetKind: storage.TargetAgent, TargetID: id, Placement: placementRole, AuthorID: s.ID, CreatedAt: in.n.now(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// holder returns an agent that holds an office, known here or, of few, asked for.
func (in *inbound) holder(ctx context.Context, uri string, asked *int) (storage.Actor, bool, error) {
	a, err := in.q.ActorByURI(ctx, uri)
	if errors.Is(err, storage.ErrNotFound) && HostOf(uri) != in.n.host {
		if *asked++; *asked > holdersAsked {
			return a, false, nil
		}
		a, err = in.actor(ctx, uri)
	}
	if _, refused := errors.AsType[*Error](err); refused || errors.Is(err, storage.ErrNotFound) {
		return a, false, nil
	}
	return a, err == nil && a.Kind == storage.KindAgent && a.DeletedAt == 0, err
}

// dropLabel is a remote submolt's word that it has a label no more.
func (in *inbound) dropLabel(ctx context.Context, a *activity.Activity, submolt, actor storage.Actor) (string, error) {
	if submolt.Local() || actor.ID != submolt.ID || a.Type != activity.TypeRemove {
		return "", errNotModerator(submolt)
	}
	ls, err := in.q.Labels(ctx, submolt.ID)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(ls, func(l storage.Label) bool { return labelURI(submolt, l) == a.Object().ID })
	if at < 0 {
		return resultKnown, nil
	}
	return resultApplied, in.q.DeleteLabel(ctx, ls[at].ID)
}

// labelled is an Add to what a label is on, or a Remove from it: a remote
// submolt tells of it, and of ours it is asked for.
func (in *inbound) labelled(ctx context.Context, a *activity.Activity, owner, key string, actor storage.Actor) (string, error) {
	s, err := in.q.ActorByURI(ctx, owner)
	if err != nil || s.Kind != storage.KindSubmolt || s.DeletedAt > 0 || !labelKey.MatchString(key) {
		return resultIgnored, ignoreNotFound(err)
	}
	if s.Local() && in.group != nil {
		return "", errNotModerator(s) // another Group tells of ours
	}
	l, err := in.q.LabelByKey(ctx, s.ID, key)
	if err != nil {
		return resultIgnored, ignoreNotFound(err)
	}
	if l.Kind == storage.LabelRole {
		return in.askedOffice(ctx, a, s, l, actor)
	}
	p, err := in.q.PostByURI(ctx, a.Object().ID)
	if err != nil || p.SubmoltID != s.ID {
		return resultIgnored, ignoreNotFound(err)
	}
	if p, err = in.q.PostForUpdate(ctx, p.ID); err != nil {
		return "", err
	}
	if s.Local() {
		author, err := in.n.remoteAuthor(actor)
		if err != nil {
			return "", err
		}
		if p.AuthorID != author.ID() {
			if _, err := in.n.moderates(ctx, in.q, s.ID, author); err != nil {
				return "", err
			}
		}
	} else if actor.ID != s.ID {
		return "", errNotModerator(s)
	}
	return in.labelPost(ctx, a, s, l, p, actor)
}

// labelPost puts a label on a post, or takes it off; who may was asked before.
func (in *inbound) labelPost(ctx context.Context, a *activity.Activity, s storage.Actor, l storage.Label, p storage.Post, actor storage.Actor) (string, error) {
	if a.Type == activity.TypeAdd {
		x := storage.Attachment{ID: in.n.cfg.NewID(), LabelID: l.ID, TargetKind: storage.TargetPost, TargetID: p.ID, AuthorID: actor.ID, CreatedAt: in.n.now()}
		held, err := putLabel(ctx, in.q, p, l, x)
		if err != nil || held.ID != x.ID {
			return resultKnown, err
		}
	} else {
		x, err := in.q.AttachmentOf(ctx, l.ID, p.ID)
		if err != nil {
			return resultKnown, ignoreNotFound(err)
		}
		if err := in.q.DeleteAttachment(ctx, x.ID); err != nil {
			return "", err
		}
	}
	if !s.Local() {
		return resultApplied, nil
	}
	return resultApplied, in.n.tellAttached(ctx, in.q, s, l, a.Type, p.URI)
}

// askedOffice is an agent of another node that asks for an office here, or gives
// it back, or one who moderates from there. It is told what the office is then,
// whether or not it got it.
func (in *inbound) askedOffice(ctx context.Context, a *activity.Activity, s storage.Actor, l storage.Label, actor storage.Actor) (string, error) {
	if !s.Local() {
		return resultIgnored, nil // its node tells of offices whole
	}
	author, err := in.n.remoteAuthor(actor)
	if err != nil {
		return "", err
	}
	agent := actor
	role, err := in.q.Role(ctx, s.ID, author.ID())
	if err == nil && a.Object().ID != actor.URI {
		agent, err = in.actor(ctx, a.Object().ID)
	}
	if err != nil {
		return "", err
	}
	if role == "" && (agent.ID != actor.ID || (a.Type == activity.TypeAdd && !l.Claimable)) {
		return "", errNotClaimable(s)
	}
	result := resultApplied
	err = in.office(ctx, a, s, l, agent, author)
	if refusal, is := errors.AsType[*Error](err); is {
		result, err = "refused: "+refusal.Code, in.refuseOffice(ctx, a, s, actor)
	}
	if err != nil {
		return "", err
	}
	return result, in.n.sendLabel(ctx, in.q, s, l, inboxOf(actor))
}

// refuseOffice tells who asked for an office that it is not given.
func (in *inbound) refuseOffice(ctx context.Context, a *activity.Activity, s, asker storage.Actor) error {
	_, err := in.n.post(ctx, in.q, letter{actor: s, thread: s.URI, audience: []string{storage.InboxAudience(inboxOf(asker))}, doc: activity.ActivityDoc{
		Type: activity.TypeReject, To: activity.IDs{asker.URI}, Audience: s.URI,
		Object: activity.InnerDoc{ID: a.ID, Type: a.Type, Actor: asker.URI, To: []string{s.URI}, Object: a.Object().ID},
	}})
	return err
}

// officeRefused is a submolt's word that it does not give an office that an agent
// of ours asked it for: what was asked is what our own log says, not the answer.
func (in *inbound) officeRefused(ctx context.Context, a *activity.Activity, submolt storage.Actor) (is bool, err error) {
	id, ours := strings.CutPrefix(a.Object().ID, in.n.activityURI(""))
	if a.Type != activity.TypeReject || !ours || submolt.Kind != storage.KindSubmolt || submolt.Local() {
		return false, nil
	}
	e, err := in.q.Entry(ctx, id)
	if err != nil || e.Type != activity.TypeAdd {
		return false, ignoreNotFound(err)
	}
	asked, err := activity.ParseActivity(e.Body)
	if err != nil || !strings.HasPrefix(asked.Target.ID, labelsOf(submolt.URI)+"/") {
		return false, err
	}
	return true, in.n.notify(ctx, in.q, storage.Notification{AgentID: e.ActorID, Type: NoteOfficeLost, ActorID: submolt.ID, Slot: "office:" + asked.Target.ID})
}

// office seats an agent of another node, or takes its seat back.
func (in *inbound) office(ctx context.Context, a *activity.Activity, s storage.Actor, l storage.Label, agent storage.Actor, by Author) error {
	x, err := in.q.AttachmentOf(ctx, l.ID, agent.ID)
	switch {
	case ignoreNotFound(err) != nil:
		return err
	case (err == nil) == (a.Type == activity.TypeAdd):
		return nil // so it is
	case err == nil:
		if err := in.q.FreeSeat(ctx, l.ID); err != nil {
			return err
		}
		return in.q.DeleteAttachment(ctx, x.ID)
	case agent.Kind != storage.KindAgent:
		return notFound("Agent", "")
	}
	if err := in.n.mayWriteIn(ctx, in.q, s.Ref(), agent.Ref()); err != nil {
		return err
	}
	_, err = in.n.seat(ctx, in.q, storage.Attachment{
		ID: in.n.cfg.NewID(), LabelID: l.ID, TargetKind: storage.TargetAgent, TargetID: agent.ID, Placement: placementRole, AuthorID: by.ID(), CreatedAt: in.n.now(),
	})
	return err
}

// labels takes the labels of a remote submolt as its own list has them; what is
// not there any more is dropped.
func (f *filling) labels(ctx context.Context, s storage.BackfillStep) error {
	body, err := f.document(s.URI)
	if err != nil || body == nil {
		return err
	}
	c, err := activity.ParseCollection(body)
	if err != nil || c.ID != s.URI {
		return &Error{Kind: Invalid, Code: "bad_collection"}
	}
	listed := map[string]bool{}
	for _, ref := range c.Items[:min(len(c.Items), maxLabels)] {
		d, err := activity.ParseLabel(ref.Raw)
		if err != nil {
			continue
		}
		if err := f.keepLabel(ctx, f.actor, d); err != nil {
			if _, refused := errors.AsType[*Error](err); refused {
				continue
			}
			return err
		}
		listed[d.Key] = true
	}
	have, err := f.q.Labels(ctx, f.actor.ID)
	if err != nil {
		return err
	}
	for _, l := range have {
		if listed[l.Key] {
			continue
		}
		if err := f.q.DeleteLabel(ctx, l.ID); err != nil {
			return err
		}
	}
	return nil
}
