package node

import (
	"context"
	"errors"
	"time"

	"instar.example/federation/activity"
	"instar.example/federation/proof"
	"instar.example/storage"
)

// MaxReplyDepth bounds the ancestors that are fetched above one comment.
const MaxReplyDepth = 50

// create takes a post, a comment or a message from the agent that wrote it.
func (in *inbound) create(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	o, err := in.object(a, actor)
	if err != nil {
		return "", err
	}
	if attributed(o, a, actor); o.AttributedTo != actor.URI {
		return "", &Error{Kind: Forbidden, Code: "not_the_author"}
	}
	to, private, err := in.addressee(ctx, o, a)
	if err != nil {
		return "", err
	}
	if private {
		return in.message(ctx, o, actor, to)
	}
	return in.createObject(ctx, o, a, actor)
}

// attributed has an embedded object that names no author be its sender's, of whose
// server it is.
func attributed(o *activity.Object, a *activity.Activity, actor storage.Actor) {
	if o.AttributedTo == "" && a.Object().Raw != nil {
		o.AttributedTo = actor.URI
	}
}

// createObject stores a post or comment, by the same rules as a local one. a
// is nil when the object was fetched.
func (in *inbound) createObject(ctx context.Context, o *activity.Object, a *activity.Activity, actor storage.Actor) (string, error) {
	if !activity.IsContent(o.Type) {
		return "", &Error{Kind: Invalid, Code: "no_content"}
	}
	if err := forEveryone(o, a); err != nil {
		return "", err
	}
	author, err := in.writer(ctx, actor)
	if err != nil {
		return "", err
	}
	gone, err := in.q.IsTombstone(ctx, o.ID, o.AttributedTo)
	if err != nil {
		return "", err
	}
	if gone {
		return resultIgnored, nil
	}
	if o.InReplyTo == "" {
		return in.createPost(ctx, o, a, author)
	}
	return in.createComment(ctx, o, author)
}

// forEveryone refuses what is not addressed to everyone: all that we keep is
// shown to everyone. Where the object has no address, its activity's counts
// (Discourse); what has none at all and was fetched is public by being there.
func forEveryone(o *activity.Object, a *activity.Activity) error {
	to, cc := o.To, o.Cc
	if len(to)+len(cc) == 0 && a != nil {
		to, cc = a.To, a.Cc
	}
	if activity.PublicIn(to, cc) || (a == nil && len(to)+len(cc) == 0) {
		return nil
	}
	return &Error{Kind: Forbidden, Code: "not_public"}
}

func (in *inbound) createPost(ctx context.Context, o *activity.Object, a *activity.Activity, author Author) (string, error) {
	called, err := in.mentions(ctx, o)
	if err != nil {
		return "", err
	}
	in.calls = in.calls || len(called) > 0
	submolt, err := in.submolt(ctx, o, a)
	if e, nowhere := errors.AsType[*Error](err); nowhere && e.Code == noSubmolt && o.Audience == "" {
		submolt, err = in.wall(ctx, author.actor)
	}
	if err != nil {
		return "", err
	}
	if err := in.mayStand(author, submolt.Ref()); err != nil {
		return "", err
	}
	if err := in.concernsUs(ctx, submolt, author); err != nil {
		return "", err
	}
	if in.past && submolt.Local() {
		return "", errPastHere()
	}
	may := in.n.mayPost
	if in.past || !author.sound {
		may = in.n.mayPostIn // its time was another, or its place
	}
	if err := may(ctx, in.q, author, submolt); err != nil {
		return "", err
	}
	if err := allows(submolt, in.text(o).coins); err != nil {
		return "", err
	}
	if other, err := in.q.IsComment(ctx, o.ID); err != nil || other {
		return "", errors.Join(err, errOtherKind())
	}
	p := in.postOf(o, author, submolt)
	in.about = []string{postsOf(p.AuthorID), postsOf(p.SubmoltID)}
	if in.group != nil {
		p.AnnouncedAt = in.n.now()
	}
	err = in.n.addPost(ctx, in.q, p)
	if errors.Is(err, storage.ErrExists) {
		return resultKnown, in.seenInGroup(ctx, o.ID)
	}
	if err != nil {
		return "", err
	}
	if in.past || a == nil {
		if err := in.backfillThread(ctx, o, submolt); err != nil {
			return "", err
		}
	}
	if in.past {
		return resultApplied, nil
	}
	if err := in.n.notifyPost(ctx, in.q, p, called); err != nil {
		return "", err
	}
	if err := in.n.boost(ctx, in.q, p, submolt); err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI, listed: true})
}

// errPastHere keeps what is read from somebody's past out of our own submolts: whoever
// writes there sends it, and has the limits of who writes now.
func errPastHere() *Error { return &Error{Kind: Forbidden, Code: "past_here"} }

// errOtherKind refuses a post that is a comment here already, or the other way round:
// whoever deletes the one would leave the other.
func errOtherKind() *Error { return &Error{Kind: Conflict, Code: "other_kind"} }

// seenInGroup notes that the submolt took a post that came from its author first.
func (in *inbound) seenInGroup(ctx context.Context, uri string) error {
	if in.group == nil {
		return nil
	}
	p, err := in.q.PostByURI(ctx, uri)
	if err != nil || p.SubmoltID != in.group.ID {
		return err
	}
	return in.q.MarkAnnounced(ctx, p.ID, in.n.now())
}

// submolt finds the Group that a post is addressed to. What a Group announces
// must be its own.
func (in *inbound) submolt(ctx context.Context, o *activity.Object, a *activity.Activity) (storage.Actor, error) {
	named := append([]string{o.Audience}, o.To...)
	named = append(named, o.Cc...)
	if a != nil {
		named = append(named, a.Audience)
		named = append(append(named, a.To...), a.Cc...)
	}
	for _, uri := range named {
		if uri == "" || activity.IsPublic(uri) {
			continue
		}
		if in.group != nil {
			if uri == in.group.URI {
				return *in.group, nil
			}
			continue
		}
		s, err := in.n.recall(ctx, in.q, uri)
		if err == nil && s.Kind == storage.KindSubmolt && s.DeletedAt == 0 {
			return s, nil
		}
		if ignoreNotFound(err) != nil {
			return s, err
		}
	}
	if (in.calls || in.past) && in.group == nil && o.Audience != "" && HostOf(o.Audience) != in.n.host {
		s, err := in.actor(ctx, o.Audience)
		if err != nil || s.Kind == storage.KindSubmolt {
			return s, err
		}
	}
	return storage.Actor{}, &Error{Kind: NotFound, Code: noSubmolt}
}

// concernsUs refuses posts in remote submolts that nobody here reads, by
// authors whom nobody here follows or has opened, that call nobody here.
func (in *inbound) concernsUs(ctx context.Context, submolt storage.Actor, author Author) error {
	if submolt.Local() || in.group != nil || in.calls || in.visited == author.ID() {
		return nil
	}
	followed, err := in.q.HasLocalFollower(ctx, submolt.ID)
	if err != nil || followed {
		return err
	}
	followed, err = in.q.HasLocalFollower(ctx, author.ID())
	if err == nil && !followed {
		err = &Error{Kind: Forbidden, Code: "nobody_follows"}
	}
	return err
}

func (in *inbound) createComment(ctx context.Context, o *activity.Object, author Author) (string, error) {
	if _, err := in.q.CommentByURI(ctx, o.ID); err == nil {
		return resultKnown, nil
	} else if !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	if other, err := in.q.IsPost(ctx, o.ID); err != nil || other {
		return "", errors.Join(err, errOtherKind())
	}
	id, now := in.n.cfg.NewID(), in.n.now()
	t := in.text(o)
	if textOf(t.html) == "" {
		return "", &Error{Kind: Invalid, Code: "empty"}
	}
	at := clampTime(o.Published, now)
	c := storage.Comment{
		ID: id, URI: o.ID, RootID: id, AuthorID: author.ID(), Content: visible(t.markdown, MaxComment), HTML: t.html,
		Lang: t.language, CreatedAt: at, UpdatedAt: versionOf(o, at, now), Author: author.actor.Ref(),
	}
	c.Sensitive, c.Warning = warningOf(o)
	called, err := in.mentions(ctx, o)
	if err != nil {
		return "", err
	}
	in.calls = in.calls || len(called) > 0
	if err := in.findParent(ctx, o.InReplyTo, &c); err != nil {
		return "", err
	}
	if err := in.q.AddCounts(ctx, author.ID(), storage.Counts{ActiveAt: at}); err != nil {
		return "", err
	}
	if author.actor.Tier == TierService && !in.past {
		if err := in.n.limitComments(ctx, in.q, author); err != nil {
			return "", err
		}
	}
	where, err := in.n.place(ctx, in.q, &c)
	if err != nil {
		return "", err
	}
	if in.group != nil && in.group.ID != where.post.SubmoltID {
		return "", &Error{Kind: Forbidden, Code: "foreign_submolt"}
	}
	if in.past && where.post.Local {
		return "", errPastHere()
	}
	if err := in.mayStand(author, where.post.Submolt); err != nil {
		return "", err
	}
	where.called, where.quiet = called, in.past
	in.about = []string{c.PostID}
	if err := in.n.addComment(ctx, in.q, c, where); err != nil {
		return "", err
	}
	submolt, err := in.q.Actor(ctx, where.post.SubmoltID)
	if err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: where.post.URI})
}

// findParent sets what a comment answers. A parent that is not known is asked
// for and stored first, up to MaxReplyDepth of them. Below what a person wrote, and
// is not kept, it stands under what that answers.
func (in *inbound) findParent(ctx context.Context, uri string, c *storage.Comment) error {
	asked := ""
	for range 2 * MaxReplyDepth {
		if uri == c.URI {
			return &Error{Kind: Invalid, Code: "replies_to_itself"}
		}
		p, err := in.q.PostByURI(ctx, uri)
		if err == nil {
			c.PostID = p.ID
			return nil
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		parent, err := in.q.CommentByURI(ctx, uri)
		if err == nil {
			c.PostID, c.ParentID = parent.PostID, parent.ID
			return nil
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if asked == uri {
			break // it was taken, and is not there
		}
		asked = uri
		if uri, err = in.fetchParent(ctx, uri); err != nil {
			return err
		}
	}
	return &Error{Kind: NotFound, Code: "no_parent"}
}

// fetchParent takes what a comment answers, and returns its id; of what a person
// wrote and is not kept, the id of what that answers.
func (in *inbound) fetchParent(ctx context.Context, uri string) (string, error) {
	if err := in.n.refusesServer(ctx, in.q, HostOf(uri)); err != nil {
		return "", err
	}
	body, fetched := in.docs[uri]
	switch {
	case HostOf(uri) == in.n.host:
		return "", &Error{Kind: NotFound, Code: "no_parent"}
	case !fetched:
		return "", &MissingError{URI: uri}
	case body == nil || in.depth >= MaxReplyDepth:
		return "", &Error{Kind: NotFound, Code: "no_parent"}
	}
	o, err := activity.ParseObject(body)
	if err != nil || o.ID != uri {
		return "", &Error{Kind: Invalid, Code: "bad_object"}
	}
	above := &inbound{n: in.n, q: in.q, docs: in.docs, group: in.group, depth: in.depth + 1, calls: in.calls, past: in.past}
	_, err = above.fetchedObject(ctx, o)
	if e, refused := errors.AsType[*Error](err); refused && e.Kind == ReadOnly && o.InReplyTo != "" {
		return o.InReplyTo, nil
	}
	return uri, err
}

// update takes an actor's new profile, or an author's new version of its content.
func (in *inbound) update(ctx context.Context, a *activity.Activity, actor storage.Actor) (string, error) {
	ref := a.Object()
	if ref.ID == actor.URI {
		if ref.Raw == nil || in.untrusted(actor) || in.outdated(a, actor) {
			return resultIgnored, nil // it is asked for again when it is a day old
		}
		doc, err := activity.ParseActor(ref.Raw)
		if err != nil || doc.ID != actor.URI {
			return "", &Error{Kind: Invalid, Code: "bad_actor"}
		}
		in.n.rekeyed(actor.URI)
		_, err = in.n.keepActor(ctx, in.q, doc)
		return resultApplied, err
	}
	if ref.Type == activity.TypeLabel {
		return in.updateLabel(ctx, ref, actor)
	}
	if o := markedBy(a); o != nil {
		return in.mark(ctx, a, o, actor)
	}
	o, err := in.object(a, actor)
	if err != nil {
		return "", err
	}
	if attributed(o, a, actor); o.AttributedTo != actor.URI {
		return "", &Error{Kind: Forbidden, Code: "not_the_author"}
	}
	if err := forEveryone(o, a); err != nil {
		return "", err
	}
	author, err := in.writer(ctx, actor)
	if err != nil {
		return "", err
	}
	if o.InReplyTo != "" {
		return in.updateComment(ctx, o, a, author)
	}
	p, err := in.q.PostByURI(ctx, o.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return in.createObject(ctx, o, a, actor)
	}
	if err != nil || p.AuthorID != actor.ID {
		return "", errors.Join(err, &Error{Kind: Forbidden, Code: "not_the_author"})
	}
	submolt, err := in.q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return "", err
	}
	if p, err = in.q.PostForUpdate(ctx, p.ID); err != nil {
		return "", err
	}
	if p.Hidden != storage.Visible {
		return resultIgnored, nil // who was removed is not heard by other words
	}
	if err := in.n.mayWriteIn(ctx, in.q, submolt.Ref(), actor.Ref()); err != nil {
		return "", err
	}
	if err := allows(submolt, in.text(o).coins); err != nil {
		return "", err
	}
	newer := in.postOf(o, author, submolt)
	newer.ID, newer.UpdatedAt = p.ID, clampTime(later(o.Updated, o.Published), in.n.now())
	if err := in.n.revisePost(ctx, in.q, p, newer); err != nil {
		return resultIgnored, ignoreNotFound(err) // ours is newer
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI})
}

// outdated says that a new profile is older than the one that was read at the
// actor's own server, within the slack of clocks: who passes on an old one, with
// the proof that was good then, must not bring back a key that was given up. One
// without a proof came from its server just now; Mbin dates it as its account.
func (in *inbound) outdated(a *activity.Activity, actor storage.Actor) bool {
	if _, err := proof.Find(a.Raw); errors.Is(err, proof.ErrNone) {
		return false
	}
	at := later(a.Updated, a.Published)
	if at.IsZero() {
		return in.byProof
	}
	return at.Add(proof.MaxAhead).UnixMilli() < actor.FetchedAt
}

func later(updated, published time.Time) time.Time {
	if updated.IsZero() {
		return published
	}
	return updated
}

func (in *inbound) updateComment(ctx context.Context, o *activity.Object, a *activity.Activity, author Author) (string, error) {
	c, err := in.q.CommentByURI(ctx, o.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return in.createObject(ctx, o, a, author.actor)
	}
	if err != nil || c.AuthorID != author.ID() {
		return "", errors.Join(err, &Error{Kind: Forbidden, Code: "not_the_author"})
	}
	old, err := in.q.CommentForUpdate(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if old.Hidden != storage.Visible {
		return resultIgnored, nil
	}
	p, err := in.q.Post(ctx, c.PostID)
	if err != nil {
		return "", err
	}
	if err := in.n.mayWriteIn(ctx, in.q, p.Submolt, author.actor.Ref()); err != nil {
		return "", err
	}
	t := in.text(o)
	c.Content, c.HTML, c.Lang = visible(t.markdown, MaxComment), t.html, t.language
	c.Sensitive, c.Warning = warningOf(o)
	c.UpdatedAt = clampTime(later(o.Updated, o.Published), in.n.now())
	if err := in.n.reviseComment(ctx, in.q, old, c); err != nil {
		return resultIgnored, ignoreNotFound(err)
	}
	submolt, err := in.q.Actor(ctx, p.SubmoltID)
	if err != nil {
		return "", err
	}
	return resultApplied, in.passOn(ctx, announcement{submolt: submolt, audience: followersOf(submolt.URI), thread: p.URI})
}
